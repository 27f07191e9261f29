"""Where a source cannot be read, or not to its end: what it gives until then, and the row in `rejected`."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

from dedup.batches import Reject
from dedup.sources import describe_os_error

Item = TypeVar("Item")


@dataclass(slots=True)
class UntilBroken(Generic[Item]):
    """Gives the items of a stream once; where reading them fails it ends, and reject() says so."""

    items: Iterator[Item]
    _error: OSError | None = None

    def __iter__(self) -> Iterator[Item]:
        """Give the items up to the break."""
        try:
            yield from self.items
        except OSError as error:
            self._error = error

    def reject(self, last: str = "") -> Iterator[Reject]:
        """Give the rest of the source as rejected if it broke; `last` is what was read before that."""
        if self._error is not None:
            yield reject_unreadable(self._error, last)


def reject_unreadable(error: OSError, last: str = "") -> Reject:
    """Give a source, or what follows `last` in it, as rejected."""
    return Reject(None, f"cannot be read: {describe_os_error(error)}{f' after {last}' if last else ''}")
