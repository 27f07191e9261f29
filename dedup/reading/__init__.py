"""Files to documents: FORMATS lists the kinds of file that can be read, one module a family.

A reader takes an Input and the settings and yields batches, pages and rejections in order,
never raising for a bad document. A new format is one module here and one row in FORMATS;
where the bytes come from and how they are compressed is not its concern as long as it reads
through dedup.streams.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Final

from dedup.batches import Batch, Piece, Reject
from dedup.documents import Corpus, CorpusBuilder
from dedup.errors import ColumnError
from dedup.extraction.stage import extract_pieces
from dedup.places import Place
from dedup.reading.html import read_html
from dedup.reading.jsonl import read_jsonl
from dedup.reading.tabular import read_parquet
from dedup.reading.text import read_text
from dedup.settings import Settings
from dedup.sources import Input, Kind, Origin, Plan, find_codec, list_inputs, strip_compression
from dedup.streams import CODECS

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Format:
    """A kind of file: how its names end, what reads it, and a line about it for people."""

    suffixes: tuple[str, ...]
    read: Callable[[Input, Settings], Iterator[Piece]]
    description: str
    has_columns: bool = True


FORMATS: Final = {
    "text": Format((".txt", ".md"), read_text, "plain text or Markdown, a file is a document", has_columns=False),
    "html": Format((".html", ".htm", ".xhtml", ".shtml"), read_html, "HTML, a page is a document", has_columns=False),
    "jsonl": Format((".jsonl", ".ndjson"), read_jsonl, "JSON lines, an object is a document"),
    "parquet": Format((".parquet",), read_parquet, "Parquet, a row is a document"),
}


def known_suffixes() -> list[str]:
    """List how the names of readable files end, compression aside."""
    return [suffix for found in FORMATS.values() for suffix in found.suffixes]


def find_format(file_name: str) -> str | None:
    """Find the row of FORMATS that reads a file of this name, or None."""
    suffix = Path(strip_compression(file_name)).suffix.lower()
    return next((name for name, found in FORMATS.items() if suffix in found.suffixes), None)


def plan_inputs(sources: Sequence[str | Path], settings: Settings) -> Plan:
    """List what a run over the sources reads, sorted, and what it cannot read.

    Raises MissingInputError for a path or glob that matches nothing, InputError when there is nothing to read.
    """

    def identify(place: Place) -> Kind | Reject:
        name = settings.format or find_format(place.name)
        if name is None:
            return Reject(None, "of no known kind", stage="list")
        return Kind(name, find_codec(place.name))

    return list_inputs(sources, identify, f"{', '.join(known_suffixes())} (each also with {', '.join(CODECS)})")


def read_pieces(
    plan: Plan, settings: Settings, on_read: Callable[[Input, int], None]
) -> Iterator[tuple[Origin, Piece]]:
    """Give the pieces of all inputs in order, each with what it comes from; `on_read` hears of the bytes of text."""
    for source, reject in plan.rejected:
        yield Origin(source, source), reject
    for found in plan.inputs:
        text_bytes = 0
        for piece in FORMATS[found.format].read(found, settings):
            on_read(found, text_bytes)
            if isinstance(piece, Batch):
                text_bytes += piece.text.nbytes  # stands in for the place in the file, which decompression hides
            yield found.origin, piece


def read_files(sources: Sequence[str | Path], settings: Settings, on_progress: Progress | None = None) -> Corpus:
    """Read every document of the sources, in reading order: sorted by source, then row.

    What cannot be read is a row in `rejected`. Raises as plan_inputs does, and
    ColumnError where no file has the text or id column, or columns do not go together.
    """
    plan = plan_inputs(sources, settings)
    sizes = {found.source: found.place.size_bytes() for found in plan.inputs}
    total = sum(sizes.values())
    before = dict(zip(sizes, accumulate(sizes.values(), initial=0), strict=False))

    def on_read(found: Input, text_bytes: int) -> None:
        if on_progress is not None:
            on_progress("read", before[found.source] + min(text_bytes, sizes[found.source]), total)

    builder = CorpusBuilder()
    lacking: list[tuple[str, str]] = []
    n_with_column = n_documents = 0
    for origin, piece in extract_pieces(read_pieces(plan, settings, on_read), settings):
        if isinstance(piece, Batch):
            n_documents += len(piece.rows)
            n_with_column += piece.text_column is not None
        elif piece.lacks_text_column:
            lacking.append((origin.source, piece.reason))
        builder.add(origin.source, f"{origin.stem}:", piece)
    if on_progress is not None:
        on_progress("read", total, total)
    # one odd file among good ones is a row in rejected; when none has the column, the setting is wrong
    if lacking and not n_with_column and (settings.text_column or settings.html_column or not n_documents):
        source, reason = lacking[0]
        raise ColumnError(f"{source}: {reason}")
    builder.check_id_column(settings)
    return builder.corpus(n_sources=len(plan.inputs), skipped=plan.skipped)
