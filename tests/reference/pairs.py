"""Which rows are equal, which pairs share a band, and how two sequences differ."""

from collections import defaultdict
from collections.abc import Hashable, Sequence


def first_equal(rows: Sequence[Hashable]) -> list[int]:
    """Give for each row the lowest row equal to it."""
    first: dict[Hashable, int] = {}
    return [first.setdefault(row, place) for place, row in enumerate(rows)]


def pair_band(
    keys: Sequence[int], sketches: Sequence[Sequence[int]], most_partners: int, least_equal: int
) -> list[tuple[int, int]]:
    """Pair each row with the first `most_partners` earlier ones of its key whose sketch agrees often enough."""
    pairs = []
    earlier: defaultdict[int, list[int]] = defaultdict(list)
    for right, key in enumerate(keys):
        for left in earlier[key][:most_partners]:
            if sum(a == b for a, b in zip(sketches[left], sketches[right], strict=True)) >= least_equal:
                pairs.append((left, right))
        earlier[key].append(right)
    return pairs


def choose_partners(
    pairs: Sequence[tuple[int, int]], sketches: dict[int, Sequence[int]], most: int, outstanding: int
) -> list[tuple[int, int]]:
    """Keep `most` pairs (right, left) of each right: those that agree more than all the earliest, else the earliest."""
    kept = []
    for right in sorted({pair[0] for pair in pairs}):
        lefts = sorted(left for other, left in pairs if other == right)
        if len(lefts) > most:
            agreed = [sum(a == b for a, b in zip(sketches[left], sketches[right], strict=True)) for left in lefts]
            alike = dict(zip(lefts, agreed, strict=True))
            early, later = lefts[: most - outstanding], lefts[most - outstanding :]
            floor = max((alike[left] for left in early), default=0)
            best = sorted((left for left in later if alike[left] > floor), key=lambda left: (-alike[left], left))
            chosen = best[:outstanding]
            others = [left for left in later if left not in chosen]
            lefts = sorted([*early, *chosen, *others[: outstanding - len(chosen)]])
        kept += [(right, left) for left in lefts]
    return kept


def common_length(left: Sequence[Hashable], right: Sequence[Hashable]) -> int:
    """Give the length of a longest common subsequence."""
    above = [0] * (len(right) + 1)
    for value in left:
        line = [0]
        for place, other in enumerate(right):
            line.append(above[place] + 1 if value == other else max(above[place + 1], line[place]))
        above = line
    return above[-1]
