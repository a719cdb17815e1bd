"""Digests, briefs and subscriptions as JSON documents and back; knows the domain, no database.

``digest_to_json(d)`` holds only what :mod:`json` knows, and ``digest_from_json`` gives back an equal digest.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from datetime import UTC, datetime, time
from typing import Any, assert_never

from digestbot.domain.digest import (
    Action,
    Actions,
    Block,
    Card,
    Digest,
    Edition,
    Heading,
    Link,
    Moment,
    Named,
    Prose,
    Quotation,
    Rule,
    Sources,
    Span,
    Strong,
    Text,
)
from digestbot.domain.news import Evidence, Passage, Polling, Quote, Refusal, Speaker, Summary, SummarySentence
from digestbot.domain.subscription import Channel, Filter, Schedule, Subscription
from digestbot.domain.timekeeping import Leap

Json = dict[str, Any]

# ── digests ──────────────────────────────────────────────────────────────────


def digest_to_json(digest: Digest) -> Json:
    """Return a digest as a JSON document."""
    edition = digest.edition
    return {
        "title": digest.title,
        "edition": {
            "subscription_id": edition.subscription_id,
            "at": _instant(edition.at),
            "timezone": edition.timezone,
        },
        "style": digest.style,
        "mention": digest.mention,
        "cards": [
            {"story_id": card.story_id, "topic": card.topic, "blocks": [_block(block) for block in card.blocks]}
            for card in digest.cards
        ],
    }


def digest_from_json(document: Json) -> Digest:
    """Return the digest of a document made by :func:`digest_to_json`."""
    edition = document["edition"]
    return Digest(
        title=document["title"],
        edition=Edition(edition["subscription_id"], datetime.fromisoformat(edition["at"]), edition["timezone"]),
        cards=tuple(
            Card(tuple(_read_block(block) for block in card["blocks"]), card["story_id"], card["topic"])
            for card in document["cards"]
        ),
        style=document["style"],
        mention=document["mention"],
    )


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat()


def _span(span: Span) -> Json:
    match span:
        case Text(text):
            return {"text": text}
        case Strong(text):
            return {"strong": text}
        case Link(text, url):
            return {"link": text, "url": url}
        case Moment(at, fallback, style):
            return {"moment": _instant(at), "fallback": fallback, "style": style}
        case Named(kind, name):
            return {"named": name, "kind": kind}
        case _:
            assert_never(span)


def _read_span(span: Json) -> Span:
    if "link" in span:
        return Link(span["link"], span["url"])
    if "moment" in span:
        return Moment(datetime.fromisoformat(span["moment"]), span["fallback"], span["style"])
    if "named" in span:
        return Named(span["kind"], span["named"])
    return Strong(span["strong"]) if "strong" in span else Text(span["text"])


def _block(block: Block) -> Json:
    match block:
        case Heading(spans, level):
            return {"block": "heading", "spans": [_span(span) for span in spans], "level": level}
        case Prose(spans, quiet):
            return {"block": "prose", "spans": [_span(span) for span in spans], "quiet": quiet}
        case Quotation():
            return {"block": "quotation", **asdict(block)}
        case Sources(links):
            return {"block": "sources", "links": [_span(link) for link in links]}
        case Actions(actions):
            return {"block": "actions", "actions": [asdict(action) for action in actions]}
        case Rule():
            return {"block": "rule"}
        case _:
            assert_never(block)


def _read_block(block: Json) -> Block:
    kind, rest = block["block"], {name: value for name, value in block.items() if name != "block"}
    match kind:
        case "heading":
            return Heading(_read_spans(rest["spans"]), rest["level"])
        case "prose":
            return Prose(_read_spans(rest["spans"]), rest["quiet"])
        case "quotation":
            return Quotation(**rest)
        case "sources":
            return Sources(tuple(Link(link["link"], link["url"]) for link in rest["links"]))
        case "actions":
            return Actions(tuple(Action(**action) for action in rest["actions"]))
        case "rule":
            return Rule()
        case _:
            raise ValueError(f"a digest has no block “{kind}”")


def _read_spans(spans: Sequence[Json]) -> tuple[Span, ...]:
    return tuple(_read_span(span) for span in spans)


# ── briefs ───────────────────────────────────────────────────────────────────


def summary_to_json(summary: Summary) -> Json:
    """Return a summary as a JSON document."""
    return {
        "engine": summary.engine,
        "sentences": [
            {
                "text": sentence.text,
                "source": sentence.source,
                "evidence": [[e.article_id, e.start, e.end] for e in sentence.evidence],
            }
            for sentence in summary.sentences
        ],
        "refused": [asdict(refusal) for refusal in summary.refused],
    }


def summary_from_json(document: Json) -> Summary:
    """Return the summary of a document made by :func:`summary_to_json`."""
    return Summary(
        tuple(
            SummarySentence(sentence["text"], tuple(Evidence(*e) for e in sentence["evidence"]), sentence["source"])
            for sentence in document["sentences"]
        ),
        document["engine"],
        # Absent in what an earlier version wrote.
        tuple(Refusal(**_known(Refusal, refusal)) for refusal in document.get("refused", ())),
    )


def quote_to_json(quote: Quote) -> Json:
    """Return what ``Quote.cut`` takes, without the words: those stand in the article."""
    speaker = quote.speaker
    return {
        "passages": [[p.start, p.end, p.opened, p.closed] for p in quote.passages],
        "speaker": None if speaker is None else {f.name: getattr(speaker, f.name) for f in fields(speaker)},
        "confidence": quote.confidence,
        "key": quote.key,
        "partial": quote.partial,
        "venue": quote.venue,
    }


def passages_from_json(document: Json) -> tuple[Passage, ...]:
    """Return the passages of a document made by :func:`quote_to_json`."""
    return tuple(Passage(*passage) for passage in document["passages"])


def speaker_from_json(document: Json) -> Speaker | None:
    """Return the speaker of a document made by :func:`quote_to_json`."""
    written = document["speaker"]
    if written is None:
        return None
    spans = {name: tuple(written[name]) if written[name] is not None else None for name in ("mention", "cue")}
    return Speaker(**{**written, **spans})


# ── feeds and subscriptions ──────────────────────────────────────────────────

_INSTANTS = ("next_check_at", "checked_at", "failing_since")
_POLLING = frozenset(field.name for field in fields(Polling))


def polling_to_json(polling: Polling) -> Json:
    """Return a feed's polling state as a JSON document."""
    # Every field is a plain value: a copy of each, as asdict makes, would cost more than the rest of a poll's record.
    written = {name: getattr(polling, name) for name in _POLLING}
    return written | {name: _instant(written[name]) for name in _INSTANTS if written[name] is not None}


def polling_from_json(document: Json) -> Polling:
    """Return the polling state of a document, whichever fields the version that wrote it knew."""
    kept = {name: value for name, value in document.items() if name in _POLLING}
    return Polling(**kept | {n: datetime.fromisoformat(kept[n]) for n in _INSTANTS if kept.get(n) is not None})


_COLUMNS = frozenset({"id", "name", "channel", "paused", "next_edition_at", "window_from"})
"""What a subscription has in columns of its own."""


def settings_to_json(subscription: Subscription) -> Json:
    """Return what a subscription has beside its columns as a JSON document."""
    written = {name: value for name, value in asdict(subscription).items() if name not in _COLUMNS}
    schedule = written["schedule"]
    schedule["at"] = [at.isoformat() for at in schedule["at"]]
    for name in ("quiet_from", "quiet_to"):
        schedule[name] = None if schedule[name] is None else schedule[name].isoformat()
    return written


def subscription_from_json(document: Json, channel: Channel, columns: Mapping[str, Any]) -> Subscription:
    """Return the subscription of a document made by :func:`settings_to_json`, with its columns' values."""
    kept = {name: value for name, value in _known(Subscription, document).items() if name not in _COLUMNS}
    # Before a subscription said so itself, those of the settings file were the ones without a workspace.
    kept.setdefault("listed", not channel.workspace)
    schedule = _known(Schedule, document["schedule"])
    schedule["at"] = tuple(time.fromisoformat(at) for at in schedule["at"])
    for name in ("quiet_from", "quiet_to"):
        schedule[name] = None if schedule[name] is None else time.fromisoformat(schedule[name])
    kept["schedule"] = Schedule(**schedule)
    kept["filter"] = filter_from_json(document["filter"])
    return Subscription(channel=channel, **columns, **kept)


def filter_to_json(rules: Filter) -> Json | None:
    """Return a filter as a JSON document, None where it has no rules."""
    return None if rules == Filter() else {name: value for name, value in asdict(rules).items() if value}


def filter_from_json(document: Json | None) -> Filter:
    """Return the filter of a document, whichever rules the version that wrote it knew."""
    return Filter(**_known(Filter, document)) if document else _NO_RULES


_NO_RULES = Filter()


def _known(made: type[Any], document: Json) -> Json:
    """Return the fields this version knows, lists as tuples, as the domain has them."""
    names = {f.name for f in fields(made)}
    return {n: tuple(v) if isinstance(v, list) else v for n, v in document.items() if n in names}


def leaps_to_json(leaps: Sequence[Leap]) -> list[list[str]]:
    """Return leaps of the clock as a JSON document."""
    return [[leap.begin.isoformat(), leap.end.isoformat()] for leap in leaps]


def leaps_from_json(document: list[list[str]]) -> tuple[Leap, ...]:
    """Return the leaps of a document made by :func:`leaps_to_json`."""
    return tuple(Leap(datetime.fromisoformat(begin), datetime.fromisoformat(end)) for begin, end in document)
