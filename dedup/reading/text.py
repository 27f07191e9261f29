"""Plain text: one file is one document, byte for byte, so that it can be restored."""

from collections.abc import Iterator

import pyarrow as pa

from dedup.batches import Batch, Piece, Reject
from dedup.settings import Settings
from dedup.sources import Input, describe_os_error
from dedup.streams import read_document


def read_text(source: Input, settings: Settings) -> Iterator[Piece]:
    """Give the one document of a file of UTF-8 text; a byte-order mark stays part of it."""
    try:
        raw = read_document(source, settings.max_document_bytes)
        raw.decode()
    except UnicodeDecodeError as error:
        yield Reject(0, f"not UTF-8: {error.reason} at byte {error.start}")
        return
    except OSError as error:
        yield Reject(None, f"cannot be read: {describe_os_error(error)}")
        return
    text = pa.array([raw], pa.large_binary()).view(pa.large_string())
    yield Batch(text, pa.array([0], pa.int64()), pa.array([source.stem], pa.string()), {}, None)
