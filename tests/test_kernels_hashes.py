"""Kernels over hashes equal their plain-Python twins: shingles, signatures, bands, equality, pairs, likeness."""

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from reference import hashes as reference
from reference.pairs import choose_partners as reference_choose_partners
from reference.pairs import first_equal as reference_first_equal
from reference.pairs import pair_band as reference_pair_band

from dedup.kernels import candidates, mixing, signatures
from dedup.kernels.candidates import first_equal

uint64s = st.integers(0, 2**64 - 1)
uint32s = st.integers(0, 2**32 - 1)
few_values = st.integers(0, 3)


@pytest.fixture(autouse=True, scope="module")
def _wrapping_on_purpose() -> Iterator[None]:
    """Let hashes wrap quietly where the kernels are interpreted, for NumPy warns of it."""
    with np.errstate(over="ignore"):
        yield


@given(uint64s)
def test_mix64_agrees_with_reference(value: int) -> None:
    assert int(mixing.mix64(np.uint64(value))) == reference.mix64(value)


@given(uint32s)
def test_mix32_agrees_with_reference(value: int) -> None:
    assert int(mixing.mix32(np.uint32(value))) == reference.mix32(value)


@given(st.lists(uint64s, max_size=12), st.integers(1, 6))
def test_shingles_agree_with_reference(tokens: list[int], width: int) -> None:
    """Every run of tokens is a shingle; a shorter text is one, all of it; no tokens are none."""
    shingles = np.empty(max(1, len(tokens)), dtype=np.uint64)
    n = signatures.fill_shingles(np.array(tokens, dtype=np.uint64), len(tokens), width, shingles)
    assert shingles[:n].tolist() == reference.shingle_hashes(tokens, width)


@given(
    st.lists(uint64s, max_size=12),
    st.lists(st.tuples(uint32s.map(lambda value: value | 1), uint32s), min_size=1, max_size=9),
)
def test_minhash_agrees_with_reference(shingles: list[int], permutations: list[tuple[int, int]]) -> None:
    """The compiled kernel gives exactly the values of the definition."""
    multipliers, increments = ([pair[side] for pair in permutations] for side in (0, 1))
    found = np.full(len(permutations), signatures.EMPTY, dtype=np.uint32)
    signatures.minhash(
        np.array(shingles, dtype=np.uint64), len(shingles),
        np.array(multipliers, dtype=np.uint32), np.array(increments, dtype=np.uint32), found,
    )  # fmt: skip
    assert found.tolist() == reference.signature(shingles, multipliers, increments)


@given(st.lists(uint32s, min_size=1, max_size=12), st.integers(1, 4))
def test_bands_agree_with_reference(values: list[int], rows: int) -> None:
    """A band's key is the hash of its rows and of its number."""
    values = values[: len(values) // rows * rows]
    keys = np.empty(len(values) // rows, dtype=np.uint64)
    signatures.fill_bands(np.array(values, dtype=np.uint32), rows, keys)
    assert keys.tolist() == reference.band_keys(values, rows)


@given(st.lists(uint64s, max_size=12), st.integers(0, 12))
def test_exact_hash_of_tokens_may_be_taken_in_pieces(tokens: list[int], cut: int) -> None:
    """Tokens added piece by piece give the hash of the whole sequence."""
    state = (signatures.HIGH_SEED, signatures.LOW_SEED)
    for piece in (tokens[:cut], tokens[cut:]):
        high, low = signatures.add_tokens(*state, np.array(piece, dtype=np.uint64), len(piece))
        state = (np.uint64(high), np.uint64(low))
    found = signatures.finish_tokens(*state, len(tokens))
    assert tuple(map(int, found)) == reference.exact_tokens(tokens)


@given(st.binary(max_size=20), st.binary(max_size=3), st.binary(max_size=9))
def test_exact_hash_of_bytes_agrees_with_reference(data: bytes, before: bytes, after: bytes) -> None:
    """Bytes hash alike wherever they stand, and differ from each other, also in zeros alone."""
    text = np.frombuffer(before + data + after, dtype=np.uint8)
    found = signatures.hash_bytes(text, len(before), len(before) + len(data))
    assert tuple(map(int, found)) == reference.exact_bytes(data)
    assert reference.exact_bytes(data) != reference.exact_bytes(data + b"\0")


@given(st.lists(st.tuples(few_values | uint64s, few_values, st.booleans()), max_size=30))
def test_equal_rows_agree_with_reference(drawn: list[tuple[int, int, bool]]) -> None:
    """Rows are equal if both halves are; halves swapped are another row. Flagged ones are led by the first flagged."""
    rows = [(high, low) for high, low, _ in drawn]
    flags = np.array([2 * is_flagged + 1 for _, _, is_flagged in drawn], dtype=np.uint8)
    hashes = np.array(rows, dtype=np.uint64).reshape(-1, 2)
    first = np.empty(len(rows), dtype=np.int32)
    first_equal(hashes, flags, np.uint8(0), first)
    assert first.tolist() == reference_first_equal(rows)
    first_equal(hashes, flags, np.uint8(2), first)
    flagged = reference_first_equal([(row, flag) for row, flag in zip(rows, flags.tolist(), strict=True)])
    assert first.tolist() == np.where(flags & 2, flagged, reference_first_equal(rows)).tolist()


@given(st.lists(st.lists(few_values, min_size=3, max_size=3), min_size=1, max_size=40), st.data(), st.integers(1, 5))
def test_pairs_of_bands_agree_with_reference(keys: list[list[int]], data: st.DataObject, most_partners: int) -> None:
    """Each row meets the first rows of each of its keys, those whose sketches agree often enough, each once."""
    n, least_equal = len(keys), data.draw(st.integers(0, 11))
    sketches = data.draw(st.lists(st.lists(st.integers(0, 1), min_size=11, max_size=11), min_size=n, max_size=n))
    expected = {
        pair
        for band in range(3)
        for pair in reference_pair_band([row[band] for row in keys], sketches, most_partners, least_equal)
    }
    found = pair_bands(np.array(keys, dtype=np.uint64).reshape(-1, 3), sketches, most_partners, least_equal)
    assert found == expected


@given(
    st.sets(st.sampled_from([(left, right) for right in range(10) for left in range(right)])),
    st.data(),
    st.integers(1, 6),
)
def test_chosen_partners_agree_with_reference(pairs: set[tuple[int, int]], data: st.DataObject, most: int) -> None:
    """Of the pairs of each later one there stay the earliest, and those more alike than these, the best first."""
    outstanding = data.draw(st.integers(0, most))
    members = sorted(data.draw(st.sets(st.integers(0, (1 << 31) - 1), min_size=10, max_size=10)))
    values = data.draw(st.lists(st.lists(st.integers(0, 2), min_size=4, max_size=4), min_size=10, max_size=10))
    packed, counts = np.empty((10, 1), dtype=np.uint64), np.empty(17, dtype=np.int64)
    candidates.pack_sketches(np.array(values, dtype=np.uint8), 4, packed)
    named = sorted((members[right], members[left]) for left, right in pairs)
    given_pairs = np.array([right << 32 | left for right, left in named], dtype=np.uint64)
    agreed, is_chosen = np.empty(len(named), dtype=np.int32), np.empty(len(named), dtype=np.bool_)
    places = np.array(members, dtype=np.int32)
    candidates.choose_partners(given_pairs, places, packed, most, outstanding, counts, agreed, is_chosen)
    expected = reference_choose_partners(named, dict(zip(members, values, strict=True)), most, outstanding)
    assert [pair for pair, chosen in zip(named, is_chosen.tolist(), strict=True) if chosen] == expected


def test_one_key_for_all_costs_linear_time() -> None:
    """A key that very many rows share gives each of them a bounded number of pairs."""
    n = 3000
    pairs = pair_bands(np.zeros((n, 1), dtype=np.uint64), np.zeros((n, 4), dtype=np.uint8), 8, 4)
    assert len(pairs) == 8 * (n - 8) + 8 * 7 // 2


def pair_bands(keys: np.ndarray, sketches: object, most_partners: int, least_equal: int) -> set[tuple[int, int]]:
    """Give pairs (left, right) as the kernels find them one after the other, with room for a few at a time."""
    n = len(keys)
    rows, no_salts = np.arange(n, dtype=np.int32), np.empty(0, dtype=np.uint64)
    values = np.asarray(sketches, dtype=np.uint8).reshape(n, -1)
    packed = np.empty((n, -(-values.shape[1] // 16)), dtype=np.uint64)
    candidates.pack_sketches(values, values.shape[1], packed)
    least_equal += 16 * packed.shape[1] - values.shape[1]
    pairs = np.empty(2 * most_partners, dtype=np.uint64)
    found = set()
    n_parts = 4
    for band in range(keys.shape[1]):
        own = np.ascontiguousarray(keys[:, band])
        counts = np.zeros(n_parts, dtype=np.int64)
        candidates.count_keys(own, rows, no_salts, counts)
        assert counts.sum() == n
        for first in (0, 3):  # three parts, then the last
            bounds = np.concatenate([[0], np.cumsum(counts[first : first + 3])]).astype(np.int64)
            parted, ends = np.empty(int(bounds[-1]), dtype=np.uint64), bounds[:-1].copy()
            candidates.place_keys(own, rows, no_salts, 0, (first, n_parts), ends, parted)
            assert ends.tolist() == bounds[1:].tolist()
            largest = int(np.diff(bounds).max())
            owner = np.empty(candidates.table_size(largest), dtype=np.int32)
            chains = np.empty((largest, 3), dtype=np.int32)
            at = np.zeros(2, dtype=np.int64)
            while at[0] < len(bounds) - 1:
                n_pairs = candidates.pair_parts(
                    parted, bounds, packed, most_partners, least_equal, owner, chains, at, pairs
                )
                found |= {(int(pair) & 0xFFFFFFFF, int(pair) >> 32) for pair in pairs[:n_pairs].tolist()}
    return found
