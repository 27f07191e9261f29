"""Rules as they were read and patterns as they were compiled, kept from run to run, beside the compiled kernels.

Compiling the patterns that a run tries takes seconds, loading them hundredths: `re` is written in Python, but for what
it makes, a list of numbers. These are private to each version of Python, and are taken only by that which made them.
Each list is compressed, to a sixth, so that reading what a run does not need costs little.
"""

import array
import functools
import importlib
import marshal
import os
import re
import sys
import threading
import zlib
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from dedup.boilerplate.spellings import FOLDS, fold
from dedup.kernels import cache_folder

FLAGS: Final = re.IGNORECASE

MOST_BYTES: Final = 32 << 20
"""Of a file that grows larger, as rules change, only what this run needed is kept. All that dedup ships takes 20 MB."""

_COMPRESSION: Final = 1
_FORM: Final = f"compressed, folded {zlib.crc32(repr(FOLDS).encode()):08x}"

_Code = tuple[int, bytes, int, dict[str, int], tuple[str | None, ...]]
"""What `re` makes of a pattern: flags, numbers, compressed, the number of groups, group -> number, and back."""


class _Kept:
    """What earlier runs kept, and what this one has that is to be kept."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self.known, self.others = _read(path)
        self.used: dict[str, _Code] = {}
        self.has_new = False
        self.lock = threading.Lock()


def compile_pattern(source: str) -> re.Pattern[str]:
    """Compile a pattern, folded and without regard to case, or take what an earlier run made of it; raises re.error."""
    kept = _kept()
    if kept.path is None:
        return re.compile(fold(source), FLAGS)
    code = kept.known.get(source)
    try:
        if code is None:
            code = _make_code(fold(source))
            kept.has_new = True
        compiled = _load_code(source, code)
    except (AttributeError, ImportError, TypeError, ValueError, RuntimeError, OverflowError, zlib.error) as error:
        if isinstance(error, RecursionError):
            raise
        return re.compile(fold(source), FLAGS)  # a Python that goes about it otherwise
    with kept.lock:
        kept.used[source] = code
    return compiled


def recall(name: str, stamp: str) -> bytes | None:
    """Give what was kept under a name if its stamp is this one."""
    found = _kept().others.get(name)
    return found[1] if found is not None and found[0] == stamp else None


def remember(name: str, stamp: str, data: bytes) -> None:
    """Have bytes kept under a name, with what tells whether they still hold."""
    kept = _kept()
    with kept.lock:
        kept.others[name] = (stamp, data)
        kept.has_new = True


def keep_for_later() -> None:
    """Write down what there is to keep, if any of it is new and there is a place for it."""
    kept = _kept()
    if kept.path is None or not kept.has_new:
        return
    kept.has_new = False
    with kept.lock:
        data = marshal.dumps((_maker(), {**kept.known, **kept.used}, kept.others))
        if len(data) > MOST_BYTES:
            data = marshal.dumps((_maker(), dict(kept.used), kept.others))
    written = kept.path.with_name(f"{kept.path.name}.{os.getpid()}.tmp")
    with suppress(OSError):
        written.write_bytes(zlib.crc32(data).to_bytes(4, "little") + data)
        written.replace(kept.path)


@functools.cache
def _kept() -> _Kept:
    folder = cache_folder()
    return _Kept(folder and folder / f"rules.{sys.implementation.cache_tag}.bin")


def _read(path: Path | None) -> tuple[dict[str, _Code], dict[str, tuple[str, bytes]]]:
    """Give what earlier runs kept, patterns and others; nothing if that is damaged or of another Python."""
    if path is None:
        return {}, {}
    with suppress(OSError, ValueError, EOFError, TypeError):
        stored = path.read_bytes()
        if int.from_bytes(stored[:4], "little") == zlib.crc32(memoryview(stored)[4:]):
            maker, codes, others = marshal.loads(memoryview(stored)[4:])  # noqa: S302 - our own, and checked
            if maker == _maker():
                return codes, others
    return {}, {}


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
