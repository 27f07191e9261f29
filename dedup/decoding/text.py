"""Plain text: bytes to a string and back."""

import codecs
import re
from dataclasses import dataclass
from typing import Final

from dedup.decoding.detection import detect_encoding, detect_wide, has_many_controls, is_utf8
from dedup.errors import DedupError
from dedup.settings import text_codec

HEAD_BYTES: Final = 1 << 20
"""Start of a stream that its encoding is told from: fixed, so that it does not depend on the size of pieces."""

REPLACEMENT: Final = "\ufffd"

UNTELLABLE: Final = "its encoding cannot be told from the bytes; name it with --encoding"

_HALF_PAIR: Final = re.compile("[\ud800-\udfff]")

NUL_REASON: Final = "NUL characters, which no text has"

_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32-le-sig"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32-be-sig"),
    (codecs.BOM_UTF16_LE, "utf-16-le-sig"),
    (codecs.BOM_UTF16_BE, "utf-16-be-sig"),
)
"""Byte-order marks and what a text that has one is said to be encoded in: Python has such a name for UTF-8 only."""

_MAGIC: Final = re.compile(
    rb"%PDF-|PK\x03\x04|\x1f\x8b|\x89PNG\r\n|\xff\xd8\xff|GIF8[79]a|\x7fELF|MZ\x90|BZh[1-9]1AY|\xfd7zXZ|7z\xbc\xaf"
    rb"|\x28\xb5\x2f\xfd|PAR1|Rar!|\xd0\xcf\x11\xe0|RIFF....(?:WAVE|WEBP|AVI )|SQLite format 3\0|ID3[\x02-\x04]",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Decoded:
    """A text, and what was done to get it; encode_text gives the bytes again if nothing was replaced."""

    text: str
    encoding: str  # Python's name in lower case, with "-sig" behind it where there was a byte-order mark
    n_replaced: int  # U+FFFD put in for what could not be decoded


class DecodingError(DedupError, ValueError):
    """Bytes that cannot be made text; the message is the reason, for `rejected`."""


def decode_text(raw: bytes, forced: str | None = None, errors: str = "reject", declared: str | None = None) -> Decoded:
    """Decode a whole text; its byte-order mark is no part of it.

    `forced` is the user's word, `declared` that of a file name, say: both are Python's
    names, and give way only to a byte-order mark. With `errors="repair"` every
    sequence that cannot be decoded, and every NUL, becomes U+FFFD and is counted.
    Raises DecodingError for text that cannot be decoded, and for what is no text.
    """
    encoding = find_encoding(raw, forced, declared)
    body = raw[mark_bytes(encoding) :]
    text, n_replaced = _decode(body, codec_of(encoding), errors)
    if "\0" in text:
        if errors == "reject":
            raise DecodingError(NUL_REASON)
        n_replaced += text.count("\0")
        text = text.replace("\0", REPLACEMENT)
    return Decoded(text, encoding, n_replaced)


def encode_text(text: str, encoding: str) -> bytes:
    """Give the bytes of a text, with a byte-order mark where the name of the encoding ends in "-sig".

    `encoding` is what Decoded or name_for_restoring says. Raises UnicodeEncodeError or
    LookupError where it is something else.
    """
    mark = next((bom for bom, name in _BOMS if name == encoding), b"")
    return mark + text.encode(codec_of(encoding))


def find_encoding(raw: bytes, forced: str | None = None, declared: str | None = None, *, is_whole: bool = True) -> str:
    """Give the encoding of a text: by byte-order mark, else as said, else as detected.

    Not `is_whole`: `raw` is the start of the text, and may end within a character.
    Raises DecodingError for what is no text, or when the encoding cannot be told.
    """
    if marked := find_mark(raw):
        return marked
    said = forced or declared
    if said:
        codec = text_codec(unmarked(said, raw))
        if codec is None:
            raise DecodingError(f"unknown encoding {said!r}")
        return codec
    wide = detect_wide(raw) if b"\0" in raw else None
    if wide is not None:
        return wide
    if not is_whole:
        raw = _cut_at_line(raw)
    check_binary(raw)
    found = detect_encoding(raw.replace(b"\0", b""))
    if found is None:
        raise DecodingError(UNTELLABLE)
    return found


def unmarked(said: str, raw: bytes) -> str:
    """Give what an encoding is called that is said to have a byte-order mark, for bytes that have none."""
    try:
        name = codecs.lookup(said).name
    except LookupError:
        return said
    if name in ("utf-16", "utf-32"):
        found = detect_wide(raw)
        return found if found is not None and found.startswith(name) else f"{name}-le"
    return "utf-8" if name == "utf-8-sig" else said


def find_mark(raw: bytes) -> str | None:
    """Give the encoding that a byte-order mark tells, or None where there is none."""
    return next((name for bom, name in _BOMS if raw.startswith(bom)), None)


def check_binary(raw: bytes) -> None:
    """Raise DecodingError for bytes that are no text in any encoding; a few NULs or controls are not yet enough."""
    head = raw[:HEAD_BYTES]
    if has_many_controls(head) and not (head.isascii() and b"\x1b$" in head):
        raise DecodingError("binary, not text: full of control characters")
    if _MAGIC.match(head) and (b"\0" in head or not is_utf8(raw)):
        raise DecodingError(f"binary, not text: it begins with {head[:4]!r}")


def name_for_restoring(decoded: Decoded, raw: bytes) -> str | None:
    """Give what encode_text needs to make exactly these bytes again: None for plain UTF-8.

    "utf-8 (from cp932)" where it cannot be: something was replaced, or stood there in a way
    that the encoding has another way for. Such a text is restored as UTF-8.
    """
    if decoded.encoding == "utf-8":
        return None
    is_exact = not decoded.n_replaced and encode_text(decoded.text, decoded.encoding) == raw
    return decoded.encoding if is_exact else f"utf-8 (from {decoded.encoding})"


def codec_of(encoding: str) -> str:
    """Give the codec of what Decoded.encoding or name_for_restoring says, for bytes without a byte-order mark."""
    return encoding.partition(" ")[0].removesuffix("-sig")


def mark_bytes(encoding: str) -> int:
    """Give the size of the byte-order mark of what Decoded.encoding says."""
    return next((len(bom) for bom, name in _BOMS if name == encoding), 0)


def _decode(raw: bytes, codec: str, errors: str) -> tuple[str, int]:
    """Decode strictly, or else repair and count."""
    try:
        text = raw.decode(codec)
        if replace_half_pairs(text, codec) == text:
            return text, 0
        if errors == "reject":
            raise DecodingError(f"not {codec.upper()}: half a surrogate pair")
    except UnicodeDecodeError as error:
        if errors == "reject":
            raise DecodingError(f"not {codec.upper()}: {error.reason} at byte {error.start}") from None
    return decode_repaired(raw, codec)


def decode_repaired(raw: bytes, codec: str) -> tuple[str, int]:
    """Give the text with U+FFFD for what cannot be decoded, and how many that are; the text's own do not count."""
    text = replace_half_pairs(raw.decode(codec, "replace"), codec)
    if REPLACEMENT not in text:
        return text, 0
    return text, text.count(REPLACEMENT) - raw.decode(codec, "ignore").count(REPLACEMENT)


def replace_half_pairs(text: str, codec: str, replacement: str = REPLACEMENT) -> str:
    """Give decoded text without halves of surrogate pairs, which of Python's codecs only UTF-7 passes on."""
    return _HALF_PAIR.sub(replacement, text) if codec == "utf-7" else text


def _cut_at_line(raw: bytes) -> bytes:
    """Leave out the last line, which may be cut within a character."""
    end = raw.rfind(b"\n")
    if end >= 0:
        return raw[: end + 1]
    for n_cut in range(1, 4):
        if is_utf8(raw[:-n_cut]):
            return raw[:-n_cut]
    return raw
