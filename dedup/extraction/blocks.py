"""The visible text of a page as blocks in order: what lies between two edges of boxes, and where."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from lxml.html import HtmlElement

FRAME, FRAME_NAME, HIDDEN, MAIN, ITEM, TABLE, COMMENT = (1 << bit for bit in range(7))
"""What a block stands in: elements of a page's frame; boxes whose class or id says so; what browsers do not show;
main or article; a list; a table; comments."""

_BOXES: Final = frozenset(
    [
        "address",
        "article",
        "aside",
        "blockquote",
        "body",
        "caption",
        "center",
        "dd",
        "details",
        "dir",
        "div",
        "dl",
        "dt",
        "fieldset",
        "figcaption",
        "figure",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "html",
        "legend",
        "li",
        "main",
        "menu",
        "nav",
        "ol",
        "p",
        "pre",
        "section",
        "summary",
        "table",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "tr",
        "ul",
        "label",
    ]
)
_NO_TEXT: Final = frozenset(
    [
        "script",
        "style",
        "noscript",
        "template",
        "head",
        "svg",
        "math",
        "iframe",
        "object",
        "canvas",
        "select",
        "button",
        "textarea",
        "input",
        "option",
        "audio",
        "video",
        "map",
        "datalist",
    ]
)
_FRAME_TAGS: Final = frozenset(("nav", "footer", "aside"))
_FRAME_ROLES: Final = frozenset(
    [
        "navigation",
        "banner",
        "contentinfo",
        "complementary",
        "dialog",
        "alert",
        "menu",
        "menubar",
        "search",
        "alertdialog",
    ]
)
_FRAME_NAMES: Final = re.compile(
    r"(?:^|[\s_-])(?:nav|navbar|navigation|menus?|submenu|breadcrumbs?|footer|cookies?|consent|gdpr|modal|popup|newsletter|"
    r"subscribe|social|share|sharing|sidebar|skip|offcanvas|drawer|banner|sr-only|visually-hidden|screen-reader-text|login|"
    r"signin|related|recommended|recommendations)(?:$|[\s_-])",
    re.I,
)
_HIDING: Final = re.compile(r"display:\s*none|visibility:\s*hidden", re.I)


@dataclass(frozen=True, slots=True)
class Block:
    """One block of text."""

    text: str  # white space collapsed
    n_linked: int  # characters in links
    tag: str  # of the box that it stands in directly
    place: int  # FRAME ... COMMENT, combined
    depth: int  # boxes around it


def find_blocks(tree: "HtmlElement") -> list[Block]:
    """Give the blocks of a page in order; walks the tree without recursion, however deep it is."""
    body = tree.find("body") if tree.tag == "html" else tree
    if body is None:
        return []
    blocks: list[Block] = []
    pieces: list[str] = [body.text or ""]
    n_linked = 0

    def end_block(tag: str, place: int, depth: int) -> None:
        nonlocal n_linked
        if text := " ".join("".join(pieces).split()):
            blocks.append(Block(text, min(n_linked, len(text)), tag, place, depth))
        pieces.clear()
        n_linked = 0

    # element, its children, box, place, depth, whether in a link
    open_elements: list[tuple[HtmlElement, Iterator[HtmlElement], str, int, int, bool]] = [
        (body, iter(body), "body", 0, 0, False)
    ]
    while open_elements:
        element, children, tag, place, depth, is_link = open_elements[-1]
        child = next(children, None)
        if child is None:
            open_elements.pop()
            if not open_elements:
                end_block(tag, place, depth)
                break
            outer = open_elements[-1]
            if outer[4] != depth or outer[3] != place:
                end_block(tag, place, depth)
            tail, is_link = element.tail, outer[5]
        elif isinstance(child.tag, str) and child.tag not in _NO_TEXT and child.tag != "br":
            inner = _place_of(child, place)
            is_box = child.tag in _BOXES
            if is_box or inner != place:
                end_block(tag, place, depth)
            in_link = is_link or child.tag == "a"
            open_elements.append((child, iter(child), child.tag if is_box else tag, inner, depth + is_box, in_link))
            tail, is_link = child.text, in_link
        else:
            if child.tag == "br":
                end_block(tag, place, depth)
            tail = child.tail
        if tail:
            pieces.append(tail)
            if is_link:
                n_linked += len(tail.strip())
    return blocks


def _place_of(element: "HtmlElement", place: int) -> int:
    tag = element.tag
    if tag in _FRAME_TAGS or (tag == "header" and not place & MAIN):
        place |= FRAME
    elif tag in ("main", "article"):
        place |= MAIN
    elif tag in ("li", "dd", "dt"):
        place |= ITEM
    elif tag == "table":
        place |= TABLE
    attributes = element.attrib
    if attributes:
        if (
            "hidden" in attributes
            or attributes.get("aria-hidden") == "true"
            or ((style := attributes.get("style")) and _HIDING.search(style))
        ):
            place |= HIDDEN
        if attributes.get("role") in _FRAME_ROLES:
            place |= FRAME
        if tag not in ("main", "article"):
            names = f"{attributes.get('class') or ''} {attributes.get('id') or ''}"
            if len(names) > 1:
                if _FRAME_NAMES.search(names):
                    place |= FRAME_NAME
                if "comment" in names.lower():
                    place |= COMMENT
    return place
