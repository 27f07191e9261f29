"""JSON files: an array of objects, one object, or objects one after the other; each object is one document.

Objects are found by their brackets and parsed one by one, so that an array of any size is read in
little memory, a broken object is rejected alone, and values mean what they mean in JSON lines.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain
from typing import Final

import orjson

from dedup.batches import Piece, RecordBatcher, Reject
from dedup.reading.breaks import UntilBroken, reject_unreadable
from dedup.reading.json_objects import batch_objects
from dedup.reading.jsonl import read_lines
from dedup.reading.recoding import begin_stream, stream_utf8
from dedup.settings import Settings
from dedup.sources import Input
from dedup.streams import stream_bytes

# no possessive groups: Python before 3.11.5 goes back into them, and matches what is none
_OUTSIDE: Final = rb'[^"{}\[\]]*+(?:"[^"\\]*+(?:\\.[^"\\]*+)*"[^"{}\[\]]*+)*'
_TO_BRACKET: Final = re.compile(_OUTSIDE + rb"[{}\[\]]", re.DOTALL)
_TO_OPEN_STRING: Final = re.compile(_OUTSIDE, re.DOTALL)
_IN_STRING: Final = re.compile(rb'[^"\\]*+(?:\\.[^"\\]*+)*', re.DOTALL)


def read_json(source: Input, settings: Settings) -> Iterator[Piece]:
    """Give the objects of a JSON file; `row` is the place in the array, or among the objects, from 0.

    A file whose first line is an object and not the last line is read as JSON lines.
    """
    try:
        encoding, pieces = begin_stream(stream_bytes(source, settings.max_document_bytes), settings, is_json=True)
        pieces = stream_utf8(pieces, encoding)
        first = next(pieces, b"")
    except OSError as error:
        yield reject_unreadable(error)
        return
    pieces = chain([first], pieces)
    if _is_lines(first):
        yield from read_lines(pieces, encoding, source, settings)
    else:
        yield from _read_elements(pieces, encoding, source, settings)


def _is_lines(head: bytes) -> bool:
    line, _, rest = head.lstrip().partition(b"\n")
    if not line.startswith(b"{") or not rest.strip():
        return False
    try:
        orjson.loads(line)
    except orjson.JSONDecodeError:
        return False
    return True


def _read_elements(pieces: Iterator[bytes], encoding: str, source: Input, settings: Settings) -> Iterator[Piece]:
    batcher = RecordBatcher(settings, source.source, encoding)
    splitter = _Splitter(settings.max_document_bytes)
    found = UntilBroken(pieces)
    for piece in found:
        splitter.add(piece)
        if splitter.found and splitter.found_bytes >= settings.batch_bytes:
            yield from batch_objects(*splitter.take(), batcher, settings, "element")
    rest = splitter.finish()
    if splitter.found:
        yield from batch_objects(*splitter.take(), batcher, settings, "element")
    yield from batcher.finish()
    row = splitter.n_rows
    breaks = list(found.reject(f"element {row - 1}" if row else ""))
    if breaks:
        yield from breaks
    elif rest == "element":
        reason = "a bracket or quote is missing, and what follows cannot be told apart"
        yield Reject(None, f"element {row} has no end: {reason}")
    elif rest == "array":
        yield Reject(None, f"the array has no end; {row} elements were found")


@dataclass(slots=True)
class _Splitter:
    """Cuts JSON that comes in pieces into the elements of its arrays and the objects outside of any."""

    limit_bytes: int
    n_rows: int = 0
    found: list[bytes | None] = field(default_factory=list)  # None: over the limit
    found_bytes: int = 0
    _open: bytearray = field(default_factory=bytearray)  # brackets that are open now
    _n_braces: int = 0  # of those: a search for one that is not there would go through all of them
    _base: int | None = None  # how many were when the element began; None between elements
    _parts: list[bytes] = field(default_factory=list)  # of the element, or of what is between
    _parts_bytes: int = 0
    _is_in_string: bool = False
    _held: bytes = b""  # a backslash at the end of a piece

    def add(self, piece: bytes) -> None:
        """Take the next piece."""
        piece = self._held + piece
        self._held = b""
        place = kept = 0
        while place < len(piece):
            if self._is_in_string:
                place = self._leave_string(piece, place)
                continue
            found = _TO_BRACKET.match(piece, place)
            if found is None:
                place = self._look_at_rest(piece, place)
                continue
            place = found.end()
            kept = self._cross(piece, place - 1, kept)
        self._keep(piece[kept : len(piece) - len(self._held)])

    def take(self) -> tuple[range, list[bytes | None]]:
        """Give the rows and the elements that are complete."""
        found, self.found, self.found_bytes = self.found, [], 0
        return range(self.n_rows - len(found), self.n_rows), found

    def finish(self) -> str | None:
        """Say at the end what has none: "element", "array" or None."""
        if self._base is not None:
            return "element"
        self._end_gap()
        return "array" if self._open else None

    def _leave_string(self, piece: bytes, place: int) -> int:
        match = _IN_STRING.match(piece, place)
        assert match is not None
        if match.end() == len(piece):
            return len(piece)
        if piece[match.end()] != ord('"'):
            self._held = piece[match.end() :]  # what it escapes comes with the next piece
            return len(piece)
        self._is_in_string = False
        return match.end() + 1

    def _look_at_rest(self, piece: bytes, place: int) -> int:
        match = _TO_OPEN_STRING.match(piece, place)
        assert match is not None
        if match.end() == len(piece):
            return len(piece)
        self._is_in_string = True
        return match.end() + 1

    def _cross(self, piece: bytes, place: int, kept: int) -> int:
        """Take note of the bracket at a place; gives from where on the piece is still to be kept."""
        bracket = piece[place]
        if bracket in b"{[":
            is_array = bracket == ord("[")
            if self._base is None and not (is_array and not self._open):
                self._keep(piece[kept:place])
                self._end_gap()
                self._base = len(self._open)
                kept = place
            elif self._base is None:
                self._keep(piece[kept:place])
                self._end_gap()
                kept = place + 1
            self._open.append(bracket)
            self._n_braces += not is_array
            return kept
        is_array = bracket == ord("]")
        if not (len(self._open) - self._n_braces if is_array else self._n_braces):
            return kept  # closes nothing: part of what is broken here
        opened = self._open.rfind(b"[" if is_array else b"{")
        self._n_braces -= self._open.count(b"{", opened)
        del self._open[opened:]
        if self._base is None:
            self._keep(piece[kept:place])
            self._end_gap()
            return place + 1
        if opened <= self._base:
            end = place + 1 if opened == self._base else place
            self._keep(piece[kept:end])
            self._end_element()
            return place + 1
        return kept

    def _keep(self, part: bytes) -> None:
        self._parts_bytes += len(part)
        if self._parts_bytes > self.limit_bytes:
            self._parts = []  # of what is too large nothing needs to wait in memory
        elif part:
            self._parts.append(part)

    def _drop(self) -> None:
        self._parts, self._parts_bytes = [], 0

    def _end_element(self) -> None:
        self._give(None if self._parts_bytes > self.limit_bytes else b"".join(self._parts))
        self._base = None
        self._drop()

    def _end_gap(self) -> None:
        """Between elements there is a comma; anything else is elements that are not objects, or not JSON."""
        if self._parts_bytes > self.limit_bytes:
            self._give(None)
        elif gap := b"".join(self._parts).strip().strip(b",").strip():
            try:
                strays = orjson.loads(b"[%b]" % gap)
            except orjson.JSONDecodeError:
                self._give(gap)
            else:
                for _ in strays:
                    self._give(b"null")  # all that matters is that it is no object
        self._drop()

    def _give(self, element: bytes | None) -> None:
        self.found.append(element)
        self.found_bytes += len(element or b"")
        self.n_rows += 1
