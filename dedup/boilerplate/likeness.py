"""Paragraphs that no rule matches, but that are worded like boilerplate and stand among it.

Source of the method: naive Bayes over words and pairs of words (Maron, Automatic Indexing, 1961) gives one vote; that
and votes of place, neighbours and shape are weighed by gradient-boosted trees, as jusText (Pomikalek, Removing
Boilerplate and Duplicate Content from Web Corpora, 2011) tells short paragraphs by the ones around them. Trained by
`python -m benchmarks train-likeness`, on lines as the rules that match them would leave them if they did not exist.
"""

import functools
import math
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import groupby
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dedup.boilerplate.company import HALF, MUCH, Pieces, piece_of
from dedup.boilerplate.hits import Hit, Paragraphs
from dedup.boilerplate.wording import bare, is_told, translate
from dedup.forests import Floats, Trees, read_trees
from dedup.kernels.characters import load_characters
from dedup.kernels.likeness import EVIDENCE, MOST_KEYS, MOST_TOKENS, ask_trees, key_runs, look_around, weigh_paragraphs
from dedup.kernels.tokens import SPARE, token_scratch
from dedup.schemas import TEXT
from dedup.settings import CATEGORIES, Settings

LIKE_OTHERS: Final = "like-others"
"""The name that takes the place of a rule's, behind the category that a paragraph is most like."""

MODEL_PATH: Final = Path(__file__).with_name("likeness.npz")

LEAST_PROBABILITY: Final = 0.4
"""From here on a paragraph goes: cross-validated, two in a thousand lines of what people call content are as likely."""

LEAST_WORDING: Final = 0.0
"""In the mean: nine in ten paragraphs are below it, and of what the model would take one in a hundred."""

MOST_AT_ONCE: Final = 1 << 14
"""Paragraphs that are measured together, which bounds the memory that it takes: 20 MB."""

_LEAST_SCORE: Final = math.log(LEAST_PROBABILITY / (1 - LEAST_PROBABILITY))
_WORDING: Final = EVIDENCE.index("wording")
_ASKED_FIRST: Final = ("tokens", "is_sentence", "until_prose", "mean_wording")


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
    if LIKE_OTHERS in settings.without:
        return []
    company: dict[int, Pieces] = {}
    for document, group in groupby(hits, key=lambda hit: int(view.document[hit.paragraph])):
        around = [hit for hit in group if hit.is_company]
        if sum(1 if hit.is_sure else HALF for hit in around) >= MUCH:
            company[document] = Pieces(
                piece_of(view, hit.paragraph, hit.category, is_sure=hit.is_sure) for hit in around
            )
    if not company:
        return []
    touched, taken = (np.zeros(len(view.starts), dtype=np.bool_) for _ in range(2))
    touched[[hit.paragraph for hit in hits]] = True
    taken[[hit.paragraph for hit in hits if hit.is_whole]] = True
    return [
        hit
        for stretches in _some_at_a_time(view.of_document(document) for document in company)
        for hit in _judge(view, stretches, touched, taken, company, settings)
    ]


def _some_at_a_time(documents: Iterable[range]) -> Iterator[list[range]]:
    """Give the paragraphs of documents in stretches, few enough together; a long document is in several."""
    together: list[range] = []
    for members in documents:
        for start in range(members.start, members.stop, MOST_AT_ONCE):
            together.append(range(start, min(start + MOST_AT_ONCE, members.stop)))
            if sum(map(len, together)) >= MOST_AT_ONCE:
                yield together
                together = []
    if together:
        yield together


def _judge(
    view: Paragraphs,
    stretches: list[range],
    touched: NDArray[np.bool_],
    taken: NDArray[np.bool_],
    company: Mapping[int, Pieces],
    settings: Settings,
) -> Iterator[Hit]:
    """Give the hits in some stretches of documents, in order; touched and taken bool[p]: in part, and whole."""
    numbers = np.concatenate([np.arange(each.start, each.stop) for each in stretches])
    first = np.cumsum([0, *map(len, stretches)], dtype=np.int64)
    runs, trees = load_model()
    found = measure_likeness(view, numbers, first, taken[numbers], runs)
    rows = np.flatnonzero(may_be_alike(found.evidence) & ~touched[numbers] & (view.kind[numbers] == TEXT))
    scores = np.empty(len(rows))
    ask_trees(trees.features, trees.thresholds, trees.leaves, found.evidence, rows, scores)
    rows = rows[scores + trees.baseline >= _LEAST_SCORE]
    for row in rows.tolist():
        paragraph, category = int(numbers[row]), CATEGORIES[found.category[row]]
        if category in settings.without or is_told(_wording_of(view, paragraph)):
            continue
        beside = company[int(view.document[paragraph])].count_company(piece_of(view, paragraph, category, is_sure=True))
        if beside.weight >= MUCH:
            base = int(view.base[paragraph])
            span = int(view.starts[paragraph]) - base, int(view.ends[paragraph]) - base
            votes = beside.votes_with(f"wording {found.evidence[row, _WORDING]:.1f}")
            yield Hit(
                paragraph, *span, f"{category}/{LIKE_OTHERS}", category, is_whole=True, votes=votes, is_alike=True
            )


def _wording_of(view: Paragraphs, paragraph: int) -> str:
    """Give a paragraph as rules see it."""
    raw = bytes(view.data.data[view.starts[paragraph] : view.ends[paragraph]])
    return bare(translate(raw.decode("utf-8", "replace")))


def measure_likeness(
    view: Paragraphs, numbers: NDArray[np.int64], first: NDArray[np.int64], taken: NDArray[np.bool_], runs: Runs
) -> Likeness:
    """Measure n paragraphs of d documents: numbers int64[n]; first int64[d + 1], those of each; taken bool[n]."""
    evidence, category = np.empty((len(numbers), len(EVIDENCE))), np.empty(len(numbers), dtype=np.int8)
    weigh_paragraphs(
        view.data, view.starts[numbers], view.ends[numbers], *load_characters(), _scratch(), *runs,
        np.empty(MOST_KEYS, dtype=np.uint32), np.empty(len(CATEGORIES)), evidence, category,
    )  # fmt: skip
    look_around(first, taken, evidence)
    return Likeness(evidence, category)


def may_be_alike(evidence: Floats) -> NDArray[np.bool_]:
    """Say which paragraphs are judged, bool[n]: no long ones, none worded otherwise, and no headings over prose."""
    n_tokens, is_sentence, until_prose, wording = (evidence[:, EVIDENCE.index(name)] for name in _ASKED_FIRST)
    is_heading = (until_prose == 1) & (is_sentence == 0)
    may: NDArray[np.bool_] = (n_tokens > 0) & (n_tokens <= MOST_TOKENS) & (wording >= LEAST_WORDING) & ~is_heading
    return may


def run_keys(texts: Iterable[str]) -> list[NDArray[np.uint32]]:
    """Give the keys of the tokens and pairs of each text."""
    keys, scratch = np.empty(MOST_KEYS, dtype=np.uint32), _scratch()
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
