"""Text to paragraphs: lines, or the blocks of text that was cut to a width."""

import re
from itertools import pairwise

WHITE_SPACE = (
    "\t\n\v\f\r\x1c\x1d\x1e\x1f \x85\xa0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u1680\u2028\u2029\u202f\u205f\u3000\ufeff"
)
LINE_BREAK = re.compile(r"\r\n|\r|\n")

WIDEST, NARROWEST = 120, 40
SENTENCE_ENDS = ".!?:;"


def split_lines(text: str) -> list[tuple[int, str]]:
    """Give (start, line) of every line, without its break."""
    lines, start = [], 0
    for found in LINE_BREAK.finditer(text):
        lines.append((start, text[start : found.start()]))
        start = found.end()
    return [*lines, (start, text[start:])]


def starts_lower(first: str) -> bool:
    """Tell whether a line may go on from the one before: no capital of Latin, Greek or Cyrillic begins it."""
    if ord(first) < 0x80:
        return "a" <= first <= "z"
    return not ("\u00c0" <= first <= "\u00de" or "\u0380" <= first <= "\u03a9" or "\u0400" <= first <= "\u042f")


def is_hard_wrapped(text: str) -> bool:
    """Tell whether lines were cut to a width: most are full to it, and sentences run on from line to line."""
    lines = [line.rstrip(WHITE_SPACE) for _, line in split_lines(text)]
    filled = [line for line in lines if line]
    inner = [(line, after) for line, after in pairwise(lines) if line and after]
    if len(inner) < 2 or any(line.strip(WHITE_SPACE) == after.strip(WHITE_SPACE) for line, after in inner):
        return False
    runs_on = 0
    for line, after in inner:
        first = after.lstrip(WHITE_SPACE)[0]
        runs_on += line[-1] not in SENTENCE_ENDS and starts_lower(first)
    if runs_on < 0.35 * len(inner) or 20 * sum(len(line) > WIDEST for line in filled) > len(filled):
        return False
    wide_enough = [
        width for width in range(WIDEST + 2) if 5 * sum(len(line) >= width for line, _ in inner) >= len(inner)
    ]
    wrap = max(wide_enough)
    if not NARROWEST <= wrap <= WIDEST:
        return False
    full = 0
    for line, after in inner:
        first_word = re.split("[ \t]", after.strip(WHITE_SPACE), maxsplit=1)[0]
        full += len(line) + 1 + len(first_word) > wrap
    return full >= 0.5 * len(inner)


def split_paragraphs(text: str, mode: str) -> list[tuple[int, int]]:
    """Give (start, end) of every paragraph in characters; mode is auto, line or block."""
    lines = []
    for start, line in split_lines(text):
        stripped = line.strip(WHITE_SPACE)
        begin = start + len(line) - len(line.lstrip(WHITE_SPACE)) if stripped else start
        lines.append((begin, begin + len(stripped)))
    if mode == "line" or (mode == "auto" and not is_hard_wrapped(text)):
        return [(start, end) for start, end in lines if end > start]
    paragraphs: list[tuple[int, int]] = []
    is_open = False
    for start, end in lines:
        if start == end:
            is_open = False
        elif is_open:
            paragraphs[-1] = (paragraphs[-1][0], end)
        else:
            paragraphs.append((start, end))
            is_open = True
    return paragraphs


def byte_place(text: str, place: int) -> int:
    """Give where character `place` begins in the text's UTF-8."""
    return len(text[:place].encode())
