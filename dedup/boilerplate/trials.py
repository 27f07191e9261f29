"""One paragraph tried against the rules: which it matches, and how much of it goes."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from dedup.boilerplate.rule_files import SYMBOLS, Rule, tokens_of
from dedup.boilerplate.table import RULE_FILES, RULES
from dedup.boilerplate.wording import MOST_SENTENCES, bare, is_quotation, split_sentences, translate
from dedup.settings import Settings

MOST_JOINED: Final = 3
"""Neighbouring sentences tried as one, since "J. Smith" and "Foo Inc. Bar" are cut too often."""

N_START: Final = 2
N_LAST: Final = 3
END_SHARE: Final = 0.4  # of a document's paragraphs; where read-more and credit lines stand


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
    companions: tuple[re.Pattern[str], ...]


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
    places = {"anywhere"}
    if position < N_START:
        places |= {"start", "edges"}
    if position >= (1 - END_SHARE) * n_paragraphs or position >= n_paragraphs - N_LAST:
        places |= {"end", "edges"}
    if position >= n_paragraphs - N_LAST:
        places.add("last")
    return frozenset(places)


def try_paragraph(text: str, places: frozenset[str], active: ActiveRules) -> Finding | None:
    """Find the rule that a paragraph matches: as a whole, sentence by sentence, or in its last sentences.

    Sentence by sentence means that every sentence is one of a rule or a
    companion, and the first rule gives its name.
    """
    translated = translate(text)
    if translated.rstrip().endswith((",", ";")):
        return None  # it goes on in the next paragraph, so it is no line of its own
    trial = _Trial(translated, places, active)
    rule = trial.rule_of(0, len(translated))
    if rule is not None:
        return Finding(0, len(text), rule, is_whole=True)
    sentences = split_sentences(translated)
    if len(sentences) < 2:
        return None
    if len(sentences) <= MOST_SENTENCES:
        rule = _match_all(trial, sentences)
        if rule is not None:
            return Finding(0, len(text), rule, is_whole=True)
    return _match_tail(trial, sentences)


def try_tail(text: str, places: frozenset[str], active: ActiveRules) -> Finding | None:
    """Find what rules take at the end of a paragraph of which only the end is given."""
    translated = translate(text)
    return _match_tail(_Trial(translated, places, active), split_sentences(translated))


@dataclass(slots=True)
class _Trial:
    """One translated paragraph with where it stands and what it is tried against."""

    translated: str
    places: frozenset[str]
    active: ActiveRules

    def rule_of(self, start: int, end: int, *, only_tails: bool = False) -> Rule | None:
        """Give the first rule that a stretch matches."""
        stretch = self.translated[start:end]
        if is_quotation(stretch):
            return None
        tokens = tokens_of(stretch)
        candidates = _candidates(tokens, stretch, self.active)
        if not candidates:
            return None
        wording = bare(stretch)
        for position in candidates:
            rule = self.active.rules[position]
            if (
                len(tokens) <= rule.max_tokens
                and rule.place in self.places
                and (rule.cut == "tail" or not only_tails)
                and rule.matches(wording)
            ):
                return rule
        return None

    def is_companion(self, start: int, end: int) -> bool:
        """Say whether a stretch goes along with a hit beside it."""
        wording = bare(self.translated[start:end])
        return any(companions.fullmatch(wording) for companions in self.active.companions)


def _candidates(tokens: Iterable[str], stretch: str, active: ActiveRules) -> list[int]:
    """Give the positions of the rules of which a cue is there, in order."""
    found: set[int] = set()
    by_cue = active.by_cue
    for token in tokens:
        if token in by_cue:
            found.update(by_cue[token])
    for symbol in SYMBOLS:
        if symbol in by_cue and symbol in stretch:
            found.update(by_cue[symbol])
    return sorted(found)


def _match_all(trial: _Trial, sentences: list[tuple[int, int]]) -> Rule | None:
    """Give the first rule of a paragraph all of whose sentences match, or None."""
    n = len(sentences)
    reached: dict[int, Rule | None] = {0: None}  # sentences accounted for -> the first rule among them
    for first in range(n):
        if first not in reached:
            continue
        for past in range(first + 1, min(first + MOST_JOINED, n) + 1):
            if past in reached and reached[past] is not None:
                continue
            start, end = sentences[first][0], sentences[past - 1][1]
            rule = trial.rule_of(start, end)
            if rule is not None or trial.is_companion(start, end):
                reached[past] = reached[first] or rule
    return reached.get(n)


def _match_tail(trial: _Trial, sentences: list[tuple[int, int]]) -> Finding | None:
    """Find the run of last sentences that match rules which may take the end of a paragraph."""
    past = len(sentences)
    name: Rule | None = None
    while past > 1:
        for first in range(past - 1, max(past - 1 - MOST_JOINED, 0), -1):
            rule = trial.rule_of(sentences[first][0], sentences[past - 1][1], only_tails=True)
            if rule is not None:
                name, past = rule, first
                break
        else:
            break
    if name is None:
        return None
    return Finding(sentences[past - 1][1], len(trial.translated), name, is_whole=False)
