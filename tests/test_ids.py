"""Ids tell documents apart, whatever ids they came with and wherever shards are cut."""

from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedup.ids import tell_apart
from dedup.storage import MemoryStorage


def rename(ids: list[str], bounds: list[int] | None = None, memory_bytes: int = 1 << 20) -> tuple[list[str], int]:
    """Give the ids of documents of a source "s", cut into shards at `bounds`, and how many were changed."""
    bounds = bounds or [0, len(ids)]
    chunks = [pa.array(ids[first:last], pa.string()) for first, last in pairwise(bounds)]

    def places(shard: int) -> tuple[pa.Array, pa.Array]:
        rows = range(bounds[shard], bounds[shard + 1])
        return pa.array(["s"] * len(rows), pa.string()), pa.array(rows, pa.int64())

    with np.errstate(over="ignore"):
        found, n_renamed = tell_apart(chunks, places, MemoryStorage(), memory_bytes)
    assert [len(chunk) for chunk in found] == [len(chunk) for chunk in chunks]
    assert all(chunk.type == pa.string() for chunk in found)
    return [doc_id for chunk in found for doc_id in chunk.to_pylist()], n_renamed


@pytest.mark.parametrize(
    ("ids", "expected"),
    [
        ([], []),
        (["a", "b"], ["a", "b"]),
        (["a", "a", "b", "a"], ["a", "a@s:1", "b", "a@s:3"]),
        (["", ""], ["", "@s:1"]),
        # what a later one would be called is the id of another, before it or after
        (["a@s:1", "a", "a"], ["a@s:1", "a", "a@s:2"]),
        (["a", "a", "a@s:1"], ["a", "a@s:1+", "a@s:1"]),
        (["a", "a", "a@s:1", "a@s:1+"], ["a", "a@s:1++", "a@s:1", "a@s:1+"]),
        # an id that is changed makes no room for another
        (["a@s:3", "a@s:3", "a", "a"], ["a@s:3", "a@s:3@s:1", "a", "a@s:3+"]),
    ],
    ids=str,
)
def test_the_first_of_equal_ids_stays(ids: list[str], expected: list[str]) -> None:
    """Later ones are called by where they are from, and by '+' where that is taken."""
    n_changed = sum(old != new for old, new in zip(ids, expected, strict=True))
    assert rename(ids) == (expected, n_changed)


@given(
    st.lists(st.sampled_from(["a", "b", "c", "a@s:1", "a@s:2", "a@s:1+", "é", ""]), max_size=12),
    st.lists(st.integers(0, 12), max_size=4),
)
def test_ids_are_unique_wherever_shards_are_cut(ids: list[str], cuts: list[int]) -> None:
    """No two are equal, and neither shards nor memory change them."""
    whole, n_renamed = rename(ids)
    assert len(set(whole)) == len(whole)
    assert n_renamed == len(ids) - len(set(ids))
    bounds = [0, *sorted(min(cut, len(ids)) for cut in cuts), len(ids)]
    assert rename(ids, bounds) == (whole, n_renamed)
    assert rename(ids, bounds, memory_bytes=1) == (whole, n_renamed)


def test_ids_are_looked_at_in_parts_when_memory_is_short() -> None:
    """Many ids in little memory: the same."""
    ids = [str(number % 7_000) for number in range(10_000)]
    whole = rename(ids)
    assert whole[1] == 3_000
    assert len(set(whole[0])) == 10_000
    assert rename(ids, [0, 2_500, 9_999, 10_000], memory_bytes=1 << 10) == whole
