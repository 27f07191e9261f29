"""The output folder: whole or not at all, the same bytes for the same tables, readable everywhere."""

import errno
import json
from pathlib import Path

import duckdb
import numpy as np
import pandas
import polars
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import dedup
from dedup import parts, placing
from dedup.errors import OutputError
from dedup.schemas import EMPTIED, OVERLAPS, REJECTED, REMOVED, empty_table
from dedup.writing import OutputWriter, check_target, write_output

REPORT = json.dumps({"version": "0"})


def make_tables(n_documents: int = 5, text_length: int = 40) -> dict[str, pa.Table]:
    """Make the tables of a run with columns of every sort that a user may bring."""
    rng = np.random.default_rng(3)
    documents = pa.table(
        {
            "doc_id": [f"d{i}" for i in range(n_documents)],
            "text": pa.array(["".join(rng.choice(list("abc é\n"), text_length)) for _ in range(n_documents)]).cast(
                pa.large_string()
            ),
            "source": ["all.jsonl"] * n_documents,
            "n_removed": pa.array([0] * n_documents, pa.int64()),
            "chars_removed": pa.array([0] * n_documents, pa.int64()),
            "tags": [["t", str(i % 3)] for i in range(n_documents)],
            "category": pa.array([f"c{i % 4}" for i in range(n_documents)]).dictionary_encode(),
            "score": [None if i % 2 else i / 3 for i in range(n_documents)],
        }
    )
    schemas = {"removed": REMOVED, "overlaps": OVERLAPS, "rejected": REJECTED, "emptied": EMPTIED}
    return {"documents": documents} | {name: empty_table(schema) for name, schema in schemas.items()}


def chunked(table: pa.Table, size: int) -> pa.Table:
    """Give an equal table in chunks, each with dictionaries of its own."""
    pieces = [table.slice(start, size) for start in range(0, table.num_rows, size)]
    again = [pa.Table.from_pylist(piece.to_pylist(), schema=table.schema) for piece in pieces]
    return pa.concat_tables(again) if again else table


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.fixture
def small_cuts(monkeypatch):
    """Let parts and row groups be cut within small tables."""
    monkeypatch.setattr(parts, "PART_BYTES", 2_000)
    monkeypatch.setattr(parts, "ROW_GROUP_BYTES", 700)
    monkeypatch.setattr(parts, "ROW_GROUP_ROWS", 6)


def test_layout(tmp_path):
    """Parts are there even when empty, every other table is a file, and nothing else is left behind."""
    write_output(tmp_path / "new" / "out", make_tables(0), REPORT, overwrite=False)
    expected = ["documents/part-00000.parquet", "emptied.parquet", "overlaps.parquet", "rejected.parquet"]
    assert list(contents(tmp_path / "new" / "out")) == [*expected, "removed/part-00000.parquet", "report.json"]
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["out"]
    assert pq.read_schema(tmp_path / "new/out/removed/part-00000.parquet").equals(REMOVED)


def test_same_bytes_for_any_chunks_and_threads(tmp_path, small_cuts):
    """Chunks, slices, dictionaries and threads of the same table leave no trace in the files."""
    tables = make_tables(60)
    documents = tables["documents"]
    variants = [documents, chunked(documents, 1), chunked(documents, 7), pa.concat_tables([documents] * 2).slice(60)]
    outputs = []
    for number, variant in enumerate(variants):
        target = tmp_path / str(number)
        write_output(target, tables | {"documents": variant}, REPORT, overwrite=False, workers=number + 1)
        outputs.append(contents(target))
    assert len([name for name in outputs[0] if name.startswith("documents/")]) > 2
    assert outputs[0] == outputs[1] == outputs[2] == outputs[3]


def test_cuts_hold_every_row_once(small_cuts):
    """Parts follow each other without loss, and a row larger than the limit is a part of its own."""
    table = make_tables(30)["documents"]
    parts = [part for _, part in cut_parts(table)]
    assert pa.concat_tables(parts).equals(table)
    assert [name for name, _ in cut_parts(table)] == [f"part-{number:05d}.parquet" for number in range(len(parts))]
    large = make_tables(3, text_length=5_000)["documents"]
    assert [part.num_rows for _, part in cut_parts(large)] == [1, 1, 1]


def test_pandas_polars_and_duckdb_read_it(tmp_path, small_cuts):
    """The folder of documents reads back alike in the tools that people use."""
    tables = make_tables(40)
    write_output(tmp_path / "out", tables, REPORT, overwrite=False)
    place = tmp_path / "out" / "documents"
    texts = tables["documents"]["text"].to_pylist()
    tags = tables["documents"]["tags"].to_pylist()
    frame = pandas.read_parquet(place)
    assert frame["text"].tolist() == texts
    assert [list(value) for value in frame["tags"]] == tags
    lazy = polars.scan_parquet(place / "*.parquet").collect()
    assert lazy["text"].to_list() == texts
    assert lazy["tags"].to_list() == tags
    relation = duckdb.sql(f"select text, tags, category from '{place}/*.parquet'").fetchall()
    assert [row[0] for row in relation] == texts
    for name in ("removed/part-00000", "overlaps", "rejected", "emptied"):
        path = tmp_path / "out" / f"{name}.parquet"
        assert polars.read_parquet(path).height == pandas.read_parquet(path).shape[0] == 0


def test_failing_write_leaves_nothing(tmp_path, monkeypatch):
    """When the disk is full the error is one line, and neither a folder nor a part of one is there."""

    def refuse(path: Path, table: pa.Table) -> None:
        path.write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(parts, "_write_parquet", refuse)
    with pytest.raises(OutputError, match=r"cannot write .*no space left on device; nothing was changed"):
        write_output(tmp_path / "a" / "out", make_tables(), REPORT, overwrite=False)
    assert list(tmp_path.iterdir()) == []


def test_failing_overwrite_leaves_the_old_output(tmp_path, monkeypatch):
    """Whatever fails, writing or the last rename, the old folder is as it was."""
    out = tmp_path / "out"
    write_output(out, make_tables(3), REPORT, overwrite=False)
    before = contents(out)
    rename = Path.rename

    def refuse_last(path: Path, target: Path) -> Path:
        if ".partial-" in path.name:
            raise OSError(errno.EIO, "Input/output error")
        return rename(path, target)

    def interrupt(path: Path, table: pa.Table) -> None:
        raise KeyboardInterrupt

    for name, owner, broken, error in (
        ("rename", Path, refuse_last, OutputError),
        ("_write_parquet", writing, interrupt, KeyboardInterrupt),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(owner, name, broken)
            with pytest.raises(error):
                write_output(out, make_tables(4), REPORT, overwrite=True)
        assert contents(out) == before
        assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_overwrite_replaces_ours_only(tmp_path):
    """An output is replaced when asked; a folder that holds anything else never is."""
    out = tmp_path / "out"
    write_output(out, make_tables(3), REPORT, overwrite=False)
    with pytest.raises(OutputError, match=r"not empty.*--overwrite"):
        write_output(out, make_tables(4), REPORT, overwrite=False)
    write_output(out, make_tables(4), REPORT, overwrite=True)
    assert pq.read_table(out / "documents").num_rows == 4
    for name in ("notes.txt", "documents/notes.txt", "mine/x"):
        (out / name).parent.mkdir(exist_ok=True)
        (out / name).write_text("mine")
        with pytest.raises(OutputError, match=r"holds '(notes|documents/notes|mine)"):
            write_output(out, make_tables(4), REPORT, overwrite=True)
        (out / name).unlink()
    photos = tmp_path / "photos"
    photos.mkdir()
    (photos / "a.parquet").write_text("x")
    with pytest.raises(OutputError, match="did not write"):
        write_output(photos, make_tables(4), REPORT, overwrite=True)
    assert contents(photos) == {"a.parquet": b"x"}


def test_target_and_sources(tmp_path):
    """An output in, on or above what is read is refused before any work; beside it is fine."""
    data = tmp_path / "data"
    (data / "sub").mkdir(parents=True)
    (data / "x.txt").write_text("x")
    for target, source in (
        (data, data),
        (data / "out", data),
        (tmp_path, data),
        (tmp_path, data / "x.txt"),
        (data / "x.txt", data / "x.txt"),
        (data / "out", f"{data}/**/*.txt"),
        (data, f"{data}/*.txt"),
    ):
        with pytest.raises(OutputError, match="source"):
            check_target(target, [tmp_path / "elsewhere", source], overwrite=True)
    check_target(tmp_path / "out", [data], overwrite=False)
    check_target(data / "out", [data / "x.txt", f"{data}/*.txt"], overwrite=False)
    check_target(data / "sub", [data / "x.txt"], overwrite=False)
    with pytest.raises(OutputError, match="is a file"):
        check_target(data / "x.txt", [], overwrite=False)


def test_target_that_is_a_link(tmp_path):
    """A link to an empty folder stays a link, and the output is where it points."""
    (tmp_path / "disk").mkdir()
    (tmp_path / "out").symlink_to(tmp_path / "disk")
    write_output(tmp_path / "out", make_tables(), REPORT, overwrite=False)
    assert (tmp_path / "out").is_symlink()
    assert (tmp_path / "disk" / "report.json").is_file()


def test_file_in_the_way_of_a_folder(tmp_path):
    """A parent that is a file is an error of one line."""
    (tmp_path / "file").write_text("x")
    with pytest.raises(OutputError, match=r"^\S.*cannot write[^\n]*$|^cannot write[^\n]*$"):
        write_output(tmp_path / "file" / "out", make_tables(), REPORT, overwrite=False)


def test_standard_output_is_no_target(tmp_path, monkeypatch):
    """'-' for the output is a mistake, not a folder of that name."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.txt").write_text("a")
    with pytest.raises(OutputError, match="'-' is no folder"):
        dedup.clean_files("a.txt", "-")
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]
