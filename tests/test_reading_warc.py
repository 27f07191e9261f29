"""Web archives: which records are documents, bodies as servers encode them, damage of every kind."""

import gzip
import tracemalloc
import zlib

import pyarrow as pa
import pytest
from formats_contract import http_answer, page, warc_record
from read_documents import read_files

from dedup.settings import Settings

WORDS = "The story begins on a quiet street where nobody has lived for years. " * 6
PAGE = page({"text": WORDS})


def answer(body=PAGE, number=0, **changes):
    return warc_record("response", http_answer(body, **changes), uri=f"http://example.org/{number}")


GOOD = [answer(page({"text": f"{WORDS} {number}"}), number) for number in range(4)]


def read(folder, raw, name="x.warc", **changes):
    path = folder / name
    path.write_bytes(raw)
    return read_files([path], Settings(workers=1, **changes))


def texts(*contents, **changes):
    """Give records of plain text, quick to read."""
    return [answer(text.encode(), n, content_type="text/plain", **changes) for n, text in enumerate(contents)]


ABC = texts("a", "b", "c")


def test_shape_of_common_crawl(tmp_path):
    """Pages and texts are documents with address, date and row; what goes with them is none and is not rejected."""
    raw = b"".join(
        [
            warc_record("warcinfo", b"software: x\r\n", content_type="application/warc-fields"),
            warc_record("request", b"GET / HTTP/1.1\r\n\r\n", content_type="application/http; msgtype=request"),
            answer(number=1),
            warc_record("metadata", b"fetchTimeMs: 5\r\n", content_type="application/warc-fields"),
            answer(b"moved", 2, status="301 Moved Permanently"),
            answer(b"gone", 3, status="404 Not Found"),
            answer(b"GIF89a", 4, content_type="image/gif"),
            answer(b"plain \xe9", 5, content_type="text/plain; charset=iso-8859-1"),
            warc_record("revisit", b"HTTP/1.1 200 OK\r\n\r\n", content_type="application/http; msgtype=response"),
            warc_record("resource", PAGE, content_type="text/html", uri="<file:///a.html>"),
            answer(PAGE, 6, content_type='Application/XHTML+xml;Charset="UTF-8"'),
        ]
    )
    for size in (1, 1 << 20):
        corpus = read(tmp_path, b"".join(map(gzip.compress, [raw])), "x.warc.gz", batch_bytes=size)
        documents = corpus.documents
        assert corpus.rejected.num_rows == 0
        assert documents["row"].to_pylist() == [2, 7, 9, 10]
        assert documents["text"].to_pylist() == [WORDS.strip(), "plain é", WORDS.strip(), WORDS.strip()]
        assert documents["doc_id"].to_pylist()[0] == "x:2"
        urls = [*(f"http://example.org/{number}" for number in (1, 5)), "file:///a.html", "http://example.org/6"]
        assert documents["column:url"].to_pylist() == urls
        assert documents["column:warc_date"].to_pylist() == ["2024-02-03T04:05:06Z"] * 4


def test_charsets_that_no_text_is_in(tmp_path):
    """A server that declares a codec of Python's which is no encoding of text is not believed."""
    charsets = ("unicode-escape", "raw-unicode-escape", "punycode", "idna", "undefined", "hex", "rot13", "nonsense")
    body = "\\ud800 Größe und Maß".encode()
    records = [answer(body, n, content_type=f"text/plain; charset={name}") for n, name in enumerate(charsets)]
    records.append(answer(b"+2AA- x", 99, content_type="text/plain; charset=utf-7"))
    corpus = read(tmp_path, b"".join(records))
    assert corpus.documents["text"].to_pylist() == [body.decode()] * len(charsets)
    assert corpus.rejected["reason"].to_pylist() == ["not UTF-7: half a surrogate pair"]


def test_ids(tmp_path):
    """The address or the record's own id can be the id of its document."""
    assert read(tmp_path, ABC[0], id_column="url").documents["doc_id"].to_pylist() == ["http://example.org/0"]
    [doc_id] = read(tmp_path, ABC[0], id_column="warc_record_id").documents["doc_id"].to_pylist()
    assert doc_id.startswith("urn:uuid:")


def brotli(body):
    return pa.Codec("brotli").compress(body, asbytes=True)


def zstd(body):
    return pa.Codec("zstd").compress(body, asbytes=True)


CHUNKED = b"3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\n\r\n"

BODIES = {
    "chunked": ("Transfer-Encoding: chunked\r\n", CHUNKED),
    "gzip": ("content-encoding: gzip\r\n", gzip.compress(b"hello")),
    "x-gzip": ("Content-Encoding: x-gzip\r\n", gzip.compress(b"hello")),
    "deflate": ("Content-Encoding: deflate\r\n", zlib.compress(b"hello")),
    "raw deflate": ("Content-Encoding: deflate\r\n", zlib.compress(b"hello")[2:-4]),
    "br": ("Content-Encoding: br\r\n", brotli(b"hello")),
    "zstd": ("Content-Encoding: zstd\r\n", zstd(b"hello")),
    "twice": ("Content-Encoding: deflate, gzip\r\n", gzip.compress(zlib.compress(b"hello"))),
    "decoded by the crawler": ("Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n", b"hello"),
    "identity": ("Content-Encoding: identity\r\n", b"hello"),
    "utf-8": ("Content-Encoding: UTF-8\r\n", b"hello"),
}


@pytest.mark.parametrize("name", BODIES)
def test_bodies_as_servers_encode_them(name, tmp_path):
    """Whatever a server did to a body is undone, and what it only claims to have done is not."""
    more, body = BODIES[name]
    corpus = read(tmp_path, answer(body, content_type="text/plain", more=more))
    assert corpus.documents["text"].to_pylist() == ["hello"]


@pytest.mark.parametrize(
    ("more", "body"),
    [
        ("Content-Encoding: gzip\r\n", gzip.compress(b"hello" * 99)[:-9]),
        ("Content-Encoding: br\r\n", brotli(b"hello" * 99)[:-3]),
        ("Content-Encoding: zstd\r\n", zstd(b"hello" * 99)[:-3]),
        ("Content-Encoding: rot13\r\n", b"uryyb"),
        ("Transfer-Encoding: chunked\r\n", b"9\r\nhel"),
        ("", b"\xff\xfa no text in any declared encoding \xe2"),
    ],
)
def test_body_that_cannot_be_decoded(more, body, tmp_path):
    """It is a row in rejected, at its stage; the records around it are read."""
    kind = "text/plain; charset=utf-8"
    corpus = read(tmp_path, ABC[0] + answer(body, content_type=kind, more=more) + ABC[2])
    assert corpus.documents["text"].to_pylist() == ["a", "c"]
    [reject] = corpus.rejected.to_pylist()
    assert (reject["row"], reject["stage"]) == (1, "decode")


def broken_records():
    length = f"Content-Length: {len(http_answer(b'b', content_type='text/plain'))}".encode()
    return {
        "length too small": ABC[1].replace(length, b"Content-Length: 9"),
        "length too large": ABC[1].replace(length, b"Content-Length: 300"),
        "length far too large": ABC[1].replace(length, b"Content-Length: 999999"),
        "length over the limit": ABC[1].replace(length, b"Content-Length: 99999999999"),
        "no length": ABC[1].replace(b"Content-Length", b"Contents"),
        "length no number": ABC[1].replace(length, b"Content-Length: many"),
        "no record": b"something else\r\nthat is none\r\n\r\n",
        "header without end": b"WARC/1.0\r\nWARC-Type: response\r\n" + b"x" * 100_000 + b"\r\n",
        "no HTTP": warc_record("response", b"not what a server says"),
    }


@pytest.mark.parametrize("is_compressed", [False, True])
@pytest.mark.parametrize("name", broken_records())
def test_broken_record_costs_itself(name, is_compressed, tmp_path):
    """After a record whose header or length is wrong reading goes on at the next."""
    records = [ABC[0], broken_records()[name], ABC[2]]
    raw = b"".join(map(gzip.compress, records)) if is_compressed else b"".join(records)
    for size in (1, 1 << 20):
        corpus = read(tmp_path, raw, "x.warc.gz" if is_compressed else "x.warc", batch_bytes=size)
        assert corpus.documents["text"].to_pylist() == ["a", "c"]
        assert corpus.documents["row"].to_pylist() == [0, 2]
        assert corpus.rejected["row"].to_pylist() == [1]


@pytest.mark.parametrize("damage", [lambda raw: raw[:-40], lambda raw: raw[:5], lambda raw: raw[:60] + b"\xff" * 30])
def test_damaged_member_costs_itself(damage, tmp_path):
    """In a compressed archive reading goes on at the member after the one that is damaged."""
    members = [gzip.compress(record) for record in ABC]
    corpus = read(tmp_path, members[0] + damage(members[1]) + members[2], "x.warc.gz")
    assert corpus.documents["text"].to_pylist() == ["a", "c"]
    assert corpus.rejected["row"].to_pylist() == [1]


def test_archive_cut_short(tmp_path):
    """What is there is read, and the rest is one row."""
    for name, raw in (("x.warc", b"".join(ABC)[:-20]), ("x.warc.gz", b"".join(map(gzip.compress, ABC))[:-30])):
        corpus = read(tmp_path, raw, name)
        assert corpus.documents["text"].to_pylist() == ["a", "b"]
        assert corpus.rejected["row"].to_pylist() == [None]


def test_no_archive_at_all(tmp_path):
    """A file that is something else is a row in rejected."""
    for name in ("x.warc", "x.warc.gz"):
        assert read(tmp_path, b"something else\n" * 99, name).rejected.num_rows == 1


def test_record_over_the_limit(tmp_path):
    """A page that is too large, stored or expanded, is rejected; an image of any size is not."""
    bomb = gzip.compress(bytes(1 << 20))
    raw = b"".join(
        [
            answer(b"x" * 9_000, content_type="text/plain"),
            answer(b"x" * 9_000, content_type="image/gif"),
            answer(bomb, content_type="text/plain", more="Content-Encoding: gzip\r\n"),
            ABC[2],
        ]
    )
    corpus = read(tmp_path, raw, max_document_bytes=4_000)
    assert corpus.documents["text"].to_pylist() == ["c"]
    assert corpus.rejected["row"].to_pylist() == [0, 2]


def test_length_over_the_limit_that_is_wrong(tmp_path):
    """A record that says it is longer than it may be ends where the next begins, wherever that is; little is held."""
    for n_bytes in (0, 10, 4_000, 4_095, 1 << 20, (1 << 20) + 4_096 - 256 + 3, 9_999_999):
        lying = warc_record("resource", b"x" * n_bytes, Content_Length="99999999999")
        (tmp_path / "x.warc").write_bytes(ABC[0] + lying + ABC[1] + lying + ABC[2])
        tracemalloc.start()
        corpus = read_files([tmp_path / "x.warc"], Settings(workers=1, max_document_bytes=4_000))
        _, peak_bytes = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert corpus.documents["row"].to_pylist() == [0, 2, 4]
        assert corpus.rejected["reason"].to_pylist() == ["its length is wrong"] * 2
        assert peak_bytes < 9 << 20


def test_truncated_by_the_crawler(tmp_path):
    """Of a body that a crawler cut on purpose, and says so, what is there is read."""
    body = gzip.compress(" ".join(map(str, range(9_999))).encode())[:-999]
    block = http_answer(body, content_type="text/plain", more="Content-Encoding: gzip\r\n")
    corpus = read(tmp_path, warc_record("response", block, WARC_Truncated="length"))
    assert corpus.documents["text"].to_pylist()[0].startswith("0 1 2 3")


def test_bare_line_ends(tmp_path):
    """Headers with LF alone, as some programs write, are headers."""
    block = b"HTTP/1.0 200 OK\nContent-Type: text/plain\n\nhello"
    raw = b"WARC/1.0\nWARC-Type: response\nContent-Type: application/http\nContent-Length: %d\n\n%b\n\n" % (
        len(block),
        block,
    )
    assert read(tmp_path, raw * 2).documents["text"].to_pylist() == ["hello", "hello"]


@pytest.mark.parametrize(
    "record",
    [
        b"WARC/1.0\r\nA: b\r\n",
        b"WARC/1.0\r\nContent-Length: 900000000\r\n\r\n",
        b"WARC/1.0\r\nContent-Length: 300000\r\n\r\n",
        b"WARC/1.0\r\nContent-Length: 99999999999\r\n\r\n",
        b"WARC/1.0\r\nContent-Length: 99999999999\r\n\r\nblock\r\n\r\n",
    ],
)
def test_broken_records_without_end(record, tmp_path):
    """Thousands of records that claim what is not there are told one by one, in time that grows with their number."""
    n_records = 20_000  # if each were to read what it claims, these would take minutes
    corpus = read(tmp_path, record * n_records + b"\r\n" + ABC[0])
    assert corpus.documents["text"].to_pylist() == ["a"]
    assert corpus.rejected.num_rows == n_records
