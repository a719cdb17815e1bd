"""Tier two of the gate, optional: a model that tells whether a passage entails a sentence; the model's side and ours.

The words of a sentence may all stand in its sources and still say another thing. A natural-language-inference or
factual-consistency model (a cross-encoder with a class for "entailment", or one that gives a single score) reads the
passages a kept sentence rests on and the sentence. It can only refuse: what the gate refused stays refused.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from digestbot.domain.errors import ModelMissing
from digestbot.inference.engine import BATCH, INTERACTIVE, Engine
from digestbot.inference.models import locate, verify

REASON = "entailment"
"""The name under which refusals of tier two are counted."""
LEAST = 0.5
"""The least probability of entailment a sentence is posted with."""
_TOKENS = 512
_TOGETHER = 8
Pair = tuple[str, str]
"""The passages, and the sentence they are to entail."""


class EntailmentChecker:
    """Asks a model, in the engine process, whether passages entail sentences."""

    def __init__(self, engine: Engine, *, model: str, least: float = LEAST, deadline: float | None = 60.0) -> None:
        """Use ``model``, a transformers sequence classifier; answers later than ``deadline`` seconds are given up."""
        self._engine = engine
        self._model = model
        self._least = least
        self._deadline = deadline

    @property
    def name(self) -> str:
        """The model."""
        return self._model.rstrip("/").rpartition("/")[2]

    async def entailed(self, pairs: Sequence[Pair], *, interactive: bool = False) -> list[bool]:
        """Tell for each pair whether the passages entail the sentence.

        Raises:
            InferenceError: The model could not be asked.

        """
        if not pairs:
            return []
        scores = await self._engine.run(
            "entail",
            {"model": self._model},
            [list(pair) for pair in pairs],
            rank=INTERACTIVE if interactive else BATCH,
            most=_TOGETHER,
            deadline=self._deadline,
        )
        return [float(score) >= self._least for score in scores]


class EntailmentModel:
    """A loaded classifier, as it runs in the engine process."""

    backend = "transformers"

    def __init__(self, name: str, *, cache_dir: Path | None = None, backend: Any = None, threads: int = 0) -> None:  # noqa: ARG002  # as all models are made
        """Load it.

        Raises:
            ModelMissing: It is not here, is damaged, or has no class for entailment.

        """
        from transformers import AutoModelForSequenceClassification, AutoTokenizer  # heavy

        files = locate(name)
        verify(files)
        self.tokenizer: Any = AutoTokenizer.from_pretrained(files.folder)
        self._model: Any = AutoModelForSequenceClassification.from_pretrained(files.folder).eval()
        labels = {int(i): str(label).lower() for i, label in self._model.config.id2label.items()}
        self._class = 0 if len(labels) == 1 else next((i for i, label in labels.items() if _affirms(label)), -1)
        if self._class < 0:
            raise ModelMissing(name, "tells no entailment", hint="choose a natural-language-inference model")

    def __call__(self, pairs: Sequence[Pair]) -> list[float]:
        """Return the probability, for each pair, that the passages entail the sentence; long passages are cut."""
        import torch  # heavy

        scores = []
        for passages, sentence in pairs:
            batch = self.tokenizer(passages, sentence, truncation="only_first", max_length=_TOKENS, return_tensors="pt")
            with torch.inference_mode():
                logits = self._model(**batch).logits[0].float()
            chances = torch.sigmoid(logits) if len(logits) == 1 else torch.softmax(logits, dim=0)
            scores.append(float(chances[self._class]))
        return scores


def _affirms(label: str) -> bool:
    """Tell whether a class is that of a sentence that follows (and not that of one that does not)."""
    return label.startswith(("entail", "consistent", "factual", "supported")) and not label.startswith("not")
