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
