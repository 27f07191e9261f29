"""Signatures and list footers of mail, found by what stands above them: "-- ", a row of strokes, or a closing."""

import re
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dedup.boilerplate.closings import (
    HEADS,
    MOST_LAST_BYTES,
    MOST_PARAGRAPHS,
    SENTENCE,
    find_signed,
    opens_with_closing,
)
from dedup.kernels.shapes import find_edges

AFTER_DASHES: Final = ("mail-signature", "mail-signature/after-dashes")
BELOW_LINE: Final = ("mailing-list", "mailing-list/below-line")
AFTER_CLOSING: Final = ("mail-signature", "mail-signature/after-closing")
"""Category and title of what is found below "--", below such a line where a list signs, and from a closing on."""

MOST_LINES: Final = 8
"""Lines of a signature that are not blank. Of 1,420 signatures in an archive of mail, nine in ten have no more."""

MOST_LIST_LINES: Final = 14

MOST_LINE_BYTES: Final = 100

MOST_END_BYTES: Final = 4000
"""How far before a document's end a signature may begin: what is looked at of it."""

MOST_HEAD_BYTES: Final = 1500
"""What is looked at of a document's beginning, to tell mail."""

LEAST_STROKES: Final = 15
"""Strokes that make a line; fewer underline the title of a section."""

SLACK: Final = 2
"""By how much what underlines a title may be longer or shorter than it."""

_IS_STROKE: Final = np.isin(np.arange(256), list(b"-_=*~"))

_DELIMITER: Final = re.compile(
    rb"^(?:- | )?(?:--(?P<space> )?[ \t]*|[-_=*~]{%d,}[ \t]*)\r?$" % LEAST_STROKES, re.MULTILINE
)
_ESCAPED: Final = re.compile(rb"^- (?=-)", re.MULTILINE)
"""What signs a text with a key puts this before each line that begins with a dash."""

_BELOW_DASHES: Final = re.compile(rb"(?:^|\n)(?:- )?-- ?\r?\n\Z")
_SIGNED_NAME: Final = re.compile(
    rb"(?:^|\n)[ \t]*\r?\n"
    rb"(?P<line>-- ?[A-Za-z\x80-\xff][\w.\x80-\xff-]{0,15}(?: [\w.\x80-\xff-]{2,20})?)\s*\Z"
)
"""The last line of a letter: a name and nothing else, and where it begins."""
_LIST: Final = re.compile(
    rb"mailing list|listinfo|mailman|unsubscri|majordomo|listserv|@lists?\.|//lists?\.|googlegroups|yahoo!? groups"
    rb"|egroups|list maintainer|posting guide",
    re.IGNORECASE,
)
_MAIL: Final = re.compile(
    rb"^(?:from|to|cc|subject|date|message-id|in-reply-to|reply-to|received): \S|^>|\bwrote:\s*$|^on .{6,60} wrote:"
    rb"|^(?:hi|hello|dear|hey|greetings)\b[^.\n]{0,40}[,!-]?\s*$|^(?:cheers|regards|best regards|kind regards|thanks"
    rb"|sincerely|best wishes|many thanks|best)[,.!]?\s*$|original message",
    re.IGNORECASE | re.MULTILINE,
)
_CODE: Final = re.compile(rb"^\s*(?:\||#|//|<(?!https?:|[^\s<>]+@)\w|\{|\}|[-+*] )|;\s*$", re.MULTILINE)
_COMMENT: Final = re.compile(rb"^\s*--+ ?\w", re.MULTILINE)
"""Of code, but in mail it says who said what is quoted."""

_FENCE: Final = re.compile(rb"^--\r?$", re.MULTILINE)
"""Above another one it parts what is enclosed from the mail, which goes on below."""

_ARMOUR: Final = re.compile(rb"^-----BEGIN [A-Z ]+-----.*?(?:^-----END [A-Z ]+-----|\Z)\s*", re.MULTILINE | re.DOTALL)
"""A key, a code of who writes, or a signature made of a text: lines that are not counted."""


class Signature(NamedTuple):
    """What is below a delimiter or a closing: category and title, and the bytes from there to the next or the end."""

    category: str
    title: str
    start: int  # bytes into the data
    end: int


def find_signatures(
    data: NDArray[np.uint8], starts: NDArray[np.int64], ends: NDArray[np.int64], first: NDArray[np.int64]
) -> list[Signature]:
    """Find the signatures at the ends of documents, in order, each from its delimiter or closing on.

    Takes bytes, and starts and ends int64[n] of paragraphs into them; first int64[m + 1] are the paragraphs of
    each document, which stand one after the other. A delimiter is known by the edges of a paragraph, so that
    text without any costs next to nothing.
    """
    if not len(starts):
        return []
    stroked, headed = np.empty(len(starts), dtype=np.int64), np.empty(len(starts), dtype=np.int64)
    n_stroked, n_headed = find_edges(
        data, starts, ends, first, _IS_STROKE, HEADS, MOST_LAST_BYTES, MOST_PARAGRAPHS, stroked, headed
    )
    last = set((first[1:] - 1).tolist())
    lines = [
        p for p in stroked[:n_stroked].tolist() if _may_delimit(data, int(starts[p]), int(ends[p]), is_last=p in last)
    ]
    closings = [p for p in headed[:n_headed].tolist() if opens_with_closing(data, int(starts[p]), int(ends[p]))]
    delimited, closed = (
        set((np.searchsorted(first, np.array(paragraphs, dtype=np.int64), side="right") - 1).tolist())
        for paragraphs in (lines, closings)
    )
    found: list[Signature] = []
    for owner in sorted(delimited | closed):
        begin, end = int(starts[first[owner]]), int(ends[first[owner + 1] - 1])
        below = _sign_document(data, begin, end) if owner in delimited else []
        if owner in closed:
            past = below[0].start if below else end
            origin = max(begin, past - MOST_END_BYTES)
            signed = find_signed(data[origin:past].tobytes())
            if signed is not None:
                found.append(Signature(*AFTER_CLOSING, origin + signed, past))
        found.extend(below)
    return found


def _may_delimit(data: NDArray[np.uint8], start: int, end: int, *, is_last: bool) -> bool:
    """Say whether the first or the last line of a paragraph may be a delimiter, or all of the last one a name."""
    head = data[start : min(end, start + MOST_LINE_BYTES)].tobytes()
    tail = data[max(start, end - MOST_LINE_BYTES) : end].tobytes()
    return (
        _DELIMITER.match(head) is not None
        or _DELIMITER.search(tail) is not None
        or (is_last and head.startswith(b"--"))
    )


def _sign_document(data: NDArray[np.uint8], begin: int, end: int) -> list[Signature]:
    """Give the signatures that the last lines of a document consist of."""
    origin = max(begin, end - MOST_END_BYTES)
    text = data[origin:end].tobytes()
    head = data[begin : min(origin, begin + MOST_HEAD_BYTES)].tobytes()
    delimiters = [match for match in _DELIMITER.finditer(text) if match.start() > 0 or origin > begin]
    # a row of strokes right below "-- " adorns the signature
    delimiters = [match for match in delimiters if _BELOW_DASHES.search(text, 0, match.start()) is None]
    found: list[Signature] = []
    past = len(text)
    for delimiter in reversed(delimiters):
        below = text[delimiter.end() : past]
        if not below.strip():
            if past != len(text):  # the second of two lines, with nothing between
                break
            continue
        kind = _tell(delimiter, below, head + text[: delimiter.start()], is_mail=bool(found))
        if kind is None:
            if found and _is_row(delimiter) and len(below.split(b"\n")) <= MOST_LIST_LINES:
                past = delimiter.start()  # an advert of who carries the list, say, above its footer
                continue
            break
        found.append(Signature(*kind, origin + delimiter.start(), origin + past))
        past = delimiter.start()
    name = _SIGNED_NAME.search(text, max(0, past - MOST_LINE_BYTES), past)
    if name is not None and (found or _MAIL.search(head + text[:past]) is not None):
        found.append(Signature(*AFTER_DASHES, origin + name.start("line"), origin + past))
    return found[::-1]


def _tell(delimiter: re.Match[bytes], below: bytes, above: bytes, *, is_mail: bool) -> tuple[str, str] | None:
    """Say what the lines below a delimiter are, None if they are neither a signature nor the footer of a list."""
    below = _ARMOUR.sub(b"", _ESCAPED.sub(b"", below))
    lines = [line for line in below.splitlines() if line.strip()]
    is_row = _is_row(delimiter)
    if max(map(len, lines), default=0) > MOST_LINE_BYTES or (
        is_row and _is_underline(delimiter.group().strip(), above)
    ):
        return None
    if _LIST.search(below) is not None:
        return BELOW_LINE if len(lines) <= MOST_LIST_LINES else None
    if is_row or not lines or len(lines) > MOST_LINES or _CODE.search(below) is not None:
        return None
    if delimiter["space"] is None and _FENCE.search(above) is not None and SENTENCE.search(below) is not None:
        return None
    is_mail = is_mail or _MAIL.search(above) is not None
    if not is_mail and (delimiter["space"] is None or _COMMENT.search(below) is not None):
        return None
    return AFTER_DASHES


def _is_row(delimiter: re.Match[bytes]) -> bool:
    """Say whether a delimiter is a row of strokes."""
    return len(delimiter.group().strip()) >= LEAST_STROKES


def _is_underline(strokes: bytes, above: bytes) -> bool:
    """Say whether strokes make a heading of the line above them, which stands alone and is about as long."""
    *_, before, title = (b"", b"", *above.removesuffix(b"\n").split(b"\n"))
    return not before.strip() and len(title.strip()) > 0 and abs(len(title.strip()) - len(strokes)) <= SLACK
