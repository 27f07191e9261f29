"""The two seed documents: exactly five edits, nothing else."""

import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

SEEDS = Path(__file__).parent.parent / "seeds"
FIRST, SECOND = "000_d3c9113e3e7c6ada", "001_9fc2283125293e7f"


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Clean the seeds as a user does."""
    target = tmp_path_factory.mktemp("seeds") / "out"
    ran = subprocess.run(
        [sys.executable, "-m", "dedup", "clean", str(SEEDS), str(target), "--quiet"],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert ran.returncode == 0, ran.stderr
    return target


def read(folder: Path) -> list[dict]:
    return pq.read_table(folder).to_pylist()


@pytest.fixture(scope="module")
def clean(out: Path) -> dict[str, str]:
    return {row["doc_id"]: row["text"] for row in read(out / "documents")}


def original(doc_id: str) -> str:
    return (SEEDS / f"{doc_id}.txt").read_bytes().decode()


def test_exactly_five_edits(out: Path) -> None:
    """Two wire credits, a repost disclaimer and the doubled part of two captions go, each with its reason."""
    removed = [(row["doc_id"], row["reason"], (row["rule"] or "").split("/")[0]) for row in read(out / "removed")]
    assert sorted(removed) == [
        (FIRST, "boilerplate", "wire-credit"),
        (SECOND, "boilerplate", "repost-disclaimer"),
        (SECOND, "boilerplate", "wire-credit"),
        (SECOND, "repeat", ""),
        (SECOND, "repeat", ""),
    ]


def test_each_edit_is_the_right_one(out: Path) -> None:
    """The removed texts are those and no more; of the captions the complete copy is the kept one."""
    rows = {row["text"].strip(): row for row in read(out / "removed")}
    text = original(SECOND)
    disclaimer = text[text.index("Disclaimer: The copyright of this article") :].strip()
    assert disclaimer.endswith("Thank you.")
    peskov, simonyan = (
        next(line for line in text.splitlines() if line.startswith(start))
        for start in ("Kremlin spokesman Dmitry Peskov (left)", "Russian broadcaster RT's editor-in-chief")
    )
    cut_copy = peskov[: peskov.index("...") + 3]
    caption = simonyan[: len("Russian broadcaster") + simonyan[20:].index("Russian broadcaster") + 1].strip()
    assert set(rows) == {
        "Reuters contributed to this report.",
        "This article includes reporting from The Associated Press",
        disclaimer,
        cut_copy,
        caption,
    }
    kept = rows[cut_copy]
    assert kept["kept_doc_id"] == SECOND
    assert peskov.count("Kremlin spokesman") == 2
    assert text[kept["kept_start"] :].startswith(peskov[peskov.rindex("Kremlin spokesman") :])


def test_what_is_left_is_the_original_without_them(clean: dict[str, str]) -> None:
    """Captions keep their complete copy and credit; each removed paragraph takes its line break, and no other goes."""
    assert clean[FIRST] == original(FIRST).replace("\nReuters contributed to this report.", "")
    lines = clean[SECOND].split("\n")
    assert [line for line in lines if line.endswith("Kristina Kormilitsyna/AP")] == [
        "Kremlin spokesman Dmitry Peskov (left) and Russian Presidential Aide Yury Ushakov (right) wait before a "
        "meeting with Russian President Vladimir Putin. Career diplomat Dmitry Peskov is known as a fierce defender "
        "of Russia's international position, particularly over the war with Ukraine. Kristina Kormilitsyna/AP"
    ]
    assert [line for line in lines if line.endswith("Valeriy Sharifulin/AP")] == [
        "Russian broadcaster RT's editor-in-chief, Margarita Simonyan attending a Kremlin event. She is a Moscow "
        "firebrand outspoken in advocating for President Putin. Valeriy Sharifulin/AP"
    ]
    gone = (
        "Disclaimer: The copyright",
        "This article includes reporting",
        "Kremlin spokesman Dmitry Peskov (left)",
        "Russian b",
    )
    untouched = [line for line in original(SECOND).split("\n") if line and not line.startswith(gone)]
    assert [line for line in lines if line and not line.startswith(gone)] == untouched


def test_quotes_and_news_stay(clean: dict[str, str]) -> None:
    """Sentences that look like captions or repeats of the news are kept."""
    for sentence in (
        "Kremlin spokesman Dmitry Peskov lashed out",
        '"Seriously? Did you run out of mirrors?" she said.',
    ):
        assert sentence in clean[SECOND]
    quotes = [line for line in original(FIRST).splitlines() if line.endswith("”")]
    assert len(quotes) == 2
    assert all(quote in clean[FIRST].splitlines() for quote in quotes)


def test_the_statement_in_two_wordings_is_an_overlap(out: Path) -> None:
    """Meta's statement, paragraph 5 here and 3 there, is reported and stays in both documents."""
    pairs = [
        (
            original(row["doc_id"])[row["start"] : row["end"]],
            original(row["other_doc_id"])[row["other_start"] : row["other_end"]],
        )
        for row in read(out / "overlaps.parquet")
    ]
    fifth = original(FIRST).splitlines()[4]
    third = [line for line in original(SECOND).splitlines() if line][2]
    assert "After careful consideration" in fifth
    assert (fifth, third) in pairs
