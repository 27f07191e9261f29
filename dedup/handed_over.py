"""Documents handed over in Python: Arrow data, and lists of strings or dicts, as the pieces that readers give."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import PurePath
from textwrap import shorten
from typing import Any, Final

import pyarrow as pa

from dedup.batches import Piece, RecordBatcher, Reject, arrow_roles, batch_arrow, no_rows
from dedup.columns import tell_names_apart
from dedup.dictionaries import decode_in_parts
from dedup.documents import RawShard, ReadSoFar, ShardBuilder
from dedup.errors import ColumnError, InputError
from dedup.extraction.stage import extract_pieces
from dedup.scopes import check_scope_early
from dedup.settings import Settings

LIBRARY_SOURCE: Final = "documents"
"""What the source column says of documents that were handed over in Python."""

_ITEMS_AT_A_TIME: Final = 4_096
_ACCEPTED: Final = (
    "a list of strings, a list of dicts, a pyarrow Table, RecordBatchReader or Dataset, an iterable of RecordBatches, "
    "anything with the Arrow PyCapsule interface (polars, pandas, DuckDB), or a Dataset of Hugging Face"
)


@dataclass(slots=True)
class HandedOver:
    """Reads documents handed over in Python; Arrow data passes without Python objects.

    An item that is not a document is a row in `rejected`.
    """

    documents: Any
    settings: Settings
    so_far: ReadSoFar = field(default_factory=ReadSoFar)
    n_sources: int = 1
    skipped: list[str] = field(default_factory=list)

    def read(self, shard_bytes: Callable[[], int]) -> Iterator[tuple[RawShard, bool]]:
        """Give shards, behind none of which reading could go on.

        Raises InputError for an argument of the wrong kind, ColumnError where the text column is missing.
        """
        pieces = _from_arrow(self.documents, self.settings)
        if pieces is None:
            pieces = _from_items(self.documents, self.settings)
        builder = ShardBuilder(self.so_far, self.settings.encoding_errors)
        with closing(extract_pieces(((None, piece) for piece in pieces), self.settings)) as extracted:
            for _, piece in extracted:
                if isinstance(piece, Reject) and piece.lacks_text_column:
                    raise ColumnError(f"{LIBRARY_SOURCE}: {piece.reason}")
                builder.add(LIBRARY_SOURCE, "", piece)
                if builder.held_bytes >= shard_bytes():
                    yield from ((raw, False) for raw in builder.cut(shard_bytes()))
        self.so_far.check_id_column(self.settings)
        yield from ((raw, False) for raw in builder.cut(shard_bytes()))

    def state(self) -> bytes:
        """Give nothing: what is handed over is not there for another run."""
        return b""


def _from_arrow(documents: Any, settings: Settings) -> Iterator[Piece] | None:
    """Give batches of an Arrow object or one that exports Arrow; None where it is neither."""
    if isinstance(documents, pa.Array | pa.ChunkedArray):
        return _from_texts(pa.chunked_array(documents) if isinstance(documents, pa.Array) else documents, settings)
    if isinstance(documents, pa.RecordBatch):
        documents = pa.Table.from_batches([documents])
    if type(documents).__module__ == "pyarrow._dataset" and hasattr(documents, "scanner"):
        documents = documents.scanner()
    if isinstance(documents, pa.Table) or type(documents).__module__ == "pyarrow._dataset":
        documents = documents.to_reader()
    if isinstance(documents, pa.RecordBatchReader):
        return _from_reader(documents, settings)
    try:
        if not hasattr(documents, "__arrow_c_stream__"):
            return _from_one_batch(documents, settings) if hasattr(documents, "__arrow_c_array__") else None
        return _from_reader(pa.RecordBatchReader.from_stream(documents), settings)
    except (pa.ArrowException, ValueError, TypeError) as error:
        try:
            return _from_texts(pa.chunked_array(documents), settings)  # a series: one column without a name
        except (pa.ArrowException, ValueError, TypeError):
            kind, fact = type(documents).__name__, " ".join(str(part) for part in error.args) or str(error)
            raise InputError(f"{kind} cannot be had as Arrow data: {shorten(fact, 300)}") from None


def _from_one_batch(documents: Any, settings: Settings) -> Iterator[Piece]:
    """Give batches of what exports a single array to Arrow: of objects, or of texts."""
    array = pa.array(documents)
    if pa.types.is_struct(array.type):
        return _from_reader(pa.Table.from_batches([pa.RecordBatch.from_struct_array(array)]).to_reader(), settings)
    return _from_texts(pa.chunked_array(array), settings)


def _from_batches(first: pa.RecordBatch | pa.Table, others: Iterator[Any], settings: Settings) -> Iterator[Piece]:
    """Give batches of an iterable of record batches or tables, all with the columns of the first."""

    def check() -> Iterator[pa.RecordBatch]:
        for place, item in enumerate(chain([first], others)):
            if not isinstance(item, pa.RecordBatch | pa.Table):
                kind = type(item).__name__
                raise InputError(f"item {place} is of type {kind}, where the first is Arrow data; give one kind only")
            if not item.schema.equals(first.schema):
                raise InputError(
                    f"item {place} has the columns {_describe_columns(item.schema)}, "
                    f"the first {_describe_columns(first.schema)}; give all the same"
                )
            yield from [item] if isinstance(item, pa.RecordBatch) else item.to_batches()

    return _from_reader(pa.RecordBatchReader.from_batches(first.schema, check()), settings)


def _describe_columns(schema: pa.Schema) -> str:
    return ", ".join(f"{column.name!r} ({column.type})" for column in schema)


def _from_reader(reader: pa.RecordBatchReader, settings: Settings) -> Iterator[Piece]:
    roles = arrow_roles(reader.schema, settings)
    if isinstance(roles, str):
        yield Reject(None, roles, lacks_text_column=True)
        return
    names = tell_names_apart(reader.schema.names)
    check_scope_early([name for name in names if roles.is_users(name)], settings)
    first_row = 0
    for columns in reader:
        for part in decode_in_parts(columns, columns.schema, names.index(roles.text)):
            yield from batch_arrow(part, roles, range(first_row, first_row + part.num_rows), settings)
            first_row += part.num_rows
    if not first_row:
        yield from batch_arrow(no_rows(reader.schema), roles, [], settings)


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
            **dict.fromkeys(("DatasetDict", "IterableDatasetDict"), "; give one of its splits, as documents['train']"),
        }
        kind = type(documents).__name__
        raise InputError(f"{kind} is not a collection of documents{ways.get(kind, '')}; accepted: {_ACCEPTED}")
    items = iter(documents)
    first = list(islice(items, 1))
    if first and isinstance(first[0], pa.RecordBatch | pa.Table):
        return _from_batches(first[0], items, settings)
    return _batch_items(chain(first, items), settings)


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
            own = Settings(text_column="text", max_document_bytes=settings.max_document_bytes)
            strings = RecordBatcher(own, LIBRARY_SOURCE)
            good = [{"text": text} for text in good]
            yield from chain(strings.add(rows, good, [0] * len(rows)), strings.finish())
        else:
            yield from records.add(rows, [dict(record) for record in good], [0] * len(rows))
    yield from records.finish()
