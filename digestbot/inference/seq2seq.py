"""The summarizer on an encoder-decoder (``sshleifer/distilbart-cnn-12-6``); it runs in the engine process."""

from digestbot.domain.errors import ModelMissing
from digestbot.domain.subscription import LENGTH_WORDS, Length
from digestbot.inference.catalogue import RECOMMENDED
from digestbot.inference.engine import BATCH, INTERACTIVE, Engine
from digestbot.inference.extractive import ExtractiveSummarizer
from digestbot.inference.gated import FindQuotes, ModelSummarizer
from digestbot.inference.generation import Backend
from digestbot.inference.models import locate
from digestbot.ports import Embedder

_TOGETHER = 4
"""Articles a batch: what an interactive request may have to wait for, some ten seconds on two cores."""
_TOKENS_A_WORD = 1.4


class Seq2SeqSummarizer(ModelSummarizer):
    """Summarizes with an encoder-decoder behind the gate."""

    def __init__(
        self,
        engine: Engine,
        fallback: ExtractiveSummarizer,
        embedder: Embedder,
        *,
        model: str = RECOMMENDED,
        backend: Backend = "auto",
        beam: int = 4,
        deadline: float | None = 120.0,
        languages: tuple[str, ...] = ("en",),
        find_quotes: FindQuotes | None = None,
    ) -> None:
        """Use ``model`` with ``beam`` beams; a draft that takes longer than ``deadline`` seconds is given up."""
        super().__init__(fallback, embedder, languages=languages, find_quotes=find_quotes)
        self._engine = engine
        self._model = model
        self._backend = backend
        self._beam = beam
        self._deadline = deadline

    @property
    def name(self) -> str:
        """The engine with its model, revision and beam; the model alone while it is not on this machine."""
        return f"seq2seq:{revised(self._model)}+b{self._beam}{self.tier_two}"

    async def _write(self, material: str, length: Length, *, interactive: bool) -> str:
        """Return the model's draft."""
        least, most = LENGTH_WORDS[length]
        options = {
            "max_tokens": round(most * _TOKENS_A_WORD),
            "min_tokens": least,
            "beam": self._beam,
        }
        answers = await self._engine.run(
            "seq2seq",
            {"model": self._model, "backend": self._backend, "options": options},
            [material],
            rank=INTERACTIVE if interactive else BATCH,
            most=_TOGETHER,
            deadline=self._deadline,
        )
        return str(answers[0])


_revisions: dict[tuple[str, float], str] = {}


def revised(model: str) -> str:
    """Return a model's name with its revision, the name alone while it is not on this machine."""
    try:
        files = locate(model)
    except ModelMissing:
        return model
    # Told often, and read from files of gigabytes: once for each state of the folder.
    key = (str(files.path), files.path.stat().st_mtime)
    if key not in _revisions:
        _revisions[key] = files.revision()
    return f"{model.rstrip('/').rpartition(':')[2].rpartition('/')[2]}@{_revisions[key]}"
