"""The site that each document is of: what recurs is told from its own pages."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from dedup.column_types import is_text_type
from dedup.scopes import check_column
from dedup.settings import Settings

NAME_COLUMNS: Final = ("site", "domain", "host", "hostname")
ADDRESS_COLUMNS: Final = ("url", "uri", "source_url", "page_url", "link")
"""Columns of text that tell the site, by its name or by an address: the first that does so for any document."""

_HOST: Final = r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)*\.[a-z][a-z0-9-]*[a-z]"
_ADDRESS: Final = rf"^(?:[a-z][a-z0-9+.-]*:)?//(?:[^/?#@]*@)?(?:www\.)?({_HOST}|[0-9.]+)(?:[:/?#].*)?$"
_BARE_HOST: Final = rf"^(?:www\.)?({_HOST})$"
_FOLDER_HOST: Final = rf"^(?:.*/)?(?:www\.)?({_HOST})/[^/]*(?:/.*)?$"
_NO_HOSTS: Final = r"\.(?:parquet|jsonl?|html?|zip|tar|gz|bz2|xz|zst|tgz|warc|txt|md|csv|tsv|git|conf|files|dir)$"
"""Folders and members of archives are called so, and no site is."""


@dataclass(frozen=True, slots=True)
class Sites:
    """of_document int32[d], the site of each document, a place in `names`, -1 where it is not known."""

    of_document: NDArray[np.int32]
    names: pa.Array


def find_sites(
    n_documents: int,
    names: Sequence[str],
    column: Callable[[str], pa.ChunkedArray],
    ids: Callable[[], pa.ChunkedArray],
    sources: Callable[[], pa.ChunkedArray],
    settings: Settings,
) -> Sites:
    """Give the site of each document; sites are numbered as they first come.

    names: of the columns beside id and text, which `column` gives; ids and sources of all documents are asked for only
    where they are needed. Raises ColumnError if the settings name a column that is not there.
    """
    unknown = Sites(np.full(n_documents, -1, dtype=np.int32), pa.array([], pa.string()))
    if settings.site == "none" or not n_documents:
        return unknown
    if settings.site == "folder":
        return _number(_map_values(sources(), _folder_of))
    if settings.site != "auto":
        name = check_column(settings.site.removeprefix("column:"), names, "site")
        return _number(_map_values(column(name), _site_of))
    for name in (*NAME_COLUMNS, *ADDRESS_COLUMNS):
        values = column(name) if name in names else None
        if values is not None and is_text_type(values.type):
            found = _map_values(values, _site_of if name in NAME_COLUMNS else _address_of)
            if found.null_count < n_documents:
                return _number(found)
    for values, known_by in ((ids(), _address_of), (sources(), _folder_host_of)):
        found = _map_values(values, known_by)
        if found.null_count < n_documents:
            return _number(found)
    return unknown


def _map_values(values: pa.ChunkedArray, change: Callable[[pa.Array], pa.Array]) -> pa.Array:
    """Change texts, each different one once."""
    encoded = pa.chunked_array(
        [chunk if pa.types.is_dictionary(chunk.type) else chunk.dictionary_encode() for chunk in values.chunks]
    ).unify_dictionaries()
    if not encoded.num_chunks:
        return pa.array([], pa.string())
    changed = change(encoded.chunk(0).dictionary.cast(pa.string()))
    codes = pa.concat_arrays([chunk.indices.cast(pa.int64()) for chunk in encoded.chunks])
    return changed.take(codes)


def _number(values: pa.Array) -> Sites:
    encoded = values.dictionary_encode()
    return Sites(pc.fill_null(encoded.indices, -1).to_numpy(zero_copy_only=False).astype(np.int32), encoded.dictionary)


def _site_of(values: pa.Array) -> pa.Array:
    """Give the host of an address, and any other value as it is; null for none and for an empty one."""
    named = pc.if_else(pc.equal(pc.utf8_trim_whitespace(values), ""), pa.scalar(None, pa.string()), values)
    return pc.coalesce(_address_of(values), _extract(values, _BARE_HOST), named)


def _address_of(values: pa.Array) -> pa.Array:
    return _extract(values, _ADDRESS)


def _folder_host_of(sources: pa.Array) -> pa.Array:
    """Give the last folder of a path that is named as a site."""
    hosts = _extract(sources, _FOLDER_HOST)
    return pc.if_else(pc.match_substring_regex(hosts, _NO_HOSTS), pa.scalar(None, pa.string()), hosts)


def _folder_of(sources: pa.Array) -> pa.Array:
    """Give the folder that a source is in."""
    return pc.replace_substring_regex(sources, r"/?[^/]*$", "")


def _extract(values: pa.Array, pattern: str) -> pa.Array:
    """Give what the one group of a pattern matches in lower-case texts; null where it does not."""
    lower = pc.utf8_lower(values)
    matches = pc.match_substring_regex(lower, pattern)
    found = pc.replace_substring_regex(lower, pattern, r"\1")
    return pc.if_else(matches, found, pa.scalar(None, pa.string()))
