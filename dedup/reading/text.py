"""Plain text: one file is one document, in whatever encoding it is, and can be restored to the byte."""

from collections.abc import Iterator

import pyarrow as pa

from dedup.batches import Batch, Piece, Reject
from dedup.decoding.text import DecodingError, decode_text, name_for_restoring
from dedup.reading.breaks import reject_unreadable
from dedup.settings import Settings
from dedup.sources import Input
from dedup.streams import read_document


def read_text(source: Input, settings: Settings) -> Iterator[Piece]:
    """Give the one document of a file of text; a byte-order mark is no part of it."""
    try:
        raw = read_document(source, settings.max_document_bytes)
        decoded = decode_text(raw, settings.encoding, settings.encoding_errors, source.charset)
    except DecodingError as error:
        yield Reject(0, str(error), stage="decode")
        return
    except OSError as error:
        yield reject_unreadable(error)
        return
    name = name_for_restoring(decoded, raw)
    is_as_stored = name is None and not decoded.n_replaced
    yield Batch(
        text=pa.array([raw if is_as_stored else decoded.text.encode()], pa.large_binary()).view(pa.large_string()),
        rows=pa.array([0], pa.int64()),
        ids=pa.array([source.stem], pa.string()),
        columns={},
        text_column=None,
        encodings=None if name is None else pa.array([name]),
        n_replaced=pa.array([decoded.n_replaced]) if decoded.n_replaced else None,
        is_file=True,
    )
