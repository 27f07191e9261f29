"""Compiled functions over arrays: text to tokens, signatures, bands, similarities; they import only each other.

Compilation takes seconds, once per machine: numba keeps the machine code beside
the sources, or elsewhere (folders.py) where those cannot be written, for as long
as the sources stay as they are (stamps.py).
"""

from pathlib import Path
from typing import Any

from dedup.kernels.folders import keep_where_possible
from dedup.kernels.loading import load_without_compiler
from dedup.kernels.stamps import stamp_with_all_sources

keep_where_possible()
stamp_with_all_sources()
load_without_compiler()


def are_compiled() -> bool:
    """Tell whether, of the kernels that every run needs, those that take longest to compile are compiled."""
    from dedup.kernels.annotations import annotate
    from dedup.kernels.needs import read_texts
    from dedup.kernels.similarity import compare_pairs

    return all(is_compiled(kernel) for kernel in (annotate, compare_pairs, read_texts))


def is_compiled(kernel: Any) -> bool:
    """Tell whether a kernel has been used, lies in numba's cache already, or need not be compiled."""
    import numba

    settings: Any = numba.config
    if settings.DISABLE_JIT or kernel.signatures:
        return True
    read_index = getattr(getattr(kernel._cache, "_cache_file", None), "_load_index", None)
    return read_index is None or bool(read_index())  # another numba does not tell


def cache_folder() -> Path | None:
    """Give the folder that compiled kernels are kept in, if they are; it is there once one is."""
    from dedup.kernels.tokens import read_tokens

    path = getattr(getattr(read_tokens, "_cache", None), "cache_path", None)
    return Path(path) if path else None
