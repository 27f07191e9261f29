"""Short, odd and foreign texts, different facts in one frame, and style that must survive."""

import pytest

import dedup

FRAME = "There is no {} EVENT TRIGGER statement in the standard that the committee published in that year."


def texts_left(*texts: str, **changes) -> list[str]:
    return dedup.clean(list(texts), **changes).texts


def test_equal_words_are_one_document() -> None:
    """Documents that are equal in all of their text are copies, however short."""
    assert texts_left("cat", "dog", "cat") == ["cat", "dog"]
    assert texts_left("cat dog", "cat", "dog cat") == ["cat dog", "cat", "dog cat"]


def test_short_lines_are_not_removed_for_being_equal() -> None:
    """Headings and dialogue recur in documents that are otherwise their own."""
    texts = [
        f"Parameters\nYes.\nThis page is number {word} of those that were written about it."
        for word in ("one", "two", "six")
    ]
    assert texts_left(*texts) == texts


@pytest.mark.parametrize("text", ["", " ", "\n\n", "...", "!!!\n???", "\u0301", "\ufeff", "\u2028"])
def test_texts_without_a_word_stay(text: str) -> None:
    """Nothing to compare is no reason to remove; neither is it one to fail."""
    result = dedup.clean([text, "a word"])
    assert result.texts[0] == text
    assert dedup.restore(result)["text"].to_pylist() == [text, "a word"]


def test_different_punctuation_alone_is_not_one_text() -> None:
    """Texts of punctuation are told apart by their bytes."""
    assert texts_left("...", "!!!", "---") == ["...", "!!!", "---"]


SCRIPTS = {
    "zh": "今天天气很好，我们一起去公园散步，看到了很多美丽的花，也遇到了几位老朋友。",
    "ja": "昨日は友達と一緒に東京へ行って、美味しいラーメンを食べてから、映画を見ました。",
    "th": "เมื่อวานนี้ฉันไปตลาดกับเพื่อนและซื้อผลไม้หลายอย่างกลับบ้าน",
    "ar": "ذهبت أمس مع أصدقائي إلى السوق القديم في وسط المدينة واشترينا الكثير من الفواكه والخضروات الطازجة للبيت",
    "hi": "कल मैं अपने दोस्तों के साथ शहर के पुराने बाज़ार गया और वहाँ से घर के लिए बहुत सारे ताज़े फल खरीदे",
    "ko": "어제 나는 친구들과 함께 시내에 있는 오래된 시장에 가서 집에 가져갈 신선한 과일을 아주 많이 샀다 정말 좋았다",
    "ru": "Вчера мы с друзьями ходили на старый рынок в центре города и купили там очень много свежих фруктов для дома",
}


@pytest.mark.parametrize("language", SCRIPTS)
def test_copies_are_found_in_every_script(language: str) -> None:
    """An exact copy goes, and so does one written in another Unicode form or with other punctuation."""
    import unicodedata

    text = SCRIPTS[language]
    other = unicodedata.normalize("NFD", text).replace("，", " ").replace("、", " ") + " !"
    mine = {name: f"{heading}\n{text}" for name, heading in (("a", "α"), ("b", "β"))}
    result = dedup.clean(
        [mine["a"], f"{mine['b']}\n{SCRIPTS['ru' if language != 'ru' else 'hi']}", other], paragraphs="line"
    )
    reasons = result.removed["reason"].to_pylist()
    assert len(reasons) == 2
    assert set(reasons) <= {"duplicate", "duplicate-document"}


def test_headlines_in_capitals_beyond_ascii_are_paragraphs_each() -> None:
    """Lines of headlines that begin with a capital are no wrapped text, whatever the alphabet."""
    headlines = [
        "Вчера мы с друзьями ходили на старый рынок в центре города и купили там фруктов",
        "Городской совет решил построить новый мост через реку у старой крепости",
        "Инженеры рассказали жителям о том, что они нашли при осмотре старого моста",
    ]
    assert dedup.clean(["\n".join(headlines)]).report.n_paragraphs == 3


@pytest.mark.parametrize("language", ["zh", "ja", "th", "ar", "hi", "ko", "ru"])
def test_edited_copies_are_found_in_every_script(language: str) -> None:
    """A long text with a few words added at its end is a near-duplicate of it."""
    text = " ".join([SCRIPTS[language]] + [SCRIPTS[language][place:] + SCRIPTS[language][:place] for place in (5, 9)])
    copy = f"{text} {SCRIPTS[language].split(' ')[0][:3]}"
    result = dedup.clean([text, copy], copy_share=1.0)
    assert result.removed.num_rows == 1, result.overlaps.to_pylist()
    assert result.documents["doc_id"].to_pylist()


def test_other_facts_in_one_frame_stay() -> None:
    """One word for another in a short text is another fact."""
    texts = [FRAME.format(word) for word in ("ALTER", "CREATE", "DROP")]
    assert texts_left(*texts) == texts


@pytest.mark.parametrize(
    ("left", "right"),
    [("160 MHz", "320 MHz"), ("version 2.4.1", "version 2.4.2"), ("the year 1904", "the year 1905")],
)
def test_other_numbers_stay(left: str, right: str) -> None:
    frame = "The channel that is described in this part of the manual has a width of {} in all modes known so far."
    texts = [frame.format(left), frame.format(right)]
    assert texts_left(*texts) == texts


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("TEGRA186_CLK_NVDEC", "TEGRA186_CLK_NVENC"),
        ("getElementById", "getElementsByName"),
        ("f3a9c1e", "77b0d2c"),
        ("max_connections", "max_wal_senders"),
    ],
)
def test_other_identifiers_stay(left: str, right: str) -> None:
    frame = (
        "Before you call it, set the name {} to what the manual of your board gives as the right value for this clock."
    )
    texts = [frame.format(left), frame.format(right)]
    assert texts_left(*texts) == texts


def test_different_facts_may_be_allowed() -> None:
    """The guard can be switched off: then the threshold alone decides."""
    texts = [FRAME.format("ALTER"), FRAME.format("CREATE")]
    assert texts_left(*texts, allow_different_facts=True) == texts[:1]
    assert dedup.clean(texts, allow_different_facts=True).removed["reason"].to_pylist()[0] in (
        "near-duplicate",
        "duplicate-document",
    )


def test_what_is_kept_for_its_facts_is_reported() -> None:
    """Pairs at the threshold that stay are overlaps, with the reason."""
    overlaps = dedup.clean([FRAME.format("ALTER"), FRAME.format("CREATE")]).overlaps.to_pylist()
    assert [(row["doc_id"] != row["other_doc_id"], row["why_kept"]) for row in overlaps] == [(True, "different-facts")]


STYLE = {
    "refrain": "We sail at dawn\nO the long road home to you\nThe wind is cold\n"
    "O the long road home to you\nThe night is old\nO the long road home to you",
    "chant": "We want bread and we want it now!\n" * 4,
    "list": "- apples, five of them\n- pears, two of them\n- apples, five of them\n- figs, nine of them",
    "table": "| name | size |\n| a | 10 |\n| b | 10 |\n| a | 10 |\n| c | 10 |",
    "dialogue": '"Yes."\n"No."\n"Yes."\n"No."\n"Are you sure?"\n"Yes."',
    "anaphora": "We shall fight on the beaches, we shall fight on the landing grounds, we shall fight in the fields "
    "and in the streets, we shall fight in the hills; we shall never surrender.",
    "form": "Name: ____ Date: ____ Signature: ____\nName: ____ Date: ____ Signature: ____",
}


@pytest.mark.parametrize("name", STYLE)
def test_style_survives(name: str) -> None:
    """What an author repeats on purpose stays."""
    assert texts_left(STYLE[name]) == [STYLE[name]]


CAPTION = "Officials wait before the meeting in the old town hall of Vilnius, where envoys gathered for the talks."


@pytest.mark.parametrize(
    "text",
    [f"{CAPTION} {CAPTION} Anna Example/AP", f"{CAPTION[:70]}... {CAPTION} Anna Example/AP"],
    ids=["in full", "first cut short"],
)
def test_doubled_captions_lose_a_copy(text: str) -> None:
    """The complete copy stays with its credit, the other goes as a repeat whose kept copy is in the same document."""
    result = dedup.clean([f"Before it.\n\n{text}\n\nAfter it."])
    assert result.texts == [f"Before it.\n\n{CAPTION} Anna Example/AP\n\nAfter it."]
    assert result.removed["reason"].to_pylist() == ["repeat"]
    assert result.removed["kept_doc_id"].to_pylist() == result.documents["doc_id"].to_pylist()


def test_repeats_can_be_switched_off() -> None:
    text = f"{CAPTION} {CAPTION}"
    assert texts_left(text, repeats=False) == [text]
    assert texts_left(text, min_repeat_tokens=40) == [text]


def test_nothing_in_nothing_out() -> None:
    """An empty list is not an error, and every table keeps its columns."""
    result = dedup.clean([])
    assert all(table.num_rows == 0 for table in result.tables.values())
    assert result.removed.column_names[0] == "doc_id"
