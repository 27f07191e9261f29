"""Where shards are kept between reading and writing: in memory, or in a folder, from which a killed run goes on."""

import pickle
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from dedup.annotating import Facts
from dedup.arrow_views import TextView, freeze, view_texts
from dedup.bundles import Bundle, write_bundle
from dedup.cuts import Cuts, Pieces
from dedup.documents import FinalColumns, RawShard
from dedup.errors import StagingError
from dedup.kernels.packing import unpack_sketches
from dedup.shards import Columns, ShardCuts
from dedup.storage import Storage

_NEAR: Final = ("near", "words", "sketches")
_COLUMNS: Final = tuple(field.name for field in fields(Facts) if field.name not in (*_NEAR, "pieces", "goes"))
_NOTHING: Final = np.empty(0, dtype=np.int64)


@dataclass(frozen=True, slots=True)
class Mark:
    """How far reading was behind a shard: what a run that goes on from there has to know."""

    state: bytes
    rejects: list[tuple[str, int | None, str, str]]  # since the last shard
    is_clear: bool = True  # false inside a piece of input, where nothing can go on


@dataclass(slots=True)
class MemoryStore:
    """Shards in memory; band_rows: how many rows a band has."""

    band_rows: int
    shards: list[tuple[RawShard, Facts, Mark]] = field(default_factory=list)
    held_bytes: int = 0
    _final: FinalColumns | None = None
    _ids: list[pa.Array] = field(default_factory=list)

    def add(self, raw: RawShard, facts: Facts, mark: Mark) -> None:
        """Take the next shard."""
        self.shards.append((raw, facts, mark))
        self.held_bytes += _size_of(raw, facts)

    @property
    def n_shards(self) -> int:
        """How many there are."""
        return len(self.shards)

    def raw(self, shard: int) -> RawShard:
        """Give the documents as they were read."""
        return self.shards[shard][0]

    def facts(self, shard: int) -> dict[str, NDArray[Any]]:
        """Give what columns are made of, by the names in Facts, once."""
        raw, facts, mark = self.shards[shard]
        found = {name: getattr(facts, name) for name in _COLUMNS}
        gone: dict[str, Any] = dict.fromkeys(_COLUMNS, _NOTHING)
        self.shards[shard] = (raw, replace(facts, **gone), mark)
        return found

    def pieces(self, shard: int) -> Pieces:
        """Give what is left of paragraphs that are cut in the middle."""
        return self.shards[shard][1].pieces

    def is_wide(self, shard: int) -> bool:
        """Say whether characters are counted apart from bytes; to be asked before `facts`."""
        facts = self.shards[shard][1]
        return facts.char_start is not facts.start

    def ids(self) -> list[pa.Array]:
        """Give the ids of each shard as they came."""
        return [raw.ids for raw, _, _ in self.shards]

    def places(self, shard: int) -> tuple[pa.Array, pa.Array]:
        """Give sources and rows of the documents of a shard."""
        return self.raw(shard).sources, self.raw(shard).rows

    def user_chunks(self, name: str) -> Iterator[pa.Array]:
        """Give a user's column as it came."""
        for raw, _, _ in self.shards:
            yield from raw.users.get(name, [pa.nulls(raw.n_documents)])

    def settle(self, final: FinalColumns, ids: list[pa.Array]) -> None:
        """Learn what the documents become in the end."""
        self._final, self._ids = final, ids

    def texts(self, shard: int) -> TextView:
        """Give the texts of a shard."""
        return view_texts(self.raw(shard).text)

    def near(self, shard: int) -> NDArray[np.int64]:
        """Give the paragraphs that are long enough for near-duplicates."""
        return self.shards[shard][1].near

    def keys(self, shard: int, band: int) -> NDArray[np.uint64]:
        """Give the keys of a band."""
        keys: NDArray[np.uint64] = self.shards[shard][1].words[band].astype(np.uint64, copy=False)
        return keys

    def sketches(self, shard: int, rows: NDArray[np.int32]) -> NDArray[np.uint8]:
        """Give the low bytes of the signatures of some of them."""
        facts = self.shards[shard][1]
        return _unpack(facts.words, self.band_rows, facts.sketches, rows)

    def drop_near(self) -> None:
        """Keep them: no run in memory is short of it by these."""

    def cuts(self, shard: int) -> ShardCuts:
        """Give what goes by itself."""
        return self.shards[shard][1].goes

    def documents(self, shard: int) -> pa.Table:
        """Give DOCUMENTS and the user's columns."""
        assert self._final is not None
        return self._final.table(self.raw(shard), self._ids[shard])


@dataclass(slots=True)
class DiskStore:
    """Shards in the files of a folder that is there; band_rows: how many rows a band has."""

    folder: Path
    band_rows: int
    make_facts: Callable[[RawShard], Facts]  # for what was dropped and is asked for once more
    most_cached: int = 3
    n_shards: int = 0
    _final: FinalColumns | None = None
    _ids: list[pa.Array] = field(default_factory=list)
    _cache: "OrderedDict[int, RawShard]" = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def write(self, shard: int, raw: RawShard, facts: Facts, mark: Mark) -> None:
        """Write a shard, from any thread; it counts once n_shards says so. Raises OSError if there is no room."""
        self._write_near(shard, facts)
        entries: dict[str, Any] = {name: getattr(facts, name) for name in _COLUMNS}
        if entries["char_start"] is entries["start"]:
            del entries["char_start"], entries["char_end"]
        cuts = facts.goes.cuts
        entries |= {f"cut.{name.name}": getattr(cuts, name.name) for name in fields(Cuts)}
        entries |= {f"piece.{name}": column for name, column in facts.pieces._asdict().items()}
        entries["whole"] = facts.goes.whole.astype(np.int32)
        entries["rules"] = pickle.dumps(facts.goes.rules)
        write_bundle(self._path(shard, "facts"), entries)
        documents: dict[str, Any] = {name: [getattr(raw, name)] for name in ("text", "ids", "sources", "rows")}
        documents |= {f"user.{name}": chunks for name, chunks in raw.users.items()}
        documents |= {f"said.{name}": [array] for name, array in raw.said.items()}
        documents["columns"] = pickle.dumps((list(raw.users), list(raw.said)))
        documents["mark"] = pickle.dumps((mark.state, mark.rejects, mark.is_clear))
        write_bundle(self._path(shard, "documents"), documents)  # last: a shard is finished with it

    def find_finished(self) -> Mark | None:
        """Count the shards from which a run can go on, drop later ones, and tell how far reading was behind the last.

        The mark has the rejects of all of them. Raises StagingError for a folder among them, which no run makes.
        """
        stranger = next((path for path in sorted(self.folder.iterdir()) if path.is_dir()), None)
        if stranger is not None:
            raise StagingError(
                f"{str(stranger)!r} is a folder among the shards of an unfinished run, and none of dedup's; "
                "move it away to go on, or start over with --fresh, which removes it"
            )
        last = None
        n_good, n = 0, 0
        rejects: list[tuple[str, int | None, str, str]] = []
        with suppress(StagingError):
            while self._path(n, "documents").exists():
                documents, facts = Bundle(self._path(n, "documents")), Bundle(self._path(n, "facts"))
                documents.check()
                facts.check()
                state, new, is_clear = pickle.loads(documents.read("mark"))  # noqa: S301 - our own, and checked
                n += 1
                rejects += new
                if is_clear:
                    n_good, last = n, Mark(state, list(rejects))
        self.n_shards = n_good
        kept = {f"{number:06d}" for number in range(n_good)}
        for path in self.folder.iterdir():
            if path.name.partition(".")[0] not in kept:
                path.unlink()
        for number in range(n_good):
            self._drop_if_damaged(self._path(number, "near"))
        return last

    def raw(self, shard: int) -> RawShard:
        """Give the documents as they were read."""
        with self._lock:
            if shard in self._cache:
                self._cache.move_to_end(shard)
                return self._cache[shard]
        bundle = Bundle(self._path(shard, "documents"))
        users, said = pickle.loads(bundle.read("columns"))  # noqa: S301 - our own, and checked
        text, ids, sources, rows = (bundle.arrays(name)[0] for name in ("text", "ids", "sources", "rows"))
        raw = RawShard(
            text, ids, sources, rows,
            {name: bundle.arrays(f"user.{name}") for name in users},
            {name: bundle.arrays(f"said.{name}")[0] for name in said},
        )  # fmt: skip
        with self._lock:
            self._cache[shard] = raw
            while len(self._cache) > self.most_cached:
                self._cache.popitem(last=False)
        return raw

    def facts(self, shard: int) -> dict[str, NDArray[Any]]:
        """Give what columns are made of, by the names in Facts."""
        bundle = Bundle(self._path(shard, "facts"))
        found = {name: bundle.numbers(name) for name in _COLUMNS if name in bundle}
        return {"char_start": found["start"], "char_end": found["end"]} | found

    def pieces(self, shard: int) -> Pieces:
        """Give what is left of paragraphs that are cut in the middle."""
        bundle = Bundle(self._path(shard, "facts"))
        return Pieces(*(bundle.numbers(f"piece.{name}") for name in Pieces._fields))

    def is_wide(self, shard: int) -> bool:
        """Say whether characters are counted apart from bytes."""
        return "char_start" in Bundle(self._path(shard, "facts"))

    def ids(self) -> list[pa.Array]:
        """Give the ids of each shard as they came."""
        return [Bundle(self._path(shard, "documents")).arrays("ids")[0] for shard in range(self.n_shards)]

    def places(self, shard: int) -> tuple[pa.Array, pa.Array]:
        """Give sources and rows of the documents of a shard."""
        bundle = Bundle(self._path(shard, "documents"))
        return bundle.arrays("sources")[0], bundle.arrays("rows")[0]

    def user_chunks(self, name: str) -> Iterator[pa.Array]:
        """Give a user's column as it came."""
        for shard in range(self.n_shards):
            bundle = Bundle(self._path(shard, "documents"))
            if f"user.{name}" in bundle:
                yield from bundle.arrays(f"user.{name}")
            else:
                yield pa.nulls(len(bundle.arrays("rows")[0]))

    def settle(self, final: FinalColumns, ids: list[pa.Array]) -> None:
        """Learn what the documents become in the end."""
        self._final, self._ids = final, ids

    def texts(self, shard: int) -> TextView:
        """Give the texts of a shard."""
        return view_texts(self.raw(shard).text)

    def near(self, shard: int) -> NDArray[np.int64]:
        """Give the paragraphs that are long enough for near-duplicates."""
        path = self._path(shard, "near")
        if not path.exists():  # dropped by a run that was killed later
            self._write_near(shard, self.make_facts(self.raw(shard)))
        return Bundle(path).numbers("near")

    def keys(self, shard: int, band: int) -> NDArray[np.uint64]:
        """Give the keys of a band."""
        return Bundle(self._path(shard, "near")).numbers("words", row=band).astype(np.uint64, copy=False)

    def sketches(self, shard: int, rows: NDArray[np.int32]) -> NDArray[np.uint8]:
        """Give the low bytes of the signatures of some of them."""
        bundle = Bundle(self._path(shard, "near"))
        return _unpack(bundle.numbers("words"), self.band_rows, bundle.numbers("sketches"), rows)

    def drop_near(self) -> None:
        """Remove what near, keys and sketches give."""
        for shard in range(self.n_shards):
            self._path(shard, "near").unlink(missing_ok=True)

    def cuts(self, shard: int) -> ShardCuts:
        """Give what goes by itself."""
        bundle = Bundle(self._path(shard, "facts"))
        cuts = Cuts(**{name.name: bundle.numbers(f"cut.{name.name}") for name in fields(Cuts)})
        rules = pickle.loads(bundle.read("rules"))  # noqa: S301 - our own, and checked
        return ShardCuts(cuts, bundle.numbers("whole").astype(np.int64), rules)

    def documents(self, shard: int) -> pa.Table:
        """Give DOCUMENTS and the user's columns."""
        assert self._final is not None
        return self._final.table(self.raw(shard), self._ids[shard])

    def _drop_if_damaged(self, path: Path) -> None:
        """Remove a file that can be made again, if it is not as it was written."""
        try:
            if path.exists():
                Bundle(path).check()
        except StagingError:
            path.unlink()

    def _write_near(self, shard: int, facts: Facts) -> None:
        entries = {"near": facts.near, "words": facts.words, "sketches": facts.sketches}
        # hashes do not compress
        write_bundle(self._path(shard, "near"), entries, plain=frozenset({"words", "sketches"}))

    def _path(self, shard: int, kind: str) -> Path:
        return self.folder / f"{shard:06d}.{kind}"


Store = MemoryStore | DiskStore


def build_columns(store: Store, storage: Storage) -> Columns:
    """Put what is known of the shards together."""
    left_out = {"n_paragraphs"}
    if not any(store.is_wide(shard) for shard in range(store.n_shards)):
        left_out |= {"char_start", "char_end"}  # they are start and end
    names = [name for name in _COLUMNS if name not in left_out]
    types = {"exact": np.uint64, "n_tokens": np.int32, "flags": np.uint8, "special": np.uint8}
    columns = {name: storage.column(name, types.get(name, np.int64), 2 if name == "exact" else None) for name in names}
    document = storage.column("document", np.int32)
    pieces = {name: storage.column(f"piece-{name}", np.int64) for name in Pieces._fields}
    counts, n_documents, n_paragraphs = [], [0], [0]
    for shard in range(store.n_shards):
        facts = store.facts(shard)
        for name in names:
            columns[name].append(facts[name])
        for name, values in store.pieces(shard)._asdict().items():
            pieces[name].append(values + n_paragraphs[-1] if name == "paragraph" else values)
        here = facts["n_paragraphs"]
        first = n_documents[-1]
        document.append(np.repeat(np.arange(first, first + len(here), dtype=np.int32), here))
        counts.append(here)
        n_documents.append(first + len(here))
        n_paragraphs.append(n_paragraphs[-1] + int(here.sum()))
    first_paragraph = np.concatenate([[0], *(here for here in counts)]).cumsum().astype(np.int64)
    finished = {name: column.finish() for name, column in columns.items()}
    return Columns(
        shard_documents=np.array(n_documents, dtype=np.int64),
        shard_paragraphs=np.array(n_paragraphs, dtype=np.int64),
        first_paragraph=first_paragraph,
        document=document.finish(),
        pieces=Pieces(*(column.finish() for column in pieces.values())),
        **{"char_start": finished["start"], "char_end": finished["end"], **finished},
    )


def _unpack(
    words: NDArray[Any], band_rows: int, sketches: NDArray[np.uint8], rows: NDArray[np.int32]
) -> NDArray[np.uint8]:
    """Give the sketches of some rows, from the words of all bands if they are packed into these."""
    if sketches.shape[1]:
        return sketches[rows]
    unpacked = np.empty((len(rows), len(words) * band_rows), dtype=np.uint8)
    unpack_sketches(freeze(words), band_rows, freeze(rows), unpacked)
    return unpacked


def _size_of(raw: RawShard, facts: Facts) -> int:
    """Give about how much memory a shard takes."""
    text = view_texts(raw.text)
    n = int(text.offsets[-1] - text.offsets[0])
    n += sum(chunk.nbytes for chunks in raw.users.values() for chunk in chunks)
    n += sum(getattr(facts, name).nbytes for name in (*_COLUMNS, *_NEAR)) + sum(one.nbytes for one in facts.pieces)
    return int(n)
