"""Curves of the benchmark of scaling as SVG: time per gigabyte, memory and staging over time."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

RUNS_IN_ROW: Final = 2

_STYLE: Final[Any] = {"svg.hashsalt": "dedup", "axes.grid": True, "grid.alpha": 0.3, "font.size": 9}


def draw_scaling(figures: Mapping[str, Any], folder: Path, name: str) -> list[Path]:
    """Draw the figures of `measure_scaling`; give the files NAME_time.svg, NAME_memory.svg and NAME_staging.svg.

    Equal figures give equal bytes with the same version of matplotlib.
    """
    import matplotlib as mpl
    from matplotlib.figure import Figure

    drawn = []
    with mpl.rc_context(_STYLE):
        for what, draw in (("time", _draw_time), ("memory", _draw_memory), ("staging", _draw_staging)):
            figure = Figure(layout="constrained")
            draw(figure, figures)
            path = folder / f"{name}_{what}.svg"
            figure.savefig(path, metadata={"Date": None})
            drawn.append(path)
    return drawn


def _draw_time(figure: Any, figures: Mapping[str, Any]) -> None:
    figure.set_size_inches(6, 3.6)
    axes = figure.subplots()
    sizes = [run["corpus"]["text_mb"] / 1e3 for run in figures["runs"]]
    axes.plot(sizes, [run["wall_seconds_per_gb"] for run in figures["runs"]], "o-", label="wall time")
    axes.plot(sizes, [run["cpu_seconds_per_gb"] for run in figures["runs"]], "s--", label="CPU time")
    axes.set(xscale="log", xlabel="GB of text", ylabel="seconds per GB", title="Time per gigabyte of text")
    axes.set_xticks(sizes, [f"{size:.2g}" for size in sizes])
    axes.minorticks_off()
    axes.set_ylim(bottom=0)
    axes.legend()


def _draw_memory(figure: Any, figures: Mapping[str, Any]) -> None:
    for axes, run in _panels(figure, figures, "MB of memory"):
        curve = run["curve"]
        axes.plot(curve["seconds"], curve["rss_mb"], label="RSS")
        axes.plot(curve["seconds"], curve["pss_mb"], "--", label="PSS")
        axes.plot(curve["seconds"], curve["uss_mb"], ":", label="USS")
        if figures["memory_limit_mb"]:
            axes.axhline(figures["memory_limit_mb"], color="grey", linewidth=1, label="--memory")


def _draw_staging(figure: Any, figures: Mapping[str, Any]) -> None:
    for axes, run in _panels(figure, figures, "MB on disk"):
        curve = run["curve"]
        axes.plot(curve["seconds"], curve["staging_mb"], label="staging folder")
        axes.plot(curve["seconds"], curve["output_mb"], "--", label="output")
        axes.axhline(run["corpus"]["input_mb"], color="grey", linewidth=1, label="input files")


def _panels(figure: Any, figures: Mapping[str, Any], label: str) -> list[tuple[Any, Mapping[str, Any]]]:
    """Give a panel for each run; the first one's legend serves all of them."""
    runs = figures["runs"]
    n_rows = -(-len(runs) // RUNS_IN_ROW)
    n_columns = min(len(runs), RUNS_IN_ROW)
    figure.set_size_inches(4.5 * n_columns, 2.8 * n_rows)
    panels = figure.subplots(n_rows, n_columns, squeeze=False).ravel()
    for axes, run in zip(panels, runs, strict=False):
        axes.set(title=f"{run['corpus']['text_mb']:,.0f} MB of text", xlabel="seconds", ylabel=label)
    for axes in panels[len(runs) :]:
        axes.set_axis_off()
    return list(zip(panels, runs, strict=False))
