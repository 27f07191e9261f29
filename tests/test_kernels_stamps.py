"""Compiled kernels are used with the sources that they were compiled from, and with no others."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

HASH = """
import numpy as np
from dedup.kernels import is_compiled
from dedup.kernels.texts import hash_texts
was_compiled = is_compiled(hash_texts)
hashes = np.zeros((1, 2), dtype=np.uint64)
hash_texts(np.frombuffer(b"one two", dtype=np.uint8), np.array([0]), np.array([7]), hashes)
print(hashes[0, 0], was_compiled, sum(hash_texts.stats.cache_hits.values()))
"""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """Copy the package to where its sources can be changed."""
    shutil.copytree(ROOT / "dedup", tmp_path / "dedup", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def hash_text(site: Path, cache: str) -> tuple[int, bool, int]:
    """Hash a text in a process; gives the hash, whether the kernel is compiled before, and how often it is loaded."""
    kept = {name: value for name, value in os.environ.items() if name not in {"NUMBA_CACHE_DIR", "PYTHONPATH"}}
    environment = kept | ({"NUMBA_CACHE_DIR": cache} if cache else {})
    done = subprocess.run(
        [sys.executable, "-c", HASH], cwd=site, env=environment, capture_output=True, text=True, check=True
    )
    hashed, was_compiled, n_loaded = done.stdout.split()
    return int(hashed), was_compiled == "True", int(n_loaded)


@pytest.mark.skipif(os.environ.get("NUMBA_DISABLE_JIT") == "1", reason="nothing is compiled")
@pytest.mark.parametrize("cache", ["", "named"], ids=["beside the sources", "NUMBA_CACHE_DIR"])
def test_a_kernel_is_compiled_anew_if_one_that_it_calls_has_changed(site: Path, cache: str) -> None:
    """As by `git pull`: the caller, whose own file is as it was, holds the code of what it calls in other files."""
    cache = cache and str(site / cache)
    before = hash_text(site, cache)
    assert before[1:] == (False, 0)
    assert hash_text(site, cache) == (before[0], True, 1)
    callee = site / "dedup" / "kernels" / "signatures.py"
    source = callee.read_text(encoding="utf-8")
    changed = source.replace("high, low = _RAW_SEED ^ size,", "high, low = LOW_SEED ^ size,")
    assert changed != source
    callee.write_text(changed, encoding="utf-8")
    after = hash_text(site, cache)
    assert after[0] != before[0]
    assert after[1:] == (False, 0)
    assert hash_text(site, cache) == (after[0], True, 1)
    callee.write_text(source, encoding="utf-8")
    assert hash_text(site, cache) == (before[0], True, 1), "each version has its own"


HASH_AT_ONCE = """
import threading, time
from numba.core import caching
enable = caching.FunctionCache.enable
def enable_later(self):
    time.sleep(1)  # amid what is set up when a kernel is first asked for
    enable(self)
caching.FunctionCache.enable = enable_later
import numpy as np
from dedup.kernels import is_compiled
from dedup.kernels.texts import hash_texts
data, starts, ends = np.frombuffer(b"one two", dtype=np.uint8), np.array([0]), np.array([7])
hashes, begin = [], threading.Barrier(4)
def hash_one():
    begin.wait()
    is_compiled(hash_texts)
    found = np.zeros((1, 2), dtype=np.uint64)
    hash_texts(data, starts, ends, found)
    hashes.append(int(found[0, 0]))
threads = [threading.Thread(target=hash_one) for _ in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(len(hashes), len(set(hashes)), len(hash_texts._cache._cache_file._load_index()))
"""


@pytest.mark.skipif(os.environ.get("NUMBA_DISABLE_JIT") == "1", reason="nothing is compiled")
def test_a_kernel_that_is_first_called_by_several_threads_at_once(tmp_path: Path) -> None:
    """Each is told whether it is compiled, and finds its files, whoever began to look for them."""
    environment = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path), "PYTHONPATH": str(ROOT)}
    for _ in range(2):  # compiled, then loaded
        done = subprocess.run(
            [sys.executable, "-c", HASH_AT_ONCE], env=environment, capture_output=True, text=True, check=True
        )
        assert done.stdout.split() == ["4", "1", "1"], done.stderr
