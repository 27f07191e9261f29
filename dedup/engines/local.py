"""The stages on the threads of this machine: kernels release the GIL, so that shards run side by side."""

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from dedup.settings import Settings

Result = TypeVar("Result")


@contextmanager
def start_workers(settings: Settings) -> Iterator[Executor]:
    """Give the pool of threads for as long as the block lasts; what has not begun by its end is dropped."""
    executor = ThreadPoolExecutor(settings.n_workers)
    try:
        yield executor
    finally:
        executor.shutdown(cancel_futures=True)


def map_shards(
    executor: Executor, n_shards: int, most_ahead: int, stage: Callable[[int], Result]
) -> Iterator[Result]:
    """Give stage(shard) of every shard, in order, of which at most `most_ahead` are computed ahead of their turn."""
    waiting: deque[Future[Result]] = deque()
    for shard in range(n_shards):
        waiting.append(executor.submit(stage, shard))
        if len(waiting) > most_ahead:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()
