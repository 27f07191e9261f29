"""Documents in zip and tar: each member an input of its own, and nothing an archive can do to whoever reads it."""

import bz2
import gzip
import io
import json
import lzma
import os
import random
import stat
import tarfile
import time
import zipfile

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from read_documents import read_files

from dedup.settings import Settings

MEMBERS = {
    "b.txt": b"the text of b",
    "deep/er/a.txt": b"the text of a",
    "lines.jsonl": b'{"text": "one", "id": "x"}\n{"text": "two"}\n',
    "packed.jsonl.gz": gzip.compress(b'{"text": "three"}\n'),
    "README": b"a text without a suffix\n",
}
SOURCES = ["b.txt", "deep/er/a.txt", "lines.jsonl", "lines.jsonl", "packed.jsonl.gz", "README"]
TEXTS = ["the text of b", "the text of a", "one", "two", "three", "a text without a suffix\n"]


def parquet(*texts: str) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.table({"text": texts}), sink)
    return sink.getvalue()


def zipped(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return sink.getvalue()


def tarred(members: dict[str, bytes], archive_format: int = tarfile.PAX_FORMAT) -> bytes:
    sink = io.BytesIO()
    with tarfile.open(fileobj=sink, mode="w", format=archive_format) as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return sink.getvalue()


def zstd(content: bytes) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as stream:
        stream.write(content)
    return sink.getvalue().to_pybytes()


ARCHIVES = {
    "x.zip": zipped(MEMBERS),
    "x.ZIP": zipped(MEMBERS, zipfile.ZIP_STORED),
    "bz2.zip": zipped(MEMBERS, zipfile.ZIP_BZIP2),
    "lzma.zip": zipped(MEMBERS, zipfile.ZIP_LZMA),
    "x.zip.gz": gzip.compress(zipped(MEMBERS)),
    "x.tar": tarred(MEMBERS),
    "gnu.tar": tarred(MEMBERS, tarfile.GNU_FORMAT),
    "ustar.tar": tarred(MEMBERS, tarfile.USTAR_FORMAT),
    "x.tgz": gzip.compress(tarred(MEMBERS)),
    "x.tar.gz": gzip.compress(tarred(MEMBERS)),
    "x.tar.bz2": bz2.compress(tarred(MEMBERS)),
    "x.tar.xz": lzma.compress(tarred(MEMBERS)),
    "x.tar.zst": zstd(tarred(MEMBERS)),
    "archive": tarred(MEMBERS),
    "archive.obj": zipped(MEMBERS),
}


@pytest.fixture
def read(tmp_path):
    """Give a function that reads an archive, in a folder beside a good file."""
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "zz.txt").write_text("still here")

    def read_archive(name: str, content: bytes, **changes: object):
        (folder / name).write_bytes(content)
        corpus = read_files([folder], Settings(**changes))
        (folder / name).unlink()
        assert "still here" in corpus.documents["text"].to_pylist()
        assert sorted(path.name for path in folder.iterdir()) == ["zz.txt"]
        return corpus

    return read_archive


def rejections(corpus) -> dict[str, str]:
    return {row["source"]: row["reason"] for row in corpus.rejected.to_pylist()}


@pytest.mark.parametrize("name", ARCHIVES)
def test_members_are_inputs(name, read):
    """Every member is read as a file of its name would be, in the order of the archive."""
    corpus = read(name, ARCHIVES[name])
    documents = corpus.documents.slice(0, len(TEXTS))
    assert documents["source"].to_pylist() == [f"{name}/{source}" for source in SOURCES]
    assert documents["text"].to_pylist() == TEXTS
    assert documents["doc_id"].to_pylist()[:3] == [f"{name}/b", f"{name}/deep/er/a", "x"]
    assert corpus.rejected.num_rows == 0
    assert corpus.n_sources == len(MEMBERS) + 1


@pytest.mark.parametrize("pack", [zipped, tarred])
def test_formats_with_random_access(pack, read):
    """A member can be of a format that is read to and fro, compressed or not."""
    members = {"a.parquet": parquet("one", "two"), "b.parquet.gz": gzip.compress(parquet("three")), "c.txt": b"four"}
    corpus = read("a.archive", pack(members))
    assert corpus.documents["text"].to_pylist() == ["one", "two", "three", "four", "still here"]


@pytest.mark.parametrize("pack", [zipped, tarred])
def test_empty_archive(pack, read):
    """An archive without members is no documents, and no error."""
    corpus = read("x.zip" if pack is zipped else "x.tar", pack({}))
    assert (corpus.documents.num_rows, corpus.rejected.num_rows) == (1, 0)


@pytest.mark.parametrize("pack", [zipped, tarred])
def test_hidden_members_are_left_out(pack, read):
    """Hidden files, and what a Mac adds, are no documents; './' before a name hides nothing."""
    members = {".git/a.txt": b"a", "b/.c.txt": b"c", "__MACOSX/._d.txt": b"d", "./e.txt": b"e"}
    corpus = read("x.zip" if pack is zipped else "x.tar", pack(members))
    assert corpus.documents["text"].to_pylist() == ["e", "still here"]
    assert corpus.rejected.num_rows == 0


@pytest.mark.parametrize("pack", [zipped, tarred])
def test_members_that_are_not_read(pack, read):
    """Of no known kind, an archive again, or a name that no file in an archive has: each is a row that says so."""
    members = {
        "picture.png": b"\x89PNG",
        "program": b"\x7fELF\0\0\0",
        "inner.zip": zipped(MEMBERS),
        "inner.tgz": gzip.compress(tarred(MEMBERS)),
        "inner": tarred(MEMBERS),
        "/etc/passwd.txt": b"x",
        "../up.txt": b"x",
        "a/../../up.txt": b"x",
        "C:\\windows\\x.txt": b"x",
        "..\\up.txt": b"x",
        "good.txt": b"good",
    }
    corpus = read("x.arc", pack(members))
    found = rejections(corpus)
    assert corpus.documents["text"].to_pylist() == ["good", "still here"]
    assert corpus.skipped == ["x.arc/picture.png", "x.arc/program"]
    for name, words in {
        "picture.png": "no known kind",
        "program": "no known kind",
        "inner.zip": "an archive in an archive",
        "inner.tgz": "an archive in an archive",
        "inner": "an archive in an archive",
        "etc/passwd.txt": "an absolute path",
        "../up.txt": "'..'",
        "a/../../up.txt": "'..'",
        "C:/windows/x.txt": "an absolute path",
    }.items():
        assert words in found[f"x.arc/{name}"]
    assert corpus.rejected.num_rows == 10


def test_links_and_devices_in_a_tar(read):
    """What is no file is not followed, opened or waited for."""
    sink = io.BytesIO()
    with tarfile.open(fileobj=sink, mode="w") as archive:
        for name, kind in (
            ("link.txt", tarfile.SYMTYPE),
            ("hard.txt", tarfile.LNKTYPE),
            ("pipe.txt", tarfile.FIFOTYPE),
            ("device.txt", tarfile.CHRTYPE),
            ("folder", tarfile.DIRTYPE),
        ):
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, "/etc/passwd"
            archive.addfile(info)
    found = rejections(read("x.tar", sink.getvalue()))
    assert found.keys() == {"x.tar/link.txt", "x.tar/hard.txt", "x.tar/pipe.txt", "x.tar/device.txt"}
    assert "a link" in found["x.tar/hard.txt"]
    assert "a device or pipe" in found["x.tar/pipe.txt"]


def test_link_in_a_zip(read):
    """A zip can hold links, too."""
    info = zipfile.ZipInfo("link.txt")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        archive.writestr(info, "/etc/passwd")
    assert "a link" in rejections(read("x.zip", sink.getvalue()))["x.zip/link.txt"]


def test_sparse_file_in_a_tar(read):
    """A few bytes can be a file of a terabyte of holes, which is not read."""
    info = tarfile.TarInfo("holes.txt")
    info.pax_headers = {"GNU.sparse.map": "0,0", "GNU.sparse.size": str(1 << 40), "GNU.sparse.numblocks": "1"}
    sink = io.BytesIO()
    with tarfile.open(fileobj=sink, mode="w", format=tarfile.PAX_FORMAT) as archive:
        archive.addfile(info)
    assert "a sparse file" in rejections(read("x.tar", sink.getvalue()))["x.tar/holes.txt"]


def patched(archive: bytes, at_local: int, at_central: int, value: bytes) -> bytes:
    """Change a field of the only member in both places that a zip has it."""
    raw = bytearray(archive)
    central = raw.index(b"PK\x01\x02")
    raw[at_local : at_local + len(value)] = value
    raw[central + at_central : central + at_central + len(value)] = value
    return bytes(raw)


def test_zip_members_that_cannot_be_unpacked(read):
    """A password, an unknown method and a wrong checksum are told apart, in words of a person."""
    whole = zipped({"a.txt": b"text " * 99})
    encrypted = patched(whole, 6, 8, b"\x01\x00")
    strange = patched(whole, 8, 10, (9).to_bytes(2, "little"))
    wrong = patched(whole, 14, 16, b"\0\0\0\0")
    assert "encrypted" in rejections(read("x.zip", encrypted))["x.zip/a.txt"]
    assert "not supported (Deflate64)" in rejections(read("x.zip", strange))["x.zip/a.txt"]
    assert "checksum does not match" in rejections(read("x.zip", wrong))["x.zip/a.txt"]


def test_damaged_member_costs_itself(read):
    """The other members of a zip are read; a damaged one is never half a document."""
    noise = {f"{number}.txt": os.urandom(2000).hex().encode() for number in range(5)}
    raw = bytearray(zipped(noise))
    place = raw.index(b"2.txt") + 100
    raw[place : place + 50] = bytes(50)
    corpus = read("x.zip", bytes(raw))
    assert corpus.documents["source"].to_pylist() == [f"x.zip/{n}.txt" for n in (0, 1, 3, 4)] + ["zz.txt"]
    assert rejections(corpus).keys() == {"x.zip/2.txt"}


@pytest.mark.parametrize("n_kept", [0, 3, 100, -30])
def test_zip_cut_short(n_kept, read):
    """The table of contents of a zip is at its end: without it nothing can be read, and it says so."""
    [reject] = read("x.zip", zipped(MEMBERS)[:n_kept]).rejected.to_pylist()
    assert (reject["source"], reject["row"]) == ("x.zip", None)
    assert "cut short" in reject["reason"]


@pytest.mark.parametrize("n_kept", [512 + 300, 1024, 1024 + 100, 1024 + 512 + 100])
@pytest.mark.parametrize("compress", [bytes, gzip.compress])
def test_tar_cut_short(n_kept, compress, read):
    """Members before the cut are read, the one at it is rejected, and so is the rest, even at a seam."""
    members = {"a.txt": b"a" * 512, "b.txt": b"b" * 512}
    corpus = read("x.tar" if compress is bytes else "x.tar.gz", compress(tarred(members)[:n_kept]))
    texts = corpus.documents["text"].to_pylist()
    assert texts == [*(["a" * 512] if n_kept >= 1024 else []), "still here"]
    rows = corpus.rejected.to_pylist()
    assert rows[0]["source"].startswith("x.tar")
    assert any("cannot be read" in row["reason"] for row in rows)


def test_compressed_tar_cut_short(read):
    """A break in the compression is one of the archive, wherever it comes."""
    noise = {f"{number}.txt": os.urandom(20_000).hex().encode() for number in range(9)}
    whole = gzip.compress(tarred(noise))
    corpus = read("x.tar.gz", whole[: len(whole) // 2])
    assert 2 < corpus.documents.num_rows < 9
    found = rejections(corpus)
    assert found.keys() == {f"x.tar.gz/{corpus.documents.num_rows - 1}.txt", "x.tar.gz"}
    assert all("cut short" in reason for reason in found.values())


def test_damaged_header_in_a_tar(read):
    """A damaged header is not taken for the end of the archive, as tar libraries do."""
    raw = bytearray(tarred({"a.txt": b"a", "b.txt": b"b", "c.txt": b"c"}))
    raw[1024 + 200 : 1024 + 210] = b"x" * 10
    corpus = read("x.tar", bytes(raw))
    assert corpus.documents["text"].to_pylist() == ["a", "still here"]
    assert "cannot be read after 'a.txt'" in rejections(corpus)["x.tar"]


def test_tar_header_of_any_size(read):
    """A header that says it is 8 GB long is not waited for in memory."""
    info = tarfile.TarInfo("long")
    info.type, info.size = tarfile.GNUTYPE_LONGNAME, 8 << 30
    raw = info.tobuf(tarfile.GNU_FORMAT) + bytes(10_000)
    assert "a header of 8,589,934,592 bytes" in rejections(read("x.tar", raw))["x.tar"]


def test_no_archive_at_all(read):
    """Something else under the name of an archive is one row."""
    for name in ("x.zip", "x.tar", "x.tar.gz"):
        content = gzip.compress(b"plain text") if name.endswith("gz") else b"plain text"
        assert rejections(read(name, content)).keys() == {name}


def test_bomb_in_a_zip(read):
    """A member past the limit is rejected; the rest is read."""
    corpus = read("x.zip", zipped({"a.txt": bytes(30_000_000), "b.txt": b"b"}), max_document_bytes=1_000_000)
    assert corpus.documents["text"].to_pylist() == ["b", "still here"]
    assert "--max-document-bytes" in rejections(corpus)["x.zip/a.txt"]


def test_bomb_of_many_members(read):
    """Members that each keep to the limit do not add up to more than an archive of its size may hold."""
    line = json.dumps({"text": "x" * 1000}).encode() + b"\n"
    members = {f"{number}.jsonl": line * 1000 for number in range(40)}
    corpus = read("x.zip", zipped(members), max_document_bytes=2_000_000)
    assert "the archive expands to more than 256 times its size" in rejections(corpus)["x.zip/39.jsonl"]
    text_bytes = corpus.documents["text"].nbytes
    assert 2_000_000 < text_bytes < 256 * len(zipped(members)) + 3_000_000


def test_bomb_around_a_tar(read):
    """A tar that expands without end stops at the same limit."""
    begun = time.monotonic()
    corpus = read("x.tar.gz", gzip.compress(tarred({"a.txt": bytes(60_000_000)})), max_document_bytes=1_000_000)
    assert corpus.documents.num_rows == 1
    assert "--max-document-bytes" in rejections(corpus)["x.tar.gz/a.txt"]
    assert time.monotonic() - begun < 20


def test_many_members_take_little_memory(read):
    """Headers of a tar are not collected."""
    corpus = read("x.tar", tarred({f"{number}.txt": b"x" for number in range(2000)}))
    assert corpus.documents.num_rows == 2001


def test_names_that_are_none(read):
    """A member with a damaged name is read if both places have the same; else, or without one, it costs itself."""
    raw = zipped({"ä.txt": b"one", "b.txt": b"two"}, zipfile.ZIP_STORED)
    damaged, place = "ä".encode(), raw.index("ä".encode())
    corpus = read("x.zip", raw.replace(damaged, b"\xff\xfe"))
    assert corpus.documents["text"].to_pylist() == ["one", "two", "still here"]
    assert corpus.documents["source"].to_pylist()[0] == f"x.zip/{bytes([255, 254]).decode('cp437')}.txt"
    central = raw.rindex(damaged)
    corpus = read("x.zip", raw[:central] + b"\xff\xfe" + raw[central + 2 :])
    assert corpus.documents["text"].to_pylist() == ["two", "still here"]
    assert len(rejections(corpus)) == 1
    table = raw[raw.index(b"PK\x01\x02") :].replace(damaged, b"\xff\xfe")  # what a member holds is no table of ours
    corpus = read("x.zip", zipped({"a.txt": b"one", "table.txt": table}, zipfile.ZIP_STORED))
    assert [row for row in rejections(corpus) if row != "x.zip/table.txt"] == []
    corpus = read("x.zip", raw[:place] + b"\xff\xfe" + raw[place + 2 :])
    assert corpus.documents["text"].to_pylist() == ["two", "still here"]
    assert "name of a member" in rejections(corpus)["x.zip/ä.txt"]
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        archive.writestr(zipfile.ZipInfo(""), b"one")
        archive.writestr("b.txt", b"two")
    for content in (sink.getvalue(), tarred({"": b"one", "b.txt": b"two"})):
        corpus = read("x.arc", content)
        assert corpus.documents["text"].to_pylist() == ["two", "still here"]
        assert rejections(corpus) == {"x.arc": "a member without a name"}


@pytest.mark.parametrize("pack", [zipped, tarred])
def test_damaged_archives_never_end_the_run(pack, read):
    """Whatever bytes of an archive are damaged, what is beside it is read."""
    whole = pack({"ä.txt": b"one" * 40, "b.jsonl": b'{"text": "two"}\n'})
    generator = random.Random(1)
    for _ in range(150):
        damaged = bytearray(whole)
        for _ in range(2):
            damaged[generator.randrange(len(whole))] = generator.randrange(256)
        read("x.tar" if pack is tarred else "x.zip", bytes(damaged))


@pytest.mark.parametrize("pack", [zipped, tarred])
def test_names_of_any_bytes_and_twice(pack, read):
    """Names that are not UTF-8, and names that occur twice, are read, each document under an id of its own."""
    name = os.fsdecode(b"caf\xe9.txt") if pack is tarred else "café.txt"
    sink = pack({name: b"one"})
    corpus = read("x.arc", sink)
    assert corpus.documents["source"].to_pylist()[0] in {"x.arc/caf\\xe9.txt", "x.arc/café.txt"}
    twice = tarred({"a.txt": b"one", "./a.txt": b"two"})
    corpus = read("x.tar", twice)
    assert corpus.documents["text"].to_pylist() == ["one", "two", "still here"]
    assert len(set(corpus.documents["doc_id"].to_pylist())) == 3
