"""All that is known of a shard by itself: its paragraphs, their fingerprints, and what goes from them anyway."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from dedup.arrow_views import TextView, freeze, view_numbers, view_texts
from dedup.boilerplate import cue_tables, find_boilerplate
from dedup.cuts import Cuts, Pieces, list_pieces, read_cuts, tell_layouts, trim_paragraphs
from dedup.fingerprints import Fingerprints, fingerprint_paragraphs, replace_fingerprints, set_apart
from dedup.kernels.packing import pack_bands
from dedup.kernels.shapes import look_at_shapes
from dedup.kernels.spans import count_characters, measure_texts
from dedup.paragraphs import split_paragraphs
from dedup.schemas import BOILERPLATE, PARAGRAPHS, empty_table
from dedup.schemas import VERBATIM as VERBATIM_KIND
from dedup.settings import Settings
from dedup.shards import BOILERPLATE as GOES
from dedup.shards import (
    CUT_SHORT,
    LABEL,
    NO_LETTERS,
    REPEATS_ITSELF,
    SPEECH,
    TAKES_PART,
    VERBATIM,
    ShardCuts,
)
from dedup.token_tables import make_cue_tables

SENTENCE_TOKENS: Final = 8
"""A shorter sentence may be what somebody says."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of the n documents and q paragraphs of a shard; of `Columns` its rows, paragraphs counted from 0.

    near int64[m] as Shards gives it; words uint32 or uint64[bands, m], keys and sketches packed; sketches
    uint8[m, n_hashes] where the words have no room for them, else uint8[m, 0].
    """

    n_paragraphs: NDArray[np.int64]  # [n], of each document
    n_bytes: NDArray[np.int64]
    n_chars: NDArray[np.int64]
    special: NDArray[np.uint8]
    start: NDArray[np.int64]
    end: NDArray[np.int64]
    char_start: NDArray[np.int64]
    char_end: NDArray[np.int64]
    n_tokens: NDArray[np.int32]
    flags: NDArray[np.uint8]
    exact: NDArray[np.uint64]
    near: NDArray[np.int64]
    words: NDArray[Any]
    sketches: NDArray[np.uint8]
    pieces: Pieces
    goes: ShardCuts


def annotate_shard(documents: pa.Table, settings: Settings, on_compiling: Callable[[str], None] | None = None) -> Facts:
    """Split, fingerprint and look for boilerplate; takes DOCUMENTS.

    `on_compiling` is told, perhaps by another thread, what the first document that needs it has to wait for.
    """
    cues = cue_tables(settings) if settings.boilerplate else make_cue_tables({})
    paragraphs = split_paragraphs(documents, settings, on_compiling)
    fingerprints, repeats = fingerprint_paragraphs(documents, paragraphs, cues, settings)
    hits, special = empty_table(BOILERPLATE), np.zeros(documents.num_rows, dtype=np.uint8)
    if settings.boilerplate:
        hits, special = find_boilerplate(documents, paragraphs, settings, fingerprints.n_tokens, fingerprints.flagged)
    cuts, boilerplate = read_cuts(paragraphs, repeats, hits)
    paragraphs, trimmed, in_pieces = trim_paragraphs(paragraphs, cuts)
    if len(trimmed):
        again, _ = fingerprint_paragraphs(documents, paragraphs.take(pa.array(trimmed)), make_cue_tables({}), settings)
        fingerprints = replace_fingerprints(fingerprints, trimmed, again)
    texts = view_texts(documents["text"])
    pieces = list_pieces(texts, paragraphs, cuts, in_pieces)
    if len(in_pieces):
        fingerprints = _set_apart(documents, paragraphs, fingerprints, pieces, cuts, in_pieces, settings)
    n_documents = documents.num_rows
    document, start, end = (view_numbers(paragraphs[name]) for name in ("document", "start", "end"))
    n_paragraphs = np.bincount(document, minlength=n_documents).astype(np.int64)
    takes_part = boilerplate.whole < 0
    flags = np.where(view_numbers(paragraphs["kind"]) == VERBATIM_KIND, VERBATIM, np.uint8(0))
    flags[~takes_part] |= GOES
    flags[takes_part] |= TAKES_PART
    flags[cuts.paragraph[cuts.rule < 0]] |= REPEATS_ITSELF
    base = texts.offsets[document]
    flags[_end_in_ellipsis(texts, base + end)] |= CUT_SHORT
    look_at_shapes(
        texts.data, base + start, base + end, fingerprints.n_tokens, SENTENCE_TOKENS, NO_LETTERS, LABEL, SPEECH, flags
    )
    n_bytes = np.diff(texts.offsets)
    n_chars = n_bytes
    char_start, char_end = start, end
    if not _is_ascii(texts):
        n_chars = np.empty_like(n_bytes)
        measure_texts(texts.data, texts.offsets, n_chars)
        char_start, char_end = np.empty_like(start), np.empty_like(end)
        is_wide = n_bytes != n_chars
        count_characters(texts.data, texts.offsets, is_wide, document, start, end, char_start, char_end)
        of_pieces = [freeze(column) for column in (document[pieces.paragraph], pieces.start, pieces.end)]
        pieces = Pieces(*pieces[:3], *(np.empty_like(pieces.start) for _ in range(2)))
        count_characters(texts.data, texts.offsets, is_wide, *of_pieces, pieces.char_start, pieces.char_end)
    return Facts(
        n_paragraphs, n_bytes, n_chars, special, start, end, char_start, char_end,
        fingerprints.n_tokens.astype(np.int32), flags, fingerprints.exact,
        fingerprints.near, *_pack(fingerprints, settings),
        pieces, ShardCuts(cuts, boilerplate.whole, boilerplate.rules),
    )  # fmt: skip


def _set_apart(
    documents: pa.Table,
    paragraphs: pa.Table,
    fingerprints: Fingerprints,
    pieces: Pieces,
    cuts: Cuts,
    in_pieces: NDArray[np.int64],
    settings: Settings,
) -> Fingerprints:
    """Give the fingerprints with those of paragraphs in pieces equal to those of the same pieces only."""
    table = paragraphs.take(pa.array(pieces.paragraph))
    for name in ("start", "end"):
        table = table.set_column(table.schema.get_field_index(name), PARAGRAPHS.field(name), [getattr(pieces, name)])
    of_pieces, _ = fingerprint_paragraphs(documents, table, make_cue_tables({}), settings)
    return set_apart(fingerprints, in_pieces, tell_layouts(pieces, cuts, in_pieces), of_pieces.exact)


def _pack(fingerprints: Fingerprints, settings: Settings) -> tuple[NDArray[Any], NDArray[np.uint8]]:
    """Give words, and the sketches if these do not fit into them."""
    bands, rows = settings.band_shape
    keys, sketches = fingerprints.band_keys, fingerprints.sketches
    word = next((kind for kind in (np.uint32, np.uint64) if rows < np.dtype(kind).itemsize), None)
    if word is None:
        return np.ascontiguousarray(keys.T), sketches
    words = np.empty((bands, len(keys)), dtype=word)
    pack_bands(keys, sketches, rows, words)
    return words, sketches[:, :0]


def _end_in_ellipsis(texts: TextView, end: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Say of paragraphs, which end at bytes int64[q], whether each ends in an ellipsis, and so was cut short."""
    ends = np.zeros(len(end), dtype=np.bool_)
    last = texts.data[end - 1] if len(end) else np.empty(0, dtype=np.uint8)
    for sign in (b"...", "…".encode()):
        of_sign = np.flatnonzero((last == sign[-1]) & (end >= len(sign)))
        for back in (2, 3):
            of_sign = of_sign[texts.data[end[of_sign] - back] == sign[-back]]
        ends[of_sign] = True
    return ends


def _is_ascii(texts: TextView) -> bool:
    held = texts.data[texts.offsets[0] : texts.offsets[-1]]
    return not len(held) or int(held.max()) < 128
