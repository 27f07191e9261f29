"""The stages on the threads of this machine: kernels release the GIL, so that shards run side by side."""

from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager

from dedup.settings import Settings


@contextmanager
def start_workers(settings: Settings) -> Iterator[Executor]:
    """Give the pool of threads for as long as the block lasts; what has not begun by its end is dropped."""
    executor = ThreadPoolExecutor(settings.n_workers)
    try:
        yield executor
    finally:
        executor.shutdown(cancel_futures=True)
