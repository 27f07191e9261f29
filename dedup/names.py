"""What a file name says: format, compression, and for a web page its language and encoding."""

import re
from dataclasses import dataclass
from locale import locale_alias
from typing import Final

from dedup.settings import text_codec
from dedup.streams import CODECS

PAGE_SUFFIXES: Final = (".html", ".htm", ".xhtml", ".shtml")
"""Suffixes behind which web servers put a language and an encoding: index.html.ja.utf8."""

TEXT_SUFFIXES: Final = (".txt", ".text", ".md", ".markdown", ".rst")
"""Suffixes of files of plain text."""

_SHORT: Final = {".tgz": ".tar.gz", ".tbz": ".tar.bz2", ".tbz2": ".tar.bz2", ".txz": ".tar.xz", ".tzst": ".tar.zst"}

_MAYBE_PAGE: Final = re.compile(r"html?\.", re.IGNORECASE)
_LANGUAGE: Final = re.compile(r"([a-z]{2,3})(?:[-_][a-z]{4})?(?:[-_](?:[a-z]{2}|[0-9]{3}))?", re.IGNORECASE)
_LANGUAGES: Final = frozenset(re.split(r"[_.@]", name)[0] for name in locale_alias)


@dataclass(frozen=True, slots=True)
class Name:
    """A file name or source in its parts."""

    stem: str  # without suffix, compression and encoding; a language stays, since pages differ by it
    suffix: str  # lower-case, with its dot; "" if there is none
    codec: str | None = None  # one of the values of CODECS
    charset: str | None = None  # Python's name of the encoding


def read_name(source: str) -> Name:
    """Take a name apart, folders before it staying with the stem."""
    folder, slash, name = source.rpartition("/")
    dot = name.rfind(".")
    short = _SHORT.get(name[dot:].lower()) if dot > 0 else None
    name = name[:dot] + short if short else name
    bare = strip_compression(name)
    codec = CODECS[name[len(bare) :].lower()] if bare != name else None
    found = _read_page(bare)
    if found is None:
        dot = bare.rfind(".")
        is_suffix = bool(bare[:dot].strip(".")) if dot > 0 else False  # ".profile" and "..x" have none
        found = Name(bare[:dot], bare[dot:].lower()) if is_suffix else Name(bare, "")
    return Name(folder + slash + found.stem, found.suffix, codec, found.charset)


def is_text_name(source: str) -> bool:
    """Say whether a name is one of a file of plain text: its suffix, compression aside, is such, or there is none."""
    return read_name(source).suffix in (*TEXT_SUFFIXES, "")


def strip_compression(source: str) -> str:
    """Give the name without the suffix of a compression."""
    bare, dot, last = source.rpartition(".")
    return bare if bare and f"{dot}{last.lower()}" in CODECS else source


def _read_page(name: str) -> Name | None:
    """Read a name with something behind the suffix of a web page, or give None where it is not of that kind."""
    if not _MAYBE_PAGE.search(name):  # most names, at once
        return None
    parts = name.split(".")
    for n_behind in (1, 2):
        place = len(parts) - 1 - n_behind
        if not any(parts[: max(place, 0)]) or f".{parts[place].lower()}" not in PAGE_SUFFIXES:
            continue
        languages = [part for part in parts[place + 1 :] if _is_language(part)]
        charsets = [part for part in parts[place + 1 :] if not _is_language(part)]
        charset = text_codec(charsets[0]) if charsets else None
        if len(languages) > 1 or len(charsets) > 1 or (charsets and charset is None):
            return None
        return Name(".".join([*parts[:place], *languages]), f".{parts[place].lower()}", None, charset)
    return None


def _is_language(part: str) -> bool:
    match = _LANGUAGE.fullmatch(part)
    return match is not None and match[1].lower() in _LANGUAGES
