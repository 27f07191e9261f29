"""The staging folder of a run that is larger than memory: whose it is, and whether a killed run can go on from it."""

import dataclasses
import json
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from dedup.addresses import is_address
from dedup.boilerplate import read_rule_texts
from dedup.disk_space import describe_full_disk, is_no_room
from dedup.errors import DedupError, OutputError, StagingError
from dedup.locking import HeldError, hold_lock
from dedup.placing import hidden_path, real_path
from dedup.settings import Settings
from dedup.sources import Plan, describe_os_error, reads_in
from dedup.uploading import REPORT_NAME
from dedup.versions import package_versions

_FORMAT: Final = 3
_OWN_FOLDER: Final = "dedup-staging"
"""What a run makes in the folder that the user has chosen, which may hold files of theirs."""

_MANIFEST: Final = "manifest.json"
_FINISHED: Final = "finished"
_OUR_NAMES: Final = frozenset({_MANIFEST, f"{_MANIFEST}.partial", "shards", "work", _FINISHED})
_MAY_CHANGE: Final = ("workers", "memory", "max_source_share")
"""Settings that change how the work is done and not what comes out. Neither does `batch_bytes`, but it says in which
pieces input is read, and a run goes on behind so many pieces."""


@dataclass(frozen=True, slots=True)
class Identity:
    """What a run is over: a run that goes on must be over the same."""

    settings: dict[str, Any]
    inputs: list[list[str]] | None  # name and stamp of each, None where some can be read only once
    rules: list[list[str]]  # path of each rule file, and a digest of what it holds
    versions: dict[str, str]  # of what the text and what is found in it may depend on

    @classmethod
    def of(cls, plan: Plan, settings: Settings) -> "Identity":
        """Describe a run."""
        told = {name: value for name, value in dataclasses.asdict(settings).items() if name not in _MAY_CHANGE}
        told |= {"without": list(settings.without), "rules": list(settings.rule_paths)}
        rules = [[file.path, sha256(file.text.encode()).hexdigest()] for file in read_rule_texts(settings)]
        inputs = [[found.source, found.place.stamp()] for found in plan.inputs]
        inputs += [[source, reject.reason] for source, reject in plan.rejected]
        can_go_on = all(stamp is not None for _, stamp in inputs)
        return cls(told, inputs if can_go_on else None, rules, package_versions())  # type: ignore[arg-type]


@dataclass(slots=True)
class Staging:
    """The folder of one run."""

    folder: Path
    identity: Identity

    @property
    def shards(self) -> Path:
        """Where shards are kept, which a run that goes on finds again."""
        return self.folder / "shards"

    @property
    def work(self) -> Path:
        """Where arrays are that are made anew by every run."""
        return self.folder / "work"

    @property
    def goes_on(self) -> bool:
        """Whether the same command again would go on with what is there."""
        return self.folder.is_dir() and self.identity.inputs is not None

    def find(self, *, fresh: bool) -> bool:
        """Say whether there is a run to go on with; what cannot be gone on with is removed if `fresh` says so.

        Raises StagingError if what is there is of other input or settings, or no staging folder.
        """
        if not os.path.lexists(self.folder):
            return False
        with _telling_errors(self.folder):
            names = {entry.name for entry in self.folder.iterdir()} if self.folder.is_dir() else {""}
        if not names <= _OUR_NAMES:
            raise StagingError(
                f"{str(self.folder)!r} is where the run would stage its shards, and is none of dedup's; "
                "remove it, or name another with --staging"
            )
        if hasattr(os, "getuid") and self.folder.stat().st_uid != os.getuid():  # what is there is unpickled
            raise StagingError(
                f"{str(self.folder)!r} is where the run would stage its shards, and belongs to another user; "
                "remove it, or name another with --staging"
            )
        manifest = self.folder / _MANIFEST
        if not (manifest.is_file() and self.shards.is_dir()):  # killed while the folder was made or removed
            self.remove()
            return False
        if fresh or self.identity.inputs is None:  # what was piped in is gone
            self.remove()
            return False
        try:
            told = json.loads(manifest.read_text(encoding="utf-8"))
            change = None if told["format"] == _FORMAT else "dedup itself"
        except (OSError, ValueError, TypeError, KeyError):
            told, change = {}, "the record of what it is over, which is damaged,"
        change = change or next(self._find_changes(told), None)
        if change is not None:
            raise StagingError(
                f"{str(self.folder)!r} is of a run that was not finished, but {change} has changed since; "
                "change it back to go on, or start over with --fresh"
            )
        shutil.rmtree(self.work, ignore_errors=True)
        self.work.mkdir(exist_ok=True)
        return True

    def begin(self) -> None:
        """Make the folder, which only its owner may look into; raises StagingError, or OSError if there is no room."""
        with _telling_errors(self.folder):
            self.folder.parent.mkdir(parents=True, exist_ok=True)
            try:
                self.folder.mkdir(mode=0o700)
            except FileExistsError:
                raise StagingError(
                    f"{str(self.folder)!r} is where the run would stage its shards, and came to be while it was "
                    "reading; remove it, or name another with --staging"
                ) from None
        self.shards.mkdir()
        self.work.mkdir()
        told = {"format": _FORMAT, **dataclasses.asdict(self.identity)}
        partial = self.folder / f"{_MANIFEST}.partial"
        partial.write_text(json.dumps(told), encoding="utf-8")
        partial.replace(self.folder / _MANIFEST)

    def note_report(self, report_json: str) -> None:
        """Note, in a folder that is there, of which output it was, before that takes its place; raises OSError."""
        if self.folder.is_dir():
            (self.folder / _FINISHED).write_text(_digest(report_json.encode()), encoding="utf-8")

    def remove(self) -> None:
        """Remove the folder and all in it."""
        remove_staging(self.folder)

    @contextmanager
    def told_if_full(self) -> Iterator[None]:
        """Raise OutputError, which says what is kept, where the disk of the folder is full."""
        try:
            yield
        except OSError as error:
            if isinstance(error, DedupError) or not is_no_room(error):
                raise
            raise OutputError(describe_full_disk(self.folder, error, goes_on=self.goes_on)) from error

    def _find_changes(self, told: dict[str, Any]) -> Iterator[str]:
        """Name what differs from the run that the folder is of."""
        versions: dict[str, str] = told.get("versions") or {}
        for name, version in self.identity.versions.items():
            if versions.get(name) != version:
                yield f"the version of {name} (it was {versions.get(name)}, and is {version})"
        before: dict[str, Any] = told.get("settings") or {}
        for name, value in self.identity.settings.items():
            if before.get(name) != value:
                yield f"the setting {name} (it was {before.get(name)!r}, and is {value!r})"
        rules: dict[str, str] = dict(map(tuple, told.get("rules") or []))
        for path, digest in self.identity.rules:
            if rules.get(path) != digest:
                yield f"the rule file {path!r}"
        old, new = (dict(map(tuple, inputs or [])) for inputs in (told.get("inputs"), self.identity.inputs))
        for source in sorted(old.keys() | new.keys()):
            if source not in new:
                yield f"the input: {source!r} is not there any more, and"
            elif source not in old:
                yield f"the input: {source!r} is new, and"
            elif old[source] != new[source]:
                yield f"the input: {source!r}"


@contextmanager
def hold_staging(target: str | Path, chosen: str | Path | None, sources: Sequence[str | Path]) -> Iterator[Path]:
    """Give the staging folder of an output: hidden beside it, or in the one chosen, which is then held for one run.

    That of an address is in the temporary folder. Nothing else in the chosen folder is touched; it is made if it is
    not there, and gone again with the run. Raises StagingError if it cannot be used: it cannot be made, another run
    holds it, it and the output are in each other, or one of the sources would read it.
    """
    if chosen is None:
        yield hidden_path(target, "staging")
        return
    if is_address(chosen):
        raise StagingError(f"--staging {str(chosen)!r} is an address; shards are staged in a folder of this machine")
    folder = Path(chosen)
    here = real_path(folder)
    if not is_address(target):
        there = real_path(target)
        if here.is_relative_to(there) or there.is_relative_to(here):
            raise StagingError(
                f"the staging folder {str(folder)!r} and the output {str(target)!r} are in each other; "
                "name another with --staging"
            )
    for source in sources:
        if reads_in(source, here, [f"{_OWN_FOLDER}/{_MANIFEST}"]):
            raise StagingError(
                f"the staging folder {str(folder)!r} is inside the source {str(source)!r}, which would read it; "
                "name another with --staging"
            )
    own = folder / _OWN_FOLDER
    with ExitStack() as stack:
        try:
            with _telling_errors(folder):  # tried now, not when much has been read
                stack.enter_context(hold_lock(hidden_path(own, "lock")))
        except HeldError as error:
            raise StagingError(
                f"another run{error} stages in {str(folder)!r}; wait until it has ended, "
                "or name another folder with --staging"
            ) from None
        except OSError as error:
            if isinstance(error, DedupError):
                raise
            raise OutputError(describe_full_disk(folder, error)) from error
        yield own


def has_finished(target: str | Path, chosen: str | Path | None) -> bool:
    """Say whether the run that wrote the output there is was killed before it removed its staging folder."""
    if is_address(target) or (chosen is not None and is_address(chosen)):
        return False
    folder = hidden_path(target, "staging") if chosen is None else Path(chosen) / _OWN_FOLDER
    try:
        is_ours = {entry.name for entry in folder.iterdir()} <= _OUR_NAMES
        noted = (folder / _FINISHED).read_text(encoding="utf-8")
        written = _digest((Path(target) / REPORT_NAME).read_bytes())
    except (OSError, ValueError):
        return False
    return is_ours and noted == written


def remove_staging(folder: Path) -> None:
    """Remove a staging folder and all in it."""
    for inner in (folder / "work", folder / "shards", folder):  # the record last: without it nobody knows whose it is
        shutil.rmtree(inner, ignore_errors=True)


def _digest(content: bytes) -> str:
    return sha256(content).hexdigest()


@contextmanager
def _telling_errors(folder: Path) -> Iterator[None]:
    """Make a StagingError of what goes wrong with the folder, except where the disk is full."""
    try:
        yield
    except OSError as error:
        if isinstance(error, DedupError) or is_no_room(error):
            raise
        raise StagingError(
            f"{str(folder)!r} is where the run would stage its shards, and cannot be made or looked into: "
            f"{describe_os_error(error)}; name another with --staging"
        ) from error
