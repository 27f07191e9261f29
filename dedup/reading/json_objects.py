"""JSON objects to records, one by one: an object that is broken is rejected alone."""

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any, Final

import orjson

from dedup.batches import Piece, RecordBatcher, Reject
from dedup.faults import describe_limit
from dedup.reading.recoding import repair_utf8
from dedup.settings import Settings

_LENIENT: Final = re.compile(rb"NaN|Infinity|\\u[dD][89a-fA-F]")

_EXACT_BELOW: Final = 2.0**63
_NESTED: Final = {dict, list}


def batch_objects(
    rows: Sequence[int], raws: Sequence[bytes | None], batcher: RecordBatcher, settings: Settings, word: str
) -> Iterator[Piece]:
    """Parse raw JSON in UTF-8, each what a `word` of the source holds, and give what is ready of the batches.

    None stands for one over the limit of the settings.
    """
    records: list[dict[str, Any]] = []
    good: list[int] = []
    sizes: list[int] = []
    no_object = f"the {word} is not an object"  # one text for all of them
    for row, raw in zip(rows, raws, strict=True):
        if raw is None:
            yield Reject(row, describe_limit(f"the {word}", settings))
            continue
        try:
            record = _load(raw)
        except orjson.JSONDecodeError as error:
            try:
                record, n_replaced = _repair(raw, error, batcher, settings)
            except _BrokenError as broken:
                yield broken.reject(row)
                continue
            batcher.note_replaced(row, n_replaced)
        if not isinstance(record, dict):
            yield Reject(row, no_object)
            continue
        good.append(row)
        records.append(record)
        sizes.append(len(raw))
    yield from batcher.add(good, records, sizes)


def _load(raw: bytes) -> Any:
    """Parse one value; what only Python's parser takes is taken too, to keep the row or to say better what is wrong."""
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError:
        # NaN as json.dumps writes it, and halves of surrogate pairs
        if not _LENIENT.search(raw):
            raise
        try:
            return json.loads(raw.decode())
        except (ValueError, RecursionError):
            pass
        raise
    if _may_be_rounded(value):
        with suppress(ValueError, RecursionError):  # more digits than Python takes, or levels
            return json.loads(raw.decode())
    return value


def _may_be_rounded(value: Any) -> bool:
    """Say whether a number in a value may have been a whole one past 64 bits, of which orjson makes a float."""
    waiting = [value]
    while waiting:
        outer = waiting.pop()
        parts = outer.values() if type(outer) is dict else outer if type(outer) is list else ()
        kinds = set(map(type, parts))
        if float in kinds:
            floats = parts if len(kinds) == 1 else [part for part in parts if type(part) is float]
            if max(floats) >= _EXACT_BELOW or min(floats) <= -_EXACT_BELOW:
                return True
        if kinds & _NESTED:
            waiting += [part for part in parts if type(part) in _NESTED]
    return False


def _repair(raw: bytes, error: orjson.JSONDecodeError, batcher: RecordBatcher, settings: Settings) -> tuple[Any, int]:
    """Parse what could not be, with what is not UTF-8 replaced and counted if the settings say so."""
    try:
        raw.decode()
    except UnicodeDecodeError as undecodable:
        if settings.encoding_errors == "reject":
            place = f": {undecodable.reason} at byte {undecodable.start}" if batcher.encoding == "utf-8" else ""
            raise _BrokenError(f"not {batcher.encoding.upper()}{place}", "decode") from None
        text, n_replaced = repair_utf8(raw)
        try:
            return _load(text.encode()), n_replaced
        except orjson.JSONDecodeError as still:
            error = still
    raise _BrokenError(f"not JSON: {error.msg} at character {error.colno}", "read")


class _BrokenError(ValueError):
    """Raw JSON that gives no record."""

    def __init__(self, reason: str, stage: str) -> None:
        super().__init__(reason)
        self._reason, self._stage = reason, stage

    def reject(self, row: int) -> Reject:
        return Reject(row, self._reason, stage=self._stage)
