"""The kernels that split texts equal their plain-Python twin, byte for byte, on whatever text they are given."""

import os
from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from reference.lines import WHITE_SPACE, read_lines
from reference.paragraphs import byte_place, split_paragraphs

from dedup import paragraphs
from dedup.kernels import needs
from dedup.schemas import DOCUMENTS
from dedup.settings import Settings

MODES = ["auto", "line", "block"]

WORDS = [
    "the",
    "of",
    "manual",
    "Page",
    "été",
    "end.",
    "configuration",
    "is",
    "WIDE",
    "1.",
    "-",
    "Żaba",
    "東京。",
    "(a)",
]
LINES = [
    "", "", "", " ", ".", "> ", ">", "---", "+++", "```", "```python", "````", "~~~", "~~~~ x", "``` a`b", "-----",
    "=====", "*", "--", "title: A text", "key = value", "Key: value", "Subject: of a mail", "From nobody at all",
    ">From a mail", "| quoted by a bar", "| a | b |", "|---|:-:|", "--- | ---", "a | b", "a \\| b | c", ":-- |",
    "- an item", "* another", "+ a third", "o  an item of old", "12. ordered", "(iv) ordered", "b) ordered", "• round",
    "# Heading", "## Heading", "#hash", "# comment", "HEADING IN CAPITALS", "  indented text that goes on",
    "\tafter a tab", "a line of prose that is long enough to be one of a text that was wrapped", "and so it goes on to",
    "the next line without a stop, as lines of wrapped text do it, up to the margin on", "THE SAME IN CAPITALS, WHICH",
    "IS HOW WARRANTIES ARE DISCLAIMED, IN SENTENCES THAT NEVER COME TO AN END BEFORE", "It ends here.", "x" * 121,
    "Page 1", "Page 2", "Page 3", "[Page 7]", "- 3 -", "4", "5", "A Book of Pages          6", "Chapter 3", "1990",
    "日本語の文章は", "これで終わる。", "И так далее", "и дальше", "Ürün", "ūkis", "\u3000全角", "end\u201d", "\x00",
]  # fmt: skip
QUOTES = ["", "", "", "> ", ">", ">> ", "> > ", "| ", "  > ", "   > "]
BREAKS = ["\n", "\n", "\n", "\n", "\r\n", "\r", "\f", "\n\f", "\n\n"]

pieces = st.sampled_from(["word ", "lorem ipsum dolor ", "été ", "Begins ", "stops. ", "a" * 45, *BREAKS, *WHITE_SPACE])
characters = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
loose_texts = st.lists(pieces | characters, max_size=60).map("".join)


@st.composite
def wrapped_texts(draw: st.DrawFn) -> str:
    """Draw words set in lines of about one width, as mail and manuals are, some of them spoilt."""
    width = draw(st.integers(30, 130))
    quote = draw(st.sampled_from(QUOTES))
    text, column = quote, 0
    for word in draw(st.lists(st.sampled_from(WORDS), max_size=150)):
        if column and column + 1 + len(word) > width + draw(st.sampled_from([0, 0, 0, -9])):
            text += draw(st.sampled_from(["\n", "\n", "\n", "\n  ", "\r\n", "\n\n"])) + quote
            column = 0
        text += (" " if column else "") + word
        column += 1 + len(word)
    return text


@st.composite
def lined_texts(draw: st.DrawFn) -> str:
    """Draw lines that each begin or end something, or look as if they did."""
    text = ""
    for line in draw(st.lists(st.sampled_from(LINES), max_size=40)):
        text += draw(st.sampled_from(QUOTES)) + line + draw(st.sampled_from(BREAKS))
    return text


@st.composite
def paged_texts(draw: st.DrawFn) -> str:
    """Draw pages with headers and footers, which may count, and breaks that may be form feeds or blank lines."""
    header = draw(st.sampled_from(["", "A BOOK OF PAGES", "{}", "{}    A Book", "Some Book     {}", "Chapter {}"]))
    footer = draw(st.sampled_from(["", "Author   A Standard   [Page {}]", "- {} -", "{}", "{} / 12", "May 1999"]))
    first = draw(st.integers(0, 12))
    n_lines = draw(st.integers(0, 26))
    evenly = draw(st.booleans())
    text = ""
    for page in range(draw(st.integers(1, 7))):
        body = draw(st.lists(st.sampled_from(LINES), max_size=n_lines))
        body += [""] * (n_lines - len(body)) if evenly else []
        gap = draw(st.sampled_from([[], [""], [""]]))
        rows = [header.format(page + first), *gap, *body, *gap, footer.format(page + first)]
        text += "\n".join(rows) + draw(st.sampled_from(["\n\f", "\f", "\n\n\n"]) if not evenly else st.just("\n\n\n"))
    return text


@pytest.fixture(autouse=True, scope="module")
def _wrapping_on_purpose() -> Iterator[None]:
    """Let hashes wrap quietly where the kernels are interpreted, for NumPy warns of it."""
    with np.errstate(over="ignore"):
        yield


def split(text_list: list[str], mode: str) -> list[tuple[int, int, int, int]]:
    """Give (text, start, end, kind) of every paragraph, in bytes."""
    n = len(text_list)
    columns = [[f"d{row}" for row in range(n)], text_list, ["memory"] * n, list(range(n))]
    documents = pa.table([pa.array(c, f.type) for c, f in zip(columns, DOCUMENTS, strict=True)], schema=DOCUMENTS)
    found = paragraphs.split_paragraphs(documents, Settings(paragraphs=mode))
    return list(zip(*(column.to_pylist() for column in found.columns), strict=True))


def define(text_list: list[str], mode: str) -> list[tuple[int, int, int, int]]:
    """Give the same by the definition."""
    return [
        (place, byte_place(text, start), byte_place(text, end), kind)
        for place, text in enumerate(text_list)
        for start, end, kind in split_paragraphs(text, mode)
    ]


@given(st.lists(loose_texts | lined_texts(), max_size=4), st.sampled_from(MODES))
@example(["```\n~~~\n```\n~~~", "|a|\n|-|\n|b|\n"], "auto")
@example(["> ```\n> x\n```\n> ```"], "block")
def test_paragraphs_agree_with_reference(text_list: list[str], mode: str) -> None:
    """Paragraphs of texts side by side are those of each text alone."""
    assert split(text_list, mode) == define(text_list, mode)


@given(wrapped_texts())
def test_wrapped_texts_are_split_as_in_reference(text: str) -> None:
    """The kernel and the definition agree on which lines were cut to a width."""
    assert split([text], "auto") == define([text], "auto")


@given(paged_texts(), st.sampled_from(MODES))
def test_pages_are_split_as_in_reference(text: str, mode: str) -> None:
    """The kernel and the definition agree on what is the furniture of pages."""
    assert split([text], mode) == define([text], mode)


@given(st.lists(loose_texts | lined_texts() | paged_texts() | wrapped_texts(), max_size=3), st.sampled_from(MODES))
def test_texts_are_spared_only_what_would_not_change_them(text_list: list[str], mode: str) -> None:
    """What a text is found not to need changes nothing in it."""

    def read_needy(*arguments: Any) -> int:
        n = needs.read_texts(*arguments)
        arguments[-1][:n] = needs.MARKS | needs.PAGES | (0 if mode == "line" else needs.JOINS)
        return n

    expected = split(text_list, mode)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(paragraphs, "read_texts", read_needy)
        assert split(text_list, mode) == expected


@given(loose_texts | lined_texts() | paged_texts(), st.sampled_from(MODES))
def test_paragraphs_are_apart_in_order_and_trimmed(text: str, mode: str) -> None:
    """Paragraphs never meet, are in order, have no white space at their ends, and leave out only marks and blanks."""
    data = text.encode()
    at = 0
    for _, start, end, _ in split([text], mode):
        assert at <= start < end
        for line in read_lines(data[at:start].decode()):
            assert line.text == ""
        found = data[start:end].decode()
        assert found == found.strip(WHITE_SPACE)
        at = end
    assert all(line.text == "" for line in read_lines(data[at:].decode()))


@pytest.mark.parametrize("line", ["```x\n", "~~~ x\n", "> ```x\n", "a | b\n", "> a\n>> b\n", "Page 1\n\n", "\f1\n"])
def test_time_is_linear_whatever_recurs(line: str) -> None:
    """A hundred thousand lines that each could open something are split, and cost what other lines cost."""
    text = line * (100 if os.environ.get("NUMBA_DISABLE_JIT") == "1" else 100_000)
    assert split([text], "auto")
