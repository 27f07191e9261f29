"""Verdicts turned into spans, shard by shard: what goes of each document, and what proves it."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from dedup.arrow_views import TextView, freeze
from dedup.cuts import Verdict
from dedup.evidence import Evidence
from dedup.kernels.resolution import STAYS, find_pairs
from dedup.kernels.spans import count_from_edges, reach
from dedup.recurrence import RECURRING_RULES
from dedup.schemas import REASONS
from dedup.shards import ShardCuts
from dedup.verdicts import LOSES, Verdicts

REPEAT, DUPLICATE, NEAR_DUPLICATE, DUPLICATE_DOCUMENT, BOILERPLATE = range(len(REASONS))

_NONE: Final = -1


@dataclass(frozen=True, slots=True)
class Removals:
    """n spans that go from the documents of a shard, sorted by document and start, apart from each other.

    document int64[n], counted from the first of the shard; start, end int64[n], bytes into it, and char_start, char_end
    int64[n], characters; reason (a place in REASONS), rule (a place in rules_of_shard, or -1) int64[n];
    recurrence int64[n], a place in Evidence.recurring, or -1; kept_document int64[n], counted over all (-1: none),
    kept_start, kept_end int64[n], characters into that;
    similarity float64[n] (NaN: none).
    """

    document: NDArray[np.int64]
    start: NDArray[np.int64]
    end: NDArray[np.int64]
    char_start: NDArray[np.int64]
    char_end: NDArray[np.int64]
    reason: NDArray[np.int64]
    rule: NDArray[np.int64]
    recurrence: NDArray[np.int64]
    kept_document: NDArray[np.int64]
    kept_start: NDArray[np.int64]
    kept_end: NDArray[np.int64]
    similarity: NDArray[np.float64]


def list_removals(evidence: Evidence, verdicts: Verdicts, shard: int) -> Removals:
    """Give what goes from the documents of a shard; shards may be asked for from several threads."""
    part = _Part.of(evidence, verdicts, shard)
    goes_whole = verdicts.copy_of[part.documents] != STAYS
    gone = np.flatnonzero((part.rule >= 0) | (verdicts.kept_paragraph[part.paragraphs] != STAYS))
    gone = gone[~goes_whole[part.document_of(gone)]]
    cuts = part.found.cuts
    from_byte, to_byte = np.empty_like(gone), np.empty_like(gone)
    cut_from, cut_to = cuts.start.copy(), cuts.end.copy()
    first_paragraph = evidence.columns.first_paragraph[part.documents.start : part.documents.stop + 1]
    reach(
        part.texts.data,
        freeze(part.texts.offsets),
        first_paragraph - part.paragraphs.start,
        freeze(evidence.columns.start[part.paragraphs]),
        freeze(evidence.columns.end[part.paragraphs]),
        cuts.paragraph,
        cuts.start,
        cuts.end,
        part.document_of(gone),
        gone,
        from_byte,
        to_byte,
        cut_from,
        cut_to,
    )
    gone, from_byte, to_byte, piece = part.split(gone, from_byte, to_byte, cut_from, cut_to)
    cut = np.flatnonzero(~goes_whole[part.document_of(cuts.paragraph)])
    return _join(
        [
            part.paragraphs_that_go(gone, from_byte, to_byte, piece),
            part.parts_that_go(cut, cut_from[cut], cut_to[cut]),
            part.documents_that_go(np.flatnonzero(goes_whole)),
        ]
    )


def rules_of_shard(evidence: Evidence, shard: int) -> list[Verdict]:
    """Give what Removals.rule counts: rules, and of those that are not enough alone what voted with them."""
    return [*evidence.shards.cuts(shard).rules, *(Verdict(rule, None) for rule in RECURRING_RULES)]


@dataclass(frozen=True, slots=True)
class _Part:
    """One shard, and which of all documents and paragraphs are in it."""

    evidence: Evidence
    verdicts: Verdicts
    texts: TextView
    found: ShardCuts
    rule: NDArray[np.int64]  # by which each paragraph goes, a place in rules_of_shard, or -1
    recurrence: NDArray[np.int64]  # a place in Evidence.recurring, or -1
    documents: slice
    paragraphs: slice

    @classmethod
    def of(cls, evidence: Evidence, verdicts: Verdicts, shard: int) -> "_Part":
        columns, shards = evidence.columns, evidence.shards
        documents, paragraphs = (
            slice(int(edges[shard]), int(edges[shard + 1]))
            for edges in (columns.shard_documents, columns.shard_paragraphs)
        )
        found = shards.cuts(shard)
        rule, recurrence = found.whole.copy(), np.full(len(found.whole), _NONE)
        if evidence.recurring is not None:
            first, last = np.searchsorted(evidence.recurring.paragraph, (paragraphs.start, paragraphs.stop)).tolist()
            here = evidence.recurring.paragraph[first:last] - paragraphs.start
            rule[here] = len(found.rules) + evidence.recurring.rule[first:last].astype(np.int64)
            recurrence[here] = np.arange(first, last)
        return cls(evidence, verdicts, shards.texts(shard), found, rule, recurrence, documents, paragraphs)

    def document_of(self, paragraphs: NDArray[np.int64]) -> NDArray[np.int64]:
        """Give the documents of paragraphs, both counted from the first of the shard."""
        found: NDArray[np.int64] = self.evidence.columns.document[paragraphs + self.paragraphs.start].astype(np.int64)
        found -= self.documents.start
        return found

    def split(
        self,
        gone: NDArray[np.int64],
        start: NDArray[np.int64],
        end: NDArray[np.int64],
        cut_start: NDArray[np.int64],
        cut_end: NDArray[np.int64],
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """Give `gone`, `start` and `end` with a row for each piece of paragraphs in pieces, and its place, or -1.

        What goes of such a paragraph is parted among its pieces and its cuts, whose cut_start and cut_end are written
        to: each goes with the white space behind it, and the first with that before it.
        """
        cuts = self.found.cuts
        first, last = self._pieces_of(gone + self.paragraphs.start)
        n_rows = np.maximum(last - first, 1)
        first_row = np.cumsum(n_rows) - n_rows
        row = np.repeat(np.arange(len(gone)), n_rows)
        starts, ends, piece = start[row], end[row], np.full(len(row), _NONE)
        for at in np.flatnonzero(last > first).tolist():
            places = slice(int(first[at]), int(last[at]))
            rows = slice(int(first_row[at]), int(first_row[at] + n_rows[at]))
            own_cuts = slice(*np.searchsorted(cuts.paragraph, (gone[at], gone[at] + 1)).tolist())
            begin = np.concatenate([self.evidence.columns.pieces.start[places], cuts.start[own_cuts]])
            order = np.argsort(begin)
            begin[order[0]] = start[at]
            stop = np.empty_like(begin)
            stop[order] = np.append(begin[order[1:]], end[at])
            (starts[rows], cut_start[own_cuts]), (ends[rows], cut_end[own_cuts]) = (
                np.split(edges, [places.stop - places.start]) for edges in (begin, stop)
            )
            piece[rows] = np.arange(places.start, places.stop)
        return gone[row], starts, ends, piece

    def _pieces_of(self, paragraphs: NDArray[np.integer[Any]]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Give the first piece of each paragraph, counted over all, and the first behind it."""
        pieces = self.evidence.columns.pieces
        return pieces.first_of(paragraphs), pieces.first_of(paragraphs + 1)

    def paragraphs_that_go(
        self, gone: NDArray[np.int64], start: NDArray[np.int64], end: NDArray[np.int64], piece: NDArray[np.int64]
    ) -> dict[str, NDArray[Any]]:
        """Give the removals of paragraphs, by rule or as copies; piece int64[n]: which piece of it, -1 the whole."""
        distinct = self.evidence.distinct
        rule = self.rule[gone]
        place = gone + self.paragraphs.start
        kept = np.where(rule >= 0, _NONE, self.verdicts.kept_paragraph[place])
        copies = np.flatnonzero(kept >= 0)
        is_near = np.zeros(len(gone), dtype=np.bool_)
        is_near[copies] = distinct[place[copies]] != distinct[kept[copies]]
        similarity = np.full(len(gone), np.nan)
        similarity[copies] = 1.0
        similarity[is_near] = self._similarity(distinct[place[is_near]], distinct[kept[is_near]])
        return {
            "document": self.document_of(gone),
            "start": start,
            "end": end,
            "char_start": self._characters(gone, start),
            "char_end": self._characters(gone, end),
            "reason": np.where(rule >= 0, BOILERPLATE, np.where(is_near, NEAR_DUPLICATE, DUPLICATE)),
            "rule": rule,
            "recurrence": self.recurrence[gone],
            **self._kept(kept, piece),
            "similarity": similarity,
        }

    def parts_that_go(
        self, rows: NDArray[np.int64], start: NDArray[np.int64], end: NDArray[np.int64]
    ) -> dict[str, NDArray[Any]]:
        """Give the removals of the cuts `rows`: repeats, and what goes of a paragraph by rule."""
        cuts, kept_paragraph = self.found.cuts, self.verdicts.kept_paragraph
        paragraphs = cuts.paragraph[rows]
        document = self.document_of(paragraphs)
        is_repeat = cuts.rule[rows] < 0
        # Where the rest of the paragraph goes too, what proves the repeat is the copy that the rest is held against.
        beside = kept_paragraph[paragraphs + self.paragraphs.start]
        piece = self._find_pieces(paragraphs + self.paragraphs.start, cuts.kept_start[rows], is_repeat)
        kept = self._kept(np.where(is_repeat, beside, _NONE), piece)
        in_itself = np.flatnonzero(is_repeat & (beside == STAYS))
        kept["kept_document"][in_itself] = document[in_itself] + self.documents.start
        for name, places in (("kept_start", cuts.kept_start), ("kept_end", cuts.kept_end)):
            kept[name][in_itself] = self._characters(paragraphs[in_itself], places[rows[in_itself]])
        return {
            "document": document,
            "start": start,
            "end": end,
            "char_start": self._characters(paragraphs, start),
            "char_end": self._characters(paragraphs, end),
            "reason": np.where(is_repeat, REPEAT, BOILERPLATE),
            "rule": cuts.rule[rows],
            "recurrence": np.full(len(rows), _NONE),
            **kept,
            "similarity": np.where(is_repeat, cuts.similarity[rows], np.nan),
        }

    def documents_that_go(self, document: NDArray[np.int64]) -> dict[str, NDArray[Any]]:
        """Give the removals of whole documents."""
        columns, copy_of = self.evidence.columns, self.verdicts.copy_of
        place = document + self.documents.start
        source = copy_of[place].astype(np.int64)
        copies = np.flatnonzero(source >= 0)
        similarity = np.full(len(document), np.nan)
        similarity[copies] = self.verdicts.containment[np.searchsorted(self.verdicts.copies, place[copies])]
        has_kept = source >= 0
        has_kept[copies] = copy_of[source[copies]] == STAYS
        zero = np.zeros_like(document)
        return {
            "document": document,
            "start": zero,
            "end": columns.n_bytes[place],
            "char_start": zero,
            "char_end": columns.n_chars[place],
            "reason": np.full(len(document), DUPLICATE_DOCUMENT),
            "rule": np.full(len(document), _NONE),
            "recurrence": np.full(len(document), _NONE),
            "kept_document": np.where(has_kept, source, _NONE),
            "kept_start": zero,
            "kept_end": np.where(has_kept, columns.n_chars[source], 0),
            "similarity": similarity,
        }

    def _find_pieces(
        self, paragraphs: NDArray[np.int64], places: NDArray[np.int64], is_asked: NDArray[np.bool_]
    ) -> NDArray[np.int64]:
        """Give the piece of each paragraph, counted over all, that a place in bytes is in; -1 where not in pieces."""
        first, last = self._pieces_of(paragraphs)
        found = np.full(len(paragraphs), _NONE)
        starts = self.evidence.columns.pieces.start
        for row in np.flatnonzero(is_asked & (last > first)).tolist():
            own = starts[first[row] : last[row]]
            found[row] = first[row] + max(int(np.searchsorted(own, places[row], side="right")) - 1, 0)
        return found

    def _kept(self, kept: NDArray[np.integer[Any]], piece: NDArray[np.int64]) -> dict[str, NDArray[np.int64]]:
        """Give the columns of Removals that tell of kept paragraphs, counted over all; none where negative, or gone.

        Where `piece` is one of a paragraph that is in as many pieces, it is the one at the same place.
        """
        columns = self.evidence.columns
        rows = np.flatnonzero(kept >= 0)
        rows = rows[self.verdicts.kept_paragraph[kept[rows]] != LOSES]
        document, start, end = np.full(len(kept), _NONE), np.zeros(len(kept), np.int64), np.zeros(len(kept), np.int64)
        document[rows] = columns.document[kept[rows]]
        start[rows], end[rows] = columns.char_start[kept[rows]], columns.char_end[kept[rows]]
        rows = rows[piece[rows] >= 0]
        own_first = columns.pieces.first_of(columns.pieces.paragraph[piece[rows]])
        there = columns.pieces.first_of(kept[rows]) + piece[rows] - own_first
        start[rows], end[rows] = columns.pieces.char_start[there], columns.pieces.char_end[there]
        return {"kept_document": document, "kept_start": start, "kept_end": end}

    def _characters(self, paragraphs: NDArray[np.int64], places: NDArray[np.int64]) -> NDArray[np.int64]:
        """Turn bytes into the documents of paragraphs, counted from the first of the shard, into characters."""
        columns, place, document = (
            self.evidence.columns,
            paragraphs + self.paragraphs.start,
            self.document_of(paragraphs),
        )
        counted = np.empty_like(places)
        count_from_edges(
            self.texts.data,
            self.texts.offsets[document],
            columns.n_bytes[document + self.documents.start],
            columns.n_chars[document + self.documents.start],
            columns.start[place],
            columns.end[place],
            columns.char_start[place],
            columns.char_end[place],
            places,
            counted,
        )
        return counted

    def _similarity(self, one: NDArray[np.int32], other: NDArray[np.int32]) -> NDArray[np.float64]:
        """Give the similarity of pairs of distinct paragraphs, all of which are matches."""
        matches = self.evidence.matches
        rows = np.empty(len(one), dtype=np.int64)
        find_pairs(matches.left, matches.right, np.minimum(one, other), np.maximum(one, other), rows)
        similarity: NDArray[np.float64] = matches.similarity[rows]
        return similarity


def _join(groups: list[dict[str, NDArray[Any]]]) -> Removals:
    """Put groups of removals together, sorted by document and start."""
    columns = {name: np.concatenate([group[name] for group in groups]) for name in Removals.__dataclass_fields__}
    order = np.lexsort((columns["start"], columns["document"]))
    return Removals(**{name: column[order] for name, column in columns.items()})
