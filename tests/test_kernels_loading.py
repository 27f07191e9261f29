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

CALL = """
import sys
import numpy as np
from dedup.kernels.texts import hash_texts
data = np.frombuffer(b"one two one", dtype=np.uint8)
starts, ends = np.array([0, 4, 8]), np.array([3, 7, 11])
hashes = np.zeros((3, 2), dtype=np.uint64)
hash_texts(data, starts, ends, hashes)
print((hashes[0] == hashes[2]).all(), (hashes[0] == hashes[1]).all())
"""

COMPILE_WITH_IT = """
import numba
@numba.njit
def first(data, starts, ends, hashes):
    if len(data) < 2:
        raise ValueError("no data of " + str(len(data)))
    hash_texts(data, starts, ends, hashes)
    return hashes[0, 0]
print(first(data, starts, ends, np.zeros((3, 2), dtype=np.uint64)) == hashes[0, 0])
try:
    first(data[:1], starts, ends, hashes)
except ValueError as error:
    print(error)
"""

OTHER_NUMBA = """
from numba.core.compiler import CompileResult
CompileResult._replace = None
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


@pytest.mark.skipif(os.environ.get("NUMBA_DISABLE_JIT") == "1", reason="nothing is compiled")
def test_a_loaded_kernel_is_compiled_into_code_that_calls_it(tmp_path: Path) -> None:
    """What only a compiler asks of a kernel is not read with it, and is there when other code is compiled with it."""
    modules = "print([name for name in ('numba.np.arrayobj', 'numba.cpython.unicode') if name in sys.modules])"
    assert run(CALL + modules, tmp_path).startswith("True False\n['numba")
    assert run(CALL + modules, tmp_path) == "True False\n[]\n"
    assert run(CALL + COMPILE_WITH_IT, tmp_path) == "True False\nTrue\nno data of 1\n"


@pytest.mark.skipif(os.environ.get("NUMBA_DISABLE_JIT") == "1", reason="nothing is compiled")
def test_a_numba_that_goes_about_it_otherwise_loads_kernels_itself(tmp_path: Path) -> None:
    """As it loads any other function, and to the same effect."""
    library = "print([type(found.library).__name__ for found in hash_texts.overloads.values()])"
    run(CALL, tmp_path)
    assert run(CALL + library, tmp_path) == "True False\n['LazyLibrary']\n"
    assert run(OTHER_NUMBA + CALL + library, tmp_path) == "True False\n['JITCodeLibrary']\n"
