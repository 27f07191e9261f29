"""A user's rule file tried out: its examples, how long its patterns take at worst, and what it takes of a text."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

import pyarrow as pa

from dedup.boilerplate import Rule, find_boilerplate
from dedup.boilerplate.checking import Fault, find_faults
from dedup.boilerplate.patterns import Pattern
from dedup.boilerplate.table import RuleSet, parse_own_rules, read_rule_text
from dedup.boilerplate.tokens import tokens_of
from dedup.boilerplate.wording import bare, translate
from dedup.paragraphs import split_paragraphs
from dedup.schemas import DOCUMENTS
from dedup.settings import RuleText, Settings

SLOW_SECONDS: Final = 0.25
"""A trial that takes longer is slow. On these texts, made to be hard, the rules that dedup ships take up to .04."""

_MOST_CHARS: Final = 3000
"""Of a longer paragraph only the end is tried."""

_END: Final = "?!x"
"""Put after text that repeats itself, so that a pattern that matches it over and over fails at the last moment."""


class Trial(NamedTuple):
    """The slowest of the trials of a rule."""

    seconds: float
    text: str

    @property
    def is_slow(self) -> bool:
        """Whether it would be felt in a run."""
        return self.seconds > SLOW_SECONDS


class RuleTest(NamedTuple):
    """What became of a rule in its test."""

    rule: Rule
    faults: tuple[Fault, ...]
    trial: Trial


@dataclass(frozen=True, slots=True)
class FileTest:
    """What became of a rule file in its test."""

    source: RuleText
    known: RuleSet  # its rules alone
    rules: tuple[RuleTest, ...]

    @property
    def n_failing(self) -> int:
        """How many of its rules do not do what their examples say: with one of them the file cannot be used."""
        return sum(bool(test.faults) for test in self.rules)


class Taken(NamedTuple):
    """A paragraph of a text, or the end of one, that a rule takes."""

    line: int  # of the text, the first is 1
    rule: str
    text: str
    is_whole: bool


def check_rule_file(path: str) -> FileTest:
    """Hold each rule of a file to its examples, and time it; raises RuleError if the file is malformed."""
    source = read_rule_text(path)
    known = parse_own_rules([source])
    tests = tuple(RuleTest(rule, tuple(find_faults(rule)), time_rule(rule)) for rule in known.rules.values())
    return FileTest(source, known, tests)


def find_taken(test: FileTest, text: str) -> tuple[list[Taken], float]:
    """Give what the rules of a file, all of whose examples hold, take of a text, and what share whole paragraphs are.

    The text is one document, of which any share may go. Legal texts are spared as they are in a run.
    """
    settings = Settings(rules=(test.source,), max_boilerplate_share=1.0)
    row = {"doc_id": ["text"], "text": [text], "source": ["text"], "row": [0]}
    documents = pa.table(row, schema=DOCUMENTS)
    paragraphs = split_paragraphs(documents, settings)
    raw = text.encode()
    found = []
    n_bytes = sum(paragraphs["end"].to_pylist()) - sum(paragraphs["start"].to_pylist())
    n_whole = 0
    for hit in find_boilerplate(documents, paragraphs, settings).hits.to_pylist():
        if hit["rule"] in test.known.rules:
            line = raw.count(b"\n", 0, hit["start"]) + 1
            is_whole = hit["start"] == paragraphs["start"][hit["paragraph"]].as_py()
            n_whole += is_whole * (hit["end"] - hit["start"])
            found.append(Taken(line, hit["rule"], raw[hit["start"] : hit["end"]].decode().strip(), is_whole))
    return found, n_whole / max(1, n_bytes)


def time_rule(rule: Rule) -> Trial:
    """Give the slowest trial of a rule on texts that its examples nearly are, and how long it took.

    Texts grow by a share of their length, and by less the longer they take, so that a pattern that takes
    exponential time is found out while it takes milliseconds.
    """
    slowest = Trial(0.0, "")
    patterns = [rule.pattern, *rule.signs, *([rule.unless] if rule.unless is not None else [])]
    for pattern in patterns:
        pattern.compiled()
    for start, piece in _near_matches(rule):
        n_chars = float(len(piece))
        while len(start) + n_chars <= _MOST_CHARS:
            text = start + (piece * (int(n_chars) // len(piece) + 1))[: int(n_chars)] + _END
            if len(tokens_of(text)) > rule.max_tokens:
                break
            seconds = _time_patterns(rule, patterns, text)
            if seconds > SLOW_SECONDS:  # the least of three is no fault of what else the machine does
                seconds = min(seconds, *(_time_patterns(rule, patterns, text) for _ in range(2)))
            if seconds > slowest.seconds:
                slowest = Trial(seconds, text)
            if seconds > SLOW_SECONDS:
                return slowest
            n_chars = max(n_chars + 1, n_chars * (1.5 if seconds < 5e-5 else 1.25 if seconds < 5e-4 else 1.125))
    return slowest


def _near_matches(rule: Rule) -> Iterator[tuple[str, str]]:
    """Give beginnings of texts, each with what to repeat after it."""
    seen: set[tuple[str, str]] = set()
    for example in rule.examples:
        wording = bare(translate(example))
        words = wording.split()
        pieces = [f"{wording} ", "a", "a ", ", ", *words, *(f"{word} " for word in words)]
        for start in ("", f"{wording[: len(wording) // 2]} ", f"{wording} "):
            for piece in pieces:
                if (start, piece) not in seen:
                    seen.add((start, piece))
                    yield start, piece


def _time_patterns(rule: Rule, patterns: list[Pattern], text: str) -> float:
    return max(_time_pattern(pattern, text, is_whole=pattern is rule.pattern) for pattern in patterns)


def _time_pattern(pattern: Pattern, text: str, *, is_whole: bool) -> float:
    begun = time.thread_time()
    if is_whole:
        pattern.fullmatch(text)
    else:
        pattern.search(text)
    return time.thread_time() - begun
