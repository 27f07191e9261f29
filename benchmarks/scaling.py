"""`dedup clean` over corpora of growing size: time per gigabyte, memory and staging folder over time."""

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import pyarrow.compute as pc
import pyarrow.parquet as pq

from benchmarks.measurements import PROJECT, BenchmarkError, run_dedup
from benchmarks.watching import DEDUP, MB, Sample, Watched, folder_bytes, watch_python

SIZES_MB: Final = (10.0, 100.0, 1_000.0, 10_000.0)

MOST_OF_MEMORY: Final = 1.25
"""The promise: peak resident memory of all processes, as a share of `--memory`."""

MOST_GROWTH: Final = 0.15
"""The promise: how much longer a gigabyte may take in the largest corpus than in one of a gigabyte."""

MOST_STAGING: Final = 1.2
"""The promise: the staging folder at its largest, as a share of the input files."""

INTERVAL: Final = 0.5
"""Seconds between looks: one at a process of 2 GB takes 10 ms, in which it cannot get memory."""

_LARGE_MB: Final = 8_000.0  # from here on growth is judged
_N_POINTS: Final = 150
_UNITS: Final = {"KB": 1e3, "MB": 1e6, "GB": 1e9, "KIB": 2.0**10, "MIB": 2.0**20, "GIB": 2.0**30}


def measure_scaling(
    corpora: Sequence[Path],
    work: Path,
    *,
    memory: str | None = None,
    workers: int = 2,
    options: Sequence[str] = (),
) -> dict[str, Any]:
    """Clean each corpus once, watching it; give time, memory and staging of each, with curves.

    Kernels are compiled before. Output and staging of a run are deleted after it. Raises BenchmarkError if a run fails.
    """
    run_dedup(["clean", str(PROJECT / "seeds"), str(work / "scaling-warm"), "--overwrite", "--quiet"])
    extra = [*options, *(["--memory", memory] if memory else [])]
    runs = []
    for corpus in corpora:
        about = describe_corpus(corpus)  # reads it all, so that every run finds what fits in the system's cache
        watched, report, output_bytes = _clean(corpus, work / "scaling-run", workers, extra)
        runs.append(_figures(about, watched, report, output_bytes))
    runs.sort(key=lambda run: float(run["corpus"]["text_mb"]))
    figures = {
        "memory_limit": memory,
        "memory_limit_mb": round(parse_size(memory) / MB, 1) if memory else None,
        "workers": workers,
        "options": list(options),
        "interval_seconds": INTERVAL,
        "runs": runs,
    }
    return {**figures, "broken_promises": broken_promises(figures)}


def scaling_lines(figures: Mapping[str, Any]) -> list[str]:
    """Give the figures as lines for a terminal."""
    limit = figures["memory_limit"]
    lines = [
        f"{figures['workers']} workers, {f'--memory {limit}' if limit else 'no limit of memory given'}; "
        f"sizes in MB of 10^6 bytes; memory of all processes together, looked at every {figures['interval_seconds']} s",
        f"{'text':>9}{'input':>9}{'wall s':>9}{'CPU s':>9}{'wall/GB':>9}{'CPU/GB':>8}"
        f"{'RSS':>8}{'high':>8}{'PSS':>8}{'USS':>8}{'staging':>9}{'/input':>8}{'/text':>7}{'output':>9}",
    ]
    for run in figures["runs"]:
        corpus, peak, staging = run["corpus"], run["peak_mb"], run["staging"]
        lines.append(
            f"{corpus['text_mb']:>9.1f}{corpus['input_mb']:>9.1f}{run['wall_seconds']:>9.1f}{run['cpu_seconds']:>9.1f}"
            f"{run['wall_seconds_per_gb']:>9.1f}{run['cpu_seconds_per_gb']:>8.1f}"
            f"{peak['rss']:>8.0f}{peak['high_water']:>8.0f}{peak['pss']:>8.0f}{peak['uss']:>8.0f}"
            f"{staging['largest_mb']:>9.1f}{staging['of_input']:>8.2f}{staging['of_text']:>7.2f}{run['output_mb']:>9.1f}"
        )
    lines.append("RSS: resident; high: sum of the kernel's own peaks; PSS: shared pages divided; USS: unshared pages")
    lines += [f"BROKEN PROMISE: {promise}" for promise in figures["broken_promises"]]
    return lines


def broken_promises(figures: Mapping[str, Any]) -> list[str]:
    """Say which promises the figures break."""
    broken = []
    runs = figures["runs"]
    for run in runs:
        size = f"{run['corpus']['text_mb']:.0f} MB"
        most = (figures["memory_limit_mb"] or float("inf")) * MOST_OF_MEMORY
        if run["peak_mb"]["rss"] > most:
            broken.append(f"{size}: {run['peak_mb']['rss']:.0f} MB of memory, promised {most:.0f}")
        if run["staging"]["of_input"] > MOST_STAGING:
            broken.append(f"{size}: staging {run['staging']['of_input']} times the input, promised {MOST_STAGING}")
    ones = [run for run in runs if 800 <= run["corpus"]["text_mb"] <= 1_250]
    if ones and runs[-1]["corpus"]["text_mb"] >= _LARGE_MB:
        growth = runs[-1]["wall_seconds_per_gb"] / ones[0]["wall_seconds_per_gb"] - 1
        if growth > MOST_GROWTH:
            broken.append(f"a gigabyte takes {growth:.0%} longer in the largest corpus, promised {MOST_GROWTH:.0%}")
    return broken


def describe_corpus(corpus: Path) -> dict[str, Any]:
    """Give name, documents, text and input size of a Parquet file, or of a folder of them, reading all of its text."""
    files = sorted(corpus.glob("*.parquet")) if corpus.is_dir() else [corpus]
    n_documents = text_bytes = 0
    for path in files:
        with pq.ParquetFile(path) as file:
            for group in range(file.num_row_groups):
                texts = file.read_row_group(group, columns=["text"])["text"]
                n_documents += len(texts)
                text_bytes += pc.sum(pc.binary_length(texts)).as_py() or 0
    return {
        "name": corpus.name,
        "documents": n_documents,
        "text_mb": round(text_bytes / MB, 1),
        "input_mb": round(sum(path.stat().st_size for path in files) / MB, 1),
    }


def parse_size(size: str) -> float:
    """Give a size such as 2GB or 512MiB in bytes; raises BenchmarkError if it is none."""
    number = size.strip().rstrip("BKMGIbkmgi")
    unit = size.strip()[len(number) :].upper() or "B"
    try:
        return float(number) * (1.0 if unit == "B" else _UNITS[unit])
    except (ValueError, KeyError):
        raise BenchmarkError(f"{size!r} is no size; write it like 2GB or 512MiB") from None


def thin_curve(samples: Sequence[Sample], n_points: int = _N_POINTS) -> dict[str, list[float]]:
    """Give the samples as columns of at most `n_points`: of each stretch of time its largest values, so peaks stay."""
    step = -(-len(samples) // n_points) if samples else 1
    stretches = [samples[begin : begin + step] for begin in range(0, len(samples), step)]

    def column(values: Sequence[Sequence[int]]) -> list[float]:
        return [round(max(stretch) / MB, 1) for stretch in values]

    return {
        "seconds": [round(stretch[-1].seconds, 1) for stretch in stretches],
        "rss_mb": column([[sample.memory.rss for sample in stretch] for stretch in stretches]),
        "pss_mb": column([[sample.memory.pss for sample in stretch] for stretch in stretches]),
        "uss_mb": column([[sample.memory.uss for sample in stretch] for stretch in stretches]),
        "staging_mb": column([[sample.folders[0] for sample in stretch] for stretch in stretches]),
        "output_mb": column([[sample.folders[1] for sample in stretch] for stretch in stretches]),
    }


def _clean(corpus: Path, run: Path, workers: int, extra: Sequence[str]) -> tuple[Watched, dict[str, Any], int]:
    """Clean a corpus in a folder of the run's own; give what was seen, the report, and the size of the output."""
    shutil.rmtree(run, ignore_errors=True)
    run.mkdir(parents=True)
    out, staging = run / "out", run / ".out.staging"

    def sizes() -> tuple[int, int]:
        staged = folder_bytes(staging)
        return staged, folder_bytes(run) - staged

    arguments = ["clean", str(corpus), str(out), "--quiet", "--workers", str(workers), *extra]
    try:
        watched = watch_python(DEDUP, arguments, sizes=sizes, interval=INTERVAL)
        if watched.exit_code:
            raise BenchmarkError(f"dedup ended with code {watched.exit_code} on {corpus.name}:\n{watched.message}")
        report = json.loads((out / "report.json").read_text(encoding="utf-8"))
        return watched, report, folder_bytes(out)
    finally:
        shutil.rmtree(run, ignore_errors=True)


def _figures(
    about: Mapping[str, Any], watched: Watched, report: Mapping[str, Any], output_bytes: int
) -> dict[str, Any]:
    gb = about["text_mb"] / 1e3
    staging_mb = max(sample.folders[0] for sample in watched.samples) / MB
    return {
        "corpus": {**about, "paragraphs": report["n_paragraphs"]},
        "wall_seconds": watched.wall_seconds,
        "cpu_seconds": watched.cpu_seconds,
        "wall_seconds_per_gb": round(watched.wall_seconds / gb, 2),
        "cpu_seconds_per_gb": round(watched.cpu_seconds / gb, 2),
        "stage_seconds": {name: round(seconds, 3) for name, seconds in report["seconds"].items()},
        "share_removed": round(report["n_chars_removed"] / max(report["n_chars"], 1), 4),
        "peak_mb": {
            "rss": watched.peak(lambda memory: memory.rss),
            "pss": watched.peak(lambda memory: memory.pss),
            "uss": watched.peak(lambda memory: memory.uss),
            "high_water": watched.peak(lambda memory: memory.high_water),
        },
        "most_processes": max(sample.memory.n_processes for sample in watched.samples),
        "staging": {
            "largest_mb": round(staging_mb, 1),
            "of_input": round(staging_mb / about["input_mb"], 3),
            "of_text": round(staging_mb / about["text_mb"], 3),
        },
        "output_mb": round(output_bytes / MB, 1),
        "curve": thin_curve(watched.samples),
    }
