"""Files to documents: FORMATS lists the kinds of file that can be read, one module a family.

A reader takes an Input and the settings and yields batches, pages and rejections in order,
never raising for a bad document. A new format is one module here and one row in FORMATS;
where the bytes come from and how they are compressed is not its concern as long as it reads
through dedup.streams.
"""

import pickle
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from dedup.batches import Batch, Pages, Piece, Reject
from dedup.documents import RawShard, ReadSoFar, ShardBuilder
from dedup.errors import ColumnError, SettingsError
from dedup.extraction.stage import extract_pieces
from dedup.names import TEXT_SUFFIXES
from dedup.places import Place
from dedup.reading.archive import Container, open_tar, open_zip
from dedup.reading.arrow_ipc import read_arrow
from dedup.reading.delimited import read_csv, read_tsv
from dedup.reading.html import read_html
from dedup.reading.json_arrays import read_json
from dedup.reading.jsonl import read_jsonl
from dedup.reading.tabular import list_parquet_columns, read_parquet
from dedup.reading.text import read_text
from dedup.reading.warc import read_warc
from dedup.scopes import check_scope_early
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
    list_columns: Callable[[Input, Settings], list[str]] | None = None  # where that is known before a row is read


FORMATS: Final = {
    "text": Format(TEXT_SUFFIXES, read_text, "plain text: a file is a document", has_columns=False),
    "html": Format((".html", ".htm", ".xhtml", ".shtml"), read_html, "HTML: a page is a document", has_columns=False),
    "jsonl": Format((".jsonl", ".ndjson"), read_jsonl, "a line is a document"),
    "json": Format((".json",), read_json, "an object of the array is one"),
    "csv": Format((".csv",), read_csv, "comma-separated: a row is one"),
    "tsv": Format((".tsv", ".tab"), read_tsv, "tab-separated: a row is one"),
    "parquet": Format((".parquet",), read_parquet, "a row is a document", list_columns=list_parquet_columns),
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


@dataclass(slots=True)
class _Tally:
    """What was read so far, and whom to tell: the text stands in for the place in a file, which compression hides."""

    on_progress: Progress | None = None
    skipped: list[str] = field(default_factory=list)
    n_sources: int = 0
    total_bytes: int = 0
    done_bytes: int = 0
    size_bytes: int = 0  # of the input that is being read
    text_bytes: int = 0  # of it

    @property
    def counts(self) -> tuple[int, int]:
        """How many sources were read, and how many skipped."""
        return self.n_sources, len(self.skipped)

    def begin(self, inputs: Sequence[Input], first: int) -> Iterator[tuple[int, Input]]:
        """Give the inputs from `first` on, one after the other, keeping count."""
        # sizes are asked for only if somebody wants to know: behind an address each takes a while
        sizes = [found.place.size_bytes() if self.on_progress is not None else 0 for found in inputs]
        self.total_bytes = sum(sizes)
        self.done_bytes = sum(sizes[:first])
        self.tell(self.done_bytes)
        for number in range(first, len(inputs)):
            self.size_bytes, self.text_bytes = sizes[number], 0
            yield number, inputs[number]
            self.done_bytes += self.size_bytes

    @property
    def read_bytes(self) -> int:
        """How far reading is: pages are extracted later, so this is what to say once they are."""
        return self.done_bytes + min(self.text_bytes, self.size_bytes)

    def tell(self, done_bytes: int) -> None:
        """Say how far reading and extraction are."""
        if self.on_progress is not None:
            self.on_progress("read", done_bytes, self.total_bytes)


@dataclass(slots=True)
class FileReader:
    """Reads the documents of a plan in reading order: sorted by source, then row.

    What cannot be read is a row in `rejected`. What it has learned can be pickled with `state`, and another
    reader of the same plan goes on behind it.
    """

    plan: Plan
    settings: Settings
    on_progress: Progress | None = None
    so_far: ReadSoFar = field(default_factory=ReadSoFar)
    tally: _Tally = field(default_factory=_Tally)
    lacking: tuple[str, str] | None = None  # the first source without a text column, and why
    n_with_column: int = 0
    place: tuple[int, int] = (0, 0)  # the input, and how many of its pieces are read
    before: tuple[int, int] = (0, 0)  # the tally's counts before that input

    def state(self) -> bytes:
        """Give what reading has learned, but for `rejects`, of which only the number."""
        rejects, self.so_far.rejects = self.so_far.rejects, []
        n_sources, n_skipped = self.before
        counts = n_sources, self.tally.skipped[:n_skipped]
        state = pickle.dumps((self.so_far, len(rejects), counts, self.lacking, self.n_with_column, self.place))
        self.so_far.rejects = rejects
        return state

    def go_on(self, state: bytes, rejects: list[tuple[str, int | None, str, str]]) -> None:
        """Continue behind a state, with the rejects up to it (more are left out)."""
        learned = pickle.loads(state)  # noqa: S301 - our own, from a file whose checksum is right
        self.so_far, n_rejects, counts, self.lacking, self.n_with_column, self.place = learned
        self.so_far.rejects = rejects[:n_rejects]
        self.tally.n_sources, self.tally.skipped = counts

    def read(self, shard_bytes: Callable[[], int]) -> Iterator[tuple[RawShard, bool]]:
        """Give shards, each with whether reading could go on behind it; `shard_bytes` says how large the next may be.

        Raises as plan_inputs does, and ColumnError where no file has the text or id column.
        """
        self.tally.on_progress = self.on_progress
        _check_scope(self.plan, self.settings)
        builder = ShardBuilder(self.so_far, self.settings.encoding_errors)
        pieces = extract_pieces(_read_pieces(self.plan, self.settings, self.tally, self.place), self.settings)
        with closing(pieces):
            for tag, piece in pieces:
                origin = tag.origin
                # what one piece of input has become is not parted: only behind it is a place to go on from
                if tag.place != self.place and builder.held_bytes >= shard_bytes():
                    yield from _mark_last(builder.cut(shard_bytes()))
                self.place, self.before = tag.place, tag.before
                self.tally.tell(tag.done_bytes)
                if isinstance(piece, Batch):
                    self.n_with_column += piece.text_column is not None
                elif piece.lacks_text_column and self.lacking is None:
                    self.lacking = (origin.source, piece.reason)
                builder.add(origin.source, f"{origin.stem}:", piece)
        # one odd file among good ones is a row in rejected; when none has the column, the setting is wrong
        names_column = self.settings.text_column or self.settings.html_column
        if self.lacking and not self.n_with_column and (names_column or not self.so_far.n_documents):
            source, reason = self.lacking
            raise ColumnError(f"{source}: {reason}")
        self.so_far.check_id_column(self.settings)
        self.tally.tell(self.tally.total_bytes)
        self.place, self.before = (len(self.plan.inputs) + 1, 0), self.tally.counts
        yield from _mark_last(builder.cut(shard_bytes()))

    @property
    def n_sources(self) -> int:
        """How many sources were read."""
        return self.tally.n_sources

    @property
    def skipped(self) -> list[str]:
        """Sources of no known kind."""
        return [*self.plan.skipped, *self.tally.skipped]


def _check_scope(plan: Plan, settings: Settings) -> None:
    """Raise ColumnError, before all is read, if columns are asked for that no input has, where that can be known."""
    names: list[str] = []
    if not (settings.within_column or settings.keep_column):
        return
    for found in plan.inputs:
        list_columns = FORMATS[found.format].list_columns if found.format in FORMATS else None
        if list_columns is None or found.codec is not None:
            return
        names += [name for name in list_columns(found, settings) if name not in names]
        with suppress(ColumnError):
            check_scope_early(names, settings)
            return  # no more need to be opened
    check_scope_early(names, settings)


def _mark_last(shards: Iterator[RawShard]) -> Iterator[tuple[RawShard, bool]]:
    """Give shards with whether each is the last."""
    held = next(shards, None)
    while held is not None:
        following = next(shards, None)
        yield held, following is None
        held = following


@dataclass(frozen=True, slots=True)
class _Tag:
    """What a piece comes from, and how far reading was with it."""

    origin: Origin
    done_bytes: int
    place: tuple[int, int]
    before: tuple[int, int]


def _read_pieces(
    plan: Plan, settings: Settings, tally: _Tally, behind: tuple[int, int]
) -> Iterator[tuple[_Tag, Piece]]:
    """Give the pieces of all inputs behind a place, in order.

    A place is the number of an input and how many of its pieces are read; the first is (0, 0).
    """
    for number, found in tally.begin(plan.inputs, behind[0]):
        before = tally.counts
        for n_pieces, (origin, piece) in enumerate(_read_input(found, settings, tally), 1):
            if (number, n_pieces) > behind:
                yield _Tag(origin, tally.read_bytes, (number, n_pieces), before), piece
    for n_before, (source, reject) in enumerate(plan.rejected):
        place = (len(plan.inputs), n_before + 1)
        if place > behind:
            yield _Tag(Origin(source, source), tally.total_bytes, place, tally.counts), reject


def _read_input(found: Input, settings: Settings, tally: _Tally) -> Iterator[tuple[Origin, Piece]]:
    """Give the pieces of one input, or of all that are in it, in order."""
    for one in _open(found, settings):
        if not isinstance(one, Input):
            source, reject = one
            if reject.stage == "list":
                tally.skipped.append(source)
            yield Origin(source, source), reject
            continue
        tally.n_sources += 1
        origin = one.origin  # of all its pieces: there may be millions
        for piece in FORMATS[one.format].read(one, settings):
            if isinstance(piece, Batch):
                tally.text_bytes += piece.text.nbytes
            elif isinstance(piece, Pages):
                tally.text_bytes += piece.html.nbytes
            yield origin, piece


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
