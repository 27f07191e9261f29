"""A folder of everything that goes wrong with files; `python tests/hostile_folder.py FOLDER` makes one to look at.

Every file is small on disk; LIMIT is the `max_document_bytes` under which the large ones are too large.
"""

import bz2
import contextlib
import gzip
import io
import json
import lzma
import os
import random
import struct
import sys
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

LIMIT: Final = 8_000_000
BOMB_BYTES: Final = 300_000_000
"""What each compression bomb expands to; on disk it is about a thousandth of that."""

SENTENCES: Final = (
    "The harbour master counted nineteen boats before breakfast, and wrote each name into the ledger.",
    "Nobody had told the new clerk that the scales were out by a quarter of a pound.",
    "Rain came in from the west at noon, so the market closed an hour before its time.",
    "A letter from the ministry asked for the third time what had become of the bridge.",
)
PAGE: Final = (
    "<!doctype html><html lang=en><head><meta charset=utf-8><title>{title}</title></head><body>"
    "<nav><a href=/>Home</a></nav><article><h1>{title}</h1>{body}</article></body></html>"
)
EMPTY: Final = (
    *("txt", "md", "html", "jsonl", "json", "csv", "tsv", "parquet", "arrow", "warc", "zip", "tar"),
    *("warc.gz", "wet.gz", "txt.gz", "jsonl.zst", "txt.xz"),
)
"""Suffixes of files of no byte."""
PNG: Final = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x02\x00\x00\x00\x90wS\xde"


def make(folder: Path) -> list[str]:
    """Fill the folder, and give the names of all inputs in it: files, links and what else must be accounted for."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files().items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    for name, write in WRITERS.items():
        write(folder / name)
    names = [str(path.relative_to(folder)) for path in sorted(folder.rglob("*")) if not path.is_dir()]
    return names + links_and_locks(folder)


def files() -> dict[str, bytes]:
    """Give every file that is plain bytes, by name."""
    chance = random.Random(7)
    prose = "\n".join(SENTENCES)
    lines = [json.dumps({"id": f"n{n}", "text": f"{sentence} ({n})"}) for n, sentence in enumerate(SENTENCES)]
    paragraphs = "".join(f"<p>{sentence}</p>" for sentence in SENTENCES)
    page = PAGE.format(title="Harbour news", body=paragraphs)
    table = io.BytesIO()
    pq.write_table(pa.table({"text": [f"Row {n} of the ledger." for n in range(1000)]}), table, row_group_size=100)
    zeros = b"\0" * BOMB_BYTES
    # each name is held against all before it: a minute of the parser's time
    attributes = b"".join(b"a%d=1 " % n for n in range(100_000))
    members = {"../above.txt": b"out of the folder", "/root.txt": b"absolute", "good.txt": b"Good member."}
    return {
        "fine.txt": prose.encode(),
        "fine.html": page.encode(),
        "fine.jsonl": "\n".join(lines).encode(),
        "sub/fine.md": b"# Title\n\nA line of prose.\n",
        # cut short
        "cut.txt.gz": gzip.compress(prose.encode() * 50)[:-20],
        "cut.jsonl.gz": gzip.compress("\n".join(lines * 200).encode())[:-20],
        "cut.parquet": table.getvalue()[:-2000],
        "cut.warc.gz": gzip.compress(warc_record("https://a.example/", page.encode()))[:-30],
        "cut.zip": zipped({"a.txt": prose.encode(), "b.txt": prose.encode()})[:-60],
        "cut.tar.gz": tarred({"a.txt": prose.encode() * 400, "b.txt": prose.encode() * 400})[:-200],
        "cut.arrow": b"ARROW1\0\0" + bytes(40),
        # broken inside
        "half-line.jsonl": f"{lines[0]}\n{lines[1][:30]}\n{lines[2]}".encode(),
        "no-text.jsonl": f'{lines[0]}\n{{"id": "x", "title": "no text here"}}\n{lines[2]}'.encode(),
        "number.jsonl": f'{lines[0]}\n{{"text": 17}}\n{{"text": null}}\n{{"text": ["a"]}}\n[1]\n{lines[2]}'.encode(),
        "deep.jsonl": b'{"text": "x", "a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}\n",
        "broken.json": f"[{lines[0]}, {lines[1]}, {{oops, {lines[2]}]".encode(),
        "ragged.csv": b'id,text\n1,fine\n2,too,many,fields\n3\n4,"a quote that never ends\n5,x\n',
        "broken.warc": warc_record("https://a.example/", page.encode())
        + b"WARC/1.0\r\nContent-Length: nonsense\r\n\r\n\r\n\r\n"
        + warc_record("https://b.example/", page.encode()),
        "two-types.jsonl": b'{"text": "one", "year": 1999}\n{"text": "two", "year": "unknown"}\n',
        "taken-name.jsonl": b'{"text": "as Dolma has it", "source": "web"}\n',
        # not what the name says
        "picture.txt": PNG + chance.randbytes(500),
        "random.txt": chance.randbytes(4000),
        "nul.txt": b"before\0after",
        "text.gz.txt.gz": b"this was never compressed",
        "html.parquet": page.encode(),
        "picture.html": PNG + chance.randbytes(500),
        "latin.txt": "Größe, Maß und Übermut: vier Wörter für ein Gefühl, das jeder kennt.".encode("cp1252"),
        "wide.txt": prose.encode("utf-16"),
        "bad-utf8.txt": prose.encode() + b"\xff\xfe\xfa" + prose.encode(),
        # of no known kind, or of none at all
        "picture.png": PNG,
        "unknown.xyz": b"who knows",
        "no-suffix": prose.encode(),
        "no-suffix-binary": chance.randbytes(3000),
        "empty": b"",
        **{f"empty.{suffix}": b"" for suffix in EMPTY},
        # too much
        "endless-line.jsonl": b'{"text": "' + b"a" * (LIMIT + 10) + b'"}\n' + lines[0].encode(),
        "endless-line.txt": b"word " * (LIMIT // 5 + 10),
        "bomb.txt.gz": gzip.compress(zeros, 1),
        "bomb.jsonl.gz": gzip.compress(zeros, 1),
        "bomb.html.bz2": bz2.compress(zeros[: BOMB_BYTES // 4]),
        "bomb.txt.xz": lzma.compress(zeros[: BOMB_BYTES // 4], preset=0),
        "bomb.txt.zst": pa.compress(zeros, "zstd", asbytes=True),
        "bomb.zip": zipped({"zeros.txt": zeros, "fine.txt": prose.encode()}),
        # pages that parsers do not like
        "deep.html": ("<html><body>" + "<div>" * 100_000 + "deep down" + "</div>" * 100_000).encode(),
        "deep-inline.html": ("<p>" + "<b><i><a href=x>" * 8_000 + "emphatic").encode(),
        "spin.html": b"<html><body><p " + attributes + b">text</p></body></html>",
        "misnested.html": b"<article>" + b"<a href=x>word <b><p>" * 20_000 + b"</article>",
        "no-tags.html": b"only words, and not one tag",
        "open.html": b"<html><body><p>never closed" + b"<table><tr><td>" * 3000,
        "many-brackets.html": b"<" * 1_000_000,
        "nul.html": page.replace("noon", "no\0on").encode(),
        # members that no archive should have
        "members.zip": zipped({**members, "in.zip": zipped({"a.txt": b"a"}), "picture.png": PNG}),
        "members.tar": tarred({"good.txt": b"Good member.", "../above.txt": b"out of the folder"}, link=True),
    }  # fmt: skip


def warc_record(url: str, body: bytes) -> bytes:
    """Give a response record as crawlers write it."""
    http = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    head = (
        f"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: {url}\r\nWARC-Date: 2024-05-01T10:00:00Z\r\n"
        "WARC-Record-ID: <urn:uuid:12345678-1234-1234-1234-123456789abc>\r\n"
        f"Content-Type: application/http; msgtype=response\r\nContent-Length: {len(http)}\r\n\r\n"
    )
    return head.encode() + http + b"\r\n\r\n"


def zipped(members: dict[str, bytes]) -> bytes:
    """Give a zip archive."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED, 1)
    return out.getvalue()


def tarred(members: dict[str, bytes], link: bool = False) -> bytes:
    """Give a tar archive, compressed if it has no link in it."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w" if link else "w:gz") as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
        if link:
            info = tarfile.TarInfo("passwords.txt")
            info.type, info.linkname = tarfile.SYMTYPE, "/etc/passwd"
            archive.addfile(info)
    return out.getvalue()


def write_locked_zip(path: Path) -> None:
    """Write a zip whose one member says that it is encrypted."""
    raw = bytearray(zipped({"secret.txt": b"nobody knows"}))
    for signature, place in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        at = raw.index(signature) + place
        raw[at : at + 2] = struct.pack("<H", 1)
    path.write_bytes(raw)


def write_wrong_sum_zip(path: Path) -> None:
    """Write a zip whose one member was changed after its checksum was made."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("a.txt", "the text as it was")
    path.write_bytes(out.getvalue().replace(b"as it was", b"as it is!"))


WRITERS: Final[dict[str, Callable[[Path], None]]] = {
    "locked.zip": write_locked_zip,
    "wrong-sum.zip": write_wrong_sum_zip,
}


def links_and_locks(folder: Path) -> list[str]:
    """Make links, pipes and folders that cannot be read, and give the names that must be accounted for."""
    (folder / "loop-a.txt").symlink_to("loop-b.txt")
    (folder / "loop-b.txt").symlink_to("loop-a.txt")
    (folder / "nowhere.txt").symlink_to("gone")
    (folder / "sub" / "up").symlink_to("..")
    os.mkfifo(folder / "pipe.txt")
    locked = folder / "locked.txt"
    locked.write_text("Nobody may read this.")
    locked.chmod(0)
    shut = folder / "shut"
    shut.mkdir()
    (shut / "inner.txt").write_text("Nor this.")
    shut.chmod(0)
    inner = "shut/inner.txt" if os.access(shut, os.R_OK) else "shut"
    names = ["loop-a.txt", "loop-b.txt", "nowhere.txt", "sub/up", "pipe.txt", "locked.txt", inner]
    odd = os.fsencode(folder) + b"/odd-\xff-name.txt"
    with contextlib.suppress(OSError):  # some file systems take only UTF-8
        Path(os.fsdecode(odd)).write_text("The name is not UTF-8.")
        names.append("odd-\\xff-name.txt")
    return names


if __name__ == "__main__":
    print("\n".join(make(Path(sys.argv[1]))))
