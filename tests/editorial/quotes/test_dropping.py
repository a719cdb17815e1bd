"""What holds of quotations that are left out: each is counted by its reason."""

from collections import Counter

import pytest
from hypothesis import given, settings

from digestbot.domain.errors import NotVerbatim
from digestbot.domain.news import Article, Quote
from digestbot.editorial.quotes import choose, examine, find_quotes, key_quotes, left_out
from digestbot.editorial.quotes.scene import lay_out
from tests.editorial.quotes.test_finding import HOSTILE

STORY = """The council of Dunmore voted on Monday to close the old bridge to cars.
“The bridge is older than the country and tells us so,” said Mayor Ingrid Solberg, who proposed it.
“We will keep the old one for walking and for weddings,” Solberg added.
“Nobody in this building believes the number any more,” a senior official said.
“We had nothing left to lose,” it was said. “Never,” said Ingrid Solberg.
Her novel “The House at the End of the Pier” sold out in a day."""


def article(text: str) -> Article:
    return Article(id=1, url="https://example.org/1", title="", text=text)


def test_every_quoted_span_is_a_quote_or_counted() -> None:
    """The spans of an article are its quotes and those that are no speech."""
    found = examine(article(STORY))
    assert found.quotes == find_quotes(article(STORY))
    assert found.dropped["not_speech"] >= 1
    assert len(found.quotes) + found.dropped.total() == len(lay_out(STORY).spans)


@given(HOSTILE)
@settings(max_examples=60, deadline=None)
def test_nothing_disappears_uncounted(text: str) -> None:
    """Whatever the text: every span it has is a quote or has a reason."""
    found = examine(article(text))
    assert len(found.quotes) + found.dropped.total() == len(lay_out(text).spans)


@pytest.mark.parametrize(
    "text", ["“a b " * 9000, "“We will go,” she said.\n" * 1001, "'We will go,' she said.\n" * 1001]
)
def test_a_page_with_too_many_marks_is_counted_once(text: str) -> None:
    """A page with more marks than any article, paired or stray, gives no quotes, and says so."""
    assert examine(article(text)).dropped == Counter(too_many_marks=1)


def test_a_quote_that_does_not_stand_in_its_article_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where cutting fails, the reason of the failure is counted and nothing is raised."""

    def refuse(*_: object, **__: object) -> Quote:
        raise NotVerbatim("bounds", "not there")

    monkeypatch.setattr(Quote, "cut", refuse)
    found = examine(article("“We waited too long for this,” said Ann Lee."))
    assert found.quotes == ()
    assert found.dropped == Counter(bounds=1)


def test_quotations_that_are_not_shown_have_a_reason() -> None:
    """An unnamed source, a second word of the same speaker and an unknown speaker are counted apart."""
    source = article(STORY)
    quotes = {1: find_quotes(source)}
    chosen = choose([source], quotes)
    assert chosen.quotes == key_quotes([source], quotes)
    assert [quote.speaker.name for quote in chosen.quotes if quote.speaker] == ["Ingrid Solberg"]
    assert chosen.dropped["not_a_person"] == 1
    assert chosen.dropped["same_speaker"] == 1


def test_the_limit_leaves_out_what_tells_less() -> None:
    """With no room for a quotation it is counted as less telling."""
    source = article(STORY)
    chosen = choose([source], {1: find_quotes(source)}, limit=0)
    assert chosen.quotes == ()
    assert chosen.dropped["not_key"] >= 1


def test_each_quotation_is_shown_or_says_why() -> None:
    """Beside what is shown, every quotation has the reason it was counted under; parts of one shown are shortened."""
    source = article(STORY)
    quotes = {1: find_quotes(source)}
    chosen = choose([source], quotes)
    reasons = left_out([source], quotes, chosen.quotes)
    shown = {(1, passage.opened) for quote in chosen.quotes for passage in quote.passages}
    places = {(1, passage.opened) for quote in quotes[1] for passage in quote.passages}
    assert shown | reasons.keys() == places
    assert not shown & reasons.keys()
    assert Counter(reasons.values()) == chosen.dropped
    first = next(quote for quote in quotes[1] if (1, quote.passages[0].opened) in shown)
    official = next(quote for quote in quotes[1] if "Nobody in this building" in quote.text)
    assert reasons[1, official.passages[0].opened] == "not_a_person"
    without = left_out([source], quotes, ())
    assert without[1, first.passages[0].opened] == "not_key"


@given(HOSTILE)
@settings(max_examples=40, deadline=None)
def test_reasons_are_known_for_any_text(text: str) -> None:
    """Whatever the text: each quotation found is shown or has a reason."""
    source = article(text)
    quotes = {1: find_quotes(source)}
    chosen = choose([source], quotes)
    reasons = left_out([source], quotes, chosen.quotes)
    shown = {(1, passage.opened) for quote in chosen.quotes for passage in quote.passages}
    assert shown | reasons.keys() >= {(1, passage.opened) for quote in quotes[1] for passage in quote.passages}
    assert all(reasons.values())
