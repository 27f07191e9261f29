"""What `dedup clean` finds on real text, against every pair that there is: brute force, and every row's evidence."""

import bisect
import math
import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pyarrow.parquet as pq

from benchmarks.all_pairs import find_all_pairs
from benchmarks.outputs import Output, Span, check_evidence, columns, read_output
from benchmarks.plain_tokens import text_tokens, token_shingles
from benchmarks.recall import wilson_interval

LEAST_FOUND: Final = 0.99
"""The promise: share of all pairs at or above the threshold."""

MOST_EXAMPLES: Final = 20

Tokens = tuple[str, ...]


def compare_with_all_pairs(corpus: Path, out: Path) -> dict[str, Any]:
    """Compare the output folder `out` of `corpus`, cleaned with `--paragraphs line`, with all pairs of lines.

    A pair is two distinct token sequences, both of at least `min_near_tokens`, at or
    above the threshold. It is found if no copy of one of the two is left, and held
    apart if `overlaps` gives a reason for keeping both; anything else is missed.
    """
    output = read_output(out)
    table = pq.read_table(corpus, columns=["doc_id", "text"])
    texts: dict[str, str] = dict(zip(table["doc_id"].to_pylist(), table["text"].to_pylist(), strict=True))
    sequences, places = _distinct_lines(texts, output.settings["min_near_tokens"])
    sets = [token_shingles(tokens, output.settings["shingle_tokens"]) for tokens in sequences]
    pairs = find_all_pairs(sets, output.settings["similarity"])
    is_left = _left(places, output)
    held_apart = _held_apart(places, output)
    counts = {"found": 0, "held apart": 0, "missed": 0}
    by_guard: dict[str, int] = {}
    missed: list[tuple[int, int, float]] = []
    for left, right, similarity in pairs:
        if not (is_left[left] and is_left[right]):
            counts["found"] += 1
        elif (left, right) in held_apart:
            counts["held apart"] += 1
            by_guard[held_apart[left, right]] = by_guard.get(held_apart[left, right], 0) + 1
        else:
            counts["missed"] += 1
            missed.append((left, right, similarity))
    n_checked, violations = check_evidence(texts, output)
    n_compared = counts["found"] + counts["held apart"]  # found by the index, whatever the verdict then was
    share = n_compared / max(len(pairs), 1)
    examples = random.Random(1).sample(missed, min(MOST_EXAMPLES, len(missed)))
    return {
        "corpus": corpus.name,
        "settings": output.settings,
        "lines": sum(text.count("\n") for text in texts.values()),
        "distinct_long_enough": len(sequences),
        "pairs": len(pairs),
        **{name.replace(" ", "_"): n for name, n in counts.items()},
        "held_apart_by": by_guard,
        "share_found_or_held_apart": round(share, 5),
        "interval": wilson_interval(n_compared, len(pairs)),
        "missed_by_similarity": _by_similarity(missed),
        "evidence_checked": n_checked,
        "violations": len(violations),
        "violation_examples": violations[:MOST_EXAMPLES],
        "missed_examples": [
            {"left": _line(texts, places[left]), "right": _line(texts, places[right]), "similarity": similarity}
            for left, right, similarity in examples
        ],
        "broken_promises": [
            *([f"{share:.4f} of all pairs found, promised {LEAST_FOUND}"] if share < LEAST_FOUND else []),
            *([f"{len(violations)} rows whose evidence does not hold"] if violations else []),
        ],
    }


def bruteforce_lines(figures: Mapping[str, Any]) -> list[str]:
    """Give the figures as lines for a terminal."""
    low, high = figures["interval"]
    return [
        f"{figures['corpus']}: {figures['lines']:,} lines, of them distinct and long enough "
        f"{figures['distinct_long_enough']:,}",
        f"pairs at or above {figures['settings']['similarity']}: {figures['pairs']:,}, of them found "
        f"{figures['found']:,}, held apart {figures['held_apart']:,} {figures['held_apart_by'] or ''}, "
        f"missed {figures['missed']:,}",
        f"share found or held apart {figures['share_found_or_held_apart']} (95 % interval {low}-{high}); "
        f"missed by similarity: {figures['missed_by_similarity'] or 'none'}",
        f"evidence checked: {figures['evidence_checked']}; violations: {figures['violations']}",
        *figures.get("violation_examples", ()),
        *(
            f"missed, similarity {pair['similarity']:.3f}:\n  {pair['left']}\n  {pair['right']}"
            for pair in figures.get("missed_examples", ())
        ),
        *(f"BROKEN PROMISE: {promise}" for promise in figures["broken_promises"]),
    ]


def _distinct_lines(texts: Mapping[str, str], least_tokens: int) -> tuple[list[Tokens], list[list[Span]]]:
    """Give the distinct token sequences of lines, and where each stands."""
    numbers: dict[Tokens, int] = {}
    places: list[list[Span]] = []
    for doc_id, text in texts.items():
        start = 0
        for line in text.split("\n"):
            tokens = text_tokens(line)
            if len(tokens) >= least_tokens:
                number = numbers.setdefault(tokens, len(numbers))
                if number == len(places):
                    places.append([])
                inside = start + len(line) - len(line.lstrip())
                places[number].append((doc_id, inside, inside + len(line.strip())))
            start += len(line) + 1
    return list(numbers), places


def _left(places: list[list[Span]], output: Output) -> list[bool]:
    """Give for each sequence whether a copy of it is left, untouched or cut in part."""
    removed: dict[str, list[tuple[int, int]]] = {}
    for doc_id, start, end in columns(output.removed, "doc_id", "start", "end"):
        removed.setdefault(doc_id, []).append((start, end))
    for spans in removed.values():
        spans.sort()

    def is_gone(doc_id: str, start: int, end: int) -> bool:
        spans = removed.get(doc_id, [])
        at_or_before = bisect.bisect_right(spans, (start, math.inf)) - 1  # the last span that begins no later
        return at_or_before >= 0 and spans[at_or_before][1] >= end

    return [not all(is_gone(*span) for span in spans) for spans in places]


def _held_apart(places: list[list[Span]], output: Output) -> dict[tuple[int, int], str]:
    """Give the reason by pair of sequences (left < right) of each overlap, where it is one of two known lines."""
    number = {(doc_id, start): place for place, spans in enumerate(places) for doc_id, start, _ in spans}
    reasons: dict[tuple[int, int], str] = {}
    names = ("doc_id", "start", "other_doc_id", "other_start", "why_kept")
    for doc_id, start, other_doc_id, other_start, why_kept in columns(output.overlaps, *names):
        left, right = number.get((doc_id, start)), number.get((other_doc_id, other_start))
        if left is not None and right is not None:
            reasons[min(left, right), max(left, right)] = why_kept
    return reasons


def _by_similarity(missed: list[tuple[int, int, float]]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for _, _, similarity in sorted(missed, key=lambda pair: pair[2]):
        tenth = int(similarity * 10) / 10
        counts[f"{tenth:.1f}"] = counts.get(f"{tenth:.1f}", 0) + 1
    return counts


def _line(texts: Mapping[str, str], spans: list[Span]) -> str:
    doc_id, start, end = spans[0]
    return f"{doc_id}[{start}]: {texts[doc_id][start:end][:400]}"
