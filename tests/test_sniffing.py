"""What an input is taken for: by choice, by its name, and by its first bytes where the name does not say."""

import bz2
import gzip
import io
import json
import lzma
import tarfile
import zipfile

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from read_documents import read_files

from dedup.batches import Reject
from dedup.errors import SettingsError
from dedup.names import read_name
from dedup.places import LocalFile
from dedup.reading import plan_inputs
from dedup.settings import Settings
from dedup.sniffing import guess_format, is_text
from dedup.streams import find_codec

PROSE = b"A first line of text, with a comma.\nA second line, with one too.\n"
PAGE = b"<!DOCTYPE html>\n<html><body><p>A page.</p></body></html>"


def parquet() -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.table({"text": ["a"]}), sink)
    return sink.getvalue()


def arrow() -> bytes:
    sink = pa.BufferOutputStream()
    table = pa.table({"text": ["a"]})
    with pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()


def arrow_stream(n_columns: int = 1) -> bytes:
    sink = pa.BufferOutputStream()
    table = pa.table({f"column {number}": ["a"] for number in range(n_columns)} | {"text": ["a"]})
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()


def zipped(*names: str) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        for name in names or ("a.txt",):
            archive.writestr(name, "text")
    return sink.getvalue()


def tarred() -> bytes:
    sink = io.BytesIO()
    with tarfile.open(fileobj=sink, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("a.txt"))
    return sink.getvalue()


WARC = b"WARC/1.0\r\nWARC-Type: warcinfo\r\nContent-Length: 0\r\n\r\n\r\n\r\n"

UNMISTAKABLE = {
    "parquet": parquet(),
    "arrow": arrow(),
    "zip": zipped(),
    "tar": tarred(),
    "warc": WARC,
    "html": PAGE,
}

PAGES = [
    b"\n\n <html lang=en>",
    b"\xef\xbb\xbf<!doctype HTML PUBLIC>",
    b"<?xml version='1.0'?>\n<!-- a\n comment --><!DOCTYPE html>",
    "\ufeff<html>".encode("utf-16-le"),
    "\ufeff<html>".encode("utf-16-be"),
]

GUESSES = [
    (PROSE, "text"),
    ("Un café. Ça va?\n".encode("cp1252"), "text"),
    ("Привет, мир".encode("koi8-r"), "text"),
    ("日本語の文".encode("iso2022_jp"), "text"),
    ("\ufefftext".encode("utf-16"), "text"),
    (b'{"text": "a"}\n{"text": "b"}\n', "jsonl"),
    (b'\n{"text": "one line"}', "jsonl"),
    (b'[{"text": "a"},\n {"text": "b"}]', "json"),
    (b'[\n  {\n    "text": "a"\n  }\n]', "json"),
    (b"[]", "json"),
    (b'{\n  "text": "a"\n}', "json"),
    (b"[1] A footnote, at the beginning.", "text"),
    (b"{{ a template }}", "text"),
    (b"id,text\n1,one\n2,two\n", "csv"),
    (b'id,text\n1,"one, and\nmore"\n', "csv"),
    (b"id\ttext\n1\tone\n", "tsv"),
    (b"id,text\n1,one\n2\n", "text"),
    (b"day,month\n1,2\n", "text"),
    (b"text, content\nand so on\n", "text"),
]


@pytest.fixture
def kind_of(tmp_path):
    """Give a function that says (format, codec) of a file, or why it has none."""

    def find(name: str, content: bytes, **changes: str) -> tuple[str, str | None] | str:
        folder = tmp_path / "in"
        folder.mkdir(exist_ok=True)
        (folder / name).write_bytes(content)
        (folder / "0.txt").touch()
        plan = plan_inputs([folder], Settings(**changes))
        (folder / name).unlink()
        for found in plan.inputs:
            if found.source == name:
                return found.format, found.codec
        [(_, reject)] = plan.rejected
        assert isinstance(reject, Reject)
        assert reject.stage == "list"
        assert plan.skipped == [name]
        return reject.reason

    return find


@pytest.mark.parametrize("name", ["noname", "noname.xyz", "index.php"])
@pytest.mark.parametrize("expected", UNMISTAKABLE)
def test_unmistakable_content(expected, name, kind_of):
    """What begins like no text does is read whatever the name, compressed or not."""
    content = UNMISTAKABLE[expected]
    assert kind_of(name, content) == (expected, None)
    assert kind_of(name, gzip.compress(content)) == (expected, "gzip")
    assert kind_of(f"{name}.xz", lzma.compress(content)) == (expected, "xz")


@pytest.mark.parametrize("n_columns", [1, 500, 5_000])
def test_stream_of_arrow(n_columns, kind_of):
    """What a program pipes out as Arrow is a stream, which has no magic word of its own."""
    content = arrow_stream(n_columns)
    assert kind_of("noname", content) == ("arrow", None)
    assert kind_of("noname", gzip.compress(content)) == ("arrow", "gzip")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32-le"])
def test_wide_characters(encoding, kind_of):
    """What text in UTF-16 or UTF-32 is, with a byte-order mark or without, is told as of any text."""
    for content, expected in ((PROSE, "text"), (b"id\ttext\n1\tone\n", "tsv"), (PAGE, "html")):
        assert kind_of("export", content.decode().encode(encoding)) == (expected, None)


@pytest.mark.parametrize("content", PAGES)
def test_how_pages_begin(content, kind_of):
    """A page may begin with blanks, comments, a mark of its byte order or a declaration of XML."""
    assert kind_of("page", content) == ("html", None)


@pytest.mark.parametrize(("content", "expected"), GUESSES)
def test_text_without_a_suffix(content, expected, kind_of):
    """Without a suffix, text is told apart by how it begins."""
    assert kind_of("README", content) == (expected, None)
    assert kind_of("README", bz2.compress(content)) == (expected, "bz2")


def test_head_that_ends_in_the_middle(kind_of):
    """What is longer than the part that is looked at is judged by that part."""
    line = json.dumps({"text": "x" * 200_000}).encode()
    assert kind_of("dump", line + b"\n" + line) == ("jsonl", None)
    table = b"id,text\n" + b'1,"' + b"x" * 200_000 + b'"\n'
    assert kind_of("table", table) == ("csv", None)
    # bzip2 gives nothing before its first block of 900 kB
    assert kind_of("noise", bz2.compress(b" ".join(b"%x" % (n * 2654435761) for n in range(200_000)))) == (
        "text",
        "bz2",
    )


def test_table_by_the_chosen_column():
    """The column that the settings name makes a table of what else would be text."""
    table = b"day,speech\n1,one\n"
    assert guess_format(table, Settings(), is_whole=True) == "text"
    assert guess_format(table, Settings(text_column="speech"), is_whole=True) == "csv"


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("notes.log", PROSE, "the suffix '.log' is not; --format text would read it"),
        ("data.log", b'{"text": "a"}\n', "--format jsonl would read it"),
        ("program", b"\x7fELF\x02\x01\x01\0\0\0\0\0", "no suffix, and its first bytes are no text"),
        ("program.bin", b"\x7fELF\x02\x01\x01\0\0\0\0\0", "neither the suffix '.bin' nor its first bytes are"),
        ("letter.docx", zipped("[Content_Types].xml", "word/document.xml"), "'.docx'"),
        ("book", zipped("mimetype", "a.xhtml"), "no suffix"),
        ("_SUCCESS", b"", "empty, so that nothing says what it is"),
        ("damaged.xz", b"\xfd7zXZ\0 and nothing that is xz", "nothing of it can be decompressed (xz)"),
        ("program", b"\x7fELF\x02\x01\x01\0\0\0\0\0", "--format names the kind"),
        ("picture.png", PAGE, ".png is no text"),
    ],
)
def test_unknown_kinds_say_why(name, content, words, kind_of):
    """What is not read says why, and names the way out where there is one."""
    reason = kind_of(name, content)
    assert reason.startswith("of no known kind: ")
    assert words in reason


def test_chosen_format(kind_of):
    """The settings' format is that of every file, compressed or not, and in an archive that of its members."""
    assert kind_of("notes.log", PROSE, format="text") == ("text", None)
    assert kind_of("notes.log", gzip.compress(PROSE), format="text") == ("text", "gzip")
    assert kind_of("lines.txt", b'{"text": "a"}', format="jsonl") == ("jsonl", None)
    assert kind_of("notes.log.zst", b"", format="text") == ("text", "zstd")
    assert kind_of("logs.zip", zipped("a.log"), format="text") == ("zip", None)
    assert kind_of("logs.jar", zipped("a.log"), format="zip") == ("zip", None)


def test_chosen_format_of_members(tmp_path):
    """--format says what is in an archive."""
    (tmp_path / "logs.zip").write_bytes(zipped("a.log"))
    assert read_files([tmp_path], Settings(format="text")).documents["source"].to_pylist() == ["logs.zip/a.log"]
    assert read_files([tmp_path], Settings()).rejected["reason"].to_pylist() == [
        "of no known kind: the suffix '.log' is not; --format text would read it"
    ]


def test_unknown_format(tmp_path):
    """A format that is none is an error that names the nearest."""
    with pytest.raises(SettingsError, match=r"unknown format 'jsnl' \(did you mean 'jsonl'\?\); known: text, "):
        plan_inputs([tmp_path], Settings(format="jsnl"))


def test_text_and_binary_data():
    """A stray control character leaves a text a text; NUL bytes never do."""
    assert is_text(PROSE * 10 + b"\x1a")
    assert not is_text(PROSE + b"\0")
    assert not is_text(bytes(range(1, 32)) * 10)
    assert not is_text(b"")


def test_codec_marks():
    """Compression is known by its first bytes, and text that merely resembles one is not."""
    assert find_codec(bz2.compress(b"")) == "bz2"
    assert find_codec(bz2.compress(b"a")) == "bz2"
    assert find_codec(b"BZh9 is how bzip2 begins") is None


@pytest.mark.parametrize(
    ("name", "stem", "suffix", "codec", "charset"),
    [
        ("a/b.txt", "a/b", ".txt", None, None),
        ("a.b/c", "a.b/c", "", None, None),
        ("B.JSONL.GZ", "B", ".jsonl", "gzip", None),
        ("b.tgz", "b", ".tar", "gzip", None),
        ("b.tar.bz2", "b", ".tar", "bz2", None),
        ("b.TXZ", "b", ".tar", "xz", None),
        (".profile", ".profile", "", None, None),
        (".profile.gz", ".profile", "", "gzip", None),
        ("index.html", "index", ".html", None, None),
        ("index.html.en", "index.en", ".html", None, None),
        ("a/index.html.pt-br", "a/index.pt-br", ".html", None, None),
        ("index.html.zh-Hant-TW", "index.zh-Hant-TW", ".html", None, None),
        ("index.html.zh-cn.utf8", "index.zh-cn", ".html", None, "utf-8"),
        ("index.html.ja.utf8", "index.ja", ".html", None, "utf-8"),
        ("index.html.ru.koi8-r", "index.ru", ".html", None, "koi8-r"),
        ("index.html.ko.euc-kr", "index.ko", ".html", None, "euc_kr"),
        ("index.html.utf8.fr.gz", "index.fr", ".html", "gzip", "utf-8"),
        ("page.HTM.tr.iso8859-9", "page.tr", ".htm", None, "iso8859-9"),
        ("page.xhtml.cp1251", "page", ".xhtml", None, "cp1251"),
        ("index.html.bak", "index.html", ".bak", None, None),
        ("index.html.js", "index.html", ".js", None, None),
        ("index.html.zip", "index.html", ".zip", None, None),
        ("index.html.en.fr", "index.html.en", ".fr", None, None),
        ("index.html.hex", "index.html", ".hex", None, None),
        ("index.html.ru.nonsense", "index.html.ru", ".nonsense", None, None),
        (".html.en", ".html", ".en", None, None),
        ("notes.en.utf8", "notes.en", ".utf8", None, None),
    ],
)
def test_names(name, stem, suffix, codec, charset):
    """A name is read from its end: compression, then what web servers put behind the suffix of a page."""
    found = read_name(name)
    assert (found.stem, found.suffix, found.codec, found.charset) == (stem, suffix, codec, charset)


def test_page_by_its_name(tmp_path):
    """The languages of one page are read, each under an id of its own, and the encoding goes with them."""
    for name in ("index.html.en", "index.html.ja.utf8", "index.html.ru.koi8-r"):
        (tmp_path / name).write_bytes(PAGE)
    inputs = plan_inputs([tmp_path], Settings()).inputs
    assert [(found.stem, found.format, found.charset) for found in inputs] == [
        ("index.en", "html", None),
        ("index.ja", "html", "utf-8"),
        ("index.ru", "html", "koi8-r"),
    ]


def test_place_is_looked_at_only_where_the_name_is_silent(tmp_path, monkeypatch):
    """A known suffix costs no look into the file."""
    for name in ("a.txt", "b.jsonl.gz", "c.html.en"):
        (tmp_path / name).write_bytes(b"")
    monkeypatch.setattr(LocalFile, "head", lambda *_: pytest.fail("looked into a file"))
    assert len(plan_inputs([tmp_path], Settings()).inputs) == 3
