"""Plain text from end to end: mail with quotations, pages, Markdown; and every one of them restored."""

import pytest
from test_paragraphs import ITEMS, MAIL, MARKDOWN, PAGED, WRAPPED

import dedup

ORIGINAL = """Dear all,

The heating in the east wing has been off since Friday, and the people
on the third floor have begun to bring blankets. I have asked for a
date twice, and was told twice that somebody would call me back.

Has anybody an idea what could be done about it before the weekend?

Ann
"""
REPLY = """On Monday, Ann Other wrote:
> Dear all,
>
> The heating in the east wing has been off since Friday, and the people
> on the third floor have begun to bring blankets. I have asked for a
> date twice, and was told twice that somebody would call me back.
>
> Has anybody an idea what could be done about it before the weekend?

There are four electric heaters in the cellar of the old building, and
the porter has the key.

Max
"""
CODE = """```python
def feed(cat, times):
    for _ in range(times):
        cat.eat(tin=open_tin(kind="fish", brand="none that I know of"))
```"""
README = f"""# Feeding

The cat is fed by calling the function below as often as it wants to be fed,
which is more often than one would think.

{CODE}

It is up to you to buy the tins, and to put the empty ones where they belong.
"""


def clean(texts: dict[str, str], **changes) -> dedup.Result:
    """Clean texts under their names."""
    return dedup.clean([{"id": name, "text": text} for name, text in texts.items()], **changes)


def removed(result: dedup.Result) -> list[tuple[str, str, str, str | None]]:
    return [(row["doc_id"], row["text"], row["reason"], row["rule"]) for row in result.removed.to_pylist()]


@pytest.mark.parametrize("mode", ["auto", "line", "block"])
def test_plain_text_is_restored(mode: str) -> None:
    """Clean text and what was removed make up the originals, whatever they are and however they are split."""
    texts = [ORIGINAL, REPLY, README, PAGED, WRAPPED, MAIL, ITEMS, MARKDOWN]
    texts += [text.replace("\n", "\r\n") for text in texts] + [PAGED.replace("\f", "") + PAGED]
    result = dedup.clean(texts, paragraphs=mode)
    assert dedup.restore(result)["text"].to_pylist() == texts


def test_quotations_go_and_replies_stay() -> None:
    """What a reply quotes is a duplicate of the mail it answers, marks and all; what it adds is not touched."""
    result = clean({"mail": ORIGINAL, "reply": REPLY})
    assert result.texts[0] == ORIGINAL
    reply = result.texts[1]
    assert reply.startswith("On Monday, Ann Other wrote:\n> Dear all,\n>\n")
    assert reply.endswith("building, and\nthe porter has the key.\n\nMax\n")
    assert "blankets" not in reply
    assert "before the weekend" not in reply
    assert result.removed["reason"].to_pylist() == ["duplicate"] * 2
    assert result.removed["kept_doc_id"].to_pylist() == ["mail"] * 2


def test_another_width_is_the_same_text() -> None:
    """A paragraph wrapped at another width, or quoted twice, is a duplicate of the one that was not."""
    flat = ORIGINAL.split("\n\n")[1].replace("\n", " ")
    words, lines = flat.split(), [">>"]
    for word in words:
        if len(lines[-1]) + 1 + len(word) > 50:
            lines.append(">>")
        lines[-1] += f" {word}"
    result = clean({"flat": flat + "\n", "quoted": "\n".join(lines) + "\n\nI agree with what is said there.\n"})
    assert result.texts == [flat + "\n", "I agree with what is said there.\n"]


def test_furniture_of_pages_goes_by_rules_of_its_own() -> None:
    """Headers and footers are boilerplate that says so, and can be asked to stay."""
    result = clean({"memo": PAGED})
    rows = removed(result)
    assert {(reason, rule) for _, _, reason, rule in rows} == {
        ("boilerplate", "page-furniture/running-header"),
        ("boilerplate", "page-furniture/running-footer"),
    }
    assert len(rows) == 7
    assert "Memo of Pages" not in result.texts[0]
    assert "\f" not in result.texts[0].rstrip()
    for settings in ({"without": ("page-furniture",)}, {"boilerplate": False}):
        assert clean({"memo": PAGED}, **settings).texts == [PAGED]


def test_code_is_never_removed_on_its_own() -> None:
    """The same code in another text stays, though the prose around the first one goes where it is copied."""
    other = f"# Another text\n\nHere is what somebody wrote about cats, and I quote the code of it in full.\n\n{CODE}\n"
    result = clean({"readme": README, "other": other, "twice": f"{CODE}\n\nOnce more, for good measure:\n\n{CODE}\n"})
    assert result.removed.num_rows == 0


@pytest.mark.parametrize(
    "change",
    [("times)", "n)"), ("range(times)", "range(times - 1)"), ("cat.eat(", "cat.eat.("), ("    for", "   for")],
)
def test_other_code_makes_another_text(change: tuple[str, str]) -> None:
    """Texts with the same prose and other code are no copies, be it one mark; the prose goes, the code stays."""
    result = clean({"readme": README, "fork": README.replace(*change)})
    assert "duplicate-document" not in result.removed["reason"].to_pylist()
    assert CODE.replace(*change) in result.texts[1]
    assert "which is more often" not in result.texts[1]


def test_the_same_text_with_the_same_code_is_a_copy() -> None:
    """A wholly equal text goes with its code, and so does one whose rest is too short to matter."""
    result = clean({"readme": README, "copy": README, "short": README + "\nThe end.\n"})
    assert [(row[0], row[2]) for row in removed(result)] == [
        ("copy", "duplicate-document"),
        ("short", "duplicate-document"),
    ]


def test_boilerplate_in_code_and_tables_stays() -> None:
    """A call to sign up goes from a text, and stays in front matter, in a fence and in a table."""
    call = "Sign up for our newsletter"
    parts = [
        f"---\ntitle: x\n# {call}\n---",
        "Some text about cats, and what they do all day long when nobody is there.",
        f"```\n{call}\n```",
        f"| a | b |\n|---|---|\n| {call} | c |",
        "More of the text about cats, which is told by somebody who has none.",
        call,
    ]
    (cleaned,) = dedup.clean(["\n\n".join(parts) + "\n"]).texts
    assert cleaned == "\n\n".join(parts[:-1]) + "\n"
