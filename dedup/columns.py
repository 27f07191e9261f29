"""Which column is the text and which the id, and what the columns of the output are called."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from dedup.settings import Settings

TEXT_NAMES: Final = ("text", "content", "body")
"""Columns taken for the text when the user names none, best first."""

ID_NAMES: Final = ("id", "doc_id", "url")
"""Columns taken for the id when the user names none, best first."""

OUTPUT_NAMES: Final = (
    *("doc_id", "text", "source", "n_removed", "chars_removed", "kept_as", "position"),
    *("extractor", "encoding", "n_replaced"),  # where there is something to say
)
"""Columns that dedup itself writes beside the user's own."""


@dataclass(frozen=True, slots=True)
class Roles:
    """The columns of one source that are not merely along for the ride."""

    text: str
    doc_id: str | None
    is_html: bool = False  # the text is yet to be extracted from it

    @property
    def content_word(self) -> str:
        """What a message calls a value of the text column."""
        return "page" if self.is_html else "text"

    def is_users(self, name: str) -> bool:
        """Say whether the column goes to the output under its own name: a URL does, even as the id."""
        if name == self.text:
            return False
        return name != self.doc_id or name.casefold() == "url"


def choose_roles(text_names: Sequence[str], id_names: Sequence[str], settings: Settings) -> Roles | None:
    """Choose the text and id columns among the names that could serve; None where no text column is.

    The settings' names come first; without them TEXT_NAMES and ID_NAMES are tried in
    order, each to the letter and then in any case. The settings' html_column takes the place of the text.
    """
    named = settings.html_column or settings.text_column
    text = _first_present((named,) if named else TEXT_NAMES, text_names)
    if text is None:
        return None
    doc_id = _first_present((settings.id_column,) if settings.id_column else ID_NAMES, id_names)
    return Roles(text, doc_id, is_html=settings.html_column is not None)


def tell_names_apart(names: Sequence[str]) -> list[str]:
    """Give names of which none is empty and no two are equal: `column_3` by its place, `year_2` for a second `year`."""
    clear: list[str] = []
    taken = set(names)
    for place, name in enumerate(names, 1):
        unique = name or f"column_{place}"
        number = 1
        while unique in clear or (unique != name and unique in taken):
            number += 1
            unique = f"{name or 'column'}_{number}"
        clear.append(unique)
    return clear


def describe_missing_text(names: Iterable[str], settings: Settings) -> str:
    """Say that the text column is not there, which columns are, and how to choose among them."""
    names = list(names)
    there = ", ".join(map(repr, names)) or "none"
    if settings.html_column:
        return f"no html column {settings.html_column!r}; columns here: {there}; choose one with --html-column"
    wanted = repr(settings.text_column) if settings.text_column else "named " + ", ".join(TEXT_NAMES)
    page = next((name for name in names if "html" in name.casefold()), None)
    or_page = f", or have text extracted from pages with --html-column {page} (html_column)" if page else ""
    return f"no text column {wanted}; columns here: {there}; choose one with --text-column (text_column){or_page}"


def name_outside(names: Sequence[str]) -> dict[str, str]:
    """Give what each of the user's columns is called in the output: `input_source` where we have a `source`.

    A name changes only if it is one of OUTPUT_NAMES, and then to one that no other column has.
    """
    outside = {name: name for name in names}
    for name in names:
        if name in OUTPUT_NAMES:
            unique = f"input_{name}"
            number = 1
            while unique in names:
                number += 1
                unique = f"input_{name}_{number}"
            outside[name] = unique
    return outside


def _first_present(wanted: Iterable[str], names: Sequence[str]) -> str | None:
    for candidate in wanted:
        if candidate in names:
            return candidate
        for name in names:
            if name.casefold() == candidate.casefold():
                return name
    return None
