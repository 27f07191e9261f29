"""The results section of benchmarks/README.md, written from the figures in benchmarks/results/."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from benchmarks.boilerplate_cost import cost_lines
from benchmarks.bruteforce import bruteforce_lines
from benchmarks.field.table import field_lines
from benchmarks.hotspots import hotspots_lines
from benchmarks.kernels_alone import kernels_lines
from benchmarks.kill import kill_lines
from benchmarks.measurements import RESULTS
from benchmarks.pages import pages_lines
from benchmarks.quality.encodings import encodings_lines
from benchmarks.quality.extraction import extraction_lines
from benchmarks.quality.harm import harm_lines
from benchmarks.quality.injection import injection_lines
from benchmarks.quality.lines import lines_lines
from benchmarks.quality.recurrence import recurrence_lines
from benchmarks.recall import recall_lines
from benchmarks.scaling import scaling_lines
from benchmarks.speed import speed_lines

README: Final = Path(__file__).resolve().parent / "README.md"
BEGIN: Final = "<!-- results: written by `python -m benchmarks tables`, do not edit -->\n"
END: Final = "<!-- end of results -->\n"

LINES: Final[Mapping[str, Callable[[Mapping[str, Any]], list[str]]]] = {
    "speed": speed_lines,
    "recall": recall_lines,
    "bruteforce": bruteforce_lines,
    "harm": harm_lines,
    "extraction": extraction_lines,
    "encodings": encodings_lines,
    "lines": lines_lines,
    "injection": injection_lines,
    "sites": recurrence_lines,
    "mixed": recurrence_lines,
    "boilerplate_cost": cost_lines,
    "pages": pages_lines,
    "field": field_lines,
    "scaling": scaling_lines,
    "hotspots": hotspots_lines,
    "kill": kill_lines,
    "kernels": kernels_lines,
}
"""Benchmark: what turns its figures into lines."""


def results_section(folder: Path = RESULTS) -> str:
    """Give the section's text: of each result file command, machine, figures and plots, in order of name."""
    parts = []
    for path in sorted(folder.glob("*.json")):
        result = json.loads(path.read_text(encoding="utf-8"))
        machine = result["machine"]
        versions = ", ".join(f"{name} {machine[name]}" for name in ("python", "pyarrow", "numpy", "numba"))
        lines = "\n".join(line.rstrip() for line in LINES[result["benchmark"]](result))
        parts.append(
            f"### {path.stem}\n\n`{result['command']}`, commit {machine['commit']}, on {machine['processor']}, "
            f"{machine['n_cores']} cores, {machine['memory_gb']} GB; {versions}.\n\n```text\n{lines}\n```\n"
            + "".join(
                f"\n![{plot.stem}]({folder.name}/{plot.name})\n" for plot in sorted(folder.glob(f"{path.stem}_*.svg"))
            )
        )
    return "\n".join(parts)


def with_results(readme: str, section: str) -> str:
    """Give the README with its results section replaced."""
    before, _, rest = readme.partition(BEGIN)
    return f"{before}{BEGIN}\n{section}\n{END}{rest.partition(END)[2]}"
