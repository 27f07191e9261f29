"""Every choice a user has, with its default: the same names in Python, on the command line and in dedup.toml."""

import codecs
import difflib
import math
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import PurePath
from typing import Any, Final, Literal

from dedup.errors import SettingsError

CATEGORIES: Final = (
    "wire-credit",
    "copyright",
    "repost-disclaimer",
    "legal-disclaimer",
    "photo-credit",
    "newsletter",
    "read-more",
    "share",
    "cookie",
    "advert",
    "comments",
    "paywall",
    "author-bio",
    "mailing-list",
    "mail-signature",
    "confidentiality",
    "page-furniture",
    "recurring",
    "like-others",
)
"""The kinds of boilerplate that are recognised; each can be switched off with `without`."""

_ESCAPES: Final = ("idna", "punycode", "raw-unicode-escape", "undefined", "unicode-escape")
"""What Python calls encodings of text, and no file of text is in."""

EXTRACTORS: Final = ("trafilatura", "resiliparse", "fast")
"""What can find the text of an HTML page; docs/settings.md says what each is for."""

ENCODING_ERRORS: Final = ("reject", "repair")

KEEP_WORDS: Final = ("first", "longest", "none")
WITHIN_WORDS: Final = ("corpus", "document")

MOST_COUNT: Final = (1 << 31) - 1
MOST_BYTES: Final = 1 << 60
"""More than there are of anything, and so little that sums of them still are 64-bit numbers."""

LEAST_MEMORY: Final = 100_000_000
"""Bytes; with less than 500 MB a run does with as little as it can, for its libraries alone take more than half."""

FOUND_AT_THRESHOLD: Final = 0.99
"""Least probability with which a pair exactly at the threshold becomes a candidate."""

MOST_HASHES: Final = 112
"""Signature length that bands and rows may use when dedup chooses them; longer ones cost
time in proportion and only spare verifications, which are cheap."""

LEAST_SIMILARITY: Final = 0.001
"""Below this, signatures that dedup chooses would be longer than 4,603, which is 18 kB for each paragraph."""

MOST_HASHES_GIVEN: Final = 1 << 16
"""Signature length that a user's own bands and rows may give."""

FEWEST_ROWS: Final = 3
MOST_HASHES_OF_FEW_ROWS: Final = 512
"""What signatures may be as long as, where MOST_HASHES allows fewer rows than FEWEST_ROWS: with two, so many unrelated
paragraphs share a band that 100 MB took three times as long from .4 up, nearly four times from .3 up."""


@dataclass(frozen=True, slots=True)
class RuleText:
    """A rule file that has been read: a run has what it held at its start, whatever becomes of the file."""

    path: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What counts as a copy, which copy stays, and how the work is done.

    Defaults are measured: docs/design.md says how. `dedup clean --help` and
    docs/settings.md describe each in a sentence.
    Raises SettingsError if a value cannot be used.
    """

    text_column: str | None = None
    id_column: str | None = None
    html_column: str | None = None
    format: str | None = None
    extractor: str = "trafilatura"
    page_seconds: float = 30.0
    encoding: str | None = None
    encoding_errors: str = "reject"
    max_document_bytes: int = 1 << 30
    paragraphs: Literal["auto", "line", "block"] = "auto"
    similarity: float = 0.5
    overlap_similarity: float = 0.3
    shingle_tokens: int = 2
    bands: int | None = None
    rows: int | None = None
    seed: int = 1
    min_tokens: int = 10
    min_near_tokens: int = 14
    duplicates: bool = True
    allow_different_facts: bool = False
    keep: str = "first"
    within: str = "corpus"
    copy_share: float = 0.95
    repeats: bool = True
    min_repeat_tokens: int = 8
    boilerplate: bool = True
    without: tuple[str, ...] = ()
    rules: tuple[str | RuleText, ...] = ()
    max_boilerplate_share: float = 0.65
    site: str = "auto"
    max_source_share: float = 0.9
    recall_sample: int = 0
    workers: int = 0
    memory: int = 0
    batch_bytes: int = 8 << 20

    def __post_init__(self) -> None:
        """Check every value once."""
        object.__setattr__(self, "without", _as_names(self.without))
        object.__setattr__(self, "rules", _as_paths(self.rules))
        for setting in fields(self):
            values = getattr(self, setting.name)
            for value in values if isinstance(values, tuple) else (values,):
                if isinstance(value, str) and not _is_utf8(value):
                    raise SettingsError(f"{setting.name} must be UTF-8, got {value!r}")
        for name in ("max_document_bytes", "memory"):
            object.__setattr__(self, name, _as_bytes(name, getattr(self, name)))
        for name in ("similarity", "overlap_similarity", "copy_share", "max_boilerplate_share", "max_source_share"):
            value = getattr(self, name)
            if not isinstance(value, int | float) or isinstance(value, bool) or not 0 < value <= 1:
                raise SettingsError(f"{name} must be a number above 0 and at most 1, got {value!r}")
        for name, least in _LEAST.items():
            value = getattr(self, name)
            if value is None and name in ("bands", "rows"):
                continue
            if not isinstance(value, int) or isinstance(value, bool) or value < least:
                raise SettingsError(f"{name} must be a whole number of at least {least}, got {value!r}")
            most = _MOST.get(name, MOST_COUNT)
            if value > most:
                raise SettingsError(f"{name} must be at most {most:,}, got {_shorten(value)}")
        for name in ("allow_different_facts", "duplicates", "repeats", "boilerplate"):
            if not isinstance(getattr(self, name), bool):
                raise SettingsError(f"{name} must be true or false, got {getattr(self, name)!r}")
        if self.format is not None and (not isinstance(self.format, str) or not self.format):
            raise SettingsError(f"format must be the name of a format, got {self.format!r}")
        for name in ("text_column", "id_column", "html_column"):
            value = getattr(self, name)
            if value is not None and (not isinstance(value, str) or not value):
                raise SettingsError(f"{name} must be the name of a column, got {value!r}")
        if self.html_column is not None and self.text_column is not None:
            raise SettingsError(
                "html_column and text_column exclude each other: the text is taken from the one or the other"
            )
        for name in ("keep", "within", "site"):
            if not isinstance(getattr(self, name), str) or not getattr(self, name):
                raise SettingsError(f"{name} must be a word or the name of a column, got {getattr(self, name)!r}")
            if getattr(self, name) in _NO_COLUMN[name]:
                raise SettingsError(f"{name} names no column in {getattr(self, name)!r}; write it as column:NAME")
        if self.paragraphs not in ("auto", "line", "block"):
            raise SettingsError(f"paragraphs must be auto, line or block, got {self.paragraphs!r}")
        for name, words in (("extractor", EXTRACTORS), ("encoding_errors", ENCODING_ERRORS)):
            if getattr(self, name) not in words:
                raise SettingsError(f"{name} must be {' or '.join(words)}, got {getattr(self, name)!r}")
        if 0 < self.memory < LEAST_MEMORY:
            raise SettingsError(f"memory must be at least {LEAST_MEMORY // 10**6}MB, got {self.memory} bytes")
        is_known = self.encoding is None or (isinstance(self.encoding, str) and text_codec(self.encoding) is not None)
        if not is_known:
            raise SettingsError(
                f"unknown encoding {self.encoding!r}; Python's names are meant: utf-8, cp1252, shift_jis, ..."
            )
        if (
            isinstance(self.page_seconds, bool)
            or not isinstance(self.page_seconds, int | float)
            or not self.page_seconds > 0
        ):
            raise SettingsError(f"page_seconds must be a number above 0, got {self.page_seconds!r}")
        if (self.bands is None) != (self.rows is None):
            raise SettingsError("bands and rows go together: give both, or neither to have them chosen")
        if self.bands is not None and self.rows is not None and self.bands * self.rows > MOST_HASHES_GIVEN:
            raise SettingsError(f"bands * rows must be at most {MOST_HASHES_GIVEN:,}, got {self.bands} * {self.rows}")
        if self.bands is None and self.similarity < LEAST_SIMILARITY:
            raise SettingsError(
                f"similarity must be at least {LEAST_SIMILARITY}, got {self.similarity!r}: "
                "what finds pairs below it takes too much room"
            )
        if self.min_near_tokens < self.min_tokens:
            raise SettingsError(
                f"min_near_tokens ({self.min_near_tokens}) must be at least min_tokens ({self.min_tokens}): "
                "a text too short to be an exact duplicate is too short to be a near one"
            )
        if not self.rules:  # else it takes their files to tell: a user's rules may have categories of their own
            check_categories(self.without, CATEGORIES)

    @property
    def rule_paths(self) -> tuple[str, ...]:
        """The paths of the rule files, read or not."""
        return tuple(file.path if isinstance(file, RuleText) else file for file in self.rules)

    @property
    def band_shape(self) -> tuple[int, int]:
        """Bands and rows: as given, or chosen for the similarity threshold."""
        if self.bands is not None and self.rows is not None:
            return self.bands, self.rows
        return choose_bands(self.similarity)

    @property
    def n_hashes(self) -> int:
        """Length of a signature."""
        bands, rows = self.band_shape
        return bands * rows

    @property
    def n_workers(self) -> int:
        """Threads, and processes for pages: as set, or as many as processors are there for this process."""
        if self.workers:
            return self.workers
        return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1

    @property
    def keep_column(self) -> tuple[str, Literal["highest", "lowest"]] | None:
        """The column that ranks copies and the end that wins, or None when `keep` is one of the words."""
        if self.keep in KEEP_WORDS:
            return None
        name = self.keep.removeprefix("column:")
        if name.endswith(":lowest"):
            return name.removesuffix(":lowest"), "lowest"
        return name.removesuffix(":highest"), "highest"

    @property
    def within_column(self) -> str | None:
        """The column whose values part the corpus into groups, or None when `within` is one of the words."""
        return None if self.within in WITHIN_WORDS else self.within.removeprefix("column:")

    def with_changes(self, changes: Mapping[str, Any], where: str = "") -> "Settings":
        """Give these settings with some replaced.

        Raises SettingsError for an unknown name, naming the nearest known one;
        `where` (a file, say) is put into the message.
        """
        known = setting_names()
        for name in changes:
            if name not in known:
                place = f" in {where}" if where else ""
                raise SettingsError(
                    f"unknown setting {name!r}{place}{did_you_mean(name, known)}; known settings: {', '.join(known)}"
                )
        try:
            return replace(self, **changes)
        except SettingsError as error:
            raise (SettingsError(f"{where}: {error}") if where else error) from None


_LEAST: Final = {
    "shingle_tokens": 1,
    "bands": 1,
    "rows": 1,
    "seed": 0,
    "min_tokens": 1,
    "min_near_tokens": 1,
    "min_repeat_tokens": 5,
    "max_document_bytes": 1,
    "recall_sample": 0,
    "workers": 0,
    "memory": 0,
    "batch_bytes": 1,
}

_MOST: Final = {
    "seed": (1 << 32) - 1,
    "max_document_bytes": MOST_BYTES,
    "memory": MOST_BYTES,
    "batch_bytes": MOST_BYTES,
}

_NO_COLUMN: Final = {
    "keep": ("column:", *(f"{start}:{end}" for start in ("", "column:") for end in ("lowest", "highest"))),
    "within": ("column:",),
    "site": ("column:",),
}
"""What says that a column follows, or stands before it, and has none."""


def setting_names() -> tuple[str, ...]:
    """Give the names of all settings, in order."""
    return tuple(field.name for field in fields(Settings))


def text_codec(label: str) -> str | None:
    """Give Python's name of an encoding that a text can be in, or None where there is none of that label."""
    try:
        b"text".decode(label, "ignore")  # codecs that are no encodings, such as "zip", are refused here
        name = codecs.lookup(label).name
    except (LookupError, ValueError):
        return None
    return None if name in _ESCAPES else name


def choose_bands(similarity: float) -> tuple[int, int]:
    """Choose bands and rows so that a pair at `similarity` is found with probability >= FOUND_AT_THRESHOLD.

    Of the shapes that do, the one with the most rows (the fewest false
    candidates) within MOST_HASHES; up to FEWEST_ROWS, within MOST_HASHES_OF_FEW_ROWS.
    Probability is 1 - (1 - s**rows)**bands.
    Source: Leskovec, Rajaraman, Ullman, Mining of Massive Datasets, ch. 3.
    """
    best = (bands_needed(similarity, 1), 1)
    for rows in range(2, MOST_HASHES + 1):
        bands = bands_needed(similarity, rows)
        if bands * rows > MOST_HASHES_OF_FEW_ROWS:
            break  # more rows need no fewer bands, and of some similarities more than there are numbers for
        if bands * rows <= (MOST_HASHES if rows > FEWEST_ROWS else MOST_HASHES_OF_FEW_ROWS):
            best = (bands, rows)
    return best


def bands_needed(similarity: float, rows: int) -> int:
    """Give the fewest bands of `rows` rows that find a pair at `similarity` with probability >= FOUND_AT_THRESHOLD."""
    agreement = similarity**rows
    if agreement >= FOUND_AT_THRESHOLD:
        return 1
    return math.ceil(math.log1p(-FOUND_AT_THRESHOLD) / math.log1p(-agreement))


def check_categories(names: Iterable[str], known: Sequence[str]) -> None:
    """Raise SettingsError for a name that is none of the known categories of boilerplate."""
    for name in names:
        if name not in known:
            raise SettingsError(
                f"unknown boilerplate category {name!r}{did_you_mean(name, known)}; categories: {', '.join(known)}"
            )


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Give ' (did you mean ...?)' with the nearest known name, or nothing when none is near."""
    near = difflib.get_close_matches(name, list(known), n=1, cutoff=0.5)
    return f" (did you mean {near[0]!r}?)" if near else ""


def _as_bytes(name: str, value: Any) -> Any:
    """Give a size written as text ("500MB", "2 GiB") in bytes; anything else as it is."""
    if not isinstance(value, str):
        return value
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([kmgt]?)(i?)b?", value.strip().lower())
    if found is None or (found[3] and not found[2]):
        raise SettingsError(f"{name} must be a size such as 500MB or 2GB, got {value!r}")
    size = float(found[1]) * (1024 if found[3] else 1000) ** " kmgt".index(found[2] or " ")
    if size > MOST_BYTES:
        raise SettingsError(f"{name} must be at most {MOST_BYTES:,} bytes, got {_shorten(value)}")
    return int(size)


def _shorten(value: str | int) -> str:
    """Give a value that is too large as messages show it: Python itself writes no numbers of thousands of digits."""
    if isinstance(value, int) and value >= 10**40:
        return "a number of more than 40 digits"
    return repr(value) if isinstance(value, int) or len(value) <= 40 else f"{value[:40]!r}..."


def _is_utf8(text: str) -> bool:
    """Say whether text is what UTF-8 can hold: arguments of a command may be any bytes."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _as_names(value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    names = tuple(value) if isinstance(value, Iterable) else (value,)
    if not all(isinstance(name, str) for name in names):
        raise SettingsError(f"without must be a list of categories, got {value!r}")
    return names


def _as_paths(value: Any) -> tuple[str | RuleText, ...]:
    values = (value,) if isinstance(value, str | PurePath | RuleText) or not isinstance(value, Iterable) else value
    paths = tuple(str(path) if isinstance(path, PurePath) else path for path in values)
    if not all(isinstance(path, str | RuleText) and path for path in paths):
        raise SettingsError(f"rules must be a list of paths of rule files, got {value!r}")
    return paths
