"""Arrow IPC and Feather: compressed batches, files cut short, bytes that point nowhere."""

import random
from functools import partial

import pyarrow as pa
import pytest
from pyarrow import feather
from read_documents import read_files

import dedup
from dedup.batches import Batch
from dedup.handed_over import _from_arrow
from dedup.places import LocalFile
from dedup.reading.arrow_ipc import read_arrow
from dedup.settings import Settings
from dedup.sources import Input

TABLE = pa.table(
    {
        "text": [letter * 5_000 for letter in "abcd"],
        "n": [1, None, 3, 4],
        "kind": pa.array(["x", "y", "x", "y"]).dictionary_encode(),
    }
)


def write(path, compression=None):
    options = pa.ipc.IpcWriteOptions(compression=compression)
    with pa.ipc.new_file(str(path), TABLE.schema, options=options) as writer:
        writer.write_table(TABLE, max_chunksize=1)


@pytest.mark.parametrize("compression", [None, "lz4", "zstd"])
def test_compressed_batches(compression, tmp_path):
    """Batches are read whatever compresses them, and columns keep their types."""
    write(tmp_path / "t.ipc", compression)
    documents = read_files([tmp_path], Settings()).documents
    assert documents["text"].to_pylist() == TABLE["text"].to_pylist()
    assert documents["column:n"].to_pylist() == [1, None, 3, 4]
    assert pa.types.is_dictionary(documents.schema.field("column:kind").type)


def test_feather(tmp_path):
    """Feather is Arrow IPC; its first version is another format, and told."""
    feather.write_feather(TABLE, tmp_path / "t.feather")
    (tmp_path / "old.feather").write_bytes(b"FEA1" + bytes(100))
    corpus = read_files([tmp_path], Settings())
    assert corpus.documents.num_rows == 4
    [reject] = corpus.rejected.to_pylist()
    assert reject["source"] == "old.feather"
    assert "version 1" in reject["reason"]


@pytest.mark.parametrize("share", [0.3, 0.55, 0.8])
def test_rows_before_the_break_are_kept(share, tmp_path):
    """A file that is cut short gives the batches before the cut, and one row in rejected for the rest."""
    path = tmp_path / "t.arrow"
    write(path)
    raw = path.read_bytes()
    path.write_bytes(raw[: int(len(raw) * share)])
    corpus = read_files([path], Settings())
    assert 0 < corpus.documents.num_rows < 4
    assert corpus.documents["text"].to_pylist() == TABLE["text"].to_pylist()[: corpus.documents.num_rows]
    assert corpus.rejected["row"].to_pylist() == [None]


def test_damaged_bytes_never_end_the_run(tmp_path):
    """Whatever a damaged file says, each batch is read or rejected: nothing is looked up where it is not."""
    path = tmp_path / "t.arrow"
    write(path)
    raw = path.read_bytes()
    generator = random.Random(1)
    for _ in range(300):
        damaged = bytearray(raw)
        for _ in range(3):
            place = generator.choice([generator.randrange(2_000), len(raw) - 1 - generator.randrange(2_000)])
            damaged[place] = generator.randrange(256)
        path.write_bytes(damaged)
        (tmp_path / "zz.txt").write_text("other")
        corpus = read_files([tmp_path], Settings())
        assert corpus.documents["text"].to_pylist()[-1] == "other"


def test_name_of_a_column_that_is_not_utf8(tmp_path):
    """A damaged name of a column makes the file unreadable, and nothing else."""
    table = pa.table({"text": ["a"], "caption": ["b"]})
    for name, start in (("file.arrow", pa.ipc.new_file), ("stream.arrow", pa.ipc.new_stream)):
        with start(str(tmp_path / name), table.schema) as writer:
            writer.write_table(table)
        (tmp_path / name).write_bytes((tmp_path / name).read_bytes().replace(b"caption", b"capt\xffon"))
    (tmp_path / "zz.txt").write_text("other")
    corpus = read_files([tmp_path], Settings())
    assert corpus.documents["text"].to_pylist() == ["other"]
    assert corpus.rejected["source"].to_pylist() == ["file.arrow", "stream.arrow"]
    assert all(reason.startswith("not readable as Arrow: ") for reason in corpus.rejected["reason"].to_pylist())


@pytest.mark.parametrize("start", [pa.ipc.new_file, pa.ipc.new_stream])
def test_size_beyond_all_memory(start, tmp_path):
    """A damaged size that no memory holds costs the rows behind it, not the run."""
    table = pa.table({"text": ["a" * 1_000]})
    with start(str(tmp_path / "t.arrow"), table.schema) as writer:
        writer.write_table(table)
    size = pa.ipc.read_message(table.to_batches()[0].serialize()).body.size.to_bytes(8, "little")
    raw = (tmp_path / "t.arrow").read_bytes()
    assert size in raw
    (tmp_path / "t.arrow").write_bytes(raw.replace(size, (1 << 50).to_bytes(8, "little")))
    corpus = read_files([tmp_path], Settings())
    assert corpus.documents.num_rows == 0
    assert corpus.rejected.num_rows >= 1


BROKEN = pa.Array.from_buffers(pa.string(), 3, pa.array([b"a", b"\xff", b"b"]).buffers())
ENDS = pa.array([0, 1, 2, 3], pa.int32())
FLAT = {
    "text": BROKEN,
    "dictionary": pa.DictionaryArray.from_arrays(pa.array([0, 1, 2]), BROKEN, safe=False),
    "views": BROKEN.view(pa.binary()).cast(pa.binary_view()).view(pa.string_view()),
}
NESTED = {
    "objects": pa.StructArray.from_arrays([BROKEN, pa.array([0, 1, 2], pa.timestamp("ns"))], ["k", "when"]),
    "lists": pa.ListArray.from_arrays(ENDS, BROKEN),
    "maps": pa.MapArray.from_arrays(ENDS, pa.array(["x", "y", "z"]), BROKEN),
    "lists of dictionaries": pa.ListArray.from_arrays(ENDS, FLAT["dictionary"]),
}


@pytest.mark.parametrize(
    ("name", "form"),
    [(name, form) for name in ("text", "id", "url") for form in FLAT] + [("kind", form) for form in NESTED],
)
def test_bytes_that_are_not_utf8(name, form, tmp_path):
    """In whatever column, text that is not UTF-8 costs its row, told by the column, or is repaired and counted."""
    columns = {"text": pa.array(["a", "b", "c"]), "id": pa.array(["x", "y", "z"]), name: (FLAT | NESTED)[form]}
    table = pa.table(columns)
    read = partial(dedup.clean, table)
    if form in FLAT:  # in a file, a batch with damage in what is nested is not looked into
        with pa.ipc.new_file(str(tmp_path / "t.arrow"), table.schema) as writer:
            writer.write_table(table)
        read = partial(dedup.preview_files, tmp_path)
    result = read(duplicates=False)
    result.documents.validate(full=True)
    assert result.documents.num_rows == 2
    [reject] = result.rejected.to_pylist()
    word = f"the {name}" if name in ("text", "id") else f"the column {name!r}"
    assert reject["reason"] == f"{word} is not UTF-8: invalid start byte at byte 0"
    assert (reject["row"], reject["stage"]) == (1, "decode")
    if name != "id":  # two that are repaired might become one
        repaired = read(duplicates=False, encoding_errors="repair").documents
        repaired.validate(full=True)
        assert repaired["n_replaced"].to_pylist() == [None, 1, None]
        assert "\ufffd" in str(repaired[name].to_pylist()[1])


def test_dictionaries_of_views(tmp_path):
    """Categories as polars writes them are text like other text, in any column, also of part of a batch."""
    column = pa.DictionaryArray.from_arrays(pa.array([1, 0, None], pa.uint32()), pa.array(["a", "b"], pa.string_view()))
    table = pa.table({"text": column, "id": column, "kind": column})
    with pa.ipc.new_file(str(tmp_path / "t.arrow"), table.schema) as writer:
        writer.write_table(table)
    for result in (dedup.preview_files(tmp_path), dedup.clean(table), dedup.clean(table.slice(0, 2))):
        for name in ("text", "doc_id", "kind"):
            assert result.documents[name].to_pylist() == ["b", "a"]


@pytest.mark.parametrize("is_file", [True, False])
def test_texts_of_a_dictionary_are_decoded_a_part_at_a_time(tmp_path, is_file):
    """A few large values that many rows of one record batch have need not be in memory once for each of these."""
    large = [letter * 100_000 for letter in "abcd"]
    places = [row // 7 % 4 if row % 100 else None for row in range(400)]
    text = pa.DictionaryArray.from_arrays(pa.array(places, pa.int8()), pa.array(large))
    table = pa.table({"n": range(400), "text": text})
    with pa.ipc.new_file(str(tmp_path / "t.arrow"), table.schema) as writer:
        writer.write_table(table)
    source = Input(LocalFile(tmp_path / "t.arrow"), "t.arrow", "arrow")
    pieces = list(read_arrow(source, Settings()) if is_file else _from_arrow(table, Settings()))
    batches = [piece for piece in pieces if isinstance(piece, Batch)]
    assert all(batch.text.nbytes < 10 << 20 for batch in batches)
    rows = [row for batch in batches for row in batch.rows.to_pylist()]
    assert rows == [number for batch in batches for number in batch.columns["n"].to_pylist()]
    assert rows == [row for row in range(400) if row % 100]
    assert [text for batch in batches for text in batch.text.to_pylist()] == [large[places[row]] for row in rows]
    assert [piece.row for piece in pieces if not isinstance(piece, Batch)] == [0, 100, 200, 300]
