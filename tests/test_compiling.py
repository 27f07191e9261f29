"""What a first run compiles is compiled by several processes, and then only loaded."""

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from dedup import compiling
from dedup.compiling import HELPER_BYTES, FirstKernel, compile_first_kernels, read_first_run, read_type, share_out
from dedup.locking import lock_handle

ROOT = Path(__file__).parent.parent

FIRST_RUN = """
import json, sys
from numba.core import event
compiled = []
class Listener(event.Listener):
    def on_start(self, event): compiled.append(event.data["dispatcher"].py_func.__qualname__)
    def on_end(self, event): pass
event.register("numba:compile", Listener())
import dedup
report = dedup.clean_files(["seeds"], sys.argv[1], workers=2, memory="2GB")
print(json.dumps(compiled))
"""


@pytest.mark.skipif(os.environ.get("NUMBA_DISABLE_JIT") == "1", reason="nothing is compiled")
def test_first_run_finds_all_compiled_by_its_helpers(tmp_path: Path) -> None:
    """What ships is what a run needs: helpers leave it nothing to compile; if not: `benchmarks write-first-run`."""
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path / "kernels")}
    command = [sys.executable, "-c", FIRST_RUN, str(tmp_path / "out")]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == []
    assert (tmp_path / "out" / "documents").exists()


@pytest.mark.skipif(os.environ.get("NUMBA_DISABLE_JIT") == "1", reason="nothing is compiled")
def test_helpers_run_nothing_of_the_folder_they_are_started_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder of scraped files may hold a json.py or a numba.py: the command does not import these, nor do helpers."""
    for name in ("json", "numba", "typing", "sitecustomize"):
        (tmp_path / f"{name}.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\nraise SystemExit")
    monkeypatch.chdir(tmp_path)
    ended: list[int] = []

    class Watched(subprocess.Popen):  # type: ignore[type-arg]
        def poll(self) -> int | None:
            code = super().poll()
            ended.extend([code] if code is not None else [])
            return code

    monkeypatch.setattr(subprocess, "Popen", Watched)
    share = [kernel for kernel in read_first_run() if kernel.name == "count_part"]
    compiling._run_helpers([share], tmp_path / "another folder", time.monotonic() + 60)
    assert set(ended) == {0}
    assert not (tmp_path / "ran").exists()


def test_types_are_read_as_they_are_written() -> None:
    """Every type of the file is read, and numba writes it as it stands there."""
    write = pytest.importorskip("benchmarks.first_run").write_type
    written = {argument for kernel in read_first_run() for argument in kernel.arguments}
    assert any(argument.startswith("Tuple(") for argument in written)
    assert any(argument.startswith("readonly array(") for argument in written)
    for argument in written:
        assert write(read_type(argument)) == argument
    with pytest.raises(ValueError, match="no type of a kernel's argument: 'list'"):
        read_type("list")


def test_shares_take_about_as_long() -> None:
    """Each kernel is in one share, and the longest share is the longest kernel here."""
    kernels = [FirstKernel("tokens", f"kernel_{number}", (), seconds) for number, seconds in enumerate((3, 1, 5, 2))]
    shares = share_out(kernels, 2)
    assert sorted(kernel.name for share in shares for kernel in share) == [kernel.name for kernel in kernels]
    assert [sum(kernel.seconds for kernel in share) for share in shares] == [6, 5]


@pytest.mark.parametrize(
    ("n_processors", "most_bytes", "is_compiled"),
    [(1, 8 * HELPER_BYTES, False), (8, 2 * HELPER_BYTES - 1, False), (8, 8 * HELPER_BYTES, True)],
)
def test_no_helper_where_there_is_no_use_or_room(
    monkeypatch: pytest.MonkeyPatch, n_processors: int, most_bytes: int, *, is_compiled: bool
) -> None:
    """One processor, memory for one helper, or kernels that are compiled: nothing is started."""
    monkeypatch.setattr(compiling, "are_compiled", lambda: is_compiled)
    monkeypatch.setattr(subprocess, "Popen", lambda *_, **__: pytest.fail("a helper was started"))
    compile_first_kernels(n_processors, most_bytes)


def test_a_run_without_processes_goes_on(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Where no process can be started, the run compiles what it calls."""

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError("no processes here")

    monkeypatch.setattr(compiling, "are_compiled", lambda: False)
    monkeypatch.setattr(compiling, "cache_folder", lambda: tmp_path)
    monkeypatch.setattr(subprocess, "Popen", refuse)
    compile_first_kernels(2, 8 * HELPER_BYTES)


@pytest.mark.skipif(sys.platform == "win32", reason="a process may lock a file twice there")
def test_runs_that_begin_at_once_wait_for_the_helpers_of_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """While another run has helpers, none are started; when it has ended, there is nothing left to compile."""
    other = os.open(tmp_path / "compiling.lock", os.O_RDWR | os.O_CREAT)
    lock_handle(other)
    is_done = threading.Event()
    monkeypatch.setattr(compiling, "are_compiled", is_done.is_set)
    monkeypatch.setattr(compiling, "cache_folder", lambda: tmp_path)
    monkeypatch.setattr(subprocess, "Popen", lambda *_, **__: pytest.fail("a helper was started"))
    waiting = threading.Thread(target=compile_first_kernels, args=(2, 8 * HELPER_BYTES))
    waiting.start()
    waiting.join(0.3)
    assert waiting.is_alive()
    is_done.set()
    os.close(other)
    waiting.join(10)
    assert not waiting.is_alive()


def test_helpers_end_with_the_run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A run that is stopped while it waits leaves no helper behind."""
    started: list[subprocess.Popen[bytes]] = []

    def start(_: list[str], **options: object) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-c", "import time; time.sleep(60)"]
        started.append(real(command, **options))  # type: ignore[call-overload]
        return started[-1]

    def interrupt(_: float) -> None:
        raise KeyboardInterrupt

    real = subprocess.Popen
    monkeypatch.setattr(compiling, "are_compiled", lambda: False)
    monkeypatch.setattr(compiling, "cache_folder", lambda: tmp_path)
    monkeypatch.setattr(subprocess, "Popen", start)
    monkeypatch.setattr(compiling.time, "sleep", interrupt)
    with pytest.raises(KeyboardInterrupt):
        compile_first_kernels(2, 8 * HELPER_BYTES)
    assert len(started) == 2
    assert all(helper.poll() is not None for helper in started)
