"""One rule, and what the file of a language holds."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Final, NamedTuple

from dedup.boilerplate.cues import Cue, read_lines
from dedup.boilerplate.packed import Packed
from dedup.boilerplate.patterns import Pattern
from dedup.boilerplate.wording import is_reported, translate

NOWHERE: Final = "nowhere"
"""In place of a place: there is none where the rule is enough."""


class RuleBody(NamedTuple):
    """What a rule asks of a paragraph, and its examples."""

    cue_lines: str  # of its cues, which are made when somebody asks
    pattern: Pattern  # the whole paragraph
    signs: tuple[Pattern, ...]  # of which so many as the rule needs must be found in it
    unless: Pattern | None  # which must not be found in it
    examples: tuple[str, ...]
    counter_examples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rule:
    """One kind of boilerplate: what a paragraph must look like, and where it must stand."""

    name: str
    category: str
    language: str
    max_tokens: int
    needs: int
    place: str
    cut: str
    sure_at: str  # the place, or NOWHERE, where it is enough; elsewhere what it matches goes only in company
    body: Packed[RuleBody]  # most runs look at that of few of the thousands of rules

    def __reduce__(self) -> tuple[type["Rule"], tuple[Any, ...]]:
        """Be pickled as what it is made of, which is read in a third of the time of what dataclasses do."""
        return Rule, tuple(getattr(self, field.name) for field in fields(self))

    @property
    def cues(self) -> tuple[Cue, ...]:
        """Of which a paragraph must hold one."""
        return read_lines(self.body.get().cue_lines)

    @property
    def pattern(self) -> Pattern:
        """What all of a paragraph must match."""
        return self.body.get().pattern

    @property
    def signs(self) -> tuple[Pattern, ...]:
        """Of which `needs` must be found in it."""
        return self.body.get().signs

    @property
    def unless(self) -> Pattern | None:
        """What must not be found in it."""
        return self.body.get().unless

    @property
    def examples(self) -> tuple[str, ...]:
        """What the rule takes."""
        return self.body.get().examples

    @property
    def counter_examples(self) -> tuple[str, ...]:
        """What it leaves."""
        return self.body.get().counter_examples

    @property
    def company(self) -> str:
        """Whether it needs other boilerplate around, one of COMPANY."""
        if self.sure_at == NOWHERE:
            return "always"
        return "never" if self.sure_at == self.place else "elsewhere"

    @property
    def title(self) -> str:
        """What a removal names: category and name."""
        return f"{self.category}/{self.name}"

    @property
    def takes_reports(self) -> bool:
        """Whether it takes text that tells what somebody said, as no rule does unless an example of it does."""
        return any(is_reported(translate(example)) for example in self.examples)

    def matches(self, wording: str) -> bool:
        """Say whether text in its bare wording is of this kind, wherever it stands."""
        body = self.body.get()
        if body.pattern.fullmatch(wording) is None:
            return False
        if is_reported(wording) and not self.takes_reports:
            return False
        # before the signs, which take longer
        if body.unless is not None and body.unless.search(wording) is not None:
            return False
        return not self.needs or self._has_signs(wording)

    def _has_signs(self, wording: str) -> bool:
        missing = self.needs
        for position, sign in enumerate(self.signs):
            if sign.search(wording) is not None:
                missing -= 1
                if missing == 0:
                    return True
            if len(self.signs) - position - 1 < missing:
                return False
        return False


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleFile:
    """What the file of one language holds."""

    language: str
    rules: tuple[Rule, ...]
    companions: Pattern | None  # sentences that go along with a hit, but are none themselves
    companion_cues: tuple[Cue, ...]  # of which such a sentence must hold one
    legal_words: frozenset[str]  # tokens that legal texts are full of
    legal_titles: Pattern | None  # first lines of legal texts
    own_words: frozenset[str] = frozenset()  # of which a text must hold one for the rules to be tried, if there are any
    parts: Mapping[str, str] = field(compare=False, repr=False)  # for later files of the language
