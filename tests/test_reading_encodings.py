"""Files in many encodings, from the folder to the output and back."""

import gzip
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from test_decoding import TEXTS
from typer.testing import CliRunner

import dedup
from dedup.cli import app
from dedup.decoding import encode_text
from dedup.restoring import restore_files

FILES = {
    "plain.txt": ("de", "utf-8"),
    "marked.txt": ("de", "utf-8-sig"),
    "wide.txt": ("ru", "utf-16-le-sig"),
    "wide-big.txt": ("ja", "utf-16-be-sig"),
    "wide-bare.txt": ("fr", "utf-16-le"),
    "wider.txt": ("pl", "utf-32-le-sig"),
    "windows.txt": ("ru", "cp1251"),
    "unix.txt": ("ru", "koi8-r"),
    "central.txt": ("pl", "cp1250"),
    "west.txt": ("fr", "cp1252"),
    "kanji.txt": ("ja", "cp932"),
    "kanji-unix.txt": ("ja", "euc_jp"),
    "kanji-mail.txt": ("ja", "iso2022_jp"),
    "hanzi.md": ("zh", "gb18030"),
    "hangul.txt": ("ko", "cp949"),
}


def text_of(name):
    language, encoding = FILES[name]
    # what is said twice in a folder would go, so each file says something of its own
    return "".join(f"{line}\n" for line in (TEXTS[language].strip() * 2, f"{encoding} 1", TEXTS[language].strip()))


@pytest.fixture
def folder(tmp_path):
    """Give a folder of FILES."""
    there = tmp_path / "in"
    there.mkdir()
    for name, (_, encoding) in FILES.items():
        (there / name).write_bytes(encode_text(text_of(name), encoding))
    return there


def rejected(result):
    return [(row["source"], row["row"], row["stage"], row["reason"]) for row in result.rejected.to_pylist()]


def test_every_encoding_is_read_and_named(folder):
    """Each file's text is what it was, and the column `encoding` says what it was in; none for plain UTF-8."""
    result = dedup.preview_files(folder, min_tokens=10_000, min_near_tokens=10_000, repeats=False, within="document")
    assert rejected(result) == []
    rows = {row["source"]: row for row in result.documents.to_pylist()}
    assert {name: row["text"] for name, row in rows.items()} == {name: text_of(name) for name in FILES}
    expected = {name: None if encoding == "utf-8" else encoding for name, (_, encoding) in FILES.items()}
    assert {name: row["encoding"] for name, row in rows.items()} == expected
    assert "n_replaced" not in result.documents.column_names


def test_utf8_alone_has_no_column_of_encodings(tmp_path):
    """A folder of plain UTF-8 has the columns it always had."""
    (tmp_path / "a.txt").write_text("Größe\n", encoding="utf-8")
    result = dedup.preview_files(tmp_path)
    assert result.documents.column_names == ["doc_id", "text", "source", "n_removed", "chars_removed", "kept_as"]
    assert (result.report.n_replaced_chars, result.report.n_repaired) == (0, 0)


def test_files_come_back_byte_for_byte(folder, tmp_path):
    """`restore --as-files` writes each file in its own encoding, with its byte-order mark, removals put back."""
    report = dedup.clean_files(folder, tmp_path / "out")
    assert report.n_removed > 0
    assert restore_files(tmp_path / "out", tmp_path / "back", as_files=True) == len(FILES)
    for name in FILES:
        assert (tmp_path / "back" / name).read_bytes() == (folder / name).read_bytes(), name


def test_restored_table_holds_text(folder, tmp_path):
    """`restore` to a table gives the text, whatever it was encoded in."""
    dedup.clean_files(folder, tmp_path / "out")
    texts = dict(zip(*(dedup.restore(tmp_path / "out")[name].to_pylist() for name in ("source", "text")), strict=True))
    assert texts == {name: text_of(name) for name in FILES}


def test_what_has_no_way_back_is_said_and_restored_as_utf8(tmp_path):
    """Bytes that the encoding writes another way, and repaired ones, are named so, and come back as UTF-8."""
    (tmp_path / "in").mkdir()
    raw = TEXTS["ja"].encode("iso2022_jp").replace(b"\x1b(B\n", b"\x1b(B\x1b(B\n")  # a shift that says nothing
    (tmp_path / "in" / "odd.txt").write_bytes(raw)
    (tmp_path / "in" / "bad.txt").write_bytes(TEXTS["ru"].encode("utf-16") + b"\x00\xd8")
    dedup.clean_files(tmp_path / "in", tmp_path / "out", encoding_errors="repair")
    rows = {row["source"]: row for row in dedup.restore(tmp_path / "out").to_pylist()}
    assert rows["odd.txt"]["encoding"] == "utf-8 (from iso2022_jp)"
    assert rows["bad.txt"]["encoding"] == "utf-8 (from utf-16-le-sig)"
    restore_files(tmp_path / "out", tmp_path / "back", as_files=True)
    assert (tmp_path / "back" / "odd.txt").read_text("utf-8") == TEXTS["ja"]
    assert (tmp_path / "back" / "bad.txt").read_text("utf-8") == TEXTS["ru"] + "\ufffd"


def test_what_cannot_be_decoded_is_rejected_with_its_reason(tmp_path):
    """Damage, binary data and NULs are rows in rejected, stage decode; the file beside them is read."""
    (tmp_path / "good.txt").write_bytes(TEXTS["ru"].encode("koi8-r"))
    (tmp_path / "damaged.txt").write_bytes(TEXTS["ru"].encode()[:1] + TEXTS["ru"].encode())
    (tmp_path / "picture.txt").write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(range(256)))
    (tmp_path / "nul.txt").write_bytes(b"a line\n" * 20 + b"\0")
    (tmp_path / "unclear.txt").write_bytes(b"caf\x8e \xde\xad \xbe\xef\xf0\xf1")
    result = dedup.preview_files(tmp_path)
    assert result.documents["source"].to_pylist() == ["good.txt"]
    found = {source: (row, stage, reason) for source, row, stage, reason in rejected(result)}
    assert {(row, stage) for row, stage, _ in found.values()} == {(0, "decode")}
    reasons = {source: reason for source, (_, _, reason) in found.items()}
    assert reasons.pop("damaged.txt").startswith("not UTF-8: invalid continuation byte at byte 0")
    assert reasons.pop("picture.txt").startswith("binary, not text")
    assert reasons.pop("nul.txt") == "NUL characters, which no text has"
    assert reasons.pop("unclear.txt").endswith("name it with --encoding")
    assert reasons == {}


def test_repaired_characters_are_counted(tmp_path):
    """With encoding_errors=repair every U+FFFD that was put in is counted: per document, and in report and summary."""
    (tmp_path / "a.txt").write_bytes("Größe \ufffd und Länge, überall schön".encode() + b"\xff.\xfe")
    (tmp_path / "b.txt").write_bytes(b"one \0 two")
    (tmp_path / "c.txt").write_text("whole")
    result = dedup.preview_files(tmp_path, encoding_errors="repair")
    assert result.documents["n_replaced"].to_pylist() == [2, 1, None]
    assert [text.count("\ufffd") for text in result.texts] == [3, 1, 0]
    assert (result.report.n_replaced_chars, result.report.n_repaired) == (3, 2)
    assert "repaired  3 characters in 2 documents that could not be decoded" in result.report.summary()


def test_named_encoding_is_for_files_without_a_mark(tmp_path):
    """The setting decides where detection would not; a byte-order mark says more than it."""
    (tmp_path / "a.txt").write_bytes("naïve".encode("mac-roman"))
    (tmp_path / "b.txt").write_bytes("naïveté".encode("utf-8-sig"))
    assert dedup.preview_files(tmp_path, encoding="mac-roman").texts == ["naïve", "naïveté"]
    assert [reject[0] for reject in rejected(dedup.preview_files(tmp_path))] == ["a.txt"]


@pytest.mark.parametrize(
    ("chosen", "stored"),
    [
        ("utf-8-sig", "utf-8"),
        ("UTF_8_SIG", "utf-8"),
        *(("utf-16", stored) for stored in ("utf-16-le", "utf-16-be", "utf-16-le-sig", "utf-16-be-sig")),
        *(("utf-32", stored) for stored in ("utf-32-le", "utf-32-be", "utf-32-be-sig")),
    ],
)
def test_named_encoding_with_a_mark_that_is_not_there(chosen, stored, tmp_path):
    """An encoding that has a byte-order mark in Python is read without one too, to the last character."""
    (tmp_path / "in").mkdir()
    pages = "<html><body>" + "".join(f"<p>{TEXTS[language]}</p>" for language in ("de", "fr", "pl")) + "</body></html>"
    for name, text in {
        "t.txt": "Tag für Tag\n",
        "c.csv": "text\nNacht für Nacht\n",
        "j.jsonl": '{"text": "früh"}\n',
        "p.html": pages,
    }.items():
        (tmp_path / "in" / name).write_bytes(encode_text(text, stored))
    result = dedup.preview_files(tmp_path / "in", encoding=chosen)
    assert rejected(result) == []
    texts = result.documents["text"].to_pylist()
    assert texts[:2] + texts[3:] == ["Nacht für Nacht", "früh", "Tag für Tag\n"]
    assert all(TEXTS[language].strip() in texts[2] for language in ("de", "fr", "pl"))


def test_unknown_encoding_is_an_error():
    """A name that is no encoding of text ends the run before anything is read."""
    for name in ("klingon", "hex", "", "idna", "punycode", "unicode_escape", "undefined"):
        with pytest.raises(dedup.SettingsError, match="encoding"):
            dedup.Settings(encoding=name)


def test_half_a_surrogate_pair_is_damage(tmp_path):
    """UTF-7 can spell half a pair, which no text has: it costs its row, or is repaired and counted."""
    (tmp_path / "a.txt").write_bytes(b"half +2AA-")
    (tmp_path / "b.csv").write_bytes(b"text\nhalf +2AA-\nwhole +2D3cpQ- +APY-\n")
    (tmp_path / "c.jsonl").write_bytes(b'{"text": "half +2AA-"}\n{"text": "whole +2D3cpQ- +APY-"}\n')
    (tmp_path / "d.json").write_bytes(b'[{"text": "half +2AA-"}]')
    result = dedup.preview_files(tmp_path, encoding="utf-7", duplicates=False)
    assert result.texts == ["whole \U0001f4a5 ö"] * 2
    assert [reject[:3] for reject in rejected(result)] == [
        (name, 0, "decode") for name in ("a.txt", "b.csv", "c.jsonl", "d.json")
    ]
    repaired = dedup.preview_files(tmp_path, encoding="utf-7", encoding_errors="repair", duplicates=False)
    assert repaired.texts.count("half \ufffd") == 4
    assert repaired.report.n_replaced_chars == 4


def write_nul_text(folder):
    (folder / "a.txt").write_bytes(b"a bad \0 one")
    (folder / "b.txt").write_bytes(b"a good one")


def write_nul_jsonl(folder):
    lines = [json.dumps({"text": text}) for text in ("a bad \0 one", "a good one")]
    (folder / "a.jsonl.gz").write_bytes(gzip.compress("\n".join(lines).encode()))


def write_nul_parquet(folder):
    table = pa.table({"text": ["a bad \0 one", "a good one"], "n": [1, 2]})
    pq.write_table(table, folder / "a.parquet")


@pytest.mark.parametrize("write", [write_nul_text, write_nul_jsonl, write_nul_parquet])
def test_nul_is_damage_in_every_format(write, tmp_path):
    """A text with a NUL is rejected alone, at its row; or repaired and counted."""
    write(tmp_path)
    result = dedup.preview_files(tmp_path)
    assert result.texts == ["a good one"]
    assert [reject[1:] for reject in rejected(result)] == [(0, "decode", "NUL characters, which no text has")]
    repaired = dedup.preview_files(tmp_path, encoding_errors="repair")
    assert repaired.texts == ["a bad \ufffd one", "a good one"]
    assert repaired.documents["n_replaced"].to_pylist() == [1, None]
    assert repaired.report.n_replaced_chars == 1


def test_nul_in_documents_in_memory():
    """Documents handed over in Python are held to the same: also where they are a slice of a larger column."""
    result = dedup.clean(pa.array(["x \0", "good", "also \0 bad", "fine"])[1:])
    assert result.texts == ["good", "fine"]
    assert [reject[1] for reject in rejected(result)] == [1]


def test_command_line(folder, tmp_path):
    """The options do what the settings do, and the summary tells of repairs."""
    (folder / "zz.txt").write_bytes("schöne Größe überall".encode() + b"\xff")
    runner = CliRunner()
    done = runner.invoke(app, ["clean", str(folder), str(tmp_path / "out"), "--encoding-errors", "repair"])
    assert done.exit_code == 0, done.output
    assert "1 character in 1 document that could not be decoded" in done.output
    back = tmp_path / "back"
    assert runner.invoke(app, ["restore", str(tmp_path / "out"), str(back), "--as-files"]).exit_code == 0
    assert (back / "kanji.txt").read_bytes() == (folder / "kanji.txt").read_bytes()


@pytest.mark.parametrize(
    ("language", "encoding", "declared"),
    [("ru", "cp1251", "windows-1251"), ("ru", "koi8-r", "utf-8"), ("de", "cp1252", "utf-8"), ("ja", "cp932", "x-sjis")],
)
def test_pages_are_decoded_whatever_they_declare(tmp_path, language, encoding, declared):
    """The text of a page is right with a declaration that is right, and with one that the bytes belie."""
    meta = f'<meta http-equiv="Content-Type" content="text/html; charset={declared}">'
    body = "".join(f"<p>{TEXTS[language].strip()} ({number})</p>" for number in range(6))
    page = f"<html><head>{meta}<title>-</title></head><body><article>{body}</article></body></html>"
    (tmp_path / "a.html").write_bytes(page.encode(encoding) + b"<!-- \xff -->")
    result = dedup.preview_files(tmp_path, min_tokens=10_000, min_near_tokens=10_000, extractor="resiliparse")
    [row] = result.documents.to_pylist()
    assert TEXTS[language].strip() in row["text"]
    assert row["encoding"] == f"utf-8 (from {encoding})"  # a page is more than its text: there is no way back
