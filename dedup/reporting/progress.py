"""Progress of long work on a terminal; the library itself only calls back."""

import threading
from collections.abc import Callable
from types import TracebackType
from typing import Final, Self, TextIO

SHOWN_AFTER_SECONDS: Final = 1.0
"""Work that ends sooner shows no bar at all."""

NOTICE_PREFIXES: Final = ("compiling", "going on with", "staging in")
"""A stage that begins so is announced at once, also in a log: it tells why a run is slow, or what it leaves behind."""


class ProgressBar:
    """A line on `stream` that follows `on_progress` calls; only notices where the stream is no terminal.

    Use as a context manager; the object is the callback.
    """

    def __init__(self, stream: TextIO, quiet: bool = False) -> None:
        """Store where to write and whether to write at all."""
        self._stream = stream
        self._quiet = quiet
        self._lock = threading.Lock()
        self._timer = threading.Timer(SHOWN_AFTER_SECONDS, self._show)
        self._timer.daemon = True
        self._latest = ("", 0, 0)
        self._noticed: set[str] = set()
        self._update: Callable[[str, int, int], None] | None = None
        self._stop: Callable[[], None] | None = None
        self._ended = False

    def __enter__(self) -> Self:
        """Begin to wait for work long enough to show."""
        if not self._quiet and self._stream.isatty():
            self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Wipe the bar."""
        self._timer.cancel()
        with self._lock:
            self._ended = True
            if self._stop is not None:
                self._stop()

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Take note that `done` of `total` (0: unknown) of a stage is done."""
        if self._quiet:
            return
        if stage.startswith(NOTICE_PREFIXES) and stage not in self._noticed:
            self._noticed.add(stage)
            self._stream.write(f"dedup: {stage} ...\n")
            self._stream.flush()
        with self._lock:
            self._latest = (stage, done, total)
            if self._update is not None:
                self._update(*self._latest)

    def _show(self) -> None:
        """Put the bar on the terminal; runs in the timer's thread."""
        # imported here: rich costs a tenth of a second that short runs need not pay
        from rich.console import Console
        from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

        progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            TimeElapsedColumn(),
            console=Console(file=self._stream),
            transient=True,
        )
        task = progress.add_task("", total=None)

        def update(stage: str, done: int, total: int) -> None:
            progress.update(task, description=stage, completed=done, total=total or None)

        with self._lock:
            if self._ended:
                return
            progress.start()
            self._update, self._stop = update, progress.stop
            update(*self._latest)
