"""JSON lines: one object a line, one document an object; a line that is broken is rejected alone."""

from collections.abc import Iterator

from dedup.batches import Piece, RecordBatcher
from dedup.reading.breaks import UntilBroken, reject_unreadable
from dedup.reading.json_objects import batch_objects
from dedup.reading.recoding import begin_stream, stream_utf8
from dedup.settings import Settings
from dedup.sources import Input
from dedup.streams import stream_bytes


def read_jsonl(source: Input, settings: Settings) -> Iterator[Piece]:
    """Give the objects of a file of JSON lines; `row` is the line, blank ones counted, from 0.

    Of a key that is there twice the last value counts, as everywhere in JSON. JSON is
    UTF-8 unless a byte-order mark or the settings say otherwise.
    """
    try:
        encoding, pieces = begin_stream(stream_bytes(source, settings.max_document_bytes), settings, is_json=True)
    except OSError as error:
        yield reject_unreadable(error)
        return
    yield from read_lines(stream_utf8(pieces, encoding), encoding, source, settings)


def read_lines(pieces: Iterator[bytes], encoding: str, source: Input, settings: Settings) -> Iterator[Piece]:
    """Give the objects of lines in UTF-8; `encoding` is what they were decoded from."""
    batcher = RecordBatcher(settings, source.source, encoding)
    found = UntilBroken(_split_lines(pieces, settings.max_document_bytes))
    n_lines = size_bytes = 0
    rows: list[int] = []
    lines: list[bytes | None] = []
    for n_lines, line in enumerate(found, 1):
        if line is not None and (not line or line.isspace()):
            continue  # millions of them may be a few bytes of gzip
        rows.append(n_lines - 1)
        lines.append(line)
        size_bytes += len(line or b"") + 1
        if size_bytes >= settings.batch_bytes:
            yield from batch_objects(rows, lines, batcher, settings, "line")
            rows, lines, size_bytes = [], [], 0
    yield from batch_objects(rows, lines, batcher, settings, "line")
    yield from batcher.finish()
    yield from found.reject(f"line {n_lines}" if n_lines else "")


def _split_lines(pieces: Iterator[bytes], limit_bytes: int) -> Iterator[bytes | None]:
    """Give the lines of a stream, None for one over the limit, of which no more is ever held.

    A line that a broken stream cut off is not given.
    """
    parts: list[bytes] = []  # of a line longer than one piece, joined once
    size_bytes = 0
    for piece in pieces:
        head, *rest = piece.split(b"\n")
        size_bytes += len(head)
        if size_bytes <= limit_bytes:
            parts.append(head)
        else:
            parts.clear()
        if rest:
            yield b"".join(parts) if size_bytes <= limit_bytes else None
            if len(piece) <= limit_bytes:
                yield from rest[:-1]
            else:
                yield from (line if len(line) <= limit_bytes else None for line in rest[:-1])
            parts, size_bytes = [rest[-1]], len(rest[-1])
    if size_bytes > limit_bytes:
        yield None
    elif last := b"".join(parts):
        yield last
