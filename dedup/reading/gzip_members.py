"""Files of many gzip members, as web archives are: behind a damaged member reading goes on with the next."""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final

from dedup.streams import MOST_EXPANSION, READ_BYTES, OverLimitError

_MAGIC: Final = b"\x1f\x8b\x08"
_STORED_BYTES: Final = 1 << 18
_PROBE_BYTES: Final = 512
"""Stored bytes from which it is told whether a member begins: its header is 10 bytes and, at most, a file name."""


def expand_members(raw: BinaryIO, begins_with: bytes, max_bytes: int) -> Iterator[bytes | None]:
    """Give what the members of a gzip file hold, in pieces, and None where the rest of one is lost.

    The next member is one that begins with `begins_with`. Raises OverLimitError past
    `max_bytes` where what came is more than MOST_EXPANSION times its stored size.
    """
    stored = _Stored(raw)
    n_bytes = 0
    while stored.fill(1):
        stored.begin_member()
        decompressor = zlib.decompressobj(zlib.MAX_WBITS | 16)
        try:
            while not decompressor.eof:
                if not stored.fill(1):
                    yield None
                    return
                piece = decompressor.decompress(stored.held, READ_BYTES)
                stored.keep_last(len(decompressor.unconsumed_tail or decompressor.unused_data))
                n_bytes += len(piece)
                if n_bytes > max(max_bytes, MOST_EXPANSION * stored.n_bytes):
                    raise OverLimitError(
                        f"expands to more than {MOST_EXPANSION} times its size and {max_bytes:,} bytes; "
                        "--max-document-bytes sets how large it may be"
                    )
                if piece:
                    yield piece
            stored.skip_zeros()
        except zlib.error:
            yield None
            _find_member(stored, begins_with)


def _find_member(stored: "_Stored", begins_with: bytes) -> None:
    """Go to the next member behind the beginning of the one that is damaged, or to the end."""
    stored.return_to_member()
    stored.take(1)
    while True:
        place = stored.held.find(_MAGIC)
        if place < 0:
            stored.keep_last(min(len(_MAGIC) - 1, len(stored.held)))
            if not stored.read():
                stored.keep_last(0)
                return
            continue
        stored.take(place)
        stored.fill(_PROBE_BYTES)
        try:
            head = zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(stored.held[:_PROBE_BYTES], len(begins_with))
        except zlib.error:
            head = b""
        if head == begins_with:
            return
        stored.take(1)


@dataclass(slots=True)
class _Stored:
    """Bytes as stored, of which those of the member that is read now can be had again."""

    raw: BinaryIO
    held: bytes = b""
    n_bytes: int = 0  # that were read
    _member: bytes = b""  # those before `held` since the member began, as far as they are kept

    def fill(self, least: int) -> bool:
        """Hold so many bytes, if there are; says whether there are any."""
        while len(self.held) < least and self.read():
            pass
        return bool(self.held)

    def read(self) -> bool:
        """Hold some more bytes, if there are."""
        piece = self.raw.read(_STORED_BYTES)
        self.held += piece
        self.n_bytes += len(piece)
        return bool(piece)

    def take(self, n_bytes: int) -> None:
        """Pass bytes."""
        self._member = (self._member + self.held[:n_bytes])[-READ_BYTES:]
        self.held = self.held[n_bytes:]

    def keep_last(self, n_bytes: int) -> None:
        """Pass all bytes but the last so many."""
        self.take(len(self.held) - n_bytes)

    def begin_member(self) -> None:
        self._member = b""

    def return_to_member(self) -> None:
        """Go back to where the member began, or as far as its bytes are kept."""
        self.held, self._member = self._member + self.held, b""

    def skip_zeros(self) -> None:
        """Pass what some programs fill a file up with."""
        while self.fill(1) and not self.held.strip(b"\0"):
            self.held = b""
        self.held = self.held.lstrip(b"\0")
