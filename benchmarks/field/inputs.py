"""A corpus in the shapes that tools read. Made beforehand and not measured, so that it costs no tool anything."""

import gzip
import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from benchmarks.field.adapters.paragraph_files import PARAGRAPHS

N_PARTS: Final = 4
ROWS_IN_GROUP: Final = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """Where the shapes of one corpus lie, and how large it is."""

    corpus: Path  # Parquet with doc_id and text
    paragraphs: Path  # folder of Parquet with schema PARAGRAPHS
    documents: Path  # folder with a folder `documents` of compressed JSON lines
    n_paragraphs: int
    text_mb: float  # UTF-8, in millions of bytes


def make_inputs(corpus: Path, folder: Path) -> Inputs:
    """Write the shapes of a corpus into a folder, which is emptied first."""
    shutil.rmtree(folder, ignore_errors=True)
    table = pq.read_table(corpus, columns=["doc_id", "text"])
    n_paragraphs = _write_paragraphs(table, folder / "paragraphs")
    _write_documents(table, folder / "documents")
    return Inputs(
        corpus=corpus,
        paragraphs=folder / "paragraphs",
        documents=folder,
        n_paragraphs=n_paragraphs,
        text_mb=round(pc.sum(pc.binary_length(table["text"])).as_py() / 1e6, 2),
    )


def _write_paragraphs(table: pa.Table, folder: Path) -> int:
    """Write each line of the corpus as a row, numbered from 0, but for empty ones; give the number of lines."""
    folder.mkdir(parents=True)
    lines = pc.list_flatten(pc.split_pattern(table["text"].cast(pa.large_string()), "\n")).combine_chunks()
    numbered = pa.table([pa.array(np.arange(len(lines))), lines.cast(pa.string())], schema=PARAGRAPHS)
    numbered = numbered.filter(pc.not_equal(pc.utf8_trim_whitespace(numbered["text"]), ""))
    for part, (begin, end) in enumerate(_cuts(len(numbered))):
        pq.write_table(
            numbered.slice(begin, end - begin),
            folder / f"part-{part}.parquet",
            compression="zstd",
            compression_level=3,
            row_group_size=ROWS_IN_GROUP,
        )
    return len(lines)


def _write_documents(table: pa.Table, folder: Path) -> None:
    folder.mkdir(parents=True)
    for part, (begin, end) in enumerate(_cuts(len(table))):
        with gzip.open(folder / f"part-{part}.jsonl.gz", "wt", encoding="utf-8", compresslevel=6) as file:
            for row in table.slice(begin, end - begin).to_pylist():
                document = {"id": row["doc_id"], "text": row["text"], "source": "corpus"}
                file.write(json.dumps(document, ensure_ascii=False) + "\n")


def _cuts(n: int) -> list[tuple[int, int]]:
    return [(part * n // N_PARTS, (part + 1) * n // N_PARTS) for part in range(N_PARTS)]
