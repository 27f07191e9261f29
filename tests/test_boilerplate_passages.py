"""Notices that are cut into lines at no particular width, each of which is a paragraph."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import dedup
from dedup.boilerplate.passages import LEAST_LINE_BYTES, MOST_GAP, MOST_LINE_BYTES, MOST_LINES
from dedup.kernels.passages import find_passages
from tests.test_boilerplate import find

ABOVE = (
    "The bridge was opened in 1904 by a firm from Leeds.\n\nIt carried trams until the fifties, and a market since.\n\n"
)
NOTICE = (
    "You are receiving this e-mail because you\n"
    "subscribed to the letter of our list on\n"
    "the web site some time ago. To unsubscribe from this\n"
    "list, please reply with the word remove.\n"
)


def taken_from(text: str) -> str:
    """Give what goes of a text as boilerplate, all of it joined."""
    result = dedup.clean([text])
    return "".join(row["text"] for row in result.removed.to_pylist() if row["reason"] == "boilerplate")


def test_wrapped_notice_goes_with_all_its_lines() -> None:
    """Lines that are sentences only together are tried together; they go, and count once as company of others."""
    hits = find([ABOVE + NOTICE])
    assert [text for _, _, text in hits] == NOTICE.splitlines()
    assert {rule.split("/")[0] for _, rule, _ in hits} == {"mailing-list"}
    assert taken_from(ABOVE + NOTICE).split() == NOTICE.split()


@pytest.mark.parametrize(
    "text",
    [
        NOTICE.replace("\n", "\n\n"),  # paragraphs of their own
        "We told them to go on as if nothing had been\nsaid, and they wrote to us:\n" + NOTICE.replace("\n", "\n> "),
        NOTICE.replace("\nsubscribed", "\nSubscribed").replace("\nthe web", "\nThe web").replace("\nlist,", "\nList,"),
    ],
)
def test_lines_that_are_no_notice_together_stay(text: str) -> None:
    """Lines with a blank one between, with a sentence of the text among them, or each with a capital are not joined."""
    assert "web site" not in taken_from(ABOVE + text)


def test_what_stands_below_a_notice_stays() -> None:
    """A link or a heading below a label is not taken for the rest of its sentence."""
    below = "Read more about the bridge\nand the market that was held on it in winter\n"
    assert "winter" not in taken_from(ABOVE + below + ABOVE)


def test_wrapped_notice_is_restored() -> None:
    """What went line by line comes back byte for byte."""
    text = ABOVE + NOTICE.replace("\n", "  \r\n   ")
    result = dedup.clean([text])
    assert "web site" not in result.documents["text"][0].as_py()
    assert dedup.restore(result)["text"].to_pylist() == [text]


def goes_on(line: str, between: str, below: str) -> bool:
    """Say whether a line goes on in the next, as find_passages does."""
    first, last = below[:1], line[-1:]
    is_small = "a" <= first <= "z" or ("ß" <= first <= "џ" and first.islower())
    n_bytes = len(line.encode())
    return (
        is_small
        and LEAST_LINE_BYTES <= n_bytes <= MOST_LINE_BYTES
        and last not in '.!?:;|>"'
        and len(between) <= MOST_GAP
        and between.count("\n") == 1
    )


WORDS = st.sampled_from(
    ["word", "Éa", "été", "жук", "Жук", "łza", "Łza", "źle", "ğ", "Ğ", "ωμέγα", "日本", "12", "an unusually long word"]
)
LINES = st.tuples(
    st.lists(WORDS, min_size=1, max_size=9).map(" ".join),
    st.sampled_from(["", "", "", ".", ":", ","]),
    st.sampled_from(["\n", "\n", "\r\n", "\n  ", "\n\n", " \n" + " " * 9]),
)


@given(st.lists(st.lists(LINES, min_size=1, max_size=16), max_size=3), st.data())
def test_passages_are_runs_of_lines_that_go_on(
    documents: list[list[tuple[str, str, str]]], data: st.DataObject
) -> None:
    """They are all runs of lines of one document that go on, but those that are too long or hold no cue."""
    text, starts, ends, first, expected = "", [], [], [0], []
    for lines in documents:
        run = [len(starts)]
        for number, (words, mark, between) in enumerate(lines):
            if number and not goes_on("".join(lines[number - 1][:2]), lines[number - 1][2], words):
                expected.append((run[0], len(starts) - 1))
                run = [len(starts)]
            starts.append(len(text.encode()))
            text += words + mark
            ends.append(len(text.encode()))
            text += between
        expected.append((run[0], len(starts) - 1))
        first.append(len(starts))
    cues = data.draw(st.lists(st.booleans(), min_size=len(starts), max_size=len(starts)))
    edges = np.empty((len(starts), 2), dtype=np.int64)
    n_found = find_passages(
        np.frombuffer(text.encode(), dtype=np.uint8), *(np.array(column, dtype=np.int64) for column in (starts, ends)),
        np.array(first, dtype=np.int64), np.ones(len(starts), dtype=np.bool_), np.array(cues, dtype=np.bool_),
        LEAST_LINE_BYTES, MOST_LINE_BYTES, MOST_GAP, MOST_LINES, edges,
    )  # fmt: skip
    wanted = [(a, b) for a, b in expected if b > a and b - a < MOST_LINES and any(cues[a : b + 1])]
    assert edges[:n_found].tolist() == [list(pair) for pair in wanted]
