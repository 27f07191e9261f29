"""Arrow columns seen as NumPy arrays and back: slices, chunks and nulls are solved here, once."""

from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray


class TextView(NamedTuple):
    """Texts as one run of bytes: text i is data[offsets[i]:offsets[i + 1]].

    data uint8[], read-only and shared with Arrow; offsets int64[n + 1].
    """

    data: NDArray[np.uint8]
    offsets: NDArray[np.int64]


def view_texts(column: pa.ChunkedArray | pa.Array) -> TextView:
    """Give the bytes and offsets of a string column; a null counts as an empty text.

    Copies only if the column has several chunks, nulls, or is not large_string.
    """
    array = _one_array(column)
    if array.type != pa.large_string():
        array = array.cast(pa.large_string())
    if array.null_count:
        array = array.fill_null("")
    _, offsets_buffer, data_buffer = array.buffers()
    if offsets_buffer is None or len(array) == 0:
        return TextView(_read_only(np.empty(0, dtype=np.uint8)), np.zeros(1, dtype=np.int64))
    offsets = np.frombuffer(offsets_buffer, dtype=np.int64)[array.offset : array.offset + len(array) + 1]
    if data_buffer is None or data_buffer.size == 0:
        return TextView(_read_only(np.empty(0, dtype=np.uint8)), offsets)
    return TextView(_read_only(np.frombuffer(data_buffer, dtype=np.uint8)), offsets)


def make_texts(data: NDArray[np.uint8], offsets: NDArray[np.int64]) -> pa.Array:
    """Give the large_string array over bytes and offsets, without copying them."""
    return pa.LargeStringArray.from_buffers(len(offsets) - 1, pa.py_buffer(offsets), pa.py_buffer(data))


def view_numbers(column: pa.ChunkedArray | pa.Array) -> NDArray[np.int64]:
    """Give an integer or float column without nulls as a NumPy array."""
    numbers: NDArray[np.int64] = _one_array(column).to_numpy(zero_copy_only=False)
    return numbers


def freeze(array: NDArray[Any]) -> NDArray[Any]:
    """Give an array as one that is contiguous and read-only, wherever it lies, so that kernels compile once."""
    array = np.ascontiguousarray(array).view()
    array.flags.writeable = False
    return array


def _one_array(column: pa.ChunkedArray | pa.Array) -> pa.Array:
    """Give a column as one array: its only chunk, which combine_chunks would copy, or all of them put together."""
    if not isinstance(column, pa.ChunkedArray):
        return column
    if column.num_chunks == 1:
        return column.chunk(0)
    return pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], type=column.type)


def _read_only(array: NDArray[np.uint8]) -> NDArray[np.uint8]:
    array.flags.writeable = False  # as most of Arrow's are, so that kernels see one type and compile once
    return array
