"""A stand-in for an OpenAI-compatible endpoint on loopback."""

import asyncio
import contextlib
import json
from contextlib import asynccontextmanager

from aiohttp import web


@asynccontextmanager
async def endpoint(answer="", *, status=200, raw=None, headers=None, seen=None, pieces=0, pause=0.0):
    """Serve ``POST /v1/chat/completions`` and yield its base address; ``seen`` collects the requests' bodies.

    With ``pieces`` the answer comes in so many parts, ``pause`` seconds apart.
    """

    async def complete(request):
        if seen is not None:
            seen.append((dict(request.headers), await request.json()))
        if raw is not None:
            return web.Response(text=raw, status=status, headers=headers)
        body = {"choices": [{"message": {"role": "assistant", "content": answer}}]}
        if not pieces:
            return web.json_response(body, status=status, headers=headers)
        stream = web.StreamResponse(status=status, headers=headers)
        await stream.prepare(request)
        text = json.dumps(body).encode()
        for n in range(pieces):
            with contextlib.suppress(ConnectionError):  # who gave up waiting has gone
                await stream.write(text[n * len(text) // pieces : (n + 1) * len(text) // pieces])
            await asyncio.sleep(pause)
        return stream

    app = web.Application()
    app.router.add_post("/v1/chat/completions", complete)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = site._server.sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        await runner.cleanup()
