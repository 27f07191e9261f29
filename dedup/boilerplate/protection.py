"""Documents that keep what would be boilerplate elsewhere: those that consist of it, and legal texts."""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dedup.boilerplate.patterns import Pattern
from dedup.boilerplate.rule import RuleFile
from dedup.boilerplate.tokens import normal_form, tokens_of
from dedup.boilerplate.wording import bare, translate
from dedup.kernels.characters import load_characters
from dedup.kernels.legal_words import (
    HEADS,
    N_BOUNDS,
    bound_legal_words_of_documents,
    count_legal_words,
    count_phrases,
    head_of,
    lay_out_words,
    make_word_table,
)
from dedup.token_tables import token_hashes

LEGAL_CATEGORIES: Final = frozenset({"copyright", "repost-disclaimer", "legal-disclaimer", "cookie"})
"""What a licence, a privacy policy or a copyright file says of itself."""

LEGAL_SHARE: Final = 0.02
"""Share of tokens from which a document counts as a legal text. Licences have .02 to .10 of them; of 261
news and blog texts none had more than .012, and those were about copyright."""

LEAST_LEGAL_WORDS: Final = 2

STUB_TOKENS: Final = 50
"""A text no longer than this with a copyright notice at its head is the header of a licensed work, not news."""

LEAST_KINDS: Final = (1, 2, 3, 4)
KINDS_FROM: Final = (60, 100, 240)
"""How many different legal words a document has at least, and the numbers of tokens above which it is one of the next.
An advert for a warranty says that word six times. Of 420 licences and parts of such, two short parts have fewer."""

PROSE_BYTES: Final = 80
PROSE_WITHIN: Final = 3
"""Within so many paragraphs below the title of a text stands one as long as prose; below a link of a menu, links."""

N_TITLE_PARAGRAPHS: Final = 3

TITLE_CHARS: Final = 200

TITLE_BYTES: Final = 4 * (TITLE_CHARS + 1)
"""At least TITLE_CHARS characters, whatever they are and wherever the last one is cut."""

_MOST_PHRASES: Final = 8
"""More than the tokens that one character may be counted as, where words of several hold each other."""

READ_BYTES: Final = 30_000
"""How much of a document is read to tell whether it is a legal text; the rest of a longer one is like it."""

_Sets = tuple[frozenset[str], ...]
_Numbers = int | NDArray[np.int64]


class Bodies(NamedTuple):
    """n documents, of which the paragraphs that rules would take are left out."""

    data: NDArray[np.uint8]
    starts: NDArray[np.int64]  # [p], bytes into the data, of the paragraphs of all
    ends: NDArray[np.int64]
    first: NDArray[np.int64]  # [n + 1], where those of each begin
    is_left_out: NDArray[np.bool_]  # [p]


class Bounds(NamedTuple):
    """What kernels.legal_words tells of the words of n documents, of s files of rules."""

    counts: NDArray[np.int64]  # [n, s], legal words at most
    bounds: NDArray[np.int64]  # [n, N_BOUNDS]


class _Wording(NamedTuple):
    """The legal words of m documents, exactly."""

    counts: NDArray[np.int64]  # [m, s], tokens that are of them
    kinds: NDArray[np.int64]  # [m, s], how many different words these are
    n_tokens: NDArray[np.int64]  # [m]

    def add(self, place: int, more: tuple[NDArray[np.int64], NDArray[np.int64]]) -> None:
        """Count further ones in a document."""
        self.counts[place] += more[0]
        self.kinds[place] += more[1]

    def are_legal(self) -> NDArray[np.bool_]:
        """Say for each set whether a document is legal by it, bool[m, s]."""
        least = np.array(LEAST_KINDS)[np.searchsorted(KINDS_FROM, self.n_tokens)]
        enough: NDArray[np.bool_] = _is_enough(self.counts, self.n_tokens[:, None]) & (self.kinds >= least[:, None])
        return enough


def is_legal_document(bodies: Bodies, rule_files: Sequence[RuleFile], *, opens_with_notice: bool) -> bool:
    """Say whether the first of the documents is a legal text, by its first lines or by its words throughout.

    Read are READ_BYTES of its paragraphs, without those that rules would take; `opens_with_notice`: whether they would
    take a copyright notice from its head. Most documents are told by a count over bytes, the others by their tokens.
    """
    asked = np.zeros(1, dtype=np.int64)
    found = find_legal_titles(bodies, rule_files, asked)
    if not len(found):
        bounds = bound_legal_words(bodies, rule_files)
        found = find_legal_wording(bodies, rule_files, bounds, asked, opens_with_notice=opens_with_notice)
    return len(found) > 0


def bound_legal_words(bodies: Bodies, rule_files: Sequence[RuleFile]) -> Bounds:
    """Count the legal words of documents within bounds, which for those of ASCII are one number."""
    words, is_in = _word_table(_sets(rule_files))
    n = len(bodies.first) - 1
    found = Bounds(np.empty((n, is_in.shape[1]), dtype=np.int64), np.empty((n, N_BOUNDS), dtype=np.int64))
    bound_legal_words_of_documents(*bodies, READ_BYTES, words, is_in, *found)
    return found


def find_legal_wording(
    bodies: Bodies, rule_files: Sequence[RuleFile], bounds: Bounds, asked: NDArray[np.int64], *, opens_with_notice: bool
) -> NDArray[np.int64]:
    """Give those of the documents asked about that are legal texts by their words alone."""
    sets = _sets(rule_files)
    counts, (n_tokens, is_odd, n_letters, has_wide) = bounds.counts[asked], bounds.bounds[asked].T
    n_more = np.where(has_wide, _MOST_PHRASES, 1) * n_letters  # tokens with these at most
    is_ascii = np.array([_is_ascii(words) for words in sets], dtype=np.bool_)
    may_be = _is_enough(np.where(is_ascii, counts, counts + n_more[:, None]), n_tokens[:, None])
    may_be |= (is_odd != 0)[:, None]
    if opens_with_notice:
        may_be |= (n_tokens <= STUB_TOKENS)[:, None]
    found: NDArray[np.bool_] = may_be.any(axis=1)
    unsure = np.flatnonzero(found)
    if len(unsure):
        told = _count_words(bodies, sets, asked[unsure])
        for place in np.flatnonzero(has_wide[unsure]).tolist():
            told.add(place, _count_phrases("\n".join(_read_paragraphs(bodies, int(asked[unsure[place]]))), sets))
        found[unsure] = (may_be[unsure] & told.are_legal()).any(axis=1)
        if opens_with_notice:
            found[unsure] |= told.n_tokens <= STUB_TOKENS
    return asked[found]


def find_legal_titles(bodies: Bodies, rule_files: Sequence[RuleFile], asked: NDArray[np.int64]) -> NDArray[np.int64]:
    """Give those of the documents asked about, ascending, that are legal texts by their first paragraphs."""
    patterns = _join_titles(tuple(file.legal_titles for file in rule_files if file.legal_titles is not None))
    kept = np.flatnonzero(~bodies.is_left_out)
    begins, pasts = np.searchsorted(kept, bodies.first[asked]), np.searchsorted(kept, bodies.first[asked + 1])
    found = []
    for document, begin, past in zip(asked.tolist(), begins.tolist(), pasts.tolist(), strict=True):
        chosen = kept[begin : min(past, begin + N_TITLE_PARAGRAPHS + PROSE_WITHIN)]
        starts = bodies.starts[chosen]
        sizes = bodies.ends[chosen] - starts
        rooms = READ_BYTES - np.cumsum(sizes) + sizes
        sizes = np.minimum(sizes, rooms)[rooms > 0].tolist()
        for place in _places_of_titles(sizes):
            start = int(starts[place])
            title = str(bodies.data[start : start + min(sizes[place], TITLE_BYTES)].data, "utf-8", "replace")
            if _is_title(title[:TITLE_CHARS], patterns):
                found.append(document)
                break
    return np.array(found, dtype=np.int64)


def _places_of_titles(sizes: Sequence[int]) -> list[int]:
    """Give the places of the paragraphs that may be the title of a text, of so many bytes the first ones of it have."""
    return [
        place
        for place in range(min(N_TITLE_PARAGRAPHS, len(sizes)))
        if max(sizes[place + 1 : place + 1 + PROSE_WITHIN], default=0) >= PROSE_BYTES
    ]


@lru_cache(maxsize=8192)  # pages of a manual begin alike
def _is_title(start: str, patterns: tuple[Pattern, ...]) -> bool:
    title = bare(translate(start))
    return any(pattern.fullmatch(title) is not None for pattern in patterns)


@lru_cache(maxsize=8)
def _join_titles(patterns: tuple[Pattern, ...]) -> tuple[Pattern, ...]:
    """Give one pattern for all of several, if they can stand in one: it is tried as fast as any of them."""
    sources = tuple(source for pattern in patterns for source in pattern.sources)
    joined = Pattern(tuple(written for pattern in patterns for written in pattern.written), sources)
    try:
        joined.compiled()
    except re.error:  # two files have groups of one name
        return patterns
    return (joined,)


def _is_enough(n_legal: _Numbers, n_tokens: _Numbers) -> Any:
    return (n_legal >= LEAST_LEGAL_WORDS) & (n_legal >= LEGAL_SHARE * n_tokens)


def _sets(rule_files: Sequence[RuleFile]) -> _Sets:
    return tuple(file.legal_words for file in rule_files)


@lru_cache(maxsize=8)
def _word_table(sets: _Sets) -> tuple[NDArray[np.uint64], NDArray[np.bool_]]:
    """Give the table that the kernel reads which bounds legal words."""
    return make_word_table(sets)


@lru_cache(maxsize=64)
def _is_ascii(words: frozenset[str]) -> bool:
    return all(word.isascii() for word in words)


@lru_cache(maxsize=8)
def _token_table(sets: _Sets) -> tuple[NDArray[np.uint64], NDArray[np.bool_]]:
    """Give the table of the words that are one token."""
    words = sorted(word for word in frozenset().union(*sets) if len(tokens_of(word)) == 1)
    return lay_out_words(dict(zip(token_hashes(" ".join(words)).tolist(), words, strict=True)), sets)


def _count_words(bodies: Bodies, sets: _Sets, asked: NDArray[np.int64]) -> _Wording:
    """Count the tokens of documents that are of the words of each set."""
    shape = (len(asked), len(sets))
    told = _Wording(np.empty(shape, dtype=np.int64), np.empty(shape, dtype=np.int64), np.empty(len(asked), np.int64))
    count_legal_words(asked, *bodies, READ_BYTES, *load_characters(), *_token_table(sets), *told)
    return told


class _Phrases(NamedTuple):
    """The words of sets that are several tokens, which only those of scripts without spaces are."""

    codes: NDArray[np.uint32]  # one after the other
    first: NDArray[np.int64]
    set_of: NDArray[np.int64]
    is_head: NDArray[np.bool_]


@lru_cache(maxsize=8)
def _phrases(sets: _Sets) -> _Phrases:
    found = [
        (word, number)
        for number, words in enumerate(sets)
        for word in sorted(words)
        if not word.isascii() and len(tokens_of(word)) > 1
    ]
    first = np.cumsum([0, *(len(word) for word, _ in found)])
    codes = _codes("".join(word for word, _ in found))
    is_head = np.zeros(HEADS, dtype=np.bool_)
    is_head[head_of(codes[first[:-1]], codes[first[:-1] + 1])] = True
    return _Phrases(codes, first, np.array([number for _, number in found], dtype=np.int64), is_head)


def _codes(text: str) -> NDArray[np.uint32]:
    return np.frombuffer(text.encode("utf-32-le", "replace"), dtype=np.uint32)


def _count_phrases(text: str, sets: _Sets) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Give how many tokens of a text are of the words of each set that are several, and how many words: int64[s]."""
    phrases = _phrases(sets)
    times = np.zeros_like(phrases.set_of)
    if not text.isascii():
        count_phrases(
            _codes(normal_form(text)), phrases.codes, phrases.first, phrases.is_head, np.zeros_like(times), times
        )
    n_tokens = times * np.diff(phrases.first)
    counts, kinds = (
        np.bincount(phrases.set_of, weights=weights, minlength=len(sets)).astype(np.int64)
        for weights in (n_tokens, times > 0)
    )
    return counts, kinds


def _read_paragraphs(bodies: Bodies, document: int) -> list[str]:
    """Give the paragraphs that are not left out, READ_BYTES of them."""
    mine = slice(int(bodies.first[document]), int(bodies.first[document + 1]))
    is_kept = ~bodies.is_left_out[mine]
    starts = bodies.starts[mine][is_kept]
    sizes = bodies.ends[mine][is_kept] - starts
    room = READ_BYTES - np.cumsum(sizes) + sizes
    n = int(np.searchsorted(-room, 0))  # the room shrinks
    ends = starts[:n] + np.minimum(sizes[:n], room[:n])
    view = bodies.data.data
    return [
        str(view[start:end], "utf-8", "replace") for start, end in zip(starts[:n].tolist(), ends.tolist(), strict=True)
    ]
