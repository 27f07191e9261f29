"""Which encoding bytes are in, from the bytes alone: chardet proposes, the text it would give decides.

The limits were chosen on one half of the texts of `python -m benchmarks encodings`, and its
figures are of the other half.
"""

import re
import unicodedata
from dataclasses import dataclass, replace
from typing import Final

WINDOW_BYTES: Final = 1 << 16
"""How much of a text is looked at closely: lines that are not ASCII, from the start."""

USUAL: Final = (
    *(f"cp{number}" for number in range(1250, 1259)),
    *("cp874", "koi8-r", "koi8-u", "cp866", "mac-roman", "mac-cyrillic"),
    *(f"iso8859-{part}" for part in (2, 5, 6, 7, 8, 13, 15)),
    *("cp932", "euc_jis_2004", "gb18030", "big5hkscs", "cp949"),
)
"""Encodings that are believed if they are clearly best. ISO 8859-1 and -9 are cp1252 and cp1254."""

RARE: Final = (
    *(f"cp{number}" for number in (437, 737, 775, 850, 852, 855, 857, 862)),
    *("mac-greek", "mac-latin2", "mac-turkish", "iso8859-4", "iso8859-16"),
)
"""Encodings that are believed where no usual one is: on equal terms, today's text would be taken for that of DOS."""

DOUBTED: Final = frozenset({"cp866", "mac-roman", "mac-cyrillic", *RARE})
LEAST_DOUBTED_CHARS: Final = 4
"""What text in other encodings is easily taken for, and the characters beyond ASCII that it takes to believe it."""

BEHIND: Final = 1.02
"""How many times as likely a rare encoding must be in chardet's eyes to cast doubt on a usual one."""

_PYTHON_NAMES: Final = {"euc_jis_2004": "euc_jp"}

NEAR: Final = 0.25
"""A proposal whose confidence is below the best one's by more than this share is not looked at."""

SIBLINGS_SHARE: Final = 0.1
"""Proposals that read so few of the characters differently are one alphabet; which of them it is, oddness tells."""

LEAST_MARGIN: Final = 0.01
MOST_ODDNESS: Final = 0.25
"""Below this distance to another reading, or with more odd characters than this, the encoding cannot be told."""

MOST_CONTROLS_SHARE: Final = 0.05
LEAST_CONTROLS: Final = 4
"""Above both, control characters say that bytes are no text. Overstruck manual pages and coloured logs are below."""

MOST_NARROW_SHARE: Final = 0.75
"""Bytes that are UTF-8 but for few NULs are not UTF-16, where half of ASCII are NULs."""

_CONTROLS: Final = bytes(range(8)) + bytes(range(0x0E, 0x1B)) + bytes(range(0x1C, 0x20))

_SEVEN_BITS: Final = {
    b"\x1b$)C": ("iso2022_kr",),
    b"\x1b$": ("iso2022_jp", "iso2022_jp_2", "iso2022_jp_ext"),
}
"""What shifts out of ASCII, and the encodings in which it does."""
_WIDE: Final = ("utf-32-le", "utf-32-be", "utf-16-le", "utf-16-be")
_NOT_ASCII: Final = re.compile("[^\x00-\x7f]")
_MOST_CHARS_JUDGED: Final = 2_000

_ALPHABETS: Final = (
    ("Greek", 0x370, 0x400),
    ("Cyrillic", 0x400, 0x530),
    ("Hebrew", 0x590, 0x600),
    ("Arabic", 0x600, 0x700),
    ("Thai", 0xE00, 0xE80),
)

_LETTERS: Final = {
    "en": "",
    "cs": "áčďéěíňóřšťúůýž",
    "et": "äõöüšž",
    "hr": "čćđšž",
    "hu": "áéíóöőúüű",
    "lt": "ąčęėįšųūž",
    "lv": "āčēģīķļņōŗšūž",
    "pl": "ąćęłńóśźż",
    "ro": "ăâîşţșț",
    "sk": "áäčďéíĺľňóôŕšťúýž",
    "sl": "čšž",
    "tr": "çğıöşüâîûi̇",
}
"""Letters of languages whose encodings are much alike: what else they decode to is rarely meant."""
_COMMON_FOREIGN: Final = "áàâäãåçéèêëíïîñóôöúüßæœ"
_WORDS_OF_ONE_LETTER: Final = "àáâéèêíîóòôúûæåöñ" + "аеивийоуыюяєії" + "ήό" + "ªº"
_BETWEEN_LETTERS: Final = "’‘ʼ'`´·–—…‐‑/\u00ad"
_RARE_SYMBOLS: Final = "¤¦¬¶µ±¸¨¯¿¡ˇ˘˙˛˝˜ˆ‡†‰‹›ƒªº"


@dataclass(frozen=True, slots=True)
class _Reading:
    """The text that a proposed encoding makes of the bytes."""

    encoding: str
    text: str
    confidence: float  # chardet's, 0..1
    n_odd: float
    n_chars: int  # not ASCII

    @property
    def oddness(self) -> float:
        return self.n_odd / self.n_chars if self.n_chars else 0.0

    @property
    def score(self) -> float:
        return self.confidence * max(0.0, 1 - self.oddness)


def detect_encoding(raw: bytes) -> str | None:
    """Give Python's name of the encoding that the bytes are in, or None if it cannot be told.

    ASCII is "utf-8". Right or refused is the aim: of siblings that decode these
    bytes to the same text any may be named.
    """
    if b"\0" in raw:
        return detect_wide(raw)
    if found := _detect_seven_bits(raw):
        return found
    return "utf-8" if is_utf8(raw) or is_damaged_utf8(raw) else detect_legacy(raw)


def detect_wide(raw: bytes) -> str | None:
    """Give which of UTF-16 and UTF-32 bytes without a byte-order mark are in, or None.

    Asked only of bytes with NULs: no other text has them, and nearly all of these do, in line ends if nowhere else.
    """
    window = raw[: WINDOW_BYTES // 8]
    narrow = window.replace(b"\0", b"")
    is_narrow = len(narrow) > MOST_NARROW_SHARE * len(window) and is_utf8(narrow)
    if is_narrow and not has_many_controls(narrow):
        return None  # a text with a few NULs
    best: tuple[int, int, str] | None = None
    for encoding in _WIDE:
        unit = 4 if encoding.startswith("utf-32") else 2
        try:
            text = window[: len(window) // unit * unit].decode(encoding)
        except UnicodeDecodeError as error:
            if error.reason != "unexpected end of data" or len(raw) == len(window):
                continue
            text = window[: error.start].decode(encoding)  # half a surrogate pair at the window's end
        n_bad = sum(unicodedata.category(char) in ("Cc", "Cn", "Co") and char not in "\t\n\v\f\r\x1b" for char in text)
        n_ascii = len(text.encode("ascii", "ignore"))
        n_asian = sum("\u3000" <= char < "\u3100" or "\uff00" < char < "\uff66" for char in text)
        if n_bad * 100 <= len(text) and (n_ascii or n_asian or unit == 4):
            best = max(best or (0, 0, ""), (n_ascii, n_asian, encoding))
    return None if best is None else best[2]


def is_damaged_utf8(raw: bytes) -> bool:
    """Say whether bytes that are not UTF-8 once were: other encodings have fewer good sequences than bad ones."""
    n_bad, n_good = count_sequences(raw)
    return n_good >= n_bad


def is_utf8(raw: bytes) -> bool:
    """Say whether the bytes are UTF-8; ASCII is."""
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True


def has_many_controls(raw: bytes) -> bool:
    """Say whether more of the bytes are control characters than a text, even a damaged one, has."""
    n_controls = len(raw) - len(raw.translate(None, _CONTROLS))
    return n_controls >= LEAST_CONTROLS and n_controls > MOST_CONTROLS_SHARE * len(raw)


def count_sequences(raw: bytes) -> tuple[int, int]:
    """Count what is no UTF-8, and the characters beyond ASCII that are."""
    good = raw.decode(errors="ignore")
    n_genuine = good.count("\ufffd")
    n_ascii = len(good.encode("ascii", "ignore"))
    return raw.decode(errors="replace").count("\ufffd") - n_genuine, len(good) - n_ascii


def detect_legacy(raw: bytes) -> str | None:
    """Give the encoding of bytes that are neither UTF-8 nor have NULs, or None if it cannot be told."""
    if raw[-1] > 0xC1 and raw[:-1].isascii():
        return None  # one character of UTF-8, cut off, as likely as anything
    readings = _readings(raw)
    best = _clearly_best(readings)
    usual = _clearly_best([reading for reading in readings if reading.encoding not in RARE])
    if usual is not None:
        is_confirmed = best is not None and best.text == usual.text
        rivals = [reading.confidence for reading in readings if reading.encoding in RARE]
        is_doubted = usual.encoding in DOUBTED or max(rivals, default=0.0) > usual.confidence * BEHIND
        if not is_doubted or (is_confirmed and (usual.encoding not in DOUBTED or _is_much(usual))):
            return usual.encoding
    return best.encoding if best is not None and best.encoding in RARE and _is_much(best) else None


def _is_much(reading: _Reading) -> bool:
    return reading.n_chars >= LEAST_DOUBTED_CHARS


def _clearly_best(readings: list[_Reading]) -> _Reading | None:
    """Give the reading that is better than all others, or None."""
    if not readings:
        return None
    different = [_share_different(readings[0].text, other.text) for other in readings]
    siblings = [other for other, share in zip(readings, different, strict=True) if share <= SIBLINGS_SHARE]
    others = [other for other, share in zip(readings, different, strict=True) if share > SIBLINGS_SHARE]
    least = min(sibling.n_odd for sibling in siblings)
    best, *rivals = [sibling for sibling in siblings if sibling.n_odd < least + 0.5]
    is_clear = all(best.score * (1 - LEAST_MARGIN) >= other.score for other in (*rivals, *others))
    return best if is_clear and best.oddness <= MOST_ODDNESS else None


def oddness(text: str, language: str | None = None) -> tuple[float, int]:
    """Count, among the first characters that are not ASCII, those that stand where none would, and all of them.

    What no text has (controls, unassigned characters) counts as all of them.
    """
    letters = _LETTERS.get(language or "")
    n_odd, n_chars = 0.0, 0
    for match in _NOT_ASCII.finditer(text):
        if n_chars == _MOST_CHARS_JUDGED:
            break
        n_chars += 1
        place, char = match.start(), match[0]
        before = text[place - 1] if place else " "
        after = text[place + 1] if place + 1 < len(text) else " "
        n_odd += _oddness_of(char, before, after, letters)
    return n_odd, n_chars


def _oddness_of(char: str, before: str, after: str, letters: str | None) -> float:
    """Say how odd a character stands between its neighbours: 0 not at all, 1 quite."""
    category = unicodedata.category(char)
    if category in ("Cc", "Cn", "Co"):
        return 1000.0
    if category[0] not in "LM":
        if before.isalpha() and after.isalpha() and char not in _BETWEEN_LETTERS:
            return 1.0
        return 0.5 if char in _RARE_SYMBOLS or "\u2500" <= char < "\u2600" else 0.0
    script = _script(char)
    if script and any(other.isalpha() and _script(other) != script for other in (before, after)):
        return 1.0  # two alphabets in one word
    if category == "Lu" and before.islower():
        return 1.0
    if script != "Latin":
        return 0.0
    if before > "\x7f" and after > "\x7f" and before.isalpha() and after.isalpha() and before != after:
        return 0.5  # Latin letters of this kind stand alone among plain ones
    if char in _RARE_SYMBOLS:
        return 0.5
    if letters is not None and char.lower() not in letters:
        return 0.1 if char.lower() in _COMMON_FOREIGN else 0.5
    is_alone = not (before.isalpha() or after.isalpha())
    return 0.5 if is_alone and char.lower() not in _WORDS_OF_ONE_LETTER else 0.0


def _readings(raw: bytes) -> list[_Reading]:
    """Give the texts that the likely encodings make of the bytes, all different, the likeliest first."""
    import chardet

    lines = [line for line in raw[: WINDOW_BYTES * 256].split(b"\n") if not line.isascii()]
    window = b"\n".join(lines)[:WINDOW_BYTES]
    if len(lines) > 1 and len(window) == WINDOW_BYTES:
        window = window[: window.rfind(b"\n")] if b"\n" in window else window
    # chardet would believe a declaration that the text quotes
    proposals = chardet.detect_all(
        window.replace(b"<", b" "), ignore_threshold=True, include_encodings=(*USUAL, *RARE), compat_names=False
    )
    readings: dict[str, _Reading] = {}
    for proposal in proposals:
        if proposal["encoding"] is None or proposal["confidence"] < proposals[0]["confidence"] * (1 - NEAR):
            continue
        encoding = _PYTHON_NAMES.get(proposal["encoding"], proposal["encoding"])
        try:
            raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        text = window.decode(encoding, "replace")  # its last character may be cut
        if text not in readings:
            odd = oddness(text, proposal["language"])
            readings[text] = _Reading(encoding, text, proposal["confidence"], *odd)
        elif encoding.startswith("cp125"):  # which of two that say the same is named: the one in wider use
            readings[text] = replace(readings[text], encoding=encoding)
    return sorted(readings.values(), key=lambda reading: -reading.score)


def _share_different(left: str, right: str) -> float:
    """Give the share of characters beyond ASCII that two readings of the same bytes differ in."""
    if len(left) != len(right):
        return 1.0
    n_chars = len(left) - len(left.encode("ascii", "ignore"))
    return sum(a != b for a, b in zip(left, right, strict=True)) / max(n_chars, 1)


def _detect_seven_bits(raw: bytes) -> str | None:
    if not raw.isascii():
        return None
    encodings = next((found for shift, found in _SEVEN_BITS.items() if shift in raw), ())
    for encoding in encodings:
        try:
            if "\x1b" not in raw.decode(encoding):
                return encoding
        except UnicodeDecodeError:
            continue
    return None


def _script(char: str) -> str:
    """Name the alphabet of a letter, for those that legacy encodings of one byte hold; "" for others."""
    code = ord(char)
    if code < 0x250 or 0x1E00 <= code < 0x1F00:
        return "Latin"
    for name, start, end in _ALPHABETS:
        if start <= code < end:
            return name
    return ""
