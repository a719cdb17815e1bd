"""Tells which language a story is in; knows no model that writes."""

from collections.abc import Sequence

from digestbot.domain.news import Article

_ENOUGH = 2_000


def language_of(articles: Sequence[Article]) -> str:
    """Return the two-letter code of the first article's language: as published, else as its words say."""
    declared = articles[0].language.partition("-")[0].lower()
    if len(declared) == 2:  # noqa: PLR2004  # ISO 639-1
        return declared
    from py3langid.langid import classify  # loads its model at the first call, half a second

    code, _ = classify(articles[0].text[:_ENOUGH])
    return str(code)
