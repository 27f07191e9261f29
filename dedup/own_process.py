"""What the command sets up for the process that is its own: a library leaves all of this to the program around it."""

import ctypes
import gc
import os
import sys
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import Final

NEW_OBJECTS_BETWEEN_SEARCHES: Final = 50_000
"""How seldom Python looks for garbage: imports make some 100,000 objects that all stay, and at its own pace of 700
the search takes a tenth of a short run."""

NOT_NEEDED: Final = frozenset({"pandas", "scipy"})
"""Packages that nothing a command does needs, yet others import where they are installed: pyarrow to see whether a
list is a series of pandas, numba to see whether there is linear algebra. A third of a second, of a short run half."""

ALLOCATOR: Final = ("ARROW_DEFAULT_MEMORY_POOL", "system")
"""The environment variable by which pyarrow is told where to get memory, unless it says already, and what it is told
where that is the GNU library. Its own choice asks for huge pages, and clearing those took a tenth of a run's time."""

ALGEBRA: Final = ("OPENBLAS_NUM_THREADS", "1")
"""The same for how many threads NumPy's linear algebra starts when it is imported. They wait for work by asking for it
over and over, a tenth of a second each, and nothing here has any for them."""

_TRIM_THRESHOLD: Final = -1  # numbers of malloc.h
_MMAP_THRESHOLD: Final = -3
_ARENA_MAX: Final = -8

_KEPT_BYTES: Final = 512 << 20
_LARGE_BYTES: Final = 64 << 20
_KEPT_SHARE: Final = 1 / 16
_LARGE_SHARE: Final = 1 / 128
"""What is kept when it is freed, and what block is so large that it is not, at most, and of what a run may use."""

_LEAST_BYTES: Final = 8 << 20
"""Of either, however little a run may use: to ask the system for each small block would take longer than all else."""

_keeps_memory = False


def set_up_process() -> None:
    """Set up what lasts: to be called before anything slow is imported."""
    sys.meta_path.insert(0, _NotNeeded())
    os.environ.setdefault(*ALGEBRA)
    if "CS_GNU_LIBC_VERSION" in getattr(os, "confstr_names", {}):
        os.environ.setdefault(*ALLOCATOR)
        if not any(name.startswith("MALLOC_") or name == "GLIBC_TUNABLES" for name in os.environ):
            _keep_memory()


def keep_memory_within(n_bytes: int) -> None:
    """Have a run that may use so many bytes keep a share of them; nothing where set_up_process left memory alone.

    With 2 GB for 10 GB of text the peak is 100 MB lower; where there is memory for all, it would cost a twentieth.
    """
    if _keeps_memory:
        large = min(_LARGE_BYTES, max(_LEAST_BYTES, int(_LARGE_SHARE * n_bytes)))
        kept = min(_KEPT_BYTES, max(_LEAST_BYTES, int(_KEPT_SHARE * n_bytes)))
        _set_allocator((_MMAP_THRESHOLD, large), (_TRIM_THRESHOLD, kept))


def search_seldom_for_garbage() -> None:
    """Have Python look for garbage at the pace of NEW_OBJECTS_BETWEEN_SEARCHES."""
    gc.set_threshold(NEW_OBJECTS_BETWEEN_SEARCHES, *gc.get_threshold()[1:])


def open_closed_streams() -> None:
    """Have nothing behind standard streams that are closed (`>&-`, services): files would take their numbers."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115 - for as long as we live


def leave_garbage() -> None:
    """Have Python not look through all objects for garbage, twice, before it exits: a quarter of a second."""
    gc.freeze()


class _NotNeeded:
    """Finds none of the packages in NOT_NEEDED, so that who asks for one gets the answer that it is not installed."""

    @staticmethod
    def find_spec(name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        """Raise ModuleNotFoundError for them, and leave any other to the finders that follow."""
        if name in NOT_NEEDED:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return None


def _keep_memory() -> None:
    """Have the GNU library keep some of what is freed, for threads to share: a heap for each processor, not eight.

    What it gives back is asked for again, page by page, with the next shard; that, and heaps that each keep what
    others could use, took a twentieth of a run's time and a sixth of its memory.
    """
    global _keeps_memory  # noqa: PLW0603 - of the process, as what it is told
    _keeps_memory = True
    _set_allocator((_ARENA_MAX, os.cpu_count() or 1), (_MMAP_THRESHOLD, _LARGE_BYTES), (_TRIM_THRESHOLD, _KEPT_BYTES))


def _set_allocator(*options: tuple[int, int]) -> None:
    set_option = getattr(ctypes.CDLL(None), "mallopt", None)
    if set_option is not None:
        for number, value in options:
            set_option(number, value)
