"""The batch form of the commands: one JSON object a line in, one a line out, order kept; a bad line never crashes.

Fields are those of the project's scorers, so that any tool can be measured beside this one.
"""

import json
import re
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from digestbot.domain.errors import DigestbotError, TooLarge
from digestbot.domain.news import Article, Quote, Story, Summary
from digestbot.domain.subscription import Length
from digestbot.editorial.cluster import event_text, group
from digestbot.editorial.grounding import ground, split
from digestbot.editorial.quotes import examine, find_quotes, key_quotes
from digestbot.ports import Embedder, Summarizer

Record = dict[str, Any]
_SURROGATE = re.compile("[\ud800-\udfff]")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class BadLine(ValueError):
    """A line that is not the JSON object a command takes; the message says what it should be."""


def _refused(constant: str) -> None:
    """Refuse NaN and infinities, which are no JSON, though Python reads them: an answer with one is none either."""
    raise ValueError(f"there is no {constant} in it")


def read_line(line: str, required: Sequence[str] = ("id", "text")) -> Record:
    """Return a line's object.

    Raises:
        BadLine: It is not JSON, not an object, or misses a field.

    """
    try:
        record = json.loads(line, parse_constant=_refused)
    except (ValueError, RecursionError) as error:
        raise BadLine(f"is not JSON: {error}") from error
    if not isinstance(record, dict):
        raise BadLine("must be a JSON object")
    for field in required:
        if field not in record:
            raise BadLine(f"needs the field “{field}”")
        if field != "id" and not isinstance(record[field], str):
            raise BadLine(f"needs text in the field “{field}”")
    return record


def failed(line: str, error: Exception) -> Record:
    """Return the answer to a line that cannot be served, with its id where one can be read."""
    try:
        record = json.loads(line, parse_constant=_refused)
        key = record.get("id") if isinstance(record, dict) else None
    except (ValueError, RecursionError):
        key = None
    return {"id": key, "error": str(error)}


def article_of(record: Record) -> Article:
    """Return a record's article; lone surrogates, which no encoding can write, become U+FFFD one for one."""
    title = record.get("title")
    return Article(
        id=1,
        url="",
        title=title if isinstance(title, str) else "",
        text=_SURROGATE.sub("\ufffd", record["text"]),
        outlet=str(record.get("source") or ""),
        published=_moment(record.get("published")),
    )


def _moment(value: object) -> datetime | None:
    """Read an ISO date; without a zone it is taken as UTC."""
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def story_of(articles: Sequence[Article]) -> Story:
    """Return the articles as one story that is not stored."""
    times = [article.published or EPOCH for article in articles]
    return Story(0, tuple(articles), min(times), max(times))


# ── quotes ───────────────────────────────────────────────────────────────────


def quote_rows(article: Article) -> list[Record]:
    """Return every quote of an article; ``key`` marks what a digest would show.

    Raises:
        TooLarge: The text has more quotation marks than an article.

    """
    found = examine(article)
    if found.dropped["too_many_marks"]:
        what, hint = "has more quotation marks than an article", "give one article at a time"
        raise TooLarge(article.url or "the text", what, hint=hint)
    quotes = found.quotes
    shown = {(p.opened, p.closed) for q in key_quotes([article], {article.id: quotes}) for p in q.passages}
    return [
        quote_row(article, quote, key=any((p.opened, p.closed) in shown for p in quote.passages)) for quote in quotes
    ]


def quote_row(article: Article, quote: Quote, *, key: bool) -> Record:
    """Return one quote with its offsets: ``text[start:end]`` is the words inside the marks.

    ``speaker`` stands at its own offsets; ``speaker_mention`` is what names the speaker beside the quote ("he").
    """
    speaker = quote.speaker
    row: Record = {
        "start": quote.start,
        "end": quote.end,
        "text": quote.text,
        "speaker": speaker.name if speaker else None,
        "speaker_start": speaker.start if speaker else None,
        "speaker_end": speaker.end if speaker else None,
        "confidence": round(quote.confidence, 4),
        "key": key,
    }
    if speaker and speaker.mention:
        row["speaker_mention"] = article.text[slice(*speaker.mention)]
    if len(quote.passages) > 1:
        row["parts"] = [[p.start, p.end] for p in quote.passages]
    return row


def quotes_lines(lines: Iterable[str]) -> Iterator[Record]:
    """Answer ``{"id","text","title"?}`` with ``{"id","quotes":[…]}``, line by line."""
    for line in filter(str.strip, lines):
        try:
            record = read_line(line)
            yield {"id": record["id"], "quotes": quote_rows(article_of(record))}
        except (BadLine, DigestbotError) as error:
            yield failed(line, error)


# ── summaries ────────────────────────────────────────────────────────────────


def summary_row(summary: Summary) -> Record:
    """Return a summary with each sentence's evidence as offsets into the text."""
    return {
        "summary": summary.text,
        "sentences": [
            {"text": s.text, "evidence": [[e.start, e.end] for e in s.evidence], "source": s.source}
            for s in summary.sentences
        ],
        "engine": summary.engine,
    }


async def summarize_lines(
    lines: Iterable[str], summarizer: Summarizer, length: Length, write: Callable[[Record], None]
) -> None:
    """Answer ``{"id","text","title"?}`` with ``{"id","summary","sentences":[…],"engine"}``, line by line."""

    async def answer(record: Record) -> Record:
        summary = await summarizer.summarize(story_of([article_of(record)]), length)
        return {"id": record["id"], **summary_row(summary)}

    await _each(lines, answer, write)


async def _each(
    lines: Iterable[str], answer: Callable[[Record], Awaitable[Record]], write: Callable[[Record], None]
) -> None:
    for line in filter(str.strip, lines):
        try:
            write(await answer(read_line(line)))
        except (BadLine, DigestbotError) as error:
            write(failed(line, error))


# ── the gate ────────────────────────────────────────────────────────────────


def ground_row(article: Article, summary: str, *, strict: bool = False) -> Record:
    """Return the gate's word on a summary from anywhere: each sentence with its reasons and its evidence.

    ``strict`` judges it as a draft of our own chat engine is judged, where a refusal costs nothing.
    """
    judged = ground([article], split(summary), find_quotes(article), wary=strict)
    return {
        "ok": judged.ok,
        "sentences": [
            {"text": v.text, "ok": v.ok, "reasons": list(v.reasons), "evidence": [[e.start, e.end] for e in v.evidence]}
            for v in judged.verdicts
        ],
    }


def ground_lines(lines: Iterable[str], *, strict: bool = False) -> Iterator[Record]:
    """Answer ``{"id","text","summary","title"?}`` with ``{"id","ok","sentences":[…]}``, line by line."""
    for line in filter(str.strip, lines):
        try:
            record = read_line(line, ("id", "text", "summary"))
            yield {"id": record["id"], **ground_row(article_of(record), record["summary"], strict=strict)}
        except (BadLine, DigestbotError) as error:
            yield failed(line, error)


# ── stories ──────────────────────────────────────────────────────────────────


async def cluster_lines(lines: Iterable[str], embedder: Embedder) -> list[Record]:
    """Answer ``{"id","title","text","published","source"}`` with ``{"id","story"}`` once all lines are read."""
    answers: list[Record] = []
    articles: list[Article] = []
    for line in filter(str.strip, lines):
        try:
            record = read_line(line, ("id", "title"))
            articles.append(article_of({**record, "text": str(record.get("text") or "")}))
            answers.append({"id": record["id"]})
        except BadLine as error:
            answers.append(failed(line, error))
    if articles:
        vectors = await embedder.embed([event_text(a.title, a.text) for a in articles])
        stories = iter(group(articles, vectors))
        for answer in answers:
            if "error" not in answer:
                answer["story"] = next(stories)
    return answers
