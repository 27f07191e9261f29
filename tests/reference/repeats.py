"""Runs of words that stand twice, one copy right after the other."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

LEAST_WORD_SHARE, LEAST_SHARE, UNBOUNDED_FACTOR = 0.6, 0.4, 1.5


@dataclass(frozen=True)
class Words:
    """The words of a paragraph with what stands between: gaps[k] is before word k, gaps[-1] after the last."""

    words: Sequence[str]
    gaps: Sequence[str]

    def starts_at(self, place: int) -> int:
        """Give the character at which word `place` starts; that of the end for the place after the last."""
        return sum(map(len, self.words[:place])) + sum(map(len, self.gaps[: place + 1]))

    def ends_at(self, place: int) -> int:
        """Give the character after word `place`."""
        return self.starts_at(place) + len(self.words[place])


def boundary(gap: str) -> str:
    """Tell what a gap holds: "ellipsis", "sentence" (its end), or "" for neither."""
    if ".." in gap or "…" in gap:
        return "ellipsis"
    return "sentence" if re.search("[.!?\n\r。！？]", gap) else ""


def is_prose(run: Sequence[str]) -> bool:
    """Tell whether enough of a run are words without digits that none of the three before equals."""
    new = [
        word
        for place, word in enumerate(run)
        if not any(map(str.isdigit, word)) and word.lower() not in map(str.lower, run[max(0, place - 3) : place])
    ]
    return len(new) >= LEAST_WORD_SHARE * len(run)


def find_runs(text: Words, least: int) -> list[tuple[int, int, int, int, float]]:
    """Give (start, end, kept start, kept end, similarity) in characters of every copy that goes."""
    words, gaps, n = [word.lower() for word in text.words], text.gaps, len(text.words)
    found: list[tuple[int, int, int, int, float]] = []
    last_seen: dict[tuple[str, ...], int] = {}
    taken = 0

    def is_cut(short: int, long: int) -> bool:
        return (
            long < n
            and len(text.words[short]) < len(text.words[long])
            and text.words[long].startswith(text.words[short])
        )

    for j in range(n - least + 1 if n >= 2 * least else 0):
        window = tuple(words[j : j + least])
        i = last_seen.get(window, -1)
        last_seen[window] = j
        if i < taken or j < taken or j - i < least:
            continue
        period = j - i
        length = least
        while length < period and j + length < n and words[i + length] == words[j + length]:
            length += 1
        if not is_prose(text.words[i : i + length]):
            continue
        if 2 * length < LEAST_SHARE * n and length < 2 * least:
            continue
        if i and not (boundary(gaps[i]) or ":" in gaps[i]):
            continue
        between = boundary(gaps[j])
        is_first_cut = length == period - 1 and between == "ellipsis" and is_cut(i + length, j + length)
        if length == period or is_first_cut:
            if between != "ellipsis":
                after = boundary(gaps[j + length])
                if between == "sentence" and not after and j + length < n:
                    continue
                if not between and length < UNBOUNDED_FACTOR * least:
                    continue
            kept_end = text.ends_at(j + length - 1)
            found.append((text.starts_at(i), text.starts_at(j), text.starts_at(j), kept_end, length / period))
            taken = j
            continue
        last = j + length
        if last < n and is_cut(last, i + length):
            last += 1
        if boundary(gaps[last]) == "ellipsis" and between == "sentence":
            start = text.starts_at(j)
            if last == n:
                start -= len(gaps[j]) - len(gaps[j].rstrip(" \t"))
            dots = max(gaps[last].rfind("."), gaps[last].rfind("…")) + 1
            after_dots = gaps[last][dots:]
            end = text.ends_at(last - 1) + dots + len(after_dots) - len(after_dots.lstrip(" \t"))
            found.append((start, end, text.starts_at(i), text.ends_at(j - 1), length / (last - j)))
            taken = last
    return found
