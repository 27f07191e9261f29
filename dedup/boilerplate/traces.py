"""Traces: what a string leaves in every text that holds it, in terms of tokens, which is how kernels know texts."""

import re
from collections.abc import Iterable
from itertools import pairwise
from typing import Final, NamedTuple

from dedup.kernels.traces import FIRST_LETTERS, LAST_LETTERS, LETTERS, N_LETTERS, PAIR, WORD

START: Final = "\x01"
"""In strings and as a word of a trace: here a match, and so a sentence, begins."""
END: Final = "\x02"
EDGE: Final = "\x03"
"""In strings: here no token goes on."""
UNKNOWN: Final = "\x04"
"""In strings: a character that texts may have in another spelling."""

_ITEM: Final = re.compile(r"[a-z0-9][a-z0-9\u0300-\u036f]*|[\x01-\x04]|[^a-z0-9\x01-\x04]+")


class Trace(NamedTuple):
    """Something that can be looked for in a text."""

    kind: int  # one of those that the kernel knows
    first: str
    second: str = ""


Clause = frozenset[frozenset[Trace]]
"""Sets of traces: a text that fulfils it has all of one of them."""


def make_clause(texts: Iterable[str], *, is_cut_before: bool, is_cut_behind: bool) -> Clause | None:
    """Give the clause that a text fulfils if it holds one of some strings; None if such a text need have no trace.

    The strings are in the normal form of tokens; is_cut_before says that no token goes on before them.
    """
    found: set[frozenset[Trace]] = set()
    for text in texts:
        traces = traces_of(text, is_cut_before=is_cut_before, is_cut_behind=is_cut_behind)
        if not traces:
            return None
        found.add(traces)
    return weakest(found)


def weakest(found: Iterable[frozenset[Trace]]) -> Clause:
    """Leave out sets of which another has a part only: who has all of the set has that part."""
    kept: list[frozenset[Trace]] = []
    for traces in sorted(set(found), key=len):
        if not any(other < traces for other in kept):
            kept.append(traces)
    return frozenset(kept)


def traces_of(text: str, *, is_cut_before: bool, is_cut_behind: bool) -> frozenset[Trace]:
    """Give all traces of a string."""
    items = _ITEM.findall(text)
    found: set[Trace] = set()
    row: list[str] = []  # neighbouring tokens that are known whole
    for place, item in enumerate(items):
        if item in (START, END):
            row.append(item)
        elif item == UNKNOWN:
            _add_row(row, found)
        elif item[0].isalnum():
            is_first, is_last = place == 0, place == len(items) - 1
            starts = is_cut_before if is_first else items[place - 1] != UNKNOWN
            ends = is_cut_behind if is_last else items[place + 1] != UNKNOWN
            if starts and ends:
                row.append(item)
                continue
            opens = starts and row[-1:] == [START]
            _add_row(row, found)
            _add_part(item, found, opens=opens, closes=ends and END in items[place + 1 : place + 3])
    _add_row(row, found)
    return frozenset(found)


def _add_row(row: list[str], found: set[Trace]) -> None:
    """Add the traces of neighbouring tokens, and empty the row."""
    if len(row) == 1 and row[0] not in (START, END):
        found.add(Trace(WORD, row[0]))
    found.update(Trace(PAIR, *pair) for pair in pairwise(row))
    row.clear()


def _add_part(part: str, found: set[Trace], *, opens: bool, closes: bool) -> None:
    """Add the traces of a part of a token, of which so many letters are known as it has."""
    runs = [part[at : at + N_LETTERS] for at in range(len(part) - N_LETTERS + 1)]
    if not part.isascii():
        return
    found.update(Trace(LETTERS, run) for run in {*runs[:1], *runs[len(runs) // 2 :][:1], *runs[-1:]})
    if runs and opens:
        found.add(Trace(FIRST_LETTERS, runs[0]))
    if runs and closes:
        found.add(Trace(LAST_LETTERS, runs[-1]))
