"""The `dedup rules` command: boilerplate rules listed and shown, and a user's own tested.

Like cli.py it imports inside the commands what is slow to import.
"""

import sys
from pathlib import Path
from typing import Annotated, Final

import typer

from dedup.help_text import RULES_EPILOG
from dedup.printing import make_console, print_json, show
from dedup.settings import Settings

EXIT_RULE_FAILS: Final = 1  # of `rules test`

_STANDARD_INPUT: Final = "-"

OwnRules = Annotated[
    list[Path] | None,
    typer.Option(
        "--rules", metavar="FILE.toml", help="Add the rules of this file; can be repeated.", show_default=False
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead.")]

rules_app = typer.Typer(
    help="List the rules that know boilerplate, or test rules of your own.",
    epilog=RULES_EPILOG,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)


@rules_app.callback(invoke_without_command=True)
def list_rules(
    context: typer.Context,
    category: Annotated[
        str | None, typer.Option(metavar="CATEGORY", help="Only rules of this category.", show_default=False)
    ] = None,
    lang: Annotated[
        str | None, typer.Option("--lang", metavar="CODE", help="Only rules of this language.", show_default=False)
    ] = None,
    rules: OwnRules = None,
    as_json: AsJson = False,
) -> None:
    """List the rules that know boilerplate, and test rules of your own.

    A rule a line, under its category: name, language, where in a document it looks, what it takes (the whole
    paragraph, or also its tail), an example. Then how many there are.
    """
    from dedup.boilerplate import keep_for_later

    context.call_on_close(keep_for_later)  # reading the files of all rules takes seconds
    if context.invoked_subcommand is not None:
        return
    from dedup.boilerplate.table import find_rules
    from dedup.reporting.rules import rules_to_json, select_rules, show_rules

    known = find_rules(Settings(rules=tuple(map(str, rules or ()))))
    selected = select_rules(known, category, lang)
    if as_json:
        print_json(rules_to_json(selected, known))
        return
    console = make_console()
    show(show_rules(selected, console.width if console.is_terminal else None), console)


@rules_app.command("show")
def show_one(
    title: Annotated[str, typer.Argument(metavar="TITLE", help="category/name, or its name.", show_default=False)],
    rules: OwnRules = None,
    as_json: AsJson = False,
) -> None:
    """Show all of one rule: cues, patterns, examples and counter-examples."""
    from dedup.boilerplate.table import find_rules
    from dedup.reporting.rules import find_rule, rule_to_json, show_rule

    known = find_rules(Settings(rules=tuple(map(str, rules or ()))))
    rule = find_rule(known, title)
    if as_json:
        print_json(rule_to_json(rule, known))
    else:
        show(show_rule(rule, known))


@rules_app.command("test", epilog=RULES_EPILOG)
def try_file(
    file: Annotated[Path, typer.Argument(metavar="FILE.toml", help="Rules of your own.", show_default=False)],
    text: Annotated[
        str | None,
        typer.Option(
            metavar="FILE|-", help="Also show what they take of this text; - for standard input.", show_default=False
        ),
    ] = None,
) -> None:
    """Test rules of your own: is the file well-formed, do all examples hold, is a pattern slow.

    Ends with 0 if all is well (a slow pattern is a warning), 1 if an example or a counter-example fails, 2 if the file
    is malformed.
    """
    from dedup.reporting.rule_tests import check_rule_file, find_taken
    from dedup.reporting.rules import show_file_test, show_taken

    raw = None if text is None else _read(text)
    tested = check_rule_file(str(file))
    show(show_file_test(tested))
    if tested.n_failing:
        raise typer.Exit(EXIT_RULE_FAILS)
    if raw is not None:
        taken, share = find_taken(tested, raw)
        show(show_taken(taken, share, Settings().max_boilerplate_share))


def _read(source: str) -> str:
    """Give the text of a file, or of standard input; raises InputError."""
    from dedup.decoding import DecodingError, decode_text
    from dedup.errors import InputError, MissingInputError

    try:
        raw = sys.stdin.buffer.read() if source == _STANDARD_INPUT else Path(source).read_bytes()
        return decode_text(raw).text
    except FileNotFoundError:
        raise MissingInputError(f"no text file {source!r}") from None
    except OSError as error:
        raise InputError(f"{source}: cannot be read ({error.strerror or error})") from None
    except DecodingError as error:
        raise InputError(f"{source}: {error}") from None
