"""Columns whose values have no one type: kept as text, strings as they are and everything else as JSON.

Whether a column is one is known only at its end, so values that may turn out to belong to one
are held as JSON, from which either the text or the values can be made.
"""

import base64
import datetime
import json
import math
from collections.abc import Callable, Iterable
from typing import Any, Final

import numpy as np
import pyarrow as pa

from dedup.column_types import is_list_type, is_text_type, join_types, with_nanoseconds_as, without_views

EXACT: Final = 1 << 53
"""Whole numbers up to here are the same as double: only they may pass for one while a column's type is not known."""


_FAMILIES: Final = (
    (pa.types.is_boolean, "truth"),
    (pa.types.is_integer, "number"),
    (pa.types.is_floating, "number"),
    (is_text_type, "text"),
    (pa.types.is_struct, "object"),
    (is_list_type, "list"),
)

_TIMES: Final = (datetime.date, datetime.time, datetime.timedelta, np.datetime64, np.timedelta64)

Forms = dict[str, pa.DataType | None]
"""The types that values have, one for each family in order of appearance; None where no type holds all of a family."""


class MixedType(pa.ExtensionType):  # type: ignore[misc]
    """JSON of values of several types, which are `forms`."""

    def __init__(self, forms: Forms) -> None:
        """Store the forms."""
        self.forms = forms
        super().__init__(pa.large_string(), "dedup.mixed")

    def __arrow_ext_serialize__(self) -> bytes:
        """Give what tells it from others: it never leaves the process."""
        return repr(self.forms).encode()

    @classmethod
    def __arrow_ext_deserialize__(cls, storage_type: pa.DataType, serialized: bytes) -> "MixedType":
        """Refuse, since it never leaves the process: nothing that is read can be of this type."""
        raise pa.ArrowInvalid("dedup.mixed is not for files")


def family_of(found: pa.DataType) -> str:
    """Give the kind of values that a type holds: types of two families never go together."""
    if pa.types.is_dictionary(found):
        return family_of(found.value_type)
    return next((family for is_member, family in _FAMILIES if is_member(found)), "other")


def add_form(forms: Forms, family: str, found: pa.DataType | None) -> None:
    """Add a type to those that values have, joined to the one of its family; None for values that have none."""
    form = forms.get(family, found)
    forms[family] = None if form is None or found is None else join_types(form, found)


def mixed_array(values: Iterable[Any], forms: Forms) -> pa.Array:
    """Give Python values as an array of MixedType; raises UnicodeEncodeError for what UTF-8 cannot hold."""
    texts = [None if value is None else _json(_spell_time(value)) for value in values]
    return pa.ExtensionArray.from_storage(MixedType(forms), pa.array(texts, pa.large_string()))


def typed_array(mixed: pa.Array, target: pa.DataType, as_type: Callable[[Any, pa.DataType], Any]) -> pa.Array:
    """Give the values of an array of MixedType as `target`, which holds them all."""
    values = [None if text is None else json.loads(text) for text in mixed.storage.to_pylist()]
    return pa.array([as_type(value, target) for value in values], target)


def text_of(array: pa.Array, target: pa.DataType) -> pa.Array:
    """Give any array as text of type `target`: strings as they are, all else as JSON without keys that are null."""
    found = array.type
    types = pa.types
    if isinstance(found, MixedType):
        texts = array.storage.to_pylist()
        return pa.array([json.loads(text) if text is not None and text[0] == '"' else text for text in texts], target)
    if types.is_dictionary(found):
        plain = without_views(array)
        return text_of(plain.dictionary_decode() if types.is_dictionary(plain.type) else plain, target)
    if types.is_null(found):
        return pa.nulls(len(array), target)
    is_time = types.is_temporal(found) and not types.is_interval(found)  # of intervals Arrow makes no text
    if is_text_type(found) or types.is_integer(found) or is_time or types.is_decimal(found):
        return array.cast(target)
    values = with_nanoseconds_as(pa.string(), array)
    try:
        texts = [None if value is None else _plain(_value(value)) for value in values]
    except OverflowError:
        values = with_nanoseconds_as(pa.string(), array, all_times=True)
        texts = [None if value is None else _plain(_value(value)) for value in values]
    return pa.array(texts, target)


def _plain(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    text = _json(value)
    return str(json.loads(text)) if text[0] == '"' else text


def _spell_time(value: Any) -> Any:
    """Spell a time that stands alone as text_of does a column of them, and give anything else as it is."""
    return text_of(pa.array([value]), pa.string())[0].as_py() if isinstance(value, _TIMES) else value


def _value(scalar: pa.Scalar) -> Any:
    try:
        return scalar.as_py()
    except ValueError:  # times to the nanosecond, for which Python has no type
        return str(scalar)


def _json(value: Any) -> str:
    return json.dumps(_canonical(value), ensure_ascii=False, separators=(",", ":"), default=_spell)


def _canonical(value: Any) -> Any:
    """Give the value as it is whatever it was read with: Arrow adds null keys, orders all, makes double."""
    if isinstance(value, float):
        return int(value) if math.isfinite(value) and value.is_integer() and abs(value) <= EXACT else value
    if isinstance(value, dict):
        return {key: _canonical(inner) for key, inner in sorted(value.items()) if inner is not None}
    if isinstance(value, list | tuple):
        return [_canonical(inner) for inner in value]
    return value


def _spell(value: Any) -> str:
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    if isinstance(value, bytes | bytearray | memoryview):
        return base64.b64encode(value).decode()
    return str(value)
