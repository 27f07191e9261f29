"""The words of legal texts, counted in the bytes of a document."""

from collections.abc import Iterable
from typing import Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

from dedup.kernels.mixing import PRIME, TOKEN_SEED

_KELVIN = (0xE2, 0x84, 0xAA)
_DOTTED_I = (0xC4, 0xB0)
"""These are the only characters that are not ASCII and have letters of ASCII as their small form."""

N_BOUNDS: Final = 4


def make_word_table(words: Iterable[str]) -> NDArray[np.uint64]:
    """Give the open table of words, each of small letters and digits of ASCII, a quarter full at most."""
    hashes = sorted({_hash_word(word) for word in words})
    size = 4
    while size < 4 * len(hashes):
        size *= 2
    table = np.zeros(size, dtype=np.uint64)
    for value in hashes:
        slot = value % size
        while table[slot]:
            slot = (slot + 1) % size
        table[slot] = value
    return table


def _hash_word(word: str) -> int:
    value = int(TOKEN_SEED)
    for byte in word.encode("ascii"):
        value = (value ^ byte) * int(PRIME) % 2**64
        value ^= value >> 32
    return value


@njit(cache=True, nogil=True)
def bound_legal_words(text, starts, ends, is_left_out, most_bytes, words, bounds):
    """Fill in bounds int64[N_BOUNDS]: of how many words of the table there are at most, how many tokens at least.

    text uint8[]; starts and ends int64[n], bytes into it, the paragraphs of a document, of which those in
    is_left_out bool[n] are passed over and the others read up to `most_bytes`, the last of them in part; words
    uint64[power of two], an open table of hashes (0: free). Then bounds[2] is 1 if any byte read is not
    ASCII, without which both numbers are exact, and bounds[3] if a character is there with which neither is one.

    A token is a run of letters and digits. What is not ASCII may be either or none: so words end at it, tokens do not.
    """
    n_words, n_tokens, has_other, is_odd = 0, 0, False, False
    room = most_bytes
    mask = np.uint64(len(words) - 1)
    for p in range(len(starts)):
        if room <= 0:
            break
        if is_left_out[p]:
            continue
        start, end = starts[p], min(ends[p], starts[p] + room)
        room -= ends[p] - starts[p]
        value = TOKEN_SEED
        in_word, in_token = False, False
        for at in range(start, end + 1):
            byte = text[at] if at < end else np.uint8(0)
            folded = byte | np.uint8(0x20)
            if 97 <= folded <= 122 or 48 <= byte <= 57:
                value = (value ^ np.uint64(folded)) * PRIME
                value ^= value >> np.uint64(32)
                n_tokens += not in_token
                in_word, in_token = True, True
                continue
            if in_word:
                slot = value & mask
                while words[slot] != 0 and words[slot] != value:
                    slot = (slot + np.uint64(1)) & mask
                n_words += words[slot] != 0
                value = TOKEN_SEED
                in_word = False
            if byte < 0x80:
                in_token = False
                continue
            has_other = True
            if byte == _KELVIN[0] and at + 2 < end and text[at + 1] == _KELVIN[1] and text[at + 2] == _KELVIN[2]:
                is_odd = True
            if byte == _DOTTED_I[0] and at + 1 < end and text[at + 1] == _DOTTED_I[1]:
                is_odd = True
    bounds[0], bounds[1], bounds[2], bounds[3] = n_words, n_tokens, has_other, is_odd
