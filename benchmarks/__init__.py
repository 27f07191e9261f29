"""Benchmarks of dedup: `python -m benchmarks --help` lists them, benchmarks/README.md says what each measures."""
