"""The benchmark of pages: draws the same pages everywhere, and its figures are of the runs it names."""

import pytest

from benchmarks.measurements import BenchmarkError
from benchmarks.pages import MOST_PAGE_BYTES, lay_out_pages, measure_pages, pages_lines

SENTENCE = "The harbour master counted nineteen boats before breakfast, and wrote each name into the ledger."


def page(n: int) -> str:
    body = f"<article>{f'<p>{SENTENCE} Day {n}.</p>' * 5}</article>"
    return f"<html><head><title>Day {n}</title></head><body>{body}</body></html>"


@pytest.fixture
def work(tmp_path):
    folder = tmp_path / "packages" / "some-doc" / "usr"
    folder.mkdir(parents=True)
    for n in range(8):
        (folder / f"{n}.html").write_text(page(n))
    (folder / "large.html").write_bytes(b" " * (MOST_PAGE_BYTES + 1))
    (folder / "link.html").symlink_to(folder / "0.html")
    return tmp_path


def test_pages_are_the_same_everywhere(work):
    """The draw depends on paths alone; links and pages that are too large are left out."""
    folder = lay_out_pages(work, "some-doc", 6)
    first = {path.name: path.read_text() for path in folder.iterdir()}
    assert len(first) == 6
    assert first == {path.name: path.read_text() for path in lay_out_pages(work, "some-doc", 6).iterdir()}
    with pytest.raises(BenchmarkError, match="8 HTML pages, 9 were asked for"):
        lay_out_pages(work, "some-doc", 9)


def test_figures_of_a_small_run(work):
    """Loops and runs see every page, and the output is the same for one worker and two."""
    figures = measure_pages(lay_out_pages(work, "some-doc", 6), work, extractor="resiliparse", workers=[1, 2])
    assert figures["is_output_equal"]
    assert [run["documents"] for run in figures["runs"].values()] == [6, 6]
    assert [loop["pages_with_text"] for loop in figures["loops"].values()] == [6]
    lines = pages_lines(figures)
    assert "6 pages" in lines[0]
    assert sum("dedup, " in line for line in lines) == 2
