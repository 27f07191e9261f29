"""The documents that every format must give alike, and how to write them in each format."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

DOCUMENTS = [
    {"id": "first", "text": "One line.\nAnother line.\n", "year": 1999},
    {"id": "空", "text": "", "year": None},
    {"id": "third", "text": "tab\t, mark \ufeff inside, emoji 👩‍👩‍👧, cr\r\nlf, e\u0301", "year": 2001},
    {"id": "fourth", "text": "no final newline", "year": -5},
]


def json_lines() -> bytes:
    return b"".join(json.dumps(document).encode() + b"\n" for document in DOCUMENTS)


def write_text(folder: Path) -> None:
    for document in DOCUMENTS:
        (folder / f"{document['id']}.txt").write_bytes(document["text"].encode())


def write_markdown_gz(folder: Path) -> None:
    for document in DOCUMENTS:
        (folder / f"{document['id']}.md.gz").write_bytes(gzip.compress(document["text"].encode()))


def page(text: str) -> bytes:
    paragraphs = "".join(f"<p>{line}</p>" for line in text.splitlines())
    return f"<html><head><meta charset='utf-8'></head><body>{paragraphs}</body></html>".encode()


def write_html(folder: Path) -> None:
    for document in DOCUMENTS:
        (folder / f"{document['id']}.html").write_bytes(page(document["text"]))


def write_html_gz(folder: Path) -> None:
    for document in DOCUMENTS:
        (folder / f"{document['id']}.html.gz").write_bytes(gzip.compress(page(document["text"])))


def write_jsonl(folder: Path) -> None:
    (folder / "all.jsonl").write_bytes(json_lines())


def write_jsonl_gz(folder: Path) -> None:
    (folder / "all.jsonl.gz").write_bytes(gzip.compress(json_lines()))


def write_ndjson_zst(folder: Path) -> None:
    with pa.CompressedOutputStream(str(folder / "all.ndjson.zst"), "zstd") as stream:
        stream.write(json_lines())


def write_parquet(folder: Path) -> None:
    pq.write_table(pa.Table.from_pylist(DOCUMENTS), folder / "all.parquet", row_group_size=3)


def write_nothing_text(folder: Path) -> None:
    (folder / "empty.txt").touch()


def write_nothing_html(folder: Path) -> None:
    (folder / "empty.html").touch()


def write_nothing_jsonl(folder: Path) -> None:
    (folder / "empty.jsonl").touch()


def write_nothing_parquet(folder: Path) -> None:
    pq.write_table(pa.table({"text": pa.array([], pa.string())}), folder / "empty.parquet")


WRITERS: dict[str, Callable[[Path], None]] = {
    "text": write_text,
    "text.gz": write_markdown_gz,
    "html": write_html,
    "html.gz": write_html_gz,
    "jsonl": write_jsonl,
    "jsonl.gz": write_jsonl_gz,
    "jsonl.zst": write_ndjson_zst,
    "parquet": write_parquet,
}
"""How to write DOCUMENTS into a folder in each format; the part before the dot is the name in FORMATS."""

EMPTY_WRITERS: dict[str, tuple[Callable[[Path], None], int]] = {
    "text": (write_nothing_text, 1),
    "html": (write_nothing_html, 1),
    "jsonl": (write_nothing_jsonl, 0),
    "parquet": (write_nothing_parquet, 0),
}
"""How to write an empty file in each format, and the number of documents it is."""

EXTRACTED = {"html"}
"""Formats whose text is found by an extractor: white space is not what it was."""


def as_given(name: str, text: str) -> str:
    """Give a text as it must be the same in all formats."""
    return " ".join(text.split()) if name.partition(".")[0] in EXTRACTED else text
