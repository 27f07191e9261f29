"""Paragraphs that follow from their number alone, so that a corpus of any size needs memory for a chunk of it.

A base paragraph is a function of the seed and its number; a copy is made by making its base once more. Which
paragraph stands where is a permutation that is computed, not held.
"""

from typing import Final

import numpy as np
from numba import njit

BASES_IN_GROUP: Final = 100
GROUP: Final = 139
"""Of 100 bases 24 have one copy, 3 have two and 3 have three, as synthetic.py draws them on the average."""

N_ROUNDS: Final = 4
N_TRUTH: Final = 8
"""Figures of a paragraph: paragraph of its document, start, end (characters), tokens, cluster, kind, edits, base."""

_N_KINDS: Final = 7
_STEP: Final = np.uint64(0x9E3779B97F4A7C15)


@njit(cache=True, nogil=True)
def write_documents(
    seed, half_bits, n_paragraphs, first, begin, end, chain, followers, running, starts, token_class,
    spelling_bytes, spelling_offsets, spelling_chars, word_tokens, lengths, rates, is_fixed, order_1_share,
    data, offsets, truth,
):  # fmt: skip
    """Write documents begin..end of the corpus: their text, its offsets, and what is true of each paragraph.

    first int64[documents + 1], the paragraph each document begins with; chain int32[n, 4], followers int32[2, n],
    running int32[n] and starts int64[] are the word source (first and count of order 1, then of order 2);
    spelling_* hold 6 spellings of each word; lengths int64[power of two] is what a length is drawn from; rates
    float64[5]. Out: data uint8[], offsets int64[end - begin + 1], truth int64[paragraphs, N_TRUTH].
    """
    most = np.int64(0)
    for document in range(begin, end):
        most = max(most, first[document + 1] - first[document])
    longest = lengths.max()
    words = np.empty((most, longest), dtype=np.int32)
    drawn = np.empty(most, dtype=np.int64)
    standing = np.empty(most, dtype=np.int64)
    states = np.empty(most, dtype=np.uint64)
    edited = np.empty(2 * longest, dtype=np.int32)
    places = np.empty(longest, dtype=np.int64)
    edits = np.empty(longest, dtype=np.int64)
    state = np.empty(1, dtype=np.uint64)
    n_words = len(token_class)
    n_bytes = np.int64(0)
    row = np.int64(0)
    for document in range(begin, end):
        offsets[document - begin] = n_bytes
        n_chars = np.int64(0)
        n_here = first[document + 1] - first[document]
        for line in range(n_here):
            base, _ = base_and_copy(place_to_number(first[document] + line, n_paragraphs, half_bits, seed))
            states[line] = seed_of(seed, base, 0)
        draw_paragraphs(
            states, n_here, chain, followers, running, starts, lengths, order_1_share, words, drawn, standing
        )
        for line in range(n_here):
            base, copy = base_and_copy(place_to_number(first[document] + line, n_paragraphs, half_bits, seed))
            n = drawn[line]
            kind, n_edits, variant, n_blanks, blank = -1, 0, 0, 1, 32
            written = words[line]
            if copy > 0:
                state[0] = seed_of(seed, base, copy)
                kind = draw_below(state, _N_KINDS)
                form = draw_below(state, 3)
                separator = draw_below(state, 2)
                if kind == 1 and form < 2:
                    variant = 2 + 2 * form
                elif kind == 1 and separator == 0:
                    n_blanks = 2
                elif kind == 1:
                    blank = 9
                elif kind > 1:
                    n_edits = choose_edits(state, n, rates[kind - 2], is_fixed, places, edits)
                    n = apply_edits(state, words[line], n, edits, running, token_class, edited)
                    written = edited
            if line > 0:
                data[n_bytes] = 10
                n_bytes += 1
                n_chars += 1
            truth[row, 0] = line
            truth[row, 1] = n_chars
            truth[row, 3] = 0
            for place in range(n):
                if place > 0:
                    for _ in range(n_blanks):
                        data[n_bytes] = blank
                        n_bytes += 1
                    n_chars += n_blanks
                spelled = written[place] + n_words * (variant + (1 if place == n - 1 else 0))
                for at in range(spelling_offsets[spelled], spelling_offsets[spelled + 1]):
                    data[n_bytes] = spelling_bytes[at]
                    n_bytes += 1
                n_chars += spelling_chars[spelled]
                truth[row, 3] += word_tokens[written[place]]
            truth[row, 2] = n_chars
            truth[row, 4] = base
            truth[row, 5] = kind
            truth[row, 6] = n_edits
            truth[row, 7] = -1 if copy == 0 else number_to_place(number_of_base(base), n_paragraphs, half_bits, seed)
            row += 1
    offsets[end - begin] = n_bytes


@njit(cache=True, nogil=True)
def draw_paragraphs(
    states, n, chain, followers, running, starts, lengths, order_1_share, words, drawn, standing
):  # fmt: skip
    """Fill in the words of n base paragraphs, int32[n, longest], and how many each has, drawn int64[n].

    All take their k-th word together: a word is three look-ups in the source, far apart, for which the
    processor waits; those of several paragraphs it waits for at once. standing int64[n] is scratch.
    """
    longest = np.int64(0)
    for p in range(n):
        drawn[p] = lengths[draw_below(states[p : p + 1], len(lengths))]
        standing[p] = starts[draw_below(states[p : p + 1], len(starts))]
        longest = max(longest, drawn[p])
    for k in range(longest):
        for p in range(n):
            if k >= drawn[p]:
                continue
            state = states[p : p + 1]
            place = standing[p]
            words[p, k] = running[place]
            order = 0 if draw_share(state) < order_1_share else 1
            here = chain[place, 2 * order] + draw_below(state, chain[place, 2 * order + 1])
            place = np.int64(followers[order, here]) + 1
            standing[p] = place if place < len(running) else 0


@njit(cache=True, nogil=True)
def choose_edits(state, n, rate, is_fixed, places, edits):
    """Fill in edits int64[n] (0 none, 1 substitute, 2 delete, 3 put a word after); give how many there are."""
    for place in range(n):
        edits[place] = 0
        places[place] = place
    n_edits, n_deleted = 0, 0
    n_wanted = max(int(np.floor(rate * n + 0.5)), 1) if is_fixed else n
    for turn in range(n_wanted):
        place = turn
        if is_fixed:
            other = turn + draw_below(state, n - turn)
            place = places[other]
            places[other] = places[turn]
        elif draw_share(state) >= rate:
            continue
        luck = draw_below(state, 10)
        edits[place] = 1 if luck < 6 else (2 if luck < 8 else 3)
        n_edits += 1
        n_deleted += 1 if edits[place] == 2 else 0
    if n_deleted == n:  # a paragraph never vanishes
        for place in range(n):
            edits[place] = 1
    return n_edits


@njit(cache=True, nogil=True)
def apply_edits(state, words, n, edits, running, token_class, edited):
    """Fill in the edited words; give how many. New words are as frequent as in the source."""
    m = 0
    for place in range(n):
        if edits[place] != 1 and edits[place] != 2:
            edited[m] = words[place]
            m += 1
        if edits[place] == 1 or edits[place] == 3:
            new = running[draw_below(state, len(running))]
            # bounded: a source of one word has no other to put in its stead
            for _ in range(100):
                if edits[place] == 3 or token_class[new] != token_class[words[place]]:
                    break
                new = running[draw_below(state, len(running))]
            edited[m] = new
            m += 1
    return m


@njit(cache=True, nogil=True)
def place_to_number(place, n, half_bits, seed):
    """Give the number of the paragraph that stands at a place of n: a permutation.

    Source: Black and Rogaway, Ciphers with arbitrary finite domains, 2002 (a Feistel network, walked until it is in).
    """
    value = np.uint64(place)
    half = np.uint64(half_bits)
    mask = (np.uint64(1) << half) - np.uint64(1)
    while True:
        left, right = value >> half, value & mask
        for r in range(N_ROUNDS):
            left, right = right, left ^ (scramble(right ^ seed_of(seed, -1, r)) & mask)
        value = left << half | right
        if value < np.uint64(n):
            return np.int64(value)


@njit(cache=True, nogil=True)
def number_to_place(number, n, half_bits, seed):
    """Give the place at which paragraph `number` of n stands: the inverse of place_to_number."""
    value = np.uint64(number)
    half = np.uint64(half_bits)
    mask = (np.uint64(1) << half) - np.uint64(1)
    while True:
        left, right = value >> half, value & mask
        for r in range(N_ROUNDS - 1, -1, -1):
            left, right = right ^ (scramble(left ^ seed_of(seed, -1, r)) & mask), left
        value = left << half | right
        if value < np.uint64(n):
            return np.int64(value)


@njit(cache=True, nogil=True)
def base_and_copy(number):
    """Give of a paragraph's number its base, and 0 if it is the base, else which copy it is."""
    group, member = number // GROUP, number % GROUP
    copy = 0
    if member >= BASES_IN_GROUP:
        member -= BASES_IN_GROUP
        copy = 1
        if member >= 30:
            member, copy = 27 + (member - 30) // 3, 1 + (member - 30) % 3
        elif member >= 24:
            member, copy = 24 + (member - 24) // 2, 1 + (member - 24) % 2
    return group * BASES_IN_GROUP + member, copy


@njit(cache=True, nogil=True)
def number_of_base(base):
    """Give the number of a base among all paragraphs."""
    return base // BASES_IN_GROUP * GROUP + base % BASES_IN_GROUP


@njit(cache=True, nogil=True)
def seed_of(seed, base, copy):
    """Give the state from which all that is random of one paragraph is drawn."""
    return scramble(scramble(np.uint64(seed) * _STEP + np.uint64(base)) + np.uint64(copy) * _STEP)


@njit(cache=True, nogil=True)
def draw_below(state, n):
    """Draw an integer of 0..n - 1, n below 2**31."""
    return np.int64((draw(state) >> np.uint64(33)) * np.uint64(n) >> np.uint64(31))


@njit(cache=True, nogil=True)
def draw_share(state):
    """Draw a number of 0 <= x < 1."""
    return np.float64(draw(state) >> np.uint64(11)) / 9007199254740992.0


@njit(cache=True, nogil=True)
def draw(state):
    """Draw a uint64. Source: splitmix64, Steele, Lea and Flood, 2014."""
    state[0] += _STEP
    return scramble(state[0])


@njit(cache=True, nogil=True)
def scramble(value):
    """Give a bijective scramble of a uint64. Source: splitmix64's finalizer (variant 13 of Stafford)."""
    value = np.uint64(value)
    value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return value ^ (value >> np.uint64(31))
