"""A stand-in for the hub on loopback: the parts of its HTTP interface that a fetch uses, over a folder of files."""

from contextlib import asynccontextmanager
from hashlib import sha1, sha256

from aiohttp import web

REVISION = "0123456789abcdef0123456789abcdef01234567"


def _entry(path):
    data = path.read_bytes()
    blob = sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()
    large = {"sha256": sha256(data).hexdigest(), "size": len(data), "pointerSize": 130} if _is_large(path) else None
    return {"rfilename": path.name, "size": len(data), "blobId": blob, **({"lfs": large} if large else {})}


def _is_large(path):
    return path.suffix in {".safetensors", ".bin"}


@asynccontextmanager
async def hub(folder, *, name="owner/tiny", damage=(), seen=None):
    """Serve the model in ``folder`` as ``name`` and yield the hub's address.

    Files named in ``damage`` are served with their last byte changed; ``seen`` collects the paths asked for.
    """
    entries = {path.name: _entry(path) for path in sorted(folder.iterdir())}

    @web.middleware
    async def remember(request, handler):
        if seen is not None:
            seen.append(f"{request.method} {request.path}")
        return await handler(request)

    async def model(request):
        if f"{request.match_info['owner']}/{request.match_info['name']}" != name:
            return web.json_response(
                {"error": "Repository not found"}, status=404, headers={"X-Error-Code": "RepoNotFound"}
            )
        return web.json_response({"id": name, "sha": REVISION, "siblings": list(entries.values())})

    async def tree(_):
        return web.json_response(
            [
                {"type": "file", "path": e["rfilename"], "size": e["size"], "oid": e["blobId"]}
                | ({"lfs": {**e["lfs"], "oid": e["lfs"]["sha256"]}} if "lfs" in e else {})
                for e in entries.values()
            ]
        )

    async def resolve(request):
        entry = entries[request.match_info["path"]]
        digest = entry["lfs"]["sha256"] if "lfs" in entry else entry["blobId"]
        data = (folder / entry["rfilename"]).read_bytes()
        if entry["rfilename"] in damage:
            data = data[:-1] + bytes([data[-1] ^ 1])
        return web.Response(body=data, headers={"ETag": f'"{digest}"', "X-Repo-Commit": REVISION})

    app = web.Application(middlewares=[remember])
    app.router.add_get("/api/models/{owner}/{name}", model)
    app.router.add_get("/api/models/{owner}/{name}/revision/{revision}", model)
    app.router.add_get("/api/models/{owner}/{name}/tree/{revision}", tree)
    app.router.add_get("/{owner}/{name}/resolve/{revision}/{path}", resolve)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{site._server.sockets[0].getsockname()[1]}"
    finally:
        await runner.cleanup()
