"""Documents as readers give them, without anything being cleaned."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from dedup.corpus import Reader
from dedup.documents import FinalColumns, RawShard, no_documents
from dedup.handed_over import HandedOver
from dedup.ids import tell_apart
from dedup.reading import FileReader, plan_inputs
from dedup.settings import Settings
from dedup.storage import MemoryStorage


@dataclass(frozen=True)
class Documents:
    """All that was read."""

    documents: pa.Table
    rejected: pa.Table
    skipped: list[str]
    n_sources: int
    n_renamed_ids: int
    n_replaced_chars: int
    n_repaired: int
    warnings: list[str]
    by_extractor: dict[str, int]


def read_files(
    sources: Sequence[str | Path], settings: Settings, on_progress: Callable[[str, int, int], None] | None = None
) -> Documents:
    return _read(FileReader(plan_inputs(sources, settings), settings, on_progress), settings)


def from_python(documents: Any, settings: Settings) -> Documents:
    return _read(HandedOver(documents, settings), settings)


def _read(reader: Reader, settings: Settings) -> Documents:
    shards: list[RawShard] = [raw for raw, _ in reader.read(lambda: settings.batch_bytes)] or [no_documents()]
    said = reader.so_far
    final = FinalColumns.decide(
        said, lambda name: [c for raw in shards for c in raw.users.get(name, [pa.nulls(raw.n_documents)])]
    )
    ids, n_renamed = tell_apart(
        [raw.ids for raw in shards], lambda shard: (shards[shard].sources, shards[shard].rows), MemoryStorage(), 1 << 20
    )
    return Documents(
        pa.concat_tables([final.table(raw, shard_ids) for raw, shard_ids in zip(shards, ids, strict=True)]),
        said.rejected(),
        reader.skipped,
        reader.n_sources,
        n_renamed,
        said.n_replaced_chars,
        said.n_repaired,
        final.warnings(),
        dict(said.by_extractor.most_common()),
    )
