"""dolma: `dolma dedupe` marks repeated paragraphs by a Bloom filter, `dolma mix` cuts them out.

INPUT is a folder `documents` of compressed JSON lines, as dolma reads; made beforehand, which costs it nothing.
--paragraphs sizes the filter. A Bloom filter does not say whose copy a paragraph is.
"""

import argparse
import gzip
import json
import subprocess
import sys
from pathlib import Path

import numpy as np

from benchmarks.field.adapters.paragraph_files import UNNAMED, read_arguments, write_pairs

ATTRIBUTE = "repeated_paragraphs"


def run_dolma(arguments: list[str]) -> None:
    """Run a command of dolma."""
    subprocess.run([str(Path(sys.executable).with_name("dolma")), *arguments], check=True)


def repeated_lines(text: str, spans: list[list[float]]) -> list[int]:
    """Give the lines of a text that begin where a span does; offsets are characters."""
    line_at, start = {}, 0
    for number, line in enumerate(text.split("\n")):
        line_at[start] = number
        start += len(line) + 1
    return sorted(line_at[int(begin)] for begin, _, score in spans if score >= 1 and int(begin) in line_at)


def run(arguments: argparse.Namespace) -> None:
    """Run both commands."""
    out = arguments.out.resolve()
    documents = out / "documents"
    documents.symlink_to((arguments.input / "documents").resolve())
    run_dolma(
        [
            "dedupe",
            *("--documents", f"{documents}/*.gz"),
            *("--dedupe.name", ATTRIBUTE),
            *("--dedupe.paragraphs.attribute_name", ATTRIBUTE),
            "--dedupe.skip_empty",
            *("--bloom_filter.file", str(out / "bloom.bin")),
            "--no-bloom_filter.read_only",
            *("--bloom_filter.estimated_doc_count", str(arguments.paragraphs)),
            *("--bloom_filter.desired_false_positive_rate", "0.0001"),
            *("--processes", "2"),
        ]
    )
    stream = {
        "name": "clean",
        "documents": [f"{documents}/*.gz"],
        "attributes": [ATTRIBUTE],
        "output": {"path": str(out / "clean"), "max_size_in_bytes": 1_000_000_000},
        "span_replacement": [{"span": f"$.attributes.{ATTRIBUTE}", "min_score": 1.0, "replacement": ""}],
    }
    config = out / "mix.json"
    config.write_text(json.dumps({"streams": [stream], "processes": 2}), encoding="utf-8")
    run_dolma(["-c", str(config), "mix"])


def tell(arguments: argparse.Namespace) -> None:
    """Read the marks of the first command."""
    first, removed = 0, []
    for path in sorted((arguments.out / "documents").iterdir()):
        marked = arguments.out / "attributes" / ATTRIBUTE / path.name
        with gzip.open(path, "rt", encoding="utf-8") as texts, gzip.open(marked, "rt", encoding="utf-8") as marks:
            for line, mark in zip(texts, marks, strict=True):
                text, spans = json.loads(line)["text"], json.loads(mark)["attributes"].get(ATTRIBUTE, [])
                removed += [first + number for number in repeated_lines(text, spans)]
                first += text.count("\n") + 1
    numbers = np.array(removed, np.int64)
    write_pairs(arguments.out, numbers, np.full(len(numbers), UNNAMED))


if __name__ == "__main__":
    options = read_arguments("paragraphs")
    (tell if options.tell else run)(options)
