"""Pages to text and metadata: the extractors, and which of them gets a page."""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from dedup.extraction.pages import Extracted, Page, PageError

if TYPE_CHECKING:
    from lxml.html import HtmlElement

    from dedup.decoding import Decoded
    from dedup.extraction.blocks import Block
    from dedup.extraction.measures import PageSays
    from dedup.extraction.metadata import Statements

MOST_REPLACED_SHARE: Final = 0.01
"""Characters that cannot be decoded, past which a page is rejected unless it is to be repaired."""

MOST_NESTED: Final = 5000
"""Elements within elements, past which a page is refused: the time that resiliparse takes grows with the square."""

NEXT_TO_NOTHING: Final = 0.05
"""Less text than this share of the second extractor's, and that one's is taken: of 5 such pages in the tuning
halves it is the better for the 3 in question; between 0.05 and 0.5 it is the worse on average."""


_NESTING: Final = re.compile(
    r"<(/?)(?:div|span|b|i|a|u|em|strong|font|center|section|article|table|blockquote|ul|ol|dl|small|big)\b", re.I
)


@dataclass(frozen=True, slots=True)
class PreparedPage:
    """What a page is judged by."""

    tree: "HtmlElement"
    said: "Statements"
    url: str | None
    title: str | None
    text: str  # trafilatura's, without the title
    second: str  # resiliparse's
    blocks: "list[Block]"
    says: "PageSays"


def extract_page(page: Page, extractor: str, encoding: str | None, encoding_errors: str) -> Extracted:
    """Give the text of a page, one paragraph a line, and what the page says of itself.

    The same page gives the same answer in every process. A page without any visible
    text gives an empty text and no extractor.
    Raises PageError for what cannot be decoded or is no text.
    """
    decoded = _decode(page, encoding)
    if encoding_errors == "reject" and decoded.n_replaced > MOST_REPLACED_SHARE * len(decoded.text):
        raise PageError(
            f"{decoded.n_replaced} characters cannot be decoded as {decoded.encoding}; "
            "repairing encoding errors keeps the rest",
            "decode",
        )
    if _nesting(decoded.text) > MOST_NESTED:
        raise PageError(f"more than {MOST_NESTED} elements are nested in one another")
    if extractor == "trafilatura":
        return _extract_well(page, decoded)
    from dedup.extraction.quick import extract_quickly

    return extract_quickly(page, decoded, extractor)


def prepare_page(page: Page, decoded: "Decoded | None" = None) -> PreparedPage | None:
    """Give all that a page is judged by; None if there is nothing in it that could be one.

    Raises PageError for what is no text.
    """
    from dedup.extraction.blocks import find_blocks
    from dedup.extraction.metadata import find_url, name_site, read_statements
    from dedup.extraction.quick import main_text
    from dedup.extraction.titles import find_title, known_titles, without_title
    from dedup.extraction.trees import dissolve_layout_tables, mark_preformatted, parse_tree

    decoded = decoded or _decode(page, None)
    tree = parse_tree(decoded.text)
    if tree is None:
        return None
    said = read_statements(tree)
    url = find_url(said, page.url)
    title = find_title(said, name_site(said, url))
    dissolve_layout_tables(tree)
    blocks = find_blocks(tree)
    mark_preformatted(tree)
    text = without_title(_text_by_trafilatura(tree, url), known_titles(said, title))
    says = page_says(said, known_titles(said, title))
    return PreparedPage(tree, said, url, title, text, main_text(decoded.text), blocks, says)


def page_says(said: "Statements", titles: list[str]) -> "PageSays":
    """Give what a page says of itself in short."""
    from dedup.extraction.measures import PageSays

    descriptions = [said.meta(name) for name in ("description", "og:description", "twitter:description")]
    descriptions += [str(node["description"]) for node in said.linked_data if node.get("description")]
    kinds = said.kinds
    return PageSays(
        titles=tuple(titles),
        descriptions=tuple({text: None for text in descriptions if text}),
        is_article=said.is_article,
        is_product="Product" in kinds or "product" in (said.meta("og:type") or "").lower(),
        is_forum="Discussion" in kinds or "QAPage" in kinds,
        is_collection="Collection" in kinds or "ItemList" in kinds or "SearchResults" in kinds,
    )


def _extract_well(page: Page, decoded: "Decoded") -> Extracted:
    """Extract with trafilatura, have resiliparse and the model look after it, and search for what is not stated."""
    from dedup.extraction.metadata import find_author, find_date, find_language, find_site_name
    from dedup.extraction.quick import all_text, extract_quickly
    from dedup.extraction.selection import mend_text
    from dedup.extraction.titles import known_titles, without_title

    prepared = prepare_page(page, decoded)
    if prepared is None:  # no tags, a piece of a page, or one that the parser gave up
        return extract_quickly(page, decoded, "resiliparse")
    said, text, extractor = prepared.said, prepared.text, "trafilatura"
    if len(text) < NEXT_TO_NOTHING * len(prepared.second):
        text, extractor = without_title(prepared.second, known_titles(said, prepared.title)), "resiliparse"
    text, has_added = mend_text(text, prepared.blocks, prepared.second, prepared.says)
    if has_added:
        extractor += "+blocks"
    if not text.strip():
        text = all_text(decoded.text)
        extractor = "resiliparse-all"
    return Extracted(
        text,
        extractor if text.strip() else None,
        decoded.encoding,
        decoded.n_replaced,
        title=prepared.title,
        author=find_author(said, prepared.tree),
        date=find_date(said, prepared.tree, prepared.url),
        site_name=find_site_name(said),
        url=prepared.url,
        language=find_language(said),
    )


def _text_by_trafilatura(tree: "HtmlElement", url: str | None) -> str:
    from trafilatura import bare_extraction

    from dedup.extraction.trees import body_text

    # deduplicate keeps what it has seen for as long as the process lives: the answer would depend on other pages
    found = bare_extraction(tree, url=url, include_comments=False, deduplicate=False)
    if found is None or isinstance(found, dict) or found.body is None:
        return ""
    return body_text(found.body)


def _nesting(html: str) -> int:
    """Give how deep elements are nested at most, by their tags; 0 if there are too few to matter."""
    if html.count("<") <= MOST_NESTED:
        return 0
    depth = deepest = 0
    for mark in _NESTING.findall(html):
        depth = depth - 1 if mark and depth else depth + (not mark)
        deepest = max(deepest, depth)
    return deepest


def _decode(page: Page, encoding: str | None) -> "Decoded":
    from dedup.decoding import DecodingError, decode_html

    try:
        return decode_html(page.html, encoding, page.charset)
    except DecodingError as error:
        raise PageError(str(error), "decode") from None
