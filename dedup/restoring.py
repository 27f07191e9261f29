"""The original texts, byte for byte, from clean documents and the spans that were removed."""

import os
from collections.abc import Callable, Iterable, Iterator
from itertools import chain, repeat
from pathlib import Path, PurePosixPath
from typing import Final, Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from dedup.decoding.text import encode_text
from dedup.errors import OutputError
from dedup.locking import lock_target
from dedup.names import is_text_name, strip_compression
from dedup.originals import (
    SPAN_COLUMNS,
    HeldSpans,
    PassingSpans,
    Rows,
    UnfitError,
    check_places,
    restore_pieces,
    take_rows,
)
from dedup.outputs import CHANGED, OutputFolder, conform_output, open_output
from dedup.parts import Encoder, TableFiles
from dedup.placing import new_folder
from dedup.schemas import CLEAN_DOCUMENTS, EMPTIED, REMOVED
from dedup.writing import check_target

_MOST_CHARS: Final = 1 << 22
"""Characters of restored texts in one piece, where an output is read piece by piece."""


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
        documents = conform_output(cleaned.documents, "documents")
        removed, emptied = conform_output(cleaned.removed, "removed"), conform_output(cleaned.emptied, "emptied")
    _check_columns(documents.schema, removed.schema, emptied.schema)
    emptied, places = _in_reading_order(emptied, len(documents))
    return pa.concat_tables(
        restore_pieces([documents], Rows([emptied]), places, len(documents), HeldSpans([removed.select(SPAN_COLUMNS)]))
    )


def restore_files(cleaned: str | Path | Cleaned, target: str | Path, *, as_files: bool = False) -> int:
    """Write every original document into the new folder `target`, and give their number.

    As Parquet parts, or with `as_files` each document to the path its source names (which
    only what was read as a text file has; an absolute one too is a path below `target`), in the encoding that the
    column `encoding` tells, else in UTF-8.
    An output folder is read a piece at a time; only where the rows of `removed` or `emptied` are in
    another order than dedup wrote them are those two held in memory.
    Raises OutputError as restore does, if the folder is not empty, or if a source is no
    path inside the folder.
    """

    def write(pieces: Iterable[pa.Table]) -> int:
        return _write_each(target, pieces, _find_text_files(cleaned)) if as_files else _write_parts(target, pieces)

    with lock_target(target):
        if not isinstance(cleaned, str | Path):
            table = restore(cleaned)
            check_target(target, [], overwrite=None)
            return write([table])
        out = open_output(cleaned)
        _check_columns(*map(out.read_schema, ("documents", "removed", "emptied")))
        check_target(target, [cleaned], overwrite=None)
        try:
            return write(_restore_folder(out, in_order=True))
        except UnfitError:
            return write(_restore_folder(out, in_order=False))


def _check_columns(documents: pa.Schema, removed: pa.Schema, emptied: pa.Schema) -> None:
    for name, found, schema in (("documents", documents, CLEAN_DOCUMENTS), ("removed", removed, REMOVED)):
        if found.names[: len(schema)] != schema.names:
            raise OutputError(f"{name} has other columns than dedup writes: {CHANGED}")
    if emptied.names != [*EMPTIED.names, *documents.names[len(CLEAN_DOCUMENTS) :]]:
        raise OutputError(f"emptied and documents have different columns: {CHANGED}")


def _write_parts(target: str | Path, pieces: Iterable[pa.Table]) -> int:
    """Write tables of documents as parts, and give the number of documents."""
    n_documents = 0
    with new_folder(target) as folder:
        encoder = Encoder()
        files: TableFiles | None = None
        try:
            for piece in pieces:
                files = files or TableFiles(encoder, folder, piece.schema, in_parts=True)
                files.add(piece)
                n_documents += piece.num_rows
            if files is not None:
                files.finish()
            encoder.finish()
        finally:
            encoder.abandon()
    return n_documents


def _write_each(target: str | Path, pieces: Iterable[pa.Table], is_text_file: Callable[[str], bool]) -> int:
    """Write each document to a file of its own, and give the number of documents."""
    taken: dict[PurePosixPath, bool] = {}
    with new_folder(target) as folder:
        for piece in pieces:
            paths = _plan_files(piece, is_text_file, taken)
            for path, content in zip(paths, _contents(piece), strict=True):
                place = folder / path
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_bytes(content)
    return sum(taken.values())


def _restore_folder(out: OutputFolder, *, in_order: bool) -> Iterator[pa.Table]:
    """Give the documents of an output folder as they were read, a piece at a time.

    Raises UnfitError if they do not fit together, with `in_order` also if they are only in another order.
    """
    n_clean = out.count_rows("documents")
    if in_order:
        position = EMPTIED.field("position")
        groups = [pa.schema([position]).empty_table(), *out.read_groups("emptied", [position.name])]
        places = np.concatenate([group[position.name].to_numpy() for group in groups])
        check_places(places, n_clean + len(places))
        if bool((np.diff(places) < 0).any()):
            raise UnfitError(f"the positions in emptied do not ascend: {CHANGED}")
        emptied: Iterable[pa.Table] = chain([out.read_schema("emptied").empty_table()], out.read_groups("emptied"))
    else:
        held, places = _in_reading_order(out.read("emptied"), n_clean)
        emptied = [held]
    removed = out.read_groups("removed", SPAN_COLUMNS)
    spans = PassingSpans(removed) if in_order else HeldSpans(removed)
    documents = chain([out.read_schema("documents").empty_table()], out.read_groups("documents"))
    yield from restore_pieces(documents, Rows(emptied), places, n_clean, spans, _MOST_CHARS)


def _in_reading_order(emptied: pa.Table, n_clean: int) -> tuple[pa.Table, NDArray[np.int64]]:
    """Give emptied documents with their places ascending, and these; raises OutputError if they cannot be."""
    places = emptied["position"].to_numpy()
    check_places(places, n_clean + len(places))
    order = np.argsort(places, kind="stable")
    if bool((np.diff(places) < 0).any()):
        emptied = pa.table([take_rows(column, order) for column in emptied.columns], schema=emptied.schema)
    return emptied, places[order]


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
            raise OutputError(f"{source.as_py()!r} cannot be written as {encoding.as_py()}: {CHANGED}") from None


def _find_text_files(cleaned: str | Path | Cleaned) -> Callable[[str], bool]:
    """Give what says whether a source was read as a file of text: its name does not, where the content decided."""
    if isinstance(cleaned, str | Path):
        report = open_output(cleaned).read_report()
        chosen, others = report.get("settings", {}), report.get("no_text_files", [])
    else:
        told = getattr(cleaned, "report", None)
        chosen, others = (told.settings, list(told.no_text_files)) if told else ({}, [])
    if not isinstance(chosen, dict) or not isinstance(others, list) or not all(isinstance(one, str) for one in others):
        raise OutputError(f"report.json does not say what was read: {CHANGED}")
    are_all, none = chosen.get("format") == "text", frozenset(others)
    return lambda source: source not in none and (are_all or is_text_name(source))


def _plan_files(
    table: pa.Table, is_text_file: Callable[[str], bool], taken: dict[PurePosixPath, bool]
) -> list[PurePosixPath]:
    """Give the path of each document's file; raises OutputError where there can be none.

    Adds them to those taken, files as true and the folders that they are in as false.
    """
    paths = []
    is_page = table["extractor"].is_valid().to_pylist() if "extractor" in table.column_names else repeat(False)
    for source, was_extracted in zip(table["source"].to_pylist(), is_page, strict=False):
        named = PurePosixPath(strip_compression(source))
        path = named.relative_to(named.anchor)  # what was read from several folders has absolute sources
        if was_extracted or not is_text_file(source):
            raise OutputError(
                f"{source!r} was not read as a text file, so there is no file to restore; restore to Parquet instead"
            )
        is_apart = os.sep != "/" and os.sep in source  # a backslash parts folders only on Windows
        if ".." in path.parts or is_apart or "\0" in source:
            raise OutputError(f"the source {source!r} is not a path inside the folder; restore to Parquet instead")
        if taken.get(path):
            raise OutputError(f"two documents would be restored to {str(path)!r}; restore to Parquet instead")
        blocked = path if path in taken else next((folder for folder in path.parents if taken.get(folder)), None)
        if blocked is not None:
            raise OutputError(
                f"{str(blocked)!r} would be both a file and the folder of another; restore to Parquet instead"
            )
        taken.update(dict.fromkeys(path.parents, False) | {path: True})
        paths.append(path)
    return paths
