"""One script for each other tool: `python -m benchmarks.field.adapters.NAME INPUT OUT [OPTIONS]`.

They run in the tool's own environment, which has the tool, pyarrow and NumPy, and nothing of dedup. INPUT is a
folder of paragraphs (see paragraph_files) or what the tool's own documentation asks for. OUT gets the clean
text, and `found.parquet`.
"""
