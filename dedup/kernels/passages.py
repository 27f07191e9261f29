"""Lines that go on in the next one, where each line is a paragraph."""

from dedup.kernels.borrowing import borrows, inner

_NEWLINE, _SMALL_A, _SMALL_Z = 0x0A, 0x61, 0x7A
_CLOSING = (0x2E, 0x21, 0x3F, 0x3A, 0x3B, 0x7C, 0x3E, 0x22)
"""Full stop, exclamation and question mark, colon, semicolon, stroke, bracket and quotation mark."""


@borrows
def find_passages(
    text, starts, ends, first, may_be_line, may_hold_cue, least_bytes, most_bytes, most_gap, most_lines, edges
):
    """Find the passages, runs of lines of which each but the last goes on in the next; gives how many there are.

    text uint8[]; starts, ends int64[p], bytes into it, the paragraphs of all documents, those of each from first
    int64[n + 1] on; may_be_line, may_hold_cue bool[p]. A line that goes on has at least least_bytes, at most
    most_bytes, and no mark that closes a sentence; the next one begins with a small letter, after at most most_gap
    bytes, of which one is a newline. Out: edges int64[p, 2], the first and the last line of each passage that has at
    most most_lines and holds a cue.
    """
    n_found = 0
    for document in range(len(first) - 1):
        past = first[document + 1]
        begin = first[document]
        while begin < past:
            last = begin
            holds_cue = may_hold_cue[begin]
            while last + 1 < past and _goes_on(
                text, starts, ends, last, may_be_line, least_bytes, most_bytes, most_gap
            ):
                last += 1
                holds_cue |= may_hold_cue[last]
            if last > begin and holds_cue and last - begin < most_lines:
                edges[n_found, 0], edges[n_found, 1] = begin, last
                n_found += 1
            begin = last + 1
    return n_found


@inner
def _goes_on(text, starts, ends, p, may_be_line, least_bytes, most_bytes, most_gap):
    """Say whether the sentence of paragraph p goes on in the next one."""
    n_bytes, below = ends[p] - starts[p], starts[p + 1]
    if not (least_bytes <= n_bytes <= most_bytes and below - ends[p] <= most_gap):
        return False
    if not (may_be_line[p] and may_be_line[p + 1]) or not _is_small(text, below, ends[p + 1]):
        return False
    for mark in _CLOSING:
        if text[ends[p] - 1] == mark:
            return False
    n_breaks = 0
    for at in range(ends[p], below):
        n_breaks += text[at] == _NEWLINE
    return n_breaks == 1


@inner
def _is_small(text, at, end):
    """Say whether a letter begins there that has a capital and is not one: Latin, with accents too, Greek, Cyrillic."""
    if at >= end:
        return False
    byte = text[at]
    if _SMALL_A <= byte <= _SMALL_Z:
        return True
    if byte < 0xC3 or byte > 0xD1 or at + 1 >= end:
        return False
    later = text[at + 1]
    if byte == 0xC3:
        return later >= 0x9F
    if byte == 0xCE:
        return later >= 0xAC
    if byte == 0xD0:
        return later >= 0xB0
    if byte == 0xCF or byte == 0xD1:
        return True
    if byte != 0xC4 and byte != 0xC5:
        return False
    number = (byte & 0x1F) << 6 | later & 0x3F  # capitals and small letters take turns there, and thrice change them
    return number % 2 == (0x139 > number or 0x148 < number < 0x179)
