"""Tables: one row is one document; read a row group at a time, so that memory stays small."""

from collections.abc import Iterator
from typing import BinaryIO, Final

import pyarrow as pa
import pyarrow.parquet as pq

from dedup.batches import Piece, Reject, arrow_roles, batch_arrow, no_rows
from dedup.columns import tell_names_apart
from dedup.errors import ColumnError
from dedup.settings import Settings
from dedup.sources import Input, describe_os_error
from dedup.streams import open_seekable

_BATCH_BYTES: Final = 8 << 20
"""Aim for the size of a batch as stored. A constant, so that how much of a damaged row group
can be used does not depend on settings."""

_MOST_ROWS: Final = 1 << 17

_ERRORS: Final = (OSError, pa.ArrowException, MemoryError)
"""What is raised on a damaged file; the last where a size in it is beyond all memory."""


def read_parquet(source: Input, settings: Settings) -> Iterator[Piece]:
    """Give the rows of a Parquet file; a damaged row group costs its own rows, not the file."""
    try:
        with open_seekable(source, settings.max_document_bytes) as opened:
            yield from _read_groups(opened, source, settings)
    except (*_ERRORS, UnicodeDecodeError) as error:  # the last where a column's name is damaged
        yield Reject(None, f"not readable as Parquet: {describe_os_error(error)}")


def list_parquet_columns(source: Input, settings: Settings) -> list[str]:
    """Give the names of the user's columns in a Parquet file, none where it cannot be read or has no text column."""
    try:
        with open_seekable(source, settings.max_document_bytes) as opened, pq.ParquetFile(opened) as file:
            schema = file.schema_arrow
            roles = arrow_roles(schema, settings)
    except (*_ERRORS, UnicodeDecodeError, ColumnError):  # which reading tells
        return []
    return [] if isinstance(roles, str) else [name for name in tell_names_apart(schema.names) if roles.is_users(name)]


def _read_groups(opened: BinaryIO, source: Input, settings: Settings) -> Iterator[Piece]:
    with pq.ParquetFile(opened) as file:
        try:
            roles = arrow_roles(file.schema_arrow, settings)
        except ColumnError as error:
            raise ColumnError(f"{source.source}: {error}") from None
        if isinstance(roles, str):
            yield Reject(None, roles, lacks_text_column=True)
            return
        first_row = 0
        for group in range(file.num_row_groups):
            stored = file.metadata.row_group(group)
            n_rows = max(1, min(_MOST_ROWS, stored.num_rows * _BATCH_BYTES // max(1, stored.total_byte_size)))
            row = first_row
            try:
                for columns in file.iter_batches(batch_size=n_rows, row_groups=[group]):
                    yield from batch_arrow(columns, roles, range(row, row + columns.num_rows), settings)
                    row += columns.num_rows
            except _ERRORS as error:
                last = first_row + stored.num_rows - 1
                yield Reject(None, f"rows {row} to {last} cannot be read: {describe_os_error(error)}")
            first_row += stored.num_rows
        if not first_row:
            yield from batch_arrow(no_rows(file.schema_arrow), roles, [], settings)
