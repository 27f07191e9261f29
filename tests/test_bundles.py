"""Files of named arrays: what is read is what was written, or an error."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from dedup.bundles import Bundle, write_bundle
from dedup.errors import StagingError
from dedup.mixed import MixedType, mixed_array


def write_sample(path: Path) -> dict[str, object]:
    entries: dict[str, object] = {
        "numbers": np.arange(12, dtype=np.uint64).reshape(3, 4),
        "truths": np.array([True, False]),
        "none": np.empty((0, 2), dtype=np.uint64),
        "said": b"anything",
        "columns": [
            pa.array([1, None]), pa.array(["a"]), pa.array(["b", "b"]).dictionary_encode(), pa.nulls(3),
            pa.array([{"x": [1, 2]}]), pa.array([], pa.large_string()),
        ],
    }  # fmt: skip
    write_bundle(path, entries, plain=frozenset({"truths"}))  # type: ignore[arg-type]
    return entries


def test_gives_back_what_was_written(tmp_path: Path) -> None:
    """Arrays of every kind come back with their types, shapes and values, and may be written to."""
    entries = write_sample(tmp_path / "x")
    bundle = Bundle(tmp_path / "x")
    bundle.check()
    for name in ("numbers", "truths", "none"):
        found, expected = bundle.numbers(name), entries[name]
        assert isinstance(expected, np.ndarray)
        assert found.dtype == expected.dtype
        assert found.shape == expected.shape
        assert found.tolist() == expected.tolist()
        assert found.flags.writeable
    assert bundle.read("said") == b"anything"
    assert bundle.arrays("columns") == entries["columns"]
    assert "columns" in bundle
    assert "other" not in bundle


def test_values_of_several_types_stay_json(tmp_path: Path) -> None:
    """A column of mixed values is stored as it is held, and is of that type again."""
    mixed = mixed_array([1, "one", None], {})
    write_bundle(tmp_path / "x", {"column": [mixed]})
    [found] = Bundle(tmp_path / "x").arrays("column")
    assert isinstance(found.type, MixedType)
    assert found.storage == mixed.storage


def test_damage_is_told(tmp_path: Path) -> None:
    """Whatever byte of the file is another, and wherever it is cut short, reading says so."""
    path = tmp_path / "x"
    write_sample(path)
    whole = path.read_bytes()

    def read_all() -> None:
        Bundle(path).check()

    for at in range(0, len(whole), 7):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0x55]) + whole[at + 1 :])
        with pytest.raises(StagingError, match=r"'.*x'"):
            read_all()
    for size in range(0, len(whole), 11):
        path.write_bytes(whole[:size])
        with pytest.raises(StagingError, match="no finished shard"):
            read_all()


def test_nothing_appears_half(tmp_path: Path) -> None:
    """Under its name a file is whole: what fails in the middle leaves the one that was there."""
    write_sample(tmp_path / "x")
    before = (tmp_path / "x").read_bytes()
    with pytest.raises(AttributeError):
        write_bundle(tmp_path / "x", {"good": b"1", "bad": [None]})  # type: ignore[list-item]
    assert (tmp_path / "x").read_bytes() == before
