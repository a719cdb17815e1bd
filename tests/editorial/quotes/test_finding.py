"""What holds of the quotes of an article and their speakers."""

import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digestbot.domain.news import CLOSING_MARKS, OMISSION, OPENING_MARKS, Article
from digestbot.editorial.quotes import find_quotes, key_quotes
from tests.editorial.quotes.cases import Case, load
from tests.shared import shared

NAMES = Path(__file__).parent / "names.txt"
PIECES = st.sampled_from(
    [
        *(
            "“",
            "”",
            '"',
            "'",
            "‘",
            "’",
            "«",
            "»",
            "„",
            "「",
            "」",
            "\n",
            "\r\n",
            " ",
            ". ",
            ", ",
            "…",
            "\u00ad",
            "\u200b",
            "\u2028",
        ),
        *(
            "Ann Lee",
            "Lee",
            "Mr. Oduya",
            "she",
            "he",
            "said",
            "told",
            "wrote on X",
            "the report",
            "according to",
            "who",
        ),
        *(
            "We will go",
            "Never",
            "again",
            "[sic]",
            "MS. LEE:",
            "LEE: ",
            "a spokesman",
            "and",
            "that",
            "\ud800",
            "🎈",
            "<b>",
            "{}",
            "%s",
        ),
    ]
)
HOSTILE = st.lists(PIECES, max_size=60).map(" ".join) | st.lists(PIECES, max_size=60).map("".join) | st.text()


def article(text: str, number: int = 1) -> Article:
    return Article(id=number, url=f"https://example.org/{number}", title="", text=text)


@pytest.mark.parametrize("case", load(), ids=lambda case: case.name)
def test_each_class_of_error(case: Case) -> None:
    """In an article written for one class of error, every quote has its speaker and nothing else is a quote."""
    found = [(quote.text, quote.speaker.name if quote.speaker else "-") for quote in find_quotes(article(case.text))]
    assert len(found) == len(case.quotes), found
    for (text, speaker), expected in zip(found, case.quotes, strict=True):
        assert text.startswith(expected.begins)
        assert speaker == expected.speaker, text


@pytest.mark.parametrize("case", load(NAMES), ids=lambda case: case.name)
def test_each_way_of_bearing_a_name(case: Case) -> None:
    """The speaker is the first full form of the name, whatever it is made of: particles, initials, surnames first."""
    quotes = find_quotes(article(case.text))
    for expected in case.quotes:
        (quote,) = [quote for quote in quotes if quote.text.startswith(expected.begins)]
        assert quote.speaker is not None
        assert quote.speaker.name == expected.speaker


@given(HOSTILE)
@settings(max_examples=150, deadline=None)
def test_the_promise_holds_over_hostile_text(text: str) -> None:
    """Whatever the text: each quote is a slice of it between marks, its speaker stands in it, omissions are shown."""
    source = article(text)
    quotes = find_quotes(source)
    shown = key_quotes([source], {source.id: quotes})
    for quote in (*quotes, *shown):
        pieces = quote.text.split(OMISSION) if OMISSION not in text else [quote.text]
        for passage in quote.passages:
            assert text[passage.opened - 1] in OPENING_MARKS
            assert (
                passage.closed == len(text) or text[passage.closed] in CLOSING_MARKS or text[passage.closed] in "\r\n"
            )
            assert passage.opened <= passage.start < passage.end <= passage.closed
        folded = " ".join(text.split())
        assert all(" ".join(piece.split()) in folded for piece in pieces) or len(quote.passages) > 1
        assert 0 <= quote.confidence <= 1
        if quote.speaker is not None:
            assert quote.speaker.stands_in(source)
    assert all(quote.key and quote.speaker is not None for quote in shown)


@given(HOSTILE)
@settings(max_examples=50, deadline=None)
def test_the_same_text_gives_the_same_quotes(text: str) -> None:
    """Finding quotes is a function of the text alone."""
    assert find_quotes(article(text)) == find_quotes(article(text))


def test_no_pronoun_is_ever_a_speaker() -> None:
    """A pronoun that cannot be resolved leaves the speaker out."""
    (quote,) = find_quotes(article("“We had nothing left to lose,” she said."))
    assert quote.speaker is None
    assert quote.confidence == 0


def test_the_first_full_form_is_the_speaker() -> None:
    """A surname beside the quote gives the full name where it first stands, with the words that describe its bearer."""
    text = "Harbor master Lena Fisk closed the port. “It will be a long night,” Fisk wrote on X."
    (quote,) = find_quotes(article(text))
    assert quote.speaker is not None
    assert (quote.speaker.name, quote.speaker.start) == ("Lena Fisk", text.index("Lena"))
    assert quote.speaker.mention == (text.index("Fisk wrote"), text.index(" wrote"))
    assert quote.venue == "on X"


@pytest.mark.parametrize(
    ("attribution", "name"),
    [
        ("said Sen. Paul Hendry of Cole County", "Paul Hendry"),
        ("said Union Secretary-Treasurer Rosa Lindt", "Rosa Lindt"),
        ("said Dunmore-based Marcus Thiel", "Marcus Thiel"),
        ("said Will Thorne, a baker", "Will Thorne"),
        ("said Mayor Ingrid Solberg", "Ingrid Solberg"),
        ("said Archbishop Aris Lund of the Church of Dunmore", "Aris Lund"),
        ("said the Court of Appeal for Sport", "Court of Appeal for Sport"),
    ],
)
def test_a_name_is_neither_its_role_nor_its_place(attribution: str, name: str) -> None:
    """What somebody is and where from stays outside the name; a body keeps all of its own."""
    (quote,) = find_quotes(article(f"“The ice will not hold a dog this year,” {attribution}."))
    assert quote.speaker is not None
    assert quote.speaker.name == name


def test_a_label_is_left_out_of_what_is_shown() -> None:
    """Of a transcript between marks the words are shown without the name before them, and say so."""
    case = next(case for case in load() if case.name == "transcript between marks")
    source = article(case.text)
    shown = key_quotes([source], {source.id: find_quotes(source)})
    assert shown
    for quote in shown:
        assert not any(label in quote.text for label in ("OKAFOR", "WHITCOMB"))
        assert quote.passages[0].start > quote.passages[0].opened
        assert quote.text.startswith(OMISSION)


@pytest.mark.parametrize(
    ("language", "text", "speakers"),
    [
        (
            "fr",
            "« Nous ne céderons pas », a déclaré le ministre Luc Ferrand. « C’est trop tard », regrette Anne Morel.",
            2,
        ),
        ("de", "„Wir werden nicht nachgeben“, sagte Anna Berger. Karl Moser sagte: „Das Gesetz ist klar.“", 2),
        ("es-MX", "«No vamos a ceder», dijo el ministro Luis Ortega. Según Ana Ruiz, “nadie sabía nada”.", 2),
    ],
)
def test_other_languages_find_who_stands_beside_the_verb(language: str, text: str, speakers: int) -> None:
    """French, German and Spanish attributions of the kind "X said" are read with their own tables."""
    quotes = find_quotes(Article(id=1, url="", title="", text=text, language=language))
    assert len([quote.speaker.name for quote in quotes if quote.speaker]) == speakers


def test_the_seed_article_has_its_ten_quotes() -> None:
    """All ten quotes of the first article have the full name of their speaker."""
    text = shared("data/seed_article.txt").read_text(encoding="utf-8").rstrip("\n")
    names = [quote.speaker.name if quote.speaker else None for quote in find_quotes(article(text))]
    assert names == ["Donald Trump"] * 6 + ["Marco Rubio"] + ["Nayib Bukele"] * 3


@pytest.mark.parametrize(
    "unit", ["“a b ", '" a b', "‘a ’b ", '"a\n', "“a\n", 'x "', 'He said "hello there. ', "He said “hello. "]
)
def test_a_page_of_unbalanced_marks_costs_little(unit: str) -> None:
    """200 KB of unbalanced marks are dealt with in 100 ms of one core (three times that, for a loaded machine)."""
    find_quotes(article("“We go,” said Ann Lee."))
    text = unit * (200_000 // len(unit))
    began = time.process_time()
    find_quotes(article(text))
    assert time.process_time() - began < 0.3
