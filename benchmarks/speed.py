"""The speed of `dedup clean` as a ratio to the floor: pyarrow reading and writing the same Parquet on one thread.

Both run as processes of their own, in turn, so that a machine that is busy for a
while is busy for both. Kernels are compiled once, into a cache of this run alone,
and that first run is reported apart. `dedup.clean(table)` is timed inside a process that has the table in memory.
"""

import json
import shutil
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from benchmarks.measurements import Cost, run_dedup, run_python

MOST_CPU: Final = 2.0
"""The promise: CPU time of cleaning, in CPU times of the floor."""

MOST_WALL: Final = 1.3
"""The promise: wall time of cleaning with two workers, in wall times of the floor on one thread."""

MOST_OF_COMMAND: Final = 1.0
"""The promise: wall time of the step in memory, in wall times of the command."""

# The file's own read and write are timed inside as well, since starting Python and importing are no part of them.
_FLOOR: Final = """
import json, sys, time
import pyarrow as pa
import pyarrow.parquet as pq
pa.set_cpu_count(1)
pa.set_io_thread_count(1)
begun = time.perf_counter(), time.process_time()
table = pq.read_table(sys.argv[1], use_threads=False)
pq.write_table(table, sys.argv[2], compression="zstd", compression_level=3)
open(sys.argv[3], "w").write(json.dumps([time.perf_counter() - begun[0], time.process_time() - begun[1]]))
"""

_STEP: Final = """
import json, sys, time
import pyarrow.parquet as pq
import dedup
table = pq.read_table(sys.argv[1])
settings = dedup.Settings(workers=int(sys.argv[4])) if int(sys.argv[4]) else dedup.Settings()
seconds = []
for _ in range(int(sys.argv[2]) + 1):
    begun = time.perf_counter(), time.process_time()
    result = dedup.clean(table, settings)
    seconds.append([time.perf_counter() - begun[0], time.process_time() - begun[1]])
    del result
open(sys.argv[3], "w").write(json.dumps(seconds))
"""


def measure_speed(
    corpora: Sequence[Path], work: Path, *, n_runs: int, workers: int, options: Sequence[str] = ()
) -> dict[str, Any]:
    """Measure floor, `dedup clean` and `dedup.clean` over each corpus, `n_runs` times; give medians, ratios, all runs.

    `workers` 0 leaves their number to dedup; `options` are of the command, and the step in memory is left out if
    there are any. Raises BenchmarkError if a run fails.
    """
    work.mkdir(parents=True, exist_ok=True)
    cache = work / "speed-kernels"
    shutil.rmtree(cache, ignore_errors=True)
    measured = [
        measure_corpus(corpus, work, {"NUMBA_CACHE_DIR": str(cache)}, n_runs, workers, options) for corpus in corpora
    ]
    return {
        "n_runs": n_runs,
        "workers": workers,
        "options": list(options),
        "corpora": measured,
        "broken_promises": [promise for figures in measured for promise in _broken(figures)],
    }


def measure_corpus(
    corpus: Path, work: Path, environment: Mapping[str, str], n_runs: int, workers: int, options: Sequence[str]
) -> dict[str, Any]:
    """Measure one corpus, all processes in the given environment."""
    out, floor_file, inner_file = work / "speed-out", work / "speed-floor.parquet", work / "speed-inner.json"
    clean = ["clean", str(corpus), str(out), "--overwrite", "--quiet", "--workers", str(workers), *options]
    first = run_dedup(clean, environment)
    floors, bare, cleans, stages = [], [], [], []
    for _ in range(n_runs):
        floors.append(run_python(_FLOOR, [str(corpus), str(floor_file), str(inner_file)]))
        bare.append([round(seconds, 3) for seconds in json.loads(inner_file.read_text(encoding="utf-8"))])
        cleans.append(run_dedup(clean, environment))
        stages.append(json.loads((out / "report.json").read_text(encoding="utf-8"))["seconds"])
    report = json.loads((out / "report.json").read_text(encoding="utf-8"))
    step = None if options else _measure_step(corpus, inner_file, environment, n_runs, workers)
    shutil.rmtree(out)
    floor_file.unlink()
    floor, cost = _median(floors), _median(cleans)
    bare_wall, bare_cpu = (statistics.median(seconds[place] for seconds in bare) for place in (0, 1))
    text_mb = report["n_chars"] / 1e6
    size = corpus.stat().st_size if corpus.is_file() else sum(path.stat().st_size for path in corpus.iterdir())
    return {
        "corpus": {
            "name": corpus.name,
            "file_mb": round(size / 1e6, 1),
            "million_characters": round(text_mb, 1),
            "documents": report["n_documents"],
            "paragraphs": report["n_paragraphs"],
        },
        "floor": asdict(floor),
        "floor_read_and_write": {"wall_seconds": bare_wall, "cpu_seconds": bare_cpu},
        "clean": asdict(cost),
        "clean_stage_seconds": {
            name: round(statistics.median(run.get(name, 0.0) for run in stages), 3) for name in stages[0]
        },
        "clean_million_characters_per_second": round(text_mb / cost.wall_seconds, 1),
        "first_clean": asdict(first),
        "step": step,
        "cpu_ratio": round(cost.cpu_seconds / floor.cpu_seconds, 2),
        "cpu_ratio_to_read_and_write_alone": round(cost.cpu_seconds / bare_cpu, 2),
        "wall_ratio": round(cost.wall_seconds / floor.wall_seconds, 2),
        "wall_ratio_to_read_and_write_alone": round(cost.wall_seconds / bare_wall, 2),
        "step_to_command": round(step["wall_seconds"] / cost.wall_seconds, 2) if step else None,
        "share_removed": round(report["n_chars_removed"] / max(report["n_chars"], 1), 4),
        "runs": {
            "floor": [asdict(run) for run in floors],
            "floor_read_and_write_wall_cpu": bare,
            "clean": [asdict(run) for run in cleans],
        },
    }


def speed_lines(figures: Mapping[str, Any]) -> list[str]:
    """Give the figures as lines for a terminal."""
    workers = f"{figures['workers']} workers" if figures["workers"] else "workers as dedup chooses"
    lines = [f"medians of {figures['n_runs']}; {workers}" + "".join(f"; {option}" for option in figures["options"])]
    for of_corpus in figures["corpora"]:
        lines += ["", *_corpus_lines(of_corpus)]
    lines += [f"BROKEN PROMISE: {promise}" for promise in figures["broken_promises"]]
    return lines


def _measure_step(
    corpus: Path, figures_file: Path, environment: Mapping[str, str], n_runs: int, workers: int
) -> dict[str, Any]:
    """Time `dedup.clean` of a table in memory, called again and again in one process; the first call apart."""
    cost = run_python(_STEP, [str(corpus), str(n_runs), str(figures_file), str(workers)], environment)
    first, *others = json.loads(figures_file.read_text(encoding="utf-8"))
    return {
        "wall_seconds": round(statistics.median(wall for wall, _ in others), 3),
        "cpu_seconds": round(statistics.median(cpu for _, cpu in others), 3),
        "peak_memory_mb": cost.peak_memory_mb,
        "first_wall_seconds": round(first[0], 3),
        "runs_wall_cpu": [[round(seconds, 3) for seconds in run] for run in others],
    }


def _corpus_lines(figures: Mapping[str, Any]) -> list[str]:
    corpus = figures["corpus"]
    lines = [
        f"{corpus['name']}: {corpus['million_characters']} million characters, {corpus['documents']:,} documents, "
        f"{corpus['paragraphs']:,} paragraphs",
        f"{'':<26}{'CPU s':>8}{'wall s':>8}{'peak MB':>9}",
    ]
    rows = [
        ("floor (process)", figures["floor"]),
        ("floor (read + write)", figures["floor_read_and_write"]),
        ("dedup clean", figures["clean"]),
        ("first run", figures["first_clean"]),
        ("dedup.clean(table)", figures["step"]),
    ]
    for label, cost in rows:
        if cost is not None:
            peak = f"{cost['peak_memory_mb']:>9.0f}" if "peak_memory_mb" in cost else ""
            lines.append(f"{label:<26}{cost['cpu_seconds']:>8.2f}{cost['wall_seconds']:>8.2f}{peak}")
    lines += [
        f"CPU {figures['cpu_ratio']} times the floor's process (promise: at most {MOST_CPU:g}), "
        f"{figures['cpu_ratio_to_read_and_write_alone']} times its reading and writing alone",
        f"wall {figures['wall_ratio']} times the floor's process (promise: at most {MOST_WALL:g}), "
        f"{figures['wall_ratio_to_read_and_write_alone']} times its reading and writing alone; "
        f"{figures['clean_million_characters_per_second']} million characters a second",
        "stages, wall s: " + ", ".join(f"{name} {s}" for name, s in figures["clean_stage_seconds"].items()),
    ]
    if figures["step_to_command"] is not None:
        lines.append(
            f"the step in memory takes {figures['step_to_command']} times the command's wall time "
            f"(promise: at most {MOST_OF_COMMAND:g})"
        )
    return lines


def _broken(figures: Mapping[str, Any]) -> list[str]:
    name = figures["corpus"]["name"]
    broken = []
    for what, ratio, most in (
        ("CPU", figures["cpu_ratio"], MOST_CPU),
        ("wall", figures["wall_ratio"], MOST_WALL),
        ("the step in memory", figures["step_to_command"], MOST_OF_COMMAND),
    ):
        if ratio is not None and ratio > most:
            broken.append(f"{name}: {what} {ratio}, promised {most:g}")
    return broken


def _median(costs: Sequence[Cost]) -> Cost:
    return Cost(
        wall_seconds=round(statistics.median(cost.wall_seconds for cost in costs), 3),
        cpu_seconds=round(statistics.median(cost.cpu_seconds for cost in costs), 3),
        peak_memory_mb=round(statistics.median(cost.peak_memory_mb for cost in costs), 1),
    )
