"""Boilerplate rules, and tests of a user's own, as rich renderables and as JSON."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, Final

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from dedup.boilerplate import Rule
from dedup.boilerplate.rule_files import NOT_BY_RULES
from dedup.boilerplate.table import RuleSet
from dedup.errors import RuleError, SettingsError
from dedup.reporting.rule_tests import FileTest, RuleTest, Taken
from dedup.reporting.terminal import printable
from dedup.settings import CATEGORIES, check_categories, did_you_mean

LEAST_EXAMPLE_CHARS: Final = 24


def select_rules(known: RuleSet, category: str | None, language: str | None) -> list[Rule]:
    """Give the rules of a category and of a language, category by category; None for all.

    Raises SettingsError for a category or a language that is not there.
    """
    if category is not None:
        check_categories([category], known.categories)
    languages = list(dict.fromkeys(rule.language for rule in known.rules.values()))
    if language is not None and language not in languages:
        raise SettingsError(
            f"no rules for language {language!r}{did_you_mean(language, languages)}; "
            f"languages: {', '.join(sorted(languages))}"
        )
    rules = [
        rule for rule in known.rules.values() if category in (None, rule.category) and language in (None, rule.language)
    ]
    return sorted(rules, key=lambda rule: known.categories.index(rule.category))


def find_rule(known: RuleSet, title: str) -> Rule:
    """Give the rule of a title, "category/name", or of a name that only one has; raises RuleError."""
    named = [rule for rule in known.rules.values() if title in (rule.title, rule.name)]
    if len(named) == 1:
        return named[0]
    if named:
        raise RuleError(f"there are {len(named)} rules {title!r}: {', '.join(rule.title for rule in named)}")
    category, _, name = title.partition("/")
    found_by = next((kind for kind in (name, category) if kind in NOT_BY_RULES), None)
    if found_by is not None:
        raise RuleError(f"{title!r} is no rule but {NOT_BY_RULES[found_by]}; --without {found_by} leaves all such in")
    raise RuleError(f"no rule {title!r}{did_you_mean(title, known.rules)}; `dedup rules` lists them")


def rules_to_json(rules: Iterable[Rule], known: RuleSet) -> str:
    """Give rules as a JSON list, each with all its file says of it."""
    return json.dumps([_as_dict(rule, known) for rule in rules], indent=2, ensure_ascii=False) + "\n"


def rule_to_json(rule: Rule, known: RuleSet) -> str:
    """Give one rule as JSON."""
    return json.dumps(_as_dict(rule, known), indent=2, ensure_ascii=False) + "\n"


def show_rules(rules: Sequence[Rule], width: int | None) -> RenderableType:
    """Give a line for each rule, under its category, then how many there are of each category and language.

    `width` is that of the terminal, None for lines of any length.
    """
    text = Text()
    columns = [[rule.name, rule.language, rule.place, rule.cut] for rule in rules]
    widths = [max(map(len, column)) for column in zip(*columns, strict=True)] if columns else []
    room = None if width is None else max(LEAST_EXAMPLE_CHARS, width - sum(widths) - 2 * (len(widths) + 1))
    category = ""
    for rule, cells in zip(rules, columns, strict=True):
        if rule.category != category:
            text.append(("\n" if category else "") + f"{rule.category}\n", style="bold cyan")
            category = rule.category
        line = "  ".join(cell.ljust(size) for cell, size in zip(cells, widths, strict=True))
        text.append(f"  {line}  ")
        text.append(f"{_shortened(rule.examples[0], room)}\n", style="dim")
    notes = f"{', '.join(NOT_BY_RULES)} are found without rules; dedup rules show CATEGORY/NAME tells all of a rule"
    return Group(*([text, _count(rules)] if rules else [Text("none")]), Text(f"\n{notes}"))


def show_rule(rule: Rule, known: RuleSet) -> RenderableType:
    """Give all that there is to say of a rule."""
    facts = _as_dict(rule, known)
    text = Text(f"{rule.title}\n", style="bold")
    text.append(f"  file        {printable(facts['file'] or 'one of dedup')}\n", style="not bold")
    for name in ("language", "place", "cut", "company", "max_tokens"):
        text.append(f"  {name:<12}{facts[name]}\n", style="not bold")
    for name in ("cues", "patterns", "signs", "unless", "examples", "counter_examples"):
        if facts[name]:
            of_them = f", of which it needs {rule.needs}" if name == "signs" else ""
            text.append(f"\n{name}{of_them}\n", style="cyan")
            for value in facts[name]:
                text.append(f"  {' '.join(printable(value).split())}\n", style="not bold")
    text.rstrip()
    return text


def show_file_test(test: FileTest) -> RenderableType:
    """Give what became of each rule of a file, then the sum of it."""
    text = Text()
    for rule_test in test.rules:
        text.append_text(_show_rule_test(rule_test))
    own = dict.fromkeys(rule_test.rule.category for rule_test in test.rules)
    for name in own:
        if name not in CATEGORIES:
            near = did_you_mean(name, CATEGORIES)
            text.append(f"category {name} is none of dedup's{near}; --without {name} switches it off\n")
    n_rules = len(test.rules)
    rules = f"{n_rules} rule{'' if n_rules == 1 else 's'}"
    if not n_rules:
        text.append("there is no [[rule]] in it", style="yellow")
    elif test.n_failing:
        fail = "fails" if test.n_failing == 1 else "fail"
        text.append(f"{test.n_failing} of {rules} {fail}: a run refuses the file", style="bold red")
    else:
        text.append(f"{rules}: all examples hold", style="bold green")
    return text


def show_taken(taken: Sequence[Taken], share: float, most_share: float) -> RenderableType:
    """Give what the rules of a file take of a text, each with its line; `share` is how much of the text that is."""
    text = Text("\n")
    for one in taken:
        where = f"line {one.line}" + ("" if one.is_whole else ", the end")
        text.append(f"{where}: {one.rule}\n", style="cyan")
        text.append(f"    {' '.join(printable(one.text).split())}\n")
    paragraphs = f"{len(taken):,} paragraph{'' if len(taken) == 1 else 's'}"
    text.append(f"{paragraphs} taken, {share:.1%} of the text", style="bold")
    if share > most_share:
        text.append(
            f"\na run leaves a document alone of which more than {most_share:.0%} would go (max_boilerplate_share)"
        )
    return text


def _show_rule_test(test: RuleTest) -> Text:
    rule = test.rule
    counts = f"{_number(len(rule.examples), 'example')}, {_number(len(rule.counter_examples), 'counter-example')}"
    text = Text(f"{rule.title}  ", style="bold")
    text.append(f"fails  {counts}\n" if test.faults else f"ok  {counts}\n", style="red" if test.faults else "green")
    for fault in test.faults:
        what = "matches its counter-example" if fault.is_counter_example else "does not match its example"
        text.append(f"  {what}: {printable(fault.text)}\n", style="not bold")
        text.append(f"    {printable(fault.reason)}\n", style="not bold dim")
    if test.trial.is_slow:
        text.append(
            f"  slow: {test.trial.seconds * 1000:.0f} ms for a text of {len(test.trial.text)} characters: "
            f"{_shortened(test.trial.text, 60)}\n"
            '    there may be two ways to match one word in it: docs/rules.md, "Traps"\n',
            style="not bold yellow",
        )
    return text


def _count(rules: Sequence[Rule]) -> Table:
    """Give a table of the number of rules of each category and language."""
    counts = Counter((rule.category, rule.language) for rule in rules)
    languages = sorted({rule.language for rule in rules})
    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False, header_style="bold")
    table.add_column("rules")
    for language in (*languages, "all"):
        table.add_column(language, justify="right", no_wrap=True)
    categories = list(dict.fromkeys(rule.category for rule in rules))
    for category in categories:
        cells = [counts[category, language] for language in languages]
        table.add_row(category, *(str(cell) if cell else "" for cell in cells), str(sum(cells)))
    sums = [sum(counts[category, language] for category in categories) for language in languages]
    table.add_row("all", *map(str, sums), str(len(rules)), style="bold")
    return table


def _as_dict(rule: Rule, known: RuleSet) -> dict[str, Any]:
    return {
        "title": rule.title,
        "category": rule.category,
        "name": rule.name,
        "language": rule.language,
        "file": known.paths.get(rule.title),  # None: one of dedup's
        "place": rule.place if rule.company != "elsewhere" else rule.sure_at,
        "cut": rule.cut,
        "company": rule.company,
        "max_tokens": rule.max_tokens,
        "cues": [cue.written for cue in rule.cues],
        "patterns": list(rule.pattern.written),
        "signs": [written for sign in rule.signs for written in sign.written],
        "needs": rule.needs,
        "unless": list(rule.unless.written) if rule.unless is not None else [],
        "examples": list(rule.examples),
        "counter_examples": list(rule.counter_examples),
    }


def _number(n: int, noun: str) -> str:
    return f"{n:,} {noun}{'' if n == 1 else 's'}"


def _shortened(text: str, room: int | None) -> str:
    line = " ".join(printable(text).split())
    return line if room is None or len(line) <= room else f"{line[: room - 4]} ..."
