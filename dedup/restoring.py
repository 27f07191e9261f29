"""The original texts, byte for byte, from clean documents and the spans that were removed."""

import os
from collections.abc import Iterator
from itertools import repeat
from pathlib import Path, PurePosixPath
from typing import Any, Final, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dedup.decoding.text import encode_text
from dedup.errors import OutputError
from dedup.names import strip_compression
from dedup.outputs import open_output
from dedup.schemas import CLEAN_DOCUMENTS, EMPTIED, REMOVED
from dedup.writing import check_target, cut_parts, write_folder, write_tables

_TEXT_SUFFIXES: Final = (".txt", ".text", ".md", ".markdown", ".rst", "")
_CHANGED: Final = "it has been changed since dedup wrote it"


class Cleaned(Protocol):
    """What cleaning gives: the tables that docs/output.md describes."""

    @property
    def documents(self) -> pa.Table:
        """CLEAN_DOCUMENTS and the user's columns."""

    @property
    def removed(self) -> pa.Table:
        """REMOVED."""

    @property
    def emptied(self) -> pa.Table:
        """EMPTIED and the user's columns."""


def restore(cleaned: str | Path | Cleaned) -> pa.Table:
    """Give doc_id, source, text and the user's columns of every document as it was read, in reading order.

    Takes an output folder or the result of cleaning. Raises OutputError if it is
    not one of ours, or if documents and removed spans do not fit together.
    """
    if isinstance(cleaned, str | Path):
        out = open_output(cleaned)
        documents, removed, emptied = (out.read(name) for name in ("documents", "removed", "emptied"))
    else:
        documents, removed, emptied = cleaned.documents, cleaned.removed, cleaned.emptied
    for name, table, schema in (("documents", documents, CLEAN_DOCUMENTS), ("removed", removed, REMOVED)):
        if table.schema.names[: len(schema)] != schema.names:
            raise OutputError(f"{name} has other columns than dedup writes: {_CHANGED}")
    users = documents.schema.names[len(CLEAN_DOCUMENTS) :]
    if emptied.schema.names != [*EMPTIED.names, *users]:
        raise OutputError(f"emptied and documents have different columns: {_CHANGED}")
    # documents that lost something or everything get their spans back; the rest pass as they are
    spans = _spans_by_document(removed)
    clean_ids = documents["doc_id"]
    changed = np.flatnonzero(documents["n_removed"].to_numpy())
    texts = _rebuilt(documents.take(pa.array(changed)), spans)
    texts += _rebuilt_emptied(emptied, spans)
    if spans:
        raise OutputError(f"removed spans of {next(iter(spans))!r}, which is no document with removals: {_CHANGED}")
    n_clean, n_emptied = documents.num_rows, emptied.num_rows
    pick = np.arange(n_clean + n_emptied)
    pick[changed] = n_clean + np.arange(len(changed))
    pick[n_clean:] = n_clean + len(changed) + np.arange(n_emptied)
    order = _reading_order(n_clean, emptied)
    columns = {
        "doc_id": _take(pa.chunked_array([*clean_ids.chunks, *emptied["doc_id"].chunks], pa.string()), order),
        "source": _take(pa.chunked_array([*documents["source"].chunks, *emptied["source"].chunks], pa.string()), order),
        "text": _take(
            pa.chunked_array([*documents["text"].chunks, pa.array(texts, pa.large_string())], pa.large_string()),
            pick[order],
        ),
    }
    for name in users:
        both = [*documents[name].chunks, *emptied[name].chunks]
        columns[name] = _take(pa.chunked_array(both, documents.schema.field(name).type), order)
    return pa.table(columns)


def restore_files(cleaned: str | Path | Cleaned, target: str | Path, *, as_files: bool = False) -> int:
    """Write every original document into the new folder `target`, and give their number.

    As Parquet parts, or with `as_files` each document to the path its source names (which
    only text files have), in the encoding that the column `encoding` tells, else in UTF-8.
    Raises OutputError as restore does, if the folder is not empty, or if a source is no
    path inside the folder.
    """
    table = restore(cleaned)
    check_target(target, [cleaned] if isinstance(cleaned, str | Path) else [], overwrite=False)
    files = _plan_files(table) if as_files else []

    def fill(folder: Path) -> None:
        if as_files:
            for path, content in zip(files, _contents(table), strict=True):
                place = folder / path
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_bytes(content)
        else:
            write_tables([(folder / name, part) for name, part in cut_parts(table)])

    write_folder(target, fill)
    return int(table.num_rows)


def _rebuilt(documents: pa.Table, spans: dict[str, list[tuple[int, int, str]]]) -> list[str]:
    """Give the original texts of documents that lost some of their text, using up their spans."""
    texts = []
    names = ("doc_id", "text", "n_removed", "chars_removed")
    for doc_id, text, n_removed, chars_removed in zip(*(documents[name].to_pylist() for name in names), strict=True):
        own = spans.pop(doc_id, [])
        original = _fill_gaps(doc_id, text, own)
        if len(own) != n_removed or len(original) - len(text) != chars_removed:
            raise OutputError(
                f"{doc_id!r} lost {n_removed} spans of {chars_removed} characters, but removed holds "
                f"{len(own)} of {len(original) - len(text)}: {_CHANGED}"
            )
        texts.append(original)
    return texts


def _rebuilt_emptied(emptied: pa.Table, spans: dict[str, list[tuple[int, int, str]]]) -> list[str]:
    """Give the original texts of documents of which nothing is left, using up their spans."""
    return [_fill_gaps(doc_id, "", spans.pop(doc_id, [])) for doc_id in emptied["doc_id"].to_pylist()]


def _fill_gaps(doc_id: str, clean: str, spans: list[tuple[int, int, str]]) -> str:
    """Put removed spans back where they stood."""
    pieces: list[str] = []
    kept = last_end = 0  # how far the clean text and the original are told
    for start, end, text in sorted(spans):
        gap = start - last_end
        if gap < 0 or end - start != len(text) or kept + gap > len(clean):
            raise OutputError(f"the removed span {start}-{end} does not fit into {doc_id!r}: {_CHANGED}")
        pieces += (clean[kept : kept + gap], text)
        kept += gap
        last_end = end
    pieces.append(clean[kept:])
    return "".join(pieces)


def _spans_by_document(removed: pa.Table) -> dict[str, list[tuple[int, int, str]]]:
    spans: dict[str, list[tuple[int, int, str]]] = {}
    names = ("doc_id", "start", "end", "text")
    for doc_id, start, end, text in zip(*(removed[name].to_pylist() for name in names), strict=True):
        spans.setdefault(doc_id, []).append((start, end, text))
    return spans


def _reading_order(n_clean: int, emptied: pa.Table) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Give, for each place, the row of documents followed by emptied that stands there."""
    n_all = n_clean + emptied.num_rows
    places = emptied["position"].to_numpy()
    is_emptied = np.zeros(n_all, bool)
    if len(places) and (places.min() < 0 or places.max() >= n_all or len(np.unique(places)) < len(places)):
        raise OutputError(f"emptied holds positions that cannot be: {_CHANGED}")
    order = np.empty(n_all, np.int64)
    is_emptied[places] = True
    order[~is_emptied] = np.arange(n_clean)
    order[places] = n_clean + np.arange(len(places))
    return order


def _take(column: pa.ChunkedArray, order: np.ndarray[Any, np.dtype[np.int64]]) -> pa.ChunkedArray:
    """Take the values in that order, which for most outputs is the one they are in."""
    if len(order) == len(column) and bool((order == np.arange(len(order))).all()):
        return column
    if pa.types.is_dictionary(column.type):
        column = column.unify_dictionaries()
    return pc.take(column, pa.array(order))


def _contents(table: pa.Table) -> Iterator[bytes]:
    """Give the bytes of each document's file."""
    texts = table["text"]
    encodings = table["encoding"] if "encoding" in table.column_names else pa.nulls(len(texts), pa.string())
    for source, text, encoding in zip(table["source"], texts, encodings, strict=True):
        if encoding.as_py() is None:
            yield text.cast(pa.large_binary()).as_py()
            continue
        try:
            yield encode_text(text.as_py(), encoding.as_py())
        except (LookupError, UnicodeEncodeError):
            raise OutputError(f"{source.as_py()!r} cannot be written as {encoding.as_py()}: {_CHANGED}") from None


def _plan_files(table: pa.Table) -> list[PurePosixPath]:
    """Give the path of each document's file; raises OutputError where there can be none."""
    paths: dict[PurePosixPath, None] = {}
    is_page = table["extractor"].is_valid().to_pylist() if "extractor" in table.column_names else repeat(False)
    for source, was_extracted in zip(table["source"].to_pylist(), is_page, strict=False):
        path = PurePosixPath(strip_compression(source))
        if was_extracted or path.suffix.lower() not in _TEXT_SUFFIXES:
            raise OutputError(
                f"{source!r} is not a text file, so there is no file to restore; restore to Parquet instead"
            )
        is_apart = os.sep != "/" and os.sep in source  # a backslash parts folders only on Windows
        if path.is_absolute() or ".." in path.parts or is_apart or "\0" in source:
            raise OutputError(f"the source {source!r} is not a path inside the folder; restore to Parquet instead")
        if path in paths:
            raise OutputError(f"two documents would be restored to {str(path)!r}; restore to Parquet instead")
        paths[path] = None
    return list(paths)
