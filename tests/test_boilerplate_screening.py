"""The compiled screen before the rules: it spares trials, and never the one that would have matched."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dedup.boilerplate import RULES
from dedup.boilerplate.cues import SYMBOLS, read_cue
from dedup.boilerplate.rule_files import tokens_of
from dedup.boilerplate.screening import (
    MOST_WORDS_IN_SENTENCES,
    PLACE_BITS,
    REACH,
    Screen,
    Ways,
    activate_rules,
    place_bits,
    read_ways,
)
from dedup.boilerplate.trials import try_paragraph
from dedup.boilerplate.wording import split_sentences
from dedup.settings import Settings

ACTIVE = activate_rules(Settings())
with np.errstate(over="ignore"):  # NumPy warns where an interpreted kernel wraps on purpose
    SCREEN = Screen(ACTIVE)
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


def ways_by_definition(text: str, places: int) -> Ways:
    """Say how a text could match by its cues and its length alone."""
    tokens = tokens_of(text)
    parts = [tokens_of(text[start:end]) for start, end in split_sentences(text)]
    whole, sentences, tail = [], False, False
    for position, rule in enumerate(ACTIVE.rules):
        held = any(cue.last in text if cue.last in SYMBOLS else cue.is_in(tokens) for cue in rule.cues)
        held_inside = held or any(cue.is_in(part) for cue in rule.cues for part in parts)
        if not PLACE_BITS[rule.place] & places:
            continue
        if held and len(tokens) <= rule.max_tokens:
            whole.append(position)
        if held_inside:
            takes_tails = rule.cut == "tail"
            sentences |= takes_tails or len(tokens) <= REACH * rule.max_tokens
            tail |= takes_tails
    is_greek_question = text.endswith(";") and "\u0370" <= text[-2:-1] <= "\u03ff"
    if text.endswith((",", ";", "，", "、", "；", "،", "؛")) and not is_greek_question:
        return Ways((), sentences=False, tail=False)
    n_words = sum(1 / 3 if len(token) == 1 and "\u3000" <= token <= "\u9fff" else 1 for token in tokens)
    return Ways(tuple(whole), sentences and n_words <= MOST_WORDS_IN_SENTENCES + 1e-6, tail)


def ways_by_screen(text: str, places: int) -> Ways:
    data = np.frombuffer(text.encode(), dtype=np.uint8)
    traits = np.array([[places, 0, any(symbol in text for symbol in SYMBOLS)]], dtype=np.int64)
    with np.errstate(over="ignore"):
        _, rows = SCREEN.find_ways(data, np.array([[0, len(data)]], dtype=np.int64), traits)
    return read_ways(rows[0].tobytes()) if len(rows) else Ways((), sentences=False, tail=False)


@settings(max_examples=400, deadline=None)
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
    assert ways_by_screen(text, EVERYWHERE) == Ways((), sentences=False, tail=False)


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
