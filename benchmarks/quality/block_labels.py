"""Which blocks of a page people have marked as content: found by aligning the blocks with the marked text, in order.

What a page says twice, in its menu and in its text, is content only where it stands
between other content; so is a word or two.
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from benchmarks.quality.scoring import word_tokens

CONTENT_SHARE: Final = 0.5
"""A block is content if this share of its runs of three words is in the marked text."""
MOST_BETWEEN: Final = 400
"""Words of the marked text between two blocks, past which a block of a word or two between these is not looked for."""
_SLACK: Final = 5
_MOST_ANCHORS: Final = 3000


@dataclass(frozen=True, slots=True)
class _Marked:
    """The marked text, and where in it words and runs of three words are."""

    words: list[str]
    of_word: dict[str, list[int]]
    of_run: dict[tuple[str, ...], list[int]]


def label_blocks(texts: Sequence[str], marked_text: str) -> npt.NDArray[np.bool_]:
    """Give of each block, by its text, whether it is content."""
    marked = _read(word_tokens(marked_text.lower()))
    blocks = [word_tokens(text.lower()) for text in texts]
    shares, starts = _look_up(blocks, marked)
    anchors = [(position, start, len(blocks[position])) for position, start in enumerate(starts) if start is not None]
    places = {position: (at, at + len(blocks[position])) for position, at in _heaviest_chain(anchors[:_MOST_ANCHORS])}
    is_taken = np.zeros(len(marked.words) + 1, dtype=bool)
    for begin, end in places.values():
        is_taken[max(0, begin) : max(0, end)] = True
    is_content = np.zeros(len(blocks), dtype=bool)
    in_order = sorted(places)
    for position, words in enumerate(blocks):
        start = starts[position]
        if position in places:
            is_content[position] = True
        elif 0 < len(words) < 3 or (shares[position] >= CONTENT_SHARE and start is None):
            is_content[position] = _is_between(words, position, in_order, places, marked)
        elif shares[position] >= CONTENT_SHARE and start is not None:  # out of order: content if nothing else is it
            is_content[position] = is_taken[max(0, start) : max(1, start + len(words))].mean() <= 0.5
    return is_content


def _read(words: list[str]) -> _Marked:
    of_word: dict[str, list[int]] = {}
    of_run: dict[tuple[str, ...], list[int]] = {}
    for place, word in enumerate(words):
        of_word.setdefault(word, []).append(place)
    for place, run in enumerate(zip(words, words[1:], words[2:], strict=False)):
        of_run.setdefault(run, []).append(place)
    return _Marked(words, of_word, of_run)


def _look_up(blocks: Sequence[list[str]], marked: _Marked) -> tuple[list[float], list[int | None]]:
    """Give the share of each block's runs that are marked, and where it would begin by those that are there once."""
    shares: list[float] = []
    starts: list[int | None] = []
    for words in blocks:
        found = [marked.of_run.get(run) for run in zip(words, words[1:], words[2:], strict=False)]
        share = sum(places is not None for places in found) / max(1, len(found))
        once = [places[0] - number for number, places in enumerate(found) if places and len(places) == 1]
        shares.append(share)
        starts.append(int(np.median(once)) if once and share >= CONTENT_SHARE else None)
    return shares, starts


def _heaviest_chain(anchors: Sequence[tuple[int, int, int]]) -> list[tuple[int, int]]:
    """Give the (block, start) of the chain of most words in which both go forward, of (block, start, words)."""
    if not anchors:
        return []
    starts = np.array([start for _, start, _ in anchors])
    weights = np.array([n_words for _, _, n_words in anchors], dtype=np.float64)
    before = np.full(len(anchors), -1)
    for number in range(1, len(anchors)):
        possible = np.flatnonzero(starts[:number] <= starts[number])
        if len(possible):
            before[number] = possible[np.argmax(weights[possible])]
            weights[number] += weights[before[number]]
    chain: list[tuple[int, int]] = []
    number = int(np.argmax(weights))
    while number >= 0:
        chain.append(anchors[number][:2])
        number = int(before[number])
    return chain[::-1]


def _is_between(
    words: list[str], position: int, in_order: Sequence[int], places: dict[int, tuple[int, int]], marked: _Marked
) -> bool:
    """Say whether the words of a block are marked between what the blocks around it became."""
    at = bisect_left(in_order, position)
    least = (places[in_order[at - 1]][1] if at else 0) - _SLACK
    most = (places[in_order[at]][0] if at < len(in_order) else len(marked.words)) + _SLACK
    if len(words) >= 3:
        runs = zip(words, words[1:], words[2:], strict=False)
        return any(least <= place <= most for run in runs for place in marked.of_run.get(run, ()))
    if most - least > MOST_BETWEEN:
        return False
    return any(
        least <= place < most and marked.words[place : place + len(words)] == words
        for place in marked.of_word.get(words[0], ())
    )
