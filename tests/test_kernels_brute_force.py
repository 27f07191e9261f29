"""Brute force, by which recall is measured, finds exactly the similar pairs."""

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from reference.tokens import jaccard, split_tokens

from dedup.kernels.brute_force import find_similar, read_shingles
from dedup.kernels.characters import load_characters

WORDS = ["one", "two", "three", "été", "京", "x2", "-"]
lines = st.lists(st.sampled_from(WORDS), max_size=9).map(" ".join)


@pytest.fixture(autouse=True, scope="module")
def _wrapping_on_purpose() -> Iterator[None]:
    """Let hashes wrap quietly where the kernels are interpreted, for NumPy warns of it."""
    with np.errstate(over="ignore"):
        yield


@given(st.lists(lines, min_size=1, max_size=6), st.data(), st.integers(1, 3), st.sampled_from([0.2, 0.5, 1.0]))
def test_brute_force_agrees_with_reference(texts: list[str], data: st.DataObject, width: int, threshold: float) -> None:
    """Every pair of a member and a chosen text at or above the threshold is found, once, and no other."""
    places = st.sets(st.integers(0, len(texts) - 1)).map(sorted)
    chosen, members = (np.array(data.draw(places), dtype=np.int64) for _ in range(2))
    ends = np.cumsum([len(text.encode()) for text in texts])
    spans = np.column_stack([np.concatenate([[0], ends[:-1]]), ends]).astype(np.int64)
    text = np.frombuffer("".join(texts).encode(), dtype=np.uint8)
    characters = load_characters()
    shingles = read_shingles(text, spans, chosen, *characters, width)
    found = find_similar(text, spans, members, *characters, width, *shingles, threshold)
    expected = {
        (place, owner)
        for place, member in enumerate(members)
        for owner, other in enumerate(chosen)
        # a text without tokens has nothing that could be shared
        if split_tokens(texts[member]) and jaccard(texts[member], texts[other], width) >= threshold
    }
    assert sorted(map(tuple, found.tolist())) == sorted(expected)
