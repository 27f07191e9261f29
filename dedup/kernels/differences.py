"""What sets two similar token sequences apart: the hunks of their alignment, and what kind they are."""

from typing import Final

import numpy as np
from numba import njit

from dedup.kernels.borrowing import inner
from dedup.kernels.mixing import mix64, shingle_hash
from dedup.kernels.tokens import (
    HAS_DIGIT,
    HAS_INNER_UPPER,
    HAS_LOWER,
    TOUCHES_UNDERSCORE,
    read_tokens,
    token_scratch,
)

MOST_EDITS: Final = 500
"""Tokens that only one of two texts has; of texts that differ in more, all between a common beginning and a common
end counts as one hunk."""

HUNKS: Final = 0
SUBSTITUTIONS: Final = 1
CONTENT: Final = 2
NUMBERS: Final = 3
IDENTIFIERS: Final = 4
INNER: Final = 5
NEW_LEFT: Final = 6
NEW_RIGHT: Final = 7
RUN_LEFT: Final = 8
RUN_RIGHT: Final = 9
OWN_LEFT: Final = 10
OWN_RIGHT: Final = 11
N_FIGURES: Final = 12
"""Columns of the description of a pair: see `describe_hunks`."""

MOST_SLOTS: Final = 8
SLOT_FIGURES: Final = 7
LONGEST_COUNTED: Final = 32
"""Tokens of a hunk whose own words are counted one by one."""
LONGEST_FILLER: Final = 4
"""Tokens; a longer substitution is a reworded passage, not a slot that is filled anew."""

CONTEXT: Final = 4
"""Tokens before and after a slot that make it the same slot elsewhere; two or three recur in any language."""

_EDGE = np.uint64(0x51ED270B4C3A9E1F)


@njit(cache=True, nogil=True)
def describe_hunks(
    left,
    n_left,
    shapes_left,
    right,
    n_right,
    shapes_right,
    function_words,
    reached,
    is_new_left,
    is_new_right,
    figures,
    slots,
):
    """Align two token sequences and fill in what is known of the hunks in which they differ.

    left and right uint64[], token hashes, with shapes uint8[]; function_words uint64[power of two], an open
    table of token hashes; reached, is_new_left and is_new_right (bool[>= n_left], bool[>= n_right]) are scratch.

    figures int32[N_FIGURES]. HUNKS: how many there are. SUBSTITUTIONS: those with tokens on both sides;
    CONTENT: of these, those without function words. NUMBERS: 1 if the hunks hold numbers on both sides, and
    not the same. IDENTIFIERS: hunks that change a name of code: a word in camel case or with an underscore on either
    side, different words in capitals on both. INNER: hunks away from the beginning and the end. NEW_LEFT and
    NEW_RIGHT: tokens in hunks; RUN_LEFT and RUN_RIGHT: the most in one hunk. OWN_LEFT and
    OWN_RIGHT: content words in hunks that the other text has nowhere.

    slots uint64[MOST_SLOTS, SLOT_FIGURES], one for each of the first substitutions, 0 where there are fewer:
    a hash of the CONTEXT tokens before and after, of what stands between on the left, and on the right; the
    first content word on the left and on the right (0: none), and how often each is in its text.

    The alignment is a longest common subsequence.
    """
    figures[:] = 0
    slots[:] = 0
    numbers = np.zeros(2, dtype=np.uint64)
    first = 0
    while first < n_left and first < n_right and left[first] == right[first]:
        first += 1
    end_left, end_right = n_left, n_right
    while end_left > first and end_right > first and left[end_left - 1] == right[end_right - 1]:
        end_left -= 1
        end_right -= 1
    rows, columns = end_left - first, end_right - first
    if not _align(left[first:end_left], right[first:end_right], reached, is_new_left, is_new_right):
        is_new_left[:rows] = True
        is_new_right[:columns] = True
    row, column = 0, 0
    while row < rows or column < columns:
        from_row, from_column = row, column
        while row < rows and is_new_left[row]:
            row += 1
        while column < columns and is_new_right[column]:
            column += 1
        if row > from_row or column > from_column:
            _count_hunk(
                left, first + from_row, first + row, n_left, shapes_left,
                right, first + from_column, first + column, n_right, shapes_right, function_words,
                figures, slots, numbers,
            )  # fmt: skip
        row += 1
        column += 1
    figures[NUMBERS] = numbers[0] != 0 and numbers[1] != 0 and numbers[0] != numbers[1]


@inner
def _align(left, right, reached, is_new_left, is_new_right):
    """Mark what is in no longest common subsequence of two sequences; False if they differ in more than MOST_EDITS.

    reached int32[MOST_EDITS + 1, 2 * MOST_EDITS + 3] is scratch: how far on the left one comes with d edits on
    diagonal k. Source: Myers, An O(ND) difference algorithm and its variations, 1986.
    """
    rows, columns = len(left), len(right)
    centre = MOST_EDITS + 1
    found = -1
    for d in range(MOST_EDITS + 1):
        line = reached[d]
        for k in range(-d, d + 1, 2):
            if d == 0:
                row = 0
            elif k == -d or (k != d and reached[d - 1, centre + k - 1] < reached[d - 1, centre + k + 1]):
                row = reached[d - 1, centre + k + 1]
            else:
                row = reached[d - 1, centre + k - 1] + 1
            column = row - k
            while row < rows and column < columns and left[row] == right[column]:
                row += 1
                column += 1
            line[centre + k] = row
            if row >= rows and column >= columns:
                found = d
                break
        if found >= 0:
            break
    if found < 0:
        return False
    is_new_left[:rows] = False
    is_new_right[:columns] = False
    row, column = rows, columns
    for d in range(found, 0, -1):
        k = row - column
        if k == -d or (k != d and reached[d - 1, centre + k - 1] < reached[d - 1, centre + k + 1]):
            row = reached[d - 1, centre + k + 1]
            column = row - k - 1
            is_new_right[column] = True
        else:
            row = reached[d - 1, centre + k - 1]
            column = row - k + 1
            is_new_left[row] = True
    return True


@inner
def _count_hunk(
    left, a, a_end, n_left, shapes_left, right, b, b_end, n_right, shapes_right, function_words, figures, slots, numbers
):
    """Add one hunk to the figures, and to the slots if it is a short substitution."""
    figures[HUNKS] += 1
    figures[NEW_LEFT] += a_end - a
    figures[NEW_RIGHT] += b_end - b
    figures[RUN_LEFT] = max(figures[RUN_LEFT], a_end - a)
    figures[RUN_RIGHT] = max(figures[RUN_RIGHT], b_end - b)
    if a > 0 and a_end < n_left:
        figures[INNER] += 1
    figures[OWN_LEFT] += _count_own(left, a, a_end, right, n_right, function_words)
    figures[OWN_RIGHT] += _count_own(right, b, b_end, left, n_left, function_words)
    numbers_a, capitals_a, n_code_a, plain_a = _read_side(left, a, a_end, shapes_left, function_words)
    numbers_b, capitals_b, n_code_b, plain_b = _read_side(right, b, b_end, shapes_right, function_words)
    numbers[0] += numbers_a
    numbers[1] += numbers_b
    if n_code_a or n_code_b or (capitals_a != 0 and capitals_b != 0 and capitals_a != capitals_b):
        figures[IDENTIFIERS] += 1
    if a == a_end or b == b_end:
        return
    if figures[SUBSTITUTIONS] < MOST_SLOTS and max(a_end - a, b_end - b) <= LONGEST_FILLER:
        slot = slots[figures[SUBSTITUTIONS]]
        context = _EDGE
        for step in range(1, CONTEXT + 1):
            context = mix64(context ^ (left[a - step] if a >= step else _EDGE))
        for step in range(CONTEXT):
            context = mix64(context ^ (left[a_end + step] if a_end + step < n_left else _EDGE))
        slot[0] = context
        slot[1] = shingle_hash(left, a, a_end)
        slot[2] = shingle_hash(right, b, b_end)
        slot[3] = _first_content(left, a, a_end, function_words)
        slot[4] = _first_content(right, b, b_end, function_words)
        slot[5] = _count(left, n_left, slot[3])
        slot[6] = _count(right, n_right, slot[4])
    figures[SUBSTITUTIONS] += 1
    if plain_a == 0 and plain_b == 0:
        figures[CONTENT] += 1


@inner
def _count_own(tokens, start, end, others, n_others, function_words):
    """Count the content words of tokens[start:end] that others[:n_others] lacks; of a long stretch, all its tokens."""
    if end - start > LONGEST_COUNTED:
        return end - start  # it is new text in any case, and to look for each token would take forever
    n_own = 0
    for place in range(start, end):
        n_own += not _is_in(function_words, tokens[place]) and _count(others, n_others, tokens[place]) == 0
    return n_own


@inner
def _first_content(tokens, start, end, function_words):
    """Give the first of tokens[start:end] that is no function word, 0 if there is none."""
    for place in range(start, end):
        if not _is_in(function_words, tokens[place]):
            return tokens[place]
    return np.uint64(0)


@inner
def _count(tokens, n_tokens, token):
    """Count how often `token` is among tokens[:n_tokens]."""
    n_found = 0
    for place in range(n_tokens):
        n_found += tokens[place] == token
    return n_found


@inner
def _is_in(table, token):
    """Tell whether an open table of token hashes holds `token`."""
    mask = np.uint64(len(table) - 1)
    slot = token & mask
    while table[slot] != 0:
        if table[slot] == token:
            return True
        slot = (slot + np.uint64(1)) & mask
    return False


@inner
def _read_side(tokens, start, end, shapes, function_words):
    """Give order-free sums of the numbers and of the words in capitals (0: none), counts of code and function words."""
    numbers, capitals = np.uint64(0), np.uint64(0)
    n_code, n_function = 0, 0
    for place in range(start, end):
        shape = shapes[place]
        if shape & HAS_DIGIT:
            numbers += tokens[place]
        elif shape & HAS_INNER_UPPER and not shape & HAS_LOWER:
            capitals += tokens[place]
        if shape & TOUCHES_UNDERSCORE or (shape & HAS_INNER_UPPER and shape & HAS_LOWER):
            n_code += 1
        n_function += _is_in(function_words, tokens[place])
    return numbers, capitals, n_code, n_function


@njit(cache=True, nogil=True)
def count_in_texts(text, spans, asked, words, page_of, pages, expansions, counts):
    """Fill in counts int64[q]: how often each word stands in the text it is asked of.

    text uint8[]; spans int64[t, 2], bytes into `text`; asked int64[q], ascending places in `spans`; words
    uint64[q], token hashes.
    """
    longest = 0
    for query in range(len(asked)):
        longest = max(longest, spans[asked[query], 1] - spans[asked[query], 0])
    marks, tokens, starts, ends, shapes = token_scratch(longest)
    first = 0
    while first < len(asked):
        last = first
        while last < len(asked) and asked[last] == asked[first]:
            last += 1
        span = spans[asked[first]]
        n = read_tokens(text, span[0], span[1], page_of, pages, expansions, marks, tokens, starts, ends, shapes)
        for query in range(first, last):
            counts[query] = _count(tokens, n, words[query])
        first = last
