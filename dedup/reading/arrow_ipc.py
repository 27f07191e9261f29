"""Arrow IPC, which Feather is as well: files and streams of record batches, read one batch at a time."""

from collections.abc import Iterator
from typing import BinaryIO, Final

import pyarrow as pa

from dedup.batches import Piece, Reject, arrow_roles, batch_arrow, no_rows
from dedup.columns import Roles, tell_names_apart
from dedup.dictionaries import decode_in_parts
from dedup.errors import ColumnError
from dedup.settings import Settings
from dedup.sources import Input, describe_os_error
from dedup.streams import open_seekable

_MAGIC: Final = b"ARROW1\0\0"
_MAGIC_OF_FEATHER_1: Final = b"FEA1"
_ERRORS: Final = (OSError, pa.ArrowException, MemoryError)
"""What is raised on a damaged file; the last where a size in it is beyond all memory."""

_AS_BYTES: Final = {
    pa.string(): pa.binary(),
    pa.large_string(): pa.large_binary(),
    pa.string_view(): pa.binary_view(),
}


def read_arrow(source: Input, settings: Settings) -> Iterator[Piece]:
    """Give the rows of an Arrow IPC file or stream; a damaged record batch costs its own rows.

    A file that is cut short is read as the stream that it begins with: up to where it breaks.
    """
    try:
        with open_seekable(source, settings.max_document_bytes) as opened:
            magic = opened.read(len(_MAGIC))
            opened.seek(0)
            if magic.startswith(_MAGIC_OF_FEATHER_1):
                yield Reject(None, "Feather of version 1, which is no longer read; write it again as version 2")
            elif not magic:
                yield Reject(None, "not readable as Arrow: empty")
            else:
                yield from _read_opened(opened, magic == _MAGIC, source, settings)
    except (*_ERRORS, UnicodeDecodeError) as error:  # the last where a column's name is damaged
        yield Reject(None, f"not readable as Arrow: {describe_os_error(error)}")


def _read_opened(opened: BinaryIO, is_file: bool, source: Input, settings: Settings) -> Iterator[Piece]:
    if is_file:
        try:
            reader = pa.ipc.open_file(opened)
        except _ERRORS:
            opened.seek(len(_MAGIC))
            yield from _read_stream(opened, is_file, source, settings)
            return
        roles = _choose_roles(reader.schema, source, settings)
        if isinstance(roles, Reject):
            yield roles
            return
        row = 0
        for position in range(reader.num_record_batches):
            try:
                columns = reader.get_batch(position)
            except _ERRORS as error:
                # nor is how many rows it has: those after it are counted on as if it had none
                yield Reject(None, f"record batch {position} cannot be read: {describe_os_error(error)}")
                continue
            yield from _batch(columns, roles, row, settings)
            row += columns.num_rows
        if not row:
            yield from batch_arrow(no_rows(reader.schema), roles, [], settings)
    else:
        yield from _read_stream(opened, is_file, source, settings)


def _read_stream(opened: BinaryIO, is_file: bool, source: Input, settings: Settings) -> Iterator[Piece]:
    reader = pa.ipc.open_stream(opened)
    roles = _choose_roles(reader.schema, source, settings)
    if isinstance(roles, Reject):
        yield roles
        return
    row = 0
    try:
        for columns in reader:
            yield from _batch(columns, roles, row, settings)
            row += columns.num_rows
    except _ERRORS as error:
        place = f" after row {row - 1}" if row else ""
        yield Reject(None, f"cannot be read{place}: {describe_os_error(error)}")
        return
    if not row:
        yield from batch_arrow(no_rows(reader.schema), roles, [], settings)
    if is_file:
        yield Reject(None, f"cut short or damaged: its end is missing; {row} rows were found")


def _choose_roles(schema: pa.Schema, source: Input, settings: Settings) -> Roles | Reject:
    try:
        roles = arrow_roles(schema, settings)
    except ColumnError as error:
        raise ColumnError(f"{source.source}: {error}") from None
    return Reject(None, roles, lacks_text_column=True) if isinstance(roles, str) else roles


def _batch(columns: pa.RecordBatch, roles: Roles, row: int, settings: Settings) -> Iterator[Piece]:
    """Give a record batch, once its insides are known to point nowhere else: in a damaged file they may."""
    try:
        for column in columns.columns:
            _without_utf8(column).validate(full=True)
    except pa.ArrowInvalid as error:
        yield Reject(None, f"rows {row} to {row + columns.num_rows - 1} cannot be read: {describe_os_error(error)}")
        return
    for part in decode_in_parts(columns, columns.schema, tell_names_apart(columns.schema.names).index(roles.text)):
        yield from batch_arrow(part, roles, range(row, row + part.num_rows), settings)
        row += part.num_rows


def _without_utf8(column: pa.Array) -> pa.Array:
    """Give text as bytes, the same memory: text that is not UTF-8 is told row by row."""
    bytes_type = _AS_BYTES.get(column.type)
    if bytes_type is not None:
        return column.view(bytes_type)
    if pa.types.is_dictionary(column.type) and column.type.value_type in _AS_BYTES:
        return pa.DictionaryArray.from_arrays(column.indices, _without_utf8(column.dictionary), safe=False)
    return column
