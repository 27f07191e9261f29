"""What stays and what goes: the only judge. Everything before this only measured."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from dedup.arrow_views import view_numbers, view_texts
from dedup.cuts import Boilerplate, Cuts
from dedup.fingerprints import Fingerprints
from dedup.kernels.differences import (
    CONTENT,
    HUNKS,
    IDENTIFIERS,
    INNER,
    NEW_LEFT,
    NUMBERS,
    OWN_LEFT,
    RUN_LEFT,
    SUBSTITUTIONS,
)
from dedup.kernels.resolution import resolve
from dedup.kernels.spans import reach
from dedup.matching import Matches, find_topical, measure_containment
from dedup.schemas import REASONS
from dedup.settings import Settings

REPEAT, DUPLICATE, NEAR_DUPLICATE, DUPLICATE_DOCUMENT, BOILERPLATE = range(len(REASONS))

# The guard: what makes similar texts different all the same. The figures come from reading pairs of manuals,
# licence texts and press pages, and from what edited copies of known origin lose; see docs/design.md.
SAFE_SIMILARITY: Final = 0.8
"""From here on differences are few; below it they must also look like edits, not like another text in one frame."""
FEWEST_TOKENS_TO_SUBSTITUTE: Final = 20
"""Below it one word for another is another fact ("There is no ALTER ..." and "There is no CREATE ...")."""
FEWEST_TOKENS_OF_A_PASSAGE: Final = 20
"""A shorter line that stands twice in one document is a refrain or part of a form, unless twice in a row."""
MOST_MARKS_A_TOKEN: Final = 0.5
"""More punctuation than that is code, markup or a list, where every token is a fact."""
CONTENT_SHARE: Final = 2 / 3
"""Share of differences that put a content word for another, from which on the pair is a form filled in twice."""
MOST_HUNKS_OF_A_FORM: Final = 5
"""A form has few slots; more differences than that are edits, and not worth reading both documents for."""
FEWEST_FORMS: Final = 2
SIBLING_SHARE: Final = 0.3
"""Share of the matches of both documents, FEWEST_FORMS of each, that are forms, for them to describe sibling things."""
FORM_SHARE: Final = 0.5
"""The same where it is so of one document, and the other has a form at all."""
FEWEST_OWN_WORDS: Final = 2
"""Content words that a text must have for itself to have been rewritten rather than retouched."""
LONGEST_NEW_RUN: Final = 3
"""Tokens in a row that a removed text may always have for itself."""
NEW_RUN_SHARE: Final = 0.05
"""The same as a share of a longer text; twice that from SAFE_SIMILARITY on."""
CONTAINED_SHARE: Final = 0.05
"""A removed text with at most this share of tokens for itself is contained in the other, however long that is."""

BELOW_THRESHOLD, DIFFERENT_FACTS, OWN_CONTENT = range(3)
WHY_KEPT: Final = ("below-threshold", "different-facts", "own-content")


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


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that the stages have measured, which is all that the verdicts rest on.

    documents DOCUMENTS; paragraphs PARAGRAPHS, trimmed; distinct int64[p], the first paragraph equal to each;
    takes_part bool[p], False for boilerplate and for paragraphs in pieces; twin int64[d], the first document of
    equal content or -1; order int64[d], documents by rank, best first.
    """

    documents: pa.Table
    paragraphs: pa.Table
    fingerprints: Fingerprints
    cuts: Cuts
    boilerplate: Boilerplate
    distinct: NDArray[np.int64]
    matches: Matches
    takes_part: NDArray[np.bool_]
    twin: NDArray[np.int64]
    order: NDArray[np.int64]


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


def weigh_matches(
    evidence: Evidence, settings: Settings
) -> tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.int64]]:
    """Say of each match whether the left may go for the right, the right for the left, and why not (WHY_KEPT)."""
    matches = evidence.matches
    figures, similarity = matches.figures, matches.similarity
    reaches = similarity >= settings.similarity
    why = np.where(reaches, OWN_CONTENT, BELOW_THRESHOLD)
    if settings.allow_different_facts:
        return reaches, reaches.copy(), why
    n_tokens = evidence.fingerprints.n_tokens
    document = view_numbers(evidence.paragraphs["document"])
    shorter = np.minimum(n_tokens[matches.left], n_tokens[matches.right])
    close = similarity >= SAFE_SIMILARITY
    one_for_another = figures[:, SUBSTITUTIONS] > 0
    differ = (figures[:, NUMBERS] > 0) | (figures[:, IDENTIFIERS] > 0)
    differ |= matches.marked > MOST_MARKS_A_TOKEN
    differ |= (matches.fillers > 0) & (2 * matches.fillers >= figures[:, SUBSTITUTIONS])
    differ |= ~close & one_for_another & (figures[:, CONTENT] >= CONTENT_SHARE * figures[:, HUNKS])
    # Inside one document, and where texts are short, only what is put before or behind a text leaves it the same.
    same = document[matches.left] == document[matches.right]
    strict = same | (shorter < FEWEST_TOKENS_TO_SUBSTITUTE)
    differ |= strict & (one_for_another | (figures[:, INNER] > 0) | ~close)
    goes = [_adds_little(figures, n_tokens[(matches.left, matches.right)[side]], side, close) for side in (0, 1)]
    # A caption or teaser cut short with an ellipsis goes for the complete one beside it, however much that is longer.
    is_cut = [
        same
        & (figures[:, HUNKS] == 1)
        & (figures[:, INNER] == 0)
        & (figures[:, NEW_LEFT + side] <= 1)
        & _end_in_ellipsis(evidence, (matches.left, matches.right)[side])
        for side in (0, 1)
    ]
    goes = [is_cut[side] | (goes[side] & ~is_cut[1 - side]) for side in (0, 1)]
    cut = is_cut[0] | is_cut[1]
    # A text that fills a form with others is a form in this pair too, unless the pair is close.
    unlike = np.flatnonzero(reaches & ~cut & (differ | ~(goes[0] | goes[1])))
    both_sides = np.concatenate([matches.left[unlike], matches.right[unlike]])
    is_form = np.bincount(both_sides, minlength=len(document)) >= FEWEST_FORMS
    differ |= ~close & (is_form[matches.left] | is_form[matches.right])
    doubtful = reaches & ~differ & ~close & (figures[:, CONTENT] > 0) & (figures[:, HUNKS] <= MOST_HUNKS_OF_A_FORM)
    rows = np.flatnonzero(doubtful & (goes[0] | goes[1]))
    differ[rows] = find_topical(evidence.documents, document, matches, rows)
    differ |= ~close & (figures[:, INNER] > 0) & _are_siblings(matches, document, reaches, reaches & differ & ~cut)
    differ &= ~cut
    why[reaches & differ] = DIFFERENT_FACTS
    # Documents that share more have a common origin: there, a text with words of its own was rewritten on purpose.
    rewritten = [
        ~close & (figures[:, INNER] > 0) & ~cut & (figures[:, OWN_LEFT + side] >= FEWEST_OWN_WORDS) for side in (0, 1)
    ]
    rows = np.flatnonzero(reaches & ~differ & ((goes[0] & rewritten[0]) | (goes[1] & rewritten[1])))
    related = np.zeros(len(reaches), dtype=np.bool_)
    related[rows] = _share_more(evidence.matches, document)[rows] | _share_equals(evidence, document, rows, settings)
    goes = [goes[side] & ~(related & rewritten[side]) for side in (0, 1)]
    # Of a paragraph that holds a repeat of itself only the whole may be a copy: the proof of the repeat is in it.
    repeats_itself = np.zeros(len(document), dtype=np.bool_)
    repeats_itself[evidence.cuts.paragraph[evidence.cuts.rule < 0]] = True
    may = reaches & ~differ
    return (
        may & goes[0] & ~repeats_itself[matches.left],
        may & goes[1] & ~repeats_itself[matches.right],
        why,
    )


def _share_more(matches: Matches, document: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Say of each match whether its two documents have another match with each other."""
    left, right = document[matches.left], document[matches.right]
    pair = np.minimum(left, right) * (int(document.max()) + 1 if len(document) else 1) + np.maximum(left, right)
    _, place, count = np.unique(pair, return_inverse=True, return_counts=True)
    share_more: NDArray[np.bool_] = count[place] > 1
    return share_more


def _share_equals(
    evidence: Evidence, document: NDArray[np.int64], rows: NDArray[np.int64], settings: Settings
) -> NDArray[np.bool_]:
    """Say of the matches `rows` whether their two documents have an equal paragraph of `min_tokens` or more."""
    counts = evidence.fingerprints.n_tokens >= settings.min_tokens
    paragraphs: dict[int, frozenset[int]] = {}

    def of(number: int) -> frozenset[int]:
        if number not in paragraphs:
            members = slice(*np.searchsorted(document, [number, number + 1]))
            paragraphs[number] = frozenset(evidence.distinct[members][counts[members]].tolist())
        return paragraphs[number]

    lefts, rights = document[evidence.matches.left[rows]].tolist(), document[evidence.matches.right[rows]].tolist()
    shared = [not of(left).isdisjoint(of(right)) for left, right in zip(lefts, rights, strict=True)]
    return np.array(shared, dtype=np.bool_)


def _are_siblings(
    matches: Matches, document: NDArray[np.int64], reaches: NDArray[np.bool_], differ: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Say of each match whether its documents describe sibling things: much of what they match is forms.

    `reaches` and `differ` bool[n]: the matches at or above the threshold, and those known to hold different facts.
    """
    n_documents = int(document.max()) + 1 if len(document) else 0
    sides = [document[matches.left], document[matches.right]]
    n_forms, n_matches = (
        np.bincount(sides[0][chosen], minlength=n_documents) + np.bincount(sides[1][chosen], minlength=n_documents)
        for chosen in (differ, reaches)
    )
    share = n_forms / np.maximum(n_matches, 1)
    forms = np.minimum(n_forms[sides[0]], n_forms[sides[1]])
    both, either = (pick(share[sides[0]], share[sides[1]]) for pick in (np.minimum, np.maximum))
    siblings: NDArray[np.bool_] = ((forms >= FEWEST_FORMS) & (both >= SIBLING_SHARE)) | (
        (forms >= 1) & (either >= FORM_SHARE)
    )
    return siblings


def _end_in_ellipsis(evidence: Evidence, paragraphs: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Say of each paragraph whether it ends in an ellipsis, and so was cut short."""
    texts = view_texts(evidence.documents["text"])
    document = view_numbers(evidence.paragraphs["document"])[paragraphs]
    end = texts.offsets[document] + view_numbers(evidence.paragraphs["end"])[paragraphs]
    last = np.stack([texts.data[end - back] for back in (3, 2, 1)]) if len(end) else np.zeros((3, 0), dtype=np.uint8)
    dots, ellipsis = np.frombuffer(b"...", np.uint8), np.frombuffer("…".encode(), np.uint8)
    ends: NDArray[np.bool_] = (last == dots[:, None]).all(axis=0) | (last == ellipsis[:, None]).all(axis=0)
    return ends


def _adds_little(
    figures: NDArray[np.int32], n_tokens: NDArray[np.int64], side: int, close: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Say of each match whether the text on `side` (0: left, 1: right) has little that the other lacks."""
    run, other_run = figures[:, RUN_LEFT + side], figures[:, RUN_LEFT + 1 - side]
    limit = np.maximum(LONGEST_NEW_RUN, np.where(close, 2, 1) * NEW_RUN_SHARE * n_tokens)
    is_contained = figures[:, NEW_LEFT + side] <= CONTAINED_SHARE * n_tokens
    adds_little: NDArray[np.bool_] = (run <= limit) & (close | is_contained | (other_run <= limit))
    return adds_little


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
