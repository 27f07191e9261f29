"""Documents that are kept whole: what is boilerplate elsewhere is their content."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dedup.boilerplate.protection import Bodies, bound_legal_words, find_legal_titles, find_legal_wording
from dedup.boilerplate.rule import RuleFile
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


def tell_documents(bodies: Bodies, has_notice: NDArray[np.bool_], rule_files: Sequence[RuleFile]) -> NDArray[np.uint8]:
    """Say what each of n documents is, by those of its paragraphs that are not left out: uint8[n], places in SPECIAL.

    has_notice bool[n], some of the others are of LEGAL_CATEGORIES: of such a document a title alone makes a legal
    text, however few of its words are legal.
    """
    n = len(bodies.first) - 1
    lines = np.empty((n, N_LINE_COUNTS), dtype=np.int64)
    count_lines(*bodies, MOST_LINE_CHARS, lines)
    n_lines, n_short, n_commas, n_stops = lines.T
    is_verse = (n_lines >= FEWEST_LINES) & (n_short >= VERSE_SHARE * n_lines)
    is_verse &= (n_commas >= COMMA_SHARE * n_lines) & (n_stops >= STOP_SHARE * n_lines)
    bounds = bound_legal_words(bodies, rule_files)
    most = bounds.counts.max(axis=1, initial=0)
    n_tokens, is_odd, n_letters, _ = bounds.bounds.T
    may_be = ((most >= 1) & (most >= TITLED_SHARE * n_tokens)) | (is_odd != 0)
    may_be |= (n_letters > OTHER_LETTERS * n_tokens) | (has_notice & (n_letters > 0))
    told = np.full(n, ORDINARY, dtype=np.uint8)
    asked = np.flatnonzero(may_be & ~is_verse)
    told[find_legal_wording(bodies, rule_files, bounds, asked, opens_with_notice=False)] = LEGAL
    asked = np.flatnonzero((may_be | has_notice) & ~is_verse & (told == ORDINARY))
    told[find_legal_titles(bodies, rule_files, asked)] = LEGAL
    told[is_verse] = VERSE
    return told
