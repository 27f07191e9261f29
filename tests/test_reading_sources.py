"""Which files are read, in which order, and what they are called."""

import os

import pytest

from dedup.errors import InputError, MissingInputError
from dedup.reading import plan_inputs, read_files
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


def test_name_with_magic_characters(tree):
    """A file whose name looks like a glob is that file."""
    (tree / "[draft].txt").write_text("x")
    assert names("data/[draft].txt") == ["[draft].txt"]


def test_nothing_readable(tree):
    """A folder or file of unknown kind only is an error that lists the known kinds."""
    for source in ("data/picture.png", "data/*.png"):
        with pytest.raises(InputError, match=r"picture\.png.*\.txt, \.md, .*\.jsonl.*\.zip"):
            names(source)
    (tree / "empty").mkdir()
    with pytest.raises(InputError, match="no file at all"):
        names("data/empty")
    with pytest.raises(InputError, match="no source"):
        names()


def test_pipe_is_rejected(tree):
    """What is no file cannot stop the run, whatever its name."""
    os.mkfifo(tree / "pipe.txt")
    plan = plan_inputs([tree], Settings())
    assert [source for source, _ in plan.rejected] == ["picture.png", "pipe.txt"]
    assert plan.rejected[1][1].reason.startswith("a pipe, not a file")


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
