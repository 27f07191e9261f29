"""What holds for every format that can be read."""

from pathlib import Path

import pytest
from formats_contract import DOCUMENTS, EMPTY_WRITERS, WRITERS, as_given

from dedup.reading import FORMATS, find_format, read_files
from dedup.settings import Settings

HAS_COLUMNS = [name for name in WRITERS if FORMATS[name.partition(".")[0]].has_columns]
HAS_END_MARK = [name for name in WRITERS if "." in name or name == "parquet"]


def test_every_format_is_under_this_contract():
    """A new row in FORMATS is tested here or the suite fails."""
    assert {name.partition(".")[0] for name in WRITERS} == set(FORMATS)
    assert set(EMPTY_WRITERS) == set(FORMATS)


@pytest.mark.parametrize("name", WRITERS)
def test_same_documents_in_every_format(name, tmp_path):
    """A document's id and text are the same whatever the format of its file."""
    WRITERS[name](tmp_path)
    corpus = read_files([tmp_path], Settings())
    expected = sorted((document["id"], as_given(name, document["text"])) for document in DOCUMENTS)
    found = zip(*(corpus.documents[column].to_pylist() for column in ("doc_id", "text")), strict=True)
    assert sorted((doc_id, as_given(name, text)) for doc_id, text in found) == expected
    assert corpus.rejected.num_rows == corpus.n_renamed_ids == 0


@pytest.mark.parametrize("name", HAS_COLUMNS)
def test_rows_and_columns_ride_along(name, tmp_path):
    """Rows are counted from 0 in file order, and the user's columns keep type and nulls."""
    WRITERS[name](tmp_path)
    documents = read_files([tmp_path], Settings()).documents
    assert documents["row"].to_pylist() == [0, 1, 2, 3]
    assert documents["column:year"].to_pylist() == [document["year"] for document in DOCUMENTS]
    assert documents.schema.names == ["doc_id", "text", "source", "row", "column:year"]


@pytest.mark.parametrize("name", WRITERS)
def test_batch_size_changes_nothing(name, tmp_path):
    """One byte at a time or all at once gives equal tables."""
    WRITERS[name](tmp_path)
    small, large = (read_files([tmp_path], Settings(batch_bytes=size)) for size in (1, 1 << 30))
    assert small.documents.equals(large.documents)
    assert small.rejected.equals(large.rejected)


@pytest.mark.parametrize("name", EMPTY_WRITERS)
def test_empty_file(name, tmp_path):
    """An empty text file is an empty document; an empty table or file of lines is none; neither is an error."""
    write, n_documents = EMPTY_WRITERS[name]
    write(tmp_path)
    corpus = read_files([tmp_path], Settings())
    assert corpus.documents["text"].to_pylist() == [""] * n_documents
    assert corpus.rejected.num_rows == 0


@pytest.mark.parametrize("name", HAS_END_MARK)
def test_file_cut_short_is_rejected(name, tmp_path):
    """The rest of a file that breaks off is one row in rejected, and other files are read."""
    WRITERS[name](tmp_path)
    victim = sorted(tmp_path.iterdir())[0]
    victim.write_bytes(victim.read_bytes()[:-7])
    (tmp_path / "zz-other.txt").write_text("still here")
    corpus = read_files([tmp_path], Settings())
    assert "still here" in corpus.documents["text"].to_pylist()
    [reject] = corpus.rejected.to_pylist()
    assert (reject["source"], reject["row"], reject["stage"]) == (victim.name, None, "read")


@pytest.mark.parametrize("name", WRITERS)
def test_vanished_file_is_rejected(name, tmp_path):
    """A link to nothing is a row in rejected with a reason."""
    suffix = next(iter(FORMATS[name.partition(".")[0]].suffixes))
    (tmp_path / f"gone{suffix}").symlink_to(tmp_path / "nowhere")
    corpus = read_files([tmp_path], Settings())
    [reject] = corpus.rejected.to_pylist()
    assert reject["source"] == f"gone{suffix}"
    assert "no such file" in reject["reason"].lower()


@pytest.mark.parametrize("name", WRITERS)
def test_suffixes_count_in_any_case(name, tmp_path):
    """X.TXT is read as x.txt is."""
    WRITERS[name](tmp_path)
    for path in sorted(Path(tmp_path).iterdir()):
        assert find_format(path.name.upper()) == find_format(path.name) == name.partition(".")[0]
