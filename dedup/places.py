"""Where bytes come from: a file, standard input, a member of an archive, or an address."""

import io
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Protocol, cast

from dedup.errors import InputError


class Place(Protocol):
    """Where the bytes of one input come from, as they are stored there."""

    @property
    def name(self) -> str:
        """The file name, which suffixes are read from."""

    def open(self) -> BinaryIO:
        """Open the bytes from the start; raises OSError that a person understands."""

    def head(self, n_bytes: int) -> bytes:
        """Give the first bytes, as many as there are; they are not lost to open()."""

    def size_bytes(self) -> int:
        """Give the size, or 0 where it is not known."""

    def stamp(self) -> str | None:
        """Give what changes when the bytes do, or None where they cannot be read a second time."""


@dataclass(frozen=True, slots=True)
class LocalFile:
    """A file on this machine."""

    path: Path

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.name

    def open(self) -> BinaryIO:
        """Open the file for reading."""
        return self.path.open("rb")

    def head(self, n_bytes: int) -> bytes:
        """Read the first bytes."""
        with self.path.open("rb", buffering=0) as file:
            return file.read(n_bytes)

    def size_bytes(self) -> int:
        """Ask the file system."""
        try:
            return self.path.stat().st_size
        except OSError:
            return 0

    def stamp(self) -> str | None:
        """Give size and time of the last change."""
        try:
            told = self.path.stat()
        except OSError:
            return "gone"
        return f"{told.st_size} bytes of {told.st_mtime_ns}"


@dataclass(slots=True)
class OnePass:
    """Bytes that come by once: those that were looked at are given again by open()."""

    name: str
    _start: Callable[[], BinaryIO]
    _size_bytes: int = 0
    _stream: "GuardedStream | None" = None
    _seen: bytes = b""
    _is_opened: bool = False

    def open(self) -> BinaryIO:
        """Open the bytes; raises OSError the second time."""
        if self._is_opened:
            raise OSError("it can be read only once")
        self._is_opened = True
        seen, self._seen = self._seen, b""
        return cast("BinaryIO", GuardedStream(self._begun(), seen=seen))

    def head(self, n_bytes: int) -> bytes:
        """Read the first bytes and hold them for open()."""
        stream = self._begun()
        while len(self._seen) < n_bytes and (piece := stream.read(n_bytes - len(self._seen))):
            self._seen += piece
        return self._seen[:n_bytes]

    def size_bytes(self) -> int:
        """Give the size that was said to be."""
        return self._size_bytes

    def stamp(self) -> str | None:
        """Give None: the bytes come by once."""
        return None

    def _begun(self) -> "GuardedStream":
        if self._stream is None:
            self._stream = GuardedStream(self._start())
        return self._stream


class StandardInput(OnePass):
    """What is piped into the process."""

    __slots__ = ()

    def __init__(self) -> None:
        """Store where it comes from; nothing is read yet."""
        super().__init__("stdin", _standard_input)

    def check(self) -> None:
        """Raise InputError where nothing is piped into the process."""
        _standard_input()


class ArchiveMember(OnePass):
    """A file in an archive, which is open as long as its members are read."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file behind an address, in one of fsspec's file systems."""

    filesystem: Any  # fsspec.AbstractFileSystem
    path: str  # as that file system has it

    @property
    def name(self) -> str:
        """The last part of the path, without what a web address may have after it."""
        bare = self.path.partition("?")[0].partition("#")[0] if "://" in self.path else self.path
        return bare.rstrip("/").rpartition("/")[2]

    def open(self) -> BinaryIO:
        """Open the file; whatever the library behind it raises becomes an OSError."""
        # of the web, many servers give a file only from its start to its end
        is_web = "https" in self.filesystem.protocol
        try:
            stream = self.filesystem.open(self.path, "rb", **({"block_size": 0} if is_web else {}))
        except OSError:
            raise
        except Exception as error:
            raise as_os_error(error) from error
        return cast("BinaryIO", GuardedStream(stream, can_seek=not is_web))

    def head(self, n_bytes: int) -> bytes:
        """Fetch the first bytes."""
        with self.open() as stream:
            pieces = []
            while n_bytes and (piece := stream.read(n_bytes)):
                pieces.append(piece)
                n_bytes -= len(piece)
            return b"".join(pieces)

    def size_bytes(self) -> int:
        """Ask the file system."""
        try:
            return int(self.filesystem.size(self.path) or 0)
        except Exception:  # each library has errors of its own, and without a size reading goes on
            return 0

    def stamp(self) -> str | None:
        """Ask the file system for what it tells versions apart by."""
        try:
            return str(self.filesystem.ukey(self.path))
        except Exception:  # each library has errors of its own; the run then cannot be gone on with
            return None


class GuardedStream(io.RawIOBase):
    """A stream whose errors, of whatever library, are OSErrors; bytes looked at before come first.

    A read may give fewer bytes than asked for, so that what came before an error is not lost.
    """

    def __init__(self, stream: Any, seen: bytes = b"", *, can_seek: bool = True) -> None:
        """Store the stream, what was read from it already, and whether to believe it that it can seek."""
        super().__init__()
        self._stream = stream
        self._seen = seen
        self._can_seek = can_seek and not seen  # with something before them, its places are not those of the bytes

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def seekable(self) -> bool:
        """Say whether the stream can go anywhere."""
        return self._can_seek and bool(getattr(self._stream, "seekable", lambda: False)())

    def read(self, size: int = -1) -> bytes:
        """Read up to `size` bytes; only at the end there are none."""
        if size < 0:
            return self.readall()
        if self._seen:
            piece, self._seen = self._seen[:size], self._seen[size:]
            return piece
        try:
            # read1, where there is one, does not wait for more than is there
            return bytes(getattr(self._stream, "read1", self._stream.read)(size))
        except OSError:
            raise
        except Exception as error:
            raise as_os_error(error) from error

    def readinto(self, buffer: Any) -> int:
        """Read into a buffer."""
        piece = self.read(len(buffer))
        buffer[: len(piece)] = piece
        return len(piece)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to a place in the stream."""
        try:
            return int(self._stream.seek(offset, whence))
        except OSError:
            raise
        except Exception as error:
            raise as_os_error(error) from error

    def tell(self) -> int:
        """Give the place in the stream."""
        return int(self._stream.tell())

    def close(self) -> None:
        """Close the stream below."""
        if not self.closed:
            with suppress(Exception):  # all that was to be read has been read
                self._stream.close()
        super().close()


class _Borrowed(GuardedStream):
    """A stream of somebody else's, who closes it."""

    def close(self) -> None:
        io.RawIOBase.close(self)


def as_os_error(error: Exception) -> OSError:
    """Give an error of any library as an OSError that says the same."""
    if isinstance(error, OSError):
        return error
    return OSError(str(error).strip() or type(error).__name__)


def _standard_input() -> BinaryIO:
    """Give what is piped into the process; raises InputError where nothing can be."""
    if sys.stdin is None or sys.stdin.closed:
        raise InputError("there is no standard input to read '-' from")
    if sys.stdin.isatty():
        raise InputError("'-' is standard input, but nothing is piped into it: zcat x.jsonl.gz | dedup clean - out/")
    return cast("BinaryIO", _Borrowed(sys.stdin.buffer))
