"""By what a paragraph shows that it may be of a language: rules of other languages than English ask for that.

"Copyright", "cookies" or "YouTube" are cues in many languages, and a paragraph that holds one is mostly English: trying
the rules of all the others on it takes most of the time and finds nothing. A word or a letter that English has not is
enough, since nothing is lost if a rule is tried for it in vain.
"""

import tomllib
from collections.abc import Iterable, Mapping
from importlib.resources import files
from typing import Final

from dedup.boilerplate.tokens import tokens_of

ALWAYS_TRIED: Final = "en"

MOST_LANGUAGES: Final = 16
"""That ask for evidence; rules of others are always tried."""

_OF_NAMES: Final = ("photo-credit", "wire-credit")

FEWEST_LETTERS: Final = 2
"""Single letters stand for anything in any language."""

_LATIN: Final = ("de", "es", "fr", "it", "nl", "pl", "pt", "tr")

_LEADS: Final[tuple[tuple[int, int, tuple[str, ...]], ...]] = (
    (0xC3, 0xCA, _LATIN),  # letters with accents; C2 is typography
    (0xCC, 0xCC, (*_LATIN, "el")),  # accents alone
    (0xCD, 0xCF, ("el",)),
    (0xD0, 0xD4, ("ru",)),
    (0xD8, 0xDB, ("ar",)),
    (0xE1, 0xE1, ("el",)),
    (0xE3, 0xED, ("ja", "ko", "zh")),
    (0xEF, 0xEF, ("ar", "ja", "ko", "zh")),  # wide and joined forms
    (0xF0, 0xF0, ("ja", "zh")),
)
"""First bytes of characters in UTF-8, from and to, and the languages that write such characters."""

WITH_LETTERS: Final = frozenset(language for _, _, languages in _LEADS for language in languages)


def own_words(vocabularies: Mapping[str, Iterable[str]]) -> dict[str, frozenset[str]]:
    """Give, of each language but ALWAYS_TRIED, the words of ASCII by which it is told from this.

    `vocabularies` are texts of each language, the words that it is told by and, of ALWAYS_TRIED, those that it is
    not told from; function words go with both.
    """
    grammar = tomllib.loads(files("dedup").joinpath("function_words.toml").read_text(encoding="utf-8"))

    def words_of(language: str) -> set[str]:
        return {word for text in (*vocabularies[language], grammar.get(language, "")) for word in tokens_of(text)}

    english = words_of(ALWAYS_TRIED) if ALWAYS_TRIED in vocabularies else set()
    return {
        language: frozenset(
            word
            for word in words_of(language) - english
            if word.isascii() and word.isalpha() and len(word) >= FEWEST_LETTERS
        )
        for language in vocabularies
        if language != ALWAYS_TRIED
    }


def is_of_names(category: str, language: str) -> bool:
    """Say whether lines of a category may be nothing but names in Latin letters, which show no language: "dpa/AFP"."""
    return category in _OF_NAMES and language in _LATIN


def lead_bits(bits: Mapping[str, int]) -> list[int]:
    """Give, for each byte of UTF-8, the bits of the languages that it is evidence of, 0 if of none."""
    leads = [0] * 256
    for first, last, languages in _LEADS:
        for byte in range(first, last + 1):
            for language in languages:
                leads[byte] |= bits.get(language, 0)
    return leads
