"""Which documents are compared with which, and which copy stays: groups and ranks of documents."""

from collections.abc import Sequence
from contextlib import suppress

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from dedup.arrow_views import view_numbers
from dedup.errors import ColumnError
from dedup.settings import Settings

_PRIME = np.uint64(0x9E3779B97F4A7C15)


def group_documents(n_documents: int, column: pa.ChunkedArray | None, settings: Settings) -> NDArray[np.uint64] | None:
    """Give a number for the group each document is in, uint64[d], or None where all are in one.

    Only paragraphs of one group are compared; `column` has the values that make the groups, if it is values that do.
    Documents without a value are a group.
    """
    if settings.within == "corpus":
        return None
    if settings.within == "document" or column is None:
        codes = np.arange(n_documents, dtype=np.uint64)
    else:
        values = column.combine_chunks()
        if pa.types.is_dictionary(values.type):
            values = values.dictionary_decode()
        codes = (
            values.dictionary_encode(null_encoding="encode").indices.to_numpy(zero_copy_only=False).astype(np.uint64)
        )
    return (codes + np.uint64(1)) * _PRIME


def rank_documents(
    n_bytes: NDArray[np.int64], column: pa.ChunkedArray | None, settings: Settings
) -> NDArray[np.int64] | None:
    """Give the documents by rank, int64[d]: of two copies the one that comes first here stays; None: reading order.

    n_bytes int64[d], how long the texts are; `column`: the values that rank, if it is values that do.
    Ties, and documents without a value in the column, are in reading order; the latter come last. Text of
    which every value is a number (in CSV all is text) ranks by number.
    Raises ColumnError if the column's values have no order.
    """
    if settings.keep == "longest":
        return np.argsort(-n_bytes, kind="stable").astype(np.int64)
    if settings.keep_column is None or column is None:
        return None
    name, end = settings.keep_column
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)  # else the order would be that of the dictionary
    column = _as_numbers(column)
    direction = "descending" if end == "highest" else "ascending"
    table = pa.table({"value": column, "position": np.arange(len(column))})
    keys = [("value", direction), ("position", "ascending")]
    try:
        order = pc.sort_indices(table, sort_keys=keys)  # nulls come last
    except (pa.ArrowNotImplementedError, pa.ArrowTypeError, pa.ArrowInvalid):
        raise ColumnError(f"keep: column {name!r} is of type {column.type}, whose values have no order") from None
    return view_numbers(order).astype(np.int64)


def _as_numbers(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Give a column of text as numbers, if it is nothing else."""
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        for target in (pa.int64(), pa.float64()):
            with suppress(pa.ArrowInvalid):
                return column.cast(target)
    return column


def check_column(name: str, names: Sequence[str], setting: str) -> str:
    """Give the name of a user's column; raises ColumnError, naming the setting and the columns that are there."""
    if name in names:
        return name
    there = f"columns: {', '.join(names)}" if names else "the documents have no columns but id and text"
    raise ColumnError(f"{setting}: no column {name!r}; {there}")
