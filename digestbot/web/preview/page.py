"""The preview page: one self-contained HTML document, readable on a phone, with no script and nothing to load."""

from base64 import b64encode
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from importlib.resources import files
from itertools import groupby

from digestbot.domain.digest import Message
from digestbot.web.preview import discord, slack
from digestbot.web.preview.markup import escape

_AVATAR = (
    '<svg class="avatar" viewBox="0 0 40 40" aria-hidden="true"><rect width="40" height="40" fill="#1f5f7a"/>'
    '<g fill="#fff"><path d="M9 21.5c0-5.6 2.9-9.4 8.2-10.9l.9 2.2c-2.7 1.1-4.2 2.7-4.5 4.8h3.6v8.3H9z"/>'
    '<path d="M21.6 21.5c0-5.6 2.9-9.4 8.2-10.9l.9 2.2c-2.7 1.1-4.2 2.7-4.5 4.8h3.6v8.3h-8.2z"/></g>'
    '<rect x="9" y="29" width="21" height="2.4" rx="1.2" fill="#8fd0e3"/></svg>'
)
_THEMES = (("auto", "Auto"), ("light", "Light"), ("dark", "Dark"))
_VIEWS = (("both", "Both"), ("slack", "Slack"), ("discord", "Discord"))


def preview_page(
    title: str,
    slack_messages: Sequence[Message],
    discord_messages: Sequence[Message],
    *,
    at: datetime | None = None,
) -> str:
    """Return an HTML document that shows a digest as Slack and as Discord will show it.

    Args:
        title: The digest's title.
        slack_messages: What the Slack renderer made of it; replies are shown in an opened thread.
        discord_messages: What the Discord renderer made of it.
        at: When it is posted, for the time beside the app's name; left out when None.

    The page follows the reader's colour scheme and has a switch for it; times stand in UTC.

    """
    style = "".join(
        files("digestbot.web.preview").joinpath(name).read_text(encoding="utf-8")
        for name in ("preview.css", "windows.css")
    )
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_policy(style)}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="referrer" content="no-referrer">\n'
        f"<title>{escape(title)} · preview</title>\n<style>{style}</style>\n</head>\n<body>\n"
        f"{_top(title)}\n<main>\n{windows(slack_messages, discord_messages, at=at)}\n</main>\n"
        '<footer class="foot">Times stand here in UTC; in Slack and Discord every reader sees their own. '
        "Buttons are pictures: point at one to see what it runs.</footer>\n</body>\n</html>\n"
    )


def windows(
    slack_messages: Sequence[Message], discord_messages: Sequence[Message], *, at: datetime | None = None
) -> str:
    """Return the two windows alone, as HTML whose every word is escaped; their style sheet is ``windows.css``."""
    stamp = f"{at:%H:%M}" if at else ""
    return f"{_slack(slack_messages, stamp)}\n{_discord(discord_messages, stamp)}"


def _policy(style: str) -> str:
    """Return the content security policy: the one style sheet by its hash, and nothing else."""
    digest = b64encode(sha256(style.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


def _top(title: str) -> str:
    return (
        f'<header class="top"><div><p class="kicker">digestbot preview</p><h1 dir="auto">{escape(title)}</h1></div>'
        f'<div class="switches">{_switch("view", "Show", _VIEWS)}{_switch("theme", "Colours", _THEMES)}</div></header>'
    )


def _switch(name: str, legend: str, choices: Sequence[tuple[str, str]]) -> str:
    """Return a row of radio buttons; the style sheet alone acts on them."""
    options = "".join(
        f'<input type="radio" name="{name}" id="{name}-{key}"{" checked" if number == 0 else ""}>'
        f'<label for="{name}-{key}">{label}</label>'
        for number, (key, label) in enumerate(choices)
    )
    return f'<fieldset class="switch"><legend class="unseen">{legend}</legend>{options}</fieldset>'


def _slack(messages: Sequence[Message], stamp: str) -> str:
    """Return the Slack window: the channel, and under it the thread it opens."""
    pieces: list[str] = []
    for reply, group in groupby(messages, key=lambda message: message.reply):
        shown = list(group)
        posts = "".join(_post(slack.blocks(message), stamp) for message in shown)
        pieces.append(_thread(posts, len(shown)) if reply else f'<div class="posts">{posts}</div>')
    return _window("slack", "Slack", "".join(pieces))


def _thread(posts: str, count: int) -> str:
    replies = "1 reply" if count == 1 else f"{count} replies"
    return (
        f'<section class="thread" aria-label="Thread"><h3 class="thread-top">Thread <span>{replies}</span></h3>'
        f"{posts}</section>"
    )


def _discord(messages: Sequence[Message], stamp: str) -> str:
    posts = "".join(_post(discord.body(message), stamp) for message in messages)
    return _window("discord", "Discord", posts and f'<div class="posts">{posts}</div>')


def _window(platform: str, name: str, inner: str) -> str:
    empty = '<p class="empty">No message: there was nothing to say.</p>'
    return (
        f'<section class="window {platform}" aria-label="{name}"><h2 class="bar"><span class="hash">#</span>news'
        f'<span class="platform">{name}</span></h2>{inner or empty}</section>'
    )


def _post(inner: str, stamp: str) -> str:
    """Return one message: the app's picture and name, then what it says."""
    time = f'<span class="stamp">{escape(stamp)}</span>' if stamp else ""
    return (
        f'<article class="post">{_AVATAR}<div class="said"><p class="who"><strong>digestbot</strong>'
        f'<span class="badge">APP</span>{time}</p>{inner}</div></article>'
    )
