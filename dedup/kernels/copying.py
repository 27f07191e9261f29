"""Spans of a text copied to where they are to be together with spans of other texts."""

import numpy as np

from dedup.kernels.borrowing import borrows


@borrows
def copy_wanted(text, offsets, first_document, document, start, wanted, ranges, starts, data):
    """Copy spans of the documents of one shard.

    text uint8[]; offsets int64[], of its documents, the first of which is number first_document; document int[p] and
    start int64[p], where each span is; wanted int32[n], spans; ranges int64[r, 2], which of `wanted` to copy; starts
    int64[n + 1], where in data uint8[] each goes, and so how long it is.
    """
    for row in range(len(ranges)):
        for place in range(ranges[row, 0], ranges[row, 1]):
            span = wanted[place]
            # unsigned, so that the loop is compiled to one copy
            source = np.uint64(offsets[document[span] - first_document] + start[span])
            target = np.uint64(starts[place])
            for at in range(np.uint64(starts[place + 1]) - target):
                data[target + at] = text[source + at]
