"""Where a cue may end: which token may be its last one, and which two in a row, as most cues are of common words."""

from typing import Any, Final

import numpy as np
from numba import njit

from dedup.kernels.mixing import mix64
from dedup.kernels.sentences import can_end_between

# How a cue counts: wherever it stands, where it opens a sentence, as the second of two.
ANYWHERE: Final = np.uint8(1)
OPENING: Final = np.uint8(2)
PAIRED: Final = np.uint8(4)

PAIR_WORDS: Final = 1 << 13
"""Words of 64 bits in a filter of pairs: so many that one in a thousand passes by chance with the rules of dedup."""

_BITS = np.uint64(64 * PAIR_WORDS - 1)


def pair_bits(first: Any, second: Any) -> tuple[Any, Any]:
    """Give the two bits of two tokens in a row, or of many, by their hashes, which are well mixed already."""
    return (first ^ second >> np.uint64(16)) & _BITS, (first >> np.uint64(32) ^ second) & _BITS


_pair_bits = njit(cache=True, nogil=True, inline="always")(pair_bits)


@njit(cache=True, nogil=True, inline="always")
def may_be_pair(pair_filter, first, second):
    """Say whether pair_filter uint64[PAIR_WORDS] knows two tokens in a row, by their hashes.

    Source of the method: Bloom, Space/Time Trade-offs in Hash Coding with Allowable Errors, 1970.
    """
    one, other = _pair_bits(first, second)
    has_one = pair_filter[one >> np.uint64(6)] >> (one & np.uint64(63)) & np.uint64(1) != 0
    return has_one and pair_filter[other >> np.uint64(6)] >> (other & np.uint64(63)) & np.uint64(1) != 0


@njit(cache=True, nogil=True, inline="always")
def join_pair(first, second):
    """Give one hash for two tokens in a row, by their hashes."""
    return mix64(first) ^ second


@njit(cache=True, nogil=True, inline="always")
def kinds_at(text, tokens, starts, ends, place, in_pair, word_filter):
    """Give how a cue could count that ends in the token at a place, in ANYWHERE, OPENING and PAIRED.

    Most words of which a cue is made are common, and rare behind the right one: that is asked of every token, for a
    branch could not be foretold. in_pair: whether may_be_pair is true of it, or perhaps; word_filter
    uint8[power of two], how the last tokens of cues count, by the last bits of their hashes.
    """
    kinds = word_filter[tokens[place] & np.uint64(len(word_filter) - 1)]
    kinds &= ANYWHERE | OPENING | PAIRED * np.uint8(in_pair)
    if kinds & OPENING and place > 0 and not can_end_between(text, ends[place - 1], starts[place]):
        kinds ^= OPENING
    return kinds
