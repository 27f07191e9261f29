"""Words of 64 bits: eight bytes of text read, folded and described together, or 64 answers of one bit each.

Bytes of text stand in a word as they do in the text, the first one lowest.
"""

from typing import Final

import numpy as np
from numba import njit

from dedup.kernels.borrowing import borrows
from dedup.kernels.mixing import TOKEN_SEED, mix_in

BLOCK: Final = np.uint64(64)
"""Bytes that find_inside looks at together."""
ALL: Final = ~np.uint64(0)

_ONES = np.uint64(0x0101010101010101)
_HIGH_BITS = _ONES * np.uint64(0x80)
_LOW_BITS = _ONES * np.uint64(0x7F)
LETTER_BITS: Final = _ONES * np.uint64(0x40)
"""Set in letters of ASCII, not in digits."""
CASE_BITS: Final = _ONES * np.uint64(0x20)
"""Set in small letters and digits, not in capitals."""
_FROM_A = _ONES * np.uint64(0x80 - ord("a"))  # added to a byte below 0x80, sets its high bit from "a" on
_PAST_Z = _ONES * np.uint64(0x80 - ord("z") - 1)
_FROM_0 = _ONES * np.uint64(0x80 - ord("0"))
_PAST_9 = _ONES * np.uint64(0x80 - ord("9") - 1)
_GATHER = np.uint64(0x0102040810204080)  # times the lowest bits of bytes, gives them side by side in the highest byte
_DE_BRUIJN = 0x03F79D71B4CB0A89
_DE_BRUIJN_WORD = np.uint64(_DE_BRUIJN)
_PLACE_OF = np.argsort([((_DE_BRUIJN << place) % (1 << 64)) >> 58 for place in range(64)]).astype(np.uint8)


@borrows
def load_word(text, at):
    """Give text[at:at + 8] as a word; all of it must be there."""
    return (
        np.uint64(text[at])
        | np.uint64(text[at + np.uint64(1)]) << np.uint64(8)
        | np.uint64(text[at + np.uint64(2)]) << np.uint64(16)
        | np.uint64(text[at + np.uint64(3)]) << np.uint64(24)
        | np.uint64(text[at + np.uint64(4)]) << np.uint64(32)
        | np.uint64(text[at + np.uint64(5)]) << np.uint64(40)
        | np.uint64(text[at + np.uint64(6)]) << np.uint64(48)
        | np.uint64(text[at + np.uint64(7)]) << np.uint64(56)
    )


@borrows
def load_last_word(text, at, end):
    """Give text[at:end], one to eight bytes, as a word with zeros behind them."""
    bits = (end - at) << np.uint64(3)
    if at + np.uint64(8) <= np.uint64(len(text)):
        return load_word(text, at) & ALL >> (np.uint64(64) - bits)
    word = np.uint64(0)
    for place in range(end - at):
        word |= np.uint64(text[at + place]) << (np.uint64(place) << np.uint64(3))
    return word


@borrows
def find_inside(text, at, stop):
    """Give which bytes of text[at:stop], BLOCK at most, are letters or digits of ASCII, or not ASCII: a bit each."""
    inside = np.uint64(0)
    if at + BLOCK <= np.uint64(len(text)):
        for place in range(8):
            word = load_word(text, at + np.uint64(8 * place))
            found = ((_alphanumeric(word) | word) & _HIGH_BITS) >> np.uint64(7)
            inside |= (found * _GATHER >> np.uint64(56)) << np.uint64(8 * place)
        return inside & ALL >> (BLOCK - (stop - at))
    for place in range(stop - at):
        byte = text[at + place]
        if byte >= 0x80 or 48 <= byte <= 57 or 97 <= byte | 32 <= 122:
            inside |= np.uint64(1) << np.uint64(place)
    return inside


@borrows
def is_alphanumeric(word):
    """Tell whether a word has letters and digits of ASCII only."""
    return _alphanumeric(word) & ~word & _HIGH_BITS == _HIGH_BITS


@njit(cache=True, nogil=True, inline="always")
def _alphanumeric(word):
    """Give a word whose bytes have their highest bit set if they are letters or digits, but for that bit of theirs."""
    plain = word & _LOW_BITS
    folded = plain | CASE_BITS
    letters = (folded + _FROM_A) & ~(folded + _PAST_Z)
    digits = (plain + _FROM_0) & ~(plain + _PAST_9)
    return letters | digits


@njit(cache=True, nogil=True, inline="always")
def place_of(bit):
    """Give the number of the one bit that is set in a word."""
    return np.uint64(_PLACE_OF[bit * _DE_BRUIJN_WORD >> np.uint64(58)])


@njit(cache=True, nogil=True, inline="always")
def take_stretch(inside, block, past):
    """Give where the first stretch of what find_inside found for a block starts and stops, whether it reaches past the
    end of the block, `past`, and what is left without it.
    """
    low = inside & (~inside + np.uint64(1))  # the lowest run of ones is carried away from its first
    carry = inside + low
    behind = carry & ~inside
    stop = block + place_of(behind) if behind else past
    return block + place_of(low), stop, behind == 0, inside & carry


@njit(cache=True, nogil=True, inline="always")
def is_ascii(word):
    """Tell whether a word has no byte from 0x80 on."""
    return word & _HIGH_BITS == 0


@njit(cache=True, nogil=True, inline="always")
def lower_case(word):
    """Give a word of letters and digits of ASCII, and of zeros, in lower case."""
    return word | (word & LETTER_BITS) >> np.uint64(1)


@njit(cache=True, nogil=True, inline="always")
def load_token(text, first, length):
    """Give text[first:first + length], at most 16 bytes, as two words, and all ones if the second holds any, or none.

    The text must go on for 16 bytes from `first` on.
    """
    bits = length << np.uint64(3)
    is_long = np.uint64(0) - np.uint64(length > 8)  # in place of a branch, which could not be foretold
    chunk = load_word(text, first) & (ALL >> (np.uint64(64) - bits & np.uint64(63)) | is_long)
    rest = load_word(text, first + np.uint64(8)) & ALL >> (np.uint64(128) - bits & np.uint64(63)) & is_long
    return chunk, rest, is_long


@njit(cache=True, nogil=True, inline="always")
def hash_token(chunk, rest, is_long):
    """Give a hash of the bytes that load_token gives, which must be of ASCII, in lower case."""
    value = mix_in(TOKEN_SEED, lower_case(chunk))
    return value ^ (value ^ mix_in(value, lower_case(rest))) & is_long
