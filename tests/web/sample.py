"""A digest written by hand, of invented news, as the edition would compose it."""

from datetime import UTC, datetime

from digestbot.domain.digest import (
    Action,
    Actions,
    Block,
    Card,
    Digest,
    Edition,
    Heading,
    Link,
    Moment,
    Prose,
    Quotation,
    Sources,
    Strong,
    Text,
)
from digestbot.domain.subscription import Style

AT = datetime(2025, 11, 24, 7, 0, tzinfo=UTC)
TITLE = "Morning brief · Monday 24 November · 3 stories from 6 outlets"


def sample(style: Style = "full") -> Digest:
    """Return the digest: a head, three stories on two topics, a foot."""
    head = Card(
        (Heading((Text(TITLE),), level=1), Prose((Text("Posted "), Moment(AT, "24 November, 07:00")), quiet=True))
    )
    more = Actions((Action("7 more stories", "brief since=24h stories=10"),))
    foot = Card((Prose((Text("and 7 more"),), quiet=True), more))
    return Digest(TITLE, Edition(1, AT, "Europe/Berlin"), (head, _barrier(), _grain(), _library(), foot), style=style)


def _actions(number: int) -> Actions:
    names = (("Sources", "sources"), ("More", "story"), ("Report a problem", "report"), ("Snooze topic", "snooze"))
    return Actions(tuple(Action(label, f"{name} story={number}") for label, name in names))


def _about(outlets: str, time: str) -> Prose:
    hour, minute = map(int, time.split(":"))
    since = Moment(AT.replace(hour=hour, minute=minute), time, style="time")
    return Prose((Text(f"{outlets} · since "), since), quiet=True)


def _sources(number: int, *names: str) -> Sources:
    return Sources(tuple(Link(name, f"https://{name.lower().replace(' ', '-')}.example/{number}") for name in names))


def _barrier() -> Card:
    summary = (
        "President Elena Marsh said she would “gladly” lease storm-barrier space to the neighbouring port of "
        "Oststrand, but would first have to see whether the harbour treaty allows it. The offer, made by its mayor in "
        "exchange for a yearly fee, was first shared in February. Treaty lawyers say the city may not accept it."
    )
    blocks: tuple[Block, ...] = (
        Heading(
            (Link("Marsh would “gladly” lease the storm barrier, if the treaty allows it", "https://ledger.example/1"),)
        ),
        _about("3 outlets", "05:40"),
        Prose((Text(summary),)),
        Quotation(
            "I don’t know what the treaty says on that, but I can’t imagine it would say anything different […] "
            "I would only do it according to the treaty.",
            "Elena Marsh",
            "the president, to reporters",
            "The Ledger",
            "https://ledger.example/1",
        ),
        Quotation(
            "We are willing to take in only sea-going vessels (including registered ferries) in exchange for a fee.",
            "Tomas Brandt",
            "mayor of Oststrand, on X",
            "Harbour Courier",
            "https://harbour-courier.example/1",
        ),
        _sources(1, "The Ledger", "Harbour Courier", "Kestrel Wire"),
        _actions(1),
    )
    return Card(blocks, story_id=1, topic="Politics")


def _grain() -> Card:
    summary = (
        "Wheat at the Varna exchange fell 4.2 per cent to 186 crowns a tonne on Friday, the lowest since March. "
        "Farmers’ unions doubt that bread will be cheaper before spring."
    )
    blocks: tuple[Block, ...] = (
        Heading(
            (
                Strong("Update"),
                Text(" · "),
                Link("Grain prices fall for a third week", "https://kestrel-wire.example/2"),
            )
        ),
        _about("2 outlets", "06:15"),
        Prose((Text(summary),)),
        Quotation(
            "Nobody here is selling below 190, whatever the screen says.",
            "Mirela Oprea",
            "who farms near Dobrich",
            "Kestrel Wire",
            "https://kestrel-wire.example/2",
        ),
        _sources(2, "Kestrel Wire", "Field & Furrow"),
        _actions(2),
    )
    return Card(blocks, story_id=2, topic="Economy")


def _library() -> Card:
    blocks: tuple[Block, ...] = (
        Heading((Link("Night trains return to the <coast> line & its *tunnel*", "https://field.example/3"),)),
        _about("1 outlet", "04:05"),
        Prose((Text("The first sleeper in eleven years left Karst at 22:10 on Sunday with 214 passengers aboard."),)),
        _sources(3, "Field & Furrow"),
        _actions(3),
    )
    return Card(blocks, story_id=3, topic="Economy")
