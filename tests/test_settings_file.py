"""Settings files say what they mean or are refused, and docs/settings.md tells the truth."""

import json
import re
from pathlib import Path

import pytest

from dedup.errors import SettingsError
from dedup.settings import CATEGORIES, Settings, setting_names
from dedup.settings_file import read_settings

DOCS = Path(__file__).parent.parent / "docs" / "settings.md"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return tmp_path / "dedup.toml"


def test_file_says_what_python_says(config: Path) -> None:
    """Every kind of value arrives; what the file leaves out keeps its default."""
    config.write_text('similarity = 0.7\nkeep = "longest"\nwithout = ["share"]\nrepeats = false\nmin_tokens = 12\n')
    expected = Settings(similarity=0.7, keep="longest", without=("share",), repeats=False, min_tokens=12)
    assert read_settings(config) == expected


def test_empty_file_is_the_defaults(config: Path) -> None:
    """Nothing said, nothing changed."""
    config.write_text("# nothing yet\n")
    assert read_settings(config) == Settings()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("similarty = 0.7", "unknown setting 'similarty' in .*did you mean 'similarity'"),
        ("min-tokens = 3", "did you mean 'min_tokens'"),
        ("[clean]\nsimilarity = 0.7", "unknown setting 'clean'"),
        ("similarity = 1.5", "similarity must be a number above 0 and at most 1, got 1.5"),
        ("format = 5", "format must be the name of a format, got 5"),
        (f"memory = '{'9' * 400}'", "memory must be at most .* bytes, got '9{40}'..."),
        (f"max_document_bytes = {'9' * 400}", "max_document_bytes must be at most .*, got a number of more than 40"),
        (f"min_tokens = {'9' * 5000}", "not valid TOML: .*4300"),
        ("shingle_tokens = 99999999999999999999", "shingle_tokens must be at most 2,147,483,647, got 9{20}"),
        ("min_near_tokens = 99999999999999999999", "min_near_tokens must be at most"),
        ("min_repeat_tokens = 99999999999999999999", "min_repeat_tokens must be at most"),
        ("batch_bytes = 99999999999999999999", "batch_bytes must be at most"),
        ("bands = 100_000\nrows = 100_000", r"bands \* rows must be at most 65,536"),
        (f"x = {'[' * 5000}{']' * 5000}", "not valid TOML: nested too deeply"),
        ("similarity = 0.0009", "similarity must be at least 0.001, got 0.0009"),
        ("similarity = 1e-300", "similarity must be at least 0.001"),
        ("similarity = nan", "similarity must be a number"),
        ('similarity = "high"', "similarity must be a number"),
        ('within = "column:"', "within names no column in 'column:'"),
        ('keep = "column:"', "keep names no column in 'column:'"),
        ('keep = "column::lowest"', "keep names no column in 'column::lowest'"),
        ('keep = ":lowest"', "keep names no column in ':lowest'"),
        ('keep = ":highest"', "keep names no column in ':highest'"),
        ('site = "column:"', "site names no column in 'column:'"),
        ("min_tokens = 2.5", "min_tokens must be a whole number"),
        ("repeats = 1", "repeats must be true or false"),
        ("text_column = 3", "text_column must be the name of a column"),
        ('without = ["shares"]', "unknown boilerplate category 'shares'.*did you mean 'share'"),
        ("without = 3", "without must be a list"),
        ("bands = 10", "bands and rows go together"),
        ("similarity =", "not valid TOML: .*line 1"),
        ("similarity = 0.7\nsimilarity = 0.8", "not valid TOML: .*line 2"),
    ],
)
def test_bad_file_is_one_error_that_names_it(config: Path, content: str, message: str) -> None:
    """Each mistake is a SettingsError with the file's name, the fact, and the nearest right name."""
    config.write_text(content + "\n")
    with pytest.raises(SettingsError, match=message) as caught:
        read_settings(config)
    assert str(config) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_byte_order_mark_is_no_part_of_it(config: Path) -> None:
    """Editors of Windows put one before UTF-8."""
    config.write_bytes(b"\xef\xbb\xbfsimilarity = 0.7\n")
    assert read_settings(config).similarity == 0.7


@pytest.mark.parametrize(
    "changes", [{"text_column": "x\udcff"}, {"rules": ["r\udcff.toml"]}, {"without": ["\udcff"]}, {"keep": "\udcff"}]
)
def test_what_is_not_utf8_is_refused(changes: dict[str, object]) -> None:
    """An argument may be any bytes; none of these can be in report.json."""
    with pytest.raises(SettingsError, match="must be UTF-8"):
        Settings(**changes)


def test_missing_or_unreadable_file(config: Path) -> None:
    """No file, a folder, and bytes that are no text are settings errors, too."""
    with pytest.raises(SettingsError, match="no settings file"):
        read_settings(config)
    with pytest.raises(SettingsError, match="cannot be read"):
        read_settings(config.parent)
    config.write_bytes(b"keep = '\xff'")
    with pytest.raises(SettingsError, match="not UTF-8 text at byte 8"):
        read_settings(config)


def documented() -> dict[str, tuple[str, str, str]]:
    """Give option, default and meaning of each setting in docs/settings.md."""
    rows = re.findall(r"^\| `(\w+)` \|(.*?)\| (.*?) \| (.*) \|$", DOCS.read_text(encoding="utf-8"), re.MULTILINE)
    return {name: (option.strip("` "), default.strip("`"), meaning) for name, option, default, meaning in rows}


def test_docs_list_every_setting_with_its_default() -> None:
    """docs/settings.md cannot go stale: names and defaults are the code's."""
    defaults = {
        name: "none" if getattr(Settings(), name) is None else json.dumps(getattr(Settings(), name))
        for name in setting_names()
    }
    assert {name: default for name, (_, default, _) in documented().items()} == defaults


def test_docs_list_every_category() -> None:
    """The categories that `without` takes are all named."""
    assert tuple(re.findall(r"`([\w-]+)`", documented()["without"][2])) == CATEGORIES


def test_docs_example_is_a_valid_settings_file(config: Path) -> None:
    """The settings file shown can be used as it stands."""
    example = re.search(r"```toml\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    assert example is not None
    config.write_text(example.group(1))
    assert read_settings(config).within == "site"


@pytest.mark.parametrize(
    ("written", "size"),
    [("500MB", 500_000_000), ("1 GiB", 1 << 30), ("1.5k", 1500), ("7", 7), (12, 12), ("2TB", 2 * 10**12)],
)
def test_sizes_may_be_written_with_a_unit(written: str | int, size: int) -> None:
    """Decimal and binary units count as they are named; a bare number is bytes."""
    assert Settings(max_document_bytes=written).max_document_bytes == size  # type: ignore[arg-type]


@pytest.mark.parametrize("written", ["", "GB", "1XB", "-1MB", "1 ib", "0"])
def test_what_is_no_size_is_refused(written: str) -> None:
    """An unknown unit is an error that shows how to write a size, never a guess."""
    with pytest.raises(SettingsError, match="max_document_bytes must be"):
        Settings(max_document_bytes=written)  # type: ignore[arg-type]
