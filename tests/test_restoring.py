"""Restoring gives back every text byte for byte, and refuses what does not fit together."""

import gc
import os
import tarfile
import tempfile
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import dedup
from dedup import originals, parts, restoring
from dedup.errors import OutputError
from dedup.restoring import restore, restore_files
from dedup.schemas import CLEAN_DOCUMENTS, EMPTIED, OVERLAPS, REJECTED, REMOVED, empty_table
from dedup.writing import write_output

MARKERS = ["\r\n", "\t", "\0", "👩‍👩‍👧", "e\u0301", "\ufeff", "\n\n", " ", "\u2028"]
texts = (
    st.lists(st.text(max_size=8) | st.sampled_from(MARKERS), max_size=12)
    .map("".join)
    .filter(lambda text: text.isascii() or text.encode("utf-8", "replace").decode() == text)
)


@st.composite
def documents_with_spans(draw):
    """Draw texts, each with spans to remove: some none, some all of it."""
    drawn = []
    for text in draw(st.lists(texts, max_size=6)):
        ends = sorted(draw(st.sets(st.integers(0, len(text)), max_size=6)))
        spans = list(zip(ends[::2], ends[1::2], strict=False))
        if text and draw(st.booleans()):
            spans = [(0, len(text))]
        drawn.append((text, spans))
    return drawn


def clean(documents, sources=None):
    """Remove the spans, the obvious way, and give the tables that a run would."""
    clean_rows, removed_rows, emptied_rows = [], [], []
    for place, (text, spans) in enumerate(documents):
        common = {"doc_id": f"d{place}", "source": sources[place] if sources else "s", "mine": place}
        for start, end in spans:
            span = {"doc_id": f"d{place}", "start": start, "end": end, "text": text[start:end], "reason": "duplicate"}
            removed_rows.append(span)
        kept = [char for i, char in enumerate(text) if not any(start <= i < end for start, end in spans)]
        if text and not kept:
            emptied_rows.append(common | {"position": place})
        else:
            counts = {"n_removed": len(spans), "chars_removed": len(text) - len(kept)}
            clean_rows.append(common | counts | {"text": "".join(kept)})
    mine = pa.field("mine", pa.int64())
    return SimpleNamespace(
        documents=pa.Table.from_pylist(clean_rows, schema=CLEAN_DOCUMENTS.append(mine)),
        removed=pa.Table.from_pylist(removed_rows, schema=REMOVED),
        emptied=pa.Table.from_pylist(emptied_rows, schema=EMPTIED.append(mine)),
    )


def write(result, target: Path) -> None:
    tables = {"documents": result.documents, "removed": result.removed, "emptied": result.emptied}
    others = {"overlaps": empty_table(OVERLAPS), "rejected": empty_table(REJECTED)}
    write_output(target, tables | others, "{}", overwrite=False)


EXAMPLE = [("keep", []), ("a\r\nb\nc", [(3, 5)]), ("gone", [(0, 4)]), ("", []), ("👩x👧", [(0, 1), (2, 3)])]


@given(documents_with_spans())
def test_every_text_comes_back(documents):
    """Any Unicode text, any spans: the original, its columns and its place in reading order."""
    restored = restore(clean(documents))
    assert restored["text"].to_pylist() == [text for text, _ in documents]
    assert restored["doc_id"].to_pylist() == [f"d{place}" for place in range(len(documents))]
    assert restored["mine"].to_pylist() == list(range(len(documents)))
    assert restored.column_names == ["doc_id", "source", "text", "mine"]


@given(documents_with_spans(), st.randoms(use_true_random=False))
def test_order_of_removed_rows_does_not_matter(documents, random):
    """Removed rows sorted by a tool that read them still restore."""
    result = clean(documents)
    order = list(range(result.removed.num_rows))
    random.shuffle(order)
    result.removed = result.removed.take(pa.array(order, pa.int64()))
    assert restore(result)["text"].to_pylist() == [text for text, _ in documents]


def test_from_a_folder(tmp_path):
    """A written folder restores as the tables do."""
    write(clean(EXAMPLE), tmp_path / "out")
    assert restore(tmp_path / "out").equals(restore(clean(EXAMPLE)))
    assert restore(str(tmp_path / "out"))["text"].to_pylist() == [text for text, _ in EXAMPLE]


def test_what_is_no_output(tmp_path):
    """A folder that is not there, not ours or damaged is an error that says which."""
    with pytest.raises(OutputError, match="no such folder"):
        restore(tmp_path / "nowhere")
    with pytest.raises(OutputError, match=r"no report\.json"):
        restore(tmp_path)
    write(clean(EXAMPLE), tmp_path / "out")
    (tmp_path / "out" / "removed" / "part-00000.parquet").write_bytes(b"damaged")
    with pytest.raises(OutputError, match=r"removed in .* cannot be read"):
        restore(tmp_path / "out")


CHANGES = [
    ("documents", "text", 1, "a", "'d1'"),
    ("documents", "n_removed", 1, 2, "'d1'"),
    ("documents", "chars_removed", 1, 1, "'d1'"),
    ("removed", "end", 0, 4, "'d1'"),
    ("removed", "start", 3, 0, "'d4'"),
    ("removed", "text", 0, "xyz", "'d1'"),
    ("removed", "doc_id", 0, "stranger", "'d1'"),
    ("documents", "n_removed", 1, 0, "'d1'"),
    ("emptied", "position", 0, 9, "positions"),
]


@pytest.mark.parametrize(("name", "column", "place", "value", "match"), CHANGES)
def test_changed_tables_are_refused(name, column, place, value, match, tmp_path):
    """A changed text, span, count, position or missing row never restores to something else; the document is named."""
    result = clean(EXAMPLE, [f"{n}.txt" for n in range(len(EXAMPLE))])
    table = getattr(result, name)
    rows = table.to_pylist()
    rows[place][column] = value
    setattr(result, name, pa.Table.from_pylist(rows, schema=table.schema))
    write(result, tmp_path / "out")
    for call in (
        lambda: restore(result),
        lambda: restore(tmp_path / "out"),
        lambda: restore_files(tmp_path / "out", tmp_path / "back"),
        lambda: restore_files(tmp_path / "out", tmp_path / "back", as_files=True),
    ):
        with pytest.raises(OutputError, match=match + ".*changed since dedup wrote it"):
            call()
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize(
    ("name", "column", "explained"),
    [
        ("removed", "start", "d1"),
        ("removed", "text", "d1"),
        ("documents", "text", "d1"),
        ("documents", "n_removed", None),
        ("emptied", "position", None),
        ("emptied", "source", "d2"),
    ],
)
@pytest.mark.parametrize("values", [None, []])
def test_columns_of_other_values_are_refused(name, column, explained, values, tmp_path):
    """Nulls and values of another kind are an error that names the column, for restore and for explain."""
    result = clean(EXAMPLE)
    table = getattr(result, name)
    spoilt = pa.array([values] * len(table), table.schema.field(column).type if values is None else None)
    field = pa.field(column, spoilt.type)
    setattr(result, name, table.set_column(table.column_names.index(column), field, spoilt))
    write(result, tmp_path / "out")
    for call in (
        lambda: restore(result),
        lambda: restore(tmp_path / "out"),
        lambda: restore_files(tmp_path / "out", tmp_path / "back"),
        *([lambda: dedup.explain(tmp_path / "out", explained)] if explained else []),
    ):
        with pytest.raises(OutputError, match=f"the column '{column}' of {name} .*changed since dedup wrote it"):
            call()


@pytest.mark.parametrize("text_type", [pa.string(), pa.large_string(), pa.string_view()])
@pytest.mark.parametrize("names", [["documents"], ["removed"], ["emptied"], ["documents", "removed", "emptied"]])
def test_tables_that_another_program_has_written_anew(text_type, names, tmp_path):
    """The same values in types of their own, as polars and pandas write them, restore to the same texts."""
    expected = restore(clean(EXAMPLE))
    result = clean(EXAMPLE)
    write(result, tmp_path / "out")
    types = {pa.string(): text_type, pa.large_string(): text_type, pa.int64(): pa.int32()}
    for name in names:
        table = getattr(result, name)
        fields = [pa.field(field.name, types.get(field.type, field.type)) for field in table.schema]
        setattr(result, name, table.cast(pa.schema(fields)))
        place = "emptied.parquet" if name == "emptied" else f"{name}/part-00000.parquet"
        pq.write_table(getattr(result, name), tmp_path / "out" / place)
    for restored in (restore(result), restore(tmp_path / "out")):
        assert restored.to_pydict() == expected.to_pydict()
    assert restore_files(tmp_path / "out", tmp_path / "back") == len(EXAMPLE)
    assert pq.read_table(tmp_path / "back").to_pydict() == expected.to_pydict()
    assert dedup.explain(tmp_path / "out", "d1").text == EXAMPLE[1][0]
    assert dedup.explain(tmp_path / "out", "d2").text == EXAMPLE[2][0]


def rows_of(*folders: Path) -> list[dict]:
    return [row for folder in folders for row in pq.read_table(folder).to_pylist()]


def set_small(patch: pytest.MonkeyPatch, most_chars: int = 20) -> None:
    """Let outputs be written and read in small pieces."""
    patch.setattr(parts, "PART_BYTES", 300)
    patch.setattr(parts, "ROW_GROUP_BYTES", 120)
    patch.setattr(parts, "ROW_GROUP_ROWS", 3)
    patch.setattr(originals, "_MOST_EMPTIED", 2)
    patch.setattr(originals, "_MOST_TAKEN_BYTES", 40)
    patch.setattr(originals, "_ROWS_AT_A_TIME", 2)
    patch.setattr(restoring, "_MOST_CHARS", most_chars)


@settings(max_examples=40)
@given(documents_with_spans(), st.integers(1, 60))
def test_every_text_comes_back_piece_by_piece(documents, most_chars):
    """A folder of many parts and row groups restores as its tables do, in whatever pieces it is read."""
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory() as temporary:
        set_small(patch, most_chars)
        folder = Path(temporary)
        result = clean(documents)
        write(result, folder / "out")
        assert restore_files(folder / "out", folder / "back") == len(documents)
        assert pq.read_table(folder / "back").equals(restore(result))
        restore_files(result, folder / "at-once")
        assert [path.read_bytes() for path in sorted((folder / "back").iterdir())] == [
            path.read_bytes() for path in sorted((folder / "at-once").iterdir())
        ]


@settings(max_examples=40)
@given(documents_with_spans(), st.randoms(use_true_random=False))
def test_folder_in_another_order(documents, random):
    """A folder whose removed or emptied rows were sorted by another tool still restores, piece by piece."""
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory() as temporary:
        set_small(patch)
        result, folder = clean(documents), Path(temporary)
        for name in ("removed", "emptied"):
            table = getattr(result, name)
            order = random.sample(range(table.num_rows), table.num_rows)
            setattr(result, name, table.take(pa.array(order, pa.int64())))
        write(result, folder / "out")
        restore_files(folder / "out", folder / "back")
        assert [row["text"] for row in rows_of(folder / "back")] == [text for text, _ in documents]


def test_columns_of_every_sort_come_back(tmp_path, monkeypatch):
    """The user's columns keep their types and values, dictionaries in several parts among them."""
    set_small(monkeypatch)
    result = clean(EXAMPLE * 4)
    for name in ("documents", "emptied"):
        table = getattr(result, name).drop_columns("mine")
        kinds = [f"kind {n % 3}" for n in range(table.num_rows)]
        table = table.append_column("kind", pa.array(kinds).dictionary_encode())
        table = table.append_column("tags", pa.array([[kind, None] for kind in kinds]))
        setattr(result, name, table)
    write(result, tmp_path / "out")
    restore_files(tmp_path / "out", tmp_path / "back")
    expected = restore(result)
    found = pq.read_table(tmp_path / "back")
    assert found.schema == expected.schema
    assert found.to_pylist() == expected.to_pylist()


@settings(max_examples=40)
@given(st.lists(st.lists(st.integers(0, 40), max_size=6), min_size=1, max_size=6), st.data())
def test_long_columns_are_put_in_order_in_pieces(lengths, data):
    """A column of more bytes than Arrow joins is taken from chunk by chunk; no piece is larger than it may be."""
    values = [pa.array([b"x" * n + str(n).encode() for n in chunk], pa.binary()) for chunk in lengths]
    column = pa.chunked_array(values, pa.binary())
    lists = pa.chunked_array([pa.ListArray.from_arrays(range(len(v) + 1), v) for v in values])
    order = np.array(data.draw(st.permutations(range(len(column)))), np.int64)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(originals, "_MOST_TAKEN_BYTES", 90)
        for given_column in (column, lists):
            found = originals.take_rows(given_column, order)
            assert found.to_pylist() == given_column.take(pa.array(order)).to_pylist()
            assert found.type == given_column.type
            if found is not given_column and given_column.nbytes > 90:
                assert all(chunk.nbytes <= 90 + 9 * len(chunk) for chunk in found.chunks)


def test_memory_does_not_grow_with_the_output(tmp_path, monkeypatch):
    """Restoring holds those row groups that wait to be written and a few more, not the output."""
    group_bytes = 1 << 14
    monkeypatch.setattr(parts, "ROW_GROUP_BYTES", group_bytes)
    monkeypatch.setattr(parts, "PART_BYTES", 2 * group_bytes)
    monkeypatch.setattr(restoring, "_MOST_CHARS", group_bytes)
    text = "x" * 4_000
    write(clean([(text, [(5, 3_000)]), (text, [(0, 4_000)])] * 300), tmp_path / "out")
    gc.collect()
    before = pa.total_allocated_bytes()
    held = []
    add = parts.Encoder.add

    def note(*given):
        held.append(pa.total_allocated_bytes() - before)
        add(*given)

    monkeypatch.setattr(parts.Encoder, "add", note)
    restore_files(tmp_path / "out", tmp_path / "back")
    n_threads = min(os.cpu_count(), parts._MOST_THREADS)
    assert max(held) < (2 * n_threads + 20) * group_bytes < 2_000_000


def test_restore_to_parquet(tmp_path):
    """The originals are written as parts, into a new folder only."""
    assert restore_files(clean(EXAMPLE), tmp_path / "back") == len(EXAMPLE)
    assert pq.read_table(tmp_path / "back").equals(restore(clean(EXAMPLE)))
    with pytest.raises(OutputError, match=r"not empty; choose another folder$"):  # there is no --overwrite to name
        restore_files(clean(EXAMPLE), tmp_path / "back")


def test_restore_to_files(tmp_path):
    """Text files come back where they were, byte for byte, uncompressed."""
    sources = ["a.txt", "sub/b.md", "c.TXT", "empty.txt", "sub/d.txt.gz"]
    write(clean(EXAMPLE, sources), tmp_path / "out")
    restore_files(tmp_path / "out", tmp_path / "back", as_files=True)
    found = {str(p.relative_to(tmp_path / "back")): p.read_bytes() for p in (tmp_path / "back").rglob("*.*")}
    names = [*sources[:4], "sub/d.txt"]
    assert found == {name: text.encode() for name, (text, _) in zip(names, EXAMPLE, strict=True)}


@pytest.mark.skipif(os.sep == "\\", reason="a drive is no folder below another")
def test_files_of_several_folders_come_back(tmp_path):
    """Two folders with files of the same names are both restored, each below its own path, and neither is touched."""
    originals = {}
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        originals[folder] = f"The text of {folder}.\n".encode()
        (tmp_path / folder / "same.txt").write_bytes(originals[folder])
    dedup.clean_files([tmp_path / "one", tmp_path / "two"], tmp_path / "out")
    assert restore_files(tmp_path / "out", tmp_path / "back", as_files=True) == 2
    inside = tmp_path / "back" / tmp_path.relative_to(tmp_path.anchor)
    assert {path.parent.name: path.read_bytes() for path in inside.rglob("*.*")} == originals


@pytest.mark.skipif(os.sep == "\\", reason="names that Windows does not have")
def test_odd_names_come_back(tmp_path):
    """A file is restored under whatever name it had; what of a name is not UTF-8 is spelled out, as in `source`."""
    names = [b"back\\slash.txt", b"new\nline.txt", b"-dash.txt", "日本 'x'.md".encode(), b"%20[?*].txt", b"bad\xff.txt"]
    (tmp_path / "in").mkdir()
    for name in names:
        path = tmp_path / "in" / os.fsdecode(name)
        path.write_bytes(b"The text of " + name.replace(b"\xff", b"") + b"\n")
    dedup.clean_files(tmp_path / "in", tmp_path / "out")
    restore_files(tmp_path / "out", tmp_path / "back", as_files=True)
    found = {path.name: path.read_bytes() for path in (tmp_path / "back").iterdir()}
    assert found == {
        name.decode("utf-8", "backslashreplace"): b"The text of " + name.replace(b"\xff", b"") + b"\n" for name in names
    }


@pytest.mark.parametrize(
    ("name", "content", "changes"),
    [
        ("data", '{"text": "One line."}\n', {}),
        ("data", "id,text\n1,One row.\n", {}),
        ("table", "id\ttext\n1\tOne row.\n", {}),
        ("page", "<!doctype html><html><body></body></html>", {}),
        ("x.txt", '{"text": "One line."}\n', {"format": "jsonl"}),
        ("x.txt", "id,text\n1,One row.\n", {"format": "csv"}),
    ],
)
def test_what_was_no_text_file_is_not_made_one(name, content, changes, tmp_path):
    """A table or page without a suffix, or by --format, is no file of text: its text is not its content."""
    (tmp_path / name).write_text(content)
    assert dedup.clean_files(tmp_path / name, tmp_path / "out", **changes).n_documents == 1
    with pytest.raises(OutputError, match=f"'{name}' was not read as a text file"):
        restore_files(tmp_path / "out", tmp_path / "back", as_files=True)
    result = dedup.preview_files(tmp_path / name, **changes)
    with pytest.raises(OutputError, match=f"'{name}' was not read as a text file"):
        restore_files(result, tmp_path / "back", as_files=True)
    assert not (tmp_path / "back").exists()


def test_what_was_read_as_text_comes_back_under_any_name(tmp_path):
    """Files without suffix, and by --format of any suffix, are written again, from archives too."""
    for name in ("in/a.log", "in/notes", "in/b.c"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(f"What is in {name}, line by line.\n")
    with tarfile.open(tmp_path / "in" / "all.tar", "w") as archive:
        archive.add(tmp_path / "in" / "a.log", "inner.log")
    dedup.clean_files(tmp_path / "in", tmp_path / "out", format="text")
    assert restore_files(tmp_path / "out", tmp_path / "back", as_files=True) == 4
    assert (tmp_path / "back/b.c").read_bytes() == (tmp_path / "in/b.c").read_bytes()
    assert (tmp_path / "back/all.tar/inner.log").read_bytes() == (tmp_path / "in/a.log").read_bytes()
    dedup.clean_files(tmp_path / "in" / "notes", tmp_path / "out2")
    assert restore_files(tmp_path / "out2", tmp_path / "back2", as_files=True) == 1


@pytest.mark.parametrize(
    ("source", "match"),
    [
        ("../x.txt", "inside"),
        ("/in/../../x.txt", "inside"),
        ("all.jsonl", "not read as a text file"),
        ("a.txt", "two documents"),
        ("/a.txt", "two documents"),
        ("a.txt/b.txt", "'a.txt' would be both a file and the folder of another"),
        ("a.txt/b/c/d.txt", "'a.txt' would be both a file and the folder of another"),
    ],
)
def test_sources_that_are_no_place_for_a_file(source, match, tmp_path):
    """No source leads out of the folder, and what was no text file is not made one."""
    for sources in (["a.txt", source], [source, "a.txt"]):
        with pytest.raises(OutputError, match=match):
            restore_files(clean(EXAMPLE[:2], sources), tmp_path / "back", as_files=True)
    assert list(tmp_path.iterdir()) == []
