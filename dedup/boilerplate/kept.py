"""Rules as they were read and patterns as they were compiled, kept from run to run, beside the compiled kernels.

Compiling the patterns that a run tries takes seconds, loading them hundredths: `re` is written in Python, but for what
it makes, a list of numbers. These are private to each version of Python, and are taken only by that which made them.
Of the file only what a run asks for is read: it grows with all that runs ever tried.
"""

import array
import functools
import hashlib
import importlib
import marshal
import os
import re
import sys
import threading
import zlib
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, NamedTuple

from dedup.boilerplate.spellings import FOLDS, fold
from dedup.kernels import cache_folder

FLAGS: Final = re.IGNORECASE

MOST_BYTES: Final = 32 << 20
"""Of a file that grows larger, as rules change, only what this run needed is kept. All that dedup ships takes 20 MB."""

_COMPRESSION: Final = 1
_FORM: Final = f"in parts, compressed, folded {zlib.crc32(repr(FOLDS).encode()):08x}"
_HEAD_BYTES: Final = 12  # the check sum of the index, and its size

_Code = tuple[int, bytes, int, dict[str, int], tuple[str | None, ...]]
"""What `re` makes of a pattern: flags, numbers, compressed, the number of groups, group -> number, and back."""

_Place = tuple[int, int, int]
"""Where something is in the file, in bytes from the end of its index; its size; and its check sum."""


class _Index(NamedTuple):
    """What the file holds: of rules as they were read, by name, if they have this stamp; patterns, by their digests."""

    maker: str
    stamp: str
    others: dict[str, _Place]
    patterns: dict[bytes, _Place]


class _Kept:
    """What earlier runs kept, and what this one has that is to be kept."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self.file: int | None = None
        self.begin = 0
        self.index = _Index(_maker(), "", {}, {})
        self.new_others: dict[str, bytes] = {}
        self.new_patterns: dict[bytes, bytes] = {}
        self.used: set[bytes] = set()  # of the patterns
        self.has_new = False
        self.lock = threading.Lock()
        if path is not None:
            self._open(path)

    def _open(self, path: Path) -> None:
        """Read the index; a file that is damaged, or of another Python, has nothing."""
        with suppress(OSError, ValueError, EOFError, TypeError):
            self.file = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
            head = os.read(self.file, _HEAD_BYTES)
            size = int.from_bytes(head[4:], "little")
            stored = os.read(self.file, size) if size <= os.fstat(self.file).st_size else b""
            if stored and int.from_bytes(head[:4], "little") == zlib.crc32(stored):
                index = _Index(*marshal.loads(stored))  # noqa: S302 - our own, and checked
                if index.maker == _maker():
                    self.index, self.begin = index, _HEAD_BYTES + len(stored)

    def read(self, place: _Place | None) -> bytes | None:
        """Give what is at a place of the file, if it is what was written there."""
        if place is None or self.file is None:
            return None
        offset, size, check = place
        with suppress(OSError):
            found = self._read_at(self.file, self.begin + offset, size)
            if zlib.crc32(found) == check:
                return found
        return None

    def _read_at(self, file: int, at: int, size: int) -> bytes:
        if sys.platform != "win32":
            return os.pread(file, size, at)  # forked processes share where a file is read next
        with self.lock:
            os.lseek(file, at, os.SEEK_SET)
            return os.read(file, size)

    def read_all(self, places: Mapping[Any, _Place]) -> dict[Any, bytes]:
        """Give what is at several places, but what is damaged."""
        found = {name: self.read(place) for name, place in places.items()}
        return {name: data for name, data in found.items() if data is not None}

    def close(self) -> None:
        """Close the file: nothing is read any more."""
        file, self.file = self.file, None
        if file is not None:
            os.close(file)

    def __del__(self) -> None:
        """Leave no file open."""
        self.close()


def compile_pattern(source: str) -> re.Pattern[str]:
    """Compile a pattern, folded and without regard to case, or take what an earlier run made of it; raises re.error."""
    kept = _kept()
    if kept.path is None:
        return re.compile(fold(source), FLAGS)
    key = _key_of(source)
    try:
        stored = kept.new_patterns.get(key) or kept.read(kept.index.patterns.get(key))
        code: _Code = _make_code(fold(source)) if stored is None else marshal.loads(stored)  # noqa: S302 - our own
        compiled = _load_code(source, code)
    except (AttributeError, ImportError, TypeError, ValueError, RuntimeError, OverflowError, zlib.error) as error:
        if isinstance(error, RecursionError):
            raise
        return re.compile(fold(source), FLAGS)  # a Python that goes about it otherwise
    with kept.lock:
        kept.used.add(key)
        if stored is None:
            kept.new_patterns[key] = marshal.dumps(code)
            kept.has_new = True
    return compiled


def recall(name: str, stamp: str) -> bytes | None:
    """Give what was kept under a name if its stamp is this one."""
    kept = _kept()
    if kept.index.stamp != stamp:
        return None
    return kept.new_others.get(name) or kept.read(kept.index.others.get(name))


def remember(name: str, stamp: str, data: bytes) -> None:
    """Have bytes kept under a name, with what tells whether they still hold: all that has another stamp is dropped."""
    kept = _kept()
    with kept.lock:
        if kept.index.stamp != stamp:
            kept.index = kept.index._replace(stamp=stamp, others={})
            kept.new_others.clear()
        kept.new_others[name] = data
        kept.has_new = True


def keep_for_later() -> None:
    """Write down what there is to keep, if any of it is new and there is a place for it."""
    kept = _kept()
    if kept.path is None or not kept.has_new:
        return
    kept.has_new = False
    others = kept.read_all(kept.index.others) | kept.new_others
    patterns = kept.read_all(kept.index.patterns) | kept.new_patterns
    if sum(map(len, (*others.values(), *patterns.values()))) > MOST_BYTES:
        patterns = {key: code for key, code in patterns.items() if key in kept.used}
    written = kept.path.with_name(f"{kept.path.name}.{os.getpid()}.tmp")
    with suppress(OSError):
        written.write_bytes(_make_file(kept.index.stamp, others, patterns))
        if sys.platform == "win32":  # where no file is replaced that is open
            kept.close()
        written.replace(kept.path)


@functools.cache
def _kept() -> _Kept:
    folder = cache_folder()
    return _Kept(folder and folder / f"rules.{sys.implementation.cache_tag}.bin")


def _make_file(stamp: str, others: Mapping[str, bytes], patterns: Mapping[bytes, bytes]) -> bytes:
    """Give the file: a check sum of the index and its size, the index, and then all that it names."""
    parts: list[bytes] = []
    at = 0

    def place_of(data: bytes) -> _Place:
        nonlocal at
        parts.append(data)
        at += len(data)
        return at - len(data), len(data), zlib.crc32(data)

    placed = {name: place_of(data) for name, data in others.items()}
    index = marshal.dumps((_maker(), stamp, placed, {key: place_of(data) for key, data in patterns.items()}))
    return b"".join((zlib.crc32(index).to_bytes(4, "little"), len(index).to_bytes(8, "little"), index, *parts))


def _key_of(source: str) -> bytes:
    return hashlib.blake2b(source.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def _maker() -> str:
    return f"{sys.implementation.name} {sys.version}, {_FORM}"


def _make_code(source: str) -> _Code:
    """Do what re.compile does, up to where it hands over to C."""
    from re import _compiler, _parser  # type: ignore[attr-defined]

    parsed = _parser.parse(source, FLAGS)
    numbers = array.array("I", _compiler._code(parsed, FLAGS))
    names: list[str | None] = [None] * parsed.state.groups
    for name, number in parsed.state.groupdict.items():
        names[number] = name
    flags = int(FLAGS | parsed.state.flags)
    return (
        flags,
        zlib.compress(numbers.tobytes(), _COMPRESSION),
        parsed.state.groups - 1,
        dict(parsed.state.groupdict),
        tuple(names),
    )


def _load_code(source: str, code: _Code) -> re.Pattern[str]:
    flags, numbers, n_groups, group_numbers, group_names = code
    make: Any = importlib.import_module("_sre").compile
    compiled: re.Pattern[str] = make(
        source, flags, array.array("I", zlib.decompress(numbers)).tolist(), n_groups, group_numbers, group_names
    )
    return compiled
