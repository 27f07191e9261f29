"""Tokens of a stretch of UTF-8 text: their hashes, places and shapes.

The hash of a token is taken over the UTF-8 bytes of its normal form, eight at a time. Most text is ASCII, whose
normal form is its lower case, so that eight bytes of it are classified, folded and hashed in one go, in a word.
"""

from typing import Final

import numpy as np
from numba import njit

from dedup.kernels.characters import (
    CLASS_SHIFT,
    CODE_POINT,
    EXPANDS,
    IS_DIGIT,
    IS_UPPER,
    MARK,
    NONE,
    PAGE_BITS,
    ROLE_MASK,
    ROLE_SHIFT,
    WORD,
)
from dedup.kernels.mixing import PRIME, TOKEN_SEED, mix64

HAS_DIGIT: Final = np.uint8(1)
STARTS_UPPER: Final = np.uint8(2)
HAS_INNER_UPPER: Final = np.uint8(4)
TOUCHES_UNDERSCORE: Final = np.uint8(8)
HAS_LOWER: Final = np.uint8(16)

MOST_MARKS: Final = 256
"""Marks in a row that are put into canonical order together; Unicode's own limit for streams is 30."""

_ONES = np.uint64(0x0101010101010101)
_HIGH_BITS = _ONES * np.uint64(0x80)
_LOW_BITS = _ONES * np.uint64(0x7F)
_CASE_BITS = _ONES * np.uint64(0x20)
_FROM_A = _ONES * np.uint64(0x80 - ord("a"))  # added to a byte below 0x80, sets its high bit from "a" on
_PAST_Z = _ONES * np.uint64(0x80 - ord("z") - 1)
_FROM_0 = _ONES * np.uint64(0x80 - ord("0"))
_PAST_9 = _ONES * np.uint64(0x80 - ord("9") - 1)
_PLACES = np.uint64(0x0001020304050607)
_FIRST_HIGH_BIT = np.uint64(0x80)

_PAGE_MASK = np.uint32((1 << int(PAGE_BITS)) - 1)
_UNDERSCORE = 95


@njit(cache=True, nogil=True)
def decode_character(text, at, end):
    """Give the code point at byte `at` and the place after it; never reads at or past `end`."""
    lead = np.uint32(text[at])
    if lead < 0x80:
        return lead, at + 1
    width = 2 if lead < 0xE0 else 3 if lead < 0xF0 else 4
    if at + width > end:
        return np.uint32(0), end
    if width == 2:
        return (lead & np.uint32(0x1F)) << np.uint32(6) | np.uint32(text[at + 1]) & np.uint32(0x3F), at + 2
    if width == 3:
        code = (
            (lead & np.uint32(0x0F)) << np.uint32(12)
            | (np.uint32(text[at + 1]) & np.uint32(0x3F)) << np.uint32(6)
            | np.uint32(text[at + 2]) & np.uint32(0x3F)
        )
        return code, at + 3
    code = (
        (lead & np.uint32(0x07)) << np.uint32(18)
        | (np.uint32(text[at + 1]) & np.uint32(0x3F)) << np.uint32(12)
        | (np.uint32(text[at + 2]) & np.uint32(0x3F)) << np.uint32(6)
        | np.uint32(text[at + 3]) & np.uint32(0x3F)
    )
    return code, at + 4


@njit(cache=True, nogil=True)
def token_scratch(longest):
    """Give what read_tokens fills for texts of up to `longest` bytes: marks, hashes, starts, ends and shapes."""
    room = 2 * longest + 2
    return (
        np.empty(MOST_MARKS, dtype=np.uint32),
        np.empty(room, dtype=np.uint64),
        np.empty(room, dtype=np.int64),
        np.empty(room, dtype=np.int64),
        np.empty(room, dtype=np.uint8),
    )


@njit(cache=True, nogil=True)
def read_tokens(text, start, end, page_of, pages, expansions, marks, hashes, starts, ends, shapes):
    """Fill in the tokens of text[start:end] and give how many there are.

    text uint8[], page_of, pages and expansions as in `characters`, marks
    uint32[MOST_MARKS] is scratch. For each token: hashes uint64[] of its normal
    form, starts and ends int64[] (bytes into `text`), shapes uint8[] (HAS_DIGIT and so on). All are made by
    token_scratch: the four need room for 2 * (end - start) + 2 tokens, for one character may hold several.
    """
    n = 0
    n_marks = 0
    is_open = False
    is_solo = False
    value = TOKEN_SEED
    chunk, filled = np.uint64(0), np.uint64(0)
    shape = np.uint8(0)
    at = start
    while at < end:
        if not is_open and text[at] < 0x80:
            # Nearly all text goes this way: eight bytes at a time up to what is no letter or digit of ASCII.
            first = at
            value = TOKEN_SEED
            shape = np.uint8(0)
            while True:
                word = _load(text, at) if at + 8 <= end else _load_end(text, at, end)
                letters, digits = _find_letters(word), _find_digits(word)
                others = (letters | digits) ^ _HIGH_BITS
                stop = others & (~others + np.uint64(1))  # the high bit of the first other byte, 0 if there is none
                inside = (stop - np.uint64(1)) >> np.uint64(7) if stop else ~np.uint64(0)
                shape |= _shape_of(word, letters, digits, inside, at == first)
                chunk = (word | (letters >> np.uint64(2)) & _CASE_BITS) & inside
                if stop:
                    break
                value = (value ^ chunk) * PRIME
                value ^= value >> np.uint64(32)
                at += 8
            if stop == _FIRST_HIGH_BIT and at == first:
                at += 1
                continue
            filled = ((stop >> np.uint64(7)) * _PLACES >> np.uint64(56)) << np.uint64(3)
            at += np.int64(filled >> np.uint64(3))
            starts[n] = first
            ends[n] = at
            if first > start and text[first - 1] == _UNDERSCORE:
                shape |= TOUCHES_UNDERSCORE
            if at < end and text[at] >= 0x80:
                is_open = True  # it goes on, perhaps, with what is not ASCII
                is_solo = False
                continue
            if at < end and text[at] == _UNDERSCORE:
                shape |= TOUCHES_UNDERSCORE
            hashes[n] = _finish(value, chunk, filled)
            shapes[n] = shape
            n += 1
            at += 1  # what ended it begins no token
            continue
        if text[at] < 0x80:
            entry = pages[text[at]]
            after = at + 1
        else:
            code, after = decode_character(text, at, end)
            page = page_of[min(code >> PAGE_BITS, np.uint32(len(page_of) - 1))]
            entry = pages[page << PAGE_BITS | code & _PAGE_MASK]
        upper = entry & IS_UPPER
        n_parts = 1
        first_part = np.uint32(0)
        if entry & EXPANDS:
            first_part = entry & CODE_POINT
            n_parts = int(expansions[first_part])
        for part in range(n_parts):
            if n_parts > 1:
                entry = expansions[first_part + np.uint32(part + 1)]
            role = entry >> ROLE_SHIFT & ROLE_MASK
            if role == MARK:
                if not is_open:
                    continue
                if entry >> CLASS_SHIFT == 0 or n_marks == len(marks):
                    value, chunk, filled = _push_marks(value, chunk, filled, marks, n_marks)
                    n_marks = 0
                if entry >> CLASS_SHIFT == 0:
                    value, chunk, filled = _push(value, chunk, filled, entry & CODE_POINT)
                else:
                    marks[n_marks] = entry
                    n_marks += 1
                ends[n] = after
                continue
            if is_open and (role != WORD or is_solo):
                value, chunk, filled = _push_marks(value, chunk, filled, marks, n_marks)
                hashes[n] = _finish(value, chunk, filled)
                if ends[n] < end and text[ends[n]] == _UNDERSCORE:
                    shape |= TOUCHES_UNDERSCORE
                shapes[n] = shape
                n += 1
                n_marks = 0
                is_open = False
            if role == NONE:
                continue
            if n_marks:
                value, chunk, filled = _push_marks(value, chunk, filled, marks, n_marks)
                n_marks = 0
            if not is_open:
                is_open = True
                is_solo = role != WORD
                value, chunk, filled = TOKEN_SEED, np.uint64(0), np.uint64(0)
                starts[n] = at
                shape = np.uint8(0)
                if upper:
                    shape |= STARTS_UPPER
                if at > start and text[at - 1] == _UNDERSCORE:
                    shape |= TOUCHES_UNDERSCORE
            elif upper:
                shape |= HAS_INNER_UPPER
            if entry & IS_DIGIT:
                shape |= HAS_DIGIT
            elif not upper:
                shape |= HAS_LOWER
            value, chunk, filled = _push(value, chunk, filled, entry & CODE_POINT)
            ends[n] = after
        at = after
    if is_open:
        value, chunk, filled = _push_marks(value, chunk, filled, marks, n_marks)
        hashes[n] = _finish(value, chunk, filled)
        if ends[n] < end and text[ends[n]] == _UNDERSCORE:
            shape |= TOUCHES_UNDERSCORE
        shapes[n] = shape
        n += 1
    return n


@njit(cache=True, nogil=True)
def _load(text, at):
    """Give text[at:at + 8] as a little-endian word."""
    return (
        np.uint64(text[at])
        | np.uint64(text[at + 1]) << np.uint64(8)
        | np.uint64(text[at + 2]) << np.uint64(16)
        | np.uint64(text[at + 3]) << np.uint64(24)
        | np.uint64(text[at + 4]) << np.uint64(32)
        | np.uint64(text[at + 5]) << np.uint64(40)
        | np.uint64(text[at + 6]) << np.uint64(48)
        | np.uint64(text[at + 7]) << np.uint64(56)
    )


@njit(cache=True, nogil=True)
def _load_end(text, at, end):
    """Give text[at:end], shorter than eight bytes, as a little-endian word."""
    word = np.uint64(0)
    for place in range(at, end):
        word |= np.uint64(text[place]) << np.uint64(8 * (place - at))
    return word


@njit(cache=True, nogil=True)
def _find_letters(word):
    """Give the high bit of each byte that is a letter of ASCII."""
    folded = word & _LOW_BITS | _CASE_BITS
    return (folded + _FROM_A) & ~(folded + _PAST_Z) & ~word & _HIGH_BITS


@njit(cache=True, nogil=True)
def _find_digits(word):
    """Give the high bit of each byte that is a digit of ASCII."""
    plain = word & _LOW_BITS
    return (plain + _FROM_0) & ~(plain + _PAST_9) & ~word & _HIGH_BITS


@njit(cache=True, nogil=True)
def _shape_of(word, letters, digits, inside, is_first):
    """Give what the bytes of `word` that `inside` covers say of the shape of their token."""
    capitals = letters & ~((word & _CASE_BITS) << np.uint64(2)) & inside
    first = _FIRST_HIGH_BIT if is_first else np.uint64(0)
    return (  # without branches: what a token looks like cannot be foretold
        np.uint8((digits & inside) != 0) * HAS_DIGIT
        | np.uint8((letters & inside & ~capitals) != 0) * HAS_LOWER
        | np.uint8((capitals & first) != 0) * STARTS_UPPER
        | np.uint8((capitals & ~first) != 0) * HAS_INNER_UPPER
    )


@njit(cache=True, nogil=True)
def _push(value, chunk, filled, code):
    """Add the UTF-8 bytes of a code point to the state of a hash."""
    if code < 0x80:
        return _push_byte(value, chunk, filled, code)
    if code < 0x800:
        value, chunk, filled = _push_byte(value, chunk, filled, np.uint32(0xC0) | code >> np.uint32(6))
    else:
        if code < 0x10000:
            value, chunk, filled = _push_byte(value, chunk, filled, np.uint32(0xE0) | code >> np.uint32(12))
        else:
            value, chunk, filled = _push_byte(value, chunk, filled, np.uint32(0xF0) | code >> np.uint32(18))
            middle = np.uint32(0x80) | code >> np.uint32(12) & np.uint32(0x3F)
            value, chunk, filled = _push_byte(value, chunk, filled, middle)
        middle = np.uint32(0x80) | code >> np.uint32(6) & np.uint32(0x3F)
        value, chunk, filled = _push_byte(value, chunk, filled, middle)
    return _push_byte(value, chunk, filled, np.uint32(0x80) | code & np.uint32(0x3F))


@njit(cache=True, nogil=True)
def _push_byte(value, chunk, filled, byte):
    """Add a byte to the state of a hash: the value of full chunks, the chunk begun, the bits of it that are filled."""
    chunk |= np.uint64(byte) << filled
    filled += np.uint64(8)
    if filled == 64:
        value = (value ^ chunk) * PRIME
        value ^= value >> np.uint64(32)
        chunk, filled = np.uint64(0), np.uint64(0)
    return value, chunk, filled


@njit(cache=True, nogil=True)
def _finish(value, chunk, filled):
    """Give the hash of a token from its state; no byte of a token is 0, so that the last chunk tells its length."""
    if filled:
        value = (value ^ chunk) * PRIME
        value ^= value >> np.uint64(32)
    return mix64(value)


@njit(cache=True, nogil=True)
def _push_marks(value, chunk, filled, marks, n_marks):
    """Add the waiting marks in canonical order: sorted by combining class, equal ones as they stood."""
    for place in range(1, n_marks):
        mark = marks[place]
        slot = place
        while slot > 0 and marks[slot - 1] >> CLASS_SHIFT > mark >> CLASS_SHIFT:
            marks[slot] = marks[slot - 1]
            slot -= 1
        marks[slot] = mark
    for place in range(n_marks):
        value, chunk, filled = _push(value, chunk, filled, marks[place] & CODE_POINT)
    return value, chunk, filled
