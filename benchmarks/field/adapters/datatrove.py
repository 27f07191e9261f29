"""datatrove: its four steps of MinHash over paragraphs as documents, as in its example.

Two tasks where the example has many; `found.parquet` is read from the cluster ids that it puts into its output.
"""

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.field.adapters.paragraph_files import Ints, kept_by_cluster, read_arguments, write_pairs

N_TASKS = 2


def run(arguments: argparse.Namespace) -> None:
    """Run signatures, buckets, clusters and filter."""
    from datatrove.executor import LocalPipelineExecutor
    from datatrove.pipeline.dedup import MinhashDedupSignature
    from datatrove.pipeline.dedup.minhash import (
        MinhashConfig,
        MinhashDedupBuckets,
        MinhashDedupCluster,
        MinhashDedupFilter,
    )
    from datatrove.pipeline.readers import ParquetReader
    from datatrove.pipeline.writers import ParquetWriter

    out = arguments.out
    config = MinhashConfig(n_grams=arguments.tokens, num_buckets=arguments.bands, hashes_per_bucket=arguments.rows)

    def run_step(name: str, steps: list[Any], n_tasks: int) -> None:
        logs = str(out / "logs" / name)
        LocalPipelineExecutor(pipeline=steps, tasks=n_tasks, workers=min(n_tasks, N_TASKS), logging_dir=logs).run()

    def reader() -> Any:
        return ParquetReader(str(arguments.input), glob_pattern="*.parquet", adapter=as_document)

    def writer(name: str) -> Any:
        return ParquetWriter(str(out / name), compression="zstd")

    run_step("signatures", [reader(), MinhashDedupSignature(str(out / "signatures"), config=config)], N_TASKS)
    buckets = MinhashDedupBuckets(str(out / "signatures"), str(out / "buckets"), config=config)
    run_step("buckets", [buckets], config.num_buckets)
    clusters = MinhashDedupCluster(str(out / "buckets"), str(out / "clusters"), config=config, save_cluster_id=True)
    run_step("clusters", [clusters], 1)
    chosen = MinhashDedupFilter(str(out / "clusters"), exclusion_writer=writer("removed"), load_cluster_ids=True)
    run_step("filter", [reader(), chosen, writer("clean")], N_TASKS)


def as_document(_: Any, row: dict[str, Any], path: str, number: int) -> dict[str, Any]:
    """Give a row as a document; its id is text, since the writer leaves out the number 0."""
    return {"text": row["text"], "id": str(row["paragraph"])}


def tell(arguments: argparse.Namespace) -> None:
    """Read what stays and what goes, with their clusters."""
    clean, clean_clusters = clusters_in(arguments.out / "clean")
    removed, clusters = clusters_in(arguments.out / "removed")
    write_pairs(arguments.out, removed, kept_by_cluster(clean_clusters, clean, clusters))


def clusters_in(folder: Path) -> tuple[Ints, Ints]:
    """Give the paragraphs in an output of datatrove and their clusters, -1 for those in none."""
    tables = [pq.read_table(path, columns=["id", "metadata"]) for path in sorted(folder.glob("*.parquet"))]
    documents = pa.concat_tables(tables)
    clusters = [metadata["minhash_cluster_id"] for metadata in documents["metadata"].to_pylist()]
    return np.array(documents["id"].to_pylist(), np.int64), np.array(clusters, np.int64)


if __name__ == "__main__":
    options = read_arguments("tokens", "bands", "rows")
    (tell if options.tell else run)(options)
