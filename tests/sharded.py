"""A small corpus in shards, measured shard by shard and held in memory: what the stages after fingerprints take."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pyarrow as pa

from dedup.annotating import annotate_shard
from dedup.documents import FinalColumns, RawShard, ReadSoFar
from dedup.schemas import DOCUMENTS
from dedup.settings import Settings
from dedup.shards import Columns
from dedup.storage import MemoryStorage
from dedup.stores import Mark, MemoryStore, build_columns


@dataclass(slots=True)
class HeldShards(MemoryStore):
    """Shards in memory; refuses to give what was dropped."""

    has_near: bool = True

    def near(self, shard: int) -> np.ndarray:
        """Give the paragraphs long enough for near-duplicates."""
        assert self.has_near
        return MemoryStore.near(self, shard)

    def keys(self, shard: int, band: int) -> np.ndarray:
        """Give the keys of one band."""
        assert self.has_near
        return MemoryStore.keys(self, shard, band)

    def sketches(self, shard: int, rows: np.ndarray) -> np.ndarray:
        """Give some sketches."""
        assert self.has_near
        return MemoryStore.sketches(self, shard, rows)

    def drop_near(self) -> None:
        """Refuse near, keys and sketches from now on."""
        self.has_near = False


def documents_of(texts: Sequence[str]) -> pa.Table:
    """Give DOCUMENTS d0, d1, ... of texts."""
    n = len(texts)
    columns = [[f"d{row}" for row in range(n)], list(texts), ["memory"] * n, list(range(n))]
    return pa.table([pa.array(c, f.type) for c, f in zip(columns, DOCUMENTS, strict=True)], schema=DOCUMENTS)


def even_bounds(n_documents: int, n_shards: int) -> list[int]:
    """Give the first document of each of n_shards shards (some may be empty), then n_documents."""
    return [n_documents * shard // n_shards for shard in range(n_shards + 1)]


def shard_documents(
    documents: pa.Table, settings: Settings, bounds: Sequence[int] | None = None
) -> tuple[Columns, HeldShards]:
    """Measure DOCUMENTS cut at `bounds` (0, ..., n; None: one shard); boilerplate is looked for as settings say."""
    shards = HeldShards(settings.band_shape[1])
    core = documents.select(DOCUMENTS.names)
    ids = []
    for first, last in pairwise([0, core.num_rows] if bounds is None else bounds):
        table = core.slice(first, last - first)
        one = {
            name: pa.concat_arrays(table[name].chunks or [pa.array([], table[name].type)]) for name in DOCUMENTS.names
        }
        raw = RawShard(one["text"], one["doc_id"], one["source"], one["row"], {}, {})
        shards.add(raw, annotate_shard(table, settings), Mark(b"", []))
        ids.append(one["doc_id"])
    shards.settle(FinalColumns.decide(ReadSoFar(), shards.user_chunks), ids)
    return build_columns(shards, MemoryStorage()), shards
