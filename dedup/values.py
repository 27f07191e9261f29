"""Python values to Arrow arrays: a column's one type, text, and pages."""

from collections.abc import Sequence
from typing import Any, Final

import pyarrow as pa

from dedup.columns import join_types
from dedup.errors import ColumnError

BYTES: Final = (bytes, bytearray, memoryview)
"""What may hold a page that is not decoded yet."""

_LARGE: Final = pa.large_string()


def array_of(values: list[Any], name: str, where: str) -> pa.Array:
    """Give Python values as an Arrow array of the one type that holds them all.

    Raises ColumnError if there is none.
    """
    kinds = set(map(type, values)) - {type(None)}
    try:
        if kinds == {int, float}:
            return pa.array([None if value is None else float(value) for value in values], pa.float64())
        if len(kinds) <= 1:
            return pa.array(values)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, OverflowError):
        pass  # a finer look below: numbers above 2**63, or nested values of several kinds
    joined = pa.null()
    for value in values:
        found = _type_of(value, name, where)
        wider = join_types(joined, found)
        if wider is None:
            raise ColumnError(
                f"{where}: column {name!r} holds {joined} in one row and {found} in another; "
                "a column that rides along needs one type: make it one, or leave it out of the input"
            )
        joined = wider
    try:
        return pa.array([_as_type(value, joined) for value in values], joined)
    except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError) as error:
        raise ColumnError(f"{where}: column {name!r} holds values that no one type holds: {error}") from None


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


def _type_of(value: Any, name: str, where: str) -> pa.DataType:
    """Infer the type of one value, looking into lists and objects where Arrow alone gives up."""
    if isinstance(value, int) and not isinstance(value, bool) and 1 << 63 <= value < 1 << 64:
        return pa.uint64()
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        return pa.struct([(key, _type_of(inner, name, where)) for key, inner in value.items()])
    if isinstance(value, list):
        joined: pa.DataType | None = pa.null()
        for inner in value:
            joined = None if joined is None else join_types(joined, _type_of(inner, name, where))
        if joined is not None:
            return pa.list_(joined)
    try:
        return pa.infer_type([value])
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, OverflowError) as error:
        raise ColumnError(
            f"{where}: column {name!r} holds a value that has no Arrow type ({error}); "
            "make it one type, or leave it out of the input"
        ) from None


def _as_type(value: Any, target: pa.DataType) -> Any:
    """Give whole numbers as floats where `target` says so: Arrow refuses those above 2**53."""
    if pa.types.is_floating(target) and isinstance(value, int):
        return float(value)
    if pa.types.is_struct(target) and isinstance(value, dict):
        return {key: _as_type(inner, target.field(key).type) for key, inner in value.items()}
    if pa.types.is_list(target) and isinstance(value, list):
        return [_as_type(inner, target.value_type) for inner in value]
    return value
