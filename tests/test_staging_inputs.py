"""Inputs of all kinds, staged and in memory: the same bytes."""

import json
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from staged import STAGED, list_litter, read_output, run_both

import dedup
from dedup.errors import ColumnError, OutputError
from dedup.staging import Staging

SENTENCES = [
    "The harbour master counted nineteen boats before breakfast, and wrote each name into the ledger.",
    "A letter from the island said that the bridge would be closed until the end of the winter.",
    "Nobody in the valley had seen so much snow, the doctor told the paper, since the old mill burned.",
    "At the station a man with a copper kettle asked for the train to the market, which had left.",
    "Her engine stood in the garden for eleven summers before the captain's nephew made it run.",
]


def make_rows(n: int, seed: int, sites: list[object]) -> list[dict[str, object]]:
    """Make rows that repeat each other's sentences, nearly and to the letter, with columns to group and rank by."""
    rng = random.Random(seed)
    rows: list[dict[str, object]] = []
    for row in range(n):
        lines = [rng.choice(SENTENCES) for _ in range(rng.randrange(1, 4))]
        words = lines[-1].split()
        words.insert(rng.randrange(len(words)), rng.choice(["then", "only", "perhaps", "never", "always"]))
        lines[-1] = " ".join(words)
        score = rng.choice([None, 1, 2.5, 9])
        rows.append({"id": f"{seed}-{row}", "text": "\n".join(lines), "site": rng.choice(sites), "score": score})
    return rows


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a folder of JSON lines, where a site may be a number, Parquet, where sites are a dictionary, and text."""
    folder = tmp_path_factory.mktemp("rows")
    lines = make_rows(300, 1, [None, "north", "south", 7])
    (folder / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in lines))
    table = pa.Table.from_pylist(make_rows(200, 2, [None, "north", "west"]))
    table = table.set_column(2, "site", table["site"].dictionary_encode())
    pq.write_table(table, folder / "b.parquet", row_group_size=20)
    (folder / "c.txt").write_text("\n".join(SENTENCES))
    return folder


@pytest.mark.parametrize("keep", ["first", "longest", "none", "score", "score:lowest", "site"])
@pytest.mark.parametrize("within", ["corpus", "document", "site"])
def test_scopes(within: str, keep: str, sources: Path, tmp_path: Path) -> None:
    """Groups and ranks by columns, whose values came in several types, are the same when they are read from files."""
    run_both(sources, tmp_path, within=within, keep=keep)
    assert pq.read_table(tmp_path / "staged" / "removed").num_rows > 50


def test_scopes_that_are_not_there(sources: Path, tmp_path: Path) -> None:
    """A column that nobody has is an error, and nothing is written."""
    with pytest.raises(ColumnError, match=r"within: no column 'sites'; columns: site, score"):
        dedup.clean_files(sources, tmp_path / "out", within="sites", **STAGED)
    assert not (tmp_path / "out").exists()


def test_recall(sources: Path, tmp_path: Path) -> None:
    """The recall that is measured is the same, whichever shards its sample comes from."""
    found = run_both(sources, tmp_path, recall_sample=50)
    recall = json.loads(found["report.json"])["recall"]
    assert recall["n_sampled"] == 50
    assert recall["n_pairs"] > 0


def test_pages(tmp_path: Path) -> None:
    """Pages in files and in a column, with what they say of themselves, and what is none."""
    folder = tmp_path / "in"
    folder.mkdir()
    rng = random.Random(4)
    pages = []
    for n in range(60):
        body = "".join(f"<p>{rng.choice(SENTENCES)}</p>" for _ in range(3))
        meta = f"<title>Day {n}</title><meta name='author' content='Author {n % 7}'>" if n % 4 else ""
        pages.append(f"<html><head>{meta}</head><body><article>{body}</article></body></html>")
    for n, page in enumerate(pages[:20]):
        (folder / f"{n:02}.html").write_text(page)
    (folder / "broken.html").write_bytes(bytes(range(256)) * 9)
    run_both(folder, tmp_path, extractor="fast", batch_bytes=500)
    table = pa.table({"page": [*pages[20:], None], "title": ["mine", None] * 20 + [None]})
    pq.write_table(table, tmp_path / "pages.parquet", row_group_size=5)
    (tmp_path / "column").mkdir()
    run_both(tmp_path / "pages.parquet", tmp_path / "column", extractor="fast", html_column="page", batch_bytes=500)
    documents = pq.read_table(tmp_path / "column" / "staged" / "documents")
    assert documents["title"].to_pylist()[:2] == ["mine", "Day 21"]


@pytest.mark.parametrize("content", ["", "\n\n \n"])
def test_documents_without_text(content: str, tmp_path: Path) -> None:
    """Documents without a paragraph are documents."""
    (tmp_path / "in").mkdir()
    for n in range(5):
        (tmp_path / "in" / f"{n}.txt").write_text(content)
    run_both(tmp_path / "in", tmp_path, batch_bytes=1)


@pytest.mark.parametrize("content", [b"", b"\x00\x01\x02"])
def test_nothing_to_clean(content: bytes, tmp_path: Path) -> None:
    """Input without a document, with little memory too, gives empty tables."""
    (tmp_path / "in").mkdir()
    for n in range(5):
        (tmp_path / "in" / f"{n}.jsonl").write_bytes(content)
    for name, settings in (("held", {}), ("little", STAGED)):
        dedup.clean_files(tmp_path / "in", tmp_path / name, **settings)
        assert list_litter(tmp_path) == []
    assert read_output(tmp_path / "held") == read_output(tmp_path / "little")


def test_documents_larger_than_a_shard(tmp_path: Path) -> None:
    """A document is never parted: one of many times a shard's text stands among small ones, its copy far away."""
    folder = tmp_path / "in"
    folder.mkdir()
    rng = random.Random(5)
    words = [word for sentence in SENTENCES for word in sentence.split()]
    lines = [" ".join(rng.choice(words) for _ in range(rng.randrange(1, 40))) for _ in range(2_000)]
    book = "\n".join(lines)
    assert len(book) > 10 * STAGED["batch_bytes"]
    small = [{"text": f"{rng.choice(lines)}\n{SENTENCES[n % 5]} {n}"} for n in range(100)]
    rows = [*small[:30], {"text": book}, *small[30:60], {"text": book.replace("boats", "ships")}, *small[60:]]
    (folder / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (folder / "b.txt").write_text(book)
    run_both(folder, tmp_path)
    removed = pq.read_table(tmp_path / "staged" / "removed")
    assert removed.num_rows > 1_000
    assert "duplicate-document" in removed["reason"].to_pylist()


def test_piped_input(sources: Path, tmp_path: Path) -> None:
    """What is piped in and does not fit is staged, too, in files that are gone afterwards."""
    outputs = []
    for name, options in (("held", []), ("staged", ["--memory", "100MB", "--staging", str(tmp_path / "stage")])):
        with (sources / "a.jsonl").open("rb") as file:
            command = [sys.executable, "-m", "dedup", "clean", "-", str(tmp_path / name), "--quiet", *options]
            subprocess.run(command, stdin=file, check=True, timeout=120)
        outputs.append(read_output(tmp_path / name))
        assert not (tmp_path / "stage").exists()
        assert list_litter(tmp_path) == []
    assert outputs[0] == outputs[1]


@pytest.mark.parametrize("chosen", [None, "elsewhere"])
@pytest.mark.parametrize("left", [["shards", "work", "manifest.json"], ["manifest.json"], []])
def test_killed_behind_the_output(
    sources: Path, chosen: str | None, left: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run killed when its output is in place leaves its staging folder; the same command again removes that."""
    out = tmp_path / "out"
    staging = None if chosen is None else tmp_path / chosen
    folder = tmp_path / ".out.staging" if staging is None else staging / "dedup-staging"
    with monkeypatch.context() as patch:
        patch.setattr(Staging, "remove", lambda _: None)
        dedup.clean_files(sources, out, staging=staging, **STAGED)
    for name in {"shards", "work", "manifest.json"} - set(left):
        path = folder / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    before = read_output(out)
    with pytest.raises(OutputError, match="not empty"):
        dedup.clean_files(sources, out, staging=staging, **STAGED)
    assert not folder.exists()
    assert staging is None or not any(staging.iterdir())
    assert list_litter(tmp_path) == []
    assert read_output(out) == before


def test_unfinished_run_beside_an_earlier_output(
    sources: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a run that is to replace an output has staged stays if the command comes again without `overwrite`."""
    out = tmp_path / "out"
    dedup.clean_files(sources, out)

    def fail(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("dedup.writing.NewFolder.put_in_place", fail)
        with pytest.raises(KeyboardInterrupt):
            dedup.clean_files(sources, out, overwrite=True, **STAGED)
    with pytest.raises(OutputError, match="not empty"):
        dedup.clean_files(sources, out, **STAGED)
    assert (tmp_path / ".out.staging" / "shards").is_dir()
    dedup.clean_files(sources, out, overwrite=True, **STAGED)
    assert list_litter(tmp_path) == []
