"""Where lines that recur stand in documents: at an edge, or in a form."""

from collections import Counter
from collections.abc import Sequence

Line = tuple[int | None, bool, bool]
"""The class of a line that recurs, or None; whether it is long; whether it is a sentence, or speech."""


def count_edges(
    documents: Sequence[Sequence[Line]], fewest_headed: int, n_start: int, n_last: int
) -> tuple[Counter[int], Counter[int], Counter[int]]:
    """Give of each class how often it is there, at an edge, and in a form."""
    occurrences: Counter[int] = Counter()
    at_edge: Counter[int] = Counter()
    in_forms: Counter[int] = Counter()
    for lines in documents:
        n = len(lines)
        is_prose = [known is None and is_long and is_sentence for known, is_long, is_sentence in lines] + [False]
        headings = [known for place, (known, *_) in enumerate(lines) if known is not None and is_prose[place + 1]]
        changes = [one for place, one in enumerate(headings) if not place or headings[place - 1] != one]
        is_form = len(changes) >= fewest_headed
        for place, (known, _, is_sentence) in enumerate(lines):
            if known is None:
                continue
            occurrences[known] += 1
            in_forms[known] += is_form
            is_head = place < min(n_start, n // 4)
            is_foot = n - 1 - place < min(n_last, n // 4) and not any(is_prose[place:])
            is_content = is_form and (is_prose[place + 1] or is_sentence)
            at_edge[known] += (is_head or is_foot) and not is_content
    return +occurrences, +at_edge, +in_forms
