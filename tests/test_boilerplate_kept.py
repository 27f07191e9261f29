"""Patterns that a run compiled are the same when a later one loads them, and nothing kept can do harm."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from dedup.boilerplate import kept
from dedup.boilerplate.rule_files import Pattern
from dedup.boilerplate.spellings import fold
from dedup.boilerplate.table import RULE_FILES


def shipped_sources() -> Iterator[str]:
    for file in RULE_FILES.values():
        patterns: list[Pattern | None] = [file.companions, file.legal_titles]
        for rule in file.rules:
            patterns += [rule.pattern, rule.unless, *rule.signs]
        yield from (fold("|".join(f"(?:{one})" for one in found.sources)) for found in patterns if found is not None)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Keep patterns in a folder of the test."""
    monkeypatch.setattr(kept, "cache_folder", lambda: tmp_path)
    kept._kept.cache_clear()
    yield tmp_path
    kept._kept.cache_clear()


def start_anew() -> None:
    """Do as a new process does: know what is in the file, and nothing else."""
    kept._kept.cache_clear()


def test_what_is_loaded_is_what_re_compiles(place: Path) -> None:
    """All patterns that are shipped, and groups with names."""
    sources = [*shipped_sources(), r"(?P<mark>['\"])(?P<word>\w+)(?P=mark)", "ß|é+"]
    for source in sources:
        assert kept.compile_pattern(source) == re.compile(source, re.IGNORECASE)
    kept.keep_patterns()
    start_anew()
    assert set(kept._kept().known) == set(sources)
    for source in sources:
        assert kept.compile_pattern(source) == re.compile(source, re.IGNORECASE)
    found = kept.compile_pattern(sources[-2]).fullmatch('"Word"')
    assert found is not None
    assert found.groupdict() == {"mark": '"', "word": "Word"}
    assert not kept._kept().has_new


def test_what_is_kept_grows_and_is_not_written_again_for_nothing(place: Path) -> None:
    """A run adds to what earlier ones kept."""
    for source in ("a+", "b+"):
        kept.compile_pattern(source)
        kept.keep_patterns()
        start_anew()
    (file,) = place.iterdir()
    before = file.stat().st_mtime_ns
    assert set(kept._kept().known) == {"a+", "b+"}
    kept.compile_pattern("a+")
    kept.keep_patterns()
    assert file.stat().st_mtime_ns == before


@pytest.mark.parametrize("damage", ["cut", "changed", "of another Python", "no file at all"])
def test_what_is_damaged_is_not_taken(place: Path, monkeypatch: pytest.MonkeyPatch, damage: str) -> None:
    """A pattern is compiled anew where what was kept is not whole, or is of another Python."""
    kept.compile_pattern("a+")
    kept.keep_patterns()
    (file,) = place.iterdir()
    data = bytearray(file.read_bytes())
    if damage == "cut":
        file.write_bytes(data[:-3])
    elif damage == "changed":
        data[-1] ^= 1
        file.write_bytes(data)
    elif damage == "no file at all":
        file.unlink()
        file.mkdir()
    else:
        monkeypatch.setattr("sys.version", "0")
    start_anew()
    assert kept._kept().known == {}
    assert kept.compile_pattern("a+") == re.compile("a+", re.IGNORECASE)
    kept.keep_patterns()  # which may fail, and is no reason to stop


def test_a_python_of_another_kind_compiles_as_it_does(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is private to `re` may not be there."""
    monkeypatch.delattr("re._compiler._code")
    monkeypatch.setattr(re, "compile", lambda source, flags: (source, flags))
    assert kept.compile_pattern("a+") == ("a+", re.IGNORECASE)


def test_too_much_is_begun_anew(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Patterns of rules that are there no longer do not stay for ever."""
    kept.compile_pattern("a+")
    kept.keep_patterns()
    start_anew()
    monkeypatch.setattr(kept, "MOST_BYTES", 10)
    kept.compile_pattern("b+")
    kept.keep_patterns()
    start_anew()
    assert set(kept._kept().known) == {"b+"}


def test_an_error_is_that_of_re(place: Path) -> None:
    """A pattern that is none is refused."""
    with pytest.raises(re.error, match="unterminated"):
        kept.compile_pattern("(a")
