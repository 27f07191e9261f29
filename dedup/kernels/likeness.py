"""What is measured of the paragraphs of a page, to tell those that are like its boilerplate."""

from typing import Final

import numpy as np

from dedup.kernels.borrowing import borrows, inner
from dedup.kernels.pairs import join_pair
from dedup.kernels.shapes import ends_as_sentence
from dedup.kernels.tokens import HAS_DIGIT, HAS_INNER_UPPER, HAS_LOWER, STARTS_UPPER, read_some_tokens
from dedup.kernels.traces import END_WORD, START_WORD

EVIDENCE: Final = (
    "tokens",
    "is_sentence",
    "capitals",
    "taken_near",
    "taken_beside",
    "since_prose",
    "until_prose",
    "taken_around",
    "wording",
    "mean_wording",
    "best_wording",
)
"""What is known of a paragraph, in this order.

Of itself: its tokens, MOST_TOKENS + 1 at most; whether it ends as a sentence; the share of its tokens with a capital.
Of its place: the share of boilerplate among paragraphs within NEAR, BESIDE and AROUND, itself too; how many paragraphs
ago the last prose was, and in how many the next will be, FAR at most. Of its words: how far its tokens, and pairs of
them, speak for boilerplate, all together, in the mean, and the best of them."""

MOST_TOKENS: Final = 40
"""A longer paragraph is not judged."""

MOST_KEYS: Final = 2 * MOST_TOKENS + 1
"""Of a paragraph: of each token, of the pair that it ends, and of the last pair."""

NEAR: Final = 5
BESIDE: Final = 15
AROUND: Final = 300
FAR: Final = 99

LONG_TOKENS: Final = 20
LONG_SENTENCE: Final = 12
"""A paragraph that is no boilerplate is prose from so many tokens on, and a sentence from these on."""

UNKNOWN_WORD: Final = -1.0
UNKNOWN_PAIR: Final = -0.3
"""What a token, and a pair, speak for that stands in no known boilerplate."""

NUMBER: Final = np.uint64(1)
"""Stands for the hash of any number."""

_TOKENS, _IS_SENTENCE, _CAPITALS, _NEAR, _BESIDE, _SINCE, _UNTIL, _AROUND, _SUM, _MEAN, _BEST = range(len(EVIDENCE))


@borrows
def weigh_paragraphs(
    text, starts, ends, page_of, pages, expansions, scratch, runs, weights, of_category, keys, said, evidence, category
):
    """Fill in what is known of p paragraphs themselves: evidence float64[p, len(EVIDENCE)], category int8[p].

    text uint8[]; starts, ends int64[p], bytes into it; page_of, pages and expansions as in `characters`; scratch as
    token_scratch gives it for MOST_TOKENS + SPARE bytes; runs uint32[r], ascending, weights float64[r] and of_category
    int8[r]: by the keys that key_runs gives, what a token or pair speaks for, and for which of len(said) categories;
    keys uint32[MOST_KEYS] and said float64[] are scratch. The category is that for which most is said.
    """
    for p in range(len(starts)):
        n = _read(text, starts[p], ends[p], page_of, pages, expansions, scratch)
        row = evidence[p]
        row[:] = 0
        row[_TOKENS] = n
        row[_IS_SENTENCE] = ends_as_sentence(text, starts[p], ends[p])
        category[p] = 0
        if n == 0 or n > MOST_TOKENS:
            continue
        n_capitals = 0
        for place in range(n):
            n_capitals += scratch[4][place] & STARTS_UPPER != 0
        n_keys = _fill_keys(scratch[1], n, keys)
        said[:] = 0
        best, total = -np.inf, 0.0
        for at in range(n_keys):
            found = _find(runs, keys[at])
            if found >= 0:
                weight = weights[found]
                said[of_category[found]] += max(weight, 0.0)
            else:
                weight = UNKNOWN_PAIR if at % 2 or at == n_keys - 1 else UNKNOWN_WORD
            total += weight
            best = max(best, weight)
        row[_CAPITALS] = n_capitals / n
        row[_SUM], row[_MEAN], row[_BEST] = total, total / n_keys, best
        category[p] = np.argmax(said)


@borrows
def look_around(first, taken, evidence):
    """Fill in what is known of paragraphs from those around them: first int64[d + 1], where those of documents begin.

    taken bool[p], which are boilerplate; evidence float64[p, len(EVIDENCE)] as weigh_paragraphs left it.
    """
    for document in range(len(first) - 1):
        start, end = first[document], first[document + 1]
        for column, reach in ((_NEAR, NEAR), (_BESIDE, BESIDE), (_AROUND, AROUND)):
            low, high, n_taken = start, start, 0
            for p in range(start, end):
                while high < end and high <= p + reach:
                    n_taken += taken[high]
                    high += 1
                while low < p - reach:
                    n_taken -= taken[low]
                    low += 1
                evidence[p, column] = n_taken / (high - low)
        last = start - FAR
        for p in range(start, end):
            evidence[p, _SINCE] = min(p - last, FAR)
            if is_prose(evidence[p], taken[p]):
                last = p
        last = end + FAR
        for p in range(end - 1, start - 1, -1):
            evidence[p, _UNTIL] = min(last - p, FAR)
            if is_prose(evidence[p], taken[p]):
                last = p


@borrows
def ask_trees(features, thresholds, leaves, evidence, rows, scores):
    """Fill in what trees say of some rows of evidence: rows int64[n], scores float64[n], the sum of their leaves.

    features int64[t, i], thresholds float64[t, i] and leaves float64[t, i + 1] as in dedup.forests.Trees.
    """
    n_inner = features.shape[1]
    for place in range(len(rows)):
        row = evidence[rows[place]]
        score = 0.0
        for tree in range(len(features)):
            node = 0
            while node < n_inner:
                node = 2 * node + 1 + (row[features[tree, node]] > thresholds[tree, node])
            score += leaves[tree, node - n_inner]
        scores[place] = score


@inner
def is_prose(row, is_taken):
    """Say whether a paragraph is text to be read, as far as its length and its end tell."""
    n = row[_TOKENS]
    return not is_taken and (n >= LONG_TOKENS or (n >= LONG_SENTENCE and row[_IS_SENTENCE] > 0))


@borrows
def key_runs(text, page_of, pages, expansions, scratch, keys):
    """Fill in the keys of the first MOST_TOKENS tokens of a text, and of their pairs; gives how many.

    text uint8[]; keys uint32[MOST_KEYS]; the others as in weigh_paragraphs.
    """
    n = min(_read(text, 0, len(text), page_of, pages, expansions, scratch), MOST_TOKENS)
    return _fill_keys(scratch[1], n, keys)


@inner
def _fill_keys(tokens, n, keys):
    """Fill in the keys of n tokens, each with that of the pair it ends, and of the last pair; gives how many.

    The edges of a text are of the first pair and the last.
    """
    before = START_WORD
    for place in range(n):
        keys[2 * place], keys[2 * place + 1] = _key(tokens[place]), _key(join_pair(before, tokens[place]))
        before = tokens[place]
    keys[2 * n] = _key(join_pair(before, END_WORD))
    return 2 * n + 1


@inner
def _read(text, start, end, page_of, pages, expansions, scratch):
    """Read the tokens of text[start:end], every number as NUMBER, and give how many: MOST_TOKENS + 1 if more."""
    marks, hashes, begins, stops, shapes = scratch
    most = MOST_TOKENS + 1
    n = read_some_tokens(
        text, start, start, end, page_of, pages, expansions, marks, most, hashes, begins, stops, shapes
    )[0]
    n = min(n, most)
    for place in range(n):
        if shapes[place] & HAS_DIGIT and not shapes[place] & (HAS_LOWER | STARTS_UPPER | HAS_INNER_UPPER):
            hashes[place] = NUMBER
    return n


@inner
def _key(value):
    """Give the 32 bits by which a token, or a pair, is known."""
    return np.uint32(value >> np.uint64(32))


@inner
def _find(keys, key):
    """Give where a key is among ascending ones, or -1."""
    low, high = 0, len(keys)
    while low < high:
        middle = (low + high) >> 1
        if keys[middle] < key:
            low = middle + 1
        else:
            high = middle
    return low if low < len(keys) and keys[low] == key else -1
