"""How every answer is given: who may have it, what a browser may do with it, and one line in the log.

The log keeps the path alone: a query may carry a feed's key or what somebody searches for.
"""

from collections.abc import Awaitable, Callable
from time import perf_counter

from aiohttp import hdrs, web

from digestbot.domain.errors import DigestbotError, NotFound
from digestbot.telemetry import REQUESTS, logger, traced
from digestbot.web.access import GUARD, is_open_path
from digestbot.web.pages import page

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""Nothing from anywhere else, and no inline script or style (CSP level 3)."""
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    # Not "no-referrer": a browser that does not trust the host (plain HTTP) would send our own form as from nowhere.
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
PRIVATE = "private, no-cache"
"""A page is kept by the reader's browser alone, and asked about again before it is shown."""
FAULTS = {
    403: "This page was asked for in a way that is not allowed here.",
    404: "There is nothing at this address.",
    405: "This address does not take that kind of request.",
    421: "This address is answered under this machine's own names only, such as localhost.",
    429: "Too many wrong tokens. Wait a minute and try again.",
}

OUTSIDE = frozenset({401, 403, 421, 429})
"""Said to those who are not let in: such a page leads nowhere."""

log = logger("web")


async def guard_headers(_request: web.Request, response: web.StreamResponse) -> None:
    """Put the security headers on every answer, a crash of ours included (``on_response_prepare``)."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers.setdefault(hdrs.CACHE_CONTROL, PRIVATE)
    # Not which library of which version answers.
    response.headers[hdrs.SERVER] = "digestbot"


@web.middleware
async def with_log(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn faults into pages of ours, and count and log every answer."""
    began = perf_counter()
    with traced("web", method=request.method, route=_route(request)):
        response = await _answered(request, handler)
    seconds = perf_counter() - began
    REQUESTS.labels(route=_route(request), method=_method(request), status=str(response.status)).observe(seconds)
    if not request.path.startswith("/static/"):
        log.info(
            "answered",
            method=_method(request),
            path=request.path,
            status=response.status,
            milliseconds=round(seconds * 1000),
            remote=request.remote,
        )
    return response


async def _answered(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer, or say in a page of ours what went wrong."""
    try:
        return await handler(request)
    except NotFound as error:
        return fault_page(request, 404, f"{str(error.what).capitalize()}.")
    except DigestbotError as error:
        log.warning("page failed", path=request.path, code=error.code, error=str(error))
        return fault_page(request, 503, f"{str(error)[:1].upper()}{str(error)[1:]}.")
    except web.HTTPException as error:
        if error.status in FAULTS:
            return fault_page(request, error.status, FAULTS[error.status], headers=_kept(error))
        if error.status < 400:  # noqa: PLR2004 - a redirect is an answer
            return web.Response(status=error.status, headers=error.headers)
        return fault_page(request, error.status, f"{error.reason}.")


def fault_page(
    request: web.Request, status: int, sentence: str, *, headers: dict[str, str] | None = None
) -> web.Response:
    """Return a page that says what went wrong."""
    plain = status in OUTSIDE or is_open_path(request.path)
    values = {"number": status, "sentence": sentence, "title": sentence.rstrip("."), "plain": plain}
    response = page(request, "fault.html", status=status, **values)
    response.headers.update(headers or {})
    return response


def _kept(error: web.HTTPException) -> dict[str, str]:
    return {name: error.headers[name] for name in (hdrs.RETRY_AFTER, hdrs.ALLOW) if name in error.headers}


def _route(request: web.Request) -> str:
    """Return the pattern that answers, never the path itself: that would be a new series for every page."""
    resource = request.match_info.route.resource
    return resource.canonical if resource is not None else "none"


def _method(request: web.Request) -> str:
    return request.method if request.method in hdrs.METH_ALL else "other"


@web.middleware
async def with_guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer those who may read; lead a browser to the login form, and tell a program that it needs a token."""
    guard = request.app[GUARD]
    if request.method not in {"GET", "HEAD"} and not _same_origin(request):
        raise web.HTTPForbidden
    if is_open_path(request.path) or guard.lets_in(request) or _has_key(request):
        return await handler(request)
    if guard.is_open:
        raise web.HTTPMisdirectedRequest
    if guard.token and request.method in {"GET", "HEAD"} and "text/html" in request.headers.get(hdrs.ACCEPT, ""):
        raise web.HTTPSeeOther(str(request.app.router["login"].url_for().with_query(to=request.path_qs)))
    response = fault_page(request, 401, "This page is for people who are logged in.")
    response.headers[hdrs.WWW_AUTHENTICATE] = 'Bearer realm="digestbot"'
    return response


def _has_key(request: web.Request) -> bool:
    """Tell whether the address carries the key that opens it, as a feed's does."""
    given = request.query.get("key", "")
    return bool(given) and request.app[GUARD].is_key(request.path, given)


def _same_origin(request: web.Request) -> bool:
    """Tell whether a form was sent from a page of ours (Fetch Metadata, else the Origin header)."""
    if (site := request.headers.get("Sec-Fetch-Site")) is not None:
        return site in {"same-origin", "none"}
    origin = request.headers.get(hdrs.ORIGIN)
    return origin is None or origin.partition("://")[2] == request.host
