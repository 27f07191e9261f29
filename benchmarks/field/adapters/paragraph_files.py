"""What adapters read and write: paragraphs, one a row, and which of them were taken for copies of which."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

Ints = np.ndarray[Any, np.dtype[np.int64]]

PARAGRAPHS: Final = pa.schema(
    [
        pa.field("paragraph", pa.int64(), nullable=False),  # 0-based line of the corpus, all documents end to end
        pa.field("text", pa.string(), nullable=False),
    ]
)

FOUND: Final = pa.schema(
    [
        pa.field("paragraph", pa.int64(), nullable=False),  # removed
        pa.field("kept", pa.int64()),  # the one that stays for it; null where the tool does not say
    ]
)

UNNAMED: Final = -1
"""Kept copy of a paragraph that a tool removes without saying whose copy it is."""


def parse_arguments(words: Sequence[str], *options: str) -> argparse.Namespace:
    """Give the paths `input` and `out` of a command line, and options, all whole numbers but `threshold`.

    `tell` is whether to write only `found.parquet`, from what an earlier run left in `out`.
    """
    parser = argparse.ArgumentParser()
    parser.add_argument("input", type=Path)
    parser.add_argument("out", type=Path)
    for option in options:
        parser.add_argument(f"--{option}", type=float if option == "threshold" else int, required=True)
    parser.add_argument("--tell", action="store_true")
    return parser.parse_args(words)


def read_arguments(*options: str) -> argparse.Namespace:
    """Give the same of the command line that runs this process."""
    return parse_arguments(sys.argv[1:], *options)


def read_paragraphs(folder: Path) -> pa.Table:
    """Read all files of a folder of paragraphs, in order."""
    return pa.concat_tables([pq.read_table(path) for path in sorted(folder.glob("*.parquet"))])


def byte_shingles(text: str, n_tokens: int) -> set[bytes]:
    """Give the runs of `n_tokens` words of a text in lower case, parted by white space; a shorter text is one."""
    words = text.lower().encode().split()
    if len(words) <= n_tokens:
        return {b" ".join(words)}
    return {b" ".join(run) for run in zip(*(words[first:] for first in range(n_tokens)), strict=False)}


def first_in_cluster(n: int, left: Ints, right: Ints) -> Ints:
    """Give for each of n paragraphs the first that it is joined to by the pairs, directly or not; itself if alone."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    graph = coo_matrix((np.ones(len(left), bool), (left, right)), shape=(n, n))
    n_clusters, cluster = connected_components(graph, directed=False)
    first = np.full(n_clusters, n, np.int64)
    np.minimum.at(first, cluster, np.arange(n))
    of_each: Ints = first[cluster]
    return of_each


def write_output(out: Path, paragraphs: pa.Table, kept: Ints) -> None:
    """Write the paragraphs that stay, and what was found.

    `kept` has for each row of `paragraphs` the row that stays for it: its own where it stays itself, UNNAMED
    where it goes and nobody says for which.
    """
    stays = kept == np.arange(len(kept))
    clean = paragraphs.filter(pa.array(stays))
    pq.write_table(clean, out / "clean.parquet", compression="zstd", compression_level=3)
    write_found(out, paragraphs["paragraph"].to_numpy(), kept)


def write_found(out: Path, numbers: Ints, kept: Ints) -> None:
    """Write `found.parquet` alone; `numbers` are the paragraphs' own, `kept` as for write_output."""
    gone = np.flatnonzero(kept != np.arange(len(kept)))
    is_unnamed = kept[gone] == UNNAMED
    write_pairs(out, numbers[gone], np.where(is_unnamed, UNNAMED, numbers[kept[gone]]))


def write_pairs(out: Path, removed: Ints, kept: Ints) -> None:
    """Write `found.parquet` from the numbers of removed paragraphs and of those that stay for them, or UNNAMED."""
    table = pa.table([pa.array(removed), pa.array(kept, mask=kept == UNNAMED)], schema=FOUND)
    pq.write_table(table, out / "found.parquet")


def kept_by_cluster(clean_clusters: Ints, clean: Ints, removed_clusters: Ints) -> Ints:
    """Give for each removed paragraph the clean one of its cluster; UNNAMED if there is none."""
    by_cluster = dict(zip(clean_clusters.tolist(), clean.tolist(), strict=True))
    by_cluster.pop(-1, None)  # in no cluster
    return np.array([by_cluster.get(cluster, UNNAMED) for cluster in removed_clusters.tolist()], np.int64)
