"""Pages whose content people have marked: the sets, and which half of each is kept from tuning."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pyarrow.parquet as pq

from benchmarks.measurements import BenchmarkError

SETS: Final = ("aeb", "fundus_eval", "wcxb_dev", "daniel_tuning")


@dataclass(frozen=True, slots=True)
class LabelledPage:
    """A page and what people say is its content."""

    set_name: str
    doc_id: str
    html: bytes
    gold_text: str
    url: str | None = None
    site: str | None = None
    page_type: str | None = None
    gold_paragraphs: tuple[str, ...] | None = None
    gold: dict[str, str | None] | None = None  # title, author, date
    must_have: tuple[str, ...] = ()
    must_not_have: tuple[str, ...] = ()


def read_pages(data: Path, set_name: str) -> Iterator[LabelledPage]:
    """Give the pages of a set in order.

    Raises BenchmarkError if the folder does not hold it.
    """
    path = data / f"{set_name}.parquet"
    if not path.is_file():
        raise BenchmarkError(f"no {path.name} in {data}")
    for batch in pq.ParquetFile(path).iter_batches(batch_size=64):
        for row in batch.to_pylist():
            yield _page_of(set_name, row)


def is_held_out(page: LabelledPage) -> bool:
    """Say whether a page is of the half that tuning and training never saw: pages of a press site go together."""
    key = page.site if page.set_name == "daniel_tuning" and page.site else page.doc_id
    return hashlib.sha256(key.encode()).digest()[5] % 2 == 1


def _page_of(set_name: str, row: dict[str, Any]) -> LabelledPage:
    fields = ("title", "author", "date")
    has_fields = f"gold_{fields[0]}" in row
    return LabelledPage(
        set_name,
        row["doc_id"],
        row["html"],
        row["gold_text"] or "",
        row.get("url"),
        row.get("site"),
        row.get("page_type"),
        tuple(row["gold_paragraphs"]) if row.get("gold_paragraphs") is not None else None,
        {name: row[f"gold_{name}"] for name in fields} if has_fields else None,
        tuple(row.get("must_have") or ()),
        tuple(row.get("must_not_have") or ()),
    )
