"""Boilerplate found in documents: rules tried on the paragraphs that hold a cue, then protected documents spared."""

from collections.abc import Iterator
from itertools import groupby
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from dedup.arrow_views import TextView, view_numbers, view_texts
from dedup.boilerplate.protection import LEGAL_CATEGORIES, READ_BYTES, is_legal_text
from dedup.boilerplate.rule_files import MOST_TOKENS, SYMBOLS, tokens_of
from dedup.boilerplate.table import RULE_FILES
from dedup.boilerplate.trials import REACH, ActiveRules, activate_rules, places_of, try_paragraph, try_tail
from dedup.schemas import BOILERPLATE, DOCUMENTS, PARAGRAPHS, check_schema
from dedup.settings import Settings

MOST_BYTES: Final = 3000
"""Of a longer paragraph only the end is tried, so that a line of any length costs the same."""

TAIL_BYTES: Final = 1000

MOST_REMEMBERED: Final = 100_000
"""Paragraphs of one run whose trial is remembered."""


class _Hit(NamedTuple):
    """A row of BOILERPLATE with what protection asks for."""

    paragraph: int
    start: int
    end: int
    rule: str
    category: str
    is_whole: bool


class _Paragraphs(NamedTuple):
    """PARAGRAPHS as arrays, with the bytes they point into."""

    document: NDArray[np.int64]
    starts: NDArray[np.int64]  # bytes into the data of all documents
    ends: NDArray[np.int64]
    base: NDArray[np.int64]  # where the paragraph's document starts in the data
    data: NDArray[np.uint8]

    def text(self, paragraph: int) -> str:
        return self.data[self.starts[paragraph] : self.ends[paragraph]].tobytes().decode("utf-8", "replace")

    def of_document(self, document: int) -> range:
        first, past = np.searchsorted(self.document, [document, document + 1])
        return range(int(first), int(past))


def cue_tokens(settings: Settings) -> list[str]:
    """Give the tokens of which a paragraph must hold one for a rule to be tried on it, sorted.

    Cues that are no tokens (the copyright sign) are not among them; find_boilerplate
    finds those itself.
    """
    return sorted(cue for cue in activate_rules(settings).by_cue if cue not in SYMBOLS)


def cue_limits(settings: Settings) -> dict[str, tuple[int, int]]:
    """Give, for each of cue_tokens, the most tokens of a paragraph, and of its end, in which the cue matters.

    A prefilter may leave out a paragraph that is longer than the first limit of each of
    its cues, if none of them stands among as many last tokens as its second limit
    says: nothing in it would be found.
    """
    active = activate_rules(settings)
    limits = {}
    for cue in cue_tokens(settings):
        rules = [active.rules[position] for position in active.by_cue[cue]]
        limits[cue] = (
            max(int(REACH * rule.max_tokens) for rule in rules),
            max((rule.max_tokens for rule in rules if rule.cut == "tail"), default=0),
        )
    return limits


def find_boilerplate(
    documents: pa.Table,
    paragraphs: pa.Table,
    settings: Settings,
    n_tokens: NDArray[np.int64] | None = None,
    flagged: NDArray[np.bool_] | None = None,
) -> pa.Table:
    """Find the paragraphs, and ends of paragraphs, that a rule knows for boilerplate.

    Takes DOCUMENTS and PARAGRAPHS in reading order; n_tokens int[n] and flagged
    bool[n] (holds one of cue_tokens, within its limits or not) spare work and change nothing. Gives
    BOILERPLATE by paragraph and start. Whole-paragraph hits do not count in a
    document of which they would take more than settings.max_boilerplate_share,
    nor hits of LEGAL_CATEGORIES in a legal text.
    Raises SchemaError if a table is not what it should be.
    """
    check_schema(documents, DOCUMENTS, "find_boilerplate")
    check_schema(paragraphs, PARAGRAPHS, "find_boilerplate")
    view = _view_paragraphs(view_texts(documents["text"]), paragraphs)
    active = activate_rules(settings)
    hits = list(_find_hits(view, active, n_tokens, _tried(view, active, flagged)))
    kept = [
        hit
        for document, group in groupby(hits, key=lambda hit: int(view.document[hit.paragraph]))
        for hit in _protect(view, document, list(group), settings)
    ]
    rows = [(hit.paragraph, hit.start, hit.end, hit.rule) for hit in kept]
    columns = list(zip(*rows, strict=True)) or [(), (), (), ()]
    return pa.table(
        [pa.array(column, type=field.type) for column, field in zip(columns, BOILERPLATE, strict=True)],
        schema=BOILERPLATE,
    )


def _view_paragraphs(texts: TextView, paragraphs: pa.Table) -> _Paragraphs:
    document, start, end = (view_numbers(paragraphs[name]) for name in ("document", "start", "end"))
    base = texts.offsets[document]
    return _Paragraphs(document, base + start, base + end, base, texts.data)


def _tried(view: _Paragraphs, active: ActiveRules, flagged: NDArray[np.bool_] | None) -> NDArray[np.int64]:
    """Give the positions of the paragraphs that hold a cue: by token, or by symbol."""
    if flagged is None:
        flagged = np.fromiter(
            (not active.by_cue.keys().isdisjoint(tokens_of(view.text(i))) for i in range(len(view.starts))),
            dtype=np.bool_,
            count=len(view.starts),
        )
    tried = flagged.copy()
    for symbol in SYMBOLS:
        if symbol in active.by_cue and len(view.starts):
            places = _find_bytes(view.data[view.starts[0] : view.ends[-1]], symbol.encode()) + view.starts[0]
            holders = np.searchsorted(view.starts, places, side="right") - 1
            tried[holders[(holders >= 0) & (places < view.ends[holders])]] = True
    return np.flatnonzero(tried)


def _find_bytes(data: NDArray[np.uint8], wanted: bytes) -> NDArray[np.int64]:
    """Give the places of a short run of bytes, ascending."""
    places = np.flatnonzero(data == wanted[0])
    for offset, byte in enumerate(wanted[1:], start=1):
        places = places[places < len(data) - offset]
        places = places[data[places + offset] == byte]
    return places


def _find_hits(
    view: _Paragraphs, active: ActiveRules, n_tokens: NDArray[np.int64] | None, tried: NDArray[np.int64]
) -> Iterator[_Hit]:
    owners = view.document[tried]
    columns = (
        tried,
        np.searchsorted(view.document, owners, side="left"),
        np.searchsorted(view.document, owners, side="right"),
        view.starts[tried],
        view.ends[tried],
        view.base[tried],
        np.zeros_like(tried) if n_tokens is None else n_tokens[tried],
    )
    tried_before: dict[tuple[str, frozenset[str]], Finding | None] = {}  # lines of a site recur on every page
    for paragraph, first, past, begin, end, base, count in zip(*(c.tolist() for c in columns), strict=True):
        places = places_of(paragraph - first, past - first)
        is_long = end - begin > MOST_BYTES or count > MOST_TOKENS
        start = _character_start(view.data, max(begin, end - TAIL_BYTES), end) if is_long else begin
        text = view.data[start:end].tobytes().decode("utf-8", "replace")
        if is_long:
            finding = try_tail(text, places, active)
        elif (text, places) in tried_before:
            finding = tried_before[text, places]
        else:
            finding = try_paragraph(text, places, active)
            if len(tried_before) < MOST_REMEMBERED:
                tried_before[text, places] = finding
        if finding is not None:
            taken = len(text[finding.start : finding.end].encode())
            yield _Hit(
                paragraph, end - base - taken, end - base, finding.rule.title, finding.rule.category, finding.is_whole
            )


def _character_start(data: NDArray[np.uint8], at: int, end: int) -> int:
    """Give the first place from `at` on where a UTF-8 character starts."""
    while at < end and data[at] & 0xC0 == 0x80:
        at += 1
    return at


def _protect(view: _Paragraphs, document: int, hits: list[_Hit], settings: Settings) -> list[_Hit]:
    """Give the hits of one document that count."""
    members = view.of_document(document)
    if any(hit.category in LEGAL_CATEGORIES for hit in hits):
        taken = {hit.paragraph for hit in hits if hit.is_whole}
        others = _read_others(view, members, taken)
        opens = any(hit.paragraph == members.start and hit.category == "copyright" for hit in hits)
        if is_legal_text(others, list(RULE_FILES.values()), opens_with_notice=opens):
            hits = [hit for hit in hits if hit.category not in LEGAL_CATEGORIES]
    n_bytes = int((view.ends[members.start : members.stop] - view.starts[members.start : members.stop]).sum())
    n_whole = sum(hit.end - hit.start for hit in hits if hit.is_whole)
    if n_whole > settings.max_boilerplate_share * n_bytes:
        hits = [hit for hit in hits if not hit.is_whole]
    return hits


def _read_others(view: _Paragraphs, members: range, taken: set[int]) -> list[str]:
    """Give the paragraphs of a document that rules would not take, up to READ_BYTES of them."""
    texts: list[str] = []
    room = READ_BYTES
    for paragraph in members:
        if room <= 0:
            break
        if paragraph not in taken:
            size = int(view.ends[paragraph] - view.starts[paragraph])
            if size > room:
                stop = int(view.starts[paragraph]) + room
                texts.append(view.data[view.starts[paragraph] : stop].tobytes().decode("utf-8", "replace"))
            else:
                texts.append(view.text(paragraph))
            room -= size
    return texts
