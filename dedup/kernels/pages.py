"""The furniture of pages: headers, footers and page numbers, found at the edges of one page after the other."""

from typing import Final

import numpy as np
from numba import njit

from dedup.kernels.borrowing import inner
from dedup.kernels.lines import BODY, OPENS_PAGE, OWNER, STOP, WIDEST, is_blank
from dedup.kernels.needs import FEWEST_PAGES, MOST_PAGE_BYTES, PAGES
from dedup.kernels.page_numbers import (
    count_numbers,
    count_words,
    holds_digit,
    holds_letter,
    is_digit,
    last_number,
    page_numbers,
)

HEADER: Final = 2
"""The OWNER of a line at the top of a page."""
FOOTER: Final = 3
PAGE_NUMBER: Final = 4
"""A header or footer without a word."""

EDGE_LINES: Final = 2
"""Lines at the top, and at the bottom, of a page that may be furniture."""
LEAST_NUMBERED: Final = 3
"""One page of so many, at least, must show its number."""
SHORTEST_PAGE: Final = 20
"""Lines; page numbers without a form feed stand at one distance, which is not less than this."""
LONGEST_PAGE: Final = 120
GAP: Final = 3
"""Blanks between a header and the page number behind it, where the header is not one of FEWEST_PAGES."""

_FIRST = 1 << 20
_PRIME = np.uint64(0x100000001B3)
_BASIS = np.uint64(0xCBF29CE484222325)

# columns of a table of edges; three of what may be the page's number
_LINE, _PAGE, _SIDE, _RANK, _COUNTED, _SHARED, _SPREAD, _NUMBERS = range(8)
_N_NUMBERS = 3
# and of one of lines that may end a page
_MARK_LINE, _MARK_NUMBER, _MARK_SAYS_PAGE = range(3)


@njit(cache=True, nogil=True)
def mark_furniture(text, offsets, lines, rows, needs):
    """Set OWNER of every line that is furniture and has none yet, of the texts that need PAGES.

    text uint8[], offsets int64[n + 1], lines int32[, N_COLUMNS], rows int64[n + 1] and needs uint8[n], as read_texts
    gives them.
    """
    for place in range(len(needs)):
        if needs[place] & PAGES:
            own = text[offsets[place] : offsets[place + 1]]
            _mark_text(own, lines[rows[place] : rows[place + 1]])


@njit(cache=True, nogil=True)
def _mark_text(text, lines):
    """Set OWNER of the lines of one text.

    There must be FEWEST_PAGES or more, and most edge lines' numbers must count them. What counts goes if it is a
    number alone, or equal but for numbers on FEWEST_PAGES, or a header with its number apart; what does not if it
    is the same on FEWEST_PAGES and on half of the pages where it is in use.
    """
    n = len(lines)
    openings = np.zeros(n + 1, dtype=np.bool_)
    n_pages = 1
    for line in range(n):
        openings[line] = lines[line, OPENS_PAGE] != 0
        n_pages += openings[line]
    if n_pages == 1:
        n_pages += _find_openings(text, lines, n, openings)
    if n_pages < FEWEST_PAGES or len(text) > n_pages * MOST_PAGE_BYTES:
        return
    edges = np.empty((2 * EDGE_LINES * n_pages, _NUMBERS + _N_NUMBERS), dtype=np.int64)
    n_edges = _list_edges(text, lines, n, openings, edges)
    edges = edges[:n_edges]
    first_page = _number_pages(edges, n_pages)
    if first_page == _FIRST:
        return
    _measure_edges(text, lines, edges, first_page)
    for side in (HEADER, FOOTER):
        for edge in range(n_edges):
            line = edges[edge, _LINE]
            if (
                edges[edge, _SIDE] == side
                and lines[line, OWNER] == 0
                and _is_furniture(text, lines, edges[edge], first_page)
            ):
                lines[line, OWNER] = side if _has_letters(text, lines, line) else PAGE_NUMBER


@njit(cache=True, nogil=True)
def _find_openings(text, lines, n, openings):
    """Set the lines that open a page in a text without form feeds, behind lines of their own that count up; count them.

    Such lines say that they count pages, or stand at one distance.
    """
    n_marks = 0
    marks = np.empty((n, 3), dtype=np.int64)
    for line in range(n):
        body, stop = lines[line, BODY], lines[line, STOP]
        if body == stop or lines[line, OWNER] or stop - body > 4 * WIDEST:
            continue
        if line > 0 and lines[line - 1, BODY] < lines[line - 1, STOP]:
            continue
        if line + 1 < n and lines[line + 1, BODY] < lines[line + 1, STOP]:
            continue
        if holds_digit(text, body, stop) and _is_short(text, body, stop):
            paged, last, _ = page_numbers(text, body, stop)
            if paged >= 0 or last >= 0:
                marks[n_marks, _MARK_LINE] = line
                marks[n_marks, _MARK_NUMBER] = paged if paged >= 0 else last
                marks[n_marks, _MARK_SAYS_PAGE] = int(paged >= 0)
                n_marks += 1
    if n_marks < FEWEST_PAGES:
        return 0
    frames = np.empty(n_marks, dtype=np.uint64)
    for place in range(n_marks):
        frames[place] = _hash_wording(text, lines, marks[place, _MARK_LINE], True)
    order = np.argsort(frames, kind="mergesort")
    marks = marks[order]
    frames = frames[order]
    n_openings = 0
    first = 0
    while first < n_marks:
        past = first + 1
        gap = 0
        is_even = True
        while past < n_marks and frames[past] == frames[first]:
            if marks[past, _MARK_NUMBER] != marks[past - 1, _MARK_NUMBER] + 1:
                break
            distance = marks[past, _MARK_LINE] - marks[past - 1, _MARK_LINE]
            is_even = is_even and (gap == 0 or distance == gap)
            gap = distance
            past += 1
        is_even = is_even and SHORTEST_PAGE <= gap <= LONGEST_PAGE
        if past - first >= FEWEST_PAGES and (marks[first, _MARK_SAYS_PAGE] or is_even):
            for place in range(first, past):
                opening = marks[place, _MARK_LINE] + 1
                n_openings += not openings[opening]
                openings[opening] = True
        first = past
    return n_openings


@inner
def _list_edges(text, lines, n, openings, edges):
    """Fill in the edge lines of every page, by page, the top first, each from the outermost; give their number."""
    n_edges = 0
    page = 0
    first = 0
    while first < n:
        past = first + 1
        while past < n and not openings[past]:
            past += 1
        for side in (HEADER, FOOTER):
            rank = 0
            for step in range(past - first):
                line = first + step if side == HEADER else past - 1 - step
                if lines[line, BODY] == lines[line, STOP] or lines[line, OWNER]:
                    continue
                body, stop = lines[line, BODY], lines[line, STOP]
                if _is_short(text, body, stop):
                    paged, last, leading = page_numbers(text, body, stop)
                    edges[n_edges, _NUMBERS], edges[n_edges, _NUMBERS + 1] = paged, last
                    edges[n_edges, _NUMBERS + 2] = leading
                    edges[n_edges, _LINE], edges[n_edges, _PAGE] = line, page
                    edges[n_edges, _SIDE], edges[n_edges, _RANK] = side, rank
                    n_edges += 1
                rank += 1
                if rank == EDGE_LINES:
                    break
        page += 1
        first = past
    return n_edges


@njit(cache=True, nogil=True)
def _number_pages(edges, n_pages):
    """Give the number of the first page, by which most pages show theirs at an edge, or _FIRST if too few do."""
    offsets = np.empty(_N_NUMBERS * len(edges), dtype=np.int64)
    pages = np.empty(_N_NUMBERS * len(edges), dtype=np.int64)
    n_votes = 0
    for edge in range(len(edges)):
        for column in range(_NUMBERS, _NUMBERS + _N_NUMBERS):
            if edges[edge, column] >= 0:
                offsets[n_votes] = edges[edge, column] - edges[edge, _PAGE]
                pages[n_votes] = edges[edge, _PAGE]
                n_votes += 1
    # One kind of sorting is compiled in a second; it keeps order, and so pages ascend among equal offsets.
    order = np.argsort((offsets[:n_votes] + _FIRST * 2048).astype(np.uint64), kind="mergesort")
    best = 0
    best_offset = _FIRST
    n_equal = 0
    for place in range(n_votes):
        vote, before = order[place], order[max(place - 1, 0)]
        if place == 0 or offsets[vote] != offsets[before]:
            n_equal = 1
        elif pages[vote] != pages[before]:
            n_equal += 1
        if n_equal > best:
            best = n_equal
            best_offset = offsets[vote]
    return best_offset if best >= FEWEST_PAGES and best * LEAST_NUMBERED >= n_pages else _FIRST


@njit(cache=True, nogil=True)
def _measure_edges(text, lines, edges, first_page):
    """Fill in which edges count pages, and for each how many pages share it and over how many they are spread.

    Of those that count, numbers do not matter.
    """
    n = len(edges)
    hashes = np.empty(n, dtype=np.uint64)
    wordings = np.empty(n, dtype=np.uint64)
    for edge in range(n):
        line = edges[edge, _LINE]
        edges[edge, _COUNTED] = 0
        for column in range(_NUMBERS, _NUMBERS + _N_NUMBERS):
            number = edges[edge, column]
            edges[edge, _COUNTED] |= int(number >= 0 and number == first_page + edges[edge, _PAGE])
        side = np.uint64(edges[edge, _SIDE])
        wordings[edge] = _hash_wording(text, lines, line, False) ^ side
        # Edges that do not count share no frame with any.
        hashes[edge] = _hash_wording(text, lines, line, True) ^ side if edges[edge, _COUNTED] else np.uint64(edge)
    for counted in (0, 1):
        keys = hashes if counted else wordings
        order = np.argsort(keys, kind="mergesort")
        first = 0
        while first < n:
            past = first + 1
            pages = 1
            while past < n and keys[order[past]] == keys[order[first]]:
                pages += edges[order[past], _PAGE] != edges[order[past - 1], _PAGE]
                past += 1
            for place in range(first, past):
                edge = order[place]
                if edges[edge, _COUNTED] == counted:
                    edges[edge, _SHARED] = pages
                    edges[edge, _SPREAD] = edges[order[past - 1], _PAGE] - edges[order[first], _PAGE]
            first = past


@inner
def _is_furniture(text, lines, edge, first_page):
    """Tell whether a measured edge is furniture."""
    line = edge[_LINE]
    body, stop = lines[line, BODY], lines[line, STOP]
    has_letters = _has_letters(text, lines, line)
    if not edge[_COUNTED]:
        return (
            has_letters
            and edge[_SHARED] >= FEWEST_PAGES
            and 2 * edge[_SHARED] > edge[_SPREAD]
            and count_words(text, body, stop) > 1
        )
    if not has_letters:
        return count_numbers(text, body, stop) <= 2
    if edge[_SHARED] >= FEWEST_PAGES:
        return True
    number, place = last_number(text, body, stop)
    if edge[_RANK] or number < 0 or number != first_page + edge[_PAGE]:
        return False
    gap = 0
    while place - 1 - gap >= body and is_blank(text[place - 1 - gap]):
        gap += 1
    return gap >= GAP


@inner
def _hash_wording(text, lines, line, without_numbers):
    """Hash a line with one space for blanks and, if wanted, with one digit for every number."""
    hashed = _BASIS
    body = lines[line, BODY]
    for at in range(body, lines[line, STOP]):
        byte = text[at]
        if is_blank(byte):
            if is_blank(text[at - 1]):
                continue
            byte = np.uint8(32)
        elif without_numbers and is_digit(byte):
            if at > body and is_digit(text[at - 1]):
                continue
            byte = np.uint8(48)
        hashed = (hashed ^ np.uint64(byte)) * _PRIME
    return hashed ^ (hashed >> np.uint64(29))


@inner
def _is_short(text, body, stop):
    """Tell whether a line has at most WIDEST characters."""
    n = 0
    for at in range(body, stop):
        n += text[at] & 0xC0 != 0x80
        if n > WIDEST:
            return False
    return True


@inner
def _has_letters(text, lines, line):
    return holds_letter(text, lines[line, BODY], lines[line, STOP])
