"""Near-duplicate removals at the edge, read one by one: which are drawn, the verdicts, and the precision they give.

A pair is what `dedup clean` removed with default settings and the copy it kept. Pairs are drawn by a hash of their
texts, so that the same seed draws the same pairs again as far as the tool still removes them; what was read once is
not drawn again. Texts are committed only where their licence lets anyone pass them on; of the others there is the
place where they stand, and a digest.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Final, TypeVar

import pyarrow.parquet as pq
import typer

from benchmarks.recall import wilson_interval

VERDICTS: Final = Path(__file__).resolve().parent / "borderline_pairs.jsonl"

README: Final = Path(__file__).resolve().parent.parent / "README.md"
BEGIN: Final = "<!-- borderline: written by `--judge --save`, do not edit -->\n"
END: Final = "<!-- end of borderline -->\n"

BANDS: Final = ((0.5, 0.55), (0.55, 0.6), (0.6, 0.65), (0.65, 0.7), (0.7, 0.75), (0.75, 0.8))
"""Similarity, least and below what."""

N_BORDERLINE: Final = 4
"""Of BANDS; the others only fill a sample up."""

LARGEST_SHARE: Final = 0.4
"""Of a sample, from one corpus, unless asked otherwise."""

MOST_OF_FAMILY: Final = 2
"""Pairs in a sample that keep texts of one document: a chain letter, a manual that quotes others."""

PASSED_ON: Final = frozenset({"manuals", "copyright", "notes", "programs", "descriptions", "docstrings", "headers"})
"""Corpora whose texts may be committed: documentation and copyright files of Debian main, the package named."""

PROMISED_PRECISION: Final = 0.98

SAME, DIFFERENT = "same", "different"

# What became of a pair that was read: removed as it was, held against another copy, not removed, or not looked for.
STANDS, OTHER_COPY, NOT_REMOVED, NOT_CHECKED = "stands", "other copy", "not removed", "not checked"

Name = TypeVar("Name", str, int)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A removed text and the copy kept for it, at their places in a corpus; what a reader says of them, if read.

    Offsets are Python string indices; the spans have no white space at their ends. Texts are None where only
    their digests (SHA-256 of the UTF-8) are known. `package` is the source within the corpus. `round` numbers the
    reading in which the verdict was given: a guard made after one reading was not made with the next in view.
    """

    corpus: str
    package: str
    doc_id: str
    start: int
    end: int
    kept_doc_id: str
    kept_start: int
    kept_end: int
    similarity: float
    removed_sha256: str
    kept_sha256: str
    removed: str | None = None
    kept: str | None = None
    verdict: str | None = None
    why: str | None = None
    round: int | None = None

    @property
    def texts_key(self) -> tuple[str, str]:
        """The two digests: what makes it the same pair wherever it stands."""
        return self.removed_sha256, self.kept_sha256


def find_pairs(corpus: Path) -> list[Pair]:
    """Clean a Parquet corpus (doc_id, text, perhaps package) by default settings; give its near-duplicates."""
    import dedup

    table = pq.read_table(corpus)
    names = [name for name in ("doc_id", "text", "package") if name in table.column_names]
    rows = dict(zip(table["doc_id"].to_pylist(), table.select(names).to_pylist(), strict=True))
    removed = dedup.clean(table.select(["doc_id", "text"])).removed
    return [
        _as_pair(corpus.stem, row, rows)
        for row in removed.to_pylist()
        if row["reason"] == "near-duplicate" and row["doc_id"] in rows and row["kept_doc_id"] in rows
    ]


def draw_pairs(
    pairs: Iterable[Pair],
    n_pairs: int,
    seed: int,
    *,
    largest_share: float = LARGEST_SHARE,
    most_of_family: int = MOST_OF_FAMILY,
) -> list[Pair]:
    """Draw `n_pairs`, spread over corpora, and in each over the borderline bands; the fillers where those run out.

    At most `largest_share` of them come from one corpus, and `most_of_family` keep texts of one document. Pairs of the
    same two texts, or of the same removed text, count once. Within a corpus and band it is otherwise a simple random
    sample: those that come first by a hash of seed and texts.
    """
    strata: dict[str, dict[int, list[Pair]]] = {}
    seen: set[str] = set()
    family_size: Counter[tuple[str, str]] = Counter()
    for pair in sorted(pairs, key=lambda pair: _rank(pair, seed)):
        band = band_of(pair.similarity)
        family = (pair.corpus, pair.kept_doc_id)
        if band is not None and pair.removed_sha256 not in seen and family_size[family] < most_of_family:
            seen.add(pair.removed_sha256)
            family_size[family] += 1
            strata.setdefault(pair.corpus, {}).setdefault(band, []).append(pair)
    most = int(largest_share * n_pairs)
    available = {name: min(most, sum(map(len, bands.values()))) for name, bands in strata.items()}
    drawn: list[Pair] = []
    for name, n_wanted in share_out(n_pairs, available).items():
        bands = {band: len(found) for band, found in strata[name].items()}
        borderline = share_out(n_wanted, {band: n for band, n in bands.items() if band < N_BORDERLINE})
        fillers = share_out(
            n_wanted - sum(borderline.values()), {band: n for band, n in bands.items() if band >= N_BORDERLINE}
        )
        for band, n in {**borderline, **fillers}.items():
            drawn.extend(strata[name][band][:n])
    # another order than that of the draw, in which large strata come first: any beginning is a sample too
    return sorted(drawn, key=lambda pair: _rank(pair, seed + 1))


def share_out(total: int, available: Mapping[Name, int]) -> dict[Name, int]:
    """Share a total out as evenly as what is available allows, in order of name.

    >>> share_out(10, {"a": 1, "b": 3, "c": 20})
    {'a': 1, 'b': 3, 'c': 6}
    """
    shares = dict.fromkeys(sorted(available), 0)
    while total > 0 and (open_names := [name for name in shares if shares[name] < available[name]]):
        share = max(total // len(open_names), 1)
        for name in open_names[:total]:
            given = min(share, available[name] - shares[name])
            shares[name] += given
            total -= given
    return shares


def band_of(similarity: float) -> int | None:
    """Give the place in BANDS that a similarity belongs to, or None."""
    return next((place for place, (least, below) in enumerate(BANDS) if least <= similarity < below), None)


def read_pairs(path: Path) -> list[Pair]:
    """Read pairs, one JSON object a line."""
    with path.open(encoding="utf-8") as file:
        return [Pair(**json.loads(line)) for line in file if line.strip()]


def write_pairs(path: Path, pairs: Iterable[Pair]) -> None:
    """Write pairs, one JSON object a line; what is not known is left out."""
    with path.open("w", encoding="utf-8") as file:
        for pair in pairs:
            known = {name: value for name, value in asdict(pair).items() if value is not None}
            file.write(json.dumps(known, ensure_ascii=False) + "\n")


def keep_verdicts(read: Iterable[Pair], kept: Iterable[Pair]) -> list[Pair]:
    """Add pairs that have a verdict to those kept before, by corpus and place; texts only where they may be passed on.

    A pair read again takes its new verdict and keeps its round; the others are of the round after the last.
    """
    by_texts = {pair.texts_key: pair for pair in kept}
    rounds = {key: pair.round for key, pair in by_texts.items()}
    next_round = latest_round(by_texts.values()) + 1
    for pair in read:
        if pair.verdict not in (None, SAME, DIFFERENT):
            raise typer.BadParameter(f"{pair.doc_id}: verdict {pair.verdict!r}, not {SAME} or {DIFFERENT}")
        if pair.verdict is not None:
            numbered = replace(pair, round=rounds.get(pair.texts_key) or next_round)
            is_free = pair.corpus in PASSED_ON
            by_texts[pair.texts_key] = numbered if is_free else replace(numbered, removed=None, kept=None)
    return sorted(by_texts.values(), key=lambda pair: (pair.corpus, pair.doc_id, pair.start))


def latest_round(pairs: Iterable[Pair]) -> int:
    """Give the number of the last reading, or 0."""
    return max((pair.round or 0 for pair in pairs), default=0)


def check_pairs(read: Sequence[Pair], corpora: Sequence[Path]) -> dict[tuple[str, str], str]:
    """Say of each pair read, by its texts, what the tool does with it now."""
    found: dict[str, set[tuple[str, str]]] = {
        path.stem: {pair.texts_key for pair in find_pairs(path)} for path in corpora
    }
    removed = {name: {key[0] for key in keys} for name, keys in found.items()}
    fates = {}
    for pair in read:
        if pair.corpus not in found:
            fates[pair.texts_key] = NOT_CHECKED
        elif pair.texts_key in found[pair.corpus]:
            fates[pair.texts_key] = STANDS
        else:
            fates[pair.texts_key] = OTHER_COPY if pair.removed_sha256 in removed[pair.corpus] else NOT_REMOVED
    return fates


def measure_precision(read: Sequence[Pair], fates: Mapping[tuple[str, str], str]) -> dict[str, Any]:
    """Give the share of `same` among the pairs that stand or were not checked, in all, by corpus and by band."""
    counted = [pair for pair in read if fates.get(pair.texts_key, NOT_CHECKED) in (STANDS, NOT_CHECKED)]
    groups: dict[str, list[Pair]] = {"all": counted, "below 0.7": []}
    groups |= {name: [] for name in sorted({pair.corpus for pair in counted})}
    groups |= {_band_name(band): [] for band in range(len(BANDS))}
    for pair in counted:
        groups[pair.corpus].append(pair)
        band = band_of(pair.similarity)
        if band is not None:
            groups[_band_name(band)].append(pair)
            if band < N_BORDERLINE:
                groups["below 0.7"].append(pair)
    precision = {name: _precision_of(pairs) for name, pairs in groups.items() if pairs}
    n_fates = {fate: sum(found == fate for found in fates.values()) for fate in sorted(set(fates.values()))}
    broken = []
    if counted and precision["all"]["precision"] < PROMISED_PRECISION:
        broken.append(f"precision {precision['all']['precision']}, promised {PROMISED_PRECISION}")
    return {"n_read": len(read), "fates": n_fates, "precision": precision, "broken_promises": broken}


def judge_pairs(read: Sequence[Pair], fates: Mapping[tuple[str, str], str]) -> dict[str, Any]:
    """Give the precision of all pairs read, which is what is promised, and under "latest" that of the last reading."""
    latest = latest_round(read)
    of_latest = [pair for pair in read if pair.round == latest]
    fates_of_latest = {pair.texts_key: fates[pair.texts_key] for pair in of_latest}
    return {
        **measure_precision(read, fates),
        "latest": {"round": latest, **measure_precision(of_latest, fates_of_latest)},
    }


def borderline_lines(figures: Mapping[str, Any]) -> list[str]:
    """Give the figures as lines for a terminal: all rounds, then the latest alone."""
    lines = ["All rounds:", *_table_lines(figures)]
    lines.extend(f"BROKEN PROMISE: {promise}" for promise in figures["broken_promises"])
    lines += ["", f"Round {figures['latest']['round']} alone:", *_table_lines(figures["latest"])]
    return lines


def _table_lines(figures: Mapping[str, Any]) -> list[str]:
    lines = [f"{figures['n_read']} pairs read; now: {figures['fates']}"]
    lines.append(f"{'pairs':<14}{'read':>6}{'same':>6}{'different':>11}{'precision':>11}   95 % interval")
    for name, found in figures["precision"].items():
        lines.append(
            f"{name:<14}{found['read']:>6}{found['same']:>6}{found['different']:>11}{found['precision']:>11.4f}"
            f"   {found['interval'][0]:.4f}-{found['interval'][1]:.4f}"
        )
    return lines


def with_figures(readme: str, figures: Mapping[str, Any]) -> str:
    """Give the README with the figures of its section on borderline pairs replaced."""
    before, _, rest = readme.partition(BEGIN)
    lines = "\n".join(line.rstrip() for line in borderline_lines(figures))
    return f"{before}{BEGIN}\n```text\n{lines}\n```\n\n{END}{rest.partition(END)[2]}"


def borderline(
    *,
    corpus: Annotated[
        list[Path] | None, typer.Option(help="Parquet with doc_id and text; its name is the corpus.")
    ] = None,
    sample: Annotated[int, typer.Option(min=1, help="Pairs to draw.")] = 200,
    seed: Annotated[int, typer.Option(min=0)] = 1,
    largest_share: Annotated[float, typer.Option(min=0, max=1, help="Of the sample, from one corpus.")] = LARGEST_SHARE,
    pairs: Annotated[Path, typer.Option(help="Where the pairs to read go.")] = Path("pairs.jsonl"),
    keep: Annotated[Path | None, typer.Option(help="Add the pairs of this file that have a verdict to ours.")] = None,
    judge: Annotated[bool, typer.Option("--judge", help="Check the committed verdicts; give precision.")] = False,
    save: Annotated[bool, typer.Option("--save", help="Write the figures into benchmarks/README.md.")] = False,
) -> None:
    """Draw near-duplicate removals to read one by one; judge the tool by what their readers said."""
    paths = corpus or []
    if keep is not None:
        write_pairs(VERDICTS, keep_verdicts(read_pairs(keep), read_pairs(VERDICTS) if VERDICTS.exists() else []))
    elif judge:
        read = read_pairs(VERDICTS)
        present = [path for path in paths if path.is_file()]
        for name in sorted({pair.corpus for pair in read} - {path.stem for path in present}):
            typer.echo(f"{name}: not checked, its corpus is not there; give --corpus {name}.parquet")
        figures = judge_pairs(read, check_pairs(read, present))
        typer.echo("\n".join(borderline_lines(figures)))
        if save:
            README.write_text(with_figures(README.read_text(encoding="utf-8"), figures), encoding="utf-8")
        raise typer.Exit(1 if figures["broken_promises"] else 0)
    else:
        for path in paths:
            if not path.is_file():
                raise typer.BadParameter(f"no file {path}", param_hint="--corpus")
        known = {pair.removed_sha256 for pair in (read_pairs(VERDICTS) if VERDICTS.exists() else [])}
        found = [pair for path in paths for pair in find_pairs(path)]
        unread = [pair for pair in found if pair.removed_sha256 not in known]
        drawn = draw_pairs(unread, sample, seed, largest_share=largest_share)
        write_pairs(pairs, drawn)
        typer.echo(f"{pairs}: {len(drawn)} pairs to read, {len(found) - len(unread)} left out that were read before")


def _as_pair(corpus: str, row: Mapping[str, Any], rows: Mapping[str, Mapping[str, Any]]) -> Pair:
    start, end = _trimmed(rows[row["doc_id"]]["text"], row["start"], row["end"])
    kept_start, kept_end = _trimmed(rows[row["kept_doc_id"]]["text"], row["kept_start"], row["kept_end"])
    removed = rows[row["doc_id"]]["text"][start:end]
    kept = rows[row["kept_doc_id"]]["text"][kept_start:kept_end]
    return Pair(
        corpus=corpus,
        package=rows[row["doc_id"]].get("package") or "",
        doc_id=row["doc_id"],
        start=start,
        end=end,
        kept_doc_id=row["kept_doc_id"],
        kept_start=kept_start,
        kept_end=kept_end,
        similarity=round(row["similarity"], 6),
        removed_sha256=_digest(removed),
        kept_sha256=_digest(kept),
        removed=removed,
        kept=kept,
    )


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    span = text[start:end]
    return start + len(span) - len(span.lstrip()), start + len(span.rstrip())


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _rank(pair: Pair, seed: int) -> str:
    return _digest(f"{seed} {pair.corpus} {pair.removed_sha256} {pair.kept_sha256}")


def _band_name(band: int) -> str:
    return f"{BANDS[band][0]:.2f}-{BANDS[band][1]:.2f}"


def _precision_of(pairs: Sequence[Pair]) -> dict[str, Any]:
    n_same = sum(pair.verdict == SAME for pair in pairs)
    return {
        "read": len(pairs),
        "same": n_same,
        "different": len(pairs) - n_same,
        "precision": round(n_same / len(pairs), 4),
        "interval": [round(bound, 4) for bound in wilson_interval(n_same, len(pairs))],
    }


app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
app.command()(borderline)


@app.command()
def corpora(
    target: Annotated[Path, typer.Argument(help="Folder for the Parquet files.")],
    data: Annotated[Path | None, typer.Option(help="Folder of labelled Parquet files.", envvar="DEDUP_DATA")] = None,
    mail: Annotated[Path | None, typer.Option(help="Folder of folders of messages, one a .txt file.")] = None,
) -> None:
    """Make the corpora that pairs are drawn from, but for the manuals."""
    from benchmarks.quality.borderline_corpora import make_corpora

    for name, n_documents in make_corpora(target, data, mail).items():
        typer.echo(f"{name}.parquet: {n_documents:,} documents")


if __name__ == "__main__":
    app()
