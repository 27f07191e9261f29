"""The kernels that every run needs, compiled by several processes at once on the first run of a machine.

numba compiles one function at a time, whatever the number of threads, and keeps each in a folder for whoever needs it
next. So helpers compile a share each, and the run that waits for them then loads all from there. What they are to
compile ships as first_run.json; whatever is missing there, or has changed since, is compiled where it is first called,
as is everything where there is one processor, or no room for helpers.
"""

import importlib
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, NamedTuple

from dedup.kernels import are_compiled, cache_folder
from dedup.locking import lock_handle

FIRST_RUN_PATH: Final = Path(__file__).with_name("first_run.json")

MOST_HELPERS: Final = 4
"""With more, the longest kernel is what takes longest, and what several kernels call is compiled once more by each."""

HELPER_BYTES: Final = 320_000_000
"""Memory that a helper takes at most."""

_LOCK_NAME: Final = "compiling.lock"
_MOST_SECONDS: Final = 180.0
"""After that a run compiles by itself: a helper may have been stopped, or its machine be very slow."""

_BETWEEN_LOOKS: Final = 0.1  # seconds

_HELPER: Final = """
import sys
sys.path[:] = __import__("json").loads(sys.argv[1])
from dedup.compiling import compile_share
compile_share(sys.argv[2], sys.argv[3:])
"""
"""With the modules of the run that starts it, and with none of the folder in which that happens to be."""

_NUMBER: Final = re.compile(r"bool|u?int(8|16|32|64)|float(32|64)")
_ARRAY: Final = re.compile(r"(?P<readonly>readonly )?array\((?P<item>\w+), (?P<n>\d)d, (?P<layout>[ACF])\)")
_TUPLE: Final = re.compile(r"(?P<type>[\w.]+)\((?P<items>.*)\)")


class FirstKernel(NamedTuple):
    """A kernel that the first run calls: its module below dedup.kernels, its name, and the types of its arguments."""

    module: str
    name: str
    arguments: tuple[str, ...]  # as read_type takes them
    seconds: float  # to compile it, where nothing is

    def compile(self) -> None:
        """Compile it, or load it from where numba keeps it."""
        kernel = getattr(importlib.import_module(f"dedup.kernels.{self.module}"), self.name)
        kernel.compile(tuple(read_type(argument) for argument in self.arguments))


def read_first_run() -> list[FirstKernel]:
    """Give what ships in first_run.json."""
    rows = json.loads(FIRST_RUN_PATH.read_text(encoding="utf-8"))
    return [FirstKernel(**{**row, "arguments": tuple(row["arguments"])}) for row in rows]


def read_type(text: str) -> Any:
    """Give the type that is written as numba does it, named tuples with the modules that they are of.

    Raises ValueError if no kernel takes it.
    """
    from numba import types

    join: Any = types.BaseTuple.from_types
    if _NUMBER.fullmatch(text) is not None:
        return getattr(types, "boolean" if text == "bool" else text)
    array, several = _ARRAY.fullmatch(text), _TUPLE.fullmatch(text)
    if array is not None:
        layout: Any = array["layout"]
        return types.Array(read_type(array["item"]), int(array["n"]), layout, readonly=array["readonly"] is not None)
    if several is None:
        raise ValueError(f"no type of a kernel's argument: {text!r}")
    items = [read_type(item) for item in _split_items(several["items"])]
    module, _, name = several["type"].rpartition(".")
    return join(items, getattr(importlib.import_module(module), name) if module else None)


def _split_items(text: str) -> list[str]:
    """Part what commas part outside brackets."""
    items, depth = [""], 0
    for letter in text:
        depth += (letter == "(") - (letter == ")")
        if letter == "," and not depth:
            items.append("")
        else:
            items[-1] += letter
    return [item.strip() for item in items]


def compile_first_kernels(n_processors: int, most_bytes: int) -> None:
    """Have helpers compile the kernels of a first run, if that is worth it, and wait for them.

    They take at most most_bytes together. Of several runs that begin at once on a new machine one has helpers, and
    the others wait for it.
    """
    n_helpers = min(n_processors, MOST_HELPERS, most_bytes // HELPER_BYTES)
    folder = cache_folder()
    is_python = "python" in Path(sys.executable or "").name.lower()  # and no program that Python is built into
    if n_helpers < 2 or folder is None or not is_python or are_compiled():
        return
    deadline = time.monotonic() + _MOST_SECONDS
    with suppress(OSError):  # no locks there, or no processes: what is missing is compiled when it is called
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder / _LOCK_NAME, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o666)
        try:
            while not _try_lock(handle):
                if time.monotonic() > deadline:
                    return
                time.sleep(_BETWEEN_LOOKS)
            if not are_compiled():
                _run_helpers(share_out(read_first_run(), n_helpers), folder, deadline)
        finally:
            os.close(handle)


def share_out(kernels: Iterable[FirstKernel], n_helpers: int) -> list[list[FirstKernel]]:
    """Give each helper its kernels, so that all take about as long."""
    shares: list[list[FirstKernel]] = [[] for _ in range(n_helpers)]
    loads = [0.0] * n_helpers
    for kernel in sorted(kernels, key=lambda kernel: -kernel.seconds):
        least = loads.index(min(loads))
        shares[least].append(kernel)
        loads[least] += kernel.seconds
    return shares


def _run_helpers(shares: list[list[FirstKernel]], folder: Path, deadline: float) -> None:
    """Start a helper for each share, and wait until all have ended; none outlives this."""
    quiet = subprocess.DEVNULL
    helpers: list[subprocess.Popen[bytes]] = []
    try:
        for share in shares:
            names = [f"{kernel.module}.{kernel.name}" for kernel in share]
            command = [sys.executable, "-P", "-c", _HELPER, json.dumps(sys.path), str(folder), *names]
            helpers.append(subprocess.Popen(command, stdin=quiet, stdout=quiet, stderr=quiet))  # noqa: S603
        while any(helper.poll() is None for helper in helpers) and time.monotonic() < deadline:
            time.sleep(_BETWEEN_LOOKS)
    finally:
        for helper in helpers:
            helper.kill()
            helper.wait()


def _try_lock(handle: int) -> bool:
    """Lock an open file; gives False if another process has it locked, and raises OSError where there are no locks."""
    try:
        lock_handle(handle)
    except (BlockingIOError, PermissionError):
        return False
    return True


def compile_share(folder: str, names: list[str]) -> None:
    """Compile the kernels of these names, each with its module, if they are kept in that folder: what a helper does."""
    if cache_folder() != Path(folder):  # the run would not find them
        return
    for kernel in read_first_run():
        if f"{kernel.module}.{kernel.name}" in names:
            kernel.compile()
