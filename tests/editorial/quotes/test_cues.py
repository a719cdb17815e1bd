"""What holds of the cue beside a quote: the word that says who speaks."""

import pytest
from hypothesis import given, settings

from digestbot.domain.news import Article
from digestbot.editorial.quotes import find_quotes
from tests.editorial.quotes.test_finding import HOSTILE


def cues(text: str, language: str = "") -> list[str]:
    quotes = find_quotes(Article(id=1, url="", title="", text=text, language=language))
    return [text[slice(*quote.speaker.cue)] if quote.speaker and quote.speaker.cue else "-" for quote in quotes]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("“We waited too long for this,” said Ann Lee.", ["said"]),
        ("“We waited too long for this,” Ann Lee later told reporters in Dunmore.", ["told"]),
        ("Ann Lee, who left in May, said on Friday that she was “done with waiting for them.”", ["said"]),
        ("According to Ann Lee, the town “has no money left to lose.”", ["According to"]),
        ("“We waited,” said the mayor, Ann Lee. “It did not help us at all.”", ["said", "said"]),
        ("“The road is open again for everybody,” Ann Lee wrote on X.", ["wrote"]),
        ("MS. LEE: “Did you read the contract before you signed it?”", ["-"]),
    ],
)
def test_the_cue_is_the_verb_of_the_attribution(text: str, expected: list[str]) -> None:
    """The verb of saying (or "according to") that gives the quote to its speaker is marked; a transcript has none."""
    assert cues(text) == expected


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("fr", "« Nous ne céderons pas », a déclaré le ministre Luc Ferrand.", ["déclaré"]),
        ("de", "Karl Moser sagte: „Das Gesetz ist klar.“", ["sagte"]),
        ("es", "Según Ana Ruiz, “nadie sabía nada de eso”.", ["Según"]),
    ],
)
def test_other_languages_mark_their_cue(language: str, text: str, expected: list[str]) -> None:
    """The cue tables of French, German and Spanish mark the verb they found."""
    assert cues(text, language) == expected


@given(HOSTILE)
@settings(max_examples=80, deadline=None)
def test_a_cue_is_a_word_of_the_narrative(text: str) -> None:
    """Whatever the text: a cue lies in it, is not empty, and is no part of a quote."""
    quotes = find_quotes(Article(id=1, url="", title="", text=text))
    spans = [(p.opened, p.closed) for quote in quotes for p in quote.passages]
    for quote in quotes:
        if quote.speaker is not None and quote.speaker.cue is not None:
            start, end = quote.speaker.cue
            assert 0 <= start < end <= len(text)
            assert text[start:end].strip() == text[start:end]
            assert not any(start < closed and end > opened for opened, closed in spans)
