"""Who stays and who goes, obvious rather than fast: the definition of the kernel `resolve`."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass
class Line:
    """A paragraph: its text stands for all of its equals, which have as many tokens."""

    text: str
    n_tokens: int
    takes_part: bool = True
    is_verbatim: bool = False
    repeats_itself: bool = False


@dataclass
class Limits:
    """The settings that `resolve` takes."""

    min_tokens: int
    passage_tokens: int
    copy_share: float


Place = tuple[int, int]
"""A document, and a place in it."""


def resolve(
    documents: Sequence[Sequence[Line]],
    order: Sequence[int],
    twins: Sequence[int],
    may_go_for: Mapping[str, Sequence[str]],
    limits: Limits,
) -> tuple[dict[int, int], dict[Place, Place], dict[str, Place]]:
    """Give which documents are copies of which, which paragraphs of which, and where each distinct one stays.

    `twins`: the first document of equal content of each, or -1; may_go_for: texts that each text may go for, best
    first.
    """
    copies: dict[int, int] = {}
    kept: dict[Place, Place] = {}
    stays: dict[str, Place] = {}
    whole: dict[int, int] = {}
    for d in order:
        lines = documents[d]
        if twins[d] in whole:
            copies[d] = whole[twins[d]]
            continue
        for at in sorted(range(len(lines)), key=lambda at: (-lines[at].n_tokens, at)):
            line = lines[at]
            if not line.takes_part:
                continue
            if line.n_tokens < limits.min_tokens or line.is_verbatim:
                stays.setdefault(line.text, (d, at))
            elif line.text in stays:
                is_passage = line.n_tokens >= limits.passage_tokens or stays[line.text][0] != d
                if is_passage or (at > 0 and lines[at - 1].text == line.text):
                    kept[d, at] = stays[line.text]
            else:
                others = () if line.repeats_itself else may_go_for.get(line.text, ())
                found = [stays[text] for text in others if text in stays]
                if found:
                    kept[d, at] = found[0]
                else:
                    stays[line.text] = (d, at)
        best = best_source(d, lines, kept)
        if best is not None and limits.copy_share <= 1 and is_copy(d, best, documents, kept, limits):
            copies[d] = best
            kept = {place: copy for place, copy in kept.items() if place[0] != d}
            stays = {text: place for text, place in stays.items() if place[0] != d}
            continue
        if twins[d] >= 0 and not any((d, at) in kept for at in range(len(lines))):
            whole[twins[d]] = d
    return copies, kept, stays


def best_source(d: int, lines: Sequence[Line], kept: Mapping[Place, Place]) -> int | None:
    """Give the other document that holds most kept copies of d by tokens, the lowest of equal ones."""
    tally: Counter[int] = Counter()
    for at, line in enumerate(lines):
        if (d, at) in kept and kept[d, at][0] != d:
            tally[kept[d, at][0]] += line.n_tokens
    return min(tally, key=lambda source: (-tally[source], source)) if tally else None


def is_copy(
    d: int, best: int, documents: Sequence[Sequence[Line]], kept: Mapping[Place, Place], limits: Limits
) -> bool:
    """Say whether enough of document d is in `best`, and nothing of weight is its own."""
    there = {line.text for at, line in enumerate(documents[best]) if line.takes_part and (best, at) not in kept}
    n_total = n_shared = 0
    for at, line in enumerate(documents[d]):
        if not line.takes_part:
            continue
        n_total += line.n_tokens
        if line.text in there or ((d, at) in kept and kept[d, at][0] == best):
            n_shared += line.n_tokens
        elif (d, at) not in kept and (line.n_tokens >= limits.min_tokens or line.is_verbatim):
            return False
    return n_shared >= limits.copy_share * n_total
