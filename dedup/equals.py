"""Which paragraphs, and which documents, are equal."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from dedup.kernels.candidates import first_equal, hash_contents, part_rows
from dedup.shards import BOILERPLATE, TAKES_PART, Columns
from dedup.storage import Storage

_BYTES_A_ROW: Final = 40
"""What a row takes while it is compared: its hash, its number and the first equal, up to four places of a table."""

_ROWS_AT_A_TIME: Final = 1 << 20


def find_equal(
    hashes: NDArray[np.uint64],
    groups: tuple[NDArray[np.uint64], NDArray[np.int32]] | None,
    flags: NDArray[np.uint8] | None,
    storage: Storage,
    memory_bytes: int,
) -> NDArray[np.int32]:
    """Give for each row the first one equal to it in its group, int32[n].

    hashes uint64[n, 2]. groups: a hash for each group of a numbering, and the number of each row, int32[n]; None: all
    rows are in one group. flags uint8[n]: for rows that have TAKES_PART set, it is the first of those that do.
    """
    n = len(hashes)
    first = storage.array("equal", n, np.int32)
    n_parts = 1
    while n_parts * memory_bytes < n * _BYTES_A_ROW and n_parts < 1 << 12:
        n_parts *= 2
    if n_parts == 1:
        if groups is not None:
            hashes = hashes ^ groups[0][groups[1]][:, None]
        first_equal(hashes, *_choose(flags), first)
        return first
    rows_column = storage.column("parted-rows", np.int32)
    hashes_column = storage.column("parted-hashes", np.uint64, 2)
    bounds = []
    for begin in range(0, n, _ROWS_AT_A_TIME):
        block = np.ascontiguousarray(hashes[begin : begin + _ROWS_AT_A_TIME])
        salts = np.empty(0, dtype=np.uint64) if groups is None else groups[0][groups[1][begin : begin + len(block)]]
        order, parted = np.empty(len(block), dtype=np.int32), np.empty_like(block)
        bounds.append(np.empty(n_parts + 1, dtype=np.int64))
        part_rows(block, salts, n_parts, bounds[-1], order, parted)
        rows_column.append(order + np.int32(begin))
        hashes_column.append(parted)
        storage.release()
    all_rows, all_hashes = rows_column.finish(), hashes_column.finish()
    for part in range(n_parts):
        pieces = [
            slice(block * _ROWS_AT_A_TIME + ends[part], block * _ROWS_AT_A_TIME + ends[part + 1])
            for block, ends in enumerate(bounds)
        ]
        rows = np.concatenate([all_rows[piece] for piece in pieces])
        found = np.empty(len(rows), dtype=np.int32)
        some_hashes = np.concatenate([all_hashes[piece] for piece in pieces])
        first_equal(some_hashes, *_choose(None if flags is None else flags[rows]), found)
        first[rows] = rows[found]
        storage.release()
    storage.drop(all_rows)
    storage.drop(all_hashes)
    return first


def find_distinct(
    columns: Columns, groups_by_document: NDArray[np.uint64] | None, storage: Storage, memory_bytes: int
) -> NDArray[np.int32]:
    """Give for each paragraph the first one equal to it in its group, int32[p].

    For those that take part in matching it is the first of those that do, which is the one that is compared with
    others for all of them. groups_by_document uint64[d]: a hash of the scope each document is in; None: one scope.
    """
    groups = None if groups_by_document is None else (groups_by_document, columns.document)
    return find_equal(columns.exact, groups, columns.flags, storage, memory_bytes)


def find_twins(columns: Columns, distinct: NDArray[np.int32]) -> NDArray[np.int64]:
    """Give for each document the first of its group with the same paragraphs in the same order, -1 if it has none.

    Boilerplate does not count; `distinct` as of find_distinct.
    """
    contents = np.empty((columns.n_documents, 2), dtype=np.uint64)
    has_content = np.empty(columns.n_documents, dtype=np.bool_)
    hash_contents(columns.first_paragraph, distinct, columns.flags, BOILERPLATE, contents, has_content)
    twins = np.empty(len(contents), dtype=np.int32)
    first_equal(contents, *_choose(None), twins)
    return np.where(has_content, twins, -1).astype(np.int64)


def _choose(flags: NDArray[np.uint8] | None) -> tuple[NDArray[np.uint8], np.uint8]:
    """Give flags, if there are any, and the one that counts."""
    return (np.empty(0, dtype=np.uint8), np.uint8(0)) if flags is None else (flags, TAKES_PART)
