"""What to say when there is no more room to write: on which disk, how much is free, and what to do."""

import errno
import os
import shutil
from pathlib import Path
from typing import Final

_NO_ROOM: Final = {errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)}
_GOES_ON: Final = "the same command again goes on from there"
_STARTS_AGAIN: Final = "run the same command again"


def is_no_room(error: BaseException) -> bool:
    """Say whether an error means that a disk is full, a quota used up or a file too large."""
    return isinstance(error, OSError) and error.errno in _NO_ROOM


def describe_full_disk(folder: str | Path, error: OSError, *, goes_on: bool = False) -> str:
    """Give the fact, how much is free on the disk that `folder` is on, and the way out.

    `folder` need not be there any more; `goes_on` says that what was done so far is kept.
    """
    place = _find_parent(Path(folder))
    again = _GOES_ON if goes_on else _STARTS_AGAIN
    if error.errno == errno.EFBIG:
        return (
            f"a file in {str(folder)!r} may not become larger, because of the limit of its disk or of this process "
            f"(ulimit -f); raise the limit or use another disk, then {again}"
        )
    free = _describe_free(place)
    if error.errno == getattr(errno, "EDQUOT", None):
        return f"your quota is used up where {str(folder)!r} is ({free} on the disk); make room, then {again}"
    return f"the disk is full that {str(folder)!r} is on ({free}); make room, then {again}"


def _describe_free(place: Path) -> str:
    """Say how much more could be written to a folder that is there."""
    try:
        room = shutil.disk_usage(place)
    except OSError:
        return "it does not tell how much is free"
    if hasattr(os, "statvfs"):
        entries = os.statvfs(place)
        if entries.f_files and not entries.f_favail:
            return f"no more files fit on it, though {_show(room.free)} of {_show(room.total)} are free"
    return f"{_show(room.free)} of {_show(room.total)} are free"


def _find_parent(folder: Path) -> Path:
    """Give the nearest folder that is there."""
    return next((parent for parent in (folder, *folder.absolute().parents) if parent.is_dir()), Path("/"))


def _show(n_bytes: int) -> str:
    """Give a size in the largest unit that leaves something before the point."""
    size, unit = float(n_bytes), "bytes"
    for larger in ("kB", "MB", "GB", "TB"):
        if size < 1000:
            break
        size, unit = size / 1000, larger
    return f"{size:.0f} {unit}" if unit == "bytes" else f"{size:.1f} {unit}"
