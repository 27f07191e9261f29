"""Text that is nobody's content, found by rules that are data: one TOML file a language in `rules/`.

rule.py         Rule, and RuleFile: those of a language (packed.py: what is read of a rule when somebody asks for it)
rule_files.py   rule files -> Rule, checked and compiled once
checking.py     rules held to their examples
table.py        RULES: "category/name" -> rule, those of a user's files, and what protects legal texts
kept.py         compiled patterns, kept from run to run
wording.py      one paragraph -> the form that rules are tried on, and its sentences
cues.py         the words by which a paragraph is told on which rules are worth trying
languages.py    by what a paragraph shows that it may be of a language
required.py     what a paragraph must hold for a pattern to match it, read from the pattern (regexes.py, traces.py)
shipped.py      the same of dedup's own rules, as it ships with them
screening.py    many paragraphs -> the ways in which each could match, by cues, lengths, places and what is required
trials.py       one paragraph -> the rule that it matches, and the part of it that goes
company.py      what rules match that is not enough alone, and what else there is around it
likeness.py     what no rule matches, but is worded like boilerplate and stands among it
signatures.py   what is below "-- " or a row of strokes at the end of mail
protection.py   documents that consist of such text, or are legal texts, keep it
finding.py      documents and paragraphs -> BOILERPLATE
"""

from dedup.boilerplate.checking import check_examples
from dedup.boilerplate.finding import cue_limits, cue_tables, cue_tokens, find_boilerplate
from dedup.boilerplate.kept import keep_for_later
from dedup.boilerplate.rule import Rule
from dedup.boilerplate.rule_files import load_rules
from dedup.boilerplate.table import RULES, read_rule_texts, with_rules_read

__all__ = [
    "RULES",
    "Rule",
    "check_examples",
    "cue_limits",
    "cue_tables",
    "cue_tokens",
    "find_boilerplate",
    "keep_for_later",
    "load_rules",
    "read_rule_texts",
    "with_rules_read",
]
