"""Who stays: the kernels equal their plain-Python twins, whatever is left out because it cannot matter."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from reference.resolution import Limits, Line
from reference.resolution import resolve as reference_resolve

from dedup.kernels.resolution import MAY_GO, STAYS, find_pairs, resolve, share_equals

TAKES_PART, IS_VERBATIM, REPEATS_ITSELF = np.uint8(1), np.uint8(2), np.uint8(4)
LENGTHS = {text: 3 * place % 17 for place, text in enumerate("abcdefgh")}
"""Tokens of the distinct texts: some too short to go, some too short to be a passage, two of equal length."""
LIMITS = Limits(min_tokens=4, passage_tokens=10, copy_share=0.7)


def line(text: str, *, takes_part: bool = True, is_verbatim: bool = False, repeats_itself: bool = False) -> Line:
    return Line(text, LENGTHS[text], takes_part, is_verbatim, repeats_itself)


def flags_of(found: Line) -> int:
    return found.takes_part * TAKES_PART | found.is_verbatim * IS_VERBATIM | found.repeats_itself * REPEATS_ITSELF


plain = st.sampled_from("abcdefgh").map(line)
lines = plain | st.builds(
    line,
    st.sampled_from("abcdefgh"),
    takes_part=st.booleans(),
    is_verbatim=st.booleans(),
    repeats_itself=st.booleans(),
)


@st.composite
def corpora(draw: st.DrawFn) -> tuple[list[list[Line]], list[int], list[int], dict[str, list[str]], Limits]:
    """Draw documents made of a few texts, copies of other documents among them, in any order of rank."""
    documents: list[list[Line]] = []
    for _ in range(draw(st.integers(1, 8))):
        pool = st.lists(plain, max_size=8) | st.lists(lines, max_size=5)
        base = draw(st.sampled_from(documents)) if documents and draw(st.booleans()) else []
        documents.append(base[draw(st.integers(0, 2)) :] + draw(pool))
    texts = [[found.text for found in document if found.takes_part] for document in documents]
    twins = [texts.index(text) if text and draw(st.integers(0, 3)) else -1 for text in texts]
    likes = st.lists(st.sampled_from("abcdefgh"), max_size=3, unique=True)
    may_go_for = {text: [other for other in draw(likes) if other != text] for text in draw(likes)}
    order = draw(st.permutations(range(len(documents))) | st.just(list(range(len(documents)))))
    return documents, list(order), twins, may_go_for, Limits(4, 10, draw(st.sampled_from([0.3, 0.7, 1.0, 2.0])))


def run(documents, order, twins, may_go_for, limits, cut: int):
    """Give what the kernel decides, the ranks handed over in two calls."""
    flat = [(d, at, found) for d, document in enumerate(documents) for at, found in enumerate(document)]
    first_of: dict[str, int] = {}
    for place, (_, _, found) in enumerate(flat):
        first_of.setdefault(found.text, place)
    pairs = [(first_of[a], first_of[b]) for a, others in may_go_for.items() for b in others if {a, b} <= set(first_of)]
    pairs.sort(key=lambda pair: pair[0])  # stable: the best stays first
    n, p = len(documents), len(flat)
    marks = np.zeros(p, dtype=np.uint8)
    marks[[pair[0] for pair in pairs]] = MAY_GO
    copy_of, doc_holder = (np.full(n, STAYS, dtype=np.int32) for _ in range(2))
    kept, holder = np.full(p, STAYS, dtype=np.int32), np.full(p, -1, dtype=np.int32)
    tally = np.zeros(n, dtype=np.int64)
    for ranks in (order[:cut], order[cut:]):
        resolve(
            np.array(ranks, dtype=np.int64),
            np.cumsum([0, *map(len, documents)]).astype(np.int64),
            np.array(twins, dtype=np.int64),
            np.array([found.n_tokens for _, _, found in flat], dtype=np.int32),
            np.array([first_of[found.text] for _, _, found in flat], dtype=np.int32),
            np.array([d for d, _, _ in flat], dtype=np.int32),
            np.array([flags_of(found) for _, _, found in flat], dtype=np.uint8),
            TAKES_PART,
            IS_VERBATIM,
            REPEATS_ITSELF,
            limits.min_tokens,
            limits.passage_tokens,
            limits.copy_share,
            np.array([pair[0] for pair in pairs], dtype=np.int32),
            np.array([pair[1] for pair in pairs], dtype=np.int32),
            marks,
            np.empty(max(map(len, documents)), dtype=np.int32),
            doc_holder,
            tally,
            copy_of,
            kept,
            holder,
        )
    assert set(marks.tolist()) <= {0, int(MAY_GO)}  # no mark is left behind
    assert not tally.any()
    places = [(d, at) for d, at, _ in flat]
    return (
        {d: int(source) for d, source in enumerate(copy_of) if source >= 0},
        {place: places[copy] for place, copy in zip(places, kept, strict=True) if copy >= 0},
        {text: places[holder[place]] for text, place in first_of.items() if holder[place] >= 0},
    )


@given(corpora(), st.integers(0, 8))
@example(([[line("b")], [line("f"), line("b")], [line("f"), line("b")]], [0, 1, 2], [-1] * 3, {}, LIMITS), 1)
def test_resolution_agrees_with_reference(corpus, cut: int) -> None:
    """Copies, kept copies and those that stay are those of the definition, wherever the ranks are cut.

    The example: a short line that stands elsewhere first tells nothing of its document, so that marks must.
    """
    assert run(*corpus, cut) == reference_resolve(*corpus)


@pytest.mark.parametrize("seed", range(20))
def test_longer_paragraphs_are_judged_first(seed: int) -> None:
    """In a document of many lines the order is that of the definition: by length, then by place."""
    random = np.random.RandomState(seed)
    document = [line("abcdefgh"[at]) for at in random.randint(0, 8, random.randint(1, 60))]
    may_go_for = {text: [other for other in "hgfedcba" if other != text] for text in "abcdefgh"}
    corpus = ([document, document[::-1]], [1, 0], [-1, -1], may_go_for, LIMITS)
    assert run(*corpus, 1) == reference_resolve(*corpus)


@given(st.lists(st.lists(st.integers(0, 9), max_size=6), min_size=1, max_size=6), st.data())
def test_shared_equals_are_those_of_sets(documents: list[list[int]], data: st.DataObject) -> None:
    """Two documents share an equal if the sets of their long paragraphs meet."""
    flat = [text for document in documents for text in document]
    place = st.integers(0, len(documents) - 1)
    pairs = sorted(data.draw(st.lists(st.tuples(place, place), max_size=8)))
    shared = np.empty(len(pairs), dtype=np.bool_)
    marks = np.zeros(len(flat), dtype=np.bool_)
    share_equals(
        np.array([pair[0] for pair in pairs], dtype=np.int32),
        np.array([pair[1] for pair in pairs], dtype=np.int32),
        np.cumsum([0, *map(len, documents)]).astype(np.int64),
        np.array([flat.index(text) for text in flat], dtype=np.int32),
        np.array(flat, dtype=np.int32),  # a text that is as many tokens long as it says
        5,
        marks,
        shared,
    )
    long = [{text for text in document if text >= 5} for document in documents]
    assert shared.tolist() == [bool(long[larger] & long[smaller]) for larger, smaller in pairs]
    assert not marks.any()


@given(st.sets(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1), st.data())
def test_pairs_are_found_where_they_are(pairs: set[tuple[int, int]], data: st.DataObject) -> None:
    ordered = sorted(pairs, key=lambda pair: (pair[1], pair[0]))
    wanted = data.draw(st.lists(st.sampled_from(ordered)))
    left, right = (np.array([pair[side] for pair in ordered], dtype=np.int64) for side in (0, 1))
    wanted_left, wanted_right = (np.array([pair[side] for pair in wanted], dtype=np.int32) for side in (0, 1))
    places = np.empty(len(wanted), dtype=np.int64)
    find_pairs(left, right, wanted_left, wanted_right, places)
    assert [ordered[place] for place in places] == wanted
