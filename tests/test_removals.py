"""What goes of each shard is what goes of the whole: tables do not depend on where shards are cut or kept."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from reference.corpus import make_documents
from sharded import documents_of, even_bounds, shard_documents

from dedup.applying import apply_removals, list_overlaps
from dedup.equals import find_distinct, find_twins
from dedup.evidence import Evidence
from dedup.guard import weigh_matches
from dedup.matching import find_matches
from dedup.settings import Settings
from dedup.storage import DiskStorage, MemoryStorage, Storage
from dedup.verdicts import LOSES, judge

MEMORY = 1 << 28
SENTENCE = "Größe und Wärme der Räume über dem Fluß waren schon längst bekannt, sagte der Wirt der Mühle."
IN_PIECES = [f"{number} {make_documents(number)[0]}\n\nImage: {SENTENCE} {SENTENCE} Ende." for number in range(9)]
TEXTS = [text for seed in range(3) for text in [*make_documents(seed), *IN_PIECES[seed * 3 : seed * 3 + 3]]]
KINDS = [
    {},
    {"keep": "none", "allow_different_facts": True},
    {"similarity": 0.4, "copy_share": 0.6},
    {"min_tokens": 1, "min_near_tokens": 1, "similarity": 0.3},
]


def gather(bounds: list[int], storage: Storage, executor: ThreadPoolExecutor, settings: Settings) -> Evidence:
    """Measure TEXTS in shards, in the order of reading."""
    columns, shards = shard_documents(documents_of(TEXTS), settings, bounds)
    distinct = find_distinct(columns, None, storage, MEMORY)
    twin = find_twins(columns, distinct)
    matches = find_matches(shards, columns, distinct, None, settings, executor, storage, MEMORY)
    return Evidence(columns, shards, distinct, matches, twin, None, storage, executor)


def tables_of(evidence: Evidence, settings: Settings, rows_at_a_time: int) -> dict[str, pa.Table]:
    """Judge, apply shard by shard from several threads, and join."""
    verdicts = judge(evidence, weigh_matches(evidence, settings), settings)
    ids = pa.chunked_array([[f"d{row}" for row in range(first, first + 8)] for first in range(0, len(TEXTS), 8)])
    ids = ids.slice(0, len(TEXTS))
    parts = list(
        evidence.executor.map(
            lambda shard: apply_removals(evidence, verdicts, shard, ids), range(evidence.columns.n_shards)
        )
    )
    tables = {name: pa.concat_tables([part[name] for part in parts]) for name in parts[0]}
    edges = range(0, max(verdicts.n_overlaps, 1), rows_at_a_time)
    overlaps = [list_overlaps(evidence, verdicts, ids, first, first + rows_at_a_time) for first in edges]
    return tables | {"overlaps": pa.concat_tables(overlaps)}


@pytest.mark.parametrize("changes", KINDS, ids=lambda changes: "-".join(map(str, changes.values())) or "default")
def test_shards_change_no_row(changes, tmp_path: Path) -> None:
    """One shard or many, empty ones among them, in memory or in files: the same rows in the same order."""
    settings = Settings(**changes)
    n = len(TEXTS)
    with ThreadPoolExecutor(3) as executor:
        whole = tables_of(gather([0, n], MemoryStorage(), executor, settings), settings, 1000)
        assert whole["removed"].num_rows > 100
        assert whole["overlaps"].num_rows
        for bounds, storage in (
            (even_bounds(n, 7), MemoryStorage()),
            (even_bounds(n, 5), DiskStorage(tmp_path)),
            (sorted([0, 1, 1, 2, 50, 50, n]), MemoryStorage()),
        ):
            cut = tables_of(gather(bounds, storage, executor, settings), settings, 3)
            for name, table in whole.items():
                assert cut[name].combine_chunks().equals(table.combine_chunks()), name


def test_of_all_copies_none_is_kept_where_none_shall_be() -> None:
    """With `keep = "none"` every paragraph that was a kept copy goes, and is the proof of nothing."""
    settings = Settings(keep="none")
    with ThreadPoolExecutor(2) as executor:
        evidence = gather(even_bounds(len(TEXTS), 3), MemoryStorage(), executor, settings)
        first, none = (judge(evidence, weigh_matches(evidence, some), some) for some in (Settings(), settings))
    kept = np.unique(first.kept_paragraph[first.kept_paragraph >= 0])
    assert len(kept)
    assert (none.kept_paragraph[kept] == LOSES).all()
    assert np.flatnonzero(none.copy_of == LOSES).tolist() == np.unique(first.copy_of[first.copies]).tolist()


def test_weights_say_why() -> None:
    """Every match at the threshold that lets neither side go has a reason that is not the threshold."""
    settings = Settings(similarity=0.5)
    with ThreadPoolExecutor(2) as executor:
        evidence = gather([0, len(TEXTS)], MemoryStorage(), executor, settings)
        guarded = weigh_matches(evidence, settings)
        free = weigh_matches(evidence, Settings(similarity=0.5, allow_different_facts=True))
    reaches = evidence.matches.similarity >= 0.5
    assert (free.goes == reaches).all()
    assert not (guarded.goes & ~free.goes).any()
    assert ((guarded.why == 0) == ~reaches).all()
