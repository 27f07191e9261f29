"""What every Unicode character contributes to tokens, as arrays that a kernel can read.

A character becomes one or more *entries* of 32 bits, the characters of its
normal form (NFKD of its lower case), each with its role:

    bits 0-20   code point of the normal form (or, with EXPANDS, a place in `expansions`)
    bits 21-22  role: NONE breaks a token, WORD joins one, MARK joins one that has begun,
                SOLO begins a token of its own, which only marks join
    bit  23     IS_DIGIT: a number character
    bit  24     IS_UPPER: the character as written is upper or title case
    bit  25     EXPANDS: `expansions` holds the number of entries, then the entries
    bits 26-31  rank of the canonical combining class (0: none), to put marks into canonical order

The arrays are data of the package (built by `python -m dedup.kernels.characters`),
not derived from the running Python's Unicode tables: the same input must give the
same output under every Python.
Source: Unicode Standard Annex 15 (normalization forms); The Unicode Standard, 3.11 (canonical ordering).
"""

import functools
import unicodedata
from importlib import resources
from typing import Final, NamedTuple
from zipfile import ZipFile

import numpy as np
from numpy.typing import NDArray

CODE_POINT: Final = np.uint32((1 << 21) - 1)
ROLE_SHIFT: Final = np.uint32(21)
ROLE_MASK: Final = np.uint32(3)
NONE: Final = np.uint32(0)
WORD: Final = np.uint32(1)
MARK: Final = np.uint32(2)
SOLO: Final = np.uint32(3)
IS_DIGIT: Final = np.uint32(1 << 23)
IS_UPPER: Final = np.uint32(1 << 24)
EXPANDS: Final = np.uint32(1 << 25)
CLASS_SHIFT: Final = np.uint32(26)
PAGE_BITS: Final = np.uint32(7)

_PAGE = 1 << int(PAGE_BITS)
_LAST = 0x110000
_FILE = "characters.npz"

# Scripts written without spaces between words: each character of theirs, with the marks on it, is a token.
_SPACELESS = (
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


class Characters(NamedTuple):
    """The arrays: page_of uint32[8704], pages uint32[n_pages * 128], expansions uint32[m]."""

    page_of: NDArray[np.uint32]
    pages: NDArray[np.uint32]
    expansions: NDArray[np.uint32]


@functools.cache
def load_characters() -> Characters:
    """Give the package's own arrays, which nobody may change; read once, since whole runs ask for them many times."""
    with resources.files(__package__).joinpath(_FILE).open("rb") as file, ZipFile(file) as archive:
        return Characters(*(_read_numbers(archive.read(f"{name}.npy")) for name in Characters._fields))


def _read_numbers(content: bytes) -> NDArray[np.uint32]:
    """Give the numbers of a file of NumPy's, version 1.0: magic, version, size of the header, header, numbers.

    NumPy itself reads the header with `ast`, which fails now and then in threads of Python 3.11.
    """
    begin = 10 + int.from_bytes(content[8:10], "little")
    return np.frombuffer(content, dtype="<u4", offset=begin).astype(np.uint32)


def normal_form(text: str) -> str:
    """Give the form in which tokens are compared: NFKD, lower case, NFKD again, with one kind of sigma.

    Two texts have the same NFKC in lower case exactly when they have the same
    normal form, but this form does not depend on context (a final sigma, a
    composition), so that it can be looked up character by character.
    """
    lower = unicodedata.normalize("NFKD", text).lower().replace("ς", "σ")
    return unicodedata.normalize("NFKD", lower)


def build_characters() -> Characters:
    """Derive the arrays from the Unicode tables of the running Python."""
    classes = sorted({unicodedata.combining(chr(c)) for c in range(_LAST)})
    rank = {combining: place for place, combining in enumerate(classes)}
    assert len(classes) < 64, "combining classes no longer fit six bits"
    entries = np.zeros(_LAST, dtype=np.uint32)
    expansions: list[int] = []
    for code in range(_LAST):
        char = chr(code)
        if unicodedata.category(char)[0] == "C":
            continue  # controls, surrogates and what is not assigned
        parts = [_entry(part, rank) for part in normal_form(char)]
        upper = int(IS_UPPER) if unicodedata.category(char) in ("Lu", "Lt") else 0
        if len(parts) == 1:
            entries[code] = parts[0] | upper
        elif any(part >> int(ROLE_SHIFT) & 3 for part in parts):
            entries[code] = len(expansions) | int(EXPANDS) | upper
            expansions += [len(parts), *parts]
    pages, page_of = np.unique(entries.reshape(-1, _PAGE), axis=0, return_inverse=True)
    ascii_page = page_of.reshape(-1)[0]  # moved to the front, so that ASCII needs no look-up of its page
    order = np.concatenate([[ascii_page], np.delete(np.arange(len(pages)), ascii_page)])
    place = np.argsort(order)
    return Characters(
        place[page_of.reshape(-1)].astype(np.uint32),
        np.ascontiguousarray(pages[order]).reshape(-1),
        np.array(expansions, dtype=np.uint32),
    )


def _entry(char: str, rank: dict[int, int]) -> int:
    category = unicodedata.category(char)
    if category[0] not in "LMN":
        return ord(char)
    if category[0] == "M":
        role = MARK
    elif unicodedata.name(char, "").startswith(_SPACELESS):
        role = SOLO
    else:
        role = WORD
    digit = int(IS_DIGIT) if category[0] == "N" else 0
    combining = rank[unicodedata.combining(char)] if role == MARK else 0
    return ord(char) | int(role) << int(ROLE_SHIFT) | digit | combining << int(CLASS_SHIFT)


if __name__ == "__main__":
    built = build_characters()
    with resources.as_file(resources.files("dedup.kernels")) as folder:
        np.savez(folder / _FILE, **built._asdict())  # not compressed: every batch of documents reads it
