"""What is no prose in Markdown: front matter, fenced code and tables, as runs of lines."""

import re

from reference.lines import WHITE_SPACE, Line

MOST_FRONT_LINES = 200
LONGEST_FENCE = 8
FENCE = re.compile(r"(`{3,}|~{3,})(.*)")
KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*[ \t]*[:=](?:[ \t]|$)")
DELIMITERS = re.compile(r"\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?")


def find_verbatim(lines: list[Line]) -> list[tuple[int, int]]:
    """Give (first, last) line of each stretch that is no prose, in order."""
    found: list[tuple[int, int]] = []
    at = 0
    while at < len(lines):
        last = front_matter_end(lines) if at == 0 else 0
        last = last or fence_end(lines, at) or table_end(lines, at)
        if last:
            found.append((at, last))
        at = max(at, last) + 1
    return found


def front_matter_end(lines: list[Line]) -> int:
    """Give the line that closes the keys and values between two marks at the very beginning, or 0."""
    first = lines[0]
    if first.text not in ("---", "+++") or first.width > 3 or first.depth:
        return 0
    for number, line in enumerate(lines[1:MOST_FRONT_LINES], start=1):
        if line.text == first.text:
            return number if number > 1 else 0
        is_key = bool(KEY.match(line.text))
        if number == 1 and not is_key:
            return 0
        if line.text and not is_key and not line.indent and line.text[0] not in "-#]}":
            return 0
    return 0


def fence_end(lines: list[Line], at: int) -> int:
    """Give the line that closes the fence opened at `at`, or 0."""
    line = lines[at]
    opening = FENCE.fullmatch(line.text)
    if not opening or opening[1][0] in opening[2] or len(opening[1]) > LONGEST_FENCE:
        return 0
    before = lines[at - 1] if at else None
    named = opening[2].strip(WHITE_SPACE)
    is_underline = before is not None and before.text and before.depth == line.depth and not named
    if not named and (at + 1 == len(lines) or not lines[at + 1].text):
        return 0
    if is_underline and before is not None and before.width - before.indent <= len(opening[1]):
        return 0
    for number in range(at + 1, len(lines)):
        other = lines[number]
        if other.text and other.depth != line.depth:
            return 0
        if len(other.text) >= len(opening[1]) and set(other.text) == {opening[1][0]}:
            return number
    return 0


def count_cells(row: str) -> int:
    """Give the number of cells of a table's row."""
    return row.replace("\\|", "").removeprefix("|").removesuffix("|").count("|") + 1


def table_end(lines: list[Line], at: int) -> int:
    """Give the last row of the table whose head is at `at`, or 0."""
    if at + 1 >= len(lines):
        return 0
    head, line = lines[at], lines[at + 1]
    if head.depth != line.depth or "|" not in head.text or "|" not in line.text:
        return 0
    if not DELIMITERS.fullmatch(line.text) or count_cells(head.text) != count_cells(line.text):
        return 0
    last = at + 1
    while last + 1 < len(lines) and lines[last + 1].depth == head.depth and "|" in lines[last + 1].text:
        last += 1
    return last
