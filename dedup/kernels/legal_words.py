"""The words of legal texts, counted in the bytes of a document."""

import re
from collections.abc import Collection, Sequence
from typing import Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

from dedup.kernels.borrowing import inner
from dedup.kernels.mixing import PRIME, TOKEN_SEED

_ASCII_WORD: Final = re.compile(r"[a-z0-9]+")

_KELVIN = (0xE2, 0x84, 0xAA)
_DOTTED_I = (0xC4, 0xB0)
"""These are the only characters that are not ASCII and have letters of ASCII as their small form."""

_GENERAL_PUNCTUATION = (0xE2, 0x80, 0x90, 0xA7)
"""Dashes, quotes, bullets and dots are three bytes, of which the third is one of these; they are in no token."""

_LATIN_SIGNS = (0xA0, 0xA7, 0xA9, 0xAB, 0xAE, 0xB0, 0xB7, 0xBB)
"""The second of two bytes, after 0xC2, of signs that are in no token: paragraph and copyright signs, quotes."""

N_BOUNDS: Final = 5


def make_word_table(sets: Sequence[Collection[str]]) -> tuple[NDArray[np.uint64], NDArray[np.bool_]]:
    """Give the open table of the words, a quarter full at most, and of which sets each is: bool[len(table), len(sets)].

    Words with other characters than small letters and digits of ASCII are left out.
    """
    hashes = {_hash_word(word): word for words in sets for word in words if _ASCII_WORD.fullmatch(word)}
    size = 4
    while size < 4 * len(hashes):
        size *= 2
    table = np.zeros(size, dtype=np.uint64)
    is_in = np.zeros((size, len(sets)), dtype=np.bool_)
    for value in sorted(hashes):
        slot = value % size
        while table[slot]:
            slot = (slot + 1) % size
        table[slot] = value
        is_in[slot] = [hashes[value] in words for words in sets]
    return table, is_in


def _hash_word(word: str) -> int:
    value = int(TOKEN_SEED)
    for byte in word.encode("ascii"):
        value = (value ^ byte) * int(PRIME) % 2**64
        value ^= value >> 32
    return value


@njit(cache=True, nogil=True)
def bound_legal_words(text, starts, ends, is_left_out, most_bytes, words, is_in, counts, bounds):
    """Fill in counts int64[s], the words of each of s sets there are at most, and bounds int64[N_BOUNDS].

    text uint8[]; starts and ends int64[n], bytes into it, the paragraphs of a document, of which those in
    is_left_out bool[n] are passed over and the others read up to `most_bytes`, the last of them in part; words
    uint64[power of two], an open table of hashes (0: free), is_in bool[len(words), s]. Then bounds[0] is the number of
    tokens at least; bounds[1] is 1 if any byte read is not ASCII, without which all numbers are exact; bounds[2] if a
    character is there with which none is one; bounds[3] how many that are not ASCII may be of tokens, and bounds[4] if
    one of three bytes or more may.

    A token is a run of letters and digits. What is not ASCII may be either or none: so words end at it, tokens do not.
    """
    counts[:] = 0
    n_tokens, n_letters, has_other, is_odd, has_wide = 0, 0, False, False, False
    room = most_bytes
    mask = np.uint64(len(words) - 1)
    for p in range(len(starts)):
        if room <= 0:
            break
        if is_left_out[p]:
            continue
        start, end = starts[p], min(ends[p], starts[p] + room)
        room -= ends[p] - starts[p]
        value = TOKEN_SEED
        in_word, in_token = False, False
        for at in range(start, end + 1):
            byte = text[at] if at < end else np.uint8(0)
            folded = byte | np.uint8(0x20)
            if 97 <= folded <= 122 or 48 <= byte <= 57:
                value = (value ^ np.uint64(folded)) * PRIME
                value ^= value >> np.uint64(32)
                n_tokens += not in_token
                in_word, in_token = True, True
                continue
            if in_word:
                slot = value & mask
                while words[slot] != 0 and words[slot] != value:
                    slot = (slot + np.uint64(1)) & mask
                if words[slot] != 0:
                    for number in range(len(counts)):
                        counts[number] += is_in[slot, number]
                value = TOKEN_SEED
                in_word = False
            if byte < 0x80:
                in_token = False
                continue
            has_other = True
            if byte >= 0xC0 and not _is_sign(text, at, end):
                n_letters += 1
                if byte >= 0xE0:
                    has_wide = True
            if byte == _KELVIN[0] and at + 2 < end and text[at + 1] == _KELVIN[1] and text[at + 2] == _KELVIN[2]:
                is_odd = True
            if byte == _DOTTED_I[0] and at + 1 < end and text[at + 1] == _DOTTED_I[1]:
                is_odd = True
    bounds[0], bounds[1], bounds[2], bounds[3], bounds[4] = n_tokens, has_other, is_odd, n_letters, has_wide


@njit(cache=True, nogil=True)
def bound_legal_words_of_documents(text, starts, ends, first, is_left_out, most_bytes, words, is_in, counts, bounds):
    """Do what bound_legal_words does for n documents, whose paragraphs begin at first int64[n + 1].

    counts int64[n, s]; bounds int64[n, N_BOUNDS].
    """
    for document in range(len(first) - 1):
        begin, end = first[document], first[document + 1]
        bound_legal_words(
            text, starts[begin:end], ends[begin:end], is_left_out[begin:end], most_bytes, words, is_in,
            counts[document], bounds[document],
        )  # fmt: skip


@inner
def _is_sign(text, at, end):
    """Tell whether a character of two or three bytes is a sign that is in no token; False of many that are, too."""
    if text[at] == 0xC2 and at + 1 < end:
        for second in _LATIN_SIGNS:
            if text[at + 1] == second:
                return True
        return False
    lead, second, least, most = _GENERAL_PUNCTUATION
    return text[at] == lead and at + 2 < end and text[at + 1] == second and least <= text[at + 2] <= most
