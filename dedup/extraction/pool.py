"""Pages to outcomes in processes of their own, which may hang, crash or take too much memory.

The processes are plain ones, with their pipes: those of multiprocessing would import
the user's program a second time, or copy a process whose threads hold locks.
"""

import contextlib
import math
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Any, Final, Self

from dedup.errors import ExtractionError
from dedup.extraction.pages import Extracted, Page, PageError
from dedup.extraction.worker import START, Task
from dedup.settings import Settings

Outcome = Extracted | PageError
"""What becomes of a page."""

_TRIES: Final = 2
"""A page whose process died is tried again: the system may have killed the process for the memory of another."""

_START_SECONDS: Final = 300.0
"""Imports take half a second, on a cold network disk perhaps a hundred times that."""

_END_SECONDS: Final = 10.0

_ENVIRONMENT: Final = {
    "PYTHONHASHSEED": "0",  # sets are in the same order in every process
    # one thread each: the processes share the processors already, and sums come out the same everywhere
    **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"), "1"),
}

_DEATHS: Final = {
    "SIGSEGV": "crashed (SIGSEGV, a memory error of the parser)",
    "SIGBUS": "crashed (SIGBUS, a memory error of the parser)",
    "SIGABRT": "aborted itself (SIGABRT), as parsers do that get no memory",
    "SIGKILL": "was killed (SIGKILL), perhaps because the machine ran out of memory",
}


class ExtractionPool:
    """As many processes as there are workers, started when pages come; use as a context manager.

    Raises ExtractionError, from a future's result, if processes cannot be started at all.
    """

    def __init__(self, settings: Settings) -> None:
        """Store what to do, and nothing else: a pool that gets no page costs nothing."""
        self._n_workers = settings.n_workers
        self._task = Task(settings.extractor, settings.encoding_errors, settings.page_seconds)
        self._watchdog = _Watchdog()
        self._threads: ThreadPoolExecutor | None = None
        self._lock = threading.Lock()
        self._idle: list[_Process] = []
        self._alive: set[_Process] = set()
        self._is_over = False

    def __enter__(self) -> Self:
        """Wait for pages."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End all processes; pages not yet extracted are given up."""
        with self._lock:
            self._is_over = True
            for process in self._alive:
                process.kill()
        if self._threads is not None:
            self._threads.shutdown(cancel_futures=True)
        for process in list(self._alive):
            self._end(process)
        self._watchdog.stop()

    def submit(self, page: Page, encoding: str | None = None) -> "Future[Outcome]":
        """Give what will hold the outcome of a page; `encoding`, if any, is the user's word for what it is in."""
        if self._threads is None:
            # a thread a process: it waits for answers, and starts no process before its first page
            self._threads = ThreadPoolExecutor(self._n_workers, thread_name_prefix="dedup-extraction")
        return self._threads.submit(self._extract, page, encoding)

    def _extract(self, page: Page, encoding: str | None) -> Outcome:
        ending = ""
        for _ in range(_TRIES):
            process = self._take()
            self._watchdog.watch(process, self._task.page_seconds)
            answer: tuple[Outcome, bool] | None
            try:
                answer = process.ask((page, encoding))
            except _ProcessDiedError:
                answer = None
            is_late = self._watchdog.release(process)
            if answer is not None and not answer[1] and not is_late:
                self._idle.append(process)
                return answer[0]
            ending = self._end(process)
            if answer is not None:
                return answer[0]
            if is_late:
                return PageError(
                    f"the page took longer than {self._task.page_seconds:g} s to extract; "
                    "--page-seconds (page_seconds) gives it more"
                )
        return PageError(f"the process that extracted the page {ending}")

    def _take(self) -> "_Process":
        """Give an idle process, or a new one."""
        while True:
            try:
                process = self._idle.pop()
            except IndexError:
                return self._start()
            if process.is_alive():
                return process
            self._end(process)

    def _start(self) -> "_Process":
        if getattr(sys, "frozen", False):  # sys.executable is the program itself, and would start it again
            raise ExtractionError("pages are extracted by processes of Python's own, which a frozen program has not")
        with self._lock:
            if self._is_over:
                raise ExtractionError("pages were given up because the run ends")
            try:
                process = _Process()
            except OSError as error:
                raise ExtractionError(
                    f"no process to extract pages in can be started with {sys.executable!r}: {error.strerror}"
                ) from None
            self._alive.add(process)
        self._watchdog.watch(process, _START_SECONDS)
        try:
            process.tell([entry for entry in sys.path if isinstance(entry, str)])
            fault = process.ask(self._task)
        except _ProcessDiedError:
            fault = f"it {self._end(process)}"
        finally:
            self._watchdog.release(process)
        if fault is not None:
            self._end(process)
            raise ExtractionError(f"no process to extract pages in can be started with {sys.executable!r}: {fault}")
        return process

    def _end(self, process: "_Process") -> str:
        """Have a process gone, and say how it ended."""
        ending = process.end()
        with self._lock:
            self._alive.discard(process)
        return ending


class _ProcessDiedError(Exception):
    """A process that gave no answer."""


class _Process:
    """A process and the pipes to it."""

    def __init__(self) -> None:
        """Start the process."""
        self._child = subprocess.Popen(  # noqa: S603 - Python itself
            [sys.executable or "python", "-P", "-X", "utf8", "-c", START],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, **_ENVIRONMENT},
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )

    def tell(self, message: Any) -> None:
        assert self._child.stdin is not None
        try:
            pickle.dump(message, self._child.stdin, pickle.HIGHEST_PROTOCOL)
            self._child.stdin.flush()
        except OSError:
            raise _ProcessDiedError from None

    def ask(self, message: Any) -> Any:
        self.tell(message)
        assert self._child.stdout is not None
        try:
            return pickle.load(self._child.stdout)  # noqa: S301 - our own process wrote it
        except (OSError, EOFError, pickle.UnpicklingError):
            raise _ProcessDiedError from None

    def is_alive(self) -> bool:
        return self._child.poll() is None

    def kill(self) -> None:
        self._child.kill()

    def end(self) -> str:
        """Wait until the process is gone, and say how it ended."""
        for pipe in (self._child.stdin, self._child.stdout):
            assert pipe is not None
            with contextlib.suppress(OSError):  # what was not read goes nowhere
                pipe.close()
        try:
            code = self._child.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            self._child.kill()
            code = self._child.wait()
        if code >= 0:
            return f"ended with exit code {code}"
        try:
            name = signal.Signals(-code).name
        except ValueError:
            name = f"signal {-code}"
        return _DEATHS.get(name, f"was ended by {name}")


class _Watchdog:
    """A thread that kills processes which are still watched when their time is up."""

    def __init__(self) -> None:
        """Store nothing yet; the thread starts with the first process to watch."""
        self._changed = threading.Condition()
        self._deadlines: dict[_Process, float] = {}
        self._wakes = math.inf  # when the thread looks again
        self._thread: threading.Thread | None = None
        self._is_over = False

    def watch(self, process: _Process, seconds: float) -> None:
        """Kill the process in so many seconds."""
        with self._changed:
            deadline = time.monotonic() + seconds
            self._deadlines[process] = deadline
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="dedup-extraction-watchdog", daemon=True)
                self._thread.start()
            elif deadline < self._wakes:
                self._changed.notify()

    def release(self, process: _Process) -> bool:
        """Watch no longer; say whether it was too late, and the process killed."""
        with self._changed:
            return self._deadlines.pop(process, None) is None

    def stop(self) -> None:
        """End the thread."""
        with self._changed:
            self._is_over = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        with self._changed:
            while not self._is_over:
                now = time.monotonic()
                for process in [found for found, deadline in self._deadlines.items() if deadline <= now]:
                    del self._deadlines[process]
                    process.kill()
                self._wakes = min(self._deadlines.values(), default=math.inf)
                self._changed.wait(min(self._wakes - now, threading.TIMEOUT_MAX))
