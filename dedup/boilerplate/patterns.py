"""Patterns of rules: expressions that are compiled when the first text is tried."""

import re
from collections.abc import Iterator

from dedup.boilerplate.kept import compile_pattern


class Pattern:
    """Regular expressions of which one must match, compiled when they are first tried: most of most runs never are."""

    __slots__ = ("_compiled", "sources", "written")

    def __init__(self, written: tuple[str, ...], sources: tuple[str, ...]) -> None:
        """Keep the expressions, as the file writes them and with its parts put in."""
        self.written = written
        self.sources = sources
        self._compiled: re.Pattern[str] | None = None

    def __reduce__(self) -> tuple[type["Pattern"], tuple[tuple[str, ...], tuple[str, ...]]]:
        """Be pickled without what is compiled, which pickle would compile anew."""
        return Pattern, (self.written, self.sources)

    def fullmatch(self, text: str) -> re.Match[str] | None:
        """Match all of `text`."""
        return (self._compiled or self.compiled()).fullmatch(text)

    def search(self, text: str) -> re.Match[str] | None:
        """Find the first match in `text`."""
        return (self._compiled or self.compiled()).search(text)

    def compiled(self) -> re.Pattern[str]:
        """Give the compiled expression; raises re.error if it is none."""
        if self._compiled is None:
            self._compiled = compile_pattern("|".join(f"(?:{source})" for source in self.sources))
        return self._compiled

    def alternatives(self) -> "Iterator[Pattern]":
        """Give each expression alone."""
        return (Pattern((written,), (source,)) for written, source in zip(self.written, self.sources, strict=True))
