"""Bytes of an input, decompressed on the way and never more of them than was agreed.

gzip, bzip2 and xz are read by the standard library, member by member: files put one behind
the other are read to the end, and anything else behind a member is an error rather than lost.
"""

import bz2
import io
import lzma
import re
import shutil
import tempfile
import zlib
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any, BinaryIO, Final, Protocol, cast

import pyarrow as pa

from dedup.places import GuardedStream, Place
from dedup.settings import Settings

CODECS: Final = {".gz": "gzip", ".bz2": "bz2", ".xz": "xz", ".zst": "zstd"}
"""Suffixes of compressed files, and what the compression is called."""

READ_BYTES: Final = 1 << 20
"""Most bytes of one piece. A constant, so that how much of a damaged file can be used does not depend on settings."""

MOST_EXPANSION: Final = 256
"""How many times its stored size an input may expand to, once it is past max_document_bytes. Text expands 3 to 20
times, tables of one repeated value some 200; what is made to fill memory or disk 1,000 times and more."""

DOCUMENT_BYTES: Final = Settings().max_document_bytes
"""The limit where none is given: the default of the settings."""

_STORED_BYTES: Final = 1 << 18
_IN_MEMORY_BYTES: Final = 32 << 20
"""Size up to which a spooled input stays in memory."""
_XZ_MEMORY_BYTES: Final = 1 << 29  # xz -9 asks for 65 MB; a crafted header for anything
_ZSTD_BYTES: Final = 1 << 16  # what a broken stream may lose: Arrow gives no part of a piece
_FREE_DISK_BYTES: Final = 1 << 28
"""Room on the disk that a temporary file leaves to others."""


_MARKS: Final = (
    (re.compile(rb"\x1f\x8b\x08"), "gzip"),
    (re.compile(rb"BZh[1-9](1AY&SY|\x17rE8P\x90)"), "bz2"),
    (re.compile(rb"\xfd7zXZ\0"), "xz"),
    (re.compile(rb"\x28\xb5\x2f\xfd|[\x50-\x5f]\x2a\x4d\x18"), "zstd"),
)
"""What each compression begins with. bzip2 needs its second mark: a text may begin with the first."""

_MARK_BYTES: Final = 10  # the longest


class OverLimitError(OSError):
    """An input that expands to more than it may."""


class Stream(Protocol):
    """What reading needs to know of an input."""

    @property
    def place(self) -> Place:
        """Where its bytes come from."""

    @property
    def codec(self) -> str | None:
        """How they are compressed: one of the values of CODECS."""


def find_codec(head: bytes) -> str | None:
    """Find how bytes are compressed, by what they begin with."""
    return next((codec for mark, codec in _MARKS if mark.match(head)), None)


def stream_bytes(source: Stream, max_bytes: int = DOCUMENT_BYTES) -> Generator[bytes]:
    """Give the content of an input in pieces of at most READ_BYTES.

    What is compressed although its name does not say so is known by its first bytes.
    Raises OSError when it cannot be opened, or at the place where a compressed stream
    breaks; all before that place is given. OverLimitError where it is compressed and expands
    to more than `max_bytes` and MOST_EXPANSION times its stored size.
    """
    with source.place.open() as raw:
        yield from _content(raw, source.codec, max_bytes)


def open_stream(source: Stream, max_bytes: int = DOCUMENT_BYTES) -> BinaryIO:
    """Give the content of an input as a file that is read from start to end; errors as stream_bytes.

    A read may give fewer bytes than asked for, but none only at the end.
    """
    return cast("BinaryIO", _PieceFile(stream_bytes(source, max_bytes)))


def read_document(source: Stream, max_bytes: int) -> bytes:
    """Give the whole content of an input that is one document.

    Raises OSError as stream_bytes does, and OverLimitError past `max_bytes`, of which no more is ever held.
    """
    content = io.BytesIO()
    n_bytes = 0
    for piece in stream_bytes(source, max_bytes):
        n_bytes += len(piece)
        if n_bytes > max_bytes:
            raise OverLimitError(
                f"larger than {max_bytes:,} bytes; --max-document-bytes sets how large a document may be"
            )
        content.write(piece)
    return content.getvalue()  # the very bytes that were collected, not a copy


def decompress_head(stored: bytes, codec: str, n_bytes: int) -> bytes:
    """Give up to `n_bytes` of what a compressed beginning holds, as far as it can be read."""
    head = b""
    with suppress(OSError):
        for piece in _EXPANDERS[codec](_Counted(io.BytesIO(stored))):
            head += piece
            if len(head) >= n_bytes:
                break
    return head[:n_bytes]


@contextmanager
def open_seekable(source: Stream, max_bytes: int = DOCUMENT_BYTES) -> Iterator[BinaryIO]:
    """Give the content of an input as a file with random access, as long as the block lasts.

    What is compressed or comes by once goes through a temporary file, which may grow as
    stream_bytes says and never takes the last of the disk. Raises OSError as stream_bytes does.
    """
    with source.place.open() as raw:
        if source.codec is None and raw.seekable():
            is_compressed = find_codec(raw.read(_MARK_BYTES)) is not None
            raw.seek(0)
            if not is_compressed:
                yield raw
                return
        with tempfile.SpooledTemporaryFile(_IN_MEMORY_BYTES, prefix="dedup-") as spooled:
            n_bytes = 0
            for piece in _content(raw, source.codec, max_bytes):
                n_bytes += len(piece)
                if n_bytes > _IN_MEMORY_BYTES and shutil.disk_usage(tempfile.gettempdir()).free < _FREE_DISK_BYTES:
                    raise OSError(f"no room to unpack it in {tempfile.gettempdir()}")
                spooled.write(piece)
            spooled.seek(0)
            yield cast("BinaryIO", spooled)


def _content(raw: BinaryIO, codec: str | None, max_bytes: int) -> Iterator[bytes]:
    """Give what an open input holds, under the limit of stream_bytes."""
    if codec is None:
        piece = first = raw.read(READ_BYTES)
        while len(first) < _MARK_BYTES and (piece := raw.read(READ_BYTES)):
            first += piece
        codec = find_codec(first)
        if codec is None:
            yield from (piece for piece in (first,) if piece)
            while piece := raw.read(READ_BYTES):
                yield piece
            return
        raw = cast("BinaryIO", GuardedStream(raw, seen=first))
    counted = _Counted(raw)
    n_bytes = 0
    try:
        for piece in _EXPANDERS[codec](counted):
            n_bytes += len(piece)
            if n_bytes > max(max_bytes, MOST_EXPANSION * counted.n_bytes):
                raise OverLimitError(
                    f"expands to more than {MOST_EXPANSION} times its size and {max_bytes:,} bytes; "
                    "--max-document-bytes sets how large it may be"
                )
            yield piece
    except OSError as error:
        if n_bytes == 0 and len(counted.head) == _MARK_BYTES and find_codec(counted.head) != codec:
            raise OSError(f"not {codec}, although its name says so") from error
        raise
    if not counted.n_bytes:
        raise OSError(f"empty, and so not {codec}")


def _expand(stored: "_Counted", codec: str, start: Callable[[], Any]) -> Iterator[bytes]:
    """Decompress the members of a file one after the other; zeros may fill it up behind each."""
    decompressor = None
    held = b""
    is_first = True
    while True:
        is_at_end = False
        if not held and (decompressor is None or getattr(decompressor, "needs_input", True)):
            held = stored.read(_STORED_BYTES)
            is_at_end = not held
        if decompressor is None:
            held = held if is_first else held.lstrip(b"\0")
            if not held:
                if is_at_end:
                    return
                continue
            decompressor = start()
        try:
            piece = decompressor.decompress(held, READ_BYTES)
        except (OSError, zlib.error, lzma.LZMAError) as error:
            raise OSError(f"the {codec} stream is damaged: {_describe(error)}") from error
        if piece:
            yield piece
        if decompressor.eof:
            held, decompressor, is_first = decompressor.unused_data, None, False
        elif is_at_end and not piece:
            raise OSError(f"the {codec} stream is cut short")
        else:
            held = getattr(decompressor, "unconsumed_tail", b"")


def _expand_zstd(stored: "_Counted") -> Iterator[bytes]:
    """Decompress all frames of a file; the standard library has no zstd yet."""
    stream = pa.CompressedInputStream(pa.PythonFile(stored, "r"), "zstd")
    try:
        while piece := stream.read(_ZSTD_BYTES):
            yield piece
    except (OSError, pa.ArrowException) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise  # of the file itself
        is_short = "runcated" in str(error)
        fact = "cut short" if is_short else f"damaged: {str(error).removeprefix('ZSTD decompress failed: ')}"
        raise OSError(f"the zstd stream is {fact}") from error


_EXPANDERS: Final[dict[str, Callable[["_Counted"], Iterator[bytes]]]] = {
    "gzip": partial(_expand, codec="gzip", start=partial(zlib.decompressobj, zlib.MAX_WBITS | 16)),
    "bz2": partial(_expand, codec="bz2", start=bz2.BZ2Decompressor),
    "xz": partial(_expand, codec="xz", start=partial(lzma.LZMADecompressor, lzma.FORMAT_XZ, _XZ_MEMORY_BYTES)),
    "zstd": _expand_zstd,
}
"""How each of CODECS is decompressed."""


class _Counted:
    """An open file that counts what was read from it."""

    closed = False

    def __init__(self, raw: BinaryIO) -> None:
        self._raw = raw
        self.n_bytes = 0
        self.head = b""

    def read(self, size: int) -> bytes:
        piece = self._raw.read(size)
        self.n_bytes += len(piece)
        if len(self.head) < _MARK_BYTES:
            self.head += piece[: _MARK_BYTES - len(self.head)]
        return piece

    def close(self) -> None:
        """Leave the file open: who opened it closes it."""


class _PieceFile(io.RawIOBase):
    """Pieces of bytes as a file."""

    def __init__(self, pieces: Generator[bytes]) -> None:
        super().__init__()
        self._pieces = pieces
        self._piece = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not len(self._piece):
            self._piece = memoryview(next(self._pieces, b""))
        n_bytes = min(len(buffer), len(self._piece))
        buffer[:n_bytes] = self._piece[:n_bytes]
        self._piece = self._piece[n_bytes:]
        return n_bytes

    def close(self) -> None:
        self._pieces.close()
        super().close()


def _describe(error: Exception) -> str:
    text = str(error)
    return text.rpartition(": ")[2] if isinstance(error, zlib.error) else text[:1].lower() + text[1:]
