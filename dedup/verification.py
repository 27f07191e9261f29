"""Candidates compared on their texts: the matches, and how the two sides of each differ."""

import tomllib
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from importlib import resources
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from dedup.kernels.characters import load_characters
from dedup.kernels.differences import MOST_SLOTS, N_FIGURES, SLOT_FIGURES
from dedup.kernels.similarity import compare_pairs
from dedup.kernels.wordings import count_fillers, count_part
from dedup.settings import Settings
from dedup.shards import Columns, Shards
from dedup.shipping import Shipped, Wanted, ship_paragraphs
from dedup.storage import Storage
from dedup.token_tables import make_token_table
from dedup.workers import map_ahead

FEWEST_FILLERS: Final = 5
"""Different wordings between the same neighbours that make the place a slot of a form. An edited copy adds
one only where it is edited, so that edited copies of one text seldom come near it."""

PAIRS_PER_BLOCK: Final = 1 << 14

_SHIPPED_SHARE: Final = 0.3
"""Of all text, copied out at once for pairs to be compared: what it takes on the disk, for another reading of all."""

_LEAST_SHIPPED_BYTES: Final = 64 << 20

_BYTES_A_SLOT: Final = 112
"""What a slot takes while wordings are counted: up to eight places of one table and four of another."""


@dataclass(frozen=True, slots=True)
class Matches:
    """Verified pairs of distinct paragraphs, sorted by right, then left.

    left, right int64[n], paragraphs, left < right; similarity float64[n];
    figures int32[n, N_FIGURES], how they differ, as in kernels.differences; fillers int32[n], of
    their substitutions those in whose place the corpus has at least FEWEST_FILLERS different wordings;
    marked float64[n], punctuation marks a token; slots uint64[k, SLOT_FIGURES], the substitutions, those of match i
    from slot_start[i] to slot_start[i + 1], int64[n + 1].
    """

    left: NDArray[np.int64]
    right: NDArray[np.int64]
    similarity: NDArray[np.float64]
    figures: NDArray[np.int32]
    fillers: NDArray[np.int32]
    marked: NDArray[np.float64]
    slot_start: NDArray[np.int64]
    slots: NDArray[np.uint64]


_COLUMNS: Final[tuple[tuple[str, Any, int | None], ...]] = (
    ("left", np.int64, None),
    ("right", np.int64, None),
    ("similarity", np.float64, None),
    ("figures", np.int32, N_FIGURES),
    ("marked", np.float64, None),
    ("slot_start", np.int64, None),
    ("slots", np.uint64, SLOT_FIGURES),
)


def verify_pairs(
    shards: Shards,
    columns: Columns,
    candidates: NDArray[np.uint64],
    settings: Settings,
    executor: Executor,
    storage: Storage,
    memory_bytes: int,
    tell: Callable[[int, int], None] | None = None,
) -> Matches:
    """Compare each pair on its texts and keep those at or above `overlap_similarity`, or `similarity` if lower.

    candidates uint64[n], right << 32 | left, sorted. `tell` is told (pairs compared, of how many).
    """
    block_bytes = memory_bytes // (16 * settings.n_workers)
    blocks, wanted = _cut_blocks(columns, candidates, block_bytes, settings, executor, storage)
    characters, function_words = load_characters(), make_token_table(load_function_words())
    floor = min(settings.similarity, settings.overlap_similarity)

    def compare(block: int, shipped: Shipped, before: int) -> list[NDArray[Any]]:
        pairs = candidates[blocks[block] : blocks[block + 1]]
        first, last = int(wanted.bounds[block]), int(wanted.bounds[block + 1])
        text, spans = shipped.block(first - before, last - before)
        left, right = _sides(pairs)
        n = len(pairs)
        similarity, marked = np.empty(n, dtype=np.float64), np.empty(n, dtype=np.float64)
        figures = np.empty((n, N_FIGURES), dtype=np.int32)
        slots = np.empty((n, MOST_SLOTS, SLOT_FIGURES), dtype=np.uint64)
        numbers = wanted.numbers[first:last]
        compare_pairs(
            text, spans, np.searchsorted(numbers, left), np.searchsorted(numbers, right), *characters,
            settings.shingle_tokens, settings.similarity, function_words, similarity, figures, slots, marked,
        )  # fmt: skip
        kept = np.flatnonzero(similarity >= floor)
        slots = slots[kept]
        is_used = slots[:, :, 0] != 0
        ends = np.cumsum(is_used.sum(axis=1))
        return [left[kept], right[kept], similarity[kept], figures[kept], marked[kept], ends, slots[is_used]]

    made = [storage.column(f"matches-{name}", dtype, width) for name, dtype, width in _COLUMNS]
    made[5].append(np.zeros(1, dtype=np.int64))
    n_slots = 0
    # One block without pairs is compared, too: so the first run on a machine compiles all, whatever the texts are.
    for first, past in _cut_rounds(columns, wanted):
        before = int(wanted.bounds[first])
        some = Wanted(wanted.numbers[before : wanted.bounds[past]], wanted.bounds[first : past + 1] - before)
        shipped = ship_paragraphs(shards, columns, some, settings, executor, storage)
        work = partial(compare, shipped=shipped, before=before)
        for block, found in enumerate(map_ahead(executor, work, range(first, past), 2 * settings.n_workers), first):
            found[5] = found[5] + n_slots
            n_slots += len(found[6])
            for column, values in zip(made, found, strict=True):
                column.append(values)
            storage.release()
            if tell is not None:
                tell(blocks[block + 1], len(candidates))
        storage.drop(shipped.data)
        storage.drop(shipped.starts)
        del shipped, work
    storage.drop(wanted.numbers)
    arrays = {name: column.finish() for (name, _, _), column in zip(_COLUMNS, made, strict=True)}
    return Matches(**arrays, fillers=_count_fillers(arrays["slots"], arrays["slot_start"], storage, memory_bytes))


def load_function_words() -> list[str]:
    """Give the words of function_words.toml, all languages together."""
    text = resources.files("dedup").joinpath("function_words.toml").read_text(encoding="utf-8")
    return [word for words in tomllib.loads(text).values() for word in words.split()]


def _sides(pairs: NDArray[np.uint64]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Give left and right of pairs."""
    return (pairs & np.uint64(0xFFFFFFFF)).astype(np.int32), (pairs >> np.uint64(32)).astype(np.int32)


def _cut_blocks(
    columns: Columns,
    candidates: NDArray[np.uint64],
    block_bytes: int,
    settings: Settings,
    executor: Executor,
    storage: Storage,
) -> tuple[list[int], Wanted]:
    """Cut pairs into blocks, whose paragraphs have `block_bytes` at most or are two: bounds, and what each wants."""

    def cut_from(first: int) -> list[tuple[int, NDArray[np.int32]]]:
        found = []
        waiting = [(first, min(first + PAIRS_PER_BLOCK, len(candidates)))]
        while waiting:  # a function that called itself would keep the columns it sees until garbage is collected
            first, last = waiting.pop()
            numbers = np.unique(np.concatenate(_sides(candidates[first:last])))
            if last - first > 1 and int((columns.end[numbers] - columns.start[numbers]).sum()) > block_bytes:
                middle = (first + last) // 2
                waiting += [(middle, last), (first, middle)]
            else:
                found.append((last, numbers))
        return found

    blocks, bounds = [0], [0]
    column = storage.column("wanted", np.int32)
    firsts = range(0, max(1, len(candidates)), PAIRS_PER_BLOCK)
    for found in map_ahead(executor, cut_from, firsts, 2 * settings.n_workers):
        for last, numbers in found:
            blocks.append(last)
            bounds.append(bounds[-1] + len(numbers))
            column.append(numbers)
        storage.release()
    return blocks, Wanted(column.finish(), np.array(bounds, dtype=np.int64))


def _cut_rounds(columns: Columns, wanted: Wanted) -> Iterator[tuple[int, int]]:
    """Give (first, past) of runs of blocks whose texts are shipped at once: a share of all text at most."""
    most = max(_LEAST_SHIPPED_BYTES, int(_SHIPPED_SHARE * int(columns.n_bytes.sum())))
    first, n_bytes = 0, 0
    n_blocks = len(wanted.bounds) - 1
    for block in range(n_blocks):
        numbers = wanted.numbers[wanted.bounds[block] : wanted.bounds[block + 1]]
        n_here = int((columns.end[numbers] - columns.start[numbers]).sum())
        if n_bytes and n_bytes + n_here > most:
            yield first, block
            first, n_bytes = block, 0
        n_bytes += n_here
    yield first, n_blocks


def _count_fillers(
    slots: NDArray[np.uint64], slot_start: NDArray[np.int64], storage: Storage, memory_bytes: int
) -> NDArray[np.int32]:
    """Count, for each pair, the substitutions in whose place at least FEWEST_FILLERS different wordings were seen."""
    fillers = storage.array("matches-fillers", len(slot_start) - 1, np.int32)
    fillers[:] = 0
    n_parts = 1
    while n_parts * memory_bytes < len(slots) * _BYTES_A_SLOT and n_parts < 1 << 10:
        n_parts *= 2
    for part in range(n_parts):
        n_rows = count_part(slots, part, n_parts)
        count_fillers(slots, slot_start, part, n_parts, n_rows, FEWEST_FILLERS, fillers)
        storage.release()
    return fillers
