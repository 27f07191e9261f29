"""All texts similar to a few chosen ones, found without signatures or bands."""

import numpy as np
from numba import njit

from dedup.kernels.mixing import mix64
from dedup.kernels.signatures import fill_shingles
from dedup.kernels.tokens import read_tokens, token_scratch


@njit(cache=True, nogil=True)
def read_shingles(text, spans, chosen, page_of, pages, expansions, shingle_tokens):
    """Give the distinct shingles of the chosen texts, sorted, each with its owner, and how many each owner has.

    text uint8[]; spans int64[p, 2]; chosen int64[c]. Gives shingles uint64[m], owners int64[m] (places in
    `chosen`), sizes int64[c].
    """
    longest = total = 0
    for owner in range(len(chosen)):
        length = spans[chosen[owner], 1] - spans[chosen[owner], 0]
        longest = max(longest, length)
        total += 2 * length + 2
    marks, tokens, starts, ends, shapes = token_scratch(longest)
    found = np.empty(len(tokens), dtype=np.uint64)
    shingles, owners = np.empty(total, dtype=np.uint64), np.empty(total, dtype=np.int64)
    sizes = np.zeros(len(chosen), dtype=np.int64)
    m = 0
    for owner in range(len(chosen)):
        span = spans[chosen[owner]]
        n = read_tokens(text, span[0], span[1], page_of, pages, expansions, marks, tokens, starts, ends, shapes)
        distinct = np.unique(found[: fill_shingles(tokens, n, shingle_tokens, found)])
        for place in range(len(distinct)):
            shingles[m] = distinct[place]
            owners[m] = owner
            m += 1
        sizes[owner] = len(distinct)
    order = np.argsort(shingles[:m])
    return shingles[:m][order], owners[:m][order], sizes


@njit(cache=True, nogil=True)
def find_similar(text, spans, members, page_of, pages, expansions, shingle_tokens, shingles, owners, sizes, threshold):
    """Give (member, owner) rows, int64[n, 2], of all pairs whose Jaccard similarity reaches the threshold.

    text uint8[]; spans int64[p, 2]; members int64[q], places in `spans`; shingles, owners and sizes as of
    read_shingles. Each member is read once, whatever the number of owners.
    """
    longest = 0
    for place in range(len(members)):
        longest = max(longest, spans[members[place], 1] - spans[members[place], 0])
    marks, tokens, starts, ends, shapes = token_scratch(longest)
    found = np.empty(len(tokens), dtype=np.uint64)
    size = 2
    while size < 4 * len(shingles):
        size *= 2
    mask = np.uint64(size - 1)
    first = np.full(size, -1, dtype=np.int64)  # where the run of a shingle begins in `shingles`
    for place in range(len(shingles)):
        if place == 0 or shingles[place] != shingles[place - 1]:
            slot = mix64(shingles[place]) & mask
            while first[slot] >= 0:
                slot = (slot + np.uint64(1)) & mask
            first[slot] = place
    shared = np.zeros(len(sizes), dtype=np.int64)
    touched = np.empty(len(sizes), dtype=np.int64)
    rows = np.empty((64, 2), dtype=np.int64)
    n_rows = 0
    for place in range(len(members)):
        span = spans[members[place]]
        n = read_tokens(text, span[0], span[1], page_of, pages, expansions, marks, tokens, starts, ends, shapes)
        distinct = np.unique(found[: fill_shingles(tokens, n, shingle_tokens, found)])
        n_touched = 0
        for step in range(len(distinct)):
            slot = mix64(distinct[step]) & mask
            while first[slot] >= 0 and shingles[first[slot]] != distinct[step]:
                slot = (slot + np.uint64(1)) & mask
            at = first[slot]
            while 0 <= at < len(shingles) and shingles[at] == distinct[step]:
                if shared[owners[at]] == 0:
                    touched[n_touched] = owners[at]
                    n_touched += 1
                shared[owners[at]] += 1
                at += 1
        for step in range(n_touched):
            owner = touched[step]
            if shared[owner] / (len(distinct) + sizes[owner] - shared[owner]) >= threshold:
                if n_rows == len(rows):
                    longer = np.empty((2 * n_rows, 2), dtype=np.int64)
                    longer[:n_rows] = rows
                    rows = longer
                rows[n_rows, 0] = place
                rows[n_rows, 1] = owner
                n_rows += 1
            shared[owner] = 0
    return rows[:n_rows]
