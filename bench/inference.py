"""Measures the engines: encoder int8 against full precision, seq2seq int8 against transformers, memory, loop lag.

    python bench/inference.py encoder [ARTICLES.jsonl]
    python bench/inference.py seq2seq [articles]

No weights are fetched: the encoder lies in its package, seq2seq gets random weights of distilbart-cnn-12-6's shape.
"""

import asyncio
import json
import random
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from digestbot.editorial.text import sentences
from digestbot.inference import EncoderEmbedder, Engine
from digestbot.inference.engine import Results

SENTENCE = "the mayor said on Tuesday that ferry would close in June because it lost money every year for a long time"
WORDS = SENTENCE.split(" ")
SPECIAL = {"bos_token": "<s>", "eos_token": "</s>", "pad_token": "<pad>", "unk_token": "<unk>"}


async def timed(work: "asyncio.Future[Results]") -> tuple[float, float, Results]:
    """Return seconds taken, the longest stillness of the event loop in seconds, and the result."""
    began, worst = time.perf_counter(), 0.0
    while not work.done():
        before = time.perf_counter()
        await asyncio.sleep(0.005)
        worst = max(worst, time.perf_counter() - before - 0.005)
    return time.perf_counter() - began, worst, work.result()


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
            seconds, lag, rows[backend] = await timed(asyncio.ensure_future(embedder.embed(lines)))
            print(f"{backend:12s} {len(lines) / seconds:7.1f} sentences/s  loop lag {lag * 1000:.0f} ms", end="  ")
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
    articles = [" ".join(rng.choices(WORDS, k=697)) for _ in range(count)]
    options = {"max_tokens": 56, "min_tokens": 56, "beam": 4}
    with tempfile.TemporaryDirectory() as scratch:
        model = Path(scratch) / "distilbart"
        model.mkdir()
        await asyncio.to_thread(random_distilbart, model)
        each = {}
        for backend, number, most in (("ctranslate2", count, 4), ("transformers", 1, 1)):
            engine = Engine(cache_dir=Path(scratch))
            settings = {"model": str(model), "backend": backend, "options": options}
            warm = {**settings, "options": {"max_tokens": 2, "min_tokens": 1, "beam": 1}}
            await engine.run("seq2seq", warm, ["the mayor said"])
            work = engine.run("seq2seq", settings, articles[:number], most=most)
            seconds, lag, _ = await timed(asyncio.ensure_future(work))
            each[backend] = seconds / number
            print(f"{backend:12s} {each[backend]:6.2f} s/article  loop lag {lag * 1000:.0f} ms", end="  ")
            print(f"resident {await engine.resident() / 1e6:.0f} MB", flush=True)
            await engine.aclose()
        print(f"times faster: {each['transformers'] / each['ctranslate2']:.1f}")


if __name__ == "__main__":
    kind, *rest = sys.argv[1:] or ["encoder"]
    asyncio.run(encoder(rest[0] if rest else None) if kind == "encoder" else seq2seq(int(rest[0]) if rest else 4))
