"""Tables: one row is one document; read a row group at a time, so that memory stays small."""

from collections.abc import Iterator
from typing import BinaryIO, Final

import pyarrow as pa
import pyarrow.parquet as pq

from dedup.batches import Piece, Reject, arrow_roles, batch_arrow, no_rows
from dedup.columns import tell_names_apart
from dedup.dictionaries import decode_in_parts
from dedup.errors import ColumnError
from dedup.settings import Settings
from dedup.sources import Input, describe_os_error
from dedup.streams import open_seekable

_BATCH_BYTES: Final = 8 << 20
"""Aim for the size of a batch as stored. A constant, so that how much of a damaged row group
can be used does not depend on settings."""

_MOST_ROWS: Final = 1 << 17

_MOST_DECODED_BYTES: Final = 16 * _BATCH_BYTES
"""What a batch may be at most, if each of its rows were all that is stored of a column."""

_PLAIN: Final = (pa.string(), pa.large_string(), pa.binary(), pa.large_binary())

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
        schema = file.schema_arrow
        try:
            roles = arrow_roles(schema, settings)
        except ColumnError as error:
            raise ColumnError(f"{source.source}: {error}") from None
        if isinstance(roles, str):
            yield Reject(None, roles, lacks_text_column=True)
            return
        text = tell_names_apart(schema.names).index(roles.text)
        first_row = 0
        for group in range(file.num_row_groups):
            stored = file.metadata.row_group(group)
            n_rows = max(1, min(_MOST_ROWS, stored.num_rows * _BATCH_BYTES // max(1, stored.total_byte_size)))
            row = first_row
            try:
                repeated = _find_repeated(stored, schema, n_rows)
                reader = pq.ParquetFile(opened, read_dictionary=repeated, metadata=file.metadata) if repeated else file
                for columns in reader.iter_batches(batch_size=n_rows, row_groups=[group]):
                    for part in decode_in_parts(columns, schema, text):
                        yield from batch_arrow(part, roles, range(row, row + part.num_rows), settings)
                        row += part.num_rows
            except _ERRORS as error:
                last = first_row + stored.num_rows - 1
                yield Reject(None, f"rows {row} to {last} cannot be read: {describe_os_error(error)}")
            first_row += stored.num_rows
        if not first_row:
            yield from batch_arrow(no_rows(file.schema_arrow), roles, [], settings)


def _find_repeated(stored: pq.RowGroupMetaData, schema: pa.Schema, n_rows: int) -> list[str]:
    """Name the columns of a row group of which little but a dictionary is stored, and n_rows may be far more."""
    found = []
    for chunk in map(stored.column, range(stored.num_columns)):
        place = schema.get_field_index(chunk.path_in_schema)
        if place < 0 or not chunk.has_dictionary_page or schema.field(place).type not in _PLAIN:
            continue
        dictionary_bytes = chunk.data_page_offset - chunk.dictionary_page_offset
        is_little = 2 * dictionary_bytes < chunk.total_compressed_size  # the rest are values in a row, or many numbers
        if not is_little and n_rows * chunk.total_uncompressed_size > _MOST_DECODED_BYTES:
            found.append(chunk.path_in_schema)
    return found
