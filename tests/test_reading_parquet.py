"""Parquet: types of text and ids, columns of any type, damaged files, many files."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from read_documents import read_files

from dedup.batches import Batch
from dedup.errors import ColumnError
from dedup.places import LocalFile
from dedup.reading.tabular import read_parquet
from dedup.settings import Settings
from dedup.sources import Input


def read_table(folder, table, **changes):
    path = folder / "t.parquet"
    pq.write_table(table, path, row_group_size=2)
    return read_files([path], Settings(**changes))


@pytest.mark.parametrize(
    "kind",
    [pa.string(), pa.large_string(), pa.string_view(), pa.dictionary(pa.int32(), pa.string())],
    ids=str,
)
def test_types_of_text(kind, tmp_path):
    """Text of any Arrow type is read, and a null is a row in rejected."""
    texts = pa.array(["a", None, "b", "a"]).cast(pa.large_string()).cast(kind)
    corpus = read_table(tmp_path, pa.table({"Content": texts, "n": range(4)}))
    assert corpus.documents["text"].to_pylist() == ["a", "b", "a"]
    assert corpus.documents["column:n"].to_pylist() == [0, 2, 3]
    assert corpus.documents["doc_id"].to_pylist() == ["t:0", "t:2", "t:3"]
    assert corpus.rejected.to_pylist() == [
        {"source": "t.parquet", "row": 1, "stage": "read", "reason": "the text is null"}
    ]


def test_binary_text_is_refused(tmp_path):
    """A column of bytes is not text; the message says what it is, and what to do if it holds pages."""
    with pytest.raises(ColumnError, match=r"'text' is binary, not text; if it holds HTML pages, .* --html-column"):
        read_table(tmp_path, pa.table({"text": [b"a"]}))


def test_pages_without_text_are_told_from_other_columns(tmp_path):
    """Where no column is text by its name and one holds pages by its, the message names that."""
    with pytest.raises(ColumnError, match=r"no text column .* with --html-column Raw_HTML"):
        read_table(tmp_path, pa.table({"url": ["a"], "Raw_HTML": [b"<p>a"]}))
    with pytest.raises(ColumnError, match=r"--text-column \(text_column\)$"):
        read_table(tmp_path, pa.table({"url": ["a"]}))


def test_other_candidate_where_the_first_is_not_text(tmp_path):
    """A text column that holds numbers is passed over for a later candidate, and rides along."""
    documents = read_table(tmp_path, pa.table({"text": [1], "body": ["b"]})).documents
    assert documents["text"].to_pylist() == ["b"]
    assert documents["column:input_text"].to_pylist() == [1]


def test_ids(tmp_path):
    """Numbers become decimals, null ids are made from source and row."""
    corpus = read_table(tmp_path, pa.table({"text": ["a", "b"], "ID": pa.array([5, None], pa.int32())}))
    assert corpus.documents["doc_id"].to_pylist() == ["5", "t:1"]
    assert corpus.documents.num_columns == 4
    with pytest.raises(ColumnError, match=r"t\.parquet: the id column 'k' is binary"):
        read_table(tmp_path, pa.table({"text": ["a"], "k": [b"1"]}), id_column="k")


def test_bytes_that_are_not_utf8(tmp_path):
    """A string column that holds bad bytes costs those rows only."""
    raw = pa.array([b"a", b"\xff", b"b"])
    text = pa.Array.from_buffers(pa.string(), 3, raw.buffers())
    corpus = read_table(tmp_path, pa.table({"text": text}))
    assert corpus.documents["text"].to_pylist() == ["a", "b"]
    assert corpus.rejected["row"].to_pylist() == [1]
    assert corpus.rejected["stage"].to_pylist() == ["decode"]
    assert corpus.rejected["reason"].to_pylist() == ["the text is not UTF-8: invalid start byte at byte 0"]


def test_bytes_that_are_not_utf8_repaired(tmp_path):
    """With --encoding-errors repair bad bytes become U+FFFD and are counted; a U+FFFD that stood there is not."""
    raw = pa.array([b"a", b"caf\xe9 \xff", None, "\ufffd".encode()])
    table = pa.table({"text": pa.Array.from_buffers(pa.string(), 4, raw.buffers())})
    corpus = read_table(tmp_path, table, encoding_errors="repair")
    assert corpus.documents["text"].to_pylist() == ["a", "caf\ufffd \ufffd", "\ufffd"]
    assert corpus.documents["column:n_replaced"].to_pylist() == [None, 2, None]
    assert corpus.rejected["row"].to_pylist() == [2]


@pytest.mark.parametrize("changes", [{}, {"html_column": "text"}])
def test_row_over_the_limit(changes, tmp_path):
    """A text or page longer than the limit costs its row."""
    corpus = read_table(tmp_path, pa.table({"text": ["a", "é" * 60, "b"]}), max_document_bytes=100, **changes)
    assert corpus.documents["row"].to_pylist() == [0, 2]
    assert corpus.rejected["row"].to_pylist() == [1]
    assert "larger than 100 bytes; --max-document-bytes" in corpus.rejected["reason"].to_pylist()[0]


def test_columns_are_untouched(tmp_path):
    """Every column keeps its type and values."""
    table = pa.table(
        {
            "text": ["a", "b", "c"],
            "category": pa.array(["x", "y", "x"]).dictionary_encode(),
            "when": pa.array([0, None, 2], pa.timestamp("us", "UTC")),
            "nested": [{"a": [1]}, None, {"a": []}],
            "small": pa.array([1, 2, 3], pa.int8()),
            "nothing": pa.nulls(3),
            "blob": [b"\xff", b"", None],
        }
    )
    documents = read_table(tmp_path, table).documents
    for name in table.column_names[1:]:
        assert documents[f"column:{name}"].to_pylist() == table[name].to_pylist()
        assert documents.schema.field(f"column:{name}").type == table.schema.field(name).type


def test_columns_of_several_files(tmp_path):
    """Files give the union of their columns, in order of first appearance, of one type each."""
    pq.write_table(pa.table({"text": ["a"], "n": pa.array([1], pa.int8()), "s": ["x"]}), tmp_path / "a.parquet")
    pq.write_table(pa.table({"m": [True], "text": ["b"], "n": pa.array([2.5])}), tmp_path / "b.parquet")
    (tmp_path / "c.txt").write_text("c")
    documents = read_files([tmp_path], Settings()).documents
    assert documents.schema.names[4:] == ["column:n", "column:s", "column:m"]
    assert documents["column:n"].to_pylist() == [1.0, 2.5, None]
    assert documents["column:s"].to_pylist() == ["x", None, None]
    assert documents["column:m"].to_pylist() == [None, True, None]


def test_id_column_beside_text_files(tmp_path):
    """Text files have no columns: a wrong id column is an error all the same when a table is among them."""
    (tmp_path / "a.txt").write_text("a")
    assert read_files([tmp_path], Settings(id_column="nope")).documents["doc_id"].to_pylist() == ["a"]
    pq.write_table(pa.table({"text": ["b"]}), tmp_path / "b.parquet")
    with pytest.raises(ColumnError, match=r"no id column 'nope'.*'text'"):
        read_files([tmp_path], Settings(id_column="nope"))


def test_not_parquet(tmp_path):
    """A file that only calls itself Parquet is a row in rejected."""
    (tmp_path / "t.parquet").write_text("not at all")
    [reject] = read_files([tmp_path], Settings()).rejected.to_pylist()
    assert reject["row"] is None
    assert "not readable as Parquet" in reject["reason"]


def test_damaged_row_group(tmp_path):
    """A row group that cannot be read costs its own rows."""
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table({"text": [c * 1_000 for c in "abcdef"]}), path, row_group_size=2, compression="zstd")
    column = pq.ParquetFile(path).metadata.row_group(1).column(0)
    raw = bytearray(path.read_bytes())
    start = column.dictionary_page_offset
    raw[start : start + column.total_compressed_size] = b"\xff" * column.total_compressed_size
    path.write_bytes(raw)
    corpus = read_files([path], Settings())
    assert [text[0] for text in corpus.documents["text"].to_pylist()] == ["a", "b", "e", "f"]
    assert corpus.documents["row"].to_pylist() == [0, 1, 4, 5]
    assert "rows 2 to 3 cannot be read" in corpus.rejected["reason"].to_pylist()[0]


@pytest.mark.parametrize(
    "kind",
    [pa.string(), pa.large_string(), pa.dictionary(pa.int32(), pa.string())],
    ids=["string", "large", "dictionary"],
)
def test_a_few_large_values_that_many_rows_have_come_in_small_batches(kind, tmp_path):
    """However little is stored of them, what is decoded at a time is bounded, as in columns beside the text."""
    large = [letter * 100_000 for letter in "abcd"]
    texts = [large[row // 7 % 4] if row % 100 else None for row in range(400)]
    blobs = [text and text.encode() for text in reversed(texts)]
    lang = pa.array(["en", "de"] * 200).dictionary_encode()
    table = pa.table({"text": pa.array(texts).cast(kind), "blob": pa.array(blobs, pa.binary()), "lang": lang})
    pq.write_table(table, tmp_path / "t.parquet")
    pieces = list(read_parquet(Input(LocalFile(tmp_path / "t.parquet"), "t.parquet", "parquet"), Settings()))
    batches = [piece for piece in pieces if isinstance(piece, Batch)]
    for batch in batches:
        n_bytes = batch.text.nbytes + sum(column.nbytes for column in batch.columns.values())
        assert n_bytes < 10 << 20
        assert [column.type for column in batch.columns.values()] == [pa.binary(), lang.type]
    rows = [row for batch in batches for row in batch.rows.to_pylist()]
    assert rows == [row for row in range(400) if row % 100]
    assert [text for batch in batches for text in batch.text.to_pylist()] == [texts[row] for row in rows]
    assert [blob for batch in batches for blob in batch.columns["blob"].to_pylist()] == [blobs[row] for row in rows]
    assert [piece.row for piece in pieces if not isinstance(piece, Batch)] == [0, 100, 200, 300]
