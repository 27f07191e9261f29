"""Examples and exit codes that --help shows below the options, in rich markup."""

from typing import Final

EPILOG: Final = """
[bold]Example[/bold]

  [dim]Clean a folder: documents go to out/documents, what went to out/removed[/dim]

  $ dedup clean seeds/ out/

  [dim]One document: what went from it, why, and what that matched[/dim]

  $ dedup explain out/ 000_d3c9113e3e7c6ada

  [dim]Every original text again, byte for byte[/dim]

  $ dedup restore out/ back/

  [dim]What can be read[/dim]

  $ dedup formats

  [dim]What counts as boilerplate[/dim]

  $ dedup rules

[bold]Exit codes[/bold]

  0   done

  2   something for you to put right, said in one line on stderr

  3   done, but something could not be read, and --strict was given

  4   stopped, since boilerplate would have taken nearly all of a site: --max-source-share

  130 interrupted

  1   of `rules test`: a rule that does not do what its examples say; else a bug of ours, with a traceback
"""

CLEAN_EPILOG: Final = """
[bold]Examples[/bold]

  [dim]What would go, and why; nothing is written[/dim]

  $ dedup clean seeds/ out/ --dry-run

  [dim]Rows of many files; copies count within one site only[/dim]

  $ dedup clean 'crawl/*.jsonl.gz' out/ --text-column body --within site

  [dim]A crawl: pages, archives and WARC files as they are[/dim]

  $ dedup clean crawl/ out/

  [dim]From a pipe; any compression is recognised[/dim]

  $ curl -s https://example.org/x.jsonl.zst | dedup clean - out/

  [dim]A stricter test; share buttons stay[/dim]

  $ dedup clean all.parquet out/ --similarity 0.8 --without share

  [dim]Rules of your own as well, tested before[/dim]

  $ dedup rules test my.toml

  $ dedup clean docs/ out/ --rules my.toml

  [dim]Settings from a file, the report for a machine[/dim]

  $ dedup clean docs/ out/ --config dedup.toml --json > report.json
"""

RULES_EPILOG: Final = r"""
[bold]Examples[/bold]

  [dim]What dedup knows of newsletters, in German[/dim]

  $ dedup rules --category newsletter --lang de

  [dim]All of one rule[/dim]

  $ dedup rules show newsletter/sign-up

  [dim]Rules of your own: do they do what they should, and what would they take of a text?[/dim]

  $ dedup rules test my.toml --text page.txt

  $ dedup clean docs/ out/ --rules my.toml

[bold]A file of rules[/bold], my.toml (docs/rules.md tells all of the format)

  language = "en"

  \[\[rule]]

  name = "donate"

  category = "fundraising"

  cues = \["donate"]

  max_tokens = 15

  patterns = \['(?:please )?donate (?:now|today) to (?:help|support) .*']

  examples = \["Donate today to support our work!"]

  counter_examples = \["He wants to donate a kidney today."]
"""
