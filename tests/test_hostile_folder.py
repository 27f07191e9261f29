"""A folder of everything that goes wrong ends in good time and memory, and accounts for every input."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hostile_folder import LIMIT, SENTENCES, make

import dedup

MOST_SECONDS = 150
"""The slowest pages cost their five seconds each; the rest is a second or two. CI machines are slower than desks."""

MOST_MEMORY_MB = 1_500
"""Compiled code takes 300 MB; what the bombs expand to is more than this together, and ten times LIMIT each."""

MEASURED_RUN = (
    "import json, resource, subprocess, sys; "
    "ran = subprocess.run([sys.executable, '-m', 'dedup', *sys.argv[1:]]); "
    "print(json.dumps([ran.returncode, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss]), file=sys.stderr)"
)

NO_DOCUMENTS = {f"empty.{suffix}" for suffix in ("csv", "json", "jsonl", "tsv", "warc", "warc.gz", "wet.gz")}
"""Files of many documents that hold none: neither wrong nor a document."""


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """Make the folder once, and give it with the names of all that is in it."""
    folder = tmp_path_factory.mktemp("hostile") / "in"
    return folder, make(folder)


def run(folder: Path, out: Path, *options: str) -> tuple[int, float, float]:
    """Clean the folder in a process of its own, and give its exit code, seconds and peak memory in MB."""
    line = ["clean", folder, out, "--max-document-bytes", str(LIMIT), "--page-seconds", "5", "--quiet", *options]
    begun = time.monotonic()
    command = [sys.executable, "-c", MEASURED_RUN, *map(str, line)]
    ran = subprocess.run(command, capture_output=True, encoding="utf-8", check=True, timeout=600)
    code, peak_kb = json.loads(ran.stderr.splitlines()[-1])
    return code, time.monotonic() - begun, peak_kb / 1000


@pytest.fixture(scope="module")
def cleaned(hostile: tuple[Path, list[str]], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Clean the folder once with two workers, within time and memory."""
    out = tmp_path_factory.mktemp("cleaned") / "out"
    code, seconds, peak_mb = run(hostile[0], out, "--workers", "2")
    assert code == 0
    assert seconds < MOST_SECONDS
    assert peak_mb < MOST_MEMORY_MB
    return out


def test_documents_removed_and_rejected_add_up(hostile: tuple[Path, list[str]], cleaned: Path) -> None:
    """Every input is in documents, in emptied or in rejected, by its name or by those of its members."""
    told: set[str] = set()
    for name in ("documents", "emptied.parquet", "rejected.parquet"):
        told |= set(pq.read_table(cleaned / name)["source"].to_pylist())
    lost = {name for name in hostile[1] if not any(t == name or t.startswith(f"{name}/") for t in told)}
    assert lost == NO_DOCUMENTS


def test_counts_add_up(cleaned: Path) -> None:
    """As many documents are restored as were kept and emptied; the report counts what the tables hold."""
    report = json.loads((cleaned / "report.json").read_text(encoding="utf-8"))
    n_kept, n_emptied, n_rejected = (
        pq.read_table(cleaned / name).num_rows for name in ("documents", "emptied.parquet", "rejected.parquet")
    )
    assert dedup.restore(cleaned).num_rows == n_kept + n_emptied == report["n_documents"]
    assert report["n_rejected"] == n_rejected


@pytest.mark.parametrize(
    ("source", "row", "stage", "words"),
    [
        ("cut.txt.gz", None, "read", "cut short"),
        ("cut.jsonl.gz", None, "read", "cut short"),
        ("cut.parquet", None, "read", "not readable as Parquet"),
        ("cut.zip", None, "read", "cut short"),
        ("half-line.jsonl", 1, "read", "not JSON"),
        ("no-text.jsonl", 1, "read", "no column 'text'"),
        ("number.jsonl", 1, "read", "a number, not text"),
        ("deep.jsonl", 0, "read", "depth"),
        ("broken.json", 2, "read", "not JSON"),
        ("ragged.csv", 1, "read", "4 values, and 2 columns"),
        ("broken.warc", 1, "read", "length"),
        ("picture.txt", 0, "decode", "binary"),
        ("picture.html", 0, "decode", "binary"),
        ("random.txt", 0, "decode", "binary"),
        ("nul.txt", 0, "decode", "NUL"),
        ("picture.png", None, "list", "no known kind"),
        ("unknown.xyz", None, "list", "--format"),
        ("no-suffix-binary", None, "list", "no text"),
        ("loop-a.txt", None, "list", "loop"),
        ("nowhere.txt", None, "list", "no such file"),
        ("sub/up", None, "list", "loop"),
        ("pipe.txt", None, "list", "pipe"),
        ("endless-line.jsonl", 0, "read", "--max-document-bytes"),
        ("endless-line.txt", None, "read", "--max-document-bytes"),
        ("bomb.txt.gz", None, "read", "--max-document-bytes"),
        ("bomb.jsonl.gz", 0, "read", "--max-document-bytes"),
        ("bomb.html.bz2", None, "read", "--max-document-bytes"),
        ("bomb.txt.xz", None, "read", "--max-document-bytes"),
        ("bomb.txt.zst", None, "read", "--max-document-bytes"),
        ("bomb.zip/zeros.txt", None, "read", "--max-document-bytes"),
        ("deep.html", 0, "extract", ""),
        ("spin.html", 0, "extract", "--page-seconds"),
        ("locked.zip/secret.txt", None, "read", "encrypted"),
        ("wrong-sum.zip/a.txt", None, "read", "checksum"),
        ("members.zip/../above.txt", None, "read", ".."),
        ("members.zip/in.zip", None, "read", "archive in an archive"),
        ("members.tar/passwords.txt", None, "read", "link"),
    ],
)
def test_reasons_are_understood(source: str, row: int | None, stage: str, words: str, cleaned: Path) -> None:
    """Each of these is one row with its place, its stage, and a reason that says what is the matter."""
    rows = [found for found in pq.read_table(cleaned / "rejected.parquet").to_pylist() if found["source"] == source]
    [found] = [found for found in rows if found["row"] == row]
    assert found["stage"] == stage
    assert words in found["reason"]


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("fine.txt", "\n".join(SENTENCES)),
        ("wide.txt", "\n".join(SENTENCES)),
        ("no-suffix", "\n".join(SENTENCES)),
        ("latin.txt", "Größe, Maß und Übermut: vier Wörter für ein Gefühl, das jeder kennt."),
        ("fine.html", "\n".join(SENTENCES)),
        ("bomb.zip/fine.txt", "\n".join(SENTENCES)),
        ("members.zip/good.txt", "Good member."),
        ("members.tar/good.txt", "Good member."),
        ("odd-\\xff-name.txt", "The name is not UTF-8."),
    ],
)
def test_everything_else_is_read(source: str, text: str, cleaned: Path) -> None:
    """What lies beside all that is cleaned as if it lay alone: its text comes back as it was."""
    restored = {row["source"]: row["text"] for row in dedup.restore(cleaned).to_pylist()}
    assert restored[source] == text


@pytest.mark.parametrize(
    ("source", "rows"),
    [("half-line.jsonl", 2), ("no-text.jsonl", 2), ("number.jsonl", 2), ("broken.json", 2), ("broken.warc", 2)],
)
def test_rows_around_a_broken_one_are_read(source: str, rows: int, cleaned: Path) -> None:
    """A broken record in the middle costs itself and, where nothing says how it ends, what follows."""
    assert [row["source"] for row in dedup.restore(cleaned).to_pylist()].count(source) == rows


def test_one_worker_gives_the_same(hostile: tuple[Path, list[str]], cleaned: Path, tmp_path: Path) -> None:
    """Pages that hang, crash or wait do not make the answer depend on the number of processes."""
    assert run(hostile[0], tmp_path / "one", "--workers", "1")[0] == 0
    for path in sorted(cleaned.rglob("*.parquet")):
        assert path.read_bytes() == (tmp_path / "one" / path.relative_to(cleaned)).read_bytes()


def test_strict_says_so_at_the_end(hostile: tuple[Path, list[str]], tmp_path: Path) -> None:
    """With --strict the same folder ends in exit code 3, with its output there."""
    small = tmp_path / "in"
    small.mkdir()
    for name in ("half-line.jsonl", "picture.png", "fine.txt"):
        (small / name).write_bytes((hostile[0] / name).read_bytes())
    assert run(small, tmp_path / "out", "--strict")[0] == 3
    assert pq.read_table(tmp_path / "out" / "rejected.parquet").num_rows == 2


def test_files_that_vanish_while_reading(tmp_path: Path) -> None:
    """What was listed and is gone when its turn comes is rejected, and the rest is read."""
    for name in "abc":
        (tmp_path / f"{name}.txt").write_text(f"The text of file {name}.")

    def on_progress(stage: str, done: int, total: int) -> None:
        if total:  # all is listed
            (tmp_path / "c.txt").unlink(missing_ok=True)

    result = dedup.preview_files(tmp_path, on_progress=on_progress)
    assert result.texts == ["The text of file a.", "The text of file b."]
    [reject] = result.rejected.to_pylist()
    assert (reject["source"], reject["stage"]) == ("c.txt", "read")
    assert "no such file" in reject["reason"]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
@pytest.mark.parametrize("name", ["locked.txt", "shut"])
def test_what_may_not_be_read_is_rejected(name: str, cleaned: Path) -> None:
    """A file or folder without permission is a row that says so."""
    reasons = {row["source"]: row["reason"] for row in pq.read_table(cleaned / "rejected.parquet").to_pylist()}
    assert "permission denied" in reasons[name]


def test_what_root_may_not_read_is_rejected(hostile: tuple[Path, list[str]], tmp_path: Path) -> None:
    """The same, tried in a process without root's rights, so that it is tested there, too."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        pytest.skip("only root can give its rights away; the test above has tested it")
    folder = tmp_path / "in"
    (folder / "shut").mkdir(parents=True)
    (folder / "fine.txt").write_text("This may be read.")
    (folder / "locked.txt").write_text("This may not.")
    (folder / "locked.txt").chmod(0)
    (folder / "shut").chmod(0)
    for path in (tmp_path, *tmp_path.parents):
        if not path.stat().st_mode & 0o001:
            path.chmod(path.stat().st_mode | 0o005)
    script = (
        f"import json, os, sys\nsys.path.append({str(Path(__file__).parent)!r})\n"
        "from dedup.settings import Settings\nfrom read_documents import read_files\n"
        # once with rights: what is imported when it is needed may be where only root can read
        f"read_files([{str(folder / 'fine.txt')!r}], Settings())\n"
        "os.setgroups([])\nos.setgid(65534)\nos.setuid(65534)\n"
        f"corpus = read_files([{str(folder)!r}], Settings())\n"
        "print(json.dumps([corpus.documents['source'].to_pylist(), corpus.rejected.to_pylist()]))"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, encoding="utf-8", check=True, timeout=120)
    documents, rejected = json.loads(ran.stdout)
    assert documents == ["fine.txt"]
    assert {(row["source"], row["stage"]) for row in rejected} == {("locked.txt", "read"), ("shut", "list")}
    assert all("permission denied" in row["reason"] for row in rejected)
