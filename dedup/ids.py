"""Ids that tell documents apart, whatever ids they came with."""

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dedup.arrow_views import view_texts
from dedup.equals import find_equal
from dedup.kernels.texts import hash_texts
from dedup.storage import Storage


def tell_apart(
    ids: list[pa.Array],
    places: Callable[[int], tuple[pa.Array, pa.Array]],
    storage: Storage,
    memory_bytes: int,
) -> tuple[list[pa.Array], int]:
    """Make ids unique, and count the changes: the first of equal ones stays, a later one becomes `id@source:row`.

    ids: string arrays, one a shard; `places` gives sources and rows of a shard's documents.
    """
    n = sum(map(len, ids))
    hashes = np.empty((n, 2), dtype=np.uint64)
    first_of = np.concatenate([[0], np.cumsum([len(chunk) for chunk in ids])]).astype(np.int64)
    for first, chunk in zip(first_of.tolist(), ids, strict=False):
        texts = view_texts(chunk)
        hash_texts(texts.data, texts.offsets[:-1], texts.offsets[1:], hashes[first : first + len(chunk)])
    repeated = np.flatnonzero(find_equal(hashes, None, None, storage, memory_bytes) != np.arange(n))
    if not len(repeated):
        return ids, 0
    shard_of = np.searchsorted(first_of, repeated, side="right") - 1
    new: list[str] = []
    for shard in np.unique(shard_of).tolist():
        here = pa.array(repeated[shard_of == shard] - first_of[shard])
        sources, rows = places(shard)
        marks = zip(*(column.take(here).to_pylist() for column in (ids[shard], sources, rows)), strict=True)
        new += [f"{doc_id}@{source}:{row}" for doc_id, source, row in marks]
    new = _without_clashes(new, pa.chunked_array(ids, pa.string()))
    renamed = list(ids)
    for shard in np.unique(shard_of).tolist():
        chosen = np.flatnonzero(shard_of == shard)
        mask = np.zeros(len(ids[shard]), dtype=np.bool_)
        mask[repeated[chosen] - first_of[shard]] = True
        values = pa.array([new[place] for place in chosen.tolist()], pa.string())
        renamed[shard] = pc.replace_with_mask(ids[shard], pa.array(mask), values)
    return renamed, len(new)


def _without_clashes(new: list[str], ids: pa.ChunkedArray) -> list[str]:
    """Lengthen new ids that are the id of something else by '+' until none is."""
    taken = set(pc.filter(ids, pc.is_in(ids, pa.array(new, pa.string()))).to_pylist())
    clear = []
    for doc_id in new:
        unique = doc_id
        while unique in taken:
            unique += "+"
        # a lengthened id may itself be somebody's: rare enough to look at them all
        if unique != doc_id:
            while unique in taken or pc.index(ids, pa.scalar(unique)).as_py() >= 0:
                unique += "+"
        taken.add(unique)
        clear.append(unique)
    return clear
