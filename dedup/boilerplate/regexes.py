"""What every text that a regular expression matches must hold, read from the expression.

Source of the method: Russ Cox, Regular Expression Matching with a Trigram Index, 2012: strings that cannot be missing
from a match, gathered along its parts; here they are cut at the edges of words, and joined as what must all be there.
"""

import functools
import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import product
from typing import Any, Final, NamedTuple

from dedup.boilerplate.tokens import normal_form
from dedup.boilerplate.traces import EDGE, END, START, UNKNOWN, Clause, make_clause, weakest

MOST_STRINGS: Final = 200
"""More strings than these, of which one must be there, are cut into shorter ones."""

MOST_CROSSED: Final = 4000

MOST_SETS: Final = 600
"""A clause of more sets of traces than these costs more than it tells."""

_MOST_CHOICES: Final = 12  # of one character
_MOST_ROUNDS: Final = 3
_MOST_CLAUSES: Final = 3  # kept of each branch
_SPLITS: Final = 3

_LEAD: Final = re.compile(r"\x01[^a-z0-9\x01-\x04]*(?:[a-z0-9]+[^a-z0-9\x01-\x04]+){0,2}")
_LEAD_OF_LESS: Final = re.compile(r"\x01[^a-z0-9\x01-\x04]*[a-z0-9]*")

_Item = tuple[Any, Any]
"""A part of a parsed expression: what it is, and its arguments."""


class _Edges(NamedTuple):
    """How a part of an expression meets the parts beside it."""

    can_vanish: bool  # match nothing, and say nothing of what it stands between
    starts_clear: bool  # with no letter or digit, if it matches anything
    ends_clear: bool


def find_clauses(source: str, *, is_whole: bool) -> list[list[Clause]]:
    """Give alternatives, of one of which each match of an expression fulfils all clauses.

    Where is_whole is set a match is all of a sentence, or of several: START and END stand in its strings.
    An alternative without clauses says nothing. Raises re.error for what is no expression.
    """
    try:
        from re import _constants, _parser  # type: ignore[attr-defined]
    except ImportError:  # a Python that goes about it otherwise
        return [[]]
    reader = _Reader(_constants)
    alternatives = [reader.hold(_parser.parse(source, re.IGNORECASE))]
    for _ in range(_SPLITS):
        alternatives = [part for items in alternatives for part in reader.split(items)]
    if is_whole:
        start, end = ((_constants.LITERAL, ord(mark)) for mark in (START, END))
        alternatives = [[start, *items, end] for items in alternatives]
    return [reader.clauses(items, is_cut_before=False, is_cut_behind=False, rounds=2) for items in alternatives]


class _Reader:
    """Reads parsed expressions; takes the names of their parts."""

    def __init__(self, names: Any) -> None:
        self.names = names
        self.repeats = (names.MAX_REPEAT, names.MIN_REPEAT, names.POSSESSIVE_REPEAT)
        # By the identity of an item's arguments, as inner parts are asked for often; so all items are held on to.
        self._known_strings: dict[tuple[Any, int], set[str] | None] = {}
        self._known_edges: dict[tuple[Any, int], _Edges] = {}
        self._held: list[Any] = []

    def hold(self, sequence: Iterable[_Item]) -> list[_Item]:
        """Give the items of a sequence that is to last as long as this."""
        self._held.append(sequence)
        return list(sequence)

    def split(self, items: Sequence[_Item]) -> Iterator[list[_Item]]:
        """Give the branches of what is but one choice."""
        if len(items) == 1 and items[0][0] is self.names.BRANCH:
            yield from (list(branch) for branch in items[0][1][1])
        elif len(items) == 1 and items[0][0] is self.names.SUBPATTERN:
            yield list(items[0][1][3])
        else:
            yield list(items)

    def clauses(
        self, sequence: Iterable[_Item], *, is_cut_before: bool, is_cut_behind: bool, rounds: int = 1
    ) -> list[Clause]:
        """Give what each match of a sequence holds; told whether a word can go on before and behind it.

        Of what must repeat in it so many rounds are looked at one by one.
        """
        items = self.hold(list(self._flatten(sequence, rounds)))
        edges = [self._edges(*item) for item in items]
        before, behind = [is_cut_before], [is_cut_behind]
        for edge in edges:
            before.append(edge.ends_clear and (before[-1] or not edge.can_vanish))
        for edge in reversed(edges):
            behind.append(edge.starts_clear and (behind[-1] or not edge.can_vanish))
        behind.reverse()
        found: list[Clause] = []
        at = 0
        while at < len(items):
            kind, arguments = items[at]
            texts = None if kind is self.names.ASSERT else self._strings(kind, arguments)
            if texts is None:
                found += self._inner_clauses(
                    items[at], before[at], behind[at + 1], follows_start=self._are_start(items[:at])
                )
                at += 1
                continue
            past = at + 1
            while past < len(items) and items[past][0] is not self.names.ASSERT:
                more = self._strings(*items[past])
                if more is None:
                    break
                if len(texts) * len(more) > MOST_CROSSED:
                    break
                joined = _join(texts, more)
                if len(joined) > MOST_STRINGS:
                    clause = _lead_clause(joined)
                    found += [clause] if clause else []
                    break
                texts = joined
                past += 1
            clause = make_clause(texts, is_cut_before=before[at], is_cut_behind=behind[past])
            found += [clause] if clause else []
            at = past
        return list(dict.fromkeys(found))

    def _are_start(self, items: Sequence[_Item]) -> bool:
        """Say whether items are the beginning of a match, with nothing but looks at what follows behind it."""
        start = (self.names.LITERAL, ord(START))
        looks = (self.names.ASSERT, self.names.ASSERT_NOT)
        return start in items and all(item == start or item[0] in looks for item in items)

    def _inner_clauses(
        self, item: _Item, is_cut_before: bool, is_cut_behind: bool, *, follows_start: bool
    ) -> list[Clause]:
        """Give what each match of a part holds that is more than a few strings."""
        kind, arguments = item
        start = [(self.names.LITERAL, ord(START))] if follows_start else []
        if kind is self.names.BRANCH:
            return either(
                [
                    self.clauses([*start, *branch], is_cut_before=is_cut_before, is_cut_behind=is_cut_behind)
                    for branch in arguments[1]
                ]
            )
        if kind is self.names.ASSERT and arguments[0] > 0:  # of what follows
            return self.clauses([*start, *arguments[1]], is_cut_before=is_cut_before, is_cut_behind=False)
        return []

    def _flatten(self, sequence: Iterable[_Item], rounds: int = 1) -> Iterator[_Item]:
        """Give the parts with groups opened, and the first rounds of what must repeat written out."""
        for kind, arguments in sequence:
            if kind is self.names.SUBPATTERN:
                yield from self._flatten(arguments[3], rounds)
            elif kind is self.names.ATOMIC_GROUP:
                yield from self._flatten(arguments, rounds)
            elif kind in self.repeats and arguments[0] >= 1 and self._strings(kind, arguments) is None:
                least, most, repeated = arguments
                written = min(least, rounds)
                for _ in range(written):
                    yield from self._flatten(repeated)
                if most is self.names.MAXREPEAT:
                    yield kind, (least - written, most, repeated)
                elif most > written:
                    yield kind, (least - written, most - written, repeated)
            else:
                yield kind, arguments

    def _strings(self, kind: Any, arguments: Any) -> set[str] | None:
        """Give all that a part can match, in lower case; None if that is too much to list."""
        key = (kind, id(arguments))
        if key not in self._known_strings:
            self._known_strings[key] = self._find_strings(kind, arguments)
        return self._known_strings[key]

    def _find_strings(self, kind: Any, arguments: Any) -> set[str] | None:
        names = self.names
        if kind is names.LITERAL:
            return {_spell(chr(arguments))}
        if kind is names.IN:
            return self._choices(arguments)
        if kind is names.BRANCH:
            branches = [self._strings_of(branch) for branch in arguments[1]]
            found = {text for branch in branches if branch is not None for text in branch}
            return None if None in branches or len(found) > MOST_STRINGS else found
        if kind is names.SUBPATTERN:
            return self._strings_of(arguments[3])
        if kind is names.ATOMIC_GROUP:
            return self._strings_of(arguments)
        if kind in self.repeats:
            return self._rounds(*arguments)
        if kind is names.AT:
            return {EDGE} if arguments in (names.AT_BOUNDARY, names.AT_END) else None
        return {""} if kind in (names.ASSERT, names.ASSERT_NOT) else None

    def _strings_of(self, sequence: Iterable[_Item]) -> set[str] | None:
        texts = {""}
        for item in sequence:
            more = self._strings(*item)
            if more is None or len(texts) * len(more) > MOST_STRINGS:
                return None
            texts = _join(texts, more)
        return texts

    def _choices(self, members: Sequence[_Item]) -> set[str] | None:
        """Give the characters of a class."""
        found: set[str] = set()
        for kind, value in members:
            if kind is self.names.LITERAL:
                found.add(_spell(chr(value)))
            elif kind is self.names.RANGE and value[1] - value[0] < _MOST_CHOICES:
                found.update(_spell(chr(code)) for code in range(value[0], value[1] + 1))
            else:
                return None
        return found if len(found) <= _MOST_CHOICES else None

    def _rounds(self, least: int, most: Any, repeated: Sequence[_Item]) -> set[str] | None:
        if most is self.names.MAXREPEAT or most > _MOST_ROUNDS:
            return None
        once = self._strings_of(repeated)
        if once is None or len(once) ** most > MOST_STRINGS:
            return None
        return {"".join(texts) for n in range(least, most + 1) for texts in product(once, repeat=n)}

    def _edges(self, kind: Any, arguments: Any) -> _Edges:
        key = (kind, id(arguments))
        if key not in self._known_edges:
            self._known_edges[key] = self._find_edges(kind, arguments)
        return self._known_edges[key]

    def _find_edges(self, kind: Any, arguments: Any) -> _Edges:
        names = self.names
        if kind is names.LITERAL:
            is_clear = _is_clear(chr(arguments))
            return _Edges(False, is_clear, is_clear)
        if kind is names.IN:
            is_clear = all(
                _is_clear(chr(value)) if kind is names.LITERAL else value is names.CATEGORY_SPACE
                for kind, value in arguments
            )
            return _Edges(False, is_clear, is_clear)
        if kind is names.BRANCH:
            branches = [self._edges_of(branch) for branch in arguments[1]]
            return _Edges(
                any(edge.can_vanish for edge in branches),
                all(edge.starts_clear for edge in branches),
                all(edge.ends_clear for edge in branches),
            )
        if kind is names.SUBPATTERN:
            return self._edges_of(arguments[3])
        if kind is names.ATOMIC_GROUP:
            return self._edges_of(arguments)
        if kind in self.repeats:
            inner = self._edges_of(arguments[2])
            return inner._replace(can_vanish=inner.can_vanish or arguments[0] == 0)
        if kind is names.AT and arguments is not names.AT_NON_BOUNDARY:
            return _Edges(False, True, True)
        if kind in (names.ASSERT, names.ASSERT_NOT):
            return _Edges(True, True, True)
        is_character = kind in (names.ANY, names.NOT_LITERAL)
        return _Edges(not is_character, False, False)

    def _edges_of(self, sequence: Iterable[_Item]) -> _Edges:
        edges = [self._edges(*item) for item in sequence]
        return _Edges(
            all(edge.can_vanish for edge in edges),
            all(edge.starts_clear for edge in _up_to_solid(edges)),
            all(edge.ends_clear for edge in _up_to_solid(reversed(edges))),
        )


def _up_to_solid(edges: Iterable[_Edges]) -> Iterator[_Edges]:
    """Give the edges up to the first that cannot vanish."""
    for edge in edges:
        yield edge
        if not edge.can_vanish:
            return


@functools.lru_cache(maxsize=1024)
def _is_clear(character: str) -> bool:
    """Say whether a character is of no token."""
    return not any(part.isalnum() or unicodedata.combining(part) for part in normal_form(character))


@functools.lru_cache(maxsize=1024)
def _spell(character: str) -> str:
    """Give a character as texts have it; UNKNOWN for a letter that they may have in several spellings."""
    form = normal_form(character)
    if form.isascii() or not character.isalnum():
        return form
    return form if form[0].isascii() and form[0].isalpha() and not form[1:].isalnum() else UNKNOWN


def _join(first: Iterable[str], second: Iterable[str]) -> set[str]:
    """Give each of the first strings with each of the second behind it."""
    return {text + more for text, more in product(first, second)}


def _lead_clause(texts: Collection[str]) -> Clause | None:
    """Give the clause of the beginnings of strings that begin a match, for they are fewer; None if they do not."""
    if not all(text.startswith(START) for text in texts):
        return None
    for pattern in (_LEAD, _LEAD_OF_LESS):
        found = [pattern.match(text) for text in texts]
        leads = {match[0] for match in found if match is not None}
        clause = make_clause(leads, is_cut_before=False, is_cut_behind=False)
        if all(found) and clause is not None and len(clause) <= MOST_STRINGS:
            return clause
    return None


def either(branches: Sequence[Sequence[Clause]]) -> list[Clause]:
    """Give clauses for texts that fulfil those of one of several branches: the most telling ones of each together."""
    if not all(branches):
        return []
    ranked = [sorted(clauses, key=_how_telling, reverse=True) for clauses in branches]
    n = min(_MOST_CLAUSES, max(len(clauses) for clauses in ranked))
    joined = [
        weakest(traces for clauses in ranked for traces in clauses[min(rank, len(clauses) - 1)]) for rank in range(n)
    ]
    return [clause for clause in dict.fromkeys(joined) if len(clause) <= MOST_SETS]


def _how_telling(clause: Clause) -> tuple[int, int]:
    """Rank a clause by the letters of its shortest set, then by how few there are."""
    return min(sum(len(trace.first) + len(trace.second) for trace in traces) for traces in clause), -len(clause)
