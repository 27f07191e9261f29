"""Near-duplicate paragraphs: candidates from shared bands, each verified on the texts themselves."""

import tomllib
from concurrent.futures import Executor
from dataclasses import dataclass
from importlib import resources
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from dedup.arrow_views import view_numbers, view_texts
from dedup.fingerprints import Fingerprints
from dedup.kernels.candidates import first_equal, pair_band
from dedup.kernels.characters import load_characters
from dedup.kernels.differences import MOST_SLOTS, N_FIGURES, SLOT_FIGURES, count_in_texts
from dedup.kernels.similarity import compare_pairs, contain_pairs
from dedup.settings import Settings
from dedup.token_tables import make_token_table

MOST_PARTNERS: Final = 64
"""Earliest paragraphs of a bucket that each later one is compared with: in 196 MB of manuals, full of forms, 32 find
.973 of all pairs, 64 find .996, 128 find .999 at twice the time."""

FEWEST_FILLERS: Final = 5
"""Different wordings between the same neighbours that make the place a slot of a form. An edited copy adds
one only where it is edited, so that edited copies of one text seldom come near it."""

FEWEST_MENTIONS: Final = 2
OWN_RATE: Final = 3

PAIRS_PER_TASK: Final = 1 << 14


@dataclass(frozen=True, slots=True)
class Matches:
    """Verified pairs of distinct paragraphs, sorted by right, then left.

    left, right int64[n], places in PARAGRAPHS, left < right; similarity float64[n];
    figures int32[n, N_FIGURES], how they differ, as in kernels.differences; fillers int32[n], of
    their substitutions those in whose place the corpus has at least FEWEST_FILLERS different wordings;
    marked float64[n], punctuation marks a token; slots uint64[n, MOST_SLOTS, SLOT_FIGURES], the substitutions.
    """

    left: NDArray[np.int64]
    right: NDArray[np.int64]
    similarity: NDArray[np.float64]
    figures: NDArray[np.int32]
    fillers: NDArray[np.int32]
    marked: NDArray[np.float64]
    slots: NDArray[np.uint64]


def find_equal(exact: NDArray[np.uint64], groups: NDArray[np.uint64] | None) -> NDArray[np.int64]:
    """Give for each paragraph the first one equal to it in its group, int64[n].

    exact uint64[n, 2]; groups uint64[n], a hash of the scope each paragraph is in, or None for one scope.
    """
    hashes = exact if groups is None else exact ^ groups[:, None]
    first = np.empty(len(exact), dtype=np.int64)
    first_equal(hashes, first)
    return first


def find_candidates(
    band_keys: NDArray[np.uint64], sketches: NDArray[np.uint8], settings: Settings, executor: Executor
) -> NDArray[np.uint64]:
    """Pair rows that agree on every value of at least one band: unique, sorted, unverified.

    band_keys uint64[n, bands], sketches uint8[n, n_hashes]; gives uint64[m], left << 32 | right with
    left < right. A pair of similarity s is found with probability 1 - (1 - s**rows)**bands, unless more
    than MOST_PARTNERS earlier rows share each of its bands.
    Source: Leskovec, Rajaraman, Ullman, Mining of Massive Datasets, ch. 3.
    """
    least_equal = least_sketch_agreement(settings)

    def pair(band: int) -> NDArray[np.uint64]:
        found: NDArray[np.uint64] = pair_band(
            np.ascontiguousarray(band_keys[:, band]), sketches, MOST_PARTNERS, least_equal
        )
        return found

    found = list(executor.map(pair, range(band_keys.shape[1])))
    return np.unique(np.concatenate(found)) if found else np.empty(0, dtype=np.uint64)


def least_sketch_agreement(settings: Settings) -> int:
    """Give how many sketch bytes a pair must share to be worth verifying.

    Low enough that a pair at the threshold fails with probability below one in a
    million (five standard deviations), one at `overlap_similarity` in about one case of forty (two).
    Source: Li and König, b-bit minwise hashing, 2010.
    """

    def bound(similarity: float, deviations: float) -> float:
        agreement = similarity + (1 - similarity) / 256
        spread: float = (agreement * (1 - agreement) / settings.n_hashes) ** 0.5
        return settings.n_hashes * (agreement - deviations * spread)

    return max(0, int(min(bound(settings.similarity, 5), bound(settings.overlap_similarity, 2))))


def find_matches(
    documents: pa.Table,
    paragraphs: pa.Table,
    fingerprints: Fingerprints,
    groups: NDArray[np.uint64] | None,
    eligible: NDArray[np.bool_],
    settings: Settings,
    executor: Executor,
) -> Matches:
    """Find the pairs of distinct paragraphs at or above `overlap_similarity`, with their exact similarity.

    `eligible` bool[n] says which paragraphs take part (one of each set of equals);
    `groups` as in find_equal. Takes DOCUMENTS and PARAGRAPHS.
    """
    chosen = np.flatnonzero(eligible[fingerprints.near])
    members = fingerprints.near[chosen]
    keys = fingerprints.band_keys[chosen]
    if groups is not None:
        keys = keys ^ groups[members][:, None]
    pairs = find_candidates(keys, fingerprints.sketches[chosen], settings, executor)
    left = members[(pairs >> np.uint64(32)).astype(np.int64)]
    right = members[(pairs & np.uint64(0xFFFFFFFF)).astype(np.int64)]
    by_right = np.lexsort((left, right))
    return verify_pairs(documents, paragraphs, left[by_right], right[by_right], settings, executor)


def verify_pairs(
    documents: pa.Table,
    paragraphs: pa.Table,
    left: NDArray[np.int64],
    right: NDArray[np.int64],
    settings: Settings,
    executor: Executor,
) -> Matches:
    """Compare each pair on its texts and keep those at or above `overlap_similarity`, or `similarity` if lower."""
    texts = view_texts(documents["text"])
    base = texts.offsets[view_numbers(paragraphs["document"])]
    spans = np.column_stack([base + view_numbers(paragraphs["start"]), base + view_numbers(paragraphs["end"])])
    floor = min(settings.similarity, settings.overlap_similarity)
    characters = load_characters()
    n = len(left)
    function_words = make_token_table(load_function_words())
    similarity, figures = np.empty(n, dtype=np.float64), np.empty((n, N_FIGURES), dtype=np.int32)
    slots, marked = np.empty((n, MOST_SLOTS, SLOT_FIGURES), dtype=np.uint64), np.empty(n, dtype=np.float64)

    def compare(first: int) -> None:
        task = slice(first, first + PAIRS_PER_TASK)
        compare_pairs(
            texts.data, spans, left[task], right[task], *characters, settings.shingle_tokens, settings.similarity,
            function_words, similarity[task], figures[task], slots[task], marked[task],
        )  # fmt: skip

    # Called for no pairs, too: so the first run on a machine, which says so, compiles it whatever the texts are.
    list(executor.map(compare, range(0, max(n, 1), PAIRS_PER_TASK)))
    kept = np.flatnonzero(similarity >= floor)
    return Matches(
        left[kept], right[kept], similarity[kept], figures[kept], count_slots(slots[kept]), marked[kept], slots[kept]
    )


def measure_containment(
    documents: pa.Table, inner: NDArray[np.int64], outer: NDArray[np.int64], settings: Settings
) -> NDArray[np.float64]:
    """Give the share of each inner document's shingles that its outer one has, float64[n]; takes DOCUMENTS."""
    texts = view_texts(documents["text"])
    spans = np.column_stack([texts.offsets[:-1], texts.offsets[1:]])
    order = np.argsort(outer, kind="stable")
    share = np.empty(len(inner), dtype=np.float64)
    contain_pairs(texts.data, spans, inner[order], outer[order], *load_characters(), settings.shingle_tokens, share)
    measured = np.empty_like(share)
    measured[order] = share
    return measured


def count_slots(slots: NDArray[np.uint64]) -> NDArray[np.int32]:
    """Count, for each pair, the substitutions in whose place at least FEWEST_FILLERS different wordings were seen.

    slots uint64[n, MOST_SLOTS, SLOT_FIGURES] as of describe_hunks; gives int32[n].
    """
    flat = slots.reshape(-1, SLOT_FIGURES)
    used = np.flatnonzero(flat[:, 0])
    places = flat[used, 0]
    wordings = np.concatenate([flat[used, 1], flat[used, 2]])
    both = np.concatenate([places, places])
    _, one_of_each = np.unique(both ^ (wordings * np.uint64(0x9E3779B97F4A7C15)), return_index=True)
    known, n_wordings = np.unique(both[one_of_each], return_counts=True)
    is_slot = n_wordings[np.searchsorted(known, places)] >= FEWEST_FILLERS
    return np.bincount(used[is_slot] // slots.shape[1], minlength=len(slots)).astype(np.int32)


def find_topical(
    documents: pa.Table, document: NDArray[np.int64], matches: Matches, rows: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Tell of each match in `rows` whether it puts the subject of one document for the subject of the other, bool[m].

    That is a word that its own document uses at least FEWEST_MENTIONS times more, outside the text, and at least
    OWN_RATE times as often as the other document does, on both sides of a substitution. Takes DOCUMENTS, and
    the document of each paragraph.
    """
    slots = matches.slots[rows].reshape(-1, SLOT_FIGURES)
    used = np.flatnonzero((slots[:, 3] != 0) & (slots[:, 4] != 0))
    owner = used // matches.slots.shape[1]
    left, right = document[matches.left[rows[owner]]], document[matches.right[rows[owner]]]
    asked = np.concatenate([left, right, left, right])
    words = np.concatenate([slots[used, 3], slots[used, 4], slots[used, 4], slots[used, 3]])
    order = np.argsort(asked, kind="stable")
    texts = view_texts(documents["text"])
    counts, counted = np.empty(len(asked), dtype=np.int64), np.empty(len(asked), dtype=np.int64)
    spans = np.column_stack([texts.offsets[:-1], texts.offsets[1:]])
    count_in_texts(texts.data, spans, asked[order], words[order], *load_characters(), counted)
    counts[order] = counted
    # How often each document has its own word, and the left one the right's word and the other way round.
    own_left, own_right, strange_left, strange_right = np.split(counts, 4)
    lengths = np.diff(texts.offsets)
    is_topical = own_left * lengths[right] >= OWN_RATE * strange_right * lengths[left]
    is_topical &= own_right * lengths[left] >= OWN_RATE * strange_left * lengths[right]
    is_topical &= own_left - slots[used, 5].astype(np.int64) >= FEWEST_MENTIONS
    is_topical &= own_right - slots[used, 6].astype(np.int64) >= FEWEST_MENTIONS
    found: NDArray[np.bool_] = np.bincount(owner[is_topical], minlength=len(rows)) > 0
    return found


def load_function_words() -> list[str]:
    """Give the words of function_words.toml, all languages together."""
    text = resources.files("dedup").joinpath("function_words.toml").read_text(encoding="utf-8")
    return [word for words in tomllib.loads(text).values() for word in words.split()]
