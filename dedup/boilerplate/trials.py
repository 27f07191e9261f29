"""One paragraph tried against the rules: which it matches, and how much of it goes."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from dedup.boilerplate.rule_files import SYMBOLS, Pattern, Rule, tokens_of
from dedup.boilerplate.table import RULE_FILES, RULES
from dedup.boilerplate.wording import MOST_SENTENCES, bare, is_doubtful_end, is_quotation, split_sentences, translate
from dedup.settings import Settings

MOST_JOINED: Final = 3
"""Neighbouring sentences tried as one, where the cut between them is doubtful."""

N_START: Final = 2
N_LAST: Final = 3
MOST_TOKENS_IN_SENTENCES: Final = 90
"""A longer paragraph is tried as a whole and at its end, never sentence by sentence."""

TAIL_CHARS: Final = 1000
"""How much of a long paragraph's end is tried: more than any rule that takes tails may be long."""

REACH: Final = 1.5
"""How many times a rule's max_tokens a paragraph may have for its cue to get the sentences tried."""

MOST_COMPANION_CHARS: Final = 160

END_SHARE: Final = 0.4  # of a document's paragraphs; where read-more and credit lines stand


_PLACES: Final = {
    (is_start, is_end, is_last): frozenset(
        {"anywhere"}
        | ({"start", "edges"} if is_start else set())
        | ({"end", "edges"} if is_end else set())
        | ({"last"} if is_last else set())
    )
    for is_start in (False, True)
    for is_end in (False, True)
    for is_last in (False, True)
}


class Finding(NamedTuple):
    """What a rule takes of a paragraph: character indices, and whether that is all of it."""

    start: int
    end: int
    rule: Rule
    is_whole: bool


@dataclass(frozen=True, slots=True)
class ActiveRules:
    """The rules that are switched on, arranged for trying."""

    rules: tuple[Rule, ...]
    by_cue: Mapping[str, tuple[int, ...]]  # cue -> positions in `rules`
    companions: tuple[Pattern, ...]


def activate_rules(settings: Settings) -> ActiveRules:
    """Give the rules of every category that `settings` do not switch off."""
    rules = tuple(rule for rule in RULES.values() if rule.category not in settings.without)
    by_cue: dict[str, list[int]] = defaultdict(list)
    for position, rule in enumerate(rules):
        for cue in rule.cues:
            by_cue[cue].append(position)
    return ActiveRules(
        rules=rules,
        by_cue={cue: tuple(positions) for cue, positions in by_cue.items()},
        companions=tuple(file.companions for file in RULE_FILES.values() if file.companions is not None),
    )


def places_of(position: int, n_paragraphs: int) -> frozenset[str]:
    """Give the names of the places that paragraph `position` (0-based) of a document stands in."""
    is_last = position >= n_paragraphs - N_LAST
    is_end = is_last or position >= (1 - END_SHARE) * n_paragraphs
    return _PLACES[position < N_START, is_end, is_last]


def try_paragraph(text: str, places: frozenset[str], active: ActiveRules) -> Finding | None:
    """Find the rule that a paragraph matches: as a whole, sentence by sentence, or in its last sentences.

    Sentence by sentence means that every sentence is one of a rule or a
    companion, and the first rule gives its name.
    """
    translated = translate(text)
    tokens = tokens_of(translated)
    cued = _cued_rules(tokens, translated, active)
    cued = {position for position in cued if _reaches(active.rules[position], len(tokens), places)}
    if not cued or translated.endswith((",", ";")):  # a comma: it goes on in the next paragraph
        return None
    if not is_quotation(translated):
        rule = _match(translated, len(tokens), cued, active)
        if rule is not None:
            return Finding(0, len(text), rule, is_whole=True)
    takes_tails = any(active.rules[position].cut == "tail" for position in cued)
    is_short = len(tokens) <= MOST_TOKENS_IN_SENTENCES
    if not (takes_tails or is_short):
        return None
    if not is_short:
        skipped = max(0, len(translated) - TAIL_CHARS)
        finding = _match_tail(_split(translated[skipped:], places, active))
        return finding and finding._replace(start=skipped + finding.start, end=skipped + finding.end)
    sentences = _split(translated, places, active)
    if 2 <= len(sentences) <= MOST_SENTENCES:
        rule = _match_all(sentences)
        if rule is not None:
            return Finding(0, len(text), rule, is_whole=True)
    return _match_tail(sentences) if takes_tails else None


def try_tail(text: str, places: frozenset[str], active: ActiveRules) -> Finding | None:
    """Find what rules take at the end of a paragraph of which only the end is given."""
    translated = translate(text)
    cued = _cued_rules(tokens_of(translated), translated, active)
    takes_tails = any(active.rules[i].cut == "tail" and active.rules[i].place in places for i in cued)
    return _match_tail(_split(translated, places, active)) if takes_tails else None


@dataclass(slots=True)
class _Sentences:
    """The sentences of a translated paragraph, and what they are tried against."""

    translated: str
    spans: list[tuple[int, int]]
    places: frozenset[str]
    active: ActiveRules

    def __len__(self) -> int:
        return len(self.spans)

    def rule_of(self, first: int, past: int, *, only_tails: bool = False) -> Rule | None:
        """Give the first rule that sentences [first, past) match, taken as one."""
        stretch = self.stretch(first, past)
        if is_quotation(stretch):
            return None
        tokens = tokens_of(stretch)
        cued = {
            position
            for position in _cued_rules(tokens, stretch, self.active)
            if self.active.rules[position].place in self.places
            and (self.active.rules[position].cut == "tail" or not only_tails)
        }
        return _match(stretch, len(tokens), cued, self.active)

    def is_companion(self, first: int, past: int) -> bool:
        """Say whether sentences [first, past) go along with a hit beside them."""
        stretch = self.stretch(first, past)
        if len(stretch) > MOST_COMPANION_CHARS:
            return False
        wording = bare(stretch)
        return any(companions.fullmatch(wording) for companions in self.active.companions)

    def is_joined(self, later: int) -> bool:
        """Say whether the sentence before `later` may go on in it."""
        return is_doubtful_end(self.stretch(later - 1, later))

    def stretch(self, first: int, past: int) -> str:
        return self.translated[self.spans[first][0] : self.spans[past - 1][1]]


def _split(translated: str, places: frozenset[str], active: ActiveRules) -> _Sentences:
    return _Sentences(translated, split_sentences(translated), places, active)


def _reaches(rule: Rule, n_tokens: int, places: frozenset[str]) -> bool:
    """Say whether a paragraph of n_tokens with a cue of the rule is worth trying."""
    return rule.place in places and (rule.cut == "tail" or n_tokens <= REACH * rule.max_tokens)


def _cued_rules(tokens: Iterable[str], stretch: str, active: ActiveRules) -> set[int]:
    """Give the positions of the rules of which a cue is there."""
    cued: set[int] = set()
    for cue in active.by_cue.keys() & tokens:
        cued.update(active.by_cue[cue])
    if not stretch.isascii():
        for symbol in SYMBOLS:
            if symbol in stretch:
                cued.update(active.by_cue.get(symbol, ()))
    return cued


def _match(stretch: str, n_tokens: int, cued: set[int], active: ActiveRules) -> Rule | None:
    """Give the first of the cued rules that a stretch matches."""
    short_enough = sorted(position for position in cued if n_tokens <= active.rules[position].max_tokens)
    if not short_enough:
        return None
    wording = bare(stretch)
    return next((active.rules[position] for position in short_enough if active.rules[position].matches(wording)), None)


def _match_all(sentences: _Sentences) -> Rule | None:
    """Give the first rule of a paragraph all of whose sentences match, or None."""
    n = len(sentences)
    reached: dict[int, Rule | None] = {0: None}  # sentences accounted for -> the first rule among them
    for first in range(n):
        if first not in reached:
            continue
        for past in range(first + 1, min(first + MOST_JOINED, n) + 1):
            if reached.get(past) is not None:
                continue
            if past - first > 1 and not sentences.is_joined(past - 1):
                break
            rule = sentences.rule_of(first, past)
            if rule is not None or sentences.is_companion(first, past):
                reached[past] = reached[first] or rule
    return reached.get(n)


def _match_tail(sentences: _Sentences) -> Finding | None:
    """Find the run of last sentences that match rules which may take the end of a paragraph."""
    past = len(sentences)
    name: Rule | None = None
    found = True
    while found and past > 1:
        found = False
        for first in range(past - 1, max(past - 1 - MOST_JOINED, 0), -1):
            if past - first > 1 and not sentences.is_joined(first + 1):
                break
            rule = sentences.rule_of(first, past, only_tails=True)
            if rule is not None:
                name, past, found = rule, first, True
                break
    if name is None:
        return None
    return Finding(sentences.spans[past - 1][1], len(sentences.translated), name, is_whole=False)
