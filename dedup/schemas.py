"""The tables that pass between the stages and to the user, as Arrow schemas.

Stage tables speak of documents and paragraphs by position and of text by UTF-8
byte offsets; the tables that users get speak of `doc_id` and of Python string
indices. `docs/output.md` explains the second kind.
"""

from typing import Final

import pyarrow as pa

from dedup.errors import SchemaError

USER_COLUMN_PREFIX: Final = "column:"
"""What a user's own column is called inside, so that no name of theirs can meet one of ours."""

REASONS: Final = ("repeat", "duplicate", "near-duplicate", "duplicate-document", "boilerplate")

PARAGRAPH_KINDS: Final = ("text", "verbatim", "running-header", "running-footer", "page-number")
"""What `kind` of PARAGRAPHS numbers: prose, what is no prose in Markdown and is left alone, the furniture of pages."""

TEXT, VERBATIM = 0, 1

SPECIAL: Final = ("", "legal text", "verse")
"""What a document may be of which nothing goes as boilerplate; nothing special is the first."""

UNKNOWN_KIND: Final = "of no known kind"
"""How the reason begins for an input that no reader is for."""

# ---- inside: one row a document, paragraph, repeat, boilerplate hit, or verified pair

DOCUMENTS: Final = pa.schema(
    [
        pa.field("doc_id", pa.string(), nullable=False),
        pa.field("text", pa.large_string(), nullable=False),
        pa.field("source", pa.string(), nullable=False),
        pa.field("row", pa.int64(), nullable=False),  # 0-based position in the source
    ]
)
"""What reading gives: these four, then what is beside them in the output, by its name there and USER_COLUMN_PREFIX."""

PARAGRAPHS: Final = pa.schema(
    [
        pa.field("document", pa.int64(), nullable=False),  # position in DOCUMENTS
        pa.field("start", pa.int64(), nullable=False),  # bytes into the document's text
        pa.field("end", pa.int64(), nullable=False),
        pa.field("kind", pa.int8(), nullable=False),  # position in PARAGRAPH_KINDS
    ]
)

REPEATS: Final = pa.schema(
    [
        pa.field("paragraph", pa.int64(), nullable=False),  # position in PARAGRAPHS
        pa.field("start", pa.int64(), nullable=False),  # bytes into the document's text
        pa.field("end", pa.int64(), nullable=False),
        pa.field("kept_start", pa.int64(), nullable=False),
        pa.field("kept_end", pa.int64(), nullable=False),
        pa.field("similarity", pa.float64(), nullable=False),
    ]
)

BOILERPLATE: Final = pa.schema(
    [
        pa.field("paragraph", pa.int64(), nullable=False),  # position in PARAGRAPHS
        pa.field("start", pa.int64(), nullable=False),  # bytes into the document's text
        pa.field("end", pa.int64(), nullable=False),
        pa.field("rule", pa.string(), nullable=False),  # "category/rule-name"
        pa.field("votes", pa.string()),  # for it, where a rule is not enough alone
    ]
)

# ---- outside: what users read

CLEAN_DOCUMENTS: Final = pa.schema(
    [
        pa.field("doc_id", pa.string(), nullable=False),
        pa.field("text", pa.large_string(), nullable=False),
        pa.field("source", pa.string(), nullable=False),
        pa.field("n_removed", pa.int64(), nullable=False),
        pa.field("chars_removed", pa.int64(), nullable=False),
        pa.field("kept_as", pa.string()),  # what keeps boilerplate in it: a place in SPECIAL
    ]
)
"""Then the user's own columns, untouched."""

EMPTIED: Final = pa.schema(
    [
        pa.field("doc_id", pa.string(), nullable=False),
        pa.field("source", pa.string(), nullable=False),
        pa.field("position", pa.int64(), nullable=False),  # 0-based place in reading order
    ]
)
"""Documents of which nothing is left; then the user's own columns."""

REMOVED: Final = pa.schema(
    [
        pa.field("doc_id", pa.string(), nullable=False),
        pa.field("start", pa.int64(), nullable=False),  # Python string indices
        pa.field("end", pa.int64(), nullable=False),
        pa.field("text", pa.large_string(), nullable=False),
        pa.field("reason", pa.string(), nullable=False),
        pa.field("rule", pa.string()),
        pa.field("votes", pa.string()),  # what spoke for it and against it, where it was put to the vote
        pa.field("kept_doc_id", pa.string()),
        pa.field("kept_start", pa.int64()),
        pa.field("kept_end", pa.int64()),
        pa.field("similarity", pa.float64()),
    ]
)

OVERLAPS: Final = pa.schema(
    [
        pa.field("doc_id", pa.string(), nullable=False),
        pa.field("start", pa.int64(), nullable=False),
        pa.field("end", pa.int64(), nullable=False),
        pa.field("other_doc_id", pa.string(), nullable=False),
        pa.field("other_start", pa.int64(), nullable=False),
        pa.field("other_end", pa.int64(), nullable=False),
        pa.field("similarity", pa.float64(), nullable=False),
        pa.field("why_kept", pa.string(), nullable=False),
    ]
)

REJECTED: Final = pa.schema(
    [
        pa.field("source", pa.string(), nullable=False),
        pa.field("row", pa.int64()),  # null where the whole source was rejected
        pa.field("stage", pa.string(), nullable=False),
        pa.field("reason", pa.string(), nullable=False),
    ]
)


def check_schema(table: pa.Table, schema: pa.Schema, name: str) -> None:
    """Raise SchemaError unless `table` begins with the fields of `schema`, by name and type."""
    for position, field in enumerate(schema):
        found = table.schema.field(position) if position < table.num_columns else None
        if found is None or found.name != field.name or found.type != field.type:
            raise SchemaError(f"{name}: column {position} must be {field.name}: {field.type}, found {found}")


def empty_table(schema: pa.Schema) -> pa.Table:
    """Give the table of `schema` that has no rows."""
    return schema.empty_table()
