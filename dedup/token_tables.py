"""Words as kernels know them: hashes of their tokens, and open-addressing tables of these."""

from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dedup.kernels.characters import load_characters
from dedup.kernels.mixing import FILTER_BITS
from dedup.kernels.pairs import PAIR_WORDS, pair_bit
from dedup.kernels.tokens import MOST_MARKS, read_tokens

OPENS: Final = "^"
"""Written before a cue with which a matching text must begin."""


def token_hashes(text: str) -> NDArray[np.uint64]:
    """Give the uint64 hashes of the tokens of `text`, in order."""
    data = np.frombuffer(text.encode(), dtype=np.uint8)
    room = 2 * len(data) + 2
    hashes = np.empty(room, dtype=np.uint64)
    starts, ends = np.empty(room, dtype=np.int64), np.empty(room, dtype=np.int64)
    shapes, marks = np.empty(room, dtype=np.uint8), np.empty(MOST_MARKS, dtype=np.uint32)
    n = read_tokens(data, 0, len(data), *load_characters(), marks, hashes, starts, ends, shapes)
    return hashes[:n].copy()


def make_token_table(words: Iterable[str]) -> NDArray[np.uint64]:
    """Give the open-addressing table of the words' token hashes, a quarter full at most, 0 where free."""
    hashes = {int(token) for token in token_hashes(" ".join(words))}
    size = 4
    while size < 4 * len(hashes):
        size *= 2
    table = np.zeros(size, dtype=np.uint64)
    for value in sorted(hashes):
        slot = value & (size - 1)
        while table[slot]:
            slot = (slot + 1) & (size - 1)
        table[slot] = value
    return table


def make_filter(table: NDArray[np.uint64]) -> NDArray[np.bool_]:
    """Give bool[2**16]: whether any hash in the table has these low bits."""
    has_bits = np.zeros(int(FILTER_BITS) + 1, dtype=np.bool_)
    has_bits[table[table != 0] & FILTER_BITS] = True
    return has_bits


def make_pair_filter(runs: Iterable[Sequence[str]]) -> NDArray[np.uint64]:
    """Give the filter of the last two tokens of runs of two and more."""
    pairs = [run[-2:] for run in runs]
    firsts, seconds = (token_hashes(" ".join(pair[place] for pair in pairs)) for place in range(2))
    bits = np.zeros(64 * PAIR_WORDS, dtype=np.bool_)
    bits[pair_bit(firsts, seconds)] = True
    return np.packbits(bits, bitorder="little").view("<u8").astype(np.uint64)


def places_in_table(table: NDArray[np.uint64]) -> dict[int, int]:
    """Give hash -> its place in the table."""
    return {value: place for place, value in enumerate(table.tolist()) if value}
