"""The synthetic corpus at any size: a folder of Parquet parts and one file of truth, in memory for one chunk.

Paragraphs, copies and edits are distributed as in synthetic.py (which draws a corpus at once, and other words for
the same seed), but for two things: exactly 30 of 100 bases have copies, at every size, and a copy stands
anywhere in the corpus, before or after its base, in rare cases in the same document.
"""

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.corpora import COMPRESSION_LEVEL, ROWS_IN_GROUP
from benchmarks.streamed_kernels import BASES_IN_GROUP, GROUP, N_TRUTH, write_documents
from benchmarks.synthetic import KINDS, RATES, TRUTH, SyntheticSettings, draw_lengths, spell_words
from benchmarks.word_source import ORDER_1_SHARE, Ints, WordSource, read_word_source

PART_MB: Final = 256.0
"""Text of a part: several parts from half a gigabyte on, and several row groups in each."""

LARGEST_AT_ONCE_MB: Final = 200.0
"""Above this size corpora are streamed unless asked otherwise."""

_N_LENGTHS: Final = 1 << 16  # lengths that are drawn from; a paragraph picks one of them
_N_SPELLINGS: Final = 6


@dataclass(frozen=True, slots=True)
class _Plan:
    """What follows from the settings before any text: how many paragraphs, and the first one of each document."""

    n_paragraphs: int
    first: Ints
    lengths: Ints

    @property
    def n_documents(self) -> int:
        return len(self.first) - 1

    @property
    def half_bits(self) -> int:
        return max((int(self.n_paragraphs - 1).bit_length() + 1) // 2, 1)


@dataclass(frozen=True, slots=True)
class Streamed:
    """What was written."""

    n_documents: int
    n_paragraphs: int
    text_bytes: int
    n_parts: int


def stream_corpus(source: WordSource, settings: SyntheticSettings, folder: Path, part_mb: float = PART_MB) -> Streamed:
    """Write the corpus (doc_id, text) as parts into `folder`, and its truth (schema TRUTH) beside it.

    The truth is `folder` with the suffix .truth.parquet. Both appear whole or not at all.
    """
    plan = _plan(source, settings)
    partial, truth = folder.with_name(folder.name + ".partial"), folder.with_suffix(".truth.parquet")
    partial_truth = truth.with_name(truth.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    n_parts, text_bytes, in_part = 0, 0, 0
    part: pq.ParquetWriter | None = None
    with pq.ParquetWriter(partial_truth, TRUTH, compression="zstd", compression_level=COMPRESSION_LEVEL) as true:
        for documents, paragraphs in _chunks(source, settings, plan):
            if part is None or in_part >= part_mb * 1e6:
                if part is not None:
                    part.close()
                path = partial / f"part-{n_parts:05d}.parquet"
                part = pq.ParquetWriter(path, documents.schema, compression="zstd", compression_level=COMPRESSION_LEVEL)
                n_parts, in_part = n_parts + 1, 0
            part.write_table(documents)
            true.write_table(paragraphs)
            size = documents["text"].chunk(0).buffers()[2].size
            in_part, text_bytes = in_part + size, text_bytes + size
    assert part is not None
    part.close()
    shutil.rmtree(folder, ignore_errors=True)
    partial.rename(folder)
    partial_truth.replace(truth)
    return Streamed(plan.n_documents, plan.n_paragraphs, text_bytes, n_parts)


def streamed_corpora(work: Path, sizes_mb: Sequence[float], text_source: Path | None) -> list[Path]:
    """Give the folders of streamed corpora of these sizes under `work`, made where they are not there yet."""
    folders = []
    source: WordSource | None = None
    for size_mb in sizes_mb:
        # by the text source, too: another one gives another corpus
        learned = text_source.stem if text_source else "manual"
        folder = work / f"streamed_{size_mb:g}_{learned}"
        if not folder.is_dir():
            source = source or read_word_source(text_source)
            stream_corpus(source, SyntheticSettings(size_mb=size_mb), folder)
        folders.append(folder)
    return folders


def stream_texts(source: WordSource, settings: SyntheticSettings) -> Iterator[pa.Table]:
    """Give the documents (doc_id, text) of the corpus, ROWS_IN_GROUP at a time."""
    for documents, _ in _chunks(source, settings, _plan(source, settings)):
        yield documents


def _plan(source: WordSource, settings: SyntheticSettings) -> _Plan:
    lengths_seed, documents_seed = np.random.SeedSequence(settings.seed).spawn(2)
    lengths = draw_lengths(settings, np.random.default_rng(lengths_seed), _N_LENGTHS)
    word_bytes = np.array([len(word.encode()) + 1 for word in source.words])[source.running].mean()
    n_bases = settings.size_mb * 1e6 / (word_bytes * lengths.mean() * GROUP / BASES_IN_GROUP)
    n = max(round(n_bases / BASES_IN_GROUP), 1) * GROUP
    generator = np.random.default_rng(documents_seed)
    sizes: list[Ints] = []
    n_placed = 0
    while n_placed < n:
        sizes.append(2 + generator.negative_binomial(2, 2 / settings.mean_paragraphs, 1 << 16))
        n_placed += int(sizes[-1].sum())
    first = np.concatenate([np.zeros(1, np.int64), np.cumsum(np.concatenate(sizes))])
    return _Plan(n, np.append(first[first < n], n), lengths)


def _chunks(source: WordSource, settings: SyntheticSettings, plan: _Plan) -> Iterator[tuple[pa.Table, pa.Table]]:
    """Give documents and truth, ROWS_IN_GROUP documents at a time."""
    spellings = [word.encode() for word in spell_words(source.words)]
    assert len(spellings) == _N_SPELLINGS * len(source.words)
    spelling_offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum([len(word) for word in spellings])])
    spelling_chars = np.array([len(word.decode()) for word in spellings], np.int64)
    chain = np.column_stack([source.first[0], source.count[0], source.first[1], source.count[1]]).astype(np.int32)
    words = (
        chain,
        np.stack(source.followers).astype(np.int32),
        source.running.astype(np.int32),
        source.starts,
        source.token_class,
        np.frombuffer(b"".join(spellings), np.uint8),
        spelling_offsets,
        spelling_chars,
        source.n_tokens,
        plan.lengths,
        np.array(RATES),
        settings.edits == "fixed",
        ORDER_1_SHARE,
    )
    most = max(
        int(plan.first[min(begin + ROWS_IN_GROUP, plan.n_documents)] - plan.first[begin])
        for begin in range(0, plan.n_documents, ROWS_IN_GROUP)
    )
    longest = int(np.diff(spelling_offsets).max()) + 2
    # room for the worst case; what is not written to takes no memory
    data = np.empty(most * (2 * int(plan.lengths.max()) + 2) * longest, np.uint8)
    truth = np.empty((most, N_TRUTH), np.int64)
    offsets = np.empty(ROWS_IN_GROUP + 1, np.int64)
    seed = np.uint64(settings.seed)
    for begin in range(0, plan.n_documents, ROWS_IN_GROUP):
        end = min(begin + ROWS_IN_GROUP, plan.n_documents)
        write_documents(seed, plan.half_bits, plan.n_paragraphs, plan.first, begin, end, *words, data, offsets, truth)
        n = end - begin
        text = pa.LargeStringArray.from_buffers(
            n, pa.py_buffer(offsets[: n + 1].tobytes()), pa.py_buffer(data[: offsets[n]].tobytes())
        )
        rows = truth[: plan.first[end] - plan.first[begin]]
        ids = pa.array([_doc_id(plan, number) for number in range(begin, end)])
        yield pa.table({"doc_id": ids, "text": text}), _truth_table(plan, rows, begin, end, ids)


def _truth_table(plan: _Plan, rows: Ints, begin: int, end: int, ids: pa.Array) -> pa.Table:
    """Give the TRUTH of the paragraphs of documents begin..end."""
    in_document, start, stop, n_tokens, cluster, kind, n_edits, base = (np.ascontiguousarray(c) for c in rows.T)
    document = np.repeat(np.arange(end - begin), np.diff(plan.first[begin : end + 1]))
    is_base = base < 0
    base_document = np.searchsorted(plan.first, base, side="right") - 1
    base_ids: list[Any] = [
        None if none else _doc_id(plan, number)
        for none, number in zip(is_base.tolist(), base_document.tolist(), strict=True)
    ]
    return pa.table(
        [
            ids.take(pa.array(document)),
            pa.array(in_document),
            pa.array(start),
            pa.array(stop),
            pa.array(n_tokens),
            pa.array(cluster),
            pa.array(("base", *KINDS)).take(pa.array(kind + 1)),
            pa.array(np.array((*RATES, 0.0))[kind - 2], mask=kind < 2),
            pa.array(n_edits),
            pa.array(base_ids, pa.string()),
            pa.array(base - plan.first[base_document], mask=is_base),
        ],
        schema=TRUTH,
    )


def _doc_id(plan: _Plan, number: int) -> str:
    return f"synthetic-{number:0{max(len(str(plan.n_documents - 1)), 7)}d}"
