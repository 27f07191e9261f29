"""Documents made of edited copies, and what must be true of every removal from any documents."""

import random
from typing import Any

from reference.tokens import containment, jaccard, share_repeated

SYLLABLES = ["ka", "ro", "min", "tes", "lu", "van", "dor", "pi", "sel", "gra", "no", "bru", "fen", "wi", "tal", "osk"]
FUNCTION_WORDS = ["the", "of", "and", "to", "in", "a", "was", "that", "for", "with", "on", "by", "from", "at"]


def make_documents(seed: int, n_documents: int = 40) -> list[str]:
    """Give documents of paragraphs of which many are copies, whole, cut, extended or reworded, of earlier ones."""
    draw = random.Random(seed)
    vocabulary = ["".join(draw.choices(SYLLABLES, k=draw.randint(1, 3))) for _ in range(900)]
    pool: list[list[str]] = []
    documents: list[str] = []
    for _ in range(n_documents):
        if documents and draw.random() < 0.15:
            documents.append(_edit_document(draw.choice(documents), draw))
            continue
        paragraphs = []
        for _ in range(draw.randint(1, 7)):
            if pool and draw.random() < 0.5:
                paragraphs.append(_edit(draw.choice(pool), draw, vocabulary))
            else:
                n_words = draw.choice([2, 6, 12, 16, 25, 40, 90])
                paragraphs.append(
                    [draw.choice(FUNCTION_WORDS if draw.random() < 0.4 else vocabulary) for _ in range(n_words)]
                )
                if draw.random() < 0.1:
                    paragraphs[-1] *= 2
            pool.append(paragraphs[-1])
        breaks = draw.choice(["\n", "\n\n", "\r\n", " \n\t"])
        documents.append(breaks.join(f"{' '.join(words).capitalize()}." for words in paragraphs))
    return documents


def _edit(words: list[str], draw: random.Random, vocabulary: list[str]) -> list[str]:
    """Give a copy with some words replaced, dropped, added or moved to another case, perhaps cut."""
    rate = draw.choice([0, 0, 0.02, 0.05, 0.1, 0.3])
    edited: list[str] = []
    for word in words:
        if draw.random() >= rate:
            edited.append(word)
            continue
        kind = draw.randrange(4)
        if kind == 0:
            edited.append(draw.choice(vocabulary))
        elif kind == 1:
            edited += [word, draw.choice(FUNCTION_WORDS)]
        elif kind == 2:
            edited.append(word.upper())
    if draw.random() < 0.2:
        edited = edited[: max(1, int(len(edited) * draw.uniform(0.6, 1)))]
    return edited or words


def _edit_document(document: str, draw: random.Random) -> str:
    """Give a copy with a line dropped, added or doubled, or none."""
    lines = document.split("\n")
    kind = draw.randrange(4)
    place = draw.randrange(len(lines))
    if kind == 0 and len(lines) > 1:
        del lines[place]
    elif kind == 1:
        lines.insert(place, "One more line.")
    elif kind == 2:
        lines.insert(place, lines[place])
    return "\n".join(lines)


def find_broken_promises(
    originals: dict[str, str], result: Any, similarity: float, shingle_tokens: int = 2
) -> list[str]:
    """List what is wrong with a result, by the original texts alone; every one of them is a bug.

    `originals` is text by doc_id. Clean text is the original without the removed spans; spans are apart; every
    removal names a reason, and, except for boilerplate, a copy that is kept and is as similar as said.
    """
    wrong = []
    removed: dict[str, list[dict[str, Any]]] = {doc_id: [] for doc_id in originals}
    for row in result.removed.to_pylist():
        removed[row["doc_id"]].append(row)
    clean = {row["doc_id"]: row for row in result.documents.to_pylist()}
    emptied = set(result.emptied["doc_id"].to_pylist())
    for doc_id, text in originals.items():
        place, left = 0, []
        for row in removed[doc_id]:
            if not place <= row["start"] < row["end"] <= len(text):
                wrong.append(f"{doc_id}: span {row['start']}-{row['end']} meets another or is none")
            if row["text"] != text[row["start"] : row["end"]]:
                wrong.append(f"{doc_id}: {row['start']}-{row['end']} is not the text told")
            left.append(text[place : row["start"]])
            place = row["end"]
        left.append(text[place:])
        if doc_id in clean and clean[doc_id]["text"] != "".join(left):
            wrong.append(f"{doc_id}: clean text is not the original without its spans")
        if doc_id in clean and clean[doc_id]["n_removed"] != len(removed[doc_id]):
            wrong.append(f"{doc_id}: n_removed")
        if (doc_id in clean) == (doc_id in emptied):
            wrong.append(f"{doc_id}: is in both or neither of documents and emptied")
        if doc_id in emptied and "".join(left):
            wrong.append(f"{doc_id}: emptied though text is left")
    for doc_id, rows in removed.items():
        for row in rows:
            wrong += [
                f"{doc_id} {row['start']}: {fault}"
                for fault in _faults(row, originals, removed, similarity, shingle_tokens)
            ]
    for row in result.overlaps.to_pylist():
        for name in ("", "other_"):
            span = (row[f"{name}start"], row[f"{name}end"])
            if any(_meets(span, (gone["start"], gone["end"])) for gone in removed[row[f"{name}doc_id"]]):
                wrong.append(f"{row['doc_id']}: overlap with a removed text")
    return wrong


def _faults(
    row: dict[str, Any],
    originals: dict[str, str],
    removed: dict[str, list[dict[str, Any]]],
    similarity: float,
    shingle_tokens: int,
) -> list[str]:
    """List what is wrong with one removal."""
    if row["reason"] == "boilerplate":
        return [] if row["rule"] else ["boilerplate without a rule"]
    if row["kept_doc_id"] is None:
        return ["no kept copy"]
    faults = []
    kept = (row["kept_start"], row["kept_end"])
    kept_text = originals[row["kept_doc_id"]][slice(*kept)]
    if row["reason"] != "duplicate-document":
        gone = [other for other in removed[row["kept_doc_id"]] if _meets(kept, (other["start"], other["end"]))]
        faults += [f"kept copy is itself removed ({other['reason']})" for other in gone]
    if row["reason"] == "repeat":
        found = share_repeated(row["text"], kept_text)
        if abs(found - row["similarity"]) > 1e-12:
            faults.append(f"share repeated is {found}, not {row['similarity']}")
    if row["reason"] in ("duplicate", "near-duplicate"):
        found = jaccard(row["text"], kept_text, shingle_tokens)
        if abs(found - row["similarity"]) > 1e-12:
            faults.append(f"similarity is {found}, not {row['similarity']}")
        if found < similarity:
            faults.append(f"similarity {found} is below the threshold")
        if row["reason"] == "duplicate" and found < 1:
            faults.append("a duplicate that is none")
    if row["reason"] == "duplicate-document":
        found = containment(row["text"], kept_text, shingle_tokens)
        if abs(found - row["similarity"]) > 1e-12:
            faults.append(f"containment is {found}, not {row['similarity']}")
        if any(other["reason"] == "duplicate-document" for other in removed[row["kept_doc_id"]]):
            faults.append("kept document is itself removed")
    return faults


def _meets(left: tuple[int, int], right: tuple[int, int]) -> bool:
    return left[0] < right[1] and right[0] < left[1]
