"""A full disk is an error that says which disk, how much is free and what to do; nothing is left behind."""

import errno
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest

import dedup
from dedup.disk_space import describe_full_disk, is_no_room
from dedup.errors import OutputError
from dedup.restoring import restore_files
from dedup.schemas import CLEAN_DOCUMENTS, EMPTIED, REMOVED
from dedup.writing import OutputWriter

ROOT = Path(__file__).parent.parent


def noise(n_bytes: int) -> pa.Table:
    """Make documents that do not become smaller by compression."""
    texts = [os.urandom(5_000).hex() for _ in range(n_bytes // 10_000)]
    rows = [
        {"doc_id": str(n), "text": text, "source": "s", "n_removed": 0, "chars_removed": 0}
        for n, text in enumerate(texts)
    ]
    return pa.Table.from_pylist(rows, CLEAN_DOCUMENTS)


def write_in_pieces(documents: pa.Table, target: Path, workers: int) -> None:
    with OutputWriter(target, workers=workers) as output:
        for start in range(0, len(documents), 100):
            output.add("documents", documents.slice(start, 100))
        output.finish("{}")


@pytest.fixture
def small_disk(tmp_path):
    """Mount a disk of 4 MB, which only root may."""
    disk = tmp_path / "disk"
    disk.mkdir()
    if shutil.which("mount") is None or not hasattr(os, "geteuid") or os.geteuid() != 0:
        pytest.skip("only root mounts a small disk")
    command = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(disk)]
    mounted = subprocess.run(command, capture_output=True, check=False)
    if mounted.returncode:
        pytest.skip(f"no small disk can be mounted: {mounted.stderr.decode().strip()}")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


@pytest.mark.parametrize("workers", [1, 2])
def test_full_disk(small_disk, workers):
    """The message names the folder, what is free and the way out; the disk is as it was."""
    documents = noise(40_000_000)
    full = r"cannot write .*out': the disk is full .*of 4\.2 MB are free.*same command"
    with pytest.raises(OutputError, match=full):
        write_in_pieces(documents, small_disk / "new" / "out", workers)
    assert list(small_disk.iterdir()) == []
    write_in_pieces(documents.slice(0, 100), small_disk / "out", workers)


def test_full_disk_while_restoring(small_disk):
    """Restoring to a full disk says the same, as Parquet and as files."""
    documents = noise(40_000_000)
    documents = documents.set_column(2, CLEAN_DOCUMENTS.field("source"), [[f"{n}.txt" for n in range(len(documents))]])

    class Cleaned:
        removed = REMOVED.empty_table()
        emptied = EMPTIED.empty_table()

    Cleaned.documents = documents
    for as_files in (False, True):
        with pytest.raises(OutputError, match="the disk is full"):
            restore_files(Cleaned(), small_disk / "back", as_files=as_files)
        assert list(small_disk.iterdir()) == []


LIMITED = """
import resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
import pyarrow as pa, os
from dedup.errors import OutputError
from dedup.writing import OutputWriter
documents = pa.table({"text": [os.urandom(5000).hex() for _ in range(100)]})
try:
    with OutputWriter(sys.argv[1], goes_on=lambda: True) as output:
        output.add("documents", documents)
        output.finish("{}")
except OutputError as error:
    print(error)
"""


@pytest.mark.skipif(os.name == "nt", reason="limits of Unix")
def test_file_that_may_not_become_larger(tmp_path):
    """The limit of a process is told as such, and that the run goes on where that is so."""
    ran = subprocess.run(
        [sys.executable, "-c", LIMITED, str(tmp_path / "out")],
        capture_output=True,
        encoding="utf-8",
        check=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    assert "may not become larger" in ran.stdout
    assert "ulimit -f" in ran.stdout
    assert "the same command again goes on from there" in ran.stdout
    assert list(tmp_path.iterdir()) == []


def test_which_errors_are_meant(tmp_path):
    """Only a lack of room is one; a quota is told apart from a disk; the folder need not be there."""
    full, quota = OSError(errno.ENOSPC, "No space left on device"), OSError(errno.EDQUOT, "Disk quota exceeded")
    assert is_no_room(full)
    assert is_no_room(quota)
    assert not is_no_room(OSError(errno.EIO, "Input/output error"))
    assert not is_no_room(ValueError())
    gone = tmp_path / "a" / "b"
    assert describe_full_disk(gone, full).startswith(f"the disk is full that {str(gone)!r} is on (")
    assert "your quota is used up" in describe_full_disk(gone, quota)


def test_no_more_files_fit(tmp_path, monkeypatch):
    """A disk with room but no entries left is told as that."""
    found = os.statvfs(tmp_path)
    used_up = os.statvfs_result((*found[:7], 0, *found[8:]))
    monkeypatch.setattr(os, "statvfs", lambda place: used_up)
    assert "no more files fit on it, though" in describe_full_disk(tmp_path, OSError(errno.ENOSPC, ""))


@pytest.mark.parametrize("is_bound", [False, True], ids=["disk", "folder"])
@pytest.mark.parametrize("do", ["clean", "restore"])
def test_mounted_target_is_told_before_reading(small_disk, tmp_path, do, is_bound):
    """An output that cannot be moved aside at the end is refused at the start, with a way out, and left as it was."""
    target = small_disk
    if is_bound:  # of the same disk as the folder that it is in
        (target := tmp_path / "bound").mkdir()
        (tmp_path / "elsewhere").mkdir()
        subprocess.run(["mount", "--bind", str(tmp_path / "elsewhere"), str(target)], check=True)
    try:
        (tmp_path / "a.txt").write_text("A line.\nA line.\n")
        dedup.clean_files(tmp_path / "a.txt", tmp_path / "cleaned")
        before = sorted(tmp_path.rglob("*"))
        stages = []

        def run():
            if do == "restore":
                return restore_files(tmp_path / "cleaned", target)
            return dedup.clean_files(tmp_path / "a.txt", target, on_progress=lambda stage, *_: stages.append(stage))

        with pytest.raises(OutputError, match=r"cannot be replaced as a whole.*name a new folder in it, such as"):
            run()
        assert stages == []
        assert sorted(tmp_path.rglob("*")) == before
        dedup.clean_files(tmp_path / "a.txt", target / "cleaned")
        assert (target / "cleaned" / "report.json").exists()
    finally:
        if is_bound:
            subprocess.run(["umount", str(target)], check=True)


def test_output_that_was_there_is_back_at_once(tmp_path):
    """To see whether an output can be replaced it is moved, and is back before anything else is done."""
    (tmp_path / "a.txt").write_text("A line.\n")
    dedup.clean_files(tmp_path / "a.txt", tmp_path / "out")
    before = (tmp_path / "out" / "report.json").read_bytes()
    seen = []
    dedup.clean_files(
        tmp_path / "a.txt",
        tmp_path / "out",
        overwrite=True,
        on_progress=lambda *_: seen.append((tmp_path / "out" / "report.json").read_bytes()),
    )
    assert set(seen) == {before}
