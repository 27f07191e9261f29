"""Spans of the texts of many shards put together by those who need them, each shard read once."""

from concurrent.futures import Executor
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from dedup.arrow_views import freeze
from dedup.kernels.copying import copy_wanted
from dedup.settings import Settings
from dedup.shards import Columns, Shards
from dedup.storage import Storage
from dedup.workers import map_ahead


@dataclass(frozen=True, slots=True)
class Wanted:
    """What b blocks want: numbers int32[n], of paragraphs or documents, ascending in a block; bounds int64[b + 1]."""

    numbers: NDArray[np.int32]
    bounds: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Shipped:
    """The bytes of n spans, one after the other: data uint8[], starts int64[n + 1]."""

    data: NDArray[np.uint8]
    starts: NDArray[np.int64]

    def block(self, first: int, last: int) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
        """Give the bytes of spans first to last, and where in these bytes each is, int64[last - first, 2]."""
        starts = self.starts[first : last + 1]
        data = freeze(self.data[starts[0] : starts[-1]])
        return data, np.column_stack([starts[:-1] - starts[0], starts[1:] - starts[0]])


@dataclass(frozen=True, slots=True)
class _Spans:
    """Where spans are: document int32[n], start int64[n] in it, shard_bounds int64[s + 1], the first of each shard."""

    document: NDArray[np.int32]
    start: NDArray[np.int64]
    shard_bounds: NDArray[np.int64]


def ship_paragraphs(
    shards: Shards, columns: Columns, wanted: Wanted, settings: Settings, executor: Executor, storage: Storage
) -> Shipped:
    """Give the bytes of the paragraphs that are wanted, block by block."""
    starts = storage.array("shipped-starts", len(wanted.numbers) + 1, np.int64)
    starts[0] = 0
    for first, last in pairwise(wanted.bounds.tolist()):
        numbers = wanted.numbers[first:last]
        np.cumsum(columns.end[numbers] - columns.start[numbers], out=starts[first + 1 : last + 1])
        starts[first + 1 : last + 1] += starts[first]
    storage.release()
    spans = _Spans(columns.document, columns.start, columns.shard_paragraphs)
    return _ship(shards, columns, spans, wanted, Shipped(_room(starts, storage), starts), settings, executor, storage)


def ship_documents(
    shards: Shards, columns: Columns, wanted: Wanted, settings: Settings, executor: Executor, storage: Storage
) -> Shipped:
    """Give the bytes of the documents that are wanted, block by block."""
    starts = np.concatenate([[0], np.cumsum(columns.n_bytes[wanted.numbers])]).astype(np.int64)
    n = columns.n_documents
    spans = _Spans(np.arange(n, dtype=np.int32), np.zeros(n, dtype=np.int64), columns.shard_documents)
    return _ship(shards, columns, spans, wanted, Shipped(_room(starts, storage), starts), settings, executor, storage)


def _room(starts: NDArray[np.int64], storage: Storage) -> NDArray[np.uint8]:
    return storage.array("shipped", int(starts[-1]), np.uint8)


def _ship(
    shards: Shards,
    columns: Columns,
    spans: _Spans,
    wanted: Wanted,
    shipped: Shipped,
    settings: Settings,
    executor: Executor,
    storage: Storage,
) -> Shipped:
    """Read each shard of which anything is wanted once, and copy that to where it is wanted."""
    cuts = np.empty((len(wanted.bounds) - 1, columns.n_shards + 1), dtype=np.int64)
    for block, (first, last) in enumerate(pairwise(wanted.bounds.tolist())):
        cuts[block] = first + np.searchsorted(wanted.numbers[first:last], spans.shard_bounds)
    document, start, numbers, starts = (
        freeze(array) for array in (spans.document, spans.start, wanted.numbers, shipped.starts)
    )

    def ship(shard: int) -> None:
        ranges = cuts[:, shard : shard + 2]
        texts = shards.texts(shard)
        copy_wanted(
            texts.data, freeze(texts.offsets), columns.shard_documents[shard], document, start, numbers,
            ranges[ranges[:, 0] < ranges[:, 1]], starts, shipped.data,
        )  # fmt: skip

    asked = np.flatnonzero((cuts[:, :-1] < cuts[:, 1:]).any(axis=0)).tolist()
    for _ in map_ahead(executor, ship, asked, settings.n_workers):
        storage.release()
    return shipped
