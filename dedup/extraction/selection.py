"""Which blocks of a page belong to its content: a model weighs them, and the extractor's text is mended by its word.

The model is gradient-boosted trees over dedup.extraction.measures, trained by
`python -m benchmarks train-blocks` on pages whose content people have marked.
"""

from bisect import bisect_left
from collections.abc import Sequence, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from dedup.extraction.blocks import COMMENT, FRAME, FRAME_NAME, HIDDEN, MAIN, TABLE, Block
from dedup.extraction.measures import FOUND, Floats, PageSays, measure_blocks, share_found

# All numbers here were tuned on the tuning halves of aeb, fundus_eval and wcxb_dev, with probabilities of models that
# had not seen the site.
ADDED_AT: Final = 0.35
"""A block that the extractor left out is added from this probability on, ..."""
LEAST_ADDED: Final = 0.1
"""... if all that would be added is more than this share of the extractor's text, ..."""
LEAST_ADDED_TO_ARTICLE: Final = 1.0
"""... or this one: of an article, the extractor misses little, unless it took another part of the page for it."""
DROPPED_BELOW: Final = 0.3
"""The extractor's lines are dropped below this probability. It is low, for what is no prose may be content, unless in
an article."""
DROPPED_FROM_ARTICLE_BELOW: Final = 0.5
"""An article's lines are dropped below this one ..."""
MOST_DROPPED: Final = 0.5
"""... unless that is more than this share of it: then the model is as likely wrong, and only those go ..."""
SURELY_DROPPED_BELOW: Final = 0.1
"""... that are below this one."""
LINK_DROPPED_BELOW: Final = 0.9
"""Lines that are all link are dropped below this one."""
LEAST_GAIN: Final = 0.02
"""How much better the model must believe its own choice of blocks to be, as F1, to put it for the extractor's text."""
SURELY_CHOSEN_AT: Final = 0.5
LEAST_SHOWN: Final = 0.5
"""Blocks that come to less than this share of the extractor's text did not give it: it is from data in the page,
and stays as it is."""
LINK_SHARE: Final = 0.9
LEAST_LINK_WORDS: Final = 4
MOST_LINKED_SHARE: Final = 0.5
"""An article's lines that are all link point elsewhere, unless this much of its text is such lines."""
MOSTLY_FOUND: Final = 0.3
HEADING_ADDED_AT: Final = 0.3
HEADING_ADDED_TO_ARTICLE_AT: Final = 0.5
"""A heading is added from these probabilities on, if what it stands over is in the text: trafilatura
loses many in manuals, and one over a text that is content is hardly ever none."""

_SUBHEADINGS: Final = frozenset(("h2", "h3", "h4", "h5", "h6"))
_MOST_ALIKE: Final = 8  # lines that recur more often say nothing of where a block stands


@dataclass(frozen=True, slots=True)
class Trees:
    """Complete binary trees of one depth: t trees with i inner nodes and i + 1 leaves, in order of levels."""

    features: npt.NDArray[np.int64]  # [t, i]
    thresholds: Floats  # [t, i]; up to and including it, left
    leaves: Floats  # [t, i + 1]
    baseline: float

    def probabilities(self, evidence: Floats) -> Floats:
        """Give the probability of each row of evidence: float64[n]."""
        n_trees, n_inner = self.features.shape
        inner, leaf = np.arange(n_trees) * n_inner, np.arange(n_trees) * (n_inner + 1)
        values, rows = evidence.ravel(), np.arange(len(evidence))[:, None] * evidence.shape[1]
        features, thresholds = self.features.ravel(), self.thresholds.ravel()
        nodes = np.zeros((len(evidence), n_trees), dtype=np.int64)
        for _ in range((n_inner + 1).bit_length() - 1):
            here = nodes + inner
            is_right = values.take(features.take(here) + rows) > thresholds.take(here)
            nodes = 2 * nodes + 1 + is_right
        scores = self.baseline + self.leaves.ravel().take(nodes - n_inner + leaf).sum(axis=1)
        probabilities: Floats = 1 / (1 + np.exp(-scores))
        return probabilities


def read_trees(path: Path) -> Trees:
    """Read trees as the training writes them."""
    with np.load(path) as stored:
        return Trees(stored["features"], stored["thresholds"], stored["leaves"], float(stored["baseline"]))


MODEL: Final = read_trees(Path(__file__).with_name("block_model.npz"))


def mend_text(text: str, blocks: Sequence[Block], second: str, says: PageSays) -> tuple[str, bool]:
    """Give the extractor's text without lines that are no content and with blocks that it missed; and if any were.

    `second` is another extractor's text of the page. A page that does not call itself an article
    may get the blocks that the model chooses instead. Blocks are added only on pages that
    mark up their parts: without, the model has little to go by.
    """
    if not blocks:
        return text, False
    evidence = measure_blocks(blocks, text, second, says)
    return mend_with(MODEL.probabilities(evidence), text, blocks, evidence[:, FOUND], says.is_article)


def mend_with(
    probabilities: Floats, text: str, blocks: Sequence[Block], found: Floats, is_article: bool
) -> tuple[str, bool]:
    """Do what `mend_text` says by probabilities; `found` is the share of each block that is in the text."""
    lengths = np.array([len(block.text) for block in blocks], dtype=np.float64)
    if lengths.sum() < LEAST_SHOWN * len(text):
        return text, False
    has_parts = any(block.place & (FRAME | MAIN) != 0 for block in blocks)
    mended, has_added = _mended(probabilities, text, blocks, found, is_article, has_parts)
    if has_parts and not is_article:
        chosen = _best_choice(probabilities, lengths)
        in_mended = share_found(blocks, mended)
        gain = _expected_f(probabilities, lengths, chosen) - _expected_f(probabilities, lengths, in_mended)
        if gain >= LEAST_GAIN:
            return "\n".join(block.text for block, is_in in zip(blocks, chosen, strict=True) if is_in), True
    return mended, has_added


def _best_choice(probabilities: Floats, lengths: Floats) -> Floats:
    """Give 1 for the likeliest blocks, as many as make the best F1 in expectation, and for all sure ones; else 0."""
    order = np.argsort(-probabilities, kind="stable")
    expected = np.cumsum((probabilities * lengths)[order])
    least = probabilities[order[np.argmax(expected / (np.cumsum(lengths[order]) + expected[-1]))]]
    chosen: Floats = (probabilities >= min(least, SURELY_CHOSEN_AT)).astype(np.float64)
    return chosen


def _expected_f(probabilities: Floats, lengths: Floats, shares: Floats) -> float:
    """Give the F1 that shares of the blocks may expect, in characters."""
    expected = probabilities * lengths
    return float(2 * (expected * shares).sum() / ((lengths * shares).sum() + expected.sum()))


def _mended(
    probabilities: Floats, text: str, blocks: Sequence[Block], found: Floats, is_article: bool, has_parts: bool
) -> tuple[str, bool]:
    all_lines = text.split("\n")
    dropped_below = DROPPED_FROM_ARTICLE_BELOW if is_article else DROPPED_BELOW
    lines = _kept_lines(all_lines, blocks, probabilities, is_article, dropped_below)
    if is_article and sum(map(len, lines)) < MOST_DROPPED * sum(map(len, all_lines)):
        lines = _kept_lines(all_lines, blocks, probabilities, is_article, SURELY_DROPPED_BELOW)
    missed = np.flatnonzero((probabilities >= ADDED_AT) & (found < MOSTLY_FOUND)).tolist()
    n_missed = sum(len(blocks[position].text) for position in missed)
    least = LEAST_ADDED_TO_ARTICLE if is_article else LEAST_ADDED
    added = set(missed) if has_parts and n_missed > least * (1 + sum(map(len, lines))) else set()
    places = _places(lines, blocks)
    least_likely = HEADING_ADDED_TO_ARTICLE_AT if is_article else HEADING_ADDED_AT
    likely = np.flatnonzero((probabilities >= least_likely) & (found < MOSTLY_FOUND)).tolist()
    added |= {position for position in likely if _heads_a_line(position, blocks, places)}
    added -= {position for position in added if _says_it_again(position, blocks, added | places.keys())}
    return "\n".join(_with_blocks(lines, blocks, added, places)), bool(added)


def _heads_a_line(position: int, blocks: Sequence[Block], places: dict[int, int]) -> bool:
    """Say whether a block is a heading below the first level, outside the frame, over one that became a line."""
    block = blocks[position]
    if block.tag not in _SUBHEADINGS or block.place & (FRAME | FRAME_NAME | HIDDEN | COMMENT):
        return False
    below = next((under for under in range(position + 1, len(blocks)) if blocks[under].tag not in _SUBHEADINGS), None)
    return below in places and 2 * blocks[below].n_linked < len(blocks[below].text)


def _says_it_again(position: int, blocks: Sequence[Block], in_text: Set[int]) -> bool:
    """Say whether a block repeats the one before it, as links for screen readers do; cells of a table may."""
    block = blocks[position]
    return position - 1 in in_text and block.text == blocks[position - 1].text and not block.place & TABLE


def _kept_lines(
    lines: list[str], blocks: Sequence[Block], probabilities: Floats, is_article: bool, dropped_below: float
) -> list[str]:
    """Give the lines that are content; all, if none were."""
    best: dict[str, tuple[float, float, str]] = {}  # text: share in links, probability, tag
    for block, probability in zip(blocks, probabilities, strict=True):
        links, likely, tag = best.get(block.text, (0.0, 0.0, block.tag))
        best[block.text] = (max(links, block.n_linked / len(block.text)), max(likely, float(probability)), tag)
    judged = [best.get(" ".join(line.split())) for line in lines]
    is_link = [
        seen is not None
        and seen[0] >= LINK_SHARE
        and not seen[2].startswith("h")
        and len(line.split()) >= LEAST_LINK_WORDS
        for line, seen in zip(lines, judged, strict=True)
    ]
    n_linked = sum(len(line) for line, linked in zip(lines, is_link, strict=True) if linked)
    drops_links = is_article and n_linked < MOST_LINKED_SHARE * sum(map(len, lines))
    kept = [
        line
        for line, seen, linked in zip(lines, judged, is_link, strict=True)
        if seen is None or (seen[1] >= dropped_below and not (linked and (drops_links or seen[1] < LINK_DROPPED_BELOW)))
    ]
    return kept if any(line.strip() for line in kept) else lines


def _places(lines: list[str], blocks: Sequence[Block]) -> dict[int, int]:
    """Give the line that each block became, by the block's position: the longest chain in which both go forward."""
    where: dict[str, list[int]] = {}
    for number, line in enumerate(lines):
        where.setdefault(_beginning(line), []).append(number)
    steps: list[tuple[int, int, int]] = []  # block, line, and the step before it
    ends: list[int] = []  # the least line at which a chain of each length ends, and that step
    last_steps: list[int] = []
    for position, block in enumerate(blocks):
        numbers = where.get(_beginning(block.text), [])
        for number in reversed(numbers if len(numbers) <= _MOST_ALIKE else []):
            length = bisect_left(ends, number)
            steps.append((position, number, last_steps[length - 1] if length else -1))
            ends[length : length + 1] = [number]
            last_steps[length : length + 1] = [len(steps) - 1]
    places: dict[int, int] = {}
    step = last_steps[-1] if last_steps else -1
    while step >= 0:
        position, number, step = steps[step]
        places[position] = number
    return places


def _with_blocks(lines: list[str], blocks: Sequence[Block], added: Set[int], places: dict[int, int]) -> list[str]:
    """Put the added blocks after the line that the block before them became, in their order."""
    after: dict[int, list[str]] = {}
    at = -1
    for position, block in enumerate(blocks):
        if position in added:
            after.setdefault(at, []).append(block.text)
        else:
            at = places.get(position, at)
    mended = after.get(-1, [])
    for number, line in enumerate(lines):
        mended += [line, *after.get(number, ())]
    return mended


def _beginning(text: str) -> str:
    return "".join(text.split())[:40]
