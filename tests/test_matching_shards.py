"""Matching gives the same whatever the shards, the storage, the memory and the workers; huge texts go in pieces."""

import math
import random
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from reference.pairs import choose_partners, first_equal, pair_band
from reference.tokens import containment, jaccard, split_tokens
from sharded import documents_of, even_bounds, shard_documents

from dedup import containment as containing
from dedup import matching, pieces, verification
from dedup.candidates import (
    MOST_OUTSTANDING,
    MOST_PARTNERS,
    MOST_SKETCHED,
    SKETCH_BITS,
    find_candidates,
    find_members,
    least_sketch_agreement,
    n_sketched,
)
from dedup.equals import find_distinct, find_twins
from dedup.kernels.signatures import minhash
from dedup.matching import Matches, find_matches, find_topical, measure_containment
from dedup.recall import measure_recall
from dedup.settings import Settings
from dedup.shards import TAKES_PART, Columns
from dedup.storage import DiskStorage, MemoryStorage, Storage

is_interpreted = not hasattr(minhash, "py_func")
LARGE, TINY = 1 << 28, 1 << 16


@pytest.fixture(autouse=True, scope="module")
def _wrapping_on_purpose() -> Iterator[None]:
    """Let hashes wrap quietly where the kernels are interpreted, for NumPy warns of it."""
    with np.errstate(over="ignore"):
        yield


def start_workers(n: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(n, initializer=lambda: np.seterr(over="ignore"))


def make_texts(n: int, seed: int) -> list[str]:
    """Give documents of some lines: new ones, copies, edited copies, filled forms, and lines of few words."""
    source = random.Random(seed)
    words = [f"{a}{b}{c}" for a in "bdfgké" for b in "aeiou" for c in "lmnrst"]
    lines = [" ".join(source.choices(words, k=source.randint(8, 40))) for _ in range(n)]
    form = source.choices(words, k=30)
    texts = []
    for _ in range(n):
        own = []
        for _ in range(source.randint(0, 5)):
            line = source.choice(lines).split()
            kind = source.random()
            if kind < 0.3:
                line[source.randrange(len(line))] = source.choice(words)
            elif kind < 0.5:
                line = [*form[:12], source.choice(words), *form[13:20], source.choice(words), *form[21:]]
            elif kind < 0.6:
                line = line[:3]
            elif kind < 0.7:
                line = source.choices(words, k=20)
            own.append(" ".join(line))
        texts.append("\n".join(own))
    return texts


SETTINGS = Settings(boilerplate=False, repeats=False, paragraphs="line", workers=2)
DOCUMENTS = documents_of(make_texts(40 if is_interpreted else 400, seed=11))


def assert_same(expected: Any, actual: Any) -> None:
    """Compare arrays, or all arrays of a record."""
    if isinstance(expected, np.ndarray):
        assert expected.dtype == actual.dtype
        assert expected.tolist() == actual.tolist()
        return
    for field in fields(expected):
        assert_same(getattr(expected, field.name), getattr(actual, field.name))


def match(
    n_shards: int, storage: Storage, memory_bytes: int, n_workers: int, groups: np.ndarray | None
) -> tuple[Columns, list[Any]]:
    """Give all that matching gives, of which nothing may depend on anything here but the groups."""
    columns, shards = shard_documents(DOCUMENTS, SETTINGS, even_bounds(DOCUMENTS.num_rows, n_shards))
    settings = Settings(**{field.name: getattr(SETTINGS, field.name) for field in fields(SETTINGS)})
    object.__setattr__(settings, "workers", n_workers)
    with start_workers(n_workers) as executor:
        distinct = find_distinct(columns, groups, storage, memory_bytes)
        twins = find_twins(columns, distinct)
        matches = find_matches(shards, columns, distinct, groups, settings, executor, storage, memory_bytes)
        topical = find_topical(shards, columns, matches, np.arange(len(matches.left))[::2], executor)
        inner = np.flatnonzero(twins >= 0)
        others = np.arange(0, columns.n_documents, 7)
        sides = np.concatenate([inner, others]), np.concatenate([twins[inner], others[::-1]])
        share = measure_containment(shards, columns, *sides, settings, executor, storage)
    return columns, [distinct, twins, matches, topical, share]


GROUPS: list[Callable[[], np.ndarray | None]] = [
    lambda: None,
    lambda: (
        (np.arange(DOCUMENTS.num_rows, dtype=np.uint64) % np.uint64(3) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    ),
]


@pytest.mark.parametrize("groups", GROUPS, ids=["corpus", "groups"])
def test_nothing_depends_on_shards_storage_memory_or_workers(
    groups: Callable[[], np.ndarray | None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However the work is cut, the same comes out, to the last digit."""
    _, expected = match(1, MemoryStorage(), LARGE, 1, groups())
    assert len(expected[2].left) > 20
    assert expected[3].any() or is_interpreted
    monkeypatch.setattr(verification, "PAIRS_PER_BLOCK", 7)
    monkeypatch.setattr(containing, "_BLOCK_BYTES", 1000)
    monkeypatch.setattr(containing, "_LEAST_ROUND_BYTES", 3000)
    for n_shards, on_disk, memory_bytes, n_workers in [
        (1, True, TINY, 4),
        (3, False, TINY, 1),
        (3, True, LARGE, 4),
        (20, False, LARGE, 4),
        (20, True, TINY, 1),
    ]:
        folder = tmp_path / f"{n_shards}-{n_workers}"
        folder.mkdir()
        storage = DiskStorage(folder) if on_disk else MemoryStorage()
        _, found = match(n_shards, storage, memory_bytes, n_workers, groups())
        for one, other in zip(expected, found, strict=True):
            assert_same(one, other)


@pytest.mark.parametrize("groups", GROUPS, ids=["corpus", "groups"])
def test_matches_agree_with_their_definition(groups: Callable[[], np.ndarray | None]) -> None:
    """Equals, candidates and similarity are what plain Python finds over all paragraphs at once."""
    salts = groups()
    columns, shards = shard_documents(DOCUMENTS, SETTINGS, even_bounds(DOCUMENTS.num_rows, 5))
    storage = MemoryStorage()
    salt = [0] * columns.n_paragraphs if salts is None else salts[columns.document].tolist()
    takes_part = columns.flags & TAKES_PART > 0
    distinct = find_distinct(columns, salts, storage, TINY)
    assert distinct.tolist() == first_equal(list(zip(map(tuple, columns.exact.tolist()), salt, strict=True)))
    near = np.concatenate([shards.near(shard) + columns.shard_paragraphs[shard] for shard in range(5)])
    is_member = takes_part[near] & (distinct[near] == near)
    paragraphs = near[is_member].tolist()
    sketches = np.concatenate([shards.sketches(shard, np.arange(len(shards.near(shard)))) for shard in range(5)])
    sketches = (sketches[is_member, : n_sketched(SETTINGS)] & (1 << SKETCH_BITS) - 1).tolist()
    expected = set()
    for band in range(SETTINGS.band_shape[0]):
        keys = np.concatenate([shards.keys(shard, band) for shard in range(5)])[is_member].tolist()
        salted = [(key, salt[p]) for key, p in zip(keys, paragraphs, strict=True)]
        expected |= set(pair_band(salted, sketches, MOST_PARTNERS, least_sketch_agreement(SETTINGS, band)))
    with start_workers(2) as executor:
        members = find_members(shards, columns, distinct, salts, storage)
        found = find_candidates(shards, members, SETTINGS, executor, storage, TINY)
        matches = find_matches(shards, columns, distinct, salts, SETTINGS, executor, storage, LARGE)
    by_right = [(right, left) for left, right in expected]
    chosen = choose_partners(by_right, dict(enumerate(sketches)), MOST_PARTNERS, MOST_OUTSTANDING)
    assert len(chosen) < len(expected)
    pairs = sorted((paragraphs[right], paragraphs[left]) for right, left in chosen)
    assert [(int(pair) >> 32, int(pair) & 0xFFFFFFFF) for pair in found] == pairs
    texts = [text.encode() for text in DOCUMENTS["text"].to_pylist()]
    spans = zip(columns.document.tolist(), columns.start.tolist(), columns.end.tolist(), strict=True)
    lines = [texts[d][start:end].decode() for d, start, end in spans]
    similar = [(left, right, jaccard(lines[left], lines[right], SETTINGS.shingle_tokens)) for right, left in pairs]
    kept = [row for row in similar if row[2] >= min(SETTINGS.similarity, SETTINGS.overlap_similarity)]
    assert kept == list(zip(matches.left.tolist(), matches.right.tolist(), matches.similarity.tolist(), strict=True))
    assert_fillers(matches)


def assert_fillers(matches: Matches) -> None:
    """Compare the slots that count with those of which the definition says so."""
    wordings: dict[int, set[int]] = {}
    for place, left, right in matches.slots[:, :3].tolist():
        wordings.setdefault(place, set()).update((left, right))
    for row, n_fillers in enumerate(matches.fillers.tolist()):
        places = matches.slots[matches.slot_start[row] : matches.slot_start[row + 1], 0].tolist()
        assert n_fillers == sum(len(wordings[place]) >= verification.FEWEST_FILLERS for place in places)


def test_recall_does_not_depend_on_shards() -> None:
    """The same sample is compared with the same texts, wherever they lie; near keys are not needed any more."""
    found = []
    for n_shards in (1, 6):
        columns, shards = shard_documents(DOCUMENTS, SETTINGS, even_bounds(DOCUMENTS.num_rows, n_shards))
        storage = MemoryStorage()
        with start_workers(2) as executor:
            distinct = find_distinct(columns, None, storage, LARGE)
            matches = find_matches(shards, columns, distinct, None, SETTINGS, executor, storage, LARGE)
            assert not shards.has_near
            settings = Settings(boilerplate=False, repeats=False, paragraphs="line", recall_sample=30)
            found.append(measure_recall(shards, columns, distinct, matches, None, settings, executor))
    assert found[0] == found[1]
    assert found[0].n_pairs > 0


def test_nothing_is_matched_with_nothing(tmp_path: Path) -> None:
    """No documents, and documents without paragraphs, give no matches."""
    storage = DiskStorage(tmp_path)
    for texts in ([], ["", " "]):
        columns, shards = shard_documents(documents_of(texts), SETTINGS)
        with start_workers(1) as executor:
            distinct = find_distinct(columns, None, storage, LARGE)
            matches = find_matches(shards, columns, distinct, None, SETTINGS, executor, storage, LARGE)
            assert find_topical(shards, columns, matches, np.empty(0, dtype=np.int64), executor).tolist() == []
            none = np.empty(0, dtype=np.int64)
            assert measure_containment(shards, columns, none, none, SETTINGS, executor, storage).tolist() == []
        assert matches.left.tolist() == matches.slots.tolist() == []
        assert matches.slot_start.tolist() == [0]
        assert find_twins(columns, find_distinct(columns, None, MemoryStorage(), 1 << 30)).tolist() == [-1] * len(texts)


def test_huge_documents_are_measured_in_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is known of a document read in pieces is what is known of it read at once."""
    _, expected = match(3, MemoryStorage(), LARGE, 1, None)
    for module in (containing, matching):
        monkeypatch.setattr(module, "HUGE_BYTES", 60)
    monkeypatch.setattr(pieces.cut_text, "__defaults__", (50,))
    monkeypatch.setattr(containing, "_PART_BYTES", 100)
    _, found = match(3, DiskStorage(tmp_path), LARGE, 1, None)
    for one, other in zip(expected, found, strict=True):
        assert_same(one, other)


@pytest.mark.parametrize("width", [1, 2, 5])
def test_containment_of_huge_documents_is_that_of_the_definition(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Shingles that begin in one piece and end in another count; texts shorter than a shingle are one."""
    monkeypatch.setattr(containing, "HUGE_BYTES", 0)
    monkeypatch.setattr(pieces.cut_text, "__defaults__", (4,))
    texts = ["a b c d e f g h a b", "b c d e x g h", "a b", "...  ...", "", "unbroken" * 5, "x  \n\n  y z"]
    settings = Settings(shingle_tokens=width)
    columns, shards = shard_documents(documents_of(texts), settings, [0, 3, len(texts)])
    inner, outer = (side.ravel() for side in np.indices((len(texts), len(texts))))
    with start_workers(1) as executor:
        found = measure_containment(shards, columns, inner, outer, settings, executor, MemoryStorage())
    expected = [containment(texts[i], texts[o], width) for i, o in zip(inner, outer, strict=True)]
    assert found.tolist() == expected


def test_pieces_are_cut_between_tokens() -> None:
    """Pieces put together are the text, and no token is in two."""
    source = random.Random(5)
    for _ in range(50):
        text = "".join(source.choices(["a", "bc", "é", "京", " ", "\n", "\u0301", "_", "."], k=60)).encode()
        data = np.frombuffer(text, dtype=np.uint8)
        cuts = list(pieces.cut_text(data, 3, len(data), 5))
        assert [cuts[0][0], *(last for _, last in cuts)] == [*(first for first, _ in cuts), len(data)]
        assert cuts[0][0] == 3
        whole = split_tokens(text[3:].decode(errors="ignore"))
        assert [t for first, last in cuts for t in split_tokens(text[first:last].decode(errors="ignore"))] == whole


def tail(n: int, share: float, most: int) -> float:
    """Give the probability that of n values, of which each agrees with probability `share`, at most `most` do."""
    return sum(math.comb(n, k) * share**k * (1 - share) ** (n - k) for k in range(most + 1))


@pytest.mark.parametrize(
    ("similarity", "overlap_similarity"),
    [(0.5, 0.3), (0.7, 0.3), (0.7, 0.6), (0.8, 0.8), (0.95, 0.95), (0.4, 0.3), (0.3, 0.3)],
)
def test_sketches_seldom_reject_a_pair_worth_verifying(similarity: float, overlap_similarity: float) -> None:
    """Of pairs at the threshold fewer than one in 3,000 are held for strangers, whatever band they meet in."""
    settings = Settings(similarity=similarity, overlap_similarity=overlap_similarity)
    bands, rows = settings.band_shape
    n = n_sketched(settings)
    for band in range(bands):
        n_shared = min(max(0, n - band * rows), rows)  # they agree on these
        most = least_sketch_agreement(settings, band) - n_shared - 1
        at_threshold, at_overlap, strange = (s + (1 - s) / 16 for s in (similarity, overlap_similarity, 0.05))
        assert tail(n - n_shared, at_threshold, most) < 1 / 3_000
        assert overlap_similarity > similarity or tail(n - n_shared, at_overlap, most) < 1 / 10
        if n >= MOST_SKETCHED:
            assert 1 - tail(n - n_shared, strange, most) < 1 / 100


def test_sketches_ask_more_where_the_band_is_in_them() -> None:
    """A pair shares the values of its band anyway: they count for nothing."""
    settings = Settings()
    bands, rows = settings.band_shape
    assert bands * rows > MOST_SKETCHED + rows
    inside, outside = (least_sketch_agreement(settings, band) for band in (0, bands - 1))
    assert outside < inside <= outside + rows
