"""Plain text: one file is one document, byte for byte, so that it can be restored."""

from collections.abc import Iterator

import pyarrow as pa

from dedup.batches import Batch, Reject
from dedup.settings import Settings
from dedup.sources import Input, describe_os_error
from dedup.streams import stream_bytes


def read_text(source: Input, settings: Settings) -> Iterator[Batch | Reject]:
    """Give the one document of a file of UTF-8 text; a byte-order mark stays part of it."""
    del settings  # every reader has the same signature
    try:
        raw = b"".join(stream_bytes(source.path))
        raw.decode()
    except UnicodeDecodeError as error:
        yield Reject(0, f"not UTF-8: {error.reason} at byte {error.start}")
        return
    except (OSError, pa.ArrowException) as error:
        yield Reject(None, f"cannot be read: {describe_os_error(error)}")
        return
    text = pa.array([raw], pa.large_binary()).view(pa.large_string())
    yield Batch(text, pa.array([0], pa.int64()), pa.array([source.stem], pa.string()), {}, None)
