"""Paragraphs of words that read like their source: a Markov chain of order 2 over real text, vectorised.

Independent draws from a word list have hardly any shingle in common by chance; real
prose does ("it was not", "one of the"), and that is what a benchmark of
near-duplicates must be made of.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow.parquet as pq

from benchmarks.plain_tokens import word_tokens

Ints = np.ndarray[Any, np.dtype[np.int64]]

ORDER_1_SHARE: Final = 0.3
"""Share of the words drawn from the word before alone. Order 2 alone copies runs of its source so long that
paragraphs resemble each other by accident, which would be missing from the truth."""

_SENTENCE_ENDS: Final = (".", "!", "?", ".”", "!”", "?”", '."', '!"', '?"')
_CUT_MARKS: Final = ",;:—–-(["


@dataclass(frozen=True, slots=True)
class WordSource:
    """Running text as numbers, indexed so that a chain over it takes three look-ups a word.

    `words` are the distinct words; `n_tokens` int64 counts the tokens of each, and
    words of equal tokens share a number in `token_class` int64. `running` int64[n] is the text as positions in
    `words`. `starts` are the places in `running` where a sentence begins. Per order
    (1 and 2), `followers` int64[n] holds the places in `running` sorted by the words
    they end, `first` and `count` int64[n] say for each place where its equals stand there.
    """

    words: list[str]
    n_tokens: Ints
    token_class: Ints
    running: Ints
    starts: Ints
    followers: tuple[Ints, Ints]
    first: tuple[Ints, Ints]
    count: tuple[Ints, Ints]


def read_word_source(path: Path | None) -> WordSource:
    """Give the word source of a Parquet file with a column `text`, of a text file, or of Python's own manual."""
    if path is None:
        from pydoc_data.topics import topics

        texts = [topics[name] for name in sorted(topics)]
    elif path.suffix == ".parquet":
        texts = pq.read_table(path, columns=["text"])["text"].to_pylist()
    else:
        texts = [path.read_text(encoding="utf-8", errors="replace")]
    return index_words([word for text in texts for word in text.split() if word_tokens(word)])


def index_words(running: list[str]) -> WordSource:
    """Give the word source of running text, a list of at least three words."""
    numbers: dict[str, int] = {}
    places = np.fromiter((numbers.setdefault(word, len(numbers)) for word in running), np.int64, len(running))
    words = list(numbers)
    ends = np.array([word.endswith(_SENTENCE_ENDS) for word in words])
    starts = np.flatnonzero(ends[places[:-2]]) + 1
    if not len(starts):
        starts = np.zeros(1, np.int64)
    before = np.concatenate([places[:1], places[:-1]])
    orders = [_grouped(places), _grouped(before * len(words) + places)]
    followers, first, count = zip(*orders, strict=True)
    tokens = [word_tokens(word) for word in words]
    classes: dict[tuple[str, ...], int] = {}
    token_class = np.array([classes.setdefault(of_word, len(classes)) for of_word in tokens])
    n_tokens = np.array([len(of_word) for of_word in tokens])
    return WordSource(words, n_tokens, token_class, places, starts, followers, first, count)


def draw_words(source: WordSource, n_words: Ints, seed: np.random.SeedSequence) -> tuple[Ints, Ints]:
    """Draw paragraphs of `n_words` words each: offsets int64[n + 1] and the words' numbers, end to end.

    All paragraphs take their k-th word together, so the work is in NumPy.
    """
    generator = np.random.default_rng(seed)
    offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(n_words)])
    drawn = np.empty(offsets[-1], np.int64)
    longest_first = np.argsort(-n_words, kind="stable")
    lengths = n_words[longest_first]
    place = generator.choice(source.starts, len(n_words))
    for k in range(int(lengths[0]) if len(lengths) else 0):
        n_open = int(np.searchsorted(-lengths, -k, side="left"))  # paragraphs longer than k words
        place = place[:n_open]
        drawn[offsets[longest_first[:n_open]] + k] = source.running[place]
        is_order_1 = generator.random(n_open) < ORDER_1_SHARE
        luck = generator.random(n_open)
        following = np.empty(n_open, np.int64)
        for order, chosen in enumerate((is_order_1, ~is_order_1)):
            here = place[chosen]
            pick = source.first[order][here] + (luck[chosen] * source.count[order][here]).astype(np.int64)
            following[chosen] = source.followers[order][pick] + 1
        place = following % len(source.running)
    return offsets, drawn


def closed_form(word: str) -> str:
    """Give the word as it stands at the end of a paragraph: with a full stop unless its sentence ends there."""
    return word if word.endswith(_SENTENCE_ENDS) else word.rstrip(_CUT_MARKS) + "."


def _grouped(keys: Ints) -> tuple[Ints, Ints, Ints]:
    """Sort places by key: the places, and for each place where its group begins and how long it is."""
    order = np.argsort(keys, kind="stable")
    _, group, counts = np.unique(keys, return_inverse=True, return_counts=True)
    begins = np.cumsum(counts) - counts
    return order, begins[group], counts[group]
