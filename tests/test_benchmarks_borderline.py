"""Borderline pairs: a draw that can be repeated, verdicts that are kept as promised, a judge that sees what changed."""

import gzip
import hashlib
import json
import os
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from benchmarks.quality import borderline
from benchmarks.quality.borderline import (
    BANDS,
    DIFFERENT,
    LARGEST_SHARE,
    MOST_OF_FAMILY,
    NOT_CHECKED,
    NOT_REMOVED,
    OTHER_COPY,
    PASSED_ON,
    SAME,
    STANDS,
    VERDICTS,
    Pair,
    band_of,
    borderline_lines,
    check_pairs,
    draw_pairs,
    find_pairs,
    judge_pairs,
    keep_verdicts,
    measure_precision,
    read_pairs,
    share_out,
    with_figures,
    write_pairs,
)
from benchmarks.quality.borderline_corpora import (
    make_corpora,
    read_copyright_files,
    read_descriptions,
    read_docstrings,
    read_gold_texts,
    read_headers,
    read_licences,
    read_mail,
    read_notes,
    read_pages,
    read_programs,
)

KEPT = (
    "The harbour was rebuilt after the great storm of that winter by the fishermen of three villages, who had lost "
    "every boat they owned, and who paid for stone and timber out of what the town had lent them in the spring."
)
REMOVED = KEPT.replace("great storm of that winter", "storm of that winter").replace("in the spring", "that spring")
OWN = (
    "Nothing of this stands anywhere else: a second report that has its own harbour master, his own accounts of tar "
    "and rope, the names of all pilots who took their oath before him, and a bill for eleven new lanterns on the quay."
)


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def make_pair(number: int, corpus: str = "manuals", similarity: float = 0.52) -> Pair:
    removed, kept = f"removed {corpus} {number}", f"kept {corpus} {number}"
    return Pair(
        corpus=corpus,
        package="some-doc",
        doc_id=f"doc{number}",
        start=0,
        end=len(removed),
        kept_doc_id=f"other{number}",
        kept_start=3,
        kept_end=3 + len(kept),
        similarity=similarity,
        removed_sha256=sha(removed),
        kept_sha256=sha(kept),
        removed=removed,
        kept=kept,
    )


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    path = tmp_path / "manuals.parquet"
    texts = [f"{KEPT}\nFirst.", f"{OWN}\n{REMOVED}\n"]
    pq.write_table(pa.table({"doc_id": ["a", "b"], "text": texts, "package": ["p", "q"]}), path)
    return path


def test_shares_are_even_as_far_as_they_go() -> None:
    """Nobody gets more than there is, all is given if it can be, and who could take more has no less than others."""
    assert share_out(200, {"a": 4, "b": 90, "c": 70, "d": 100}) == {"a": 4, "b": 66, "c": 65, "d": 65}
    assert share_out(9, {"a": 2, "b": 3}) == {"a": 2, "b": 3}
    assert share_out(2, {"a": 5, "b": 5, "c": 5}) == {"a": 1, "b": 1, "c": 0}
    assert share_out(3, {}) == {}


def test_a_draw_is_spread_and_repeatable() -> None:
    """Borderline bands come first, fillers only where those run out; the order of the input does not matter."""
    pairs = [make_pair(n, "manuals", 0.5 + 0.05 * (n % 6) + 0.01) for n in range(300)]
    pairs += [make_pair(n, "mail", 0.5 + 0.05 * (n % 6) + 0.01) for n in range(30)]
    pairs += [make_pair(n, "press", 0.9) for n in range(30)]
    drawn = draw_pairs(pairs, 60, seed=1)
    assert drawn == draw_pairs(pairs[::-1], 60, seed=1)
    assert drawn != draw_pairs(pairs, 60, seed=2)
    assert Counter(pair.corpus for pair in drawn) == {"manuals": LARGEST_SHARE * 60, "mail": LARGEST_SHARE * 60}
    bands = Counter((pair.corpus, band_of(pair.similarity)) for pair in drawn)
    assert [bands["manuals", band] for band in range(6)] == [6, 6, 6, 6, 0, 0]
    assert [bands["mail", band] for band in range(6)] == [5, 5, 5, 5, 2, 2]


def test_what_a_smaller_draw_has_a_larger_one_has_too() -> None:
    """Pairs once read stay in the draw as long as they are removed, so that few are to be read anew."""
    pairs = [make_pair(n) for n in range(100)]
    small, large = draw_pairs(pairs, 20, seed=1), draw_pairs(pairs[:90], 40, seed=1)
    assert {pair.texts_key for pair in small} & {pair.texts_key for pair in pairs[:90]} <= {
        pair.texts_key for pair in large
    }


def test_equal_pairs_are_drawn_once() -> None:
    """The same two texts removed in ten documents are one pair to read."""
    pairs = [replace(make_pair(1), doc_id=f"doc{n}") for n in range(10)] + [make_pair(2)]
    assert len(draw_pairs(pairs, 5, seed=1)) == 2


def test_a_family_gives_few_pairs() -> None:
    """However often a chain letter was sent, it is one thing to read; copies of one removed text are one pair."""
    pairs = [replace(make_pair(n), kept_doc_id="letter") for n in range(30)] + [make_pair(n) for n in range(30, 34)]
    drawn = draw_pairs(pairs, 100, seed=1, largest_share=1)
    assert Counter(pair.kept_doc_id == "letter" for pair in drawn) == {True: MOST_OF_FAMILY, False: 4}
    held_twice = [make_pair(1), replace(make_pair(1), corpus="programs", kept_sha256=sha("another"), kept_doc_id="x")]
    assert len(draw_pairs(held_twice, 100, seed=1)) == 1


def test_no_corpus_has_more_than_its_share() -> None:
    """The share can be asked for where one corpus has what the others lack."""
    pairs = [make_pair(n) for n in range(100)]
    assert len(draw_pairs(pairs, 50, seed=1)) == LARGEST_SHARE * 50
    assert len(draw_pairs(pairs, 50, seed=1, largest_share=0.8)) == 40


def test_bands_hold_their_lower_end_only() -> None:
    """0.7 is no longer borderline; 0.8 is in no band."""
    assert [band_of(similarity) for similarity in (0.4999, 0.5, 0.6999, 0.7, 0.7999, 0.8)] == [None, 0, 3, 4, 5, None]


def test_pairs_are_found_where_they_stand(corpus: Path) -> None:
    """Places are those of the texts without white space at their ends, digests those of the texts."""
    (pair,) = find_pairs(corpus)
    assert (pair.corpus, pair.package, pair.doc_id, pair.kept_doc_id) == ("manuals", "q", "b", "a")
    assert (pair.removed, pair.kept) == (REMOVED, KEPT)
    assert (pair.start, pair.end) == (len(OWN) + 1, len(OWN) + 1 + len(REMOVED))
    assert (pair.kept_start, pair.kept_end) == (0, len(KEPT))
    assert pair.texts_key == (sha(REMOVED), sha(KEPT))


def test_texts_are_kept_only_where_they_may_be_passed_on(tmp_path: Path) -> None:
    """Of mail there are places and digests; a pair without a verdict is not kept; a second reading counts."""
    read = [
        replace(make_pair(1), verdict=SAME, why="cut"),
        replace(make_pair(2, "mail"), verdict=DIFFERENT, why="another date"),
        make_pair(3),
    ]
    kept = keep_verdicts(read, [replace(make_pair(1), verdict=DIFFERENT)])
    assert [(pair.corpus, pair.verdict, pair.removed) for pair in kept] == [
        ("mail", DIFFERENT, None),
        ("manuals", SAME, "removed manuals 1"),
    ]
    write_pairs(tmp_path / "pairs.jsonl", kept)
    assert read_pairs(tmp_path / "pairs.jsonl") == kept
    assert "null" not in (tmp_path / "pairs.jsonl").read_text()


def test_readings_are_numbered() -> None:
    """What is read anew is of the next round; what is read again stays in its own."""
    first = keep_verdicts([replace(make_pair(n), verdict=SAME) for n in (1, 2)], [])
    assert [pair.round for pair in first] == [1, 1]
    again = [replace(make_pair(2), verdict=DIFFERENT), replace(make_pair(3), verdict=SAME)]
    both = keep_verdicts(again, first)
    assert [(pair.doc_id, pair.verdict, pair.round) for pair in both] == [
        ("doc1", SAME, 1),
        ("doc2", DIFFERENT, 1),
        ("doc3", SAME, 2),
    ]


def test_the_last_reading_is_judged_apart_too() -> None:
    """All rounds keep the promise or break it; the last stands beside it, without what was no longer fresh."""
    read = [replace(make_pair(n), verdict=SAME, round=1) for n in range(200)]
    read += [replace(make_pair(n), verdict=SAME if n < 203 else DIFFERENT, round=2) for n in range(200, 204)]
    figures = judge_pairs(read, {pair.texts_key: STANDS for pair in read})
    assert figures["precision"]["all"]["precision"] == pytest.approx(203 / 204, abs=1e-4)
    assert figures["latest"]["round"] == 2
    assert figures["latest"]["precision"]["all"]["precision"] == 0.75
    assert not figures["broken_promises"]
    lines = borderline_lines(figures)
    assert lines[0] == "All rounds:"
    assert "Round 2 alone:" in lines


def test_a_word_that_is_no_verdict_is_refused() -> None:
    """A slip of the pen must not count for either side."""
    with pytest.raises(Exception, match="verdict 'smae'"):
        keep_verdicts([replace(make_pair(1), verdict="smae")], [])


def test_the_judge_sees_what_the_tool_does_now(corpus: Path) -> None:
    """A pair stands, is held against another copy, is not removed, or cannot be checked."""
    (pair,) = find_pairs(corpus)
    read = [
        pair,
        replace(pair, kept_sha256=sha("other")),
        replace(pair, removed_sha256=sha("stays")),
        make_pair(1, "mail"),
    ]
    assert list(check_pairs(read, [corpus]).values()) == [STANDS, OTHER_COPY, NOT_REMOVED, NOT_CHECKED]


def test_precision_counts_what_stands() -> None:
    """A verdict on a pair that is no longer removed is no evidence for or against the tool as it is."""
    read = [replace(make_pair(n), verdict=SAME if n < 8 else DIFFERENT) for n in range(10)]
    read.append(replace(make_pair(11, "mail", 0.72), verdict=SAME))
    fates = {pair.texts_key: STANDS for pair in read}
    figures = measure_precision(read, fates)
    assert figures["precision"]["all"]["precision"] == pytest.approx(9 / 11, abs=1e-4)
    assert figures["precision"]["below 0.7"]["precision"] == 0.8
    assert figures["precision"]["0.70-0.75"]["read"] == 1
    assert len(figures["broken_promises"]) == 1
    fates[read[8].texts_key], fates[read[9].texts_key] = NOT_REMOVED, OTHER_COPY
    figures = measure_precision(read, fates)
    assert figures["precision"]["all"]["precision"] == 1
    assert figures["fates"] == {NOT_REMOVED: 1, OTHER_COPY: 1, STANDS: 9}
    assert not figures["broken_promises"]


def test_the_readme_takes_the_figures_between_its_marks() -> None:
    """All else stays, and writing twice gives the same."""
    read = [replace(make_pair(1), verdict=SAME, round=1)]
    figures = judge_pairs(read, {read[0].texts_key: STANDS})
    once = with_figures(f"before\n{borderline.BEGIN}old\n{borderline.END}after\n", figures)
    assert once.startswith("before\n")
    assert once.endswith("after\n")
    assert "old" not in once
    assert with_figures(once, figures) == once


def test_draw_keep_and_judge_as_commands(corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From a corpus to pairs, from verdicts to the committed file, from there to precision."""
    monkeypatch.setattr(borderline, "VERDICTS", tmp_path / "verdicts.jsonl")
    monkeypatch.setattr(borderline, "BANDS", ((0.0, 1.1), *BANDS[1:]))
    pairs = tmp_path / "pairs.jsonl"
    run = CliRunner().invoke
    drawn = run(borderline.app, ["borderline", "--corpus", str(corpus), "--pairs", str(pairs)])
    assert "1 pairs to read, 0 left out" in drawn.output
    write_pairs(pairs, [replace(pair, verdict=SAME, why="reworded") for pair in read_pairs(pairs)])
    assert run(borderline.app, ["borderline", "--keep", str(pairs)]).exit_code == 0
    judged = run(borderline.app, ["borderline", "--judge", "--corpus", str(corpus)])
    assert "now: {'stands': 1}" in judged.output
    assert judged.exit_code == 0
    unchecked = run(borderline.app, ["borderline", "--judge", "--corpus", str(tmp_path / "absent" / "manuals.parquet")])
    assert "manuals: not checked, its corpus is not there" in unchecked.output
    again = run(borderline.app, ["borderline", "--corpus", str(corpus), "--pairs", str(pairs)])
    assert "0 pairs to read, 1 left out" in again.output
    missing = run(borderline.app, ["borderline", "--corpus", str(tmp_path / "absent.parquet")])
    assert missing.exit_code == 2


def test_committed_verdicts_are_whole() -> None:
    """Three rounds from four kinds of source, each with a verdict and a reason; texts as their digests say."""
    read = read_pairs(VERDICTS)
    assert {pair.round for pair in read} == {1, 2, 3}
    assert len({pair.texts_key for pair in read}) == len(read) >= 200
    assert len({pair.corpus for pair in read}) >= 4
    for pair in read:
        assert pair.verdict in (SAME, DIFFERENT)
        assert pair.why
        assert band_of(pair.similarity) is not None
        if pair.corpus in PASSED_ON:
            assert (sha(pair.removed or ""), sha(pair.kept or "")) == pair.texts_key
            assert pair.end - pair.start == len(pair.removed or "")
            assert pair.package
        else:
            assert (pair.removed, pair.kept) == (None, None)


@pytest.mark.skipif("DEDUP_DATA" not in os.environ, reason="set DEDUP_DATA to the folder of labelled data")
def test_committed_places_hold_the_texts_that_were_read() -> None:
    """Where texts are not ours to keep, place and digest lead back to them."""
    data = Path(os.environ["DEDUP_DATA"])
    readers = {"licences": read_licences, "press": read_gold_texts, "pages": read_pages}
    for corpus, read_texts in readers.items():
        wanted = [pair for pair in read_pairs(VERDICTS) if pair.corpus == corpus]
        texts = {doc_id: text for doc_id, text, _ in read_texts(data)}
        for pair in wanted:
            found = texts[pair.doc_id][pair.start : pair.end], texts[pair.kept_doc_id][pair.kept_start : pair.kept_end]
            assert (sha(found[0]), sha(found[1])) == pair.texts_key


def test_corpora_are_made_of_what_is_there(tmp_path: Path) -> None:
    """Text parts of mail in whatever encoding, packages that are no links, annotated texts that are not empty."""
    folder = tmp_path / "mail" / "ham"
    folder.mkdir(parents=True)
    (folder / "00001.abcdef0123.txt").write_bytes(
        b"Content-Type: text/plain; charset=no-such\nContent-Transfer-Encoding: 8bit\n\ncaf\xe9\n"
    )
    (folder / "00002.abcdef0123.txt").write_bytes(b"Content-Type: text/html\n\n<p>no text part</p>\n")
    (folder / "readme.txt").write_text("not a message")
    assert next(iter(read_mail(tmp_path / "mail"))) == ("ham/00001.abcdef", "caf\xe9\n", "ham")
    documentation = tmp_path / "doc"
    (documentation / "one").mkdir(parents=True)
    (documentation / "one" / "copyright").write_text("Copyright 2020")
    (documentation / "two").symlink_to(documentation / "one")
    assert list(read_copyright_files(documentation)) == [("one", "Copyright 2020", "one")]
    (documentation / "one" / "README.gz").write_bytes(gzip.compress(b"Read me"))
    (documentation / "one" / "logo.png").write_bytes(b"not text")
    (documentation / "one" / "changelog").write_text("x" * 200_000)
    assert list(read_notes(documentation)) == [("one/README.gz", "Read me", "one")]
    data = tmp_path / "data"
    data.mkdir()
    pq.write_table(
        pa.table({"doc_id": ["x", "y"], "gold_text": ["A text.", None], "html": [b"<p>A</p>", b""]}),
        data / "aeb.parquet",
    )
    assert list(read_gold_texts(data)) == [("aeb/x", "A text.", "aeb")]
    assert list(read_pages(data)) == [("aeb/x", "A\n", "aeb")]
    made = make_corpora(tmp_path / "made", data, tmp_path / "mail")
    of_this_machine = {"copyright", "notes", "programs", "descriptions", "docstrings", "headers"}
    assert {name: made[name] for name in made.keys() - of_this_machine} == {"mail": 1, "press": 1, "pages": 1}
    assert pq.read_table(tmp_path / "made" / "press.parquet")["doc_id"].to_pylist() == ["aeb/x"]


def test_pages_of_programs_are_those_of_packages(tmp_path: Path) -> None:
    """Pages that no package owns, links, other sections and packages that are not Debian's are left out."""
    pages, lists = tmp_path / "man", tmp_path / "info"
    lists.mkdir()
    (pages / "man1").mkdir(parents=True)
    (pages / "man3").mkdir()
    for name in ("man1/tool.1.gz", "man1/local.1.gz", "man1/cloud.1.gz", "man3/call.3.gz"):
        (pages / name).write_bytes(gzip.compress(b".TH TOOL 1\n.SH NAME\ntool - does it\n"))
    (pages / "man1" / "alias.1.gz").symlink_to(pages / "man1" / "tool.1.gz")
    (lists / "tools:amd64.list").write_text(
        "\n".join(str(pages / name) for name in ("man1/tool.1.gz", "man1/alias.1.gz", "man3/call.3.gz"))
    )
    (lists / "google-cloud-cli.list").write_text(str(pages / "man1" / "cloud.1.gz"))
    ((doc_id, text, package),) = read_programs(pages, lists)
    assert (doc_id, package) == ("man1/tool.1.gz", "tools")
    assert "does it" in text


def test_words_about_code_are_taken_out_of_it(tmp_path: Path) -> None:
    """Docstrings and comments of files that a package owns, without what is around them; a description as it reads."""
    library, headers, lists = tmp_path / "lib", tmp_path / "include", tmp_path / "info"
    for folder in (library / "python3", headers, lists):
        folder.mkdir(parents=True)
    module, broken, header = library / "python3" / "one.py", library / "python3" / "broken.py", headers / "one.h"
    module.write_text('"""About one."""\n\ndef two() -> None:\n    """About two."""\n')
    broken.write_text("def (:\n")
    (library / "python3" / "local.py").write_text('"""Of no package."""\n')
    header.write_text("/* First.\n * Second. */\nint one;\n/** Third. */\n")
    (lists / "one.list").write_text(f"{module}\n{broken}\n{header}\n")
    assert list(read_docstrings(library, lists)) == [("lib/python3/one.py", "About one.\n\nAbout two.", "one")]
    ((doc_id, text, package),) = read_headers(headers, lists)
    assert (doc_id, package) == ("include/one.h", "one")
    assert [line.strip() for line in text.split("\n") if line] == ["First.", "Second.", "Third."]
    status = tmp_path / "status"
    status.write_text(
        "Package: one\nDescription: does it\n All of it.\n .\n Well.\nSection: misc\n\n"
        "Package: google-cloud-cli\nDescription: other\n"
    )
    assert list(read_descriptions(status)) == [("one", "does it\nAll of it.\n\nWell.\n", "one")]


def test_lines_are_plain_json() -> None:
    """Anyone can read the verdicts without this module."""
    with VERDICTS.open(encoding="utf-8") as file:
        assert {"corpus", "doc_id", "verdict", "why"} <= set(json.loads(file.readline()))
