"""Nothing is lost: what is left and what was removed are the input, character for character."""

import os
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from reference.corpus import find_broken_promises, make_documents
from test_kernels_text import texts as nasty_texts

import dedup

PASSAGE = "The harbour was rebuilt after the war by engineers who had come from all over the country to help."
pieces = nasty_texts | st.sampled_from(
    [
        PASSAGE,
        f"{PASSAGE} {PASSAGE}",
        "\r\n",
        "\n\n",
        "\r",
        "\t",
        "Reuters contributed to this report.",
        "",
        " ",
        f"\n{PASSAGE}\n",
    ]
)
# a NUL is damage and no document
documents = st.lists(st.lists(pieces, max_size=6).map(lambda parts: "".join(parts).replace("\0", "")), max_size=5)


def check(texts: list[str], **changes: object) -> None:
    """Assert that a run loses and adds nothing."""
    result = dedup.clean([{"id": f"d{place}", "text": text} for place, text in enumerate(texts)], **changes)
    assert dedup.restore(result)["text"].to_pylist() == texts
    left = sum(map(len, result.texts)) + sum(map(len, result.removed["text"].to_pylist()))
    assert left == sum(map(len, texts)) == result.report.n_chars
    originals = {f"d{place}": text for place, text in enumerate(texts)}
    broken = find_broken_promises(originals, result, dedup.Settings().similarity)
    if changes.get("keep") == "none":
        broken = [fault for fault in broken if not fault.endswith("no kept copy")]
    assert broken == []


@given(documents, st.sampled_from(["first", "longest", "none"]), st.sampled_from(["auto", "line", "block"]))
def test_restoring_gives_back_any_text(texts: list[str], keep: str, paragraphs: str) -> None:
    """Arbitrary Unicode, blank documents and documents full of copies come back as they were."""
    check(texts, keep=keep, paragraphs=paragraphs)


@given(documents)
def test_restoring_gives_back_any_text_where_most_goes(texts: list[str]) -> None:
    """Also where settings remove as much as they can."""
    check(texts, min_tokens=1, min_near_tokens=1, allow_different_facts=True, min_repeat_tokens=5, similarity=0.5)


@pytest.mark.parametrize("seed", range(3))
def test_generated_documents_come_back_from_files(seed: int, tmp_path: Path) -> None:
    """Through text files and Parquet and back, every byte is there again."""
    folder = tmp_path / "in"
    folder.mkdir()
    texts = {f"doc{place:03}": text for place, text in enumerate(make_documents(seed))}
    for name, text in texts.items():
        (folder / f"{name}.txt").write_bytes(text.encode())
    dedup.clean_files(folder, tmp_path / "out", allow_different_facts=True)
    back = dedup.restore(tmp_path / "out").to_pylist()
    assert {Path(row["source"]).stem: row["text"].encode() for row in back} == {k: v.encode() for k, v in texts.items()}


@pytest.mark.parametrize(("name", "column"), [("aeb", "gold_text"), ("novels_tuning", "text")])
def test_real_texts_come_back(name: str, column: str) -> None:
    """Press articles and novels come back byte for byte, and every removal from them is proved."""
    folder = os.environ.get("DEDUP_DATA")
    if not folder:
        pytest.skip("set DEDUP_DATA to the folder of labelled data to check real texts")
    path = Path(folder) / f"{name}.parquet"
    if not path.is_file():
        pytest.skip(f"no {path.name} in DEDUP_DATA")
    table = pq.read_table(path, columns=["doc_id", column])
    texts = [text or "" for text in table[column].to_pylist()]
    result = dedup.clean(table, text_column=column, id_column="doc_id")
    restored = dedup.restore(result)
    assert restored["text"].to_pylist() == texts
    originals = dict(zip(restored["doc_id"].to_pylist(), texts, strict=True))
    assert find_broken_promises(originals, result, dedup.Settings().similarity) == []
