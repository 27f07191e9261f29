"""Which copy stays: documents in order of rank, each paragraph against those already kept."""

from typing import Final

import numpy as np

from dedup.kernels.borrowing import borrows, inner

STAYS: Final = -1
"""In place of a kept copy: there is none, the paragraph or document stays."""

MAY_GO: Final = np.uint8(1)
"""Mark of a distinct paragraph that stands among those that may go for another."""
_SEEN: Final = np.uint8(2)
_UNKNOWN: Final = 2


@borrows
def resolve(
    order,
    first_paragraph,
    twin,
    n_tokens,
    distinct,
    document,
    flags,
    takes_part,
    verbatim,
    repeats_itself,
    min_tokens,
    passage_tokens,
    copy_share,
    may_go,
    may_go_for,
    marks,
    longest_first,
    doc_holder,
    tally,
    copy_of,
    kept_paragraph,
    holder,
):
    """Decide for every paragraph whether it stays, and for every document whether it is a copy of one that stays.

    order int64[], the next documents by rank, of all d; first_paragraph int64[d + 1]; twin int64[d], the first
    document of equal content, or -1 (one of them that is kept whole makes the later ones its copies). Per
    paragraph: n_tokens, distinct (the first of its equals, which have as many tokens) and document int32[p];
    flags uint8[p], with the bits `takes_part`, without which it stays or goes for reasons of its own and is nobody's
    kept copy, `verbatim`, and `repeats_itself`: what is cut out of it is proved by the rest, or by an equal of that, so
    that it goes for no other. Distinct paragraph may_go[i] may go for may_go_for[i], int32[m], sorted by the
    first, then best first; those have MAY_GO in marks uint8[p].

    Below `min_tokens` no paragraph goes, and no verbatim one; below `passage_tokens` a repeat in its own document
    goes only right behind its equal, for a refrain is no accident. Of two paragraphs of a document the longer is
    judged first, so that a copy cut short goes. A document is a copy if at least `copy_share` of
    its tokens are in kept paragraphs of one other, or in equals of such, and neither a paragraph of `min_tokens` or
    more nor a verbatim one is its own.

    Scratch: longest_first int32[most paragraphs of a document].
    In and out, from one call to the next: doc_holder int32[d] and copy_of int32[d], first STAYS; tally int64[d], first
    0; kept_paragraph int32[p], the kept copy, first STAYS; holder int32[p], for each distinct paragraph the occurrence
    that stays, first -1. A kept copy is itself always kept.
    """
    marked = -1  # the document whose paragraphs that stay have the mark
    for rank in range(len(order)):
        d = order[rank]
        first, last = first_paragraph[d], first_paragraph[d + 1]
        if twin[d] >= 0 and doc_holder[twin[d]] >= 0:
            copy_of[d] = doc_holder[twin[d]]
            continue
        # The order matters only to a paragraph that may go for another: equal ones are as long as each other.
        any_may_go = np.uint8(0)
        for p in range(first, last):
            any_may_go |= marks[distinct[p]] & MAY_GO
        if any_may_go:
            _sort_longest_first(first, last, n_tokens, longest_first)
        is_kept_whole = True
        for place in range(last - first):
            p = longest_first[place] if any_may_go else first + place
            if not flags[p] & takes_part:
                continue
            u = distinct[p]
            if n_tokens[p] < min_tokens or flags[p] & verbatim:
                if holder[u] < 0:
                    holder[u] = p
                continue
            if holder[u] >= 0:
                is_passage = n_tokens[p] >= passage_tokens or document[holder[u]] != d
                if is_passage or (p > first and distinct[p - 1] == u):
                    kept_paragraph[p] = holder[u]
                    is_kept_whole = False
                continue
            kept = -1
            if marks[u] & MAY_GO and not flags[p] & repeats_itself:
                row = _first_row(may_go, u)
                while kept < 0 and row < len(may_go) and may_go[row] == u:
                    kept = holder[may_go_for[row]]
                    row += 1
            if kept >= 0:
                kept_paragraph[p] = kept
                is_kept_whole = False
            else:
                holder[u] = p
        best = -1
        if not is_kept_whole and copy_share <= 1.0:
            best = _best_source(d, first, last, n_tokens, document, kept_paragraph, tally)
        if best >= 0:
            is_copy = _UNKNOWN
            while is_copy == _UNKNOWN:
                is_copy = _is_copy(
                    d, best, first, last, n_tokens, distinct, document, flags, takes_part, verbatim, min_tokens,
                    copy_share, marks, marked == best, kept_paragraph, holder,
                )  # fmt: skip
                if is_copy == _UNKNOWN:
                    _move_mark(marked, best, first_paragraph, distinct, flags, takes_part, kept_paragraph, marks)
                    marked = best
            if is_copy:
                copy_of[d] = best
                for p in range(first, last):
                    if holder[distinct[p]] == p:
                        holder[distinct[p]] = -1
                    kept_paragraph[p] = STAYS
                continue
        if twin[d] >= 0 and is_kept_whole:
            doc_holder[twin[d]] = d
    _move_mark(marked, -1, first_paragraph, distinct, flags, takes_part, kept_paragraph, marks)


@inner
def _is_copy(
    d,
    best,
    first,
    last,
    n_tokens,
    distinct,
    document,
    flags,
    takes_part,
    verbatim,
    min_tokens,
    copy_share,
    marks,
    are_marked,
    kept_paragraph,
    holder,
):
    """Say whether document d is a copy of `best`: 0 no, 1 yes, _UNKNOWN.

    Which distinct paragraphs `best` keeps is known of most by their holder alone: all if it is in `best`, none if it is
    in d or there is none. Else their marks tell, which cost a walk over all of `best`: so ask first without.
    """
    n_total, n_shared, n_open = 0, 0, 0
    is_open = False
    for p in range(first, last):
        if not flags[p] & takes_part:
            continue
        n_total += n_tokens[p]
        kept, held = kept_paragraph[p], holder[distinct[p]]
        is_own = kept < 0 and (n_tokens[p] >= min_tokens or flags[p] & verbatim)
        if (kept >= 0 and document[kept] == best) or (held >= 0 and document[held] == best):
            n_shared += n_tokens[p]
        elif held < 0 or document[held] == d:
            if is_own:
                return 0
        elif not are_marked:
            n_open += n_tokens[p]
            is_open |= is_own
        elif marks[distinct[p]] & _SEEN:
            n_shared += n_tokens[p]
        elif is_own:
            return 0
    if n_shared + n_open < copy_share * n_total:
        return 0
    return _UNKNOWN if is_open or n_shared < copy_share * n_total else 1


@inner
def _move_mark(marked, d, first_paragraph, distinct, flags, takes_part, kept_paragraph, marks):
    """Take the mark _SEEN from the distinct paragraphs of document `marked`, and give it to those that stay in d.

    Either may be -1: none.
    """
    if marked >= 0:
        for p in range(first_paragraph[marked], first_paragraph[marked + 1]):
            marks[distinct[p]] &= MAY_GO
    if d >= 0:
        for p in range(first_paragraph[d], first_paragraph[d + 1]):
            if flags[p] & takes_part and kept_paragraph[p] < 0:
                marks[distinct[p]] |= _SEEN


@inner
def _best_source(d, first, last, n_tokens, document, kept_paragraph, tally):
    """Give the other document that holds most kept copies of d by tokens, the lowest of equal ones, or -1."""
    best = -1
    for p in range(first, last):
        if kept_paragraph[p] >= 0 and document[kept_paragraph[p]] != d:
            source = document[kept_paragraph[p]]
            tally[source] += n_tokens[p]
            if best < 0 or tally[source] > tally[best] or (tally[source] == tally[best] and source < best):
                best = source
    for p in range(first, last):
        if kept_paragraph[p] >= 0:
            tally[document[kept_paragraph[p]]] = 0
    return best


@inner
def _first_row(values, value):
    """Give the place of the first of the ascending values that is not below `value`."""
    low, high = 0, len(values)
    while low < high:
        middle = (low + high) // 2
        if values[middle] < value:
            low = middle + 1
        else:
            high = middle
    return low


@inner
def _sort_longest_first(first, last, n_tokens, places):
    """Fill places[:last - first] with first:last by n_tokens, most first, then in order: a heap, whatever there is."""
    n = last - first
    for place in range(n):
        places[place] = first + place
    for top in range(n // 2 - 1, -1, -1):
        _sink(places, top, n, n_tokens)
    for end in range(n - 1, 0, -1):
        places[0], places[end] = places[end], places[0]
        _sink(places, 0, end, n_tokens)


@inner
def _sink(places, at, n, n_tokens):
    """Let places[at] sink in the heap places[:n], on whose top is the last in order."""
    p = places[at]
    while 2 * at + 1 < n:
        child = 2 * at + 1
        if child + 1 < n and _is_after(places[child + 1], places[child], n_tokens):
            child += 1
        if not _is_after(places[child], p, n_tokens):
            break
        places[at] = places[child]
        at = child
    places[at] = p


@inner
def _is_after(p, other, n_tokens):
    """Say whether p comes after the other: it is shorter, or as long and further on."""
    return n_tokens[p] < n_tokens[other] or (n_tokens[p] == n_tokens[other] and p > other)


@borrows
def share_equals(larger, smaller, first_paragraph, distinct, n_tokens, min_tokens, marks, shared):
    """Say of pairs of documents whether they have an equal paragraph of `min_tokens` or more.

    larger and smaller int64[n], best sorted by the first, which is walked over once in a row; distinct and n_tokens
    int32[p]; marks bool[p], all False before and after. Out: shared bool[n].
    """
    for row in range(len(larger)):
        first, last = first_paragraph[larger[row]], first_paragraph[larger[row] + 1]
        if row == 0 or larger[row] != larger[row - 1]:
            for p in range(first, last):
                marks[distinct[p]] = n_tokens[p] >= min_tokens
        shared[row] = False
        for p in range(first_paragraph[smaller[row]], first_paragraph[smaller[row] + 1]):
            if n_tokens[p] >= min_tokens and marks[distinct[p]]:
                shared[row] = True
                break
        if row + 1 == len(larger) or larger[row + 1] != larger[row]:
            for p in range(first, last):
                marks[distinct[p]] = False


@borrows
def find_pairs(left, right, wanted_left, wanted_right, places):
    """Fill in places int64[n]: where pair (wanted_left[i], wanted_right[i]) is among pairs sorted by right, then left.

    Every wanted pair is there.
    """
    for row in range(len(wanted_left)):
        low, high = 0, len(left)
        while low < high:
            middle = (low + high) // 2
            if right[middle] < wanted_right[row] or (
                right[middle] == wanted_right[row] and left[middle] < wanted_left[row]
            ):
                low = middle + 1
            else:
                high = middle
        places[row] = low
