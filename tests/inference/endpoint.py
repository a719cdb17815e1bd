"""A stand-in for an OpenAI-compatible endpoint on loopback."""

from contextlib import asynccontextmanager

from aiohttp import web


@asynccontextmanager
async def endpoint(answer="", *, status=200, raw=None, headers=None, seen=None):
    """Serve ``POST /v1/chat/completions`` and yield its base address; ``seen`` collects the requests' bodies."""

    async def complete(request):
        if seen is not None:
            seen.append((dict(request.headers), await request.json()))
        if raw is not None:
            return web.Response(text=raw, status=status, headers=headers)
        return web.json_response(
            {"choices": [{"message": {"role": "assistant", "content": answer}}]}, status=status, headers=headers
        )

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
