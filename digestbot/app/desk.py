"""The command core at the command line: an operator asks what people ask in chat, and looks into an edition."""

import re
import sys
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from digestbot.app.compose import Rooms, open_adapters, open_rooms, read_settings, retention_of
from digestbot.app.files import decode, read_file
from digestbot.chat.console import ConsoleAdapter
from digestbot.commands import COMMANDS, Asker, Desk, Invocation, Reply, dispatch, find, parse
from digestbot.commands.model import Outline, OutlineList
from digestbot.domain.digest import Card, Digest, Edition, Prose, Strong, Text
from digestbot.domain.errors import BadOption, DigestbotError, NotFound
from digestbot.domain.subscription import Channel, Platform
from digestbot.editorial.edition import Chosen, LeftOut, choose_headline
from digestbot.pipeline.publish import Draft
from digestbot.ports import ChatAdapter

Rows = dict[str, Any]
HERE = Channel("console", "")
OPERATOR = Asker("operator", HERE, manager=True)


@asynccontextmanager
async def _open(config: Path | None) -> AsyncIterator[Rooms]:
    """Open the rooms beside a bot that may be running: the database is shared, and everything is shown here."""
    settings = read_settings(config)
    console = ConsoleAdapter()
    shown: Mapping[Platform, ChatAdapter] = {"console": console, "slack": console, "discord": console}
    # What is shown is shown here; where a platform has a token, its own adapter examines and corrects.
    async with (
        open_adapters(settings) as real,
        open_rooms(settings, adapters={**shown, **real}, exclusive=False) as rooms,
    ):
        yield rooms


# ── digestbot ask ────────────────────────────────────────────────────────────


def desk_of(rooms: Rooms) -> Desk:
    """Return the desk that commands are answered at."""
    return Desk(
        store=rooms.store,
        briefer=rooms.briefer,
        publisher=rooms.publisher,
        articles=rooms.sources.articles,
        feeds=rooms.sources.feeds,
        clock=rooms.clock,
        outlines=OpmlOutlines(),
        retention=retention_of(rooms.settings),
    )


class OpmlOutlines:
    """Reads and writes OPML for the commands."""

    def read(self, data: bytes, here: Iterable[str]) -> OutlineList:
        """Return what an OPML file lists, held against the addresses that are here.

        Raises:
            SourceError: It is not OPML.

        """
        from digestbot.sources.feeds import preview_opml, read_opml

        listed = read_opml(data)
        preview = preview_opml(listed.feeds, here)
        new = tuple(Outline(feed.url, feed.title, feed.topics) for feed in preview.new)
        return OutlineList(new, len(preview.known), listed.repeated, listed.unusable)

    def write(self, feeds: Sequence[Outline]) -> bytes:
        """Return feeds as an OPML file."""
        from digestbot.sources.feeds import OpmlFeed, write_opml

        return write_opml([OpmlFeed(url=feed.url, title=feed.title, topics=feed.topics) for feed in feeds])


async def ask(words: Sequence[str], config: Path | None) -> None:
    """Answer a command as it is typed in chat (``now 24h``), in the terminal; a file is given by its path.

    Raises:
        DigestbotError: The command could not be answered; the message says what to do.

    """
    invocation = with_files(parse(line_of(words), COMMANDS))
    async with _open(config) as rooms:
        reply = await dispatch(desk_of(rooms), invocation, OPERATOR)
        await _print(reply)
    if isinstance(reply.error, DigestbotError):
        raise reply.error


def line_of(words: Sequence[str]) -> str:
    """Return the shell's words as one line, those with spaces in them in quotation marks; one word is a whole line."""
    if len(words) == 1:
        return words[0]
    return " ".join(quoted(word) for word in words)


def quoted(word: str) -> str:
    """Return a word as a line has it: ``cron="30 6 * * *"`` for one with spaces."""
    if not any(letter.isspace() for letter in word):
        return word
    name, equals, value = word.partition("=") if re.match(r"[a-z_]+=", word) else ("", "", word)
    escaped = re.sub(r'(["“”„\\])', r"\\\1", value)
    return f'{name}{equals}"{escaped}"'


def with_files(invocation: Invocation) -> Invocation:
    """Return an invocation with the content of files in the place of their paths.

    Raises:
        UserError: There is no such file, or it cannot be read.
        NothingToRead: It is no text.

    """
    given = dict(invocation.options)
    for option in find(invocation.name, COMMANDS).options:
        if option.kind == "file" and option.name in given:
            name = str(given[option.name])
            given[option.name] = decode(read_file(name, hint="give the path of a file"), name)
    return Invocation(invocation.name, given)


async def _print(reply: Reply) -> None:
    if reply.error is not None:
        return
    if reply.file is not None:
        sys.stdout.write(reply.file.content.decode())
        return
    console = ConsoleAdapter(sys.stdout)
    steps = [
        Card((Prose((Strong(f"{number}. {step.title}"), Text(f": {step.text} ({step.form.command.usage})"))),))
        for number, step in enumerate(reply.steps, 1)
    ]
    document = Digest("", Edition(0, datetime.now(UTC)), (*reply.cards, *steps))
    for message in console.render(document):
        await console.post(HERE, message, "", None)


# ── digestbot digest ─────────────────────────────────────────────────────────


async def edition(name: str, at: str | None, config: Path | None) -> tuple[Draft, Rows]:
    """Make a subscription's edition without posting it, and say why each story is in it or not.

    Args:
        name: The subscription's name or number.
        at: The edition's time in ISO form, UTC where it names no zone; now when None.
        config: The settings file.

    Raises:
        NotFound: There is no such subscription.
        BadOption: The time is not one.

    """
    moment = _moment(at)
    async with _open(config) as rooms:
        wanted = [s for s in await rooms.store.subscriptions() if name in (s.name, str(s.id))]
        if not wanted:
            raise NotFound("subscription", name, hint="see “digestbot status” for their names")
        draft = await rooms.publisher.draft(wanted[0], moment, moment)
    return draft, edition_rows(draft)


def _moment(at: str | None) -> datetime:
    if at is None:
        return datetime.now(UTC)
    try:
        moment = datetime.fromisoformat(at)
    except ValueError as error:
        raise BadOption("--at", f"“{at}” is not a time such as 2026-11-24T08:00") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


async def show_edition(draft: Draft) -> None:
    """Print the edition as the terminal shows it."""
    console = ConsoleAdapter(sys.stdout)
    if draft.digest is None:
        print("nothing new: nothing would be posted")  # noqa: T201 - the answer
        return
    for message in console.render(draft.digest):
        await console.post(HERE, message, "", None)


def edition_rows(draft: Draft) -> Rows:
    """Return, for JSON and for tables, what was chosen with its score and what was left out with the reason."""
    return {
        "at": draft.edition.at.isoformat(),
        "title": draft.digest.title if draft.digest else None,
        "chosen": [_chosen_row(one, draft) for one in draft.selection.chosen],
        "left_out": [_left_out_row(one) for one in draft.selection.left_out],
    }


def _chosen_row(one: Chosen, draft: Draft) -> Rows:
    brief = draft.briefs.get(one.story.id)
    return {
        "story": one.story.id,
        "headline": brief.headline if brief else choose_headline(one.story.articles).title,
        "outlets": list(one.story.outlets),
        "update": one.update,
        "topic": one.topic,
        "score": round(one.score.total, 4),
        "because": one.score.explain(),
        "engine": brief.summary.engine if brief else None,
    }


def _left_out_row(one: LeftOut) -> Rows:
    return {
        "story": one.story.id,
        "headline": one.story.articles[0].title,
        "why": one.why,
        "because": one.reason,
        "score": round(one.score.total, 4) if one.score else None,
    }
