"""rensa: `RMinHashDeduplicator` over tokens, as under "Keep unique documents" of its documentation.

It holds candidates of its index against the threshold by their signatures, and the first copy stays. Asked
again for those that went, it names what they are copies of.
"""

import numpy as np
from rensa import RMinHashDeduplicator

from benchmarks.field.adapters.paragraph_files import byte_shingles, read_arguments, read_paragraphs, write_output

if __name__ == "__main__":
    arguments = read_arguments("tokens", "bands", "rows", "threshold")
    paragraphs = read_paragraphs(arguments.input)
    texts = paragraphs["text"].to_pylist()
    index = RMinHashDeduplicator(
        threshold=arguments.threshold,
        num_perm=arguments.bands * arguments.rows,
        use_lsh=True,
        num_bands=arguments.bands,
    )
    stays = index.add_pairs(
        (str(place), list(byte_shingles(text, arguments.tokens))) for place, text in enumerate(texts)
    )
    gone = [place for place, stay in enumerate(stays) if not stay]
    kept = np.arange(len(texts))
    found = index.get_duplicate_sets(list(byte_shingles(texts[place], arguments.tokens)) for place in gone)
    for place, copies in zip(gone, found, strict=True):
        kept[place] = min(map(int, copies))
    write_output(arguments.out, paragraphs, kept)
