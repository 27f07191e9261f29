"""How kernels are loaded that are compiled already: without what numba sets up for compiling.

Before it loads a function from its cache, numba imports all that Python code can call and makes tables of it: an eighth
of a second, for what is only to be linked. With each function it then reads all that other functions would need to be
compiled with it, and imports the modules in which each function it calls is written: a tenth of a second for the
kernels of a run. Here this is left until something asks for it.
"""

import functools
import io
import pickle
import sys
from importlib import import_module
from pathlib import Path
from typing import Any


def load_without_compiler() -> None:
    """Have the kernels of dedup loaded without the compiler, and the functions of others as before.

    A kernel that is not in the cache is compiled as ever, for which numba sets up what it needs. Does nothing if this
    numba goes about it otherwise.
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
            try:
                return _load_alone(self, signature, target_context)
            except (AttributeError, TypeError, ValueError):  # another numba
                return self._load_overload(signature, target_context)
        return None  # the cache could not be read

    cache.load_overload = load_overload


def _load_alone(cache: Any, signature: Any, target_context: Any) -> Any:
    """Load what the cache of a function has for a signature, without what only a compiler asks for; None: nothing."""
    if not cache._enabled:
        return None
    codegen = target_context.codegen()
    name = cache._cache_file._load_index().get(cache._index_key(signature, codegen))
    if name is None:
        return None
    try:
        stored = Path(cache._cache_file._data_path(name)).read_bytes()
    except OSError:  # it was removed since
        return None
    payload = _Reader(io.BytesIO(stored)).load()
    description = payload[1]
    # what the function is asked for by; numba lists all that is in it, and all it was made of
    codegen._engine._defined_symbols |= {description.llvm_func_name, description.llvm_cpython_wrapper_name}
    from numba.core import compiler

    result: Any = compiler.CompileResult
    return result._rebuild(_Linking(target_context), *payload)._replace(target_context=target_context)


class _Linking:
    """The context, and at once the code generator, by which a function is only linked."""

    def __init__(self, target_context: Any) -> None:
        self._context = target_context

    def __getattr__(self, name: str) -> Any:
        return getattr(self._context, name)

    def codegen(self) -> "_Linking":
        return self

    def unserialize_library(self, stored: tuple[str, str, Any]) -> Any:
        """Make a library of machine code; what it is made of is read when other code is to be compiled with it."""
        name, kind, parts = stored
        if kind != "object":
            raise ValueError(f"a library of {kind}")
        machine_code, bitcode = parts
        library = _library_class()(self._context.codegen(), name)
        library.bitcode = bitcode
        library.enable_object_caching()
        library._set_compiled_object(machine_code)
        library._finalize_final_module()
        return library


@functools.cache
def _library_class() -> Any:
    """Give the class of libraries whose bitcode is read when somebody asks for it."""
    from llvmlite import binding
    from numba.core import codegen

    base: Any = codegen.JITCodeLibrary

    class LazyLibrary(base):  # type: ignore[misc]
        bitcode: bytes | None = None
        read_module: Any = None

        @property
        def _shared_module(self) -> Any:
            if self.bitcode is not None:
                self.read_module, self.bitcode = binding.parse_bitcode(self.bitcode), None
            return self.read_module

        @_shared_module.setter
        def _shared_module(self, module: Any) -> None:
            self.read_module = module

    return LazyLibrary


class _Reader(pickle.Unpickler):
    """Reads what numba keeps of a function, without importing where the functions that it calls are written."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("numba.core.environment", "_rebuild_env"):
            return _rebuild_environment
        return super().find_class(module, name)


def _rebuild_environment(module: str, constants: list[Any], name: str) -> Any:
    """Do what numba does, but without a module of its own that is not imported: only interpreted code asks for it."""
    from numba.core import environment

    kind: Any = environment.Environment
    known = kind._memo.get(name)
    if known is not None:
        return known
    of_numba = module.startswith("numba.") and module not in sys.modules
    made = kind({} if of_numba else import_module(module).__dict__)
    made.consts[:] = constants
    made.env_name = name
    kind._memo[name] = made
    return made
