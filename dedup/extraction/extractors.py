"""Pages to text and metadata: the extractors, and which of them gets a page."""

import re
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from dedup.extraction.pages import Extracted, Page, PageError

if TYPE_CHECKING:
    from lxml.html import HtmlElement


MOST_REPLACED_SHARE: Final = 0.01
"""Characters that cannot be decoded, past which a page is rejected unless it is to be repaired."""


def extract_page(page: Page, extractor: str, encoding: str | None, encoding_errors: str) -> Extracted:
    """Give the text of a page, one paragraph a line, and what the page says of itself.

    The same page gives the same answer in every process. A page without any visible
    text gives an empty text and no extractor.
    Raises PageError for what cannot be decoded or is no text.
    """
    from dedup.decoding import DecodingError, decode_html

    try:
        decoded = decode_html(page.html, encoding, page.charset)
    except DecodingError as error:
        raise PageError(str(error), "decode") from None
    if encoding_errors == "reject" and decoded.n_replaced > MOST_REPLACED_SHARE * len(decoded.text):
        raise PageError(
            f"{decoded.n_replaced} characters cannot be decoded as {decoded.encoding}; "
            "repairing encoding errors keeps the rest",
            "decode",
        )
    return _extract(decoded.text, page, decoded.encoding, decoded.n_replaced)


def _extract(html: str, page: Page, encoding: str, n_replaced: int) -> Extracted:
    from dedup.extraction.metadata import (
        find_author,
        find_date,
        find_language,
        find_site_name,
        find_url,
        read_statements,
    )
    from dedup.extraction.titles import find_title, without_title
    from dedup.extraction.trees import parse_tree

    tree = parse_tree(html)
    if tree is None:
        return Extracted("", None, encoding, n_replaced, url=page.url)
    said = read_statements(tree)
    url = find_url(said, page.url)
    site_name = find_site_name(said)
    title = find_title(said, _site_names(site_name, url))
    author, date = find_author(said, tree), find_date(said, tree, url)
    text, extractor = _trafilatura(tree, html, url)
    titles = [text for text in (title, said.title_tag, said.meta("og:title"), *said.headings[:1]) if text]
    return Extracted(
        without_title(text, titles),
        extractor,
        encoding,
        n_replaced,
        title=title,
        author=author,
        date=date,
        site_name=site_name,
        url=url,
        language=find_language(said),
    )


def _trafilatura(tree: "HtmlElement", html: str, url: str | None) -> tuple[str, str | None]:
    from trafilatura import bare_extraction

    from dedup.extraction.trees import body_text, dissolve_layout_tables

    dissolve_layout_tables(tree)
    found = bare_extraction(tree, url=url, include_comments=False, deduplicate=False)
    if found is not None and not isinstance(found, dict) and found.body is not None:
        text = body_text(found.body)
        if text:
            return text, "trafilatura"
    from resiliparse.extract.html2text import extract_plain_text

    text = extract_plain_text(html, main_content=True, list_bullets=False, alt_texts=False).strip()
    return text, "resiliparse" if text else None


def _site_names(site_name: str | None, url: str | None) -> list[str]:
    """Give what a site is called: its name, and its host."""
    names = [site_name] if site_name else []
    if url:
        try:
            host = urlsplit(url).hostname
        except ValueError:
            host = None
        if host:
            names.append(re.sub(r"^www\.", "", host))
    return names
