"""Band keys and sketches in one: the bytes that sketches have anyway are most of a key."""

import numpy as np

from dedup.kernels.borrowing import borrows

_EIGHT = np.uint64(8)
_BYTE = np.uint64(0xFF)

_ROWS_AT_A_TIME = 64  # whose keys and sketches stay in the processor's nearest cache from band to band


@borrows
def pack_bands(keys, sketches, rows, words):
    """Fill in words uint32 or uint64[bands, n]: low bytes of the values of a band, and above them bits of its key.

    keys uint64[n, bands]; sketches uint8[n, bands * rows], rows less than the bytes of a word. Words of a band are
    equal where its keys are, and else but for chance different.
    """
    for first in range(0, words.shape[1], _ROWS_AT_A_TIME):
        past = min(first + _ROWS_AT_A_TIME, words.shape[1])
        for band in range(words.shape[0]):
            for row in range(first, past):
                word = keys[row, band]
                for place in range(rows):
                    word = (word << _EIGHT) | np.uint64(sketches[row, band * rows + place])
                words[band, row] = word


@borrows
def unpack_sketches(words, n_rows, chosen, sketches):
    """Fill in sketches uint8[m, bands * n_rows] of rows chosen int32[m] from what pack_bands has made of all."""
    for band in range(words.shape[0]):
        for row in range(len(chosen)):
            word = np.uint64(words[band, chosen[row]])
            for place in range(n_rows - 1, -1, -1):
                sketches[row, band * n_rows + place] = word & _BYTE
                word >>= _EIGHT
