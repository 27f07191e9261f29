"""Bytes of a file, decompressed on the way by what its name says."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pyarrow as pa

CODECS: Final = {".gz": "gzip", ".zst": "zstd"}
"""Suffixes of compressed files, and what pyarrow calls the compression."""

READ_BYTES: Final = 1 << 20
"""Size of one read. A constant, so that how much of a damaged file can be used does not depend on settings."""


def stream_bytes(path: Path) -> Iterator[bytes]:
    """Give the content of a file in pieces of READ_BYTES.

    Raises OSError when it cannot be opened, or at the place where a compressed stream breaks.
    """
    codec = CODECS.get(path.suffix.lower())
    if codec is not None and path.stat().st_size == 0:
        raise OSError(f"empty, and so not {codec}")
    with path.open("rb") as raw:
        stream = raw if codec is None else pa.CompressedInputStream(pa.PythonFile(raw, "r"), codec)
        while piece := stream.read(READ_BYTES):
            yield piece
