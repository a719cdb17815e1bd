"""A subscription's next digest exactly as each platform will show it, made anew for every style and length asked for.

Nothing is marked as sent: a draft is made and thrown away.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TypeVar, get_args

from aiohttp import web
from markupsafe import Markup

from digestbot.domain.digest import Prose, Text
from digestbot.domain.errors import NotFound
from digestbot.domain.subscription import Channel, Length, Style, Subscription
from digestbot.editorial.edition.compose import STILL_MAKING
from digestbot.web.desk import DESK, Proofs
from digestbot.web.pages import page, paint
from digestbot.web.preview.page import windows

STYLES: Mapping[Style, str] = {"full": "Full: a card a story", "compact": "Compact: one message"}
LENGTHS: Mapping[Length, str] = {"short": "Short", "medium": "Medium", "long": "Long"}
MOST_STORIES, MOST_QUOTES = 10, 3
T = TypeVar("T", bound=str)


@dataclass(frozen=True, slots=True)
class Proof:
    """What one preview shows."""

    subscription: Subscription
    again: bool
    proofs: Proofs
    windows: Markup

    @property
    def is_unfinished(self) -> bool:
        """Whether a summary is still being made, so that it is worth looking again."""
        cards = self.proofs.digest.cards if self.proofs.digest else ()
        waiting = Text(STILL_MAKING)
        return any(isinstance(block, Prose) and waiting in block.spans for card in cards for block in card.blocks)


def routes() -> list[web.RouteDef]:
    """Return the preview's routes."""
    return [
        web.get("/preview", first),
        web.get(r"/preview/{subscription:\d{1,18}}", preview),
        web.get(r"/preview/{subscription:\d{1,18}}/windows", only_windows),
    ]


async def first(request: web.Request) -> web.Response:
    """Lead to the first subscription's preview, or say that there is none."""
    found = await request.app[DESK].store.subscriptions()
    if found:
        raise web.HTTPSeeOther(f"/preview/{found[0].id}")
    return page(request, "preview.html", title="Preview", subscriptions=(), proof=None)


async def preview(request: web.Request) -> web.Response:
    """Answer with a subscription's preview and the form that changes it."""
    proof = await _proof(request)
    return page(
        request,
        "preview.html",
        title=f"Preview: {proof.subscription.name}",
        subscriptions=await request.app[DESK].store.subscriptions(),
        proof=proof,
        styles=STYLES,
        lengths=LENGTHS,
        most_stories=MOST_STORIES,
        most_quotes=MOST_QUOTES,
    )


async def only_windows(request: web.Request) -> web.Response:
    """Answer with the windows alone, for the page's script."""
    text = paint("windows.html", proof=await _proof(request))
    return web.Response(text=text, content_type="text/html", charset="utf-8", headers={"Cache-Control": "no-store"})


async def _proof(request: web.Request) -> Proof:
    desk = request.app[DESK]
    kept = await desk.store.subscription(int(request.match_info["subscription"]))
    subscription = _as_asked(kept, request.query)
    again = request.query.get("again", "") == "yes"
    proofs = await desk.proofs(_afresh(subscription) if again else subscription)
    at = proofs.digest.edition.at if proofs.digest else None
    html = windows(proofs.screens.get("slack", ()), proofs.screens.get("discord", ()), at=at)
    return Proof(subscription, again, proofs, Markup(html))  # noqa: S704 - the windows escape every word themselves


def _as_asked(kept: Subscription, asked: Mapping[str, str]) -> Subscription:
    """Return the subscription with the style, length and numbers asked for.

    Raises:
        NotFound: An answer is none of the choices.

    """
    style = _one_of(asked.get("style", kept.style), get_args(Style), "style")
    length = _one_of(asked.get("length", kept.length), get_args(Length), "length")
    return replace(
        kept,
        style=style,
        length=length,
        stories=_number(asked.get("stories", ""), kept.stories, 1, MOST_STORIES),
        quotes=_number(asked.get("quotes", ""), kept.quotes, 0, MOST_QUOTES),
    )


def _afresh(subscription: Subscription) -> Subscription:
    """Return the subscription as if its channel had had nothing yet: it shows the last day again."""
    nowhere = Channel(subscription.channel.platform, "preview")
    return replace(subscription, channel=nowhere, window_from=None, next_edition_at=None)


def _one_of(given: str, choices: tuple[T, ...], kind: str) -> T:
    for choice in choices:
        if choice == given:
            return choice
    raise NotFound(kind, given)


def _number(given: str, kept: int, least: int, most: int) -> int:
    if not given:
        return kept
    if not (given.isascii() and given.isdecimal()):
        raise NotFound("number", given)
    return max(least, min(most, int(given[:3])))
