"""What is wrong with a row that cannot be a document: in words, for `rejected`."""

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from dedup.columns import Roles
from dedup.settings import Settings
from dedup.values import BYTES, MOST_KEPT_LEVELS, is_deep, is_encodable, page_array, plain_id, text_array


def fault_of_record(record: dict[str, Any], roles: Roles, settings: Settings) -> str | None:
    """Say what is wrong with a record, or None."""
    if roles.text not in record:
        return f"no column {roles.text!r} in this row"
    text = record[roles.text]
    if text is None:
        return f"the {roles.content_word} is null"
    if not isinstance(text, (str, *BYTES) if roles.is_html else str):
        return f"the {roles.content_word} is {_kind(text)}, not text"
    content = page_array([text])
    if content is None:
        return f"half a surrogate pair in the {roles.content_word}, which UTF-8 cannot hold"
    if find_over_limit(content, settings):
        return describe_limit(f"the {roles.content_word}", settings)
    for name in record:
        if not isinstance(name, str):
            return f"the name of a column is {_kind(name)}, not text"
        if text_array([name]) is None:
            return "half a surrogate pair in the name of a column, which UTF-8 cannot hold"
    doc_id = None if roles.doc_id is None else plain_id(record.get(roles.doc_id))
    if doc_id is not None and (isinstance(doc_id, bool) or not isinstance(doc_id, str | int | float)):
        return f"the id is {_kind(doc_id)}, neither text nor a number"
    if isinstance(doc_id, str) and text_array([doc_id]) is None:
        return "half a surrogate pair in the id, which UTF-8 cannot hold"
    return None


def fault_of_columns(record: dict[str, Any]) -> str | None:
    """Say what keeps a record's columns from being kept, or None."""
    if any(is_deep(value) for value in record.values()):
        return f"a column is nested more than {MOST_KEPT_LEVELS} levels deep"
    return None if is_encodable(record) else "half a surrogate pair in a column, which UTF-8 cannot hold"


def find_over_limit(content: pa.Array, settings: Settings) -> list[int]:
    """Find the positions of texts or pages that are larger than a document may be."""
    sizes = pc.binary_length(content.cast(pa.large_binary()))
    found: list[int] = pc.indices_nonzero(pc.greater(sizes, settings.max_document_bytes)).to_pylist()
    return found


def describe_limit(what: str, settings: Settings) -> str:
    """Say that something is over the limit, and how to move that."""
    return (
        f"{what} is larger than {settings.max_document_bytes:,} bytes; "
        "--max-document-bytes sets how large a document may be"
    )


def _kind(value: Any) -> str:
    words = {dict: "an object", list: "a list", bool: "true or false", int: "a number", float: "a number", str: "text"}
    return words.get(type(value), f"of type {type(value).__name__}")
