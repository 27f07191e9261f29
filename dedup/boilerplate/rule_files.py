"""Rule files read, checked and compiled: docs/rules.md describes the format for people who write them."""

import re
import tomllib
import warnings
from collections.abc import Iterable, Iterator, Mapping
from importlib.resources import files
from types import MappingProxyType
from typing import Any, Final

from dedup.boilerplate.cues import MOST_CUE_TOKENS, SYMBOLS, Cue, read_cue
from dedup.boilerplate.packed import Packed
from dedup.boilerplate.patterns import Pattern
from dedup.boilerplate.rule import NOWHERE, Rule, RuleBody, RuleFile
from dedup.boilerplate.spellings import spellings
from dedup.boilerplate.tokens import normal_form, tokens_of
from dedup.errors import RuleError
from dedup.settings import CATEGORIES, did_you_mean

PLACES: Final = ("anywhere", "start", "end", "edges", "last")
CUTS: Final = ("paragraph", "tail")
COMPANY: Final = ("never", "elsewhere", "always")
"""Where what a rule matches goes only if there is other boilerplate around it."""

NOT_BY_RULES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "page-furniture": "what stands at the edge of one page after the other",
        "recurring": "what recurs over documents that are not copies of one another",
        "like-others": "what is worded like boilerplate and stands among it",
    }
)
"""Categories that no rule is of -> what is of them."""

MOST_TOKENS: Final = 480
"""The greatest `max_tokens` a rule may ask for: what bounds the time that any paragraph can cost.
Where each character is a token, that is no more text than 90 words."""

_PART: Final = re.compile(r"\{([a-z_]+)\}")
_NAME: Final = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")

_BY_NUMBER: Final = re.compile(r"(?<!\\)(?:\\\\)*(?:\\[1-9]|\(\?\(\d)")
"""What refers to a group by number, which is another number among other patterns."""

_FILE_KEYS: Final = ("language", "parts", "companions", "legal", "rule")
_COMPANION_KEYS: Final = ("cues", "patterns")
_LEGAL_KEYS: Final = ("words", "titles")
_RULE_KEYS: Final = {
    "name": str,
    "category": str,
    "cues": list,
    "max_tokens": int,
    "patterns": list,
    "signs": list,
    "needs": int,
    "unless": list,
    "place": str,
    "cut": str,
    "company": str,
    "examples": list,
    "counter_examples": list,
}


def load_rules() -> dict[str, RuleFile]:
    """Read the rule files that dedup ships: language -> what its files hold, sorted by language.

    After "en.toml" come "en_mail.toml" and such, which may use its parts.
    Raises RuleError if one of them is malformed, or two have a rule of one name.
    """
    folder = files("dedup.boilerplate") / "rules"
    paths = sorted((path for path in folder.iterdir() if path.name.endswith(".toml")), key=lambda path: path.name)
    seen: dict[str, str] = {}
    joined: dict[str, RuleFile] = {}
    for path in paths:
        earlier = joined.get(path.name.removesuffix(".toml").partition("_")[0])
        text = path.read_text(encoding="utf-8")
        file = parse_rules(text, path.name, check_patterns=False, given=earlier.parts if earlier else {})
        for rule in file.rules:
            if rule.title in seen:
                raise RuleError(f"rule {rule.title} is in both {seen[rule.title]} and {path.name}")
            seen[rule.title] = path.name
        joined[file.language] = _join(joined[file.language], file) if file.language in joined else file
    return joined


def _join(first: RuleFile, second: RuleFile) -> RuleFile:
    """Give what two files of a language hold together."""
    return RuleFile(
        language=first.language,
        rules=first.rules + second.rules,
        companions=_either(first.companions, second.companions),
        companion_cues=first.companion_cues + second.companion_cues,
        legal_words=first.legal_words | second.legal_words,
        legal_titles=_either(first.legal_titles, second.legal_titles),
        parts={**first.parts, **second.parts},
    )


def _either(first: Pattern | None, second: Pattern | None) -> Pattern | None:
    if first is None or second is None:
        return first or second
    return Pattern(first.written + second.written, first.sources + second.sources)


def parse_rules(
    text: str,
    file_name: str,
    *,
    check_patterns: bool = True,
    own_categories: bool = False,
    given: Mapping[str, str] = MappingProxyType({}),
) -> RuleFile:
    """Read one rule file; the patterns of those that dedup ships are checked by its tests, not at every start.

    A user's file may have categories of its own. `given` are parts that it may use without defining them.
    Raises RuleError, naming the file, the rule and what is wrong, if it is malformed.
    """
    try:
        content = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # numbers of thousands of digits, and brackets
        raise RuleError(f"{file_name}: not valid TOML: {error}") from None
    _check_keys(content, _FILE_KEYS, file_name)
    language = content.get("language")
    if not isinstance(language, str) or not language:
        raise RuleError(f"{file_name}: language must be given, as a code such as 'en'")
    parts = _expand_parts(content.get("parts", {}), given, file_name)
    legal = content.get("legal", {})
    _check_keys(legal, _LEGAL_KEYS, f"{file_name}: legal")
    companions = content.get("companions", {})
    _check_keys(companions, _COMPANION_KEYS, f"{file_name}: companions")
    if companions.get("patterns") and not companions.get("cues"):
        raise RuleError(f"{file_name}: companions: cues is missing or empty")
    rules: list[Rule] = []
    if not isinstance(content.get("rule", []), list):
        raise RuleError(f"{file_name}: rule must be written [[rule]], in two pairs of brackets")
    for position, entry in enumerate(content.get("rule", [])):
        where = _place_of(entry, position, file_name)
        rule = _read_rule(entry, parts, language, where)
        _check_category(rule.category, where, own_categories=own_categories)
        if any(rule.title == other.title for other in rules):
            raise RuleError(f"{file_name}: rule {rule.title}: there is another rule of that name")
        rules.append(rule)
    file = RuleFile(
        language=language,
        rules=tuple(rules),
        companions=_compile_any(companions.get("patterns", []), parts, f"{file_name}: companions.patterns"),
        companion_cues=tuple(_read_cues(companions.get("cues", []), language, f"{file_name}: companions")),
        legal_words=_read_words(legal.get("words", []), language, f"{file_name}: legal.words"),
        legal_titles=_compile_any(legal.get("titles", []), parts, f"{file_name}: legal.titles"),
        parts=parts,
    )
    if check_patterns:
        _check_patterns(content, parts, file_name)
    return file


def _place_of(entry: Any, position: int, file_name: str) -> str:
    name = entry.get("name") if isinstance(entry, dict) else None
    return f"{file_name}: rule {name if isinstance(name, str) and name else position + 1}"


def _read_rule(entry: Any, parts: Mapping[str, str], language: str, where: str) -> Rule:
    _check_keys(entry, _RULE_KEYS, where)
    for key, value in entry.items():
        if not isinstance(value, _RULE_KEYS[key]) or isinstance(value, bool):
            raise RuleError(f"{where}: {key} must be of type {_RULE_KEYS[key].__name__}, got {value!r}")
    for key in ("name", "category", "cues", "max_tokens", "patterns", "examples", "counter_examples"):
        if not entry.get(key):
            raise RuleError(f"{where}: {key} is missing or empty")
    if not _NAME.fullmatch(entry["name"]):
        raise RuleError(f"{where}: name must be lower-case words joined by hyphens, got {entry['name']!r}")
    if not 1 <= entry["max_tokens"] <= MOST_TOKENS:
        raise RuleError(f"{where}: max_tokens must be from 1 to {MOST_TOKENS}, got {entry['max_tokens']}")
    signs = tuple(
        _compile([sign], parts, f"{where}: signs") for sign in _strings(entry.get("signs", []), f"{where}: signs")
    )
    needs = entry.get("needs", 0)
    if not 0 <= needs <= len(signs) or bool(needs) != bool(signs):
        raise RuleError(f"{where}: needs must be from 1 to the number of signs ({len(signs)}), got {needs}")
    pattern = _compile(_strings(entry["patterns"], f"{where}: patterns"), parts, f"{where}: patterns")
    place = _one_of(entry.get("place", "anywhere"), PLACES, f"{where}: place")
    company = _one_of(entry.get("company", "never"), COMPANY, f"{where}: company")
    if (company, place) == ("elsewhere", "anywhere"):
        raise RuleError(f"{where}: company is 'elsewhere', but place is anywhere; name the place where it is enough")
    body = RuleBody(
        cue_lines="\n".join(cue.written for cue in _read_cues(entry["cues"], language, where)),
        pattern=pattern,
        signs=signs,
        unless=_compile_any(entry.get("unless", []), parts, f"{where}: unless"),
        examples=tuple(_strings(entry["examples"], f"{where}: examples")),
        counter_examples=tuple(_strings(entry["counter_examples"], f"{where}: counter_examples")),
    )
    return Rule(
        name=entry["name"],
        category=entry["category"],
        language=language,
        max_tokens=entry["max_tokens"],
        needs=needs,
        place="anywhere" if company == "elsewhere" else place,
        cut=_one_of(entry.get("cut", "paragraph"), CUTS, f"{where}: cut"),
        sure_at=NOWHERE if company == "always" else place,
        body=Packed(body),
    )


def _check_category(category: str, where: str, *, own_categories: bool) -> None:
    """Raise RuleError for a category that a rule of the file may not be of."""
    if category in NOT_BY_RULES:
        raise RuleError(f"{where}: what is of category {category!r} is found without rules; name another")
    if category in CATEGORIES or (own_categories and _NAME.fullmatch(category)):
        return
    if own_categories:
        raise RuleError(f"{where}: category must be lower-case words joined by hyphens, got {category!r}")
    near = did_you_mean(category, CATEGORIES)
    raise RuleError(f"{where}: unknown category {category!r}{near}; categories: {', '.join(CATEGORIES)}")


def _read_cues(cues: list[Any], language: str, where: str) -> Iterator[Cue]:
    """Give the cues, each in every spelling of its language."""
    for text in _strings(cues, f"{where}: cues"):
        for spelling in spellings(text, language):
            cue = read_cue(spelling, tokens_of(spelling))
            if cue is None:
                raise RuleError(
                    f"{where}: cue {text!r} must be one lower-case word, or two, of at most {MOST_CUE_TOKENS} tokens, "
                    f"with ^ before them if they come first, or one of {' '.join(SYMBOLS)}"
                )
            yield cue


def _read_words(words: Any, language: str, where: str) -> frozenset[str]:
    """Give words in their normal form, each in every spelling of its language."""
    return frozenset(normal_form(form) for word in _strings(words, where) for form in spellings(word, language))


def _expand_parts(parts: Any, given: Mapping[str, str], file_name: str) -> dict[str, str]:
    """Give the parts with the parts that they name put in; a part may name those above it."""
    if not isinstance(parts, dict):
        raise RuleError(f"{file_name}: parts must be a table of named patterns")
    expanded = dict(given)
    for name, pattern in parts.items():
        where = f"{file_name}: part {name}"
        if not isinstance(pattern, str) or not _PART.fullmatch(f"{{{name}}}"):
            raise RuleError(f"{where}: must be a pattern, under a name of lower-case letters and underscores")
        expanded[name] = f"(?:{_put_in(pattern, expanded, where)})"
    return expanded


def _put_in(pattern: str, parts: Mapping[str, str], where: str) -> str:
    def part(match: re.Match[str]) -> str:
        if match[1] not in parts:
            raise RuleError(f"{where}: unknown part {{{match[1]}}}{did_you_mean(match[1], parts)}")
        return parts[match[1]]

    return _PART.sub(part, pattern)


def _compile(patterns: Iterable[str], parts: Mapping[str, str], where: str) -> Pattern:
    written = tuple(patterns)
    return Pattern(written, tuple(_put_in(pattern, parts, where) for pattern in written))


def _compile_any(patterns: Any, parts: Mapping[str, str], where: str) -> Pattern | None:
    """Give one pattern for any of several."""
    texts = _strings(patterns, where)
    return _compile(texts, parts, where) if texts else None


def _check_patterns(content: Mapping[str, Any], parts: Mapping[str, str], file_name: str) -> None:
    """Raise RuleError for a pattern that is no regular expression, alone or with the others of its list."""
    sources = [(f"{file_name}: part {name}", [pattern]) for name, pattern in parts.items()]
    sources.append((f"{file_name}: companions", content.get("companions", {}).get("patterns", [])))
    sources.append((f"{file_name}: legal.titles", content.get("legal", {}).get("titles", [])))
    for position, entry in enumerate(content.get("rule", [])):
        for key in ("patterns", "signs", "unless"):
            sources.append((f"{_place_of(entry, position, file_name)}: {key}", entry.get(key, [])))
    for where, patterns in sources:
        for pattern in patterns:
            if _BY_NUMBER.search(pattern):
                raise RuleError(f"{where}: a group is meant by its number; name it, (?P<a>x)(?P=a): '{pattern}'")
            source = _put_in(pattern, parts, where)
            _check_source(source, f"{where}: not a regular expression: '{pattern}'")
            _check_source(f"(?:{source})", f"{where}: no regular expression to put beside others: '{pattern}'")
        if patterns and not where.endswith("signs"):  # each of which stands alone
            _check_source("|".join(_put_in(pattern, parts, where) for pattern in patterns), f"{where}: all together")


def _check_source(source: str, complaint: str) -> None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            re.compile(source, re.IGNORECASE)
    except (re.error, OverflowError, RecursionError, Warning) as error:
        raise RuleError(f"{complaint}: {error}") from None


def _strings(values: Any, where: str) -> list[str]:
    if not isinstance(values, list) or not all(isinstance(value, str) and value for value in values):
        raise RuleError(f"{where}: must be a list of texts, none of them empty")
    return values


def _one_of(value: str, known: tuple[str, ...], where: str) -> str:
    if value not in known:
        raise RuleError(f"{where}: must be one of {', '.join(known)}, got {value!r}")
    return value


def _check_keys(table: Any, known: Iterable[str], where: str) -> None:
    if not isinstance(table, dict):
        raise RuleError(f"{where}: must be a table, got {table!r}")
    for key in table:
        if key not in known:
            raise RuleError(f"{where}: unknown key {key!r}{did_you_mean(key, known)}; known keys: {', '.join(known)}")
