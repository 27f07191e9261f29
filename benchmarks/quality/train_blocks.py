"""Train the model that tells content from the rest of a page, on pages whose content people have marked.

Only the tuning halves of the sets are seen (benchmarks.quality.labelled): figures on the
other halves are those of pages that nothing was fitted to.
"""

from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from benchmarks.measurements import BenchmarkError
from benchmarks.quality.block_labels import label_blocks
from benchmarks.quality.labelled import LabelledPage, is_held_out, read_pages
from benchmarks.quality.tree_arrays import tree_arrays
from dedup.extraction.pages import Page, PageError

TRAINED_ON: Final = ("aeb", "fundus_eval", "wcxb_dev")
DEPTH: Final = 4
SETTINGS: Final = {
    "max_iter": 160, "learning_rate": 0.1, "min_samples_leaf": 200, "l2_regularization": 10.0, "max_features": 0.4,
    "random_state": 1,
}  # fmt: skip
"""Chosen by five-fold cross-validation over the tuning halves, sites apart."""


def train_blocks(data: Path, target: Path) -> dict[str, Any]:
    """Write the model to `target`; give what it was trained on.

    Raises BenchmarkError if a set or scikit-learn is missing.
    """
    try:
        from sklearn.ensemble import HistGradientBoostingClassifier
    except ImportError:
        raise BenchmarkError("training needs scikit-learn: pip install 'dedup-clean[bench]'") from None
    pages = [page for name in TRAINED_ON for page in read_pages(data, name) if not is_held_out(page)]
    parts = [part for page in pages if (part := _evidence_of(page)) is not None]
    evidence, is_content, weights = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    model = HistGradientBoostingClassifier(max_depth=DEPTH, max_leaf_nodes=2**DEPTH, early_stopping=False, **SETTINGS)
    model.fit(evidence, is_content, sample_weight=weights)
    with target.open("wb") as file:
        np.savez_compressed(file, **tree_arrays(model, DEPTH))
    return {"pages": len(parts), "blocks": len(evidence), "content_share": float(is_content.mean())}


def _evidence_of(page: LabelledPage) -> tuple[npt.NDArray[Any], ...] | None:
    """Give evidence, whether it is content, and weight of the blocks of a page: n rows each."""
    from dedup.extraction.extractors import prepare_page
    from dedup.extraction.measures import measure_blocks

    try:
        prepared = prepare_page(Page(page.html, page.url))
    except PageError:
        return None
    if prepared is None or not prepared.blocks:
        return None
    evidence = measure_blocks(prepared.blocks, prepared.text, prepared.second, prepared.says)
    is_content = label_blocks([block.text for block in prepared.blocks], page.gold_text)
    sizes = np.array([len(block.text) for block in prepared.blocks], dtype=np.float64)
    # a page counts by how much of it is right, however long it is; a long block for more than a short one
    return evidence, is_content, (sizes / max(200, len(page.gold_text))) ** 0.7
