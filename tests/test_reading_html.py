"""HTML files: one file is one page, read as it lies on disk."""

import gzip

import pytest
from read_documents import read_files

from dedup.settings import Settings

SENTENCE = "Der Hafenmeister zählte vor dem Frühstück neunzehn Boote und schrieb jeden Namen in das große Buch."
SETTINGS = Settings(workers=2, extractor="fast")


def page(words: str = SENTENCE, head: str = "") -> str:
    body = f"<article>{f'<p>{words}</p>' * 5}</article>"
    return f"<html><head><title>Am Hafen</title>{head}</head><body>{body}</body></html>"


def read(folder, **changes):
    return read_files([folder], Settings(**{"workers": 2, "extractor": "fast", **changes}))


def texts(corpus) -> dict[str, str]:
    return dict(zip(*(corpus.documents[name].to_pylist() for name in ("doc_id", "text")), strict=True))


@pytest.mark.parametrize("name", ["a.html", "a.htm", "a.xhtml", "a.shtml", "A.HTML", "a.html.gz"])
def test_names_of_pages(name, tmp_path):
    """A page is known by its suffix, in any case, compressed or not; the document is called by its stem."""
    raw = page().encode()
    (tmp_path / name).write_bytes(gzip.compress(raw) if name.endswith(".gz") else raw)
    found = texts(read(tmp_path))
    assert [doc_id.lower() for doc_id in found] == ["a"]
    assert SENTENCE in next(iter(found.values()))


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "utf-16"])
def test_pages_are_decoded_by_what_they_declare(encoding, tmp_path):
    """The bytes go to extraction as they are, and the page's own declaration, or its byte-order mark, counts."""
    head = "" if encoding == "utf-16" else f"<meta charset='{encoding}'>"
    (tmp_path / "a.html").write_bytes(page(head=head).encode(encoding))
    assert SENTENCE in texts(read(tmp_path))["a"]


def test_encoding_in_the_file_name(tmp_path):
    """A name such as index.html.ru.koi8-r says the encoding where the page does not."""
    words = "Начальник порта насчитал до завтрака девятнадцать лодок и записал каждое имя в книгу."
    (tmp_path / "index.html.ru.koi8-r").write_bytes(page(words).encode("koi8-r"))
    [text] = texts(read(tmp_path)).values()
    assert words in text


def test_empty_file_is_an_empty_document(tmp_path):
    """As for plain text; no process is needed to see that."""
    (tmp_path / "a.html").touch()
    corpus = read(tmp_path)
    assert texts(corpus) == {"a": ""}
    assert corpus.rejected.num_rows == 0


def test_page_that_is_too_large_is_rejected(tmp_path):
    """The limit on one document holds for pages."""
    (tmp_path / "a.html").write_text(page())
    corpus = read(tmp_path, max_document_bytes=100)
    [reject] = corpus.rejected.to_pylist()
    assert (reject["source"], reject["stage"]) == ("a.html", "read")
    assert "larger than 100 bytes" in reject["reason"]


def test_what_is_no_page_is_rejected(tmp_path):
    """Binary data behind the suffix are a row in rejected with what is wrong, and other files are read."""
    (tmp_path / "a.html").write_bytes(b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(range(256)) * 9)
    (tmp_path / "b.html").write_text(page())
    corpus = read(tmp_path)
    [reject] = corpus.rejected.to_pylist()
    assert (reject["source"], reject["row"]) == ("a.html", 0)
    assert reject["stage"] in ("decode", "extract")
    assert list(texts(corpus)) == ["b"]


def test_pages_stand_among_other_files_in_order(tmp_path):
    """Documents of all kinds are in reading order; columns of pages are null for the others."""
    (tmp_path / "a.txt").write_text("first")
    (tmp_path / "b.html").write_text(page())
    (tmp_path / "c.jsonl").write_text('{"id": "c", "text": "third", "title": "mine"}\n')
    (tmp_path / "d.html").write_text(page())
    documents = read(tmp_path, extractor="trafilatura").documents
    assert documents["doc_id"].to_pylist() == ["a", "b", "c", "d"]
    assert documents["column:title"].to_pylist() == [None, "Am Hafen", "mine", "Am Hafen"]
    assert documents["column:extractor"].to_pylist()[::2] == [None, None]


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_workers_change_nothing(workers, tmp_path):
    """The same tables for any number of processes."""
    for n in range(12):
        (tmp_path / f"{n:02}.html").write_text(page(f"{SENTENCE} Das war am {n}. Tag."))
    (tmp_path / "05.html").write_bytes(bytes(range(256)) * 9)
    one, other = read(tmp_path, workers=1), read(tmp_path, workers=workers)
    assert one.documents.equals(other.documents)
    assert one.rejected.equals(other.rejected)


def test_progress_follows_extraction(tmp_path):
    """It ends at the size of all files, and never says that more is done than was extracted."""
    for n in range(6):
        (tmp_path / f"{n}.html").write_text(page())
    size = sum(path.stat().st_size for path in tmp_path.iterdir())
    seen = []
    read_files([tmp_path], SETTINGS, lambda *call: seen.append(call))
    assert seen[0] == ("read", 0, size)
    assert seen[-1] == ("read", size, size)
    assert [done for _, done, _ in seen] == sorted(done for _, done, _ in seen)
    assert len(seen) >= 7
