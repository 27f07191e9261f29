"""Versions of what the answer may depend on, read without importing any of it."""

import platform
from importlib import metadata
from typing import Final

PACKAGES: Final = (
    *("dedup-clean", "pyarrow", "numpy", "numba", "datasketch"),
    *("trafilatura", "htmldate", "resiliparse", "lxml", "chardet"),
)


def package_versions() -> dict[str, str]:
    """Give the versions of Python, dedup and the packages it computes with."""
    return {"python": platform.python_version()} | {name: package_version(name) for name in PACKAGES}


def package_version(name: str) -> str:
    """Give the version of an installed package, or 'unknown' where it runs from a bare checkout."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "unknown"
