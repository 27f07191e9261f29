"""Signatures and list footers at the ends of mail, known by the line or the closing above them."""

import numpy as np
import pytest

from dedup.boilerplate.signatures import AFTER_CLOSING, AFTER_DASHES, BELOW_LINE, MOST_LINES, find_signatures
from dedup.settings import Settings
from tests.test_boilerplate import find

HEAD = "From: joe@example.org\nSubject: the bridge\n\n"
BODY = (
    "I have looked at the bridge again, and I think that the second pier should be moved.\n"
    "It will cost more than we thought, but it will stand when the river is in flood.\n"
    "The council wants to see a drawing of it before the end of the month, so please hurry.\n"
)
SIGNATURE = "Joe Bloggs, Bridges Ltd\nhttp://bridges.example.org\n"
FOOTER = "Bridges mailing list\nBridges@lists.example.org\nhttp://lists.example.org/listinfo/bridges\n"
STROKES = "_" * 47


def signatures_of(text: str) -> list[tuple[str, str]]:
    """Give (title, text) of each signature of a document whose lines are its paragraphs."""
    data = np.frombuffer(text.encode(), dtype=np.uint8)
    spans, at = [], 0
    for line in text.split("\n"):
        if line.strip():
            spans.append((at, at + len(line.rstrip().encode())))
        at += len(line.encode()) + 1
    starts, ends = (np.array([span[i] for span in spans], dtype=np.int64) for i in (0, 1))
    found = find_signatures(data, starts, ends, np.array([0, len(spans)], dtype=np.int64))
    return [(signature.title, text.encode()[signature.start : signature.end].decode()) for signature in found]


@pytest.mark.parametrize(
    ("text", "titles"),
    [
        (BODY + "-- \n" + SIGNATURE, [AFTER_DASHES[1]]),
        (HEAD + BODY + "--\n" + SIGNATURE, [AFTER_DASHES[1]]),
        ("Hello all,\n\n" + BODY + "\n--\n" + SIGNATURE, [AFTER_DASHES[1]]),
        (BODY + "\n" + STROKES + "\n" + FOOTER, [BELOW_LINE[1]]),
        (BODY + "\n--\n" + FOOTER, [BELOW_LINE[1]]),
        (BODY + "\n" + "-" * 69 + "\nTo unsubscribe, e-mail: dev-unsubscribe@example.org\n", [BELOW_LINE[1]]),
        (HEAD + BODY + "-- \n" + SIGNATURE + "\n" + STROKES + "\n" + FOOTER, [AFTER_DASHES[1], BELOW_LINE[1]]),
        (BODY + "\n--\n" + SIGNATURE + "--\n" + FOOTER, [AFTER_DASHES[1], BELOW_LINE[1]]),  # a list carries mail
        (BODY + "\nJoe.\n-- \n" + SIGNATURE, [AFTER_DASHES[1]]),  # a short line that nothing underlines
        (BODY + "-- \n<joe@example.org>  Joe Bloggs  <http://joe.example.org/>\n", [AFTER_DASHES[1]]),
        (HEAD + BODY + "-- \nNo bridge is an island.\n\t-- the ferryman\n", [AFTER_DASHES[1]]),
        (HEAD + BODY + " -- \n" + SIGNATURE, [AFTER_DASHES[1]]),
        (HEAD + BODY + "- -- \n" + SIGNATURE, [AFTER_DASHES[1]]),  # so is a line with dashes sent where a key signs
        (HEAD + BODY + "- -- \n- " + "-" * 60 + "\n" + SIGNATURE, [AFTER_DASHES[1]]),
        (HEAD + BODY + "\n--Joe\n", [AFTER_DASHES[1]]),
        (BODY + "\n-- joe b.\n\n" + STROKES + "\n" + FOOTER, [AFTER_DASHES[1], BELOW_LINE[1]]),
        (BODY + "-- \n" + SIGNATURE + "-----BEGIN GEEK CODE BLOCK-----\n" + "GCS d- s+\n" * 9, [AFTER_DASHES[1]]),
    ],
)
def test_signatures_are_found(text: str, titles: list[str]) -> None:
    """What is below "--" or strokes goes from there to the end, and nothing above."""
    found = signatures_of(text)
    assert [title for title, _ in found] == titles
    assert text.rstrip().endswith("".join(below for _, below in found))
    assert not any("pier" in below for _, below in found)


@pytest.mark.parametrize(
    "text",
    [
        BODY + "\n---\n" + SIGNATURE,  # a rule of Markdown
        HEAD + BODY + "\n--\n" + BODY * 4,  # prose goes on
        HEAD + BODY + "\n--\n" + "A line of prose that is far too long for a signature, since " * 3,
        HEAD + BODY + "\n-- \n" + SIGNATURE * MOST_LINES,
        BODY + "\n--\n" + SIGNATURE,  # no mail
        BODY + "-- \n-- a comment\n",
        HEAD + BODY + "-- \n<p>a page</p>\n",
        BODY + "\n" + STROKES + "\n" + SIGNATURE,  # no list
        BODY + "\nMailing lists\n-------------\nSubscribe at http://lists.example.org/listinfo/bridges\n",  # a heading
        HEAD + "> quoted\n\nselect 1;\n--\n-- a comment\n--\nselect 2;\n",
        HEAD + "| a | b |\n|--|--|\n| 1 | 2 |\n",
        HEAD + BODY + "-- \n",
        HEAD + BODY + "No bridge is an island.\n-- the ferryman\n",  # who said what stands above
        BODY + "\n--verbose\n",  # no mail
        "-- \n" + SIGNATURE,
        HEAD + BODY + "\n--\nThe pier that we lost\n--\nCould you make that shorter for me by the end of it?\n",
    ],
)
def test_other_text_is_left_alone(text: str) -> None:
    """Rules of Markdown, tables, code, headings, and text that goes on afterwards are no signatures."""
    assert signatures_of(text) == []


def test_signatures_go_with_their_delimiter() -> None:
    """Each paragraph from the delimiter on is a hit, and the categories switch them off."""
    text = HEAD + BODY * 2 + "-- \n" + SIGNATURE + STROKES + "\n" + "Irish Bridges: bridges@lists.example.ie\n"
    gone = [(rule, line) for _, rule, line in find([text])]
    assert gone == [
        ("mail-signature/after-dashes", "--"),
        *(("mail-signature/after-dashes", line) for line in SIGNATURE.splitlines()),
        ("mailing-list/below-line", STROKES),
        ("mailing-list/below-line", "Irish Bridges: bridges@lists.example.ie"),
    ]
    assert find([text], Settings(without=("mail-signature", "mailing-list"))) == []


def test_a_mail_on_a_licence_loses_its_footer_alone() -> None:
    """What is written below the dashes is no part of the legal text above, of which nothing goes."""
    licence = (
        "Permission is hereby granted to use, copy, modify and distribute this work. All rights reserved.\n"
        "The licensor gives no warranty and accepts no liability under this license.\n"
    )
    text = HEAD + licence * 3 + "-- \n" + SIGNATURE + "--\n" + FOOTER
    assert [line for _, _, line in find([text])] == ["--", *SIGNATURE.splitlines(), "--", *FOOTER.splitlines()]


def test_a_delimiter_below_prose_is_cut_from_it() -> None:
    """Where a block is a paragraph, the end of it goes from the delimiter on."""
    data = np.frombuffer((HEAD + BODY + "--\n" + SIGNATURE).encode(), dtype=np.uint8)
    starts, ends = np.array([0]), np.array([len(data) - 1])
    assert find_signatures(data, starts, ends, np.array([0, 1])) == []  # "--" at no edge of it
    cut = len(HEAD + BODY) + 2
    (found,) = find_signatures(data, np.array([0, cut + 1]), np.array([cut, len(data) - 1]), np.array([0, 2]))
    assert (found.start, found.end) == (len(HEAD + BODY), len(data) - 1)


def test_no_paragraphs_have_no_signatures() -> None:
    """Nothing in, nothing out."""
    none = np.empty(0, dtype=np.int64)
    assert find_signatures(np.empty(0, dtype=np.uint8), none, none, np.zeros(1, dtype=np.int64)) == []


@pytest.mark.parametrize(
    "signed",
    [
        "Best regards,\nJoe Bloggs\nBridges Ltd\n",
        "Yours faithfully,\nP. J. Hargreaves\nHonorary Secretary",
        "KIND REGARDS\n\nTomas Lindgren\nHead of Bridges | Nord AB\nwww.nord.example",
        "Mit freundlichen Grüßen\nAnna Beck\nLeiterin Brückenbau\nTel. 030 1234",
        "С уважением,\nИван Петров\nДиректор",
    ],
)
def test_signatures_below_a_closing_are_found(signed: str) -> None:
    """A name and a title or an address below "Best regards," go, and the closing with them."""
    assert signatures_of(f"Dear all,\n\n{BODY}\n{signed}") == [(AFTER_CLOSING[1], signed.rstrip())]


def test_a_closing_may_stand_above_other_signatures() -> None:
    """What follows the closing ends where dashes or the footer of a list begin."""
    signed, footer = "Regards,\nJoe Bloggs\nBridges Ltd\n", f"{STROKES}\n{FOOTER}"
    found = signatures_of(HEAD + BODY + signed + footer)
    assert found == [(AFTER_CLOSING[1], signed), (BELOW_LINE[1], footer.rstrip())]


@pytest.mark.parametrize(
    "end",
    [
        "Best,\nLena",  # a name alone is part of the letter
        "Thanks,\nJoe\nDid you see the drawing?",
        "Regards,\nJoe Bloggs\n" + BODY,
        "Best\nthe second pier\nthe third pier",  # no name
        "Cheers\nJoe Bloggs\n- item\n- item",
        "Best regards to all of you.\nJoe Bloggs\nBridges Ltd",
        "Best regards,\n" + "Joe Bloggs\n" * (MOST_LINES + 1),
        "Best regards,\nJoe Bloggs\nP.S. The nails are in the shed",
        "Yours sincerely,\nJoe Bloggs\nEnclosed: plan of the second pier",
        "Mit freundlichen Grüßen\nEva Braun-Licht\nAnlagen: zwei Skizzen",
        "Kind regards,\nJoe Bloggs\nPlease give the plan to whoever has it.",
    ],
)
def test_other_ends_of_letters_stay(end: str) -> None:
    """Names alone, prose, lists, what is too long, and what letters have below the name stay."""
    assert signatures_of(f"Dear all,\n\n{BODY}\n{end}") == []


def test_a_closing_needs_a_letter_above_it() -> None:
    """A document that begins with it has nothing that it could close."""
    assert signatures_of("Best regards,\nJoe Bloggs\nBridges Ltd") == []


def test_an_advert_may_part_a_signature_from_the_footer_of_a_list() -> None:
    """Whoever carries the list puts an advert above its footer; the signature above both is found."""
    advert = "-" * 55 + "\nThis sf.net email is sponsored by: Boats Inc\nLearn to sail\n"
    found = signatures_of(f"{HEAD}{BODY}-- \n{SIGNATURE}{advert}{STROKES}\n{FOOTER}")
    assert [title for title, _ in found] == [AFTER_DASHES[1], BELOW_LINE[1]]
    assert found[0][1] == f"-- \n{SIGNATURE}"


def test_strokes_below_dashes_adorn_the_signature() -> None:
    """A row of strokes right below "-- " is part of what it begins."""
    text = f"{HEAD}{BODY}-- \n-----------------\n{SIGNATURE}"
    assert signatures_of(text) == [(AFTER_DASHES[1], text[text.index("-- ") :].rstrip())]
