"""Tokens of a stretch of UTF-8 text: their hashes, places and shapes.

The hash of a token is taken over the UTF-8 bytes of its normal form, eight at a time. Most text is ASCII, whose
normal form is its lower case: where its tokens begin and end is found for 64 bytes in one go, and a token is folded and
hashed in one or two words.
"""

from typing import Final

import numpy as np
from numba import njit

from dedup.kernels.borrowing import borrows, inner
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
from dedup.kernels.mixing import TOKEN_SEED, mix64, mix_in
from dedup.kernels.words import (
    ALL,
    BLOCK,
    CASE_BITS,
    LETTER_BITS,
    find_inside,
    hash_token,
    is_alphanumeric,
    is_ascii,
    load_token,
    load_word,
    lower_case,
    take_stretch,
)

HAS_DIGIT: Final = np.uint8(1)
STARTS_UPPER: Final = np.uint8(2)
HAS_INNER_UPPER: Final = np.uint8(4)
TOUCHES_UNDERSCORE: Final = np.uint8(8)
HAS_LOWER: Final = np.uint8(16)

SPARE: Final = 64
"""Tokens that read_some_tokens may give beyond those asked for: a block's, and those of a few characters."""

_MOST_BEYOND: Final = SPARE - 16
"""So many beyond them, a stretch ends behind the next character, which holds a dozen at most, though its last token may
go on: in "½½" no character begins without one, for the 2 and the 1 are of the same."""

MOST_MARKS: Final = 256
"""Marks in a row that are put into canonical order together; Unicode's own limit for streams is 30."""

_PAGE_MASK = np.uint32((1 << int(PAGE_BITS)) - 1)
_UNDERSCORE = 95
_FIRST_CASE_BIT = np.uint64(0x20)


@borrows
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


@borrows
def read_tokens(text, start, end, page_of, pages, expansions, marks, hashes, starts, ends, shapes):
    """Fill in the tokens of text[start:end] and give how many there are.

    text uint8[], page_of, pages and expansions as in `characters`, marks
    uint32[MOST_MARKS] is scratch. For each token: hashes uint64[] of its normal
    form, starts and ends int64[] (bytes into `text`), shapes uint8[] (HAS_DIGIT and so on), which are left out if
    `shapes` is empty. All are made by token_scratch: the four need room for 2 * (end - start) + 2 tokens, for one
    character may hold several.
    """
    most = len(hashes)  # never reached
    return read_some_tokens(
        text, start, start, end, page_of, pages, expansions, marks, most, hashes, starts, ends, shapes
    )[0]


@borrows
def read_some_tokens(text, start, at, end, page_of, pages, expansions, marks, most, hashes, starts, ends, shapes):
    """Fill in the tokens of text[start:end] from byte `at` on, `most` of them or up to SPARE more.

    Gives how many there are and where to go on, `end` if nothing is left. Arguments as in read_tokens, but that
    the four need room for most + SPARE tokens. A token is read in two parts where it would end only beyond that.
    """
    n = np.uint64(0)  # unsigned, as all places in the loop: a negative one would count from the end
    size = np.uint64(len(text))
    has_shapes = len(shapes) > 0
    at, limit = np.uint64(at), np.uint64(end)
    while at < limit and n < np.uint64(most):
        block = at
        at = min(block + BLOCK, limit)
        inside = find_inside(text, block, at)
        while inside:
            first, stop, goes_on, inside = take_stretch(inside, block, at)
            if goes_on and at < limit and first > block:
                at = first  # it goes on, and is read as the first of the next block
                break
            length = stop - first
            if length <= 16 and first + np.uint64(16) <= size:
                chunk, rest, is_long = load_token(text, first, length)
                if is_ascii(chunk | rest):
                    hashes[n] = mix64(hash_token(chunk, rest, is_long))
                    starts[n] = first
                    ends[n] = stop
                    if has_shapes:
                        touched = _underscores(text, start, np.int64(first), np.int64(stop), end)
                        shapes[n] = _shape_of(chunk, rest) | touched
                    n += np.uint64(1)
                    continue
            arrays = (marks, hashes, starts, ends, shapes)
            n_now, at_now = _read_stretch(
                text, start, np.int64(first), end, page_of, pages, expansions, arrays, most, np.int64(n)
            )
            n = np.uint64(n_now)
            if n_now >= most or np.uint64(at_now) >= at:
                at = np.uint64(at_now)
                break
            inside &= ALL << (np.uint64(at_now) - block)
    return np.int64(n), np.int64(at)


@inner
def _read_stretch(text, start, at, end, page_of, pages, expansions, arrays, most, n):
    """Add the tokens of the characters from `at` on, up to an ASCII character that is in none, or to `most` tokens.

    `arrays` are marks, hashes, starts, ends and shapes; n tokens are there. Gives how many are there then, and where
    it stopped: before a character that no token goes on in, or where there is no room for more.
    """
    marks, hashes, starts, ends, shapes = arrays
    n_marks = np.int64(0)
    is_open = False
    is_solo = False
    value, chunk, filled = TOKEN_SEED, np.uint64(0), np.uint64(0)
    shape = np.uint8(0)
    while at < end:
        if text[at] < 0x80:
            begun = at
            while filled == 0 and n_marks == 0 and not is_solo and at + 8 <= end:
                word = load_word(text, np.uint64(at))
                if not is_alphanumeric(word):
                    break
                if is_open:
                    shape |= _shape_of(np.uint64(0), word)
                else:
                    is_open = True
                    starts[n] = at
                    shape = _shape_of(word, np.uint64(0))
                    value = TOKEN_SEED
                value = mix_in(value, lower_case(word))
                at += 8
                ends[n] = at
            if at > begun:
                continue
            entry = pages[text[at]]
            after = at + 1
            if entry >> ROLE_SHIFT & ROLE_MASK == NONE:
                break
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
                    n_marks = np.int64(0)
                if entry >> CLASS_SHIFT == 0:
                    value, chunk, filled = _push(value, chunk, filled, entry & CODE_POINT)
                else:
                    marks[n_marks] = entry
                    n_marks += 1
                ends[n] = after
                continue
            if is_open and (role != WORD or is_solo):
                value, chunk, filled = _push_marks(value, chunk, filled, marks, n_marks)
                n_marks = np.int64(0)
                is_open = False
                hashes[n] = _finish(value, chunk, filled)
                if len(shapes):
                    shapes[n] = shape | _underscores(text, start, starts[n], ends[n], end)
                n += 1
                if n >= most and part == 0:
                    return n, at
            if role == NONE:
                continue
            if n_marks:
                value, chunk, filled = _push_marks(value, chunk, filled, marks, n_marks)
                n_marks = np.int64(0)
            if not is_open:
                is_open = True
                is_solo = role != WORD
                value, chunk, filled = TOKEN_SEED, np.uint64(0), np.uint64(0)
                starts[n] = at
                shape = STARTS_UPPER if upper else np.uint8(0)
            elif upper:
                shape |= HAS_INNER_UPPER
            if entry & IS_DIGIT:
                shape |= HAS_DIGIT
            elif not upper:
                shape |= HAS_LOWER
            value, chunk, filled = _push(value, chunk, filled, entry & CODE_POINT)
            ends[n] = after
        at = after
        if n >= most + _MOST_BEYOND:
            break
    if is_open:
        value, chunk, filled = _push_marks(value, chunk, filled, marks, n_marks)
        hashes[n] = _finish(value, chunk, filled)
        if len(shapes):
            shapes[n] = shape | _underscores(text, start, starts[n], ends[n], end)
        n += 1
    return n, at


@njit(cache=True, nogil=True, inline="always")
def _shape_of(word, rest):
    """Give the bits HAS_DIGIT and so on of a token, letters and digits of ASCII, that begins a word and fills `rest`.

    Both words have zeros behind it.
    """
    letters, more_letters = (word & LETTER_BITS) >> np.uint64(1), (rest & LETTER_BITS) >> np.uint64(1)
    upper, more_upper = letters & ~word, more_letters & ~rest
    return (  # without branches: what a token looks like cannot be foretold
        np.uint8(((word & ~letters | rest & ~more_letters) & CASE_BITS) != 0) * HAS_DIGIT
        | np.uint8((letters & word | more_letters & rest) != 0) * HAS_LOWER
        | np.uint8((upper & _FIRST_CASE_BIT) != 0) * STARTS_UPPER
        | np.uint8((upper & ~_FIRST_CASE_BIT | more_upper) != 0) * HAS_INNER_UPPER
    )


@inner
def _underscores(text, start, first, stop, end):
    """Give TOUCHES_UNDERSCORE if an underscore stands before or behind text[first:stop], within text[start:end]."""
    if (first > start and text[first - 1] == _UNDERSCORE) or (stop < end and text[stop] == _UNDERSCORE):
        return TOUCHES_UNDERSCORE
    return np.uint8(0)


@inner
def _push(value, chunk, filled, code):
    """Add the UTF-8 bytes of a code point to a hash: the value of full chunks, the chunk begun, and its bits so far."""
    tail = np.uint64(0x80) | np.uint64(code & np.uint32(0x3F))
    if code < 0x80:
        data, bits = np.uint64(code), np.uint64(8)
    elif code < 0x800:
        data, bits = np.uint64(0xC0) | np.uint64(code >> np.uint32(6)) | tail << np.uint64(8), np.uint64(16)
    else:
        middle = np.uint64(0x80) | np.uint64(code >> np.uint32(6) & np.uint32(0x3F))
        data, bits = middle | tail << np.uint64(8), np.uint64(24)
        if code < 0x10000:
            data = np.uint64(0xE0) | np.uint64(code >> np.uint32(12)) | data << np.uint64(8)
        else:
            data = np.uint64(0x80) | np.uint64(code >> np.uint32(12) & np.uint32(0x3F)) | data << np.uint64(8)
            data, bits = np.uint64(0xF0) | np.uint64(code >> np.uint32(18)) | data << np.uint64(8), np.uint64(32)
    chunk |= data << filled
    filled += bits
    if filled >= 64:
        filled -= np.uint64(64)
        value, chunk = mix_in(value, chunk), data >> (bits - filled)
    return value, chunk, filled


@inner
def _finish(value, chunk, filled):
    """Give the hash of a token from its state; no byte of a token is 0, so that the last chunk tells its length."""
    return mix64(mix_in(value, chunk) if filled else value)


@inner
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
