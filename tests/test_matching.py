"""Candidates are found with the probability promised, and verified on the texts themselves."""

import math
import os
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from reference.pairs import common_length, first_equal
from reference.tokens import containment, jaccard, split_tokens
from sharded import documents_of, even_bounds, shard_documents

from dedup.candidates import MOST_PARTNERS, Members, find_candidates
from dedup.equals import find_distinct, find_equal
from dedup.fingerprints import make_permutations
from dedup.kernels import differences
from dedup.kernels.signatures import EMPTY, fill_bands, minhash
from dedup.matching import Matches, find_matches, measure_containment
from dedup.scopes import group_documents
from dedup.settings import FOUND_AT_THRESHOLD, Settings
from dedup.shards import TAKES_PART
from dedup.storage import MemoryStorage
from dedup.verification import verify_pairs


@pytest.fixture(autouse=True, scope="module")
def _wrapping_on_purpose() -> Iterator[None]:
    """Let hashes wrap quietly where the kernels are interpreted, for NumPy warns of it."""
    with np.errstate(over="ignore"):
        yield


@pytest.fixture(scope="module")
def executor() -> Iterator[Executor]:
    # one thread: np.errstate holds for the thread that set it
    with ThreadPoolExecutor(1, initializer=lambda: np.seterr(over="ignore")) as pool:
        yield pool


is_interpreted = not hasattr(minhash, "py_func")


MEMORY_BYTES = 1 << 24


def sign(sets: list[np.ndarray], settings: Settings) -> tuple[np.ndarray, np.ndarray]:
    """Give band keys and sketches of sets of shingle hashes."""
    multipliers, increments = make_permutations(settings.n_hashes, settings.seed)
    bands, rows = settings.band_shape
    keys = np.empty((len(sets), bands), dtype=np.uint64)
    sketches = np.empty((len(sets), settings.n_hashes), dtype=np.uint8)
    for place, shingles in enumerate(sets):
        signature = np.full(settings.n_hashes, EMPTY, dtype=np.uint32)
        minhash(shingles, len(shingles), multipliers, increments, signature)
        fill_bands(signature, rows, keys[place])
        sketches[place] = (signature & 0xFF).astype(np.uint8)
    return keys, sketches


@dataclass
class SignedShards:
    """One shard of nothing but signatures."""

    signed: tuple[np.ndarray, np.ndarray]

    def keys(self, shard: int, band: int) -> np.ndarray:
        """Give the keys of one band."""
        return self.signed[0][:, band]

    def sketches(self, shard: int, rows: np.ndarray) -> np.ndarray:
        """Give some sketches."""
        return self.signed[1][rows]


def pair_sets(sets: list[np.ndarray], settings: Settings, executor: Executor) -> list[tuple[int, int]]:
    """Give the candidates (left, right) among sets of shingle hashes."""
    rows = np.arange(len(sets), dtype=np.int32)
    members = Members(np.array([0, len(sets)]), rows, rows, np.empty(0, dtype=np.uint64))
    shards = SignedShards(sign(sets, settings))
    found = find_candidates(shards, members, settings, executor, MemoryStorage(), MEMORY_BYTES)
    return [(int(pair) & 0xFFFFFFFF, int(pair) >> 32) for pair in found]


def make_pairs(n_pairs: int, similarity: float, size: int, seed: int) -> list[np.ndarray]:
    """Give 2 * n_pairs sets of random shingles; each two neighbours are exactly as similar as `similarity`."""
    random = np.random.default_rng(seed)
    n_shared = round(size * similarity)
    n_own = (size - n_shared) // 2
    sets = []
    for _ in range(n_pairs):
        values = random.integers(0, 1 << 64, n_shared + 2 * n_own, dtype=np.uint64)
        sets += [values[: n_shared + n_own], np.concatenate([values[:n_shared], values[n_shared + n_own :]])]
    return sets


@pytest.mark.parametrize("similarity", [0.3, 0.4, 0.5, 0.7, 0.8, 0.9])
def test_pairs_at_the_threshold_are_found(similarity: float, executor: Executor) -> None:
    """A pair exactly at the threshold becomes a candidate with probability FOUND_AT_THRESHOLD or more."""
    settings = Settings(similarity=similarity)
    bands, rows = settings.band_shape
    assert 1 - (1 - similarity**rows) ** bands >= FOUND_AT_THRESHOLD
    n_pairs = 100 if is_interpreted else 2000
    pairs = pair_sets(make_pairs(n_pairs, similarity, 40, seed=7), settings, executor)
    n_found = sum(left == right - 1 and left & 1 == 0 for left, right in pairs)
    # the count of misses is binomial; four standard deviations above its greatest mean is exceeded once in 30,000
    miss = 1 - FOUND_AT_THRESHOLD
    most_missed = n_pairs * miss + 4 * math.sqrt(n_pairs * miss * (1 - miss))
    assert n_pairs - n_found <= most_missed


def test_unrelated_texts_are_hardly_ever_candidates(executor: Executor) -> None:
    """Sets without a common shingle agree on a band by chance alone, and not in the sketch as well."""
    settings = Settings()
    n = 40 if is_interpreted else 1500
    random = np.random.default_rng(3)
    sets = [random.integers(0, 1 << 64, 30, dtype=np.uint64) for _ in range(n)]
    assert len(pair_sets(sets, settings, executor)) <= 1


def test_candidates_are_unique_and_sorted(executor: Executor) -> None:
    """Copies meet in every band and are one candidate each, by right, then left."""
    settings = Settings()
    shingles = np.arange(1, 30, dtype=np.uint64)
    assert pair_sets([shingles, shingles[::-1].copy(), shingles], settings, executor) == [(0, 1), (0, 2), (1, 2)]


def test_pages_of_one_form_are_not_all_paired(executor: Executor) -> None:
    """Each meets the earliest and those most like it, so many in all; an edited copy of a late one meets that."""
    sets = make_form(n=300 if is_interpreted else 3000, size=60, n_filled=12)
    base = len(sets) // 2
    sets.append(np.concatenate([sets[base][:-1], sets[0][-1:]]))
    pairs = pair_sets(sets, Settings(), executor)
    partners = Counter(right for _, right in pairs)
    assert max(partners.values()) == MOST_PARTNERS
    assert sum(count == MOST_PARTNERS for count in partners.values()) > len(sets) / 2
    assert (base, len(sets) - 1) in pairs
    early = [left for left, right in pairs if right == base and left < 100]
    assert len(early) >= MOST_PARTNERS // 2


def make_form(n: int, size: int, n_filled: int) -> list[np.ndarray]:
    """Give n sets of `size` shingles of which all but the last n_filled are the same."""
    random = np.random.default_rng(7)
    form = random.integers(0, 1 << 64, size - n_filled, dtype=np.uint64)
    return [np.concatenate([form, random.integers(0, 1 << 64, n_filled, dtype=np.uint64)]) for _ in range(n)]


def test_nothing_gives_no_candidates(executor: Executor) -> None:
    assert pair_sets([], Settings(), executor) == []


@given(
    st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), max_size=12),
    st.data(),
    st.sampled_from([1, MEMORY_BYTES]),
)
def test_equal_paragraphs_are_equal_within_their_group(
    rows: list[tuple[int, int]], data: st.DataObject, memory_bytes: int
) -> None:
    """The first equal paragraph is looked for in the paragraph's own group only; in parts, where memory is short."""
    exact = np.array(rows, dtype=np.uint64).reshape(-1, 2) << np.uint64(40)
    storage = MemoryStorage()
    assert find_equal(exact, None, None, storage, memory_bytes).tolist() == first_equal(rows)
    names = data.draw(st.lists(st.integers(0, 1), min_size=len(rows), max_size=len(rows)))
    groups = (np.arange(2, dtype=np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    grouped = list(zip(names, rows, strict=True))
    numbers = np.array(names, dtype=np.int32)
    assert find_equal(exact, (groups, numbers), None, storage, memory_bytes).tolist() == first_equal(grouped)
    takes_part = np.array(data.draw(st.lists(st.booleans(), min_size=len(rows), max_size=len(rows))), dtype=np.bool_)
    found = find_equal(exact, (groups, numbers), takes_part * TAKES_PART, storage, memory_bytes)
    leaders = first_equal(list(zip(grouped, takes_part.tolist(), strict=True)))
    assert found.tolist() == np.where(takes_part, leaders, first_equal(grouped)).tolist()


@pytest.mark.parametrize("memory_bytes", [1 << 18, MEMORY_BYTES])
def test_a_line_that_every_group_has_costs_no_more_than_lines_that_differ(memory_bytes: int) -> None:
    """As with `--within document`: one search takes a probe or two, however many other groups have the line."""
    n = 40_000
    numbers = np.arange(n, dtype=np.int32)
    groups = group_documents(n, None, Settings(within="document"))
    assert groups is not None
    shared = np.full((n, 2), 0x0123456789ABCDEF, dtype=np.uint64)
    shared[:, 1] += np.uint64(1)
    different = np.random.default_rng(1).integers(0, 1 << 64, (n, 2), dtype=np.uint64)
    seconds = []
    for exact in (different, shared):
        runs = []
        for _ in range(2):
            start = time.perf_counter()
            found = find_equal(exact, (groups, numbers), None, MemoryStorage(), memory_bytes)
            runs.append(time.perf_counter() - start)
            assert found.tolist() == numbers.tolist()
        seconds.append(min(runs))
    # n / 2 probes for each line, were all in one chain
    assert seconds[1] < 20 * seconds[0]


WORDS = [
    "the",
    "of",
    "old",
    "house",
    "river",
    "Straße",
    "été",
    "京",
    "x2",
    "1904",
    "GPIO",
    "snake_case",
    "über",
    "-",
    ".",
]
texts = st.lists(st.sampled_from(WORDS), min_size=1, max_size=16).map(" ".join).filter(split_tokens)


def whole_texts(width: int) -> Settings:
    """Give settings by which a text is one paragraph, of which nothing is cut, and two that share a shingle match."""
    return Settings(
        shingle_tokens=width,
        similarity=1e-9,
        overlap_similarity=1e-9,
        paragraphs="line",
        boilerplate=False,
        repeats=False,
        bands=1,
        rows=1,
    )


def verify(left: str, right: str, settings: Settings) -> Matches:
    """Give the one pair of two texts, if it is a match."""
    columns, shards = shard_documents(documents_of([left, right]), settings)
    with ThreadPoolExecutor(1, initializer=lambda: np.seterr(over="ignore")) as pool:
        pair = np.array([1 << 32], dtype=np.uint64)
        return verify_pairs(shards, columns, pair, settings, pool, MemoryStorage(), MEMORY_BYTES)


@given(texts, texts, st.integers(1, 4))
def test_similarity_is_the_jaccard_of_the_texts(left: str, right: str, width: int) -> None:
    """The reported similarity is shared shingles by all shingles, recomputed from the texts alone."""
    found = verify(left, right, whole_texts(width))
    expected = jaccard(left, right, width)
    assert found.similarity.tolist() == ([expected] if expected else [])


def test_each_pair_is_measured_alone(executor: Executor) -> None:
    """What is kept of one pair's texts for the next, short and long, changes nothing."""
    words = [f"w{number}" for number in range(12)]
    generator = np.random.default_rng(1)
    lengths = np.where(generator.random(700) < 0.02, 300, 8)  # those of 300 words are longer than what is kept
    texts = [" ".join(generator.choice(words, length)) for length in lengths]
    n = 60 if os.environ.get("NUMBA_DISABLE_JIT") == "1" else 600  # a pair takes a fifteenth of a second interpreted
    left = generator.integers(0, 350, n)
    right = np.sort(np.where(generator.random(n) < 0.3, left % 94 + 256 * generator.integers(1, 3, n), left + 350))
    settings = Settings(overlap_similarity=0.01, similarity=0.01)
    columns, shards = shard_documents(documents_of(texts), settings, even_bounds(len(texts), 3))
    pairs = np.unique((right << 32 | left).astype(np.uint64))
    together = verify_pairs(shards, columns, pairs, settings, executor, MemoryStorage(), MEMORY_BYTES)
    measured = dict(
        zip(zip(together.left.tolist(), together.right.tolist(), strict=True), together.similarity, strict=True)
    )
    for a, b in zip(left.tolist(), right.tolist(), strict=True):
        expected = jaccard(texts[a], texts[b], settings.shingle_tokens)
        assert measured.get((a, b), 0.0) == (expected if expected >= settings.similarity else 0.0)


@given(texts, texts)
def test_hunks_leave_a_longest_common_subsequence(left: str, right: str) -> None:
    """What only one of two texts has, as counted, is all but a longest common subsequence."""
    found = verify(left, right, whole_texts(1))
    a, b = split_tokens(left), split_tokens(right)
    n_common = common_length(a, b)
    for figures in found.figures:
        assert figures[differences.NEW_LEFT] == len(a) - n_common
        assert figures[differences.NEW_RIGHT] == len(b) - n_common
        assert figures[differences.RUN_LEFT] <= figures[differences.NEW_LEFT]
        assert figures[differences.RUN_RIGHT] <= figures[differences.NEW_RIGHT]
        assert (figures[differences.HUNKS] == 0) == (a == b)
        assert figures[differences.SUBSTITUTIONS] <= figures[differences.HUNKS]


@given(texts, texts)
def test_containment_is_the_share_of_the_inner_texts_shingles(inner: str, outer: str) -> None:
    settings = Settings()
    columns, shards = shard_documents(documents_of([inner, outer]), settings, [0, 1, 2])
    with ThreadPoolExecutor(1, initializer=lambda: np.seterr(over="ignore")) as pool:
        found = measure_containment(
            shards, columns, np.array([0, 1]), np.array([1, 0]), settings, pool, MemoryStorage()
        )
    assert found.tolist() == [containment(inner, outer, 2), containment(outer, inner, 2)]


def test_matches_are_the_similar_pairs_of_eligible_paragraphs(executor: Executor) -> None:
    """Edited copies match, unrelated and ineligible paragraphs do not, and groups keep pairs apart."""
    base = [f"word{place}" for place in range(40)]
    copy = [*base[:20], "another", *base[21:]]
    other = [f"thing{place}" for place in range(40)]
    documents = documents_of([" ".join(base), " ".join(copy), " ".join(other), " ".join([*base[:30], "end"])])
    settings = Settings()
    columns, shards = shard_documents(documents, settings, [0, 1, 4])

    def pairs(groups: np.ndarray | None) -> list[tuple[int, int]]:
        storage = MemoryStorage()
        shards.has_near = True
        distinct = find_distinct(columns, groups, storage, MEMORY_BYTES)
        found = find_matches(shards, columns, distinct, groups, settings, executor, storage, MEMORY_BYTES)
        return list(zip(found.left.tolist(), found.right.tolist(), strict=True))

    assert pairs(None) == [(0, 1), (0, 3), (1, 3)]
    assert pairs(np.array([1, 1, 1, 2], dtype=np.uint64)) == [(0, 1)]
    columns.flags[1] = 0
    assert pairs(None) == [(0, 3)]
