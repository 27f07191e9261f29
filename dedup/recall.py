"""How many of the pairs that there are were found: brute force over a sample of paragraphs."""

from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dedup.kernels.brute_force import find_similar, read_shingles
from dedup.kernels.characters import load_characters
from dedup.matching import Matches
from dedup.settings import Settings
from dedup.shards import TAKES_PART, VERBATIM, Columns, Shards, find_spans
from dedup.shipping import Wanted, ship_paragraphs
from dedup.storage import MemoryStorage
from dedup.workers import map_ahead

CONFIDENCE_Z: Final = 1.959964  # 95 %

_MEMBERS_PER_TASK: Final = 1 << 14


@dataclass(frozen=True, slots=True)
class Recall:
    """Of `n_pairs` pairs at or above the threshold, `n_found` were found; `low` and `high` bound the share, 95 %.

    The bounds are Wilson's score interval. `n_sampled` paragraphs were compared with all others.
    """

    n_sampled: int
    n_pairs: int
    n_found: int
    low: float
    high: float


def measure_recall(
    shards: Shards,
    columns: Columns,
    distinct: NDArray[np.int32],
    matches: Matches,
    groups_by_document: NDArray[np.uint64] | None,
    settings: Settings,
    executor: Executor,
) -> Recall:
    """Compare a random sample of paragraphs with all others, exactly, and count which pairs the matches hold.

    The sample has `settings.recall_sample` of the distinct paragraphs that are long enough for near-duplicates,
    drawn by `settings.seed`; `distinct` and `groups_by_document` as of find_distinct.
    """
    members = [_list_members(columns, distinct, shard, settings) for shard in range(columns.n_shards)]
    listed = np.concatenate([np.empty(0, dtype=np.int32), *members])
    n_sampled = min(settings.recall_sample, len(listed))
    chosen = np.sort(np.random.RandomState(settings.seed).permutation(listed)[:n_sampled])
    characters = load_characters()
    wanted = Wanted(chosen, np.array([0, n_sampled], dtype=np.int64))
    text, spans = ship_paragraphs(shards, columns, wanted, settings, executor, MemoryStorage()).block(0, n_sampled)
    shingles, owners, sizes = read_shingles(text, spans, np.arange(n_sampled), *characters, settings.shingle_tokens)

    def compare(task: tuple[int, int]) -> NDArray[np.int64]:
        shard, first = task
        some = members[shard][first : first + _MEMBERS_PER_TASK]
        texts = shards.texts(shard)
        places = find_spans(columns, shard, texts, some)
        rows = find_similar(
            texts.data, places, np.arange(len(some)), *characters, settings.shingle_tokens, shingles,
            owners, sizes, settings.similarity,
        )  # fmt: skip
        return np.column_stack([some[rows[:, 0]], chosen[rows[:, 1]]]).astype(np.int64)

    tasks = [(shard, first) for shard, some in enumerate(members) for first in range(0, len(some), _MEMBERS_PER_TASK)]
    found = list(map_ahead(executor, compare, tasks, 2 * settings.n_workers))
    pairs = np.concatenate(found) if found else np.empty((0, 2), dtype=np.int64)
    pairs = np.sort(pairs[pairs[:, 0] != pairs[:, 1]], axis=1)
    if groups_by_document is not None:
        left, right = (groups_by_document[columns.document[side]] for side in pairs.T)
        pairs = pairs[left == right]
    pairs = np.unique(pairs, axis=0)
    width = np.int64(columns.n_paragraphs)
    is_found = np.isin(pairs[:, 0] * width + pairs[:, 1], matches.left * width + matches.right)
    low, high = wilson_interval(int(is_found.sum()), len(pairs))
    return Recall(n_sampled, len(pairs), int(is_found.sum()), low, high)


def _list_members(columns: Columns, distinct: NDArray[np.int32], shard: int, settings: Settings) -> NDArray[np.int32]:
    """Give the paragraphs of a shard that may be matches, int32[]."""
    first, last = columns.shard_paragraphs[shard : shard + 2].tolist()
    flags = columns.flags[first:last]
    is_near = (flags & (VERBATIM | TAKES_PART)) == TAKES_PART
    is_near &= columns.n_tokens[first:last] >= settings.min_near_tokens
    is_near &= distinct[first:last] == np.arange(first, last)
    is_near[columns.pieces.paragraph[slice(*columns.pieces.first_of(np.array([first, last])))] - first] = False
    members: NDArray[np.int32] = (first + np.flatnonzero(is_near)).astype(np.int32)
    return members


def wilson_interval(n_found: int, n: int) -> tuple[float, float]:
    """Give the bounds within which a share of n_found in n lies with 95 % confidence; (0, 1) if n is 0.

    Source: Wilson, Probable inference, the law of succession, and statistical inference, 1927.
    """
    if n == 0:
        return 0.0, 1.0
    z2 = CONFIDENCE_Z**2
    centre = (n_found + z2 / 2) / (n + z2)
    half = CONFIDENCE_Z * (n_found * (n - n_found) / n + z2 / 4) ** 0.5 / (n + z2)
    low, high = centre - half, centre + half
    return (low if n_found else 0.0), (high if n_found < n else 1.0)  # exactly, where rounding would come near only
