"""Which documents are compared with which, and which copy stays: groups and ranks of documents."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from dedup.arrow_views import view_numbers
from dedup.errors import ColumnError
from dedup.settings import Settings

_PRIME = np.uint64(0x9E3779B97F4A7C15)
_LARGE: Final = {pa.string(): pa.large_string(), pa.binary(): pa.large_binary()}


def group_documents(
    n_documents: int, column: Iterable[pa.Array] | None, settings: Settings
) -> NDArray[np.uint64] | None:
    """Give a number for the group each document is in, uint64[d], or None where all are in one.

    Only paragraphs of one group are compared; `column` has the values that make the groups, in chunks, if it is values
    that do. Documents without a value are a group. Raises ColumnError if they cannot be told apart.
    """
    if settings.within == "corpus":
        return None
    if settings.within == "document" or column is None:
        numbers = np.arange(n_documents, dtype=np.int32)
    else:
        numbers, _ = number_values(column, f"within: column {settings.within_column!r}")
    return (numbers + 2).astype(np.uint64) * _PRIME


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


def number_values(
    chunks: Iterable[pa.Array], where: str, change: Callable[[pa.Array], pa.Array] | None = None
) -> tuple[NDArray[np.int32], pa.Array]:
    """Give the number of each value of a column, int32[d], -1 for null, and the values in the order of their numbers.

    Values are numbered as they first come. With `change` it is what this makes of them that is numbered; it is asked
    for different values of a chunk, not for each. Goes chunk by chunk: together values may be more than Arrow joins.
    Raises ColumnError, which says `where` they are, for values that cannot be told apart: lists, objects.
    """
    numbers, found, n_found = [], [], 0
    for chunk in chunks:
        try:
            places, values = _encode(chunk)
            values = (values if change is None else change(values)).dictionary_encode()
        except (pa.ArrowNotImplementedError, pa.ArrowTypeError, pa.ArrowInvalid):
            raise ColumnError(
                f"{where} is of type {chunk.type}, whose values cannot be told apart; "
                "name one of text, numbers or dates"
            ) from None
        own = _lookup(_places(places), _places(values.indices))
        numbers.append(np.where(own < 0, -1, own + n_found))
        found.append(values.dictionary.cast(_LARGE.get(values.dictionary.type, values.dictionary.type)))
        n_found += len(found[-1])
    together = pa.chunked_array(found).dictionary_encode()
    number_of = np.concatenate([np.empty(0, np.int32), *(_places(chunk.indices) for chunk in together.chunks)])
    different = together.chunk(0).dictionary if n_found else found[0]
    return _lookup(np.concatenate(numbers), number_of), different


def _encode(chunk: pa.Array) -> tuple[pa.Array, pa.Array]:
    """Give the place of each value among the different ones, and these as they first come."""
    if pa.types.is_dictionary(chunk.type):  # which may hold values that are nowhere, in any order
        used = chunk.indices.dictionary_encode()
        return used.indices, chunk.dictionary.take(used.dictionary)
    encoded = chunk.dictionary_encode()
    return encoded.indices, encoded.dictionary


def _places(indices: pa.Array) -> NDArray[np.int32]:
    """Give indices, -1 for null."""
    places: NDArray[np.int32] = pc.fill_null(indices, -1).to_numpy(zero_copy_only=False).astype(np.int32)
    return places


def _lookup(places: NDArray[np.int32], of: NDArray[np.int32]) -> NDArray[np.int32]:
    """Give of[places], and -1 for -1."""
    return np.append(of, -1)[places]


def _as_numbers(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Give a column of text as numbers, if it is nothing else."""
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        for target in (pa.int64(), pa.float64()):
            with suppress(pa.ArrowInvalid):
                return column.cast(target)
    return column


def check_scope(names: Sequence[str], settings: Settings) -> None:
    """Raise ColumnError if `within` or `keep` ask for a column that is not among the names of the user's columns."""
    if settings.within_column:
        check_column(settings.within_column, names, "within")
    if settings.keep_column:
        check_column(settings.keep_column[0], names, "keep")


def check_scope_early(names: Sequence[str], settings: Settings) -> None:
    """Do as check_scope before reading, if that brings no columns of its own: of pages, or of what it repairs."""
    if settings.html_column is None and settings.encoding_errors != "repair":
        check_scope(names, settings)


def check_column(name: str, names: Sequence[str], setting: str) -> str:
    """Give the name of a user's column; raises ColumnError, naming the setting and the columns that are there."""
    if name in names:
        return name
    there = f"columns: {', '.join(names)}" if names else "the documents have no columns but id and text"
    raise ColumnError(f"{setting}: no column {name!r}; {there}")
