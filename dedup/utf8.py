"""Text in Arrow data that is not UTF-8, though who wrote it has promised that: found row by row, told, and repaired."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import pyarrow as pa

from dedup.column_types import is_text_type, with_nanoseconds_as, without_views
from dedup.decoding.text import decode_repaired

_PLAIN: Final = {pa.string_view(): pa.large_string(), pa.binary_view(): pa.large_binary()}
_BYTES: Final = {
    pa.string(): pa.binary(),
    **dict.fromkeys((pa.large_string(), pa.string_view(), pa.binary_view()), pa.large_binary()),
}


@dataclass(frozen=True, slots=True)
class Checked:
    """Columns without text that is not UTF-8."""

    columns: dict[str, pa.Array]
    bad: dict[int, str] = field(default_factory=dict)  # what is wrong with a row, for people
    n_replaced: Counter[int] = field(default_factory=Counter)  # characters of a row


def is_utf8(column: pa.Array) -> bool:
    """Say whether all text in an array is UTF-8, at any depth; of a slice also around it."""
    if not _holds_text(column.type):
        return True
    try:
        column.validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


def check_columns(columns: Mapping[str, pa.Array], errors: str) -> Checked:
    """Find the rows in which text of a column is not UTF-8; with `errors="repair"` there is U+FFFD for it, and none."""
    checked = Checked(dict(columns))
    for name, column in columns.items():
        if is_utf8(column):
            continue
        plain = without_views(column)
        counts: list[int] = []
        try:
            target = _replace(plain.type, _PLAIN)
            values = with_nanoseconds_as(pa.int64(), plain.cast(_replace(plain.type, _BYTES))).to_pylist()
            reasons = {row: reason for row, value in enumerate(values) if (reason := _describe(value, target))}
            mended = pa.array([_repair(value, target, counts, row) for row, value in enumerate(values)], target)
        except (pa.ArrowException, ValueError):  # such as objects with two keys of one name
            checked.bad.update(dict.fromkeys(range(len(column)), f"text in the column {name!r} is not UTF-8"))
            continue
        checked.columns[name] = mended
        if errors == "repair":
            checked.n_replaced.update(counts)
        else:
            for row, reason in reasons.items():
                checked.bad.setdefault(row, f"the column {name!r} is not UTF-8: {reason}")
    return checked


def repair_texts(text: pa.Array) -> tuple[pa.Array, list[int]]:
    """Give text (large_string) with U+FFFD for what is not UTF-8, and for each row how many those are."""
    values = [
        None if raw is None else decode_repaired(raw, "utf-8") for raw in text.cast(pa.large_binary()).to_pylist()
    ]
    texts = pa.array([None if found is None else found[0] for found in values], pa.large_string())
    return texts, [0 if found is None else found[1] for found in values]


def find_bad_texts(text: pa.Array) -> dict[int, str]:
    """Find the rows of a column of text that are not UTF-8, with what is wrong."""
    if is_utf8(text):
        return {}
    values = text.cast(pa.large_binary()).to_pylist()
    return {row: reason for row, value in enumerate(values) if (reason := _describe(value, text.type))}


def _describe(value: Any, found: pa.DataType) -> str | None:
    """Say what is wrong with the text in a value of type `found`, given with bytes for text; None for nothing."""
    if isinstance(value, bytes) and is_text_type(found):
        try:
            value.decode()
        except UnicodeDecodeError as error:
            return f"{error.reason} at byte {error.start}"
        return None
    return next((reason for part, kind in _parts(value, found) if (reason := _describe(part, kind))), None)


def _repair(value: Any, found: pa.DataType, rows: list[int], row: int) -> Any:
    """Give a value with text for bytes; for each character that is replaced its row is put into `rows`."""
    if isinstance(value, bytes) and is_text_type(found):
        text, n_replaced = decode_repaired(value, "utf-8")
        rows += [row] * n_replaced
        return text
    parts = [_repair(part, kind, rows, row) for part, kind in _parts(value, found)]
    if isinstance(value, dict):
        return dict(zip(value, parts, strict=True))
    if pa.types.is_map(found) and isinstance(value, list):
        return list(zip(parts[::2], parts[1::2], strict=True))
    return parts if isinstance(value, list) else value


def _parts(value: Any, found: pa.DataType) -> list[tuple[Any, pa.DataType]]:
    """Give what is in an object, a list or a map, each with its type."""
    if isinstance(value, dict):
        return [(part, found.field(name).type) for name, part in value.items()]
    if not isinstance(value, list):
        return []
    if pa.types.is_map(found):
        kinds = (found.key_type, found.item_type)
        return [part for pair in value for part in zip(pair, kinds, strict=True)]
    return [(part, found.value_type) for part in value]


def _holds_text(found: pa.DataType) -> bool:
    if pa.types.is_dictionary(found):
        return _holds_text(found.value_type)
    return is_text_type(found) or any(_holds_text(found.field(place).type) for place in range(found.num_fields))


def _replace(found: pa.DataType, others: Mapping[pa.DataType, pa.DataType]) -> pa.DataType:
    """Give a type with others in place of some, at any depth, and with values in place of dictionaries."""
    types = pa.types
    if types.is_dictionary(found):
        return _replace(found.value_type, others)
    if types.is_struct(found):
        return pa.struct([part.with_type(_replace(part.type, others)) for part in found])
    if types.is_fixed_size_list(found):
        return pa.list_(_replace(found.value_type, others), found.list_size)
    if types.is_list(found) or types.is_large_list(found):
        made = pa.large_list if types.is_large_list(found) else pa.list_
        return made(_replace(found.value_type, others))
    if types.is_map(found):
        return pa.map_(_replace(found.key_type, others), _replace(found.item_type, others), found.keys_sorted)
    return others.get(found, found)
