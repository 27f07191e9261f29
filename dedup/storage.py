"""Where long arrays live: in memory, or in files that are mapped, so that memory does not bound them."""

import mmap
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Final, Protocol

import numpy as np
from numpy.typing import DTypeLike, NDArray


class Column(Protocol):
    """An array that is made by appending to it."""

    def append(self, values: NDArray[Any]) -> None:
        """Add rows; they must be of the column's width, and are cast to its dtype."""

    def finish(self) -> NDArray[Any]:
        """Give all rows, once, as an array that may be written to."""

    def drop(self) -> None:
        """Free the room it takes; its array must not be used after that."""


class Storage(Protocol):
    """Makes long arrays, and lets go of the memory that mapped ones take."""

    @property
    def uses_files(self) -> bool:
        """Whether any of them is in a file."""

    def column(self, name: str, dtype: DTypeLike, width: int | None = None) -> Column:
        """Make an empty column of shape [n], or [n, width]; two may have the same name."""

    def array(self, name: str, shape: int | tuple[int, ...], dtype: DTypeLike) -> NDArray[Any]:
        """Make an array to be written to at random; its values are anything at first."""

    def drop(self, array: NDArray[Any]) -> None:
        """Free the room that an array of `array` or of a column takes; it must not be used after that."""

    def release(self) -> None:
        """Give back the memory that mapped files take until they are read again; all arrays stay valid."""


class MemoryStorage:
    """Arrays in memory."""

    uses_files: ClassVar[bool] = False

    def column(self, name: str, dtype: DTypeLike, width: int | None = None) -> "MemoryColumn":
        """Make an empty column."""
        return MemoryColumn(np.dtype(dtype), width)

    def array(self, name: str, shape: int | tuple[int, ...], dtype: DTypeLike) -> NDArray[Any]:
        """Make an array to be written to at random."""
        return np.empty(shape, dtype=dtype)

    def drop(self, array: NDArray[Any]) -> None:
        """Do nothing: it goes with the last that holds it."""

    def release(self) -> None:
        """Do nothing: what is in memory stays there."""


@dataclass(slots=True)
class MemoryColumn:
    """An array in memory."""

    dtype: np.dtype[Any]
    width: int | None
    _pieces: list[NDArray[Any]] = field(default_factory=list)

    def append(self, values: NDArray[Any]) -> None:
        """Add rows."""
        self._pieces.append(values.astype(self.dtype, copy=False))

    def finish(self) -> NDArray[Any]:
        """Give all rows, once."""
        pieces, self._pieces = self._pieces, []
        if not pieces:
            return np.empty(_shape(0, self.width), dtype=self.dtype)
        return pieces[0] if len(pieces) == 1 else np.concatenate(pieces)

    def drop(self) -> None:
        """Forget what was not given."""
        self._pieces = []


@dataclass(slots=True)
class DiskStorage:
    """Arrays in files of a folder that is there."""

    uses_files: ClassVar[bool] = True

    folder: Path
    _n_files: int = 0
    _maps: dict[Path, mmap.mmap] = field(default_factory=dict)

    def column(self, name: str, dtype: DTypeLike, width: int | None = None) -> "DiskColumn":
        """Make an empty column."""
        return DiskColumn(self, self._path(name), np.dtype(dtype), width)

    def array(self, name: str, shape: int | tuple[int, ...], dtype: DTypeLike) -> NDArray[Any]:
        """Make an array to be written to at random; raises OSError if there is no room for it."""
        size = int(np.prod(shape)) * np.dtype(dtype).itemsize
        path = self._path(name)
        with path.open("wb") as file:
            if size and hasattr(os, "posix_fallocate"):
                os.posix_fallocate(file.fileno(), 0, size)  # a full disk must not show only when a page is written
            else:
                file.truncate(size)
        return self.map(path, np.dtype(dtype)).reshape(shape)

    def drop(self, array: NDArray[Any]) -> None:
        """Remove the file of an array."""
        for path, mapped in list(self._maps.items()):
            if np.frombuffer(mapped, dtype=np.uint8).ctypes.data == array.ctypes.data:
                self.forget(path)

    def release(self) -> None:
        """Give back the memory that mapped files take until they are read again; all arrays stay valid."""
        for mapped in list(self._maps.values()):  # other threads may map files
            if hasattr(mmap, "MADV_DONTNEED"):
                mapped.madvise(mmap.MADV_DONTNEED)

    def map(self, path: Path, dtype: np.dtype[Any]) -> NDArray[Any]:
        """Give the content of a file as a flat array, which writes through to it."""
        if not path.stat().st_size:
            return np.empty(0, dtype=dtype)
        with path.open("r+b") as file:
            self._maps[path] = mmap.mmap(file.fileno(), 0)
        return np.frombuffer(self._maps[path], dtype=dtype)

    def forget(self, path: Path) -> None:
        """Remove a file; its room is free once no array looks into it."""
        self._maps.pop(path, None)
        path.unlink(missing_ok=True)

    def _path(self, name: str) -> Path:
        self._n_files += 1
        return self.folder / f"{name}-{self._n_files}.array"


class SpillingStorage:
    """Arrays in memory as long as they have `most_bytes` together; what goes past that is in files.

    A run over little text may find very many pairs.
    """

    def __init__(self, most_bytes: int, make_folder: Callable[[], Path]) -> None:
        """Store the limit, and what makes the folder for files once it is reached."""
        self.most_bytes = most_bytes
        self.held_bytes = 0
        self._make_folder = make_folder
        self._disk: DiskStorage | None = None
        self._sizes: dict[int, int] = {}  # bytes of the arrays in memory, by where they are

    @property
    def uses_files(self) -> bool:
        """Whether anything went past the limit."""
        return self._disk is not None

    @property
    def disk(self) -> DiskStorage:
        """Where arrays go that are over the limit."""
        if self._disk is None:
            self._disk = DiskStorage(self._make_folder())
        return self._disk

    def column(self, name: str, dtype: DTypeLike, width: int | None = None) -> "SpillingColumn":
        """Make an empty column."""
        return SpillingColumn(self, name, MemoryColumn(np.dtype(dtype), width))

    def array(self, name: str, shape: int | tuple[int, ...], dtype: DTypeLike) -> NDArray[Any]:
        """Make an array to be written to at random; raises OSError if there is no room for it."""
        size = int(np.prod(shape)) * np.dtype(dtype).itemsize
        if self.held_bytes + size > self.most_bytes:
            return self.disk.array(name, shape, dtype)
        self.held_bytes += size
        return self.keep(np.empty(shape, dtype=dtype))

    def keep(self, array: NDArray[Any]) -> NDArray[Any]:
        """Remember what is counted for an array, and give it."""
        if array.nbytes:
            self._sizes[array.ctypes.data] = array.nbytes
        return array

    def drop(self, array: NDArray[Any]) -> None:
        """Count an array in memory no more, or remove its file."""
        size = self._sizes.pop(array.ctypes.data, 0) if array.nbytes else 0
        self.held_bytes -= size
        if self._disk is not None and not size:
            self._disk.drop(array)

    def release(self) -> None:
        """Give back the memory that mapped files take until they are read again."""
        if self._disk is not None:
            self._disk.release()


@dataclass(slots=True)
class SpillingColumn:
    """An array in memory, or in a file once the storage holds too much."""

    storage: SpillingStorage
    name: str
    _column: "MemoryColumn | DiskColumn"
    _held_bytes: int = 0

    def append(self, values: NDArray[Any]) -> None:
        """Add rows; raises OSError if there is no room for them."""
        column = self._column
        if isinstance(column, MemoryColumn):
            size = len(values) * column.dtype.itemsize * (column.width or 1)
            if self.storage.held_bytes + size > self.storage.most_bytes:
                self._column = self.storage.disk.column(self.name, column.dtype, column.width)
                self._column.append(column.finish())
                self.storage.held_bytes -= self._held_bytes
            else:
                self._held_bytes += size
                self.storage.held_bytes += size
        self._column.append(values)

    def finish(self) -> NDArray[Any]:
        """Give all rows, once."""
        array = self._column.finish()
        return self.storage.keep(array) if isinstance(self._column, MemoryColumn) else array

    def drop(self) -> None:
        """Free the room it takes."""
        if isinstance(self._column, MemoryColumn):
            self.storage.held_bytes -= self._held_bytes
        self._column.drop()


_BUFFER_BYTES: Final = 1 << 18


@dataclass(slots=True)
class DiskColumn:
    """An array in a file."""

    storage: DiskStorage
    path: Path
    dtype: np.dtype[Any]
    width: int | None
    _pending: bytearray = field(default_factory=bytearray)

    def append(self, values: NDArray[Any]) -> None:
        """Add rows; raises OSError if there is no room for them."""
        self._pending += np.ascontiguousarray(values, dtype=self.dtype).tobytes()
        if len(self._pending) >= _BUFFER_BYTES:
            self._flush()

    def finish(self) -> NDArray[Any]:
        """Give all rows, once."""
        self._flush()
        return self.storage.map(self.path, self.dtype).reshape(_shape(-1, self.width))

    def drop(self) -> None:
        """Remove the file."""
        self._pending = bytearray()
        self.storage.forget(self.path)

    def _flush(self) -> None:
        with self.path.open("ab") as file:  # closed at once: there may be thousands of columns
            file.write(self._pending)
        self._pending = bytearray()


def _shape(n: int, width: int | None) -> tuple[int, ...]:
    return (n,) if width is None else (n, width)
