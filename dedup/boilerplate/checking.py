"""Rules held to their examples: a run refuses rules that fail them, and `dedup rules test` says why it does."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from dedup.boilerplate.cues import SYMBOLS, Cue
from dedup.boilerplate.rule import Rule
from dedup.boilerplate.tokens import tokens_of
from dedup.boilerplate.wording import bare, is_quotation, is_reported, translate
from dedup.errors import RuleError


class Fault(NamedTuple):
    """An example that a rule does not do as it should with."""

    text: str
    is_counter_example: bool
    reason: str


def check_examples(rules: Iterable[Rule], file_name: str = "") -> None:
    """Raise RuleError unless each rule takes its examples, and leaves its counter-examples."""
    where = f"{file_name}: " if file_name else ""
    for rule in rules:
        for fault in find_faults(rule):
            what = "matches its counter-example" if fault.is_counter_example else "does not match its example"
            raise RuleError(f"{where}rule {rule.title}: {what} {fault.text!r}: {fault.reason}")


def find_faults(rule: Rule) -> Iterator[Fault]:
    """Give the examples that the rule leaves and the counter-examples that it takes, each with the reason."""
    for example in rule.examples:
        reason = why_left(rule, example)
        if reason:
            yield Fault(example, False, reason)
    for example in rule.counter_examples:
        if not why_left(rule, example):
            wording = bare(translate(example))
            by = next((one.written[0] for one in rule.pattern.alternatives() if one.fullmatch(wording)), "")
            yield Fault(example, True, f"by the pattern '{by}'")


def why_left(rule: Rule, example: str) -> str:
    """Say why a rule does not take an example, or nothing if it does."""
    tokens = tokens_of(example)
    if not any(_holds(cue, tokens, example) for cue in rule.cues):
        return f"no cue of the rule is in it; cues: {', '.join(repr(cue.written) for cue in rule.cues)}"
    if len(tokens) > rule.max_tokens:
        return f"it is longer than max_tokens ({rule.max_tokens}): {len(tokens)} tokens"
    translated = translate(example)
    if is_quotation(translated):
        return "it opens with a quotation mark: somebody says it, and no rule takes that"
    wording = bare(translated)
    if rule.pattern.fullmatch(wording) is None:
        parts = [found[0] for one in rule.pattern.alternatives() if (found := one.search(wording)) is not None]
        longest = max(parts, key=len, default="")
        part = f", only a part of it: {longest!r}" if longest else ""
        return f"no pattern matches all of it{part}; it is tried as {wording!r}"
    if is_reported(wording) and not rule.takes_reports:
        return "it tells what somebody said, and no rule takes that unless an example of it does"
    if rule.unless is not None:
        for one in rule.unless.alternatives():
            found = one.search(wording)
            if found is not None:
                return f"{found[0]!r} in it is what unless rules out, by '{one.written[0]}'"
    missing = [sign.written[0] for sign in rule.signs if sign.search(wording) is None]
    n_found = len(rule.signs) - len(missing)
    if n_found < rule.needs:
        not_found = ", ".join(f"'{sign}'" for sign in missing)
        return f"of the {rule.needs} signs it needs it has {n_found}; not found: {not_found}"
    return ""


def _holds(cue: Cue, tokens: list[str], text: str) -> bool:
    return cue.last in text if cue.last in SYMBOLS else cue.is_in(tokens)
