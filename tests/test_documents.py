"""Documents handed over in Python: accepted kinds, rejected items, unique ids."""

from uuid import UUID

import duckdb
import numpy
import pandas
import polars
import pyarrow as pa
import pyarrow.dataset
import pytest
from hypothesis import given
from hypothesis import strategies as st
from read_documents import from_python

import dedup
from dedup import documents
from dedup.errors import ColumnError, InputError, SettingsError
from dedup.handed_over import HandedOver
from dedup.schemas import DOCUMENTS, REJECTED, check_schema
from dedup.settings import Settings

ROWS = [{"id": "x", "text": "one", "n": 1}, {"id": "y", "text": "", "n": None}, {"id": "z", "text": "三", "n": 3}]
TABLE = pa.Table.from_pylist(ROWS)


class OneArray:
    """What offers one array to Arrow, and nothing else."""

    def __init__(self, array):
        """Store the array."""
        self.array = array

    def __arrow_c_array__(self, requested_schema=None):
        return self.array.__arrow_c_array__(requested_schema)


KINDS = {
    "dicts": lambda: ROWS,
    "generator": lambda: (dict(row) for row in ROWS),
    "table": lambda: TABLE,
    "chunked": lambda: pa.concat_tables([TABLE.slice(0, 1), TABLE.slice(1)]),
    "sliced": lambda: pa.concat_tables([TABLE, TABLE]).slice(3),
    "batch": lambda: TABLE.to_batches()[0],
    "reader": lambda: TABLE.to_reader(max_chunksize=1),
    "batches": lambda: TABLE.to_batches(max_chunksize=1),
    "generator of batches": lambda: iter(TABLE.to_batches(max_chunksize=2)),
    "tables": lambda: [TABLE.slice(0, 1), TABLE.slice(1)],
    "dataset": lambda: pyarrow.dataset.dataset(TABLE),
    "scanner": lambda: pyarrow.dataset.dataset(TABLE).scanner(batch_size=1),
    "one array": lambda: OneArray(TABLE.to_struct_array().combine_chunks()),
    "polars": lambda: polars.from_arrow(TABLE),
    "pandas": lambda: pandas.DataFrame({**TABLE.to_pydict(), "n": pandas.array([1, None, 3], dtype="Int64")}),
    "duckdb": lambda: duckdb.sql("from TABLE_"),
}
TABLE_ = TABLE  # the name by which DuckDB finds it


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_gives_the_same_documents(kind):
    """Lists of dicts, Arrow objects and data frames of equal content are the same corpus."""
    corpus = from_python(KINDS[kind](), Settings())
    check_schema(corpus.documents, DOCUMENTS, "documents")
    expected = [
        {"doc_id": row["id"], "text": row["text"], "source": "documents", "row": i, "column:n": row["n"]}
        for i, row in enumerate(ROWS)
    ]
    assert corpus.documents.to_pylist() == expected
    assert corpus.rejected.num_rows == 0


@pytest.mark.parametrize("kind", [list, tuple, pa.array, polars.Series, pandas.Series, iter])
def test_strings(kind):
    """Strings in any ordered container are documents called by their position."""
    corpus = from_python(kind(["cat", "dog", "cat"]), Settings())
    assert corpus.documents["text"].to_pylist() == ["cat", "dog", "cat"]
    assert corpus.documents["doc_id"].to_pylist() == ["0", "1", "2"]


def test_long_arrow_text_is_not_copied():
    """A large_string column passes as the buffers it came in."""
    text = pa.chunked_array([["x" * 9_000_000], ["y" * 9_000_000]], pa.large_string())
    found = from_python(pa.table({"text": text}), Settings()).documents["text"]
    addresses = [[chunk.buffers()[2].address for chunk in column.chunks] for column in (text, found)]
    assert addresses[0] == addresses[1]


@pytest.mark.parametrize("type_", [pa.binary(), pa.binary_view(), pa.list_(pa.large_binary()), pa.binary(1000)])
def test_columns_count_as_the_text_does(type_):
    """A corpus of captions with pictures is cut by the pictures, whatever type of column they are in."""
    pictures = [bytes([place]) * 1000 for place in range(20)]
    values = [[picture] for picture in pictures] if pa.types.is_list(type_) else pictures
    table = pa.table({"text": ["a caption"] * 20, "picture": pa.array(values, type_)})
    for size in (1, 7, 20):
        reader = HandedOver(table.to_reader(max_chunksize=size), Settings())
        shards = [raw for raw, _ in reader.read(lambda: 3 * 1050)]
        assert all(raw.n_documents <= 4 for raw in shards)
        assert [value for raw in shards for chunk in raw.users["picture"] for value in chunk.to_pylist()] == values
    reader = HandedOver(table, Settings())
    assert [raw.n_documents for raw, _ in reader.read(lambda: 30 * 1050)] == [20]


def test_chunks_of_a_column_are_joined_up_to_a_size(monkeypatch):
    """Many small chunks become one, and large ones are never more than Arrow can count in one array."""
    table = pa.table({"text": ["a caption"] * 40, "picture": [bytes([place]) * 100 for place in range(40)]})
    monkeypatch.setattr(documents, "_MOST_JOINED_BYTES", 1100)
    [(raw, _)] = HandedOver(table.to_reader(max_chunksize=2), Settings()).read(lambda: 1 << 20)
    chunks = raw.users["picture"]
    assert [len(chunk) for chunk in chunks] == [10] * 4
    assert [value for chunk in chunks for value in chunk.to_pylist()] == table["picture"].to_pylist()
    assert (
        from_python(table.to_reader(max_chunksize=2), Settings()).documents["column:picture"].equals(table["picture"])
    )


def test_items_that_are_no_documents_are_rejected():
    """An odd item is a row in rejected, told by its position; the first usable item says what all are."""
    corpus = from_python([None, "cat", 3, {"text": "dog"}, "\ud800", "owl"], Settings())
    assert corpus.documents["doc_id"].to_pylist() == ["1", "5"]
    check_schema(corpus.rejected, REJECTED, "rejected")
    assert corpus.rejected["row"].to_pylist() == [0, 2, 3, 4]
    assert corpus.rejected["reason"].to_pylist()[1:] == [
        "a document here must be a string, this item is of type int",
        "a document here must be a string, this item is of type dict",
        "half a surrogate pair in the text, which UTF-8 cannot hold",
    ]
    corpus = from_python([{"text": "a"}, "b", {"text": "c", 5: 1}, {"text": "d", "n": "\udfff"}], Settings())
    assert corpus.documents["text"].to_pylist() == ["a"]
    assert corpus.rejected["row"].to_pylist() == [1, 2, 3]
    corpus = from_python([{"text": "a"}, {"text": "b", "\ud800": 1}, {"text": "c", "m": {"\ud800": 1}}], Settings())
    assert corpus.documents["text"].to_pylist() == ["a"]
    assert corpus.rejected["row"].to_pylist() == [1, 2]


@pytest.mark.parametrize(
    "kind",
    [
        list,
        pa.array,
        lambda texts: [{"text": text} for text in texts],
        lambda texts: pa.table({"text": texts}),
    ],
)
def test_documents_over_the_limit(kind):
    """However documents are handed over, one that is larger than it may be, counted in bytes, is rejected."""
    corpus = from_python(kind(["x" * 10, "x" * 11, "é" * 6, "last"]), Settings(max_document_bytes=10))
    assert corpus.documents["text"].to_pylist() == ["x" * 10, "last"]
    assert corpus.rejected["row"].to_pylist() == [1, 2]
    assert all(
        reason.startswith("the text is larger than 10 bytes") for reason in corpus.rejected["reason"].to_pylist()
    )


def test_nothing_is_an_empty_corpus():
    """No documents is not an error."""
    for nothing in ([], pa.table({"text": pa.array([], pa.string())})):
        corpus = from_python(nothing, Settings())
        check_schema(corpus.documents, DOCUMENTS, "documents")
        assert corpus.documents.num_rows == 0


@pytest.mark.parametrize("wrong", ["text", b"bytes", {"text": "a"}, 5, None, {"a", "b"}, object()])
def test_unusable_arguments(wrong):
    """What is no collection of documents is an error that says what is."""
    with pytest.raises(InputError, match="accepted: a list of strings, a list of dicts"):
        from_python(wrong, Settings())


def test_splits_are_to_be_given_one_by_one():
    """A dictionary of datasets, as Hugging Face loads one, is no document: the message says what to give."""
    splits = type("DatasetDict", (dict,), {})(train=[{"text": "a"}])
    with pytest.raises(InputError, match=r"DatasetDict is not .* documents\['train'\]"):
        from_python(splits, Settings())
    assert from_python(splits["train"], Settings()).documents["text"].to_pylist() == ["a"]


def test_missing_columns():
    """A text or id column that is not there is an error that lists those that are."""
    with pytest.raises(ColumnError, match=r"'nope'.*'id', 'text', 'n'"):
        from_python(TABLE, Settings(text_column="nope"))
    with pytest.raises(ColumnError, match=r"no id column 'nope'.*'text'.*'n'"):
        from_python(TABLE.drop_columns("id"), Settings(id_column="nope"))


def test_a_query_that_has_not_run_says_how_to():
    """A lazy frame is no collection yet."""
    with pytest.raises(InputError, match=r"LazyFrame.*collect\(\)"):
        from_python(polars.from_arrow(TABLE).lazy(), Settings())


def test_columns_of_one_name():
    """Of two columns with one name the second gets a number; the text and the id are the first."""
    table = pa.table([["x"], [1], [2], ["y"], ["k"], ["l"]], names=["text", "a", "a", "text", "id", "id"])
    [row] = from_python(table, Settings()).documents.to_pylist()
    assert (row["text"], row["doc_id"]) == ("x", "k")
    assert [row[f"column:{name}"] for name in ("a", "a_2", "text_2", "id_2")] == [1, 2, "y", "l"]


def test_repeated_ids_are_told_apart():
    """The first of equal ids keeps it, later ones get source and row, and the number is known."""
    rows = [{"text": "a", "id": doc_id} for doc_id in ("k", "k", "other", "k", "other", "k@documents:1")]
    corpus = from_python(rows, Settings())
    expected = ["k", "k@documents:1+", "other", "k@documents:3", "other@documents:4", "k@documents:1"]
    assert corpus.documents["doc_id"].to_pylist() == expected
    assert corpus.n_renamed_ids == 3


@given(
    st.lists(st.sampled_from(["a", "a@documents:1", "a@documents:1+", "b", "1", "", None]), max_size=12),
    st.integers(1, 5),
)
def test_ids_are_unique_and_do_not_depend_on_chunks(ids, size):
    """Whatever the ids, each document has its own, and chunking changes none; ids that are unique stay."""
    table = pa.table({"text": ["x"] * len(ids), "id": pa.array(ids, pa.string())})
    whole, chunked = (from_python(reader, Settings()) for reader in (table, table.to_reader(max_chunksize=size)))
    found = whole.documents["doc_id"].to_pylist()
    assert found == chunked.documents["doc_id"].to_pylist()
    assert len(set(found)) == len(ids)
    given_ids = [doc_id or str(row) for row, doc_id in enumerate(ids)]
    first = [doc_id not in given_ids[:row] for row, doc_id in enumerate(given_ids)]
    assert all(new == old for new, old, is_first in zip(found, given_ids, first, strict=True) if is_first)
    assert whole.n_renamed_ids == first.count(False)


def test_types_of_a_column_are_joined():
    """Whole and broken numbers are double; dates and times are not mixed silently, but as text."""
    import datetime

    corpus = from_python([{"text": "a", "n": 1}, {"text": "b", "n": 0.5}, {"text": "c", "n": 2**53 + 1}], Settings())
    assert corpus.documents["column:n"].to_pylist() == [1.0, 0.5, float(2**53 + 1)]
    days = [{"text": "a", "d": datetime.date(2020, 1, 1)}, {"text": "b", "d": datetime.datetime(2020, 1, 1, 5)}]
    corpus = from_python(days, Settings())
    assert corpus.documents["column:d"].to_pylist() == ["2020-01-01", "2020-01-01 05:00:00.000000"]
    assert len(corpus.warnings) == 1


@pytest.mark.parametrize(
    ("doc_id", "kept"),
    [
        (numpy.int64(7), "7"),
        (numpy.str_("seven"), "seven"),
        (UUID(int=7), str(UUID(int=7))),
        (pa.scalar("seven"), "seven"),
        (pandas.NA, "0"),
        (pandas.NaT, "0"),
        (float("nan"), "0"),
    ],
    ids=repr,
)
def test_ids_of_others(doc_id, kept):
    """An id may be a number of NumPy, a UUID, or missing as pandas says it, beside others or alone."""
    corpus = from_python([{"text": "a", "id": doc_id}], Settings())
    assert corpus.documents["doc_id"].to_pylist() == [kept]
    corpus = from_python([{"text": "a", "id": doc_id}, {"text": "b", "id": "b"}, {"text": "c", "id": 3}], Settings())
    assert corpus.documents["doc_id"].to_pylist() == [kept, "b", "3"]


def test_ids_that_are_none():
    """An id that is neither text nor a number costs its document, and nothing else."""
    rows = [{"text": "a", "id": numpy.array([1, 2])}, {"text": "b", "id": numpy.bool_(True)}, {"text": "c", "id": "c"}]
    corpus = from_python(rows, Settings())
    assert corpus.documents["doc_id"].to_pylist() == ["c"]
    assert corpus.rejected["reason"].to_pylist() == [
        "the id is a list, neither text nor a number",
        "the id is true or false, neither text nor a number",
    ]


@pytest.mark.parametrize(
    ("frame", "match"),
    [
        (pandas.DataFrame([["x", 1, 2]], columns=["text", "a", "a"]), r"Duplicate column names found: \['text'"),
        (pandas.DataFrame({"text": ["x", "y"], "a": [1, "one"]}), "column a with type object"),
    ],
)
def test_frames_that_are_no_arrow_data(frame, match):
    """A frame of which pandas makes no Arrow data is an error that says why in a line."""
    with pytest.raises(InputError, match=rf"^DataFrame cannot be had as Arrow data: [^\n]*{match}[^\n]*$"):
        from_python(frame, Settings())


@pytest.mark.parametrize("settings", [{"similarity": 0.8}, "similarity", 0.8])
def test_settings_of_another_kind(settings):
    """Settings that are none are told, with how to give them."""
    with pytest.raises(SettingsError, match=r"settings are a Settings object, not of type \w+; give them by name"):
        dedup.clean(["a"], settings)


@pytest.mark.parametrize(
    ("others", "match"),
    [
        ([TABLE.select(["id", "text"])], r"item 1 has the columns 'id' \(string\), 'text' \(string\), the first 'id'"),
        ([TABLE, {"text": "x"}], "item 2 is of type dict, where the first is Arrow data"),
    ],
)
def test_batches_of_several_kinds(others, match):
    """Batches that differ are no one table, which is told with the first that does."""
    with pytest.raises(InputError, match=match):
        from_python(iter([TABLE, *others]), Settings())
