"""How good the text and the metadata of HTML pages are: dedup's extractors beside trafilatura alone, on marked pages.

trafilatura alone is `bare_extraction` with `include_comments=False, deduplicate=False,
with_metadata=True`, given the page's bytes, as its own documentation has it.
"""

import logging
import os
import re
import time
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.measurements import run_dedup
from benchmarks.quality.labelled import SETS, LabelledPage, is_held_out, read_pages
from benchmarks.quality.scoring import (
    PageScore,
    Scores,
    f1_of_means,
    four_gram_score,
    marked_paragraph_score,
    mean_f,
    paragraph_score,
    snippet_rate,
    summary,
    word_score,
)

EXTRACTORS: Final = ("trafilatura", "resiliparse", "fast")
ALONE: Final = "trafilatura alone"
OURS: Final = "dedup"
CLEANED: Final = "dedup, cleaned"
SYSTEMS: Final = (OURS, ALONE, "dedup resiliparse", "dedup fast", CLEANED)
SNIPPET_SYSTEMS: Final = (OURS, CLEANED, ALONE)

LEAST_F1: Final = {"aeb": 0.970, "fundus_eval": 0.955, "wcxb_dev": 0.870}
MOST_LEAKED: Final = 2 / 3
"""The promises: F1, snippets that leak as a share of those in the text by trafilatura alone, and besides: nowhere below
that in F1."""

FIELDS: Final = ("title", "author", "date")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one system made of one page."""

    text: str
    fields: tuple[str | None, ...]  # FIELDS
    cpu_seconds: float


def measure_extraction(data: Path, work: Path, sets: Sequence[str] = SETS) -> dict[str, Any]:
    """Extract every marked page with every system and compare with what people marked.

    Raises BenchmarkError if a set is missing.
    """
    versions = {name: metadata.version(name) for name in ("trafilatura", "htmldate", "lxml", "resiliparse")}
    figures: dict[str, Any] = {"versions": versions, "sets": {}, "seconds": {}}
    for name in sets:
        pages, outcomes = [], []
        with ProcessPoolExecutor(os.cpu_count()) as pool:
            for page, found in zip(read_pages(data, name), pool.map(_run, read_pages(data, name)), strict=True):
                pages.append(page)
                outcomes.append(found)
        texts = {system: [found[system].text for found in outcomes] for system in outcomes[0]}
        texts[CLEANED] = _cleaned(pages, texts[OURS], work / f"extraction-{name}")
        figures["sets"][name] = _text_figures(pages, texts)
        figures["seconds"][name] = {
            system: round(sum(found[system].cpu_seconds for found in outcomes), 1) for system in outcomes[0]
        }
        if name == "wcxb_dev":
            figures["metadata"] = _metadata_figures(pages, outcomes)
    figures["broken_promises"] = _broken(figures)
    return figures


def run_alone(page: LabelledPage) -> Outcome:
    """Extract a page with trafilatura alone."""
    from trafilatura import bare_extraction

    begun = time.process_time()
    found = bare_extraction(page.html, url=page.url, include_comments=False, deduplicate=False, with_metadata=True)
    seconds = time.process_time() - begun
    if found is None or isinstance(found, dict):
        return Outcome("", (None,) * len(FIELDS), seconds)
    return Outcome(found.text or "", (found.title, found.author, found.date), seconds)


def run_dedup_extractor(page: LabelledPage, extractor: str) -> Outcome:
    """Extract a page with one of dedup's extractors; a page that is rejected has no text."""
    from dedup.extraction.extractors import extract_page
    from dedup.extraction.pages import Page, PageError

    begun = time.process_time()
    try:
        found = extract_page(Page(page.html, page.url), extractor, None, "repair")
    except PageError:
        return Outcome("", (None,) * len(FIELDS), time.process_time() - begun)
    return Outcome(found.text, (found.title, found.author, found.date), time.process_time() - begun)


def score_page(page: LabelledPage, text: str) -> dict[str, PageScore]:
    """Give the scores of a text by the measures of the page's set."""
    if page.set_name == "wcxb_dev":
        return {"words": word_score(text, page.gold_text)}
    scores = {"4-grams": four_gram_score(text, page.gold_text)}
    if page.gold_paragraphs is not None:
        scores["paragraphs"] = paragraph_score(text, page.gold_paragraphs)
        if page.set_name == "fundus_eval":
            scores["paragraphs or none"] = marked_paragraph_score(text, page.gold_paragraphs)
    return scores


def statistic_of(measure: str) -> Callable[[Scores], float]:
    """Give what a measure's scores are summed up by: words by the mean of pages, the others by F1 of means."""
    return mean_f if measure == "words" else f1_of_means


def extraction_lines(figures: Mapping[str, Any]) -> list[str]:
    """Give the figures as lines for a terminal."""
    lines = [
        ", ".join(f"{name} {version}" for name, version in figures["versions"].items()),
        f"{'F1':<38}{'pages':>6}{'dedup':>8}{'alone':>8}{'difference, 95 %':>26}"
        f"{'resili.':>9}{'fast':>7}{'cleaned':>9}",
    ]
    for name, rows in figures["sets"].items():
        for row in rows:
            low, high = row["difference_interval"]
            label = f"{name} {row['measure']}, {row['group']}"
            others = "".join(f"{row['others'][system]:>8.4f}" for system in SYSTEMS[2:])
            lines.append(
                f"{label:<38}{row['pages']:>6}{row[OURS]['f1']:>8.4f}{row['trafilatura']['f1']:>8.4f}"
                f"{row['difference']:>+10.4f} ({low:+.4f}..{high:+.4f}){others}"
            )
    lines += ["", f"{'precision / recall':<38}{'dedup':>15}{'95 % of F1':>16}{'alone':>15}{'95 % of F1':>16}"]
    for name, rows in figures["sets"].items():
        for row in (row for row in rows if row["group"] in ("all", "held out")):
            parts = [
                f"{row[system]['precision']:>8.4f}/{row[system]['recall']:.4f}"
                f"{row[system]['interval'][0]:>8.4f}-{row[system]['interval'][1]:.4f}"
                for system in (OURS, "trafilatura")
            ]
            lines.append(f"{name + ' ' + row['measure'] + ', ' + row['group']:<38}" + " ".join(parts))
    lines += [
        "",
        f"{'wcxb_dev snippets, share in the text':<38}" + "".join(f"{system:>20}" for system in SNIPPET_SYSTEMS),
    ]
    for row in figures["sets"].get("wcxb_dev", ()):
        if "snippets" in row:
            found = row["snippets"]
            lines.append(
                f"{row['group']:<38}"
                + "".join(f"{found[s]['must_have']:>9.3f} -{found[s]['must_not_have']:>9.4f}" for s in SNIPPET_SYSTEMS)
            )
    if "metadata" in figures:
        lines += [
            "",
            f"{'wcxb_dev metadata, share right':<30}{'pages':>6}" + "".join(f"{s:>26}" for s in (OURS, ALONE)),
        ]
        for row in figures["metadata"]:
            lines.append(
                f"{row['field'] + ', ' + row['group']:<30}{row['pages']:>6}"
                + "".join(f"{row[s]['right']:>12.4f} ({row[s]['exact']:.4f} exact)" for s in (OURS, ALONE))
                + f"   left empty where there is none ({row['pages_without']}): "
                + " / ".join(f"{row[s]['empty_without']:.3f}" for s in (OURS, ALONE))
            )
    lines += ["", "CPU seconds: " + "; ".join(f"{n}: {s}" for n, s in figures["seconds"].items())]
    return lines + [f"BROKEN PROMISE: {promise}" for promise in figures["broken_promises"]]


def normal_title(title: str | None) -> str:
    """Give a title's words in lower case: punctuation and white space do not matter, a site's name at its end does."""
    return " ".join(re.findall(r"\w+", unicodedata.normalize("NFKC", title or "").lower()))


def normal_authors(authors: str | None) -> frozenset[str]:
    """Give the names of authors as a set of normal titles, however they are separated."""
    return frozenset(name for part in re.split(r";|,|&|\band\b|/", authors or "") if (name := normal_title(part)))


_NORMAL: Final[Mapping[str, Callable[[str | None], Any]]] = {
    "title": normal_title,
    "author": normal_authors,
    "date": lambda date: (date or "").strip(),
}


def _run(page: LabelledPage) -> dict[str, Outcome]:
    logging.disable(logging.CRITICAL)  # trafilatura has a word to say about many pages
    found = {ALONE: run_alone(page)}
    for extractor in EXTRACTORS:
        name = OURS if extractor == "trafilatura" else f"dedup {extractor}"
        found[name] = run_dedup_extractor(page, extractor)
    return found


def _groups(pages: Sequence[LabelledPage]) -> Iterator[tuple[str, list[int]]]:
    """Give the groups of a set that are looked at, and the pages in each."""
    yield "all", list(range(len(pages)))
    yield "tuning", [number for number, page in enumerate(pages) if not is_held_out(page)]
    yield "held out", [number for number, page in enumerate(pages) if is_held_out(page)]
    for page_type in sorted({page.page_type for page in pages if page.page_type}):
        members = [number for number, page in enumerate(pages) if page.page_type == page_type]
        yield page_type, members
        yield f"{page_type} held out", [number for number in members if is_held_out(pages[number])]


def _text_figures(pages: Sequence[LabelledPage], texts: Mapping[str, Sequence[str]]) -> list[dict[str, Any]]:
    scores = {
        system: [score_page(page, text) for page, text in zip(pages, found, strict=True)]
        for system, found in texts.items()
    }
    rows = []
    for group, members in _groups(pages):
        if not members:
            continue
        for measure in scores[OURS][0]:
            of = {name: Scores.of(scores[name][number][measure] for number in members) for name in SYSTEMS}
            statistic = statistic_of(measure)
            row = {"group": group, "measure": measure, **summary(of[OURS], of[ALONE], statistic)}
            row["others"] = {name: round(statistic(of[name]), 4) for name in SYSTEMS[2:]}
            if measure == "words":
                row["snippets"] = {s: _snippets(pages, texts[s], members) for s in SNIPPET_SYSTEMS}
            rows.append(row)
    return rows


def _snippets(pages: Sequence[LabelledPage], texts: Sequence[str], members: Sequence[int]) -> dict[str, float]:
    """Give the mean share of the pages' snippets that stand in the texts."""
    rates = {}
    for kind in ("must_have", "must_not_have"):
        found = [snippet_rate(texts[number], getattr(pages[number], kind)) for number in members]
        known = [rate for rate in found if rate is not None]
        rates[kind] = round(sum(known) / max(1, len(known)), 4)
    return rates


def _metadata_figures(pages: Sequence[LabelledPage], outcomes: Sequence[Mapping[str, Outcome]]) -> list[dict[str, Any]]:
    rows = []
    for position, name in enumerate(FIELDS):
        for group, members in list(_groups(pages))[:3]:
            gold = {number: (pages[number].gold or {}).get(name) for number in members}
            stated = [number for number in members if gold[number]]
            without = [number for number in members if not gold[number]]
            row: dict[str, Any] = {
                "field": name, "group": group, "pages": len(stated), "pages_without": len(without)
            }  # fmt: skip
            for system in (OURS, ALONE):
                found = {number: outcomes[number][system].fields[position] for number in members}
                row[system] = {
                    "right": _share(
                        bool(found[n]) and _NORMAL[name](found[n]) == _NORMAL[name](gold[n]) for n in stated
                    ),
                    "exact": _share(found[n] == gold[n] for n in stated),
                    "empty_without": _share(not found[n] for n in without),
                }
            rows.append(row)
    return rows


def _share(claims: Iterator[bool]) -> float:
    known = list(claims)
    return round(sum(known) / len(known), 4) if known else 0.0


def _cleaned(pages: Sequence[LabelledPage], texts: Sequence[str], work: Path) -> list[str]:
    """Give the texts as `dedup clean` leaves them: a document removed whole has none."""
    work.mkdir(parents=True, exist_ok=True)
    ids = [f"{number:06d}" for number in range(len(pages))]
    source, out = work / "extracted.parquet", work / "cleaned"
    pq.write_table(pa.table({"doc_id": ids, "text": list(texts)}), source)
    run_dedup(["clean", str(source), str(out), "--id-column", "doc_id", "--overwrite", "--quiet"])
    clean = pq.read_table(out / "documents", columns=["doc_id", "text"])
    by_id = dict(zip(clean["doc_id"].to_pylist(), clean["text"].to_pylist(), strict=True))
    return [by_id.get(doc_id) or "" for doc_id in ids]


def _broken_of_snippets(label: str, leaked: Mapping[str, float]) -> list[str]:
    return [
        f"{label}: {system} leaks {leaked[system]:.4f} of the snippets, trafilatura alone {leaked[ALONE]:.4f}"
        for system in (OURS, CLEANED)
        if leaked[system] > MOST_LEAKED * leaked[ALONE]
    ]


def _broken(figures: Mapping[str, Any]) -> list[str]:
    promises = []
    for name, rows in figures["sets"].items():
        for row in rows:
            if row["measure"].startswith("paragraphs") or row["group"].endswith(("tuning", "held out")):
                continue
            label, f1 = f"{name}, {row['group']}", row[OURS]["f1"]
            if row["group"] == "all" and f1 < LEAST_F1.get(name, 0.0):
                promises.append(f"{label}: F1 {f1:.4f}, promised {LEAST_F1[name]}")
            if row["difference"] < 0:
                promises.append(f"{label}: F1 {f1:.4f}, below trafilatura alone by {-row['difference']:.4f}")
            if row["group"] == "all" and "snippets" in row:
                promises += _broken_of_snippets(
                    label, {s: row["snippets"][s]["must_not_have"] for s in SNIPPET_SYSTEMS}
                )
    for row in figures.get("metadata", ()):
        if row["group"] == "all" and row[OURS]["right"] < row[ALONE]["right"]:
            promises.append(
                f"{row['field']}: {row[OURS]['right']:.4f} right, trafilatura alone {row[ALONE]['right']:.4f}"
            )
    return promises
