"""Documents that are piped in: `zcat x.jsonl.gz | dedup clean - out/`."""

import bz2
import contextlib
import gzip
import io
import json
import lzma
import os
import subprocess
import sys
import threading
import zipfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from read_documents import read_files

from dedup.errors import InputError
from dedup.settings import Settings

LINES = b'{"text": "one", "id": "a"}\n{"text": "two", "id": "b"}\n'


def zstd(content: bytes) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as stream:
        stream.write(content)
    return sink.getvalue().to_pybytes()


def parquet() -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.table({"text": ["one", "two"], "id": ["a", "b"]}), sink)
    return sink.getvalue()


def zipped() -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        archive.writestr("one.txt", "one")
        archive.writestr("two.txt", "two")
    return sink.getvalue()


@pytest.fixture
def piped(monkeypatch):
    """Give a function that reads '-' with the content piped in, as a pipe that cannot go back."""

    def read(content, *sources, **changes):
        reader, writer = os.pipe()

        def feed():
            with contextlib.suppress(BrokenPipeError), os.fdopen(writer, "wb") as sink:
                sink.write(content)

        feeder = threading.Thread(target=feed)
        feeder.start()
        try:
            with os.fdopen(reader) as stdin:
                monkeypatch.setattr(sys, "stdin", stdin)
                return read_files(["-", *sources], Settings(**changes))
        finally:
            feeder.join()

    return read


@pytest.mark.parametrize("compress", [bytes, gzip.compress, bz2.compress, lzma.compress, zstd])
@pytest.mark.parametrize("content", [LINES, parquet(), zipped()], ids=["jsonl", "parquet", "zip"])
def test_any_format_and_compression(content, compress, piped):
    """What is piped in is known by its content, formats that need random access among them."""
    corpus = piped(compress(content))
    assert corpus.documents["text"].to_pylist() == ["one", "two"]
    assert corpus.rejected.num_rows == 0
    assert (corpus.n_sources, corpus.skipped) == (2 if content.startswith(b"PK") else 1, [])


def test_names(piped):
    """The source is called stdin, beside files under their own names."""
    assert set(piped(LINES).documents["source"].to_pylist()) == {"stdin"}
    assert piped(b"plain text").documents["doc_id"].to_pylist() == ["stdin"]
    assert piped(zipped()).documents["source"].to_pylist() == ["stdin/one.txt", "stdin/two.txt"]


def test_beside_files(piped, tmp_path):
    """Standard input and files go together, sorted by name."""
    (tmp_path / "a.txt").write_text("a")
    assert [source.rpartition("/")[2] for source in piped(LINES, tmp_path).documents["source"].to_pylist()] == [
        "a.txt",
        "stdin",
        "stdin",
    ]


def test_large_and_slow(piped):
    """Nothing is lost of a text that is longer than what is looked at."""
    text = "".join(f"line {number}\n" for number in range(200_000))
    assert piped(text.encode()).documents["text"].to_pylist() == [text]
    assert piped(gzip.compress(text.encode())).documents["text"].to_pylist() == [text]


def test_chosen_format(piped):
    """--format says what is piped in; the compression is found all the same."""
    assert piped(gzip.compress(LINES), format="text").documents["text"].to_pylist() == [LINES.decode()]


def test_cut_short(piped):
    """A stream that breaks off is a row in rejected, with what came before it."""
    [reject] = piped(gzip.compress(LINES * 100)[:-9]).rejected.to_pylist()
    assert (reject["source"], reject["row"]) == ("stdin", None)
    assert "cut short" in reject["reason"]


def test_nothing_to_read(piped, monkeypatch, tmp_path):
    """Nothing piped in, or something of no known kind, is an error in words of a person."""
    for content, words in ((b"", "empty, so that nothing says what it is"), (bytes(99), "no text")):
        with pytest.raises(InputError, match=f"nothing to read in '-': .*{words}"):
            piped(content)
    with pytest.raises(InputError, match="'-' is there twice"):
        piped(LINES, "-")
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(InputError, match="no standard input"):
        read_files(["-"], Settings())


def test_terminal(monkeypatch):
    """A terminal is not waited for: the way to pipe something in is shown."""
    leader, follower = os.openpty()
    with os.fdopen(leader, "rb", buffering=0), os.fdopen(follower) as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        with pytest.raises(InputError, match="nothing is piped into it: zcat"):
            read_files(["-"], Settings())


def test_file_called_dash(monkeypatch, tmp_path):
    """A file of that name is read as ./- or as a Path."""
    (tmp_path / "-").write_text("text of the file")
    monkeypatch.chdir(tmp_path)
    for source in ("./-", Path("-")):
        assert read_files([source], Settings()).documents["text"].to_pylist() == ["text of the file"]


def test_command(tmp_path):
    """`cat x.jsonl.zst | dedup clean - out/` works, and a target it would be inside of is no matter."""
    ran = subprocess.run(
        [sys.executable, "-m", "dedup", "clean", "-", "out", "--json"],
        input=zstd(LINES),
        capture_output=True,
        check=False,
        cwd=tmp_path,
        timeout=120,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parent.parent)},
    )
    assert (ran.returncode, json.loads(ran.stdout)["n_documents"]) == (0, 2), ran.stderr
    assert pq.read_table(tmp_path / "out" / "documents")["text"].to_pylist() == ["one", "two"]
