"""Which of the rules could find something in which paragraphs, and how: the compiled screen before any trial."""

import functools
import operator
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dedup.boilerplate.cues import SYMBOLS, Cue, CueIndex
from dedup.boilerplate.languages import MOST_LANGUAGES, WITH_LETTERS, is_of_names, lead_bits
from dedup.boilerplate.patterns import Pattern
from dedup.boilerplate.required import Required
from dedup.boilerplate.rule import NOWHERE, Rule, RuleFile
from dedup.boilerplate.rule_files import PLACES
from dedup.boilerplate.shipped import find_required
from dedup.boilerplate.table import find_rules, kept_from_run_to_run, read_rule_texts
from dedup.kernels.characters import load_characters
from dedup.kernels.cues import (
    CAN_BE_SURE,
    HOLDS_COMPANION,
    OF_CATEGORY,
    PRESENT,
    SENTENCES,
    TAIL,
    WAYS,
    WHOLE,
    join_rows,
    screen_paragraphs,
    screen_scratch,
)
from dedup.settings import RuleText, Settings
from dedup.token_tables import (
    kind_of,
    make_pair_filter,
    make_token_table,
    make_word_filter,
    places_in_table,
    token_hashes,
)

N_START: Final = 2
N_LAST: Final = 3
END_SHARE: Final = 0.4  # of a document's paragraphs; where read-more and credit lines stand

MOST_WORDS_IN_SENTENCES: Final = 90
"""A longer paragraph is tried as a whole and at its end, never sentence by sentence. Three characters of a script
without spaces count as a word."""

REACH: Final = 1.5
"""How many times a rule's max_tokens a paragraph may have for its cue to get the sentences tried."""

BLOCK_PARAGRAPHS: Final = 8192
"""Paragraphs screened at a time, which bounds the memory that their ways take."""

PLACE_BITS: Final[Mapping[str, int]] = {name: 1 << number for number, name in enumerate(PLACES)}
ANYWHERE: Final = PLACE_BITS["anywhere"]


@dataclass(frozen=True, slots=True, eq=False)
class ActiveRules:
    """The rules that are switched on, arranged for trying."""

    rules: tuple[Rule, ...]
    files: tuple[RuleFile, ...]  # those of all rules
    companions: tuple[Pattern, ...]
    companion_cues: tuple[tuple[Cue, int], ...]  # each with the position of the companions it is of
    languages: tuple[int, ...]  # of each rule: the bit of the language that a paragraph must show, 0 if none
    language_bits: Mapping[str, int]  # of those languages
    companion_index: CueIndex
    numbers: tuple[int, ...]  # of each rule: its place among all rules, those switched off too

    def cue_uses(self) -> dict[str, list[tuple[Cue, int]]]:
        """Give the cues by their last words, each with its rule's position."""
        uses: dict[str, list[tuple[Cue, int]]] = defaultdict(list)
        for position, rule in enumerate(self.rules):
            for cue in rule.cues:
                uses[cue.last].append((cue, position))
        return uses


class Ways(NamedTuple):
    """How a paragraph could match."""

    whole: tuple[int, ...]  # positions of the rules that all of it could match, ascending
    parts: tuple[int, ...]  # of those that a sentence of it could match, ascending
    sentences: bool  # all of its sentences could be boilerplate
    tail: bool  # its last sentences could be
    has_companion: bool  # one of them could be a companion


def activate_rules(settings: Settings) -> ActiveRules:
    """Give the rules of every category that `settings` do not switch off."""
    return _activate_rules(settings.without, read_rule_texts(settings))


def make_screen(settings: Settings) -> "Screen":
    """Give the screen of the rules that `settings` do not switch off."""
    return _make_screen(settings.without, read_rule_texts(settings))


@functools.lru_cache(maxsize=8)  # asked for by every batch of documents
def _make_screen(without: tuple[str, ...], texts: tuple[RuleText, ...]) -> "Screen":
    def arrange() -> Arranged:
        return _arrange(_activate_rules(without, texts))

    arranged = arrange() if without or texts else kept_from_run_to_run("screen", arrange)
    return Screen(arranged, find_required(Settings(rules=texts)))


@functools.lru_cache(maxsize=8)
def _activate_rules(without: tuple[str, ...], texts: tuple[RuleText, ...]) -> ActiveRules:
    known = find_rules(Settings(rules=texts))
    numbered = [use for use in enumerate(known.rules.values()) if use[1].category not in without]
    rules = tuple(rule for _, rule in numbered)
    bits = _language_bits(known.files)
    companions = [file for file in known.files if file.companions is not None]
    companion_cues = [(cue, position) for position, file in enumerate(companions) for cue in file.companion_cues]
    return ActiveRules(
        rules=rules,
        files=known.files,
        companions=tuple(file.companions for file in companions if file.companions is not None),
        companion_cues=tuple(companion_cues),
        languages=tuple(
            0 if rule.title in known.paths or is_of_names(rule.category, rule.language) else bits.get(rule.language, 0)
            for rule in rules
        ),
        language_bits=bits,
        companion_index=CueIndex(companion_cues),
        numbers=tuple(number for number, _ in numbered),
    )


def _language_bits(files: tuple[RuleFile, ...]) -> Mapping[str, int]:
    """Give a bit to each language whose rules ask for evidence of it."""
    told = dict.fromkeys(file.language for file in files if file.own_words or file.language in WITH_LETTERS)
    return {language: 1 << number for number, language in enumerate(list(told)[:MOST_LANGUAGES])}


def place_bits(position: NDArray[np.int64], n_paragraphs: NDArray[np.int64]) -> NDArray[np.int64]:
    """Give the PLACE_BITS of paragraphs, each at a position (0-based) in a document of so many."""
    is_start = position < N_START
    is_last = position >= n_paragraphs - N_LAST
    is_end = is_last | (position >= (1 - END_SHARE) * n_paragraphs)
    bits = np.full(len(position), PLACE_BITS["anywhere"], dtype=np.int64)
    bits[is_start] |= PLACE_BITS["start"] | PLACE_BITS["edges"]
    bits[is_end] |= PLACE_BITS["end"] | PLACE_BITS["edges"]
    bits[is_last] |= PLACE_BITS["last"]
    return bits


class Arranged(NamedTuple):
    """The cues and traits of the active rules as the kernel reads them."""

    table: NDArray[np.uint64]
    filter: NDArray[np.uint8]
    pair_filter: NDArray[np.uint64]
    first_cue: NDArray[np.int32]
    first_run: NDArray[np.int32]
    cue_traits: NDArray[np.int32]
    cue_before: NDArray[np.uint64]
    rule_traits: NDArray[np.int64]
    lead_languages: NDArray[np.int64]


def _arrange(active: ActiveRules) -> Arranged:
    """Arrange the cues by the hash of their last token, those of companions as of one rule more."""
    no_rule = len(active.rules)
    uses = active.cue_uses()
    with_symbol = {position for symbol in SYMBOLS for _, position in uses.pop(symbol, ())}
    for cue, _ in active.companion_cues:
        uses.setdefault(cue.last, []).append((cue, no_rule))
    for file in active.files:
        bit = active.language_bits.get(file.language, 0)
        for word in sorted(file.own_words) if bit else ():  # these stand for the rules behind that one
            uses.setdefault(word, []).append((Cue((word,), opens=False), no_rule + bit.bit_length()))
    words = list(uses)
    table = make_token_table(words)
    slots = places_in_table(table)
    cues: list[list[tuple[Cue, int]]] = [[] for _ in table]
    for word, token in zip(words, token_hashes(" ".join(words)).tolist(), strict=True):
        cues[slots[token]] = sorted(uses[word], key=lambda use: len(use[0].words) > 1)
    flat = [use for of_word in cues for use in of_word]
    first_cue = np.cumsum([0, *(len(of_word) for of_word in cues)], dtype=np.int32)
    n_before = np.array([len(cue.words) - 1 for cue, _ in flat], dtype=np.int64)
    hashes = token_hashes(" ".join(word for cue, _ in flat for word in cue.words[:-1]))
    cue_before = np.zeros(len(flat), dtype=np.uint64)
    join_rows(hashes, np.cumsum([0, *n_before], dtype=np.int64), cue_before)
    place_of = [PLACE_BITS[rule.place] for rule in active.rules]
    cue_traits = [
        (rule, cue.opens, n, place_of[rule] if rule < no_rule else ANYWHERE)
        for (cue, rule), n in zip(flat, n_before.tolist(), strict=True)
    ]
    categories = list(dict.fromkeys(rule.category for rule in active.rules))
    rule_traits = [
        (
            rule.max_tokens,
            int(REACH * rule.max_tokens),
            rule.cut == "tail",
            PLACE_BITS[rule.place],
            position in with_symbol,
            active.languages[position],
            active.numbers[position],
            0 if rule.sure_at == NOWHERE else PLACE_BITS[rule.sure_at],
            categories.index(rule.category) + 1,
        )
        for position, rule in enumerate(active.rules)
    ]
    return Arranged(
        table,
        make_word_filter(
            token_hashes(" ".join(cue.last for cue, _ in flat)),
            np.array([kind_of(cue.words, opens=cue.opens) for cue, _ in flat], dtype=np.uint8),
        ),
        make_pair_filter(cue.words for cue, _ in flat if len(cue.words) > 1),
        first_cue,
        first_cue[:-1] + np.array([sum(len(cue.words) == 1 for cue, _ in of_word) for of_word in cues], dtype=np.int32),
        np.array(cue_traits, dtype=np.int32).reshape(-1, 4),
        cue_before,
        np.array(rule_traits, dtype=np.int64).reshape(-1, 9),
        np.array(lead_bits(active.language_bits), dtype=np.int64),
    )


class Screen:
    """The active rules, and what all rules require in the order in which ActiveRules.numbers counts them."""

    def __init__(self, arranged: Arranged, required: Required) -> None:
        """Hold these."""
        self._arranged = arranged
        self._required = required

    def find_ways(
        self, data: NDArray[np.uint8], spans: NDArray[np.int64], paragraph_traits: NDArray[np.int64]
    ) -> "Screened":
        """Give those of n paragraphs that could match in any way.

        spans int64[n, 2], bytes into `data`; paragraph_traits int64[n, 3]: its place_bits, whether only its end
        is given, whether it holds one of SYMBOLS.
        """
        blocks = [slice(at, at + BLOCK_PARAGRAPHS) for at in range(0, len(spans), BLOCK_PARAGRAPHS)]
        found = [self._screen_block(data, spans[block], paragraph_traits[block]) for block in blocks]
        return Screened.joined(
            [one._replace(paragraphs=one.paragraphs + block.start) for one, block in zip(found, blocks, strict=True)]
        )

    def _screen_block(
        self, data: NDArray[np.uint8], spans: NDArray[np.int64], paragraph_traits: NDArray[np.int64]
    ) -> "Screened":
        """Give those of a few paragraphs that could match, as find_ways does."""
        found = np.empty(len(spans), dtype=np.int64)
        first_entry = np.empty(len(spans) + 1, dtype=np.int64)
        entries = np.empty(len(spans) * (len(self._arranged.rule_traits) + 1), dtype=np.int32)  # few are written
        n_found = screen_paragraphs(
            data,
            spans,
            paragraph_traits,
            *load_characters(),
            *self._arranged,
            self._required,
            MOST_WORDS_IN_SENTENCES,
            screen_scratch(spans, len(self._arranged.rule_traits), len(self._required.first_set) - 1),
            found,
            entries,
            first_entry,
        )
        told = entries[first_entry[:n_found]]
        return Screened(
            found[:n_found],
            told & CAN_BE_SURE != 0,
            told // OF_CATEGORY,
            entries[: first_entry[n_found]].tobytes(),
            first_entry[: n_found + 1] * entries.itemsize,
        )


class Screened(NamedTuple):
    """What the screen says of n paragraphs that could match."""

    paragraphs: NDArray[np.int64]  # their numbers, ascending
    can_be_sure: NDArray[np.bool_]  # a rule that each could match is enough at its place
    category: NDArray[np.int32]  # the number of the only category of these rules, or 0
    ways: bytes  # one after the other, for read_ways
    starts: NDArray[np.int64]  # where those of each start in `ways`, n + 1

    @classmethod
    def joined(cls, blocks: Sequence["Screened"]) -> "Screened":
        """Give what is said of all paragraphs of several blocks."""
        nothing = np.empty(0, dtype=np.int64)
        none = cls(nothing, nothing.astype(np.bool_), nothing.astype(np.int32), b"", np.zeros(1, dtype=np.int64))
        numbers, can_be_sure, category = (
            np.concatenate([one[column] for one in (none, *blocks)]) for column in range(3)
        )
        ends = np.cumsum([0, *(len(one.ways) for one in blocks)])
        starts = [one.starts[:-1] + end for one, end in zip(blocks, ends[:-1], strict=True)]
        ways = b"".join(one.ways for one in blocks)
        return cls(numbers, can_be_sure, category, ways, np.concatenate([*starts, ends[-1:]]))

    def rows_with(self, is_wanted: NDArray[np.bool_]) -> Iterator[tuple[int, bytes]]:
        """Give the number, and what read_ways takes, of each paragraph that could match a rule wanted bool[rules]."""
        if not len(self.paragraphs):
            return
        entries, first = np.frombuffer(self.ways, dtype=np.int32), self.starts // np.dtype(np.int32).itemsize
        speaks = is_wanted[np.minimum(entries // WAYS, len(is_wanted) - 1)]
        speaks[first[:-1]] = False  # what is told before the rules
        for place in np.flatnonzero(np.logical_or.reduceat(speaks, first[:-1])).tolist():
            yield int(self.paragraphs[place]), self.ways[self.starts[place] : self.starts[place + 1]]


@functools.lru_cache(maxsize=8192)  # there are few different ones
def read_ways(row: bytes) -> Ways:
    """Give what the screen says of a paragraph."""
    told, *entries = np.frombuffer(row, dtype=np.int32).tolist()
    together = functools.reduce(operator.or_, entries, 0)
    whole = tuple(entry // WAYS for entry in entries if entry & int(WHOLE))
    parts = tuple(entry // WAYS for entry in entries if entry & int(PRESENT))
    sentences, tail = (bool(together & int(way)) for way in (SENTENCES, TAIL))
    return Ways(whole, parts, sentences=sentences, tail=tail, has_companion=bool(told & HOLDS_COMPANION))


def is_enough(rule: Rule, places: int) -> bool:
    """Say whether a rule is enough at such places (PLACE_BITS)."""
    return rule.sure_at != NOWHERE and bool(PLACE_BITS[rule.sure_at] & places)
