"""Which stretches of a text are the same."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from dedup.kernels.alike import first_alike

PIECES = st.lists(
    st.tuples(st.sampled_from([b"", b"a", b"ab", b"ba", b"abab" * 5, b"abab" * 5 + b"c"]), st.integers(0, 2))
)


@given(PIECES)
def test_each_stretch_is_given_the_first_of_its_bytes_and_kind(pieces: list[tuple[bytes, int]]) -> None:
    """As a dictionary by bytes and kind would have it: nothing else counts, neither place nor neighbours."""
    text = np.frombuffer(b"".join(piece for piece, _ in pieces) or b" ", dtype=np.uint8)
    ends = np.cumsum([len(piece) for piece, _ in pieces], dtype=np.int64)
    sizes = np.array([len(piece) for piece, _ in pieces], dtype=np.int64)
    first = np.empty(len(pieces), dtype=np.int64)
    spans = np.column_stack([ends - sizes, ends])
    with np.errstate(over="ignore"):
        first_alike(text, spans, np.array([kind for _, kind in pieces], dtype=np.int64), first)
    known: dict[tuple[bytes, int], int] = {}
    assert first.tolist() == [known.setdefault(piece, row) for row, piece in enumerate(pieces)]
