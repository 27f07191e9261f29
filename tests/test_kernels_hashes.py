"""Kernels over hashes equal their plain-Python twins: shingles, signatures, bands, equality, pairs, likeness."""

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from reference import hashes as reference
from reference.pairs import first_equal as reference_first_equal
from reference.pairs import pair_band as reference_pair_band

from dedup.kernels import mixing, signatures
from dedup.kernels.candidates import first_equal, pair_band

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


@given(st.lists(uint64s, max_size=12))
def test_exact_hash_of_tokens_agrees_with_reference(tokens: list[int]) -> None:
    found = signatures.hash_tokens(np.array(tokens, dtype=np.uint64), len(tokens))
    assert tuple(map(int, found)) == reference.exact_tokens(tokens)


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


@given(st.lists(st.tuples(few_values | uint64s, few_values), max_size=30))
def test_equal_rows_agree_with_reference(rows: list[tuple[int, int]]) -> None:
    """Rows are equal if both halves are; halves swapped are another row."""
    first = np.empty(len(rows), dtype=np.int64)
    first_equal(np.array(rows, dtype=np.uint64).reshape(-1, 2), first)
    assert first.tolist() == reference_first_equal(rows)


@given(
    st.lists(st.tuples(few_values | uint64s, st.lists(st.integers(0, 2), min_size=4, max_size=4)), max_size=40),
    st.integers(1, 5),
    st.integers(0, 4),
)
def test_pairs_of_a_band_agree_with_reference(
    rows: list[tuple[int, list[int]]], most_partners: int, least_equal: int
) -> None:
    """Each row meets the first rows of its key, those whose sketches agree often enough."""
    keys, sketches = [key for key, _ in rows], [sketch for _, sketch in rows]
    pairs = pair_band(
        np.array(keys, dtype=np.uint64), np.array(sketches, dtype=np.uint8).reshape(-1, 4), most_partners, least_equal
    )
    found = [(int(pair) >> 32, int(pair) & 0xFFFFFFFF) for pair in pairs]
    assert found == reference_pair_band(keys, sketches, most_partners, least_equal)


def test_one_key_for_all_costs_linear_time() -> None:
    """A key that very many rows share gives each of them a bounded number of pairs."""
    n = 3000
    pairs = pair_band(np.zeros(n, dtype=np.uint64), np.zeros((n, 4), dtype=np.uint8), 8, 4)
    assert len(pairs) == 8 * (n - 8) + 8 * 7 // 2
