"""All pairs of sets with Jaccard similarity at or above a threshold: exact, without a signature anywhere."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numba import njit

Ints = np.ndarray[Any, np.dtype[np.int64]]


def find_all_pairs(sets: Sequence[frozenset[Any]], threshold: float) -> list[tuple[int, int, float]]:
    """Give every pair (left < right, similarity) of `sets` at or above `threshold`, sorted; empty sets pair with none.

    If two sets of sizes m and n are that similar, they have at least
    threshold * max(m, n) members in common, so their prefixes, the rarest
    n - ceil(threshold * n) + 1 members of each in one global order, meet. Only pairs
    that meet there are compared, by exact intersection.
    Source: Bayardo, Ma, Srikant, Scaling up all pairs similarity search, 2007 (All-Pairs with prefix filter).
    """
    offsets, members = _ranked(sets)
    sizes = np.diff(offsets)
    by_size = np.argsort(sizes, kind="stable")
    by_size = by_size[sizes[by_size] > 0]
    left, right, n_common = _join(offsets, members, by_size, threshold)
    union = sizes[left] + sizes[right] - n_common
    low, high = np.minimum(left, right), np.maximum(left, right)
    order = np.lexsort((high, low))
    return list(
        zip(low[order].tolist(), high[order].tolist(), (n_common / np.maximum(union, 1))[order].tolist(), strict=True)
    )


def find_all_pairs_naively(sets: Sequence[frozenset[Any]], threshold: float) -> list[tuple[int, int, float]]:
    """Give what find_all_pairs gives, by comparing every pair."""
    pairs = []
    for right, second in enumerate(sets):
        for left, first in enumerate(sets[:right]):
            n_common = len(first & second)
            if n_common and n_common / (len(first) + len(second) - n_common) >= threshold:
                pairs.append((left, right, n_common / (len(first) + len(second) - n_common)))
    return sorted(pairs)


def _ranked(sets: Sequence[frozenset[Any]]) -> tuple[Ints, Ints]:
    """Give each set as sorted numbers, end to end: members numbered by rising frequency over all sets."""
    numbers: dict[Any, int] = {}
    # a set of strings has another order in every run; that changes how ties of frequency are broken, never the pairs
    flat = np.fromiter((numbers.setdefault(m, len(numbers)) for members in sets for m in members), np.int64)
    offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum([len(members) for members in sets], dtype=np.int64)])
    rank = np.empty(len(numbers), np.int64)
    rank[np.argsort(np.bincount(flat, minlength=len(numbers)), kind="stable")] = np.arange(len(numbers))
    owner = np.repeat(np.arange(len(sets)), np.diff(offsets))
    ranks = rank[flat]
    return offsets, ranks[np.lexsort((ranks, owner))]


@njit(cache=True, nogil=True)
def _join(offsets, members, by_size, threshold):  # type: ignore[no-untyped-def]
    """Give left, right and number of common members (int64[n_pairs]) of all pairs at or above `threshold`.

    offsets int64[n + 1], members int64[m] sorted within each set, by_size int64[k] the sets in rising size.
    """
    n_members = 0 if len(members) == 0 else members.max() + 1
    newest = np.full(n_members, -1, np.int64)  # newest posting of a member
    older = np.empty(len(members), np.int64)  # the posting before it
    posted = np.empty(len(members), np.int64)  # whose posting it is
    n_posted = 0
    seen_by = np.full(len(offsets), -1, np.int64)
    left, right, common = np.empty(1024, np.int64), np.empty(1024, np.int64), np.empty(1024, np.int64)
    n_pairs = 0
    for this in by_size:
        begin, end = offsets[this], offsets[this + 1]
        size = end - begin
        # 1e-9 below: 0.7 * 10 is above 7 in floating point, and a pair exactly at the threshold must not be lost
        least = threshold * size - 1e-9
        n_prefix = size - int(np.ceil(least)) + 1
        for place in range(begin, begin + min(n_prefix, size)):
            posting = newest[members[place]]
            while posting >= 0:
                other = posted[posting]
                if offsets[other + 1] - offsets[other] < least:
                    break  # postings get smaller: the sets came in rising size
                if seen_by[other] != this:
                    seen_by[other] = this
                    i, j, n = begin, offsets[other], 0
                    while i < end and j < offsets[other + 1]:
                        if members[i] == members[j]:
                            n += 1
                            i += 1
                            j += 1
                        elif members[i] < members[j]:
                            i += 1
                        else:
                            j += 1
                    if n / (size + offsets[other + 1] - offsets[other] - n) >= threshold:
                        if n_pairs == len(left):
                            left = np.concatenate((left, np.empty_like(left)))
                            right = np.concatenate((right, np.empty_like(right)))
                            common = np.concatenate((common, np.empty_like(common)))
                        left[n_pairs], right[n_pairs], common[n_pairs] = this, other, n
                        n_pairs += 1
                posting = older[posting]
        for place in range(begin, begin + min(n_prefix, size)):
            older[n_posted], posted[n_posted] = newest[members[place]], this
            newest[members[place]] = n_posted
            n_posted += 1
    return left[:n_pairs], right[:n_pairs], common[:n_pairs]
