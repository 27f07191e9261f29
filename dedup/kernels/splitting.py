"""Lines that were cut to a width, joined to paragraphs again."""

from typing import Final

import numpy as np

from dedup.kernels.borrowing import borrows, inner
from dedup.kernels.lines import (
    BODY,
    INDENT,
    LAST,
    OPENS,
    OWNER,
    RUNS_ON,
    STOP,
    WIDEST,
    WIDTH,
    WITH_NEXT,
    first_word_width,
    is_same,
    runs_on,
)
from dedup.kernels.needs import JOINS
from dedup.kernels.segments import cut_segments, is_field, is_followed, item_mark, segment_end

NARROWEST_WRAP: Final = 40
"""Columns; what breaks before that is a list or verse."""
RUNS_ON_PERCENT: Final = 35
"""Least share of lines whose sentence goes on in the next line; rows of a table do not run on."""
FULL_TENTHS: Final = 5
"""Least share of lines that the next line's first word would have made too wide, over all of a text."""
FULL_TENTHS_OF_ONE: Final = 6
"""The same of one paragraph that has to prove it by itself."""
NARROWEST_PAIR: Final = 60
"""Columns of the first of two lines with nothing to hold them against, for them to be one sentence."""
NEAR_TENTHS: Final = 9
"""How much of the width of such paragraphs a line of another one must fill."""

_WITHOUT_CAPITALS = 0xD4  # the first byte of U+0500, behind which few scripts tell capitals from small letters
N_COUNTS: Final = 3
"""Rows of a table of how many lines have each width: of one segment, of all, of those surely wrapped."""
_ONE, _ALL, _SURE = range(N_COUNTS)


@borrows
def join_blocks(lines, rows, needs):
    """Set LAST of the first line of each block, of the texts that need JOINS; arguments as read_texts gives them."""
    for place in range(len(needs)):
        if needs[place] & JOINS:
            line = rows[place]
            while line < rows[place + 1]:
                last = np.int64(lines[line, LAST])
                if lines[line, OWNER] == 0 and lines[line, BODY] < lines[line, STOP]:
                    while is_followed(lines, rows[place + 1], last):
                        last += 1
                    lines[line, LAST] = last
                line = last + 1


@borrows
def join_wrapped(text, offsets, lines, rows, needs, counts):
    """Set LAST of the first line of each paragraph of text, of the texts that need JOINS.

    text uint8[], offsets int64[n + 1], lines int32[, N_COLUMNS], rows int64[n + 1] and needs uint8[n], as read_texts
    gives them; counts int64[N_COUNTS, WIDEST + 2] is scratch.
    """
    for place in range(len(needs)):
        if needs[place] & JOINS:
            own = text[offsets[place] : offsets[place + 1]]
            cut_segments(own, lines, rows[place], rows[place + 1])
            _join_text(own, lines, rows[place], rows[place + 1], counts)


@inner
def _join_text(text, lines, first, past, counts):
    """Set LAST of the line that opens a segment where its lines are one paragraph.

    A segment is cut to a width if most of its lines are full to it and its sentences run on. If that is so of most
    lines, or of the text as a whole, all segments are joined; else also those that fill the width of the others,
    and two wide lines that run on.
    """
    counts[:] = 0
    n_lines = n_wide = n_all = n_sure = n_runs_on = 0
    has_twice = False
    line = first
    while line < past:
        if lines[line, OWNER] or lines[line, BODY] == lines[line, STOP]:
            line += 1
            continue
        end = segment_end(lines, past, line)
        n_pairs = end - line - 1
        n_lines += n_pairs + 1
        n_wide += lines[end - 1, WIDTH] > WIDEST
        if n_pairs:
            for at in range(line, end - 1):
                width = lines[at, WIDTH]
                body, stop = lines[at + 1, BODY], lines[at + 1, STOP]
                lines[at, WITH_NEXT] = width + 1 + first_word_width(text, body, stop)
                is_twice = stop - body == lines[at, STOP] - lines[at, BODY] and is_same(text, lines, at, at + 1)
                goes_on = not is_twice and runs_on(text, lines, at)
                lines[at, RUNS_ON] = -1 if is_twice else int(goes_on)
                counts[_ONE, width] += 1
                counts[_ALL, width] += 1
                n_wide += width > WIDEST
                n_runs_on += goes_on
                has_twice |= is_twice
            wrap = _wrap_width(counts[_ONE], n_pairs)
            is_sure = n_pairs >= 2 and NARROWEST_WRAP <= wrap <= WIDEST
            is_sure = is_sure and _looks_wrapped(lines, line, end, 10 * wrap, FULL_TENTHS_OF_ONE)
            if is_sure:
                n_sure += n_pairs
            for at in range(line, end - 1):
                counts[_ONE, lines[at, WIDTH]] = 0
                counts[_SURE, lines[at, WIDTH]] += int(is_sure)
            if is_sure or _hangs(text, lines, line, end):
                lines[line, LAST] = end - 1
            n_all += n_pairs
        line = end
    if n_all == 0:
        return
    joins_all = False
    is_narrow = 20 * n_wide <= n_lines
    if n_all >= 2 and is_narrow:
        joins_all = 2 * n_sure >= n_all
        wrap = _wrap_width(counts[_ALL], n_all)
        if not joins_all and not has_twice and NARROWEST_WRAP <= wrap <= WIDEST:
            if 100 * n_runs_on >= RUNS_ON_PERCENT * n_all:
                joins_all = 10 * _count_full(lines, first, past, 10 * wrap) >= FULL_TENTHS * n_all
    near = NEAR_TENTHS * _wrap_width(counts[_SURE], n_sure) if n_sure else 0
    line = first
    while line < past:
        if lines[line, OWNER] or lines[line, BODY] == lines[line, STOP]:
            line += 1
            continue
        end = segment_end(lines, past, line)
        if joins_all:
            lines[line, LAST] = end - 1
        elif lines[line, LAST] == line and end > line + 1:
            is_like_others = n_sure > 0
            for at in range(line, end - 1):
                is_like_others &= lines[at, WIDTH] <= WIDEST
            if is_like_others and _looks_wrapped(lines, line, end, near, FULL_TENTHS_OF_ONE):
                lines[line, LAST] = end - 1
            elif is_narrow and end == line + 2 and NARROWEST_PAIR <= lines[line, WIDTH] <= WIDEST:
                if lines[line, RUNS_ON] > 0 and text[lines[line + 1, BODY]] < _WITHOUT_CAPITALS:
                    lines[line, LAST] = end - 1
        line = end


@inner
def _wrap_width(counts, n_pairs):
    """Give the width that 80 % of lines keep to: people wrap unevenly."""
    wrap = WIDEST + 1
    beyond = counts[wrap]
    while wrap > 0 and beyond * 5 < n_pairs:
        wrap -= 1
        beyond += counts[wrap]
    return wrap


@inner
def _looks_wrapped(lines, line, end, wrap_tenths, full_tenths):
    """Tell whether a segment's lines are full to a width, in tenths of columns, and run on; no line stands twice."""
    n_pairs = end - line - 1
    n_full = n_runs_on = 0
    for at in range(line, end - 1):
        if lines[at, RUNS_ON] < 0:
            return False
        n_runs_on += lines[at, RUNS_ON]
        n_full += 10 * lines[at, WITH_NEXT] > wrap_tenths
    return 100 * n_runs_on >= RUNS_ON_PERCENT * n_pairs and 10 * n_full >= full_tenths * n_pairs


@inner
def _count_full(lines, first, past, wrap_tenths):
    """Count the lines of all segments that the next line's first word would have made too wide."""
    n_full = 0
    for line in range(first, past - 1):
        if not lines[line + 1, OPENS]:
            n_full += 10 * lines[line, WITH_NEXT] > wrap_tenths
    return n_full


@inner
def _hangs(text, lines, line, end):
    """Tell whether a segment is an item or a field, and its other lines hang from the first."""
    body, stop = lines[line, BODY], lines[line, STOP]
    if not item_mark(text, body, stop) and not is_field(text, body, stop):
        return False
    for at in range(line, end):
        if at > line and lines[at, INDENT] <= lines[line, INDENT]:
            return False
        if at < end - 1 and lines[at, WIDTH] > WIDEST:
            return False
    return True
