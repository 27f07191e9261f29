"""Rules of a user's own: found beside those of dedup, refused where they are malformed or fail, and part of a run."""

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from staged import STAGED

import dedup
from dedup.boilerplate import RULES
from dedup.boilerplate.rule_files import NOT_BY_RULES
from dedup.boilerplate.table import find_rules, with_rules_read
from dedup.errors import RuleError, SettingsError, StagingError
from dedup.settings import CATEGORIES, RuleText, Settings
from dedup.settings_file import read_settings

RULE = """
[[rule]]
name = "donate"
category = "fundraising"
cues = ["donate"]
max_tokens = 15
patterns = ['(?:please )?donate (?:now|today) to (?:help|support) .*']
unless = ['\\bsaid\\b']
examples = ["Donate today to support our work!"]
counter_examples = ["He wants to donate a kidney today.", "Donate now to help us, she said."]
"""
FILE = f'language = "en"\n{RULE}'

PROSE = "The harbour was quiet that morning, and nobody on the quay had seen the ferry come in.\n\n"
TEXT = f"{PROSE}{PROSE.replace('ferry', 'pilot boat of the northern company')}Please donate now to help our harbour."


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    path = tmp_path / "my.toml"
    path.write_text(FILE, encoding="utf-8")
    return path


def removed_rules(**settings: Any) -> list[str]:
    """Give the rules by which something went from TEXT."""
    return dedup.clean([TEXT], **settings).removed["rule"].to_pylist()


def test_own_rules_find_what_those_of_dedup_do_not(rules: Path) -> None:
    """A path, as text or not, alone or in a list, adds the rules of its file."""
    assert removed_rules() == []
    for given in (rules, str(rules), [rules], (str(rules),)):
        assert removed_rules(rules=given) == ["fundraising/donate"]
    assert removed_rules(rules=[rules], boilerplate=False) == []


def test_own_category_can_be_switched_off(rules: Path) -> None:
    """`without` takes a category of one's own where its file is given, and only there."""
    assert removed_rules(rules=rules, without="fundraising") == []
    with pytest.raises(SettingsError, match="unknown boilerplate category 'fundraising'"):
        Settings(without=("fundraising",))
    with pytest.raises(SettingsError, match=r"unknown boilerplate category 'fund' .did you mean 'fundraising'"):
        removed_rules(rules=rules, without="fund")
    assert find_rules(Settings(rules=(str(rules),))).categories == (*CATEGORIES, "fundraising")


def test_own_rules_come_first(rules: Path) -> None:
    """What a rule of dedup would take, too, is of the user's rule."""
    text = f"{PROSE}Sign up for our newsletter"
    own = FILE.replace("(?:please )?donate", "(?:sign up for our newsletter|(?:please )?donate)")
    assert "sign up" in own
    rules.write_text(
        own.replace("max_tokens", 'place = "end"\nmax_tokens')
        .replace('cues = ["donate"]', 'cues = ["donate", "newsletter"]')
        .replace(
            "(?:now|today) to (?:help|support) .*", "(?:now|today) to (?:help|support) .*|sign up for our newsletter"
        ),
        encoding="utf-8",
    )
    assert dedup.clean([text]).removed["rule"].to_pylist() == ["newsletter/sign-up"]
    assert dedup.clean([text], rules=rules).removed["rule"].to_pylist() == ["fundraising/donate"]
    assert next(iter(find_rules(Settings(rules=(str(rules),))).rules)) == "fundraising/donate"


def test_several_files_and_companions(rules: Path, tmp_path: Path) -> None:
    """Files add up; a sentence that goes along with a hit goes with it, and is none alone."""
    more = tmp_path / "more.toml"
    more.write_text(
        "language = 'en'\n[companions]\ncues = ['tide']\npatterns = ['the tide waits for nobody']\n"
        + RULE.replace('name = "donate"', 'name = "lend"').replace("onate", "onate or lend"),
        encoding="utf-8",
    )
    more.write_text(more.read_text(encoding="utf-8").replace('cues = ["donate or lend"]', 'cues = ["or lend"]'))
    text = f"{PROSE}Donate or lend now to help us. The tide waits for nobody.\n\nThe tide waits for nobody."
    found = dedup.clean([text], rules=[rules, more]).removed
    assert found["rule"].to_pylist() == ["fundraising/lend"]
    assert found["text"].to_pylist()[0].strip() == "Donate or lend now to help us. The tide waits for nobody."


def test_words_of_ones_own_protect_legal_texts(tmp_path: Path) -> None:
    """A file may name titles of legal texts, which keep their notices."""
    path = tmp_path / "legal.toml"
    path.write_text("language = 'en'\n[legal]\ntitles = ['harbour bylaws of \\d+']\n", encoding="utf-8")
    text = f"Harbour bylaws of 1911\n\n{PROSE}Copyright 2020 The Harbour Board. All rights reserved."
    assert dedup.clean([text]).removed["rule"].to_pylist() == ["copyright/notice"]
    assert dedup.clean([text], rules=path).removed.num_rows == 0


def test_changed_file_is_read_again(rules: Path) -> None:
    """A program that runs on takes a file as it is at each call."""
    assert removed_rules(rules=rules) == ["fundraising/donate"]
    rules.write_text(FILE.replace('name = "donate"', 'name = "give"'), encoding="utf-8")
    assert removed_rules(rules=rules) == ["fundraising/give"]


def test_a_run_holds_to_what_it_read(rules: Path) -> None:
    """Settings that were read do not look at the file again."""
    read = with_rules_read(Settings(rules=(str(rules),)))
    assert read.rules == (RuleText(str(rules), FILE),)
    assert read.rule_paths == (str(rules),)
    rules.unlink()
    assert removed_rules(settings=read) == ["fundraising/donate"]


def test_settings_file_names_rules_beside_it(rules: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In dedup.toml paths are seen from its folder, wherever the command is run."""
    monkeypatch.chdir("/")
    config = tmp_path / "dedup.toml"
    for written in ('rules = ["my.toml"]', 'rules = "my.toml"', f'rules = ["{rules}"]'):
        config.write_text(written, encoding="utf-8")
        assert read_settings(config).rule_paths == (str(rules),)
    for written in ("rules = 5", "rules = [5]", 'rules = [""]', 'rules = ""'):
        config.write_text(written, encoding="utf-8")
        with pytest.raises(SettingsError, match=r"dedup.toml: rules must be a list of paths of rule files"):
            read_settings(config)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (
            FILE.replace('name = "donate"', 'name = "app"').replace("fundraising", "advert"),
            "advert/app: there is a rule of",
        ),
        (FILE + RULE, "rule fundraising/donate: there is another rule of that name"),
        (FILE.replace("fundraising", "Fund raising"), "rule donate: category must be lower-case words"),
        (FILE.replace("fundraising", "recurring"), "rule donate: what is of category 'recurring' is found without"),
        (FILE.replace("[[rule]]", "[rule]"), "rule must be written [[rule]]"),
        (
            FILE.replace("(?:please )?donate", "(?i)donate"),
            "rule donate: patterns: no regular expression to put beside",
        ),
        (FILE.replace("(?:please )?donate", r"(d)onate\1"), "rule donate: patterns: a group is meant by its number"),
        (FILE.replace("patterns = [", "patterns = ['(?P<a>x)', '(?P<a>y)', "), "patterns: all together: redefinition"),
        (FILE.replace("(?:please )?donate", "[[a]donate"), "patterns: not a regular expression"),
        (FILE.replace("(?:please )?donate", "a{99999999999}"), "rule donate: patterns: not a regular expression"),
        (FILE.replace("Donate today", "Donate tomorrow"), "does not match its example 'Donate tomorrow to support"),
        (FILE.replace("He wants to donate a kidney today", "Donate now to help me"), "matches its counter-example"),
        ("language = 'en'\n[companions]\ncues = ['a']\npatterns = [5]", "companions.patterns: must be a list of texts"),
        ("", "language must be given"),
        ("language = ", "not valid TOML"),
    ],
)
def test_bad_file_is_refused_before_anything_is_read(text: str, fault: str, rules: Path, tmp_path: Path) -> None:
    """The error names the file, the rule and what is wrong; the input is not looked at, and nothing is written."""
    rules.write_text(text, encoding="utf-8")
    with pytest.raises(RuleError) as raised:
        dedup.clean_files(tmp_path / "is-not-there", tmp_path / "out", rules=rules)
    assert str(raised.value).startswith(f"{rules}: ")
    assert fault in str(raised.value)
    with pytest.raises(RuleError):
        dedup.preview_files(tmp_path / "is-not-there", rules=rules)
    with pytest.raises(RuleError):
        dedup.clean([TEXT], rules=rules, boilerplate=False)


def test_file_that_cannot_be_read(tmp_path: Path) -> None:
    """A file that is missing, a folder, or no UTF-8 is named; a byte-order mark is no fault."""
    for path, fault in ((tmp_path / "no.toml", "no rule file"), (tmp_path, "cannot be read")):
        with pytest.raises(RuleError, match=fault):
            removed_rules(rules=path)
    (tmp_path / "wide.toml").write_bytes(FILE.encode("utf-16"))
    with pytest.raises(RuleError, match="not UTF-8 text at byte 0"):
        removed_rules(rules=tmp_path / "wide.toml")
    (tmp_path / "mark.toml").write_bytes(FILE.encode("utf-8-sig"))
    assert removed_rules(rules=tmp_path / "mark.toml") == ["fundraising/donate"]


def test_one_title_in_two_files(rules: Path, tmp_path: Path) -> None:
    """The error names both."""
    other = tmp_path / "other.toml"
    other.write_text(FILE, encoding="utf-8")
    with pytest.raises(RuleError) as raised:
        removed_rules(rules=[rules, other])
    assert str(raised.value).startswith(f"{other}: rule fundraising/donate: ")
    assert str(rules) in str(raised.value)
    with pytest.raises(RuleError, match=r"my.toml: the rule file is given twice"):
        removed_rules(rules=[rules, rules])


def test_report_names_the_files(rules: Path, tmp_path: Path) -> None:
    """report.json says which rule files a run had."""
    (tmp_path / "in.txt").write_text(TEXT, encoding="utf-8")
    report = dedup.clean_files(tmp_path / "in.txt", tmp_path / "out", rules=rules)
    assert report.settings["rules"] == [str(rules)]
    assert pq.read_table(tmp_path / "out" / "removed")["rule"].to_pylist() == ["fundraising/donate"]


def test_run_goes_on_only_with_the_same_rules(rules: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that was cut off is not gone on with by other rules, though their file has the same name."""
    from dedup import pipeline

    words = [f"word{number % 977}" for number in range(200_000)]
    lines = [" ".join(words[at : at + 40]) for at in range(0, len(words), 40)]
    (tmp_path / "in.txt").write_text("\n\n".join([*lines, "Donate now to help our harbour."]), encoding="utf-8")
    out = tmp_path / "out"

    def stop(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr(pipeline, "judge", stop)
        with pytest.raises(ZeroDivisionError):
            dedup.clean_files(tmp_path / "in.txt", out, rules=rules, **STAGED)
    rules.write_text(FILE.replace("(?:now|today)", "today"), encoding="utf-8")
    with pytest.raises(StagingError, match=r"the rule file '.*my.toml' has changed since"):
        dedup.clean_files(tmp_path / "in.txt", out, rules=rules, **STAGED)
    with pytest.raises(StagingError, match="the setting rules"):
        dedup.clean_files(tmp_path / "in.txt", out, **STAGED)
    rules.write_text(FILE, encoding="utf-8")
    dedup.clean_files(tmp_path / "in.txt", out, rules=rules, **STAGED)
    assert "fundraising/donate" in pq.read_table(out / "removed")["rule"].to_pylist()


def test_no_rule_of_dedup_is_of_a_category_that_needs_none() -> None:
    """What is refused to users is not done by dedup either."""
    assert {rule.category for rule in RULES.values()}.isdisjoint(NOT_BY_RULES)
