"""Paragraphs of documents: spans and kinds with schema, for every mode and every kind of plain text."""

import re

import pyarrow as pa
import pytest
from reference.paragraphs import byte_place
from reference.paragraphs import split_paragraphs as reference_split

from dedup import paragraphs
from dedup.paragraphs import split_paragraphs
from dedup.schemas import DOCUMENTS, PARAGRAPH_KINDS, PARAGRAPHS
from dedup.settings import Settings

WRAPPED = """Network Working Group                                      A. Author

   This document describes a protocol by which two hosts that share a
   common interest may find out about each other without any need for
   a third party. Distribution of this memo is unlimited, and comments
   are welcome at any time.

   The second paragraph of this memo is as long as it has to be so that
   its lines are cut to the width of all of the others, as people used
   to do in those days.
"""
LINES = "First paragraph, on a line of its own.\nSecond one.\n\n\tThird\u00a0one. \r\nLast"

MAIL = """On Tuesday, Ann Other wrote:
> The pump in the north wing has been noisy since the last service, and
> nobody has had a look at it. I think that the bearing is worn, as it
> was two years ago.
>
>> Has anybody told the people who did the service?
> Not that I know of. The number must be in the book that hangs by the
> door of the workshop, or so I have been told.
I will call them in the morning, and ask whether they can come before
the end of the week.
--
Max Sample
Building services
"""

ITEMS = """Changes since the last release are few, and most of them were asked for
by those who use the program every day.
 - The list of jobs can be sorted by the time at which they were started,
   and by how long they have taken.
 - Crashes when the disk is full are gone.
 1. Numbers keep their place in lists that begin with one, too, even if
    they go on for a second line.

INSTALLATION
   Unpack the archive and run the script that you find in it, which asks
   for the folder to put everything into.
"""

MARKDOWN = """---
title: How to feed the cat
date: 2031-05-01
---

# How to feed the cat
The cat is fed twice a day, and not more often, whatever it says about
the matter when you come home.

~~~~
cat = Cat()

cat.feed(times=2)
~~~
~~~~

| Meal | Time |
|------|-----:|
| one  |    7 |
| two  |   18 |
That is all there is to say about the cat, unless it is away from home
for the night.
"""

PAGED = """The pages of this text have a header and a footer each, as memos used
to have when they were meant to be printed on paper of one size.

Author                    A Memo of Pages                  [Page 1]
\fMemo 4711                  A Memo of Pages                   June 2031

This page begins in the middle of a thought and it goes on for as long
as it takes to be one that is wrapped, which is not for very long.

Author                    A Memo of Pages                  [Page 2]
\fMemo 4711                  A Memo of Pages                   June 2031

The last page has even less to say than those before it, and says that
in a sentence which ends here.

Author                    A Memo of Pages                  [Page 3]
\fMemo 4711                  A Memo of Pages                   June 2031

There is one page more, and nothing is on it that anybody would want to
read, so that it ends before long.

Author                    A Memo of Pages                  [Page 4]
"""


def documents_of(texts: list[str]) -> pa.Table:
    n = len(texts)
    columns = [[f"d{row}" for row in range(n)], texts, ["memory"] * n, list(range(n))]
    return pa.table([pa.array(c, f.type) for c, f in zip(columns, DOCUMENTS, strict=True)], schema=DOCUMENTS)


def spans_of(texts: list[str], mode: str) -> list[tuple[int, int, int, int]]:
    found = split_paragraphs(documents_of(texts), Settings(paragraphs=mode))
    assert found.schema == PARAGRAPHS
    return [tuple(row.values()) for row in found.to_pylist()]


def paragraphs_of(text: str, kind: str | None = None) -> list[str]:
    """Give the paragraphs of one text, all of them or those of one kind."""
    data = text.encode()
    found = [(data[start:end].decode(), PARAGRAPH_KINDS[number]) for _, start, end, number in spans_of([text], "auto")]
    return [paragraph for paragraph, its_kind in found if kind in (None, its_kind)]


@pytest.mark.parametrize("mode", ["auto", "line", "block"])
def test_each_document_is_split_for_itself(mode: str) -> None:
    """Documents of every kind side by side are each split as they are alone."""
    texts = ["", WRAPPED, LINES, " \n ", WRAPPED.replace("\n", "\r\n"), MAIL, ITEMS, MARKDOWN, PAGED]
    expected = [
        (place, byte_place(text, start), byte_place(text, end), kind)
        for place, text in enumerate(texts)
        for start, end, kind in reference_split(text, mode)
    ]
    assert spans_of(texts, mode) == expected


def test_texts_among_very_many_lines_are_split_as_alone() -> None:
    """However many lines stand before and behind a text, its paragraphs are those that it has alone."""
    many = "A line.\n" * 10_000
    texts = [many, MAIL, many, MARKDOWN, PAGED, many * 3, WRAPPED, ITEMS]
    expected = [(place, *span[1:]) for place, text in enumerate(texts) for span in spans_of([text], "auto")]
    assert spans_of(texts, "auto") == expected


def test_compiling_is_told_where_a_text_needs_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever asks is told of each part that has to be compiled, and of none that no text needs."""
    monkeypatch.setattr(paragraphs, "is_compiled", lambda kernel: False)

    def told_of(text: str) -> list[str]:
        told: list[str] = []
        split_paragraphs(documents_of([text]), Settings(), told.append)
        return told

    assert told_of(LINES) == []
    assert told_of(WRAPPED) == ["wrapped text"]
    assert told_of(MARKDOWN) == ["code and tables", "wrapped text"]
    assert told_of(PAGED) == ["pages", "wrapped text"]


def test_blocks_where_lines_are_cut_and_lines_elsewhere() -> None:
    """`auto` takes the three blocks of a wrapped memo, and the four lines of flat text."""
    assert len(paragraphs_of(WRAPPED)) == 3
    assert paragraphs_of(LINES) == [
        "First paragraph, on a line of its own.",
        "Second one.",
        "Third\u00a0one.",
        "Last",
    ]


def test_wrapped_paragraphs_among_flat_ones_are_blocks() -> None:
    """One wrapped paragraph is one even if most of a text is not wrapped, and the lists around it stay lines."""
    prose = WRAPPED.split("\n\n")[1].strip()
    flat = "\n".join(f"Entry number {number} of the list" for number in range(20))
    found = paragraphs_of(f"{flat}\n\n{prose}\n\n{flat}")
    assert prose in found
    assert len(found) == 41


def test_a_list_of_names_is_not_prose() -> None:
    """Lines that do not run on are paragraphs each, though blank lines part them into blocks."""
    lists = "\n\n".join("\n".join(f"Sensor {a}{b} (not in use)" for b in "abcdef") for a in "xyz")
    assert len(paragraphs_of(lists)) == 18


def test_hyphens_at_the_ends_of_lines_stay() -> None:
    """A word divided at the end of a line is left as it is: nobody knows which hyphens belong there."""
    text = WRAPPED.replace("any need for\n   a third", "any need, self-\n   made or not, for a third")
    assert "self-\n   made or not" in paragraphs_of(text)[1]


def test_a_change_of_quotation_ends_a_paragraph() -> None:
    """Quotations and replies are apart without a blank line, and lines of quote marks alone are blank."""
    assert [paragraph.split("\n")[0] for paragraph in paragraphs_of(MAIL)] == [
        "On Tuesday, Ann Other wrote:",
        "> The pump in the north wing has been noisy since the last service, and",
        ">> Has anybody told the people who did the service?",
        "> Not that I know of. The number must be in the book that hangs by the",
        "I will call them in the morning, and ask whether they can come before",
        "Max Sample",
    ]


def test_from_behind_a_quote_mark_is_a_mailbox_escape() -> None:
    """Mailboxes write "From" at the beginning of a line behind a mark: no quotation begins there."""
    text = WRAPPED.replace("   a third party", ">From a third party")
    assert len(paragraphs_of(text)) == len(paragraphs_of(WRAPPED))


def test_items_and_headings_are_paragraphs() -> None:
    """An item goes with the lines that hang from it, and a heading is apart from the text under it."""
    assert [paragraph.split("\n")[0] for paragraph in paragraphs_of(ITEMS)] == [
        "Changes since the last release are few, and most of them were asked for",
        "- The list of jobs can be sorted by the time at which they were started,",
        "- Crashes when the disk is full are gone.",
        "1. Numbers keep their place in lists that begin with one, too, even if",
        "INSTALLATION",
        "Unpack the archive and run the script that you find in it, which asks",
    ]


def test_fields_of_a_header_are_paragraphs() -> None:
    """Each field of a mail's header goes with its folded lines, though nothing else in the text is wrapped."""
    header = "From nobody Mon\nReceived: from one host\n\tby another\n\tfor a third\nSubject: short\nTo: all of us"
    assert paragraphs_of(header + "\n\nShort.\n\nToo.") == [
        "From nobody Mon",
        "Received: from one host\n\tby another\n\tfor a third",
        "Subject: short",
        "To: all of us",
        "Short.",
        "Too.",
    ]


def test_what_is_no_prose_in_markdown_is_verbatim() -> None:
    """Front matter, fenced code with shorter fences in it, and a table are one paragraph each, blank lines and all."""
    verbatim = paragraphs_of(MARKDOWN, "verbatim")
    assert [paragraph.split("\n")[0] for paragraph in verbatim] == ["---", "~~~~", "| Meal | Time |"]
    assert [paragraph.split("\n")[-1] for paragraph in verbatim] == ["---", "~~~~", "| two  |   18 |"]
    assert [paragraph.split("\n")[0] for paragraph in paragraphs_of(MARKDOWN, "text")] == [
        "# How to feed the cat",
        "The cat is fed twice a day, and not more often, whatever it says about",
        "That is all there is to say about the cat, unless it is away from home",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "---\nNothing here is a key\n---\n",  # a drawn line
        "Text\n---\ntitle: x\n---\n",  # not at the beginning
        "---\ntitle: x\nand prose that is no value\n---\n",
        "---\ntitle: x\n",  # never closed
        "```\nnever closed\n",
        "~~~~~~~~~\nLines drawn around a text\n~~~~~~~~~\n",
        "~~~~\n\nand between two of them\n~~~~\n",
        "Title\n`````\nText.\n\nOther\n`````\nText.",  # underlined headings
        "``` a `quoted` word ```\n```\n",
        "> ```\n> quoted\n\nnot quoted\n```\n",  # closed in another quotation
        "a | b\n---\nc | d\n",  # two columns over one
        "a | b\n+---+---+\n",
        "|---|---|\n| a | b |\n",  # no head
    ],
)
def test_marks_elsewhere_mean_nothing(text: str) -> None:
    """What only looks like front matter, code or a table is text."""
    assert paragraphs_of(text, "verbatim") == []


def test_furniture_of_pages_is_apart_and_named() -> None:
    """Headers and footers are paragraphs of their kinds, though no blank line parts them from the text."""
    tight = PAGED.replace("\n\nAuthor", "\nAuthor").replace("June 2031\n\n", "June 2031\n")
    for text in (PAGED, tight):
        assert paragraphs_of(text, "running-footer") == [
            f"Author                    A Memo of Pages                  [Page {number}]" for number in (1, 2, 3, 4)
        ]
        assert len(paragraphs_of(text, "running-header")) == 3
        assert [paragraph.split()[0] for paragraph in paragraphs_of(text, "text")] == ["The", "This", "The", "There"]


def test_a_page_break_ends_a_paragraph_and_is_in_none() -> None:
    """A form feed is white space that ends a paragraph, even in the middle of a sentence or a line."""
    text = WRAPPED.replace("find out about", "find\fout about")
    assert paragraphs_of(text)[1].endswith("may find")
    assert not any("\f" in paragraph for paragraph in paragraphs_of(text))


def pages_of(header: str, footer: str, *, break_by: str = "\n\f", n_pages: int = 5, n_lines: int = 30) -> str:
    """Give pages of text, no line of which is like another."""
    pages = []
    for page in range(n_pages):
        body = "\n".join(
            f"Line {chr(97 + line)} of leaf {chr(97 + page)} says what it says." for line in range(n_lines)
        )
        pages.append("\n\n".join([header.format(page + 7), body, footer.format(page + 7)]))
    return break_by.join(pages)


@pytest.mark.parametrize(
    ("header", "footer", "kinds"),
    [
        ("A Book of Pages", "{}", {"running-header": 5, "page-number": 5}),
        ("{}", "Made by Nobody", {"page-number": 5, "running-footer": 5}),
        ("Of Winds      {}", "- {} -", {"running-header": 5, "page-number": 5}),
        ("A", "Page {} of 90", {"running-footer": 5}),  # a word alone is a heading, perhaps
        ("A Book of Pages", "Made by Nobody", {}),  # nothing counts pages
        ("Chapter {}", "The end of a chapter", {}),
        ("{}. The heading of a section", "", {}),
    ],
)
def test_furniture_is_what_counts_pages_or_stands_on_them(header: str, footer: str, kinds: dict[str, int]) -> None:
    """Numbers that count pages make furniture of what recurs at their edges; headings that count do not."""
    found = [PARAGRAPH_KINDS[kind] for _, _, _, kind in spans_of([pages_of(header, footer)], "auto") if kind]
    assert {kind: found.count(kind) for kind in found} == kinds


def test_pages_without_form_feeds_are_known_by_their_distance_or_name() -> None:
    """Blank lines around numbers make pages if these say so or stand at one distance; chapters are neither."""
    even = pages_of("A Book of Pages", "{}", break_by="\n\n\n")
    assert len(paragraphs_of(even, "page-number")) == 5
    uneven = even.replace("Line b of leaf b says what it says.\n", "")
    uneven = uneven.replace("Line c of leaf d says what it says.\n", "")
    assert paragraphs_of(uneven, "page-number") == []
    named = re.sub(r"^([0-9]+)$", r"Page \1", uneven, flags=re.MULTILINE)
    assert len(paragraphs_of(named, "running-footer")) == 5


def test_chapters_behind_form_feeds_are_no_pages() -> None:
    """Where form feeds part more than a page holds, nothing is furniture, whatever counts."""
    assert paragraphs_of(pages_of("{}", "", n_lines=400), "page-number") == []
    assert len(paragraphs_of(pages_of("{}", "", n_lines=40), "page-number")) == 5
