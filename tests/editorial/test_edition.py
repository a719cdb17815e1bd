"""Editions: what is chosen, what is left out and why, and what the document says."""

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digestbot.domain.digest import (
    Action,
    Actions,
    Card,
    Digest,
    Edition,
    Heading,
    Link,
    Prose,
    Quotation,
    Sources,
)
from digestbot.domain.news import (
    Article,
    Brief,
    Evidence,
    Feed,
    Passage,
    Polling,
    Quote,
    Speaker,
    Story,
    Summary,
    SummarySentence,
)
from digestbot.domain.subscription import Channel, Filter, Subscription
from digestbot.editorial.edition import Selection, choose, choose_headline, compose, merged, novelty

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
EDITION = Edition(1, NOW, "Europe/Berlin")
BASE = Subscription(1, "Morning brief", Channel("console", "here"))
SUBJECTS = (
    "Harbour ferry sinks off Lisbon with forty aboard",
    "Parliament in Oslo approves new whaling limits",
    "Toymaker Brick recalls magnets after children swallow them",
    "Astronomers photograph storm on Neptune from Chile",
    "Strike grounds flights at Toronto for a second day",
    "Court in Nairobi clears editor of libel charges",
    "Vaccine against dengue passes large trial in Brazil",
    "Painter Elsa Moreau dies at ninety-one in Lyon",
    "Chess federation bans engine maker from Olympiad",
    "Drought empties reservoirs across southern Spain",
    "Bank of Japan lifts its rate to one percent",
    "Museum in Cairo returns mask to Sudan",
)


def feed(number: int, *, topics: Sequence[str] = (), weight: float = 1.0) -> Feed:
    """Return a feed."""
    return Feed(
        number, f"https://feed{number}.example/rss", f"Feed {number}", Polling(NOW), topics=tuple(topics), weight=weight
    )


def article(
    number: int, title: str, *, feed_id: int = 1, outlet: str = "", hours: float = 1.0, text: str = ""
) -> Article:
    """Return an article that came ``hours`` before the edition."""
    at = NOW - timedelta(hours=hours)
    name = outlet or f"Outlet {feed_id}"
    url = f"https://{name.lower().replace(' ', '')}.example/{number}"
    return Article(number, url, title, text, outlet=name, feed_id=feed_id, published=at, fetched_at=at)


def story(number: int, *articles: Article) -> Story:
    """Return a story of articles."""
    times = [a.fetched_at for a in articles if a.fetched_at]
    return Story(number, articles, min(times), max(times))


def single(number: int, *, feed_id: int = 1, hours: float = 1.0) -> Story:
    """Return a story of one article on a subject of its own."""
    return story(number, article(number, SUBJECTS[number % len(SUBJECTS)], feed_id=feed_id, hours=hours))


def select(stories: Sequence[Story], subscription: Subscription = BASE, **given_: object) -> Selection:
    """Choose with nothing posted and no feed known, unless told."""
    known: dict[str, object] = {"posted": {}, "now": NOW, "feeds": {}} | given_
    return choose(stories, subscription=subscription, **known)  # type: ignore[arg-type] # the defaults above


def chosen_ids(selection: Selection) -> list[int]:
    """Return the ids of the chosen stories, in order."""
    return [one.story.id for one in selection.chosen]


def brief(of: Story, *sentences: tuple[str, int], quotes: Sequence[Quote] = ()) -> Brief:
    """Return a brief whose sentences rest each on the article given with it."""
    told = tuple(SummarySentence(text, (Evidence(number, 0, 1),)) for text, number in sentences)
    first = of.articles[0]
    return Brief(of.id, of.sources_hash, first.title, first.id, Summary(told, "test"), tuple(quotes), NOW)


def quote(of: Article, words: str, name: str, *, key: bool = True) -> Quote:
    """Cut a quotation out of an article's text."""
    start = of.text.index(words)
    at = of.text.index(name)
    passage = Passage(start, start + len(words), start, start + len(words))
    return Quote.cut(of, [passage], Speaker(name, at, at + len(name)), confidence=0.9, key=key)


def written(selection: Selection, subscription: Subscription = BASE, briefs: dict[int, Brief] | None = None) -> Digest:
    """Compose and expect a document."""
    digest = compose(subscription, EDITION, selection, briefs or {})
    assert digest is not None
    return digest


def words(card: Card) -> list[str]:
    """Return each block's characters."""
    lines = []
    for block in card.blocks:
        match block:
            case Heading(spans=spans) | Prose(spans=spans):
                lines.append("".join(getattr(span, "text", "") or getattr(span, "fallback", "") for span in spans))
            case Quotation():
                lines.append(f"“{block.text}” {block.speaker}|{block.note}|{block.outlet}")
            case Sources():
                lines.append(", ".join(link.text for link in block.links))
            case Actions():
                lines.append(" ".join(action.invocation for action in block.actions))
            case _:
                pass
    return lines


# ── choosing ─────────────────────────────────────────────────────────────────


def test_what_more_outlets_tell_comes_first() -> None:
    """A story in four newsrooms outranks fresher ones in one."""
    wide = story(9, *(article(90 + n, SUBJECTS[0], feed_id=n, hours=5) for n in range(4)))
    assert chosen_ids(select([single(1), single(2, hours=0.1), wide])) == [9, 2, 1]


def test_the_newer_of_equals_comes_first_and_then_the_lower_number() -> None:
    """Recency decides between single reports, and identity between twins."""
    stories = [single(3, hours=2), single(1, hours=2), single(2, hours=1)]
    assert chosen_ids(select(stories)) == [2, 1, 3]


def test_a_feed_of_more_weight_lifts_its_stories() -> None:
    """A source's weight multiplies the score."""
    feeds = {1: feed(1), 2: feed(2, weight=2.0)}
    selection = select([single(1, feed_id=1), single(2, feed_id=2, hours=6)], feeds=feeds)
    assert chosen_ids(selection) == [2, 1]
    assert selection.chosen[0].score.explain().startswith(f"{selection.chosen[0].score.total:.2f} = 2 × (outlets")


def test_one_noisy_feed_cannot_fill_an_edition() -> None:
    """Three stories that rest on one feed alone are enough; the rest of the room goes to others."""
    noisy = [single(n, feed_id=1, hours=0.1) for n in range(1, 8)]
    selection = select([*noisy, single(8, feed_id=2, hours=9), single(9, feed_id=3, hours=9)])
    assert sorted(chosen_ids(selection)) == [1, 2, 3, 8, 9]
    assert {out.why for out in selection.left_out} == {"per_feed"}
    assert selection.left_out[0].reason == "its feed has 3 already"


def test_what_several_feeds_report_is_not_one_feeds_noise() -> None:
    """The cap of a feed does not count stories that others report too."""
    shared = [
        story(n, article(n, SUBJECTS[n], feed_id=1), article(n + 50, SUBJECTS[n], feed_id=2)) for n in range(1, 6)
    ]
    assert len(chosen_ids(select(shared))) == 5


def test_a_topic_cannot_fill_an_edition_either() -> None:
    """The cap of a topic leaves room for other topics."""
    feeds = {1: feed(1, topics=["World"]), 2: feed(2, topics=["Sport"])}
    stories = [single(n, feed_id=1) for n in range(1, 4)] + [single(n, feed_id=2, hours=8) for n in range(4, 6)]
    selection = select(stories, replace(BASE, per_topic=1), feeds=feeds)
    assert [one.topic for one in selection.chosen] == ["World", "Sport"]
    assert [out.reason for out in selection.left_out][:1] == ["“World” has 1 already"]


def test_what_finds_no_room_is_the_rest() -> None:
    """The edition says how many more there are, and keeps them in order."""
    selection = select([single(n, feed_id=n) for n in range(1, 10)])
    assert len(selection.chosen) == 5
    assert [out.why for out in selection.rest] == ["full"] * 4


def test_an_edition_never_shows_more_than_ten() -> None:
    """Whatever a subscription asks for, ten stories are the most."""
    selection = select([single(n, feed_id=n) for n in range(12)], replace(BASE, stories=40))
    assert len(selection.chosen) == 10


def test_what_the_channel_has_got_is_not_shown_again() -> None:
    """A posted story without anything new is left out, under whatever number it was posted."""
    selection = select([single(1), single(2)], posted={1: 77})
    assert chosen_ids(selection) == [2]
    assert [(out.story.id, out.why) for out in selection.left_out] == [(1, "posted")]


LATER = "Lisbon ferry: divers find captain Rui Tavares alive in air pocket"


def grown() -> Story:
    """Return a story that was posted and has since brought real news."""
    return story(1, article(1, SUBJECTS[0], hours=20), article(2, LATER, feed_id=2, hours=1))


def test_a_posted_story_with_news_is_an_update() -> None:
    """What came since is told as an update, and only that."""
    (one,) = select([grown()], posted={1: 1}).chosen
    assert one.update
    assert [a.id for a in one.new] == [2]


def test_updates_can_be_unwanted() -> None:
    """A subscription may leave updates out."""
    selection = select([grown()], replace(BASE, updates="skip"), posted={1: 1})
    assert [(out.why, out.reason) for out in selection.left_out] == [
        ("update", "was posted here before, and updates are not wanted")
    ]


def test_a_retelling_is_no_update() -> None:
    """Another outlet's version of what was posted brings nothing new."""
    text = "A ferry with forty people aboard sank off Lisbon on Monday, the harbour office said."
    told = story(
        1,
        article(1, SUBJECTS[0], hours=20, text=text),
        article(2, "Ferry sinks off Lisbon with forty people aboard", feed_id=2),
    )
    selection = select([told], posted={1: 1})
    assert [out.why for out in selection.left_out] == ["retold"]


def test_novelty_is_none_for_a_copy_and_all_for_the_first() -> None:
    """A wire text under another headline is no news; the first report is all news."""
    body = " ".join(f"word{n} of the agency text" for n in range(30))
    first = article(1, SUBJECTS[0], text=body)
    assert novelty([first], []) == 1.0
    assert novelty([article(2, "Entirely Different Words Above Them", text=body)], [first]) == 0.0


def test_feeds_topics_language_and_filter_each_say_why_they_stop_a_story() -> None:
    """--explain can name the rule behind every story that is missing."""
    stories = [
        single(1, feed_id=7),
        single(2),
        single(4),
        story(5, replace(article(5, SUBJECTS[5]), language="de")),
        single(6),
    ]
    subscription = replace(
        BASE,
        feeds=(1,),
        language="en",
        filter=Filter(exclude=("dengue",)),
        topics=("toronto",),
    )
    why = {out.story.id: (out.why, out.reason) for out in select(stories, subscription).left_out}
    assert why == {
        1: ("feed", "comes from none of its feeds"),
        2: ("topic", "is about none of toronto"),
        5: ("filter", "is not in the language “en”"),
        6: ("filter", "has the excluded “dengue”"),
    }


def filtered(**words: str) -> dict[int, Feed]:
    """Return feeds 1 to 3, those named (``one``, ``two``, ``three``) with a word that is excluded."""
    rules = [Filter(exclude=(words[name],) if name in words else ()) for name in ("one", "two", "three")]
    return {number: replace(feed(number), filter=one) for number, one in enumerate(rules, 1)}


def test_a_feeds_filter_stops_a_story_that_rests_on_it_alone() -> None:
    """The stage is named as the feed's, with the feed and the rule; the same words of another feed pass."""
    stories = [single(6), single(18, feed_id=2)]
    selection = select(stories, feeds=filtered(one="dengue"))
    assert chosen_ids(selection) == [18]
    assert [(out.story.id, out.why, out.reason) for out in selection.left_out] == [
        (6, "feed_filter", "is stopped by the filter of its feed “Feed 1”: has the excluded “dengue”")
    ]


def test_an_article_its_feeds_filter_stops_is_no_part_of_its_story() -> None:
    """What another feed reports of the event is told, scored and counted as posted without the article stopped."""
    told = story(1, article(1, f"Sponsored: {SUBJECTS[0]}"), article(2, SUBJECTS[0], feed_id=2))
    (one,) = select([told], feeds=filtered(one="sponsored")).chosen
    assert [a.id for a in one.story.articles] == [a.id for a in one.new] == [2]
    assert one.score == select([story(1, told.articles[1])]).chosen[0].score
    assert [a.id for a in select([told], feeds=filtered(two="sponsored")).chosen[0].story.articles] == [1, 2]


def test_a_feeds_filter_holds_though_the_digest_reads_another_of_the_storys_feeds() -> None:
    """A digest of feed 1 is stopped by its rules though feed 2 has the story; a foreign article is left out too."""
    told = story(1, article(1, f"Sponsored: {SUBJECTS[0]}"), article(2, SUBJECTS[0], feed_id=2))
    feeds, wanted = filtered(one="sponsored"), replace(BASE, feeds=(1,))
    assert [out.why for out in select([told], wanted, feeds=feeds).left_out] == ["feed_filter"]
    (one,) = select([told], replace(BASE, feeds=(2,)), feeds=feeds).chosen
    assert [a.id for a in one.story.articles] == [2]
    (out,) = select([told], replace(BASE, feeds=(3,)), feeds=filtered(one="lisbon", two="lisbon")).left_out
    assert (out.why, out.reason) == ("feed", "comes from none of its feeds")


def test_the_digests_filter_judges_what_the_feeds_let_through() -> None:
    """The feed is asked first, so its rule is the one named where both stop an article."""
    wanted = replace(BASE, filter=Filter(exclude=("dengue",)))
    assert [o.why for o in select([single(6)], wanted, feeds=filtered(one="vaccine")).left_out] == ["feed_filter"]
    assert [o.why for o in select([single(6)], wanted, feeds=filtered(two="vaccine")).left_out] == ["filter"]


def test_words_of_a_topic_may_stand_apart_and_the_phrase_comes_first() -> None:
    """“grain prices” finds “the price of grain” below what has the phrase, and not what has one word of it."""
    titles = ("Price of grain falls for a third week", "Grain prices fall for a third week", "Grain ship leaves Odesa")
    stories = [story(number, article(number, title)) for number, title in enumerate(titles, 1)]
    selection = select(stories, replace(BASE, topics=("grain prices",)))
    assert [one.story.id for one in selection.chosen] == [2, 1]
    assert [(out.story.id, out.why) for out in selection.left_out] == [(3, "topic")]


def test_the_same_stories_in_any_order_give_the_same_edition() -> None:
    """Nothing depends on the order in which stories are read."""
    stories = [single(n, feed_id=n % 3, hours=n % 4) for n in range(12)]
    whole = select(stories)
    for seed in range(5):
        mixed = stories[:]
        random.Random(seed).shuffle(mixed)  # noqa: S311 — an order, not a secret
        assert select(mixed) == whole


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(1, 4), st.booleans()), max_size=30), st.integers(1, 12))
@settings(deadline=None)
def test_every_story_is_chosen_or_left_out_for_a_reason(rows: list[tuple[int, int, bool]], room: int) -> None:
    """No story is lost between the two lists, and nothing posted is chosen."""
    stories = [single(n, feed_id=f, hours=h) for n, (h, f, _) in enumerate(rows, 1)]
    posted = {n: n for n, (_, _, was) in enumerate(rows, 1) if was}
    selection = select(stories, replace(BASE, stories=room), posted=posted)
    left = [out.story.id for out in selection.left_out]
    assert sorted([*chosen_ids(selection), *left]) == [s.id for s in stories]
    assert not set(chosen_ids(selection)) & set(posted)
    assert all(out.reason for out in selection.left_out)


# ── headlines ────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("titles", "best"),
    [
        (
            [
                "Ferry: what we know",
                "Ferry sinks off Lisbon with forty aboard, harbour office says",
                "Is your ferry safe?",
            ],
            1,
        ),
        (["UPDATE 2-Ferry sinks off Lisbon, forty aboard", "Ferry sinks off Lisbon with forty aboard"], 1),
        (["Ferry sinks off Lisbon with forty people on bo...", "Ferry sinks off Lisbon with forty aboard"], 1),
        (["FERRY SINKS OFF LISBON WITH FORTY ABOARD", "Ferry sinks off Lisbon with forty aboard"], 1),
        (["You won't believe which ferry sank off Lisbon", "Ferry sinks off Lisbon with forty aboard"], 1),
        (["Ferry sinks off Lisbon with forty aboard", "A quiet week for the port's pilots and their families"], 0),
        (["", "Ferry sinks"], 1),
    ],
)
def test_the_clearest_headline_is_chosen(titles: list[str], best: int) -> None:
    """Whole statements that say what the others say win over questions, teases, shouts and cut ones."""
    articles = [article(n, title, feed_id=n) for n, title in enumerate(titles)]
    assert choose_headline(articles).id == best


def test_a_headline_is_chosen_that_the_reports_bear_out() -> None:
    """A play on words, a voice and a view of the inside lose to the headline whose words stand in the others' leads."""
    told = [
        ("Quillon's heavy foot costs it a summer", "Quillon was fined for the spill, a judge in Tarn ordered."),
        (
            "“We told them for years”: anglers win Quillon case",
            "Anglers won: a judge fined Quillon for the Tarn spill.",
        ),
        ("Judge fines Quillon for spill in the Tarn river", "The Tarn river smelled of it, anglers said."),
        ("The long summer: inside Quillon's quarrel with a river", "The spill began with a valve, the judge found."),
    ]
    articles = [replace(article(n, title, feed_id=n), text=text) for n, (title, text) in enumerate(told)]
    assert choose_headline(articles).id == 2


@given(st.lists(st.text(max_size=120), min_size=1, max_size=8))
@settings(deadline=None)
def test_a_headline_is_always_one_of_the_outlets_own(titles: list[str]) -> None:
    """No headline is written by us, whatever the outlets write."""
    articles = [article(n, title, feed_id=n) for n, title in enumerate(titles)]
    assert choose_headline(articles) in articles


def test_merged_stories_keep_the_larger_ones_number_and_each_article_once() -> None:
    """Two stories that are one become the one with more articles."""
    large = story(5, article(1, SUBJECTS[0], hours=3), article(2, SUBJECTS[0], hours=2))
    small = story(4, article(3, SUBJECTS[0], hours=9))
    (one,) = merged([small, large], [[4, 5]])
    assert (one.id, [a.id for a in one.articles]) == (5, [3, 1, 2])
    assert one.first_seen == small.first_seen


# ── composing ────────────────────────────────────────────────────────────────


def test_the_title_has_name_local_date_stories_and_outlets() -> None:
    """The reader sees at once what this is, of which day, and how much it rests on."""
    stories = [story(1, article(1, SUBJECTS[1]), article(2, SUBJECTS[1], feed_id=2)), single(3, feed_id=2)]
    assert written(select(stories)).title == "Morning brief · Monday 23 November · 2 stories from 2 outlets"
    late = Edition(1, datetime(2026, 11, 23, 23, 30, tzinfo=UTC), "Asia/Tokyo")
    digest = compose(BASE, late, select([single(1)]), {})
    assert digest is not None
    assert digest.title == "Morning brief · Tuesday 24 November · 1 story from 1 outlet"


def test_a_story_reads_headline_coverage_summary_quotes_sources_buttons() -> None:
    """A card has its parts in the guide's order, the quoted outlet first among the sources."""
    said = article(2, SUBJECTS[0], outlet="The Tagus", text="“We saw her turn over,” said Rita Melo, a fisher.")
    told = story(1, article(1, SUBJECTS[0], outlet="Port Post", hours=2), said)
    made = brief(told, ("A ferry sank.", 1), quotes=[quote(said, "We saw her turn over,", "Rita Melo")])
    digest = written(select([told]), briefs={1: made})
    assert words(digest.cards[1]) == [
        SUBJECTS[0],
        "2 outlets, since 07:00",
        "A ferry sank.",
        "“We saw her turn over,” Rita Melo||The Tagus",
        "The Tagus, Port Post",
        "sources story=1 more story=1 report story=1",
    ]
    heading = digest.cards[1].blocks[0]
    assert isinstance(heading, Heading)
    assert heading.spans == (Link(SUBJECTS[0], "https://portpost.example/1"),)


def test_a_story_without_a_brief_says_that_it_is_being_made() -> None:
    """An edition on demand answers at once with what there is."""
    digest = written(select([single(1)]))
    assert "The summary is still being made." in words(digest.cards[1])


def test_an_update_says_so_and_tells_only_what_is_new() -> None:
    """Sentences, quotes and sources of what was posted stay away."""
    told = grown()
    made = brief(told, ("A ferry sank.", 1), ("Divers found the captain.", 2))
    card = written(select([told], posted={1: 1}), briefs={1: made}).cards[1]
    assert words(card)[:3] == [f"Update · {LATER}", "2 outlets, since 08:00", "Divers found the captain."]
    assert words(card)[3] == "Outlet 2"


def test_an_update_whose_summary_has_nothing_new_gives_the_outlets_words() -> None:
    """Where no sentence rests on the new articles alone, their own headline is told, with its outlet."""
    told = grown()
    card = written(select([told], posted={1: 1}), briefs={1: brief(told, ("A ferry sank.", 1))}).cards[1]
    assert words(card)[2] == f"Outlet 2: {LATER}"


def test_a_storys_topic_can_be_snoozed_by_its_last_button() -> None:
    """A topic can be left out by a button below its stories, read back as meant; Discord has a command for it."""
    digest = written(select([single(1)], feeds={1: feed(1, topics=['Grain "futures"'])}))
    (row,) = (block for block in digest.cards[1].blocks if isinstance(block, Actions))
    assert row.actions[-1] == Action("Snooze topic", 'snooze topic="Grain  futures"')
    there = replace(BASE, channel=Channel("discord", "5", "7"))
    (row,) = [
        b
        for c in written(select([single(1)], feeds={1: feed(1, topics=["Grain"])}), there).cards
        for b in c.blocks
        if isinstance(b, Actions)
    ]
    assert [action.label for action in row.actions] == ["Sources", "More", "Report a problem"]


def test_topics_are_headings_only_when_there_are_two() -> None:
    """One topic needs no heading; two are grouped under theirs, the most important first."""
    feeds = {1: feed(1, topics=["World"]), 2: feed(2, topics=["Sport"])}
    one_topic = written(select([single(1), single(2)], feeds=feeds))
    assert not any(isinstance(b, Heading) and b.level == 2 for c in one_topic.cards for b in c.blocks)
    stories = [single(1, hours=1), single(2, feed_id=2, hours=2), single(3, hours=3), single(4, feed_id=9, hours=4)]
    digest = written(select(stories, feeds=feeds))
    assert [card.story_id for card in digest.cards] == [None, 1, 3, 2, 4]
    headings = [words(Card((b,)))[0] for c in digest.cards for b in c.blocks if isinstance(b, Heading) and b.level == 2]
    assert headings == ["World", "Sport", "Other news"]


def test_the_foot_counts_the_rest_and_opens_it() -> None:
    """The line “and 4 more” stands at the end with a button."""
    digest = written(select([single(n, feed_id=n) for n in range(1, 10)]))
    foot = digest.cards[-1]
    assert words(foot)[0] == "and 4 more"
    assert foot.blocks[1] == Actions((Action("Show 4 more", "more subscription=1 at=2026-11-23T08:00:00+00:00"),))


def test_nothing_new_is_silence_or_one_line() -> None:
    """The subscription decides which; a role is never mentioned for nothing."""
    assert compose(BASE, EDITION, Selection(()), {}) is None
    wishes = replace(BASE, empty="note", mention="@desk")
    digest = compose(wishes, EDITION, Selection(()), {}, since=NOW - timedelta(hours=12))
    assert digest is not None
    assert digest.title == "Morning brief · Monday 23 November"
    assert [words(card) for card in digest.cards] == [[digest.title, "Nothing new since 22 November, 21:00."]]
    assert digest.mention == ""


def test_a_mention_is_only_made_when_it_may_be() -> None:
    """The cool-down is asked outside; the document carries what was decided."""
    wishes = replace(BASE, mention="@desk")
    selection = select([single(1)])
    assert written(selection, wishes).mention == "@desk"
    digest = compose(wishes, EDITION, selection, {}, mention=False)
    assert digest is not None
    assert digest.mention == ""


def test_quotes_are_as_many_as_wished_and_two_voices_come_before_a_second_word() -> None:
    """Two sides are heard where two sides speak; a quote without a speaker is never shown."""
    text = "“One thing,” said Ana Reis. “Two things,” Ana Reis said. “Never,” said Tom Ode. “Who knows.”"
    said = article(1, SUBJECTS[0], text=text)
    told = story(1, said)
    found = [
        quote(said, "One thing,", "Ana Reis"),
        quote(said, "Two things,", "Ana Reis"),
        quote(said, "Never,", "Tom Ode"),
        replace_speaker(said, "Who knows."),
    ]
    made = brief(told, ("Words.", 1), quotes=found)

    def shown(most: int) -> list[str]:
        card = written(select([told]), replace(BASE, quotes=most), {1: made}).cards[1]
        return [block.text for block in card.blocks if isinstance(block, Quotation)]

    assert shown(0) == []
    assert shown(1) == ["One thing,"]
    assert shown(2) == ["One thing,", "Never,"]
    assert shown(3) == ["One thing,", "Two things,", "Never,"]


def replace_speaker(of: Article, words_: str) -> Quote:
    """Cut a quotation whose speaker nobody knows."""
    start = of.text.index(words_)
    return Quote.cut(of, [Passage(start, start + len(words_), start, start + len(words_))], None, key=True)


def test_a_summary_ends_at_a_sentence_within_its_length() -> None:
    """Whole sentences only: what would not fit is left out, the first stays in any case."""
    told = single(1)
    long = brief(told, (" ".join(["word"] * 25) + ".", 1), (" ".join(["more"] * 30) + ".", 1))
    short = words(written(select([told]), replace(BASE, length="short"), {1: long}).cards[1])[2]
    medium = words(written(select([told]), replace(BASE, length="medium"), {1: long}).cards[1])[2]
    assert (len(short.split()), len(medium.split())) == (25, 55)


def test_an_address_that_is_not_of_the_web_is_never_linked() -> None:
    """A headline without a web address stands as plain strong text, and its outlet is not among the links."""
    told = story(1, replace(article(1, SUBJECTS[0]), url="javascript:alert(1)"))
    card = written(select([told])).cards[1]
    assert not any(isinstance(block, Sources) for block in card.blocks)
    heading = card.blocks[0]
    assert isinstance(heading, Heading)
    assert not any(isinstance(span, Link) for span in heading.spans)
