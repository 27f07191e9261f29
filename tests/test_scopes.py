"""Which copy stays, and what is compared with what: `keep` and `within`."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

import dedup
from dedup.errors import ColumnError
from dedup.scopes import number_values

SAME = "The harbour was rebuilt after the war by engineers who had come from all over the country to help the town."
LONGER = "A few words more stand here than anywhere else, so that this is the longest of all of the documents."


def clean(rows: list[dict], **changes) -> dedup.Result:
    return dedup.clean([{"id": f"d{place}", **row} for place, row in enumerate(rows)], **changes)


def kept(result: dedup.Result) -> list[str]:
    return result.documents["doc_id"].to_pylist()


@pytest.mark.parametrize(
    ("keep", "expected"),
    [
        ("first", ["d0"]),
        ("longest", ["d0"]),
        ("none", []),
        ("rank", ["d2"]),
        ("column:rank", ["d2"]),
        ("rank:highest", ["d2"]),
        ("rank:lowest", ["d1"]),
        ("column:rank:lowest", ["d1"]),
        ("name:lowest", ["d2"]),
    ],
)
def test_keep_chooses_the_copy_that_stays(keep: str, expected: list[str]) -> None:
    """Nulls come last at either end, ties go to the one that is read first."""
    rows = [
        {"text": SAME, "rank": None, "name": "c"},
        {"text": SAME, "rank": 1, "name": "b"},
        {"text": SAME, "rank": 5, "name": "a"},
        {"text": SAME, "rank": 5, "name": "d"},
    ]
    assert kept(clean(rows, keep=keep)) == expected


def test_keep_longest_keeps_the_copy_in_the_longest_document() -> None:
    result = clean([{"text": SAME}, {"text": f"{SAME}\n{LONGER}"}], keep="longest")
    assert kept(result) == ["d1"]
    assert result.texts == [f"{SAME}\n{LONGER}"]


def test_keep_none_drops_every_copy_and_nothing_else() -> None:
    """No copy of a repeated paragraph is left; what stands once stays; restoring still works."""
    texts = [f"{SAME}\n{LONGER}", f"Something else stands before the repeated one.\n{SAME}"]
    result = clean([{"text": text} for text in texts], keep="none")
    assert result.texts == [LONGER, "Something else stands before the repeated one."]
    assert set(result.removed["reason"].to_pylist()) == {"duplicate"}
    assert dedup.restore(result)["text"].to_pylist() == texts


def test_rank_columns_may_hold_anything_with_an_order() -> None:
    """Dates, decimals and booleans rank as numbers do; NaN counts as no value."""
    import datetime
    import decimal

    for low, high in [
        (datetime.date(2020, 1, 1), datetime.date(2024, 1, 1)),
        (decimal.Decimal("1.5"), decimal.Decimal("2.5")),
        (False, True),
        (float("nan"), 0.5),
    ]:
        rows = [{"text": SAME, "rank": low}, {"text": SAME, "rank": high}]
        assert kept(clean(rows, keep="rank")) == ["d1"], low


@pytest.mark.parametrize("keep", ["size", "rank:lowestt"])
def test_a_column_that_is_not_there_is_named(keep: str) -> None:
    with pytest.raises(dedup.ColumnError, match=r"keep: no column .*; columns: rank"):
        clean([{"text": SAME, "rank": 1}], keep=keep)


def test_text_that_is_numbers_ranks_by_number() -> None:
    """Values from CSV, which are text, have the order of the numbers they are; if one is none, that of text."""
    for values, best in ((["9", "10", None], "10"), (["9", "1e1", "-5"], "1e1"), (["9", "10", "x1"], "x1")):
        rows = [{"text": SAME, "n": value} for value in values]
        assert clean(rows, keep="column:n").documents["n"].to_pylist() == [best]


def test_a_column_without_an_order_is_refused() -> None:
    with pytest.raises(dedup.ColumnError, match="no order"):
        clean([{"text": SAME, "rank": [1, 2]}, {"text": SAME, "rank": [3]}], keep="rank")


def test_groups_of_a_column_are_cleaned_apart() -> None:
    """Copies go within their group; documents without a value are a group of their own."""
    rows = [{"text": SAME, "dump": name} for name in ("a", "b", "a", None, "b", None)]
    for within in ("dump", "column:dump"):
        assert kept(clean(rows, within=within)) == ["d0", "d1", "d3"]
    assert kept(clean(rows)) == ["d0"]


def test_groups_are_what_they_would_be_alone() -> None:
    """Cleaning within a column gives each group the texts it has when cleaned by itself."""
    edited = SAME.replace("after the war", "soon after the great war").replace("the country to", "the country there to")
    rows = [
        {"text": f"{text}\n{extra}", "dump": dump}
        for dump in "ab"
        for text in (SAME, edited)
        for extra in (LONGER, "x y")
    ]
    together = clean(rows, within="dump")
    for dump in "ab":
        alone = clean([row for row in rows if row["dump"] == dump])
        assert [
            t for t, d in zip(together.texts, together.documents["dump"].to_pylist(), strict=True) if d == dump
        ] == alone.texts


def test_within_document_compares_no_two_documents() -> None:
    """Each document loses its own repeats only, whole copies of documents stay."""
    passage = f"{SAME} {LONGER}"
    text = f"{passage}\nA line between the two of them.\n{passage}"
    result = clean([{"text": text}, {"text": text}], within="document")
    assert result.texts == [f"{passage}\nA line between the two of them."] * 2
    assert result.removed["kept_doc_id"].to_pylist() == ["d0", "d1"]


def test_a_document_that_is_a_copy_goes_whole() -> None:
    """Reason duplicate-document, one span, nothing left but the row in `emptied`."""
    page = f"Harbour news\n{SAME}\n{LONGER}\nThe end"
    result = clean(
        [{"text": page, "n": 1}, {"text": "Harbour news\n" + SAME + "\n" + LONGER, "n": 2}, {"text": page, "n": 3}]
    )
    assert kept(result) == ["d0"]
    assert result.emptied.select(["doc_id", "n"]).to_pylist() == [{"doc_id": "d1", "n": 2}, {"doc_id": "d2", "n": 3}]
    rows = result.removed.to_pylist()
    assert [(row["reason"], row["kept_doc_id"], row["start"], row["similarity"]) for row in rows] == [
        ("duplicate-document", "d0", 0, 1.0),
        ("duplicate-document", "d0", 0, 1.0),
    ]
    assert rows[1]["end"] == len(page)


def test_a_copy_with_a_line_of_its_own_keeps_it() -> None:
    """A document that says anything long enough by itself is no copy, its copied paragraphs go."""
    own = "Only this second document tells what the harbour master said about it in the evening news."
    result = clean([{"text": f"{SAME}\n{LONGER}"}, {"text": f"{SAME}\n{own}\n{LONGER}"}])
    assert result.texts[1] == own
    assert set(result.removed["reason"].to_pylist()) == {"duplicate"}


def test_dictionary_encoded_columns_group_and_rank() -> None:
    """Columns as pandas categories come through Arrow group and rank by their values."""
    table = pa.table(
        {
            "text": [SAME] * 3,
            "dump": pa.array(["a", "b", "a"]).dictionary_encode(),
            "rank": pa.array(["x", "y", "z"]).dictionary_encode(),
        }
    )
    assert dedup.clean(table, within="dump").documents.num_rows == 2
    assert dedup.clean(table, keep="rank").documents["rank"].to_pylist() == ["z"]


@pytest.mark.parametrize(
    "values",
    [
        pa.array([[1], None]),
        pa.array([{"a": 1}, None]),
        pa.array([[("a", 1)], None], pa.map_(pa.string(), pa.int32())),
        pa.ExtensionArray.from_storage(pa.uuid(), pa.array([bytes(16), None], pa.binary(16))),
    ],
    ids=lambda values: str(values.type),
)
@pytest.mark.parametrize("setting", ["within", "site"])
def test_a_column_whose_values_cannot_be_told_apart_is_refused(setting: str, values: pa.Array) -> None:
    """Lists and objects make no groups and name no site: the message names setting, column and type."""
    table = pa.table({"text": [SAME, LONGER], "tags": values})
    with pytest.raises(dedup.ColumnError, match=rf"^{setting}: column 'tags' is of type .* cannot be told apart"):
        dedup.clean(table, **{setting: "tags"})


VALUES = st.lists(st.sampled_from(["a", "b", "B", "c", None]), max_size=5)


@given(st.lists(VALUES, min_size=1), st.booleans(), st.booleans())
def test_values_are_numbered_chunk_by_chunk(chunks, is_encoded, is_changed):
    """Numbers are in the order in which values first come, whatever the chunks, which are looked at one at a time."""
    asked = []

    def change(values):
        asked.append(values.to_pylist())
        return pa.array([None if value in ("c", None) else value.lower() for value in asked[-1]], pa.string())

    arrays = [pa.array(chunk, pa.string()) for chunk in chunks]
    if is_encoded:
        places = {value: place for place, value in enumerate(["c", "x", "b", "B", "a"])}
        arrays = [
            pa.DictionaryArray.from_arrays(pa.array([places.get(v) for v in chunk], pa.int8()), list(places))
            for chunk in chunks
        ]
    numbers, different = number_values(iter(arrays), "column 'n'", change if is_changed else None)
    flat = [value for chunk in chunks for value in chunk]
    if is_changed:
        flat = [None if value in ("c", None) else value.lower() for value in flat]
        assert [set(values) - {None} for values in asked] == [set(chunk) - {None} for chunk in chunks]
        assert all(len(values) <= len(set(values)) for values in asked)
    expected = [value for value in dict.fromkeys(flat) if value is not None]
    assert different.to_pylist() == expected
    assert numbers.tolist() == [expected.index(value) if value is not None else -1 for value in flat]


def write_table(path: Path, table: pa.Table) -> None:
    kind = path.suffix
    if kind == ".csv":
        rows = ["id,text,site,score", *(",".join(["", "broken"]) for _ in range(len(table)))]
        path.write_text("\n".join(rows) + "\n")
    elif kind == ".jsonl":
        path.write_text("".join(json.dumps({"text": None, "site": "a", "score": 1}) + "\n" for _ in range(len(table))))
    elif kind == ".parquet":
        pq.write_table(table, path)
    else:
        with (pa.ipc.new_file if kind == ".arrow" else pa.ipc.new_stream)(path, table.schema) as file:
            file.write_table(table)


@pytest.mark.parametrize("n_rows", [0, 3])
@pytest.mark.parametrize("kind", [".parquet", ".arrow", ".arrows", ".csv", ".jsonl", "Table"])
def test_tables_without_a_usable_row(kind: str, n_rows: int, tmp_path: Path) -> None:
    """A table of which no row can be used has the columns that it names, and may be grouped and ranked by them."""
    columns = {"text": pa.nulls(n_rows, pa.string()), "site": pa.array(["a"] * n_rows, pa.string())}
    table = pa.table({**columns, "score": pa.array([1] * n_rows, pa.int16())})
    for scope in ({}, {"within": "column:site", "keep": "column:score"}):
        if kind == "Table":
            result = dedup.clean(table, **scope)
        else:
            write_table(tmp_path / f"rows{kind}", table)
            result = dedup.preview_files(tmp_path / f"rows{kind}", **scope)
        assert result.report.n_rejected == n_rows
        found = dict(zip(result.documents.schema.names, result.documents.schema.types, strict=True))
        if kind != ".jsonl":  # of which nothing but rows tells a column
            assert found["site"] == pa.string()
            assert found["score"] == (pa.string() if kind == ".csv" else pa.int16())


def test_type_of_a_table_without_rows_is_the_last_resort(tmp_path: Path) -> None:
    """A table without a usable row has no say in the type of a column of which others have values."""
    pq.write_table(pa.table({"text": pa.array([], pa.string()), "x": pa.array([], pa.int8())}), tmp_path / "a.parquet")
    pq.write_table(pa.table({"text": [SAME], "x": ["seven"]}), tmp_path / "b.parquet")
    result = dedup.preview_files(tmp_path)
    assert result.documents["x"].to_pylist() == ["seven"]
    assert result.report.warnings == []


def test_a_column_that_no_table_has_is_told_before_reading(tmp_path: Path) -> None:
    """Where inputs name their columns at their start, one that is not there ends the run before a row is read."""
    for name, site in (("a", None), ("b", "north")):
        pq.write_table(pa.table({"text": [SAME], **({"site": [site]} if site else {})}), tmp_path / f"{name}.parquet")
    seen: list[str] = []

    def look(stage: str, done: int, _: int) -> None:
        seen.extend([stage] * bool(done))

    for setting in ("within", "keep"):
        with pytest.raises(ColumnError, match=rf"{setting}: no column 'sites'; columns: site"):
            dedup.preview_files(
                tmp_path,
                on_progress=lambda stage, done, _: seen.append(stage) if done else None,
                **{setting: "column:sites"},
            )
        assert seen == []
        dedup.preview_files(tmp_path, **{setting: "column:site"})
        reader = pa.RecordBatchReader.from_batches(pa.schema({"text": pa.string()}), iter([None]))  # fails when read
        with pytest.raises(ColumnError, match=rf"{setting}: no column 'site'"):
            dedup.clean(reader, **{setting: "column:site"})
