"""Gradient-boosted trees as arrays: what a training wrote, asked for probabilities."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Trees:
    """Complete binary trees of one depth: t trees with i inner nodes and i + 1 leaves, in order of levels."""

    features: npt.NDArray[np.int64]  # [t, i]
    thresholds: Floats  # [t, i]; up to and including it, left
    leaves: Floats  # [t, i + 1]
    baseline: float

    def probabilities(self, evidence: Floats) -> Floats:
        """Give the probability of each row of evidence: float64[n]."""
        n_trees, n_inner = self.features.shape
        inner, leaf = np.arange(n_trees) * n_inner, np.arange(n_trees) * (n_inner + 1)
        values, rows = evidence.ravel(), np.arange(len(evidence))[:, None] * evidence.shape[1]
        features, thresholds = self.features.ravel(), self.thresholds.ravel()
        nodes = np.zeros((len(evidence), n_trees), dtype=np.int64)
        for _ in range((n_inner + 1).bit_length() - 1):
            here = nodes + inner
            is_right = values.take(features.take(here) + rows) > thresholds.take(here)
            nodes = 2 * nodes + 1 + is_right
        scores = self.baseline + self.leaves.ravel().take(nodes - n_inner + leaf).sum(axis=1)
        probabilities: Floats = 1 / (1 + np.exp(-scores))
        return probabilities


def read_trees(path: Path) -> Trees:
    """Read trees as the training writes them."""
    with np.load(path) as stored:
        return Trees(stored["features"], stored["thresholds"], stored["leaves"], float(stored["baseline"]))
