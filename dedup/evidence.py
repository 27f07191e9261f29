"""All that the stages have measured, which is all that the verdicts rest on."""

from concurrent.futures import Executor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dedup.matching import Matches
from dedup.recurrence import Recurring
from dedup.shards import Columns, Shards
from dedup.storage import Storage


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of d documents and their p paragraphs, and where the rest of it is.

    distinct int32[p], the first paragraph equal to each; twin int64[d], the first document of equal content or -1;
    order int64[d], documents by rank, best first, or None for reading order; recurring: what goes because it recurs.
    """

    columns: Columns
    shards: Shards
    distinct: NDArray[np.int32]
    matches: Matches
    twin: NDArray[np.int64]
    order: NDArray[np.int64] | None
    storage: Storage
    executor: Executor
    recurring: Recurring | None = None
