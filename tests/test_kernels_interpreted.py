"""The kernels as plain Python: what numba compiles is what the source says."""

import os
import subprocess
import sys
from pathlib import Path

TESTS = Path(__file__).parent
KERNEL_TESTS = [
    "test_kernels_text.py",
    "test_kernels_splitting.py",
    "test_kernels_hashes.py",
    "test_kernels_resolution.py",
    "test_kernels_brute_force.py",
    "test_kernels_legal_words.py",
    "test_repeats.py",
    "test_fingerprints.py",
    "test_matching.py",
]


def test_kernels_hold_their_promises_interpreted() -> None:
    """The tests of the kernels pass with the compiler off, where NumPy checks every index."""
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *(str(TESTS / name) for name in KERNEL_TESTS)],
        env=os.environ | {"NUMBA_DISABLE_JIT": "1"},
        cwd=TESTS.parent,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout[-4000:] + ran.stderr[-2000:]
