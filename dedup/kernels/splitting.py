"""Where the paragraphs of a text begin and end."""

from typing import Final

import numpy as np
from numba import njit

AUTO: Final = 0
LINE: Final = 1
BLOCK: Final = 2

WIDEST_WRAP: Final = 120
"""Characters; text wrapped by hand or by a mailer is narrower, a paragraph on one line is often wider."""
NARROWEST_WRAP: Final = 40
FULL_SHARE: Final = 0.5
"""Least share of inner lines that the next line's first word would have made too wide."""
RUNS_ON_SHARE: Final = 0.35
"""Least share of inner lines whose sentence goes on in the next line; rows of a table do not run on."""
FEWEST_INNER_LINES: Final = 2
MOST_LINES_READ: Final = 1000
"""Lines of a text that decide how it is cut; no text is wrapped in one half only."""

_LF = 10
_CR = 13


@njit(cache=True, nogil=True)
def space_width(text, at, end):
    """Give the bytes of the white space character at `at` (line breaks included), 0 if there is none."""
    byte = text[at]
    if byte <= 32:
        return 1 if byte == 32 or 9 <= byte <= 13 or 28 <= byte <= 31 else 0
    if byte < 0xC2 or byte > 0xEF:
        return 0
    if byte == 0xC2:
        return 2 if at + 1 < end and (text[at + 1] == 0xA0 or text[at + 1] == 0x85) else 0
    if at + 2 >= end:
        return 0
    second, third = text[at + 1], text[at + 2]
    if byte == 0xE1 and second == 0x9A and third == 0x80:
        return 3
    if byte == 0xE2 and second == 0x81 and third == 0x9F:
        return 3
    if byte == 0xE2 and second == 0x80 and (0x80 <= third <= 0x8A or third == 0xA8 or third == 0xA9 or third == 0xAF):
        return 3
    if byte == 0xE3 and second == 0x80 and third == 0x80:
        return 3
    if byte == 0xEF and second == 0xBB and third == 0xBF:
        return 3
    return 0


@njit(cache=True, nogil=True)
def next_line(text, at, end):
    """Give (start, stop, after) of the line at `at`: its text without outer white space, and the next line's place.

    A line ends with LF, CR LF or CR. A blank line has start == stop.
    """
    stop = at
    while stop < end and text[stop] != _LF and text[stop] != _CR:
        stop += 1
    after = stop
    if after < end:
        after += 2 if text[after] == _CR and after + 1 < end and text[after + 1] == _LF else 1
    start = at
    while start < stop:
        width = space_width(text, start, stop)
        if width == 0:
            break
        start += width
    while stop > start:
        last = stop - 1
        while last > start and text[last] & 0xC0 == 0x80:
            last -= 1
        if space_width(text, last, stop) != stop - last:
            break
        stop = last
    return start, stop, after


@njit(cache=True, nogil=True)
def count_lines(text, start, end):
    """Give the number of lines of text[start:end], at least 1."""
    lines = 1
    for at in range(start, end):
        if text[at] == _LF or text[at] == _CR:
            lines += 1
    return lines


@njit(cache=True, nogil=True)
def is_hard_wrapped(text, start, end):
    """Tell whether the lines of text[start:end] are cut to a width rather than being paragraphs.

    The first MOST_LINES_READ lines decide.
    An inner line (one that a non-blank line follows) is full if the next line's
    first word would have made it wider than most others; it runs on if it
    ends without a full stop and the next begins in lower case.
    """
    widths = np.zeros(WIDEST_WRAP + 2, dtype=np.int64)
    n_lines = 0
    n_wide = 0
    n_inner = 0
    n_runs_on = 0
    previous_width = -1
    previous_stops = False
    previous_line, previous_stop = start, start
    at = start
    n_read = 0
    while at < end and n_read < MOST_LINES_READ:
        n_read += 1
        line, stop, after = next_line(text, at, end)
        if stop > line:
            if previous_width >= 0:
                widths[previous_width] += 1
                n_inner += 1
                if previous_stop - previous_line == stop - line and _is_equal(text, previous_line, line, stop - line):
                    return False  # a line that stands twice in a row was not cut out of running text
                if not previous_stops and _starts_lower(text, line, stop):
                    n_runs_on += 1
            previous_width = _width(text, at, stop)
            n_lines += 1
            n_wide += previous_width > WIDEST_WRAP
            last = text[stop - 1]
            previous_stops = last == 46 or last == 33 or last == 63 or last == 58 or last == 59
            previous_line, previous_stop = line, stop
        else:
            previous_width = -1
        at = after
    if n_inner < FEWEST_INNER_LINES or n_runs_on < RUNS_ON_SHARE * n_inner or n_wide * 20 > n_lines:
        return False
    wrap = WIDEST_WRAP + 1
    beyond = widths[wrap]
    while wrap > 0 and beyond * 5 < n_inner:  # the width that 80 % of inner lines keep to: people wrap unevenly
        wrap -= 1
        beyond += widths[wrap]
    if wrap > WIDEST_WRAP or wrap < NARROWEST_WRAP:
        return False
    n_full = 0
    previous_width = -1
    end = at
    at = start
    while at < end:
        line, stop, after = next_line(text, at, end)
        if stop > line:
            if previous_width >= 0 and previous_width + 1 + _first_word_width(text, line, stop) > wrap:
                n_full += 1
            previous_width = _width(text, at, stop)
        else:
            previous_width = -1
        at = after
    return n_full >= FULL_SHARE * n_inner


@njit(cache=True, nogil=True)
def split_texts(text, offsets, mode, document, starts, ends):
    """Fill in the paragraphs of every text and give how many there are.

    text uint8[], offsets int64[n + 1]; mode AUTO, LINE or BLOCK. document, starts
    and ends int64[number of lines] get the text's number and bytes from the text's own start.
    """
    n = 0
    for doc in range(len(offsets) - 1):
        first, end = offsets[doc], offsets[doc + 1]
        by_block = mode == BLOCK or (mode == AUTO and is_hard_wrapped(text, first, end))
        is_open = False
        at = first
        while at < end:
            line, stop, at = next_line(text, at, end)
            if stop == line:
                is_open = False
                continue
            if is_open and by_block:
                ends[n - 1] = stop - first
            else:
                document[n] = doc
                starts[n] = line - first
                ends[n] = stop - first
                n += 1
                is_open = True
    return n


@njit(cache=True, nogil=True)
def _starts_lower(text, line, stop):
    """Tell whether a line begins with a letter that is not a capital of Latin, Greek or Cyrillic script."""
    first = text[line]
    if first < 0x80:
        return 97 <= first <= 122
    second = text[line + 1] if line + 1 < stop else 0
    if first == 0xC3:
        return second > 0x9E
    if first == 0xCE:
        return second > 0xA9
    if first == 0xD0:
        return second > 0xAF
    return True


@njit(cache=True, nogil=True)
def _is_equal(text, left, right, length):
    """Tell whether two stretches of `length` bytes are the same."""
    for step in range(length):
        if text[left + step] != text[right + step]:
            return False
    return True


@njit(cache=True, nogil=True)
def _width(text, start, stop):
    """Count the characters of text[start:stop], up to WIDEST_WRAP + 1."""
    width = 0
    at = start
    while at < stop and width <= WIDEST_WRAP:
        width += text[at] & 0xC0 != 0x80
        at += 1
    return width


@njit(cache=True, nogil=True)
def _first_word_width(text, start, stop):
    """Count the characters before the first space of text[start:stop]."""
    at = start
    while at < stop and text[at] != 32 and text[at] != 9:
        at += 1
    return _width(text, start, at)
