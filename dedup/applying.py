"""Verdicts applied: the tables that users get, in characters and ids."""

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from dedup.arrow_views import TextView, make_texts
from dedup.evidence import Evidence
from dedup.guard import WHY_KEPT
from dedup.kernels.spans import copy_spans
from dedup.recurrence import describe_votes
from dedup.removals import Removals, list_removals, rules_of_shard
from dedup.schemas import CLEAN_DOCUMENTS, EMPTIED, OVERLAPS, REASONS, REMOVED, SPECIAL, USER_COLUMN_PREFIX
from dedup.verdicts import Verdicts


def apply_removals(evidence: Evidence, verdicts: Verdicts, shard: int, doc_ids: pa.ChunkedArray) -> dict[str, pa.Table]:
    """Give a shard's part of `documents`, `removed` and `emptied` (CLEAN_DOCUMENTS, REMOVED, EMPTIED, user's columns).

    `doc_ids` are those of all documents. A clean text is the original without the removed spans, nothing else changed.
    Shards may be asked for from several threads.
    """
    first, last = evidence.columns.shard_documents[shard : shard + 2].tolist()
    removals = list_removals(evidence, verdicts, shard)
    texts = evidence.shards.texts(shard)
    documents = evidence.shards.documents(shard)
    own_ids = doc_ids.slice(first, last - first)
    base = texts.offsets[removals.document]
    has_kept = removals.kept_document >= 0
    found = rules_of_shard(evidence, shard)
    rule = _with_nulls(removals.rule, removals.rule >= 0)
    removed = [
        _take_each(own_ids, removals.document),
        pa.array(removals.char_start),
        pa.array(removals.char_end),
        _gather(texts, base + removals.start, base + removals.end),
        pa.array(REASONS, pa.string()).take(pa.array(removals.reason)),
        pa.array([verdict.rule for verdict in found], pa.string()).take(rule),
        pc.coalesce(
            pa.array([verdict.votes for verdict in found], pa.string()).take(rule),
            _tell_votes(evidence, removals.recurrence),
        ),
        _take_each(doc_ids, removals.kept_document),
        _with_nulls(removals.kept_start, has_kept),
        _with_nulls(removals.kept_end, has_kept),
        pa.array(removals.similarity, mask=np.isnan(removals.similarity)),
    ]
    rows = np.searchsorted(removals.document, np.arange(last - first + 1))  # where those of each document begin
    n_removed = np.diff(rows)
    chars_removed = np.diff(_sums(removals.char_end - removals.char_start)[rows])
    bytes_left = np.diff(texts.offsets) - np.diff(_sums(removals.end - removals.start)[rows])
    is_emptied = (bytes_left == 0) & (n_removed > 0)
    stays = np.flatnonzero(~is_emptied)
    clean = [
        _take(own_ids, stays),
        _cut_texts(documents, texts, removals, bytes_left[stays]),
        _take(documents["source"], stays),
        pa.array(n_removed[stays]),
        pa.array(chars_removed[stays]),
        _tell_kept_as(evidence, stays + first),
    ]
    gone = np.flatnonzero(is_emptied)
    emptied = [_take(own_ids, gone), _take(documents["source"], gone), pa.array(gone + first)]
    return {
        "documents": _with_users(pa.table(clean, schema=CLEAN_DOCUMENTS), documents, stays),
        "removed": pa.table(removed, schema=REMOVED),
        "emptied": _with_users(pa.table(emptied, schema=EMPTIED), documents, gone),
    }


def list_overlaps(evidence: Evidence, verdicts: Verdicts, doc_ids: pa.ChunkedArray, first: int, last: int) -> pa.Table:
    """Give rows first:last of OVERLAPS, of verdicts.n_overlaps; `doc_ids` are those of all documents."""
    columns, overlaps, rows = evidence.columns, verdicts.overlaps, slice(first, last)
    told: list[Any] = []
    for side in (overlaps.left[rows], overlaps.right[rows]):
        told.append(_take_each(doc_ids, columns.document[side]))
        told += [pa.array(columns.char_start[side]), pa.array(columns.char_end[side])]
    told.append(pa.array(evidence.matches.similarity[overlaps.match[rows]]))
    told.append(pa.array(WHY_KEPT, pa.string()).take(pa.array(overlaps.why[rows])))
    return pa.table(told, schema=OVERLAPS)


def _tell_votes(evidence: Evidence, rows: NDArray[np.int64]) -> pa.Array:
    """Give the votes on rows of Evidence.recurring; null where negative."""
    voted = np.flatnonzero(rows >= 0)
    if evidence.recurring is None or not len(voted):
        return pa.nulls(len(rows), pa.string())
    chosen = evidence.recurring.take(rows[voted])
    counts = chosen.clusters.astype(np.int64) << 32 | chosen.among
    _, count = np.unique(counts, return_inverse=True)
    _, one, kind = np.unique(count.reshape(-1) << 16 | chosen.votes, return_index=True, return_inverse=True)
    told = pa.array([describe_votes(chosen, row) for row in one.tolist()], pa.string())
    places = np.full(len(rows), -1, dtype=np.int64)
    places[voted] = kind.reshape(-1)
    return told.take(_with_nulls(places, places >= 0))


def _tell_kept_as(evidence: Evidence, documents: NDArray[np.int64]) -> pa.Array:
    """Give what documents are in which nothing went as boilerplate; null for ordinary ones."""
    special = evidence.columns.special[documents].astype(np.int64)
    return pa.array(SPECIAL, pa.string()).take(_with_nulls(special, special > 0))


def _gather(texts: TextView, start: NDArray[np.int64], end: NDArray[np.int64]) -> pa.Array:
    """Give the texts of spans of the whole data."""
    offsets = _sums(end - start)
    data = np.empty(int(offsets[-1]), dtype=np.uint8)
    copy_spans(texts.data, start, end, data)
    return make_texts(data, offsets)


def _cut_texts(
    documents: pa.Table, texts: TextView, removals: Removals, bytes_left: NDArray[np.int64]
) -> pa.Array | pa.ChunkedArray:
    """Give the texts that keep something, without their removed spans; `bytes_left` int64[], of each of them.

    No copy is made where nothing is removed.
    """
    if len(removals.document) == 0:
        return documents["text"]
    base = texts.offsets[removals.document]
    # What stays lies between the end of one removal and the start of the next, over all documents at once.
    start = np.concatenate([texts.offsets[:1], base + removals.end])
    end = np.concatenate([base + removals.start, texts.offsets[-1:]])
    offsets = _sums(bytes_left)
    data = np.empty(int(offsets[-1]), dtype=np.uint8)
    copy_spans(texts.data, start, end, data)
    return make_texts(data, offsets)


def _with_users(table: pa.Table, documents: pa.Table, which: NDArray[np.int64]) -> pa.Table:
    """Add the columns of the documents `which` that are beside DOCUMENTS."""
    for field in documents.schema:
        if field.name.startswith(USER_COLUMN_PREFIX):
            outside = field.with_name(field.name.removeprefix(USER_COLUMN_PREFIX))
            table = table.append_column(outside, _take(documents[field.name], which))
    return table


def _take(column: pa.ChunkedArray, which: NDArray[np.int64]) -> pa.ChunkedArray:
    """Give the rows `which` (ascending) of a column; all of them without a copy."""
    return column if len(which) == len(column) else column.take(pa.array(which))


def _take_each(column: pa.ChunkedArray, which: NDArray[np.integer[Any]]) -> pa.Array:
    """Give the rows `which`, in any order, of a column of strings; null where negative.

    Goes chunk by chunk, for Arrow would join them all each time.
    """
    edges = _sums(np.array([len(chunk) for chunk in column.chunks], dtype=np.int64))
    chunk_of = np.where(which >= 0, np.searchsorted(edges, which, side="right") - 1, -1)
    asked = np.unique(chunk_of[which >= 0]).tolist()
    if len(asked) == 1:
        return column.chunk(asked[0]).take(_with_nulls(which - edges[asked[0]], which >= 0))
    places, taken, n_taken = np.empty(len(which), dtype=np.int64), [pa.array([], column.type)], 0
    for number in asked:
        rows = np.flatnonzero(chunk_of == number)
        rows_there, which_there = np.unique(which[rows], return_inverse=True)
        taken.append(column.chunk(number).take(pa.array(rows_there - edges[number])))
        places[rows] = n_taken + which_there
        n_taken += len(rows_there)
    return pa.concat_arrays(taken).take(_with_nulls(places, which >= 0))


def _sums(values: NDArray[np.int64]) -> NDArray[np.int64]:
    """Give the sums of all that comes before each value, and of all: int64[n + 1]."""
    return np.concatenate([[0], np.cumsum(values)]).astype(np.int64, copy=False)


def _with_nulls(values: NDArray[np.integer[Any]], is_valid: NDArray[np.bool_]) -> pa.Array:
    return pa.array(values, mask=~is_valid)
