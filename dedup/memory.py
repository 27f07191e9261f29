"""How much memory a run may use, and what of it is for what."""

import ctypes
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pyarrow as pa

from dedup.settings import Settings

DEFAULT_SHARE: Final = 0.5
"""Of the machine's memory, or of what its container may use, where the settings do not say."""

LIBRARIES_BYTES: Final = 350_000_000
"""What Python, Arrow and the compiled kernels take before there is a document."""

_HELD_SHARE: Final = 0.4  # a run in memory needs about as much again for columns, matches and tables
_PHASE_SHARE: Final = 0.35
_LEAST_PHASE_BYTES: Final = 64 << 20
_SHARD_SHARE: Final = 1 / 48  # of two workers some five are on their way, each with arrays of several times its text
_MOST_SHARD_BYTES: Final = 32 << 20
_CONTROL_GROUPS: Final = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")


@dataclass(frozen=True, slots=True)
class Budget:
    """Bytes for what takes much: shards kept in memory, arrays of one phase, text of a shard that goes to disk."""

    held_bytes: int
    phase_bytes: int
    shard_bytes: int


def free_bytes(settings: Settings) -> int:
    """Give what the settings, or the machine, allow beyond what the libraries take."""
    return max(0, (settings.memory or int(DEFAULT_SHARE * machine_memory())) - LIBRARIES_BYTES)


def plan_memory(settings: Settings) -> Budget:
    """Part what the settings, or the machine, allow."""
    free = free_bytes(settings)
    return Budget(
        held_bytes=int(_HELD_SHARE * free),
        phase_bytes=max(_LEAST_PHASE_BYTES, int(_PHASE_SHARE * free)),
        shard_bytes=max(settings.batch_bytes, min(_MOST_SHARD_BYTES, int(_SHARD_SHARE * free))),
    )


def give_back() -> None:
    """Return to the system what is free: allocators keep what a stage had, and the next would come on top of it."""
    pa.default_memory_pool().release_unused()
    with suppress(AttributeError, OSError, TypeError):  # only the GNU library has it
        ctypes.CDLL(None).malloc_trim(0)


def machine_memory() -> int:
    """Give the bytes of memory that this process can have at most."""
    sizes = []
    with suppress(OSError, ValueError, AttributeError):
        sizes.append(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    for name in _CONTROL_GROUPS:
        with suppress(OSError, ValueError):  # ValueError: "max"
            sizes.append(int(Path(name).read_text(encoding="ascii")))
    return min(sizes, default=4_000_000_000)
