"""Tokens of a stretch of UTF-8 text: their hashes, places and shapes."""

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
def read_tokens(text, start, end, page_of, pages, expansions, marks, hashes, starts, ends, shapes):
    """Fill in the tokens of text[start:end] and give how many there are.

    text uint8[], page_of, pages and expansions as in `characters`, marks
    uint32[MOST_MARKS] is scratch. For each token: hashes uint64[] of its normal
    form, starts and ends int64[] (bytes into `text`), shapes uint8[] (HAS_DIGIT and so on). The four
    need room for 2 * (end - start) + 2 tokens: one character may hold several.
    """
    n = 0
    n_marks = 0
    is_open = False
    is_solo = False
    value = TOKEN_SEED
    shape = np.uint8(0)
    at = start
    while at < end:
        if not is_open and text[at] < 0x80:
            # Nearly all text is words of ASCII between single spaces: their loop has nothing else in it.
            entry = pages[text[at]]
            if entry >> ROLE_SHIFT & ROLE_MASK != WORD:
                at += 1
                continue
            starts[n] = at
            value = (TOKEN_SEED ^ np.uint64(entry & CODE_POINT)) * PRIME
            first, later, all_capital = entry, np.uint32(0), entry & (IS_UPPER | IS_DIGIT)
            at += 1
            while at < end and text[at] < 0x80:
                entry = pages[text[at]]
                if entry >> ROLE_SHIFT & ROLE_MASK != WORD:
                    break
                value = (value ^ np.uint64(entry & CODE_POINT)) * PRIME
                later |= entry
                if entry & (IS_UPPER | IS_DIGIT) == 0:
                    all_capital = np.uint32(0)
                at += 1
            ends[n] = at
            shape = np.uint8(0)
            if (first | later) & IS_DIGIT:
                shape |= HAS_DIGIT
            if first & IS_UPPER:
                shape |= STARTS_UPPER
            if later & IS_UPPER:
                shape |= HAS_INNER_UPPER
            if all_capital == 0:
                shape |= HAS_LOWER
            if starts[n] > start and text[starts[n] - 1] == _UNDERSCORE:
                shape |= TOUCHES_UNDERSCORE
            if at < end and text[at] >= 0x80:
                is_open = True  # it goes on, perhaps, with what is not ASCII
                is_solo = False
                continue
            if at < end and text[at] == _UNDERSCORE:
                shape |= TOUCHES_UNDERSCORE
            hashes[n] = mix64(value)
            shapes[n] = shape
            n += 1
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
                    value = _hash_marks(value, marks, n_marks)
                    n_marks = 0
                if entry >> CLASS_SHIFT == 0:
                    value = (value ^ np.uint64(entry & CODE_POINT)) * PRIME
                else:
                    marks[n_marks] = entry
                    n_marks += 1
                ends[n] = after
                continue
            if is_open and (role != WORD or is_solo):
                hashes[n] = mix64(_hash_marks(value, marks, n_marks))
                if ends[n] < end and text[ends[n]] == _UNDERSCORE:
                    shape |= TOUCHES_UNDERSCORE
                shapes[n] = shape
                n += 1
                n_marks = 0
                is_open = False
            if role == NONE:
                continue
            if n_marks:
                value = _hash_marks(value, marks, n_marks)
                n_marks = 0
            if not is_open:
                is_open = True
                is_solo = role != WORD
                value = TOKEN_SEED
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
            value = (value ^ np.uint64(entry & CODE_POINT)) * PRIME
            ends[n] = after
        at = after
    if is_open:
        hashes[n] = mix64(_hash_marks(value, marks, n_marks))
        if ends[n] < end and text[ends[n]] == _UNDERSCORE:
            shape |= TOUCHES_UNDERSCORE
        shapes[n] = shape
        n += 1
    return n


@njit(cache=True, nogil=True)
def _hash_marks(value, marks, n_marks):
    """Hash the waiting marks in canonical order: sorted by combining class, equal ones as they stood."""
    for place in range(1, n_marks):
        mark = marks[place]
        slot = place
        while slot > 0 and marks[slot - 1] >> CLASS_SHIFT > mark >> CLASS_SHIFT:
            marks[slot] = marks[slot - 1]
            slot -= 1
        marks[slot] = mark
    for place in range(n_marks):
        value = (value ^ np.uint64(marks[place] & CODE_POINT)) * PRIME
    return value
