"""Pages a second of `dedup clean` beside its own extractor called in a bare loop, and its memory over time.

The loop is a process that reads the same files one by one, extracts each and forgets it:
what the extractor itself costs. Everything else that `dedup clean` does (processes, decoding,
metadata, cleaning, Parquet) is overhead, and is measured as CPU time, all processes
together, and as time on the clock. Memory is that of the whole tree of processes, each second.
"""

import hashlib
import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from importlib import metadata
from pathlib import Path
from typing import Any, Final

import pyarrow.parquet as pq

from benchmarks.corpora import fetch_packages
from benchmarks.measurements import PROJECT, BenchmarkError, Cost, run_dedup, run_python
from benchmarks.watching import DEDUP, watch_python

MOST_OVERHEAD: Final = 0.10
"""The promise: what everything around the extractor may add to its CPU time, with one worker."""

MOST_GROWTH: Final = 0.10
"""The promise: how much more memory processes may hold at the peak of the second half than at that of the first."""

MOST_PAGE_BYTES: Final = 500_000
"""Pages above this are left out: listings of source code, which take trafilatura minutes each, so that
dedup gives them up at its deadline and the bare loop does not."""

_LOOP: Final = """
import sys, time
from pathlib import Path
folder, figures = sys.argv[1:]
{imports}
begun = time.perf_counter(), time.process_time()
n_found = 0
for path in sorted(Path(folder).iterdir()):
    n_found += bool(extract(path.read_bytes()))
Path(figures).write_text(f"{{time.perf_counter() - begun[0]}} {{time.process_time() - begun[1]}} {{n_found}}")
"""

_TRAFILATURA: Final = """
from trafilatura import bare_extraction
def extract(page):
    found = bare_extraction(page, with_metadata={with_metadata}, include_comments=False, deduplicate=False)
    return found is not None and found.text
"""

_RESILIPARSE: Final = """
from resiliparse.extract.html2text import extract_plain_text
from resiliparse.parse.encoding import bytes_to_str, detect_encoding
def extract(page):
    return extract_plain_text(bytes_to_str(page, detect_encoding(page, html5_compatible=True)), main_content=True)
"""

LOOPS: Final = {
    "trafilatura": {
        "text and metadata": _TRAFILATURA.format(with_metadata=True),
        "text alone": _TRAFILATURA.format(with_metadata=False),
    },
    "resiliparse": {"text alone": _RESILIPARSE},
    "fast": {"text alone": _RESILIPARSE},
}
"""Extractor: what bare loops call, with the options of dedup's first pass. The first is what overhead is over:
it gives what dedup gives, text and metadata, as far as the library has it."""


def lay_out_pages(work: Path, package: str, n_pages: int) -> Path:
    """Give a folder of `n_pages` HTML pages of a Debian package, large and small ones mixed, always the same.

    Raises BenchmarkError if the package has not as many of at most MOST_PAGE_BYTES.
    """
    unpacked = fetch_packages(work, [package]) / package
    found = (path for path in sorted(unpacked.rglob("*.html")) if path.is_file() and not path.is_symlink())
    pages = [path for path in found if path.stat().st_size <= MOST_PAGE_BYTES]
    if len(pages) < n_pages:
        raise BenchmarkError(f"{package} has {len(pages):,} HTML pages, {n_pages:,} were asked for")
    folder = work / f"pages-{package}-{n_pages}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    # kinds of pages lie together by path: memory in the first quarter would be that of other pages than in the last
    pages.sort(key=lambda path: hashlib.sha256(str(path.relative_to(unpacked)).encode()).digest())
    for place, page in enumerate(pages[:n_pages]):
        shutil.copyfile(page, folder / f"{place:06d}-{page.name[-60:]}")
    return folder


def measure_pages(folder: Path, work: Path, *, extractor: str, workers: Sequence[int]) -> dict[str, Any]:
    """Measure the bare loop, and `dedup clean` with each number of workers, over the pages of a folder.

    Kernels are compiled before: once a machine, which is no cost of pages. Raises BenchmarkError if a run fails.
    """
    run_dedup(["clean", str(PROJECT / "seeds"), str(work / "pages-warm"), "--overwrite", "--quiet"])
    sizes = [path.stat().st_size for path in folder.iterdir()]
    figures: dict[str, Any] = {
        "pages": {"name": folder.name, "n_pages": len(sizes), "html_mb": round(sum(sizes) / 1e6, 1)},
        "extractor": extractor,
        "versions": {name: metadata.version(name) for name in ("trafilatura", "resiliparse", "lxml")},
        "loops": {label: _time_loop(folder, work / "pages-loop.txt", code) for label, code in LOOPS[extractor].items()},
        "runs": {},
    }
    for n_workers in workers:
        out = work / f"pages-out-{n_workers}"
        figures["runs"][str(n_workers)] = _time_clean(folder, out, extractor, n_workers, len(sizes))
        shutil.rmtree(out)
    runs, bare = list(figures["runs"].values()), next(iter(figures["loops"].values()))["process"]
    figures["is_output_equal"] = len({run["documents_sha256"] for run in runs}) == 1
    figures["cpu_overhead"] = round(runs[0]["cpu_seconds"] / bare["cpu_seconds"] - 1, 4)
    figures["wall_overhead"] = round(runs[0]["wall_seconds"] / bare["wall_seconds"] - 1, 4)
    broken = []
    if not figures["is_output_equal"]:
        broken.append("the output differs between numbers of workers")
    if extractor == "trafilatura" and figures["cpu_overhead"] > MOST_OVERHEAD:
        broken.append(f"overhead {figures['cpu_overhead']:.1%}, promised {MOST_OVERHEAD:.0%}")
    for n_workers, run in figures["runs"].items():
        first, last = run["memory"]["processes_mb"]
        if last > first * (1 + MOST_GROWTH):
            broken.append(f"memory of {n_workers} processes grew from {first:.0f} to {last:.0f} MB")
    figures["broken_promises"] = broken
    return figures


def pages_lines(figures: Mapping[str, Any]) -> list[str]:
    """Give the figures as lines for a terminal."""
    pages = figures["pages"]
    lines = [
        f"{pages['name']}: {pages['n_pages']:,} pages, {pages['html_mb']} MB of HTML; extractor {figures['extractor']}",
        ", ".join(f"{name} {version}" for name, version in figures["versions"].items()),
        f"{'':<24}{'pages/s':>9}{'/CPU s':>9}{'wall s':>9}{'CPU s':>9}{'peak MB':>9}  peak MB in each half",
    ]
    for label, loop in figures["loops"].items():
        cost = loop["process"]
        lines.append(
            f"{f'bare: {label}':<24}{loop['pages_per_second']:>9.1f}{pages['n_pages'] / cost['cpu_seconds']:>9.1f}"
            f"{cost['wall_seconds']:>9.1f}"
            f"{cost['cpu_seconds']:>9.1f}{cost['peak_memory_mb']:>9.0f}"
        )
    for n_workers, run in figures["runs"].items():
        memory = run["memory"]
        label = f"dedup, {n_workers} worker{'s' if n_workers != '1' else ''}"
        lines.append(
            f"{label:<24}{run['pages_per_second']:>9.1f}{pages['n_pages'] / run['cpu_seconds']:>9.1f}"
            f"{run['wall_seconds']:>9.1f}{run['cpu_seconds']:>9.1f}"
            f"{memory['peak_mb']:>9.0f}   {memory['tree_mb'][0]:.0f}, {memory['tree_mb'][1]:.0f}; of it extraction "
            f"{memory['processes_mb'][0]:.0f}, {memory['processes_mb'][1]:.0f}"
        )
    text_mb = next(iter(figures["runs"].values()))["million_characters"]
    lines.append(
        f"one worker over the first loop: CPU {figures['cpu_overhead']:+.1%}, wall {figures['wall_overhead']:+.1%}; "
        f"output {'equal' if figures['is_output_equal'] else 'DIFFERENT'} for all numbers of workers; "
        f"{text_mb} million characters of text, held in memory"
    )
    lines += [f"BROKEN PROMISE: {promise}" for promise in figures["broken_promises"]]
    return lines


def _time_loop(folder: Path, figures_file: Path, extract: str) -> dict[str, Any]:
    cost = run_python(_LOOP.format(imports=extract), [str(folder), str(figures_file)])
    wall, cpu, n_found = figures_file.read_text(encoding="utf-8").split()
    n_pages = sum(1 for _ in folder.iterdir())
    return {
        "process": asdict(cost),
        "loop_wall_seconds": round(float(wall), 3),
        "loop_cpu_seconds": round(float(cpu), 3),
        "pages_per_second": round(n_pages / cost.wall_seconds, 2),
        "pages_with_text": int(n_found),
    }


def _time_clean(folder: Path, out: Path, extractor: str, n_workers: int, n_pages: int) -> dict[str, Any]:
    options = ["--overwrite", "--quiet", "--extractor", extractor, "--workers", str(n_workers)]
    cost, samples = _run_sampled(["clean", str(folder), str(out), *options])
    report = json.loads((out / "report.json").read_text(encoding="utf-8"))
    digest = hashlib.sha256()
    for part in sorted((out / "documents").iterdir()):
        digest.update(part.read_bytes())
    extracting = [sample for sample in samples if sample[2] > 0]
    half = len(extracting) // 2
    halves = [extracting[:half] or [(0.0, 0.0, 0.0)], extracting[half:] or [(0.0, 0.0, 0.0)]]
    return {
        **asdict(cost),
        "pages_per_second": round(n_pages / cost.wall_seconds, 2),
        "stage_seconds": {name: round(seconds, 3) for name, seconds in report["seconds"].items()},
        "documents": report["n_documents"],
        "rejected": pq.read_metadata(out / "rejected.parquet").num_rows,
        "million_characters": round(report["n_chars"] / 1e6, 1),
        "documents_sha256": digest.hexdigest(),
        "memory": {
            "peak_mb": round(max(main + others for _, main, others in samples), 1),
            "tree_mb": [max(main + others for _, main, others in found) for found in halves],
            "processes_mb": [max(others for _, _, others in found) for found in halves],
            "seconds_main_mb_processes_mb": samples[:: max(len(samples) // 100, 1)],
        },
    }


def _run_sampled(arguments: list[str]) -> tuple[Cost, list[tuple[float, float, float]]]:
    """Run `dedup`; give its cost, and each second the memory of its own process and of those below it, in MB."""
    watched = watch_python(DEDUP, arguments, interval=1.0)
    if watched.exit_code:
        raise BenchmarkError(f"dedup ended with code {watched.exit_code}:\n{watched.message}")
    samples = [
        (
            round(sample.seconds, 1),
            round(sample.memory.main / 2**20, 1),
            round((sample.memory.rss - sample.memory.main) / 2**20, 1),
        )
        for sample in watched.samples
    ]
    cost = Cost(
        wall_seconds=watched.wall_seconds,
        cpu_seconds=watched.cpu_seconds,  # with all processes that it started and waited for
        peak_memory_mb=max(main for _, main, _ in samples),
    )
    return cost, samples
