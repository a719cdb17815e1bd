"""What holds of attributions in French, German and Spanish, which are read by a cue table alone."""

import json

import pytest

from bench.languages import count, sentences
from digestbot.domain.news import Article
from digestbot.editorial.quotes import THRESHOLD, find_quotes, key_quotes
from digestbot.editorial.quotes.simple import COUNTS, LANGUAGES, sureness


def test_the_confidence_rests_on_counted_sentences() -> None:
    """The counts in the package are those of the sentences written for them, at least thirty a language."""
    assert json.loads(COUNTS.read_text(encoding="utf-8")) == count()
    for language in LANGUAGES:
        assert sum(one == language for one, _, _ in sentences()) >= 30


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_a_plain_attribution_is_surer_than_a_loose_one(language: str) -> None:
    """Laplace's rule: (right + 1) / (all + 2); only the plain grade reaches what may be shown."""
    right, total = json.loads(COUNTS.read_text(encoding="utf-8"))[language]["plain"]
    assert sureness(language, plain=True) == (right + 1) / (total + 2) >= THRESHOLD
    assert sureness(language, plain=False) < THRESHOLD


@pytest.mark.parametrize(
    ("language", "text", "speaker"),
    [
        ("fr", "« Le pont rouvrira en mai, et pas avant », a déclaré le maire Paul Delmas.", "Paul Delmas"),
        ("de", "„Der Damm hält wohl keine zwei Tage mehr“, warnte Bürgermeister Thomas Vogel.", "Thomas Vogel"),
        ("es", "«El puente no se abrirá antes de mayo», dijo la alcaldesa Marta Jiménez.", "Marta Jiménez"),
    ],
)
def test_the_plainest_are_shown(language: str, text: str, speaker: str) -> None:
    """A plain attribution to a full name may be shown as a key quote."""
    article = Article(id=1, url="", title="", text=text, language=language)
    (quote,) = key_quotes([article], {1: find_quotes(article)})
    assert quote.speaker is not None
    assert quote.speaker.name == speaker


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("fr", "Paul Delmas était là. « Nous n’avons rien décidé hier », a-t-il dit. « Rien du tout », dit-elle."),
        ("de", "Anna Berger schwieg. „Wir fangen noch einmal von vorn an“, sagte er."),
        ("es", "Ana Ruiz calló. «No volveremos a hablar de esto», dijo él."),
    ],
)
def test_a_pronoun_is_not_guessed_at(language: str, text: str) -> None:
    """Where a pronoun is the subject nobody is named."""
    quotes = find_quotes(Article(id=1, url="", title="", text=text, language=language))
    assert quotes
    assert all(quote.speaker is None for quote in quotes)
