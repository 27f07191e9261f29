"""Columns that ride along: one type each, whatever their values were and however they came in."""

import datetime
import json
from decimal import Decimal
from itertools import pairwise
from types import SimpleNamespace
from uuid import UUID

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from read_documents import from_python, read_files

import dedup
from dedup.column_types import conform
from dedup.columns import OUTPUT_NAMES, name_outside, tell_names_apart
from dedup.errors import ColumnError
from dedup.restoring import restore_files
from dedup.settings import Settings
from dedup.user_columns import UserColumn
from dedup.values import array_of

BIG = 2**53 + 1
"""A whole number that no double holds."""


def build(*batches, sources=None):
    """Give type, values and warning of a column of batches, each a list of Python values or an Arrow array."""
    column = UserColumn("x")
    arrays = [batch if isinstance(batch, pa.Array) else array_of(batch, "x", "here") for batch in batches]
    for place, array in enumerate(arrays):
        column.add(array, sources[place] if sources else "here")
    form = column.decide(lambda: arrays)
    chunks = [form.convert(array) for array in arrays]
    assert all(chunk.type == form.type for chunk in chunks)
    return form.type, [value for chunk in chunks for value in chunk.to_pylist()], form.warning


@pytest.mark.parametrize(
    ("values", "kept"),
    [
        ([1, "one"], ["1", "one"]),
        ([1.0, 0.5, 1e300, "x"], ["1", "0.5", "1e+300", "x"]),
        ([BIG, 0.5, "x"], ["9007199254740993", "0.5", "x"]),
        ([True, 1], ["true", "1"]),
        ([{"k": 1}, "x"], ['{"k":1}', "x"]),
        ([{"k": 1, "m": None}, [1, {"é": "ü"}]], ['{"k":1}', '[1,{"é":"ü"}]']),
        ([[1], ["x"], None], ["[1]", '["x"]', None]),
        ([[1, "x"]], ['[1,"x"]']),
        ([-1, 2**63], ["-1", "9223372036854775808"]),
        ([2**70], [str(2**70)]),
        (['"quoted"', 1], ['"quoted"', "1"]),
        ([{}, 1], ["{}", "1"]),
    ],
    ids=str,
)
def test_values_of_no_one_type_are_text(values, kept):
    """Strings stay as they are and everything else is JSON, in one batch or in many; and there is a warning."""
    for batches in ([values], [[value] for value in values]):
        found, texts, warning = build(*batches)
        assert (found, texts) == (pa.string(), kept)
        assert warning.startswith("column 'x' holds ")
        assert warning.endswith(": kept as text")


@pytest.mark.parametrize(
    ("values", "found"),
    [
        ([1, 0.5, BIG], pa.float64()),
        ([{"k": BIG}, {"k": 0.5}], pa.struct({"k": pa.float64()})),
        ([[BIG], [0.5]], pa.list_(pa.float64())),
        ([1, 2**63], pa.uint64()),
        ([None, {"a": 1}, {"b": "x"}], pa.struct({"a": pa.int64(), "b": pa.string()})),
        ([None, None], pa.null()),
    ],
    ids=str,
)
def test_values_that_one_type_holds_keep_it(values, found):
    """What goes together is not text, in one batch or in many."""
    whole, parts = build(values), build(*([value] for value in values))
    assert whole == parts
    assert whole[0] == found
    assert whole[2] is None


scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.sampled_from([BIG, 2**63, -1, 0])
    | st.text(max_size=3)
    | st.floats()
)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=2)
)


@given(st.lists(values, min_size=1, max_size=8), st.lists(st.integers(0, 8), max_size=4))
def test_cutting_changes_nothing(column, cuts):
    """Any values give the same column and the same warning, however they are cut into batches."""
    edges = [0, *sorted(min(cut, len(column)) for cut in cuts), len(column)]
    parts = [column[start:end] for start, end in pairwise(edges)]
    assert str(build(*parts)) == str(build(column))


foreign = st.sampled_from(
    [
        None, 1, 0.5, "x", pd.NA, pd.NaT, pd.Timestamp("2020-01-02T03:04:05.123"), (1, 2), pa.scalar(7),
        np.int8(7), np.int16(700), np.uint64(2**64 - 1), np.float32(0.1), np.bool_(True), np.str_("s"),
        np.array([1, 2], np.int8), np.array([0.1], np.float32), np.array([]), np.array([[1, 2], [3, 4]]), np.array(5),
        np.array(["a", None], object), np.arange(2_000), [np.int8(1), None], {"k": np.array([0.5, 2])},
        np.datetime64("2020-01-02"), np.datetime64("2020-01-02T03"), np.timedelta64(5, "D"), np.timedelta64(5, "us"),
        np.datetime64("2020-01-02T03:04:05.000001"), np.datetime64("NaT"), np.timedelta64("NaT"),
        datetime.datetime(2020, 1, 2, 3, 4, 5), datetime.date(2020, 1, 2), datetime.time(3, 4, 5),
        datetime.timedelta(1), {"k": datetime.datetime(2020, 1, 2)}, [datetime.date(2020, 1, 2)],
        Decimal("1.50"), Decimal("2.12"), UUID(int=5), [datetime.datetime(2020, 1, 2, 5)], [b"x"], ["y"],
    ]
)  # fmt: skip


@given(st.lists(foreign, min_size=1, max_size=6), st.lists(st.integers(0, 6), max_size=4))
def test_cutting_changes_nothing_in_what_others_make(column, cuts):
    """Times, decimals, and what NumPy, pandas and pyarrow hold, are the same in any batch, and nothing is left out."""
    edges = [0, *sorted(min(cut, len(column)) for cut in cuts), len(column)]
    whole, parts = build(column), build(*(column[start:end] for start, end in pairwise(edges) if start < end))
    assert repr(whole) == repr(parts)
    assert "..." not in repr(whole)


@pytest.mark.parametrize(
    ("value", "beside", "kept"),
    [
        (np.arange(2_000), "x", str(list(range(2_000))).replace(" ", "")),
        (np.array([0.5, 2], np.float32), None, [0.5, 2.0]),
        (np.array([[1, 2], [3, 4]]), None, [[1, 2], [3, 4]]),
        (pd.NA, 1, None),
        (pd.NaT, None, None),
        (np.bool_(True), "x", "true"),
        (datetime.datetime(2020, 1, 2, 3, 4, 5), "x", "2020-01-02 03:04:05.000000"),
        (Decimal("1.50"), "x", "1.50"),
        (UUID(int=5), "x", str(UUID(int=5))),
        (np.datetime64("2020-01-02"), "x", "2020-01-02"),
        ([datetime.datetime(2020, 1, 2, 5)], [datetime.date(2020, 1, 2)], '["2020-01-02T05:00:00"]'),
        ({"k": UUID(int=5)}, {"k": datetime.date(2020, 1, 2)}, f'{{"k":"{UUID(int=5)}"}}'),
        (["y"], [b"x"], '["y"]'),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_others_make(value, beside, kept):
    """A value of NumPy, pandas or Python's library in a dict is kept as what it says."""
    rows = [{"text": "A line.", "x": value}, {"text": "Another line.", "x": beside}]
    assert dedup.clean(rows).documents["x"].to_pylist()[0] == kept


def test_map_of_objects_without_keys(tmp_path):
    """Objects that never have a key are null in a map, too, as Parquet knows them."""
    kind = pa.map_(pa.string(), pa.struct([]))
    table = pa.table({"text": ["A line.", "Another line."], "m": pa.array([[("a", {}), ("b", None)], None], kind)})
    pq.write_table(dedup.clean(table).documents, tmp_path / "out.parquet")
    assert pq.read_table(tmp_path / "out.parquet")["m"].to_pylist() == [[("a", None), ("b", None)], None]


def test_value_without_a_type_is_told_in_a_line():
    """What is no data ends the run with one short line, however it prints itself."""
    with pytest.raises(ColumnError, match="column 'x' holds a value that has no Arrow type") as error:
        dedup.clean([{"text": "A line.", "x": pd.Series(["long " * 500] * 50)}])
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 400


def test_warning_names_types_and_first_sources():
    """A person finds both kinds of values by the warning."""
    assert build([1], ["x"], ["y"], sources=["a", "b", "c"])[2] == (
        "column 'x' holds int64 in a and string in b: kept as text"
    )
    assert build([1, 0.5, "x"], sources=["a"])[2] == "column 'x' holds double and string in a: kept as text"
    assert build([None], [{"k": 1}], [[1]], sources=["a", "b", "c"])[2] == (
        "column 'x' holds objects in b and lists in c: kept as text"
    )
    assert build([{"k": 1}], [{"k": "x"}], sources=["a", "b"])[2] == (
        "column 'x' holds objects that no one type holds, first in a: kept as text"
    )


def test_arrow_types_as_text():
    """Times and decimals are spelled as Arrow does, bytes as base64, and a dictionary gives its values."""
    when = pa.array([0], pa.timestamp("ns"))
    assert build(when, ["x"])[1] == ["1970-01-01 00:00:00.000000000", "x"]
    assert build(pa.array([datetime.date(2020, 1, 1)]), ["x"])[1] == ["2020-01-01", "x"]
    assert build(pa.array([b"\xff"]), ["x"])[1] == ["/w==", "x"]
    assert build(pa.array(["a"]).dictionary_encode(), [1])[1] == ["a", "1"]
    assert build(pa.array([{"w": 1}], pa.struct({"w": pa.timestamp("ns")})), ["x"])[1][1] == "x"
    found, texts, _ = build(pa.array(["a"], pa.large_string()), [1])
    assert (found, texts) == (pa.large_string(), ["a", "1"])


def test_nanoseconds_at_any_depth_need_no_pandas():
    """A time to the nanosecond, which Python has no type for, is spelled as Arrow does or kept, pandas or not."""
    time = pa.timestamp("ns")
    inner = pa.array([1_000_000_001], time)
    spelled = "1970-01-01 00:00:01.000000001"
    for array, expected in (
        (pa.array([[1_000_000_001]], pa.list_(time)), f'["{spelled}"]'),
        (pa.array([{"w": [1_000_000_001]}], pa.struct({"w": pa.large_list(time)})), f'{{"w":["{spelled}"]}}'),
        (pa.StructArray.from_arrays([inner.dictionary_encode()], ["w"]), f'{{"w":"{spelled}"}}'),
        (pa.array([[("k", 1_000_000_001)]], pa.map_(pa.string(), time)), f'[["k","{spelled}"]]'),
        (pa.ListViewArray.from_arrays([0], [1], inner), f'["{spelled}"]'),
    ):
        assert build(array, ["x"])[1] == [expected, "x"]
    empty = pa.array([{"w": 1_000_000_001, "e": {}}], pa.struct([("w", time), ("e", pa.struct([]))]))
    kept = conform(empty, pa.struct([("w", time), ("e", pa.null())]))
    assert kept.field("w").cast(pa.int64()).to_pylist() == [1_000_000_001]


def encode_runs(values):
    return pa.RunEndEncodedArray.from_arrays(pa.array([2, 3], pa.int32()), values)


VIEWS = {
    "runs": encode_runs(pa.array(["a", None])),
    "runs of views": encode_runs(pa.array(["a", "b"], pa.string_view())),
    "list view": pa.array([["a"], None, ["b", "c"]], pa.list_view(pa.string_view())),
    "large list view": pa.array([[1], [], None], pa.large_list_view(pa.int8())),
    "list of list views": pa.array([[[1], None], None, [[2]]], pa.list_(pa.list_view(pa.int64()))),
    "list of runs": pa.ListArray.from_arrays([0, 1, 3, 3], encode_runs(pa.array(["a", "b"]))),
    "object of list views": pa.array([{"a": [1]}, None, {"a": None}], pa.struct({"a": pa.list_view(pa.int64())})),
    "object of runs": pa.StructArray.from_arrays([encode_runs(pa.array(["a", "b"]))], ["a"]),
    "dictionary of views": pa.DictionaryArray.from_arrays([1, 0, None], pa.array(["a", "b"], pa.string_view())),
    "object of dictionaries of views": pa.StructArray.from_arrays(
        [pa.DictionaryArray.from_arrays([1, 0, None], pa.array(["a", "b"], pa.string_view()))], ["a"]
    ),
    "map of views": pa.array([[("a", "b")], None, []], pa.map_(pa.string(), pa.string_view())),
}


@pytest.mark.parametrize("name", VIEWS)
@pytest.mark.parametrize("texts", [["a", "b", "c"], ["a", None, "c"]])
def test_views_and_runs_become_plain(name, texts):
    """Views and run-end encoding, at any depth, become plain types of the same values, in slices too."""
    table = pa.table({"text": ["first", *texts], "odd": pa.concat_arrays([VIEWS[name].slice(0, 1), VIEWS[name]])})
    there = [place for place, text in enumerate(["first", *texts]) if text is not None]
    for cut, rows in ((table, there), (table.slice(1), [place for place in there if place])):
        column = from_python(cut, Settings()).documents["column:odd"]
        column.validate(full=True)
        assert column.to_pylist() == [table["odd"].to_pylist()[place] for place in rows]
        assert all(word not in str(column.type) for word in ("view", "run_end"))


def test_list_views_beside_lists():
    """A file with lists and one with list views of the same values have one column of lists."""
    found, texts, warning = build(pa.array([["a"]]), pa.array([["b"]], pa.list_view(pa.string())))
    assert (found, texts, warning) == (pa.list_(pa.string()), [["a"], ["b"]], None)


def test_intervals_are_text():
    """An interval of months and days, for which Parquet has no type, is kept as text."""
    table = pa.table({"text": ["a", "b"], "span": pa.array([(1, 2, 3), None], pa.month_day_nano_interval())})
    assert from_python(table, Settings()).documents["column:span"].to_pylist() == ["[1,2,3]", None]


def test_type_that_parquet_cannot_hold():
    """A type without a place in the output is kept as text as well."""
    odd = pa.UnionArray.from_sparse(pa.array([0, 1], pa.int8()), [pa.array([1, 2]), pa.array(["a", "b"])])
    corpus = from_python(pa.table({"text": ["a", "b"], "odd": odd}), Settings())
    assert corpus.documents["column:odd"].to_pylist() == ["1", "b"]
    [warning] = corpus.warnings
    assert warning.startswith("column 'odd' holds sparse_union<")
    assert warning.endswith("that no one type holds, first in documents: kept as text")


LATE = pa.array([2**60, 0], pa.timestamp("s"))
"""A time that no millisecond holds, and one that it does."""

ODD = {
    "no values in lists": (pa.array([[], None], pa.list_(pa.int8(), 0)), [[], None]),
    "lists of no values": (pa.array([[[]], None], pa.list_(pa.list_(pa.int8(), 0))), [[[]], None]),
    "objects": (pa.DictionaryArray.from_arrays([1, 0], pa.array([{"a": 1}, {"a": 2}])), [{"a": 2}, {"a": 1}]),
    "lists": (pa.DictionaryArray.from_arrays([1, 0], pa.array([[1], [2]])), [[2], [1]]),
    "nulls": (pa.DictionaryArray.from_arrays(pa.nulls(2, pa.int8()), pa.nulls(1)), [None, None]),
    "scale below 0": (pa.array([Decimal(100), None], pa.decimal128(5, -2)), ["1E+2", None]),
    "60 digits": (pa.array([Decimal(100), None], pa.decimal256(60, 2)), ["100.00", None]),
    "no bytes": (pa.array([b"", None], pa.binary(0)), ["", None]),
    "times": (LATE, ["<value out of range: 1152921504606846976>", "1970-01-01 00:00:00"]),
    "times in a dictionary": (
        pa.DictionaryArray.from_arrays([1, 0], LATE),
        ["1970-01-01 00:00:00", "<value out of range: 1152921504606846976>"],
    ),
    "times in lists": (
        pa.ListArray.from_arrays([0, 1, 2], LATE),
        ['["<value out of range: 1152921504606846976>"]', '["1970-01-01 00:00:00"]'],
    ),
}


@pytest.mark.parametrize("name", ODD)
def test_what_readers_of_parquet_do_not_know(name, tmp_path):
    """Values in types of which Parquet or its readers have none are written as others, or as text, with a warning."""
    odd, expected = ODD[name]
    result = dedup.clean(pa.table({"text": ["a", "b"], "odd": odd}))
    assert result.documents["odd"].to_pylist() == expected
    texts = [value for value in expected if isinstance(value, str)]
    assert [warning.endswith("kept as text") for warning in result.report.warnings] == ([True] if texts else [])
    with pa.ipc.new_file(str(tmp_path / "t.arrow"), pa.schema([("text", pa.string()), ("odd", odd.type)])) as writer:
        writer.write_table(pa.table({"text": ["a", "b"], "odd": odd}))
    dedup.clean_files(tmp_path / "t.arrow", tmp_path / "out")
    assert pq.read_table(tmp_path / "out" / "documents")["odd"].to_pylist() == expected


def test_times_to_the_second():
    """Times to the second are as Parquet has them, to the millisecond, written or not."""
    found, values, warning = build(pa.array([0, None], pa.timestamp("s", "UTC")))
    assert (found, warning) == (pa.timestamp("ms", "UTC"), None)
    assert values == [datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC), None]


def test_categories_beside_numbers():
    """Dictionaries of views are text beside values of another type."""
    views = pa.DictionaryArray.from_arrays(pa.array([0], pa.uint32()), pa.array(["a"], pa.string_view()))
    assert build(views, [1])[1] == ["a", "1"]


def test_two_files_that_disagree(tmp_path):
    """A run does not stop at a column that is a number here and text there."""
    (tmp_path / "a.jsonl").write_text('{"text": "a", "year": 1999}\n')
    (tmp_path / "b.jsonl").write_text('{"text": "b", "year": "MCM"}\n')
    corpus = read_files([tmp_path], Settings())
    assert corpus.documents["column:year"].to_pylist() == ["1999", "MCM"]
    assert corpus.warnings == ["column 'year' holds int64 in a.jsonl and string in b.jsonl: kept as text"]


@pytest.mark.parametrize("name", sorted({*OUTPUT_NAMES} - {"text"}))
def test_columns_with_our_names(name, tmp_path):
    """A column with a name of ours is kept under another name, settings call it by its own, and the report says so."""
    path = tmp_path / "x.jsonl"
    rows = [{"text": f"{word} " * 30, "id": word, name: word, f"input_{name}_2": 5} for word in ("one", "two")]
    path.write_text("\n".join(map(json.dumps, rows)))
    result = dedup.preview_files(path, within=f"column:{name}")
    assert result.documents[f"input_{name}"].to_pylist() == ["one", "two"]
    assert result.documents["source"].to_pylist() == ["x.jsonl", "x.jsonl"]
    assert result.documents.column_names.count(name) == (
        name not in ("position", "extractor", "encoding", "n_replaced")
    )
    assert result.report.warnings == [
        f"column {name!r} is called 'input_{name}' in the output, where dedup has a {name!r} of its own"
    ]
    assert dedup.restore(result)[f"input_{name}"].to_pylist() == ["one", "two"]


@pytest.mark.parametrize("value", [5, "many", None, {"a": 1}])
def test_columns_with_our_names_take_none_of_our_values(value, tmp_path):
    """What dedup says of encoding, repairs and extraction is there beside columns so called, of whatever type."""
    import dedup

    row = {"text": "Elsewhere", "encoding": value, "n_replaced": value, "extractor": value}
    (tmp_path / "a.jsonl").write_text(json.dumps(row))
    stored = "Das Wetter bleibt schön, und die Straße hält.".encode("cp1252")
    (tmp_path / "b.txt").write_bytes(stored)
    (tmp_path / "c.txt").write_bytes(b"A caf\xff of the town\xc3\xa9")
    page = "".join(f"<p>The boats came in at noon on day {day}, and left again in the evening.</p>" for day in range(9))
    (tmp_path / "d.html").write_text(f"<html><body><article>{page}</article></body></html>")
    result = dedup.preview_files(tmp_path, encoding_errors="repair", extractor="fast")
    found = result.documents.to_pydict()
    assert found["encoding"] == [None, "cp1252", None, None]
    assert found["n_replaced"] == [None, None, 1, None]
    assert found["extractor"] == [None, None, None, "fast"]
    for name in ("encoding", "n_replaced", "extractor"):
        assert found[f"input_{name}"] == [value, None, None, None]
    assert len(result.report.warnings) == 3


def test_text_beside_another_text_column(tmp_path):
    """With another text column chosen, one called text is a column like others."""
    path = tmp_path / "x.jsonl"
    path.write_text('{"text": "a", "body": "b"}')
    corpus = read_files([path], Settings(text_column="body"))
    assert corpus.documents["text"].to_pylist() == ["b"]
    assert corpus.documents["column:input_text"].to_pylist() == ["a"]
    assert len(corpus.warnings) == 1


def test_dictionaries_that_hold_nulls(tmp_path):
    """A dictionary with nulls among its values, another in each chunk, is cleaned and restored as its values are."""
    texts = ["one line that stands here three times over, word for word, as it came"] * 3 + ["b", "", "c"]
    make = pa.DictionaryArray.from_arrays
    chunks = [
        make(pa.array([0, 1, None]), pa.array(["x", None])),
        make(pa.array([1, 2, 0]), pa.array([None, "x", "y"])),
    ]
    documents = pa.table({"text": texts, "kind": pa.chunked_array(chunks)})
    result = dedup.clean(documents)
    tables = {"documents": result.documents, "removed": result.removed, "emptied": result.emptied}
    assert len(tables["emptied"])
    for name in ("documents", "emptied"):  # as another program may write them anew
        kinds = tables[name]["kind"].to_pylist()
        values = make(pa.array(range(len(kinds)), pa.int32()), pa.array(kinds, pa.string()))
        tables[name] = tables[name].set_column(tables[name].column_names.index("kind"), "kind", values)
    for found in (result, SimpleNamespace(**tables)):
        assert dedup.restore(found).select(["text", "kind"]).to_pylist() == documents.to_pylist()
        restore_files(found, tmp_path / str(id(found)))
        assert pq.read_table(tmp_path / str(id(found)))["kind"].to_pylist() == documents["kind"].to_pylist()


def test_names():
    """A name changes only where it must, and never to one that is there."""
    names = ["a", "source", "input_source", "text"]
    assert name_outside(names) == {
        "a": "a",
        "source": "input_source_2",
        "input_source": "input_source",
        "text": "input_text",
    }
    assert tell_names_apart(["a", "", "a", "a_2", "", "a"]) == ["a", "column_2", "a_3", "a_2", "column_5", "a_4"]
