"""Spans of text: how far a removal reaches, characters counted, bytes copied."""

import numpy as np
from numba import njit

_LF = 10
_CR = 13


@njit(cache=True, nogil=True)
def reach(text, offsets, first_paragraph, starts, ends, goes, from_byte, to_byte):
    """Fill in how far the removal of each paragraph reaches, its line break included.

    text uint8[], offsets int64[d + 1]; first_paragraph int64[d + 1]; starts and ends int64[p], bytes into
    the document, and goes bool[p]. Out: from_byte and to_byte int64[p], bytes into the document, set where
    `goes`. A paragraph takes the white space after it, up to the next one's line; the last ones of
    a document take the white space before them instead, so that the end of the text stays as it was. Where
    all go, all of the text goes.
    """
    for d in range(len(offsets) - 1):
        first, last = first_paragraph[d], first_paragraph[d + 1]
        run = last  # paragraphs from here on all go
        while run > first and goes[run - 1]:
            run -= 1
        for p in range(first, run):
            if goes[p]:
                from_byte[p] = _line_start(text, offsets[d], starts[p], ends[p - 1] if p > first else 0)
                to_byte[p] = _line_start(text, offsets[d], starts[p + 1], ends[p])
        for p in range(run, last):
            from_byte[p] = ends[p - 1] if p > first else 0
            to_byte[p] = ends[p]
        if run == first and last > first:
            to_byte[last - 1] = offsets[d + 1] - offsets[d]


@njit(cache=True, nogil=True)
def _line_start(text, base, start, floor):
    """Give where the line of the paragraph at `start` begins, at `floor` at the earliest."""
    while start > floor and text[base + start - 1] != _LF and text[base + start - 1] != _CR:
        start -= 1
    return start


@njit(cache=True, nogil=True)
def count_characters(text, bases, positions, out):
    """Fill in out int64[n]: how many characters come before each position.

    bases and positions int64[n], bytes, ascending by (base, position): where the document begins in
    `text`, and the place in it.
    """
    at, n_characters, base = 0, 0, -1
    for row in range(len(positions)):
        if bases[row] != base:
            base = bases[row]
            at, n_characters = 0, 0
        for place in range(base + at, base + positions[row]):
            n_characters += text[place] & 0xC0 != 0x80
        at = max(at, positions[row])
        out[row] = n_characters


@njit(cache=True, nogil=True)
def copy_spans(text, starts, ends, data):
    """Copy text[starts[i]:ends[i]] of every span, one after the other, into data uint8[sum of lengths]."""
    at = np.uint64(0)
    for row in range(len(starts)):
        # A loop is compiled a second sooner than an assignment to a slice, and becomes one copy if unsigned.
        for place in range(np.uint64(starts[row]), np.uint64(ends[row])):
            data[at] = text[place]
            at += np.uint64(1)
