"""One run into a folder at a time: a lock that ends with the process, however it ends."""

import errno
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Final

from dedup.disk_space import describe_full_disk, is_no_room
from dedup.errors import DedupError, OutputError
from dedup.placing import clear_leftovers, hidden_path, make_parents, remove_empty
from dedup.sources import describe_os_error

_NO_LOCKS: Final = {errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOLCK, errno.EINVAL}
"""What file systems say that know no locks: some that are mounted over a network."""

_LOCKED_BYTE: Final = 1 << 30  # on Windows nobody else can read what is locked, and who it is stands at the start

_MOST_TRIES: Final = 100  # each fails only if another run ends at that moment


class HeldError(DedupError, RuntimeError):
    """Another run holds a lock; the text of this error says which, in brackets, if that is known."""


@contextmanager
def lock_target(target: str | Path) -> Iterator[None]:
    """Hold `target` for one run, and remove what killed runs left beside it.

    Of a target behind an address it keeps away the runs of this machine and user only; where the file system knows
    no locks there is none, and leftovers stay. Raises OutputError if another run holds it,
    or nothing can be written beside the target.
    """
    path = hidden_path(target, "lock")
    with ExitStack() as stack:
        try:
            is_held = stack.enter_context(hold_lock(path))
        except HeldError as error:
            raise OutputError(
                f"another run{error} is writing to {str(target)!r}; wait until it has ended, or choose another folder"
            ) from None
        except OSError as error:
            is_full = is_no_room(error)
            fact = describe_full_disk(path.parent, error) if is_full else describe_os_error(error)
            raise OutputError(f"cannot write {str(target)!r}: {fact}; nothing was changed") from error
        if is_held:
            clear_leftovers(target)
        yield


@contextmanager
def hold_lock(path: Path) -> Iterator[bool]:
    """Hold the lock file at `path`, which is there only so long; gives whether the file system knows locks.

    The system lets go of it when the process ends in any way. Raises HeldError if another run
    holds it, OSError if the file cannot be made.
    """
    made: list[Path] = []
    try:
        handle = _open_locked(path, made)
        try:
            yield handle is not None
        finally:
            if handle is not None:
                _unlock(path, handle)
    finally:
        remove_empty(made)


def _open_locked(path: Path, made: list[Path]) -> int | None:
    """Give the open lock file, locked, or None where there are no locks; adds the folders that it made to `made`."""
    flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
    for is_last in (False,) * _MOST_TRIES + (True,):
        try:
            made[:0] = make_parents(path.parent)
            handle = os.open(path, flags, 0o666)
        except (FileNotFoundError, FileExistsError):
            if is_last:
                raise
            continue  # a run that ended has just removed the empty folder, or did while it was looked at
        try:
            lock_handle(handle)
            if _is_at(handle, path):
                _write_holder(handle)
                return handle
        except OSError as error:
            if error.errno in _NO_LOCKS:
                os.close(handle)
                path.unlink(missing_ok=True)
                return None
            holder = _read_holder(handle)
            os.close(handle)
            if error.errno in (errno.EACCES, errno.EAGAIN, errno.EDEADLK):
                raise HeldError(holder) from None
            raise
        os.close(handle)  # of a run that has just ended: its file is gone, and so is the lock on it
    raise HeldError


def _unlock(path: Path, handle: int) -> None:
    """Remove the lock file and let go of it."""
    if sys.platform == "win32":  # which removes no open files; if another run has opened it by now, it stays
        os.close(handle)
        with suppress(OSError):
            path.unlink()
        return
    with suppress(OSError):
        path.unlink()  # first, so that nobody gets a lock on a file that then goes
    os.close(handle)


def lock_handle(handle: int) -> None:
    """Lock an open file until it is closed; raises OSError if another process, or this one, has it locked."""
    if sys.platform == "win32":
        import msvcrt

        os.lseek(handle, _LOCKED_BYTE, os.SEEK_SET)
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _is_at(handle: int, path: Path) -> bool:
    """Say whether the open file is still the one at the path."""
    try:
        return os.path.samestat(os.fstat(handle), path.stat())
    except FileNotFoundError:
        return False


def _write_holder(handle: int) -> None:
    with suppress(OSError):  # a full disk keeps nobody from holding the lock
        os.lseek(handle, 0, os.SEEK_SET)
        os.truncate(handle, 0)
        os.write(handle, f"process {os.getpid()} on {socket.gethostname()}".encode())


def _read_holder(handle: int) -> str:
    """Give the process that holds the lock, in brackets, if it says so."""
    with suppress(OSError):
        os.lseek(handle, 0, os.SEEK_SET)
        found = os.read(handle, 200).decode("utf-8", "replace")
        if found.isprintable() and found:
            return f" ({found})"
    return ""
