"""Typed text: read as people type it, written so that it reads back the same, and refused in helpful words."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digestbot.commands import COMMANDS, CommandSpec, Invocation, Option, checked, convert, find, missing, parse, write
from digestbot.domain.errors import BadOption, UnknownCommand


@pytest.mark.parametrize(
    ("typed", "name", "options"),
    [
        ("now", "now", {}),
        ("now 24h grain prices", "now", {"since": 1440, "topic": "grain prices"}),
        ("now grain prices stories=3 quotes=1 length=short share", "now",
         {"stories": 3, "quotes": 1, "length": "short", "share": True, "topic": "grain prices"}),
        ("NOW 2d", "now", {"since": 2880}),
        ("summarize https://x.example/a?b=c&d=1", "summarize", {"url": "https://x.example/a?b=c&d=1"}),
        ("summarize https://x.example/a long", "summarize", {"url": "https://x.example/a", "length": "long"}),
        ("search “tidal barrier” vote", "search", {"words": "tidal barrier vote"}),
        ("quotes Ana Reyes", "quotes", {"who": "Ana Reyes"}),
        ("story #17", "story", {"story": 17}),
        ("list failing", "list", {"failing": True}),
        ("subscribe https://x.example/feed C123", "subscribe", {"url": "https://x.example/feed", "channel": "C123"}),
        ("schedule list", "schedule list", {}),
        ("schedule run 3", "schedule run", {"digest": 3}),
        ('schedule create "Morning brief" weekdays at=08:00,17:30', "schedule create",
         {"name": "Morning brief", "frequency": "weekdays", "at": "08:00,17:30"}),
        ("schedule edit Morning brief weekdays stories=7", "schedule edit",
         {"digest": "Morning brief", "frequency": "weekdays", "stories": 7}),
        ("schedule move Morning brief C0123", "schedule move", {"digest": "Morning brief", "channel": "C0123"}),
        ("filter Morning brief exclude=football", "filter", {"digest": "Morning brief", "exclude": "football"}),
        ('edit "The Ledger" topics=economy', "edit", {"feed": "The Ledger", "topics": "economy"}),
        ("move The Ledger C0123", "move", {"feed": "The Ledger", "channel": "C0123"}),
        ("filter list feed=3", "filter list", {"feed": 3}),
        ("filter preview Morning brief", "filter preview", {"digest": "Morning brief"}),
        ('filter add feed="The Ledger" exclude=sponsored', "filter add",
         {"feed": "The Ledger", "exclude": "sponsored"}),
        ("filter 3 exclude=“foot ball”", "filter", {"digest": 3, "exclude": "foot ball"}),
        ("more subscription=7 at=2026-11-23T08:00:00+00:00", "more",
         {"subscription": 7, "at": "2026-11-23T08:00:00+00:00"}),
        ("sources story=17", "sources", {"story": 17}),
        ("report story=17 quote 5, not 50", "report", {"story": 17, "kind": "quote", "note": "5, not 50"}),
    ],
)  # fmt: skip
def test_what_people_type_is_understood(typed: str, name: str, options: dict[str, object]) -> None:
    """Names, places, flags, quotation marks and durations are read as meant."""
    assert parse(typed, COMMANDS) == Invocation(name, options)


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("sumarize https://x.example", "did you mean “summarize”"),
        ("schedule rn 3", "did you mean “schedule run”"),
        ("schedule", "did you mean “schedule list”"),
        ("schedul", "did you mean “schedule list”"),
        ("schedul lst", "did you mean “schedule list”"),
        ("schedule edit 3 brief", "not understood"),
        ("filter add 3 football", "not understood"),
        ("filter add feed=3 football", "not understood"),
        ("subscribe https://x.example/feed general", "not understood"),
        ("schedule move 3 general", "typed with its sign (#news)"),
        ("dance", "help"),
        ("now storys=3", "did you mean “stories”"),
        ("now stories=50", "1 to 10, not 50"),
        ("now length=shrt", "did you mean “short”"),
        ("now since=tomorrow", "12h or 2d"),
        ("summarize example", "http"),
        ("story seven", "must be a number"),
        ("schedule create Brief daily at=25:00", "time of day"),
        ("schedule create Brief daily timezone=Mars/Base", "time zone"),
        ("story 3 4", "not understood"),
    ],
)
def test_what_cannot_be_understood_is_answered_with_the_nearest(typed: str, words: str) -> None:
    """The sentence names what is wrong and what was probably meant."""
    with pytest.raises((UnknownCommand, BadOption)) as caught:
        parse(typed, COMMANDS)
    assert words in str(caught.value)


@pytest.mark.parametrize("typed", ["nonsense", "weather tomorrow", "now length=orange"])
def test_a_word_that_is_like_no_name_is_taken_for_none(typed: str) -> None:
    """“nonsense” shares letters with “settings”, and nobody means it."""
    with pytest.raises((UnknownCommand, BadOption)) as caught:
        parse(typed, COMMANDS)
    assert "did you mean" not in str(caught.value)


_SAFE = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=30).map(str.strip).filter(bool)


def _values(option: Option) -> st.SearchStrategy[object]:
    number = st.integers(option.least or 0, option.most or 9_999)
    text = _SAFE.map(lambda made: made[: option.most or 30].strip()).filter(bool)
    tail = st.text(st.characters(categories=("L", "N", "P", "S")), max_size=20)
    by_kind: dict[str, st.SearchStrategy[object]] = {
        "flag": st.just(value=True),
        "integer": number,
        "feed": number | text,
        "digest": number | text,
        "duration": st.integers(1, 31 * 24).map(lambda hours: f"{hours}h"),
        "choice": st.sampled_from(option.choices or ("",)),
        "url": tail.map("https://x.example/".__add__),
        "zone": st.sampled_from(["Europe/Berlin", "UTC"]),
        "times": st.sampled_from(["08:00", "8.30,17:05"]),
        "text": text,
        "channel": st.sampled_from(["C0123456789", "C1", "555000111222333444"]),
        "hours": st.sampled_from(["22:00-07:00", "none"]),
        "role": text,
        "file": text,
    }
    return by_kind[option.kind]


@st.composite
def invocations(draw: st.DrawFn) -> Invocation:
    """Make any invocation of the table."""
    command: CommandSpec = draw(st.sampled_from(COMMANDS))
    given_options = draw(st.sets(st.sampled_from(command.options))) if command.options else set()
    options = {o.name: draw(_values(o)) for o in command.options if o in given_options}
    return Invocation(command.name, options)  # type: ignore[arg-type]  # values are drawn by kind


@given(invocations())
def test_a_written_invocation_reads_back_the_same(invocation: Invocation) -> None:
    """A button's payload is what it was made from, whatever characters stand in it."""
    command = find(invocation.name, COMMANDS)
    read = parse(write(invocation), COMMANDS)
    meant = {n: convert(o, v) for n, v in invocation.options.items() if (o := command.option(n))}
    assert read == Invocation(command.name, meant)


@given(st.text(max_size=200))
def test_any_text_is_an_invocation_or_a_sentence(text: str) -> None:
    """Whatever is typed, the answer is an invocation of the table of known options, or one of two errors."""
    for typed in (text, f"now {text}", f"report 3 {text}", f"schedule {text}", f"search {text}"):
        with suppress(UnknownCommand, BadOption):
            invocation = parse(typed, COMMANDS)
            command = find(invocation.name, COMMANDS)
            assert all(command.option(name) for name in invocation.options)


def test_what_is_needed_and_not_given_is_named() -> None:
    """A form asks for it; a handler never sees it absent."""
    report = find("report", COMMANDS)
    asked = Invocation("report", {"story": 3})
    assert [option.name for option in missing(report, asked)] == ["kind"]
    with pytest.raises(BadOption, match="kind"):
        checked(report, asked)
    with pytest.raises(BadOption, match="not an option"):
        checked(report, Invocation("report", {"colour": "red"}))
