"""Documents that are kept whole: legal texts and verse, told by their paragraphs together; and shapes of paragraphs."""

from collections.abc import Sequence

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from dedup.annotating import SENTENCE_TOKENS
from dedup.boilerplate.protection import Bodies, is_legal_document
from dedup.boilerplate.special import LEGAL, ORDINARY, VERSE, tell_documents
from dedup.boilerplate.table import RULE_FILES
from dedup.kernels.shapes import look_at_shapes

FILES = tuple(RULE_FILES.values())

POEM = """\
I wander'd by the harbour wall,
Where nets are hung to dry;
The evening brought a curlew's call,
A single lamp went by.
The tide had neither haste nor rest,
It came, as it will come;
The moon lay heavy on its breast,
And all the bells were dumb."""

CHINESE_POEM = "\n".join(["床前看月光，", "疑是地上霜。"] * 4)

LICENCE = """\
Permission is hereby granted to the licensee to use, copy, modify and redistribute this work.
The licensor gives no warranty of merchantability and accepts no liability for damages.
This licence is governed by the applicable law, and its terms and conditions bind the licensee."""

PRIVACY = """\
Datenschutzerklärung
Wir freuen uns über Ihren Besuch und sagen hier, was mit Ihren Angaben geschieht.
Verantwortlicher ist der Verein; wer uns schreibt, dessen Brief legen wir in einen Ordner."""

MENU = "\n".join(
    ["Home", "News", "Sport", "Weather", "Travel", "Shop", "Contact us", "About the paper", "Jobs", "Help"]
)

NEWS = """\
The council voted on Tuesday to mend the bridge at Holme, which has been closed since the flood in March.
Work is to begin in May, the mayor said, and will cost four million pounds, of which the state pays half.
Anglers had asked for a footpath below the arches; there is to be none, for lack of money and of room."""

LIST = "\n".join(f"{n} cups of flour and {n + 3} eggs" for n in range(12))


def told(*texts: str, left_out: Sequence[Sequence[int]] = (), has_notice: bool = False) -> list[int]:
    """Lay texts out as a shard does, and tell them; left_out: lines of each that go."""
    data = np.frombuffer("\n".join(texts).encode(), dtype=np.uint8)
    spans, first, out, at = [], [0], [], 0
    for number, text in enumerate(texts):
        for place, line in enumerate(text.split("\n")):
            spans.append((at, at + len(line.encode())))
            out.append(number < len(left_out) and place in left_out[number])
            at += len(line.encode()) + 1
        first.append(len(spans))
    starts, ends = np.array(spans, dtype=np.int64).T.copy()
    bodies = Bodies(data, starts, ends, np.array(first, dtype=np.int64), np.array(out, dtype=np.bool_))
    return tell_documents(bodies, np.full(len(texts), has_notice), FILES).tolist()


def test_each_document_is_told_by_itself() -> None:
    """Verse, licences and policies are told apart from news, menus and recipes, in one call."""
    assert told(POEM, NEWS, LICENCE, MENU, CHINESE_POEM, LIST, PRIVACY) == [
        VERSE, ORDINARY, LEGAL, ORDINARY, VERSE, ORDINARY, LEGAL,
    ]  # fmt: skip


def test_what_goes_does_not_count() -> None:
    """A legal footer does not make a legal text of a page, nor an empty rest."""
    page = f"{NEWS}\n{LICENCE}"
    assert told(NEWS, page, left_out=[[], [3, 4, 5]]) == [ORDINARY, ORDINARY]
    assert told(LICENCE, left_out=[[0, 1, 2]]) == [ORDINARY]


def test_a_title_alone_tells_a_legal_text_where_a_notice_is_at_stake() -> None:
    """Not elsewhere: news may be of a printer; and no later line is a title."""
    titled = f"Imprint\n{NEWS}"
    assert told(titled) == [ORDINARY]
    assert told(titled, has_notice=True) == [LEGAL]
    assert told(f"{NEWS}\n{NEWS}\nImprint", has_notice=True) == [ORDINARY]
    lines = "\n".join(f"line {number} of the news" for number in range(20))
    assert told(f"{lines}\nImprint\n{NEWS}", left_out=[range(20)], has_notice=True) == [LEGAL]


def test_a_link_of_a_menu_is_no_title() -> None:
    """A title has prose below it; "Terms" above further links has none. It is none amid words of a form or a menu."""
    menu = ["Terms", "Map of the site", "11 01", "Bridge at Holme to be mended", "Town"]
    assert told("\n".join([*menu, NEWS]), has_notice=True) == [ORDINARY]
    assert told(f"Terms\n{NEWS}", has_notice=True) == [LEGAL]
    for line in ("Enter search terms", "Home About Privacy Terms"):
        assert told(f"{line}\n{NEWS}\n{NEWS}\n{NEWS}", has_notice=True) == [ORDINARY], line


def test_one_legal_word_said_often_is_not_enough() -> None:
    """An advert for a warranty is no licence; a licence of that length says several things."""
    advert = "\n".join(
        f"Buy the warranty number {n} for your car, for it has been on the road too long." for n in range(8)
    )
    assert told(advert, f"{LICENCE}\n{LICENCE}\n{LICENCE}") == [ORDINARY, LEGAL]


def test_nothing_is_told_of_nothing() -> None:
    """No documents, and empty ones."""
    assert told("") == [ORDINARY]
    no_places, no_answers = np.empty(0, dtype=np.int64), np.empty(0, dtype=np.bool_)
    nothing = Bodies(np.empty(0, dtype=np.uint8), no_places, no_places, np.zeros(1, dtype=np.int64), no_answers)
    assert tell_documents(nothing, no_answers, FILES).tolist() == []


words = st.sampled_from(
    [
        "the",
        "licence",
        "warranty",
        "liability",
        "herein",
        "bridge",
        "of",
        "Haftung",
        "Urheber",
        "umowa",
        "ust",
        "river",
        "7",
    ]
)


@given(st.lists(st.lists(words, min_size=1, max_size=30).map(" ".join), min_size=1, max_size=6))
def test_documents_of_ascii_are_told_as_one_by_one(lines: list[str]) -> None:
    """Counted together or read by itself, a document without a title is the same."""
    data = np.frombuffer("\n".join(lines).encode(), dtype=np.uint8)
    ends = np.cumsum([len(line) + 1 for line in lines]) - 1
    starts = ends - [len(line) for line in lines]
    kept = np.zeros(len(lines), dtype=np.bool_)
    found = told("\n".join(lines)) == [LEGAL]
    assert found == is_legal_document(
        Bodies(data, starts, ends, np.array([0, len(lines)]), kept), FILES, opens_with_notice=False
    )


SHAPES = {
    "": "n",
    "...": "ns",
    "12 %": "n",
    "7a": "n",
    "ab": "",
    "Я": "n",
    "是的": "",
    "Parameters:": "l",
    "参数：": "l",
    "- a pinch of salt": "l",
    "* salt and pepper": "l",
    "• Home": "l",
    "·Home": "l",
    "-5 degrees": "",
    "*Home": "",
    '"Yes, indeed he did say so in front of all the others."': "s",
    "«Да», — сказал он и вышел из комнаты, не оглянувшись ни разу на нас": "s",
    "「好」他说完就走了没有再回头看一眼这个地方的人们": "s",
    "— Who goes there, and what do you want of us at this hour": "s",
    "Yes.": "s",
    'He said "No!"': "s",
    "好。": "ns",
    "Front page | News": "",
    "This is a sentence of more than eight tokens, which is no speech.": "ls",
    "Dies ist ein Satz (mit mehr als acht Wörtern darin).": "ls",
    "This is no sentence although it has more than eight tokens in it": "",
    "\u25b6 \u2713": "n",
}


def test_shapes_are_seen() -> None:
    """Letters, labels and speech in several scripts; n: no letters, l: label, s: speech, ls: another sentence."""
    texts = list(SHAPES)
    data = np.frombuffer("\n".join(texts).encode(), dtype=np.uint8)
    sizes = np.array([len(text.encode()) for text in texts])
    ends = np.cumsum(sizes + 1) - 1
    flags = np.zeros(len(texts), dtype=np.uint8)
    n_tokens = np.array([len(text.split()) for text in texts])
    look_at_shapes(data, ends - sizes, ends, n_tokens, SENTENCE_TOKENS, np.uint8(1), np.uint8(2), np.uint8(4), flags)
    found = {
        text: "".join(name for bit, name in enumerate("nls") if flag >> bit & 1)
        for text, flag in zip(texts, flags, strict=True)
    }
    assert found == SHAPES
