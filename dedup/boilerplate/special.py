"""Documents that are kept whole: what is boilerplate elsewhere is their content."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dedup.boilerplate.protection import is_legal_document
from dedup.boilerplate.rule_files import RuleFile
from dedup.schemas import SPECIAL

ORDINARY, LEGAL, VERSE = range(len(SPECIAL))

FEWEST_LINES: Final = 8
MOST_LINE_BYTES: Final = 120
VERSE_SHARE: Final = 0.7
"""Share of lines that must be as short as verse."""
COMMA_SHARE: Final = 0.15
STOP_SHARE: Final = 0.3
"""Shares of lines that end in a comma or semicolon, and in any mark: menus have neither, prose has no short lines."""
_COMMAS: Final = (b",", b";", "，".encode(), "、".encode(), "،".encode())
_STOPS: Final = (*_COMMAS, b".", b"!", b"?", b":", *(mark.encode() for mark in "。！？—…"))
_MOST_LINES_READ: Final = 400


def tell_document(
    data: NDArray[np.uint8], spans: NDArray[np.int64], is_left_out: NDArray[np.bool_], rule_files: Sequence[RuleFile]
) -> int:
    """Say what a document is, a place in SPECIAL, by the paragraphs that are not left out.

    spans int64[n, 2], bytes into `data`; is_left_out bool[n], those that would go.
    """
    if is_verse(data, spans[~is_left_out]):
        return VERSE
    return LEGAL if is_legal_document(data, spans, is_left_out, rule_files, opens_with_notice=False) else ORDINARY


def is_verse(data: NDArray[np.uint8], lines: NDArray[np.int64]) -> bool:
    """Say whether lines int64[n, 2], bytes into `data`, are verse: short, and ending in the middle of sentences."""
    lines = lines[:_MOST_LINES_READ]
    sizes = lines[:, 1] - lines[:, 0]
    if len(lines) < FEWEST_LINES or np.count_nonzero(sizes <= MOST_LINE_BYTES) < VERSE_SHARE * len(lines):
        return False
    ends = [data[max(start, end - 3) : end].tobytes() for start, end in lines.tolist()]
    if sum(end.endswith(_COMMAS) for end in ends) < COMMA_SHARE * len(ends):
        return False
    return sum(end.endswith(_STOPS) for end in ends) >= STOP_SHARE * len(ends)
