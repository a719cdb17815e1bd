"""Chooses the quotes to show for a story: named and sure speakers, whole sentences, the story's core, both sides."""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import log, sqrt

from digestbot.domain.news import Article, Quote
from digestbot.editorial.quotes.joining import LONGEST, fit, join, recut
from digestbot.editorial.quotes.lexicon import lexicon
from digestbot.editorial.text import words

Centrality = Callable[[Sequence[str]], Sequence[float]]
"""Tells of each text how near it is to the story's core, 0 to 1 (an encoder's cosine, for one)."""

THRESHOLD = 0.965
"""The confidence from which a quote may be shown; measured by bench/quotes.py."""
_CONTINUES = 0.88
"""The confidence a further part needs: its speaker is near certain where that of the first part is."""
_SHORTEST = 6
"""Words below which a quotation says too little to stand alone."""


_OTHER_SIDE = 0.8
"""Weight of being the other side of a dispute, beside those of :func:`_weigh`."""
_CONTRAST = re.compile(
    r"\b(?:but|however|disagree[sd]?|opponents?|critics?|reject(?:s|ed)|den(?:ies|ied)|dismiss(?:es|ed)|counter(?:s|ed)"
    r"|oppos(?:es?|ed|ing)|against|unmoved|object(?:s|ed)|accus(?:es?|ed)|unconvinced|retorted|hit back|disputed?)\b",
    re.IGNORECASE,
)
_SHORTEST_WORD = 3
_SAME = 0.6
"""Share of the shorter quotation's words from which two are of the same words."""


@dataclass(slots=True)
class _Candidate:
    """One quotation that could be shown."""

    quote: Quote
    article: int
    person: str
    tokens: frozenset[str]
    opposes: bool = False
    score: float = 0.0


def key_quotes(
    articles: Sequence[Article],
    quotes_by_article: Mapping[int, Sequence[Quote]],
    *,
    limit: int = 3,
    centrality: Centrality | None = None,
) -> tuple[Quote, ...]:
    """Return the quotes to show for a story, the most telling first, at most one a speaker.

    Args:
        articles: The story's articles, oldest first.
        quotes_by_article: What ``find_quotes`` gave for each, by ``Article.id``.
        limit: The most quotes to return.
        centrality: Scores how central a text is to the story; word overlap stands in where there is none.

    """
    return choose(articles, quotes_by_article, limit=limit, centrality=centrality).quotes


@dataclass(frozen=True, slots=True)
class Chosen:
    """The quotes to show for a story, and by reason how many of its quotations are not shown.

    Reasons: ``no_speaker`` (nobody can be named), ``not_a_person`` (an organisation, a document, somebody unnamed),
    ``unsure`` (the speaker is below the threshold), ``too_short``, ``too_long`` (not one whole sentence fits),
    ``same_speaker``, ``repeated`` (the same words are shown already), ``not_key`` (others tell more), and those of
    :class:`NotVerbatim`. A quotation of several parts counts once.
    """

    quotes: tuple[Quote, ...]
    dropped: Counter[str]


def choose(
    articles: Sequence[Article],
    quotes_by_article: Mapping[int, Sequence[Quote]],
    *,
    limit: int = 3,
    centrality: Centrality | None = None,
) -> Chosen:
    """Return what :func:`key_quotes` does, with the same arguments, and count what is not shown."""
    dropped: Counter[str] = Counter()
    found = [
        candidate
        for index, article in enumerate(articles)
        for candidate in _candidates(article, index, quotes_by_article.get(article.id, ()), dropped)
    ]
    if found:
        _weigh(found, articles, quotes_by_article, centrality)
    chosen: list[_Candidate] = []
    while found:
        best = min(found, key=lambda one: (-one.score - _balance(one, chosen), one.article, one.quote.start))
        found.remove(best)
        reason = _passed_over(best, chosen, limit)
        if reason:
            dropped[reason] += 1
        else:
            chosen.append(best)
    return Chosen(tuple(candidate.quote for candidate in chosen), dropped)


def _balance(candidate: _Candidate, chosen: Sequence[_Candidate]) -> float:
    """Return what a candidate gains as the other side: the article sets it against somebody, and no quote shown yet."""
    return _OTHER_SIDE if candidate.opposes and chosen and not any(one.opposes for one in chosen) else 0.0


def _opposes(text: str, quote: Quote) -> bool:
    """Tell whether the paragraph of a quotation, its own words apart, sets its speaker against another."""
    begin = text.rfind("\n", 0, quote.start) + 1
    stop = text.find("\n", quote.end)
    end = len(text) if stop < 0 else stop
    edges = [begin, *(edge for p in quote.passages for edge in (p.opened, p.closed)), end]
    return any(_CONTRAST.search(text, *edges[k : k + 2]) for k in range(0, len(edges), 2))


def _passed_over(candidate: _Candidate, chosen: Sequence[_Candidate], limit: int) -> str:
    """Return why a candidate is not shown beside those chosen, or nothing."""
    if any(_repeats(candidate, one) for one in chosen):
        return "repeated"
    if any(candidate.person == one.person for one in chosen):
        return "same_speaker"
    return "not_key" if len(chosen) >= limit else ""


def _candidates(article: Article, index: int, quotes: Sequence[Quote], dropped: Counter[str]) -> list[_Candidate]:
    """Return the quotations of one article that are sure, named and long enough; count the others."""
    found = []
    for group in join(article, quotes):
        one = _candidate(article, index, group)
        if isinstance(one, _Candidate):
            found.append(one)
        else:
            dropped[one] += 1
    return found


def _candidate(article: Article, index: int, group: Sequence[Quote]) -> "_Candidate | str":
    """Return a quotation of one or several parts as it could be shown, or why it cannot be."""
    speaker = group[0].speaker
    reason = _unfit(group[0])
    if speaker is None or reason:
        return reason
    passages = fit(article, _sure_start(group), LONGEST)
    if not passages:
        return "too_long"
    dropped: Counter[str] = Counter()
    quote = recut(article, passages, group[0], key=True, dropped=dropped)
    if quote is None:
        return next(iter(dropped))
    if len(quote.text.split()) < _SHORTEST:
        return "too_short"
    other = _opposes(article.text, quote)
    return _Candidate(quote, index, _person(speaker.name), _content(quote.text), other)


def left_out(
    articles: Sequence[Article], quotes_by_article: Mapping[int, Sequence[Quote]], shown: Sequence[Quote]
) -> dict[tuple[int, int], str]:
    """Return why each quotation is not shown beside those that are, by article and by where its marks open.

    Reasons are those of :class:`Chosen`, and ``shortened`` for the parts left out of a quotation that is shown.
    """
    seen = {(quote.article_id, passage.opened) for quote in shown for passage in quote.passages}
    beside = [
        _Candidate(quote, 0, _person(quote.speaker.name), _content(quote.text)) for quote in shown if quote.speaker
    ]
    reasons: dict[tuple[int, int], str] = {}
    for article in articles:
        for group in join(article, quotes_by_article.get(article.id, ())):
            places = {(article.id, passage.opened) for quote in group for passage in quote.passages}
            if places & seen:
                reason = "shortened"
            else:
                one = _candidate(article, 0, group)
                reason = _passed_over(one, beside, 0) if isinstance(one, _Candidate) else one
            reasons |= dict.fromkeys(places - seen, reason)
    return reasons


def _unfit(quote: Quote) -> str:
    """Return why a quotation may not be shown whatever it says, or nothing."""
    if quote.speaker is None:
        return "no_speaker"
    if quote.speaker.kind != "person":
        return "not_a_person"
    return "unsure" if quote.confidence < THRESHOLD else ""


def _sure_start(group: Sequence[Quote]) -> Sequence[Quote]:
    """Return the parts of a quotation up to the first whose speaker could be another."""
    for index, quote in enumerate(group):
        if quote.confidence < _CONTINUES:
            return group[:index]
    return group


def _person(name: str) -> str:
    """Return what two forms of a person's name share: the last word, without a suffix."""
    parts = [part for part in name.lower().split() if part.strip(".,") not in ("jr", "sr", "ii", "iii")]
    return parts[-1] if parts else name.lower()


def _content(text: str) -> frozenset[str]:
    """Return the words of a text that carry its matter."""
    common = lexicon()["common"]
    return frozenset(
        word for word in (word.lower() for word in words(text)) if word not in common and len(word) >= _SHORTEST_WORD
    )


def _weigh(
    found: Sequence[_Candidate],
    articles: Sequence[Article],
    quotes_by_article: Mapping[int, Sequence[Quote]],
    centrality: Centrality | None,
) -> None:
    """Score every candidate."""
    core = _core(articles)
    near = (
        list(centrality([one.quote.text for one in found]))
        if centrality
        else [_overlap(one.tokens, core) for one in found]
    )
    names = Counter(
        _person(quote.speaker.name)
        for quotes in quotes_by_article.values()
        for quote in quotes
        if quote.speaker is not None
    )
    texts = [article.text for article in articles]
    for one, nearness in zip(found, near, strict=True):
        length = len(one.quote.text.split())
        outlets = len({other.article for other in found if other.person == one.person and _repeats(one, other)})
        lead = sum(one.person in text[:600].lower() for text in texts) / len(texts)
        one.score = (
            1.2 * (not one.quote.partial)
            + 0.9 * min(length, 25) / 25
            + 1.6 * nearness
            + 0.5 * log(1 + names[one.person])
            + 0.8 * lead
            + 1.0 * (outlets - 1)
            - 0.6 * one.quote.start / max(len(texts[one.article]), 1)
            + 8.0 * (one.quote.confidence - THRESHOLD)
            - 0.5 * ("?" in one.quote.text[-2:])
        )


def _core(articles: Sequence[Article]) -> Counter[str]:
    """Return how much each word belongs to the story: in titles and first paragraphs, and again and again."""
    core: Counter[str] = Counter()
    for article in articles:
        core.update(dict.fromkeys(_content(article.title), 3))
        core.update(dict.fromkeys(_content(article.text[:700]), 2))
        core.update(dict.fromkeys(_content(article.text), 1))
    return core


def _overlap(tokens: frozenset[str], core: Counter[str]) -> float:
    """Return the share of a quotation's words that belong to the core, 0 to 1."""
    if not tokens:
        return 0.0
    top = max(core.values(), default=1)
    return sum(core[token] - 1 for token in tokens) / (sqrt(len(tokens)) * 3 * top)


def _repeats(one: _Candidate, other: _Candidate) -> bool:
    """Tell whether two quotations are of the same words."""
    smaller = min(len(one.tokens), len(other.tokens))
    return smaller > 0 and len(one.tokens & other.tokens) / smaller >= _SAME
