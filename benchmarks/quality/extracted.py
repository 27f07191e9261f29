"""Texts of labelled pages as dedup and as trafilatura alone extract them, kept so that each page is extracted once."""

import hashlib
import logging
import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from importlib import metadata
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.measurements import PROJECT
from benchmarks.quality.extraction import run_alone, run_dedup_extractor
from benchmarks.quality.labelled import LabelledPage, read_pages

EXTRACTOR: Final = "trafilatura"

_PACKAGES: Final = ("trafilatura", "lxml", "resiliparse")


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtractedPage:
    """A labelled page without its HTML, and its text as dedup and as trafilatura alone extract it."""

    page: LabelledPage
    ours: str
    alone: str

    @property
    def name(self) -> str:
        """What tells it from all pages of all sets."""
        return f"{self.page.set_name}/{self.page.doc_id}"


def read_extracted(data: Path, set_name: str, work: Path) -> list[ExtractedPage]:
    """Give the pages of a set in order, extracted now or by an earlier run with the same extractors.

    Raises BenchmarkError if the folder does not hold the set.
    """
    path = work / f"extracted-{set_name}-{_version()}.parquet"
    pages = [replace(page, html=b"") for page in read_pages(data, set_name)]
    if path.is_file() and pq.read_metadata(path).num_rows == len(pages):
        table = pq.read_table(path)
    else:
        with ProcessPoolExecutor(os.cpu_count()) as pool:
            texts = list(pool.map(_extract, read_pages(data, set_name), chunksize=8))
        table = pa.table({"doc_id": [page.doc_id for page in pages], "ours": [ours for ours, _ in texts],
                          "alone": [alone for _, alone in texts]})  # fmt: skip
        work.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_suffix(".unfinished")
        pq.write_table(table, unfinished)
        unfinished.replace(path)
    return [
        ExtractedPage(page=page, ours=row["ours"], alone=row["alone"])
        for page, row in zip(pages, table.to_pylist(), strict=True)
    ]


def _extract(page: LabelledPage) -> tuple[str, str]:
    logging.disable(logging.CRITICAL)  # trafilatura has a word to say about many pages
    return run_dedup_extractor(page, EXTRACTOR).text, run_alone(page).text


def _version() -> str:
    """Give a digest of all that the extracted texts depend on besides the pages."""
    digest = hashlib.sha256(" ".join(metadata.version(name) for name in _PACKAGES).encode())
    for path in _sources():
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def _sources() -> Iterator[Path]:
    folder = PROJECT / "dedup" / "extraction"
    yield from sorted(path for path in folder.rglob("*") if path.is_file() and path.suffix != ".pyc")
