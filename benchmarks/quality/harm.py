"""How much good text `dedup clean` removes: every removal from text that annotators call content is looked at.

The labelled data is a folder of Parquet files given by the user; a file that is not
there is skipped and said to be. Python's own manual and, where there are any, mails are cleaned as well.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from benchmarks.measurements import run_dedup
from benchmarks.outputs import Output, check_evidence, read_output
from benchmarks.plain_tokens import text_tokens

MOST_SHARE_BY_RULES: Final = 0.001
"""The promise: share of words of a set of gold texts that may go as boilerplate."""

LONG_PASSAGE_TOKENS: Final = 25
"""A repeat in a novel shorter than this is a refrain, a chapter head or dialogue, which must stay."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HarmSet:
    """Good texts that are cleaned together, and what is promised of them."""

    file: str  # without suffix
    column: str = "gold_text"
    kinds: tuple[str, ...] = ()  # of the column `kind`, where only some are taken
    options: tuple[str, ...] = ()
    most_share: float | None = MOST_SHARE_BY_RULES  # of words as boilerplate; None: nothing is promised
    is_novels: bool = False


SETS: Final[Mapping[str, HarmSet]] = {
    "novels_tuning": HarmSet(file="novels_tuning", column="text", most_share=0.0, is_novels=True),
    "aeb": HarmSet(file="aeb"),
    "fundus_eval": HarmSet(file="fundus_eval"),
    "wcxb_dev": HarmSet(file="wcxb_dev"),
    # variants of one licence are copies of each other, which is another matter
    "licences": HarmSet(
        file="license_clusters", column="text", kinds=("License", "Supplement"), options=("--within", "document"),
        most_share=0.0,
    ),
    "licence headers": HarmSet(
        file="license_clusters", column="text", kinds=("Header",), options=("--within", "document"), most_share=None
    ),
}  # fmt: skip
"""Sets of the data folder; a column that tells the address or the site of a document goes along."""

MANUAL: Final = "Python's manual"
MAIL: Final = "mail"

_SITE_COLUMNS: Final = ("url", "site")


def measure_harm(data: Path, work: Path, options: Sequence[str] = (), *, mail: Path | None = None) -> dict[str, Any]:
    """Clean the good text of every set of `data`; give words removed by reason and rule, and every removal.

    Mails below `mail` have real boilerplate under them: of them nothing is promised.
    Raises BenchmarkError if cleaning fails.
    """
    work.mkdir(parents=True, exist_ok=True)
    sets, skipped, promised = {}, [], {}
    for name, kind in SETS.items():
        table = _read_texts(data / f"{kind.file}.parquet", kind)
        if table is None:
            skipped.append(name)
            continue
        sets[name] = _clean_set(name, table, work, [*kind.options, *options])
        promised[name] = kind
    for name, texts in ((MANUAL, _manual()), (MAIL, _mails(mail))):
        if not texts:
            skipped.append(name)
            continue
        table = pa.table({"doc_id": list(texts), "text": list(texts.values())})
        sets[name] = _clean_set(name, table, work, ["--within", "document", *options])
        promised[name] = HarmSet(file="", most_share=MOST_SHARE_BY_RULES if name == MANUAL else None)
    return {"sets": sets, "skipped": skipped, "broken_promises": _broken(sets, promised)}


def harm_lines(figures: Mapping[str, Any], most_removals: int | None = None) -> list[str]:
    """Give the figures as lines for a terminal, with at most that many removals of each reason and set."""
    lines = [f"{name}: skipped, not there" for name in figures["skipped"]]
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


def _broken(sets: Mapping[str, dict[str, Any]], promised: Mapping[str, HarmSet]) -> list[str]:
    broken = []
    for name, found in sets.items():
        most = promised[name].most_share
        share = found["words_removed"].get("boilerplate", 0) / max(found["words"], 1)
        if most is not None and share > most:
            broken.append(f"{name}: {100 * share:.3f} % of words removed as boilerplate, promised {100 * most} %")
        if found["violations"]:
            broken.append(f"{name}: {len(found['violations'])} rows whose evidence does not hold")
        if promised[name].is_novels:
            short = [row for row in found["removals"] if row["rule"] or row["tokens"] < LONG_PASSAGE_TOKENS]
            if short:
                broken.append(f"{name}: {len(short)} removals that are not repeats of long passages")
    return broken


def _read_texts(path: Path, of: HarmSet) -> pa.Table | None:
    """Give the good texts of a file, with what tells their site; None if it is not there."""
    if not path.is_file():
        return None
    names = pq.read_schema(path).names
    beside = [name for name in _SITE_COLUMNS if name in names]
    table = pq.read_table(path, columns=["doc_id", of.column, *beside, *(["kind"] if of.kinds else [])])
    table = table.filter(table[of.column].is_valid())
    if of.kinds:
        table = table.filter(pc.is_in(table["kind"], pa.array(of.kinds))).drop_columns(["kind"])
    return table.rename_columns(["doc_id", "text", *beside])


def _clean_set(name: str, table: pa.Table, work: Path, options: Sequence[str]) -> dict[str, Any]:
    stem = "".join(character if character.isalnum() or character == "_" else "-" for character in name)
    source, out = work / f"harm-{stem}.parquet", work / f"harm-{stem}"
    pq.write_table(table, source)
    run_dedup(["clean", str(source), str(out), "--id-column", "doc_id", "--overwrite", "--quiet", *options])
    return _harm_of(table, read_output(out))


def _manual() -> dict[str, str]:
    """Give the topics of Python's manual, as it comes with Python."""
    from pydoc_data.topics import topics

    return dict(sorted(topics.items()))


def _mails(folder: Path | None) -> dict[str, str]:
    from benchmarks.quality.line_pages import read_line_pages

    if folder is None:
        return {}
    return {page.page.doc_id: page.text or "" for page in read_line_pages(None, folder)}
