"""A Quote is a verbatim slice of its article, or it does not exist."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digestbot.domain.errors import NotVerbatim
from digestbot.domain.news import Article, Passage, Quote, Speaker

TEXT = (
    "“We open on Monday,” Nora Lind said at the harbour. “Then we rest.”\n"
    "“It was a long night, and nobody slept.\n“But we are glad.”"
)
ARTICLE = Article(7, "https://example.org/a", "Title", TEXT, outlet="The Post", authors=("Ida Berg",))
NORA = Speaker("Nora Lind", TEXT.index("Nora"), TEXT.index("Nora") + 9)


def passage(words: str, start: int = 0) -> Passage:
    """Return the passage of those words, its marks being the ones around it."""
    begin = TEXT.index(words, start)
    opened = max(TEXT.rfind("“", 0, begin), TEXT.rfind("\n", 0, begin)) + 1
    closes = [i for i in (TEXT.find("”", begin), TEXT.find("\n", begin)) if i >= 0]
    return Passage(begin, begin + len(words), opened, min(closes))


def test_a_quote_is_the_articles_own_words():
    """A cut quote shows exactly the slice, with its speaker."""
    quote = Quote.cut(ARTICLE, [passage("We open on Monday,")], NORA)
    assert quote.text == "We open on Monday,"
    assert TEXT[quote.start : quote.end] == quote.text


def test_words_left_out_between_passages_are_marked():
    """A quotation split by its attribution shows […] where the article has other words."""
    quote = Quote.cut(ARTICLE, [passage("We open on Monday"), passage("Then we rest.")], NORA)
    assert quote.text == "We open on Monday […] Then we rest."


def test_a_shortened_quotation_is_marked():
    """A slice of a longer quotation shows […] on the side where words are missing."""
    assert Quote.cut(ARTICLE, [passage("on Monday,")], NORA).text == "[…] on Monday,"
    assert Quote.cut(ARTICLE, [passage("We open")], NORA).text == "We open […]"


def test_paragraphs_of_one_quotation_join_without_a_mark():
    """Nothing is left out between the paragraphs of one quotation."""
    parts = [passage("It was a long night, and nobody slept."), passage("But we are glad.")]
    assert Quote.cut(ARTICLE, parts, None).text == "It was a long night, and nobody slept. But we are glad."


def test_the_constructor_is_closed():
    """Neither Quote(…) nor dataclasses.replace makes a quotation that was not cut."""
    quote = Quote.cut(ARTICLE, [passage("We open on Monday,")], NORA)
    with pytest.raises(TypeError):
        Quote(7, "I never said this", quote.passages, NORA)
    with pytest.raises((TypeError, ValueError)):
        dataclasses.replace(quote, text="I never said this")


@pytest.mark.parametrize(
    ("passages", "reason"),
    [
        ([], "empty"),
        ([Passage(5, 8, 5, 8)], "opening"),
        ([Passage(1, 19, 1, 17)], "bounds"),
        ([Passage(1, 10, 1, 12)], "closing"),
        ([Passage(1, 1, 1, 19)], "bounds"),
        ([Passage(1, 999, 1, 999)], "bounds"),
    ],
)
def test_what_does_not_stand_is_refused(passages, reason):
    """A passage outside quotation marks or outside the article is refused with its reason."""
    with pytest.raises(NotVerbatim) as refused:
        Quote.cut(ARTICLE, passages, None)
    assert refused.value.reason == reason


def test_passages_may_not_overlap_or_turn_round():
    """Passages stand in the article's order."""
    first, second = passage("We open on Monday,"), passage("Then we rest.")
    with pytest.raises(NotVerbatim):
        Quote.cut(ARTICLE, [second, first], NORA)
    with pytest.raises(NotVerbatim):
        Quote.cut(ARTICLE, [first, first], NORA)


def test_nobody_is_invented():
    """A speaker whose name does not stand at its offsets is refused; the feed's own metadata may name one."""
    with pytest.raises(NotVerbatim):
        Quote.cut(ARTICLE, [passage("Then we rest.")], Speaker("Nora Berg", NORA.start, NORA.end))
    with pytest.raises(NotVerbatim):
        Quote.cut(ARTICLE, [passage("Then we rest.")], Speaker("Someone Else", None, None))
    assert Quote.cut(ARTICLE, [passage("Then we rest.")], Speaker("Ida Berg", None, None)).speaker


@given(st.text(alphabet='ab “”"\n.', max_size=40), st.lists(st.integers(-2, 42), min_size=4, max_size=8))
def test_every_quote_that_exists_is_a_slice(text, numbers):
    """Whatever text and offsets are given, a quote is either refused or its passages are slices within marks."""
    article = Article(1, "", "", text)
    passages = [Passage(*numbers[i : i + 4]) for i in range(0, len(numbers) - 3, 4)]
    try:
        quote = Quote.cut(article, passages, None)
    except NotVerbatim:
        return
    for part, shown in zip(quote.passages, quote.text.replace("[…]", "\0").split("\0"), strict=False):
        assert text[part.opened - 1] in '“"”'
        assert 0 < part.opened <= part.start < part.end <= part.closed <= len(text)
        assert shown.strip() in " ".join(text.split()) or len(quote.passages) > 1
