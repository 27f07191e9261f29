"""The stages on the threads of this machine: kernels release the GIL, so that batches run side by side."""

from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

import numpy as np
import pyarrow as pa

from dedup.arrow_views import view_texts
from dedup.settings import Settings

Result = TypeVar("Result")


@contextmanager
def start_workers(settings: Settings) -> Iterator[Executor]:
    """Give the pool of threads for as long as the block lasts."""
    with ThreadPoolExecutor(settings.n_workers) as executor:
        yield executor


def cut_batches(documents: pa.Table, batch_bytes: int) -> list[tuple[int, int]]:
    """Give (first, last) of runs of whole documents, each of about `batch_bytes` of text; takes DOCUMENTS."""
    offsets = view_texts(documents["text"]).offsets
    batches = []
    first = 0
    while first < documents.num_rows:
        last = int(np.searchsorted(offsets, offsets[first] + batch_bytes, side="right")) - 1
        last = min(max(last, first + 1), documents.num_rows)
        batches.append((first, last))
        first = last
    return batches


def map_batches(
    executor: Executor,
    documents: pa.Table,
    batch_bytes: int,
    stage: Callable[[pa.Table], Result],
    on_done: Callable[[int, int], None],
) -> list[tuple[int, Result]]:
    """Give (first document, stage(batch)) for each run of documents, in order, whatever the number of workers.

    `on_done` is told (documents done, of how many) after each batch.
    """
    batches = cut_batches(documents, batch_bytes)
    results = []
    for (first, last), result in zip(
        batches, executor.map(lambda batch: stage(documents.slice(batch[0], batch[1] - batch[0])), batches), strict=True
    ):
        results.append((first, result))
        on_done(last, documents.num_rows)
    return results
