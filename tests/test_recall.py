"""The recall that a run measures of itself."""

import random

import pytest

import dedup
from dedup.recall import wilson_interval


def _copies(n: int) -> list[str]:
    """Give n texts and as many edited copies of them, one word in sixteen changed."""
    source = random.Random(7)
    words = [f"{a}{b}{c}" for a in "bdfgk" for b in "aeiou" for c in "lmnrst"]
    texts = [[source.choice(words) for _ in range(32)] for _ in range(n)]
    edited = [[*text[:9], source.choice(words), *text[10:21], source.choice(words), *text[22:]] for text in texts]
    return [" ".join(text) for text in texts + edited]


def test_recall_is_that_of_brute_force() -> None:
    """With every paragraph in the sample, the pairs are all there are, and the threshold's promise shows."""
    texts = _copies(150)
    sets = [set(zip(text.split(), text.split()[1:], strict=False)) for text in texts]
    pairs = sum(len(a & b) / len(a | b) >= 0.5 for place, a in enumerate(sets) for b in sets[place + 1 :])
    recall = dedup.clean(texts, recall_sample=1000).report.recall
    assert recall is not None
    assert (recall["n_sampled"], recall["n_pairs"]) == (300, pairs)
    assert recall["n_found"] >= 0.99 * pairs
    assert recall["low"] <= recall["n_found"] / pairs <= recall["high"]


def test_too_few_bands_show_in_the_recall() -> None:
    """The figure is measured, not promised: a shape that misses most pairs says so."""
    recall = dedup.clean(_copies(150), recall_sample=1000, bands=1, rows=12).report.recall
    assert recall is not None
    assert recall["n_found"] < 0.5 * recall["n_pairs"]
    assert recall["high"] < 0.7


def test_recall_is_not_measured_unless_asked_for() -> None:
    """A plain run pays nothing, and claims nothing."""
    assert dedup.clean(["one", "two"]).report.recall is None


def test_pairs_of_other_groups_do_not_count() -> None:
    """Copies in another group are none: no pair is missed by not finding them."""
    texts = _copies(20)
    rows = [{"id": str(i), "text": text, "site": "a" if i < 20 else "b"} for i, text in enumerate(texts)]
    recall = dedup.clean(rows, within="site", recall_sample=1000).report.recall
    assert recall is not None
    assert recall["n_pairs"] == 0


@pytest.mark.parametrize(("n_found", "n"), [(0, 0), (0, 10), (10, 10), (5, 10), (990, 1000)])
def test_wilson_interval_holds_the_share(n_found: int, n: int) -> None:
    """The bounds lie in 0..1 around the share, and narrow with n."""
    low, high = wilson_interval(n_found, n)
    assert 0 <= low <= (n_found / n if n else 0) <= high <= 1
    if n:
        wide_low, wide_high = low, high
        low, high = wilson_interval(100 * n_found, 100 * n)
        assert high - low < wide_high - wide_low
