"""Rule files: each rule does what its examples say, and a malformed file is refused with the place and the fault."""

import dataclasses
import time
import tomllib
from pathlib import Path
from typing import Any

import pytest

from dedup.boilerplate import RULES, Rule, check_examples, cue_limits, cue_tokens, load_rules
from dedup.boilerplate.checking import find_faults
from dedup.boilerplate.packed import Packed
from dedup.boilerplate.rule_files import NOT_BY_RULES, SYMBOLS, parse_rules, tokens_of
from dedup.boilerplate.wording import bare, translate
from dedup.errors import RuleError
from dedup.settings import CATEGORIES, Settings

FUNCTION_WORDS = Path(__file__).parent.parent / "dedup" / "function_words.toml"


def name_case(value: object) -> str:
    return value.title if isinstance(value, Rule) else str(value)[:50]


@pytest.mark.parametrize("rule", RULES.values(), ids=name_case)
def test_each_rule_does_what_its_examples_say(rule: Rule) -> None:
    """It matches each example, which is short enough for it and holds one of its cues, and no counter-example."""
    assert list(find_faults(rule)) == []


def test_every_category_has_rules() -> None:
    """Each category of the settings is one that some rule is of, or is found by its place or by counting."""
    assert {rule.category for rule in RULES.values()} | set(NOT_BY_RULES) == set(CATEGORIES)


def test_names_are_unique_and_are_the_keys() -> None:
    """A removal's rule name finds exactly one rule."""
    names = [rule.title for file in load_rules().values() for rule in file.rules]
    assert sorted(names) == sorted(set(names)) == sorted(RULES)


def test_cue_tokens_are_single_tokens_of_active_rules() -> None:
    """Cues for the compiled prefilter are sorted single tokens, and go with the categories that are off."""
    cues = cue_tokens(Settings())
    assert cues == sorted(set(cues))
    assert all(tokens_of(cue) == [cue] for cue in cues)
    assert not set(cues) & set(SYMBOLS)
    assert "cookies" not in cue_tokens(Settings(without=("cookie", "legal-disclaimer")))
    assert cue_tokens(Settings(without=CATEGORIES)) == []


def test_no_common_word_is_a_cue() -> None:
    """Words that are in every paragraph would make the prefilter useless; they may be in cues with another word."""
    words = tomllib.loads(FUNCTION_WORDS.read_text(encoding="utf-8"))["en"].split()
    assert {"the", "to", "that"} <= set(words)
    assert not set(words) & set(cue_limits(Settings()))


GOOD_RULE = """
name = "sale"
category = "advert"
cues = ["sale"]
max_tokens = 5
patterns = ['big sale']
examples = ["Big sale"]
counter_examples = ["Big sales"]
"""


def make_file(*lines: str, rule: str = GOOD_RULE) -> str:
    return "\n".join(['language = "en"', *lines, "[[rule]]", rule])


def test_a_good_file_is_read() -> None:
    """Parts are put into patterns, defaults hold, and one rule of one name comes out."""
    file = parse_rules(
        make_file("[parts]", "size = 'big|huge'", rule=GOOD_RULE.replace("'big sale'", "'{size} sale'")), "xx.toml"
    )
    (rule,) = file.rules
    assert (rule.title, rule.place, rule.cut, rule.needs) == ("advert/sale", "anywhere", "paragraph", 0)
    assert rule.matches("huge sale")
    assert not rule.matches("huge sale today")


def test_what_somebody_said_is_no_boilerplate_unless_an_example_says_so() -> None:
    """A rule with an open end does not take a report of what it is about, but one that is meant to does."""
    pattern = GOOD_RULE.replace("'big sale'", "'big sale.*'")
    assert parse_rules(make_file(rule=pattern), "xx.toml").rules[0].matches("big sale all of next week")
    assert not parse_rules(make_file(rule=pattern), "xx.toml").rules[0].matches("big sale next week, the owner said")
    (meant,) = parse_rules(make_file(rule=pattern.replace('"Big sale"]', '"Big sale, said he"]')), "xx.toml").rules
    assert "said" in meant.examples[0]
    assert meant.matches("big sale next week, the owner said")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("language = ", "not valid TOML"),
        ("[parts]", "language must be given"),
        ('language = "en"\nrules = 1', "unknown key 'rules' (did you mean 'rule'?)"),
        (make_file(rule=GOOD_RULE.replace("advert", "adverts")), "unknown category 'adverts' (did you mean 'advert'?)"),
        (
            make_file(rule=GOOD_RULE.replace("'big sale'", "'(big sale'")),
            "rule sale: patterns: not a regular expression",
        ),
        (make_file(rule=GOOD_RULE.replace("'big sale'", "'{size} sale'")), "unknown part {size}"),
        (
            make_file(rule=GOOD_RULE.replace('["sale"]', '["big big sale"]')),
            "cue 'big big sale' must be one lower-case",
        ),
        (make_file(rule=GOOD_RULE.replace('["sale"]', '["big  sale"]')), "cue 'big  sale' must be one lower-case word"),
        (make_file(rule=GOOD_RULE.replace('["sale"]', '["^ sale"]')), "cue '^ sale' must be one lower-case word"),
        (make_file(rule=GOOD_RULE.replace('["sale"]', '["Sale"]')), "cue 'Sale' must be one lower-case word"),
        (make_file(rule=GOOD_RULE.replace("max_tokens = 5", "max_tokens = 0")), "max_tokens is missing or empty"),
        (make_file(rule=GOOD_RULE.replace("max_tokens = 5", "max_tokens = 9999")), "max_tokens must be from 1 to"),
        (make_file(rule=GOOD_RULE.replace("max_tokens = 5", 'max_tokens = "5"')), "max_tokens must be of type int"),
        (make_file(rule=GOOD_RULE + 'place = "top"'), "place: must be one of"),
        (make_file(rule=GOOD_RULE + 'cut = "word"'), "cut: must be one of"),
        (make_file(rule=GOOD_RULE + "needs = 2\nsigns = ['a']"), "needs must be from 1"),
        (make_file(rule=GOOD_RULE + "signs = ['a']"), "needs must be from 1"),
        (make_file(rule=GOOD_RULE + "colour = 'red'"), "unknown key 'colour'"),
        (make_file(rule=GOOD_RULE.replace('examples = ["Big sale"]\n', "")), "examples is missing or empty"),
        (make_file(rule=GOOD_RULE.replace('"sale"', '"Sale!"', 1)), "name must be lower-case words"),
        (make_file(rule=GOOD_RULE) + "[[rule]]" + GOOD_RULE, "another rule of that name"),
        ('language = "en"\n[legal]\nterms = []', "unknown key 'terms'"),
        ('language = "en"\ncompanions = "x"', "companions: must be a table"),
        ('language = "en"\n[companions]\npatterns = "x"', "companions: cues is missing"),
        ('language = "en"\n[companions]\ncues = ["a"]\npatterns = "x"', "companions.patterns: must be a list of texts"),
    ],
)
def test_a_malformed_file_is_refused(text: str, fault: str) -> None:
    """The error names the file and what is wrong."""
    with pytest.raises(RuleError) as raised:
        parse_rules(text, "xx.toml")
    assert str(raised.value).startswith("xx.toml")
    assert fault in str(raised.value)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"examples": ("Small sale",)}, "does not match its example"),
        ({"examples": ("Big deal",)}, "no cue of the rule"),
        ({"examples": ("Big sale " * 5,)}, "longer than max_tokens"),
        ({"counter_examples": ("BIG SALE!",)}, "matches its counter-example"),
    ],
)
def test_failing_examples_are_reported(change: dict[str, Any], fault: str) -> None:
    """check_examples says which rule fails which example."""
    (rule,) = parse_rules(make_file(), "xx.toml").rules
    with pytest.raises(RuleError, match="advert/sale") as raised:
        check_examples([dataclasses.replace(rule, body=Packed(rule.body.get()._replace(**change)))])
    assert fault in str(raised.value)


@pytest.mark.parametrize("rule", RULES.values(), ids=name_case)
def test_no_pattern_explodes(rule: Rule) -> None:
    """Text made to be almost matched costs milliseconds, at the greatest length that a rule is tried on."""
    pieces = [
        "A ",
        "and And ",
        "News, ",
        "a/A/",
        "- ",
        ". ",
        "Photo by ",
        "the the ",
        "© 2024 ",
        "Reporting by ",
        "by, by ",
        "(a ",
        "x|",
    ]
    starts = ["", *(example[: len(example) // 2] + " " for example in rule.examples)]
    for start in starts:
        for piece in pieces:
            n = max(1, (rule.max_tokens - len(tokens_of(start))) // max(1, len(tokens_of(piece))))
            text = bare(translate(start + piece * n + "?!"))
            began = time.process_time()
            rule.matches(text)
            # A pattern that is exponential takes minutes; 0.5 s leaves room for a busy machine.
            assert time.process_time() - began < 0.5, text[:80]
