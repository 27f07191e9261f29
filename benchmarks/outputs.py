"""Output folders of `dedup clean` as a judge reads them: by their documented columns, with pyarrow alone."""

import bisect
import itertools
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.plain_tokens import jaccard, text_tokens, token_shingles

Span = tuple[str, int, int]
"""doc_id, start, end: Python string indices into the original text."""

Spans = Mapping[str, list[tuple[int, int]]]
"""doc_id: starts and ends of its removed spans, sorted."""


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


def check_evidence(texts: Mapping[str, str], output: Output) -> tuple[dict[str, int], list[str]]:
    """Check the evidence of every removed row against the original texts; give counts by reason, and violations.

    Of each row: the text is what stood there. Of each paragraph with a kept copy: no
    character of that copy was itself removed; an exact copy has the tokens of the
    kept one; a near one has the reported similarity, to the last bit, and it reaches
    the threshold. Of each whole document: see _whole_copy_violation.
    """
    removed_in: dict[str, list[tuple[int, int]]] = {}
    for doc_id, start, end in columns(output.removed, "doc_id", "start", "end"):
        removed_in.setdefault(doc_id, []).append((start, end))
    for spans in removed_in.values():
        spans.sort()
    n_checked: dict[str, int] = {}
    violations: list[str] = []
    for row in output.removed.to_pylist():
        reason = row["reason"]
        n_checked[reason] = n_checked.get(reason, 0) + 1
        place = f"{row['doc_id']}[{row['start']}:{row['end']}] {reason}"
        if texts[row["doc_id"]][row["start"] : row["end"]] != row["text"]:
            violations.append(f"{place}: the text is not what stood there")
        if reason == "duplicate-document":
            found = _whole_copy_violation(row, texts, removed_in, output)
        elif reason == "boilerplate":
            found = iter([] if row["rule"] else ["names no rule"])
        else:
            found = _copy_violations(row, texts, removed_in, output)
        violations.extend(f"{place}: {violation}" for violation in found)
    return n_checked, violations


def columns(table: pa.Table, *names: str) -> Iterator[tuple[Any, ...]]:
    """Give the rows of some columns of a table."""
    return zip(*(table[name].to_pylist() for name in names), strict=True)


def _copy_violations(
    row: Mapping[str, Any], texts: Mapping[str, str], removed_in: Spans, output: Output
) -> Iterator[str]:
    if row["kept_doc_id"] is None or row["kept_start"] is None:
        yield "names no kept copy"
        return
    start, end = row["kept_start"], row["kept_end"]
    spans = removed_in.get(row["kept_doc_id"], [])
    before = bisect.bisect_left(spans, (end, 0)) - 1  # the last span that begins before the copy's end
    if before >= 0 and spans[before][1] > start:
        yield f"the kept copy {row['kept_doc_id']}[{start}:{end}] was itself removed"
    if row["reason"] == "repeat":
        return
    tokens, kept_tokens = text_tokens(row["text"]), text_tokens(texts[row["kept_doc_id"]][start:end])
    n = output.settings["shingle_tokens"]
    similarity = jaccard(token_shingles(tokens, n), token_shingles(kept_tokens, n))
    if row["reason"] == "duplicate" and tokens != kept_tokens:
        yield f"other tokens than the kept copy, similarity {similarity}"
    if similarity != row["similarity"]:
        yield f"similarity {row['similarity']} reported, {similarity} recomputed"
    if similarity < output.settings["similarity"]:
        yield f"similarity {similarity} is below the threshold"


def _whole_copy_violation(
    row: Mapping[str, Any], texts: Mapping[str, str], removed_in: Spans, output: Output
) -> Iterator[str]:
    """Say if too few of the document's tokens stand, two by two, in what is left of the kept document.

    A share `copy_share` of its tokens is in paragraphs that match; of a match at the
    threshold, that share of its pairs of tokens is in the other. The product is
    the least that is provable without the paragraphs.
    """
    if row["kept_doc_id"] is None:
        yield "names no kept document"
        return
    kept, done = [], 0
    original = texts[row["kept_doc_id"]]
    for start, end in removed_in.get(row["kept_doc_id"], []):
        kept.append(original[done:start])
        done = end
    kept.append(original[done:])
    known = token_shingles(text_tokens(" ".join(kept)), 2)
    tokens = text_tokens(row["text"])
    pairs = list(itertools.pairwise(tokens))
    share = sum(pair in known for pair in pairs) / max(len(pairs), 1)
    if share < output.settings["copy_share"] * output.settings["similarity"]:
        yield f"only {share:.3f} of its pairs of tokens are in what is left of {row['kept_doc_id']}"
