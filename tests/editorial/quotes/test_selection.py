"""What holds of the quotes chosen to be shown."""

from collections.abc import Sequence

from digestbot.domain.news import OMISSION, Article
from digestbot.editorial.quotes import THRESHOLD, find_quotes, key_quotes

DISPUTE = """Council votes to close the old bridge
The council of Dunmore voted on Monday to close the old bridge to cars, a plan that had split the town for a year.
“The bridge is older than the country and tells us so in every storm,” said Mayor Ingrid Solberg, who proposed it.
“You are closing the only road to my shop, and you call that safety,” said Victor Hale, a baker.
Solberg said the work would take a year. “We will keep the old one for walking,” she said.
The sign said “Closed.” A spokesman declined to comment."""


def article(text: str, number: int = 1) -> Article:
    return Article(id=number, url=f"https://example.org/{number}", title=text.partition("\n")[0], text=text)


def chosen(*articles: Article, limit: int = 3) -> tuple[str, ...]:
    quotes = {one.id: find_quotes(one) for one in articles}
    return tuple(quote.text for quote in key_quotes(articles, quotes, limit=limit))


def test_both_sides_speak_once() -> None:
    """Each speaker is shown once, and both sides of a dispute are shown."""
    source = article(DISPUTE)
    quotes = key_quotes([source], {1: find_quotes(source)})
    assert sorted(quote.speaker.name for quote in quotes if quote.speaker) == ["Ingrid Solberg", "Victor Hale"]
    assert all(quote.key and quote.confidence >= THRESHOLD for quote in quotes)


def test_a_split_quotation_is_shown_as_one() -> None:
    """The parts around an attribution are one quotation, with […] where the article's own words stood."""
    text = "“We cannot wait any longer for the river,” said Helena Voss. “It never waited for us.”"
    assert chosen(article(text)) == (f"We cannot wait any longer for the river {OMISSION} It never waited for us.",)


def test_a_long_quotation_ends_with_a_sentence() -> None:
    """At most forty words are shown, cut at a sentence's end, and the cut is marked."""
    sentence = "The first thing we did was to count the boats that had come back. "
    text = f"“{(sentence * 5).strip()}” said Helena Voss, the harbor master."
    (shown,) = chosen(article(text))
    assert shown.endswith(f"come back. {OMISSION}")
    assert len(shown.replace(OMISSION, "").split()) <= 40


def test_unnamed_and_unresolved_speakers_are_not_shown() -> None:
    """A spokesman without a name, a report and a bare pronoun give no key quote."""
    text = "“Nobody here believes the number any more,” a spokesman said.\n“We never believed it either,” she said."
    assert chosen(article(text)) == ()


def test_the_limit_holds() -> None:
    """No more quotes than asked for are returned."""
    assert len(chosen(article(DISPUTE), limit=1)) == 1


def test_centrality_decides_between_equals() -> None:
    """Where an encoder is given, the quote nearest the story's core comes first."""
    source = article(DISPUTE)
    quotes = {1: find_quotes(source)}

    def centrality(texts: Sequence[str]) -> list[float]:
        return [5.0 if "shop" in text else 0.0 for text in texts]

    (first, *_) = key_quotes([source], quotes, centrality=centrality)
    assert "shop" in first.text


def test_the_other_side_is_heard() -> None:
    """With room for two, the one set against the first is shown, not a second voice of the same side."""
    text = """Council votes to close the old bridge
The council of Dunmore voted on Monday to close the old bridge to cars.
“The bridge is older than the country and tells us so in every storm,” said Mayor Ingrid Solberg, who proposed it.
“The old bridge has carried us for a century and it is very tired of us,” said Pavel Lind, a councillor.
But Victor Hale, a baker, disagreed. “You are closing the only road to my shop on Monday,” said Victor Hale."""
    source = article(text)
    speakers = [q.speaker.name for q in key_quotes([source], {1: find_quotes(source)}, limit=2) if q.speaker]
    assert "Victor Hale" in speakers


def test_words_that_several_outlets_repeat_come_first() -> None:
    """Of two quotations alike in everything else, the one that other outlets have too is shown first."""
    once = "“The water came in the night and took the road with it,” said Nora Castell, a farmer."
    often = "“The river has never been so high in all these years,” said Henrik Dahl, a fisher."
    first = article(f"Flood in Dunmore\nThe river rose on Monday.\n{once}\n{often}")
    second = article(f"River rises in Dunmore\nThe river rose on Monday.\n{often}", 2)
    third = article(f"Dunmore under water\nThe river rose on Monday.\n{often}", 3)
    assert chosen(first, second, third)[0].startswith("The river has never")
