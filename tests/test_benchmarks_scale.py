"""The benchmarks of scale: corpora of any size that are what they say, and judges that see what is wrong."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benchmarks.plain_tokens import text_tokens
from benchmarks.streamed import stream_corpus, stream_texts
from benchmarks.streamed_kernels import base_and_copy, number_of_base, number_to_place, place_to_number
from benchmarks.synthetic import RATES, SyntheticSettings
from benchmarks.word_source import WordSource, read_word_source

SEED = np.uint64(1)


@pytest.fixture(scope="module")
def source() -> WordSource:
    return read_word_source(None)


@pytest.fixture(scope="module")
def streamed(source: WordSource, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("streamed") / "corpus"
    stream_corpus(source, SyntheticSettings(size_mb=1.0), folder)
    return folder


def truth_rows(folder: Path) -> list[dict]:
    return pq.read_table(folder.with_suffix(".truth.parquet")).to_pylist()


def texts_by_id(folder: Path) -> dict[str, str]:
    table = pq.read_table(folder)
    return dict(zip(table["doc_id"].to_pylist(), table["text"].to_pylist(), strict=True))


@pytest.mark.parametrize("n", [1, 2, 139, 1000, 65537])
def test_places_are_a_permutation(n):
    """Every paragraph stands at one place, and is found there."""
    half_bits = max(((n - 1).bit_length() + 1) // 2, 1)
    numbers = [place_to_number(place, n, half_bits, SEED) for place in range(n)]
    assert sorted(numbers) == list(range(n))
    assert [number_to_place(number, n, half_bits, SEED) for number in numbers] == list(range(n))


def test_thirty_of_a_hundred_bases_have_copies():
    """A group has each base once, and 39 copies: 24 bases have one, 3 two, 3 three."""
    pairs = [base_and_copy(number) for number in range(139, 278)]
    assert sorted(base for base, copy in pairs if copy == 0) == list(range(100, 200))
    assert len(set(pairs)) == 139
    n_copies = [max(copy for base, copy in pairs if base == wanted) for wanted in range(100, 200)]
    assert [n_copies.count(n) for n in range(4)] == [70, 24, 3, 3]
    assert [number_of_base(base) for base, copy in pairs if copy == 0] == list(range(139, 239))


def test_streamed_corpus_is_the_same_again_and_in_other_parts(source, streamed, tmp_path):
    """The text follows from seed and settings; where parts are cut does not matter."""
    settings = SyntheticSettings(size_mb=20.0)
    made = stream_corpus(source, settings, tmp_path / "parts", part_mb=8.0)
    assert made.n_parts == len(list((tmp_path / "parts").iterdir())) > 1
    assert stream_corpus(source, settings, tmp_path / "whole").n_parts == 1
    for suffix in ("", ".truth.parquet"):
        parts, whole = (pq.read_table(tmp_path / f"{name}{suffix}") for name in ("parts", "whole"))
        assert parts.equals(whole)
    other = pa.concat_tables(stream_texts(source, SyntheticSettings(size_mb=1.0, seed=2)))
    assert not other.equals(pq.read_table(streamed))


def test_streamed_truth_is_true(streamed):
    """Spans are the lines of the text; copies have what their kind says of their base; sizes are as asked."""
    texts, rows = texts_by_id(streamed), truth_rows(streamed)
    spans: dict[str, list[str]] = {}
    by_place = {(row["doc_id"], row["paragraph"]): row for row in rows}
    for row in rows:
        text = texts[row["doc_id"]][row["start"] : row["end"]]
        tokens = text_tokens(text)
        assert len(tokens) == row["n_tokens"]
        spans.setdefault(row["doc_id"], []).append(text)
        if row["kind"] == "base":
            assert row["copy_of_doc_id"] is None
            continue
        base = by_place[row["copy_of_doc_id"], row["copy_of_paragraph"]]
        assert (base["kind"], base["cluster"]) == ("base", row["cluster"])
        base_text = texts[base["doc_id"]][base["start"] : base["end"]]
        if row["kind"] in ("exact", "form"):
            assert tokens == text_tokens(base_text)
            assert (text == base_text) or row["kind"] == "form"
        else:
            n_words = len(base_text.split())
            assert row["n_edits"] == max(int(row["rate"] * n_words + 0.5), 1)
            assert abs(len(text.split()) - n_words) <= row["n_edits"]
    assert {doc_id: "\n".join(lines) for doc_id, lines in spans.items()} == texts
    assert abs(sum(len(text.encode()) for text in texts.values()) / 1e6 - 1.0) < 0.1
    kinds = [row["kind"] for row in rows]
    assert kinds.count("base") * 39 == (len(kinds) - kinds.count("base")) * 100
    # seven kinds by chance: five standard deviations
    n_copies = len(kinds) - kinds.count("base")
    for rate in RATES:
        assert abs(kinds.count(f"edit-{rate:.2f}") - n_copies / 7) < 5 * (n_copies * 6 / 49) ** 0.5


def test_copies_stand_anywhere(streamed):
    """Copies are as often before their base as behind it, and a third of the corpus away on the average."""
    rows = truth_rows(streamed)
    order = {doc_id: place for place, doc_id in enumerate(pq.read_table(streamed)["doc_id"].to_pylist())}
    ways = np.array([order[row["doc_id"]] - order[row["copy_of_doc_id"]] for row in rows if row["copy_of_doc_id"]])
    assert abs((ways > 0).mean() - 0.5) < 2.5 / len(ways) ** 0.5  # five standard deviations of a share at 1/2
    assert abs(np.abs(ways).mean() / len(order) - 1 / 3) < 5 * 0.24 / len(ways) ** 0.5
