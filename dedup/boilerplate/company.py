"""Rules that are not enough alone: what they match goes if there is other boilerplate around it."""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

NEAR: Final = 3
"""Paragraphs before and after a paragraph in which one other piece of boilerplate is company."""

AROUND: Final = 100
"""Paragraphs before and after it in which it takes two. A page with its furniture has them; a text that somebody has
cleaned, in which an annotator left a line or two, has not. Both were set on half of the labelled pages."""

HALF: Final = 0.5
"""What another paragraph counts that only such a rule matches."""


class Company(NamedTuple):
    """What speaks for the removal of a paragraph besides a rule: unlike paragraphs, and how much they count."""

    n_near: int
    n_around: int
    near: float
    around: float

    @property
    def is_enough(self) -> bool:
        """Whether the paragraph goes."""
        return self.near >= 1 or self.around >= 2

    @property
    def votes(self) -> str:
        """The votes in a line, the rule's own first."""
        return f"rule, {self.n_near} near, {self.n_around} around"


def count_company(
    places: NDArray[np.int64], is_sure: NDArray[np.bool_], wordings: Sequence[bytes], at: int, wording: bytes
) -> Company:
    """Count what other boilerplate of a document is around the paragraph at place `at`, whose wording is given.

    places int64[n], ascending: where in the document whole paragraphs are matched; is_sure bool[n], those for which
    a rule is enough; wordings, of each. What is said several times counts once, and what the paragraph itself says
    not at all: a link below each of ten items of a list is no company of its like.
    """
    counted: dict[bytes, tuple[int, float]] = {}  # of each wording, how far the nearest is, and what it counts
    first, past = np.searchsorted(places, (at - AROUND, at + AROUND + 1)).tolist()
    for number in range(first, past):
        if wordings[number] == wording:
            continue
        distance, weight = abs(int(places[number]) - at), 1.0 if is_sure[number] else HALF
        known = counted.get(wordings[number], (distance, weight))
        counted[wordings[number]] = (min(distance, known[0]), max(weight, known[1]))
    near = [weight for distance, weight in counted.values() if distance <= NEAR]
    return Company(len(near), len(counted), sum(near), sum(weight for _, weight in counted.values()))


def wording_of(raw: bytes) -> bytes:
    """Give what tells whether two paragraphs say the same: no capitals, and spaces alike."""
    return b" ".join(raw.lower().split())
