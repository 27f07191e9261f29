"""Paragraphs turned into what is compared: token counts, exact hashes, band keys; and the repeats inside each."""

import hashlib
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from dedup.arrow_views import view_numbers, view_texts
from dedup.kernels.annotations import annotate
from dedup.kernels.characters import load_characters
from dedup.schemas import REPEATS, VERBATIM
from dedup.settings import Settings
from dedup.token_tables import CueTables

GIANT_BYTES: Final = 8 << 20
"""Paragraphs of more bytes are compared for equality only: a dump on one line, which no edited copy is sought of, would
need a multiple of its size in memory."""

_MOST_TOKENS_A_BYTE: Final = 2
"""Three bytes of U+3316, "kilometre" in one square, hold six tokens, no character more: arrays are sized by it."""

_ROOM: Final = 1 << 18
"""Fingerprints, and tokens in repeats, for which there is room at a time: nearly always all that a batch has. No more
of it is touched than is filled; but room for all that a document of gigabytes could hold is more than there may be."""

_IN_PIECES: Final = b"in pieces"
"""What the hashes of paragraphs in pieces are told apart from all others by."""


@dataclass(frozen=True, slots=True)
class Fingerprints:
    """What is known of n paragraphs, m of them long enough for near-duplicates.

    n_tokens int64[n]; exact uint64[n, 2], equal for equal token sequences (for equal
    bytes below `min_tokens` and where verbatim); flagged bool[n], holds a cue word of a boilerplate rule;
    near int64[m], their paragraphs, ascending; band_keys uint64[m, bands];
    sketches uint8[m, n_hashes], the low bytes of the signature.
    """

    n_tokens: NDArray[np.int64]
    exact: NDArray[np.uint64]
    flagged: NDArray[np.bool_]
    near: NDArray[np.int64]
    band_keys: NDArray[np.uint64]
    sketches: NDArray[np.uint8]


def make_permutations(n_hashes: int, seed: int) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
    """Give multipliers (odd) and increments, uint32[n_hashes] each, as datasketch draws them for `seed`.

    Source: datasketch 2.x, MinHash permutations of scheme "affine32".
    """
    generator = np.random.RandomState(seed)
    multipliers = generator.randint(0, 1 << 31, n_hashes, dtype=np.uint32) * np.uint32(2) + np.uint32(1)
    increments = generator.randint(0, 1 << 32, n_hashes, dtype=np.uint32)
    return multipliers, increments


def fingerprint_paragraphs(
    documents: pa.Table, paragraphs: pa.Table, cues: CueTables, settings: Settings
) -> tuple[Fingerprints, pa.Table]:
    """Read every paragraph once; give its fingerprint, and the repeats inside paragraphs as REPEATS.

    Verbatim paragraphs are no near-duplicates, hold no repeats and are not flagged; those of more than GIANT_BYTES are
    no near-duplicates and hold no repeats.
    Takes DOCUMENTS and its PARAGRAPHS, and the cues that a paragraph is flagged for.
    """
    texts = view_texts(documents["text"])
    document = view_numbers(paragraphs["document"])
    base = texts.offsets[document]
    spans = np.column_stack([base + view_numbers(paragraphs["start"]), base + view_numbers(paragraphs["end"])])
    n = len(spans)
    n_tokens = np.empty(n, dtype=np.int64)
    exact = np.empty((n, 2), dtype=np.uint64)
    flagged = np.empty(n, dtype=np.bool_)
    bands, rows = settings.band_shape
    min_repeat_tokens = settings.min_repeat_tokens if settings.repeats else 0
    arguments = (
        texts.data,
        spans,
        view_numbers(paragraphs["kind"]) == VERBATIM,
        *load_characters(),
        settings.shingle_tokens,
        rows,
        *make_permutations(settings.n_hashes, settings.seed),
        settings.min_tokens,
        settings.min_near_tokens,
        min_repeat_tokens,
        GIANT_BYTES,
        *cues,
        n_tokens,
        exact,
        flagged,
    )
    lengths = spans[:, 1] - spans[:, 0]
    most_tokens = _MOST_TOKENS_A_BYTE * np.where(lengths > GIANT_BYTES, 0, lengths) + 2
    room_near = min(int(np.count_nonzero(most_tokens >= settings.min_near_tokens)), _ROOM)
    room_repeats = max(_ROOM, int(most_tokens.max(initial=0))) // min_repeat_tokens + 1 if min_repeat_tokens else 0
    pieces: list[tuple[NDArray[Any], ...]] = []
    first = 0
    while first < n or not pieces:
        near = (
            np.empty(room_near, dtype=np.int64),
            np.empty((room_near, bands), dtype=np.uint64),
            np.empty((room_near, settings.n_hashes), dtype=np.uint8),
        )
        repeated = (
            np.empty(room_repeats, dtype=np.int64),
            np.empty((room_repeats, 4), dtype=np.int64),
            np.empty(room_repeats, dtype=np.float64),
        )
        first, n_near, n_repeats = annotate(first, *arguments, *near, *repeated)
        pieces.append((*(column[:n_near] for column in near), *(column[:n_repeats].copy() for column in repeated)))
    columns = pieces[0] if len(pieces) == 1 else tuple(map(np.concatenate, zip(*pieces, strict=True)))
    repeat_of, repeat_spans, repeat_similarity = columns[3:]
    relative = (np.ascontiguousarray(column) for column in (repeat_spans - base[repeat_of][:, None]).T)
    repeats = pa.table([pa.array(c) for c in (repeat_of, *relative, repeat_similarity)], schema=REPEATS)
    return Fingerprints(n_tokens, exact, flagged, *columns[:3]), repeats


def set_apart(
    old: Fingerprints, which: NDArray[np.int64], layouts: list[list[int]], pieces: NDArray[np.uint64]
) -> Fingerprints:
    """Give the fingerprints with those of the paragraphs `which` equal to none but each other, and none of them near.

    They are equal if they are so piece by piece, and are cut between: layouts as of tell_layouts, whose places are
    in `pieces` uint64[k, 2], as Fingerprints.exact. Writes into `old`.
    """
    for p, layout in zip(which.tolist(), layouts, strict=True):
        told = hashlib.blake2b(old.exact[p].tobytes(), digest_size=16, person=_IN_PIECES)
        for place in layout:
            told.update(pieces[place].tobytes() if place >= 0 else bytes([-place]))
        old.exact[p] = np.frombuffer(told.digest(), dtype=np.uint64)
    stays = ~np.isin(old.near, which)
    return Fingerprints(
        old.n_tokens, old.exact, old.flagged, old.near[stays], old.band_keys[stays], old.sketches[stays]
    )


def replace_fingerprints(old: Fingerprints, which: NDArray[np.int64], new: Fingerprints) -> Fingerprints:
    """Give the fingerprints with those of the paragraphs `which` (ascending) replaced by `new`; writes into `old`."""
    old.n_tokens[which], old.exact[which], old.flagged[which] = new.n_tokens, new.exact, new.flagged
    near, band_keys, sketches = old.near, old.band_keys, old.sketches
    now_near = which[new.near]
    stays = ~np.isin(near, which) | np.isin(near, now_near)
    if not stays.all():  # too short now
        near, band_keys, sketches = near[stays], band_keys[stays], sketches[stays]
    is_known = np.isin(now_near, near)
    rows = np.searchsorted(near, now_near[is_known])
    band_keys[rows], sketches[rows] = new.band_keys[is_known], new.sketches[is_known]
    if not is_known.all():  # too long before
        rows = np.searchsorted(near, now_near[~is_known])
        near = np.insert(near, rows, now_near[~is_known])
        band_keys = np.insert(band_keys, rows, new.band_keys[~is_known], axis=0)
        sketches = np.insert(sketches, rows, new.sketches[~is_known], axis=0)
    return Fingerprints(old.n_tokens, old.exact, old.flagged, near, band_keys, sketches)
