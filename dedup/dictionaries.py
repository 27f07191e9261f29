"""Columns that hold each value once, as dictionaries: decoded a part at a time, for all of it may be far larger."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Final

import numpy as np
import pyarrow as pa

from dedup.row_sizes import Sizes, measure_chunks

PART_BYTES: Final = 8 << 20


def decode_in_parts(columns: pa.RecordBatch, schema: pa.Schema, text: int) -> Iterator[pa.RecordBatch]:
    """Give a record batch in parts of the types of the schema, of whose columns the text is at a place.

    A part ends where what was dictionaries, and is none in the schema or the text, comes to PART_BYTES when decoded.
    """
    decoded = [
        column
        for place, (column, wanted) in enumerate(zip(columns.columns, schema.types, strict=True))
        if pa.types.is_dictionary(column.type) and (place == text or not pa.types.is_dictionary(wanted))
    ]
    if not decoded:
        yield columns
        return
    n_parts_before = np.cumsum(sum(map(_measure_decoded, decoded))) // PART_BYTES
    bounds = [0, *(np.flatnonzero(np.diff(n_parts_before)) + 1).tolist(), columns.num_rows]
    for first, last in pairwise(bounds):
        part = columns.slice(first, last - first).columns
        plain = [
            column if column.type == wanted else column.cast(wanted)
            for column, wanted in zip(part, schema.types, strict=True)
        ]
        yield pa.RecordBatch.from_arrays(plain, schema=schema)


def _measure_decoded(column: pa.DictionaryArray) -> Sizes:
    """Give the bytes of each value of a column, none for null."""
    n = len(column.dictionary)
    lengths = np.append(measure_chunks([column.dictionary], n), 0)
    sizes: Sizes = lengths[column.indices.cast(pa.int64()).fill_null(n).to_numpy(zero_copy_only=False)]
    return sizes
