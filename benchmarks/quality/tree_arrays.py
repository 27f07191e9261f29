"""Trees that scikit-learn has trained, as the arrays that dedup reads."""

from collections.abc import Sequence
from typing import Any

import numpy as np


def tree_arrays(model: Any, depth: int) -> dict[str, Any]:
    """Give the arrays of dedup.forests.Trees, of a trained HistGradientBoostingClassifier of two classes."""
    trees = [complete_tree(predictors[0].nodes, depth) for predictors in model._predictors]
    features, thresholds, leaves = (np.array(columns) for columns in zip(*trees, strict=True))
    baseline = np.array(np.ravel(model._baseline_prediction)[0], dtype=np.float64)
    return {"features": features, "thresholds": thresholds, "leaves": leaves, "baseline": baseline}


def complete_tree(nodes: Any, depth: int) -> tuple[list[int], list[float], list[float]]:
    """Give a tree as a complete one of so many levels: features and thresholds of inner nodes, values of leaves."""
    level: Sequence[int] = [0]
    features: list[int] = []
    thresholds: list[float] = []
    for _ in range(depth):
        below: list[int] = []
        for node in level:
            if nodes[node]["is_leaf"]:  # both ways lead to its value
                features.append(0)
                thresholds.append(float("inf"))
                below += [node, node]
            else:
                features.append(int(nodes[node]["feature_idx"]))
                thresholds.append(float(nodes[node]["num_threshold"]))
                below += [int(nodes[node]["left"]), int(nodes[node]["right"])]
        level = below
    return features, thresholds, [float(nodes[node]["value"]) for node in level]
