"""Records of a web archive: found by their lengths, and looked for anew behind one that is broken."""

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from fastwarc.warc import HeaderMap

MAGIC: Final = b"WARC/"
MOST_HEAD_BYTES: Final = 1 << 16
"""Size up to which the header of a record, or of what a server answered, is read."""

_BLANK_LINE: Final = re.compile(rb"\r?\n\r?\n")
_BARE_LINE_END: Final = re.compile(rb"(?<!\r)\n")
_BEGINNING: Final = re.compile(rb"\n(?=WARC/\d\.\d+\r?\n[\w-]+:)")
_SEARCH_BYTES: Final = 1 << 20
_BEGINNING_BYTES: Final = 256  # more than its first line and the name of its first field may take


@dataclass(frozen=True, slots=True)
class Record:
    """A record as it is stored; `block` is None for one that nobody wants or that is over the limit."""

    headers: "HeaderMap"
    head: bytes  # the first MOST_HEAD_BYTES of the block
    size_bytes: int
    block: bytes | None


@dataclass(frozen=True, slots=True)
class Broken:
    """A record that cannot be read; the rest of the file, if that `is_end`."""

    reason: str
    is_end: bool = False


def find_records(pieces: Iterator[bytes | None], limit_bytes: int) -> Iterator[Record | Broken]:
    """Give all records of a web archive that comes in pieces, None where some bytes of it are lost.

    Raises what reading the pieces does.
    """
    tape = _Tape(pieces)
    while True:
        tape.skip_line_ends()
        head = tape.look(MOST_HEAD_BYTES)
        if not head:
            if not tape.is_broken:
                return
            tape.resume()
            if tape.look(1):
                yield Broken("a gzip member is damaged")
            else:
                yield Broken("a gzip member is damaged or cut short", is_end=True)
            continue
        found = _take_record(tape, head, limit_bytes)
        if isinstance(found, Broken) and not found.is_end:
            tape.find_beginning()
        yield found


def _take_record(tape: "_Tape", head: bytes, limit_bytes: int) -> Record | Broken:
    blank = _BLANK_LINE.search(head) if head.startswith(MAGIC) else None
    if not head.startswith(MAGIC):
        return Broken("not a WARC record")
    if blank is None:
        tape.take(len(MAGIC))
        return Broken("its header has no end")
    headers = parse_headers(head[: blank.end()])
    tape.take(blank.end())
    length = header(headers, "Content-Length")
    if not re.fullmatch(r"[0-9]{1,18}", length):
        return Broken(f"its length is no number, but {length!r}" if length else "it has no length")
    size_bytes = int(length)
    start = tape.look(min(size_bytes, MOST_HEAD_BYTES))
    block = tape.take(size_bytes) if size_bytes <= limit_bytes else None
    n_there = tape.skip(size_bytes) if block is None else len(block)
    if n_there < size_bytes:
        is_lost = tape.is_broken
        if is_lost:
            tape.resume()
        elif block is not None and _BEGINNING.search(block):
            tape.give_back(block)  # its length is wrong rather than its end missing
            return Broken("its length is wrong")
        return Broken(f"cut short: {n_there:,} of {size_bytes:,} bytes are there", is_end=not tape.look(1))
    if not tape.is_between_records():
        if block is not None:
            tape.give_back(block)
        return Broken("its length is wrong")
    return Record(headers, start, size_bytes, block)


def parse_headers(raw: bytes) -> "HeaderMap":
    """Give the fields of a header block; their names are found in any case."""
    from fastwarc.warc import HeaderMap

    headers = HeaderMap()
    headers.parse(io.BytesIO(_BARE_LINE_END.sub(b"\r\n", raw)))
    return headers


@dataclass(slots=True)
class _Tape:
    """Bytes that can be looked at before they are taken; at a break they end until it is passed."""

    pieces: Iterator[bytes | None]
    is_broken: bool = False
    _parts: list[bytes] = field(default_factory=list)
    _held_bytes: int = 0
    _place: int = 0  # in the first part

    def look(self, n_bytes: int) -> bytes:
        """Give the next bytes, fewer at the end, and leave them there."""
        self._fill(n_bytes)
        if len(self._parts) > 1 and len(self._parts[0]) - self._place < n_bytes:
            self._parts, self._place = [b"".join([self._parts[0][self._place :], *self._parts[1:]])], 0
        return self._parts[0][self._place : self._place + n_bytes] if self._parts else b""

    def take(self, n_bytes: int) -> bytes:
        """Give the next bytes, fewer at the end."""
        self._fill(n_bytes)
        taken: list[bytes] = []
        self._pass(n_bytes, taken)
        return b"".join(taken)

    def skip(self, n_bytes: int) -> int:
        """Pass the next bytes, holding next to nothing of them; says how many there were."""
        left = n_bytes
        while left and self._fill(1):
            left -= self._pass(left, None)
        return n_bytes - left

    def give_back(self, raw: bytes) -> None:
        """Put bytes before the next."""
        rest = self._parts[0][self._place :] if self._parts else b""
        self._parts[:1] = [raw, rest] if rest else [raw]
        self._held_bytes += len(raw)
        self._place = 0

    def resume(self) -> None:
        """Pass a break."""
        self.is_broken = False

    def skip_line_ends(self) -> None:
        """Pass what stands between records."""
        while (ahead := self.look(4)) and ahead[:1] in b"\r\n":
            self.skip(len(ahead) - len(ahead.lstrip(b"\r\n")))

    def is_between_records(self) -> bool:
        """Say whether a record may have ended here: two line ends, or fewer before another record or the end."""
        ahead = self.look(16)
        rest = ahead.lstrip(b"\r\n")
        return ahead.startswith(b"\r\n\r\n") or not rest or rest.startswith(MAGIC)

    def find_beginning(self) -> None:
        """Go to the next beginning of a record, or to the end."""
        while ahead := self.look(_SEARCH_BYTES):
            found = _BEGINNING.search(ahead)
            if found is not None:
                self.skip(found.end())
                return
            is_last = len(ahead) < _SEARCH_BYTES
            self.skip(len(ahead) if is_last else len(ahead) - _BEGINNING_BYTES)

    def _fill(self, n_bytes: int) -> bool:
        """Hold so many bytes, if there are; says whether there are any."""
        while self._held_bytes < n_bytes and not self.is_broken:
            try:
                piece = next(self.pieces)
            except StopIteration:
                break
            if piece is None:
                self.is_broken = True
            else:
                self._parts.append(piece)
                self._held_bytes += len(piece)
        return self._held_bytes > 0

    def _pass(self, n_bytes: int, taken: list[bytes] | None) -> int:
        n_passed = 0
        while n_passed < n_bytes and self._parts:
            part = self._parts[0][self._place : self._place + n_bytes - n_passed]
            if taken is not None:
                taken.append(part)
            n_passed += len(part)
            self._place += len(part)
            if self._place == len(self._parts[0]):
                del self._parts[0]
                self._place = 0
        self._held_bytes -= n_passed
        return n_passed


def header(headers: Any, name: str) -> str:
    """Give the value of a field, "" where there is none."""
    return (headers.get(name) or "").strip()
