"""Our fingerprints as datasketch objects, for those who index, store and query with datasketch."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from dedup.fingerprints import make_permutations
from dedup.kernels.signatures import EMPTY, fill_shingles, minhash
from dedup.settings import Settings
from dedup.token_tables import token_hashes

if TYPE_CHECKING:
    from datasketch import MinHash, MinHashLSH

SCHEME = "affine32"


def shingle_hashes(text: str, settings: Settings) -> NDArray[np.uint64]:
    """Give the hashes of the shingles of a text in order; datasketch is fed their low 32 bits."""
    tokens = token_hashes(text)
    shingles = np.empty(max(len(tokens), 1), dtype=np.uint64)
    return shingles[: fill_shingles(tokens, len(tokens), settings.shingle_tokens, shingles)]


def signatures(texts: Sequence[str], settings: Settings) -> NDArray[np.uint32]:
    """Give the MinHash signature of each text, uint32[n, n_hashes]."""
    multipliers, increments = make_permutations(settings.n_hashes, settings.seed)
    found = np.full((len(texts), settings.n_hashes), EMPTY, dtype=np.uint32)
    for place, text in enumerate(texts):
        shingles = shingle_hashes(text, settings)
        minhash(shingles, len(shingles), multipliers, increments, found[place])
    return found


def minhashes(texts: Sequence[str], settings: Settings) -> "list[MinHash]":
    """Give each text's signature as a datasketch MinHash of scheme "affine32"."""
    from datasketch import MinHash

    permutations = np.array(make_permutations(settings.n_hashes, settings.seed))
    return [
        MinHash(seed=settings.seed, hashvalues=signature, permutations=permutations, scheme=SCHEME)
        for signature in signatures(texts, settings)
    ]


def minhash_lsh(texts: Sequence[str], settings: Settings) -> "MinHashLSH":
    """Give a datasketch MinHashLSH with our bands and rows that holds every text under its position."""
    from datasketch import MinHashLSH

    index = MinHashLSH(threshold=settings.similarity, num_perm=settings.n_hashes, params=settings.band_shape)
    for place, sketch in enumerate(minhashes(texts, settings)):
        index.insert(place, sketch)
    return index
