"""Documents in reading order, shard by shard: as they were read, and as the table that they become in the end."""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from operator import itemgetter
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dedup.arrow_views import view_texts
from dedup.batches import Batch, Reject
from dedup.column_types import is_text_type
from dedup.columns import OUTPUT_NAMES, name_outside
from dedup.errors import ColumnError
from dedup.extraction.pages import METADATA
from dedup.names import is_text_name
from dedup.nul_characters import without_nul
from dedup.row_sizes import Sizes, measure_chunks
from dedup.schemas import DOCUMENTS, REJECTED, USER_COLUMN_PREFIX, empty_table
from dedup.settings import Settings
from dedup.user_columns import ColumnForm, UserColumn

_SAID: Final = {**dict.fromkeys((*METADATA, "encoding"), pa.string()), "n_replaced": pa.int64()}
"""What reading says of documents beside their text, in the order of the columns that it becomes."""

_MOST_JOINED_BYTES: Final = 1 << 27
"""Size up to which chunks of a column are joined: Arrow counts in 32 bits, and of the values in lists, too."""


@dataclass(frozen=True, slots=True)
class RawShard:
    """A run of documents as they were read; a user's column is in the types that it came in.

    text large_string, ids and sources string, rows int64, all of one length and without nulls; users: of each
    column that occurs the chunks of all rows; said: what reading says of the documents, by name.
    """

    text: pa.Array
    ids: pa.Array
    sources: pa.Array
    rows: pa.Array
    users: Mapping[str, list[pa.Array]]
    said: Mapping[str, pa.Array]

    @property
    def n_documents(self) -> int:
        """How many documents there are."""
        return len(self.text)

    def core(self) -> pa.Table:
        """Give DOCUMENTS, with ids that may repeat."""
        return pa.table([self.ids, self.text, self.sources, self.rows], schema=DOCUMENTS)


def no_documents() -> RawShard:
    """Give the shard without any."""
    text, ids, sources, rows = (
        pa.array([], DOCUMENTS.field(name).type) for name in ("text", "doc_id", "source", "row")
    )
    return RawShard(text, ids, sources, rows, {}, {})


@dataclass(slots=True)
class ReadSoFar:
    """What reading has learned beside the documents themselves: small, and all that going on later needs."""

    text_columns: set[str] = field(default_factory=set)
    has_ids: bool = False
    users: dict[str, UserColumn] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)
    rejects: list[tuple[str, int | None, str, str]] = field(default_factory=list)
    n_documents: int = 0
    n_replaced_chars: int = 0
    n_repaired: int = 0
    by_extractor: Counter[str] = field(default_factory=Counter)
    no_text_files: list[str] = field(default_factory=list)  # sources named like files of text that are none

    def rejected(self) -> pa.Table:
        """Give REJECTED, sorted by source and row; a source that breaks off is told after its rows."""
        if not self.rejects:
            return empty_table(REJECTED)
        rows = sorted(self.rejects, key=lambda reject: math.inf if reject[1] is None else reject[1])
        rows.sort(key=itemgetter(0))  # the order of rows stays; millions of pairs to sort by would take memory
        arrays = [pa.array([row[place] for row in rows], field.type) for place, field in enumerate(REJECTED)]
        return pa.table(arrays, schema=REJECTED)

    def check_id_column(self, settings: Settings) -> None:
        """Raise ColumnError if sources have columns, and none the id column that the settings name."""
        if settings.id_column and (self.text_columns or self.users) and not self.has_ids:
            there = ", ".join(map(repr, [*sorted(self.text_columns), *self.users]))
            raise ColumnError(f"no id column {settings.id_column!r}; columns here: {there}")


@dataclass(slots=True)
class ShardBuilder:
    """Collects batches in reading order and cuts them into shards; the documents do not depend on where."""

    so_far: ReadSoFar
    encoding_errors: str = "reject"  # or "repair"
    held_bytes: int = 0  # of text, ids and columns that are in no shard yet
    _text: list[pa.Array] = field(default_factory=list)
    _ids: list[pa.Array] = field(default_factory=list)
    _sources: list[pa.Array] = field(default_factory=list)
    _rows: list[pa.Array] = field(default_factory=list)
    _users: dict[str, list[pa.Array]] = field(default_factory=dict)
    _said: dict[str, list[pa.Array]] = field(default_factory=dict)

    def add(self, source: str, id_prefix: str, piece: Batch | Reject) -> None:
        """Take the next piece of `source`; a document without an id is called `id_prefix` and its row."""
        for part in [piece] if isinstance(piece, Reject) else without_nul(piece, self.encoding_errors):
            if isinstance(part, Reject):
                self.so_far.rejects.append((source, part.row, part.stage, part.reason))
            else:
                self._add_batch(source, id_prefix, part)

    def cut(self, shard_bytes: int) -> Iterator[RawShard]:
        """Give all that is held as shards of about so many bytes, of at least one document each.

        A user's columns count as the text does: they may be pictures.
        """
        if not self._text:
            return
        whole = RawShard(
            _join(self._text),
            _join(self._ids),
            _join(self._sources),
            _join(self._rows),
            {name: _join_some(chunks) for name, chunks in self._users.items()},
            {name: _join(chunks) for name, chunks in self._said.items()},
        )
        self._users, self._said, self.held_bytes = {}, {}, 0
        ends = np.concatenate([[0], np.cumsum(_measure_documents(whole))])
        first = 0
        while first < whole.n_documents:
            # a rest of less than half a shard is not worth one
            past = int(np.searchsorted(ends, ends[first] + shard_bytes, side="right")) - 1
            if ends[-1] - ends[first] < 1.5 * shard_bytes:
                past = whole.n_documents
            past = min(max(past, first + 1), whole.n_documents)
            yield whole if past - first == whole.n_documents else _slice(whole, first, past - first)
            first = past

    def _add_batch(self, source: str, id_prefix: str, piece: Batch) -> None:
        n_rows = len(piece.rows)
        said = self.so_far
        if piece.text_column is not None:
            said.text_columns.add(piece.text_column)
        if piece.text_column is not None or piece.columns:  # else it is a file, which is its own id
            said.has_ids = said.has_ids or piece.ids is not None
        for name, array in piece.columns.items():
            said.users.setdefault(name, UserColumn(name)).add(array, source)
        if not n_rows:
            return
        said.n_documents += n_rows
        if piece.n_replaced is not None:
            said.n_replaced_chars += pc.sum(piece.n_replaced).as_py() or 0
            said.n_repaired += pc.sum(pc.greater(piece.n_replaced, 0)).as_py() or 0
        if "extractor" in piece.metadata:
            said.by_extractor.update(
                name or "none, there being no text" for name in piece.metadata["extractor"].to_pylist()
            )
        # of a page that has text, the column `extractor` tells as much
        is_told = piece.is_file or ("extractor" in piece.metadata and not piece.metadata["extractor"].null_count)
        if not is_told and is_text_name(source) and said.no_text_files[-1:] != [source]:
            said.no_text_files.append(source)
        told = {**piece.metadata, "encoding": piece.encodings, "n_replaced": piece.n_replaced}
        told = {name: array for name, array in told.items() if array is not None and name in _SAID}
        said.said += [name for name in told if name not in said.said]
        _add_columns(self._users, piece.columns, self._rows, n_rows, {})
        _add_columns(self._said, told, self._rows, n_rows, _SAID)
        ids = piece.ids
        if ids is None or ids.null_count:
            made = piece.rows.cast(pa.string())
            if id_prefix:
                made = pc.binary_join_element_wise(pa.scalar(id_prefix), made, "")
            ids = made if ids is None else pc.coalesce(ids, made)
        self._text.append(piece.text)
        self._ids.append(ids)
        self._rows.append(piece.rows)
        self._sources.append(pa.repeat(pa.scalar(source), n_rows))
        held = (piece.text, ids, *piece.columns.values(), *told.values())
        self.held_bytes += sum(array.nbytes for array in held)


@dataclass(frozen=True, slots=True)
class FinalColumns:
    """How shards become DOCUMENTS and the user's columns: the types of these, known once all is read."""

    users: Mapping[str, ColumnForm]
    said: tuple[str, ...]  # in the order of _SAID

    @classmethod
    def decide(cls, so_far: ReadSoFar, chunks_of: Callable[[str], Iterable[pa.Array]]) -> "FinalColumns":
        """Choose the types; `chunks_of` gives a user's column as it came."""
        users = {name: column.decide(partial(chunks_of, name)) for name, column in so_far.users.items()}
        return cls(users, tuple(name for name in _SAID if name in so_far.said))

    @property
    def names(self) -> list[str]:
        """The user's columns, and then what reading says where it is no column of theirs."""
        return [*self.users, *(name for name in self.said if name not in self.users)]

    def warnings(self) -> list[str]:
        """Say what users would wonder about."""
        told = [
            form.warning
            for name, form in self.users.items()
            if form.warning is not None and not (name in self.said and pa.types.is_null(form.type))
        ]
        return told + [
            f"column {name!r} is called {outside!r} in the output, where dedup has a {name!r} of its own"
            for name, outside in name_outside(list(self.users)).items()
            if name != outside
        ]

    def table(self, raw: RawShard, ids: pa.Array) -> pa.Table:
        """Give the documents of a shard, with their final ids and columns called as in the output."""
        columns: list[Any] = [ids, raw.text, raw.sources, raw.rows]
        beside = {
            outside: self.column(name, raw.n_documents, raw.users.get(name), raw.said.get(name))
            for name, outside in name_outside(list(self.users)).items()
        }
        for name in self.said:
            if name not in beside:
                beside[name] = pa.chunked_array([_told(name, raw.n_documents, raw.said.get(name))])
        schema = DOCUMENTS
        for name, column in beside.items():
            schema = schema.append(pa.field(USER_COLUMN_PREFIX + name, column.type))
        return pa.table([*columns, *beside.values()], schema=schema)

    def column(self, name: str, n: int, chunks: list[pa.Array] | None, said: pa.Array | None) -> pa.ChunkedArray:
        """Give the user's column of a name in a shard, its gaps filled with what is said of documents, or that alone.

        What dedup itself has to say fills no gap of theirs, which has another name in the output.
        `chunks` is the column as it came, None where the shard has none of it.
        """
        form = self.users.get(name)
        is_said = name in self.said and (form is None or name not in OUTPUT_NAMES)
        if form is None or (is_said and pa.types.is_null(form.type)):
            return pa.chunked_array([_told(name, n, said)])
        converted = [form.convert(chunk) for chunk in ([pa.nulls(n)] if chunks is None else chunks)]
        column = pa.chunked_array(converted, form.type)
        fits = is_said and (form.type == _SAID[name] or (is_text_type(form.type) and _SAID[name] == pa.string()))
        return pc.coalesce(column, _told(name, n, said).cast(form.type)) if fits else column


def _told(name: str, n: int, said: pa.Array | None) -> pa.Array:
    """Give what is said of the n documents of a shard."""
    return pa.nulls(n, _SAID[name]) if said is None else said


def _add_columns(
    held: dict[str, list[pa.Array]],
    given: Mapping[str, pa.Array],
    rows: list[pa.Array],
    n_rows: int,
    types: Mapping[str, pa.DataType],
) -> None:
    """Add a batch of n_rows to columns, with nulls where it, or what came before it (`rows`), lacks one."""
    for name, array in given.items():
        if name not in held:
            held[name] = [pa.nulls(len(before), types.get(name, pa.null())) for before in rows]
        held[name].append(array)
    for name, chunks in held.items():
        if name not in given:
            chunks.append(pa.nulls(n_rows, types.get(name, pa.null())))


def _slice(shard: RawShard, first: int, n: int) -> RawShard:
    return RawShard(
        shard.text.slice(first, n),
        shard.ids.slice(first, n),
        shard.sources.slice(first, n),
        shard.rows.slice(first, n),
        {name: _slice_chunks(chunks, first, n) for name, chunks in shard.users.items()},
        {name: array.slice(first, n) for name, array in shard.said.items()},
    )


def _slice_chunks(chunks: list[pa.Array], first: int, n: int) -> list[pa.Array]:
    """Give rows of chunks, which may be of different types."""
    sliced = []
    for chunk in chunks:
        here = min(n, len(chunk) - first)
        if here > 0:
            sliced.append(chunk.slice(first, here))
            n -= here
        first = max(0, first - len(chunk))
    return sliced


def _measure_documents(shard: RawShard) -> Sizes:
    """Give the bytes of each document: of its text, its id, and what else is said of it."""
    sizes = np.diff(view_texts(shard.text).offsets)
    for chunks in ([shard.ids], *shard.users.values(), *([array] for array in shard.said.values())):
        sizes = sizes + measure_chunks(chunks, shard.n_documents)
    return sizes


def _join(chunks: list[pa.Array]) -> pa.Array:
    """Join chunks of one type, and empty the list: texts should not be in memory twice for long."""
    joined = chunks[0] if len(chunks) == 1 else pa.concat_arrays(chunks)
    chunks.clear()
    return joined


def _join_some(chunks: list[pa.Array]) -> list[pa.Array]:
    """Join neighbours of one type, so that ten thousand small files are not ten thousand chunks."""
    joined: list[pa.Array] = []
    run: list[pa.Array] = []
    n_bytes = 0
    for chunk in chunks:
        is_full = n_bytes + chunk.nbytes > _MOST_JOINED_BYTES
        # a dictionary is each chunk's own
        if run and (is_full or chunk.type != run[0].type or pa.types.is_dictionary(chunk.type)):
            joined.append(_join(run))
            n_bytes = 0
        run.append(chunk)
        n_bytes += chunk.nbytes
    if run:
        joined.append(_join(run))
    return joined
