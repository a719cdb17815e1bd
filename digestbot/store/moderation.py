"""Reports and corrections, who changed what, what waits for a yes, and which invocations were run."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, Table, delete, exists, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from digestbot.domain.digest import Delivery, Digest, Message
from digestbot.domain.errors import NotFound
from digestbot.domain.subscription import Channel, Workspace
from digestbot.domain.timekeeping import Timekeeping
from digestbot.ports import Retention
from digestbot.ports.workspaces import Change, Correction, Report, ReportState
from digestbot.store.database import insert_first, new_id, put
from digestbot.store.documents import digest_to_json
from digestbot.store.outbox import load_deliveries
from digestbot.store.rows import Role, channel_of
from digestbot.store.tables import deliveries, editions, parts, posted
from digestbot.store.workspace_tables import audit, corrections, handled, held, owners, reports, snoozes, workspaces

OF_A_WORKSPACE = (workspaces, owners, snoozes, reports, corrections, audit, held)
"""The tables whose rows belong to a workspace and to nobody else."""


class SqlConduct(Role):
    """The WorkspaceStore port's reports, corrections, audit log and memory of invocations on a database."""

    async def add_report(self, report: Report) -> Report:
        """Keep a report (``id`` 0) and return it with its number."""
        names = ("story_id", "kind", "note", "made_by", "at", "state", "closed_by", "closed_at")
        row = _place(report.channel) | {name: getattr(report, name) for name in names}
        async with self._database.write() as connection:
            return await _report(connection, new_id(await connection.execute(insert(reports).values(row))))

    async def report(self, report_id: int) -> Report:
        """Return one report."""
        async with self._database.read() as connection:
            return await _report(connection, report_id)

    async def reports(self, home: Workspace, state: ReportState | None = None, limit: int = 50) -> Sequence[Report]:
        """Return a workspace's reports, newest first; those in one state when given."""
        statement = select(reports).where(_of(reports, home)).order_by(reports.c.id.desc()).limit(limit)
        if state is not None:
            statement = statement.where(reports.c.state == state)
        async with self._database.read() as connection:
            return [_report_of(row) for row in await connection.execute(statement)]

    async def close_report(self, report_id: int, state: ReportState, closed_by: str, now: datetime) -> bool:
        """Close an open report; False where it is closed already."""
        async with self._database.write() as connection:
            await _report(connection, report_id)
            closed = update(reports).where(reports.c.id == report_id, reports.c.state == "open")
            done = await connection.execute(closed.values(state=state, closed_by=closed_by, closed_at=now))
            return bool(done.rowcount)

    async def add_correction(self, correction: Correction) -> Correction:
        """Keep a correction (``id`` 0) and return it with its number."""
        row = {
            "platform": correction.home.platform,
            "workspace": correction.home.id,
            "story_id": correction.story_id,
            "report_id": correction.report_id,
            "document": {
                "text": correction.text,
                "quotes": list(correction.quotes),
                "withdrawn": correction.withdrawn,
            },
            "made_by": correction.made_by,
            "at": correction.at,
        }
        async with self._database.write() as connection:
            number = new_id(await connection.execute(insert(corrections).values(row)))
            found = await connection.execute(select(corrections).where(corrections.c.id == number))
            return _correction(found.one())

    async def corrections(self, home: Workspace, story_ids: Sequence[int]) -> Sequence[Correction]:
        """Return what a workspace corrected in these stories, oldest first."""
        wanted = _of(corrections, home) & corrections.c.story_id.in_(story_ids)
        async with self._database.read() as connection:
            rows = await connection.execute(select(corrections).where(wanted).order_by(corrections.c.id))
            return [_correction(row) for row in rows]

    async def deliveries_of(self, home: Workspace, story_id: int) -> Sequence[Delivery]:
        """Return the deliveries that posted a story into channels of a workspace, oldest first."""
        told = exists().where(
            posted.c.platform == deliveries.c.platform,
            posted.c.workspace == deliveries.c.workspace,
            posted.c.channel == deliveries.c.channel,
            posted.c.at == editions.c.at,
            posted.c.story_id == story_id,
        )
        async with self._database.read() as connection:
            return await load_deliveries(connection, _of(deliveries, home) & told, deliveries.c.id.asc(), 100)

    async def undelivered(self, home: Workspace, limit: int = 20) -> Sequence[Delivery]:
        """Return what could not be delivered to a workspace's channels, newest first."""
        wanted = _of(deliveries, home) & (deliveries.c.state == "undeliverable")
        async with self._database.read() as connection:
            return await load_deliveries(connection, wanted, deliveries.c.id.desc(), limit)

    async def correct_delivery(self, delivery_id: int, digest: Digest, messages: Sequence[Message]) -> None:
        """Put a corrected digest and its messages, one for each part, in the place of what was written."""
        async with self._database.write() as connection:
            found = await connection.execute(select(deliveries.c.edition_id).where(deliveries.c.id == delivery_id))
            edition_id = found.scalar()
            if edition_id is None:
                raise NotFound("delivery", delivery_id)
            document = {"digest": digest_to_json(digest)}
            await connection.execute(update(editions).where(editions.c.id == edition_id).values(document))
            for number, message in enumerate(messages):
                part = (parts.c.delivery_id == delivery_id) & (parts.c.number == number)
                values = {"payload": message.payload, "text": message.text}
                await connection.execute(update(parts).where(part).values(values))

    async def record_change(self, change: Change) -> None:
        """Write a line of the audit log."""
        names = ("asker", "command", "line", "outcome", "at")
        row = _place(change.channel) | {name: getattr(change, name) for name in names}
        async with self._database.write() as connection:
            await connection.execute(insert(audit).values(row))

    async def changes(self, home: Workspace | None = None, limit: int = 20) -> Sequence[Change]:
        """Return the audit log, newest first: one workspace's, or everybody's."""
        statement = select(audit).order_by(audit.c.id.desc()).limit(limit)
        if home is not None:
            statement = statement.where(_of(audit, home))
        async with self._database.read() as connection:
            return [
                Change(row.id, channel_of(row), row.asker, row.command, row.line, row.outcome, row.at)
                for row in await connection.execute(statement)
            ]

    async def hold(self, key: str, home: Workspace, document: Mapping[str, object], now: datetime) -> None:
        """Keep a JSON document until somebody says yes to it."""
        row = {"key": key, "platform": home.platform, "workspace": home.id, "document": dict(document), "at": now}
        async with self._database.write() as connection:
            await put(connection, held, row, "key")

    async def held(self, key: str, home: Workspace) -> Mapping[str, object] | None:
        """Return what is held under a key for a workspace, or None."""
        async with self._database.read() as connection:
            statement = select(held.c.document).where(held.c.key == key, _of(held, home))
            document: Mapping[str, object] | None = (await connection.execute(statement)).scalar()
            return document

    async def first(self, key: str, now: datetime, within: timedelta) -> bool:
        """Tell whether a key is met for the first time in ``within``, and remember it."""
        async with self._database.write() as connection:
            await connection.execute(delete(handled).where(handled.c.key == key, handled.c.at <= now - within))
            return await insert_first(connection, handled, {"key": key, "at": now}, "key")


def _place(channel: Channel) -> dict[str, Any]:
    return {"platform": channel.platform, "workspace": channel.workspace, "channel": channel.id}


def _of(table: Table, home: Workspace) -> ColumnElement[bool]:
    return (table.c.platform == home.platform) & (table.c.workspace == home.id)


async def _report(connection: AsyncConnection, report_id: int) -> Report:
    row = (await connection.execute(select(reports).where(reports.c.id == report_id))).first()
    if row is None:
        raise NotFound("report", report_id)
    return _report_of(row)


def _report_of(row: Row[Any]) -> Report:
    return Report(
        id=row.id,
        channel=channel_of(row),
        story_id=row.story_id,
        kind=row.kind,
        note=row.note,
        made_by=row.made_by,
        at=row.at,
        state=row.state,
        closed_by=row.closed_by,
        closed_at=row.closed_at,
    )


def _correction(row: Row[Any]) -> Correction:
    told = row.document
    return Correction(
        id=row.id,
        home=Workspace(row.platform, row.workspace),
        story_id=row.story_id,
        text=told["text"],
        quotes=tuple(told["quotes"]),
        withdrawn=told["withdrawn"],
        made_by=row.made_by,
        at=row.at,
        report_id=row.report_id,
    )


async def forget_conduct(connection: AsyncConnection, home: Workspace) -> None:
    """Remove every row of a workspace beside its feeds and digests."""
    for table in OF_A_WORKSPACE:
        await connection.execute(delete(table).where(_of(table, home)))


async def prune_conduct(connection: AsyncConnection, retention: Retention, clock: Timekeeping) -> None:
    """Remove what has outlived its time."""
    old, over = clock.before(retention.audit), clock.before(retention.held)
    await connection.execute(delete(audit).where(audit.c.at < old))
    await connection.execute(delete(reports).where(reports.c.at < old, reports.c.state != "open"))
    await connection.execute(delete(corrections).where(corrections.c.at < old))
    await connection.execute(delete(snoozes).where(snoozes.c.until < over))
    await connection.execute(delete(held).where(held.c.at < over))
    await connection.execute(delete(handled).where(handled.c.at < over))
