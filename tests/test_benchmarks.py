"""The benchmarks' own promises: corpora that are what they say, and judges that see what is wrong."""

import gzip
import json
import random
import re
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from benchmarks import front_page
from benchmarks.all_pairs import find_all_pairs, find_all_pairs_naively
from benchmarks.bruteforce import compare_with_all_pairs
from benchmarks.corpora import CORPUS, read_packages, sample_documents
from benchmarks.outputs import Output, check_evidence
from benchmarks.plain_text import text_of_html, text_of_roff
from benchmarks.plain_tokens import jaccard, text_tokens, token_shingles
from benchmarks.recall import measure_recall, wilson_interval
from benchmarks.synthetic import RATES, SyntheticSettings, edit_words, make_corpus
from benchmarks.tables import README, results_section, with_results
from benchmarks.word_source import WordSource, index_words, read_word_source
from dedup.schemas import OVERLAPS, REMOVED

SMALL = SyntheticSettings(size_mb=0.4, seed=3)
SETTINGS = {"similarity": 0.6, "shingle_tokens": 2, "min_tokens": 10, "min_near_tokens": 14}


@pytest.fixture(scope="module")
def source() -> WordSource:
    return read_word_source(None)


@pytest.fixture(scope="module")
def made(source: WordSource) -> tuple[pa.Table, pa.Table]:
    return make_corpus(source, SMALL)


def paragraph_texts(corpus: pa.Table, truth: pa.Table) -> list[str]:
    texts = dict(zip(corpus["doc_id"].to_pylist(), corpus["text"].to_pylist(), strict=True))
    return [texts[row["doc_id"]][row["start"] : row["end"]] for row in truth.to_pylist()]


def write_output(out: Path, removed: list[dict], overlaps: list[dict], report: dict | None = None) -> Path:
    (out / "removed").mkdir(parents=True)
    pq.write_table(pa.Table.from_pylist(removed, schema=REMOVED), out / "removed" / "part-00000.parquet")
    pq.write_table(pa.Table.from_pylist(overlaps, schema=OVERLAPS), out / "overlaps.parquet")
    (out / "report.json").write_text(json.dumps({"settings": SETTINGS, **(report or {})}), encoding="utf-8")
    return out


def perfect_removals(corpus: pa.Table, truth: pa.Table) -> list[dict]:
    """Every copy removed, its base kept: what the best possible cleaner would write."""
    texts = dict(zip(corpus["doc_id"].to_pylist(), corpus["text"].to_pylist(), strict=True))
    rows = truth.to_pylist()
    by_place = {(row["doc_id"], row["paragraph"]): row for row in rows}
    removed = []
    for row in rows:
        if row["kind"] == "base":
            continue
        base = by_place[row["copy_of_doc_id"], row["copy_of_paragraph"]]
        text = texts[row["doc_id"]][row["start"] : row["end"] + 1]  # with its line break
        kept = texts[base["doc_id"]][base["start"] : base["end"]]
        similarity = jaccard(*(token_shingles(text_tokens(part), 2) for part in (text, kept)))
        removed.append(
            {
                "doc_id": row["doc_id"],
                "start": row["start"],
                "end": row["start"] + len(text),
                "text": text,
                "reason": "duplicate" if text_tokens(text) == text_tokens(kept) else "near-duplicate",
                "rule": None,
                "kept_doc_id": base["doc_id"],
                "kept_start": base["start"],
                "kept_end": base["end"],
                "similarity": similarity,
            }
        )
    return removed


def test_corpus_follows_from_its_seed(source: WordSource, made: tuple[pa.Table, pa.Table]) -> None:
    """The same seed gives the same corpus and truth; another seed gives others."""
    again = make_corpus(source, SMALL)
    assert again[0].equals(made[0])
    assert again[1].equals(made[1])
    assert not make_corpus(source, replace(SMALL, seed=4))[0].equals(made[0])


def test_truth_covers_the_corpus(made: tuple[pa.Table, pa.Table]) -> None:
    """The truth's offsets are the lines of the documents, every one, and its token counts are theirs."""
    corpus, truth = made
    texts = paragraph_texts(corpus, truth)
    lines = [line for text in corpus["text"].to_pylist() for line in text.split("\n")]
    assert texts == lines
    assert truth["n_tokens"].to_pylist() == [len(text_tokens(text)) for text in texts]
    assert 0.8 * SMALL.size_mb < sum(len(text) for text in corpus["text"].to_pylist()) / 1e6 < 1.2 * SMALL.size_mb


def test_copies_are_what_the_truth_says(made: tuple[pa.Table, pa.Table]) -> None:
    """An exact copy is equal, a form copy has equal tokens in other dress, an edited copy as many edits as stated."""
    corpus, truth = made
    texts, rows = paragraph_texts(corpus, truth), truth.to_pylist()
    by_place = {(row["doc_id"], row["paragraph"]): text for row, text in zip(rows, texts, strict=True)}
    kinds = Counter(row["kind"] for row in rows)
    assert set(kinds) == {"base", "exact", "form", *(f"edit-{rate:.2f}" for rate in RATES)}
    n_dressed = 0
    for row, text in zip(rows, texts, strict=True):
        if row["kind"] == "base":
            assert row["copy_of_doc_id"] is None
            continue
        base = by_place[row["copy_of_doc_id"], row["copy_of_paragraph"]]
        if row["kind"] == "exact":
            assert text == base
        elif row["kind"] == "form":
            assert text_tokens(text) == text_tokens(base)
            n_dressed += text != base
        else:
            n_words = len(base.split())
            assert row["n_edits"] == max(int(row["rate"] * n_words + 0.5), 1)
            assert 1 <= edit_distance(words_as_tokens(base), words_as_tokens(text)) <= row["n_edits"]
    assert n_dressed > 0.9 * kinds["form"]


def words_as_tokens(text: str) -> list[tuple[str, ...]]:
    return [text_tokens(word) for word in text.split()]


def edit_distance(left: list, right: list) -> int:
    row = list(range(len(right) + 1))
    for i, word in enumerate(left, 1):
        previous, row[0] = row[0], i
        for j, other in enumerate(right, 1):
            previous, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, previous + (word != other))
    return row[-1]


def test_copies_stand_in_other_documents_before_and_after(made: tuple[pa.Table, pa.Table]) -> None:
    """No two paragraphs of a cluster share a document, and about half of the copies come before their base."""
    rows = made[1].to_pylist()
    places = {(row["cluster"], row["doc_id"]) for row in rows}
    assert len(places) == len(rows)
    earlier = [row["doc_id"] < row["copy_of_doc_id"] for row in rows if row["copy_of_doc_id"]]
    # 5 standard deviations of a fair coin
    assert abs(sum(earlier) / len(earlier) - 0.5) < 2.5 / len(earlier) ** 0.5


@pytest.mark.parametrize("edits", ["fixed", "bernoulli"])
def test_edits_come_at_the_stated_rate(edits: str) -> None:
    """`fixed` edits exactly the share, `bernoulli` on average; substitution, deletion and insertion as 60:20:20."""
    generator = np.random.default_rng(5)
    n, length = 2000, 50
    source = index_words([f"w{number}" for number in generator.integers(0, 1000, 5000)])
    words = generator.choice(source.running, n * length)
    offsets = np.arange(n + 1) * length
    new_offsets, edited, n_edits = edit_words(source, offsets, words, np.full(n, 0.1), edits, generator)
    if edits == "fixed":
        assert set(n_edits.tolist()) == {5}
    # 5 standard deviations of a binomial share, and of the difference of insertions and deletions
    assert abs(n_edits.sum() / len(words) - 0.1) < 5 * (0.09 / len(words)) ** 0.5
    assert abs(len(edited) - len(words)) < 5 * (0.4 * n_edits.sum()) ** 0.5
    assert new_offsets[-1] == len(edited)
    for number in np.flatnonzero(n_edits):
        after = edited[new_offsets[number] : new_offsets[number + 1]]
        assert not np.array_equal(after, words[offsets[number] : offsets[number + 1]])


def test_all_pairs_equals_naive() -> None:
    """The exact join misses nothing and adds nothing, at thresholds that sets meet exactly."""
    generator = random.Random(7)
    sets = [frozenset(generator.choices(range(40), k=generator.randint(0, 14))) for _ in range(400)]
    for threshold in (0.3, 0.5, 0.6, 0.7, 0.8, 1.0):
        found = find_all_pairs(sets, threshold)
        assert found == find_all_pairs_naively(sets, threshold)
        assert found
    assert find_all_pairs([], 0.5) == []
    assert find_all_pairs([frozenset()], 0.5) == []


def test_tokens_are_those_of_the_definition() -> None:
    """Case, width and punctuation do not matter; scripts without spaces give a token a character."""
    assert text_tokens("Don’t STOP, ｆｕｌｌ-width: 42ª!") == ("don", "t", "stop", "full", "width", "42a")
    assert text_tokens("東京 ok") == ("東", "京", "ok")
    assert text_tokens("e\u0301 é") == ("e\u0301", "e\u0301")
    assert text_tokens(" — …") == ()
    assert jaccard(token_shingles(("a",), 2), token_shingles(("a",), 2)) == 1.0


def test_perfect_output_has_perfect_recall(tmp_path: Path, made: tuple[pa.Table, pa.Table]) -> None:
    """Where every copy is removed with its base as evidence, recall and precision are 1; losses and errors show."""
    corpus, truth = made
    pq.write_table(corpus, tmp_path / "c.parquet")
    pq.write_table(truth, tmp_path / "c.truth.parquet")
    removed = perfect_removals(corpus, truth)
    figures = measure_recall(
        tmp_path / "c.parquet", tmp_path / "c.truth.parquet", write_output(tmp_path / "all", removed, [])
    )
    assert figures["broken_promises"] == []
    assert {row["recall"] for row in figures["recall"]} == {1.0}
    assert figures["removed_copies"] == len(removed)
    half = removed[::2]
    other = next(row for row in removed if row["kept_doc_id"] != half[0]["kept_doc_id"])
    half[0] = {**half[0], **{name: other[name] for name in ("kept_doc_id", "kept_start", "kept_end")}}
    figures = measure_recall(
        tmp_path / "c.parquet", tmp_path / "c.truth.parquet", write_output(tmp_path / "half", half, [])
    )
    assert figures["false_pairs"] == 1
    assert len(figures["broken_promises"]) >= 3
    assert figures["misses"]["not in overlaps"] > 0


def test_wilson_interval_holds_the_share() -> None:
    """The interval of 8 in 10 is Wilson's; none of none says nothing."""
    assert wilson_interval(8, 10) == (0.4902, 0.9433)
    assert wilson_interval(0, 0) == (0.0, 1.0)


def test_bruteforce_sees_found_held_apart_and_missed(tmp_path: Path) -> None:
    """Each pair of near-equal lines is found, held apart or missed, by what the output says."""
    line = "the quick brown fox jumps over the lazy dog while the band plays a slow tune number"
    pairs = [
        [f"{line} {name} {k}" for k in ("one", "two")] for name in ("alpha beta gamma delta", "x y z u v w", "q r")
    ]
    # three unlike families: the common frame is cut away
    pairs = [
        [" ".join(f"{word}{n}" for word in text.split()[:-1]) + text[-4:] for text in pair]
        for n, pair in enumerate(pairs)
    ]
    texts = {f"d{n}": "\n".join(pair) + "\n" for n, pair in enumerate(pairs)}
    corpus = tmp_path / "c.parquet"
    pq.write_table(pa.table({"doc_id": list(texts), "text": list(texts.values())}), corpus)
    first, second = pairs[0]
    removed = {
        "doc_id": "d0",
        "start": len(first) + 1,
        "end": len(texts["d0"]),
        "text": second + "\n",
        "reason": "near-duplicate",
        "rule": None,
        "kept_doc_id": "d0",
        "kept_start": 0,
        "kept_end": len(first),
        "similarity": jaccard(*(token_shingles(text_tokens(text), 2) for text in pairs[0])),
    }
    overlap = {
        "doc_id": "d1",
        "start": 0,
        "end": len(pairs[1][0]),
        "other_doc_id": "d1",
        "other_start": len(pairs[1][0]) + 1,
        "other_end": len(texts["d1"]) - 1,
        "similarity": 0.9,
        "why_kept": "different-facts",
    }
    figures = compare_with_all_pairs(corpus, write_output(tmp_path / "out", [removed], [overlap]))
    assert (figures["pairs"], figures["found"], figures["held_apart"], figures["missed"]) == (3, 1, 1, 1)
    assert figures["violations"] == 0
    assert len(figures["broken_promises"]) == 1


def test_false_evidence_is_seen() -> None:
    """A wrong text, a kept copy that went, a wrong similarity, one below the threshold: each is a violation."""
    line = "one two three four five six seven eight nine ten"
    texts = {"a": line, "b": line + " eleven", "c": "something else"}
    row = {
        "doc_id": "b",
        "start": 0,
        "end": len(texts["b"]),
        "text": texts["b"],
        "reason": "near-duplicate",
        "rule": None,
        "kept_doc_id": "a",
        "kept_start": 0,
        "kept_end": len(line),
        "similarity": 9 / 10,
    }

    def violations(*rows: dict) -> list[str]:
        output = Output(
            pa.Table.from_pylist(list(rows), schema=REMOVED), OVERLAPS.empty_table(), {"settings": SETTINGS}
        )
        return check_evidence(texts, output)[1]

    assert violations(row) == []
    assert "not what stood there" in violations({**row, "text": "two"})[0]
    assert "0.95 reported" in violations({**row, "similarity": 0.95})[0]
    assert "other tokens" in violations({**row, "reason": "duplicate"})[0]
    far = {**row, "kept_doc_id": "c", "kept_end": 14, "similarity": 0.0}
    assert "below the threshold" in violations(far)[0]
    gone = {**row, "doc_id": "a", "end": len(line), "text": line, "kept_doc_id": "b", "kept_end": len(texts["b"])}
    assert len([violation for violation in violations(row, gone) if "itself removed" in violation]) == 2
    assert "names no kept copy" in violations({**row, "kept_doc_id": None, "kept_start": None})[0]


def test_pages_become_lines() -> None:
    """Blocks, rows and lines of code are lines; scripts go; roff requests and escapes go, examples stay lines."""
    page = (
        b"<html><head><title>T</title></head><body><h1>Head</h1><p>One <b>bold</b>\n word<br>next</p>"
        b"<script>var x;</script><table><tr><td>a</td><td>b</td></tr></table>"
        b"<pre>x = 1\n  y = 2</pre>tail</body></html>"
    )
    assert text_of_html(page) == "Head\nOne bold word\nnext\na b\nx = 1\ny = 2\ntail\n"
    assert text_of_html(b"") == ""
    roff = '.TH LS 1\n.SH NAME\nls \\- list\n.PP\nUse\n.BR ls (1)\nwith\n\\fIcare\\fP.\n.nf\na\nb\n.fi\n.\\" gone\n'
    assert text_of_roff(roff) == "NAME\nls - list\nUse ls(1) with care.\na\nb\n"
    assert text_of_roff(".so man1/ls.1\n") == ""


def test_packages_become_a_corpus(tmp_path: Path) -> None:
    """Pages of every kind are documents in order of package and path; other files, and empty pages, are not."""
    doc = tmp_path / "b-doc" / "usr" / "share" / "doc" / "b-doc"
    man = tmp_path / "a-doc" / "usr" / "share" / "man" / "man1"
    for folder in (doc / "_sources", man):
        folder.mkdir(parents=True)
    (doc / "index.html").write_text("<p>hello</p><p>again</p>", encoding="utf-8")
    (doc / "empty.html").write_text("", encoding="utf-8")
    (doc / "copyright").write_text("Free\n", encoding="utf-8")
    (doc / "picture.png").write_bytes(b"\x89PNG")
    (doc / "_sources" / "index.html").write_text("<p>source</p>", encoding="utf-8")
    with gzip.open(man / "x.1.gz", "wt", encoding="utf-8") as file:
        file.write(".SH NAME\nx\n")
    corpus = read_packages(tmp_path, workers=1)
    assert corpus.schema.equals(CORPUS)
    assert [name.rsplit("/", 1)[-1] for name in corpus["doc_id"].to_pylist()] == ["x.1.gz", "copyright", "index.html"]
    assert corpus["text"].to_pylist() == ["NAME\nx\n", "Free\n", "hello\nagain\n"]
    assert corpus["package"].to_pylist() == ["a-doc", "b-doc", "b-doc"]
    assert sample_documents(corpus, 4).num_rows == 3
    assert sample_documents(corpus, 2)["package"].to_pylist() == ["a-doc", "b-doc"]


def test_harm_is_skipped_without_data(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a data folder the check says so and passes."""
    from benchmarks.__main__ import app

    monkeypatch.delenv("DEDUP_DATA", raising=False)
    result = CliRunner().invoke(app, ["harm"])
    assert result.exit_code == 0
    assert "skipped" in result.output


def test_readme_lists_every_command() -> None:
    """Each command has its row in the table of benchmarks/README.md, which has no others."""
    from benchmarks.__main__ import app

    listed = re.findall(r"^\| `([a-z-]+)` \|", README.read_text(encoding="utf-8"), re.MULTILINE)
    known = [command.name or command.callback.__name__.replace("_", "-") for command in app.registered_commands]
    assert sorted(listed) == sorted(known)


def test_readme_shows_the_results() -> None:
    """The results in benchmarks/README.md and the figures in README.md are those in benchmarks/results/."""
    readme = README.read_text(encoding="utf-8")
    assert readme == with_results(readme, results_section())
    front = front_page.README.read_text(encoding="utf-8")
    assert front == front_page.with_figures(front, front_page.figures_section())
    assert "python -m benchmarks speed" in front_page.figures_section()
