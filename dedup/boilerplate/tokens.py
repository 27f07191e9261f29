"""The tokens of a text as Python strings: the same that kernels hash, so that a cue of a file is a cue of a kernel."""

import re
import unicodedata
from typing import Final

import numpy as np

from dedup.kernels.characters import PAGE_BITS, ROLE_MASK, ROLE_SHIFT, load_characters

_ASCII_TOKEN: Final = re.compile(r"[^\W_]+")

SEPARATORS: Final = "‘’“”–—•·¶©®→"
"""What texts else of ASCII are full of; no token has one of them in it."""

_SPACES: Final = str.maketrans(SEPARATORS, " " * len(SEPARATORS))

_ROLES_OF_TOKEN: Final = re.compile("32*|1[12]*")
"""A token by the roles of its characters (WORD 1, MARK 2, SOLO 3)."""


def normal_form(text: str) -> str:
    """Give the form in which kernels hash a text: compatible characters taken apart, lower case, one sigma."""
    if text.isascii():
        return text.lower()
    lower = unicodedata.normalize("NFKD", text).lower().replace("ς", "σ")
    return unicodedata.normalize("NFKD", lower)


def tokens_of(text: str) -> list[str]:
    """Give the tokens of a text in their normal form.

    Tokens are runs of letters, digits and the marks on them; in scripts without spaces each character is one.
    """
    form = normal_form(text)
    if not form.isascii():
        form = form.translate(_SPACES)
    if form.isascii():
        return _ASCII_TOKEN.findall(form)
    page_of, pages, _ = load_characters()
    codes = np.frombuffer(form.encode("utf-32-le", "replace"), dtype=np.uint32)
    entries = pages[page_of[codes >> PAGE_BITS] << PAGE_BITS | codes & np.uint32((1 << int(PAGE_BITS)) - 1)]
    roles = ((entries >> ROLE_SHIFT & ROLE_MASK).astype(np.uint8) + ord("0")).tobytes().decode()
    return [form[match.start() : match.end()] for match in _ROLES_OF_TOKEN.finditer(roles)]
