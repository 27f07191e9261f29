"""Documents that keep what would be boilerplate elsewhere: those that consist of it, and legal texts."""

import re
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dedup.boilerplate.patterns import Pattern
from dedup.boilerplate.rule_files import RuleFile
from dedup.boilerplate.tokens import normal_form, tokens_of
from dedup.boilerplate.wording import bare, translate
from dedup.kernels.legal_words import N_BOUNDS, bound_legal_words, make_word_table
from dedup.token_tables import token_hashes

LEGAL_CATEGORIES: Final = frozenset({"copyright", "repost-disclaimer", "legal-disclaimer", "cookie"})
"""What a licence, a privacy policy or a copyright file says of itself."""

LEGAL_SHARE: Final = 0.02
"""Share of tokens from which a document counts as a legal text. Licences have .02 to .10 of them; of 261
news and blog texts none had more than .012, and those were about copyright."""

LEAST_LEGAL_WORDS: Final = 2

STUB_TOKENS: Final = 50
"""A text no longer than this that opens with a copyright notice is the header of a licensed work, not news."""

N_TITLE_PARAGRAPHS: Final = 3

TITLE_CHARS: Final = 200

TITLE_BYTES: Final = 4 * (TITLE_CHARS + 1)
"""At least TITLE_CHARS characters, whatever they are and wherever the last one is cut."""

_MOST_PHRASES: Final = 8
"""More than the tokens that one character may be counted as, where words of several hold each other."""

READ_BYTES: Final = 30_000
"""How much of a document is read to tell whether it is a legal text; the rest of a longer one is like it."""


def is_legal_document(
    data: NDArray[np.uint8], spans: NDArray[np.int64], is_left_out: NDArray[np.bool_], rule_files: Sequence[RuleFile],
    *, opens_with_notice: bool,
) -> bool:  # fmt: skip
    """Say of a document what is_legal_text says of its paragraphs, of which only READ_BYTES are read.

    spans int64[n, 2], bytes into `data`; is_left_out bool[n], the paragraphs that rules would take. Most
    documents are told by a count over their bytes, the others by their tokens.
    """
    sets = tuple(file.legal_words for file in rule_files)
    counts, bounds = np.empty(len(sets), dtype=np.int64), np.empty(N_BOUNDS, dtype=np.int64)
    bound_legal_words(data, spans[:, 0], spans[:, 1], is_left_out, READ_BYTES, *_word_table(sets), counts, bounds)
    return has_legal_title(data, spans, is_left_out, rule_files) or has_legal_wording(
        data, spans, is_left_out, rule_files, counts, bounds, opens_with_notice=opens_with_notice
    )


def has_legal_wording(
    data: NDArray[np.uint8], spans: NDArray[np.int64], is_left_out: NDArray[np.bool_], rule_files: Sequence[RuleFile],
    counts: NDArray[np.int64], bounds: NDArray[np.int64], *, opens_with_notice: bool,
) -> bool:  # fmt: skip
    """Say of a document what is_legal_document does, but by its words alone.

    counts int64[len(rule_files)] and bounds int64[N_BOUNDS] are what bound_legal_words gives for it.
    """
    sets = tuple(file.legal_words for file in rule_files)
    n_tokens, has_other, is_odd, n_letters, has_wide = bounds.tolist()
    is_stub = opens_with_notice and n_tokens <= STUB_TOKENS
    n_more = (_MOST_PHRASES if has_wide else 1) * n_letters  # tokens with these at most
    may_be = tuple(
        words
        for words, n, is_ascii in zip(sets, counts.tolist(), map(_is_ascii, sets), strict=True)
        if is_odd or is_stub or _is_legal_wording(n if is_ascii else n + n_more, n_tokens)
    )
    if not may_be or not has_other:
        return bool(may_be)
    text = "\n".join(_read_paragraphs(data, spans, is_left_out))
    n_tokens, n_legal = _count_words(text, may_be, may_hold_phrases=bool(has_wide))
    return (opens_with_notice and n_tokens <= STUB_TOKENS) or any(_is_legal_wording(n, n_tokens) for n in n_legal)


def has_legal_title(
    data: NDArray[np.uint8], spans: NDArray[np.int64], is_left_out: NDArray[np.bool_], rule_files: Sequence[RuleFile]
) -> bool:
    """Say of a document what is_legal_document does, but by its first paragraphs alone."""
    titles: list[str] = []
    room = READ_BYTES
    for place, (start, end) in enumerate(spans):
        if len(titles) == N_TITLE_PARAGRAPHS or room <= 0:
            break
        if not is_left_out[place]:
            titles.append(str(data[start : min(end, start + min(room, TITLE_BYTES))].data, "utf-8", "replace"))
            room -= end - start
    return _has_legal_title(titles, rule_files)


def is_legal_text(paragraphs: Sequence[str], rule_files: Sequence[RuleFile], *, opens_with_notice: bool) -> bool:
    """Say whether a document is a legal text, by its first lines or by its words throughout.

    Takes the document's paragraphs without those that rules would take, and
    whether the first one was taken as a copyright notice.
    """
    if _has_legal_title(paragraphs[:N_TITLE_PARAGRAPHS], rule_files):
        return True
    text = "\n".join(paragraphs)
    tokens = tokens_of(text)
    counts, n_tokens = Counter(tokens), len(tokens)
    if opens_with_notice and n_tokens <= STUB_TOKENS:
        return True
    return any(
        _is_legal_wording(
            sum(counts[word] for word in file.legal_words) + _count_phrases(text, _phrases(file.legal_words)), n_tokens
        )
        for file in rule_files
    )


def legal_word_table(rule_files: Sequence[RuleFile]) -> tuple[NDArray[np.uint64], NDArray[np.bool_]]:
    """Give the table of the legal words of rule files that kernels.legal_words reads."""
    return _word_table(tuple(file.legal_words for file in rule_files))


def _has_legal_title(paragraphs: Sequence[str], rule_files: Sequence[RuleFile]) -> bool:
    patterns = _join_titles(tuple(file.legal_titles for file in rule_files if file.legal_titles is not None))
    return any(_is_title(paragraph[:TITLE_CHARS], patterns) for paragraph in paragraphs)


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


def _is_legal_wording(n_legal: int, n_tokens: int) -> bool:
    return n_legal >= LEAST_LEGAL_WORDS and n_legal >= LEGAL_SHARE * n_tokens


@lru_cache(maxsize=8)
def _word_table(sets: tuple[frozenset[str], ...]) -> tuple[NDArray[np.uint64], NDArray[np.bool_]]:
    """Give the table that bound_legal_words reads."""
    return make_word_table(sets)


@lru_cache(maxsize=64)
def _is_ascii(words: frozenset[str]) -> bool:
    return all(word.isascii() for word in words)


class _WordSets(NamedTuple):
    """Sets of words by the hashes of those that are one token, and the others."""

    hashes: NDArray[np.uint64]  # ascending
    is_in: NDArray[np.bool_]  # [hashes, sets]
    phrases: tuple[tuple[str, ...], ...]


@lru_cache(maxsize=64)
def _make_word_sets(sets: tuple[frozenset[str], ...]) -> _WordSets:
    words = sorted({word for of_set in sets for word in of_set} - {p for of_set in sets for p in _phrases(of_set)})
    hashes = token_hashes(" ".join(words))
    order = np.argsort(hashes)
    is_in = np.array([[word in of_set for of_set in sets] for word in words], dtype=np.bool_)
    return _WordSets(hashes[order], is_in.reshape(-1, len(sets))[order], tuple(_phrases(words) for words in sets))


def _count_words(text: str, sets: tuple[frozenset[str], ...], *, may_hold_phrases: bool) -> tuple[int, list[int]]:
    """Give the number of tokens, and how many of them are of the words of each set."""
    known = _make_word_sets(sets)
    hashes = token_hashes(text)
    counts = np.zeros(len(sets), dtype=np.int64)
    if len(known.hashes):
        places = np.minimum(np.searchsorted(known.hashes, hashes), len(known.hashes) - 1)
        counts = known.is_in[places[known.hashes[places] == hashes]].sum(axis=0)
    n_legal = counts.tolist()
    if may_hold_phrases:
        n_legal = [n + _count_phrases(text, phrases) for n, phrases in zip(n_legal, known.phrases, strict=True)]
    return len(hashes), n_legal


@lru_cache(maxsize=64)
def _phrases(words: frozenset[str]) -> tuple[str, ...]:
    """Give the words that are several tokens, which only those of scripts without spaces are."""
    return tuple(sorted(word for word in words if not word.isascii() and len(tokens_of(word)) > 1))


def _count_phrases(text: str, phrases: tuple[str, ...]) -> int:
    """Give how many tokens of a text are of these words."""
    if not phrases or text.isascii():
        return 0
    form = normal_form(text)
    return sum(form.count(phrase) * len(phrase) for phrase in phrases)


def _read_paragraphs(data: NDArray[np.uint8], spans: NDArray[np.int64], is_left_out: NDArray[np.bool_]) -> list[str]:
    """Give the paragraphs that are not left out, READ_BYTES of them."""
    chosen = np.flatnonzero(~is_left_out)
    starts, sizes = spans[chosen, 0], spans[chosen, 1] - spans[chosen, 0]
    room = READ_BYTES - np.cumsum(sizes) + sizes
    n = int(np.searchsorted(-room, 0))  # the room shrinks
    ends = starts[:n] + np.minimum(sizes[:n], room[:n])
    view = data.data
    return [
        str(view[start:end], "utf-8", "replace") for start, end in zip(starts[:n].tolist(), ends.tolist(), strict=True)
    ]
