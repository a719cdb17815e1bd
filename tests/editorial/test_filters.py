"""Filters: which articles pass, and what is said of those that do not."""

import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digestbot.domain.errors import BadOption
from digestbot.domain.news import Article, Feed, Polling
from digestbot.domain.subscription import Filter
from digestbot.editorial.filters import judge, judge_in_turn, mentions, passes, preview

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
ARTICLE = Article(
    id=1,
    url="https://news.example.co.uk/a",
    title="Climate talks end in Geneva",
    text="Delegates left Geneva on Friday. “We’re not there yet,” said the chair.",
    outlet="The Example",
    authors=("By Ana María Ruiz",),
    categories=("World", "Environment"),
    language="en-GB",
)


def found(pattern: str, text: str) -> bool:
    """Search as the real engine would."""
    try:
        return re.search(pattern, text) is not None
    except re.error as error:
        raise ValueError(str(error)) from error


def test_an_empty_filter_lets_everything_through() -> None:
    """Without rules nothing is stopped."""
    assert judge(Filter(), ARTICLE).passed


@pytest.mark.parametrize(
    ("rules", "passed"),
    [
        (Filter(include=("climate",)), True),
        (Filter(include=("CLIMATE  TALKS",)), True),
        (Filter(include=("clim",)), False),
        (Filter(include=("we're not there",)), True),
        (Filter(include=("football", "geneva")), True),
        (Filter(exclude=("geneva",)), False),
        (Filter(exclude=("gene",)), True),
        (Filter(authors=("ana maría ruiz",)), True),
        (Filter(authors=("Ruiz",)), True),
        (Filter(authors=("Rui",)), False),
        (Filter(categories=("environment",)), True),
        (Filter(categories=("environ",)), False),
        (Filter(languages=("en",)), True),
        (Filter(languages=("de", "EN_us")), True),
        (Filter(languages=("de",)), False),
        (Filter(sources=("example.co.uk",)), True),
        (Filter(sources=("www.example.co.uk",)), True),
        (Filter(sources=("ample.co.uk",)), False),
        (Filter(sources=("the example",)), True),
        (Filter(include_regex=r"Gen\w+a"), True),
        (Filter(include_regex=r"^Delegates$"), False),
        (Filter(exclude_regex=r"talks|summit"), False),
    ],
)
def test_each_rule_lets_through_what_it_says(rules: Filter, passed: bool) -> None:
    """Words are matched whole and without case; authors, categories, languages and sources by their own kinds."""
    assert passes(rules, ARTICLE, found) is passed


@pytest.mark.parametrize(
    ("rules", "rule", "reason"),
    [
        (Filter(exclude=("geneva",)), "exclude", "has the excluded “geneva”"),
        (Filter(include=("tea", "coffee")), "include", "has none of “tea”, “coffee”"),
        (Filter(languages=("de",)), "languages", "is not in “de”"),
        (Filter(sources=("Other",)), "sources", "is not from “Other”"),
        (Filter(include_regex="tea"), "include_regex", "does not fit the pattern tea"),
        (Filter(exclude=("geneva",), include=("tea",)), "exclude", "has the excluded “geneva”"),
    ],
)
def test_the_reason_names_the_rule_that_stopped_it(rules: Filter, rule: str, reason: str) -> None:
    """``why`` can tell a reader which rule to change."""
    verdict = judge(rules, ARTICLE, found)
    assert (verdict.passed, verdict.rule, verdict.reason) == (False, rule, reason)


def test_an_article_of_unknown_language_is_let_through() -> None:
    """What nobody knows is not held against an article."""
    assert passes(Filter(languages=("de",)), replace(ARTICLE, language=""))


def test_a_word_of_a_script_without_blanks_is_found_inside_a_sentence() -> None:
    """Japanese and Chinese have no blanks to part words by."""
    assert mentions("東京都は新しい計画を発表した", "計画")
    assert mentions("北京举行气候会议", "气候")


def test_a_wrong_pattern_names_the_option() -> None:
    """A regular expression that is not one is the asker's to mend."""
    with pytest.raises(BadOption, match=r"include_regex.*not a regular expression"):
        judge(Filter(include_regex="("), ARTICLE, found)
    with pytest.raises(BadOption, match=r"exclude_regex.*needs a regular-expression engine"):
        judge(Filter(exclude_regex="a"), ARTICLE)


def test_a_preview_judges_the_first_twenty() -> None:
    """A preview shows each article beside its verdict."""
    articles = [replace(ARTICLE, id=n, title=f"Item {n}", text="") for n in range(30)]
    shown = preview(Filter(exclude=("7",)), articles)
    assert [one.article.id for one in shown] == list(range(20))
    assert [one.article.id for one in shown if not one.verdict.passed] == [7]


def test_the_reason_names_whose_filter_stops_an_article() -> None:
    """The feed's filter is asked before the digest's; a preview tells the stage of each article."""
    mine = Feed(1, "https://news.example.co.uk/feed", "", Polling(NOW), filter=Filter(exclude=("chair",)))
    of_it = replace(ARTICLE, feed_id=1)
    rules = Filter(exclude=("geneva",))
    assert judge_in_turn(of_it, mine, rules).reason == "the feed's filter stops it: has the excluded “chair”"
    assert judge_in_turn(of_it, None, rules).reason == "the digest's filter stops it: has the excluded “geneva”"
    assert judge_in_turn(of_it, mine, Filter()).rule == "exclude"
    assert judge_in_turn(of_it, replace(mine, filter=Filter()), Filter()).passed
    shown = preview(Filter(), [of_it, replace(ARTICLE, feed_id=2)], feeds={1: mine})
    assert [one.verdict.passed for one in shown] == [False, True]


@given(st.text(max_size=200), st.text(max_size=20))
def test_matching_never_fails_and_ignores_case(text: str, word: str) -> None:
    """Whatever people type, matching answers, and the same for a text shouted."""
    assert mentions(text, word) is mentions(text.casefold(), word.casefold())


@given(st.lists(st.from_regex(r"[a-z]{1,8}", fullmatch=True), min_size=1, max_size=8))
def test_every_whole_word_of_a_text_is_found_in_it(words: list[str]) -> None:
    """No word hides behind punctuation."""
    text = ", ".join(words) + "."
    assert all(mentions(text, word.upper()) for word in words)
