"""Each stage that is kernels, alone on text in memory: MB a second on one core; compilation at first call apart."""

import json
import shutil
import statistics
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from benchmarks.measurements import run_python

_CODE: Final = """
import json, sys, time
begun = time.perf_counter()
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from dedup.annotating import annotate_shard
from dedup.boilerplate import cue_tables, find_boilerplate
from dedup.candidates import find_candidates, find_members
from dedup.equals import find_distinct
from dedup.fingerprints import fingerprint_paragraphs
from dedup.handed_over import HandedOver
from dedup.paragraphs import split_paragraphs
from dedup.settings import Settings
from dedup.storage import MemoryStorage
from dedup.stores import Mark, MemoryStore, build_columns
from dedup.verification import verify_pairs

corpus, most_mb, n_runs, target = sys.argv[1], float(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
figures = {"import_seconds": time.perf_counter() - begun}
settings = Settings(workers=1)
executor = ThreadPoolExecutor(1)  # its CPU time counts, too
MEMORY_BYTES = 1 << 30

def read(table):
    [(raw, _)] = HandedOver(table, settings).read(lambda: 1 << 40)
    return raw

def run(raw, n_runs):
    seconds, sizes = {}, {}
    def timed(name, call):
        for _ in range(n_runs):
            begun = time.process_time()
            found = call()
            seconds.setdefault(name, []).append(time.process_time() - begun)
        return found
    documents = raw.core()
    paragraphs = timed("split", lambda: split_paragraphs(documents, settings))
    cues = cue_tables(settings)
    fingerprints, _ = timed("fingerprint", lambda: fingerprint_paragraphs(documents, paragraphs, cues, settings))
    timed("boilerplate", lambda: find_boilerplate(
        documents, paragraphs, settings, fingerprints.n_tokens, fingerprints.flagged))
    store, storage = MemoryStore(settings.band_shape[1]), MemoryStorage()
    store.add(raw, annotate_shard(documents, settings), Mark(b"", []))
    columns = build_columns(store, storage)
    distinct = timed("equal", lambda: find_distinct(columns, None, storage, MEMORY_BYTES))
    def pair():
        members = find_members(store, columns, distinct, None, storage)
        return members, find_candidates(store, members, settings, executor, storage, MEMORY_BYTES)
    members, pairs = timed("bands", pair)
    timed("verify", lambda: verify_pairs(store, columns, pairs, settings, executor, storage, MEMORY_BYTES))
    lengths = columns.end - columns.start
    left, right = (pairs & np.uint64(0xFFFFFFFF)).astype(np.int64), (pairs >> np.uint64(32)).astype(np.int64)
    sizes = {"text_bytes": raw.text.nbytes, "paragraphs": len(lengths), "fingerprinted": len(members.paragraphs),
             "pairs": len(pairs), "compared_bytes": int(lengths[left].sum() + lengths[right].sum())}
    return seconds, sizes

tables, n_bytes = [], 0
path = Path(corpus)
for part in sorted(path.glob("*.parquet")) if path.is_dir() else [path]:
    file = pq.ParquetFile(part)
    for group in range(file.num_row_groups):
        if n_bytes < most_mb * 1e6:
            tables.append(file.read_row_group(group, columns=["doc_id", "text"]))
            n_bytes += tables[-1]["text"].nbytes
table = pa.concat_tables(tables)
few = read(table.slice(0, 100))
figures["first"] = {name: times[0] for name, times in run(few, 1)[0].items()}
figures["second"] = {name: times[0] for name, times in run(few, 1)[0].items()}
if n_runs > 0:
    documents = read(table)
    run(documents, 1)  # kernels that few documents did not need are compiled now
    figures["seconds"], figures["sizes"] = run(documents, n_runs)
open(target, "w").write(json.dumps(figures))
"""

STAGES: Final[Mapping[str, str]] = {
    "split": "text into paragraphs",
    "fingerprint": "tokens, hashes, signatures, repeats, cues",
    "boilerplate": "rules over what has a cue",
    "equal": "grouping of equal paragraphs",
    "bands": "pairs that share a band, sketches compared",
    "verify": "exact similarity and differences of pairs",
}


def measure_kernels(corpus: Path, work: Path, *, most_mb: float = 100.0, n_runs: int = 5) -> dict[str, Any]:
    """Time each stage on the first `most_mb` of a corpus, one core, medians of CPU seconds; and first calls.

    First calls are timed on a hundred documents, in a process that finds no compiled kernel (compiling is nearly all of
    it) and in one that finds them all. Raises BenchmarkError if a run fails.
    """
    work.mkdir(parents=True, exist_ok=True)
    cache = work / "kernels-cache"
    shutil.rmtree(cache, ignore_errors=True)
    environment = {"NUMBA_CACHE_DIR": str(cache)}
    cold = time_stages(corpus, work, most_mb, 0, environment)
    warm = time_stages(corpus, work, most_mb, n_runs, environment)
    sizes = warm["sizes"]
    text_mb, compared_mb = sizes["text_bytes"] / 1e6, sizes["compared_bytes"] / 1e6
    stages = {}
    for name in STAGES:
        seconds = statistics.median(warm["seconds"][name])
        stages[name] = {
            "cpu_seconds": round(seconds, 4),
            "mb_per_second": round((compared_mb if name == "verify" else text_mb) / max(seconds, 1e-9), 1),
            "first_call_compiling_seconds": round(cold["first"][name], 3),
            "first_call_compiled_seconds": round(warm["first"][name], 3),
            "second_call_seconds": round(cold["second"][name], 5),
            "runs": [round(seconds, 4) for seconds in warm["seconds"][name]],
        }
    return {
        "corpus": {"name": corpus.name, "text_mb": round(text_mb, 1), "compared_mb": round(compared_mb, 1)},
        **{name: sizes[name] for name in ("paragraphs", "fingerprinted", "pairs")},
        "n_runs": n_runs,
        "import_seconds": round(warm["import_seconds"], 3),
        "stages": stages,
        "compiling_seconds": round(sum(cold["first"].values()) - sum(warm["first"].values()), 2),
    }


def time_stages(
    corpus: Path, work: Path, most_mb: float, n_runs: int, environment: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """Give CPU seconds of each stage: `first` and `second` call on few documents, and `seconds` of `n_runs` on many.

    With them come `sizes`, if there is any run, and `import_seconds`.
    """
    target = work / "kernels.json"
    run_python(_CODE, [str(corpus), str(most_mb), str(n_runs), str(target)], environment)
    found: dict[str, Any] = json.loads(target.read_text(encoding="utf-8"))
    return found


def kernels_lines(figures: Mapping[str, Any]) -> list[str]:
    """Give the figures as lines for a terminal."""
    corpus = figures["corpus"]
    lines = [
        f"{corpus['name']}: {corpus['text_mb']} MB of text, {figures['paragraphs']:,} paragraphs, of them distinct and "
        f"long enough {figures['fingerprinted']:,}; {figures['pairs']:,} pairs of {corpus['compared_mb']} MB to verify",
        f"one core, medians of {figures['n_runs']}; MB of text a second (verify: of the paragraphs compared)",
        f"{'':<14}{'CPU s':>8}{'MB/s':>9}{'first call, s':>15}{'compiled, s':>13}{'second, s':>11}",
    ]
    for name, stage in figures["stages"].items():
        lines.append(
            f"{name:<14}{stage['cpu_seconds']:>8.3f}{stage['mb_per_second']:>9.0f}"
            f"{stage['first_call_compiling_seconds']:>15.2f}{stage['first_call_compiled_seconds']:>13.2f}"
            f"{stage['second_call_seconds']:>11.4f}  {STAGES[name]}"
        )
    lines.append(
        f"compiling, once a machine: {figures['compiling_seconds']} s CPU; importing: {figures['import_seconds']} s"
    )
    return lines
