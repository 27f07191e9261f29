"""The guard: which similar texts are the same text, and which say different things in the same frame.

docs/design.md, section 5, tells what it rests on.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dedup.evidence import Evidence
from dedup.kernels.differences import (
    CONTENT,
    HUNKS,
    IDENTIFIERS,
    INNER,
    NEW_LEFT,
    NUMBERS,
    OWN_LEFT,
    RUN_LEFT,
    SUBSTITUTIONS,
)
from dedup.kernels.resolution import share_equals
from dedup.matching import find_topical
from dedup.settings import Settings
from dedup.shards import CUT_SHORT, REPEATS_ITSELF

SAFE_SIMILARITY: Final = 0.8
"""From here on differences are few; below it they must also look like edits, not like another text in one frame."""
FEWEST_TOKENS_TO_SUBSTITUTE: Final = 20
"""Below it one word for another is another fact ("There is no ALTER ..." and "There is no CREATE ...")."""
MOST_MARKS_A_TOKEN: Final = 0.5
"""More punctuation than that is code, markup or a list, where every token is a fact."""
CONTENT_SHARE: Final = 2 / 3
"""Share of differences that put a content word for another, from which on the pair is a form filled in twice."""
MOST_HUNKS_OF_A_FORM: Final = 5
"""A form has few slots; more differences than that are edits, and not worth reading both documents for."""
FEWEST_FORMS: Final = 2
SIBLING_SHARE: Final = 0.3
"""Share of the matches of both documents, FEWEST_FORMS of each, that are forms, for them to describe sibling things."""
FORM_SHARE: Final = 0.5
"""The same where it is so of one document, and the other has a form at all."""
FEWEST_OWN_WORDS: Final = 2
"""Content words that a text must have for itself to have been rewritten rather than retouched."""
LONGEST_NEW_RUN: Final = 3
"""Tokens in a row that a removed text may always have for itself."""
NEW_RUN_SHARE: Final = 0.05
"""The same as a share of a longer text; twice that from SAFE_SIMILARITY on."""
CONTAINED_SHARE: Final = 0.05
"""A removed text with at most this share of tokens for itself is contained in the other, however long that is."""

BELOW_THRESHOLD, DIFFERENT_FACTS, OWN_CONTENT = range(3)
WHY_KEPT: Final = ("below-threshold", "different-facts", "own-content")


_ROWS_AT_A_TIME: Final = 1 << 17


@dataclass(frozen=True, slots=True)
class Weights:
    """Of each of n matches: whether the left may go for the right, the right for the left, and why not (WHY_KEPT).

    goes bool[2, n]; why uint8[n].
    """

    goes: NDArray[np.bool_]
    why: NDArray[np.uint8]


@dataclass(slots=True)
class _Looks:
    """What is seen of each of n matches by itself.

    reaches: at or above the threshold; differ: other facts; is_cut: one side is cut short with an ellipsis;
    is_inner: not close, and with differences away from its ends; is_doubtful: not close, and about another subject if
    the documents say so; goes: the side has little that the other lacks; is_rewritten: has words of its own.
    """

    n: int
    reaches: NDArray[np.bool_] = field(init=False)
    differ: NDArray[np.bool_] = field(init=False)
    is_cut: NDArray[np.bool_] = field(init=False)
    is_inner: NDArray[np.bool_] = field(init=False)
    is_doubtful: NDArray[np.bool_] = field(init=False)
    goes: NDArray[np.bool_] = field(init=False)
    is_rewritten: NDArray[np.bool_] = field(init=False)

    def __post_init__(self) -> None:
        for name in ("reaches", "differ", "is_cut", "is_inner", "is_doubtful"):
            setattr(self, name, np.empty(self.n, dtype=np.bool_))
        self.goes, self.is_rewritten = (np.empty((2, self.n), dtype=np.bool_) for _ in range(2))


def weigh_matches(evidence: Evidence, settings: Settings) -> Weights:
    """Say of each match which side may go for the other."""
    matches, flags = evidence.matches, evidence.columns.flags
    n = len(matches.similarity)
    if settings.allow_different_facts:
        reaches = matches.similarity >= settings.similarity
        why = np.where(reaches, OWN_CONTENT, BELOW_THRESHOLD).astype(np.uint8)
        return Weights(np.stack([reaches, reaches]), why)
    looks = _Looks(n)
    for block in _blocks(n):
        _look(evidence, settings, block, looks)
        evidence.storage.release()
    reaches, differ, goes = looks.reaches, looks.differ, looks.goes
    _spread_forms(evidence, looks)
    rows = np.flatnonzero(reaches & ~differ & looks.is_doubtful & (goes[0] | goes[1]))
    differ[rows] = find_topical(evidence.shards, evidence.columns, matches, rows, evidence.executor)
    rows = np.flatnonzero(reaches & ~differ & looks.is_inner)
    differ[rows] = _are_siblings(evidence, rows, reaches, reaches & differ & ~looks.is_cut)
    differ &= ~looks.is_cut
    why = np.where(reaches, np.where(differ, DIFFERENT_FACTS, OWN_CONTENT), BELOW_THRESHOLD).astype(np.uint8)
    may = reaches & ~differ
    # Documents that share more have a common origin: there, a text with words of its own was rewritten on purpose.
    rows = np.flatnonzero(may & ((goes[0] & looks.is_rewritten[0]) | (goes[1] & looks.is_rewritten[1])))
    related = np.zeros(n, dtype=np.bool_)
    evidence.storage.release()
    related[rows] = _share_more(evidence, rows) | _share_equals(evidence, rows, settings)
    for side, paragraphs in enumerate((matches.left, matches.right)):
        goes[side] &= may & ~(related & looks.is_rewritten[side])
        # Of a paragraph that holds a repeat of itself only the whole may be a copy: the proof of the repeat is in it.
        rows = np.flatnonzero(goes[side])
        goes[side][rows] = flags[paragraphs[rows]] & REPEATS_ITSELF == 0
    evidence.storage.release()
    return Weights(goes, why)


def _blocks(n: int) -> Iterator[slice]:
    """Give slices that together are range(n)."""
    for first in range(0, n, _ROWS_AT_A_TIME):
        yield slice(first, min(first + _ROWS_AT_A_TIME, n))


def _look(evidence: Evidence, settings: Settings, rows: slice, looks: _Looks) -> None:
    """Fill in what is seen of the matches `rows`."""
    matches, columns = evidence.matches, evidence.columns
    figures, similarity, fillers = matches.figures[rows], matches.similarity[rows], matches.fillers[rows]
    sides = [matches.left[rows], matches.right[rows]]
    n_tokens = [columns.n_tokens[side] for side in sides]
    close = similarity >= SAFE_SIMILARITY
    one_for_another = figures[:, SUBSTITUTIONS] > 0
    is_inner = figures[:, INNER] > 0
    differ = (figures[:, NUMBERS] > 0) | (figures[:, IDENTIFIERS] > 0)
    differ |= matches.marked[rows] > MOST_MARKS_A_TOKEN
    differ |= (fillers > 0) & (2 * fillers >= figures[:, SUBSTITUTIONS])
    differ |= ~close & one_for_another & (figures[:, CONTENT] >= CONTENT_SHARE * figures[:, HUNKS])
    # Inside one document, and where texts are short, only what is put before or behind a text leaves it the same.
    same = columns.document[sides[0]] == columns.document[sides[1]]
    strict = same | (np.minimum(*n_tokens) < FEWEST_TOKENS_TO_SUBSTITUTE)
    differ |= strict & (one_for_another | is_inner | ~close)
    # A caption or teaser cut short with an ellipsis goes for the complete one beside it, however much that is longer.
    at_one_end = same & (figures[:, HUNKS] == 1) & ~is_inner
    is_cut = [
        at_one_end & (figures[:, NEW_LEFT + side] <= 1) & (columns.flags[paragraphs] & CUT_SHORT != 0)
        for side, paragraphs in enumerate(sides)
    ]
    either_cut = is_cut[0] | is_cut[1]
    for side in (0, 1):
        little = _adds_little(figures, n_tokens[side], side, close)
        looks.goes[side, rows] = is_cut[side] | (little & ~is_cut[1 - side])
        own = figures[:, OWN_LEFT + side] >= FEWEST_OWN_WORDS
        looks.is_rewritten[side, rows] = ~close & is_inner & ~either_cut & own
    looks.reaches[rows] = similarity >= settings.similarity
    looks.differ[rows] = differ
    looks.is_cut[rows] = either_cut
    looks.is_inner[rows] = ~close & is_inner
    looks.is_doubtful[rows] = ~close & (figures[:, CONTENT] > 0) & (figures[:, HUNKS] <= MOST_HUNKS_OF_A_FORM)


def _spread_forms(evidence: Evidence, looks: _Looks) -> None:
    """Let a text that fills a form with others be a form in all its pairs, unless the pair is close."""
    matches = evidence.matches
    unlike = looks.reaches & ~looks.is_cut & (looks.differ | ~(looks.goes[0] | looks.goes[1]))
    paragraphs = np.concatenate([side[unlike].astype(np.int32) for side in (matches.left, matches.right)])
    paragraphs.sort()
    last = FEWEST_FORMS - 1
    is_form = _flags_by_paragraph(evidence, "forms")
    is_form[paragraphs[last:][paragraphs[last:] == paragraphs[: len(paragraphs) - last]]] = True
    for block in _blocks(looks.n):
        distant = matches.similarity[block] < SAFE_SIMILARITY
        looks.differ[block] |= distant & (is_form[matches.left[block]] | is_form[matches.right[block]])
        evidence.storage.release()
    evidence.storage.drop(is_form)


def _share_more(evidence: Evidence, rows: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Say of the matches `rows` whether their two documents have another match with each other."""
    document, matches = evidence.columns.document, evidence.matches
    pairs = np.empty(len(matches.left) if len(rows) else 0, dtype=np.uint64)
    for block in _blocks(len(pairs)):
        left, right = document[matches.left[block]], document[matches.right[block]]
        pairs[block] = _pack(np.minimum(left, right), np.maximum(left, right))
    asked = pairs[rows]
    pairs.sort()
    places = np.searchsorted(pairs, asked)
    shares: NDArray[np.bool_] = pairs[np.minimum(places + 1, len(pairs) - 1)] == asked
    return shares & (places + 1 < len(pairs))


def _pack(high: NDArray[np.int32], low: NDArray[np.int32]) -> NDArray[np.uint64]:
    """Give one number for each pair of numbers that are not negative, in the order of the pairs."""
    packed: NDArray[np.uint64] = (high.astype(np.uint64) << np.uint64(32)) | low.astype(np.uint64)
    return packed


def _share_equals(evidence: Evidence, rows: NDArray[np.int64], settings: Settings) -> NDArray[np.bool_]:
    """Say of the matches `rows` whether their two documents have an equal paragraph of `min_tokens` or more."""
    columns, matches = evidence.columns, evidence.matches
    shared = np.empty(len(rows), dtype=np.bool_)
    if len(rows):
        left, right = (columns.document[side[rows]] for side in (matches.left, matches.right))
        sizes = np.diff(columns.first_paragraph)
        larger = np.where(sizes[left] > sizes[right], left, right)
        smaller = np.where(sizes[left] > sizes[right], right, left)
        order = np.argsort(larger, kind="stable")
        found, marks = np.empty(len(rows), dtype=np.bool_), _flags_by_paragraph(evidence, "shared")
        share_equals(
            larger[order], smaller[order], columns.first_paragraph, evidence.distinct, columns.n_tokens,
            settings.min_tokens, marks, found,
        )  # fmt: skip
        evidence.storage.drop(marks)
        shared[order] = found
    return shared


def _flags_by_paragraph(evidence: Evidence, name: str) -> NDArray[np.bool_]:
    """Give bool[p], all False."""
    flags: NDArray[np.bool_] = evidence.storage.array(name, evidence.columns.n_paragraphs, np.bool_)
    flags[:] = False
    return flags


def _are_siblings(
    evidence: Evidence, rows: NDArray[np.int64], reaches: NDArray[np.bool_], forms: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Say of the matches `rows` whether their documents describe sibling things: much of what they match is forms.

    `reaches` and `forms` bool[n]: the matches at or above the threshold, and those known to hold different facts.
    """
    columns, matches = evidence.columns, evidence.matches
    n_forms, n_matches = (np.zeros(columns.n_documents, dtype=np.int32) for _ in range(2))
    for block in _blocks(len(reaches)):
        for paragraphs in (matches.left[block], matches.right[block]):
            for counted, chosen in ((n_forms, forms[block]), (n_matches, reaches[block])):
                np.add.at(counted, columns.document[paragraphs[chosen]], 1)
    left, right = columns.document[matches.left[rows]], columns.document[matches.right[rows]]
    shares = [n_forms[side] / np.maximum(n_matches[side], 1) for side in (left, right)]
    fewest = np.minimum(n_forms[left], n_forms[right])
    siblings: NDArray[np.bool_] = ((fewest >= FEWEST_FORMS) & (np.minimum(*shares) >= SIBLING_SHARE)) | (
        (fewest >= 1) & (np.maximum(*shares) >= FORM_SHARE)
    )
    return siblings


def _adds_little(
    figures: NDArray[np.int32], n_tokens: NDArray[np.int32], side: int, close: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Say of each match whether the text on `side` (0: left, 1: right) has little that the other lacks."""
    run, other_run = figures[:, RUN_LEFT + side], figures[:, RUN_LEFT + 1 - side]
    limit = np.maximum(LONGEST_NEW_RUN, np.where(close, 2, 1) * NEW_RUN_SHARE * n_tokens)
    is_contained = figures[:, NEW_LEFT + side] <= CONTAINED_SHARE * n_tokens
    adds_little: NDArray[np.bool_] = (run <= limit) & (close | is_contained | (other_run <= limit))
    return adds_little
