"""The sentence encoder as it runs inside the engine process; knows no queue and no port.

Mean pooling over the last hidden states and unit length, as the model's card (sentence-transformers
all-MiniLM-L6-v2) prescribes. On the CPU the transformers weights are converted once to CTranslate2 int8.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from digestbot.inference.batching import batches
from digestbot.inference.convert import converted
from digestbot.inference.models import locate, verify

Backend = Literal["auto", "ctranslate2", "transformers"]
MAX_TOKENS = 256
"""Longer texts are cut: ``max_seq_length`` of the model's sentence_bert_config.json."""
_CELLS = 4096


class _Runner(Protocol):
    """Turns a batch of token ids into mean-pooled vectors, shape (n, width)."""

    def __call__(self, ids: Sequence[Sequence[int]], /) -> NDArray[np.float32]: ...


class VectorModel:
    """A loaded encoder: ``backend`` says what runs it."""

    def __init__(self, name: str, *, cache_dir: Path | None, backend: Backend = "auto", threads: int = 0) -> None:
        """Load an encoder, its files checked first.

        Raises:
            ModelMissing: It is not here or its files are damaged.

        """
        from transformers import AutoTokenizer  # loaded in the engine process alone

        files = locate(name)
        verify(files)
        self.tokenizer: Any = AutoTokenizer.from_pretrained(files.folder)
        folder = None
        if backend != "transformers" and cache_dir is not None:
            folder = converted(files, cache_dir, kind="encoder", required=backend == "ctranslate2")
        self.backend = "ctranslate2" if folder else "transformers"
        self._run = _ctranslate2(folder, threads) if folder else _transformers(files.folder, self.tokenizer)

    def __call__(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return one unit vector a text, shape (n, width); an empty text gives the vector of no words."""
        if not texts:
            return np.zeros((0, 384), np.float32)
        encoded = self.tokenizer(list(texts), truncation=True, max_length=MAX_TOKENS)["input_ids"]
        rows: list[NDArray[np.float32]] = [np.empty(0, np.float32)] * len(texts)
        for group in batches([len(ids) for ids in encoded], cells=_CELLS):
            for i, row in zip(group, self._run([encoded[i] for i in group]), strict=True):
                rows[i] = row
        vectors = np.stack(rows)
        unit: NDArray[np.float32] = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
        return unit.astype(np.float32)


def _ctranslate2(folder: Path, threads: int) -> _Runner:
    """Return a runner on CTranslate2 int8."""
    import ctranslate2  # heavy

    encoder = ctranslate2.Encoder(str(folder), device="cpu", compute_type="int8", intra_threads=threads)

    def run(ids: Sequence[Sequence[int]]) -> NDArray[np.float32]:
        hidden = np.asarray(encoder.forward_batch([list(row) for row in ids]).last_hidden_state)
        return _pooled(hidden, [len(row) for row in ids])

    return run


def _transformers(folder: Path, tokenizer: Any) -> _Runner:
    """Return a runner on transformers, on the GPU where there is one."""
    import torch  # heavy
    from transformers import AutoModel

    device = "cuda" if torch.cuda.is_available() else "cpu"
    model = AutoModel.from_pretrained(folder).eval().to(device)

    def run(ids: Sequence[Sequence[int]]) -> NDArray[np.float32]:
        batch = tokenizer.pad({"input_ids": [list(row) for row in ids]}, return_tensors="pt").to(device)
        with torch.inference_mode():
            hidden = model(**batch).last_hidden_state.float().cpu().numpy()
        return _pooled(hidden, [len(row) for row in ids])

    return run


def _pooled(hidden: NDArray[Any], lengths: Sequence[int]) -> NDArray[np.float32]:
    """Return the mean of each row's real positions, shape (n, width)."""
    counts = np.asarray(lengths)[:, None]
    mask = np.arange(hidden.shape[1])[None, :] < counts
    total: NDArray[np.float32] = (hidden.astype(np.float32) * mask[:, :, None]).sum(axis=1)
    mean: NDArray[np.float32] = (total / np.maximum(counts, 1)).astype(np.float32)
    return mean
