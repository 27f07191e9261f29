"""The output folder: Parquet cut by fixed rules, there whole or not at all.

Equal tables give equal bytes, however their rows were handed over and however many threads wrote them.
"""

import json
import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final, NoReturn, Self

import pyarrow as pa

from dedup.addresses import find_local, is_address, open_filesystem
from dedup.errors import OutputError
from dedup.outputs import check_utf8
from dedup.parts import Encoder, TableFiles
from dedup.places import LocalFile, RemoteFile
from dedup.placing import NewFolder, real_path, sync
from dedup.sources import STANDARD_INPUT, Input, describe_os_error, find_root, reads_in
from dedup.uploading import REPORT_NAME, check_address, way_out

PARTED_TABLES: Final = ("documents", "removed")
"""Tables that are a folder of parts, at least one; every other is a single file."""

_SINGLE_TABLES: Final = ("emptied", "overlaps", "rejected")

_EXAMPLES: Final = (
    *(f"{name}.parquet" for name in _SINGLE_TABLES),
    *(f"{name}/part-00000.parquet" for name in PARTED_TABLES),
    REPORT_NAME,
)
"""What is in every output."""

_OUR_NAMES: Final = re.compile(
    rf"{re.escape(REPORT_NAME)}|({'|'.join(_SINGLE_TABLES)})\.parquet"
    rf"|({'|'.join(PARTED_TABLES)})/(part-[0-9]{{5,}}\.parquet)?"
)
"""Nothing else: a table that somebody saved beside ours would go with --overwrite."""


def check_target(target: str | Path, sources: Sequence[str | Path], overwrite: bool | None) -> None:
    """Raise OutputError if a run over the sources could not or should not write to `target`.

    To be called before any work: a folder that is not empty needs `overwrite` (None where nobody can ask for it)
    and must be an output of dedup with nothing else in it; a target in a source would be read next time.
    """
    if is_address(target):
        local = find_local(target)
        if local is not None:
            _check_apart(local, sources)
        check_address(str(target), sources, _find_foreign, overwrite=overwrite)
        return
    if target == STANDARD_INPUT:
        raise OutputError("the output '-' is no folder, and nothing is written to standard output; name a folder")
    place = Path(target)
    real = real_path(place)
    check_utf8(real, "the output")
    _check_apart(place, sources)
    if os.path.lexists(real) and not real.is_dir():
        raise OutputError(f"the output {_shown(place)} is a file; give a folder")
    if not os.path.isdir(real):  # noqa: PTH112 - Path.is_dir raises where a name is too long
        return
    try:
        is_empty = not any(real.iterdir())
    except OSError as error:
        raise OutputError(f"the output {_shown(place)} cannot be looked into: {describe_os_error(error)}") from None
    if is_empty:
        return
    if not overwrite:
        raise OutputError(f"the output {_shown(place)} is not empty; {way_out(overwrite)}")
    names = (f"{entry.relative_to(real).as_posix()}{'/' * entry.is_dir()}" for entry in real.rglob("*"))
    report = real / REPORT_NAME
    foreign = _find_foreign(names, report.read_bytes() if report.is_file() else None)
    if foreign is not None:
        raise OutputError(f"the output {_shown(place)} holds {foreign}; it is not replaced, choose another folder")


def check_inputs(target: str | Path, inputs: Iterable[Input]) -> None:
    """Raise OutputError if one of the inputs is in the output that a run is to replace: a link may lead there."""
    if is_address(target):
        filesystem, path = open_filesystem(str(target))
        for found in inputs:
            place = found.place
            if isinstance(place, RemoteFile) and place.filesystem is filesystem and place.path.startswith(f"{path}/"):
                _refuse_reading(target, found)
    local = find_local(target) if is_address(target) else Path(target)
    if local is None or not local.is_dir():
        return
    real = real_path(local)
    is_within: dict[Path, bool] = {}  # by folder
    for found in inputs:
        if not isinstance(found.place, LocalFile):
            continue
        file = found.place.path
        if file.parent not in is_within:
            is_within[file.parent] = real_path(file.parent).is_relative_to(real)
        if is_within[file.parent] or (file.is_symlink() and real_path(file).is_relative_to(real)):
            _refuse_reading(target, found)


class OutputWriter:
    """Writes an output folder while its rows come; to be used in a `with` statement, by one thread.

    It appears at the end, whole, or not at all. Of each table the rows come in order, the tables in
    any order; each is to be added at least once, be it without rows. `workers` 0 is one thread for each
    processor; `goes_on` is asked, for messages, whether the same run again goes on from where it was.
    Raises OutputError, here and in every method, if the folder cannot be written or replaced; what was
    there is then still there.
    """

    def __init__(
        self,
        target: str | Path,
        *,
        overwrite: bool = False,
        workers: int = 0,
        goes_on: Callable[[], bool] = bool,
    ) -> None:
        """Write nothing yet."""
        self._target = target
        self._overwrite = overwrite
        self._folder = NewFolder(target, goes_on=goes_on)
        self._encoder = Encoder(workers)
        self._tables: dict[str, TableFiles] = {}

    def __enter__(self) -> Self:
        check_target(self._target, [], self._overwrite)
        self._folder.make()
        return self

    def add(self, name: str, table: pa.Table) -> None:
        """Add rows to a table; waits while too much is still to be compressed."""
        with self._folder.telling_errors():
            if name not in self._tables:
                self._tables[name] = self._open(name, table.schema)
            self._tables[name].add(table)

    def finish(self, report_json: str) -> None:
        """Write what is left and the report, and put the folder in its place."""
        with self._folder.telling_errors():
            for files in self._tables.values():
                files.finish()
            self._encoder.finish()
            report = self._folder.path / REPORT_NAME
            report.write_text(report_json, encoding="utf-8")
            sync(report)
            for name in PARTED_TABLES:
                if name in self._tables:
                    sync(self._folder.path / name)
        check_target(self._target, [], self._overwrite)  # it may have been long
        self._folder.put_in_place()

    def __exit__(self, *_: object) -> None:
        self._encoder.abandon()
        self._folder.remove()

    def _open(self, name: str, schema: pa.Schema) -> TableFiles:
        in_parts = name in PARTED_TABLES
        place = self._folder.path / (name if in_parts else f"{name}.parquet")
        if in_parts:
            place.mkdir()
        return TableFiles(self._encoder, place, schema, in_parts=in_parts)


def write_output(
    target: str | Path, tables: Mapping[str, pa.Table], report_json: str, overwrite: bool, workers: int = 0
) -> None:
    """Write the tables and the report as the folder `target`, whole or not at all.

    Raises OutputError if the folder cannot be written or replaced; what was there is then still there.
    """
    with OutputWriter(target, overwrite=overwrite, workers=workers) as output:
        for name, table in tables.items():
            output.add(name, table)
        output.finish(report_json)


def _check_apart(place: Path, sources: Sequence[str | Path]) -> None:
    """Raise OutputError if the folder at `place` is in a source or the other way round, whatever is there now."""
    real = real_path(place)
    for source in sources:
        found = find_root(source)
        if found is not None and found[0].is_relative_to(real):
            raise OutputError(
                f"the output {_shown(place)} would replace the source {_shown(source)}; choose another folder"
            )
        if reads_in(source, real, _EXAMPLES):
            raise OutputError(
                f"the output {_shown(place)} is inside the source {_shown(source)}, which would read it; "
                "choose a folder outside"
            )


def _refuse_reading(target: str | Path, found: Input) -> NoReturn:
    raise OutputError(
        f"the output {_shown(target)} would be read as a source, {found.source!r} in it; "
        "choose another folder, or sources that do not lead there"
    )


def _find_foreign(names: Iterable[str], report: bytes | None) -> str | None:
    """Say what of the paths in a folder (folders with a '/' behind) dedup did not write, or None where all are ours."""
    try:
        found = json.loads(report or b"")
    except ValueError:
        return "things that dedup did not write (no report.json of its own)"
    names = sorted(names)
    if not isinstance(found, dict) or not any(name.startswith(f"{PARTED_TABLES[0]}/") for name in names):
        return "a report.json that is not from dedup"
    return next((repr(name.rstrip("/")) for name in names if not _OUR_NAMES.fullmatch(name)), None)


def _shown(path: str | Path) -> str:
    return repr(str(path))
