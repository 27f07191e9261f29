"""Patterns and rules that a run kept are the same when a later one loads them, and nothing kept can do harm."""

import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest

from dedup.boilerplate import kept, table
from dedup.boilerplate.packed import Packed
from dedup.boilerplate.patterns import Pattern
from dedup.boilerplate.rule import Rule
from dedup.boilerplate.spellings import fold
from dedup.boilerplate.table import RULE_FILES
from dedup.settings import Settings


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


def known_patterns() -> set[bytes]:
    """Give the digests of the patterns that are in the file, and whole."""
    held = kept._kept()
    return set(held.read_all(held.index.patterns))


def test_what_is_loaded_is_what_re_compiles(place: Path) -> None:
    """All patterns that are shipped, and groups with names."""
    sources = [*shipped_sources(), r"(?P<mark>['\"])(?P<word>\w+)(?P=mark)", "ß|é+"]
    for source in sources:
        assert kept.compile_pattern(source) == re.compile(source, re.IGNORECASE)
    kept.keep_for_later()
    start_anew()
    assert known_patterns() == {kept._key_of(source) for source in sources}
    for source in sources:
        assert kept.compile_pattern(source) == re.compile(source, re.IGNORECASE)
    found = kept.compile_pattern(sources[-2]).fullmatch('"Word"')
    assert found is not None
    assert found.groupdict() == {"mark": '"', "word": "Word"}
    assert not kept._kept().has_new


def test_what_is_compiled_is_folded_as_texts_are(place: Path) -> None:
    """Also when it is loaded: a pattern in traditional characters matches the simplified ones that it is tried on."""
    for _ in range(2):
        assert kept.compile_pattern("編輯").fullmatch(fold("編輯"))
        kept.keep_for_later()
        start_anew()


def test_what_is_kept_grows_and_is_not_written_again_for_nothing(place: Path) -> None:
    """A run adds to what earlier ones kept."""
    for source in ("a+", "b+"):
        kept.compile_pattern(source)
        kept.keep_for_later()
        start_anew()
    (file,) = place.iterdir()
    before = file.stat().st_mtime_ns
    assert known_patterns() == {kept._key_of("a+"), kept._key_of("b+")}
    kept.compile_pattern("a+")
    kept.keep_for_later()
    assert file.stat().st_mtime_ns == before


@pytest.mark.parametrize("damage", ["cut", "changed", "size of its index", "of another Python", "no file at all"])
def test_what_is_damaged_is_not_taken(place: Path, monkeypatch: pytest.MonkeyPatch, damage: str) -> None:
    """A pattern is compiled anew where what was kept is not whole, or is of another Python."""
    kept.compile_pattern("a+")
    kept.keep_for_later()
    (file,) = place.iterdir()
    data = bytearray(file.read_bytes())
    if damage == "cut":
        file.write_bytes(data[:-3])
    elif damage == "changed":
        data[-1] ^= 1
        file.write_bytes(data)
    elif damage == "size of its index":
        data[kept._HEAD_BYTES - 1] = 255
        file.write_bytes(data)
    elif damage == "no file at all":
        file.unlink()
        file.mkdir()
    else:
        monkeypatch.setattr("sys.version", "0")
    start_anew()
    assert known_patterns() == set()
    assert kept.compile_pattern("a+") == re.compile("a+", re.IGNORECASE)
    kept.keep_for_later()  # which may fail, and is no reason to stop


def test_a_python_of_another_kind_compiles_as_it_does(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is private to `re` may not be there."""
    monkeypatch.delattr("re._compiler._code")
    monkeypatch.setattr(re, "compile", lambda source, flags: (source, flags))
    assert kept.compile_pattern("a+") == ("a+", re.IGNORECASE)


def test_too_much_is_begun_anew(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Patterns of rules that are there no longer do not stay for ever."""
    kept.compile_pattern("a+")
    kept.keep_for_later()
    start_anew()
    monkeypatch.setattr(kept, "MOST_BYTES", 10)
    kept.compile_pattern("b+")
    kept.keep_for_later()
    start_anew()
    assert known_patterns() == {kept._key_of("b+")}


def test_rules_are_kept_until_they_or_the_code_are_others(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that was touched is read again; what was kept says the same as what was read."""
    read = table.load_kept_rules()
    table.find_rules(Settings()).files[0].rules[0].matches("what compiles a pattern")
    kept.keep_for_later()
    start_anew()
    monkeypatch.setattr(table, "load_rules", lambda: pytest.fail("the files were read again"))
    found = table.load_kept_rules()
    assert list(found) == list(read)
    for language, file in found.items():
        assert [described(rule) for rule in file.rules] == [described(rule) for rule in read[language].rules]
        assert file.legal_words == read[language].legal_words
        assert file.parts == read[language].parts
    monkeypatch.setattr(table, "load_rules", dict)
    stamp = table._stamp_of(Path(table.__file__).parent.parent)
    monkeypatch.setattr(table, "_stamp_of", lambda package: stamp + "0")
    assert table.load_kept_rules() == {}


def described(value: object) -> object:
    """Give all that a rule says, in values that can be compared."""
    if isinstance(value, Rule):
        return [described(getattr(value, field.name)) for field in fields(value)]
    if isinstance(value, Packed):
        return described(value.get())
    if isinstance(value, tuple):
        return [described(one) for one in value]
    return (value.written, value.sources) if isinstance(value, Pattern) else value


def test_the_stamp_tells_rules_and_code_apart(tmp_path: Path) -> None:
    """A rule or a module that changes, comes or goes changes the stamp."""
    (tmp_path / "boilerplate" / "rules").mkdir(parents=True)
    (tmp_path / "kernels").mkdir()
    stamps = [table._stamp_of(tmp_path)]
    for name in ("boilerplate/rules/en.toml", "boilerplate/cues.py", "kernels/tokens.py", "token_tables.py"):
        (tmp_path / name).write_text("a")
        stamps.append(table._stamp_of(tmp_path))
        (tmp_path / name).write_text("ab")
        stamps.append(table._stamp_of(tmp_path))
    assert len(set(stamps)) == len(stamps)


def test_an_error_is_that_of_re(place: Path) -> None:
    """A pattern that is none is refused."""
    with pytest.raises(re.error, match="unterminated"):
        kept.compile_pattern("(a")
