"""What people typed, freed of Slack's markup: commands, mentions, links in messages; pure."""

import re
from collections.abc import Iterator, Mapping

from digestbot.commands import COMMANDS, Form, Invocation, read
from digestbot.domain.errors import UserError

_URL = re.compile(r"<(https?://[^|>\s]+)(?:\|[^>]*)?>")
_CHANNEL = re.compile(r"<#([A-Z0-9]+)(?:\|[^>]*)?>")
_GROUP = re.compile(r"<!subteam\^([A-Z0-9]+)(?:\|[^>]*)?>")
_PERSON = re.compile(r"<@([A-Z0-9]+)(?:\|[^>]*)?>")
_MENTION = re.compile(r"<@[A-Z0-9]+(?:\|[^>]*)?>")
_LINKED = ("title_link", "from_url", "original_url")
"""Where the preview of a link, and a message of another app, has the address itself."""
_HOLDING = ("text", "blocks", "elements", "fields", "attachments")
"""What holds text in a message, in the order in which it is read."""
_ASKING = re.compile(r"^(?:please\s+)?brief\s+(?:me|us)(?:\s+(?:on|about))?\s*", re.IGNORECASE)


def plain(text: str) -> str:
    """Return typed text without Slack's escaping: addresses, channels, groups and people bare, entities undone."""
    bare = _PERSON.sub(r"\1", _GROUP.sub(r"\1", _CHANNEL.sub(r"\1", _URL.sub(r"\1", text))))
    return bare.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def link_in(message: Mapping[str, object]) -> str:
    """Return the first address in a message: in its text, its blocks or what it is a preview of; else empty."""
    return next(_links(message), "")


def _links(node: object) -> Iterator[str]:
    match node:
        case str(text):
            yield from (found[1].replace("&amp;", "&") for found in _URL.finditer(text))
        case list(parts):
            for part in parts:
                yield from _links(part)
        case {"type": "link", "url": str(url)} if url.startswith(("http://", "https://")):
            yield url
        case dict(found):
            named = (str(found.get(key) or "") for key in _LINKED)
            yield from (address for address in named if address.startswith(("http://", "https://")))
            for key in _HOLDING:
                yield from _links(found.get(key))


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
