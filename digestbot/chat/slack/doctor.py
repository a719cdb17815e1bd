"""The doctor's look at Slack: token, scopes and channels, each fault with its fix in a sentence."""

from collections.abc import Sequence

from digestbot.chat.slack.clients import Clients
from digestbot.chat.slack.errors import FAULTS, INVITE, MOVE, reading_error
from digestbot.chat.slack.scopes import SCOPES
from digestbot.domain.errors import DeliveryError
from digestbot.domain.subscription import Channel

Finding = tuple[str, bool, str, str]
"""What was looked at, whether it is well, what was seen, and what to do when it is not."""


async def examine(clients: Clients, channels: Sequence[Channel]) -> list[Finding]:
    """Look at each workspace's token, its scopes and the channels; a fault is a finding, never an error."""
    try:
        served = list(await clients.tokens.workspaces())
    except DeliveryError as error:
        return [("slack", False, error.what, error.hint)]
    if not served:
        return [("slack", False, "the app is not installed anywhere yet", "open slack.public_url + /slack/install")]
    findings: list[Finding] = []
    for workspace in served:
        there = channels if served == [""] else [channel for channel in channels if channel.workspace == workspace]
        findings += await _workspace(clients, workspace, there)
    lost = [channel for channel in channels if served != [""] and channel.workspace not in served]
    return findings + [await _channel(clients, channel) for channel in lost]


async def _workspace(clients: Clients, workspace: str, channels: Sequence[Channel]) -> list[Finding]:
    """Look at one token."""
    name = "slack"
    try:
        answer = await clients.call(workspace, "auth.test")
    except FAULTS as error:
        fault = error if isinstance(error, DeliveryError) else reading_error(error, "slack")
        return [(name, False, fault.what, fault.hint)]
    team, user = answer.get("team", "?"), answer.get("user", "?")
    findings: list[Finding] = [(name, True, f"the token is @{user}'s in “{team}”", "")]
    findings += _scopes(answer.headers.get("x-oauth-scopes", ""))
    return findings + [await _channel(clients, channel) for channel in channels]


def _scopes(header: str) -> list[Finding]:
    """Compare the scopes that Slack names in its answer with those the app needs; each that is missing is a finding."""
    have = {scope.strip() for scope in header.split(",")}
    fix = "add it under OAuth & Permissions (or paste config/slack-manifest.yaml) and install the app again"
    missing = [
        ("slack", False, f"the scope {scope} is missing: it is needed {why}", fix)
        for scope, why in SCOPES.items()
        if scope not in have
    ]
    return missing or [("slack", True, f"all {len(SCOPES)} scopes are granted", "")]


async def _channel(clients: Clients, channel: Channel) -> Finding:
    """Tell whether one channel can be posted to."""
    name = channel.id
    try:
        answer = await clients.call(channel.workspace, "conversations.info", params={"channel": channel.id})
    except FAULTS as error:
        fault = error if isinstance(error, DeliveryError) else reading_error(error, str(channel))
        return (name, False, fault.what, fault.hint)
    info = answer.get("channel") or {}
    title = f"#{info.get('name', channel.id)}"
    if info.get("is_archived"):
        return (name, False, f"{title} is archived", f"unarchive it, or {MOVE}")
    if not info.get("is_member") and not info.get("is_im"):
        return (name, False, f"the bot is not in {title}", INVITE)
    return (name, True, f"{title} can be posted to", "")
