"""Where sentences end, certainly or perhaps, told from bytes."""

from typing import Final

from dedup.kernels.borrowing import borrows, inner

FEWEST_LETTERS: Final = 5
"""Letters before a full stop from which it cannot be that of an abbreviation."""

_COMMA = 44
_SEMICOLON = 59
_SPACE = 32
_BAR = 124


@borrows
def goes_on(text, start, end):
    """Say whether text[start:end] ends in a comma or semicolon, of any script: it goes on in the next paragraph."""
    last = text[end - 1]
    if last < 0x80:
        return last == _COMMA or (last == _SEMICOLON and not _is_greek_question(text, start, end - 1))
    if end - start >= 3:
        is_wide = text[end - 3] == 0xEF and text[end - 2] == 0xBC and (last == 0x8C or last == 0x9B)
        if is_wide or (text[end - 3] == 0xE3 and text[end - 2] == 0x80 and last == 0x81):
            return True
    return end - start >= 2 and text[end - 2] == 0xD8 and (last == 0x8C or last == 0x9B)


@inner
def _is_greek_question(text, start, at):
    """Say whether the semicolon at a place stands behind a Greek letter."""
    return at - start >= 2 and (text[at - 2] == 0xCE or text[at - 2] == 0xCF)


@inner
def _is_end_mark(byte):
    """Say whether a byte may end a sentence: a full stop, "!", "?", a bar, or part of what is not ASCII."""
    return byte == 46 or byte == 33 or byte == 63 or byte == _BAR or byte >= 0x80


@inner
def _may_end(text, at, limit):
    """Say whether the end mark at `at` may end a sentence that another one follows in text[:limit].

    Behind those of ASCII, and quotes and brackets, that takes white space, and then no small letter; of what is not
    ASCII, behind a mark, too, it is left to whoever tries the paragraph, but for signs known to end none.
    """
    if text[at] >= 0x80:
        return _may_be_end_mark(text, at, limit)
    if text[at] == _BAR:
        return True
    after = at + 1
    while after < limit and _closes(text[after]):
        after += 1
    if after == limit or not _is_white(text[after]):
        return after < limit and text[after] >= 0x80
    while after < limit and _is_white(text[after]):
        after += 1
    return after < limit and not 97 <= text[after] <= 122


@inner
def _may_be_end_mark(text, at, limit):
    """Say whether a character that is not ASCII begins at `at` and may end a sentence, or stand between parts."""
    lead = text[at]
    if lead < 0xC0:  # within a character
        return False
    if lead == 0xC2:  # of these the broken bar and the middle dot
        return at + 1 < limit and (text[at + 1] == 0xA6 or text[at + 1] == 0xB7)
    if lead == 0xE2 and at + 2 < limit and text[at + 1] == 0x80:  # of dashes, quotes and dots the bullet and ellipsis
        return text[at + 2] == 0xA2 or text[at + 2] == 0xA6
    return True


@inner
def _closes(byte):
    """Say whether a byte is a quote or bracket that closes."""
    return byte == 34 or byte == 39 or byte == 41 or byte == 93


@inner
def _is_white(byte):
    """Say whether a byte of ASCII is white space to Python."""
    return byte == _SPACE or 9 <= byte <= 13 or 28 <= byte <= 31


@borrows
def can_end_between(text, start, end):
    """Say whether a sentence may end in text[start:end], the gap between two tokens, of which the second is there."""
    for at in range(start, end):
        if (_is_end_mark(text[at]) and _may_end(text, at, end + 1)) or (
            text[at] == _SEMICOLON and _is_greek_question(text, 0, at)
        ):
            return True
    return False


@borrows
def find_certain_ends(text, start, end, starts, ends, n):
    """Say whether text[start:end] may have several sentences; give the places after its first and last certain end.

    Certain is a full stop after FEWEST_LETTERS small letters, an exclamation or question mark, or any of them before
    a quote or bracket, if a space follows, and then anything of ASCII but a small letter. Without any the places are
    `end` and `start`. Takes where its n tokens start and end, for nothing ends within one.
    """
    can_split = False
    first_end, last_end = end, start
    for place in range(n + 1):
        gap_start = ends[place - 1] if place else start
        gap_end = min(starts[place] if place < n else end, end - 1)
        for at in range(gap_start, gap_end):
            byte = text[at]
            if not _is_end_mark(byte):
                can_split |= byte == _SEMICOLON and _is_greek_question(text, start, at)
                continue
            can_split |= _may_end(text, at, end)
            if byte == _BAR or byte >= 0x80:  # certain or not by what is around it: left to whoever tries the paragraph
                continue
            after = _certain_end(text, start, at, end)
            if after:
                last_end = after
                if first_end == end:
                    first_end = after
    return can_split, first_end, last_end


@inner
def _certain_end(text, start, at, end):
    """Give the place where the next sentence begins if the mark at `at` certainly ends one, or 0."""
    after = at + 1
    while after < end and _closes(text[after]):
        after += 1
    if after + 1 >= end or text[after] != _SPACE or not (33 <= text[after + 1] <= 96):
        return 0
    if text[at] == 46 and after == at + 1:
        n_letters = 0
        before = at - 1
        while n_letters < FEWEST_LETTERS and before >= start and 97 <= text[before] <= 122:
            n_letters += 1
            before -= 1
        if n_letters < FEWEST_LETTERS:
            return 0
    return after + 1
