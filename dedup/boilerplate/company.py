"""Rules that are not enough alone: what they match goes if there is other boilerplate around it."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

AROUND: Final = 300
"""Paragraphs before and after a paragraph that are looked at."""

ENOUGH: Final = 4
"""How much company it takes. A page with its furniture has that. A text that somebody has cleaned, in which a line or
two were left, has not, nor has one into which three lines of boilerplate were put: by those it was set, and by lines of
half of the labelled pages."""

HALF: Final = 0.5
"""What another paragraph counts that is matched by a rule which is not enough there either."""


class Company(NamedTuple):
    """What speaks for the removal of a paragraph besides a rule: unlike paragraphs around it, and what they count."""

    n_around: int
    weight: float

    @property
    def is_enough(self) -> bool:
        """Whether the paragraph goes."""
        return self.weight >= ENOUGH

    @property
    def votes(self) -> str:
        """The votes in a line, the rule's own first."""
        return f"rule, {self.n_around} around"


class Piece(NamedTuple):
    """A paragraph that a rule matches whole."""

    place: int  # in its document
    category: str
    wording: bytes  # as wording_of gives it
    is_sure: bool  # the rule is enough there


def may_have_company(
    documents: NDArray[np.int64], category: NDArray[np.int32], sure: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Say of n paragraphs that could match, but would need company, whether there may be enough of it, bool[n].

    documents int64[n], that each is of; category int32[n], the number of the only one that it could be of, or 0;
    sure int64[], the document of each paragraph that goes without them.
    """
    n_documents = int(max(documents.max(initial=0), sure.max(initial=0))) + 1
    n_sure, n_unsure = np.bincount(sure, minlength=n_documents), np.bincount(documents, minlength=n_documents)
    width = int(category.max(initial=0)) + 1
    kinds, n_alike = np.unique(documents * width + category, return_counts=True)
    n_unlike = n_unsure[kinds // width] - np.where(kinds % width > 0, n_alike, 0)
    # Where one has enough, all are tried: they are the company of each other.
    have_enough = np.zeros(n_documents, dtype=np.bool_)
    have_enough[kinds[n_sure[kinds // width] + HALF * n_unlike >= ENOUGH] // width] = True
    return have_enough[documents]


class Pieces:
    """The pieces of a document."""

    def __init__(self, pieces: Iterable[Piece]) -> None:
        """Take them by place."""
        self._pieces = list(pieces)
        self._company: dict[str, list[Piece]] = {}

    def count_company(self, piece: Piece) -> Company:
        """Count what other boilerplate is around a piece.

        What is said several times counts once, and what the piece itself says not at all, nor what is of its category
        and needs company as it does: the links below ten items of a list are no company of their like.
        """
        if piece.category not in self._company:  # once for all of a category, of which there may be thousands
            self._company[piece.category] = [
                other for other in self._pieces if other.is_sure or other.category != piece.category
            ]
        others = self._company[piece.category]
        weights: dict[bytes, float] = {}
        first = bisect_left(others, piece.place - AROUND, key=_place)
        past = bisect_right(others, piece.place + AROUND, key=_place)
        for other in others[first:past]:
            if other.wording != piece.wording:
                weight = 1.0 if other.is_sure else HALF
                weights[other.wording] = max(weight, weights.get(other.wording, weight))
        return Company(len(weights), sum(weights.values()))


def wording_of(raw: bytes) -> bytes:
    """Give what tells whether two paragraphs say the same: no capitals, and spaces alike."""
    return b" ".join(raw.lower().split())


def _place(piece: Piece) -> int:
    return piece.place
