"""Digests as JSON and back: the same digest, plain JSON, and every block and span of the document is known."""

import json
from dataclasses import fields, replace
from datetime import UTC, datetime, time, timedelta
from typing import get_args

from hypothesis import given
from hypothesis import strategies as st

from digestbot.domain import digest as document
from digestbot.domain.news import Evidence, Polling, Refusal, Summary, SummarySentence
from digestbot.domain.subscription import Channel, Filter, Schedule, Subscription
from digestbot.store.documents import (
    digest_from_json,
    digest_to_json,
    polling_from_json,
    polling_to_json,
    settings_to_json,
    subscription_from_json,
    summary_from_json,
    summary_to_json,
)

TEXTS = st.text(max_size=20)
TIMES = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - made aware
SPANS = st.one_of(
    st.builds(document.Text, TEXTS),
    st.builds(document.Strong, TEXTS),
    st.builds(document.Named, st.sampled_from(["channel", "person", "role"]), TEXTS),
    st.builds(document.Link, TEXTS, TEXTS),
    st.builds(document.Moment, TIMES, TEXTS, st.sampled_from(get_args(document.MomentStyle))),
)
MANY = st.lists(SPANS, max_size=3).map(tuple)
BLOCKS = {
    document.Heading: st.builds(document.Heading, MANY, st.integers(1, 3)),
    document.Prose: st.builds(document.Prose, MANY, st.booleans()),
    document.Quotation: st.builds(document.Quotation, TEXTS, TEXTS, TEXTS, TEXTS, TEXTS),
    document.Sources: st.builds(
        document.Sources, st.lists(st.builds(document.Link, TEXTS, TEXTS), max_size=3).map(tuple)
    ),
    document.Actions: st.builds(
        document.Actions, st.lists(st.builds(document.Action, TEXTS, TEXTS), max_size=3).map(tuple)
    ),
    document.Rule: st.just(document.Rule()),
}
CARDS = st.builds(
    document.Card,
    st.lists(st.one_of(*BLOCKS.values()), max_size=4).map(tuple),
    st.none() | st.integers(1, 10**9),
    TEXTS,
)
DIGESTS = st.builds(
    document.Digest,
    TEXTS,
    st.builds(document.Edition, st.integers(1, 10**9), TIMES, st.sampled_from(["UTC", "Europe/Oslo"])),
    st.lists(CARDS, max_size=3).map(tuple),
    st.sampled_from(["full", "compact"]),
    TEXTS,
)


@given(DIGESTS)
def test_a_digest_survives_json(digest):
    """What was written as JSON text reads back as an equal digest, any character included."""
    assert digest_from_json(json.loads(json.dumps(digest_to_json(digest)))) == digest


def test_every_block_is_known():
    """A block added to the document without a form in JSON fails here."""
    assert set(BLOCKS) == set(get_args(document.Block))


@given(
    st.builds(
        Schedule,
        at=st.lists(st.times(), max_size=3).map(tuple),
        quiet_from=st.none() | st.times(),
        quiet_to=st.none() | st.just(time(6)),
    ),
    st.builds(Filter, include=st.lists(TEXTS, max_size=2).map(tuple), include_regex=TEXTS),
    st.lists(st.integers(1, 9), max_size=3).map(tuple),
)
def test_a_subscription_survives_json(schedule, wanted, feeds):
    """Schedules with times and tuples read back as they were."""
    given_ = Subscription(3, "n", Channel("console", "x"), schedule=schedule, filter=wanted, feeds=feeds)
    columns = {"id": 3, "name": "n", "paused": None, "next_edition_at": None, "window_from": None}
    kept = json.loads(json.dumps(settings_to_json(given_)))
    assert subscription_from_json(kept, given_.channel, columns) == given_


def test_documents_of_other_versions_are_read():
    """A field that a newer version added is left out, one that an older version lacked has its default."""
    now = datetime(2026, 4, 15, 8, tzinfo=UTC)
    polling = Polling(now, checked_at=now - timedelta(hours=1), etag="x")
    kept = polling_to_json(polling)
    del kept["etag"]
    assert polling_from_json(kept | {"a later field": 1}) == replace(polling, etag=None)
    plain = settings_to_json(Subscription(1, "n", Channel("console", "x")))
    assert {f.name for f in fields(Subscription)} - set(plain) == {
        "id",
        "name",
        "channel",
        "paused",
        "next_edition_at",
        "window_from",
    }


def test_a_summary_survives_json_with_what_was_refused():
    """Evidence and refusals read back as they were; a document from before there were refusals has none."""
    refused = Refusal("It is so.", ("name", "number"), ("9",), "It may be so.")
    made = Summary((SummarySentence("It may be so.", (Evidence(3, 0, 13),), "model"),), "seq2seq:x", (refused,))
    document = json.loads(json.dumps(summary_to_json(made)))
    assert summary_from_json(document) == made
    del document["refused"]
    assert summary_from_json(document) == replace(made, refused=())
