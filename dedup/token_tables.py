"""Words as kernels know them: hashes of their tokens, and open-addressing tables of these."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dedup.kernels.characters import load_characters
from dedup.kernels.cues import join_rows
from dedup.kernels.pairs import ANYWHERE, OPENING, PAIR_WORDS, PAIRED, pair_bits
from dedup.kernels.tokens import MOST_MARKS, read_tokens

FILTER_BITS: Final = 17
"""Of a hash, by which tokens are told first: a filter so large, of bytes, stays in the processor's cache."""

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
    return make_table(token_hashes(" ".join(words)))


def make_table(hashes: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Give such a table of any hashes."""
    values = sorted(set(hashes.tolist()))
    size = 4
    while size < 4 * len(values):
        size *= 2
    table = np.zeros(size, dtype=np.uint64)
    for value in values:
        slot = value & (size - 1)
        while table[slot]:
            slot = (slot + 1) & (size - 1)
        table[slot] = value
    return table


def make_word_filter(lasts: NDArray[np.uint64], kinds: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Give the filter that kinds_at takes of the hashes of the last tokens of n cues, and how each counts."""
    found = np.zeros(1 << FILTER_BITS, dtype=np.uint8)
    np.bitwise_or.at(found, lasts & np.uint64(len(found) - 1), kinds)
    return found


def kind_of(tokens: Sequence[str], *, opens: bool) -> np.uint8:
    """Give how a cue counts."""
    return PAIRED if len(tokens) > 1 else OPENING if opens else ANYWHERE


def make_pair_filter(runs: Iterable[Sequence[str]]) -> NDArray[np.uint64]:
    """Give the filter of the last two tokens of runs of two and more."""
    pairs = [run[-2:] for run in runs]
    firsts, seconds = (token_hashes(" ".join(pair[place] for pair in pairs)) for place in range(2))
    bits = np.zeros(64 * PAIR_WORDS, dtype=np.bool_)
    for one in pair_bits(firsts, seconds):
        bits[one] = True
    return np.packbits(bits, bitorder="little").view("<u8").astype(np.uint64)


def places_in_table(table: NDArray[np.uint64]) -> dict[int, int]:
    """Give hash -> its place in the table."""
    return {value: place for place, value in enumerate(table.tolist()) if value}


class CueTables(NamedTuple):
    """What `annotate` looks for cues with: t places of those of one token, u of pairs, their limits, and filters."""

    words: NDArray[np.uint64]  # [t]
    kinds: NDArray[np.uint8]
    limits: NDArray[np.int32]  # [t, 2, 2]
    pair_filter: NDArray[np.uint64]
    pairs: NDArray[np.uint64]  # [u]
    pair_limits: NDArray[np.int32]  # [u, 2]


def make_cue_tables(cues: Mapping[str, tuple[int, int]]) -> CueTables:
    """Arrange cues: tokens, or several in a row with spaces between, of which the last two are looked for.

    They stand behind OPENS where a sentence begins with them. Each has the most tokens of a paragraph, and of its end,
    in which it counts.
    """
    tokens = [cue.removeprefix(OPENS).split(" ") for cue in cues]
    kinds = np.array(
        [kind_of(of_cue, opens=cue.startswith(OPENS)) for cue, of_cue in zip(cues, tokens, strict=True)], dtype=np.uint8
    )
    most = np.array(list(cues.values()), dtype=np.int32).reshape(-1, 2)
    lasts = token_hashes(" ".join(of_cue[-1] for of_cue in tokens))
    single = kinds != PAIRED
    words = make_table(lasts[single])
    limits = np.zeros((len(words), 2, 2), dtype=np.int32)
    np.maximum.at(limits, (_rows(words, lasts[single]), (kinds[single] == OPENING).astype(np.int64)), most[single])
    ends = [of_cue[-2:] for of_cue in tokens if len(of_cue) > 1]
    joined = np.empty(len(ends), dtype=np.uint64)
    both = token_hashes(" ".join(token for end in ends for token in end))
    join_rows(both, np.arange(0, 2 * len(ends) + 1, 2), joined)
    pairs = make_table(joined)
    pair_limits = np.zeros((len(pairs), 2), dtype=np.int32)
    np.maximum.at(pair_limits, _rows(pairs, joined), most[~single])
    return CueTables(words, make_word_filter(lasts, kinds), limits, make_pair_filter(ends), pairs, pair_limits)


def _rows(table: NDArray[np.uint64], hashes: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Give where in a table each of some hashes is."""
    places = places_in_table(table)
    return np.array([places[value] for value in hashes.tolist()], dtype=np.int64)
