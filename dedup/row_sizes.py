"""How many bytes each row of a table is: what row groups and shards are cut by."""

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dedup.column_types import conform, is_text_type, storable_type

Sizes = np.ndarray[Any, np.dtype[np.int64]]


def measure_rows(table: pa.Table) -> Sizes:
    """Give the bytes of each row: long values as they are, every other as eight."""
    sizes = np.zeros(table.num_rows, np.int64)
    for column in table.columns:
        sizes += measure_chunks(column.chunks, table.num_rows)
    return sizes


def measure_chunks(chunks: list[pa.Array], n_rows: int) -> Sizes:
    """Give the bytes of each value of a column, int64[n_rows], whose chunks may be of different types."""
    sizes = np.zeros(n_rows, np.int64)
    done = 0
    for chunk in chunks:
        sizes[done : done + len(chunk)] = _measure_values(chunk)
        done += len(chunk)
    return sizes


def _measure_values(values: pa.Array) -> Sizes | int:
    types, found = pa.types, values.type
    if types.is_dictionary(found) or types.is_primitive(found):
        return 8
    if isinstance(values, pa.ExtensionArray):
        return _measure_values(values.storage)
    plain = storable_type(found, keeps_empty=True)
    if plain != found:  # views, of whose values Arrow tells no length
        try:
            return _measure_values(conform(values, plain))
        except pa.ArrowException:  # times that are out of range there: they become text
            return 8
    if is_text_type(found) or types.is_binary(found) or types.is_large_binary(found):
        lengths: Sizes = pc.fill_null(pc.binary_length(values), 0).to_numpy(zero_copy_only=False).astype(np.int64)
        return lengths
    if types.is_fixed_size_binary(found):
        return int(found.byte_width)
    if types.is_map(found):
        values = values.cast(pa.list_(pa.struct([found.key_field, found.item_field])))
    if types.is_list(found) or types.is_large_list(found) or types.is_fixed_size_list(found) or types.is_map(found):
        lengths = pc.fill_null(pc.list_value_length(values), 0).to_numpy(zero_copy_only=False)
        inner = values.flatten()
        ends = np.concatenate([[0], np.cumsum(np.broadcast_to(_measure_values(inner), len(inner)))])
        bounds = np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)])
        of_lists: Sizes = 8 + np.diff(ends[bounds])
        return of_lists
    if types.is_struct(found):
        return sum(map(_measure_values, values.flatten()), 0)
    return 8
