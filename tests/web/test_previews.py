"""The preview: what each platform will show, made anew for every choice, and nothing marked as sent."""

from copy import deepcopy
from dataclasses import replace

from digestbot.chat.discord import components
from digestbot.chat.slack import blocks, visible_text
from digestbot.domain.digest import Card, Prose, Quotation, Text
from digestbot.editorial.edition.compose import STILL_MAKING
from digestbot.web.desk import Proofs
from tests.web.reader import client_of, read
from tests.web.world import World, world


async def test_both_platforms_are_shown_side_by_side_in_both_schemes(client):
    """The page has a window for Slack and one for Discord, in light and in dark, and the form that changes them."""
    page = await read(client, "/preview/3")
    assert len(page.all("section", class_="slack")) == 2
    assert len(page.all("section", class_="discord")) == 2
    assert [box["value"] for box in page.all("input", name="style", checked="")] == ["full"]
    assert [box["value"] for box in page.all("input", name="length", checked="")] == ["medium"]
    assert page.all("script") == [{"src": page.all("script")[0]["src"], "defer": ""}]


async def test_it_is_what_the_platforms_will_be_sent(client, small_world: World):
    """Every quotation that a reader of Slack or Discord will see stands in that platform's window."""
    subscription = await small_world.store.subscription(3)
    proofs = await small_world.desk.proofs(subscription)
    assert proofs.digest is not None
    said = [block for card in proofs.digest.cards for block in card.blocks if isinstance(block, Quotation)]
    assert len(said) > 4
    page = await read(client, "/preview/3/windows")
    for quotation in said:
        assert page.text.count(quotation.text) == 4  # two windows, two schemes
        assert any(quotation.text in visible_text.visible(message) for message in proofs.screens["slack"])
        assert any(quotation.text in components.visible(message) for message in proofs.screens["discord"])
    assert list(proofs.screens["slack"]) == list(blocks.render(proofs.digest))
    assert list(proofs.screens["discord"]) == list(components.render(proofs.digest))


async def test_style_and_length_change_what_is_shown(client):
    """A compact digest is one message, a short one has fewer words, and fewer quotes are fewer."""
    full = await read(client, "/preview/3/windows")
    compact = await read(client, "/preview/3/windows?style=compact")
    assert len(compact.all("article", class_="post")) < len(full.all("article", class_="post"))
    short = await read(client, "/preview/3/windows?length=short")
    assert len(short.text.split()) < len(full.text.split())
    bare = await read(client, "/preview/3/windows?quotes=0&stories=2")
    assert "—" not in "".join(bare.text.split("—")[1:0])
    assert len(bare.all("blockquote")) == 0
    assert (await client.get("/preview/3/windows")).headers["Cache-Control"] == "no-store"


async def test_what_was_posted_can_be_looked_at_again(client):
    """A channel that has had everything has nothing next; the last day can be shown again all the same."""
    nothing = (await read(client, "/preview/1/windows")).text
    assert "there was nothing to say" in nothing
    assert "Tick “The last day again”" in nothing
    assert "Tick" not in (await read(client, "/preview/1/windows?again=yes")).text
    again = await read(client, "/preview/1/windows?again=yes")
    assert len(again.all("blockquote")) > 4


async def test_nothing_is_marked_as_sent():
    """However often a preview is looked at, editions, deliveries and what channels had stay as they were."""
    made = await world()
    before = deepcopy((made.store._editions, made.store._deliveries, made.store._posted, made.store._subscriptions))  # type: ignore[attr-defined] # the fake's rows
    for query in ("", "?style=compact", "?length=long", "?again=yes"):
        async with client_of(made.desk) as client:
            await read(client, f"/preview/3{query}")
    assert before == (made.store._editions, made.store._deliveries, made.store._posted, made.store._subscriptions)  # type: ignore[attr-defined] # the fake's rows


async def test_the_first_subscription_is_led_to(client):
    """Without a choice the first subscription's preview is shown."""
    answer = await client.get("/preview", allow_redirects=False)
    assert (answer.status, answer.headers["Location"]) == (303, "/preview/1")


async def test_what_is_still_being_made_is_looked_at_again(small_world: World):
    """A preview with a summary that is not made yet says so, in words and for the page's script."""
    proofs = await small_world.desk.proofs(await small_world.store.subscription(3))
    assert proofs.digest is not None
    waiting = Card((Prose((Text(STILL_MAKING),), quiet=True),), story_id=1)
    unfinished = Proofs(replace(proofs.digest, cards=(*proofs.digest.cards, waiting)), proofs.screens)

    async def one(_subscription):
        return unfinished

    async with client_of(replace(small_world.desk, proofs=one)) as client:
        assert (await read(client, "/preview/3/windows")).all("div", data_unfinished="")
    async with client_of(small_world.desk) as client:
        assert not (await read(client, "/preview/3/windows")).all("div", data_unfinished="")
