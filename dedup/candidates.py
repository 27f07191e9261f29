"""Pairs of paragraphs that share a band: found band by band, tested on sketches, in memory that is bounded."""

from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dedup.arrow_views import freeze
from dedup.kernels import candidates as kernels
from dedup.settings import MOST_HASHES, Settings
from dedup.shards import TAKES_PART, Columns, Shards
from dedup.storage import Storage
from dedup.workers import map_ahead

MOST_PARTNERS: Final = 64
"""Earliest paragraphs of a bucket that each later one is compared with: in 196 MB of manuals, full of forms, 32 find
.973 of all pairs, 64 find .996, 128 find .999 at twice the time. And as many of all its buckets together."""
MOST_OUTSTANDING: Final = 16
"""Of these, those that need not be the earliest, if their sketches agree better than those of all that are."""

SKETCH_BITS: Final = 4
MOST_SKETCHED: Final = 64
"""Values of a signature whose low bits make a sketch: 32 bytes a paragraph, looked up at random in every band."""
MOST_SKETCHED_OF_LONG: Final = 256
"""The same of signatures longer than MOST_HASHES, which are for low thresholds: unrelated pairs come near those."""

_MEMBERS_A_PART: Final = 2048
"""As many as are grouped by a table that stays in the processor's nearest cache."""
_PAIRS_AT_A_TIME: Final = 1 << 17
_PAIRS_A_RUN: Final = 1 << 23


@dataclass(frozen=True, slots=True)
class Members:
    """Those m paragraphs that take part and are long enough for near-duplicates, in order.

    starts int64[s + 1], the first member of each shard; paragraphs int32[m]; rows int32[m], where in its shard's
    `near` each is; salts uint64[m], a hash of the group of each, or uint64[0].
    """

    starts: NDArray[np.int64]
    paragraphs: NDArray[np.int32]
    rows: NDArray[np.int32]
    salts: NDArray[np.uint64]

    def of(self, shard: int) -> tuple[NDArray[np.int32], NDArray[np.uint64]]:
        """Give rows and salts of a shard's members."""
        members = slice(int(self.starts[shard]), int(self.starts[shard + 1]))
        return freeze(self.rows[members]), freeze(self.salts[members])

    def drop(self, storage: Storage) -> None:
        """Free the room they take."""
        for array in (self.paragraphs, self.rows, self.salts):
            storage.drop(array)


def find_members(
    shards: Shards,
    columns: Columns,
    distinct: NDArray[np.int32],
    groups_by_document: NDArray[np.uint64] | None,
    storage: Storage,
) -> Members:
    """List the paragraphs that may be matches: one of each set of equals."""
    starts = [0]
    paragraphs, rows, salts = (
        storage.column(f"members-{name}", dtype)
        for name, dtype in (("paragraphs", np.int32), ("rows", np.int32), ("salts", np.uint64))
    )
    for shard in range(columns.n_shards):
        near = shards.near(shard) + columns.shard_paragraphs[shard]
        chosen = np.flatnonzero((distinct[near] == near) & (columns.flags[near] & TAKES_PART != 0))
        starts.append(starts[-1] + len(chosen))
        rows.append(chosen.astype(np.int32))
        paragraphs.append(near[chosen].astype(np.int32))
        if groups_by_document is not None:
            salts.append(groups_by_document[columns.document[near[chosen]]])
    storage.release()
    return Members(np.array(starts, dtype=np.int64), paragraphs.finish(), rows.finish(), salts.finish())


def find_candidates(
    shards: Shards,
    members: Members,
    settings: Settings,
    executor: Executor,
    storage: Storage,
    memory_bytes: int,
    tell: Callable[[int, int], None] | None = None,
) -> NDArray[np.uint64]:
    """Pair members that agree on every value of at least one band: unique, sorted, unverified.

    Gives uint64[n], right << 32 | left, paragraphs, left < right. A pair of similarity s is found with probability
    1 - (1 - s**rows)**bands, unless more than MOST_PARTNERS earlier members share each of its bands, or so many are
    found with its later side, and are earlier or more alike by their sketches.
    `tell` is told (bands done, of how many).
    Source: Leskovec, Rajaraman, Ullman, Mining of Massive Datasets, ch. 3.
    """
    sketches = _sketch(shards, members, settings, executor, storage)
    padding = n_sketched(settings, padded=True) - n_sketched(settings)
    share = memory_bytes // (2 * settings.n_workers)

    def pair(band: int) -> list[NDArray[np.uint64]]:
        """Give the pairs of a band, sorted, in pieces."""
        found = []
        least_equal = least_sketch_agreement(settings, band) + padding
        for parted, bounds in _part_band(shards, members, band, share):
            found += _pair_parts(parted, bounds, sketches, members.paragraphs, least_equal)
        return found

    n_bands = settings.band_shape[0]
    merged: NDArray[np.uint64] = np.empty(0, dtype=np.uint64)
    held: list[NDArray[np.uint64]] = []
    for band, pieces in enumerate(map_ahead(executor, pair, range(n_bands), settings.n_workers)):
        held += pieces
        # Many pairs share many bands: what is held must not grow with these, nor all be merged for each of them.
        if sum(map(len, held)) > max(_PAIRS_A_RUN, len(merged)) or band == n_bands - 1:
            column = storage.column("candidates", np.uint64)
            for pairs in _merge_runs([merged, *held], _bounds(members), max(1, memory_bytes // 32)):
                column.append(pairs)
                storage.release()
            storage.drop(merged)
            merged, held = column.finish(), []
        storage.release()
        if tell is not None:
            tell(band + 1, n_bands)
    chosen = _choose_partners(merged, members, sketches, storage)
    storage.drop(sketches)
    return chosen


def _choose_partners(
    pairs: NDArray[np.uint64], members: Members, sketches: NDArray[np.uint64], storage: Storage
) -> NDArray[np.uint64]:
    """Give the sorted pairs, at most MOST_PARTNERS for each right paragraph; drops those given if some are left out.

    Pages of one form meet others of their like in each band: all their pairs would be hundreds a page.
    """
    column, counts = storage.column("chosen", np.uint64), np.empty(sketches.shape[1] * 64 // SKETCH_BITS + 1, np.int64)
    limits = (MOST_PARTNERS, MOST_OUTSTANDING)
    first, n_chosen = 0, 0
    while first < len(pairs):
        last = min(first + _PAIRS_A_RUN, len(pairs))
        if last < len(pairs):  # what a right paragraph has, stays together
            last = int(np.searchsorted(pairs, pairs[last] >> np.uint64(32) << np.uint64(32)))
        is_chosen, agreed = np.empty(last - first, dtype=np.bool_), np.empty(last - first, dtype=np.int32)
        kernels.choose_partners(pairs[first:last], members.paragraphs, sketches, *limits, counts, agreed, is_chosen)
        column.append(pairs[first:last][is_chosen])
        n_chosen += int(is_chosen.sum())
        first = last
        storage.release()
    if n_chosen == len(pairs):
        column.drop()
        return pairs
    storage.drop(pairs)
    return column.finish()


def least_sketch_agreement(settings: Settings, band: int) -> int:
    """Give how many values of a sketch a pair that shares a band must share to be worth verifying.

    The values of the band it shares anyway. Of the others so many that a pair at the threshold fails in less than one
    case of 3,000 (four standard deviations; with the default settings one of 500,000), one at `overlap_similarity` in
    about one of twenty (one and a half): small beside what bands miss of either.
    Source: Li and König, b-bit minwise hashing, 2010.
    """
    rows = settings.band_shape[1]
    n_shared = min(max(0, n_sketched(settings) - band * rows), rows)
    n = n_sketched(settings) - n_shared

    def bound(similarity: float, deviations: float) -> float:
        agreement = similarity + (1 - similarity) / (1 << SKETCH_BITS)
        spread: float = (n * agreement * (1 - agreement)) ** 0.5
        return n * agreement - deviations * spread

    return n_shared + max(0, int(min(bound(settings.similarity, 4), bound(settings.overlap_similarity, 1.5))))


def n_sketched(settings: Settings, *, padded: bool = False) -> int:
    """Give how many values a sketch has, with those that only fill its last word, which agree in all, if `padded`."""
    n = min(settings.n_hashes, MOST_SKETCHED if settings.n_hashes <= MOST_HASHES else MOST_SKETCHED_OF_LONG)
    a_word = 64 // SKETCH_BITS
    return -(-n // a_word) * a_word if padded else n


def _sketch(
    shards: Shards, members: Members, settings: Settings, executor: Executor, storage: Storage
) -> NDArray[np.uint64]:
    """Give the sketches of all members, uint64[m, words]."""
    n_words = n_sketched(settings, padded=True) * SKETCH_BITS // 64
    sketches: NDArray[np.uint64] = storage.array("sketches", (len(members.paragraphs), n_words), np.uint64)

    def sketch(shard: int) -> None:
        here = slice(*members.starts[shard : shard + 2].tolist())
        kernels.pack_sketches(shards.sketches(shard, members.rows[here]), n_sketched(settings), sketches[here])

    for _ in map_ahead(executor, sketch, np.flatnonzero(np.diff(members.starts)).tolist(), settings.n_workers):
        storage.release()
    return sketches


def _pair_parts(
    parted: NDArray[np.uint64],
    bounds: NDArray[np.int64],
    sketches: NDArray[np.uint64],
    paragraphs: NDArray[np.int32],
    least_equal: int,
) -> list[NDArray[np.uint64]]:
    """Give the pairs of equal keys (parts as of place_keys) whose sketches agree enough, in sorted pieces."""
    found = []
    pairs = np.empty(_PAIRS_AT_A_TIME, dtype=np.uint64)
    largest = int(np.diff(bounds).max()) if len(bounds) > 1 else 0
    owner, chains = np.empty(kernels.table_size(largest), dtype=np.int32), np.empty((largest, 3), dtype=np.int32)
    at = np.array([0, bounds[0]], dtype=np.int64)
    while at[0] < len(bounds) - 1:
        n_pairs = kernels.pair_parts(parted, bounds, sketches, MOST_PARTNERS, least_equal, owner, chains, at, pairs)
        left, right = pairs[:n_pairs] & np.uint64(0xFFFFFFFF), pairs[:n_pairs] >> np.uint64(32)
        piece = paragraphs[right].astype(np.uint64) << np.uint64(32) | paragraphs[left].astype(np.uint64)
        piece.sort()
        found.append(piece)
    return found


def _bounds(members: Members) -> tuple[int, int]:
    """Give what pairs lie between."""
    return 0, (int(members.paragraphs[-1]) + 1) << 32 if len(members.paragraphs) else 0


def _part_band(
    shards: Shards, members: Members, band: int, memory_bytes: int
) -> Iterator[tuple[NDArray[np.uint64], NDArray[np.int64]]]:
    """Give the members of a band in parts of few, such that equal keys are in one, as many as the memory holds at once.

    As of place_keys: hash and number of each member, and the bounds of the parts.
    """
    n = len(members.paragraphs)
    n_parts = 1
    while n_parts * _MEMBERS_A_PART < n:
        n_parts *= 2
    occupied = np.flatnonzero(np.diff(members.starts)).tolist()
    counts = np.zeros(n_parts, dtype=np.int64)
    for shard in occupied:
        kernels.count_keys(freeze(shards.keys(shard, band)), *members.of(shard), counts)
    most = max(1, memory_bytes // 8)
    first = 0
    while first < n_parts:
        bounds = np.concatenate([[0], np.cumsum(counts[first:])]).astype(np.int64)
        past = first + max(1, int(np.searchsorted(bounds, most, side="right")) - 1)
        bounds = bounds[: past - first + 1]
        parted = np.empty(int(bounds[-1]), dtype=np.uint64)
        ends = bounds[:-1].copy()
        for shard in occupied:
            keys, number = freeze(shards.keys(shard, band)), int(members.starts[shard])
            kernels.place_keys(keys, *members.of(shard), number, (first, n_parts), ends, parted)
        yield parted, bounds
        first = past


def _merge_runs(
    runs: list[NDArray[np.uint64]], bounds: tuple[int, int], most_pairs: int
) -> Iterator[NDArray[np.uint64]]:
    """Give all pairs of sorted runs between bounds, sorted and unique, most_pairs or so at a time."""
    pieces = [run[slice(*np.searchsorted(run, np.array(bounds, dtype=np.uint64)))] for run in runs]
    first, last = bounds
    if sum(map(len, pieces)) <= most_pairs or last - first < 2:
        merged = np.concatenate([np.empty(0, dtype=np.uint64), *pieces])
        merged.sort()
        is_new = np.ones(len(merged), dtype=np.bool_)
        np.not_equal(merged[1:], merged[:-1], out=is_new[1:])
        yield merged[is_new]
        return
    middle = (first + last) // 2
    yield from _merge_runs(runs, (first, middle), most_pairs)
    yield from _merge_runs(runs, (middle, last), most_pairs)
