"""The sandbox: answers, typed errors, and death at the deadline."""

import asyncio
import os
import pickle
import signal
import time

import pytest

from digestbot.domain.errors import NotAFeed, SourceError, TooLarge
from digestbot.sources.feeds import parse_feed
from digestbot.sources.sandbox import Limits, Sandbox
from digestbot.sources.sandbox.wire import unpack
from tests.rigs.feeds import rss

URL = "https://a.example/feed"


def spin(seconds: float) -> None:
    """Use CPU."""
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass


def sleep(seconds: float) -> None:
    """Use none."""
    time.sleep(seconds)


def eat(size: int) -> int:
    """Use memory."""
    return len(bytearray(size))


def crash() -> None:
    """Break down as a parser might."""
    raise ZeroDivisionError


def fall(number: int) -> None:
    """End by a signal, as broken C code does."""
    if number != signal.SIGKILL:
        signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)


def session() -> int:
    """Tell whose session this is."""
    return os.getsid(0)


def environment() -> dict[str, str]:
    """Tell what the worker sees of the environment."""
    return dict(os.environ)


def write(path: str) -> None:
    """Try to write a file."""
    with open(path, "wb") as file:  # noqa: PTH123 - as plain as a parser's would be
        file.write(b"x" * 10)


async def test_it_answers_and_raises_like_the_function():
    """Answers and typed errors come back as if it had run here, one worker serving many tasks."""
    sandbox = Sandbox(workers=1)
    try:
        parsed = await sandbox.run(URL, parse_feed, rss(("1", "One")), URL)
        assert parsed == parse_feed(rss(("1", "One")), URL)
        with pytest.raises(NotAFeed) as caught:
            await sandbox.run(URL, parse_feed, b"hello", URL)
        assert str(caught.value) == f"{URL} is not a feed; {NotAFeed.hint}"
        assert len(sandbox._all) == 1
    finally:
        await sandbox.close()


async def test_a_worker_is_killed_at_its_deadline():
    """CPU and wall-clock deadlines and the memory cap are TooLarge; the next task gets a fresh worker."""
    sandbox = Sandbox(workers=1, limits=Limits(cpu_seconds=0.3, wall_seconds=4.0, memory_bytes=1024**3))
    try:
        began = time.monotonic()
        with pytest.raises(TooLarge):
            await sandbox.run(URL, spin, 60.0)
        assert time.monotonic() - began < 15
        with pytest.raises(TooLarge):
            await sandbox.run(URL, sleep, 60.0)
        with pytest.raises(TooLarge):
            await sandbox.run(URL, eat, 4 * 1024**3)
        with pytest.raises(SourceError):
            await sandbox.run(URL, crash)
        assert await sandbox.run(URL, eat, 10) == 10
    finally:
        await sandbox.close()


async def test_only_the_limits_make_a_feed_too_large():
    """A parser that crashes broke down; the timer's signal and the kernel's for want of memory mean too much."""
    sandbox = Sandbox(workers=1)
    try:
        for number, too_large in ((signal.SIGSEGV, False), (signal.SIGINT, False), (signal.SIGKILL, True)):
            with pytest.raises(SourceError) as caught:
                await sandbox.run(URL, fall, number)
            assert isinstance(caught.value, TooLarge) is too_large
    finally:
        await sandbox.close()


async def test_ctrl_c_reaches_no_worker():
    """A terminal interrupts its whole group; workers are in a session of their own, or a feed would be blamed."""
    sandbox = Sandbox(workers=1)
    try:
        assert await sandbox.run(URL, session) != os.getsid(0)
    finally:
        await sandbox.close()


async def test_a_cancelled_task_takes_its_worker_along():
    """Nobody waits for an answer nobody wants."""
    sandbox = Sandbox(workers=1)
    try:
        waiting = asyncio.create_task(sandbox.run(URL, sleep, 60.0))
        await asyncio.sleep(0.3)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert not sandbox._all
        assert await sandbox.run(URL, eat, 10) == 10
    finally:
        await sandbox.close()


async def test_a_worker_has_no_secrets_and_writes_no_files(tmp_path, monkeypatch):
    """The environment's tokens stay here, and a file cannot be written there."""
    monkeypatch.setenv("DIGESTBOT_DISCORD__TOKEN", "secret")
    sandbox = Sandbox(workers=1)
    try:
        assert "secret" not in (await sandbox.run(URL, environment)).values()
        with pytest.raises(SourceError):
            await sandbox.run(URL, write, str(tmp_path / "file"))
        assert not (tmp_path / "file").exists() or not (tmp_path / "file").read_bytes()
    finally:
        await sandbox.close()


@pytest.mark.parametrize("value", [os.system, eval, time.sleep, ZeroDivisionError])
def test_only_our_own_values_come_back(value: object):
    """A reply that names anything but our own classes is refused: a worker may have been taken over."""
    with pytest.raises(pickle.UnpicklingError):
        unpack(pickle.dumps(value))


KILLERS = {
    "comments": "<![CDATA[" + "<!--" * 50_000 + "]]>",
    "nesting": "<![CDATA[" + "<div>" * 100_000 + "]]>",
    "quotes": "<![CDATA[" + "<a '" * 100_000 + "]]>",
    "entities": "&amp;amp;" * 100_000,
    "opening": "<![CDATA[" + "<" * 1_000_000 + "]]>",
    "scripts": "<![CDATA[" + "<script>" * 100_000 + "]]>",
}


@pytest.mark.parametrize("text", KILLERS.values(), ids=KILLERS.keys())
def test_known_killers_take_no_time(text: str):
    """What makes sanitisers quadratic is read in less than two seconds, in one pass."""
    data = (
        f"<rss version='2.0'><channel><item><title>One</title><description>{text}</description></item></channel></rss>"
    )
    began = time.process_time()
    assert parse_feed(data.encode(), URL).entries[0].title == "One"
    assert time.process_time() - began < 2
