"""The title of a page: which of its statements it is, and taking it out of the first lines of the text."""

import html
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from dedup.extraction.metadata import Statements

FIRST_LINES: Final = 4
"""How far into a text its title is looked for."""

MOST_CHARACTERS: Final = 300
LEAST_AGREEMENT: Final = 0.4
"""Share of words that a heading must have in common with what the page says of itself (tuned on wcxb)."""

_APART: Final = re.compile(r"\s+[|·•–—»«:/-]+\s+|\s*\|\s*|\s+::\s+")
_WORD: Final = re.compile(r"\w+")


def find_title(said: "Statements", site_names: Sequence[str]) -> str | None:
    """Give the title: the heading the page shows if what the page says of itself agrees, else its own statement.

    `site_names` are what the site is called, its host among them.
    """
    stated = [
        text for text in (_headline(said), said.meta("og:title"), said.title_tag, said.meta("twitter:title")) if text
    ]
    cut = [without_site(text, site_names) for text in stated]
    best, best_agreement = None, LEAST_AGREEMENT
    for heading in said.headings:
        if len(heading) <= MOST_CHARACTERS and not is_site(heading, site_names):
            agreement = max((_agreement(heading, text) for text in cut), default=1.0)
            if agreement > best_agreement:
                best, best_agreement = heading, agreement
    return best or next((text for text in cut if text), None) or next(iter(said.headings), None)


def known_titles(said: "Statements", title: str | None) -> list[str]:
    """Give all that a page calls itself, as its first lines may repeat it."""
    return [text for text in (title, said.title_tag, said.meta("og:title"), *said.headings[:1]) if text]


def without_site(title: str, site_names: Sequence[str]) -> str:
    """Give a title without the name of its site at the end or the beginning."""
    parts = list(_APART.finditer(title))
    if parts and is_site(title[parts[-1].end() :], site_names):
        return title[: parts[-1].start()].strip()
    if parts and is_site(title[: parts[0].start()], site_names):
        return title[parts[0].end() :].strip()
    return title


def is_site(text: str, site_names: Sequence[str]) -> bool:
    """Say whether a text is the name of the site: equal to it, but for spaces, or part of it."""
    letters = _letters(text)
    return len(letters) > 2 and any(
        letters in name or (len(name) > 3 and name in letters and len(letters) < 2 * len(name))
        for name in map(_letters, site_names)
    )


def without_title(text: str, titles: list[str]) -> str:
    """Give a text without the lines among its first that repeat one of the titles; never an empty text.

    A line repeats a title if its words are the same, or nearly, or the title's with those of the site.
    """
    wanted = [words for title in titles if (words := _WORD.findall(title.casefold()))]
    lines = text.split("\n")
    kept, n_seen = [], 0
    for line in lines:
        words = _WORD.findall(line.casefold())
        if n_seen < FIRST_LINES and words:
            n_seen += 1
            if any(_repeats(words, title) for title in wanted):
                continue
        kept.append(line)
    left = "\n".join(kept).strip("\n")
    return left if left.strip() else text


def _repeats(words: list[str], title: list[str]) -> bool:
    if words == title:
        return True
    if len(title) < 3:
        return False
    here, there = set(words), set(title)
    n_common = len(here & there)
    return n_common / len(here | there) >= 0.8


def _headline(said: "Statements") -> str | None:
    for node in said.linked_data:
        value: Any = node.get("headline")
        if isinstance(value, str) and value.strip():
            return " ".join(html.unescape(value).split())
    return None


def _agreement(heading: str, title: str) -> float:
    """Give the share of the words of two titles that both have, weighing the heading's more: a title says more."""
    here, there = set(_WORD.findall(heading.casefold())), set(_WORD.findall(title.casefold()))
    n_common = len(here & there)
    return n_common / (0.7 * len(here) + 0.3 * len(there)) if here and there else 0.0


def _letters(text: str) -> str:
    return "".join(_WORD.findall(text.casefold()))
