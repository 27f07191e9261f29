"""The benchmark of encodings: its samples are what they say, and its counts add up."""

from test_decoding import TEXTS

from benchmarks.quality.encodings import SIZES, _judge, _samples, encodings_lines

SAMPLES = list(_samples({"ru": [TEXTS["ru"] * 50, TEXTS["ru"] * 9]}, {"ru": ("cp1251", "utf-8", "utf-16-le")}))


def test_samples_are_of_their_size_and_encoding() -> None:
    """Each sample decodes to its text, and is no longer than it should be nor much shorter."""
    assert {sample.size for sample in SAMPLES} == set(SIZES)
    for sample in SAMPLES:
        assert sample.raw.decode(sample.encoding) == sample.text
        if 0 < sample.size <= 200:
            assert sample.size * 0.5 < len(sample.raw) <= sample.size


def test_right_wrong_and_refused_are_told_apart() -> None:
    """A detector that says the same of all is right, wrong or of no use, by sample."""
    said = {name: _judge(lambda _, name=name: name, SAMPLES, []) for name in ("cp1251", "koi8-r", None)}
    n_legacy = sum(sample.encoding == "cp1251" for sample in SAMPLES)

    def count(name: str | None, outcome: str) -> int:
        return sum(found.get(outcome, 0) for found in said[name]["legacy"].values())

    assert count("cp1251", "right") == count("koi8-r", "wrong") == count(None, "refused") == n_legacy
    assert said["cp1251"]["utf-8"].get("right", 0) == 0


def test_lines_show_every_detector_and_broken_promise() -> None:
    """What is measured is shown."""
    figures = {
        "data": None,
        "texts": {"ru": 2},
        "n_samples": len(SAMPLES),
        "detectors": {"dedup": _judge(lambda _: "cp1251", SAMPLES, SAMPLES)},
        "damaged": {"refused as damaged": 3},
        "decoded_from_200_bytes": 100,
        "wrong_from_200_bytes": 2,
        "broken_promises": ["2 of 100 texts wrong"],
    }
    lines = "\n".join(encodings_lines(figures))
    assert "no data folder" in lines
    assert "BROKEN PROMISE: 2 of 100 texts wrong" in lines
    assert "dedup               legacy" in lines
