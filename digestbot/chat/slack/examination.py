"""The doctor's look at Slack: token, scopes and channels, each fault with its fix in a sentence."""

from collections.abc import Sequence

from slack_sdk.web.async_client import AsyncWebClient

from digestbot.chat.slack.faults import FAILURES, INVITE, MOVE, reading_error
from digestbot.chat.slack.scopes import SCOPES
from digestbot.domain.subscription import Channel

Finding = tuple[str, bool, str, str]
"""What was looked at, whether it is well, what was seen, and what to do when it is not."""


async def examine(client: AsyncWebClient, channels: Sequence[Channel]) -> list[Finding]:
    """Look at the token, its scopes and each channel; a fault is a finding, never an error."""
    name = "slack"
    try:
        answer = await client.auth_test()
    except FAILURES as error:
        fault = reading_error(error, "slack")
        return [(name, False, fault.what, fault.hint)]
    team, user = answer.get("team", "?"), answer.get("user", "?")
    findings: list[Finding] = [(name, True, f"the token is @{user}'s in “{team}”", "")]
    findings.append(_scopes(answer.headers.get("x-oauth-scopes", "")))
    return findings + [await _channel(client, channel) for channel in channels]


def _scopes(header: str) -> Finding:
    """Compare the scopes that Slack names in its answer with those the app needs."""
    have = {scope.strip() for scope in header.split(",")}
    missing = [f"{scope} ({why})" for scope, why in SCOPES.items() if scope not in have]
    if not missing:
        return ("slack scopes", True, f"all {len(SCOPES)} are granted", "")
    fix = "add them under OAuth & Permissions (or paste config/slack-manifest.yaml) and install the app again"
    return ("slack scopes", False, f"missing: {', '.join(missing)}", fix)


async def _channel(client: AsyncWebClient, channel: Channel) -> Finding:
    """Tell whether one channel can be posted to."""
    name = str(channel)
    try:
        answer = await client.conversations_info(channel=channel.id)
    except FAILURES as error:
        fault = reading_error(error, name)
        return (name, False, fault.what, fault.hint)
    info = answer.get("channel") or {}
    title = f"#{info.get('name', channel.id)}"
    if info.get("is_archived"):
        return (name, False, f"{title} is archived", f"unarchive it, or {MOVE}")
    if not info.get("is_member") and not info.get("is_im"):
        return (name, False, f"the bot is not in {title}", INVITE)
    return (name, True, f"{title} can be posted to", "")
