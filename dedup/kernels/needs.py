"""What texts need besides being cut into lines: most need nothing, and what none of them needs is never compiled."""

from typing import Final

from dedup.kernels.borrowing import borrows, inner
from dedup.kernels.lines import BODY, INDENT, OPENS_PAGE, STOP, WIDEST, WIDTH, is_blank, read_lines, runs_on

AUTO: Final = 0
"""How lines become paragraphs: where they are cut to a width blocks do, lines elsewhere."""
LINE: Final = 1
BLOCK: Final = 2

MARKS: Final = 1
"""Bits of what a text may need: it has a mark of front matter, fenced code or a table (verbatim.py)."""
PAGES: Final = 2
"""It may have pages with furniture (pages.py)."""
JOINS: Final = 4
"""Lines of it may be one paragraph (splitting.py)."""

FEWEST_PAGES: Final = 3
MOST_PAGE_BYTES: Final = 6000
"""In the mean; what form feeds part elsewhere, as chapters, is longer."""

MOST_LINES: Final = 1 << 14
"""Past so many lines no further text is read: those read go through the caches together."""


@borrows
def read_texts(text, offsets, mode, lines, rows, needs):
    """Fill in the lines and needs of texts until there are MOST_LINES, and give how many texts were read.

    text uint8[], offsets int64[n + 1]; mode AUTO, LINE or BLOCK; lines int32[, N_COLUMNS] with room for them
    (int64[] for a text of 2 GB); rows int64[n + 1] gets the first row of each text, needs uint8[n] bits of MARKS,
    PAGES and JOINS. Where a bit is missing, the kernel of that name would change nothing of the text.
    """
    n = len(offsets) - 1
    rows[0] = 0
    for place in range(n):
        own = text[offsets[place] : offsets[place + 1]]
        rows[place + 1] = read_lines(own, lines, rows[place])
        needs[place] = _find_needs(own, lines, rows[place], rows[place + 1], mode)
        if rows[place + 1] >= MOST_LINES:
            return place + 1
    return n


@inner
def _find_needs(text, lines, top, past, mode):
    """Give the bits of one text."""
    needs = 0
    n_breaks = n_numbers = 0
    was_filled = False
    for line in range(top, past):
        n_breaks += lines[line, OPENS_PAGE]
        body, stop = lines[line, BODY], lines[line, STOP]
        if body == stop:
            was_filled = False
            continue
        first = text[body]
        # asked here: a call costs more than the answer, which is no for most lines
        if (first < 48 or first == 58 or first == 96 or first > 122) and _may_be_mark(text, body, stop):
            needs |= MARKS
        is_alone = not was_filled and (line + 1 == past or lines[line + 1, BODY] == lines[line + 1, STOP])
        if is_alone and n_breaks == 0 and _may_count(text, body, stop):
            n_numbers += 1
        if was_filled and not needs & JOINS and _may_join(text, lines, line, mode):
            needs |= JOINS
        was_filled = True
    # Where there are no form feeds, lines that count are the ends of pages.
    n_openings = n_breaks if n_breaks else n_numbers
    fewest = FEWEST_PAGES - 1 if n_breaks else FEWEST_PAGES
    if n_openings >= fewest and len(text) <= (n_openings + 1) * MOST_PAGE_BYTES:
        needs |= PAGES
    return needs


@inner
def _may_be_mark(text, body, stop):
    """Tell whether a line begins as a fence, is three hyphens or plus signs, or is of what parts a table's head."""
    first = text[body]
    if first == 96 or first == 126:  # ` ~
        return stop - body >= 3 and text[body + 1] == first and text[body + 2] == first
    if first == 43:  # +
        return stop - body == 3
    if first != 45 and first != 58 and first != 124:  # - : |
        return False
    has_bar = False
    for at in range(body, stop):
        byte = text[at]
        if byte == 124:
            has_bar = True
        elif byte != 45 and byte != 58 and not is_blank(byte):
            return False
    return has_bar or stop - body == 3


@inner
def _may_count(text, body, stop):
    """Tell whether a line may count pages: it is short, and ends with a number or has the word "page"."""
    if stop - body > 4 * WIDEST:
        return False
    for at in range(body, stop - 5):
        if (text[at] | 32) == 112 and (text[at + 1] | 32) == 97:  # p, a
            if (text[at + 2] | 32) == 103 and (text[at + 3] | 32) == 101 and is_blank(text[at + 4]):  # g, e
                return True
    at = stop - 1
    while at > body and _closes(text[at]):
        at -= 1
    return 48 <= text[at] <= 57


@inner
def _closes(byte):
    """Tell whether this may stand behind the number that ends a line: a blank, bracket, hyphen or full stop."""
    return is_blank(byte) or byte == 41 or byte == 93 or byte == 62 or byte == 125 or byte == 45 or byte == 46


@inner
def _may_join(text, lines, line, mode):
    """Tell whether a line may be of one paragraph with the filled line above it."""
    if mode != AUTO:
        return mode == BLOCK
    if lines[line - 1, WIDTH] > WIDEST:
        return False
    return lines[line, INDENT] > lines[line - 1, INDENT] or runs_on(text, lines, line - 1)
