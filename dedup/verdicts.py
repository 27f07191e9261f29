"""What stays and what goes: the only judge. Everything before this only measured."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dedup.arrow_views import view_numbers, view_texts
from dedup.evidence import Evidence
from dedup.guard import weigh_matches
from dedup.kernels.resolution import resolve
from dedup.kernels.spans import reach
from dedup.matching import Matches, measure_containment
from dedup.schemas import REASONS, VERBATIM
from dedup.settings import Settings

REPEAT, DUPLICATE, NEAR_DUPLICATE, DUPLICATE_DOCUMENT, BOILERPLATE = range(len(REASONS))

FEWEST_TOKENS_OF_A_PASSAGE: Final = 20
"""A shorter line that stands twice in one document is a refrain or part of a form, unless twice in a row."""


@dataclass(frozen=True, slots=True)
class Removals:
    """n spans that go, sorted by document and start, apart from each other; offsets are bytes into documents.

    document, start, end, reason (a place in REASONS), rule (a place in the rule list, or -1) int64[n];
    kept_document (-1: none), kept_start, kept_end int64[n]; similarity float64[n] (NaN: none).
    """

    document: NDArray[np.int64]
    start: NDArray[np.int64]
    end: NDArray[np.int64]
    reason: NDArray[np.int64]
    rule: NDArray[np.int64]
    kept_document: NDArray[np.int64]
    kept_start: NDArray[np.int64]
    kept_end: NDArray[np.int64]
    similarity: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Overlaps:
    """n pairs of kept paragraphs (places in PARAGRAPHS, left < right), their similarity, why both stay (WHY_KEPT)."""

    left: NDArray[np.int64]
    right: NDArray[np.int64]
    similarity: NDArray[np.float64]
    why: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Verdicts:
    """What goes, what is kept though it overlaps, and which documents are copies of which (int64[d], -1: of none)."""

    removals: Removals
    overlaps: Overlaps
    copy_of: NDArray[np.int64]


def judge(evidence: Evidence, settings: Settings) -> Verdicts:
    """Decide on every span.

    A paragraph goes as a duplicate or near-duplicate only if the copy it is held against stays; documents are
    judged in order of rank, so that no chain of likenesses removes anything.
    """
    document = view_numbers(evidence.paragraphs["document"])
    n_documents = evidence.documents.num_rows
    first_paragraph = np.searchsorted(document, np.arange(n_documents + 1)).astype(np.int64)
    left_goes, right_goes, why = weigh_matches(evidence, settings)
    allowed = _list_allowed(evidence.matches, left_goes, right_goes, len(document))
    copy_of = np.empty(n_documents, dtype=np.int64)
    kept_paragraph, holder = np.empty(len(document), dtype=np.int64), np.empty(len(document), dtype=np.int64)
    similarity = np.empty(len(document), dtype=np.float64)
    resolve(
        evidence.order,
        first_paragraph,
        np.lexsort((-evidence.fingerprints.n_tokens, document)).astype(np.int64),  # longest first: a cut copy goes
        evidence.twin,
        evidence.fingerprints.n_tokens,
        evidence.distinct,
        evidence.takes_part,
        view_numbers(evidence.paragraphs["kind"]) == VERBATIM,
        settings.min_tokens,
        FEWEST_TOKENS_OF_A_PASSAGE,
        settings.copy_share if settings.within != "document" else 2.0,
        document,
        *allowed,
        copy_of,
        kept_paragraph,
        similarity,
        holder,
    )
    loses = np.zeros(len(document), dtype=np.bool_)
    loses_document = np.zeros(n_documents, dtype=np.bool_)
    if settings.keep == "none":
        loses[kept_paragraph[kept_paragraph >= 0]] = True
        loses_document[copy_of[copy_of >= 0]] = True
    removals = _list_removals(
        evidence, settings, first_paragraph, copy_of, kept_paragraph, similarity, loses, loses_document
    )
    return Verdicts(removals, _list_overlaps(evidence, holder, loses, loses_document[document], why), copy_of)


def _list_allowed(
    matches: Matches, left_goes: NDArray[np.bool_], right_goes: NDArray[np.bool_], n_paragraphs: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Give for each paragraph the others it may go for, best first: starts int64[p + 1], kept int64[m], similarity."""
    goes = np.concatenate([matches.left[left_goes], matches.right[right_goes]])
    kept = np.concatenate([matches.right[left_goes], matches.left[right_goes]])
    similarity = np.concatenate([matches.similarity[left_goes], matches.similarity[right_goes]])
    order = np.lexsort((kept, -similarity, goes))
    starts = np.searchsorted(goes[order], np.arange(n_paragraphs + 1)).astype(np.int64)
    return starts, kept[order], similarity[order]


def _list_removals(
    evidence: Evidence,
    settings: Settings,
    first_paragraph: NDArray[np.int64],
    copy_of: NDArray[np.int64],
    kept_paragraph: NDArray[np.int64],
    similarity: NDArray[np.float64],
    loses: NDArray[np.bool_],
    loses_document: NDArray[np.bool_],
) -> Removals:
    """Turn the decisions into spans."""
    texts = view_texts(evidence.documents["text"])
    document, starts, ends = (view_numbers(evidence.paragraphs[name]) for name in ("document", "start", "end"))
    lengths = np.diff(texts.offsets)
    cuts = evidence.cuts
    copied = copy_of >= 0
    whole_documents = np.flatnonzero(copied | loses_document)
    in_whole = (copied | loses_document)[document]
    goes = ((evidence.boilerplate.whole >= 0) | (kept_paragraph >= 0) | loses) & ~in_whole
    from_byte, to_byte = np.zeros(len(document), dtype=np.int64), np.zeros(len(document), dtype=np.int64)
    # How far a removal reaches is a matter of the lines, so it is measured on paragraphs as they were before cuts.
    line_starts, line_ends = starts.copy(), ends.copy()
    np.minimum.at(line_starts, cuts.paragraph, cuts.start)
    np.maximum.at(line_ends, cuts.paragraph, cuts.end)
    reach(texts.data, texts.offsets, first_paragraph, line_starts, line_ends, goes, from_byte, to_byte)
    cut_start, cut_end = cuts.start.copy(), cuts.end.copy()
    for row in np.flatnonzero(goes[cuts.paragraph]).tolist():
        # Beside a paragraph that goes, a cut takes the line's own white space on its side.
        p = cuts.paragraph[row]
        if cuts.end[row] <= starts[p]:
            cut_start[row] = from_byte[p] if cuts.start[row] <= line_starts[p] else cut_start[row]
            from_byte[p] = max(from_byte[p], cuts.end[row])
        elif cuts.start[row] >= ends[p]:
            cut_end[row] = to_byte[p] if cuts.end[row] >= line_ends[p] else cut_end[row]
            to_byte[p] = min(to_byte[p], cuts.start[row])
    gone = np.flatnonzero(goes)
    by_rule = evidence.boilerplate.whole[gone] >= 0
    kept = np.where(by_rule, -1, kept_paragraph[gone])
    is_exact = by_rule | (kept < 0) | (evidence.distinct[gone] == evidence.distinct[kept])
    has_kept = (kept >= 0) & ~loses[kept]
    paragraphs = Removals(
        document=document[gone],
        start=from_byte[gone],
        end=to_byte[gone],
        reason=np.where(by_rule, BOILERPLATE, np.where(is_exact, DUPLICATE, NEAR_DUPLICATE)),
        rule=evidence.boilerplate.whole[gone],
        kept_document=np.where(has_kept, document[kept], -1),
        kept_start=starts[kept],
        kept_end=ends[kept],
        similarity=np.where(kept >= 0, similarity[gone], np.nan),
    )
    cut = np.flatnonzero(~in_whole[cuts.paragraph])
    is_repeat = cuts.rule[cut] < 0
    cut_document = document[cuts.paragraph[cut]]
    # Where the rest of the paragraph goes as well, what proves the repeat is the copy that the rest is held against.
    beside = kept_paragraph[cuts.paragraph[cut]]
    goes_too = is_repeat & (beside >= 0)
    stays = is_repeat & ~loses[cuts.paragraph[cut]] & ~(goes_too & loses[beside])
    parts = Removals(
        document=cut_document,
        start=cut_start[cut],
        end=cut_end[cut],
        reason=np.where(is_repeat, REPEAT, BOILERPLATE),
        rule=cuts.rule[cut],
        kept_document=np.where(stays, np.where(goes_too, document[beside], cut_document), -1),
        kept_start=np.where(goes_too, starts[beside], cuts.kept_start[cut]),
        kept_end=np.where(goes_too, ends[beside], cuts.kept_end[cut]),
        similarity=np.where(is_repeat, cuts.similarity[cut], np.nan),
    )
    source = copy_of[whole_documents]
    zero = np.zeros(len(source), dtype=np.int64)
    wholes = Removals(
        document=whole_documents,
        start=zero,
        end=lengths[whole_documents],
        reason=np.full(len(source), DUPLICATE_DOCUMENT),
        rule=zero - 1,
        kept_document=np.where((source >= 0) & ~loses_document[source], source, -1),
        kept_start=zero,
        kept_end=lengths[source],
        similarity=np.full(len(source), np.nan),
    )
    copies = np.flatnonzero(source >= 0)
    wholes.similarity[copies] = measure_containment(
        evidence.documents, whole_documents[copies], source[copies], settings
    )
    return _sort_removals([paragraphs, parts, wholes])


def _sort_removals(groups: list[Removals]) -> Removals:
    """Put groups of removals together, sorted by document and start."""
    columns = {
        name: np.concatenate([getattr(group, name) for group in groups]) for name in Removals.__dataclass_fields__
    }
    order = np.lexsort((columns["start"], columns["document"]))
    return Removals(**{name: column[order] for name, column in columns.items()})


def _list_overlaps(
    evidence: Evidence,
    holder: NDArray[np.int64],
    loses: NDArray[np.bool_],
    loses_document: NDArray[np.bool_],
    why: NDArray[np.int64],
) -> Overlaps:
    """List the matches of which both sides stay, at the places where they stay."""
    left, right = holder[evidence.matches.left], holder[evidence.matches.right]
    stays = (left >= 0) & (right >= 0)
    for side in (left, right):
        stays &= ~loses[side] & ~loses_document[side]
    rows = np.flatnonzero(stays)
    first, second = np.minimum(left[rows], right[rows]), np.maximum(left[rows], right[rows])
    order = np.lexsort((second, first))
    rows, first, second = rows[order], first[order], second[order]
    return Overlaps(first, second, evidence.matches.similarity[rows], why[rows])
