"""What a paragraph must hold for each rule to match in it, as the arrays that the screen reads."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations
from math import comb
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dedup.boilerplate.regexes import either, find_clauses
from dedup.boilerplate.rule import Rule
from dedup.boilerplate.spellings import fold
from dedup.boilerplate.traces import END, START, Clause, Trace
from dedup.kernels.traces import END_WORD, LETTERS, PAIR, START_WORD, fill_positions
from dedup.token_tables import token_hashes

MOST_CHOICES: Final = 20
"""Ways to choose signs, past which only all of them together are asked for."""


class Required(NamedTuple):
    """What n rules ask for, as could_match of the kernels takes it."""

    first_alternative: NDArray[np.int32]  # n + 1
    first_clause: NDArray[np.int32]
    clauses: NDArray[np.int32]
    first_set: NDArray[np.int32]
    first_trace: NDArray[np.int32]
    traces: NDArray[np.uint16]
    leads: NDArray[np.uint16]  # the first trace of each set, side by side: one look at memory for most clauses


def read_required(rules: Iterable[Rule]) -> Required:
    """Read from the patterns of rules what a text that one of them matches must hold."""
    alternatives = [list(_alternatives_of(rule)) for rule in rules]
    alternatives = [found if all(found) else [] for found in alternatives]
    clauses = list(dict.fromkeys(clause for found in alternatives for each in found for clause in each))
    numbers = {clause: number for number, clause in enumerate(clauses)}
    sets = [sorted(sorted(traces, key=_how_common) for traces in clause) for clause in clauses]
    of_alternatives = [
        sorted((numbers[clause] for clause in each), key=lambda number: len(sets[number]))
        for found in alternatives
        for each in found
    ]
    flat_sets = [traces for of_clause in sets for traces in of_clause]
    first_trace, traces = _starts(flat_sets), _positions([trace for traces in flat_sets for trace in traces])
    return Required(
        _starts(alternatives),
        _starts(of_alternatives),
        np.array([number for each in of_alternatives for number in each], dtype=np.int32),
        _starts(sets),
        first_trace,
        traces,
        traces[first_trace[:-1]],
    )


def join_required(parts: Sequence[Required]) -> Required:
    """Give what the rules of several parts ask for, those of the first part first."""
    n_clauses = np.cumsum([0, *(len(part.first_set) - 1 for part in parts)])
    return Required(
        _join_starts([part.first_alternative for part in parts]),
        _join_starts([part.first_clause for part in parts]),
        np.concatenate([part.clauses + before for part, before in zip(parts, n_clauses, strict=False)]).astype(
            np.int32
        ),
        _join_starts([part.first_set for part in parts]),
        _join_starts([part.first_trace for part in parts]),
        np.concatenate([part.traces for part in parts]),
        np.concatenate([part.leads for part in parts]),
    )


def _alternatives_of(rule: Rule) -> Iterator[list[Clause]]:
    """Give the alternatives of a rule's patterns, each with what its signs ask for."""
    signs = list(_clauses_of_signs(rule))
    for source in rule.pattern.sources:
        for clauses in _read(source, is_whole=True):
            yield list(dict.fromkeys([*clauses, *signs]))


def _clauses_of_signs(rule: Rule) -> Iterator[Clause]:
    """Give what a text with enough of the signs fulfils: of any so many that no more may be missing, one is there."""
    if not rule.needs:
        return
    signs = [[clauses for source in sign.sources for clauses in _read(source, is_whole=False)] for sign in rule.signs]
    n_looked_at = len(signs) - rule.needs + 1
    chosen = combinations(signs, n_looked_at) if comb(len(signs), n_looked_at) <= MOST_CHOICES else [signs]
    for some in chosen:
        yield from either([clauses for sign in some for clauses in sign])[:1]


def _read(source: str, *, is_whole: bool) -> list[list[Clause]]:
    try:
        return find_clauses(fold(source), is_whole=is_whole)
    except RecursionError:  # groups within groups, deeper than anybody writes them: nothing is required
        return [[]]


def _how_common(trace: Trace) -> tuple[bool, Trace]:
    """Give a key by which traces are looked for first that few texts have: two words in a row."""
    return trace.kind != PAIR, trace


def _starts(groups: Sequence[Sequence[object]]) -> NDArray[np.int32]:
    return np.cumsum([0, *map(len, groups)], dtype=np.int32)


def _join_starts(starts: Sequence[NDArray[np.int32]]) -> NDArray[np.int32]:
    before = np.cumsum([0, *(each[-1] for each in starts)])
    joined = [each[:-1] + past for each, past in zip(starts, before, strict=False)]
    return np.concatenate([*joined, before[-1:]]).astype(np.int32)


def _positions(traces: Sequence[Trace]) -> NDArray[np.uint16]:
    """Give the bits of traces."""
    words = sorted({word for trace in traces if trace.kind < LETTERS for word in trace[1:]} - {"", START, END})
    hashes = dict(zip(words, token_hashes(" ".join(words)).tolist(), strict=True))
    hashes |= {"": 0, START: int(START_WORD), END: int(END_WORD)}
    firsts = [hashes[trace.first] if trace.kind < LETTERS else int.from_bytes(trace.first.encode()) for trace in traces]
    seconds = [hashes[trace.second] if trace.kind < LETTERS else 0 for trace in traces]
    positions = np.empty(len(traces), dtype=np.uint16)
    fill_positions(
        np.array([trace.kind for trace in traces], dtype=np.int64),
        np.array(firsts, dtype=np.uint64),
        np.array(seconds, dtype=np.uint64),
        positions,
    )
    return positions
