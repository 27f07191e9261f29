"""Which files a run reads, in which order, and what each is called: from files, folders and globs."""

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from dedup.errors import InputError, MissingInputError
from dedup.streams import CODECS

_MAGIC: Final = frozenset("*?[")


@dataclass(frozen=True, slots=True)
class Input:
    """A file to read: `source` is its name in every table, `format` its row in FORMATS."""

    path: Path
    source: str
    format: str

    @property
    def stem(self) -> str:
        """The source without its suffixes: what a document of it is called by default."""
        return strip_suffixes(self.source)


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run will read, sorted by source; what it skips, and what it cannot look into."""

    inputs: list[Input] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)  # of no known kind
    unreadable: list[tuple[str, str]] = field(default_factory=list)  # folder, reason


def strip_suffixes(source: str) -> str:
    """Give the name without its suffix, and without that of the compression after it."""
    stem = strip_compression(source)
    head, _, name = stem.rpartition("/")
    bare = name[: name.rindex(".")] if "." in name.lstrip(".") else name
    return f"{head}/{bare}" if head else bare


def strip_compression(source: str) -> str:
    """Give the name without the suffix of a compression."""
    for suffix in CODECS:
        if source.lower().endswith(suffix):
            return source[: -len(suffix)]
    return source


def list_inputs(sources: Sequence[str | Path], find_format: Callable[[str], str | None], known: str) -> Plan:
    """List the files that the sources mean, each once, sorted by the name it goes by.

    A file in a single folder is named by its path in it, a single file by its name, a
    glob's by its path from the fixed part; with several sources, by the path as given.
    Hidden files are left out unless given by name. Raises MissingInputError for a path or
    glob that matches nothing, InputError if no file is of a known kind (`known` lists them).
    """
    if not sources:
        raise InputError("no source given: name a file, a folder or a glob")
    plan = Plan()
    named: list[tuple[str, Path]] = []
    for source in sources:
        named.extend(_expand(Path(source), len(sources) == 1, plan.unreadable))
    # a real path goes before a link to it, so that the file is called by its own name
    by_file: dict[str, tuple[bool, str, Path]] = {}
    for name, path in named:
        real = os.path.realpath(path)
        entry = (real != os.path.abspath(path), name, path)  # noqa: PTH100 - Path.absolute keeps '..'
        if real not in by_file or entry[:2] < by_file[real][:2]:
            by_file[real] = entry
    for _, name, path in sorted(by_file.values(), key=lambda entry: (entry[1], str(entry[2]))):
        format_name = find_format(path.name)
        if format_name is None or not _is_file(path):
            plan.skipped.append(name)
        else:
            plan.inputs.append(Input(path, name, format_name))
    plan.unreadable.sort()
    if not plan.inputs and not plan.unreadable:
        places = ", ".join(repr(str(source)) for source in sources)
        found = f"{len(plan.skipped)} of other kinds, {plan.skipped[0]!r} first" if plan.skipped else "no file at all"
        raise InputError(f"nothing to read in {places}: found {found}; known kinds: {known}")
    return plan


def _expand(source: Path, is_only: bool, unreadable: list[tuple[str, str]]) -> Iterator[tuple[str, Path]]:
    """Give (name, path) of each file that one source means."""
    if os.path.lexists(source):
        if source.is_dir():
            yield from _walk(source, None if is_only else source, unreadable)
        else:
            yield _text_name(Path(source.name) if is_only else source), source
        return
    if not _MAGIC & set(str(source)):
        raise MissingInputError(f"no such file or folder: {str(source)!r}")
    root, pattern = split_glob(source)
    matches = [match for match in root.glob(pattern) if not _is_hidden(match.relative_to(root), pattern)]
    if not matches:
        raise MissingInputError(f"nothing matches {str(source)!r}")
    for match in matches:
        below = match.relative_to(root)
        name = below if is_only else root / below
        if match.is_dir():
            if not pattern.endswith("**"):  # '**' names every folder below, too
                yield from _walk(match, name, unreadable)
            else:
                yield from ((_text_name(name / file.name), file) for file in _files(match, unreadable))
        else:
            yield _text_name(name), match


def split_glob(source: Path) -> tuple[Path, str]:
    """Give the fixed folder that a glob starts from, and the pattern below it."""
    parts = source.parts
    first = next(position for position, part in enumerate(parts) if _MAGIC & set(part))
    return Path(*parts[:first]), str(Path(*parts[first:]))


def is_glob(source: Path) -> bool:
    """Say whether a source is a pattern rather than the path of something."""
    return bool(_MAGIC & set(str(source))) and not os.path.lexists(source)


def _walk(folder: Path, name: Path | None, unreadable: list[tuple[str, str]]) -> Iterator[tuple[str, Path]]:
    """Give every file below a folder, through links to folders too, but each real folder once."""
    seen = {os.path.realpath(folder)}
    links: list[tuple[Path, Path]] = []
    waiting = [(folder, name or Path())]
    while waiting:
        here, below = waiting.pop()
        try:
            entries = sorted(os.scandir(here), key=lambda entry: entry.name)
        except OSError as error:
            unreadable.append((_text_name(below) if below.parts else str(folder), describe_os_error(error)))
            entries = []
        for entry in entries:
            if entry.name.startswith("."):
                continue
            path, inner = here / entry.name, below / entry.name
            if not entry.is_dir():
                yield _text_name(inner), path
            elif entry.is_symlink():
                links.append((path, inner))
            else:
                seen.add(os.path.realpath(path))
                waiting.append((path, inner))
        # links wait until all real folders are seen: a link into the tree then adds nothing, and none can loop
        while not waiting and links:
            path, inner = links.pop(0)
            real = os.path.realpath(path)
            if real not in seen:
                seen.add(real)
                waiting.append((path, inner))


def _files(folder: Path, unreadable: list[tuple[str, str]]) -> Iterator[Path]:
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        unreadable.append((str(folder), describe_os_error(error)))
        return
    for entry in entries:
        if not entry.name.startswith(".") and not entry.is_dir():
            yield folder / entry.name


def _is_hidden(below: Path, pattern: str) -> bool:
    asked = any(part.startswith(".") for part in Path(pattern).parts)
    return not asked and any(part.startswith(".") for part in below.parts)


def _is_file(path: Path) -> bool:
    """Say whether reading may be tried: a link to nothing is told as unreadable, a pipe would never end."""
    return path.is_file() or not path.exists()


def _text_name(path: Path) -> str:
    """Give the path with '/' as UTF-8 can hold it: a name on disk may be any bytes."""
    return os.fsencode(path.as_posix()).decode("utf-8", "backslashreplace")


def describe_os_error(error: Exception) -> str:
    """Give the fact of an error in a few lower-case words, without number and path."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror[:1].lower() + error.strerror[1:]
    text = str(error).strip() or type(error).__name__
    return text.splitlines()[0].rstrip(".")
