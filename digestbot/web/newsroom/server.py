"""The newsroom over HTTP with validators and 304, as a well-kept publisher answers; binds to loopback by default."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from hashlib import sha256

from aiohttp import web

from digestbot.web.newsroom.feeds import render_feed
from digestbot.web.newsroom.folder import Newsroom, Outlet, Piece
from digestbot.web.newsroom.pages import article_page, home_page, index_page

Handler = Callable[[web.Request], Awaitable[web.Response]]

PICTURE = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 9"><rect width="16" height="9" fill="#8aa"/></svg>'


async def serve(newsroom: Newsroom, host: str = "127.0.0.1", port: int = 0) -> tuple[web.AppRunner, str]:
    """Start serving and return the runner (call its ``cleanup()`` to stop) and the base URL without a final slash.

    Port 0 takes a free one.

    Raises:
        OSError: The port is taken or the host is not of this machine.

    """
    runner = web.AppRunner(application(newsroom), access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
    except OSError:
        await runner.cleanup()
        raise
    bound_host, bound_port = runner.addresses[0][:2]
    name = f"[{bound_host}]" if ":" in bound_host else bound_host
    return runner, f"http://{name}:{bound_port}"


def application(newsroom: Newsroom) -> web.Application:
    """Return the newsroom as an aiohttp application: an index; for each outlet a front page, a feed and its pages."""
    app = web.Application()
    app.router.add_get("/", _index(newsroom))
    app.router.add_get("/robots.txt", _plain("User-agent: *\nAllow: /\n", "text/plain"))
    app.router.add_get("/picture.svg", _plain(PICTURE, "image/svg+xml"))
    for outlet in newsroom.outlets:
        app.router.add_get(f"/{outlet.slug}/", _home(newsroom, outlet))
        app.router.add_get(outlet.feed_path, _feed(newsroom, outlet))
    for piece in newsroom.pieces:
        app.router.add_get(piece.path, _article(newsroom, piece))
    return app


def _feed(newsroom: Newsroom, outlet: Outlet) -> Handler:
    pieces = newsroom.published_by(outlet.slug)
    newest = max((piece.published for piece in pieces), default=newsroom.now)

    async def handle(request: web.Request) -> web.Response:
        body = render_feed(outlet, pieces, str(request.url.origin()), newsroom.now)
        return _validated(request, body, outlet.content_type, newest)

    return handle


def _article(newsroom: Newsroom, piece: Piece) -> Handler:
    more = tuple(other for other in newsroom.published_by(piece.outlet.slug) if other is not piece)

    async def handle(request: web.Request) -> web.Response:
        body = article_page(piece, more, str(request.url.origin())).encode()
        return _validated(request, body, "text/html", piece.published)

    return handle


def _home(newsroom: Newsroom, outlet: Outlet) -> Handler:
    return _plain(home_page(outlet, newsroom.published_by(outlet.slug)), "text/html")


def _index(newsroom: Newsroom) -> Handler:
    return _plain(index_page(newsroom), "text/html")


def _plain(body: str, content_type: str) -> Handler:
    async def handle(_request: web.Request) -> web.Response:
        return web.Response(text=body, content_type=content_type)

    return handle


def _validated(request: web.Request, body: bytes, content_type: str, changed: datetime) -> web.Response:
    """Answer with the body and its validators, or with 304 when the reader already has it."""
    etag = sha256(body).hexdigest()[:20]
    fresh = _is_known(request, etag, changed)
    response = (
        web.Response(status=304) if fresh else web.Response(body=body, content_type=content_type, charset="utf-8")
    )
    response.etag = etag
    response.last_modified = changed
    return response


def _is_known(request: web.Request, etag: str, changed: datetime) -> bool:
    """Return whether the reader's validators match; If-None-Match wins over the date (RFC 9110, section 13.2.2)."""
    if request.if_none_match is not None:
        return any(known.value in {etag, "*"} for known in request.if_none_match)
    return request.if_modified_since is not None and changed <= request.if_modified_since
