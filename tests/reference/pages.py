"""The furniture of pages: headers, footers and page numbers, by line."""

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from reference.lines import WIDEST, Line

HEADER, FOOTER, PAGE_NUMBER = 2, 3, 4

EDGE_LINES, FEWEST_PAGES, MOST_PAGE_BYTES = 2, 3, 6000
SHORTEST_PAGE, LONGEST_PAGE = 20, 120
GAP = 3

FIRST_NUMBER = re.compile(r"[ \t(\[<{-]*([0-9]{1,5})(?![^ \t)\]>}/-])")
LAST_NUMBER = re.compile(r"(?<![^ \t(\[<{/-])([0-9]{1,5})[ \t)\]>}.-]*$")
PAGED_NUMBER = re.compile(r"(?<![A-Za-z0-9])[Pp][Aa][Gg][Ee][ \t]+([0-9]{1,5})(?![0-9])")


@dataclass(frozen=True)
class Edge:
    """A line at the top (HEADER) or the bottom (FOOTER) of a page, the outermost of rank 0."""

    number: int
    page: int
    side: int
    rank: int
    line: Line

    @property
    def wording(self) -> str:
        """Give the line with one space for blanks."""
        return re.sub(r"[ \t]+", " ", self.line.text)

    @property
    def frame(self) -> str:
        """Give the wording with one digit for every number."""
        return re.sub(r"[0-9]+", "0", self.wording)


def page_numbers(line: Line) -> list[int]:
    """Give what may be the page's number: after the word "page", at the end, at the beginning."""
    found = [PAGED_NUMBER.search(line.text), LAST_NUMBER.search(line.text), FIRST_NUMBER.match(line.text)]
    is_chapter = not found[0] and found[1] and len(re.split(r"[ \t]+", line.text)) == 2 and has_letters(line.text)
    return [] if is_chapter else [int(number[1]) for number in found if number]


def has_letters(text: str) -> bool:
    return bool(re.search(r"[A-Za-z\x80-\U0010ffff]", text))


def find_furniture(lines: list[Line], n_bytes: int, taken: set[int]) -> dict[int, int]:
    """Give the kind of each line that is furniture; lines `taken` are none."""
    opening = [number for number, line in enumerate(lines) if line.opens_page]
    opening = opening or sorted(find_openings(lines, taken))
    n_pages = len(opening) + 1
    if n_pages < FEWEST_PAGES or n_bytes > n_pages * MOST_PAGE_BYTES:
        return {}
    edges: list[Edge] = []
    for page, (first, past) in enumerate(pairwise([0, *opening, len(lines)])):
        filled = [n for n in range(first, past) if lines[n].text and n not in taken]
        edges += [Edge(n, page, HEADER, rank, lines[n]) for rank, n in enumerate(filled[:EDGE_LINES])]
        edges += [Edge(n, page, FOOTER, rank, lines[n]) for rank, n in enumerate(filled[::-1][:EDGE_LINES])]
    edges = [edge for edge in edges if len(edge.line.text) <= WIDEST]
    votes: dict[int, set[int]] = defaultdict(set)
    for edge in edges:
        for number in page_numbers(edge.line):
            votes[number - edge.page].add(edge.page)
    if not votes:
        return {}
    first_page = min(votes, key=lambda offset: (-len(votes[offset]), offset))
    if len(votes[first_page]) < FEWEST_PAGES or 3 * len(votes[first_page]) < n_pages:
        return {}
    furniture: dict[int, int] = {}
    for edge in name_furniture(edges, first_page):
        furniture.setdefault(edge.number, edge.side if has_letters(edge.line.text) else PAGE_NUMBER)
    return furniture


def name_furniture(edges: list[Edge], first_page: int) -> Iterator[Edge]:
    """Give the edges that are furniture of pages of which the first has this number; those at the top first."""
    counted = [edge for edge in edges if edge.page + first_page in page_numbers(edge.line)]
    frames, wordings = defaultdict(set), defaultdict(set)
    for edge in counted:
        frames[edge.side, edge.frame].add(edge.page)
    for edge in edges:
        wordings[edge.side, edge.wording].add(edge.page)
    for edge in sorted(edges, key=lambda edge: edge.side):
        text = edge.line.text
        pages = wordings[edge.side, edge.wording]
        if edge in counted:
            last = LAST_NUMBER.search(text)
            if not has_letters(text):
                is_furniture = len(re.findall("[0-9]+", text)) <= 2
            elif len(frames[edge.side, edge.frame]) >= FEWEST_PAGES:
                is_furniture = True
            else:
                is_last = last is not None and int(last[1]) == edge.page + first_page
                before = text[: last.start()] if last else ""
                is_furniture = is_last and edge.rank == 0 and len(before) - len(before.rstrip(" \t")) >= GAP
        else:
            is_furniture = (
                has_letters(text)
                and len(re.split(r"[ \t]+", text)) > 1
                and len(pages) >= FEWEST_PAGES
                and 2 * len(pages) > max(pages) - min(pages)
            )
        if is_furniture:
            yield edge


def find_openings(lines: list[Line], taken: set[int]) -> set[int]:
    """Give the lines that open a page in a text without form feeds: behind lines of their own that count up.

    They say that they count pages, or stand at one distance.
    """
    by_frame: dict[str, list[tuple[int, int, bool]]] = defaultdict(list)
    for number, line in enumerate(lines):
        around = [lines[n] for n in (number - 1, number + 1) if 0 <= n < len(lines)]
        if line.text and number not in taken and not any(near.text for near in around) and len(line.text) <= WIDEST:
            paged = PAGED_NUMBER.search(line.text)
            counts = page_numbers(line)
            if counts and (paged or LAST_NUMBER.search(line.text)):
                by_frame[Edge(number, 0, 0, 0, line).frame].append((number, counts[0], bool(paged)))
    opening: set[int] = set()
    for marks in by_frame.values():
        chain: list[tuple[int, int, bool]] = []
        for mark in [*marks, (0, -1, False)]:
            if chain and mark[1] != chain[-1][1] + 1:
                gaps = {after[0] - before[0] for before, after in pairwise(chain)}
                is_even = len(gaps) == 1 and SHORTEST_PAGE <= min(gaps) <= LONGEST_PAGE
                if len(chain) >= FEWEST_PAGES and (chain[0][2] or is_even):
                    opening |= {number + 1 for number, _, _ in chain}
                chain = []
            chain.append(mark)
    return opening
