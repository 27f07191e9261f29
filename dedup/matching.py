"""Near-duplicate paragraphs: candidates from shared bands, each verified on the texts themselves."""

from collections.abc import Callable
from concurrent.futures import Executor
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dedup.candidates import find_candidates, find_members
from dedup.containment import measure_containment
from dedup.kernels.characters import load_characters
from dedup.kernels.differences import count_in_texts
from dedup.pieces import HUGE_BYTES, cut_text
from dedup.settings import Settings
from dedup.shards import Columns, Shards
from dedup.storage import Storage
from dedup.verification import Matches, verify_pairs
from dedup.workers import map_ahead

FEWEST_MENTIONS: Final = 2
OWN_RATE: Final = 3

_SHARDS_AHEAD: Final = 4

__all__ = ["Matches", "find_matches", "find_topical", "measure_containment"]


def find_matches(  # noqa: PLR0913, PLR0917
    shards: Shards,
    columns: Columns,
    distinct: NDArray[np.int32],
    groups_by_document: NDArray[np.uint64] | None,
    settings: Settings,
    executor: Executor,
    storage: Storage,
    memory_bytes: int,
    tell: Callable[[int, int], None] | None = None,
) -> Matches:
    """Find the pairs of distinct paragraphs at or above `overlap_similarity`, with their exact similarity.

    `distinct` and `groups_by_document` as of find_distinct.
    """
    members = find_members(shards, columns, distinct, groups_by_document, storage)
    candidates = find_candidates(shards, members, settings, executor, storage, memory_bytes, tell)
    shards.drop_near()
    members.drop(storage)
    matches = verify_pairs(shards, columns, candidates, settings, executor, storage, memory_bytes, tell)
    storage.drop(candidates)
    return matches


def find_topical(
    shards: Shards, columns: Columns, matches: Matches, rows: NDArray[np.int64], executor: Executor
) -> NDArray[np.bool_]:
    """Tell of each match in `rows` whether it puts the subject of one document for the subject of the other, bool[m].

    That is a word that its own document uses at least FEWEST_MENTIONS times more, outside the text, and at least
    OWN_RATE times as often as the other document does, on both sides of a substitution.
    """
    n_slots = matches.slot_start[rows + 1] - matches.slot_start[rows]
    owner = np.repeat(np.arange(len(rows)), n_slots)
    used = np.arange(len(owner)) + np.repeat(matches.slot_start[rows] - np.cumsum(n_slots) + n_slots, n_slots)
    slots = matches.slots[used]
    has_words = (slots[:, 3] != 0) & (slots[:, 4] != 0)
    slots, owner = slots[has_words], owner[has_words]
    left, right = columns.document[matches.left[rows[owner]]], columns.document[matches.right[rows[owner]]]
    asked = np.concatenate([left, right, left, right])
    words = np.concatenate([slots[:, 3], slots[:, 4], slots[:, 4], slots[:, 3]])
    # How often each document has its own word, and the left one the right's word and the other way round.
    own_left, own_right, strange_left, strange_right = np.split(
        _count_words(shards, columns, asked, words, executor), 4
    )
    left_bytes, right_bytes = columns.n_bytes[left], columns.n_bytes[right]
    is_topical = own_left * right_bytes >= OWN_RATE * strange_right * left_bytes
    is_topical &= own_right * left_bytes >= OWN_RATE * strange_left * right_bytes
    is_topical &= own_left - slots[:, 5].astype(np.int64) >= FEWEST_MENTIONS
    is_topical &= own_right - slots[:, 6].astype(np.int64) >= FEWEST_MENTIONS
    found: NDArray[np.bool_] = np.bincount(owner[is_topical], minlength=len(rows)) > 0
    return found


def _count_words(
    shards: Shards, columns: Columns, asked: NDArray[np.int32], words: NDArray[np.uint64], executor: Executor
) -> NDArray[np.int64]:
    """Count how often each word stands in the document that it is asked of, reading each shard once at most."""
    order = np.argsort(asked, kind="stable")
    asked, words = asked[order], words[order]
    counted = np.zeros(len(asked), dtype=np.int64)
    cuts = np.searchsorted(asked, columns.shard_documents)
    characters = load_characters()

    def count(shard: int) -> None:
        mine = slice(int(cuts[shard]), int(cuts[shard + 1]))
        texts = shards.texts(shard)
        documents = asked[mine] - columns.shard_documents[shard]
        is_huge = np.diff(texts.offsets)[documents] > HUGE_BYTES
        spans = np.column_stack([texts.offsets[:-1], texts.offsets[1:]])
        small = np.flatnonzero(~is_huge)
        found = np.empty(len(small), dtype=np.int64)
        count_in_texts(texts.data, spans, documents[small], words[mine][small], *characters, found)
        counted[mine][small] = found
        for document in np.unique(documents[is_huge]).tolist():
            same = np.flatnonzero(documents == document)
            nought, found = np.zeros(len(same), dtype=np.int64), np.empty(len(same), dtype=np.int64)
            for piece in cut_text(texts.data, *spans[document].tolist()):
                count_in_texts(texts.data, np.array([piece]), nought, words[mine][same], *characters, found)
                counted[mine][same] += found

    for _ in map_ahead(executor, count, np.flatnonzero(np.diff(cuts)).tolist(), _SHARDS_AHEAD):
        pass
    counts = np.empty_like(counted)
    counts[order] = counted
    return counts
