"""The guard: which similar texts are the same text, and which say different things in the same frame.

docs/design.md, section 5, tells what it rests on.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from dedup.arrow_views import view_numbers, view_texts
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
from dedup.matching import Matches, find_topical
from dedup.settings import Settings

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


def weigh_matches(
    evidence: Evidence, settings: Settings
) -> tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.int64]]:
    """Say of each match whether the left may go for the right, the right for the left, and why not (WHY_KEPT)."""
    matches = evidence.matches
    figures, similarity = matches.figures, matches.similarity
    reaches = similarity >= settings.similarity
    why = np.where(reaches, OWN_CONTENT, BELOW_THRESHOLD)
    if settings.allow_different_facts:
        return reaches, reaches.copy(), why
    n_tokens = evidence.fingerprints.n_tokens
    document = view_numbers(evidence.paragraphs["document"])
    shorter = np.minimum(n_tokens[matches.left], n_tokens[matches.right])
    close = similarity >= SAFE_SIMILARITY
    one_for_another = figures[:, SUBSTITUTIONS] > 0
    differ = (figures[:, NUMBERS] > 0) | (figures[:, IDENTIFIERS] > 0)
    differ |= matches.marked > MOST_MARKS_A_TOKEN
    differ |= (matches.fillers > 0) & (2 * matches.fillers >= figures[:, SUBSTITUTIONS])
    differ |= ~close & one_for_another & (figures[:, CONTENT] >= CONTENT_SHARE * figures[:, HUNKS])
    # Inside one document, and where texts are short, only what is put before or behind a text leaves it the same.
    same = document[matches.left] == document[matches.right]
    strict = same | (shorter < FEWEST_TOKENS_TO_SUBSTITUTE)
    differ |= strict & (one_for_another | (figures[:, INNER] > 0) | ~close)
    goes = [_adds_little(figures, n_tokens[(matches.left, matches.right)[side]], side, close) for side in (0, 1)]
    # A caption or teaser cut short with an ellipsis goes for the complete one beside it, however much that is longer.
    is_cut = [
        same
        & (figures[:, HUNKS] == 1)
        & (figures[:, INNER] == 0)
        & (figures[:, NEW_LEFT + side] <= 1)
        & _end_in_ellipsis(evidence, (matches.left, matches.right)[side])
        for side in (0, 1)
    ]
    goes = [is_cut[side] | (goes[side] & ~is_cut[1 - side]) for side in (0, 1)]
    cut = is_cut[0] | is_cut[1]
    # A text that fills a form with others is a form in this pair too, unless the pair is close.
    unlike = np.flatnonzero(reaches & ~cut & (differ | ~(goes[0] | goes[1])))
    both_sides = np.concatenate([matches.left[unlike], matches.right[unlike]])
    is_form = np.bincount(both_sides, minlength=len(document)) >= FEWEST_FORMS
    differ |= ~close & (is_form[matches.left] | is_form[matches.right])
    doubtful = reaches & ~differ & ~close & (figures[:, CONTENT] > 0) & (figures[:, HUNKS] <= MOST_HUNKS_OF_A_FORM)
    rows = np.flatnonzero(doubtful & (goes[0] | goes[1]))
    differ[rows] = find_topical(evidence.documents, document, matches, rows)
    differ |= ~close & (figures[:, INNER] > 0) & _are_siblings(matches, document, reaches, reaches & differ & ~cut)
    differ &= ~cut
    why[reaches & differ] = DIFFERENT_FACTS
    # Documents that share more have a common origin: there, a text with words of its own was rewritten on purpose.
    rewritten = [
        ~close & (figures[:, INNER] > 0) & ~cut & (figures[:, OWN_LEFT + side] >= FEWEST_OWN_WORDS) for side in (0, 1)
    ]
    rows = np.flatnonzero(reaches & ~differ & ((goes[0] & rewritten[0]) | (goes[1] & rewritten[1])))
    related = np.zeros(len(reaches), dtype=np.bool_)
    related[rows] = _share_more(evidence.matches, document)[rows] | _share_equals(evidence, document, rows, settings)
    goes = [goes[side] & ~(related & rewritten[side]) for side in (0, 1)]
    # Of a paragraph that holds a repeat of itself only the whole may be a copy: the proof of the repeat is in it.
    repeats_itself = np.zeros(len(document), dtype=np.bool_)
    repeats_itself[evidence.cuts.paragraph[evidence.cuts.rule < 0]] = True
    may = reaches & ~differ
    return (
        may & goes[0] & ~repeats_itself[matches.left],
        may & goes[1] & ~repeats_itself[matches.right],
        why,
    )


def _share_more(matches: Matches, document: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Say of each match whether its two documents have another match with each other."""
    left, right = document[matches.left], document[matches.right]
    pair = np.minimum(left, right) * (int(document.max()) + 1 if len(document) else 1) + np.maximum(left, right)
    _, place, count = np.unique(pair, return_inverse=True, return_counts=True)
    share_more: NDArray[np.bool_] = count[place] > 1
    return share_more


def _share_equals(
    evidence: Evidence, document: NDArray[np.int64], rows: NDArray[np.int64], settings: Settings
) -> NDArray[np.bool_]:
    """Say of the matches `rows` whether their two documents have an equal paragraph of `min_tokens` or more."""
    counts = evidence.fingerprints.n_tokens >= settings.min_tokens
    paragraphs: dict[int, frozenset[int]] = {}

    def of(number: int) -> frozenset[int]:
        if number not in paragraphs:
            members = slice(*np.searchsorted(document, [number, number + 1]))
            paragraphs[number] = frozenset(evidence.distinct[members][counts[members]].tolist())
        return paragraphs[number]

    lefts, rights = document[evidence.matches.left[rows]].tolist(), document[evidence.matches.right[rows]].tolist()
    shared = [not of(left).isdisjoint(of(right)) for left, right in zip(lefts, rights, strict=True)]
    return np.array(shared, dtype=np.bool_)


def _are_siblings(
    matches: Matches, document: NDArray[np.int64], reaches: NDArray[np.bool_], differ: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Say of each match whether its documents describe sibling things: much of what they match is forms.

    `reaches` and `differ` bool[n]: the matches at or above the threshold, and those known to hold different facts.
    """
    n_documents = int(document.max()) + 1 if len(document) else 0
    sides = [document[matches.left], document[matches.right]]
    n_forms, n_matches = (
        np.bincount(sides[0][chosen], minlength=n_documents) + np.bincount(sides[1][chosen], minlength=n_documents)
        for chosen in (differ, reaches)
    )
    share = n_forms / np.maximum(n_matches, 1)
    forms = np.minimum(n_forms[sides[0]], n_forms[sides[1]])
    both, either = (pick(share[sides[0]], share[sides[1]]) for pick in (np.minimum, np.maximum))
    siblings: NDArray[np.bool_] = ((forms >= FEWEST_FORMS) & (both >= SIBLING_SHARE)) | (
        (forms >= 1) & (either >= FORM_SHARE)
    )
    return siblings


def _end_in_ellipsis(evidence: Evidence, paragraphs: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Say of each paragraph whether it ends in an ellipsis, and so was cut short."""
    texts = view_texts(evidence.documents["text"])
    document = view_numbers(evidence.paragraphs["document"])[paragraphs]
    end = texts.offsets[document] + view_numbers(evidence.paragraphs["end"])[paragraphs]
    last = np.stack([texts.data[end - back] for back in (3, 2, 1)]) if len(end) else np.zeros((3, 0), dtype=np.uint8)
    dots, ellipsis = np.frombuffer(b"...", np.uint8), np.frombuffer("…".encode(), np.uint8)
    ends: NDArray[np.bool_] = (last == dots[:, None]).all(axis=0) | (last == ellipsis[:, None]).all(axis=0)
    return ends


def _adds_little(
    figures: NDArray[np.int32], n_tokens: NDArray[np.int64], side: int, close: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Say of each match whether the text on `side` (0: left, 1: right) has little that the other lacks."""
    run, other_run = figures[:, RUN_LEFT + side], figures[:, RUN_LEFT + 1 - side]
    limit = np.maximum(LONGEST_NEW_RUN, np.where(close, 2, 1) * NEW_RUN_SHARE * n_tokens)
    is_contained = figures[:, NEW_LEFT + side] <= CONTAINED_SHARE * n_tokens
    adds_little: NDArray[np.bool_] = (run <= limit) & (close | is_contained | (other_run <= limit))
    return adds_little
