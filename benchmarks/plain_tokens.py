"""Tokens, shingles and exact similarity in plain Python: the definition, written again without dedup's kernels.

The benchmarks judge dedup's output by these, so nothing here imports from dedup.
"""

import sys
import unicodedata
from functools import lru_cache
from typing import Final

# scripts written without spaces: each code point is a token. Ranges by Unicode block.
_ALONE_RANGES: Final = (
    (0x0E00, 0x0E7F),  # Thai
    (0x0E80, 0x0EFF),  # Lao
    (0x0F00, 0x0FFF),  # Tibetan
    (0x1000, 0x109F),  # Myanmar
    (0x1780, 0x17FF),  # Khmer
    (0x2E80, 0x2FDF),  # Han radicals
    (0x3005, 0x3007),  # Han iteration marks and zero
    (0x3040, 0x30FF),  # Hiragana, Katakana
    (0x31F0, 0x31FF),  # Katakana extensions
    (0x3400, 0x4DBF),  # Han, extension A
    (0x4E00, 0x9FFF),  # Han
    (0xA9E0, 0xA9FF),  # Myanmar extended B
    (0xAA60, 0xAA7F),  # Myanmar extended A
    (0xF900, 0xFAFF),  # Han, compatibility
    (0x1B000, 0x1B16F),  # Kana supplement and extensions
    (0x20000, 0x3FFFF),  # Han, further extensions
)


@lru_cache(maxsize=1 << 16)
def word_tokens(word: str) -> tuple[str, ...]:
    """Give the tokens of a string without white space."""
    tokens: list[str] = []
    is_open = False
    for character in unicodedata.normalize("NFKD", word).lower():
        if unicodedata.category(character)[0] not in "LMN":
            is_open = False
        elif _stands_alone(character):
            tokens.append(character)
            is_open = False
        elif is_open:
            tokens[-1] += character
        else:
            tokens.append(character)
            is_open = True
    return tuple(sys.intern(token) for token in tokens)


def text_tokens(text: str) -> tuple[str, ...]:
    """Give the tokens of a text: runs of letters, marks and digits, after NFKD and lower-casing."""
    return tuple(token for word in text.split() for token in word_tokens(word))


def token_shingles(tokens: tuple[str, ...], n_tokens: int) -> frozenset[tuple[str, ...]]:
    """Give the set of runs of `n_tokens` tokens; a shorter text is one shingle, an empty one has none."""
    if not tokens:
        return frozenset()
    if len(tokens) < n_tokens:
        return frozenset([tokens])
    return frozenset(tokens[start : start + n_tokens] for start in range(len(tokens) - n_tokens + 1))


def jaccard(left: frozenset[tuple[str, ...]], right: frozenset[tuple[str, ...]]) -> float:
    """Give the share of shingles that two sets have in common: 1 for equal sets, the empty ones included."""
    if not left and not right:
        return 1.0
    n_common = len(left & right)
    return n_common / (len(left) + len(right) - n_common)


def _stands_alone(character: str) -> bool:
    code = ord(character)
    return code >= _ALONE_RANGES[0][0] and any(first <= code <= last for first, last in _ALONE_RANGES)
