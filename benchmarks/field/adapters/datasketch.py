"""datasketch: `MinHash.generator` and `MinHashLSH`, the first copy stays.

As its documentation has it: signatures in bulk, a faster hash function than the default SHA-1, and a query
before each insertion, so that only what stays is in the index.
"""

import numpy as np
import xxhash
from datasketch import MinHash, MinHashLSH

from benchmarks.field.adapters.paragraph_files import byte_shingles, read_arguments, read_paragraphs, write_output

if __name__ == "__main__":
    arguments = read_arguments("tokens", "bands", "rows")
    n_hashes = arguments.bands * arguments.rows
    paragraphs = read_paragraphs(arguments.input)
    texts = paragraphs["text"].to_pylist()
    kept = np.arange(len(texts))
    index = MinHashLSH(num_perm=n_hashes, params=(arguments.bands, arguments.rows))
    signatures = MinHash.generator(
        (byte_shingles(text, arguments.tokens) for text in texts), num_perm=n_hashes, hashfunc=xxhash.xxh32_intdigest
    )
    for place, signature in enumerate(signatures):
        found = index.query(signature)
        if found:
            kept[place] = min(found)
        else:
            index.insert(place, signature, check_duplication=False)
    write_output(arguments.out, paragraphs, kept)
