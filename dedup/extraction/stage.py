"""Pages to documents, in order, by as many processes as there are workers."""

from collections import deque
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, Final, Generic, TypeVar

import pyarrow as pa

from dedup.batches import Batch, Pages, Piece, Reject, take_rows
from dedup.extraction.pages import METADATA, Extracted, Page
from dedup.extraction.pool import ExtractionPool, Outcome
from dedup.settings import Settings

LOOK_AHEAD_BYTES: Final = 32 << 20
"""Pages read ahead of the first that has no outcome yet, and what was read between them."""

LOOK_AHEAD_PAGES: Final = 4_096
"""Behind a page that uses all its seconds two other processes get on with some thousands."""

UTF_8: Final = frozenset({"utf-8", "utf-8-sig", "ascii"})
"""Encodings that are not worth a column."""

Origin = TypeVar("Origin")


def extract_pieces(
    pieces: Iterable[tuple[Origin, Piece]], settings: Settings
) -> Generator[tuple[Origin, Batch | Reject], None, None]:
    """Give what readers gave, in order, with every Pages turned into Batch, and Reject where a page has no text.

    An origin is whatever the caller wants back beside a piece. Without pages no process
    is started. The result is the same for any number of workers.
    Closing it ends the processes; left to itself, it would extract all that was read ahead.
    Raises ExtractionError if processes cannot be started.
    """
    waiting: deque[_Passing[Origin] | _Waiting[Origin]] = deque()
    held_bytes = 0
    with ExtractionPool(settings) as pool:
        for origin, piece in pieces:
            if not waiting and not isinstance(piece, Pages):
                yield origin, piece
                continue
            for entry in _entries(origin, piece, pool, settings):
                waiting.append(entry)
                held_bytes += entry.size_bytes
                while waiting and (
                    waiting[0].is_done or held_bytes > LOOK_AHEAD_BYTES or len(waiting) > LOOK_AHEAD_PAGES
                ):
                    first = waiting.popleft()
                    held_bytes -= first.size_bytes
                    yield from first.finish()
        while waiting:
            yield from waiting.popleft().finish()


@dataclass(slots=True)
class _Passing(Generic[Origin]):
    """A piece that is done as it came."""

    origin: Origin
    piece: Batch | Reject
    is_done: bool = True

    @property
    def size_bytes(self) -> int:
        return self.piece.text.nbytes + _count_bytes(self.piece.columns) if isinstance(self.piece, Batch) else 0

    def finish(self) -> Iterator[tuple[Origin, Batch | Reject]]:
        yield self.origin, self.piece


@dataclass(slots=True)
class _Waiting(Generic[Origin]):
    """A page whose outcome is to come."""

    future: "Future[Outcome]"
    size_bytes: int
    group: "_Group[Origin]"

    @property
    def is_done(self) -> bool:
        return self.future.done()

    def finish(self) -> Iterator[tuple[Origin, Batch | Reject]]:
        self.group.outcomes.append(self.future.result())
        if len(self.group.outcomes) == len(self.group.rows):
            for piece in _batch(self.group):
                yield self.group.origin, piece


@dataclass(slots=True)
class _Group(Generic[Origin]):
    """The pages of one piece, which become one batch; their bytes are not held here once more."""

    origin: Origin
    rows: pa.Array
    ids: pa.Array | None
    columns: dict[str, pa.Array]
    text_column: str | None
    outcomes: list[Outcome] = field(default_factory=list)


def _entries(
    origin: Origin, piece: Piece, pool: ExtractionPool, settings: Settings
) -> "Iterator[_Passing[Origin] | _Waiting[Origin]]":
    """Hand the pages of a piece to the pool, each when it is asked for."""
    if not isinstance(piece, Pages):
        yield _Passing(origin, piece)
        return
    group = _Group(origin, piece.rows, piece.ids, piece.columns, piece.text_column)
    beside_bytes = _count_bytes(piece.columns) // max(1, len(piece.html))  # a page
    for position, html in enumerate(piece.html):
        raw: bytes = html.as_py()
        is_decoded = _value(piece.decoded, position) is True
        page = Page(raw, _value(piece.urls, position), None if is_decoded else _value(piece.charsets, position))
        future = pool.submit(page, "utf-8" if is_decoded else settings.encoding)
        yield _Waiting(future, len(raw) + beside_bytes, group)


def _batch(group: _Group[Any]) -> Iterator[Batch | Reject]:
    """Give the pages that have a text as one Batch, and a Reject for each that has none."""
    good: list[int] = []
    found: list[Extracted] = []
    for position, outcome in enumerate(group.outcomes):
        if isinstance(outcome, Extracted):
            good.append(position)
            found.append(outcome)
        else:
            yield Reject(group.rows[position].as_py(), outcome.reason, stage=outcome.stage)
    if not found:
        none = pa.array([], pa.int64())
        rows, ids, columns = take_rows(group.rows, group.ids, group.columns, none)
        yield Batch(pa.array([], pa.large_string()), rows, ids, columns, group.text_column)
        return
    rows, ids, columns = group.rows, group.ids, group.columns
    if len(good) < len(group.outcomes):
        rows, ids, columns = take_rows(rows, ids, columns, pa.array(good, pa.int64()))
    # the text is not what the page was: it is restored as UTF-8
    encodings = [None if one.encoding in UTF_8 else f"utf-8 (from {one.encoding})" for one in found]
    yield Batch(
        pa.array([one.text for one in found], pa.large_string()),
        rows,
        ids,
        columns,
        group.text_column,
        encodings=pa.array(encodings, pa.string()) if any(encodings) else None,
        n_replaced=pa.array([one.n_replaced for one in found]) if any(one.n_replaced for one in found) else None,
        metadata={name: pa.array([getattr(one, name) for one in found], pa.string()) for name in METADATA},
    )


def _count_bytes(columns: dict[str, pa.Array]) -> int:
    return sum(column.nbytes for column in columns.values())


def _value(column: pa.Array | None, position: int) -> Any:
    return None if column is None else column[position].as_py()
