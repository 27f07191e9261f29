"""What tells of which sources compiled kernels are: a hash of the sources of all kernels, in the names of their files.

numba looks at the file of the kernel alone. But machine code holds that of the kernels which it calls, from other
files: after an upgrade that changed one of these, numba would go on with the caller as it was. In the names, since
several versions may share a folder, and numba writes an index before the machine code that it names.
"""

import hashlib
import threading
from pathlib import Path
from typing import Any, Final

_WAITING: Final = "_function_to_set_up"
_SETTING_UP: Final = threading.RLock()


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

    def find_attribute(self: Any, name: str) -> Any:
        with _SETTING_UP:
            function = self.__dict__.get(_WAITING)
            if function is not None:
                made = known.FunctionCache.__new__(known.FunctionCache)
                set_up(made, function)
                if hasattr(made, "_cache_file"):
                    made._cache_file = make_file(
                        cache_path=made._cache_path,
                        filename_base=f"{made._impl.filename_base}.{stamp}",
                        source_stamp=stamp,
                    )
                self.__dict__.update(made.__dict__)  # at once: other threads look without asking here
                del self.__dict__[_WAITING]
        if name in self.__dict__:
            return self.__dict__[name]
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}", name=name, obj=self)

    known.FunctionCache.__init__ = set_up_later
    known.FunctionCache.__getattr__ = find_attribute


def hash_sources(folder: Path) -> str:
    """Give a hash of the names and contents of the modules in a folder, "" if there are none: in a zip archive."""
    paths = sorted(folder.glob("*.py"))
    digest = hashlib.sha256()
    for path in paths:
        digest.update(path.name.encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:16] if paths else ""
