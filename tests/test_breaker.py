"""The circuit breaker: nearly all of a source does not go for boilerplate unless somebody says so."""

import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import dedup
from dedup.errors import ImplausibleError

FURNITURE = [
    f"Part {n} of what every page of the shop says about deliveries, returns and its own history" for n in range(60)
]


def shop(n_pages: int = 40) -> pa.Table:
    """Give pages of which one line in sixty is their own, and as many of another site that are not like that."""
    pages = [
        "\n".join([*FURNITURE, f"Article {n} costs {n + 17} pounds and is of the colour {n * 31}"])
        for n in range(n_pages)
    ]
    others = [
        "\n".join(f"Page {n} tells {line} things of matter {n * 97 + line}" for line in range(40)) for n in range(12)
    ]
    return pa.table(
        {
            "id": [f"d{n}" for n in range(n_pages + 12)],
            "text": pages + others,
            "site": ["shop"] * n_pages + ["paper"] * 12,
        }
    )


def test_a_run_that_would_take_nearly_all_of_a_site_stops() -> None:
    """The error names the site, the share and how many documents, and says how to go on."""
    with pytest.raises(ImplausibleError, match=r"9\d % of the site 'shop' \(40 documents\).*--max-source-share 1"):
        dedup.clean(shop())


def test_it_goes_on_when_told_to() -> None:
    """With max_source_share = 1 the same run goes through, and takes it."""
    result = dedup.clean(shop(), max_source_share=1)
    assert result.report.by_rule["recurring/site"].spans == 40 * 60
    assert result.report.n_sites == 2


def test_small_sources_are_not_stopped() -> None:
    """A handful of pages may well be all furniture."""
    pages = [f"{FURNITURE[0]}\n{FURNITURE[1]}\nshade{n}" for n in range(40)]
    table = pa.table({"id": [f"d{n}" for n in range(40)], "text": pages, "site": ["shop"] * 40})
    report = dedup.clean(table, paragraphs="line").report
    assert report.share_removed > 0.9
    assert report.by_rule["recurring/site"].spans == 80


def test_a_preview_warns_and_shows_it(tmp_path: Path) -> None:
    """Nothing is written, so nothing has to stop: the warning says what a run would say."""
    pq.write_table(shop(), tmp_path / "in.parquet")
    result = dedup.preview_files([tmp_path / "in.parquet"])
    assert any("of the site 'shop'" in warning for warning in result.report.warnings)


def test_the_command_says_so_and_leaves_nothing(tmp_path: Path) -> None:
    """Exit code 4, one line, no output folder and nothing beside it; --max-source-share 1 goes on."""
    pq.write_table(shop(), tmp_path / "in.parquet")
    command = [sys.executable, "-m", "dedup", "clean", "in.parquet", "out", "--quiet"]
    stopped = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (stopped.returncode, stopped.stderr.count("\n")) == (4, 1)
    assert "would take" in stopped.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["in.parquet"]
    subprocess.run([*command, "--max-source-share", "1"], cwd=tmp_path, check=True)
    assert pq.read_table(tmp_path / "out" / "removed").num_rows == 40 * 60
