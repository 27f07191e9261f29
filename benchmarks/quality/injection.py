"""Whether boilerplate that is put into good text is found again, and nothing beside it: spans compared in characters.

The inserts are in benchmarks/quality/injections.toml. They are put in singly, into documents of no site, and so that
each recurs over documents of a made-up site. Good texts of which something goes before anything is put in are left out.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from benchmarks.quality.inserts import (
    Body,
    Injected,
    Insert,
    assign_sites,
    inject_by_site,
    inject_singly,
    read_bodies,
    read_inserts,
)
from benchmarks.quality.scoring import f_measure

LEAST_F1: Final = {"recurring": 0.97, "singly": 0.90}
"""The promise: span F1 of all inserts."""

FOUND_SHARE: Final = 0.9
"""Of an insert's characters, white space aside, that have to go."""

RIGHT_SHARE: Final = 0.5
"""Of a removed span's characters that have to be of inserts, or it is a false one."""

HALVES: Final = ("all", "tuning", "held out")


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """An insert, with the rule that took most of it; or what a rule removed, whose insert is None if it is false."""

    insert: Insert | None
    rule: str | None
    share: float  # of the insert's characters that went, or of the removed ones that are of inserts, 0..1
    text: str
    name: str  # of the document
    held_out: bool

    @property
    def category(self) -> str | None:
        """The category of the rule."""
        return self.rule.partition("/")[0] if self.rule else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """All inserts and all removed spans of some documents, and their characters, white space aside, in each half."""

    inserts: list[Span]
    removed: list[Span]
    inserted_chars: Counter[bool]  # by whether held out
    removed_chars: Counter[bool]
    common_chars: Counter[bool]


def measure_injection(data: Path, inserts: Sequence[Insert] | None = None) -> dict[str, Any]:
    """Put all inserts into the good texts, clean them, and compare what went with what was put in.

    Raises BenchmarkError if a set is missing.
    """
    inserts = read_inserts() if inserts is None else inserts
    bodies = read_bodies(data)
    figures: dict[str, Any] = {"texts": len(bodies), "tests": {}}
    for test in LEAST_F1:
        is_by_site = test == "recurring"
        sites = assign_sites(bodies) if is_by_site else {}
        lossy = _lossy(bodies, sites)
        left = [body for body in bodies if body.name not in lossy]
        if is_by_site:
            left_sites = {name: [body for body in of if body.name not in lossy] for name, of in sites.items()}
            documents = inject_by_site(left_sites, inserts)
        else:
            documents = inject_singly(left, inserts)
        scored = score_documents(documents, _clean(documents))
        figures["tests"][test] = {
            "documents": len(documents),
            "left_out": len(lossy),
            "sites": len(sites),
            "halves": {half: _figures_of(scored, half) for half in HALVES},
        }
        # of the tuning half alone: the other is not to be looked at
        figures[f"{test}_misses_examples"] = [
            _example(span) for span in scored.inserts if not span.held_out and span.share < FOUND_SHARE
        ]
        figures[f"{test}_false_examples"] = [
            _example(span) for span in scored.removed if not span.held_out and span.insert is None
        ]
    figures["broken_promises"] = _broken(figures)
    return figures


def score_documents(documents: Sequence[Injected], removed: Mapping[str, Sequence[tuple[int, int, str]]]) -> Scored:
    """Compare the inserts of documents with what went of each as boilerplate: (start, end, rule) by name."""
    scored = Scored(
        inserts=[], removed=[], inserted_chars=Counter(), removed_chars=Counter(), common_chars=Counter()
    )  # fmt: skip
    for document in documents:
        counts = np.array([not character.isspace() for character in document.text], dtype=np.bool_)
        inserted, gone = np.zeros_like(counts), np.zeros_like(counts)
        hits = removed.get(document.name, ())
        for _, start, end in document.spans:
            inserted[start:end] = True
        for start, end, _ in hits:
            gone[start:end] = True
        half = document.is_held_out
        scored.inserted_chars[half] += _n(inserted & counts)
        scored.removed_chars[half] += _n(gone & counts)
        scored.common_chars[half] += _n(inserted & gone & counts)
        for insert, start, end in document.spans:
            share = _n(gone[start:end] & counts[start:end]) / _n(counts[start:end])
            by_rule = {rule: _overlap(counts, start, end, *span) for *span, rule in hits}
            rule = max(sorted(by_rule), key=lambda name: by_rule[name], default=None)
            rule = rule if rule is not None and by_rule[rule] else None
            scored.inserts.append(
                Span(insert=insert, rule=rule, share=share, text=insert.text, name=document.name, held_out=half)
            )
        for start, end, rule in hits:
            n = _n(counts[start:end])
            if n:
                share = _n(inserted[start:end] & counts[start:end]) / n
                of = max(document.spans, key=lambda span: _overlap(counts, start, end, span[1], span[2]), default=None)
                right = of[0] if of is not None and share >= RIGHT_SHARE else None
                text = document.text[start:end]
                scored.removed.append(
                    Span(insert=right, rule=rule, share=share, text=text, name=document.name, held_out=half)
                )
    return scored


def injection_lines(figures: Mapping[str, Any], most_examples: int | None = None) -> list[str]:
    """Give the figures as lines for a terminal, with at most that many misses and false spans of each category."""
    lines = [f"{figures['texts']:,} good texts"]
    for test, found in figures["tests"].items():
        sites = f" of {found['sites']} sites" if found["sites"] else ""
        lines += [
            "",
            f"{test}: {found['documents']:,} documents{sites}; {found['left_out']} texts left out of which something "
            f"goes as it is (promise: span F1 at least {LEAST_F1[test]})",
            f"{'':<30}{'put in':>8}{'found':>7}{'recall':>8}{'removed':>9}{'false':>7}{'precision':>11}{'F1':>8}",
        ]
        for half, of_half in found["halves"].items():
            for unit in ("spans", "characters"):
                lines.append(_line(f"{half}, {unit}", of_half[unit]))
        for half, of_half in found["halves"].items():
            lines += [_line(f"{half}, {name}", row) for name, row in of_half["categories"].items()]
        by_language = found["halves"]["all"]["languages"]
        lines.append(
            "recall by language: "
            + ", ".join(f"{lang} {row['recall']:.3f} of {row['put_in']}" for lang, row in by_language.items())
        )
    for kind in (f"{test}_{kind}" for test in LEAST_F1 for kind in ("misses", "false")):
        shown: Counter[str] = Counter()
        for example in figures.get(f"{kind}_examples", ()):
            shown[example["category"]] += 1
            if most_examples is None or shown[example["category"]] <= most_examples:
                lines.append(
                    f"  {kind} {example['category']} {example['share']:.2f} {example['rule'] or '-'} "
                    f"{example['name']} {example['text'][:300]!r}"
                )
    lines += [f"BROKEN PROMISE: {promise}" for promise in figures.get("broken_promises", ())]
    return lines


def _lossy(bodies: Sequence[Body], sites: Mapping[str, Sequence[Body]]) -> set[str]:
    """Give the names of the texts of which something goes with nothing put in."""
    site_of = {body.name: name for name, members in sites.items() for body in members}
    plain = [
        Injected(name=body.name, text=body.text, site=site_of.get(body.name), spans=())
        for body in bodies
        if not sites or body.name in site_of
    ]
    return set(_clean(plain))


def _clean(documents: Sequence[Injected]) -> dict[str, list[tuple[int, int, str]]]:
    """Give what goes as boilerplate of each document that loses any."""
    import dedup

    if not documents:
        return {}
    columns = {
        "doc_id": pa.array([document.name for document in documents], pa.string()),
        "text": pa.array([document.text for document in documents], pa.large_string()),
    }
    if any(document.site for document in documents):
        columns["site"] = pa.array([document.site for document in documents], pa.string())
    result = dedup.clean(pa.table(columns), within="document", repeats=False)
    removed: dict[str, list[tuple[int, int, str]]] = {}
    for row in result.removed.to_pylist():
        if row["reason"] == "boilerplate":
            removed.setdefault(row["doc_id"], []).append((row["start"], row["end"], row["rule"]))
    return removed


def _figures_of(scored: Scored, half: str) -> dict[str, Any]:
    inserts = [span for span in scored.inserts if _is_of(span.held_out, half)]
    removed = [span for span in scored.removed if _is_of(span.held_out, half)]
    n_inserted, n_removed, n_common = (
        sum(count for held_out, count in counts.items() if _is_of(held_out, half))
        for counts in (scored.inserted_chars, scored.removed_chars, scored.common_chars)
    )
    assert all(span.insert is not None for span in inserts)
    by_category = {name: [s for s in inserts if s.insert and s.insert.category == name] for name in _names(inserts)}
    by_language: dict[str, list[Span]] = {}
    for span in inserts:
        if span.insert is not None:
            by_language.setdefault(span.insert.lang, []).append(span)
    false = Counter(span.category for span in removed if span.insert is None)
    right = Counter(span.insert.category for span in removed if span.insert is not None)
    return {
        "spans": _row(inserts, len(removed), false.total()),
        "characters": _figures(n_inserted, n_common, n_removed, n_removed - n_common),
        "categories": {
            name: _row(members, right[name] + false[name], false[name]) for name, members in by_category.items()
        },
        "languages": {lang: _row(members, 0, 0) for lang, members in sorted(by_language.items())},
        "false_by_rule": dict(sorted(Counter(s.rule or "" for s in removed if s.insert is None).items())),
        "found_by_recurrence": sum(span.category == "recurring" and span.share >= FOUND_SHARE for span in inserts),
    }


def _names(inserts: Sequence[Span]) -> list[str]:
    return list(dict.fromkeys(sorted(span.insert.category for span in inserts if span.insert is not None)))


def _is_of(held_out: bool, half: str) -> bool:
    return half == "all" or held_out == (half == "held out")


def _row(inserts: Sequence[Span], n_removed: int, n_false: int) -> dict[str, Any]:
    return _figures(len(inserts), sum(span.share >= FOUND_SHARE for span in inserts), n_removed, n_false)


def _figures(n_put_in: int, n_found: int, n_removed: int, n_false: int) -> dict[str, Any]:
    precision = 1 - n_false / n_removed if n_removed else 0.0
    recall = n_found / n_put_in if n_put_in else 0.0
    return {
        "put_in": n_put_in,
        "found": n_found,
        "recall": round(recall, 4),
        "removed": n_removed,
        "false": n_false,
        "precision": round(precision, 4),
        "f1": round(f_measure(precision, recall), 4),
    }


def _broken(figures: Mapping[str, Any]) -> list[str]:
    return [
        f"{test}: span F1 {f1:.4f}, promised {LEAST_F1[test]}"
        for test, found in figures["tests"].items()
        if (f1 := found["halves"]["all"]["spans"]["f1"]) < LEAST_F1[test]
    ]


def _line(label: str, row: Mapping[str, Any]) -> str:
    return (
        f"{label:<30}{row['put_in']:>8}{row['found']:>7}{row['recall']:>8.4f}{row['removed']:>9}{row['false']:>7}"
        f"{row['precision']:>11.4f}{row['f1']:>8.4f}"
    )


def _example(span: Span) -> dict[str, Any]:
    category = span.insert.category if span.insert is not None else span.category
    return {
        "category": category, "share": round(span.share, 4), "rule": span.rule, "name": span.name, "text": span.text,
    }  # fmt: skip


def _overlap(counts: NDArray[np.bool_], start: int, end: int, other_start: int, other_end: int) -> int:
    return _n(counts[max(start, other_start) : max(start, min(end, other_end))])


def _n(flags: NDArray[np.bool_]) -> int:
    return int(np.count_nonzero(flags))
