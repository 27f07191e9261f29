"""What speaks for and against each block of a page being content: the numbers that the model sees."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from dedup.extraction.blocks import (
    COMMENT,
    FIGURE,
    FORM,
    FRAME,
    FRAME_NAME,
    HIDDEN,
    ITEM,
    MAIN,
    N_BOXES,
    N_NAMES,
    QUOTE,
    TABLE,
    Block,
)
from dedup.forests import Floats

LONG_CHARACTERS: Final = 100
"""A block this long is prose more often than not."""

FOUND: Final = 2
"""The column that has the share of each block that is in the text."""

_PLACES: Final = (FRAME, FRAME_NAME, HIDDEN, MAIN, ITEM, TABLE, COMMENT, FIGURE, QUOTE, FORM)
_TAGS: Final = {
    "p": 0, "blockquote": 0, "li": 1, "h1": 2, "h2": 3, "h3": 3, "h4": 3, "h5": 3, "h6": 3, "td": 4, "th": 4,
    "div": 5, "pre": 6,
}  # fmt: skip
_N_TAGS: Final = 8
_ENDINGS: Final = frozenset('.!?。！？…”"»;:')
_LONG_WORD: Final = 25
_LONGEST_SHORT: Final = 120
"""Characters of a line past which it has three words, or is one that is looked for in vain."""
_POINTS: Final = re.compile(r"[.,;:!?。，、；：！？]")
_DIGITS: Final = re.compile(r"\d")
_LOOKED_AT: Final = 60
"""Characters at the beginning of a block that say what the rest looks like."""
_WORD: Final = re.compile(r"\w+")
_LONGEST_TITLE: Final = 300
_NEAR: Final = 0.6
_LEAST_DESCRIPTION: Final = 20
_AGREEING: Final = 60
"""Letters and digits that a block and a description must have in common at their beginnings."""
_NO_TITLE: Final = -1000.0


@dataclass(frozen=True, slots=True)
class PageSays:
    """What a page says of itself, as far as it tells content from the rest."""

    titles: tuple[str, ...] = ()
    descriptions: tuple[str, ...] = ()
    is_article: bool = False
    is_product: bool = False
    is_forum: bool = False
    is_collection: bool = False


def measure_blocks(blocks: Sequence[Block], text: str, second: str, says: PageSays) -> Floats:
    """Give the evidence of n blocks as float64[n, ...]: their own, their neighbours' and the page's.

    `text` and `second` are what two extractors made of the page.
    """
    n = len(blocks)
    lengths = np.array([len(block.text) for block in blocks], dtype=np.float64)
    links = np.array([block.n_linked for block in blocks]) / lengths
    places = np.array([block.place for block in blocks])
    logs = np.log1p(lengths)
    words = [_words(block.text) for block in blocks]
    found, found_second = _share_found(words, text), _share_found(words, second)
    tags = np.array([_TAGS.get(block.tag, _N_TAGS - 1) for block in blocks])
    order = np.arange(n, dtype=np.float64)
    columns: list[Floats] = [logs, links, found, found_second]
    columns += [(tags == tag).astype(np.float64) for tag in range(_N_TAGS)]
    columns += [((places & place) > 0).astype(np.float64) for place in _PLACES]
    columns.append(np.array([block.text[-1] in _ENDINGS for block in blocks], dtype=np.float64))
    columns.append(_repeats(blocks))
    columns += [np.array([block.depth for block in blocks], dtype=np.float64), order / n, order]
    for steps in (-2, -1, 1, 2):
        columns += [_shifted(values, steps) for values in (found, found_second, logs, links)]
    for reach in (5, 15):
        columns += [_around(values, lengths, reach) for values in (found, found_second, links)]
    in_text = np.flatnonzero(found >= 0.5)
    first, last = (in_text[0], in_text[-1]) if len(in_text) else (n, -1)
    columns += [order - first, last - order]
    is_long = (lengths >= LONG_CHARACTERS) & (links < 0.5)
    total, outside = lengths.sum(), lengths * ((places & (FRAME | FRAME_NAME | HIDDEN)) == 0)
    page = (
        (lengths * found).sum() / total,
        (lengths * found_second).sum() / total,
        (lengths * links).sum() / total,
        lengths[is_long].sum() / total,
        len(text) / total,
        np.log1p(total),
        np.log1p(len(text)),
        float(n),
        (outside * found).sum() / (1 + outside.sum()),
        (outside * links).sum() / (1 + outside.sum()),
        outside[is_long].sum() / (1 + outside.sum()),
        lengths[in_text].mean() if len(in_text) else 0.0,
    )
    columns += [np.full(n, value) for value in page]
    columns += _names_columns(blocks)
    columns += _shape_columns(blocks)
    columns += _surroundings_columns(blocks, lengths, found, found_second, links)
    columns += _said_columns(blocks, words, says, text.count("\n") + 1)
    return np.column_stack(columns)


def _names_columns(blocks: Sequence[Block]) -> list[Floats]:
    names = np.array([block.names for block in blocks])
    around = np.array([block.names_around for block in blocks])
    return [((values >> bit) & 1).astype(np.float64) for values in (names, around) for bit in range(N_NAMES)]


def _shape_columns(blocks: Sequence[Block]) -> list[Floats]:
    """Give what the characters of the blocks look like, in any language."""
    rows = []
    for block in blocks:
        text = block.text
        n, n_words, beginning = len(text), text.count(" ") + 1, text[:_LOOKED_AT]
        first, last, n_looked_at = text[0], text[-1], len(beginning)
        rows.append(
            (
                n_words,
                n / n_words,
                len(_DIGITS.findall(beginning)) / n_looked_at,
                sum(map(str.isupper, beginning)) / n_looked_at,
                len(_POINTS.findall(beginning)) / n_looked_at,
                last == ":",
                last in "…>»→›" or text.endswith("..."),
                last in "?？",
                not first.isalnum(),
                first.islower(),
                ":" in text[:20],
                "@" in text or "://" in text or "©" in text,
                "|" in text or "•" in text or "·" in text,
                block.n_emphasized / n,
            )
        )
    table = np.array(rows, dtype=np.float64)
    return [table[:, column] for column in range(table.shape[1])]


def _surroundings_columns(
    blocks: Sequence[Block], lengths: Floats, found: Floats, found_second: Floats, links: Floats
) -> list[Floats]:
    """Give what is in the boxes around a block, and in blocks that look like it."""
    columns: list[Floats] = []
    keys = [[block.boxes[level] if level < len(block.boxes) else 0 for block in blocks] for level in range(N_BOXES)]
    total_found = 1 + (lengths * found).sum()
    for level in range(1, N_BOXES):
        groups = np.unique(keys[level], return_inverse=True)[1]
        sums = np.bincount(groups, lengths)
        here = np.bincount(groups, lengths * found)
        columns += [
            (here / sums)[groups],
            (np.bincount(groups, lengths * found_second) / sums)[groups],
            (np.bincount(groups, lengths * links) / sums)[groups],
            np.log1p(sums)[groups],
            (here / total_found)[groups],
            np.bincount(groups)[groups].astype(np.float64),
        ]
    numbers: dict[tuple[str, str], int] = {}
    kinds = np.array([numbers.setdefault(block.kind, len(numbers)) for block in blocks])
    sums, here = np.bincount(kinds, lengths), np.bincount(kinds, lengths * found)
    columns += [
        (here / sums)[kinds],
        (np.bincount(kinds, lengths * found_second) / sums)[kinds],
        (np.bincount(kinds, lengths * links) / sums)[kinds],
        np.log1p(sums)[kinds],
        (here / total_found)[kinds],
        np.bincount(kinds)[kinds].astype(np.float64),
        np.bincount(kinds, found >= 0.5)[kinds] / np.bincount(kinds)[kinds],
    ]
    return columns


def _said_columns(blocks: Sequence[Block], words: Sequence[list[str]], says: PageSays, n_lines: int) -> list[Floats]:
    """Give how blocks agree with what the page says of itself, and how far they are behind its title."""
    n = len(blocks)
    titles = [frozenset(parts) for title in says.titles if (parts := _WORD.findall(title.casefold()))]
    in_titles = {word for title in says.titles for word in (*title.split(), *title.casefold().split())}
    descriptions = [text for text in map(_letters, says.descriptions) if len(text) >= _LEAST_DESCRIPTION]
    first_words = {text.split()[0] for text in says.descriptions if text.strip()}
    near_title, in_description = np.zeros(n), np.zeros(n)
    heading = headline = -1
    for position, block in enumerate(blocks):
        is_heading, n_characters = block.tag in ("h1", "h2"), len(block.text)
        if n_characters <= _LONGEST_TITLE and (is_heading or not in_titles.isdisjoint(words[position])):
            here = frozenset(_WORD.findall(block.text.casefold()))
            near_title[position] = max((len(here & title) / len(here | title) for title in titles), default=0.0)
        if is_heading:
            if heading < 0 and block.tag == "h1":
                heading = position
            if headline < 0 and near_title[position] >= _NEAR:
                headline = position
        if n_characters >= _LEAST_DESCRIPTION and words[position][0] in first_words:
            letters = _letters(block.text)
            in_description[position] = any(
                letters.startswith(text[:_AGREEING]) or text.startswith(letters[:_AGREEING]) for text in descriptions
            )
    start = headline if headline >= 0 else heading
    order = np.arange(n, dtype=np.float64)
    after = order - start if start >= 0 else np.full(n, _NO_TITLE)
    kinds = (says.is_article, says.is_product, says.is_forum, says.is_collection)
    counts = Counter(block.text for block in blocks)
    repeats = np.array([counts[block.text] for block in blocks], dtype=np.float64)
    return [near_title, in_description, after, repeats, *(np.full(n, float(value)) for value in (*kinds, n_lines))]


def _letters(text: str) -> str:
    return "".join(_WORD.findall(text.casefold()))


def share_found(blocks: Sequence[Block], text: str) -> Floats:
    """Give of each block the share of its runs of three words that occur in a text; a shorter block is one run."""
    return _share_found([_words(block.text) for block in blocks], text)


def _share_found(words_of_blocks: Sequence[list[str]], text: str) -> Floats:
    words = _words(text)
    runs: set[tuple[str, ...]] = set(zip(words, words[1:], words[2:], strict=False))
    lines = {tuple(_words(line)) for line in text.split("\n") if len(line) < _LONGEST_SHORT}
    shares = np.zeros(len(words_of_blocks))
    for position, words in enumerate(words_of_blocks):
        if len(words) < 3:
            shares[position] = tuple(words) in lines
        else:
            n_runs = len(words) - 2
            shares[position] = sum(map(runs.__contains__, zip(words, words[1:], words[2:], strict=False))) / n_runs
    return shares


def _words(text: str) -> list[str]:
    """Part a text at white space; what is longer than words are is parted into characters, as Chinese needs it."""
    words = text.split()
    if max(map(len, words), default=0) > _LONG_WORD:
        return [part for word in words for part in ([word] if len(word) <= _LONG_WORD else word)]
    return words


def _repeats(blocks: Sequence[Block]) -> Floats:
    seen: set[str] = set()
    repeats = np.zeros(len(blocks))
    for position, block in enumerate(blocks):
        repeats[position] = block.text in seen
        seen.add(block.text)
    return repeats


def _shifted(values: Floats, steps: int) -> Floats:
    """Give for each position the value `steps` further on; -1 past the ends."""
    shifted = np.full(len(values), -1.0)
    if steps > 0:
        shifted[:-steps] = values[steps:]
    else:
        shifted[-steps:] = values[:steps]
    return shifted


def _around(values: Floats, weights: Floats, reach: int) -> Floats:
    """Give for each position the weighted mean of the values up to `reach` positions away."""
    n = len(values)
    low, high = np.maximum(np.arange(n) - reach, 0), np.minimum(np.arange(n) + reach + 1, n)
    sums = np.concatenate([[0.0], np.cumsum(values * weights)])
    totals = np.concatenate([[0.0], np.cumsum(weights)])
    share: Floats = (sums[high] - sums[low]) / (totals[high] - totals[low])
    return share
