"""Parts of paragraphs that go while the rest stays: repeats, and boilerplate that ends or begins a paragraph."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from dedup.arrow_views import view_numbers
from dedup.schemas import PARAGRAPHS


@dataclass(frozen=True, slots=True)
class Cuts:
    """n spans to be cut out of paragraphs that are not removed as boilerplate whole, sorted and apart.

    paragraph, start, end int64[n] (bytes into the document); rule int64[n], a place in the rule list, or -1
    for a repeat, whose other copy is at kept_start to kept_end int64[n] with similarity float64[n].
    """

    paragraph: NDArray[np.int64]
    start: NDArray[np.int64]
    end: NDArray[np.int64]
    rule: NDArray[np.int64]
    kept_start: NDArray[np.int64]
    kept_end: NDArray[np.int64]
    similarity: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Boilerplate:
    """Which paragraphs go whole: whole int64[p], the rule by which each does (a place in `rules`), or -1."""

    whole: NDArray[np.int64]
    rules: list["Verdict"]


class Verdict(NamedTuple):
    """Why something goes as boilerplate."""

    rule: str  # "category/rule-name"
    votes: str | None  # what voted for it, where a rule is not enough alone


def read_cuts(paragraphs: pa.Table, repeats: pa.Table, hits: pa.Table) -> tuple[Cuts, Boilerplate]:
    """Part what goes whole from what is cut out of a paragraph.

    Takes PARAGRAPHS, REPEATS and BOILERPLATE (`hits`). Cuts that meet are settled in favour of the one that
    begins first; a cut that would leave nothing of its paragraph is a whole one if a rule made it.
    """
    starts, ends = view_numbers(paragraphs["start"]), view_numbers(paragraphs["end"])
    found = list(map(Verdict, hits["rule"].to_pylist(), hits["votes"].to_pylist()))
    rules = sorted(set(found), key=lambda verdict: (verdict.rule, verdict.votes or ""))
    places = {verdict: place for place, verdict in enumerate(rules)}
    rule = np.array([places[verdict] for verdict in found], dtype=np.int64)
    hit_paragraph, hit_start, hit_end = (view_numbers(hits[name]) for name in ("paragraph", "start", "end"))
    is_whole = (hit_start <= starts[hit_paragraph]) & (hit_end >= ends[hit_paragraph])
    whole = np.full(len(starts), -1, dtype=np.int64)
    whole[hit_paragraph[is_whole]] = rule[is_whole]
    part = ~is_whole
    none = np.zeros(int(part.sum()), dtype=np.int64)
    merged = {
        "paragraph": np.concatenate([view_numbers(repeats["paragraph"]), hit_paragraph[part]]),
        "start": np.concatenate([view_numbers(repeats["start"]), hit_start[part]]),
        "end": np.concatenate([view_numbers(repeats["end"]), hit_end[part]]),
        "rule": np.concatenate([np.full(repeats.num_rows, -1), rule[part]]).astype(np.int64),
        "kept_start": np.concatenate([view_numbers(repeats["kept_start"]), none]),
        "kept_end": np.concatenate([view_numbers(repeats["kept_end"]), none]),
        "similarity": np.concatenate([view_numbers(repeats["similarity"]), none]).astype(np.float64),
    }
    order = np.lexsort((merged["end"], merged["start"], merged["paragraph"]))
    kept: list[int] = []
    for row in order.tolist():
        p = merged["paragraph"][row]
        if whole[p] >= 0:
            continue
        if kept and merged["paragraph"][kept[-1]] == p and _meets(merged, kept[-1], row):
            continue
        kept.append(row)
    return Cuts(**{name: values[kept] for name, values in merged.items()}), Boilerplate(whole, rules)


def trim_paragraphs(paragraphs: pa.Table, cuts: Cuts) -> tuple[pa.Table, NDArray[np.int64], NDArray[np.int64]]:
    """Give PARAGRAPHS without what is cut from their ends, the places of those trimmed, and of those in pieces.

    A paragraph cut in the middle is left as it is and is one of those in pieces: what remains of it is no
    single span that could be a kept copy. It counts when whole documents are compared.
    """
    starts, ends = view_numbers(paragraphs["start"]).copy(), view_numbers(paragraphs["end"]).copy()
    original_ends = ends.copy()
    pieces: set[int] = set()
    for p, start, end in zip(cuts.paragraph.tolist(), cuts.start.tolist(), cuts.end.tolist(), strict=True):
        if start <= starts[p]:
            starts[p] = max(starts[p], end)
        elif end >= original_ends[p]:
            ends[p] = min(ends[p], start)
        else:
            pieces.add(p)
    in_pieces = np.array(sorted(pieces), dtype=np.int64)
    starts[in_pieces] = view_numbers(paragraphs["start"])[in_pieces]
    ends[in_pieces] = original_ends[in_pieces]
    trimmed = np.setdiff1d(np.unique(cuts.paragraph), in_pieces)
    table = pa.table([paragraphs["document"], pa.array(starts), pa.array(ends), paragraphs["kind"]], schema=PARAGRAPHS)
    return table, trimmed, in_pieces


def _meets(merged: dict[str, NDArray[np.int64]], earlier: int, later: int) -> bool:
    """Tell whether the later cut takes anything that the earlier takes or, being a repeat, points to as kept."""
    start, end = merged["start"][later], merged["end"][later]
    if start < merged["end"][earlier]:
        return True
    is_repeat = merged["rule"][earlier] < 0
    return bool(is_repeat and start < merged["kept_end"][earlier] and end > merged["kept_start"][earlier])
