"""What holds for every format that can be read, in every compression and archive."""

import pyarrow as pa
import pytest
from formats_contract import ARCHIVES, BROKEN, COMPRESSED, DOCUMENTS, FORMS, PAGES, arrow, parquet
from read_documents import read_files

from dedup.reading import CONTAINERS, FORMATS
from dedup.settings import Settings
from dedup.streams import CODECS

FORM = pytest.mark.parametrize("form", FORMS.values(), ids=list(FORMS))


def read(source, form, **changes):
    return read_files([source], Settings(**{"workers": 1, **form.settings, **changes}))


def documents_of(corpus):
    """Give id and text of all documents, sorted."""
    return sorted(zip(*(corpus.documents[name].to_pylist() for name in ("doc_id", "text")), strict=True))


def expected_of(form):
    """Give what the documents of a form must be; of pages, what is left of their paragraphs."""
    is_page = form.documents is PAGES
    return sorted((found["id"], found["text"].strip() if is_page else found["text"]) for found in form.documents)


def with_broken(form):
    """Give the documents of a form, with a broken one in the middle where they are not pages."""
    return form.documents if form.documents is PAGES else [*DOCUMENTS[:2], BROKEN, *DOCUMENTS[2:]]


def test_every_format_is_under_this_contract():
    """A new row in FORMATS or CONTAINERS, or a new compression, is tested here or the suite fails."""
    assert {form.format for form in FORMS.values()} == set(FORMATS)
    assert set(ARCHIVES) == set(CONTAINERS)
    assert set(COMPRESSED) == {"", *CODECS}


@pytest.mark.parametrize("codec", COMPRESSED)
@FORM
def test_same_documents_in_every_format(form, codec, tmp_path):
    """A document's id and text are the same whatever the format and the compression of its file."""
    form.write(tmp_path, codec=codec)
    corpus = read(tmp_path, form)
    assert documents_of(corpus) == expected_of(form)
    assert corpus.rejected.num_rows == corpus.n_renamed_ids == corpus.n_replaced_chars == 0
    assert corpus.warnings == []


@pytest.mark.parametrize("archive", ARCHIVES)
@FORM
def test_same_documents_in_every_archive(form, archive, tmp_path):
    """A file in a zip or tar gives what it gives outside of it, under the name of both."""
    path = ARCHIVES[archive](tmp_path, form.files())
    corpus = read(path, form)
    names = {name: f"{path.name}/{name}" for name in form.files()}
    prefix = f"{path.name}/" if form.is_single else ""
    assert documents_of(corpus) == sorted((prefix + doc_id, text) for doc_id, text in expected_of(form))
    assert set(corpus.documents["source"].to_pylist()) == set(names.values())


@FORM
def test_rows_and_columns_ride_along(form, tmp_path):
    """Rows are counted from 0 in file order, and the user's columns keep their values and nulls; in CSV all is text."""
    form.write(tmp_path)
    documents = read(tmp_path, form).documents
    if not form.has_columns:
        assert "column:year" not in documents.column_names
        return
    assert documents["row"].to_pylist() == [0, 1, 2, 3]
    years = [document["year"] for document in DOCUMENTS]
    assert documents["column:year"].to_pylist() == [None if year is None else form.year(year) for year in years]
    assert documents.schema.names == ["doc_id", "text", "source", "row", "column:year"]


@FORM
def test_batch_size_changes_nothing(form, tmp_path):
    """One byte at a time or all at once gives equal tables, of good documents and of broken ones."""
    form.write(tmp_path, with_broken(form))
    small, large = (read(tmp_path, form, batch_bytes=size) for size in (1, 1 << 30))
    assert small.documents.equals(large.documents)
    assert small.rejected.equals(large.rejected)


@pytest.mark.parametrize("encode", [parquet, arrow])
def test_size_of_stored_batches_changes_nothing(encode, tmp_path):
    """Many row groups or record batches are the same documents as one."""
    form = FORMS[encode.__name__]
    found = []
    for n_rows in (1, 100):
        (tmp_path / f"all{form.suffix}").write_bytes(encode(DOCUMENTS, n_rows))
        found.append(read(tmp_path, form).documents)
    assert found[0].equals(found[1])


@FORM
def test_empty_file(form, tmp_path):
    """An empty file of text or HTML is an empty document; other empty files hold none, which is no error."""
    (tmp_path / f"empty{form.suffix}").write_bytes(form.empty)
    corpus = read(tmp_path, form)
    assert corpus.documents["text"].to_pylist() == [""] * form.is_single
    assert corpus.rejected.num_rows == 0


@pytest.mark.parametrize("name", [name for name, form in FORMS.items() if form.documents is DOCUMENTS])
def test_broken_record_in_the_middle(name, tmp_path):
    """It is one row in rejected, which says where it is, and every other document is read."""
    form = FORMS[name]
    form.write(tmp_path, with_broken(form))
    corpus = read(tmp_path, form)
    assert documents_of(corpus) == expected_of(form)
    [reject] = corpus.rejected.to_pylist()
    assert reject["row"] == (0 if form.is_single else 2 + form.first_row)
    assert reject["stage"] == ("decode" if form.is_single else "read")
    assert reject["reason"]


@pytest.mark.parametrize(
    ("name", "codec"),
    [(name, codec) for name, form in FORMS.items() for codec in COMPRESSED if codec or form.has_end_mark],
)
def test_file_cut_short_is_rejected(name, codec, tmp_path):
    """The rest of a file that breaks off is one row in rejected, and other files are read."""
    form = FORMS[name]
    form.write(tmp_path, codec=codec)
    victim = sorted(tmp_path.iterdir())[0]
    victim.write_bytes(victim.read_bytes()[:-7])
    (tmp_path / "zz-other.txt").write_text("still here")
    corpus = read(tmp_path, form)
    assert "still here" in corpus.documents["text"].to_pylist()
    [reject] = corpus.rejected.to_pylist()
    assert (reject["source"], reject["row"], reject["stage"]) == (victim.name, None, "read")


@FORM
def test_vanished_file_is_rejected(form, tmp_path):
    """A link to nothing is a row in rejected with a reason."""
    name = f"gone{form.suffix}"
    (tmp_path / name).symlink_to(tmp_path / "nowhere")
    [reject] = read(tmp_path, form).rejected.to_pylist()
    assert reject["source"] == name
    assert "no such file" in reject["reason"].lower()


@FORM
def test_suffixes_count_in_any_case(form, tmp_path):
    """X.TXT is read as x.txt is."""
    form.write(tmp_path)
    for path in sorted(tmp_path.iterdir()):
        path.rename(path.with_suffix(path.suffix.upper()))
    assert documents_of(read(tmp_path, form)) == expected_of(form)


@FORM
def test_format_by_choice(form, tmp_path):
    """What the settings say goes before the name; a name that says nothing is no obstacle then."""
    form.write(tmp_path)
    for path in sorted(tmp_path.iterdir()):
        path.rename(path.with_suffix(".unknown"))
    assert documents_of(read(tmp_path, form, format=form.format)) == expected_of(form)


def test_unknown_suffix_is_rejected(tmp_path):
    """A file whose name and content say nothing is a row in rejected, and other files are read."""
    (tmp_path / "a.xyz").write_bytes(bytes(range(256)))
    (tmp_path / "b.txt").write_text("still here")
    corpus = read_files([tmp_path], Settings())
    assert corpus.documents["text"].to_pylist() == ["still here"]
    [reject] = corpus.rejected.to_pylist()
    assert (reject["source"], reject["row"], reject["stage"]) == ("a.xyz", None, "list")


@pytest.mark.parametrize("name", [name for name, form in FORMS.items() if form.has_columns])
def test_files_of_all_formats_are_one_corpus(name, tmp_path):
    """A table beside lines of JSON: columns are joined, whatever the formats."""
    form = FORMS[name]
    form.write(tmp_path, DOCUMENTS[:1])
    (tmp_path / "zz.jsonl").write_bytes(FORMS["jsonl"].encode(DOCUMENTS[3:]))
    corpus = read(tmp_path, form)
    assert list(map(str, corpus.documents["column:year"].to_pylist())) == ["1999", "-5"]
    assert corpus.documents.schema.field("column:year").type == (pa.int64() if form.year is int else pa.string())
