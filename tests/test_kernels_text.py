"""Kernels over text equal their plain-Python twins: tokens, characters, spans."""

import unicodedata
from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from reference.hashes import token_hash
from reference.lines import WHITE_SPACE
from reference.paragraphs import byte_place, split_paragraphs
from reference.tokens import normal_form, split_tokens

from dedup.kernels import characters
from dedup.kernels.spans import copy_spans, count_characters, count_from_edges, measure_texts, reach
from dedup.kernels.tokens import (
    HAS_DIGIT,
    HAS_INNER_UPPER,
    HAS_LOWER,
    MOST_MARKS,
    SPARE,
    STARTS_UPPER,
    TOUCHES_UNDERSCORE,
    read_some_tokens,
    read_tokens,
)

BUILT_WITH = "14.0.0"
"""The version of Unicode whose tables the package's characters come from."""

NASTY = [
    "a\u0301\u0323", "a\u0323\u0301", "\u0301", "\u0345\u0300\u0301", "각", "\u1100\u1161\u11a8",
    "한국어", "カ\u3099", "ガ", "ｶﾞ",
    "ｱｲｳ", "は\u309a", "日本語。", "中文，", "㍿", "ﬁ", "ﬃ", "½", "①", "Ⅷ", "ℌ", "ς", "Σ", "ΣΑΣ", "ß",
    "ẞ", "İ", "ı", "ŉ", "ǰ",
    "สวัสดี", "กำ", "ພາສາ", "ខ្មែរ", "မြန်မာ", "བོད་ཡིག", "हिन्दी", "क\u093c", "العربية",
    "\u0640", "\ufdfa", "עברית", "👩‍👩‍👧", "🇩🇪", "\u200d",
    "\u200b", "\u00ad", "\x00", "\u2028", "\u2029", "\x85", "\ufeff", "\r\n", "\r", "\n", "\n\n",
    "\t", " ", "_", "snake_case", "camelCase",
    "ABC", "x2", "٣", "１２", "𝟘", "𝔘𝔫𝔦", "𐐀", "\U0010ffff", "\ue000", "\U000e0100", "don't",
    "3.14", "\u0f73", "\u0f71\u0f72", "\u1e9b\u0323",
]  # fmt: skip
any_character = st.characters(exclude_categories=["Cs"])
ascii_words = st.text(st.sampled_from("abzABZ019"), max_size=24) | st.sampled_from(["x" * 70, "7" * 63, "word" * 16])
pieces = st.sampled_from(NASTY) | st.text(any_character, max_size=6) | ascii_words
texts = st.lists(pieces, max_size=14).map("".join)
behinds = st.sampled_from(["", " ", "more", "été", " of it behind" * 6])
PAGE_PIECES = ["word ", "lorem ipsum dolor ", "été ", "Begins ", "stops. ", "a" * 45, "\n", "\n", "\r\n", "\r", "\n\n"]
page_texts = st.lists(st.sampled_from([*PAGE_PIECES, *WHITE_SPACE]), max_size=60).map("".join)


@pytest.fixture(autouse=True, scope="module")
def _wrapping_on_purpose() -> Iterator[None]:
    """Let hashes wrap quietly where the kernels are interpreted, for NumPy warns of it."""
    with np.errstate(over="ignore"):
        yield


def bytes_of(text: str) -> np.ndarray:
    return np.frombuffer(text.encode(), dtype=np.uint8)


def read(
    text: str, start: int = 0, end: int | None = None, behind: str = ""
) -> tuple[list[int], list[tuple[int, int]], list[int]]:
    """Give hashes, byte spans and shapes of the tokens of a text that stands before another."""
    data = bytes_of(text + behind)
    room = 2 * len(data) + 2
    hashes = np.empty(room, dtype=np.uint64)
    starts, ends = np.empty(room, dtype=np.int64), np.empty(room, dtype=np.int64)
    shapes, marks = np.empty(room, dtype=np.uint8), np.empty(MOST_MARKS, dtype=np.uint32)
    end = len(text.encode()) if end is None else end
    n = read_tokens(data, start, end, *characters.load_characters(), marks, hashes, starts, ends, shapes)
    return hashes[:n].tolist(), list(zip(starts[:n].tolist(), ends[:n].tolist(), strict=True)), shapes[:n].tolist()


def has_a_name(text: str) -> bool:
    """Tell whether each character that could be part of a token has a name in Python's tables."""
    return all(unicodedata.name(char, "") or unicodedata.category(char)[0] not in "LMN" for char in text)


@given(texts.filter(has_a_name), behinds)
@example("x" + "\u0301\u0323" * 20, "")
@example("\ufdfa" * 3, "")
@example("équalitytwelveletters éinefull日eightlet京 eightleteightleteightleté" + "日本" + "eightlet" * 9, "")
@example("one " * 17 + "x" * 64 + " " + "y" * 65 + " " + "z" * 200, " " * 64)
@example("eightlet " + "ninelette " * 9 + "sixteen_letters0 seventeenletters0 é" + "sixteenletters00", " " * 16)
def test_tokens_agree_with_reference(text: str, behind: str) -> None:
    """The kernel's token hashes are those of the normal form's runs of letters, marks and digits."""
    if unicodedata.unidata_version != BUILT_WITH:
        text = "".join(char for char in text if ord(char) < 0x2000)  # old characters, whose properties are settled
    assert read(text, behind=behind)[0] == [token_hash(token) for token in split_tokens(text)]


@pytest.mark.skipif(unicodedata.unidata_version != BUILT_WITH, reason=f"needs the tables of Unicode {BUILT_WITH}")
def test_every_character_agrees_with_reference() -> None:
    """Each character of Unicode, alone between two letters, gives the tokens that the definition gives."""
    step = 1 if hasattr(read_tokens, "py_func") else 997  # interpreted, a sample has to do
    codes = [code for code in range(0, 0x110000, step) if not 0xD800 <= code < 0xE000 and has_a_name(chr(code))]
    for first in range(0, len(codes), 4096):
        text = " ".join(f"a{chr(code)}b" for code in codes[first : first + 4096])
        assert read(text)[0] == [token_hash(token) for token in split_tokens(text)], hex(codes[first])


@pytest.mark.skipif(unicodedata.unidata_version != BUILT_WITH, reason=f"needs the tables of Unicode {BUILT_WITH}")
def test_letters_without_a_name_are_tokens() -> None:
    """A Tangut text has tokens as any other text of letters has."""
    assert read("\U00017000\U00017001")[0] != []


@pytest.mark.skipif(unicodedata.unidata_version != BUILT_WITH, reason=f"needs the tables of Unicode {BUILT_WITH}")
def test_character_arrays_are_what_unicode_says() -> None:
    """The arrays in the package are what building them anew gives."""
    for stored, built in zip(characters.load_characters(), characters.build_characters(), strict=True):
        np.testing.assert_array_equal(stored, built)


@given(texts)
def test_normal_form_agrees_with_reference(text: str) -> None:
    """The package's normal form is the definition, and is the same for texts of one NFKC in lower case."""
    assert characters.normal_form(text) == normal_form(text)
    assert normal_form(unicodedata.normalize("NFKC", text)) == normal_form(text)


@given(texts.filter(has_a_name), behinds)
def test_token_spans_hold_their_tokens(text: str, behind: str) -> None:
    """A token's span cuts no character, ascends, and holds, read by itself, that very token."""
    hashes, spans, _ = read(text, behind=behind)
    data = text.encode()
    for hashed, (start, end) in zip(hashes, spans, strict=True):
        assert hashed in read(data[start:end].decode())[0]
    assert all(before <= after for before, after in pairwise(spans))


@given(texts, st.integers(1, 40))
@example("日本語" * 40, 5)
@example("\ufdfa" * 9, 1)
@example("a b " * 60, 3)
def test_reading_in_pieces_gives_the_same_tokens(text: str, most: int) -> None:
    """Tokens read some at a time are those read at once; of each time there are as many as asked for, or few more."""
    data = bytes_of(text)
    room = most + SPARE
    hashes, no_shapes = np.empty(room, dtype=np.uint64), np.empty(0, dtype=np.uint8)
    starts, ends = np.empty(room, dtype=np.int64), np.empty(room, dtype=np.int64)
    marks = np.empty(MOST_MARKS, dtype=np.uint32)
    arrays = characters.load_characters()
    found, spans, at = [], [], 0
    while at < len(data):
        n, at = read_some_tokens(data, 0, at, len(data), *arrays, marks, most, hashes, starts, ends, no_shapes)
        assert at == len(data) or n >= most
        found += hashes[:n].tolist()
        spans += zip(starts[:n].tolist(), ends[:n].tolist(), strict=True)
    assert (found, spans) == read(text)[:2]


@pytest.mark.parametrize("character", ["½", "⑴", "⒈", "\ufdfa", "㌖", "a½"])
@pytest.mark.parametrize("before", ["", "a " * 31, "a " * 40])
def test_reading_in_pieces_ends_where_no_character_begins_without_a_token(character: str, before: str) -> None:
    """A run of characters of which each goes on with the token of the one before takes the room that there is."""
    data = bytes_of(before + character * 500)
    for most in (1, 30, 32, 33, 64):
        beyond = 500  # room in which what is too much shows, and does no harm
        hashes, no_shapes = np.zeros(most + SPARE + beyond, dtype=np.uint64), np.empty(0, dtype=np.uint8)
        starts, ends = np.empty(len(hashes), dtype=np.int64), np.empty(len(hashes), dtype=np.int64)
        marks = np.empty(MOST_MARKS, dtype=np.uint32)
        arrays = characters.load_characters()
        at = n_read = 0
        while at < len(data):
            n, at = read_some_tokens(data, 0, at, len(data), *arrays, marks, most, hashes, starts, ends, no_shapes)
            assert n > 0
            assert n <= most + SPARE
            n_read += n
        assert not hashes[most + SPARE :].any()
        assert len(read(before + character * 500)[0]) <= n_read


@given(texts, st.data())
def test_reading_stays_inside_its_span(text: str, data: st.DataObject) -> None:
    """Tokens of a stretch are those of the stretch alone, whatever stands around it."""
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    inside = read(text, byte_place(text, start), byte_place(text, end))
    alone = read(text[start:end])
    assert (inside[0], inside[2]) == (alone[0], alone[2])


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        ("word", HAS_LOWER),
        ("Word", STARTS_UPPER | HAS_LOWER),
        ("WORD", STARTS_UPPER | HAS_INNER_UPPER),
        ("iPhone", HAS_INNER_UPPER | HAS_LOWER),
        ("2024", HAS_DIGIT),
        ("mp3", HAS_DIGIT | HAS_LOWER),
        ("longerwords", HAS_LOWER),
        ("longerWords", HAS_INNER_UPPER | HAS_LOWER),
        ("LONGERWORDS", STARTS_UPPER | HAS_INNER_UPPER),
        ("0000000mp3", HAS_DIGIT | HAS_LOWER),
        ("ABCDEFGHIJKLMNOPQRST", STARTS_UPPER | HAS_INNER_UPPER),
        ("_word", TOUCHES_UNDERSCORE | HAS_LOWER),
        ("word_", TOUCHES_UNDERSCORE | HAS_LOWER),
        ("Élan", STARTS_UPPER | HAS_LOWER),
        ("東", HAS_LOWER),
    ],
)
def test_shape_says_how_a_token_is_written(text: str, shape: int) -> None:
    assert read(text)[2] == [int(shape)]
    assert read(text, behind=" " * 16)[2] == [int(shape)]


@given(st.lists(texts, min_size=1, max_size=4), st.data())
def test_characters_are_counted_as_python_counts(text_list: list[str], data: st.DataObject) -> None:
    """The edges of paragraphs in bytes become the indices that Python would use."""
    document, starts, ends, expected = [], [], [], []
    for number, text in enumerate(text_list):
        places = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=6)))
        for start, end in zip(places[::2], places[1::2], strict=False):
            document.append(number)
            starts.append(byte_place(text, start))
            ends.append(byte_place(text, end))
            expected.append((start, end))
    sizes = [len(text.encode()) for text in text_list]
    is_wide = np.array([len(text) != size for text, size in zip(text_list, sizes, strict=True)])
    counted = np.empty((2, len(starts)), dtype=np.int64)
    edges = (np.array(column, dtype=np.int64) for column in (document, starts, ends))
    count_characters(bytes_of("".join(text_list)), np.cumsum([0, *sizes]), is_wide, *edges, *counted)
    assert list(zip(*counted.tolist(), strict=True)) == expected


@given(st.lists(texts, max_size=4), st.sampled_from([1, 50, 200]))
def test_texts_are_measured_in_characters(text_list: list[str], times: int) -> None:
    """As Python counts them, in texts of any length."""
    text_list = [text * times for text in text_list]
    offsets = np.cumsum([0, *(len(text.encode()) for text in text_list)], dtype=np.int64)
    counted = np.empty(len(text_list), dtype=np.int64)
    measure_texts(bytes_of("".join(text_list)), offsets, counted)
    assert counted.tolist() == [len(text) for text in text_list]


@given(st.lists(texts, max_size=3), st.data())
def test_characters_are_counted_from_the_edges_of_a_span(text_list: list[str], data: st.DataObject) -> None:
    """Before, inside and behind a span whose edges are known, a byte place becomes the index that Python would use."""
    base, rows, expected = 0, [], []
    for text in text_list:
        n_bytes = len(text.encode())
        for place in data.draw(st.lists(st.integers(0, len(text)), max_size=4)):
            span = sorted(data.draw(st.tuples(*[st.integers(0, len(text))] * 2)))
            rows.append(
                (base, n_bytes, len(text), *(byte_place(text, at) for at in span), *span, byte_place(text, place))
            )
            expected.append(place)
        base += n_bytes
    counted = np.empty(len(rows), dtype=np.int64)
    columns = (column.copy() for column in np.reshape(np.array(rows, dtype=np.int64), (-1, 8)).T)
    count_from_edges(bytes_of("".join(text_list)), *columns, counted)
    assert counted.tolist() == expected


@given(texts, st.data())
def test_spans_are_copied_one_after_the_other(text: str, data: st.DataObject) -> None:
    """Copied bytes are those of Python's slices, joined."""
    raw = text.encode()
    place = st.integers(0, len(raw))
    spans = [tuple(sorted(pair)) for pair in data.draw(st.lists(st.tuples(place, place), max_size=5))]
    starts, ends = (np.array([span[side] for span in spans], dtype=np.int64) for side in (0, 1))
    copied = np.empty(int((ends - starts).sum()), dtype=np.uint8)
    copy_spans(bytes_of(text), starts, ends, copied)
    assert copied.tobytes() == b"".join(raw[start:end] for start, end in spans)


def run_reach(text: str, starts, ends, goes: list[bool], cuts: list[tuple[int, int, int]]):
    """Give the spans that go with paragraphs, and those of the cuts, (paragraph, start, end) each."""
    cut_paragraph, cut_start, cut_end = (np.array(c, dtype=np.int64) for c in np.reshape(cuts, (-1, 3)).T)
    gone = np.flatnonzero(np.array(goes, dtype=np.bool_))
    from_byte, to_byte, cut_from, cut_to = np.empty_like(gone), np.empty_like(gone), cut_start.copy(), cut_end.copy()
    reach(
        bytes_of(text), np.array([0, len(text.encode())]), np.array([0, len(goes)]), starts, ends,
        cut_paragraph, cut_start, cut_end, np.zeros_like(gone), gone, from_byte, to_byte, cut_from, cut_to,
    )  # fmt: skip
    spans = (zip(since.tolist(), to.tolist(), strict=True) for since, to in ((from_byte, to_byte), (cut_from, cut_to)))
    return tuple(map(list, spans))


@given(page_texts, st.data())
def test_removal_takes_whole_lines_and_nothing_of_what_stays(text: str, data: st.DataObject) -> None:
    """Removals of lines are apart, hold their paragraphs and no part of another, and nothing remains where all go."""
    paragraphs = [(start, end) for start, end, _ in split_paragraphs(text, "line")]
    goes = [data.draw(st.booleans()) for _ in paragraphs]
    starts, ends = (np.array([byte_place(text, span[side]) for span in paragraphs], dtype=np.int64) for side in (0, 1))
    size = len(text.encode())
    gone, _ = run_reach(text, starts, ends, goes, [])
    span_of = dict(zip([p for p, went in enumerate(goes) if went], gone, strict=True))
    assert all(before[1] <= after[0] for before, after in pairwise(gone))
    for p, stays in enumerate(not went for went in goes):
        if stays:
            assert all(end <= starts[p] or start >= ends[p] for start, end in gone)
        else:
            assert span_of[p][0] <= starts[p] < ends[p] <= span_of[p][1]
    if goes and all(goes):
        assert sum(end - start for start, end in gone) == size
    left = text.encode()
    for start, end in reversed(gone):
        assert not left[start:end].strip() or any(start <= starts[p] < end for p in range(len(goes)) if goes[p])
        left = left[:start] + left[end:]
    kept = [text[slice(*span)] for span, went in zip(paragraphs, goes, strict=True) if not went]
    # the clean text has exactly the kept paragraphs, each on a line of its own
    assert [left.decode()[start:end] for start, end, _ in split_paragraphs(left.decode(), "line")] == kept


@given(page_texts, st.data())
def test_removal_takes_what_is_cut_off_with_it(text: str, data: st.DataObject) -> None:
    """Removals of lines and of their ends are apart, hold what is to go and no more, and all where all goes."""
    lines = [[byte_place(text, place) for place in span[:2]] for span in split_paragraphs(text, "line")]
    goes = [data.draw(st.booleans()) for _ in lines]
    trimmed, cuts = [], []
    for p, (start, end) in enumerate(lines):
        ahead, behind = (data.draw(st.integers(0, 3)) if end - start > 8 else 0 for _ in range(2))
        cuts += [(p, start, start + ahead)] * (ahead > 0) + [(p, end - behind, end)] * (behind > 0)
        trimmed.append((start + ahead, end - behind))
    starts, ends = (np.array([span[side] for span in trimmed], dtype=np.int64) for side in (0, 1))
    removed, cut_off = run_reach(text, starts, ends, goes, cuts)
    both = sorted(removed + cut_off)
    assert all(before[1] <= after[0] for before, after in pairwise(both))
    for (p, start, end), found in zip(cuts, cut_off, strict=True):
        assert found[0] <= start < end <= found[1] if goes[p] else found == (start, end)
    for p, (start, end) in zip([p for p, went in enumerate(goes) if went], removed, strict=True):
        assert start <= trimmed[p][0] < trimmed[p][1] <= end
    for p, (start, end) in enumerate(trimmed):
        assert goes[p] or all(to <= start or since >= end for since, to in both)
    if goes and all(goes):
        assert sum(end - start for start, end in both) == len(text.encode())
