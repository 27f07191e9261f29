"""Which files are read, in which order, and what they are called."""

import gzip
import os
import re
import socket

import pytest
from read_documents import read_files

from dedup.errors import InputError, MissingInputError
from dedup.places import LocalFile
from dedup.reading import plan_inputs
from dedup.settings import Settings


@pytest.fixture
def tree(tmp_path, monkeypatch):
    """Make a folder of texts with subfolders, a hidden file and folder, and a file of no known kind."""
    for name in ("b.txt", "a/x.md", "a/deep/y.jsonl.gz", "a-b.txt", ".hidden.txt", ".git/z.txt", "picture.png"):
        path = tmp_path / "data" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"" if name.endswith("gz") else b"text")
    monkeypatch.chdir(tmp_path)
    return tmp_path / "data"


def names(*sources):
    return [found.source for found in plan_inputs(sources, Settings()).inputs]


def test_folder(tree):
    """A folder is read to its depth, sorted, named from the folder; hidden things are left out, unknown ones told."""
    plan = plan_inputs([tree], Settings())
    assert [found.source for found in plan.inputs] == ["a-b.txt", "a/deep/y.jsonl.gz", "a/x.md", "b.txt"]
    assert plan.skipped == ["picture.png"]
    assert [found.stem for found in plan.inputs] == ["a-b", "a/deep/y", "a/x", "b"]


def test_names_by_kind_of_source(tree):
    """A file is called by its name, a glob's from its fixed part, several sources as given."""
    assert names("data/a/x.md") == ["x.md"]
    assert names("data/*.txt") == ["a-b.txt", "b.txt"]
    assert names("data/**/*.md") == ["a/x.md"]
    assert names("data/b.txt", "data/a") == ["data/a/deep/y.jsonl.gz", "data/a/x.md", "data/b.txt"]
    assert names("data/.hidden.txt") == [".hidden.txt"]
    assert names("data/*") == names("data")
    assert names("data/**") == names("data")


def test_order_of_sources_changes_nothing(tree):
    """Sources in any order, and overlapping ones, give the same files once."""
    assert names("data", "data/b.txt", "data/*.txt") == names("data/*.txt", "data")
    assert len(names("data", "data/b.txt", "data/*.txt")) == 4


def test_links_do_not_loop(tree):
    """Linked folders are read, each real file once and by its own name, and a loop ends."""
    (tree / "a" / "up").symlink_to(tree)
    (tree / "0-alias").symlink_to(tree / "a")
    outside = tree.parent / "outside"
    outside.mkdir()
    (outside / "o.txt").write_text("o")
    (outside / "back").symlink_to(tree)
    (tree / "linked").symlink_to(outside)
    assert names(tree) == ["a-b.txt", "a/deep/y.jsonl.gz", "a/x.md", "b.txt", "linked/o.txt"]


def test_missing(tree):
    """A path that is not there and a glob that matches nothing are errors that name it."""
    for source in ("data/nope.txt", "data/*.nope", "nowhere/**/*.txt"):
        with pytest.raises(MissingInputError, match=source.replace("*", r"\*")):
            names(source)


@pytest.mark.parametrize(
    ("glob", "meant"),
    [("**.txt", "**/*.txt"), ("data/**.txt", "data/**/*.txt"), ("data/a**/x.md", "data/**/a*/x.md")],
)
def test_two_asterisks_within_a_name(tree, glob, meant):
    """'**' is for whole folders: anything else is an error that says what to write, which then works."""
    with pytest.raises(InputError, match=re.escape(f"write '{meant}'")):
        names(glob)
    assert names(meant)


def test_name_with_magic_characters(tree):
    """A file whose name looks like a glob is that file."""
    (tree / "[draft].txt").write_text("x")
    assert names("data/[draft].txt") == ["[draft].txt"]


def test_nothing_readable(tree):
    """A folder or file of unknown kind only is an error that lists the known kinds."""
    for source in ("data/picture.png", "data/*.png"):
        with pytest.raises(InputError, match=r"picture\.png.*\.txt, .*\.md, .*\.jsonl.*\.zip"):
            names(source)
    (tree / "empty").mkdir()
    with pytest.raises(InputError, match="no file at all"):
        names("data/empty")
    with pytest.raises(InputError, match="no source"):
        names()


def rejections(*given, **changes):
    return {source: reject.reason for source, reject in plan_inputs(given, Settings(**changes)).rejected}


def test_everything_is_accounted_for(tree):
    """What is no file, or none of a known kind, is a row that says why, and stops nothing."""
    os.mkfifo(tree / "pipe.txt")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tree / "socket.txt"))
        (tree / "null.txt").symlink_to("/dev/null")
        plan = plan_inputs([tree], Settings())
    reasons = {source: reject.reason.partition(";")[0] for source, reject in plan.rejected}
    assert reasons == {
        "null.txt": "a device, not a file",
        "picture.png": "of no known kind: .png is no text",
        "pipe.txt": "a pipe, not a file",
        "socket.txt": "a socket, not a file",
    }
    assert {reject.stage for _, reject in plan.rejected} == {"list"}
    assert plan.skipped == ["picture.png"]
    with pytest.raises(InputError, match=r"'pipe\.txt' first \(a pipe, not a file; '-' reads what is piped in"):
        plan_inputs([tree / "pipe.txt"], Settings())


def test_links_that_lead_nowhere(tree):
    """Links to nothing and links in a circle are rejected, each for what it is; the run goes on."""
    (tree / "a" / "1.txt").symlink_to("2.txt")
    (tree / "a" / "2.txt").symlink_to("1.txt")
    (tree / "self").symlink_to("self")
    (tree / "gone.txt").symlink_to("nowhere.txt")
    (tree / "up").symlink_to(".")
    (tree / "a" / "deep" / "top").symlink_to("../..")
    (tree / "0-alias").symlink_to("a")
    found = rejections(tree)
    circle, folder = (
        "a link that leads back to itself: a loop",
        "a link to a folder that it is in: a loop, not followed",
    )
    assert found == {
        "a/1.txt": circle,
        "a/2.txt": circle,
        "self": circle,
        "gone.txt": "a link to nothing: no such file as 'nowhere.txt'",
        "up": folder,
        "a/deep/top": folder,
        "picture.png": found["picture.png"],
    }
    assert names(tree) == ["a-b.txt", "a/deep/y.jsonl.gz", "a/x.md", "b.txt"]


def test_a_single_thing_that_cannot_be_read(tree):
    """One file that is there and cannot be read is a row, not the end of the run."""
    (tree / "gone.txt").symlink_to("nowhere.txt")
    corpus = read_files([tree / "gone.txt"], Settings())
    assert (corpus.documents.num_rows, corpus.rejected["source"].to_pylist()) == (0, ["gone.txt"])


def test_file_that_vanishes(tree, monkeypatch):
    """A file that was listed and is gone when its turn comes is rejected, and the others are read."""
    real = LocalFile.open

    def open_and_remove(place):
        if place.name == "a-b.txt":
            (tree / "b.txt").unlink(missing_ok=True)
            (tree / "a" / "x.md").chmod(0)
        return real(place)

    monkeypatch.setattr(LocalFile, "open", open_and_remove)
    corpus = read_files([tree], Settings())
    found = {row["source"]: (row["stage"], row["reason"]) for row in corpus.rejected.to_pylist()}
    assert found["b.txt"] == ("read", "cannot be read: no such file or directory")
    if os.geteuid():  # nothing is forbidden to root
        assert found["a/x.md"] == ("read", "cannot be read: permission denied")
    assert "a-b.txt" in corpus.documents["source"].to_pylist()


def test_document_over_the_limit(tree):
    """A text that is larger than it may be is rejected by its decompressed size; the message names the setting."""
    (tree / "bomb.txt.gz").write_bytes(gzip.compress(bytes(50_000_000)))
    (tree / "large.txt").write_bytes(b"x" * 1001)
    (tree / "exact.txt").write_bytes(b"x" * 1000)
    corpus = read_files([tree], Settings(max_document_bytes=1000))
    found = {row["source"]: row["reason"] for row in corpus.rejected.to_pylist()}
    for name in ("bomb.txt.gz", "large.txt"):
        assert "1,000 bytes" in found[name]
        assert "--max-document-bytes" in found[name]
    assert "exact.txt" in corpus.documents["source"].to_pylist()


def test_compressed_table_over_the_limit(tree):
    """The temporary file behind a compressed table is bounded as well."""
    (tree / "t.parquet.gz").write_bytes(gzip.compress(bytes(50_000_000)))
    [reason] = [
        row["reason"]
        for row in read_files([tree], Settings(max_document_bytes=1000)).rejected.to_pylist()
        if row["source"] == "t.parquet.gz"
    ]
    assert "expands to more than 256 times" in reason


def test_text_that_is_not_utf8(tree):
    """A text file in damaged UTF-8 is rejected with the place of the first bad byte."""
    (tree / "damaged.txt").write_bytes("café, naïve".encode()[:-3])
    [reject] = read_files([tree / "damaged.txt"], Settings()).rejected.to_pylist()
    assert (reject["row"], reject["reason"]) == (0, "not UTF-8: unexpected end of data at byte 9")


def test_name_that_is_not_utf8(tree):
    """A file name of any bytes is read, and its source is text."""
    (tree / os.fsdecode(b"\xff.txt")).write_bytes(b"ok")
    assert "\\xff.txt" in read_files([tree], Settings()).documents["source"].to_pylist()


def test_unlistable_folder(tree, monkeypatch):
    """A folder that cannot be listed is a row in rejected; the rest is read."""
    real = os.scandir

    def refuse(path):
        if str(path).endswith("deep"):
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(os, "scandir", refuse)
    corpus = read_files([tree], Settings())
    assert corpus.rejected.to_pylist()[0] == {
        "source": "a/deep",
        "row": None,
        "stage": "list",
        "reason": "folder cannot be listed: permission denied",
    }
    assert corpus.documents.num_rows == 3


def test_progress(tree):
    """Progress counts the bytes of the files, and ends at all of them."""
    seen = []
    read_files([tree], Settings(), lambda *call: seen.append(call))
    assert seen[0] == ("read", 0, 12)
    assert seen[-1] == ("read", 12, 12)
