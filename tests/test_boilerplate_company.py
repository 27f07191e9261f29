"""Rules that ask for company: what they match stays in clean text and goes amid other boilerplate, and says why."""

import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import dedup
from dedup.boilerplate.company import AROUND, Company, Piece, Pieces, count_most, may_have_company, wording_of
from dedup.boilerplate.hits import Hit
from dedup.boilerplate.rule_files import parse_rules
from dedup.errors import RuleError

NEWS = [
    f"The {name} was opened in the spring by the mayor, who said that the town had waited {years} years for a day on "
    "which the ferries could run again, and that nobody had believed it until the first boat had left the harbour."
    for name, years in (("harbour", 12), ("lighthouse", 31), ("railway", 7), ("market hall", 44), ("bridge", 9))
]
FURNITURE = [
    "Share on Facebook", "Sign up for our newsletter", "© 2024 Example Media. All rights reserved.",
    "We and our partners use cookies to personalise content and ads.", "Comments are now closed for this article.",
]  # fmt: skip
CALL = "Donate today to support the harbour museum!"
RULES = """
language = "en"
[[rule]]
name = "support-us"
category = "fundraising"
cues = ["donate"]
max_tokens = 12
patterns = ['donate today to support .*']
{keys}
examples = ["Donate today to support our work!"]
counter_examples = ["They donate a boat today."]
"""


def clean(tmp_path: Path, lines: list[str], keys: str, **settings: Any) -> dict[str, str | None]:
    """Give the votes for what a rule of these keys takes of a text, by text."""
    rules = tmp_path / "my.toml"
    rules.write_text(RULES.format(keys=keys))
    removed = dedup.clean(["\n".join(lines)], rules=str(rules), **settings).removed.to_pylist()
    return {row["text"].strip(): row["votes"] for row in removed if row["rule"] == "fundraising/support-us"}


def test_alone_in_clean_text_it_stays(tmp_path: Path) -> None:
    """One line, and one with two others, stay; with three others it goes, and the votes say so."""
    for n in (0, 1, 2):
        assert clean(tmp_path, [*NEWS, CALL, *FURNITURE[:n]], 'company = "always"') == {}
    assert clean(tmp_path, [*NEWS, CALL, *FURNITURE[:3]], 'company = "always"') == {CALL: "rule, 3 around"}
    assert clean(tmp_path, [*NEWS, CALL], "") == {CALL: None}


def test_at_its_place_it_is_enough(tmp_path: Path) -> None:
    """A rule of the end takes the last line without company, and the first only in company."""
    keys = 'place = "last"\ncompany = "elsewhere"'
    assert clean(tmp_path, [*NEWS, CALL], keys) == {CALL: None}
    assert clean(tmp_path, [CALL, *NEWS], keys) == {}
    assert clean(tmp_path, [CALL, *NEWS, *FURNITURE], keys) == {CALL: "rule, 5 around"}
    assert clean(tmp_path, [CALL, *NEWS, *FURNITURE], 'place = "last"') == {}


def test_what_is_enough_is_preferred_sentence_by_sentence(tmp_path: Path) -> None:
    """Two sentences that a rule in want of company matches as one go by the rule that knows each of them."""
    each = """
[[rule]]
name = "givers"
category = "fundraising"
cues = ["donate", "givers"]
max_tokens = 12
patterns = ['donate today to support doe inc|thanks to all givers']
examples = ["Thanks to all givers."]
counter_examples = ["The givers were there."]
"""
    (tmp_path / "my.toml").write_text(RULES.format(keys='company = "always"') + each)
    line = "Donate today to support Doe Inc. Thanks to all givers"
    result = dedup.clean(["\n".join([*NEWS, line])], rules=str(tmp_path / "my.toml"))
    assert result.removed["rule"].to_pylist() == ["fundraising/givers"]


def test_a_signature_goes_whatever_else_asks_for_company(tmp_path: Path) -> None:
    """A line below "-- " that a rule in want of company matches, too, is of the signature all the same."""
    mail = "\n".join(["Hello,", "", *NEWS[:3], "", "-- ", "Jane Doe", CALL, "jane@doe.example.org"])
    (tmp_path / "my.toml").write_text(RULES.format(keys='company = "always"'))
    removed = dedup.clean([mail], rules=str(tmp_path / "my.toml")).removed.to_pylist()
    assert any(CALL in row["text"] and row["rule"] == "mail-signature/after-dashes" for row in removed)


def test_its_like_is_no_company(tmp_path: Path) -> None:
    """Ten calls of one kind in clean text stay, whether they say the same or not."""
    calls = [f"Donate today to support the {name}!" for name in "abcdefghij"]
    assert clean(tmp_path, [*NEWS, *NEWS[::-1], *calls], 'company = "always"') == {}
    assert clean(tmp_path, [*NEWS, *[CALL] * 10], 'company = "always"') == {}


def test_company_is_counted_by_wording() -> None:
    """Each wording counts once, what needs company itself a half, and what is far away not at all."""
    piece = Piece(500, "advert", b"buy", is_sure=False)

    def other(place: int, wording: bytes, *, category: str = "share", is_sure: bool = True) -> Piece:
        return Piece(place, category, wording, is_sure)

    pieces = [
        other(500 - AROUND - 1, b"far"), other(500 - AROUND, b"a"), other(498, b"b", is_sure=False), piece,
        other(501, b"c", category="advert", is_sure=False), other(502, b"buy"), other(503, b"b", is_sure=False),
        other(500 + AROUND, b"d", category="advert"),
    ]  # fmt: skip
    company = Pieces(pieces).count_company(piece)
    assert (company.n_around, company.weight, company.is_enough("advert")) == (3, 2.5, False)
    assert company.votes_with("rule") == "rule, 3 around"
    assert wording_of(b" Share  on\nFacebook ") == b"share on facebook"


def test_what_people_leave_in_articles_takes_more_company() -> None:
    """Links to other pieces and words on authors need four others, all else three."""
    assert [Company(3, 3.0).is_enough(category) for category in ("advert", "read-more", "author-bio")] == [
        True,
        False,
        False,
    ]
    assert all(Company(4, 4.0).is_enough(category) for category in ("advert", "read-more", "author-bio"))


@given(
    st.lists(
        st.builds(
            Piece,
            st.integers(0, 4 * AROUND),
            st.sampled_from(["advert", "share", "comments"]),
            st.sampled_from([b"a", b"b", b"c", b"d"]),
            st.booleans(),
        ),
        max_size=12,
    )
)
def test_company_is_what_one_finds_by_looking_around(pieces: list[Piece]) -> None:
    """The window that moves on counts what a look at all pieces counts."""
    pieces.sort()
    counted = Pieces(pieces)
    for piece in pieces:
        weights: dict[bytes, float] = {}
        for other in pieces:
            is_like = other.wording == piece.wording or (other.category == piece.category and not other.is_sure)
            if not is_like and abs(other.place - piece.place) <= AROUND:
                weights[other.wording] = max(weights.get(other.wording, 0.0), 1.0 if other.is_sure else 0.5)
        found = counted.count_company(piece)
        assert (found.n_around, found.weight) == (len(weights), sum(weights.values()))
        if not piece.is_sure:
            hits = [Hit(place, 0, 1, "", one.category, True, one.is_sure) for place, one in enumerate(pieces)]
            assert found.weight <= count_most(hits, hits)


def test_what_a_document_has_of_company_at_most_is_known_beforehand() -> None:
    """By what is enough alone, and by half of what is not but for those of one category."""
    hits = [Hit(place, 0, 1, "", category, True, False) for place, category in enumerate(["advert", "advert", "share"])]
    assert count_most(hits, hits) == 1
    assert count_most([*hits, hits[0]._replace(is_sure=True)], hits) == 2
    assert count_most(hits, [hits[0]._replace(category="cookie", is_whole=False)]) == 1.5
    assert count_most(hits[:2], hits[:2]) == 0


def test_a_long_list_is_counted_in_time() -> None:
    """A line costs the same however much is around it."""
    kinds = [("share", b"tweet", True), ("advert", b"buy", False), ("comments", b"reply", False)]
    pieces = [Piece(place, *kinds[place % 3]) for place in range(200_000)]
    counted, started = Pieces(pieces), time.process_time()
    for piece in pieces:
        counted.count_company(piece)
    assert time.process_time() - started < 5


def test_what_cannot_find_company_is_known_beforehand() -> None:
    """By what goes anyway, and by half of what else is in doubt but for its like; all of a document may, or none."""
    documents = np.array([0, 0, 1, 1, 1, 1, 1, 1, 1, 2, 3], dtype=np.int64)
    category = np.array([1, 1, *[1] * 6, 2, 0, 5], dtype=np.int32)
    sure = np.array([0, 0, 2, 2, 2, 3, 3], dtype=np.int64)
    assert may_have_company(documents, category, sure).tolist() == [False] * 2 + [True] * 7 + [True, False]
    nothing = np.empty(0, dtype=np.int64)
    assert may_have_company(nothing, nothing.astype(np.int32), nothing).tolist() == []


def test_recurrence_takes_what_has_no_company(tmp_path: Path) -> None:
    """A line that a rule leaves goes where it recurs over a site, by counting."""
    rules = tmp_path / "my.toml"
    rules.write_text(RULES.format(keys='company = "always"'))
    paragraphs = [[" ".join(f"word{n}x{m}x{k}" for k in range(30)) for m in range(4)] for n in range(8)]
    table = {
        "url": [f"https://harbour.example/{n}" for n in range(8)],
        "text": ["\n".join([*own, CALL]) for own in paragraphs],
    }
    removed = dedup.clean(pa.table(table), rules=str(rules), duplicates=False, repeats=False).removed.to_pylist()
    assert {row["rule"] for row in removed if row["text"].strip() == CALL} == {"recurring/site"}


def test_votes_are_the_same_whatever_runs(tmp_path: Path) -> None:
    """Neither workers nor the documents beside it change what goes of a document, and why."""
    rules = tmp_path / "my.toml"
    rules.write_text(RULES.format(keys='company = "always"'))
    texts = ["\n".join([*NEWS[n % 5 :], CALL, *FURNITURE[: n % 6], *NEWS[: n % 5]]) for n in range(60)]
    settings: dict[str, Any] = {"rules": str(rules), "duplicates": False, "repeats": False, "without": "recurring"}
    alone = [dedup.clean([text], **settings).removed.select(["start", "rule", "votes"]).to_pylist() for text in texts]
    for workers in (1, 2):
        removed = dedup.clean(texts, workers=workers, **settings).removed
        doc_ids = list(dict.fromkeys(dedup.clean(texts, **settings).documents["doc_id"].to_pylist()))
        rows = removed.select(["doc_id", "start", "rule", "votes"]).to_pylist()
        found = [
            [{k: v for k, v in row.items() if k != "doc_id"} for row in rows if row["doc_id"] == d] for d in doc_ids
        ]
        assert found == alone
    assert any(row["votes"] == "rule, 4 around" for rows in alone for row in rows)


def test_the_key_is_checked() -> None:
    """An unknown word is refused, and company elsewhere than at no place."""
    with pytest.raises(RuleError, match="company: must be one of never, elsewhere, always"):
        parse_rules(RULES.format(keys='company = "yes"'), "my.toml", own_categories=True)
    with pytest.raises(RuleError, match="place is anywhere"):
        parse_rules(RULES.format(keys='company = "elsewhere"'), "my.toml", own_categories=True)
    rule = parse_rules(RULES.format(keys='company = "elsewhere"\nplace = "end"'), "my.toml", own_categories=True).rules[
        0
    ]
    assert (rule.company, rule.place, rule.sure_at) == ("elsewhere", "anywhere", "end")
