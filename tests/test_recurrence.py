"""What recurs over unlike documents is boilerplate, of a site or of all; what copies share is not."""

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sharded import documents_of, shard_documents

import dedup
from dedup.equals import find_distinct
from dedup.recurrence import (
    FEWEST_CLUSTERS,
    FEWEST_UNITS,
    SHARED_SHARE,
    find_recurring,
)
from dedup.settings import Settings
from dedup.shards import BOILERPLATE
from dedup.storage import DiskStorage, MemoryStorage

BODIES = [
    f"The {animal} of the {place} was seen by {who}, who wrote down what it did in {month} and sent it to a friend."
    for animal, place, who, month in (
        ("heron", "lower marsh", "a miller", "March"),
        ("badger", "old quarry", "two sisters", "April"),
        ("marten", "abbey woods", "the sexton", "May"),
        ("otter", "weir at Holme", "an angler", "June"),
        ("kestrel", "church tower", "three bricklayers", "July"),
        ("adder", "south-facing bank", "some gardener", "August"),
        ("hare", "fallow field", "our postman", "September"),
        ("bittern", "reed beds", "one poacher", "October"),
        ("polecat", "timber yard", "every watchman", "November"),
        ("curlew", "salt flats", "many shrimpers", "December"),
    )
]
MASTHEAD = "The Marshland Observer, daily since 1871"
MENU = "Front page | Nature | Angling | Weather"
SHORT = "Holme Observer"
IMPRINT = "Printed and published at 4 Quay Street by the Observer's own hands"


def page(number: int, *, head: Sequence[str] = (), tail: Sequence[str] = ()) -> str:
    """Give a page with a body of its own: eight lines that no other page has."""
    body = [f"{BODIES[number % len(BODIES)]} Part {number} of {line} is told here." for line in "abcdefgh"]
    return "\n".join([*head, *body, *tail])


def left(texts: Sequence[str], sites: Sequence[str | None] | None = None, **options: object) -> list[str]:
    """Give what cleaning leaves of each text."""
    columns: dict[str, Sequence[object]] = {"id": [f"d{n}" for n in range(len(texts))], "text": texts}
    if sites is not None:
        columns["site"] = sites
    result = dedup.clean(pa.table(columns), **options)
    kept = dict(zip(result.documents["doc_id"].to_pylist(), result.documents["text"].to_pylist(), strict=True))
    return [kept.get(f"d{n}", "") for n in range(len(texts))]


def test_furniture_of_a_site_goes_from_every_page_of_it() -> None:
    """A masthead, a menu and an imprint go everywhere, also from the first page; the rule and the votes are told."""
    texts = [page(n, head=[MASTHEAD, MENU], tail=[IMPRINT]) for n in range(6)]
    assert left(texts, ["observer"] * 6) == [page(n) for n in range(6)]
    result = dedup.clean(pa.table({"id": list("abcdef"), "text": texts, "site": ["observer"] * 6}))
    rows = result.removed.to_pylist()
    assert Counter(row["doc_id"] for row in rows) == dict.fromkeys("abcdef", 3)
    assert {row["reason"] for row in rows} == {"boilerplate"}
    assert {row["rule"] for row in rows} == {"recurring/site"}


def test_pages_of_other_sites_keep_what_is_furniture_elsewhere() -> None:
    """A line that is boilerplate of one site stays on the single page of another that quotes it."""
    texts = [page(n, head=[MASTHEAD]) for n in range(6)] + [page(7, head=[MASTHEAD])]
    found = left(texts, ["observer"] * 6 + ["gazette"], min_tokens=100, min_near_tokens=100)
    assert found[:6] == [page(n) for n in range(6)]
    assert found[6] == texts[6]


def test_copies_do_not_make_their_paragraphs_boilerplate() -> None:
    """What four reposts of one article share is no boilerplate: one copy stays whole."""
    article = page(3)
    texts = [page(0), page(1), page(2), *[f"{article}\nReposted by reader number {n}, with thanks." for n in range(4)]]
    found = left(texts, ["observer"] * 7)
    assert found[3] == texts[3]
    removed = dedup.clean(pa.table({"id": list("abcdefg"), "text": texts, "site": ["o"] * 7})).removed.to_pylist()
    assert not [row for row in removed if row["reason"] == "boilerplate"]


def test_pages_that_are_mostly_furniture_are_no_copies() -> None:
    """Pages of thirty lines of furniture and one of their own lose the furniture, and each keeps its own line."""
    furniture = [f"Section {n}: all that is new about subject number {n} in our shop" for n in range(30)]
    texts = ["\n".join([*furniture[:15], BODIES[n], *furniture[15:]]) for n in range(10)]
    assert left(texts, ["shop"] * 10, max_source_share=1) == BODIES


def test_what_several_lists_have_stays() -> None:
    """Salt is in four of eight recipes of a site, among other things each time; a menu is a list, too, and goes."""
    salt, menu = (
        "- salt and freshly ground pepper, as you like",
        ["- Front page of the day", "- Nature", "- Angling"],
    )
    recipes = []
    for n in range(8):
        lines = page(n).split("\n")
        recipes.append(
            "\n".join([*lines[:4], *([salt] if n % 2 else []), f"- a handful of herbs number {n}", *lines[4:]])
        )
    assert left(recipes, ["kitchen"] * 8) == recipes
    with_menu = ["\n".join([*menu, recipe]) for recipe in recipes]
    assert left(with_menu, ["kitchen"] * 8) == recipes


def test_headings_of_manuals_stay() -> None:
    """Headings that recur where their own text always goes on stay, on a site or not."""
    texts = []
    for n in range(12):
        lines = page(n).split("\n")
        texts.append("\n".join([*lines[:3], "Parameters", *lines[3:5], "See also", *lines[5:]]))
    assert left(texts) == texts
    assert left(texts, ["manual"] * 4 + ["guide"] * 4 + ["handbook"] * 4) == texts


def test_without_sites_more_is_asked_for() -> None:
    """A few words over five unlike documents stay where no site is known, and go where these are of one site."""
    texts = [page(n, head=[SHORT] if n < 5 else []) for n in range(10)]
    assert left(texts) == texts
    sites = ["observer"] * 5 + [f"other{n}" for n in range(5)]
    assert left(texts, sites) == [page(n) for n in range(10)]
    assert left(texts, sites, site="none") == texts


def test_what_recurs_over_sites_is_counted_by_sites() -> None:
    """Without sites ten pages are enough for a line; if they are all of one site but one, it is not over all sites."""
    texts = [page(n, tail=[IMPRINT, MENU]) for n in range(10)] + [page(n) for n in range(10, 14)]
    assert left(texts) == [page(n) for n in range(14)]


def test_it_can_be_switched_off() -> None:
    """`without=["recurring"]` and `boilerplate=False` do what they say."""
    texts = [page(n, head=[MASTHEAD, MENU], tail=[IMPRINT]) for n in range(4)]
    sites = ["observer"] * 4
    short = {"min_tokens": 100, "min_near_tokens": 100}
    assert left(texts, sites, without=["recurring"], **short) == texts
    assert left(texts, sites, boilerplate=False, **short) == texts
    assert left(texts, sites, **short) == [page(n) for n in range(4)]


def test_legal_texts_and_verse_are_kept_whole() -> None:
    """A licence and a poem keep lines that recur on the pages around them."""
    refrain = "And all the bells of Holme rang out, rang out,"
    stanza = [
        "The tide came in, the tide went out,",
        "The heron stood and stared,",
        refrain,
        "And nobody was scared;",
    ]
    poem = "\n".join(
        f"{line}" if n else f"In winter {word}, my love," for word in "abcd" for n, line in enumerate(stanza)
    )
    licence = "\n".join(
        [
            "Licence Agreement",
            IMPRINT,
            "Permission is hereby granted to the licensee to copy, modify and redistribute the licensed work.",
            "The licensor gives no warranty and accepts no liability for damages, whatever the cause of liability.",
            "This licence is governed by the applicable law; the licensee agrees to its terms and conditions.",
        ]
    )
    texts = [page(n, head=[MASTHEAD], tail=[refrain, IMPRINT]) for n in range(6)] + [poem, licence]
    found = left(texts, ["observer"] * 8, min_tokens=100, min_near_tokens=100, repeats=False)
    assert found[:6] == [page(n) for n in range(6)]
    assert found[6:] == [poem, licence]


LINES = [
    f"{word} and its line of {n} words" for n, word in enumerate(("alpha", "beta", "gamma", "delta", "eps", "zeta"))
]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.lists(st.sampled_from([*LINES, "1", "Head:", '"Yes."']), min_size=1, max_size=9), min_size=1, max_size=9
    ),
    st.lists(st.integers(-1, 2), min_size=9, max_size=9),
)
def test_agrees_with_plain_counting(documents: list[list[str]], sites: list[int]) -> None:
    """Clusters and units are those of a program that compares all documents that share a line, in plain Python."""
    # every document has a line of its own, or most would be copies of one another
    texts = ["\n".join([f"own {n} line of document", *lines]) for n, lines in enumerate(documents)]
    columns, _ = shard_documents(documents_of(texts), Settings(boilerplate=False))
    storage = MemoryStorage()
    equal = find_distinct(columns, None, storage, 1 << 30)
    none = np.empty(0, dtype=np.int32)
    of = np.array(sites[: len(texts)], dtype=np.int32)
    found = find_recurring(columns, equal, (none, none), of, storage)
    expected = count_plainly([text.split("\n") for text in texts], sites)
    for place, paragraph in enumerate(found.paragraph.tolist()):
        document = int(columns.document[paragraph])
        line = texts[document].split("\n")[paragraph - int(columns.first_paragraph[document])]
        rule = int(found.rule[place])
        assert found.clusters[place] == expected[rule][(sites[document] if rule == 0 else 0, line)]
        assert found.clusters[place] >= (FEWEST_CLUSTERS, FEWEST_UNITS)[rule]
    assert (columns.flags[found.paragraph] & BOILERPLATE == 0).all()


def count_plainly(documents: list[list[str]], sites: Sequence[int]) -> list[dict[tuple[int, str], int]]:
    """Count by (site, line), and by (0, line) over all, in how many clusters, or units, each line is."""
    counted = []
    for is_corpus in (False, True):
        scopes: dict[int, list[int]] = defaultdict(list)
        for number in range(len(documents)):
            if is_corpus or sites[number] >= 0:
                scopes[0 if is_corpus else sites[number]].append(number)
        counts: dict[tuple[int, str], int] = {}
        for scope, members in scopes.items():
            if len(members) > 1:
                clusters = cluster_plainly(
                    [documents[n] for n in members], FEWEST_UNITS if is_corpus else FEWEST_CLUSTERS
                )
                units = [
                    sites[n] if sites[n] >= 0 else 100 + cluster for n, cluster in zip(members, clusters, strict=True)
                ]
                for line in {line for n in members for line in documents[n]}:
                    holders = [place for place, n in enumerate(members) if line in documents[n]]
                    n_units = len({clusters[place] for place in holders})
                    if is_corpus:
                        n_units = min(n_units, len({units[place] for place in holders}))
                    counts[scope, line] = n_units
        counted.append(counts)
    return counted


def cluster_plainly(documents: list[list[str]], fewest: int) -> list[int]:
    """Give the cluster of each document, three rounds of it."""
    n = len(documents)
    n_documents = Counter(line for lines in documents for line in set(lines))
    recurs: set[str] = set()
    clusters = list(range(n))
    for _ in range(3):
        weight = {
            line: 0.0 if line in recurs else max(1, len(line.replace('"', "").split())) * math.log((n + 1) / count)
            for line, count in n_documents.items()
        }
        total = [sum(weight[line] for line in set(lines)) for lines in documents]
        clusters = list(range(n))
        first: dict[str, int] = {}
        last: dict[str, int] = {}
        for number, lines in enumerate(documents):
            shared: dict[int, float] = defaultdict(float)
            for line in dict.fromkeys(lines):
                if weight[line] > 0:
                    for other in {first.get(line), last.get(line)} - {None}:
                        shared[int(other or 0)] += weight[line]
                first.setdefault(line, number)
                last[line] = number
            for other, share in shared.items():
                if share >= SHARED_SHARE * min(total[number], total[other]):
                    one, two = clusters[number], clusters[other]
                    clusters = [min(one, two) if c in (one, two) else c for c in clusters]
        now = {line for line in n_documents if len({clusters[d] for d in range(n) if line in documents[d]}) >= fewest}
        if now == recurs:
            break
        recurs = now
    return clusters


@pytest.mark.parametrize("on_disk", [False, True])
def test_is_the_same_on_disk(on_disk: bool, tmp_path: Path) -> None:
    """Where arrays are makes no difference."""
    texts = [page(n, head=[MASTHEAD, MENU], tail=[IMPRINT]) for n in range(9)]
    columns, _ = shard_documents(documents_of(texts), Settings(boilerplate=False))
    storage = DiskStorage(tmp_path) if on_disk else MemoryStorage()
    equal = find_distinct(columns, None, storage, 1 << 30)
    none = np.empty(0, dtype=np.int32)
    found = find_recurring(columns, equal, (none, none), np.zeros(9, dtype=np.int32), storage)
    assert found.paragraph.tolist() == sorted(11 * n + place for n in range(9) for place in (0, 1, 10))
    assert set(found.clusters.tolist()) == {9}
    assert not on_disk or not [
        path for path in tmp_path.iterdir() if "document" not in path.name and "equal" not in path.name
    ]


def test_a_run_that_is_staged_takes_the_same(tmp_path: Path) -> None:
    """On disk as in memory: the same bytes, with what recurs, what is kept whole and what rules take among them."""
    for number in range(12):
        folder = tmp_path / "in" / ("observer.org" if number < 8 else "gazette.org")
        folder.mkdir(parents=True, exist_ok=True)
        text = page(number % 10, head=[MASTHEAD, MENU], tail=["Sign up for our newsletter!", IMPRINT])
        (folder / f"{number}.txt").write_text(f"{text} {number}\n", encoding="utf-8")
    dedup.clean_files(tmp_path / "in", tmp_path / "memory")
    told: list[str] = []
    dedup.clean_files(
        tmp_path / "in", tmp_path / "disk", memory="100MB", on_progress=lambda stage, *_: told.append(stage)
    )
    assert any(stage.startswith("staging in") for stage in told)
    found = [sorted((tmp_path / kind).rglob("*.parquet")) for kind in ("memory", "disk")]
    assert [path.name for path in found[0]] == [path.name for path in found[1]]
    for one, other in zip(*found, strict=True):
        assert one.read_bytes() == other.read_bytes(), one.name
    removed = pq.read_table(tmp_path / "disk" / "removed")["rule"].to_pylist()
    assert {"recurring/site", "newsletter/sign-up"} <= set(removed)
