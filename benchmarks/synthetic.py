"""A corpus with known truth: paragraphs, copies of some of them, edited to a known degree, mixed over documents.

Parquet with doc_id and text, one paragraph a line, and beside it the truth: one row
a paragraph (schema TRUTH). Both follow from the seed, the settings and the text source.
"""

from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from benchmarks.plain_tokens import word_tokens
from benchmarks.word_source import Ints, WordSource, closed_form, draw_words

Floats = np.ndarray[Any, np.dtype[np.float64]]
Edits = Literal["fixed", "bernoulli"]

RATES: Final = (0.02, 0.05, 0.10, 0.20, 0.30)
KINDS: Final = ("exact", "form", *(f"edit-{rate:.2f}" for rate in RATES))

TRUTH: Final = pa.schema(
    [
        pa.field("doc_id", pa.string(), nullable=False),
        pa.field("paragraph", pa.int64(), nullable=False),  # 0-based line of the document
        pa.field("start", pa.int64(), nullable=False),  # Python string indices
        pa.field("end", pa.int64(), nullable=False),
        pa.field("n_tokens", pa.int64(), nullable=False),
        pa.field("cluster", pa.int64(), nullable=False),  # a base and its copies; alone where it has none
        pa.field("kind", pa.string(), nullable=False),  # base, or one of KINDS
        pa.field("rate", pa.float64()),  # share of words edited, edits only
        pa.field("n_edits", pa.int64(), nullable=False),  # words substituted, deleted or inserted
        pa.field("copy_of_doc_id", pa.string()),
        pa.field("copy_of_paragraph", pa.int64()),
    ]
)

SEPARATORS: Final = (" ", "  ", "\t")
_FORMS: Final = ("upper", "lower-bare", "spaced")
_N_SPELLINGS: Final = 6  # as is, closed, then both in capitals and in lower case without punctuation


@dataclass(frozen=True, slots=True, kw_only=True)
class SyntheticSettings:
    """How large the corpus is and what its copies are like."""

    size_mb: float = 100.0
    seed: int = 1
    edits: Edits = "fixed"
    copied_share: float = 0.3  # of the base paragraphs
    single_copy_share: float = 0.8  # of these; the others have two or three copies
    median_words: float = 50.0
    spread: float = 0.8  # standard deviation of the logarithm of a paragraph's length
    least_words: int = 5
    most_words: int = 200
    mean_paragraphs: float = 13.0  # in a document


@dataclass(frozen=True, slots=True)
class _Paragraphs:
    """Paragraphs as words: `spelled` int64 into all spellings, end to end, cut at `offsets`; and their truth."""

    offsets: Ints
    spelled: Ints
    separator: Ints
    cluster: Ints
    kind: Ints  # -1 for a base, else a position in KINDS
    n_edits: Ints
    base: Ints  # position of the base, -1 for a base


def make_corpus(source: WordSource, settings: SyntheticSettings) -> tuple[pa.Table, pa.Table]:
    """Make the corpus (doc_id, text) and its truth (schema TRUTH), documents in order of id."""
    seeds = np.random.SeedSequence(settings.seed).spawn(4)
    bases = _draw_bases(source, settings, seeds[0])
    copies = _draw_copies(source, bases, settings, np.random.default_rng(seeds[1]))
    paragraphs = _joined(bases, copies)
    order, first = _placed(paragraphs.cluster, settings.mean_paragraphs, np.random.default_rng(seeds[2]))
    return _tables(source, paragraphs, order, first)


def edit_words(
    source: WordSource, offsets: Ints, words: Ints, rates: Floats, edits: Edits, generator: np.random.Generator
) -> tuple[Ints, Ints, Ints]:
    """Substitute (60 %), delete (20 %) or put a word after (20 %) a share `rates` of each paragraph's words.

    Takes and gives paragraphs as offsets and words; third comes the number of edits
    of each. `fixed` edits the rate's share of the words exactly, at least one;
    `bernoulli` each word with that probability. New words are drawn as they are
    frequent in the source; a substitute has other tokens than what it stands for.
    Raises ValueError if the source has hardly any different words.
    """
    lengths = np.diff(offsets)
    owner = np.repeat(np.arange(len(lengths)), lengths)
    luck = generator.random(len(words))
    if edits == "bernoulli":
        is_edited = luck < rates[owner]
    else:
        n_wanted = np.maximum(np.floor(rates * lengths + 0.5).astype(np.int64), 1)
        by_luck = np.lexsort((luck, owner))
        rank = np.empty(len(words), np.int64)
        rank[by_luck] = np.arange(len(words)) - np.repeat(offsets[:-1], lengths)
        is_edited = rank < n_wanted[owner]
    edit = np.where(is_edited, generator.choice(3, len(words), p=(0.6, 0.2, 0.2)) + 1, 0)
    n_deleted = np.bincount(owner[edit == 2], minlength=len(lengths))
    edit[(edit == 2) & (n_deleted == lengths)[owner]] = 1  # a paragraph never vanishes
    new = generator.choice(source.running, len(words))
    for _ in range(100):
        same = np.flatnonzero((edit == 1) & (source.token_class[new] == source.token_class[words]))
        if not len(same):
            break
        new[same] = generator.choice(source.running, len(same))
    else:
        raise ValueError("the text source has too few different words to substitute one for another")
    widths = np.array([1, 1, 0, 2])[edit]
    edited = np.repeat(np.where(edit == 1, new, words), widths)
    last = np.cumsum(widths) - 1
    edited[last[edit == 3]] = new[edit == 3]
    n_kept = np.bincount(owner, widths, len(lengths)).astype(np.int64)
    return _offsets_of(n_kept), edited, np.bincount(owner[edit > 0], minlength=len(lengths))


def _draw_bases(source: WordSource, settings: SyntheticSettings, seed: np.random.SeedSequence) -> _Paragraphs:
    generator = np.random.default_rng(seed.spawn(1)[0])
    # bytes a word takes in running text, its space included; and paragraphs a base stands for
    word_bytes = np.array([len(word.encode()) + 1 for word in source.words])[source.running].mean()
    sample = draw_lengths(settings, generator, 10_000)
    n_copies = settings.copied_share * (settings.single_copy_share + 2.5 * (1 - settings.single_copy_share))
    n_bases = max(int(settings.size_mb * 1e6 / (word_bytes * sample.mean() * (1 + n_copies))), 2)
    offsets, words = draw_words(source, draw_lengths(settings, generator, n_bases), seed)
    none = np.zeros(n_bases, np.int64)
    numbers = np.arange(n_bases)
    return _Paragraphs(offsets, _closed(offsets, words, len(source.words)), none, numbers, none - 1, none, none - 1)


def _draw_copies(
    source: WordSource, bases: _Paragraphs, settings: SyntheticSettings, generator: np.random.Generator
) -> _Paragraphs:
    n_bases, n_words = len(bases.cluster), len(source.words)
    is_copied = generator.random(n_bases) < settings.copied_share
    several = np.where(generator.random(n_bases) < settings.single_copy_share, 1, generator.integers(2, 4, n_bases))
    base = np.repeat(np.arange(n_bases), np.where(is_copied, several, 0))
    kind = generator.integers(0, len(KINDS), len(base))
    form = generator.integers(0, len(_FORMS), len(base))
    edits = np.flatnonzero(kind >= 2)
    offsets, words = _taken(bases.offsets, bases.spelled % n_words, base[edits])
    rates = np.array(RATES)[kind[edits] - 2]
    edited_offsets, edited, n_edited = edit_words(source, offsets, words, rates, settings.edits, generator)
    unedited = np.flatnonzero(kind < 2)
    same_offsets, same = _taken(bases.offsets, bases.spelled, base[unedited])
    change = np.where(kind[unedited] == 1, form[unedited], 2)
    same = same + np.repeat(np.array([2, 4, 0])[change] * n_words, np.diff(same_offsets))
    both = np.argsort(np.concatenate([edits, unedited]), kind="stable")
    all_offsets = np.concatenate([edited_offsets, same_offsets[1:] + edited_offsets[-1]])
    spelled = np.concatenate([_closed(edited_offsets, edited, n_words), same])
    offsets, spelled = _taken(all_offsets, spelled, both)
    n_edits = np.zeros(len(base), np.int64)
    n_edits[edits] = n_edited
    separator = np.where((kind == 1) & (form == 2), generator.integers(1, len(SEPARATORS), len(base)), 0)
    return _Paragraphs(offsets, spelled, separator, base, kind, n_edits, base)


def _joined(bases: _Paragraphs, copies: _Paragraphs) -> _Paragraphs:
    def both(name: str) -> Ints:
        return np.concatenate([getattr(bases, name), getattr(copies, name)])

    offsets = np.concatenate([bases.offsets, copies.offsets[1:] + bases.offsets[-1]])
    return _Paragraphs(
        offsets, *(both(name) for name in ("spelled", "separator", "cluster", "kind", "n_edits", "base"))
    )


def _placed(cluster: Ints, mean_paragraphs: float, generator: np.random.Generator) -> tuple[Ints, Ints]:
    """Shuffle paragraphs into documents, no two of a cluster in one: their order, and where each document begins."""
    n = len(cluster)
    sizes = 2 + generator.negative_binomial(2, 2 / mean_paragraphs, n)
    first = np.concatenate([np.zeros(1, np.int64), np.cumsum(sizes)])
    first = first[first < n]
    document = np.repeat(np.arange(len(first)), np.diff(np.append(first, n)))
    order = generator.permutation(n)
    for _ in range(1000):
        here = cluster[order]
        by_place = np.lexsort((document, here))
        is_twin = (np.diff(here[by_place]) == 0) & (np.diff(document[by_place]) == 0)
        twins = by_place[1:][is_twin]
        if not len(twins):
            return order, first
        for slot, other in zip(twins, generator.integers(0, n, len(twins)), strict=True):
            order[slot], order[other] = order[other], order[slot]
    raise ValueError(f"{n} paragraphs are too few to keep copies in different documents; make the corpus larger")


def _tables(source: WordSource, paragraphs: _Paragraphs, order: Ints, first: Ints) -> tuple[pa.Table, pa.Table]:
    offsets, spelled = _taken(paragraphs.offsets, paragraphs.spelled, order)
    words = pa.array(spell_words(source.words), pa.string()).take(pa.array(spelled))
    lines = pc.binary_join(
        pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), words),
        pa.array(SEPARATORS).take(pa.array(paragraphs.separator[order])),
    )
    n_lines = len(lines)
    cuts = np.append(first, n_lines)
    texts = pc.binary_join(pa.ListArray.from_arrays(pa.array(cuts, pa.int32()), lines), "\n")
    doc_ids = pa.array([f"synthetic-{number:07d}" for number in range(len(first))])
    document = np.repeat(np.arange(len(first)), np.diff(cuts))
    n_chars = pc.utf8_length(lines).to_numpy(zero_copy_only=False).astype(np.int64)
    ends = np.cumsum(n_chars + 1) - 1
    starts = ends - n_chars
    starts, ends = starts - starts[first][document], ends - starts[first][document]
    n_tokens = np.add.reduceat(source.n_tokens[spelled % len(source.words)], offsets[:-1])
    kind, base = paragraphs.kind[order], paragraphs.base[order]
    place = np.empty(n_lines, np.int64)
    place[order] = np.arange(n_lines)
    base_place = np.where(base >= 0, place[base], 0)
    in_document = np.arange(n_lines) - first[document]
    kinds = pa.array(("base", *KINDS)).take(pa.array(kind + 1))
    truth = pa.table(
        [
            doc_ids.take(pa.array(document)),
            pa.array(in_document),
            pa.array(starts),
            pa.array(ends),
            pa.array(n_tokens),
            pa.array(paragraphs.cluster[order]),
            kinds,
            pa.array(np.array((*RATES, 0.0))[kind - 2], mask=kind < 2),
            pa.array(paragraphs.n_edits[order]),
            doc_ids.take(pa.array(document[base_place], mask=base < 0)),
            pa.array(in_document[base_place], mask=base < 0),
        ],
        schema=TRUTH,
    )
    return pa.table({"doc_id": doc_ids, "text": texts.cast(pa.large_string())}), truth


def spell_words(words: list[str]) -> list[str]:
    """Spell each word as it is and closing a paragraph; then both in capitals; then both bare, in lower case.

    A spelling that would have other tokens (`ß` in capitals) is given as it was.
    """
    plain = [*words, *(closed_form(word) for word in words)]
    upper = [word.upper() for word in plain]
    bare = [_bare(word) for word in plain]
    return [
        spelling if word_tokens(spelling) == word_tokens(word) else word
        for spellings in (plain, upper, bare)
        for spelling, word in zip(spellings, plain, strict=True)
    ]


def _bare(word: str) -> str:
    inside = [place for place, character in enumerate(word) if character.isalnum()]
    return word[inside[0] : inside[-1] + 1].lower() if inside else word


def draw_lengths(settings: SyntheticSettings, generator: np.random.Generator, n: int) -> Ints:
    """Draw how many words n paragraphs have."""
    drawn = np.exp(generator.normal(np.log(settings.median_words), settings.spread, n))
    return np.clip(np.rint(drawn), settings.least_words, settings.most_words).astype(np.int64)


def _closed(offsets: Ints, words: Ints, n_words: int) -> Ints:
    """Give the words with the last of each paragraph in its closing spelling."""
    closed = words.copy()
    closed[offsets[1:] - 1] += n_words
    return closed


def _taken(offsets: Ints, values: Ints, chosen: Ints) -> tuple[Ints, Ints]:
    """Give the chosen paragraphs, in that order, as offsets and values."""
    lengths = np.diff(offsets)[chosen]
    new_offsets = _offsets_of(lengths)
    places = np.arange(new_offsets[-1]) + np.repeat(offsets[:-1][chosen] - new_offsets[:-1], lengths)
    return new_offsets, values[places]


def _offsets_of(lengths: Ints) -> Ints:
    return np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])
