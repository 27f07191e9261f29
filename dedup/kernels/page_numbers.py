"""Numbers in a line that may be its page's."""

from typing import Final

from dedup.kernels.borrowing import borrows, inner
from dedup.kernels.lines import is_blank

MOST_DIGITS: Final = 5


@borrows
def page_numbers(text, body, stop):
    """Give what may be the page's number, or -1: behind the word "page", at the end of a line, at its beginning.

    A word and a number alone ("Chapter 7") name something else.
    """
    paged = _paged_number(text, body, stop)
    last, _ = last_number(text, body, stop)
    if paged < 0 and last >= 0 and count_words(text, body, stop) == 2 and holds_letter(text, body, stop):
        return -1, -1, -1
    return paged, last, _first_number(text, body, stop)


@inner
def _paged_number(text, body, stop):
    """Give the first number that stands behind the word "page", or -1."""
    for at in range(body, stop - 5):
        if (text[at] | 32) != 112 or (text[at + 1] | 32) != 97:  # p, a
            continue
        if (text[at + 2] | 32) != 103 or (text[at + 3] | 32) != 101:  # g, e
            continue
        if not is_blank(text[at + 4]) or (at > body and (is_digit(text[at - 1]) or _is_letter(text[at - 1]))):
            continue
        place = at + 4
        while place < stop and is_blank(text[place]):
            place += 1
        number, past = _read_number(text, place, stop)
        if number >= 0 and (past == stop or not is_digit(text[past])):
            return number
    return -1


@borrows
def last_number(text, body, stop):
    """Give the number that ends a line but for closing marks, and where it begins; -1 if none does."""
    at = stop
    while at > body and _closes(text[at - 1], True):
        at -= 1
    past = at
    while at > body and is_digit(text[at - 1]):
        at -= 1
    if at > body and not _opens(text[at - 1]) and text[at - 1] != 47:
        return -1, stop
    number, end = _read_number(text, at, past)
    return (number, at) if number >= 0 and end == past else (-1, stop)


@inner
def _first_number(text, body, stop):
    """Give the number that begins a line but for opening marks, or -1."""
    at = body
    while at < stop and _opens(text[at]):
        at += 1
    number, past = _read_number(text, at, stop)
    return number if past == stop or _closes(text[past], False) else -1


@inner
def _read_number(text, at, stop):
    """Give the number of at most MOST_DIGITS digits at `at`, -1 if there is none, and what follows it."""
    number = 0
    past = at
    while past < stop and past - at < MOST_DIGITS and is_digit(text[past]):
        number = 10 * number + (text[past] - 48)
        past += 1
    return (number, past) if past > at else (-1, past)


@inner
def _opens(byte):
    """Tell whether a number may stand behind this: a blank, an opening bracket, a hyphen."""
    return is_blank(byte) or byte == 40 or byte == 91 or byte == 60 or byte == 123 or byte == 45


@inner
def _closes(byte, at_end):
    """Tell whether this may stand behind a number: a blank, closing bracket or hyphen; a full stop at a line's end."""
    if is_blank(byte) or byte == 41 or byte == 93 or byte == 62 or byte == 125 or byte == 45:
        return True
    return byte == 46 if at_end else byte == 47


@borrows
def is_digit(byte):
    """Tell whether a byte is an ASCII digit."""
    return 48 <= byte <= 57


@inner
def _is_letter(byte):
    return 65 <= byte <= 90 or 97 <= byte <= 122


@borrows
def holds_digit(text, body, stop):
    """Tell whether there is a digit."""
    for at in range(body, stop):
        if is_digit(text[at]):
            return True
    return False


@borrows
def holds_letter(text, body, stop):
    """Tell whether there is a letter, or anything that is not ASCII."""
    for at in range(body, stop):
        if text[at] >= 0x80 or _is_letter(text[at]):
            return True
    return False


@borrows
def count_words(text, body, stop):
    """Count what blanks part."""
    n = 1
    for at in range(body + 1, stop):
        n += is_blank(text[at]) and not is_blank(text[at - 1])
    return n


@borrows
def count_numbers(text, body, stop):
    """Count the runs of digits."""
    n = 0
    for at in range(body, stop):
        n += is_digit(text[at]) and (at == body or not is_digit(text[at - 1]))
    return n
