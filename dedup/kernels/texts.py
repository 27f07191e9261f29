"""Hashes of texts by their bytes."""

from dedup.kernels.borrowing import borrows
from dedup.kernels.signatures import hash_bytes


@borrows
def hash_texts(text, starts, ends, hashes):
    """Fill in hashes uint64[n, 2] of text[starts[i]:ends[i]]; text uint8[], starts and ends int64[n]."""
    for row in range(len(starts)):
        hashes[row, 0], hashes[row, 1] = hash_bytes(text, starts[row], ends[row])
