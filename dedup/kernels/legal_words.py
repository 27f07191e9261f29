"""The words of legal texts, counted in the bytes of a document."""

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

from dedup.kernels.borrowing import borrows, inner
from dedup.kernels.mixing import PRIME, TOKEN_SEED, mix_in
from dedup.kernels.tokens import SPARE, read_some_tokens, token_scratch
from dedup.kernels.words import BLOCK, find_inside, hash_token, is_ascii, load_token, lower_case, take_stretch

_ASCII_WORD: Final = re.compile(r"[a-z0-9]+")

_KELVIN = (0xE2, 0x84, 0xAA)
_DOTTED_I = (0xC4, 0xB0)
"""These are the only characters that are not ASCII and have letters of ASCII as their small form."""

_GENERAL_PUNCTUATION = (0xE2, 0x80, 0x90, 0xA7)
"""Dashes, quotes, bullets and dots are three bytes, of which the third is one of these; they are in no token."""

_LATIN_SIGNS = (0xA0, 0xA7, 0xA9, 0xAB, 0xAE, 0xB0, 0xB7, 0xBB)
"""The second of two bytes, after 0xC2, of signs that are in no token: paragraph and copyright signs, quotes."""

N_BOUNDS: Final = 4

HEADS: Final = 1 << 16
"""Of how many kinds the first two characters of a phrase are."""

_TOKENS_AT_ONCE = 256
_SPACE = 0x20


def make_word_table(sets: Sequence[Collection[str]]) -> tuple[NDArray[np.uint64], NDArray[np.bool_]]:
    """Give the table of the words for bound_legal_words.

    Words with other characters than small letters and digits of ASCII are left out.
    """
    words = {word for of_set in sets for word in of_set if _ASCII_WORD.fullmatch(word)}
    return lay_out_words({_hash_word(word): word for word in words}, sets)


def lay_out_words(
    hashes: Mapping[int, str], sets: Sequence[Collection[str]]
) -> tuple[NDArray[np.uint64], NDArray[np.bool_]]:
    """Give the open table of the hashes of words, and of which sets each is: bool[len(table), len(sets)].

    A sixteenth of it is full at most, so that other words are told at the first look.
    """
    size = 16
    while size < 16 * len(hashes):
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
    data = word.encode("ascii")
    for at in range(0, len(data), 8):
        value = (value ^ int.from_bytes(data[at : at + 8], "little")) * int(PRIME) % 2**64
        value ^= value >> 32
    return value


@borrows
def bound_legal_words(text, starts, ends, is_left_out, most_bytes, words, is_in, counts, bounds):
    """Fill in counts int64[s], the words of each of s sets there are at most, and bounds int64[N_BOUNDS].

    text uint8[]; starts and ends int64[n], bytes into it, the paragraphs of a document, of which those in
    is_left_out bool[n] are passed over and the others read up to `most_bytes`, the last of them in part; words
    uint64[power of two], an open table of hashes (0: free), is_in bool[len(words), s]. Then bounds[0] is the number of
    tokens at least; bounds[1] is 1 if a character is there with which none of these is a bound; bounds[2] how many
    that are not ASCII may be of tokens, and bounds[3] is 1 if one of three bytes or more may. Of ASCII alone all
    numbers are exact.

    A token is a run of letters and digits. What is not ASCII may be either or none: so words end at it, tokens do not.
    """
    counts[:] = 0
    bounds[:] = 0
    n_tokens = 0
    room = most_bytes
    size = np.uint64(len(text))
    p = 0
    while p < len(starts) and room > 0:
        if is_left_out[p]:
            p += 1
            continue
        begin, end = starts[p], ends[p]
        room -= end - begin
        p += 1
        # Most paragraphs are a line: those with nothing but blanks between them are read in one go.
        while p < len(starts) and room > 0 and not is_left_out[p] and _are_blank(text, end, starts[p]):
            end = ends[p]
            room -= end - starts[p]
            p += 1
        at, limit = np.uint64(begin), np.uint64(end + min(room, 0))
        while at < limit:
            block = at
            at = min(block + BLOCK, limit)
            inside = find_inside(text, block, at)
            while inside:
                first, stop, goes_on, inside = take_stretch(inside, block, at)
                if goes_on and at < limit:
                    if first > block:
                        at = first  # it goes on, and is read as the first of the next block
                        break
                    while stop < limit and _is_inside(text[stop]):
                        stop += np.uint64(1)
                    at = stop
                length = stop - first
                if length <= 16 and first + np.uint64(16) <= size:
                    chunk, rest, is_long = load_token(text, first, length)
                    if is_ascii(chunk | rest):
                        _count(hash_token(chunk, rest, is_long), words, is_in, counts)
                        n_tokens += 1
                        continue
                n_tokens += _bound_stretch(text, np.int64(first), np.int64(stop), words, is_in, counts, bounds)
    bounds[0] = n_tokens


@njit(cache=True, nogil=True)
def count_legal_words(
    documents, text, starts, ends, first, is_left_out, most_bytes, page_of, pages, expansions, words, is_in, counts,
    kinds, n_tokens,
):  # fmt: skip
    """Fill in counts int64[m, s], how many tokens of each of m documents are of each of s sets, and n_tokens int64[m].

    documents int64[m], those of which the paragraphs begin at first int64[n + 1]; the character arrays; words, as of
    lay_out_words, by the hashes that read_tokens gives; kinds int64[m, s], how many different words the counted ones
    are; all else as in bound_legal_words.
    """
    marks, hashes, token_starts, token_ends, shapes = token_scratch(_TOKENS_AT_ONCE)
    most = len(hashes) - SPARE  # what takes a literal would be compiled once more for it
    times, seen = np.zeros(len(words), dtype=np.int64), np.empty(len(words), dtype=np.int64)
    counts[:] = 0
    kinds[:] = 0
    n_tokens[:] = 0
    for m in range(len(documents)):
        n_seen = 0
        room = most_bytes
        for p in range(first[documents[m]], first[documents[m] + 1]):
            if room <= 0:
                break
            if is_left_out[p]:
                continue
            start, end = starts[p], min(ends[p], starts[p] + room)
            room -= ends[p] - starts[p]
            at = start
            while at < end:
                n, at = read_some_tokens(
                    text, start, at, end, page_of, pages, expansions, marks, most, hashes, token_starts,
                    token_ends, shapes[:0],
                )  # fmt: skip
                n_tokens[m] += n
                for token in range(n):
                    slot = _find_slot(hashes[token], words)
                    if slot >= 0:
                        if times[slot] == 0:
                            seen[n_seen] = slot
                            n_seen += 1
                        times[slot] += 1
        for slot in seen[:n_seen]:
            for number in range(counts.shape[1]):
                if is_in[slot, number]:
                    counts[m, number] += times[slot]
                    kinds[m, number] += 1
            times[slot] = 0


def head_of(one: Any, two: Any) -> Any:
    """Give the kind of two characters in a row, or of many such, below HEADS."""
    return (one * np.uint32(31) + two) & np.uint32(HEADS - 1)


_head_of = njit(cache=True, nogil=True, inline="always")(head_of)


@borrows
def count_phrases(codes, phrases, first, is_head, past, times):
    """Add to times int64[n] how often each of n phrases stands in a text, whatever of the others it overlaps.

    codes uint32[], the text, and phrases uint32[], the phrases one after the other; first int64[n + 1], where each
    begins; is_head bool[HEADS], by head_of, those of which a phrase begins. Scratch: past int64[n], first 0.
    """
    for at in range(len(codes) - 1):
        if not is_head[_head_of(codes[at], codes[at + 1])]:
            continue
        for phrase in range(len(times)):
            size = first[phrase + 1] - first[phrase]
            if at < past[phrase] or at + size > len(codes):
                continue
            place = 0
            while place < size and codes[at + place] == phrases[first[phrase] + place]:
                place += 1
            if place == size:
                past[phrase] = at + size
                times[phrase] += 1


@inner
def _are_blank(text, start, end):
    """Tell whether text[start:end] has bytes, all of which are blanks or line ends of ASCII."""
    for at in range(start, end):
        if text[at] > _SPACE:
            return False
    return end > start


@njit(cache=True, nogil=True, inline="always")
def _is_inside(byte):
    """Tell whether a byte is a letter or digit of ASCII, or not ASCII."""
    return byte >= 0x80 or 48 <= byte <= 57 or 97 <= byte | 32 <= 122


@inner
def _bound_stretch(text, start, end, words, is_in, counts, bounds):
    """Do for text[start:end], letters, digits and what is not ASCII, what bound_legal_words does; gives its tokens."""
    n_tokens = 0
    in_token = False
    at = start
    while at < end:
        byte = text[at]
        if byte < 0x80:
            value, at = _read_word(text, at, end)
            _count(value, words, is_in, counts)
            n_tokens += not in_token
            in_token = True
            continue
        if byte >= 0xC0 and not _is_sign(text, at, end):
            bounds[2] += 1
            if byte >= 0xE0:
                bounds[3] = 1
        if byte == _KELVIN[0] and at + 2 < end and text[at + 1] == _KELVIN[1] and text[at + 2] == _KELVIN[2]:
            bounds[1] = 1
        if byte == _DOTTED_I[0] and at + 1 < end and text[at + 1] == _DOTTED_I[1]:
            bounds[1] = 1
        at += 1
    return n_tokens


@inner
def _read_word(text, start, end):
    """Give the hash of the letters and digits of ASCII that text[start:end] begins with, and the place after them."""
    value, word, bits = TOKEN_SEED, np.uint64(0), np.uint64(0)
    at = start
    while at < end and text[at] < 0x80:
        word |= np.uint64(text[at]) << bits
        bits += np.uint64(8)
        at += 1
        if bits == 64 or at == end or text[at] >= 0x80:
            value = mix_in(value, lower_case(word))
            word, bits = np.uint64(0), np.uint64(0)
    return value, at


@inner
def _count(value, words, is_in, counts):
    """Count a word by its hash in all sets that it is of."""
    slot = _find_slot(value, words)
    if slot >= 0:
        for number in range(len(counts)):
            counts[number] += is_in[slot, number]


@inner
def _find_slot(value, words):
    """Give where in the table the hash of a word stands, or -1."""
    mask = np.uint64(len(words) - 1)
    slot = value & mask
    while words[slot] != 0:
        if words[slot] == value:
            return np.int64(slot)
        slot = (slot + np.uint64(1)) & mask
    return np.int64(-1)


@borrows
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
