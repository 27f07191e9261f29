"""What an input is: by choice, by name, and by its first bytes where the name does not say."""

import codecs
import csv
import io
import mimetypes
import re
from collections.abc import Container, Mapping
from itertools import islice
from typing import Final

import orjson

from dedup.batches import Reject
from dedup.columns import choose_roles
from dedup.decoding.detection import detect_wide
from dedup.decoding.text import codec_of
from dedup.decoding.text import find_mark as find_byte_order
from dedup.names import read_name
from dedup.places import Place
from dedup.schemas import UNKNOWN_KIND
from dedup.settings import Settings
from dedup.sources import Kind, describe_os_error
from dedup.streams import decompress_head, find_codec

HEAD_BYTES: Final = 1 << 16
"""How much of an input is looked at."""

_STORED_HEAD_BYTES: Final = 1 << 20
"""How much of a compressed one: bzip2 gives nothing before a block of 900 kB is whole."""

_FORMAT_MARKS: Final = (
    (re.compile(rb"PAR1"), "parquet"),
    (re.compile(rb"ARROW1\0\0|FEA1|\xff{4}.{2}[\0-\x0f]\0[\x0c-\x40]\0\0\0", re.DOTALL), "arrow"),  # file or stream
    (re.compile(rb"WARC/[01]\.[0-9]+\r?\n"), "warc"),
    (re.compile(rb"PK(\x03\x04|\x05\x06)"), "zip"),
    (re.compile(rb".{257}ustar(\x0000|  \0)", re.DOTALL), "tar"),
    (
        re.compile(rb"\s*(<\?xml[^>]*>\s*|<!--.*?-->\s*)*<(!doctype\s+html|html)[\s>]", re.IGNORECASE | re.DOTALL),
        "html",
    ),
)
"""What no plain text begins with by chance."""

_PACKAGE: Final = re.compile(
    rb"PK\x03\x04.{26}(mimetype|\[Content_Types\]\.xml|META-INF/|AndroidManifest\.xml)", re.DOTALL
)
"""Zips that are one thing rather than a folder of documents: office files, books, programs."""

_CONTROL: Final = re.compile(rb"[\x01-\x06\x0e-\x1a\x1c-\x1f\x7f]")  # \a \b \t \n \v \f \r and ESC occur in text
_MOST_CONTROL: Final = 0.01  # share of such bytes in what is text still
_JSON_OBJECT: Final = re.compile(rb'\{\s*(["}]|$)')
_JSON_ARRAY: Final = re.compile(rb'\[\s*(\{\s*["}]|\]\s*$)')
_CSV_RECORDS: Final = 20

_MEDIA: Final = ("image/", "audio/", "video/", "font/")
_TYPES: Final = mimetypes.MimeTypes()  # those of Python, not those of the machine


def identify(place: Place, formats: Mapping[str, str], containers: Container[str], settings: Settings) -> Kind | Reject:
    """Say how an input is to be read, or why it is not.

    `formats` has the format of each suffix. The settings' format is meant for documents: what its
    name says to be one of the `containers` stays one, and the format is that of its members.
    A Reject of stage "list" is an input of no known kind.
    """
    name = read_name(place.name)
    by_name = formats.get(name.suffix)
    chosen = by_name if settings.format is None or by_name in containers else settings.format
    if chosen is not None and (by_name is not None or name.codec is not None):
        return Kind(chosen, name.codec, name.charset)
    if chosen is None and (_TYPES.guess_type("x" + name.suffix)[0] or "").startswith(_MEDIA):
        return Reject(None, f"{UNKNOWN_KIND}: {name.suffix} is no text", stage="list")
    try:
        codec, head, is_whole = _look(place, name.codec)
    except OSError as error:
        return Kind(chosen) if chosen else Reject(None, f"cannot be read: {describe_os_error(error)}")
    if chosen is None:
        chosen = find_mark(head)
    if chosen is None:
        chosen = guess_format(head, settings, is_whole=is_whole)
        if name.suffix or chosen is None:
            return Reject(None, _why_unknown(name.suffix, codec, chosen, head), stage="list")
    return Kind(chosen, codec, name.charset)


def find_mark(head: bytes) -> str | None:
    """Find the format of bytes by what only that format begins with, or None."""
    if _PACKAGE.match(head):
        return None
    head = _narrow(head).removeprefix(codecs.BOM_UTF8)
    return next((name for mark, name in _FORMAT_MARKS if mark.match(head)), None)


def guess_format(head: bytes, settings: Settings, *, is_whole: bool) -> str | None:
    """Guess which format bytes are in that begin like no other: JSON, a table, or text; None where they are no text.

    A table is one whose first line names the text column, and whose next ones have as many fields.
    """
    head = _narrow(head)
    if not is_text(head):
        return None
    body = head.removeprefix(codecs.BOM_UTF8).lstrip()
    if _JSON_ARRAY.match(body):
        return "json"
    if _JSON_OBJECT.match(body):
        line, newline, _ = body.partition(b"\n")
        try:
            orjson.loads(line)
        except orjson.JSONDecodeError:
            # an object that goes on is one of many lines, unless the line is longer than what was looked at
            return "json" if newline or is_whole else "jsonl"
        return "jsonl"
    text = body.decode("utf-8", "replace")
    for name, delimiter in (("csv", ","), ("tsv", "\t")):
        if _is_table(text, delimiter, settings, is_whole=is_whole):
            return name
    return "text"


def is_text(head: bytes) -> bool:
    """Say whether bytes are text in some encoding rather than binary data, or nothing at all."""
    head = _narrow(head)
    return bool(head) and b"\0" not in head and len(_CONTROL.findall(head)) <= _MOST_CONTROL * len(head)


def _narrow(head: bytes) -> bytes:
    """Give what is UTF-16 or UTF-32 as UTF-8, and anything else as it is."""
    encoding = find_byte_order(head)
    wide = detect_wide(head) if encoding is None and b"\0" in head else encoding
    if wide is None or wide == "utf-8-sig":
        return head
    return head.decode(codec_of(wide), "ignore").encode()


def _look(place: Place, codec: str | None) -> tuple[str | None, bytes, bool]:
    """Give the compression, the first bytes without it, and whether these are all there are."""
    head = place.head(HEAD_BYTES)
    codec = codec or find_codec(head)
    if codec is None:
        return None, head, len(head) < HEAD_BYTES
    stored = place.head(_STORED_HEAD_BYTES)
    head = decompress_head(stored, codec, HEAD_BYTES)
    return codec, head, len(head) < HEAD_BYTES and len(stored) < _STORED_HEAD_BYTES


def _is_table(text: str, delimiter: str, settings: Settings, *, is_whole: bool) -> bool:
    try:
        records = list(islice(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), _CSV_RECORDS + 1))
    except csv.Error:
        return False
    if len(records) <= _CSV_RECORDS and not is_whole:
        records.pop()  # it may go on
    if not records or len(records[0]) < 2 or choose_roles(records[0], [], settings) is None:
        return False
    return all(len(record) in (0, len(records[0])) for record in records)


def _why_unknown(suffix: str, codec: str | None, guess: str | None, head: bytes) -> str:
    if not head and codec is not None:
        return f"{UNKNOWN_KIND}: nothing of it can be decompressed ({codec}); it is empty or damaged"
    if not head:
        return f"{UNKNOWN_KIND}: empty, so that nothing says what it is"
    if suffix and guess is not None:
        return f"{UNKNOWN_KIND}: the suffix {suffix!r} is not; --format {guess} would read it"
    if suffix:
        return f"{UNKNOWN_KIND}: neither the suffix {suffix!r} nor its first bytes are"
    return f"{UNKNOWN_KIND}: it has no suffix, and its first bytes are no text; --format names the kind"
