"""Legal words are counted exactly in ASCII, and within bounds in anything else."""

from collections import Counter
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from reference.legal import count_legal_words as count_by_definition
from reference.tokens import normal_form, split_tokens

from dedup.boilerplate import protection
from dedup.boilerplate.patterns import Pattern
from dedup.boilerplate.protection import READ_BYTES, STUB_TOKENS, TITLE_CHARS, Bodies, is_legal_document
from dedup.boilerplate.table import RULE_FILES
from dedup.boilerplate.tokens import tokens_of
from dedup.kernels.characters import load_characters
from dedup.kernels.legal_words import (
    HEADS,
    N_BOUNDS,
    bound_legal_words,
    count_legal_words,
    count_phrases,
    head_of,
    lay_out_words,
    make_word_table,
)
from dedup.token_tables import token_hashes

WORDS = ("license", "gpl", "k2", "terms", "redistribution", "responsabilitesolidaire")
PIECES = st.sampled_from(
    [
        "license",
        "License",
        "GPL",
        "K2",
        "terms",
        "Redistribution",
        "redistributio",
        "responsabilitesolidaire",
        "word",
        "a word of more than sixteen letters " * 3,
        "x" * 70,
        "a",
        "9",
        " ",
        " ",
        "\n",
        "_",
        "-",
        ".",
        "é",
        "—",
        "中",
        "\u0301",
    ]
)
TEXTS = st.lists(PIECES | st.characters(codec="utf-8"), max_size=30).map("".join)
PARAGRAPHS = st.lists(st.tuples(TEXTS, st.booleans()), max_size=5)
GAPS = st.sampled_from(["", "\n", "\r\n  ", "|", "\u3000"])


@pytest.fixture(autouse=True, scope="module")
def _wrapping_on_purpose() -> Iterator[None]:
    """Let hashes wrap quietly where the kernels are interpreted, for NumPy warns of it."""
    with np.errstate(over="ignore"):
        yield


def lay_out(paragraphs: list[tuple[str, bool]], gap: str = "") -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Give bytes, spans and which are left out; gap: what stands behind each paragraph."""
    sizes = np.array([len(text.encode()) for text, _ in paragraphs], dtype=np.int64)
    ends = np.cumsum(sizes + len(gap.encode())) - len(gap.encode())
    spans = np.column_stack([ends - sizes, ends])
    data = np.frombuffer("".join(text + gap for text, _ in paragraphs).encode(), dtype=np.uint8)
    return data, spans, np.array([is_left_out for _, is_left_out in paragraphs], dtype=np.bool_)


@given(PARAGRAPHS, st.sampled_from([1, 5, 20, 1000]), GAPS)
@example([("terms", False), ("gp", False), ("l", False)], 1000, "")  # a paragraph ends a token
@example([("license", False), ("terms", False)], 8, "\n")
@example([("license", False), ("terms", True), ("gpl", False)], 1000, "\n")
@example([("x" * 64 + "license", False), ("x" * 57 + " license", False)], 1000, "\n")  # over the edge of a block
def test_the_count_is_exact_or_bounded(paragraphs: list[tuple[str, bool]], most_bytes: int, gap: str) -> None:
    """At most so many legal words, at least so many tokens; neither is another number where all is ASCII."""
    data, spans, is_left_out = lay_out(paragraphs, gap)
    counts, bounds = np.empty(2, dtype=np.int64), np.empty(N_BOUNDS, dtype=np.int64)
    table = make_word_table([WORDS, WORDS[:1]])
    bound_legal_words(data, spans[:, 0], spans[:, 1], is_left_out, most_bytes, *table, counts, bounds)
    read, room = [], most_bytes
    for text, left_out in paragraphs:
        if not left_out and room > 0:
            read.append(text.encode()[:room].decode("utf-8", "replace"))
            room -= len(text.encode())
    n_legal, n_tokens = count_by_definition(read, WORDS)
    n_of_first, _ = count_by_definition(read, WORDS[:1])
    at_most, most_of_first = counts.tolist()
    at_least, is_odd, has_letter, has_wide = bounds.tolist()
    others = {character for text in read for character in text if not character.isascii()}
    assert has_letter or not any(split_tokens(character) for character in others)
    assert has_wide or not any(split_tokens(character) for character in others if len(character.encode()) > 2)
    assert bool(is_odd) == any(odd in text for odd in "\u212a\u0130" for text in read)
    if not is_odd:
        assert at_most >= n_legal
        assert at_least <= n_tokens
    if not others:
        assert (at_most, most_of_first, at_least) == (n_legal, n_of_first, n_tokens)


@given(st.text(st.sampled_from("\u00a0§©«®°·»‐–—‘’“”•…‧"), min_size=1))
def test_signs_are_no_letters(text: str) -> None:
    """The signs of English prose do not make a document one that must be read whole."""
    bounds = np.empty(N_BOUNDS, dtype=np.int64)
    data, spans, is_left_out = lay_out([(text, False)])
    table = make_word_table([WORDS])
    bound_legal_words(data, spans[:, 0], spans[:, 1], is_left_out, 1000, *table, np.empty(1, dtype=np.int64), bounds)
    assert bounds.tolist() == [0, 0, 0, 0]


TOKENS = ("license", "terms", "été", "lizenz", "лицензия", "條")


@given(st.lists(PARAGRAPHS, max_size=3), st.sampled_from([1, 20, 1000, 3000]), st.data())
@example([[("license été " * 200, False)]], 3000, None)  # more tokens than are read at once
def test_tokens_are_counted_as_they_are_split(
    texts: list[list[tuple[str, bool]]], most_bytes: int, draw: st.DataObject | None
) -> None:
    """In any script, for the documents asked about, and as far as they are read."""
    spans = lay_out([paragraph for text in texts for paragraph in text])
    first = np.cumsum([0, *map(len, texts)])
    asked = list(range(len(texts)))
    if draw is not None:
        asked = [number for number in asked if draw.draw(st.booleans())]
    sets = [TOKENS, TOKENS[2:]]
    table = lay_out_words(dict(zip(token_hashes(" ".join(TOKENS)).tolist(), TOKENS, strict=True)), sets)
    counts, kinds = np.empty((len(asked), 2), dtype=np.int64), np.empty((len(asked), 2), dtype=np.int64)
    n_tokens = np.empty(len(asked), dtype=np.int64)
    data, (starts, ends), is_left_out = spans[0], np.ascontiguousarray(spans[1].T), spans[2]
    count_legal_words(
        np.array(asked, dtype=np.int64), data, starts, ends, first, is_left_out, most_bytes, *load_characters(), *table,
        counts, kinds, n_tokens,
    )  # fmt: skip
    for place, number in enumerate(asked):
        tokens, room = [], most_bytes
        for text, left_out in texts[number]:
            if not left_out and room > 0:
                tokens += split_tokens(text.encode()[:room].decode("utf-8", "replace"))
                room -= len(text.encode())
        legal = [[token for token in tokens if token in map(normal_form, of_set)] for of_set in sets]
        assert (counts[place].tolist(), n_tokens[place]) == ([*map(len, legal)], len(tokens))
        assert kinds[place].tolist() == [len(set(of_set)) for of_set in legal]


@given(
    st.text(st.sampled_from("条款法a"), max_size=30),
    st.lists(st.text(st.sampled_from("条款法"), min_size=2, max_size=4), max_size=5, unique=True),
)
@example("条条条", ["条条"])
@example("条款法", ["条款法", "款法", "条款"])
def test_phrases_are_counted_each_by_itself(text: str, phrases: list[str]) -> None:
    """One may hold another, or itself."""
    codes, pieces = (np.frombuffer(form.encode("utf-32-le"), dtype=np.uint32) for form in (text, "".join(phrases)))
    first = np.cumsum([0, *map(len, phrases)])
    is_head = np.zeros(HEADS, dtype=np.bool_)
    is_head[head_of(pieces[first[:-1]], pieces[first[:-1] + 1])] = True
    times = np.zeros(len(phrases), dtype=np.int64)
    count_phrases(codes, pieces, first, is_head, np.zeros(len(phrases), dtype=np.int64), times)
    assert times.tolist() == [text.count(phrase) for phrase in phrases]


LEGAL = st.sampled_from(
    [
        "the licence, ",
        "warranty ",
        "Terms of Use",
        "copyright — ",
        "© ",
        "a word ",
        "of “prose” ",
        "İ K ",
        "été ",
        "著作权 ",
        "лицензия ",
    ]
)


def is_legal_text(paragraphs: list[str], *, opens_with_notice: bool) -> bool:
    """Tell a legal text by all of its tokens, without bounds."""
    files = list(RULE_FILES.values())
    patterns = protection._join_titles(tuple(file.legal_titles for file in files if file.legal_titles is not None))
    sizes = [len(paragraph.encode()) for paragraph in paragraphs]
    starts = [paragraphs[place][:TITLE_CHARS] for place in protection._places_of_titles(sizes)]
    if any(protection._is_title(start, patterns) for start in starts):
        return True
    text, sets = "\n".join(paragraphs), protection._sets(files)
    counts = Counter(tokens_of(text))
    if opens_with_notice and counts.total() <= STUB_TOKENS:
        return True
    of_sets = [[counts[word] for word in words if counts[word]] for words in sets]
    n_legal, n_kinds = np.array([[sum(of_set) for of_set in of_sets]]), np.array([[len(of_set) for of_set in of_sets]])
    told = protection._Wording(n_legal, n_kinds, np.array([counts.total()]))
    told.add(0, protection._count_phrases(text, sets))
    return bool(told.are_legal().any())


@given(st.lists(st.tuples(st.lists(LEGAL, max_size=40).map("".join), st.booleans()), max_size=5), st.booleans())
@example([("a word " * STUB_TOKENS, False)], True)
@example([("a word " * READ_BYTES, False), ("warranty " * READ_BYTES, False)], False)
def test_documents_are_told_as_by_their_tokens(paragraphs: list[tuple[str, bool]], opens_with_notice: bool) -> None:
    """Whether a document is legal does not depend on how it is found out."""
    files = list(RULE_FILES.values())
    read = [text for text, is_left_out in paragraphs if not is_left_out]
    kept, room = [], READ_BYTES
    for text in read:
        if room > 0:
            kept.append(text.encode()[:room].decode("utf-8", "replace"))
            room -= len(text.encode())
    expected = is_legal_text(kept, opens_with_notice=opens_with_notice)
    data, spans, is_left_out = lay_out(paragraphs)
    starts, ends = np.ascontiguousarray(spans.T)
    body = Bodies(data, starts, ends, np.array([0, len(paragraphs)]), is_left_out)
    assert is_legal_document(body, files, opens_with_notice=opens_with_notice) == expected


def test_titles_of_several_files_are_tried_together_if_they_can_be() -> None:
    """Groups of one name in two files, which one pattern cannot hold, leave them as they are."""
    first, second, third = (Pattern((source,), (source,)) for source in ("(?P<a>x)(?P=a)", "(?P<a>y)", "z|zz"))
    assert protection._join_titles((first, second)) == (first, second)
    (joined,) = protection._join_titles((first, third))
    assert [bool(joined.fullmatch(title)) for title in ("xx", "zz", "x", "y", "")] == [True, True, False, False, False]
