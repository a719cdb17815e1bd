"""What people typed, freed of Slack's markup: commands, mentions, links in messages; pure."""

import re

from digestbot.commands import COMMANDS, Invocation, find, missing, parse
from digestbot.domain.errors import UserError

_URL = re.compile(r"<(https?://[^|>\s]+)(?:\|[^>]*)?>")
_CHANNEL = re.compile(r"<#([A-Z0-9]+)(?:\|[^>]*)?>")
_GROUP = re.compile(r"<!subteam\^([A-Z0-9]+)(?:\|[^>]*)?>")
_PERSON = re.compile(r"<@([A-Z0-9]+)(?:\|[^>]*)?>")
_MENTION = re.compile(r"<@[A-Z0-9]+(?:\|[^>]*)?>")
_ASKING = re.compile(r"^(?:please\s+)?brief\s+(?:me|us)(?:\s+(?:on|about))?\s*", re.IGNORECASE)

SHORT = {"": "help", "schedule": "schedule create", "snoozes": "snooze list", "filters": "filter"}
"""What a bare word stands for: the command whose form it opens, or its list."""


def plain(text: str) -> str:
    """Return typed text without Slack's escaping: addresses, channels, groups and people bare, entities undone."""
    bare = _PERSON.sub(r"\1", _GROUP.sub(r"\1", _CHANNEL.sub(r"\1", _URL.sub(r"\1", text))))
    return bare.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def typed(text: str) -> str:
    """Return what was typed after the command as the command table reads it."""
    words = " ".join(plain(text).split(" ")).strip()
    return SHORT.get(words.lower(), words)


def link_in(text: str) -> str:
    """Return the first address in a message, empty where there is none."""
    found = _URL.search(text)
    return found[1].replace("&amp;", "&") if found else ""


def meant(text: str) -> Invocation:
    """Return what a mention asks for: a command where it is one, else a brief on its words."""
    words = plain(_MENTION.sub("", text)).strip(" ,:\t\n")
    topic = _ASKING.sub("", words).strip(" .?!")
    try:
        invocation = parse(words, COMMANDS)
        needs = missing(find(invocation.name, COMMANDS), invocation)
    except UserError:
        needs = ()
        invocation = Invocation("now", {"topic": topic[:100]} if topic else {})
    return invocation if not needs else Invocation("help", {"command": invocation.name})
