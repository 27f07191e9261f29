"""All that one pass over the text finds out about each paragraph."""

import numpy as np
from numba import njit

from dedup.kernels.repeats import find_runs
from dedup.kernels.signatures import EMPTY, fill_bands, fill_shingles, hash_bytes, hash_tokens, minhash
from dedup.kernels.tokens import read_tokens, token_scratch


@njit(cache=True, nogil=True)
def annotate(
    text,
    spans,
    verbatim,
    page_of,
    pages,
    expansions,
    shingle_tokens,
    rows,
    multipliers,
    increments,
    min_tokens,
    min_near_tokens,
    min_repeat_tokens,
    cues,
    cue_filter,
    cue_limits,
    n_tokens,
    exact,
    flagged,
    near,
    keys,
    sketches,
    repeat_of,
    repeat_spans,
    repeat_similarity,
):
    """Fill in everything about n paragraphs; give the number of fingerprinted ones and of repeats.

    text uint8[]; spans int64[n, 2], bytes into `text`; verbatim bool[n], compared as bytes and with nothing else
    looked for; the character arrays; multipliers and increments
    uint32[k], k a multiple of `rows`. cues uint64[power of two] is an open table of token hashes with 0 for a
    free place, cue_filter bool[2**16] tells whether a cue ends in these bits, and cue_limits int64[len(cues), 2]
    in paragraphs of how many tokens, and among how many last ones, a cue counts.

    Out, per paragraph: n_tokens int64[n]; exact uint64[n, 2], of the tokens, or of the bytes if verbatim or below
    `min_tokens`;
    flagged bool[n], a cue in it counts. Per fingerprinted paragraph (at least `min_near_tokens`): near int64[],
    its number; keys uint64[, k / rows]; sketches uint8[, k], the low byte of each signature value. Per repeat (of
    `min_repeat_tokens` or more, 0: none are looked for): repeat_of int64[], the paragraph; repeat_spans
    int64[, 4]; repeat_similarity float64[].
    """
    longest = 0
    for p in range(len(spans)):
        longest = max(longest, spans[p, 1] - spans[p, 0])
    marks, tokens, starts, ends, shapes = token_scratch(longest)
    room = len(tokens)
    shingles = np.empty(room, dtype=np.uint64)
    signature = np.empty(len(multipliers), dtype=np.uint32)
    table = 2
    while table < 2 * room:
        table *= 2
    window_keys = np.empty(table, dtype=np.uint64)
    window_places = np.empty(table, dtype=np.int64)
    cue_mask = np.uint64(len(cues) - 1)
    n_near = 0
    n_repeats = np.int64(0)  # find_runs would be compiled once more for a literal
    for p in range(len(spans)):
        start, end = spans[p, 0], spans[p, 1]
        n = read_tokens(text, start, end, page_of, pages, expansions, marks, tokens, starts, ends, shapes)
        n_tokens[p] = n
        if n < min_tokens or verbatim[p]:
            exact[p, 0], exact[p, 1] = hash_bytes(text, start, end)
        else:
            exact[p, 0], exact[p, 1] = hash_tokens(tokens, n)
        flagged[p] = False
        if verbatim[p]:
            continue
        for place in range(n):
            if not cue_filter[tokens[place] & np.uint64(0xFFFF)]:
                continue
            slot = tokens[place] & cue_mask
            while cues[slot] != 0:
                if cues[slot] == tokens[place]:
                    flagged[p] |= n <= cue_limits[slot, 0] or place >= n - cue_limits[slot, 1]
                    break
                slot = (slot + np.uint64(1)) & cue_mask
        if n >= min_near_tokens:
            signature[:] = EMPTY
            minhash(shingles, fill_shingles(tokens, n, shingle_tokens, shingles), multipliers, increments, signature)
            fill_bands(signature, rows, keys[n_near])
            for h in range(len(multipliers)):
                sketches[n_near, h] = np.uint8(signature[h] & np.uint32(0xFF))
            near[n_near] = p
            n_near += 1
        if min_repeat_tokens:
            before = n_repeats
            n_repeats = find_runs(
                text,
                tokens,
                starts,
                ends,
                shapes,
                n,
                end,
                min_repeat_tokens,
                window_keys,
                window_places,
                repeat_spans,
                repeat_similarity,
                n_repeats,
            )
            repeat_of[before:n_repeats] = p
    return n_near, n_repeats
