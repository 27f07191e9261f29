"""The user's own columns: of each one array of one type, whatever batches and sources its values came in."""

from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

import pyarrow as pa

from dedup.column_types import conform, is_storable, storable_type
from dedup.mixed import Forms, MixedType, add_form, family_of, text_of, typed_array
from dedup.values import as_type

_WORDS: Final = {"text": "string", "object": "objects", "list": "lists"}


@dataclass(slots=True)
class UserColumn:
    """Collects the values of one column; the result does not depend on where batches were cut."""

    name: str
    _chunks: list[pa.Array] = field(default_factory=list)
    _forms: Forms = field(default_factory=dict)
    _sources: dict[str, str] = field(default_factory=dict)  # where each family of values was first
    _is_large: bool = False

    def add(self, array: pa.Array, source: str) -> None:
        """Take the next values."""
        self._chunks.append(array)
        found = array.type
        forms = (
            found.forms if isinstance(found, MixedType) else {family_of(storable_type(found, keeps_empty=True)): found}
        )
        for family, form in forms.items():
            plain = None if form is None else storable_type(form, keeps_empty=True)
            if plain is None or not pa.types.is_null(plain):
                add_form(self._forms, family, plain)
                self._sources.setdefault(family, source)
                self._is_large = self._is_large or plain == pa.large_string()

    def add_nulls(self, n_rows: int) -> None:
        """Take rows that do not have the column."""
        self._chunks.append(pa.nulls(n_rows))

    def finish(self) -> tuple[list[pa.Array], pa.DataType, str | None]:
        """Give all values once, in chunks of one type, and a warning where they had no one type and became text."""
        chunks, self._chunks = self._chunks, []
        if not self._forms:
            return [pa.nulls(len(chunk)) for chunk in chunks], pa.null(), None
        form = next(iter(self._forms.values()))
        target = None if len(self._forms) > 1 or form is None else storable_type(form)
        if target is not None and is_storable(target):
            # not so for numbers below 0 beside such above 2**63
            with suppress(pa.ArrowInvalid, pa.ArrowTypeError, OverflowError):
                return [_typed(chunk, target) for chunk in chunks], target, None
        target = pa.large_string() if self._is_large else pa.string()
        return [text_of(chunk, target) for chunk in chunks], target, self._describe()

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
