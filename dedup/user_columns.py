"""The user's own columns: of each one array of one type, whatever batches and sources its values came in."""

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

import pyarrow as pa

from dedup.column_types import conform, is_storable, storable_type, without_null_values
from dedup.mixed import Forms, MixedType, add_form, family_of, text_of, typed_array
from dedup.values import as_type

_WORDS: Final = {"text": "string", "object": "objects", "list": "lists"}


@dataclass(frozen=True, slots=True)
class ColumnForm:
    """The one type that all values of a column take in the end."""

    type: pa.DataType
    is_text: bool = False  # made of values that have no one type
    warning: str | None = None

    def convert(self, chunk: pa.Array) -> pa.Array:
        """Give values as they came in that type."""
        return without_null_values(text_of(chunk, self.type) if self.is_text else _typed(chunk, self.type))


@dataclass(slots=True)
class UserColumn:
    """Learns what values one column has; the result does not depend on where batches were cut."""

    name: str
    _forms: Forms = field(default_factory=dict)
    _sources: dict[str, str] = field(default_factory=dict)  # where each family of values was first
    _types: list[pa.DataType] = field(default_factory=list)  # as they came, each once
    _is_large: bool = False
    _empty: pa.DataType = field(default_factory=pa.null)  # of a table that has no value of it, if no other has one

    def add(self, array: pa.Array, source: str) -> None:
        """Take note of the next values."""
        found = array.type
        if not len(array):
            empty = storable_type(found)
            self._empty = empty if pa.types.is_null(self._empty) and is_storable(empty) else self._empty
            return
        if isinstance(found, MixedType):
            forms = found.forms
            self._note_type(pa.large_string())
            self._note_type(pa.null())  # two types: JSON is tried
        else:
            forms = {family_of(storable_type(found, keeps_empty=True)): found}
            self._note_type(found)
            if storable_type(found, keeps_empty=True) != found:  # which may not hold every value
                self._note_type(storable_type(found, keeps_empty=True))
        for family, form in forms.items():
            plain = None if form is None else storable_type(form, keeps_empty=True)
            if plain is None or not pa.types.is_null(plain):
                add_form(self._forms, family, plain)
                self._sources.setdefault(family, source)
                self._is_large = self._is_large or plain == pa.large_string()

    def decide(self, chunks: Callable[[], Iterable[pa.Array]]) -> ColumnForm:
        """Give the type of the column, with a warning where its values have no one type and become text.

        `chunks` gives all values as they came, of which a look is taken only where one type might not hold them.
        """
        if not self._forms:
            return ColumnForm(self._empty)
        form = next(iter(self._forms.values()))
        target = None if len(self._forms) > 1 or form is None else storable_type(form)
        if target is not None and is_storable(target):
            # fails for numbers below 0 beside such above 2**63
            with suppress(pa.ArrowInvalid, pa.ArrowTypeError, OverflowError):
                if len(self._types) > 1:
                    for chunk in chunks():
                        _typed(chunk, target)
                return ColumnForm(target)
        return ColumnForm(pa.large_string() if self._is_large else pa.string(), is_text=True, warning=self._describe())

    def _note_type(self, found: pa.DataType) -> None:
        if found not in self._types:
            self._types.append(found)

    def _describe(self) -> str:
        (word, source), *others = ((_word(family, form), self._sources[family]) for family, form in self._forms.items())
        if not others:
            held = f"{word} that no one type holds, first in {source}"
        elif others[0][1] == source:
            held = f"{word} and {others[0][0]} in {source}"
        else:
            held = f"{word} in {source} and {others[0][0]} in {others[0][1]}"
        return f"column {self.name!r} holds {held}: kept as text"


def _typed(chunk: pa.Array, target: pa.DataType) -> pa.Array:
    if isinstance(chunk.type, MixedType):
        return typed_array(chunk, target, as_type)
    return pa.nulls(len(chunk), target) if pa.types.is_null(chunk.type) else conform(chunk, target)


def _word(family: str, form: pa.DataType | None) -> str:
    return _WORDS.get(family) or ("values" if form is None else str(form))
