"""Which blocks of a page belong to its content: a model weighs them, and the extractor's text is mended by its word.

The model is gradient-boosted trees over dedup.extraction.measures, trained by
`python -m benchmarks train-blocks` on pages whose content people have marked.
"""

from bisect import bisect_left
from collections.abc import Sequence, Set
from itertools import accumulate
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from dedup.extraction.blocks import COMMENT, FRAME, FRAME_NAME, HIDDEN, MAIN, TABLE, Block
from dedup.extraction.measures import FOUND, LONG_CHARACTERS, PageSays, measure_blocks, share_found
from dedup.forests import Floats, read_trees

# All numbers here were tuned on the tuning halves of aeb, fundus_eval and wcxb_dev, with probabilities of models that
# had not seen the site.
ADDED_AT: Final = 0.35
"""A block that the extractor left out is added from this probability on, ..."""
LEAST_ADDED: Final = 0.1
"""... if all that would be added is more than this share of the extractor's text, ..."""
LEAST_ADDED_TO_ARTICLE: Final = 1.0
"""... or this one: of an article, the extractor misses little, unless it took another part of the page for it."""
DROPPED_BELOW: Final = 0.4
"""The extractor's lines are dropped below this probability, ..."""
MOST_DROPPED: Final = 0.5
"""... unless that is more than this share of an article: then the model is as likely wrong, and only those go ..."""
SURELY_DROPPED_BELOW: Final = 0.1
"""... that are below this one."""
DOUBTED_BELOW: Final = 0.7
"""An article's lines below this one are in doubt if they are short, or after its last long line that is sure: what
stands between its paragraphs and below it calls for a click more often than not. They go ..."""
SHORT_CHARACTERS: Final = 120
SURE_FROM: Final = 0.85
MOST_DOUBTED: Final = 0.12
LEAST_PROSE: Final = 0.6
"""... unless they are more than the first share of it, or its long lines that are in no doubt less than the second:
then it is of a kind that the model does not know, or calls itself an article and is none."""
LINK_DROPPED_BELOW: Final = 0.9
"""Lines that are nearly all link are dropped below this one."""
LEAST_GAIN: Final = 0.02
"""How much better the model must believe its own choice of blocks to be, as F1, to put it for the extractor's text."""
SURELY_CHOSEN_AT: Final = 0.5
LEAST_SHOWN: Final = 0.5
"""Blocks that come to less than this share of the extractor's text did not give it: it is from data in the page,
and stays as it is."""
LINK_SHARE: Final = 0.8
LEAST_LINK_WORDS: Final = 4
MOST_LINKED_SHARE: Final = 0.5
"""An article's lines that are nearly all link point elsewhere, unless this much of its text is such lines."""
MOSTLY_FOUND: Final = 0.3
HEADING_ADDED_AT: Final = 0.3
HEADING_ADDED_TO_ARTICLE_AT: Final = 0.5
"""A heading is added from these probabilities on, if what it stands over is in the text: trafilatura
loses many in manuals, and one over a text that is content is hardly ever none."""

_SUBHEADINGS: Final = frozenset(("h2", "h3", "h4", "h5", "h6"))
_HEADINGS: Final = _SUBHEADINGS | {"h1"}
_ITEMS: Final = frozenset(("li", "pre"))
"""Blocks that are short whatever they are: ingredients, commands."""
_BEGINNING: Final = 40
_LEAST_BEGINNING: Final = 20
_FIRST_LETTERS: Final = 12
_MOST_ALIKE: Final = 8  # lines that recur more often say nothing of where a block stands


class _Judgement(NamedTuple):
    """What is known of a line by the blocks that it is made of."""

    linked: float  # share in links
    likely: float  # probability to be content
    tag: str


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
    judged = _judge_lines(all_lines, blocks, probabilities)
    lines = _kept_lines(all_lines, judged, is_article)
    if is_article and sum(map(len, lines)) < MOST_DROPPED * sum(map(len, all_lines)):
        lines = _chosen(all_lines, _are_likely(all_lines, judged, is_article, SURELY_DROPPED_BELOW))
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


def _kept_lines(lines: list[str], judged: Sequence[_Judgement | None], is_article: bool) -> list[str]:
    """Give the lines that are content; all, if none were."""
    kept = _are_likely(lines, judged, is_article, DROPPED_BELOW)
    if is_article:
        total, doubted = _length(lines, kept), _are_doubted(lines, judged, kept)
        prose = [
            is_kept and len(line) >= LONG_CHARACTERS and (seen is None or seen.likely >= DOUBTED_BELOW)
            for line, seen, is_kept in zip(lines, judged, kept, strict=True)
        ]
        if _length(lines, doubted) <= MOST_DOUBTED * total and _length(lines, prose) >= LEAST_PROSE * total:
            kept = [is_kept and not is_doubted for is_kept, is_doubted in zip(kept, doubted, strict=True)]
    return _chosen(lines, _without_bare_headings(lines, judged, kept))


def _are_likely(
    lines: list[str], judged: Sequence[_Judgement | None], is_article: bool, dropped_below: float
) -> list[bool]:
    """Say which lines are not below a probability and point nowhere else; what is in no block is kept."""
    are_links = [
        seen is not None
        and seen.linked >= LINK_SHARE
        and not seen.tag.startswith("h")
        and len(line.split()) >= LEAST_LINK_WORDS
        for line, seen in zip(lines, judged, strict=True)
    ]
    drops_links = is_article and _length(lines, are_links) < MOST_LINKED_SHARE * sum(map(len, lines))
    return [
        seen is None
        or (seen.likely >= dropped_below and not (is_link and (drops_links or seen.likely < LINK_DROPPED_BELOW)))
        for seen, is_link in zip(judged, are_links, strict=True)
    ]


def _are_doubted(lines: list[str], judged: Sequence[_Judgement | None], kept: list[bool]) -> list[bool]:
    """Say which of an article's kept lines are in doubt."""
    end = max(
        (
            number
            for number, (line, seen) in enumerate(zip(lines, judged, strict=True))
            if len(line) >= LONG_CHARACTERS and (seen is None or seen.likely >= SURE_FROM)
        ),
        default=len(lines),
    )
    return [
        is_kept
        and seen is not None
        and seen.likely < DOUBTED_BELOW
        and (number > end or (len(line) < SHORT_CHARACTERS and seen.tag not in _ITEMS))
        for number, (line, seen, is_kept) in enumerate(zip(lines, judged, kept, strict=True))
    ]


def _without_bare_headings(lines: list[str], judged: Sequence[_Judgement | None], kept: list[bool]) -> list[bool]:
    """Keep no heading that lost all that it stood over, down to the next one of its level."""
    left = list(kept)
    is_gone = False  # the line below
    tag_below: str | None = "h1"  # of the next line that is kept, as if a text were to follow
    for number in range(len(lines) - 1, -1, -1):
        if not lines[number].strip():
            continue
        seen = judged[number]
        if (
            seen is not None
            and is_gone
            and seen.tag in _SUBHEADINGS
            and tag_below in _HEADINGS
            and tag_below <= seen.tag
        ):
            left[number] = False
        is_gone = not left[number]
        if not is_gone:
            tag_below = seen.tag if seen is not None else ""
    return left


def _judge_lines(lines: list[str], blocks: Sequence[Block], probabilities: Floats) -> list[_Judgement | None]:
    """Give what is known of each line by the block that has its text, or by those it is made of; None if none are."""
    known: dict[str, _Judgement] = {}
    for block, probability in zip(blocks, probabilities, strict=True):
        here = _Judgement(block.n_linked / len(block.text), float(probability), block.tag)
        known[block.text] = _better(known.get(block.text), here)
    judged = [known.get(" ".join(line.split())) for line in lines]
    unknown = [number for number, seen in enumerate(judged) if seen is None and len(lines[number]) >= _FIRST_LETTERS]
    if not unknown:
        return judged
    letters = [_letters(block.text) for block in blocks]
    joined, starts = "".join(letters), list(accumulate(map(len, letters), initial=0))
    where: dict[str, list[int]] = {}
    for position, start in enumerate(starts[:-1]):
        where.setdefault(joined[start : start + _FIRST_LETTERS], []).append(position)
    lengths = np.array([len(block.text) for block in blocks], dtype=np.float64)
    of_blocks = np.array([lengths, lengths * probabilities, [block.n_linked for block in blocks]])
    sums = np.zeros((3, len(blocks) + 1))
    sums[:, 1:] = of_blocks.cumsum(axis=1)
    for number in unknown:
        wanted = _letters(lines[number])
        if len(wanted) < _FIRST_LETTERS:
            continue
        alike = where.get(wanted[:_FIRST_LETTERS], [])[:_MOST_ALIKE]
        found = [position for position in alike if joined.startswith(wanted, starts[position])]
        if not found and len(wanted) >= _LEAST_BEGINNING:  # something within the line was left out
            found = [position for position in alike if joined.startswith(wanted[:_BEGINNING], starts[position])]
        for position in found:
            end = min(len(blocks), bisect_left(starts, starts[position] + len(wanted)))
            n, likely, n_linked = (sums[:, end] - sums[:, position]).tolist()
            judged[number] = _better(judged[number], _Judgement(n_linked / n, likely / n, blocks[position].tag))
    return judged


def _better(before: _Judgement | None, here: _Judgement) -> _Judgement:
    """Give the better of two judgements of a text that is there twice, with the tag of the later one."""
    if before is None:
        return here
    return _Judgement(max(before.linked, here.linked), max(before.likely, here.likely), here.tag)


def _chosen(lines: list[str], kept: list[bool]) -> list[str]:
    """Give the lines that are kept; all, if none has any text."""
    left = [line for line, is_kept in zip(lines, kept, strict=True) if is_kept]
    return left if any(line.strip() for line in left) else lines


def _length(lines: list[str], wanted: list[bool]) -> int:
    """Give the characters of the lines that are wanted."""
    return sum(len(line) for line, is_wanted in zip(lines, wanted, strict=True) if is_wanted)


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
    return _letters(text)[:_BEGINNING]


def _letters(text: str) -> str:
    return "".join(text.split())
