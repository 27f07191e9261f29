"""Rules tried on the paragraphs that the screen lets through."""

from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dedup.boilerplate.company import may_have_company
from dedup.boilerplate.cues import SYMBOLS
from dedup.boilerplate.hits import Hit, Paragraphs
from dedup.boilerplate.rule_files import MOST_TOKENS
from dedup.boilerplate.screening import ActiveRules, make_screen, place_bits, read_ways
from dedup.boilerplate.trials import Finding, try_paragraph
from dedup.kernels.candidates import first_equal
from dedup.kernels.texts import hash_texts
from dedup.schemas import VERBATIM
from dedup.settings import Settings

MOST_BYTES: Final = 3000
"""Of a longer paragraph only the end is tried, so that a line of any length costs the same."""

TAIL_BYTES: Final = 1000

_KINDS_OF_TRAITS: Final = np.array([4, 2, 1])
"""What makes one number of the places of a paragraph, whether only its end is tried, and whether it holds a symbol."""

_BYTES_AT_A_TIME: Final = 1 << 18  # searched while they are in the processor's cache


class Candidates(NamedTuple):
    """The n paragraphs that the screen lets through, and their m wordings, alike in bytes and place."""

    paragraph: NDArray[np.int64]
    wording: NDArray[np.int64]  # of each paragraph
    start: NDArray[np.int64]  # of each wording, what is tried of it, bytes into the data
    end: NDArray[np.int64]
    place: NDArray[np.int64]  # its place_bits
    can_be_sure: NDArray[np.bool_]  # as Screened has them
    category: NDArray[np.int32]
    ways: bytes  # one after the other, for read_ways
    first_way: NDArray[np.int64]  # where those of each start, m + 1


def find_candidates(
    view: Paragraphs,
    settings: Settings,
    n_tokens: NDArray[np.int64] | None,
    may_hold_cue: NDArray[np.bool_],
    left_out: NDArray[np.int64],
) -> Candidates:
    """Give the paragraphs that some rule could match, but for those left out and verbatim ones.

    n_tokens int[n] and may_hold_cue bool[n] are as find_boilerplate takes them; left_out int64[], numbers.
    """
    screen = make_screen(settings)
    holds_symbol = _hold_symbol(view)
    is_tried = (may_hold_cue | holds_symbol) & (view.kind != VERBATIM)
    is_tried[left_out] = False
    tried = np.flatnonzero(is_tried)
    is_long = view.ends - view.starts > MOST_BYTES
    if n_tokens is not None:
        is_long |= n_tokens > MOST_TOKENS
    owners = view.document[tried]
    places = place_bits(tried - view.first[owners], view.first[owners + 1] - view.first[owners])
    begins, ends = view.starts[tried], view.ends[tried]
    for number in np.flatnonzero(is_long[tried]).tolist():
        cut = max(int(begins[number]), int(ends[number]) - TAIL_BYTES)
        begins[number] = _character_start(view.data, cut, int(ends[number]))
    spans, traits = np.column_stack([begins, ends]), np.column_stack([places, is_long[tried], holds_symbol[tried]])
    first = _first_alike(view.data, begins, ends, traits)
    firsts = np.flatnonzero(first == np.arange(len(first)))
    screened = screen.find_ways(view.data, spans[firsts], traits[firsts])
    numbers = firsts[screened.paragraphs]
    wording = np.full(len(tried), -1, dtype=np.int64)
    wording[numbers] = np.arange(len(numbers))
    wording = wording[first]
    could_match = np.flatnonzero(wording >= 0)
    return Candidates(
        tried[could_match],
        wording[could_match],
        begins[numbers],
        ends[numbers],
        places[numbers],
        screened.can_be_sure,
        screened.category,
        screened.ways,
        screened.starts,
    )


def _first_alike(
    data: NDArray[np.uint8], starts: NDArray[np.int64], ends: NDArray[np.int64], traits: NDArray[np.int64]
) -> NDArray[np.int32]:
    """Give for each of n stretches of bytes the first one that is the same and has the same traits int64[n, k]."""
    hashes = np.empty((len(starts), 2), dtype=np.uint64)
    hash_texts(data, starts, ends, hashes)
    hashes[:, 0] ^= (traits @ _KINDS_OF_TRAITS).astype(np.uint64)
    first = np.empty(len(starts), dtype=np.int32)
    first_equal(hashes, np.empty(0, dtype=np.uint8), np.uint8(0), first)
    return first


def find_hits(view: Paragraphs, found: Candidates, signed: NDArray[np.int64], active: ActiveRules) -> Iterator[Hit]:
    """Try candidates, those of weak rules only where there may be company; signed: paragraphs of signatures."""
    sure = signed.tolist()
    can_be_sure = found.can_be_sure[found.wording]
    for hit in _try_candidates(view, found, np.flatnonzero(can_be_sure), active):
        sure.append(hit.paragraph)
        yield hit
    unsure = np.flatnonzero(~can_be_sure)
    documents, category = view.document[found.paragraph[unsure]], found.category[found.wording[unsure]]
    counts = may_have_company(documents, category, view.document[np.array(sure, dtype=np.int64)])
    yield from _try_candidates(view, found, unsure[counts], active)


def _try_candidates(
    view: Paragraphs, found: Candidates, which: NDArray[np.int64], active: ActiveRules
) -> Iterator[Hit]:
    """Give the hits among some of the candidates, of which each wording is tried once."""
    wordings = np.unique(found.wording[which])
    columns = (found.start, found.end, found.place, found.first_way[:-1], found.first_way[1:])
    data = view.data.data
    trials: dict[int, tuple[int, Finding]] = {}
    for wording, start, end, place, way, past_way in zip(
        wordings.tolist(), *(column[wordings].tolist() for column in columns), strict=True
    ):
        trial = _try_bytes(bytes(data[start:end]), place, found.ways[way:past_way], active)
        if trial is not None:
            trials[wording] = trial
    matched = which[np.isin(found.wording[which], list(trials))]
    members = found.paragraph[matched]
    pasts = view.ends[members] - view.base[members]
    for member, past, wording in zip(members.tolist(), pasts.tolist(), found.wording[matched].tolist(), strict=True):
        taken, finding = trials[wording]
        rule = finding.rule
        yield Hit(member, past - taken, past, rule.title, rule.category, finding.is_whole, finding.is_sure)


def _try_bytes(raw: bytes, place: int, row: bytes, active: ActiveRules) -> tuple[int, Finding] | None:
    """Try a paragraph in the ways that a row of the screen allows; gives the bytes that go, and why."""
    text = raw.decode("utf-8", "replace")
    finding = try_paragraph(text, place, read_ways(row), active)
    return finding and (len(text[finding.start : finding.end].encode()), finding)


def _character_start(data: NDArray[np.uint8], at: int, end: int) -> int:
    """Give the first place from `at` on where a UTF-8 character starts."""
    while at < end and data[at] & 0xC0 == 0x80:
        at += 1
    return at


def _hold_symbol(view: Paragraphs) -> NDArray[np.bool_]:
    """Say of each paragraph whether it holds a cue that is no token."""
    holds = np.zeros(len(view.starts), dtype=np.bool_)
    if not len(holds):
        return holds
    for symbol in SYMBOLS:
        places = _find_bytes(view.data[view.starts[0] : view.ends[-1]], symbol.encode()) + view.starts[0]
        holders = np.searchsorted(view.starts, places, side="right") - 1
        holds[holders[(holders >= 0) & (places < view.ends[holders])]] = True
    return holds


def _find_bytes(data: NDArray[np.uint8], wanted: bytes) -> NDArray[np.int64]:
    """Give the places of a short run of bytes, ascending."""
    size = _BYTES_AT_A_TIME
    found = [np.flatnonzero(data[at : at + size] == wanted[0]) + at for at in range(0, len(data), size)]
    places = np.concatenate(found) if found else np.zeros(0, dtype=np.int64)
    for offset, byte in enumerate(wanted[1:], start=1):
        places = places[places < len(data) - offset]
        places = places[data[places + offset] == byte]
    return places
