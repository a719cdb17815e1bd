"""Whether a page may be fetched by a program: robots.txt (RFC 9309), kept for a day per site; knows no article."""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from protego import Protego

from digestbot.domain.errors import BlockedAddress, NothingToRead, ServerError, SourceError
from digestbot.sources.http import PoliteClient, shown

KEPT = timedelta(hours=24)
KEPT_AFTER_ERROR = timedelta(hours=1)
MAX_BYTES = 500 * 1024
"""RFC 9309, 2.5: at least 500 KiB must be read; more is not needed."""
MOST_SITES = 5_000
AGENT = "digestbot"
OPEN = "open it in a browser"


@dataclass(frozen=True, slots=True)
class _Rules:
    """A site's rules until they are asked for again; None when all is allowed, or nothing.

    ``shut`` says why nothing is; ``passing`` tells that this may end by itself.
    """

    until: datetime
    rules: Protego | None = None
    shut: str = ""
    passing: bool = False


class Robots:
    """Answers for many sites, asking each once a day."""

    def __init__(self, client: PoliteClient) -> None:
        """Take the client that asks: robots.txt is fetched as politely as anything else."""
        self._client = client
        self._sites: OrderedDict[str, _Rules] = OrderedDict()

    async def require(self, url: str, now: datetime) -> None:
        """Do nothing for a page that may be fetched by a program.

        Raises:
            BlockedAddress: The address may not be connected to at all.
            NothingToRead: Its site does not want that, or has rules that cannot be read.
            ServerError: Its site cannot be reached, or is in trouble.

        """
        try:
            parts = urlsplit(url)
        except ValueError as error:
            raise BlockedAddress(shown(url), "is not a usable address") from error
        site = f"{parts.scheme}://{parts.netloc}"
        kept = self._sites.get(site)
        if kept is None or kept.until <= now:
            try:
                kept = await self._ask(site, now)
            except BlockedAddress as error:
                raise BlockedAddress(shown(url)) from error
            self._sites[site] = kept
            if len(self._sites) > MOST_SITES:
                self._sites.popitem(last=False)
        if kept.passing:
            raise ServerError(shown(url), kept.shut)
        if kept.shut:
            raise NothingToRead(shown(url), kept.shut, hint=OPEN)
        if kept.rules is not None and not kept.rules.can_fetch(url, AGENT):
            raise NothingToRead(shown(url), "may not be read by programs (robots.txt)", hint=OPEN)

    async def _ask(self, site: str, now: datetime) -> _Rules:
        """Fetch a site's rules: none when there are none (4xx), everything shut while it is in trouble (5xx)."""
        try:
            answer = await self._client.get(f"{site}/robots.txt", accept="text/plain, */*;q=0.5", max_bytes=MAX_BYTES)
        except BlockedAddress:
            raise
        except SourceError as error:
            # Its sentence begins with the address of robots.txt, which nobody asked for.
            return _Rules(now + KEPT_AFTER_ERROR, shut=error.what.partition(" ")[2], passing=error.transient)
        if answer.status >= 500 or answer.status == 429:  # noqa: PLR2004 - RFC 9309, 2.3.1.4
            shut = f"cannot be read now: its site is in trouble ({answer.status})"
            return _Rules(now + KEPT_AFTER_ERROR, shut=shut, passing=True)
        if answer.status != 200:  # noqa: PLR2004 - RFC 9309, 2.3.1.3: unavailable means allowed
            return _Rules(now + KEPT)
        return _Rules(now + KEPT, Protego.parse(answer.body.decode("utf-8", "replace")))
