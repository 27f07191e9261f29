"""How many known copies `dedup clean` finds in a synthetic corpus, and whether what it pairs belongs together."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.outputs import Output, read_output
from benchmarks.plain_tokens import jaccard, text_tokens, token_shingles
from benchmarks.word_source import Ints

LENGTHS: Final = ((5, 9), (10, 13), (14, 19), (20, 39), (40, None))
"""Bands of length in tokens of the edited copy; None has no end."""

LEAST_RECALL: Final = {0.02: 0.99, 0.05: 0.99, 0.10: 0.95}
"""The promise, by share of words edited, for copies of LONG_ENOUGH tokens or more."""

LONG_ENOUGH: Final = 20
LEAST_PRECISION: Final = 0.999

_COPIES: Final = ("duplicate", "near-duplicate", "duplicate-document")


@dataclass(frozen=True, slots=True)
class _Places:
    """Truth paragraphs by place. `document` numbers documents as `numbers` does; all int64[n], sorted by place."""

    numbers: dict[str, int]
    document: Ints
    start: Ints
    end: Ints

    def covered(self, doc_ids: list[str | None], starts: Ints, ends: Ints) -> tuple[Ints, Ints]:
        """Give first and past-the-last paragraph that lies whole in each span; equal if none does."""
        wide = 1 << 40
        document = np.array([self.numbers.get(doc_id, -1) if doc_id else -1 for doc_id in doc_ids], np.int64)
        first = np.searchsorted(self.document * wide + self.start, document * wide + starts, "left")
        past = np.searchsorted(self.document * wide + self.end, document * wide + ends, "right")
        return first, np.where(document < 0, first, np.maximum(past, first))


def measure_recall(corpus: Path, truth_path: Path, out: Path) -> dict[str, Any]:
    """Compare the output folder `out` of `corpus` with the truth; give recall, precision, and examples of errors.

    Recall is over bases that have one copy: the pair is found if one of the two was
    removed and the other is its kept copy. Copies that chance left unedited are not counted.
    """
    truth, output = pq.read_table(truth_path), read_output(out)
    texts = pq.read_table(corpus, columns=["doc_id", "text"])
    lines = [line for text in texts["text"].to_pylist() for line in text.split("\n")]
    kept, is_cut = kept_copies(truth, output)
    cluster = truth["cluster"].to_numpy()
    pairs = _pair_rows(truth, kept, lines, output)
    is_copy = kept >= 0
    is_false = is_copy & (cluster[np.maximum(kept, 0)] != cluster)
    sizes = np.bincount(cluster)
    n_expected = int((sizes[sizes > 2] - 1).sum())
    in_large = (sizes > 2)[cluster]
    recall = _recall_table(pairs)
    precision = 1 - is_false.sum() / max(is_copy.sum(), 1)
    return {
        "corpus": corpus.name,
        "settings": output.settings,
        "paragraphs": truth.num_rows,
        "removed_copies": int(is_copy.sum()),
        "false_pairs": int(is_false.sum()),
        "pair_precision": round(float(precision), 6),
        "recall": recall,
        "misses": _misses(pairs, output),
        "larger_clusters": {"copies": n_expected, "removed": int((is_copy & in_large).sum())},
        "removed_for_other_reasons": _other_reasons(output),
        "paragraphs_cut_in_part": int(is_cut.sum()),
        "false_pair_examples": [
            {
                "removed": lines[place],
                "kept": lines[kept[place]],
                "similarity": _similarity(lines, place, kept[place], 2),
            }
            for place in np.flatnonzero(is_false)[:20]
        ],
        "broken_promises": _broken(recall, float(precision)),
    }


def recall_lines(figures: Mapping[str, Any]) -> list[str]:
    """Give the figures as lines for a terminal."""
    lines = [f"{figures['corpus']}: {figures['paragraphs']:,} paragraphs, {figures['removed_copies']:,} copies removed"]
    lines.append(
        f"{'tokens':<8}{'edited':>7}{'pairs':>8}{'found':>8}{'95 % interval':>18}{'J >= t':>8}{'found of these':>16}"
    )
    for row in figures["recall"]:
        low, high = row["interval"]
        lines.append(
            f"{row['tokens']:<8}{row['kind']:>7}{row['pairs']:>8,}{row['recall']:>8.4f}{low:>10.4f}-{high:.4f}"
            f"{row['share_at_threshold']:>9.4f}{row['recall_at_threshold']:>15.4f}"
        )
    lines.append(f"pair precision {figures['pair_precision']} ({figures['false_pairs']} false pairs)")
    large = figures["larger_clusters"]
    lines.append(f"clusters of more than two: {large['removed']:,} removed of {large['copies']:,} copies")
    lines.append(f"pairs at or above the threshold that were not found: {figures['misses']}")
    lines.append(f"removed for other reasons: {figures['removed_for_other_reasons'] or 'nothing'}")
    lines.extend(f"BROKEN PROMISE: {promise}" for promise in figures["broken_promises"])
    return lines


def kept_copies(truth: pa.Table, output: Output) -> tuple[Ints, Any]:
    """Give for each truth paragraph its kept copy (-1: not removed as a copy), and whether part of it was cut."""
    doc_ids = truth["doc_id"].to_pylist()
    numbers: dict[str, int] = {}
    document = np.array([numbers.setdefault(doc_id, len(numbers)) for doc_id in doc_ids], np.int64)
    places = _Places(numbers, document, truth["start"].to_numpy(), truth["end"].to_numpy())
    rows = output.removed
    rows = rows.filter(pa.array([reason in _COPIES for reason in rows["reason"].to_pylist()], pa.bool_()))
    first, past = places.covered(rows["doc_id"].to_pylist(), rows["start"].to_numpy(), rows["end"].to_numpy())
    starts, ends = (rows[name].fill_null(0).to_numpy() for name in ("kept_start", "kept_end"))
    kept_first, kept_past = places.covered(rows["kept_doc_id"].to_pylist(), starts, ends)
    kept = np.full(truth.num_rows, -1, np.int64)
    single = (past - first == 1) & (kept_past - kept_first == 1)
    kept[first[single]] = kept_first[single]
    is_cut = np.zeros(truth.num_rows, bool)
    is_cut[np.minimum(first[past == first], truth.num_rows - 1)] = True
    return kept, is_cut


def wilson_interval(n_found: int, n: int) -> tuple[float, float]:
    """Give the 95 % confidence interval of a share (Wilson, 1927)."""
    if not n:
        return 0.0, 1.0
    z = 1.959964
    share = n_found / n
    middle = share + z * z / (2 * n)
    spread = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    return round(max(middle - spread, 0.0) / scale, 4), round((middle + spread) / scale, 4)


def _pair_rows(truth: pa.Table, kept: Ints, lines: list[str], output: Output) -> list[dict[str, Any]]:
    """Give one row for each base with one copy: kind, tokens, found, similarity, and the two places."""
    cluster, kinds = truth["cluster"].to_numpy(), truth["kind"].to_pylist()
    n_edits, n_tokens = truth["n_edits"].to_numpy(), truth["n_tokens"].to_numpy()
    by_cluster = np.argsort(cluster, kind="stable")
    begins = np.flatnonzero(np.diff(cluster[by_cluster], prepend=-1))
    sizes = np.diff(np.append(begins, len(cluster)))
    pairs = []
    for begin in begins[sizes == 2]:
        base, copy = sorted((int(place) for place in by_cluster[begin : begin + 2]), key=lambda p: kinds[p] != "base")
        if kinds[copy].startswith("edit") and not n_edits[copy]:
            continue
        pairs.append(
            {
                "kind": kinds[copy],
                "n_tokens": int(n_tokens[copy]),
                "found": bool(kept[copy] == base or kept[base] == copy),
                "similarity": _similarity(lines, base, copy, output.settings["shingle_tokens"]),
                "is_reachable": min(n_tokens[base], n_tokens[copy]) >= output.settings["min_near_tokens"],
                "spans": frozenset(
                    (truth["doc_id"][place].as_py(), truth["start"][place].as_py()) for place in (base, copy)
                ),
            }
        )
    threshold = output.settings["similarity"]
    for pair in pairs:
        pair["is_at_threshold"] = pair["similarity"] >= threshold
    return pairs


def _recall_table(pairs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    table = []
    for low, high in (*LENGTHS, (LONG_ENOUGH, None)):
        for kind in sorted({pair["kind"] for pair in pairs}):
            rows = [p for p in pairs if p["kind"] == kind and low <= p["n_tokens"] <= (high or math.inf)]
            if not rows:
                continue
            n_found = sum(p["found"] for p in rows)
            at_threshold = [p["found"] for p in rows if p["is_at_threshold"]]
            table.append(
                {
                    "tokens": f"{low}-{high}" if high else f"{low}+",
                    "kind": kind.removeprefix("edit-"),
                    "pairs": len(rows),
                    "recall": round(n_found / len(rows), 4),
                    "interval": wilson_interval(n_found, len(rows)),
                    "share_at_threshold": round(len(at_threshold) / len(rows), 4),
                    "recall_at_threshold": round(sum(at_threshold) / max(len(at_threshold), 1), 4),
                }
            )
    return table


def _misses(pairs: list[dict[str, Any]], output: Output) -> dict[str, int]:
    """Count the pairs at the threshold and long enough that were not found, by what `overlaps` says of them."""
    missed = {p["spans"] for p in pairs if p["is_at_threshold"] and p["is_reachable"] and not p["found"]}
    counts = {"not in overlaps": len(missed)}
    for row in output.overlaps.to_pylist():
        spans = frozenset([(row["doc_id"], row["start"]), (row["other_doc_id"], row["other_start"])])
        if spans in missed:
            counts[row["why_kept"]] = counts.get(row["why_kept"], 0) + 1
            counts["not in overlaps"] -= 1
    return counts


def _other_reasons(output: Output) -> dict[str, int]:
    counts: dict[str, int] = {}
    for row in output.removed.select(["reason", "rule"]).to_pylist():
        if row["reason"] not in ("duplicate", "near-duplicate"):
            name = row["rule"] or row["reason"]
            counts[name] = counts.get(name, 0) + 1
    return counts


def _broken(recall: list[dict[str, Any]], precision: float) -> list[str]:
    broken = []
    for row in recall:
        if row["tokens"] == f"{LONG_ENOUGH}+" and row["kind"].startswith("0."):
            least = LEAST_RECALL.get(float(row["kind"]), 0.0)
            if row["recall"] < least:
                broken.append(f"recall at {row['kind']} of words edited is {row['recall']}, promised {least}")
    if precision < LEAST_PRECISION:
        broken.append(f"pair precision is {precision:.6f}, promised {LEAST_PRECISION}")
    return broken


def _similarity(lines: list[str], left: int, right: int, n_tokens: int) -> float:
    sets = [token_shingles(text_tokens(lines[place]), n_tokens) for place in (left, right)]
    return jaccard(*sets)
