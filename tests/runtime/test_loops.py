"""The bot's loop: the faster one where there is one, asyncio's own where not."""

import asyncio

import pytest

from digestbot.runtime.loops import loop_factory


def test_without_the_library_asyncios_own_loop_serves():
    """A library that is not installed costs nothing but its speed."""
    assert loop_factory("no_such_library_of_loops") is None


def test_the_faster_loop_runs_the_same_code():
    """Where uvloop is installed, coroutines run on it, subprocesses among them."""
    pytest.importorskip("uvloop")

    async def echo() -> bytes:
        process = await asyncio.create_subprocess_exec("echo", "hello", stdout=asyncio.subprocess.PIPE)
        return (await process.communicate())[0]

    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        assert runner.run(echo()) == b"hello\n"
        assert type(runner.get_loop()).__module__.startswith("uvloop")
