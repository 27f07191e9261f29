"""Texts with NUL characters, which are damage in any format: rejected, or repaired and counted."""

from collections.abc import Iterator
from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc

from dedup.arrow_views import view_texts
from dedup.batches import Batch, Reject, take_rows
from dedup.decoding.text import NUL_REASON

_NUL = "\0"


def without_nul(batch: Batch, errors: str) -> Iterator[Batch | Reject]:
    """Give a batch without NUL characters.

    With `errors="reject"` a Reject for each text that has one; with "repair" they become
    U+FFFD and are counted.
    """
    data, offsets = view_texts(batch.text)
    held = data[offsets[0] : offsets[-1]]
    if not len(held) or held.min():  # one pass at the speed of memory
        yield batch
        return
    counts = pc.count_substring(batch.text, _NUL)
    if errors == "repair":
        replaced = counts.cast(pa.int64())
        if batch.n_replaced is not None:
            replaced = pc.add(replaced, batch.n_replaced.fill_null(0))
        repaired = pc.if_else(pc.equal(replaced, 0), pa.scalar(None, pa.int64()), replaced)
        yield replace(batch, text=pc.replace_substring(batch.text, _NUL, "\ufffd"), n_replaced=repaired)
        return
    has_nul = pc.greater(counts, 0)
    for row in batch.rows.filter(has_nul).to_pylist():
        yield Reject(row, NUL_REASON, stage="decode")
    good = pc.indices_nonzero(pc.invert(has_nul))
    rows, ids, columns = take_rows(batch.rows, batch.ids, batch.columns, good)
    yield Batch(
        text=batch.text.take(good),
        rows=rows,
        ids=ids,
        columns=columns,
        text_column=batch.text_column,
        encodings=None if batch.encodings is None else batch.encodings.take(good),
        n_replaced=None if batch.n_replaced is None else batch.n_replaced.take(good),
        metadata={name: said.take(good) for name, said in batch.metadata.items()},
        is_file=batch.is_file,
    )
