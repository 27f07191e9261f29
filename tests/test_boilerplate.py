"""Boilerplate in documents: what goes, what stays, and which documents are protected."""

from collections.abc import Sequence
from pathlib import Path
from time import process_time

import numpy as np
import pyarrow as pa
import pytest

from dedup.boilerplate import cue_limits, cue_tables, cue_tokens, find_boilerplate
from dedup.boilerplate.rule_files import tokens_of
from dedup.errors import SchemaError
from dedup.fingerprints import fingerprint_paragraphs
from dedup.schemas import BOILERPLATE, DOCUMENTS, PARAGRAPHS, TEXT, empty_table
from dedup.settings import Settings
from dedup.token_tables import make_cue_tables

SEEDS = Path(__file__).parent.parent / "seeds"

STORY = [
    "The council met on Tuesday to discuss the new bridge over the river, which had been closed since the floods.",
    "Residents had waited for months, and many came to hear what the engineers had found in their survey.",
    "Work is expected to begin in March and to take about two years, the mayor told the meeting.",
    "The old bridge was built in 1904 by a firm from Leeds and carried trams until the fifties.",
    "A second crossing further north has been proposed several times but was never funded by the county.",
]

# None of these stands in a rule file: they show that rules know kinds, not lines.
VARIANTS = [
    ("wire-credit", "CNN's Jane Doe, John Roe and Maria Sánchez contributed to this report."),
    ("wire-credit", "AP sports writer Mike Fitzpatrick in New York contributed to this report."),
    ("wire-credit", "This story includes reporting by The Associated Press."),
    ("wire-credit", "With files from Reuters and CBC News"),
    ("wire-credit", "Reporting by Andrius Sytas in Vilnius, writing by Sabine Siebold, editing by Ros Russell"),
    ("copyright", "©2024 Cable News Network. A Warner Bros. Discovery Company. All Rights Reserved."),
    ("copyright", "(c) 2023 CNN. All rights reserved."),
    ("copyright", "© 2025 UC Regents. All Rights Reserved | Terms & Conditions | Privacy Policy"),
    ("photo-credit", "(Photo by Jane Doe/AFP via Getty Images)"),
    ("photo-credit", "Image credits: NASA/JPL-Caltech"),
    ("newsletter", "Get the day's top headlines delivered to your inbox every morning."),
    ("newsletter", "Sign up to receive our weekly newsletter."),
    ("read-more", "Read More: Five things to know"),
    ("share", "Share this article on Facebook, Twitter or WhatsApp"),
    ("share", "Follow us on X @newsroom"),
    ("cookie", "We and our partners use cookies to personalise content and ads."),
    ("advert", "Article continues below advertisement"),
    ("comments", "Comments are now closed for this article."),
    ("legal-disclaimer", "The opinions expressed here are solely those of the author."),
    ("legal-disclaimer", "This article is not financial advice. Do your own research before investing."),
    ("paywall", "You have read all three of your free articles this month."),
    ("paywall", "To keep reading, create a free account or log in."),
    ("paywall", "Full access to this article is reserved for members."),
    ("mailing-list", "To unsubscribe from this list, send an empty mail to towns-leave@lists.example.org."),
    ("mailing-list", 'You received this message because you are subscribed to the Google Groups "towns" group.'),
    ("mailing-list", "You are receiving this newsletter because you signed up at our shop."),
    ("mail-signature", "Sent from my Galaxy S24"),
    ("mail-signature", "Get Outlook for Android"),
    ("mail-signature", "This message has been checked for viruses by our mail gateway, MailScanner."),
    (
        "confidentiality",
        "This message is meant only for the person it is addressed to and may be privileged. If it reached you in "
        "error, tell the sender and delete the message and its attachments.",
    ),
    ("confidentiality", "If you are not the intended recipient of this e-mail, you must not copy or disclose it."),
    ("author-bio", "Send tips to anna.roe@example.com"),
    ("author-bio", "You can follow her on Bluesky @annaroe"),
    ("legal-disclaimer", "Trading in cryptocurrencies carries a high level of risk, and you may lose money."),
    ("advert", "This article was paid for by our sponsors."),
    (
        "repost-disclaimer",
        "Statement: The content of this article is reprinted from other media for the purpose of conveying more "
        "information and does not mean this site agrees with its views. If the work involves copyright problems, "
        "contact us within 30 days and we will delete it.",
    ),
    (
        "repost-disclaimer",
        "The copyright of this work is held by its original author. It is shared here for information only and is "
        "not investment advice. Should any rights be violated, notify us and we will take it down. Thanks!",
    ),
]

TRAPS = [
    "Disclaimer: I look forward to Paul's results",
    "Reporting from the Front - INDEX",
    "Google will phase out cookies next year, and we use cookies less than before, an analyst wrote.",
    "If you think your copyright has been infringed, you can contact the platform and ask it to remove the post.",
    "A court found that the song infringed the copyright of its author.",
    "Patent infringement suits against the company have not been settled.",
    "Sign up for Disney+ and watch it tonight.",
    "Chapter 12",
    "Parameters",
    "Comments",
    "- Dua Lipa",
    "- Share on Facebook",
    "Share prices fell",
    "Comments from the minister",
    "Advertisement spending rose 3 %",
    "Reuters reported that the bank had failed.",
    "Reuters contributed $5m to the fund.",
    "Kristina Kormilitsyna/AP",
    "“Seriously? Did you run out of mirrors?” she said.",
    '"We use cookies to track you," the notice read.',
    "Photo: The bridge after the flood",
    "| Reuters | 1851 | London |",
    "Nor all thy tears wash out a word of it",
    "Copyright (c) 1992-2013 The University of Tennessee,",
    "Subscribers of the paper doubled in a year.",
    "To continue reading the sensor, the loop sleeps for a second.",
    "Anna Roe is a writer.",
    "The letter was sent from my aunt's house.",
    "The e-mail was confidential, the minister said, and intended only for the cabinet.",
    "To unsubscribe a listener, call off() with its name.",
]


def make_tables(texts: Sequence[str]) -> tuple[pa.Table, pa.Table]:
    """Give DOCUMENTS and PARAGRAPHS (the lines that are not blank) of some texts."""
    n = len(texts)
    columns = [[f"d{i}" for i in range(n)], list(texts), ["test"] * n, list(range(n))]
    documents = pa.table([pa.array(c, f.type) for c, f in zip(columns, DOCUMENTS, strict=True)], schema=DOCUMENTS)
    rows: list[tuple[int, int, int]] = []
    for document, text in enumerate(texts):
        at = 0
        for line in text.split("\n"):
            if line.strip():
                start = at + len(line[: len(line) - len(line.lstrip())].encode())
                rows.append((document, start, start + len(line.strip().encode())))
            at += len(line.encode()) + 1
    paragraphs = [pa.array([row[i] for row in rows], pa.int64()) for i in range(3)]
    paragraphs.append(pa.array([TEXT] * len(rows), pa.int8()))
    return documents, pa.table(paragraphs, schema=PARAGRAPHS)


def find(texts: Sequence[str], settings: Settings | None = None) -> list[tuple[int, str, str]]:
    """Give (document, rule, text that goes) of every hit."""
    documents, paragraphs = make_tables(texts)
    hits = find_boilerplate(documents, paragraphs, settings or Settings()).hits
    owners = paragraphs["document"].to_pylist()
    return [
        (
            owners[hit["paragraph"]],
            hit["rule"],
            texts[owners[hit["paragraph"]]].encode()[hit["start"] : hit["end"]].decode(),
        )
        for hit in hits.to_pylist()
    ]


def put_into_story(line: str, at: int = 3) -> str:
    return "\n".join([*STORY[:at], line, *STORY[at:]])


def test_seeds_lose_two_wire_credits_and_one_disclaimer() -> None:
    """The sample documents hold three pieces of boilerplate, and nothing else in them is touched."""
    texts = [path.read_text(encoding="utf-8") for path in sorted(SEEDS.glob("*.txt"))]
    hits = find(texts)
    assert [(document, rule.split("/")[0], text.split()[0], text.split()[-1]) for document, rule, text in hits] == [
        (0, "wire-credit", "Reuters", "report."),
        (1, "wire-credit", "This", "Press"),
        (1, "repost-disclaimer", "Disclaimer:", "you."),
    ]


@pytest.mark.parametrize("at", [0, 3, 5])
@pytest.mark.parametrize(("category", "line"), VARIANTS)
def test_variants_are_found(category: str, line: str, at: int) -> None:
    """A wording that no rule file holds is found, wherever it stands in a story, and nothing else goes."""
    assert [(rule.split("/")[0], text) for _, rule, text in find([put_into_story(line, at)])] == [(category, line)]


@pytest.mark.parametrize("line", TRAPS)
def test_traps_are_kept(line: str) -> None:
    """Content that has the words of boilerplate stays."""
    assert find([put_into_story(line), put_into_story(line, 5)]) == []


def test_the_end_of_a_paragraph_goes_without_the_paragraph() -> None:
    """A credit behind a story's last sentence goes with the space before it; the sentence stays."""
    text = "\n".join([*STORY, "“É só isso,” he said. (Reporting by Will Dunham; Editing by Tom Brown)"])
    assert find([text]) == [(0, "wire-credit/reporting-by", " (Reporting by Will Dunham; Editing by Tom Brown)")]


@pytest.mark.parametrize("n_sentences", [5, 30, 60, 500])
def test_the_end_of_a_long_paragraph_goes_too(n_sentences: int) -> None:
    """Of a line too long to be tried, the end is tried; offsets hold behind wide characters."""
    text = "\n".join([*STORY, "Das Öl brennt noch. " * n_sentences + "Reuters contributed to this report."])
    assert find([text]) == [(0, "wire-credit/contributed", " Reuters contributed to this report.")]


def test_who_the_author_is_goes_from_the_last_paragraphs() -> None:
    """A footer about the author goes from the end of an article; the same words within it stay."""
    line = "Anna Roe is a staff writer at The Example who covers rivers and bridges."
    assert find([put_into_story(line, 5)]) == [(0, "author-bio/post-they-hold", line)]
    assert find([put_into_story(line, 2)]) == []


def test_a_category_that_is_off_finds_nothing() -> None:
    """`without` switches a category off, for paragraphs that are of it only in part as well."""
    texts = [
        put_into_story("Reuters contributed to this report."),
        put_into_story("© 2024 Reuters. Share this article."),
    ]
    assert len(find(texts)) == 2
    assert find(texts, Settings(without=("wire-credit", "copyright"))) == []


def test_a_document_of_boilerplate_alone_keeps_it() -> None:
    """Hits that would take more than the allowed share of a document do not count."""
    line = "Reuters contributed to this report."
    assert find([line]) == []
    assert find(["Ten dead.\n" + line]) == []
    assert find(["Ten dead.\n" + line], Settings(max_boilerplate_share=0.9)) == [(0, "wire-credit/contributed", line)]


LICENCE = """MIT License
Copyright (c) 2020 Jane Doe
Permission is hereby granted, free of charge, to any person obtaining a copy of this software, to deal in it freely.
The above copyright notice and this permission notice shall be included in all copies of the software.
The software is provided without warranty of any kind, and the authors are not liable for damages.
All rights reserved."""

COOKIE_POLICY = """Cookie Policy
This website uses cookies to improve your experience while you navigate through the website.
A cookie is a small file. The law asks us to tell you which ones there are and what they do.
We use cookies to measure traffic. You can opt out in your browser.
Session cookies are deleted when you close it; others stay for a year, unless you delete them."""


@pytest.mark.parametrize(
    "text",
    [
        LICENCE,
        COOKIE_POLICY,
        "Copyright 1997 Jane Doe\nThese files may be used by anyone.",
        "The Library of Bridges and Harbours\nCopyright 1997 Jane Doe\nThese files may be used by anyone who can read.",
        "The Bridge Library\nThe author of this software is John Roe.\nCopyright 1997 by Jane Doe.",
    ],
)
def test_legal_texts_keep_everything(text: str) -> None:
    """A licence is no boilerplate to itself, nor a cookie policy, nor the header of a licensed file."""
    assert find([text]) == []


def test_below_prose_a_notice_is_a_footer() -> None:
    """However short the text, a notice that ends it goes unless but a line or two stand above."""
    prose = "The bridge was closed for repairs on Monday, and nobody in the town knows when it will open again."
    footer = "Copyright 1997 Jane Doe"
    assert find([f"The Bridge\n{prose}\n{footer}"]) == [(0, "copyright/notice", footer)]


def test_lines_that_recur_are_judged_each_at_its_place() -> None:
    """A rule that holds at a document's end alone takes the last of three equal lines, in each of two documents."""
    line = "If it worked for you, please leave us a comment with a photo!"
    story = "\n".join(f"The {n}th boat left the harbour before noon, and came back late." for n in range(4, 16))
    documents = [f"{line}\n{story}\n{line}\n{story}\n{line}"] * 2
    tables = make_tables(documents)
    hits = find_boilerplate(*tables, Settings()).hits
    starts = tables[1].column("start").to_pylist()
    taken = [(paragraph, starts[paragraph]) for paragraph in hits["paragraph"].to_pylist()]
    assert taken == [(26, documents[0].rindex(line)), (53, documents[1].rindex(line))]


def test_sentences_that_are_all_boilerplate_go_together() -> None:
    """A paragraph goes if each of its sentences would, and stays if one of them says something."""
    gone = "Reuters contributed to this report. © 2024 Example Media. All rights reserved."
    kept = "Copyright 2024 Example Media. The bridge opens on Monday."
    assert find([put_into_story(gone), put_into_story(kept)]) == [(0, "wire-credit/contributed", gone)]


def test_flags_and_token_counts_change_nothing() -> None:
    """The compiled prefilter spares work: the table is the same with it and without."""
    texts = [put_into_story(line) for _, line in VARIANTS] + [put_into_story("© 1996-2026 NETGEAR", 5)]
    documents, paragraphs = make_tables(texts)
    cues = set(cue_tokens(Settings()))
    lines = [line for text in texts for line in text.split("\n")]
    flagged = np.array([bool(cues & set(tokens_of(line))) for line in lines])
    n_tokens = np.array([len(tokens_of(line)) for line in lines], dtype=np.int64)
    plain = find_boilerplate(documents, paragraphs, Settings()).hits
    assert plain.num_rows == len(texts)
    assert find_boilerplate(documents, paragraphs, Settings(), n_tokens, flagged).hits.equals(plain)
    limits = cue_limits(Settings())
    assert {cue.removeprefix("^").split(" ")[-1] for cue in limits} == cues
    kernel, _ = fingerprint_paragraphs(documents, paragraphs, cue_tables(Settings()), Settings())
    assert kernel.n_tokens.tolist() == n_tokens.tolist()
    assert find_boilerplate(documents, paragraphs, Settings(), n_tokens, kernel.flagged).hits.equals(plain)
    assert not (kernel.flagged & ~flagged).any()
    assert kernel.flagged.sum() < flagged.sum()


@pytest.mark.parametrize(
    ("text", "is_flagged"),
    [
        ("a rare word", True),
        ("a RARE", True),
        ("none of them " * 10 + "rare", False),
        ("follow her", True),
        ("follow him, her", False),
        ("her follow", False),
        ("her", False),
        ("see what there is", True),
        ("It is gone. See there", True),
        ("(see there", True),
        ("you see", False),
        ("you, see", False),
        ("a b c d e f g h i j k reporting by", True),
        ("reporting by a b c d e f g h i j k", False),
        ("meet her a b c d e f g h i j k", True),
        ("follow her a b c d e f g h i j k", False),
        ("", False),
    ],
)
def test_a_cue_counts_where_it_may_stand(text: str, is_flagged: bool) -> None:
    """The prefilter heeds the word before the second of two, the beginnings of sentences, and lengths."""
    cues = {"rare": (9, 0), "follow her": (9, 0), "meet her": (20, 0), "^see": (9, 0), "reporting by": (9, 3)}
    documents, paragraphs = make_tables([text])
    found, _ = fingerprint_paragraphs(documents, paragraphs, make_cue_tables(cues), Settings())
    assert found.flagged.tolist() == [is_flagged] * len(paragraphs)


def test_chunked_and_sliced_tables_give_the_same() -> None:
    """Chunks and slices of the input make no difference."""
    texts = [put_into_story(line) for _, line in VARIANTS]
    documents, paragraphs = make_tables(texts)
    plain = find_boilerplate(documents, paragraphs, Settings()).hits
    chunked = pa.concat_tables([documents.slice(0, 3), documents.slice(3, 5), documents.slice(8)])
    assert find_boilerplate(chunked, paragraphs, Settings()).hits.equals(plain)
    assert find_boilerplate(
        documents, pa.concat_tables([paragraphs.slice(0, 7), paragraphs.slice(7)]), Settings()
    ).hits.equals(plain)


def test_empty_and_blank_input_gives_an_empty_table() -> None:
    """No documents, and documents without paragraphs, give BOILERPLATE without rows."""
    for texts in ([], ["", "\n \n"]):
        documents, paragraphs = make_tables(texts)
        assert find_boilerplate(documents, paragraphs, Settings()).hits.equals(empty_table(BOILERPLATE))


def test_a_table_of_another_schema_is_refused() -> None:
    """SchemaError names the table and the column."""
    documents, paragraphs = make_tables(["a"])
    with pytest.raises(SchemaError):
        find_boilerplate(paragraphs, paragraphs, Settings())
    with pytest.raises(SchemaError):
        find_boilerplate(documents, documents, Settings())


@pytest.mark.parametrize(
    "piece", ["Reuters contributed to ", "share ", ". ", "© ", "( ", " ", "copyright | ", "»", "A/"]
)
def test_a_huge_line_costs_little(piece: str) -> None:
    """A line of a megabyte is neither decoded whole nor searched by any pattern."""
    text = "x" + piece * (1_000_000 // len(piece)) + "cookies"
    documents, paragraphs = make_tables([text])
    flagged = np.ones(paragraphs.num_rows, dtype=np.bool_)
    began = process_time()
    find_boilerplate(documents, paragraphs, Settings(), None, flagged)
    assert process_time() - began < 2  # seconds; the work is some milliseconds
