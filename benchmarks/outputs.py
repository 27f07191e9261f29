"""Output folders of `dedup clean` as a judge reads them: by their documented columns, with pyarrow alone."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.plain_tokens import jaccard, text_tokens, token_shingles

Span = tuple[str, int, int]
"""doc_id, start, end: Python string indices into the original text."""


@dataclass(frozen=True, slots=True)
class Output:
    """What a run wrote, but for the clean documents."""

    removed: pa.Table
    overlaps: pa.Table
    report: dict[str, Any]

    @property
    def settings(self) -> dict[str, Any]:
        """The settings of the run, by name."""
        settings: dict[str, Any] = self.report["settings"]
        return settings


def read_output(out: Path) -> Output:
    """Read the output folder `out`."""
    return Output(
        pq.read_table(out / "removed"),
        pq.read_table(out / "overlaps.parquet"),
        json.loads((out / "report.json").read_text(encoding="utf-8")),
    )


def check_evidence(texts: dict[str, str], output: Output) -> tuple[dict[str, int], list[str]]:
    """Check the evidence of every removed row against the original texts; give counts by reason, and violations.

    Of each row: the text is what stood there. Of each copy: no character of the
    kept copy was itself removed; an exact copy has the tokens of the kept one; a
    near one has the reported similarity, to the last bit, and it reaches the threshold.
    """
    rows = output.removed.to_pylist()
    removed_in: dict[str, list[tuple[int, int]]] = {}
    for row in rows:
        removed_in.setdefault(row["doc_id"], []).append((row["start"], row["end"]))
    n_checked: dict[str, int] = {}
    violations: list[str] = []
    for row in rows:
        reason = row["reason"]
        n_checked[reason] = n_checked.get(reason, 0) + 1
        place = f"{row['doc_id']}[{row['start']}:{row['end']}] {reason}"
        if texts[row["doc_id"]][row["start"] : row["end"]] != row["text"]:
            violations.append(f"{place}: the text is not what stood there")
        if row["kept_doc_id"] is None or row["kept_start"] is None:
            if reason not in ("boilerplate", "duplicate-document"):
                violations.append(f"{place}: names no kept copy")
            continue
        start, end = row["kept_start"], row["kept_end"]
        if any(
            start < other_end and other_start < end for other_start, other_end in removed_in.get(row["kept_doc_id"], ())
        ):
            violations.append(f"{place}: the kept copy {row['kept_doc_id']}[{start}:{end}] was itself removed")
        if reason in ("duplicate", "near-duplicate"):
            tokens = text_tokens(row["text"])
            kept_tokens = text_tokens(texts[row["kept_doc_id"]][start:end])
            n = output.settings["shingle_tokens"]
            similarity = jaccard(token_shingles(tokens, n), token_shingles(kept_tokens, n))
            if reason == "duplicate" and tokens != kept_tokens:
                violations.append(f"{place}: other tokens than the kept copy, similarity {similarity}")
            if similarity != row["similarity"]:
                violations.append(f"{place}: similarity {row['similarity']} reported, {similarity} recomputed")
            if similarity < output.settings["similarity"]:
                violations.append(f"{place}: similarity {similarity} is below the threshold")
    return n_checked, violations
