"""How many different wordings stand in one place of a form."""

import numpy as np
from numba import njit

from dedup.kernels.borrowing import borrows, inner
from dedup.kernels.mixing import PRIME, mix64

_ONE = np.uint64(1)


@borrows
def count_part(slots, part, n_parts):
    """Count the rows of slots uint64[k, 3 or more] whose place, the first value, is of a part (a power of two)."""
    mask = np.uint64(n_parts - 1)
    n = 0
    for row in range(len(slots)):
        n += slots[row, 0] & mask == np.uint64(part)
    return n


@njit(cache=True, nogil=True)
def count_fillers(slots, slot_start, part, n_parts, n_rows, fewest, fillers):
    """Add to fillers int32[n] how many slots of each pair have `fewest` different wordings in all slots of their place.

    slots uint64[k, SLOT_FIGURES] as of describe_hunks; slot_start int64[n + 1], the slots of each pair; n_rows as
    of count_part for this part.
    """
    mask = np.uint64(n_parts - 1)
    size = 2
    while size < 2 * n_rows:
        size *= 2
    place_mask, seen_mask = np.uint64(size - 1), np.uint64(2 * size - 1)
    places, counts = np.zeros(size, dtype=np.uint64), np.zeros(size, dtype=np.int32)
    seen = np.zeros(2 * size, dtype=np.uint64)  # place and wording in one, 0 where free
    for side in range(1, 3):
        for row in range(len(slots)):
            place = slots[row, 0]
            if place & mask != np.uint64(part):
                continue
            both = place ^ (slots[row, side] * PRIME)
            slot = mix64(both) & seen_mask
            while seen[slot] != 0 and seen[slot] != both:
                slot = (slot + _ONE) & seen_mask
            if seen[slot] == both:
                continue
            seen[slot] = both
            counts[_find(places, place, place_mask)] += 1
    for pair in range(len(fillers)):
        for row in range(slot_start[pair], slot_start[pair + 1]):
            place = slots[row, 0]
            if place & mask == np.uint64(part) and counts[_find(places, place, place_mask)] >= fewest:
                fillers[pair] += 1


@inner
def _find(places, place, mask):
    """Give where in an open table a place is, and put it there if it was not."""
    slot = mix64(place) & mask
    while places[slot] != 0 and places[slot] != place:
        slot = (slot + _ONE) & mask
    places[slot] = place
    return slot
