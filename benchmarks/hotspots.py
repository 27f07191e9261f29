"""`dedup clean` over corpora that are one hot spot each: a paragraph a million times, a gigabyte in one line.

Every corpus is made on the fly, at the size asked for and at half of it, and cleaned in a process of its own with
limits of time and memory, so that a case that blows up is a figure too. Where cost is linear, the time doubles.
"""

import json
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from benchmarks.corpora import COMPRESSION_LEVEL
from benchmarks.measurements import PROJECT, run_dedup
from benchmarks.streamed import stream_texts
from benchmarks.synthetic import SyntheticSettings
from benchmarks.watching import DEDUP, MB, Watched, watch_python
from benchmarks.word_source import WordSource

Batches = Iterator[pa.Table]
Case = Callable[[WordSource, float], Batches]
"""Gives tables of doc_id and text, a row group each, for a share of the full size."""

MOST_DOUBLING: Final = 2.5
"""The promise: CPU time at full size in CPU times at half of it, what a run of nothing takes apart."""

MOST_SECONDS: Final = 3_600.0

_SHORTEST_SECONDS: Final = 2.0
"""Doubling is not judged where half the size takes less than this beyond a run of nothing."""

_ROWS: Final = 20_000
_SEED: Final = 1


def measure_hotspots(
    source: WordSource,
    work: Path,
    *,
    cases: Sequence[str] = (),
    scale: float = 1.0,
    most_seconds: float = MOST_SECONDS,
    most_mb: float | None = None,
    options: Sequence[str] = (),
) -> dict[str, Any]:
    """Clean each case at `scale` of its full size and at half of that; give time, memory and what was removed.

    `cases` are names of CASES, all if none. A run that reaches a limit is killed, which is its figure. Kernels are
    compiled before.
    """
    run_dedup(["clean", str(PROJECT / "seeds"), str(work / "hotspots-warm"), "--overwrite", "--quiet"])
    folder = work / "hotspots"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    limits = {"most_seconds": most_seconds, "most_mb": most_mb}
    nothing = folder / "nothing.parquet"
    pq.write_table(_table(["nothing"], ["A line."]), nothing)
    idle = _clean(nothing, folder, options, limits)
    found = {}
    for name in cases or CASES:
        runs = []
        for size in (scale / 2, scale):
            corpus = folder / f"{name}.parquet"
            about = _write(CASES[name](source, size), corpus)
            runs.append({**about, **_clean(corpus, folder, options, limits)})
            corpus.unlink()
        found[name] = {"half": runs[0], "full": runs[1], **_doubling(runs[0], runs[1], idle)}
    figures = {
        "scale": scale,
        "options": list(options),
        "limits": limits,
        "run_of_nothing": idle,
        "cases": found,
    }
    return {**figures, "broken_promises": _broken(found)}


def hotspots_lines(figures: Mapping[str, Any]) -> list[str]:
    """Give the figures as lines for a terminal."""
    idle = figures["run_of_nothing"]
    lines = [
        f"{' '.join(figures['options']) or 'default options'}; a run of nothing takes {idle['cpu_seconds']:.1f} s CPU, "
        f"{idle['peak_mb']:.0f} MB; doubling: CPU time at full size over that at half, without that of nothing",
        f"{'':<32}{'documents':>10}{'text MB':>9}{'wall s':>8}{'CPU s':>8}{'peak MB':>9}{'removed':>9}"
        f"{'overlaps':>10}{'half CPU':>9}{'doubling':>9}",
    ]
    for name, case in figures["cases"].items():
        full, half = case["full"], case["half"]
        doubling = "" if case["cpu_doubling"] is None else f"{case['cpu_doubling']:.2f}"
        removed = "" if full["share_removed"] is None else f"{full['share_removed']:.4f}"
        overlaps = "" if full["n_overlaps"] is None else f"{full['n_overlaps']:,}"
        lines.append(
            f"{name:<32}{full['documents']:>10,}{full['text_mb']:>9.1f}{full['wall_seconds']:>8.1f}"
            f"{full['cpu_seconds']:>8.1f}{full['peak_mb']:>9.0f}{removed:>9}{overlaps:>10}{half['cpu_seconds']:>9.1f}"
            f"{doubling:>9}{'  ' + full['ending'] if full['ending'] else ''}"
        )
    lines += [f"BROKEN PROMISE: {promise}" for promise in figures["broken_promises"]]
    return lines


def _copies_over_documents(source: WordSource, scale: float) -> Batches:
    """Give a million documents: one paragraph that all have, and one of their own."""
    generator = np.random.default_rng(_SEED)
    copy = _paragraph(source, generator, 50)
    for begin, n in _batches(round(1_000_000 * scale), _ROWS):
        own = _lines(source, generator, n, 20)
        yield _table(_ids(begin, n), [f"{line}\n{copy}" for line in own])


def _copies_in_one_document(source: WordSource, scale: float) -> Batches:
    """Give one document of a million lines, all the same paragraph."""
    copy = _paragraph(source, np.random.default_rng(_SEED), 50)
    yield _table(["document"], ["\n".join([copy] * round(1_000_000 * scale))])


def _near_copies_own_word(source: WordSource, scale: float) -> Batches:
    """Give 200,000 paragraphs that differ in one word, which none of the others has: all different facts."""
    words = _paragraph(source, np.random.default_rng(_SEED), 50).split()
    for begin, n in _batches(round(200_000 * scale), _ROWS):
        texts = [" ".join([*words[:20], f"x{number}y", *words[20:]]) for number in range(begin, begin + n)]
        yield _table(_ids(begin, n), texts)


def _near_copies_common_word(source: WordSource, scale: float) -> Batches:
    """Give 200,000 paragraphs that differ from one text in one word, anywhere, replaced by a word of the source."""
    generator = np.random.default_rng(_SEED)
    words = _paragraph(source, generator, 50).split()
    for begin, n in _batches(round(200_000 * scale), _ROWS):
        places, new = generator.integers(0, len(words), n), generator.choice(source.running, n)
        texts = [
            " ".join([*words[:place], source.words[word], *words[place + 1 :]])
            for place, word in zip(places.tolist(), new.tolist(), strict=True)
        ]
        yield _table(_ids(begin, n), texts)


def _filled_forms(source: WordSource, scale: float) -> Batches:
    """Give 40,000 paragraphs of 220 words that differ in twenty numbers, evenly spread: all different facts."""
    generator = np.random.default_rng(_SEED)
    pieces = [" ".join(words) for words in np.array_split(np.array(_paragraph(source, generator, 200).split()), 20)]
    for begin, n in _batches(round(40_000 * scale), _ROWS):
        filled = generator.integers(0, 10_000, (n, len(pieces))).tolist()
        texts = [" ".join(f"{piece} {number}" for piece, number in zip(pieces, row, strict=True)) for row in filled]
        yield _table(_ids(begin, n), texts)


def _short_lines_in_documents(source: WordSource, scale: float) -> Batches:
    """Give 5 million different lines of four words, a thousand in a document."""
    for begin, n in _batches(max(round(5_000 * scale), 1), 100):
        lines = [_short_lines(source, number * 1_000, 1_000) for number in range(begin, begin + n)]
        yield _table(_ids(begin, n), ["\n".join(of_document) for of_document in lines])


def _short_lines_in_one_document(source: WordSource, scale: float) -> Batches:
    """Give one document of 5 million different lines of four words."""
    n = round(5_000_000 * scale)
    yield _table(["document"], ["\n".join(_short_lines(source, 0, n))])


def _document_of_a_gigabyte(source: WordSource, scale: float) -> Batches:
    """Give one document of 1 GB: the synthetic corpus, its paragraphs as lines."""
    yield _as_one_document(source, scale, b"\n")


def _line_of_a_gigabyte(source: WordSource, scale: float) -> Batches:
    """Give one document of 1 GB that has no line break."""
    yield _as_one_document(source, scale, b" ")


def _copies_of_a_document(source: WordSource, scale: float) -> Batches:
    """Give 100,000 documents of ten paragraphs, all the same."""
    text = "\n".join(_lines(source, np.random.default_rng(_SEED), 10, 50))
    for begin, n in _batches(round(100_000 * scale), _ROWS):
        yield _table(_ids(begin, n), [text] * n)


CASES: Final[Mapping[str, Case]] = {
    "copies-over-documents": _copies_over_documents,
    "copies-in-one-document": _copies_in_one_document,
    "near-copies-own-word": _near_copies_own_word,
    "near-copies-common-word": _near_copies_common_word,
    "filled-forms": _filled_forms,
    "short-lines-in-documents": _short_lines_in_documents,
    "short-lines-in-one-document": _short_lines_in_one_document,
    "document-of-a-gigabyte": _document_of_a_gigabyte,
    "line-of-a-gigabyte": _line_of_a_gigabyte,
    "copies-of-a-document": _copies_of_a_document,
}


def _clean(corpus: Path, folder: Path, options: Sequence[str], limits: Mapping[str, float | None]) -> dict[str, Any]:
    run = folder / "run"
    shutil.rmtree(run, ignore_errors=True)
    run.mkdir()
    arguments = ["clean", str(corpus), str(run / "out"), "--quiet", *options]
    watched = watch_python(
        DEDUP, arguments, interval=0.2, most_seconds=limits["most_seconds"], most_mb=limits["most_mb"]
    )
    report: dict[str, Any] = {}
    if not watched.exit_code:
        report = json.loads((run / "out" / "report.json").read_text(encoding="utf-8"))
    shutil.rmtree(run)
    last = watched.samples[-1].memory
    return {
        "wall_seconds": watched.wall_seconds,
        "cpu_seconds": watched.cpu_seconds,
        "peak_mb": watched.peak(lambda memory: memory.rss),
        "ending": _ending(watched, last.rss),
        "stage_seconds": {name: round(seconds, 2) for name, seconds in report.get("seconds", {}).items()},
        "paragraphs": report.get("n_paragraphs"),
        "share_removed": round(report["n_chars_removed"] / max(report["n_chars"], 1), 4) if report else None,
        "removed_by_reason": report.get("by_reason"),
        "n_overlaps": report.get("n_overlaps"),
        "n_rejected": report.get("n_rejected"),
    }


def _ending(watched: Watched, last_rss: int) -> str | None:
    """Say how a run ended that did not end well."""
    if watched.stopped == "time":
        return f"killed after {watched.wall_seconds:.0f} s"
    if watched.stopped == "memory":
        return f"killed at {last_rss / MB:.0f} MB"
    if watched.exit_code:
        return f"code {watched.exit_code}: {watched.message.splitlines()[-1] if watched.message else ''}"
    return None


def _doubling(half: Mapping[str, Any], full: Mapping[str, Any], idle: Mapping[str, Any]) -> dict[str, float | None]:
    """Give the ratios of CPU time and of memory, None where a run did not end or half of it is too short to tell."""
    if half["ending"] or full["ending"]:
        return {"cpu_doubling": None, "memory_doubling": None}
    cpu = half["cpu_seconds"] - idle["cpu_seconds"]
    return {
        "cpu_doubling": round((full["cpu_seconds"] - idle["cpu_seconds"]) / cpu, 3) if cpu > 0 else None,
        "memory_doubling": round(full["peak_mb"] / half["peak_mb"], 3),
        "is_long_enough": cpu >= _SHORTEST_SECONDS,
    }


def _broken(found: Mapping[str, Any]) -> list[str]:
    broken = []
    for name, case in found.items():
        if case["full"]["ending"]:
            broken.append(f"{name} does not finish: {case['full']['ending']}")
        elif case["full"]["n_rejected"]:
            broken.append(f"{name}: {case['full']['n_rejected']} documents were rejected")
        elif case.get("is_long_enough") and case["cpu_doubling"] > MOST_DOUBLING:
            broken.append(f"{name}: twice the size takes {case['cpu_doubling']:.2f} times as long")
    return broken


def _write(batches: Batches, path: Path) -> dict[str, Any]:
    """Write a case as Parquet; give its figures."""
    writer: pq.ParquetWriter | None = None
    n_documents = text_bytes = 0
    for batch in batches:
        if writer is None:
            writer = pq.ParquetWriter(
                path,
                batch.schema,
                compression="zstd",
                compression_level=COMPRESSION_LEVEL,
                use_dictionary=["doc_id"],  # each, and least and greatest text, would be copies of a gigabyte
                write_statistics=["doc_id"],
            )
        writer.write_table(batch)
        n_documents += batch.num_rows
        text_bytes += pc.sum(pc.binary_length(batch["text"])).as_py()
    assert writer is not None
    writer.close()
    return {
        "documents": n_documents,
        "text_mb": round(text_bytes / MB, 1),
        "input_mb": round(path.stat().st_size / MB, 1),
    }


def _table(doc_ids: Sequence[str], texts: Sequence[str]) -> pa.Table:
    return pa.table({"doc_id": pa.array(doc_ids, pa.string()), "text": pa.array(texts, pa.large_string())})


def _ids(begin: int, n: int) -> list[str]:
    return [f"document-{number:07d}" for number in range(begin, begin + n)]


def _batches(n: int, size: int) -> Iterator[tuple[int, int]]:
    for begin in range(0, n, size):
        yield begin, min(size, n - begin)


def _paragraph(source: WordSource, generator: np.random.Generator, n_words: int) -> str:
    return _lines(source, generator, 1, n_words)[0]


def _lines(source: WordSource, generator: np.random.Generator, n: int, n_words: int) -> list[str]:
    """Give n lines of words drawn one by one, as frequent as they are in the source."""
    drawn = generator.choice(source.running, (n, n_words)).tolist()
    return [" ".join(map(source.words.__getitem__, numbers)) for numbers in drawn]


def _short_lines(source: WordSource, begin: int, n: int) -> list[str]:
    """Give lines begin..begin + n of all lines of three words and their number: all different."""
    generator = np.random.default_rng((_SEED, begin))
    return [f"{line} {number}" for number, line in enumerate(_lines(source, generator, n, 3), begin)]


def _as_one_document(source: WordSource, scale: float, line_end: bytes) -> pa.Table:
    """Give a synthetic corpus as one document of at most 1e9 bytes, cut at a character."""
    most = round(1e9 * scale)
    parts = [
        "\n".join(table["text"].to_pylist()).encode().replace(b"\n", line_end)
        for table in stream_texts(source, SyntheticSettings(size_mb=1_010 * scale))
    ]
    whole = line_end.join(parts)
    end = min(most, len(whole))
    while end < len(whole) and whole[end] & 0xC0 == 0x80:  # inside a character
        end -= 1
    offsets = pa.py_buffer(np.array([0, end], np.int64).tobytes())
    texts = pa.LargeStringArray.from_buffers(1, offsets, pa.py_buffer(whole).slice(0, end))
    return pa.table({"doc_id": pa.array(["document"]), "text": texts})
