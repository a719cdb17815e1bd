"""Bare or wrong input opens the form that mends it or names the nearest thing; forms start with what there is."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digestbot.commands import COMMANDS, Asker, Desk, Form, Invocation, Reply, dispatch, filled, find, read, wants_form
from digestbot.commands.limits import Lately, Limits
from digestbot.domain.errors import BadOption, NotFound, TooOften, UnknownCommand
from tests.commands.making import MANAGER, READER, STRANGER, a_desk, buttons, shown
from tests.fakes.clock import START, FakeClock


@pytest.fixture
async def desk() -> Desk:
    """Return a desk with three stories."""
    return await a_desk()


async def ask(desk: Desk, command: str, asker: Asker = MANAGER, **options: str | int) -> Reply:
    """Ask something."""
    return await dispatch(desk, Invocation(command, options), asker)


def form(typed: str) -> Form:
    """Return the form that typed text opens."""
    read_as = read(typed, COMMANDS)
    assert isinstance(read_as, Form), typed
    return read_as


# ── what is typed ────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("typed", "command", "fault"),
    [
        ("summarize", "summarize", ""),
        ("summarize example.com", "summarize", "“url” is an address that begins with"),
        ("schedule", "schedule create", ""),
        ("schedule create Brief at=25:00", "schedule create", "“at” is a time of day"),
        ("schedule edit 3", "schedule edit", ""),
        ("schedule create Brief length=lnog", "schedule create", "did you mean “long”?"),
        ("filter", "filter add", ""),
        ("edit", "edit", ""),
        ("import", "import", ""),
        ("snooze", "snooze", ""),
        ("now 24h storis=3", "now", "did you mean “stories”?"),
        ("settings quiet=late", "settings", "is a span of hours"),
    ],
)
def test_what_is_missing_or_wrong_opens_its_form(typed: str, command: str, fault: str) -> None:
    """The form is the command's, says what was wrong, and asks for what can still be said."""
    opened = form(typed)
    assert opened.command.name == command
    assert fault in opened.fault
    assert bool(fault) == bool(opened.fault)
    assert opened.asks


def test_what_was_understood_stands_in_the_form() -> None:
    """The rest of a line with one mistake is kept; the thing to change is not asked for again."""
    opened = form('schedule create "Evening news" weekdays at=25:00 stories=7')
    assert opened.given == {"name": "Evening news", "frequency": "weekdays", "stories": 7}
    opened = form("schedule edit 3")
    assert opened.given == {"digest": 3}
    assert "digest" not in {option.name for option in opened.asks}


def test_bare_text_is_help_and_a_slip_names_the_nearest() -> None:
    """Nothing typed is help; an unknown command names the one that is near, with its button."""
    assert read("  ", COMMANDS) == Invocation("help")
    with pytest.raises(UnknownCommand, match="did you mean “search”"):
        read("serch barrier", COMMANDS)


@given(st.text(max_size=80), st.sampled_from([c.name for c in COMMANDS]))
def test_any_text_is_an_invocation_a_form_or_an_unknown_command(text: str, name: str) -> None:
    """Whatever is typed, there is an answer, and what is run lacks nothing."""
    for typed in (text, f"{name} {text}"):
        try:
            read_as = read(typed, COMMANDS)
        except UnknownCommand:
            continue
        if isinstance(read_as, Invocation):
            assert not wants_form(find(read_as.name, COMMANDS), read_as)


async def test_an_unknown_command_has_the_nearest_as_a_button(desk: Desk) -> None:
    """Pressing it is typing it."""
    assert buttons(await ask(desk, "serch")) == {"Search": "search"}
    assert buttons(await ask(desk, "xyzzy")) == {"Help": "help"}


async def test_what_is_not_there_is_looked_for_in_its_list(desk: Desk) -> None:
    """A digest or feed that there is none of comes with the button that lists those there are."""
    assert buttons(await ask(desk, "schedule show", digest="Evening")) == {"Digests": "schedule list"}
    assert buttons(await ask(desk, "test", feed=99)) == {"Feeds": "list"}


async def test_a_wrong_choice_has_the_nearest_as_a_button(desk: Desk) -> None:
    """The button runs the same command with the right value; the form has the fault."""
    reply = await ask(desk, "now", length="shrot")
    assert buttons(reply) == {"Short": "now length=short"}
    assert reply.form is not None
    assert "did you mean “short”?" in reply.form.fault
    assert isinstance(reply.error, BadOption)


# ── what a form starts with ──────────────────────────────────────────────────


async def test_a_form_of_changes_starts_with_what_there_is(desk: Desk) -> None:
    """A digest's values stand in it; sent back as they are, they change nothing."""
    await ask(desk, "schedule create", name="Brief", frequency="weekly", weekday="friday", quiet="22:00-07:00")
    before = await desk.store.subscription(1)
    reply = await ask(desk, "schedule edit", digest="Brief")
    assert reply.form is not None
    assert reply.error is None
    assert reply.form.given["weekday"] == "friday"
    assert (await ask(desk, "schedule edit", **reply.form.given)).error is None  # type: ignore[arg-type]  # values
    assert await desk.store.subscription(1) == before


async def test_a_new_digests_form_starts_with_the_workspaces_settings(desk: Desk) -> None:
    """Zone, length and style are those of the settings."""
    await ask(desk, "settings", timezone="Europe/Paris", length="short")
    empty = Form(find("schedule create", COMMANDS), {}, ())
    opened = await filled(desk, replace(MANAGER, timezone="UTC"), empty)
    assert opened.given["timezone"] == "Europe/Paris"
    assert opened.given["length"] == "short"


async def test_a_form_of_anothers_thing_is_not_opened(desk: Desk) -> None:
    """Its number says no more than that there is none."""
    await ask(desk, "schedule create", name="Brief")
    reply = await ask(desk, "schedule edit", STRANGER, digest=1)
    assert isinstance(reply.error, NotFound)
    assert reply.form is None


async def test_asking_for_a_form_changes_and_logs_nothing(desk: Desk) -> None:
    """An audit log of changes has no line for a form that was opened."""
    await ask(desk, "edit", feed=1)
    await ask(desk, "schedule create")
    assert await desk.store.changes() == []


async def test_every_digest_setting_can_be_made_and_read_back(desk: Desk) -> None:
    """Cron, length, mention, quiet hours, updates, empty: each is kept and shown; a wrong cron line is refused."""
    made = await ask(
        desk, "schedule create", name="Brief", cron="30 6 * * 1-5", length="long", mention="S7",
        quiet="22:00-06:00", updates="skip", empty="note", style="compact",
    )  # fmt: skip
    assert made.error is None
    kept = await desk.store.subscription(1)
    assert (kept.schedule.frequency, kept.schedule.cron) == ("cron", "30 6 * * 1-5")
    assert (kept.length, kept.mention, kept.updates, kept.empty) == ("long", "S7", "skip", "note")
    told = shown(await ask(desk, "schedule show", READER, digest=1))
    for word in ("at 30 6 * * 1-5", "long, compact", "mentions: S7", "22:00-06:00", "left out", "noted in one line"):
        assert word in told
    await ask(desk, "schedule edit", digest=1, frequency="daily", mention="none", quiet="none")
    changed = await desk.store.subscription(1)
    assert (changed.schedule.frequency, changed.mention, changed.schedule.quiet_from) == ("daily", "", None)
    assert isinstance((await ask(desk, "schedule create", name="Bad", cron="99 6 * * 1-5")).error, BadOption)
    lacking = await ask(desk, "schedule create", name="No line", frequency="cron")
    assert "is needed with frequency=cron" in shown(lacking)


async def test_filters_are_added_to_taken_from_and_tried(desk: Desk) -> None:
    """Added rules join those there are; what is not there cannot be removed; all go at once; 20 articles are tried."""
    await ask(desk, "schedule create", name="Brief")
    await ask(desk, "filter add", digest=1, exclude="ferry")
    await ask(desk, "filter add", digest=1, exclude="volcano,ferry", languages="en")
    kept = (await desk.store.subscription(1)).filter
    assert (kept.exclude, kept.languages) == (("ferry", "volcano"), ("en",))
    told = shown(await ask(desk, "filter preview", READER, digest="Brief"))
    assert "Of the last 3 articles 1 pass." in told
    assert "stopped: News of the ferry" in told
    assert "has no “zeppelin”" in shown(await ask(desk, "filter remove", digest=1, exclude="zeppelin"))
    await ask(desk, "filter remove", digest=1, exclude="Ferry")
    assert (await desk.store.subscription(1)).filter.exclude == ("volcano",)
    assert list(buttons(await ask(desk, "filter list", digest=1))) == ["Try it", "Add rules", "Remove rules"]
    assert list(buttons(await ask(desk, "filter list", READER, digest=1))) == ["Try it"]
    await ask(desk, "filter remove", digest=1, all=True)
    assert "no rules" in shown(await ask(desk, "filter list", digest=1))


async def test_a_feeds_filter_is_kept_shown_and_tried(desk: Desk) -> None:
    """The same commands take a feed in a digest's place: rules are added, removed and tried on what the feed gave."""
    told = shown(await ask(desk, "filter add", feed=1, exclude="ferry"))
    assert "Filter of “The Ledger”" in told
    await ask(desk, "filter add", feed="The Ledger", exclude="volcano", languages="en")
    (kept,) = await desk.store.feeds_of(MANAGER.home)
    assert (kept.filter.exclude, kept.filter.languages) == (("ferry", "volcano"), ("en",))
    told = shown(await ask(desk, "filter preview", READER, feed=1))
    assert "Of the last 3 articles 1 pass." in told
    assert "stopped: News of the ferry\nthe feed's filter stops it: has the excluded “ferry”" in told
    assert " · filtered" in shown(await ask(desk, "list", READER))
    assert buttons(await ask(desk, "filter list", feed=1)) == {
        "Try it": "filter preview feed=1",
        "Add rules": "filter add feed=1",
        "Remove rules": "filter remove feed=1",
    }
    assert list(buttons(await ask(desk, "filter list", READER, feed=1))) == ["Try it"]
    assert "has no “zeppelin”" in shown(await ask(desk, "filter remove", feed=1, exclude="zeppelin"))
    await ask(desk, "filter remove", feed=1, all=True)
    assert "every article of it passes" in shown(await ask(desk, "filter list", feed=1))
    assert " · filtered" not in shown(await ask(desk, "list", READER))


async def test_a_digests_preview_tells_what_a_feeds_filter_stops(desk: Desk) -> None:
    """Both stages are tried, as an edition would be, and each is named."""
    await ask(desk, "schedule create", name="Brief")
    await ask(desk, "filter add", feed=1, exclude="ferry")
    told = shown(await ask(desk, "filter add", digest=1, exclude="volcano"))
    assert "the feed's filter stops it: has the excluded “ferry”" in told
    assert "the digest's filter stops it: has the excluded “volcano”" in told


async def test_a_filter_is_tried_on_a_slow_feeds_last_articles(desk: Desk) -> None:
    """Where the last week gave fewer than twenty, older articles are looked at."""
    assert isinstance(desk.clock, FakeClock)
    desk.clock.tick(days=30)
    assert "Of the last 3 articles 3 pass." in shown(await ask(desk, "filter preview", feed=1))


async def test_a_filter_is_a_digests_or_a_feeds(desk: Desk) -> None:
    """Neither asks in a form for either; both is refused; with a feed given, the form asks for rules alone."""
    await ask(desk, "schedule create", name="Brief")
    neither = await ask(desk, "filter add", exclude="ferry")
    assert isinstance(neither.error, BadOption)
    assert neither.form is not None
    assert {"digest", "feed"} <= {option.name for option in neither.form.asks}
    both = await ask(desk, "filter add", digest=1, feed=1, exclude="ferry")
    assert "“feed” is given in place of digest: give one of the two" in shown(both)
    assert both.form is not None
    assert (await dispatch(desk, Invocation("filter add", both.form.given), MANAGER)).error is None
    assert {option.name for option in form("filter add feed=1").asks} == {
        "include", "exclude", "authors", "categories", "languages", "sources",
    }  # fmt: skip
    assert isinstance((await ask(desk, "filter remove", feed=7)).error, NotFound)


# ── how often ────────────────────────────────────────────────────────────────


async def test_who_asks_too_often_is_told_when_to_ask_again(desk: Desk) -> None:
    """One person's bucket is empty after so many, fills by time, and is nobody else's."""
    desk.limits = Limits(most=3.0, a_second=0.5)
    assert all([(await ask(desk, "list", READER)).error is None for _ in range(3)])
    refused = await ask(desk, "list", READER)
    assert isinstance(refused.error, TooOften)
    assert shown(refused) == "“list” was asked for too often; try again in 2 seconds."
    assert (await ask(desk, "list", MANAGER)).error is None
    desk.clock.tick(seconds=2)  # type: ignore[attr-defined]  # the fake clock
    assert (await ask(desk, "list", READER)).error is None


def test_dear_commands_cost_more_and_few_are_remembered() -> None:
    """A brief costs three; ten thousand people are remembered at most."""
    limits = Limits(most=4.0)
    limits.take("a", "now", START)
    limits.take("a", "list", START)
    with pytest.raises(TooOften) as caught:
        limits.take("a", "now", START)
    assert caught.value.retry_after == 3.0
    for number in range(10_050):
        limits.take(str(number), "list", START)
    assert len(limits._left) == 10_000


def test_what_was_met_lately_is_forgotten_in_time() -> None:
    """A key is new again after its seconds; a clock that steps back breaks nothing."""
    lately = Lately(10.0)
    assert [lately.first("k", START) for _ in range(2)] == [True, False]
    assert not lately.first("k", START.replace(second=9))
    assert lately.first("k", START.replace(second=10))
    assert lately.first("other", START)
