"""What the dedup command promises: exit codes, one-line errors, and a stdout fit for people or for machines."""

import ctypes
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import dedup
from dedup import cli, own_process
from dedup.reading import list_formats
from dedup.streams import CODECS

SEEDS = Path(__file__).parent.parent / "seeds"
DOC_ID = "000_d3c9113e3e7c6ada"

Ran = tuple[int, str, str]


class Command:
    """Runs the command line in this process."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        """Store what captures the output."""
        self.capsys = capsys

    def __call__(self, *arguments: object) -> Ran:
        """Give exit code, stdout and stderr."""
        with pytest.raises(SystemExit) as caught:
            cli.main([str(argument) for argument in arguments])
        captured = self.capsys.readouterr()
        assert isinstance(caught.value.code, int)
        return caught.value.code, captured.out, captured.err


@pytest.fixture(autouse=True, scope="module")
def _compiled() -> None:
    """Have the kernels compiled, so that no test meets the notice that they are being."""
    dedup.clean(["a text", "another"])


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    # rich folds its output to the terminal's width, of which a test has none
    monkeypatch.setenv("COLUMNS", "200")
    return Command(capsys)


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Clean the seeds once, for tests that only read the output."""
    target = tmp_path_factory.mktemp("cli") / "out"
    dedup.clean_files([SEEDS], target)
    return target


def run_process(*arguments: object, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
    """Run the command as users do, in a process of its own."""
    line = [sys.executable, "-m", "dedup", *map(str, arguments)]
    return subprocess.run(
        line,
        input=stdin,
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=120,
        env=os.environ | {"COLUMNS": "200"},
    )


def assert_user_error(ran: Ran, *words: str) -> None:
    """Assert exit code 2, an empty stdout, and one line on stderr that holds `words`."""
    code, out, err = ran
    # compiling may be announced in a line of its own on a machine's first run
    lines = [line for line in err.splitlines() if "compiling" not in line]
    assert (code, out, len(lines)) == (2, "", 1)
    assert lines[0].startswith("dedup: ")
    for word in words:
        assert word in lines[0]


# ---- help and version


def test_help_teaches(command: Command) -> None:
    """--help shows every command, an example and the exit codes; so does a bare `dedup`."""
    code, out, err = command("--help")
    assert (code, err) == (0, "")
    for words in ("clean", "restore", "explain", "$ dedup clean seeds/ out/", "Exit codes"):
        assert words in out
    assert command() == (0, out, "")


def test_help_of_clean_shows_every_option_whole(command: Command) -> None:
    """The options in docs/settings.md exist, and defaults shown are those of the settings."""
    _, out, _ = command("clean", "--help")
    documented = set(re.findall(r"`(--[\w-]+)`", (SEEDS.parent / "docs" / "settings.md").read_text(encoding="utf-8")))
    for option in documented | {"--config", "--dry-run", "--overwrite", "--json", "--quiet"}:
        assert option in out
    assert f"[default: {dedup.Settings().similarity}]" in out


def test_version(command: Command) -> None:
    """--version is one line."""
    code, out, _ = command("--version")
    assert code == 0
    assert re.fullmatch(r"dedup \S+\n", out)


def test_help_imports_nothing_heavy() -> None:
    """--help answers at once because it loads none of what the work needs; nor does `import dedup`."""
    heavy = {"numba", "datasketch", "pyarrow", "numpy", "scipy", "pandas"}
    for line in (["-m", "dedup", "--help"], ["-c", "import dedup"]):
        ran = subprocess.run(
            [sys.executable, "-X", "importtime", *line], capture_output=True, encoding="utf-8", check=True, timeout=60
        )
        imported = {row.rpartition("|")[2].strip() for row in ran.stderr.splitlines()}
        assert "dedup.settings" in imported or line[0] == "-c"
        assert heavy & imported == set()


def test_command_imports_nothing_that_it_does_not_need(tmp_path: Path) -> None:
    """Pandas and SciPy, which pyarrow and numba import where they can, cost a run of the command nothing."""
    (tmp_path / "in.jsonl").write_text('{"text": "A text."}\n', encoding="utf-8")
    code = (
        "import sys; from dedup.cli import main; from dedup.own_process import NOT_NEEDED\n"
        "try: main()\n"
        "finally: print(sorted({'numba', *NOT_NEEDED} & set(sys.modules)))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code, "clean", "--quiet", str(tmp_path / "in.jsonl"), str(tmp_path / "out")],
        capture_output=True,
        encoding="utf-8",
        check=True,
        timeout=300,
    )
    assert ran.stdout == "['numba']\n"


def last_line_of(code: str, *arguments: str | Path, variable: str, value: str | None) -> str:
    """Run a program, in a process where a variable of the environment has a value, or nobody set it."""
    environment = {
        name: told for name, told in os.environ.items() if not name.startswith((variable, "MALLOC_", "GLIBC_"))
    }
    ran = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        capture_output=True,
        encoding="utf-8",
        check=True,
        timeout=300,
        env=environment | ({variable: value} if value else {}),
    )
    return ran.stdout.splitlines()[-1]


@pytest.mark.skipif("CS_GNU_LIBC_VERSION" not in getattr(os, "confstr_names", {}), reason="needs the GNU library")
@pytest.mark.parametrize(("chosen", "used"), [(None, "system"), ("mimalloc", "mimalloc")])
def test_command_takes_memory_from_the_system(chosen: str | None, used: str) -> None:
    """Unless the user says otherwise: an allocator that clears huge pages costs a tenth of a run."""
    code = (
        "import sys; from dedup.cli import main\n"
        "try: main()\n"
        "finally: import pyarrow; print(pyarrow.default_memory_pool().backend_name)"
    )
    assert last_line_of(code, "--version", variable=own_process.ALLOCATOR[0], value=chosen) == used


@pytest.mark.parametrize(("chosen", "used"), [(None, "1"), ("2", "2")])
def test_command_starts_no_threads_for_linear_algebra(chosen: str | None, used: str) -> None:
    """Unless the user says otherwise: there is none to do, and they take time to find that out."""
    code = (
        "import os, sys; from dedup.cli import main; from dedup.own_process import ALGEBRA\n"
        "try: main()\n"
        "finally:\n"
        "    import numpy\n"
        "    tasks = '/proc/self/task'\n"
        "    print(os.environ[ALGEBRA[0]], len(os.listdir(tasks)) if os.path.isdir(tasks) else 1)"
    )
    told, n_threads = last_line_of(code, "--version", variable=own_process.ALGEBRA[0], value=chosen).split()
    assert told == used
    assert chosen is not None or n_threads == "1"


@pytest.mark.skipif(
    sys.platform != "linux" or not hasattr(ctypes.CDLL(None), "mallinfo2"),
    reason="needs the GNU library, 2.33 or later",
)
@pytest.mark.parametrize(
    ("memory", "chosen", "n_mapped"), [("64GB", None, 0), ("64GB", str(1 << 20), 1), ("600MB", None, 1)]
)
def test_command_keeps_memory_for_the_next_shard(
    memory: str, chosen: str | None, n_mapped: int, tmp_path: Path
) -> None:
    """Unless the user says otherwise, or there is little: what is given back is asked for again, page by page."""
    code = (
        "import ctypes, sys; from dedup.cli import main\n"
        "try: main()\n"
        "finally:\n"
        "    ask = ctypes.CDLL(None).mallinfo2\n"
        "    ask.restype = type('Info', (ctypes.Structure,), {'_fields_': [('figures', ctypes.c_size_t * 10)]})\n"
        "    n_mapped = ask().figures[3]\n"
        "    held = ctypes.create_string_buffer(40 << 20)\n"
        "    print(ask().figures[3] - n_mapped)"
    )
    arguments = ("clean", SEEDS, tmp_path / "out", "--memory", memory)
    told = last_line_of(code, *arguments, variable="MALLOC_MMAP_THRESHOLD_", value=chosen)
    assert int(told) == n_mapped


def test_command_line_run_in_a_program_leaves_its_imports_alone(command: Command) -> None:
    """A program that calls main with arguments of its own can import what the command hides from its own process."""
    finders = list(sys.meta_path)
    command("--version")
    assert sys.meta_path == finders


# ---- clean


def test_clean_writes_and_sums_up(command: Command, tmp_path: Path) -> None:
    """The main job: output on disk, a summary with reasons and rules on stdout."""
    code, out, err = command("clean", SEEDS, tmp_path / "out")
    assert (code, err) == (0, "")
    assert pq.read_table(tmp_path / "out" / "documents").num_rows == 2
    for words in ("2 documents from 2 sources", "boilerplate", "wire-credit/", "repeat", "dedup explain"):
        assert words in out


def test_json_is_the_report_and_nothing_else(command: Command, tmp_path: Path) -> None:
    """Stdout under --json is report.json, byte for byte."""
    code, out, _ = command("clean", SEEDS, tmp_path / "out", "--json")
    assert code == 0
    assert json.loads(out) == json.loads((tmp_path / "out" / "report.json").read_text(encoding="utf-8"))


def test_quiet_prints_nothing(command: Command, tmp_path: Path) -> None:
    """--quiet leaves both streams empty, and does the work."""
    assert command("clean", SEEDS, tmp_path / "out", "--quiet") == (0, "", "")
    assert (tmp_path / "out" / "report.json").is_file()
    assert command("restore", tmp_path / "out", tmp_path / "back", "--quiet") == (0, "", "")


def test_several_sources_and_globs(command: Command, tmp_path: Path) -> None:
    """SOURCE... may be files, folders and quoted globs; the last path is the target."""
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "third.txt").write_text("A third document, of one line.\n")
    code, out, _ = command("clean", f"{SEEDS}/*.txt", tmp_path / "more" / "third.txt", tmp_path / "out", "--json")
    assert (code, json.loads(out)["n_documents"]) == (0, 3)


def test_options_win_over_the_file_and_the_file_over_the_defaults(command: Command, tmp_path: Path) -> None:
    """Only options that were given count, also when they equal the default."""
    config = tmp_path / "dedup.toml"
    config.write_text('similarity = 0.8\nseed = 7\nboilerplate = false\nwithout = ["share"]\n')
    code, out, _ = command(
        "clean", SEEDS, tmp_path / "out", "--config", config, "--json", "--seed", 1, "--boilerplate", "--no-repeats"
    )
    settings = json.loads(out)["settings"]
    assert code == 0
    assert (settings["similarity"], settings["seed"], settings["without"]) == (0.8, 1, ["share"])
    assert (settings["boilerplate"], settings["repeats"]) == (True, False)


def test_every_option_reaches_its_setting(command: Command, tmp_path: Path) -> None:
    """Each option of clean sets the setting of its name."""
    table = pa.table({"key": ["a", "b"], "body": ["some words", "other words"], "site": ["x", "y"], "rank": [1, 2]})
    pq.write_table(table, tmp_path / "in.parquet")
    given = {
        "text_column": "body",
        "id_column": "key",
        "paragraphs": "block",
        "similarity": 0.75,
        "min_tokens": 11,
        "min_near_tokens": 15,
        "shingle_tokens": 3,
        "keep": "rank:lowest",
        "within": "site",
        "copy_share": 0.8,
        "seed": 3,
        "workers": 1,
    }
    options = [part for name, value in given.items() for part in (f"--{name.replace('_', '-')}", value)]
    flags = ["--no-boilerplate", "--no-repeats", "--allow-different-facts", "--without", "share", "--without", "cookie"]
    code, out, err = command("clean", tmp_path / "in.parquet", tmp_path / "out", *options, *flags, "--json")
    assert (code, err) == (0, "")
    expected = given | {
        "boilerplate": False,
        "repeats": False,
        "allow_different_facts": True,
        "without": ["share", "cookie"],
    }
    settings = json.loads(out)["settings"]
    assert {name: settings[name] for name in expected} == expected


@pytest.mark.parametrize("with_target", [True, False])
def test_dry_run_shows_why_and_writes_nothing(command: Command, tmp_path: Path, with_target: bool) -> None:
    """The same command line with --dry-run lists what would go; TARGET may be left out."""
    target = [tmp_path / "out"] if with_target else []
    code, out, err = command("clean", SEEDS, *target, "--dry-run")
    assert (code, err) == (0, "")
    assert "[-Reuters contributed to this report.-]" in out
    assert "boilerplate, rule wire-credit/" in out
    assert "nothing was written" in out
    assert list(tmp_path.iterdir()) == []


def test_dry_run_as_json_lists_every_removal(command: Command, tmp_path: Path) -> None:
    """The report, and the rows that `removed` would hold."""
    code, out, _ = command("clean", SEEDS, "--dry-run", "--json")
    command("clean", SEEDS, tmp_path / "out", "--quiet")
    assert code == 0
    assert json.loads(out)["removed"] == pq.read_table(tmp_path / "out" / "removed").to_pylist()


def test_dry_run_does_not_read_an_earlier_output(command: Command, out: Path) -> None:
    """A TARGET that already holds an output is still the target."""
    code, shown, _ = command("clean", SEEDS, out, "--dry-run", "--json")
    assert (code, json.loads(shown)["n_documents"]) == (0, 2)


def test_dry_run_of_two_sources_reads_both(command: Command, tmp_path: Path) -> None:
    """A last path with documents in it is a source."""
    (tmp_path / "more.txt").write_text("Another document.\n")
    code, shown, _ = command("clean", SEEDS, tmp_path / "more.txt", "--dry-run", "--json")
    assert (code, json.loads(shown)["n_documents"]) == (0, 3)


# ---- restore and explain


def test_restore_gives_the_files_back(command: Command, out: Path, tmp_path: Path) -> None:
    """--as-files writes the originals, byte for byte."""
    code, _, err = command("restore", out, tmp_path / "back", "--as-files")
    assert (code, err) == (0, "")
    restored = {path.stem: path.read_bytes() for path in (tmp_path / "back").rglob("*") if path.is_file()}
    assert restored == {path.stem: path.read_bytes() for path in SEEDS.glob("*.txt")}


def test_explain_shows_what_went_and_why(command: Command, out: Path) -> None:
    """The document with its removal marked, and the rule that took it."""
    code, shown, err = command("explain", out, DOC_ID)
    assert (code, err) == (0, "")
    assert "[-Reuters contributed to this report.-][1]" in shown
    assert "[1] boilerplate, rule wire-credit/" in shown


def test_explain_as_json(command: Command, out: Path) -> None:
    """--json holds the original text and the removals."""
    code, shown, _ = command("explain", out, DOC_ID, "--json")
    explanation = json.loads(shown)
    assert code == 0
    assert explanation["text"] == (SEEDS / f"{DOC_ID}.txt").read_bytes().decode()
    assert [span["text"].strip() for span in explanation["removed"]] == ["Reuters contributed to this report."]


# ---- errors: one line, exit code 2


def test_missing_path(command: Command, tmp_path: Path) -> None:
    """A path that is not there is named, and nothing is written."""
    assert_user_error(command("clean", tmp_path / "nowhere", tmp_path / "out"), "nowhere")
    assert_user_error(command("clean", tmp_path / "*.jsonl", tmp_path / "out"), "*.jsonl")
    assert list(tmp_path.iterdir()) == []


def test_nothing_readable(command: Command, tmp_path: Path) -> None:
    """A folder without a single readable file is an error that says so."""
    (tmp_path / "in").mkdir()
    assert_user_error(command("clean", tmp_path / "in", tmp_path / "out"), str(tmp_path / "in"))
    (tmp_path / "in" / "picture.png").write_bytes(b"\x89PNG")
    assert_user_error(command("clean", tmp_path / "in", tmp_path / "out"))
    assert not (tmp_path / "out").exists()


def test_target_that_is_not_empty(command: Command, tmp_path: Path) -> None:
    """What is in TARGET stays unless --overwrite is given, and that is said before any work."""
    target = tmp_path / "out"
    target.mkdir()
    (target / "precious.txt").write_text("mine")
    assert_user_error(command("clean", SEEDS, target), "not empty", "--overwrite")
    assert (target / "precious.txt").read_text() == "mine"


def test_overwrite_replaces_an_earlier_output(command: Command, tmp_path: Path) -> None:
    """--overwrite does what it says."""
    target = tmp_path / "out"
    for _ in range(2):
        code, _, err = command("clean", SEEDS, target, "--quiet", "--overwrite")
        assert (code, err) == (0, "")
    assert pq.read_table(target / "documents").num_rows == 2


def test_target_forgotten(command: Command, tmp_path: Path) -> None:
    """A lone path, or a file in the target's place, is a mistake that costs nothing."""
    assert_user_error(command("clean", SEEDS), "TARGET")
    precious = tmp_path / "b.txt"
    precious.write_text("mine")
    assert_user_error(command("clean", SEEDS, precious, "--overwrite"), "b.txt")
    assert precious.read_text() == "mine"


@pytest.mark.parametrize("option", ["--text-column", "--id-column", "--keep", "--within"])
def test_column_that_is_not_there(command: Command, tmp_path: Path, option: str) -> None:
    """A column that no input has is named."""
    pq.write_table(pa.table({"text": ["some words"], "id": ["a"]}), tmp_path / "in.parquet")
    assert_user_error(command("clean", tmp_path / "in.parquet", tmp_path / "out", option, "sitte"), "sitte")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--similarity", "1.5"], ["dedup: similarity must be a number above 0 and at most 1, got 1.5"]),
        (["--similarity", "high"], ["--similarity", "dedup clean --help"]),
        (["--min-tokens", "0"], ["min_tokens must be a whole number of at least 1, got 0"]),
        (["--paragraphs", "words"], ["paragraphs must be auto, line or block"]),
        (["--without", "shares"], ["unknown boilerplate category 'shares' (did you mean 'share'?)"]),
        (["--similarty", "0.5"], ["--similarty"]),
        (["--config", "nowhere.toml"], ["no settings file 'nowhere.toml'"]),
    ],
)
def test_bad_option(command: Command, tmp_path: Path, options: list[str], words: list[str]) -> None:
    """A wrong value is named with what would be right, before anything is read."""
    assert_user_error(command("clean", SEEDS, tmp_path / "out", *options), *words)
    assert list(tmp_path.iterdir()) == []


def test_settings_file_with_an_unknown_key(command: Command, tmp_path: Path) -> None:
    """The file and the nearest key that exists are named."""
    config = tmp_path / "dedup.toml"
    config.write_text("similarty = 0.7\n")
    ran = command("clean", SEEDS, tmp_path / "out", "--config", config)
    assert_user_error(ran, str(config), "'similarty'", "did you mean 'similarity'?")


NO_UTF8 = os.fsdecode(b"x\xff")


@pytest.mark.parametrize(
    "arguments",
    [
        ["clean", SEEDS, NO_UTF8],
        ["clean", SEEDS, "x" * 300],
        ["clean", SEEDS, "new", "--rules", NO_UTF8],
        ["clean", SEEDS, "new", "--memory", "9" * 400],
        ["clean", SEEDS, "x" * 300, "--dry-run", "--format", "no"],
        ["restore", NO_UTF8, "new"],
        ["restore", "OUT", NO_UTF8],
        ["explain", NO_UTF8, DOC_ID],
        ["explain", "OUT", NO_UTF8],
    ],
)
def test_names_that_no_file_can_have(command: Command, out: Path, tmp_path: Path, arguments: list[object]) -> None:
    """Bytes that are not UTF-8, and names of 300 characters, are errors of one line, and nothing is written."""
    places = {"OUT": out, NO_UTF8: tmp_path / NO_UTF8, "x" * 300: tmp_path / ("x" * 300), "new": tmp_path / "new"}
    code, printed, complaint = command(*(places.get(argument, argument) for argument in arguments))
    assert (code, printed) == (2, "")
    assert len(complaint.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


def test_unknown_command(command: Command) -> None:
    """A misspelt command is one line, too."""
    assert_user_error(command("clena"), "clena")


def test_explain_of_an_unknown_document(command: Command, out: Path, tmp_path: Path) -> None:
    """The nearest id is offered; a folder that is no output is named."""
    assert_user_error(command("explain", out, "000"), f"did you mean '{DOC_ID}'?")
    assert_user_error(command("explain", tmp_path, DOC_ID), "not an output of dedup")
    assert_user_error(command("restore", tmp_path / "nowhere", tmp_path / "back"), "nowhere")


# ---- how a process ends


def test_process_exit_codes(tmp_path: Path) -> None:
    """Run for real: 0 with a summary and no traceback, 2 with one line."""
    good = run_process("clean", SEEDS, tmp_path / "out")
    assert (good.returncode, "Traceback" in good.stderr) == (0, False)
    assert "2 documents" in good.stdout
    bad = run_process("clean", SEEDS, tmp_path / "out")
    assert_user_error((bad.returncode, bad.stdout, bad.stderr), "not empty")


def test_interrupt_is_one_line_and_130(command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C is no bug: a line, no traceback, and the shells' exit code."""

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(dedup, "clean_files", interrupted)
    assert command("clean", SEEDS, tmp_path / "out") == (130, "", "dedup: interrupted\n")


def test_bug_is_a_traceback(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is not ours to explain is not hidden."""

    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(dedup, "clean_files", broken)
    with pytest.raises(ZeroDivisionError):
        cli.main(["clean", str(SEEDS), str(tmp_path / "out")])


def test_reader_that_goes_away_is_no_error(out: Path) -> None:
    """`dedup explain ... | head` ends without a word on stderr."""
    line = [sys.executable, "-m", "dedup", "explain", str(out), DOC_ID]
    with subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(timeout=60) == 141


def test_closed_streams_are_no_error(tmp_path: Path) -> None:
    """Without standard input, output and error there is nothing to say, and the work is done."""
    (tmp_path / "in.html").write_text("<p>A page for a program without a console.</p>")
    script = 'exec "$0" -m dedup clean "$1" "$2" <&- >&- 2>&-'
    line = ["/bin/sh", "-c", script, sys.executable, str(tmp_path / "in.html"), str(tmp_path / "out")]
    assert subprocess.run(line, check=False, timeout=120).returncode == 0
    assert (tmp_path / "out" / "report.json").is_file()


def test_any_terminal_encoding_will_do(out: Path) -> None:
    """Text that the terminal cannot show is escaped, and JSON is UTF-8 all the same."""
    line = [sys.executable, "-m", "dedup", "explain", str(out), DOC_ID]
    env = os.environ | {"PYTHONIOENCODING": "ascii", "COLUMNS": "200"}
    shown = subprocess.run(line, capture_output=True, check=True, timeout=60, env=env).stdout
    assert b"Meta\\u2019s selective actions" in shown
    as_json = subprocess.run([*line, "--json"], capture_output=True, check=True, timeout=60, env=env).stdout
    assert json.loads(as_json.decode("utf-8"))["text"] == (SEEDS / f"{DOC_ID}.txt").read_bytes().decode()


# ---- rejects


def test_strict_makes_rejects_an_error(command: Command, tmp_path: Path) -> None:
    """With --strict the exit code is 3 if anything was rejected; the output is there all the same, and says what."""
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "lines.jsonl").write_text('{"text": "fine"}\n{"text": \n')
    code, _, err = command("clean", tmp_path / "in", tmp_path / "out", "--strict", "--quiet")
    assert code == 3
    assert err == f"dedup: 1 input could not be read, and --strict is given; {tmp_path}/out/rejected.parquet lists it\n"
    assert pq.read_table(tmp_path / "out" / "rejected.parquet")["row"].to_pylist() == [1]
    assert pq.read_table(tmp_path / "out" / "documents")["text"].to_pylist() == ["fine"]
    assert command("clean", tmp_path / "in", "--dry-run", "--strict", "--quiet")[0] == 3


def test_strict_without_rejects_is_a_success(command: Command, tmp_path: Path) -> None:
    """--strict changes nothing where everything could be read."""
    assert command("clean", SEEDS, tmp_path / "out", "--strict", "--quiet") == (0, "", "")


def test_formats_are_listed(command: Command) -> None:
    """`dedup formats` names every format, suffix and compression; docs/input.md has the same table."""
    code, out, err = command("formats")
    assert (code, err) == (0, "")
    table = (SEEDS.parent / "docs" / "input.md").read_text(encoding="utf-8")
    for name, suffixes, description in list_formats():
        row = next(line for line in out.splitlines() if line.split()[0] == name)
        assert row.split()[1:] == [*suffixes, *description.split()]
        assert f"| `{name}` | {' '.join(f'`{suffix}`' for suffix in suffixes)} | {description} |" in table
    assert out.rstrip().endswith(" ".join(CODECS))


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no device that is always full")
@pytest.mark.parametrize(
    "command",
    [["clean", "a.txt", "out"], ["clean", "a.txt", "out", "--json"], ["formats"], ["rules"], ["--help"], ["--version"]],
    ids=" ".join,
)
def test_standard_output_that_is_full(command: list[str], tmp_path: Path) -> None:
    """What cannot be printed ends the command in one line, and what was written is there."""
    (tmp_path / "a.txt").write_text("A line.\n")
    with Path("/dev/full").open("w") as full:
        ran = subprocess.run(
            [sys.executable, "-m", "dedup", *command],
            stdout=full, stderr=subprocess.PIPE, text=True, check=False, timeout=120, cwd=tmp_path,
        )  # fmt: skip
    said = [line for line in ran.stderr.splitlines() if line.startswith("dedup: ")]
    assert said == ["dedup: cannot write to standard output: No space left on device; what was to be printed is lost"]
    assert "Traceback" not in ran.stderr
    assert ran.returncode == 2
    assert (tmp_path / "out" / "report.json").exists() == (command[0] == "clean")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no device that is always full")
def test_standard_error_that_is_full(tmp_path: Path) -> None:
    """An error that nobody can be told has its exit code all the same."""
    with Path("/dev/full").open("w") as full:
        ran = subprocess.run(
            [sys.executable, "-m", "dedup", "clean", "nothing", "out"],
            stderr=full, check=False, timeout=120, cwd=tmp_path,
        )  # fmt: skip
    assert ran.returncode == 2


@pytest.mark.skipif(os.name == "nt", reason="Windows removes no folder that a process is in")
@pytest.mark.parametrize(
    "command",
    [["clean", "{}/a.txt", "out"], ["clean", "a.txt", "{}/new"], ["restore", "{}/out", "new"], ["explain", "out", "a"]],
    ids=" ".join,
)
def test_folder_that_is_gone(command: list[str], tmp_path: Path) -> None:
    """In a folder that has been removed paths lead nowhere, which is said in one line; absolute ones do as ever."""
    (tmp_path / "a.txt").write_text("A line.\n")
    dedup.clean_files(tmp_path / "a.txt", tmp_path / "out")
    (tmp_path / "gone").mkdir()
    before = sorted(tmp_path.iterdir())
    script = "import os, sys; os.rmdir(os.getcwd()); from dedup.cli import main; main(sys.argv[1:])"

    def run(arguments: list[str]) -> subprocess.CompletedProcess[str]:
        (tmp_path / "gone").mkdir(exist_ok=True)
        line = [sys.executable, "-c", script, *(argument.format(tmp_path) for argument in arguments)]
        env = os.environ | {"PYTHONPATH": str(Path(dedup.__file__).parent.parent)}
        return subprocess.run(
            line, capture_output=True, text=True, check=False, timeout=120, cwd=tmp_path / "gone", env=env
        )

    ran = run(command)
    assert ran.returncode == 2, ran.stderr
    assert ran.stderr.startswith("dedup: ")
    assert ran.stderr.count("\n") == 1
    assert sorted([*tmp_path.iterdir(), tmp_path / "gone"]) == before
    assert run(["clean", "{}/a.txt", "{}/other", "--quiet"]).returncode == 0
