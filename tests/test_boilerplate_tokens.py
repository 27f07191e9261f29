"""Cues in any script: Python's tokens are those of the kernels, and a cue is known in each of its spellings."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dedup.boilerplate.cues import Cue, read_cue, read_lines
from dedup.boilerplate.spellings import fold, spellings
from dedup.boilerplate.tokens import SEPARATORS, normal_form, tokens_of
from dedup.token_tables import token_hashes
from tests.reference.tokens import split_tokens

SCRIPTS = st.one_of(
    st.text(
        st.sampled_from(
            "aZ é ß İ ı I ﬁ Ω Σ ς ά ΐ Ё й щ Ж ـ أ ي ّ َ لا ﷺ 字 編 编 々 〇 か が ガ ｶ ﾞ ー ゙"
            " 가 힣 ㄱ ᆨ ⓒ ① Ａ １ 。 ， ・ 「 ้ ไ ท א ְ ्"
            " अ _ - ' . © 　" + SEPARATORS
        ),
        max_size=30,
    ),
    st.text(max_size=20),
)


@settings(max_examples=500, deadline=None)
@given(SCRIPTS)
def test_tokens_are_those_of_the_kernels(text: str) -> None:
    """Hashed one by one, the tokens of a text are what the kernel reads in it, and what the definition says."""
    tokens = tokens_of(text)
    assert tokens == split_tokens(text)
    with np.errstate(over="ignore"):
        assert [int(token_hashes(token)[0]) for token in tokens] == token_hashes(text).tolist()


@given(SCRIPTS)
def test_folding_puts_one_character_for_one(text: str) -> None:
    """Places in folded text are places in the text, and folding again changes nothing."""
    assert len(fold(text)) == len(text)
    assert fold(fold(text)) == fold(text)


@pytest.mark.parametrize(
    ("cue", "language", "met"),
    [
        ("责任编辑", "zh", ["责任编辑：王小明", "責任編輯：王小明"]),
        ("δείτε", "el", ["Δείτε επίσης", "ΔΕΙΤΕ ΕΠΙΣΗΣ", "δείτε"]),
        ("σχόλιασ", "el", ["Σχόλιας", "ΣΧΟΛΙΑΣ"]),
        ("^sitemizi takip", "tr", ["Sitemizi takip edin", "SİTEMİZİ TAKİP EDİN"]),
        ("ilan", "tr", ["İlan", "İLAN", "ilan"]),
        ("aydınlatma metni", "tr", ["Aydınlatma Metni", "AYDINLATMA METNİ"]),
        ("ещё новости", "ru", ["Ещё новости", "ЕЩЁ НОВОСТИ", "Еще новости"]),
        ("إقرأ", "ar", ["إقرأ أيضا", "اقرا"]),
        ("무단전재", "ko", ["무단전재 금지"]),
        ("ニュース", "ja", ["ニュース", "ﾆｭｰｽ"]),
    ],
)
def test_a_cue_is_met_in_its_spellings(cue: str, language: str, met: list[str]) -> None:
    """Accents, capitals of Turkish and traditional characters make no difference to whether a cue is there."""
    cues = [read_cue(form, tokens_of(form)) for form in spellings(cue, language)]
    for text in met:
        assert any(known is not None and known.is_in(tokens_of(text)) for known in cues), text


def test_a_cue_of_a_script_without_spaces_is_several_tokens() -> None:
    """What is written without a space is found where its characters follow each other."""
    cue = read_cue("责任编辑", tokens_of("责任编辑"))
    assert cue is not None
    assert cue.words == ("责", "任", "编", "辑")
    assert cue.is_in(tokens_of("（责任编辑：王）"))
    assert not cue.is_in(tokens_of("责任 在 编辑"))
    opening = read_cue("^来源", tokens_of("来源"))
    assert opening is not None
    assert opening.is_in(tokens_of("来源：新华社"))
    assert not opening.is_in(tokens_of("新华社来源"))


def test_cues_are_read_as_they_were_written() -> None:
    """A rule keeps its cues as lines: what is made of these are the cues that its file was found to hold."""
    cues = [
        Cue(("newsletter",), opens=False), Cue(("sign", "up"), opens=False), Cue(("read", "more"), opens=True),
        Cue(("责", "任", "编", "辑"), opens=False), Cue(("©",), opens=False),
    ]  # fmt: skip
    assert list(read_lines("\n".join(cue.written for cue in cues))) == cues


@pytest.mark.parametrize("text", ["责任编辑员们一二三四五六七", "责 任 编", "责，任", "Ёлка", "δείτε μας εδώ"])
def test_what_is_no_cue_is_refused(text: str) -> None:
    """Too many characters, punctuation, capitals and a third word make no cue."""
    assert read_cue(text, tokens_of(text)) is None


def test_normal_form_has_one_sigma() -> None:
    """A sigma at the end of a word is that of its middle."""
    assert normal_form("ΛΟΓΟΣ") == normal_form("λογος") == "λογοσ"
