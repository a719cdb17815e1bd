"""What a message says of the thread or forum post it may begin: a name and topics, kept beside its body; pure.

Discord's forums have tags of their own. A topic becomes the tag of the same name, however the two are written.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from digestbot.chat.characters import clip, one_line
from digestbot.chat.discord.nonce import Json

KEY = "thread"
"""The key in a message's payload that stays with us."""
MAX_NAME = 100
"""Characters of a thread's name (discord.com/developers/docs, "Start thread")."""
MAX_TAGS = 5
"""Tags of a forum's post at most."""
REQUIRES_TAG = 1 << 4
"""The flag of a forum that takes no post without a tag."""


@dataclass(frozen=True, slots=True)
class Opening:
    """How a thread begins: ``name`` is never empty."""

    name: str
    topics: tuple[str, ...] = ()


def opening(name: str, topics: Iterable[str] = ()) -> Json:
    """Return what a payload keeps under :data:`KEY`."""
    found = list(dict.fromkeys(topic for topic in topics if topic))
    return {"name": named(name)} | ({"topics": found} if found else {})


def named(name: str) -> str:
    """Return a text as a thread's name."""
    return clip(one_line(name).strip(), MAX_NAME) or "…"


def apart(payload: Mapping[str, object], text: str = "") -> tuple[Json, Opening]:
    """Return a payload's body as it is sent, and how a thread of it begins; ``text`` names one that says nothing."""
    body = {key: value for key, value in payload.items() if key != KEY}
    kept = payload.get(KEY)
    if not isinstance(kept, Mapping):
        return body, Opening(named(text))
    topics = kept.get("topics")
    return body, Opening(str(kept.get("name") or named(text)), tuple(topics) if isinstance(topics, list) else ())


def tags_of(forum: Mapping[str, Any], topics: Sequence[str]) -> list[str]:
    """Return the ids of a forum's tags that a post with these topics gets.

    Where the forum asks for a tag and no topic has one, it is the forum's first; moderators' tags are left to them.
    """
    free = [tag for tag in forum.get("available_tags") or [] if not tag.get("moderated")]
    by_name = {_plain(str(tag.get("name", ""))): str(tag["id"]) for tag in reversed(free)}
    found = list(dict.fromkeys(by_name[_plain(topic)] for topic in topics if _plain(topic) in by_name))
    if not found and free and int(forum.get("flags") or 0) & REQUIRES_TAG:
        found = [str(free[0]["id"])]
    return found[:MAX_TAGS]


def _plain(name: str) -> str:
    """Return a name's letters and digits: “World News”, “world-news” and “🌍 World news” are one."""
    return "".join(sign for sign in name.casefold() if sign.isalnum())
