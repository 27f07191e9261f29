"""What the patterns of dedup's own rules require, shipped with them: to read it takes a first run seven seconds.

It is written by `python -m benchmarks write-required`, and holds for the rules and the code it was read by; where any
of them is another, as while rules are written, it is read anew, once.
"""

import functools
import hashlib
import zipfile
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from dedup.boilerplate.required import Required, join_required, read_required
from dedup.boilerplate.rule import Rule
from dedup.boilerplate.table import RULES, find_rules, kept_from_run_to_run
from dedup.settings import Settings

SHIPPED: Final = Path(__file__).with_name("required.npz")

_READ_BY: Final = (
    *("boilerplate/regexes.py", "boilerplate/required.py", "boilerplate/spellings.py", "boilerplate/tokens.py"),
    *("boilerplate/traces.py", "kernels/characters.npz", "kernels/mixing.py", "kernels/tokens.py", "kernels/traces.py"),
    *("kernels/words.py", "token_tables.py"),
)
"""On what else than the patterns it depends what they are found to require."""

_STARTS: Final = ("first_alternative", "first_clause", "first_set", "first_trace")


@functools.lru_cache(maxsize=8)
def find_required(settings: Settings) -> Required:
    """Give what all rules of these settings ask for, in the order in which find_rules gives them."""
    shipped = kept_from_run_to_run("required", _read_own)
    own = [rule for title, rule in find_rules(settings).rules.items() if title not in RULES]
    return join_required([read_required(own), shipped]) if own else shipped


def _read_own() -> Required:
    return load_required(RULES.values()) or read_required(RULES.values())


def ship_required(rules: Iterable[Rule], path: Path = SHIPPED) -> Required:
    """Write what rules require, and give it."""
    rules = list(rules)
    required = read_required(rules)
    arrays: dict[str, NDArray[np.generic]] = {"clauses": required.clauses, "traces": required.traces}
    arrays |= {name: np.diff(getattr(required, name)).astype(np.uint16) for name in _STARTS}
    with path.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, digest=np.array(digest_of(rules)), **arrays)
    return required


def load_required(rules: Iterable[Rule], path: Path = SHIPPED) -> Required | None:
    """Give what rules require as it was written; None if that was of other rules or by other code."""
    try:
        with path.open("rb") as file, np.load(file) as stored:
            if str(stored["digest"]) != digest_of(rules):
                return None
            starts = {name: np.cumsum([0, *stored[name]], dtype=np.int32) for name in _STARTS}
            clauses, traces = stored["clauses"], stored["traces"]
    except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile, zlib.error):
        return None
    return Required(**starts, clauses=clauses, traces=traces, leads=traces[starts["first_trace"][:-1]])


def digest_of(rules: Iterable[Rule]) -> str:
    """Give what tells whether rules, and the code by which it was read what they require, are still the same."""
    digest = hashlib.sha256()
    package = Path(__file__).parent.parent
    for name in _READ_BY:
        digest.update((package / name).read_bytes())
    for rule in rules:
        asked = (rule.title, rule.pattern.sources, [sign.sources for sign in rule.signs], rule.needs)
        digest.update(repr(asked).encode())
    return digest.hexdigest()
