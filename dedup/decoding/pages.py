"""HTML pages: what server and page declare, held against the bytes."""

import re
from typing import Final

from dedup.decoding.detection import MOST_ODDNESS, count_sequences, detect_encoding, detect_wide, is_utf8, oddness
from dedup.decoding.text import (
    REPLACEMENT,
    Decoded,
    DecodingError,
    check_binary,
    codec_of,
    decode_repaired,
    find_mark,
    mark_bytes,
    unmarked,
)
from dedup.settings import text_codec

_DECLARED_WITHIN: Final = 4096
"""Where a page's own declaration is looked for. The standard has it in the first 1024 bytes; not all keep to it."""

FEW_SEQUENCES: Final = 4
"""A page that declares a two-byte encoding may be UTF-8 by chance with fewer characters than this."""

_META: Final = re.compile(
    rb"<meta\s[^>]{0,500}?charset\s*=\s*[\"']?\s*([\w.:-]+)|<\?xml\s[^>]{0,200}?encoding\s*=\s*[\"']([\w.:-]+)", re.I
)
_TAGS: Final = re.compile(rb"<(?:script|style)\b.{0,100000}?</(?:script|style)|<[^>]{0,5000}>", re.I | re.S)

_SUPERSETS: Final = {
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "gbk": "gb18030",
    "big5": "big5hkscs",
    "iso8859-11": "cp874",
}
"""What the standard's encodings are called in Python, where the library at hand gives a narrower one."""

_MORE_LABELS: Final = {
    "x-mac-cyrillic": "mac-cyrillic",
    "x-mac-ukrainian": "mac-cyrillic",
    "hz-gb-2312": "hz",
    "iso-2022-kr": "iso2022_kr",
}
_FALLBACK: Final = "cp1252"  # as browsers have it for most of the world
_MOST_REPLACED_SHARE: Final = 0.02
_SEVEN_BIT: Final = ("iso2022_jp", "iso2022_kr", "hz")
_CYRILLIC: Final = ("cp1251", "koi8-r", "koi8-u", "cp866", "iso8859-5", "mac-cyrillic")
"""Read as another of these, Russian is still letters, of the wrong case or kind, and not very odd."""
_LEAST_ODDNESS: Final = 0.01
_MULTI_BYTE: Final = ("cp932", "cp949", "gb18030", "big5hkscs", "euc_jp")


def decode_html(raw: bytes, forced: str | None = None, declared: str | None = None) -> Decoded:
    """Decode a page as a browser would, but for declarations that the bytes belie.

    By byte-order mark, else as `forced`; else what is UTF-8, some damage aside, is UTF-8;
    else the first that fits the bytes of `declared` (by server or file name) and the page's
    own declaration; else as detected. What cannot be decoded always becomes U+FFFD and is
    counted: a page is made of pieces from many hands, and a bad byte in its footer must
    not cost the article.
    Raises DecodingError for what is no text.
    """
    encoding = find_mark(raw) or _find_encoding(raw, forced, declared)
    text, n_replaced = decode_repaired(raw[mark_bytes(encoding) :], codec_of(encoding))
    n_replaced += text.count("\0")
    return Decoded(text.replace("\0", REPLACEMENT), encoding, n_replaced)


def encoding_of_label(label: str) -> str | None:
    """Give Python's name of what a label on the web means, or None: iso-8859-1 is cp1252, gb2312 is gb18030.

    Source: WHATWG, Encoding, section 4.2.
    """
    from resiliparse.parse.encoding import map_encoding_to_html5

    label = label.strip().lower()
    found = _MORE_LABELS.get(label) or map_encoding_to_html5(label, fallback_utf8=False)
    if found is None:
        found = text_codec(label)
    return None if found is None else _SUPERSETS.get(found, found)


def _find_encoding(raw: bytes, forced: str | None, declared: str | None) -> str:
    if forced is not None:
        meant = encoding_of_label(unmarked(forced, raw))
        if meant is None:
            raise DecodingError(f"unknown encoding {forced!r}")
        return meant
    wide = detect_wide(raw) if b"\0" in raw else None
    if wide is not None:
        return wide
    check_binary(raw)
    match = _META.search(raw[:_DECLARED_WITHIN])
    labels = [declared, (match[1] or match[2]).decode("ascii", "replace") if match else None]
    named = [found for found in (encoding_of_label(label) for label in labels if label) if found is not None]
    # bytes without NULs are not UTF-16, whatever is declared: the standard says the same; nor is there a mark
    named = ["utf-8" if found.startswith(("utf-16", "utf-32", "utf-8")) else found for found in named]
    if raw.isascii():
        return next((found for found in named if found in _SEVEN_BIT), None) or detect_encoding(raw) or "utf-8"
    is_double = bool(named) and named[0] in _MULTI_BYTE
    if is_utf8(raw) and not (is_double and count_sequences(raw)[1] < FEW_SEQUENCES):
        return "utf-8"
    n_bad, n_good = count_sequences(raw)
    if n_bad and n_good >= n_bad:
        return "utf-8"
    words = _TAGS.sub(b" ", raw)
    for found in named:
        if _fits(words, found):
            return (_less_odd(words, found) if found in _CYRILLIC else None) or found
    if words.isascii():  # what is not, is in tags and scripts, and of no matter
        return next(iter(named), "utf-8")
    detected = detect_encoding(words) or (_FALLBACK if not n_good and _fits(words, _FALLBACK) else None)
    return detected or next((found for found in named if found != "utf-8"), "utf-8")


def _less_odd(words: bytes, declared: str) -> str | None:
    """Give the encoding that is detected, if the declared one makes odd text of the bytes and that half as odd."""
    n_odd, n_chars = oddness(decode_repaired(words, declared)[0])
    if n_odd <= _LEAST_ODDNESS * n_chars:
        return None
    detected = detect_encoding(words)
    return detected if detected and 2 * oddness(decode_repaired(words, detected)[0])[0] < n_odd else None


def _fits(raw: bytes, encoding: str) -> bool:
    """Say whether nearly all of the bytes are in an encoding, and make text that is not odd."""
    if encoding == "utf-8":
        return False  # looked into before
    text, n_replaced = decode_repaired(raw, encoding)
    n_odd, n_chars = oddness(text)
    return n_replaced <= _MOST_REPLACED_SHARE * (len(text) - len(text.encode("ascii", "ignore"))) and (
        n_odd <= MOST_ODDNESS * n_chars
    )
