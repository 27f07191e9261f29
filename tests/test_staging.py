"""Runs that do not fit into memory: the same bytes, and a run that is cut off anywhere goes on to the same bytes."""

import gc
import json
import mmap
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from staged import STAGED, list_litter, read_output

import dedup
from dedup.documents import RawShard
from dedup.errors import ColumnError, OutputError, StagingError
from dedup.shards import Columns
from dedup.versions import package_versions

WORDS = [
    "harbour", "letter", "window", "morning", "engine", "captain", "garden", "winter", "silver", "market",
    "bridge", "paper", "river", "signal", "copper", "station", "summer", "island", "doctor", "valley",
]  # fmt: skip


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a folder of Parquet, JSON lines and text: copies far apart, rejects, odd columns, equal ids."""
    folder = tmp_path_factory.mktemp("sources")
    rng = random.Random(7)

    def paragraph() -> str:
        return " ".join(rng.choice(WORDS) + str(rng.randrange(40)) for _ in range(rng.randrange(4, 60)))

    old = [paragraph() for _ in range(400)]

    def text() -> str:
        parts = [rng.choice(old) if rng.random() < 0.3 else paragraph() for _ in range(rng.randrange(1, 9))]
        words = parts[-1].split()
        words[rng.randrange(len(words))] = "changed"
        return "\n".join([*parts[:-1], " ".join(words), "© 2020 The Harbour Letter. All rights reserved."])

    for number in range(3):
        texts: list[str | None] = [text() for _ in range(400)]
        texts[17] = None
        table = pa.table({"id": [f"{row % 390}" for row in range(400)], "text": texts, "score": range(400)})
        pq.write_table(table, folder / f"rows{number}.parquet", row_group_size=50)
    with (folder / "lines.jsonl").open("w") as file:
        for row in range(300):
            odd = {0: 1, 1: "one", 2: 1.5, 3: None}[row % 4]
            file.write(json.dumps({"text": text(), "odd": odd} if row % 31 else {"no": 1}) + "\n")
    (folder / "wide.txt").write_text("Größe und Wärme, Straßen und Häuser, über viele Zeilen hinweg.\n" * 40 + text())
    (folder / "broken.txt").write_bytes(b"\x00\x01\x02")
    return folder


@pytest.fixture(scope="module")
def expected(sources: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Give what an undisturbed run in memory writes."""
    out = tmp_path_factory.mktemp("expected") / "out"
    dedup.clean_files(sources, out)
    files = read_output(out)
    removed = pq.read_table(out / "removed").to_pydict()
    assert {"duplicate", "near-duplicate", "boilerplate"} <= set(removed["reason"])
    return files


@pytest.mark.parametrize("batch_bytes", [3_000, 100_000, 1 << 23])
@pytest.mark.parametrize("workers", [1, 3])
def test_staged_is_the_same(
    sources: Path, expected: dict[str, bytes], tmp_path: Path, workers: int, batch_bytes: int
) -> None:
    """Staged or in memory, in any number of shards and by any number of workers, the bytes are the same."""
    dedup.clean_files(sources, tmp_path / "out", memory="100MB", workers=workers, batch_bytes=batch_bytes)
    assert read_output(tmp_path / "out") == expected
    assert list_litter(tmp_path) == []
    dedup.clean_files(sources, tmp_path / "held", workers=workers, batch_bytes=batch_bytes)
    assert read_output(tmp_path / "held") == expected


def run(sources: Path, out: Path, *options: str) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "dedup", "clean", str(sources), str(out), "--quiet", "--config"]
    config = out.parent / "dedup.toml"
    config.write_text("".join(f"{name} = {json.dumps(value)}\n" for name, value in STAGED.items()))
    return subprocess.Popen([*command, str(config), *options], stderr=subprocess.PIPE, start_new_session=True)


@pytest.mark.parametrize("chain", range(5))
def test_killed_goes_on(sources: Path, expected: dict[str, bytes], tmp_path: Path, chain: int) -> None:
    """Killed at four moments, each time going on, a run ends with the bytes of an undisturbed one."""
    rng = random.Random(chain)
    out = tmp_path / "out"
    n_killed = 0
    while not out.exists():
        process = run(sources, out)
        if n_killed < 4:
            time.sleep(rng.uniform(0.3, 2.5))
        else:
            process.wait(timeout=120)
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            n_killed += 1
        _, said = process.communicate(timeout=120)
        assert process.returncode in (0, -signal.SIGKILL), said
    dedup.clean_files(sources, tmp_path / "again")  # litter of a killed run is in nobody's way
    assert read_output(out) == expected


def cut_off(sources: Path, out: Path, monkeypatch: pytest.MonkeyPatch, n_shards: int = 40) -> None:
    """Leave a staging folder with so many finished shards."""
    from dedup.stores import DiskStore

    class CutError(Exception):
        pass

    write = DiskStore.write

    def write_some(self: DiskStore, shard: int, *rest: object) -> None:
        if shard >= n_shards:
            raise CutError
        write(self, shard, *rest)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(DiskStore, "write", write_some)
        with pytest.raises(CutError):
            dedup.clean_files(sources, out, **STAGED)


def test_goes_on_behind_the_finished_shards(
    sources: Path, expected: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Finished shards are not made again; a damaged one, and those behind it, are."""
    out = tmp_path / "out"
    cut_off(sources, out, monkeypatch)
    shards = tmp_path / ".out.staging" / "shards"
    damaged = shards / "000033.facts"
    damaged.write_bytes(damaged.read_bytes()[:-20] + bytes(20))
    annotated = []
    annotate = dedup.corpus.annotate_shard  # type: ignore[attr-defined]

    def count(documents: pa.Table, *rest: object) -> object:
        annotated.append(documents.num_rows)
        return annotate(documents, *rest)

    monkeypatch.setattr("dedup.corpus.annotate_shard", count)
    said: list[str] = []
    dedup.clean_files(sources, out, on_progress=lambda stage, *_: said.append(stage), **STAGED)
    [told] = [stage for stage in said if stage.startswith("going on")]
    assert 25 <= int(told.split()[3]) <= 33
    assert read_output(out) == expected
    assert 0 < sum(annotated) < json.loads(expected["report.json"])["n_documents"]
    assert list_litter(tmp_path) == []


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"similarity": 0.7}, "the setting similarity"),
        ({"keep": "longest"}, "the setting keep"),
        ({"batch_bytes": 10_000}, "the setting batch_bytes"),
        ({}, "rows0.parquet"),
    ],
)
def test_changes_are_refused(
    sources: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: dict[str, object], match: str
) -> None:
    """With other settings or changed input nothing goes on, and it is said what changed; --fresh starts over."""
    copies = tmp_path / "in"
    copies.mkdir()
    for path in sources.iterdir():
        (copies / path.name).write_bytes(path.read_bytes())
    out = tmp_path / "out"
    cut_off(copies, out, monkeypatch)
    if not change:
        os.utime(copies / "rows0.parquet")
    with pytest.raises(StagingError, match=match):
        dedup.clean_files(copies, out, **STAGED | change)
    dedup.clean_files(copies, out, fresh=True, **STAGED | change)
    assert out.is_dir()
    assert list_litter(tmp_path) == []


def test_other_versions_are_refused(sources: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Shards made by another version of dedup, or of what it reads pages with, are not gone on with."""
    cut_off(sources, tmp_path / "out", monkeypatch, n_shards=2)
    versions = package_versions()
    monkeypatch.setattr("dedup.staging.package_versions", lambda: versions | {"trafilatura": "2.99"})
    with pytest.raises(StagingError, match=r"the version of trafilatura \(it was .*, and is 2.99\) has changed"):
        dedup.clean_files(sources, tmp_path / "out", **STAGED)


@pytest.mark.parametrize("change", [{"memory": "150MB", "workers": 1}, {"memory": "8GB", "workers": 3}])
@pytest.mark.parametrize("n_shards", [0, 1, 40])
def test_goes_on_with_other_means(
    sources: Path,
    expected: dict[str, bytes],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    change: dict[str, object],
    n_shards: int,
) -> None:
    """A run may go on with more or less memory and other workers, wherever it was cut off."""
    cut_off(sources, tmp_path / "out", monkeypatch, n_shards)
    dedup.clean_files(sources, tmp_path / "out", **STAGED | change)
    assert read_output(tmp_path / "out") == expected
    assert list_litter(tmp_path) == []


def test_new_input_is_refused(sources: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that came or went since the run was cut off is named."""
    copies = tmp_path / "in"
    copies.mkdir()
    for path in sources.iterdir():
        (copies / path.name).write_bytes(path.read_bytes())
    cut_off(copies, tmp_path / "out", monkeypatch)
    (copies / "new.txt").write_text("new")
    with pytest.raises(StagingError, match=r"'new.txt' is new"):
        dedup.clean_files(copies, tmp_path / "out", **STAGED)
    (copies / "new.txt").unlink()
    (copies / "wide.txt").unlink()
    with pytest.raises(StagingError, match=r"'wide.txt' is not there"):
        dedup.clean_files(copies, tmp_path / "out", **STAGED)


@pytest.mark.parametrize("gone", [["work", "shards"], ["work", "shards", "manifest.json"], ["manifest.json"], ["work"]])
def test_killed_while_the_folder_is_made_or_removed(
    sources: Path, expected: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, gone: list[str]
) -> None:
    """What is left of a folder that was about to go, or to come, is in nobody's way."""
    cut_off(sources, tmp_path / "out", monkeypatch, n_shards=3)
    for name in gone:
        path = tmp_path / ".out.staging" / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    dedup.clean_files(sources, tmp_path / "out", **STAGED)
    assert read_output(tmp_path / "out") == expected
    assert list_litter(tmp_path) == []


def test_what_is_in_a_staging_folder_is_left_alone(sources: Path, expected: dict[str, bytes], tmp_path: Path) -> None:
    """In a folder with files of somebody's, be they called as ours, a run stages in one of its own; nothing goes."""
    folder = tmp_path / "mine"
    (folder / "work").mkdir(parents=True)
    for name in ("manifest.json", "work/thesis.txt"):
        (folder / name).write_text("years of work")
    seen: set[str] = set()

    def look(*_: object) -> None:
        seen.update(path.name for path in folder.iterdir())

    for fresh in (False, True):
        dedup.clean_files(
            sources, tmp_path / "out", staging=folder, fresh=fresh, overwrite=fresh, on_progress=look, **STAGED
        )
        assert "dedup-staging" in seen
        assert read_output(tmp_path / "out") == expected
        left = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*")}
        assert sorted(left) == ["manifest.json", "work", "work/thesis.txt"]
        assert left["work/thesis.txt"].read_text() == left["manifest.json"].read_text() == "years of work"


@pytest.mark.parametrize("settings", [{}, STAGED], ids=["held", "staged"])
def test_empty_staging_folder_stays(sources: Path, tmp_path: Path, settings: dict[str, object]) -> None:
    """An empty folder that was there before the run is there, and empty, after it."""
    folder = tmp_path / "mine"
    folder.mkdir()
    dedup.clean_files(sources, tmp_path / "out", staging=folder, **settings)
    assert list(folder.iterdir()) == []


def test_staging_on_a_mount_point(sources: Path, expected: dict[str, bytes], tmp_path: Path, small_disk: Path) -> None:
    """A disk mounted for it may be the staging folder, though nobody can remove or rename it."""
    subprocess.run(["mount", "-o", "remount,size=100m", str(small_disk)], check=True)
    dedup.clean_files(sources, tmp_path / "out", staging=small_disk, **STAGED)
    assert read_output(tmp_path / "out") == expected
    assert list(small_disk.iterdir()) == []


def test_second_run_in_a_staging_folder_is_refused(sources: Path, expected: dict[str, bytes], tmp_path: Path) -> None:
    """While a run stages in a folder another with another output is refused it, and the first ends as if alone."""
    refused: list[str] = []

    def again(stage: str, *_: object) -> None:
        if stage == "match" and not refused:
            with pytest.raises(StagingError) as error:
                dedup.clean_files(sources, tmp_path / "other", staging=tmp_path / "stage", fresh=True, **STAGED)
            refused.append(str(error.value))

    dedup.clean_files(sources, tmp_path / "out", staging=tmp_path / "stage", on_progress=again, **STAGED)
    assert len(refused) == 1
    assert "another run (process" in refused[0]
    assert "stages in" in refused[0]
    assert read_output(tmp_path / "out") == expected
    assert not (tmp_path / "stage").exists()
    assert not (tmp_path / "other").exists()
    assert list_litter(tmp_path) == []


def test_killed_in_a_staging_folder_goes_on(sources: Path, expected: dict[str, bytes], tmp_path: Path) -> None:
    """The lock that a killed run leaves in a staging folder is in nobody's way: the next goes on with its shards."""
    stage = tmp_path / "stage"
    process = run(sources, tmp_path / "out", "--staging", str(stage))
    while process.poll() is None and not (stage / "dedup-staging" / "manifest.json").exists():
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate(timeout=120)
    assert process.returncode == -signal.SIGKILL
    assert (stage / ".dedup-staging.lock").exists()
    dedup.clean_files(sources, tmp_path / "out", staging=stage, **STAGED)
    assert read_output(tmp_path / "out") == expected
    assert list(stage.iterdir()) == []


@pytest.mark.parametrize("pattern", ["", "*", "**/*.txt"])
def test_staging_folder_in_a_source_is_refused(pattern: str, tmp_path: Path) -> None:
    """What a run stages is never among what it reads; a folder that a glob does not lead to is none of it."""
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.txt").write_text("A line.")
    with pytest.raises(StagingError, match=r"is inside the source .*, which would read it"):
        dedup.clean_files(folder / pattern, tmp_path / "out", staging=folder / "stage")
    assert [path.name for path in folder.iterdir()] == ["a.txt"]
    dedup.clean_files(folder / "*.txt", tmp_path / "out", staging=folder / "stage")
    assert [path.name for path in folder.iterdir()] == ["a.txt"]


def test_folder_of_another_user_is_not_read(sources: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Shards that somebody else may have made, for a run of the same input and settings, are not gone on with."""
    cut_off(sources, tmp_path / "out", monkeypatch)
    folder = tmp_path / ".out.staging"
    if os.name == "posix":
        assert folder.stat().st_mode & 0o077 == 0
    monkeypatch.setattr(os, "getuid", lambda: folder.stat().st_uid + 1, raising=False)
    for fresh in (False, True):
        with pytest.raises(StagingError, match="belongs to another user"):
            dedup.clean_files(sources, tmp_path / "out", fresh=fresh, **STAGED)
    assert folder.is_dir()


def test_folder_that_comes_while_reading(sources: Path, tmp_path: Path) -> None:
    """A folder made by somebody else where shards are to be staged is not taken for one's own."""

    def make(*_: object) -> None:
        (tmp_path / ".out.staging").mkdir(exist_ok=True)

    with pytest.raises(StagingError, match="came to be while it was reading"):
        dedup.clean_files(sources, tmp_path / "out", on_progress=make, **STAGED)


@pytest.mark.parametrize(
    ("place", "match"),
    [
        ("file/below", "cannot be made"),
        ("a/file/x/y", "cannot be made"),
        ("x" * 300, "cannot be made"),
        ("out", "in each other"),
        ("out/stage", "in each other"),
        ("", "in each other"),
        ("file://elsewhere", "is an address"),
    ],
)
def test_folder_that_cannot_be_had_is_told_before_reading(place: str, match: str, tmp_path: Path) -> None:
    """A staging folder in the way, or that cannot be made, ends the run at once, also if nothing would be staged."""
    (tmp_path / "a").mkdir()
    for file in ("file", "a/file", "a.txt"):
        (tmp_path / file).write_text("A line.")
    before = sorted(tmp_path.rglob("*"))
    staging = place if "://" in place else tmp_path / place
    with pytest.raises(StagingError, match=match):
        dedup.clean_files(tmp_path / "a.txt", tmp_path / "out", staging=staging)
    assert sorted(tmp_path.rglob("*")) == before


def test_staging_elsewhere(sources: Path, expected: dict[str, bytes], tmp_path: Path) -> None:
    """With a staging folder of one's own nothing is staged beside the output."""
    seen: set[str] = set()

    def look(*_: object) -> None:
        seen.update(path.name for path in tmp_path.iterdir())

    dedup.clean_files(sources, tmp_path / "out", staging=tmp_path / "stage", on_progress=look, **STAGED)
    assert "stage" in seen
    assert ".out.staging" not in seen
    assert not (tmp_path / "stage").exists()
    assert read_output(tmp_path / "out") == expected


def test_small_input_leaves_no_trace(tmp_path: Path) -> None:
    """What fits into memory makes no staging folder."""
    (tmp_path / "a.txt").write_text("A line.\nA line.\n")
    seen: set[str] = set()
    dedup.clean_files(
        tmp_path / "a.txt", tmp_path / "out", on_progress=lambda *_: seen.update(p.name for p in tmp_path.iterdir())
    )
    assert not any("staging" in name for name in seen)


def test_piped_input_is_staged(sources: Path, tmp_path: Path) -> None:
    """What is piped in and does not fit is staged, too; a run over it that was cut off starts over."""
    expected = None
    for options in ([], ["--memory", "100MB"]):
        with (sources / "lines.jsonl").open("rb") as file:
            subprocess.run(
                [sys.executable, "-m", "dedup", "clean", "-", str(tmp_path / "out"), "--overwrite", *options],
                stdin=file, check=True, timeout=120,
            )  # fmt: skip
        files = read_output(tmp_path / "out")
        assert expected in (None, files)
        expected = files


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    disk = tmp_path / "disk"
    disk.mkdir()
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", str(disk)], check=False)
    if mounted.returncode:
        pytest.skip("this machine does not let us mount a small disk")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def test_full_disk_then_room(sources: Path, expected: dict[str, bytes], small_disk: Path) -> None:
    """A full disk ends the run with a clear message; with room made, it goes on to the same bytes."""
    out = small_disk / "out"
    for size in ("400k", "900k", "1500k"):
        subprocess.run(["mount", "-o", f"remount,size={size}", str(small_disk)], check=True)
        with pytest.raises(OutputError, match=r"the disk is full that .* is on"):
            dedup.clean_files(sources, out, **STAGED)
        assert not out.exists()
    subprocess.run(["mount", "-o", "remount,size=100m", str(small_disk)], check=True)
    dedup.clean_files(sources, out, **STAGED)
    assert read_output(out) == expected
    assert list_litter(small_disk) == []


def test_second_run_is_refused(sources: Path, tmp_path: Path) -> None:
    """While a run writes to a folder, another into the same folder is refused."""
    refused: list[str] = []

    def again(stage: str, *_: object) -> None:
        if stage == "match" and not refused:
            with pytest.raises(OutputError) as error:
                dedup.clean_files(sources, tmp_path / "out", **STAGED)
            refused.append(str(error.value))

    dedup.clean_files(sources, tmp_path / "out", on_progress=again, **STAGED)
    assert len(refused) == 1


@pytest.mark.parametrize("settings", [{}, STAGED], ids=["held", "staged"])
def test_memory_and_disk_are_free_after_a_run(sources: Path, tmp_path: Path, settings: dict[str, object]) -> None:
    """What a run has measured, and the room of its files, is free once it ends, before garbage is collected."""
    gc.collect()
    gc.disable()
    try:
        dedup.clean_files(sources, tmp_path / "out", **settings)
        with pytest.raises(ColumnError):
            dedup.clean_files(sources, tmp_path / "other", keep="nothing", **settings)
        left = [type(found) for found in gc.get_objects() if isinstance(found, mmap.mmap | Columns | RawShard)]
    finally:
        gc.enable()
    assert left == []
