"""What texts of one kind repeat amid their prose stays: headings, formulas, questions; furniture goes from there."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_sites import CONTENT, FURNITURE, HEADINGS, Page, Writer, article, furnish, headed, plain
from reference import edges as reference

import dedup
from dedup.kernels.recurrence import count_edges
from dedup.recurrence import SHARE_OF_SENTENCES

KINDS = list(CONTENT)
WITH_FURNITURE = [(kind, furniture) for kind, furniture in zip(KINDS, FURNITURE, strict=False)]
SENTENCE_OF_FEW = "appeal"
"""A sentence amid prose goes only if half of the site has it: of fewer pages it may be a step or a formula."""


def lost_and_left(pages: Sequence[Page]) -> tuple[Counter[str], Counter[str]]:
    """Give what goes of a site as boilerplate and is no furniture, and the furniture that stays."""
    texts = ["\n\n".join(line for line, _ in page) for page in pages]
    table = pa.table({"id": [str(n) for n in range(len(pages))], "text": texts, "site": ["mill.example"] * len(pages)})
    lost: Counter[str] = Counter()
    left: Counter[str] = Counter()
    gone = [Counter[str]() for _ in pages]
    for row in dedup.clean(table, duplicates=False, repeats=False).removed.to_pylist():
        assert row["reason"] == "boilerplate"
        gone[int(row["doc_id"])][row["text"].strip()] += 1
    for page, of_page in zip(pages, gone, strict=True):
        furniture = Counter(line for line, is_furniture in page if is_furniture)
        lost += of_page - furniture
        left += furniture - of_page
    return lost, left


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_kind_of_text_has_recur_stays(kind: str) -> None:
    """Judgments keep their formulas, recipes their steps, interviews their questions, manuals their headings."""
    pages = [plain(CONTENT[kind](Writer(100 + n))) for n in range(40)]
    assert max(Counter(line for page in pages for line, _ in page).values()) >= 10
    assert lost_and_left(pages) == (Counter(), Counter())


@pytest.mark.parametrize("lang", HEADINGS)
def test_headings_stay_in_any_language(lang: str) -> None:
    """The first heading below the title and the last one above the end stay as those between do."""
    pages = [plain(headed(Writer(200 + n, lang), lang)) for n in range(12)]
    assert lost_and_left(pages) == (Counter(), Counter())


@pytest.mark.parametrize("share", [0.3, 0.9])
@pytest.mark.parametrize("kind", FURNITURE)
def test_furniture_goes_from_the_edges_and_from_amid_the_text(kind: str, share: float) -> None:
    """Mastheads, menus, imprints, boxes of a series, appeals and buttons go, and nothing else does."""
    pages = []
    for n in range(40):
        write = Writer(300 + n)
        pages.append(furnish(article(write), kind, write) if n % 10 < 10 * share else plain(article(write)))
    n_lines = Counter(line for page in pages for line, is_furniture in page if is_furniture)
    stays = n_lines if kind == SENTENCE_OF_FEW and share < SHARE_OF_SENTENCES else Counter[str]()
    assert min(n_lines.values()) == 40 * share
    assert lost_and_left(pages) == (Counter(), stays)


@pytest.mark.parametrize(("kind", "furniture"), WITH_FURNITURE)
def test_furniture_goes_from_texts_that_have_much_recur(kind: str, furniture: str) -> None:
    """On the same pages the masthead goes, and the formula stays."""
    pages = []
    for n in range(30):
        write = Writer(400 + n)
        pages.append(furnish(CONTENT[kind](write), furniture, write) if n % 3 else plain(CONTENT[kind](write)))
    assert lost_and_left(pages) == (Counter(), Counter())


LONG_TOKENS, FEWEST_HEADED, N_START, N_LAST = 8, 2, 2, 3
FURNITURE_BIT, SPEECH_BIT = np.uint8(1), np.uint8(2)


@given(
    st.lists(
        st.lists(
            st.tuples(st.none() | st.integers(0, 3), st.booleans(), st.booleans(), st.booleans()),
            min_size=1, max_size=16,
        ),
        max_size=4,
    ),
    st.lists(st.booleans(), min_size=4, max_size=4),
)  # fmt: skip
def test_edges_agree_with_reference(
    documents: list[list[tuple[int | None, bool, bool, bool]]], is_candidate: list[bool]
) -> None:
    """The kernel tells edges and forms as plain Python does; a row of no candidate and what rules took are told."""
    lines = [line for document in documents for line in document]
    rows = [place for place, (known, *_) in enumerate(lines) if known is not None]
    sizes = np.cumsum([0, *map(len, documents)])
    n_tokens = np.array([LONG_TOKENS if is_long else 1 for _, is_long, _, _ in lines], dtype=np.int32)
    is_furniture = [by_rule and known is None for known, _, _, by_rule in lines]
    flags = np.array(
        [SPEECH_BIT * line[2] + FURNITURE_BIT * one for line, one in zip(lines, is_furniture, strict=True)],
        dtype=np.uint8,
    )
    out = [np.zeros(4, dtype=np.int32) for _ in range(3)]
    count_edges(
        np.arange(len(documents)), sizes, np.searchsorted(rows, sizes), np.array(rows, dtype=np.int32),
        np.array([lines[row][0] for row in rows], dtype=np.int32), np.array(is_candidate), n_tokens, flags,
        FURNITURE_BIT, SPEECH_BIT, LONG_TOKENS, FEWEST_HEADED, N_START, N_LAST, *out,
    )  # fmt: skip
    plain = [
        [
            (known if known is not None and is_candidate[known] else None, is_long and not by_rule_alone, is_sentence)
            for (known, is_long, is_sentence, _), by_rule_alone in zip(
                document, is_furniture[start : start + len(document)], strict=True
            )
        ]
        for document, start in zip(documents, sizes.tolist(), strict=False)
    ]
    expected = reference.count_edges(plain, FEWEST_HEADED, N_START, N_LAST)
    assert [[counts[one] for one in range(4)] for counts in expected] == [found.tolist() for found in out]
