"""How kernels are compiled that allocate nothing."""

from typing import Any

from numba import njit
from numba.core.options import DefaultOptions

_uncounted: Any = {"_nrt": False} if hasattr(DefaultOptions, "_nrt") else {}  # a version of numba may do without it

borrows = njit(cache=True, nogil=True, **_uncounted)
"""Compile a kernel that only reads and fills the arrays of its caller, who holds on to them meanwhile.

Otherwise numba counts the references to each array in each call that it does not inline, atomically: 100 ns for ten
arrays, which is more than reading a short paragraph takes.
"""
