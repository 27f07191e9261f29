"""All that the stages have measured, which is all that the verdicts rest on."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from dedup.cuts import Boilerplate, Cuts
from dedup.fingerprints import Fingerprints
from dedup.matching import Matches


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of d documents and their p paragraphs.

    documents DOCUMENTS; paragraphs PARAGRAPHS, trimmed; distinct int64[p], the first paragraph equal to each;
    takes_part bool[p], False for boilerplate and for paragraphs in pieces; twin int64[d], the first document of
    equal content or -1; order int64[d], documents by rank, best first.
    """

    documents: pa.Table
    paragraphs: pa.Table
    fingerprints: Fingerprints
    cuts: Cuts
    boilerplate: Boilerplate
    distinct: NDArray[np.int64]
    matches: Matches
    takes_part: NDArray[np.bool_]
    twin: NDArray[np.int64]
    order: NDArray[np.int64]
