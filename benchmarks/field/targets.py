"""What the comparison has to show."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from benchmarks.field.tools import DEDUP

LEAST_RATIOS: Final = {"datasketch-3": 15.0, "datasketch-5": 15.0, "text-dedup": 50.0, "datatrove": 50.0}
"""The promise: CPU time of a tool, in CPU times of dedup as it comes, megabyte for megabyte."""

AT_NO_LOWER_RECALL: Final = {"daft-3": 3.0, "daft-3-hashed": 3.0}
"""The promise: the same of one setting of dedup, whose recall is no lower for any share of words edited."""

RATES: Final = ("0.02", "0.05", "0.10", "0.20", "0.30")


def add_ratios(rows: Sequence[dict[str, Any]], large: str) -> None:
    """Put into each measured row its CPU time per megabyte as a ratio to dedup's, on its own corpus and the large one.

    Per megabyte, because dedup's start weighs more in a small corpus.
    """
    dedup = {row["corpus"]: row["mb_per_cpu_second"] for row in measured(rows) if row["tool"] == DEDUP}
    for row in measured(rows):
        for name, corpus in (("cpu_ratio", row["corpus"]), ("cpu_ratio_to_large", large)):
            if corpus in dedup:
                row[name] = round(dedup[corpus] / row["mb_per_cpu_second"], 2)


def missed_targets(rows: Sequence[Mapping[str, Any]], large: str) -> list[str]:
    """Say which of LEAST_RATIOS and AT_NO_LOWER_RECALL do not hold, with the figures."""
    missed = []
    by_tool = {row["tool"]: row for row in measured(rows) if row["corpus"] == large or row["tool"] != DEDUP}
    for tool, least in LEAST_RATIOS.items():
        row = by_tool.get(tool)
        if row is not None and row.get("cpu_ratio_to_large", least) < least:
            on_its_own = "" if row["corpus"] == large else f" ({row['cpu_ratio']} on {row['corpus']})"
            missed.append(
                f"{tool} takes {row['cpu_ratio_to_large']} times the CPU of dedup{on_its_own}, promised {least:g}"
            )
    ours = [row for name, row in by_tool.items() if name.startswith(DEDUP) and row["corpus"] == large]
    for tool, least in AT_NO_LOWER_RECALL.items():
        row = by_tool.get(tool)
        if row is None or not ours:
            continue
        tried = [(dedup, row["cpu_seconds"] / dedup["cpu_seconds"], _lower_recall(dedup, row)) for dedup in ours]
        if not any(ratio >= least and not lower for _, ratio, lower in tried):
            found = "; ".join(
                f"{dedup['tool']} {ratio:.2f} times, lower {', '.join(lower) or 'nowhere'}"
                for dedup, ratio, lower in tried
            )
            missed.append(f"{tool} takes {least:g} times the CPU of no setting that finds as much: {found}")
    return missed


def _lower_recall(dedup: Mapping[str, Any], tool: Mapping[str, Any]) -> list[str]:
    """Say at which shares of words edited dedup finds less, over copies of all lengths."""
    return [
        f"at {rate} ({ours} to {theirs})"
        for rate in RATES
        if (ours := recall_of(dedup, "recall", rate)) is not None
        and (theirs := recall_of(tool, "recall", rate)) is not None
        and ours < theirs
    ]


def recall_of(row: Mapping[str, Any], name: str, kind: str) -> float | None:
    """Give the recall of a row for a kind of copy; None if it was not measured."""
    found: float | None = row.get(name, {}).get(kind, {}).get("recall")
    return found


def measured(rows: Sequence[dict[str, Any]] | Sequence[Mapping[str, Any]]) -> list[Any]:
    """Give the rows of what could be measured."""
    return [row for row in rows if row["status"] == "measured"]
