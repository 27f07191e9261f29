"""How kernels are compiled that allocate nothing."""

from typing import Any

from numba import njit
from numba.core.options import DefaultOptions


def _known(**options: Any) -> dict[str, Any]:
    """Give those options that this version of numba has."""
    return {name: value for name, value in options.items() if hasattr(DefaultOptions, name)}


_borrowing = _known(_nrt=False)

borrows = njit(cache=True, nogil=True, **_borrowing)
"""Compile a kernel that only reads and fills the arrays of its caller, who holds on to them meanwhile.

Otherwise numba counts the references to each array in each call that it does not inline, atomically: 100 ns for ten
arrays, which is more than reading a short paragraph takes.
"""

inner = njit(cache=True, nogil=True, **_borrowing, **_known(no_cpython_wrapper=True, no_cfunc_wrapper=True))
"""Compile such a kernel that only other kernels call: what it would be called by from Python takes longer to compile
than most of them do.
"""
