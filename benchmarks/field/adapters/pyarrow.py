"""The floor: reads the corpus and writes it again."""

import pyarrow.parquet as pq

from benchmarks.field.adapters.paragraph_files import read_arguments

if __name__ == "__main__":
    arguments = read_arguments()
    table = pq.read_table(arguments.input)
    pq.write_table(table, arguments.out / "clean.parquet", compression="zstd", compression_level=3)
