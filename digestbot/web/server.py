"""Serves the rooms over HTTP; refuses an address that others reach without asking who they are."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

from aiohttp import web

from digestbot.domain.errors import ConfigError
from digestbot.web import control, health, login, previews, reading
from digestbot.web.access import GUARD, Guard
from digestbot.web.desk import DESK, Desk
from digestbot.web.middleware import guard_headers, with_guard, with_log

LONGEST_FORM = 16 * 1024
"""Bytes of a request's body; the only form is the login."""
GRACE = 2.0
"""Seconds that answers under way are given to end."""


def application(
    desk: Desk, guard: Guard | None = None, callbacks: Iterable[web.AbstractRouteDef] = ()
) -> web.Application:
    """Return the web room as an aiohttp application; ``callbacks`` are routes of other rooms, such as hubs call."""
    app = web.Application(middlewares=[with_log, with_guard], client_max_size=LONGEST_FORM)
    app.on_response_prepare.append(guard_headers)
    app[DESK] = desk
    app[GUARD] = guard or Guard()
    for room in (login, reading, previews, control, health):
        app.router.add_routes(room.routes())
    app.router.add_routes(callbacks)
    return app


@asynccontextmanager
async def serving(
    desk: Desk, guard: Guard, host: str, port: int, callbacks: Iterable[web.AbstractRouteDef] = ()
) -> AsyncIterator[str]:
    """Serve while the context lasts; yield the base URL, without a final slash.

    Raises:
        ConfigError: The address is reached from outside and nobody would be asked who they are, or cannot be taken.

    """
    guard.require(host)
    runner = web.AppRunner(
        application(desk, guard, callbacks), access_log=None, handle_signals=False, shutdown_timeout=GRACE
    )
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            raise ConfigError(
                [f"web.port: {host}:{port} cannot be listened on ({error.strerror or error})"],
                hint="choose another web.port, or end what listens there",
            ) from error
        bound_host, bound_port = runner.addresses[0][:2]
        name = f"[{bound_host}]" if ":" in bound_host else bound_host
        yield f"http://{name}:{bound_port}"
    finally:
        await runner.cleanup()
