"""A command watched while it runs: memory of all its processes, folders that grow, limits at which it is killed.

Memory comes from /proc, so Linux only. RSS counts pages that processes share once for each of them, and pages of
mapped files too; PSS divides shared pages among those who share them; USS has only what is nobody else's.
"""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from benchmarks.measurements import PROJECT

DEDUP: Final = "from dedup.cli import main; main()"
MB: Final = 1e6

_SMAPS: Final = {"Rss:": 0, "Pss:": 1, "Private_Clean:": 2, "Private_Dirty:": 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """Memory of a tree of processes, in bytes, summed over them; PSS and USS are 0 where the kernel tells neither.

    `main` is the RSS of the first of them; `high_water` sums the largest RSS that each process has had so far, at
    whatever time.
    """

    n_processes: int
    main: int
    rss: int
    pss: int
    uss: int
    high_water: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One look: seconds since the start, memory, and bytes in each watched folder."""

    seconds: float
    memory: Memory
    folders: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """A command that has ended. CPU counts its processes that ended by themselves; `stopped` is why we killed it."""

    exit_code: int  # below 0: the signal it died of
    message: str  # what it wrote to standard error
    wall_seconds: float
    cpu_seconds: float
    samples: list[Sample]
    stopped: Literal["time", "memory"] | None

    def peak(self, figure: Callable[[Memory], int]) -> float:
        """Give the largest value of a figure of memory over all samples, in MB."""
        return round(max((figure(sample.memory) for sample in self.samples), default=0) / MB, 1)


def watch_python(
    code: str,
    arguments: Sequence[str],
    *,
    sizes: Callable[[], tuple[int, ...]] = tuple,
    interval: float = 0.5,
    most_seconds: float | None = None,
    most_mb: float | None = None,
    environment: Mapping[str, str] | None = None,
) -> Watched:
    """Run Python code in a process of its own, look at it every `interval` seconds, give what was seen.

    `sizes` gives bytes of the folders to watch. At either limit, of time or of RSS, all its processes
    are killed with SIGKILL; the limit of time is kept to a few milliseconds.
    """
    begun = time.perf_counter()
    child = subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        env={**os.environ, "PYTHONPATH": str(PROJECT), **(environment or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,  # its number is that of the session, by which all processes are found and killed
    )
    assert child.stderr is not None
    samples: list[Sample] = []
    stopped: list[Literal["time", "memory"]] = []
    is_over = threading.Event()

    def look() -> None:
        while True:
            seconds = time.perf_counter() - begun
            samples.append(Sample(seconds=round(seconds, 3), memory=read_memory(child.pid), folders=sizes()))
            if most_mb is not None and samples[-1].memory.rss > most_mb * MB:
                stopped.append("memory")
                kill_session(child.pid)
            left = float("inf") if most_seconds is None else most_seconds - (time.perf_counter() - begun)
            if is_over.wait(max(min(interval, left), 0.0)):
                return
            if most_seconds is not None and time.perf_counter() - begun >= most_seconds:
                stopped.append("time")
                kill_session(child.pid)

    looking = threading.Thread(target=look, daemon=True)
    looking.start()
    try:
        message = child.stderr.read().decode(errors="replace")
    finally:
        # also when we are interrupted; looking on would be at another's processes once the number is used again
        is_over.set()
        looking.join()
        if sys.exc_info()[0] is not None:
            kill_session(child.pid)
    _, status, usage = os.wait4(child.pid, 0)
    wall_seconds = time.perf_counter() - begun
    child.returncode = os.waitstatus_to_exitcode(status)
    child.stderr.close()
    return Watched(
        exit_code=child.returncode,
        message=message.strip(),
        wall_seconds=round(wall_seconds, 3),
        cpu_seconds=round(usage.ru_utime + usage.ru_stime, 3),
        samples=samples,
        stopped=stopped[0] if stopped else None,
    )


def read_memory(pid: int) -> Memory:
    """Give the memory of a process, of all below it and of all of its session; 0 for what has ended."""
    members = _members(pid)
    totals = [0, 0, 0]
    main = high_water = 0
    for member in members:
        of_member = _read_smaps(member)
        main = of_member[0] if member == pid else main
        totals = [total + size for total, size in zip(totals, of_member, strict=True)]
        high_water += max(_read_high_water(member), of_member[0])
    return Memory(
        n_processes=len(members), main=main, rss=totals[0], pss=totals[1], uss=totals[2], high_water=high_water
    )


def kill_session(pid: int) -> None:
    """Kill every process that was started below the leader of a session, with SIGKILL."""
    for member in _members(pid):
        with suppress(ProcessLookupError):
            os.kill(member, signal.SIGKILL)


def folder_bytes(folder: Path) -> int:
    """Give the size of all files under a folder, 0 where there is none; what vanishes meanwhile does not count."""
    total = 0
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                with suppress(OSError):
                    if entry.is_dir(follow_symlinks=False):
                        total += folder_bytes(Path(entry.path))
                    else:
                        total += entry.stat(follow_symlinks=False).st_size
    except OSError:
        return total
    return total


def _members(pid: int) -> list[int]:
    parents, sessions = {}, {}
    for entry in os.scandir("/proc"):
        if entry.name.isdigit():
            with suppress(OSError):
                stat = Path(entry.path, "stat").read_bytes().rpartition(b") ")[2].split()
                parents[int(entry.name)], sessions[int(entry.name)] = int(stat[1]), int(stat[3])
    found = {member for member, session in sessions.items() if pid in (session, member)}
    waiting = list(found)
    while waiting:
        above = waiting.pop()
        below = [member for member, parent in parents.items() if parent == above and member not in found]
        found.update(below)
        waiting += below
    return sorted(found)


def _read_smaps(pid: int) -> list[int]:
    """Give RSS, PSS and USS of a process in bytes."""
    sizes = [0, 0, 0]
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii", errors="replace").splitlines()[1:]:
            name, size = line.split()[:2]
            if name in _SMAPS:
                sizes[_SMAPS[name]] += int(size) * 1024
    except OSError:
        with suppress(OSError):
            pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
            sizes[0] = pages * os.sysconf("SC_PAGE_SIZE")
    return sizes


def _read_high_water(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:")), 0)
