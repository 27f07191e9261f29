"""Where the paragraphs of a text begin and end, and of what kind each is."""

from typing import Final

import numpy as np
from numba import njit

from dedup.kernels.lines import (
    BODY,
    DEPTH,
    INDENT,
    LAST,
    OPENS,
    OPENS_PAGE,
    OWNER,
    RUNS_ON,
    START,
    STOP,
    WIDEST,
    WIDTH,
    WITH_NEXT,
    ends_sentence,
    first_word_width,
    is_blank,
    is_same,
    is_shouted,
    read_lines,
    runs_on,
)
from dedup.kernels.pages import mark_furniture
from dedup.kernels.verbatim import VERBATIM, mark_verbatim

AUTO: Final = 0
LINE: Final = 1
BLOCK: Final = 2

TEXT: Final = 0
"""The kind of a paragraph of prose; the others are VERBATIM and those of pages.py."""

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
_AS_ONE = 1  # in LAST, of the line that opens a segment: its lines are one paragraph
_ITEM_DIGIT, _ITEM_LETTER, _ITEM_O, _ITEM_BULLET = range(1, 5)


@njit(cache=True, nogil=True)
def split_texts(text, offsets, mode, lines, document, starts, ends, kinds):
    """Fill in the paragraphs of every text and give how many there are.

    text uint8[], offsets int64[n + 1]; mode AUTO, LINE or BLOCK; lines int32[, N_COLUMNS], room for the lines of the
    longest text (int64[] for a text of 2 GB). document, starts, ends int64[] and kinds int8[], as many as count_lines
    says of each text, get the text's number, bytes from the text's own start, and TEXT, VERBATIM, HEADER, FOOTER or
    PAGE_NUMBER.
    """
    n = 0
    for doc in range(len(offsets) - 1):
        own = text[offsets[doc] : offsets[doc + 1]]
        n_lines = read_lines(own, lines)
        mark_verbatim(own, lines, n_lines)
        mark_furniture(own, lines, n_lines)
        _cut_segments(own, lines, n_lines, mode)
        if mode == AUTO:
            _join_wrapped(own, lines, n_lines)
        line = 0
        while line < n_lines:
            first, past = line, line + 1
            as_one = True
            if lines[line, OWNER] == VERBATIM:
                past = lines[line, LAST] + 1
            elif lines[line, OWNER] == 0 and lines[line, BODY] < lines[line, STOP]:
                past = _segment_end(lines, n_lines, line)
                as_one = mode == BLOCK or lines[line, LAST] == _AS_ONE
            line = past
            while first < past:
                last = past - 1 if as_one else first
                if lines[first, BODY] < lines[first, STOP]:
                    document[n] = doc
                    starts[n] = lines[first, START]
                    ends[n] = lines[last, STOP]
                    kinds[n] = lines[first, OWNER]
                    n += 1
                first = last + 1
    return n


@njit(cache=True, nogil=True)
def _cut_segments(text, lines, n, mode):
    """Set OPENS of every line: a segment ends with its block, before an item or field, around a heading.

    Blocks end at blank lines, page breaks, other kinds of paragraphs, and where the depth of quotation changes.
    """
    in_block = False
    block = 0
    closed = False
    has_fields = False
    last_mark = 0
    for line in range(n):
        body, stop = lines[line, BODY], lines[line, STOP]
        lines[line, OPENS] = 1
        lines[line, LAST] = lines[line, LAST] if lines[line, OWNER] else 0
        if body == stop or lines[line, OWNER]:
            in_block = False
            continue
        begins = not in_block or lines[line, OPENS_PAGE] != 0 or lines[line, DEPTH] != lines[line - 1, DEPTH]
        in_block = True
        if mode == BLOCK:
            lines[line, OPENS] = begins
        if mode != AUTO:
            continue
        if begins and not _is_followed(lines, n, line):
            continue  # a line of its own, as most are in text that is not wrapped
        if begins:
            block = line
            closed = True
            last_mark = 0
            has_fields = _is_field(text, body, stop) or _is_envelope(text, body, stop)
        mark = _item_mark(text, body, stop)
        opens = closed
        if mark:
            is_item = begins or mark == last_mark or lines[line, INDENT] != lines[line - 1, INDENT]
            if is_item or ends_sentence(text, lines[line - 1, BODY], lines[line - 1, STOP]):
                opens = True
                last_mark = mark
        if has_fields and lines[line, INDENT] == lines[block, INDENT] and _is_field(text, body, stop):
            opens = True
        is_alone = (begins or text[body] == 35) and _is_heading(text, lines, n, line, begins)
        lines[line, OPENS] = opens or is_alone
        closed = is_alone or _is_rule(text, body, stop)


@njit(cache=True, nogil=True)
def _join_wrapped(text, lines, n):
    """Set LAST of the line that opens a segment to _AS_ONE where its lines are one paragraph.

    A segment is cut to a width if most of its lines are full to it and its sentences run on. If that is so of most
    lines, or of the text as a whole, all segments are joined; else also those that fill the width of the others,
    and two wide lines that run on.
    """
    all_widths = np.zeros(WIDEST + 2, dtype=np.int64)
    sure_widths = np.zeros(WIDEST + 2, dtype=np.int64)
    widths = np.zeros(WIDEST + 2, dtype=np.int64)
    n_lines = n_wide = n_all = n_sure = n_runs_on = 0
    has_twice = False
    line = 0
    while line < n:
        if lines[line, OWNER] or lines[line, BODY] == lines[line, STOP]:
            line += 1
            continue
        past = _segment_end(lines, n, line)
        n_lines += past - line
        for at in range(line, past):
            n_wide += lines[at, WIDTH] > WIDEST
        n_pairs = past - line - 1
        if n_pairs:
            _measure_pairs(text, lines, line, past)
            for at in range(line, past - 1):
                widths[lines[at, WIDTH]] += 1
                all_widths[lines[at, WIDTH]] += 1
                n_runs_on += lines[at, RUNS_ON] > 0
                has_twice |= lines[at, RUNS_ON] < 0
            wrap = _wrap_width(widths, n_pairs)
            is_sure = n_pairs >= 2 and NARROWEST_WRAP <= wrap <= WIDEST
            is_sure = is_sure and _looks_wrapped(lines, line, past, 10 * wrap, FULL_TENTHS_OF_ONE)
            if is_sure:
                n_sure += n_pairs
            for at in range(line, past - 1):
                widths[lines[at, WIDTH]] = 0
                sure_widths[lines[at, WIDTH]] += int(is_sure)
            lines[line, LAST] = _AS_ONE if is_sure or _hangs(text, lines, line, past) else 0
            n_all += n_pairs
        line = past
    if n_all == 0:
        return
    joins_all = False
    is_narrow = 20 * n_wide <= n_lines
    if n_all >= 2 and is_narrow:
        joins_all = 2 * n_sure >= n_all
        wrap = _wrap_width(all_widths, n_all)
        if not joins_all and not has_twice and NARROWEST_WRAP <= wrap <= WIDEST:
            if 100 * n_runs_on >= RUNS_ON_PERCENT * n_all:
                joins_all = 10 * _count_full(lines, n, 10 * wrap) >= FULL_TENTHS * n_all
    near = NEAR_TENTHS * _wrap_width(sure_widths, n_sure) if n_sure else 0
    line = 0
    while line < n:
        if lines[line, OWNER] or lines[line, BODY] == lines[line, STOP]:
            line += 1
            continue
        past = _segment_end(lines, n, line)
        if joins_all:
            lines[line, LAST] = _AS_ONE
        elif lines[line, LAST] == 0 and past > line + 1:
            is_like_others = n_sure > 0
            for at in range(line, past - 1):
                is_like_others &= lines[at, WIDTH] <= WIDEST
            if is_like_others and _looks_wrapped(lines, line, past, near, FULL_TENTHS_OF_ONE):
                lines[line, LAST] = _AS_ONE
            elif is_narrow and past == line + 2 and NARROWEST_PAIR <= lines[line, WIDTH] <= WIDEST:
                if lines[line, RUNS_ON] > 0 and text[lines[line + 1, BODY]] < _WITHOUT_CAPITALS:
                    lines[line, LAST] = _AS_ONE
        line = past


@njit(cache=True, nogil=True)
def _segment_end(lines, n, line):
    """Give the line after the last of the segment that `line` opens."""
    past = line + 1
    while past < n and not lines[past, OPENS] and not lines[past, OWNER] and lines[past, BODY] < lines[past, STOP]:
        past += 1
    return past


@njit(cache=True, nogil=True)
def _measure_pairs(text, lines, line, past):
    """Fill in RUNS_ON and WITH_NEXT of the lines of a segment but the last."""
    for at in range(line, past - 1):
        width = first_word_width(text, lines[at + 1, BODY], lines[at + 1, STOP])
        lines[at, WITH_NEXT] = lines[at, WIDTH] + 1 + width
        lines[at, RUNS_ON] = -1 if is_same(text, lines, at, at + 1) else int(runs_on(text, lines, at))


@njit(cache=True, nogil=True)
def _wrap_width(widths, n_pairs):
    """Give the width that 80 % of lines keep to: people wrap unevenly."""
    wrap = WIDEST + 1
    beyond = widths[wrap]
    while wrap > 0 and beyond * 5 < n_pairs:
        wrap -= 1
        beyond += widths[wrap]
    return wrap


@njit(cache=True, nogil=True)
def _looks_wrapped(lines, line, past, wrap_tenths, full_tenths):
    """Tell whether a segment's lines are full to a width, in tenths of columns, and run on; no line stands twice."""
    n_pairs = past - line - 1
    n_full = n_runs_on = 0
    for at in range(line, past - 1):
        if lines[at, RUNS_ON] < 0:
            return False
        n_runs_on += lines[at, RUNS_ON]
        n_full += 10 * lines[at, WITH_NEXT] > wrap_tenths
    return 100 * n_runs_on >= RUNS_ON_PERCENT * n_pairs and 10 * n_full >= full_tenths * n_pairs


@njit(cache=True, nogil=True)
def _count_full(lines, n, wrap_tenths):
    """Count the lines of all segments that the next line's first word would have made too wide."""
    n_full = 0
    for line in range(n - 1):
        if lines[line, OWNER] or lines[line, BODY] == lines[line, STOP]:
            continue
        if lines[line + 1, OPENS] or lines[line + 1, OWNER] or lines[line + 1, BODY] == lines[line + 1, STOP]:
            continue
        n_full += 10 * lines[line, WITH_NEXT] > wrap_tenths
    return n_full


@njit(cache=True, nogil=True)
def _hangs(text, lines, line, past):
    """Tell whether a segment is an item or a field, and its other lines hang from the first."""
    body, stop = lines[line, BODY], lines[line, STOP]
    if not _item_mark(text, body, stop) and not _is_field(text, body, stop):
        return False
    for at in range(line, past):
        if at > line and lines[at, INDENT] <= lines[line, INDENT]:
            return False
        if at < past - 1 and lines[at, WIDTH] > WIDEST:
            return False
    return True


@njit(cache=True, nogil=True)
def _is_followed(lines, n, line):
    """Tell whether the next line is of the same block."""
    if line + 1 >= n or lines[line + 1, BODY] == lines[line + 1, STOP] or lines[line + 1, OWNER]:
        return False
    return lines[line + 1, OPENS_PAGE] == 0 and lines[line + 1, DEPTH] == lines[line, DEPTH]


@njit(cache=True, nogil=True)
def _is_heading(text, lines, n, line, begins):
    """Tell whether a line is a heading: of Markdown (not a comment of several lines), or in capitals over a text."""
    body, stop = lines[line, BODY], lines[line, STOP]
    is_followed = _is_followed(lines, n, line)
    marks = body
    while marks < stop and text[marks] == 35 and marks - body < 6:
        marks += 1
    if marks > body and marks < stop and is_blank(text[marks]):
        return (begins or text[lines[line - 1, BODY]] != 35) and (not is_followed or text[lines[line + 1, BODY]] != 35)
    if not begins or not is_followed or lines[line + 1, INDENT] <= lines[line, INDENT]:
        return False
    return lines[line, WIDTH] <= NARROWEST_WRAP and is_shouted(text, body, stop)


@njit(cache=True, nogil=True)
def _is_rule(text, body, stop):
    """Tell whether a line only draws a line: of the marks - = * _ ~ # + ^ : . | ` and blanks."""
    for at in range(body, stop):
        byte = text[at]
        if byte >= 0x7F or (48 <= byte <= 57) or (65 <= byte <= 90) or (97 <= byte <= 122):
            return False
        is_mark = byte == 45 or byte == 61 or byte == 42 or byte == 95 or byte == 126 or byte == 35 or byte == 43
        is_mark |= byte == 94 or byte == 58 or byte == 46 or byte == 124 or byte == 96
        if not is_mark and not is_blank(byte):
            return False
    return True


@njit(cache=True, nogil=True)
def _is_envelope(text, body, stop):
    """Tell whether a line begins with "From ", as the first of a mail in a mailbox does."""
    return (
        stop - body > 5
        and text[body] == 70
        and text[body + 1] == 114
        and text[body + 2] == 111
        and text[body + 3] == 109
        and text[body + 4] == 32
    )


@njit(cache=True, nogil=True)
def _is_field(text, body, stop):
    """Tell whether a line begins with a name in letters, digits and hyphens, and a colon, as headers of mail do."""
    if not 65 <= text[body] <= 90:
        return False
    at = body + 1
    while at < stop and at - body <= 30:
        byte = text[at]
        if not (97 <= byte <= 122 or 65 <= byte <= 90 or 48 <= byte <= 57 or byte == 45):
            break
        at += 1
    if at == body + 1 or at >= stop or text[at] != 58:
        return False
    return at + 1 == stop or is_blank(text[at + 1])


@njit(cache=True, nogil=True)
def _item_mark(text, body, stop):
    """Give the kind of list mark that a line begins with, a byte or one of _ITEM_DIGIT and so on; 0 if with none."""
    first = text[body]
    if first == 45 or first == 42 or first == 43:  # - * +
        return int(first) if body + 1 < stop and is_blank(text[body + 1]) else 0
    if first == 0xE2:
        is_bullet = body + 3 < stop and text[body + 1] == 0x80 and text[body + 2] == 0xA2 and is_blank(text[body + 3])
        return _ITEM_BULLET if is_bullet else 0
    at = body + 1 if first == 40 else body
    if at >= stop:
        return 0
    kind = _ITEM_LETTER
    past = at
    if 48 <= text[at] <= 57:
        kind = _ITEM_DIGIT
        while past < stop and past - at < 3 and 48 <= text[past] <= 57:
            past += 1
    elif 97 <= text[at] <= 122:
        if first == 111 and at + 2 < stop and is_blank(text[at + 1]) and is_blank(text[at + 2]):
            return _ITEM_O
        past += 1
        if first == 40:
            while past < stop and past - at < 4 and _is_roman(text[at]) and _is_roman(text[past]):
                past += 1
    else:
        return 0
    if past + 1 >= stop or not is_blank(text[past + 1]):
        return 0
    if text[past] == 41 or (text[past] == 46 and kind == _ITEM_DIGIT and first != 40):
        return kind
    return 0


@njit(cache=True, nogil=True)
def _is_roman(byte):
    return byte == 105 or byte == 118 or byte == 120
