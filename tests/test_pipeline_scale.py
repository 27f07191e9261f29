"""Inputs that blow up careless programs: the right answer, in time that grows with their size only."""

from time import process_time

import pyarrow as pa
import pytest

import dedup

LINE = "The harbour was rebuilt after the war by engineers who had come from all over the country to help the town."
N = 100_000
MOST_SECONDS = 60.0
"""Processor seconds; each of these takes a few on a slow machine, and hours where time is quadratic."""


@pytest.fixture(autouse=True, scope="module")
def _compiled() -> None:
    """Compile before anything is timed."""
    dedup.clean([LINE, f"{LINE} {LINE}"])


def test_many_copies_as_documents() -> None:
    """One of 100,000 equal documents stays."""
    begun = process_time()
    result = dedup.clean(pa.table({"text": pa.array([LINE]).take(pa.array([0] * N))}))
    assert process_time() - begun < MOST_SECONDS
    assert result.texts == [LINE]
    assert result.emptied.num_rows == result.removed.num_rows == N - 1


def test_many_copies_as_lines_of_one_document() -> None:
    """One of 100,000 equal lines in a document stays."""
    begun = process_time()
    result = dedup.clean(["\n".join([LINE] * N)])
    assert process_time() - begun < MOST_SECONDS
    assert result.texts == [LINE]
    assert result.removed.num_rows == N - 1


def test_many_edited_copies() -> None:
    """20,000 copies that differ in one word each share every band; each is compared with a few only."""
    long = f"{LINE} It was opened by the mayor"
    begun = process_time()
    result = dedup.clean([f"{long} named {chr(97 + place % 26)}{place:05}x." for place in range(20_000)])
    assert process_time() - begun < MOST_SECONDS
    assert result.documents.num_rows + result.emptied.num_rows == 20_000


@pytest.mark.parametrize("word", ["word ", "ab", "x. ", "文", "\u0301", "… "])
def test_one_line_of_ten_megabytes(word: str) -> None:
    """A line without end is one paragraph, read in one go."""
    text = word * (10_000_000 // len(word.encode()))
    begun = process_time()
    result = dedup.clean([text, text])
    assert process_time() - begun < MOST_SECONDS
    assert dedup.restore(result)["text"].to_pylist() == [text, text]
    if word not in ("\u0301", "… "):
        assert result.texts[:1] == [text]


def test_many_different_words_in_one_line() -> None:
    """A line of 10 MB of words that all differ stays as it is."""
    text = " ".join(f"w{place}" for place in range(1_300_000))
    begun = process_time()
    assert dedup.clean([text]).texts == [text]
    assert process_time() - begun < MOST_SECONDS
