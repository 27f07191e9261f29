"""Files to documents: FORMATS lists the kinds of file that can be read, one module a family.

A reader takes an Input and the settings and yields batches, pages and rejections in order,
never raising for a bad document. A new format is one module here and one row in FORMATS;
where the bytes come from and how they are compressed is not its concern as long as it reads
through dedup.streams.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from dedup.batches import Batch, Pages, Piece, Reject
from dedup.documents import Corpus, CorpusBuilder
from dedup.errors import ColumnError, SettingsError
from dedup.extraction.stage import extract_pieces
from dedup.names import read_name
from dedup.places import Place
from dedup.reading.archive import Container, open_tar, open_zip
from dedup.reading.arrow_ipc import read_arrow
from dedup.reading.delimited import read_csv, read_tsv
from dedup.reading.html import read_html
from dedup.reading.json_arrays import read_json
from dedup.reading.jsonl import read_jsonl
from dedup.reading.tabular import read_parquet
from dedup.reading.text import read_text
from dedup.reading.warc import read_warc
from dedup.settings import Settings, did_you_mean
from dedup.sniffing import identify
from dedup.sources import Input, Kind, Origin, Plan, list_inputs
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
    "text": Format(
        (".txt", ".text", ".md", ".markdown", ".rst"), read_text, "plain text: a file is a document", has_columns=False
    ),
    "html": Format((".html", ".htm", ".xhtml", ".shtml"), read_html, "HTML: a page is a document", has_columns=False),
    "jsonl": Format((".jsonl", ".ndjson"), read_jsonl, "a line is a document"),
    "json": Format((".json",), read_json, "an object of the array is one"),
    "csv": Format((".csv",), read_csv, "comma-separated: a row is one"),
    "tsv": Format((".tsv", ".tab"), read_tsv, "tab-separated: a row is one"),
    "parquet": Format((".parquet",), read_parquet, "a row is a document"),
    "arrow": Format((".arrow", ".feather", ".ipc", ".arrows"), read_arrow, "Arrow IPC, Feather: a row is one"),
    "warc": Format((".warc", ".wet"), read_warc, "a page, or its text, is one", has_columns=False),
}

CONTAINERS: Final = {
    "zip": Container((".zip",), open_zip, "any of these in an archive"),
    "tar": Container((".tar",), open_tar, "the same, also .tgz and the like"),
}


def list_formats() -> list[tuple[str, tuple[str, ...], str]]:
    """Give name, suffixes and description of all that can be read."""
    rows: dict[str, Format | Container] = {**FORMATS, **CONTAINERS}
    return [(name, found.suffixes, found.description) for name, found in rows.items()]


def known_suffixes() -> list[str]:
    """List how the names of readable files end, compression aside."""
    return list(_formats_by_suffix())


def find_format(file_name: str) -> str | None:
    """Find the row of FORMATS that reads a file of this name, or None."""
    return _formats_by_suffix().get(read_name(file_name).suffix)


def plan_inputs(sources: Sequence[str | Path], settings: Settings) -> Plan:
    """List what a run over the sources reads, sorted, and what it cannot read.

    Raises MissingInputError for a path or glob that matches nothing, InputError when there is nothing to read.
    """
    formats = _formats_by_suffix()
    if settings.format is not None and settings.format not in formats.values():
        known = [*FORMATS, *CONTAINERS]
        raise SettingsError(
            f"unknown format {settings.format!r}{did_you_mean(settings.format, known)}; known: {', '.join(known)}"
        )

    def find_kind(place: Place) -> Kind | Reject:
        return identify(place, formats, CONTAINERS, settings)

    return list_inputs(sources, find_kind, f"{', '.join(known_suffixes())} (each also with {', '.join(CODECS)})")


def read_files(sources: Sequence[str | Path], settings: Settings, on_progress: Progress | None = None) -> Corpus:
    """Read every document of the sources, in reading order: sorted by source, then row.

    What cannot be read is a row in `rejected`. Raises as plan_inputs does, and
    ColumnError where no file has the text or id column, or columns do not go together.
    """
    plan = plan_inputs(sources, settings)
    tally = _Tally(on_progress, skipped=plan.skipped)
    builder = CorpusBuilder(settings.encoding_errors)
    lacking: list[tuple[str, str]] = []
    n_with_column = n_documents = 0
    with closing(extract_pieces(_read_pieces(plan, settings, tally), settings)) as pieces:
        for (origin, done_bytes), piece in pieces:
            tally.tell(done_bytes)
            if isinstance(piece, Batch):
                n_documents += len(piece.rows)
                n_with_column += piece.text_column is not None
            elif piece.lacks_text_column:
                lacking.append((origin.source, piece.reason))
            builder.add(origin.source, f"{origin.stem}:", piece)
    # one odd file among good ones is a row in rejected; when none has the column, the setting is wrong
    if lacking and not n_with_column and (settings.text_column or settings.html_column or not n_documents):
        source, reason = lacking[0]
        raise ColumnError(f"{source}: {reason}")
    builder.check_id_column(settings)
    tally.tell(tally.total_bytes)
    return builder.corpus(n_sources=tally.n_sources, skipped=tally.skipped)


@dataclass(slots=True)
class _Tally:
    """What was read so far, and whom to tell: the text stands in for the place in a file, which compression hides."""

    on_progress: Progress | None
    skipped: list[str]
    n_sources: int = 0
    total_bytes: int = 0
    done_bytes: int = 0
    size_bytes: int = 0  # of the input that is being read
    text_bytes: int = 0  # of it

    def begin(self, inputs: Sequence[Input]) -> Iterator[Input]:
        """Give the inputs one after the other, keeping count."""
        # sizes are asked for only if somebody wants to know: behind an address each takes a while
        sizes = [found.place.size_bytes() if self.on_progress is not None else 0 for found in inputs]
        self.total_bytes = sum(sizes)
        self.tell(0)
        for found, self.size_bytes in zip(inputs, sizes, strict=True):
            self.text_bytes = 0
            yield found
            self.done_bytes += self.size_bytes

    @property
    def read_bytes(self) -> int:
        """How far reading is: pages are extracted later, so this is what to say once they are."""
        return self.done_bytes + min(self.text_bytes, self.size_bytes)

    def tell(self, done_bytes: int) -> None:
        """Say how far reading and extraction are."""
        if self.on_progress is not None:
            self.on_progress("read", done_bytes, self.total_bytes)


def _read_pieces(plan: Plan, settings: Settings, tally: _Tally) -> Iterator[tuple[tuple[Origin, int], Piece]]:
    """Give the pieces of all inputs in order, each with what it comes from, and how much was read with it."""
    for found in tally.begin(plan.inputs):
        for one in _open(found, settings):
            if not isinstance(one, Input):
                source, reject = one
                if reject.stage == "list":
                    tally.skipped.append(source)
                yield (Origin(source, source), tally.read_bytes), reject
                continue
            tally.n_sources += 1
            origin = one.origin
            for piece in FORMATS[one.format].read(one, settings):
                if isinstance(piece, Batch):
                    tally.text_bytes += piece.text.nbytes
                elif isinstance(piece, Pages):
                    tally.text_bytes += piece.html.nbytes
                yield (origin, tally.read_bytes), piece
    for source, reject in plan.rejected:
        yield (Origin(source, source), tally.total_bytes), reject


def _open(found: Input, settings: Settings) -> Iterator[Input | tuple[str, Reject]]:
    """Give an input, or where it is a container the inputs in it; what cannot be one is told by its source."""
    if found.format not in CONTAINERS:
        yield found
        return
    formats = _formats_by_suffix()
    inner = settings if settings.format not in CONTAINERS else replace(settings, format=None)
    for name, member in CONTAINERS[found.format].open_members(found, settings):
        source = f"{found.source}/{name}" if name else found.source
        if isinstance(member, Reject):
            yield source, member
            continue
        kind = identify(member, formats, CONTAINERS, inner)
        if isinstance(kind, Reject):
            yield source, kind
        elif kind.format in CONTAINERS:
            yield source, Reject(None, "an archive in an archive; unpack the outer one to have it read")
        else:
            yield Input(member, source, kind.format, kind.codec, kind.charset)


def _formats_by_suffix() -> dict[str, str]:
    return {suffix: name for name, suffixes, _ in list_formats() for suffix in suffixes}
