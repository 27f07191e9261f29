"""Lines of a text: where each begins and ends behind its quote marks, how wide it is, and how it reads."""

from typing import Final

import numpy as np

from dedup.kernels.borrowing import borrows, inner

START: Final = 0
"""Columns of a table of lines: the first byte that is no white space, quote marks included."""
BODY: Final = 1
"""The first byte behind quote marks and white space."""
STOP: Final = 2
"""Past the last byte that is no white space; a blank line has BODY == STOP."""
DEPTH: Final = 3
"""How many quote marks a line begins with."""
INDENT: Final = 4
"""Characters between quote marks and body."""
WIDTH: Final = 5
"""Columns of indentation and body, WIDEST + 1 at most."""
OPENS_PAGE: Final = 6
"""Whether a form feed stands before the line."""
OWNER: Final = 7
"""0, or the kind of paragraph other than text that the line is of."""
LAST: Final = 8
"""The row of the last line of the paragraph that begins here."""
OPENS: Final = 9
"""Whether a segment begins here."""
RUNS_ON: Final = 10
"""Whether the sentence goes on in the next line of the segment; -1 if that is the same line again."""
WITH_NEXT: Final = 11
"""Columns of the line with the first word of the next."""
N_COLUMNS: Final = 12

WIDEST: Final = 120
"""Columns; text wrapped by hand or by a mailer is narrower, a paragraph on one line is often wider."""

_TAB = 9
_LF = 10
_FF = 12
_CR = 13
_SPACE = 32
_DOT = 46
_STEP = 16  # bytes looked at together
_COUNTED = 1 << 30  # bytes whose line breaks are counted in 32 bits


@borrows
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


@borrows
def count_lines(text, start, end):
    """Give the number of lines of text[start:end], at least 1."""
    lines = np.int64(1)
    for first in range(start, end, _COUNTED):
        found = np.uint32(0)  # unsigned all through: so the loop takes many bytes at a time
        for at in range(np.uint64(first), np.uint64(min(first + _COUNTED, end))):
            byte = text[at]
            found += np.uint32((byte == _LF) | (byte == _CR) | (byte == _FF))
        lines += np.int64(found)
    return lines


@borrows
def read_lines(text, lines, row):
    """Fill in the columns up to LAST of the lines of a text, from `row` on, and give the row behind them.

    A line ends with LF, CR LF, CR or a form feed. lines int32[, N_COLUMNS]. A line of a full stop
    alone is blank: that is how package files and mail protocols write one.
    """
    at = np.int64(0)  # what takes a literal is compiled once more for it
    end = len(text)
    opens_page = 0
    while True:
        stop = _line_end(text, at)
        behind, depth = _read_quote_marks(text, at, stop)
        body = behind
        indent = 0
        while body < stop:
            width = space_width(text, body, stop)
            if width == 0:
                break
            body += width
            indent += 1
        last = _trim_end(text, body, stop)
        if last == body or (last == body + 1 and text[body] == _DOT):
            lines[row, START] = lines[row, BODY] = lines[row, STOP] = last
            lines[row, DEPTH] = lines[row, INDENT] = lines[row, WIDTH] = 0
        else:
            start = at if depth else body
            while start < body and space_width(text, start, stop):
                start += space_width(text, start, stop)
            lines[row, START] = start
            lines[row, BODY] = body
            lines[row, STOP] = last
            lines[row, DEPTH] = depth
            lines[row, INDENT] = indent
            lines[row, WIDTH] = columns(text, behind, last)
        lines[row, OPENS_PAGE] = opens_page
        lines[row, OWNER] = 0
        lines[row, LAST] = row
        row += 1
        if stop == end:
            return row
        opens_page = int(text[stop] == _FF)
        at = stop + 1
        if text[stop] == _CR and at < end and text[at] == _LF:
            at += 1


@borrows
def list_paragraphs(lines, rows, document, starts, ends, kinds):
    """Fill in the paragraphs that LAST and OWNER make of the lines of texts, and give how many there are.

    rows int64[n + 1] are the first rows of the texts. document, starts, ends int64[] and kinds int8[], as many as
    there are lines, get the text's number, bytes from its start, and the OWNER.
    """
    n = 0
    for text in range(len(rows) - 1):
        row = rows[text]
        while row < rows[text + 1]:
            last = lines[row, LAST]
            if lines[row, BODY] < lines[row, STOP]:
                document[n] = text
                starts[n] = lines[row, START]
                ends[n] = lines[last, STOP]
                kinds[n] = lines[row, OWNER]
                n += 1
            row = np.int64(last) + 1
    return n


@borrows
def columns(text, start, stop):
    """Count the columns of text[start:stop], up to WIDEST + 1; characters of China and Japan are two wide."""
    if stop - start > 4 * WIDEST + 4:
        return WIDEST + 1
    width = np.uint32(0)  # unsigned all through: so the loop takes many bytes at a time
    for at in range(np.uint64(start), np.uint64(stop)):
        byte = text[at]
        width += np.uint32(byte & 0xC0 != 0x80) + np.uint32((byte >= 0xE3) & (byte <= 0xE9))
    return min(np.int64(width), WIDEST + 1)


@borrows
def first_word_width(text, body, stop):
    """Count the columns of the first word, or of the first character in scripts without spaces."""
    if 0xE3 <= text[body] <= 0xE9:
        return 2
    at = body
    width = 0
    while at < stop and width <= WIDEST:
        byte = text[at]
        if is_blank(byte):
            break
        width += int(byte & 0xC0 != 0x80) + int(0xE3 <= byte <= 0xE9)
        at += 1
    return min(width, WIDEST + 1)


@borrows
def is_blank(byte):
    """Tell whether a byte is a space or a tab."""
    return byte == _SPACE or byte == _TAB


@borrows
def runs_on(text, lines, line):
    """Tell whether a line's sentence goes on in the next: no stop ends it, and a small letter or more capitals come."""
    body, stop = lines[line, BODY], lines[line, STOP]
    after, after_stop = lines[line + 1, BODY], lines[line + 1, STOP]
    if ends_sentence(text, body, stop):
        return False
    if _may_go_on(text, after, after_stop):
        return True
    return is_shouted(text, body, stop) and is_shouted(text, after, after_stop)


@borrows
def ends_sentence(text, body, stop):
    """Tell whether text[body:stop] ends with a full stop, a question or exclamation mark, a colon or a semicolon."""
    last = text[stop - 1]
    if last < 0x80:
        return last == _DOT or last == 33 or last == 63 or last == 58 or last == 59
    if stop - body < 3:
        return False
    first, second = text[stop - 3], text[stop - 2]
    if first == 0xEF and second == 0xBC:  # full-width ! : ; ?
        return last == 0x81 or last == 0x9A or last == 0x9B or last == 0x9F
    if first == 0xE3 and second == 0x80:  # ideographic full stop and closing brackets
        return last == 0x82 or last == 0x8D or last == 0x8F
    if first == 0xE2 and second == 0x80:  # closing quotation mark
        return last == 0x9D
    return first == 0xE0 and second == 0xA5 and last == 0xA4  # danda


@borrows
def is_shouted(text, body, stop):
    """Tell whether a line is in (ASCII) capitals."""
    has_capital = False
    for at in range(body, stop):
        if text[at] >= 0x80 or 97 <= text[at] <= 122:
            return False
        has_capital |= 65 <= text[at] <= 90
    return has_capital


@borrows
def is_same(text, lines, left, right):
    """Tell whether two lines have the same body."""
    first, second = lines[left, BODY], lines[right, BODY]
    length = lines[left, STOP] - first
    if lines[right, STOP] - second != length:
        return False
    for step in range(length):
        if text[first + step] != text[second + step]:
            return False
    return True


@inner
def _line_end(text, at):
    """Give where the line at `at` ends."""
    end = len(text)
    while at + _STEP <= end:
        has_break = np.uint8(0)
        for step in range(_STEP):
            byte = text[np.uint64(at + step)]
            has_break |= np.uint8((byte == _LF) | (byte == _CR) | (byte == _FF))
        if has_break:
            break
        at += _STEP
    while at < end and (text[at] > _CR or (text[at] != _LF and text[at] != _CR and text[at] != _FF)):
        at += 1
    return at


@inner
def _read_quote_marks(text, at, stop):
    """Give what follows the quote marks at the beginning of a line, and how many there are.

    ">From" is a mail's way to write "From". Bars are marks unless the line has more of them, as a table's row has.
    """
    if at == stop or not (is_blank(text[at]) or text[at] == 62 or text[at] == 124):
        return at, 0
    for mark in (62, 124):
        behind = at
        depth = 0
        while True:
            place = behind
            while place < stop and place < behind + 2 and is_blank(text[place]):
                place += 1
            if place >= stop or text[place] != mark:
                break
            if mark == 62 and _is_from(text, place + 1, stop):
                break
            if mark == 124 and place + 1 < stop and not is_blank(text[place + 1]):
                break
            behind = place + 1
            depth += 1
        if mark == 124:
            for place in range(behind, stop):
                if text[place] == 124:
                    return at, 0
        if depth:
            if behind < stop and text[behind] == _SPACE:
                behind += 1
            return behind, depth
    return at, 0


@inner
def _is_from(text, at, stop):
    """Tell whether "From " stands at `at`."""
    return (
        at + 5 <= stop
        and text[at] == 70
        and text[at + 1] == 114
        and text[at + 2] == 111
        and text[at + 3] == 109
        and text[at + 4] == _SPACE
    )


@inner
def _trim_end(text, start, stop):
    """Give the end of text[start:stop] without the white space there."""
    while stop > start:
        last = stop - 1
        while last > start and text[last] & 0xC0 == 0x80:
            last -= 1
        if space_width(text, last, stop) != stop - last:
            break
        stop = last
    return stop


@inner
def _may_go_on(text, body, stop):
    """Tell whether a sentence may go on with this line: no capital of Latin, Greek or Cyrillic script begins it."""
    first = text[body]
    if first < 0x80:
        return 97 <= first <= 122
    second = text[body + 1] if body + 1 < stop else 0
    if first == 0xC3:
        return second > 0x9E
    if first == 0xC4 or first == 0xC5:
        letter = ((first & 0x1F) << 6) | (second & 0x3F)
        odd_is_capital = 0x139 <= letter <= 0x148 or letter >= 0x179
        return (letter % 2 == 1) != odd_is_capital
    if first == 0xCE:
        return second > 0xA9
    if first == 0xD0:
        return second > 0xAF
    return True
