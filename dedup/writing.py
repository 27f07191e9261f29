"""The output folder: Parquet cut by fixed rules, there whole or not at all.

It is written beside the target and renamed. Equal tables give equal bytes,
however they were chunked and however many threads wrote them.
"""

import json
import os
import re
import secrets
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from dedup.addresses import is_address
from dedup.column_types import is_text_type
from dedup.errors import OutputError
from dedup.sources import STANDARD_INPUT, describe_os_error, is_glob, split_glob
from dedup.uploading import REPORT_NAME, check_address, upload_folder

PARTED_TABLES: Final = ("documents", "removed")
"""Tables that are a folder of parts, at least one; every other is a single file."""

PART_BYTES: Final = 64 << 20
"""Uncompressed size of a part: parts are what threads write at the same time, so 100 MB keep two of them busy."""

ROW_GROUP_BYTES: Final = 32 << 20
ROW_GROUP_ROWS: Final = 1 << 17

COMPRESSION_LEVEL: Final = 3  # of zstd; compressing is nearly all of the time of writing

_OUR_NAMES: Final = re.compile(rf"{REPORT_NAME}|[^/]+\.parquet|({'|'.join(PARTED_TABLES)})/(part-[^/]*\.parquet)?")
_ALL_DIFFERENT: Final = ("doc_id", "text")  # a dictionary of them only costs time
_MOST_THREADS: Final = 16


def check_target(target: str | Path, sources: Sequence[str | Path], overwrite: bool) -> None:
    """Raise OutputError if a run over the sources could not or should not write to `target`.

    To be called before any work: a folder that is not empty needs `overwrite` and must be
    an output of dedup with nothing else in it; a target in a source would be read next time.
    """
    if is_address(target):
        check_address(str(target), sources, _find_foreign, overwrite=overwrite)
        return
    if target == STANDARD_INPUT:
        raise OutputError("the output '-' is no folder, and nothing is written to standard output; name a folder")
    place = Path(target)
    real = _real(place)
    for source in map(Path, (source for source in sources if source != STANDARD_INPUT and not is_address(source))):
        root, pattern = split_glob(source) if is_glob(source) else (source, "")
        read = _real(root)
        if read.is_relative_to(real):
            raise OutputError(
                f"the output {_shown(place)} would replace the source {_shown(source)}; choose another folder"
            )
        is_read_again = "**" in pattern if pattern else read.is_dir()
        if is_read_again and real.is_relative_to(read):
            raise OutputError(
                f"the output {_shown(place)} is inside the source {_shown(source)}, which would read it; "
                "choose a folder outside"
            )
    if os.path.lexists(real) and not real.is_dir():
        raise OutputError(f"the output {_shown(place)} is a file; give a folder")
    if not real.is_dir():
        return
    try:
        is_empty = not any(real.iterdir())
    except OSError as error:
        raise OutputError(f"the output {_shown(place)} cannot be looked into: {describe_os_error(error)}") from None
    if is_empty:
        return
    if not overwrite:
        raise OutputError(
            f"the output {_shown(place)} is not empty; choose another folder, or --overwrite to replace it"
        )
    names = (f"{entry.relative_to(real).as_posix()}{'/' * entry.is_dir()}" for entry in real.rglob("*"))
    report = real / REPORT_NAME
    foreign = _find_foreign(names, report.read_bytes() if report.is_file() else None)
    if foreign is not None:
        raise OutputError(f"the output {_shown(place)} holds {foreign}; it is not replaced, choose another folder")


def write_output(
    target: str | Path, tables: Mapping[str, pa.Table], report_json: str, overwrite: bool, workers: int = 0
) -> None:
    """Write the tables and the report as the folder `target`, whole or not at all.

    Raises OutputError if the folder cannot be written or replaced; what was there is then still there.
    """

    def fill(folder: Path) -> None:
        files = []
        for name, table in tables.items():
            if name in PARTED_TABLES:
                (folder / name).mkdir()
                files += [(folder / name / part, piece) for part, piece in cut_parts(table)]
            else:
                files.append((folder / f"{name}.parquet", table))
        write_tables(files, workers)
        report = folder / REPORT_NAME
        report.write_text(report_json, encoding="utf-8")
        _sync(report)
        for name in PARTED_TABLES:
            if name in tables:
                _sync(folder / name)

    check_target(target, [], overwrite)
    write_folder(target, fill)


def write_folder(target: str | Path, fill: Callable[[Path], None]) -> None:
    """Let `fill` write into a folder beside `target`, then put it in place of what is there.

    Raises OutputError if that fails, leaving `target` as it was, unless it is behind an address.
    """
    if is_address(target):
        upload_folder(str(target), fill)
        return
    place = Path(target)
    real = _real(place)
    token = f"{os.getpid()}-{secrets.token_hex(4)}"
    partial, aside = (real.parent / f".{real.name}.{kind}-{token}" for kind in ("partial", "replaced"))
    made: list[Path] = []
    try:
        made = _make_parents(real.parent)
        partial.mkdir()
        fill(partial)
        _sync(partial)
        _swap(partial, real, aside)
        _sync(real.parent)
    except (OSError, pa.ArrowException) as error:
        _clean_up(partial, made)
        if isinstance(error, OutputError):
            raise
        raise OutputError(f"cannot write {_shown(place)}: {describe_os_error(error)}; nothing was changed") from error
    except BaseException:
        _clean_up(partial, made)
        raise
    if aside.exists():
        shutil.rmtree(aside, ignore_errors=True)
        if aside.exists():
            raise OutputError(
                f"{_shown(place)} is written, but what it replaced is still in {_shown(aside)}; remove it"
            )


def write_tables(files: Sequence[tuple[Path, pa.Table]], workers: int = 0) -> None:
    """Write each table as one Parquet file, several at a time, each safely on disk at the end.

    `workers` 0 is one thread for each processor.
    """
    n_threads = min(workers or os.cpu_count() or 1, _MOST_THREADS, max(1, len(files)))
    if n_threads == 1:
        for path, table in files:
            _write_parquet(path, table)
        return
    with ThreadPoolExecutor(n_threads) as pool:
        writes = [pool.submit(_write_parquet, path, table) for path, table in files]
        try:
            for write in writes:
                write.result()
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def cut_parts(table: pa.Table) -> Iterator[tuple[str, pa.Table]]:
    """Give (file name, rows) of each part: at least one, each whole row groups up to PART_BYTES."""
    if not table.num_rows:
        yield "part-00000.parquet", table
        return
    sizes = _row_sizes(table)
    groups = _cut(sizes, ROW_GROUP_BYTES, ROW_GROUP_ROWS)
    parts = _cut(np.add.reduceat(sizes, groups[:-1]), PART_BYTES, len(groups))
    bounds = groups[parts]
    for number, (start, end) in enumerate(pairwise(bounds.tolist())):
        yield f"part-{number:05d}.parquet", table.slice(start, end - start)


def _write_parquet(path: Path, table: pa.Table) -> None:
    """Write one file; its bytes depend on the values of the table alone."""
    schema = table.schema.remove_metadata()
    with_statistics = [name for name in schema.names if name != "text"]
    with_dictionary = [name for name in schema.names if name not in _ALL_DIFFERENT]
    groups = _cut(_row_sizes(table), ROW_GROUP_BYTES, ROW_GROUP_ROWS).tolist()
    with pq.ParquetWriter(
        path,
        schema,
        compression="zstd",
        compression_level=COMPRESSION_LEVEL,
        use_dictionary=with_dictionary,
        write_statistics=with_statistics,
    ) as writer:
        for start, end in pairwise(groups):
            group = table.slice(start, end - start)
            columns = [_in_one_piece(column) for column in group.columns]
            writer.write_table(pa.table(columns, schema=schema), row_group_size=end - start)
    _sync(path)


def _in_one_piece(column: pa.ChunkedArray) -> pa.Array:
    """Join the chunks of a column; dictionaries are made anew, since chunks each bring their own."""
    if not pa.types.is_dictionary(column.type):
        return column.combine_chunks()
    if column.type.ordered:
        return column.unify_dictionaries().combine_chunks()  # the order of its values is part of what it says
    return column.cast(column.type.value_type).combine_chunks().dictionary_encode().cast(column.type)


def _row_sizes(table: pa.Table) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Give the bytes of each row: long values as they are, every other as eight."""
    sizes = np.zeros(table.num_rows, np.int64)
    for column in table.columns:
        is_long = not pa.types.is_dictionary(column.type) and (
            is_text_type(column.type) or pa.types.is_binary(column.type) or pa.types.is_large_binary(column.type)
        )
        if not is_long:
            sizes += 8
            continue
        lengths = pc.fill_null(pc.binary_length(column), 0)
        sizes += lengths.to_numpy()
    return sizes


def _cut(
    sizes: np.ndarray[Any, np.dtype[np.int64]], most_bytes: int, most_rows: int
) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Give the bounds of runs of rows, each as long as both limits let it be and at least one row."""
    ends = np.cumsum(sizes)
    bounds = [0]
    while bounds[-1] < len(sizes):
        start = bounds[-1]
        before = int(ends[start - 1]) if start else 0
        by_bytes = int(np.searchsorted(ends, before + most_bytes, side="right"))
        bounds.append(min(max(by_bytes, start + 1), start + most_rows, len(sizes)))
    return np.array(bounds, np.int64)


def _swap(partial: Path, real: Path, aside: Path) -> None:
    """Put `partial` in the place of `real`, and what is there aside; if that fails, put it back."""
    if not real.exists():
        partial.rename(real)
        return
    real.rename(aside)
    try:
        partial.rename(real)
    except BaseException:
        aside.rename(real)
        raise


def _make_parents(folder: Path) -> list[Path]:
    """Make the folder and those above it, and list the new ones, innermost first."""
    missing = []
    here = folder
    while not here.exists():
        missing.append(here)
        here = here.parent
    folder.mkdir(parents=True, exist_ok=True)
    return missing


def _clean_up(partial: Path, made: list[Path]) -> None:
    shutil.rmtree(partial, ignore_errors=True)
    for folder in made:
        with suppress(OSError):
            folder.rmdir()


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


def _sync(path: Path) -> None:
    """Wait until a file or the entries of a folder are on disk: the rename must not come before them."""
    if os.name == "nt":
        return  # Windows syncs neither folders nor files opened for reading
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _real(path: Path) -> Path:
    return Path(os.path.realpath(path))


def _shown(path: Path) -> str:
    return repr(str(path))
