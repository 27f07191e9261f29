"""Runs that stand twice in a paragraph: the kernel equals its twin, captions lose a copy, style does not."""

import os
import subprocess
import sys
import unicodedata
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from reference.repeats import Words
from reference.repeats import find_runs as reference_runs
from reference.tokens import split_tokens

from dedup.kernels.characters import load_characters
from dedup.kernels.repeats import FILTER_WORDS, find_runs, may_repeat
from dedup.kernels.tokens import MOST_MARKS, read_tokens

CAPTION = "Officials wait before the meeting in the old town hall of Vilnius, where envoys gathered for the talks."
CREDIT = "Anna Example/AP"


@pytest.fixture(autouse=True, scope="module")
def _wrapping_on_purpose() -> Iterator[None]:
    """Let hashes wrap quietly where the kernels are interpreted, for NumPy warns of it."""
    with np.errstate(over="ignore"):
        yield


def runs(text: str, least: int = 8) -> list[tuple[int, int, int, int, float]]:
    """Give the repeats of a paragraph: (start, end, kept start, kept end, similarity), in bytes."""
    data = np.frombuffer(text.encode(), dtype=np.uint8)
    room = 2 * len(data) + 2
    hashes = np.empty(room, dtype=np.uint64)
    starts, ends = np.empty(room, dtype=np.int64), np.empty(room, dtype=np.int64)
    shapes, marks = np.empty(room, dtype=np.uint8), np.empty(MOST_MARKS, dtype=np.uint32)
    n = read_tokens(data, 0, len(data), *load_characters(), marks, hashes, starts, ends, shapes)
    size = 1 << (2 * room).bit_length()
    spans, similarity = np.empty((room, 4), dtype=np.int64), np.empty(room, dtype=np.float64)
    found = find_runs(
        data, hashes, starts, ends, shapes, n, len(data), least,
        np.empty(size, dtype=np.uint64), np.empty(size, dtype=np.int64), spans, similarity, 0,
    )  # fmt: skip
    return [(*map(int, spans[row]), float(similarity[row])) for row in range(found)]


def without_repeats(text: str, least: int = 8) -> str:
    """Give the text that is left."""
    data = text.encode()
    for start, end, *_ in reversed(runs(text, least)):
        data = data[:start] + data[end:]
    return data.decode()


GAPS = st.sampled_from([" "] * 8 + [". ", ".\n", ": ", "... ", "… ", ", ", "! ", "。", " – ", "\t", " …  ", "….", "  "])
WORDS = st.sampled_from(["red", "Red", "green", "greenish", "blue", "b", "été", "7", "mp3", "gelb", "schwarz", "weiß"])


@st.composite
def doubled_words(draw: st.DrawFn) -> Words:
    """Draw words of which some stretch stands twice, whole, cut short or not at all."""
    before, run, after = (draw(st.lists(WORDS, max_size=most)) for most in (4, 14, 6))
    again = run[: draw(st.integers(0, len(run)))] if draw(st.booleans()) else run
    first, second = (run, again) if draw(st.booleans()) else (again, run)
    cut = [first[-1][:2]] if first and draw(st.booleans()) else []
    words = [*before, *first[: len(first) - len(cut)], *cut, *second, *after]
    gaps = draw(st.lists(GAPS, min_size=len(words), max_size=len(words)))
    return Words(words, [draw(st.sampled_from(["", " ", "- "])), *gaps])


@given(doubled_words(), st.integers(5, 8))
def test_runs_agree_with_reference(words: Words, least: int) -> None:
    """The kernel finds the repeats that the definition finds, to the byte."""
    text = "".join(gap + word for gap, word in zip(words.gaps, [*words.words, ""], strict=True))
    expected = [
        (*(len(text[:place].encode()) for place in spans), similarity)
        for *spans, similarity in reference_runs(words, least)
    ]
    assert runs(text, least) == expected


@given(st.lists(st.integers(0, 2**64 - 1) | st.integers(1, 3), max_size=12), st.data(), st.integers(1, 9))
def test_what_stands_twice_is_never_overlooked(tokens: list[int], data: st.DataObject, least: int) -> None:
    """Where some run of tokens stands twice, one copy after the other, may_repeat says so, and leaves no trace."""
    run = data.draw(st.lists(st.integers(0, 2**64 - 1), min_size=least, max_size=2 * least))
    cut = data.draw(st.integers(0, len(tokens)))
    doubled = np.array([*tokens[:cut], *run, *tokens[cut:], *run], dtype=np.uint64)
    seen, places = np.zeros(FILTER_WORDS, dtype=np.uint64), np.empty(len(doubled), dtype=np.int64)
    assert may_repeat(doubled, len(doubled), least, seen, places)
    assert not seen.any()


def test_words_that_all_differ_do_not_seem_to_repeat() -> None:
    """The paragraphs of an ordinary length that nothing repeats in need not be searched, but for one in twenty."""
    generator = np.random.RandomState(1)
    seen, places = np.zeros(FILTER_WORDS, dtype=np.uint64), np.empty(70, dtype=np.int64)
    tokens = generator.randint(0, 1 << 63, (200, 70)).astype(np.uint64) * np.uint64(2)
    assert sum(may_repeat(row, 70, 8, seen, places) for row in tokens) <= 10
    assert not seen.any()


@given(
    st.lists(st.sampled_from([CAPTION, CAPTION[:60], "...", "…", "¦", "⦀", "〦", " ", "\u2026", "é", ". "]), max_size=9)
)
@example([CAPTION, " ", CAPTION[:60], "...", "⦀", " ", CREDIT])
def test_runs_never_cut_a_character(pieces: list[str]) -> None:
    """What is left of a paragraph is valid text, and each span lies within it."""
    text = "".join(pieces)
    for start, end, kept_start, kept_end, _ in runs(text):
        assert 0 <= start < end <= len(text.encode())
        assert text.encode()[start:end].decode() != ""
        assert text.encode()[kept_start:kept_end].decode() != ""
        assert end <= kept_start or start >= kept_end


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (f"{CAPTION} {CAPTION} {CREDIT}", f"{CAPTION} {CREDIT}"),
        (f"{CAPTION[:70]}... {CAPTION} {CREDIT}", f"{CAPTION} {CREDIT}"),
        (f"{CAPTION} {CAPTION[:70]}... {CREDIT}", f"{CAPTION} {CREDIT}"),
        (f"Image: {CAPTION} {CAPTION} {CREDIT}", f"Image: {CAPTION} {CREDIT}"),
        (f"{CAPTION}\n{CAPTION}", CAPTION),
    ],
    ids=["in full", "first cut short", "second cut short", "after a label", "over a line break"],
)
def test_a_doubled_caption_loses_one_copy(text: str, left: str) -> None:
    """The complete copy stays, and what stands behind it."""
    assert without_repeats(text) == left


@pytest.mark.parametrize(
    "text",
    [
        "We shall fight on the beaches, we shall fight on the landing grounds, we shall fight in the fields.",
        "row row row your boat gently down the stream row row row your boat gently down the stream",
        "Na na na na na na na na, na na na na na na na na, na na na na na na na na, na na na na na na na na",
        "1 2 3 4 5 6 7 8 9 10 1 2 3 4 5 6 7 8 9 10",
        "yes no yes no yes no yes no yes no yes no yes no yes no yes no yes no",
        "| 12 | 14 | 16 | 18 | 20 | 22 | 24 | 26 | 12 | 14 | 16 | 18 | 20 | 22 | 24 | 26 |",
        "London is the capital. London is the capital.",
        "She said that she would never go back to the house on the hill. She said that she would never go back to "
        "the house on the hill unless they paid her.",
        "- apples and pears - plums and figs - apples and plums - pears and figs - apples and pears and figs",
    ],
    ids=["refrain", "round", "chant", "numbers", "two words", "table row", "short", "anaphora", "list"],
)
def test_style_stays(text: str) -> None:
    """Refrains, chants, rows of figures and sentences that begin alike are no repeats."""
    assert runs(text) == []


@pytest.mark.skipif(os.environ.get("NUMBA_DISABLE_JIT") == "1", reason="so long a text takes a minute interpreted")
def test_repeats_of_characters_that_hold_many_tokens_stay_within_bounds() -> None:
    """One character may hold six tokens in three bytes: as many repeats as such a text has find room."""
    run = "\u3316\u3307\u3318\u3322."
    text = run * 2000
    result = subprocess.run(
        [sys.executable, "-c", f"import dedup; print(len(dedup.clean([{run!r} * 2000], boilerplate=False).texts[0]))"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert int(result.stdout) < len(text)


def test_no_character_holds_more_than_two_tokens_a_byte() -> None:
    """What the arrays of tokens and repeats are sized by holds for every character there is."""
    for code in range(0x110000):
        char = chr(code)
        if unicodedata.decomposition(char).startswith("<"):
            assert len(split_tokens(char)) <= 2 * len(char.encode()), hex(code)
