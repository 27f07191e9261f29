"""Boilerplate found in documents: rules tried on the paragraphs that hold a cue, then protected documents spared."""

import functools
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import groupby
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from dedup.arrow_views import view_texts
from dedup.boilerplate.company import ENOUGH, Pieces, count_most, piece_of
from dedup.boilerplate.cues import SYMBOLS
from dedup.boilerplate.hits import PAGE_FURNITURE, Hit, Paragraphs, view_paragraphs
from dedup.boilerplate.likeness import find_alike
from dedup.boilerplate.passages import find_wrapped
from dedup.boilerplate.protection import LEGAL_CATEGORIES, N_TITLE_PARAGRAPHS, Bodies, is_legal_document
from dedup.boilerplate.screening import REACH, ActiveRules, activate_rules, make_screen
from dedup.boilerplate.searching import find_candidates, find_hits
from dedup.boilerplate.signatures import AFTER_DASHES, BELOW_LINE, find_signatures
from dedup.boilerplate.special import ORDINARY, tell_documents
from dedup.boilerplate.table import kept_from_run_to_run, read_rule_texts
from dedup.schemas import BOILERPLATE, DOCUMENTS, PARAGRAPH_KINDS, PARAGRAPHS, TEXT, VERBATIM, check_schema
from dedup.settings import RuleText, Settings
from dedup.token_tables import CueTables, make_cue_tables

BELOW_MAIL: Final = frozenset({"mailing-list", "mail-signature", "confidentiality"})
"""Categories of which a document may well have more than of anything else: a short mail has a long footer."""

MOST_BELOW_MAIL: Final = 0.95
"""Share of a document from which on that, too, is all that it is."""

MOST_BYTES_ABOVE: Final = 80
"""Of a notice that ends a header: a line or two on what the work is, or who wrote it. Prose above it makes it a
footer."""


def cue_tokens(settings: Settings) -> list[str]:
    """Give the tokens of which a paragraph must hold one for a rule to be tried on it, sorted.

    Of a cue of two tokens it is the last. Cues that are no tokens (the copyright sign) are not
    among them; find_boilerplate finds those itself.
    """
    return sorted(word for word in activate_rules(settings).cue_uses() if word not in SYMBOLS)


def cue_limits(settings: Settings) -> Mapping[str, tuple[int, int]]:
    """Give, for each cue that is of tokens, the most of a paragraph, and of its end, in which the cue matters.

    Cues are as Cue.written gives them.
    A prefilter may leave out a paragraph that is longer than the first limit of each of
    its cues, if none of them stands among as many last tokens as its second limit
    says: nothing in it would be found.
    """
    active = activate_rules(settings)
    limits: dict[str, tuple[int, int]] = {}
    for last, uses in active.cue_uses().items():
        if last in SYMBOLS:
            continue
        for cue, position in uses:
            rule = active.rules[position]
            whole, tail = limits.get(cue.written, (0, 0))
            limits[cue.written] = (
                max(whole, int(REACH * rule.max_tokens)),
                max(tail, rule.max_tokens if rule.cut == "tail" else 0),
            )
    return limits


def cue_tables(settings: Settings) -> CueTables:
    """Give the tables by which such a prefilter flags paragraphs."""
    return _cue_tables(settings.without, read_rule_texts(settings))


@functools.lru_cache(maxsize=8)  # asked for by every batch of documents
def _cue_tables(without: tuple[str, ...], texts: tuple[RuleText, ...]) -> CueTables:
    def make() -> CueTables:
        return make_cue_tables(cue_limits(Settings(without=without, rules=texts)))

    return make() if without or texts else kept_from_run_to_run("cues", make)


class Boilerplate(NamedTuple):
    """What rules found in n documents: BOILERPLATE, and special uint8[n], those that keep it, places in SPECIAL."""

    hits: pa.Table
    special: NDArray[np.uint8]


def find_boilerplate(
    documents: pa.Table,
    paragraphs: pa.Table,
    settings: Settings,
    n_tokens: NDArray[np.int64] | None = None,
    flagged: NDArray[np.bool_] | None = None,
) -> Boilerplate:
    """Find the paragraphs, and ends of paragraphs, that a rule knows for boilerplate, and the furniture of pages.

    Takes DOCUMENTS and PARAGRAPHS in reading order; n_tokens int[n] and flagged
    bool[n] (holds one of cue_tokens, within its limits or not) spare work and change nothing. Gives
    BOILERPLATE by paragraph and start; verbatim paragraphs are not tried. What a rule that is not enough alone
    matches counts only in company. Whole-paragraph hits do not count in a
    document of which they would take more than settings.max_boilerplate_share, what stands below mail apart,
    nor any in a legal text or verse but page furniture and what stands below the dashes of mail.
    Raises SchemaError if a table is not what it should be.
    """
    check_schema(documents, DOCUMENTS, "find_boilerplate")
    check_schema(paragraphs, PARAGRAPHS, "find_boilerplate")
    view = view_paragraphs(view_texts(documents["text"]), paragraphs)
    active = activate_rules(settings)
    furniture = np.empty(0, dtype=np.int64)
    if PAGE_FURNITURE not in settings.without:
        furniture = np.flatnonzero(view.kind > VERBATIM)
    may_hold_cue = np.ones(len(view.kind), dtype=np.bool_) if flagged is None else flagged
    candidates = find_candidates(view, settings, n_tokens, may_hold_cue, furniture)
    signed = list(_find_signed(view, settings))
    hits = [_take_furniture(view, paragraph) for paragraph in furniture.tolist()]
    hits += find_hits(view, candidates, np.array([hit.paragraph for hit in signed], dtype=np.int64), active)
    hits = _add_hits(hits, signed)
    taken = {hit.paragraph for hit in hits if hit.is_whole and hit.is_sure}
    hits = _add_hits(hits, find_wrapped(view, may_hold_cue, taken, active, make_screen(settings)))
    below_dashes = {hit.paragraph for hit in signed if hit.rule in (AFTER_DASHES[1], BELOW_LINE[1])}
    hits.sort(key=lambda hit: (hit.paragraph, hit.start))
    hits = _ask_for_company(view, hits)
    special = _tell_special(view, hits, active)
    hits = sorted([*hits, *find_alike(view, hits, settings)], key=lambda hit: (hit.paragraph, hit.start))
    kept = [
        hit
        for document, group in groupby(hits, key=lambda hit: int(view.document[hit.paragraph]))
        for hit in _protect(view, document, list(group), int(special[document]), below_dashes, active, settings)
    ]
    rows = [(hit.paragraph, hit.start, hit.end, hit.rule, hit.votes) for hit in kept]
    columns = list(zip(*rows, strict=True)) or [()] * len(BOILERPLATE)
    arrays = [pa.array(column, type=field.type) for column, field in zip(columns, BOILERPLATE, strict=True)]
    return Boilerplate(pa.table(arrays, schema=BOILERPLATE), special)


def _take_furniture(view: Paragraphs, paragraph: int) -> Hit:
    """Give the hit of a paragraph that is the furniture of a page."""
    base = int(view.base[paragraph])
    start, end = int(view.starts[paragraph]) - base, int(view.ends[paragraph]) - base
    rule = f"{PAGE_FURNITURE}/{PARAGRAPH_KINDS[view.kind[paragraph]]}"
    return Hit(paragraph, start, end, rule, PAGE_FURNITURE, is_whole=True)


def _find_signed(view: Paragraphs, settings: Settings) -> Iterator[Hit]:
    """Give the hits of the signatures at the ends of mail."""
    for category, title, start, end in find_signatures(view.data, view.starts, view.ends, view.first):
        past = int(np.searchsorted(view.starts, end))
        members = range(int(np.searchsorted(view.ends, start, side="right")), past)
        if category in settings.without or (view.kind[members.start : past] != TEXT).any():
            continue
        for paragraph in members:
            base, begin = int(view.base[paragraph]), int(view.starts[paragraph])
            first = max(begin, start)
            while first > begin and view.data[first - 1] <= ord(" "):
                first -= 1
            span = (first - base, int(view.ends[paragraph]) - base)
            is_continued = paragraph > members.start
            yield Hit(paragraph, *span, title, category, is_whole=first == begin, is_continued=is_continued)


def _add_hits(hits: list[Hit], others: Iterable[Hit]) -> list[Hit]:
    """Give the hits of rules with others, but where a rule is enough to take all of a paragraph."""
    by_paragraph = {hit.paragraph: hit for hit in hits}
    for hit in others:
        known = by_paragraph.get(hit.paragraph)
        if known is None or not (known.is_whole and known.is_sure):
            by_paragraph[hit.paragraph] = hit
    return list(by_paragraph.values())


def _ask_for_company(view: Paragraphs, hits: list[Hit]) -> list[Hit]:
    """Give the hits without those that need company and have none, and what voted for those that have."""
    if all(hit.is_sure for hit in hits):
        return hits
    kept: list[Hit] = []
    for _, group in groupby(hits, key=lambda hit: int(view.document[hit.paragraph])):
        of_document = list(group)
        if all(hit.is_sure for hit in of_document):
            kept += of_document
            continue
        around = [hit for hit in of_document if hit.is_company]
        if count_most(around, of_document) < ENOUGH:
            kept += [hit for hit in of_document if hit.is_sure]
            continue
        beside = Pieces(piece_of(view, hit.paragraph, hit.category, is_sure=hit.is_sure) for hit in around)
        for hit in of_document:
            if hit.is_sure:
                kept.append(hit)
                continue
            company = beside.count_company(piece_of(view, hit.paragraph, hit.category, is_sure=hit.is_sure))
            if company.is_enough(hit.category):
                kept.append(hit._replace(votes=company.votes_with("rule")))
    return kept


def _tell_special(view: Paragraphs, hits: list[Hit], active: ActiveRules) -> NDArray[np.uint8]:
    """Say which documents keep what was found in them, uint8[n], places in SPECIAL."""
    special = np.full(len(view.first) - 1, ORDINARY, dtype=np.uint8)
    found = np.array([hit.paragraph for hit in hits if hit.category != PAGE_FURNITURE], dtype=np.int64)
    if not len(found):
        return special
    documents = np.unique(view.document[found])
    taken = np.zeros(len(view.starts), dtype=np.bool_)
    taken[[hit.paragraph for hit in hits if hit.is_whole]] = True
    n_paragraphs = view.first[documents + 1] - view.first[documents]
    first = np.concatenate([[0], np.cumsum(n_paragraphs)])
    paragraphs = np.arange(first[-1]) + np.repeat(view.first[documents] - first[:-1], n_paragraphs)
    notices = np.array([hit.paragraph for hit in hits if hit.category in LEGAL_CATEGORIES], dtype=np.int64)
    has_notice = np.isin(documents, view.document[notices])
    bodies = Bodies(view.data, view.starts[paragraphs], view.ends[paragraphs], first, taken[paragraphs])
    special[documents] = tell_documents(bodies, has_notice, active.files)
    return special


def _protect(
    view: Paragraphs,
    document: int,
    hits: list[Hit],
    special: int,
    below_dashes: Collection[int],
    active: ActiveRules,
    settings: Settings,
) -> list[Hit]:
    """Give the hits of one document that count; `special`: what it is, a place in SPECIAL.

    The paragraphs below the dashes of a mail are no part of the verse or the legal text above them.
    """
    if special != ORDINARY:
        return [hit for hit in hits if hit.category == PAGE_FURNITURE or hit.paragraph in below_dashes]
    members = view.of_document(document)
    by_rules = [hit for hit in hits if not hit.is_alike]
    if any(hit.category == "copyright" and _may_head(view, hit.paragraph, members) for hit in by_rules):
        taken = np.zeros(len(members), dtype=np.bool_)
        taken[[hit.paragraph - members.start for hit in by_rules if hit.is_whole]] = True
        mine = slice(members.start, members.stop)
        body = Bodies(view.data, view.starts[mine], view.ends[mine], np.array([0, len(members)]), taken)
        if is_legal_document(body, active.files, opens_with_notice=True):
            hits = [hit for hit in hits if hit.category not in LEGAL_CATEGORIES]
    n_bytes = int((view.ends[members.start : members.stop] - view.starts[members.start : members.stop]).sum())
    kept = _within_share(hits, n_bytes, settings.max_boilerplate_share)
    if len(kept) < len(hits):  # what only resembles boilerplate is not to be why the rest stays
        kept = _within_share([hit for hit in hits if not hit.is_alike], n_bytes, settings.max_boilerplate_share)
    return kept


def _within_share(hits: list[Hit], n_bytes: int, most_share: float) -> list[Hit]:
    """Give the hits without those that would take too much of a document of so many bytes."""
    n_below, n_others = (
        sum(hit.end - hit.start for hit in hits if hit.is_whole and (hit.category in BELOW_MAIL) == is_below)
        for is_below in (True, False)
    )
    if n_others > most_share * n_bytes:
        hits = [hit for hit in hits if not hit.is_whole or hit.category in BELOW_MAIL]
        n_others = 0
    if n_below + n_others > max(MOST_BELOW_MAIL, most_share) * n_bytes:
        hits = [hit for hit in hits if not hit.is_whole]
    return hits


def _may_head(view: Paragraphs, paragraph: int, members: range) -> bool:
    """Say whether a notice may be of a header: it opens the document, or stands below a title and is no footer."""
    if paragraph == members.start:
        return True
    n_bytes_above = int(view.ends[paragraph - 1] - view.starts[members.start])
    is_last = paragraph == members[-1]
    return paragraph in members[:N_TITLE_PARAGRAPHS] and (not is_last or n_bytes_above <= MOST_BYTES_ABOVE)
