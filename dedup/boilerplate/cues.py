"""Cues: the words by which the paragraphs are told on which a rule is worth trying."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

SYMBOLS: Final = ("©",)
"""Cues that are not tokens: the paragraphs that hold them are found by their bytes."""

OPENS: Final = "^"
"""Written before a cue with which a matching text must begin."""

MOST_WORDS: Final = 2


@dataclass(frozen=True, slots=True)
class Cue:
    """One token, or two in a row."""

    words: tuple[str, ...]
    opens: bool  # these are the first tokens of what the rule matches

    @property
    def last(self) -> str:
        """The token at which the cue is looked for."""
        return self.words[-1]

    def is_in(self, tokens: Sequence[str]) -> bool:
        """Say whether a text of these tokens holds the cue."""
        if self.opens:
            return tuple(tokens[: len(self.words)]) == self.words
        if len(self.words) == 1:
            return self.last in tokens
        pairs: Iterable[tuple[str, ...]] = pairwise(tokens)
        return self.words in pairs


def read_cue(text: str, tokens: Sequence[str]) -> Cue | None:
    """Give the cue that a rule file writes as `text`, whose tokens are given; None if it is no cue."""
    if text in SYMBOLS:
        return Cue((text,), opens=False)
    if not 1 <= len(tokens) <= MOST_WORDS or text.removeprefix(OPENS) != " ".join(tokens):
        return None
    return Cue(tuple(tokens), opens=text.startswith(OPENS))
