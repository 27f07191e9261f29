"""Texts as they were read, put together from clean documents, removed spans and emptied documents, piece by piece."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final, NoReturn

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from dedup.errors import OutputError
from dedup.outputs import CHANGED
from dedup.row_sizes import measure_chunks
from dedup.schemas import CLEAN_DOCUMENTS

SPAN_COLUMNS: Final = ("doc_id", "start", "end", "text")
"""What of `removed` is needed to put texts together."""

_LOST_COLUMNS: Final = ("doc_id", "text", "n_removed", "chars_removed")

_MOST_EMPTIED: Final = 1 << 12  # in one piece, where pieces are to be small
_ROWS_AT_A_TIME: Final = 1 << 12  # as Python objects
_BEHIND_ALL: Final = 1 << 62
_MOST_TAKEN_BYTES: Final = 1 << 27  # of a column in one piece

Span = tuple[int, int, str]
"""Start, end and text of a removed span."""


class UnfitError(OutputError):
    """Documents and removed spans do not fit together, be it only in the order they are in."""


class HeldSpans:
    """The removed spans of documents that are asked for in any order: all of them are in memory."""

    def __init__(self, removed: Iterable[pa.Table]) -> None:
        """Read all spans."""
        self._spans: dict[str, list[Span]] = {}
        for doc_id, span in _list_spans(removed):
            self._spans.setdefault(doc_id, []).append(span)

    def take(self, doc_id: str) -> list[Span]:
        """Give the spans of a document, once."""
        return sorted(self._spans.pop(doc_id, []))

    def finish(self) -> None:
        """Raise UnfitError if there are spans that no document asked for."""
        if self._spans:
            _refuse_stranger(next(iter(self._spans)))


class PassingSpans:
    """The removed spans of documents that are asked for in the order in which they come."""

    def __init__(self, removed: Iterable[pa.Table]) -> None:
        """Read the first span."""
        self._rows = _list_spans(removed)
        self._next = next(self._rows, None)

    def take(self, doc_id: str) -> list[Span]:
        """Give the spans of a document, if they are next."""
        spans = []
        while self._next is not None and self._next[0] == doc_id:
            spans.append(self._next[1])
            self._next = next(self._rows, None)
        return sorted(spans)

    def finish(self) -> None:
        """Raise UnfitError if there are spans that no document asked for."""
        if self._next is not None:
            _refuse_stranger(self._next[0])


Spans = HeldSpans | PassingSpans


class Rows:
    """The rows of a table that comes in pieces, at least one."""

    def __init__(self, pieces: Iterable[pa.Table]) -> None:
        """Read the first piece."""
        self._pieces = iter(pieces)
        self._piece = next(self._pieces)

    def take(self, n_rows: int) -> pa.Table:
        """Give the next rows, of which there must be so many."""
        taken = [self._piece.slice(0, n_rows)]
        while n_rows > len(self._piece):
            n_rows -= len(self._piece)
            self._piece = next(self._pieces)
            taken.append(self._piece.slice(0, n_rows))
        self._piece = self._piece.slice(n_rows)
        return pa.concat_tables(taken)


def check_places(places: NDArray[np.int64], n_all: int) -> None:
    """Raise OutputError unless the places of emptied documents are such among so many documents."""
    if len(places) and (places.min() < 0 or places.max() >= n_all or len(np.unique(places)) < len(places)):
        raise OutputError(f"emptied holds positions that cannot be: {CHANGED}")


def restore_pieces(
    documents: Iterable[pa.Table],
    emptied: Rows,
    places: NDArray[np.int64],
    n_clean: int,
    spans: Spans,
    most_chars: int | None = None,
) -> Iterator[pa.Table]:
    """Give doc_id, source, text and the user's columns of all documents as they were read, in reading order.

    `documents`, `n_clean` rows, come in at least one piece; `places` int64[], ascending, are those of the emptied
    documents. Gives at least one table; with `most_chars` of about so many characters each.
    Raises UnfitError if the tables do not fit together.
    """
    n_all = n_clean + len(places)
    stays = np.ones(n_all, bool)
    stays[places] = False
    clean_places = np.flatnonzero(stays)
    clean = gone = 0  # how many of both are done
    for piece in documents:
        last = clean + len(piece)
        behind = int(clean_places[last - 1]) + 1 if last else 0
        end = n_all if last == n_clean else behind
        first = clean
        while True:
            n_gone = int(np.searchsorted(places, end)) - gone
            till = end
            if most_chars is not None and n_gone > _MOST_EMPTIED:
                n_gone = _MOST_EMPTIED
                till = int(places[gone + n_gone - 1]) + 1
            n_rows = int(np.searchsorted(clean_places, till)) - clean
            yield from _restore_block(
                _Block(
                    piece.slice(clean - first, n_rows),
                    emptied.take(n_gone),
                    clean_places[clean : clean + n_rows],
                    places[gone : gone + n_gone],
                ),
                spans,
                most_chars,
            )
            clean += n_rows
            gone += n_gone
            if till == end:
                break
    spans.finish()


@dataclass(frozen=True, slots=True)
class _Block:
    """Clean and emptied documents that follow each other, with their places in reading order, ascending."""

    documents: pa.Table
    emptied: pa.Table
    clean_places: NDArray[np.int64]
    places: NDArray[np.int64]

    def cut(self, first: int, end: int) -> "_Block":
        """Give those from one place to before another."""
        a, b = np.searchsorted(self.clean_places, [first, end]).tolist()
        c, d = np.searchsorted(self.places, [first, end]).tolist()
        return _Block(
            self.documents.slice(a, b - a), self.emptied.slice(c, d - c), self.clean_places[a:b], self.places[c:d]
        )


def _restore_block(block: _Block, spans: Spans, most_chars: int | None) -> Iterator[pa.Table]:
    """Give the documents of a block as they were read, in tables of about `most_chars` restored characters."""
    changed = np.flatnonzero(block.documents["n_removed"].to_numpy())
    lost = pa.table([take_rows(block.documents[name], changed) for name in _LOST_COLUMNS], _LOST_COLUMNS).to_pylist()
    gone = block.emptied["doc_id"].to_pylist()
    changed_places = block.clean_places[changed]
    order = np.argsort(np.concatenate([changed_places, block.places]), kind="stable")
    first = int(min([*block.clean_places[:1], *block.places[:1]], default=0))
    texts: list[str] = []  # of changed documents, and of emptied ones
    emptied_texts: list[str] = []
    n_chars = 0
    for number in order.tolist():
        if number < len(lost):
            texts.append(_restore_text(lost[number], spans))
            place, n_more = int(changed_places[number]), len(texts[-1])
        else:
            doc_id = gone[number - len(lost)]
            emptied_texts.append(_fill_gaps(doc_id, "", spans.take(doc_id)))
            place, n_more = int(block.places[number - len(lost)]), len(emptied_texts[-1])
        n_chars += n_more
        if most_chars is not None and n_chars >= most_chars:
            yield _assemble(block.cut(first, place + 1), texts, emptied_texts)
            texts, emptied_texts, n_chars, first = [], [], 0, place + 1
    yield _assemble(block.cut(first, _BEHIND_ALL), texts, emptied_texts)


def _assemble(block: _Block, texts: list[str], emptied_texts: list[str]) -> pa.Table:
    """Put documents in reading order; `texts` are those of the changed ones."""
    documents, emptied = block.documents, block.emptied
    changed = np.flatnonzero(documents["n_removed"].to_numpy())
    n_clean, n_emptied = len(documents), len(emptied)
    pick = np.arange(n_clean + n_emptied)  # which text is whose: restored ones stand behind the clean ones
    pick[changed] = n_clean + np.arange(len(changed))
    pick[n_clean:] = n_clean + len(changed) + np.arange(n_emptied)
    order = np.argsort(np.concatenate([block.clean_places, block.places]), kind="stable")
    restored = pa.array(texts + emptied_texts, pa.large_string())
    columns = {
        "doc_id": take_rows(_join(documents, emptied, "doc_id"), order),
        "source": take_rows(_join(documents, emptied, "source"), order),
        "text": take_rows(pa.chunked_array([*documents["text"].chunks, restored], pa.large_string()), pick[order]),
    }
    for name in documents.schema.names[len(CLEAN_DOCUMENTS) :]:
        columns[name] = take_rows(_join(documents, emptied, name), order)
    return pa.table(columns)


def _join(documents: pa.Table, emptied: pa.Table, name: str) -> pa.ChunkedArray:
    """Give a column of both; another program may have written one of them in a type of its own."""
    clean, gone = documents[name], emptied[name]
    if gone.type != clean.type:
        try:
            gone = gone.cast(clean.type)
        except pa.ArrowException:
            raise OutputError(
                f"the column {name!r} is {clean.type} in documents and {gone.type} in emptied: {CHANGED}"
            ) from None
    return pa.chunked_array([*clean.chunks, *gone.chunks], clean.type)


def take_rows(column: pa.ChunkedArray, order: NDArray[np.int64]) -> pa.ChunkedArray:
    """Take the values in that order, which for most outputs is the one they are in."""
    if len(order) == len(column) and bool((order == np.arange(len(order))).all()):
        return column
    if pa.types.is_dictionary(column.type):
        column = column.unify_dictionaries()
    if column.nbytes <= _MOST_TAKEN_BYTES:
        return pc.take(column, pa.array(order))
    # Arrow would join all chunks first, and counts in 32 bits what they hold
    ends = np.cumsum(measure_chunks(column.chunks, len(column))[order])
    edges = np.cumsum([0, *map(len, column.chunks)])
    taken: list[pa.Array] = []
    first = before = 0
    while first < len(order):
        past = max(first + 1, int(np.searchsorted(ends, before + _MOST_TAKEN_BYTES, side="right")))
        taken.append(_take_from(column, edges, order[first:past]))
        first, before = past, int(ends[past - 1])
    return pa.chunked_array(taken, column.type)


def _take_from(column: pa.ChunkedArray, edges: NDArray[np.int64], rows: NDArray[np.int64]) -> pa.Array:
    """Take rows chunk by chunk; edges int64[chunks + 1]."""
    chunk_of = np.searchsorted(edges, rows, side="right") - 1
    by_chunk = np.argsort(chunk_of, kind="stable")
    asked, first = np.unique(chunk_of[by_chunk], return_index=True)
    taken = [
        column.chunk(chunk).take(pa.array(rows[here] - edges[chunk]))
        for chunk, here in zip(asked.tolist(), np.split(by_chunk, first[1:]), strict=True)
    ]
    places = np.empty(len(rows), np.int64)
    places[by_chunk] = np.arange(len(rows))
    return taken[0] if len(taken) == 1 else pa.concat_arrays(taken).take(pa.array(places))


def _restore_text(row: dict[str, Any], spans: Spans) -> str:
    """Give the original text of a document that lost some of it."""
    doc_id, text, n_removed, chars_removed = (row[name] for name in _LOST_COLUMNS)
    own = spans.take(doc_id)
    original = _fill_gaps(doc_id, text, own)
    if len(own) != n_removed or len(original) - len(text) != chars_removed:
        raise UnfitError(
            f"{doc_id!r} lost {n_removed} spans of {chars_removed} characters, but removed holds "
            f"{len(own)} of {len(original) - len(text)}: {CHANGED}"
        )
    return original


def _fill_gaps(doc_id: str, clean: str, spans: list[Span]) -> str:
    """Put removed spans back where they stood."""
    pieces: list[str] = []
    kept = last_end = 0  # how far the clean text and the original are told
    for start, end, text in spans:
        gap = start - last_end
        if gap < 0 or end - start != len(text) or kept + gap > len(clean):
            raise UnfitError(f"the removed span {start}-{end} does not fit into {doc_id!r}: {CHANGED}")
        pieces += (clean[kept : kept + gap], text)
        kept += gap
        last_end = end
    pieces.append(clean[kept:])
    return "".join(pieces)


def _list_spans(removed: Iterable[pa.Table]) -> Iterator[tuple[str, Span]]:
    for table in removed:
        for start in range(0, len(table), _ROWS_AT_A_TIME):
            columns = [table[name].slice(start, _ROWS_AT_A_TIME).to_pylist() for name in SPAN_COLUMNS]
            for doc_id, *span in zip(*columns, strict=True):
                yield doc_id, tuple(span)


def _refuse_stranger(doc_id: str) -> NoReturn:
    raise UnfitError(f"removed spans of {doc_id!r}, which is no document with removals: {CHANGED}")
