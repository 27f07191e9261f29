"""Long arrays: the same in memory and in files."""

from pathlib import Path

import numpy as np
import pytest

from dedup.storage import DiskStorage, MemoryStorage, SpillingStorage, Storage


@pytest.fixture(params=["memory", "disk", "spilling", "spilt"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    made: dict[str, Storage] = {
        "memory": MemoryStorage(),
        "disk": DiskStorage(tmp_path),
        "spilling": SpillingStorage(100_000, lambda: tmp_path),
        "spilt": SpillingStorage(0, lambda: tmp_path),
    }
    return made[str(request.param)]


def test_columns_hold_what_was_appended(storage: Storage) -> None:
    """Rows come back in order, cast to the column's type, through releases, and may be written to."""
    column, wide = storage.column("a", np.int32), storage.column("a", np.uint64, 2)
    expected: list[int] = []
    for n in (0, 3, 200_000, 1):
        column.append(np.arange(n, dtype=np.int64))
        wide.append(np.full((n, 2), n, dtype=np.uint64))
        expected += range(n)
    found, pairs = column.finish(), wide.finish()
    storage.release()
    assert found.dtype == np.int32
    assert found.tolist() == expected
    assert pairs.shape == (len(expected), 2)
    assert pairs[-1].tolist() == [1, 1]
    found[0] = 7
    storage.release()
    assert found[0] == 7


def test_empty_columns_have_their_shape(storage: Storage) -> None:
    """A column without rows is an array of its type and width."""
    assert storage.column("a", np.int8).finish().shape == (0,)
    found = storage.column("a", np.uint64, 3).finish()
    assert (found.shape, found.dtype) == ((0, 3), np.uint64)


def test_arrays_can_be_written_to(storage: Storage) -> None:
    """What is written at random stays, through releases."""
    found, none = storage.array("a", (1000, 3), np.float64), storage.array("a", 0, np.int8)
    found[:] = 0.5
    found[17, 2] = 2.0
    storage.release()
    assert found.sum() == 3000 * 0.5 + 1.5
    assert len(none) == 0


def test_dropped_columns_leave_no_file(tmp_path: Path) -> None:
    """Room on the disk is free once a column is dropped, finished or not."""
    storage = DiskStorage(tmp_path)
    finished, pending = storage.column("a", np.int8), storage.column("b", np.int8)
    for column in (finished, pending):
        column.append(np.zeros(1_000_000, dtype=np.int8))
    finished.finish()
    finished.drop()
    pending.drop()
    assert list(tmp_path.iterdir()) == []


def test_files_are_only_for_what_memory_has_no_room_for(tmp_path: Path) -> None:
    """No folder is asked for within the limit, what goes past it is in files, and dropping gives room in both."""
    asked: list[Path] = []

    def make_folder() -> Path:
        asked.append(tmp_path)
        return tmp_path

    storage = SpillingStorage(1_000, make_folder)
    first, second = storage.array("a", 600, np.int8), storage.column("b", np.int8)
    second.append(np.ones(300, dtype=np.int8))
    assert not asked
    assert storage.held_bytes == 900
    second.append(np.ones(300, dtype=np.int8))
    found = second.finish()
    assert asked == [tmp_path]
    assert (storage.held_bytes, found.sum(), len(list(tmp_path.iterdir()))) == (600, 600, 1)
    storage.drop(found)
    storage.drop(first)
    assert (storage.held_bytes, list(tmp_path.iterdir())) == (0, [])
    third = storage.array("c", 900, np.int8)
    assert (len(third), storage.held_bytes, len(asked)) == (900, 900, 1)
