"""Train the model that tells lines like boilerplate, on pages whose lines and content people have marked.

A model that sees which lines the rules take learns what is left over by rules that were written with these very pages
in view: next to nothing. So each rule is left out once, with its examples, and what it alone had taken has to be told
from content by the rest.
"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from benchmarks.measurements import BenchmarkError
from benchmarks.quality.line_pages import LinePage, collapse, line_sha, parse_html, read_line_pages
from benchmarks.quality.lines import CONTENT, LineLabel, is_kept_unseen, read_labels
from benchmarks.quality.train_blocks import TRAINED_ON
from benchmarks.quality.tree_arrays import tree_arrays
from dedup.arrow_views import view_texts
from dedup.boilerplate.checking import why_left
from dedup.boilerplate.company import MUCH
from dedup.boilerplate.cues import SYMBOLS
from dedup.boilerplate.finding import find_boilerplate
from dedup.boilerplate.hits import Paragraphs, view_paragraphs
from dedup.boilerplate.likeness import (
    LEAST_PROBABILITY,
    Runs,
    may_be_alike,
    measure_likeness,
    run_keys,
)
from dedup.boilerplate.rule import Rule
from dedup.boilerplate.rule_files import NOT_BY_RULES
from dedup.boilerplate.table import RULES
from dedup.boilerplate.tokens import tokens_of
from dedup.paragraphs import split_paragraphs
from dedup.schemas import DOCUMENTS
from dedup.settings import CATEGORIES, Settings

DEPTH: Final = 4
SETTINGS: Final = {
    "max_iter": 60, "learning_rate": 0.12, "min_samples_leaf": 30, "l2_regularization": 5.0, "random_state": 1,
}  # fmt: skip
"""Chosen by five-fold cross-validation, pages apart."""

N_FOLDS: Final = 4
"""Each rule is left out once, with a quarter of all."""

LEAST_WORDING: Final = -0.3
"""Trees learn from lines that are worded a little less like boilerplate than those that they are asked about."""

N_PARTS: Final = 5
"""Pages are parted so for cross-validation."""

LEAST_SHOWN: Final = 30
"""Characters of a line from which on it is content if it stands within a paragraph of the gold text."""

LEAST_TITLE: Final = 2
"""Words of a heading that is a title and not the name of its site."""

SEEN, UNSEEN = 0.1, 0.5
"""What is added to the number of texts that a run of words is in, of boilerplate and of content."""

OF_PAGES: Final = "en"
"""The language that the content of pages counts as: nearly all of it is English."""

EVERYDAY: Final = Path(__file__).with_name("everyday")
"""Sentences as any text may have them, a file for each of the other languages in which there are rules."""

FURNITURE: Final = Path(__file__).with_name("furniture")
"""Lines of boilerplate in the same languages, a file for each: category, tab, text."""

MOST_SAID: Final = 8.0
"""No token speaks for more."""


class Said(NamedTuple):
    """A text of boilerplate."""

    text: str
    category: str
    language: str


class Lines(NamedTuple):
    """n lines that no rule took: what is measured of them, their page, and what they are."""

    evidence: npt.NDArray[np.float64]
    page: npt.NDArray[np.int64]
    is_boilerplate: npt.NDArray[np.bool_]
    is_labelled: npt.NDArray[np.bool_]  # by a reader; the others stand in the gold text


@dataclass(frozen=True, slots=True)
class _Pages:
    """Pages as documents, their paragraphs, which rule took each, and what people say of them."""

    view: Paragraphs
    rules: tuple[str | None, ...]
    texts: tuple[str, ...]
    said: tuple[int, ...]  # BOILERPLATE, NEAR_IT, IN_GOLD or UNSAID
    half: npt.NDArray[np.int64]  # of each paragraph's page


BOILERPLATE, NEAR_IT, IN_GOLD, UNSAID = range(4)


def train_likeness(data: Path, target: Path) -> dict[str, Any]:
    """Write the model to `target`; give what it was trained on, and what it makes of pages that it has not seen.

    Raises BenchmarkError if a set or scikit-learn is missing.
    """
    try:
        from sklearn.ensemble import HistGradientBoostingClassifier
    except ImportError:
        raise BenchmarkError("training needs scikit-learn: pip install 'dedup-clean[bench]'") from None
    pages = _read_pages(data)
    lines = _join([_lines_without(pages, fold) for fold in range(N_FOLDS)])
    model = HistGradientBoostingClassifier(max_depth=DEPTH, max_leaf_nodes=2**DEPTH, early_stopping=False, **SETTINGS)
    probability = np.zeros(len(lines.page))
    for part in range(N_PARTS):
        is_out = lines.page % N_PARTS == part
        model.fit(lines.evidence[~is_out], lines.is_boilerplate[~is_out])
        probability[is_out] = model.predict_proba(lines.evidence[is_out])[:, 1]
    model.fit(lines.evidence, lines.is_boilerplate)
    keys, weights, categories = weigh_words(*_texts_of(pages, RULES.values(), set(), None))
    with target.open("wb") as file:
        np.savez_compressed(
            file, keys=keys, weights=weights.astype(np.float16), categories=categories, **tree_arrays(model, DEPTH)
        )
    return {"runs": len(keys), "lines": len(lines.page), **_figures(lines, probability)}


def _figures(lines: Lines, probability: npt.NDArray[np.float64]) -> dict[str, Any]:
    """Give what share of lines goes, of pages that the model has not seen."""
    goes = probability >= LEAST_PROBABILITY
    groups = {
        "boilerplate": lines.is_boilerplate,
        "labelled content": ~lines.is_boilerplate & lines.is_labelled,
        "gold": ~lines.is_labelled,
    }
    return {f"{name} taken": f"{goes[rows].mean():.5f} of {rows.sum():,}" for name, rows in groups.items()}


def _read_pages(data: Path) -> _Pages:
    """Give the labelled pages that writers of rules may see, as rules leave them."""
    labels: dict[tuple[str, str], list[LineLabel]] = {}
    for label in read_labels():
        if label.set_name in TRAINED_ON:
            labels.setdefault((label.set_name, label.doc_id), []).append(label)
    found = [page for page in read_line_pages(data, None, labels.keys()) if not is_kept_unseen(page.page)]
    texts = ["\n".join(page.lines) for page in found]
    n = len(texts)
    columns = [[str(number) for number in range(n)], texts, ["page"] * n, list(range(n))]
    documents = pa.table([pa.array(c, f.type) for c, f in zip(columns, DOCUMENTS, strict=True)], schema=DOCUMENTS)
    settings = Settings(without=tuple(NOT_BY_RULES), max_boilerplate_share=1.0)
    paragraphs = split_paragraphs(documents, settings)
    view = view_paragraphs(view_texts(documents["text"]), paragraphs)
    rules: list[str | None] = [None] * len(view.starts)
    for hit in find_boilerplate(documents, paragraphs, settings).hits.to_pylist():
        paragraph = hit["paragraph"]
        length = int(view.ends[paragraph] - view.starts[paragraph])
        if hit["end"] - hit["start"] == length:
            rules[paragraph] = hit["rule"]
    shown = [
        collapse(bytes(view.data.data[start:end]).decode())
        for start, end in zip(view.starts.tolist(), view.ends.tolist(), strict=True)
    ]
    said = [
        what
        for number, page in enumerate(found)
        for what in say_what(page, [shown[paragraph] for paragraph in view.of_document(number)], labels[page.key])
    ]
    halves = np.array([hashlib.sha256(page.page.doc_id.encode()).digest()[0] % 2 for page in found])
    return _Pages(view, tuple(rules), tuple(shown), tuple(said), halves[view.document])


def say_what(page: LinePage, shown: Sequence[str], labels: Sequence[LineLabel]) -> Iterator[int]:
    """Say what each paragraph of a page is, as far as people do."""
    labelled = {label.sha: label.label for label in labels}
    gold, titles = collapse(page.page.gold_text), titles_of(page)
    whole = titles | {collapse(line) for line in page.page.gold_text.split("\n")}
    for text in shown:
        label = labelled.get(line_sha(text))
        if label is not None:
            yield NEAR_IT if label == CONTENT else BOILERPLATE
        else:
            yield IN_GOLD if text in whole or (len(text) >= LEAST_SHOWN and text in gold) else UNSAID


def titles_of(page: LinePage) -> set[str]:
    """Give the titles of a page: as annotated, and headings that its head says, too.

    Many annotators left them out of the text, which is no reason to lose them.
    """
    told = collapse((page.page.gold or {}).get("title") or "")
    root = parse_html(page.page.html)
    if root is None:
        return {told}
    head = collapse(" ".join(root.xpath("//title//text()"))).lower()
    headings = {collapse(heading.text_content()) for heading in root.xpath("//h1")}
    return {told} | {heading for heading in headings if len(heading.split()) >= LEAST_TITLE and heading.lower() in head}


def _lines_without(pages: _Pages, fold: int) -> Lines:
    """Give the lines that are left when the rules of a fold are, words being weighed by the other half of the pages."""
    left_out = {title for title in RULES if hashlib.sha256(title.encode()).digest()[0] % N_FOLDS == fold}
    rules = [rule for title, rule in RULES.items() if title not in left_out]
    others = AskedRules(rules)
    taken = np.array(
        [
            rule is not None and (rule not in left_out or others.take(text))
            for rule, text in zip(pages.rules, pages.texts, strict=True)
        ]
    )
    view = pages.view
    numbers = np.arange(len(view.starts))
    pairs = {(int(view.document[p]), pages.texts[p].lower()) for p in np.flatnonzero(taken).tolist()}
    n_unlike = np.bincount([document for document, _ in pairs], minlength=len(view.first) - 1)
    has_company = n_unlike[view.document] >= MUCH
    said = np.array(pages.said)
    parts = []
    for half in (0, 1):
        runs = Runs(*weigh_words(*_texts_of(pages, rules, left_out, 1 - half)))
        evidence = measure_likeness(view, numbers, view.first, taken, runs).evidence
        may = may_be_alike(evidence, LEAST_WORDING)
        rows = np.flatnonzero((pages.half == half) & has_company & ~taken & may & (said != UNSAID))
        parts.append(Lines(evidence[rows], view.document[rows], said[rows] == BOILERPLATE, said[rows] != IN_GOLD))
    return _join(parts)


class AskedRules:
    """Rules asked about one line at a time."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        """Arrange them by their cues."""
        self._by_cue: dict[str, list[Rule]] = {}
        for rule in rules:
            for last in {cue.last for cue in rule.cues}:
                self._by_cue.setdefault(last, []).append(rule)
        self._known: dict[str, bool] = {}

    def take(self, text: str) -> bool:
        """Say whether one of them takes a line, be it enough or not."""
        if text not in self._known:
            cues = {*tokens_of(text), *SYMBOLS}
            asked = (rule for cue in cues for rule in self._by_cue.get(cue, ()))
            self._known[text] = any(not why_left(rule, text) for rule in asked)
        return self._known[text]


def _texts_of(
    pages: _Pages, rules: Iterable[Rule], left_out: set[str], half: int | None
) -> tuple[list[Said], dict[str, list[str]]]:
    """Give examples of rules and what they took from one half of the pages, or all; and content, by its language."""
    is_of = np.ones(len(pages.half), dtype=np.bool_) if half is None else pages.half == half
    found: dict[str, Said] = {}
    content = read_everyday()
    of_pages = content.setdefault(OF_PAGES, [])
    for paragraph in np.flatnonzero(is_of).tolist():
        title, text = pages.rules[paragraph], pages.texts[paragraph]
        if title is not None and title not in left_out:
            found.setdefault(text, _said_by(text, title))
        elif pages.said[paragraph] == IN_GOLD:
            of_pages.append(text)
    examples = [Said(example, rule.category, rule.language) for rule in rules for example in rule.examples]
    return [*examples, *read_furniture(), *found.values()], content


def _said_by(text: str, title: str) -> Said:
    """Give a text that a rule of that title took; those in no file find signatures, of any language."""
    return Said(text, title.partition("/")[0], RULES[title].language if title in RULES else OF_PAGES)


def read_everyday() -> dict[str, list[str]]:
    """Give the sentences of EVERYDAY by language."""
    return {path.stem: path.read_text(encoding="utf-8").splitlines() for path in sorted(EVERYDAY.glob("*.txt"))}


def read_furniture() -> list[Said]:
    """Give the lines of FURNITURE."""
    return [
        Said(text, category, path.stem)
        for path in sorted(FURNITURE.glob("*.tsv"))
        for category, _, text in (line.partition("\t") for line in path.read_text(encoding="utf-8").splitlines())
    ]


def weigh_words(
    boilerplate: Sequence[Said], content: Mapping[str, Sequence[str]]
) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.float64], npt.NDArray[np.int8]]:
    """Give the runs of words of boilerplate: keys, the logarithm of how much likelier each is there, and categories.

    Content counts as if each language had the share in it that it has in boilerplate, or every word of a language with
    little content would speak for boilerplate. Boilerplate of a language without any counts as of OF_PAGES.
    """
    counts: dict[int, Counter[int]] = {}
    languages: dict[int, Counter[str]] = {}
    n_said = Counter(_counted_as(one, content) for one in boilerplate)
    for keys, one in zip(run_keys(one.text for one in boilerplate), boilerplate, strict=True):
        for key in set(keys.tolist()):
            counts.setdefault(key, Counter())[CATEGORIES.index(one.category)] += 1
            languages.setdefault(key, Counter())[_counted_as(one, content)] += 1
    one_of_pages = len(content[OF_PAGES]) / max(n_said[OF_PAGES], 1)
    worth = {language: one_of_pages * n_said[language] / max(len(texts), 1) for language, texts in content.items()}
    of_content: dict[int, float] = defaultdict(float)
    for language, texts in content.items():
        for keys in run_keys(texts):
            for key in set(keys.tolist()):
                of_content[key] += worth[language]
    ordered = sorted(counts)
    seen = np.array([counts[key].total() for key in ordered])
    unseen = np.array([of_content[key] for key in ordered])
    smallest = np.array([worth[languages[key].most_common(1)[0][0]] for key in ordered])
    n_content = sum(worth[language] * len(texts) for language, texts in content.items())
    weights = np.log((seen + SEEN) / (len(boilerplate) + 1)) - np.log((unseen + UNSEEN * smallest) / (n_content + 1))
    categories = [counts[key].most_common(1)[0][0] for key in ordered]
    return (
        np.array(ordered, dtype=np.uint32),
        np.clip(weights, -MOST_SAID, MOST_SAID),
        np.array(categories, dtype=np.int8),
    )


def _counted_as(one: Said, content: Mapping[str, Sequence[str]]) -> str:
    return one.language if one.language in content else OF_PAGES


def _join(parts: Sequence[Lines]) -> Lines:
    return Lines(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))
