"""text-dedup: its command `text_dedup.minhash` over paragraphs as documents.

xxh3 and 32 bits are its fastest settings; --min_length 1 keeps short paragraphs, which it would drop from the
output; --debug makes it write the clusters, from which `found.parquet` is read. Output is a folder of Arrow files.
"""

import argparse
import os
import pickle
import subprocess
import sys

import numpy as np

from benchmarks.field.adapters.paragraph_files import read_arguments, read_paragraphs, write_found


def run(arguments: argparse.Namespace) -> None:
    """Run the command."""
    options = {
        "path": "parquet",
        "data_files": f"{arguments.input}/*.parquet",
        "split": "train",
        "cache_dir": str(arguments.out / "cache"),
        "output": str(arguments.out / "clean"),
        "column": "text",
        "ngram": arguments.tokens,
        "min_length": 1,
        "num_perm": arguments.bands * arguments.rows,
        "b": arguments.bands,
        "r": arguments.rows,
        "hash_func": "xxh3",
        "hash_bits": 32,
    }
    words = [word for name, value in options.items() for word in (f"--{name}", str(value))]
    variables = {**os.environ, "HF_HOME": str(arguments.out / "cache")}
    subprocess.run([sys.executable, "-m", "text_dedup.minhash", *words, "--debug"], check=True, env=variables)


def tell(arguments: argparse.Namespace) -> None:
    """Read the clusters it wrote, by row of the input; the one it calls their root stays."""
    clusters = pickle.loads((arguments.out / "clean" / "uf.pkl").read_bytes())
    paragraphs = read_paragraphs(arguments.input)
    kept = np.arange(len(paragraphs))
    for row in list(clusters.parent):
        kept[row] = clusters.find(row)
    write_found(arguments.out, paragraphs["paragraph"].to_numpy(), kept)


if __name__ == "__main__":
    options = read_arguments("tokens", "bands", "rows")
    (tell if options.tell else run)(options)
