"""Documents that are kept whole: what is boilerplate elsewhere is their content."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dedup.boilerplate.protection import (
    LEAST_LEGAL_WORDS,
    LEGAL_SHARE,
    READ_BYTES,
    has_legal_title,
    has_legal_wording,
    legal_word_table,
)
from dedup.boilerplate.rule_files import RuleFile
from dedup.kernels.legal_words import N_BOUNDS, bound_legal_words_of_documents
from dedup.kernels.shapes import N_LINE_COUNTS, count_lines
from dedup.schemas import SPECIAL

ORDINARY, LEGAL, VERSE = range(len(SPECIAL))

FEWEST_LINES: Final = 8
MOST_LINE_CHARS: Final = 60
VERSE_SHARE: Final = 0.7
"""Share of lines that must be as short as verse, which those of mail are not: they are broken at 65 or more."""
COMMA_SHARE: Final = 0.15
STOP_SHARE: Final = 0.3
"""Shares of lines that end in a comma, and in any mark: menus have neither, prose has no short lines."""

TITLED_SHARE: Final = 0.004
"""Share of legal words below which no document is read as text to find a title of legal texts in its first lines."""

OTHER_LETTERS: Final = 0.2
"""Letters that are not ASCII, for each token, from which on a document may be in a language that is told by these."""


def tell_documents(
    data: NDArray[np.uint8],
    spans: NDArray[np.int64],
    first: NDArray[np.int64],
    is_left_out: NDArray[np.bool_],
    has_notice: NDArray[np.bool_],
    rule_files: Sequence[RuleFile],
) -> NDArray[np.uint8]:
    """Say what each of n documents is, by those of its paragraphs that are not left out: uint8[n], places in SPECIAL.

    spans int64[p, 2], bytes into `data`, of the paragraphs of all; first int64[n + 1], where those of each begin;
    is_left_out bool[p], those that would go; has_notice bool[n], some of these are of LEGAL_CATEGORIES: of such a
    document a title alone makes a legal text, however few of its words are legal.
    """
    n = len(first) - 1
    starts, ends = np.ascontiguousarray(spans[:, 0]), np.ascontiguousarray(spans[:, 1])
    lines = np.empty((n, N_LINE_COUNTS), dtype=np.int64)
    count_lines(data, starts, ends, first, is_left_out, MOST_LINE_CHARS, lines)
    n_lines, n_short, n_commas, n_stops = lines.T
    is_verse = (n_lines >= FEWEST_LINES) & (n_short >= VERSE_SHARE * n_lines)
    is_verse &= (n_commas >= COMMA_SHARE * n_lines) & (n_stops >= STOP_SHARE * n_lines)
    words, is_in = legal_word_table(rule_files)
    counts, bounds = np.empty((n, is_in.shape[1]), dtype=np.int64), np.empty((n, N_BOUNDS), dtype=np.int64)
    bound_legal_words_of_documents(data, starts, ends, first, is_left_out, READ_BYTES, words, is_in, counts, bounds)
    most, n_tokens = counts.max(axis=1, initial=0), bounds[:, 0]
    is_legal = (most >= LEAST_LEGAL_WORDS) & (most >= LEGAL_SHARE * n_tokens) & (bounds[:, 1] == 0)
    told = np.where(is_legal, LEGAL, ORDINARY).astype(np.uint8)
    may_be = ((most >= 1) & (most >= TITLED_SHARE * n_tokens)) | (bounds[:, 2] != 0)
    may_be |= (bounds[:, 3] > OTHER_LETTERS * n_tokens) | (has_notice & (bounds[:, 3] > 0))
    for document in np.flatnonzero((may_be | has_notice) & ~is_legal & ~is_verse).tolist():
        mine = slice(int(first[document]), int(first[document + 1]))
        paragraphs = data, spans[mine], is_left_out[mine], rule_files
        if has_legal_title(*paragraphs) or (
            may_be[document]
            and has_legal_wording(*paragraphs, counts[document], bounds[document], opens_with_notice=False)
        ):
            told[document] = LEGAL
    told[is_verse] = VERSE
    return told
