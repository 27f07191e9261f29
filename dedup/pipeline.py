"""The story of a run: the stages in order."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa

from dedup import reading, writing
from dedup.applying import apply_removals, list_overlaps
from dedup.boilerplate import keep_for_later, with_rules_read
from dedup.breaker import check_plausible, find_implausible
from dedup.clearing import RECURRING, clear_recurring
from dedup.compiling import compile_first_kernels
from dedup.corpus import Corpus, Gathering, Reader
from dedup.engines.local import start_workers
from dedup.equals import find_distinct, find_twins
from dedup.errors import DedupError, OutputError
from dedup.evidence import Evidence
from dedup.guard import Weights, weigh_matches
from dedup.handed_over import HandedOver
from dedup.kernels import are_compiled
from dedup.locking import lock_target
from dedup.matching import find_matches
from dedup.memory import free_bytes, plan_memory
from dedup.recall import measure_recall
from dedup.reporting.report import InputFigures, Report, ReportBuilder
from dedup.result import Result
from dedup.scopes import check_scope, group_documents, rank_documents
from dedup.settings import Settings
from dedup.staging import Identity, Staging, has_finished, hold_staging, remove_staging
from dedup.verdicts import judge
from dedup.workers import map_ahead

Progress = Callable[[str, int, int], None]
"""Told (stage, done, of how many); 0 of 0 where that is not known."""

_OVERLAPS_AT_A_TIME = 1 << 16
_SHARDS_BETWEEN = 8  # after which memory is given back while shards are written


class Sink(Protocol):
    """Takes the tables that come out, piece by piece."""

    def add(self, name: str, table: pa.Table) -> None:
        """Take the next rows of a table."""


@dataclass(slots=True)
class _Run:
    """What the stages of one run share: whom to tell, and how long each took."""

    on_progress: Progress | None
    is_preview: bool = False
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

    def on_compiling(self, what: str) -> None:
        self.tell(f"compiling kernels for {what} (once per machine, some seconds)")


def clean(documents: Any, settings: Settings, on_progress: Progress | None = None) -> Result:
    """Clean documents handed over in Python."""
    settings = with_rules_read(settings)
    return _clean_in_memory(HandedOver(documents, settings), settings, _Run(on_progress))


def preview_files(sources: Sequence[str | Path], settings: Settings, on_progress: Progress | None = None) -> Result:
    """Clean the documents of files and folders, writing nothing."""
    settings = with_rules_read(settings)
    reader = reading.FileReader(reading.plan_inputs(sources, settings), settings, on_progress)
    return _clean_in_memory(reader, settings, _Run(on_progress, is_preview=True))


def clean_files(
    sources: Sequence[str | Path],
    target: str | Path,
    settings: Settings,
    *,
    overwrite: bool = False,
    fresh: bool = False,
    staging: str | Path | None = None,
    on_progress: Progress | None = None,
) -> Report:
    """Clean the documents of files and folders into the folder `target`, which appears whole or not at all.

    What does not fit into memory is staged in a folder, from which the same call goes on if this one is cut off.
    """
    settings = with_rules_read(settings)
    try:
        writing.check_target(target, sources, overwrite)
    except OutputError:
        _clear_finished(target, staging, sources)
        raise
    run = _Run(on_progress)
    with lock_target(target), hold_staging(target, staging, sources) as folder:
        plan = reading.plan_inputs(sources, settings)
        writing.check_inputs(target, plan.inputs)
        place = Staging(folder, Identity.of(plan, settings))
        reader = reading.FileReader(plan, settings, on_progress)
        with place.told_if_full(), start_workers(settings) as executor:
            gathering = Gathering(settings, executor, plan_memory(settings), run.on_compiling, run.tell, place)
            if place.find(fresh=fresh):
                gathering.go_on(reader)
                if gathering.store.n_shards:
                    run.tell(f"going on with {gathering.store.n_shards:,} finished shards")
            with writing.OutputWriter(
                target, overwrite=overwrite, workers=settings.workers, goes_on=lambda: place.goes_on
            ) as output:
                report = _clean(reader, gathering, run, output)
                with run.stage("write"):
                    report_json = report.to_json()
                    place.note_report(report_json)
                    output.finish(report_json)
        place.remove()
    return report


def _clear_finished(target: str | Path, staging: str | Path | None, sources: Sequence[str | Path]) -> None:
    """Remove what the run that wrote the output there is was killed before it removed."""
    if not has_finished(target, staging):
        return
    with suppress(DedupError), lock_target(target), hold_staging(target, staging, sources) as folder:
        remove_staging(folder)


def _clean_in_memory(reader: Reader, settings: Settings, run: _Run) -> Result:
    """Clean all that a reader gives, and hold what comes out."""
    tables = _Tables()
    with start_workers(settings) as executor:
        report = _clean(
            reader, Gathering(settings, executor, plan_memory(settings), run.on_compiling, run.tell), run, tables
        )
    return Result(**{name: pa.concat_tables(pieces) for name, pieces in tables.pieces.items()}, report=report)


@dataclass(slots=True)
class _Tables:
    """A sink in memory."""

    pieces: dict[str, list[pa.Table]] = field(default_factory=dict)

    def add(self, name: str, table: pa.Table) -> None:
        """Hold rows."""
        self.pieces.setdefault(name, []).append(table)


def _clean(reader: Reader, gathering: Gathering, run: _Run, sink: Sink) -> Report:
    """Measure everything, judge once, apply the verdicts."""
    settings, executor = gathering.settings, gathering.executor
    if not are_compiled():
        run.tell("compiling kernels (once per machine, up to half a minute)")
        compile_first_kernels(settings.n_workers, free_bytes(settings))
    with run.stage("read"):
        corpus = gathering.gather(reader)
        keep_for_later()
        corpus.give_back_memory()
    evidence, weights, recall = _measure(corpus, gathering, run)
    with run.stage("judge"):
        corpus.give_back_memory()
        verdicts = judge(evidence, weights, settings)
    counts = ReportBuilder()

    def give(name: str, table: pa.Table) -> None:
        counts.add(name, table)
        sink.add(name, table)

    with run.stage("write"):
        ids = pa.chunked_array(corpus.ids, pa.string())
        n_shards = corpus.columns.n_shards

        def apply(shard: int) -> dict[str, pa.Table]:
            return apply_removals(evidence, verdicts, shard, ids)

        applied = map_ahead(executor, apply, range(n_shards), settings.n_workers + 1)
        for shard, tables in enumerate(applied):
            for name, table in tables.items():
                give(name, table)
            if shard % _SHARDS_BETWEEN == 0:
                corpus.give_back_memory()
            run.tell("write", shard + 1, n_shards)
        for first in range(0, max(1, verdicts.n_overlaps), _OVERLAPS_AT_A_TIME):
            last = min(first + _OVERLAPS_AT_A_TIME, verdicts.n_overlaps)
            give("overlaps", list_overlaps(evidence, verdicts, ids, first, last))
        give("rejected", corpus.rejected)
    return counts.build(
        figures=InputFigures(
            n_sources=corpus.n_sources,
            n_paragraphs=corpus.columns.n_paragraphs,
            n_chars=int(corpus.columns.n_chars.sum()),
            n_sites=corpus.n_sites,
            n_renamed_ids=corpus.n_renamed_ids,
            n_replaced_chars=corpus.n_replaced_chars,
            n_repaired=corpus.n_repaired,
            skipped=corpus.skipped,
            by_extractor=corpus.by_extractor,
            no_text_files=corpus.no_text_files,
        ),
        settings=settings,
        seconds=run.seconds,
        recall=recall,
        warnings=corpus.warnings,
    )


def _measure(corpus: Corpus, gathering: Gathering, run: _Run) -> tuple[Evidence, Weights, Any]:
    """Find what equals what, what is like what and what recurs, over all shards."""
    settings, executor = gathering.settings, gathering.executor
    store, storage, columns, budget = corpus.store, corpus.storage, corpus.columns, gathering.budget
    names = corpus.final.names
    of_group, of_rank = settings.within_column, (settings.keep_column or (None,))[0]
    if columns.n_documents or names:
        check_scope(names, settings)
    else:  # of rows that are no documents nobody knows the columns
        of_group = of_rank = None
    group_column = corpus.user_chunks(of_group) if of_group else None
    rank_column = pa.chunked_array(list(corpus.user_chunks(of_rank))) if of_rank else None
    groups = group_documents(columns.n_documents, group_column, settings)
    order = rank_documents(columns.n_bytes, rank_column, settings)
    looks_for_recurring = settings.boilerplate and RECURRING not in settings.without
    with run.stage("match"):
        distinct = equal = find_distinct(columns, groups, storage, budget.phase_bytes)
        if groups is not None and looks_for_recurring:
            equal = find_distinct(columns, None, storage, budget.phase_bytes)
        corpus.drop_exact()
        columns = corpus.columns
        matches = find_matches(
            store, columns, distinct, groups, settings, executor, storage, budget.phase_bytes,
            lambda done, total: run.tell("match", done, total),
        )  # fmt: skip
    twin = find_twins(columns, distinct)
    evidence = Evidence(columns, store, distinct, matches, twin, order, storage, executor)
    recall = None
    if settings.recall_sample:
        with run.stage("recall"):
            recall = measure_recall(store, columns, distinct, matches, groups, settings, executor)
    with run.stage("judge"):
        weights = weigh_matches(evidence, settings)
    if settings.boilerplate:
        with run.stage("recur"):
            sites = corpus.find_sites(settings)
            if looks_for_recurring:
                evidence = clear_recurring(evidence, weights, equal, sites.of_document, settings)
            corpus.n_sites = len(sites.names)
            complaint = find_implausible(evidence, sites, settings)
        if complaint is not None and run.is_preview:
            corpus.warnings.append(complaint)
        else:
            check_plausible(complaint, settings)
    return evidence, weights, recall
