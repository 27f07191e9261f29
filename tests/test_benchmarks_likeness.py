"""What the model of likeness is trained on: lines that rules would leave if they did not exist, and words weighed."""

import numpy as np
import pytest

from benchmarks.quality.labelled import LabelledPage
from benchmarks.quality.line_pages import LinePage, line_sha
from benchmarks.quality.lines import CONTENT, LineLabel
from benchmarks.quality.train_likeness import (
    BOILERPLATE,
    IN_GOLD,
    MOST_SAID,
    NEAR_IT,
    OF_PAGES,
    UNSAID,
    AskedRules,
    Said,
    read_everyday,
    read_furniture,
    say_what,
    titles_of,
    weigh_words,
)
from benchmarks.quality.tree_arrays import tree_arrays
from dedup.boilerplate.likeness import run_keys
from dedup.boilerplate.table import RULES
from dedup.forests import Trees
from dedup.settings import CATEGORIES

HTML = b"""<html><head><title>Storm hits the coast - Example News</title></head><body>
<h1>Example</h1><h1>Storm hits the coast</h1><h1>Our best offers</h1><p>Text.</p></body></html>"""


def label(text: str, what: str) -> LineLabel:
    """Give what a reader says of a line."""
    return LineLabel(set_name="aeb", doc_id="1", line=0, sha=line_sha(text), label=what, near=None, lang="en")


def word_weights(boilerplate: list[Said], content: dict[str, list[str]]) -> dict[int, tuple[float, str]]:
    """Give what each run of words speaks for, by its key, and of which category it is."""
    keys, weights, categories = weigh_words(boilerplate, content)
    assert (np.diff(keys.astype(np.int64)) > 0).all()
    assert np.abs(weights).max() <= MOST_SAID
    names = [CATEGORIES[number] for number in categories]
    return dict(zip(keys.tolist(), zip(weights.tolist(), names, strict=True), strict=True))


def key_of(word: str) -> int:
    """Give the key of one word."""
    return int(run_keys([word])[0][0])


def test_words_of_boilerplate_weigh_more_than_those_of_content() -> None:
    """A word that only boilerplate has weighs most, one that both have less, and its category is the commonest."""
    said = [Said(text, "newsletter", "en") for text in RULES["newsletter/sign-up"].examples]
    said += [Said("subscribe to the paper", "paywall", "en"), Said("the newsletter is free", "newsletter", "en")]
    known = word_weights(said, {"en": ["the mayor said the bridge was open"] * 5})
    assert known[key_of("Newsletter")][0] > known[key_of("the")][0]
    assert known[key_of("Newsletter")][1] == "newsletter"
    assert key_of("mayor") not in known


def test_no_language_speaks_for_boilerplate() -> None:
    """A word that is as common in the content of its language as in boilerplate speaks for neither, be it of ten pages
    in a thousand; one that ten sentences do not happen to have speaks for little, and one of boilerplate for much.
    """
    said = [Said(f"de {number}", "share", "en") for number in range(90)]
    said += [Said(text, "share", "nl") for text in ["deel het nieuws"] * 9 + ["deel het vaker"]]
    english, dutch = ["the mayor said the bridge was open"] * 990, ["het huis is oud"] * 10
    known = word_weights(said, {"en": english, "nl": dutch})
    assert abs(known[key_of("het")][0]) < 0.2
    assert abs(known[key_of("vaker")][0]) < 1.0
    assert known[key_of("deel")][0] > 2.0
    unbalanced = word_weights(said, {"en": [*english, *dutch]})
    assert unbalanced[key_of("het")][0] > 2.0


def test_everyday_sentences_are_there() -> None:
    """Every language of the rules but that of the pages has hundreds, none of them twice, and no rule takes one."""
    everyday = read_everyday()
    assert set(everyday) == {rule.language for rule in RULES.values()} - {OF_PAGES}
    for language, sentences in everyday.items():
        assert len(set(sentences)) == len(sentences) >= 300, language
        rules = AskedRules(rule for rule in RULES.values() if rule.language == language)
        assert [sentence for sentence in sentences if rules.take(sentence)] == []


def test_furniture_is_there() -> None:
    """So have they lines of boilerplate, of all categories of rules; none is there twice or an everyday sentence."""
    furniture, everyday = read_furniture(), read_everyday()
    assert {said.language for said in furniture} == set(everyday)
    assert {said.category for said in furniture} == {rule.category for rule in RULES.values()}
    for language, sentences in everyday.items():
        lines = [said.text for said in furniture if said.language == language]
        assert len(set(lines)) == len(lines) >= 300, language
        assert not set(lines) & set(sentences)


def test_numbers_are_one_word() -> None:
    """A year and a count speak for the same; a word with a digit in it is another."""
    one, other, word = run_keys(["12 comments", "2024 comments", "a12 comments"])
    assert one.tolist() == other.tolist()
    assert one.tolist() != word.tolist()


def test_rules_are_asked_one_line_at_a_time() -> None:
    """A line is taken if one of the rules matches it, and left if that rule is not among them."""
    line = "Sign up for our newsletter"
    assert AskedRules(RULES.values()).take(line)
    assert not AskedRules(rule for rule in RULES.values() if rule.category == "photo-credit").take(line)
    assert not AskedRules(RULES.values()).take("The mayor opened the bridge.")


def test_titles_are_content() -> None:
    """The title as annotated, and the heading that the head of the page says too; not the name of the site."""
    gold = {"title": "Storm over the coast"}
    page = LinePage(LabelledPage("aeb", "1", HTML, "", gold=gold), ())
    assert titles_of(page) == {"Storm over the coast", "Storm hits the coast"}
    assert titles_of(LinePage(LabelledPage("aeb", "1", b"", ""), ())) == {""}


def test_what_people_say_of_lines() -> None:
    """Labels come first; then the gold text, of which a long line may be a part; of the rest nothing is said."""
    gold = "A short line.\nThe mayor of the town opened the bridge on Friday, and many came to see it."
    page = LinePage(LabelledPage("aeb", "1", HTML, gold), ())
    lines = {
        "Share this": BOILERPLATE,
        "Share prices fell": NEAR_IT,
        "A short line.": IN_GOLD,
        "opened the bridge on Friday, and many came": IN_GOLD,
        "the bridge": UNSAID,
        "Storm hits the coast": IN_GOLD,
        "Home": UNSAID,
    }
    labels = [label("Share this", "share"), label("Share prices fell", CONTENT)]
    assert list(say_what(page, list(lines), labels)) == list(lines.values())


def test_trees_say_what_they_were_trained_to() -> None:
    """The arrays that are written give the probabilities of the model that scikit-learn has trained."""
    ensemble = pytest.importorskip("sklearn.ensemble", reason="scikit-learn is not installed: nothing to compare with")
    random = np.random.default_rng(1)
    evidence = random.normal(size=(800, 5))
    model = ensemble.HistGradientBoostingClassifier(max_depth=4, max_leaf_nodes=16, max_iter=20, random_state=1)
    model.fit(evidence, evidence[:, 0] * evidence[:, 1] > evidence[:, 2])
    arrays = tree_arrays(model, 4)
    trees = Trees(arrays["features"], arrays["thresholds"], arrays["leaves"], float(arrays["baseline"]))
    assert np.allclose(trees.probabilities(evidence), model.predict_proba(evidence)[:, 1])
