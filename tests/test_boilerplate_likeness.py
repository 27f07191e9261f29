"""Paragraphs that no rule matches, but that are worded like boilerplate and stand among it."""

import re
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_boilerplate import make_tables
from test_boilerplate_company import FURNITURE
from test_boilerplate_company import NEWS as PROSE

import dedup
from dedup.arrow_views import view_texts
from dedup.boilerplate.finding import _protect
from dedup.boilerplate.hits import Hit, view_paragraphs
from dedup.boilerplate.likeness import EVIDENCE, LIKE_OTHERS, Runs, load_model, measure_likeness, run_keys
from dedup.boilerplate.screening import activate_rules
from dedup.boilerplate.special import ORDINARY
from dedup.boilerplate.table import RULES
from dedup.kernels.likeness import (
    AROUND,
    BESIDE,
    FAR,
    LONG_SENTENCE,
    LONG_TOKENS,
    MOST_TOKENS,
    NEAR,
    UNKNOWN_PAIR,
    UNKNOWN_WORD,
    ask_trees,
)
from dedup.settings import CATEGORIES, Settings

NEWS = ["Harbour opens again after twelve years", *PROSE]
UNKNOWN = "Pop your email in here for our weekly round-up"


def clean(lines: list[str], **options: Any) -> dict[str, tuple[str, str | None]]:
    """Give what goes of a text, and by which rule and votes."""
    result = dedup.clean(["\n".join(lines)], duplicates=False, repeats=False, **options)
    return {row["text"].strip(): (row["rule"], row["votes"]) for row in result.removed.to_pylist()}


EVERYDAY = tomllib.loads(Path(__file__).with_name("everyday_pages.toml").read_text(encoding="utf-8"))["page"]
"""Short texts in fifteen languages, none of which the model was shown, and the furniture of a page."""


def is_like_others(rule: str) -> bool:
    """Say whether a removal rests on likeness."""
    return rule.endswith(f"/{LIKE_OTHERS}")


@pytest.mark.parametrize(
    "told",
    ["The opinions expressed by the judges were set down", "We may earn less this year, the owner told the city"],
)
def test_what_tells_a_story_is_like_no_boilerplate(told: str) -> None:
    """The past tense, and what somebody said, are of the text, though the words are those of boilerplate."""
    present = told.replace("were set down", "are their own").replace(", the owner told the city", " from such links")
    assert present in clean([*NEWS, *FURNITURE[:2], present, *FURNITURE[2:]])
    assert told not in clean([*NEWS, *FURNITURE[:2], told, *FURNITURE[2:]])


@pytest.mark.parametrize("page", EVERYDAY, ids=lambda page: page["language"])
def test_everyday_sentences_stay_above_furniture(page: dict[str, Any]) -> None:
    """Common words of a language speak for no boilerplate: of a page with company enough only the furniture goes."""
    gone = clean([page["prose"], *page["sentences"], *page["furniture"]])
    assert set(gone) <= set(page["furniture"])
    assert len(gone) >= 4


def test_a_line_that_no_rule_knows_goes_amid_boilerplate() -> None:
    """It is worded as calls of its kind are, and among them: it goes, and the votes say why; nothing else does so."""
    gone = clean([*NEWS, *FURNITURE[:2], UNKNOWN, *FURNITURE[2:]])
    rule, votes = gone[UNKNOWN]
    assert rule == f"newsletter/{LIKE_OTHERS}"
    assert re.fullmatch(r"wording \d+\.\d, 5 around", votes or "")
    assert {text for text, (rule, _) in gone.items() if is_like_others(rule)} == {UNKNOWN}
    assert set(gone) == {UNKNOWN, *FURNITURE}


def test_it_stays_in_clean_text() -> None:
    """With three lines of boilerplate left in it a text is no page, and what is like them stays; four are company."""
    assert set(clean([*NEWS, *FURNITURE[:2], UNKNOWN, FURNITURE[2]])) == set(FURNITURE[:3])
    assert set(clean([*NEWS, *FURNITURE[:2], UNKNOWN, *FURNITURE[2:4]])) == {*FURNITURE[:4], UNKNOWN}


def test_a_heading_stays() -> None:
    """What stands right above prose and is no sentence is its heading, whatever its words: a title, first of all."""
    for heading in (UNKNOWN, "Office opens in a new window"):
        assert set(clean([heading, *NEWS[1:], *FURNITURE])) == set(FURNITURE)
        assert set(clean([*NEWS[:3], heading, *NEWS[3:], *FURNITURE])) == set(FURNITURE)


def test_it_stays_amid_prose() -> None:
    """Above the text and in the midst of it, such a line is more likely part of it than where furniture stands."""
    gone = clean([*NEWS[:3], "He told us to pop in for the weekly email.", *NEWS[3:], *FURNITURE])
    assert set(gone) == set(FURNITURE)


@pytest.mark.parametrize("option", [{"without": "newsletter"}, {"without": LIKE_OTHERS}, {"boilerplate": False}])
def test_its_category_can_be_switched_off(option: dict[str, Any]) -> None:
    """`--without` its category leaves it, as it leaves what rules of that category match; one is for all its like."""
    more = ["Read more: How the bridge was built", "Manage your cookie settings"]
    assert UNKNOWN in clean([*NEWS, *FURNITURE[:2], UNKNOWN, *FURNITURE[2:], *more])
    assert UNKNOWN not in clean([*NEWS, *FURNITURE[:2], UNKNOWN, *FURNITURE[2:], *more], **option)


def test_likeness_is_never_why_all_of_a_page_stays() -> None:
    """If more would go with such lines than may, they stay, and what rules match goes all the same."""
    lines = [*NEWS[:3], *FURNITURE[:2], UNKNOWN, *FURNITURE[2:]]
    assert UNKNOWN in clean(lines)
    by_rules = sum(len(line.encode()) for line in FURNITURE) / len("".join(lines).encode())
    assert set(clean(lines, max_boilerplate_share=by_rules + 0.01)) == set(FURNITURE)


def test_nor_of_a_mail_that_is_little_else() -> None:
    """What stands below mail may be more of it, up to a limit; likeness does not take it past that, either."""
    texts = ["Hi all", *FURNITURE[:2], UNKNOWN, "John Smith"]
    documents, paragraphs = make_tables(["\n".join(texts)])
    view = view_paragraphs(view_texts(documents["text"]), paragraphs)
    starts, ends = (view.starts - view.base).tolist(), (view.ends - view.base).tolist()
    below = [Hit(p, starts[p], ends[p], "mailing-list/a", "mailing-list", is_whole=True) for p in (1, 2)]
    alike = [
        Hit(p, starts[p], ends[p], "mailing-list/like-others", "mailing-list", is_whole=True, is_alike=True)
        for p in (0, 3, 4)
    ]
    found = sorted([*below, *alike], key=lambda hit: hit.paragraph)
    assert _protect(view, 0, found, ORDINARY, frozenset(), activate_rules(Settings()), Settings()) == below


def test_nor_makes_it_a_licence_of_a_page() -> None:
    """A copyright notice at the head of a stub makes it the header of a work, which keeps it; likeness does not."""
    documents, paragraphs = make_tables(["Rights of the owner\nThe harbour museum is open\nWe use cookies"])
    view = view_paragraphs(view_texts(documents["text"]), paragraphs)
    starts, ends = (view.starts - view.base).tolist(), (view.ends - view.base).tolist()
    cookie = Hit(2, starts[2], ends[2], "cookie/a", "cookie", is_whole=True)
    for is_alike in (True, False):
        head = Hit(0, starts[0], ends[0], "copyright/a", "copyright", is_whole=True, is_alike=is_alike)
        all_may_go = Settings(max_boilerplate_share=1.0)
        kept = _protect(view, 0, [head, cookie], ORDINARY, frozenset(), activate_rules(Settings()), all_may_go)
        assert kept == ([head, cookie] if is_alike else [])


def test_a_rule_of_the_users_own_is_company_whatever_it_is_called(tmp_path: Path) -> None:
    """Categories of a user's count as others do, and a rule that is called like-others is a rule."""
    own = tmp_path / "my.toml"
    own.write_text(
        'language = "en"\n[[rule]]\nname = "like-others"\ncategory = "fundraising"\ncues = ["donate"]\n'
        "max_tokens = 12\npatterns = ['donate today to support .*']\n"
        'examples = ["Donate today to support us!"]\ncounter_examples = ["They donate a boat today."]\n'
    )
    call = "Donate today to support the harbour museum!"
    gone = clean([*NEWS, *FURNITURE[:2], UNKNOWN, FURNITURE[2], call], rules=str(own))
    assert gone[call] == ("fundraising/like-others", None)
    assert gone[UNKNOWN][1] is not None
    lines = [*NEWS[:3], *FURNITURE[:2], UNKNOWN, FURNITURE[2], call]
    by_rules = sum(len(line.encode()) for line in (*FURNITURE[:3], call)) / len("".join(lines).encode())
    assert set(clean(lines, rules=str(own), max_boilerplate_share=by_rules + 0.01)) == {*FURNITURE[:3], call}


@settings(max_examples=30)
@given(st.integers(0, 2**32 - 1))
def test_trees_are_asked_alike_by_the_kernel(seed: int) -> None:
    """The kernel gives the score of which Trees, which asks all rows of all trees together, gives the probability."""
    trees = load_model()[1]
    evidence = np.random.default_rng(seed).normal(0, 10, size=(20, len(EVIDENCE)))
    rows, scores = np.array([3, 19, 0]), np.empty(3)
    ask_trees(trees.features, trees.thresholds, trees.leaves, evidence, rows, scores)
    assert np.allclose(1 / (1 + np.exp(-scores - trees.baseline)), trees.probabilities(evidence[rows]))


def test_what_goes_comes_back(tmp_path: Path) -> None:
    """A page that lost such lines is restored byte for byte."""
    page = "\r\n".join([*NEWS, "", *FURNITURE[:2], f"  {UNKNOWN} ", *FURNITURE[2:]])
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "page.txt").write_bytes(page.encode())
    dedup.clean_files(tmp_path / "in", tmp_path / "out")
    restored = dedup.restore(tmp_path / "out")
    assert [text.encode() for text in restored["text"].to_pylist()] == [page.encode()]


lines = st.lists(
    st.sampled_from([*FURNITURE, *NEWS, UNKNOWN, "", "Ένα μικρό κείμενο", "短い行。", "One", "x " * 41, "Stop."]),
    max_size=30,
)


@settings(max_examples=60)
@given(st.lists(lines, max_size=3), st.data())
def test_what_is_known_of_paragraphs_is_what_it_says(pages: list[list[str]], data: st.DataObject) -> None:
    """Each number is the one that its description gives, counted one paragraph at a time."""
    documents, paragraphs = make_tables(["\n".join(page) for page in pages])
    view = view_paragraphs(view_texts(documents["text"]), paragraphs)
    n = len(view.starts)
    taken = np.array(data.draw(st.lists(st.booleans(), min_size=n, max_size=n)), dtype=np.bool_)
    runs, _ = load_model()
    found = measure_likeness(view, np.arange(n), view.first, taken, runs)
    known = dict(
        zip(runs.keys.tolist(), zip(runs.weights.tolist(), runs.categories.tolist(), strict=True), strict=True)
    )
    texts = [bytes(view.data.data[a:b]).decode() for a, b in zip(view.starts.tolist(), view.ends.tolist(), strict=True)]
    rows = [dict(zip(EVIDENCE, row, strict=True)) for row in found.evidence.tolist()]
    is_prose = [
        not gone and (row["tokens"] >= LONG_TOKENS or (row["tokens"] >= LONG_SENTENCE and bool(row["is_sentence"])))
        for row, gone in zip(rows, taken.tolist(), strict=True)
    ]
    for place, (text, row) in enumerate(zip(texts, rows, strict=True)):
        members = view.of_document(int(view.document[place]))
        for name, reach in (("near", NEAR), ("beside", BESIDE), ("around", AROUND)):
            within = taken[max(members.start, place - reach) : min(members.stop, place + reach + 1)]
            assert row[f"taken_{name}"] == pytest.approx(within.mean())
        before = [place - other for other in members if other < place and is_prose[other]]
        behind = [other - place for other in members if other > place and is_prose[other]]
        assert (row["since_prose"], row["until_prose"]) == (min([*before, FAR]), min([*behind, FAR]))
        if not 0 < row["tokens"] <= MOST_TOKENS:
            continue
        keys = run_keys([text])[0].tolist()
        assert len(keys) == 2 * row["tokens"] + 1
        said = [
            known.get(key, (UNKNOWN_PAIR if at % 2 or at == len(keys) - 1 else UNKNOWN_WORD, 0))
            for at, key in enumerate(keys)
        ]
        weights = [weight for weight, _ in said]
        assert row["wording"] == pytest.approx(sum(weights))
        assert row["mean_wording"] == pytest.approx(sum(weights) / len(weights))
        assert row["best_wording"] == max(weights)
        by_category = [sum(w for w, c in said if c == number and w > 0) for number in range(len(CATEGORIES))]
        assert by_category[found.category[place]] == pytest.approx(max(by_category))


def test_no_rule_bears_that_name() -> None:
    """What rests on likeness is not mistaken for what a rule matched."""
    assert not any(is_like_others(title) for title in RULES)


def test_known_runs_are_in_order() -> None:
    """They are looked up by halving, and each is of a category that rules are of."""
    runs: Runs = load_model()[0]
    assert (np.diff(runs.keys.astype(np.int64)) > 0).all()
    assert set(runs.categories.tolist()) <= {CATEGORIES.index(rule.category) for rule in RULES.values()}
