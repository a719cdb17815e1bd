"""Real models in the real engine process: the embedded encoder, and tiny random ones of the supported kinds."""

import numpy as np
import pytest
import pytest_asyncio

from digestbot.domain.errors import ModelMissing
from digestbot.inference import ChatSummarizer, EncoderEmbedder, Engine, ExtractiveSummarizer, Seq2SeqSummarizer
from digestbot.inference.models import ENCODER, locate
from tests.fakes.inference import FakeEmbedder
from tests.inference import tiny
from tests.inference.loop import LoopWatch
from tests.inference.stories import BRIDGE, FERRY, story
from tests.shared import shared

pytestmark = [pytest.mark.model, pytest.mark.timeout(300), pytest.mark.asyncio(loop_scope="module")]
SENTENCES = [line for line in (FERRY + BRIDGE).split("\n") if line]


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    """Conversions are kept for the module: made once, as in life."""
    return tmp_path_factory.mktemp("models")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def engine(cache):
    """One engine process for the module: starting it takes seconds."""
    made = Engine(cache_dir=cache)
    yield made
    await made.aclose()


async def test_int8_agrees_with_full_precision(engine):
    """Vectors of the converted encoder agree with transformers' own: each to 0.97, on average to 0.995."""
    watch = LoopWatch()
    ours = await watch.during(EncoderEmbedder(engine, backend="ctranslate2").embed(SENTENCES))
    theirs = await EncoderEmbedder(engine, backend="transformers").embed(SENTENCES)
    cosines = (ours * theirs).sum(axis=1)
    assert cosines.min() >= 0.97
    assert cosines.mean() >= 0.99
    assert watch.own < 0.05


async def test_a_sentence_is_encoded_once(engine):
    """A text asked again is answered from memory."""
    embedder = EncoderEmbedder(engine)
    first = await embedder.embed(SENTENCES)
    done = engine.status.items
    assert np.array_equal(await embedder.embed(SENTENCES[::-1]), first[::-1])
    assert engine.status.items == done


async def test_a_conversion_is_made_once_and_mended(cache, engine):
    """The conversion is kept by revision; one that lost its weights is made again, and nothing half made stays."""
    await EncoderEmbedder(engine).embed(["one"])
    (folder,) = [p for p in (cache / "ctranslate2").iterdir() if "minilm" in p.name]
    assert locate(ENCODER).revision() in folder.name
    stamp = (folder / "model.bin").stat().st_mtime_ns
    (folder / "config.json").unlink()
    anew = Engine(cache_dir=cache)
    await EncoderEmbedder(anew).embed(["two"])
    await anew.aclose()
    assert (folder / "config.json").exists()
    assert (folder / "model.bin").stat().st_mtime_ns != stamp
    assert [p for p in (cache / "ctranslate2").iterdir() if p.name.startswith(".converting")] == []


@pytest.mark.parametrize("backend", ["ctranslate2", "transformers"])
async def test_a_tiny_bart_writes_on_both_backends(engine, tmp_path_factory, backend):
    """A random BART loads, converts and writes; what it writes is refused and the article stands in."""
    folder = tiny.bart(tmp_path_factory.mktemp("bart"))
    plain = ExtractiveSummarizer(FakeEmbedder())
    summarizer = Seq2SeqSummarizer(engine, plain, FakeEmbedder(), model=str(folder), backend=backend)
    written = engine.status.tokens
    summary = await summarizer.summarize(story(FERRY))
    assert summary.engine == "extractive: ungrounded"
    assert engine.status.tokens > written
    assert engine.status.writing > 0
    assert locate(str(folder)).revision() in summarizer.name


async def test_both_backends_write_the_same(engine, tmp_path):
    """Greedy decoding of the same weights gives the same words on both backends, but for int8's rounding."""
    folder = str(tiny.bart(tmp_path))
    options = {"max_tokens": 12, "min_tokens": 2, "beam": 1}
    texts = [await engine.run("seq2seq", {"model": folder, "backend": b, "options": options}, SENTENCES[1:3])
             for b in ("ctranslate2", "transformers")]  # fmt: skip
    assert len(texts[0]) == len(texts[1]) == 2


@pytest.mark.parametrize(
    ("backend", "bound"), [("ctranslate2", False), ("transformers", False), ("transformers", True)]
)
async def test_a_tiny_llama_chats(engine, tmp_path, backend, bound):
    """A random Llama loads, converts and answers; bound to the sources it can only use their words."""
    plain = ExtractiveSummarizer(FakeEmbedder())
    model = str(tiny.llama(tmp_path))
    summarizer = ChatSummarizer(engine, plain, FakeEmbedder(), model=model, backend=backend, bound=bound)
    summary = await summarizer.summarize(story(FERRY), "short")
    assert summary.engine.startswith(("extractive: ungrounded", "chat:"))


async def test_damaged_weights_are_a_missing_model(engine, tmp_path):
    """Weights cut short are told as a model to be installed again, and the engine lives on."""
    folder = tiny.bart(tmp_path)
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])
    with pytest.raises(ModelMissing):
        await engine.run("seq2seq", {"model": str(folder), "backend": "transformers"}, ["text"])
    assert (await EncoderEmbedder(engine).embed(["one"])).shape == (1, 384)


async def test_bart_still_needs_mending():
    """BartConfig still lacks what CTranslate2's converter reads; when this fails, ``mend_bart`` can go."""
    from transformers import BartConfig  # noqa: PLC0415

    assert not hasattr(BartConfig(), "normalize_before")


async def test_the_seed_article_with_the_real_encoder(engine):
    """The first reader test: what was proposed, by whom, and that its legality is doubted, in 35 to 60 words."""
    text = shared("data/seed_article.txt").read_text("utf-8")
    summary = await ExtractiveSummarizer(EncoderEmbedder(engine)).summarize(story(text))
    assert 35 <= len(summary.text.split()) <= 60
    assert "President Donald Trump" in summary.text
    assert "sending American inmates to El Salvador’s mega-prison" in summary.text
    assert "legal" in summary.text
    assert summary.engine == "extractive"
