"""The form in which paragraphs are tried: sentences, quotes and marks of every script."""

import pytest

from dedup.boilerplate.wording import bare, is_quotation, is_reported, is_told, split_sentences, translate


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("桥通了。记者王明报道！（完）", ["桥通了。", "记者王明报道！", "（完）"]),
        ("「通った。」と話した。共同", ["「通った。」", "と話した。", "共同"]),
        ("本当か？！はい", ["本当か？！", "はい"]),
        ("Τι πιστεύετε; Γράψτε μας", ["Τι πιστεύετε;", "Γράψτε μας"]),
        ("one; Two", ["one; Two"]),
        ("ما رأيك؟ شاركنا", ["ما رأيك؟", "شاركنا"]),
        ("Мост открыт. Фото: ТАСС", ["Мост открыт.", "Фото: ТАСС"]),
        ("Köprü açıldı. İstanbul (AA)", ["Köprü açıldı.", "İstanbul (AA)"]),
        ("다리가 열렸다. 서울 연합뉴스", ["다리가 열렸다.", "서울 연합뉴스"]),
        ("。。", ["。。"]),
    ],
)
def test_sentences_end_as_each_script_ends_them(text: str, sentences: list[str]) -> None:
    """Ideographic marks need no space behind them, and only Greek asks with a semicolon."""
    translated = translate(text)
    assert len(translated) == len(text)
    assert [text[start:end] for start, end in split_sentences(translated)] == sentences


@pytest.mark.parametrize(
    ("text", "wording"),
    [
        ("【责任编辑：王明】", "责任编辑:王明"),
        ("（責任編輯：王明）", "责任编辑:王明"),
        ("〔記者王明／台北報導〕", "记者王明/台北报导"),
        ("■関連記事", "関连记事"),
        ("▼▼続きを読む▼▼", "続きを読む"),
        ("※無断転載を禁じます。", "无断転载を禁じます"),
        ("<저작권자(c) 연합뉴스>", "저작권자(c) 연합뉴스"),
        ("👉 Читать ещё", "Читать еще"),
        ("ΔΕΊΤΕ ΕΠΊΣΗΣ →", "ΔΕΙΤΕ ΕΠΙΣΗΣ"),
        ("🔒 For members only 🔒", "For members only"),
        ("👩‍🍳 Meet the cook ⬆️", "Meet the cook"),
        ("« Older entries", "Older entries"),
        ("« Le pont », dit-elle", "« Le pont », dit-elle"),
        ("✔ Share on Facebook", "✔ Share on Facebook"),
        ("☐ Send me the newsletter", "☐ Send me the newsletter"),
        ("ＣＯＰＹＲＩＧＨＴ　２０２４", "COPYRIGHT 2024"),
        ("اقــرأ أَيْضًا", "اقرا ايضا"),
        ("İLGİLİ HABERLER", "ILGILI HABERLER"),
    ],
)
def test_marks_around_a_line_and_spellings_go(text: str, wording: str) -> None:
    """Brackets, shapes, width, accents and old or traditional letters make no difference to what a line says."""
    assert bare(translate(text)) == wording


@pytest.mark.parametrize(
    "text", ["「通った」と話した。", "『橋』は月曜に", "“桥通了”", "«Мост открыт», — сказал он", "„Most”"]
)
def test_quotations_are_known_in_every_script(text: str) -> None:
    """Corner brackets, guillemets and low quotes open somebody's words."""
    assert is_quotation(translate(text))


@pytest.mark.parametrize("text", ["« Older entries", "« Article précédent", "Le « pont »", ""])
def test_an_angled_mark_that_nothing_closes_is_an_arrow(text: str) -> None:
    """In a short line; a longer one that opens with it may be speech that goes on below."""
    assert not is_quotation(translate(text))
    assert is_quotation(translate("« Le pont sera fermé jusqu'à la fin de l'été, dit le maire, et rien n'y changera."))


@pytest.mark.parametrize(
    "text",
    [
        "Comments are closed, the mayor said", "Das Abo endet, sagte er", "Le site est fermé, a déclaré le maire",
        "Los comentarios están cerrados, dijo", "Komentarze są zamknięte, powiedziała", "Реклама, сказал он",
        "광고라고 말했다", "We use cookies, admits the man who set them", "Keep comments civil, the rules say",
        "Repost freely, Ann Smith's shop insists", "Prohibida la reproducción, decía la página",
        "Ne pas reproduire, disait la page", "Alle Rechte vorbehalten, sagt der Brief", "Abonneer je nu, leest ze voor",
        "Inscreva-se, diz o cartaz", "Przedruk zabroniony, głosił napis", "Перепечатка запрещена, гласила табличка",
        "Εγγραφείτε, λέει η πινακίδα", "Abone olun, diyor levha", "اشتركوا الآن، تقول اللافتة", "转载请注明，墙上写着",
        "購読してください、と母は言う", "구독하세요, 벽에 누가 썼다",
    ],
)  # fmt: skip
def test_reports_of_what_was_said_are_known(text: str) -> None:
    """A verb of saying, in whatever language: in the past, or behind what is said."""
    assert is_reported(translate(text))
    assert is_told(translate(text))


def test_notices_report_nothing() -> None:
    """Notices hold no such verb, and hardly ever the past tense."""
    assert not is_told("We may earn a commission if you buy through our links.")
    assert not is_told("Join the debate, have your say")
    assert not is_told("Jane Doe, who says what others think, covers the courts.")
    assert not is_told("Wir verwenden Cookies. Nachdruck nur mit Genehmigung.")
    assert is_told("The newsletter was sent to 40,000 readers.")
    assert not is_reported("The newsletter was sent to 40,000 readers.")
    assert is_told(translate("Το άρθρο ήταν μόνο για συνδρομητές"))
