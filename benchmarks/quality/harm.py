"""How much good text `dedup clean` removes: every removal from text that annotators call content is looked at.

The labelled data is a folder of Parquet files given by the user; a file that is not
there is skipped and said to be.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.measurements import run_dedup
from benchmarks.outputs import Output, check_evidence, read_output
from benchmarks.plain_tokens import text_tokens

SETS: Final = {"novels_tuning": "text", "aeb": "gold_text", "fundus_eval": "gold_text", "wcxb_dev": "gold_text"}
"""File (without suffix) and the column of good text."""

NOVELS: Final = "novels_tuning"

MOST_SHARE_BY_RULES: Final = 0.002
"""The promise: share of words of a set that rules may remove."""

LONG_PASSAGE_TOKENS: Final = 25
"""A repeat in a novel shorter than this is a refrain, a chapter head or dialogue, which must stay."""


def measure_harm(data: Path, work: Path, options: Sequence[str] = ()) -> dict[str, Any]:
    """Clean the good text of every set of `data`; give words removed by reason and rule, and every removal.

    Raises BenchmarkError if cleaning fails.
    """
    sets, skipped = {}, []
    for name, column in SETS.items():
        path = data / f"{name}.parquet"
        if not path.is_file():
            skipped.append(name)
            continue
        table = pq.read_table(path, columns=["doc_id", column]).rename_columns(["doc_id", "text"])
        table = table.filter(table["text"].is_valid())
        work.mkdir(parents=True, exist_ok=True)
        source, out = work / f"harm-{name}.parquet", work / f"harm-{name}"
        pq.write_table(table, source)
        run_dedup(["clean", str(source), str(out), "--overwrite", "--quiet", *options])
        sets[name] = _harm_of(table, read_output(out))
    return {"sets": sets, "skipped": skipped, "broken_promises": _broken(sets)}


def harm_lines(figures: Mapping[str, Any], most_removals: int | None = None) -> list[str]:
    """Give the figures as lines for a terminal, with at most that many removals of each reason and set."""
    lines = [f"{name}: skipped, the data folder does not hold it" for name in figures["skipped"]]
    for name, found in figures["sets"].items():
        lines.append(f"{name}: {found['documents']:,} documents, {found['words']:,} words")
        for account, words in found["words_removed"].items():
            lines.append(f"  {account:<40}{words:>8,} words {100 * words / found['words']:>8.4f} %")
        shown: dict[str, int] = {}
        for removal in found.get("removals", ()):
            shown[removal["reason"]] = shown.get(removal["reason"], 0) + 1
            if most_removals is not None and shown[removal["reason"]] > most_removals:
                continue
            account = removal["rule"] or removal["reason"]
            lines.append(f"  - {account} {removal['doc_id']}[{removal['start']}]: {removal['text'][:300]!r}")
            if removal["kept"] is not None:
                lines.append(
                    f"      kept {removal['kept_doc_id']} ({removal['similarity']}): {removal['kept'][:300]!r}"
                )
        lines.extend(f"  {violation}" for violation in found["violations"])
    lines.extend(f"BROKEN PROMISE: {promise}" for promise in figures["broken_promises"])
    return lines


def _harm_of(table: pa.Table, output: Output) -> dict[str, Any]:
    texts: dict[str, str] = dict(zip(table["doc_id"].to_pylist(), table["text"].to_pylist(), strict=True))
    words_removed: dict[str, int] = {}
    removals = []
    for row in output.removed.to_pylist():
        n_words = len(row["text"].split())
        accounts = [row["reason"]]
        if row["rule"]:
            accounts.append(f"{row['reason']}: {row['rule']}")
        for account in accounts:
            words_removed[account] = words_removed.get(account, 0) + n_words
        kept = None
        if row["kept_start"] is not None:
            kept = texts[row["kept_doc_id"]][row["kept_start"] : row["kept_end"]]
        removals.append({**row, "kept": kept, "words": n_words, "tokens": len(text_tokens(row["text"]))})
    _, violations = check_evidence(texts, output)
    return {
        "documents": len(texts),
        "words": sum(len(text.split()) for text in texts.values()),
        "words_removed": dict(sorted(words_removed.items())),
        "removals": removals,
        "violations": violations,
    }


def _broken(sets: Mapping[str, dict[str, Any]]) -> list[str]:
    broken = []
    for name, found in sets.items():
        share = found["words_removed"].get("boilerplate", 0) / max(found["words"], 1)
        if share > MOST_SHARE_BY_RULES:
            broken.append(f"{name}: rules removed {100 * share:.3f} % of words, promised {100 * MOST_SHARE_BY_RULES} %")
        if found["violations"]:
            broken.append(f"{name}: {len(found['violations'])} rows whose evidence does not hold")
        if name == NOVELS:
            short = [row for row in found["removals"] if row["rule"] or row["tokens"] < LONG_PASSAGE_TOKENS]
            if short:
                broken.append(f"{name}: {len(short)} removals that are not repeats of long passages")
    return broken
