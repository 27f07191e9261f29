"""Tables as Parquet files, cut by fixed rules and compressed by threads while more rows come.

The bytes of the files depend on the rows alone, not on how they were handed over, nor on threads.
"""

import os
import threading
from collections import deque
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from dedup.errors import SchemaError
from dedup.placing import sync
from dedup.row_sizes import Sizes, measure_rows

PART_BYTES: Final = 32 << 20
"""Uncompressed size of a part: parts are what threads write at the same time, so 100 MB keep two of them busy."""

ROW_GROUP_BYTES: Final = 16 << 20
"""Uncompressed size of a row group, the least that readers read and the most that waits in one piece."""

ROW_GROUP_ROWS: Final = 1 << 17

COMPRESSION_LEVEL: Final = 3  # of zstd; compressing is nearly all of the time of writing

_NO_DICTIONARY: Final = frozenset(
    {"doc_id", "text", "position"}
    | {f"{whose}{edge}" for whose in ("", "kept_", "other_") for edge in ("start", "end")}
)
"""Columns whose values are nearly all different: a dictionary of them costs time, and a tenth more room."""

_MOST_THREADS: Final = 16
_MOST_SYNCS: Final = 4  # at the same time; they wait for the disk, and no processor
_WAITING: Final = 2  # row groups for each thread
_MOST_WASTE: Final = 1 << 20


@dataclass(slots=True, eq=False)
class _File:
    """A Parquet file that is being written, and its row groups that wait for it."""

    path: Path
    schema: pa.Schema
    waiting: "deque[pa.Table | None]" = field(default_factory=deque)  # None: the file ends
    is_running: bool = False
    writer: pq.ParquetWriter | None = None

    def write(self, group: pa.Table) -> None:
        columns = [_in_one_piece(column) for column in group.columns]
        self.open().write_table(pa.table(columns, schema=self.schema), row_group_size=group.num_rows)

    def open(self) -> pq.ParquetWriter:
        if self.writer is None:
            self.writer = pq.ParquetWriter(
                self.path,
                self.schema,
                compression="zstd",
                compression_level=COMPRESSION_LEVEL,
                use_dictionary=[name for name in self.schema.names if name not in _NO_DICTIONARY],
                write_statistics=[name for name in self.schema.names if name != "text"],
            )
        return self.writer


class Encoder:
    """Writes row groups to files in threads: those of a file in their order, several files at the same time.

    `workers` 0 is one thread for each processor; 1 is the caller's own. What adds waits while there
    is much to write. To be used by one thread.
    """

    def __init__(self, workers: int = 0) -> None:
        """Start no thread yet."""
        self._n_threads = min(workers or os.cpu_count() or 1, _MOST_THREADS)
        self._encoders = ThreadPoolExecutor(self._n_threads, "encode") if self._n_threads > 1 else None
        self._syncers = ThreadPoolExecutor(_MOST_SYNCS, "sync")
        self._room = threading.Semaphore(_WAITING * self._n_threads)
        self._lock = threading.Lock()
        self._open: set[_File] = set()
        self._error: BaseException | None = None

    def begin(self, path: Path, schema: pa.Schema) -> _File:
        """Give a file that row groups can be added to."""
        file = _File(path, schema)
        self._open.add(file)
        return file

    def add(self, file: _File, group: pa.Table) -> None:
        """Write a row group, at once or later; raises what went wrong in any file so far."""
        self._room.acquire()
        self._raise_error()
        self._put(file, group)

    def end(self, file: _File) -> None:
        """Close a file when all its row groups are written."""
        self._put(file, None)

    def finish(self) -> None:
        """Wait until every file is on disk; raises what went wrong in any."""
        self._shut_down()
        self._raise_error()

    def abandon(self) -> None:
        """Write nothing more, and let go of all files."""
        self._error = self._error or RuntimeError("abandoned")
        self._shut_down()
        for file in self._open:
            if file.writer is not None:
                with suppress(OSError, pa.ArrowException):
                    file.writer.close()

    def _put(self, file: _File, group: pa.Table | None) -> None:
        with self._lock:
            file.waiting.append(group)
            is_running, file.is_running = file.is_running, True
        if not is_running:
            if self._encoders is None:
                self._run(file)
            else:
                self._encoders.submit(self._run, file)

    def _run(self, file: _File) -> None:
        """Write what waits for a file."""
        while True:
            with self._lock:
                if not file.waiting:
                    file.is_running = False
                    return
                group = file.waiting.popleft()
            try:
                if self._error is None:
                    self._write(file, group)
            except BaseException as error:  # raised where rows are added
                self._error = self._error or error
            finally:
                if group is not None:
                    self._room.release()

    def _write(self, file: _File, group: pa.Table | None) -> None:
        if group is not None:
            file.write(group)
            return
        file.open().close()
        self._open.discard(file)
        self._syncers.submit(self._sync, file.path)

    def _sync(self, path: Path) -> None:
        try:
            sync(path)
        except OSError as error:
            self._error = self._error or error

    def _raise_error(self) -> None:
        if self._error is not None:
            raise self._error

    def _shut_down(self) -> None:
        if self._encoders is not None:
            self._encoders.shutdown()
        self._syncers.shutdown()


class TableFiles:
    """Files that hold one table, whose rows come in order: a single file, or parts in a folder that is there.

    Parts are whole row groups up to PART_BYTES; there is at least one, be it empty.
    """

    def __init__(self, encoder: Encoder, place: Path, schema: pa.Schema, *, in_parts: bool) -> None:
        """Write nothing yet."""
        self._encoder = encoder
        self._place = place
        self._schema = schema.remove_metadata()
        self._in_parts = in_parts
        self._n_parts = 0
        self._file: _File | None = None
        self._part_bytes = 0
        self._pending: list[pa.Table] = []  # the rows of the next row group
        self._pending_bytes = 0
        self._pending_rows = 0

    def add(self, table: pa.Table) -> None:
        """Add rows; raises SchemaError if their columns are others than those before."""
        if table.schema.names != self._schema.names or table.schema.types != self._schema.types:
            raise SchemaError(f"{self._place.name}: rows of {table.schema} after rows of {self._schema}")
        table = pa.Table.from_arrays(table.columns, schema=self._schema)
        sizes = measure_rows(table)
        bounds = _cut(sizes, self._pending_bytes, self._pending_rows)
        for place, (start, end) in enumerate(pairwise(bounds)):
            if place:
                self._write_group()
            if end > start:
                self._pending.append(table.slice(start, end - start))
                self._pending_rows += end - start
                self._pending_bytes += int(sizes[start:end].sum())
        if self._pending:
            self._pending[-1] = _without_waste(self._pending[-1])

    def finish(self) -> None:
        """Hand over the last rows and close the last file."""
        if self._pending:
            self._write_group()
        self._encoder.end(self._file or self._next_file())

    def _write_group(self) -> None:
        """Hand over the pending rows as a row group of this part or, if it is full, of the next."""
        group = pa.concat_tables(self._pending)
        n_bytes = self._pending_bytes
        self._pending, self._pending_bytes, self._pending_rows = [], 0, 0
        if self._file is not None and self._in_parts and self._part_bytes + n_bytes > PART_BYTES:
            self._encoder.end(self._file)
            self._file = None
        if self._file is None:
            self._file = self._next_file()
            self._part_bytes = 0
        self._part_bytes += n_bytes
        self._encoder.add(self._file, group)

    def _next_file(self) -> _File:
        path = self._place / f"part-{self._n_parts:05d}.parquet" if self._in_parts else self._place
        self._n_parts += 1
        return self._encoder.begin(path, self._schema)


def _cut(sizes: Sizes, used_bytes: int, used_rows: int) -> Sequence[int]:
    """Give the bounds of runs of rows, each as long as the limits of row groups let it be and at least one row.

    The first run joins a row group that holds some rows already, and may be empty.
    """
    n_rows = len(sizes)
    ends = np.cumsum(sizes)
    bounds = [0]
    start, before = 0, -used_bytes
    while True:
        by_bytes = int(np.searchsorted(ends, before + ROW_GROUP_BYTES, side="right"))
        least = start if used_rows else start + 1
        start = min(max(by_bytes, least), start + ROW_GROUP_ROWS - used_rows, n_rows)
        bounds.append(start)
        if start == n_rows:
            return bounds
        before, used_rows = int(ends[start - 1]) if start else 0, 0


def _in_one_piece(column: pa.ChunkedArray) -> pa.Array:
    """Join the chunks of a column; dictionaries are made anew, since chunks each bring their own."""
    if not pa.types.is_dictionary(column.type):
        return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
    if column.type.ordered:
        return column.unify_dictionaries().combine_chunks()  # the order of its values is part of what it says
    return column.cast(column.type.value_type).combine_chunks().dictionary_encode().cast(column.type)


def _without_waste(table: pa.Table) -> pa.Table:
    """Give rows that wait for more in room of their own, if they are a small part of what they hold on to."""
    held = table.get_total_buffer_size()
    if held < _MOST_WASTE or held < 2 * table.nbytes:
        return table
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as stream:  # writes no more of a slice than its rows
        stream.write_table(table)
    return pa.ipc.open_stream(sink.getvalue()).read_all()
