"""What the comparison has to show."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from benchmarks.field.tools import DEDUP
from benchmarks.recall import LONG_ENOUGH

LEAST_RATIOS: Final = {
    "daft-3": 3.0,
    "daft-3-hashed": 3.0,
    "datasketch-3": 15.0,
    "datasketch-5": 15.0,
    "text-dedup": 50.0,
    "datatrove": 50.0,
}
"""The promise: CPU time of a tool, in CPU times of dedup, megabyte for megabyte."""

NO_BETTER: Final = ("daft-3", "daft-3-hashed")
"""The promise: these have no higher recall, for any share of words edited."""

RATES: Final = ("0.02", "0.05", "0.10", "0.20", "0.30")


def add_ratios(rows: Sequence[dict[str, Any]], large: str) -> None:
    """Put into each measured row its CPU time per megabyte as a ratio to dedup's, on its own corpus and the large one.

    Per megabyte, because dedup's start, about a second, weighs more in a small corpus.
    """
    dedup = {row["corpus"]: row["mb_per_cpu_second"] for row in measured(rows) if row["tool"] == DEDUP}
    for row in measured(rows):
        for name, corpus in (("cpu_ratio", row["corpus"]), ("cpu_ratio_to_large", large)):
            if corpus in dedup:
                row[name] = round(dedup[corpus] / row["mb_per_cpu_second"], 2)


def missed_targets(rows: Sequence[Mapping[str, Any]], large: str) -> list[str]:
    """Say which of LEAST_RATIOS and NO_BETTER do not hold."""
    missed = []
    by_tool = {(row["tool"], row["corpus"]): row for row in measured(rows)}
    dedup = by_tool.get((DEDUP, large))
    for tool, least in LEAST_RATIOS.items():
        row = next((row for row in by_tool.values() if row["tool"] == tool), None)
        if row is not None and "cpu_ratio_to_large" in row and row["cpu_ratio_to_large"] < least:
            on_its_own = "" if row["corpus"] == large else f" ({row['cpu_ratio']} on {row['corpus']})"
            missed.append(
                f"{tool} takes {row['cpu_ratio_to_large']} times the CPU of dedup{on_its_own}, promised {least:g}"
            )
        if dedup is None or row is None or tool not in NO_BETTER or row["corpus"] != large:
            continue
        for name, label in (("recall", "all lengths"), ("recall_of_long", f"{LONG_ENOUGH} tokens or more")):
            for rate in RATES:
                ours, theirs = (recall_of(found, name, rate) for found in (dedup, row))
                if ours is not None and theirs is not None and ours < theirs:
                    missed.append(f"recall at {rate} of words edited, {label}: {ours}, {tool} {theirs}")
    return missed


def recall_of(row: Mapping[str, Any], name: str, kind: str) -> float | None:
    """Give the recall of a row for a kind of copy; None if it was not measured."""
    found: float | None = row.get(name, {}).get(kind, {}).get("recall")
    return found


def measured(rows: Sequence[dict[str, Any]] | Sequence[Mapping[str, Any]]) -> list[Any]:
    """Give the rows of what could be measured."""
    return [row for row in rows if row["status"] == "measured"]
