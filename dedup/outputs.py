"""The tables of an output folder as they lie there, on this machine or behind an address."""

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.fs
import pyarrow.parquet as pq

from dedup.addresses import find_type, is_address, open_arrow_filesystem, open_filesystem
from dedup.column_types import conform, is_text_type, storable_type, without_null_values
from dedup.errors import OutputError
from dedup.schemas import CLEAN_DOCUMENTS, EMPTIED, OVERLAPS, REJECTED, REMOVED
from dedup.sources import describe_os_error
from dedup.uploading import REPORT_NAME

CHANGED: Final = "it has been changed since dedup wrote it"

_SCHEMAS: Final = {
    "documents": CLEAN_DOCUMENTS,
    "removed": REMOVED,
    "emptied": EMPTIED,
    "overlaps": OVERLAPS,
    "rejected": REJECTED,
}


@dataclass(frozen=True, slots=True)
class OutputFolder:
    """A folder that dedup wrote."""

    shown: str  # what messages call it
    filesystem: pa.fs.FileSystem
    path: str

    def read_report(self) -> dict[str, Any]:
        """Read report.json; raises OutputError where it cannot be read."""
        with self._telling_errors(REPORT_NAME), self.filesystem.open_input_stream(f"{self.path}/{REPORT_NAME}") as file:
            content = file.read()
        try:
            report = json.loads(content)
        except (ValueError, RecursionError) as error:
            raise OutputError(f"{REPORT_NAME} in {self.shown} is no JSON: {error}") from None
        if not isinstance(report, dict):
            raise OutputError(f"{REPORT_NAME} in {self.shown} is not from dedup")
        return report

    def list_parts(self, name: str) -> list[str]:
        """Give the paths of a table's parts, in order, or that of its single file."""
        selector = pa.fs.FileSelector(f"{self.path}/{name}", allow_not_found=True)
        parts = [found.path for found in self.filesystem.get_file_info(selector)]
        return sorted(part for part in parts if part.endswith(".parquet")) or [f"{self.path}/{name}.parquet"]

    def open_part(self, part: str) -> pq.ParquetFile:
        """Open one of those; raises OSError or ArrowException where that fails."""
        return pq.ParquetFile(part, filesystem=self.filesystem)

    def read(self, name: str) -> pa.Table:
        """Read a table, whether it is one file or parts; raises OutputError where it cannot be read."""
        with self._telling_errors(name):
            return pa.concat_tables(
                [conform_output(self.open_part(part).read(), name) for part in self.list_parts(name)]
            )

    def read_groups(self, name: str, columns: Sequence[str] | None = None) -> Iterator[pa.Table]:
        """Give a table in pieces, row group after row group, or its empty table; raises OutputError as read does."""
        with self._telling_errors(name):
            for part in self.list_parts(name):
                with self.open_part(part) as file:
                    names = None if columns is None else [name for name in columns if name in file.schema_arrow.names]
                    for group in range(file.num_row_groups):
                        yield conform_output(file.read_row_group(group, columns=names), name)

    def read_schema(self, name: str) -> pa.Schema:
        """Give the columns of a table; raises OutputError where they cannot be read."""
        with self._telling_errors(name):
            schema = self.open_part(self.list_parts(name)[0]).schema_arrow
            return conform_output(schema.empty_table(), name).schema

    def count_rows(self, name: str) -> int:
        """Give the length of a table; raises OutputError where it cannot be read."""
        with self._telling_errors(name):
            return sum(self.open_part(part).metadata.num_rows for part in self.list_parts(name))

    @contextmanager
    def _telling_errors(self, name: str) -> Iterator[None]:
        try:
            yield
        except OutputError:
            raise
        except (OSError, pa.ArrowException) as error:
            raise OutputError(f"{name} in {self.shown} cannot be read: {describe_os_error(error)}") from None


def conform_output(table: pa.Table, name: str) -> pa.Table:
    """Give rows of the output table `name` in the types that dedup writes, whatever program has written them anew.

    Text of any kind becomes what it was, and so do numbers; a user's column becomes what rows can be taken from.
    Raises OutputError, naming the column, for any other type, and for nulls where dedup writes none.
    """
    schema = _SCHEMAS[name]
    for place, found in enumerate(table.schema):
        own = schema.field(found.name) if found.name in schema.names else None
        wanted = storable_type(found.type, keeps_empty=True) if own is None else own.type
        if found.type != wanted:
            try:
                if own is not None and not _may_be(found.type, wanted):
                    raise ValueError
                column = conform(table.column(place), wanted)
            except (pa.ArrowException, ValueError):
                raise OutputError(
                    f"the column {found.name!r} of {name} is {found.type}, not {wanted}: {CHANGED}"
                ) from None
            table = table.set_column(place, found.with_type(wanted), column)
        if pa.types.is_dictionary(wanted):
            chunks = [without_null_values(chunk) for chunk in table.column(place).chunks]
            table = table.set_column(place, table.schema.field(place), pa.chunked_array(chunks, wanted))
        if own is not None and not own.nullable and table.column(place).null_count:
            raise OutputError(f"the column {found.name!r} of {name} has nulls, where dedup writes none: {CHANGED}")
    return table


def _may_be(found: pa.DataType, wanted: pa.DataType) -> bool:
    """Say whether another type may hold what dedup wrote as `wanted`: text or numbers."""
    if is_text_type(wanted):
        return is_text_type(found) or bool(pa.types.is_null(found))
    return bool(pa.types.is_integer(found) or pa.types.is_floating(found) or pa.types.is_null(found))


def check_columns(found: Sequence[str], wanted: Sequence[str], name: str) -> None:
    """Raise OutputError unless all columns are there that are wanted of the output table `name`."""
    if not set(wanted) <= set(found):
        raise OutputError(f"{name} has other columns than dedup writes: {CHANGED}")


def check_utf8(path: str | Path, what: str) -> None:
    """Raise OutputError for a path that Arrow cannot open, since it is not UTF-8."""
    try:
        str(path).encode()
    except UnicodeEncodeError:
        raise OutputError(f"{what} {str(path)!r} has a name that is not UTF-8; choose another folder") from None


def may_be_output(folder: str | Path) -> bool:
    """Say whether a path or address is more likely to be written than read: an output, or nothing at all."""
    if is_address(folder):
        filesystem, path = open_filesystem(str(folder))
        is_there, has_report = (find_type(filesystem, one) is not None for one in (path, f"{path}/{REPORT_NAME}"))
        is_empty = is_there and not filesystem.find(path)
    else:
        place = Path(folder)
        # not the methods of Path, which raise where a name is too long
        is_there, has_report = os.path.exists(place), os.path.isfile(place / REPORT_NAME)  # noqa: PTH110, PTH113
        is_empty = os.path.isdir(place) and not os.listdir(place)  # noqa: PTH112, PTH208
    return has_report or is_empty or not (is_there or set("*?[") & set(str(folder)))


def open_output(folder: str | Path) -> OutputFolder:
    """Give the output folder at a path or address; raises OutputError if dedup did not write it."""
    check_utf8(folder, "the output")
    filesystem, path = open_arrow_filesystem(folder)
    try:
        here, report = filesystem.get_file_info([path, f"{path}/{REPORT_NAME}"])
    except OSError as error:
        raise OutputError(f"{str(folder)!r} cannot be looked into: {describe_os_error(error)}") from None
    if report.type != pa.fs.FileType.File:
        is_missing = here.type == pa.fs.FileType.NotFound
        what = "there is no such folder" if is_missing else f"there is no {REPORT_NAME} in it"
        raise OutputError(f"{str(folder)!r} is not an output of dedup: {what}")
    return OutputFolder(repr(str(folder)), filesystem, path)
