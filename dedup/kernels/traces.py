"""Traces of patterns looked for in a paragraph: whether a rule whose cue it holds could match it at all.

What a paragraph has is marked in a table of bits, by hashes; a trace that is not marked is not there.
"""

from typing import Final

import numpy as np
from numba import njit

from dedup.kernels.borrowing import borrows, inner
from dedup.kernels.mixing import PRIME, TOKEN_SEED, mix64

WORD: Final = 0
"""Kinds of traces: a token."""
PAIR: Final = 1
"""Two neighbouring ones; the first may be START_WORD, the second END_WORD."""
LETTERS: Final = 2
"""N_LETTERS letters or digits of ASCII in a row within a token."""
FIRST_LETTERS: Final = 3
"""Those that the first token of a sentence begins with."""
LAST_LETTERS: Final = 4
"""Those that the last one ends with."""

N_LETTERS: Final = 3
"""Of a token of which a pattern has only a part, so many letters in a row are looked for."""

START_WORD: Final = TOKEN_SEED
END_WORD: Final = PRIME

SEEN_WORDS: Final = 1024
"""Words of 64 bits in the table; the second half is for letters."""

_HALF = np.uint64(0x8000)
_FOLDED = np.uint64(0x7FFF)


@borrows
def whole_position(first, second, is_pair):
    """Give the bit of a token, or of a pair of tokens, by their hashes."""
    value = mix64(first) ^ second if is_pair else first
    return (value ^ value >> np.uint64(32)) & _FOLDED


@borrows
def letters_position(first, second, third, kind):
    """Give the bit of three bytes in lower case, apart for each kind."""
    value = np.uint64(kind) << np.uint64(24) | np.uint64(first) << np.uint64(16)
    value |= np.uint64(second) << np.uint64(8) | np.uint64(third)
    return value * PRIME >> np.uint64(49) | _HALF


@borrows
def fill_positions(kinds, firsts, seconds, positions):
    """Fill in the bits of n traces: kinds int64[n]; firsts and seconds uint64[n], the hashes of their tokens, of
    letters the three bytes, the first one highest; positions uint16[n].
    """
    for trace in range(len(kinds)):
        kind, first = kinds[trace], firsts[trace]
        if kind < LETTERS:
            positions[trace] = whole_position(first, seconds[trace], kind == PAIR)
        else:
            byte = np.uint64(0xFF)
            positions[trace] = letters_position(
                first >> np.uint64(16), first >> np.uint64(8) & byte, first & byte, kind
            )


@borrows
def is_spelled_oddly(text, start, end):
    """Say whether text[start:end] has characters by which patterns and tokens part ways.

    These are the capital "i" with a dot and the small one without, marks after letters, the letter apostrophe, and
    signs that are letters in normal form, such as that of a trademark.
    """
    for at in range(start, end - 1):
        lead, byte = text[at], text[at + 1]
        if lead < 0xC4:
            continue
        if (lead == 0xC4 and 0xB0 <= byte <= 0xB1) or lead == 0xCC or lead == 0xCD or (lead == 0xCA and byte == 0xBC):
            return True
        if lead == 0xE2 and (byte == 0x84 or byte == 0x92 or byte == 0x93):
            return True
    return False


@borrows
def mark_traces(text, tokens, starts, ends, opens, first, past, seen):
    """Mark the traces of tokens [first, past) of a paragraph in seen uint64[SEEN_WORDS], and no others.

    tokens uint64[], starts and ends int64[], bytes into text uint8[]; opens bool[], whether a sentence may begin with
    the token, and so end with the one before. Letters of tokens that are not of ASCII count as all there are.
    """
    seen[:] = 0
    for place in range(first, past):
        token = tokens[place]
        is_last = place == past - 1 or opens[place + 1]
        _mark(seen, whole_position(token, token, False))
        if place > first:
            _mark(seen, whole_position(tokens[place - 1], token, True))
        if opens[place]:
            _mark(seen, whole_position(START_WORD, token, True))
        if is_last:
            _mark(seen, whole_position(token, END_WORD, True))
        start, end = starts[place], ends[place]
        before, middle = np.uint64(0), np.uint64(0)
        for at in range(start, end):
            if text[at] >= 0x80:
                seen[SEEN_WORDS // 2 :] = ~np.uint64(0)
                break
            last = np.uint64(text[at] | 0x20)
            if at >= start + 2:
                _mark(seen, letters_position(before, middle, last, LETTERS))
                if at == start + 2 and opens[place]:
                    _mark(seen, letters_position(before, middle, last, FIRST_LETTERS))
                if at == end - 1 and is_last:
                    _mark(seen, letters_position(before, middle, last, LAST_LETTERS))
            before, middle = middle, last


@njit(cache=True, nogil=True, inline="always")
def _mark(seen, position):
    """Set a bit."""
    seen[position >> np.uint64(6)] |= np.uint64(1) << (position & np.uint64(63))


@borrows
def could_match(rule, required, seen, known, stamp):
    """Say whether the paragraph, or part of it, of which seen uint64[SEEN_WORDS] tells has what a rule asks for.

    In `required` alternatives, their clauses, the sets of these and their traces stand one behind the other: where each
    starts is in first_alternative int32[r + 1], first_clause int32[a + 1], first_set int32[c + 1] and first_trace
    int32[s + 1]; clauses int32[], numbers of clauses, traces uint16[], their bits, leads uint16[s], the first one of
    each set. A rule without alternatives asks for nothing.
    known int64[c] holds what is known of the clauses of this part: 2 * stamp, and 1 more if it fulfils it.
    """
    first_alternative, first_clause, clauses, first_set, first_trace, traces, leads = required
    for alternative in range(first_alternative[rule], first_alternative[rule + 1]):
        fulfilled = True
        for place in range(first_clause[alternative], first_clause[alternative + 1]):
            clause = clauses[place]
            if known[clause] >> 1 != stamp:
                found = _holds_a_set(first_set[clause], first_set[clause + 1], first_trace, traces, leads, seen)
                known[clause] = 2 * stamp + found
            if known[clause] & 1 == 0:
                fulfilled = False
                break
        if fulfilled:
            return True
    return first_alternative[rule] == first_alternative[rule + 1]


@inner
def _holds_a_set(first, past, first_trace, traces, leads, seen):
    """Say whether all traces of one of the sets [first, past) are marked, 1 or 0."""
    for traces_set in range(first, past):
        if not _is_marked(seen, leads[traces_set]):
            continue
        is_there = True
        for trace in range(first_trace[traces_set] + 1, first_trace[traces_set + 1]):
            if not _is_marked(seen, traces[trace]):
                is_there = False
                break
        if is_there:
            return 1
    return 0


@njit(cache=True, nogil=True, inline="always")
def _is_marked(seen, trace):
    """Say whether a bit is set."""
    position = np.uint64(trace)
    return seen[position >> np.uint64(6)] >> (position & np.uint64(63)) & np.uint64(1) != 0
