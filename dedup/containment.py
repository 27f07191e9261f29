"""How much of one document another has: measured exactly, on the texts."""

from concurrent.futures import Executor
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dedup.kernels.characters import load_characters
from dedup.kernels.signatures import fill_shingles
from dedup.kernels.similarity import contain_pairs
from dedup.kernels.tokens import read_tokens, token_scratch
from dedup.pieces import HUGE_BYTES, cut_text
from dedup.settings import Settings
from dedup.shards import Columns, Shards
from dedup.shipping import Wanted, ship_documents
from dedup.storage import Storage
from dedup.workers import map_ahead

_BLOCK_BYTES: Final = 8 << 20
_PART_BYTES: Final = 32 << 20
_LEAST_ROUND_BYTES: Final = 256 << 20


def measure_containment(
    shards: Shards,
    columns: Columns,
    inner: NDArray[np.int64],
    outer: NDArray[np.int64],
    settings: Settings,
    executor: Executor,
    storage: Storage,
) -> NDArray[np.float64]:
    """Give the share of each inner document's distinct shingles that its outer one has, float64[n], 0..1.

    A document without tokens is contained in any.
    """
    share = np.empty(len(inner), dtype=np.float64)
    is_huge = np.maximum(columns.n_bytes[inner], columns.n_bytes[outer]) > HUGE_BYTES
    huge = np.flatnonzero(is_huge)
    share[huge] = [
        _contain_huge(shards, columns, pair, settings, storage)
        for pair in zip(inner[huge].tolist(), outer[huge].tolist(), strict=True)
    ]
    rows = np.flatnonzero(~is_huge)
    rows = rows[np.lexsort((inner[rows], outer[rows]))]
    inner_bytes, outer_bytes = columns.n_bytes[inner[rows]], columns.n_bytes[outer[rows]]
    outer_bytes[1:][outer[rows][1:] == outer[rows][:-1]] = 0  # read once for all that it is held against
    before = np.cumsum(inner_bytes + outer_bytes)
    cuts = np.concatenate([[0], np.flatnonzero(np.diff(before // _BLOCK_BYTES)) + 1, [len(rows)]]).tolist()
    # What is shipped lies on the disk a second time: of a corpus full of copies it must not be all at once.
    round_bytes = max(_LEAST_ROUND_BYTES, int(columns.n_bytes.sum()) // 4)
    n_blocks = max(1, round_bytes // _BLOCK_BYTES)
    for first in range(0, len(cuts) - 1, n_blocks):
        blocks = [rows[a:b] for a, b in pairwise(cuts[first : first + n_blocks + 1])]
        sides = [(inner[some], outer[some]) for some in blocks]
        for some, found in zip(
            blocks, _contain_round(shards, columns, sides, settings, executor, storage), strict=True
        ):
            share[some] = found
    return share


def _contain_round(
    shards: Shards,
    columns: Columns,
    blocks: list[tuple[NDArray[np.int64], NDArray[np.int64]]],
    settings: Settings,
    executor: Executor,
    storage: Storage,
) -> list[NDArray[np.float64]]:
    """Give the shares of blocks of pairs (inner, outer), sorted by outer."""
    numbers = [np.unique(np.concatenate(sides)).astype(np.int32) for sides in blocks]
    bounds = np.cumsum([0, *map(len, numbers)]).astype(np.int64)
    wanted = Wanted(np.concatenate(numbers), bounds)
    shipped = ship_documents(shards, columns, wanted, settings, executor, storage)

    def contain(block: int) -> NDArray[np.float64]:
        inner, outer = (np.searchsorted(numbers[block], side) for side in blocks[block])
        text, spans = shipped.block(int(bounds[block]), int(bounds[block + 1]))
        share = np.empty(len(inner), dtype=np.float64)
        contain_pairs(text, spans, inner, outer, *load_characters(), settings.shingle_tokens, share)
        return share

    found = []
    for share in map_ahead(executor, contain, range(len(blocks)), 2 * settings.n_workers):
        found.append(share)
        storage.release()
    storage.drop(shipped.data)
    return found


def _contain_huge(
    shards: Shards, columns: Columns, pair: tuple[int, int], settings: Settings, storage: Storage
) -> float:
    """Give the share for one pair of documents, reading them in pieces and counting shingles part by part."""
    n_parts = 1
    while n_parts * _PART_BYTES < 2 * max(int(columns.n_bytes[document]) for document in pair) and n_parts < 1 << 10:
        n_parts *= 2
    (inner, inner_bounds), (outer, outer_bounds) = (
        _list_shingles(shards, columns, document, n_parts, settings, storage) for document in pair
    )
    n_distinct = n_shared = 0
    for part in range(n_parts):
        own, other = (
            np.unique(np.concatenate([shingles[ends[part] : ends[part + 1]] for ends in bounds] or [shingles[:0]]))
            for shingles, bounds in ((inner, inner_bounds), (outer, outer_bounds))
        )
        n_distinct += len(own)
        n_shared += len(np.intersect1d(own, other, assume_unique=True))
    storage.drop(inner)
    storage.drop(outer)
    return n_shared / n_distinct if n_distinct else 1.0


def _list_shingles(
    shards: Shards, columns: Columns, document: int, n_parts: int, settings: Settings, storage: Storage
) -> tuple[NDArray[np.uint64], list[NDArray[np.int64]]]:
    """Give the shingles of a document, each piece's sorted, and where in them the parts of each piece begin.

    Parts are by value, so that equal shingles are in the same part of whatever piece.
    """
    shard = int(np.searchsorted(columns.shard_documents, document, side="right")) - 1
    texts = shards.texts(shard)
    place = document - int(columns.shard_documents[shard])
    limits = np.arange(n_parts, dtype=np.uint64) * np.uint64((1 << 64) // n_parts if n_parts > 1 else 0)
    column = storage.column("shingles", np.uint64)
    bounds: list[NDArray[np.int64]] = []
    n_before = 0
    waiting = np.empty(0, dtype=np.uint64)  # tokens with which shingles begin that end in the next piece

    def add(tokens: NDArray[np.uint64]) -> None:
        nonlocal n_before
        shingles = np.empty(max(1, len(tokens)), dtype=np.uint64)
        found = np.unique(shingles[: fill_shingles(tokens, len(tokens), settings.shingle_tokens, shingles)])
        bounds.append(n_before + np.append(np.searchsorted(found, limits), len(found)))
        n_before += len(found)
        column.append(found)

    for first, last in cut_text(texts.data, int(texts.offsets[place]), int(texts.offsets[place + 1])):
        marks, hashes, starts, ends, shapes = token_scratch(last - first)
        n = read_tokens(texts.data, first, last, *load_characters(), marks, hashes, starts, ends, shapes)
        tokens = np.concatenate([waiting, hashes[:n]])
        if len(tokens) >= settings.shingle_tokens:
            add(tokens)
        waiting = tokens[max(0, len(tokens) - settings.shingle_tokens + 1) :]
    if not bounds:  # shorter than a shingle, for all its bytes
        add(waiting)
    return column.finish(), bounds
