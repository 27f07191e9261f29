"""Plain text: bytes to a string and back, whole or in pieces."""

import codecs
import re
from dataclasses import dataclass
from typing import Final

from dedup.decoding.detection import detect_encoding, detect_wide
from dedup.errors import DedupError

HEAD_BYTES: Final = 1 << 20
"""Start of a stream that its encoding is told from: fixed, so that it does not depend on the size of pieces."""

REPLACEMENT: Final = "\ufffd"

UNTELLABLE: Final = "its encoding cannot be told from the bytes; name it with --encoding"

MOST_CONTROLS_SHARE: Final = 0.05
"""Above this share of control characters bytes are no text. Overstruck manual pages and coloured logs are below it."""

_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32-le-sig"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32-be-sig"),
    (codecs.BOM_UTF16_LE, "utf-16-le-sig"),
    (codecs.BOM_UTF16_BE, "utf-16-be-sig"),
)
"""Byte-order marks and what a text that has one is said to be encoded in: Python has such a name for UTF-8 only."""

_CONTROLS: Final = bytes(range(8)) + bytes(range(0x0E, 0x1B)) + bytes(range(0x1C, 0x20))
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
            raise DecodingError(f"NUL characters, which no text has; the first is character {text.index(chr(0))}")
        n_replaced += text.count("\0")
        text = text.replace("\0", REPLACEMENT)
    return Decoded(text, encoding, n_replaced)


def encode_text(text: str, encoding: str) -> bytes:
    """Give the bytes that decode_text made this text of, if `encoding` is what it said and nothing was replaced.

    Raises UnicodeEncodeError or LookupError where these are not the two.
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
        try:
            return codecs.lookup(said).name
        except LookupError:
            raise DecodingError(f"unknown encoding {said!r}") from None
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


def find_mark(raw: bytes) -> str | None:
    """Give the encoding that a byte-order mark tells, or None where there is none."""
    return next((name for bom, name in _BOMS if raw.startswith(bom)), None)


def check_binary(raw: bytes) -> None:
    """Raise DecodingError for bytes that are no text in any encoding; a few NULs or controls are not yet enough."""
    head = raw[:HEAD_BYTES]
    n_controls = len(head) - len(head.translate(None, _CONTROLS))
    if n_controls > len(head) * MOST_CONTROLS_SHARE and not (head.isascii() and b"\x1b$" in head):
        raise DecodingError(f"binary, not text: {100 * n_controls / len(head):.0f} % are control characters")
    if _MAGIC.match(head) and (b"\0" in head or not _is_utf8(raw)):
        raise DecodingError(f"binary, not text: it begins with {head[:4]!r}")


def codec_of(encoding: str) -> str:
    """Give the codec of what Decoded.encoding says, for bytes without a byte-order mark."""
    return encoding.removesuffix("-sig")


def mark_bytes(encoding: str) -> int:
    """Give the size of the byte-order mark of what Decoded.encoding says."""
    return next((len(bom) for bom, name in _BOMS if name == encoding), 0)


class StreamDecoder:
    """Decodes a text that comes in pieces; the result does not depend on how it was cut.

    `encoding` is what find_encoding said of its first HEAD_BYTES.
    """

    def __init__(self, encoding: str, errors: str = "reject") -> None:
        """Store both; `n_replaced` counts as in Decoded."""
        self.encoding = encoding
        self.n_replaced = 0
        self._errors = errors
        self._codec = codec_of(encoding)
        self._strict = codecs.getincrementaldecoder(self._codec)("strict" if errors == "reject" else "replace")
        self._mark = mark_bytes(encoding)
        self._n_bytes = 0

    def decode(self, piece: bytes, *, is_last: bool = False) -> str:
        """Give the text of the next piece, as far as its characters are complete.

        Raises DecodingError where something cannot be decoded, unless errors are repaired.
        """
        skipped = min(self._mark, len(piece))
        self._mark -= skipped
        piece = piece[skipped:]
        before = self._strict.getstate()
        try:
            text = self._strict.decode(piece, is_last)
        except UnicodeDecodeError as error:
            place = self._n_bytes - len(before[0]) + error.start
            raise DecodingError(_describe(error, self._codec, place)) from None
        self._n_bytes += len(piece)
        if REPLACEMENT in text:
            lenient = codecs.getincrementaldecoder(self._codec)("ignore")
            lenient.setstate(before)
            genuine = lenient.decode(piece, is_last).count(REPLACEMENT)
            self.n_replaced += text.count(REPLACEMENT) - genuine
        return text


def _decode(raw: bytes, codec: str, errors: str) -> tuple[str, int]:
    """Decode strictly, or else repair and count."""
    try:
        return raw.decode(codec), 0
    except UnicodeDecodeError as error:
        if errors == "reject":
            raise DecodingError(_describe(error, codec, error.start)) from None
    return decode_repaired(raw, codec)


def decode_repaired(raw: bytes, codec: str) -> tuple[str, int]:
    """Give the text with U+FFFD for what cannot be decoded, and how many that are; the text's own do not count."""
    text = raw.decode(codec, "replace")
    if REPLACEMENT not in text:
        return text, 0
    return text, text.count(REPLACEMENT) - raw.decode(codec, "ignore").count(REPLACEMENT)


def _describe(error: UnicodeDecodeError, codec: str, place: int) -> str:
    return f"not {codec.upper()}: {error.reason} at byte {place}"


def _is_utf8(raw: bytes) -> bool:
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True


def _cut_at_line(raw: bytes) -> bytes:
    """Leave out the last line, which may be cut within a character."""
    end = raw.rfind(b"\n")
    if end >= 0:
        return raw[: end + 1]
    for n_cut in range(1, 4):
        if _is_utf8(raw[:-n_cut]):
            return raw[:-n_cut]
    return raw
