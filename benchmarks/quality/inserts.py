"""Good texts with boilerplate put in at known places: each insert once, and over and over on the pages of a site.

What goes where is told by digests of the texts and of the documents' names, so that a document more or less, or a
new line, moves little else. Documents and sites are of two halves, as inserts are, and hold those of their own half.
"""

import hashlib
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pyarrow.parquet as pq

from benchmarks.measurements import BenchmarkError
from benchmarks.quality.line_pages import collapse

INSERTS: Final = Path(__file__).resolve().parent / "injections.toml"

SITE: Final = "site"
"""The category of what its own site alone has."""

PLACES: Final = ("start", "between", "tail", "end")

BODY_SETS: Final = ("aeb", "fundus_eval", "wcxb_dev")

LEAST_PARAGRAPHS: Final = 4
LEAST_WORDS: Final = 120
"""Of a good text: in a shorter one a few inserts would be most of it."""

MOST_INSERTS: Final = 3
"""In one document."""

FEWEST_PAGES, MOST_PAGES = 10, 20
"""Documents of a made-up site."""

FEWEST_COPIES: Final = 4
"""Documents of a site that have one of its inserts."""

LARGEST_SHARE: Final = 0.6
"""Of a site's documents that have one of its inserts."""

LINES_OF_SITE: Final = 5
"""Inserts of the categories on a site, besides what it alone has."""

_SENTENCE_ENDS: Final = tuple('.!?…。！？"”’»)')
_SPACELESS: Final = ("zh", "ja")


@dataclass(frozen=True, slots=True, kw_only=True)
class Insert:
    """Boilerplate that is put in, of a category or SITE; a line break in it parts paragraphs."""

    text: str
    category: str
    lang: str
    place: str  # of PLACES

    @property
    def is_held_out(self) -> bool:
        """Whether it is of the half that writers of rules never see."""
        return is_of_other_half(self.text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """A good text, paragraph by paragraph; its name is "set/doc_id"."""

    name: str
    paragraphs: tuple[str, ...]

    @property
    def text(self) -> str:
        """All of it, a paragraph a line."""
        return "\n".join(self.paragraphs)


@dataclass(frozen=True, slots=True, kw_only=True)
class Injected:
    """A document with inserts, and where each begins and ends in its text; site is None for one of no site."""

    name: str
    text: str
    site: str | None
    spans: tuple[tuple[Insert, int, int], ...]

    @property
    def is_held_out(self) -> bool:
        """Whether its inserts are of the half that writers of rules never see."""
        return is_of_other_half(self.site or self.name)


def read_inserts(path: Path = INSERTS) -> list[Insert]:
    """Give all inserts in the order of the file.

    Raises BenchmarkError for an unknown category or place, and for a line that is there twice.
    """
    from dedup.settings import CATEGORIES

    inserts: dict[str, Insert] = {}
    for category, languages in tomllib.loads(path.read_text(encoding="utf-8")).items():
        for lang, places in languages.items():
            for place, texts in places.items():
                if category not in (*CATEGORIES, SITE) or place not in PLACES:
                    raise BenchmarkError(f"{path.name}: no category {category!r} or no place {place!r}")
                for text in texts:
                    if text in inserts:
                        raise BenchmarkError(f"{path.name}: there twice: {text!r}")
                    inserts[text] = Insert(text=text, category=category, lang=lang, place=place)
    return list(inserts.values())


def read_bodies(data: Path, sets: Sequence[str] = BODY_SETS) -> list[Body]:
    """Give the good texts that are long enough, of articles alone where a set tells.

    Raises BenchmarkError if a set is missing.
    """
    bodies = []
    for name in sets:
        path = data / f"{name}.parquet"
        if not path.is_file():
            raise BenchmarkError(f"no {path.name} in {data}")
        columns = [
            column for column in ("doc_id", "gold_text", "page_type") if column in pq.read_schema(path).names
        ]  # fmt: skip
        for row in pq.read_table(path, columns=columns).to_pylist():
            if row.get("page_type", "article") != "article":
                continue
            paragraphs = tuple(line for line in map(collapse, (row["gold_text"] or "").split("\n")) if line)
            if len(paragraphs) >= LEAST_PARAGRAPHS and sum(len(p.split()) for p in paragraphs) >= LEAST_WORDS:
                bodies.append(Body(name=f"{name}/{row['doc_id']}", paragraphs=paragraphs))
    return bodies


def inject_singly(bodies: Sequence[Body], inserts: Iterable[Insert]) -> list[Injected]:
    """Put each insert that is not of a site into one document; gives those documents that have any."""
    chosen: dict[str, list[Insert]] = {body.name: [] for body in bodies}
    for insert in sorted(inserts, key=lambda insert: _digest(insert.text)):
        if insert.category == SITE:
            continue
        for body in _in_turn(insert, bodies):
            of_body = chosen[body.name]
            if is_of_other_half(body.name) == insert.is_held_out and _has_room(body, of_body, insert):
                of_body.append(insert)
                break
    return [compose(body, chosen[body.name]) for body in bodies if chosen[body.name]]


def assign_sites(bodies: Iterable[Body]) -> dict[str, list[Body]]:
    """Part the documents into made-up sites of FEWEST_PAGES to MOST_PAGES; what is left over is of none."""
    waiting = sorted(bodies, key=lambda body: _digest(body.name))
    sites: dict[str, list[Body]] = {}
    while waiting:
        name = f"site{len(sites):03d}.example"
        size = FEWEST_PAGES + _digest(name) % (MOST_PAGES - FEWEST_PAGES + 1)
        if len(waiting) < FEWEST_PAGES:
            break
        sites[name], waiting = waiting[:size], waiting[size:]
    return sites


def inject_by_site(sites: Mapping[str, Sequence[Body]], inserts: Iterable[Insert]) -> list[Injected]:
    """Put inserts into several documents of a site each, every insert on one site; gives all documents."""
    waiting = sorted(inserts, key=lambda insert: _digest(insert.text))
    documents = []
    for half in (False, True):
        names = [name for name in sites if is_of_other_half(name) == half]
        of_half = [insert for insert in waiting if insert.is_held_out == half]
        own = [insert for insert in of_half if insert.category == SITE]
        lines = iter([insert for insert in of_half if insert.category != SITE])
        for position, name in enumerate(names):
            drawn = own[position :: len(names)] + [line for line, _ in zip(lines, range(LINES_OF_SITE), strict=False)]
            documents += _inject_into_site(name, sites[name], drawn)
    return documents


def compose(body: Body, inserts: Sequence[Insert], site: str | None = None) -> Injected:
    """Give the document of a body with inserts, each at its place."""
    order = sorted(inserts, key=lambda insert: _digest(body.name, insert.text))
    before: dict[int, list[Insert]] = {}  # what goes before each paragraph, or after the last
    tails: list[Insert] = []
    n = len(body.paragraphs)
    for insert in order:
        if insert.place == "tail":
            tails.append(insert)
        else:
            gap = {"start": 0, "end": n}.get(insert.place, 1 + _digest(insert.text, body.name) % (n - 1))
            before.setdefault(gap, []).append(insert)
    pieces: list[tuple[str, Insert | None]] = []
    for position in range(n + 1):
        for insert in before.get(position, ()):
            pieces.append((insert.text, insert))
            pieces.append(("\n", None))
        if position < n:
            pieces.append((body.paragraphs[position], None))
            if position == n - 1:
                for insert in tails:
                    pieces.append((" " if insert.lang not in _SPACELESS else "", None))
                    pieces.append((insert.text, insert))
            pieces.append(("\n", None))
    pieces.pop()  # no line break after the last
    spans, at = [], 0
    for text, piece_of in pieces:
        if piece_of is not None:
            spans.append((piece_of, at, at + len(text)))
        at += len(text)
    return Injected(name=body.name, text="".join(text for text, _ in pieces), site=site, spans=tuple(spans))


def is_of_other_half(key: str) -> bool:
    """Say of an insert, a document or a site whether it is of the half that writers of rules never see."""
    return hashlib.sha256(key.encode()).digest()[5] % 2 == 1


def _inject_into_site(site: str, bodies: Sequence[Body], inserts: Sequence[Insert]) -> list[Injected]:
    chosen: dict[str, list[Insert]] = {body.name: [] for body in bodies}
    most = max(FEWEST_COPIES, int(LARGEST_SHARE * len(bodies)))
    for insert in inserts:
        wanted = FEWEST_COPIES + _digest(site, insert.text) % (most - FEWEST_COPIES + 1)
        holders = [body for body in _in_turn(insert, bodies) if _has_room(body, chosen[body.name], insert)][:wanted]
        if len(holders) >= FEWEST_COPIES:
            for body in holders:
                chosen[body.name].append(insert)
    return [compose(body, chosen[body.name], site) for body in bodies]


def _has_room(body: Body, chosen: Sequence[Insert], insert: Insert) -> bool:
    """Say whether a document can take one insert more; a last sentence needs others before it, and is the only one."""
    if len(chosen) >= MOST_INSERTS:
        return False
    if insert.place != "tail":
        return True
    return body.paragraphs[-1].endswith(_SENTENCE_ENDS) and all(other.place != "tail" for other in chosen)


def _in_turn(insert: Insert, bodies: Iterable[Body]) -> list[Body]:
    return sorted(bodies, key=lambda body: _digest(insert.text, body.name))


def _digest(*parts: str) -> int:
    return int.from_bytes(hashlib.sha256("\0".join(parts).encode()).digest()[8:16], "big")
