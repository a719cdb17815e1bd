"""Stories written for these tests."""

from datetime import UTC, datetime

from digestbot.domain.news import Article, Story

NOW = datetime(2025, 4, 7, 8, tzinfo=UTC)

FERRY = (
    "By Ada Quill\n"
    "The harbour town of Brenmouth will close its last ferry line in June, Mayor Ines Calder said on Tuesday, "
    "ending a service that has run since 1891.\n"
    "Calder was speaking to reporters outside the town hall.\n"
    "The line lost £2.4 million last year and carried 310 passengers a day, fewer than half of what it needs to "
    "pay its way, according to the port authority.\n"
    "“We are not abandoning the islanders, we are changing how they travel,” Calder said.\n"
    "However, the islanders' council said the closure may breach a 1974 agreement and that it would go to court "
    "unless the town offers a replacement.\n"
    "A bus over the new bridge could start in May if the county agrees to pay for half of it.\n"
    "Scroll down for video\n"
    "Tomas Reed, who has worked on the boats for 28 years, said he did not know what he would do next.\n"
)
BRIDGE = (
    "Islanders off Brenmouth said on Wednesday they would sue the town over its plan to end the ferry in June.\n"
    "The islanders' council argues that a 1974 agreement obliges the town to keep a boat running for as long as "
    "anybody lives on the islands.\n"
    "Mayor Ines Calder has not said whether the town's lawyers share that view.\n"
    "About 640 people live on the three islands all year.\n"
)


def article(text: str, *, id: int = 1, title: str = "", language: str = "en", outlet: str = "The Post") -> Article:  # noqa: A002
    """Return an article with this text."""
    return Article(id, f"https://example.org/{id}", title, text, outlet=outlet, language=language)


def story(*texts: str, language: str = "en") -> Story:
    """Return a story of articles with these texts."""
    articles = tuple(article(text, id=i, language=language, outlet=f"Outlet {i}") for i, text in enumerate(texts, 1))
    return Story(1, articles, NOW, NOW)
