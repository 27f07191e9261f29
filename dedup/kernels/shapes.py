"""What a paragraph looks like, told from its characters."""

from typing import Final

import numpy as np
from numba import njit

from dedup.kernels.borrowing import borrows, inner
from dedup.kernels.lines import is_blank

N_LINE_COUNTS: Final = 4

_LEAST_LETTERS = 2
_MARKS = (0xE38082, 0xEFBC81, 0xEFBC9F, 0xE28094, 0xE280A6)
"""The full stop, exclamation mark and question mark of East Asia, the dash and the ellipsis."""
_QUOTE, _APOSTROPHE, _BRACKET, _COMMA, _COLON, _DOT, _BANG, _QUERY = 0x22, 0x27, 0x29, 0x2C, 0x3A, 0x2E, 0x21, 0x3F


@borrows
def look_at_shapes(text, starts, ends, n_tokens, long_tokens, no_letters, label, speech, flags):
    """Add what paragraphs look like to flags uint8[p], a bit for each of the three things told.

    text uint8[]; starts, ends int64[p], bytes into it; n_tokens int[p]. no_letters: has less than two; label: ends in a
    colon, or is an item of a list; speech: opens with a quotation mark or a dash, or is a sentence of less than
    long_tokens; both label and speech: another sentence.
    """
    for p in range(len(starts)):
        start, end = starts[p], ends[p]
        if not _has_letters(text, start, end):
            flags[p] |= no_letters
        if start == end:
            continue
        if _ends_with(text, start, end, _COLON, 0xEFBC9A) or _is_item(text, start, end):
            flags[p] |= label
        elif _opens_as_speech(text, start, end):
            flags[p] |= speech
        elif ends_as_sentence(text, start, end):
            flags[p] |= speech if n_tokens[p] < long_tokens else label | speech


@inner
def _is_short(text, start, end, most_chars):
    """Say whether there are at most so many characters, each of which is four bytes at most."""
    if end - start <= most_chars or end - start > 4 * most_chars:
        return end - start <= most_chars
    n_chars = 0
    for at in range(start, end):
        n_chars += text[at] & 0xC0 != 0x80
    return n_chars <= most_chars


@inner
def _has_letters(text, start, end):
    """Say whether there are enough letters; of other scripts, all that is not known for punctuation is one."""
    n_letters = 0
    for at in range(start, end):
        byte = text[at]
        if byte < 0x80:
            n_letters += 0x41 <= (byte & 0xDF) <= 0x5A
        elif byte >= 0xC3 and byte != 0xE2 and byte != 0xF0:
            n_letters += not (byte == 0xE3 and at + 1 < end and text[at + 1] == 0x80)
        if n_letters == _LEAST_LETTERS:
            return True
    return False


@inner
def _ends_with(text, start, end, narrow, wide):
    return text[end - 1] == narrow or (end - start >= 3 and _three(text, end - 3) == wide)


@inner
def ends_as_sentence(text, start, end):
    """Say whether it ends in a full stop, an exclamation mark or a question mark, behind closing marks or not."""
    while end > start:
        last = text[end - 1]
        if last in (_QUOTE, _APOSTROPHE, _BRACKET):
            end -= 1
        elif end - start >= 3 and _three(text, end - 3) in (0xE2809D, 0xE28099, 0xE3808D, 0xE3808F):
            end -= 3
        elif end - start >= 2 and text[end - 2] == 0xC2 and last == 0xBB:
            end -= 2
        else:
            break
    if end == start:
        return False
    last = text[end - 1]
    if last in (_DOT, _BANG, _QUERY):
        return True
    return end - start >= 3 and _three(text, end - 3) in (0xE38082, 0xEFBC81, 0xEFBC9F)


@inner
def _is_item(text, start, end):
    """Say whether it opens with a hyphen, an asterisk or a bullet, and a blank."""
    if end - start < 3:
        return False
    if text[start] == 0x2D or text[start] == 0x2A:
        return is_blank(text[start + 1])
    if text[start] == 0xC2:
        return text[start + 1] == 0xB7
    return text[start] == 0xE2 and _three(text, start) in (0xE280A2, 0xE280A3, 0xE29680, 0xE296AA, 0xE2978F)


@inner
def _opens_as_speech(text, start, end):
    """Say whether it opens with a quotation mark or a dash."""
    first = text[start]
    if first in (_QUOTE, _APOSTROPHE):
        return True
    if first == 0xC2:
        return end - start >= 2 and text[start + 1] == 0xAB
    if first not in (0xE2, 0xE3) or end - start < 3:
        return False
    return _three(text, start) in (0xE2809C, 0xE2809E, 0xE28098, 0xE28093, 0xE28094, 0xE3808C, 0xE3808E)


@inner
def _three(text, at):
    return np.int64(text[at]) << 16 | np.int64(text[at + 1]) << 8 | np.int64(text[at + 2])


@borrows
def count_lines(text, starts, ends, first, is_left_out, most_chars, counts):
    """Count, for each of n documents, its lines, short ones, and ends in commas and in any mark: counts int64[n, 4].

    text uint8[]; starts, ends int64[p], bytes into it, the lines of all documents, those of each from first
    int64[n + 1] on; is_left_out bool[p]: those are not counted. Short lines have at most `most_chars`.
    """
    for document in range(len(first) - 1):
        counts[document] = 0
        for line in range(first[document], first[document + 1]):
            start, end = starts[line], ends[line]
            if is_left_out[line] or start == end:
                continue
            counts[document, 0] += 1
            counts[document, 1] += _is_short(text, start, end, most_chars)
            last = text[end - 1]
            wide = _three(text, end - 3) if end - start >= 3 else 0
            if last == _COMMA or wide in (0xEFBC8C, 0xE38081) or wide & 0xFFFF == 0xD88C:
                counts[document, 2] += 1
                counts[document, 3] += 1
            elif last in (_DOT, _BANG, _QUERY, _COLON) or wide in _MARKS:
                counts[document, 3] += 1


@borrows
def is_about_code(text, start, end):
    """Say whether text[start:end] has calls, names with underscores or colons in them, or ends in a brace.

    In addresses, which tell of themselves, these characters say nothing.
    """
    last = end - 1
    while last > start and is_blank(text[last]):
        last -= 1
    is_code = text[last] == 123 or text[last] == 125  # braces
    for at in range(start, end):
        byte = text[at]
        if byte == 64 or (byte == 47 and at - start >= 2 and text[at - 1] == 47 and text[at - 2] == 58):  # @ or ://
            return False
        if byte == 46 and at - start >= 3 and text[at - 1] == 119 and text[at - 2] == 119 and text[at - 3] == 119:
            return False  # www.
        if byte == 41:
            is_code |= at - start >= 2 and text[at - 1] == 40 and _is_name(text[at - 2], True)  # name()
        elif at - start >= 2 and text[at - 1] == 95:
            is_code |= _is_name(byte, False) and _is_name(text[at - 2], False)  # a_name
        if at - start >= 3 and text[at - 1] == 58 and text[at - 2] == 58:
            is_code |= _is_name(byte, True) and _is_name(text[at - 3], True)  # a::name
    return is_code


@njit(cache=True, nogil=True, inline="always")
def _is_name(byte, or_underscore):
    """Say whether a byte is a letter or digit of ASCII, or an underscore where that counts."""
    return 48 <= byte <= 57 or 97 <= byte | 32 <= 122 or (or_underscore and byte == 95)


@borrows
def find_edges(text, starts, ends, first, strokes, heads, most_last_bytes, most_paragraphs, stroked, headed):
    """Find the paragraphs that could be, or be above, a signature; gives how many of each kind there are.

    text uint8[]; starts, ends int64[p], bytes into it, the paragraphs of all documents, those of each from first
    int64[n + 1] on. Out: stroked int64[p], those that begin or end with two of one of the bytes in strokes bool[256];
    headed int64[p], of the last most_paragraphs of each document whose last one has at most most_last_bytes those whose
    first four bytes, in lower case and read as a number, are among heads uint32[h].
    """
    n_stroked, n_headed = 0, 0
    for p in range(len(starts)):
        start, end = starts[p], ends[p]
        if end - start < 2:
            continue
        opens = strokes[text[start]] and text[start] == text[start + 1]
        if opens or (strokes[text[end - 1]] and text[end - 1] == text[end - 2]):
            stroked[n_stroked] = p
            n_stroked += 1
    for document in range(len(first) - 1):
        last = first[document + 1] - 1
        if last < first[document] or ends[last] - starts[last] > most_last_bytes:
            continue
        for p in range(max(first[document], last - most_paragraphs + 1), last + 1):
            if ends[p] - starts[p] < 4:
                continue
            head = np.uint32(0)
            for byte in range(4):
                letter = np.uint32(text[starts[p] + byte])
                if 0x41 <= letter <= 0x5A:
                    letter |= np.uint32(0x20)
                head |= letter << np.uint32(8 * byte)
            is_among = False
            for other in heads:  # so few that to compare all of them together is faster than to search
                is_among |= other == head
            if is_among:
                headed[n_headed] = p
                n_headed += 1
    return n_stroked, n_headed
