"""Values that are pickled within others, and are unpickled when somebody asks for them."""

import pickle
from typing import Any, Generic, TypeVar

Value = TypeVar("Value")


class Packed(Generic[Value]):
    """A value that is not None; where it was pickled with what holds it, only its bytes, until it is asked for."""

    __slots__ = ("_stored", "_value")

    def __init__(self, value: Value | None, stored: bytes = b"") -> None:
        """Hold a value, or what pickle made of it."""
        self._value = value
        self._stored = stored

    def get(self) -> Value:
        """Give the value."""
        value = self._value
        if value is None:
            value = self._value = pickle.loads(self._stored)  # noqa: S301 - our own
        return value

    def __reduce__(self) -> tuple[type["Packed[Any]"], tuple[None, bytes]]:
        """Be pickled as bytes."""
        return Packed, (None, self._stored or pickle.dumps(self._value))
