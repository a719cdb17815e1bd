"""An edit end to end: feed, page and a real store; what was shown and is gone flags the story."""

from datetime import timedelta

from digestbot.domain.digest import Digest, Edition, Message
from digestbot.domain.news import Brief, Passage, Quote, Speaker, Summary
from digestbot.domain.subscription import Channel, Subscription
from digestbot.pipeline.refresh import Refresher
from digestbot.sources.articles import WebArticleSource
from digestbot.sources.feeds import HttpFeedSource
from digestbot.sources.http import PoliteClient
from digestbot.store import open_store
from tests.fakes.clock import FakeClock
from tests.fakes.inference import FakeEmbedder
from tests.rigs.feeds import Reply, feed_server
from tests.sources.polling_rig import InlineSandbox

HERE = Channel("console", "x")
REST = "The council met in the evening, and the vote was taken late. " * 25
SAID = f"<p>“We will build the barrier this year,” said Ada Marsh.</p><p>{REST}</p>"
TAKEN_OUT = f"<p>Ada Marsh spoke of the barrier.</p><p>{REST}</p>"


def feed(*items):
    """Return a feed of (guid, title, text) items with their whole text."""
    body = "".join(
        f"<item><guid isPermaLink='false'>{guid}</guid><title>{title}</title><link>https://news.example/{guid}</link>"
        f"<description><![CDATA[{text}]]></description></item>"
        for guid, title, text in items
    )
    return Reply(f"<rss version='2.0'><channel><title>The Example</title>{body}</channel></rss>".encode())


async def show(store, clock):
    """Brief the only story with its quotation, and post it."""
    (story,) = await store.stories(clock.now() - timedelta(days=1), clock.now())
    (article,) = story.articles
    start = article.text.index("“") + 1
    end = article.text.index(",”")
    name = article.text.index("Ada Marsh")
    quote = Quote.cut(
        article, [Passage(start, end, start, end + 1)], Speaker("Ada Marsh", name, name + 9), confidence=0.99, key=True
    )
    brief = Brief(story.id, story.sources_hash, article.title, article.id, Summary((), "x"), (quote,), clock.now())
    await store.save_brief("k", brief)
    kept = await store.save_subscription(Subscription(0, "Brief", HERE))
    edition = Edition(kept.id, clock.now())
    await store.publish(
        edition,
        channel=HERE,
        digest=Digest("Brief", edition, ()),
        messages=[Message({"text": "x"}, "x")],
        article_ids={article.id: story.id},
        next_edition_at=None,
        window_from=clock.now(),
    )
    return story


async def test_a_quotation_taken_out_of_an_edited_item_flags_its_story(tmp_path):
    """The article is updated and not posted again, the quoted version is kept, and the lost quotation is told."""
    clock = FakeClock()
    client = PoliteClient(allow_private_hosts=["127.0.0.1"], host_gap=0.0)
    async with feed_server(clock.now) as server, await open_store(f"sqlite:///{tmp_path / 'x.db'}") as store:
        sandbox = InlineSandbox()
        source, articles = HttpFeedSource(client, sandbox), WebArticleSource(client, sandbox)
        refresher = Refresher(store, source, articles, FakeEmbedder(), clock)
        old = ("2", "Old", f"<p>{REST}</p>")
        await store.add_feed(server.url("/feed"), now=clock.now())
        for items in ([old], [("1", "A barrier", SAID), old]):
            server.says("/feed", feed(*items))
            await refresher.run_due()
            clock.tick(hours=5)
        story = await show(store, clock)
        server.says("/feed", feed(("1", "A barrier", TAKEN_OUT), old))
        (done,) = await refresher.run_due()
        assert (done.outcome, done.stored, done.edited) == ("unchanged", 0, 1)
        (lost,) = await store.lost_quotes([story.id])
        assert (lost.text, lost.speaker) == ("We will build the barrier this year", "Ada Marsh")
        (now,) = (await store.story(story.id)).articles
        assert "build the barrier" not in now.text
        assert [version.text for version in await store.versions(now.id)] == [story.articles[0].text]
        assert set(await store.posted_articles(HERE)) == {now.id}
    await client.close()
