"""How many known copies a tool found in a synthetic corpus, and whether what it removed was a copy."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from benchmarks.field.adapters.paragraph_files import UNNAMED
from benchmarks.outputs import read_output
from benchmarks.recall import LONG_ENOUGH, kept_copies
from benchmarks.synthetic import KINDS
from benchmarks.word_source import Ints

Flags = np.ndarray[Any, np.dtype[np.bool_]]


def read_found(path: Path, n_paragraphs: int) -> Ints:
    """Give for each paragraph the one that stays for it, from the `found.parquet` of an adapter.

    Its own number where it stays itself, UNNAMED where it goes and the tool does not say for which.
    """
    table = pq.read_table(path)
    kept = np.arange(n_paragraphs)
    kept[table["paragraph"].to_numpy()] = table["kept"].fill_null(UNNAMED).to_numpy()
    return kept


def read_dedup(out: Path, truth: pa.Table) -> Ints:
    """Give the same from an output folder of `dedup clean`; what goes as no copy counts as staying."""
    copies, _ = kept_copies(truth, read_output(out))
    return np.where(copies < 0, np.arange(len(copies)), copies)


def score(truth: pa.Table, kept: Ints) -> dict[str, Any]:
    """Give recall by kind of copy, of all lengths and of LONG_ENOUGH tokens or more, and precision.

    Recall is over bases that have one copy, unedited "edits" left out: found if one paragraph stays for both.
    Precision is the share of removed paragraphs whose kept one is of the same base; of a tool that names
    none, of those that another paragraph of their base stays for.
    """
    cluster = truth["cluster"].to_numpy()
    base, copy = _pairs(truth)
    found = (kept[base] == kept[copy]) | (kept[base] == UNNAMED) | (kept[copy] == UNNAMED)
    kinds = truth["kind"].take(pa.array(copy))
    is_long = truth["n_tokens"].to_numpy()[copy] >= LONG_ENOUGH
    gone = np.flatnonzero(kept != np.arange(len(kept)))
    n_staying = np.bincount(cluster, kept == np.arange(len(kept)))
    is_named = kept[gone] != UNNAMED
    is_true = np.where(is_named, cluster[np.maximum(kept[gone], 0)] == cluster[gone], n_staying[cluster[gone]] > 0)
    return {
        "removed": len(gone),
        "pair_precision": round(float(is_true.mean()), 6) if len(gone) else None,
        "recall": _recall(kinds, found, np.ones(len(found), bool)),
        "recall_of_long": _recall(kinds, found, is_long),
    }


def _pairs(truth: pa.Table) -> tuple[Ints, Ints]:
    """Give base and copy of each base that has one copy."""
    cluster = truth["cluster"].to_numpy()
    rows = np.flatnonzero(np.bincount(cluster)[cluster] == 2)
    rows = rows[np.argsort(cluster[rows], kind="stable")]
    first, second = rows[0::2], rows[1::2]
    is_base = pc.equal(truth["kind"], "base").to_numpy()
    base, copy = np.where(is_base[first], first, second), np.where(is_base[first], second, first)
    is_edit = pc.starts_with(truth["kind"], "edit").to_numpy()[copy]
    counts = ~is_edit | (truth["n_edits"].to_numpy()[copy] > 0)
    return base[counts], copy[counts]


def _recall(kinds: pa.ChunkedArray, found: Flags, counts: Flags) -> dict[str, Any]:
    table = {}
    for kind in KINDS:
        of_kind = found[pc.equal(kinds, kind).to_numpy() & counts]
        if len(of_kind):
            table[kind.removeprefix("edit-")] = {"pairs": len(of_kind), "recall": round(float(of_kind.mean()), 4)}
    return table
