"""The options of `dedup clean`, each with its help; the defaults come from the settings."""

from pathlib import Path
from typing import Annotated, Final

import typer

from dedup.settings import CATEGORIES, EXTRACTORS

_INPUT: Final = "Input"
_PAGES: Final = "HTML pages"
_COPIES: Final = "What counts as a copy"
_BOILERPLATE: Final = "Repeats and boilerplate"
_RUN: Final = "How to run"

SourcesAndTarget = Annotated[
    list[str],
    typer.Argument(
        metavar="SOURCE... TARGET",
        show_default=False,
        help="What to read (files, folders, quoted globs, archives, URLs, - for standard input; `dedup formats` lists "
        "the kinds), then the folder to write, as with cp.",
    ),
]

Format = Annotated[
    str | None,
    typer.Option(
        "--format",
        help="Read every file as this format, whatever its name.",
        show_default="by suffix, else by content",
        rich_help_panel=_INPUT,
    ),
]
TextColumn = Annotated[
    str | None,
    typer.Option(help="Column with the text.", show_default="text, content or body", rich_help_panel=_INPUT),
]
HtmlColumn = Annotated[
    str | None,
    typer.Option(
        help="Column with HTML pages, from which the text is extracted.", show_default="none", rich_help_panel=_INPUT
    ),
]
IdColumn = Annotated[
    str | None,
    typer.Option(help="Column with the id.", show_default="id, doc_id or url", rich_help_panel=_INPUT),
]
Paragraphs = Annotated[
    str,
    typer.Option(
        metavar="auto|line|block",
        help="Paragraphs are lines, or blocks between blank lines; auto decides for each document.",
        rich_help_panel=_INPUT,
    ),
]
Encoding = Annotated[
    str | None,
    typer.Option(
        help="Encoding of all files of text, such as cp1251.",
        show_default="as declared, else detected",
        rich_help_panel=_INPUT,
    ),
]
EncodingErrors = Annotated[
    str,
    typer.Option(
        metavar="reject|repair",
        help="What to do with text that its encoding cannot hold: reject the document, or put U+FFFD and count.",
        rich_help_panel=_INPUT,
    ),
]
MaxDocumentBytes = Annotated[
    str,
    typer.Option(
        metavar="SIZE",
        help="Reject a document, or a line, that is longer than this once decompressed.",
        rich_help_panel=_INPUT,
    ),
]

Extractor = Annotated[
    str,
    typer.Option(
        metavar="|".join(EXTRACTORS),
        help="What finds the text of a page: trafilatura, with resiliparse where it finds next to nothing; "
        "resiliparse alone; or fast, for millions of pages.",
        rich_help_panel=_PAGES,
    ),
]
PageSeconds = Annotated[float, typer.Option(help="Reject a page that takes longer to extract.", rich_help_panel=_PAGES)]

Similarity = Annotated[
    float,
    typer.Option(
        help="Least share of common shingles at which two paragraphs are the same, above 0 to 1.",
        rich_help_panel=_COPIES,
    ),
]
Duplicates = Annotated[
    bool, typer.Option(help="Remove copies; without, only repeats and boilerplate go.", rich_help_panel=_COPIES)
]
MinTokens = Annotated[int, typer.Option(help="Shorter paragraphs are never duplicates.", rich_help_panel=_COPIES)]
MinNearTokens = Annotated[
    int, typer.Option(help="Shorter paragraphs are duplicates only if equal.", rich_help_panel=_COPIES)
]
ShingleTokens = Annotated[int, typer.Option(help="Tokens in a shingle.", rich_help_panel=_COPIES)]
Keep = Annotated[
    str,
    typer.Option(
        metavar="WORD|COLUMN",
        help="Which copy stays: first (in reading order), longest, none, or the one with a column's highest value "
        "(COLUMN:lowest for the lowest).",
        rich_help_panel=_COPIES,
    ),
]
Within = Annotated[
    str,
    typer.Option(
        metavar="WORD|COLUMN",
        help="Where copies count: in the whole corpus, in one document, or among equal values of a column.",
        rich_help_panel=_COPIES,
    ),
]
CopyShare = Annotated[
    float,
    typer.Option(
        help="A document with this share of its tokens in one other document is removed whole.",
        rich_help_panel=_COPIES,
    ),
]
AllowDifferentFacts = Annotated[
    bool,
    typer.Option(
        "--allow-different-facts",
        help="Also remove near-duplicates that state another fact (a number, name, subject) or say something of their "
        "own; otherwise they stay, and are listed in overlaps.",
        rich_help_panel=_COPIES,
    ),
]

Repeats = Annotated[bool, typer.Option(help="Remove text said twice inside a paragraph.", rich_help_panel=_BOILERPLATE)]
Boilerplate = Annotated[bool, typer.Option(help="Remove boilerplate.", rich_help_panel=_BOILERPLATE)]
Site = Annotated[
    str,
    typer.Option(
        metavar="auto|folder|none|COLUMN",
        help="What tells the site of a document, over whose pages furniture recurs: a column, the folder it is in, "
        "or auto: columns such as url and site, ids that are addresses, folders that are named as sites.",
        rich_help_panel=_BOILERPLATE,
    ),
]
MaxSourceShare = Annotated[
    float,
    typer.Option(
        help="Stop, with exit code 4, if boilerplate would take more than this share of the text of a site.",
        rich_help_panel=_BOILERPLATE,
    ),
]
Without = Annotated[
    list[str] | None,
    typer.Option(
        metavar="CATEGORY",
        help=f"Leave this kind of boilerplate in; can be repeated: {', '.join(CATEGORIES)}, or a kind of --rules.",
        show_default=False,
        rich_help_panel=_BOILERPLATE,
    ),
]
Rules = Annotated[
    list[Path] | None,
    typer.Option(
        metavar="FILE.toml",
        help="Add the rules of this file to those of dedup; can be repeated. `dedup rules --help` shows such a file.",
        show_default=False,
        rich_help_panel=_BOILERPLATE,
    ),
]

Config = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE.toml",
        help="Read settings from a TOML file; options given here win over it.",
        show_default=False,
        rich_help_panel=_RUN,
    ),
]
RecallSample = Annotated[
    int,
    typer.Option(
        help="Measure recall: compare so many paragraphs with all others by brute force.",
        show_default="none",
        rich_help_panel=_RUN,
    ),
]
Workers = Annotated[
    int,
    typer.Option(
        help="Threads, and processes for pages; the answer is the same for any number.",
        show_default="all cores",
        rich_help_panel=_RUN,
    ),
]
Memory = Annotated[
    str,
    typer.Option(
        metavar="SIZE",
        help="Memory to use, such as 2GB; what does not fit is staged in a folder beside TARGET.",
        show_default="half of what the machine has",
        rich_help_panel=_RUN,
    ),
]
StagingFolder = Annotated[
    str | None,
    typer.Option(
        "--staging",
        metavar="FOLDER",
        help="Stage in a folder in this one instead: about as much room as the text is needed.",
        show_default=False,
        rich_help_panel=_RUN,
    ),
]
Fresh = Annotated[
    bool,
    typer.Option("--fresh", help="Start over, rather than go on with a run that was cut off.", rich_help_panel=_RUN),
]
Seed = Annotated[int, typer.Option(help="Seed of the hash functions.", rich_help_panel=_RUN)]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Show what would go, and why; write nothing.", rich_help_panel=_RUN)
]
Overwrite = Annotated[
    bool,
    typer.Option(
        "--overwrite",
        help="Replace an earlier output of dedup in TARGET; a folder with anything else in it is refused.",
        rich_help_panel=_RUN,
    ),
]
Strict = Annotated[
    bool,
    typer.Option(
        "--strict", help="End with exit code 3 if anything was rejected; the rest is written.", rich_help_panel=_RUN
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the report as JSON, nothing else.", rich_help_panel=_RUN)]
Quiet = Annotated[bool, typer.Option("--quiet", help="Print nothing but errors.", rich_help_panel=_RUN)]
