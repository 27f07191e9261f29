"""The corpus in shards: runs of whole documents, each with what is known of it by itself."""

from dataclasses import dataclass
from typing import Any, Final, Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from dedup.arrow_views import TextView
from dedup.cuts import Cuts, Pieces, Verdict

VERBATIM: Final = np.uint8(1)
"""Flag of a paragraph that counts only when whole documents are compared: code, tables."""
TAKES_PART: Final = np.uint8(2)
"""Flag: may be a copy, or a kept copy, of another; not so for boilerplate."""
REPEATS_ITSELF: Final = np.uint8(4)
"""Flag: a repeat is cut out of it, whose proof is in the rest."""
CUT_SHORT: Final = np.uint8(8)
"""Flag: ends in an ellipsis."""
BOILERPLATE: Final = np.uint8(16)
"""Flag: goes whole, by rule or because it recurs."""
NO_LETTERS: Final = np.uint8(32)
"""Flag: has less than two letters."""
LABEL: Final = np.uint8(64)
"""Flag: ends in a colon, and so belongs to what follows; or is an item of a list."""
SPEECH: Final = np.uint8(128)
"""Flag: opens as speech does, or is a short sentence."""
SENTENCE: Final = LABEL | SPEECH
"""Both flags: ends as a sentence, and is neither short nor a label nor speech."""


@dataclass(frozen=True, slots=True)
class Columns:
    """What is known of all d documents and p paragraphs in s shards, in reading order. Arrays may be mapped files.

    Shards: shard_documents, shard_paragraphs int64[s + 1], the first document and paragraph of each, then d and p.
    Documents: first_paragraph int64[d + 1]; n_bytes, n_chars int64[d]; special uint8[d], which are legal texts or
    verse, if rules found something in them: places in SPECIAL.
    Paragraphs, without what is cut from their ends: document int32[p]; start, end int64[p], bytes into the document;
    char_start, char_end int64[p], the same in characters; n_tokens int32[p]; flags uint8[p]; exact uint64[p, 2],
    equal for equal token sequences (for equal bytes below `min_tokens` and where verbatim), piece by piece where
    cut in the middle: of those, pieces, whose paragraphs are counted over all.
    """

    shard_documents: NDArray[np.int64]
    shard_paragraphs: NDArray[np.int64]
    first_paragraph: NDArray[np.int64]
    n_bytes: NDArray[np.int64]
    n_chars: NDArray[np.int64]
    special: NDArray[np.uint8]
    document: NDArray[np.int32]
    start: NDArray[np.int64]
    end: NDArray[np.int64]
    char_start: NDArray[np.int64]
    char_end: NDArray[np.int64]
    n_tokens: NDArray[np.int32]
    flags: NDArray[np.uint8]
    exact: NDArray[np.uint64]
    pieces: Pieces

    @property
    def n_shards(self) -> int:
        """How many shards there are."""
        return len(self.shard_documents) - 1

    @property
    def n_documents(self) -> int:
        """How many documents there are."""
        return len(self.n_bytes)

    @property
    def n_paragraphs(self) -> int:
        """How many paragraphs there are."""
        return len(self.document)


class Shards(Protocol):
    """Reads what is kept shard by shard; every call may read a file, and may come from any thread."""

    def texts(self, shard: int) -> TextView:
        """Give the texts of its documents."""

    def near(self, shard: int) -> NDArray[np.int64]:
        """Give those of its paragraphs that are long enough for near-duplicates, int64[m], counted from its first."""

    def keys(self, shard: int, band: int) -> NDArray[np.uint64]:
        """Give the keys of a band, uint64[m], of the paragraphs that `near` gives."""

    def sketches(self, shard: int, rows: NDArray[np.int32]) -> NDArray[np.uint8]:
        """Give the low bytes of the signatures of some of them, int32[n] places in `near`, as uint8[n, n_hashes]."""

    def drop_near(self) -> None:
        """Free what near, keys and sketches take: they are not asked for any more."""

    def cuts(self, shard: int) -> "ShardCuts":
        """Give what goes from its paragraphs by itself."""

    def documents(self, shard: int) -> pa.Table:
        """Give DOCUMENTS and the user's columns."""


@dataclass(frozen=True, slots=True)
class ShardCuts:
    """What goes from the q paragraphs of a shard by itself; paragraphs are counted from the first of the shard.

    cuts: spans out of paragraphs; whole int64[q]: the rule, a place in `rules`, by which a paragraph goes
    whole, or -1.
    """

    cuts: Cuts
    whole: NDArray[np.int64]
    rules: list[Verdict]


def find_spans(columns: Columns, shard: int, texts: TextView, paragraphs: NDArray[Any]) -> NDArray[np.int64]:
    """Give the bytes of paragraphs (counted over all) of a shard in its `texts`, int64[n, 2]."""
    base = texts.offsets[columns.document[paragraphs] - columns.shard_documents[shard]]
    return np.column_stack([base + columns.start[paragraphs], base + columns.end[paragraphs]])
