"""What a run did, in figures: the contents of report.json and of the closing summary."""

import dataclasses
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dedup.arrow_views import view_numbers
from dedup.errors import InputError
from dedup.names import read_name
from dedup.schemas import REASONS, UNKNOWN_KIND
from dedup.settings import Settings
from dedup.versions import package_versions

if TYPE_CHECKING:
    from dedup.recall import Recall

REPORT_FORMAT: Final = 1
"""Raised when a key of report.json changes its meaning or goes."""

MOST_REJECTION_REASONS: Final = 20
"""Reasons counted one by one; the rarer ones are counted together, for a message may name a byte or a line."""

MOST_REASONS_COUNTED: Final = 100_000
"""Different reasons that are held to find the most frequent; any that comes later is counted with the others."""

MOST_NAMES: Final = 5
"""Files of no known kind that the summary names one by one; of more it tells the suffixes."""

OTHER_REASONS: Final = "other reasons"

ALARMING_SHARE: Final = 0.5
"""Above this share of characters removed the report warns: half of a corpus rarely is a copy of the rest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How much was removed on one account."""

    spans: int
    chars: int


@dataclass(frozen=True, slots=True, kw_only=True)
class InputFigures:
    """What only reading and splitting know of a run; everything else is counted from its tables."""

    n_sources: int
    n_paragraphs: int
    n_chars: int
    n_sites: int = 0
    n_renamed_ids: int = 0
    n_replaced_chars: int = 0
    n_repaired: int = 0
    skipped: Sequence[str] = ()
    by_extractor: Mapping[str, int] = field(default_factory=dict)
    no_text_files: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The figures of one run. Characters are Python's: code points, not bytes."""

    n_sources: int
    n_documents: int
    n_kept: int
    n_changed: int  # kept, with something removed
    n_emptied: int  # nothing left
    n_paragraphs: int
    n_chars: int
    n_chars_removed: int
    n_removed: int  # spans
    by_reason: Mapping[str, Tally]
    by_rule: Mapping[str, Tally]  # boilerplate only
    by_category: Mapping[str, Tally]  # boilerplate only
    n_overlaps: int
    n_rejected: int
    rejected_by_reason: Mapping[str, int]
    skipped: Sequence[str]  # those of the rejected that are of no known kind
    n_renamed_ids: int
    n_sites: int = 0  # that documents are known to be of
    n_replaced_chars: int = 0  # U+FFFD put in for what could not be decoded
    n_repaired: int = 0  # documents they are in
    by_extractor: Mapping[str, int] = field(default_factory=dict)  # pages that each found the text of; '' for none
    no_text_files: Sequence[str] = ()  # sources named like files of text, or without suffix, that are none
    bands: int  # as used, also when the settings left them to be chosen
    rows: int
    recall: Mapping[str, float] | None  # fields of dedup.recall.Recall; None where it was not asked for
    settings: Mapping[str, Any]
    versions: Mapping[str, str]
    seconds: Mapping[str, float]  # by stage
    warnings: Sequence[str]

    @property
    def share_removed(self) -> float:
        """Share of all characters that was removed, 0..1."""
        return self.n_chars_removed / self.n_chars if self.n_chars else 0.0

    def to_json(self) -> str:
        """Give the text of report.json."""
        fields = {"format": REPORT_FORMAT, **dataclasses.asdict(self)}
        return json.dumps(fields, indent=2, ensure_ascii=False) + "\n"

    @classmethod
    def from_json(cls, text: str) -> "Report":
        """Read a report back.

        Raises InputError if `text` is not a report of this format.
        """
        try:
            fields = json.loads(text)
            if fields.pop("format") != REPORT_FORMAT:
                raise InputError("the report was written by another version of dedup")
            for name in ("by_reason", "by_rule", "by_category"):
                fields[name] = {key: Tally(**tally) for key, tally in fields[name].items()}
            return cls(**fields)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            if isinstance(error, InputError):
                raise
            raise InputError(f"not a report of dedup: {error}") from error

    def facts(self) -> list[tuple[str, str]]:
        """Give the report as labelled sentences; what is unusual has one only where there is something."""
        facts = [
            (
                "read",
                f"{_count(self.n_documents, 'document')} from {_count(self.n_sources, 'source')}: "
                f"{_count(self.n_paragraphs, 'paragraph')}, {_count(self.n_chars, 'character')}",
            ),
            ("kept", f"{_count(self.n_kept, 'document')}, {self.n_changed:,} of them changed"),
            (
                "removed",
                f"{_count(self.n_removed, 'span')}, {_count(self.n_chars_removed, 'character')} "
                f"({100 * self.share_removed:.1f} %)",
            ),
        ]
        if self.n_sites:
            facts.append(("sites", f"{_count(self.n_sites, 'site')} told apart, over whose pages boilerplate recurs"))
        if self.by_extractor:
            counts = ", ".join(
                f"{count:,} by {name}" if name else f"{count:,} without text"
                for name, count in self.by_extractor.items()
            )
            facts.insert(1, ("extracted", f"{_count(sum(self.by_extractor.values()), 'page')}: {counts}"))
        if self.n_emptied:
            facts.append(("emptied", f"{_count(self.n_emptied, 'document')} of which nothing is left"))
        if self.n_overlaps:
            facts.append(("overlaps", f"{_count(self.n_overlaps, 'pair')} alike but not enough to remove either"))
        if self.recall is not None:
            facts.append(("recall", _describe_recall(self.recall)))
        n_broken = self.n_rejected - len(self.skipped)
        if n_broken > 0:
            facts.append(("rejected", f"{_count(n_broken, 'input')} that could not be read{self._main_reasons()}"))
        if self.n_replaced_chars:
            facts.append(
                (
                    "repaired",
                    f"{_count(self.n_replaced_chars, 'character')} in {_count(self.n_repaired, 'document')} "
                    "that could not be decoded",
                )
            )
        if self.skipped:
            facts.append(
                ("skipped", f"{_count(len(self.skipped), 'input')} {UNKNOWN_KIND}: {_describe_names(self.skipped)}")
            )
        if self.n_renamed_ids:
            facts.append(("ids", f"{self.n_renamed_ids:,} renamed by source and row, because they repeated"))
        facts.extend(("warning", warning) for warning in self.warnings)
        return facts

    def _main_reasons(self) -> str:
        """Give ': reason (count); ...' for the most frequent reasons, those apart that a line of their own tells."""
        told = [(why, count) for why, count in self.rejected_by_reason.items() if why != UNKNOWN_KIND]
        shown = "; ".join(f"{why} ({count:,})" for why, count in told[:3])
        return f": {shown}{'; ...' if len(told) > 3 else ''}" if shown else ""

    def accounts(self, most_rules: int = 10) -> list[tuple[int, str, Tally]]:
        """Give what was removed by reason and, one level deeper, by rule, as (depth, name, tally)."""
        accounts: list[tuple[int, str, Tally]] = []
        for reason, tally in self.by_reason.items():
            accounts.append((0, reason, tally))
            if reason == "boilerplate":
                accounts.extend((1, rule, count) for rule, count in list(self.by_rule.items())[:most_rules])
                if len(self.by_rule) > most_rules:
                    rest = list(self.by_rule.values())[most_rules:]
                    total = Tally(spans=sum(tally.spans for tally in rest), chars=sum(tally.chars for tally in rest))
                    accounts.append((1, f"{len(rest)} more rule{'s' if len(rest) > 1 else ''}", total))
        return accounts

    def summary(self) -> str:
        """Give the report as a few lines of plain text."""
        lines = [f"{label:<9} {fact}" for label, fact in self.facts()]
        lines.extend(
            f"{'':<9} {'  ' * depth + name:<44} {tally.spans:>9,} {tally.chars:>13,}"
            for depth, name, tally in self.accounts()
        )
        return "\n".join(lines)


@dataclass(slots=True)
class ReportBuilder:
    """Counts what a run did while the rows of its final tables pass."""

    _n_rows: Counter[str] = field(default_factory=Counter)
    _n_changed: int = 0
    _by_account: dict[tuple[str, str | None], Tally] = field(default_factory=dict)  # reason and rule
    _reasons: Counter[str] = field(default_factory=Counter)
    _n_other_reasons: int = 0

    def add(self, name: str, table: pa.Table) -> None:
        """Count rows of one of the tables in dedup.schemas: documents, removed, overlaps, rejected or emptied."""
        self._n_rows[name] += table.num_rows
        if name == "documents":
            self._n_changed += pc.sum(pc.greater(table["n_removed"], 0)).as_py() or 0
        elif name == "removed":
            for account, tally in _tally(table):
                self._by_account[account] = _add(self._by_account.get(account), tally)
        elif name == "rejected":
            self._count_reasons(table["reason"])

    def build(
        self,
        *,
        figures: InputFigures,
        settings: Settings,
        seconds: Mapping[str, float],
        recall: "Recall | None" = None,
        warnings: Sequence[str] = (),
    ) -> Report:
        """Give the report of all that was counted; `seconds` is wall time by stage."""
        by_reason, by_rule = self._sum_accounts()
        n_chars_removed = sum(tally.chars for tally in by_reason.values())
        n_chars = figures.n_chars
        bands, rows = settings.band_shape
        return Report(
            n_sources=figures.n_sources,
            n_documents=self._n_rows["documents"] + self._n_rows["emptied"],
            n_kept=self._n_rows["documents"],
            n_changed=self._n_changed,
            n_emptied=self._n_rows["emptied"],
            n_paragraphs=figures.n_paragraphs,
            n_chars=n_chars,
            n_chars_removed=n_chars_removed,
            n_removed=self._n_rows["removed"],
            by_reason=by_reason,
            by_rule=by_rule,
            by_category=_by_category(by_rule),
            n_overlaps=self._n_rows["overlaps"],
            n_rejected=self._n_rows["rejected"],
            rejected_by_reason=self._main_reasons(),
            skipped=list(figures.skipped),
            n_renamed_ids=figures.n_renamed_ids,
            n_sites=figures.n_sites,
            n_replaced_chars=figures.n_replaced_chars,
            n_repaired=figures.n_repaired,
            by_extractor=dict(figures.by_extractor),
            no_text_files=list(figures.no_text_files),
            bands=bands,
            rows=rows,
            recall=None if recall is None else dataclasses.asdict(recall),
            settings={
                **dataclasses.asdict(settings),
                "without": list(settings.without),
                "rules": list(settings.rule_paths),
            },
            versions=package_versions(),
            seconds={stage: round(duration, 3) for stage, duration in seconds.items()},
            warnings=[*warnings, *_alarms(n_chars, n_chars_removed)],
        )

    def _sum_accounts(self) -> tuple[dict[str, Tally], dict[str, Tally]]:
        """Give removals by reason, in the order of REASONS, and by rule, the largest first."""
        by_reason: dict[str, Tally] = {}
        by_rule: dict[str, Tally] = {}
        for (reason, rule), tally in self._by_account.items():
            by_reason[reason] = _add(by_reason.get(reason), tally)
            if rule is not None:
                by_rule[rule] = _add(by_rule.get(rule), tally)
        order = {reason: place for place, reason in enumerate(REASONS)}
        in_order = sorted(by_reason, key=lambda reason: (order.get(reason, len(order)), reason))
        return {reason: by_reason[reason] for reason in in_order}, _largest_first(by_rule)

    def _count_reasons(self, reasons: pa.ChunkedArray) -> None:
        """Count rejections by reason; all that say that there is no reader for a suffix are one."""
        for pair in pc.value_counts(reasons).to_pylist():  # in order of first appearance
            reason: str = pair["values"]
            told = UNKNOWN_KIND if reason.startswith(UNKNOWN_KIND) else reason
            is_held = told in self._reasons or told == UNKNOWN_KIND
            if is_held or len(self._reasons) < MOST_REASONS_COUNTED:
                self._reasons[told] += pair["counts"]
            else:
                self._n_other_reasons += pair["counts"]

    def _main_reasons(self) -> dict[str, int]:
        """Give the most frequent reasons, the others together."""
        pairs = sorted(self._reasons.items(), key=lambda pair: (-pair[1], pair[0]))
        counts = dict(pairs[:MOST_REJECTION_REASONS])
        rest = self._n_other_reasons + sum(count for _, count in pairs[MOST_REJECTION_REASONS:])
        return counts | ({OTHER_REASONS: rest} if rest else {})


def _tally(removed: pa.Table) -> list[tuple[tuple[str, str | None], Tally]]:
    """Count removals by reason and rule."""
    if not removed.num_rows:
        return []
    # not Table.group_by, whose module takes longer to import than this takes
    reasons, rules = (pc.dictionary_encode(removed[name], "encode").combine_chunks() for name in ("reason", "rule"))
    accounts = reasons.indices.to_numpy() * len(rules.dictionary) + rules.indices.to_numpy()
    chars = view_numbers(removed["end"]) - view_numbers(removed["start"])
    found, first, place = np.unique(accounts, return_index=True, return_inverse=True)
    reason, rule = (part.tolist() for part in np.divmod(found, len(rules.dictionary)))
    names, titles = reasons.dictionary.to_pylist(), rules.dictionary.to_pylist()
    spans = np.bincount(place).tolist()
    sums = np.bincount(place, chars).astype(np.int64).tolist()
    return [
        ((names[reason[at]], titles[rule[at]]), Tally(spans=spans[at], chars=sums[at]))
        for at in np.argsort(first).tolist()  # in order of first appearance, however the rows are cut into tables
    ]


def _by_category(by_rule: Mapping[str, Tally]) -> dict[str, Tally]:
    by_category: dict[str, Tally] = {}
    for rule, tally in by_rule.items():
        category = rule.partition("/")[0]
        by_category[category] = _add(by_category.get(category), tally)
    return _largest_first(by_category)


def _largest_first(tallies: Mapping[str, Tally]) -> dict[str, Tally]:
    """Sort by spans, then by name: grouping runs in threads and gives its groups in no fixed order."""
    return dict(sorted(tallies.items(), key=lambda item: (-item[1].spans, item[0])))


def _add(total: Tally | None, tally: Tally) -> Tally:
    if total is None:
        return tally
    return Tally(spans=total.spans + tally.spans, chars=total.chars + tally.chars)


def _alarms(n_chars: int, n_chars_removed: int) -> list[str]:
    """Say loudly what a silent run would hide."""
    if n_chars and n_chars_removed / n_chars > ALARMING_SHARE:
        return [
            f"{100 * n_chars_removed / n_chars:.0f} % of all characters were removed; "
            "look at `removed` before using the result"
        ]
    return []


def _describe_names(names: Sequence[str]) -> str:
    """Give the names if they are few, else how often each suffix occurs, compression aside."""
    if len(names) <= MOST_NAMES:
        return ", ".join(names)
    suffixes = Counter(read_name(name).suffix or "none" for name in names)
    shown = [
        f"{suffix} ({count:,})" for suffix, count in sorted(suffixes.items(), key=lambda pair: (-pair[1], pair[0]))
    ]
    return f"suffixes {', '.join(shown[:MOST_NAMES])}{', ...' if len(shown) > MOST_NAMES else ''}"


def _describe_recall(recall: Mapping[str, float]) -> str:
    n_pairs, n_found = int(recall["n_pairs"]), int(recall["n_found"])
    sample = f"{_count(int(recall['n_sampled']), 'paragraph')} compared with all others"
    if not n_pairs:
        return f"no pair reaches the threshold among {sample}"
    return (
        f"{n_found:,} of {_count(n_pairs, 'pair')} at or above the threshold found, {n_found / n_pairs:.4f} "
        f"(95 % within {recall['low']:.4f} to {recall['high']:.4f}): {sample}"
    )


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
