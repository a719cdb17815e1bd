"""The login form, the way out, and the files of ours that pages load."""

from pathlib import PurePosixPath

from aiohttp import hdrs, web

from digestbot.web.access import COOKIE, GUARD, SESSION
from digestbot.web.pages import STATIC, page
from digestbot.web.pages.making import static_bytes, static_path

FOREVER = "public, max-age=31536000, immutable"
"""A file's address changes with the file."""


def routes() -> list[web.RouteDef]:
    """Return the routes of the login form, the way out and the static files."""
    return [
        web.get("/login", form, name="login"),
        web.post("/login", log_in),
        web.post("/logout", log_out),
        web.get(r"/static/{version:[0-9a-f]{12}}/{name:[a-z]+\.[a-z]+}", static),
    ]


async def form(request: web.Request) -> web.Response:
    """Answer with the login form."""
    return page(request, "login.html", plain=True, title="Log in", to=inside(request.query.get("to", "")), wrong=False)


async def log_in(request: web.Request) -> web.Response:
    """Give a session to whoever has the token, and lead them where they wanted to go."""
    fields = await request.post()
    to = inside(str(fields.get("to", "")))
    guard = request.app[GUARD]
    if not guard.is_token(str(fields.get("token", "")), request):
        return page(request, "login.html", status=403, plain=True, title="Log in", to=to, wrong=True)
    response = web.Response(status=303, headers={hdrs.LOCATION: to})
    response.set_cookie(
        COOKIE, guard.session(), max_age=SESSION, path="/", httponly=True, samesite="Lax", secure=_is_https(request)
    )
    return response


async def log_out(_request: web.Request) -> web.Response:
    """Take the session away."""
    response = web.Response(status=303, headers={hdrs.LOCATION: "/login"})
    response.del_cookie(COOKIE, path="/", httponly=True, samesite="Lax")
    return response


def inside(address: str) -> str:
    """Return an address of ours to lead to, the front page for any other."""
    is_ours = address.startswith("/") and not address.startswith(("//", "/\\")) and "\\" not in address
    return address if is_ours and address.isprintable() else "/"


def _is_https(request: web.Request) -> bool:
    """Tell whether the reader's browser speaks HTTPS, to us or to the proxy before us."""
    return request.secure or request.headers.get("X-Forwarded-Proto", "").lower() == "https"


async def static(request: web.Request) -> web.Response:
    """Answer with a file of ours, to be kept for good."""
    name = request.match_info["name"]
    try:
        body = static_bytes(name)
    except FileNotFoundError as error:
        raise web.HTTPNotFound from error
    if request.path != static_path(name):
        raise web.HTTPNotFound
    kind = STATIC[PurePosixPath(name).suffix]
    return web.Response(body=body, content_type=kind, charset="utf-8", headers={hdrs.CACHE_CONTROL: FOREVER})
