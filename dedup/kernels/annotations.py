"""All that one pass over the text finds out about each paragraph."""

from typing import Final

import numpy as np
from numba import njit

from dedup.kernels.borrowing import borrows
from dedup.kernels.pairs import ANYWHERE, OPENING, PAIRED, join_pair, kinds_at, may_be_pair
from dedup.kernels.repeats import FILTER_WORDS, find_runs, may_repeat
from dedup.kernels.signatures import (
    EMPTY,
    HIGH_SEED,
    LOW_SEED,
    add_tokens,
    fill_bands,
    fill_shingles,
    finish_tokens,
    hash_bytes,
    minhash,
)
from dedup.kernels.tokens import SPARE, read_some_tokens, token_scratch

MOST_REACH: Final = np.int64(1 << 62)
"""More tokens than any paragraph has: where it cannot be told which cue is there, all count."""

PIECE_TOKENS: Final = np.int64(1 << 14)
"""Tokens of a giant paragraph that are held at a time."""

_REMEMBERED = np.uint64(1 << 14)
"""Places for the last fingerprinted paragraphs, by their exact hashes: a power of two."""


@njit(cache=True, nogil=True)
def annotate(
    first,
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
    giant_bytes,
    cues,
    cue_filter,
    cue_limits,
    pair_filter,
    pairs,
    pair_limits,
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
    """Fill in everything about paragraphs from `first` on, as long as there is room for what they may hold.

    Gives the first paragraph not done (n, if all are), and the number of fingerprinted ones and of repeats.

    text uint8[]; spans int64[n, 2], bytes into `text`; verbatim bool[n], compared as bytes and with nothing else
    looked for; the character arrays; multipliers and increments
    uint32[k], k a multiple of `rows`. cues uint64[power of two] is an open table of token hashes with 0 for a
    free place, pairs such a one of what join_pair gives; cue_filter as kinds_at and pair_filter as may_be_pair take
    them; cue_limits int32[len(cues), 2, 2] and pair_limits int32[len(pairs), 2] in paragraphs of how many tokens, and
    among how many last ones, a cue counts, 0 if it does not: anywhere and where it opens a sentence. Paragraphs
    of more than `giant_bytes` are read piece by piece, and neither fingerprinted nor searched for repeats.

    Out, per paragraph: n_tokens int64[n]; exact uint64[n, 2], of the tokens, or of the bytes if verbatim or below
    `min_tokens`;
    flagged bool[n], a cue in it counts. Per fingerprinted paragraph (at least `min_near_tokens`): near int64[],
    its number; keys uint64[, k / rows]; sketches uint8[, k], the low byte of each signature value. Per repeat (of
    `min_repeat_tokens` or more, 0: none are looked for): repeat_of int64[], the paragraph; repeat_spans
    int64[, 4]; repeat_similarity float64[]. There must be room for what any one paragraph holds.
    """
    longest = np.int64(0)
    for p in range(first, len(spans)):
        size = spans[p, 1] - spans[p, 0]
        longest = max(longest, size if size <= giant_bytes else PIECE_TOKENS)
    marks, tokens, starts, ends, shapes = token_scratch(longest + SPARE)
    places = np.empty(len(tokens), dtype=np.int64)
    shingles = np.empty(len(tokens), dtype=np.uint64)
    signature = np.empty(len(multipliers), dtype=np.uint32)
    table = 2
    while table < 2 * len(tokens):
        table *= 2
    window_keys = np.empty(table, dtype=np.uint64)
    window_places = np.empty(table, dtype=np.int64)
    seen = np.zeros(FILTER_WORDS, dtype=np.uint64)
    no_shapes = shapes[:0]
    last_of = np.full(_REMEMBERED, -1, dtype=np.int64)
    n_near, n_repeats = np.int64(0), np.int64(0)  # what takes a literal would be compiled once more for it
    for p in range(first, len(spans)):
        start, end = spans[p, 0], spans[p, 1]
        is_giant = end - start > giant_bytes
        most = PIECE_TOKENS if is_giant else len(tokens)  # which is never reached
        n, reach, at = np.int64(0), np.int64(-1), start
        high, low = HIGH_SEED, LOW_SEED
        while at < end:
            n_read, at = read_some_tokens(
                text, start, at, end, page_of, pages, expansions, marks, most, tokens, starts, ends, no_shapes
            )
            high, low = add_tokens(high, low, tokens, n_read)
            reached = cue_reach(
                text, tokens, starts, ends, n_read, n, cues, cue_filter, cue_limits, pair_filter, pairs, pair_limits
            )
            reach = max(reach, reached)
            n += n_read
        is_compared = not is_giant and not verbatim[p]
        is_near = is_compared and n >= min_near_tokens
        may_hold_repeats = is_compared and min_repeat_tokens > 0
        if may_hold_repeats:
            may_hold_repeats = may_repeat(tokens, n, min_repeat_tokens, seen, places)
        if is_near and n_near == len(near):
            return p, n_near, n_repeats
        if may_hold_repeats and n_repeats + n // min_repeat_tokens > len(repeat_of):
            return p, n_near, n_repeats
        n_tokens[p] = n
        if n < min_tokens or verbatim[p]:
            exact[p, 0], exact[p, 1] = hash_bytes(text, start, end)
        else:
            exact[p, 0], exact[p, 1] = finish_tokens(high, low, n)
        flagged[p] = n <= reach and not verbatim[p]
        if is_near:
            slot = exact[p, 0] & (_REMEMBERED - np.uint64(1))
            like = last_of[slot]
            if like >= 0 and exact[near[like], 0] == exact[p, 0] and exact[near[like], 1] == exact[p, 1]:
                keys[n_near], sketches[n_near] = keys[like], sketches[like]
            else:
                n_shingles = fill_shingles(tokens, n, shingle_tokens, shingles)
                fill_fingerprint(shingles, n_shingles, rows, multipliers, increments, signature, n_near, keys, sketches)
            last_of[slot] = n_near
            near[n_near] = p
            n_near += 1
        if may_hold_repeats:
            read_some_tokens(
                text, start, start, end, page_of, pages, expansions, marks, most, tokens, starts, ends, shapes
            )
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
    return len(spans), n_near, n_repeats


@borrows
def cue_reach(text, tokens, starts, ends, n, before, cues, cue_filter, cue_limits, pair_filter, pairs, pair_limits):
    """Give the most tokens that a paragraph may have for one of the cues among its n tokens to count, -1 without any.

    `before` is how many tokens of the paragraph stand before these.
    """
    mask, pair_mask = np.uint64(len(cues) - 1), np.uint64(len(pairs) - 1)
    reach = np.int64(-1)
    for place in range(n):
        token = tokens[place]
        # a token that is no longer there may have been the right one
        in_pair = before > 0 if place == 0 else may_be_pair(pair_filter, tokens[place - 1], token)
        kinds = kinds_at(text, tokens, starts, ends, place, in_pair, cue_filter)
        if not kinds:
            continue
        if kinds & PAIRED:
            if place == 0:
                return MOST_REACH
            pair = join_pair(tokens[place - 1], token)
            slot = pair & pair_mask
            while pairs[slot] != 0 and pairs[slot] != pair:
                slot = (slot + np.uint64(1)) & pair_mask
            if pairs[slot] != 0:
                reach = max(reach, pair_limits[slot, 0], before + place + pair_limits[slot, 1])
        if not kinds & (ANYWHERE | OPENING):
            continue
        slot = token & mask
        while cues[slot] != 0 and cues[slot] != token:
            slot = (slot + np.uint64(1)) & mask
        if cues[slot] == 0:
            continue
        for kind in range(2):
            if kinds >> kind & 1 and cue_limits[slot, kind, 0]:
                reach = max(reach, cue_limits[slot, kind, 0], before + place + cue_limits[slot, kind, 1])
    return reach


@borrows
def fill_fingerprint(shingles, n_shingles, rows, multipliers, increments, signature, row, keys, sketches):
    """Fill in keys[row] and sketches[row] from the shingles; signature uint32[k] is scratch."""
    for h in range(len(signature)):
        signature[h] = EMPTY
    minhash(shingles, n_shingles, multipliers, increments, signature)
    fill_bands(signature, rows, keys[row])
    for h in range(len(signature)):
        sketches[row, h] = np.uint8(signature[h] & np.uint32(0xFF))
