"""The addresses of the reading room."""

from collections.abc import Sequence

from aiohttp import web

from digestbot.web.reading import archive, searching, speakers, stories, syndication


def routes() -> Sequence[web.RouteDef]:
    """Return the reading room's routes."""
    return [
        web.get("/", archive.archive),
        web.get(r"/edition/{subscription:\d{1,18}}/{at:[0-9TZ.]{16,30}}", archive.edition),
        web.get(r"/story/{story:\d{1,18}}", stories.story),
        web.get("/search", searching.search),
        web.get("/people", speakers.people),
        web.get("/speaker", speakers.speaker),
        web.get(r"/feed/{subscription:\d{1,18}}.rss", syndication.rss),
        web.get(r"/feed/{subscription:\d{1,18}}.json", syndication.json_feed),
    ]
