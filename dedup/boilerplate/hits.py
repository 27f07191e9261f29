"""The paragraphs of documents as arrays, and what is found in them."""

from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from dedup.arrow_views import TextView, view_numbers

PAGE_FURNITURE: Final = "page-furniture"
"""The category of what splitting has found at the edges of pages; its rules are those kinds of paragraph."""


class Hit(NamedTuple):
    """A row of BOILERPLATE with what protection asks for."""

    paragraph: int
    start: int
    end: int
    rule: str
    category: str
    is_whole: bool
    is_sure: bool = True  # the rule is enough alone
    votes: str | None = None  # where it is not
    is_alike: bool = False  # no rule matches it
    is_continued: bool = False  # a line of what begins above it

    @property
    def is_company(self) -> bool:
        """Whether it counts as boilerplate around others: of what is put on several lines the first does, and the
        furniture of pages, which stands in books, too, says nothing of what is beside it.
        """
        return self.is_whole and not self.is_continued and self.category != PAGE_FURNITURE


class Paragraphs(NamedTuple):
    """PARAGRAPHS as arrays, with the bytes they point into."""

    kind: NDArray[np.int8]
    document: NDArray[np.int64]
    starts: NDArray[np.int64]  # bytes into the data of all documents
    ends: NDArray[np.int64]
    base: NDArray[np.int64]  # where the paragraph's document starts in the data
    data: NDArray[np.uint8]
    first: NDArray[np.int64]  # of the paragraphs of each document, and how many there are in all

    def of_document(self, document: int) -> range:
        """Give the numbers of the paragraphs of a document."""
        return range(int(self.first[document]), int(self.first[document + 1]))


def view_paragraphs(texts: TextView, paragraphs: pa.Table) -> Paragraphs:
    """Give PARAGRAPHS as arrays."""
    document, start, end = (view_numbers(paragraphs[name]) for name in ("document", "start", "end"))
    base = texts.offsets[document]
    kind = paragraphs["kind"].to_numpy().astype(np.int8)
    first = np.searchsorted(document, np.arange(len(texts.offsets)))
    return Paragraphs(kind, document, base + start, base + end, base, texts.data, first)
