"""`python -m benchmarks`: make corpora, and measure speed, recall, evidence and harm over them."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from benchmarks.options import WORK, Corpus, Data, Mail, Option, Out, Save, TextSource, Work, find_data, finish
from benchmarks.quality.boilerplate_commands import COMMANDS
from benchmarks.quality.borderline import borderline

_PACKAGE = Path(__file__).resolve().parent.parent / "dedup"
BLOCK_MODEL = _PACKAGE / "extraction" / "block_model.npz"
FIRST_RUN = _PACKAGE / "first_run.json"
LIKENESS_MODEL = _PACKAGE / "boilerplate" / "likeness.npz"

TrainingData = Annotated[Path, typer.Option(help="Folder of labelled Parquet files.", envvar="DEDUP_DATA")]

app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__, pretty_exceptions_enable=False)
app.command()(borderline)
for command in COMMANDS:
    app.command()(command)


@app.command()
def write_first_run(out: Annotated[Path, typer.Option(help="File to write.")] = FIRST_RUN) -> None:
    """Record which kernels a first run compiles, for dedup to have them compiled by several processes."""
    from benchmarks.first_run import record_first_run

    rows = record_first_run()
    out.write_text("[\n" + ",\n".join(map(json.dumps, rows)) + "\n]\n", encoding="utf-8")
    typer.echo(f"{out.name}: {len(rows)} kernels, {sum(row['seconds'] for row in rows):.0f} s")


@app.command()
def corpora(work: Work = WORK, small_paragraphs: Annotated[int, typer.Option(min=1)] = 75_000) -> None:
    """Make manuals.parquet and manuals_small.parquet from Debian's documentation packages (needs apt-get and dpkg)."""
    from benchmarks.corpora import fetch_packages, read_packages, sample_documents, write_corpus

    table = read_packages(fetch_packages(work))
    write_corpus(table, work / "manuals.parquet")
    small = sample_documents(table, small_paragraphs)
    write_corpus(small, work / "manuals_small.parquet")
    for name, made in (("manuals.parquet", table), ("manuals_small.parquet", small)):
        typer.echo(f"{name}: {made.num_rows:,} documents, {made['text'].nbytes / 1e6:.1f} MB of text")


@app.command()
def synthetic(
    *,
    work: Work = WORK,
    size_mb: Annotated[float, typer.Option(min=0.1, help="Size of the text.")] = 100.0,
    seed: Annotated[int, typer.Option(min=0)] = 1,
    edits: Annotated[str, typer.Option(help="fixed: that share of words; bernoulli: each word by chance.")] = "fixed",
    text_source: TextSource = None,
    name: Annotated[str | None, typer.Option(help="Name of the file without suffix, or of the folder.")] = None,
    streamed: Annotated[
        bool | None,
        typer.Option("--streamed/--at-once", help="A folder of parts, or a file.  [default: streamed above 200 MB]"),
    ] = None,
) -> None:
    """Make a corpus whose copies are known, and beside it its truth."""
    from benchmarks.corpora import write_corpus
    from benchmarks.streamed import LARGEST_AT_ONCE_MB, stream_corpus
    from benchmarks.synthetic import SyntheticSettings, make_corpus
    from benchmarks.word_source import read_word_source

    if edits not in ("fixed", "bernoulli"):
        raise typer.BadParameter(f"fixed or bernoulli, not {edits}", param_hint="--edits")
    settings = SyntheticSettings(size_mb=size_mb, seed=seed, edits="fixed" if edits == "fixed" else "bernoulli")
    source = read_word_source(text_source)
    stem = name or f"synthetic_{size_mb:g}_{edits}_{seed}"
    if size_mb > LARGEST_AT_ONCE_MB if streamed is None else streamed:
        made = stream_corpus(source, settings, work / stem)
        typer.echo(f"{work / stem}: {made.n_documents:,} documents, {made.n_paragraphs:,} paragraphs")
        return
    corpus, truth = make_corpus(source, settings)
    path = work / f"{stem}.parquet"
    write_corpus(corpus, path)
    write_corpus(truth, path.with_suffix(".truth.parquet"))
    typer.echo(f"{path}: {corpus.num_rows:,} documents, {truth.num_rows:,} paragraphs")


@app.command()
def speed(
    *,
    corpus: Annotated[list[Path], typer.Option(help="As for the others; can be repeated.", exists=True)],
    work: Work = WORK,
    runs: Annotated[int, typer.Option(min=1, help="Medians of so many.")] = 5,
    workers: Annotated[int, typer.Option(min=0, help="0: as dedup chooses.")] = 2,
    option: Option = None,
    save: Save = None,
) -> None:
    """Time `dedup clean` and `dedup.clean` against reading and writing the same Parquet with pyarrow."""
    from benchmarks.speed import measure_speed, speed_lines

    figures = measure_speed(corpus, work, n_runs=runs, workers=workers, options=option or [])
    finish("speed", figures, speed_lines(figures), save)


@app.command()
def recall(*, corpus: Corpus, work: Work = WORK, out: Out = None, option: Option = None, save: Save = None) -> None:
    """Measure recall by share of words edited and by length, and pair precision, on a synthetic corpus."""
    from benchmarks.recall import measure_recall, recall_lines

    out = out or _cleaned(corpus, work, option or [])
    figures = measure_recall(corpus, corpus.with_suffix(".truth.parquet"), out)
    finish("recall", figures, recall_lines(figures), save)


@app.command()
def bruteforce(*, corpus: Corpus, work: Work = WORK, out: Out = None, option: Option = None, save: Save = None) -> None:
    """Compare with all pairs of lines at or above the threshold, and check the evidence of every removal."""
    from benchmarks.bruteforce import bruteforce_lines, compare_with_all_pairs

    out = out or _cleaned(corpus, work, ["--paragraphs", "line", *(option or [])])
    figures = compare_with_all_pairs(corpus, out)
    finish("bruteforce", figures, bruteforce_lines(figures), save)


@app.command()
def pages(
    *,
    package: Annotated[str, typer.Option(help="Debian package of HTML pages (needs apt-get and dpkg).")] = "rust-doc",
    n_pages: Annotated[int, typer.Option(min=1)] = 10_000,
    extractor: Annotated[str, typer.Option(help="As for `dedup clean`.")] = "trafilatura",
    workers: Annotated[list[int] | None, typer.Option(min=1, help="Once for each number; default 1 and 2.")] = None,
    work: Work = WORK,
    save: Save = None,
) -> None:
    """Time `dedup clean` over HTML pages against the bare extractor, and watch its memory."""
    from benchmarks.pages import lay_out_pages, measure_pages, pages_lines

    folder = lay_out_pages(work, package, n_pages)
    figures = measure_pages(folder, work, extractor=extractor, workers=workers or [1, 2])
    finish("pages", figures, pages_lines(figures), save)


@app.command()
def encodings(
    *,
    data: Data = None,
    work: Work = WORK,
    save: Save = None,
) -> None:
    """Count how often the encoding of text is told right, told wrong or refused (needs apt-get and dpkg)."""
    from benchmarks.quality.encodings import encodings_lines, measure_encodings

    figures = measure_encodings(data if data is not None and data.is_dir() else None, work)
    finish("encodings", figures, encodings_lines(figures), save)


@app.command()
def extraction(
    *,
    data: Data = None,
    work: Work = WORK,
    save: Save = None,
) -> None:
    """Score text and metadata of labelled pages, dedup's extractors beside trafilatura alone (10 minutes)."""
    from benchmarks.quality.extraction import extraction_lines, measure_extraction

    if (folder := find_data(data, "extraction")) is None:
        return
    figures = measure_extraction(folder, work)
    finish("extraction", figures, extraction_lines(figures), save)


@app.command()
def lines(
    *,
    data: Data = None,
    mail: Mail = None,
    most_examples: Annotated[int, typer.Option(min=0, help="Misses and false hits printed for each label.")] = 10,
    save: Save = None,
) -> None:
    """Judge labelled lines of pages and mails: which kinds of boilerplate go, and whether content stays."""
    from benchmarks.quality.lines import lines_lines, measure_lines

    if (folder := find_data(data, "lines")) is None:
        return
    figures = measure_lines(folder, mail)
    finish("lines", figures, lines_lines(figures, most_examples), save)


@app.command()
def train_blocks(
    *,
    data: TrainingData,
    target: Annotated[Path, typer.Option(help="Where the model goes.", dir_okay=False)] = BLOCK_MODEL,
) -> None:
    """Train the model that tells content from the rest of a page, on the tuning halves (needs scikit-learn)."""
    from benchmarks.quality.train_blocks import train_blocks as train

    typer.echo(f"{target}: {train(data, target)}")


@app.command()
def train_likeness(
    *,
    data: TrainingData,
    target: Annotated[Path, typer.Option(help="Where the model goes.", dir_okay=False)] = LIKENESS_MODEL,
) -> None:
    """Train the model that tells lines like boilerplate, on pages shown to writers of rules (needs scikit-learn)."""
    from benchmarks.quality.train_likeness import train_likeness as train

    typer.echo(f"{target}: {train(data, target)}")


@app.command()
def write_required() -> None:
    """Read what the patterns of dedup's rules require, and write it where dedup ships it; after any change of rules."""
    from dedup.boilerplate import RULES
    from dedup.boilerplate.shipped import SHIPPED, ship_required

    required = ship_required(RULES.values())
    typer.echo(f"{SHIPPED}: {len(required.first_alternative) - 1:,} rules, {len(required.traces):,} traces")


@app.command()
def scaling(
    *,
    size_mb: Annotated[
        list[float] | None, typer.Option(help="Streamed synthetic corpora of this text; default 10 MB to 10 GB.")
    ] = None,
    corpus: Annotated[list[Path] | None, typer.Option(help="These corpora instead.", exists=True)] = None,
    memory: Annotated[str | None, typer.Option(help="Passed on to `dedup clean`, and held against it.")] = None,
    workers: Annotated[int, typer.Option(min=1)] = 2,
    text_source: TextSource = None,
    work: Work = WORK,
    option: Option = None,
    save: Save = None,
) -> None:
    """Clean corpora of growing size: time per GB, memory and staging folder over time (Linux)."""
    from benchmarks.scaling import SIZES_MB, measure_scaling, scaling_lines
    from benchmarks.streamed import streamed_corpora

    corpora = corpus or streamed_corpora(work, size_mb or SIZES_MB, text_source)
    figures = measure_scaling(corpora, work, memory=memory, workers=workers, options=option or [])
    finish("scaling", figures, scaling_lines(figures), save)


@app.command()
def hotspots(
    *,
    case: Annotated[list[str] | None, typer.Option(help="Only these cases.")] = None,
    scale: Annotated[float, typer.Option(min=1e-5, max=1.0, help="Share of the full sizes.")] = 1.0,
    most_seconds: Annotated[float, typer.Option(min=1, help="A run is killed after this time.")] = 3600.0,
    most_gb: Annotated[float, typer.Option(min=0.1, help="A run is killed above this memory.")] = 16.0,
    text_source: TextSource = None,
    work: Work = WORK,
    option: Option = None,
    save: Save = None,
) -> None:
    """Clean corpora that are one hot spot each, at full size and at half of it (Linux)."""
    from benchmarks.hotspots import CASES, hotspots_lines, measure_hotspots
    from benchmarks.word_source import read_word_source

    if unknown := sorted(set(case or []) - set(CASES)):
        raise typer.BadParameter(f"no case {unknown[0]}; there are {', '.join(CASES)}", param_hint="--case")
    figures = measure_hotspots(
        read_word_source(text_source),
        work,
        cases=case or [],
        scale=scale,
        most_seconds=most_seconds,
        most_mb=most_gb * 1e3,
        options=option or [],
    )
    finish("hotspots", figures, hotspots_lines(figures), save)


@app.command()
def kill(
    *,
    corpus: Corpus,
    kills: Annotated[int, typer.Option(min=1, help="How many in all.")] = 20,
    kills_in_run: Annotated[int, typer.Option(min=1, help="A run is killed so often, then left to end.")] = 5,
    seed: Annotated[int, typer.Option(min=0, help="Of the moments.")] = 1,
    full_disk: Annotated[bool, typer.Option(help="Also fill disks in memory (root only).")] = True,
    work: Work = WORK,
    option: Option = None,
    save: Save = None,
) -> None:
    """Kill `dedup clean` at random moments, run it again, and compare the output with an undisturbed run's (Linux)."""
    from benchmarks.kill import kill_lines, measure_kills

    figures = measure_kills(
        corpus,
        work,
        n_kills=kills,
        kills_in_run=kills_in_run,
        seed=seed,
        options=option or [],
        with_full_disk=full_disk,
    )
    finish("kill", figures, kill_lines(figures), save)


@app.command()
def kernels(
    *,
    corpus: Corpus,
    most_mb: Annotated[float, typer.Option(min=0.1, help="The first so many MB of text.")] = 100.0,
    runs: Annotated[int, typer.Option(min=1, help="Medians of so many.")] = 5,
    work: Work = WORK,
    save: Save = None,
) -> None:
    """Time the stages that are kernels, each alone, and their compilation at the first call."""
    from benchmarks.kernels_alone import kernels_lines, measure_kernels

    figures = measure_kernels(corpus, work, most_mb=most_mb, n_runs=runs)
    finish("kernels", figures, kernels_lines(figures), save)


@app.command()
def plots() -> None:
    """Draw the curves of saved results of `scaling` as SVG beside them (needs matplotlib)."""
    import json

    from benchmarks.measurements import RESULTS
    from benchmarks.plots import draw_scaling

    for path in sorted(RESULTS.glob("*.json")):
        figures = json.loads(path.read_text(encoding="utf-8"))
        if figures["benchmark"] == "scaling":
            typer.echo("\n".join(drawn.name for drawn in draw_scaling(figures, RESULTS, path.stem)))


@app.command()
def field(
    *,
    corpus: Corpus,
    small_corpus: Annotated[
        Path | None, typer.Option(help="What slow tools get; else they get the corpus.", exists=True, dir_okay=False)
    ] = None,
    tool: Annotated[list[str] | None, typer.Option(help="Only these, and dedup; default all.")] = None,
    runs: Annotated[int, typer.Option(min=1, help="Medians of so many; slow tools run once.")] = 3,
    most_seconds: Annotated[float, typer.Option(min=1, help="A run that takes longer is given up.")] = 3600.0,
    work: Work = WORK,
    save: Save = None,
) -> None:
    """Compare with other tools, each in a virtual environment of its own (made with pip; Linux)."""
    from benchmarks.field.comparison import measure_field
    from benchmarks.field.table import field_lines

    figures = measure_field(
        corpus, work, small_corpus=small_corpus, names=tool or [], n_runs=runs, most_seconds=most_seconds
    )
    finish("field", figures, field_lines(figures), save)


@app.command()
def tables() -> None:
    """Write the results into benchmarks/README.md, and the main ones into README.md."""
    from benchmarks import front_page
    from benchmarks.tables import README, results_section, with_results

    README.write_text(with_results(README.read_text(encoding="utf-8"), results_section()), encoding="utf-8")
    front = front_page.README.read_text(encoding="utf-8")
    front_page.README.write_text(front_page.with_figures(front, front_page.figures_section()), encoding="utf-8")


def _cleaned(corpus: Path, work: Path, options: list[str]) -> Path:
    from benchmarks.measurements import run_dedup

    work.mkdir(parents=True, exist_ok=True)
    out = work / f"{corpus.stem}-out"
    run_dedup(["clean", str(corpus), str(out), "--overwrite", "--quiet", *options])
    return out


def main() -> None:
    """Run one benchmark; an error of a command it runs is one line, code 2."""
    from benchmarks.measurements import BenchmarkError

    try:
        app()
    except BenchmarkError as error:
        typer.echo(f"benchmarks: {error}", err=True)
        sys.exit(2)


if __name__ == "__main__":
    main()
