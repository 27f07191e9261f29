"""How compressed bytes are read: all of them, in bounded memory, and never more than was agreed."""

import bz2
import gzip
import io
import lzma
import tempfile
import tracemalloc
from collections import namedtuple

import pyarrow as pa
import pytest

from dedup.places import LocalFile
from dedup.sources import Input
from dedup.streams import (
    CODECS,
    MOST_EXPANSION,
    READ_BYTES,
    OverLimitError,
    open_seekable,
    open_stream,
    read_document,
    stream_bytes,
)

TEXT = b"".join(b"line %d of a text that compresses as texts do\n" % number for number in range(30_000))


def zstd(content: bytes) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as stream:
        stream.write(content)
    return sink.getvalue().to_pybytes()


COMPRESS = {"gzip": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress, "zstd": zstd}

LOST = {"gzip": 0, "bz2": 0, "xz": 0, "zstd": 1 << 16}
"""What may be lost before a break: Arrow, which reads zstd, gives no part of a piece."""


@pytest.fixture
def stored(tmp_path):
    def store(content: bytes, codec: str | None) -> Input:
        path = tmp_path / "input"
        path.write_bytes(content)
        return Input(LocalFile(path), "input", "text", codec)

    return store


@pytest.fixture
def peak_bytes():
    """Give a function that calls another and says how much memory Python took for it at the most."""

    def measure(call):
        tracemalloc.start()
        try:
            call()
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    return measure


def read(source, max_bytes=1 << 30):
    """Give all that is read, and the error that ended it."""
    pieces = []
    try:
        for piece in stream_bytes(source, max_bytes):
            assert len(piece) <= READ_BYTES
            pieces.append(piece)
    except OSError as error:
        return b"".join(pieces), str(error)
    return b"".join(pieces), None


def test_every_codec_is_tested():
    """A new row in CODECS is tested here."""
    assert set(COMPRESS) == set(CODECS.values())


@pytest.mark.parametrize("codec", COMPRESS)
def test_compression_that_no_name_tells(codec, stored):
    """What is compressed is known by its first bytes, read in a row or at random."""
    source = stored(COMPRESS[codec](TEXT), None)
    assert b"".join(stream_bytes(source)) == TEXT
    with open_seekable(source) as file:
        assert file.read() == TEXT


@pytest.mark.parametrize("codec", COMPRESS)
def test_files_put_one_behind_the_other(codec, stored):
    """Members are read to the last, empty ones among them, as `cat a.gz b.gz` makes them."""
    compress = COMPRESS[codec]
    parts = [TEXT, b"", b"second", *(b"%d," % number for number in range(300))]
    assert read(stored(b"".join(map(compress, parts)), codec)) == (b"".join(parts), None)


@pytest.mark.parametrize("codec", ["gzip", "bz2", "xz"])
def test_padding_of_zeros(codec, stored):
    """Zeros behind a member, which tapes and disks are filled up with, are no damage."""
    compress = COMPRESS[codec]
    padded = compress(b"one") + bytes(512) + compress(b"two") + bytes(4)
    assert read(stored(padded, codec)) == (b"onetwo", None)


@pytest.mark.parametrize("codec", COMPRESS)
@pytest.mark.parametrize("n_lost", [1, 7, 5_000])
def test_cut_short(codec, n_lost, stored):
    """What is there of a stream that was cut is given, then an error that says so."""
    content, error = read(stored(COMPRESS[codec](TEXT)[:-n_lost], codec))
    assert error == f"the {codec} stream is cut short"
    assert TEXT.startswith(content)
    if codec != "bz2" or n_lost < 10:  # bzip2 comes in blocks of 900 kB
        assert len(content) > len(TEXT) // 2


@pytest.mark.parametrize("codec", COMPRESS)
def test_second_member_cut_short(codec, stored):
    """A cut in a later member is no less an error than one in the first."""
    compress = COMPRESS[codec]
    content, error = read(stored(compress(TEXT) + compress(b"second" * 99)[:-3], codec))
    assert content[: len(TEXT) - LOST[codec]] == TEXT[: len(TEXT) - LOST[codec]]
    assert error == f"the {codec} stream is cut short"


@pytest.mark.parametrize("codec", COMPRESS)
def test_something_else_behind_a_member(codec, stored):
    """What follows and is not compressed is an error, since it may be a damaged member: never lost in silence."""
    content, error = read(stored(COMPRESS[codec](TEXT) + b"something else behind it", codec))
    assert content[: len(TEXT) - LOST[codec]] == TEXT[: len(TEXT) - LOST[codec]]
    assert error.startswith(f"the {codec} stream is damaged")


@pytest.mark.parametrize("codec", COMPRESS)
def test_damage_in_the_middle(codec, stored):
    """Damage is found, and said in words of a person."""
    whole = COMPRESS[codec](TEXT)
    middle = len(whole) // 2
    content, error = read(stored(whole[:middle] + bytes(64) + whole[middle + 64 :], codec))
    assert len(content) <= len(TEXT)
    assert error.startswith(f"the {codec} stream is ")
    assert "Error -3" not in error


@pytest.mark.parametrize("codec", COMPRESS)
def test_not_compressed_at_all(codec, stored):
    """An empty file, and plain text under a compressed name, are errors."""
    assert read(stored(b"", codec)) == (b"", f"empty, and so not {codec}")
    assert read(stored(b"plain text", codec)) == (b"", f"not {codec}, although its name says so")


def bomb(codec: str, n_bytes: int) -> bytes:
    """Give a small file that expands to `n_bytes` of nothing."""
    return COMPRESS[codec](bytes(n_bytes))


@pytest.mark.parametrize("codec", COMPRESS)
def test_stream_that_expands_without_end(codec, stored, peak_bytes):
    """A bomb ends at the limit, in the memory of a few pieces."""
    source = stored(bomb(codec, 48 << 20), codec)
    sizes = []

    def run():
        with pytest.raises(OverLimitError, match=r"more than 256 times .* 10,000,000 bytes.*--max-document-bytes"):
            sizes.extend(map(len, stream_bytes(source, 10_000_000)))

    assert peak_bytes(run) < 20 << 20  # of which 8 are the dictionary of xz
    assert sum(sizes) <= max(10_000_000, MOST_EXPANSION * source.place.size_bytes())


@pytest.mark.parametrize("codec", [None, *COMPRESS])
def test_document_over_the_limit_is_never_held(codec, stored, peak_bytes):
    """A document is read up to its limit, to the byte, and no more of it is ever in memory."""
    limit = 1_500_000
    exact, over = bytes(limit), bytes(30 * limit)
    compress = COMPRESS.get(codec, bytes)
    assert read_document(stored(compress(exact), codec), limit) == exact
    source = stored(compress(over), codec)

    def run():
        with pytest.raises(OverLimitError, match=r"1,500,000 bytes.*--max-document-bytes"):
            read_document(source, limit)

    assert peak_bytes(run) < 2 * limit + (10 << 20)  # 8 are the dictionary of xz


@pytest.mark.parametrize("codec", [None, *COMPRESS])
def test_random_access(codec, stored):
    """Whatever the compression, one can go to and fro in the file."""
    source = stored(COMPRESS.get(codec, bytes)(TEXT), codec)
    with open_seekable(source) as file:
        assert file.seek(0, io.SEEK_END) == len(TEXT)
        file.seek(-10, io.SEEK_END)
        assert file.read() == TEXT[-10:]
        file.seek(5)
        assert file.read(10) == TEXT[5:15]


def test_file_of_a_stream(stored):
    """open_stream gives a file that libraries can read to its end."""
    source = stored(gzip.compress(TEXT), "gzip")
    with open_stream(source) as file:
        assert io.BufferedReader(file).read() == TEXT
    with open_stream(stored(gzip.compress(TEXT)[:-9], "gzip")) as file, pytest.raises(OSError, match="cut short"):
        file.read()


@pytest.mark.parametrize("codec", COMPRESS)
def test_temporary_file_is_bounded(codec, stored, monkeypatch):
    """A bomb behind a file with random access stops at the same limit."""
    with pytest.raises(OverLimitError), open_seekable(stored(bomb(codec, 24 << 20), codec), 1_000_000):
        pytest.fail("it was opened")


def test_temporary_file_leaves_room_on_the_disk(stored, monkeypatch):
    """An input is not unpacked into the last of the disk."""
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr("shutil.disk_usage", lambda path: usage(100 << 30, 100 << 30, 1 << 20))
    with open_seekable(stored(gzip.compress(TEXT), "gzip")) as file:
        assert file.read() == TEXT  # small ones are held in memory
    large = stored(gzip.compress(bytes(40 << 20)), "gzip")
    with pytest.raises(OSError, match=f"no room to unpack it in {tempfile.gettempdir()}"), open_seekable(large):
        pytest.fail("it was opened")


def test_xz_that_asks_for_too_much_memory(stored):
    """A header may ask for gigabytes; it does not get them."""
    filters = [{"id": lzma.FILTER_LZMA2, "preset": 0, "dict_size": 1 << 30}]
    content = lzma.compress(b"text", filters=filters)
    assert read(stored(content, "xz")) == (b"", "the xz stream is damaged: memory usage limit exceeded")
