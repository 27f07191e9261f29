"""Types of columns: the one that holds the values of two, and the one that every Parquet reader knows."""

from collections.abc import Callable
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

MOST_LEVELS: Final = 32
"""Depth to which lists and objects may be nested: Parquet readers stop at 100 schema levels, and a list takes two."""

_MOST_DIGITS: Final = 38
"""Of a decimal: what not all Parquet readers go beyond."""


def is_storable(found: pa.DataType) -> bool:
    """Say whether Parquet has a place for values of the type, and readers of Parquet open it."""
    if pa.types.is_interval(found):
        return False
    if pa.types.is_primitive(found) or is_text_type(found):
        return True
    level = [found]
    for _ in range(MOST_LEVELS):
        if any(
            pa.types.is_decimal(inner) and not 0 <= inner.scale <= inner.precision <= _MOST_DIGITS for inner in level
        ):
            return False
        level = [child for parent in level for child in _children(parent)]
    if level:
        return False
    try:
        pq.write_table(pa.schema([pa.field("value", found)]).empty_table(), pa.BufferOutputStream())
    except (pa.ArrowNotImplementedError, pa.ArrowInvalid, OSError):
        return False
    return True


def storable_type(found: pa.DataType, *, keeps_empty: bool = False) -> pa.DataType:
    """Give the type under which values of `found` are kept, so that every Parquet reader knows it.

    Views become plain strings and lists, run-end encoding is undone, as are dictionaries of other values than text,
    bytes and numbers, and lists of no values are lists of any length; times to the second become such to the
    millisecond. An object that never has a key becomes null, since Parquet has no type for it: unless
    `keeps_empty`, because other values may still have keys.
    """
    types = pa.types
    if types.is_string_view(found):
        return pa.large_string()
    if types.is_binary_view(found):
        return pa.large_binary()
    if types.is_timestamp(found) and found.unit == "s":
        return pa.timestamp("ms", found.tz)
    if types.is_dictionary(found) and _is_plain_dictionary(found):
        return storable_type(found.value_type, keeps_empty=keeps_empty)
    if types.is_dictionary(found):
        return pa.dictionary(pa.int32(), storable_type(found.value_type, keeps_empty=keeps_empty), found.ordered)
    if types.is_run_end_encoded(found):
        return storable_type(found.value_type, keeps_empty=keeps_empty)
    if types.is_struct(found):
        if found.num_fields == 0:
            return found if keeps_empty else pa.null()
        return pa.struct([pa.field(field.name, storable_type(field.type, keeps_empty=keeps_empty)) for field in found])
    if types.is_list(found) or types.is_list_view(found):
        return pa.list_(storable_type(found.value_type, keeps_empty=keeps_empty))
    if types.is_large_list(found) or types.is_large_list_view(found):
        return pa.large_list(storable_type(found.value_type, keeps_empty=keeps_empty))
    if types.is_map(found):
        key, item = (storable_type(inner, keeps_empty=keeps_empty) for inner in (found.key_type, found.item_type))
        return pa.map_(key, item, found.keys_sorted)
    if types.is_fixed_size_list(found):
        return pa.list_(storable_type(found.value_type, keeps_empty=keeps_empty), found.list_size or -1)
    return found


def join_types(left: pa.DataType, right: pa.DataType) -> pa.DataType | None:
    """Give the type that holds the values of both, or None where there is none.

    The result does not depend on how values were cut into batches: null gives way to
    anything, whole numbers widen, whole and broken numbers are double (as in JSON),
    objects hold the keys of both in order of first appearance.
    """
    types = pa.types
    if left == right or types.is_null(right):
        return left
    if types.is_null(left):
        return right
    if types.is_dictionary(left) or types.is_dictionary(right):
        return _join_dictionaries(left, right)
    if types.is_struct(left) and types.is_struct(right):
        return _join_structs(left, right)
    if is_list_type(left) and is_list_type(right):
        value = join_types(left.value_type, right.value_type)
        if value is None:
            return None
        is_large = types.is_large_list(left) or types.is_large_list(right)
        return pa.large_list(value) if is_large else pa.list_(value)
    if types.is_integer(left) and types.is_integer(right):
        return _join_integers(left, right)
    if _is_number(left) and _is_number(right):
        return pa.float64()
    if is_text_type(left) != is_text_type(right):
        return None
    try:
        schemas = [pa.schema([pa.field("value", found)]) for found in (left, right)]
        return pa.unify_schemas(schemas, promote_options="permissive").field(0).type
    except (pa.ArrowTypeError, pa.ArrowInvalid):
        return None


def conform(array: Any, target: pa.DataType) -> Any:
    """Give the array (or chunked array) as `target`, a type that join_types or storable_type found for it.

    Raises pa.ArrowInvalid if a value does not fit: a negative number beside one above 2**63.
    """
    if array.type == target:
        return array
    if isinstance(array, pa.ChunkedArray):
        return pa.chunked_array([conform(chunk, target) for chunk in array.chunks], target)
    array = without_views(array)
    if pa.types.is_null(target) or _has_empty_struct(array.type):
        values = with_nanoseconds_as(pa.int64(), array).to_pylist()
        return pa.array([_without_empty(value, target) for value in values], target)
    try:
        return array.cast(target)
    except pa.ArrowInvalid:
        if _has(target, lambda inner: inner == pa.uint64() or pa.types.is_temporal(inner)):
            raise
        return array.cast(target, safe=False)  # whole numbers above 2**53 beside broken ones: as JSON reads them


def with_nanoseconds_as(stand_in: pa.DataType, array: pa.Array, *, all_times: bool = False) -> pa.Array:
    """Give the array with times to the nanosecond, at any depth of objects and lists, as text or as whole numbers.

    Python has no type for them: Arrow makes them objects of pandas where it is installed, and fails where not.
    With `all_times` any time is so, since Python has none before the year 1 nor after 9999.
    """
    array = without_views(array)
    target = _replace_nanoseconds(array.type, stand_in, all_times)
    return array if target == array.type else array.cast(target)


def without_views(array: pa.Array) -> pa.Array:
    """Give the array without list views, run-end encoding, and dictionaries of views or of what storable_type says.

    Arrow's own casts make nothing of them, or nonsense.
    """
    types = pa.types
    if not _has_view(array.type):
        return array
    if types.is_dictionary(array.type) and _is_plain_dictionary(array.type):
        return _without_inner_views(array.dictionary).take(array.indices)
    if types.is_dictionary(array.type):
        values = array.dictionary.cast(pa.large_binary())  # of which Arrow does not ask that it is UTF-8
        values = values.view(storable_type(array.type.value_type))
        return pa.DictionaryArray.from_arrays(array.indices, values, ordered=array.type.ordered)
    if types.is_run_end_encoded(array.type):
        places = np.arange(array.offset, array.offset + len(array))
        runs = np.searchsorted(array.run_ends.to_numpy(), places, side="right")
        return _without_inner_views(array.values).take(pa.array(runs))
    if types.is_struct(array.type):
        children = [without_views(child) for child in array.flatten()]
        fields = [pa.field(field.name, child.type) for field, child in zip(array.type, children, strict=True)]
        return pa.StructArray.from_arrays(children, fields=fields, mask=array.is_null())
    is_large = types.is_large_list(array.type) or types.is_large_list_view(array.type)
    if is_large or types.is_list(array.type) or types.is_list_view(array.type):
        ends = np.cumsum(array.value_lengths().fill_null(0).to_numpy(), dtype=np.int64)
        offsets = pa.array(np.concatenate(([0], ends)), pa.int64() if is_large else pa.int32())
        made = pa.LargeListArray if is_large else pa.ListArray
        return made.from_arrays(offsets, without_views(array.flatten()), mask=array.is_null())
    return array  # where they are in something rarer, Arrow has the last word


def without_null_values(array: pa.Array) -> pa.Array:
    """Give the array with nulls in place of the nulls among a dictionary's values, with which Arrow joins no chunks."""
    if not pa.types.is_dictionary(array.type) or array.dictionary.null_count == 0:
        return array
    is_value = array.dictionary.is_valid().to_numpy(zero_copy_only=False)
    moved = pa.array(np.cumsum(is_value) - 1, array.type.index_type, mask=~is_value)
    indices, values = moved.take(array.indices), array.dictionary.drop_null()
    return pa.DictionaryArray.from_arrays(indices, values, ordered=array.type.ordered)


def is_text_type(found: pa.DataType) -> bool:
    """Say whether values of the type are text, dictionary-encoded or not."""
    types = pa.types
    if types.is_dictionary(found):
        return is_text_type(found.value_type)
    return bool(types.is_string(found) or types.is_large_string(found) or types.is_string_view(found))


def is_bytes_type(found: pa.DataType) -> bool:
    """Say whether a type is bytes of any length, which need not be text."""
    types = pa.types
    return bool(types.is_binary(found) or types.is_large_binary(found) or types.is_binary_view(found))


def is_list_type(found: pa.DataType) -> bool:
    """Say whether values of the type are lists."""
    types = pa.types
    return bool(types.is_list(found) or types.is_large_list(found) or types.is_fixed_size_list(found))


def is_id_type(found: pa.DataType) -> bool:
    """Say whether values of the type can name a document: text and numbers."""
    return is_text_type(found) or _is_number(found) or bool(pa.types.is_decimal(found))


def _join_dictionaries(left: pa.DataType, right: pa.DataType) -> pa.DataType | None:
    both = pa.types.is_dictionary(left) and pa.types.is_dictionary(right)
    values = [found.value_type if pa.types.is_dictionary(found) else found for found in (left, right)]
    value = join_types(*values)
    if value is None or not both:
        return value
    return pa.dictionary(pa.int32(), value, left.ordered and right.ordered)


def _join_structs(left: pa.DataType, right: pa.DataType) -> pa.DataType | None:
    joined = {field.name: field.type for field in left}
    for field in right:
        value = join_types(joined.get(field.name, pa.null()), field.type)
        if value is None:
            return None
        joined[field.name] = value
    return pa.struct(list(joined.items()))


def _join_integers(left: pa.DataType, right: pa.DataType) -> pa.DataType:
    if pa.types.is_signed_integer(left) == pa.types.is_signed_integer(right):
        return left if left.bit_width >= right.bit_width else right
    # hashes: some above 2**63, none below 0; conform() refuses the rest
    return pa.uint64() if pa.uint64() in (left, right) else pa.int64()


def _is_number(found: pa.DataType) -> bool:
    return bool(pa.types.is_integer(found) or pa.types.is_floating(found))


def _without_inner_views(values: pa.Array) -> pa.Array:
    """Give values without views of any kind, from which Arrow cannot take."""
    values = without_views(values)
    try:
        return values.cast(storable_type(values.type, keeps_empty=True))
    except pa.ArrowInvalid:  # times that no millisecond holds
        return values


def _is_plain_dictionary(found: pa.DataType) -> bool:
    """Say whether a dictionary is kept as its values: of these Parquet, or its readers, know no dictionary."""
    types, value = pa.types, found.value_type
    is_known = is_text_type(value) or types.is_integer(value) or types.is_floating(value) or types.is_decimal(value)
    return types.is_dictionary(value) or not (is_known or is_bytes_type(value))


def _children(found: pa.DataType) -> list[pa.DataType]:
    return [found.field(position).type for position in range(found.num_fields)]


def _has_empty_struct(found: pa.DataType) -> bool:
    if pa.types.is_struct(found) and found.num_fields == 0:
        return True
    return any(_has_empty_struct(child) for child in _children(found))


def _replace_nanoseconds(found: pa.DataType, stand_in: pa.DataType, all_times: bool) -> pa.DataType:
    types = pa.types
    if (
        types.is_temporal(found)
        and not types.is_interval(found)
        and (all_times or getattr(found, "unit", None) == "ns")
    ):
        return stand_in
    if types.is_dictionary(found):
        value = _replace_nanoseconds(found.value_type, stand_in, all_times)
        return found if value == found.value_type else value
    if types.is_struct(found):
        return pa.struct([field.with_type(_replace_nanoseconds(field.type, stand_in, all_times)) for field in found])
    if is_list_type(found):
        value = _replace_nanoseconds(found.value_type, stand_in, all_times)
        if value == found.value_type:
            return found
        return pa.large_list(value) if types.is_large_list(found) else pa.list_(value)
    if types.is_map(found):
        key, item = (_replace_nanoseconds(inner, stand_in, all_times) for inner in (found.key_type, found.item_type))
        return found if (key, item) == (found.key_type, found.item_type) else pa.map_(key, item, found.keys_sorted)
    return found


def _has_view(found: pa.DataType) -> bool:
    types = pa.types
    if types.is_list_view(found) or types.is_large_list_view(found) or types.is_run_end_encoded(found):
        return True
    if types.is_dictionary(found):
        is_view = types.is_string_view(found.value_type) or types.is_binary_view(found.value_type)
        return bool(is_view or _is_plain_dictionary(found))
    return any(_has_view(child) for child in _children(found))


def _has(found: pa.DataType, is_wanted: Callable[[pa.DataType], bool]) -> bool:
    return is_wanted(found) or any(_has(child, is_wanted) for child in _children(found))


def _without_empty(value: Any, target: pa.DataType) -> Any:
    """Give the value with null for each object that never has a key."""
    if pa.types.is_null(target):
        return None
    if isinstance(value, dict):
        return {key: _without_empty(inner, target.field(key).type) for key, inner in value.items()}
    if isinstance(value, list) and pa.types.is_map(target):
        return [(key, _without_empty(inner, target.item_type)) for key, inner in value]
    if isinstance(value, list):
        return [_without_empty(inner, target.value_type) for inner in value]
    return value
