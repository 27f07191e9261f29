"""What the first run of a machine compiles, recorded: `write-first-run` ships it with dedup."""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent


def record_first_run() -> list[dict[str, Any]]:
    """Clean the sample documents where nothing is compiled yet; gives the rows of first_run.json, longest first.

    Each kernel that Python calls: its module below dedup.kernels, name, types of arguments as write_type gives them,
    and the seconds that it took to compile it with all that it calls and no other had called before.
    """
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "NUMBA_CACHE_DIR": str(Path(folder, "kernels"))}
        command = [sys.executable, "-m", "benchmarks.first_run", str(Path(folder, "out"))]
        done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=True)
    rows: list[dict[str, Any]] = json.loads(done.stdout)
    return sorted(rows, key=lambda row: -row["seconds"])


def write_type(argument: Any) -> str:
    """Write a type of numba as dedup.compiling.read_type takes it."""
    from numba import types

    if not isinstance(argument, types.BaseTuple):
        return str(argument)
    items: Any = argument
    named = getattr(argument, "instance_class", None)
    name = f"{named.__module__}.{named.__qualname__}" if named else "Tuple"
    return f"{name}({', '.join(map(write_type, items.types))})"


def print_kernels(target: Path) -> None:
    """Clean the sample documents into a folder, and print what was compiled for it."""
    from numba.core import event

    class Recorder(event.Listener):
        def __init__(self) -> None:
            self.begun: list[float] = []
            self.rows: list[dict[str, Any]] = []

        def on_start(self, event: Any) -> None:
            self.begun.append(time.perf_counter())

        def on_end(self, event: Any) -> None:
            seconds = time.perf_counter() - self.begun.pop()
            kernel = event.data["dispatcher"].py_func
            if self.begun or not kernel.__module__.startswith("dedup.kernels."):
                return
            arguments = [write_type(argument) for argument in event.data["args"]]
            module = kernel.__module__.removeprefix("dedup.kernels.")
            row = {"module": module, "name": kernel.__name__, "arguments": arguments, "seconds": round(seconds, 2)}
            self.rows.append(row)

    import dedup

    recorder = Recorder()
    register: Any = event.register
    register("numba:compile", recorder)
    dedup.clean_files([ROOT / "seeds"], target, workers=1)
    print(json.dumps(recorder.rows))


if __name__ == "__main__":
    print_kernels(Path(sys.argv[1]))
