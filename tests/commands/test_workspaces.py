"""A workspace's settings, its setup, its doctor, what is kept of it and who changed what."""

from dataclasses import dataclass, replace
from datetime import time, timedelta

import pytest

from digestbot.commands import COMMANDS, Asker, Desk, Invocation, Reply, dispatch, parse
from digestbot.commands.workspaces import Found
from digestbot.domain.errors import BadOption, NotAllowed, NotFound
from digestbot.domain.news import Polling
from digestbot.domain.subscription import Channel, Subscription, WorkspaceSettings
from digestbot.ports import RefreshRecord, Retention
from tests.commands.making import HERE, MANAGER, READER, STRANGER, a_desk, buttons, shown
from tests.fakes.chat import FakeChat
from tests.fakes.clock import START

OPERATOR = Asker("operator", Channel("console", ""), manager=True)


@dataclass
class Examined(FakeChat):
    """A platform that finds one permission missing in every channel it is asked about."""

    async def examine(self, channels: list[Channel]) -> list[Found]:
        """Return a finding for the token and one for each channel."""
        missing = ("Send Messages is missing", "give the bot's role “Send Messages” there")
        return [("slack", True, "the token is accepted", ""), *((one.id, False, *missing) for one in channels)]


@pytest.fixture
async def desk() -> Desk:
    """Return a desk with three stories."""
    return await a_desk(Examined())


async def ask(desk: Desk, typed: str, asker: Asker = MANAGER) -> Reply:
    """Ask something."""
    return await dispatch(desk, parse(typed, COMMANDS), asker)


async def settings(desk: Desk) -> WorkspaceSettings:
    """Return the workspace's settings."""
    known = await desk.store.workspace(HERE.home)
    assert known is not None
    return known.settings


# ── settings ─────────────────────────────────────────────────────────────────


async def test_everybody_reads_settings_and_managers_change_them(desk: Desk) -> None:
    """Each is shown in words and kept; a reader who changes one is refused; “none” empties."""
    assert "each person's own" in shown(await ask(desk, "settings", READER))
    assert isinstance((await ask(desk, "settings language=de", READER)).error, NotAllowed)
    line = "settings timezone=Europe/Paris language=fr length=short style=compact admin_channel=C9 quiet=22:00-07:00"
    assert "22:00-07:00" in shown(await ask(desk, line))
    assert await settings(desk) == WorkspaceSettings(
        "admins", "C9", "Europe/Paris", "fr", "short", "compact", time(22), time(7)
    )
    await ask(desk, "settings quiet=none language=any admin_channel=none")
    assert await settings(desk) == WorkspaceSettings("admins", "", "Europe/Paris", "", "short", "compact")


async def test_new_digests_start_with_the_settings(desk: Desk) -> None:
    """Zone, language, length, style and quiet hours are the workspace's; what is given wins."""
    await ask(desk, "settings timezone=Europe/Paris language=fr length=short style=compact quiet=22:00-07:00")
    await ask(desk, "schedule create Brief length=long", replace(MANAGER, timezone="UTC"))
    (made,) = await desk.store.subscriptions()
    schedule = made.schedule
    assert (schedule.timezone, schedule.quiet_from, schedule.quiet_to) == ("Europe/Paris", time(22), time(7))
    assert (made.language, made.length, made.style) == ("fr", "long", "compact")


async def test_new_quiet_hours_are_kept_by_the_digests_that_had_the_old(desk: Desk) -> None:
    """One with hours of its own keeps them."""
    await ask(desk, "schedule create Follows")
    await ask(desk, "schedule create Own quiet=12:00-13:00")
    assert "Saved, with the new quiet hours for 1 digest." in shown(await ask(desk, "settings quiet=22:00-07:00"))
    hours = {s.name: s.schedule.quiet_from for s in await desk.store.subscriptions()}
    assert hours == {"Follows": time(22), "Own": time(12)}


async def test_who_may_manage_is_a_setting(desk: Desk) -> None:
    """Admins always may; then a user group's or role's people, then anyone; back to admins it ends."""
    member = replace(READER, groups=("S7",))
    for who, allowed in (("S7", [member]), ("anyone", [member, READER]), ("admins", [])):
        await ask(desk, f"settings managers={who}")
        for asker in (member, READER):
            reply = await ask(desk, "audit", asker)
            assert isinstance(reply.error, NotAllowed) is (asker not in allowed)
        assert (await ask(desk, "audit", MANAGER)).error is None
    assert isinstance((await ask(desk, "audit", replace(STRANGER, manager=False))).error, NotAllowed)


@pytest.mark.parametrize(
    ("given", "kept"),
    [("<@&123456>", "123456"), ("<!subteam^S07AB|@news>", "S07AB"), ("Anyone", "anyone"), ("S7", "S7")],
)
async def test_a_role_is_kept_by_its_id(desk: Desk, given: str, kept: str) -> None:
    """However a platform writes it; a word that is none of the two names the nearest."""
    await dispatch(desk, Invocation("settings", {"managers": given}), MANAGER)
    assert (await settings(desk)).managers == kept
    reply = await dispatch(desk, Invocation("settings", {"managers": "amdins"}), MANAGER)
    assert "did you mean “admins”?" in shown(reply)
    assert (await settings(desk)).managers == kept


async def test_answers_on_demand_keep_to_the_settings_too(desk: Desk) -> None:
    """The workspace's language and length are what “now” has when nobody says otherwise."""
    await ask(desk, "settings language=fr")
    assert "nothing new" in shown(await ask(desk, "now", READER))
    assert "3 stories" in shown(await ask(desk, "now language=en", READER))
    assert "3 stories" in shown(await ask(desk, "now", STRANGER))


async def test_the_form_of_settings_starts_with_what_there_is(desk: Desk) -> None:
    """The button opens it; what it holds, sent back as it is, changes nothing."""
    await ask(desk, "settings timezone=Europe/Paris quiet=22:00-07:00")
    before = await settings(desk)
    reply = await ask(desk, buttons(await ask(desk, "settings"))["Change"])
    assert reply.form is not None
    assert reply.form.given["quiet"] == "22:00-07:00"
    line = " ".join(f"{name}={value}" for name, value in reply.form.given.items())
    assert (await ask(desk, f"settings edit {line}")).error is None
    assert await settings(desk) == before


# ── setup and doctor ─────────────────────────────────────────────────────────


async def test_setup_knows_what_is_done(desk: Desk) -> None:
    """Its steps are forms of the table; each is done once its thing is there."""
    steps = (await ask(desk, "setup")).steps
    assert [step.done for step in steps] == [False, False, False, True, False, False]
    for typed in ("settings managers=anyone timezone=Europe/Paris admin_channel=C9", "schedule create Brief"):
        await ask(desk, typed)
    steps = (await ask(desk, "setup")).steps
    assert [step.done for step in steps] == [True, True, True, True, True, False]
    for step in steps:
        assert step.form.command in COMMANDS
        assert {option.name for option in step.form.asks} <= {option.name for option in step.form.command.options}


async def test_the_doctor_names_each_fault_and_its_fix(desk: Desk) -> None:
    """The platform's findings by channel, failing feeds since when, paused digests, the model; the worst first."""
    await ask(desk, "schedule create Brief")
    await ask(desk, "schedule create Resting channel=C4")
    await desk.store.pause_subscription(2, "slack:C4: the channel is gone")
    feed = await desk.store.feed(1)
    polling = Polling(desk.clock.now(), failures=3, failing_since=desk.clock.now(), last_error="answered 500")
    await desk.store.record_refresh(RefreshRecord(feed.id, polling), desk.clock.now())
    told = shown(await ask(desk, "doctor"))
    for line in (
        "4 things need a hand.",
        "C1 · not well: Send Messages is missing\nFix: give the bot's role “Send Messages” there",
        "C4 · not well",
        "The Ledger · not well: answered 500 (since 2026-11-23 08:00 UTC)",
        "Resting · not well: is paused: slack:C4: the channel is gone\nFix: /digest schedule resume 2",
        "model · well",
        "database · well",
        "slack · well: the token is accepted",
    ):
        assert line in told
    assert told.index("not well") < told.index("database · well")


async def test_the_doctor_looks_at_the_channel_that_problems_are_reported_to(desk: Desk) -> None:
    """A report that nobody sees would be lost: whether that channel can be reached is said as for the others."""
    await ask(desk, "schedule create Brief channel=C4")
    await ask(desk, "settings admin_channel=C9")
    assert "C9 · not well: Send Messages is missing" in shown(await ask(desk, "doctor"))
    await ask(desk, "settings admin_channel=none")
    assert "C9" not in shown(await ask(desk, "doctor"))


async def test_the_doctor_of_an_empty_workspace_says_where_to_begin(desk: Desk) -> None:
    """Without digests it names the command that makes one."""
    assert "make one with “/digest schedule create”" in shown(await ask(desk, "doctor", STRANGER))


# ── what is kept ─────────────────────────────────────────────────────────────


async def test_privacy_counts_what_is_kept_here(desk: Desk) -> None:
    """Feeds and digests of this workspace in numbers, each kind of row with its time."""
    await ask(desk, "schedule create Brief")
    told = shown(await ask(desk, "privacy", READER))
    assert "1 feed, 1 digest" in told
    assert "365 days" in told


async def test_privacy_tells_the_times_that_are_set(desk: Desk) -> None:
    """An operator who keeps articles for a week has it said so."""
    desk.retention = Retention(articles=timedelta(days=7))
    assert "Articles of the feeds: for 7 days" in shown(await ask(desk, "privacy", READER))


async def test_forget_outside_a_workspace_is_refused(desk: Desk) -> None:
    """In a direct message there is no workspace to forget."""
    reply = await ask(desk, "forget x", replace(OPERATOR))
    assert isinstance(reply.error, BadOption)


# ── conduct ──────────────────────────────────────────────────────────────────


async def test_who_changed_what_is_written_down(desk: Desk) -> None:
    """Changes and refused attempts with who, what and what came of it; neither looking nor what people wrote."""
    await ask(desk, "schedule create Brief")
    await ask(desk, "schedule pause Brief", READER)
    await ask(desk, "schedule pause Nobody")
    await ask(desk, "report 1 fact this is private", READER)
    for typed in ("now", "list", "doctor", "settings", "audit"):
        await ask(desk, typed)
    log = [(one.asker, one.line, one.outcome) for one in await desk.store.changes(HERE.home)]
    assert log == [
        ("U1", 'report story=1 kind=fact note="…"', "done"),
        ("U2", "schedule pause digest=Nobody", "not_found"),
        ("U1", "schedule pause digest=Brief", "not_allowed"),
        ("U2", "schedule create name=Brief", "done"),
    ]
    told = shown(await ask(desk, "audit"))
    assert "schedule create name=Brief" in told
    assert "(not_allowed)" in told
    assert shown(await ask(desk, "audit", STRANGER)) == "Nothing has been changed yet."


async def test_a_delivery_runs_once_also_after_a_restart(desk: Desk) -> None:
    """The same id is answered and does nothing; a new desk over the same store knows it for ten minutes."""
    command = replace(parse("schedule create Brief", COMMANDS), id="trigger-1")
    assert not (await dispatch(desk, command, MANAGER)).repeated
    assert (await dispatch(desk, command, MANAGER)).repeated
    restarted = Desk(desk.store, desk.briefer, desk.publisher, desk.articles, desk.feeds, desk.clock)
    assert (await dispatch(restarted, command, MANAGER)).repeated
    assert len(await desk.store.subscriptions()) == 1
    assert not (await dispatch(restarted, replace(command, id="trigger-1"), STRANGER)).repeated
    desk.clock.tick(minutes=11)  # type: ignore[attr-defined]  # the fake clock
    assert not (await dispatch(restarted, replace(parse("list", COMMANDS), id="trigger-1"), MANAGER)).repeated


# ── snoozes ──────────────────────────────────────────────────────────────────


async def test_a_snoozed_topic_is_left_out_and_said_so(desk: Desk) -> None:
    """The channel's digest leaves its stories out with a line, another channel's has them; ended, they are back."""
    await ask(desk, "schedule create Here")
    await ask(desk, "schedule create There channel=C2")
    for digest in await desk.store.subscriptions():
        await desk.store.save_subscription(replace(digest, window_from=None))
    assert "“volcano” is left out" in shown(await ask(desk, "snooze Volcano 30"))
    told = shown(await ask(desk, "schedule preview Here"))
    assert "News of the volcano" not in told
    assert "1 story on “volcano” left out until 23 December, 09:00" in told
    assert "News of the volcano" in shown(await ask(desk, "schedule preview There"))
    listed = await ask(desk, "snooze list")
    assert "volcano · C1 · until" in shown(listed)
    assert shown(await ask(desk, "snooze list", STRANGER)) == "No topic is left out."
    await ask(desk, buttons(listed)["Let it in"])
    assert "News of the volcano" in shown(await ask(desk, "schedule preview Here"))


async def test_more_of_a_story_offers_its_topic_to_be_snoozed(desk: Desk) -> None:
    """Whoever manages finds a button for the topic it was posted under, for the channel it was posted to."""
    wanted = Subscription(0, "Brief", HERE, topics=("volcano",), next_edition_at=desk.clock.now())
    await desk.store.save_subscription(wanted)
    await desk.publisher.run_due()
    stories = await desk.store.stories(START - timedelta(hours=1), desk.clock.now())
    (told,) = [one for one in stories if "volcano" in one.articles[0].title]
    assert buttons(await ask(desk, f"more story={told.id}"))["Snooze topic"] == "snooze topic=volcano"
    thread = replace(MANAGER, channel=replace(HERE, id="C2"))
    elsewhere = buttons(await ask(desk, f"more story={told.id}", thread))["Snooze topic"]
    assert elsewhere == "snooze topic=volcano channel=C1"
    assert "“volcano” is left out" in shown(await ask(desk, elsewhere, thread))
    (snooze,) = await desk.store.snoozes(HERE.home, desk.clock.now())
    assert (snooze.channel, snooze.topic) == (HERE, "volcano")
    assert "Snooze topic" not in buttons(await ask(desk, f"more story={told.id}", READER))
    assert "Snooze topic" not in buttons(await ask(desk, f"story {told.id} share"))
    assert "Snooze topic" not in buttons(await ask(desk, f"more story={told.id - 1}"))


async def test_a_snooze_ends_by_itself_and_by_its_topic(desk: Desk) -> None:
    """After its days it is over; its topic ends it before; what is not snoozed is said to be so."""
    await ask(desk, "snooze football days=1")
    desk.clock.tick(hours=25)  # type: ignore[attr-defined]  # the fake clock
    assert shown(await ask(desk, "snooze list")) == "No topic is left out."
    await ask(desk, "snooze football")
    (one,) = await desk.store.snoozes(HERE.home, desk.clock.now())
    assert one.until - desk.clock.now() == timedelta(days=7)
    assert isinstance((await ask(desk, "snooze end football", STRANGER)).error, NotFound)
    assert "let in again" in shown(await ask(desk, "snooze end Football"))
    with pytest.raises(BadOption, match="is not understood"):
        parse("snooze football 2", COMMANDS)
