"""Two runs into one folder: the second is refused at once; what killed runs left goes with the next."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from dedup.errors import OutputError
from dedup.locking import lock_target
from dedup.placing import NewFolder, clear_leftovers, hidden_path

ROOT = Path(__file__).parent.parent

HOLDER = """
import sys, time
from dedup.locking import lock_target
from dedup.placing import NewFolder
with lock_target(sys.argv[1]):
    folder = NewFolder(sys.argv[1])
    folder.make()
    (folder.path / "half").write_bytes(b"half")
    print("holds", flush=True)
    time.sleep(60)
"""


@contextlib.contextmanager
def held_by_another(target):
    """Let another process hold the lock and write half an output."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(target)],
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    ) as process:
        try:
            assert process.stdout.readline() == b"holds\n"
            yield process
        finally:
            process.kill()


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_second_run_is_refused_at_once(tmp_path):
    """The message names the run that holds the folder, and nothing of that one is touched."""
    target = tmp_path / "deep" / "out"
    with held_by_another(target) as process:
        before = names(target.parent)
        begun = time.monotonic()
        with (
            pytest.raises(OutputError, match=rf"another run \(process {process.pid} on .*choose another folder"),
            lock_target(target),
        ):
            pass
        assert time.monotonic() - begun < 1
        assert names(target.parent) == before
        with lock_target(tmp_path / "deep" / "other"):
            pass


@pytest.mark.skipif(os.name == "nt", reason="signals of Unix")
@pytest.mark.parametrize("name", ["SIGKILL", "SIGTERM", "SIGABRT"])
def test_killed_run_holds_nothing(name, tmp_path):
    """However a run ends, the next one may write, and removes what was left."""
    target = tmp_path / "out"
    with held_by_another(target) as process:
        process.send_signal(getattr(signal, name))
        process.wait()
    assert any(".partial-" in found for found in names(tmp_path))
    with lock_target(target):
        assert names(tmp_path) == [".out.lock"]
    assert names(tmp_path) == []


def test_no_litter(tmp_path):
    """After a normal end, and after an error, there is neither a lock nor a folder that was made for it."""
    with lock_target(tmp_path / "a" / "b" / "out"):
        assert names(tmp_path / "a" / "b") == [".out.lock"]
        with pytest.raises(OutputError), lock_target(tmp_path / "a" / "b" / "out"):
            pass
    assert names(tmp_path) == []
    with pytest.raises(ValueError, match="x"), lock_target(tmp_path / "a" / "out"):
        raise ValueError("x")
    assert names(tmp_path) == []
    with lock_target(tmp_path / "a" / "out"):
        (tmp_path / "a" / "out").mkdir()
    assert names(tmp_path / "a") == ["out"]


def test_one_at_a_time_among_many(tmp_path):
    """Of runs that come and go at the same time none ever holds the folder beside another."""
    script = """
import os, sys, time
from dedup.errors import OutputError
from dedup.locking import lock_target
n_held = 0
end = time.monotonic() + 1.5
while time.monotonic() < end:
    try:
        with lock_target(sys.argv[1] + "/new/out"):
            with open(sys.argv[1] + "/inside", "x"):
                pass
            n_held += 1
            import os
            os.unlink(sys.argv[1] + "/inside")
    except FileExistsError:
        sys.exit("two at a time")
    except OutputError as error:
        assert "another run" in str(error) or "come and go" in str(error), error
print(n_held)
"""
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    runs = [
        subprocess.Popen([sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE, env=environment)
        for _ in range(3)
    ]
    held = [int(run.communicate()[0]) for run in runs]
    assert [run.returncode for run in runs] == [0, 0, 0]
    assert sum(held) > 10
    assert [path for path in tmp_path.rglob("*") if path.name != "new"] == []  # which one made while another was in it


def test_folder_that_goes_while_it_is_looked_at(tmp_path, monkeypatch):
    """A folder that another run makes and removes between two looks at it keeps nobody from writing."""
    make, told = Path.mkdir, []

    def mkdir(folder, *args, **kwargs):
        if not told:
            told.append(folder)
            raise FileExistsError(17, "File exists", str(folder))  # what pathlib says if it is gone by the second look
        make(folder, *args, **kwargs)

    monkeypatch.setattr(Path, "mkdir", mkdir)
    with lock_target(tmp_path / "new" / "out"):
        assert told == [tmp_path / "new"]
    assert names(tmp_path) == []


def test_leftovers_of_others_stay(tmp_path):
    """Only names that a run gives its own hidden folders are removed."""
    kept = [".out.partial-mine", ".out.staging", ".out2.partial-12-0123abcd", "out.partial-12-0123abcd"]
    for name in [*kept, ".out.partial-12-0123abcd", ".out.replaced-12-0123abcd"]:
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_text("x")
    (tmp_path / "out").mkdir()
    clear_leftovers(tmp_path / "out")
    assert names(tmp_path) == sorted([*kept, "out"])


def test_output_that_was_put_aside_comes_back(tmp_path):
    """A run that was killed between its two renames leaves no user without the earlier output."""
    aside = tmp_path / ".out.replaced-12-0123abcd"
    aside.mkdir()
    (aside / "report.json").write_text("{}")
    (tmp_path / ".out.partial-12-0123abcd").mkdir()
    with lock_target(tmp_path / "out"):
        pass
    assert names(tmp_path) == ["out"]
    assert names(tmp_path / "out") == ["report.json"]


def test_address(tmp_path, monkeypatch):
    """A target behind an address is held on this machine, under a name of its own in the temporary folder."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with lock_target("memory://out/here/"):
        assert names(tmp_path) == [hidden_path("memory://out/here", "lock").name]
        with pytest.raises(OutputError, match="another run"), lock_target("memory://out/here"):
            pass
        with lock_target("memory://out/there"):
            pass
    NewFolder("memory://out/here").make()
    assert len(names(tmp_path)) == 1
    with lock_target("memory://out/here"):
        pass
    assert names(tmp_path) == []


@pytest.mark.skipif(os.name == "nt", reason="flock is of Unix")
def test_file_system_without_locks(tmp_path, monkeypatch):
    """Where there are no locks the run goes on without; what might be of another that runs is left alone."""
    import errno
    import fcntl

    def refuse(handle, operation):
        raise OSError(errno.ENOSYS, "Function not implemented")

    (tmp_path / ".out.partial-12-0123abcd").mkdir()
    monkeypatch.setattr(fcntl, "flock", refuse)
    with lock_target(tmp_path / "out"), lock_target(tmp_path / "out"):
        pass
    assert names(tmp_path) == [".out.partial-12-0123abcd"]


def test_place_that_cannot_be_written(tmp_path):
    """A parent that is a file is an error of the output, in one line."""
    (tmp_path / "file").write_text("x")
    with pytest.raises(OutputError, match=r"^cannot write [^\n]*$"), lock_target(tmp_path / "file" / "out"):
        pass
    assert names(tmp_path) == ["file"]
