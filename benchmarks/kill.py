"""Whether `dedup clean`, killed or out of disk and run again, gives the output of an undisturbed run.

Killed means SIGKILL to all processes at once. A run is killed several times, the moments spread over the time that an
undisturbed one takes, and then left to end. Between kills, the output must not be there or be whole.
"""

import filecmp
import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import numpy as np

from benchmarks.measurements import PROJECT, BenchmarkError, run_dedup
from benchmarks.watching import DEDUP, MB, Watched, folder_bytes, watch_python

DISK_SHARES: Final = (0.1, 0.3, 0.5, 0.7, 0.9)
"""Sizes of the disk that fills up, as shares of what an undisturbed run needs at its most."""

_WORDS_OF_FULL: Final = ("no space left", "disk is full", "disk full", "out of space")
_TIMINGS: Final = ("seconds",)  # of report.json; what else differs is a difference


def measure_kills(
    corpus: Path,
    work: Path,
    *,
    n_kills: int = 20,
    kills_in_run: int = 5,
    seed: int = 1,
    options: Sequence[str] = (),
    with_full_disk: bool = True,
) -> dict[str, Any]:
    """Kill runs over `corpus` at `n_kills` moments in all and let each end; then fill disks; compare all outputs.

    A kill counts if the run had not ended by then; where it had, more moments are drawn. Kernels are compiled before.
    Raises BenchmarkError if the undisturbed run fails.
    """
    run_dedup(["clean", str(PROJECT / "seeds"), str(work / "kill-warm"), "--overwrite", "--quiet"])
    folder = work / "kill"
    shutil.rmtree(folder, ignore_errors=True)
    undisturbed = folder / "undisturbed"
    undisturbed.mkdir(parents=True)
    watched = _clean(corpus, undisturbed, options)
    if watched.exit_code:
        raise BenchmarkError(f"dedup ended with code {watched.exit_code}:\n{watched.message}")
    expected = undisturbed / "out"
    seconds = watched.wall_seconds
    generator = np.random.default_rng(seed)
    kills: list[dict[str, Any]] = []
    runs: list[dict[str, Any]] = []
    while sum(kill["was_running"] for kill in kills) < n_kills:
        if len(runs) > 4 * n_kills:
            raise BenchmarkError(f"runs of {corpus.name} end before they can be killed; take a larger corpus")
        left = n_kills - sum(kill["was_running"] for kill in kills)
        of_run, run = _kill_and_finish(
            corpus, folder / "run", expected, _moments(generator, min(kills_in_run, left), seconds), options
        )
        kills += [{"run": len(runs), **kill} for kill in of_run]
        runs.append(run)
    figures: dict[str, Any] = {
        "corpus": {"name": corpus.name, "input_mb": round(_size(corpus) / MB, 1)},
        "options": list(options),
        "undisturbed": {
            "wall_seconds": seconds,
            "output_mb": round(folder_bytes(expected) / MB, 1),
            "most_on_disk_mb": round(max(sample.folders[0] for sample in watched.samples) / MB, 1),
        },
        "n_kills": sum(kill["was_running"] for kill in kills),
        "kills": kills,
        "runs": runs,
        "full_disk": None,
    }
    if with_full_disk:
        most = max(sample.folders[0] for sample in watched.samples)
        figures["full_disk"] = _measure_full_disks(corpus, folder / "disk", expected, most, options)
    shutil.rmtree(folder)
    return {**figures, "broken_promises": _broken(figures)}


def kill_lines(figures: Mapping[str, Any]) -> list[str]:
    """Give the figures as lines for a terminal."""
    undisturbed = figures["undisturbed"]
    kills, runs = figures["kills"], figures["runs"]
    running = [kill for kill in kills if kill["was_running"]]
    lines = [
        f"{figures['corpus']['name']}: undisturbed {undisturbed['wall_seconds']:.1f} s, "
        f"output {undisturbed['output_mb']} MB, at most {undisturbed['most_on_disk_mb']} MB on disk"
        + "".join(f"; {option}" for option in figures["options"]),
        f"{figures['n_kills']} kills in {len(runs)} runs, each then left to end",
        "killed after seconds (MB it left): "
        + ", ".join(f"{kill['seconds']:.1f} ({kill['left_mb']:.0f})" for kill in running),
        f"runs with the undisturbed run's bytes: {sum(not run['differences'] for run in runs)} of {len(runs)}; "
        "seconds from the last start to the end: " + ", ".join(f"{run['last_seconds']:.1f}" for run in runs),
    ]
    disks = figures["full_disk"]
    if disks is None:
        lines.append("full disk: not asked for")
    elif "skipped" in disks:
        lines.append(f"full disk: skipped, {disks['skipped']}")
    else:
        for disk in disks["disks"]:
            lines.append(
                f"disk of {disk['disk_mb']:.0f} MB: code {disk['exit_code']}, {disk['message']!r}; with space again: "
                f"{'equal' if not disk['differences'] else 'DIFFERENT'}"
            )
    lines += [f"BROKEN PROMISE: {promise}" for promise in figures["broken_promises"]]
    return lines


def compare_outputs(expected: Path, found: Path) -> list[str]:
    """Say how two output folders differ: names, bytes, and report.json but for its timings; nothing if they do not."""
    names = [
        {path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir()}
        for folder in (expected, found)
    ]
    differences = [f"{name} is missing" for name in sorted(names[0] - names[1])]
    differences += [f"{name} is not in the undisturbed run" for name in sorted(names[1] - names[0])]
    for name in sorted(names[0] & names[1]):
        if name == "report.json":
            is_equal = _without_timings(expected / name) == _without_timings(found / name)
        else:
            is_equal = filecmp.cmp(expected / name, found / name, shallow=False)
        if not is_equal:
            differences.append(f"{name} differs")
    return differences


def _kill_and_finish(
    corpus: Path, run: Path, expected: Path, moments: Sequence[float], options: Sequence[str]
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Kill a run at each moment of its work, in seconds, then let it end; give the kills, and how it ended."""
    shutil.rmtree(run, ignore_errors=True)
    run.mkdir(parents=True)
    out = run / "out"
    kills: list[dict[str, Any]] = []
    done = 0.0
    for moment in moments:
        watched = _clean(corpus, run, options, most_seconds=moment - done)
        if watched.exit_code > 0:
            return kills, _ended(watched, [f"code {watched.exit_code}: {watched.message}"])
        kills.append(
            {
                "seconds": round(moment - done, 3),
                "was_running": watched.exit_code < 0,
                "left_mb": round(folder_bytes(run) / MB, 1),
                "differences": compare_outputs(expected, out) if out.exists() else [],
            }
        )
        if out.exists():  # killed in the instant before it ended, or not killed at all
            return kills, _ended(watched, compare_outputs(expected, out))
        done = moment
    watched = _clean(corpus, run, options)
    if watched.exit_code:
        return kills, _ended(watched, [f"code {watched.exit_code}: {watched.message}"])
    left_over = [f"{path.name} is left over" for path in sorted(run.iterdir()) if path != out]
    return kills, _ended(watched, compare_outputs(expected, out) + left_over)


def _ended(watched: Watched, differences: list[str]) -> dict[str, Any]:
    return {"last_seconds": watched.wall_seconds, "differences": differences}


def _moments(generator: np.random.Generator, n: int, seconds: float) -> list[float]:
    """Draw n moments of a run that takes `seconds`, one from each n-th of it, in order."""
    return [(place + float(generator.random())) * seconds / n for place in range(n)]


def _measure_full_disks(
    corpus: Path, disk: Path, expected: Path, most_bytes: int, options: Sequence[str]
) -> dict[str, Any]:
    """Run on disks that are too small, make room, run again; or say why that cannot be done here."""
    if os.geteuid() != 0:
        return {"skipped": "only root may mount a disk"}
    disks = []
    for share in DISK_SHARES:
        size = max(int(most_bytes * share), 1 << 20)
        try:
            with _mounted(disk, size):
                disks.append(_fill_disk(corpus, disk, expected, size, most_bytes, options))
        except BenchmarkError as error:
            return {"skipped": str(error)}
    return {"disks": disks}


def _fill_disk(
    corpus: Path, disk: Path, expected: Path, size: int, most_bytes: int, options: Sequence[str]
) -> dict[str, Any]:
    watched = _clean(corpus, disk, options)
    found = {
        "disk_mb": round(size / MB, 1),
        "exit_code": watched.exit_code,
        "message": watched.message.replace(f"{disk.parent}/", "")[-1_000:],
        "left_mb": round(folder_bytes(disk) / MB, 1),
    }
    if not watched.exit_code:
        return {**found, "differences": compare_outputs(expected, disk / "out")}
    _run_system("mount", "-o", f"remount,size={4 * most_bytes + (64 << 20)}", str(disk))
    again = _clean(corpus, disk, options)
    if again.exit_code:
        return {**found, "differences": [f"with space again, code {again.exit_code}: {again.message}"]}
    return {**found, "again_seconds": again.wall_seconds, "differences": compare_outputs(expected, disk / "out")}


def _is_clear(disk: Mapping[str, Any]) -> bool:
    """Tell whether a run on a full disk ended as users are owed: one line that says so, and the code of an error."""
    message = disk["message"]
    names_it = any(words in message.lower() for words in _WORDS_OF_FULL)
    return disk["exit_code"] > 0 and names_it and "Traceback" not in message


def _broken(figures: Mapping[str, Any]) -> list[str]:
    broken = []
    for kill in figures["kills"]:
        broken += [f"after a kill in run {kill['run']}: {difference}" for difference in kill["differences"]]
    for number, run in enumerate(figures["runs"]):
        broken += [f"at the end of run {number}: {difference}" for difference in run["differences"]]
    for disk in (figures["full_disk"] or {}).get("disks", []):
        if disk["exit_code"] and not _is_clear(disk):
            broken.append(f"a disk of {disk['disk_mb']} MB: code {disk['exit_code']}, {disk['message']!r}")
        broken += [f"a disk of {disk['disk_mb']} MB: {difference}" for difference in disk["differences"]]
    return broken


def _clean(corpus: Path, folder: Path, options: Sequence[str], most_seconds: float | None = None) -> Watched:
    """Run the command into `folder`/out, which is all that differs between runs: their names are the same."""
    return watch_python(
        DEDUP,
        ["clean", str(corpus), str(folder / "out"), "--quiet", *options],
        sizes=lambda: (folder_bytes(folder),),
        interval=0.2,
        most_seconds=most_seconds,
    )


@contextmanager
def _mounted(disk: Path, size: int) -> Iterator[None]:
    """Have a disk in memory of `size` bytes; raises BenchmarkError if the system allows none."""
    disk.mkdir(parents=True, exist_ok=True)
    _run_system("mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(disk))
    try:
        yield
    finally:
        _run_system("umount", str(disk))


def _run_system(*command: str) -> None:
    try:
        subprocess.run(command, check=True, capture_output=True, text=True)
    except FileNotFoundError:
        raise BenchmarkError(f"{command[0]} is not there") from None
    except subprocess.CalledProcessError as error:
        raise BenchmarkError(f"{command[0]} failed: {error.stderr.strip()}") from None


def _without_timings(path: Path) -> Any:
    report = json.loads(path.read_text(encoding="utf-8"))
    return {name: value for name, value in report.items() if name not in _TIMINGS}


def _size(corpus: Path) -> int:
    return folder_bytes(corpus) if corpus.is_dir() else corpus.stat().st_size
