"""What boilerplate adds to a run: `dedup clean` with it and without it, in turn, each a process of its own.

Kernels are compiled once, into a cache of this measurement alone, by a run of each kind that does not count.
"""

import json
import shutil
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from benchmarks.measurements import Cost, run_dedup

MOST_RATIO: Final = 1.25
"""The promise: CPU and wall time with boilerplate, in those without."""

KINDS: Final[Mapping[str, tuple[str, ...]]] = {"with": (), "without": ("--no-boilerplate",)}


def measure_boilerplate_cost(
    corpus: Path, work: Path, *, n_runs: int, workers: int, options: Sequence[str] = ()
) -> dict[str, Any]:
    """Measure runs with boilerplate and without it, `n_runs` of each; give medians, ratios, all runs.

    `workers` 0 leaves their number to dedup. Raises BenchmarkError if a run fails.
    """
    work.mkdir(parents=True, exist_ok=True)
    cache, out = work / "boilerplate-cost-kernels", work / "boilerplate-cost-out"
    shutil.rmtree(cache, ignore_errors=True)
    environment = {"NUMBA_CACHE_DIR": str(cache)}
    costs: dict[str, list[Cost]] = {kind: [] for kind in KINDS}
    stages: dict[str, list[dict[str, float]]] = {kind: [] for kind in KINDS}
    report: dict[str, Any] = {}
    for run in range(n_runs + 1):
        kinds = list(KINDS) if run % 2 else list(KINDS)[::-1]  # "with" last in the first, for its report
        for kind in kinds:
            arguments = ["clean", str(corpus), str(out), "--overwrite", "--quiet", "--workers", str(workers)]
            cost = run_dedup([*arguments, *KINDS[kind], *options], environment)
            found = json.loads((out / "report.json").read_text(encoding="utf-8"))
            if run:
                costs[kind].append(cost)
                stages[kind].append(found["seconds"])
            if kind == "with":
                report = found
    shutil.rmtree(out)
    shutil.rmtree(cache, ignore_errors=True)
    medians = {kind: _median(of_kind) for kind, of_kind in costs.items()}
    figures: dict[str, Any] = {
        "n_runs": n_runs,
        "workers": workers,
        "options": list(options),
        "corpus": {
            "name": corpus.name,
            "million_characters": round(report["n_chars"] / 1e6, 1),
            "documents": report["n_documents"],
            "paragraphs": report["n_paragraphs"],
        },
        "boilerplate_removed": report["by_reason"].get("boilerplate", {"spans": 0})["spans"],
        "medians": medians,
        "stage_seconds": {
            kind: {name: round(statistics.median(run.get(name, 0.0) for run in of_kind), 3) for name in of_kind[0]}
            for kind, of_kind in stages.items()
        },
        "cpu_ratio": round(medians["with"]["cpu_seconds"] / medians["without"]["cpu_seconds"], 3),
        "wall_ratio": round(medians["with"]["wall_seconds"] / medians["without"]["wall_seconds"], 3),
        "runs": {kind: [asdict(cost) for cost in of_kind] for kind, of_kind in costs.items()},
    }
    figures["broken_promises"] = [
        f"{corpus.name}: {unit} {figures[f'{unit}_ratio']} times that without boilerplate, promised {MOST_RATIO}"
        for unit in ("cpu", "wall")
        if figures[f"{unit}_ratio"] > MOST_RATIO
    ]
    return figures


def cost_lines(figures: Mapping[str, Any]) -> list[str]:
    """Give the figures as lines for a terminal."""
    corpus = figures["corpus"]
    lines = [
        f"{corpus['name']}: {corpus['million_characters']} million characters, {corpus['documents']:,} documents, "
        f"{corpus['paragraphs']:,} paragraphs; {figures['boilerplate_removed']:,} spans are boilerplate",
        f"medians of {figures['n_runs']}; {figures['workers'] or 'as many as dedup chooses'} workers"
        + "".join(f"; {option}" for option in figures["options"]),
        f"{'':<24}{'CPU s':>8}{'wall s':>8}{'peak MB':>9}",
    ]
    for kind, cost in figures["medians"].items():
        lines.append(
            f"{kind + ' boilerplate':<24}{cost['cpu_seconds']:>8.2f}{cost['wall_seconds']:>8.2f}"
            f"{cost['peak_memory_mb']:>9.0f}"
        )
    lines.append(f"{'ratio':<24}{figures['cpu_ratio']:>8.3f}{figures['wall_ratio']:>8.3f} (promise: {MOST_RATIO})")
    for kind, stages in figures["stage_seconds"].items():
        lines.append(f"stages {kind}, wall s: " + ", ".join(f"{name} {seconds}" for name, seconds in stages.items()))
    return lines + [f"BROKEN PROMISE: {promise}" for promise in figures["broken_promises"]]


def _median(costs: Sequence[Cost]) -> dict[str, float]:
    return {
        name: round(statistics.median(getattr(cost, name) for cost in costs), 3)
        for name in ("wall_seconds", "cpu_seconds", "peak_memory_mb")
    }
