"""`python watch.py FIGURES SECONDS COMMAND...`: runs a command and writes what all its processes took, to the last one.

A process of its own, small and without imports beyond the standard library, because it adopts what the command
leaves behind: workers of a fork server, say, whose parent is not the command. Linux only.
"""

import ctypes
import json
import os
import resource
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

SECONDS_BETWEEN_SAMPLES = 0.05
SECONDS_FOR_ORPHANS = 30.0

_SET_CHILD_SUBREAPER = 36  # of prctl(2)


def main(figures_file: str, most_seconds: float, command: list[str]) -> None:
    """Run the command; write exit code, wall and CPU seconds and peak memory as JSON.

    CPU is user and system time of all processes below this one. Memory is the most that their resident
    memories came to together, sampled; what processes share counts once for each. A command that takes
    longer than `most_seconds` is killed, and its exit code is null.
    """
    ctypes.CDLL(None).prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    begun = time.perf_counter()
    child = subprocess.Popen(command)
    peak_mb, exit_code, wall_seconds = 0.0, None, 0.0
    give_up_at = begun + most_seconds
    while True:
        below = processes_below(os.getpid())
        peak_mb = max(peak_mb, memory_mb(below))
        pid, status = _reap()
        if pid < 0:
            break
        if pid == child.pid:
            wall_seconds = time.perf_counter() - begun
            exit_code = child.returncode = os.waitstatus_to_exitcode(status)
            give_up_at = time.perf_counter() + SECONDS_FOR_ORPHANS
        elif pid == 0:
            if time.perf_counter() > give_up_at:
                _kill(below)
            time.sleep(SECONDS_BETWEEN_SAMPLES)
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    if wall_seconds > most_seconds:
        exit_code = None
    figures = {
        "exit_code": exit_code,
        "wall_seconds": round(wall_seconds, 3),
        "cpu_seconds": round(usage.ru_utime + usage.ru_stime, 3),
        "peak_memory_mb": round(max(peak_mb, usage.ru_maxrss / 1024), 1),
    }
    Path(figures_file).write_text(json.dumps(figures), encoding="utf-8")


def processes_below(root: int) -> list[int]:
    """Give the processes that descend from one, without itself."""
    found, waiting = [], [root]
    while waiting:
        pid = waiting.pop()
        with suppress(OSError):  # ended meanwhile
            for task in Path(f"/proc/{pid}/task").iterdir():
                waiting += [int(child) for child in (task / "children").read_text().split()]
        found.append(pid)
    return found[1:]


def memory_mb(processes: list[int]) -> float:
    """Give the resident memory of processes together."""
    n_pages = 0
    for pid in processes:
        with suppress(OSError):
            n_pages += int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return n_pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def _reap() -> tuple[int, int]:
    """Give a process that has ended and its status; 0 if none has, -1 if there is none left."""
    try:
        return os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        return -1, 0


def _kill(processes: list[int]) -> None:
    for pid in processes:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]), sys.argv[3:])
