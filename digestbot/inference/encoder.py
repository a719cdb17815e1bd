"""The Embedder port on the embedded sentence encoder; the model itself runs in the engine process.

Each text is encoded once: its vector is kept by the hash of the text, in memory and on a shelf on disk.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from hashlib import blake2b

import numpy as np

from digestbot.inference.engine import INTERACTIVE, SOON, Engine
from digestbot.inference.models import ENCODER, locate
from digestbot.inference.vector_cache import VectorShelf
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
        shelf: VectorShelf | None = None,
    ) -> None:
        """Use ``model`` (see ``digestbot.inference.models``).

        The vectors of the last ``remember`` texts are kept in memory, and those of many more on ``shelf``.
        """
        self._engine = engine
        self._settings = {"model": model, "backend": backend}
        self._remember = remember
        self._deadline = deadline
        self._shelf = shelf
        self._label = b""
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
        fresh = await self._fresh(new, interactive=interactive) if new else {}
        vectors = np.zeros((len(texts), WIDTH), np.float32)
        for row, key in enumerate(keys):
            vectors[row] = fresh[key] if key in fresh else known[key]
        self._keep(fresh)
        return vectors

    async def _fresh(self, new: Mapping[bytes, str], *, interactive: bool) -> dict[bytes, Vector]:
        """Return the vectors of texts not in memory: from the shelf, and what is not there from the engine."""
        if self._shelf is None:
            return await self._encoded(new, interactive=interactive)
        label = await self._label_of_model()
        kept = await self._shelf.take([label + key for key in new])
        found = {key: kept[label + key] for key in new if label + key in kept}
        made = await self._encoded({k: text for k, text in new.items() if k not in found}, interactive=interactive)
        await self._shelf.put({label + key: vector for key, vector in made.items()})
        return found | made

    async def _encoded(self, new: Mapping[bytes, str], *, interactive: bool) -> dict[bytes, Vector]:
        """Return the vectors of texts from the engine, in half precision: on the shelf they are no other."""
        if not new:
            return {}
        rows = await self._engine.run(
            "embed",
            self._settings,
            list(new.values()),
            rank=INTERACTIVE if interactive else SOON,
            most=_SLICE,
            deadline=self._deadline,
        )
        return dict(zip(new, rows.astype(np.float16).astype(np.float32), strict=True))

    async def _label_of_model(self) -> bytes:
        """Return what the model's vectors are kept under: another revision's are never taken for them."""
        if not self._label:
            name = await asyncio.to_thread(lambda: self.name)
            self._label = blake2b(f"{name} {self._settings['backend']}".encode(), digest_size=8).digest()
        return self._label

    def _keep(self, fresh: dict[bytes, Vector]) -> None:
        """Keep new vectors, the oldest making room."""
        self._known.update(fresh)
        while len(self._known) > self._remember:
            self._known.popitem(last=False)
