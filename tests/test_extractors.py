"""Pages to text and metadata: what every extractor does with pages as they come."""

import sys
from dataclasses import replace

import pytest

from dedup.extraction.extractors import extract_page
from dedup.extraction.pages import Extracted, Page, PageError
from dedup.extraction.titles import without_site, without_title
from dedup.settings import EXTRACTORS

PROSE = [
    "The council voted on Tuesday to keep the old library open until the end of next year, after long debate.",
    "Several members said that the decision had been difficult, because the roof must be repaired before winter comes.",
    "Readers who had gathered in front of the town hall cheered when the result was announced late in the evening.",
]
PARAGRAPHS = "".join(f"<p>{line}</p>" for line in PROSE)


def extract(body: str, head: str = "", extractor: str = "trafilatura", url: str | None = None) -> Extracted:
    html = f"<!DOCTYPE html><html lang='en'><head><meta charset='utf-8'>{head}</head><body>{body}</body></html>"
    return extract_page(Page(html.encode(), url), extractor, None, "reject")


@pytest.mark.parametrize("extractor", EXTRACTORS)
def test_an_article_comes_out_a_paragraph_a_line(extractor: str) -> None:
    """Prose is kept, the frame around it is not, and the extractor is told."""
    body = (
        f"<nav><a href='/'>Home</a> <a href='/x'>Sport</a></nav><article>{PARAGRAPHS}</article><footer>Imprint</footer>"
    )
    found = extract(body, extractor=extractor)
    assert found.text.split("\n") == PROSE
    assert found.extractor == extractor
    assert (found.encoding, found.n_replaced, found.language) == ("utf-8", 0, "en")


@pytest.mark.parametrize("extractor", EXTRACTORS)
def test_the_title_leaves_the_first_lines(extractor: str) -> None:
    """The heading, with the site's name or without, is the title and no line of the text."""
    head = "<title>Library stays open | Daily Bugle</title><meta property='og:site_name' content='Daily Bugle'>"
    found = extract(f"<article><h1>Library stays open</h1>{PARAGRAPHS}</article>", head, extractor)
    assert (found.title, found.site_name) == ("Library stays open", "Daily Bugle")
    assert found.text.split("\n") == PROSE


def test_a_title_further_down_or_alone_stays() -> None:
    """Only the first lines are looked at, and never is a text left empty."""
    lines = [*PROSE, "Another sentence that is no title at all.", "Library stays open"]
    assert without_title("\n".join(lines), ["Library stays open"]) == "\n".join(lines)
    assert without_title("Library stays open", ["Library stays open"]) == "Library stays open"


@pytest.mark.parametrize(
    ("first", "leaves"),
    [
        ("LIBRARY STAYS OPEN FOR NOW", True),
        ("Library stays open for now - Daily Bugle", False),  # known titles hold this one too
        ("“Library stays open, for now”", True),
        ("Library stays closed in spite of everything", False),
        ("Library", False),
    ],
)
def test_near_titles_are_told_from_sentences(first: str, leaves: bool) -> None:
    text = without_title("\n".join([first, *PROSE]), ["Library stays open for now"])
    assert (text == "\n".join(PROSE)) is leaves


@pytest.mark.parametrize(
    ("title", "cut"),
    [
        ("Library stays open | Daily Bugle", "Library stays open"),
        ("Daily Bugle: Library stays open", "Daily Bugle: Library stays open"),  # a colon without a space is part of it
        ("Daily Bugle - Library stays open", "Library stays open"),
        ("Library stays open – dailybugle", "Library stays open"),
        ("Spider-Man - a menace", "Spider-Man - a menace"),
    ],
)
def test_only_the_name_of_the_site_is_cut_off_a_title(title: str, cut: str) -> None:
    assert without_site(title, ["Daily Bugle", "dailybugle.com"]) == cut


def test_stated_metadata_comes_first() -> None:
    """JSON-LD names authors and date; entities, "By" and addresses are no part of them; the canonical address wins."""
    head = """<title>T</title><link rel="canonical" href="/news/1"><meta property="og:locale" content="de_AT">
    <script type="application/ld+json">{"@graph": [{"@type": "WebPage", "author": {"@type": "Organization",
    "name": "Bugle"}}, {"@type": "NewsArticle", "headline": "Stays &amp; opens",
    "datePublished": "2024-03-05T08:00:00Z", "author": [{"@type": "Person", "name": "By Ann Lee"},
    {"@type": "Person", "name": "Bo Li"},
    {"@type": "Person", "name": "https://example.org/people/1"}]}]}</script>"""
    found = extract(PARAGRAPHS, head, url="https://example.org/x?utm=1")
    assert (found.title, found.author, found.date) == ("Stays & opens", "Ann Lee; Bo Li", "2024-03-05")
    assert (found.url, found.language) == ("https://example.org/news/1", "en")


@pytest.mark.parametrize("extractor", EXTRACTORS)
def test_a_language_of_xhtml_is_a_language(extractor: str) -> None:
    """XHTML states the language as xml:lang, often alone."""
    html = f"""<?xml version="1.0" encoding="UTF-8"?><html xmlns="http://www.w3.org/1999/xhtml" xml:lang="de-AT">
    <head><title>T</title></head><body>{PARAGRAPHS}</body></html>"""
    assert extract_page(Page(html.encode()), extractor, None, "reject").language == "de"


@pytest.mark.parametrize("extractor", EXTRACTORS)
def test_a_date_is_a_day_of_the_calendar(extractor: str) -> None:
    """What looks like a date and is none is passed over."""
    head = "<meta name='date' content='2019-02-31'><meta name='dcterms.created' content='2019-03-01'>"
    assert extract(PARAGRAPHS, head, extractor).date == "2019-03-01"


@pytest.mark.parametrize(
    ("stated", "author"),
    [
        (["Smith, John A.", "Lee, Ann"], "Smith, John A.; Lee, Ann"),
        (["Ann Lee, Max Moe and Eve Roe"], "Ann Lee; Max Moe; Eve Roe"),
        (["Wei Li", "Wei Lin", "Lin"], "Wei Li; Wei Lin"),
        (["Jane Doe, PhD"], "Jane Doe, PhD"),
        (["张三、李四"], "张三; 李四"),
    ],
)
def test_names_are_told_apart(stated: list[str], author: str) -> None:
    """A family name before its comma stays with the given one; a name within a longer word is another's."""
    head = "".join(f"<meta name='citation_author' content='{name}'>" for name in stated)
    assert extract(PARAGRAPHS, head).author == author


def test_an_organisation_gives_way_to_a_person_that_signed() -> None:
    data = '{"@type": "Article", "author": {"@type": "Organization", "name": "Bugle"}}'
    head = f'<script type="application/ld+json">{data}</script>'
    assert extract(f"<article><p class='byline'>By Ann Lee</p>{PARAGRAPHS}</article>", head).author == "Ann Lee"
    assert extract(f"<article>{PARAGRAPHS}</article>", head).author == "Bugle"


@pytest.mark.parametrize("extractor", EXTRACTORS)
def test_broken_json_is_read_as_far_as_it_goes(extractor: str) -> None:
    head = '<script type="application/ld+json">{"headline": "Stays open", "datePublished": "2024-03-05", oops</script>'
    found = extract(f"<article>{PARAGRAPHS}</article>", head, extractor)
    assert (found.title, found.date) == ("Stays open", "2024-03-05")


@pytest.mark.parametrize(
    "data", ["[]", "null", '"text"', "[[[]]]", '{"author": 5, "headline": {}, "@type": 3}', "[" * 100_000, "{",
             '{"@type":["A",1]}']
)  # fmt: skip
@pytest.mark.parametrize("extractor", ["trafilatura", "fast"])
def test_odd_json_is_no_reason_to_fail(data: str, extractor: str) -> None:
    found = extract(
        f"<article>{PARAGRAPHS}</article>", f'<script type="application/ld+json">{data}</script>', extractor
    )
    assert found.text.split("\n") == PROSE


def test_a_page_that_says_nothing_has_no_metadata() -> None:
    found = extract_page(Page(f"<html><body>{PARAGRAPHS}</body></html>".encode()), "trafilatura", None, "reject")
    said = (found.title, found.author, found.date, found.site_name, found.url, found.language)
    assert said == (None, None, None, None, None, None)


@pytest.mark.parametrize("extractor", EXTRACTORS)
@pytest.mark.parametrize(
    "html",
    [
        b"",
        b"<html></html>",
        b"<html><body></body></html>",
        b"<html><body><script>var text = 'none of this is seen';</script></body></html>",
        b"<html><head><title>Frames</title></head><frameset cols='20%,80%'><frame src='a.html'></frameset></html>",
        b"   \n",
        b"<!-- nothing -->",
    ],
)
def test_a_page_without_visible_text_is_an_empty_document(html: bytes, extractor: str) -> None:
    found = extract_page(Page(html), extractor, None, "reject")
    assert (found.text, found.extractor) == ("", None)


@pytest.mark.parametrize("extractor", EXTRACTORS)
def test_what_is_no_text_is_rejected(extractor: str) -> None:
    with pytest.raises(PageError) as caught:
        extract_page(Page(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\1\0\0\0\1\0\x08\6\0\0\0" * 20), extractor, None, "reject")
    assert caught.value.stage == "decode"


@pytest.mark.parametrize("extractor", EXTRACTORS)
def test_text_for_browsers_without_scripts_is_the_last_resort(extractor: str) -> None:
    """A page that shows nothing else gives its <noscript>, and says which extractor had to do that."""
    found = extract(f"<div id='app'></div><noscript>{PARAGRAPHS}</noscript>", extractor=extractor)
    assert PROSE[0] in found.text
    assert found.extractor is not None


def test_lists_tables_and_code_keep_their_lines() -> None:
    """An item, a heading, a row or a line of code a line, without marks of Markdown; code keeps its indentation."""
    body = f"""<article><h1>T</h1>{PARAGRAPHS}<h2>What to bring</h2><ul><li>A library card that is valid</li>
    <li>A pencil and a sheet of paper</li></ul><table><tr><th>Day</th><th>Hours</th></tr>
    <tr><td>Monday</td><td>9 to 5</td></tr></table><pre><code>def visit(library):
    return library.open()</code></pre>{PARAGRAPHS}</article>"""
    lines = extract(body).text.split("\n")
    for line in (
        "What to bring", "A library card that is valid", "A pencil and a sheet of paper", "Day | Hours",
        "Monday | 9 to 5", "def visit(library):", "    return library.open()",
    ):  # fmt: skip
        assert line in lines


@pytest.mark.parametrize("lines", ["make all\n    make install", "<b>make</b> all<br>    make install"])
def test_preformatted_text_keeps_its_lines_unless_in_a_cell(lines: str) -> None:
    """What is no code to the extractor has its lines and its indentation too; a row of a table stays one line."""
    table = f"<table><tr><th>Step</th><th>Line</th></tr><tr><td>1</td><td><pre>{lines}</pre></td></tr></table>"
    found = extract(f"<article><h1>T</h1>{PARAGRAPHS}<pre>{lines}</pre>{table}</article>").text.split("\n")
    place = found.index("make all")
    assert found[place + 1] == "    make install"
    assert "1 | make all make install" in found


def test_the_headings_of_a_manual_stay() -> None:
    """The extractor drops headings over lists of terms and over listings; they are put in again, in their places."""
    sections = "".join(
        f"<div class='refsect1'><a name='{name}'></a><h2>{name}</h2><dl><dt><code>{name.lower()}</code></dt>"
        f"<dd><p>{line}</p></dd></dl></div>"
        for name, line in zip(("Parameters", "Notes", "Examples"), PROSE, strict=True)
    )
    lines = extract(f"<div class='refentry'><h1>DROP RULE</h1>{PARAGRAPHS}{sections}</div>").text.split("\n")
    for name in ("Parameters", "Notes", "Examples"):
        assert lines.count(name) == 1
        assert lines[lines.index(name) + 1] == name.lower()


def test_a_table_that_lays_out_the_page_is_no_table() -> None:
    """Pages of old put everything into one table: its text comes in paragraphs, not as one row."""
    body = f"<table><tr><td><a href='/'>Home</a></td><td><h1>T</h1>{PARAGRAPHS * 2}</td></tr></table>"
    text = extract(body).text
    assert " | " not in text
    assert set(PROSE) <= set(text.split("\n"))


def test_lines_that_are_all_link_leave_an_article() -> None:
    """Between the paragraphs of an article they point to other pages; a link within a paragraph is text."""
    head = '<meta property="og:type" content="article">'
    teaser = "<p><a href='/1'>MAYOR SAYS THE NEW BUDGET LEAVES NO ROOM FOR BOOKS</a></p>"
    within = "<p>The mayor <a href='/2'>had said in May</a> that she would rather sell the building than repair it.</p>"
    body = f"<article>{PARAGRAPHS}{teaser}{within}{PARAGRAPHS.replace('library', 'museum')}</article>"
    for extractor in ("trafilatura", "fast"):
        text = extract(body, head, extractor).text
        assert "MAYOR SAYS" not in text
        assert "had said in May" in text


@pytest.mark.parametrize(
    "line",
    [
        "Совет проголосовал во вторник за то, чтобы старая библиотека оставалась открытой до конца следующего года.",
        "市议会周二投票决定，在经过五个小时的辩论之后，旧图书馆将继续开放到明年年底，许多读者对此感到高兴。",
        "صوت المجلس يوم الثلاثاء على إبقاء المكتبة القديمة مفتوحة حتى نهاية العام المقبل بعد نقاش دام خمس ساعات.",
        "Fish &amp; chips cost 5 &lt; 6 &euro; at the &#8220;old&#8221; pier, which has been open since the year 1902.",
    ],
)
@pytest.mark.parametrize("extractor", EXTRACTORS)
def test_text_of_any_script_and_entities_come_out_as_written(line: str, extractor: str) -> None:
    from html import unescape

    found = extract(f"<article><p>{line}</p>{PARAGRAPHS}</article>", extractor=extractor)
    assert found.text.split("\n")[0] == unescape(line)


def test_characters_that_cannot_be_decoded_reject_or_are_counted() -> None:
    """Many make a page that nobody can read: rejected, unless it is to be repaired."""
    page = Page(b"<html><body><p>" + (b"word \x81\x8d\x8f\x90\x9d " * 50) + b"</p></body></html>")
    with pytest.raises(PageError, match="cannot be decoded as utf-8"):
        extract_page(page, "trafilatura", "utf-8", "reject")
    assert extract_page(page, "trafilatura", "utf-8", "repair").n_replaced == 250


def test_the_same_page_gives_the_same_answer_whatever_came_before() -> None:
    """No page leaves anything behind: a page seen four times is the same the fifth time."""
    body = f"<article><h1>T</h1>{PARAGRAPHS * 3}</article>"
    first = extract(body, url="https://example.org/")
    for _ in range(4):
        extract(body.replace("library", "theatre"))
        assert extract(body, url="https://example.org/") == replace(first)


@pytest.mark.parametrize("extractor", EXTRACTORS)
def test_deep_nesting_is_refused_before_it_costs_time(extractor: str) -> None:
    """A page nested past all sense is refused; one nested deeper than a parser follows still gives its text."""
    with pytest.raises(PageError, match="nested"):
        extract("<div>" * 100_000 + PARAGRAPHS, extractor=extractor)
    assert PROSE[0] in extract("<div>" * 1_000 + PARAGRAPHS + "</div>" * 1_000, extractor=extractor).text
    assert PROSE[0] in extract("<div></div>" * 10_000 + PARAGRAPHS, extractor=extractor).text


def test_settings_and_records_import_no_extractor() -> None:
    """What the main program imports of extraction costs nothing."""
    import subprocess

    code = (
        "import sys, dedup, dedup.extraction.pages, dedup.extraction.extractors; "
        "print([name for name in ('trafilatura', 'lxml', 'resiliparse', 'htmldate') if name in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
