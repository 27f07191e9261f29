"""Boilerplate put into good texts: inserts stand where they are said to, and the figures count what went of them."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benchmarks.measurements import BenchmarkError
from benchmarks.quality.injection import HALVES, injection_lines, measure_injection, score_documents
from benchmarks.quality.inserts import (
    BODY_SETS,
    FEWEST_COPIES,
    FEWEST_PAGES,
    INSERTS,
    LARGEST_SHARE,
    MOST_INSERTS,
    MOST_PAGES,
    SITE,
    Body,
    Injected,
    Insert,
    assign_sites,
    compose,
    inject_by_site,
    inject_singly,
    is_of_other_half,
    read_bodies,
    read_inserts,
)
from benchmarks.tables import LINES

NAMES = ("harbour", "lighthouse", "railway", "market", "bridge", "school", "library", "museum", "theatre", "castle")
YEARS = ("nine", "ten", "twelve", "thirty", "forty")


def body(number: int) -> Body:
    """Make a good text that shares no line with another."""
    words = [f"{NAMES[number % len(NAMES)]}{number}"] * 2
    return Body(
        name=f"aeb/{number:03d}",
        paragraphs=tuple(
            f"The {words[0]} of the town was opened {years} years ago by {number} people who had waited for a day on "
            f"which the boats of the {words[1]} could leave with the tide, and nobody had believed it until that day."
            for years in YEARS
        ),
    )


BODIES = [body(number) for number in range(60)]


def insert(text: str, place: str = "end", category: str = "copyright") -> Insert:
    return Insert(text=text, category=category, lang="en", place=place)


def test_the_inserts_are_many_of_each_kind_and_in_many_languages() -> None:
    """There are at least 25 lines of each category, 4 of each language, and both halves have some of each category."""
    from dedup.boilerplate.rule_files import NOT_BY_RULES
    from dedup.settings import CATEGORIES

    found = read_inserts()
    for category in set(CATEGORIES) - set(NOT_BY_RULES) | {SITE}:
        members = [one for one in found if one.category == category]
        assert len(members) >= 25, category
        assert len({one.is_held_out for one in members}) == 2
    for lang in ("en", "de", "fr", "es", "it", "pt", "nl", "pl", "ru", "el", "zh", "ja", "ko", "ar", "tr"):
        assert sum(one.lang == lang for one in found) >= 4, lang
    assert all(one.text == one.text.strip() and one.text for one in found)


@pytest.mark.parametrize(
    "text",
    ["[gossip.en]\nend = ['a']", "[share.en]\nmiddle = ['a']", "[share.en]\nend = ['a']\n[share.de]\nend = ['a']"],
)
def test_a_wrong_file_of_inserts_is_refused(tmp_path: Path, text: str) -> None:
    """An unknown category or place, and a line that is there twice, are errors."""
    path = tmp_path / "inserts.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(BenchmarkError):
        read_inserts(path)


def test_inserts_go_where_their_place_says() -> None:
    """One at the start is before the text, one at the end after it, one between two paragraphs, one ends the last."""
    start, between, tail, end = (insert(f"<{place}>", place) for place in ("start", "between", "tail", "end"))
    of = BODIES[0]
    made = compose(of, [end, tail, between, start])
    lines = made.text.split("\n")
    assert (lines[0], lines[-1]) == ("<start>", "<end>")
    assert lines[-2] == f"{of.paragraphs[-1]} <tail>"
    assert 2 <= lines.index("<between>") <= len(of.paragraphs)
    assert [made.text[begin:stop] for _, begin, stop in made.spans] == [one.text for one, _, _ in made.spans]
    assert len(made.spans) == 4


def test_every_insert_goes_into_one_document_of_its_half() -> None:
    """No document has more than three, and those of sites are not among them."""
    inserts = [insert(f"Line {number}", ("start", "end", "between", "tail")[number % 4]) for number in range(40)]
    documents = inject_singly(BODIES, [*inserts, insert("Masthead", "start", SITE)])
    placed = [one for document in documents for one, _, _ in document.spans]
    assert sorted(one.text for one in placed) == sorted(one.text for one in inserts)
    for document in documents:
        assert 1 <= len(document.spans) <= MOST_INSERTS
        assert {one.is_held_out for one, _, _ in document.spans} == {is_of_other_half(document.name)}
    assert documents == inject_singly(BODIES, [*inserts, insert("Masthead", "start", SITE)])


def test_inserts_of_a_site_recur_on_it_alone() -> None:
    """Sites have 10 to 20 documents; an insert is in at least 4 of one site, not in most, and in no other's."""
    sites = assign_sites(BODIES)
    assert sites
    assert all(FEWEST_PAGES <= len(members) <= MOST_PAGES for members in sites.values())
    inserts = [insert(f"Line {number}") for number in range(30)]
    inserts += [insert(f"Masthead {number}", "start", SITE) for number in range(6)]
    documents = inject_by_site(sites, inserts)
    assert len(documents) == sum(map(len, sites.values()))
    holders: dict[str, list[Injected]] = {}
    for document in documents:
        assert len(document.spans) <= MOST_INSERTS
        for one, _, _ in document.spans:
            holders.setdefault(one.text, []).append(document)
    assert any(text.startswith("Masthead") for text in holders)
    assert any(text.startswith("Line") for text in holders)
    for members in holders.values():
        (site,) = {document.site for document in members}
        assert site is not None
        assert FEWEST_COPIES <= len(members) <= max(FEWEST_COPIES, LARGEST_SHARE * len(sites[site]))


def test_the_figures_count_spans_and_characters() -> None:
    """Of an insert nine tenths have to go, of a removed span half has to be of one; white space does not count."""
    ten, other = insert("abcde fghij"), insert("0123456789")
    of = Body(name="aeb/x", paragraphs=("One two three.", "Four five six."))
    made = compose(of, [ten, other])
    at = {one.text: (start, end) for one, start, end in made.spans}
    (start, end), (other_start, _) = at[ten.text], at[other.text]
    removed = {of.name: [(start, end - 1, "copyright/a"), (other_start, other_start + 5, "share/b"), (0, 3, "share/c")]}
    scored = score_documents([made], removed)
    assert {span.text: (span.share, span.rule) for span in scored.inserts} == {
        ten.text: (0.9, "copyright/a"),
        other.text: (0.5, "share/b"),
    }
    assert [span.insert and span.insert.text for span in scored.removed] == [ten.text, other.text, None]
    half = made.is_held_out
    assert (scored.inserted_chars[half], scored.removed_chars[half], scored.common_chars[half]) == (20, 17, 14)


def test_inserts_that_rules_and_sites_know_are_found(tmp_path: Path) -> None:
    """A copyright notice is found singly, a line that no rule knows where it recurs on a site; nothing else goes."""
    for name in BODY_SETS:
        rows = [
            {"doc_id": f"{number:03d}", "gold_text": BODIES[number].text, "page_type": kind}
            for number, kind in [*((n, "article") for n in range(60)), (0, "forum")]
            if name == "aeb"
        ]
        schema = pa.schema([("doc_id", pa.string()), ("gold_text", pa.string()), ("page_type", pa.string())])
        pq.write_table(pa.Table.from_pylist(rows, schema=schema), tmp_path / f"{name}.parquet")
    assert len(read_bodies(tmp_path)) == 60
    known = [insert(f"© {year} Example Media. All rights reserved.") for year in range(1990, 2006)]
    # each of its own words, or they would be one line that recurs over sites
    unknown = [
        insert(
            f"{NAMES[number]} and {NAMES[-number - 1]} {'xyz'[number % 3]}, by the water since the flood", "end", SITE
        )
        for number in range(6)
    ]
    odd = insert("My aunt has seen a heron there")
    figures = measure_injection(tmp_path, [*known, *unknown, odd])
    singly, recurring = (figures["tests"][test]["halves"]["all"] for test in ("singly", "recurring"))
    assert singly["categories"]["copyright"]["found"] == len(known)
    assert singly["spans"]["put_in"] == len(known) + 1
    assert singly["spans"]["false"] == 0
    assert recurring["spans"]["put_in"] > 0
    assert recurring["categories"][SITE]["recall"] == 1.0
    for half in HALVES:
        assert set(figures["tests"]["singly"]["halves"][half]) >= {"spans", "characters", "categories"}
    missed = [one["text"] for one in figures["singly_misses_examples"]]
    assert missed == ([] if odd.is_held_out else [odd.text])
    saved = json.loads(json.dumps({name: of for name, of in figures.items() if not name.endswith("_examples")}))
    assert any(line.startswith("all, spans") for line in LINES["injection"](saved))
    assert injection_lines(figures, 0) == injection_lines(saved)


def test_a_set_that_is_missing_is_an_error(tmp_path: Path) -> None:
    """A data folder without one of the sets stops the measurement."""
    with pytest.raises(BenchmarkError, match="aeb"):
        measure_injection(tmp_path, [])


def test_the_inserts_are_where_the_module_says() -> None:
    """The file is part of the checkout."""
    assert INSERTS.is_file()
