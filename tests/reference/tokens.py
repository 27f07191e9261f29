"""Text to tokens, by the definition: runs of letters, marks and digits of the normal form."""

import unicodedata

SPACELESS_NAMES = (
    "CJK UNIFIED IDEOGRAPH",
    "CJK COMPATIBILITY IDEOGRAPH",
    "IDEOGRAPHIC",
    "VERTICAL IDEOGRAPHIC",
    "VERTICAL KANA",
    "HANGZHOU NUMERAL",
    "HIRAGANA",
    "KATAKANA",
    "HENTAIGANA",
    "THAI ",
    "LAO ",
    "KHMER ",
    "MYANMAR ",
    "TIBETAN ",
)
"""How the names of characters begin that are a token each."""


def normal_form(text: str) -> str:
    """Give NFKD, lower case with one kind of sigma, NFKD again."""
    lower = unicodedata.normalize("NFKD", text).lower().replace("ς", "σ")
    return unicodedata.normalize("NFKD", lower)


def split_tokens(text: str) -> list[str]:
    """Give the tokens of a text in their normal form.

    A mark joins the token before it if nothing stands between, and is nothing by itself.
    """
    tokens: list[str] = []
    can_join_mark = can_join_word = False
    for char in normal_form(text):
        kind = unicodedata.category(char)[0]
        if kind == "M":
            if can_join_mark:
                tokens[-1] += char
        elif kind in "LN":
            is_spaceless = unicodedata.name(char, "").startswith(SPACELESS_NAMES)
            if can_join_word and not is_spaceless:
                tokens[-1] += char
            else:
                tokens.append(char)
            can_join_mark = True
            can_join_word = not is_spaceless
        else:
            can_join_mark = can_join_word = False
    return tokens


def token_shingles(tokens: list[str], width: int) -> list[tuple[str, ...]]:
    """Give every run of `width` tokens; a shorter text is one shingle, no tokens are none."""
    if not tokens:
        return []
    return [tuple(tokens[start : start + width]) for start in range(max(1, len(tokens) - width + 1))]


def jaccard(left: str, right: str, width: int) -> float:
    """Give the share of shingles of two texts that both have; 1 if neither has any."""
    a, b = (set(token_shingles(split_tokens(text), width)) for text in (left, right))
    return len(a & b) / len(a | b) if a | b else 1.0


def containment(inner: str, outer: str, width: int) -> float:
    """Give the share of the inner text's shingles that the outer has; 1 if it has none."""
    a, b = (set(token_shingles(split_tokens(text), width)) for text in (inner, outer))
    return len(a & b) / len(a) if a else 1.0


def share_repeated(copy: str, kept: str) -> float:
    """Give the share of the copy's tokens, from the first on, that stand in the kept text one after the other."""
    a, b = split_tokens(copy), split_tokens(kept)
    longest = 0
    for start in range(len(b)):
        n = 0
        while n < len(a) and start + n < len(b) and a[n] == b[start + n]:
            n += 1
        longest = max(longest, n)
    return longest / len(a) if a else 1.0
