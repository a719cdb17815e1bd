"""Who a speaker is, told in the article's own words or not at all."""

import pytest

from digestbot.domain.news import Article
from digestbot.editorial.quotes import find_quotes

SAID = " “The gates will stay shut until the tide has turned,” {} said on Monday."


@pytest.mark.parametrize(
    ("before", "name", "description"),
    [
        ("Mayor Ottilie Brandvold opened the meeting.", "Brandvold", "Mayor"),
        (
            "Ottilie Brandvold, the chair of the growers' cooperative that sued, spoke.",
            "Brandvold",
            "the chair of the growers' cooperative",
        ),
        ("Ottilie Brandvold, 61, a retired teacher, stood up.", "Brandvold", "a retired teacher"),
        ("Ottilie Brandvold, chief executive of Teelwater, stood up.", "Brandvold", "chief executive of Teelwater"),
        ("The cooperative’s lawyer, Ottilie Brandvold, stood up.", "Brandvold", "The cooperative’s lawyer"),
        ("Nobody answered midfielder Ottilie Brandvold at first.", "Brandvold", "midfielder"),
        ("Ottilie Brandvold, for Oldane, stood up.", "Brandvold", "for Oldane"),
        ("Ottilie Brandvold of Northfield University stood up.", "Brandvold", "of Northfield University"),
        ("Ottilie Brandvold, who chairs the fishers’ club, stood up.", "Brandvold", "who chairs the fishers’ club"),
        ("Ottilie Brandvold, her chairman, stood up.", "Brandvold", ""),
        ("Ottilie Brandvold, the report said, stood up.", "Brandvold", ""),
        ("Ottilie Brandvold, who said nothing at first, stood up.", "Brandvold", ""),
        ("Her neighbour Ottilie Brandvold stood up.", "Brandvold", ""),
        ("Dr Ottilie Brandvold stood up.", "Brandvold", ""),
        ("The match with Ottilie Brandvold from Dunmore was over.", "Brandvold", ""),
    ],
)
def test_a_speaker_is_described_by_what_stands_beside_the_name(before: str, name: str, description: str) -> None:
    """Titles, appositions, clients and clauses are cut out whole; what leans on others or tells of speech is not."""
    article = Article(1, "https://a.example/1", "Gates", before + SAID.format(name))
    speaker = find_quotes(article)[0].speaker
    assert speaker is not None
    assert speaker.name == "Ottilie Brandvold"
    assert speaker.description == description
    assert speaker.description in article.text
