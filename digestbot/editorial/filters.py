"""Which articles a feed or subscription lets through, and which rule stopped one; knows no regex engine.

Words are matched whole and without case. The engine for the two regular expressions is given by the caller, who
has one without catastrophic back-tracking.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from urllib.parse import urlsplit

from digestbot.domain.errors import BadOption
from digestbot.domain.news import Article, Feed
from digestbot.domain.subscription import Filter

Search = Callable[[str, str], bool]
"""Tells whether a pattern is found in a text; raises ValueError for a pattern that is not one."""

_NO_SPACES = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")
"""Scripts written without blanks between words: Thai, Lao, Burmese, Khmer, Japanese, Chinese."""
PREVIEW = 20
"""Articles of a preview."""
NO_RULES = Filter()


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether an article passes, and why: ``rule`` is the filter's field that decided, ``reason`` a sentence's part."""

    passed: bool
    rule: str = ""
    reason: str = "no rule stops it"


@dataclass(frozen=True, slots=True)
class Previewed:
    """One line of a preview: the article and what the filter says to it."""

    article: Article
    verdict: Verdict


def judge(rules: Filter, article: Article, search: Search | None = None) -> Verdict:
    """Say whether an article passes a filter, naming the first rule that stops it.

    Excluding rules are asked before including ones, so the reason is the one a reader can act on.

    Raises:
        BadOption: A regular expression is not one, or there is one and no engine.

    """
    if rules == NO_RULES:
        return Verdict(passed=True)
    text = f"{article.title}\n{article.text}"
    for stopped in (_excluded(rules, text, search), _unlisted(rules, article), _not_included(rules, text, search)):
        if stopped is not None:
            return stopped
    return Verdict(passed=True)


def passes(rules: Filter, article: Article, search: Search | None = None) -> bool:
    """Tell whether an article passes a filter (see :func:`judge`)."""
    return judge(rules, article, search).passed


def judge_in_turn(article: Article, feed: Feed | None, rules: Filter, search: Search | None = None) -> Verdict:
    """Say whether an article passes its feed's filter, then its digest's; the reason names the one that stops it.

    Raises:
        BadOption: A regular expression is not one, or there is one and no engine.

    """
    stages = (("the feed's filter", feed.filter if feed else NO_RULES), ("the digest's filter", rules))
    for stage, one in stages:
        verdict = judge(one, article, search)
        if not verdict.passed:
            return replace(verdict, reason=f"{stage} stops it: {verdict.reason}")
    return Verdict(passed=True)


def preview(
    rules: Filter, articles: Sequence[Article], search: Search | None = None, feeds: Mapping[int, Feed] | None = None
) -> list[Previewed]:
    """Return what the filters of their feeds, then that of a digest, would say to the first 20 articles given."""
    named = feeds or {}
    return [
        Previewed(article, judge_in_turn(article, named.get(article.feed_id), rules, search))
        for article in articles[:PREVIEW]
    ]


def mentions(text: str, word: str) -> bool:
    """Tell whether a word or phrase stands whole in a text, without regard to case and kind of white space."""
    wanted = " ".join(_plain(word).split())
    return bool(wanted) and _matcher(wanted).search(_plain(text)) is not None


def _excluded(rules: Filter, text: str, search: Search | None) -> Verdict | None:
    for word in rules.exclude:
        if mentions(text, word):
            return Verdict(passed=False, rule="exclude", reason=f"has the excluded “{word}”")
    if rules.exclude_regex and _found("exclude_regex", rules.exclude_regex, text, search):
        return Verdict(passed=False, rule="exclude_regex", reason=f"fits the excluded pattern {rules.exclude_regex}")
    return None


def _unlisted(rules: Filter, article: Article) -> Verdict | None:
    checks = (
        ("authors", rules.authors, _has_author, "is not by"),
        ("categories", rules.categories, _has_category, "is not in"),
        ("languages", rules.languages, _has_language, "is not in"),
        ("sources", rules.sources, _has_source, "is not from"),
    )
    for rule, wanted, has, words in checks:
        if wanted and not any(has(article, one) for one in wanted):
            return Verdict(passed=False, rule=rule, reason=f"{words} {_listed(wanted)}")
    return None


def _not_included(rules: Filter, text: str, search: Search | None) -> Verdict | None:
    if rules.include and not any(mentions(text, word) for word in rules.include):
        return Verdict(passed=False, rule="include", reason=f"has none of {_listed(rules.include)}")
    if rules.include_regex and not _found("include_regex", rules.include_regex, text, search):
        return Verdict(passed=False, rule="include_regex", reason=f"does not fit the pattern {rules.include_regex}")
    return None


def _found(option: str, pattern: str, text: str, search: Search | None) -> bool:
    """Ask the engine, saying which option is wrong if it cannot read the pattern."""
    if search is None:
        raise BadOption(option, "needs a regular-expression engine, and none is given")
    try:
        return search(pattern, text)
    except ValueError as error:
        raise BadOption(option, f"is not a regular expression: {error}") from error


def _has_author(article: Article, wanted: str) -> bool:
    return any(mentions(author, wanted) for author in article.authors)


def _has_category(article: Article, wanted: str) -> bool:
    return _plain(wanted).strip() in {_plain(category).strip() for category in article.categories}


def _has_language(article: Article, wanted: str) -> bool:
    """Compare the primary subtag (RFC 5646); an article whose language nobody knows is let through."""
    return not article.language or _primary(article.language) == _primary(wanted)


def _has_source(article: Article, wanted: str) -> bool:
    """Compare with the outlet's name, or with the host of the address and the hosts above it."""
    host = (urlsplit(article.url).hostname or "").casefold()
    domain = wanted.strip().casefold().removeprefix("www.")
    return _plain(article.outlet) == _plain(wanted).strip() or host == domain or host.endswith(f".{domain}")


def _primary(tag: str) -> str:
    return tag.strip().lower().replace("_", "-").partition("-")[0]


def _listed(words: Sequence[str]) -> str:
    return ", ".join(f"“{word}”" for word in words)


def _plain(text: str) -> str:
    """Return a text as it is compared: one form of each character, no case, straight apostrophes."""
    return unicodedata.normalize("NFKC", text).casefold().replace("’", "'").replace("\u00ad", "")


@lru_cache(maxsize=1024)
def _matcher(wanted: str) -> re.Pattern[str]:
    """Return the pattern of a word or phrase; it holds no repetition that could back-track."""
    phrase = r"\s+".join(re.escape(part) for part in wanted.split(" "))
    if _NO_SPACES.search(wanted):
        return re.compile(phrase)
    return re.compile(rf"(?<!\w){phrase}(?!\w)")
