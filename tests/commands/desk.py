"""A desk over the fakes: a newsroom that has read one story, a digest, and people who ask."""

from dataclasses import dataclass

from digestbot.commands import COMMANDS, Asker, Desk, Reply, dispatch, parse
from digestbot.commands.limits import Limits
from digestbot.domain.digest import Heading, Prose, Quotation
from digestbot.domain.errors import SourceError
from digestbot.domain.news import ParsedFeed
from digestbot.domain.subscription import Channel
from tests.fakes.sources import entry
from tests.pipeline.test_publish import House, gates

HERE = Channel("slack", "C1", "T1")
ELSEWHERE = Channel("slack", "C9", "T9")
FEED = "https://news.example/feed"


class Reader:
    """Looks at feeds; ``error`` is what the next look meets."""

    def __init__(self) -> None:
        self.error: SourceError | None = None

    async def look(self, url: str) -> ParsedFeed:
        """Return a feed of two entries."""
        if self.error:
            raise self.error
        return ParsedFeed("The Ledger", "https://news.example", "en", (entry(1), entry(2)), "rss20")


@dataclass
class AskedDesk:
    """A desk with its house; ``ask`` types a line as somebody."""

    house: House
    reader: Reader
    desk: Desk

    async def ask(self, line: str, *, manager: bool = False, channel: Channel = HERE) -> Reply:
        """Return the reply to a typed line."""
        asker = Asker("U1", channel, manager=manager, timezone="Europe/Berlin")
        return await dispatch(self.desk, parse(line, COMMANDS), asker)

    async def told(self, line: str, *, manager: bool = False, channel: Channel = HERE) -> str:
        """Return the characters of the reply to a typed line."""
        return words(await self.ask(line, manager=manager, channel=channel))


def words(reply: Reply) -> str:
    """Return a reply's characters."""
    lines: list[str] = []
    for card in reply.cards:
        for block in card.blocks:
            if isinstance(block, Heading | Prose):
                lines.append(
                    "".join(getattr(s, "text", getattr(s, "fallback", getattr(s, "id", ""))) for s in block.spans)
                )
            elif isinstance(block, Quotation):
                lines.append(f"{block.text} {block.speaker}")
    return "\n".join(lines)


async def desk() -> AskedDesk:
    """Return a desk whose newsroom has one story, and one digest."""
    house = House()
    await house.subscribe()
    await gates(house)
    reader = Reader()
    made = Desk(house.store, house.briefer, house.publisher, house.press, reader, house.clock, limits=Limits(1e6))
    return AskedDesk(house, reader, made)
