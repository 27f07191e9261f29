"""What boilerplate makes of pages, harms and costs: the figures, on pages and texts made for it."""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import benchmarks.boilerplate_cost as cost_module
from benchmarks.boilerplate_cost import cost_lines, measure_boilerplate_cost
from benchmarks.measurements import Cost
from benchmarks.quality.harm import MANUAL, SETS, harm_lines, measure_harm
from benchmarks.quality.recurrence import (
    ALONE,
    CLEANED,
    EXTRACTED,
    NAIVE_FIRST,
    NAIVE_NONE,
    RECURRENCE,
    RULES,
    drop_repeated_lines,
    measure_mixed,
    measure_sites,
    recurrence_lines,
    without_boilerplate,
)

MASTHEAD = "The Harbour Ledger, the newspaper of the bay and of all who live beside it"
NOTICE = "© 2021 Harbour Ledger Ltd. All rights reserved."
TOPICS = ("lighthouse", "railway", "market", "bridge", "school", "library", "museum", "theatre")


def story(number: int) -> list[str]:
    """Make the paragraphs of a story that shares none with another."""
    topic = TOPICS[number % len(TOPICS)]
    return [
        f"The {topic} was {verb} in {1900 + number} after a vote of the council, which asked {number + 20} people "
        f"from the {topic} {what} how they wanted to have it, and the mayor said that {number + 3} years were enough."
        for verb, what in (("opened", "quarter"), ("closed", "street"), ("rebuilt", "society"), ("sold", "trust"))
    ]


def page(number: int) -> bytes:
    paragraphs = "".join(f"<p>{text}</p>" for text in (MASTHEAD, *story(number), NOTICE))
    return (
        f"<html><head><title>Page {number}</title></head><body><article>{paragraphs}</article></body></html>".encode()
    )


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Make a folder of two sets: eight pages of one site, and four of the same kind of another set."""
    folder = tmp_path / "data"
    folder.mkdir()
    for name, numbers in (("daniel_tuning", range(8)), ("aeb", range(8, 12))):
        rows = [
            {"doc_id": f"{name}{n}", "site": "ledger.example", "html": page(n), "gold_text": "\n".join(story(n))}
            for n in numbers
        ]
        pq.write_table(pa.Table.from_pylist(rows), folder / f"{name}.parquet")
    return folder


def test_repeated_lines_are_dropped_the_naive_way() -> None:
    """A line that is there twice goes everywhere, or everywhere but where it comes first; white space aside."""
    texts = ["a\nb\n c ", "b\n\nc\nd"]
    assert drop_repeated_lines(texts, keep_first=True) == ["a\nb\n c ", "\nd"]
    assert drop_repeated_lines(texts, keep_first=False) == ["a", "\nd"]


def test_what_goes_as_boilerplate_is_told_from_copies() -> None:
    """A paragraph that a text has twice stays in the one, and goes once in the other; categories can be left out."""
    twice = story(1)[0]
    texts = ["\n".join([twice, *story(2), twice, NOTICE])]
    cut, cleaned = without_boilerplate(texts, None)
    assert (cut[0].count(twice), cleaned[0].count(twice)) == (2, 1)
    assert NOTICE not in cut[0]
    assert NOTICE not in cleaned[0]
    assert NOTICE in without_boilerplate(texts, None, ("copyright",))[0][0]


def test_a_masthead_goes_by_recurrence_and_a_notice_by_rule(data: Path, tmp_path: Path) -> None:
    """With the site known both go and F rises to 1 with nothing lost; pages are extracted once."""
    work = tmp_path / "work"
    figures = measure_sites(data, work)
    systems = figures["groups"]["all"]["systems"]
    assert systems[EXTRACTED]["f"] < systems[RULES]["f"] < systems[CLEANED]["f"] == 1.0
    assert systems[RECURRENCE]["f"] > systems[EXTRACTED]["f"]
    assert systems[CLEANED]["words_lost"] == systems[CLEANED]["runs_lost"] == 0
    assert systems[ALONE]["words_lost"] is None
    assert figures["sites"] == 1
    assert figures["broken_promises"] == []
    cached = sorted(work.glob("extracted-*"))
    written = [path.stat().st_mtime_ns for path in cached]
    assert measure_sites(data, work) == figures
    assert [path.stat().st_mtime_ns for path in sorted(work.glob("extracted-*"))] == written
    assert any(line.startswith(CLEANED) for line in recurrence_lines(figures))


def test_all_sets_are_scored_together_and_each_alone(data: Path, tmp_path: Path) -> None:
    """Mixed pages have no site; the naive way loses nothing here but what recurs."""
    figures = measure_mixed(data, tmp_path / "work", ("aeb", "daniel_tuning"))
    groups = figures["groups"]
    assert (groups["all"]["pages"], groups["aeb"]["pages"], groups["daniel_tuning"]["pages"]) == (12, 4, 8)
    systems = groups["all"]["systems"]
    assert systems[CLEANED]["f"] > systems[ALONE]["f"]
    assert systems[NAIVE_NONE]["f"] >= systems[NAIVE_FIRST]["f"]
    assert figures["broken_promises"] == []


def test_lost_gold_breaks_the_promise(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Gold words that go are counted, and more of them than promised are said."""
    from benchmarks.quality import recurrence

    def halve(texts: list[str], *_: Any) -> tuple[list[str], list[str]]:
        halves = ["\n".join(text.split("\n")[1:3]) for text in texts]  # two of four paragraphs, no masthead
        return halves, halves

    monkeypatch.setattr(recurrence, "without_boilerplate", halve)
    figures = measure_sites(data, tmp_path / "work")
    assert figures["groups"]["all"]["systems"][CLEANED]["words_lost"] == pytest.approx(0.5, abs=0.02)
    assert len(figures["broken_promises"]) >= 2


def test_harm_counts_what_rules_and_sites_take(tmp_path: Path) -> None:
    """Boilerplate in gold texts is counted, by site too where their column tells it; a novel may lose nothing."""
    folder = tmp_path / "data"
    folder.mkdir()
    gold = ["\n".join([MASTHEAD, *story(number)]) for number in range(8)]
    table = {"doc_id": [str(number) for number in range(8)], "url": ["https://ledger.example/a"] * 8, "gold_text": gold}
    pq.write_table(pa.table(table), folder / "aeb.parquet")
    novel = pa.table({"doc_id": ["n"], "text": ["\n".join([*story(1), NOTICE])]})
    pq.write_table(novel, folder / "novels_tuning.parquet")
    licences = pa.table(
        {
            "doc_id": ["l", "h"], "kind": ["License", "Header"], "cluster": [1, 2],
            "text": [" ".join(story(3)), NOTICE],
        }
    )  # fmt: skip
    pq.write_table(licences, folder / "license_clusters.parquet")
    mail = tmp_path / "mail" / "ham"
    mail.mkdir(parents=True)
    (mail / "00001.abc.txt").write_bytes(b"Subject: boats\n\nThe ferries run again.\n\n-- \nJane Doe\n")
    figures = measure_harm(folder, tmp_path / "work", mail=mail.parent)
    assert set(figures["skipped"]) == {"fundus_eval", "wcxb_dev"}
    sets = figures["sets"]
    assert sets["aeb"]["words_removed"]["boilerplate: recurring/site"] == 8 * len(MASTHEAD.split())
    assert sets["novels_tuning"]["words_removed"]["boilerplate"] == len(NOTICE.split())
    assert sets["licences"]["documents"] == sets["licence headers"]["documents"] == sets["mail"]["documents"] == 1
    assert sets[MANUAL]["documents"] > 50
    broken = " ".join(figures["broken_promises"])
    assert "aeb" in broken
    assert "novels_tuning" in broken
    assert "licence" not in broken
    assert any("recurring/site" in line for line in harm_lines(figures))
    assert all(of.most_share is None or of.most_share <= 0.001 for of in SETS.values())


def test_the_cost_is_the_ratio_of_medians(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs of both kinds take turns, the first of each does not count, and a ratio above the promise breaks it."""
    calls: list[bool] = []

    def run(arguments: list[str], _: Any) -> Cost:
        is_with = "--no-boilerplate" not in arguments
        calls.append(is_with)
        out = Path(arguments[2])
        out.mkdir(exist_ok=True)
        report = {
            "n_chars": 10, "n_documents": 1, "n_paragraphs": 2, "by_reason": {"boilerplate": {"spans": 3, "chars": 9}},
            "seconds": {"read": 1.0},
        }  # fmt: skip
        (out / "report.json").write_text(json.dumps(report), encoding="utf-8")
        seconds = (3.0 if is_with else 2.0) + (100.0 if len(calls) <= 2 else 0.0)
        return Cost(wall_seconds=seconds, cpu_seconds=1.2 * seconds if is_with else seconds * 1.5, peak_memory_mb=1.0)

    monkeypatch.setattr(cost_module, "run_dedup", run)
    figures = measure_boilerplate_cost(tmp_path / "corpus.parquet", tmp_path / "work", n_runs=3, workers=2)
    assert (len(calls), sum(calls)) == (8, 4)
    assert calls[2:4] != calls[4:6]
    assert (figures["wall_ratio"], figures["cpu_ratio"]) == (1.5, 1.2)
    assert figures["boilerplate_removed"] == 3
    assert len(figures["broken_promises"]) == 1
    assert any("ratio" in line for line in cost_lines(figures))
