"""What reports, explanations and their renderings promise, on tables made by hand."""

import dataclasses
import io
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from rich.console import Console, RenderableType

from dedup import schemas
from dedup.errors import InputError, OutputError, UnknownDocumentError
from dedup.reporting.explanation import explain
from dedup.reporting.report import (
    MOST_REJECTION_REASONS,
    OTHER_REASONS,
    InputFigures,
    Report,
    ReportBuilder,
    Tally,
)
from dedup.reporting.terminal import printable, show_explanation, show_removals, show_summary
from dedup.settings import Settings

COPY = "The same paragraph, told in two documents of this corpus.\n"
CREDIT = "Reuters contributed to this report.\n"
ORIGINALS = {
    "a": "Überschrift 😀\n" + COPY + "The end of a.\n",
    "b": CREDIT + "The beginning of b.\n" + COPY + "The end of b.\n" + CREDIT,
    "c": COPY,
}
N_CHARS = sum(map(len, ORIGINALS.values()))


def make_tables() -> dict[str, pa.Table]:
    """Give final tables in which b lost a copy and two credits, and nothing is left of c."""
    removed = [
        removed_row("b", 0, CREDIT, "boilerplate", rule="wire-credit/contributed"),
        removed_row("b", ORIGINALS["b"].index(COPY), COPY, "duplicate", kept="a"),
        removed_row("b", len(ORIGINALS["b"]) - len(CREDIT), CREDIT, "boilerplate", rule="wire-credit/contributed"),
        removed_row("c", 0, COPY, "near-duplicate", kept="a", similarity=0.75),
    ]
    documents = [
        {"doc_id": "a", "text": ORIGINALS["a"], "source": "a.txt", "n_removed": 0, "chars_removed": 0},
        {
            "doc_id": "b",
            "text": "The beginning of b.\nThe end of b.\n",
            "source": "b.txt",
            "n_removed": 3,
            "chars_removed": len(COPY) + 2 * len(CREDIT),
        },
    ]
    overlap = {
        "doc_id": "a",
        "start": ORIGINALS["a"].index("The end"),
        "end": ORIGINALS["a"].index("The end") + 13,
        "other_doc_id": "b",
        "other_start": ORIGINALS["b"].index("The end"),
        "other_end": ORIGINALS["b"].index("The end") + 13,
        "similarity": 0.5,
        "why_kept": "too short",
    }
    return {
        "documents": pa.Table.from_pylist(documents, schemas.CLEAN_DOCUMENTS),
        "removed": pa.Table.from_pylist(removed, schemas.REMOVED),
        "overlaps": pa.Table.from_pylist([overlap], schemas.OVERLAPS),
        "rejected": schemas.REJECTED.empty_table(),
        "emptied": pa.Table.from_pylist([{"doc_id": "c", "source": "c.txt", "position": 2}], schemas.EMPTIED),
    }


def removed_row(
    doc_id: str,
    start: int,
    text: str,
    reason: str,
    rule: str | None = None,
    kept: str | None = None,
    similarity: float | None = None,
) -> dict[str, object]:
    """Give a row of REMOVED; the kept copy is where COPY stands in `kept`."""
    kept_start = None if kept is None else ORIGINALS[kept].index(COPY)
    return {
        "doc_id": doc_id,
        "start": start,
        "end": start + len(text),
        "text": text,
        "reason": reason,
        "rule": rule,
        "votes": None,
        "kept_doc_id": kept,
        "kept_start": kept_start,
        "kept_end": None if kept_start is None else kept_start + len(COPY),
        "similarity": 1.0 if kept is not None and similarity is None else similarity,
    }


def make_report(tables: dict[str, pa.Table], **figures: object) -> Report:
    builder = ReportBuilder()
    for name, table in tables.items():
        builder.add(name, table)
    return builder.build(
        figures=InputFigures(**{"n_sources": 3, "n_paragraphs": 9, "n_chars": N_CHARS, **figures}),
        settings=Settings(without=("share",)),
        seconds={"read": 0.12345},
    )


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """Write an output folder: one row a row group, two parts of documents and of removals."""
    tables = make_tables()
    for name in ("documents", "removed"):
        (tmp_path / name).mkdir()
        middle = tables[name].num_rows // 2
        for part, half in enumerate((tables[name].slice(0, middle), tables[name].slice(middle))):
            pq.write_table(half, tmp_path / name / f"part-{part:05}.parquet", row_group_size=1)
    for name in ("overlaps", "rejected", "emptied"):
        pq.write_table(tables[name], tmp_path / f"{name}.parquet")
    (tmp_path / "report.json").write_text("{}")
    return tmp_path


def rendered(renderable: RenderableType, colour: bool = False) -> str:
    console = Console(
        file=io.StringIO(), force_terminal=colour, color_system="standard" if colour else None, width=100, markup=False
    )
    console.print(renderable, soft_wrap=True)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_report_counts_every_document_and_character() -> None:
    """What went is counted in code points, and is a share of what came in."""
    report = make_report(make_tables())
    assert report.n_chars_removed == 2 * len(COPY) + 2 * len(CREDIT)
    assert report.share_removed == report.n_chars_removed / N_CHARS
    assert (report.n_documents, report.n_kept, report.n_changed, report.n_emptied) == (3, 2, 1, 1)
    assert (report.n_removed, report.n_overlaps, report.n_rejected) == (4, 1, 0)


def test_report_counts_by_reason_rule_and_category() -> None:
    """Each removal is on one account; reasons come in the order of REASONS."""
    report = make_report(make_tables())
    credits = Tally(spans=2, chars=2 * len(CREDIT))
    one_copy = Tally(spans=1, chars=len(COPY))
    assert list(report.by_reason.items()) == [
        ("duplicate", one_copy),
        ("near-duplicate", one_copy),
        ("boilerplate", credits),
    ]
    assert report.by_rule == {"wire-credit/contributed": credits}
    assert report.by_category == {"wire-credit": credits}


def test_report_of_nothing() -> None:
    """A run over nothing has a report, too, with no division by zero."""
    tables = {name: table.slice(0, 0) for name, table in make_tables().items()}
    report = make_report(tables, n_sources=0, n_paragraphs=0, n_chars=0)
    assert (report.n_documents, report.n_chars, report.share_removed, report.by_reason) == (0, 0, 0.0, {})
    assert "0 documents" in report.summary()


def test_report_is_the_same_for_chunked_and_sliced_tables() -> None:
    """How a table is cut in memory does not show in the figures."""
    tables = make_tables()
    chunked = {
        name: pa.concat_tables([table.slice(0, 1), table.slice(1)]) if table.num_rows else table
        for name, table in tables.items()
    }
    padded = {
        name: pa.concat_tables([table.slice(0, 1), table]).slice(1) if table.num_rows else table
        for name, table in tables.items()
    }
    assert make_report(tables) == make_report(chunked) == make_report(padded)


def test_report_counts_rows_as_they_pass(monkeypatch) -> None:
    """However the rows of the tables are handed over, the report is the same, of many reasons to reject, too."""
    monkeypatch.setattr("dedup.reporting.report.MOST_REASONS_COUNTED", 40)
    numbers = [n * n % 97 for n in range(150)]
    rows = [{"source": "x", "row": n, "stage": "read", "reason": f"bad line {n}"} for n in numbers]
    tables = {**make_tables(), "rejected": pa.Table.from_pylist(rows, schemas.REJECTED)}
    whole = make_report(tables)
    assert sum(whole.rejected_by_reason.values()) == 150
    for size in (1, 3, 40):
        builder = ReportBuilder()
        for name, table in reversed(tables.items()):
            for start in range(0, max(1, table.num_rows), size):
                builder.add(name, table.slice(start, size))
        figures = InputFigures(n_sources=3, n_paragraphs=9, n_chars=N_CHARS)
        settings = Settings(without=("share",))
        assert builder.build(figures=figures, settings=settings, seconds={"read": 0.12345}) == whole


def test_report_goes_through_json_unchanged() -> None:
    """report.json read back is the report."""
    report = make_report(make_tables(), skipped=["ü.pdf"], n_renamed_ids=2)
    assert Report.from_json(report.to_json()) == report
    assert json.loads(report.to_json())["settings"]["without"] == ["share"]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": 99}', '{"format": 1, "by_reason": {}}'])
def test_what_is_no_report_is_refused(text: str) -> None:
    """Another JSON file is an InputError, not a report with holes."""
    with pytest.raises(InputError):
        Report.from_json(text)


def test_report_states_settings_and_versions() -> None:
    """Every setting is in the report, and every package that the answer depends on."""
    report = make_report(make_tables())
    assert set(report.settings) == {field.name for field in dataclasses.fields(Settings)}
    computing = {"python", "dedup-clean", "pyarrow", "numpy", "numba", "datasketch"}
    assert set(report.versions) == computing | {"trafilatura", "htmldate", "resiliparse", "lxml", "chardet"}
    assert (report.bands, report.rows) == Settings().band_shape


def test_report_warns_when_most_of_a_corpus_goes() -> None:
    """More than half of all characters removed is said loudly."""
    tables = make_tables()
    tables["documents"] = tables["documents"].slice(1)
    assert "%" in make_report(tables).warnings[0]
    assert make_report({**make_tables(), "removed": schemas.REMOVED.empty_table()}).warnings == []


def test_report_keeps_rejection_reasons_few() -> None:
    """Reasons that name a line each do not fill the report; none goes uncounted."""
    rows = [{"source": "x", "row": row, "stage": "read", "reason": f"bad line {row}"} for row in range(100)]
    report = make_report({**make_tables(), "rejected": pa.Table.from_pylist(rows, schemas.REJECTED)})
    assert len(report.rejected_by_reason) == MOST_REJECTION_REASONS + 1
    assert report.rejected_by_reason[OTHER_REASONS] == 100 - MOST_REJECTION_REASONS
    assert "100 inputs" in report.summary()


def test_summary_names_what_is_unusual_only_where_there_is_something() -> None:
    """Skipped files and renamed ids are named; a run without them does not mention them."""
    plain = make_report(make_tables()).summary()
    unusual = make_report(make_tables(), skipped=["a.pdf"], n_renamed_ids=2).summary()
    assert "skipped" not in plain
    assert "1 input of no known kind: a.pdf" in unusual
    assert "2 renamed" in unusual


def test_summary_counts_what_could_not_be_read_apart_from_what_no_reader_is_for() -> None:
    """A picture beside the documents does not hide the broken file: each is counted once, on a line of its own."""
    reasons = {"a.png": f"{schemas.UNKNOWN_KIND}: .png is no text", "b.gz": "cut short", "c.gz": "cut short"}
    rows = [{"source": name, "row": None, "stage": "list", "reason": reason} for name, reason in reasons.items()]
    tables = {**make_tables(), "rejected": pa.Table.from_pylist(rows, schemas.REJECTED)}
    summary = make_report(tables, skipped=["a.png"]).summary()
    assert "2 inputs that could not be read: cut short (2)\n" in summary
    assert "1 input of no known kind: a.png" in summary


def test_summary_of_many_files_of_no_known_kind() -> None:
    """Their reasons, which name each suffix, push no other out of the count, and the summary tells the suffixes."""
    names = [f"{n}.x{n}.gz" for n in range(30)] + [f"{n}.conf" for n in range(12)] + ["LICENSE"]
    reasons = {name: f"{schemas.UNKNOWN_KIND}: the suffix of {name} is not" for name in names} | {
        "b.txt.gz": "cut short"
    }
    rows = [{"source": name, "row": None, "stage": "list", "reason": reason} for name, reason in reasons.items()]
    tables = {**make_tables(), "rejected": pa.Table.from_pylist(rows, schemas.REJECTED)}
    report = make_report(tables, skipped=names)
    assert report.rejected_by_reason == {schemas.UNKNOWN_KIND: 43, "cut short": 1}
    assert "1 input that could not be read: cut short (1)\n" in report.summary()
    assert (
        "43 inputs of no known kind: suffixes .conf (12), .x0 (1), .x1 (1), .x10 (1), .x11 (1), ..." in report.summary()
    )


def test_summary_says_which_extractors_pages_went_through() -> None:
    """Where there were pages, their number and extractors are a line, right after what was read."""
    summary = make_report(make_tables(), by_extractor={"trafilatura": 1_200, "resiliparse": 3, "": 1}).summary()
    assert summary.splitlines()[1] == "extracted 1,204 pages: 1,200 by trafilatura, 3 by resiliparse, 1 without text"
    assert "extracted" not in make_report(make_tables()).summary()


def test_summary_in_the_terminal_says_where_to_look_further() -> None:
    """Figures by reason and rule, then the folder and the commands that explain and undo."""
    shown = rendered(show_summary(make_report(make_tables()), "out"))
    for words in ("wire-credit/contributed", "near-duplicate", "dedup explain out DOC_ID", "dedup restore out"):
        assert words in shown


def test_explain_gives_the_original_with_what_went(out: Path) -> None:
    """The original is whole again, each removal has its evidence, read from any part."""
    explanation = explain(out, "b")
    assert (explanation.text, explanation.source) == (ORIGINALS["b"], "b.txt")
    assert explanation.clean_text == "The beginning of b.\nThe end of b.\n"
    assert [span.text for span in explanation.removed] == [CREDIT, COPY, CREDIT]
    assert [span.kept_text for span in explanation.removed] == [None, COPY, None]
    assert all(ORIGINALS["b"][span.start : span.end] == span.text for span in explanation.removed)
    assert "".join(text for text, _ in explanation.pieces()) == ORIGINALS["b"]


def test_explain_a_document_of_which_nothing_is_left(out: Path) -> None:
    """It is not in `documents`, yet all of it can be shown."""
    explanation = explain(out, "c")
    assert (explanation.text, explanation.source, explanation.clean_text) == (COPY, "c.txt", "")
    assert explanation.removed[0].similarity == 0.75


def test_explain_shows_an_overlap_from_either_side(out: Path) -> None:
    """The document asked for comes first, whichever way round the pair is stored."""
    (from_a,), (from_b,) = explain(out, "a").overlaps, explain(out, "b").overlaps
    assert (from_a.text, from_a.other_text) == (from_b.other_text, from_b.text) == ("The end of a.", "The end of b.")


def test_explain_names_the_nearest_ids(out: Path) -> None:
    """An unknown id is an error that helps."""
    with pytest.raises(UnknownDocumentError, match=r"no document 'B' in .* \(did you mean 'b'\?\)"):
        explain(out, "B")
    with pytest.raises(UnknownDocumentError, match="no document 'nowhere'"):
        explain(out, "nowhere")


def test_explain_refuses_a_folder_that_is_not_an_output(tmp_path: Path) -> None:
    """A wrong folder is named, and what it lacks."""
    with pytest.raises(OutputError, match="no such folder"):
        explain(tmp_path / "missing", "a")
    with pytest.raises(OutputError, match=r"there is no report\.json in it"):
        explain(tmp_path, "a")


def test_explain_names_a_file_that_is_damaged(out: Path) -> None:
    """Half a Parquet file is an error of the output, not a bug."""
    part = next((out / "removed").iterdir())
    part.write_bytes(part.read_bytes()[:100])
    with pytest.raises(OutputError, match=f"{part.name} cannot be read"):
        explain(out, "b")


def test_explanation_reads_without_colour(out: Path) -> None:
    """Removed spans stand between markers, numbered, and lines stay lines."""
    shown = rendered(show_explanation(explain(out, "b"), colour=False))
    assert "[-Reuters contributed to this report.-][1]\nThe beginning of b.\n[-The same" in shown
    assert "[1] boilerplate, rule wire-credit/contributed\n" in shown
    assert "[2] duplicate, similarity 1.000, kept in a 14-72\n    The same paragraph," in shown
    assert "is like a 72-85: similarity 0.500, too short" in shown


def test_explanation_in_colour_strikes_what_went(out: Path) -> None:
    """With colour there are no markers; the span itself is struck out."""
    shown = rendered(show_explanation(explain(out, "b"), colour=True), colour=True)
    assert "[-" not in shown
    assert "\x1b[2;9;31mReuters contributed" in shown


def test_documents_cannot_drive_the_terminal() -> None:
    """Escape sequences and other controls of a document are shown, not sent."""
    assert printable("a\x1b[31m\x9b\x07b\tc\r\nd\n") == "a\ufffd[31m\ufffd\ufffdb\tc\nd\n"
    row = removed_row("\x1b]0;x\x07", 0, "\x1b[2J", "boilerplate", rule="wire-credit/contributed")
    assert "\x1b" not in rendered(show_removals([row], 1, colour=False))


def test_removals_of_a_dry_run_stand_under_their_document() -> None:
    """Each document once, each removal with its reason, and how many more there are."""
    rows = make_tables()["removed"].to_pylist()
    shown = rendered(show_removals(rows, 1000, colour=False))
    assert shown.count("\nc\n") == 1
    assert "duplicate, similarity 1.000, kept in a" in shown
    assert "950 more" in shown
