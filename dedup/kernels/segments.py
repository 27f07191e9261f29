"""Segments of a text's lines: what may be one paragraph if the lines were cut to a width."""

from typing import Final

import numpy as np

from dedup.kernels.borrowing import borrows, inner
from dedup.kernels.lines import (
    BODY,
    DEPTH,
    INDENT,
    OPENS,
    OPENS_PAGE,
    OWNER,
    STOP,
    WIDTH,
    ends_sentence,
    is_blank,
    is_shouted,
)

WIDEST_HEADING: Final = 40
"""Columns of a line in capitals over a text."""

_ITEM_DIGIT, _ITEM_LETTER, _ITEM_O, _ITEM_BULLET = range(1, 5)


@borrows
def cut_segments(text, lines, first, past):
    """Set OPENS of every line: a segment ends with its block, before an item or field, around a heading.

    Blocks end at blank lines, page breaks, other kinds of paragraphs, and where the depth of quotation changes.
    """
    in_block = False
    block = first
    closed = False
    has_fields = False
    last_mark = 0
    for line in range(first, past):
        body, stop = lines[line, BODY], lines[line, STOP]
        lines[line, OPENS] = 1
        if body == stop or lines[line, OWNER]:
            in_block = False
            continue
        begins = not in_block or lines[line, OPENS_PAGE] != 0 or lines[line, DEPTH] != lines[line - 1, DEPTH]
        in_block = True
        if begins:
            if not is_followed(lines, past, line):
                continue  # a line of its own, as most are in text that is not wrapped
            block = line
            closed = True
            last_mark = 0
            has_fields = is_field(text, body, stop) or _is_envelope(text, body, stop)
        initial = text[body]
        is_capital = 65 <= initial <= 90
        is_letter = is_capital or 97 <= initial <= 122
        # asked here: a call costs more than the answer, which is no for most lines
        mark = 0 if is_capital else item_mark(text, body, stop)
        opens = closed
        if mark:
            is_item = begins or mark == last_mark or lines[line, INDENT] != lines[line - 1, INDENT]
            if is_item or ends_sentence(text, lines[line - 1, BODY], lines[line - 1, STOP]):
                opens = True
                last_mark = mark
        if has_fields and lines[line, INDENT] == lines[block, INDENT] and is_field(text, body, stop):
            opens = True
        is_alone = (begins or initial == 35) and _is_heading(text, lines, past, line, begins)
        lines[line, OPENS] = opens or is_alone
        closed = is_alone or (not is_letter and _is_rule(text, body, stop))


@borrows
def segment_end(lines, past, line):
    """Give the line after the last of the segment that `line` opens; blank lines open segments, too."""
    end = line + 1
    while end < past and not lines[end, OPENS]:
        end += 1
    return end


@borrows
def is_followed(lines, past, line):
    """Tell whether the next line is of the same block."""
    if line + 1 >= past or lines[line + 1, BODY] == lines[line + 1, STOP] or lines[line + 1, OWNER]:
        return False
    return lines[line + 1, OPENS_PAGE] == 0 and lines[line + 1, DEPTH] == lines[line, DEPTH]


@borrows
def is_field(text, body, stop):
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


@borrows
def item_mark(text, body, stop):
    """Give the kind of list mark that a line begins with, a byte or one of _ITEM_DIGIT and so on; 0 if with none."""
    first = text[body]
    if first == 45 or first == 42 or first == 43:  # - * +
        return np.int64(first) if body + 1 < stop and is_blank(text[body + 1]) else 0
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


@inner
def _is_heading(text, lines, past, line, begins):
    """Tell whether a line is a heading: of Markdown (not a comment of several lines), or in capitals over a text."""
    body, stop = lines[line, BODY], lines[line, STOP]
    has_next = is_followed(lines, past, line)
    marks = body
    while marks < stop and text[marks] == 35 and marks - body < 6:
        marks += 1
    if marks > body and marks < stop and is_blank(text[marks]):
        return (begins or text[lines[line - 1, BODY]] != 35) and (not has_next or text[lines[line + 1, BODY]] != 35)
    if not begins or not has_next or lines[line + 1, INDENT] <= lines[line, INDENT]:
        return False
    return lines[line, WIDTH] <= WIDEST_HEADING and is_shouted(text, body, stop)


@inner
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


@inner
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


@inner
def _is_roman(byte):
    return byte == 105 or byte == 118 or byte == 120
