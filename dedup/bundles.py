"""Files of named arrays that are there whole or not at all, each array readable alone and checked when it is read."""

import json
import os
import zlib
from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from dedup.errors import StagingError
from dedup.mixed import MixedType

_MAGIC: Final = b"dedup01\n"
_TAIL_BYTES: Final = 16  # size and checksum of the index, and the magic
_MIXED: Final = {b"dedup.mixed": b"1"}
_LEVEL: Final = 1  # of zstd: three times as fast as the level of the output, and a tenth larger

Entry = NDArray[Any] | Sequence[pa.Array] | bytes
"""What can be in a bundle: numbers, a column as it came, in chunks of any types, or bytes."""


def write_bundle(path: Path, entries: Mapping[str, Entry], plain: frozenset[str] = frozenset()) -> None:
    """Write the entries: NumPy arrays, bytes, and lists of Arrow arrays, which may be of different types.

    All are compressed but those named in `plain`. The file appears under its name once it is safely on disk.
    Raises OSError if it cannot be written.
    """
    partial = path.with_name(f"{path.name}.partial")
    index: dict[str, dict[str, Any]] = {}
    with partial.open("wb") as file:
        for name, entry in entries.items():
            content, told = _encode(entry, is_plain=name in plain)
            index[name] = {"at": file.tell(), "size": len(content), "crc": zlib.crc32(content), **told}
            file.write(content)
        listing = json.dumps(index).encode()
        file.write(listing)
        file.write(len(listing).to_bytes(4, "little") + zlib.crc32(listing).to_bytes(4, "little") + _MAGIC)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)


class Bundle:
    """A file that write_bundle made; entries are read when they are asked for, from any thread."""

    def __init__(self, path: Path) -> None:
        """Read the index; raises StagingError if there is none, or it is damaged."""
        self.path = path
        try:
            with path.open("rb") as file:
                self._index = _read_index(file)
        except (OSError, ValueError) as error:
            raise StagingError(f"{str(path)!r} is no finished shard: {error}") from error

    def __contains__(self, name: str) -> bool:
        """Say whether there is such an entry."""
        return name in self._index

    def read(self, name: str) -> bytes:
        """Give an entry that was bytes."""
        return bytes(self._content(name))

    def numbers(self, name: str, row: int | None = None) -> NDArray[Any]:
        """Give an entry that was a NumPy array; of a plain one of two dimensions a row alone, which is not checked."""
        told = self._index[name]
        dtype, shape = np.dtype(told["dtype"]), told["shape"]
        if row is None:
            array: NDArray[Any] = np.frombuffer(self._content(name), dtype=dtype)
            return array.reshape(shape)
        return np.fromfile(self.path, dtype, shape[1], offset=told["at"] + row * shape[1] * dtype.itemsize)

    def arrays(self, name: str) -> list[pa.Array]:
        """Give an entry that was a list of Arrow arrays."""
        content = pa.BufferReader(self._content(name))
        found: list[pa.Array] = []
        for _ in range(self._index[name]["streams"]):
            with pa.ipc.open_stream(content) as reader:
                is_mixed = bool(reader.schema.field(0).metadata) and b"dedup.mixed" in reader.schema.field(0).metadata
                columns = [batch.column(0) for batch in reader]
            found += [pa.ExtensionArray.from_storage(MixedType({}), c) for c in columns] if is_mixed else columns
        return found

    def check(self) -> None:
        """Raise StagingError if any entry is damaged."""
        for name in self._index:
            self._content(name)

    def _content(self, name: str) -> Any:
        told = self._index[name]
        with self.path.open("rb") as file:
            file.seek(told["at"])
            content = bytearray(told["size"])
            n_read = file.readinto(content)
        if n_read != told["size"] or zlib.crc32(content) != told["crc"]:
            raise StagingError(f"{str(self.path)!r} was changed or damaged; start over with --fresh")
        if "raw_size" in told:
            # a copy, which may be written to, so that kernels see one type of array
            return np.frombuffer(pa.decompress(content, told["raw_size"], "zstd"), dtype=np.uint8).copy()
        return content


def _encode(entry: Any, *, is_plain: bool) -> tuple[Any, dict[str, Any]]:
    """Give the bytes of an entry and what the index has to tell of it."""
    if isinstance(entry, bytes):
        return entry, {}
    if isinstance(entry, np.ndarray):
        content: Any = np.ascontiguousarray(entry).reshape(-1).view(np.uint8) if entry.size else b""
        told: dict[str, Any] = {"dtype": entry.dtype.str, "shape": list(entry.shape)}
        if not is_plain and len(content):
            told["raw_size"] = len(content)
            content = pa.Codec("zstd", _LEVEL).compress(content, asbytes=True)
        return content, told
    sink = BytesIO()
    options = pa.ipc.IpcWriteOptions(compression=None if is_plain else pa.Codec("zstd", _LEVEL))
    n_streams, at = 0, 0
    while at < len(entry):
        found = entry[at].type
        is_mixed = isinstance(found, MixedType)
        field = pa.field("0", found.storage_type if is_mixed else found, metadata=_MIXED if is_mixed else None)
        with pa.ipc.new_stream(sink, pa.schema([field]), options=options) as writer:
            while at < len(entry) and entry[at].type == found:
                writer.write_batch(pa.record_batch([entry[at].storage if is_mixed else entry[at]], pa.schema([field])))
                at += 1
        n_streams += 1
    return sink.getbuffer(), {"streams": n_streams}


def _read_index(file: BinaryIO) -> dict[str, dict[str, Any]]:
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - _TAIL_BYTES))
    tail = file.read(_TAIL_BYTES)
    if len(tail) < _TAIL_BYTES or tail[8:] != _MAGIC:
        raise ValueError("it does not end as one")
    n_bytes = int.from_bytes(tail[:4], "little")
    file.seek(size - _TAIL_BYTES - n_bytes)
    listing = file.read(n_bytes)
    if zlib.crc32(listing) != int.from_bytes(tail[4:8], "little"):
        raise ValueError("its index is damaged")
    index: dict[str, dict[str, Any]] = json.loads(listing)
    return index
