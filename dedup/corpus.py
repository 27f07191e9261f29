"""The corpus: shards read, annotated and kept, in memory as long as they fit, and what they become in the end."""

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Protocol

import pyarrow as pa

from dedup.annotating import Facts, annotate_shard
from dedup.documents import FinalColumns, RawShard, ReadSoFar, no_documents
from dedup.ids import tell_apart
from dedup.memory import Budget, give_back
from dedup.reading import FileReader
from dedup.settings import Settings
from dedup.shards import Columns
from dedup.sites import Sites, find_sites
from dedup.staging import Staging
from dedup.storage import DiskStorage, MemoryStorage, SpillingStorage, Storage
from dedup.stores import DiskStore, Mark, MemoryStore, Store, build_columns


class Reader(Protocol):
    """Gives documents in reading order."""

    so_far: ReadSoFar

    @property
    def n_sources(self) -> int:
        """How many sources were read."""

    @property
    def skipped(self) -> list[str]:
        """Sources of no known kind."""

    def read(self, shard_bytes: Callable[[], int]) -> Iterator[tuple[RawShard, bool]]:
        """Give shards, each with whether another reader could go on behind it."""

    def state(self) -> bytes:
        """Give what another reader needs to go on, or nothing."""


@dataclass(slots=True)
class Corpus:
    """All that was read, in reading order, and all that is known of each shard by itself."""

    store: Store
    storage: Storage
    columns: Columns
    ids: list[pa.Array]  # of each shard
    rejected: pa.Table
    n_sources: int
    skipped: list[str]
    n_renamed_ids: int
    n_replaced_chars: int
    n_repaired: int
    warnings: list[str]
    by_extractor: Mapping[str, int]
    no_text_files: list[str]
    final: FinalColumns
    n_sites: int = 0  # once they are looked for

    def give_back_memory(self) -> None:
        """Give back what the last stage had; of a run that is all in memory, which is over soon, nothing."""
        self.storage.release()
        if self.storage.uses_files:
            give_back()

    def drop_exact(self) -> None:
        """Free what the hashes of paragraphs take, once it is known which are equal."""
        exact = self.columns.exact
        self.columns = replace(self.columns, exact=exact[:0].copy())
        self.storage.drop(exact)

    def user_chunks(self, name: str) -> Iterator[pa.Array]:
        """Give a user's column, which must be there, in its final type, by the name that it came with."""
        for shard in range(self.store.n_shards):
            raw = self.store.raw(shard)
            column = self.final.column(name, raw.n_documents, raw.users.get(name), raw.said.get(name))
            yield from column.chunks

    def find_sites(self, settings: Settings) -> Sites:
        """Give the site of each document."""
        shards = range(self.store.n_shards)
        return find_sites(
            self.columns.n_documents,
            self.final.names,
            self.user_chunks,
            lambda: self.ids,
            lambda: (self.store.places(shard)[0] for shard in shards),
            settings,
        )


@dataclass(slots=True)
class Gathering:
    """Reads, annotates and keeps shards, several at a time, in order."""

    settings: Settings
    executor: Executor
    budget: Budget
    on_compiling: Callable[[str], None]
    tell: Callable[[str], None]
    staging: Staging | None = None  # None: what does not fit into memory stays there
    store: Store = field(init=False)
    _waiting: "deque[tuple[RawShard, Mark, Future[Facts | None]]]" = field(default_factory=deque)
    _n_marked: int = 0  # rejects that earlier marks told

    def __post_init__(self) -> None:
        """Begin in memory."""
        self.store = MemoryStore(self.settings.band_shape[1])

    def go_on(self, reader: FileReader) -> None:
        """Take up the shards that are finished, and have the reader stand behind them."""
        assert self.staging is not None
        self.store = self.open_store(self.staging)
        mark = self.store.find_finished()
        if mark is not None:
            reader.go_on(mark.state, mark.rejects)

    def gather(self, reader: Reader) -> Corpus:
        """Read all; the reader must stand behind what the store has already.

        Raises what reading does, and OSError where the disk is full.
        """
        self._n_marked = len(reader.so_far.rejects)
        try:
            for raw, is_clear in reader.read(self._shard_bytes):
                self._submit(raw, self._mark(reader, is_clear=is_clear))
                while len(self._waiting) > self.settings.n_workers + 1:
                    self._take_first()
            if not self.store.n_shards and not self._waiting:  # so that tables have their columns
                self._submit(no_documents(), self._mark(reader, is_clear=True))
            while self._waiting:
                self._take_first()
        except BaseException:
            for _, _, future in self._waiting:
                future.cancel()
            raise
        return self._finish(reader)

    def _shard_bytes(self) -> int:
        return self.settings.batch_bytes if isinstance(self.store, MemoryStore) else self.budget.shard_bytes

    def _mark(self, reader: Reader, *, is_clear: bool) -> Mark:
        if self.staging is None:
            return Mark(b"", [], is_clear)
        rejects = reader.so_far.rejects
        new, self._n_marked = rejects[self._n_marked :], len(rejects)
        return Mark(reader.state(), new, is_clear)

    def _submit(self, raw: RawShard, mark: Mark) -> None:
        if isinstance(self.store, MemoryStore):
            future: Future[Facts | None] = self.executor.submit(_annotate, raw, self.settings, self.on_compiling)
        else:
            number = self.store.n_shards + len(self._waiting)
            future = self.executor.submit(self._annotate_and_write, self.store, number, raw, mark)
        self._waiting.append((raw, mark, future))

    def _annotate_and_write(self, store: DiskStore, number: int, raw: RawShard, mark: Mark) -> None:
        store.write(number, raw, store.make_facts(raw), mark)

    def _take_first(self) -> None:
        raw, mark, future = self._waiting.popleft()
        facts = future.result()
        if isinstance(self.store, DiskStore):
            if facts is not None:  # annotated when there was memory
                self.store.write(self.store.n_shards, raw, facts, mark)
            self.store.n_shards += 1
            return
        assert facts is not None
        self.store.add(raw, facts, mark)
        if self.staging is not None and self.store.held_bytes > self.budget.held_bytes:
            self._move_to_disk(self.store, self.staging)

    def _move_to_disk(self, held: MemoryStore, staging: Staging) -> None:
        """Go on with a folder, to which what is held in memory goes first."""
        self._begin_staging()
        store = self.open_store(staging)
        for number, (raw, facts, mark) in enumerate(held.shards):
            store.write(number, raw, facts, mark)
            store.n_shards += 1
        self.store = store

    def _begin_staging(self) -> Path:
        """Make the staging folder, say so, and give where arrays go in it."""
        assert self.staging is not None
        self.staging.begin()
        self.tell(f"staging in {str(self.staging.folder)!r}, since more is held than fits into memory")
        return self.staging.work

    def open_store(self, staging: Staging) -> DiskStore:
        """Open the store in a staging folder, as yet without shards."""
        rows = self.settings.band_shape[1]
        # nothing of this gathering, which holds the store: two that hold each other stay until garbage is collected
        make_facts = partial(_annotate, settings=self.settings, on_compiling=self.on_compiling)
        return DiskStore(staging.shards, rows, make_facts, most_cached=self.settings.n_workers + 1)

    def _finish(self, reader: Reader) -> Corpus:
        store, so_far = self.store, reader.so_far
        storage: Storage = MemoryStorage()
        if isinstance(store, DiskStore):
            assert self.staging is not None
            storage = DiskStorage(self.staging.work)
        elif self.staging is not None:
            most = max(0, self.budget.held_bytes - store.held_bytes)
            storage = SpillingStorage(most, self._begin_staging)
        final = FinalColumns.decide(so_far, store.user_chunks)
        ids, n_renamed = tell_apart(store.ids(), store.places, storage, self.budget.phase_bytes)
        store.settle(final, ids)
        return Corpus(
            store=store,
            storage=storage,
            columns=build_columns(store, storage),
            ids=ids,
            rejected=so_far.rejected(),
            n_sources=reader.n_sources,
            skipped=reader.skipped,
            n_renamed_ids=n_renamed,
            n_replaced_chars=so_far.n_replaced_chars,
            n_repaired=so_far.n_repaired,
            warnings=final.warnings(),
            by_extractor=dict(so_far.by_extractor.most_common()),
            no_text_files=so_far.no_text_files,
            final=final,
        )


def _annotate(raw: RawShard, settings: Settings, on_compiling: Callable[[str], None]) -> Facts:
    return annotate_shard(raw.core(), settings, on_compiling)
