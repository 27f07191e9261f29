"""Which tools are compared, with which settings, and what has to be installed for each."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

DEDUP: Final = "dedup"
FLOOR: Final = "pyarrow"

ENVIRONMENTS: Final[Mapping[str, tuple[str, ...]]] = {
    "daft": ("daft==0.7.26", "pyarrow==25.0.1", "numpy==2.4.6", "scipy==1.17.1"),
    "datasketch": ("datasketch==2.0.0", "xxhash==4.1.0", "pyarrow==26.0.1", "numpy==2.4.6", "scipy==1.17.1"),
    "rensa": ("rensa==0.5.0", "pyarrow==26.0.1", "numpy==2.4.6"),
    # boto3 is what s3fs 2023.6 goes with: left to itself, pip tries hundreds of versions; NumPy 1 ends with pyarrow 18
    "dolma": ("dolma==1.2.1", "boto3==1.26.161", "pyarrow==18.1.0", "numpy==1.26.4"),
    # its tokenizer of English is spaCy's, which none of these extras names
    "datatrove": ("datatrove[io,processing]==0.10.1", "spacy==3.8.18", "pyarrow==26.0.1", "numpy==2.4.6"),
    "text-dedup": ("text-dedup==0.4.0", "pyarrow==26.0.1", "numpy==2.4.6"),  # 0.4.1 asks for Python 3.12
}
"""By name, what pip installs: the tool, what its adapter needs, and what pip cannot choose by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """One line of the table."""

    name: str
    title: str
    settings: str
    verifies: Literal["", "no", "by signature", "by text"]
    adapter: str | None = None  # module in adapters; None is dedup's own command
    options: tuple[str, ...] = ()  # {n_paragraphs} is put in
    environment: str | None = None  # one of ENVIRONMENTS; None is the environment that runs the benchmark
    reads: Literal["corpus", "paragraphs", "documents"] = "paragraphs"
    is_slow: bool = False  # runs once, and over the small corpus if there is one
    tells_afterwards: bool = False  # `found.parquet` comes from a second run of the adapter, which is not measured


def _bands(tokens: int, bands: int, rows: int) -> tuple[str, ...]:
    return ("--tokens", str(tokens), "--bands", str(bands), "--rows", str(rows))


NO_GUARDS: Final = (
    *("--min-tokens", "1", "--min-near-tokens", "1", "--allow-different-facts"),
    *("--no-boilerplate", "--no-repeats", "--copy-share", "1"),
)
"""Asks of dedup what the other tools are asked: paragraphs that resemble each other, and nothing else."""

TOOLS: Final = (
    Tool(name=FLOOR, title="pyarrow", settings="reads and writes", verifies="", adapter="pyarrow", reads="corpus"),
    Tool(name=DEDUP, title="dedup clean", settings="as it comes", verifies="by text", reads="corpus"),
    Tool(
        name="dedup-open",
        title="dedup clean",
        settings="no guards, from .5 up",
        verifies="by text",
        options=NO_GUARDS,
        reads="corpus",
    ),
    Tool(
        name="dedup-low",
        title="dedup clean",
        settings="no guards, from .4 up",
        verifies="by text",
        options=("--similarity", "0.4", *NO_GUARDS),
        reads="corpus",
    ),
    Tool(
        name="daft-3",
        title="Daft",
        settings="3 tokens, 32x4",
        verifies="no",
        adapter="daft",
        options=(*_bands(3, 32, 4), "--hashed", "0"),
        environment="daft",
    ),
    Tool(
        name="daft-3-hashed",
        title="Daft, hashed bands",
        settings="3 tokens, 32x4",
        verifies="no",
        adapter="daft",
        options=(*_bands(3, 32, 4), "--hashed", "1"),
        environment="daft",
    ),
    Tool(
        name="daft-5",
        title="Daft",
        settings="5 tokens, 16x8",
        verifies="no",
        adapter="daft",
        options=(*_bands(5, 16, 8), "--hashed", "0"),
        environment="daft",
    ),
    Tool(
        name="rensa-3",
        title="rensa",
        settings="3 tokens, 32x4, from .3 up",
        verifies="by signature",
        adapter="rensa",
        options=(*_bands(3, 32, 4), "--threshold", "0.3"),
        environment="rensa",
    ),
    Tool(
        name="rensa-5",
        title="rensa",
        settings="5 tokens, 16x8, from .5 up",
        verifies="by signature",
        adapter="rensa",
        options=(*_bands(5, 16, 8), "--threshold", "0.5"),
        environment="rensa",
    ),
    Tool(
        name="datasketch-3",
        title="datasketch",
        settings="3 tokens, 32x4",
        verifies="no",
        adapter="datasketch",
        options=_bands(3, 32, 4),
        environment="datasketch",
    ),
    Tool(
        name="datasketch-5",
        title="datasketch",
        settings="5 tokens, 16x8",
        verifies="no",
        adapter="datasketch",
        options=_bands(5, 16, 8),
        environment="datasketch",
    ),
    Tool(
        name="dolma",
        title="dolma",
        settings="Bloom filter, exact",
        verifies="no",
        adapter="dolma",
        options=("--paragraphs", "{n_paragraphs}"),
        environment="dolma",
        reads="documents",
        tells_afterwards=True,
    ),
    Tool(
        name="text-dedup",
        title="text-dedup",
        settings="5 tokens, 16x8",
        verifies="no",
        adapter="text_dedup",
        options=_bands(5, 16, 8),
        environment="text-dedup",
        is_slow=True,
        tells_afterwards=True,
    ),
    Tool(
        name="datatrove",
        title="datatrove",
        settings="5 tokens, 14x8",
        verifies="no",
        adapter="datatrove",
        options=_bands(5, 14, 8),
        environment="datatrove",
        is_slow=True,
        tells_afterwards=True,
    ),
)
