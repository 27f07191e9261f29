"""Reports and explanations as rich renderables: readable in colour, and through markers without it."""

import dataclasses
import re
from collections.abc import Sequence
from typing import Any, Final

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from dedup.reporting.explanation import Explanation, Overlap, RemovedSpan
from dedup.reporting.report import Report

MOST_QUOTED_CHARS: Final = 240
"""Longest quotation of a removed or matched text; more would hide the rest."""

MOST_REMOVALS_SHOWN: Final = 50

_CONTROLS: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
"""What a document could send to the terminal, escape sequences above all; line ends and tabs pass."""


def show_summary(report: Report, out: str | None = None) -> RenderableType:
    """Give the closing summary: what came in, what went and why, and where to look further.

    `out` is the folder that was written, None where nothing was.
    """
    facts = Table.grid(padding=(0, 2))
    for label, fact in report.facts():
        style = "yellow" if label in ("warning", "rejected", "repaired", "skipped") else ""
        facts.add_row(Text(label, style="bold"), Text(printable(fact), style=style, overflow="fold"))
    parts: list[RenderableType] = [facts]
    if report.n_removed:
        parts.append(Padding(_accounts(report), (1, 0, 0, 0)))
    if out is not None:
        hints = Table.grid(padding=(0, 2))
        hints.add_row(Text("output", style="bold"), Text(f"{out}", overflow="fold"))
        hints.add_row(Text("why", style="bold"), Text(f"dedup explain {out} DOC_ID", overflow="fold"))
        hints.add_row(Text("back", style="bold"), Text(f"dedup restore {out} FOLDER", overflow="fold"))
        parts.append(Padding(hints, (1, 0, 0, 0)))
    return Group(*parts)


def show_formats(formats: Sequence[tuple[str, Sequence[str], str]], compressions: Sequence[str]) -> RenderableType:
    """Give the formats (name, suffixes, description) as a table."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_edge=False)
    for heading in ("format", "suffixes", "what it is"):
        table.add_column(heading, no_wrap=heading == "format")
    for name, suffixes, description in formats:
        table.add_row(name, " ".join(suffixes), description)
    return Group(table, Padding(Text(f"Each may be compressed: {' '.join(compressions)}"), (1, 0, 0, 0)))


def show_removals(removed: Sequence[dict[str, Any]], n_removed: int, colour: bool) -> RenderableType:
    """Give what a dry run would remove, document by document, with the reasons.

    `removed` holds the first rows of the REMOVED table, of `n_removed`.
    """
    text = Text()
    doc_id = ""
    for row in removed[:MOST_REMOVALS_SHOWN]:
        if row["doc_id"] != doc_id:
            doc_id = row["doc_id"]
            text.append(f"{printable(doc_id)}\n", style="bold")
        text.append(f"  {row['start']}-{row['end']}  {_why(row, doc_id)}\n", style="cyan")
        text.append_text(Text("    ").append_text(_cut(_quoted(row["text"]), colour)).append("\n"))
    if n_removed > MOST_REMOVALS_SHOWN:
        text.append(f"... and {n_removed - MOST_REMOVALS_SHOWN:,} more; --json lists all\n")
    return text


def show_explanation(explanation: Explanation, colour: bool) -> RenderableType:
    """Give a document with its removed spans struck out and numbered, then a note on each.

    Without colour a removed span stands between [- and -].
    """
    text = Text()
    title = f"{explanation.doc_id}  ({explanation.source})" if explanation.source else explanation.doc_id
    text.append(f"{printable(title)}\n\n", style="bold")
    number = 0
    for piece, span in explanation.pieces():
        if span is None:
            text.append(printable(piece))
            continue
        number += 1
        # the line breaks that went with a paragraph are shown outside the mark, so that lines stay lines
        body = piece.strip("\r\n")
        before, _, after = piece.partition(body) if body else ("", "", piece)
        text.append(printable(before))
        text.append_text(_cut(body, colour))
        text.append(f"[{number}]", style="bold cyan")
        text.append(printable(after))
    text.append("\n" if text.plain.endswith("\n") else "\n\n")
    n_chars = sum(span.end - span.start for span in explanation.removed)
    text.append(f"{number} removed, {n_chars:,} of {len(explanation.text):,} characters\n", style="bold")
    for place, span in enumerate(explanation.removed, start=1):
        text.append(f"[{place}] ", style="bold cyan")
        text.append_text(_note(span, explanation.doc_id))
    if explanation.overlaps:
        text.append("\nKept, though alike\n", style="bold")
        for overlap in explanation.overlaps:
            text.append_text(_overlap_note(overlap))
    return text


def printable(text: str) -> str:
    r"""Give `text` with control characters replaced, so that no document can drive the terminal.

    >>> printable("a\x1b[31mb\r\n")
    'a�[31mb\n'
    """
    return _CONTROLS.sub("\N{REPLACEMENT CHARACTER}", text.replace("\r\n", "\n"))


def _accounts(report: Report) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("removed because")
    table.add_column("spans", justify="right")
    table.add_column("characters", justify="right")
    for depth, name, tally in report.accounts():
        style = "dim" if depth else ""
        table.add_row(Text("  " * depth + name, style=style), f"{tally.spans:,}", f"{tally.chars:,}", style=style)
    return table


def _cut(text: str, colour: bool) -> Text:
    if colour:
        return Text(printable(text), style="red strike dim")
    return Text(f"[-{printable(text)}-]")


def _note(span: RemovedSpan, doc_id: str) -> Text:
    note = Text(f"{_why(dataclasses.asdict(span), doc_id)}\n")
    if span.kept_text is not None:
        note.append(f"    {_quoted(span.kept_text)}\n", style="green")
    return note


def _overlap_note(overlap: Overlap) -> Text:
    note = Text(
        f"  {overlap.start}-{overlap.end} is like {printable(overlap.other_doc_id)} "
        f"{overlap.other_start}-{overlap.other_end}: similarity {overlap.similarity:.3f}, {overlap.why_kept}\n"
    )
    note.append(f"    {_quoted(overlap.text)}\n    {_quoted(overlap.other_text)}\n", style="dim")
    return note


def _why(row: dict[str, Any], doc_id: str) -> str:
    """Give reason and evidence of a removal from document `doc_id` in one line."""
    why = str(row["reason"])
    if row["rule"] is not None:
        why += f", rule {row['rule']}"
    if row["votes"] is not None:
        why += f" ({row['votes']})"
    if row["similarity"] is not None:
        why += f", similarity {row['similarity']:.3f}"
    if row["kept_doc_id"] is not None:
        why += ", kept here" if row["kept_doc_id"] == doc_id else f", kept in {printable(row['kept_doc_id'])}"
        if row["kept_start"] is not None:
            why += f" {row['kept_start']}-{row['kept_end']}"
    return why


def _quoted(text: str) -> str:
    line = " ".join(printable(text).split())
    return line if len(line) <= MOST_QUOTED_CHARS else f"{line[: MOST_QUOTED_CHARS - 4]} ..."
