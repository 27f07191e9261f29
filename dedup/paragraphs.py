"""Texts cut into paragraphs: spans, not copies."""

from collections.abc import Callable
from typing import Any, Final

import numpy as np
import pyarrow as pa

from dedup.arrow_views import view_texts
from dedup.kernels import is_compiled
from dedup.kernels.lines import N_COLUMNS, WIDEST, count_lines, list_paragraphs
from dedup.kernels.needs import AUTO, BLOCK, JOINS, LINE, MARKS, PAGES, read_texts
from dedup.kernels.pages import mark_furniture
from dedup.kernels.splitting import N_COUNTS, join_blocks, join_wrapped
from dedup.kernels.verbatim import mark_verbatim
from dedup.schemas import DOCUMENTS, PARAGRAPHS, check_schema
from dedup.settings import Settings

_MODES: Final = {"auto": AUTO, "line": LINE, "block": BLOCK}


def split_paragraphs(
    documents: pa.Table, settings: Settings, on_compiling: Callable[[str], None] | None = None
) -> pa.Table:
    """Find the paragraphs of every document, in order.

    A line is a paragraph; where lines are cut to a width, a block of them is, or
    an item of a list. What is no prose in Markdown, and the furniture of pages, are paragraphs of their own
    kind. Blank lines belong to no paragraph, and a paragraph has no white space at
    its ends. Takes DOCUMENTS, gives PARAGRAPHS. `on_compiling` is told, perhaps by another thread, what the first
    document that needs it has to wait for.
    Raises SchemaError if `documents` is not DOCUMENTS.
    """
    check_schema(documents, DOCUMENTS, "split_paragraphs")
    texts = view_texts(documents["text"])
    room = count_lines(texts.data, texts.offsets[0], texts.offsets[-1]) + documents.num_rows
    document, starts, ends = (np.empty(room, dtype=np.int64) for _ in range(3))
    kinds = np.empty(room, dtype=np.int8)
    # Of scratch no more is touched than read_texts fills at a time.
    is_huge = bool((np.diff(texts.offsets) >= 1 << 31).any())
    lines = np.empty((room, N_COLUMNS), dtype=np.int64 if is_huge else np.int32)
    rows = np.empty(documents.num_rows + 1, dtype=np.int64)
    needs = np.empty(documents.num_rows, dtype=np.uint8)
    mode = _MODES[settings.paragraphs]
    n = first = 0
    while first < documents.num_rows:
        offsets = texts.offsets[first:]
        n_read = read_texts(texts.data, offsets, mode, lines, rows, needs)
        read_rows = rows[: n_read + 1]
        _join_lines((texts.data, offsets, lines, read_rows, needs[:n_read]), mode, on_compiling)
        n_found = list_paragraphs(lines, read_rows, document[n:], starts[n:], ends[n:], kinds[n:])
        document[n : n + n_found] += first
        n += n_found
        first += n_read
    return pa.table([pa.array(column[:n]) for column in (document, starts, ends, kinds)], schema=PARAGRAPHS)


def _join_lines(texts: tuple[Any, ...], mode: int, on_compiling: Callable[[str], None] | None) -> None:
    """Make paragraphs of more than one line, and of other kinds, in those texts that may have some.

    Takes text, offsets, lines, rows and needs, as read_texts gives them.
    """
    *_, lines, rows, needs = texts
    any_needs = int(np.bitwise_or.reduce(needs))

    def run(kernel: Any, what: str, *arguments: Any) -> None:
        if on_compiling is not None and not is_compiled(kernel):
            on_compiling(what)
        kernel(*arguments)

    if any_needs & MARKS:
        run(mark_verbatim, "code and tables", *texts)
    if any_needs & PAGES:
        run(mark_furniture, "pages", *texts)
    if any_needs & JOINS and mode == BLOCK:
        join_blocks(lines, rows, needs)
    elif any_needs & JOINS:
        run(join_wrapped, "wrapped text", *texts, np.empty((N_COUNTS, WIDEST + 2), dtype=np.int64))
