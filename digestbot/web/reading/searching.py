"""Search over stories, quotes and people."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from aiohttp import web
from markupsafe import Markup

from digestbot.domain.errors import NotFound
from digestbot.ports import Hit, SearchKind, Store
from digestbot.web.desk import DESK
from digestbot.web.pages import page
from digestbot.web.preview.markup import escape
from digestbot.web.reading.highlighting import finder
from digestbot.web.reading.stories import title_of

LONGEST = 200
"""Characters of a query that are looked for."""
FEW, MANY = 12, 60
"""Results of each kind when all are asked for, and of the one kind that is."""
SECTIONS: tuple[tuple[SearchKind, str], ...] = (("person", "People"), ("quote", "Quotes"), ("story", "Stories"))


@dataclass(frozen=True, slots=True)
class Section:
    """The results of one kind."""

    kind: SearchKind
    label: str
    hits: Sequence[Hit]
    full: bool
    """Whether there may be more than are shown."""


async def search(request: web.Request) -> web.Response:
    """Answer with what has all the words, by kind, newest first."""
    query = " ".join(request.query.get("q", "")[:LONGEST].split())
    chosen = request.query.get("kind", "")
    wanted = [(kind, label) for kind, label in SECTIONS if not chosen or kind == chosen]
    if not wanted:
        raise web.HTTPNotFound
    store, limit = request.app[DESK].store, MANY if chosen else FEW
    sections = []
    for kind, label in wanted:
        hits = await store.search(query, limit=limit, kind=kind) if query else ()
        sections.append(Section(kind, label, _each_once(hits), len(hits) == limit))
    return page(
        request,
        "search.html",
        title=f"Search: {query}" if query else "Search",
        chosen=chosen,
        sections=sections,
        headlines=await _headlines(store, [hit for section in sections for hit in section.hits]),
        marked=_marker(query),
    )


async def _headlines(store: Store, hits: Sequence[Hit]) -> Mapping[int, str]:
    """Return the headlines that the found stories go by; of one cleaned up meanwhile the title that was found."""
    found = {hit.story_id: hit.text for hit in hits if hit.kind == "story"}
    stories = []
    for story_id in found:
        with suppress(NotFound):
            stories.append((story_id, await store.story(story_id)))
    # Choosing reads the beginnings of all articles: in a thread it holds up nobody.
    return found | await asyncio.to_thread(lambda: {id_: title_of(story) for id_, story in stories})


def _each_once(hits: Sequence[Hit]) -> list[Hit]:
    """Keep the newest of hits that say the same: one person in ten stories is one person."""
    return list(
        {
            (hit.kind, hit.text if hit.kind == "person" else (hit.text, hit.story_id)): hit for hit in reversed(hits)
        }.values()
    )[::-1]


def _marker(query: str) -> Callable[[str], Markup]:
    """Return what writes a line with the words looked for marked."""
    find = finder(query)

    def marked(line: str) -> Markup:
        pieces, at = [], 0
        for start, end in find(line):
            pieces.append(f"{escape(line[at:start])}<mark>{escape(line[start:end])}</mark>")
            at = end
        return Markup("".join([*pieces, escape(line[at:])]))  # noqa: S704 - every stretch is escaped above

    return marked
