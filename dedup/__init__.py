"""dedup: repeated and boilerplate text taken out of documents, each removal proved.

    clean(documents)             clean documents in memory: lists, dicts, Arrow data, data frames -> Result
    clean_files(sources, target) clean files and folders into a folder of Parquet -> Report
    preview_files(sources)       the same, writing nothing -> Result
    restore(cleaned)             every original text again, byte for byte
    explain(out, doc_id)         one document: what went, why, and what it matched
    minhashes, minhash_lsh       our fingerprints as datasketch objects
    Settings                     every choice, with its default

Every error that is not a bug is a DedupError. Nothing here prints.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dedup.errors import (
    ColumnError,
    DedupError,
    ExtractionError,
    InputError,
    MissingInputError,
    OutputError,
    RuleError,
    SchemaError,
    SettingsError,
    UnknownDocumentError,
)
from dedup.settings import Settings

if TYPE_CHECKING:
    import pyarrow as pa
    from datasketch import MinHash, MinHashLSH

    from dedup.pipeline import Progress
    from dedup.reporting.explanation import Explanation
    from dedup.reporting.report import Report
    from dedup.restoring import Cleaned
    from dedup.result import Result

__all__ = [
    "ColumnError",
    "DedupError",
    "Explanation",
    "ExtractionError",
    "InputError",
    "MissingInputError",
    "OutputError",
    "Report",
    "Result",
    "RuleError",
    "SchemaError",
    "Settings",
    "SettingsError",
    "UnknownDocumentError",
    "clean",
    "clean_files",
    "explain",
    "minhash_lsh",
    "minhashes",
    "preview_files",
    "restore",
]

# The modules behind these take a second to import, so each is imported when it is first used.
_LAZY = {
    "Explanation": "dedup.reporting.explanation",
    "Report": "dedup.reporting.report",
    "Result": "dedup.result",
}


def clean(
    documents: Any, settings: Settings | None = None, *, on_progress: "Progress | None" = None, **changes: Any
) -> "Result":
    """Clean documents in memory and give the clean ones, all that was removed, and the figures.

    `documents` is an iterable of strings, of dicts, or of pyarrow RecordBatches or Tables with the same columns; a
    pyarrow Table, RecordBatch, RecordBatchReader, Dataset or Scanner; or anything that offers the Arrow PyCapsule
    interface (polars, pandas, DuckDB), as a stream or as one array. Settings may be given as an object, by name, or
    both: `clean(documents, similarity=0.8)`. `on_progress` is called as (stage, done, total). Raises DedupError: for
    a setting, a column or an input that cannot be used.

    >>> import dedup
    >>> dedup.clean(["cat", "dog", "cat"]).texts
    ['cat', 'dog']
    """
    from dedup import pipeline

    return pipeline.clean(documents, _settings(settings, changes), on_progress)


def clean_files(
    sources: str | Path | Sequence[str | Path],
    target: str | Path,
    settings: Settings | None = None,
    *,
    overwrite: bool = False,
    fresh: bool = False,
    staging: str | Path | None = None,
    on_progress: "Progress | None" = None,
    **changes: Any,
) -> "Report":
    """Clean files, folders and globs into the folder `target`, which appears whole or not at all.

    What does not fit into `memory` is staged in a folder beside `target`, or in one in `staging`; if the run is cut
    off, the same call goes on from there, unless `fresh`. docs/output.md says what is in the output. Raises
    DedupError: for a setting, an input or an output folder that cannot be used; a document that cannot be read is no
    error but a row in `rejected`.
    """
    from dedup import pipeline

    return pipeline.clean_files(
        _sources(sources),
        target,
        _settings(settings, changes),
        overwrite=overwrite,
        fresh=fresh,
        staging=staging,
        on_progress=on_progress,
    )


def preview_files(
    sources: str | Path | Sequence[str | Path],
    settings: Settings | None = None,
    *,
    on_progress: "Progress | None" = None,
    **changes: Any,
) -> "Result":
    """Clean files, folders and globs in memory, writing nothing; raises as clean_files does."""
    from dedup import pipeline

    return pipeline.preview_files(_sources(sources), _settings(settings, changes), on_progress)


def restore(cleaned: "str | Path | Cleaned") -> "pa.Table":
    """Give every original text, byte for byte, in reading order, from an output folder or a Result.

    The columns are doc_id, source, text, then the user's own. Raises OutputError if
    the folder is not one of ours or was changed.
    """
    from dedup import restoring

    return restoring.restore(cleaned)


def explain(out: str | Path, doc_id: str) -> "Explanation":
    """Give one document of an output folder with what was removed from it, why, and what that matched.

    Raises UnknownDocumentError, with the nearest ids, if it holds no such document.
    """
    from dedup.reporting import explanation

    return explanation.explain(out, doc_id)


def minhashes(texts: Sequence[str], settings: Settings | None = None, **changes: Any) -> "list[MinHash]":
    """Give the fingerprint of each text as a datasketch MinHash, with no hash computed twice."""
    from dedup import sketches

    return sketches.minhashes(texts, _settings(settings, changes))


def minhash_lsh(texts: Sequence[str], settings: Settings | None = None, **changes: Any) -> "MinHashLSH":
    """Give a datasketch MinHashLSH filled with the fingerprints of the texts, keyed by their position."""
    from dedup import sketches

    return sketches.minhash_lsh(texts, _settings(settings, changes))


def __getattr__(name: str) -> Any:
    """Import Result, Report and Explanation when they are first asked for."""
    if name not in _LAZY:
        raise AttributeError(f"module 'dedup' has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(_LAZY[name]), name)


def _settings(settings: Settings | None, changes: dict[str, Any]) -> Settings:
    if settings is not None and not isinstance(settings, Settings):
        kind = type(settings).__name__
        raise SettingsError(f"settings are a Settings object, not of type {kind}; give them by name, as similarity=0.8")
    return (settings or Settings()).with_changes(changes)


def _sources(sources: str | Path | Sequence[str | Path]) -> Sequence[str | Path]:
    return [sources] if isinstance(sources, str | Path) else sources
