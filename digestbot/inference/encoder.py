"""The Embedder port on the embedded sentence encoder; the model itself runs in the engine process.

Each text is encoded once: its vector is kept, by the hash of the text, while there is room.
"""

from collections import OrderedDict
from collections.abc import Sequence
from hashlib import blake2b

import numpy as np

from digestbot.inference.engine import INTERACTIVE, SOON, Engine
from digestbot.inference.models import ENCODER, locate
from digestbot.inference.vectors import Backend
from digestbot.ports import Vector, Vectors

WIDTH = 384
"""Numbers in a vector of the embedded encoder."""
_SLICE = 64


class EncoderEmbedder:
    """Turns sentences into unit vectors with all-MiniLM-L6-v2."""

    def __init__(
        self,
        engine: Engine,
        *,
        model: str = ENCODER,
        backend: Backend = "auto",
        remember: int = 20_000,
        deadline: float | None = None,
    ) -> None:
        """Use ``model`` (see ``digestbot.inference.models``), keeping the vectors of the last ``remember`` texts."""
        self._engine = engine
        self._settings = {"model": model, "backend": backend}
        self._remember = remember
        self._deadline = deadline
        self._known: OrderedDict[bytes, Vector] = OrderedDict()

    @property
    def name(self) -> str:
        """The model with its revision.

        Raises:
            ModelMissing: It is not on this machine.

        """
        files = locate(self._settings["model"])
        return f"{files.name.partition(':')[0]}@{files.revision()}"

    async def embed(self, texts: Sequence[str], *, interactive: bool = False) -> Vectors:
        """Return one unit vector a text, shape (len(texts), 384); ``interactive`` goes before batch work.

        Raises:
            InferenceError: The model is missing, its files are damaged, or the engine is busy or gone.

        """
        # A lone surrogate, as broken pages leave behind, is no text to a tokenizer.
        clean = [text.encode("utf-8", "replace") for text in texts]
        keys = [blake2b(text, digest_size=16).digest() for text in clean]
        known = {key: self._known[key] for key in keys if key in self._known}
        new = {key: text.decode() for key, text in zip(keys, clean, strict=True) if key not in known}
        fresh: dict[bytes, Vector] = {}
        if new:
            rows = await self._engine.run(
                "embed",
                self._settings,
                list(new.values()),
                rank=INTERACTIVE if interactive else SOON,
                most=_SLICE,
                deadline=self._deadline,
            )
            fresh = dict(zip(new, rows, strict=True))
        vectors = np.zeros((len(texts), WIDTH), np.float32)
        for row, key in enumerate(keys):
            vectors[row] = fresh[key] if key in fresh else known[key]
        self._keep(fresh)
        return vectors

    def _keep(self, fresh: dict[bytes, Vector]) -> None:
        """Keep new vectors, the oldest making room."""
        self._known.update(fresh)
        while len(self._known) > self._remember:
            self._known.popitem(last=False)
