"""JSON lines: broken lines, odd values, and columns that ride along."""

import gzip
import json
import time
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from read_documents import Documents, read_files

from dedup.errors import ColumnError
from dedup.settings import Settings


def read_lines(folder: Path, *lines: bytes | dict, **changes: object) -> Documents:
    """Read a file of the lines given."""
    raw = [line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines]
    path = folder / "x.jsonl"
    path.write_bytes(b"\n".join(raw))
    return read_files([path], Settings(**changes))


def test_broken_lines_are_rejected_alone(tmp_path):
    """Each line that is no document is a row in rejected, told by its line; all others are read."""
    corpus = read_lines(
        tmp_path,
        {"text": "a"},
        b"{broken",
        b"",
        b'"text"',
        {"other": 1},
        {"text": 5},
        {"text": None},
        b'{"text": "\\ud800"}',
        b'{"text": "\xff"}',
        b'{"text": "b"},{"text": "c"}',
        {"text": ["list"]},
        {"text": "NUL\0"},
        b'{"text": "d", "\\ud800": 1}',
        {"text": "last"},
        batch_bytes=1,
    )
    assert corpus.documents["text"].to_pylist() == ["a", "last"]
    assert corpus.documents["doc_id"].to_pylist() == ["x:0", "x:13"]
    reasons = {row["row"]: row["reason"] for row in corpus.rejected.to_pylist()}
    assert list(reasons) == [1, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]
    assert reasons[3] == "the line is not an object"
    assert reasons[4] == "no column 'text' in this row"
    assert reasons[5] == "the text is a number, not text"
    assert reasons[6] == "the text is null"
    assert reasons[10] == "the text is a list, not text"
    assert all(reasons[row].startswith("not JSON: ") for row in (1, 9))
    assert reasons[8] == "not UTF-8: invalid start byte at byte 10"
    assert [row["row"] for row in corpus.rejected.to_pylist() if row["stage"] == "decode"] == [8, 11]
    assert reasons[7] == "half a surrogate pair in the text, which UTF-8 cannot hold"
    assert reasons[12] == "half a surrogate pair in the name of a column, which UTF-8 cannot hold"


def test_nan_as_python_writes_it(tmp_path):
    """A column that is not a number costs no row; a text or an id that is none does not pass for one."""
    corpus = read_lines(tmp_path, {"text": "a", "id": float("nan"), "x": float("nan")}, {"text": float("nan")})
    assert str(corpus.documents["column:x"].to_pylist()) == "[nan]"
    assert corpus.documents["doc_id"].to_pylist() == ["x:0"]
    assert corpus.rejected["reason"].to_pylist() == ["the text is a number, not text"]


def test_two_lines_never_become_one(tmp_path):
    """Lines that would be JSON only together are rejected, each."""
    corpus = read_lines(tmp_path, {"text": "a"}, b'{"text": ["b"', b'"c"]}', b'{"text": "d"}, {"text": "e"}')
    assert corpus.documents["text"].to_pylist() == ["a"]
    assert corpus.rejected["row"].to_pylist() == [1, 2, 3]


def test_line_ends_and_byte_order_mark(tmp_path):
    """CRLF, a mark at the start and a missing last newline are no part of any text."""
    corpus = read_lines(tmp_path, b'\xef\xbb\xbf{"text": "a"}\r', b" \r", b'{"text": "b"}')
    assert corpus.documents["text"].to_pylist() == ["a", "b"]
    assert corpus.documents["row"].to_pylist() == [0, 2]
    assert corpus.rejected.num_rows == 0


def test_columns_are_untouched(tmp_path):
    """Dates stay text, numbers stay numbers, big ones keep every digit, objects and lists keep their shape."""
    rows = [
        {"text": "a", "day": "2024-01-01", "n": 1, "hash": 2**63 + 1, "meta": {"k": [1, 2]}, "tags": [], "none": None},
        {"text": "b", "day": "2024-01-01T00:00:00Z", "n": 2**60 + 1, "hash": 3, "meta": {"j": "x"}, "tags": ["t"]},
    ]
    corpus = read_lines(tmp_path, *rows, batch_bytes=1)
    found = corpus.documents.to_pylist()
    assert [row["column:day"] for row in found] == ["2024-01-01", "2024-01-01T00:00:00Z"]
    assert [row["column:n"] for row in found] == [1, 2**60 + 1]
    assert [row["column:hash"] for row in found] == [2**63 + 1, 3]
    assert [row["column:meta"] for row in found] == [{"k": [1, 2], "j": None}, {"k": None, "j": "x"}]
    assert [row["column:tags"] for row in found] == [[], ["t"]]


def test_ids(tmp_path):
    """Whole numbers become their decimals; a missing, null or empty id is made from source and row."""
    rows = [
        {"text": "a", "id": 7},
        {"text": "b"},
        {"text": "c", "id": None},
        {"text": "d", "id": ""},
        {"text": "e", "id": [1]},
    ]
    corpus = read_lines(tmp_path, *rows)
    assert corpus.documents["doc_id"].to_pylist() == ["7", "x:1", "x:2", "x:3"]
    assert corpus.rejected["reason"].to_pylist() == ["the id is a list, neither text nor a number"]


def test_whole_numbers_past_64_bits(tmp_path):
    """They keep every digit: as ids, which would else be one and the same, and in columns, which become text."""
    big = 123456789012345678901234567890
    rows = [{"text": "a", "id": big, "n": big, "o": {"k": [1, big]}}, {"text": "b", "id": big + 1, "n": 0.5}]
    for folder in ("lines", "array"):
        (tmp_path / folder).mkdir()
    corpus = read_lines(tmp_path / "lines", *rows, {"text": "c", "id": -big, "n": 1e30})
    assert corpus.documents["doc_id"].to_pylist() == [str(big), str(big + 1), str(-big)]
    assert corpus.documents["column:n"].to_pylist() == [str(big), "0.5", "1e+30"]
    assert corpus.documents["column:o"].to_pylist() == [f'{{"k":[1,{big}]}}', None, None]
    (tmp_path / "array" / "x.json").write_text(json.dumps(rows))
    assert read_files([tmp_path / "array"], Settings()).documents["doc_id"].to_pylist() == [str(big), str(big + 1)]
    odd = read_lines(tmp_path, b'{"text": "d", "n": %s}' % (b"9" * 5000), b'{"text": "e", "n": 1e300}')
    assert odd.documents.num_rows + odd.rejected.num_rows == 2


def test_url_as_id_rides_along(tmp_path):
    """A URL that serves as the id is still the user's column; an id is not."""
    corpus = read_lines(tmp_path, {"body": "a", "url": "http://a"})
    assert corpus.documents.schema.names == ["doc_id", "text", "source", "row", "column:url"]
    assert corpus.documents["doc_id"].to_pylist() == corpus.documents["column:url"].to_pylist() == ["http://a"]


def test_column_nested_too_deep(tmp_path):
    """What no Parquet reader would open is kept as JSON; what could be of no use to anybody costs its row."""
    deep = {levels: b'{"text": "b", "x": %b}' % (b"[" * levels + b"]" * levels) for levels in (40, 900)}
    for size in (1, 1 << 20):
        corpus = read_lines(tmp_path, {"text": "a", "x": [1]}, deep[40], deep[900], batch_bytes=size)
        assert corpus.documents["column:x"].to_pylist() == ["[1]", "[" * 40 + "]" * 40]
        assert corpus.rejected["row"].to_pylist() == [2]
        assert corpus.rejected["reason"].to_pylist() == ["a column is nested more than 200 levels deep"]


def test_no_text_column_anywhere(tmp_path):
    """A column that is not there is an error that lists those that are."""
    with pytest.raises(ColumnError, match=r"'nope'.*'text', 'title'"):
        read_lines(tmp_path, {"text": "a", "title": "b"}, text_column="nope")
    with pytest.raises(ColumnError, match=r"text, content, body.*'title'"):
        read_lines(tmp_path, {"title": "b"})
    with pytest.raises(ColumnError, match=r"no id column 'nope'.*'text'"):
        read_lines(tmp_path, {"text": "a"}, id_column="nope")


def test_one_odd_file_among_good_ones_is_rejected(tmp_path):
    """A file without the text column does not end the run when others have it."""
    (tmp_path / "a.jsonl").write_text('{"meta": 1}\n{"meta": 2}\n')
    (tmp_path / "b.jsonl").write_text('{"text": "b"}\n')
    corpus = read_files([tmp_path], Settings())
    assert corpus.documents["text"].to_pylist() == ["b"]
    [reject] = corpus.rejected.to_pylist()
    assert (reject["source"], reject["row"]) == ("a.jsonl", None)
    assert "'meta'" in reject["reason"]


def test_text_column_found_late(tmp_path):
    """Rows before the first that has the text column are rejected one by one, however many they are."""
    rows = [{"note": i} for i in range(1_200)] + [{"text": "late", "id": "z"}]
    for size in (1, 1 << 20):
        corpus = read_lines(tmp_path, *rows, batch_bytes=size)
        assert corpus.documents["doc_id"].to_pylist() == ["z"]
        assert corpus.rejected.num_rows == 1_200


def test_truncated_gzip_keeps_whole_lines(tmp_path):
    """Lines before the place where a compressed file breaks are read, the torn one is not."""
    noise = "".join(chr(0x4E00 + i * 7919 % 20_000) for i in range(1_500_000))
    raw = b"".join(json.dumps({"text": noise[i : i + 10_000]}).encode() + b"\n" for i in range(0, len(noise), 10_000))
    (tmp_path / "x.jsonl.gz").write_bytes(gzip.compress(raw, 1)[:-2_000])
    results = [read_files([tmp_path], Settings(batch_bytes=size)) for size in (1, 1 << 30)]
    assert results[0].documents.equals(results[1].documents)
    assert 0 < results[0].documents.num_rows < 150
    assert "after line" in results[0].rejected["reason"].to_pylist()[-1]


def test_endless_line(tmp_path):
    """A line over the limit is rejected wherever it ends, never held, and the lines around it are read."""
    path = tmp_path / "x.jsonl"
    for tail, texts in ((b'\n{"text": "b"}\n', ["a", "b"]), (b"", ["a"])):
        path.write_bytes(b'{"text": "a"}\n{"text": "' + b"x" * (8 << 20) + b'"}' + tail)
        tracemalloc.start()
        corpus = read_files([path], Settings(max_document_bytes=1_000))
        _, peak_bytes = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert corpus.documents["text"].to_pylist() == texts
        [reject] = corpus.rejected.to_pylist()
        assert (reject["row"], reject["stage"]) == (1, "read")
        assert reject["reason"].startswith("the line is larger than 1,000 bytes")
        assert peak_bytes < 6 << 20


def test_millions_of_blank_lines(tmp_path):
    """Lines that hold nothing are counted, and cost next to no time or memory: they may be a few bytes of gzip."""
    raw = b'{"text": "a"}\n' + b"\n" * 3_000_000 + b" \t\r\n" * 1_000_000 + b'{"text": "b"}\n'
    (tmp_path / "x.jsonl.gz").write_bytes(gzip.compress(raw))
    began = time.process_time()
    corpus = read_files([tmp_path], Settings())
    assert time.process_time() - began < 4
    assert corpus.documents["row"].to_pylist() == [0, 4_000_001]
    assert corpus.rejected.num_rows == 0


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "utf-8-sig", "cp1251"])
def test_other_encodings(encoding, tmp_path):
    """A byte-order mark says the encoding, else the settings do; the column says what it was."""
    path = tmp_path / "x.jsonl"
    path.write_bytes('{"text": "раз"}\n{"text": "два"}\n'.encode(encoding))
    corpus = read_files([path], Settings(encoding="cp1251" if encoding == "cp1251" else None))
    assert corpus.documents["text"].to_pylist() == ["раз", "два"]
    assert ("column:encoding" in corpus.documents.column_names) == (encoding != "utf-8-sig")
    assert corpus.rejected.num_rows == 0


def test_what_cannot_be_decoded(tmp_path):
    """Bad bytes are rejected with their row, or repaired and counted."""
    lines = [b'{"text": "good \xef\xbf\xbd"}', b'{"text": "bad \xff\xfe", "n": "\xff"}', {"text": "last"}]
    corpus = read_lines(tmp_path, *lines)
    assert corpus.documents["text"].to_pylist() == ["good \ufffd", "last"]
    assert corpus.rejected["stage"].to_pylist() == ["decode"]
    for size in (1, 1 << 20):
        corpus = read_lines(tmp_path, *lines, encoding_errors="repair", batch_bytes=size)
        assert corpus.documents["text"].to_pylist() == ["good \ufffd", "bad \ufffd\ufffd", "last"]
        assert corpus.documents["column:n_replaced"].to_pylist() == [None, 3, None]


def test_bad_units_of_utf16(tmp_path):
    """Half a surrogate pair in a file of UTF-16 costs its line, or one replacement character."""
    path = tmp_path / "x.jsonl"
    raw = '{"text": "a?b"}\n{"text": "c"}\n'.encode("utf-16").replace("?".encode("utf-16-le"), b"\x00\xd8")
    path.write_bytes(raw)
    corpus = read_files([path], Settings())
    assert corpus.documents["text"].to_pylist() == ["c"]
    assert corpus.rejected["reason"].to_pylist() == ["not UTF-16-LE"]
    corpus = read_files([path], Settings(encoding_errors="repair"))
    assert corpus.documents["text"].to_pylist() == ["a\ufffdb", "c"]
    assert corpus.n_replaced_chars == 1


def test_rejected_rows_of_a_column_without_one_type(tmp_path):
    """Rows that are left out take their values along, also in a column that is kept as text."""
    rows = [{"text": "a", "n": 1}, {"text": "NUL \0", "n": [2]}, {"text": "c", "n": "three"}]
    corpus = read_lines(tmp_path, *rows)
    assert corpus.documents["column:n"].to_pylist() == ["1", "three"]
    assert corpus.rejected["row"].to_pylist() == [1]


values = st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(max_size=5) | st.floats(allow_nan=False)
records = st.fixed_dictionaries(
    {"text": st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20)},  # NULs: a reject
    optional={"a": values, "b": st.lists(values, max_size=2)},
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(records, min_size=1, max_size=8))
def test_result_does_not_depend_on_batches(tmp_path, rows):
    """Any rows give the same table and the same warnings, one at a time or all at once."""
    outcomes = []
    for size in (1, 40, 1 << 20):
        corpus = read_lines(tmp_path, *rows, batch_bytes=size)
        outcomes.append((corpus.documents.schema, str(corpus.documents.to_pylist()), corpus.warnings))
        assert corpus.rejected.num_rows == 0
    assert outcomes[0] == outcomes[1] == outcomes[2]
