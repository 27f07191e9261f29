"""MinHash signatures, their bands, and exact hashes of token sequences."""

from typing import Final

import numpy as np
from numba import njit

from dedup.kernels.borrowing import borrows
from dedup.kernels.mixing import PRIME, mix32, mix64, shingle_hash
from dedup.kernels.words import load_last_word, load_word

EMPTY: Final = np.uint32(0xFFFFFFFF)
"""What each value of a signature is before any shingle is seen, as in datasketch."""

HIGH_SEED: Final = np.uint64(0xE7037ED1A0B428DB)
LOW_SEED: Final = np.uint64(0x8EBC6AF09C88C6E3)
"""With these the two halves of a hash of tokens begin."""

_RAW_SEED = np.uint64(0xA0761D6478BD642F)
_SALT = np.uint64(0xD6E8FEB86659FD93)


@borrows
def fill_shingles(tokens, n_tokens, width, shingles):
    """Fill in the shingle hashes of a token sequence and give how many there are.

    tokens uint64[>= n_tokens], shingles uint64[>= n_tokens]. Every run of `width`
    tokens is a shingle; a shorter text is one shingle, all of it; no tokens, none.
    """
    if n_tokens == 0:
        return 0
    if n_tokens <= width:
        shingles[0] = shingle_hash(tokens, 0, n_tokens)
        return 1
    for place in range(n_tokens - width + 1):
        shingles[place] = shingle_hash(tokens, place, place + width)
    return n_tokens - width + 1


@borrows
def minhash(shingles, n_shingles, multipliers, increments, signature):
    """Lower signature[h] to the least value of hash h over the shingles.

    shingles uint64[] (their low 32 bits are hashed), multipliers (odd) and
    increments uint32[k], signature uint32[k] preset to EMPTY. Hash h of x is
    multipliers[h] * mix32(x) + increments[h] modulo 2**32.
    Source: datasketch 2.x, permutation scheme "affine32".
    """
    last = n_shingles - 1
    for place in range(0, n_shingles, 4):  # four together, so that each value is loaded and stored once for all
        a, b = _mixed(shingles[place]), _mixed(shingles[min(place + 1, last)])
        c, d = _mixed(shingles[min(place + 2, last)]), _mixed(shingles[min(place + 3, last)])
        for h in range(len(multipliers)):
            m, i = multipliers[h], increments[h]
            first = min(np.uint32(m * a + i), np.uint32(m * b + i))  # wrap on purpose
            second = min(np.uint32(m * c + i), np.uint32(m * d + i))
            least = min(first, second)
            signature[h] = min(signature[h], least)


@njit(cache=True, nogil=True, inline="always")
def _mixed(shingle):
    """Give what is hashed of a shingle."""
    return mix32(np.uint32(shingle & np.uint64(0xFFFFFFFF)))


@borrows
def fill_bands(signature, rows, keys):
    """Fill in keys uint64[bands]: one hash of each `rows` values of signature uint32[bands * rows], salted by band."""
    for band in range(len(keys)):
        key = _SALT * np.uint64(band + 1)
        for row in range(rows):
            key = (key ^ np.uint64(signature[band * rows + row])) * PRIME
            key ^= key >> np.uint64(32)
        keys[band] = mix64(key)


@borrows
def add_tokens(high, low, tokens, n_tokens):
    """Add tokens uint64[n_tokens] to the state (high, low), at first HIGH_SEED and LOW_SEED, of a 128-bit hash.

    It is equal for equal sequences, in whatever pieces they are added, and else different but for chance.
    """
    for place in range(n_tokens):
        token = tokens[place]
        high = (high ^ token) * PRIME
        high ^= high >> np.uint64(32)
        low = (low + token) * _SALT
        low ^= low >> np.uint64(29)
    return high, low


@njit(cache=True, nogil=True, inline="always")
def finish_tokens(high, low, n_tokens):
    """Give the hash of a sequence of n_tokens, all of them added."""
    return mix64(high ^ np.uint64(n_tokens)), mix64(low)


@borrows
def hash_bytes(text, start, end):
    """Give a 128-bit hash (high, low) of the bytes text[start:end]; never meant to equal a hash of tokens."""
    at, stop = np.uint64(start), np.uint64(end)
    size = stop - at
    high, low = _RAW_SEED ^ size, HIGH_SEED ^ size
    while at < stop:
        if stop - at >= 8:
            word = load_word(text, at)
        else:
            word = load_last_word(text, at, stop)
        high = (high ^ word) * PRIME
        high ^= high >> np.uint64(32)
        low = (low + word) * _SALT
        low ^= low >> np.uint64(29)
        at += np.uint64(8)
    return mix64(high), mix64(low)
