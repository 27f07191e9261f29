"""What recurs taken out of the evidence, before it is judged which copies stay."""

from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dedup.boilerplate.protection import Bodies
from dedup.boilerplate.special import ORDINARY, tell_documents
from dedup.boilerplate.table import find_rules
from dedup.equals import find_twins
from dedup.evidence import Evidence
from dedup.guard import Weights
from dedup.recurrence import Recurring, find_recurring
from dedup.settings import Settings
from dedup.shards import BOILERPLATE, TAKES_PART, find_spans
from dedup.workers import map_ahead

RECURRING: Final = "recurring"
"""The category of what is found by counting."""

_SHARDS_AHEAD: Final = 4


def clear_recurring(
    evidence: Evidence, weights: Weights, equal: NDArray[np.int32], sites: NDArray[np.int32], settings: Settings
) -> Evidence:
    """Give the evidence with what recurs marked as boilerplate, which goes everywhere and is nobody's kept copy.

    weights: of the matches, which of them are of one text; equal int32[p], the first equal paragraph in the whole
    corpus; sites int32[d] as of find_sites. In documents that are legal texts or verse nothing goes.
    """
    columns, matches, storage = evidence.columns, evidence.matches, evidence.storage
    rows = np.flatnonzero(weights.goes[0] | weights.goes[1])
    alike = equal[matches.left[rows]], equal[matches.right[rows]]
    found = find_recurring(columns, equal, alike, sites, storage)
    found, special = _spare(evidence, found, settings)
    columns = replace(columns, special=np.where(columns.special, columns.special, special))
    if not len(found.paragraph):
        return replace(evidence, columns=columns)
    flags = storage.array("flags", columns.n_paragraphs, np.uint8)
    flags[:] = columns.flags
    flags[found.paragraph] = flags[found.paragraph] & ~TAKES_PART | BOILERPLATE
    storage.drop(columns.flags)
    columns = replace(columns, flags=flags)
    return replace(evidence, columns=columns, twin=find_twins(columns, evidence.distinct), recurring=found)


def _spare(evidence: Evidence, found: Recurring, settings: Settings) -> tuple[Recurring, NDArray[np.uint8]]:
    """Leave out what stands in special documents; gives what these are, uint8[d], a place in SPECIAL, too."""
    columns = evidence.columns
    special = np.zeros(columns.n_documents, dtype=np.uint8)
    files = find_rules(settings).files
    owner = columns.document[found.paragraph]
    cuts = np.searchsorted(owner, columns.shard_documents)

    def look(shard: int) -> None:
        texts = evidence.shards.texts(shard)
        mine = slice(cuts[shard], cuts[shard + 1])
        documents = np.unique(owner[mine])
        n_paragraphs = columns.first_paragraph[documents + 1] - columns.first_paragraph[documents]
        first = np.concatenate([[0], np.cumsum(n_paragraphs)])
        paragraphs = np.arange(first[-1]) + np.repeat(columns.first_paragraph[documents] - first[:-1], n_paragraphs)
        recurs = np.searchsorted(paragraphs, found.paragraph[mine])
        starts, ends = np.ascontiguousarray(find_spans(columns, shard, texts, paragraphs).T)
        sizes = np.where(columns.flags[paragraphs] & BOILERPLATE, 0, ends - starts)
        place = np.searchsorted(documents, owner[mine])
        share = np.bincount(place, sizes[recurs], len(documents)) / np.maximum(np.add.reduceat(sizes, first[:-1]), 1)
        # What goes does not tell what a document is, unless it is most of it.
        goes = columns.flags[paragraphs] & BOILERPLATE != 0
        goes[recurs] = share[place] <= settings.max_boilerplate_share
        bodies = Bodies(texts.data, starts, ends, first, goes)
        special[documents] = tell_documents(bodies, np.zeros(len(documents), dtype=np.bool_), files)

    shards = np.flatnonzero(np.diff(cuts)).tolist()
    for _ in map_ahead(evidence.executor, look, shards, _SHARDS_AHEAD):
        evidence.storage.release()
    return found.take(np.flatnonzero(special[owner] == ORDINARY)), special
