"""Addresses such as s3://bucket/folder: what is behind them, through fsspec, which is imported here alone."""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.fs

from dedup.errors import InputError, MissingInputError
from dedup.places import RemoteFile, as_os_error

_ADDRESS: Final = re.compile(r"[a-z][a-z0-9+.-]+(::[a-z][a-z0-9+.-]+)*://", re.IGNORECASE)
_LOCAL: Final = re.compile(r"(file|local)://", re.IGNORECASE)
_MAGIC: Final = re.compile(r"[*?\[]")
_MISSING: Final = (404, 410)  # what a server of the web says where nothing is
_WEB_MAGIC: Final = re.compile(r"\*")  # a '?' in the address of a page is no wildcard


def is_address(source: str | Path) -> bool:
    """Say whether a source or target is an address rather than a path; what is there as a path is one."""
    return isinstance(source, str) and _ADDRESS.match(source) is not None and not os.path.lexists(source)


def find_local(address: str | Path) -> Path | None:
    """Give the path that an address of this machine's own files is for (file:///data), or None for any other."""
    if not (is_address(address) and _LOCAL.match(str(address))):
        return None
    return Path(open_filesystem(str(address))[1])


def open_filesystem(address: str) -> tuple[Any, str]:
    """Give fsspec's file system behind an address, and the path in it.

    Raises InputError where a package is missing, or the address cannot be one.
    """
    try:
        import fsspec
    except ImportError:
        raise InputError(
            f"{address} is an address; to read and write those: pip install 'dedup-clean[remote]'"
        ) from None
    try:
        filesystem, path = fsspec.core.url_to_fs(address)
    except ImportError as error:
        raise InputError(f"{address}: {error}; pip install 'dedup-clean[remote]' brings what is common") from None
    except Exception as error:  # each library has errors of its own, for credentials among others
        raise InputError(f"{address} cannot be opened: {as_os_error(error)}") from error
    return filesystem, str(path)


def list_address(address: str, *, is_only: bool) -> Iterator[tuple[str, RemoteFile]]:
    """Give (name, place) of each file that an address means: a file, a folder or a glob.

    Names are made as those of local files. Raises MissingInputError where nothing is
    there, InputError where it cannot be looked into.
    """
    filesystem, path = open_filesystem(address)
    try:
        found = list(_find(filesystem, path, address, is_only=is_only))
    except InputError:
        raise
    except Exception as error:
        raise InputError(f"{address} cannot be looked into: {as_os_error(error)}") from error
    yield from found


def find_type(filesystem: Any, path: str) -> str | None:
    """Say whether a path is a "file" or a "directory", or give None where nothing is.

    Raises what the library does; fsspec's own exists() takes expired credentials for a missing file,
    and its info() a server of the web that is down or forbids it.
    """
    try:
        return "file" if filesystem.info(path)["type"] == "file" else "directory"
    except FileNotFoundError as error:
        cause = error.__cause__
        if cause is None or "http" not in filesystem.protocol or getattr(cause, "status", None) in _MISSING:
            return None
        raise cause from None


def open_arrow_filesystem(folder: str | Path) -> tuple[pa.fs.FileSystem, str]:
    """Give Arrow's file system for a folder, local or behind an address, and the path in it."""
    if is_address(folder):
        filesystem, path = open_filesystem(str(folder))
        return pa.fs.PyFileSystem(pa.fs.FSSpecHandler(filesystem)), path.rstrip("/")
    return pa.fs.LocalFileSystem(), str(folder)


def _find(filesystem: Any, path: str, address: str, *, is_only: bool) -> Iterator[tuple[str, RemoteFile]]:
    magic = _WEB_MAGIC if re.match("https?:", address, re.IGNORECASE) else _MAGIC
    wild = magic.search(path)
    if wild is None:
        kind = find_type(filesystem, path)
        if kind is None:
            raise MissingInputError(f"no such file or folder: {address!r}")
        if kind == "file":
            place = RemoteFile(filesystem, path)
            yield place.name if is_only else address, place
            return
        root, matches = path, [path]
        shown = address
    else:
        root = path[: path.rfind("/", 0, wild.start()) + 1]
        matches = filesystem.glob(path)
        if not matches:
            raise MissingInputError(f"nothing matches {address!r}")
        first = magic.search(address)
        shown = address[: address.rfind("/", 0, first.start()) + 1] if first else address
    root = root.rstrip("/")
    for match in sorted(matches):
        files = [match] if find_type(filesystem, match) == "file" else filesystem.find(match)
        for file in sorted(files):
            name = file.removeprefix(root).lstrip("/")
            if not any(part.startswith(".") for part in name.split("/")):
                yield name if is_only else f"{shown.rstrip('/')}/{name}", RemoteFile(filesystem, file)
