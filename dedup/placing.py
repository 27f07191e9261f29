"""A folder that takes its place whole or not at all; until then it is beside it, under a hidden name."""

import hashlib
import os
import re
import secrets
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import pyarrow as pa

from dedup.addresses import is_address
from dedup.disk_space import describe_full_disk, is_no_room
from dedup.errors import OutputError
from dedup.sources import describe_os_error
from dedup.uploading import upload_folder

_LEFTOVER: Final = re.compile(r"(partial|replaced)-\d+-[0-9a-f]{8}")


class NewFolder:
    """A folder to be filled that then replaces `target`; for an address it is sent there.

    `goes_on` is asked, for messages, whether the same run again goes on from where it was.
    """

    def __init__(self, target: str | Path, *, goes_on: Callable[[], bool] = bool) -> None:
        """Choose a hidden name."""
        self._target = target
        self._goes_on = goes_on
        token = f"{os.getpid()}-{secrets.token_hex(4)}"
        self.path = hidden_path(target, f"partial-{token}")
        self._aside = hidden_path(target, f"replaced-{token}")
        self._made: list[Path] = []

    def make(self) -> None:
        """Make the folder, and those above it; raises OutputError if that fails, or the target cannot be replaced."""
        if not is_address(self._target):
            self._try_to_move_target()
        with self.telling_errors():
            self._made = make_parents(self.path.parent)
            self.path.mkdir(mode=0o700 if is_address(self._target) else 0o777)

    def put_in_place(self) -> None:
        """Replace what is at the target; raises OutputError if that fails, and what was there is then still there.

        Behind an address it may be half replaced, but then without its report.
        """
        if is_address(self._target):
            upload_folder(str(self._target), self.path)
            shutil.rmtree(self.path, ignore_errors=True)
            return
        real = real_path(self._target)
        with self.telling_errors():
            sync(self.path)
            _swap(self.path, real, self._aside)
            sync(real.parent)
        self._made = []
        if self._aside.exists():
            shutil.rmtree(self._aside, ignore_errors=True)
            if self._aside.exists():
                raise OutputError(
                    f"{_shown(self._target)} is written, but what it replaced is still in {_shown(self._aside)}; "
                    "remove it"
                )

    def remove(self) -> None:
        """Remove the folder if it was not put in place, and those above it that were made for it."""
        shutil.rmtree(self.path, ignore_errors=True)
        remove_empty(self._made)

    @contextmanager
    def telling_errors(self) -> Iterator[None]:
        """Make an OutputError of what goes wrong in writing."""
        try:
            yield
        except OutputError:
            raise
        except (OSError, pa.ArrowException) as error:
            raise OutputError(self._describe(error)) from error

    def _try_to_move_target(self) -> None:
        """Find out now, not when all the work is done, whether what is at the target can be moved out of the way."""
        real = real_path(self._target)
        if not real.exists():
            return
        try:
            real.rename(self._aside)
        except OSError as error:
            way = f"name a new folder in it, such as {_shown(Path(self._target) / 'cleaned')}"
            raise OutputError(
                f"the output {_shown(self._target)} cannot be replaced as a whole, as a disk or folder that is mounted "
                f"there cannot ({describe_os_error(error)}); {way}"
            ) from error
        self._aside.rename(real)

    def _describe(self, error: OSError | pa.ArrowException) -> str:
        folder = self.path.parent
        if is_no_room(error):
            fact = describe_full_disk(folder, error, goes_on=self._goes_on())
        else:
            fact = describe_os_error(error)
        if is_address(self._target):
            return f"cannot write to {_shown(folder)} what is meant for {_shown(self._target)}: {fact}"
        if is_no_room(error):
            return f"cannot write {_shown(self._target)}: {fact}"
        return f"cannot write {_shown(self._target)}: {fact}; nothing was changed"


@contextmanager
def new_folder(target: str | Path) -> Iterator[Path]:
    """Give a folder to write into, which replaces `target` at the end, unless something went wrong.

    Raises OutputError if writing fails, leaving `target` as it was, unless it is behind an address.
    """
    folder = NewFolder(target)
    try:
        folder.make()
        with folder.telling_errors():
            yield folder.path
        folder.put_in_place()
    finally:
        folder.remove()


def clear_leftovers(target: str | Path) -> None:
    """Remove what killed runs left beside `target`; to be called by who holds its lock.

    An output that such a run had just put aside, with nothing in its place yet, is put back.
    """
    beside = hidden_path(target, "")
    left = [entry for entry in _list(beside.parent) if entry.name.startswith(beside.name)]
    left = [entry for entry in left if _LEFTOVER.fullmatch(entry.name.removeprefix(beside.name))]
    is_local = not is_address(target)
    for entry in left:
        if is_local and ".replaced-" in entry.name and not os.path.lexists(real_path(target)):
            with suppress(OSError):
                entry.rename(real_path(target))
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry, ignore_errors=True)


def hidden_path(target: str | Path, kind: str) -> Path:
    """Give the path beside `target` where a run keeps something of its own, whose name ends in `.` and `kind`.

    For an address that is in the folder for temporary files, under a name made from the address.
    """
    if is_address(target):
        user = os.getuid() if hasattr(os, "getuid") else ""  # the folder may be for all users
        digest = hashlib.sha256(f"{user} {str(target).rstrip('/')}".encode()).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f".dedup-{digest}.{kind}"
    real = real_path(target)
    return real.parent / f".{real.name}.{kind}"


def make_parents(folder: Path) -> list[Path]:
    """Make the folder and those above it, and list the new ones, innermost first."""
    missing = []
    here = folder
    while not here.exists():
        missing.append(here)
        here = here.parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        remove_empty(missing)
        raise
    return missing


def remove_empty(folders: list[Path]) -> None:
    """Remove those of the folders, innermost first, in which nothing is."""
    for folder in folders:
        with suppress(OSError):
            folder.rmdir()


def sync(path: Path) -> None:
    """Wait until a file or the entries of a folder are on disk: a rename must not come before them."""
    if os.name == "nt":
        return  # Windows syncs neither folders nor files opened for reading
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def real_path(path: str | Path) -> Path:
    """Give where a path leads, links followed; raises OutputError where that is nowhere."""
    try:
        return Path(os.path.realpath(path))
    except FileNotFoundError:  # of a relative path only
        raise OutputError(
            f"{_shown(path)} leads nowhere, since the folder that this process is in has been removed; "
            "go to another, or give an absolute path"
        ) from None


def _swap(partial: Path, real: Path, aside: Path) -> None:
    """Put `partial` in the place of `real`, and what is there aside; if that fails, put it back."""
    if not real.exists():
        partial.rename(real)
        return
    real.rename(aside)
    try:
        partial.rename(real)
    except BaseException:
        aside.rename(real)
        raise


def _list(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []


def _shown(path: str | Path) -> str:
    return repr(str(path))
