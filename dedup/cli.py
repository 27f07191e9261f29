"""The `dedup` command: each sub-command a thin skin over one library call.

The only module that prints or exits. Everything slow to import (pyarrow, rich, the
library itself) is imported inside the commands, so that --help answers at once.
"""

import io
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, NoReturn, cast

import typer

from dedup import options
from dedup.cli_rules import rules_app
from dedup.errors import DedupError, ImplausibleError, SettingsError
from dedup.help_text import CLEAN_EPILOG, EPILOG
from dedup.own_process import (
    keep_memory_within,
    leave_garbage,
    open_closed_streams,
    search_seldom_for_garbage,
    set_up_process,
)
from dedup.printing import make_console, print_json, show
from dedup.settings import Settings, setting_names

if TYPE_CHECKING:
    from dedup.reporting.report import Report

EXIT_USER_ERROR: Final = 2
EXIT_REJECTED: Final = 3  # only with --strict
EXIT_IMPLAUSIBLE: Final = 4
EXIT_INTERRUPTED: Final = 130  # 128 + SIGINT, as shells have it
EXIT_BROKEN_PIPE: Final = 141  # 128 + SIGPIPE

DEFAULTS: Final = Settings()
SHOWN_MAX_DOCUMENT: Final = f"{DEFAULTS.max_document_bytes >> 30}GiB"

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
app.add_typer(rules_app, name="rules")


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line `arguments` and exit with its code; None: those of the process, which it then sets up."""
    if arguments is None:
        set_up_process()
    search_seldom_for_garbage()
    open_closed_streams()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a document may hold what the terminal's encoding lacks
            stream.reconfigure(errors="backslashreplace")
    try:
        code = _run(list(sys.argv[1:] if arguments is None else arguments))
        sys.stdout.flush()
    except BrokenPipeError:
        # the reader has gone (`| head`): not an error, but nothing more can be said, at exit either
        _close_stdout()
        code = EXIT_BROKEN_PIPE
    except OSError as error:
        if not _is_stdout_full():
            raise
        _close_stdout()
        code = _complain(f"cannot write to standard output: {error.strerror}; what was to be printed is lost")
    if arguments is None:
        leave_garbage()
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
        code = _complain(str(error))
        return EXIT_IMPLAUSIBLE if isinstance(error, ImplausibleError) else code
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
    with suppress(OSError):  # nobody hears it
        print("dedup:", " ".join(message.split()), file=sys.stderr)
    return EXIT_USER_ERROR


def _is_stdout_full() -> bool:
    """Say whether what is still to be printed cannot be."""
    try:
        print(flush=True)
    except OSError:
        return True
    return False


def _close_stdout() -> None:
    """Have what is still to be printed go nowhere, at exit too."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


@app.callback(invoke_without_command=True)
def dedup_command(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Show the version and exit.")] = False,
) -> None:
    """Show the version, or the help where no command is given."""
    if version:
        from dedup.versions import package_version

        print(f"dedup {package_version('dedup-clean')}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        print(context.get_help())


@app.command(epilog=CLEAN_EPILOG)
def clean(  # noqa: PLR0913, PLR0917 (typer reads the options from the signature)
    context: typer.Context,
    paths: options.SourcesAndTarget,
    format: options.Format = DEFAULTS.format,
    text_column: options.TextColumn = DEFAULTS.text_column,
    html_column: options.HtmlColumn = DEFAULTS.html_column,
    id_column: options.IdColumn = DEFAULTS.id_column,
    paragraphs: options.Paragraphs = DEFAULTS.paragraphs,
    encoding: options.Encoding = DEFAULTS.encoding,
    encoding_errors: options.EncodingErrors = DEFAULTS.encoding_errors,
    max_document_bytes: options.MaxDocumentBytes = SHOWN_MAX_DOCUMENT,
    extractor: options.Extractor = DEFAULTS.extractor,
    page_seconds: options.PageSeconds = DEFAULTS.page_seconds,
    similarity: options.Similarity = DEFAULTS.similarity,
    min_tokens: options.MinTokens = DEFAULTS.min_tokens,
    min_near_tokens: options.MinNearTokens = DEFAULTS.min_near_tokens,
    shingle_tokens: options.ShingleTokens = DEFAULTS.shingle_tokens,
    keep: options.Keep = DEFAULTS.keep,
    within: options.Within = DEFAULTS.within,
    copy_share: options.CopyShare = DEFAULTS.copy_share,
    duplicates: options.Duplicates = DEFAULTS.duplicates,
    allow_different_facts: options.AllowDifferentFacts = DEFAULTS.allow_different_facts,
    repeats: options.Repeats = DEFAULTS.repeats,
    boilerplate: options.Boilerplate = DEFAULTS.boilerplate,
    site: options.Site = DEFAULTS.site,
    max_source_share: options.MaxSourceShare = DEFAULTS.max_source_share,
    without: options.Without = None,
    rules: options.Rules = None,
    config: options.Config = None,
    recall_sample: options.RecallSample = DEFAULTS.recall_sample,
    workers: options.Workers = DEFAULTS.workers,
    memory: options.Memory = str(DEFAULTS.memory),
    staging: options.StagingFolder = None,
    fresh: options.Fresh = False,
    seed: options.Seed = DEFAULTS.seed,
    dry_run: options.DryRun = False,
    overwrite: options.Overwrite = False,
    strict: options.Strict = False,
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
) -> None:
    """Remove repeated and boilerplate text from SOURCE...; write clean Parquet, with all that went, to TARGET."""
    settings = _settings(context, config)
    sources, target = _sources_and_target(paths, dry_run=dry_run, overwrite=overwrite)
    from dedup.memory import free_bytes

    keep_memory_within(free_bytes(settings))
    if dry_run or target is None:
        report = _preview(sources, target, settings, as_json=as_json, quiet=quiet)
    else:
        how = {"overwrite": overwrite, "fresh": fresh, "staging": staging}
        report = _write(sources, target, settings, how, as_json=as_json, quiet=quiet)
    if strict and report.n_rejected:
        inputs, them = ("input", "it") if report.n_rejected == 1 else ("inputs", "them")
        where = f"; {target}/rejected.parquet lists {them}" if target and not dry_run else ""
        _complain(f"{report.n_rejected:,} {inputs} could not be read, and --strict is given{where}")
        raise typer.Exit(EXIT_REJECTED)


def _write(
    sources: list[str], target: str, settings: Settings, how: dict[str, Any], *, as_json: bool, quiet: bool
) -> "Report":
    """Clean into the folder, and say how it went; `how` goes to clean_files."""
    import dedup
    from dedup.reporting.progress import ProgressBar

    with ProgressBar(sys.stderr, quiet=quiet) as on_progress:
        report = dedup.clean_files(sources, target, settings, on_progress=on_progress, **how)
    if as_json:
        print_json(report.to_json())
    elif not quiet:
        from dedup.reporting.terminal import show_summary

        show(show_summary(report, target))
    return report


@app.command()
def restore(
    out: Annotated[str, typer.Argument(metavar="OUT", help="Folder that `dedup clean` wrote.", show_default=False)],
    target: Annotated[str, typer.Argument(metavar="TARGET", help="Folder to write.", show_default=False)],
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
    out: Annotated[str, typer.Argument(metavar="OUT", help="Folder that `dedup clean` wrote.", show_default=False)],
    doc_id: Annotated[str, typer.Argument(metavar="DOC_ID", help="Id of the document.", show_default=False)],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead.")] = False,
) -> None:
    """Show one document of OUT: what went, why, and what it matched."""
    from dedup.reporting.explanation import explain as explain_document

    explanation = explain_document(out, doc_id)
    if as_json:
        print_json(explanation.to_json())
        return

    from dedup.reporting.terminal import show_explanation

    console = make_console()
    show(show_explanation(explanation, colour=console.color_system is not None), console)


@app.command()
def formats() -> None:
    """List the formats that can be read, each under the name that `clean --format` takes."""
    from dedup.reading import list_formats
    from dedup.reporting.terminal import show_formats
    from dedup.streams import CODECS

    show(show_formats(list_formats(), tuple(CODECS)))


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
    if sources:
        from dedup.outputs import may_be_output
        from dedup.sources import STANDARD_INPUT

        if last != STANDARD_INPUT and (overwrite or may_be_output(last)):
            return sources, last
    return [*sources, last], None


def _preview(sources: list[str], target: str | None, settings: Settings, *, as_json: bool, quiet: bool) -> "Report":
    """Show what cleaning would remove, and why."""
    import dedup
    from dedup.reporting.progress import ProgressBar

    with ProgressBar(sys.stderr, quiet=quiet) as on_progress:
        result = dedup.preview_files(sources, settings, on_progress=on_progress)
    if as_json:
        import json

        fields = json.loads(result.report.to_json()) | {"removed": result.removed.to_pylist()}
        print_json(json.dumps(fields, indent=2, ensure_ascii=False) + "\n")
    elif not quiet:
        from dedup.reporting.terminal import MOST_REMOVALS_SHOWN, show_removals, show_summary

        console = make_console()
        rows = result.removed.slice(0, MOST_REMOVALS_SHOWN).to_pylist()
        colour = console.color_system is not None
        show(show_removals(rows, result.removed.num_rows, colour), console)
        show(show_summary(result.report), console)
        where = f" to {target}" if target else ""
        print(f"\ndry run: nothing was written{where}")
    return result.report
