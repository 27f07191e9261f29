"""The comparison with other tools: what it counts is right, and what it cannot run it says, without those tools."""

import gzip
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.field import comparison, environments
from benchmarks.field.adapters import datatrove, dolma, paragraph_files
from benchmarks.field.adapters.paragraph_files import UNNAMED, byte_shingles, first_in_cluster, kept_by_cluster
from benchmarks.field.comparison import measure_field
from benchmarks.field.environments import InstallError, make_environment, reason_of
from benchmarks.field.inputs import make_inputs
from benchmarks.field.scoring import read_found, score
from benchmarks.field.table import field_lines
from benchmarks.field.targets import AT_NO_LOWER_RECALL, LEAST_RATIOS, add_ratios, missed_targets
from benchmarks.field.tools import ENVIRONMENTS, TOOLS, Tool
from benchmarks.measurements import BenchmarkError
from benchmarks.synthetic import TRUTH

WATCH = Path(comparison.__file__).with_name("watch.py")
ADAPTERS = Path(paragraph_files.__file__).parent


def truth_of(*rows: tuple[int, str, int]) -> pa.Table:
    """Rows of cluster, kind and tokens; each edit has one word edited."""
    return pa.Table.from_pylist(
        [
            {
                "doc_id": f"d{place}",
                "paragraph": 0,
                "start": 0,
                "end": 10,
                "n_tokens": n_tokens,
                "cluster": cluster,
                "kind": kind,
                "n_edits": int(kind.startswith("edit")),
            }
            for place, (cluster, kind, n_tokens) in enumerate(rows)
        ],
        schema=TRUTH,
    )


TWO_PAIRS = truth_of((0, "base", 30), (1, "edit-0.10", 8), (0, "edit-0.02", 30), (1, "base", 9), (2, "base", 20))


def test_whoever_finds_all_has_full_recall() -> None:
    """A pair is found whichever of the two stays, and counts as long by the length of the copy."""
    found = score(TWO_PAIRS, np.array([0, 3, 0, 3, 4]))
    assert found["recall"] == {"0.02": {"pairs": 1, "recall": 1.0}, "0.10": {"pairs": 1, "recall": 1.0}}
    assert found["recall_of_long"] == {"0.02": {"pairs": 1, "recall": 1.0}}
    assert (found["removed"], found["pair_precision"]) == (2, 1.0)


def test_whoever_finds_nothing_has_no_recall_and_no_precision() -> None:
    """Nothing removed: recall is 0, and there is nothing to be precise about."""
    found = score(TWO_PAIRS, np.arange(5))
    assert [row["recall"] for row in found["recall"].values()] == [0.0, 0.0]
    assert found["pair_precision"] is None


def test_a_copy_of_another_base_is_false() -> None:
    """A paragraph that goes for one of another base counts against precision, and its pair is not found."""
    found = score(TWO_PAIRS, np.array([0, 0, 0, 3, 4]))
    assert found["recall"]["0.10"]["recall"] == 0.0
    assert found["pair_precision"] == 0.5


def test_two_that_go_for_a_third_are_found() -> None:
    """Clusters of a tool may join what is the same to what is not: the pair is found, both removals are false."""
    found = score(TWO_PAIRS, np.array([4, 1, 4, 3, 4]))
    assert found["recall"]["0.02"]["recall"] == 1.0
    assert found["pair_precision"] == 0.0


def test_a_tool_that_names_no_copy_is_judged_by_what_stays() -> None:
    """Without a named copy a removal is true if a paragraph of its base stays."""
    found = score(TWO_PAIRS, np.array([0, 1, UNNAMED, 3, UNNAMED]))
    assert found["recall"]["0.02"]["recall"] == 1.0
    assert found["recall"]["0.10"]["recall"] == 0.0
    assert found["pair_precision"] == 0.5


def test_larger_clusters_and_unedited_copies_do_not_count() -> None:
    """Recall is over bases with one copy that differs as its kind says."""
    rows = truth_of((0, "base", 9), (0, "exact", 9), (0, "form", 9), (1, "base", 9), (1, "edit-0.02", 9)).to_pylist()
    rows[-1]["n_edits"] = 0
    assert score(pa.Table.from_pylist(rows, schema=TRUTH), np.arange(5))["recall"] == {}


def test_what_adapters_write_is_what_is_scored(tmp_path: Path) -> None:
    """Numbers of paragraphs survive the way through found.parquet, gaps and unnamed copies included."""
    paragraphs = pa.table({"paragraph": [0, 2, 3, 7], "text": ["a", "b", "c", "d"]}, schema=paragraph_files.PARAGRAPHS)
    paragraph_files.write_output(tmp_path, paragraphs, np.array([0, 0, UNNAMED, 3]))
    assert read_found(tmp_path / "found.parquet", 8).tolist() == [0, 1, 0, UNNAMED, 4, 5, 6, 7]
    assert pq.read_table(tmp_path / "clean.parquet")["text"].to_pylist() == ["a", "d"]


def test_nothing_found_is_written_too(tmp_path: Path) -> None:
    """A tool that removes nothing leaves an empty table of the same columns."""
    paragraph_files.write_pairs(tmp_path, np.zeros(0, np.int64), np.zeros(0, np.int64))
    assert read_found(tmp_path / "found.parquet", 3).tolist() == [0, 1, 2]


@given(st.integers(1, 12).flatmap(lambda n: st.tuples(st.just(n), st.lists(st.tuples(*[st.integers(0, n - 1)] * 2)))))
def test_clusters_are_what_pairs_join(drawn: tuple[int, list[tuple[int, int]]]) -> None:
    """The first paragraph of each cluster stays, where a cluster is what any chain of pairs joins."""
    n, pairs = drawn
    first = list(range(n))
    for _ in range(n):
        for left, right in pairs:
            first[left] = first[right] = min(first[left], first[right])
    columns = np.array(pairs, np.int64).reshape(-1, 2)
    assert first_in_cluster(n, columns[:, 0], columns[:, 1]).tolist() == first


@pytest.mark.parametrize(
    ("text", "shingles"),
    [
        ("A rose  is\ta", {b"a rose is", b"rose is a"}),
        ("Two words", {b"two words"}),
        ("", {b""}),
    ],
)
def test_shingles_for_other_tools(text: str, shingles: set[bytes]) -> None:
    """Runs of words in lower case; a text shorter than a run is one."""
    assert byte_shingles(text, 3) == shingles


def test_lines_of_a_corpus_are_numbered_through(tmp_path: Path) -> None:
    """Empty lines are no paragraphs but count, so that numbers are those of the truth; dolma gets whole documents."""
    texts = ["one\n\ntwo", "three", " ", "four\nfünf"]
    corpus = tmp_path / "corpus.parquet"
    pq.write_table(pa.table({"doc_id": list("abcd"), "text": pa.array(texts, pa.large_string())}), corpus)
    inputs = make_inputs(corpus, tmp_path / "inputs")
    table = paragraph_files.read_paragraphs(inputs.paragraphs)
    assert table.to_pydict() == {"paragraph": [0, 2, 3, 5, 6], "text": ["one", "two", "three", "four", "fünf"]}
    assert inputs.n_paragraphs == 7
    documents = []
    for path in sorted((inputs.documents / "documents").iterdir()):
        with gzip.open(path, "rt", encoding="utf-8") as file:
            documents += [json.loads(line)["text"] for line in file]
    assert documents == texts


def test_marks_of_dolma_are_lines() -> None:
    """A span is the line it begins; what begins no line, or scores less than 1, is none."""
    spans = [[0, 4, 1.0], [4, 9, 1.0], [9, 12, 0.5], [5, 7, 1.0]]
    assert dolma.repeated_lines("åbc\nfour\nxyz", spans) == [0, 1]


def test_marks_of_dolma_are_counted_through_all_files(tmp_path: Path) -> None:
    """Lines of earlier documents and files count, marked or not."""
    marks = {
        "part-0.jsonl.gz": [("a\nb", [[2, 3, 1.0]]), ("c", [])],
        "part-1.jsonl.gz": [("d\ne\nf", [[0, 2, 1.0], [4, 5, 1.0]])],
    }
    for name, rows in marks.items():
        for folder in (tmp_path / "documents", tmp_path / "attributes" / dolma.ATTRIBUTE):
            folder.mkdir(parents=True, exist_ok=True)
            with gzip.open(folder / name, "wt", encoding="utf-8") as file:
                for text, spans in rows:
                    is_text = folder.name == "documents"
                    row = {"text": text} if is_text else {"attributes": {dolma.ATTRIBUTE: spans}}
                    file.write(json.dumps(row) + "\n")
    dolma.tell(paragraph_files.parse_arguments(["input", str(tmp_path), "--paragraphs", "6"], "paragraphs"))
    assert read_found(tmp_path / "found.parquet", 6).tolist() == [0, UNNAMED, 2, UNNAMED, 4, UNNAMED]


def test_clusters_of_datatrove_name_what_stays(tmp_path: Path) -> None:
    """Of each cluster one paragraph is in the clean output; it is the kept copy of those that are not."""
    written = {"clean": ([("0", -1), ("4", 7)], [("2", 3)]), "removed": ([("1", 7)], [("3", 3), ("5", 7)])}
    for folder, parts in written.items():
        (tmp_path / folder).mkdir()
        for number, rows in enumerate(parts):
            table = [
                {"id": id_, "metadata": {"minhash_cluster_id": cluster, "file_path": "x"}} for id_, cluster in rows
            ]
            pq.write_table(pa.Table.from_pylist(table), tmp_path / folder / f"{number}.parquet")
    options = ["--tokens", "5", "--bands", "14", "--rows", "8"]
    datatrove.tell(paragraph_files.parse_arguments(["input", str(tmp_path), *options], "tokens", "bands", "rows"))
    assert read_found(tmp_path / "found.parquet", 6).tolist() == [0, 4, 2, 2, 4, 4]


def test_a_cluster_without_a_clean_paragraph_names_none() -> None:
    """A tool that removes all of a cluster says for none of them what stays."""
    found = kept_by_cluster(np.array([-1, 5]), np.array([0, 1]), np.array([5, 6]))
    assert found.tolist() == [1, UNNAMED]


def watched(tmp_path: Path, code: str, most_seconds: float = 60.0) -> dict:
    figures = tmp_path / "figures.json"
    command = [sys.executable, "-c", code]
    subprocess.run([sys.executable, str(WATCH), str(figures), str(most_seconds), *command], check=True)
    return json.loads(figures.read_text(encoding="utf-8"))


BURN = "import time\nwhile time.process_time() < {}: pass\n"


def test_processes_that_the_command_leaves_behind_count(tmp_path: Path) -> None:
    """A worker whose parent ended before it, as under a fork server, is part of what the command took."""
    left_behind = f"import subprocess, sys\nsubprocess.Popen([sys.executable, '-c', {BURN.format(0.6)!r}])\n"
    code = f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {left_behind!r}], check=True)\n"
    figures = watched(tmp_path, code)
    assert figures["exit_code"] == 0
    assert 0.6 <= figures["cpu_seconds"] < 5


def test_memory_is_that_of_all_processes(tmp_path: Path) -> None:
    """Two processes that hold 60 MB each at one time hold 120 MB."""
    hold = "import time\nheld = bytearray(60_000_000)\nfor i in range(0, len(held), 4096): held[i] = 1\ntime.sleep(1)\n"
    code = f"import subprocess, sys\nother = subprocess.Popen([sys.executable, '-c', {hold!r}])\n{hold}other.wait()\n"
    assert watched(tmp_path, code)["peak_memory_mb"] > 115


def test_what_takes_too_long_is_ended_with_all_below_it(tmp_path: Path) -> None:
    """A command past its time is killed and has no exit code."""
    figures = watched(
        tmp_path, f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {BURN.format(50)!r}])\n", 1
    )
    assert figures["exit_code"] is None
    assert 1 <= figures["wall_seconds"] < 20


def test_an_environment_is_made_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is used again while it is asked for the same, and made anew for anything else."""
    commands = []
    monkeypatch.setattr(environments, "_run", fake_pip(commands))
    folder = tmp_path / "tool"
    for requirements in (["tool==1"], ["tool==1"], ["tool==2"]):
        assert make_environment(folder, requirements) == folder / "bin" / "python"
    assert [command[-1] for command in commands if "pip" in command] == ["tool==1", "tool==2"]


def fake_pip(commands: list[list[str]], reason: str = "") -> Callable[[list[str]], str]:
    def run(command: list[str]) -> str:
        commands.append(command)
        if "venv" in command:
            Path(command[-1]).mkdir()
        elif reason:
            raise InstallError(reason)
        return ""

    return run


def test_an_environment_that_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half an environment would be taken for a whole one the next time."""
    monkeypatch.setattr(environments, "_run", fake_pip([], "no such version"))
    with pytest.raises(InstallError, match="no such version"):
        make_environment(tmp_path / "tool", ["tool==9"])
    assert not (tmp_path / "tool").exists()


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ("WARNING: a\nERROR: No matching distribution found for x==9\nnotice: new pip", "ERROR: No matching"),
        ("Traceback\n  File x\nImportError: no numpy", "ImportError: no numpy"),
        ("", "no message"),
    ],
)
def test_the_reason_is_one_line(message: str, reason: str) -> None:
    """Of a long message the line that says what went wrong."""
    assert reason_of(message).startswith(reason)


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    path = tmp_path / "corpus.parquet"
    pq.write_table(pa.table({"doc_id": ["a", "b"], "text": ["one two\nthree", "one two"]}), path)
    return path


def test_what_cannot_run_is_a_row_that_says_why(corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A tool that does not install or does not run stops nothing: the others are measured, once each asked for."""
    tools = (
        Tool(name="pyarrow", title="pyarrow", settings="", verifies="", adapter="pyarrow", reads="corpus"),
        Tool(name="absent-1", title="absent", settings="", verifies="no", adapter="x", environment="absent"),
        Tool(name="absent-2", title="absent", settings="", verifies="no", adapter="x", environment="absent"),
        Tool(name="broken", title="broken", settings="", verifies="no", adapter="no_such_adapter"),
    )
    commands: list[list[str]] = []
    monkeypatch.setattr(comparison, "TOOLS", tools)
    monkeypatch.setattr(comparison, "ENVIRONMENTS", {"absent": ("absent==1",)})
    monkeypatch.setattr(environments, "_run", fake_pip(commands, "no absent==1 for this Python"))
    figures = measure_field(corpus, tmp_path, n_runs=2)
    rows = {row["tool"]: row for row in figures["rows"]}
    assert {name: row["status"] for name, row in rows.items()} == {
        "pyarrow": "measured",
        "absent-1": "not installed",
        "absent-2": "not installed",
        "broken": "failed",
    }
    assert rows["absent-2"]["why"] == "no absent==1 for this Python"
    assert sum("pip" in command for command in commands) == 1
    assert "no_such_adapter" in rows["broken"]["why"]
    assert len(rows["pyarrow"]["runs"]) == 2
    assert "no absent==1 for this Python" in "\n".join(field_lines(figures))


def test_an_unknown_tool_is_refused(corpus: Path, tmp_path: Path) -> None:
    """A name that is no row of the table ends the command, with the names that are."""
    with pytest.raises(BenchmarkError, match=r"no tool is called sparkle; known: .*daft-3"):
        measure_field(corpus, tmp_path, names=["sparkle"])


def row(tool: str, corpus: str, text_mb: float, cpu_seconds: float, recall: float) -> dict:
    kinds = {kind: {"pairs": 9, "recall": recall} for kind in ("exact", "0.02", "0.05", "0.10", "0.20", "0.30")}
    return {
        "tool": tool,
        "title": tool,
        "settings": "as it comes",
        "verifies": "no",
        "corpus": corpus,
        "text_mb": text_mb,
        "status": "measured",
        "cpu_seconds": cpu_seconds,
        "wall_seconds": cpu_seconds,
        "peak_memory_mb": 100.0,
        "mb_per_cpu_second": text_mb / cpu_seconds,
        "removed": 5,
        "pair_precision": 1.0,
        "recall": kinds,
        "recall_of_long": kinds,
    }


def test_ratios_are_per_megabyte() -> None:
    """A tool that ran on the small corpus is compared with dedup on it, and with dedup on the large one."""
    rows = [row("dedup", "l", 100, 4, 1.0), row("dedup", "s", 10, 1, 1.0), row("text-dedup", "s", 10, 25, 1.0)]
    add_ratios(rows, "l")
    assert (rows[2]["cpu_ratio"], rows[2]["cpu_ratio_to_large"]) == (25.0, 62.5)
    assert rows[0]["cpu_ratio"] == rows[0]["cpu_ratio_to_large"] == 1.0
    assert missed_targets(rows, "l") == []


def test_too_little_cpu_saved_is_said() -> None:
    """A tool that takes too few times dedup's CPU is told with the figure."""
    rows = [row("dedup", "l", 100, 4, 0.8), row("datasketch-5", "l", 100, 40, 0.9), row("datatrove", "l", 100, 200, 0)]
    add_ratios(rows, "l")
    assert missed_targets(rows, "l") == ["datasketch-5 takes 10.0 times the CPU of dedup, promised 15"]


def test_cpu_and_recall_are_asked_of_one_setting() -> None:
    """A fast setting that finds less and a slow one that finds more do not keep the promise together; one does."""
    rows = [row("dedup", "l", 100, 2, 0.8), row("dedup-low", "l", 100, 9, 1.0), row("daft-3", "l", 100, 10, 0.9)]
    rows[0]["recall"] = {**rows[0]["recall"], "0.30": {"pairs": 9, "recall": 0.95}}
    add_ratios(rows, "l")
    lower = ", ".join(f"at {rate} (0.8 to 0.9)" for rate in ("0.02", "0.05", "0.10", "0.20"))
    assert missed_targets(rows, "l") == [
        "daft-3 takes 3 times the CPU of no setting that finds as much: "
        f"dedup 5.00 times, lower {lower}; dedup-low 1.11 times, lower nowhere"
    ]
    rows.append(row("dedup-open", "l", 100, 3, 0.9))
    assert missed_targets(rows, "l") == []


def test_the_table_has_a_line_for_each_row() -> None:
    """Costs and both tables of recall name each tool; missed targets come last."""
    rows = [row("dedup", "l", 100, 4, 0.5), row("daft-3", "l", 100, 10, 0.9)]
    rows.append({**row("rensa-3", "l", 1, 1, 0), "status": "too slow", "why": "not done after 9 seconds"})
    add_ratios(rows, "l")
    figures = {
        "corpora": [{"name": "l", "text_mb": 100, "paragraphs": 5}],
        "n_runs": 3,
        "workers": 2,
        "versions": {"daft": {"daft": "0.7.26", "python": "3.11"}},
        "rows": rows,
        "broken_promises": missed_targets(rows, "l"),
    }
    lines = field_lines(figures)
    assert sum(line.startswith("daft-3") for line in lines) == 3
    assert any(line.startswith("rensa-3") and line.endswith("too slow: not done after 9 seconds") for line in lines)
    assert lines[-1].startswith("MISSED: daft-3 takes 3 times the CPU of no setting")


def test_every_tool_has_an_adapter_and_pinned_packages() -> None:
    """Names in the table of tools lead somewhere, and what is installed is the same on every machine."""
    for tool in TOOLS:
        assert tool.adapter is None or (ADAPTERS / f"{tool.adapter}.py").is_file()
        assert tool.environment is None or tool.environment in ENVIRONMENTS
    assert all("==" in requirement for packages in ENVIRONMENTS.values() for requirement in packages)
    assert {*LEAST_RATIOS, *AT_NO_LOWER_RECALL} <= {tool.name for tool in TOOLS}
