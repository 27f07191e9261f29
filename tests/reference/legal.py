"""What the counting of legal words means: tokens, by the regular expression that rules know them by."""

import re
from collections.abc import Collection, Sequence


def count_legal_words(paragraphs: Sequence[str], words: Collection[str]) -> tuple[int, int]:
    """Give how many tokens are among the words, and how many there are."""
    tokens = re.findall(r"[^\W_]+", "\n".join(paragraphs).lower())
    return sum(token in words for token in tokens), len(tokens)
