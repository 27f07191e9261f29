"""A paragraph that is cut in the middle, as behind "Image:", goes piece by piece where another says the same."""

import json
import textwrap
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference.corpus import find_broken_promises
from staged import run_both

import dedup
from dedup.cuts import read_cuts
from dedup.schemas import BOILERPLATE, PARAGRAPHS, REPEATS

OPENING = "Residents of the northern district had asked for more money for roads, but the mayor gave no answer."
TWICE = "The council approved the new budget for schools and libraries after a long debate on Tuesday night."
END = "In the end nine of the twelve members voted for the plan, which comes into force at the new year."
CREDIT = "Reuters contributed to this report."
WHOLE = f"{OPENING} {TWICE} {TWICE} {END}"


def article(number: int, paragraph: str) -> str:
    """Give a text of its own around a paragraph."""
    own = [" ".join(f"{word}{number}x{place}" for place in range(20)) for word in ("first", "last")]
    return f"{own[0]}\n\n{paragraph}\n\n{own[1]}"


def run(texts: list[str], **options: Any) -> dedup.Result:
    """Clean, and hold every removal against the texts alone."""
    originals = {f"d{place:04}": text for place, text in enumerate(texts)}
    result = dedup.clean([{"id": doc_id, "text": text} for doc_id, text in originals.items()], **options)
    if options.get("keep") != "none":
        assert find_broken_promises(originals, result, 0.5) == []
    return result


def rows_of(result: dedup.Result, doc_id: str) -> list[dict[str, Any]]:
    return [row for row in result.removed.to_pylist() if row["doc_id"] == doc_id]


def test_one_of_forty_stays() -> None:
    """The paragraph stays in the first article, once said, and is gone from the others, to the byte."""
    result = run([article(number, WHOLE) for number in range(40)])
    clean = result.documents["text"].to_pylist()
    assert clean[0] == article(0, f"{OPENING} {TWICE} {END}")
    assert clean[1:] == [article(number, "").replace("\n\n\n\n", "\n\n") for number in range(1, 40)]


def test_each_piece_is_held_against_its_own() -> None:
    """Rows name what the kept paragraph has of each piece, though its lines are broken elsewhere; what is cut goes."""
    wrapped = textwrap.fill(WHOLE, 72)
    result = run([article(0, wrapped), article(1, WHOLE)])
    kept = article(0, wrapped)
    rows = rows_of(result, "d0001")
    assert [(row["reason"], row["text"].strip()) for row in rows] == [
        ("duplicate", OPENING), ("repeat", TWICE), ("duplicate", f"{TWICE} {END}"),
    ]  # fmt: skip
    pieces = [" ".join(kept[row["kept_start"] : row["kept_end"]].split()) for row in rows]
    assert pieces == [OPENING, f"{TWICE} {END}", f"{TWICE} {END}"]
    assert {row["kept_doc_id"] for row in rows} == {"d0000"}


def test_a_paragraph_cut_elsewhere_stays() -> None:
    """The same words are no proof where other parts of them are kept."""
    once = f"{OPENING} {TWICE} {END}"
    result = run([article(0, WHOLE), article(1, once)])
    assert [row["reason"] for row in result.removed.to_pylist()] == ["repeat"]


def test_credits_go_by_rule_where_the_rest_goes_as_a_copy() -> None:
    """What a rule cuts off such a paragraph goes by that rule in each, the pieces as copies."""
    result = run([article(number, f"{WHOLE} {CREDIT}") for number in range(2)])
    assert [row["reason"] for row in rows_of(result, "d0000")] == ["repeat", "boilerplate"]
    assert [row["reason"] for row in rows_of(result, "d0001")] == ["duplicate", "repeat", "duplicate", "boilerplate"]
    assert "".join(row["text"] for row in rows_of(result, "d0001")).strip() == f"{WHOLE} {CREDIT}"


def test_none_is_kept_where_none_shall_be() -> None:
    """With keep="none" all that have copies go, and name no kept one."""
    result = run([article(number, WHOLE) for number in range(3)], keep="none")
    assert not any("council" in text for text in result.documents["text"].to_pylist())
    assert {row["kept_doc_id"] for row in result.removed.to_pylist()} == {None}


def test_it_goes_from_a_document_that_has_it_twice() -> None:
    """Within a document the second one goes."""
    result = run([f"{article(0, WHOLE)}\n\n{WHOLE}"])
    (text,) = result.documents["text"].to_pylist()
    assert text == article(0, f"{OPENING} {TWICE} {END}")


@pytest.mark.parametrize(
    ("repeat", "hits", "left"),
    [
        ((50, 70, 5, 25), [(10, 20)], [10]),  # what proves it is cut before it
        ((50, 70, 5, 25), [(10, 20), (30, 40)], [10, 30]),
        ((50, 70, 25, 45), [(10, 20)], [10, 50]),
        ((0, 20, 20, 40), [(25, 30)], [0]),  # and behind it
        ((0, 20, 20, 40), [(40, 60)], [0, 40]),
    ],
)
def test_nothing_is_cut_out_of_what_proves_a_repeat(
    repeat: tuple[int, int, int, int], hits: list[tuple[int, int]], left: list[int]
) -> None:
    """Of cuts that meet, be it in what a repeat is held against, the first one stays alone."""
    paragraphs = pa.table([[0], [0], [100], [0]], schema=PARAGRAPHS)
    repeats = pa.table([[0], *([place] for place in repeat), [1.0]], schema=REPEATS)
    rows = [{"paragraph": 0, "start": start, "end": end, "rule": "a/b", "votes": None} for start, end in hits]
    cuts, _ = read_cuts(paragraphs, repeats, pa.Table.from_pylist(rows, schema=BOILERPLATE))
    assert cuts.start.tolist() == left


WIDE = "Größe und Wärme der Räume über dem Fluß waren schon längst bekannt, sagte Jörg."
SENTENCES = [OPENING, TWICE, END, WIDE, CREDIT]
JOINTS = st.sampled_from([" ", "\n", "  ", " — "])


@st.composite
def corpora(draw: st.DrawFn) -> list[str]:
    """Draw articles around paragraphs of a few sentences, some of them twice, that are copied with other breaks."""
    chosen = st.lists(st.sampled_from(SENTENCES), min_size=2, max_size=6)
    paragraphs = draw(st.lists(chosen, min_size=1, max_size=3))
    texts = []
    for number in range(draw(st.integers(2, 6))):
        sentences = draw(st.sampled_from(paragraphs))
        joint = draw(JOINTS)
        paragraph = joint.join(sentences)
        texts.append(article(number, draw(st.sampled_from([paragraph, f"Image: {paragraph}"]))))
    return texts


@settings(max_examples=60)
@given(corpora(), st.sampled_from([{}, {"keep": "longest"}, {"keep": "none"}, {"within": "document"}]))
def test_every_piece_is_proved(texts: list[str], options: dict[str, str]) -> None:
    """Whatever is cut out of whatever copies: rows are apart, proved and restored."""
    run(texts, **options)


def test_staged_or_not(tmp_path: Path) -> None:
    """The bytes are the same where the paragraph that is kept is in a shard of a file."""
    filler = [" ".join(f"word{number}y{place}" for place in range(900)) for number in range(40)]
    texts = [article(0, WHOLE), *filler, article(1, WHOLE), f"ü {article(2, WHOLE)}"]
    (tmp_path / "in.jsonl").write_text("\n".join(json.dumps({"text": text}) for text in texts))
    run_both(tmp_path / "in.jsonl", tmp_path)
    removed = pq.read_table(tmp_path / "staged" / "removed").to_pylist()
    assert [row["reason"] for row in removed] == ["repeat", *["duplicate", "repeat", "duplicate"] * 2]
    assert len({row["kept_doc_id"] for row in removed}) == 1
