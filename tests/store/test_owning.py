"""A database from before workspaces had feeds of their own gives each feed to whom it belongs."""

from dataclasses import replace

from digestbot.domain.subscription import OPERATOR, Channel, Workspace
from digestbot.store import migrate, open_store
from digestbot.store.documents import settings_to_json, subscription_from_json
from tests.store.making import HERE, NOW, subscription

OURS, THEIRS = Workspace("slack", "T1"), Workspace("discord", "G1")


async def test_feeds_named_in_chat_are_their_workspaces_and_the_rest_the_operators(url):
    """The settings file's stay the operator's though a digest names them; a chat's go to each workspace that does."""
    async with await open_store(url) as store:
        listed, ours, both, nobody = [
            (await store.add_feed(f"https://{n}.example/", listed=n == 0, now=NOW)).id for n in range(4)
        ]
        await store.save_subscription(replace(subscription("Ours", HERE), feeds=(listed, ours, both)))
        theirs = replace(subscription("Theirs", Channel("discord", "C", "G1")), feeds=(both,))
        await store.save_subscription(theirs)
        await store.save_subscription(replace(subscription("File", Channel("slack", "C")), feeds=(nobody,)))
    await migrate(url, "r0003")
    async with await open_store(url, migrate=True) as store:
        owners = {number: await store.owners(number) for number in (listed, ours, both, nobody)}
        assert len(await store.due_feeds(NOW)) == 4
    assert owners == {listed: [OPERATOR], ours: [OURS], both: [THEIRS, OURS], nobody: [OPERATOR]}


def test_a_digest_without_a_workspace_was_the_settings_files():
    """Written before a digest said so itself, one without a workspace counts as listed; one with it does not."""
    columns = {"id": 1, "name": "Brief", "paused": None, "next_edition_at": None, "window_from": None}
    for channel, listed in ((Channel("slack", "C"), True), (HERE, False)):
        document = settings_to_json(subscription("Brief", channel))
        assert document.pop("listed") is False
        assert subscription_from_json(document, channel, columns).listed is listed
