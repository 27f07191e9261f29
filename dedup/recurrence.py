"""Boilerplate by recurrence: what stands on pages that are not copies of one another, and where furniture stands.

docs/design.md, section 6, tells what the numbers rest on.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from dedup.kernels import recurrence as kernels
from dedup.shards import BOILERPLATE, LABEL, NO_LETTERS, REPEATS_ITSELF, SENTENCE, SPEECH, VERBATIM, Columns
from dedup.storage import Storage

FEWEST_CLUSTERS: Final = 3
"""Clusters of unlike documents of one site in which boilerplate stands at least."""
FEWEST_UNITS: Final = 3
"""The same over all sites, or where none is known."""
LEAST_SHARE: Final = 0.0025
"""Of all clusters, or units: among very many documents some share a passage by chance, or for sharing a subject."""
MANY_CLUSTERS: Final = 5
MANY_UNITS: Final = 10
MANY_SHARE: Final = 0.01
"""From here on the number itself speaks for it."""
SHARE_OF_SITE, FEWEST_OF_SITE = 0.2, 4
SHARE_OF_ALL, FEWEST_OF_ALL = 0.5, 5
"""Such a share of all clusters, or units, and so many, speak for it."""
LEAST_SCORE: Final = 2

SHARED_SHARE: Final = 0.5
"""Documents that share as much, by tokens weighed by how rare they are, count as copies, together once."""

N_START, N_LAST, EDGE_SHARE = 2, 3, 0.6
"""It stands at the edge if as many of its occurrences are among so many first or last paragraphs."""
FEWEST_HEADED: Final = 3
"""Lines that recur right above a document's own prose: where there are so many, they are its headings or questions."""
COMPANY_SHARE, COMPANY_SHARE_IN_FORMS = 0.6, 0.75
"""Share of the clusters of whichever recurs more in which the same boilerplate is beside it, for that to speak for it;
in documents with such headings ingredients and remarks meet by chance in half."""
SHARE_OF_SENTENCES: Final = 0.5
"""A sentence amid prose that fewer of all clusters have is taken for a formula, a question, a step."""
LONG_TOKENS, LONGER_TOKENS = 8, 20
SHORT_TOKENS: Final = 4
"""Shorter lines recur by chance where no site is known ("THE END"), lines that are not long as headings anywhere."""

_ROUNDS: Final = 3  # what recurs says which documents are copies, and the other way round

VOTES: Final = ("many", "share", "edge", "neighbours", "long", "longer")
"""What speaks for it, a bit each; without one of the first four nothing does, for a good sentence is quoted as well."""
OBJECTIONS: Final = ("no-letters", "label", "speech", "short", "sentence")
"""What speaks against it, a bit each after those of VOTES."""
_PLACED: Final = 4
_WEIGHTS: Final = np.array([1] * len(VOTES) + [-3, -1, -1, -1, -2], dtype=np.int32)

BY_SITE, BY_CORPUS = range(2)
RECURRING_RULES: Final = ("recurring/site", "recurring/corpus")
"""What a removal names."""


@dataclass(frozen=True, slots=True)
class Recurring:
    """n paragraphs that go because they recur, ascending: paragraph int32[n]; the others tell why.

    rule uint8[n], a place in RECURRING_RULES; clusters int32[n], in how many unlike documents, or sites, it stands, of
    so many: among int32[n]; votes uint16[n], bits of VOTES and OBJECTIONS.
    """

    paragraph: NDArray[np.int32]
    rule: NDArray[np.uint8]
    clusters: NDArray[np.int32]
    among: NDArray[np.int32]
    votes: NDArray[np.uint16]

    def take(self, which: NDArray[Any]) -> "Recurring":
        """Give some of them."""
        return Recurring(*(getattr(self, name)[which] for name in self.__dataclass_fields__))


def find_recurring(
    columns: Columns,
    equal: NDArray[np.int32],
    alike: tuple[NDArray[np.int32], NDArray[np.int32]],
    sites: NDArray[np.int32],
    storage: Storage,
) -> Recurring:
    """Find what recurs within a site, and over all documents.

    equal int32[p], the first paragraph equal to each in the whole corpus; alike: pairs of such, int32[m] each, that
    are the same text but for small edits; sites int32[d], the site that each document is of, -1 where not known.
    """
    p = columns.n_paragraphs
    classes = storage.array("classes", p, np.int32)
    if len(alike[0]):
        parent = storage.array("parents", p, np.int32)
        parent[:] = np.arange(p, dtype=np.int32)
        kernels.join_classes(*alike, parent)
        kernels.settle_classes(equal, parent, classes)
        storage.drop(parent)
    else:
        classes[:] = equal
    last = storage.array("last", p, np.int32)
    n_documents = storage.array("counts", p, np.int32)
    last[:], n_documents[:] = -1, 0
    kernels.count_documents(classes, columns.document, columns.flags, BOILERPLATE, last, n_documents)
    storage.release()
    found = []
    if len(sites) and sites.max() >= 0:
        found.append(_find_in(columns, classes, n_documents, last, sites, None, storage))
    found.append(_find_in(columns, classes, n_documents, last, np.zeros_like(sites), sites, storage))
    for array in (classes, last, n_documents):
        storage.drop(array)
    return _join(found)


def describe_votes(recurring: Recurring, row: int) -> str:
    """Give what speaks for the removal of one paragraph, and against it, in a line."""
    names = [name for bit, name in enumerate((*VOTES, *OBJECTIONS)) if int(recurring.votes[row]) >> bit & 1]
    said = [name if name in VOTES else f"not {name}" for name in names]
    return f"in {recurring.clusters[row]} of {recurring.among[row]} clusters: {', '.join(said)}"


@dataclass(frozen=True, slots=True)
class _Scope:
    """The documents that are looked at together, n of them, and their m rows, of k classes, as kernels.gather_rows."""

    order: NDArray[np.int64]
    scope: NDArray[np.int32]  # of each in order
    first_row: NDArray[np.int64]
    rows: NDArray[np.int32]
    row_classes: NDArray[np.int32]
    alone: NDArray[np.int64]
    n_documents: NDArray[np.int32]
    tokens: NDArray[np.int32]
    first_rank: NDArray[np.int32]
    sample: NDArray[np.int32]

    def unset(self, *width: int) -> NDArray[np.int32]:
        """Give an array for the classes, -1 for each."""
        return np.full((len(self.tokens), *width), -1, dtype=np.int32)

    def zeros(self, *width: int) -> NDArray[np.int32]:
        """Give an array for the classes, 0 for each."""
        return np.zeros((len(self.tokens), *width), dtype=np.int32)


def _find_in(
    columns: Columns,
    classes: NDArray[np.int32],
    n_documents: NDArray[np.int32],
    stamp: NDArray[np.int32],
    scopes: NDArray[np.int32],
    sites: NDArray[np.int32] | None,
    storage: Storage,
) -> Recurring:
    """Find what recurs in each scope (int32[d], -1: not looked at); with `sites` it has to be over several of them."""
    is_corpus = sites is not None
    scope = _gather(columns, classes, n_documents, stamp, scopes, storage)
    unlike = _cluster(scope, FEWEST_UNITS if is_corpus else FEWEST_CLUSTERS)
    n_units = _count_units(scope, unlike)
    sizes = np.bincount(scope.scope[np.unique(unlike)])[scope.scope[scope.first_rank]]  # clusters in its scope
    if sites is not None and sites.max(initial=-1) >= 0:
        of_site = sites[scope.order]
        units = np.where(of_site >= 0, of_site, sites.max() + 1 + unlike).astype(np.int32)
        n_units = np.minimum(n_units, _count_units(scope, units))
        sizes = np.minimum(sizes, len(np.unique(units)))
    fewest = np.maximum(FEWEST_UNITS if is_corpus else FEWEST_CLUSTERS, LEAST_SHARE * sizes)
    is_candidate = n_units >= fewest
    is_candidate &= columns.flags[scope.sample] & VERBATIM == 0
    votes = _vote(columns, scope, unlike, n_units, sizes, is_candidate, is_corpus=is_corpus)
    goes = is_candidate & (_score(votes) >= LEAST_SCORE)
    # Of a paragraph that holds a repeat of itself the proof is in the rest, which therefore stays.
    chosen = np.flatnonzero(goes[scope.row_classes] & (columns.flags[scope.rows] & REPEATS_ITSELF == 0))
    of_class = scope.row_classes[chosen]
    found = Recurring(
        scope.rows[chosen],
        np.full(len(chosen), BY_CORPUS if is_corpus else BY_SITE, dtype=np.uint8),
        n_units[of_class],
        sizes[of_class].astype(np.int32),
        votes[of_class],
    )
    storage.drop(scope.rows)
    storage.drop(scope.row_classes)
    return found


def _gather(
    columns: Columns,
    classes: NDArray[np.int32],
    n_documents: NDArray[np.int32],
    stamp: NDArray[np.int32],
    scopes: NDArray[np.int32],
    storage: Storage,
) -> _Scope:
    """List the documents and rows of scopes that have several documents."""
    known = np.flatnonzero(scopes >= 0)
    several = np.bincount(scopes[known]) > 1
    known = known[several[scopes[known]]]
    order = known[np.argsort(scopes[known], kind="stable")].astype(np.int64)
    ids = storage.array("class-ids", columns.n_paragraphs, np.int32)
    first_row, alone = np.empty(len(order) + 1, dtype=np.int64), np.empty(len(order), dtype=np.int64)
    rows = row_classes = np.empty(0, dtype=np.int32)
    n_classes = 0
    for turn in range(2):  # to count them, and to list them
        stamp[:] = -1
        n_rows, n_classes = kernels.gather_rows(
            order, scopes, columns.first_paragraph, classes, columns.n_tokens, columns.flags, BOILERPLATE,
            n_documents, stamp, ids, first_row, alone, rows, row_classes,
        )  # fmt: skip
        if turn == 0:
            rows, row_classes = (storage.array(name, n_rows, np.int32) for name in ("rows", "row-classes"))
        storage.release()
    storage.drop(ids)
    numbers = [np.zeros(n_classes, dtype=np.int32) for _ in range(4)]
    last = np.full(n_classes, -1, dtype=np.int32)
    kernels.describe_classes(first_row, rows, row_classes, columns.n_tokens, last, *numbers)
    return _Scope(order, scopes[order], first_row, rows, row_classes, alone, *numbers)


def _cluster(scope: _Scope, fewest: int) -> NDArray[np.int32]:
    """Give the cluster of each document, int32[n], one of its documents.

    Pages that are mostly furniture must not be of one cluster for that: what is on all pages of a site weighs next to
    nothing, and what recurs by the last round's clusters nothing at all.
    """
    n = len(scope.order)
    sizes = np.bincount(scope.scope) if n else np.zeros(0, dtype=np.int64)
    weights = np.maximum(scope.tokens, 1) * np.log((sizes[scope.scope[scope.first_rank]] + 1) / scope.n_documents)
    alone = scope.alone * np.log(sizes[scope.scope] + 1)
    parent = np.empty(n, dtype=np.int32)
    recurs = np.zeros(len(weights), dtype=np.bool_)
    for _ in range(_ROUNDS):
        kernels.cluster_documents(
            scope.first_row, scope.row_classes, alone, np.where(recurs, 0.0, weights), SHARED_SHARE, scope.unset(),
            scope.unset(), np.empty(n), np.zeros(n), np.empty(n, dtype=np.int32), parent,
        )  # fmt: skip
        found = _count_units(scope, parent) >= fewest
        if np.array_equal(found, recurs):
            break
        recurs = found
    return parent


def _count_units(scope: _Scope, unit: NDArray[np.int32]) -> NDArray[np.int32]:
    """Give in how many units each class is, int32[k]; unit int32[n], of each document."""
    n_units = scope.zeros()
    kernels.count_units(_walk(unit), unit, scope.first_row, scope.row_classes, scope.unset(), n_units)
    return n_units


def _walk(unit: NDArray[np.int32]) -> NDArray[np.int64]:
    return np.argsort(unit, kind="stable").astype(np.int64)


def _vote(
    columns: Columns,
    scope: _Scope,
    unlike: NDArray[np.int32],
    n_units: NDArray[np.int32],
    sizes: NDArray[np.int64],
    is_candidate: NDArray[np.bool_],
    *,
    is_corpus: bool,
) -> NDArray[np.uint16]:
    """Give the bits of VOTES and OBJECTIONS of each class, uint16[k]."""
    occurrences, at_edge, in_forms = scope.zeros(), scope.zeros(), scope.zeros()
    kernels.count_edges(
        scope.order, columns.first_paragraph, scope.first_row, scope.rows, scope.row_classes, is_candidate,
        columns.n_tokens, columns.flags, BOILERPLATE, SPEECH, LONG_TOKENS, FEWEST_HEADED, N_START, N_LAST, occurrences,
        at_edge, in_forms,
    )  # fmt: skip
    neighbour, beside = scope.zeros(2), scope.zeros(2)
    kernels.count_company(
        _walk(unlike), unlike, scope.order, columns.first_paragraph, scope.first_row, scope.rows, scope.row_classes,
        is_candidate, columns.flags, BOILERPLATE, neighbour, scope.zeros(2), scope.unset(2), beside,
    )  # fmt: skip
    shape = columns.flags[scope.sample]
    fewest, many, share, of_share = FEWEST_CLUSTERS, MANY_CLUSTERS, SHARE_OF_SITE, FEWEST_OF_SITE
    if is_corpus:
        fewest, many, share, of_share = FEWEST_UNITS, MANY_UNITS, SHARE_OF_ALL, FEWEST_OF_ALL
    at_edge_mostly = at_edge >= np.maximum(EDGE_SHARE * occurrences, 1)
    is_of_form = 2 * in_forms > occurrences
    n_either = np.maximum(n_units[:, None], np.append(n_units, 0)[neighbour])
    least = np.where(is_of_form, COMPANY_SHARE_IN_FORMS, COMPANY_SHARE)[:, None] * n_either
    in_company = (beside >= np.maximum(least, fewest)).any(axis=1)
    is_long, is_amid = scope.tokens >= LONG_TOKENS, ~at_edge_mostly & ~in_company
    said = [
        n_units >= np.maximum(many, MANY_SHARE * sizes),
        (n_units >= of_share) & (n_units >= share * sizes),
        at_edge_mostly,
        in_company,
        is_long,
        scope.tokens >= LONGER_TOKENS,
        shape & NO_LETTERS != 0,
        shape & SENTENCE == LABEL,
        shape & SENTENCE == SPEECH,
        (~is_long & is_amid) | ((scope.tokens < SHORT_TOKENS) & is_corpus),
        (shape & SPEECH != 0) & is_long & is_amid & (is_of_form | (n_units < SHARE_OF_SENTENCES * sizes)),
    ]
    votes = np.zeros(len(n_units), dtype=np.uint16)
    for bit, holds in enumerate(said):
        votes |= holds.astype(np.uint16) << np.uint16(bit)
    return votes


def _score(votes: NDArray[np.uint16]) -> NDArray[np.int32]:
    """Weigh votes and objections against each other, int32[k]; 0 where no vote is about the place or the number."""
    score = np.zeros(len(votes), dtype=np.int32)
    for bit, weight in enumerate(_WEIGHTS.tolist()):
        score += weight * (votes >> np.uint16(bit) & np.uint16(1)).astype(np.int32)
    return np.where(votes & np.uint16((1 << _PLACED) - 1), score, 0)


def _join(found: list[Recurring]) -> Recurring:
    """Put what was found in one after the other, the first that found a paragraph telling why."""

    def columns() -> Iterator[NDArray[Any]]:
        for name in Recurring.__dataclass_fields__:
            yield np.concatenate([getattr(one, name) for one in found])

    joined = Recurring(*columns())
    _, first = np.unique(joined.paragraph, return_index=True)
    return joined.take(first)
