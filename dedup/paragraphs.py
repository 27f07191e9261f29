"""Texts cut into paragraphs: spans, not copies."""

from typing import Final

import numpy as np
import pyarrow as pa

from dedup.arrow_views import view_texts
from dedup.kernels.lines import N_COLUMNS, count_lines
from dedup.kernels.splitting import AUTO, BLOCK, LINE, split_texts
from dedup.schemas import DOCUMENTS, PARAGRAPHS, check_schema
from dedup.settings import Settings

_MODES: Final = {"auto": AUTO, "line": LINE, "block": BLOCK}


def split_paragraphs(documents: pa.Table, settings: Settings) -> pa.Table:
    """Find the paragraphs of every document, in order.

    A line is a paragraph; where lines are cut to a width, a block of them is, or
    an item of a list. What is no prose in Markdown, and the furniture of pages, are paragraphs of their own
    kind. Blank lines belong to no paragraph, and a paragraph has no white space at
    its ends. Takes DOCUMENTS, gives PARAGRAPHS.
    Raises SchemaError if `documents` is not DOCUMENTS.
    """
    check_schema(documents, DOCUMENTS, "split_paragraphs")
    texts = view_texts(documents["text"])
    room = count_lines(texts.data, texts.offsets[0], texts.offsets[-1]) + documents.num_rows
    document, starts, ends = (np.empty(room, dtype=np.int64) for _ in range(3))
    kinds = np.empty(room, dtype=np.int8)
    # Of scratch no more is touched than the longest text has lines.
    is_huge = bool((np.diff(texts.offsets) >= 1 << 31).any())
    lines = np.empty((room, N_COLUMNS), dtype=np.int64 if is_huge else np.int32)
    n = split_texts(texts.data, texts.offsets, _MODES[settings.paragraphs], lines, document, starts, ends, kinds)
    return pa.table([pa.array(column[:n]) for column in (document, starts, ends, kinds)], schema=PARAGRAPHS)
