"""Runs that are staged, beside the same runs in memory."""

import json
from pathlib import Path
from typing import Any

import dedup

STAGED: dict[str, Any] = {"memory": "100MB", "batch_bytes": 20_000}
"""Less memory than the libraries take: everything is staged, in some dozens of shards."""


def read_output(folder: Path) -> dict[str, bytes]:
    """Give the files of an output, of the report only what does not tell the time or how the work was done."""
    files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    report = json.loads(files.pop("report.json"))
    del report["seconds"]
    for name in ("memory", "batch_bytes", "workers"):
        del report["settings"][name]
    return files | {"report.json": json.dumps(report).encode()}


def list_litter(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name.startswith("."))


def run_both(sources: Path, folder: Path, **settings: Any) -> dict[str, bytes]:
    """Give the output of a run that is staged, which has to be that of the same run in memory."""
    dedup.clean_files(sources, folder / "held", **settings)
    seen: set[str] = set()

    def look(*_: object) -> None:
        seen.update(path.name for path in folder.iterdir())

    dedup.clean_files(sources, folder / "staged", on_progress=look, **{**STAGED, **settings})
    assert ".staged.staging" in seen
    assert list_litter(folder) == []
    found = read_output(folder / "staged")
    assert found == read_output(folder / "held")
    return found
