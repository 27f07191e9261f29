"""Words that hold the key and the sketch of a band."""

import numpy as np
import pytest

from dedup.kernels.packing import pack_bands, unpack_sketches


@pytest.mark.parametrize(("rows", "word"), [(1, np.uint32), (3, np.uint32), (4, np.uint64), (7, np.uint64)])
def test_words_hold_sketches_and_tell_keys_apart(rows: int, word: type) -> None:
    """Sketches come back; equal bands have equal words; bands that differ in one value, other words."""
    rng = np.random.default_rng(3)
    n, bands = 500, 5
    sketches = rng.integers(0, 256, (n, bands * rows), dtype=np.uint8)
    keys = rng.integers(0, 1 << 63, (n, bands), dtype=np.uint64)
    sketches[100:200], keys[100:200] = sketches[:100], keys[:100]
    words = np.empty((bands, n), dtype=word)
    pack_bands(keys, sketches, rows, words)
    chosen = rng.permutation(n)[:123].astype(np.int32)
    found = np.empty((len(chosen), bands * rows), dtype=np.uint8)
    unpack_sketches(words, rows, chosen, found)
    assert (found == sketches[chosen]).all()
    assert (words[:, 100:200] == words[:, :100]).all()
    for band in range(bands):
        low = [tuple(values) for values in sketches[:, band * rows : band * rows + rows].tolist()]
        expected = {
            (*values, int(key) % (1 << 8 * (np.dtype(word).itemsize - rows)))
            for values, key in zip(low, keys[:, band].tolist(), strict=True)
        }
        assert len(set(words[band].tolist())) == len(expected)
