"""Notices that are wrapped into short lines, each of which is a paragraph: rules tried on the lines together.

Text cut to a width is put together where it is split into paragraphs, but only where most lines are as wide as they
could be. A notice of three lines by itself, cut by hand or at some other width than the text above it, stays in lines.
"""

from collections.abc import Collection, Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dedup.boilerplate.hits import Hit, Paragraphs
from dedup.boilerplate.screening import ActiveRules, Screen, Ways, place_bits, read_ways
from dedup.boilerplate.trials import Finding, try_paragraph
from dedup.kernels.passages import find_passages
from dedup.schemas import TEXT

OF_NOTICES: Final = frozenset(
    {
        "confidentiality",
        "cookie",
        "copyright",
        "legal-disclaimer",
        "mail-signature",
        "mailing-list",
        "repost-disclaimer",
    }
)
"""Categories of what is long enough to be wrapped. What is short (a link, a label, a call) is a line, and what stands
below it another."""

MOST_LINES: Final = 12
"""Of a passage. The longest notices that rules know, wrapped at 60 characters, have as many."""

LEAST_LINE_BYTES: Final = 20
MOST_LINE_BYTES: Final = 100
"""Of a line that goes on in the next: shorter ones are items, or verse, and longer ones no wrapped text."""

MOST_GAP: Final = 8
"""Bytes between two lines of a passage: the end of one, and what the other is indented by."""


def find_wrapped(
    view: Paragraphs, may_hold_cue: NDArray[np.bool_], taken: Collection[int], active: ActiveRules, screen: Screen
) -> Iterator[Hit]:
    """Give the hits of lines of which several, one after the other, make what a rule of OF_NOTICES is enough for.

    may_hold_cue bool[n]: of which line one must be; taken: paragraphs that go anyway, for which there is no hit.
    """
    edges = np.empty((len(view.starts), 2), dtype=np.int64)
    n_found = find_passages(
        view.data,
        view.starts,
        view.ends,
        view.first,
        view.kind == TEXT,
        may_hold_cue,
        LEAST_LINE_BYTES,
        MOST_LINE_BYTES,
        MOST_GAP,
        MOST_LINES,
        edges,
    )
    if not n_found:
        return
    firsts, lasts = edges[:n_found].T
    owners = view.document[firsts]
    before, n_paragraphs = view.first[owners], view.first[owners + 1] - view.first[owners]
    places = place_bits(firsts - before, n_paragraphs) | place_bits(lasts - before, n_paragraphs)
    spans = np.column_stack([view.starts[firsts], view.ends[lasts]])
    nothing = np.zeros(n_found, dtype=np.int64)
    screened = screen.find_ways(view.data, spans, np.column_stack([places, nothing, nothing]))
    is_notice = np.array([rule.category in OF_NOTICES for rule in active.rules])
    for number, row in screened.rows_with(is_notice):
        lines = range(int(firsts[number]), int(lasts[number]) + 1)
        left = [line for line in lines if line not in taken]
        raw = bytes(view.data.data[spans[number, 0] : spans[number, 1]])
        finding = _try_lines(raw, int(places[number]), read_ways(row), active) if left else None
        if finding is None:
            continue
        for line in left:
            start, end = int(view.starts[line] - view.base[line]), int(view.ends[line] - view.base[line])
            is_continued = line > lines.start
            rule = finding.rule
            yield Hit(line, start, end, rule.title, rule.category, is_whole=True, is_continued=is_continued)


def _try_lines(raw: bytes, places: int, ways: Ways, active: ActiveRules) -> Finding | None:
    """Try lines as one paragraph; gives what a notice takes, if that is all of them and it is enough."""
    whole, parts = (
        tuple(position for position in positions if active.rules[position].category in OF_NOTICES)
        for positions in (ways.whole, ways.parts)
    )
    text = " ".join(raw.decode("utf-8", "replace").split())
    finding = try_paragraph(text, places, ways._replace(whole=whole, parts=parts, tail=False), active)
    return finding if finding is not None and finding.is_sure else None
