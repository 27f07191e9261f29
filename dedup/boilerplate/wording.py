"""The form of a paragraph that rules are tried on, and where its sentences begin and end."""

import re
from typing import Final

from dedup.boilerplate.spellings import FOLDS, fold

MOST_SENTENCES: Final = 8
"""A paragraph of more sentences is tried as a whole and at its end, never sentence by sentence."""

MOST_ARROW_CHARS: Final = 80
"""Of a line that opens with an angled quotation mark which nothing closes, as links to the page before do."""

# One character for one, so that places in the translated text are places in the original.
_TYPOGRAPHY: Final[dict[int, int]] = {
    ord(old): ord(new)
    for olds, new in (
        ("\u2018\u2019\u02bc\u2032\u00b4", "'"),
        ("\u201c\u201d\u201e\u201f\u2033\u300c\u300d\u300e\u300f\ufe41\ufe42\uff62\uff63", '"'),
        ("\u2010\u2011", "-"),
        ("\u00a0\u2002\u2003\u2007\u2009\u200a\u202f\u200b\u200e\u200f\ufeff\u2060\u3000", " "),
        ("\u2502\u2503\u2758", "|"),
        ("\u3010\u3014\u3016", "["),
        ("\u3011\u3015\u3017", "]"),
        ("\u3008", "<"),
        ("\u3009", ">"),
        ("\u060c", ","),
        ("\u061b\u037e", ";"),
        ("\u0387", "\u00b7"),
    )
    for old in olds
}
# Wide forms of ASCII, but not those that end a sentence, which need no space behind them.
_TYPOGRAPHY.update({code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F) if chr(code) not in "\uff01\uff1f\uff0e"})
_TYPOGRAPHY.update(FOLDS)

# Vowel signs of Arabic, and the stroke that makes its words longer: left out of what is tried.
_UNWRITTEN: Final = dict.fromkeys([0x0640, *range(0x064B, 0x0653), 0x0670])

# Signs put before and behind lines: arrows, squares, stars, pictures; but not the check marks and boxes of lists.
_RANGES: Final = (
    *((0x2190, 0x21FF), (0x25A0, 0x25E5), (0x25E7, 0x260F), (0x2613, 0x2712), (0x2719, 0x27BF), (0x2B00, 0x2BFF)),
    *((0x1F000, 0x1F0FF), (0x1F300, 0x1FAFF)),
)
_OTHER_SIGNS: Final = "\u203a\u00bb\u203b\u258c\u258d\u258e\ufe0f\u200d"
_SIGN_CLASS: Final = _OTHER_SIGNS + "".join(f"{chr(first)}-{chr(last)}" for first, last in _RANGES)
_SIGNS: Final = _OTHER_SIGNS + "".join(chr(code) for first, last in _RANGES for code in range(first, last + 1))

# Marks of emphasis, headings and arrows around a line say nothing about what it is. A list
# bullet does ("- Share on Facebook" may be one of ten tips), so it stays and no rule matches.
_LEADING: Final = re.compile(
    rf"^(?:[*_~]+(?=\S)|#+ (?=\S)|\((?![cC]\))|\u00ab(?![^\u00bb]*\u00bb)"
    rf"|[\s<>|\[{{\u2013\u2014\u2026{_SIGN_CLASS}]+)+"
)
_TRAILING: Final = " *_~<>|)]}.:;,!"
_TRAILING_SIGNS: Final = f"{_TRAILING}\u00ab\u2013\u2014\u2026\u3002\u3001\uff01\uff0e\uff61\u06d4{_SIGNS}"

# After a mark of a script without spaces none is needed; a semicolon asks a question in Greek.
_BOUNDARY: Final = re.compile(
    r"[.!?\u2026\u061f\u06d4][\"')\]]*(\s+)(?=[^a-z\s])|([|\u00b7\u2022\u2219\u00a6]\s*)"
    r"|[\u3002\uff01\uff1f\uff0e\uff61]+[\"')\]]*(\s*)|(?<=[\u0370-\u03ff]);(\s+)(?=[^a-z\s])"
)

# "J. Smith", "Foo Inc. Bar", "Nov. 21": a full stop after a few letters need not end a sentence.
_DOUBTFUL_END: Final = re.compile(r"\b\w{1,4}\.$")

_QUOTES: Final = "\"'\u00ab"

_REPORTED: Final = re.compile(
    fold(
        r"\b(?:said|told|sagten?|(?:a|ont) (?:dit|déclaré)|disai(?:s|t|ent)|dij(?:o|eron)|decían?"
        r"|h(?:a|anno) (?:detto|dichiarato)|diceva(?:no)?|diss(?:e|eram)|diziam?|zei(?:den)?|leest (?:ze|hij)"
        r"|powiedzia(?:ł|ła|eli)|głosił[aoy]?|сказал[аи]?|гласил[аио]?|είπ(?:ε|αν)|söyledi(?:ler)?|dedi(?:ler)?|diyor(?:lar)?"
        r"|قالت?|말했다|말한다|썼다)\b"
        r"|, (?:(?!who\b)[\w'.-]+ ){0,4}(?:says|admits|insists|goes on)\b"
        r"|, (?:the|these|some|many) \w+ (?:say|promise)\b"
        r"|, (?:sagt|zegt|dice|dicen|diz|mówi|говорит|λέει|γράφει|يقول|تقول)\b"
        r"|と(?:述べ|話し|[^。、]{0,6}言[うっい]|いう札)|[这這][样樣][写寫]|写着|[这這]么一句|[这這]句话"
    ),
    re.IGNORECASE,
)
_TOLD: Final = re.compile(
    fold(
        r"\b(?:was|were|had|did|could|war(?:en)?|hatten?|wurden?|étai(?:t|ent)|avai(?:t|ent)|eran?|fue(?:ron)?|había|erano"
        r"|aveva(?:no)?|foi|foram|waren|hadden|werd(?:en)?|był[aoy]?|был[аои]?|ήταν|είχ(?:ε|αν))\b"
    ),
    re.IGNORECASE,
)
"""The past tense, in the words of it that are in most stories."""


def translate(text: str) -> str:
    """Give `text` folded, with plain quotes, hyphens and spaces, character for character."""
    return text if text.isascii() else text.translate(_TYPOGRAPHY)


def is_quotation(translated: str) -> bool:
    """Say whether a translated paragraph opens with a quotation mark: then somebody says it.

    In a short line with no mark that closes, an angled one is an arrow.
    """
    first = translated[:1]
    if first == "\u00ab" and len(translated) <= MOST_ARROW_CHARS and "\u00bb" not in translated:
        return False
    return first in _QUOTES and first != ""


def is_reported(wording: str) -> bool:
    """Say whether text tells what somebody said. A notice does not; of 2,900 labelled ones that are found none did."""
    return _REPORTED.search(wording) is not None


def is_told(wording: str) -> bool:
    """Say whether text tells what was, as stories do and notices hardly ever."""
    return is_reported(wording) or _TOLD.search(wording) is not None


def bare(translated: str) -> str:
    """Give translated text in one line, without the marks and brackets around it."""
    text = " ".join(translated.split())
    is_ascii = text.isascii()
    if not is_ascii:
        text = text.translate(_UNWRITTEN)
    if not text[:1].isalnum():
        text = _LEADING.sub("", text, count=1)
    if text[-1:].isalnum():
        return text
    return text.rstrip(_TRAILING if is_ascii else _TRAILING_SIGNS)


def split_sentences(translated: str) -> list[tuple[int, int]]:
    """Give the spans of the sentences of a translated paragraph, and of the parts between its bars.

    Cuts too often rather than too seldom ("J. Smith"): whoever tries them also joins
    those that is_doubtful_end tells.
    """
    spans: list[tuple[int, int]] = []
    start = 0
    for boundary in _BOUNDARY.finditer(translated):
        cut, resume = boundary.span(boundary.lastindex or 0)
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
