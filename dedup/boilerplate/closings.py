"""Signatures without a line above them: from "Best regards," on, a name and a title or an address, to the end."""

import re
from typing import Final

import numpy as np
from numpy.typing import NDArray

FEWEST_LINES: Final = 2
"""Lines below a closing: a name alone is of a letter, a name with a title or an address is put there by a program."""

MOST_LINES: Final = 8

MOST_LINE_BYTES: Final = 70

MOST_LAST_BYTES: Final = 400
"""Of the last paragraph of a document that is looked at: most texts end in a longer one."""

MOST_PARAGRAPHS: Final = 20
"""Before a document's end in which a closing is looked for: below it there may be the footer of a list."""

_CLOSINGS: Final = (
    "best regards|kind regards|kindest regards|warm regards|warmest regards|with best regards|with kind regards|regards"
    "|best wishes|with best wishes|all the best|best|cheers|sincerely|sincerely yours|yours sincerely|yours faithfully"
    "|yours truly|respectfully|many thanks|thanks|thank you|thanks and regards|thanks & regards|cordially"
    "|cordialement|bien cordialement|bien à vous|mit freundlichen grüßen|mit freundlichem gruß|freundliche grüße"
    "|viele grüße|beste grüße|liebe grüße|herzliche grüße|hochachtungsvoll|mfg|saludos|un saludo|un cordial saludo"
    "|saludos cordiales|atentamente|cordiali saluti|distinti saluti|atenciosamente|cumprimentos"
    "|met vriendelijke groet|met vriendelijke groeten|vriendelijke groet|pozdrawiam|z poważaniem"
    "|с уважением|С уважением|με εκτίμηση|Με εκτίμηση|saygılarımla|saygılarımızla|iyi çalışmalar"
)
"""In capitals, too, where their first letter is of ASCII."""

HEADS: Final = np.unique([int.from_bytes(words.encode()[:4], "little") for words in _CLOSINGS.split("|")]).astype(
    np.uint32
)
"""The first four bytes of each, as a number."""

_CLOSING: Final = re.compile(
    rb"^(?:%s)[ \t]*[,.!]?[ \t]*\r?$" % re.escape(_CLOSINGS).replace(r"\|", "|").encode(), re.IGNORECASE | re.MULTILINE
)
_NAME: Final = re.compile(rb"[A-Z\x80-\xff][\w.'\x80-\xff-]*(?: [\w.'\x80-\xff-]+){0,3}(?:, [\w. ]{2,12})?,?")
_NO_LINE: Final = re.compile(rb"^[>\"(\[{}#/|*+-]|[!?:;{}]$|[a-z]{4}\.$|\.\.\.$")
"""What no line of a signature begins or ends with: quotations, code, items of lists, and sentences."""

SENTENCE: Final = re.compile(rb"(?: [a-z'\x80-\xff]+){3}\b.* [a-z'\x80-\xff]+[.?!]$", re.MULTILINE)
"""A line that is one: words in lower case, three in a row, and the last of them."""

_OF_LETTERS: Final = re.compile(
    r"^(?:p\. ?(?:p\. ?)?s\b|ps[.: ]|nb[.: ]|encl(?:osed?|osures?|s?\.)|attached|attachments?:|cop(?:y|ies) to|cc:"
    r"|anlagen?\b|anbei|beilagen?\b|pi(?:è|e)ces? jointes?|p\.? ?j\.? ?:|copie (?:à|:)|adjuntos?\b|anexos?\b"
    r"|allegat[oi]\b|bijlagen?\b|kopie\b|załącznik|приложени|Приложени|συνημμέν|Συνημμέν|ek(?:ler)?:)".encode(),
    re.IGNORECASE,
)
"""What letters have below the name: an afterthought, what goes with them, and who else gets them."""


def opens_with_closing(data: NDArray[np.uint8], start: int, end: int) -> bool:
    """Say whether the first line of a paragraph is a closing."""
    return _CLOSING.match(data[start : min(end, start + MOST_LINE_BYTES)].tobytes()) is not None


def find_signed(text: bytes) -> int | None:
    """Give where in a text, from its last closing on, there is but a signature; None if there is none."""
    closings = list(_CLOSING.finditer(text))
    if not closings or not text[: closings[-1].start()].strip():
        return None
    lines = [line.strip() for line in text[closings[-1].end() :].splitlines() if line.strip()]
    if not FEWEST_LINES <= len(lines) <= MOST_LINES or _NAME.fullmatch(lines[0]) is None:
        return None
    if any(len(line) > MOST_LINE_BYTES or _is_of_text(line) for line in lines):
        return None
    return closings[-1].start()


def _is_of_text(line: bytes) -> bool:
    """Say whether a line is none of a signature."""
    return any(pattern.search(line) is not None for pattern in (_NO_LINE, SENTENCE, _OF_LETTERS))
