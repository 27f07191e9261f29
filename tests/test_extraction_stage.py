"""Pages among other pieces become documents in their place, with what they say of themselves as columns."""

from dataclasses import dataclass, replace

import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from read_documents import Documents, from_python, read_files

from dedup.batches import Batch, Pages, Reject
from dedup.errors import ColumnError, InputError
from dedup.extraction import stage
from dedup.extraction.pages import METADATA
from dedup.extraction.stage import extract_pieces
from dedup.schemas import USER_COLUMN_PREFIX
from dedup.settings import Settings

SENTENCE = "The harbour master counted nineteen boats before breakfast, and wrote each name into the ledger."
FAST = {"workers": 2, "extractor": "fast"}  # the one that takes no time to start
SETTINGS = Settings(**FAST)


def html(n: int, head: str = "") -> str:
    paragraphs = "".join(f"<p>{SENTENCE} It was day {n}, hour {hour}.</p>" for hour in range(5))
    return (
        f"<html lang='en'><head><title>Day {n}</title>{head}</head><body><article>{paragraphs}</article></body></html>"
    )


def pages(*contents: bytes, first_row: int = 0, **more) -> Pages:
    rows = pa.array(range(first_row, first_row + len(contents)), pa.int64())
    return Pages(pa.array(contents, pa.large_binary()), rows, None, {}, "html", **more)


def batch(text: str) -> Batch:
    return Batch(pa.array([text], pa.large_string()), pa.array([0], pa.int64()), None, {}, None)


def day(text: str) -> int:
    return int(text.partition("It was day ")[2].partition(",")[0])


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_order_is_kept(workers):
    """Pages, batches and rejections come out in the order and with the origin that they went in with."""
    pieces = [
        ("a", pages(*(html(n).encode() for n in range(3)))),
        ("b", batch("plain")),
        ("c", Reject(None, "broken")),
        ("d", pages(html(3).encode())),
        ("e", pages()),
        ("f", pages(html(4).encode(), bytes(range(256)) * 9, html(5).encode())),
    ]
    found = list(extract_pieces(iter(pieces), Settings(workers=workers, extractor="fast")))
    assert [(origin, type(piece)) for origin, piece in found] == [
        ("a", Batch), ("b", Batch), ("c", Reject), ("d", Batch), ("f", Reject), ("f", Batch)
    ]  # fmt: skip
    texts = [text for _, piece in found if isinstance(piece, Batch) for text in piece.text.to_pylist()]
    assert [text if text == "plain" else day(text) for text in texts] == [0, 1, 2, "plain", 3, 4, 5]
    assert found[4][1].row == 1
    assert found[4][1].stage in ("decode", "extract")
    assert found[5][1].rows.to_pylist() == [0, 2]


def test_nothing_is_started_without_pages(monkeypatch):
    """Text needs no processes: neither one nor the modules of an extractor."""
    monkeypatch.setattr("dedup.extraction.pool.subprocess.Popen", None)
    pieces = [("a", batch("plain")), ("b", Reject(3, "broken"))]
    assert list(extract_pieces(iter(pieces), SETTINGS)) == pieces


def test_what_needs_no_extraction_does_not_wait():
    """A batch comes out before the next piece is asked for."""
    asked = []

    def pieces():
        for n in range(3):
            asked.append(n)
            yield n, batch("plain")

    found = extract_pieces(pieces(), SETTINGS)
    next(found)
    assert asked == [0]


def test_look_ahead_is_bounded(monkeypatch):
    """No more is read ahead than the limit, counted in bytes of pages and of what stands between them, or in pages."""
    n_read = 0

    def pieces():
        nonlocal n_read
        for n in range(40):
            n_read += 1
            yield n, pages(html(n).encode()) if n % 2 else batch(html(n))

    most = []
    for name, limit in (("LOOK_AHEAD_BYTES", 6 * len(html(10))), ("LOOK_AHEAD_PAGES", 5)):
        monkeypatch.setattr(stage, name, limit)
        n_read = n_given = 0
        ahead = []
        for origin, _ in extract_pieces(pieces(), SETTINGS):
            assert origin == n_given
            n_given += 1
            ahead.append(n_read - n_given)
        most.append(max(ahead))
        monkeypatch.undo()
    assert n_given == 40
    assert max(most) <= 7


def test_columns_count_among_what_is_read_ahead(monkeypatch):
    """Pictures beside short texts and small pages are held as long as these, and count with them."""
    picture = {"picture": pa.array([b"x" * 50_000])}
    n_read = 0

    def pieces():
        nonlocal n_read
        for n in range(30):
            n_read += 1
            yield n, replace(pages(html(n).encode()) if n % 2 else batch("plain"), columns=picture)

    monkeypatch.setattr(stage, "LOOK_AHEAD_BYTES", 4 * 50_000)
    ahead = [n_read - n_given for n_given, _ in enumerate(extract_pieces(pieces(), SETTINGS), 1)]
    assert len(ahead) == 30
    assert max(ahead) <= 5


def test_pages_of_one_piece_are_read_ahead_within_the_limit(monkeypatch):
    """A piece of many pages is given to the processes bit by bit, and is one batch in the end."""
    submitted, finished = [], []
    monkeypatch.setattr(stage, "LOOK_AHEAD_PAGES", 4)
    submit = stage.ExtractionPool.submit

    def recorded(pool, page, encoding):
        future = submit(pool, page, encoding)
        submitted.append(future)
        future.add_done_callback(finished.append)
        assert len(submitted) - len(finished) <= 6
        return future

    monkeypatch.setattr(stage.ExtractionPool, "submit", recorded)
    [(_, found)] = extract_pieces(iter([("a", pages(*(html(n).encode() for n in range(30))))]), SETTINGS)
    assert list(map(day, found.text.to_pylist())) == list(range(30))


@dataclass
class Read:
    """What was read, with the user's columns under their own names."""

    documents: pa.Table
    rejected: pa.Table

    @property
    def texts(self) -> list[str]:
        """The texts of the documents."""
        return self.documents["text"].to_pylist()


def as_read(corpus: Documents) -> Read:
    names = [name.removeprefix(USER_COLUMN_PREFIX) for name in corpus.documents.schema.names]
    return Read(corpus.documents.rename_columns(names), corpus.rejected)


def read(documents, **changes) -> Read:
    return as_read(from_python(documents, Settings(**{**FAST, "html_column": "html", **changes})))


HTML = [html(n) for n in range(4)]
ARROW_TYPES = [
    pa.string(), pa.large_string(), pa.string_view(), pa.dictionary(pa.int32(), pa.string()),
    pa.binary(), pa.large_binary(), pa.binary_view(), pa.dictionary(pa.int32(), pa.binary()),
]  # fmt: skip


def as_type(found: pa.DataType) -> pa.Array:
    if pa.types.is_dictionary(found):
        return pa.array(HTML).cast(found.value_type).dictionary_encode()
    return pa.array([page.encode() for page in HTML], pa.binary()).cast(found)


@pytest.mark.parametrize("found", ARROW_TYPES, ids=str)
def test_arrow_columns_of_pages(found):
    """A column of pages may be text or bytes, of any of Arrow's types for them; the pages themselves do not go on."""
    result = read(pa.table({"id": list("abcd"), "html": as_type(found)}))
    assert list(map(day, result.texts)) == [0, 1, 2, 3]
    assert "html" not in result.documents.schema.names
    assert result.documents["doc_id"].to_pylist() == list("abcd")


@pytest.mark.parametrize("kind", [bytes, str, bytearray])
def test_dicts_of_pages(kind):
    """Pages in dicts are strings or bytes."""
    records = [{"html": page if kind is str else kind(page.encode())} for page in HTML]
    assert list(map(day, read(records).texts)) == [0, 1, 2, 3]


def test_strings_and_bytes_in_one_column():
    """The same page gives the same document as text and as bytes."""
    records = [{"html": HTML[0]}, {"html": HTML[0].encode()}]
    first, second = read(records).texts
    assert first == second


@pytest.mark.parametrize("kind", [pd.DataFrame, pl.DataFrame])
def test_data_frames_of_pages(kind):
    """A data frame's column of pages is one of Arrow's."""
    assert list(map(day, read(kind({"html": HTML})).texts)) == [0, 1, 2, 3]


@pytest.mark.parametrize("name", ["all.parquet", "all.jsonl"])
def test_files_with_a_column_of_pages(name, tmp_path):
    """--html-column names the column in files as well."""
    table = pa.table({"html": HTML, "year": [1, 2, 3, 4]})
    if name == "all.parquet":
        pq.write_table(table, tmp_path / name, row_group_size=3)
    else:
        table.to_pandas().to_json(tmp_path / name, orient="records", lines=True)
    result = as_read(read_files([tmp_path / name], Settings(**FAST, html_column="html")))
    assert list(map(day, result.texts)) == [0, 1, 2, 3]
    assert result.documents["year"].to_pylist() == [1, 2, 3, 4]


@pytest.mark.parametrize("as_bytes", [True, False])
@pytest.mark.parametrize("as_table", [True, False])
def test_rows_without_a_page_are_rejected_alone(as_table, as_bytes):
    """A null in the column of pages is a row in rejected, and so is what is no page."""
    column = [page.encode() if as_bytes else page for page in HTML]
    column[1] = None
    records = [{"html": page} for page in column]
    result = read(pa.Table.from_pylist(records) if as_table else records)
    assert list(map(day, result.texts)) == [0, 2, 3]
    [reject] = result.rejected.to_pylist()
    assert (reject["row"], reject["reason"]) == (1, "the page is null")


def test_value_that_is_no_page_is_rejected():
    """A number or half a surrogate pair among pages says what it is."""
    result = read([{"html": HTML[0]}, {"html": 7}, {"html": "<p>\ud800"}, {}, {"html": HTML[1]}])
    assert list(map(day, result.texts)) == [0, 1]
    assert result.rejected["row"].to_pylist() == [1, 2, 3]
    assert result.rejected["reason"].to_pylist() == [
        "the page is a number, not text",
        "half a surrogate pair in the page, which UTF-8 cannot hold",
        "no column 'html' in this row",
    ]


def test_text_is_not_decoded_twice():
    """A page that came as text is what it is, whatever its <meta>, or the setting for bytes, says of an encoding."""
    words = "Größe, Maß und Übermut: vier Wörter für ein Gefühl, das jeder kennt und keiner so nennt. " * 5
    page = f"<html><head><meta charset='koi8-r'><title>ß</title></head><body><p>{words}</p></body></html>"
    for documents in ([{"html": page}], pa.table({"html": [page]})):
        for encoding in (None, "cp1251"):
            [text] = read(documents, encoding=encoding).texts
            assert "Größe, Maß und Übermut" in text


def test_metadata_become_columns():
    """What a page says of itself becomes a column of strings, null where it says nothing."""
    head = "<meta name='author' content='Jane Doe'><link rel='canonical' href='https://a.example/day'>"
    result = read([{"html": html(0, head)}, {"html": html(1)}], extractor="trafilatura")
    assert set(METADATA) <= set(result.documents.schema.names)
    assert all(result.documents.schema.field(name).type == pa.string() for name in METADATA)
    assert result.documents["title"].to_pylist() == ["Day 0", "Day 1"]
    assert result.documents["author"].to_pylist() == ["Jane Doe", None]
    assert result.documents["extractor"].to_pylist() == ["trafilatura"] * 2


def test_users_columns_stay():
    """A user's title, or date of any type, is kept as it is; only where a text is missing, the page's own is put."""
    records = [{"html": HTML[0], "title": "mine", "date": 1999}, {"html": HTML[1], "title": None, "date": 2001}]
    documents = read(records, extractor="trafilatura").documents
    assert documents["title"].to_pylist() == ["mine", "Day 1"]
    assert documents["date"].to_pylist() == [1999, 2001]


def test_result_does_not_depend_on_where_pages_were_cut():
    """However a reader cuts its rows into pieces, columns and their values are the same."""
    records = [{"html": HTML[0], "title": "mine"}, {"html": HTML[1]}, {"html": HTML[2], "date": 7}, {"html": HTML[3]}]
    tables = [pa.Table.from_pylist(records[:2]), pa.Table.from_pylist(records[2:])]
    whole = read(records)
    joined = pa.concat_tables(tables, promote_options="default")
    for size in (1, 3):
        assert (
            read(joined.to_reader(max_chunksize=size))
            .documents.select(whole.documents.schema.names)
            .equals(whole.documents)
        )


def test_addresses_of_pages_come_from_the_users_column():
    """A column url says where a page is from, and is itself kept."""
    documents = read([{"html": HTML[0], "url": "https://a.example/x"}, {"html": HTML[1], "url": None}]).documents
    assert documents["url"].to_pylist() == ["https://a.example/x", None]


def test_column_of_pages_that_is_not_there():
    """The error names the column, those that are there, and the option."""
    for documents in ([{"page": HTML[0]}], pa.table({"page": HTML})):
        with pytest.raises(ColumnError, match=r"no html column 'html'; columns here: 'page'; .*--html-column"):
            read(documents)
    with pytest.raises(ColumnError, match="neither text nor bytes"):
        read(pa.table({"html": [1, 2]}))


def test_strings_have_no_column_of_pages():
    """A list of strings is text: to take it for pages in silence, or for text, would both be wrong."""
    with pytest.raises(InputError, match="html_column"):
        read(HTML)


def test_encoding_of_a_page_is_told_and_its_text_is_utf8():
    """The column says what a page was decoded from, and that its text, which is not the page, is restored as UTF-8."""
    german = html(0, "<meta charset='cp1252'>").replace("counted", "zählte").encode("cp1252")
    documents = read([{"html": german}, {"html": html(1).encode()}]).documents
    assert "zählte" in documents["text"].to_pylist()[0]
    assert documents["encoding"].to_pylist() == ["utf-8 (from cp1252)", None]
    assert "encoding" not in read([{"html": html(1).encode()}]).documents.schema.names


@pytest.mark.parametrize("extractor", ["trafilatura", "resiliparse", "fast"])
@pytest.mark.parametrize(
    "part", ["only words, and not one tag", "<p>one paragraph", "<b>bold</b> words", "текст без тегов"]
)
def test_a_piece_of_a_page_is_a_page(part, extractor):
    """What some parsers do not take for a page still has its text: nothing is lost in silence."""
    [text] = read([{"html": part}], extractor=extractor).texts
    assert text == part.replace("<p>", "").replace("<b>", "").replace("</b>", "")


def test_long_texts_and_deep_pages_keep_their_text():
    """The limits of a parser, 10 MB of text in one element and some hundred elements in each other, cost no text."""
    long = "<html><body><p>" + "word " * 2_400_000
    deep = "<html><body>" + "<b>word " * 3_000
    found = read([{"html": long}, {"html": deep}], extractor="trafilatura", page_seconds=100)
    assert [text.count("word") for text in found.texts] == [2_400_000, 3_000]
