"""Digests for the tests of the Slack room: ordinary ones by hand, hostile ones by hypothesis."""

from datetime import UTC, datetime

from hypothesis import strategies as st

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
    Named,
    Prose,
    Quotation,
    Rule,
    Sources,
    Span,
    Strong,
    Text,
)
from digestbot.domain.subscription import Style

AT = datetime(2025, 11, 24, 8, 0, tzinfo=UTC)
HOSTILE = [
    "@everyone <!here> <!channel> <@U012AB> <#C012AB|general> <!subteam^S01>",
    "a](https://evil.example) <https://evil.example|click> `code` ```block``` ~x~ _y_ *z*",
    "&amp; &lt;b&gt; &#39; <b>bold</b> & < >",
    "> quoted\n> again",
    ":smile: :+1: :no_entry: 10:30:15",
    "穀物の価格が下がった。政府は対策を検討している。" * 6,
    "\u202eevil\u202c \u2066x\u2069 a\u0000b\u001b[31m",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467 e\u0301 \U0001f1eb\U0001f1f7",
    "half \ud83d surrogate",
    "x" * 3000,
    "word " * 600,
    " ",
    "\u00a0\u00ad\u200b",
    "|<>|",
    "!date^0^{time}|x",
    '“nested ‘quotes’” and "straight"',
]  # fmt: skip
URLS = [
    "https://ledger.example/a?b=1&c=2",
    "https://ledger.example/" + "y" * 2900,
    "https://ledger.example/" + "y" * 4000,
    "https://evil.example/|label>",
    "javascript:alert(1)",
    "https://ledger.example/ü(x)_*~`",
    "http://[::1]/",
    "",
]


def story(number: int, *, topic: str = "", quotes: int = 1) -> Card:
    """Make an ordinary story."""
    blocks: list[Block] = [
        Heading((Link(f"Barrier {number} approved after long debate", f"https://ledger.example/{number}"),)),
        Prose((Text("3 outlets, since "), Moment(AT, "08:00", style="time")), quiet=True),
        Prose((Text(f"The council approved barrier {number} on Monday after a debate of nine hours."),)),
    ]
    for n in range(quotes):
        said = f"We are ready to build number {number}-{n}."
        blocks.append(Quotation(said, "Ana Reyes", "the mayor", "The Ledger", "https://ledger.example/1"))
    names = ("The Ledger", "Harbour Courier", "Kestrel")
    blocks += [
        Sources(tuple(Link(name, f"https://{name[-5:].lower()}.example/{number}") for name in names)),
        Actions(
            tuple(
                Action(label, f"{label.lower().split()[0]} story={number}")
                for label in ("Sources", "More", "Report a problem", "Snooze")
            )
        ),
    ]
    return Card(tuple(blocks), story_id=number, topic=topic)


def digest(*cards: Card, style: Style = "full", mention: str = "", title: str = "Morning brief · Monday") -> Digest:
    """Make a digest with a head."""
    head = Card((Heading((Text(title),), level=1),))
    return Digest(title, Edition(7, AT, "Europe/Berlin"), (head, *cards), style=style, mention=mention)


# ── hostile ──────────────────────────────────────────────────────────────────

texts = st.one_of(
    st.sampled_from(HOSTILE),
    st.text(max_size=60),
    st.text(st.characters(exclude_categories=()), max_size=200),
    st.lists(st.sampled_from(HOSTILE), min_size=1, max_size=3).map(" ".join),
)
urls = st.one_of(st.sampled_from(URLS), st.text(max_size=40).map(lambda tail: "https://x.example/" + tail))
spans: st.SearchStrategy[Span] = st.one_of(
    st.builds(Text, texts),
    st.builds(Strong, texts),
    st.builds(Named, st.sampled_from(["channel", "person", "role"]), st.sampled_from(HOSTILE)),
    st.builds(Link, texts, urls),
    st.builds(Moment, st.just(AT), texts, style=st.sampled_from(["time", "date", "datetime", "relative"])),
)
lines = st.lists(spans, max_size=4).map(tuple)
actions = st.lists(st.builds(Action, texts, texts), max_size=7).map(lambda found: Actions(tuple(found)))
quotations = st.builds(Quotation, texts, texts, note=texts, outlet=texts, url=urls)
blocks: st.SearchStrategy[Block] = st.one_of(
    st.builds(Heading, lines, level=st.sampled_from([1, 2, 3, 3, 3])),
    st.builds(Prose, lines, quiet=st.booleans()),
    quotations,
    st.lists(st.builds(Link, texts, urls), max_size=12).map(lambda found: Sources(tuple(found))),
    actions,
    st.just(Rule()),
)
cards = st.builds(
    lambda found, number: Card(tuple(found), number),
    st.lists(blocks, min_size=1, max_size=8),
    st.one_of(st.none(), st.integers(1, 99)),
)
digests = st.builds(
    lambda title, found, style, mention: Digest(title, Edition(7, AT), tuple(found), style=style, mention=mention),
    texts,
    st.lists(cards, max_size=5),
    st.sampled_from(["full", "compact"]),
    st.sampled_from(["", "here", "S0123ABC", "<!subteam^S0123ABC>", "U0123ABC", "@everyone", "nonsense <!here>"]),
)
