"""Streams of text in any encoding: as characters, or as the UTF-8 that JSON is parsed from.

What cannot be decoded is marked, one mark for each stretch that is replaced by one character, so
that the row it stands in can be rejected, or repaired and counted, and all other rows are read.
"""

import codecs
from collections.abc import Iterator
from itertools import chain
from typing import Final

from dedup.decoding.text import HEAD_BYTES, codec_of, find_encoding, mark_bytes, replace_half_pairs
from dedup.settings import Settings

MARK: Final = "\udcff"
"""Stands where something could not be decoded: half a surrogate pair, which no encoding can hold."""

_MARK_BYTES: Final = 4
_REPLACEMENT: Final = "\ufffd"


def begin_stream(
    pieces: Iterator[bytes], settings: Settings, declared: str | None = None, *, is_json: bool
) -> tuple[str, Iterator[bytes]]:
    """Give Python's name of the encoding, and the pieces without the byte-order mark.

    It is what the mark says, else the settings; else UTF-8 for JSON, and for other text what
    is declared, else detected. Raises DecodingError where that cannot be told.
    """
    head = b""
    rest = iter(pieces)
    is_whole = False
    while len(head) < (_MARK_BYTES if is_json else HEAD_BYTES) and not is_whole:
        try:
            piece = next(rest, b"")
        except OSError as error:
            if not head:
                raise
            rest = _fail(error)  # after what came before it
            break
        head += piece
        is_whole = not piece
    encoding = find_encoding(head, settings.encoding, "utf-8" if is_json else declared, is_whole=is_whole)
    return codec_of(encoding), chain([head[mark_bytes(encoding) :]], rest)


def stream_text(pieces: Iterator[bytes], encoding: str) -> Iterator[str]:
    """Decode pieces, with MARK for what cannot be; a character may be cut in two between pieces."""
    decoder = codecs.getincrementaldecoder(encoding)("dedup.mark")
    for piece in pieces:
        yield replace_half_pairs(decoder.decode(piece), encoding, MARK)
    yield replace_half_pairs(decoder.decode(b"", True), encoding, MARK)


def stream_utf8(pieces: Iterator[bytes], encoding: str) -> Iterator[bytes]:
    """Give pieces as UTF-8, with a byte that is not for what could not be decoded; UTF-8 passes as it is."""
    if encoding == "utf-8":
        return pieces
    return (text.encode("utf-8", "surrogateescape") for text in stream_text(pieces, encoding))


def repair_utf8(raw: bytes) -> tuple[str, int]:
    """Decode UTF-8 with a replacement character for each stretch that is not, and count those."""
    text = raw.decode("utf-8", "replace")
    return text, text.count(_REPLACEMENT) - raw.count(_REPLACEMENT.encode())


def repair_text(text: str) -> tuple[str, int]:
    """Put a replacement character for each MARK, and count them."""
    return text.replace(MARK, _REPLACEMENT), text.count(MARK)


def _fail(error: OSError) -> Iterator[bytes]:
    raise error
    yield  # which makes it an iterator


def _mark(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeDecodeError)
    return MARK, error.end


codecs.register_error("dedup.mark", _mark)
