"""The commands that measure boilerplate: what is found, what it makes of pages, what it harms and what it costs."""

from typing import Annotated, Final

import typer

from benchmarks.options import WORK, Corpus, Data, Mail, Option, Save, Work, find_data, finish

MostExamples = Annotated[int, typer.Option(min=0, help="Misses and false hits printed for each category.")]


def injection(*, data: Data = None, most_examples: MostExamples = 10, save: Save = None) -> None:
    """Put boilerplate into good texts, singly and recurring over made-up sites, and see whether it is found."""
    from benchmarks.quality.injection import injection_lines, measure_injection

    if (folder := find_data(data, "injection")) is None:
        return
    figures = measure_injection(folder)
    finish("injection", figures, injection_lines(figures, most_examples), save)


def sites(*, data: Data = None, work: Work = WORK, save: Save = None) -> None:
    """Score pages of press sites before and after cleaning, each site known, beside trafilatura alone."""
    from benchmarks.quality.recurrence import measure_sites, recurrence_lines

    if (folder := find_data(data, "sites")) is None:
        return
    figures = measure_sites(folder, work)
    finish("sites", figures, recurrence_lines(figures), save)


def mixed(*, data: Data = None, work: Work = WORK, save: Save = None) -> None:
    """Score the pages of all sets, cleaned as one folder without sites, beside trafilatura alone."""
    from benchmarks.quality.recurrence import measure_mixed, recurrence_lines

    if (folder := find_data(data, "mixed")) is None:
        return
    figures = measure_mixed(folder, work)
    finish("mixed", figures, recurrence_lines(figures), save)


def harm(
    *,
    data: Data = None,
    mail: Mail = None,
    work: Work = WORK,
    most_removals: Annotated[int, typer.Option(min=0, help="Removals printed for each set and reason.")] = 1000,
    option: Option = None,
    save: Save = None,
) -> None:
    """List what is removed from text that is all content: novels, licence texts, and annotators' gold texts."""
    from benchmarks.quality.harm import harm_lines, measure_harm

    if (folder := find_data(data, "harm")) is None:
        return
    figures = measure_harm(folder, work, option or [], mail=mail)
    # removals quote the data, which is not ours to keep in the results
    for_file = {name: {k: v for k, v in found.items() if k != "removals"} for name, found in figures["sets"].items()}
    finish("harm", {**figures, "sets": for_file}, harm_lines(figures, most_removals), save)


def boilerplate_cost(
    *,
    corpus: Corpus,
    work: Work = WORK,
    runs: Annotated[int, typer.Option(min=1, help="Medians of so many.")] = 5,
    workers: Annotated[int, typer.Option(min=0, help="0: as dedup chooses.")] = 2,
    option: Option = None,
    save: Save = None,
) -> None:
    """Time `dedup clean` with boilerplate and without it."""
    from benchmarks.boilerplate_cost import cost_lines, measure_boilerplate_cost

    figures = measure_boilerplate_cost(corpus, work, n_runs=runs, workers=workers, options=option or [])
    finish("boilerplate_cost", figures, cost_lines(figures), save)


COMMANDS: Final = (injection, sites, mixed, harm, boilerplate_cost)
