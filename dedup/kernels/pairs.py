"""Which two tokens in a row may be the last two of a cue: common words, which most cues are made of, are rare so."""

from typing import Any, Final

import numpy as np
from numba import njit

PAIR_WORDS: Final = 1 << 13
"""Words of 64 bits in a filter of pairs: so many that one in a hundred passes by chance with the rules of dedup."""

_BITS = np.uint64(64 * PAIR_WORDS - 1)


def pair_bit(first: Any, second: Any) -> Any:
    """Give the bit of two tokens in a row, or of many, by their hashes, which are well mixed already."""
    return (first ^ second >> np.uint64(16)) & _BITS


_pair_bit = njit(cache=True, nogil=True, inline="always")(pair_bit)


@njit(cache=True, nogil=True, inline="always")
def may_be_pair(pair_filter, first, second):
    """Say whether pair_filter uint64[PAIR_WORDS] knows two tokens in a row, by their hashes."""
    bit = _pair_bit(first, second)
    return pair_filter[bit >> np.uint64(6)] >> (bit & np.uint64(63)) & np.uint64(1) != 0
