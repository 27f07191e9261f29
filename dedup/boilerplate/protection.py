"""Documents that keep what would be boilerplate elsewhere: those that consist of it, and legal texts."""

from collections import Counter
from collections.abc import Sequence
from typing import Final

from dedup.boilerplate.rule_files import RuleFile, tokens_of
from dedup.boilerplate.wording import bare, translate

LEGAL_CATEGORIES: Final = frozenset({"copyright", "repost-disclaimer", "legal-disclaimer", "cookie"})
"""What a licence, a privacy policy or a copyright file says of itself."""

LEGAL_SHARE: Final = 0.02
"""Share of tokens from which a document counts as a legal text. Licences have .02 to .10 of them; of 261
news and blog texts none had more than .012, and those were about copyright."""

LEAST_LEGAL_WORDS: Final = 2

STUB_TOKENS: Final = 50
"""A text no longer than this that opens with a copyright notice is the header of a licensed work, not news."""

N_TITLE_PARAGRAPHS: Final = 3

READ_BYTES: Final = 30_000
"""How much of a document is read to tell whether it is a legal text; the rest of a longer one is like it."""


def is_legal_text(paragraphs: Sequence[str], rule_files: Sequence[RuleFile], *, opens_with_notice: bool) -> bool:
    """Say whether a document is a legal text, by its first lines or by its words throughout.

    Takes the document's paragraphs without those that rules would take, and
    whether the first one was taken as a copyright notice.
    """
    for paragraph in paragraphs[:N_TITLE_PARAGRAPHS]:
        title = bare(translate(paragraph[:200]))
        if any(file.legal_titles is not None and file.legal_titles.fullmatch(title) for file in rule_files):
            return True
    tokens = tokens_of("\n".join(paragraphs))
    counts, n_tokens = Counter(tokens), len(tokens)
    if opens_with_notice and n_tokens <= STUB_TOKENS:
        return True
    for file in rule_files:
        n_legal = sum(counts[word] for word in file.legal_words)
        if n_legal >= LEAST_LEGAL_WORDS and n_legal >= LEGAL_SHARE * n_tokens:
            return True
    return False
