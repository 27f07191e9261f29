"""Bytes to text: what is declared or detected comes back exactly, or is refused, or is repaired and counted."""

import codecs
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dedup.decoding import DecodingError, decode_html, decode_text, detect_encoding, encode_text, find_encoding
from dedup.decoding.pages import encoding_of_label
from dedup.decoding.text import name_for_restoring

ENCODINGS = [
    *("utf-8", "utf-8-sig", "utf-16-le", "utf-16-be", "utf-16-le-sig", "utf-16-be-sig", "utf-32-le", "utf-32-be-sig"),
    *(f"cp{number}" for number in range(1250, 1259)),
    *(f"iso8859-{part}" for part in (1, 2, 5, 7, 8, 9, 13, 15)),
    *("cp932", "euc_jp", "iso2022_jp", "gb18030", "big5hkscs", "cp949", "koi8-r", "koi8-u", "mac-roman", "cp874"),
]

TEXTS = {
    "ru": "Правительство утвердило новый порядок выплаты пособий семьям с детьми. Об этом сообщили вчера вечером.\n",
    "el": "Η κυβέρνηση ανακοίνωσε χθες νέα μέτρα για τη στήριξη των οικογενειών και των μικρών επιχειρήσεων.\n",
    "pl": "Zażółcono gęślą jaźń, a rząd ogłosił wczoraj nowe przepisy o wsparciu dla małych przedsiębiorstw.\n",
    "de": "Die Größe der Straße überraschte alle Gäste, denn für Fußgänger war über Nacht nichts geräumt worden.\n",
    "fr": "L'été dernier, les élèves ont préféré la forêt à la plage, où la chaleur était très élevée.\n",
    "tr": "Öğrenciler dün akşam şehir kütüphanesinde toplandı, çünkü sınavlar yarın başlıyor ve ışıklar açık.\n",
    "he": "הממשלה הודיעה אתמול על צעדים חדשים לתמיכה במשפחות ובעסקים קטנים ברחבי הארץ.\n",
    "ja": "政府は昨日、子育て世帯への新しい支援策を発表した。来年の春から実施される見込みだという。\n",
    "zh": "政府昨天宣布了支持家庭和小企业的新措施，预计从明年春天开始实施，具体办法将另行公布。\n",
    "ko": "정부는 어제 아이를 키우는 가정을 위한 새로운 지원 대책을 발표했다. 내년 봄부터 시행될 예정이다.\n",
    "th": "รัฐบาลประกาศมาตรการใหม่เพื่อช่วยเหลือครอบครัวและธุรกิจขนาดเล็กเมื่อวานนี้ โดยจะเริ่มในปีหน้า\n",
}

DETECTED = [
    *(("ru", encoding) for encoding in ("cp1251", "koi8-r", "iso8859-5", "cp866", "mac-cyrillic")),
    *(("el", encoding) for encoding in ("cp1253", "iso8859-7")),
    *(("pl", encoding) for encoding in ("cp1250", "iso8859-2")),
    *((language, encoding) for language in ("de", "fr") for encoding in ("cp1252", "iso8859-1", "iso8859-15")),
    *(("ja", encoding) for encoding in ("cp932", "euc_jp", "iso2022_jp")),
    *(("tr", "cp1254"), ("he", "cp1255"), ("zh", "gb18030"), ("ko", "cp949"), ("ko", "iso2022_kr"), ("th", "cp874")),
    *((language, encoding) for language in TEXTS for encoding in ("utf-8", "utf-16-le", "utf-16-be", "utf-32-le")),
]

characters = st.characters(codec="utf-8", exclude_characters="\0\ufeff\ufffd")


@st.composite
def encoded(draw):
    """Draw a text, an encoding that holds all of its characters, and the bytes."""
    encoding = draw(st.sampled_from(ENCODINGS))
    codec = encoding.removesuffix("-sig")
    text = draw(st.text(characters, max_size=60)).encode(codec, "ignore").decode(codec)
    return text, encoding, encode_text(text, encoding)


@given(encoded())
@settings(max_examples=300, deadline=None)
def test_what_is_declared_comes_back_exactly(case):
    """Any text in any encoding that is named is decoded to itself; a byte-order mark needs no name."""
    text, encoding, raw = case
    if encoding.endswith("-sig"):
        assert decode_text(raw).encoding == encoding
    decoded = decode_text(raw, forced=encoding.removesuffix("-sig"))
    assert (decoded.text, decoded.n_replaced) == (text, 0)
    assert encode_text(decoded.text, decoded.encoding) == raw


@given(st.binary(max_size=200), st.sampled_from(ENCODINGS))
@settings(max_examples=500, deadline=None)
def test_what_cannot_be_decoded_is_refused_or_counted(raw, encoding):
    """No byte is silently changed: strict decoding succeeds, or is refused, or each U+FFFD put in is counted."""
    codec = encoding.removesuffix("-sig")
    repaired = decode_text(raw, forced=codec, errors="repair")
    genuine = repaired.text.count("\ufffd") - repaired.n_replaced
    assert "\0" not in repaired.text
    try:
        strict = decode_text(raw, forced=codec)
    except DecodingError:
        assert repaired.n_replaced > 0
        return
    assert repaired == strict
    assert genuine == strict.text.count("\ufffd")
    assert name_for_restoring(strict, raw) in (None, strict.encoding, f"utf-8 (from {strict.encoding})")


@given(st.binary(max_size=300))
@settings(max_examples=300, deadline=None)
def test_any_bytes_end_well(raw):
    """Whatever the bytes, a text is text or refused with a reason, and a page likewise; nothing else happens."""
    for decode in (decode_text, decode_html):
        try:
            text = decode(raw).text
        except DecodingError:
            continue
        text.encode()


@pytest.mark.parametrize(("language", "encoding"), DETECTED)
def test_detected_text_is_the_text(language, encoding):
    """A few sentences without any declaration are decoded to what they were."""
    raw = (TEXTS[language] * 2).encode(encoding)
    assert decode_text(raw).text == TEXTS[language] * 2


@pytest.mark.parametrize("text", ["", "a", "plain ASCII\n", "café", "’", "日本", "\ufffd stays", "cr\r\nlf"])
def test_utf8_is_never_anything_else(text):
    """What is valid UTF-8 is that, however short."""
    assert (decode_text(text.encode()).text, decode_text(text.encode()).encoding) == (text, "utf-8")


def test_damaged_utf8_is_not_taken_for_another_encoding():
    """A bad byte in UTF-8 makes no mojibake: refused with its place, or one U+FFFD."""
    for text in TEXTS.values():
        raw = bytearray(text.encode())
        raw[20:20] = b"\xff"
        with pytest.raises(DecodingError, match="not UTF-8"):
            decode_text(bytes(raw))
        repaired = decode_text(bytes(raw), errors="repair")
        assert (repaired.encoding, repaired.text.count("\ufffd")) == ("utf-8", repaired.n_replaced)


@pytest.mark.parametrize(
    "raw",
    [
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(range(256)) * 4,
        b"\x7fELF\2\1\1" + b"\0" * 200,
        b"\x1f\x8b\x08\x00" + bytes(range(1, 256)) * 3,
        b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n",
        b"\1\2\3\4\5\6" * 50,
        b"text" + b"\0" * 40,
    ],
)
@pytest.mark.parametrize("errors", ["reject", "repair"])
def test_binary_is_refused(raw, errors):
    """What is no text in any encoding is refused, also where errors are repaired."""
    with pytest.raises(DecodingError, match="binary, not text"):
        decode_text(raw, errors=errors)


def test_stray_nul_is_damage():
    """A NUL in a text is a reason to refuse it, or is repaired and counted."""
    raw = b"one line\nanother \0 line\n" * 5
    with pytest.raises(DecodingError, match="NUL"):
        decode_text(raw)
    assert decode_text(raw, errors="repair").n_replaced == 5


def test_too_little_to_tell_is_refused():
    """Where the bytes tell nothing the encoding is asked for, not guessed."""
    with pytest.raises(DecodingError, match="--encoding"):
        decode_text(b"caf\x8e \xde\xad \xbe\xef\xf0\xf1")


def test_start_of_a_stream_may_end_within_a_character():
    """The head of a stream tells as much as the whole, wherever it is cut."""
    for language, encoding in DETECTED:
        raw = (TEXTS[language] * 20).encode(encoding)
        for n_cut in range(4):
            assert find_encoding(raw[: len(raw) - n_cut], is_whole=False) == detect_encoding(raw), (language, encoding)


def test_unknown_name_is_said():
    """A name that is no encoding is the reason."""
    with pytest.raises(DecodingError, match="klingon"):
        decode_text(b"a", forced="klingon")
    with pytest.raises(DecodingError, match="klingon"):
        decode_html(b"a", forced="klingon")


def page(text, declared=""):
    meta = f'<meta http-equiv="Content-Type" content="text/html; charset={declared}">' if declared else ""
    return f"<html><head>{meta}<title>{text[:20]}</title></head><body><p>{text}</p></body></html>"


@pytest.mark.parametrize(
    ("language", "encoding", "declared", "server"),
    [
        ("ru", "cp1251", "windows-1251", None),
        ("ru", "koi8-r", "", "koi8-r"),
        ("ru", "cp1251", "iso-8859-1", None),  # a server's default, belied by the bytes
        ("ru", "cp1251", "windows-1251", "iso-8859-1"),
        ("ru", "cp1251", "utf-8", None),
        ("ru", "cp1251", "koi8-r", None),  # letters all the same, of the wrong case
        ("ru", "koi8-r", "windows-1251", None),
        ("ru", "cp1251", "iso-8859-5", None),
        ("ru", "koi8-r", "", "windows-1251"),
        ("ru", "utf-8", "windows-1251", None),
        ("ru", "utf-16", "utf-16", None),
        ("ru", "utf-16-le", "utf-8", None),
        ("de", "utf-8", "iso-8859-1", None),
        ("de", "cp1252", "utf-8", None),
        ("de", "cp1252", "no-such-thing", None),
        *(("de", "cp1252", name, None) for name in ("undefined", "hex", "rot13", "punycode", "idna", "unicode-escape")),
        ("de", "cp1252", "", None),
        ("zh", "gb18030", "gb2312", None),
        ("zh", "gb18030", "utf-8", "iso-8859-1"),
        ("ja", "cp932", "x-sjis", None),
        ("ja", "euc_jp", "", None),
        ("ja", "iso2022_jp", "iso-2022-jp", None),
        ("ko", "cp949", "ks_c_5601-1987", None),
    ],
)
def test_page_whatever_it_declares(language, encoding, declared, server):
    """A page is decoded to what it was, whether its declaration is right, missing or belied by the bytes."""
    html = page(TEXTS[language], declared)
    decoded = decode_html(html.encode(encoding), declared=server)
    assert (decoded.text, decoded.n_replaced) == (html, 0)


def test_labels_mean_what_they_mean_on_the_web():
    """Labels stand for what browsers take them for."""
    expected = {
        "ISO-8859-1": "cp1252",
        "us-ascii": "cp1252",
        "gb2312": "gb18030",
        "Shift_JIS": "cp932",
        "euc-kr": "cp949",
        "x-mac-cyrillic": "mac-cyrillic",
        "utf8": "utf-8",
    }
    assert {label: encoding_of_label(label) for label in expected} == expected
    for encoding in expected.values():
        codecs.lookup(encoding)
    assert [encoding_of_label(label) for label in ("no-such-thing", "undefined", "hex", "idna")] == [None] * 4


def test_bad_byte_in_a_page_costs_one_character():
    """A page that is UTF-8 but for some damage stays that: the damage is repaired and counted, the rest untouched."""
    html = page(TEXTS["fr"], "utf-8")
    raw = html.encode().replace(b"</body>", b"\x92 \xe9</body>")
    decoded = decode_html(raw)
    assert (decoded.encoding, decoded.n_replaced) == ("utf-8", 2)
    assert decoded.text.replace("\ufffd \ufffd", "") == html


def test_choice_of_the_user_wins_for_pages():
    """The setting overrules what a page declares, not its byte-order mark."""
    html = page(TEXTS["ru"], "koi8-r")
    assert decode_html(html.encode("cp1251"), forced="cp1251").text == html
    assert decode_html(codecs.BOM_UTF8 + html.encode(), forced="cp1251").text == html


def test_detection_is_imported_when_it_is_needed():
    """Neither the package nor text in UTF-8 brings the libraries in that only other text needs."""
    code = (
        "import sys; from dedup.decoding import decode_text, decode_html; "
        "decode_text('é'.encode()); decode_html('<p>é'.encode()); "
        "print([name for name in ('chardet', 'resiliparse', 'pyarrow') if name in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
