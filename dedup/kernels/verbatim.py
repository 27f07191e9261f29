"""What is no prose in Markdown: front matter, fenced code and tables, found by their marks."""

from typing import Final

from dedup.kernels.borrowing import borrows, inner
from dedup.kernels.lines import BODY, DEPTH, INDENT, LAST, OWNER, STOP, WIDTH, is_blank
from dedup.kernels.needs import MARKS

VERBATIM: Final = 1
"""The OWNER of such lines."""

MOST_FRONT_LINES: Final = 200
LONGEST_FENCE: Final = 8
"""Marks; mails and newsletters draw longer lines between texts."""

_BAR = 124
_TICK = 96
_TILDE = 126
_MINUS = 45
_PLUS = 43
_COLON = 58
_EQUALS = 61
_BACKSLASH = 92


@borrows
def mark_verbatim(text, offsets, lines, rows, needs):
    """Set OWNER of every line that is of front matter, fenced code or a table, and LAST of the first of each stretch.

    Of the texts that need MARKS; text uint8[], offsets int64[n + 1], lines int32[, N_COLUMNS], rows int64[n + 1],
    needs uint8[n], as read_texts gives them.
    """
    for place in range(len(needs)):
        if needs[place] & MARKS:
            own = text[offsets[place] : offsets[place + 1]]
            _mark_text(own, lines, rows[place], rows[place + 1])


@inner
def _mark_text(text, lines, first, past):
    """Set OWNER and LAST of the lines of one text."""
    # The shortest fences, of ticks and of tildes, that nothing closes from here to the end of the quotation:
    # without this, many opening fences would each be searched to the end.
    ticks = tildes = 0
    unclosed = 0
    at = first
    while at < past:
        last = _front_matter_end(text, lines, first, past) if at == first else 0
        body = lines[at, BODY]
        if last == 0 and body < lines[at, STOP] and (text[body] == _TICK or text[body] == _TILDE):
            length = _fence_length(text, lines, first, past, at)
            if at >= unclosed:
                ticks = tildes = 0
            shortest = tildes if text[body] == _TILDE else ticks
            if length and (shortest == 0 or length < shortest):
                last, reached = _fence_end(text, lines, past, at, length)
                if last == 0:
                    if at >= unclosed:
                        unclosed = reached
                    if text[body] == _TILDE:
                        tildes = length
                    else:
                        ticks = length
        if last == 0:
            last = _table_end(text, lines, past, at)
        if last:
            lines[at, LAST] = last
            for line in range(at, last + 1):
                lines[line, OWNER] = VERBATIM
            at = last
        at += 1


@inner
def _front_matter_end(text, lines, first, past):
    """Give the line that closes the keys and values between two marks at the very beginning, or 0."""
    body = lines[first, BODY]
    mark = text[body] if lines[first, STOP] - body == 3 else 0
    if not (mark == _MINUS or mark == _PLUS) or lines[first, INDENT] or lines[first, DEPTH]:
        return 0
    if text[body + 1] != mark or text[body + 2] != mark:
        return 0
    for line in range(first + 1, min(past, first + MOST_FRONT_LINES)):
        start, stop = lines[line, BODY], lines[line, STOP]
        if stop - start == 3 and text[start] == mark and text[start + 1] == mark and text[start + 2] == mark:
            return line if line > first + 1 else 0
        is_key = _is_key(text, start, stop)
        if line == first + 1 and not is_key:
            return 0
        if stop > start and not is_key and not lines[line, INDENT]:
            opening = text[start]
            if opening != _MINUS and opening != 35 and opening != 93 and opening != 125:  # - # ] }
                return 0
    return 0


@inner
def _is_key(text, start, stop):
    """Tell whether a line begins with a name and a colon or an equals sign."""
    at = start
    while at < stop:
        is_inner = at > start and (48 <= text[at] <= 57 or text[at] == 46 or text[at] == 45)
        if not _is_name(text[at]) and not is_inner:
            break
        at += 1
    if at == start:
        return False
    while at < stop and is_blank(text[at]):
        at += 1
    if at == stop or (text[at] != _COLON and text[at] != _EQUALS):
        return False
    return at + 1 == stop or is_blank(text[at + 1])


@inner
def _is_name(byte):
    return 65 <= byte <= 90 or 97 <= byte <= 122 or byte == 95


@inner
def _fence_length(text, lines, first, past, at):
    """Give the number of marks of the fence that a line opens, 0 if it opens none.

    Marks without a word behind them are no fence where they underline the line above, which is not longer, or
    where the line below is blank: then they part two texts.
    """
    body, stop = lines[at, BODY], lines[at, STOP]
    mark = text[body]
    place = body
    while place < stop and text[place] == mark:
        place += 1
    length = place - body
    if length < 3 or length > LONGEST_FENCE:
        return 0
    if place < stop:
        for rest in range(place, stop):
            if text[rest] == mark:
                return 0
        return length
    if at + 1 == past or lines[at + 1, BODY] == lines[at + 1, STOP]:
        return 0
    if at > first and lines[at - 1, BODY] < lines[at - 1, STOP] and lines[at - 1, DEPTH] == lines[at, DEPTH]:
        if lines[at - 1, WIDTH] - lines[at - 1, INDENT] <= length:
            return 0
    return length


@inner
def _fence_end(text, lines, past, at, length):
    """Give the line that closes the fence opened at `at`, or 0, and the line where the search ended."""
    mark = text[lines[at, BODY]]
    for line in range(at + 1, past):
        body, stop = lines[line, BODY], lines[line, STOP]
        if body == stop:
            continue
        if lines[line, DEPTH] != lines[at, DEPTH]:
            return 0, line
        if text[body] != mark or stop - body < length:
            continue
        place = body
        while place < stop and text[place] == mark:
            place += 1
        if place == stop:
            return line, line
    return 0, past


@inner
def _table_end(text, lines, past, at):
    """Give the last row of the table whose head is at `at`, or 0."""
    if at + 1 >= past or lines[at, DEPTH] != lines[at + 1, DEPTH]:
        return 0
    body, stop = lines[at + 1, BODY], lines[at + 1, STOP]
    if body == stop or not _is_delimiter_row(text, body, stop):
        return 0
    if not _has_bar(text, lines[at, BODY], lines[at, STOP]):
        return 0
    if _count_cells(text, body, stop) != _count_cells(text, lines[at, BODY], lines[at, STOP]):
        return 0
    last = at + 1
    while last + 1 < past and lines[last + 1, DEPTH] == lines[at, DEPTH]:
        if not _has_bar(text, lines[last + 1, BODY], lines[last + 1, STOP]):
            break
        last += 1
    return last


@inner
def _is_delimiter_row(text, body, stop):
    """Tell whether a line is a table's second: cells of hyphens, with colons at their ends perhaps, and a bar."""
    first = text[body]
    if first != _BAR and first != _MINUS and first != _COLON:
        return False
    at = body + 1 if first == _BAR else body
    has_bar = first == _BAR
    while True:
        while at < stop and is_blank(text[at]):
            at += 1
        if at < stop and text[at] == _COLON:
            at += 1
        hyphens = at
        while at < stop and text[at] == _MINUS:
            at += 1
        if at == hyphens:
            return False
        if at < stop and text[at] == _COLON:
            at += 1
        while at < stop and is_blank(text[at]):
            at += 1
        if at == stop:
            return has_bar
        if text[at] != _BAR:
            return False
        has_bar = True
        at += 1
        if at == stop:
            return True


@inner
def _has_bar(text, body, stop):
    for at in range(body, stop):
        if text[at] == _BAR:
            return True
    return False


@inner
def _count_cells(text, body, stop):
    """Give the number of cells of a table's row."""
    bars = 0
    n = 0
    first = last = 0
    at = body
    while at < stop:
        if text[at] == _BACKSLASH and at + 1 < stop and text[at + 1] == _BAR:
            at += 2
            continue
        last = text[at]
        if n == 0:
            first = last
        n += 1
        bars += last == _BAR
        at += 1
    return bars + 1 - int(first == _BAR) - int(last == _BAR and n > 1)
