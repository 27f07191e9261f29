"""Paragraphs of documents: spans with schema, for every mode, over several documents at once."""

import pyarrow as pa
import pytest
from reference.paragraphs import byte_place
from reference.paragraphs import split_paragraphs as reference_split

from dedup.paragraphs import split_paragraphs
from dedup.schemas import DOCUMENTS, PARAGRAPHS
from dedup.settings import Settings

WRAPPED = """Network Working Group                                      A. Author

   This document describes a protocol by which two hosts that share a
   common interest may find out about each other without any need for
   a third party. Distribution of this memo is unlimited, and comments
   are welcome at any time.

   The second paragraph of this memo is as long as it has to be so that
   its lines are cut to the width of all of the others, as people used
   to do in those days.
"""
LINES = "First paragraph, on a line of its own.\nSecond one.\n\n\tThird\u00a0one. \r\nLast"


def spans_of(texts: list[str], mode: str) -> list[tuple[int, int, int]]:
    n = len(texts)
    columns = [[f"d{row}" for row in range(n)], texts, ["memory"] * n, list(range(n))]
    documents = pa.table([pa.array(c, f.type) for c, f in zip(columns, DOCUMENTS, strict=True)], schema=DOCUMENTS)
    paragraphs = split_paragraphs(documents, Settings(paragraphs=mode))
    assert paragraphs.schema == PARAGRAPHS
    return [tuple(row.values()) for row in paragraphs.to_pylist()]


@pytest.mark.parametrize("mode", ["auto", "line", "block"])
def test_each_document_is_split_for_itself(mode: str) -> None:
    """Wrapped and flat documents side by side are each split as they are alone."""
    texts = ["", WRAPPED, LINES, " \n ", WRAPPED.replace("\n", "\r\n")]
    expected = [
        (place, byte_place(text, start), byte_place(text, end))
        for place, text in enumerate(texts)
        for start, end in reference_split(text, mode)
    ]
    assert spans_of(texts, mode) == expected


def test_blocks_where_lines_are_cut_and_lines_elsewhere() -> None:
    """`auto` takes the three blocks of a wrapped memo, and the four lines of flat text."""
    spans = spans_of([WRAPPED, LINES], "auto")
    assert [document for document, _, _ in spans] == [0] * 3 + [1] * 4
    assert LINES.encode()[spans[5][1] : spans[5][2]].decode() == "Third\u00a0one."
