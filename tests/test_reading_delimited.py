"""CSV and TSV: quoting, broken rows, encodings, delimiters, and values that stay text."""

import csv

import pytest
from read_documents import read_files

from dedup.errors import ColumnError
from dedup.settings import Settings


def read(folder, raw, name="x.csv", **changes):
    path = folder / name
    path.write_bytes(raw)
    return read_files([path], Settings(**changes))


@pytest.mark.parametrize("size", [1, 1 << 20])
def test_broken_rows_are_rejected_alone(size, tmp_path):
    """A row with too many or too few values, a quote that is never closed, bad bytes: each costs itself."""
    corpus = read(
        tmp_path,
        b"\xef\xbb\xbfid,text,n\r\n"
        b'1,"a ""quoted"",\r\nvalue",007\r\n'
        b"\r\n"
        b"2,too few\r\n"
        b'3,bad "mid" quotes,1\r\n'
        b'4,"broken" off,1\r\n'
        b'5,"open\r\n'
        b"6,good,1\r\n"
        b"7,\xff,1\r\n"
        b"8,too,many,1\r\n"
        b'9,"",\r\n'
        b'10,"never closed,1\r\n'
        b"11,last,2",
        batch_bytes=size,
    )
    found = dict(zip(corpus.documents["doc_id"].to_pylist(), corpus.documents["text"].to_pylist(), strict=True))
    assert found == {
        "1": 'a "quoted",\r\nvalue',
        "3": 'bad "mid" quotes',
        "6": "good",
        "9": "",
        "11": "last",
    }
    assert corpus.documents["column:n"].to_pylist() == ["007", "1", "1", None, "2"]
    assert corpus.documents["row"].to_pylist() == [0, 2, 5, 8, 10]
    reasons = {row["row"]: (row["stage"], row["reason"]) for row in corpus.rejected.to_pylist()}
    assert reasons == {
        1: ("read", "2 values, and 3 columns"),
        3: ("read", "a quoted value is followed by something other than a delimiter"),
        4: ("read", "a quoted value is followed by something other than a delimiter"),
        6: ("decode", "not UTF-8"),
        7: ("read", "4 values, and 3 columns"),
        9: ("read", "a quoted value has no end"),
    }


def test_repaired_bytes_are_counted(tmp_path):
    """With encoding_errors="repair" bad bytes become a replacement character each, which is counted."""
    raw = b"\xef\xbb\xbf" + "text,n\ngood \ufffd,1\n".encode() + b"bad \xff\xfe,\xff\n"
    corpus = read(tmp_path, raw, encoding_errors="repair")
    assert corpus.documents["text"].to_pylist() == ["good \ufffd", "bad \ufffd\ufffd"]
    assert corpus.documents["column:n"].to_pylist() == ["1", "\ufffd"]
    assert corpus.documents["column:n_replaced"].to_pylist() == [None, 3]
    assert corpus.n_replaced_chars == 3


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "cp1251", "koi8-r"])
def test_encodings(encoding, tmp_path):
    """UTF-16 and UTF-32 are known by their mark, others are detected; none leaves a mark in the first name."""
    text = "Все счастливые семьи похожи друг на друга, каждая несчастливая семья несчастлива по-своему."
    corpus = read(tmp_path, f"text;year\n{text};1877\n".encode(encoding))
    assert corpus.documents["text"].to_pylist() == [text]
    assert corpus.documents["column:year"].to_pylist() == ["1877"]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("name", ["x.csv", "x.tsv", "x.tab"])
def test_delimiters(name, delimiter, tmp_path):
    """What separates the names so that one is the text separates the values; what the suffix says is tried first."""
    corpus = read(tmp_path, f"a{delimiter} text \n1{delimiter}x\n".encode(), name)
    assert corpus.documents["text"].to_pylist() == ["x"]
    assert corpus.documents["column:a"].to_pylist() == ["1"]


def test_quotes_in_tsv(tmp_path):
    """Quotes that enclose a value are no part of it, others are, also at the beginning of a value."""
    raw = b'text\tn\n"Hello" he said\t1\n"a tab\tin it"\t2\nx\t"\n'
    corpus = read(tmp_path, raw, "x.tsv")
    assert corpus.documents["text"].to_pylist() == ['"Hello" he said', "a tab\tin it", "x"]
    assert corpus.documents["column:n"].to_pylist() == ["1", "2", '"']


def test_bad_bytes_beside_quotes_in_tsv(tmp_path):
    """Bytes that are not UTF-8 cost their row, or are repaired, also where a quote encloses no value."""
    raw = b'\xef\xbb\xbfid\ttext\n1\t"a" b\xff c\n2\tplain\n'
    corpus = read(tmp_path, raw, "x.tsv")
    assert corpus.documents["doc_id"].to_pylist() == ["2"]
    assert [(row["row"], row["reason"]) for row in corpus.rejected.to_pylist()] == [(0, "not UTF-8")]
    corpus = read(tmp_path, raw, "x.tsv", encoding_errors="repair")
    assert corpus.documents["text"].to_pylist() == ['"a" b\ufffd c', "plain"]
    assert corpus.n_replaced_chars == 1


def test_names_of_columns(tmp_path):
    """Columns without a name get one by their place, equal ones a number."""
    corpus = read(tmp_path, b",text,a,a\n0,x,1,2\n")
    assert corpus.documents.schema.names[4:] == ["column:column_1", "column:a", "column:a_2"]


def test_line_ends(tmp_path):
    """CR alone ends a row as LF and CRLF do, also where a read ends between the two."""
    assert read(tmp_path, b"text,n\ra,1\rb,2\r").documents["text"].to_pylist() == ["a", "b"]
    long = "x" * ((1 << 20) - len("text\r\n") - 1)
    corpus = read(tmp_path, f"text\r\n{long}\r\nb\r\n".encode())
    assert corpus.documents["text"].to_pylist() == [long, "b"]


def test_row_over_the_limit(tmp_path):
    """A row that is too long is rejected, in one line or in many, and what follows is read."""
    raw = b"text,n\nshort,1\n" + b"x" * 500 + b',2\n"' + b"y\n" * 300 + b'",3\nlast,4\n'
    corpus = read(tmp_path, raw, max_document_bytes=400)
    assert corpus.documents["text"].to_pylist()[-1] == "last"
    assert corpus.documents["text"].to_pylist()[0] == "short"
    assert "larger than 400 bytes" in corpus.rejected["reason"].to_pylist()[0]
    assert corpus.rejected["row"].to_pylist()[:2] == [1, 2]


def test_limit_of_the_csv_module_is_left_alone(tmp_path):
    """A value may be longer than the standard library's limit, which is the same afterwards."""
    before = csv.field_size_limit()
    assert read(tmp_path, b"text\n" + b"x" * 300_000).documents.num_rows == 1
    assert csv.field_size_limit() == before


def test_no_text_column(tmp_path):
    """A file without names, or of other columns, is an error that lists what is there."""
    with pytest.raises(ColumnError, match="'some', 'words'"):
        read(tmp_path, b"some,words\n1,2\n")
    assert read(tmp_path, b"text,n\n").documents.num_rows == 0


@pytest.mark.parametrize("first", ["sep=;\r\n", "\ufeffsep=;\n", '"sep=;"\r\n', "SEP=;\n", "sep=\t\n", "sep=^\n"])
@pytest.mark.parametrize("name", ["x.csv", "x.tsv"])
def test_line_that_says_what_separates(first, name, tmp_path):
    """The line that Excel writes above the names is no row: what it says separates the values."""
    separator = first.strip('\r\n"')[-1]
    rows = [["id", "text", "a,b|c"], ["7", "one, two | three", "x"], ["8", "four", ""]]
    corpus = read(tmp_path, (first + "".join(separator.join(row) + "\n" for row in rows)).encode(), name)
    assert corpus.documents["text"].to_pylist() == ["one, two | three", "four"]
    assert corpus.documents["doc_id"].to_pylist() == ["7", "8"]
    assert corpus.documents["column:a,b|c"].to_pylist() == ["x", None]
    assert corpus.rejected.num_rows == 0


def test_column_that_is_called_like_that_line(tmp_path):
    """Names of columns are no such line, whatever the first is called."""
    corpus = read(tmp_path, b"sep=;,text\n1,one\n")
    assert corpus.documents["column:sep=;"].to_pylist() == ["1"]
