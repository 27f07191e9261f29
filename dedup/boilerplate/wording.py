"""The form of a paragraph that rules are tried on, and where its sentences begin and end."""

import re
from typing import Final

MOST_SENTENCES: Final = 8
"""A paragraph of more sentences is tried as a whole and at its end, never sentence by sentence."""

# One character for one, so that places in the translated text are places in the original.
_TYPOGRAPHY: Final = str.maketrans(
    {
        **dict.fromkeys("\u2018\u2019\u02bc\u2032\u00b4", "'"),
        **dict.fromkeys("\u201c\u201d\u201e\u201f\u2033", '"'),
        **dict.fromkeys("\u2010\u2011", "-"),
        **dict.fromkeys("\u00a0\u2002\u2003\u2007\u2009\u200a\u202f\u200b\u200e\u200f\ufeff\u2060", " "),
        "\uff1a": ":",
        "\uff5c": "|",
    }
)

# Marks of emphasis, headings and arrows around a line say nothing about what it is. A list
# bullet does ("- Share on Facebook" may be one of ten tips), so it stays and no rule matches.
_LEADING: Final = re.compile(
    r"^(?:[*_~]+(?=\S)|#+ (?=\S)|[\s>\u203a\u00bb\u2192\u25b6\u25ba\u27a1\ufe0f|\[{\u2013\u2014\u2026]+|\((?![cC]\)))+"
)
_TRAILING: Final = " *_~<>\u203a\u00bb\u00ab\u2192\u25b6\u25ba\u27a1\u2190\ufe0f|)]}\u2013\u2014.:;,!\u2026"

_BOUNDARY: Final = re.compile(r"[.!?\u2026][\"')\]]*(\s+)(?=[^a-z\s])|([|\u00b7\u2022\u2219\u00a6]\s*)")

# "J. Smith", "Foo Inc. Bar", "Nov. 21": a full stop after a few letters need not end a sentence.
_DOUBTFUL_END: Final = re.compile(r"\b\w{1,4}\.$")

_QUOTES: Final = "\"'\u00ab"


def translate(text: str) -> str:
    """Give `text` with plain quotes, hyphens and spaces, character for character."""
    return text if text.isascii() else text.translate(_TYPOGRAPHY)


def is_quotation(translated: str) -> bool:
    """Say whether a translated paragraph opens with a quotation mark: then somebody says it."""
    return translated[:1] in _QUOTES and translated[:1] != ""


def bare(translated: str) -> str:
    """Give translated text in one line, without the marks and brackets around it."""
    text = " ".join(translated.split())
    if not text[:1].isalnum():
        text = _LEADING.sub("", text, count=1)
    return text.rstrip(_TRAILING)


def split_sentences(translated: str) -> list[tuple[int, int]]:
    """Give the spans of the sentences of a translated paragraph, and of the parts between its bars.

    Cuts too often rather than too seldom ("J. Smith"): whoever tries them also joins
    those that is_doubtful_end tells.
    """
    spans: list[tuple[int, int]] = []
    start = 0
    for boundary in _BOUNDARY.finditer(translated):
        cut, resume = boundary.span(1) if boundary.group(1) is not None else boundary.span(2)
        while cut > start and translated[cut - 1].isspace():
            cut -= 1
        if cut > start:
            spans.append((start, cut))
        start = resume
    if start < len(translated):
        spans.append((start, len(translated)))
    return spans


def is_doubtful_end(sentence: str) -> bool:
    """Say whether a sentence may be cut short by the full stop of an abbreviation."""
    return _DOUBTFUL_END.search(sentence[-6:]) is not None
