"""The corpus: all documents in reading order with unique ids, and what could not be read."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import PurePath
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dedup.batches import Batch, Piece, RecordBatcher, Reject, arrow_roles, batch_arrow
from dedup.columns import check_depth, check_storable, check_user_column, conform, join_types, storable_type
from dedup.errors import ColumnError, InputError
from dedup.extraction.stage import extract_pieces
from dedup.schemas import DOCUMENTS, REJECTED, USER_COLUMN_PREFIX, empty_table
from dedup.settings import Settings

LIBRARY_SOURCE: Final = "documents"
"""What the source column says of documents that were handed over in Python."""

_ITEMS_AT_A_TIME: Final = 4_096
_CHUNK_BYTES: Final = 8 << 20  # smaller chunks are joined: per-chunk costs vanish, and a join copies little
_ACCEPTED: Final = (
    "a list of strings, a list of dicts, a pyarrow Table or RecordBatchReader, "
    "or anything with the Arrow PyCapsule interface (polars, pandas, DuckDB)"
)


@dataclass(frozen=True, slots=True)
class Corpus:
    """All that was read, in reading order."""

    documents: pa.Table  # DOCUMENTS, then the user's columns
    rejected: pa.Table  # REJECTED
    skipped: list[str]  # sources of unknown kind
    n_sources: int
    n_renamed_ids: int
    n_replaced_chars: int = 0  # that could not be decoded
    n_repaired: int = 0  # documents they are in


def from_python(documents: Any, settings: Settings) -> Corpus:
    """Give the corpus of documents handed over in Python; Arrow data passes without Python objects.

    An item that is not a document is a row in `rejected`. Raises InputError for
    an argument of the wrong kind, ColumnError where the text column is missing.
    """
    builder = CorpusBuilder()
    pieces = _from_arrow(documents, settings)
    if pieces is None:
        pieces = _from_items(documents, settings)
    for _, piece in extract_pieces(((None, piece) for piece in pieces), settings):
        if isinstance(piece, Reject) and piece.lacks_text_column:
            raise ColumnError(f"{LIBRARY_SOURCE}: {piece.reason}")
        builder.add(LIBRARY_SOURCE, "", piece)
    builder.check_id_column(settings)
    return builder.corpus(n_sources=1, skipped=[])


@dataclass(slots=True)
class CorpusBuilder:
    """Collects batches in reading order; the corpus does not depend on where they were cut."""

    _text_columns: set[str] = field(default_factory=set)
    _has_ids: bool = False
    _text: list[pa.Array] = field(default_factory=list)
    _ids: list[pa.Array] = field(default_factory=list)
    _sources: list[pa.Array] = field(default_factory=list)
    _rows: list[pa.Array] = field(default_factory=list)
    _columns: dict[str, list[pa.Array]] = field(default_factory=dict)
    _types: dict[str, pa.DataType] = field(default_factory=dict)
    _metadata: dict[str, list[pa.Array]] = field(default_factory=dict)
    _first_sources: dict[str, str] = field(default_factory=dict)
    _rejects: list[tuple[str, int | None, str, str]] = field(default_factory=list)
    _n_replaced_chars: int = 0
    _n_repaired: int = 0

    def add(self, source: str, id_prefix: str, piece: Batch | Reject) -> None:
        """Take the next piece of `source`; a document without an id is called `id_prefix` and its row.

        Raises ColumnError for a user's column that has one of our names, or a
        type that goes together with no earlier one.
        """
        if isinstance(piece, Reject):
            self._rejects.append((source, piece.row, piece.stage, piece.reason))
            return
        if piece.n_replaced is not None:
            self._n_replaced_chars += pc.sum(piece.n_replaced).as_py() or 0
            self._n_repaired += pc.sum(pc.greater(piece.n_replaced, 0)).as_py() or 0
        self._add_columns(source, piece)
        self._add_metadata(piece)
        ids = piece.ids
        if ids is None or ids.null_count:
            made = piece.rows.cast(pa.string())
            if id_prefix:
                made = pc.binary_join_element_wise(pa.scalar(id_prefix), made, "")
            ids = made if ids is None else pc.coalesce(ids, made)
        self._text.append(piece.text)
        self._ids.append(ids)
        self._rows.append(piece.rows)
        self._sources.append(pa.repeat(pa.scalar(source), len(piece.rows)))
        if piece.text_column is not None:
            self._text_columns.add(piece.text_column)
            self._has_ids = self._has_ids or piece.ids is not None

    def check_id_column(self, settings: Settings) -> None:
        """Raise ColumnError if sources have columns, and none the id column that the settings name."""
        if settings.id_column and self._text_columns and not self._has_ids:
            there = ", ".join(map(repr, [*sorted(self._text_columns), *self._columns]))
            raise ColumnError(f"no id column {settings.id_column!r}; columns here: {there}")

    def corpus(self, n_sources: int, skipped: list[str]) -> Corpus:
        """Give all that was added, once."""
        text = pa.chunked_array(_joined(self._text), pa.large_string())
        sources = pa.chunked_array(_joined(self._sources), pa.string())
        rows = pa.chunked_array(_joined(self._rows), pa.int64())
        ids, n_renamed = _tell_apart(pa.chunked_array(_joined(self._ids), pa.string()), sources, rows)
        columns = [ids, text, sources, rows]
        schema = DOCUMENTS
        for name in [*self._types, *(name for name in self._metadata if name not in self._types)]:
            column = self._column(name)
            schema = schema.append(pa.field(USER_COLUMN_PREFIX + name, column.type))
            columns.append(column)
        # a source that breaks off is told after its rows
        self._rejects.sort(key=lambda reject: (reject[0], reject[1] is None, reject[1] or 0))
        rejected = empty_table(REJECTED)
        if self._rejects:
            arrays = [
                pa.array(column, field.type)
                for column, field in zip(zip(*self._rejects, strict=True), REJECTED, strict=True)
            ]
            rejected = pa.table(arrays, schema=REJECTED)
        return Corpus(
            pa.table(columns, schema=schema),
            rejected,
            skipped,
            n_sources,
            n_renamed,
            self._n_replaced_chars,
            self._n_repaired,
        )

    def _add_columns(self, source: str, batch: Batch) -> None:
        users = dict(batch.columns)
        for name, array in (("encoding", batch.encodings), ("n_replaced", batch.n_replaced)):
            if array is not None:
                users.setdefault(name, array)
        for name, array in users.items():
            check_depth(name, array.type, source)
            found = storable_type(array.type)
            if name not in self._columns:
                check_user_column(name, source)
                self._columns[name] = [pa.nulls(len(rows)) for rows in self._rows]
                self._types[name] = pa.null()
                self._first_sources[name] = source
            joined = join_types(self._types[name], found)
            if joined is None:
                raise ColumnError(
                    f"column {name!r} is {self._types[name]} in {self._first_sources[name]} and {found} in {source}; "
                    "a column that rides along needs one type: make it one, or leave it out of the input"
                )
            if not pa.types.is_null(found) and pa.types.is_null(self._types[name]):
                self._first_sources[name] = source
            if joined != self._types[name]:
                check_storable(name, joined, source)
                self._types[name] = joined
            self._columns[name].append(array)
        for name, arrays in self._columns.items():
            if name not in users:
                arrays.append(pa.nulls(len(batch.rows)))

    def _add_metadata(self, batch: Batch) -> None:
        for name in batch.metadata:
            if name not in self._metadata:
                self._metadata[name] = [pa.nulls(len(rows), pa.string()) for rows in self._rows]
        for name, arrays in self._metadata.items():
            arrays.append(batch.metadata.get(name, pa.nulls(len(batch.rows), pa.string())))

    def _column(self, name: str) -> pa.ChunkedArray:
        """Give the user's column of a name, its gaps filled with what pages say of themselves, or that alone."""
        found = self._types.get(name, pa.null())
        said = pa.chunked_array(_joined(self._metadata.pop(name, [])), pa.string())
        users = None if pa.types.is_null(found) and len(said) else self._user_column(name, found)
        if users is None:
            return said
        if len(said) and (pa.types.is_string(found) or pa.types.is_large_string(found)):
            return pc.coalesce(users, said.cast(found))
        return users

    def _user_column(self, name: str, target: pa.DataType) -> pa.ChunkedArray:
        where = self._first_sources[name]
        chunks = [
            pa.nulls(len(array), target) if pa.types.is_null(array.type) else conform(array, target, name, where)
            for array in self._columns.pop(name)
        ]
        if pa.types.is_dictionary(target):
            return pa.chunked_array(chunks, target)  # each chunk keeps its own dictionary
        return pa.chunked_array(_joined(chunks), target)


def _from_arrow(documents: Any, settings: Settings) -> Iterator[Piece] | None:
    """Give batches of an Arrow object or one that exports Arrow; None where it is neither."""
    if isinstance(documents, pa.Array | pa.ChunkedArray):
        return _from_texts(pa.chunked_array(documents) if isinstance(documents, pa.Array) else documents)
    if isinstance(documents, pa.RecordBatch):
        documents = pa.Table.from_batches([documents])
    if isinstance(documents, pa.Table):
        documents = documents.to_reader()
    if isinstance(documents, pa.RecordBatchReader):
        return _from_reader(documents, settings)
    if not hasattr(documents, "__arrow_c_stream__"):
        return None
    try:
        return _from_reader(pa.RecordBatchReader.from_stream(documents), settings)
    except pa.ArrowInvalid:  # a series: a stream of one column without a name
        return _from_texts(pa.chunked_array(documents))


def _from_reader(reader: pa.RecordBatchReader, settings: Settings) -> Iterator[Piece]:
    roles = arrow_roles(reader.schema, settings)
    if isinstance(roles, str):
        yield Reject(None, roles, lacks_text_column=True)
        return
    first_row = 0
    for columns in reader:
        yield from batch_arrow(columns, roles, first_row)
        first_row += columns.num_rows


def _from_texts(texts: pa.ChunkedArray) -> Iterator[Piece]:
    table = pa.table({"text": texts})
    return _from_reader(table.to_reader(), Settings())


def _from_items(documents: Any, settings: Settings) -> Iterator[Piece]:
    """Give batches of an iterable whose first usable item says what all are: strings or dicts."""
    is_one = isinstance(documents, str | bytes | bytearray | Mapping | PurePath)
    if is_one or isinstance(documents, set | frozenset) or not isinstance(documents, Iterable):
        ways = {
            "str": "; for one text give [text], for a file or folder use clean_files",
            "dict": "; for one document give [document]",
            "set": ": it has no order",
        }
        kind = type(documents).__name__
        raise InputError(f"{kind} is not a collection of documents{ways.get(kind, '')}; accepted: {_ACCEPTED}")
    return _batch_items(iter(documents), settings)


def _batch_items(items: Iterator[Any], settings: Settings) -> Iterator[Piece]:
    kinds: dict[str, type] = {"a string": str, "a dict": Mapping}
    records = RecordBatcher(settings, LIBRARY_SOURCE)
    first_row = 0
    while block := list(islice(items, _ITEMS_AT_A_TIME)):
        if len(kinds) > 1:
            first = next((word for item in block for word, kind in kinds.items() if isinstance(item, kind)), None)
            kinds = {first: kinds[first]} if first else kinds
        wanted = tuple(kinds.values())
        rows: list[int] = []
        good: list[Any] = []
        for row, item in enumerate(block, first_row):
            if isinstance(item, wanted):
                rows.append(row)
                good.append(item)
            else:
                words = " or ".join(kinds)
                yield Reject(row, f"a document here must be {words}, this item is of type {type(item).__name__}")
        first_row += len(block)
        if "a string" in kinds:
            strings = RecordBatcher(Settings(text_column="text"), LIBRARY_SOURCE)
            good = [{"text": text} for text in good]
            yield from chain(strings.add(rows, good, [0] * len(rows)), strings.finish())
        else:
            yield from records.add(rows, [dict(record) for record in good], [0] * len(rows))
    yield from records.finish()


def _tell_apart(ids: pa.ChunkedArray, sources: pa.ChunkedArray, rows: pa.ChunkedArray) -> tuple[pa.ChunkedArray, int]:
    """Make ids unique, and count the changes: the first of equal ones stays, a later one becomes `id@source:row`."""
    encoded = ids.dictionary_encode()
    codes = [chunk.indices.to_numpy(zero_copy_only=False) for chunk in encoded.chunks]
    code = np.concatenate(codes) if codes else np.zeros(0, np.int32)
    # codes are given in order of first appearance: one that is not a new highest was there before
    highest_before = np.concatenate([np.array([-1], np.int64), np.maximum.accumulate(code)[:-1]])[: len(code)]
    repeated = np.flatnonzero(code <= highest_before)
    if not len(repeated):
        return ids, 0
    positions = pa.array(repeated)
    old = ids.take(positions).to_pylist()
    marks = zip(sources.take(positions).to_pylist(), rows.take(positions).to_pylist(), strict=True)
    new = [f"{doc_id}@{source}:{row}" for doc_id, (source, row) in zip(old, marks, strict=True)]
    new = _without_clashes(new, ids)
    mask = np.zeros(len(code), bool)
    mask[repeated] = True
    return pc.replace_with_mask(ids, pa.array(mask), pa.array(new, pa.string())), len(new)


def _without_clashes(new: list[str], ids: pa.ChunkedArray) -> list[str]:
    """Lengthen new ids that are the id of something else by '+' until none is."""
    taken = set(pc.filter(ids, pc.is_in(ids, pa.array(new, pa.string()))).to_pylist())
    clear = []
    for doc_id in new:
        unique = doc_id
        while unique in taken:
            unique += "+"
        # a lengthened id may itself be somebody's: rare enough to look at them all
        if unique != doc_id:
            while unique in taken or pc.index(ids, pa.scalar(unique)).as_py() >= 0:
                unique += "+"
        taken.add(unique)
        clear.append(unique)
    return clear


def _joined(chunks: list[pa.Array]) -> list[pa.Array]:
    """Join neighbouring small chunks, so that ten thousand small files are not ten thousand chunks.

    Empties the list on the way: the text is then never in memory twice.
    """
    joined: list[pa.Array] = []
    run: list[pa.Array] = []
    run_bytes = 0
    chunks.reverse()
    while chunks:
        chunk = chunks.pop()
        size = chunk.nbytes
        if run and run_bytes + size > _CHUNK_BYTES:
            joined.append(pa.concat_arrays(run) if len(run) > 1 else run[0])
            run, run_bytes = [], 0
        run.append(chunk)
        run_bytes += size
    if run:
        joined.append(pa.concat_arrays(run) if len(run) > 1 else run[0])
    return joined
