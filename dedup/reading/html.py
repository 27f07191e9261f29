"""HTML: one file is one page, whose text and metadata extraction finds."""

from collections.abc import Iterator

import pyarrow as pa

from dedup.batches import Batch, Pages, Piece
from dedup.reading.breaks import reject_unreadable
from dedup.settings import Settings
from dedup.sources import Input
from dedup.streams import read_document


def read_html(source: Input, settings: Settings) -> Iterator[Piece]:
    """Give the one page of a file, its bytes as they are; an empty file is an empty document."""
    try:
        raw = read_document(source, settings.max_document_bytes)
    except OSError as error:
        yield reject_unreadable(error)
        return
    rows, ids = pa.array([0], pa.int64()), pa.array([source.stem], pa.string())
    if not raw:
        yield Batch(pa.array([""], pa.large_string()), rows, ids, {}, None)
        return
    charsets = None if source.charset is None else pa.array([source.charset], pa.string())
    yield Pages(pa.array([raw], pa.large_binary()), rows, ids, {}, None, charsets=charsets)
