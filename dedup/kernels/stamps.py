"""What tells of which sources compiled kernels are: a hash of the sources of all kernels, in the names of their files.

numba looks at the file of the kernel alone. But machine code holds that of the kernels which it calls, from other
files: after an upgrade that changed one of these, numba would go on with the caller as it was. In the names, since
several versions may share a folder, and numba writes an index before the machine code that it names.
"""

import hashlib
from pathlib import Path
from typing import Any, Final

_WAITING: Final = "_function_to_set_up"


def stamp_with_all_sources() -> None:
    """Have numba compile the kernels of dedup anew if the source of any has changed, and other functions as ever.

    It looks for the files of a kernel when they are first asked for: most kernels are only ever called by others.
    Does nothing if this numba goes about it otherwise, or there are no files of sources.
    """
    from numba.core import caching

    known: Any = caching
    make_file = getattr(known, "IndexDataCacheFile", None)
    stamp = hash_sources(Path(__file__).parent)
    if make_file is None or not stamp:
        return
    set_up = known.FunctionCache.__init__

    def set_up_later(self: Any, function: Any) -> None:
        if function.__module__.startswith("dedup.kernels."):
            self.__dict__[_WAITING] = function
        else:
            set_up(self, function)

    def set_up_with_stamp(self: Any, name: str) -> Any:
        function = self.__dict__.pop(_WAITING, None)
        if function is None:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}", name=name, obj=self)
        set_up(self, function)
        if hasattr(self, "_cache_file"):
            self._cache_file = make_file(
                cache_path=self._cache_path,
                filename_base=f"{self._impl.filename_base}.{stamp}",
                source_stamp=stamp,
            )
        return getattr(self, name)

    known.FunctionCache.__init__ = set_up_later
    known.FunctionCache.__getattr__ = set_up_with_stamp


def hash_sources(folder: Path) -> str:
    """Give a hash of the names and contents of the modules in a folder, "" if there are none: in a zip archive."""
    paths = sorted(folder.glob("*.py"))
    digest = hashlib.sha256()
    for path in paths:
        digest.update(path.name.encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:16] if paths else ""
