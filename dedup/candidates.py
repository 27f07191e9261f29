"""Pairs of paragraphs that share a band: found band by band, tested on sketches, in memory that is bounded."""

from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dedup.arrow_views import freeze
from dedup.kernels import candidates as kernels
from dedup.settings import Settings
from dedup.shards import TAKES_PART, Columns, Shards
from dedup.storage import Storage
from dedup.workers import map_ahead

MOST_PARTNERS: Final = 64
"""Earliest paragraphs of a bucket that each later one is compared with: in 196 MB of manuals, full of forms, 32 find
.973 of all pairs, 64 find .996, 128 find .999 at twice the time."""

_BYTES_A_SHARED: Final = 48
"""What a row takes while those of equal key are put together."""
_BYTES_A_GROUPED: Final = 24
"""What a row of a bucket takes in a round, for each band in which it has company."""
_BYTES_A_CHOSEN: Final = 32
"""What each row of a round takes besides its sketch."""
_PAIRS_AT_A_TIME: Final = 1 << 17
_PLACES_A_TASK: Final = 1 << 18


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


@dataclass(slots=True)
class _Round:
    """Buckets of some bands: as many as can be paired at once; bits of those members that are in any of them."""

    bits: NDArray[np.uint64]
    buckets: list[tuple[NDArray[np.int32], NDArray[np.int32]]] = field(default_factory=list)
    n_grouped: int = 0
    n_chosen: int = 0

    def add(self, grouped: NDArray[np.int32], begins: NDArray[np.int32]) -> None:
        self.buckets.append((grouped, begins))
        self.n_grouped += len(grouped)
        self.n_chosen += kernels.mark_members(grouped, self.bits)


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
    1 - (1 - s**rows)**bands, unless more than MOST_PARTNERS earlier members share each of its bands.
    `tell` is told (bands done, of how many).
    Source: Leskovec, Rajaraman, Ullman, Mining of Massive Datasets, ch. 3.
    """
    runs: list[NDArray[np.uint64]] = []
    for collected in _list_rounds(shards, members, settings, executor, memory_bytes, tell):
        column = storage.column("pairs", np.uint64)
        for pairs in _pair_round(shards, members, collected, settings, executor):
            column.append(pairs)
        runs.append(column.finish())
        storage.release()
    if len(runs) == 1:
        return runs[0]
    merged = storage.column("candidates", np.uint64)
    top = (int(members.paragraphs[-1]) + 1) << 32 if len(members.paragraphs) else 0
    for pairs in _merge_runs(runs, (0, top), max(1, memory_bytes // 32)):
        merged.append(pairs)
        storage.release()
    for run in runs:
        storage.drop(run)
    return merged.finish()


def least_sketch_agreement(settings: Settings) -> int:
    """Give how many sketch bytes a pair must share to be worth verifying.

    Low enough that a pair at the threshold fails with probability below one in a
    million (five standard deviations), one at `overlap_similarity` in about one case of forty (two).
    Source: Li and König, b-bit minwise hashing, 2010.
    """

    def bound(similarity: float, deviations: float) -> float:
        agreement = similarity + (1 - similarity) / 256
        spread: float = (agreement * (1 - agreement) / settings.n_hashes) ** 0.5
        return settings.n_hashes * (agreement - deviations * spread)

    return max(0, int(min(bound(settings.similarity, 5), bound(settings.overlap_similarity, 2))))


def _list_rounds(
    shards: Shards,
    members: Members,
    settings: Settings,
    executor: Executor,
    memory_bytes: int,
    tell: Callable[[int, int], None] | None,
) -> Iterator[_Round]:
    """Give the buckets of all bands that hold two members or more, in rounds of half the memory at most."""
    n = len(members.paragraphs)
    n_bands = settings.band_shape[0]
    n_words = n // 64 + 1
    bytes_a_chosen = _BYTES_A_CHOSEN + 8 * -(-settings.n_hashes // 8) + 4 * settings.n_workers
    current = _Round(np.zeros(n_words, dtype=np.uint64))

    def group(band: int) -> list[tuple[NDArray[np.int32], NDArray[np.int32]]]:
        return list(_group_band(shards, members, band, memory_bytes // (4 * settings.n_workers)))

    for band, buckets in enumerate(map_ahead(executor, group, range(n_bands), settings.n_workers + 1)):
        for grouped, begins in buckets:
            current.add(grouped, begins)
            if 2 * (current.n_grouped * _BYTES_A_GROUPED + current.n_chosen * bytes_a_chosen) > memory_bytes:
                yield current
                current = _Round(np.zeros(n_words, dtype=np.uint64))
        if tell is not None:
            tell(band + 1, n_bands)
    yield current


def _group_band(
    shards: Shards, members: Members, band: int, memory_bytes: int
) -> Iterator[tuple[NDArray[np.int32], NDArray[np.int32]]]:
    """Give the buckets of a band that hold two members or more, part by part: grouped and begins of group_members."""
    n = len(members.paragraphs)
    shift = 6
    while 1 << shift < 4 * n and 1 << (shift - 1) <= memory_bytes:
        shift += 1
    seen = np.zeros((1 << (shift - 6), 2), dtype=np.uint64)
    n_shared = 0
    occupied = np.flatnonzero(np.diff(members.starts)).tolist()
    for shard in occupied:
        n_shared += kernels.mark_keys(freeze(shards.keys(shard, band)), *members.of(shard), seen)
    n_parts = 1
    while n_parts * memory_bytes < n_shared * _BYTES_A_SHARED and n_parts < 1 << 10:
        n_parts *= 2
    room = max((int(members.starts[shard + 1] - members.starts[shard]) for shard in occupied), default=0)
    hashes, shared = np.empty(room, dtype=np.uint64), np.empty(room, dtype=np.int32)
    for part in range(n_parts):
        found = []
        for shard in occupied:
            first = int(members.starts[shard])
            n_found = kernels.collect_shared(
                freeze(shards.keys(shard, band)), *members.of(shard), seen, (part, n_parts), first, hashes, shared
            )
            found.append((hashes[:n_found].copy(), shared[:n_found].copy()))
        if not found:
            return
        part_hashes, part_members = (np.concatenate([pieces[side] for pieces in found]) for side in (0, 1))
        del found
        grouped, begins = np.empty(len(part_members), dtype=np.int32), np.empty(len(part_members), dtype=np.int32)
        n_grouped = kernels.group_members(part_hashes, part_members, grouped, begins)
        if n_grouped:
            yield grouped[:n_grouped].copy(), begins[:n_grouped].copy()


def _pair_round(
    shards: Shards, members: Members, collected: _Round, settings: Settings, executor: Executor
) -> Iterator[NDArray[np.uint64]]:
    """Give the pairs of a round, sorted, in pieces."""
    n = collected.n_chosen
    ranks = np.empty(len(collected.bits), dtype=np.int32)
    kernels.rank_members(collected.bits, ranks)
    list(executor.map(lambda bucket: kernels.replace_members(bucket[0], collected.bits, ranks), collected.buckets))
    grouped = np.concatenate([np.empty(0, dtype=np.int32), *(bucket for bucket, _ in collected.buckets)])
    begins = np.empty(len(grouped), dtype=np.int32)
    at = 0
    for _, some in collected.buckets:
        np.add(some, np.int32(at), out=begins[at : at + len(some)])
        at += len(some)
    collected.buckets.clear()
    sketches, paragraphs = _gather(shards, members, collected.bits, ranks, n, settings, executor)
    starts, places = np.empty(n + 1, dtype=np.int64), np.empty(len(grouped), dtype=np.int32)
    kernels.list_places(grouped, n, starts, places)
    spare: list[NDArray[np.int32]] = []  # row numbers, of which no two tasks have the same, so they need no wiping
    least_equal = least_sketch_agreement(settings) + 8 * sketches.shape[1] - settings.n_hashes
    room = max(_PAIRS_AT_A_TIME, MOST_PARTNERS * settings.band_shape[0])

    def pair(task: tuple[int, int]) -> list[NDArray[np.uint64]]:
        row, last = task
        stamps = spare.pop() if spare else np.full(n, -1, dtype=np.int32)
        pairs = np.empty(room, dtype=np.uint64)
        found = []
        while row < last:
            n_pairs, row = kernels.pair_rows(
                row, last, grouped, begins, starts, places, sketches, MOST_PARTNERS, least_equal, stamps, pairs
            )
            left, right = pairs[:n_pairs] & np.uint64(0xFFFFFFFF), pairs[:n_pairs] >> np.uint64(32)
            found.append(paragraphs[right].astype(np.uint64) << np.uint64(32) | paragraphs[left].astype(np.uint64))
            found[-1].sort()
        spare.append(stamps)
        return found

    n_tasks = 4 * settings.n_workers + len(grouped) // _PLACES_A_TASK
    cuts = np.searchsorted(starts, np.linspace(0, len(grouped), n_tasks + 1).astype(np.int64)).tolist()
    cuts[0], cuts[-1] = 0, n
    for found in map_ahead(executor, pair, pairwise(cuts), 2 * settings.n_workers):
        yield from found


def _gather(
    shards: Shards,
    members: Members,
    bits: NDArray[np.uint64],
    ranks: NDArray[np.int32],
    n: int,
    settings: Settings,
    executor: Executor,
) -> tuple[NDArray[np.uint64], NDArray[np.int32]]:
    """Give sketches, eight bytes in a word, and paragraphs of the n members whose bits are set."""
    n_words = -(-settings.n_hashes // 8)
    gathered = np.zeros((n, 8 * n_words), dtype=np.uint8)
    chosen = np.empty(n, dtype=np.int32)

    def gather(shard: int) -> None:
        first, past = members.starts[shard : shard + 2].tolist()
        place = np.array([first], dtype=np.int32)
        kernels.replace_members(place, bits, ranks)
        here = chosen[place[0] :]
        n_here = kernels.list_members(first, past, bits, here)
        rows = members.rows[here[:n_here]]
        gathered[place[0] : place[0] + n_here, : settings.n_hashes] = shards.sketches(shard, rows)

    for _ in map_ahead(executor, gather, np.flatnonzero(np.diff(members.starts)).tolist(), settings.n_workers):
        pass
    return gathered.view(np.uint64), members.paragraphs[chosen]


def _merge_runs(
    runs: list[NDArray[np.uint64]], bounds: tuple[int, int], most_pairs: int
) -> Iterator[NDArray[np.uint64]]:
    """Give all pairs of sorted runs between bounds, sorted and unique, most_pairs or so at a time."""
    pieces = [run[slice(*np.searchsorted(run, np.array(bounds, dtype=np.uint64)))] for run in runs]
    first, last = bounds
    if sum(map(len, pieces)) <= most_pairs or last - first < 2:
        merged = np.concatenate(pieces)
        merged.sort()
        is_new = np.ones(len(merged), dtype=np.bool_)
        np.not_equal(merged[1:], merged[:-1], out=is_new[1:])
        yield merged[is_new]
        return
    middle = (first + last) // 2
    yield from _merge_runs(runs, (first, middle), most_pairs)
    yield from _merge_runs(runs, (middle, last), most_pairs)
