"""Which files a run reads, in which order, and what each is called: from files, folders and globs."""

import errno
import os
import re
import stat
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path
from typing import Final

from dedup.addresses import find_local, is_address, list_address
from dedup.batches import Reject
from dedup.errors import InputError, MissingInputError
from dedup.names import read_name
from dedup.places import LocalFile, Place, StandardInput
from dedup.schemas import UNKNOWN_KIND

STANDARD_INPUT: Final = "-"
"""The source that is what is piped into the process; a file of that name is './-'."""

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
    foreign: list[str] = field(default_factory=list)  # those of `rejected` of no known kind, and pipes and devices

    @property
    def skipped(self) -> list[str]:
        """Those of `rejected` that are of no known kind, sorted."""
        return [source for source, reject in self.rejected if reject.reason.startswith(UNKNOWN_KIND)]

    def reject(self, source: str, reason: Reject, *, is_foreign: bool = False) -> None:
        """Put a source down as not readable."""
        self.rejected.append((source, reason))
        if is_foreign:
            self.foreign.append(source)


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
    for name, place in sorted(_gather(sources, plan), key=lambda entry: (entry[0], str(entry[1]))):
        kind = identify(place)
        if isinstance(kind, Kind):
            plan.inputs.append(Input(place, name, kind.format, kind.codec, kind.charset))
        else:
            plan.reject(name, kind, is_foreign=kind.stage == "list")
    plan.rejected.sort(key=lambda entry: entry[0])
    if not plan.inputs and len(plan.foreign) == len(plan.rejected):
        what = "no file at all"
        if plan.rejected:
            name, reject = plan.rejected[0]
            what = f"{len(plan.rejected)} of other kinds, {name!r} first ({reject.reason})"
        places = ", ".join(repr(str(source)) for source in sources)
        raise InputError(f"nothing to read in {places}: found {what}; known kinds: {known}")
    return plan


def _gather(sources: Sequence[str | Path], plan: Plan) -> list[tuple[str, Place]]:
    """Give (name, place) of all that the sources mean, each once; what is there and no file is rejected."""
    is_only = len(sources) == 1
    found: dict[str, tuple[str, Place]] = {}
    # a real path goes before a link to it, so that the file is called by its own name
    by_file: dict[str, tuple[bool, str, Path]] = {}
    for source in sources:
        if source == STANDARD_INPUT:
            if source in found:
                raise InputError("'-' is there twice, but standard input can be read only once")
            place = StandardInput()
            place.check()
            found[STANDARD_INPUT] = (place.name, place)
        elif is_address(source):
            for name, remote in list_address(str(source), is_only=is_only):
                found.setdefault(f"{remote.filesystem.protocol} {remote.path}", (name, remote))
        else:
            for name, path in _expand(Path(source), is_only, plan):
                real = os.path.realpath(path)
                entry = (real != os.path.abspath(path), name, path)  # noqa: PTH100 - Path.absolute keeps '..'
                if real not in by_file or entry[:2] < by_file[real][:2]:
                    by_file[real] = entry
    for real, (_, name, path) in by_file.items():
        reason, is_foreign = _why_no_file(path)
        if reason is None:
            found[real] = (name, LocalFile(path))
        else:
            plan.reject(name, Reject(None, reason, stage="list"), is_foreign=is_foreign)
    return list(found.values())


def _expand(source: Path, is_only: bool, plan: Plan) -> Iterator[tuple[str, Path]]:
    """Give (name, path) of each file that one source means."""
    if os.path.lexists(source):
        if source.is_dir():
            yield from _walk(source, None if is_only else source, plan)
        else:
            yield _text_name(Path(source.name) if is_only else source), source
        return
    if not _MAGIC & set(str(source)):
        raise MissingInputError(f"no such file or folder: {str(source)!r}")
    root, pattern = split_glob(source)
    odd = next((part for part in Path(pattern).parts if "**" in part and part != "**"), None)
    if odd is not None:
        meant = Path(*("**/" + re.sub(r"\*+", "*", part) if part == odd else part for part in source.parts))
        raise InputError(
            f"the glob {str(source)!r} has '**' within a name, but it stands for folders; "
            f"write {str(meant)!r} for files at any depth"
        )
    matches = [match for match in root.glob(pattern) if not _is_hidden(match.relative_to(root), pattern)]
    if not matches:
        raise MissingInputError(f"nothing matches {str(source)!r}")
    for match in matches:
        below = match.relative_to(root)
        name = below if is_only else root / below
        if match.is_dir():
            if not pattern.endswith("**"):  # '**' names every folder below, too
                yield from _walk(match, name, plan)
            else:
                yield from ((_text_name(name / file.name), file) for file in _files(match, plan))
        else:
            yield _text_name(name), match


def split_glob(source: Path) -> tuple[Path, str]:
    """Give the fixed folder that a glob starts from, and the pattern below it."""
    parts = source.parts
    first = next(position for position, part in enumerate(parts) if _MAGIC & set(part))
    return Path(*parts[:first]), str(Path(*parts[first:]))


def may_match(pattern: str, below: Path) -> bool:
    """Say whether a glob would read a file at a path below its fixed folder: it, or a folder that it is in, matches."""
    if _is_hidden(below, pattern):
        return False
    asked = Path(pattern).parts
    if "**" in asked:
        return True  # nearly
    pairs = zip(asked, below.parts, strict=False)
    return len(asked) <= len(below.parts) and all(fnmatch(part, wanted) for wanted, part in pairs)


def find_root(source: str | Path) -> tuple[Path, str] | None:
    """Give the real path on this machine that a source starts from, and the pattern below it, '' for none.

    None for what is elsewhere or nowhere, and for standard input.
    """
    local = find_local(source) if is_address(source) else Path(source)
    if local is None or source == STANDARD_INPUT:
        return None
    root, pattern = split_glob(local) if is_glob(local) else (local, "")
    try:
        return Path(os.path.realpath(root)), pattern
    except FileNotFoundError:  # the folder that this process is in has been removed
        return None


def reads_in(source: str | Path, folder: Path, names: Iterable[str]) -> bool:
    """Say whether a source would read a file of one of these names in the folder, a real path, were it there."""
    found = find_root(source)
    if found is None or not folder.is_relative_to(found[0]):
        return False
    root, pattern = found
    below = folder.relative_to(root)
    return any(may_match(pattern, below / name) for name in names) if pattern else root.is_dir()


def is_glob(source: Path) -> bool:
    """Say whether a source is a pattern rather than the path of something."""
    return bool(_MAGIC & set(str(source))) and not os.path.lexists(source)


def _walk(folder: Path, name: Path | None, plan: Plan) -> Iterator[tuple[str, Path]]:
    """Give every file below a folder, through links to folders too, but each real folder once."""
    seen = {os.path.realpath(folder)}
    links: list[tuple[Path, Path]] = []
    waiting = [(folder, name or Path())]
    while waiting:
        here, below = waiting.pop()
        for entry in _entries(here, below, plan):
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
                plan.reject(_text_name(inner), Reject(None, reason, stage="list"))


def _files(folder: Path, plan: Plan) -> Iterator[Path]:
    """Give the files of one folder."""
    yield from (folder / entry.name for entry in _entries(folder, folder, plan) if not _is_folder(entry))


def _entries(folder: Path, name: Path, plan: Plan) -> list[os.DirEntry[str]]:
    """Give what is in a folder and not hidden, sorted; one that cannot be listed is rejected."""
    try:
        with os.scandir(folder) as entries:
            return sorted((entry for entry in entries if not entry.name.startswith(".")), key=lambda entry: entry.name)
    except OSError as error:
        reason = f"folder cannot be listed: {describe_os_error(error)}"
        plan.reject(_text_name(name if name.parts else folder), Reject(None, reason, stage="list"))
        return []


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # links that lead in a circle: told as a file that cannot be read
        return False


def _why_no_file(path: Path) -> tuple[str | None, bool]:
    """Say why something that was listed is no file to read (None: it is one), and whether it is something else."""
    try:
        mode = path.stat().st_mode
    except OSError as error:
        if path.is_symlink() and isinstance(error, FileNotFoundError):
            return f"a link to nothing: no such file as {_text_name(path.readlink())!r}", False
        if path.is_symlink() and error.errno == errno.ELOOP:
            return "a link that leads back to itself: a loop", False
        return f"cannot be read: {describe_os_error(error)}", False
    if stat.S_ISREG(mode):
        return None, False
    kind = next((word for is_kind, word in _SPECIAL.items() if is_kind(mode)), "something")
    return f"{kind}, not a file; '-' reads what is piped in: program | dedup clean - out/", True


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
