"""JSON files: arrays of any size, one object, objects one after the other; broken elements."""

import json
import time
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st
from read_documents import read_files

from dedup.reading.json_arrays import _Splitter
from dedup.settings import Settings


def read(folder, raw, **changes):
    path = folder / "x.json"
    path.write_bytes(raw)
    return read_files([path], Settings(**changes))


@pytest.mark.parametrize(
    ("raw", "texts"),
    [
        (b'{"text": "one\\u0041"}', ["oneA"]),
        (b' {"text": "a"}\n{"text": "b"}\n', ["a", "b"]),
        (b'{\n"text": "a"}\n{"text":\n"b"}', ["a", "b"]),
        (b'[{"text": "a"} {"text": "b"}]', ["a", "b"]),
        (b'[{"text": "a"}][{"text": "b"}]', ["a", "b"]),
        (b'[{"text": "b]}\\\\\\"[", "m": {"a": [1, {"x": "]"}]}}, {"text": "c"}]', ['b]}\\"[', "c"]),
        (b"[]", []),
        (b" \n", []),
        ('[{"text": "é"}]'.encode("utf-16"), ["é"]),
        (b'\xef\xbb\xbf[{"text": "a"}]', ["a"]),
    ],
)
def test_shapes(raw, texts, tmp_path):
    """Whatever objects a file of JSON holds, each is a document."""
    corpus = read(tmp_path, raw)
    assert corpus.documents["text"].to_pylist() == texts
    assert corpus.rejected.num_rows == 0


@pytest.mark.parametrize(
    ("raw", "texts", "rows"),
    [
        (b'[{"text": "a"}, {"text": 5 5}, {"text": "c"}]', ["a", "c"], [1]),
        (b'[{"text": "a"}, {"text": ["b"}, {"text": "c"}]', ["a", "c"], [1]),
        (b'[{"text": "a"}, 1, "x,]", null, [2], {"text": "c"}]', ["a", "c"], [1, 2, 3, 4]),
        (b'[{"text": "a"}, junk, {"text": "c"}]', ["a", "c"], [1]),
        (b'[{"text": "a"}, {"text": "\xff"}, {"text": "c"}]', ["a", "c"], [1]),
        (b'[{"text": "a"}] junk', ["a"], [1]),
        (b'{"text": "a"}\n{bad\n{"text": "c"}', ["a", "c"], [1]),
        (b'[{"text": "a"}, {"text": "b}, {"text": "c"}]', ["a"], [None]),
        (b'[{"text": "a"}, {"text": "b"', ["a"], [None]),
        (b'[{"text": "a"}, {"text": "b"}', ["a", "b"], [None]),
    ],
)
def test_broken_elements(raw, texts, rows, tmp_path):
    """What is broken is rejected alone where its end can be told, and the rest is one row where it cannot."""
    for size in (1, 1 << 20):
        corpus = read(tmp_path, raw, batch_bytes=size)
        assert corpus.documents["text"].to_pylist() == texts
        assert corpus.rejected["row"].to_pylist() == rows


def test_element_over_the_limit(tmp_path):
    """An element that is too large is rejected, and those behind it are read."""
    raw = json.dumps([{"text": "a"}, {"text": "x" * 500}, {"text": "c"}]).encode()
    corpus = read(tmp_path, raw, max_document_bytes=100)
    assert corpus.documents["text"].to_pylist() == ["a", "c"]
    assert corpus.rejected["row"].to_pylist() == [1]
    assert "larger than 100 bytes" in corpus.rejected["reason"].to_pylist()[0]


def test_an_array_of_no_objects_takes_little_memory(tmp_path):
    """Each element is a row in rejected that takes a tuple and its number, for the words are the same: 127 bytes."""
    n = 50_000
    raw = json.dumps(list(range(n))).encode()
    read(tmp_path, b"[1]")  # imports what reading needs
    tracemalloc.start()
    try:
        corpus = read(tmp_path, raw)
        peak_bytes = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert corpus.rejected["row"].to_pylist() == list(range(n))
    assert corpus.rejected["reason"].unique().to_pylist() == ["the element is not an object"]
    assert peak_bytes < 180 * n


@pytest.mark.parametrize(("opening", "closing"), [(b"[", b"}"), (b"{", b"]")])
def test_brackets_that_close_nothing(opening, closing, tmp_path):
    """A million brackets that never fit take seconds, not a search through all that are open at each of them."""
    began = time.process_time()
    corpus = read(tmp_path, opening * 1_000_000 + closing * 1_000_000)
    assert time.process_time() - began < 10
    assert corpus.rejected["row"].to_pylist() == [None]


values = st.recursive(
    st.none() | st.integers() | st.text(st.sampled_from('ab"\\[]{},é'), max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from('a"]'), inner, max_size=2),
)


objects = st.dictionaries(st.sampled_from("xyz"), values, max_size=3)


@given(st.lists(objects, max_size=5), st.integers(1, 7), st.booleans())
def test_elements_are_found_however_the_bytes_come(elements, size, is_plain):
    """Any objects are cut apart at their ends, in pieces of any size."""
    raw = json.dumps(elements, ensure_ascii=is_plain).encode()
    splitter = _Splitter(1 << 20)
    for start in range(0, len(raw), size):
        splitter.add(raw[start : start + size])
    assert splitter.finish() is None
    _, found = splitter.take()
    assert [json.loads(element) for element in found] == elements
