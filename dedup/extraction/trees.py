"""Trees of pages: parsed once, made ready for the extractor, and what it made of them written as lines."""

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from lxml.etree import _Element
    from lxml.html import HtmlElement

LAYOUT_CELL_CHARACTERS: Final = 500
"""A table with a cell this long holds no data: it lays out a page (tuned on pages of 2011 and 2012)."""

_PARTS: Final = ("tbody", "thead", "tfoot", "tr", "td", "th")
_LINES: Final = frozenset(("p", "head", "list", "item", "quote", "table", "row", "div", "ab", "body", "hr"))


def parse_tree(html: str) -> "HtmlElement | None":
    """Give the tree of a page, or None if there is nothing in it that could be one, or more than the parser takes.

    It ends, without an error, after 10 MB of text in one element and at 256 elements in each other.
    """
    from trafilatura.utils import HTML_PARSER, load_html

    tree = load_html(html)
    return None if len(HTML_PARSER.error_log.filter_from_fatals()) else tree


def dissolve_layout_tables(tree: "HtmlElement") -> None:
    """Make plain boxes of the tables that hold others or whole texts, so that no page becomes one row of a table."""
    for table in list(tree.iter("table")):
        if next(table.iterdescendants("table"), None) is None and not _has_long_cell(table):
            continue
        waiting = list(table)
        table.tag = "div"
        while waiting:
            part = waiting.pop()
            if part.tag in _PARTS:
                part.tag = "div"
                waiting.extend(part)


def mark_preformatted(tree: "HtmlElement") -> None:
    """Make code of preformatted text that has lines: as quotations, which most of it is taken for, would lose them."""
    for element in tree.iter("pre"):
        for line_break in element.iter("br"):
            line_break.tail = "\n" + (line_break.tail or "")
        if "\n" in "".join(element.itertext()).strip():
            element.tag = "code"


def body_text(body: "_Element") -> str:
    """Give the text of trafilatura's result, a paragraph, heading, list item, table row or line of code a line."""
    lines: list[str] = []
    pieces: list[str] = []

    def end_line() -> None:
        if line := " ".join("".join(pieces).split()):
            lines.append(line)
        pieces.clear()

    waiting: list[tuple[_Element, bool]] = [(body, False)]
    while waiting:
        element, is_done = waiting.pop()
        tag = element.tag
        breaks = tag in _LINES and not (tag != "row" and _is_in_cell(element))
        if is_done:
            if breaks:
                end_line()
            elif tag == "cell" and element.getnext() is not None:
                pieces.append(" | ")
            elif tag in _LINES:
                pieces.append(" ")
            if element is not body:
                pieces.append(element.tail or "")
            continue
        if breaks:
            end_line()
        elif tag in _LINES:
            pieces.append(" ")
        waiting.append((element, True))
        if tag == "lb":
            if _is_in_cell(element):
                pieces.append(" ")
            else:
                end_line()
        elif tag == "code" and "\n" in (code := "".join(element.itertext())) and not _is_in_cell(element):
            end_line()
            lines.extend(line.rstrip() for line in code.strip("\n").split("\n"))
        else:
            pieces.append(element.text or "")
            waiting.extend((child, False) for child in reversed(element) if isinstance(child.tag, str))
    end_line()
    return "\n".join(lines)


def _is_in_cell(element: "_Element") -> bool:
    return next(element.iterancestors("cell"), None) is not None


def _has_long_cell(table: "HtmlElement") -> bool:
    return any(len(" ".join("".join(cell.itertext()).split())) > LAYOUT_CELL_CHARACTERS for cell in table.iter("td"))
