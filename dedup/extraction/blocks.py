"""The visible text of a page as blocks in order: what lies between two edges of boxes, and where."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from lxml.html import HtmlElement

FRAME, FRAME_NAME, HIDDEN, MAIN, ITEM, TABLE, COMMENT, FIGURE, QUOTE, FORM = (1 << bit for bit in range(10))
"""What a block stands in: elements of a page's frame; boxes whose class or id says so; what browsers do not show;
main or article; a list; a table; comments; a figure; a quotation; a form."""

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
_WORDS: Final = (
    "caption credit copyright figure photo image gallery media video attribution",
    "byline author bio biography contributor writer dateline timestamp time date published pubdate posted "
    "meta metadata info",
    "tag topic keyword category categories label taxonomy kicker eyebrow pill badge",
    "teaser card promo recirc recirculation more popular trending latest most next previous prev also "
    "carousel slider swiper widget rail outbrain taboola related recommend recommended recommendation "
    "suggested suggestion similar read readmore up",
    "ad advert advertisement advertising sponsor sponsored cta paywall subscribe subscription subscriber "
    "donate donation signup sign offer newsletter email banner alert notice disclaimer promotion callout "
    "inline embed box aside",
    "content body entry story post text article main description desc rich richtext prose markdown "
    "paragraph copy rte detail",
    "title headline heading header head",
    "subtitle subhead subheadline subheading dek deck standfirst lead lede excerpt intro introduction "
    "summary abstract synopsis highlight keypoint takeaway sub",
    "toc contents index toolbar tool tooltip action button btn link list grid item tab accordion filter "
    "sort facet pagination pager",
    "price rating star review product sku shipping cart stock spec feature option variant quantity",
    "reply replies user username avatar signature thread message member profile vote answer question like "
    "commenter discussion",
    "search login account language locale currency cookie skip hidden hide mobile print screen sr a11y "
    "icon logo menu nav",
)
"""What names of boxes say of their content, after the habits of those who write style sheets."""
N_NAMES: Final = len(_WORDS)
_SAYS: Final = {
    form: sum(1 << bit for bit, words in enumerate(_WORDS) if word in words.split())
    for word in " ".join(_WORDS).split()
    for form in (f"{word}s", word)
}
_NAME_WORD: Final = re.compile(r"[A-Z]?[a-z]+|[A-Z]+")
_HIDING: Final = re.compile(r"display:\s*none|visibility:\s*hidden", re.I)
_EMPHASIS: Final = frozenset(("b", "strong", "em", "i"))
N_BOXES: Final = 4
"""How many of the boxes around a block are told."""


class Block(NamedTuple):
    """One block of text."""

    text: str  # white space collapsed
    n_linked: int  # characters in links
    tag: str  # of the box that it stands in directly
    place: int  # FRAME ... FORM, combined
    depth: int  # boxes around it
    n_emphasized: int = 0  # characters in bold or italics
    boxes: tuple[int, ...] = ()  # numbers of the boxes around it, the nearest first, N_BOXES at most
    kind: tuple[str, str] = ("", "")  # the nearest two boxes as tags and classes: blocks of one kind look alike
    names: int = 0  # what names of the nearest box say, a bit for each of N_NAMES
    names_around: int = 0  # what names of all boxes around it say


class _Box(NamedTuple):
    """What is known of where text stands."""

    tag: str
    place: int
    depth: int
    is_link: bool
    is_emphasis: bool
    boxes: tuple[int, ...]
    kind: tuple[str, str]
    names: int
    names_around: int


def find_blocks(tree: "HtmlElement") -> list[Block]:
    """Give the blocks of a page in order; walks the tree without recursion, however deep it is."""
    body = tree.find("body") if tree.tag == "html" else tree
    if body is None:
        return []
    blocks: list[Block] = []
    pieces: list[str] = [body.text or ""]
    n_linked = n_emphasized = n_boxes = 0
    known_names: dict[str, tuple[int, int]] = {}

    def end_block(box: _Box) -> None:
        nonlocal n_linked, n_emphasized
        if text := " ".join("".join(pieces).split()):
            tag, place, depth, _, _, boxes, kind, names, around = box
            n = len(text)
            blocks.append(
                Block(text, min(n_linked, n), tag, place, depth, min(n_emphasized, n), boxes, kind, names, around)
            )
        pieces.clear()
        n_linked = n_emphasized = 0

    box = _Box("body", 0, 0, False, False, (), ("", "body"), 0, 0)
    open_elements: list[tuple[HtmlElement, Iterator[HtmlElement], _Box]] = [(body, iter(body), box)]
    while open_elements:
        element, children, box = open_elements[-1]
        child = next(children, None)
        if child is None:
            open_elements.pop()
            if not open_elements:
                end_block(box)
                break
            outer = open_elements[-1][2]
            if outer.depth != box.depth or outer.place != box.place:
                end_block(box)
            tail, box = element.tail, outer
        else:
            tag = child.tag
            if isinstance(tag, str) and tag not in _NO_TEXT and tag != "br":
                inner, ends = _inner_box(child, tag, box, known_names, n_boxes + 1)
                if ends:
                    end_block(box)
                    n_boxes += 1
                box = inner
                open_elements.append((child, iter(child), box))
                tail = child.text
            else:
                if tag == "br":
                    end_block(box)
                tail = child.tail
        if tail:
            pieces.append(tail)
            if box.is_link:
                n_linked += len(tail.strip())
            if box.is_emphasis:
                n_emphasized += len(tail.strip())
    return blocks


def _inner_box(
    element: "HtmlElement", tag: str, box: _Box, known: dict[str, tuple[int, int]], number: int
) -> tuple[_Box, bool]:
    """Give where the text of an element within a box stands, and whether the text before it ends there."""
    place, names = _place_of(element, box.place, known)
    if tag in _BOXES:
        looks = f"{tag} {names_of}" if (names_of := element.get("class")) else tag
        boxes, kind = (number, *box.boxes[: N_BOXES - 1]), (box.kind[1], looks)
        around = box.names_around | names
        return _Box(tag, place, box.depth + 1, box.is_link, box.is_emphasis, boxes, kind, names, around), True
    is_link, is_emphasis = box.is_link or tag == "a", box.is_emphasis or tag in _EMPHASIS
    if place == box.place and not names and is_link == box.is_link and is_emphasis == box.is_emphasis:
        return box, False
    return (
        _Box(
            box.tag, place, box.depth, is_link, is_emphasis, box.boxes, box.kind, box.names | names,
            box.names_around | names,
        ),
        place != box.place,
    )  # fmt: skip


def _place_of(element: "HtmlElement", place: int, known: dict[str, tuple[int, int]]) -> tuple[int, int]:
    """Give place and names of an element; `known` has those of the page's names so far."""
    tag = element.tag
    if tag in _FRAME_TAGS or (tag == "header" and not place & MAIN):
        place |= FRAME
    elif tag in ("main", "article"):
        place |= MAIN
    elif tag in ("li", "dd", "dt"):
        place |= ITEM
    elif tag == "table":
        place |= TABLE
    elif tag in ("figure", "figcaption"):
        place |= FIGURE
    elif tag == "blockquote":
        place |= QUOTE
    elif tag == "form":
        place |= FORM
    attributes = element.attrib
    if not attributes:
        return place, 0
    if (
        "hidden" in attributes
        or attributes.get("aria-hidden") == "true"
        or ((style := attributes.get("style")) and _HIDING.search(style))
    ):
        place |= HIDDEN
    if attributes.get("role") in _FRAME_ROLES:
        place |= FRAME
    if tag in ("main", "article"):
        return place, 0
    names = f"{attributes.get('class') or ''} {attributes.get('id') or ''}"
    if len(names) <= 1:
        return place, 0
    said = known.get(names)
    if said is None:
        said = known[names] = _what_names_say(names)
    return place | said[0], said[1]


def _what_names_say(names: str) -> tuple[int, int]:
    lower = names.lower()
    place = (FRAME_NAME if _FRAME_NAMES.search(names) else 0) | (COMMENT if "comment" in lower else 0)
    said = 0
    for word in _NAME_WORD.findall(names):
        said |= _SAYS.get(word.lower(), 0)
    return place, said
