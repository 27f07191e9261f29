"""The figures on the project's front page, each from a result file, with the command that made it."""

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from benchmarks.field.targets import measured
from benchmarks.measurements import RESULTS

README: Final = Path(__file__).resolve().parent.parent / "README.md"
BEGIN: Final = "<!-- figures: written by `python -m benchmarks tables`, do not edit -->\n"
END: Final = "<!-- end of figures -->\n"

Row = tuple[str, str]
"""What was measured, and the figure."""


def _speed(figures: Mapping[str, Any]) -> Iterator[Row]:
    for found in figures["corpora"]:
        size = found["corpus"]["million_characters"]
        yield (
            f"{size:.0f} million characters ({found['corpus']['name']}), Parquet to Parquet",
            f"{found['clean']['wall_seconds']:.1f} s, {found['clean']['cpu_seconds']:.1f} CPU s: "
            f"{found['cpu_ratio']:.1f} times the CPU of pyarrow reading and writing the same",
        )


def _scaling(figures: Mapping[str, Any]) -> Iterator[Row]:
    run = figures["runs"][-1]
    yield (
        f"{run['corpus']['text_mb'] / 1000:.1f} GB of text with `--memory {figures['memory_limit']}`",
        f"{run['wall_seconds']:.0f} s, {run['peak_mb']['rss']:,.0f} MB at most",
    )


def _field(figures: Mapping[str, Any]) -> Iterator[Row]:
    told = [
        f"{row['title']} ({row['settings']}) {row['cpu_ratio']:.1f}"
        for row in measured(figures["rows"])
        if not row["title"].startswith(("dedup", "pyarrow")) and row.get("cpu_ratio")
    ]
    yield "CPU time of other tools on the same corpus, in that of dedup", "; ".join(told)


def _extraction(figures: Mapping[str, Any]) -> Iterator[Row]:
    told = [
        f"{name} {row['dedup']['f1']:.3f} ({row['trafilatura']['f1']:.3f})"
        for name, rows in figures["sets"].items()
        for row in rows
        if row["group"] == "held out" and row["measure"] in ("4-grams", "words")
    ]
    yield "F1 of extracted text on pages held out (trafilatura alone)", ", ".join(told)


def _lines(figures: Mapping[str, Any]) -> Iterator[Row]:
    found = figures["halves"]["held out"]
    known = found["categories"]["any"]
    yield (
        f"Boilerplate among {known['lines'] + found['content']['lines']:,} labelled lines held out, each in its page",
        f"recall {known['recall']:.2f}, precision {known['precision']:.3f}; "
        f"{100 * found['content']['kept']:.1f} % of content lines kept",
    )


def _sites(figures: Mapping[str, Any]) -> Iterator[Row]:
    for group, found in figures["groups"].items():
        if group == "held out":
            (alone, first), *_, (_, both) = found["systems"].items()
            yield (
                f"Mean F of press pages, site known, {found['pages']} pages held out",
                f"{both['f']:.3f} ({alone} {first['f']:.3f}), "
                f"{100 * (both['words_lost'] or 0):.2f} % of gold words lost",
            )


_ROWS: Final[Mapping[str, Callable[[Mapping[str, Any]], Iterator[Row]]]] = {
    "speed": _speed,
    "scaling": _scaling,
    "field": _field,
    "extraction": _extraction,
    "lines": _lines,
    "sites": _sites,
}
"""Result file -> what of it is on the front page, in order."""


def figures_section(folder: Path = RESULTS) -> str:
    """Give the table: what was measured, the figure, the command and where."""
    lines = ["| measured | figure | by |", "|---|---|---|"]
    machines = set()
    for name, rows in _ROWS.items():
        path = folder / f"{name}.json"
        if path.is_file():
            result = json.loads(path.read_text(encoding="utf-8"))
            machine = result["machine"]
            machines.add(f"{machine['processor']}, {machine['n_cores']} cores, {machine['memory_gb']} GB")
            command = " ".join(result["command"].split()[:4])
            lines += [f"| {what} | {figure} | `{command}` |" for what, figure in rows(result)]
    return "\n".join(lines) + f"\n\nOn {' and '.join(sorted(machines))}.\n"


def with_figures(readme: str, section: str) -> str:
    """Give the README with its table of figures replaced."""
    before, _, rest = readme.partition(BEGIN)
    return f"{before}{BEGIN}\n{section}\n{END}{rest.partition(END)[2]}"
