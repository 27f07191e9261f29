"""Paragraphs that no rule matches, but that are worded like boilerplate and stand among it.

Source of the method: naive Bayes over words and pairs of words (Maron, Automatic Indexing, 1961) gives one vote; that
and votes of place, neighbours and shape are weighed by gradient-boosted trees, as jusText (Pomikalek, Removing
Boilerplate and Duplicate Content from Web Corpora, 2011) tells short paragraphs by the ones around them. Trained by
`python -m benchmarks train-likeness`, on lines as the rules that match them would leave them if they did not exist.
"""

import functools
from collections.abc import Collection, Iterable
from itertools import groupby
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dedup.boilerplate.company import ENOUGH, HALF, Pieces, piece_of
from dedup.boilerplate.hits import Hit, Paragraphs
from dedup.boilerplate.rule_files import NOT_BY_RULES
from dedup.forests import Floats, Trees, read_trees
from dedup.kernels.characters import load_characters
from dedup.kernels.likeness import EVIDENCE, MOST_TOKENS, key_runs, look_around, weigh_paragraphs
from dedup.kernels.tokens import SPARE, token_scratch
from dedup.schemas import TEXT
from dedup.settings import CATEGORIES, Settings

LIKE_OTHERS: Final = "like-others"
"""The name that takes the place of a rule's."""

MODEL_PATH: Final = Path(__file__).with_name("likeness.npz")

LEAST_PROBABILITY: Final = 0.6
"""From here on a paragraph goes: of lines that people took for content, one in a thousand is as likely, in training."""


_JUDGED: Final = tuple(category for category in CATEGORIES if category not in NOT_BY_RULES)


class Runs(NamedTuple):
    """What r tokens and pairs of them speak for, by their keys, ascending."""

    keys: NDArray[np.uint32]
    weights: Floats
    categories: NDArray[np.int8]  # places in CATEGORIES


class Likeness(NamedTuple):
    """What is measured of p paragraphs: evidence float64[p, len(EVIDENCE)], category int8[p], a place in CATEGORIES."""

    evidence: Floats
    category: NDArray[np.int8]


def find_alike(view: Paragraphs, hits: Collection[Hit], settings: Settings) -> list[Hit]:
    """Give the paragraphs that are like those that were found, in documents where that is company enough.

    hits: what rules found, by paragraph, without what stands in want of company.
    """
    asked: list[int] = []
    company: dict[int, Pieces] = {}
    for document, group in groupby(hits, key=lambda hit: int(view.document[hit.paragraph])):
        whole = [hit for hit in group if hit.is_whole and hit.category in _JUDGED]
        if sum(1 if hit.is_sure else HALF for hit in whole) >= ENOUGH:
            asked.append(document)
            company[document] = Pieces(
                piece_of(view, hit.paragraph, hit.category, is_sure=hit.is_sure) for hit in whole
            )
    if not asked:
        return []
    members = [view.of_document(document) for document in asked]
    numbers = np.concatenate([np.arange(each.start, each.stop) for each in members])
    first = np.cumsum([0, *map(len, members)], dtype=np.int64)
    touched = np.zeros(len(view.starts), dtype=np.bool_)
    touched[[hit.paragraph for hit in hits]] = True
    taken = np.zeros(len(view.starts), dtype=np.bool_)
    taken[[hit.paragraph for hit in hits if hit.is_whole]] = True
    runs, trees = load_model()
    found = measure_likeness(view, numbers, first, taken[numbers], runs)
    may_go = may_be_alike(found.evidence) & ~touched[numbers] & (view.kind[numbers] == TEXT)
    rows = np.flatnonzero(may_go)
    rows = rows[trees.probabilities(found.evidence[rows]) >= LEAST_PROBABILITY]
    alike = []
    for row in rows.tolist():
        paragraph, category = int(numbers[row]), CATEGORIES[found.category[row]]
        if category in settings.without:
            continue
        beside = company[int(view.document[paragraph])].count_company(piece_of(view, paragraph, category, is_sure=True))
        if beside.is_enough:
            base = int(view.base[paragraph])
            span = int(view.starts[paragraph]) - base, int(view.ends[paragraph]) - base
            rule = f"{category}/{LIKE_OTHERS}"
            alike.append(Hit(paragraph, *span, rule, category, is_whole=True, votes=beside.votes_with("wording")))
    return alike


def measure_likeness(
    view: Paragraphs, numbers: NDArray[np.int64], first: NDArray[np.int64], taken: NDArray[np.bool_], runs: Runs
) -> Likeness:
    """Measure n paragraphs of d documents: numbers int64[n]; first int64[d + 1], those of each; taken bool[n]."""
    evidence, category = np.empty((len(numbers), len(EVIDENCE))), np.empty(len(numbers), dtype=np.int8)
    weigh_paragraphs(
        view.data, view.starts[numbers], view.ends[numbers], *load_characters(), _scratch(), *runs,
        np.empty(len(CATEGORIES)), evidence, category,
    )  # fmt: skip
    look_around(first, taken, evidence)
    return Likeness(evidence, category)


def may_be_alike(evidence: Floats) -> NDArray[np.bool_]:
    """Say which paragraphs are judged, bool[n]: not the long ones, nor those without a token."""
    n_tokens = evidence[:, EVIDENCE.index("tokens")]
    return (n_tokens > 0) & (n_tokens <= MOST_TOKENS)


def run_keys(texts: Iterable[str]) -> list[NDArray[np.uint32]]:
    """Give the keys of the tokens and pairs of each text."""
    keys, scratch = np.empty(2 * MOST_TOKENS + 1, dtype=np.uint32), _scratch()
    found = []
    for text in texts:
        data = np.frombuffer(text.encode(), dtype=np.uint8)
        found.append(keys[: key_runs(data, *load_characters(), scratch, keys)].copy())
    return found


@functools.cache
def load_model() -> tuple[Runs, Trees]:
    """Give what the training wrote."""
    with np.load(MODEL_PATH) as stored:
        runs = Runs(stored["keys"], stored["weights"].astype(np.float64), stored["categories"])
    return runs, read_trees(MODEL_PATH)


def _scratch() -> tuple[NDArray[np.uint64], ...]:
    scratch: tuple[NDArray[np.uint64], ...] = token_scratch(MOST_TOKENS + SPARE)
    return scratch
