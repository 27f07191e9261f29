"""One document explained: its original text, what went from it and why, and what that matched."""

import dataclasses
import difflib
import functools
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from dedup.errors import OutputError, UnknownDocumentError
from dedup.outputs import OutputFolder, check_columns, conform_output, open_output
from dedup.schemas import OVERLAPS, REMOVED
from dedup.sources import describe_os_error

MOST_IDS_COMPARED: Final = 20_000
"""Ids compared letter by letter when an unknown one is asked for: a tenth of a second's worth."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RemovedSpan:
    """A span that went. Offsets are Python string indices into the original texts."""

    start: int
    end: int
    text: str
    reason: str
    rule: str | None
    votes: str | None
    kept_doc_id: str | None
    kept_start: int | None
    kept_end: int | None
    kept_text: str | None
    similarity: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlap:
    """A paragraph that stayed although another one is like it."""

    start: int
    end: int
    text: str
    other_doc_id: str
    other_start: int
    other_end: int
    other_text: str
    similarity: float
    why_kept: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """The original text of a document with all that was decided about it, in reading order."""

    doc_id: str
    source: str
    text: str
    removed: tuple[RemovedSpan, ...]
    overlaps: tuple[Overlap, ...]

    @property
    def clean_text(self) -> str:
        """What is left of the text."""
        return "".join(text for text, span in self.pieces() if span is None)

    def pieces(self) -> Iterator[tuple[str, RemovedSpan | None]]:
        """Give the text in pieces, each with the removed span it is, or None where it was kept."""
        done = 0
        for span in self.removed:
            if span.start > done:
                yield self.text[done : span.start], None
            yield self.text[span.start : span.end], span
            done = span.end
        if done < len(self.text):
            yield self.text[done:], None

    def to_json(self) -> str:
        """Give the explanation as JSON."""
        return json.dumps(dataclasses.asdict(self), indent=2, ensure_ascii=False) + "\n"


def explain(out: str | Path, doc_id: str) -> Explanation:
    """Explain one document of the output folder `out`.

    Reads the id columns of the folder and, of everything else, only the row groups
    that hold this document and the ones it matched.
    Raises OutputError if `out` is not an output of dedup or cannot be read,
    UnknownDocumentError, with the nearest ids, if it holds no such document.
    """
    folder = open_output(out)
    try:
        doc_id.encode()
    except UnicodeEncodeError:
        raise UnknownDocumentError(f"no document {doc_id!r} in {out}: every id is UTF-8") from None
    removed = _read_rows(folder, "removed", ("doc_id",), {doc_id}, REMOVED.names)
    overlaps = _read_rows(folder, "overlaps", ("doc_id", "other_doc_id"), {doc_id}, OVERLAPS.names)
    partners = {row["kept_doc_id"] for row in removed} | {row["other_doc_id"] for row in overlaps}
    partners |= {row["doc_id"] for row in overlaps}
    originals = _read_originals(folder, {doc_id} | (partners - {None}))
    if doc_id not in originals:
        raise UnknownDocumentError(f"no document {doc_id!r} in {out}{_nearest(folder, doc_id)}")
    source, text = originals[doc_id]
    return Explanation(
        doc_id=doc_id,
        source=source,
        text=text,
        removed=tuple(_removed_span(row, originals) for row in sorted(removed, key=lambda row: row["start"])),
        overlaps=tuple(_overlap(row, doc_id, originals) for row in overlaps),
    )


def _removed_span(row: dict[str, Any], originals: dict[str, tuple[str, str]]) -> RemovedSpan:
    kept_text = None
    if row["kept_doc_id"] in originals and row["kept_start"] is not None:
        kept_text = originals[row["kept_doc_id"]][1][row["kept_start"] : row["kept_end"]]
    fields = {field.name: row[field.name] for field in dataclasses.fields(RemovedSpan) if field.name != "kept_text"}
    return RemovedSpan(**fields, kept_text=kept_text)


def _overlap(row: dict[str, Any], doc_id: str, originals: dict[str, tuple[str, str]]) -> Overlap:
    """Turn an overlap round where needed, so that this document comes first."""
    this, other = ("", "other_") if row["doc_id"] == doc_id else ("other_", "")
    start, end = row[f"{this}start"], row[f"{this}end"]
    other_id, other_start, other_end = row[f"{other}doc_id"], row[f"{other}start"], row[f"{other}end"]
    return Overlap(
        start=start,
        end=end,
        text=originals[doc_id][1][start:end],
        other_doc_id=other_id,
        other_start=other_start,
        other_end=other_end,
        other_text=originals[other_id][1][other_start:other_end],
        similarity=row["similarity"],
        why_kept=row["why_kept"],
    )


def _read_originals(out: OutputFolder, doc_ids: set[str]) -> dict[str, tuple[str, str]]:
    """Give source and original text of those documents that are there, by id."""
    originals = {}
    spans: dict[str, list[tuple[int, str]]] = {}
    for row in _read_rows(out, "removed", ("doc_id",), doc_ids, ("start", "text")):
        spans.setdefault(row["doc_id"], []).append((row["start"], row["text"]))
    for row in _read_rows(out, "documents", ("doc_id",), doc_ids, ("source", "text")):
        originals[row["doc_id"]] = (row["source"], _put_back(row["text"], spans.get(row["doc_id"], [])))
    missing = doc_ids - originals.keys()
    if missing:  # nothing is left of these: all of their text is in `removed`
        for row in _read_rows(out, "emptied", ("doc_id",), missing, ("source",)):
            originals[row["doc_id"]] = (row["source"], _put_back("", spans.get(row["doc_id"], [])))
    return originals


def _put_back(clean: str, spans: list[tuple[int, str]]) -> str:
    """Put removed spans, given as (start in the original, text), back into a clean text."""
    pieces: list[str] = []
    taken = done = 0  # of the clean text, of the original
    for start, text in sorted(spans):
        pieces += (clean[taken : taken + start - done], text)
        taken += start - done
        done = start + len(text)
    return "".join([*pieces, clean[taken:]])


def _nearest(out: OutputFolder, doc_id: str) -> str:
    """Give ' (did you mean ...?)' with the ids that hold `doc_id` or are spelt nearly like it."""
    groups = list(out.read_groups("documents", ["doc_id"]))
    if not groups:
        return ""
    ids = pa.concat_tables(groups)["doc_id"]
    near = ids.filter(pc.match_substring(ids, doc_id, ignore_case=True)).slice(0, 3).to_pylist()
    near = near or difflib.get_close_matches(doc_id, ids.slice(0, MOST_IDS_COMPARED).to_pylist(), n=3, cutoff=0.5)
    return f" (did you mean {' or '.join(repr(name) for name in near)}?)" if near else ""


def _read_rows(
    out: OutputFolder, table: str, keys: Sequence[str], doc_ids: set[str], columns: Sequence[str]
) -> list[dict[str, Any]]:
    """Give the rows of a table of which one of `keys` is in `doc_ids`.

    The keys are read first, the rest only of row groups with a hit.
    """
    names = list(dict.fromkeys([*keys, *columns]))
    wanted = pa.array(sorted(doc_ids), pa.string())
    rows: list[dict[str, Any]] = []
    for part in out.list_parts(table):
        try:
            with out.open_part(part) as file:
                check_columns(file.schema_arrow.names, names, table)
                for number in range(file.num_row_groups):
                    ids = conform_output(file.read_row_group(number, columns=list(keys)), table)
                    hit = functools.reduce(pc.or_, [pc.is_in(ids[key], value_set=wanted) for key in keys])
                    if pc.any(hit).as_py():
                        group = file.read_row_group(number, columns=names)
                        rows.extend(conform_output(group, table).filter(hit).to_pylist())
        except OutputError:
            raise
        except (OSError, pa.ArrowException) as error:
            raise OutputError(f"{part} cannot be read: {describe_os_error(error)}") from None
    return rows
