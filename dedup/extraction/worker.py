"""The process that extracts pages, one after the other; nothing that goes wrong with a page costs more than that page.

dedup.extraction.pool starts it with START as its program. It imports no more of
dedup than extraction needs, and nothing of the program that uses dedup.
"""

import contextlib
import faulthandler
import os
import pickle
import signal
import sys
from dataclasses import astuple, dataclass
from typing import Any, BinaryIO, Final

from dedup.extraction.pages import Extracted, Page, PageError

START: Final = (
    "import pickle, sys; sys.path[:] = pickle.load(sys.stdin.buffer); from dedup.extraction.worker import run; run()"
)
"""What Python is given to run. The modules of the process are those of its parent, wherever they are."""

MOST_MEMORY_GB: Final = 4
"""Address space of a process. A machine short of memory swaps, which stops everything, or has the system
kill what it likes, at about this size: one page is not worth either. Pages of 50 MB take 1 GB."""

_ORPHAN_SECONDS: Final = 60.0
"""How much later than its parent would a process ends itself: the parent must be gone, or it had done so."""

_TRIAL_PAGE: Final = Page(
    b"<!DOCTYPE html><html><body><p>One page to import all that extraction needs.</p></body></html>"
)


@dataclass(frozen=True, slots=True)
class Task:
    """How every page is extracted, and for how long at most."""

    extractor: str
    encoding_errors: str
    page_seconds: float


def run() -> None:
    """Answer each (page, encoding) from standard input with (outcome, is_last); end where the input does.

    The Task comes first. The first answer is None once all is imported, or what kept that from succeeding.
    """
    with contextlib.suppress(ValueError):
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which then ends this
    pages, answers = sys.stdin.buffer, _take_standard_output()
    task: Task = _receive(pages)
    try:
        from dedup.extraction.extractors import extract_page

        extract_page(_TRIAL_PAGE, task.extractor, None, task.encoding_errors)
    except Exception as error:
        _send(_describe(error), answers)
        return
    _limit_memory()
    _send(None, answers)
    while True:
        try:
            page, encoding = _receive(pages)
        except EOFError:
            return
        # needs no interpreter, which a parser written in C may hold on to
        faulthandler.dump_traceback_later(min(task.page_seconds, 1e9) + _ORPHAN_SECONDS, exit=True)
        outcome, is_last = _extract(page, encoding, task)
        faulthandler.cancel_dump_traceback_later()
        _send((outcome, is_last), answers)
        if is_last:
            return


def _extract(page: Page, encoding: str | None, task: Task) -> tuple[Extracted | PageError, bool]:
    """Give what becomes of a page, and whether this process had better not see another."""
    from dedup.extraction.extractors import extract_page

    try:
        found = extract_page(page, task.extractor, encoding, task.encoding_errors)
        for value in astuple(found):
            if isinstance(value, str):
                value.encode()  # half a surrogate pair has no place in any output
    except PageError as error:
        return error, False
    except MemoryError:
        return PageError(f"out of memory: a page gets {MOST_MEMORY_GB} GB, or what the system leaves of that"), True
    except RecursionError:
        return PageError("the page is nested too deep to be extracted"), False
    except Exception as error:
        return PageError(f"the extractor failed: {_describe(error)}"), False
    return found, False


def _describe(error: Exception) -> str:
    """Give type and first line of an error."""
    first = next(iter(str(error).strip().splitlines()), "")[:200]
    return f"{type(error).__name__}: {first}" if first else type(error).__name__


def _take_standard_output() -> BinaryIO:
    """Give standard output as ours alone: what a library prints goes where its errors go."""
    ours = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return ours


def _limit_memory() -> None:
    """Make an allocation past MOST_MEMORY_GB fail; where the system cannot, a page may take what there is."""
    try:
        import resource
    except ImportError:  # Windows
        return
    most = MOST_MEMORY_GB << 30
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    most = most if hard == resource.RLIM_INFINITY else min(most, hard)
    with contextlib.suppress(OSError, ValueError):  # macOS
        resource.setrlimit(resource.RLIMIT_AS, (most, hard))


def _receive(stream: BinaryIO) -> Any:
    return pickle.load(stream)  # noqa: S301 - the parent wrote it


def _send(answer: Any, stream: BinaryIO) -> None:
    pickle.dump(answer, stream, pickle.HIGHEST_PROTOCOL)
    stream.flush()
