"""Batches of documents and single rejections: what every reader gives, from Arrow columns or from JSON-like records."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from dedup.column_types import conform, is_bytes_type, is_id_type, is_text_type, storable_type, without_views
from dedup.columns import Roles, choose_roles, describe_missing_text, tell_names_apart
from dedup.errors import ColumnError
from dedup.faults import describe_limit, fault_of_columns, fault_of_record, find_over_limit
from dedup.settings import Settings
from dedup.utf8 import check_columns, find_bad_texts, repair_texts
from dedup.values import TooDeepError, array_of, page_array, plain_id, text_array

HEAD_RECORDS: Final = 1_000
"""Records whose keys decide which column is the text and which the id; a fixed number, so
that the choice does not depend on the size of batches."""

HEAD_BYTES: Final = 16 << 20
"""Size of input at which the head ends even with fewer records: it is held in memory."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Documents of one source, in order."""

    text: pa.Array  # large_string, no nulls
    rows: pa.Array  # int64, no nulls: positions in the source
    ids: pa.Array | None  # string, null where a document has none
    columns: dict[str, pa.Array]  # the user's own
    text_column: str | None  # what the source calls it; None where it has no columns
    encodings: pa.Array | None = None  # string: what each was decoded from, null for UTF-8; None where all are
    n_replaced: pa.Array | None = None  # int64: characters that could not be decoded, null for none
    metadata: dict[str, pa.Array] = field(default_factory=dict)  # string: what a page says of itself, by METADATA
    is_file: bool = False  # whether its one document is a whole file of text, which can be written again


@dataclass(frozen=True, slots=True)
class Pages:
    """Documents of one source that are HTML still, in order: their text is yet to be extracted."""

    html: pa.Array  # large_binary, no nulls: the bytes as they came
    rows: pa.Array  # int64, no nulls
    ids: pa.Array | None  # string, null where a document has none
    columns: dict[str, pa.Array]  # the user's own, and what the source knows of a page (url, say)
    text_column: str | None  # what the source calls the pages; None where it has no columns
    urls: pa.Array | None = None  # string: where each page came from
    charsets: pa.Array | None = None  # string: what the server or the file name declares
    decoded: pa.Array | None = None  # bool: true where the page came as text, so that its bytes are UTF-8


@dataclass(frozen=True, slots=True)
class Reject:
    """Something that could not be read: a row of a source, or (row None) the source or the rest of it."""

    row: int | None
    reason: str
    lacks_text_column: bool = False
    stage: str = "read"  # or "list", "decode", "extract": what could not be done


Piece = Batch | Pages | Reject
"""What a reader gives."""


def batch_arrow(columns: pa.RecordBatch, roles: Roles, places: Sequence[int], settings: Settings) -> Iterator[Piece]:
    """Give the rows of a record batch as one Batch or Pages, and a Reject for each that is null, too long or not UTF-8.

    `places` are the positions of the rows in the source. With `encoding_errors="repair"` text that is not UTF-8
    is repaired and counted. A page may be of any encoding, which is for extraction to find out. Without a row that can
    be used there is a Batch without rows, so that the columns are known.
    """
    rows = pa.array(places, pa.int64())
    names = tell_names_apart(columns.schema.names)
    stored = columns.column(names.index(roles.text))
    text = _plain_text(stored, pa.large_binary() if roles.is_html else pa.large_string())
    rejects = {row: Reject(places[row], f"the {roles.content_word} is null") for row in _positions(text.is_null())}
    given = {name: column for name, column in zip(names, columns.columns, strict=True) if roles.is_users(name)}
    checked = check_columns(given, settings.encoding_errors)
    bad, users, replaced = checked.bad, checked.columns, checked.n_replaced
    if not roles.is_html:
        bad_texts = find_bad_texts(text)
        if bad_texts and settings.encoding_errors == "repair":
            text, counts = repair_texts(text)
            replaced.update({row: counts[row] for row in bad_texts})
        else:
            bad |= {row: f"the text is not UTF-8: {reason}" for row, reason in bad_texts.items()}
    ids = None
    if roles.doc_id is not None:
        ids = _ids_from_arrow(columns.column(names.index(roles.doc_id)))
        bad |= {row: f"the id is not UTF-8: {reason}" for row, reason in find_bad_texts(ids).items()}
    rejects |= {row: Reject(places[row], reason, stage="decode") for row, reason in bad.items()}
    reason = describe_limit(f"the {roles.content_word}", settings)
    rejects |= {row: Reject(places[row], reason) for row in find_over_limit(text, settings)}
    for row in sorted(rejects):
        yield rejects[row]
    if rejects:
        good = pa.array([row for row in range(len(text)) if row not in rejects], pa.int64())
        text = text.take(good)
        rows, ids, users = take_rows(rows, ids, users, good)
    if roles.is_html and len(text):
        decoded = pa.repeat(is_text_type(stored.type), len(text))
        yield Pages(text, rows, ids, users, roles.text, urls=_page_urls(users), decoded=decoded)
    else:
        batch = Batch(text.cast(pa.large_string()), rows, ids, users, roles.text)
        counted = {places[row]: n_replaced for row, n_replaced in replaced.items()}
        yield with_decoding(batch, "utf-8", counted) if counted else batch


def no_rows(schema: pa.Schema) -> pa.RecordBatch:
    """Give a record batch without rows, which tells the columns of a table that has none."""
    return pa.RecordBatch.from_arrays([pa.nulls(0, field.type) for field in schema], schema=schema)


def with_decoding(batch: Batch, encoding: str, replaced: dict[int, int]) -> Batch:
    """Add what the documents were decoded from, unless UTF-8, and how many characters of a row could not be."""
    counts = pa.array([replaced.pop(row, None) for row in batch.rows.to_pylist()], pa.int64())
    return replace(
        batch,
        encodings=None if encoding == "utf-8" else pa.repeat(pa.scalar(encoding), len(batch.rows)),
        n_replaced=None if counts.null_count == len(counts) else counts,
    )


def take_rows(
    rows: pa.Array, ids: pa.Array | None, columns: dict[str, pa.Array], good: pa.Array
) -> tuple[pa.Array, pa.Array | None, dict[str, pa.Array]]:
    """Give rows, ids and the user's columns at the positions `good`."""
    kept = {
        # Arrow cannot take from every type that it can hold, views among them
        name: conform(column, storable_type(column.type)).take(good)
        for name, column in columns.items()
    }
    return rows.take(good), None if ids is None else ids.take(good), kept


def arrow_roles(schema: pa.Schema, settings: Settings) -> Roles | str:
    """Choose the text and id columns of an Arrow schema, or say why there is no text column.

    Raises ColumnError if the id column that the settings name cannot be one.
    """
    types = dict(zip(tell_names_apart(schema.names), schema.types, strict=True))
    texts = [name for name, found in types.items() if _holds_content(found, settings)]
    roles = choose_roles(texts, [name for name, found in types.items() if is_id_type(found)], settings)
    by_name = choose_roles(list(types), list(types), settings)
    if roles is None and by_name is not None:
        wanted = "neither text nor bytes" if by_name.is_html else "not text"
        if not by_name.is_html and is_bytes_type(types[by_name.text]):
            wanted += "; if it holds HTML pages, name it with --html-column (html_column) instead"
        return f"the column {by_name.text!r} is {types[by_name.text]}, {wanted}"
    if roles is None or by_name is None:
        return describe_missing_text(list(types), settings)
    if settings.id_column and roles.doc_id is None and by_name.doc_id is not None:
        raise ColumnError(f"the id column {by_name.doc_id!r} is {types[by_name.doc_id]}; an id is text or a number")
    return roles


@dataclass(slots=True)
class RecordBatcher:
    """Turns dicts, given in order, into batches, choosing text and id by the keys of the first HEAD_RECORDS."""

    settings: Settings
    where: str  # the source, for messages
    encoding: str = "utf-8"  # what the records were decoded from
    _roles: Roles | None = None
    _names: dict[str, None] = field(default_factory=dict)
    _n_head: int = 0
    _head_bytes: int = 0
    _pending: list[dict[str, Any]] = field(default_factory=list)
    _pending_rows: list[int] = field(default_factory=list)
    _replaced: dict[int, int] = field(default_factory=dict)  # characters of a row that could not be decoded

    def note_replaced(self, row: int, n_replaced: int) -> None:
        """Take note, before the record is added, of characters that could not be decoded."""
        self._replaced[row] = n_replaced

    def add(self, rows: Sequence[int], records: Sequence[dict[str, Any]], sizes: Sequence[int]) -> Iterator[Piece]:
        """Take more records (their size in bytes beside them) and give what is ready."""
        start = 0
        while self._roles is None and start < len(records):
            self._look_at(rows[start], records[start], sizes[start])
            start += 1
        if self._roles is None or not records:
            return
        if self._pending:
            yield from self._flush(self._roles)
        if start < len(records):
            yield from self._give(list(records[start:]), list(rows[start:]), self._roles)

    def finish(self) -> Iterator[Piece]:
        """Give what was held back, at the end of the source."""
        if self._roles is None and self._pending:
            self._roles = self._choose()
        if self._roles is not None:
            yield from self._flush(self._roles)
        elif self._pending:
            yield Reject(None, describe_missing_text(self._names, self.settings), lacks_text_column=True)

    def _look_at(self, row: int, record: dict[str, Any], size: int) -> None:
        self._n_head += 1
        self._head_bytes += size
        self._names.update(dict.fromkeys(name for name in record if isinstance(name, str)))
        if self._n_head >= HEAD_RECORDS or self._head_bytes >= HEAD_BYTES:
            self._roles = self._choose()
            if self._roles is None:
                record = {}  # it has no text and will be rejected: its content need not wait in memory
        self._pending.append(record)
        self._pending_rows.append(row)

    def _choose(self) -> Roles | None:
        names = list(self._names)
        roles = choose_roles(names, names, self.settings)
        if roles is not None and roles.doc_id is None and self.settings.id_column:
            return replace(roles, doc_id=self.settings.id_column)  # may come later in the file
        return roles

    def _flush(self, roles: Roles) -> Iterator[Piece]:
        records, rows = self._pending, self._pending_rows
        self._pending, self._pending_rows = [], []
        if records:
            yield from self._give(records, rows, roles)

    def _give(self, records: list[dict[str, Any]], rows: list[int], roles: Roles) -> Iterator[Piece]:
        for piece in _batch_records(records, rows, roles, self.where, self.settings):
            if isinstance(piece, Batch) and (self.encoding != "utf-8" or self._replaced):
                yield with_decoding(piece, self.encoding, self._replaced)
            else:
                yield piece


def _batch_records(
    records: list[dict[str, Any]], rows: list[int], roles: Roles, where: str, settings: Settings
) -> Iterator[Piece]:
    """Give records as one Batch or Pages, and a Reject for each whose text or id cannot be used."""
    texts = [record.get(roles.text) for record in records]
    ids = None if roles.doc_id is None else [plain_id(record.get(roles.doc_id)) for record in records]
    names = list(dict.fromkeys(chain.from_iterable(records)))
    text = page_array(texts) if roles.is_html else text_array(texts)
    named = None if ids is None else text_array([_id_text(value) for value in ids], pa.string())
    are_ids_plain = ids is None or (named is not None and set(map(type, ids)) <= {str, int, type(None)})
    is_text_plain = text is not None and text.null_count == 0 and not find_over_limit(text, settings)
    are_names_plain = all(type(name) is str for name in names) and text_array(names) is not None
    if not is_text_plain or not are_ids_plain or not are_names_plain:
        faults = [fault_of_record(record, roles, settings) for record in records]
        if any(faults):
            yield from _batch_sound(records, rows, faults, roles, where, settings)
            return
    try:
        columns = {
            name: array_of([record.get(name) for record in records], name, where)
            for name in names
            if roles.is_users(name)
        }
    except (UnicodeEncodeError, TooDeepError):
        yield from _batch_sound(records, rows, list(map(fault_of_columns, records)), roles, where, settings)
        return
    if not any(roles.doc_id in record for record in records):
        named = None
    places = pa.array(rows, pa.int64())
    if roles.is_html:
        decoded = pa.array([isinstance(page, str) for page in texts], pa.bool_())
        yield Pages(text, places, named, columns, roles.text, urls=_page_urls(columns), decoded=decoded)
    else:
        yield Batch(text, places, named, columns, roles.text)


def _batch_sound(
    records: list[dict[str, Any]],
    rows: list[int],
    faults: list[str | None],
    roles: Roles,
    where: str,
    settings: Settings,
) -> Iterator[Piece]:
    """Give a Reject for each record that has a fault, and the others as _batch_records does."""
    yield from (Reject(row, fault) for row, fault in zip(rows, faults, strict=True) if fault)
    good = [position for position, fault in enumerate(faults) if fault is None]
    if good:
        yield from _batch_records([records[i] for i in good], [rows[i] for i in good], roles, where, settings)


def _id_text(value: Any) -> str | None:
    if value is None or value == "" or (isinstance(value, float) and math.isnan(value)):
        return None
    return str(value)


def _page_urls(columns: dict[str, pa.Array]) -> pa.Array | None:
    """Give the user's column of addresses, if there is one."""
    for name, column in columns.items():
        if name.casefold() == "url" and is_text_type(column.type):
            return column.cast(pa.string())
    return None


def _holds_content(found: pa.DataType, settings: Settings) -> bool:
    """Say whether a column of this type can be the one that documents are made of."""
    if pa.types.is_dictionary(found):
        return _holds_content(found.value_type, settings)
    return is_text_type(found) or pa.types.is_null(found) or (settings.html_column is not None and is_bytes_type(found))


def _plain_text(array: pa.Array, target: pa.DataType) -> pa.Array:
    if pa.types.is_null(array.type):
        return pa.nulls(len(array), target)
    plain = _decoded(array)
    return (plain.cast(pa.large_string()) if is_text_type(plain.type) else plain).cast(target)


def _ids_from_arrow(array: pa.Array) -> pa.Array:
    if pa.types.is_floating(array.type):
        array = pc.if_else(pc.is_nan(array), None, array)  # how pandas writes a missing number
    ids = _decoded(array).cast(pa.string())
    return pc.if_else(pc.equal(ids, ""), None, ids)


def _decoded(array: pa.Array) -> pa.Array:
    """Give text or bytes without dictionaries, and text without views, whether it is UTF-8 or not."""
    array = without_views(array)
    if pa.types.is_dictionary(array.type):
        return array.dictionary_decode()
    return array.cast(pa.large_binary()).view(pa.large_string()) if pa.types.is_string_view(array.type) else array


def _positions(mask: pa.Array) -> list[int]:
    found: list[int] = pc.indices_nonzero(mask).to_pylist()
    return found
