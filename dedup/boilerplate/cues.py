"""Cues: the words by which the paragraphs are told on which a rule is worth trying."""

import functools
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from dedup.token_tables import OPENS

SYMBOLS: Final = ("©",)
"""Cues that are not tokens: the paragraphs that hold them are found by their bytes."""

MOST_WORDS: Final = 2

MOST_CUE_TOKENS: Final = 12
"""In scripts without spaces a word is as many tokens as it has characters."""


class Cue(NamedTuple):
    """One token, or several in a row."""

    words: tuple[str, ...]
    opens: bool  # these are the first tokens of what the rule matches

    @property
    def last(self) -> str:
        """The token at which the cue is looked for."""
        return self.words[-1]

    @property
    def written(self) -> str:
        """The cue as one text: its tokens with spaces between, behind OPENS if it must come first."""
        return (OPENS if self.opens else "") + " ".join(self.words)

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


@functools.cache
def read_lines(lines: str) -> tuple[Cue, ...]:
    """Give the cues that are written one a line, as Cue.written gives them."""
    return tuple(
        Cue(tuple(line.removeprefix(OPENS).split(" ")), opens=line.startswith(OPENS)) for line in lines.splitlines()
    )


class CueIndex:
    """Cues and what each stands for, arranged so that those in a text are found at once."""

    __slots__ = ("_alone", "_others")

    def __init__(self, uses: Iterable[tuple[Cue, int]]) -> None:
        """Take cues, each with a number of what it stands for; symbols are none of them."""
        self._alone: dict[str, set[int]] = {}  # word -> what it stands for wherever it is
        self._others: dict[str, list[tuple[str, bool, int]]] = {}  # last word -> all words, whether they open the text
        for cue, number in uses:
            if len(cue.words) == 1 and not cue.opens:
                self._alone.setdefault(cue.last, set()).add(number)
            else:
                self._others.setdefault(cue.last, []).append((f" {' '.join(cue.words)} ", cue.opens, number))

    def find(self, tokens: Sequence[str]) -> set[int]:
        """Give the numbers of the cues that a text of these tokens holds."""
        found: set[int] = set()
        words = set(tokens)
        for word in self._alone.keys() & words:
            found |= self._alone[word]
        line = f" {' '.join(tokens)} "  # no token has a space in it
        for word in self._others.keys() & words:
            for run, opens, number in self._others[word]:
                if line.startswith(run) if opens else run in line:
                    found.add(number)
        return found


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
