"""Python values to Arrow arrays: a column's one type, text, and pages."""

import uuid
from collections.abc import Iterable, Sequence
from contextlib import suppress
from functools import reduce
from itertools import chain
from textwrap import shorten
from typing import Any, Final

import numpy as np
import pyarrow as pa

from dedup.column_types import is_storable, join_types, storable_type
from dedup.errors import ColumnError
from dedup.mixed import EXACT, Forms, add_form, family_of, mixed_array

BYTES: Final = (bytes, bytearray, memoryview)
"""What may hold a page that is not decoded yet."""

MOST_KEPT_LEVELS: Final = 200
"""Depth to which a value may be nested to be kept at all, as JSON below that of column_types.MOST_LEVELS."""

_LARGE: Final = pa.large_string()

_NUMBERS: Final = "biuf"
"""Kinds of NumPy's types that are numbers, or true or false."""

_UNITS: Final = ("s", "ms", "us", "ns")

_PLAIN: Final = frozenset({str, int, float, bool, bytes, type(None)})
_ORDINARY: Final = _PLAIN | {dict, list}
_LISTS: Final = (list, tuple, set, frozenset)
_TIMES: Final = (np.datetime64, np.timedelta64)

_MISSING: Final = frozenset({"NAType", "NaTType"})
"""Types of pandas, by name since it may not be there, of what stands for no value."""

_MOST_SAID: Final = 200  # characters of an error of Arrow's, which may hold a whole value


class TooDeepError(ValueError):
    """A value nested deeper than it can be kept."""


def array_of(values: list[Any], name: str, where: str) -> pa.Array:
    """Give Python values as an Arrow array of the one type that holds them all, or of MixedType where none may.

    Raises ColumnError for an object that is no data, TooDeepError for a value nested
    more than MOST_KEPT_LEVELS levels.
    """
    array = _array_at_once(values)
    if array is not None:
        return array
    if any(is_deep(value) for value in values):
        raise TooDeepError
    plain = [plain_value(value) for value in values]
    forms: Forms = {}
    for value, told in zip(values, plain, strict=True):
        if told is not None:
            found = _type_of(value, name, where)
            add_form(forms, _family_of(told) if found is None else family_of(found), found)
    values = plain
    joined = next(iter(forms.values())) if len(forms) == 1 else None
    if joined is not None and is_storable(storable_type(joined)):
        # the type may hold them all, with some loss or none at all: that is known at the end of the column
        with suppress(pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, OverflowError):
            return pa.array([as_type(value, joined, is_exact=True) for value in values], joined)
    return mixed_array(values, forms)


def plain_value(value: Any) -> Any:
    """Give what NumPy, pandas and pyarrow hold, however nested, as Python's own: lists, numbers, None if missing.

    A time of NumPy that stands alone stays one, since its unit is part of what it says; tuples and sets become lists.
    """
    kind = type(value)
    if kind in _PLAIN:
        return value
    if kind is dict and _PLAIN.issuperset(map(type, value.values())):
        return value
    if kind is list and _PLAIN.issuperset(map(type, value)):
        return value
    if isinstance(value, dict):
        return {key: _plain_inside(inner) for key, inner in value.items()}
    if isinstance(value, _LISTS):
        return [_plain_inside(inner) for inner in value]
    if isinstance(value, _TIMES):
        return _plain_time(value)
    if isinstance(value, np.ndarray):
        return plain_value(value.tolist() if value.dtype.kind in _NUMBERS else list(value) if value.ndim else value[()])
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, pa.Scalar):
        return value.as_py()
    is_missing = kind.__name__ in _MISSING and kind.__module__.startswith("pandas.")
    return None if is_missing else value


def plain_id(value: Any) -> Any:
    """Give an id as Python's own text or number, if it is one of another kind, and anything else as it is."""
    return str(value) if isinstance(value, uuid.UUID) else plain_value(value)


def text_array(texts: Sequence[Any], target: pa.DataType = _LARGE) -> pa.Array | None:
    """Give Python strings as an array, or None if one of them is something else or cannot be UTF-8."""
    if not set(map(type, texts)) <= {str, type(None)} and not all(isinstance(text, str) for text in texts):
        return None
    try:
        array = pa.array(texts, target)
    except UnicodeEncodeError:
        return None
    return array


def page_array(pages: Sequence[Any]) -> pa.Array | None:
    """Make strings and bytes an array of bytes, or give None if one is something else or cannot be UTF-8."""
    if not all(page is None or isinstance(page, (str, *BYTES)) for page in pages):
        return None
    try:
        raw = [page.encode() if isinstance(page, str) else page for page in pages]
    except UnicodeEncodeError:
        return None
    return pa.array(raw, pa.large_binary())


def is_encodable(value: Any) -> bool:
    """Say whether every string in a value, however nested, can be UTF-8."""
    if isinstance(value, str):
        return text_array([value]) is not None
    if isinstance(value, dict):
        return all(is_encodable(key) and is_encodable(inner) for key, inner in value.items())
    if isinstance(value, list | tuple):
        return all(map(is_encodable, value))
    return True


def is_deep(value: Any) -> bool:
    """Say whether a value is nested more than MOST_KEPT_LEVELS levels."""
    level = [value]
    for _ in range(MOST_KEPT_LEVELS + 1):
        level = [
            inner
            for outer in level
            if isinstance(outer, dict | list)
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, dict | list)
        ]
        if not level:
            return False
    return True


def as_type(value: Any, target: pa.DataType, *, is_exact: bool = False) -> Any:
    """Give whole numbers as floats where `target` says so: Arrow refuses those above 2**53.

    Raises OverflowError where that is asked to be exact and is not.
    """
    if pa.types.is_null(target):
        return None  # an object that never has a key
    if pa.types.is_floating(target) and isinstance(value, int):
        return _exact(value) if is_exact else float(value)
    if isinstance(value, _TIMES) and (pa.types.is_timestamp(target) or pa.types.is_duration(target)):
        return value.astype(f"{value.dtype.kind}8[{target.unit}]")
    if pa.types.is_struct(target) and isinstance(value, dict):
        return {key: as_type(inner, target.field(key).type, is_exact=is_exact) for key, inner in value.items()}
    if pa.types.is_list(target) and isinstance(value, list):
        return [as_type(inner, target.value_type, is_exact=is_exact) for inner in value]
    return value


def _array_at_once(values: list[Any]) -> pa.Array | None:
    """Give values as what Arrow makes of them, where that is right.

    None for what needs a finer look: numbers above 2**63, nested values of several kinds, values that are missing.
    """
    kinds = set(map(type, values)) - {type(None)}
    try:
        if kinds == {int, float}:
            return pa.array([None if value is None else _exact(value) for value in values], pa.float64())
        if len(kinds) <= 1:
            array = pa.array(values)
            if is_storable(storable_type(array.type)) and not _has_misread(values, array.type):
                return array
    except UnicodeEncodeError:
        raise
    except (ValueError, TypeError, pa.ArrowNotImplementedError, OverflowError):
        return None
    return None


def _unwrapped(value: Any) -> Any:
    """Give a value as plain_value does, but what is in it as it is."""
    if isinstance(value, dict):
        return value
    is_some = isinstance(value, _LISTS) or (isinstance(value, np.ndarray) and value.ndim > 0)
    return list(value) if is_some else plain_value(value)


def _plain_inside(value: Any) -> Any:
    """Do as plain_value within a list or an object, where times are Python's, too, if these hold them."""
    plain = plain_value(value)
    return _python_time(plain) if isinstance(plain, _TIMES) else plain


def _plain_time(value: np.datetime64 | np.timedelta64) -> Any:
    """Give a time of NumPy in a unit that Arrow knows, or one of Python's; None where it is missing."""
    if np.isnat(value):
        return None
    return value if np.datetime_data(value.dtype)[0] in _UNITS else _python_time(value)


def _python_time(value: np.datetime64 | np.timedelta64) -> Any:
    """Give a time of Python's, or that of NumPy where Python has none."""
    held = value.item()
    return value if isinstance(held, int) else held


def _has_misread(values: Iterable[Any], found: pa.DataType) -> bool:
    """Say whether Arrow took nested values for others, as it does without a word.

    A true or false for a number, a time for its day, an id for a day, text for bytes.
    """
    types = pa.types
    if _is_doubtful(found):
        kinds = set(map(type, values)) - {type(None)}
        return bool in kinds if types.is_floating(found) else len(kinds) > 1
    if types.is_list(found) and _has_doubtful(found):
        return _has_misread(chain.from_iterable(value for value in values if value is not None), found.value_type)
    if types.is_struct(found):
        there = [value for value in values if value]
        return any(
            _has_misread([value.get(part.name) for value in there], part.type)
            for part in found
            if _has_doubtful(part.type)
        )
    return False


def _is_doubtful(found: pa.DataType) -> bool:
    return bool(pa.types.is_floating(found) or pa.types.is_temporal(found) or pa.types.is_binary(found))


def _has_doubtful(found: pa.DataType) -> bool:
    return _is_doubtful(found) or any(_has_doubtful(found.field(place).type) for place in range(found.num_fields))


def _exact(value: float) -> float:
    if isinstance(value, int) and abs(value) > EXACT:
        raise OverflowError
    return float(value)


def _family_of(value: Any) -> str:
    """Give the family of a value that has no type."""
    return "object" if isinstance(value, dict) else "list" if isinstance(value, list) else "number"


def _type_of(value: Any, name: str, where: str) -> pa.DataType | None:
    """Infer the type of one value, looking into lists and objects where Arrow alone gives up; None if it has none."""
    if type(value) not in _ORDINARY:
        with suppress(pa.ArrowNotImplementedError):
            if isinstance(value, np.ndarray | np.generic) and value.dtype.kind in _NUMBERS:
                # what it says it is: with the numbers beside it the type would change
                return reduce(lambda inner, _: pa.list_(inner), range(value.ndim), pa.from_numpy_dtype(value.dtype))
        value = _unwrapped(value)
    if isinstance(value, int) and not isinstance(value, bool) and not -(1 << 63) <= value < 1 << 63:
        return pa.uint64() if 0 <= value < 1 << 64 else None
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        inner_types = [(key, _type_of(inner, name, where)) for key, inner in value.items()]
        return None if any(found is None for _, found in inner_types) else pa.struct(inner_types)
    if isinstance(value, list):
        joined: pa.DataType | None = pa.null()
        for inner in value:
            found = _type_of(inner, name, where)
            joined = None if joined is None or found is None else join_types(joined, found)
        return None if joined is None else pa.list_(joined)
    try:
        return pa.infer_type([value])
    except (pa.ArrowInvalid, TypeError, pa.ArrowNotImplementedError, OverflowError) as error:
        raise ColumnError(
            f"{where}: column {name!r} holds a value that has no Arrow type ({shorten(str(error), _MOST_SAID)}); "
            "make it one type, or leave it out of the input"
        ) from None
