"""The story of a run: the stages in order."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from dedup import reading, writing
from dedup.applying import apply_removals, list_overlaps
from dedup.arrow_views import view_numbers
from dedup.boilerplate import cue_limits, find_boilerplate
from dedup.cuts import read_cuts, trim_paragraphs
from dedup.documents import Corpus, from_python
from dedup.engines.local import map_batches, start_workers
from dedup.evidence import Evidence
from dedup.fingerprints import Fingerprints, fingerprint_paragraphs, join_fingerprints, replace_fingerprints
from dedup.kernels import are_compiled
from dedup.matching import find_equal, find_matches
from dedup.paragraphs import split_paragraphs
from dedup.recall import measure_recall
from dedup.reporting.report import InputFigures, Report, build_report
from dedup.result import Result
from dedup.schemas import BOILERPLATE, DOCUMENTS, empty_table
from dedup.scopes import find_twins, group_documents, rank_documents
from dedup.settings import Settings
from dedup.verdicts import judge

Progress = Callable[[str, int, int], None]
"""Told (stage, done, of how many); 0 of 0 where that is not known."""


@dataclass(slots=True)
class _Run:
    """What the stages of one run share: whom to tell, and how long each took."""

    on_progress: Progress | None
    seconds: dict[str, float] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def tell(self, stage: str, done: int = 0, total: int = 0) -> None:
        if self.on_progress is not None:
            with self.lock:  # workers tell, too
                self.on_progress(stage, done, total)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        begun = time.perf_counter()
        self.tell(name)
        yield
        self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - begun


def clean(documents: Any, settings: Settings, on_progress: Progress | None = None) -> Result:
    """Clean documents handed over in Python."""
    run = _Run(on_progress)
    with run.stage("read"):
        corpus = from_python(documents, settings)
    return _clean_corpus(corpus, settings, run)


def preview_files(sources: Sequence[str | Path], settings: Settings, on_progress: Progress | None = None) -> Result:
    """Clean the documents of files and folders, writing nothing."""
    run = _Run(on_progress)
    with run.stage("read"):
        corpus = reading.read_files(sources, settings, on_progress)
    return _clean_corpus(corpus, settings, run)


def clean_files(
    sources: Sequence[str | Path],
    target: str | Path,
    settings: Settings,
    *,
    overwrite: bool = False,
    on_progress: Progress | None = None,
) -> Report:
    """Clean the documents of files and folders into the folder `target`, which appears whole or not at all."""
    writing.check_target(target, sources, overwrite)
    result = preview_files(sources, settings, on_progress)
    if on_progress is not None:
        on_progress("write", 0, 0)
    writing.write_output(target, result.tables, result.report.to_json(), overwrite, settings.workers)
    return result.report


def _clean_corpus(corpus: Corpus, settings: Settings, run: _Run) -> Result:
    """Measure everything, judge once, apply the verdicts."""
    text = corpus.documents["text"].combine_chunks()  # once: every stage looks into it
    corpus = replace(corpus, documents=corpus.documents.set_column(1, DOCUMENTS.field("text"), text))
    groups = group_documents(corpus.documents, settings)
    order = rank_documents(corpus.documents, settings)
    if not are_compiled():
        run.tell("compiling kernels (once per machine, some 15 seconds)")
    with start_workers(settings) as executor:
        evidence = _measure(corpus.documents, groups, order, settings, executor, run)
        recall = None
        if settings.recall_sample:
            with run.stage("recall"):
                recall = measure_recall(evidence, groups, settings, executor)
    with run.stage("judge"):
        verdicts = judge(evidence, settings)
        tables = apply_removals(corpus.documents, verdicts.removals, evidence.boilerplate.rules)
        tables["overlaps"] = list_overlaps(corpus.documents, evidence.paragraphs, verdicts.overlaps)
        tables["rejected"] = corpus.rejected
    figures = InputFigures(
        n_sources=corpus.n_sources,
        n_paragraphs=evidence.paragraphs.num_rows,
        n_renamed_ids=corpus.n_renamed_ids,
        n_replaced_chars=corpus.n_replaced_chars,
        n_repaired=corpus.n_repaired,
        skipped=corpus.skipped,
        by_extractor=corpus.by_extractor,
    )
    report = build_report(
        tables,
        figures=figures,
        settings=settings,
        seconds=run.seconds,
        recall=recall,
        warnings=corpus.warnings,
    )
    return Result(**tables, report=report)


def _measure(
    documents: pa.Table,
    document_groups: np.ndarray[Any, np.dtype[np.uint64]] | None,
    order: np.ndarray[Any, np.dtype[np.int64]],
    settings: Settings,
    executor: Executor,
    run: _Run,
) -> Evidence:
    """Run the stages, none of which decides anything."""
    with run.stage("fingerprint"):
        paragraphs, fingerprints, repeats = _fingerprint(documents, settings, executor, run)
    with run.stage("boilerplate"):
        hits = empty_table(BOILERPLATE)
        if settings.boilerplate:
            hits = find_boilerplate(documents, paragraphs, settings, fingerprints.n_tokens, fingerprints.flagged)
        cuts, boilerplate = read_cuts(paragraphs, repeats, hits)
        paragraphs, trimmed, in_pieces = trim_paragraphs(paragraphs, cuts)
        if len(trimmed):
            again, _ = fingerprint_paragraphs(documents, paragraphs.take(pa.array(trimmed)), {}, settings)
            fingerprints = replace_fingerprints(fingerprints, trimmed, again)
    with run.stage("match"):
        document = view_numbers(paragraphs["document"])
        takes_part = boilerplate.whole < 0
        twin = np.full(documents.num_rows, -1, dtype=np.int64)
        if settings.within != "document" and len(document):
            found = find_twins(fingerprints.exact, takes_part, document, document_groups)
            twin[: len(found)] = found
        takes_part[in_pieces] = False
        groups = None if document_groups is None else document_groups[document]
        distinct = find_equal(fingerprints.exact, groups)
        # One of each set of equals takes part in matching, whichever comes first of those that may.
        first = np.full(len(document), len(document), dtype=np.int64)
        np.minimum.at(first, distinct[takes_part], np.flatnonzero(takes_part))
        distinct = np.where(takes_part, first[distinct], distinct)
        eligible = takes_part & (distinct == np.arange(len(document)))
        matches = find_matches(documents, paragraphs, fingerprints, groups, eligible, settings, executor)
    return Evidence(documents, paragraphs, fingerprints, cuts, boilerplate, distinct, matches, takes_part, twin, order)


def _fingerprint(
    documents: pa.Table, settings: Settings, executor: Executor, run: _Run
) -> tuple[pa.Table, Fingerprints, pa.Table]:
    """Split and fingerprint all documents, batch by batch; gives PARAGRAPHS, fingerprints and REPEATS."""
    cues = cue_limits(settings) if settings.boilerplate else {}

    def on_compiling(what: str) -> None:
        run.tell(f"compiling kernels for {what} (once per machine, some seconds)")

    def stage(batch: pa.Table) -> tuple[pa.Table, Fingerprints, pa.Table]:
        paragraphs = split_paragraphs(batch, settings, on_compiling)
        return paragraphs, *fingerprint_paragraphs(batch, paragraphs, cues, settings)

    def on_done(done: int, total: int) -> None:
        run.tell("fingerprint", done, total)

    core = documents.select(DOCUMENTS.names)
    results = map_batches(executor, core, settings.batch_bytes, stage, on_done) or [(0, stage(core))]
    return (
        _join([(first, paragraphs) for first, (paragraphs, _, _) in results], "document"),
        join_fingerprints([fingerprints for _, (_, fingerprints, _) in results]),
        _join(_by_paragraph(results), "paragraph"),
    )


def _by_paragraph(results: list[tuple[int, tuple[pa.Table, Fingerprints, pa.Table]]]) -> list[tuple[int, pa.Table]]:
    """Give the REPEATS of each batch with the number of paragraphs before it."""
    counts = [paragraphs.num_rows for _, (paragraphs, _, _) in results]
    before = np.concatenate([[0], np.cumsum(counts)])
    return [(int(first), repeats) for first, (_, (_, _, repeats)) in zip(before, results, strict=False)]


def _join(tables: list[tuple[int, pa.Table]], column: str) -> pa.Table:
    """Put batches one after the other; `column` counts from the first of its batch, whose place is given."""
    moved = []
    for first, table in tables:
        place = table.column_names.index(column)
        values = pa.array(view_numbers(table[column]) + first)
        moved.append(table.set_column(place, table.schema.field(place), values))
    return pa.concat_tables(moved).combine_chunks()
