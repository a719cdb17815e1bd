"""Who is quoted, and a page a speaker: each quotation in the sentence it was cut from."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from aiohttp import web

from digestbot.domain.errors import NotFound
from digestbot.domain.news import Article
from digestbot.editorial.text import sentences
from digestbot.ports import Saying
from digestbot.web.desk import DESK
from digestbot.web.pages import page
from digestbot.web.reading.marks import Piece, marks_of, pieces, sentence_around, whole

LOOK_BACK = timedelta(days=30)
MOST_VOICES, MOST_SAYINGS = 120, 100
KINDS = {"person": "Person", "organisation": "Organisation", "document": "Document", "unnamed": "Unnamed speaker"}


@dataclass(frozen=True, slots=True)
class Shown:
    """A quotation in its sentence, cut into pieces with their marks."""

    story_id: int
    article: Article
    pieces: Sequence[Piece]


async def people(request: web.Request) -> web.Response:
    """Answer with those who are quoted, the most quoted first."""
    desk = request.app[DESK]
    voices = await desk.store.voices(desk.clock.now() - LOOK_BACK, MOST_VOICES)
    return page(request, "people.html", title="People", voices=voices, days=LOOK_BACK.days)


async def speaker(request: web.Request) -> web.Response:
    """Answer with what one speaker said."""
    name = request.query.get("name", "")
    found = await request.app[DESK].store.said_by(name, MOST_SAYINGS) if name else ()
    if not found:
        raise NotFound("speaker", name or "(no name)", hint="")
    shown = await asyncio.to_thread(lambda: [_shown(saying) for saying in found])
    speakers = [saying.quote.speaker for saying in found if saying.quote.speaker]
    described = dict.fromkeys(speaker.description for speaker in speakers if speaker.description)
    return page(
        request,
        "speaker.html",
        title=name,
        name=name,
        kind=KINDS[speakers[0].kind] if speakers else "Speaker",
        descriptions=list(described)[:4],
        sayings=shown,
        evidence=False,
    )


def _shown(saying: Saying) -> Shown:
    """Return a quotation in its sentence."""
    text, quote = saying.article.text, saying.quote
    marks = marks_of(quote, len(text), shown=True)
    start, end = sentence_around(text, sentences(text), whole(quote))
    return Shown(saying.story_id, saying.article, pieces(text, marks, start, end))
