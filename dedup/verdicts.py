"""What stays and what goes: the only judge. Everything before this only measured."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dedup.evidence import Evidence
from dedup.guard import Weights
from dedup.kernels.resolution import MAY_GO, STAYS, resolve
from dedup.matching import measure_containment
from dedup.settings import Settings
from dedup.shards import REPEATS_ITSELF, TAKES_PART, VERBATIM, Columns

FEWEST_TOKENS_OF_A_PASSAGE: Final = 20
"""A shorter line that stands twice in one document is a refrain or part of a form, unless twice in a row."""

LOSES: Final = STAYS - 1
"""In place of a kept copy: there is none, it goes because it has copies, by `keep = "none"`."""

_ROWS_AT_A_TIME: Final = 1 << 18
_PARAGRAPHS_AT_A_TIME: Final = 1 << 22


@dataclass(frozen=True, slots=True)
class Overlaps:
    """n pairs of kept paragraphs: left < right, int32[n], sorted; match int32[n], why both stay uint8[n] (WHY_KEPT)."""

    left: NDArray[np.int32]
    right: NDArray[np.int32]
    match: NDArray[np.int32]
    why: NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Verdicts:
    """What goes, and what is kept though it overlaps.

    copy_of int32[d], the document that each is a copy of, STAYS or LOSES; copies int64[n], those that are copies, and
    containment float64[n], how much of each is in the other; kept_paragraph int32[p], the paragraph that each is
    a copy of, STAYS (or goes with its document, or by rule) or LOSES.
    """

    copy_of: NDArray[np.int32]
    copies: NDArray[np.int64]
    containment: NDArray[np.float64]
    kept_paragraph: NDArray[np.int32]
    overlaps: Overlaps

    @property
    def n_overlaps(self) -> int:
        """How many pairs are kept though they overlap."""
        return len(self.overlaps.match)


def judge(evidence: Evidence, weights: Weights, settings: Settings) -> Verdicts:
    """Decide on every span; `weights` are those of the matches.

    A paragraph goes as a duplicate or near-duplicate only if the copy it is held against stays; documents are
    judged in order of rank, so that no chain of likenesses removes anything.
    """
    if not settings.duplicates:
        return _keep_all(evidence.columns)
    copy_of, kept_paragraph, holder = _resolve(evidence, weights, settings)
    if settings.keep == "none":
        copy_of[copy_of[copy_of >= 0]] = LOSES
        for block in _blocks(len(kept_paragraph), _PARAGRAPHS_AT_A_TIME):
            kept = kept_paragraph[block]
            kept_paragraph[kept[kept >= 0]] = LOSES
            evidence.storage.release()
    overlaps = _find_overlaps(evidence, holder, copy_of, kept_paragraph, weights.why)
    evidence.storage.drop(holder)
    copies = np.flatnonzero(copy_of >= 0)
    containment = measure_containment(
        evidence.shards,
        evidence.columns,
        copies,
        copy_of[copies].astype(np.int64),
        settings,
        evidence.executor,
        evidence.storage,
    )
    return Verdicts(copy_of, copies, containment, kept_paragraph, overlaps)


def _keep_all(columns: Columns) -> Verdicts:
    """Give the verdicts by which every copy stays, and is not told either."""
    nothing = np.empty(0, dtype=np.int32)
    stays = [np.full(n, STAYS, dtype=np.int32) for n in (columns.n_documents, columns.n_paragraphs)]
    overlaps = Overlaps(nothing, nothing, nothing, nothing.astype(np.uint8))
    return Verdicts(stays[0], nothing.astype(np.int64), nothing.astype(np.float64), stays[1], overlaps)


def _resolve(
    evidence: Evidence, weights: Weights, settings: Settings
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32]]:
    """Give copy_of int32[d], kept_paragraph int32[p] and, for each distinct paragraph, which stays, int32[p], or -1."""
    columns, storage = evidence.columns, evidence.storage
    d, p = columns.n_documents, columns.n_paragraphs
    may_go, may_go_for = _list_allowed(evidence, weights)
    kept_paragraph, holder = (storage.array(name, p, np.int32) for name in ("kept", "holders"))
    marks = storage.array("marks", p, np.uint8)
    for block in _blocks(p, _PARAGRAPHS_AT_A_TIME):
        kept_paragraph[block], holder[block], marks[block] = STAYS, -1, 0
        storage.release()
    marks[may_go] = MAY_GO
    copy_of, doc_holder = (np.full(d, STAYS, dtype=np.int32) for _ in range(2))
    tally = np.zeros(d, dtype=np.int64)
    sizes = np.diff(columns.first_paragraph)
    longest_first = storage.array("order", int(sizes.max(initial=0)), np.int32)
    for ranks in _runs_of_documents(evidence, sizes):
        resolve(
            ranks,
            columns.first_paragraph,
            evidence.twin,
            columns.n_tokens,
            evidence.distinct,
            columns.document,
            columns.flags,
            TAKES_PART,
            VERBATIM,
            REPEATS_ITSELF,
            settings.min_tokens,
            FEWEST_TOKENS_OF_A_PASSAGE,
            settings.copy_share if settings.within != "document" else 2.0,
            may_go,
            may_go_for,
            marks,
            longest_first,
            doc_holder,
            tally,
            copy_of,
            kept_paragraph,
            holder,
        )
        storage.release()
    storage.drop(marks)
    storage.drop(longest_first)
    return copy_of, kept_paragraph, holder


def _list_allowed(evidence: Evidence, weights: Weights) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Give which paragraphs may go and for which, int32[m] each, sorted by the first, then best first."""
    matches = evidence.matches
    # The right ones first, so that what a paragraph may go for ascends: matches are sorted by right, then left.
    rows = [np.flatnonzero(goes) for goes in reversed(weights.goes)]
    may_go, may_go_for = (
        np.concatenate([side[found].astype(np.int32) for side, found in zip(sides, rows, strict=True)])
        for sides in ((matches.right, matches.left), (matches.left, matches.right))
    )
    unlikeness = np.concatenate([-matches.similarity[found] for found in rows])
    order = np.lexsort((unlikeness, may_go))
    return may_go[order], may_go_for[order]


def _runs_of_documents(evidence: Evidence, sizes: NDArray[np.int64]) -> Iterator[NDArray[np.int64]]:
    """Give the documents by rank, some _PARAGRAPHS_AT_A_TIME at a time."""
    n, order = len(sizes), evidence.order
    edges = [0]
    if n:
        before = np.cumsum(sizes if order is None else sizes[order])
        goals = np.arange(_PARAGRAPHS_AT_A_TIME, before[-1], _PARAGRAPHS_AT_A_TIME)
        edges = sorted({0, *np.searchsorted(before, goals, side="right").tolist(), n})
    for first, last in pairwise(edges):
        yield np.arange(first, last) if order is None else order[first:last]


def _find_overlaps(
    evidence: Evidence,
    holder: NDArray[np.int32],
    copy_of: NDArray[np.int32],
    kept_paragraph: NDArray[np.int32],
    why: NDArray[np.uint8],
) -> Overlaps:
    """List the matches of which both sides stay, at the places where they stay."""
    matches, document = evidence.matches, evidence.columns.document
    found: list[tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32]]] = []
    for block in _blocks(len(matches.left), _ROWS_AT_A_TIME):
        left, right = holder[matches.left[block]], holder[matches.right[block]]
        rows = np.flatnonzero((left >= 0) & (right >= 0))
        for side in (left, right):
            rows = rows[(kept_paragraph[side[rows]] != LOSES) & (copy_of[document[side[rows]]] != LOSES)]
        left, right = left[rows], right[rows]
        found.append((np.minimum(left, right), np.maximum(left, right), (rows + block.start).astype(np.int32)))
        evidence.storage.release()
    none = np.empty(0, dtype=np.int32)
    left, right, match = (np.concatenate([none, *columns]) for columns in zip((none, none, none), *found, strict=True))
    order = np.argsort((left.astype(np.int64) << 32) | right)  # no two are equal
    match = match[order]
    return Overlaps(left[order], right[order], match, why[match])


def _blocks(n: int, size: int) -> Iterator[slice]:
    """Give slices of at most `size` that together are range(n)."""
    for first in range(0, n, size):
        yield slice(first, min(first + size, n))
