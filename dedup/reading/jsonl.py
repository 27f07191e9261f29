"""JSON lines: one object a line, one document an object; a line that is broken is rejected alone."""

import json
import re
from collections.abc import Iterator
from typing import Any, Final

import orjson

from dedup.batches import Piece, RecordBatcher, Reject
from dedup.settings import Settings
from dedup.sources import Input, describe_os_error
from dedup.streams import stream_bytes

_LENIENT: Final = re.compile(rb"NaN|Infinity|\\u[dD][89a-fA-F]")
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"


def read_jsonl(source: Input, settings: Settings) -> Iterator[Piece]:
    """Give the objects of a file of JSON lines; `row` is the line, blank ones counted, from 0.

    Of a key that is there twice the last value counts, as everywhere in JSON.
    """
    batcher = RecordBatcher(settings, source.source)
    row = 0
    broken = None
    lines: list[bytes] = []
    size_bytes = 0
    found = _lines(source, settings)
    while True:
        try:
            line = next(found, None)
        except OSError as error:
            line = None
            broken = f"cannot be read: {describe_os_error(error)}"
        if line is not None:
            lines.append(line)
            size_bytes += len(line)
        if lines and (line is None or size_bytes >= settings.batch_bytes):
            yield from _parse(lines, row, batcher)
            row += len(lines)
            lines, size_bytes = [], 0
        if line is None:
            break
    yield from batcher.finish()
    if broken is not None:
        yield Reject(None, f"{broken} after line {row}" if row else broken)


def _parse(lines: list[bytes], first_row: int, batcher: RecordBatcher) -> Iterator[Piece]:
    rows: list[int] = []
    records: list[dict[str, Any]] = []
    sizes: list[int] = []
    for row, line in enumerate(lines, first_row):
        try:
            record = _load(line)
        except orjson.JSONDecodeError as error:
            if line.strip():
                yield Reject(row, f"not JSON: {error.msg} at character {error.colno}")
            continue
        if not isinstance(record, dict):
            yield Reject(row, "the line is not an object")
            continue
        rows.append(row)
        records.append(record)
        sizes.append(len(line))
    yield from batcher.add(rows, records, sizes)


def _load(line: bytes) -> Any:
    """Parse a line; what only Python's parser takes is taken too, to keep the row or to say better what is wrong."""
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError:
        # NaN as json.dumps writes it, and halves of surrogate pairs
        if not _LENIENT.search(line):
            raise
        try:
            return json.loads(line.decode())
        except (ValueError, RecursionError):
            pass
        raise


def _lines(source: Input, settings: Settings) -> Iterator[bytes]:
    """Give the lines of a file; a line that a broken stream cut off is not given."""
    parts: list[bytes] = []  # of a line longer than one read, joined once
    is_first = True
    for piece in stream_bytes(source, settings.max_document_bytes):
        head, *rest = (piece.removeprefix(_BYTE_ORDER_MARK) if is_first else piece).split(b"\n")
        is_first = False
        parts.append(head)
        if rest:
            yield b"".join(parts)
            yield from rest[:-1]
            parts = [rest[-1]]
    last = b"".join(parts)
    if last:
        yield last
