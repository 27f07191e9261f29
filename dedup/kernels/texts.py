"""Hashes of whole texts, and where the characters of a text are."""

from dedup.kernels.borrowing import borrows
from dedup.kernels.signatures import hash_bytes


@borrows
def hash_texts(text, offsets, hashes):
    """Fill in hashes uint64[n, 2] of text[offsets[i]:offsets[i + 1]]; text uint8[], offsets int64[n + 1]."""
    for row in range(len(offsets) - 1):
        hashes[row, 0], hashes[row, 1] = hash_bytes(text, offsets[row], offsets[row + 1])
