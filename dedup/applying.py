"""Verdicts applied: the tables that users get, in characters and ids."""

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from dedup.arrow_views import TextView, make_texts, view_numbers, view_texts
from dedup.columns import name_outside
from dedup.guard import WHY_KEPT
from dedup.kernels.spans import copy_spans, count_characters
from dedup.schemas import CLEAN_DOCUMENTS, EMPTIED, OVERLAPS, REASONS, REMOVED, USER_COLUMN_PREFIX
from dedup.verdicts import Overlaps, Removals


def apply_removals(documents: pa.Table, removals: Removals, rules: list[str]) -> dict[str, pa.Table]:
    """Give the tables `documents`, `removed` and `emptied` (CLEAN_DOCUMENTS, REMOVED, EMPTIED and the user's columns).

    Takes DOCUMENTS; a clean text is the original without the removed spans, nothing else changed.
    """
    texts = view_texts(documents["text"])
    n_documents = documents.num_rows
    doc_ids = documents["doc_id"].combine_chunks()
    base = texts.offsets[removals.document]
    has_kept = removals.kept_document >= 0
    kept = np.flatnonzero(has_kept)
    start, end, kept_start, kept_end = _characters(
        texts,
        (removals.document, removals.start),
        (removals.document, removals.end),
        (removals.kept_document[kept], removals.kept_start[kept]),
        (removals.kept_document[kept], removals.kept_end[kept]),
    )
    removed = [
        doc_ids.take(pa.array(removals.document)),
        pa.array(start),
        pa.array(end),
        _gather(texts, base + removals.start, base + removals.end),
        pa.array(REASONS, pa.string()).take(pa.array(removals.reason)),
        pa.array(rules, pa.string()).take(_with_nulls(removals.rule, removals.rule >= 0)),
        doc_ids.take(_with_nulls(removals.kept_document, has_kept)),
        _with_nulls(_spread(kept_start, has_kept), has_kept),
        _with_nulls(_spread(kept_end, has_kept), has_kept),
        pa.array(removals.similarity, mask=np.isnan(removals.similarity)),
    ]
    n_removed = np.bincount(removals.document, minlength=n_documents).astype(np.int64)
    chars_removed = np.zeros(n_documents, dtype=np.int64)
    np.add.at(chars_removed, removals.document, end - start)
    bytes_left = np.diff(texts.offsets)
    np.subtract.at(bytes_left, removals.document, removals.end - removals.start)
    is_emptied = (bytes_left == 0) & (n_removed > 0)
    stays = np.flatnonzero(~is_emptied)
    clean = [
        _take(documents["doc_id"], stays),
        _cut_texts(documents, texts, removals, bytes_left[stays]),
        _take(documents["source"], stays),
        pa.array(n_removed[stays]),
        pa.array(chars_removed[stays]),
    ]
    gone = np.flatnonzero(is_emptied)
    emptied = [_take(documents["doc_id"], gone), _take(documents["source"], gone), pa.array(gone)]
    names = (name for name in documents.column_names if name.startswith(USER_COLUMN_PREFIX))
    outside = name_outside([name.removeprefix(USER_COLUMN_PREFIX) for name in names])
    users = {USER_COLUMN_PREFIX + name: given for name, given in outside.items()}
    return {
        "documents": _with_users(pa.table(clean, schema=CLEAN_DOCUMENTS), documents, users, stays),
        "removed": pa.table(removed, schema=REMOVED),
        "emptied": _with_users(pa.table(emptied, schema=EMPTIED), documents, users, gone),
    }


def list_overlaps(documents: pa.Table, paragraphs: pa.Table, overlaps: Overlaps) -> pa.Table:
    """Give OVERLAPS; takes DOCUMENTS and PARAGRAPHS."""
    texts = view_texts(documents["text"])
    doc_ids = documents["doc_id"].combine_chunks()
    document, start, end = (view_numbers(paragraphs[name]) for name in ("document", "start", "end"))
    sides = (overlaps.left, overlaps.right)
    places = _characters(texts, *((document[side], edge[side]) for side in sides for edge in (start, end)))
    columns: list[Any] = []
    for side, first, last in zip(sides, places[::2], places[1::2], strict=True):
        columns += [doc_ids.take(pa.array(document[side])), pa.array(first), pa.array(last)]
    columns.append(pa.array(overlaps.similarity))
    columns.append(pa.array(WHY_KEPT, pa.string()).take(pa.array(overlaps.why)))
    return pa.table(columns, schema=OVERLAPS)


def _characters(texts: TextView, *places: tuple[NDArray[np.int64], NDArray[np.int64]]) -> list[NDArray[np.int64]]:
    """Turn lists of (document, bytes into it) into characters into it, int64[n] each; every document is read once."""
    document = np.concatenate([documents for documents, _ in places])
    position = np.concatenate([positions for _, positions in places])
    order = np.argsort(texts.offsets[document] + position, kind="stable")
    counted = np.empty(len(order), dtype=np.int64)
    count_characters(texts.data, texts.offsets[document[order]], position[order], counted)
    out = np.empty_like(counted)
    out[order] = counted
    return np.split(out, np.cumsum([len(positions) for _, positions in places])[:-1])


def _gather(texts: TextView, start: NDArray[np.int64], end: NDArray[np.int64]) -> pa.Array:
    """Give the texts of spans of the whole data."""
    offsets = np.concatenate([[0], np.cumsum(end - start)]).astype(np.int64)
    data = np.empty(int(offsets[-1]), dtype=np.uint8)
    copy_spans(texts.data, start, end, data)
    return make_texts(data, offsets)


def _cut_texts(documents: pa.Table, texts: TextView, removals: Removals, bytes_left: NDArray[np.int64]) -> pa.Array:
    """Give the texts that keep something, without their removed spans; `bytes_left` int64[], of each of them.

    No copy is made where nothing is removed.
    """
    if len(removals.document) == 0:
        return documents["text"]
    base = texts.offsets[removals.document]
    # What stays lies between the end of one removal and the start of the next, over all documents at once.
    start = np.concatenate([texts.offsets[:1], base + removals.end])
    end = np.concatenate([base + removals.start, texts.offsets[-1:]])
    offsets = np.concatenate([[0], np.cumsum(bytes_left)]).astype(np.int64)
    data = np.empty(int(offsets[-1]), dtype=np.uint8)
    copy_spans(texts.data, start, end, data)
    return make_texts(data, offsets)


def _with_users(table: pa.Table, documents: pa.Table, users: dict[str, str], which: NDArray[np.int64]) -> pa.Table:
    """Add the user's columns of the documents `which`, each as `users` calls it."""
    for name, outside in users.items():
        field = documents.schema.field(name).with_name(outside)
        table = table.append_column(field, _take(documents[name], which))
    return table


def _take(column: pa.ChunkedArray, which: NDArray[np.int64]) -> pa.ChunkedArray:
    """Give the rows `which` (ascending) of a column; all of them without a copy."""
    return column if len(which) == len(column) else column.take(pa.array(which))


def _spread(values: NDArray[np.int64], where: NDArray[np.bool_]) -> NDArray[np.int64]:
    spread = np.zeros(len(where), dtype=np.int64)
    spread[where] = values
    return spread


def _with_nulls(values: NDArray[np.int64], is_valid: NDArray[np.bool_]) -> pa.Array:
    return pa.array(values, mask=~is_valid)
