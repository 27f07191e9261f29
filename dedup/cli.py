"""The `dedup` command: each sub-command a thin skin over one library call.

The only module that prints or exits. Everything slow to import (pyarrow, rich, the
library itself) is imported inside the commands, so that --help answers at once.
"""

import gc
import io
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, NoReturn, cast

import typer

from dedup.errors import DedupError, SettingsError
from dedup.help_text import CLEAN_EPILOG, EPILOG
from dedup.settings import CATEGORIES, Settings, setting_names

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

EXIT_USER_ERROR: Final = 2
EXIT_INTERRUPTED: Final = 130  # 128 + SIGINT, as shells have it
EXIT_BROKEN_PIPE: Final = 141  # 128 + SIGPIPE

DEFAULTS: Final = Settings()

NEW_OBJECTS_BETWEEN_SEARCHES: Final = 50_000
"""How seldom Python looks for garbage: imports make some 100,000 objects that all stay, and at its own pace of 700
the search takes a tenth of a short run."""

# typer publishes the parameter error but not its base, which is what a wrong command line raises
_USAGE_ERROR = cast("type[Exception]", typer.BadParameter.__bases__[0])

app = typer.Typer(
    name="dedup",
    help="Take repeated text and boilerplate out of documents: every removal proved, everything restorable.",
    epilog=EPILOG,
    rich_markup_mode="rich",
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line `arguments` (the process's own if None) and exit with its code."""
    gc.set_threshold(NEW_OBJECTS_BETWEEN_SEARCHES, *gc.get_threshold()[1:])
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a document may hold what the terminal's encoding lacks
            stream.reconfigure(errors="backslashreplace")
    try:
        code = _run(list(sys.argv[1:] if arguments is None else arguments))
        sys.stdout.flush()
    except BrokenPipeError:
        # the reader has gone (`| head`): not an error, but nothing more can be said, at exit either
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        code = EXIT_BROKEN_PIPE
    sys.exit(code)


def _run(arguments: list[str]) -> int:
    """Run a command line and give its exit code; an exception from here is a bug, or a broken pipe."""
    try:
        command = typer.main.get_command(app)
        with command.make_context("dedup", arguments) as context:
            command.invoke(context)
    except typer.Exit as exit_:
        return exit_.exit_code
    except DedupError as error:
        return _complain(str(error))
    except _USAGE_ERROR as error:
        path = getattr(getattr(error, "ctx", None), "command_path", "dedup")
        message = error.format_message() if hasattr(error, "format_message") else str(error)
        return _complain(f"{message.rstrip('.')}; {path} --help shows how")
    except (KeyboardInterrupt, typer.Abort):
        _complain("interrupted")
        return EXIT_INTERRUPTED
    return 0


def _complain(message: str) -> int:
    """Say what is wrong in one line on stderr."""
    print("dedup:", " ".join(message.split()), file=sys.stderr)
    return EXIT_USER_ERROR


@app.callback(invoke_without_command=True)
def dedup_command(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Show the version and exit.")] = False,
) -> None:
    """Show the version, or the help where no command is given."""
    if version:
        from dedup.reporting.versions import package_version

        print(f"dedup {package_version('dedup-clean')}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        print(context.get_help())


_COPIES: Final = "What counts as a copy"
_BOILERPLATE: Final = "Repeats and boilerplate"
_INPUT: Final = "Input"
_RUN: Final = "How to run"


@app.command(epilog=CLEAN_EPILOG)
def clean(  # noqa: PLR0913, PLR0917 (typer reads the options from the signature)
    context: typer.Context,
    paths: Annotated[
        list[str],
        typer.Argument(
            metavar="SOURCE... TARGET",
            show_default=False,
            help="Files, folders or quoted globs to read (.txt .md .jsonl .parquet, also .gz and .zst of .jsonl), "
            "then the folder to write, as with cp.",
        ),
    ],
    text_column: Annotated[
        str | None,
        typer.Option(help="Column with the text.", show_default="text, content or body", rich_help_panel=_INPUT),
    ] = DEFAULTS.text_column,
    id_column: Annotated[
        str | None,
        typer.Option(help="Column with the id.", show_default="id, doc_id or url", rich_help_panel=_INPUT),
    ] = DEFAULTS.id_column,
    paragraphs: Annotated[
        str,
        typer.Option(
            metavar="auto|line|block",
            help="Paragraphs are lines, or blocks between blank lines; auto decides for each document.",
            rich_help_panel=_INPUT,
        ),
    ] = DEFAULTS.paragraphs,
    similarity: Annotated[
        float,
        typer.Option(
            help="Least share of common shingles at which two paragraphs are the same, above 0 to 1.",
            rich_help_panel=_COPIES,
        ),
    ] = DEFAULTS.similarity,
    min_tokens: Annotated[
        int, typer.Option(help="Shorter paragraphs are never duplicates.", rich_help_panel=_COPIES)
    ] = DEFAULTS.min_tokens,
    min_near_tokens: Annotated[
        int, typer.Option(help="Shorter paragraphs are duplicates only if equal.", rich_help_panel=_COPIES)
    ] = DEFAULTS.min_near_tokens,
    shingle_tokens: Annotated[
        int, typer.Option(help="Tokens in a shingle.", rich_help_panel=_COPIES)
    ] = DEFAULTS.shingle_tokens,
    keep: Annotated[
        str,
        typer.Option(
            metavar="WORD|COLUMN",
            help="Which copy stays: first (in reading order), longest, none, or the one with a column's highest value "
            "(COLUMN:lowest for the lowest).",
            rich_help_panel=_COPIES,
        ),
    ] = DEFAULTS.keep,
    within: Annotated[
        str,
        typer.Option(
            metavar="WORD|COLUMN",
            help="Where copies count: in the whole corpus, in one document, or among equal values of a column.",
            rich_help_panel=_COPIES,
        ),
    ] = DEFAULTS.within,
    copy_share: Annotated[
        float,
        typer.Option(
            help="A document with this share of its tokens in one other document is removed whole.",
            rich_help_panel=_COPIES,
        ),
    ] = DEFAULTS.copy_share,
    allow_different_facts: Annotated[
        bool,
        typer.Option(
            "--allow-different-facts",
            help="Also remove near-duplicates that differ in numbers or in a rare word.",
            rich_help_panel=_COPIES,
        ),
    ] = DEFAULTS.allow_different_facts,
    repeats: Annotated[
        bool, typer.Option(help="Remove text said twice inside a paragraph.", rich_help_panel=_BOILERPLATE)
    ] = DEFAULTS.repeats,
    boilerplate: Annotated[
        bool, typer.Option(help="Remove boilerplate.", rich_help_panel=_BOILERPLATE)
    ] = DEFAULTS.boilerplate,
    without: Annotated[
        list[str] | None,
        typer.Option(
            metavar="CATEGORY",
            help=f"Leave this kind of boilerplate in; can be repeated: {', '.join(CATEGORIES)}.",
            show_default=False,
            rich_help_panel=_BOILERPLATE,
        ),
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.toml",
            help="Read settings from a TOML file; options given here win over it.",
            show_default=False,
            rich_help_panel=_RUN,
        ),
    ] = None,
    recall_sample: Annotated[
        int,
        typer.Option(
            help="Measure recall: compare so many paragraphs with all others by brute force.",
            show_default="none",
            rich_help_panel=_RUN,
        ),
    ] = DEFAULTS.recall_sample,
    workers: Annotated[
        int,
        typer.Option(
            help="Threads; the answer is the same for any number.", show_default="all cores", rich_help_panel=_RUN
        ),
    ] = DEFAULTS.workers,
    seed: Annotated[int, typer.Option(help="Seed of the hash functions.", rich_help_panel=_RUN)] = DEFAULTS.seed,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Show what would go, and why; write nothing.", rich_help_panel=_RUN),
    ] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace what is in TARGET.", rich_help_panel=_RUN)
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the report as JSON, nothing else.", rich_help_panel=_RUN)
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print nothing but errors.", rich_help_panel=_RUN)] = False,
) -> None:
    """Remove repeated and boilerplate text from SOURCE...; write clean Parquet, with all that went, to TARGET."""
    settings = _settings(context, config)
    sources, target = _sources_and_target(paths, dry_run=dry_run, overwrite=overwrite)
    if dry_run or target is None:
        _preview(sources, target, settings, as_json=as_json, quiet=quiet)
        return

    import dedup
    from dedup.reporting.progress import ProgressBar

    with ProgressBar(sys.stderr, quiet=quiet) as on_progress:
        report = dedup.clean_files(sources, target, settings, overwrite=overwrite, on_progress=on_progress)
    if as_json:
        _print_json(report.to_json())
    elif not quiet:
        from dedup.reporting.terminal import show_summary

        _show(show_summary(report, target))


@app.command()
def restore(
    out: Annotated[Path, typer.Argument(metavar="OUT", help="Folder that `dedup clean` wrote.", show_default=False)],
    target: Annotated[Path, typer.Argument(metavar="TARGET", help="Folder to write.", show_default=False)],
    as_files: Annotated[
        bool, typer.Option("--as-files", help="Write text files under their own names instead of Parquet.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print nothing but errors.")] = False,
) -> None:
    """Give back every original text from the output folder OUT, byte for byte."""
    from dedup.restoring import restore_files

    n_documents = restore_files(out, target, as_files=as_files)
    if not quiet:
        print(f"{n_documents:,} original texts written to {target}")


@app.command()
def explain(
    out: Annotated[Path, typer.Argument(metavar="OUT", help="Folder that `dedup clean` wrote.", show_default=False)],
    doc_id: Annotated[str, typer.Argument(metavar="DOC_ID", help="Id of the document.", show_default=False)],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead.")] = False,
) -> None:
    """Show one document of OUT: what went, why, and what it matched."""
    from dedup.reporting.explanation import explain as explain_document

    explanation = explain_document(out, doc_id)
    if as_json:
        _print_json(explanation.to_json())
        return

    from dedup.reporting.terminal import show_explanation

    console = _console()
    _show(show_explanation(explanation, colour=console.color_system is not None), console)


def _settings(context: typer.Context, config: Path | None) -> Settings:
    """Put the options given on the command line over the settings file, and that over the defaults."""
    settings = DEFAULTS
    if config is not None:
        from dedup.settings_file import read_settings

        settings = read_settings(config)
    given = {}
    for name in setting_names():
        source = context.get_parameter_source(name)  # None where a setting has no option
        if source is not None and source.name == "COMMANDLINE":
            given[name] = context.params[name]
    return settings.with_changes(given)


def _sources_and_target(paths: Sequence[str], *, dry_run: bool, overwrite: bool) -> tuple[list[str], str | None]:
    """Part SOURCE... from TARGET.

    A dry run may leave TARGET out: its last path is the target only if it could not be a
    source, because nothing is there, or an output of ours, or it is to be overwritten.
    """
    *sources, last = paths
    if not dry_run:
        if not sources:
            raise SettingsError(f"clean takes SOURCE... and then TARGET, got only {last!r}; add the folder to write")
        return sources, last
    place = Path(last)
    nothing_there = not any(mark in last for mark in "*?[") and not place.exists()
    empty = place.is_dir() and not any(place.iterdir())
    if sources and (overwrite or nothing_there or empty or (place / "report.json").is_file()):
        return sources, last
    return [*sources, last], None


def _preview(sources: list[str], target: str | None, settings: Settings, *, as_json: bool, quiet: bool) -> None:
    """Show what cleaning would remove, and why."""
    import dedup
    from dedup.reporting.progress import ProgressBar

    with ProgressBar(sys.stderr, quiet=quiet) as on_progress:
        result = dedup.preview_files(sources, settings, on_progress=on_progress)
    if as_json:
        import json

        fields = json.loads(result.report.to_json()) | {"removed": result.removed.to_pylist()}
        _print_json(json.dumps(fields, indent=2, ensure_ascii=False) + "\n")
    elif not quiet:
        from dedup.reporting.terminal import MOST_REMOVALS_SHOWN, show_removals, show_summary

        console = _console()
        rows = result.removed.slice(0, MOST_REMOVALS_SHOWN).to_pylist()
        colour = console.color_system is not None
        _show(show_removals(rows, result.removed.num_rows, colour), console)
        _show(show_summary(result.report), console)
        where = f" to {target}" if target else ""
        print(f"\ndry run: nothing was written{where}")


def _print_json(text: str) -> None:
    # bytes, because JSON is UTF-8 whatever the terminal speaks
    sys.stdout.buffer.write(text.encode())


def _console() -> "Console":
    from rich.console import Console

    # no highlighting: a number in someone's text is not ours to colour
    return Console(highlight=False, markup=False, emoji=False)


def _show(renderable: "RenderableType", console: "Console | None" = None) -> None:
    console = console or _console()
    # captured, because rich answers a closed pipe by an exit of its own, with the code of a bug
    with console.capture() as captured:
        # soft_wrap: the terminal breaks long lines itself, so that copied text stays as it was
        console.print(renderable, soft_wrap=True)
    sys.stdout.write(captured.get())
