"""`dedup rules`: the list is complete, one rule is shown whole, and a test of a user's file says what is wrong."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from test_cli import Command, assert_user_error

from dedup.boilerplate import RULES
from dedup.boilerplate.table import parse_own_rules
from dedup.reporting.rule_tests import SLOW_SECONDS, time_rule
from dedup.settings import CATEGORIES, RuleText

DOCS = (Path(__file__).parent.parent / "docs" / "rules.md").read_text(encoding="utf-8")

FILE = """
language = "en"
[[rule]]
name = "donate"
category = "fundraising"
cues = ["donate", "^give"]
max_tokens = 15
patterns = ['(?:please )?(?:donate|give) (?:now|today) to (?:help|support) .*', 'donate']
signs = ['\\bour\\b', '\\bus\\b']
needs = 1
unless = ['\\bsaid\\b']
examples = ["Donate today to support our work!"]
counter_examples = ["He wants to donate a kidney today."]
"""


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    monkeypatch.setenv("COLUMNS", "200")
    return Command(capsys)


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    path = tmp_path / "my.toml"
    path.write_text(FILE, encoding="utf-8")
    return path


# ---- listing


def test_list_is_complete(command: Command) -> None:
    """Every rule has a line under its category, with language, place, cut and first example; counts add up."""
    code, out, err = command("rules")
    assert (code, err) == (0, "")
    lines = out.splitlines()
    for rule in RULES.values():
        head = lines.index(rule.category)
        line = next(line for line in lines[head + 1 :] if line.split()[:1] == [rule.name])
        assert line.split()[:4] == [rule.name, rule.language, rule.place, rule.cut]
        assert line.endswith(" ".join(rule.examples[0].split()))
    total = next(line for line in reversed(lines) if line.startswith("all "))
    *by_language, n_rules = map(int, total.split()[1:])
    assert sum(by_language) == n_rules == len(RULES)


@pytest.mark.skipif(os.environ.get("NUMBA_DISABLE_JIT") == "1", reason="nothing is kept beside kernels")
def test_rule_files_are_read_once(tmp_path: Path) -> None:
    """What a command read is there for the next: reading all rule files takes seconds."""
    environment = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path)}
    code = """
import sys, tomllib
read, loads = [], tomllib.loads
tomllib.loads = lambda text: read.append(text) or loads(text)
from dedup import cli
try:
    cli.main(["rules", "show", "copyright/notice"])
finally:
    print(len(read), file=sys.stderr)
"""
    outs = [
        subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
        for _ in range(2)
    ]
    assert outs[0].stdout == outs[1].stdout
    assert int(outs[0].stderr) > 10
    assert int(outs[1].stderr) == 0


def test_list_of_a_category_and_a_language(command: Command) -> None:
    """--category and --lang leave out the others, in JSON, too; a category without rules has none."""
    code, out, _ = command("rules", "--category", "cookie", "--lang", "en", "--json")
    shown = json.loads(out)
    wanted = [rule for rule in RULES.values() if (rule.category, rule.language) == ("cookie", "en")]
    assert code == 0
    assert [rule["title"] for rule in shown] == [rule.title for rule in wanted]
    assert shown[0]["examples"] == list(wanted[0].examples)
    assert shown[0]["patterns"] == list(wanted[0].pattern.written)
    assert "newsletter" not in command("rules", "--category", "cookie")[1].replace("newsletter/", "")
    assert command("rules", "--category", "recurring")[1].startswith("none\n")


def test_list_with_own_rules(command: Command, rules: Path) -> None:
    """--rules adds a file to the list, and its categories to those that can be asked for."""
    _, out, _ = command("rules", "--rules", rules, "--category", "fundraising", "--json")
    (shown,) = json.loads(out)
    assert (shown["title"], shown["file"], shown["cues"]) == ("fundraising/donate", str(rules), ["donate", "^give"])
    assert json.loads(command("rules", "--rules", rules, "--json")[1])[-1] == shown


def test_what_is_not_there(command: Command) -> None:
    """An unknown category, language or title is one line that names the nearest."""
    assert_user_error(command("rules", "--category", "cokie"), "'cokie'", "did you mean 'cookie'")
    assert_user_error(command("rules", "--lang", "xx"), "no rules for language 'xx'", "en")
    assert_user_error(command("rules", "show", "cookie/notice"), "no rule 'cookie/notice'", "cookie/cookie-notice")
    assert_user_error(command("rules", "show", "recurring/site"), "recurs over documents", "--without recurring")
    assert_user_error(command("rules", "show", "share/like-others"), "worded like", "--without like-others")
    assert_user_error(command("rules", "list"), "No such command 'list'")


def test_one_rule_is_shown_whole(command: Command, rules: Path) -> None:
    """`show` gives all that the file says, as it says it; a name is enough where only one rule has it."""
    for title in ("fundraising/donate", "donate"):
        code, out, _ = command("rules", "show", title, "--rules", rules)
        assert code == 0
        for words in (
            str(rules), "^give", "(?:please )?(?:donate|give) (?:now|today) to (?:help|support) .*", r"\bsaid\b",
            "signs, of which it needs 1", "Donate today to support our work!", "He wants to donate a kidney today.",
        ):  # fmt: skip
            assert words in out
    rule = RULES["newsletter/sign-up"]
    shown = json.loads(command("rules", "show", rule.title, "--json")[1])
    assert (shown["title"], shown["file"]) == (rule.title, None)
    assert tuple(shown["counter_examples"]) == rule.counter_examples


def test_help_has_a_file_that_works(command: Command, tmp_path: Path) -> None:
    """The rule file that --help shows passes its test; help of clean leads to it."""
    _, out, _ = command("rules", "test", "--help")
    lines = [line.strip() for line in out.splitlines()]
    text = "\n".join(lines[lines.index('language = "en"') :])
    (tmp_path / "my.toml").write_text(text, encoding="utf-8")
    assert command("rules", "test", tmp_path / "my.toml")[0] == 0
    assert "--rules" in command("clean", "--help")[1]
    assert "dedup rules" in command("--help")[1]


# ---- testing


def test_good_file(command: Command, rules: Path) -> None:
    """All examples hold: exit code 0, and a category of one's own is pointed out."""
    code, out, err = command("rules", "test", rules)
    assert (code, err) == (0, "")
    assert out.splitlines() == [
        "fundraising/donate  ok  1 example, 1 counter-example",
        "category fundraising is none of dedup's; --without fundraising switches it off",
        "1 rule: all examples hold",
    ]
    rules.write_text(FILE.replace("fundraising", "adverts"), encoding="utf-8")
    assert "(did you mean 'advert'?)" in command("rules", "test", rules)[1]
    rules.write_text("language = 'en'", encoding="utf-8")
    assert command("rules", "test", rules) == (0, "there is no [[rule]] in it\n", "")


@pytest.mark.parametrize(
    ("example", "reason"),
    [
        ("Support us with a gift", "no cue of the rule is in it; cues: 'donate', '^give'"),
        ("Please give now to help us", "no cue of the rule is in it"),  # "give" does not open it
        ("Donate now to help us" + " and us" * 6, "it is longer than max_tokens (15): 17 tokens"),
        ("“Donate now to help us”", "it opens with a quotation mark"),
        ("Donate tomorrow to help us!", "only a part of it: 'Donate'; it is tried as 'Donate tomorrow to help us'"),
        ("Donate now to help us, he said", r"'said' in it is what unless rules out, by '\bsaid\b'"),
        ("Donate now to help them", r"of the 1 signs it needs it has 0; not found: '\bour\b', '\bus\b'"),
    ],
)
def test_example_that_fails_comes_with_the_reason(command: Command, rules: Path, example: str, reason: str) -> None:
    """Exit code 1, the example and why it is left."""
    rules.write_text(FILE.replace("Donate today to support our work!", example), encoding="utf-8")
    code, out, err = command("rules", "test", rules, "--text", "/dev/null")
    assert (code, err) == (1, "")
    assert f"  does not match its example: {example}\n" in out
    assert reason in out
    assert out.endswith("1 of 1 rule fails: a run refuses the file\n")


def test_counter_example_that_matches_names_the_pattern(command: Command, rules: Path) -> None:
    """Of several patterns the one that takes it is shown."""
    rules.write_text(
        FILE.replace("signs = ['", "signs = ['donate|").replace("He wants to donate a kidney today.", "Donate")
    )
    code, out, _ = command("rules", "test", rules)
    assert code == 1
    assert "  matches its counter-example: Donate\n    by the pattern 'donate'\n" in out


def test_malformed_file_is_a_user_error(command: Command, rules: Path, tmp_path: Path) -> None:
    """What is wrong with the file is one line, and exit code 2."""
    rules.write_text(FILE.replace("max_tokens", "max_token"), encoding="utf-8")
    assert_user_error(
        command("rules", "test", rules), f"{rules}: rule donate: unknown key 'max_token'", "did you mean 'max_tokens'"
    )
    assert_user_error(command("rules", "--rules", rules), f"{rules}: rule donate")
    assert_user_error(command("rules", "test", tmp_path / "no.toml"), "no rule file")
    assert_user_error(command("rules", "test"), "Missing argument", "dedup rules test --help")
    rules.write_text(FILE, encoding="utf-8")
    assert_user_error(command("rules", "test", rules, "--text", tmp_path / "no.txt"), "no text file")
    assert_user_error(command("rules", "test", rules, "--text", tmp_path), "cannot be read")
    (tmp_path / "bytes").write_bytes(bytes(range(256)) * 9)
    assert_user_error(command("rules", "test", rules, "--text", tmp_path / "bytes"), str(tmp_path / "bytes"))


@pytest.mark.parametrize("pattern", ["(?:donate ?|don|ate|today ?)+", r"(?:\w+\s?)+!", r"(?:donate|today|\w+| )*!"])
def test_exponential_pattern_is_warned_of(command: Command, rules: Path, pattern: str) -> None:
    """A pattern with two ways to match one word is found out in moments, and is a warning only."""
    lines = [line for line in FILE.splitlines() if not line.startswith(("signs", "needs", "unless", "patterns"))]
    rules.write_text("\n".join([*lines, f"patterns = ['{pattern}', 'donate today.*']"]), encoding="utf-8")
    code, out, _ = command("rules", "test", rules)
    assert re.search(r"\n  slow: \d+ ms for a text of \d+ characters: ", out)
    assert (code, "docs/rules.md" in out) == (0, True)


def test_plain_pattern_is_not_slow(rules: Path) -> None:
    """A rule of plain patterns takes far less than what is called slow."""
    (rule,) = parse_own_rules([RuleText(str(rules), FILE)]).rules.values()
    assert time_rule(rule).seconds < SLOW_SECONDS / 4


def test_text_is_tried(command: Command, rules: Path, tmp_path: Path) -> None:
    """--text gives line, rule and text of what goes, in any encoding; ends of paragraphs are told apart."""
    rules.write_text(FILE.replace("max_tokens", 'cut = "tail"\nmax_tokens'), encoding="utf-8")
    text = tmp_path / "page.txt"
    prose = "Der Hafen war ruhig, und niemand hatte die große Fähre kommen sehen."
    text.write_bytes(
        f"{prose}\r\n\r\n{prose} Donate now to help us.\r\n\r\nGive today to support our Fähre!\r\n".encode("cp1252")
    )
    code, out, err = command("rules", "test", rules, "--text", text)
    assert (code, err) == (0, "")
    assert out.splitlines()[3:] == [
        "",
        "line 3, the end: fundraising/donate",
        "    Donate now to help us.",
        "line 5: fundraising/donate",
        "    Give today to support our Fähre!",
        "2 paragraphs taken, 16.8% of the text",
    ]


def test_text_of_boilerplate_only_is_shown_all_the_same(command: Command, rules: Path, tmp_path: Path) -> None:
    """A list of lines to try is no document of which a run would take so much; that is said."""
    text = tmp_path / "lines.txt"
    text.write_text("Donate now to help us\n\nSubscribe to our newsletter\n\nDonate today to support our work\n")
    out = command("rules", "test", rules, "--text", text)[1]
    assert re.findall(r"line (\d+): (\S+)", out) == [("1", "fundraising/donate"), ("5", "fundraising/donate")]
    assert "a run leaves a document alone of which more than 65% would go (max_boilerplate_share)" in out


def test_text_from_standard_input(rules: Path) -> None:
    """A dash is standard input; of nothing nothing goes."""
    line = [sys.executable, "-m", "dedup", "rules", "test", str(rules), "--text", "-"]
    for given, expected in (("Some prose.\n\nDonate now to help us", "line 3: "), ("", "0 paragraphs taken, 0.0%")):
        ran = subprocess.run(line, input=given, capture_output=True, encoding="utf-8", check=True, timeout=120)
        assert expected in ran.stdout


def test_worked_example_of_the_docs(tmp_path: Path) -> None:
    """The file and the text of docs/rules.md give what it shows."""
    section = DOCS.partition("## Your own rules")[2].partition("\n## ")[0]
    (toml,) = re.findall(r"```toml\n(.*?)```", section, re.DOTALL)
    (text,) = re.findall(r"```text\n(.*?)```", section, re.DOTALL)
    (tmp_path / "my.toml").write_text(toml, encoding="utf-8")
    (tmp_path / "page.txt").write_text(text, encoding="utf-8")
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages" / "page.txt").write_text(text, encoding="utf-8")
    shown = re.findall(r"```console\n\$ dedup (.*?)\n(.*?)```", section, re.DOTALL)
    assert len(shown) == 2
    for arguments, expected in shown:
        ran = subprocess.run(
            [sys.executable, "-m", "dedup", *arguments.split()],
            cwd=tmp_path,
            env=os.environ | {"PYTHONPATH": str(Path(__file__).parent.parent)},
            capture_output=True,
            encoding="utf-8",
            check=True,
            timeout=120,
        )
        assert not expected or ran.stdout == expected
    assert pq.read_table(tmp_path / "out" / "removed")["rule"].to_pylist() == ["fundraising/support-us"]


def test_docs_name_every_category() -> None:
    """The table of categories in docs/rules.md is that of the settings."""
    table = DOCS.partition("## Categories")[2].partition("\n## ")[0]
    assert tuple(re.findall(r"^\| ([a-z-]+) \|", table, re.MULTILINE)[1:]) == CATEGORIES
