"""One paragraph tried against the rules: which it matches, and how much of it goes."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from dedup.boilerplate.cues import SYMBOLS
from dedup.boilerplate.rule import Rule
from dedup.boilerplate.screening import ActiveRules, Ways, is_enough
from dedup.boilerplate.tokens import tokens_of
from dedup.boilerplate.wording import MOST_SENTENCES, bare, is_doubtful_end, is_quotation, split_sentences, translate

MOST_JOINED: Final = 3
"""Neighbouring sentences tried as one, where the cut between them is doubtful."""

TAIL_CHARS: Final = 1000
"""How much of a long paragraph's end is tried: more than any rule that takes tails may be long."""

MOST_COMPANION_CHARS: Final = 160


class Finding(NamedTuple):
    """What a rule takes of a paragraph: character indices, and whether that is all of it."""

    start: int
    end: int
    rule: Rule
    is_whole: bool
    is_sure: bool = True  # the rule is enough, there


def try_paragraph(text: str, places: int, ways: Ways, active: ActiveRules) -> Finding | None:
    """Find the rule that a paragraph matches: as a whole, sentence by sentence, or in its last sentences.

    Sentence by sentence means that every sentence is one of a rule or a
    companion, and the first rule gives its name, of those that are not enough if there are any. What rules find that
    are enough is preferred to what others do. `places` are PLACE_BITS.
    """
    translated = translate(text)
    whole: Finding | None = None
    if ways.whole and not is_quotation(translated):
        rule = _match(translated, [active.rules[position] for position in ways.whole], places)
        if rule is not None:
            whole = Finding(0, len(text), rule, is_whole=True, is_sure=is_enough(rule, places))
            if whole.is_sure:
                return whole
    parts = _try_parts(text, translated, places, ways, active)
    return parts if whole is None or (parts is not None and parts.is_sure) else whole


def _try_parts(text: str, translated: str, places: int, ways: Ways, active: ActiveRules) -> Finding | None:
    """Find the rule that all of a paragraph's sentences match, or its last ones."""
    if ways.sentences:
        sentences = _Sentences(text, translated, split_sentences(translated), places, ways, active)
        whole: Finding | None = None
        if 2 <= len(sentences) <= MOST_SENTENCES:
            rule = _match_all(sentences)
            if rule is not None:
                whole = Finding(0, len(text), rule, is_whole=True, is_sure=is_enough(rule, places))
                if whole.is_sure:
                    return whole
        tail = _match_tail(sentences) if ways.tail else None
        return tail if whole is None or (tail is not None and tail.is_sure) else whole
    if not ways.tail:
        return None
    skipped = max(0, len(translated) - TAIL_CHARS)
    end = translated[skipped:]
    finding = _match_tail(_Sentences(text[skipped:], end, split_sentences(end), places, ways, active))
    return finding and finding._replace(start=skipped + finding.start, end=skipped + finding.end)


@dataclass(slots=True)
class _Sentences:
    """The sentences of a paragraph, and what they are tried against."""

    text: str
    translated: str
    spans: list[tuple[int, int]]
    places: int
    ways: Ways
    active: ActiveRules
    tokens: dict[tuple[int, int], list[str]] = field(default_factory=dict)  # of the stretches asked for so far
    rules: dict[tuple[int, int, bool], Rule | None] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.spans)

    def rule_of(self, first: int, past: int, *, only_tails: bool = False) -> Rule | None:
        """Give the first rule that sentences [first, past) match, taken as one."""
        key = (first, past, only_tails)
        if key not in self.rules:
            self.rules[key] = self._find_rule(*key)
        return self.rules[key]

    def _find_rule(self, first: int, past: int, only_tails: bool) -> Rule | None:
        stretch = self.stretch(first, past)
        if is_quotation(stretch):
            return None
        tried = (self.active.rules[position] for position in self.ways.parts)
        tails = (rule for rule in tried if rule.cut == "tail") if only_tails else tried
        return _match(stretch, tails, self.places, lambda: self.tokens_of(first, past))

    def is_companion(self, first: int, past: int) -> bool:
        """Say whether sentences [first, past) go along with a hit beside them."""
        if not self.ways.has_companion:
            return False
        stretch = self.stretch(first, past)
        if len(stretch) > MOST_COMPANION_CHARS:
            return False
        cued = self.active.companion_index.find(self.tokens_of(first, past))
        if not cued:
            return False
        wording = bare(stretch)
        return any(self.active.companions[position].fullmatch(wording) for position in cued)

    def is_joined(self, later: int) -> bool:
        """Say whether the sentence before `later` may go on in it."""
        return is_doubtful_end(self.stretch(later - 1, later))

    def tokens_of(self, first: int, past: int) -> list[str]:
        """Give the tokens of sentences [first, past) as the screen reads them."""
        if (first, past) not in self.tokens:
            self.tokens[first, past] = tokens_of(self.text[self.spans[first][0] : self.spans[past - 1][1]])
        return self.tokens[first, past]

    def stretch(self, first: int, past: int) -> str:
        return self.translated[self.spans[first][0] : self.spans[past - 1][1]]


def _match(
    stretch: str, tried: Iterable[Rule], places: int, tokens_of_part: Callable[[], list[str]] | None = None
) -> Rule | None:
    """Give the first of the rules `tried` that a stretch matches; one that is enough there, if there is any.

    Of a part of what the screen saw the tokens are asked for, since its cue may be in another part.
    """
    wording = bare(stretch)
    found: Rule | None = None
    for rule in tried:
        is_sure = is_enough(rule, places)
        if (found is None or is_sure) and rule.matches(wording):
            if tokens_of_part is not None and not _is_cued(rule, tokens_of_part(), stretch):
                continue
            if is_sure:
                return rule
            found = rule
    return found


def _is_cued(rule: Rule, tokens: Sequence[str], stretch: str) -> bool:
    """Say whether a stretch of these tokens holds a cue of a rule, and is not too long for it."""
    return len(tokens) <= rule.max_tokens and any(
        cue.last in stretch if cue.last in SYMBOLS else cue.is_in(tokens) for cue in rule.cues
    )


def _less_sure(first: Rule | None, second: Rule | None, places: int) -> Rule | None:
    """Give the first of two rules, but the second if only that is not enough there."""
    if first is None or (second is not None and is_enough(first, places) and not is_enough(second, places)):
        return second
    return first


def _match_all(sentences: _Sentences) -> Rule | None:
    """Give the first rule of a paragraph all of whose sentences match, if possible one that is enough."""
    if not _can_end(sentences):
        return None
    return _match_each(sentences, only_sure=True) or _match_each(sentences, only_sure=False)


def _match_each(sentences: _Sentences, *, only_sure: bool) -> Rule | None:
    """Give the first rule of sentences of which each, or some as one, are of a rule or a companion."""
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
            is_sure = rule is not None and is_enough(rule, sentences.places)
            if not is_sure and sentences.is_companion(first, past):
                reached[past] = reached[first]
            elif rule is not None and (is_sure or not only_sure):
                reached[past] = _less_sure(reached[first], rule, sentences.places)
    return reached.get(n)


def _can_end(sentences: _Sentences) -> bool:
    """Say whether the last sentence, alone or with some before it, is of a rule or a companion: in prose it is not."""
    n = len(sentences)
    for first in range(n - 1, max(n - 1 - MOST_JOINED, -1), -1):
        if n - first > 1 and not sentences.is_joined(first + 1):
            return False
        if sentences.is_companion(first, n) or sentences.rule_of(first, n) is not None:
            return True
    return False


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
                is_sure = is_enough(rule, sentences.places)
                if name is not None and is_sure is not is_enough(name, sentences.places):
                    break  # what is sure goes without it, what is not goes or stays by itself
                name, past, found = rule, first, True
                break
    if name is None:
        return None
    start, end = sentences.spans[past - 1][1], len(sentences.translated)
    return Finding(start, end, name, is_whole=False, is_sure=is_enough(name, sentences.places))
