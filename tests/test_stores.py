"""Shards are kept in memory or in a folder: what they give is the same."""

import re
from dataclasses import fields
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from dedup.annotating import annotate_shard
from dedup.documents import FinalColumns, RawShard, no_documents
from dedup.errors import StagingError
from dedup.handed_over import HandedOver
from dedup.settings import Settings
from dedup.shards import Columns
from dedup.storage import DiskStorage, MemoryStorage
from dedup.stores import DiskStore, Mark, MemoryStore, Store, build_columns

WORDS = "the harbour was rebuilt after the war by engineers who had come from all over the country to help"
ROWS = [
    {"id": "a", "text": f"{WORDS}\n\n{WORDS} town {WORDS} town.\nRead more…", "score": 1, "odd": "x"},
    {"id": "b", "text": f"{WORDS} again...\n© 2020 The Harbour Letter. All rights reserved."},
    {"id": "c", "text": ""},
    {"id": "d", "text": f"Größe und Wärme: {WORDS}.\n文字も少し。", "score": None, "odd": [1]},
    {"id": "e", "text": "def f():\n    return 1\n\n\nx = f()\n", "late": {"k": 1}},
    {"id": "b", "text": f"{WORDS} again...", "score": 3, "odd": 1.5},
    {"id": "f", "text": f"Wärme.\n\nImage: {WORDS}. {WORDS}. The end of it."},
]


def read(settings: Settings, shard_bytes: int = 300) -> tuple[list[RawShard], FinalColumns]:
    reader = HandedOver(ROWS, settings)
    shards = [raw for raw, _ in reader.read(lambda: shard_bytes)]
    chunks = lambda name: [c for raw in shards for c in raw.users.get(name, [pa.nulls(raw.n_documents)])]  # noqa: E731
    return shards, FinalColumns.decide(reader.so_far, chunks)


def in_memory(shards: list[RawShard], settings: Settings) -> Store:
    store = MemoryStore(settings.band_shape[1])
    for raw in shards:
        store.add(raw, annotate_shard(raw.core(), settings), Mark(b"", []))
    return store


def open_store(folder: Path, settings: Settings) -> DiskStore:
    return DiskStore(folder, settings.band_shape[1], lambda raw: annotate_shard(raw.core(), settings), most_cached=2)


def on_disk(folder: Path, shards: list[RawShard], settings: Settings, unclear: int = -1) -> DiskStore:
    store = open_store(folder, settings)
    for number, raw in enumerate(shards):
        mark = Mark(str(number).encode(), [("s", number, "read", "broken")], is_clear=number != unclear)
        store.write(number, raw, annotate_shard(raw.core(), settings), mark)
        store.n_shards += 1
    return store


def read_texts(store: Store, shard: int) -> list[bytes]:
    data, offsets = store.texts(shard)
    return [data[first:last].tobytes() for first, last in pairwise(offsets.tolist())]


def assert_same(found: object, expected: object) -> None:
    """Compare arrays by type and value, and tables, records and lists by what is in them."""
    if isinstance(expected, np.ndarray):
        assert isinstance(found, np.ndarray)
        assert (found.dtype, found.shape) == (expected.dtype, expected.shape)
        assert np.array_equal(found, expected)
    elif hasattr(expected, "__dataclass_fields__"):
        for name in fields(expected):  # type: ignore[arg-type]
            assert_same(getattr(found, name.name), getattr(expected, name.name))
    elif isinstance(expected, list | tuple):
        for one, other in zip(found, expected, strict=True):  # type: ignore[call-overload]
            assert_same(one, other)
    elif isinstance(expected, pa.Array | pa.Table):
        assert found.equals(expected)  # type: ignore[attr-defined]
    else:
        assert found == expected


SETTINGS = [
    Settings(min_near_tokens=10),
    Settings(min_near_tokens=10, bands=40, rows=3),  # keys and sketches in words of 32 bits
    Settings(min_near_tokens=10, bands=9, rows=9),  # sketches that no word has room for
]


@pytest.mark.parametrize("settings", SETTINGS, ids=lambda settings: f"{settings.bands}-{settings.rows}")
@pytest.mark.parametrize("shard_bytes", [1, 300, 1 << 20])
def test_a_folder_gives_what_memory_gives(settings: Settings, shard_bytes: int, tmp_path: Path) -> None:
    """Texts, cuts, keys, sketches, columns and documents, of any number of shards."""
    shards, final = read(settings, shard_bytes)
    held, kept = in_memory(shards, settings), on_disk(tmp_path, shards, settings)
    assert held.n_shards == kept.n_shards == len(shards)
    assert_same(kept.ids(), held.ids())
    for name in ("score", "odd", "late"):
        found, expected = (list(store.user_chunks(name)) for store in (kept, held))
        assert [chunk.to_pylist() for chunk in found] == [chunk.to_pylist() for chunk in expected]
        assert [chunk.type for chunk in found] == [chunk.type for chunk in expected]
    for store in (held, kept):
        store.settle(final, store.ids())
    n_near = 0
    for shard in range(len(shards)):
        assert read_texts(kept, shard) == read_texts(held, shard)
        for name in ("near", "cuts", "pieces", "documents", "places"):
            assert_same(getattr(kept, name)(shard), getattr(held, name)(shard))
        n_here = len(held.near(shard))
        for rows in (np.arange(n_here, dtype=np.int32), np.arange(n_here - 1, -1, -2, dtype=np.int32)):
            assert_same(kept.sketches(shard, rows), held.sketches(shard, rows))
        for band in range(settings.band_shape[0]):
            assert_same(kept.keys(shard, band), held.keys(shard, band))
        n_near += n_here
    assert n_near >= 3
    (tmp_path / "work").mkdir()
    columns = build_columns(kept, DiskStorage(tmp_path / "work"))
    expected = build_columns(held, MemoryStorage())
    assert_same(columns, expected)
    assert columns.n_documents == len(ROWS)
    assert len(columns.pieces.paragraph) == 2


def test_columns_do_not_depend_on_where_shards_are_cut() -> None:
    """All but the bounds of the shards is the same."""
    settings = SETTINGS[0]
    whole, *others = (
        build_columns(in_memory(read(settings, size)[0], settings), MemoryStorage()) for size in (1 << 20, 300, 1)
    )
    assert whole.n_shards == 1
    for columns in others:
        assert columns.n_shards > 1
        for name in (field.name for field in fields(Columns)):
            if name not in ("shard_documents", "shard_paragraphs"):
                assert_same(getattr(columns, name), getattr(whole, name))


def test_nothing_is_kept_as_nothing(tmp_path: Path) -> None:
    """A shard without documents has all its columns, too."""
    settings = Settings()
    held, kept = in_memory([no_documents()], settings), on_disk(tmp_path, [no_documents()], settings)
    (tmp_path / "work").mkdir()
    expected = build_columns(held, MemoryStorage())
    assert_same(build_columns(kept, DiskStorage(tmp_path / "work")), expected)
    assert (expected.n_shards, expected.n_documents, expected.n_paragraphs) == (1, 0, 0)
    none = np.empty(0, dtype=np.int32)
    assert_same(kept.sketches(0, none), held.sketches(0, none))
    assert_same(kept.keys(0, 0), held.keys(0, 0))


def read_near(store: DiskStore, shard: int) -> list[np.ndarray]:
    near = store.near(shard)
    rows = np.arange(len(near), dtype=np.int32)
    return [near, store.sketches(shard, rows), *(store.keys(shard, band) for band in range(3))]


def test_what_was_dropped_is_made_again(tmp_path: Path) -> None:
    """A run that was cut off after matching makes once more what matching takes."""
    settings = SETTINGS[0]
    shards, _ = read(settings)
    store = on_disk(tmp_path, shards, settings)
    expected = [read_near(store, shard) for shard in range(len(shards))]
    store.drop_near()
    assert list(tmp_path.glob("*.near*")) == []
    again = open_store(tmp_path, settings)
    again.find_finished()
    assert_same([read_near(again, shard) for shard in range(again.n_shards)], expected)


@pytest.mark.parametrize("keeps", [0, 100, -20])
def test_what_is_damaged_and_can_be_made_again_is(tmp_path: Path, keeps: int) -> None:
    """Band keys that are not as they were written are found when a run goes on, and made once more."""
    settings = SETTINGS[0]
    shards, _ = read(settings)
    store = on_disk(tmp_path, shards, settings)
    expected = [read_near(store, shard) for shard in range(len(shards))]
    path = tmp_path / "000001.near"
    content = path.read_bytes()
    path.write_bytes(content[:keeps] + bytes(len(content[keeps:])))
    again = open_store(tmp_path, settings)
    again.find_finished()
    assert again.n_shards == len(shards)
    assert_same([read_near(again, shard) for shard in range(again.n_shards)], expected)


@pytest.mark.parametrize("name", ["lost+found", "000001.documents", "000001.mine"])
def test_a_folder_among_shards_is_told(tmp_path: Path, name: str) -> None:
    """What no run puts among its shards is named, and the way out, before anything is removed."""
    settings = SETTINGS[0]
    shards, _ = read(settings)
    on_disk(tmp_path, shards, settings)
    (tmp_path / name).unlink(missing_ok=True)
    (tmp_path / name).mkdir()
    before = sorted(tmp_path.iterdir())
    with pytest.raises(StagingError, match=f"{re.escape(name)}.*--fresh"):
        open_store(tmp_path, settings).find_finished()
    assert sorted(tmp_path.iterdir()) == before


def test_goes_on_behind_the_last_clear_mark(tmp_path: Path) -> None:
    """Shards inside a piece of input, and behind one that is damaged or missing, do not count, and their files go."""
    settings = SETTINGS[0]
    shards, _ = read(settings, 1)
    assert len(shards) > 4
    on_disk(tmp_path, shards[:4], settings, unclear=1)
    for gone, n_left in (("000004.facts", 4), ("000003.documents", 3), ("000002.facts", 1), ("000000.facts", 0)):
        (tmp_path / gone).unlink(missing_ok=True)
        store = open_store(tmp_path, settings)
        mark = store.find_finished()
        assert store.n_shards == n_left
        assert {path.name.partition(".")[0] for path in tmp_path.iterdir()} == {f"{n:06}" for n in range(n_left)}
        if mark is None:
            assert n_left == 0
        else:
            assert mark.state == str(n_left - 1).encode()
            assert [row for _, row, _, _ in mark.rejects] == list(range(n_left))
