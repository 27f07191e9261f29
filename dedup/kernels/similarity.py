"""The exact similarity of pairs of paragraphs, computed on their texts."""

from typing import Final

import numpy as np
from numba import njit

from dedup.kernels.borrowing import inner
from dedup.kernels.differences import MOST_EDITS, describe_hunks
from dedup.kernels.signatures import fill_shingles
from dedup.kernels.tokens import read_tokens, token_scratch

FIRST_TABLE: Final = 1 << 12
"""Places of a table before the first text that asks for more: zeroing it is what a table costs."""

KEPT_ROOM: Final = 1 << 10
"""Tokens for which a row has room that keeps those of a text for the pairs that follow: forms come again and again."""

_LONG_LEFT: Final = 1 << 8  # so many rows keep texts, by the low bits of their number; two more hold longer ones
_LONG_RIGHT: Final = _LONG_LEFT + 1

_IN_LEFT: Final = np.int64(1)
_IN_RIGHT: Final = np.int64(2)


@njit(cache=True, nogil=True)
def compare_pairs(
    text, spans, left, right, page_of, pages, expansions, shingle_tokens, floor, function_words, similarity, figures,
    slots, marked
):  # fmt: skip
    """Fill in how similar n pairs of paragraphs are, and how those differ that are similar.

    text uint8[]; spans int64[p, 2], bytes into `text`; left and right int64[n], places in `spans`
    (fastest when sorted by `right`); function_words as in `differences`. Out: similarity float64[n], the
    Jaccard similarity of the sets of shingles; for pairs at or above `floor` (0 below it) figures
    int32[n, N_FIGURES] and slots uint64[n, MOST_SLOTS, SLOT_FIGURES] of `describe_hunks`, and marked float64[n], the
    marks of code and lists (punctuation but for . ! ? - and quotes) for each token, on the side that has more.
    """
    longest = 0
    for place in range(len(left)):
        for p in (left[place], right[place]):
            longest = max(longest, spans[p, 1] - spans[p, 0])
    marks, _, starts, ends, _ = token_scratch(longest)
    room = len(starts)
    tokens = np.empty(_LONG_LEFT * KEPT_ROOM + 2 * room, dtype=np.uint64)
    shingles, shapes = np.empty(len(tokens), dtype=np.uint64), np.empty(len(tokens), dtype=np.uint8)
    first = np.arange(_LONG_RIGHT + 1) * KEPT_ROOM  # where each row begins
    first[_LONG_RIGHT] = first[_LONG_LEFT] + room
    kept = np.full(_LONG_RIGHT + 1, -1)  # the text whose tokens a row holds
    counts = np.empty((_LONG_RIGHT + 1, 2), dtype=np.int64)  # of its tokens, of its shingles
    reached = np.empty((MOST_EDITS + 1, 2 * MOST_EDITS + 3), dtype=np.int32)
    is_new_a, is_new_b = np.empty(room, dtype=np.bool_), np.empty(room, dtype=np.bool_)
    keys = np.empty(FIRST_TABLE, dtype=np.uint64)
    # pair << 2 | _IN_LEFT | _IN_RIGHT: what older pairs left behind is void
    states = np.zeros(FIRST_TABLE, dtype=np.int64)
    for place in range(len(left)):
        row_b = _row_of(spans, right[place], _LONG_RIGHT)
        row_a = _row_of(spans, left[place], _LONG_LEFT)
        if row_a == row_b and left[place] != right[place]:
            row_a = _LONG_LEFT
        for p, row in ((right[place], row_b), (left[place], row_a)):
            if kept[row] != p:
                kept[row] = p
                at = first[row]
                n = read_tokens(
                    text, spans[p, 0], spans[p, 1], page_of, pages, expansions,
                    marks, tokens[at:], starts, ends, shapes[at:],
                )  # fmt: skip
                counts[row, 0] = n
                counts[row, 1] = fill_shingles(tokens[at:], n, shingle_tokens, shingles[at:])
        a, b = first[row_a], first[row_b]
        m_a, m_b = counts[row_a, 1], counts[row_b, 1]
        if len(keys) <= _mask(m_a + m_b):
            keys = np.empty(_mask(m_a + m_b) + 1, dtype=np.uint64)
            states = np.zeros(len(keys), dtype=np.int64)
        similarity[place] = _jaccard(shingles[a:], m_a, shingles[b:], m_b, keys, states, np.int64(place + 1) << 2)
        if similarity[place] >= floor:
            n_a, n_b = counts[row_a, 0], counts[row_b, 0]
            describe_hunks(
                tokens[a:], n_a, shapes[a:], tokens[b:], n_b, shapes[b:], function_words,
                reached, is_new_a, is_new_b, figures[place], slots[place],
            )  # fmt: skip
            marked[place] = max(
                _count_marks(text, spans[left[place], 0], spans[left[place], 1]) / max(n_a, 1),
                _count_marks(text, spans[right[place], 0], spans[right[place], 1]) / max(n_b, 1),
            )
        else:
            figures[place] = 0
            slots[place] = 0
            marked[place] = 0.0


@inner
def _row_of(spans, p, long_row):
    """Give the row for the tokens of text p: one that keeps them, or `long_row` where they may not fit."""
    return p & (_LONG_LEFT - 1) if 2 * (spans[p, 1] - spans[p, 0]) + 2 <= KEPT_ROOM else long_row


@inner
def _count_marks(text, start, end):
    """Count the ASCII punctuation of text[start:end] that is rare in prose: all but . ! ? - and quotes."""
    n_marks = 0
    for at in range(np.uint64(start), np.uint64(end)):
        byte = text[at]
        n_marks += (  # without branches, so that many bytes are looked at together
            ((byte >= 35) & (byte <= 47) & (byte != 39) & (byte != 45) & (byte != 46))
            | ((byte >= 58) & (byte <= 64) & (byte != 63))
            | ((byte >= 91) & (byte <= 96))
            | ((byte >= 123) & (byte <= 126))
        )
    return n_marks


@njit(cache=True, nogil=True)
def contain_pairs(text, spans, inner, outer, page_of, pages, expansions, shingle_tokens, share):
    """Fill in share float64[n]: of the distinct shingles of each inner text, how many the outer one has, 0..1.

    text uint8[]; spans int64[p, 2], bytes into `text`; inner and outer int64[n], places in `spans` (fastest
    when sorted by `outer`). A text without tokens is contained in any.
    """
    longest = 0
    for place in range(len(inner)):
        for p in (inner[place], outer[place]):
            longest = max(longest, spans[p, 1] - spans[p, 0])
    marks, tokens, starts, ends, shapes = token_scratch(longest)
    shingles = np.empty(len(tokens), dtype=np.uint64)
    keys_outer, states_outer = np.empty(FIRST_TABLE, dtype=np.uint64), np.zeros(FIRST_TABLE, dtype=np.int64)
    keys_inner, states_inner = np.empty(FIRST_TABLE, dtype=np.uint64), np.zeros(FIRST_TABLE, dtype=np.int64)
    read_outer = -1
    epoch_outer, mask_outer = np.int64(0), 0
    for place in range(len(inner)):
        if outer[place] != read_outer:
            read_outer = outer[place]
            epoch_outer += 1
            b = spans[read_outer]
            n = read_tokens(text, b[0], b[1], page_of, pages, expansions, marks, tokens, starts, ends, shapes)
            n = fill_shingles(tokens, n, shingle_tokens, shingles)
            mask_outer = _mask(n)
            if len(keys_outer) <= mask_outer:
                keys_outer = np.empty(mask_outer + 1, dtype=np.uint64)
                states_outer = np.zeros(mask_outer + 1, dtype=np.int64)
            for row in range(n):
                slot = _find(keys_outer, states_outer, mask_outer, epoch_outer, shingles[row])
                keys_outer[slot] = shingles[row]
                states_outer[slot] = epoch_outer
        a = spans[inner[place]]
        n = read_tokens(text, a[0], a[1], page_of, pages, expansions, marks, tokens, starts, ends, shapes)
        n = fill_shingles(tokens, n, shingle_tokens, shingles)
        mask_inner, epoch_inner = _mask(n), np.int64(place + 1)
        if len(keys_inner) <= mask_inner:
            keys_inner = np.empty(mask_inner + 1, dtype=np.uint64)
            states_inner = np.zeros(mask_inner + 1, dtype=np.int64)
        n_distinct, n_shared = 0, 0
        for row in range(n):
            slot = _find(keys_inner, states_inner, mask_inner, epoch_inner, shingles[row])
            if states_inner[slot] == epoch_inner:
                continue
            keys_inner[slot] = shingles[row]
            states_inner[slot] = epoch_inner
            n_distinct += 1
            n_shared += (
                states_outer[_find(keys_outer, states_outer, mask_outer, epoch_outer, shingles[row])] == epoch_outer
            )
        share[place] = n_shared / n_distinct if n_distinct else 1.0


@inner
def _jaccard(left, n_left, right, n_right, keys, states, epoch):
    """Give shared / all of the distinct values of left[:n_left] and right[:n_right]; 1 if both are empty."""
    mask = _mask(n_left + n_right)
    n_distinct, n_shared = 0, 0
    for place in range(n_left):
        slot = _find(keys, states, mask, epoch, left[place])
        if states[slot] < epoch:
            keys[slot] = left[place]
            states[slot] = epoch | _IN_LEFT
            n_distinct += 1
    for place in range(n_right):
        slot = _find(keys, states, mask, epoch, right[place])
        if states[slot] < epoch:
            keys[slot] = right[place]
            states[slot] = epoch | _IN_RIGHT
            n_distinct += 1
        elif states[slot] == epoch | _IN_LEFT:
            states[slot] |= _IN_RIGHT
            n_shared += 1
    return n_shared / n_distinct if n_distinct else 1.0


@inner
def _mask(n):
    """Give the mask of a table for n keys that stays half empty."""
    mask = 1
    while mask < 2 * n:
        mask *= 2
    return mask - 1


@inner
def _find(keys, states, mask, epoch, key):
    """Give the slot that holds `key` in this epoch, or the free one where it belongs."""
    slot = np.int64(key & np.uint64(mask))  # a shingle is mixed already
    while states[slot] >= epoch and keys[slot] != key:
        slot = (slot + 1) & mask
    return slot
