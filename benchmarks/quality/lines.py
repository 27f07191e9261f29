"""Which lines of pages and mails are boilerplate: `dedup.clean` against labels that people gave by reading.

The labels are in benchmarks/quality/lines/*.jsonl, by reference: set, document, number of the line in it, and a
digest of its text, for the texts are not ours to pass on. A labelled line is judged where it stands: in all the lines
of its page, or in its mail as it is. For a second figure the line of a page is judged alone in good text: in the page's
gold text, where nothing else is boilerplate.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from benchmarks.measurements import BenchmarkError
from benchmarks.quality.labelled import LabelledPage, is_held_out
from benchmarks.quality.line_pages import LinePage, collapse, line_sha, read_line_pages
from benchmarks.recall import wilson_interval

LABELS: Final = Path(__file__).resolve().parent / "lines"

CONTENT: Final = "content"

FOUND_SHARE: Final = 0.8
"""Of a line's characters: a line is taken if boilerplate covers so much of it."""

START_SHARE: Final = 0.15
"""A line that stands in the first such part of a page is put before the gold text, the others after it."""

LEAST_BODY_RATIO: Final = 4
"""Words of the gold text, to those of the line: with less around it a document would be all boilerplate, and kept."""

LEAST_BODY_WORDS: Final = 60

LEAST_CONTAINED: Final = 40
"""Characters of a line that is looked for within the paragraphs of the gold text, not only among them."""

NOT_JUDGED: Final = ("page-furniture", "recurring")
"""What is found by comparing documents or pages: many of the documents made here have the same text around the line."""

HALVES: Final = ("all", "tuning", "held out")  # the second is three quarters

IN_PAGE: Final = "in its page"
ALONE: Final = "alone in gold text"
CONTEXTS: Final = (IN_PAGE, ALONE)
"""What a line is judged in; a mail is what it is in both."""


def is_kept_unseen(page: LabelledPage) -> bool:
    """Say whether lines of a page were never shown to who writes rules: of every second page held out."""
    return is_held_out(page) and hashlib.sha256(page.doc_id.encode()).digest()[6] % 2 == 1


@dataclass(frozen=True, slots=True, kw_only=True)
class LineLabel:
    """What a reader says of a line: its category or CONTENT, and the category that a content line nearly is of."""

    set_name: str
    doc_id: str
    line: int  # 0-based
    sha: str  # first 12 hexadecimal digits of the SHA-256 of the collapsed text
    label: str
    near: str | None
    lang: str


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedLine:
    """A labelled line, and how much of it which rule took."""

    label: LineLabel
    text: str
    share: float  # of its characters that boilerplate covers, 0..1
    rule: str | None  # "category/rule-name" of the hit that covers most of it
    held_out: bool

    @property
    def is_taken(self) -> bool:
        """Whether boilerplate covers the line."""
        return self.share >= FOUND_SHARE

    @property
    def category(self) -> str | None:
        """The category of the rule that took it."""
        return self.rule.partition("/")[0] if self.rule and self.is_taken else None


def read_labels(folder: Path = LABELS) -> list[LineLabel]:
    """Give the labels of all files of a folder, in order of file names.

    Raises BenchmarkError if two of them disagree about a line or a label is no category.
    """
    from dedup.settings import CATEGORIES

    labels: dict[tuple[str, str, int], LineLabel] = {}
    for path in sorted(folder.glob("*.jsonl")):
        for row in map(json.loads, path.read_text(encoding="utf-8").splitlines()):
            label = LineLabel(
                set_name=row["set"], doc_id=row["doc_id"], line=row["line"], sha=row["sha"],
                label=row["label"], near=row["near"], lang=row["lang"],
            )  # fmt: skip
            place = (label.set_name, label.doc_id, label.line)
            if label.label not in (*CATEGORIES, CONTENT) or label.near not in (*CATEGORIES, None):
                raise BenchmarkError(f"{path.name}: no category {label.label!r} or {label.near!r} at {place}")
            if labels.setdefault(place, label).label != label.label:
                raise BenchmarkError(f"{path.name}: {place} is {label.label}, and elsewhere {labels[place].label}")
    return list(labels.values())


def measure_lines(data: Path, mail: Path | None, labels: Sequence[LineLabel] | None = None) -> dict[str, Any]:
    """Judge every labelled line; give precision and recall a category, what was mistaken for what, and content kept.

    The figures of a line in its page are under `halves`, those of a line alone in gold text under `alone`.
    Raises BenchmarkError if a set is missing.
    """
    labels = read_labels() if labels is None else labels
    judged, not_found = judge_lines(data, mail, labels)
    figures: dict[str, Any] = {"lines": len(judged), "not_found": dict(sorted(not_found.items()))}
    figures["halves"] = _halves_of(judged)
    figures["alone"] = _halves_of(judge_lines(data, mail, labels, ALONE)[0])
    # of the tuning half alone: the other is not to be looked at
    tuning = [line for line in judged if not line.held_out]
    figures["misses_examples"] = [
        _example(line) for line in tuning if line.label.label != CONTENT and not line.is_taken
    ]
    figures["false_hits_examples"] = [_example(line) for line in tuning if line.label.label == CONTENT and line.share]
    return figures


def judge_lines(
    data: Path, mail: Path | None, labels: Sequence[LineLabel], context: str = IN_PAGE
) -> tuple[list[JudgedLine], Counter[str]]:
    """Clean the documents in which labelled lines stand, and look at what went; count lines not there, by set.

    A line is looked for by its number, then by its digest. Without `mail` the labels of mails are not found.
    `context` is one of CONTEXTS.
    """
    import dedup

    by_page: dict[tuple[str, str], list[LineLabel]] = {}
    for label in labels:
        by_page.setdefault((label.set_name, label.doc_id), []).append(label)
    not_found = Counter(label.set_name for label in labels)
    documents: dict[str, int] = {}  # text and its number
    placed: list[tuple[LineLabel, str, int, int, bool]] = []
    donor = ""
    for page in read_line_pages(data, mail, by_page.keys()):
        if len(page.page.gold_text.split()) >= LEAST_BODY_WORDS:
            donor = page.page.gold_text
        for label in by_page[page.key]:
            number = _find_line(page.lines, label)
            if number is None:
                continue
            not_found[label.set_name] -= 1
            text, start = page_of(page, number) if context == IN_PAGE else document_of(page, number, donor)
            document = documents.setdefault(text, len(documents))
            placed.append((label, page.lines[number], document, start, is_kept_unseen(page.page)))
    table = pa.table({"doc_id": [str(number) for number in range(len(documents))], "text": list(documents)})
    removed: dict[int, list[tuple[int, int, str]]] = {}
    if documents:
        result = dedup.clean(table, within="document", repeats=False, without=NOT_JUDGED)
        for row in result.removed.to_pylist():
            if row["reason"] == "boilerplate":
                removed.setdefault(int(row["doc_id"]), []).append((row["start"], row["end"], row["rule"]))
    judged = []
    texts = list(documents)
    for label, line, document, start, held_out in placed:
        end = start + len(texts[document][start:].split("\n", 1)[0])
        share, rule = _coverage(texts[document], start, end, removed.get(document, []))
        judged.append(JudgedLine(label=label, text=line, share=share, rule=rule, held_out=held_out))
    return judged, +not_found


def page_of(page: LinePage, number: int) -> tuple[str, int]:
    """Give all the text of a page, its lines in order, or a mail as it is, and where in it a line begins."""
    text = "\n".join(page.lines) if page.text is None else page.text
    return text, sum(len(line) + 1 for line in text.split("\n")[:number])


def document_of(page: LinePage, number: int, donor: str) -> tuple[str, int]:
    """Give the document in which a line is judged alone, and where in it the line begins.

    A mail is taken as it is. The line of a page takes its place in the gold text if it is of it, else it goes before
    that or after it, as it stood on the page; where the gold text is too short for that, it goes to `donor`, the text
    of a page before.
    """
    if page.text is not None:
        return page_of(page, number)
    line = page.lines[number]
    gold = page.page.gold_text
    if len(gold.split()) < max(LEAST_BODY_WORDS, LEAST_BODY_RATIO * len(line.split())):
        gold = donor or gold
    body = [paragraph for paragraph in (collapse(part) for part in gold.split("\n")) if paragraph]
    own = [place for place, paragraph in enumerate(body) if _is_or_holds(paragraph, line)]
    at_edge = 0 if number < START_SHARE * len(page.lines) else len(body)
    place = own[0] if own else at_edge
    before = [paragraph for position, paragraph in enumerate(body[:place]) if position not in own]
    after = [paragraph for position, paragraph in enumerate(body) if position >= place and position not in own]
    start = sum(len(paragraph) + 1 for paragraph in before)
    return "\n".join([*before, line, *after]), start


def lines_lines(figures: Mapping[str, Any], most_examples: int | None = None) -> list[str]:
    """Give the figures as lines for a terminal, with at most that many misses and false hits of each label."""
    lines = [f"{figures['lines']:,} labelled lines, {IN_PAGE}"]
    lines += [f"{name}: {count} labelled lines are not in the data" for name, count in figures["not_found"].items()]
    lines += _table(figures["halves"])
    lines += ["", "mistaken for another category (all): " + _confusions(figures["halves"]["all"]["confusion"])]
    lines += ["", f"the same, {ALONE}", *_table(figures["alone"])]
    for kind in ("misses", "false_hits"):
        shown: Counter[str] = Counter()
        for example in figures.get(f"{kind}_examples", ()):
            shown[example["near"] or example["label"]] += 1
            if most_examples is None or shown[example["near"] or example["label"]] <= most_examples:
                lines.append(_example_line(kind, example))
    return lines


def _table(halves: Mapping[str, Any]) -> list[str]:
    """Give the rows of categories and of content, half by half."""
    lines = []
    lines.append(
        f"{'':<28}{'lines':>7}{'recall':>8}{'95 %':>16}{'taken':>7}{'precision':>11}{'95 %':>16}"
        f"{'own':>7}{'near':>6}{'kept':>8}"
    )
    for half, found in halves.items():
        for category, row in found["categories"].items():
            lines.append(
                f"{half + ', ' + category:<28}{row['lines']:>7}{row['recall']:>8.4f}"
                f"{_range(row['recall_interval']):>16}{row['taken']:>7}{row['precision']:>11.4f}"
                f"{_range(row['precision_interval']):>16}{row['own']:>7}{row['near']:>6}{row['near_kept']:>8.4f}"
            )
        content = found[CONTENT]
        lines.append(
            f"{half + ', content':<28}{content['lines']:>7}   kept {content['kept']:.4f} "
            f"({_range(content['kept_interval'])}), kept whole {content['kept_whole']:.4f}"
        )
    return lines


def _halves_of(judged: Sequence[JudgedLine]) -> dict[str, Any]:
    return {
        half: _figures_of([line for line in judged if half == "all" or line.held_out == (half == "held out")])
        for half in HALVES
    }


def _figures_of(judged: Sequence[JudgedLine]) -> dict[str, Any]:
    names = sorted({line.label.label for line in judged} | {line.category for line in judged if line.category})
    rows = {name: _row(judged, {name}) for name in names if name != CONTENT}
    content = [line for line in judged if line.label.label == CONTENT]
    n_kept = sum(not line.is_taken for line in content)
    confusion: dict[str, dict[str, int]] = {}
    for line in judged:
        if line.category and line.category != line.label.label:
            of_label = confusion.setdefault(line.label.label, {})
            of_label[line.category] = of_label.get(line.category, 0) + 1
    return {
        "categories": {**rows, "any": _row(judged, set(rows))},
        CONTENT: {
            "lines": len(content),
            "kept": _share(n_kept, len(content)),
            "kept_interval": wilson_interval(n_kept, len(content)),
            "kept_whole": _share(sum(line.share == 0 for line in content), len(content)),
        },
        "confusion": confusion,
    }


def _row(judged: Iterable[JudgedLine], names: Collection[str]) -> dict[str, Any]:
    """Give the figures of some categories: a line is found, or rightly taken, whichever category took it."""
    judged = list(judged)
    positive = [line for line in judged if line.label.label in names]
    taken = [line for line in judged if line.category in names]
    near = [line for line in judged if line.label.near in names and line.label.label == CONTENT]
    n_found = sum(line.is_taken for line in positive)
    n_right = sum(line.label.label != CONTENT for line in taken)
    return {
        "lines": len(positive),
        "recall": _share(n_found, len(positive)),
        "recall_interval": wilson_interval(n_found, len(positive)),
        "taken": len(taken),
        "precision": _share(n_right, len(taken)),
        "precision_interval": wilson_interval(n_right, len(taken)),
        "own": sum(line.label.label in names for line in taken),
        "near": len(near),
        "near_kept": _share(sum(not line.is_taken for line in near), len(near)),
    }


def _find_line(lines: Sequence[str], label: LineLabel) -> int | None:
    """Give the number of the line that a label means: the nearest of its digest."""
    if label.line < len(lines) and line_sha(lines[label.line]) == label.sha:
        return label.line
    same = [number for number, line in enumerate(lines) if line_sha(line) == label.sha]
    return min(same, key=lambda number: abs(number - label.line), default=None)


def _is_or_holds(paragraph: str, line: str) -> bool:
    return paragraph == line or (len(line) >= LEAST_CONTAINED and line in paragraph)


def _coverage(text: str, start: int, end: int, hits: Iterable[tuple[int, int, str]]) -> tuple[float, str | None]:
    """Give the share of a line's characters, white space aside, that hits cover, and the rule that covers most."""
    of_rule: Counter[str] = Counter()
    n_characters = len("".join(text[start:end].split()))
    for hit_start, hit_end, rule in hits:
        inside = "".join(text[max(start, hit_start) : max(start, min(end, hit_end))].split())
        if inside:
            of_rule[rule] += len(inside)
    if not of_rule:
        return 0.0, None
    return of_rule.total() / n_characters, max(sorted(of_rule), key=lambda rule: of_rule[rule])


def _example(line: JudgedLine) -> dict[str, Any]:
    label = line.label
    return {
        "label": label.label, "near": label.near, "set": label.set_name, "doc_id": label.doc_id, "line": label.line,
        "share": round(line.share, 4), "rule": line.rule, "text": line.text,
    }  # fmt: skip


def _example_line(kind: str, example: Mapping[str, Any]) -> str:
    label = example["label"] + (f" near {example['near']}" if example["near"] else "")
    place = f"{example['set']}/{example['doc_id']}:{example['line']}"
    return f"  {kind} {label} {place} {example['share']:.2f} {example['rule'] or '-'} {example['text'][:300]!r}"


def _share(n: int, of: int) -> float:
    return round(n / of, 4) if of else 0.0


def _range(interval: Sequence[float]) -> str:
    return f"{interval[0]:.3f}-{interval[1]:.3f}"


def _confusions(confusion: Mapping[str, Mapping[str, int]]) -> str:
    return "; ".join(
        f"{label} as " + ", ".join(f"{category} {count}" for category, count in sorted(of_label.items()))
        for label, of_label in sorted(confusion.items())
    )
