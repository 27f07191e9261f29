"""Archives: zip and tar, whose members are read one after the other, in the order they are in.

Nothing is unpacked under the name that an archive gives it. A member is a Place of its own,
to be read before the next one is asked for.
"""

import errno
import lzma
import os
import re
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import IO, Any, BinaryIO, Final, cast

from dedup.batches import Reject
from dedup.places import ArchiveMember, GuardedStream
from dedup.settings import Settings
from dedup.sources import Input, describe_os_error
from dedup.streams import MOST_EXPANSION, OverLimitError, open_seekable, open_stream

Member = tuple[str, ArchiveMember | Reject]
"""The path of a member with what can be read of it; "" and a Reject for the archive or the rest of it."""

_MOST_HEADER_BYTES: Final = 1 << 20
"""Size of a tar header: long names take a few kB, and it is held in memory."""

_HEADER_TYPES: Final = (tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE)
_LONG_NAME_TYPES: Final = (tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK)
_ENCRYPTED: Final = 0x1  # in the flags of a zip's member
_UTF_8_NAME: Final = 0x800
_ENTRY: Final = b"PK\x01\x02"  # of a zip's table of contents
_ENTRY_BYTES: Final = 46  # of it before name, extra and comment
_HEADER: Final = b"PK\x03\x04"  # of a member
_HEADER_BYTES: Final = 30
_COMPRESSIONS: Final = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA})
_METHODS: Final = {9: "Deflate64", 93: "Zstandard", 95: "XZ", 98: "PPMd", 99: "AES encryption"}
_ERRORS: Final = (
    *(zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, EOFError, RuntimeError),
    *(ValueError, OverflowError, struct.error),
)
"""What damaged archives make the standard library raise; an unsupported feature is a RuntimeError as well, and a
name that is not in the encoding that the archive says it is in, a ValueError."""


@dataclass(frozen=True, slots=True)
class Container:
    """A kind of file with files in it: how its names end, what lists its members, and a line about it for people."""

    suffixes: tuple[str, ...]
    open_members: Callable[[Input, Settings], Iterator[Member]]
    description: str


def open_zip(source: Input, settings: Settings) -> Iterator[Member]:
    """Give the members of a zip; a damaged one costs itself alone."""
    try:
        with open_seekable(source, settings.max_document_bytes) as file, _list_zip(file) as archive:
            budget = _Budget(settings.max_document_bytes, file.seek(0, os.SEEK_END))
            for info in archive.infolist():
                name = _plain_name(info.filename)
                if info.filename.endswith("/") or _is_hidden(name):
                    continue
                reason = _why_unsafe(info.filename) or _why_no_zip_member(info)
                if reason is not None:
                    yield name, Reject(None, reason)
                else:
                    start = partial(_start_zip_member, archive, info, budget)
                    yield name, ArchiveMember(name.rpartition("/")[2], start, info.file_size)
    except zipfile.BadZipFile:
        yield "", Reject(None, "not a zip archive, or cut short: its table of contents is missing or damaged")
    except (OSError, *_ERRORS) as error:
        yield "", Reject(None, f"the zip archive cannot be read: {_describe(error)}")


def open_tar(source: Input, settings: Settings) -> Iterator[Member]:
    """Give the members of a tar, which is read once from start to end; behind a damaged place nothing can be found."""
    name = ""
    try:
        stream = open_stream(source, settings.max_document_bytes)
        with stream, tarfile.open(fileobj=stream, mode="r|", tarinfo=_StrictHeader) as archive:
            while (member := archive.next()) is not None:
                cast("Any", archive).members = []  # they would all be held to the end
                name = _plain_name(member.name)
                if member.isdir() or _is_hidden(name):
                    continue
                reason = _why_unsafe(member.name) or _why_no_tar_member(member)
                if reason is not None:
                    yield name, Reject(None, reason)
                else:
                    start = partial(_start_tar_member, archive, member)
                    yield name, ArchiveMember(name.rpartition("/")[2], start, member.size)
    except (OSError, *_ERRORS) as error:
        place = f" after {name!r}" if name else ""
        yield "", Reject(None, f"the tar archive cannot be read{place}: {_describe(error)}")


class _StrictHeader(tarfile.TarInfo):
    """A header of a tar that must be whole: the library takes a damaged one for the end of the archive."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> "_StrictHeader":
        """Read a header; raises ReadError where there is none and the archive has not ended."""
        if not buf:
            raise tarfile.ReadError("cut short: it ends without the mark of its end")
        try:
            header = super().frombuf(buf, encoding, errors)
        except tarfile.HeaderError as error:
            if not any(buf):
                raise  # zeros: the end
            raise tarfile.ReadError(str(error)) from error
        if header.type in (*_HEADER_TYPES, *_LONG_NAME_TYPES) and header.size > _MOST_HEADER_BYTES:
            raise tarfile.ReadError(f"a header of {header.size:,} bytes")
        return header


def _list_zip(file: BinaryIO) -> zipfile.ZipFile:
    """Open a zip by its table of contents, in which a name may be in another encoding than it says."""
    mended = _MendedNames(file)
    archive = zipfile.ZipFile(cast("BinaryIO", mended))
    mended.end_table(archive.infolist())
    return archive


class _MendedNames:
    """A zip whose names that are not UTF-8 do not say so: for one that does, the library gives up on all members."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._is_table = True
        self._mended: set[int] = set()  # places in the table of contents
        self._headers: set[int] = set()  # and where their members begin

    def read(self, size: int = -1) -> bytes:
        is_header = bool(self._headers) and size == _HEADER_BYTES and self._file.tell() in self._headers
        data = self._file.read(size)
        if is_header and data.startswith(_HEADER):
            return _without_flag(data, 6)
        return self._mend_table(data) if self._is_table and data.startswith(_ENTRY) else data

    def end_table(self, members: list[zipfile.ZipInfo]) -> None:
        """Take what is read from here on for members, which may look like a table of contents."""
        self._is_table = False
        self._headers = {info.header_offset for number, info in enumerate(members) if number in self._mended}

    def _mend_table(self, data: bytes) -> bytes:
        self._mended.clear()
        entries: list[bytes] = []
        place = 0
        while data.startswith(_ENTRY, place) and place + _ENTRY_BYTES <= len(data):
            n_name, *n_others = struct.unpack_from("<28x3H", data, place)
            start = place + _ENTRY_BYTES
            end = start + n_name + sum(n_others)
            entry = data[place:end]
            try:
                data[start : start + n_name].decode()
            except UnicodeDecodeError:
                self._mended.add(len(entries))
                entry = _without_flag(entry, 8)
            entries.append(entry)
            place = end
        return b"".join([*entries, data[place:]])

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


def _without_flag(header: bytes, place: int) -> bytes:
    """Give a header of a member, whose flags are at a place, without that of a name in UTF-8."""
    flags = int.from_bytes(header[place : place + 2], "little") & ~_UTF_8_NAME
    return header[:place] + flags.to_bytes(2, "little") + header[place + 2 :]


@dataclass(slots=True)
class _Budget:
    """How much the members of an archive may expand to, together."""

    max_bytes: int
    stored_bytes: int
    n_bytes: int = 0

    def spend(self, n_bytes: int) -> None:
        self.n_bytes += n_bytes
        if self.n_bytes > max(self.max_bytes, MOST_EXPANSION * self.stored_bytes):
            raise OverLimitError(
                f"the archive expands to more than {MOST_EXPANSION} times its size and {self.max_bytes:,} bytes; "
                "--max-document-bytes sets how large it may be"
            )


class _MemberStream(GuardedStream):
    """The content of a member, within the budget of its archive."""

    def __init__(self, stream: IO[bytes], budget: _Budget | None = None) -> None:
        super().__init__(stream, can_seek=False)  # going back in a zip's member reads it again from its start
        self._budget = budget

    def read(self, size: int = -1) -> bytes:
        if self._budget is not None:
            self._budget.spend(0)
        try:
            piece = super().read(size)
        except OSError as error:
            if isinstance(error.__cause__, _ERRORS):
                raise OSError(_describe(error.__cause__)) from error
            raise
        if self._budget is not None:
            self._budget.spend(len(piece))
        return piece


def _start_zip_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, budget: _Budget) -> BinaryIO:
    try:
        return cast("BinaryIO", _MemberStream(archive.open(info), budget))
    except OSError as error:
        if error.errno == errno.EINVAL:
            raise OSError("damaged: its place is outside the archive") from error
        raise
    except _ERRORS as error:
        raise OSError(_describe(error)) from error


def _start_tar_member(archive: tarfile.TarFile, member: tarfile.TarInfo) -> BinaryIO:
    stream: Any = archive.extractfile(member)  # never None: it is a regular file
    return cast("BinaryIO", _MemberStream(stream))


def _why_no_zip_member(info: zipfile.ZipInfo) -> str | None:
    """Say why a member of a zip cannot be read, or give None."""
    if info.flag_bits & _ENCRYPTED:
        return "encrypted; unpack the archive with its password first"
    if info.compress_type not in _COMPRESSIONS:
        method = _METHODS.get(info.compress_type, f"number {info.compress_type}")
        return f"compressed by a method that is not supported ({method}); pack it again with deflate"
    if stat.S_IFMT(info.external_attr >> 16) == stat.S_IFLNK:
        return "a link, which an archive may point anywhere; not followed"
    return None


def _why_no_tar_member(member: tarfile.TarInfo) -> str | None:
    """Say why a member of a tar cannot be read, or give None."""
    if member.issym() or member.islnk():
        return "a link, which an archive may point anywhere; not followed"
    if member.issparse():
        return "a sparse file, which may expand to any size; pack it again without --sparse"
    if not member.isfile():
        return "a device or pipe, not a file"
    return None


def _why_unsafe(name: str) -> str | None:
    """Say why a member's name is none that a file in an archive has, or give None."""
    path = name.replace("\\", "/")
    if path in ("", "."):
        return "a member without a name"
    if path.startswith("/") or re.match("[A-Za-z]:", path):
        return "an absolute path, which no file in an archive has"
    if ".." in path.split("/"):
        return "a path with '..', which leads out of the archive"
    return None


def _plain_name(name: str) -> str:
    """Give the path of a member with '/' and without '.', as UTF-8 can hold it."""
    path = "/".join(part for part in name.replace("\\", "/").split("/") if part not in ("", "."))
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _is_hidden(name: str) -> bool:
    return any(part == "__MACOSX" or (part.startswith(".") and part != "..") for part in name.split("/"))


def _describe(error: BaseException) -> str:
    """Say what is wrong with an archive, for people."""
    if isinstance(error, UnicodeDecodeError):
        return "damaged: the name of a member is not in the encoding that it is said to be in"
    text = str(error)
    if "CRC" in text:
        return "damaged: its checksum does not match"
    if isinstance(error, EOFError) or text == "unexpected end of data":
        return "cut short"
    if isinstance(error, OSError) and not isinstance(error, tarfile.TarError):
        return describe_os_error(error)
    return text if text.startswith("cut short") else f"damaged: {text or type(error).__name__}"
