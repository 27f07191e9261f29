"""Real corpora from Debian's documentation packages: unpacked, never installed; HTML and roff made plain text.

A corpus is Parquet with the columns doc_id, text and package, one document a page,
in order of package and path, so that it is the same on every machine that unpacks
the same package versions.
"""

import gzip
import subprocess
from collections.abc import Iterator, Sequence
from multiprocessing import get_context
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from benchmarks.plain_text import text_of_html, text_of_roff

PACKAGES: Final = (
    "apache2-doc",
    "debian-policy",
    "developers-reference",
    "git-doc",
    "linux-doc-6.1",
    "manpages",
    "manpages-dev",
    "openjdk-17-doc",
    "perl-doc",
    "postgresql-doc-15",
    "python-django-doc",
    "python3.11-doc",
    "rust-doc",
    "sqlite3-doc",
)

CORPUS: Final = pa.schema(
    [
        pa.field("doc_id", pa.string(), nullable=False),
        pa.field("text", pa.large_string(), nullable=False),
        pa.field("package", pa.string(), nullable=False),
    ]
)

ROWS_IN_GROUP: Final = 2_000
"""Documents in a Parquet row group: tens of megabytes at most, as data sets in the wild have it."""

COMPRESSION_LEVEL: Final = 3  # of zstd

_SKIPPED_FOLDERS: Final = frozenset({"_sources", "_static", "src", "static.files"})
# other languages of the Apache manual; lists of links in the Java manual; 26,000 one-line pages of processor
# intrinsics in the Rust manual, which would be half of all pages
_SKIPPED_PARTS: Final = (
    *(f"/manual/{language}/" for language in ("da", "de", "es", "fr", "ja", "ko", "pt-br", "ru", "tr", "zh-cn")),
    "/class-use/",
    "/html/core/core_arch/",
    "/html/core/arch/",
)


def fetch_packages(work: Path, packages: Sequence[str] = PACKAGES) -> Path:
    """Download and unpack Debian packages under `work`; give the folder that has one folder a package.

    What is already unpacked is left alone. Raises CalledProcessError if apt-get or
    dpkg fails: `apt-get update` may be needed first.
    """
    unpacked = work / "packages"
    archives = work / "archives"
    archives.mkdir(parents=True, exist_ok=True)
    for package in packages:
        folder = unpacked / package
        if folder.exists():
            continue
        subprocess.run(["apt-get", "download", "-q", package], cwd=archives, check=True, stdout=subprocess.DEVNULL)
        archive = max(archives.glob(f"{package}_*.deb"))
        partial = unpacked / f"{package}.partial"
        partial.mkdir(parents=True, exist_ok=True)
        subprocess.run(["dpkg", "-x", str(archive), str(partial)], check=True)
        partial.rename(folder)
    return unpacked


def read_packages(unpacked: Path, workers: int = 2) -> pa.Table:
    """Give the CORPUS table of every page in the folders of `unpacked`, empty pages left out."""
    pages = [(str(path), doc_id, package) for path, doc_id, package in _pages(unpacked)]
    if workers == 1:
        texts = [_text_of_page(page) for page in pages]
    else:
        with get_context("spawn").Pool(workers) as pool:
            texts = pool.map(_text_of_page, pages, chunksize=64)
    kept = [(doc_id, text, package) for (_, doc_id, package), text in zip(pages, texts, strict=True) if text]
    columns = list(zip(*kept, strict=True)) or [(), (), ()]
    return pa.table(
        [pa.array(column, field.type) for column, field in zip(columns, CORPUS, strict=True)], schema=CORPUS
    )


def sample_documents(corpus: pa.Table, n_paragraphs: int) -> pa.Table:
    """Give documents of `corpus`, in order, whose lines come to about `n_paragraphs`, as many from each package.

    Spread within a package: every k-th document; a package that has too few lines gives all it has.
    """
    n_lines = pc.count_substring(corpus["text"], "\n").to_numpy()
    packages = corpus["package"].to_numpy(zero_copy_only=False)
    names = np.unique(packages)
    chosen = [np.zeros(0, np.int64)]
    for name in names:
        positions = np.flatnonzero(packages == name)
        step = int(n_lines[positions].sum()) * len(names) // n_paragraphs
        chosen.append(positions[:: max(step, 1)])
    return corpus.take(np.sort(np.concatenate(chosen)))


def write_corpus(table: pa.Table, path: Path) -> None:
    """Write a table as the Parquet that every benchmark reads: zstd 3, ROWS_IN_GROUP documents a row group."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, path, compression="zstd", compression_level=COMPRESSION_LEVEL, row_group_size=ROWS_IN_GROUP)


def _pages(unpacked: Path) -> Iterator[tuple[Path, str, str]]:
    """Give path, doc_id and package of every page, in order."""
    for folder in sorted(path for path in unpacked.iterdir() if path.is_dir()):
        for path in sorted(folder.rglob("*")):
            inside = path.relative_to(folder)
            if (
                path.is_symlink()
                or not path.is_file()
                or not _SKIPPED_FOLDERS.isdisjoint(inside.parts)
                or any(part in f"/{inside.as_posix()}" for part in _SKIPPED_PARTS)
            ):
                continue
            is_manual = "man" in inside.parts and path.suffix == ".gz"
            if path.suffix == ".html" or path.name == "copyright" or is_manual:
                yield path, f"{folder.name}/{inside.as_posix()}", folder.name


def _text_of_page(page: tuple[str, str, str]) -> str:
    path = Path(page[0])
    if path.suffix == ".html":
        return text_of_html(path.read_bytes())
    if path.suffix == ".gz":
        with gzip.open(path, "rt", encoding="utf-8", errors="replace") as file:
            return text_of_roff(file.read())
    return path.read_text(encoding="utf-8", errors="replace")
