"""The site that a document is of: from a column, its address, or its folder."""

import gzip
import json
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pytest

import dedup
from dedup.errors import ColumnError, SettingsError
from dedup.settings import Settings
from dedup.sites import find_sites


def sites_of(
    columns: dict[str, Sequence[str | None]] | None = None,
    *,
    ids: Sequence[str] = ("a", "b", "c", "d"),
    sources: Sequence[str] = ("memory",) * 4,
    site: str = "auto",
) -> list[int]:
    held = {
        name: [pa.array(values[:1], pa.string()), pa.array(values[1:], pa.string())]
        for name, values in (columns or {}).items()
    }
    found = find_sites(
        len(ids),
        list(held),
        held.__getitem__,
        lambda: [pa.array(ids)],
        lambda: [pa.array(sources)],
        Settings(site=site),
    )
    return found.of_document.tolist()


def test_hosts_of_addresses_are_sites() -> None:
    """Scheme, user, port, path, letter case and www. make no difference; what is no address has no site."""
    urls = [
        "https://www.Example.com/a?b#c",
        "http://user@example.com:8080/x",
        "//example.com",
        "ftp://news.example.com/",
    ]
    assert sites_of({"url": urls}) == [0, 0, 0, 1]
    assert sites_of({"url": ["/a/b", None, "", "http://10.0.0.1/x"]}) == [-1, -1, -1, 0]


def test_a_column_of_names_is_taken_as_it_is() -> None:
    """The columns site, domain and host hold names or addresses, before the address of the page is asked."""
    assert sites_of({"url": ["http://a.com/"] * 4, "site": ["x", "y", "x", None]}) == [0, 1, 0, -1]
    assert sites_of({"domain": ["www.A.com", "a.com", "http://a.com/b", " "]}) == [0, 0, 0, -1]
    assert sites_of({"site": [None] * 4, "url": ["http://a.com/"] * 4}) == [0] * 4


@pytest.mark.parametrize("type_", [pa.string(), pa.large_string(), pa.binary()])
def test_addresses_that_are_not_utf_8_name_a_site(type_: pa.DataType) -> None:
    """A table that promises UTF-8 and does not keep it is cleaned as others are, in whatever column."""
    raw = pa.array([b"http://a.com/caf\xe9", b"http://a.com/", b"caf\xe9", None], pa.large_binary())
    values = raw.cast(type_, safe=False)
    found = find_sites(4, ["link"], {"link": [values]}.__getitem__, list, list, Settings(site="link"))
    assert (found.of_document.tolist(), found.names.to_pylist()) == ([0, 0, 1, -1], ["a.com", "caf\ufffd"])
    if not pa.types.is_binary(type_):
        found = find_sites(4, ["link"], {"link": [values]}.__getitem__, list, list, Settings())
        assert found.of_document.tolist() == [0, 0, -1, -1]


def test_ids_and_folders_tell_the_site_where_no_column_does() -> None:
    """An id may be an address, and a folder be named as a site; other folders are none."""
    assert sites_of(ids=["http://a.com/1", "http://a.com/2", "http://b.org/", "x"]) == [0, 0, 1, -1]
    folders = ["crawl/www.a.com/x/1.html", "crawl/a.com/2.html", "crawl/b.org/3.html", "4.html"]
    assert sites_of(sources=folders) == [0, 0, 1, -1]
    assert sites_of(sources=["2024/05/1.txt", "data.parquet/part-0", "a.zip/1.txt", "notes.txt"]) == [-1] * 4


def test_the_setting_names_a_column_or_the_folder() -> None:
    """`site` is a column, folder, or none; a column that is not there is an error that lists those there."""
    columns = {"paper": ["x", "y", "x", "y"], "url": ["http://a.com/"] * 4}
    assert sites_of(columns, site="paper") == sites_of(columns, site="column:paper") == [0, 1, 0, 1]
    assert sites_of(columns, site="none") == [-1] * 4
    assert sites_of(sources=["x/1", "x/2", "y/z/3", "4"], site="folder") == [0, 0, 1, 2]
    with pytest.raises(ColumnError, match=r"site: no column 'papr'; columns: paper, url"):
        sites_of(columns, site="papr")
    with pytest.raises(SettingsError, match="site must be"):
        Settings(site="")


def test_pages_in_folders_of_sites_lose_the_furniture_of_their_site(tmp_path: Path) -> None:
    """Files in folders named as sites are told apart by them, in the real files of a run; gzip or not."""
    for site in ("a.com", "b.org"):
        (tmp_path / "in" / site).mkdir(parents=True)
    for n in range(8):
        site = "a.com" if n < 4 else "b.org"
        body = "\n".join(
            f"Line {line} of document {n} tells of matter {n * 31 + line} and of nothing else" for line in range(9)
        )
        head = "The paper of the town of A, every week" if n < 4 else ""
        path = tmp_path / "in" / site / f"{n}.txt.gz"
        path.write_bytes(gzip.compress(f"{head}\n{body}\n".encode()))
    dedup.clean_files([tmp_path / "in"], tmp_path / "out")
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert report["by_rule"] == {"recurring/site": {"spans": 4, "chars": 4 * 39}}
