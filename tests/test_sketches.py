"""datasketch is the oracle: our fingerprints are its own, to the bit."""

import numpy as np
import pytest
from datasketch import MinHash

import dedup
from dedup.settings import Settings
from dedup.sketches import shingle_hashes, signatures

LONG = [
    *(["the", "quick", "brown", "fox", "jumps", "over", "the", "lazy", "dog", "and"]),
    *(["runs", "away", "from", "all", "the", "hunters", "of", "the", "county"]),
]
TEXTS = [
    "",
    "...",
    "word",
    "two words",
    " ".join(LONG),
    " ".join([*LONG, "again"]),
    " ".join([*LONG[:9], "sleeping", *LONG[10:]]),
    "Ein ganz anderer Satz über das schöne Wetter an der See, den sonst keiner sagt.",
    "今天天气很好，我们去公园散步。",
    " ".join(f"token{place}" for place in range(500)),
]


@pytest.mark.parametrize("seed", [0, 1, 77, 2**32 - 1])
@pytest.mark.parametrize(("bands", "rows"), [(1, 1), (17, 4), (25, 5)])
def test_signatures_are_datasketchs(seed: int, bands: int, rows: int) -> None:
    """datasketch, fed the low 32 bits of our shingle hashes, computes the very same signature."""
    settings = Settings(seed=seed, bands=bands, rows=rows)
    ours = signatures(TEXTS, settings)
    for text, signature in zip(TEXTS, ours, strict=True):
        theirs = MinHash(num_perm=settings.n_hashes, seed=seed, scheme="affine32", hashfunc=lambda value: value)
        for shingle in shingle_hashes(text, settings).tolist():
            theirs.update(shingle & 0xFFFFFFFF)
        assert signature.tolist() == theirs.hashvalues.tolist()


def test_minhashes_work_with_datasketch() -> None:
    """Ours can be compared, merged and updated with theirs, and know that an empty text is empty."""
    sketches = dedup.minhashes(TEXTS)
    settings = Settings()
    theirs = MinHash(num_perm=settings.n_hashes, seed=settings.seed, scheme="affine32", hashfunc=lambda value: value)
    for shingle in shingle_hashes(TEXTS[4], settings).tolist():
        theirs.update(shingle & 0xFFFFFFFF)
    assert sketches[4].jaccard(theirs) == 1.0
    assert sketches[4] == theirs
    assert sketches[0].is_empty()
    assert not sketches[2].is_empty()
    theirs.merge(sketches[5])
    assert (theirs.hashvalues <= sketches[5].hashvalues).all()


def test_lsh_index_finds_edited_copies() -> None:
    """The filled index holds every text under its position and finds near-duplicates with our bands."""
    index = dedup.minhash_lsh(TEXTS)
    sketches = dedup.minhashes(TEXTS)
    settings = Settings()
    assert (index.b, index.r) == settings.band_shape
    assert sorted(index.query(sketches[4])) == [4, 5, 6]
    assert index.query(sketches[9]) == [9]


def test_lsh_index_and_ours_agree_on_every_pair() -> None:
    """Two texts meet in datasketch's index exactly if they agree on all rows of one of our bands."""
    random = np.random.default_rng(5)
    texts = [" ".join(word for word in LONG * 2 if random.random() < 0.8) for _ in range(40)]
    settings = Settings(bands=6, rows=3)
    found = signatures(texts, settings).reshape(40, 6, 3)
    index = dedup.minhash_lsh(texts, settings)
    for place, sketch in enumerate(dedup.minhashes(texts, settings)):
        ours = [other for other in range(40) if (found[place] == found[other]).all(axis=1).any()]
        assert sorted(index.query(sketch)) == ours
