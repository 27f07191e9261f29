"""Output behind an address: what was written to a folder here is sent there, with the report last."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Final

from dedup.addresses import find_type, is_address, open_filesystem
from dedup.errors import DedupError, OutputError
from dedup.places import as_os_error

REPORT_NAME: Final = "report.json"
"""Sent last and removed first: who waits for it never sees half an output."""


def check_address(
    target: str,
    sources: Sequence[str | Path],
    find_foreign: Callable[[Iterable[str], bytes | None], str | None],
    *,
    overwrite: bool | None,
) -> None:
    """Raise OutputError if a run over the sources could not or should not write behind the address `target`.

    The rules are those of local folders; `find_foreign` names what among file names, given the
    content of the report, is none of ours.
    """
    filesystem, path = _open_folder(target)
    for source in sources:
        if is_address(source):
            _check_apart(target, filesystem, path, str(source))
    try:
        if find_type(filesystem, path) == "file":
            raise OutputError(f"the output {target!r} is a file; give a folder")
        names = _list_names(filesystem, path)
        if not names:
            return
        if not overwrite:
            raise OutputError(f"the output {target!r} is not empty; {way_out(overwrite)}")
        report = filesystem.cat_file(f"{path}/{REPORT_NAME}") if REPORT_NAME in names else None
    except DedupError:
        raise
    except Exception as error:  # each library has errors of its own
        raise OutputError(f"the output {target!r} cannot be looked into: {as_os_error(error)}") from error
    foreign = find_foreign(names, report)
    if foreign is not None:
        raise OutputError(f"the output {target!r} holds {foreign}; it is not replaced, choose another folder")


def way_out(overwrite: bool | None) -> str:
    """Say what to do about an output that is not empty; `overwrite` None: it cannot be replaced on demand."""
    return "choose another folder" + (", or --overwrite to replace it" if overwrite is not None else "")


def upload_folder(target: str, folder: Path) -> None:
    """Send the files of a folder in place of what is behind the address, the report last.

    Raises OutputError if that fails; what is there then has no report.
    """
    filesystem, path = _open_folder(target)
    files = [file.relative_to(folder).as_posix() for file in sorted(folder.rglob("*")) if file.is_file()]
    files.sort(key=lambda name: name == REPORT_NAME)
    try:
        there = _list_names(filesystem, path)
        for name in sorted(there, key=lambda name: name != REPORT_NAME):
            filesystem.rm_file(f"{path}/{name}")
        for name in files:
            filesystem.makedirs(f"{path}/{name}".rpartition("/")[0], exist_ok=True)
            filesystem.put_file(str(folder / name), f"{path}/{name}")
        filesystem.invalidate_cache()
    except Exception as error:  # each library has errors of its own
        raise OutputError(
            f"cannot write {target!r}: {as_os_error(error)}; it may hold some of the files, but not {REPORT_NAME}"
        ) from error


def _open_folder(address: str) -> tuple[Any, str]:
    filesystem, path = open_filesystem(address)
    return filesystem, path.rstrip("/")


def _check_apart(target: str, filesystem: Any, path: str, source: str) -> None:
    """Raise OutputError if a source and the target are in each other."""
    other, place = _open_folder(source.partition("*")[0])
    if other is not filesystem:  # fsspec gives equal addresses the same object
        return
    here, there = f"{path}/", f"{place}/"
    if there.startswith(here):
        raise OutputError(f"the output {target!r} would replace the source {source!r}; choose another folder")
    if here.startswith(there) and ("*" not in source or "**" in source):
        raise OutputError(
            f"the output {target!r} is inside the source {source!r}, which would read it; choose a folder outside"
        )


def _list_names(filesystem: Any, path: str) -> list[str]:
    """List the files below a folder by their paths in it."""
    filesystem.invalidate_cache()
    if find_type(filesystem, path) is None:
        return []
    return [file.removeprefix(path).lstrip("/") for file in filesystem.find(path)]
