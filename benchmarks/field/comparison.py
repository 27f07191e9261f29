"""Runs the tools, each in a process and an environment of its own, and says what each took and found."""

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import pyarrow.parquet as pq

from benchmarks.field.environments import InstallError, installed_versions, make_environment, reason_of
from benchmarks.field.inputs import Inputs, make_inputs
from benchmarks.field.scoring import read_dedup, read_found, score
from benchmarks.field.targets import add_ratios, missed_targets
from benchmarks.field.tools import DEDUP, ENVIRONMENTS, FLOOR, TOOLS, Tool
from benchmarks.measurements import PROJECT, BenchmarkError

N_WORKERS: Final = 2

_WATCH: Final = Path(__file__).resolve().parent / "watch.py"
_VARIABLES: Final = {"DO_NOT_TRACK": "1", "HF_HUB_OFFLINE": "1", "HF_DATASETS_DISABLE_PROGRESS_BARS": "1"}
_COSTS: Final = ("cpu_seconds", "wall_seconds", "peak_memory_mb")


def measure_field(
    corpus: Path,
    work: Path,
    *,
    small_corpus: Path | None = None,
    names: Sequence[str] = (),
    n_runs: int = 3,
    most_seconds: float = 3600.0,
) -> dict[str, Any]:
    """Measure the tools over `corpus`, the slow ones once over `small_corpus`; give one row for each and corpus.

    dedup and the floor run over both. What does not install, fails or takes too long is a row that says so.
    Environments, inputs and outputs go to `work / "field"`. Beside each corpus lies its truth.
    """
    folder = work.resolve() / "field"
    unknown = set(names) - {tool.name for tool in TOOLS}
    if unknown:
        known = ", ".join(tool.name for tool in TOOLS)
        raise BenchmarkError(f"no tool is called {', '.join(sorted(unknown))}; known: {known}")
    wanted = [tool for tool in TOOLS if not names or tool.name in names or tool.name == DEDUP]
    pythons, versions, rows = _environments(wanted, folder / "environments")
    inputs = {path: make_inputs(path, folder / "inputs" / path.stem) for path in (corpus, small_corpus) if path}
    jobs = [
        (tool, inputs[path])
        for tool in wanted
        for path in _corpora_of(tool, corpus, small_corpus)
        if tool.environment is None or tool.environment in pythons
    ]
    runs = _run_all(jobs, pythons, folder, n_runs, most_seconds)
    rows += [_row(tool, of, costs, folder) for (tool, of), costs in zip(jobs, runs, strict=True)]
    order = [tool.name for tool in TOOLS]
    rows.sort(key=lambda row: (order.index(row["tool"]), row["corpus"] != corpus.name))
    add_ratios(rows, corpus.name)
    shutil.rmtree(folder / "out", ignore_errors=True)
    return {
        "corpora": [
            {"name": of.corpus.name, "text_mb": of.text_mb, "paragraphs": of.n_paragraphs} for of in inputs.values()
        ],
        "n_runs": n_runs,
        "workers": N_WORKERS,
        "versions": versions,
        "rows": rows,
        "broken_promises": missed_targets(rows, corpus.name),
    }


def _environments(
    tools: Sequence[Tool], folder: Path
) -> tuple[dict[str, Path], dict[str, dict[str, str]], list[dict[str, Any]]]:
    """Make what is needed; give Python and versions of each environment, and rows for what does not install."""
    pythons: dict[str, Path] = {}
    versions: dict[str, dict[str, str]] = {}
    reasons: dict[str, str] = {}
    for name in dict.fromkeys(tool.environment for tool in tools if tool.environment):
        try:
            python = make_environment(folder / name, ENVIRONMENTS[name])
            versions[name] = installed_versions(python, ENVIRONMENTS[name])
            pythons[name] = python
        except InstallError as error:
            reasons[name] = str(error)
    rows = [
        {**_head(tool), "corpus": "", "status": "not installed", "why": reasons[tool.environment]}
        for tool in tools
        if tool.environment in reasons
    ]
    return pythons, versions, rows


def _corpora_of(tool: Tool, corpus: Path, small_corpus: Path | None) -> list[Path]:
    if small_corpus is None:
        return [corpus]
    if tool.is_slow:
        return [small_corpus]
    return [corpus, small_corpus] if tool.name in (DEDUP, FLOOR) else [corpus]


def _run_all(
    jobs: Sequence[tuple[Tool, Inputs]], pythons: Mapping[str, Path], folder: Path, n_runs: int, most_seconds: float
) -> list[list[dict[str, Any]]]:
    """Run all jobs in turn, `n_runs` times over, so that a machine that is busy for a while is busy for all."""
    kernels = folder / "kernels"
    shutil.rmtree(kernels, ignore_errors=True)
    runs: list[list[dict[str, Any]]] = [[] for _ in jobs]
    for tool, of in jobs:
        if tool.adapter is None:  # compile the kernels
            _run(tool, of, pythons, folder, most_seconds)
    for number in range(n_runs):
        for (tool, of), costs in zip(jobs, runs, strict=True):
            has_failed = any("why" in cost for cost in costs)
            if not has_failed and not (number and tool.is_slow):
                costs.append(_run(tool, of, pythons, folder, most_seconds))
    return runs


def _run(tool: Tool, of: Inputs, pythons: Mapping[str, Path], folder: Path, most_seconds: float) -> dict[str, Any]:
    """Run one tool once; give what it took, or status and why it did not."""
    out = folder / "out" / of.corpus.stem / tool.name
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    command = _command(tool, of, out, pythons)
    environment = {**os.environ, **_VARIABLES, "PYTHONPATH": str(PROJECT), "NUMBA_CACHE_DIR": str(folder / "kernels")}
    figures_file = out / "figures.json"
    watch = [sys.executable, str(_WATCH), str(figures_file), str(most_seconds), *command]
    with tempfile.TemporaryFile() as messages:
        streams: dict[str, Any] = {"env": environment, "cwd": out, "stdout": messages, "stderr": messages}
        subprocess.run(watch, check=True, **streams)
        figures: dict[str, Any] = json.loads(figures_file.read_text(encoding="utf-8"))
        exit_code = figures.pop("exit_code")
        if exit_code is None:
            return {"status": "too slow", "why": f"not done after {most_seconds:.0f} seconds"}
        if exit_code == 0 and tool.tells_afterwards:
            exit_code = subprocess.run([*command, "--tell"], check=False, **streams).returncode
        if exit_code == 0:
            return figures
        messages.seek(0)
        return {"status": "failed", "why": reason_of(messages.read().decode(errors="replace"))}


def _command(tool: Tool, of: Inputs, out: Path, pythons: Mapping[str, Path]) -> list[str]:
    if tool.adapter is None:
        arguments = [str(of.corpus.resolve()), str(out / "clean"), "--quiet", "--workers", str(N_WORKERS)]
        return [sys.executable, "-c", "from dedup.cli import main; main()", "clean", *arguments, *tool.options]
    python = pythons[tool.environment] if tool.environment else Path(sys.executable)
    source = {"corpus": of.corpus.resolve(), "paragraphs": of.paragraphs, "documents": of.documents}[tool.reads]
    options = [option.format(n_paragraphs=of.n_paragraphs) for option in tool.options]
    return [str(python), "-m", f"benchmarks.field.adapters.{tool.adapter}", str(source), str(out), *options]


def _row(tool: Tool, of: Inputs, costs: Sequence[Mapping[str, Any]], folder: Path) -> dict[str, Any]:
    row = {**_head(tool), "corpus": of.corpus.name, "text_mb": of.text_mb}
    failed = next((cost for cost in costs if "why" in cost), None)
    if failed is not None:
        return {**row, **failed}
    medians = {name: round(statistics.median(cost[name] for cost in costs), 3) for name in _COSTS}
    row |= {"status": "measured", **medians, "mb_per_cpu_second": round(of.text_mb / medians["cpu_seconds"], 2)}
    truth_file = of.corpus.with_suffix(".truth.parquet")
    if tool.name != FLOOR and truth_file.exists():
        truth = pq.read_table(truth_file)
        out = folder / "out" / of.corpus.stem / tool.name
        is_dedup = tool.adapter is None
        kept = read_dedup(out / "clean", truth) if is_dedup else read_found(out / "found.parquet", len(truth))
        row |= score(truth, kept)
    return {**row, "runs": [dict(cost) for cost in costs]}


def _head(tool: Tool) -> dict[str, Any]:
    return {
        "tool": tool.name,
        "title": tool.title,
        "settings": tool.settings,
        "verifies": tool.verifies,
        "options": list(tool.options),
    }
