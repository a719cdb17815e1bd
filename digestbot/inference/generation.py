"""Models that write, as they run inside the engine process; knows no queue, no gate and no news.

Both kinds run through CTranslate2 int8 on the CPU where their weights can be converted, else through
transformers' own ``generate``. Decoding is greedy or by beam: the same text always gives the same summary.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from digestbot.domain.errors import ModelMissing
from digestbot.inference.batching import batches
from digestbot.inference.convert import TOKENIZER, converted
from digestbot.inference.models import ModelFiles, locate, verify

Backend = Literal["auto", "ctranslate2", "transformers"]
_CELLS = 4096
_SOURCE_TOKENS = 1024
"""BART reads 1,024 positions; more is cut, which the callers avoid by choosing what to read."""
_PREFIX = {"t5": "summarize: "}
"""What a model was trained to see before a text (Raffel et al. 2020, appendix D)."""


def load_generator(op: str, name: str, *, cache_dir: Path | None, backend: Backend, threads: int) -> Any:
    """Return the writing model for an operation.

    Raises:
        ModelMissing: It is not here, its files are damaged, or it is of another kind.

    """
    files = locate(name)
    verify(files)
    kinds: dict[str, Any] = {"seq2seq": Seq2Seq, "chat": Chat}
    if op not in kinds:
        raise ModelMissing(name, f"cannot serve “{op}”")
    return kinds[op](files, cache_dir=cache_dir, backend=backend, threads=threads)


def _tokenizer(files: ModelFiles, folder: Path | None = None) -> Any:
    """Load a model's tokenizer: the one kept beside its conversion in ``folder``, or its own, from a GGUF file too."""
    from transformers import AutoTokenizer  # heavy: loaded in the engine process alone

    if folder is not None and (folder / TOKENIZER).is_dir():
        return AutoTokenizer.from_pretrained(folder / TOKENIZER)
    return AutoTokenizer.from_pretrained(files.folder, **_gguf(files))


def _gguf(files: ModelFiles) -> dict[str, str]:
    """Return the argument that names a GGUF file, if the model is one."""
    return {"gguf_file": files.path.name} if files.path.suffix == ".gguf" else {}


def _device() -> str:
    """Return where transformers runs: the GPU where there is one."""
    import torch  # heavy

    return "cuda" if torch.cuda.is_available() else "cpu"


def _folder(
    files: ModelFiles, cache_dir: Path | None, kind: Literal["seq2seq", "chat"], backend: Backend
) -> Path | None:
    """Return the converted model's folder, or None when transformers is to run it."""
    if backend == "transformers" or cache_dir is None or (backend == "auto" and _device() == "cuda"):
        return None
    return converted(files, cache_dir, kind=kind, required=backend == "ctranslate2")


class Seq2Seq:
    """An encoder-decoder that condenses a text; ``backend`` says what runs it."""

    def __init__(self, files: ModelFiles, *, cache_dir: Path | None, backend: Backend, threads: int) -> None:
        """Load it."""
        from transformers import AutoConfig  # heavy

        self.tokenizer = _tokenizer(files)
        self.config = AutoConfig.from_pretrained(files.folder)
        self._prefix = _PREFIX.get(self.config.model_type, "")
        folder = _folder(files, cache_dir, "seq2seq", backend)
        self.backend = "ctranslate2" if folder else "transformers"
        self._model: Any = _translator(folder, threads) if folder else _load(files, "AutoModelForSeq2SeqLM")

    def __call__(self, texts: Sequence[str], *, max_tokens: int = 80, min_tokens: int = 20, beam: int = 4) -> list[str]:
        """Return one summary a text."""
        limit = min(_SOURCE_TOKENS, getattr(self.config, "max_position_embeddings", None) or _SOURCE_TOKENS)
        encoded = self.tokenizer([self._prefix + t for t in texts], truncation=True, max_length=limit)["input_ids"]
        answers = [""] * len(texts)
        for group in batches([len(ids) for ids in encoded], cells=_CELLS):
            run = self._translate if self.backend == "ctranslate2" else self._generate
            lines = run([encoded[i] for i in group], max_tokens, min_tokens, beam)
            for i, line in zip(group, lines, strict=True):
                answers[i] = line
        return answers

    def _translate(self, ids: Sequence[Sequence[int]], max_tokens: int, min_tokens: int, beam: int) -> list[str]:
        """Run a batch through CTranslate2."""
        tokens = [self.tokenizer.convert_ids_to_tokens(row) for row in ids]
        first = getattr(self.config, "forced_bos_token_id", None)
        prefix = [self.tokenizer.convert_ids_to_tokens([first])] * len(ids) if first is not None else None
        results = self._model.translate_batch(
            tokens,
            target_prefix=prefix,
            beam_size=beam,
            max_decoding_length=max_tokens,
            min_decoding_length=min(min_tokens, max_tokens),
            no_repeat_ngram_size=3,
            length_penalty=2.0,
        )
        return [self._decode(self.tokenizer.convert_tokens_to_ids(result.hypotheses[0])) for result in results]

    def _generate(self, ids: Sequence[Sequence[int]], max_tokens: int, min_tokens: int, beam: int) -> list[str]:
        """Run a batch through transformers."""
        import torch  # heavy

        batch = self.tokenizer.pad({"input_ids": [list(row) for row in ids]}, return_tensors="pt")
        with torch.inference_mode():
            rows = self._model.generate(
                input_ids=batch["input_ids"].to(self._model.device),
                attention_mask=batch["attention_mask"].to(self._model.device),
                num_beams=beam,
                do_sample=False,
                max_new_tokens=max_tokens,
                min_new_tokens=min(min_tokens, max_tokens),
                no_repeat_ngram_size=3,
                length_penalty=2.0,
                early_stopping=True,
            )
        return [self._decode(row.tolist()) for row in rows]

    def _decode(self, ids: Sequence[int]) -> str:
        """Return the text of tokens, without the special ones."""
        return str(self.tokenizer.decode(ids, skip_special_tokens=True)).strip()


class Chat:
    """A causal chat model; ``backend`` says what runs it."""

    def __init__(self, files: ModelFiles, *, cache_dir: Path | None, backend: Backend, threads: int) -> None:
        """Load it."""
        folder = _folder(files, cache_dir, "chat", backend)
        self.tokenizer = _tokenizer(files, folder)
        if not getattr(self.tokenizer, "chat_template", None):
            raise ModelMissing(files.name, "has no chat template", hint="choose a chat (“instruct”) model")
        self.backend = "ctranslate2" if folder else "transformers"
        self._model: Any = _generator(folder, threads) if folder else _load(files, "AutoModelForCausalLM")

    def __call__(self, items: Sequence[Mapping[str, Any]], *, max_tokens: int = 120, beam: int = 1) -> list[str]:
        """Return one answer an item: ``messages`` (role and content) and, for source-bound decoding, ``bound``."""
        prompts = [
            self.tokenizer.apply_chat_template(item["messages"], add_generation_prompt=True, tokenize=False)
            for item in items
        ]
        encoded = [self.tokenizer(prompt, add_special_tokens=False)["input_ids"] for prompt in prompts]
        if self.backend == "ctranslate2":
            return self._answer(encoded, max_tokens, beam)
        return [
            self._generate(ids, item.get("bound"), max_tokens, beam) for ids, item in zip(encoded, items, strict=True)
        ]

    def _answer(self, encoded: Sequence[Sequence[int]], max_tokens: int, beam: int) -> list[str]:
        """Run prompts through CTranslate2, those of like length together."""
        answers = [""] * len(encoded)
        for group in batches([len(ids) for ids in encoded], cells=_CELLS):
            results = self._model.generate_batch(
                [self.tokenizer.convert_ids_to_tokens(encoded[i]) for i in group],
                beam_size=beam,
                max_length=max_tokens,
                include_prompt_in_result=False,
                end_token=self.tokenizer.eos_token,
            )
            for i, result in zip(group, results, strict=True):
                answers[i] = str(self.tokenizer.decode(result.sequences_ids[0], skip_special_tokens=True)).strip()
        return answers

    def _generate(self, ids: Sequence[int], bound: str | None, max_tokens: int, beam: int) -> str:
        """Run one prompt through transformers, held to the words of ``bound`` when it is given."""
        import torch  # heavy
        from transformers import LogitsProcessorList  # heavy

        from digestbot.inference.source_bound import SourceBound  # loads torch

        processors = LogitsProcessorList([SourceBound(self.tokenizer, bound, len(ids))] if bound else [])
        prompt = torch.tensor([list(ids)], device=self._model.device)
        with torch.inference_mode():
            rows = self._model.generate(
                input_ids=prompt,
                attention_mask=torch.ones_like(prompt),
                num_beams=beam,
                do_sample=False,
                max_new_tokens=max_tokens,
                pad_token_id=self.tokenizer.eos_token_id,
                logits_processor=processors,
            )
        return str(self.tokenizer.decode(rows[0][len(ids) :].tolist(), skip_special_tokens=True)).strip()


def _load(files: ModelFiles, kind: str) -> Any:
    """Load a model through transformers."""
    import transformers  # heavy

    return getattr(transformers, kind).from_pretrained(files.folder, **_gguf(files)).eval().to(_device())


def _translator(folder: Path, threads: int) -> Any:
    """Load a converted encoder-decoder."""
    import ctranslate2  # heavy

    return ctranslate2.Translator(str(folder), device="cpu", compute_type="int8", intra_threads=threads)


def _generator(folder: Path, threads: int) -> Any:
    """Load a converted causal model."""
    import ctranslate2  # heavy

    return ctranslate2.Generator(str(folder), device="cpu", compute_type="int8", intra_threads=threads)
