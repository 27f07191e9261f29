"""How many of the pairs that there are were found: brute force over a sample of paragraphs."""

from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dedup.arrow_views import view_numbers, view_texts
from dedup.evidence import Evidence
from dedup.kernels.brute_force import find_similar, read_shingles
from dedup.kernels.characters import load_characters
from dedup.settings import Settings

CONFIDENCE_Z: Final = 1.959964  # 95 %

_MEMBERS_PER_TASK: Final = 1 << 15


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
    evidence: Evidence, document_groups: NDArray[np.uint64] | None, settings: Settings, executor: Executor
) -> Recall:
    """Compare a random sample of paragraphs with all others, exactly, and count which pairs the matches hold.

    The sample has `settings.recall_sample` of the distinct paragraphs that are long enough for near-duplicates,
    drawn by `settings.seed`; `document_groups` uint64[d] says which documents are compared, None: all.
    """
    texts = view_texts(evidence.documents["text"])
    document, start, end = (view_numbers(evidence.paragraphs[name]) for name in ("document", "start", "end"))
    spans = np.column_stack([texts.offsets[document] + start, texts.offsets[document] + end])
    near = evidence.fingerprints.near
    members = near[evidence.takes_part[near] & (evidence.distinct[near] == near)]
    matches = evidence.matches
    n_sampled = min(settings.recall_sample, len(members))
    chosen = np.random.RandomState(settings.seed).permutation(members)[:n_sampled]
    characters = load_characters()
    shingles, owners, sizes = read_shingles(texts.data, spans, chosen, *characters, settings.shingle_tokens)

    def compare(first: int) -> NDArray[np.int64]:
        task = members[first : first + _MEMBERS_PER_TASK]
        rows = find_similar(
            texts.data, spans, task, *characters, settings.shingle_tokens, shingles, owners, sizes, settings.similarity
        )
        return np.column_stack([task[rows[:, 0]], chosen[rows[:, 1]]])

    found = list(executor.map(compare, range(0, len(members), _MEMBERS_PER_TASK)))
    pairs = np.concatenate(found) if found else np.empty((0, 2), dtype=np.int64)
    pairs = np.sort(pairs[pairs[:, 0] != pairs[:, 1]], axis=1)
    if document_groups is not None:
        groups = document_groups[document]
        pairs = pairs[groups[pairs[:, 0]] == groups[pairs[:, 1]]]
    pairs = np.unique(pairs, axis=0)
    width = np.int64(len(spans))
    is_found = np.isin(pairs[:, 0] * width + pairs[:, 1], matches.left * width + matches.right)
    low, high = wilson_interval(int(is_found.sum()), len(pairs))
    return Recall(n_sampled, len(pairs), int(is_found.sum()), low, high)


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
