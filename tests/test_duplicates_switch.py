"""`duplicates = false`: only repeats and boilerplate go."""

import dedup

LINE = "The ferry to the island leaves at noon and comes back in the evening, unless there is fog on the water."
CREDIT = "Reuters contributed to this report."


def test_copies_stay_and_boilerplate_goes() -> None:
    """Equal paragraphs and documents stay and are not listed; repeats inside a paragraph and credits go as ever."""
    first, second = f"{LINE}\nA first page.", f"{LINE}\nA second page."
    texts = [f"{first}\n{CREDIT}", f"{second}\n{CREDIT}", f"{LINE} {LINE}", first]
    result = dedup.clean(texts, duplicates=False)
    assert {row["reason"] for row in result.removed.to_pylist()} == {"boilerplate", "repeat"}
    assert result.documents["text"].to_pylist() == [first, second, LINE, first]
    assert result.overlaps.num_rows == 0
    with_copies = dedup.clean(texts)
    assert "duplicate-document" in {row["reason"] for row in with_copies.removed.to_pylist()}
