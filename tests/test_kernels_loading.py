"""Compiled kernels are loaded without the compiler, which is there for whoever needs it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

COPY = """
import sys
import numpy as np
from dedup.kernels.tokens import token_scratch
print(len(token_scratch(10)[0]), "numba.np.linalg" in sys.modules)
"""

COMPILE = """
import numba
@numba.njit
def norm(values):
    return np.linalg.norm(values)
print(norm(np.array([3.0, 4.0])), sum({number: 1 for number in range(3)}.values()))
"""


def run(code: str, cache: Path) -> str:
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(cache)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    return done.stdout


@pytest.mark.skipif(os.environ.get("NUMBA_DISABLE_JIT") == "1", reason="nothing is compiled")
def test_kernels_are_compiled_once_and_then_loaded_alone(tmp_path: Path) -> None:
    """The first process compiles, the next only loads, and other functions are compiled behind that as ever."""
    assert run(COPY, tmp_path) == "256 True\n"
    assert run(COPY, tmp_path) == "256 False\n"
    assert run(COPY + COMPILE, tmp_path) == "256 False\n5.0 3\n"
