"""The table of all rules, and what else their files say."""

from typing import Final

from dedup.boilerplate.rule_files import Rule, RuleFile, load_rules

RULE_FILES: Final[dict[str, RuleFile]] = load_rules()
"""Language -> its rule file. Read when this module is first imported, which is when rules are first used."""

RULES: Final[dict[str, Rule]] = {rule.title: rule for file in RULE_FILES.values() for rule in file.rules}
"""What a removal names, "category/name" -> the rule, in the order in which rules are tried."""
