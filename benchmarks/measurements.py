"""What a benchmark leaves: its figures as JSON, with the command, the machine and the versions that gave them."""

import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any, Final

PROJECT: Final = Path(__file__).resolve().parent.parent
RESULTS: Final = Path(__file__).resolve().parent / "results"

_PACKAGES: Final = ("pyarrow", "numpy", "numba", "datasketch")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What one child process took. CPU counts all its threads, user and system."""

    wall_seconds: float
    cpu_seconds: float
    peak_memory_mb: float


class BenchmarkError(RuntimeError):
    """A benchmark that cannot go on: a command failed, or something it needs is not there."""


def run_dedup(arguments: list[str], environment: Mapping[str, str] | None = None) -> Cost:
    """Run the `dedup` command of this checkout; give what it took.

    Raises BenchmarkError with the command's own message if it fails.
    """
    return run_python("from dedup.cli import main; main()", arguments, environment)


def run_python(code: str, arguments: list[str], environment: Mapping[str, str] | None = None) -> Cost:
    """Run Python code in a process of its own; give what it took.

    Peak memory is the kernel's figure, which can be no less than this process has
    in use: a benchmark of memory imports nothing large.
    """
    variables = {**os.environ, "PYTHONPATH": str(PROJECT), **(environment or {})}
    variables.pop("PYTHONDONTWRITEBYTECODE", None)  # or it would compile its modules, which are compiled when installed
    begun = time.perf_counter()
    child = subprocess.Popen(
        [sys.executable, "-c", code, *arguments], env=variables, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    assert child.stderr is not None
    message = child.stderr.read().decode(errors="replace")
    _, status, usage = os.wait4(child.pid, 0)
    wall_seconds = time.perf_counter() - begun
    child.returncode = os.waitstatus_to_exitcode(status)
    child.stderr.close()
    if child.returncode:
        raise BenchmarkError(f"{arguments[:1]} ended with code {child.returncode}:\n{message.strip()}")
    return Cost(
        wall_seconds=round(wall_seconds, 3),
        cpu_seconds=round(usage.ru_utime + usage.ru_stime, 3),
        peak_memory_mb=round(usage.ru_maxrss / 1024, 1),  # kilobytes on Linux
    )


def machine() -> dict[str, Any]:
    """Give what a figure depends on besides the code: processor, memory, system, versions, commit."""
    versions = {name: metadata.version(name) for name in _PACKAGES}
    return {
        "processor": _processor(),
        "n_cores": os.cpu_count(),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        **versions,
        "commit": _commit(),
    }


def write_result(path: Path, benchmark: str, command: str, figures: Mapping[str, Any]) -> None:
    """Write figures as JSON, with the benchmark's name, command and machine."""
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {"benchmark": benchmark, "command": command, "machine": machine(), **figures}
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def command_line(arguments: list[str]) -> str:
    """Give the command as anyone would type it: paths cut down to file names."""
    return " ".join(["python -m benchmarks", *(argument.rsplit("/", 1)[-1] for argument in arguments)])


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


def _commit() -> str:
    """Give the commit of the checkout, with '+' if the package differs from it; 'unknown' outside a checkout."""
    try:
        commit = _git("rev-parse", "--short=12", "HEAD")
        return commit + ("+" if _git("status", "--porcelain", "--", "dedup") else "")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def _git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=PROJECT, check=True, capture_output=True, text=True).stdout.strip()
