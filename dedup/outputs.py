"""The tables of an output folder as they lie there, on this machine or behind an address."""

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.fs
import pyarrow.parquet as pq

from dedup.addresses import find_type, is_address, open_arrow_filesystem, open_filesystem
from dedup.errors import OutputError
from dedup.sources import describe_os_error
from dedup.uploading import REPORT_NAME


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
            return pa.concat_tables([self.open_part(part).read() for part in self.list_parts(name)])

    def read_groups(self, name: str, columns: Sequence[str] | None = None) -> Iterator[pa.Table]:
        """Give a table in pieces, row group after row group, or its empty table; raises OutputError as read does."""
        with self._telling_errors(name):
            for part in self.list_parts(name):
                with self.open_part(part) as file:
                    names = None if columns is None else [name for name in columns if name in file.schema_arrow.names]
                    for group in range(file.num_row_groups):
                        yield file.read_row_group(group, columns=names)

    def read_schema(self, name: str) -> pa.Schema:
        """Give the columns of a table; raises OutputError where they cannot be read."""
        with self._telling_errors(name):
            return self.open_part(self.list_parts(name)[0]).schema_arrow

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
