"""Clustering: copies, the same event in other words, and unlike events that share a country or a company."""

import json
import time
import zlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from bench.stories import b_cubed, read, stream
from digestbot.domain.news import Article, Story
from digestbot.editorial.cluster import StoryIndex, event_text, group, regroup, resemblance, signature
from digestbot.editorial.cluster.evidence import clean_title, evidence_of, title_key, url_key
from digestbot.editorial.cluster.linkage import average_link
from digestbot.editorial.text import words
from tests.shared import shared

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
DATA = Path(__file__).parent.parent / "data/stories/newsroom.jsonl"
Vector = NDArray[np.float32]


def vector(text: str) -> Vector:
    """Return a vector of hashed words: texts that share words are near; enough to stand in for an encoder."""
    counts = np.zeros(384, dtype=np.float32)
    for word in words(text.lower()):
        if len(word) > 3:
            counts[zlib.crc32(word.encode()) % 384] += 1
    length = float(np.linalg.norm(counts))
    return counts / length if length else np.full(384, 384**-0.5, dtype=np.float32)


def article(number: int, title: str, text: str = "", *, outlet: str = "", hours: float = 0.0) -> Article:
    """Return an article that comes ``hours`` after the first."""
    name = outlet or f"Outlet {number}"
    at = NOW + timedelta(hours=hours)
    return Article(number, f"https://o{number}.example/{number}", title, text, outlet=name, published=at, fetched_at=at)


def vectors(articles: Sequence[Article]) -> NDArray[np.float32]:
    """Return the articles' stand-in vectors."""
    return np.stack([vector(event_text(a.title, a.text)) for a in articles])


def join(index: StoryIndex, one: Article) -> int | None:
    """Ask which story an article joins."""
    return index.assign(one, vector(event_text(one.title, one.text)))


def filled(*articles: Article) -> StoryIndex:
    """Return an index in which each article started the story of its own number."""
    index = StoryIndex()
    for one in articles:
        index.add(one.id, one, vector(event_text(one.title, one.text)))
    return index


FERRY = "Ferry Santa Clara sinks off Lisbon with forty aboard"
WIRE = " ".join(
    f"Sentence {n} of the agency report tells how the ferry Santa Clara came to list and sink in {n} minutes."
    for n in range(12)
)


# ── what is compared ─────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("UPDATE 1-EBay rejects nominees", "EBay rejects nominees"),
        ("WRAPUP 2-Markets fall", "Markets fall"),
        ("Sandberg wants to 'Ban Bossy' (+video)", "Sandberg wants to 'Ban Bossy'"),
        ("Icahn cost eBay $4 billion (1)", "Icahn cost eBay $4 billion"),
        ("Sales fall 1.4 per cent as chain looks to  ...", "Sales fall 1.4 per cent as chain looks to"),
        ("Updates to follow", "Updates to follow"),
    ],
)
def test_the_marks_of_news_wires_are_no_part_of_a_headline(raw: str, clean: str) -> None:
    """Serial numbers, "(+video)" and the dots of a cut headline say nothing of the event."""
    assert clean_title(raw) == clean


def test_addresses_of_one_page_have_one_key() -> None:
    """Scheme, www, tracking and fragments do not make another page; a real parameter does."""
    keys = {
        url_key(url)
        for url in (
            "http://www.example.org/a/?utm_source=x&id=3",
            "https://example.org/a?id=3#top",
            "https://m.example.org/a/?id=3&fbclid=9",
        )
    }
    assert keys == {"example.org/a?id=3"}
    assert url_key("https://example.org/a?id=4") not in keys


def test_names_are_what_stands_out_and_places_stand_apart() -> None:
    """Capitalised and numbered words speak for an event; weekdays do not, countries only as places."""
    evidence = evidence_of(article(1, "Beyoncé’s tour reaches Ukraine on Monday with 84 dancers"))
    assert {"beyonce", "84"} <= evidence.names
    assert not {"monday", "ukraine"} & evidence.names
    assert evidence.places == {"ukraine"}


def test_a_headline_without_its_case_marks_and_accents_is_the_same() -> None:
    """Two prints of one headline share their key."""
    assert title_key("“Beyoncé: Don’t call girls bossy”") == title_key("BEYONCE - Don't Call Girls Bossy...")


def test_the_text_for_the_vector_is_the_headline_and_the_first_sentences() -> None:
    """More of the text would drown the event; a lead that repeats the headline is not said twice."""
    assert event_text("A ferry sinks", "It sank at noon. Nobody knows why. An inquiry begins.") == (
        "A ferry sinks. It sank at noon. Nobody knows why."
    )
    assert event_text("A ferry sinks", "A ferry sinks off Lisbon.") == "A ferry sinks off Lisbon."
    assert event_text("A ferry sinks", "") == "A ferry sinks"


@given(st.text(max_size=300), st.text(max_size=300))
@settings(deadline=None)
def test_any_text_can_be_compared(title: str, text: str) -> None:
    """Whatever a feed holds, its evidence, signature and vector text can be made."""
    one = article(1, title, text)
    evidence_of(one)
    signature(text)
    assert group([one, one], vectors([one, one]))[0] == 0


# ── copies ───────────────────────────────────────────────────────────────────


@given(st.integers(0, 100))
@settings(deadline=None)
def test_the_estimate_is_near_the_true_resemblance(kept: int) -> None:
    """MinHash tells the Jaccard similarity of shingles within five standard errors."""
    ours = [f"word{n}" for n in range(200)]
    theirs = [*ours[: 2 * kept], *(f"other{n}" for n in range(200 - 2 * kept))]
    shingles = [{tuple(w[i : i + 4]) for i in range(197)} for w in (ours, theirs)]
    truth = len(shingles[0] & shingles[1]) / len(shingles[0] | shingles[1])
    one, two = signature(" ".join(ours)), signature(" ".join(theirs))
    assert one is not None
    assert two is not None
    assert abs(resemblance(one, two) - truth) <= 0.25


def test_a_signature_is_the_same_in_every_run() -> None:
    """Signatures do not depend on Python's hash seed: stored and new ones can be compared."""
    signed = signature(WIRE)
    assert signed is not None
    assert int(signed.min()) == 159442789709939704


def test_a_short_text_has_no_signature() -> None:
    """A photo caption is nobody's copy."""
    assert signature("Forty people were on board. Picture: AFP") is None


def test_the_same_address_joins_whatever_the_headline() -> None:
    """An article that another feed carries too goes into its story."""
    first = article(1, FERRY)
    other = replace(article(2, "Something else entirely"), url=first.url.replace("https", "http") + "?utm_medium=rss")
    assert join(filled(first), other) == 1


def test_the_same_headline_joins_but_a_column_of_every_day_does_not() -> None:
    """Four words or more are no chance; "Morning briefing" comes every morning."""
    index = filled(article(1, FERRY), article(2, "Morning briefing"))
    assert join(index, article(3, FERRY.upper())) == 1
    assert "title:morning briefing" not in index._exact


def test_wire_copy_joins_under_another_headline() -> None:
    """The agency's body is recognised although the editor wrote a headline of her own and cut the end."""
    index = filled(article(1, FERRY, WIRE))
    copied = article(2, "Forty saved as ship goes down", WIRE[: len(WIRE) * 3 // 4])
    assert join(index, copied) == 1
    assert group([article(1, FERRY, WIRE), copied], vectors([article(1, FERRY, WIRE), copied])) == [0, 0]


# ── the same event ───────────────────────────────────────────────────────────


def test_another_outlets_words_on_the_event_join_its_story() -> None:
    """Shared names and words carry what the copy rules do not see."""
    index = filled(article(1, FERRY), article(2, "Parliament in Oslo approves new whaling limits"))
    assert join(index, article(3, "Forty aboard as ferry Santa Clara sinks near Lisbon")) == 1


def test_an_unlike_event_starts_its_own_story() -> None:
    """Nothing joins for want of a better place."""
    assert join(filled(article(1, FERRY)), article(2, "Painter Elsa Moreau dies at ninety-one in Lyon")) is None
    assert join(StoryIndex(), article(1, FERRY)) is None


def test_events_of_one_country_share_its_name_and_nothing_else() -> None:
    """Five events in one country stay five stories."""
    headlines = [
        "Ukraine's parliament adopts budget for 2027",
        "Dam gate fails in Ukraine, villages told to leave",
        "Folk trio Vesna to sing for Ukraine at Eurovision",
        "Grain exports through Odesa highest in three years, Ukraine says",
        "Ukraine's Olena Marchuk earns grandmaster title at fifteen",
    ]
    articles = [article(n, title) for n, title in enumerate(headlines, 1)]
    assert len(set(group(articles, vectors(articles)))) == 5
    index = StoryIndex()
    for one in articles:
        assert join(index, one) is None
        index.add(one.id, one, vector(one.title))


def test_two_quakes_in_two_towns_are_two_stories() -> None:
    """The same words around unlike names are not the same event, in a batch, in the stream and before posting."""
    titles = ("Magnitude 5.8 earthquake strikes near Izmir", "Magnitude 5.8 earthquake strikes near Baler")
    one, other = (article(n, title) for n, title in enumerate(titles, 1))
    assert evidence_of(one).contradicts(evidence_of(other))
    assert len(set(group([one, other], vectors([one, other])))) == 2
    assert join(filled(one), other) is None
    stories, found = stories_of([titles[0]], [titles[1]])
    assert regroup(stories, found) == [[1], [2]]


@pytest.mark.parametrize(
    ("title", "proper"),
    [
        ("Magnitude 5.8 earthquake strikes near Izmir", {"izmir"}),
        ("Izmir hit by quake, schools closed for a day", set()),
        ("Strong Earthquake Strikes Near Izmir On Monday", set()),
        ("Fair winds: Lisbon ferry sails again, says Rita Melo", {"rita", "melo"}),
    ],
)
def test_a_capital_at_a_sentences_start_or_in_title_case_proves_no_name(title: str, proper: set[str]) -> None:
    """Only a capital that grammar does not ask for makes a word a proper name."""
    assert evidence_of(article(1, title)).proper == proper


def test_near_vectors_alone_do_not_merge() -> None:
    """The guard: an encoder that finds two texts alike is not believed without a shared name, number or two words."""
    one, other = article(1, "Goalkeeper saves twice"), article(2, "Striker scores thrice")
    index = StoryIndex()
    base = vector("sport")
    near = base + 0.4 * vector("another thing")
    index.add(1, one, base)
    sure = base + 0.1 * vector("another thing")
    assert index.assign(other, (near / np.linalg.norm(near) * 0.7).astype(np.float32)) is None
    assert index._likeness(evidence_of(other), 0, 0.7) == 0.0
    assert index._likeness(evidence_of(other), 0, float(sure @ base)) > 0.0


def test_an_outlets_second_article_joins_only_when_it_is_clearly_an_update() -> None:
    """What another outlet may bring in, the same outlet may not: it has told the story already."""
    first = article(1, "Orbita Motors recalls vans over seat belts", outlet="Wire")
    loose = "Orbita Motors vans sell well despite dear batteries"
    index = filled(first, *(article(n, f"Report {n} on matter {n * 7} in town {n * 13}") for n in range(10, 30)))
    score = index._likeness(evidence_of(article(2, loose)), 0, float(vector(loose) @ vector(first.title)))
    assert 0.30 <= score < 0.40
    assert join(index, article(2, loose, outlet="Other")) == 1
    assert join(index, article(3, loose, outlet="Wire")) is None
    assert join(index, article(4, "Orbita Motors recalls more vans over seat belts", outlet="Wire")) == 1


def test_a_story_takes_nothing_in_after_three_days() -> None:
    """The same ferry sinking next week is another event, or an old item that slid back in."""
    index = filled(article(1, FERRY))
    assert join(index, article(2, FERRY, hours=71)) == 1
    assert join(index, article(3, FERRY, hours=73)) is None
    index.add(1, article(2, FERRY, hours=71), vector(FERRY))
    assert join(index, article(3, FERRY, hours=73)) == 1


def test_without_an_encoder_words_and_names_decide() -> None:
    """A zero vector stands for none: the story is found by its rare words among hundreds."""
    nothing, index = np.zeros(384, dtype=np.float32), StoryIndex()
    for number in range(10, 400):
        index.add(number, article(number, f"Report {number} on matter {number * 7} in town {number * 13}"), nothing)
    index.add(1, article(1, FERRY), nothing)
    assert index.assign(article(2, "Ferry Santa Clara sinks near Lisbon, forty aboard"), nothing) == 1
    assert index.assign(article(3, "Painter Elsa Moreau dies at ninety-one in Lyon"), nothing) is None


def test_loading_stored_stories_gives_the_index_that_adding_gave() -> None:
    """A restart decides as the running process would have."""
    rows = [article(n, title) for n, title in enumerate((FERRY, "Court in Nairobi clears editor of libel"), 1)]
    grown, loaded = filled(*rows), StoryIndex()
    for one in rows:
        loaded.load(one.id, vector(one.title), [one])
    for title in ("Ferry Santa Clara sinks near Lisbon", "Nairobi court clears editor", "Nothing of the kind"):
        assert join(grown, article(9, title)) == join(loaded, article(9, title))


# ── the look over an edition ─────────────────────────────────────────────────


def stories_of(*titles: Sequence[str]) -> tuple[list[Story], dict[int, Vector]]:
    """Return a story for each list of headlines, numbered from 1, and the vectors of all articles."""
    stories, found, number = [], {}, 0
    for story_id, lines in enumerate(titles, 1):
        members = []
        for title in lines:
            number += 1
            members.append(article(number, title))
            found[number] = vector(title)
        stories.append(Story(story_id, tuple(members), NOW, NOW))
    return stories, found


def test_an_event_that_was_parted_is_put_together_before_it_is_posted() -> None:
    """Two stories on one event become one; the third stays."""
    stories, found = stories_of(
        [FERRY, "Forty aboard ferry Santa Clara as it sinks off Lisbon"],
        ["Painter Elsa Moreau dies at ninety-one in Lyon"],
        ["Ferry Santa Clara sinks near Lisbon, forty aboard"],
    )
    assert regroup(stories, found) == [[1, 3], [2]]


def test_what_a_manager_has_parted_stays_apart() -> None:
    """A split sticks, however alike the stories are."""
    stories, found = stories_of([FERRY], [FERRY], ["Painter Elsa Moreau dies in Lyon"])
    assert regroup(stories, found) == [[1, 2], [3]]
    assert regroup(stories, found, frozenset({frozenset({1, 2})})) == [[1], [2], [3]]


def test_a_story_without_vectors_is_left_as_it_is() -> None:
    """Without an encoder nothing is merged, and nothing is lost."""
    stories, found = stories_of([FERRY], [FERRY], [FERRY])
    assert regroup(stories, {}) == [[1], [2], [3]]
    assert regroup([], {}) == []
    assert regroup(stories, {1: found[1]}) == [[1], [2], [3]]


# ── the algorithm ────────────────────────────────────────────────────────────


def naive(similarity: NDArray[np.float64], threshold: float) -> list[frozenset[int]]:
    """Merge the two most alike clusters until none are alike enough: average link as the books have it."""
    clusters = [frozenset({i}) for i in range(len(similarity))]
    while len(clusters) > 1:
        pairs = [
            (np.mean([similarity[i, j] for i in a for j in b]), a, b) for a in clusters for b in clusters if a != b
        ]
        best, a, b = max(pairs, key=lambda pair: pair[0])
        if best < threshold:
            break
        clusters = [c for c in clusters if c not in (a, b)] + [a | b]
    return sorted(clusters, key=min)


@given(st.integers(1, 9), st.integers(0, 10_000), st.floats(-0.2, 1.0))
@settings(max_examples=150, deadline=None)
def test_the_chain_finds_the_clusters_of_the_plain_algorithm(size: int, seed: int, threshold: float) -> None:
    """The nearest-neighbour chain is a faster way to the same clusters."""
    rng = np.random.default_rng(seed)
    half = rng.uniform(-0.3, 1.0, (size, size))
    similarity = ((half + half.T) / 2).astype(np.float32)
    labels = average_link(similarity, threshold)
    found: dict[int, set[int]] = {}
    for item, label in enumerate(labels):
        found.setdefault(label, set()).add(item)
    assert sorted(map(frozenset, found.values()), key=min) == naive(similarity.astype(np.float64), threshold)
    assert all(label == min(members) for label, members in found.items())


def test_no_articles_make_no_clusters() -> None:
    """An empty batch is served."""
    assert group([], np.zeros((0, 384), dtype=np.float32)) == []


# ── figures ──────────────────────────────────────────────────────────────────


def test_the_fixture_is_clustered_well_even_without_an_encoder() -> None:
    """With hashed words for vectors, precision holds; recall is what the encoder is for."""
    articles, gold = read(DATA)
    precision, recall, _ = b_cubed(gold, group(articles, vectors(articles)))
    assert precision >= 0.90
    assert recall >= 0.70


def test_the_fixture_has_no_duplicate_ids_and_only_its_fields() -> None:
    """The file keeps the form of the project's scorer."""
    rows = [json.loads(line) for line in DATA.read_text(encoding="utf-8").splitlines()]
    assert len({row["id"] for row in rows}) == len(rows) >= 80
    assert {tuple(row) for row in rows} == {("id", "title", "text", "published", "source", "story")}


@pytest.mark.model
@pytest.mark.slow
def test_headlines_of_the_wild_are_clustered_as_the_issue_asks() -> None:
    """On labelled headlines of 2014, B-cubed F1 is at least 0.86 with precision of at least 0.90, batch and edition."""
    pytest.importorskip("torch")
    from bench.stories import embed  # noqa: PLC0415 — loads the model

    articles, gold = read(shared("data/stories/dev.jsonl"))
    made = embed(articles)
    for labels in (group(articles, made), stream(articles, made)[1]):
        precision, _, f1 = b_cubed(gold, labels)
        assert precision >= 0.90
        assert f1 >= 0.86


def test_adding_an_article_to_two_thousand_open_stories_is_quick() -> None:
    """The usual article is placed in under 10 ms; the best of three runs counts, as the machine has other work."""
    index = StoryIndex()
    rng = np.random.default_rng(7)
    for number in range(1, 2001):
        made = rng.normal(size=384).astype(np.float32)
        index.add(number, article(number, f"Report {number} on matter {number * 7}"), made / np.linalg.norm(made))
    probe, near = article(0, "Report 77 on matter 539", WIRE), index._centroids[76].copy()
    took = []
    for _ in range(3):
        begun = time.perf_counter()
        for _ in range(20):
            index.assign(probe, near)
        took.append((time.perf_counter() - begun) / 20)
    assert min(took) < 0.010
