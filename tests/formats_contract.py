"""The documents that every format must give alike, and how to write them in each format and compression."""

import bz2
import csv
import gzip
import io
import json
import lzma
import tarfile
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

DOCUMENTS = [
    {"id": "first", "text": "One line.\nAnother line.\n", "year": 1999},
    {"id": "空", "text": "", "year": None},
    {"id": "third", "text": 'tab\t, mark \ufeff inside, emoji 👩‍👩‍👧, cr\r\nlf, "quoted", e\u0301', "year": 2001},
    {"id": "fourth", "text": "no final newline", "year": -5},
]

PAGES = [
    {"id": f"page{number}", "text": f"The {word} story begins on a quiet street. " * 12, "year": None}
    for number, word in enumerate(("first", "second", "third"))
]
"""Documents of which text is left when they were a page."""

BROKEN = {"id": "broken", "text": None, "year": 7}
"""Stands for a document that each format breaks in its own way."""

BINARY = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"

Documents = Sequence[dict[str, Any]]


def json_record(document: dict[str, Any]) -> bytes:
    return b'{"id": "broken", "text": }' if document is BROKEN else json.dumps(document).encode()


def json_lines(documents: Documents) -> bytes:
    return b"".join(json_record(document) + b"\n" for document in documents)


def json_array(documents: Documents) -> bytes:
    return b"[\n" + b",\n".join(map(json_record, documents)) + b"]\n"


def delimited(documents: Documents, delimiter: str) -> bytes:
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, delimiter=delimiter)
    writer.writerow(("id", "text", "year"))
    for document in documents:
        extra = ["one value too many"] if document is BROKEN else []
        writer.writerow([document["id"], document["text"], document["year"], *extra])
    return stream.getvalue().encode()


def table_of(documents: Documents) -> pa.Table:
    schema = pa.schema({"id": pa.string(), "text": pa.string(), "year": pa.int64()})
    return pa.Table.from_pylist(list(documents), schema=schema)


def parquet(documents: Documents, n_rows: int = 3) -> bytes:
    stream = io.BytesIO()
    pq.write_table(table_of(documents), stream, row_group_size=n_rows)
    return stream.getvalue()


def arrow(documents: Documents, n_rows: int = 3) -> bytes:
    stream = io.BytesIO()
    table = table_of(documents)
    with pa.ipc.new_file(stream, table.schema) as writer:
        writer.write_table(table, max_chunksize=n_rows)
    return stream.getvalue()


def arrow_stream(documents: Documents) -> bytes:
    stream = io.BytesIO()
    table = table_of(documents)
    with pa.ipc.new_stream(stream, table.schema) as writer:
        writer.write_table(table, max_chunksize=1)
    return stream.getvalue()


def warc_record(
    kind: str, block: bytes, *, uri: str = "http://example.org/", content_type: str = "", **other: str
) -> bytes:
    """Give a record of a web archive; `other` are more fields, and may say a length that is not that of the block."""
    fields = {
        "WARC-Type": kind,
        "WARC-Record-ID": f"<urn:uuid:00000000-0000-0000-0000-{len(block):012}>",
        "WARC-Date": "2024-02-03T04:05:06Z",
        "WARC-Target-URI": uri,
        "Content-Type": content_type or ("application/http; msgtype=response" if kind == "response" else "text/plain"),
        "Content-Length": str(len(block)),
    } | {name.replace("_", "-"): value for name, value in other.items()}
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return b"WARC/1.0\r\n%b\r\n%b\r\n\r\n" % (head.encode(), block)


def http_answer(
    body: bytes, content_type: str = "text/html; charset=utf-8", status: str = "200 OK", more: str = ""
) -> bytes:
    """Give what a server sends; `more` are header lines, each with its end."""
    return f"HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\n{more}\r\n".encode() + body


def wet(documents: Documents) -> bytes:
    records = [warc_record("warcinfo", b"software: tests\r\n", content_type="application/warc-fields")]
    for document in documents:
        if document is BROKEN:
            records.append(warc_record("conversion", b"a text longer than its record says", Content_Length="9"))
        else:
            records.append(warc_record("conversion", document["text"].encode(), uri=document["id"]))
    return b"".join(records)


def warc(documents: Documents) -> bytes:
    """Write pages as crawlers do: between requests and with metadata."""
    return b"".join(
        warc_record(
            "request", b"GET / HTTP/1.1\r\n\r\n", uri=document["id"], content_type="application/http; msgtype=request"
        )
        + warc_record("response", http_answer(page(document)), uri=document["id"])
        + warc_record("metadata", b"fetchTimeMs: 5\r\n", uri=document["id"], content_type="application/warc-fields")
        for document in documents
    )


def page(document: dict[str, Any]) -> bytes:
    paragraphs = "".join(f"<p>{line}</p>" for line in document["text"].splitlines())
    return f"<html><head><title>A title</title></head><body><article>{paragraphs}</article></body></html>".encode()


@dataclass(frozen=True)
class Form:
    """A way to write documents: one file for all of them, or (`is_single`) a file for each."""

    format: str  # its row in FORMATS
    suffix: str
    encode: Callable[[Documents], bytes]
    is_single: bool = False
    documents: Documents = field(default_factory=lambda: DOCUMENTS)
    settings: dict[str, Any] = field(default_factory=dict)
    has_columns: bool = True
    has_end_mark: bool = False  # so that one cut short is known for it without a compression
    year: Callable[[int], Any] = int  # what becomes of a number in the column
    empty: bytes = b""  # a file without documents, or of an empty one
    first_row: int = 0

    def files(self, documents: Documents | None = None) -> dict[str, bytes]:
        """Give the files by name."""
        documents = self.documents if documents is None else documents
        if not self.is_single:
            return {f"all{self.suffix}": self.encode(documents)}
        return {
            f"{document['id']}{self.suffix}": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"
            if document is BROKEN
            else self.encode([document])
            for document in documents
        }

    def write(self, folder: Path, documents: Documents | None = None, codec: str = "") -> None:
        """Write them into a folder, each compressed as the suffix `codec` says."""
        for name, content in self.files(documents).items():
            (folder / f"{name}{codec}").write_bytes(COMPRESSED[codec](content))


COMPRESSED: dict[str, Callable[[bytes], bytes]] = {
    "": bytes,
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
    ".zst": lambda content: pa.Codec("zstd").compress(content, asbytes=True),
}
"""How to compress as each suffix says."""

FORMS = {
    "text": Form("text", ".txt", lambda documents: documents[0]["text"].encode(), is_single=True, has_columns=False),
    "html": Form("html", ".html", lambda documents: page(documents[0]), True, PAGES, has_columns=False),
    "jsonl": Form("jsonl", ".jsonl", json_lines),
    "json": Form("json", ".json", json_array, has_end_mark=True),
    "json of lines": Form("json", ".json", json_lines),
    "csv": Form("csv", ".csv", lambda documents: delimited(documents, ","), year=str),
    "tsv": Form("tsv", ".tsv", lambda documents: delimited(documents, "\t"), year=str),
    "parquet": Form("parquet", ".parquet", parquet, has_end_mark=True, empty=parquet([])),
    "arrow": Form("arrow", ".arrow", arrow, has_end_mark=True, empty=arrow([])),
    "arrow stream": Form("arrow", ".arrows", arrow_stream, has_end_mark=True, empty=arrow_stream([])),
    "wet": Form("warc", ".wet", wet, settings={"id_column": "url"}, has_columns=False, has_end_mark=True, first_row=1),
    "warc": Form("warc", ".warc", warc, False, PAGES, {"id_column": "url"}, has_columns=False, has_end_mark=True),
}


def write_zip(folder: Path, files: dict[str, bytes]) -> Path:
    path = folder / "all.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def write_tar(folder: Path, files: dict[str, bytes]) -> Path:
    path = folder / "all.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


ARCHIVES: dict[str, Callable[[Path, dict[str, bytes]], Path]] = {"zip": write_zip, "tar": write_tar}
"""How to put files into each of CONTAINERS."""
