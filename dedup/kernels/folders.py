"""Where compiled kernels are kept if they cannot be beside their sources.

numba keeps what it compiles in __pycache__, else in the user's cache, and refuses to go on where it can write neither:
in a container, say, that is set up by one user and run by another, who has no home. It also compiles anew there what
was compiled when the container was made, since it reads only where it can write.
"""

import atexit
import hashlib
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

BESIDE: Final = Path(__file__).parent / "__pycache__"

_KEPT: Final = ("*.nbi", "*.nbc")
"""An index of what is compiled of a function, and the machine code; numba writes the first before the second."""


def keep_where_possible() -> None:
    """Have numba keep the kernels of dedup in a folder of the user, or a temporary one, if it cannot beside them.

    What is compiled beside them is copied there first. NUMBA_CACHE_DIR is obeyed, and other functions are kept as
    ever. Does nothing if this numba goes about it otherwise.
    """
    import numba
    from numba.core import caching

    settings: Any = numba.config
    known: Any = caching
    implementation = getattr(known, "CacheImpl", None) or getattr(known, "_CacheImpl", None)
    locators = getattr(implementation, "_locator_classes", None)
    parts = tuple(getattr(known, name, None) for name in ("_SourceFileBackedLocatorMixin", "_CacheLocator"))
    if settings.CACHE_DIR or not isinstance(locators, list) or None in parts or is_writable(BESIDE):
        return
    folder = find_folder(BESIDE)
    if folder is not None:
        locators.insert(0, _make_locator(parts, folder))


def _make_locator(parts: tuple[Any, ...], folder: Path) -> Any:
    """Make the class by which numba finds the folder of a function; parts: those that all such classes have."""

    class Elsewhere(*parts):  # type: ignore[misc]
        def __init__(self, function: Any, source: str) -> None:
            self._py_file = source
            self._lineno = function.__code__.co_firstlineno

        def get_cache_path(self) -> str:
            return str(folder)

        @classmethod
        def from_function(cls, function: Any, source: str) -> Any:
            return cls(function, source) if function.__module__.startswith("dedup.") else None

    return Elsewhere


def find_folder(beside: Path) -> Path | None:
    """Give a folder that can be written, with what is kept in `beside`; None if there is none."""
    name = hashlib.sha256(str(beside).encode()).hexdigest()[:16]  # of one installation
    for parent in _parents():
        folder = parent / name
        with suppress(OSError):
            is_new = not folder.is_dir()
            if is_writable(folder):
                if is_new:
                    copy_kept(beside, folder)
                return folder
    return None


def copy_kept(beside: Path, folder: Path) -> None:
    """Copy what is compiled, machine code first, so that no index names a file that is not there, or not whole."""
    for pattern in reversed(_KEPT):
        for kept in beside.glob(pattern):
            partial = folder / f"{kept.name}.{os.getpid()}.tmp"
            shutil.copyfile(kept, partial)
            partial.replace(folder / kept.name)


def is_writable(folder: Path) -> bool:
    """Say whether files can be made in a folder, which is made if it is not there."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError:
        return False
    return True


def _parents() -> Iterator[Path]:
    """Give the folders to try: the user's cache, and one of the user's among the temporary ones."""
    named = os.environ.get("XDG_CACHE_HOME") or os.environ.get("LOCALAPPDATA")
    with suppress(RuntimeError):  # no home
        yield (Path(named) if named else Path.home() / ".cache") / "dedup"
    with suppress(OSError):
        yield _private_folder()


def _private_folder() -> Path:
    """Give a temporary folder that nobody else can write, for what is in it is run; raises OSError if there is none."""
    if hasattr(os, "getuid"):
        folder = Path(tempfile.gettempdir()) / f"dedup-{os.getuid()}"
        with suppress(FileExistsError):
            folder.mkdir(mode=0o700)
        found = folder.lstat()
        if stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and not found.st_mode & 0o022:
            return folder
    folder = Path(tempfile.mkdtemp(prefix="dedup-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder
