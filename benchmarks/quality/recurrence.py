"""What rules and recurrence make of extracted pages: of press sites that are known, and of all sets without sites.

Each page's text is compared with its gold text by runs of four words. Gold words lost are those of the extracted text
that are gold as well, and are no longer there once it is cleaned.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa

from benchmarks.quality.extracted import ExtractedPage, read_extracted
from benchmarks.quality.labelled import SETS, is_held_out
from benchmarks.quality.scoring import Scores, difference_interval, four_gram_score, interval, mean_f, word_tokens

SITES_SET: Final = "daniel_tuning"

LEAST_F_BY_SITE: Final = 0.875
MOST_LOST_BY_SITE: Final = 0.005
"""The promises where sites are known: mean page F once cleaned, and share of gold words lost."""

MOST_LOST_MIXED: Final = 0.003
"""The promise where they are not; F has to be above that of trafilatura alone besides."""

ALONE, EXTRACTED, CLEANED = "trafilatura alone", "extracted", "rules and recurrence"
RULES, RECURRENCE = "rules alone", "recurrence alone"
WITH_COPIES: Final = "both, and copies within a page"
"""As `dedup clean --within document` leaves it; the three before are what goes as boilerplate, and nothing else."""

NAIVE_FIRST, NAIVE_NONE = "repeated lines, all but the first", "repeated lines, all"

RECURRING: Final = "recurring"
"""The category of what recurrence finds."""


def measure_sites(data: Path, work: Path) -> dict[str, Any]:
    """Clean the press pages with their sites known; give figures of all sites, and of each half.

    Raises BenchmarkError if the set is missing.
    """
    pages = read_extracted(data, SITES_SET, work)
    sites = [page.page.site for page in pages]
    ours = [page.ours for page in pages]
    texts = {ALONE: [page.alone for page in pages], EXTRACTED: ours, **_cleaned(ours, sites)}
    figures = _figures(pages, texts, _halves(pages))
    figures["sites"] = len(set(sites))
    figures["broken_promises"] = _broken_sites(figures)
    return figures


def measure_mixed(data: Path, work: Path, sets: Sequence[str] = SETS) -> dict[str, Any]:
    """Clean the pages of all sets together, no site known; give figures of all, of each half and of each set.

    Raises BenchmarkError if a set is missing.
    """
    pages = [page for name in sets for page in read_extracted(data, name, work)]
    ours = [page.ours for page in pages]
    texts = {
        ALONE: [page.alone for page in pages],
        EXTRACTED: ours,
        **_cleaned(ours, None),
        NAIVE_FIRST: drop_repeated_lines(ours, keep_first=True),
        NAIVE_NONE: drop_repeated_lines(ours, keep_first=False),
    }
    groups = _halves(pages)
    for name in sets:
        groups[name] = [number for number, page in enumerate(pages) if page.page.set_name == name]
    figures = _figures(pages, texts, groups)
    figures["broken_promises"] = _broken_mixed(figures)
    return figures


def drop_repeated_lines(texts: Sequence[str], *, keep_first: bool) -> list[str]:
    """Give texts without the lines that are there more than once, in one or in several of them, white space aside."""
    counts = Counter(line for text in texts for line in _lines(text))
    seen: set[str] = set()
    left = []
    for text in texts:
        kept = []
        for line in text.split("\n"):
            plain = " ".join(line.split())
            if counts[plain] < 2 or (keep_first and plain not in seen):
                kept.append(line)
            seen.add(plain)
        left.append("\n".join(kept))
    return left


def recurrence_lines(figures: Mapping[str, Any]) -> list[str]:
    """Give the figures of either measurement as lines for a terminal."""
    lines = [f"{figures['sites']} sites"] if "sites" in figures else []
    for group, found in figures["groups"].items():
        lines += [
            "",
            f"{group}, {found['pages']} pages",
            f"{'':<38}{'mean page F':>12}{'95 %':>18}{'above alone, 95 %':>20}"
            f"{'gold words lost':>17}{'4-grams lost':>14}",
        ]
        for system, row in found["systems"].items():
            low, high = row["interval"]
            above = f"{row['above_alone'][0]:+.4f}..{row['above_alone'][1]:+.4f}"
            lost = "" if row["words_lost"] is None else f"{100 * row['words_lost']:>15.3f} %"
            runs = "" if row["runs_lost"] is None else f"{100 * row['runs_lost']:>12.3f} %"
            lines.append(f"{system:<38}{row['f']:>12.4f}{f'{low:.4f}-{high:.4f}':>18}{above:>20}{lost:>17}{runs:>14}")
    return lines + [f"BROKEN PROMISE: {promise}" for promise in figures["broken_promises"]]


def without_boilerplate(
    texts: Sequence[str], sites: Sequence[str | None] | None, without: Sequence[str] = ()
) -> tuple[list[str], list[str]]:
    """Give texts without what goes as boilerplate, and without the copies in each as well, as `dedup.clean` has them.

    `without` are categories that are switched off.
    """
    import dedup

    columns = {"doc_id": pa.array([str(number) for number in range(len(texts))]), "text": pa.array(texts, pa.string())}
    if sites is not None:
        columns["site"] = pa.array(sites, pa.string())
    result = dedup.clean(
        pa.table(columns), within="document", repeats=False, without=tuple(without), site="site" if sites else "auto"
    )
    spans: dict[str, list[tuple[int, int]]] = {}
    for row in result.removed.to_pylist():
        if row["reason"] == "boilerplate":
            spans.setdefault(row["doc_id"], []).append((row["start"], row["end"]))
    documents = result.documents
    cleaned = dict(zip(documents["doc_id"].to_pylist(), documents["text"].to_pylist(), strict=True))
    names = [str(number) for number in range(len(texts))]
    cut = [_cut_out(text, spans.get(name, ())) for name, text in zip(names, texts, strict=True)]
    return cut, [cleaned.get(name, "") for name in names]


def _cut_out(text: str, spans: Iterable[tuple[int, int]]) -> str:
    """Put a line break for each span, so that no words come together."""
    for start, end in sorted(spans, reverse=True):
        text = f"{text[:start]}\n{text[end:]}"
    return text


def _cleaned(texts: Sequence[str], sites: Sequence[str | None] | None) -> dict[str, list[str]]:
    from dedup.settings import CATEGORIES

    all_rules = tuple(name for name in CATEGORIES if name != RECURRING)
    both, with_copies = without_boilerplate(texts, sites)
    return {
        RULES: without_boilerplate(texts, sites, (RECURRING,))[0],
        RECURRENCE: without_boilerplate(texts, sites, all_rules)[0],
        CLEANED: both,
        WITH_COPIES: with_copies,
    }


def _halves(pages: Sequence[ExtractedPage]) -> dict[str, list[int]]:
    held_out = [is_held_out(page.page) for page in pages]
    return {
        "all": list(range(len(pages))),
        "tuning": [number for number, held in enumerate(held_out) if not held],
        "held out": [number for number, held in enumerate(held_out) if held],
    }


def _figures(
    pages: Sequence[ExtractedPage], texts: Mapping[str, Sequence[str]], groups: Mapping[str, Sequence[int]]
) -> dict[str, Any]:
    golds = [page.page.gold_text for page in pages]
    words = _counter_of(word_tokens)
    runs = _counter_of(_runs)
    scores = {
        system: Scores.of(four_gram_score(text, gold) for text, gold in zip(found, golds, strict=True))
        for system, found in texts.items()
    }
    common = {
        unit: {
            system: np.array([(count(text) & count(gold)).total() for text, gold in zip(found, golds, strict=True)])
            for system, found in texts.items()
        }
        for unit, count in (("words", words), ("runs", runs))
    }
    in_gold = {
        unit: np.array([count(gold).total() for gold in golds]) for unit, count in (("words", words), ("runs", runs))
    }
    figures: dict[str, Any] = {"groups": {}}
    for group, members in groups.items():
        if not members:
            continue
        rows = np.array(members, dtype=np.int64)
        alone = scores[ALONE].take(rows)
        systems = {}
        for system in texts:
            of_group = scores[system].take(rows)
            lost = {
                unit: round(
                    float((common[unit][EXTRACTED][rows] - common[unit][system][rows]).sum())
                    / max(1, int(in_gold[unit][rows].sum())),
                    6,
                )
                for unit in common
            }
            is_cleaned = system not in (ALONE, EXTRACTED)
            systems[system] = {
                "f": round(mean_f(of_group), 4),
                "interval": interval(of_group, mean_f),
                "above_alone": difference_interval(of_group, alone, mean_f),
                "words_lost": lost["words"] if is_cleaned else None,
                "runs_lost": lost["runs"] if is_cleaned else None,
            }
        figures["groups"][group] = {"pages": len(members), "systems": systems}
    return figures


def _counter_of(cut: Callable[[str], Iterable[Any]]) -> Callable[[str], Counter[Any]]:
    return lambda text: Counter(cut(text))


def _runs(text: str) -> list[tuple[str, ...]]:
    tokens = word_tokens(text)
    return [tuple(tokens[start : start + 4]) for start in range(len(tokens) - 3)]


def _lines(text: str) -> Iterable[str]:
    return (line for line in (" ".join(line.split()) for line in text.split("\n")) if line)


def _broken_sites(figures: Mapping[str, Any]) -> list[str]:
    broken = []
    for group in ("all", "held out"):
        if group not in figures["groups"]:
            continue
        row = figures["groups"][group]["systems"][CLEANED]
        if row["f"] < LEAST_F_BY_SITE:
            broken.append(f"{group}: mean page F {row['f']:.4f}, promised {LEAST_F_BY_SITE}")
        if row["words_lost"] > MOST_LOST_BY_SITE:
            broken.append(
                f"{group}: {100 * row['words_lost']:.3f} % of gold words lost, promised {100 * MOST_LOST_BY_SITE} %"
            )
    return broken


def _broken_mixed(figures: Mapping[str, Any]) -> list[str]:
    systems = figures["groups"]["all"]["systems"]
    row, alone = systems[CLEANED], systems[ALONE]
    broken = []
    if row["f"] <= alone["f"]:
        broken.append(f"mean page F {row['f']:.4f}, trafilatura alone {alone['f']:.4f}")
    if row["words_lost"] > MOST_LOST_MIXED:
        broken.append(f"{100 * row['words_lost']:.3f} % of gold words lost, promised {100 * MOST_LOST_MIXED} %")
    return broken
