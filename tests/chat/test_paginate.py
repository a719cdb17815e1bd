"""Pagination: pages are within limits, keep every card in order, and no quotation is ever cut."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from digestbot.chat.paginate import (
    Fits,
    characters,
    clip_spans,
    compacted,
    headed,
    paginate,
    shrink,
)
from digestbot.domain.digest import (
    Action,
    Actions,
    Block,
    Card,
    Heading,
    Link,
    Moment,
    Named,
    Prose,
    Quotation,
    Rule,
    Sources,
    Text,
)


def size(card: Card) -> int:
    """Return a card's length in characters, addresses included."""
    return sum(len(repr(block)) for block in card.blocks)


def under(limit: int) -> Fits:
    """Return a rule that lets so many characters into a message."""
    return lambda cards: sum(map(size, cards)) <= limit


def words(longest: int) -> st.SearchStrategy[str]:
    """Make texts, some of them very long."""
    return st.builds(lambda text, times: (text * times)[:longest], st.text(min_size=1, max_size=60), st.integers(1, 60))


BLOCKS: st.SearchStrategy[Block] = st.one_of(
    st.builds(Heading, st.tuples(st.builds(Text, words(3000)))),
    st.builds(Prose, st.tuples(st.builds(Text, words(3000)), st.builds(Link, words(80), words(4000)))),
    st.builds(Quotation, words(900), words(60), note=words(900), outlet=words(300), url=words(3000)),
    st.builds(lambda links: Sources(tuple(links)), st.lists(st.builds(Link, words(80), words(4000)), max_size=9)),
    st.builds(lambda names: Actions(tuple(Action(n, n) for n in names)), st.lists(st.text(max_size=20), max_size=9)),
    st.just(Rule()),
)
CARDS = st.builds(lambda blocks, n: Card(tuple(blocks), n), st.lists(BLOCKS, min_size=1, max_size=8), st.integers(1, 9))


@given(st.lists(CARDS, max_size=8), st.integers(1500, 9000))
def test_every_page_fits_and_cards_keep_their_order(cards: list[Card], limit: int) -> None:
    """Pages fit; one after another they are the cards given, and only one too large alone is replaced by a smaller."""
    fits = under(limit)
    pages = paginate(cards, fits)
    assert all(fits(page) for page in pages)
    placed = [card for page in pages for card in page]
    assert len(placed) == len(cards)
    for before, after in zip(cards, placed, strict=True):
        assert after == (before if fits((before,)) else shrink(before, fits))


@given(st.lists(CARDS, max_size=8), st.integers(1500, 9000))
def test_pages_are_as_full_as_can_be(cards: list[Card], limit: int) -> None:
    """The first card of a page would not have fitted the page before."""
    fits = under(limit)
    pages = paginate(cards, fits)
    at = 0
    for page in pages[:-1]:
        at += len(page)
        assert not fits((*page, cards[at]))


@given(CARDS, st.integers(200, 9000))
def test_a_quotation_is_whole_or_absent(card: Card, limit: int) -> None:
    """However small a card is made, its quotations' words and speakers are those of the card."""
    whole = [(b.text, b.speaker) for b in card.blocks if isinstance(b, Quotation)]
    kept = [(b.text, b.speaker) for b in shrink(card, under(limit)).blocks if isinstance(b, Quotation)]
    assert kept == whole[: len(kept)]


def test_titles_shrink_before_a_quotation_goes() -> None:
    """A 3,000-character title is clipped and the quotation beside it stays."""
    card = Card((Heading((Text("title " * 500),)), Quotation("We are ready.", "Ana Reyes")), story_id=1)
    small = shrink(card, under(600))
    assert card.blocks[1] in small.blocks
    assert isinstance(small.blocks[0], Heading)
    assert len(characters(small.blocks[0].spans)) <= 300


def _story(number: int, topic: str = "") -> Card:
    return Card((Heading((Text(f"Story {number}"),)),), story_id=number, topic=topic)


def test_topics_get_a_heading_each_when_there_are_two() -> None:
    """The first card of each topic carries its heading; with one topic there is none."""
    cards = headed([_story(1, "Trade"), _story(2, "Trade"), _story(3, "Health")])
    assert [[characters(b.spans) for b in c.blocks if isinstance(b, Heading)] for c in cards] == [
        ["Trade", "Story 1"],
        ["Story 2"],
        ["Health", "Story 3"],
    ]
    assert headed([_story(1, "Trade"), _story(2, "Trade")]) == (_story(1, "Trade"), _story(2, "Trade"))
    assert headed(cards) == cards


def test_a_compacted_story_keeps_one_quotation() -> None:
    """Headline, summary, first quotation, sources and buttons stay; a head stays as it is."""
    first, second = Quotation("One.", "A. Bee"), Quotation("Two.", "C. Dee")
    prose, sources = Prose((Text("It happened."),)), Sources((Link("Ledger", "https://ledger.example/1"),))
    card = Card((Heading((Text("H"),)), prose, first, Rule(), second, sources), story_id=4)
    assert compacted(card).blocks == (card.blocks[0], prose, first, sources)
    head = Card((prose, first, second))
    assert compacted(head) == head


def test_clipped_spans_keep_links_and_moments() -> None:
    """A link's text is clipped and its address kept; one with an over-long address becomes text; a moment stays."""
    at = Moment(datetime(2025, 11, 24, tzinfo=UTC), "24 November")
    spans = (Text("ab "), Link("cdefgh", "https://x.example"), Link("i", "https://" + "y" * 90), at)
    assert clip_spans(spans, 40, 50) == (spans[0], spans[1], Text("i"), at)
    assert clip_spans(spans, 6, 50) == (Text("ab "), Link("cd…", "https://x.example"))


def test_clipped_spans_bound_ids_and_fallbacks() -> None:
    """An id of many characters, and the words that stand for a moment, are held to the limit like any text."""
    clipped = clip_spans((Named("channel", "C" * 900),), 20, 50)
    assert clipped == (Text(f"{'C' * 19}…"),)
    assert clip_spans((Named("channel", "C0123AB"),), 20, 50) == (Named("channel", "C0123AB"),)
    (moment,) = clip_spans((Moment(datetime(2026, 11, 29, tzinfo=UTC), "x" * 900),), 20, 50)
    assert isinstance(moment, Moment)
    assert len(moment.fallback) <= 20


def test_a_huge_digest_is_packed_in_few_calls() -> None:
    """Forty stories ask the rule a few times each, not once a pair."""
    calls = 0

    def counting(rule: Fits) -> Callable[[Sequence[Card]], bool]:
        def fits(cards: Sequence[Card]) -> bool:
            nonlocal calls
            calls += 1
            return rule(cards)

        return fits

    paginate([_story(n) for n in range(40)], counting(under(300)))
    assert calls <= 3 * 40
