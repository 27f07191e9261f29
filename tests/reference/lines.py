"""Text to lines: where each begins and ends behind its quote marks, how wide it is, how it reads."""

import re
from dataclasses import dataclass

WHITE_SPACE = (
    "\t\n\v\f\r\x1c\x1d\x1e\x1f \x85\xa0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u1680\u2028\u2029\u202f\u205f\u3000\ufeff"
)
LINE_BREAK = re.compile(r"\r\n|\r|\n|\f")
WIDEST, NARROWEST = 120, 40

QUOTE_MARKS = re.compile(r"(?:[ \t]{0,2}>(?!From ))+")
BAR_MARKS = re.compile(r"(?:[ \t]{0,2}\|(?=[ \t]|$))+(?=[^|]*$)")
STOPS = ".!?:;\u0964\u3002\uff01\uff1f\uff1a\uff1b\u201d\u300d\u300f"
ITEM = re.compile(r"([-*+\u2022]|o(?=[ \t]{2})|[0-9]{1,3}[.)]|\((?:[0-9]{1,3}|[a-z]|[ivx]{2,4})\)|[a-z]\))[ \t]")
FIELD = re.compile(r"[A-Z][A-Za-z0-9-]{1,30}:(?:[ \t]|$)")
HEADING = re.compile(r"#{1,6}[ \t]")
RULE = re.compile(r"[-=*_~#+^:.|` \t]+")
SHOUTED = re.compile(r"[\x00-`{-\x7f]*[A-Z][\x00-`{-\x7f]*")


@dataclass(frozen=True)
class Line:
    """A line: `start` of what is no white space, `body` behind quote marks; both are `stop` where it is blank."""

    start: int
    body: int
    stop: int
    depth: int
    indent: int  # characters before the body, behind quote marks
    width: int  # columns of indentation and body, WIDEST + 1 at most
    opens_page: bool
    text: str  # body to stop


def columns(text: str) -> int:
    """Give the columns that a text takes, WIDEST + 1 at most; those of China and Japan are two wide."""
    return min(WIDEST + 1, sum(2 if "\u3000" <= letter <= "\u9fff" else 1 for letter in text))


def read_lines(text: str) -> list[Line]:
    """Give every line, the last one too."""
    lines: list[Line] = []
    at, opens_page = 0, False
    while True:
        found = LINE_BREAK.search(text, at)
        raw = text[at : found.start() if found else len(text)]
        marks = QUOTE_MARKS.match(raw) or BAR_MARKS.match(raw)
        behind = marks.end() if marks else 0
        if marks and raw[behind : behind + 1] == " ":
            behind += 1
        rest = raw[behind:].rstrip(WHITE_SPACE)
        indent = len(rest) - len(rest.lstrip(WHITE_SPACE))
        body = rest[indent:] if rest[indent:] != "." else ""
        stop = at + behind + len(rest)
        if body:
            start = at + len(raw) - len(raw.lstrip(WHITE_SPACE))
            depth = len(re.findall(r"[>|]", marks[0])) if marks else 0
            lines.append(Line(start, stop - len(body), stop, depth, indent, columns(rest), opens_page, body))
        else:
            lines.append(Line(stop, stop, stop, 0, 0, 0, opens_page, ""))
        if not found:
            return lines
        opens_page = found[0] == "\f"
        at = found.end()


def may_go_on(first: str) -> bool:
    """Tell whether a sentence may go on with this letter: no capital of Latin, Greek or Cyrillic script."""
    if first < "\x80":
        return "a" <= first <= "z"
    if "\u0100" <= first <= "\u017f":
        odd_is_capital = "\u0139" <= first <= "\u0148" or first >= "\u0179"
        return (ord(first) % 2 == 1) != odd_is_capital
    return not ("\u00c0" <= first <= "\u00de" or "\u0380" <= first <= "\u03a9" or "\u0400" <= first <= "\u042f")


def runs_on(line: Line, after: Line) -> bool:
    """Tell whether a line's sentence goes on in the next: no stop ends it, and a small letter or more capitals come."""
    if line.text[-1] in STOPS:
        return False
    return may_go_on(after.text[0]) or (is_shouted(line) and is_shouted(after))


def is_shouted(line: Line) -> bool:
    """Tell whether a line is in capitals."""
    return bool(SHOUTED.fullmatch(line.text))


def first_word_width(body: str) -> int:
    """Give the columns of the first word, or of the first character in scripts without spaces."""
    if "\u3000" <= body[0] <= "\u9fff":
        return 2
    return columns(re.split("[ \t]", body, maxsplit=1)[0])


def is_rule(line: Line) -> bool:
    """Tell whether a line only draws a line."""
    return bool(RULE.fullmatch(line.text))


def item_mark(line: Line) -> str:
    """Give the kind of list mark that a line begins with, or nothing: "1" for any number, "a" for any letter."""
    found = ITEM.match(line.text)
    if not found:
        return ""
    letter = found[1].lstrip("(")[0]
    return "1" if "0" <= letter <= "9" else "a" if letter.isalpha() and found[1] != "o" else letter
