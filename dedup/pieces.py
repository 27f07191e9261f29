"""Huge texts in pieces, each read by itself, so that all that is known of its tokens need not fit into memory."""

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

HUGE_BYTES: Final = 16 << 20
"""A longer document is read in pieces."""

PIECE_BYTES: Final = 4 << 20

_WINDOW_BYTES: Final = 1 << 16


def cut_text(
    data: NDArray[np.uint8], start: int, end: int, piece_bytes: int = PIECE_BYTES
) -> Iterator[tuple[int, int]]:
    """Give pieces of data[start:end], each to a space or line end past `piece_bytes`, where no token goes on."""
    while end - start > piece_bytes:
        at = start + piece_bytes
        while at < end:
            window = data[at : min(at + _WINDOW_BYTES, end)]
            found = np.flatnonzero((window == ord(" ")) | (window == ord("\n")))
            if len(found):
                at += int(found[0]) + 1
                break
            at += len(window)
        yield start, at
        start = at
    if start < end:
        yield start, end
