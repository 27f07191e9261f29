"""What patterns require is in every text that they match, and spares most others a trial."""

import re
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dedup.boilerplate import RULES
from dedup.boilerplate.regexes import find_clauses
from dedup.boilerplate.required import Required, join_required, read_required
from dedup.boilerplate.rule import Rule
from dedup.boilerplate.rule_files import parse_rules
from dedup.boilerplate.shipped import find_required, load_required, ship_required
from dedup.boilerplate.traces import END, START, Trace, traces_of
from dedup.boilerplate.trials import MOST_JOINED
from dedup.boilerplate.wording import bare, split_sentences, translate
from dedup.kernels.characters import load_characters
from dedup.kernels.sentences import can_end_between
from dedup.kernels.shapes import is_about_code
from dedup.kernels.tokens import read_tokens, token_scratch
from dedup.kernels.traces import LETTERS, PAIR, SEEN_WORDS, WORD, could_match, is_spelled_oddly, mark_traces
from dedup.settings import Settings

PATTERNS = [
    r"(?:please )?(?:share|tweet) (?:this|it)(?: (?:post|story)){0,2}",
    r"share(?: ?(?:on|via) ?(?:facebook|x|vk)){1,3}",
    r"(?:(?:facebook|x|rss)(?:[ ,|/]+|$)){2,5}",
    r"(?:read|see) ?more\b.{0,10}",
    r".{0,8}\breporting by\b .{2,9}",
    r"(?!all good)(?:all|some) rights reserved",
    r"e-?mail(?: address)?s?",
    r"(?:photo|image)s? ?[:|–-] ?(?-i:[A-Z]\w+)",
    r"\d+ (?:comments?|replies)(?: .{0,6})?",
    r"cr[ée]dits? (?:photo|image)",
    r"(?:straße|weg) der zeit",
    r"zur ?seite|nächster artikel",
    r"[^.!?]{1,6} (?:is|are) (?:an? )?trade ?marks?",
    r"(?:ab|cd){1,2}(?:e|f)+ gh",
    r"(?:a|an|the|)(?: |-)?newsletter$",
    r"(?>copyright|\(c\)|©) ?\d{4}(?:\s\w+)*",
    r"(?P<word>\w+) and (?P=word) again",
    r"mark\B\w* of (?:the )?owner",
    r"(?<=x)y|xyz abc",
    r"本文来自.{0,4}|責任編輯：.{1,4}",
    r"(?:подписаться|читать) (?:ещё|далее)",
]
TEXTS = st.text(alphabet=st.sampled_from("aeimnorst xyéİıſK'’-_.|:(©™ \n😀本"), max_size=12)


def rule_of(*patterns: str) -> Rule:
    """Give a rule of these patterns."""
    quoted = ", ".join(f"'''{pattern}'''" for pattern in patterns)
    file = parse_rules(
        f'language = "en"\n[[rule]]\nname = "a"\ncategory = "share"\ncues = ["x"]\nmax_tokens = 400\n'
        f'patterns = [{quoted}]\nexamples = ["x"]\ncounter_examples = ["y"]\n',
        "a.toml",
    )
    return file.rules[0]


def can_be(text: str, required: Required, number: int = 0) -> bool:
    """Say whether a paragraph has what a rule requires, as the screen does."""
    data = np.frombuffer(text.encode(), dtype=np.uint8)
    marks, tokens, starts, ends, shapes = token_scratch(len(data))
    n = read_tokens(data, 0, len(data), *load_characters(), marks, tokens, starts, ends, shapes)
    if is_spelled_oddly(data, 0, len(data)):
        return True
    opens = np.array([at == 0 or can_end_between(data, ends[at - 1], starts[at]) for at in range(n)], dtype=np.bool_)
    seen = np.empty(SEEN_WORDS, dtype=np.uint64)
    with np.errstate(over="ignore"):  # NumPy warns where an interpreted kernel wraps on purpose
        mark_traces(data, tokens, starts, ends, opens, 0, n, seen)
    known = np.zeros(len(required.first_set) - 1, dtype=np.int64)
    return bool(could_match(number, required, seen, known, 1))


def stretches_of(translated: str) -> Iterator[str]:
    """Give the sentences of a paragraph, and runs of them that are tried as one."""
    spans = split_sentences(translated)
    for first, (start, _) in enumerate(spans):
        for _, end in spans[first : first + MOST_JOINED]:
            yield translated[start:end]


@pytest.mark.parametrize("pattern", PATTERNS)
@settings(max_examples=60, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_what_a_pattern_matches_has_what_it_requires(pattern: str, data: st.DataObject) -> None:
    """Also beside other sentences, and in other spellings of its characters."""
    rule = rule_of(pattern)
    text = data.draw(st.from_regex(re.compile(pattern, re.IGNORECASE), fullmatch=True))
    text = text.encode("utf-8", "ignore").decode()
    if rule.pattern.fullmatch(bare(translate(text))) is None:
        return
    required = read_required([rule])
    assert can_be(text, required)
    before, behind = data.draw(TEXTS), data.draw(TEXTS)
    assert can_be(f"{before} | {text} | {behind}", required)
    # a small letter begins no sentence behind a full stop
    for whole in (f"{before}. {text}. {behind}", f"{before}. {text[:1].upper()}{text[1:]}. One {behind}"):
        if any(rule.pattern.fullmatch(bare(stretch)) for stretch in stretches_of(translate(whole))):
            assert can_be(whole, required)


@pytest.mark.parametrize("pattern", PATTERNS)
@settings(max_examples=60)
@given(text=TEXTS)
def test_whatever_a_pattern_matches_by_chance_has_it_too(pattern: str, text: str) -> None:
    """Texts of letters that are spelled in several ways, around a word of the pattern."""
    rule = rule_of(pattern, r".{0,12}(?:omni|seit|mist)?\b.{0,12}")
    if rule.matches(bare(translate(text))):
        assert can_be(text, read_required([rule]))


def test_every_example_has_what_its_rule_requires() -> None:
    """Of all rules that there are, and with a user's rules before them."""
    shipped = find_required(Settings())
    own = read_required([rule_of("tell (?:me|us) more")])
    joined = join_required([own, shipped])
    for number, rule in enumerate(RULES.values()):
        for example in rule.examples:
            if rule.matches(bare(translate(example))):
                assert can_be(example, shipped, number), (rule.title, example)
                assert can_be(example, joined, number + 1), (rule.title, example)
    assert can_be("Tell us more", joined, 0)
    assert not can_be("Tell them more", joined, 0)


@pytest.mark.parametrize(
    ("title", "text"),
    [
        ("mailing-list/list-address", "Retrieves, but does not remove, the first element of this list"),
        ("share/share-buttons", "A grouping of asynchronous channels for the purpose of resource sharing."),
        ("read-more/related-heading", "Related commands are listed in the table."),
        ("newsletter/stay-informed", "Limiting update rate"),
        ("legal-disclaimer/no-advice", "Advice shown if a user runs the add command"),
        ("newsletter/sign-up", "Returns the algorithm name of the message digest."),
    ],
)
def test_prose_that_shares_a_cue_is_spared(title: str, text: str) -> None:
    """Lines of manuals that hold a cue of a rule lack what its patterns require."""
    assert not can_be(text, find_required(Settings()), list(RULES).index(title))


def test_most_rules_require_something() -> None:
    """Or the screen would spare nothing."""
    counts = np.diff(find_required(Settings()).first_alternative)
    english = [count for count, rule in zip(counts, RULES.values(), strict=True) if rule.language == "en"]
    assert np.mean(np.array(english) > 0) > 0.9


@pytest.mark.parametrize(
    "pattern",
    [
        "(?:" * 150 + "share .{3,9}" + ")" * 150,
        "(?:a|.{2,3}" * 40 + "share" + "){2,4}" * 40,
        "(?:" * 30 + "share .+ it" + " .+){2,5}" * 30,
        "|".join(f"(?:word{n} ?){{1,3}}(?:more{n}|less{n})?" for n in range(1500)),
        "(?:a?b?c?d?e?f?g?h?){3}(?:i?j?k?l?m?n?o?p?){3} share",
    ],
)
def test_no_pattern_takes_long_to_read(pattern: str) -> None:
    """Groups and repeats within each other, and many alternatives, are read in a second, or nothing is required."""
    started = time.process_time()
    read_required([rule_of(pattern)])
    assert time.process_time() - started < 5


def test_signs_of_which_several_are_needed_are_required_together() -> None:
    """A text with one of three signs, of which two are needed, is not tried."""
    file = parse_rules(
        """
        language = "en"
        [[rule]]
        name = "a"
        category = "share"
        cues = ["x"]
        max_tokens = 40
        patterns = ['.*']
        signs = ['\\bone\\b', '\\btwo\\b', '\\bthree\\b']
        needs = 2
        examples = ["one two"]
        counter_examples = ["one"]
        """,
        "a.toml",
    )
    required = read_required(file.rules)
    assert can_be("one and three", required)
    assert not can_be("one and four", required)


def test_a_look_at_what_follows_is_required_as_well() -> None:
    """Its words may stand anywhere, and its own beginning is that of the sentence."""
    required = read_required([rule_of(r"(?=.*\b(?:rights|terms)\b)(?=all|some)\w+ .*")])
    assert can_be("All our terms", required)
    assert can_be("It is so. Some have rights", required)
    assert not can_be("All our cats", required)
    assert not can_be("Our terms", required)


def test_traces_stand_for_whole_tokens_only_where_they_are_whole() -> None:
    """A token that may go on is known by its letters."""
    assert traces_of(f"{START}share this", is_cut_before=False, is_cut_behind=True) == {
        Trace(PAIR, START, "share"),
        Trace(PAIR, "share", "this"),
    }
    assert traces_of("ad", is_cut_before=True, is_cut_behind=True) == {Trace(WORD, "ad")}
    assert traces_of("xy now", is_cut_before=False, is_cut_behind=False) == {Trace(LETTERS, "now")}
    assert traces_of(f"now{END}", is_cut_before=True, is_cut_behind=False) == {Trace(PAIR, "now", END)}


def test_an_alternative_that_requires_nothing_is_told() -> None:
    """As one list without clauses."""
    assert find_clauses(".*", is_whole=True) == [[]]
    assert find_clauses("(?:a b|.*)", is_whole=True)[1] == []


@pytest.mark.parametrize(
    ("text", "is_code"),
    [
        ("call share() now", True),
        ("std::share", True),
        ("share_this", True),
        ("if shared {", True),
        ("} ", True),
        ("_share_ this ()", False),
        ("share :: this", False),
        ("see www.share_this.com", False),
        ("https://a_b", False),
        ("a_b@c", False),
        ("a{b", False),
    ],
)
def test_lines_about_code_are_told(text: str, is_code: bool) -> None:
    """Calls, names with underscores or colons, and a brace at the end; not where there is an address."""
    data = np.frombuffer(text.encode(), dtype=np.uint8)
    assert is_about_code(data, 0, len(data)) == is_code


def test_what_ships_is_of_the_rules_that_ship() -> None:
    """It is what their patterns are read to require now; if not: `python -m benchmarks write-required`."""
    shipped = load_required(RULES.values())
    assert shipped is not None, "rules or code changed: run python -m benchmarks write-required"
    read = read_required(RULES.values())
    assert all(np.array_equal(one, other) for one, other in zip(shipped, read, strict=True))
    assert [array.dtype for array in shipped] == [array.dtype for array in read]


def test_what_ships_is_taken_for_its_own_rules_only(tmp_path: Path) -> None:
    """It comes back as it was written; for other rules, from a damaged file, or from none, nothing does."""
    rules, path = [rule_of("share this", "read (?:more|on)")], tmp_path / "required.npz"
    assert load_required(rules, path) is None
    written = ship_required(rules, path)
    found = load_required(rules, path)
    assert found is not None
    assert all(np.array_equal(one, other) for one, other in zip(found, written, strict=True))
    assert load_required([rule_of("share that", "read (?:more|on)")], path) is None
    path.write_bytes(path.read_bytes()[:-100])
    assert load_required(rules, path) is None
    path.write_bytes(b"")
    assert load_required(rules, path) is None
