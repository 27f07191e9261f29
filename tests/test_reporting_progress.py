"""Progress keeps out of the way: nothing in logs but the notice of a slow first run, nothing for short work."""

import io
import time

import pytest

from dedup.reporting import progress
from dedup.reporting.progress import ProgressBar

COMPILING = "compiling kernels (once per machine)"


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        """Claim to be one."""
        return True


def test_log_gets_the_notice_once_and_nothing_else() -> None:
    """Where stderr is a file, only compiling is announced."""
    stream = io.StringIO()
    with ProgressBar(stream) as bar:
        bar("read", 1, 2)
        bar(COMPILING, 0, 0)
        bar(COMPILING, 0, 0)
        bar("match", 2, 2)
    assert stream.getvalue() == f"dedup: {COMPILING} ...\n"


def test_quiet_is_quiet() -> None:
    """Nothing at all, on a terminal either."""
    stream = Terminal()
    with ProgressBar(stream, quiet=True) as bar:
        bar(COMPILING, 0, 0)
        bar("read", 1, 2)
    assert stream.getvalue() == ""


def test_short_work_shows_no_bar() -> None:
    """Work that ends within the waiting time leaves the terminal alone."""
    stream = Terminal()
    with ProgressBar(stream) as bar:
        bar("read", 1, 2)
    assert stream.getvalue() == ""


def test_long_work_shows_its_stage(monkeypatch: pytest.MonkeyPatch) -> None:
    """After the waiting time the latest stage is shown, though no call comes in."""
    monkeypatch.setattr(progress, "SHOWN_AFTER_SECONDS", 0.0)
    monkeypatch.setenv("TERM", "xterm")
    stream = Terminal()
    with ProgressBar(stream) as bar:
        bar("fingerprint", 1, 2)
        deadline = time.monotonic() + 10
        while "fingerprint" not in stream.getvalue() and time.monotonic() < deadline:
            time.sleep(0.01)
        bar("match", 1, 2)
    assert "fingerprint" in stream.getvalue()


def test_error_ends_the_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    """An error passes through, and no thread goes on drawing."""
    monkeypatch.setattr(progress, "SHOWN_AFTER_SECONDS", 0.0)
    stream = Terminal()

    def fail_while_shown() -> None:
        with ProgressBar(stream):
            time.sleep(0.2)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_while_shown()
    drawn = stream.getvalue()
    time.sleep(0.3)
    assert stream.getvalue() == drawn
