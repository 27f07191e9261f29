"""The corpus: all documents in reading order with unique ids, and what could not be read."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import PurePath
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dedup.batches import Batch, Piece, RecordBatcher, Reject, arrow_roles, batch_arrow
from dedup.column_types import is_text_type
from dedup.columns import name_outside
from dedup.errors import ColumnError, InputError
from dedup.extraction.pages import METADATA
from dedup.extraction.stage import extract_pieces
from dedup.nul_characters import without_nul
from dedup.schemas import DOCUMENTS, REJECTED, USER_COLUMN_PREFIX, empty_table
from dedup.settings import Settings
from dedup.user_columns import UserColumn

LIBRARY_SOURCE: Final = "documents"
"""What the source column says of documents that were handed over in Python."""

_SAID: Final = {**dict.fromkeys((*METADATA, "encoding"), pa.string()), "n_replaced": pa.int64()}
"""What reading says of documents beside their text, in the order of the columns that it becomes."""

_MOST_LOOSE: Final = 1_000  # batches after which small ones are joined: of a page's document, arrays alone take 9 kB
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
    warnings: Sequence[str] = ()  # about columns
    by_extractor: Mapping[str, int] = field(default_factory=dict)  # pages that each found the text of; '' for none


def from_python(documents: Any, settings: Settings) -> Corpus:
    """Give the corpus of documents handed over in Python; Arrow data passes without Python objects.

    An item that is not a document is a row in `rejected`. Raises InputError for
    an argument of the wrong kind, ColumnError where the text column is missing.
    """
    builder = CorpusBuilder(settings.encoding_errors)
    pieces = _from_arrow(documents, settings)
    if pieces is None:
        pieces = _from_items(documents, settings)
    with closing(extract_pieces(((None, piece) for piece in pieces), settings)) as extracted:
        for _, piece in extracted:
            if isinstance(piece, Reject) and piece.lacks_text_column:
                raise ColumnError(f"{LIBRARY_SOURCE}: {piece.reason}")
            builder.add(LIBRARY_SOURCE, "", piece)
    builder.check_id_column(settings)
    return builder.corpus(n_sources=1, skipped=[])


@dataclass(slots=True)
class CorpusBuilder:
    """Collects batches in reading order; the corpus does not depend on where they were cut."""

    encoding_errors: str = "reject"  # or "repair"
    _text_columns: set[str] = field(default_factory=set)
    _has_ids: bool = False
    _text: list[pa.Array] = field(default_factory=list)
    _ids: list[pa.Array] = field(default_factory=list)
    _sources: list[pa.Array] = field(default_factory=list)
    _rows: list[pa.Array] = field(default_factory=list)
    _users: dict[str, UserColumn] = field(default_factory=dict)
    _said: dict[str, list[pa.Array]] = field(default_factory=dict)
    _rejects: list[tuple[str, int | None, str, str]] = field(default_factory=list)
    _n_replaced_chars: int = 0
    _n_repaired: int = 0
    _by_extractor: Counter[str] = field(default_factory=Counter)
    _n_loose: int = 0  # batches since the last were joined

    def add(self, source: str, id_prefix: str, piece: Batch | Reject) -> None:
        """Take the next piece of `source`; a document without an id is called `id_prefix` and its row."""
        for part in [piece] if isinstance(piece, Reject) else without_nul(piece, self.encoding_errors):
            if isinstance(part, Reject):
                self._rejects.append((source, part.row, part.stage, part.reason))
            else:
                self._add_batch(source, id_prefix, part)

    def _add_batch(self, source: str, id_prefix: str, piece: Batch) -> None:
        if piece.n_replaced is not None:
            self._n_replaced_chars += pc.sum(piece.n_replaced).as_py() or 0
            self._n_repaired += pc.sum(pc.greater(piece.n_replaced, 0)).as_py() or 0
        if "extractor" in piece.metadata:
            self._by_extractor.update(
                name or "none, there being no text" for name in piece.metadata["extractor"].to_pylist()
            )
        self._add_columns(source, piece)
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
        self._n_loose += 1
        if self._n_loose == _MOST_LOOSE:
            self._n_loose = 0
            for arrays in (self._text, self._ids, self._sources, self._rows, *self._said.values()):
                arrays[:] = _joined(arrays)

    def check_id_column(self, settings: Settings) -> None:
        """Raise ColumnError if sources have columns, and none the id column that the settings name."""
        if settings.id_column and self._text_columns and not self._has_ids:
            there = ", ".join(map(repr, [*sorted(self._text_columns), *self._users]))
            raise ColumnError(f"no id column {settings.id_column!r}; columns here: {there}")

    def corpus(self, n_sources: int, skipped: list[str]) -> Corpus:
        """Give all that was added, once."""
        text = pa.chunked_array(_joined(self._text), pa.large_string())
        sources = pa.chunked_array(_joined(self._sources), pa.string())
        rows = pa.chunked_array(_joined(self._rows), pa.int64())
        ids, n_renamed = _tell_apart(pa.chunked_array(_joined(self._ids), pa.string()), sources, rows)
        columns = [ids, text, sources, rows]
        schema = DOCUMENTS
        warnings = []
        names = [*self._users, *(name for name in _SAID if name in self._said and name not in self._users)]
        for name in names:
            column, warning = self._column(name)
            schema = schema.append(pa.field(USER_COLUMN_PREFIX + name, column.type))
            columns.append(column)
            warnings += [] if warning is None else [warning]
        warnings += [
            f"column {name!r} is called {outside!r} in the output, where dedup has a {name!r} of its own"
            for name, outside in name_outside(names).items()
            if name != outside
        ]
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
            warnings,
            dict(self._by_extractor.most_common()),
        )

    def _add_columns(self, source: str, batch: Batch) -> None:
        for name, array in batch.columns.items():
            if name not in self._users:
                self._users[name] = UserColumn(name, [pa.nulls(len(rows)) for rows in self._rows])
            self._users[name].add(array, source)
        for name, column in self._users.items():
            if name not in batch.columns:
                column.add_nulls(len(batch.rows))
        said = {**batch.metadata, "encoding": batch.encodings, "n_replaced": batch.n_replaced}
        for name, found in _SAID.items():
            array = said.get(name)
            if array is not None and name not in self._said:
                self._said[name] = [pa.nulls(len(rows), found) for rows in self._rows]
            if name in self._said:
                self._said[name].append(pa.nulls(len(batch.rows), found) if array is None else array)

    def _column(self, name: str) -> tuple[pa.ChunkedArray, str | None]:
        """Give the user's column of a name, its gaps filled with what is said of documents, or that alone."""
        said = self._said.pop(name, None)
        chunks, found, warning = self._users.pop(name).finish() if name in self._users else ([], pa.null(), None)
        if said is not None and pa.types.is_null(found):
            return pa.chunked_array(_joined(said), _SAID[name]), None
        # a dictionary is each chunk's own
        joined = chunks if pa.types.is_dictionary(found) else _joined(chunks)
        column = pa.chunked_array(joined, found)
        if said is not None and (found == _SAID[name] or (is_text_type(found) and _SAID[name] == pa.string())):
            column = pc.coalesce(column, pa.chunked_array(_joined(said), _SAID[name]).cast(found))
        return column, warning


def _from_arrow(documents: Any, settings: Settings) -> Iterator[Piece] | None:
    """Give batches of an Arrow object or one that exports Arrow; None where it is neither."""
    if isinstance(documents, pa.Array | pa.ChunkedArray):
        return _from_texts(pa.chunked_array(documents) if isinstance(documents, pa.Array) else documents, settings)
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
        return _from_texts(pa.chunked_array(documents), settings)


def _from_reader(reader: pa.RecordBatchReader, settings: Settings) -> Iterator[Piece]:
    roles = arrow_roles(reader.schema, settings)
    if isinstance(roles, str):
        yield Reject(None, roles, lacks_text_column=True)
        return
    first_row = 0
    for columns in reader:
        yield from batch_arrow(columns, roles, range(first_row, first_row + columns.num_rows), settings)
        first_row += columns.num_rows


def _from_texts(texts: pa.ChunkedArray, settings: Settings) -> Iterator[Piece]:
    _check_pages_have_a_column(settings)
    table = pa.table({"text": texts})
    own = Settings(encoding_errors=settings.encoding_errors, max_document_bytes=settings.max_document_bytes)
    return _from_reader(table.to_reader(), own)


def _check_pages_have_a_column(settings: Settings) -> None:
    """Raise InputError if strings should be the column of pages that the settings name."""
    if settings.html_column:
        raise InputError(
            f"strings have no column {settings.html_column!r} (html_column); "
            f"give each page as a dict: {{{settings.html_column!r}: page}}"
        )


def _from_items(documents: Any, settings: Settings) -> Iterator[Piece]:
    """Give batches of an iterable whose first usable item says what all are: strings or dicts."""
    is_one = isinstance(documents, str | bytes | bytearray | Mapping | PurePath)
    if is_one or isinstance(documents, set | frozenset) or not isinstance(documents, Iterable):
        ways = {
            "str": "; for one text give [text], for a file or folder use clean_files",
            "dict": "; for one document give [document]",
            "set": ": it has no order",
            "LazyFrame": "; collect() it",
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
            _check_pages_have_a_column(settings)
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
