"""Cues: the words by which the paragraphs are told on which a rule is worth trying."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

SYMBOLS: Final = ("©",)
"""Cues that are not tokens: the paragraphs that hold them are found by their bytes."""

OPENS: Final = "^"
"""Written before a cue with which a matching text must begin."""

MOST_WORDS: Final = 2

MOST_CUE_TOKENS: Final = 12
"""In scripts without spaces a word is as many tokens as it has characters."""


@dataclass(frozen=True, slots=True)
class Cue:
    """One token, or several in a row."""

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
        n = len(self.words)
        return any(
            tuple(tokens[at : at + n]) == self.words for at in range(len(tokens) - n + 1) if tokens[at] == self.words[0]
        )


def read_cue(text: str, tokens: Sequence[str]) -> Cue | None:
    """Give the cue that a rule file writes as `text`, whose tokens are given; None if it is no cue."""
    if text in SYMBOLS:
        return Cue((text,), opens=False)
    written = text.removeprefix(OPENS)
    words = written.split(" ")
    if not 1 <= len(words) <= MOST_WORDS or not 1 <= len(tokens) <= MOST_CUE_TOKENS or not all(words):
        return None
    if unicodedata.normalize("NFKD", "".join(words)).replace("ς", "σ") != "".join(tokens):
        return None  # it has capitals or punctuation
    return Cue(tuple(tokens), opens=text.startswith(OPENS))
