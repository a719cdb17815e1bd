"""The archive: editions by day and subscription, and each edition whole."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from aiohttp import web

from digestbot.domain.digest import Card, Digest, Edition
from digestbot.domain.errors import NotFound
from digestbot.domain.subscription import Subscription
from digestbot.editorial.schedule import zone
from digestbot.web.access import GUARD
from digestbot.web.desk import DESK
from digestbot.web.pages import page
from digestbot.web.pages.making import address, clock, day
from digestbot.web.reading.syndication import edition_path, feed_paths, stamp

PAGE = 12
"""Editions a page of the archive shows."""
DUE = 3
"""Editions to come that an empty archive names."""
NOTHING = "No edition has been made yet."
NO_SUBSCRIPTION = "There is no subscription yet. Make one in chat, or name one in the settings file."
LEAD = 4
"""Stories of the newest edition that the front page shows whole."""


@dataclass(frozen=True, slots=True)
class Item:
    """An edition as the archive lists it; ``full`` ones show their first stories, of which ``more`` are left out."""

    name: str
    rest: str
    path: str
    cards: Sequence[Card]
    full: bool = False
    more: int = 0


@dataclass(frozen=True, slots=True)
class Day:
    """A day's editions, newest first."""

    name: str
    items: Sequence[Item]


@dataclass(frozen=True, slots=True)
class Choice:
    """A subscription in the margin, with the addresses of its feeds."""

    subscription: Subscription
    rss: str
    json: str


def instant(written: str) -> datetime:
    """Return the instant of an address.

    Raises:
        NotFound: It is none.

    """
    for form in ("%Y%m%dT%H%M%SZ", "%Y%m%dT%H%M%S.%fZ"):
        try:
            return datetime.strptime(written, form).replace(tzinfo=UTC)
        except ValueError:
            continue
    raise NotFound("edition", written)


async def archive(request: web.Request) -> web.Response:
    """Answer with editions, newest first: all, of one subscription, of one day, or earlier ones."""
    store = request.app[DESK].store
    everybody = {s.id: s for s in await store.subscriptions()}
    chosen = _chosen(everybody, request.query.get("subscription", ""))
    wanted = _day(request.query.get("day", ""))
    since, until = _span(wanted, chosen)
    if before := request.query.get("before", ""):
        until = instant(before)
    found = await store.archive(subscription_id=chosen.id if chosen else None, since=since, until=until, limit=PAGE + 1)
    shown = found[:PAGE]
    front = not (chosen or wanted or before)
    title = (
        "Archive" if front else " · ".join(filter(None, [chosen.name if chosen else "", _named(wanted)])) or "Archive"
    )
    older = {"subscription": chosen.id if chosen else "", "before": stamp(shown[-1].edition.at)} if shown else {}
    return page(
        request,
        "archive.html",
        title=title,
        front=front,
        chosen=chosen,
        subscriptions=[Choice(s, *feed_paths(s.id, request.app[GUARD])) for s in everybody.values()],
        day_text=wanted.isoformat() if wanted else "",
        days=_days(shown, everybody, lead=front),
        older=address("/", **older) if len(found) > PAGE and not wanted else "",
        nothing="No edition on this day." if wanted else NOTHING if everybody else NO_SUBSCRIPTION,
        due=() if found or wanted or before else _due([chosen] if chosen else everybody.values()),
    )


def _due(subscriptions: Iterable[Subscription]) -> list[Subscription]:
    """Return those that will have an edition, the next first."""
    coming = [(s.next_edition_at, s.id, s) for s in subscriptions if s.paused is None and s.next_edition_at]
    return [subscription for *_, subscription in sorted(coming)][:DUE]


def _chosen(everybody: dict[int, Subscription], number: str) -> Subscription | None:
    """Return the subscription asked for.

    Raises:
        NotFound: There is no such subscription.

    """
    if not number:
        return None
    found = everybody.get(int(number)) if number.isdecimal() and number.isascii() else None
    if found is None:
        raise NotFound("subscription", number)
    return found


def _day(written: str) -> date | None:
    """Return the day asked for.

    Raises:
        NotFound: It is no day.

    """
    try:
        return date.fromisoformat(written) if written else None
    except ValueError as error:
        raise NotFound("day", written) from error


def _span(wanted: date | None, chosen: Subscription | None) -> tuple[datetime | None, datetime | None]:
    """Return where a day begins and ends, in the subscription's own time."""
    if wanted is None:
        return None, None
    here = zone(chosen.schedule.timezone if chosen else "UTC")
    try:
        return datetime.combine(wanted, time(), here), datetime.combine(wanted + timedelta(days=1), time(), here)
    except OverflowError as error:
        raise NotFound("day", wanted) from error


def _named(wanted: date | None) -> str:
    return day(datetime.combine(wanted, time(12), UTC)) if wanted else ""


def _days(digests: Sequence[Digest], everybody: dict[int, Subscription], *, lead: bool) -> list[Day]:
    """Return editions by their local days; the newest one with stories is the lead where one is wanted."""
    made: dict[str, list[Item]] = {}
    for digest in digests:
        full = lead and any(card.story_id for card in digest.cards)
        lead = lead and not full
        made.setdefault(day(digest.edition.at, digest.edition.timezone), []).append(_item(digest, everybody, full=full))
    return [Day(name, items) for name, items in made.items()]


def _item(digest: Digest, everybody: dict[int, Subscription], *, full: bool) -> Item:
    name, rest = name_and_rest(digest, everybody.get(digest.edition.subscription_id))
    cards = [card for card in digest.cards if card.story_id]
    shown = cards[:LEAD] if full else cards
    rest = " · ".join(filter(None, [rest, clock(digest.edition.at, digest.edition.timezone)]))
    return Item(name, rest, edition_path(digest.edition), shown, full, len(cards) - len(shown))


def name_and_rest(digest: Digest, subscription: Subscription | None) -> tuple[str, str]:
    """Part a digest's title into the subscription's name and what the title says beside name and day."""
    name, _, rest = digest.title.partition(" · ")
    if subscription is not None and digest.title.startswith(subscription.name):
        name, rest = subscription.name, digest.title.removeprefix(subscription.name).removeprefix(" · ")
    local = day(digest.edition.at, digest.edition.timezone)
    kept = [part for part in rest.split(" · ") if part and not local.startswith(part)]
    return name, " · ".join(kept)


async def edition(request: web.Request) -> web.Response:
    """Answer with one edition, whole."""
    store = request.app[DESK].store
    number = int(request.match_info["subscription"])
    found = await store.digest(Edition(number, instant(request.match_info["at"])))
    if found is None:
        raise NotFound("edition", request.match_info["at"])
    name, rest = name_and_rest(found, await store.subscription(number))
    rss, _ = feed_paths(number, request.app[GUARD])
    return page(request, "edition.html", title=found.title, digest=found, name=name, rest=rest, rss=rss)
