"""The circuit breaker: no run takes nearly all of a source for boilerplate without being told to."""

from typing import Final

import numpy as np

from dedup.errors import ImplausibleError
from dedup.evidence import Evidence
from dedup.settings import Settings
from dedup.shards import BOILERPLATE
from dedup.sites import Sites

FEWEST_DOCUMENTS: Final = 10
FEWEST_CHARS: Final = 10_000
"""A smaller source may well be all furniture: a handful of index pages."""
_MOST_NAMED: Final = 3


def find_implausible(evidence: Evidence, sites: Sites, settings: Settings) -> str | None:
    """Say of which sources boilerplate would take more than settings.max_source_share; None if of none.

    A source is a site; documents whose site is not known are one together.
    """
    columns = evidence.columns
    taken = np.zeros(columns.n_documents, dtype=np.int64)
    for shard in range(columns.n_shards):
        first, last = columns.shard_paragraphs[shard : shard + 2].tolist()
        gone = first + np.flatnonzero(columns.flags[first:last] & BOILERPLATE)
        np.add.at(taken, columns.document[gone], columns.char_end[gone] - columns.char_start[gone])
        evidence.storage.release()
    source = sites.of_document + 1
    n_documents = np.bincount(source)
    n_chars, n_taken = (np.bincount(source, weights=counts) for counts in (columns.n_chars, taken))
    share = n_taken / np.maximum(n_chars, 1)
    is_large = (n_documents >= FEWEST_DOCUMENTS) & (n_chars >= FEWEST_CHARS)
    found = np.flatnonzero(is_large & (share > settings.max_source_share))
    if not len(found):
        return None
    worst = found[np.argsort(-n_taken[found], kind="stable")].tolist()
    named = [
        f"{100 * share[place]:.0f} % of {_name(sites, place)} ({n_documents[place]:,} documents)"
        for place in worst[:_MOST_NAMED]
    ]
    more = f" and as much of {len(worst) - _MOST_NAMED:,} more sites" if len(worst) > _MOST_NAMED else ""
    return f"boilerplate would take {', '.join(named)}{more}"


def check_plausible(complaint: str | None, settings: Settings) -> None:
    """Raise ImplausibleError if find_implausible has found something."""
    if complaint is not None:
        raise ImplausibleError(
            f"{complaint}, which is more than max_source_share ({settings.max_source_share:g}); look at it with "
            "--dry-run, leave out what is wrong with --without, or go on with --max-source-share 1"
        )


def _name(sites: Sites, place: int) -> str:
    if place:
        return f"the site {sites.names[place - 1].as_py()!r}"
    return "all documents" if len(sites.names) == 0 else "the documents of no known site"
