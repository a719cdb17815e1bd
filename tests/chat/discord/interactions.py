"""Interactions as the gateway brings them, given to the real client; its answers go to the stand-in over TLS."""

import asyncio
from collections.abc import Callable
from itertools import count
from typing import Any

import discord

from digestbot.chat.discord.bot import DiscordBot
from tests.rigs.discord import BOT_ID, GUILD_ID, NEWS, DiscordRig

Json = dict[str, Any]

MANAGE_GUILD = 1 << 5
TEXT_INPUT, CHANNEL_SELECT, LABEL = 4, 8, 18
_numbers = count(1)


class Speaker:
    """Somebody at the keyboard: ``slash``, ``press``, ``fill`` and ``complete`` return the interaction's token."""

    def __init__(
        self,
        bot: DiscordBot,
        rig: DiscordRig,
        *,
        user: str = "31",
        manager: bool = False,
        bring: Callable[[Json], None] | None = None,
    ) -> None:
        self._bring = bring or bot._connection.parse_interaction_create
        self._rig, self._user = rig, user
        self._permissions = MANAGE_GUILD if manager else 0

    def slash(self, path: str, *, guild: bool = True, **options: object) -> str:
        """Use a slash command."""
        return self._send(2, _command(path, options), guild=guild)

    def attach(self, path: str, option: str, name: str, *, size: int) -> str:
        """Use a slash command with a file."""
        data = _command(path, {})
        data["options"][0]["options"] = [{"name": option, "type": 11, "value": "77"}]
        url = f"https://cdn.discordapp.com/attachments/{name}"
        file = {"id": "77", "filename": name, "size": size, "url": url, "proxy_url": url}
        data["resolved"] = {"attachments": {"77": file}}
        return self._send(2, data)

    def complete(self, path: str, option: str, typed: str) -> str:
        """Type into an option that completes."""
        data = _command(path, {option: typed})
        data["options"][0]["options"][0]["focused"] = True
        return self._send(4, data)

    def press(self, line: str) -> str:
        """Press a button."""
        return self._send(3, {"custom_id": line, "component_type": 2}, message=_with_button(line))

    def choose(self, line: str, *values: str) -> str:
        """Choose in a menu."""
        options = [{"label": value, "value": value} for value in values]
        row = {"type": 1, "id": 1, "components": [{"type": 3, "id": 2, "custom_id": line, "options": options}]}
        data = {"custom_id": line, "component_type": 3, "values": list(values)}
        return self._send(3, data, message=_message() | {"components": [row], "flags": 1 << 15})

    def menu(self, name: str, *, content: str = "", components: list[Json] | None = None) -> str:
        """Open a message's menu and take an entry."""
        message = _message() | {"content": content, "components": components or []}
        message |= {"flags": 1 << 15} if components else {}
        data = {"id": "401", "name": name, "type": 3, "target_id": "600", "resolved": {"messages": {"600": message}}}
        return self._send(2, data)

    def fill(self, token: str, **fields: str) -> str:
        """Fill in the form that an interaction was answered with; fields not named are left as they are."""
        form = self._rig.answers[token][0]["callback"]["data"]
        labels = [one for one in form["components"] if one["type"] == LABEL]
        names = {label["component"]["custom_id"]: label["component"] for label in labels}
        assert fields.keys() <= names.keys(), f"the form asks for {sorted(names)}"
        filled = [_filled(field, fields.get(name)) for name, field in names.items()]
        rows = [{"type": LABEL, "id": n, "component": field} for n, field in enumerate(filled, 1)]
        resolved = {"channels": {v: _channel() | {"id": v, "permissions": "0"} for f in filled for v in _chosen(f)}}
        return self._send(5, {"custom_id": form["custom_id"], "components": rows, "resolved": resolved})

    def _send(self, kind: int, data: Json, *, guild: bool = True, **more: object) -> str:
        number = next(_numbers)
        token = f"token{number}"
        # The time in the id is what the client measures the three seconds by.
        now = discord.utils.time_snowflake(discord.utils.utcnow()) + number
        body: Json = {
            "id": str(now),
            "application_id": BOT_ID,
            "type": kind,
            "token": token,
            "version": 1,
            "data": data,
        }
        body |= {"channel_id": NEWS, "channel": _channel(), "locale": "en-US", "entitlements": [], "context": 0}
        body |= {"authorizing_integration_owners": {}, "attachment_size_limit": 1, "app_permissions": "0", **more}
        if guild:
            member = {
                "user": _user(self._user),
                "roles": [],
                "joined_at": None,
                "deaf": False,
                "mute": False,
                "flags": 0,
            }
            body |= {"guild_id": GUILD_ID, "member": member | {"permissions": str(self._permissions)}}
        else:
            body |= {"user": _user(self._user)}
        self._bring(body)
        return token


def _filled(field: Json, value: str | None) -> Json:
    """Return a field as it comes back, with what was typed or chosen, else what stood in it."""
    back = {"type": field["type"], "id": 90, "custom_id": field["custom_id"]}
    if field["type"] == TEXT_INPUT:
        return back | {"value": value if value is not None else field.get("value", "")}
    chosen = [one["value"] for one in field.get("options", []) if one.get("default")]
    chosen += [one["id"] for one in field.get("default_values", [])]
    return back | {"values": [value] if value is not None else chosen}


def _chosen(field: Json) -> list[str]:
    return field["values"] if field["type"] == CHANNEL_SELECT else []


def _message() -> Json:
    when = "2026-11-23T08:00:00+00:00"
    message: Json = {"id": "600", "channel_id": NEWS, "author": _user(BOT_ID), "content": "", "timestamp": when}
    message |= {"edited_timestamp": None, "tts": False, "mention_everyone": False, "pinned": False, "type": 0}
    return message | {
        "mentions": [],
        "mention_roles": [],
        "attachments": [],
        "embeds": [],
        "components": [],
        "flags": 0,
    }


def _with_button(line: str) -> Json:
    """Return a message in the newer look that has the button deep inside."""
    button = {"type": 2, "id": 3, "style": 2, "label": "Press", "custom_id": line}
    text = {"type": 10, "id": 4, "content": "A story"}
    inner = [text, {"type": 1, "id": 2, "components": [button]}]
    return _message() | {"components": [{"type": 17, "id": 1, "components": inner}], "flags": 1 << 15}


def _channel() -> Json:
    about: Json = {"id": NEWS, "type": 0, "guild_id": GUILD_ID, "name": "news", "position": 0, "nsfw": False}
    return about | {"permission_overwrites": [], "topic": None, "rate_limit_per_user": 0, "parent_id": None}


def _user(number: str) -> Json:
    return {"id": number, "username": f"user{number}", "discriminator": "0", "avatar": None, "global_name": None}


class Picked(str):
    """A channel's id, as chosen in Discord's picker."""

    __slots__ = ()


def _command(path: str, options: Json) -> Json:
    top, _, name = path.partition(" ")
    kinds = {bool: 5, int: 4, str: 3, Picked: 7}
    given = [{"name": key, "type": kinds[type(value)], "value": value} for key, value in options.items()]
    inner = {"name": name, "type": 1, "options": given}
    channels = {v: _channel() | {"id": v, "permissions": "0"} for v in options.values() if isinstance(v, Picked)}
    return {"id": "400", "name": top, "type": 1, "options": [inner], "resolved": {"channels": channels}}


async def until(holds: Callable[[], bool]) -> None:
    """Wait up to five seconds for something to hold."""
    for _ in range(1_000):
        if holds():
            return
        await asyncio.sleep(0.005)
    raise AssertionError("it never came to hold")


async def answered(rig: DiscordRig, token: str, times: int = 2) -> list[Json]:
    """Return an interaction's answers once there are that many."""
    await until(lambda: len(rig.answers[token]) >= times)
    return rig.answers[token]
