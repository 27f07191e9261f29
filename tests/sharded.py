"""A small corpus in shards, measured shard by shard and held in memory: what the stages after fingerprints take."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pyarrow as pa

from dedup.arrow_views import TextView, view_numbers, view_texts
from dedup.boilerplate import cue_limits, find_boilerplate
from dedup.cuts import read_cuts, trim_paragraphs
from dedup.fingerprints import Fingerprints, fingerprint_paragraphs, replace_fingerprints
from dedup.paragraphs import split_paragraphs
from dedup.schemas import BOILERPLATE, DOCUMENTS, empty_table
from dedup.schemas import VERBATIM as VERBATIM_KIND
from dedup.settings import Settings
from dedup.shards import CUT_SHORT, REPEATS_ITSELF, TAKES_PART, VERBATIM, Columns, ShardCuts

_PRIME = np.uint64(0x9E3779B97F4A7C15)


@dataclass
class Shard:
    """One run of documents, measured: PARAGRAPHS trimmed, and what is known of them."""

    documents: pa.Table
    texts: TextView
    paragraphs: pa.Table
    fingerprints: Fingerprints
    cuts: ShardCuts
    flags: np.ndarray
    char_spans: np.ndarray
    n_chars: np.ndarray
    content: np.ndarray
    has_content: np.ndarray


@dataclass
class HeldShards:
    """Shards in memory; refuses to give what was dropped."""

    shards: list[Shard]
    has_near: bool = True

    def texts(self, shard: int) -> TextView:
        """Give the texts."""
        return self.shards[shard].texts

    def near(self, shard: int) -> np.ndarray:
        """Give the paragraphs long enough for near-duplicates."""
        assert self.has_near
        return self.shards[shard].fingerprints.near

    def keys(self, shard: int, band: int) -> np.ndarray:
        """Give the keys of one band."""
        assert self.has_near
        return np.ascontiguousarray(self.shards[shard].fingerprints.band_keys[:, band])

    def sketches(self, shard: int, rows: np.ndarray) -> np.ndarray:
        """Give some sketches."""
        assert self.has_near
        return self.shards[shard].fingerprints.sketches[rows]

    def drop_near(self) -> None:
        """Refuse near, keys and sketches from now on."""
        self.has_near = False

    def cuts(self, shard: int) -> ShardCuts:
        """Give what goes by itself."""
        return self.shards[shard].cuts

    def documents(self, shard: int) -> pa.Table:
        """Give the documents."""
        return self.shards[shard].documents


def documents_of(texts: Sequence[str]) -> pa.Table:
    """Give DOCUMENTS d0, d1, ... of texts."""
    n = len(texts)
    columns = [[f"d{row}" for row in range(n)], list(texts), ["memory"] * n, list(range(n))]
    return pa.table([pa.array(c, f.type) for c, f in zip(columns, DOCUMENTS, strict=True)], schema=DOCUMENTS)


def even_bounds(n_documents: int, n_shards: int) -> list[int]:
    """Give the first document of each of n_shards shards (some may be empty), then n_documents."""
    return [n_documents * shard // n_shards for shard in range(n_shards + 1)]


def shard_documents(
    documents: pa.Table, settings: Settings, bounds: Sequence[int] | None = None
) -> tuple[Columns, HeldShards]:
    """Measure DOCUMENTS cut at `bounds` (0, ..., n; None: one shard); boilerplate is looked for as settings say."""
    if bounds is None:
        bounds = [0, documents.num_rows]
    shards = [_measure(documents.slice(first, last - first), settings) for first, last in pairwise(bounds)]
    return _join(shards, bounds), HeldShards(shards)


def _measure(documents: pa.Table, settings: Settings) -> Shard:
    core = documents.select(DOCUMENTS.names)
    cues = cue_limits(settings) if settings.boilerplate else {}
    paragraphs = split_paragraphs(core, settings)
    fingerprints, repeats = fingerprint_paragraphs(core, paragraphs, cues, settings)
    hits = empty_table(BOILERPLATE)
    if settings.boilerplate:
        hits = find_boilerplate(core, paragraphs, settings, fingerprints.n_tokens, fingerprints.flagged)
    cuts, boilerplate = read_cuts(paragraphs, repeats, hits)
    paragraphs, trimmed, in_pieces = trim_paragraphs(paragraphs, cuts)
    if len(trimmed):
        again, _ = fingerprint_paragraphs(core, paragraphs.take(pa.array(trimmed)), {}, settings)
        fingerprints = replace_fingerprints(fingerprints, trimmed, again)
    document, start, end, kind = (view_numbers(paragraphs[name]) for name in ("document", "start", "end", "kind"))
    counts = boilerplate.whole < 0
    flags = np.zeros(len(document), dtype=np.uint8)
    flags[kind == VERBATIM_KIND] |= VERBATIM
    flags[counts] |= TAKES_PART
    flags[in_pieces] &= ~TAKES_PART
    flags[cuts.paragraph[cuts.rule < 0]] |= REPEATS_ITSELF
    texts = view_texts(core["text"])
    before = np.concatenate([[0], np.cumsum((texts.data & 0xC0) != 0x80)])  # characters before each byte
    base, last = texts.offsets[document], texts.offsets[document] + end
    char_spans = np.column_stack([before[base + start] - before[base], before[last] - before[base]])
    ends = np.column_stack([texts.data[last - back] for back in (3, 2, 1)]) if len(document) else np.empty((0, 3))
    flags[np.isin(ends @ [1 << 16, 1 << 8, 1], [0x2E2E2E, 0xE280A6])] |= CUT_SHORT
    content = np.zeros((documents.num_rows, 2), dtype=np.uint64)
    has_content = np.zeros(documents.num_rows, dtype=np.bool_)
    with np.errstate(over="ignore"):
        for p in np.flatnonzero(counts).tolist():
            d = document[p]
            content[d] = (content[d] ^ fingerprints.exact[p]) * _PRIME + np.uint64(1)
            has_content[d] = True
    return Shard(
        documents,
        texts,
        paragraphs,
        fingerprints,
        ShardCuts(cuts, boilerplate.whole, boilerplate.rules),
        flags,
        char_spans,
        np.diff(before[texts.offsets]),
        content,
        has_content,
    )


def _join(shards: list[Shard], bounds: Sequence[int]) -> Columns:
    documents = np.array(bounds, dtype=np.int64)
    of_shards = [view_numbers(shard.paragraphs["document"]) for shard in shards]
    document = np.concatenate([found + first for found, first in zip(of_shards, bounds, strict=False)])
    numbers = {
        name: np.concatenate([view_numbers(shard.paragraphs[name]) for shard in shards]) for name in ("start", "end")
    }
    return Columns(
        shard_documents=documents,
        shard_paragraphs=np.cumsum([0, *(len(found) for found in of_shards)]).astype(np.int64),
        first_paragraph=np.searchsorted(document, np.arange(bounds[-1] + 1)).astype(np.int64),
        n_bytes=np.concatenate([np.diff(shard.texts.offsets) for shard in shards]).astype(np.int64),
        n_chars=np.concatenate([shard.n_chars for shard in shards]),
        content=np.concatenate([shard.content for shard in shards]),
        has_content=np.concatenate([shard.has_content for shard in shards]),
        document=document.astype(np.int32),
        start=numbers["start"],
        end=numbers["end"],
        char_start=np.concatenate([shard.char_spans[:, 0] for shard in shards]),
        char_end=np.concatenate([shard.char_spans[:, 1] for shard in shards]),
        n_tokens=np.concatenate([shard.fingerprints.n_tokens for shard in shards]).astype(np.int32),
        flags=np.concatenate([shard.flags for shard in shards]),
        exact=np.concatenate([shard.fingerprints.exact for shard in shards]),
    )
