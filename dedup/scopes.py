"""Which documents are compared with which, and which copy stays: groups, twins and ranks of documents."""

from contextlib import suppress

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from dedup.arrow_views import view_numbers, view_texts
from dedup.errors import ColumnError
from dedup.matching import find_equal
from dedup.schemas import USER_COLUMN_PREFIX
from dedup.settings import Settings

_PRIME = np.uint64(0x9E3779B97F4A7C15)


def group_documents(documents: pa.Table, settings: Settings) -> NDArray[np.uint64] | None:
    """Give a number for the group each document is in, uint64[d], or None where all are in one.

    Only paragraphs of one group are compared. Documents without a value in the column are a group.
    Raises ColumnError if the column is not there.
    """
    if settings.within == "corpus":
        return None
    if settings.within == "document":
        codes = np.arange(documents.num_rows, dtype=np.uint64)
    else:
        column = user_column(documents, settings.within_column or "", "within")
        values = column.combine_chunks()
        if pa.types.is_dictionary(values.type):
            values = values.dictionary_decode()
        codes = (
            values.dictionary_encode(null_encoding="encode").indices.to_numpy(zero_copy_only=False).astype(np.uint64)
        )
    return (codes + np.uint64(1)) * _PRIME


def rank_documents(documents: pa.Table, settings: Settings) -> NDArray[np.int64]:
    """Give the documents by rank, int64[d]: of two copies the one that comes first here stays.

    Ties, and documents without a value in the column, are in reading order; the latter come last. Text of
    which every value is a number (in CSV all is text) ranks by number.
    Raises ColumnError if the column is not there or its values have no order.
    """
    n = documents.num_rows
    if settings.keep == "longest":
        lengths = np.diff(view_texts(documents["text"]).offsets)
        return np.argsort(-lengths, kind="stable").astype(np.int64)
    if settings.keep_column is None:
        return np.arange(n, dtype=np.int64)
    name, end = settings.keep_column
    column = user_column(documents, name, "keep")
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)  # else the order would be that of the dictionary
    column = _as_numbers(column)
    direction = "descending" if end == "highest" else "ascending"
    table = pa.table({"value": column, "position": np.arange(n)})
    keys = [("value", direction), ("position", "ascending")]
    try:
        order = pc.sort_indices(table, sort_keys=keys)  # nulls come last
    except (pa.ArrowNotImplementedError, pa.ArrowTypeError, pa.ArrowInvalid):
        raise ColumnError(f"keep: column {name!r} is of type {column.type}, whose values have no order") from None
    return view_numbers(order).astype(np.int64)


def find_twins(
    exact: NDArray[np.uint64], counts: NDArray[np.bool_], document: NDArray[np.int64], groups: NDArray[np.uint64] | None
) -> NDArray[np.int64]:
    """Give for each document the first one with the same paragraphs in the same order, int64[d], -1 if it has none.

    exact uint64[p, 2], the paragraphs' hashes; counts bool[p], which of them count (not boilerplate); document
    int64[p], ascending; groups uint64[d], or None.
    """
    n_documents = int(document[-1]) + 1 if len(document) else 0
    chosen = np.flatnonzero(counts)
    place = np.arange(len(chosen)) - np.searchsorted(document[chosen], document[chosen])
    salt = (place.astype(np.uint64) * np.uint64(2) + np.uint64(1)) * _PRIME
    # A sum of products with odd numbers by place: order matters, and it is one pass over all documents.
    hashes = np.zeros((n_documents, 2), dtype=np.uint64)
    for half in (0, 1):
        mixed = (exact[chosen, half] ^ (exact[chosen, half] >> np.uint64(31))) * salt
        np.add.at(hashes[:, half], document[chosen], mixed ^ (mixed >> np.uint64(29)))
    has_content = np.bincount(document[chosen], minlength=n_documents) > 0
    twins = find_equal(hashes, None if groups is None else groups[:n_documents])
    return np.where(has_content, twins, -1)


def _as_numbers(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Give a column of text as numbers, if it is nothing else."""
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        for target in (pa.int64(), pa.float64()):
            with suppress(pa.ArrowInvalid):
                return column.cast(target)
    return column


def user_column(documents: pa.Table, name: str, setting: str) -> pa.ChunkedArray:
    """Give a user's column; raises ColumnError, naming the setting and the columns that are there."""
    if USER_COLUMN_PREFIX + name in documents.column_names:
        return documents[USER_COLUMN_PREFIX + name]
    known = [c.removeprefix(USER_COLUMN_PREFIX) for c in documents.column_names if c.startswith(USER_COLUMN_PREFIX)]
    there = f"columns: {', '.join(known)}" if known else "the documents have no columns but id and text"
    raise ColumnError(f"{setting}: no column {name!r}; {there}")
