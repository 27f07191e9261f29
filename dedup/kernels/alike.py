"""Which stretches of a text are the same."""

import numpy as np
from numba import njit

from dedup.kernels.borrowing import inner
from dedup.kernels.candidates import table_size
from dedup.kernels.mixing import mix64
from dedup.kernels.signatures import hash_bytes


@njit(cache=True, nogil=True)
def first_alike(text, spans, kinds, first):
    """Fill in first int64[n]: for each of n stretches the first one of its kind that has the same bytes.

    text uint8[]; spans int64[n, 2], bytes into it; kinds int64[n].
    """
    owner = np.full(table_size(len(spans)), -1, dtype=np.int64)
    hashes = np.empty(len(spans), dtype=np.uint64)
    mask = np.uint64(len(owner) - 1)
    for row in range(len(spans)):
        high, low = hash_bytes(text, spans[row, 0], spans[row, 1])
        hashes[row] = mix64(high ^ low ^ np.uint64(kinds[row]))
        slot = hashes[row] & mask
        other = owner[slot]
        while other >= 0 and not (
            hashes[other] == hashes[row] and kinds[other] == kinds[row] and _is_same(text, spans[other], spans[row])
        ):
            slot = (slot + np.uint64(1)) & mask
            other = owner[slot]
        if other < 0:
            owner[slot] = other = row
        first[row] = other


@inner
def _is_same(text, left, right):
    """Tell whether two stretches have the same bytes."""
    if left[1] - left[0] != right[1] - right[0]:
        return False
    for step in range(left[1] - left[0]):
        if text[left[0] + step] != text[right[0] + step]:
            return False
    return True
