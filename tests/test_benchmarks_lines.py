"""Labelled lines: pages are cut into the same lines every time, labels find theirs, and the figures count what went."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benchmarks.measurements import BenchmarkError
from benchmarks.quality.labelled import LabelledPage
from benchmarks.quality.line_pages import LinePage, html_lines, line_sha, mail_text
from benchmarks.quality.lines import (
    ALONE,
    CONTENT,
    LABELS,
    LineLabel,
    document_of,
    judge_lines,
    lines_lines,
    measure_lines,
    page_of,
    read_labels,
)

GOLD = "\n".join(
    f"The {name} was opened in the spring by the mayor, who said that the town had waited {years} years for a day on "
    "which the ferries could run again, and that nobody had believed it until the first boat had left the harbour."
    for name, years in (("harbour", 12), ("lighthouse", 31), ("railway", 7), ("market hall", 44))
)
CREDIT = "Reporting by Jane Doe; editing by John Roe"
COPYRIGHT = "© 2024 Example Media. All rights reserved."
NEWS = "The reporting by the two newspapers led to an inquiry into the cost of the harbour."
HTML = (
    "<html><head><title>Harbour</title><style>p {}</style></head><body><script>var x = 1;</script>"
    "<div class=nav><a href=/>Home</a><a href=/news>News</a></div>"
    + "".join(f"<p>{paragraph}</p>" for paragraph in GOLD.split("\n"))
    + f"<p>{NEWS}</p><p>Reporting by <b>Jane</b>\n Doe; editing by John Roe<br>© 2024 Example Media. "
    "All rights reserved.</p></body></html>"
)
MAIL = b"""From: a@example.org
Subject: boats

The ferries run again from Monday, and I have asked for the new timetable, which
is said to be on the door of the harbour master's office since last week already.

--\x20
Jane Doe
_______________________________________________
Boats mailing list
"""


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Make a folder of the four sets, of which one holds a page."""
    for name in ("aeb", "fundus_eval", "wcxb_dev", "daniel_tuning"):
        rows = [{"doc_id": "harbour", "html": HTML.encode(), "gold_text": f"{GOLD}\n{NEWS}"}] if name == "aeb" else []
        schema = pa.schema([("doc_id", pa.string()), ("html", pa.binary()), ("gold_text", pa.string())])
        pq.write_table(pa.Table.from_pylist(rows, schema=schema), tmp_path / f"{name}.parquet")
    return tmp_path


@pytest.fixture
def mail(tmp_path: Path) -> Path:
    """Make a folder of one folder of one mail."""
    folder = tmp_path / "mail" / "ham"
    folder.mkdir(parents=True)
    (folder / "00001.abc.txt").write_bytes(MAIL)
    return folder.parent


def label(text: str, line: int, what: str, *, set_name: str = "aeb", near: str | None = None) -> LineLabel:
    doc_id = "harbour" if set_name == "aeb" else "ham/00001.abc"
    return LineLabel(
        set_name=set_name, doc_id=doc_id, line=line, sha=line_sha(text), label=what, near=near, lang="en"
    )  # fmt: skip


def test_the_blocks_of_a_page_are_its_lines() -> None:
    """Head and scripts are left out, links side by side stay apart, inline tags do not part and line breaks do."""
    assert html_lines(HTML.encode()) == ["Home News", *GOLD.split("\n"), NEWS, CREDIT, COPYRIGHT]


def test_a_page_of_nothing_has_no_lines() -> None:
    """Neither no bytes nor a comment alone raise."""
    assert html_lines(b"") == []
    assert html_lines(b"<!-- nothing -->") == []


def test_deep_nesting_does_not_overflow() -> None:
    """A page that nests deeper than Python's stack gives its text."""
    assert html_lines(b"<div>" * 1500 + b"deep" + b"</div>" * 1500) == ["deep"]


def test_a_mail_without_plain_text_gives_the_lines_of_its_html() -> None:
    """The plain parts are preferred; without them the HTML is cut as a page is."""
    head = b"Content-Type: text/html\n\n"
    assert mail_text(head + b"<p>One</p><p>Two</p>") == "One\nTwo"
    assert mail_text(MAIL).split("\n")[-4:] == ["-- ", "Jane Doe", "_" * 47, "Boats mailing list"]


def test_a_line_is_put_where_it_stood() -> None:
    """A line of the gold text keeps its place, others go before or after it, and it stands there once."""
    lines = tuple(html_lines(HTML.encode()))
    page = LinePage(LabelledPage("aeb", "harbour", b"", f"{GOLD}\n{NEWS}"), lines)
    for number in range(len(lines)):
        text, start = document_of(page, number, "")
        assert text[start:].split("\n")[0] == lines[number]
        assert text.split("\n").count(lines[number]) == 1
    places = [document_of(page, number, "")[0].split("\n").index(lines[number]) for number in range(len(lines))]
    assert places == [0, 0, 1, 2, 3, 4, 5, 5]


def test_a_line_stands_where_it_stood_on_its_page() -> None:
    """All lines of the page are there, in order, and a mail is what it is, blank lines too."""
    lines = tuple(html_lines(HTML.encode()))
    page = LinePage(LabelledPage("aeb", "harbour", b"", GOLD), lines)
    for number, line in enumerate(lines):
        text, start = page_of(page, number)
        assert text.split("\n") == list(lines)
        assert text[start:].split("\n")[0] == line
    letter = LinePage(LabelledPage("mail", "a", b"", ""), ("One", "", "Two"), "One\n\n Two")
    assert page_of(letter, 2) == ("One\n\n Two", 5)


def test_a_line_can_be_judged_alone(data: Path) -> None:
    """What goes on a page full of boilerplate may stay where nothing else is: both are told."""
    profile = "Jane Doe can be reached at jdoe@example.com."
    furniture = (
        "We use cookies to improve your experience.",
        "Share on Facebook",
        "Sign up for our newsletter",
        COPYRIGHT,
    )
    paragraphs = "".join(f"<p>{line}</p>" for line in (*GOLD.split("\n"), profile, NEWS, *furniture))
    row = {"doc_id": "harbour", "html": f"<html><body>{paragraphs}</body></html>".encode(), "gold_text": GOLD}
    pq.write_table(pa.Table.from_pylist([row]), data / "aeb.parquet")
    labels = [label(profile, 4, "author-bio")]
    assert [line.category for line in judge_lines(data, None, labels)[0]] == ["author-bio"]
    assert [line.category for line in judge_lines(data, None, labels, ALONE)[0]] == [None]
    figures = measure_lines(data, None, labels)
    assert figures["halves"]["all"]["categories"]["author-bio"]["recall"] == 1.0
    assert figures["alone"]["all"]["categories"]["author-bio"]["recall"] == 0.0


def test_a_line_without_enough_text_around_it_goes_to_another_page() -> None:
    """A document that is all boilerplate would be kept whole."""
    page = LinePage(LabelledPage("aeb", "a", b"", "Too short."), (CREDIT,))
    text, start = document_of(page, 0, GOLD)
    assert text == f"{CREDIT}\n{GOLD}"
    assert start == 0


def test_lines_are_judged_by_what_was_removed(data: Path) -> None:
    """The credit and the notice go, the news stays; a wrong line number is mended by the digest."""
    labels = [
        label(CREDIT, 2, "wire-credit"),
        label(COPYRIGHT, 7, "photo-credit"),
        label(NEWS, 5, CONTENT, near="wire-credit"),
    ]
    judged, not_found = judge_lines(data, None, labels)
    assert not not_found
    assert {line.text: line.category for line in judged} == {
        CREDIT: "wire-credit", COPYRIGHT: "copyright", NEWS: None
    }  # fmt: skip


def test_figures_count_what_went(data: Path) -> None:
    """A content label on a line that goes lowers precision and what is kept, and a line that stays lowers recall."""
    labels = [
        label(CREDIT, 6, "wire-credit"),
        label(COPYRIGHT, 7, CONTENT, near="copyright"),
        label(NEWS, 5, "wire-credit"),
    ]
    figures = measure_lines(data, None, labels)
    rows = figures["halves"]["all"]["categories"]
    assert (rows["wire-credit"]["recall"], rows["wire-credit"]["precision"]) == (0.5, 1.0)
    assert (rows["copyright"]["lines"], rows["copyright"]["precision"], rows["copyright"]["near_kept"]) == (0, 0.0, 0.0)
    assert (rows["any"]["recall"], rows["any"]["precision"]) == (0.5, 0.5)
    assert figures["halves"]["all"][CONTENT]["kept"] == 0.0
    halves = [figures["halves"][half]["categories"]["any"]["lines"] for half in ("tuning", "held out")]
    assert sorted(halves) == [0, 2]
    assert any("all, wire-credit" in line for line in lines_lines(figures))


def test_lines_of_mails_are_judged_in_their_mail(data: Path, mail: Path) -> None:
    """A mail's line is found with the empty lines counted, and without the mails it is said to be missing."""
    what = label("Boats mailing list", mail_text(MAIL).split("\n").index("Boats mailing list"), "mailing-list",
                 set_name="mail")  # fmt: skip
    judged, not_found = judge_lines(data, mail, [what])
    assert [line.text for line in judged] == ["Boats mailing list"]
    assert not not_found
    assert judge_lines(data, None, [what]) == ([], {"mail": 1})


def test_a_label_of_another_text_finds_nothing(data: Path) -> None:
    """A line that is no longer there is counted, not guessed."""
    assert judge_lines(data, None, [label("Gone.", 6, "wire-credit")]) == ([], {"aeb": 1})


def test_labels_that_disagree_are_refused(tmp_path: Path) -> None:
    """Two files may name one line only with one label, and only known ones."""
    row = {"set": "aeb", "doc_id": "a", "line": 1, "sha": "0" * 12, "label": "share", "near": None, "lang": "en"}
    (tmp_path / "one.jsonl").write_text(json.dumps(row) + "\n")
    (tmp_path / "two.jsonl").write_text(json.dumps(row) + "\n")
    assert len(read_labels(tmp_path)) == 1
    (tmp_path / "two.jsonl").write_text(json.dumps({**row, "label": CONTENT}) + "\n")
    with pytest.raises(BenchmarkError, match="elsewhere"):
        read_labels(tmp_path)
    (tmp_path / "two.jsonl").write_text(json.dumps({**row, "label": "sharing"}) + "\n")
    with pytest.raises(BenchmarkError, match="no category"):
        read_labels(tmp_path)


def test_the_committed_labels_hold_no_text_and_are_enough() -> None:
    """Thousands of lines, many of them content, each by reference alone."""
    labels = read_labels()
    n_content = sum(label.label == CONTENT for label in labels)
    assert len(labels) >= 2000
    assert n_content >= 0.4 * len(labels)
    for path in LABELS.glob("*.jsonl"):
        for row in map(json.loads, path.read_text(encoding="utf-8").splitlines()):
            assert set(row) == {"set", "doc_id", "line", "sha", "label", "near", "lang"}
            assert len(row["sha"]) == 12
