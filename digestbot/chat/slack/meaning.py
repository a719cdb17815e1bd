"""What people typed, freed of Slack's markup: commands, mentions, links in messages; pure."""

import re

from digestbot.commands import COMMANDS, Form, Invocation, read
from digestbot.domain.errors import UserError

_URL = re.compile(r"<(https?://[^|>\s]+)(?:\|[^>]*)?>")
_CHANNEL = re.compile(r"<#([A-Z0-9]+)(?:\|[^>]*)?>")
_GROUP = re.compile(r"<!subteam\^([A-Z0-9]+)(?:\|[^>]*)?>")
_PERSON = re.compile(r"<@([A-Z0-9]+)(?:\|[^>]*)?>")
_MENTION = re.compile(r"<@[A-Z0-9]+(?:\|[^>]*)?>")
_ASKING = re.compile(r"^(?:please\s+)?brief\s+(?:me|us)(?:\s+(?:on|about))?\s*", re.IGNORECASE)


def plain(text: str) -> str:
    """Return typed text without Slack's escaping: addresses, channels, groups and people bare, entities undone."""
    bare = _PERSON.sub(r"\1", _GROUP.sub(r"\1", _CHANNEL.sub(r"\1", _URL.sub(r"\1", text))))
    return bare.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def link_in(text: str) -> str:
    """Return the first address in a message, empty where there is none."""
    found = _URL.search(text)
    return found[1].replace("&amp;", "&") if found else ""


def meant(text: str) -> Invocation:
    """Return what a mention asks for: a command where it is one, else a brief on its words."""
    words = plain(_MENTION.sub("", text)).strip(" ,:\t\n")
    topic = _ASKING.sub("", words).strip(" .?!")
    brief = Invocation("now", {"topic": topic[:100]} if topic else {})
    try:
        meaning = read(words, COMMANDS) if words else brief
    except UserError:
        return brief
    if isinstance(meaning, Form):
        return brief if meaning.fault else Invocation("help", {"command": meaning.command.name})
    return meaning
