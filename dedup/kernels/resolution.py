"""Which copy stays: documents in order of rank, each paragraph against those already kept."""

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def resolve(
    order,
    first_paragraph,
    paragraph_order,
    twin,
    n_tokens,
    distinct,
    takes_part,
    verbatim,
    min_tokens,
    passage_tokens,
    copy_share,
    document,
    allowed_start,
    allowed_kept,
    allowed_similarity,
    copy_of,
    kept_paragraph,
    similarity,
    holder,
):
    """Decide for every paragraph whether it stays, and for every document whether it is a copy of one that stays.

    order int64[d], documents by rank; first_paragraph int64[d + 1]; paragraph_order int64[p], the paragraphs
    of each document in the order in which they are judged, those of document 0 first; twin int64[d], the first
    document of equal content, or -1 (one of them that is kept whole makes the later ones its copies). Per
    paragraph: n_tokens, distinct (the first of its equals) and document int64[p]; takes_part bool[p], False if
    it stays or goes for reasons of its own and is nobody's kept copy; verbatim bool[p]. The matches by which
    paragraph u may go are rows allowed_start[u]:allowed_start[u + 1] of allowed_kept (distinct paragraphs) and
    allowed_similarity, best first.

    Below `min_tokens` no paragraph goes, and no verbatim one; below `passage_tokens` a repeat in its own document
    goes only right behind its equal, for a refrain is no accident. A document is a copy if at least `copy_share` of
    its tokens are in kept paragraphs of one other, or in equals of such, and neither a paragraph of `min_tokens` or
    more nor a verbatim one is its own.

    Out: copy_of int64[d], the kept document or -1; kept_paragraph int64[p], the kept copy or -1; similarity
    float64[p]; holder int64[p], for each distinct paragraph the occurrence that stays, or -1. A kept copy is
    itself always kept.
    """
    n_documents = len(order)
    doc_holder = np.full(n_documents, -1, dtype=np.int64)
    tally = np.zeros(n_documents, dtype=np.int64)
    seen_in = np.full(len(distinct), -1, dtype=np.int64)
    copy_of[:] = -1
    kept_paragraph[:] = -1
    similarity[:] = 0.0
    holder[:] = -1
    for rank in range(n_documents):
        d = order[rank]
        first, last = first_paragraph[d], first_paragraph[d + 1]
        if twin[d] >= 0 and doc_holder[twin[d]] >= 0:
            copy_of[d] = doc_holder[twin[d]]
            continue
        n_total = 0
        for place in range(first, last):
            p = paragraph_order[place]
            if not takes_part[p]:
                continue
            n_total += n_tokens[p]
            u = distinct[p]
            if n_tokens[p] < min_tokens or verbatim[p]:
                if holder[u] < 0:
                    holder[u] = p
                continue
            if holder[u] >= 0:
                is_passage = n_tokens[p] >= passage_tokens or document[holder[u]] != d
                if is_passage or (p > first and distinct[p - 1] == u):
                    kept_paragraph[p] = holder[u]
                    similarity[p] = 1.0
                continue
            for row in range(allowed_start[u], allowed_start[u + 1]):
                kept = holder[allowed_kept[row]]
                if kept >= 0:
                    kept_paragraph[p] = kept
                    similarity[p] = allowed_similarity[row]
                    break
            if kept_paragraph[p] < 0:
                holder[u] = p
        is_kept_whole = True
        for p in range(first, last):
            is_kept_whole &= kept_paragraph[p] < 0
        best = _best_source(d, first, last, n_tokens, document, kept_paragraph, tally)
        if best >= 0 and copy_share <= 1.0:
            for p in range(first_paragraph[best], first_paragraph[best + 1]):
                if takes_part[p] and kept_paragraph[p] < 0:
                    seen_in[distinct[p]] = d
            n_shared = 0
            leaves_crumbs_only = True
            for p in range(first, last):
                if not takes_part[p]:
                    continue
                if (kept_paragraph[p] >= 0 and document[kept_paragraph[p]] == best) or seen_in[distinct[p]] == d:
                    n_shared += n_tokens[p]
                elif kept_paragraph[p] < 0 and (n_tokens[p] >= min_tokens or verbatim[p]):
                    leaves_crumbs_only = False
            if leaves_crumbs_only and n_shared >= copy_share * n_total:
                copy_of[d] = best
                for p in range(first, last):
                    if holder[distinct[p]] == p:
                        holder[distinct[p]] = -1
                    kept_paragraph[p] = -1
                    similarity[p] = 0.0
                continue
        if twin[d] >= 0 and is_kept_whole:
            doc_holder[twin[d]] = d


@njit(cache=True, nogil=True)
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
