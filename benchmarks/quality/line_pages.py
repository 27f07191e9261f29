"""The lines of labelled pages and of mails, each known by its number and a digest of its text."""

import email
import hashlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from email.message import Message
from pathlib import Path
from typing import Any, Final

from benchmarks.quality.labelled import SETS, LabelledPage, read_pages

MAIL: Final = "mail"
"""The name of the set of mails; a mail's doc_id is its folder and its file name without suffix."""

_DROPPED: Final = frozenset(("script", "style", "head", "template"))

_INLINE: Final = frozenset(
    (
        *("a", "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "code", "data", "del", "dfn", "em", "font", "i"),
        *("img", "ins", "kbd", "mark", "nobr", "picture", "q", "rp", "rt", "ruby", "s", "samp", "small", "source"),
        *("span", "strike", "strong", "sub", "sup", "svg", "time", "tt", "u", "var", "wbr"),
    )
)
"""What does not end a line; every other element does."""


@dataclass(frozen=True, slots=True)
class LinePage:
    """A page or mail and its lines, white space collapsed; of a mail the empty ones too, and its text as it is."""

    page: LabelledPage
    lines: tuple[str, ...]
    text: str | None = None

    @property
    def key(self) -> tuple[str, str]:
        """What it is called: set and doc_id."""
        return self.page.set_name, self.page.doc_id


def read_line_pages(
    data: Path | None, mail: Path | None = None, wanted: Collection[tuple[str, str]] | None = None
) -> Iterator[LinePage]:
    """Give the pages of every labelled set with their lines, then the mails below `mail`; or only those wanted.

    `wanted` holds (set, doc_id). The lines of a page are the texts of its blocks in document order.
    Raises BenchmarkError if a set is missing.
    """
    for set_name in SETS if data is not None else ():
        if wanted is not None and all(name != set_name for name, _ in wanted):
            continue
        assert data is not None
        for page in read_pages(data, set_name):
            if wanted is None or (set_name, page.doc_id) in wanted:
                yield LinePage(page, tuple(html_lines(page.html)))
    for path in sorted(mail.glob("*/[0-9]*.*.txt")) if mail is not None else ():
        doc_id = f"{path.parent.name}/{path.stem}"
        if wanted is None or (MAIL, doc_id) in wanted:
            text = mail_text(path.read_bytes())
            lines = tuple(collapse(line) for line in text.split("\n"))
            yield LinePage(LabelledPage(MAIL, doc_id, b"", ""), lines, text)


def html_lines(raw: bytes) -> list[str]:
    """Give the texts of the blocks of a page in document order: no head, script or style, and none that is empty."""
    root = parse_html(raw)
    pieces: list[str] = []
    if root is not None:
        _gather(root, pieces)
    return [line for line in (collapse(line) for line in "".join(pieces).split("\n")) if line]


def parse_html(raw: bytes) -> Any:
    """Give the root of a page, or None where nothing is in it."""
    from lxml.etree import ParserError
    from lxml.html import HTMLParser, document_fromstring

    from dedup.decoding.pages import decode_html

    # UTF-8 bytes, since lxml refuses a string that declares an encoding
    utf_8 = decode_html(raw).text.replace("\0", "").encode("utf-8", "replace")
    try:
        return document_fromstring(utf_8, parser=HTMLParser(encoding="utf-8", huge_tree=True))
    except ParserError:
        return None


def mail_text(raw: bytes) -> str:
    """Give the plain text parts of a mail, one below the other; of one without any, the lines of its HTML parts."""
    message = email.message_from_bytes(raw)
    plain = [_part_bytes(part) for part in message.walk() if part.get_content_type() == "text/plain"]
    if any(text.strip() for text, _ in plain):
        return "\n".join("\n".join(_decoded(*part).splitlines()) for part in plain)
    marked = [_part_bytes(part)[0] for part in message.walk() if part.get_content_type() == "text/html"]
    return "\n".join(line for part in marked for line in html_lines(part))


def collapse(text: str) -> str:
    """Give a text with every run of white space as one space, and none at its ends."""
    return " ".join(text.split())


def line_sha(text: str) -> str:
    """Give the digest by which a label knows its line."""
    return hashlib.sha256(collapse(text).encode()).hexdigest()[:12]


def _gather(root: Any, pieces: list[str]) -> None:
    """Append the texts below an element, with a line break at both ends of every block.

    It keeps its own stack: pages nest deeper than Python's.
    """
    stack: list[tuple[Any, bool]] = [(root, False)]
    while stack:
        element, is_end = stack.pop()
        is_element = isinstance(element.tag, str)
        is_block = is_element and element.tag.lower() not in _INLINE
        if is_end:
            pieces.append("\n" if is_block else " " if element.tag == "a" else "")
            pieces.append(_one_line(element.tail))
            continue
        stack.append((element, True))
        if not is_element or element.tag.lower() in _DROPPED:
            continue
        pieces.append("\n" if is_block else "")
        pieces.append(_one_line(element.text))
        stack.extend((child, False) for child in reversed(element))


def _one_line(text: str | None) -> str:
    return " ".join(text.splitlines()) + (" " if text[-1:] == "\n" else "") if text else ""


def _part_bytes(part: Message) -> tuple[bytes, str]:
    payload = part.get_payload(decode=True)
    return (payload if isinstance(payload, bytes) else b""), part.get_content_charset() or "utf-8"


def _decoded(raw: bytes, charset: str) -> str:
    try:
        return raw.decode(charset)
    except (LookupError, UnicodeDecodeError):
        return raw.decode("cp1252", "replace")
