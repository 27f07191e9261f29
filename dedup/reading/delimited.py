"""CSV and TSV: the first row names the columns, every other is one document.

Values stay text, to the letter: nothing is guessed, so that `007` stays as it is and no column
changes its type with the rows that happen to be read together. An empty value of a column that
rides along is null, since these files have no other way to say that there is none.
"""

import csv
import io
import re
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from dedup.batches import Batch, Piece, Reject, batch_arrow, with_decoding
from dedup.columns import Roles, choose_roles, describe_missing_text, tell_names_apart
from dedup.decoding import DecodingError
from dedup.faults import describe_limit
from dedup.reading.breaks import UntilBroken, reject_unreadable
from dedup.reading.recoding import MARK, begin_stream, repair_text, stream_text
from dedup.settings import Settings
from dedup.sources import Input
from dedup.streams import stream_bytes

_DELIMITERS: Final = (",", ";", "\t", "|")
_SAID_DELIMITER: Final = re.compile(r'"?sep=(.)"?[\r\n]*', re.IGNORECASE)
"""The first line of files that are made for Excel: it says what parts the values of those below."""

_MOST_FIELD_CHARS: Final = (1 << 31) - 1  # of the csv module, whose 131,072 is too few; ours is max_document_bytes


def read_csv(source: Input, settings: Settings) -> Iterator[Piece]:
    """Give the rows of a file of comma-separated values, as RFC 4180 has them; `row` counts records from 0.

    The names of the columns are no record, nor are blank lines. Where they hold no text
    column as separated by commas, the first of semicolon, tab and bar is taken by which they do. A line
    `sep=;` above them says what separates values.
    """
    return _read(source, settings, ",")


def read_tsv(source: Input, settings: Settings) -> Iterator[Piece]:
    """Give the rows of a file of tab-separated values, as read_csv does.

    A quote that does not enclose a value is part of it: many such files have no quoting at all.
    """
    return _read(source, settings, "\t")


def _read(source: Input, settings: Settings, delimiter: str) -> Iterator[Piece]:
    try:
        encoding, pieces = begin_stream(
            stream_bytes(source, settings.max_document_bytes), settings, source.charset, is_json=False
        )
        lines = _Lines(
            _split_lines(stream_text(pieces, encoding), settings.max_document_bytes), settings.max_document_bytes
        )
        with _long_fields():
            table = _read_header(lines, delimiter, settings)
    except DecodingError as error:
        yield Reject(None, str(error), stage="decode")
        return
    except OSError as error:
        yield reject_unreadable(error)
        return
    if isinstance(table, Reject):
        yield table
    elif table is not None:
        table.encoding = encoding
        yield from _read_rows(lines, table, settings)


def _read_rows(lines: "_Lines", table: "_Table", settings: Settings) -> Iterator[Piece]:
    found = UntilBroken(_split_rows(lines, table, settings))
    records = iter(found)
    row = n_good = 0
    is_open = True
    while is_open:
        good: list[int] = []
        values: list[list[str]] = []
        size = 0
        rejects: list[Reject] = []
        with _long_fields():
            for record in records:
                if isinstance(record, list):
                    good.append(row)
                    values.append(record)
                else:
                    rejects.append(Reject(row, record.reason, stage=record.stage))
                size += lines.size
                row += 1
                if size >= settings.batch_bytes:
                    break
            else:
                is_open = False
        yield from rejects
        if good:
            yield from table.batch(good, values, settings)
        n_good += len(good)
    if not n_good:
        yield from table.batch([], [], settings)
    yield from found.reject(f"row {row - 1}" if row else "")


def _read_header(lines: "_Lines", delimiter: str, settings: Settings) -> "_Table | Reject | None":
    """Take the names of the columns, by the first delimiter that gives a text column; None for an empty file."""
    missing = None
    try:
        first = next(lines, "") or ""
    except _OverLimitError as error:
        return Reject(None, f"its first row, which should name the columns, cannot be read: {error}")
    if said := _SAID_DELIMITER.fullmatch(first):
        delimiter = said[1]
        lines.forget()
    else:
        lines.take_back(0)
    for candidate in (delimiter, *(other for other in _DELIMITERS if other != delimiter)):
        reader = csv.reader(lines, delimiter=candidate, strict=True)
        try:
            found = next((names for names in reader if names), None)
        except (csv.Error, _OverLimitError) as error:
            return Reject(None, f"its first row, which should name the columns, cannot be read: {error}")
        if found is None:
            return None
        names = tell_names_apart([repair_text(name.strip())[0] for name in found])
        roles = choose_roles(names, names, settings)
        if roles is not None:
            lines.forget()
            return _Table(names, roles, candidate)
        missing = missing or Reject(None, describe_missing_text(names, settings), lacks_text_column=True)
        lines.take_back(0)
    return missing


def _split_rows(lines: "_Lines", table: "_Table", settings: Settings) -> "Iterator[list[str] | _Fault]":
    """Give the values of each record, or what is wrong with it.

    After one that is broken reading goes on with the line after its first: a quote that is
    opened and never closed then costs one row and not the rest of the file.
    """
    reader = csv.reader(lines, delimiter=table.delimiter, strict=True)
    n_columns = len(table.names)
    while True:
        lines.forget()
        try:
            record = next(reader, None)
        except _OverLimitError:
            lines.take_back(1)
            yield _Fault(describe_limit("the row", settings))
            continue
        except csv.Error as error:
            first = lines.take_back(1)
            record = (first or "").rstrip("\r\n").split("\t")
            if table.delimiter != "\t" or len(record) != n_columns:
                yield _Fault(_describe(error))
                continue
        if record is None:
            return
        if not record:
            continue
        if len(record) != n_columns:
            yield _Fault(f"{len(record)} values, and {n_columns} columns")
        elif not any(MARK in value for value in record):
            yield record
        elif settings.encoding_errors == "reject":
            yield _Fault(f"not {table.encoding.upper()}", "decode")
        else:
            yield record  # repaired with its batch


@dataclass(frozen=True, slots=True)
class _Fault:
    """Why a row is none."""

    reason: str
    stage: str = "read"


@dataclass(slots=True)
class _Table:
    """The columns of a file."""

    names: list[str]
    roles: Roles
    delimiter: str
    encoding: str = "utf-8"

    def batch(self, rows: list[int], records: list[list[str]], settings: Settings) -> Iterator[Piece]:
        """Give records as one Batch or Pages."""
        replaced = {}
        if settings.encoding_errors == "repair":
            for position, record in enumerate(records):
                if n_replaced := sum(value.count(MARK) for value in record):
                    records[position] = [repair_text(value)[0] for value in record]
                    replaced[rows[position]] = n_replaced
        arrays = []
        columns = zip(*records, strict=True) if records else ([] for _ in self.names)
        for name, values in zip(self.names, columns, strict=True):
            if name == self.roles.text:
                arrays.append(pa.array(values, pa.large_string()))
            else:
                column = pa.array(values, pa.string())
                arrays.append(pc.if_else(pc.equal(column, ""), None, column))
        for piece in batch_arrow(pa.RecordBatch.from_arrays(arrays, self.names), self.roles, rows, settings):
            is_noted = isinstance(piece, Batch) and (self.encoding != "utf-8" or replaced)
            yield with_decoding(piece, self.encoding, replaced) if is_noted and isinstance(piece, Batch) else piece


class _OverLimitError(ValueError):
    """A record that is longer than it may be."""


@dataclass(slots=True)
class _Lines:
    """Lines for the csv module, which can be given back after they were taken for one record."""

    found: Iterator[str | None]  # None: over the limit
    limit: int
    size: int = 0  # characters of what was taken since the last record
    _taken: list[str | None] = field(default_factory=list)
    _returned: deque[str | None] = field(default_factory=deque)

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        line = self._returned.popleft() if self._returned else next(self.found)
        self._taken.append(line)
        if line is None:
            raise _OverLimitError("it is too long")
        self.size += len(line)
        if self.size > self.limit:
            raise _OverLimitError("it is too long")
        return line

    def forget(self) -> None:
        """Begin a record."""
        self._taken.clear()
        self.size = 0

    def take_back(self, position: int) -> str | None:
        """Give the lines of the record from a position on again; tells the first one."""
        first = self._taken[0] if self._taken else None
        self._returned.extendleft(reversed(self._taken[position:]))
        self.forget()
        return first


def _split_lines(texts: Iterator[str], limit: int) -> Iterator[str | None]:
    """Give lines with their ends, which are LF, CRLF or CR; None for one over the limit, of which no more is held."""
    parts: list[str] = []
    size = 0
    held = ""
    for text in texts:
        whole = held + text
        held = "\r" if whole.endswith("\r") else ""  # LF may follow
        for line in io.StringIO(whole[: len(whole) - len(held)], newline=""):
            size += len(line)
            if size <= limit:
                parts.append(line)
            else:
                parts.clear()
            if line[-1] in "\r\n":
                yield "".join(parts) if size <= limit else None
                parts, size = [], 0
    if size > limit:
        yield None
    elif last := "".join([*parts, held]):
        yield last


@contextmanager
def _long_fields() -> Iterator[None]:
    """Let fields be long while the csv module is at work: its limit is one for the whole process."""
    before = csv.field_size_limit(_MOST_FIELD_CHARS)
    try:
        yield
    finally:
        csv.field_size_limit(before)


def _describe(error: csv.Error) -> str:
    if "unexpected end" in str(error):
        return "a quoted value has no end"
    return "a quoted value is followed by something other than a delimiter"
