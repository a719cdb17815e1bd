"""Reads the article behind an entry: the feed's own text where that is whole, else the page; the ArticleSource port."""

from dataclasses import replace
from datetime import datetime

from digestbot.domain.errors import NothingToRead, ServerError, SourceError
from digestbot.domain.news import Article, Entry, Feed
from digestbot.sources.articles.boilerplate import is_cut_short, without_furniture
from digestbot.sources.articles.extract import extract_article, site_of, within_bounds
from digestbot.sources.articles.language import language_of
from digestbot.sources.articles.robots import Robots
from digestbot.sources.http import Answer, PoliteClient, nobody_retries, shown
from digestbot.sources.polling import retry_after
from digestbot.sources.sandbox import Sandbox

ACCEPT = "text/html, application/xhtml+xml;q=0.9, */*;q=0.1"
WHOLE = 1_200
"""Characters: a feed's text at least this long, and not broken off, is taken for the article."""
READABLE = ("text/html", "application/xhtml", "text/plain", "application/xml", "text/xml")


class WebArticleSource:
    """Reads pages over http(s)."""

    def __init__(self, client: PoliteClient, sandbox: Sandbox, *, whole: int = WHOLE) -> None:
        """Take the shared client and sandbox; ``whole`` is how long a feed's own text must be to serve."""
        self._client, self._sandbox, self._whole = client, sandbox, whole
        self._robots = Robots(client)

    async def close(self) -> None:
        """Close the client and the sandbox; closing twice is the same as closing once."""
        await self._client.close()
        await self._sandbox.close()

    async def read(self, entry: Entry, feed: Feed, now: datetime) -> Article:
        """Return the article behind an entry.

        Raises:
            SourceError: The page could not be had, or holds no article, and the feed's text is too short.

        """
        own = article_from_feed(entry, feed, now)
        text = entry.content or entry.summary
        if len(own.text) >= self._whole and not is_cut_short(text):
            return await self._sandbox.run(entry.link or feed.url, with_language, own, feed.language)
        if not entry.link:
            if not own.text:
                raise NothingToRead(feed.url, f"has an entry “{entry.title}” with neither text nor link")
            return await self._sandbox.run(feed.url, with_language, own, feed.language)
        page = await self._page(entry.link, now, feed.title, feed.language)
        if len(page.text) < len(own.text):
            page = replace(page, text=own.text)
        return replace(
            page,
            url=entry.link,
            title=entry.title or page.title,
            feed_id=feed.id,
            key=entry.key,
            authors=entry.authors or page.authors,
            categories=entry.categories or page.categories,
            published=entry.published or entry.updated or page.published,
        )

    async def read_url(self, url: str, now: datetime) -> Article:
        """Return the article at an address.

        Raises:
            SourceError: The page could not be had, or holds no article.

        """
        with nobody_retries():
            return await self._page(url, now)

    async def _page(self, url: str, now: datetime, outlet: str = "", language: str = "") -> Article:
        """Fetch a page that may be fetched, and extract its article in the sandbox."""
        if url.startswith(("http://", "https://")):
            await self._robots.require(url, now)
        answer = await self._client.get(url, accept=ACCEPT)
        _check(answer, shown(url), now)
        kind = answer.headers.get("content-type")
        return await self._sandbox.run(shown(url), extract_page, answer.body, answer.url, now, kind, outlet, language)


def article_from_feed(entry: Entry, feed: Feed, now: datetime) -> Article:
    """Return the article as the feed alone gives it, without the furniture; its language is not settled yet."""
    text = entry.content if len(entry.content) >= len(entry.summary) else entry.summary
    paragraphs = within_bounds(without_furniture(text.split("\n\n"), entry.title))
    return Article(
        id=0,
        url=entry.link,
        title=entry.title,
        text="\n\n".join(paragraphs),
        outlet=feed.title or site_of(feed.url),
        feed_id=feed.id,
        key=entry.key,
        authors=entry.authors,
        categories=entry.categories,
        published=entry.published or entry.updated,
        fetched_at=now,
    )


def with_language(article: Article, claimed: str) -> Article:
    """Return an article with its language, in a worker."""
    return replace(article, language=language_of(article.text, claimed))


def extract_page(  # noqa: PLR0917 - a sandbox task takes its arguments by position
    html: bytes, url: str, now: datetime, content_type: str | None, outlet: str, language: str
) -> Article:
    """Extract an article in a worker."""
    return extract_article(html, url, now, content_type, outlet=outlet, language=language)


def _check(answer: Answer, url: str, now: datetime) -> None:
    """Raise what a status or a kind of file means.

    Raises:
        ServerError: It may work another time.
        NothingToRead: There is no page, or it is no text.

    """
    status = answer.status
    if status in {408, 425, 429} or status >= 500:  # noqa: PLR2004 - server errors
        raise ServerError(url, f"answered with an error ({status})", retry_after=retry_after(answer.headers, now))
    if status in {401, 402, 403, 451}:
        raise NothingToRead(url, f"refuses to be read ({status})", hint="open it in a browser; it may need a login")
    if status != 200:  # noqa: PLR2004 - OK
        raise SourceError(url, f"is not there ({status})", hint="check the address")
    kind = answer.headers.get("content-type", "text/html").partition(";")[0].strip().lower()
    if kind and not kind.startswith(READABLE):
        raise NothingToRead(url, f"is not a page but {kind[:60]}")
