"""The gate of extraction: marked pages through the pool, and floors that are lowered only on purpose.

Floors are for trafilatura and resiliparse as they are now; the benchmark `extraction` has
all pages, and trafilatura alone beside.
"""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.quality.extraction import normal_authors, normal_title, score_page, statistic_of
from benchmarks.quality.labelled import LabelledPage, read_pages
from benchmarks.quality.scoring import Scores
from dedup import Settings
from dedup.extraction.pages import Extracted, Page, PageError
from dedup.extraction.pool import ExtractionPool

EVERY = {"aeb": 2, "fundus_eval": 2, "wcxb_dev": 5, "daniel_tuning": 8}
"""Every so manieth page is looked at: about half a minute for one core."""

DIGESTS = {
    "aeb": "bfb54345f44a51bd15a1c9861fb433b49ec865c9feb2f5d6b4caea346ec03954",
    "fundus_eval": "5a8d407a6d74eceff60eac7f96158e1179d9b900753372bb94c59be5b91b4e34",
    "wcxb_dev": "e65716891a13961acc2d525ed60773b4468a80c01d9e9b6a500aa2518f4e437f",
    "daniel_tuning": "2e5f973f5935e383f90149df397b8b76016ad089ffc419345f8ff254796c869b",
}
"""The files that the floors are for; others have other figures."""

FLOORS: dict[str, float] = {
    "aeb 4-grams": 0.976,
    "fundus_eval 4-grams": 0.959,
    "fundus_eval paragraphs": 0.874,
    "fundus_eval paragraphs or none": 0.945,
    "wcxb_dev words": 0.871,
    "wcxb_dev article": 0.944,
    "wcxb_dev collection": 0.783,
    "wcxb_dev documentation": 0.935,
    "wcxb_dev forum": 0.773,
    "wcxb_dev listing": 0.719,
    "wcxb_dev product": 0.703,
    "wcxb_dev service": 0.790,
    "wcxb_dev title": 0.812,
    "wcxb_dev author": 0.772,
    "wcxb_dev date": 0.820,
    "daniel_tuning 4-grams": 0.894,
    "daniel_tuning paragraphs": 0.757,
}


@pytest.fixture(scope="module")
def data() -> Path:
    folder = os.environ.get("DEDUP_DATA")
    if not folder:
        pytest.skip("set DEDUP_DATA to the folder of labelled data to check the quality of extraction")
    for name in EVERY:
        path = Path(folder) / f"{name}.parquet"
        if not path.is_file():
            pytest.skip(f"no {path.name} in DEDUP_DATA")
        if hashlib.sha256(path.read_bytes()).hexdigest() != DIGESTS[name]:
            pytest.skip(f"{path.name} in DEDUP_DATA is not the file that the floors are for")
    return Path(folder)


@pytest.fixture(scope="module")
def extracted(data: Path) -> dict[str, list[tuple[LabelledPage, Extracted]]]:
    """Extract the sample of every set with two processes."""
    found: dict[str, list[tuple[LabelledPage, Extracted]]] = {}
    with ExtractionPool(Settings(workers=2, encoding_errors="repair")) as pool:
        for name, every in EVERY.items():
            pages = [page for number, page in enumerate(read_pages(data, name)) if number % every == 0]
            futures = [pool.submit(Page(page.html, page.url)) for page in pages]
            outcomes = [future.result() for future in futures]
            assert not [outcome for outcome in outcomes if isinstance(outcome, PageError)]
            found[name] = list(zip(pages, outcomes, strict=True))
    return found


def figures_of(pages: list[tuple[LabelledPage, Extracted]]) -> Iterator[tuple[str, float]]:
    """Give the figures of a set by name."""
    name = pages[0][0].set_name
    scores = [score_page(page, outcome.text) for page, outcome in pages]
    for measure in scores[0]:
        yield f"{name} {measure}", statistic_of(measure)(Scores.of(score[measure] for score in scores))
    types = sorted({page.page_type for page, _ in pages if page.page_type})
    for kind in types:
        of_kind = Scores.of(s["words"] for s, (page, _) in zip(scores, pages, strict=True) if page.page_type == kind)
        yield f"{name} {kind}", statistic_of("words")(of_kind)
    if types:
        for field, normal in (("title", normal_title), ("author", normal_authors), ("date", str)):
            stated = [(gold, outcome) for page, outcome in pages if (gold := (page.gold or {}).get(field))]
            n_right = sum(normal(getattr(outcome, field)) == normal(gold) for gold, outcome in stated)
            yield f"{name} {field}", n_right / len(stated)


@pytest.mark.parametrize("name", EVERY)
def test_quality_is_at_its_floors(name: str, extracted: dict[str, list[tuple[LabelledPage, Extracted]]]) -> None:
    """No figure of a set has fallen below where it was."""
    figures = dict(figures_of(extracted[name]))
    fallen = {figure: round(value, 4) for figure, value in figures.items() if value < FLOORS[figure]}
    assert fallen == {}
    assert {figure for figure in FLOORS if figure.startswith(name)} == set(figures)


def test_every_text_has_its_extractor(extracted: dict[str, list[tuple[LabelledPage, Extracted]]]) -> None:
    """Which extractor made a text is told, and only an empty text has none."""
    for pages in extracted.values():
        for _, outcome in pages:
            assert (outcome.extractor is None) == (outcome.text == "")
