"""Every removal is proved: held, over generated documents, by the texts alone."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reference.corpus import find_broken_promises, make_documents
from reference.tokens import containment

import dedup

KINDS = [
    {},
    {"similarity": 0.8},
    {"similarity": 0.5, "allow_different_facts": True},
    {"keep": "longest", "allow_different_facts": True},
    {"within": "document", "allow_different_facts": True},
    {"shingle_tokens": 3, "similarity": 0.4},
    {"min_tokens": 1, "min_near_tokens": 1, "allow_different_facts": True, "similarity": 0.3},
    {"repeats": False, "copy_share": 0.6, "allow_different_facts": True},
]


def by_id(texts: list[str]) -> dict[str, str]:
    return {f"d{place:04}": text for place, text in enumerate(texts)}


def clean(texts: list[str], **changes) -> dedup.Result:
    return dedup.clean([{"id": doc_id, "text": text} for doc_id, text in by_id(texts).items()], **changes)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("changes", KINDS, ids=lambda changes: "-".join(map(str, changes.values())) or "default")
def test_every_removal_is_proved(changes, seed: int) -> None:
    """Each kept copy is itself kept, each similarity as said and at the threshold, each text accounted for."""
    texts = make_documents(seed)
    result = clean(texts, **changes)
    settings = dedup.Settings(**changes)
    assert find_broken_promises(by_id(texts), result, settings.similarity, settings.shingle_tokens) == []


def test_generated_documents_give_every_kind_of_removal() -> None:
    """The test above judges something: duplicates, near-duplicates, whole documents and repeats all occur."""
    found: Counter[str] = Counter()
    for seed in range(4):
        found.update(clean(make_documents(seed), allow_different_facts=True).removed["reason"].to_pylist())
    assert min(found[reason] for reason in ("duplicate", "near-duplicate", "duplicate-document", "repeat")) >= 2


WORDS = [f"{head}{tail}" for head in ("kar", "lom", "vest", "dun", "pol") for tail in ("a", "en", "is", "ok", "um", "")]
lines = st.lists(st.sampled_from(WORDS), min_size=1, max_size=24).map(" ".join)


@st.composite
def families(draw: st.DrawFn) -> list[str]:
    """Draw a few lines and many copies of them, each edited a little, over some documents."""
    bases = draw(st.lists(lines, min_size=1, max_size=3))
    texts = []
    for _ in range(draw(st.integers(1, 6))):
        copies = []
        for _ in range(draw(st.integers(1, 4))):
            words = draw(st.sampled_from(bases)).split()
            for _ in range(draw(st.integers(0, 3))):
                place = draw(st.integers(0, len(words)))
                words[place : place + draw(st.integers(0, 2))] = draw(st.lists(st.sampled_from(WORDS), max_size=1))
            copies.append(" ".join(words))
        texts.append(draw(st.sampled_from(["\n", "\n\n"])).join(copies))
    return texts


@given(families(), st.booleans(), st.sampled_from(["first", "longest"]))
def test_no_chain_of_likenesses_removes_anything(texts: list[str], allow: bool, keep: str) -> None:
    """Whatever families of edited copies there are, what goes is held against what stays."""
    result = clean(texts, allow_different_facts=allow, keep=keep, min_near_tokens=10, similarity=0.4)
    assert find_broken_promises(by_id(texts), result, 0.4) == []


def test_a_chain_keeps_its_ends() -> None:
    """B is like A and C like B, but C is not like A: B goes, C stays."""
    words = [f"word{place}" for place in range(60)]
    chain = [" ".join(words[first : first + 40]) for first in (0, 10, 20)]
    result = clean(chain, similarity=0.55, allow_different_facts=True)
    assert result.documents["doc_id"].to_pylist() == ["d0000", "d0002"]
    assert result.removed["kept_doc_id"].to_pylist() == ["d0000"]


CAPTION = "Officials wait before the meeting in the old town hall of Vilnius, where envoys gathered for the long talks."
ALIKE = CAPTION.replace("wait", "waited").replace("talks", "talks today")
CREDIT = "The picture was taken by Anna Example on a cold evening of last winter near the river."
SHAPES = [
    "{x}. {y}.", "{x}. {x}. {y}.", "{x}. {x}.", "Image: {x}. {x}. {y}.", "{cut}... {x}. {y}.", "{x}. {cut}... {y}.",
    "{y}. {x}. {x}.", "{x}. {x}. {x}. {y}.", "{x}. {x}. {y}. {y}.", "{x}. {x}. Reuters contributed to this report.",
]  # fmt: skip
"""Paragraphs of two sentences that repeat themselves at an edge, in the middle, or not."""


@st.composite
def captions(draw: st.DrawFn) -> list[str]:
    """Draw documents of captions made of a few sentences, edited a little, most of which are there twice."""
    sentence = st.lists(st.sampled_from(WORDS), min_size=9, max_size=14, unique=True)
    bases = draw(st.lists(sentence, min_size=2, max_size=4))

    def edited() -> str:
        words = list(draw(st.sampled_from(bases)))
        for _ in range(draw(st.integers(0, 2))):
            place = draw(st.integers(0, len(words)))
            words[place : place + draw(st.integers(0, 2))] = draw(st.lists(st.sampled_from(WORDS), max_size=1))
        return " ".join(words)

    texts = []
    for place in range(draw(st.integers(2, 6))):
        paragraphs = [" ".join(f"own{place}x{word}" for word in range(40))] if draw(st.booleans()) else []
        for _ in range(draw(st.integers(1, 3))):
            x, y = edited(), edited()
            cut = x[: draw(st.integers(len(x) // 2, len(x)))]
            paragraphs.append(draw(st.sampled_from(SHAPES)).format(x=x, y=y, cut=cut))
        texts.append(draw(st.sampled_from(["\n", "\n\n"])).join(paragraphs))
    return texts


@given(captions(), st.booleans(), st.sampled_from(["first", "longest"]))
def test_repeats_are_proved_whatever_goes_beside_them(texts: list[str], allow: bool, keep: str) -> None:
    """What goes of a paragraph as a repeat of itself is held against text that stays and has as much of it as said.

    Where a whole document goes, no paragraph is its own, be it cut anywhere: the kept one has some of what each says.
    """
    result = clean(texts, allow_different_facts=allow, keep=keep, similarity=0.4, paragraphs="line")
    originals = by_id(texts)
    assert find_broken_promises(originals, result, 0.4) == []
    for row in result.removed.to_pylist():
        if row["reason"] == "duplicate-document":
            lines = [line for line in row["text"].split("\n") if len(line.split()) > 20]
            assert all(containment(line, originals[row["kept_doc_id"]], 2) >= 0.2 for line in lines)


@pytest.mark.parametrize("allow", [False, True])
@pytest.mark.parametrize("earlier", [[f"{ALIKE} {CREDIT}"], [f"{ALIKE} {CREDIT}", f"{CAPTION} {CREDIT}"]])
def test_a_repeat_stays_provable(earlier: list[str], allow: bool) -> None:
    """A paragraph of which a repeat goes is no near-duplicate, not even if an equal of its rest is: the proof stays."""
    own = " ".join(f"own{place}" for place in range(60))
    texts = [*earlier, f"{CAPTION} {CAPTION} {CREDIT}\n{own}"]
    result = clean(texts, allow_different_facts=allow)
    assert find_broken_promises(by_id(texts), result, 0.5) == []
    (repeat,) = [row for row in result.removed.to_pylist() if row["reason"] == "repeat"]
    assert (repeat["doc_id"], repeat["kept_doc_id"], repeat["similarity"]) == (*[f"d{len(earlier):04}"] * 2, 1.0)


def test_a_paragraph_that_repeats_itself_in_the_middle_counts_in_its_document() -> None:
    """A document is no copy if such a paragraph is its own, and is one if it stands in the other document too."""
    story = " ".join(f"word{place}" for place in range(60))
    image = f"Image: {CAPTION} {CAPTION} {CREDIT}"
    own = clean([story, f"{story}\n{image}"])
    assert own.documents["text"].to_pylist() == [story, f"Image: {CAPTION} {CREDIT}"]
    shared = clean([f"{story}\n{image}", f"{story}\n{image}\nThree more words"])
    assert shared.removed["reason"].to_pylist() == ["repeat", "duplicate-document"]


def test_boilerplate_is_nobodys_kept_copy() -> None:
    """A line that goes as boilerplate goes everywhere, and by rule."""
    story = "The council met on Tuesday to discuss the new bridge over the river, which was closed since the floods."
    texts = [f"{story} {place}\nReuters contributed to this report." for place in ("North", "South", "East")]
    removed = clean(texts).removed.to_pylist()
    credits = [row for row in removed if "Reuters" in row["text"] and row["reason"] != "duplicate-document"]
    assert {row["reason"] for row in credits} == {"boilerplate"}
    assert {row["kept_doc_id"] for row in credits} == {None}
