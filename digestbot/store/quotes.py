"""Quotations out of the store: the words are not kept but cut from the article anew, so none can go stale."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from digestbot.domain.errors import NotVerbatim
from digestbot.domain.news import Article, Quote
from digestbot.store.documents import passages_from_json, speaker_from_json


def cut_again(article: Article, document: dict[str, Any], dropped: Counter[str] | None = None) -> Sequence[Quote]:
    """Return the quote cut from the article, or nothing when it no longer stands there (counted in ``dropped``)."""
    try:
        quote = Quote.cut(
            article,
            passages_from_json(document),
            speaker_from_json(document),
            confidence=document["confidence"],
            key=document["key"],
            partial=document["partial"],
            venue=document["venue"],
        )
    except NotVerbatim as error:
        if dropped is not None:
            dropped[error.reason] += 1
        return ()
    return (quote,)
