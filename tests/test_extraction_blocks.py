"""Blocks of a page, what is measured of them, and how the extractor's text is mended by the model's word."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.quality.block_labels import label_blocks
from benchmarks.quality.tree_arrays import complete_tree
from dedup.extraction.blocks import (
    COMMENT,
    FIGURE,
    FORM,
    FRAME,
    FRAME_NAME,
    HIDDEN,
    ITEM,
    MAIN,
    N_BOXES,
    N_NAMES,
    QUOTE,
    TABLE,
    Block,
    find_blocks,
)
from dedup.extraction.measures import FOUND, PageSays, measure_blocks, share_found
from dedup.extraction.selection import MODEL, mend_text, mend_with
from dedup.extraction.trees import parse_tree
from dedup.forests import Trees


def blocks_of(body: str) -> list[Block]:
    tree = parse_tree(f"<html><head><title>T</title></head><body>{body}</body></html>")
    assert tree is not None
    return find_blocks(tree)


def block(text: str, n_linked: int = 0, tag: str = "p", place: int = MAIN) -> Block:
    return Block(text, n_linked, tag, place, 3)


def test_blocks_end_where_boxes_do() -> None:
    """Inline elements and comments part nothing, boxes and line breaks do; scripts have no text."""
    found = blocks_of(
        "one <b>two</b><!-- no --> three<p>four<br>five</p>"
        "six<script>no()</script> seven<div><div>eight</div></div>nine"
    )
    assert [b.text for b in found] == ["one two three", "four", "five", "six seven", "eight", "nine"]
    assert [b.tag for b in found] == ["body", "p", "p", "body", "div", "body"]
    assert [b.depth for b in found] == [0, 1, 1, 0, 2, 0]


def test_characters_in_links_are_counted() -> None:
    found = blocks_of("<p>see <a href='/'>this <i>page</i></a> now</p><p><a href='/'>all of it</a></p><p>none</p>")
    assert [(b.text, b.n_linked) for b in found] == [("see this page now", 8), ("all of it", 9), ("none", 0)]


@pytest.mark.parametrize(
    ("html", "place"),
    [
        ("<nav>x</nav>", FRAME),
        ("<header>x</header>", FRAME),
        ("<article><header>x</header></article>", MAIN),  # an article's own
        ("<main><p>x</p></main>", MAIN),
        ("<div role='navigation'>x</div>", FRAME),
        ("<div class='site-menu'>x</div>", FRAME_NAME),
        ("<div class='menuhin'>x</div>", 0),
        ("<div hidden>x</div>", HIDDEN),
        ("<div style='display: none'>x</div>", HIDDEN),
        ("<ul><li>x</li></ul>", ITEM),
        ("<table><tr><td>x</td></tr></table>", TABLE),
        ("<div id='comments'>x</div>", COMMENT),
        ("<figure><figcaption>x</figcaption></figure>", FIGURE),
        ("<blockquote>x</blockquote>", QUOTE),
        ("<form>x</form>", FORM),
    ],
)
def test_where_a_block_stands_is_told(html: str, place: int) -> None:
    [found] = blocks_of(html)
    assert found.place == place


def test_no_page_is_too_deep_to_walk() -> None:
    """A tree far deeper than Python recurses is walked to its end."""
    from lxml.html import Element

    root = Element("html")
    inner = body = Element("body")
    root.append(body)
    for _ in range(5000):
        child = Element("div")
        inner.append(child)
        inner = child
    inner.text = "deep down"
    [found] = find_blocks(root)
    assert (found.text, found.depth) == ("deep down", 5000)
    while inner is not body:  # taken apart from inside: lxml frees a tree by recursion
        parent = inner.getparent()
        parent.remove(inner)
        inner = parent


def test_what_stands_alike_and_together_is_told() -> None:
    """Blocks of one kind share tag and class of the nearest two boxes; boxes are numbered from the inside out."""
    item = "<div class='card'><p>one</p></div>"
    one, other, last = blocks_of(f"<div id='authorBio'>{item}{item}</div><p>a <b>bold</b> word</p>")
    assert one.kind == other.kind == ("div card", "p")
    assert last.kind == ("body", "p")
    assert len({one.boxes[0], one.boxes[1], other.boxes[0], other.boxes[1]}) == 4
    assert one.boxes[2] == other.boxes[2]
    assert last.n_emphasized == len("bold")
    assert one.names == 0  # of its own box, which has no name
    [author] = blocks_of("<div class='authorBio'>x</div>")
    [bio] = blocks_of("<div class='bio'>x</div>")
    assert author.names == bio.names == bio.names_around != 0
    assert one.names_around & bio.names == bio.names


def test_shares_found_are_counted_by_hand() -> None:
    """Four words have two runs of three; short blocks must be a line; Chinese is compared by characters."""
    text = "a b c x\nshort one\n" + "我們今天早上去北京參觀了很多地方然後回家吃晚飯也看了電視新聞"
    chinese = "我們今天早上去北京參觀了很多地方然後回家吃了一頓飯再看電影"
    blocks = [block("a b c d"), block("short one"), block("short"), block(chinese)]
    # of its 27 runs of three characters, the 19 within the first 21 characters are found
    assert share_found(blocks, text).tolist() == [0.5, 1.0, 0.0, pytest.approx(19 / 27)]


@given(
    st.lists(
        st.builds(
            Block,
            st.text("ab .", min_size=1).map(lambda t: " ".join(t.split()) or "x"),
            st.just(0),
            st.sampled_from(["p", "h2", "div", "unknown"]),
            st.integers(0, 1023),
            st.integers(0, 9),
            st.just(1),
            st.lists(st.integers(0, 9), max_size=N_BOXES).map(tuple),
            st.tuples(st.sampled_from(["div", "p a"]), st.sampled_from(["div", "p a"])),
            st.integers(0, 2**N_NAMES - 1),
            st.integers(0, 2**N_NAMES - 1),
        ),
        min_size=1,
        max_size=40,
    ),
    st.text("ab .\n"),
)
def test_measures_are_numbers_for_any_page(blocks: list[Block], text: str) -> None:
    """As many rows as blocks and as many columns as the model asks for, all finite, a probability for each."""
    evidence = measure_blocks(
        blocks, text, text, PageSays(titles=("ab a",), descriptions=("ab ab b aaaaaaaaaaaaaaaaaaaa",))
    )
    assert len(evidence) == len(blocks)
    assert evidence.shape[1] > MODEL.features.max()
    assert np.isfinite(evidence).all()
    probabilities = MODEL.probabilities(evidence)
    assert ((probabilities > 0) & (probabilities < 1)).all()


def test_trees_are_followed_as_by_hand() -> None:
    """Depth 2: at most 1 goes left; leaf values of both trees and the baseline add up to log odds."""
    trees = Trees(
        features=np.array([[0, 1, 1], [1, 0, 0]]),
        thresholds=np.array([[1.0, 5.0, 7.0], [5.0, np.inf, np.inf]]),
        leaves=np.array([[0.1, 0.2, 0.3, 0.4], [1.0, 1.0, 2.0, 2.0]]),
        baseline=-1.0,
    )
    evidence = np.array([[1.0, 5.0], [1.0, 6.0], [2.0, 7.0], [2.0, 8.0]])
    scores = np.array([0.1 + 1.0, 0.2 + 2.0, 0.3 + 2.0, 0.4 + 2.0]) - 1.0
    assert trees.probabilities(evidence) == pytest.approx(1 / (1 + np.exp(-scores)))


def test_a_tree_with_early_leaves_is_made_complete() -> None:
    """A leaf above the last level gives its value whichever way is taken."""
    fields = [
        ("is_leaf", bool),
        ("feature_idx", int),
        ("num_threshold", float),
        ("left", int),
        ("right", int),
        ("value", float),
    ]
    nodes = np.array([(False, 3, 0.5, 1, 2, 0.0), (True, 0, 0.0, 0, 0, -1.5), (True, 0, 0.0, 0, 0, 2.5)], dtype=fields)
    features, thresholds, leaves = complete_tree(nodes, 4)
    assert (features[0], thresholds[0]) == (3, 0.5)
    assert len(features) == len(thresholds) == 15
    assert leaves == [-1.5] * 8 + [2.5] * 8


def test_missed_blocks_go_where_they_stood(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the model calls content and the extractor left out comes between the lines that surround it."""
    likely = Trees(np.zeros((1, 1), dtype=np.int64), np.zeros((1, 1)), np.zeros((1, 2)), 5.0)
    monkeypatch.setattr("dedup.extraction.selection.MODEL", likely)
    items = [" ".join(f"word{n}x{k}" for k in range(12)) for n in range(30)]
    blocks = [
        block("Our chairs", tag="h1"),
        block(items[0]),
        *(block(item, tag="div") for item in items[1:]),
        block("Ask us."),
    ]
    text, has_added = mend_text(f"{items[0]}\nAsk us.", blocks, "\n".join(items), PageSays())
    lines = text.split("\n")
    assert has_added
    assert lines.index(items[0]) < lines.index(items[7]) < lines.index(items[21]) < lines.index("Ask us.")
    assert len(lines) == len(set(lines))


def test_headings_go_over_what_they_head(monkeypatch: pytest.MonkeyPatch) -> None:
    """A heading comes before the line that stands below it, though the same heading and line occur elsewhere."""
    likely = Trees(np.zeros((1, 1), dtype=np.int64), np.zeros((1, 1)), np.zeros((1, 2)), 0.0)
    monkeypatch.setattr("dedup.extraction.selection.MODEL", likely)
    lines = ["None at all are known.", "word " * 20, "None at all are known.", "end " * 20]
    blocks = [
        block("Parameters", tag="h2"),
        block(lines[0]),
        block(lines[1]),
        block("Errors and faults", tag="h2"),
        block("Of all kinds", tag="h3"),
        block(lines[2]),
        block("Left out", tag="h2"),
        block("what nobody found in this page"),
        block(lines[3]),
    ]
    text, has_added = mend_text("\n".join(lines), blocks, "", PageSays(is_article=True))
    assert has_added
    assert text.split("\n") == [
        "Parameters", lines[0], lines[1], "Errors and faults", "Of all kinds", lines[2], lines[3],
    ]  # fmt: skip


def test_what_a_page_says_twice_for_screen_readers_is_added_once(monkeypatch: pytest.MonkeyPatch) -> None:
    likely = Trees(np.zeros((1, 1), dtype=np.int64), np.zeros((1, 1)), np.zeros((1, 2)), 5.0)
    monkeypatch.setattr("dedup.extraction.selection.MODEL", likely)
    titles = [" ".join(f"word{n}x{k}" for k in range(6)) for n in range(9)]
    blocks = [
        block("Our chairs", place=MAIN),
        *(block(title) for title in titles for _ in range(2)),
        block("3"),
        block("3", place=TABLE),
    ]
    lines = mend_text("Our chairs", blocks, "", PageSays())[0].split("\n")
    assert lines == ["Our chairs", *titles, "3", "3"]


def test_a_page_without_blocks_keeps_its_text() -> None:
    assert mend_text("text", [], "", PageSays()) == ("text", False)


PROSE = [" ".join(f"word{n}x{k}" for k in range(20)) for n in range(8)]


def test_a_text_that_is_not_on_the_page_stays() -> None:
    """What the extractor read from data in the page is in no block: the model has nothing to say of it."""
    text = "\n".join(PROSE)
    assert mend_with(np.array([0.9]), text, [block("Loading")], np.zeros(1), is_article=False) == (text, False)


def test_of_an_article_not_most_is_dropped() -> None:
    """Lines that are unlikely go, unless that were most of the article: then only those without any likelihood do."""
    blocks, found = [block(line) for line in PROSE], np.ones(8)
    few = np.array([0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.3, 0.01])
    assert mend_with(few, "\n".join(PROSE), blocks, found, is_article=True)[0].split("\n") == PROSE[:6]
    many = np.array([0.9, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3, 0.01])
    assert mend_with(many, "\n".join(PROSE), blocks, found, is_article=True)[0].split("\n") == PROSE[:7]


def mended(blocks: list[Block], likely: list[float], text: str | None = None, is_article: bool = True) -> list[str]:
    """Mend a text, by default that of all blocks."""
    text = "\n".join(b.text for b in blocks) if text is None else text
    return mend_with(np.array(likely), text, blocks, np.ones(len(blocks)), is_article=is_article)[0].split("\n")


def test_short_lines_in_doubt_leave_an_article() -> None:
    """Short lines in doubt go, but not items of lists, nor from other pages, nor if much of the article is in doubt."""
    blocks = [*map(block, PROSE[:4]), block("Sign up today"), block("two pears", tag="li"), *map(block, PROSE[4:])]
    texts, likely = [b.text for b in blocks], [0.9, 0.9, 0.6, 0.9, 0.6, 0.6, 0.9, 0.9, 0.9, 0.9]
    assert mended(blocks, likely) == [text for text in texts if text != "Sign up today"]
    assert mended(blocks, likely, is_article=False) == texts
    many = [*map(block, PROSE[:2]), *(block(f"Step {n} of the way there") for n in range(4))]
    assert mended(many, [0.9, 0.9, 0.6, 0.6, 0.6, 0.6]) == [b.text for b in many]
    no_prose = [*map(block, PROSE[:2]), *(block(f"Step {n} of the way") for n in range(20)), block("Sign up today")]
    assert mended(no_prose, [0.9] * 22 + [0.6]) == [b.text for b in no_prose]


def test_what_is_in_doubt_below_an_article_goes() -> None:
    """A line in doubt goes after the last long line that is sure, however long it is; before it, it stays."""
    author = "The author has written for this paper " * 3 + "since she came to the city as a student of law."
    lines = [*PROSE[:4], author, *PROSE[4:], f"{author} And there she stayed."]
    likely = [0.9, 0.9, 0.9, 0.9, 0.6, 0.9, 0.9, 0.9, 0.9, 0.6]
    assert mended([block(line) for line in lines], likely) == lines[:-1]


def test_a_heading_goes_with_what_it_stood_over() -> None:
    """A heading whose text went goes unless a lower one below has a text; one over nothing to begin with stays."""
    blocks = [
        block(PROSE[0]),
        block("More", tag="h2"),
        block("Another story", tag="h3"),
        block(PROSE[1]),
        block("Notes", tag="h2"),
        block(PROSE[2]),
        block("Of the text", tag="h3"),
        *map(block, PROSE[3:]),
        block("The end", tag="h2"),
    ]
    likely = [0.9, 0.9, 0.9, 0.1, 0.9, 0.1, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9]
    assert mended(blocks, likely) == [PROSE[0], "Notes", "Of the text", *PROSE[3:], "The end"]


@pytest.mark.parametrize("line", ["The long road The long road", "The long road toThe long road", "Untold words"])
def test_a_line_is_judged_by_the_blocks_that_it_is_made_of(line: str) -> None:
    """A line that no block has as its own is that of blocks in a row, or is left alone if it is of none."""
    blocks = [*map(block, PROSE), block("The long road"), block("The long road to"), block("The long road")]
    kept = mended(blocks, [0.9] * 8 + [0.1] * 3, "\n".join([*PROSE, line]))
    assert kept == ([*PROSE, line] if line == "Untold words" else PROSE)


def test_a_line_with_something_left_out_is_judged_by_its_beginning() -> None:
    notice = "Our standards are those of the trust and its principles, opens new tab, of the year 1941"
    blocks = [*map(block, PROSE), block(notice)]
    text = "\n".join([*PROSE, notice.replace(", opens new tab", "")])
    assert mended(blocks, [0.9] * 8 + [0.1], text) == PROSE
    assert mended(blocks, [0.9] * 9, text) == text.split("\n")


def test_no_article_may_be_put_together_anew() -> None:
    """Blocks that the model likes much better than the extractor's text become the text, in their order."""
    blocks, found = [block(line) for line in PROSE], np.array([0, 0, 0, 0, 0, 1.0, 1.0, 1.0])
    likely = np.array([0.9, 0.9, 0.2, 0.9, 0.9, 0.1, 0.1, 0.6])
    text = "\n".join(PROSE[5:])
    chosen = [PROSE[0], PROSE[1], *PROSE[3:5], PROSE[7]]
    assert mend_with(likely, text, blocks, found, is_article=False) == ("\n".join(chosen), True)
    plain = [b._replace(place=0) for b in blocks]  # a page that does not mark up its parts
    assert mend_with(likely, text, plain, found, is_article=False) == (PROSE[7], False)


def test_title_and_description_are_seen_in_blocks() -> None:
    """A block near the title, one that begins as the description does, and blocks behind the heading stand out."""
    says = PageSays(titles=("Library stays open",), descriptions=("The council voted on Tuesday to keep it.",))
    blocks = [
        block("Home"),
        block("Library stays open", tag="h1"),
        block("The council voted on Tuesday to keep it open."),
    ]
    without, with_it = (measure_blocks(blocks, "", "", what) for what in (PageSays(), says))
    changed = {column: with_it[:, column].tolist() for column in np.flatnonzero((without != with_it).any(axis=0))}
    assert [0.0, 1.0, 0.0] in changed.values()
    assert [0.0, 0.0, 1.0] in changed.values()


def test_found_is_the_column_it_is_said_to_be() -> None:
    evidence = measure_blocks([block("one two three four"), block("none of it")], "one two three four", "", PageSays())
    assert evidence[:, FOUND].tolist() == [1.0, 0.0]


def test_blocks_are_content_where_they_stand_in_the_marked_text() -> None:
    """What a menu and a text both say is content once; short words count between other content only."""
    marked = f"Opening hours of the library\n{PROSE[0]}\nFAQ\n{PROSE[1]}"
    texts = ["FAQ", "News", "Opening hours of the library", PROSE[0], "FAQ", PROSE[1], "Contact", PROSE[2]]
    assert label_blocks(texts, marked).tolist() == [False, False, True, True, True, True, False, False]
    assert label_blocks(["", "..."], marked).tolist() == [False, False]
    assert label_blocks(texts, "").tolist() == [False] * 8
