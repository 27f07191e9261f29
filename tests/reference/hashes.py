"""Hashes of tokens, shingles, signatures and bands, in whole numbers without end."""

from collections.abc import Sequence

BITS_64 = (1 << 64) - 1
BITS_32 = (1 << 32) - 1
PRIME = 0x9E3779B97F4A7C15
SALT = 0xD6E8FEB86659FD93
TOKEN_SEED = 0xCBF29CE484222325
SHINGLE_SEED = 0x2545F4914F6CDD1D
RAW_SEED = 0xA0761D6478BD642F
HIGH_SEED = 0xE7037ED1A0B428DB
LOW_SEED = 0x8EBC6AF09C88C6E3


def mix64(value: int) -> int:
    """Give MurmurHash3's fmix64."""
    value ^= value >> 33
    value = value * 0xFF51AFD7ED558CCD & BITS_64
    value ^= value >> 33
    value = value * 0xC4CEB9FE1A85EC53 & BITS_64
    return value ^ value >> 33


def mix32(value: int) -> int:
    """Give MurmurHash3's fmix32."""
    value ^= value >> 16
    value = value * 0x85EBCA6B & BITS_32
    value ^= value >> 13
    value = value * 0xC2B2AE35 & BITS_32
    return value ^ value >> 16


def token_hash(token: str) -> int:
    """Give the hash of a token in its normal form, over its UTF-8 bytes, eight at a time."""
    value = TOKEN_SEED
    data = token.encode()
    for start in range(0, len(data), 8):
        value = (value ^ int.from_bytes(data[start : start + 8], "little")) * PRIME & BITS_64
        value ^= value >> 32
    return mix64(value)


def shingle_hash(tokens: Sequence[int]) -> int:
    """Give the hash of a run of token hashes."""
    value = SHINGLE_SEED
    for token in tokens:
        value = (value ^ token) * PRIME & BITS_64
        value ^= value >> 29
    return mix64(value)


def shingle_hashes(tokens: Sequence[int], width: int) -> list[int]:
    """Give the hash of every shingle of a text's token hashes."""
    if not tokens:
        return []
    return [shingle_hash(tokens[start : start + width]) for start in range(max(1, len(tokens) - width + 1))]


def signature(shingles: Sequence[int], multipliers: Sequence[int], increments: Sequence[int]) -> list[int]:
    """Give the least value of each hash over the shingles; 2**32 - 1 where there are none."""
    mixed = [mix32(shingle & BITS_32) for shingle in shingles]
    return [
        min(((a * x + b) & BITS_32 for x in mixed), default=BITS_32)
        for a, b in zip(multipliers, increments, strict=True)
    ]


def band_keys(values: Sequence[int], rows: int) -> list[int]:
    """Give one hash of each `rows` values of a signature, salted by the band's number."""
    keys = []
    for band in range(len(values) // rows):
        key = SALT * (band + 1) & BITS_64
        for value in values[band * rows : (band + 1) * rows]:
            key = (key ^ value) * PRIME & BITS_64
            key ^= key >> 32
        keys.append(mix64(key))
    return keys


def exact_tokens(tokens: Sequence[int]) -> tuple[int, int]:
    """Give the 128-bit hash of a sequence of token hashes."""
    high, low = HIGH_SEED, LOW_SEED
    for token in tokens:
        high = (high ^ token) * PRIME & BITS_64
        high ^= high >> 32
        low = (low + token) * SALT & BITS_64
        low ^= low >> 29
    return mix64(high ^ len(tokens)), mix64(low)


def exact_bytes(data: bytes) -> tuple[int, int]:
    """Give the 128-bit hash of bytes, eight at a time, for texts too short to be compared by tokens."""
    high, low = RAW_SEED ^ len(data), HIGH_SEED ^ len(data)
    for start in range(0, len(data), 8):
        word = int.from_bytes(data[start : start + 8], "little")
        high = (high ^ word) * PRIME & BITS_64
        high ^= high >> 32
        low = (low + word) * SALT & BITS_64
        low ^= low >> 29
    return mix64(high), mix64(low)
