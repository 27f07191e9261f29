"""The compiled screen before the rules: it spares trials, and never the one that would have matched."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import example as with_example
from hypothesis import given, settings
from hypothesis import strategies as st

from dedup.boilerplate import RULES, Rule, with_rules_read
from dedup.boilerplate.cues import SYMBOLS, read_cue
from dedup.boilerplate.languages import lead_bits
from dedup.boilerplate.rule_files import tokens_of
from dedup.boilerplate.screening import (
    MOST_WORDS_IN_SENTENCES,
    PLACE_BITS,
    REACH,
    Ways,
    activate_rules,
    make_screen,
    place_bits,
    read_ways,
)
from dedup.boilerplate.trials import try_paragraph
from dedup.boilerplate.wording import bare, split_sentences, translate
from dedup.kernels.characters import load_characters
from dedup.kernels.sentences import can_end_between, find_certain_ends
from dedup.kernels.tokens import read_tokens, token_scratch
from dedup.settings import Settings

ACTIVE = activate_rules(Settings())
LEADS = lead_bits(ACTIVE.language_bits)
with np.errstate(over="ignore"):  # NumPy warns where an interpreted kernel wraps on purpose
    SCREEN = make_screen(Settings())
NO_WAYS = Ways((), (), sentences=False, tail=False, has_companion=False)
EVERYWHERE = sum(PLACE_BITS.values())
TEXTS = [text for rule in RULES.values() for text in (*rule.examples, *rule.counter_examples)]
PROSE = [
    "The bridge was closed in Nov. 1904",
    "Mr. J. Smith of Foo Inc. said no",
    "“Is it?” she asked",
    "Thank you",
    "Privacy Policy",
    "Terms of Use",
    "Learn more",
    "© 2024 Example Media",
    "More was to come",
    "Nobody read the story",
    "Τι λέει ο υπουργός;",
    "大桥于周一重新开放",
    "橋は月曜日に開通した",
    "다리는 월요일에 다시 열렸다",
    "Мост открыли в понедельник",
]
BOUNDARY_CHARACTERS = "aZ9. .!?\"')]|;;·•¦…。！？．｡؟۔“”’«│\u00a0\u3000\n\t\x1fέя本©—ａ"
SEPARATORS = [
    "。",
    "！",
    "？」",
    "؟ ",
    "; ",
    "，",
    " ",
    ". ",
    ".  ",
    "! ",
    '." ',
    ".” ",
    "? ",
    "… ",
    " | ",
    " · ",
    "\n",
    ".\n",
    "; ",
    ", ",
    ": ",
]


def languages_by_definition(text: str) -> int:
    """Say which languages a text shows, by its words and the first bytes of its letters."""
    words = set(tokens_of(text))
    shown = 0
    for byte in text.encode():
        shown |= LEADS[byte]
    for file in ACTIVE.files:
        if words & file.own_words:
            shown |= ACTIVE.language_bits[file.language]
    return shown


def ways_by_definition(text: str, places: int) -> Ways:
    """Say how a text could match by its cues and its length alone."""
    tokens = tokens_of(text)
    parts = [tokens_of(text[start:end]) for start, end in split_sentences(text)]
    whole, inside, sentences, tail = [], [], False, False
    evidence = languages_by_definition(text)
    for position, rule in enumerate(ACTIVE.rules):
        held = any(cue.last in text if cue.last in SYMBOLS else cue.is_in(tokens) for cue in rule.cues)
        held_inside = held or any(cue.is_in(part) for cue in rule.cues for part in parts)
        if not PLACE_BITS[rule.place] & places:
            continue
        if ACTIVE.languages[position] and not ACTIVE.languages[position] & evidence:
            continue
        if held and len(tokens) <= rule.max_tokens:
            whole.append(position)
        if held_inside:
            inside.append(position)
            takes_tails = rule.cut == "tail"
            sentences |= takes_tails or len(tokens) <= REACH * rule.max_tokens
            tail |= takes_tails
    is_greek_question = text.endswith(";") and "\u0370" <= text[-2:-1] <= "\u03ff"
    if text.endswith((",", ";", "，", "、", "；", "،", "؛")) and not is_greek_question:
        return NO_WAYS
    n_words = sum(1 / 3 if len(token) == 1 and "\u3000" <= token <= "\u9fff" else 1 for token in tokens)
    is_short = n_words <= MOST_WORDS_IN_SENTENCES + 1e-6
    return Ways(tuple(whole), tuple(inside), sentences and is_short, tail, has_companion=True)


def ways_by_screen(text: str, places: int) -> Ways:
    data = np.frombuffer(text.encode(), dtype=np.uint8)
    traits = np.array([[places, 0, any(symbol in text for symbol in SYMBOLS)]], dtype=np.int64)
    with np.errstate(over="ignore"):
        screened = SCREEN.find_ways(data, np.array([[0, len(data)]], dtype=np.int64), traits)
    return read_ways(screened.ways) if screened.ways else NO_WAYS


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(TEXTS + PROSE * 4), st.sampled_from(SEPARATORS)), min_size=1, max_size=5),
    st.sampled_from([EVERYWHERE, PLACE_BITS["anywhere"]]),
)
def test_the_screen_leaves_out_nothing_that_matches(pieces: list[tuple[str, str]], places: int) -> None:
    """Boilerplate and prose in any order, with any marks between: what the rules find, they find behind the screen."""
    text = "".join(sentence + separator for sentence, separator in pieces).strip()
    screened, defined = ways_by_screen(text, places), ways_by_definition(text, places)
    assert set(screened.whole) <= set(defined.whole)
    expected = try_paragraph(text, places, defined, ACTIVE)
    if expected is not None:
        assert try_paragraph(text, places, screened, ACTIVE) == expected


@pytest.mark.parametrize(
    "text",
    [
        "The engineers, who had read the report twice, told the council that the old bridge could be saved.",
        "There was more to come for all of them, the mayor told the meeting in the evening of the same day.",
        "It looked like a good year for the county, which had been waiting for one since the floods of spring.",
    ],
)
def test_common_words_alone_let_nothing_through(text: str) -> None:
    """Words of two-word and opening cues, out of their place, cost no trial."""
    assert ways_by_screen(text, EVERYWHERE) == NO_WAYS


@pytest.mark.parametrize(
    ("text", "sentences", "tail"),
    [
        ("Sign up for our newsletter. The crew could print the tables.", False, False),
        ("The crew could print the tables. Sign up for our newsletter.", False, False),
        ("The bridge was closed. Reporting by Jane Doe; editing by John Roe.", False, True),
        ("Follow us on Twitter. Sign up for our newsletter.", True, False),
    ],
)
def test_sentences_are_tried_only_where_first_and_last_could_match(text: str, sentences: bool, tail: bool) -> None:
    """A cue is there in each of them; what the rules require must be, too."""
    ways = ways_by_screen(text, EVERYWHERE)
    assert (ways.sentences, ways.tail) == (sentences, tail)


def test_cues_are_read_as_written() -> None:
    """A cue is one word, two in a row, or either at the very beginning."""
    one, two = (read_cue(text, tokens_of(text)) for text in ("sale", "big sale"))
    opening = read_cue("^big sale", ["big", "sale"])
    assert one is not None
    assert two is not None
    assert opening is not None
    tokens = ["a", "big", "sale"]
    assert one.is_in(tokens)
    assert two.is_in(tokens)
    assert not two.is_in(["big", "a", "sale"])
    assert not opening.is_in(tokens)
    assert opening.is_in(tokens[1:])
    for text in ("Sale", "big  sale", "^", "a big sale", "big-sale", ""):
        assert read_cue(text, tokens_of(text)) is None


def test_places_are_those_of_the_document() -> None:
    """The first two paragraphs are the start, the last three the last, the last 40 % the end."""
    names = [
        {name for name, bit in PLACE_BITS.items() if bits & bit}
        for bits in place_bits(np.arange(10), np.full(10, 10)).tolist()
    ]
    assert names[0] == names[1] == {"anywhere", "start", "edges"}
    assert names[2] == names[5] == {"anywhere"}
    assert names[6] == {"anywhere", "end", "edges"}
    assert names[7] == names[9] == {"anywhere", "end", "edges", "last"}
    assert place_bits(np.array([0]), np.array([1])).tolist() == [EVERYWHERE]


@pytest.mark.parametrize(
    ("text", "shown", "not_shown"),
    [
        ("Copyright 2024 Example Media Group", [], ["de", "fr", "ru", "zh"]),
        ("© 2024 Example Media – “all” rights reserved", [], ["de", "fr", "ru", "zh"]),
        ("Alle Rechte vorbehalten", ["de"], ["el", "ja"]),
        ("Tous droits reserves", ["fr"], ["ru", "ja"]),
        ("Müller", ["de", "tr"], ["ru", "el", "ja"]),
        ("Mu\u0308ller", ["de", "tr"], ["ru", "ja"]),
        ("Все права защищены", ["ru"], ["de", "el", "ja"]),
        ("Με επιφύλαξη", ["el"], ["de", "ru", "ja"]),
        ("جميع الحقوق محفوظة", ["ar"], ["de", "ru", "ja"]),
        ("版权所有", ["zh", "ja"], ["de", "ru", "ar"]),
        ("무단 전재", ["ko"], ["de", "ru", "ar"]),
    ],
)
def test_languages_are_told_by_words_and_letters(text: str, shown: list[str], not_shown: list[str]) -> None:
    """A paragraph shows the languages that have its letters, or a word of it that English has not."""
    evidence = languages_by_definition(text)
    assert all(evidence & ACTIVE.language_bits[language] for language in shown)
    assert not any(evidence & ACTIVE.language_bits[language] for language in not_shown)


@pytest.mark.parametrize("rule", RULES.values(), ids=lambda rule: rule.title)
def test_examples_show_their_language(rule: Rule) -> None:
    """What a rule is for is tried against it, or is what an English rule finds, too: "Newsletter"."""
    language = ACTIVE.languages[[*RULES].index(rule.title)]
    for example in rule.examples:
        if language and not language & languages_by_definition(example):
            wording = bare(translate(example))
            assert any(other.matches(wording) for other in RULES.values() if other.language == "en"), example


def test_rules_of_a_user_are_tried_whatever_the_language(tmp_path: Path) -> None:
    """Only rules that dedup ships ask for evidence: words of a user's language may be unknown to it."""
    path = tmp_path / "own.toml"
    path.write_text(
        'language = "de"\n[[rule]]\nname = "spende"\ncategory = "gaben"\ncues = ["copyright"]\nmax_tokens = 9\n'
        "patterns = ['copyright tombola']\nexamples = ['Copyright Tombola']\ncounter_examples = ['Tombola']\n",
        encoding="utf-8",
    )
    active = activate_rules(with_rules_read(Settings(rules=(str(path),))))
    assert [
        language for language, rule in zip(active.languages, active.rules, strict=True) if rule.name == "spende"
    ] == [0]
    assert sum(language != 0 for language in active.languages) > 100


@settings(max_examples=2000)
@given(st.text(alphabet=st.sampled_from(BOUNDARY_CHARACTERS), max_size=14))
@with_example("έ; Z")
@with_example('a.") Z')
@with_example("a.\x1f9")
def test_no_sentence_begins_where_the_kernel_sees_none_begin(text: str) -> None:
    """Wherever sentences are cut apart between two tokens, the kernel has said that it may be; the rest is spared."""
    data = np.frombuffer(text.encode(), dtype=np.uint8)
    marks, tokens, starts, ends, shapes = token_scratch(len(data))
    n = read_tokens(data, 0, len(data), *load_characters(), marks, tokens, starts, ends, shapes)
    cuts = [len(text[:end].encode()) for _, end in split_sentences(translate(text))[:-1]]
    can_split, _, _ = find_certain_ends(data, 0, len(data), starts, ends, n)
    for place in range(1, n):
        if any(ends[place - 1] <= cut <= starts[place] for cut in cuts):
            assert can_split
            assert can_end_between(data, ends[place - 1], starts[place])
