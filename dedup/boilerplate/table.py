"""The table of all rules: those that dedup ships, before them a user's own, and what else their files say."""

import functools
import pickle
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, TypeVar

from dedup.boilerplate.checking import check_examples
from dedup.boilerplate.kept import recall, remember
from dedup.boilerplate.languages import ALWAYS_TRIED, own_words
from dedup.boilerplate.rule import Rule, RuleFile
from dedup.boilerplate.rule_files import load_rules, parse_rules
from dedup.errors import RuleError
from dedup.settings import CATEGORIES, RuleText, Settings, check_categories

Made = TypeVar("Made")

_MAKING: Final = threading.RLock()


def load_kept_rules() -> dict[str, RuleFile]:
    """Give what load_rules does, as an earlier run read it if neither rules nor code are others since."""
    return kept_from_run_to_run("rules", lambda: _with_own_words(load_rules()))


def kept_from_run_to_run(name: str, make: Callable[[], Made]) -> Made:
    """Give what is made of the rules that dedup ships, or was in an earlier run if neither they nor code changed."""
    stamp = _stamp_of(Path(__file__).parent.parent)
    with _MAKING:  # or each worker would make it
        kept = recall(name, stamp)
        if kept is not None:
            found: Made = pickle.loads(kept)  # noqa: S301 - our own, and checked
            return found
        made = make()
        remember(name, stamp, pickle.dumps(made))
        return made


def _with_own_words(read: Mapping[str, RuleFile]) -> dict[str, RuleFile]:
    """Give the rule files with the words by which their languages are told."""
    words = own_words({language: tuple(_vocabulary(file)) for language, file in read.items()})
    return {language: replace(file, own_words=words.get(language, frozenset())) for language, file in read.items()}


def _vocabulary(file: RuleFile) -> Iterator[str]:
    """Give texts of the words that tell a language; of English, of all that its rules are known to meet."""
    for rule in file.rules:
        yield from (word for cue in rule.cues for word in cue.words)
        yield from rule.examples
        if file.language == ALWAYS_TRIED:
            yield from rule.counter_examples


def _stamp_of(package: Path) -> str:
    """Give the names, sizes and times of the rules in a package, and of the code that reads them."""
    kinds = ("boilerplate/rules/*.toml", "*.toml", "boilerplate/*.py", "kernels/*.py", "token_tables.py")
    paths = sorted(path for kind in kinds for path in package.glob(kind))
    found = [(path, path.stat()) for path in paths]
    return "\n".join(f"{path} {status.st_size} {status.st_mtime_ns}" for path, status in found)


RULE_FILES: Final[dict[str, RuleFile]] = load_kept_rules()
"""Language -> its rule file, of those that dedup ships. Read when this module is first imported."""

RULES: Final[dict[str, Rule]] = {rule.title: rule for file in RULE_FILES.values() for rule in file.rules}
"""What a removal names, "category/name" -> the rule that dedup ships, in the order in which they are tried."""


@dataclass(frozen=True, slots=True, eq=False)
class RuleSet:
    """The rules of a run, in the order in which they are tried, and the files they are from."""

    files: tuple[RuleFile, ...]
    rules: Mapping[str, Rule]  # by title
    paths: Mapping[str, str]  # title of a rule of the user's -> the file it is in

    @property
    def categories(self) -> tuple[str, ...]:
        """The categories that there are: those of dedup, then the user's own."""
        own = dict.fromkeys(rule.category for rule in self.rules.values())
        return (*CATEGORIES, *(category for category in own if category not in CATEGORIES))


def with_rules_read(settings: Settings) -> Settings:
    """Give settings that hold what their rule files say now, so that all of a run goes by the same rules.

    Raises RuleError if a file cannot be read, is malformed, or has a rule that fails its examples or is there
    already; SettingsError if a category is switched off that no rule is of.
    """
    if not settings.rules:
        return settings
    read = replace(settings, rules=read_rule_texts(settings))
    check_categories(settings.without, find_rules(read).categories)
    return read


def find_rules(settings: Settings) -> RuleSet:
    """Give all rules there are with these settings, those switched off too; raises as with_rules_read does."""
    return _put_together(read_rule_texts(settings))


def read_rule_texts(settings: Settings) -> tuple[RuleText, ...]:
    """Give the text of each rule file, read now unless the settings hold it; raises RuleError."""
    return tuple(file if isinstance(file, RuleText) else read_rule_text(file) for file in settings.rules)


def read_rule_text(path: str) -> RuleText:
    """Read a rule file; raises RuleError if that is not possible."""
    try:
        return RuleText(path, Path(path).read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise RuleError(f"no rule file {path!r}") from None
    except UnicodeDecodeError as error:
        raise RuleError(f"{path}: not UTF-8 text at byte {error.start}; a rule file is TOML") from None
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        raise RuleError(f"{path}: cannot be read ({getattr(error, 'strerror', None) or error})") from None


def parse_own_rules(texts: Sequence[RuleText]) -> RuleSet:
    """Give the rules of a user's files alone; their examples are not run.

    Raises RuleError if a file is malformed, or has a rule that is there already.
    """
    files = tuple(parse_rules(text.text, text.path, own_categories=True) for text in texts)
    rules: dict[str, Rule] = {}
    paths: dict[str, str] = {}
    for place, (text, file) in enumerate(zip(texts, files, strict=True)):
        if text in texts[:place]:
            raise RuleError(f"{text.path}: the rule file is given twice")
        for rule in file.rules:
            where = paths.get(rule.title) or (rule.title in RULES and f"{RULES[rule.title].language}.toml of dedup")
            if where:
                raise RuleError(f"{text.path}: rule {rule.title}: there is a rule of that name in {where}; rename it")
            rules[rule.title] = rule
            paths[rule.title] = text.path
    return RuleSet(files, rules, paths)


@functools.lru_cache(maxsize=8)  # asked for by every batch of documents
def _put_together(texts: tuple[RuleText, ...]) -> RuleSet:
    own = parse_own_rules(texts)
    for title, rule in own.rules.items():
        check_examples([rule], own.paths[title])
    return RuleSet((*own.files, *RULE_FILES.values()), {**own.rules, **RULES}, own.paths)
