"""What speaks for and against each block of a page being content: the numbers that the model sees."""

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from dedup.extraction.blocks import COMMENT, FRAME, FRAME_NAME, HIDDEN, ITEM, MAIN, TABLE, Block

Floats = npt.NDArray[np.float64]

LONG_CHARACTERS: Final = 100
"""A block this long is prose more often than not."""

_PLACES: Final = (FRAME, FRAME_NAME, HIDDEN, MAIN, ITEM, TABLE, COMMENT)
_TAGS: Final = {
    "p": 0, "blockquote": 0, "li": 1, "h1": 2, "h2": 3, "h3": 3, "h4": 3, "h5": 3, "h6": 3, "td": 4, "th": 4,
    "div": 5, "pre": 6,
}  # fmt: skip
_N_TAGS: Final = 8
_ENDINGS: Final = frozenset('.!?。！？…”"»;:')
_LONG_WORD: Final = 25


def measure_blocks(blocks: Sequence[Block], text: str, second: str) -> Floats:
    """Give the evidence of n blocks as float64[n, ...]: their own, their neighbours' and the page's.

    `text` and `second` are what two extractors made of the page.
    """
    n = len(blocks)
    lengths = np.array([len(block.text) for block in blocks], dtype=np.float64)
    links = np.array([block.n_linked for block in blocks]) / lengths
    places = np.array([block.place for block in blocks])
    logs = np.log1p(lengths)
    found, found_second = share_found(blocks, text), share_found(blocks, second)
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
    return np.column_stack(columns)


def share_found(blocks: Sequence[Block], text: str) -> Floats:
    """Give of each block the share of its runs of three words that occur in a text; a shorter block is one run."""
    words = _words(text)
    runs: set[tuple[str, ...]] = set(zip(words, words[1:], words[2:], strict=False))
    lines = {tuple(_words(line)) for line in text.split("\n")}
    shares = np.zeros(len(blocks))
    for position, block in enumerate(blocks):
        words = _words(block.text)
        if len(words) < 3:
            shares[position] = tuple(words) in lines
        else:
            n_runs = len(words) - 2
            shares[position] = sum(map(runs.__contains__, zip(words, words[1:], words[2:], strict=False))) / n_runs
    return shares


def _words(text: str) -> list[str]:
    """Part a text at white space; what is longer than words are is parted into characters, as Chinese needs it."""
    words = text.split()
    if any(len(word) > _LONG_WORD for word in words):
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
