"""Made-up sites: of pages whose own kind of text repeats itself, and of pages with furniture; every line told apart.

A page is a list of lines, each (text, whether it is furniture). Prose is made of the words of a language, so that no
two pages say the same; what recurs is what the kind of page has recur.
"""

import random
from collections.abc import Callable
from typing import Final

Line = tuple[str, bool]
Page = list[Line]

WORDS: Final = {
    "en": """the mill a weir stood over quiet water when harvest ended nobody had counted sheaves near ford while
        geese crossed stubble and two carters argued about rope salt lanterns until dusk came down from hills with rain
        old bridge still carried apples barley wool toward harbour where boats waited for wind that never turned""",
    "de": """die alte Mühle stand am Wehr bis niemand mehr Säcke zählte während Gänse über das Feld zogen und zwei
        Fuhrleute um Salz stritten Regen kam von den Hügeln herab als Boote im Hafen auf Wind warteten""",
    "fr": """le vieux moulin restait près du gué quand personne ne comptait les sacs tandis que des oies passaient sur
        la plaine et deux charretiers parlaient de sel avant la pluie venue des collines vers le port""",
    "es": """el viejo molino quedaba junto al vado cuando nadie contaba los sacos mientras unos gansos cruzaban la
        llanura y dos carreteros hablaban de sal antes de que llegara lluvia desde las colinas hasta el puerto""",
    "ru": """старая мельница стояла у брода когда никто не считал мешки пока гуси летели над полем и два возчика
        спорили о соли до дождя который шёл с холмов к гавани где лодки ждали ветра""",
    "el": """ο παλιός μύλος έμενε κοντά στο πέρασμα όταν κανείς δεν μετρούσε σακιά ενώ χήνες περνούσαν τον κάμπο και
        δύο αγωγιάτες μιλούσαν για αλάτι πριν από τη βροχή που ερχόταν στο λιμάνι""",
    "zh": "老磨坊在渡口旁边没有人数麻袋的时候大雁飞过田野两个车夫谈论盐和绳子雨从山上来到港口船等着风",
}


class Writer:
    """Writes what no other page has, from a seed."""

    def __init__(self, seed: int, lang: str = "en") -> None:
        """Know the words of a language."""
        self.random = random.Random(seed)
        self._is_spaced = lang != "zh"
        self._words = WORDS[lang].split() if self._is_spaced else list(WORDS[lang])

    def words(self, n: int) -> str:
        """Give n words in a row."""
        drawn = [self.random.choice(self._words) for _ in range(n)]
        return (" " if self._is_spaced else "").join(drawn)

    def title(self) -> str:
        """Give a heading of this page alone."""
        return self.words(5).capitalize()

    def prose(self, n_sentences: int = 2) -> str:
        """Give a paragraph of sentences of 10 to 16 words."""
        sentences = [self.words(self.random.randint(10, 16)).capitalize() for _ in range(n_sentences)]
        return " ".join(f"{one}." for one in sentences) if self._is_spaced else "".join(f"{one}。" for one in sentences)

    def some(self, lines: list[str], share: float) -> list[str]:
        """Give some of the lines in their order, each in such a share of cases."""
        return [line for line in lines if self.random.random() < share]


def judgment(write: Writer) -> list[str]:
    """Give formulas of a decision, each where it belongs."""
    pick = write.random.choice
    held = pick(["The appeal is admissible but unfounded.", "The appeal is well founded in part.", "The claim fails."])
    costs = pick(
        [
            "The costs of the proceedings are borne by the appellant.",
            "The costs of the proceedings are borne by the respondent.",
            "Each party bears its own costs of the appeal.",
        ]
    )
    leave = pick(["Leave to appeal is refused.", "Leave to appeal is granted.", "This judgment is final."])
    steps = write.some(["The facts are not in dispute.", "The court of appeal saw no reason to hear him."], 0.4)
    grounds = [line for step in steps for line in (step, write.prose())]
    return [write.title(), write.prose(), "Grounds", write.prose(3), *grounds, held, write.prose(), costs, leave]


def recipe(write: Writer) -> list[str]:
    """Give ingredients and steps that many dishes have in common, each in some."""
    shared = write.some(["1 pinch of salt", "2 tbsp olive oil", "2 eggs", "1 onion, finely chopped"], 0.45)
    own = [f"{write.random.randint(2, 90)}0 g {write.words(2)}" for _ in range(4)]
    steps = []
    for step in write.some(
        [
            "Preheat the oven to 180 °C.",
            "Bring to the boil and simmer gently for ten minutes.",
            "Season with salt and pepper to taste.",
            "Leave the dough to rest in a warm place for an hour.",
            "Leave to cool on a rack.",
        ],
        0.45,
    ):
        steps += [write.prose(1), step]
    return [write.title(), write.prose(), "Ingredients", *own[:2], *shared, *own[2:], "Method", *steps, write.prose(1)]


def interview(write: Writer) -> list[str]:
    """Give six of the ten questions that are put to all."""
    asked = [
        "What are you reading now?",
        "What did you want to be as a child?",
        "Which book would you take with you to an island?",
        "What makes you angry?",
        "When did you last cry in front of somebody else?",
        "Who is your hero?",
        "What was the first thing that you ever bought with your own money?",
        "Whom would you like to apologise to?",
        "What do you collect?",
        "What should nobody ever say about you?",
    ]
    questions = [asked[n] for n in sorted(write.random.sample(range(10), 6))]
    return [write.title(), write.prose(), *(line for one in questions for line in (one, write.prose()))]


def questionnaire(write: Writer) -> list[str]:
    """Give the same questions to all."""
    asked = [
        "What did you want to be when you were a child?",
        "Which book would you take with you to an island?",
        "What makes you angry?",
        "Whom would you like to apologise to before it is too late?",
    ]
    return [write.title(), write.prose(), *(line for one in asked for line in (one, write.prose()))]


def manual(write: Writer) -> list[str]:
    """Give sections on a function, and sentences that describe many of them."""
    returns = ["A promise that resolves when the operation has finished.", "The number of bytes that were written."]
    lines = [write.words(1) + str(write.random.randint(2, 9999)), write.prose(), "Parameters", write.prose(1)]
    for section in write.some(["Returns", "Exceptions", "Example"], 0.6):
        shared = {"Returns": returns, "Exceptions": ["Throws an error if the handle is closed."]}.get(section, [])
        lines += [section, write.random.choice([*shared, write.prose(1)])]
    return [*lines, "Remarks", write.prose()]


def glossary(write: Writer) -> list[str]:
    """Give a chapter with words that are explained below it, as in other chapters."""
    entries = [
        f"{word}: {meaning}"
        for word, meaning in (
            ("Ashlar", "masonry of squared stones laid in even courses."),
            ("Buttress", "a mass of masonry that holds up a wall from outside."),
            ("Corbel", "a stone that juts from a wall to carry a weight."),
            ("Lintel", "the beam over a door or a window."),
            ("Mullion", "an upright bar between the lights of a window."),
            ("Quoin", "a stone at the corner of a building."),
            ("Spandrel", "the space between an arch and the frame around it."),
            ("Voussoir", "one of the wedges that make up an arch."),
        )
    ]
    chosen = write.some(entries, 0.35)
    own = f"{write.words(1).capitalize()}stone: {write.words(8)}."
    return [write.title(), write.prose(), write.prose(3), "Words of this chapter", own, *chosen, write.prose()]


def match_report(write: Writer) -> list[str]:
    """Give who led the match and where, amid what happened in it."""
    pick = write.random.choice
    referee = pick(["Referee: R. Cole.", "Referee: T. Stone.", "Referee: P. Marsh."])
    ground = pick(
        [
            "Ground: Mill Lane, heavy after rain.",
            "Ground: Weir Park, good to firm all over the pitch.",
            "Ground: the old quarry above the harbour.",
        ]
    )
    half = pick(["It stayed goalless until the break.", "The visitors led at the break.", write.prose(1)])
    score = f"{write.words(1).capitalize()} {write.random.randint(1, 400)}, {write.words(1)}."
    return [write.title(), write.prose(), half, write.prose(), "Teams", referee, ground, score, write.prose(3)]


def minutes(write: Writer) -> list[str]:
    """Give items of a meeting, and what is resolved at each."""
    lines = [f"Meeting {write.random.randint(2, 9999)} of {write.words(2)}", "Present", write.prose(1)]
    for item in ("Apologies for absence", "Minutes of the last meeting", "Matters arising", "Planning applications"):
        lines += [item, write.prose()]
        lines += write.some(["The clerk was asked to write to the county council.", "Agreed."], 0.3)
    return [*lines, write.prose(1), "Any other business", write.prose(1)]


def review(write: Writer) -> list[str]:
    """Give what is told of each thing that is tested."""
    verdict = ["We would buy it again.", "It does what it promises and nothing more than that.", write.prose(1)]
    lines = [write.title(), "At a glance", write.prose(), "Design", write.prose()]
    lines += write.some(["The battery lasts a working day."], 0.3)
    lines += ["Performance", write.prose(), "Value for money", write.prose(1), write.random.choice(verdict)]
    return [*lines, "Verdict", write.prose()]


def abstract(write: Writer) -> list[str]:
    """Give headings of a structured abstract, and a sentence that many have."""
    lines = [write.title(), "Background", write.prose(), "Methods", write.prose()]
    lines += write.some(["Two authors independently extracted the data and assessed the risk of bias."], 0.4)
    lines += ["Results", write.prose(3), "Conclusions", write.prose(1)]
    return lines


HEADINGS: Final = {
    "de": ["Zutaten", "Zubereitung", "Tatbestand", "Hinweise zur Lagerung", "Ergebnisse"],
    "fr": ["Ingrédients", "Préparation", "Résultats", "Remarques", "Valeur de retour"],
    "es": ["Ingredientes", "Elaboración", "Resultados", "Observaciones", "Antecedentes de hecho"],
    "ru": ["Ингредиенты", "Приготовление", "Результаты", "Замечания", "Выводы"],
    "el": ["Υλικά", "Εκτέλεση", "Αποτελέσματα", "Παρατηρήσεις", "Συμπεράσματα"],
    "zh": ["材料", "做法步骤", "研究结果", "返回值说明", "备注"],
}


def headed(write: Writer, lang: str) -> list[str]:
    """Give headings of a language, each over its own prose."""
    return [write.title(), *(line for heading in HEADINGS[lang] for line in (heading, write.prose()))]


CONTENT: Final[dict[str, Callable[[Writer], list[str]]]] = {
    kind.__name__: kind
    for kind in (judgment, recipe, interview, questionnaire, manual, glossary, match_report, minutes, review, abstract)
}

FURNITURE: Final[dict[str, tuple[list[str], list[str], list[str]]]] = {
    "press": (
        ["The Weir Gazette, daily since 1871", "Home | Town | Fields | River"],
        [],
        ["Printed and published at 4 Quay Street by the Gazette's own hands", "Weir Gazette Holdings"],
    ),
    "menu": (["Front", "Town", "Fields", "River", "Opinion", "Letters", "Sport", "Archive"], [], []),
    "foot": ([], [], ["The Gazette is written by eleven people in one room above the mill.", "Four Rivers Group"]),
    "series": ([], ["Weir and Water: a year on the river", "From the vault: ninety years of pictures"], []),
    "label": ([], ["Message from our patrons and neighbours in the valley below"], []),
    "pitch": (
        [],
        [
            "Every Friday eleven people above the mill put the week of the valley into one letter. It costs nothing, "
            "takes four minutes to read, and comes before the first cup of tea."
        ],
        [],
    ),
    "appeal": ([], ["What is printed here is free since four hundred neighbours pay for the paper."], []),
    "block": ([], ["Pass it on by post", "Pass it on by pigeon", "Put it on the board", "Read it aloud"], []),
    "shop": (["Barlow and Daughters, ropes and lanterns"], [], ["Open all week but Monday", "Mill Lane 4, Weir"]),
    "library": (
        ["Valley Library, reading room and store"],
        ["Scan of the sheet in the reading room"],
        ["Shelf marks are given as they stood in 1931.", "Ask at the long desk"],
    ),
    "slogan": ([], [], ["Slow news. Good bread."]),
}
"""Lines of a site at the head of its pages, amid their text, and at their foot."""


def plain(lines: list[str]) -> Page:
    """Give a page without furniture."""
    return [(line, False) for line in lines]


def furnish(lines: list[str], kind: str, write: Writer) -> Page:
    """Put the furniture of a kind on a page; what goes amid the text stands together, anywhere in it."""
    page = plain(lines)
    head, amid, foot = ([(line, True) for line in part] for part in FURNITURE[kind])
    at = write.random.randint(1, len(page) - 1)
    return [*head, *page[:at], *amid, *page[at:], *foot]


def article(write: Writer) -> list[str]:
    """Give a text that says nothing twice."""
    return [write.title(), *(write.prose(write.random.randint(1, 4)) for _ in range(write.random.randint(6, 12)))]
