"""The queue on a real PostgreSQL: nothing runs twice at once, nothing is lost with its worker, a host keeps its gap."""

import asyncio
import logging
import time
from collections import Counter
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import psycopg
import pytest
from procrastinate.exceptions import ConnectorException
from procrastinate.manager import JobManager
from structlog.testing import capture_logs

from digestbot.domain.errors import SchemaTooOld, StoreUnavailable
from digestbot.runtime.queue import (
    PostgresTurns,
    QueueDispatcher,
    Workers,
    open_queue,
    prepare_queue,
    queue_version,
    require_queue,
)
from digestbot.runtime.queue.connection import QUEUE_NAMES
from digestbot.runtime.queue.failures import lost
from digestbot.runtime.queue.host_turns import KEEP
from digestbot.runtime.queue.jobs import JobBook
from digestbot.runtime.work import Job, Work
from tests.rigs.postgresql import PostgreSQL, postgresql

__all__ = ["postgresql"]
OLD = "UPDATE procrastinate_workers SET last_heartbeat = now() - interval '1 minute'"


@pytest.fixture
async def url(postgresql: PostgreSQL):
    """Return the address of a database with the queue's tables."""
    address = postgresql.url(postgresql.new_database())
    await prepare_queue(address)
    return address


class Rows:
    """Numbered things that are due until they are done; ``at_once`` counts how many of a lock run together."""

    def __init__(self, locks, seconds=0.02):
        self.due = dict(enumerate(locks, 1))
        self.done, self.running, self.at_once = Counter(), Counter(), Counter()
        self.seconds = seconds

    async def find(self):
        """Return what is due."""
        return [Job(number, lock) for number, lock in self.due.items()]

    async def do(self, number):
        """Do one thing, if it is still due."""
        if number not in self.due:
            return False
        lock = self.due[number]
        self.running[lock] += 1
        self.at_once[lock] = max(self.at_once[lock], self.running[lock])
        await asyncio.sleep(self.seconds)
        self.running[lock] -= 1
        self.due.pop(number, None)
        self.done[number] += 1
        return True

    def work(self):
        """Return them as the refresh step."""
        return {"refresh": Work(self.find, self.do)}


async def until(claim, seconds=20):
    """Wait until a claim holds."""
    end = time.monotonic() + seconds
    while not claim():
        assert time.monotonic() < end, "it did not come about"
        await asyncio.sleep(0.02)


async def serving(stack, url, rows, **more):
    """Open a queue with workers of its own, as another process would; return it."""
    queue = await stack.enter_async_context(open_queue(url, stalled_after=3))
    task = asyncio.create_task(Workers(queue, rows.work(), grace=0.5, **more).run())

    async def end():
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    stack.push_async_callback(end)
    return queue


async def test_the_tables_are_made_once(postgresql: PostgreSQL):
    """Without them a process refuses with a sentence; making them twice is harmless."""
    url = postgresql.url(postgresql.new_database())
    assert await queue_version(url) is None
    with pytest.raises(SchemaTooOld, match="digestbot migrate"):
        await require_queue(url)
    before, after = await prepare_queue(url)
    assert (before, await queue_version(url)) == (None, after)
    assert await prepare_queue(url) == (after, after)
    await require_queue(url)


async def test_a_database_that_is_away_is_a_sentence():
    """A queue that cannot be reached is an error of ours, not the library's."""
    with pytest.raises(StoreUnavailable):
        await queue_version("postgresql://nobody@127.0.0.1:9/none")


async def test_two_processes_share_the_work_and_nothing_is_done_twice(url):
    """Every thing is done once, and things under one lock one after the other, whoever does them."""
    rows = Rows(["a"] * 6 + ["b"] * 6 + [f"c{n}" for n in range(12)])
    async with AsyncExitStack() as stack:
        first = await serving(stack, url, rows)
        await serving(stack, url, rows)
        await QueueDispatcher(first).wake("refresh")
        await until(lambda: not rows.due)
    assert set(rows.done.values()) == {1}
    assert set(rows.at_once.values()) == {1}


async def test_a_worker_that_is_stopped_lets_its_jobs_end(url):
    """What is under way when it is told to stop is done and out of the queue before it has stopped."""
    rows = Rows(["a"], seconds=1.0)
    async with open_queue(url, stalled_after=3) as queue:
        task = asyncio.create_task(Workers(queue, rows.work(), grace=5).run())
        await QueueDispatcher(queue).wake("refresh")
        await until(lambda: rows.running["a"])
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert rows.done[1] == 1
        assert [job.status for job in await queue.app.job_manager.list_jobs_async(task="refresh")] == []


async def test_a_worker_is_told_to_stop_once(url, monkeypatch):
    """A second cancelling would break off the time in which its jobs may end."""
    begun, ended = [], []

    async def keep(_, name, __):
        begun.append(name)
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            await asyncio.sleep(0.2)
            ended.append(name)
            raise

    monkeypatch.setattr(Workers, "_keep", keep)
    async with open_queue(url, stalled_after=3) as queue:
        task = asyncio.create_task(Workers(queue, {}).run())
        await until(lambda: len(begun) == 3)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert sorted(ended) == sorted(begun)


async def test_many_ticks_are_one_look(url):
    """While a look waits in the queue, another tick adds nothing: several schedulers are as good as one."""
    async with open_queue(url) as queue, open_queue(url) as other:
        for _ in range(3):
            await QueueDispatcher(queue).wake("refresh")
            await QueueDispatcher(other).wake("refresh")
        assert len(list(await queue.app.job_manager.list_jobs_async())) == 1


async def test_the_jobs_of_a_dead_worker_are_taken_up(url):
    """A worker that stops without a word loses its job to another once its heartbeat is old; a live one keeps it."""
    rows = Rows(["a"])
    async with AsyncExitStack() as stack:
        dead = await stack.enter_async_context(open_queue(url, stalled_after=3))
        manager = dead.app.job_manager
        deferrer = dead.app.configure_task("refresh", queue="refresh", lock="a", queueing_lock="refresh:1")
        await deferrer.defer_async(number=1)
        number = await manager.register_worker()
        assert await manager.fetch_job(queues=["refresh"], worker_id=number)
        rescuer = Workers(dead, {})
        assert await rescuer.rescue() == 0
        await dead.connector.execute_query_async(OLD)
        await serving(stack, url, rows)
        await until(lambda: rows.done[1] == 1)


async def test_a_job_taken_up_by_a_machine_whose_clock_is_ahead_waits_for_nothing(url, monkeypatch):
    """When it runs again is the database's business: a rescuer that is an hour ahead puts nothing off by an hour."""
    rows = Rows(["a", "a"])
    async with AsyncExitStack() as stack:
        dead = await stack.enter_async_context(open_queue(url, stalled_after=3))
        manager = dead.app.job_manager
        for number in (1, 2):
            deferrer = dead.app.configure_task("refresh", queue="refresh", lock="a", queueing_lock=f"refresh:{number}")
            await deferrer.defer_async(number=number)
        assert await manager.fetch_job(queues=["refresh"], worker_id=await manager.register_worker())
        await dead.connector.execute_query_async(OLD)
        monkeypatch.setattr("procrastinate.utils.utcnow", lambda: datetime.now(UTC) + timedelta(hours=1))
        assert await Workers(dead, {}).rescue() == 1
        await serving(stack, url, rows)
        await until(lambda: rows.done == {1: 1, 2: 1})


async def test_what_somebody_waits_for_goes_first(url):
    """A brief that is asked for is made although the queue is full of batch work."""
    rows, asked = Rows([f"c{n}" for n in range(60)], seconds=0.1), []

    async def brief(story_id, length):
        asked.append((story_id, length, len(rows.due)))
        return True

    async with AsyncExitStack() as stack:
        queue = await serving(stack, url, rows, refreshes=2, asked=brief)
        dispatcher = QueueDispatcher(queue)
        await dispatcher.wake("refresh")
        await until(lambda: rows.done)
        assert await dispatcher.ask_for_brief(7, "short")
        await until(lambda: asked)
    ((story, length, left),) = asked
    assert (story, length) == (7, "short")
    assert left > 30


async def test_a_host_is_asked_by_one_process_at_a_time_with_a_gap(url):
    """Turns of one host never overlap and keep the gap between processes; another host waits for nobody."""
    spans, gap = [], 0.2

    async def ask(turns, host, times):
        for _ in range(times):
            async with turns.turn(host, gap):
                began = time.monotonic()
                await asyncio.sleep(0.01)
                spans.append((host, began, time.monotonic()))

    async with open_queue(url) as one, open_queue(url) as two:
        await asyncio.gather(
            ask(PostgresTurns(one), "a", 3), ask(PostgresTurns(two), "a", 3), ask(PostgresTurns(two), "b", 1)
        )
    mine = sorted((began, ended) for host, began, ended in spans if host == "a")
    assert all(after - before >= gap * 0.95 for (_, before), (after, _) in pairwise(mine))
    assert next(began for host, began, _ in spans if host == "b") < mine[1][0]


async def test_a_crash_of_a_step_ends_no_worker(url):
    """A step that breaks down is logged; the next thing is done all the same."""
    rows = Rows(["a", "b"])
    whole, broken = rows.do, []

    async def do(number):
        if number == 1 and not broken:
            broken.append(number)
            raise RuntimeError("a fault of ours")
        return await whole(number)

    rows.do = do
    async with AsyncExitStack() as stack:
        queue = await serving(stack, url, rows)
        await QueueDispatcher(queue).wake("refresh")
        await until(lambda: rows.done[2] == 1)
        await QueueDispatcher(queue).wake("refresh")
        await until(lambda: rows.done[1] == 1)


@pytest.mark.slow
async def test_a_lost_database_is_a_sentence_in_the_log(url, caplog, postgresql: PostgreSQL):
    """When the server goes away and comes back the log has no traceback, work goes on, and jobs are heard of again."""
    rows = Rows(["a"])
    async with AsyncExitStack() as stack:
        queue = await serving(stack, url, rows)
        await QueueDispatcher(queue).wake("refresh")
        await until(lambda: rows.done[1] == 1)
        await asyncio.to_thread(postgresql.stop)
        await asyncio.to_thread(postgresql.start)
        rows.due[2] = "a"
        for _ in range(80):
            await QueueDispatcher(queue).wake("refresh")
            await asyncio.sleep(0.25)
            if rows.done[2] and await listening(queue) == len(QUEUE_NAMES):
                break
        assert rows.done[2] == 1
        assert await listening(queue) == len(QUEUE_NAMES)
    assert not [record for record in caplog.records if record.exc_info or record.levelno > logging.WARNING]


async def listening(queue):
    """Return how many connections listen for jobs."""
    asked = "SELECT count(*) AS them FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%%'"
    try:
        return (await queue.connector.execute_query_one_async(asked))["them"]
    except ConnectorException:
        return 0


@pytest.mark.slow
async def test_a_sign_of_life_that_fails_is_not_the_last(url, monkeypatch):
    """A worker whose heartbeat could not be written once writes the next: its jobs are not taken up while they run."""
    rows, given = Rows(["a"], seconds=6.0), []
    whole = JobManager.update_heartbeat

    async def now_and_then(self, worker_id):
        given.append(worker_id)
        if len(given) <= len(QUEUE_NAMES):
            raise ConnectorException from psycopg.OperationalError("the connection is lost")
        await whole(self, worker_id)

    monkeypatch.setattr(JobManager, "update_heartbeat", now_and_then)
    async with AsyncExitStack() as stack:
        queue = await serving(stack, url, rows)
        await QueueDispatcher(queue).wake("refresh")
        await until(lambda: rows.done[1])
    assert (rows.done[1], rows.at_once["a"]) == (1, 1)


async def test_a_fault_of_a_kind_not_known_keeps_its_traceback():
    """Only connections that the server ended or refused are told in a sentence; a wrong statement is not among them."""
    refused = ConnectorException()
    refused.__cause__ = psycopg.errors.UndefinedTable("no such table")
    assert lost(refused) is None
    assert lost(RuntimeError("a fault of ours")) is None
    refused.__cause__ = psycopg.errors.AdminShutdown("terminating connection")
    assert "terminating connection" in str(lost(refused))


async def test_a_pool_that_cannot_connect_says_so_once(url, caplog):
    """While the database is away the pool's warnings at every try are one sentence of ours."""
    async with open_queue(url):
        caplog.clear()
        for _ in range(20):
            refused = psycopg.OperationalError("connection refused\n\tIs the server running?")
            logging.getLogger("psycopg.pool").warning("error connecting in %r: %s", "pool-1", refused)
    (said,) = [record.getMessage() for record in caplog.records if record.name == "psycopg.pool"]
    assert said.startswith(
        "error connecting in 'pool-1': the queue in the database cannot be asked (connection refused)"
    )


async def test_a_look_that_cannot_ask_the_queue_is_a_sentence(url, monkeypatch):
    """A look whose statement fails ends as a warning of ours; the next tick looks again."""
    async with open_queue(url) as queue:
        book = JobBook(queue, Rows(["a"]).work())

        async def gone(*_, **__):
            raise ConnectorException from psycopg.OperationalError("the connection is lost")

        monkeypatch.setattr(queue.connector, "execute_query_all_async", gone)
        with capture_logs() as told:
            await book._look("refresh")
    (said,) = told
    assert "the connection is lost" in said["error"]
    assert (said["log_level"], said["step"]) == ("warning", "refresh")


async def test_a_renewal_that_is_on_its_way_when_the_turn_ends_holds_the_host_no_longer(url, monkeypatch):
    """It is waited for before the turn is given back, so that the host is free after the gap, not after a lease."""
    ask, kept = PostgresTurns._ask, []

    async def slow(turns, statement, **values):
        if statement != KEEP:
            return await ask(turns, statement, **values)
        try:
            await asyncio.sleep(9)
        except asyncio.CancelledError:
            await asyncio.sleep(0.1)
            kept.append(await ask(turns, statement, **values))
            raise

    monkeypatch.setattr(PostgresTurns, "_ask", slow)
    async with open_queue(url, stalled_after=1.5) as queue:
        async with PostgresTurns(queue).turn("a", 0.0):
            await asyncio.sleep(0.6)
        assert kept == [1]
        async with asyncio.timeout(0.7), PostgresTurns(queue).turn("a", 0.0):
            pass


async def test_a_slow_request_keeps_its_turn_and_a_dead_process_does_not(url):
    """A turn that is held longer than the lease stays held; one whose process died is free when the lease ends."""
    async with open_queue(url, stalled_after=0.9) as one, open_queue(url) as two:
        order = []

        async def later():
            async with PostgresTurns(two).turn("a", 0.0):
                order.append("second")

        async with PostgresTurns(one).turn("a", 0.0):
            waiting = asyncio.create_task(later())
            await asyncio.sleep(2)
            order.append("first")
        await asyncio.wait_for(waiting, 10)
        assert order == ["first", "second"]
        dead = "INSERT INTO digestbot_host_turns VALUES ('b', 'gone', clock_timestamp() + interval '1 second')"
        await one.connector.execute_query_async(dead)
        async with PostgresTurns(two).turn("b", 0.0):
            order.append("third")
        assert order[-1] == "third"
