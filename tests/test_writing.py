"""The output folder: whole or not at all, the same bytes for the same tables, readable everywhere."""

import errno
import itertools
import json
import tempfile
import time
from pathlib import Path

import duckdb
import numpy as np
import pandas
import polars
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import dedup
from dedup import parts
from dedup.errors import OutputError, SchemaError
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


def set_small_cuts(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(parts, "PART_BYTES", 2_000)
    patch.setattr(parts, "ROW_GROUP_BYTES", 700)
    patch.setattr(parts, "ROW_GROUP_ROWS", 6)


@pytest.fixture
def small_cuts(monkeypatch):
    """Let parts and row groups be cut within small tables."""
    set_small_cuts(monkeypatch)


def test_layout(tmp_path):
    """Parts are there even when empty, every other table is a file, and nothing else is left behind."""
    write_output(tmp_path / "new" / "out", make_tables(0), REPORT, overwrite=False)
    expected = ["documents/part-00000.parquet", "emptied.parquet", "overlaps.parquet", "rejected.parquet"]
    assert list(contents(tmp_path / "new" / "out")) == [*expected, "removed/part-00000.parquet", "report.json"]
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["out"]
    assert pq.read_schema(tmp_path / "new/out/removed/part-00000.parquet").equals(REMOVED)


def write_pieces(target: Path, tables: dict[str, pa.Table], sizes: list[int], workers: int) -> dict[str, bytes]:
    """Write the tables in turns, so many rows at a time, and give the files."""
    with OutputWriter(target, workers=workers) as output:
        starts = dict.fromkeys(tables, 0)
        for name, table in tables.items():
            output.add(name, table.slice(0, 0))
        for size in itertools.cycle(sizes):
            for name, table in tables.items():
                output.add(name, table.slice(starts[name], size))
                starts[name] += size
            if all(starts[name] >= table.num_rows for name, table in tables.items()):
                break
        output.finish(REPORT)
    return contents(target)


def test_same_bytes_for_any_chunks_and_threads(tmp_path, small_cuts):
    """Chunks, slices, dictionaries, pieces and threads of the same table leave no trace in the files."""
    documents = make_tables(60)["documents"]
    tables = make_tables() | {"documents": documents, "overlaps": documents.slice(3, 40), "emptied": documents}
    outputs = []
    for number, variant in enumerate(
        [documents, chunked(documents, 1), chunked(documents, 7), pa.concat_tables([documents] * 2).slice(60)]
    ):
        target = tmp_path / str(number)
        write_output(target, tables | {"documents": variant}, REPORT, overwrite=False, workers=number + 1)
        outputs.append(contents(target))
    for number, sizes in enumerate([[1], [4, 0, 9], [59, 1], [60]]):
        outputs.append(write_pieces(tmp_path / f"pieces-{number}", tables, sizes, workers=number + 1))
    assert len([name for name in outputs[0] if name.startswith("documents/")]) > 2
    assert all(output == outputs[0] for output in outputs)


def cut_one_by_one(sizes: list[int], most_bytes: int, most_rows: int) -> list[list[int]]:
    """Put each size into the last run that it fits into, or a new one."""
    runs: list[list[int]] = []
    for size in sizes:
        if not runs or len(runs[-1]) == most_rows or sum(runs[-1]) + size > most_bytes:
            runs.append([])
        runs[-1].append(size)
    return runs


@settings(max_examples=40)
@given(st.lists(st.sampled_from([0, 1, 10, 150, 300, 692, 693, 2_500]), max_size=30), st.lists(st.integers(0, 9)))
def test_cuts_are_greedy(lengths, pieces):
    """Row groups hold as many rows as the limits let them, parts as many row groups, however rows come."""
    table = pa.table({"text": pa.array(["x" * length for length in lengths], pa.string()), "n": range(len(lengths))})
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory() as folder:
        set_small_cuts(patch)
        with OutputWriter(Path(folder) / "out", workers=1) as output:
            for start, end in itertools.pairwise([0, *sorted(pieces), len(lengths)]):
                output.add("documents", table.slice(start, max(0, end - start)))
            output.finish(REPORT)
        files = [pq.ParquetFile(path).metadata for path in sorted((Path(folder) / "out" / "documents").iterdir())]
        found = [[file.row_group(place).num_rows for place in range(file.num_row_groups)] for file in files]
        assert pq.read_table(Path(folder) / "out" / "documents").equals(table)
    groups = cut_one_by_one([length + 8 for length in lengths], 700, 6)
    parts_bytes = cut_one_by_one([sum(group) for group in groups], 2_000, 1_000)
    n_groups = [len(part) for part in parts_bytes] or [0]
    n_rows = iter([len(group) for group in groups])
    assert found == [[next(n_rows) for _ in range(n)] for n in n_groups]


def test_large_values_are_measured():
    """Lists and objects count with all they hold, so that no row group is many times what it should be."""
    vectors = pa.array([[0.5] * 100, None, []], pa.list_(pa.float32()))
    rows = {
        "vectors": vectors,
        "fixed": pa.array([[0.5] * 3, None, [1.0] * 3], pa.list_(pa.float64(), 3)),
        "tags": pa.array([["ab", None, "cde"], [], None]),
        "object": pa.array([{"a": "xyz", "b": 1}, None, {"a": None, "b": 2}]),
        "map": pa.array([[("k", "vvv")], [], None], pa.map_(pa.string(), pa.string())),
        "nothing": pa.nulls(3),
        "text": pa.array(["é", None, ""]),
        "kind": pa.array(["a", "b", None]).dictionary_encode(),
    }
    expected = [
        (8 + 8 * 100) + (8 + 8 * 3) + (8 + 5) + (3 + 8) + (8 + 4) + 8 + 2 + 8,
        8 + 8 + 8 + 8 + 8 + 8 + 0 + 8,
        8 + (8 + 8 * 3) + 8 + 8 + 8 + 8 + 0 + 8,
    ]
    table = pa.table(rows)
    assert parts.measure_rows(table).tolist() == expected
    assert parts.measure_rows(pa.concat_tables([table.slice(2), table]).slice(1)).tolist() == expected


def test_rows_of_other_columns_are_refused(tmp_path):
    """A table keeps the columns that its first rows have."""
    with OutputWriter(tmp_path / "out") as output:
        output.add("documents", pa.table({"a": [1]}))
        with pytest.raises(SchemaError, match="documents"):
            output.add("documents", pa.table({"a": ["x"]}))
    assert list(tmp_path.iterdir()) == []


def test_what_adds_waits_for_what_writes(tmp_path, small_cuts, monkeypatch):
    """Only a few row groups wait to be compressed, whatever the size of what is added."""
    table = make_tables(300)["documents"]
    waiting, most = 0, 0
    write, add = parts._File.write, parts.Encoder.add

    def count_added(encoder, file, group):
        nonlocal waiting, most
        add(encoder, file, group)
        waiting += 1
        most = max(most, waiting)

    def write_slowly(file, group):
        nonlocal waiting
        time.sleep(0.002)
        write(file, group)
        waiting -= 1

    monkeypatch.setattr(parts._File, "write", write_slowly)
    monkeypatch.setattr(parts.Encoder, "add", count_added)
    with OutputWriter(tmp_path / "out", workers=2) as output:
        output.add("documents", table)
        output.finish(REPORT)
    assert 2 <= most <= 6
    assert pq.read_table(tmp_path / "out" / "documents").num_rows == 300


def test_rows_that_wait_hold_on_to_no_more_than_themselves():
    """A few rows of a large table do not keep the table in memory until a row group is full."""
    table = pa.table({"text": ["x" * 1_000] * 4_000, "kind": pa.array(["a"] * 4_000).dictionary_encode()})
    few = parts._without_waste(table.slice(10, 5))
    assert few.equals(table.slice(10, 5))
    assert few.get_total_buffer_size() < 50_000
    assert parts._without_waste(table) is table


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


@pytest.mark.parametrize("workers", [1, 2])
def test_failing_write_leaves_nothing(workers, tmp_path, monkeypatch):
    """What goes wrong while writing is an error of one line, and neither a folder nor a part of one is there."""

    def refuse(file, group):
        file.path.write_bytes(b"half")
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(parts._File, "write", refuse)
    with pytest.raises(OutputError, match=r"cannot write .*out': input/output error; nothing was changed"):
        write_output(tmp_path / "a" / "out", make_tables(), REPORT, overwrite=False, workers=workers)
    assert list(tmp_path.iterdir()) == []


def test_failing_overwrite_leaves_the_old_output(tmp_path, monkeypatch):
    """Whatever fails, writing, waiting for the disk or the last rename, the old folder is as it was."""
    out = tmp_path / "out"
    write_output(out, make_tables(3), REPORT, overwrite=False)
    before = contents(out)
    rename = Path.rename

    def refuse_last(path: Path, target: Path) -> Path:
        if ".partial-" in path.name:
            raise OSError(errno.EIO, "Input/output error")
        return rename(path, target)

    def interrupt(file, group):
        raise KeyboardInterrupt

    def refuse_sync(path):
        raise OSError(errno.EIO, "Input/output error")

    for owner, name, broken, error in (
        (Path, "rename", refuse_last, OutputError),
        (parts._File, "write", interrupt, KeyboardInterrupt),
        (parts, "sync", refuse_sync, OutputError),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(owner, name, broken)
            with pytest.raises(error):
                write_output(out, make_tables(4), REPORT, overwrite=True)
        assert contents(out) == before
        assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_what_comes_into_the_target_meanwhile_is_not_replaced(tmp_path):
    """A file that somebody puts there while a long run goes on is not lost."""
    with OutputWriter(tmp_path / "out") as output:
        for name, table in make_tables().items():
            output.add(name, table)
        (tmp_path / "out").mkdir()
        (tmp_path / "out" / "mine.txt").write_text("mine")
        with pytest.raises(OutputError, match="not empty"):
            output.finish(REPORT)
    assert contents(tmp_path) == {"out/mine.txt": b"mine"}


def test_overwrite_replaces_ours_only(tmp_path):
    """An output is replaced when asked; a folder that holds anything else never is."""
    out = tmp_path / "out"
    write_output(out, make_tables(3), REPORT, overwrite=False)
    with pytest.raises(OutputError, match=r"not empty.*--overwrite"):
        write_output(out, make_tables(4), REPORT, overwrite=False)
    write_output(out, make_tables(4), REPORT, overwrite=True)
    assert pq.read_table(out / "documents").num_rows == 4
    for name in (
        "notes.txt",
        "documents/notes.txt",
        "mine.parquet",
        "documents.parquet",
        "documents/mine.parquet",
        "documents/part-mine.parquet",
        "removed/part-1.parquet",
        "removed/part-00000.parquet.bak",
        "reportXjson",
        "mine/x",
    ):
        (out / name).parent.mkdir(exist_ok=True)
        (out / name).write_text("mine")
        with pytest.raises(OutputError, match=rf"holds '{name.removesuffix('/x')}'"):
            write_output(out, make_tables(4), REPORT, overwrite=True)
        assert (out / name).read_text() == "mine"
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
        (data / "out", f"{data}/*"),
        (data / "sub" / "out", f"{data}/s*"),
        (data / "out", f"{data}/o?t/*/*.parquet"),
        (data / "out", f"{data}/*/report.json"),
        (tmp_path / "data-clean", f"{tmp_path}/data*"),
        (data / "out", f"file://{data}"),
        (f"file://{data}/out", data),
        (f"file://{data}/out", f"file://{data}/*"),
    ):
        with pytest.raises(OutputError, match="source"):
            check_target(target, [tmp_path / "elsewhere", source], overwrite=True)
    check_target(tmp_path / "out", [data], overwrite=False)
    check_target(data / "out", [data / "x.txt", f"{data}/*.txt"], overwrite=False)
    check_target(data / "out", [f"{data}/*/*.txt", f"{data}/s*"], overwrite=False)
    check_target(data / ".out", [f"{data}/*"], overwrite=False)
    check_target(data / "sub", [data / "x.txt"], overwrite=False)
    with pytest.raises(OutputError, match="is a file"):
        check_target(data / "x.txt", [], overwrite=False)


def test_output_is_not_read_the_next_time(tmp_path):
    """A link in a source that leads to the output is followed in the second run only, which is refused."""
    source, out = tmp_path / "in", tmp_path / "out"
    source.mkdir()
    (source / "x.txt").write_text("A line of the only document.")
    (source / "link").symlink_to(out)
    dedup.clean_files(source, out)
    before = contents(out)
    with pytest.raises(OutputError, match=r"would be read as a source, 'link/documents/part-00000\.parquet' in it"):
        dedup.clean_files(source, out, overwrite=True)
    (source / "link").unlink()
    (source / "one.parquet").symlink_to(out / "documents" / "part-00000.parquet")
    for target in (out, f"file://{out}"):
        with pytest.raises(OutputError, match=r"'one\.parquet' in it"):
            dedup.clean_files(source, target, overwrite=True)
    assert contents(out) == before


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
