"""The benchmarks of scale: corpora of any size that are what they say, and judges that see what is wrong."""

import json
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benchmarks.hotspots import CASES
from benchmarks.kernels_alone import STAGES, time_stages
from benchmarks.kill import compare_outputs, kill_lines, measure_kills
from benchmarks.measurements import BenchmarkError
from benchmarks.plain_tokens import text_tokens
from benchmarks.plots import draw_scaling
from benchmarks.scaling import broken_promises, describe_corpus, measure_scaling, parse_size, scaling_lines, thin_curve
from benchmarks.speed import measure_corpus, speed_lines
from benchmarks.streamed import stream_corpus, stream_texts
from benchmarks.streamed_kernels import base_and_copy, number_of_base, number_to_place, place_to_number
from benchmarks.synthetic import RATES, SyntheticSettings
from benchmarks.watching import Memory, Sample, folder_bytes, watch_python
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


def test_watched_memory_is_that_of_all_processes(tmp_path):
    """A child's memory counts, in every figure; folders are seen to grow; exit code and message are the command's."""
    code = (
        "import subprocess, sys, time, pathlib; held = b'x' * (20 << 20);"
        "pathlib.Path(sys.argv[1], 'file').write_bytes(bytes(1000));"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; held = b\"x\" * (60 << 20); time.sleep(1)']);"
        "child.wait(); sys.exit('the end')"
    )
    watched = watch_python(code, [str(tmp_path)], sizes=lambda: (folder_bytes(tmp_path),), interval=0.05)
    assert (watched.exit_code, watched.message, watched.stopped) == (1, "the end", None)
    most = max((sample.memory for sample in watched.samples), key=lambda memory: memory.rss)
    assert most.n_processes == 2
    assert 20 << 20 <= most.main < 60 << 20
    assert 80 << 20 <= most.uss <= most.pss <= most.rss <= most.high_water < 200 << 20
    assert watched.samples[-1].folders == (1000,)


@pytest.mark.parametrize(("limit", "why"), [({"most_seconds": 0.5}, "time"), ({"most_mb": 50.0}, "memory")])
def test_limits_kill_all_processes(limit, why, tmp_path):
    """At a limit nothing of the command is left, not even a process that its parent has left behind."""
    orphan = "import time, pathlib, sys; held = b'x' * (60 << 20); time.sleep(2); pathlib.Path(sys.argv[1]).touch()"
    code = (
        "import subprocess, sys, os, time;"
        "subprocess.Popen([sys.executable, '-c', 'import subprocess, sys; "
        'subprocess.Popen([sys.executable, "-c", *sys.argv[1:]])\', *sys.argv[1:]]); time.sleep(2)'
    )
    marker = tmp_path / "still alive"
    watched = watch_python(code, [orphan, str(marker)], interval=0.05, **limit)
    assert (watched.stopped, watched.exit_code) == (why, -9)
    assert watched.wall_seconds < 2
    time.sleep(2.2 - watched.wall_seconds)
    assert not marker.exists()


def test_thinned_curves_keep_peaks():
    """Of each stretch of time the largest values stay."""
    sizes = [1, 9, 2, 3, 4, 5, 6]
    samples = [
        Sample(
            seconds=float(n),
            memory=Memory(n_processes=1, main=0, rss=size * 10**6, pss=0, uss=0, high_water=0),
            folders=(size * 10**6, 0),
        )
        for n, size in enumerate(sizes)
    ]
    curve = thin_curve(samples, 3)
    assert curve["rss_mb"] == curve["staging_mb"] == [9.0, 5.0, 6.0]
    assert curve["seconds"] == [2.0, 5.0, 6.0]
    assert thin_curve(samples)["rss_mb"] == [float(size) for size in sizes]


def test_sizes_are_read_as_dedup_reads_them():
    """GB are 10^9 bytes, GiB 2^30."""
    assert [parse_size(size) for size in ("2GB", "1.5 MB", "1GiB", "512mib", "7")] == [2e9, 1.5e6, 2**30, 2**29, 7]
    for size in ("2XB", "GB", ""):
        with pytest.raises(BenchmarkError, match="no size"):
            parse_size(size)


def scaling_figures() -> dict:
    def run(text_mb: float, seconds: float, rss: float, staging: float) -> dict:
        curve = {key: [1.0, rss] for key in ("rss_mb", "pss_mb", "uss_mb", "staging_mb", "output_mb")}
        return {
            "corpus": {"name": "made", "documents": 1, "text_mb": text_mb, "input_mb": text_mb / 2, "paragraphs": 1},
            "wall_seconds": seconds,
            "cpu_seconds": seconds,
            "wall_seconds_per_gb": seconds / text_mb * 1e3,
            "cpu_seconds_per_gb": seconds / text_mb * 1e3,
            "peak_mb": {"rss": rss, "pss": rss, "uss": rss, "high_water": rss},
            "staging": {"largest_mb": staging, "of_input": 2 * staging / text_mb, "of_text": staging / text_mb},
            "output_mb": 1.0,
            "curve": {"seconds": [0.0, seconds], **curve},
        }

    return {
        "memory_limit": "2GB",
        "memory_limit_mb": 2000.0,
        "workers": 2,
        "options": [],
        "interval_seconds": 0.5,
        "runs": [run(1000.0, 30.0, 2400.0, 600.0), run(10000.0, 344.0, 2501.0, 6010.0)],
        "broken_promises": [],
    }


def test_scaling_tells_broken_promises():
    """Memory over 1.25 times its limit, staging over 1.2 times the input, growth over 15 %: one line each."""
    figures = scaling_figures()
    assert [promise.split(":")[0] for promise in broken_promises(figures)] == ["10000 MB", "10000 MB"]
    figures["runs"][1]["wall_seconds_per_gb"] = 34.6
    assert any("15% longer" in promise for promise in broken_promises(figures))
    del figures["runs"][1]
    assert broken_promises(figures) == []
    assert len(scaling_lines(figures)) == 4


def test_scaling_of_a_small_corpus(streamed, tmp_path):
    """The figures are of the run: size and time, memory of a process that cleans, its output; nothing is left."""
    figures = measure_scaling([streamed], tmp_path, options=["--no-boilerplate"])
    (run,) = figures["runs"]
    assert run["corpus"] == describe_corpus(streamed) | {"paragraphs": len(truth_rows(streamed))}
    assert run["corpus"]["text_mb"] == pytest.approx(1.0, abs=0.1)
    assert (
        0 < run["wall_seconds"] == pytest.approx(run["wall_seconds_per_gb"] * run["corpus"]["text_mb"] / 1e3, rel=0.01)
    )
    assert run["peak_mb"]["high_water"] > 50
    assert run["output_mb"] > 0.1
    assert not (tmp_path / "scaling-run").exists()


def test_plots_are_drawn_the_same_again(tmp_path):
    """Three SVG files, whose bytes follow from the figures."""
    pytest.importorskip("matplotlib")
    drawn = draw_scaling(scaling_figures(), tmp_path, "scaling")
    assert [path.name for path in drawn] == ["scaling_time.svg", "scaling_memory.svg", "scaling_staging.svg"]
    before = [path.read_bytes() for path in drawn]
    assert all(b"<svg" in content for content in before)
    assert [path.read_bytes() for path in draw_scaling(scaling_figures(), tmp_path, "scaling")] == before


def test_stages_are_timed_alone(streamed, tmp_path):
    """Every stage has a time for each run and call, and the sizes are of the corpus."""
    found = time_stages(streamed, tmp_path, most_mb=1.0, n_runs=2)
    assert set(found["first"]) == set(found["second"]) == set(found["seconds"]) == set(STAGES)
    assert {len(times) for times in found["seconds"].values()} == {2}
    assert found["sizes"]["paragraphs"] == len(truth_rows(streamed))
    assert found["sizes"]["pairs"] > 100


def test_speed_of_a_small_corpus(streamed, tmp_path):
    """Floor, command and step are timed, and ratios are those of the times."""
    found = measure_corpus(streamed, tmp_path, {}, n_runs=1, workers=1, options=())
    assert found["cpu_ratio"] == round(found["clean"]["cpu_seconds"] / found["floor"]["cpu_seconds"], 2)
    assert found["step_to_command"] < 1
    assert 0 < found["floor_read_and_write"]["wall_seconds"] < found["floor"]["wall_seconds"]
    slow = found | {"cpu_ratio": 2.01, "wall_ratio": 1.3}
    figures = {"n_runs": 1, "workers": 1, "options": [], "corpora": [slow], "broken_promises": []}
    assert any("CPU 2.01 times" in line for line in speed_lines(figures))


def test_hot_spots_are_what_their_names_say(source):
    """At a thousandth of their size: how many documents, lines, and different ones."""
    texts = {
        name: [t for table in case(source, 0.001) for t in table["text"].to_pylist()] for name, case in CASES.items()
    }
    lines = {name: [line for text in found for line in text.split("\n")] for name, found in texts.items()}
    counts = {name: (len(texts[name]), len(lines[name]), len(set(lines[name]))) for name in CASES}
    assert counts["copies-over-documents"] == (1000, 2000, 1001)
    assert counts["copies-in-one-document"] == (1, 1000, 1)
    assert counts["near-copies-own-word"] == (200, 200, 200)
    assert counts["near-copies-common-word"][:2] == (200, 200)
    assert counts["filled-forms"] == (40, 40, 40)
    assert counts["short-lines-in-documents"] == (5, 5000, 5000)
    assert counts["short-lines-in-one-document"] == (1, 5000, 5000)
    assert counts["document-of-a-gigabyte"][0] == 1
    assert counts["document-of-a-gigabyte"][1] > 1000
    assert counts["line-of-a-gigabyte"] == (1, 1, 1)
    assert len(texts["line-of-a-gigabyte"][0].encode()) == 1_000_000
    assert counts["copies-of-a-document"] == (100, 1000, 10)
    assert {len(line.split()) for line in lines["short-lines-in-documents"]} == {4}
    of_own_word = [set(line.split()) for line in lines["near-copies-own-word"][:2]]
    assert [len(of_own_word[0] - of_own_word[1]), len(of_own_word[1] - of_own_word[0])] == [1, 1]
    form, other = (line.split() for line in lines["filled-forms"][:2])
    differ = [word for word, another in zip(form, other, strict=True) if word != another]
    assert len(form) == 220
    assert 15 <= len(differ) <= 20
    assert all(word.isdecimal() for word in differ)


def test_outputs_are_compared_byte_for_byte(tmp_path):
    """Missing, further and changed files are told; of report.json all but the timings counts."""
    for name in ("a", "b"):
        (tmp_path / name / "documents").mkdir(parents=True)
        (tmp_path / name / "documents" / "part").write_bytes(b"the same")
        (tmp_path / name / "report.json").write_text(json.dumps({"n": 1, "seconds": {"read": ord(name)}}))
    assert compare_outputs(tmp_path / "a", tmp_path / "b") == []
    (tmp_path / "b" / "report.json").write_text(json.dumps({"n": 2, "seconds": {}}))
    (tmp_path / "b" / "documents" / "part").write_bytes(b"the sane")
    (tmp_path / "a" / "removed").touch()
    (tmp_path / "b" / "other").touch()
    assert compare_outputs(tmp_path / "a", tmp_path / "b") == [
        "removed is missing",
        "other is not in the undisturbed run",
        "documents/part differs",
        "report.json differs",
    ]


def test_killed_runs_are_judged(source, tmp_path):
    """A small corpus, two kills of one run: both counted, and the run that follows equals the undisturbed one."""
    corpus = tmp_path / "corpus"
    stream_corpus(source, SyntheticSettings(size_mb=0.5), corpus)
    figures = measure_kills(corpus, tmp_path, n_kills=2, kills_in_run=2, with_full_disk=False)
    assert figures["n_kills"] == 2
    assert figures["broken_promises"] == []
    assert all(not run["differences"] for run in figures["runs"])
    assert kill_lines(figures)[-1] == "full disk: not asked for"
    assert not (tmp_path / "kill").exists()
