"""The commands about a workspace as a whole: its settings, its status, what is kept of it, who changed what."""

from collections.abc import Mapping

from digestbot.commands.model import Asker, Desk, Options, Reply, Value
from digestbot.commands.words import card, said
from digestbot.domain.digest import Action, Block, Heading, Prose, Text
from digestbot.domain.errors import BadOption


async def privacy(_desk: Desk, _asker: Asker, _options: Options) -> Reply:
    """Say what is kept."""
    return said(
        "digestbot keeps the articles of the feeds it reads, the digests it made and where they were posted. "
        "It reads no messages of this workspace, keeps nothing you type but the subscriptions you make, and asks "
        "no other service about it. An admin can remove everything of this workspace with “forget”."
    )


async def status(desk: Desk, asker: Asker, _options: Options) -> Reply:
    """Say how the bot does: feeds, articles, digests, what could not be delivered."""
    counts = await desk.store.status(desk.clock.now())
    lines: list[Block] = [
        Prose((Text(f"{counts.feeds} feeds: {counts.failing} failing, {counts.paused} paused"),)),
        Prose((Text(f"{counts.articles} articles in {counts.stories} stories, {counts.briefs} briefed"),)),
        Prose((Text(f"{counts.subscriptions} digests, {counts.deliveries_sent} editions delivered"),)),
        Prose((Text(f"{counts.deliveries_pending} waiting, {counts.undeliverable} could not be delivered"),)),
    ]
    stuck = [d for d in await desk.store.deliveries("undeliverable", 5) if d.channel.platform == asker.platform]
    lines += [Prose((Text(next((part.error for part in one.parts if part.error), "")),), quiet=True) for one in stuck]
    action = (Action("Failing feeds", "list failing"),) if counts.failing else ()
    return Reply((card(Heading((Text("Status"),), level=1), *lines, *action),))


async def forget(desk: Desk, asker: Asker, options: Options) -> Reply:
    """Remove everything that is kept of a workspace."""
    if options.text("confirm") != "forget":
        raise BadOption("confirm", "must be the word forget: this cannot be undone")
    count = await desk.store.forget(asker.platform, asker.workspace)
    return said(f"Removed {count} digests of this workspace and everything that was posted for them.")


async def settings(_desk: Desk, _asker: Asker, _options: Options) -> Reply:
    """Show or change the settings."""
    return said("Not yet.")


async def prefill(_desk: Desk, _asker: Asker, _options: Options) -> Mapping[str, Value]:
    """Return the settings there are."""
    return {}


async def doctor(_desk: Desk, _asker: Asker, _options: Options) -> Reply:
    """Look at everything."""
    return said("Not yet.")


async def audit(_desk: Desk, _asker: Asker, _options: Options) -> Reply:
    """Say who changed what."""
    return said("Not yet.")
