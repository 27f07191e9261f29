"""Which column is the text and which the id, and how one column's types in many files become one."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from dedup.errors import ColumnError
from dedup.settings import Settings

TEXT_NAMES: Final = ("text", "content", "body")
"""Columns taken for the text when the user names none, best first."""

ID_NAMES: Final = ("id", "doc_id", "url")
"""Columns taken for the id when the user names none, best first."""

OUTPUT_NAMES: Final = ("doc_id", "text", "source", "n_removed", "chars_removed", "position")
"""Columns that dedup itself writes beside the user's own."""


MOST_LEVELS: Final = 32
"""Depth to which lists and objects may be nested: Parquet readers stop at 100 schema levels, and a list takes two."""


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


def describe_missing_text(names: Iterable[str], settings: Settings) -> str:
    """Say that the text column is not there, and which columns are."""
    there = ", ".join(repr(name) for name in names) or "none"
    if settings.html_column:
        return f"no html column {settings.html_column!r}; columns here: {there}; choose one with --html-column"
    wanted = repr(settings.text_column) if settings.text_column else "named " + ", ".join(TEXT_NAMES)
    return f"no text column {wanted}; columns here: {there}; choose one with --text-column (text_column)"


def check_user_column(name: str, where: str) -> None:
    """Raise ColumnError if a user's column has the name of one that dedup writes."""
    if name not in OUTPUT_NAMES:
        return
    ways = {
        "text": ", or make it the text with --text-column (text_column)",
        "doc_id": ", or make it the id with --id-column (id_column)",
    }
    raise ColumnError(
        f"{where}: the column {name!r} has the name of a column that dedup writes; "
        f"rename it in the input{ways.get(name, '')}"
    )


def check_depth(name: str, found: pa.DataType, where: str) -> None:
    """Raise ColumnError if lists and objects of the type are nested deeper than MOST_LEVELS."""
    level = [found]
    for _ in range(MOST_LEVELS):
        level = [child for parent in level for child in _children(parent)]
        if not level:
            return
    raise ColumnError(
        f"{where}: the column {name!r} is nested more than {MOST_LEVELS} levels deep, "
        "which Parquet readers refuse; leave it out of the input"
    )


def check_storable(name: str, found: pa.DataType, where: str) -> None:
    """Raise ColumnError if Parquet has no place for values of the type: at the start, not after all the work."""
    if pa.types.is_primitive(found) or is_text_type(found):
        return
    try:
        pq.write_table(pa.schema([pa.field(name, found)]).empty_table(), pa.BufferOutputStream())
    except (pa.ArrowNotImplementedError, pa.ArrowInvalid) as error:
        raise ColumnError(
            f"{where}: the column {name!r} is {found}, which Parquet cannot hold ({error}); leave it out of the input"
        ) from None


def storable_type(found: pa.DataType) -> pa.DataType:
    """Give the type under which values of `found` are kept, so that every Parquet reader knows it.

    Views become plain strings and lists, run-end encoding is undone, and an object
    that never has a key becomes null, since Parquet has no type for it.
    """
    types = pa.types
    if types.is_string_view(found):
        return pa.large_string()
    if types.is_binary_view(found):
        return pa.large_binary()
    if types.is_dictionary(found):
        return pa.dictionary(pa.int32(), storable_type(found.value_type), found.ordered)
    if types.is_run_end_encoded(found):
        return storable_type(found.value_type)
    if types.is_struct(found):
        if found.num_fields == 0:
            return pa.null()
        return pa.struct([pa.field(field.name, storable_type(field.type)) for field in found])
    if types.is_list(found) or types.is_list_view(found):
        return pa.list_(storable_type(found.value_type))
    if types.is_large_list(found) or types.is_large_list_view(found):
        return pa.large_list(storable_type(found.value_type))
    if types.is_fixed_size_list(found):
        return pa.list_(storable_type(found.value_type), found.list_size)
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
    if _is_list(left) and _is_list(right):
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


def conform(array: Any, target: pa.DataType, name: str, where: str) -> Any:
    """Give the array (or chunked array) as `target`, a type that join_types or storable_type found for it.

    Raises ColumnError if a value does not fit: a negative number beside one above 2**63.
    """
    if array.type == target:
        return array
    if pa.types.is_null(target) or _has_empty_struct(array.type):
        return pa.array([_without_empty(value) for value in array.to_pylist()], target)
    try:
        return array.cast(target)
    except pa.ArrowInvalid as error:
        if not _has_uint64(target):
            return array.cast(target, safe=False)  # whole numbers above 2**53 beside broken ones: as JSON reads them
        raise ColumnError(f"{where}: column {name!r} holds numbers that no one type holds: {error}") from None


def is_text_type(found: pa.DataType) -> bool:
    """Say whether values of the type are text, dictionary-encoded or not."""
    types = pa.types
    if types.is_dictionary(found):
        return is_text_type(found.value_type)
    return bool(types.is_string(found) or types.is_large_string(found) or types.is_string_view(found))


def is_id_type(found: pa.DataType) -> bool:
    """Say whether values of the type can name a document: text and numbers."""
    return is_text_type(found) or _is_number(found) or bool(pa.types.is_decimal(found))


def _first_present(wanted: Iterable[str], names: Sequence[str]) -> str | None:
    for candidate in wanted:
        if candidate in names:
            return candidate
        for name in names:
            if name.casefold() == candidate.casefold():
                return name
    return None


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


def _is_list(found: pa.DataType) -> bool:
    types = pa.types
    return bool(types.is_list(found) or types.is_large_list(found) or types.is_fixed_size_list(found))


def _is_number(found: pa.DataType) -> bool:
    return bool(pa.types.is_integer(found) or pa.types.is_floating(found))


def _children(found: pa.DataType) -> list[pa.DataType]:
    return [found.field(position).type for position in range(found.num_fields)]


def _has_empty_struct(found: pa.DataType) -> bool:
    if pa.types.is_struct(found) and found.num_fields == 0:
        return True
    return any(_has_empty_struct(child) for child in _children(found))


def _has_uint64(found: pa.DataType) -> bool:
    return found == pa.uint64() or any(_has_uint64(child) for child in _children(found))


def _without_empty(value: Any) -> Any:
    """Give the value with null for each object that has no key."""
    if isinstance(value, dict):
        return {key: _without_empty(inner) for key, inner in value.items()} or None
    if isinstance(value, list):
        return [_without_empty(inner) for inner in value]
    return value
