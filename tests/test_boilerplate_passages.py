"""Notices that are cut into lines at no particular width, each of which is a paragraph."""

import pytest

import dedup
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
