"""Which paragraphs are equal, and which pairs share a band."""

import numpy as np
from numba import njit

from dedup.kernels.mixing import mix64


@njit(cache=True, nogil=True)
def first_equal(hashes, first):
    """Fill in first int64[n]: the lowest row of hashes uint64[n, 2] equal to each row."""
    n = len(hashes)
    size = 2
    while size < 2 * n:
        size *= 2
    mask = np.uint64(size - 1)
    table = np.full(size, -1, dtype=np.int64)
    for row in range(n):
        slot = mix64(hashes[row, 0] ^ hashes[row, 1]) & mask
        while table[slot] >= 0 and not (
            hashes[table[slot], 0] == hashes[row, 0] and hashes[table[slot], 1] == hashes[row, 1]
        ):
            slot = (slot + np.uint64(1)) & mask
        if table[slot] < 0:
            table[slot] = row
        first[row] = table[slot]


@njit(cache=True, nogil=True)
def pair_band(keys, sketches, most_partners, least_equal):
    """Give the pairs that agree on one band, as uint64[m]: left << 32 | right, left < right.

    keys uint64[n]; sketches uint8[n, k]. Each row is paired with the first
    `most_partners` rows of the same key only, so that a key shared by very many
    rows costs linear time; and only if at least `least_equal` sketch bytes agree,
    which pairs worth verifying nearly always do.
    Source of the sketch test: Li and König, b-bit minwise hashing, 2010.
    """
    n = len(keys)
    size = 2
    while size < 2 * n:
        size *= 2
    mask = np.uint64(size - 1)
    owner = np.full(size, -1, dtype=np.int32)  # the first row of the key that has this slot
    bucket = np.empty(n, dtype=np.int32)  # the first row with the same key
    count = np.zeros(n, dtype=np.int32)
    for row in range(n):
        slot = mix64(keys[row]) & mask
        while owner[slot] >= 0 and keys[owner[slot]] != keys[row]:
            slot = (slot + np.uint64(1)) & mask
        if owner[slot] < 0:
            owner[slot] = row
        bucket[row] = owner[slot]
        count[owner[slot]] += 1
    place = np.zeros(n, dtype=np.int64)  # where the partners of a bucket begin
    n_partners = 0
    for row in range(n):
        if count[row] > 1:
            place[row] = n_partners
            n_partners += min(count[row], most_partners)
    partners = np.empty(n_partners, dtype=np.int32)
    filled = np.zeros(n, dtype=np.int32)
    pairs = np.empty(max(16, n_partners), dtype=np.uint64)
    n_pairs = 0
    for row in range(n):
        first = bucket[row]
        if count[first] < 2:
            continue
        for partner in range(place[first], place[first] + filled[first]):
            left = partners[partner]
            n_equal = 0
            for h in range(sketches.shape[1]):
                n_equal += sketches[left, h] == sketches[row, h]
            if n_equal < least_equal:
                continue
            if n_pairs == len(pairs):
                longer = np.empty(2 * n_pairs, dtype=np.uint64)
                for pair in range(n_pairs):  # a second less to compile than an assignment to a slice
                    longer[pair] = pairs[pair]
                pairs = longer
            pairs[n_pairs] = np.uint64(left) << np.uint64(32) | np.uint64(row)
            n_pairs += 1
        if filled[first] < most_partners:
            partners[place[first] + filled[first]] = row
            filled[first] += 1
    return pairs[:n_pairs]
