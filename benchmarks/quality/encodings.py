"""How often the encoding of text that declares none is told right, told wrong, or refused, beside other detectors.

Texts are real, in two dozen languages: Debian's installation guide, the messages of Django's
translations, and, if a folder of labelled data is given, press articles and novels. Each is
encoded in every encoding that people wrote its language in, and cut to several sizes. A
detection is right if the bytes decode to the very text. Texts at even places were looked at
while limits were chosen; the figures are of those at odd places.
"""

import gettext
import gzip
import random
import re
import subprocess
import time
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any, Final, NamedTuple

import pyarrow.parquet as pq

from benchmarks.corpora import fetch_packages
from benchmarks.measurements import BenchmarkError
from dedup.decoding import DecodingError, decode_text

PACKAGES: Final = ("installation-guide-amd64", "python3-django")

SIZES: Final = (50, 200, 1_000, 10_000, 0)
"""Bytes of a text; 0 for all of it."""

TEXTS_EACH: Final = 6
"""Texts of each language, encoding and size."""

MOST_WRONG_SHARE: Final = 0.01
LEAST_PROMISED_BYTES: Final = 200
"""The promise: of what is decoded, among texts of this size or more, at most this share is wrong."""

_WEST: Final = ("cp1252", "iso8859-1", "iso8859-15", "mac-roman")
_CENTRAL: Final = ("cp1250", "iso8859-2")
_BALTIC: Final = ("cp1257", "iso8859-13")
LEGACY: Final[Mapping[str, tuple[str, ...]]] = {
    "en": ("cp1252", "mac-roman"),
    **dict.fromkeys(("ca", "da", "de", "es", "fr", "it", "nl", "pt", "sv"), _WEST),
    **dict.fromkeys(("cs", "hr", "hu", "pl", "ro"), _CENTRAL),
    **dict.fromkeys(("lt", "lv"), _BALTIC),
    "et": ("cp1257", "iso8859-15"),
    "ru": ("cp1251", "koi8-r", "iso8859-5", "cp866", "mac-cyrillic"),
    "bg": ("cp1251", "iso8859-5"),
    "uk": ("cp1251", "koi8-u", "iso8859-5"),
    "el": ("cp1253", "iso8859-7"),
    "tr": ("cp1254", "iso8859-9"),
    "he": ("cp1255", "iso8859-8"),
    "ar": ("cp1256", "iso8859-6"),
    "th": ("cp874", "iso8859-11"),
    "ja": ("cp932", "euc_jp", "iso2022_jp"),
    "ko": ("cp949", "iso2022_kr"),
    "zh": ("gb18030",),
    "zh-hant": ("big5",),
}
UNICODE: Final = ("utf-8", "utf-16-le", "utf-16-be", "utf-32-le")

RARE: Final[Mapping[str, tuple[str, ...]]] = {
    **dict.fromkeys(("de", "es", "fr", "nl"), ("cp437", "cp850")),
    **dict.fromkeys(("cs", "pl"), ("cp852", "mac-latin2")),
    "el": ("cp737", "mac-greek"),
    "he": ("cp862",),
    "lt": ("cp775", "iso8859-4"),
    "ro": ("iso8859-16",),
    "ru": ("cp855",),
    "tr": ("cp857", "mac-turkish"),
}
"""Encodings of DOS and of the lesser Macs and ISO parts, which are counted apart."""

_GUIDE_CHARS: Final = 12_000
_SHORTEST_CHARS: Final = 300
_PLACEHOLDERS: Final = re.compile(r"%\(?\w*\)?[sd]?|<[^>]+>|\{[^}]*\}")
_ARTICLES: Final = {"Chinese": "zh", "English": "en", "Greek": "el", "Polish": "pl", "Russian": "ru"}
_PLAIN: Final = str.maketrans(dict(zip("“”„‘’«»—–•\u00a0", '"""\'\'""--* ', strict=True)) | {"…": "..."})


class Sample(NamedTuple):
    """Bytes, and what they are."""

    language: str
    encoding: str
    size: int  # one of SIZES
    raw: bytes
    text: str


def measure_encodings(data: Path | None, work: Path) -> dict[str, Any]:
    """Give right, wrong and refused by detector, kind of encoding and size; time a text; and what is wrong.

    Raises BenchmarkError without apt-get and dpkg.
    """
    texts = {language: found[1::2] for language, found in read_texts(data, work).items()}
    samples = list(_samples(texts, {language: (*found, *UNICODE) for language, found in LEGACY.items()}))
    rare = list(_samples(texts, RARE))
    detectors = {name: _judge(detect, samples, rare) for name, detect in DETECTORS.items()}
    damaged = _judge_damaged(texts)
    own = detectors["dedup"]
    big = [count for size, count in own["legacy"].items() if not int(size) or int(size) >= LEAST_PROMISED_BYTES]
    n_wrong = sum(count.get("wrong", 0) for count in big)
    n_decoded = n_wrong + sum(count.get("right", 0) for count in big)
    broken = []
    if n_wrong > MOST_WRONG_SHARE * n_decoded:
        broken.append(f"{n_wrong} of {n_decoded} texts wrong, promised {100 * MOST_WRONG_SHARE:g} %")
    if own["utf-8"] != {"right": sum(own["utf-8"].values())}:
        broken.append("UTF-8 was taken for something else")
    return {
        "data": None if data is None else data.name,
        "texts": {language: len(found) for language, found in sorted(texts.items())},
        "n_samples": len(samples),
        "detectors": detectors,
        "damaged": damaged,
        "decoded_from_200_bytes": n_decoded,
        "wrong_from_200_bytes": n_wrong,
        "broken_promises": broken,
    }


def encodings_lines(figures: Mapping[str, Any]) -> list[str]:
    """Give the figures as lines for a terminal."""
    lines = [] if figures["data"] else ["press articles and novels: skipped, no data folder; give --data FOLDER"]
    lines.append(
        f"{figures['n_samples']:,} texts in {len(figures['texts'])} languages; right / wrong / refused, % of each size"
    )
    sizes = [f"{size:,} B" if size else "whole" for size in SIZES]
    lines.append(f"{'':<40}" + "".join(f"{size:>20}" for size in sizes) + f"{'ms a text':>12}")
    for kind in ("legacy", "UTF-16 and UTF-32"):
        for name, found in figures["detectors"].items():
            cells = [_shares(found[kind][str(size)]) for size in SIZES]
            lines.append(f"{name:<20}{kind:<20}" + "".join(f"{cell:>20}" for cell in cells) + f"{found['ms']:>12.2f}")
    for name, found in figures["detectors"].items():
        lines.append(f"{name:<20}UTF-8 and ASCII {_shares(found['utf-8'])}; rare encodings {_shares(found['rare'])}")
    damaged = ", ".join(f"{reason} {count:,}" for reason, count in figures["damaged"].items())
    lines.append(f"UTF-8 with one bad byte, as dedup reads it: {damaged}")
    lines.append(
        f"dedup, of {figures['decoded_from_200_bytes']:,} legacy texts of 200 bytes and more that it decodes: "
        f"{figures['wrong_from_200_bytes']:,} wrong"
    )
    wrong = ", ".join(f"{name} {count}" for name, count in figures["detectors"]["dedup"]["wrong"].items())
    lines.append(f"dedup, wrong at any size: {wrong or 'none'}")
    refused = ", ".join(f"{name} {count}" for name, count in figures["detectors"]["dedup"]["refused"].items())
    lines.append(f"dedup, refused most from 200 bytes: {refused or 'none'}")
    lines.extend(f"BROKEN PROMISE: {promise}" for promise in figures["broken_promises"])
    return lines


def read_texts(data: Path | None, work: Path) -> dict[str, list[str]]:
    """Give the texts of each language of LEGACY, in order.

    Raises BenchmarkError without apt-get and dpkg.
    """
    try:
        packages = fetch_packages(work, PACKAGES)
    except (OSError, subprocess.CalledProcessError) as error:
        raise BenchmarkError(f"packages cannot be fetched (apt-get update, perhaps): {error}") from None
    texts: dict[str, list[str]] = {language: [] for language in LEGACY}
    for path in sorted((packages / PACKAGES[0]).rglob("install.*.txt.gz")):
        language = {"zh_CN": "zh"}.get(path.parent.name, path.parent.name)
        raw = gzip.decompress(path.read_bytes())
        if language in texts and raw.isascii() is False and _is_utf8(raw):
            texts[language] += _cut(raw.decode())
    for language in texts:
        folder = {"zh": "zh_Hans", "zh-hant": "zh_Hant"}.get(language, language)
        texts[language] += _messages(packages / PACKAGES[1], folder)
    if data is not None:
        articles = pq.read_table(data / "daniel_tuning.parquet", columns=["language", "gold_text"]).to_pylist()
        for article in articles:
            if len(article["gold_text"] or "") >= _SHORTEST_CHARS:
                texts[_ARTICLES[article["language"]]].append(article["gold_text"])
        novels = pq.read_table(data / "novels_tuning.parquet", columns=["text"])["text"].to_pylist()
        texts["en"] += [novel[5_000:200_000] for novel in novels[:10]]
    return {language: found for language, found in texts.items() if len(found) > 1}


def _cut(guide: str) -> list[str]:
    """Give every fourth piece of the guide, cut at blank lines."""
    pieces: list[str] = []
    piece: list[str] = []
    for paragraph in guide.split("\n\n"):
        piece.append(paragraph)
        if sum(map(len, piece)) > _GUIDE_CHARS:
            pieces.append("\n\n".join(piece))
            piece = []
    return pieces[1::4][:12]


def _messages(package: Path, language: str) -> list[str]:
    """Give Django's messages in a language as six texts."""
    messages = []
    for path in sorted(package.rglob(f"locale/{language}/LC_MESSAGES/*.mo")):
        with path.open("rb") as file:
            found = gettext.GNUTranslations(file)._catalog  # type: ignore[attr-defined]  # no public way to all
        texts = [_PLACEHOLDERS.sub("", text).strip() for key, text in found.items() if key and isinstance(text, str)]
        messages += [text for text in texts if text and not text.isascii()]
    random.Random(1).shuffle(messages)
    return ["\n".join(messages[part::6]) for part in range(6)] if messages else []


def _samples(texts: Mapping[str, list[str]], encodings: Mapping[str, tuple[str, ...]]) -> Iterator[Sample]:
    for language, found in sorted(texts.items()):
        for encoding in encodings.get(language, ()):
            for size in SIZES:
                yield from islice(_cut_samples(language, encoding, size, found), TEXTS_EACH)


def _cut_samples(language: str, encoding: str, size: int, texts: list[str]) -> Iterator[Sample]:
    """Give texts, or pieces of them from the start of a line, encoded; those that are ASCII tell nothing."""
    for number in range(TEXTS_EACH * 3 if size else len(texts)):
        text = texts[number % len(texts)]
        if size:
            start = number * 7_919 % max(1, len(text) - size)
            start = text.find("\n", start, start + 400) + 1 or start
            text = text[start : start + size]
        raw = _encode(text, encoding)
        while size and len(raw) > size:
            text = text[: -max(1, (len(raw) - size) // 8)]
            raw = _encode(text, encoding)
        if raw and (encoding in UNICODE or not raw.decode(encoding).isascii()):
            yield Sample(language, encoding, size, raw, raw.decode(encoding))


def _encode(text: str, encoding: str) -> bytes:
    """Encode a text, with plain punctuation for what the encoding lacks, and without what has none."""
    text = unicodedata.normalize("NFC", text)
    text = "".join(char if _holds(encoding, char) else char.translate(_PLAIN) for char in text)
    if encoding in _CENTRAL:
        text = text.translate(str.maketrans("șțȘȚ", "şţŞŢ"))
    return text.encode(encoding, "ignore")


@lru_cache(maxsize=1 << 20)
def _holds(encoding: str, char: str) -> bool:
    try:
        char.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


def _judge(detect: Callable[[bytes], str | None], samples: list[Sample], rare: list[Sample]) -> dict[str, Any]:
    counts: dict[str, dict[str, Counter[str]]] = {
        kind: {str(size): Counter() for size in SIZES} for kind in ("legacy", "UTF-16 and UTF-32")
    }
    utf8: Counter[str] = Counter()
    wrong: Counter[str] = Counter()
    refused: Counter[str] = Counter()
    begun = time.perf_counter()
    for sample in samples:
        outcome = _outcome(detect(sample.raw), sample)
        if sample.encoding == "utf-8":
            utf8[outcome] += 1
            continue
        kind = "UTF-16 and UTF-32" if sample.encoding in UNICODE else "legacy"
        counts[kind][str(sample.size)][outcome] += 1
        name = f"{sample.language} {sample.encoding}"
        if outcome == "wrong":
            wrong[f"{name} {sample.size or 'whole'}"] += 1
        elif outcome == "refused" and (not sample.size or sample.size >= LEAST_PROMISED_BYTES):
            refused[name] += 1
    seconds = time.perf_counter() - begun
    return {
        **{kind: {size: dict(count) for size, count in found.items()} for kind, found in counts.items()},
        "utf-8": dict(utf8),
        "rare": dict(Counter(_outcome(detect(sample.raw), sample) for sample in rare)),
        "ms": round(1000 * seconds / len(samples), 3),
        "wrong": dict(wrong.most_common(20)),
        "refused": dict(refused.most_common(10)),
    }


def _outcome(encoding: str | None, sample: Sample) -> str:
    """Say what becomes of a sample; bytes that do not decode are as good as refused."""
    if encoding is None:
        return "refused"
    try:
        return "right" if sample.raw.decode(encoding) == sample.text else "wrong"
    except (UnicodeDecodeError, LookupError):
        return "refused"


def _judge_damaged(texts: Mapping[str, list[str]]) -> dict[str, int]:
    """Put one bad byte into UTF-8; count what reading makes of it."""
    chance = random.Random(1)
    outcomes: Counter[str] = Counter()
    for found in texts.values():
        for text in found[:10]:
            raw = bytearray(text[:2_000].encode())
            raw.insert(chance.randrange(len(raw)), chance.choice(b"\x80\x92\xc3\xe9\xff"))
            if _is_utf8(raw):
                continue
            try:
                outcomes[f"taken for {decode_text(bytes(raw)).encoding}"] += 1
            except DecodingError as error:
                outcomes["refused as damaged" if str(error).startswith("not UTF-8") else "refused"] += 1
    return dict(outcomes.most_common())


def _is_utf8(raw: bytes | bytearray) -> bool:
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True


def _shares(count: Mapping[str, int]) -> str:
    total = max(sum(count.values()), 1)
    return " / ".join(f"{100 * count.get(outcome, 0) / total:.1f}" for outcome in ("right", "wrong", "refused"))


def _by_dedup(raw: bytes) -> str | None:
    from dedup.decoding.text import find_encoding

    try:
        return find_encoding(raw)
    except DecodingError:
        return None


def _by_chardet(raw: bytes) -> str | None:
    import chardet

    return chardet.detect(raw, compat_names=False)["encoding"]


def _by_resiliparse(raw: bytes) -> str | None:
    from resiliparse.parse.encoding import detect_encoding

    found: str | None = detect_encoding(raw, html5_compatible=False)
    return found


def _by_charset_normalizer(raw: bytes) -> str | None:
    from charset_normalizer import from_bytes

    best = from_bytes(raw).best()
    return None if best is None else best.encoding


DETECTORS: Final[Mapping[str, Callable[[bytes], str | None]]] = {
    "dedup": _by_dedup,
    "chardet": _by_chardet,
    "resiliparse": _by_resiliparse,
    "charset-normalizer": _by_charset_normalizer,
}
