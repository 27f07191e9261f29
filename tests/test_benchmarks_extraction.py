"""The scorer of extraction: its measures on cases counted by hand, and what the benchmark says of them."""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benchmarks.measurements import BenchmarkError
from benchmarks.quality.extraction import (
    extraction_lines,
    measure_extraction,
    normal_authors,
    normal_title,
)
from benchmarks.quality.labelled import LabelledPage, is_held_out, read_pages
from benchmarks.quality.scoring import (
    Scores,
    compare_multisets,
    difference_interval,
    f1_of_means,
    four_gram_score,
    interval,
    marked_paragraph_score,
    mean_f,
    paragraph_score,
    snippet_rate,
    word_score,
    word_tokens,
)

PROSE = (
    "The council voted on Tuesday to keep the library open until the end of the year. "
    "Several members said that the decision had been difficult, and that money was short."
)


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("Don't stop, 3.5 times!", ["Don", "t", "stop", "3", "5", "times"]),
        ("北京 ok 東京タワー", ["北", "京", "ok", "東", "京", "タ", "ワ", "ー"]),
        ("word北京word", ["word", "北", "京", "word"]),
        ("한국 사람", ["한국", "사람"]),  # Korean is written with spaces
        ("", []),
    ],
)
def test_tokens_are_words_and_single_characters_of_scripts_without_spaces(text: str, tokens: list[str]) -> None:
    assert word_tokens(text) == tokens


def test_four_grams_are_counted_as_by_hand() -> None:
    """Gold a b c d e f has three runs, a b c d e two; both of those are in it."""
    assert four_gram_score("a b c d e", "a b c d e f") == (1.0, 2 / 3, pytest.approx(0.8))
    assert four_gram_score("a b c d X e f g h", "a b c d e f g h") == (2 / 6, 2 / 5, pytest.approx(2 * 2 / 11))


def test_a_run_that_recurs_counts_as_often_as_in_both() -> None:
    """A b a b a b has the runs abab, baba, abab; of two abab in the text gold has one."""
    assert four_gram_score("a b a b a b", "a b a b") == (1 / 3, 1.0, 0.5)


def test_four_grams_of_chinese_are_of_characters() -> None:
    """我們去北京 has the runs 我們去北 and 們去北京."""
    assert four_gram_score("我們去北京", "我們去北海") == (0.5, 0.5, 0.5)


def test_short_and_empty_texts_have_scores() -> None:
    """Fewer than four words are one run; nothing found where there is nothing is right."""
    assert four_gram_score("a b", "a b") == (1.0, 1.0, 1.0)
    assert four_gram_score("a b", "a b c d e") == (0.0, 0.0, 0.0)
    assert four_gram_score("", "") == (1.0, 1.0, 1.0)
    assert four_gram_score("", "a b c d") == (0.0, 0.0, 0.0)
    assert four_gram_score("a b c d", "") == (0.0, 0.0, 0.0)


def test_words_are_compared_in_lower_case_and_by_number() -> None:
    assert word_score("The cat the dog", "the cat") == (0.5, 1.0, pytest.approx(2 / 3))


def test_paragraphs_match_exactly_but_for_white_space() -> None:
    """Two of three lines are gold paragraphs; a third gold paragraph is missed."""
    found = paragraph_score("One  line.\nAnother\tline.\n\nTeaser", ["One line.", "Another line.", "Third line."])
    assert found == (2 / 3, 2 / 3, pytest.approx(2 / 3))


def test_paragraphs_in_brackets_may_be_there_or_not() -> None:
    """An optional paragraph is right if it is there and no fault if it is not; the brackets are no part of it."""
    gold = ["One line.", "[A summary.]", "[A note.]"]
    assert marked_paragraph_score("A summary.\nOne line.", gold) == (1.0, 1.0, 1.0)
    assert marked_paragraph_score("One line.", gold) == (1.0, 1.0, 1.0)
    assert marked_paragraph_score("A summary.\nA summary.\nOne line.", gold)[0] == pytest.approx(2 / 3)
    assert marked_paragraph_score("A note.", gold)[:2] == (1.0, 0.5)


def test_snippets_are_looked_for_without_regard_to_case_and_line_breaks() -> None:
    assert snippet_rate("Sign\nup now", ["sign up", "log in"]) == 0.5
    assert snippet_rate("anything", ["", " "]) is None


def test_f1_of_means_is_not_the_mean_of_f() -> None:
    """Pages (1, 0) and (0, 1): mean precision and recall are .5 each, and every F is 0."""
    scores = Scores.of([(1.0, 0.0, 0.0), (0.0, 1.0, 0.0)])
    assert f1_of_means(scores) == 0.5
    assert mean_f(scores) == 0.0


def test_intervals_hold_the_value_and_are_the_same_each_time() -> None:
    """The bootstrap is seeded; a system differs from itself by nothing; a constant gain has no spread."""
    generator = np.random.default_rng(0)
    pages = [(p, p, p) for p in generator.uniform(0.5, 1.0, 60).tolist()]
    scores, better = Scores.of(pages), Scores.of([(p, r, f + 0.1) for p, r, f in pages])
    low, high = interval(scores, mean_f)
    assert low < mean_f(scores) < high
    assert interval(scores, mean_f) == (low, high)
    # of a mean, the interval is close to 1.96 standard errors either way
    error = scores.f.std() / 60**0.5
    assert (high - low) / (2 * 1.96 * error) == pytest.approx(1, abs=0.1)
    assert difference_interval(scores, scores, mean_f) == (0.0, 0.0)
    assert difference_interval(better, scores, mean_f) == (0.1, 0.1)


def test_multisets_of_nothing_agree() -> None:
    assert compare_multisets([], []) == (1.0, 1.0, 1.0)


def test_titles_and_authors_are_compared_by_what_they_say() -> None:
    """Case, punctuation and order of names do not matter; a site's name in the title does."""
    assert normal_title("A “Day”: Out") == normal_title("a day, out")
    assert normal_title("A Day Out | Daily") != normal_title("A Day Out")
    assert normal_authors("Ann Lee and Bo Li") == normal_authors("Bo Li; Ann Lee")
    assert normal_authors(None) == frozenset()


def test_a_site_is_in_one_half_only() -> None:
    """Pages of one press site are all tuned on or none is; elsewhere each page falls by its own name."""
    pages = [LabelledPage("daniel_tuning", f"p{n}", b"", "", site="www.example.org") for n in range(50)]
    assert len({is_held_out(page) for page in pages}) == 1
    others = [LabelledPage("wcxb_dev", f"p{n}", b"", "") for n in range(400)]
    assert 140 < sum(map(is_held_out, others)) < 260  # six standard deviations


def make_set(folder: Path) -> None:
    html = (
        "<html><head><title>News: T{n}</title></head><body><article><h1>T{n}</h1><p>{prose}</p></article></body></html>"
    )
    rows = [
        {
            "doc_id": f"{n}", "url": f"https://example.org/{n}", "page_type": "article",
            "html": html.format(n=n, prose=PROSE).encode(), "gold_text": PROSE,
            "gold_title": f"T{n}", "gold_author": None,
            "gold_date": None, "must_have": [PROSE[:40]], "must_not_have": ["Log in"],
        }
        for n in range(8)
    ]  # fmt: skip
    pq.write_table(pa.Table.from_pylist(rows), folder / "wcxb_dev.parquet")


def test_the_benchmark_scores_every_system(tmp_path: Path) -> None:
    """Pages with one paragraph of content come out right; figures are JSON and readable lines."""
    make_set(tmp_path)
    figures = json.loads(json.dumps(measure_extraction(tmp_path, tmp_path / "work", ["wcxb_dev"])))
    row = figures["sets"]["wcxb_dev"][0]
    assert (row["group"], row["pages"], row["dedup"]["f1"]) == ("all", 8, 1.0)
    assert row["snippets"]["dedup"] == {"must_have": 1.0, "must_not_have": 0.0}
    assert row["snippets"]["dedup, cleaned"] == {"must_have": 0.125, "must_not_have": 0.0}  # the pages are copies
    assert figures["broken_promises"] == []
    assert set(row["others"]) == {"dedup resiliparse", "dedup fast", "dedup, cleaned"}
    title = next(row for row in figures["metadata"] if (row["field"], row["group"]) == ("title", "all"))
    assert title["dedup"]["right"] == 1.0
    lines = extraction_lines(figures)
    assert any(line.startswith("wcxb_dev words, all") for line in lines)
    assert not any(PROSE[:30] in line for line in lines)


def test_snippets_that_leak_break_a_promise(tmp_path: Path) -> None:
    """What must not be in the text and is there by every extractor is no third less than by trafilatura alone."""
    make_set(tmp_path)
    table = pq.read_table(tmp_path / "wcxb_dev.parquet")
    leaking = pa.array([["two readers"]] * len(table), pa.list_(pa.string()))
    html = [
        page.replace(PROSE.encode(), PROSE.encode() + b" So said two readers.") for page in table["html"].to_pylist()
    ]
    table = table.set_column(table.schema.get_field_index("must_not_have"), "must_not_have", leaking)
    table = table.set_column(table.schema.get_field_index("html"), "html", pa.array(html))
    pq.write_table(table, tmp_path / "wcxb_dev.parquet")
    broken = measure_extraction(tmp_path, tmp_path / "work", ["wcxb_dev"])["broken_promises"]
    assert any("dedup leaks 1.0000" in promise for promise in broken)


def test_a_set_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(BenchmarkError, match=r"aeb\.parquet"):
        list(read_pages(tmp_path, "aeb"))
