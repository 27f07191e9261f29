"""How near an extracted text is to what annotators say is the content of a page: the measures, and how sure they are.

A measure gives precision, recall and F of one page; `Scores` holds those of a set of
pages. Nothing here imports from dedup.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

N_RESAMPLES: Final = 2000
SEED: Final = 1

_SPACELESS: Final = (
    "\u0e00-\u0eff\u0f00-\u0fff\u1000-\u109f\u1780-\u17ff"  # Thai, Lao, Tibetan, Myanmar, Khmer
    "\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f"
    "\U00020000-\U0003ffff"
)
_TOKEN: Final = re.compile(rf"[{_SPACELESS}]|[^\W{_SPACELESS}]+")

Floats = npt.NDArray[np.float64]
PageScore = tuple[float, float, float]
"""Precision, recall and F, 0..1."""


@dataclass(frozen=True, slots=True)
class Scores:
    """Precision, recall and F of every page of a set: three float64[n]."""

    precision: Floats
    recall: Floats
    f: Floats

    @classmethod
    def of(cls, pages: Iterable[PageScore]) -> "Scores":
        """Gather the scores of pages, in order."""
        columns = np.array(list(pages), dtype=np.float64).reshape(-1, 3)
        return cls(columns[:, 0], columns[:, 1], columns[:, 2])

    def take(self, rows: npt.NDArray[np.int64]) -> "Scores":
        """Give the scores of some of the pages, or of some of them several times."""
        return Scores(self.precision[rows], self.recall[rows], self.f[rows])


def f1_of_means(scores: Scores) -> float:
    """Give the F1 of mean precision and mean recall."""
    return f_measure(float(scores.precision.mean()), float(scores.recall.mean()))


def mean_f(scores: Scores) -> float:
    """Give the mean of the pages' F."""
    return float(scores.f.mean())


def word_tokens(text: str) -> list[str]:
    r"""Give the words of a text, runs of `\w`; a character of a script written without spaces is a word of its own."""
    return _TOKEN.findall(text)


def four_gram_score(text: str, gold: str) -> PageScore:
    """Compare the multisets of runs of four words, case and all; a text of fewer words is one run."""
    return compare_multisets(_runs(word_tokens(text), 4), _runs(word_tokens(gold), 4))


def word_score(text: str, gold: str) -> PageScore:
    """Compare the multisets of words, in lower case."""
    return compare_multisets(word_tokens(text.lower()), word_tokens(gold.lower()))


def paragraph_score(text: str, gold: Sequence[str]) -> PageScore:
    """Compare the multiset of lines with that of the gold paragraphs: white space aside."""
    return compare_multisets(_paragraphs(text.splitlines()), _paragraphs(gold))


def marked_paragraph_score(text: str, gold: Sequence[str]) -> PageScore:
    """Compare as `paragraph_score` does, but gold paragraphs in brackets may be there or not.

    That is how fundus_eval marks what is optional.
    Source: score_paragraph_match of github.com/dobbersc/fundus-evaluation.
    """
    wanted: list[str] = []
    optional: list[str] = []
    for paragraph in _paragraphs(gold):
        is_optional = paragraph.startswith("[") and paragraph.endswith("]")
        (optional if is_optional else wanted).append(paragraph[1:-1] if is_optional else paragraph)
    n_over = Counter(_paragraphs(text.splitlines())) - Counter(wanted)
    return paragraph_score(text, [*wanted, *(Counter(_paragraphs(optional)) & n_over).elements()])


def snippet_rate(text: str, snippets: Sequence[str]) -> float | None:
    """Give the share of the snippets that stand in the text, case and white space aside; None if there are none."""
    plain = [words for words in (_plain(snippet) for snippet in snippets) if words]
    if not plain:
        return None
    inside = _plain(text)
    return sum(snippet in inside for snippet in plain) / len(plain)


def compare_multisets(found: Iterable[Hashable], gold: Iterable[Hashable]) -> PageScore:
    """Give precision, recall and F of one multiset against another; two empty ones agree fully."""
    n_found, n_gold = Counter(found), Counter(gold)
    n_common = (n_found & n_gold).total()
    if not n_found and not n_gold:
        return 1.0, 1.0, 1.0
    precision = n_common / n_found.total() if n_found else 0.0
    recall = n_common / n_gold.total() if n_gold else 0.0
    return precision, recall, f_measure(precision, recall)


def f_measure(precision: float, recall: float) -> float:
    """Give the harmonic mean of precision and recall."""
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def interval(scores: Scores, statistic: Callable[[Scores], float]) -> tuple[float, float]:
    """Give the 95 % interval of a statistic by the percentile bootstrap over pages, seeded.

    Source: Efron, Tibshirani, An Introduction to the Bootstrap, ch. 13.
    """
    return _percentiles([statistic(scores.take(rows)) for rows in _resamples(len(scores.f))])


def difference_interval(ours: Scores, theirs: Scores, statistic: Callable[[Scores], float]) -> tuple[float, float]:
    """Give the 95 % interval of a difference of two systems on the same pages, resampled together."""
    return _percentiles([statistic(ours.take(rows)) - statistic(theirs.take(rows)) for rows in _resamples(len(ours.f))])


def summary(ours: Scores, theirs: Scores, statistic: Callable[[Scores], float]) -> dict[str, Any]:
    """Give the figures of two systems side by side, with intervals of each and of the difference."""
    figures: dict[str, Any] = {"pages": len(ours.f)}
    for name, scores in (("dedup", ours), ("trafilatura", theirs)):
        figures[name] = {
            "precision": round(float(scores.precision.mean()), 4),
            "recall": round(float(scores.recall.mean()), 4),
            "f1": round(statistic(scores), 4),
            "interval": interval(scores, statistic),
            "mean_page_f": round(mean_f(scores), 4),
            "median_page_f": round(float(np.median(scores.f)), 4),
        }
    figures["difference"] = round(statistic(ours) - statistic(theirs), 4)
    figures["difference_interval"] = difference_interval(ours, theirs, statistic)
    return figures


def _runs(tokens: Sequence[str], length: int) -> list[tuple[str, ...]]:
    if not tokens:
        return []
    return [tuple(tokens[start : start + length]) for start in range(max(1, len(tokens) - length + 1))]


def _paragraphs(lines: Iterable[str]) -> list[str]:
    return [line for line in (" ".join(line.split()) for line in lines) if line]


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).lower().split())


def _resamples(n_pages: int) -> Iterable[npt.NDArray[np.int64]]:
    generator = np.random.default_rng(SEED)
    return (generator.integers(0, n_pages, n_pages) for _ in range(N_RESAMPLES))


def _percentiles(values: Sequence[float]) -> tuple[float, float]:
    low, high = np.percentile(values, [2.5, 97.5])
    return round(float(low), 4), round(float(high), 4)
