"""Runs of tokens that stand twice, one copy right after the other."""

from typing import Final

import numpy as np

from dedup.kernels.borrowing import borrows, inner
from dedup.kernels.mixing import PRIME, mix64
from dedup.kernels.tokens import HAS_DIGIT

WORD_SHARE: Final = 0.6
"""Least share of a repeated run that must be words unlike their neighbours; rows of numbers and chants fall below."""
MOST_TOKENS_READ: Final = 1000
"""Tokens of a run that are looked at to tell whether it is words."""
LARGE_SHARE: Final = 0.4
"""Share of the paragraph that both copies must make up for the least length to do; below it, twice that."""
UNBOUNDED_FACTOR: Final = 1.5
"""How much longer a run must be that no end of a sentence closes."""

FILTER_WORDS: Final = 1 << 12
"""Words of 64 bits in the filter of may_repeat; 32 kB stay in the cache next to the processor."""

_NOTHING = 0
_SENTENCE = 1
_ELLIPSIS = 2


@borrows
def may_repeat(tokens, n, least, seen, places):
    """Tell whether some run of `least` of the n tokens may stand twice; never wrongly no, seldom wrongly yes.

    tokens uint64[n]; seen uint64[FILTER_WORDS], zero, and zero again afterwards; places int64[>= n] is scratch.
    Of runs half as long every so many-th is noted, so that any run of `least` holds a noted one.
    """
    if n < 2 * least:
        return False
    width = (least + 1) // 2
    step = least - width + 1
    window = np.uint64(0)
    oldest_power = np.uint64(1)
    for place in range(width):
        window = window * np.uint64(3) + tokens[place]
        oldest_power *= np.uint64(3)
    n_noted = 0
    is_found = False
    until_noted = 0
    for place in range(n - width + 1):
        if place:
            window = window * np.uint64(3) + tokens[place + width - 1] - tokens[place - 1] * oldest_power
        bits = window >> np.uint64(46)
        word = bits >> np.uint64(6)
        bit = np.uint64(1) << (bits & np.uint64(63))
        if seen[word] & bit:
            is_found = True
            break
        if until_noted == 0:
            seen[word] |= bit
            places[n_noted] = word
            n_noted += 1
            until_noted = step
        until_noted -= 1
    for place in range(n_noted):
        seen[places[place]] = 0
    return is_found


@borrows
def find_runs(text, tokens, starts, ends, shapes, n, limit, least, keys, places, out_spans, out_similarity, n_out):
    """Add the adjacent repeats among n tokens to the outputs and give the new number of outputs.

    tokens uint64[n], starts, ends int64[n] (bytes into `text`), shapes uint8[n]; `limit` is where the
    paragraph ends; `least` tokens make a run. keys uint64[m] and places int64[m] are scratch, m a power
    of two >= 2 * n. A repeat becomes out_spans[n_out] = (start, end, kept_start, kept_end) in bytes and
    out_similarity[n_out], the share of the removed copy's tokens that the kept one has. A repeat is a run
    followed by itself (the first copy goes), by a longer version of itself where an ellipsis shows
    that the first was cut (the first goes), or by a version cut with an ellipsis (the second goes).
    """
    if n < 2 * least:
        return n_out
    mask = 1
    while mask < 2 * n:
        mask *= 2
    mask -= 1
    places[: mask + 1] = -1
    window = np.uint64(0)
    oldest_power = np.uint64(1)
    for place in range(least):
        window = window * PRIME + tokens[place]
        oldest_power *= PRIME
    run_period, run_end = 0, 0  # how far tokens equal those one period before, so that no run is walked twice
    taken = 0  # tokens before this one belong to a repeat already found
    for j in range(n - least + 1):
        if j:
            window = window * PRIME + tokens[j + least - 1] - tokens[j - 1] * oldest_power
        slot = np.int64(mix64(window) & np.uint64(mask))
        while places[slot] >= 0 and keys[slot] != window:
            slot = (slot + 1) & mask
        i = places[slot]
        keys[slot] = window
        places[slot] = j
        if i < taken or j - i < least or j < taken:
            continue
        period = j - i
        if period != run_period or j >= run_end:
            run_period, run_end = period, j
            while run_end < n and tokens[run_end - period] == tokens[run_end]:
                run_end += 1
        length = min(period, run_end - j)
        if length < least or (2 * length < LARGE_SHARE * n and length < 2 * least):
            continue
        if i and not _opens(text, ends[i - 1], starts[i]):
            continue
        if not _is_prose(tokens, shapes, i, i + min(length, MOST_TOKENS_READ)):
            continue
        after_first = _boundary(text, ends[j - 1], starts[j])
        tail = period - length
        is_cut = tail == 1 and after_first == _ELLIPSIS and _begins(text, starts, ends, i + length, j + length, n)
        if tail == 0 or is_cut:
            if after_first != _ELLIPSIS:
                last = j + length
                after_second = _boundary(text, ends[last - 1], starts[last] if last < n else limit)
                if after_first == _SENTENCE and after_second == _NOTHING and last < n:
                    continue  # the second sentence goes on where the first ended: it is another sentence
                if after_first == _NOTHING and length < UNBOUNDED_FACTOR * least:
                    continue
            out_spans[n_out, 0] = starts[i]
            out_spans[n_out, 1] = starts[j]
            out_spans[n_out, 2] = starts[j]
            out_spans[n_out, 3] = ends[j + length - 1]
            out_similarity[n_out] = length / period
            n_out += 1
            taken = j
            continue
        last = j + length
        stop = ends[last - 1]
        if last < n and _begins(text, starts, ends, last, i + length, n):
            stop = ends[last]
            last += 1
        gap_end = starts[last] if last < n else limit
        if _boundary(text, stop, gap_end) == _ELLIPSIS and after_first == _SENTENCE:
            out_spans[n_out, 0] = starts[j] if last < n else _back_over_spaces(text, starts[j])
            out_spans[n_out, 1] = _after_ellipsis(text, stop, gap_end)
            out_spans[n_out, 2] = starts[i]
            out_spans[n_out, 3] = ends[j - 1]
            out_similarity[n_out] = length / (last - j)
            n_out += 1
            taken = last
    return n_out


@inner
def _is_prose(tokens, shapes, first, last):
    """Tell whether enough of tokens[first:last] are words that differ from the three before them."""
    n_words = 0
    for place in range(first, last):
        if shapes[place] & HAS_DIGIT:
            continue
        is_new = True
        for back in range(1, 4):
            if place - back >= first and tokens[place - back] == tokens[place]:
                is_new = False
        if is_new:
            n_words += 1
    return n_words >= WORD_SHARE * (last - first)


@inner
def _boundary(text, start, end):
    """Tell what stands in the gap text[start:end] between tokens: an ellipsis, the end of a sentence, or neither."""
    found = _NOTHING
    for at in range(start, end):
        byte = text[at]
        if byte == 46 and at + 1 < end and text[at + 1] == 46:
            return _ELLIPSIS
        if byte == 0xE2 and at + 2 < end and text[at + 1] == 0x80 and text[at + 2] == 0xA6:
            return _ELLIPSIS
        if byte == 46 or byte == 33 or byte == 63 or byte == 10 or byte == 13:
            found = _SENTENCE
        elif byte == 0xE3 and at + 2 < end and text[at + 1] == 0x80 and text[at + 2] == 0x82:
            found = _SENTENCE  # ideographic full stop
        elif byte == 0xEF and at + 2 < end and text[at + 1] == 0xBC and (text[at + 2] == 0x81 or text[at + 2] == 0x9F):
            found = _SENTENCE  # full-width exclamation and question marks
    return found


@inner
def _opens(text, start, end):
    """Tell whether the gap text[start:end] before a token lets a caption or a sentence begin there."""
    for at in range(start, end):
        if text[at] == 58:  # a colon, as after "Image"
            return True
    return _boundary(text, start, end) != _NOTHING


@inner
def _begins(text, starts, ends, short, long, n):
    """Tell whether token `short` is the beginning of token `long`, as a word cut off in the middle is."""
    if long >= n or ends[short] - starts[short] >= ends[long] - starts[long]:
        return False
    for step in range(ends[short] - starts[short]):
        if text[starts[short] + step] != text[starts[long] + step]:
            return False
    return True


@inner
def _after_ellipsis(text, start, end):
    """Give the place after the last dot of the gap text[start:end] and the spaces that follow it."""
    stop = start
    for at in range(start, end):
        is_ellipsis = at >= start + 2 and text[at - 2] == 0xE2 and text[at - 1] == 0x80 and text[at] == 0xA6
        if text[at] == 46 or is_ellipsis:
            stop = at + 1
    while stop < end and (text[stop] == 32 or text[stop] == 9):
        stop += 1
    return stop


@inner
def _back_over_spaces(text, at):
    """Give the place before the spaces that precede `at`."""
    while at > 0 and (text[at - 1] == 32 or text[at - 1] == 9):
        at -= 1
    return at
