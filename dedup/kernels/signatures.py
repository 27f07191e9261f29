"""MinHash signatures, their bands, and exact hashes of token sequences."""

from typing import Final

import numpy as np
from numba import njit

from dedup.kernels.mixing import PRIME, mix32, mix64, shingle_hash

EMPTY: Final = np.uint32(0xFFFFFFFF)
"""What each value of a signature is before any shingle is seen, as in datasketch."""

_RAW_SEED = np.uint64(0xA0761D6478BD642F)
_HIGH_SEED = np.uint64(0xE7037ED1A0B428DB)
_LOW_SEED = np.uint64(0x8EBC6AF09C88C6E3)
_SALT = np.uint64(0xD6E8FEB86659FD93)


@njit(cache=True, nogil=True)
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


@njit(cache=True, nogil=True)
def minhash(shingles, n_shingles, multipliers, increments, signature):
    """Lower signature[h] to the least value of hash h over the shingles.

    shingles uint64[] (their low 32 bits are hashed), multipliers (odd) and
    increments uint32[k], signature uint32[k] preset to EMPTY. Hash h of x is
    multipliers[h] * mix32(x) + increments[h] modulo 2**32.
    Source: datasketch 2.x, permutation scheme "affine32".
    """
    for place in range(n_shingles):
        mixed = mix32(np.uint32(shingles[place] & np.uint64(0xFFFFFFFF)))
        for h in range(len(multipliers)):
            value = np.uint32(multipliers[h] * mixed + increments[h])  # wraps on purpose
            signature[h] = min(signature[h], value)


@njit(cache=True, nogil=True)
def fill_bands(signature, rows, keys):
    """Fill in keys uint64[bands]: one hash of each `rows` values of signature uint32[bands * rows], salted by band."""
    for band in range(len(keys)):
        key = _SALT * np.uint64(band + 1)
        for row in range(rows):
            key = (key ^ np.uint64(signature[band * rows + row])) * PRIME
            key ^= key >> np.uint64(32)
        keys[band] = mix64(key)


@njit(cache=True, nogil=True)
def hash_tokens(tokens, n_tokens):
    """Give a 128-bit hash (high, low) of a token sequence: equal for equal sequences, else different but for chance."""
    high, low = _HIGH_SEED, _LOW_SEED
    for place in range(n_tokens):
        token = tokens[place]
        high = (high ^ token) * PRIME
        high ^= high >> np.uint64(32)
        low = (low + token) * _SALT
        low ^= low >> np.uint64(29)
    return mix64(high ^ np.uint64(n_tokens)), mix64(low)


@njit(cache=True, nogil=True)
def hash_bytes(text, start, end):
    """Give a 128-bit hash (high, low) of the bytes text[start:end]; never meant to equal a hash of tokens."""
    high, low = _RAW_SEED, _HIGH_SEED
    for at in range(start, end):
        byte = np.uint64(text[at]) + np.uint64(1)
        high = (high ^ byte) * PRIME
        low = (low + byte) * _SALT
        low ^= low >> np.uint64(29)
    return mix64(high ^ np.uint64(end - start)), mix64(low)
