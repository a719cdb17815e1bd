"""Marks that survive: a message's nonce and its components' ids are made from the delivery part's key.

With ``enforce_nonce`` Discord answers a repeated nonce with the earlier message, for a few minutes. The ids of the
first components stay in the message for good, so it is found again in the channel later. Pure.
"""

from collections.abc import Iterator, Mapping
from hashlib import sha256

Json = dict[str, object]

NONCE_LENGTH = 25
"""Characters of a nonce (discord.com/developers/docs, "Create message")."""
MARKS = 2
"""Components that carry an id: 62 bits in all, too many for two parts to meet by chance."""


def nonce_of(key: str) -> str:
    """Return the nonce of a delivery part, the same after every restart."""
    return sha256(key.encode()).hexdigest()[:NONCE_LENGTH]


def marks_of(key: str) -> tuple[int, ...]:
    """Return the component ids of a delivery part: positive, apart from each other and from small numbers."""
    digest = sha256(b"marks:" + key.encode()).digest()
    first, second = (int.from_bytes(digest[at : at + 4], "big") % (2**31 - 2**10) + 2**9 for at in (0, 4))
    return (first, second if second != first else second + 1)


def stamped(payload: Mapping[str, object], key: str) -> Json:
    """Return a message's body with its nonce, and its first components marked."""
    marks = list(marks_of(key))
    body = dict(payload) | {"nonce": nonce_of(key), "enforce_nonce": True}
    components = payload.get("components")
    if isinstance(components, list):
        body["components"] = [_marked(component, marks) for component in components]
    return body


def bears(message: Mapping[str, object], key: str) -> bool:
    """Tell whether a message of the channel's history was sent under this key."""
    if message.get("nonce") == nonce_of(key):
        return True
    found = tuple(_ids(message.get("components")))[:MARKS]
    return bool(found) and found == marks_of(key)[: len(found)]


def _marked(component: object, marks: list[int]) -> object:
    """Return a component with the next mark, and those inside it with the ones after; ``marks`` is used up."""
    if not isinstance(component, dict) or not marks:
        return component
    marked = component | {"id": marks.pop(0)}
    inner = component.get("components")
    return marked | {"components": [_marked(one, marks) for one in inner]} if isinstance(inner, list) else marked


def _ids(components: object) -> Iterator[int]:
    """Yield the ids of components, outer before inner, in their order."""
    for component in components if isinstance(components, list) else []:
        if isinstance(component, dict):
            yield int(component.get("id") or 0)
            yield from _ids(component.get("components"))
