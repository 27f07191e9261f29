"""The speed of `dedup clean` as a ratio to the floor: pyarrow reading and writing the same Parquet.

Both run as processes of their own, in turn, so that a machine that is busy for a
while is busy for both. Kernels are compiled once, into a cache of this run alone,
and that first run is reported apart.
"""

import json
import shutil
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from benchmarks.measurements import Cost, run_dedup, run_python

MOST_TIMES_THE_FLOOR: Final = 3.0
"""The promise: CPU time of cleaning, in CPU times of the floor."""

# The file's own read and write are timed inside as well, since starting Python and importing are no part of them.
_FLOOR: Final = """
import json, resource, sys
import pyarrow.parquet as pq
def cpu():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime
before = cpu()
pq.write_table(pq.read_table(sys.argv[1]), sys.argv[2], compression="zstd", compression_level=3)
open(sys.argv[3], "w").write(json.dumps(cpu() - before))
"""


def measure_speed(
    corpus: Path, work: Path, *, n_runs: int, workers: int, options: Sequence[str] = ()
) -> dict[str, Any]:
    """Measure floor and `dedup clean` over `corpus`, `n_runs` times each; give medians, ratios and every run.

    `workers` 0 leaves their number to dedup. Raises BenchmarkError if a run fails.
    """
    work.mkdir(parents=True, exist_ok=True)
    out, floor_file, inner_file = work / "speed-out", work / "speed-floor.parquet", work / "speed-floor.json"
    cache = work / "speed-kernels"
    shutil.rmtree(cache, ignore_errors=True)
    environment = {"NUMBA_CACHE_DIR": str(cache)}
    clean = ["clean", str(corpus), str(out), "--overwrite", "--quiet", "--workers", str(workers), *options]
    first = run_dedup(clean, environment)
    floors, bare, cleans, stages = [], [], [], []
    for _ in range(n_runs):
        floors.append(run_python(_FLOOR, [str(corpus), str(floor_file), str(inner_file)]))
        bare.append(round(float(inner_file.read_text()), 3))
        cleans.append(run_dedup(clean, environment))
        stages.append(json.loads((out / "report.json").read_text(encoding="utf-8"))["seconds"])
    report = json.loads((out / "report.json").read_text(encoding="utf-8"))
    floor, clean_cost = _median(floors), _median(cleans)
    text_mb = report["n_chars"] / 1e6
    return {
        "corpus": {
            "name": corpus.name,
            "file_mb": round(corpus.stat().st_size / 1e6, 1),
            "million_characters": round(text_mb, 1),
            "documents": report["n_documents"],
            "paragraphs": report["n_paragraphs"],
        },
        "n_runs": n_runs,
        "workers": workers,
        "options": list(options),
        "floor": asdict(floor),
        "floor_read_and_write_cpu_seconds": statistics.median(bare),
        "clean": asdict(clean_cost),
        "clean_stage_seconds": {name: round(statistics.median(run[name] for run in stages), 3) for name in stages[0]},
        "clean_million_characters_per_second": round(text_mb / clean_cost.wall_seconds, 1),
        "first_clean_with_compilation": asdict(first),
        "cpu_ratio": round(clean_cost.cpu_seconds / floor.cpu_seconds, 2),
        "cpu_ratio_to_read_and_write_alone": round(clean_cost.cpu_seconds / statistics.median(bare), 2),
        "wall_ratio": round(clean_cost.wall_seconds / floor.wall_seconds, 2),
        "share_removed": round(report["n_chars_removed"] / max(report["n_chars"], 1), 4),
        "runs": {"floor": [asdict(cost) for cost in floors], "clean": [asdict(cost) for cost in cleans]},
    }


def speed_lines(figures: Mapping[str, Any]) -> list[str]:
    """Give the figures as lines for a terminal."""
    corpus, first = figures["corpus"], figures["first_clean_with_compilation"]
    lines = [
        f"{corpus['name']}: {corpus['million_characters']} million characters, {corpus['documents']:,} documents, "
        f"{corpus['paragraphs']:,} paragraphs; medians of {figures['n_runs']}",
        f"{'':<24}{'CPU s':>8}{'wall s':>8}{'peak MB':>9}",
    ]
    for label, cost in (("floor (process)", figures["floor"]), ("dedup clean", figures["clean"]), ("first run", first)):
        lines.append(
            f"{label:<24}{cost['cpu_seconds']:>8.2f}{cost['wall_seconds']:>8.2f}{cost['peak_memory_mb']:>9.0f}"
        )
    lines.append(f"{'floor (read + write)':<24}{figures['floor_read_and_write_cpu_seconds']:>8.2f}")
    lines.append(
        f"CPU ratio {figures['cpu_ratio']} to the floor as a process, "
        f"{figures['cpu_ratio_to_read_and_write_alone']} to reading and writing alone (promise: at most "
        f"{MOST_TIMES_THE_FLOOR:g}); wall ratio {figures['wall_ratio']}; "
        f"{figures['clean_million_characters_per_second']} million characters a second"
    )
    lines.append("stages, wall s: " + ", ".join(f"{name} {s}" for name, s in figures["clean_stage_seconds"].items()))
    return lines


def _median(costs: Sequence[Cost]) -> Cost:
    return Cost(
        wall_seconds=round(statistics.median(cost.wall_seconds for cost in costs), 3),
        cpu_seconds=round(statistics.median(cost.cpu_seconds for cost in costs), 3),
        peak_memory_mb=round(statistics.median(cost.peak_memory_mb for cost in costs), 1),
    )
