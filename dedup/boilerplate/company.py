"""Rules that are not enough alone: what they match goes if there is other boilerplate around it."""

from collections import Counter
from collections.abc import Collection, Iterable
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dedup.boilerplate.hits import Hit, Paragraphs

AROUND: Final = 300
"""Paragraphs before and after a paragraph that are looked at."""

ENOUGH: Final = 3
"""How much company it takes. A page with its furniture has that. A text that somebody has cleaned, in which a line or
two were left, has not, nor has one into which three lines of boilerplate were put: by those it was set, and by lines of
half of the labelled pages."""

MUCH: Final = 4
OF_ARTICLES: Final = frozenset({"read-more", "author-bio"})
"""These take as much as MUCH: a link to another piece and a word on who wrote this are what people leave in articles.
Of 85 hits in good texts, into which lines had been put for company, 62 were of these as long as ENOUGH was for them."""

HALF: Final = 0.5
"""What another paragraph counts that is matched by a rule which is not enough there either."""


class Company(NamedTuple):
    """What speaks for the removal of a paragraph besides a rule: unlike paragraphs around it, and what they count."""

    n_around: int
    weight: float

    def is_enough(self, category: str) -> bool:
        """Say whether a paragraph goes that a rule of the category matches."""
        return self.weight >= (MUCH if category in OF_ARTICLES else ENOUGH)

    def votes_with(self, first: str) -> str:
        """Give the votes in a line, what else speaks for it first."""
        return f"{first}, {self.n_around} around"


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


def count_most(around: Collection[Hit], asking: Iterable[Hit]) -> float:
    """Give what those that need company have of it at most, if all say something else and stand side by side.

    around: the paragraphs of a document that rules match whole; asking: all that is found in it.
    """
    n_sure = sum(hit.is_sure for hit in around)
    n_unsure = Counter(hit.category for hit in around if not hit.is_sure)
    n_alike = min((n_unsure[category] for category in {hit.category for hit in asking if not hit.is_sure}), default=0)
    return n_sure + HALF * (n_unsure.total() - n_alike)


class Pieces:
    """The pieces of a document, asked about in their order, so that each is looked at once for a category."""

    def __init__(self, pieces: Iterable[Piece]) -> None:
        """Take them by place."""
        self._pieces = list(pieces)
        self._windows: dict[str, _Window] = {}

    def count_company(self, piece: Piece) -> Company:
        """Count what other boilerplate is around a piece.

        What is said several times counts once, and what the piece itself says not at all, nor what is of its category
        and needs company as it does: the links below ten items of a list are no company of their like.
        """
        if piece.category not in self._windows:
            others = [other for other in self._pieces if other.is_sure or other.category != piece.category]
            self._windows[piece.category] = _Window(others)
        return self._windows[piece.category].count(piece)


class _Window:
    """The wordings within AROUND of a place that moves on."""

    def __init__(self, pieces: list[Piece]) -> None:
        """Begin before the first of the pieces, which are by place."""
        self._pieces = pieces
        self._first = self._past = 0
        self._sure: Counter[bytes] = Counter()
        self._unsure: Counter[bytes] = Counter()
        self._n_only_unsure = 0  # wordings

    def count(self, piece: Piece) -> Company:
        """Count the wordings around a piece but for its own; it stands nowhere before the last one asked about."""
        while self._past < len(self._pieces) and self._pieces[self._past].place <= piece.place + AROUND:
            self._add(self._pieces[self._past], 1)
            self._past += 1
        while self._first < self._past and self._pieces[self._first].place < piece.place - AROUND:
            self._add(self._pieces[self._first], -1)
            self._first += 1
        n_sure = len(self._sure) - (piece.wording in self._sure)
        n_unsure = self._n_only_unsure - self._is_only_unsure(piece.wording)
        return Company(n_sure + n_unsure, n_sure + HALF * n_unsure)

    def _add(self, piece: Piece, change: int) -> None:
        before = self._is_only_unsure(piece.wording)
        counts = self._sure if piece.is_sure else self._unsure
        counts[piece.wording] += change
        if not counts[piece.wording]:
            del counts[piece.wording]
        self._n_only_unsure += self._is_only_unsure(piece.wording) - before

    def _is_only_unsure(self, wording: bytes) -> bool:
        return wording in self._unsure and wording not in self._sure


def piece_of(view: Paragraphs, paragraph: int, category: str, *, is_sure: bool) -> Piece:
    """Give a paragraph as a piece of its document."""
    raw = bytes(view.data.data[view.starts[paragraph] : view.ends[paragraph]])
    place = paragraph - int(view.first[view.document[paragraph]])
    return Piece(place, category, wording_of(raw), is_sure)


def wording_of(raw: bytes) -> bytes:
    """Give what tells whether two paragraphs say the same: no capitals, and spaces alike."""
    return b" ".join(raw.lower().split())
