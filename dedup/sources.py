"""Which files a run reads, in which order, and what each is called: from files, folders and globs."""

import errno
import os
import stat
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from dedup.batches import Reject
from dedup.errors import InputError, MissingInputError
from dedup.names import read_name
from dedup.places import LocalFile, Place

_MAGIC: Final = frozenset("*?[")

_SPECIAL: Final = {
    stat.S_ISFIFO: "a pipe",
    stat.S_ISSOCK: "a socket",
    stat.S_ISCHR: "a device",
    stat.S_ISBLK: "a device",
}


@dataclass(frozen=True, slots=True)
class Origin:
    """What documents and rejections of one input are told apart by."""

    source: str  # the name in every table
    stem: str  # what a document of it is called by default


@dataclass(frozen=True, slots=True)
class Kind:
    """What a name or content says of an input."""

    format: str  # a row of FORMATS
    codec: str | None = None  # one of the values of CODECS
    charset: str | None = None  # Python's name of the encoding that the file name gives


@dataclass(frozen=True, slots=True)
class Input:
    """Something to read: `source` is its name in every table, `format` its row in FORMATS."""

    place: Place
    source: str
    format: str
    codec: str | None = None
    charset: str | None = None

    @property
    def stem(self) -> str:
        """The source without its suffixes: what a document of it is called by default."""
        return read_name(self.source).stem

    @property
    def origin(self) -> Origin:
        """What its documents and rejections carry."""
        return Origin(self.source, self.stem)


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run will read, sorted by source, and what it cannot read."""

    inputs: list[Input] = field(default_factory=list)
    rejected: list[tuple[str, Reject]] = field(default_factory=list)  # source and why, sorted
    skipped: list[str] = field(default_factory=list)  # those of `rejected` that are of no known kind


def list_inputs(sources: Sequence[str | Path], identify: Callable[[Place], Kind | Reject], known: str) -> Plan:
    """List the inputs that the sources mean, each once, sorted by the name it goes by.

    A file in a single folder is named by its path in it, a single file by its name, a
    glob's by its path from the fixed part; with several sources, by the path as given.
    Hidden files are left out unless given by name. `identify` says what an input is, or why
    it is not read. Raises MissingInputError for a path or glob that matches nothing,
    InputError if there is nothing to read (`known` lists the known kinds).
    """
    if not sources:
        raise InputError("no source given: name a file, a folder or a glob")
    plan = Plan()
    found: list[tuple[str, Place]] = []
    named: list[tuple[str, Path]] = []
    for source in sources:
        named.extend(_expand(Path(source), len(sources) == 1, plan.rejected))
    # a real path goes before a link to it, so that the file is called by its own name
    by_file: dict[str, tuple[bool, str, Path]] = {}
    for name, path in named:
        real = os.path.realpath(path)
        entry = (real != os.path.abspath(path), name, path)  # noqa: PTH100 - Path.absolute keeps '..'
        if real not in by_file or entry[:2] < by_file[real][:2]:
            by_file[real] = entry
    for _, name, path in by_file.values():
        reason = _why_no_file(path)
        if reason is None:
            found.append((name, LocalFile(path)))
        else:
            plan.rejected.append((name, Reject(None, reason, stage="list")))
    is_listed = bool(plan.rejected)
    for name, place in sorted(found, key=lambda entry: (entry[0], str(entry[1]))):
        kind = identify(place)
        if isinstance(kind, Kind):
            plan.inputs.append(Input(place, name, kind.format, kind.codec, kind.charset))
            continue
        plan.rejected.append((name, kind))
        if kind.stage == "list":
            plan.skipped.append(name)
    plan.rejected.sort(key=lambda entry: entry[0])
    if not plan.inputs and not is_listed and len(plan.skipped) == len(plan.rejected):
        places = ", ".join(repr(str(source)) for source in sources)
        what = f"{len(plan.skipped)} of other kinds, {plan.skipped[0]!r} first" if plan.skipped else "no file at all"
        raise InputError(f"nothing to read in {places}: found {what}; known kinds: {known}")
    return plan


def _expand(source: Path, is_only: bool, rejected: list[tuple[str, Reject]]) -> Iterator[tuple[str, Path]]:
    """Give (name, path) of each file that one source means."""
    if os.path.lexists(source):
        if source.is_dir():
            yield from _walk(source, None if is_only else source, rejected)
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
                yield from _walk(match, name, rejected)
            else:
                yield from ((_text_name(name / file.name), file) for file in _files(match, rejected))
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


def _walk(folder: Path, name: Path | None, rejected: list[tuple[str, Reject]]) -> Iterator[tuple[str, Path]]:
    """Give every file below a folder, through links to folders too, but each real folder once."""
    seen = {os.path.realpath(folder)}
    links: list[tuple[Path, Path]] = []
    waiting = [(folder, name or Path())]
    while waiting:
        here, below = waiting.pop()
        for entry in _entries(here, below, rejected):
            path, inner = here / entry.name, below / entry.name
            if not _is_folder(entry):
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
            elif Path(os.path.realpath(path.parent)).is_relative_to(real):
                reason = "a link to a folder that it is in: a loop, not followed"
                rejected.append((_text_name(inner), Reject(None, reason, stage="list")))


def _files(folder: Path, rejected: list[tuple[str, Reject]]) -> Iterator[Path]:
    """Give the files of one folder."""
    yield from (folder / entry.name for entry in _entries(folder, folder, rejected) if not _is_folder(entry))


def _entries(folder: Path, name: Path, rejected: list[tuple[str, Reject]]) -> list[os.DirEntry[str]]:
    """Give what is in a folder and not hidden, sorted; one that cannot be listed is rejected."""
    try:
        with os.scandir(folder) as entries:
            return sorted((entry for entry in entries if not entry.name.startswith(".")), key=lambda entry: entry.name)
    except OSError as error:
        reason = f"folder cannot be listed: {describe_os_error(error)}"
        rejected.append((_text_name(name if name.parts else folder), Reject(None, reason, stage="list")))
        return []


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # links that lead in a circle: told as a file that cannot be read
        return False


def _why_no_file(path: Path) -> str | None:
    """Say why something that was listed is no file to read, or give None where it is one."""
    try:
        mode = path.stat().st_mode
    except OSError as error:
        if path.is_symlink() and isinstance(error, FileNotFoundError):
            return f"a link to nothing: no such file as {_text_name(path.readlink())!r}"
        if path.is_symlink() and error.errno == errno.ELOOP:
            return "a link that leads back to itself: a loop"
        return f"cannot be read: {describe_os_error(error)}"
    if stat.S_ISREG(mode):
        return None
    kind = next((word for is_kind, word in _SPECIAL.items() if is_kind(mode)), "not a file")
    return f"{kind}, not a file; what a program writes is read from standard input: program | dedup clean - out/"


def _is_hidden(below: Path, pattern: str) -> bool:
    asked = any(part.startswith(".") for part in Path(pattern).parts)
    return not asked and any(part.startswith(".") for part in below.parts)


def _text_name(path: Path) -> str:
    """Give the path with '/' as UTF-8 can hold it: a name on disk may be any bytes."""
    return os.fsencode(path.as_posix()).decode("utf-8", "backslashreplace")


def describe_os_error(error: Exception) -> str:
    """Give the fact of an error in a few lower-case words, without number and path."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror[:1].lower() + error.strerror[1:]
    text = str(error).strip() or type(error).__name__
    return text.splitlines()[0].rstrip(".")
