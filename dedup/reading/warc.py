"""Web archives: pages that servers sent (WARC) and text that somebody took out of them (WET)."""

import io
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import pyarrow as pa

from dedup.batches import Batch, Pages, Piece, Reject
from dedup.decoding import DecodingError, decode_text
from dedup.faults import describe_limit
from dedup.reading.breaks import UntilBroken
from dedup.reading.gzip_members import expand_members
from dedup.reading.warc_records import MAGIC, Broken, Record, find_records, header, parse_headers
from dedup.settings import Settings, text_codec
from dedup.sources import Input, describe_os_error
from dedup.streams import stream_bytes

_PAGE_TYPES: Final = ("text/html", "application/xhtml+xml")
_TEXT_TYPE: Final = "text/plain"
_CHUNK_HEAD: Final = re.compile(rb"[ \t]*([0-9a-fA-F]{1,15})[ \t]*(?:;[^\n]{0,4096})?\r?\n")
_GZIP_MAGIC: Final = b"\x1f\x8b"


def read_warc(source: Input, settings: Settings) -> Iterator[Piece]:
    """Give the pages and plain texts of a web archive; `row` counts all its records from 0.

    Documents are what servers sent with a status of 2xx as HTML, XHTML or plain text, what a
    `resource` record holds of these, and the text of `conversion` records. All other
    records (requests, metadata, revisits, redirects, images) are no documents, and
    nothing was wrong with them: they are neither given nor rejected. What is rejected is a
    record that is broken, over the limit, or whose content cannot be decoded.
    """
    collected = _Collected(settings)
    row = 0
    records = UntilBroken(find_records(_pieces(source, settings), settings.max_document_bytes))
    for found in records:
        if isinstance(found, Broken):
            place = f"record {row}: " if found.is_end else ""
            yield Reject(None if found.is_end else row, f"{place}{found.reason}")
        else:
            document = _read_record(found, settings)
            if isinstance(document, _Fault):
                yield Reject(row, document.reason, stage=document.stage)
            elif document is not None:
                yield from collected.add(row, document)
        row += 1
    yield from collected.finish()
    yield from records.reject(f"record {row - 1}" if row else "")


def _pieces(source: Input, settings: Settings) -> Iterator[bytes | None]:
    if source.codec != "gzip":
        yield from stream_bytes(source, settings.max_document_bytes)
        return
    with source.place.open() as raw:
        yield from expand_members(raw, MAGIC, settings.max_document_bytes)


@dataclass(frozen=True, slots=True)
class _Document:
    """A page or a text."""

    content: bytes
    is_page: bool
    url: str | None
    date: str | None
    record_id: str | None
    charset: str | None
    encoding: str | None = None
    n_replaced: int | None = None


@dataclass(frozen=True, slots=True)
class _Fault:
    """Why a record that should be a document is none."""

    reason: str
    stage: str = "read"


def _read_record(record: Record, settings: Settings) -> _Document | _Fault | None:
    """Give the document that a record holds, if it does."""
    kind = header(record.headers, "WARC-Type").lower()
    answer, n_head = None, 0
    described = record.headers
    if kind == "response":
        if not header(record.headers, "Content-Type").lower().startswith("application/http"):
            return None
        answer, n_head = _parse_answer(record.head)
        if answer.status_code is None:
            return _Fault("what the server answered is not HTTP")
        if not 200 <= answer.status_code < 300:
            return None
        described = answer
    elif kind not in ("resource", "conversion"):
        return None
    media_type, charset = _media_type(header(described, "Content-Type"))
    media_type = media_type or _media_type(header(record.headers, "WARC-Identified-Payload-Type"))[0]
    if media_type not in (*_PAGE_TYPES, _TEXT_TYPE):
        return None
    if record.block is None:
        return _Fault(describe_limit("the record", settings))
    content = record.block[n_head:]
    if answer is not None:
        is_cut = bool(header(record.headers, "WARC-Truncated"))
        try:
            content = _decode_body(content, answer, is_cut, settings.max_document_bytes)
        except (OSError, zlib.error, EOFError) as error:
            return _Fault(f"its body cannot be decoded: {describe_os_error(error)}", "decode")
        if len(content) > settings.max_document_bytes:
            return _Fault(describe_limit("the record", settings))
    return _document(record, content, media_type, "utf-8" if kind == "conversion" else charset, settings)


def _document(
    record: Record, content: bytes, media_type: str, charset: str | None, settings: Settings
) -> _Document | _Fault:
    url, date, record_id = (
        header(record.headers, name).strip("<>") or None for name in ("WARC-Target-URI", "WARC-Date", "WARC-Record-ID")
    )
    if media_type != _TEXT_TYPE:
        return _Document(content, True, url, date, record_id, charset)
    try:
        declared = text_codec(charset) if charset else None
        decoded = decode_text(content, settings.encoding, settings.encoding_errors, declared)
    except DecodingError as error:
        return _Fault(str(error), "decode")
    encoding = None if decoded.encoding in ("utf-8", "utf-8-sig") else decoded.encoding
    return _Document(decoded.text.encode(), False, url, date, record_id, None, encoding, decoded.n_replaced or None)


def _parse_answer(head: bytes) -> tuple[Any, int]:
    """Give the header of what a server answered, and its size."""
    found = min((place + len(end) for end in (b"\r\n\r\n", b"\n\n") if (place := head.find(end)) >= 0), default=0)
    return parse_headers(head[:found]), found


def _media_type(value: str) -> tuple[str, str | None]:
    """Take a Content-Type apart: the type in lower case, and the charset."""
    media_type, *parameters = value.split(";")
    for parameter in parameters:
        name, _, charset = parameter.partition("=")
        if name.strip().lower() == "charset" and charset.strip(" \"'"):
            return media_type.strip().lower(), charset.strip(" \"'")
    return media_type.strip().lower(), None


def _decode_body(body: bytes, answer: Any, is_cut: bool, limit_bytes: int) -> bytes:
    """Undo the codings that a server applied to a body; what is over the limit is given up to one byte more.

    A header that claims a coding which the body does not have is passed over: some crawlers
    store bodies decoded. Raises OSError or zlib.error where it cannot be undone.
    """
    codings = [*_codings(answer, "Transfer-Encoding"), *reversed(_codings(answer, "Content-Encoding"))]
    for coding in codings:
        if not body or coding in ("identity", "none", "binary", "utf-8"):
            continue
        if coding == "chunked":
            if _CHUNK_HEAD.match(body):
                body = _join_chunks(body, is_cut)
        elif coding in ("gzip", "x-gzip"):
            if body.startswith(_GZIP_MAGIC):
                body = _inflate(body, zlib.MAX_WBITS | 16, is_cut, limit_bytes)
        elif coding == "deflate":
            has_head = body[0] & 15 == 8 and int.from_bytes(body[:2], "big") % 31 == 0
            body = _inflate(body, zlib.MAX_WBITS if has_head else -zlib.MAX_WBITS, is_cut, limit_bytes)
        elif coding == "br":
            body = _read_all("BrotliReader", body, limit_bytes, is_cut)
        elif coding == "zstd":
            body = _read_all("ZstdReader", body, limit_bytes, is_cut)
        else:
            raise OSError(f"unknown coding {coding!r}")
    return body


def _codings(answer: Any, name: str) -> list[str]:
    return [coding.strip().lower() for coding in header(answer, name).split(",") if coding.strip()]


def _join_chunks(body: bytes, is_cut: bool) -> bytes:
    """Undo chunking; fastwarc has it too, but does not know extensions of a chunk, nor miss the last one."""
    chunks: list[bytes] = []
    place = 0
    while True:
        head = _CHUNK_HEAD.match(body, place)
        size_bytes = int(head[1], 16) if head else 0
        if head is not None and size_bytes == 0:
            return b"".join(chunks)
        chunk = body[head.end() : head.end() + size_bytes] if head else b""
        if len(chunk) < size_bytes or head is None:
            if not is_cut:
                raise OSError("its last chunk is missing" if place >= len(body) else "a chunk is cut short or broken")
            return b"".join([*chunks, chunk])
        chunks.append(chunk)
        place = head.end() + size_bytes
        place += 2 if body[place : place + 2] == b"\r\n" else 0


def _inflate(body: bytes, window_bits: int, is_cut: bool, limit_bytes: int) -> bytes:
    decompressor = zlib.decompressobj(window_bits)
    content = decompressor.decompress(body, limit_bytes + 1)
    if not decompressor.eof and len(content) <= limit_bytes and not is_cut:
        raise OSError("it is cut short")
    return content


def _read_all(reader_name: str, body: bytes, limit_bytes: int, is_cut: bool) -> bytes:
    from fastwarc import stream_io

    content = io.BytesIO()
    try:
        reader = getattr(stream_io, reader_name)(io.BytesIO(body))
        while content.tell() <= limit_bytes and (piece := reader.read(1 << 16)):
            content.write(piece)
    except OSError:
        if not is_cut:
            raise
    return content.getvalue()


@dataclass(slots=True)
class _Collected:
    """Documents that are given together; a run of pages and a run of texts are batches of their own."""

    settings: Settings
    _rows: list[int] = field(default_factory=list)
    _documents: list[_Document] = field(default_factory=list)
    _size_bytes: int = 0

    def add(self, row: int, document: _Document) -> Iterator[Piece]:
        """Take the next document and give what is ready."""
        if self._documents and self._documents[-1].is_page != document.is_page:
            yield from self.finish()
        self._rows.append(row)
        self._documents.append(document)
        self._size_bytes += len(document.content)
        if self._size_bytes >= self.settings.batch_bytes:
            yield from self.finish()

    def finish(self) -> Iterator[Piece]:
        """Give all that is there."""
        rows, documents = self._rows, self._documents
        if not documents:
            return
        self._rows, self._documents, self._size_bytes = [], [], 0
        columns = {
            "url": pa.array([document.url for document in documents], pa.string()),
            "warc_date": pa.array([document.date for document in documents], pa.string()),
        }
        record_ids = pa.array([document.record_id for document in documents], pa.string())
        ids = {**columns, "warc_record_id": record_ids}.get(self.settings.id_column or "")
        content = pa.array([document.content for document in documents], pa.large_binary())
        places = pa.array(rows, pa.int64())
        if documents[0].is_page:
            charsets = pa.array([document.charset for document in documents], pa.string())
            yield Pages(content, places, ids, columns, None, urls=columns["url"], charsets=charsets)
            return
        encodings = pa.array([document.encoding for document in documents], pa.string())
        n_replaced = pa.array([document.n_replaced for document in documents], pa.int64())
        yield Batch(
            content.view(pa.large_string()),
            places,
            ids,
            columns,
            None,
            encodings=None if encodings.null_count == len(rows) else encodings,
            n_replaced=None if n_replaced.null_count == len(rows) else n_replaced,
        )
