"""Extraction by resiliparse, for those with millions of pages: its text, and metadata at next to no cost."""

import re
from html import unescape
from typing import TYPE_CHECKING, Final

from dedup.extraction.pages import Extracted, Page

if TYPE_CHECKING:
    from dedup.decoding import Decoded
    from dedup.extraction.metadata import Statements

LINK_SHARE: Final = 0.8
MOST_LINKED_SHARE: Final = 0.5
"""A line this much of which is link points elsewhere, unless this much of the text is such lines (tuned on aeb)."""

_TAG: Final = re.compile(r"</?[a-z][^<>]*>")
_LINK: Final = re.compile(r"<a [^<>]*>(.*?)</a>")
_HEAD_CHARACTERS: Final = 200_000
_HEAD_END: Final = re.compile(r"</head\s*>|<body[\s>]", re.I)
_LINKED_DATA: Final = re.compile(r"<script[^>]{1,200}application/ld\+json[^>]{0,200}>.{0,100000}?</script", re.I | re.S)
_FIRST_HEADINGS: Final = re.compile(r"<h1[\s>].{0,3000}?</h1", re.I | re.S)


def extract_quickly(page: Page, decoded: "Decoded", extractor: str) -> Extracted:
    """Give the text by resiliparse and what the page states of itself; `fast` also drops what is no content."""
    from dedup.extraction.metadata import (
        find_language,
        find_site_name,
        find_stated_author,
        find_stated_date,
        find_url,
        name_site,
    )
    from dedup.extraction.titles import find_title, known_titles, without_title

    said = _read_head(decoded.text)
    url = find_url(said, page.url)
    title = find_title(said, name_site(said, url))
    text = fast_text(decoded.text, said.is_article) if extractor == "fast" else main_text(decoded.text)
    text = without_title(text, known_titles(said, title))
    if not text.strip():
        text, extractor = all_text(decoded.text), "resiliparse-all"
    return Extracted(
        text,
        extractor if text.strip() else None,
        decoded.encoding,
        decoded.n_replaced,
        title=title,
        author=find_stated_author(said),
        date=find_stated_date(said),
        site_name=find_site_name(said),
        url=url,
        language=find_language(said),
    )


def main_text(html: str) -> str:
    """Give the main content of a page by resiliparse, one paragraph a line."""
    from resiliparse.extract.html2text import extract_plain_text

    return _lines(extract_plain_text(html, main_content=True, list_bullets=False, alt_texts=False))


def fast_text(html: str, is_article: bool) -> str:
    """Give the main content by resiliparse; of an article without comments, byline and lines that are mostly link."""
    from resiliparse.extract.html2text import extract_plain_text

    if not is_article:
        return main_text(html)
    marked = extract_plain_text(
        html,
        preserve_formatting="minimal_html",
        main_content=True,
        list_bullets=False,
        alt_texts=False,
        links=True,
        comments=False,
        post_meta=False,
    )
    lines: list[tuple[str, bool]] = []
    is_code = False
    for line in marked.split("\n"):
        is_code = is_code or "<pre" in line
        text = unescape(_TAG.sub("", line)).rstrip()
        if text.strip():
            n_linked = sum(len(_TAG.sub("", link)) for link in _LINK.findall(line))
            is_link = n_linked >= LINK_SHARE * len(text) and not line.startswith("<h")
            lines.append((text if is_code else text.strip(), is_link))
        is_code = is_code and "</pre" not in line
    n_linked = sum(len(text) for text, is_link in lines if is_link)
    if n_linked >= MOST_LINKED_SHARE * sum(len(text) for text, _ in lines):
        return "\n".join(text for text, _ in lines)
    return "\n".join(text for text, is_link in lines if not is_link)


def all_text(html: str) -> str:
    """Give all visible text of a page, and that of browsers without scripts."""
    from resiliparse.extract.html2text import extract_plain_text

    return _lines(extract_plain_text(html, main_content=False, list_bullets=False, alt_texts=False, noscript=True))


def _lines(text: str) -> str:
    return "\n".join(line for line in (line.rstrip() for line in text.split("\n")) if line)


def _read_head(html: str) -> "Statements":
    """Read the statements of a page without parsing its body."""
    from lxml.html import fromstring

    from dedup.extraction.metadata import Statements, read_statements

    match = _HEAD_END.search(html, 0, _HEAD_CHARACTERS)
    head = html[: match.start() if match else 20_000]
    rest = html[len(head) :]
    parts = [*_LINKED_DATA.findall(rest), *_FIRST_HEADINGS.findall(rest)]
    # an XML declaration would be about bytes, and lxml refuses it in text
    source = re.sub(r"^\s*<\?xml[^>]*>", "", head) + "</head><body>" + "".join(f"{part}>" for part in parts)
    try:
        tree = fromstring(source)
    except (ValueError, TypeError, SyntaxError):  # nothing in it that could be a page
        return Statements()
    return read_statements(tree)
