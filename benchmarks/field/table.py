"""The table of the comparison, as lines for a terminal."""

from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.field.targets import RATES, measured, recall_of
from benchmarks.recall import LONG_ENOUGH


def field_lines(figures: Mapping[str, Any]) -> list[str]:
    """Give the figures as lines for a terminal."""
    lines = [
        f"{corpus['name']}: {corpus['text_mb']} MB of text, {corpus['paragraphs']:,} paragraphs"
        for corpus in figures["corpora"]
    ]
    lines.append(f"medians of {figures['n_runs']}, slow tools once; dedup with {figures['workers']} workers")
    lines += [f"{name}: {_versions(found)}" for name, found in figures["versions"].items()]
    lines.append("")
    lines.append(
        f"{'':<20}{'settings':<29}{'verifies':<14}{'MB':>6}{'CPU s':>8}{'wall s':>8}{'MB/CPU s':>10}{'peak MB':>9}"
        f"{'CPU / dedup':>13}{'same size':>11}"
    )
    for row in figures["rows"]:
        head = f"{row['title']:<20}{row['settings']:<29}{row['verifies']:<14}"
        if row["status"] != "measured":
            lines.append(f"{head}{row['status']}: {row['why']}")
            continue
        lines.append(
            f"{head}{row['text_mb']:>6.0f}{row['cpu_seconds']:>8.2f}{row['wall_seconds']:>8.2f}"
            f"{row['mb_per_cpu_second']:>10.2f}{row['peak_memory_mb']:>9.0f}"
            f"{_number(row.get('cpu_ratio_to_large')):>13}{_number(row.get('cpu_ratio')):>11}"
        )
    for name, label in (("recall", "all lengths"), ("recall_of_long", f"copies of {LONG_ENOUGH} tokens or more")):
        lines += ["", *_recall_lines(figures["rows"], name, label)]
    lines += ["", *(f"MISSED: {promise}" for promise in figures["broken_promises"])]
    return lines


def _recall_lines(rows: Sequence[Mapping[str, Any]], name: str, label: str) -> list[str]:
    kinds = ("exact", "form", *RATES)
    lines = [
        f"{'recall, ' + label:<63}{'MB':>6}"
        + "".join(f"{kind:>8}" for kind in kinds)
        + f"{'precision':>11}{'removed':>10}"
    ]
    for row in measured(rows):
        if name in row:
            recall = "".join(f"{_number(recall_of(row, name, kind)):>8}" for kind in kinds)
            lines.append(
                f"{row['title']:<20}{row['settings']:<29}{row['verifies']:<14}{row['text_mb']:>6.0f}{recall}"
                f"{_number(row['pair_precision'], 4):>11}{row['removed']:>10,}"
            )
    return lines


def _number(value: float | None, digits: int = 3) -> str:
    return "" if value is None else f"{value:.{digits if value <= 1 else 2}f}"


def _versions(found: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {version}" for name, version in found.items())
