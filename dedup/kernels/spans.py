"""Spans of text: how far a removal reaches, characters counted, bytes copied."""

import numpy as np

from dedup.kernels.borrowing import borrows, inner

_LF = 10
_CR = 13
_COUNTED_IN_BYTES = np.int64(192)  # fewer than overflow one, and several of the widest registers


@borrows
def reach(
    text,
    offsets,
    first_paragraph,
    starts,
    ends,
    cut_paragraph,
    cut_starts,
    cut_ends,
    document,
    gone,
    from_byte,
    to_byte,
    cut_from,
    cut_to,
):
    """Fill in how far the removal of each paragraph reaches, its line break included, and of each cut beside one.

    text uint8[], offsets int64[d + 1]; first_paragraph int64[d + 1]; starts and ends int64[p], bytes into the
    document, without what is cut: cut_paragraph, cut_starts and cut_ends int64[m], sorted; gone int64[n], the
    paragraphs that go, ascending, and `document` int64[n], which each is in. Out: from_byte and to_byte int64[n],
    bytes into the document, and cut_from and cut_to int64[m], first cut_starts and cut_ends.

    A paragraph takes the white space after it, up to the next one's line; the last ones of a document take the white
    space before them instead, so that the end of the text stays as it was. Where all go, all of the text goes. What is
    cut off a paragraph that goes takes the line's own white space on its side. A matter of the lines, all
    this is measured on paragraphs as they were before cuts.
    """
    row = 0
    while row < len(gone):
        d = document[row]
        first, last = first_paragraph[d], first_paragraph[d + 1]
        end = row
        while end < len(gone) and gone[end] < last:
            end += 1
        run = end  # paragraphs from here on all go
        while run > row and gone[run - 1] == last - (end - run) - 1:
            run -= 1
        for at in range(row, end):
            p = gone[at]
            line_start, line_end, cut = _line(p, starts, ends, cut_paragraph, cut_starts, cut_ends)
            from_byte[at], to_byte[at] = 0, line_end
            if p > first:
                from_byte[at] = _line(p - 1, starts, ends, cut_paragraph, cut_starts, cut_ends)[1]
            if at < run:
                next_start = _line(p + 1, starts, ends, cut_paragraph, cut_starts, cut_ends)[0]
                from_byte[at] = _back_to_line(text, offsets[d], line_start, from_byte[at])
                to_byte[at] = _back_to_line(text, offsets[d], next_start, line_end)
            elif at == end - 1 and run == row and gone[row] == first:
                to_byte[at] = offsets[d + 1] - offsets[d]
            while cut < len(cut_paragraph) and cut_paragraph[cut] == p:
                if cut_ends[cut] <= starts[p]:
                    if cut_starts[cut] <= line_start:
                        cut_from[cut] = from_byte[at]
                    from_byte[at] = max(from_byte[at], cut_ends[cut])
                elif cut_starts[cut] >= ends[p]:
                    if cut_ends[cut] >= line_end:
                        cut_to[cut] = to_byte[at]
                    to_byte[at] = min(to_byte[at], cut_starts[cut])
                cut += 1
        row = end


@inner
def _line(p, starts, ends, cut_paragraph, cut_starts, cut_ends):
    """Give where paragraph p began and ended before cuts, and the place of the first cut not before it."""
    low, high = 0, len(cut_paragraph)
    while low < high:
        middle = (low + high) // 2
        if cut_paragraph[middle] < p:
            low = middle + 1
        else:
            high = middle
    start, end = starts[p], ends[p]
    cut = low
    while cut < len(cut_paragraph) and cut_paragraph[cut] == p:
        start, end = min(start, cut_starts[cut]), max(end, cut_ends[cut])
        cut += 1
    return start, end, low


@inner
def _back_to_line(text, base, start, floor):
    """Give where the line of the paragraph at `start` begins, at `floor` at the earliest."""
    while start > floor and text[base + start - 1] != _LF and text[base + start - 1] != _CR:
        start -= 1
    return start


@borrows
def count_characters(text, offsets, is_wide, document, starts, ends, char_starts, char_ends):
    """Fill in char_starts and char_ends int64[p]: the edges of paragraphs in characters of their documents.

    text uint8[]; offsets int64[d + 1], where documents begin in it; is_wide bool[d], whether any character of a
    document takes several bytes; document int64[p], which each paragraph is in, ascending; starts and ends int64[p],
    its bytes in the document: paragraphs do not overlap.
    """
    at, n_characters, counted = 0, 0, -1
    for p in range(len(starts)):
        if not is_wide[document[p]]:
            char_starts[p], char_ends[p] = starts[p], ends[p]
            continue
        if document[p] != counted:
            counted = document[p]
            at, n_characters = 0, 0
        base = offsets[counted]
        n_characters += _n_characters(text, base + at, base + starts[p])
        char_starts[p] = n_characters
        n_characters += _n_characters(text, base + starts[p], base + ends[p])
        char_ends[p] = n_characters
        at = ends[p]


@borrows
def count_from_edges(text, bases, n_bytes, n_chars, starts, ends, char_starts, char_ends, positions, out):
    """Fill in out int64[n]: how many characters of its document come before each position, a place between characters.

    bases int64[n], where the document begins in `text`, n_bytes and n_chars int64[n], its length; starts, ends,
    char_starts and char_ends int64[n]: a span near the position, in bytes and characters into the document, from
    whose edges it is counted; positions int64[n], bytes into the document.
    """
    for row in range(len(positions)):
        position = positions[row]
        if n_bytes[row] == n_chars[row]:
            out[row] = position
        elif position < starts[row]:
            out[row] = char_starts[row] - _n_characters(text, bases[row] + position, bases[row] + starts[row])
        elif position < ends[row]:
            out[row] = char_starts[row] + _n_characters(text, bases[row] + starts[row], bases[row] + position)
        else:
            out[row] = char_ends[row] + _n_characters(text, bases[row] + ends[row], bases[row] + position)


@inner
def _n_characters(text, start, end):
    """Count the characters that begin in text[start:end]."""
    n_characters = np.int64(0)
    while start < end:
        past = min(start + _COUNTED_IN_BYTES, end)
        n_here = np.uint8(0)  # so narrow, and all unsigned: a loop that takes many bytes at a time
        for place in range(np.uint64(start), np.uint64(past)):
            n_here = np.uint8(n_here + np.uint8(text[place] & np.uint8(0xC0) != np.uint8(0x80)))
        n_characters += np.int64(n_here)
        start = past
    return n_characters


@borrows
def measure_texts(text, offsets, n_chars):
    """Fill in n_chars int64[n]: the characters of each text text[offsets[i]:offsets[i + 1]], text uint8[]."""
    for row in range(len(n_chars)):
        n_chars[row] = _n_characters(text, offsets[row], offsets[row + 1])


@borrows
def copy_spans(text, starts, ends, data):
    """Copy text[starts[i]:ends[i]] of every span, one after the other, into data uint8[sum of lengths]."""
    at = np.uint64(0)
    for row in range(len(starts)):
        # A loop is compiled a second sooner than an assignment to a slice, and becomes one copy if unsigned.
        for place in range(np.uint64(starts[row]), np.uint64(ends[row])):
            data[at] = text[place]
            at += np.uint64(1)
