"""The options that commands share, and how each of them ends."""

import sys
from pathlib import Path
from typing import Annotated, Any, Final

import typer

WORK: Final = Path(__file__).resolve().parent / "work"

Work = Annotated[Path, typer.Option(help="Folder for corpora and outputs; git ignores the default.")]
Corpus = Annotated[Path, typer.Option(help="Parquet file, or folder of them, with doc_id and text.", exists=True)]
Data = Annotated[Path | None, typer.Option(help="Folder of labelled Parquet files.", envvar="DEDUP_DATA")]
Mail = Annotated[Path | None, typer.Option(help="Folder of folders of mails.", envvar="DEDUP_MAIL")]
TextSource = Annotated[
    Path | None,
    typer.Option(help="Parquet with a column text, or a text file, to learn words from; else Python's manual."),
]
Out = Annotated[Path | None, typer.Option(help="Judge this output folder instead of cleaning the corpus anew.")]
Option = Annotated[
    list[str] | None, typer.Option("--option", help="Passed on to `dedup clean`, e.g. --option=--similarity=0.7.")
]
Save = Annotated[str | None, typer.Option(help="Write the figures to benchmarks/results/NAME.json.", metavar="NAME")]


def finish(benchmark: str, figures: dict[str, Any], lines: list[str], save: str | None) -> None:
    """Show the figures, keep them if asked, and end with code 1 if a promise is broken."""
    from benchmarks.measurements import RESULTS, command_line, write_result

    typer.echo("\n".join(lines))
    if save is not None:
        # examples quote the corpus, which is not ours to keep in the results
        kept = {name: value for name, value in figures.items() if not name.endswith("_examples")}
        write_result(RESULTS / f"{save}.json", benchmark, command_line(sys.argv[1:]), kept)
    if figures.get("broken_promises"):
        raise typer.Exit(1)


def find_data(data: Path | None, benchmark: str) -> Path | None:
    """Give the folder of labelled data; if it is not there, None, after saying that the benchmark is skipped."""
    if data is not None and data.is_dir():
        return data
    typer.echo(f"{benchmark}: skipped, no data folder; give --data FOLDER or set DEDUP_DATA")
    return None
