"""The same input and settings give the same bytes, however the work is cut up."""

import hashlib
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from reference.corpus import make_documents

import dedup

TABLES = ("documents", "removed")


def digests(out: Path) -> dict[str, str]:
    """Give the sha256 of every file of documents/ and removed/, and of overlaps."""
    files = sorted([path for name in TABLES for path in (out / name).iterdir()] + [out / "overlaps.parquet"])
    assert len(files) >= 3
    return {str(path.relative_to(out)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.fixture(scope="module")
def rows() -> list[dict[str, object]]:
    texts = [text for seed in range(3) for text in make_documents(seed + 10, 60)]
    return [
        {"id": f"doc-{place:04}", "text": text, "n": place, "note": "much beside the text " * (place % 50)}
        for place, text in enumerate(texts)
    ]


def write_rows(path: Path, rows: list[dict[str, object]]) -> Path:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def source(rows, tmp_path_factory) -> Path:
    return write_rows(tmp_path_factory.mktemp("same") / "rows.jsonl", rows)


@pytest.fixture(scope="module")
def expected(source: Path, tmp_path_factory) -> dict[str, str]:
    out = tmp_path_factory.mktemp("same") / "out"
    report = dedup.clean_files(source, out, workers=1)
    assert report.n_removed > 100
    return digests(out)


@pytest.mark.parametrize("workers", [1, 3])
@pytest.mark.parametrize("batch_bytes", [1, 1000, 8 << 20])
def test_workers_and_batches_change_no_byte(
    workers: int, batch_bytes: int, source: Path, expected, tmp_path: Path
) -> None:
    dedup.clean_files(source, tmp_path / "out", workers=workers, batch_bytes=batch_bytes)
    assert digests(tmp_path / "out") == expected


def test_files_change_nothing_but_the_source(rows, source: Path, tmp_path: Path) -> None:
    """Rows in one file or in several give equal tables, except for the name of the file."""
    folder = tmp_path / "parts"
    folder.mkdir()
    for number, first in enumerate(range(0, len(rows), 37)):
        write_rows(folder / f"part-{number:03}.jsonl", rows[first : first + 37])
    one, many = dedup.preview_files(source), dedup.preview_files(folder)
    for name in ("documents", "removed", "overlaps", "emptied"):
        left, right = one.tables[name], many.tables[name]
        if "source" in left.column_names:
            left, right = left.drop_columns("source"), right.drop_columns("source")
        assert left.equals(right), name


def test_python_files_and_parquet_give_the_same(rows, source: Path, tmp_path: Path) -> None:
    """The library step, JSON lines and Parquet in small row groups agree on every removal."""
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "rows.parquet", row_group_size=11)
    expected = dedup.preview_files(source)
    for result in (dedup.clean(rows), dedup.preview_files(tmp_path / "rows.parquet")):
        assert result.removed.equals(expected.removed)
        assert result.texts == expected.texts


def test_other_seeds_verify_to_the_same_similarity(rows) -> None:
    """The seed decides which pairs are looked at, not what is measured of them."""
    one, other = dedup.clean(rows, seed=1), dedup.clean(rows, seed=2)
    assert one.report.n_removed == pytest.approx(other.report.n_removed, rel=0.02)
