"""What a page says of itself: title, authors, date, site, address, language, from its tree.

Stated facts come first (JSON-LD, then meta tags), what the page shows next, and a
search of the page last.
"""

import contextlib
import html
import itertools
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urljoin, urlsplit

if TYPE_CHECKING:
    from lxml.html import HtmlElement

LATEST_DATE: Final = "2100-01-01"
"""A fixed end for plausible dates: with today's, the same page would give another answer on another day."""

MOST_LD_DEPTH: Final = 6
_LD_INSIDE: Final = ("@graph", "mainEntity", "mainEntityOfPage", "hasPart")
_LD_MAIN: Final = re.compile(r"Article|Posting|Report|Recipe|Review|Question|Video|Event|Course|Product|Book|Podcast")
_LD_ARTICLE: Final = re.compile(r"Article|BlogPosting|Report\b|Recipe")

_META_AUTHOR: Final = (
    "author", "article:author", "og:article:author", "og:author", "dc.creator", "dc:creator", "dcterms.creator",
    "citation_author", "parsely-author", "sailthru.author", "byl", "authors", "creator", "twitter:creator:name",
)  # fmt: skip
_META_DATE: Final = (
    "article:published_time", "og:published_time", "datepublished", "parsely-pub-date", "sailthru.date",
    "citation_publication_date", "citation_date", "dc.date.issued", "dcterms.issued", "dc.date", "dc.date.created",
    "dcterms.created", "dcterms.date", "date", "pubdate", "publishdate", "publish-date", "publish_date",
    "publication_date", "originalpublicationdate", "og:pubdate", "article:created", "date.created", "created",
)  # fmt: skip
_ISO_DATE: Final = re.compile(r"((?:19|20)\d\d)-?(0[1-9]|1[0-2])-?(0[1-9]|[12]\d|3[01])(?!\d)")
_LANGUAGE: Final = re.compile(r"([A-Za-z]{2})(?:[-_]|$)")
_ADDRESS: Final = re.compile(r"https?:|www\.|\S@\S|\w/\w+/")
_NOT_A_NAME: Final = re.compile(
    r"[@{}<>#]|^\W*$|\d{3}|^(?:(?:topic |the |about )?(?:admin(?:istrator)?|author|editor|name|guest|unknown))$", re.I
)
_NAMES_APART: Final = re.compile(r"\s*[;|/、]\s*|\s*,?\s+(?:and|und|et|y|&)\s+", re.I)
_BYLINE: Final = re.compile(
    r"^(?:.{0,30}\b(?:posted|published|written|words|story|text|article)\s+|written )?"
    r"(?:by|von|par|por|od|autor|author)\b[\s:]*",
    re.I,
)
_AFTER_NAME: Final = re.compile(
    r"\s*(?:[|•·—–»]|\s-\s|\b(?:on|updated|published|last|posted|for|says|wrote)\b|\d|"
    r"\b(?:mon|tue|wed|thu|fri|sat|sun)(?:day|sday|nesday|rsday|urday)?\b|"
    r"\b(?:jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec)(?:uary|ruary|ch|il|ust|ember|tember|ober)?\b\.?\s*\d).*$",
    re.I | re.S,
)
_MARKED_AS_DATE: Final = (
    "//*[@itemprop='datePublished']/@content | //*[@itemprop='datePublished']/@datetime | "
    "//time[not(ancestor::aside or ancestor::nav or ancestor::footer or ancestor::li)]/@datetime"
)
_MARKED_AS_AUTHOR: Final = (
    "//*[not(self::body or self::html or self::img or self::svg)]"
    "[@itemprop='author' or @rel='author' or contains(@class,'author') or contains(@class,'byline')]"
)
_BROKEN_LD: Final = {
    "headline": re.compile(r'"headline"\s*:\s*"((?:[^"\\]|\\.)+)"'),
    "datePublished": re.compile(r'"datePublished"\s*:\s*"([^"\\]+)"'),
    "author": re.compile(r'"author"\s*:\s*[\[{][^\]}]*?"name"\s*:\s*"([^"\\]+)"'),
}


@dataclass(slots=True)
class Statements:
    """What is said about a page, as found in its tree."""

    linked_data: list[dict[str, Any]] = field(default_factory=list)  # what is about the page itself first
    metas: dict[str, list[str]] = field(default_factory=dict)  # by lower-case name or property
    title_tag: str = ""
    headings: list[str] = field(default_factory=list)  # of the first level
    canonical: str | None = None
    language: str | None = None

    @property
    def kinds(self) -> str:
        """The types of what its linked data are about."""
        return " ".join(map(_type_of, self.linked_data))

    @property
    def is_article(self) -> bool:
        """Whether the page calls itself an article or the like: one text by its author, unlike a forum's page."""
        return "article" in (self.meta("og:type") or "").lower() or _LD_ARTICLE.search(self.kinds) is not None

    def meta(self, *names: str) -> str | None:
        """Give the first of these meta tags that says something."""
        return next((values[0] for name in names if (values := self.metas.get(name))), None)


def read_statements(tree: "HtmlElement") -> Statements:
    """Gather what a tree says of its page; broken JSON-LD is read as far as it goes."""
    found = Statements()
    root = tree.getroottree().getroot()
    for element in root.iter("meta", "script", "title", "h1", "link", "html"):
        tag = element.tag
        if tag == "meta":
            name, content = (
                element.get("property") or element.get("name") or element.get("itemprop"),
                element.get("content"),
            )
            if name and content and (content := _plain(content)):
                found.metas.setdefault(name.lower(), []).append(content)
            elif (element.get("http-equiv") or "").lower() == "content-language" and content:
                found.metas.setdefault("content-language", []).append(content)
        elif tag == "script":
            if "ld+json" in (element.get("type") or "").lower() and element.text:
                found.linked_data += _parse_linked_data(element.text)
        elif tag == "title":
            # the first is the page's; later ones belong to drawings
            found.title_tag = found.title_tag or _plain(element.text_content())
        elif tag == "h1":
            if heading := _plain(_text_of(element)).rstrip(" ¶#"):
                found.headings.append(heading)
        elif tag == "link":
            if (element.get("rel") or "").lower() == "canonical":
                found.canonical = found.canonical or element.get("href")
        else:
            # the parser of HTML knows no namespaces: a colon is part of a name
            found.language = element.get("lang") or element.get("xml:lang")
    found.linked_data.sort(key=lambda node: _LD_MAIN.search(_type_of(node)) is None)
    return found


def find_site_name(said: Statements) -> str | None:
    """Give the name of the site."""
    if name := said.meta(
        "og:site_name", "application-name", "al:ios:app_name", "dc.publisher", "citation_journal_title"
    ):
        return name
    for node in said.linked_data:
        if (names := _names_of(node.get("publisher"))) or (_type_of(node) == "WebSite" and (names := _names_of(node))):
            return names[0]
    return None


def find_url(said: Statements, given: str | None) -> str | None:
    """Give the page's own word for its address as an absolute one, else the address it came from."""
    for stated in (said.canonical, said.meta("og:url")):
        if stated and (stated := stated.strip()):
            try:
                absolute = urljoin(given, stated) if given else stated
            except ValueError:  # brackets that are no IPv6 address
                continue
            if absolute.startswith(("http://", "https://")):
                return absolute
    return given


def find_language(said: Statements) -> str | None:
    """Give the language a page declares, as its two-letter code."""
    for stated in (said.language, said.meta("content-language", "language", "dc.language"), said.meta("og:locale")):
        if stated and (match := _LANGUAGE.match(stated.strip())):
            return match[1].lower()
    return None


def name_site(said: Statements, url: str | None) -> list[str]:
    """Give what a site is called: its name, and its host."""
    names = [name] if (name := find_site_name(said)) else []
    if url:
        try:
            host = urlsplit(url).hostname
        except ValueError:
            host = None
        if host:
            names.append(host.removeprefix("www."))
    return names


def find_author(said: Statements, tree: "HtmlElement") -> str | None:
    """Give the names of the authors, separated by "; ": no addresses, no "By".

    People that the page states come before those it shows, and organisations last:
    a site often states itself as the author of what a person has signed.
    """
    shown = ([_AFTER_NAME.sub("", _BYLINE.sub("", text))] for text in _shown_authors(tree))
    people, others = _stated_authors(said)
    return _first_names(itertools.chain([people], _meta_authors(said), shown, [others]))


def find_stated_author(said: Statements) -> str | None:
    """Give the names of the authors as stated, without looking at what the page shows."""
    people, others = _stated_authors(said)
    return _first_names(itertools.chain([people], _meta_authors(said), [others]))


def find_date(said: Statements, tree: "HtmlElement", url: str | None) -> str | None:
    """Give the date of publication, YYYY-MM-DD: stated, marked up, or found by htmldate.

    htmldate looks everywhere in a page that calls itself an article; in others it would find some date of no matter.
    """
    if stated := find_stated_date(said) or _iso_date(tree.xpath(_MARKED_AS_DATE)[:1]):
        return stated
    from htmldate import find_date as search_for_date

    try:
        found = search_for_date(
            tree, original_date=True, extensive_search=said.is_article, max_date=LATEST_DATE, url=url
        )
    except (ValueError, TypeError, AttributeError, OverflowError):  # what it raises on odd pages
        return None
    return str(found) if found else None


def find_stated_date(said: Statements) -> str | None:
    """Give the date of publication as stated."""
    stated = [node.get(key) for node in said.linked_data for key in ("datePublished", "dateCreated", "uploadDate")]
    return _iso_date(stated + [value for name in _META_DATE for value in said.metas.get(name, ())])


def _iso_date(values: Iterable[Any]) -> str | None:
    for value in values:
        if isinstance(value, str) and (match := _ISO_DATE.match(value.strip())):
            with contextlib.suppress(ValueError):  # a 31st of February
                return date(int(match[1]), int(match[2]), int(match[3])).isoformat()
    return None


def _stated_authors(said: Statements) -> tuple[list[str], list[str]]:
    """Give people and organisations that the first node of JSON-LD with an author names."""
    people: list[str] = []
    others: list[str] = []
    for node in said.linked_data:
        for author in _as_list(node.get("author")):
            is_other = isinstance(author, Mapping) and _type_of(author) not in ("", "Person")
            (others if is_other else people).extend(_names_of(author))
        if people or others:
            break
    return people, others


def _meta_authors(said: Statements) -> Iterator[list[str]]:
    return (said.metas.get(meta, []) for meta in _META_AUTHOR)


def _first_names(sources: Iterable[list[str]]) -> str | None:
    """Give the names in the first source that has any."""
    for source in sources:
        if names := _distinct(name for stated in source for name in split_names(stated)):
            return "; ".join(names)
    return None


def split_names(text: str) -> list[str]:
    """Part a line of authors into names; what cannot be a name is left out."""
    text = _BYLINE.sub("", _plain(text))
    if _ADDRESS.search(text):
        return []
    names = (name.strip(" ,;:-–—|") for part in _NAMES_APART.split(text) for name in _part_at_commas(part))
    return [name for name in names if 1 < len(name) <= 60 and not _NOT_A_NAME.search(name)]


def _part_at_commas(text: str) -> list[str]:
    """Part "Ann Lee, Max Moe" into two names, but not "Lee, Ann M.", nor a name from its title behind a comma."""
    return re.split(r"\s*,\s+(?=\w+\.?\s+\w)", text) if " " in text.partition(",")[0].strip() else [text]


def _shown_authors(tree: "HtmlElement") -> Iterator[str]:
    """Give the texts of elements that are marked as an author's name, the surest kind first."""
    ranked: list[list[str]] = [[], [], [], []]
    for element in tree.xpath(_MARKED_AS_AUTHOR):
        marks = f"{element.get('class') or ''} {element.get('data-testid') or ''}".lower()
        if element.get("itemprop"):
            rank = 0
        elif element.get("rel"):
            rank = 1
        else:
            rank = 2 if "author" in marks and "name" in marks else 3
        text = _plain(element.get("content") or element.text_content())
        if text and len(text) < 120:
            ranked[rank].append(text)
    for texts in ranked:
        yield from texts[:2]


def _parse_linked_data(text: str) -> list[dict[str, Any]]:
    try:
        nodes: list[dict[str, Any]] = []
        _collect(json.loads(text, strict=False), nodes, 0)
    except (ValueError, RecursionError):
        found = {key: _plain(match[1]) for key, pattern in _BROKEN_LD.items() if (match := pattern.search(text))}
        return [{"@type": "Article", **found}] if found else []
    return nodes


def _collect(value: Any, nodes: list[dict[str, Any]], depth: int) -> None:
    if depth > MOST_LD_DEPTH:
        return
    if isinstance(value, list):
        for item in value:
            _collect(item, nodes, depth + 1)
    elif isinstance(value, Mapping):
        nodes.append(dict(value))
        for key in _LD_INSIDE:
            if key in value:
                _collect(value[key], nodes, depth + 1)


def _type_of(node: Mapping[str, Any]) -> str:
    kind = node.get("@type")
    return " ".join(map(str, kind)) if isinstance(kind, list) else str(kind or "")


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _names_of(value: Any) -> list[str]:
    """Give the names in a value of JSON-LD: a string, a node with a name, or a list of those."""
    if isinstance(value, str):
        return [text] if (text := _plain(value)) else []
    if isinstance(value, list):
        return [name for item in value for name in _names_of(item)]
    if isinstance(value, Mapping):
        if value.get("name"):
            return _names_of(value["name"])
        parts = [value.get(key) for key in ("givenName", "familyName")]
        return [" ".join(map(str, parts))] if all(parts) else []
    return []


def _distinct(names: Iterable[str]) -> list[str]:
    """Give the names once each, without those that are part of another."""
    once = list({name.casefold(): name for name in reversed(list(names))}.values())[::-1]
    return [name for name in once if not any(name != other and f" {name} " in f" {other} " for other in once)]


def _text_of(element: "HtmlElement") -> str:
    """Give the text of an element; a line break in it is a space."""
    return "".join(
        text if isinstance(text, str) else " "
        for text in element.xpath("descendant::text() | descendant::br | descendant::div")
    )


def _plain(text: str) -> str:
    """Give a text with its references resolved and its white space made single spaces."""
    return " ".join(re.sub(r"<[^<>]{1,200}>", " ", html.unescape(text)).split())
