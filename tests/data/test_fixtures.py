"""The gold files are valid: their offsets cut what they say, and every speaker stands in the text."""

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

QUOTES = Path(__file__).resolve().parent / "quotes"
OPENING = "“\"‘'«„‹"
PRONOUNS = {"he", "she", "they", "it", "who", "i", "we", "him", "her", "them"}
Record = dict[str, Any]


def records(name: str) -> list[Record]:
    """Return a file's records."""
    return [json.loads(line) for line in (QUOTES / name).read_text(encoding="utf-8").splitlines()]


FIT = records("general_fit.jsonl")
HELDOUT = records("general_heldout.jsonl")
LATE = records("late_heldout.jsonl")
ALL = FIT + HELDOUT + LATE
KEY = records("key_gold.jsonl")


def record_id(record: Record) -> str:
    """Return a short name for a parametrised test."""
    return str(record["id"])


def words_of(text: str) -> int:
    """Count the words of a text."""
    return len(text.split())


def check_speaker(text: str, quote: Record) -> None:
    """Hold a quote's speaker: the mention is where it says, and the speaker's string stands in the text."""
    if quote["speaker"] is None:
        assert quote["speaker_type"] is quote["speaker_start"] is quote["speaker_mention"] is None
        return
    mention = text[quote["speaker_start"] : quote["speaker_end"]]
    assert mention == quote["speaker_mention"]
    assert all(name in text for name in [quote["speaker"], *quote.get("speaker_alt", [])])
    assert (mention.lower() in PRONOUNS) == (quote["speaker_type"] == "pronoun")
    if quote["speaker_type"] == "nominal":
        assert quote["speaker"] == mention
    if quote["speaker_type"] == "name":
        assert set(mention.split()) & set(quote["speaker"].split())


@pytest.mark.parametrize("record", ALL, ids=record_id)
def test_quotes_are_cut_from_the_text(record):
    """Each quote is the slice it claims, between marks, without blanks at its ends, and overlaps no other."""
    text, end = record["text"], 0
    for quote in record["quotes"]:
        words = text[quote["start"] : quote["end"]]
        assert words == quote["text"] == quote["text"].strip()
        assert text[: quote["start"]].rstrip()[-1] in OPENING
        assert quote["start"] > end
        end = quote["end"]
        assert "\n" not in words
        assert isinstance(quote["partial"], bool)


@pytest.mark.parametrize("record", ALL, ids=record_id)
def test_speakers_stand_in_the_text(record):
    """Each speaker's mention is where the gold says, and the full name it stands for is in the article."""
    for quote in record["quotes"]:
        check_speaker(record["text"], quote)
        for nested in quote.get("nested", []):
            assert quote["start"] < nested["start"] < nested["end"] <= quote["end"]
            assert record["text"][nested["start"] : nested["end"]] == nested["text"]
            check_speaker(record["text"], nested)


@pytest.mark.parametrize("record", ALL, ids=record_id)
def test_nonquotes_stand_between_marks(record):
    """Words that are not speech stand between marks too, apart from every quote."""
    taken = [(quote["start"], quote["end"]) for quote in record["quotes"]]
    for start, end in record["nonquotes"]:
        assert record["text"][:start].rstrip()[-1] in OPENING
        assert not any(start < other_end and other_start < end for other_start, other_end in taken)


@pytest.mark.parametrize("gold", [FIT, HELDOUT], ids=["fit", "heldout"])
def test_the_gold_is_large_and_varied(gold):
    """Each file has at least forty articles of news length, and speakers of every kind."""
    assert len(gold) >= 40
    kinds = Counter(quote["speaker_type"] for record in gold for quote in record["quotes"])
    assert min(kinds["name"], kinds["pronoun"], kinds["nominal"]) >= 40
    assert sum(len(record["nonquotes"]) for record in gold) >= 30
    assert all(120 <= words_of(record["text"]) <= 300 for record in gold)


def test_no_article_stands_twice():
    """No article is in both files, and no id is used twice."""
    assert len({record["text"] for record in ALL}) == len({record["id"] for record in ALL}) == len(ALL)


def test_held_out_people_are_others():
    """No speaker of the held-out articles is known by full name from the file for fitting."""
    fit, heldout = (
        {q["speaker"] for record in gold for q in record["quotes"] if q["speaker_type"] != "nominal" and q["speaker"]}
        for gold in (FIT, HELDOUT)
    )
    assert not fit & heldout


@pytest.mark.parametrize("story", KEY, ids=record_id)
def test_key_quotes_are_whole_quotations_of_named_speakers(story):
    """Each key quote, wherever it stands, lies between its marks in an article that names its speaker in full."""
    assert 1 <= len(story["key"]) <= 3
    assert len({key["speaker"] for key in story["key"]}) == len(story["key"])
    for key in story["key"]:
        assert " " in key["speaker"]
        for number, start, end in [(key["article"], key["start"], key["end"]), *key.get("also", [])]:
            text = story["articles"][number]["text"]
            assert (text[start - 1], text[end]) in {("“", "”"), ("‘", "’")}
            assert key["speaker"] in text
        assert story["articles"][key["article"]]["text"][key["start"] : key["end"]] == key["text"]


def test_the_first_and_the_longest_quotation_are_not_always_right():
    """There are sixty stories of one to three articles, and neither naive pick is right in more than two of three."""
    assert len(KEY) >= 60
    assert {len(story["articles"]) for story in KEY} == {1, 2, 3}
    for pick in (lambda spans: spans[0], lambda spans: max(spans, key=lambda span: span[2] - span[1])):
        right = sum(is_key(story, *pick(quotations(story))) for story in KEY)
        assert len(KEY) / 4 <= right <= len(KEY) * 2 / 3


def quotations(story: Record) -> list[tuple[int, int, int]]:
    """Return every quotation of a story as (article, start, end), found by its curly marks alone."""
    marks = re.compile(r"“([^”]+)”|(?<!\w)‘([^\n]+?)’(?!\w)")
    return [
        (number, *match.span(match.lastindex or 0))
        for number, article in enumerate(story["articles"])
        for match in marks.finditer(article["text"])
    ]


def is_key(story: Record, number: int, start: int, end: int) -> bool:
    """Return whether a span overlaps a gold key quote of the story."""
    gold = [
        place for key in story["key"] for place in [(key["article"], key["start"], key["end"]), *key.get("also", [])]
    ]
    return any(number == article and start < gold_end and gold_start < end for article, gold_start, gold_end in gold)
