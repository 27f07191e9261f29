"""The integer mixing functions that all hashes are made of."""

from typing import Final

import numpy as np
from numba import njit

PRIME: Final = np.uint64(0x9E3779B97F4A7C15)
TOKEN_SEED: Final = np.uint64(0xCBF29CE484222325)
SHINGLE_SEED: Final = np.uint64(0x2545F4914F6CDD1D)


@njit(cache=True, nogil=True, inline="always")
def mix64(value):
    """Give a bijective scramble of a uint64.

    Source: MurmurHash3 finalizer, fmix64.
    """
    value ^= value >> np.uint64(33)
    value *= np.uint64(0xFF51AFD7ED558CCD)
    value ^= value >> np.uint64(33)
    value *= np.uint64(0xC4CEB9FE1A85EC53)
    value ^= value >> np.uint64(33)
    return value


@njit(cache=True, nogil=True, inline="always")
def mix_in(value, word):
    """Add eight bytes to a hash that is not finished."""
    value = (value ^ word) * PRIME
    return value ^ value >> np.uint64(32)


@njit(cache=True, nogil=True, inline="always")
def mix32(value):
    """Give a bijective scramble of a uint32.

    Source: MurmurHash3 finalizer, fmix32, as in datasketch 2.x, scheme "affine32".
    """
    value ^= value >> np.uint32(16)
    value = np.uint32(value * np.uint32(0x85EBCA6B))
    value ^= value >> np.uint32(13)
    value = np.uint32(value * np.uint32(0xC2B2AE35))
    value ^= value >> np.uint32(16)
    return value


@njit(cache=True, nogil=True, inline="always")
def shingle_hash(tokens, first, last):
    """Give the uint64 hash of the token hashes tokens[first:last], order mattering."""
    value = SHINGLE_SEED
    for place in range(first, last):
        value = (value ^ tokens[place]) * PRIME
        value ^= value >> np.uint64(29)
    return mix64(value)
