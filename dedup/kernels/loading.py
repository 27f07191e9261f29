"""How kernels are loaded that are compiled already: without what numba sets up for compiling."""

from typing import Any


def load_without_compiler() -> None:
    """Have the kernels of dedup loaded without the compiler, and the functions of others as before.

    Before it loads a function from its cache, numba imports all that Python code can call and makes tables of it: an
    eighth of a second, for what is only to be linked. A kernel that is not in the cache is compiled as ever, for which
    numba sets these up. Does nothing if this numba goes about it otherwise.
    """
    from numba.core import caching, runtime

    cache: Any = caching.FunctionCache
    runtime_system: Any = getattr(runtime, "rtsys", None)
    asked = ((cache, "load_overload"), (cache, "_load_overload"), (cache, "_guard_against_spurious_io_errors"))
    if not all(hasattr(found, name) for found, name in (*asked, (runtime_system, "initialize"))):
        return
    load_after_setting_up = cache.load_overload

    def load_overload(self: Any, signature: Any, target_context: Any) -> Any:
        if not self._py_func.__module__.startswith("dedup."):
            return load_after_setting_up(self, signature, target_context)
        runtime_system.initialize(target_context)  # kernels that make arrays ask it for memory
        with self._guard_against_spurious_io_errors():
            return self._load_overload(signature, target_context)
        return None  # the cache could not be read

    cache.load_overload = load_overload
