"""Compiled functions over arrays: text to tokens, signatures, bands, similarities; they import only each other.

Compilation takes seconds, once per machine: numba keeps the machine code beside
the sources, or in the user's cache folder where those cannot be written.
"""

from pathlib import Path
from typing import Any


def are_compiled() -> bool:
    """Tell whether the kernels that take longest to compile lie in numba's cache already, or need not be compiled."""
    import numba

    from dedup.kernels.annotations import annotate
    from dedup.kernels.similarity import compare_pairs
    from dedup.kernels.splitting import split_texts

    settings: Any = numba.config
    if settings.DISABLE_JIT:
        return True
    slowest: tuple[Any, ...] = (annotate, compare_pairs, split_texts)
    return all(
        any(Path(kernel._cache.cache_path).glob(f"{kernel.__module__.split('.')[-1]}.{kernel.__name__}-*.nbi"))
        for kernel in slowest
    )
