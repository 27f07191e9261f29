"""Text to paragraphs: lines, or the blocks of text that was cut to a width; code, tables and pages' furniture apart."""

from itertools import pairwise

from reference.lines import (
    FIELD,
    HEADING,
    NARROWEST,
    STOPS,
    WIDEST,
    Line,
    first_word_width,
    is_rule,
    is_shouted,
    item_mark,
    read_lines,
    runs_on,
)
from reference.pages import find_furniture
from reference.verbatim import find_verbatim

TEXT, VERBATIM = 0, 1
NARROWEST_PAIR = 60
Pairs = list[tuple[Line, Line]]


def split_paragraphs(text: str, mode: str) -> list[tuple[int, int, int]]:
    """Give (start, end, kind) of every paragraph in characters; mode is auto, line or block."""
    lines = read_lines(text)
    stretches = find_verbatim(lines)
    taken = {number for first, last in stretches for number in range(first, last + 1)}
    furniture = find_furniture(lines, len(text.encode()), taken)
    paragraphs = [(lines[first].start, lines[last].stop, VERBATIM) for first, last in stretches]
    paragraphs += [(lines[number].start, lines[number].stop, kind) for number, kind in furniture.items()]
    blocks = cut_blocks(lines, taken | set(furniture))
    if mode == "line":
        blocks = [[line] for block in blocks for line in block]
    elif mode == "auto":
        blocks = join_wrapped([segment for block in blocks for segment in cut_segments(block)])
    paragraphs += [(block[0].start, block[-1].stop, TEXT) for block in blocks]
    return sorted(paragraphs)


def cut_blocks(lines: list[Line], taken: set[int]) -> list[list[Line]]:
    """Give the runs of lines between blank ones, page breaks and other quotations; those `taken` are in none."""
    blocks: list[list[Line]] = []
    is_open = False
    for number, line in enumerate(lines):
        if not line.text or number in taken:
            is_open = False
            continue
        if is_open and not line.opens_page and line.depth == blocks[-1][-1].depth:
            blocks[-1].append(line)
        else:
            blocks.append([line])
        is_open = True
    return blocks


def cut_segments(block: list[Line]) -> list[list[Line]]:
    """Cut a block before items of lists and fields, and around headings and drawn lines."""
    segments: list[list[Line]] = []
    is_open = False
    has_fields = is_field(block[0]) or block[0].text.startswith("From ")
    last_mark = ""
    for place, line in enumerate(block):
        before = block[place - 1] if place else None
        after = block[place + 1] if place + 1 < len(block) else None
        starts = begins_item(line, before, last_mark)
        if starts:
            last_mark = item_mark(line)
        starts |= has_fields and is_field(line) and line.indent == block[0].indent
        is_alone = is_heading(line, before, after)
        if is_open and not starts and not is_alone:
            segments[-1].append(line)
        else:
            segments.append([line])
        is_open = not is_alone and not is_rule(line)
    return segments


def is_field(line: Line) -> bool:
    return bool(FIELD.match(line.text))


def begins_item(line: Line, before: Line | None, last_mark: str) -> bool:
    """Tell whether a line begins an item; a mark in running text may be a dash or a year that ends a sentence."""
    mark = item_mark(line)
    if not mark:
        return False
    return before is None or mark == last_mark or line.indent != before.indent or before.text[-1] in STOPS


def is_heading(line: Line, before: Line | None, after: Line | None) -> bool:
    """Tell whether a line is a heading: of Markdown, or in capitals over text that is indented."""
    if HEADING.match(line.text):
        return all(near is None or near.text[0] != "#" for near in (before, after))
    is_over = before is None and after is not None and after.indent > line.indent
    return is_over and line.width <= NARROWEST and is_shouted(line)


def is_item(segment: list[Line]) -> bool:
    """Tell whether a segment is an item or a field with lines that hang from it."""
    first, *others = segment
    if not item_mark(first) and not is_field(first):
        return False
    return all(line.indent > first.indent for line in others) and all(line.width <= WIDEST for line in segment[:-1])


def wrap_width(pairs: Pairs) -> int:
    """Give the width that 80 % of lines followed by another keep to: people wrap unevenly."""
    widths = [line.width for line, _ in pairs]
    return max(width for width in range(WIDEST + 2) if 5 * sum(w >= width for w in widths) >= len(pairs))


def looks_wrapped(pairs: Pairs, wrap_tenths: int, full_tenths: int) -> bool:
    """Tell whether lines are full to a width (in tenths of columns) and sentences run on from line to line."""
    if any(line.text == after.text for line, after in pairs):
        return False
    if 100 * sum(runs_on(line, after) for line, after in pairs) < 35 * len(pairs):
        return False
    full = sum(10 * (line.width + 1 + first_word_width(after.text)) > wrap_tenths for line, after in pairs)
    return 10 * full >= full_tenths * len(pairs)


def goes_on_alone(line: Line, after: Line) -> bool:
    """Tell whether two lines with nothing to hold them against are one sentence, in a script with capitals."""
    is_wide = NARROWEST_PAIR <= line.width <= WIDEST
    return is_wide and line.text != after.text and after.text[0] < "\u0500" and runs_on(line, after)


def join_wrapped(segments: list[list[Line]]) -> list[list[Line]]:
    """Keep together the segments that were cut to a width, all of them if most were; take the others line by line."""
    all_pairs: Pairs = []
    sure_pairs: Pairs = []
    joins = []
    for segment in segments:
        pairs = list(pairwise(segment))
        wrap = wrap_width(pairs) if len(pairs) >= 2 else 0
        is_sure = NARROWEST <= wrap <= WIDEST and looks_wrapped(pairs, 10 * wrap, 6)
        joins.append(is_sure or is_item(segment))
        all_pairs += pairs
        if is_sure:
            sure_pairs += pairs
    lines = [line for segment in segments for line in segment]
    is_narrow = 20 * sum(line.width > WIDEST for line in lines) <= len(lines)
    if is_narrow and len(all_pairs) >= 2:
        wrap = wrap_width(all_pairs)
        by_all = NARROWEST <= wrap <= WIDEST and looks_wrapped(all_pairs, 10 * wrap, 5)
        if by_all or 2 * len(sure_pairs) >= len(all_pairs):
            return segments
    joined: list[list[Line]] = []
    for segment, joins_it in zip(segments, joins, strict=True):
        pairs = list(pairwise(segment))
        is_like_others = (
            bool(sure_pairs and pairs)
            and all(line.width <= WIDEST for line, _ in pairs)
            and looks_wrapped(pairs, 9 * wrap_width(sure_pairs), 6)
        )
        is_pair = is_narrow and len(pairs) == 1 and goes_on_alone(*pairs[0])
        joined += [segment] if joins_it or is_like_others or is_pair else [[line] for line in segment]
    return joined


def byte_place(text: str, place: int) -> int:
    """Give where character `place` begins in the text's UTF-8."""
    return len(text[:place].encode())
