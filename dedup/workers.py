"""Work given to threads and taken back in order, so that no more than a few results wait at a time."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def map_ahead(
    executor: Executor, work: Callable[[Item], Result], items: Iterable[Item], n_ahead: int
) -> Iterator[Result]:
    """Give work(item) for each item, in order; at most n_ahead items are at work or done and not taken."""
    waiting: deque[Future[Result]] = deque()
    try:
        for item in items:
            if len(waiting) == n_ahead:
                yield waiting.popleft().result()
            waiting.append(executor.submit(work, item))
        while waiting:
            yield waiting.popleft().result()
    finally:
        for future in waiting:
            future.cancel()
