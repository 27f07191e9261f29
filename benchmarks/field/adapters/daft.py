"""Daft: native `minhash`, bands by `explode` and `groupby`, as in its tutorial on Common Crawl.

With --hashed 1 each band is hashed to one number before it is grouped, which the tutorial does not do, and
which is three times as fast. Components are found by SciPy, where the tutorial joins tables until nothing changes.
"""

import os
import sys

os.environ["DAFT_PROGRESS_BAR"] = "0"

import daft
import numpy as np
from daft import col, lit

from benchmarks.field.adapters.paragraph_files import first_in_cluster, read_arguments, read_paragraphs, write_output

if __name__ == "__main__":
    arguments = read_arguments("tokens", "bands", "rows", "hashed")
    text = col("text").normalize(remove_punct=True, lowercase=True, white_space=True)
    signature = text.minhash(
        num_hashes=arguments.bands * arguments.rows, ngram_size=arguments.tokens, seed=1, hash_function="xxhash"
    )
    bands = (
        daft.read_parquet(f"{arguments.input}/*.parquet")
        .select("paragraph", signature.chunk(arguments.rows).alias("band"))
        .with_column("band_number", lit(list(range(arguments.bands))))
        .explode("band", "band_number")
    )
    if arguments.hashed:
        bands = bands.with_column("band", col("band").hash())
    pairs = (
        bands.groupby("band_number", "band")
        .agg(col("paragraph").list_agg().alias("paragraphs"))
        .where(col("paragraphs").length() > 1)
        .with_column("left", col("paragraphs").list_min())
        .explode("paragraphs")
        .where(col("left") != col("paragraphs"))
        .select("left", col("paragraphs").alias("right"))
        .distinct()
        .to_arrow()
    )
    paragraphs = read_paragraphs(arguments.input)
    numbers = paragraphs["paragraph"].to_numpy()
    left, right = (np.searchsorted(numbers, pairs[name].to_numpy()) for name in ("left", "right"))
    write_output(arguments.out, paragraphs, first_in_cluster(len(numbers), left, right))
    sys.stdout.flush()
    os._exit(0)  # threads of Daft 0.7 that outlive the interpreter abort the process
