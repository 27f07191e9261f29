"""Where bytes come from, and what may be wrong there."""

import io

import pytest

from dedup.places import GuardedStream, LocalFile, OnePass, RemoteFile, StandardInput


class Dripping(io.RawIOBase):
    """Give a few bytes at a time, then fail in a way of its own."""

    def __init__(self, content: bytes, error: Exception | None = None) -> None:
        """Store what comes, and what then goes wrong."""
        super().__init__()
        self.content = io.BytesIO(content)
        self.error = error

    def readable(self) -> bool:
        """Say yes."""
        return True

    def read(self, size: int = -1) -> bytes:
        """Give three bytes at the most."""
        assert not self.closed
        piece = self.content.read(min(size, 3))
        if not piece and self.error is not None:
            raise self.error
        return piece


def read_all(place) -> bytes:
    with place.open() as stream:
        return b"".join(iter(lambda: stream.read(100), b""))


def test_local_file(tmp_path):
    """A file can be looked at and read any number of times."""
    path = tmp_path / "a.txt"
    path.write_bytes(b"0123456789")
    place = LocalFile(path)
    assert (place.name, place.size_bytes(), place.head(4), read_all(place)) == ("a.txt", 10, b"0123", b"0123456789")
    assert read_all(place) == b"0123456789"
    path.unlink()
    assert place.size_bytes() == 0
    with pytest.raises(FileNotFoundError):
        place.open()


@pytest.mark.parametrize("n_bytes", [0, 1, 3, 5, 100])
def test_what_was_looked_at_is_not_lost(n_bytes):
    """Bytes that come by once can be looked at first, even twice, and are all read."""
    place = OnePass("stdin", lambda: Dripping(b"0123456789"))
    assert place.head(n_bytes) == b"0123456789"[:n_bytes]
    assert place.head(4) == b"0123"
    assert read_all(place) == b"0123456789"


def test_standard_input_is_left_open(monkeypatch):
    """What is not ours is not closed."""
    stdin = io.TextIOWrapper(io.BytesIO(b"0123"))
    monkeypatch.setattr("sys.stdin", stdin)
    assert read_all(StandardInput()) == b"0123"
    assert not stdin.closed


def test_one_pass_is_one_pass():
    """What is gone cannot be read again, and says so."""
    place = OnePass("stdin", lambda: Dripping(b"0123"))
    assert read_all(place) == b"0123"
    with pytest.raises(OSError, match="only once"):
        place.open()


def test_errors_of_any_library_are_errors_of_reading():
    """Whatever is raised while reading becomes an OSError with the same words; what came before is given."""
    place = OnePass("x", lambda: Dripping(b"0123", ValueError("the token has run out")))
    stream = place.open()
    assert stream.read(100) + stream.read(100) == b"0123"
    with pytest.raises(OSError, match="the token has run out"):
        stream.read(100)
    missing = FileNotFoundError(2, "No such file or directory")
    with pytest.raises(FileNotFoundError):
        GuardedStream(Dripping(b"", missing)).read(1)


def test_guarded_stream_is_a_file():
    """Libraries can buffer it, read into memory of theirs, and go to and fro where the stream can."""
    assert io.BufferedReader(GuardedStream(io.BytesIO(b"0123456789"), seen=b"ab")).read() == b"ab0123456789"
    stream = GuardedStream(io.BytesIO(b"0123456789"))
    assert stream.seekable()
    stream.seek(-2, io.SEEK_END)
    assert (stream.tell(), stream.read()) == (8, b"89")
    assert not GuardedStream(io.BytesIO(b"0"), seen=b"ab").seekable()
    with stream:
        pass
    assert stream.closed


def test_making_a_place_reads_nothing(monkeypatch):
    """A plan can be made of places without touching them."""
    monkeypatch.setattr("sys.stdin", None)
    assert StandardInput().name == "stdin"
    assert LocalFile.__slots__ == ("path",)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("bucket/a/b.jsonl.gz", "b.jsonl.gz"),
        ("https://example.org/a/b.jsonl?token=x/y.txt", "b.jsonl"),
        ("https://example.org/a/b.html#part", "b.html"),
        ("https://example.org/a/", "a"),
        ("/in/what?.txt", "what?.txt"),
    ],
)
def test_name_behind_an_address(path, name):
    """A suffix is looked for where the path ends, before what a web address may have after it."""
    assert RemoteFile(None, path).name == name
