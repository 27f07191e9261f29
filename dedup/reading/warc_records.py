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

_FIRST_LINES: Final = rb"(?=WARC/\d\.\d+\r?\n[\w-]+:)"
_HEADER_END: Final = re.compile(rb"(\r?\n\r?\n)|\n" + _FIRST_LINES)
_BARE_LINE_END: Final = re.compile(rb"(?<!\r)\n")
_BEGINNING: Final = re.compile(rb"\n" + _FIRST_LINES)
_USUAL_HEAD_BYTES: Final = 1 << 12
_SEARCH_BYTES: Final = (1 << 12, 1 << 20)  # the next record is near as a rule
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
        if not tape.look(1):
            if not tape.is_broken:
                return
            tape.resume()
            if tape.look(1):
                yield Broken("a gzip member is damaged")
            else:
                yield Broken("a gzip member is damaged or cut short", is_end=True)
            continue
        found = _take_record(tape, limit_bytes)
        if isinstance(found, Broken) and not found.is_end:
            tape.find_beginning()
        yield found


def _take_record(tape: "_Tape", limit_bytes: int) -> Record | Broken:
    """Take the record that begins here; of a broken one no more than is sure to be its own."""
    for n_bytes in (_USUAL_HEAD_BYTES, MOST_HEAD_BYTES):
        head = tape.look(n_bytes)
        end = _HEADER_END.search(head)
        if end is not None:
            break
    if not head.startswith(MAGIC):
        return Broken("not a WARC record")
    if end is None or not end[1]:
        tape.skip(len(MAGIC))
        return Broken("its header has no end")
    headers = parse_headers(head[: end.end()])
    tape.skip(end.end())
    length = header(headers, "Content-Length")
    if not re.fullmatch(r"[0-9]{1,18}", length):
        return Broken(f"its length is no number, but {length!r}" if length else "it has no length")
    size_bytes = int(length)
    if size_bytes > limit_bytes:
        start = tape.look(MOST_HEAD_BYTES)[:size_bytes]
        n_there = tape.skip_block(size_bytes, end[1])
        if n_there == size_bytes and tape.is_between_records(0):
            return Record(headers, start, size_bytes, None)
        if n_there == size_bytes or tape.is_at_beginning():
            return Broken("its length is wrong")
        return Broken(_cut_short(n_there, size_bytes))
    n_there = tape.hold(size_bytes)
    if n_there == size_bytes and tape.is_between_records(size_bytes):
        block = tape.take(size_bytes)
        return Record(headers, block[:MOST_HEAD_BYTES], size_bytes, block)
    if n_there == size_bytes:
        return Broken("its length is wrong")
    if tape.is_broken:
        tape.skip(n_there)
        tape.resume()
        return Broken(_cut_short(n_there, size_bytes), is_end=not tape.look(1))
    if tape.find_beginning():
        return Broken("its length is wrong")  # rather than its end missing
    return Broken(_cut_short(n_there, size_bytes), is_end=True)


def _cut_short(n_there: int, size_bytes: int) -> str:
    return f"cut short: {n_there:,} of {size_bytes:,} bytes are there"


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

    def skip_block(self, n_bytes: int, blank_line: bytes) -> int:
        """Pass the next bytes as skip does, but stop where another record begins among them, behind a blank line.

        A length cannot be checked before it is passed; so a web archive within such a record is read for itself.
        """
        head = self.look(_BEGINNING_BYTES)
        n_line_ends = len(head) - len(head.lstrip(b"\r\n"))
        if n_line_ends < n_bytes and _BEGINNING.match(b"\n" + head[n_line_ends:]):
            return self.skip(n_line_ends)
        beginning = re.compile(re.escape(blank_line) + _FIRST_LINES)
        left = n_bytes
        window_bytes, most_bytes = _SEARCH_BYTES
        while left and (ahead := self.look(window_bytes)):
            found = beginning.search(ahead)
            if found is not None and found.end() < left:
                return n_bytes - left + self.skip(found.end())
            left -= self.skip(min(left, _without_overlap(ahead, window_bytes)))
            window_bytes = most_bytes
        return n_bytes - left

    def hold(self, n_bytes: int) -> int:
        """Hold the next bytes, and say how many of those there are."""
        self._fill(n_bytes)
        return min(n_bytes, self._held_bytes)

    def resume(self) -> None:
        """Pass a break."""
        self.is_broken = False

    def skip_line_ends(self) -> None:
        """Pass what stands between records."""
        while (ahead := self.look(4)) and ahead[:1] in b"\r\n":
            self.skip(len(ahead) - len(ahead.lstrip(b"\r\n")))

    def is_between_records(self, n_bytes: int) -> bool:
        """Say whether a record may end behind the next bytes: at line ends, before another record, or at the end."""
        ahead = self._look_past(n_bytes, 16)
        rest = ahead.lstrip(b"\r\n")
        return ahead.startswith(b"\r\n\r\n") or not rest or rest.startswith(MAGIC)

    def is_at_beginning(self) -> bool:
        """Say whether a record begins here."""
        return _BEGINNING.match(b"\n" + self.look(_BEGINNING_BYTES)) is not None

    def find_beginning(self) -> bool:
        """Go to the next beginning of a record, or to the end; says whether there is one. It may be here already."""
        n_bytes, most_bytes = _SEARCH_BYTES
        if self.is_at_beginning():
            return True
        while ahead := self.look(n_bytes):
            found = _BEGINNING.search(ahead)
            if found is not None:
                self.skip(found.end())
                return True
            self.skip(_without_overlap(ahead, n_bytes))
            n_bytes = most_bytes
        return False

    def _look_past(self, n_bytes: int, n_more: int) -> bytes:
        """Give some bytes behind the next, and leave all there."""
        self._fill(n_bytes + n_more)
        place = self._place + n_bytes
        found = b""
        for part in self._parts:
            if place < len(part):
                found += part[place : place + n_more - len(found)]
                place = len(part)
                if len(found) == n_more:
                    break
            place -= len(part)
        return found

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


def _without_overlap(ahead: bytes, window_bytes: int) -> int:
    """Say how many bytes of a window in which nothing begins can be passed: at its end something may have begun."""
    return len(ahead) if len(ahead) < window_bytes else len(ahead) - _BEGINNING_BYTES


def header(headers: Any, name: str) -> str:
    """Give the value of a field, "" where there is none."""
    return (headers.get(name) or "").strip()
