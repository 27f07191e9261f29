"""Tokens, shingles and exact similarity in plain Python: the definition, written again without dedup's kernels.

The benchmarks judge dedup's output by these, so nothing here imports from dedup.
"""

import sys
import unicodedata
from functools import lru_cache
from typing import Final

_SPACELESS_NAMES: Final = (
    "CJK UNIFIED IDEOGRAPH",
    "CJK COMPATIBILITY IDEOGRAPH",
    "IDEOGRAPHIC",
    "VERTICAL IDEOGRAPHIC",
    "VERTICAL KANA",
    "HANGZHOU NUMERAL",
    "HIRAGANA",
    "KATAKANA",
    "HENTAIGANA",
    "THAI ",
    "LAO ",
    "KHMER ",
    "MYANMAR ",
    "TIBETAN ",
)
"""How the Unicode names of characters begin that are tokens of their own."""


@lru_cache(maxsize=1 << 16)
def word_tokens(word: str) -> tuple[str, ...]:
    """Give the tokens of a string without white space."""
    tokens: list[str] = []
    is_open = is_alone = False
    lower = unicodedata.normalize("NFKD", word).lower().replace("ς", "σ")
    for character in unicodedata.normalize("NFKD", lower):
        category = unicodedata.category(character)[0]
        if category == "M":
            if is_open:  # a mark joins what it stands on, and is nothing by itself
                tokens[-1] += character
        elif category not in "LN":
            is_open = False
        else:
            alone = unicodedata.name(character, "").startswith(_SPACELESS_NAMES)
            if is_open and not alone and not is_alone:
                tokens[-1] += character
            else:
                tokens.append(character)
            is_open, is_alone = True, alone
    return tuple(sys.intern(token) for token in tokens)


def text_tokens(text: str) -> tuple[str, ...]:
    """Give the tokens of a text: runs of letters, marks and digits, in lower case and compatibility form."""
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
