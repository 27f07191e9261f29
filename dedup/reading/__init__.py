"""Files to documents: FORMATS lists the kinds of file that can be read, one module a family.

A reader takes an Input and the settings and yields batches and rejections in order,
never raising for a bad document. A new format is one module here and one row in FORMATS;
compression is not its concern as long as it reads through dedup.streams.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from dedup.batches import Batch, Reject
from dedup.documents import Corpus, CorpusBuilder
from dedup.errors import ColumnError
from dedup.reading.jsonl import read_jsonl
from dedup.reading.tabular import read_parquet
from dedup.reading.text import read_text
from dedup.settings import Settings
from dedup.sources import Input, Plan, list_inputs, strip_compression
from dedup.streams import CODECS

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Format:
    """A kind of file: how its names end, and what reads it."""

    suffixes: tuple[str, ...]
    read: Callable[[Input, Settings], Iterator[Batch | Reject]]
    has_columns: bool = True
    is_streamed: bool = True  # read through dedup.streams, so it may be compressed as a whole


FORMATS: Final = {
    "text": Format((".txt", ".md"), read_text, has_columns=False),
    "jsonl": Format((".jsonl", ".ndjson"), read_jsonl),
    "parquet": Format((".parquet",), read_parquet, is_streamed=False),
}


def known_suffixes() -> list[str]:
    """List how the names of readable files end, compression aside."""
    return [suffix for found in FORMATS.values() for suffix in found.suffixes]


def find_format(file_name: str) -> str | None:
    """Find the row of FORMATS that reads a file of this name, or None."""
    bare = strip_compression(file_name)
    suffix = Path(bare).suffix.lower()
    for name, found in FORMATS.items():
        if suffix in found.suffixes and (bare == file_name or found.is_streamed):
            return name
    return None


def plan_inputs(sources: Sequence[str | Path], settings: Settings) -> Plan:
    """List the files that a run over the sources reads, sorted, and those it skips.

    Raises MissingInputError for a path or glob that matches nothing, InputError when no file is of a known kind.
    """
    del settings  # formats by choice come with it
    compressed = ", ".join(CODECS)
    return list_inputs(sources, find_format, f"{', '.join(known_suffixes())} (text and lines also {compressed})")


def read_pieces(source: Input, settings: Settings) -> Iterator[Batch | Reject]:
    """Give the batches and rejections of one file."""
    return FORMATS[source.format].read(source, settings)


def read_files(sources: Sequence[str | Path], settings: Settings, on_progress: Progress | None = None) -> Corpus:
    """Read every document of the sources, in reading order: sorted by source, then row.

    What cannot be read is a row in `rejected`. Raises as plan_inputs does, and
    ColumnError where no file has the text or id column, or columns do not go together.
    """
    plan = plan_inputs(sources, settings)
    builder = CorpusBuilder()
    for folder, reason in plan.unreadable:
        builder.add(folder, "", Reject(None, f"folder cannot be listed: {reason}"))
    sizes = [_size_bytes(found.path) for found in plan.inputs]
    lacking: list[tuple[str, str]] = []
    n_with_column = n_documents = done = 0
    for found, size in zip(plan.inputs, sizes, strict=True):
        text_bytes = 0
        for piece in read_pieces(found, settings):
            if on_progress is not None:
                on_progress("read", done + min(text_bytes, size), sum(sizes))
            if isinstance(piece, Batch):
                n_documents += len(piece.rows)
                n_with_column += FORMATS[found.format].has_columns
                text_bytes += piece.text.nbytes  # stands in for the place in the file, which decompression hides
            elif piece.lacks_text_column:
                lacking.append((found.source, piece.reason))
            builder.add(found.source, f"{found.stem}:", piece)
        done += size
    if on_progress is not None:
        on_progress("read", done, done)
    # one odd file among good ones is a row in rejected; when none has the column, the setting is wrong
    if lacking and not n_with_column and (settings.text_column or not n_documents):
        source, reason = lacking[0]
        raise ColumnError(f"{source}: {reason}")
    builder.check_id_column(settings)
    return builder.corpus(n_sources=len(plan.inputs), skipped=plan.skipped)


def _size_bytes(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
