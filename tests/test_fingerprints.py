"""Fingerprints equal the definition and datasketch, and come out the same for any shape of table."""

from collections.abc import Iterator
from dataclasses import fields

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from reference import hashes as reference
from reference.tokens import split_tokens

from dedup import fingerprints
from dedup.arrow_views import view_numbers, view_texts
from dedup.errors import SchemaError
from dedup.fingerprints import (
    Fingerprints,
    fingerprint_paragraphs,
    make_permutations,
    replace_fingerprints,
)
from dedup.kernels.annotations import PIECE_TOKENS
from dedup.paragraphs import split_paragraphs
from dedup.schemas import DOCUMENTS, PARAGRAPHS, REPEATS, check_schema
from dedup.settings import Settings
from dedup.token_tables import make_cue_tables, make_token_table, token_hashes

SETTINGS = Settings(paragraphs="line", bands=5, rows=2, min_tokens=4, min_near_tokens=6, min_repeat_tokens=5)
CUES = {"rights": (3, 1), "copyright": (6, 2)}
WORDS = ["red", "Green", "blau", "été", "京", "copyright", "c\u0327a", "x2", "RIGHTS", "\u0e01", "-", "..."]
lines = st.lists(st.sampled_from(WORDS), max_size=14).map(" ".join)
pages = st.lists(lines, max_size=4).map("\n".join)


@pytest.fixture(autouse=True, scope="module")
def _wrapping_on_purpose() -> Iterator[None]:
    """Let hashes wrap quietly where the kernels are interpreted, for NumPy warns of it."""
    with np.errstate(over="ignore"):
        yield


def documents_of(texts: list[str]) -> pa.Table:
    n = len(texts)
    columns = [[f"d{row}" for row in range(n)], texts, ["memory"] * n, list(range(n))]
    return pa.table([pa.array(c, f.type) for c, f in zip(columns, DOCUMENTS, strict=True)], schema=DOCUMENTS)


def fingerprint(documents: pa.Table, settings: Settings = SETTINGS) -> tuple[pa.Table, Fingerprints, pa.Table]:
    paragraphs = split_paragraphs(documents, settings)
    return paragraphs, *fingerprint_paragraphs(documents, paragraphs, make_cue_tables(CUES), settings)


def assert_equal(left: Fingerprints, right: Fingerprints) -> None:
    for name in Fingerprints.__dataclass_fields__:
        np.testing.assert_array_equal(getattr(left, name), getattr(right, name), err_msg=name)


def check_against_reference(texts: list[str], giant_bytes: int) -> None:
    """Compare the fingerprints of texts, and which paragraphs have one, with the definition."""
    _, found, _ = fingerprint(documents_of(texts))
    paragraphs = [line.strip() for text in texts for line in text.split("\n") if line.strip()]
    multipliers, increments = (values.tolist() for values in make_permutations(SETTINGS.n_hashes, SETTINGS.seed))
    n_near = 0
    for place, paragraph in enumerate(paragraphs):
        tokens = split_tokens(paragraph)
        hashes = [reference.token_hash(token) for token in tokens]
        assert found.n_tokens[place] == len(tokens)
        is_short = len(tokens) < SETTINGS.min_tokens
        exact = reference.exact_bytes(paragraph.encode()) if is_short else reference.exact_tokens(hashes)
        assert tuple(found.exact[place].tolist()) == exact
        assert found.flagged[place] == any(
            cue in tokens and (len(tokens) <= most or cue in tokens[-last:]) for cue, (most, last) in CUES.items()
        )
        if len(tokens) >= SETTINGS.min_near_tokens and len(paragraph.encode()) <= giant_bytes:
            shingles = reference.shingle_hashes(hashes, SETTINGS.shingle_tokens)
            signature = reference.signature(shingles, multipliers, increments)
            assert found.near[n_near] == place
            assert found.band_keys[n_near].tolist() == reference.band_keys(signature, 2)
            assert found.sketches[n_near].tolist() == [value & 0xFF for value in signature]
            n_near += 1
    assert len(found.near) == n_near
    assert len(found.n_tokens) == len(paragraphs)


@given(st.lists(pages, max_size=4), st.sampled_from([fingerprints.GIANT_BYTES, 0, 30, 60]))
def test_fingerprints_agree_with_reference(texts: list[str], giant_bytes: int) -> None:
    """Counts, exact hashes, cues, band keys and sketches of every paragraph are those of the definition."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fingerprints, "GIANT_BYTES", giant_bytes)
        check_against_reference(texts, giant_bytes)


@pytest.mark.parametrize("repeated", ["red green été ", "京都", "copyright "])
def test_giant_paragraphs_are_read_in_pieces(repeated: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A paragraph of more tokens than are held at a time is counted, hashed and flagged as any other."""
    monkeypatch.setattr(fingerprints, "GIANT_BYTES", 1000)
    giant = repeated * (int(PIECE_TOKENS) // len(split_tokens(repeated)) + 100)
    check_against_reference([f"before\n{giant} rights\n{giant} rights red", giant + " copyright"], 1000)


def test_giant_paragraphs_hold_no_repeats(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is looked for in a paragraph of one byte less is not looked for in a giant one."""
    sentence = "The quick brown fox jumps over the lazy dog."
    text = f"{sentence} {sentence}"
    for giant_bytes, n_repeats in ((len(text), 1), (len(text) - 1, 0)):
        monkeypatch.setattr(fingerprints, "GIANT_BYTES", giant_bytes)
        assert fingerprint(documents_of([text]))[2].num_rows == n_repeats


def test_room_for_a_few_is_room_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fingerprints and repeats that do not all go into the room at once come out as if they did."""
    sentences = [f"Sentence {number} of those that are said twice in a row." for number in "abcdefgh"]
    documents = documents_of(["\n".join(f"{sentence} {sentence}\nred" for sentence in sentences)])
    _, expected, expected_repeats = fingerprint(documents)
    assert (len(expected.near), expected_repeats.num_rows) == (8, 8)
    monkeypatch.setattr(fingerprints, "_ROOM", 3)
    _, found, repeats = fingerprint(documents)
    assert_equal(found, expected)
    assert repeats.equals(expected_repeats)


@pytest.mark.parametrize("seed", [0, 1, 42, 2**32 - 1])
@pytest.mark.parametrize("n_hashes", [1, 7, 128])
def test_permutations_are_datasketchs(seed: int, n_hashes: int) -> None:
    """Multipliers and increments are those that datasketch draws for the seed."""
    from datasketch import MinHash

    theirs = MinHash(num_perm=n_hashes, seed=seed, scheme="affine32").permutations
    for ours, other in zip(make_permutations(n_hashes, seed), theirs, strict=True):
        assert ours.tolist() == other.tolist()


@given(st.text(max_size=30))
def test_token_hashes_agree_with_reference(text: str) -> None:
    text = text.encode("utf-8", "ignore").decode()
    settled = "".join(char for char in text if ord(char) < 0x2000)
    assert token_hashes(settled).tolist() == [reference.token_hash(token) for token in split_tokens(settled)]


@given(st.lists(st.sampled_from(["one", "two", "three", "vier", "fünf"]), max_size=6))
def test_token_table_holds_its_words(words: list[str]) -> None:
    """Each word's hash is found by open addressing from its own place, and nothing else is in the table."""
    table = make_token_table(words).tolist()
    expected = {reference.token_hash(token) for word in words for token in split_tokens(word)}
    assert {value for value in table if value} == expected
    for value in expected:
        slot = value % len(table)
        while table[slot] != value:
            assert table[slot], "a free place before the value"
            slot = (slot + 1) % len(table)


TEXTS = [
    "",
    "one line of seven or more short words here\nred",
    " \n\t",
    "...",
    "a copyright line of some length, all rights",
]


def test_no_documents_give_no_fingerprints() -> None:
    """Empty tables go through every stage and keep their schema."""
    documents = DOCUMENTS.empty_table()
    paragraphs, found, repeats = fingerprint(documents)
    check_schema(paragraphs, PARAGRAPHS, "paragraphs")
    check_schema(repeats, REPEATS, "repeats")
    assert (paragraphs.num_rows, repeats.num_rows, len(found.n_tokens), len(found.near)) == (0, 0, 0, 0)
    assert found.band_keys.shape == (0, SETTINGS.band_shape[0])


def test_chunks_and_slices_change_nothing() -> None:
    """The same documents give the same paragraphs and fingerprints in one chunk, in many, and as a slice."""
    whole = documents_of(TEXTS)
    chunked = pa.concat_tables([whole.slice(0, 2), whole.slice(2, 0), whole.slice(2)])
    sliced = pa.concat_tables([documents_of(["before it\nsome lines"]), whole, whole]).combine_chunks().slice(1, 5)
    expected_paragraphs, expected, _ = fingerprint(whole)
    for table in (chunked, sliced):
        paragraphs, found, _ = fingerprint(table)
        assert paragraphs.equals(expected_paragraphs)
        assert_equal(found, expected)


def test_paragraphs_may_be_chunked_too() -> None:
    documents = documents_of(TEXTS)
    paragraphs, expected, _ = fingerprint(documents)
    chunked = pa.concat_tables([paragraphs.slice(0, 1), paragraphs.slice(1)])
    assert_equal(fingerprint_paragraphs(documents, chunked, make_cue_tables(CUES), SETTINGS)[0], expected)


def test_a_null_text_is_an_empty_one() -> None:
    """A null has no bytes, no paragraphs, and does not move its neighbours."""
    for kind in (pa.string(), pa.large_string(), pa.string_view()):
        column = pa.array(["ab", None, "", "cd", None], kind)
        for view in (view_texts(column), view_texts(pa.chunked_array([column]))):
            parts = [view.data[a:b].tobytes() for a, b in zip(view.offsets, view.offsets[1:], strict=False)]
            assert parts == [b"ab", b"", b"", b"cd", b""]
    sliced = view_texts(pa.array(["x", "ab", None, "cd", "y"]).slice(1, 3))
    assert [sliced.data[a:b].tobytes() for a, b in zip(sliced.offsets, sliced.offsets[1:], strict=False)] == [
        b"ab",
        b"",
        b"cd",
    ]


def test_views_of_nothing_are_empty() -> None:
    for column in (
        pa.array([], pa.string()),
        pa.chunked_array([], pa.large_string()),
        pa.array([None, None], pa.string()),
    ):
        view = view_texts(column)
        assert view.offsets.tolist() == [0] * (len(column) + 1)
    assert view_numbers(pa.chunked_array([], pa.int64())).tolist() == []


def test_views_share_memory_with_arrow() -> None:
    """A large_string column in one chunk is not copied."""
    column = pa.array(["some text"], pa.large_string())
    for one in (column, pa.chunked_array([column])):
        assert view_texts(one).data.ctypes.data == column.buffers()[2].address
    numbers = pa.array([1, 2, 3])
    assert view_numbers(pa.chunked_array([numbers])).ctypes.data == numbers.buffers()[1].address


def test_views_cannot_be_written_to() -> None:
    """A view is read-only whoever made the column, so that kernels see one type only."""
    assert not view_texts(pa.array(["some text"], pa.large_string())).data.flags.writeable


def test_a_wrong_table_is_refused() -> None:
    with pytest.raises(SchemaError, match="split_paragraphs"):
        split_paragraphs(pa.table({"text": ["a"]}), SETTINGS)


@given(st.lists(pages, min_size=1, max_size=4))
def test_documents_alone_are_as_in_the_whole(texts: list[str]) -> None:
    """What is known of a paragraph depends on nothing beyond it: documents one by one give what all at once give."""
    _, expected, _ = fingerprint(documents_of(texts))
    alone = [fingerprint(documents_of([text]))[1] for text in texts]
    before = np.cumsum([0, *(len(found.n_tokens) for found in alone)])
    near = [found.near + first for found, first in zip(alone, before, strict=False)]
    joined = {
        field.name: np.concatenate([getattr(found, field.name) for found in alone]) for field in fields(Fingerprints)
    }
    assert_equal(Fingerprints(**joined | {"near": np.concatenate(near)}), expected)


@given(st.lists(lines.filter(str.strip), min_size=1, max_size=4), st.data())
def test_copies_are_fingerprinted_like_the_first(texts: list[str], data: st.DataObject) -> None:
    """In one shard, where that of a copy is taken from the first, as in shards of their own."""
    drawn = data.draw(st.lists(st.sampled_from(texts), min_size=2, max_size=9))
    _, together, _ = fingerprint(documents_of(drawn))
    alone = [fingerprint(documents_of([text]))[1] for text in drawn]
    assert together.band_keys.tolist() == [row for found in alone for row in found.band_keys.tolist()]
    assert together.sketches.tolist() == [row for found in alone for row in found.sketches.tolist()]


@given(st.lists(lines.filter(str.strip), min_size=1, max_size=6), st.data())
def test_replaced_fingerprints_are_as_if_new_from_the_start(texts: list[str], data: st.DataObject) -> None:
    """Fingerprints of changed paragraphs, put in place, equal those of the changed documents."""
    which = sorted(data.draw(st.sets(st.integers(0, len(texts) - 1))))
    changed = [data.draw(lines.filter(str.strip)) if row in which else text for row, text in enumerate(texts)]
    _, old, _ = fingerprint(documents_of(texts))
    _, new, _ = fingerprint(documents_of([changed[row] for row in which]))
    _, expected, _ = fingerprint(documents_of(changed))
    assert_equal(replace_fingerprints(old, np.array(which, dtype=np.int64), new), expected)


def test_repeats_are_told_in_bytes_of_their_document() -> None:
    """A doubled sentence in the second document's second paragraph is found at its own place there."""
    sentence = "Die schöne Aussicht über den Fluss gefällt allen Leuten sehr."
    text = f"Überschrift\n{sentence} {sentence}"
    paragraphs, _, repeats = fingerprint(documents_of(["erst etwas anderes", text]))
    row = repeats.to_pylist()[0]
    assert repeats.num_rows == 1
    assert paragraphs["document"][row["paragraph"]].as_py() == 1
    data = text.encode()
    assert data[row["start"] : row["end"]].decode() == sentence + " "
    assert data[row["kept_start"] : row["kept_end"]].decode() == sentence.removesuffix(".")
    assert row["similarity"] == 1.0
