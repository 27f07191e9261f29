"""Parts of paragraphs that go while the rest stays: repeats, and boilerplate that ends or begins a paragraph."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from dedup.arrow_views import TextView, view_numbers
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


class Pieces(NamedTuple):
    """What is left of paragraphs that are cut in the middle: m spans, in order, without white space at their ends.

    paragraph int64[m]; start, end int64[m], bytes into the document; char_start, char_end int64[m], characters.
    """

    paragraph: NDArray[np.int64]
    start: NDArray[np.int64]
    end: NDArray[np.int64]
    char_start: NDArray[np.int64]
    char_end: NDArray[np.int64]

    def first_of(self, paragraphs: NDArray[Any]) -> NDArray[np.int64]:
        """Give the place of the first piece of each paragraph, or of the next that has any."""
        return np.searchsorted(self.paragraph, paragraphs)


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
        if _meets_any(merged, kept, row):
            continue
        kept.append(row)
    return Cuts(**{name: values[kept] for name, values in merged.items()}), Boilerplate(whole, rules)


def trim_paragraphs(paragraphs: pa.Table, cuts: Cuts) -> tuple[pa.Table, NDArray[np.int64], NDArray[np.int64]]:
    """Give PARAGRAPHS without what is cut from their ends, the places of those trimmed, and of those in pieces.

    A paragraph cut in the middle is left as it is and is one of those in pieces: what remains of it is no single span.
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


def list_pieces(texts: TextView, paragraphs: pa.Table, cuts: Cuts, in_pieces: NDArray[np.int64]) -> Pieces:
    """Give what is left of the paragraphs `in_pieces` (ascending), whose characters are not counted: as bytes.

    Takes the texts of the documents, and PARAGRAPHS.
    """
    documents, starts, ends = (view_numbers(paragraphs[name]) for name in ("document", "start", "end"))
    found: list[tuple[int, int, int]] = []
    for p in in_pieces.tolist():
        base, at = int(texts.offsets[documents[p]]), int(starts[p])
        first, last = np.searchsorted(cuts.paragraph, (p, p + 1)).tolist()
        edges = zip(cuts.start[first:last].tolist(), cuts.end[first:last].tolist(), strict=True)
        for start, end in (*edges, (int(ends[p]), int(ends[p]))):
            text = texts.data[base + at : base + start].tobytes().decode()
            if text.strip():
                found.append((p, start - len(text.lstrip().encode()), at + len(text.rstrip().encode())))
            at = end
    paragraph, start, end = np.ascontiguousarray(np.array(found, dtype=np.int64).reshape(-1, 3).T)
    return Pieces(paragraph, start, end, start, end)


def tell_layouts(pieces: Pieces, cuts: Cuts, in_pieces: NDArray[np.int64]) -> list[list[int]]:
    """Give, of each paragraph in pieces, what comes after what in it: places of pieces, -1 a repeat, -2 boilerplate."""
    layouts = []
    for p in in_pieces.tolist():
        first, last = np.searchsorted(cuts.paragraph, (p, p + 1)).tolist()
        begin, end = pieces.first_of(np.array([p, p + 1])).tolist()
        kinds = np.where(cuts.rule[first:last] < 0, -1, -2)
        order = np.argsort(np.concatenate([pieces.start[begin:end], cuts.start[first:last]]), kind="stable")
        layouts.append(np.concatenate([np.arange(begin, end), kinds])[order].tolist())
    return layouts


def _meets_any(merged: dict[str, NDArray[np.int64]], kept: list[int], row: int) -> bool:
    """Tell whether a cut meets any before it that is kept, all of the same order as the rows."""
    lowest = merged["start"][row]
    if merged["rule"][row] < 0:
        lowest = min(lowest, merged["kept_start"][row])
    for place in range(len(kept) - 1, -1, -1):
        earlier = kept[place]
        if merged["paragraph"][earlier] != merged["paragraph"][row]:
            break
        if _meets(merged, earlier, row):
            return True
        if merged["end"][earlier] <= lowest:
            break
    return False


def _meets(merged: dict[str, NDArray[np.int64]], earlier: int, later: int) -> bool:
    """Tell whether one of two cuts takes anything that the other takes or, being a repeat, points to as kept."""
    if merged["start"][later] < merged["end"][earlier]:
        return True
    return any(
        merged["rule"][one] < 0
        and merged["start"][other] < merged["kept_end"][one]
        and merged["end"][other] > merged["kept_start"][one]
        for one, other in ((earlier, later), (later, earlier))
    )
