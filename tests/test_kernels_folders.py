"""Kernels are kept where there is room for them, though their own folder and the user's cannot be written."""

import os
import shutil
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from dedup.kernels import folders
from dedup.kernels.folders import find_folder, is_writable

ROOT = Path(__file__).parent.parent

USE_ONE = """
from dedup.kernels.tokens import token_scratch
print(len(token_scratch(10)[0]), token_scratch.stats.cache_path, sum(token_scratch.stats.cache_hits.values()))
"""


@pytest.fixture
def barred(tmp_path: Path) -> Path:
    """Copy the package to where no folder can be made beside the kernels, not even by root."""
    shutil.copytree(ROOT / "dedup", tmp_path / "site" / "dedup", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "site" / "dedup" / "kernels" / "__pycache__").write_bytes(b"")
    (tmp_path / "temporary").mkdir()
    return tmp_path


def use_one(where: Path, **variables: str) -> tuple[str, Path, int]:
    """Call a kernel of that copy in a process without a home; gives its answer, where it is kept, and loads from it."""
    unset = {"NUMBA_CACHE_DIR", "XDG_CACHE_HOME", "LOCALAPPDATA", "PYTHONPATH"}
    kept = {name: value for name, value in os.environ.items() if name not in unset}
    homeless = {"HOME": os.devnull, "USERPROFILE": os.devnull, "TMPDIR": str(where / "temporary")}
    environment = {**kept, **homeless, **variables}
    command = [sys.executable, "-c", USE_ONE]
    done = subprocess.run(command, cwd=where / "site", env=environment, capture_output=True, text=True, check=True)
    answer, folder, n_loaded = done.stdout.split()
    return answer, Path(folder), int(n_loaded)


@pytest.mark.skipif(os.environ.get("NUMBA_DISABLE_JIT") == "1", reason="nothing is compiled")
@pytest.mark.skipif(sys.platform == "win32", reason="users have no numbers there")
def test_a_user_without_a_home_compiles_once(barred: Path) -> None:
    """As in a container that another user made: kernels are kept in a temporary folder that is this user's alone."""
    answer, folder, n_loaded = use_one(barred)
    mine = barred / "temporary" / f"dedup-{os.getuid()}"
    assert (answer, folder.parent, n_loaded) == ("256", mine, 0)
    assert stat.S_IMODE(mine.stat().st_mode) == 0o700
    assert use_one(barred) == (answer, folder, 1)


@pytest.mark.skipif(os.environ.get("NUMBA_DISABLE_JIT") == "1", reason="nothing is compiled")
def test_what_the_user_says_comes_first(barred: Path) -> None:
    """NUMBA_CACHE_DIR is obeyed, and without it a cache of the user is taken rather than a temporary folder."""
    assert barred / "named" in use_one(barred, NUMBA_CACHE_DIR=str(barred / "named"))[1].parents
    assert use_one(barred, XDG_CACHE_HOME=str(barred / "cache"))[1].parent == barred / "cache" / "dedup"


def test_what_is_compiled_beside_the_sources_is_taken_along(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is copied when the folder is made, and never over what is there by then."""
    beside = tmp_path / "beside"
    beside.mkdir()
    for name in ("tokens.mix-1.py311.nbi", "tokens.mix-1.py311.1.nbc", "tokens.cpython-311.pyc"):
        (beside / name).write_text(name)
    monkeypatch.setattr(folders, "_parents", lambda: iter([tmp_path / "beside" / "tokens.cpython-311.pyc", tmp_path]))
    folder = find_folder(beside)
    assert folder is not None
    assert folder.parent == tmp_path
    assert {path.name: path.read_text() for path in folder.iterdir()} == {
        name: name for name in ("tokens.mix-1.py311.nbi", "tokens.mix-1.py311.1.nbc")
    }
    (folder / "tokens.mix-1.py311.nbi").write_text("newer")
    assert find_folder(beside) == folder
    assert (folder / "tokens.mix-1.py311.nbi").read_text() == "newer"
    monkeypatch.setattr(folders, "_parents", lambda: iter([]))
    assert find_folder(beside) is None


@pytest.mark.skipif(sys.platform == "win32", reason="users have no numbers there")
@pytest.mark.parametrize("kind", ["open to all", "a link"])
def test_a_temporary_folder_of_others_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    """Machine code is run: where somebody else could have put it, there is a new folder for this process."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    expected = tmp_path / f"dedup-{os.getuid()}"
    if kind == "a link":
        (tmp_path / "theirs").mkdir()
        expected.symlink_to(tmp_path / "theirs")
    else:
        expected.mkdir()
        expected.chmod(0o777)
    folder = folders._private_folder()
    assert folder.parent == tmp_path
    assert folder != expected
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    if kind == "a link":
        expected.unlink()
    else:
        expected.rmdir()
    assert folders._private_folder() == expected


def test_folders_that_cannot_be_made_are_told(tmp_path: Path) -> None:
    """A folder is made if need be; below a file there is none."""
    (tmp_path / "file").write_bytes(b"")
    assert is_writable(tmp_path / "a" / "b")
    assert not is_writable(tmp_path / "file" / "b")
